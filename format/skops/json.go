package skops

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// object is a JSON object with its keys in order.
type object struct {
	keys []string
	vals map[string]any
}

func (o *object) get(key string) any {
	if o == nil {
		return nil
	}
	return o.vals[key]
}

// text returns a string member, "" if it is none.
func (o *object) text(key string) string {
	s, _ := o.get(key).(string)
	return s
}

// number is a JSON number as it was written.
type number string

func (n number) int() (int, error) { return strconv.Atoi(string(n)) }

// parseJSON reads one JSON value: *object, []any, string, number, bool or nil. Depth is bounded; a key written twice is
// noted, the last one counts, as in Python.
func parseJSON(text []byte, depth int, note func(string, pyobj.Level, int64, string, ...any)) (any, error) {
	if !utf8.Valid(text) {
		return nil, bad(-1, "schema.json is no UTF-8")
	}
	// The standard decoder recurses over nesting itself; so the depth is counted first.
	level, quoted, escaped, pair := 0, false, false, false
	for i, c := range text {
		switch {
		case escaped:
			escaped = false
			if c == 'u' && loneSurrogate(text[i-1:], &pair) {
				return nil, &UnsupportedError{"schema.json: half a surrogate pair in a name"}
			}
		case quoted:
			escaped = c == '\\'
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			if level++; level > depth {
				return nil, &source.LimitError{Limit: "schema depth", Value: int64(level), Max: int64(depth), Offset: int64(i)}
			}
		case c == '}' || c == ']':
			level--
		}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := value(d, note)
	if err != nil {
		return nil, bad(d.InputOffset(), "schema.json: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, bad(d.InputOffset(), "schema.json goes on after its value")
	}
	return v, nil
}

func value(d *json.Decoder, note func(string, pyobj.Level, int64, string, ...any)) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch x := t.(type) {
	case json.Number:
		return number(x), nil
	case json.Delim:
		if x == '[' {
			list := []any{}
			for d.More() {
				v, err := value(d, note)
				if err != nil {
					return nil, err
				}
				list = append(list, v)
			}
			_, err := d.Token()
			return list, err
		}
		o := &object{vals: map[string]any{}}
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			key := k.(string)
			v, err := value(d, note)
			if err != nil {
				return nil, err
			}
			if _, dup := o.vals[key]; dup {
				note("json-duplicate-key", pyobj.LevelRefuse, -1, "schema.json: key %.60q stands twice in one object", key)
			} else {
				o.keys = append(o.keys, key)
			}
			o.vals[key] = v
		}
		_, err := d.Token()
		return o, err
	}
	return t, nil
}

// loneSurrogate reports that the escape at the start of text is half a character without the other half. pair is kept between
// the two halves.
func loneSurrogate(text []byte, pair *bool) bool {
	code := func(b []byte) (rune, bool) {
		if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
			return 0, false
		}
		n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
		return rune(n), err == nil
	}
	r, ok := code(text)
	if !ok || !utf16.IsSurrogate(r) {
		return false
	}
	if *pair {
		*pair = false
		return false
	}
	low, ok := code(text[6:])
	*pair = ok && utf16.DecodeRune(r, low) != utf8.RuneError
	return !*pair
}

// unquote reads a JSON string. A surrogate without its other half keeps its three-byte form, as in package pyobj.
func unquote(s string) (string, error) {
	var plain string
	if err := json.Unmarshal([]byte(s), &plain); err != nil || !strings.ContainsRune(plain, utf8.RuneError) {
		return plain, err
	}
	var b []byte
	for s = s[1 : len(s)-1]; s != ""; {
		if !strings.HasPrefix(s, `\u`) {
			var n int
			if s[0] == '\\' {
				n = 2
			} else {
				_, n = utf8.DecodeRuneInString(s)
			}
			var part string
			if err := json.Unmarshal([]byte(`"`+s[:n]+`"`), &part); err != nil {
				return "", err
			}
			b, s = append(b, part...), s[n:]
			continue
		}
		code, err := strconv.ParseUint(s[2:6], 16, 16)
		if err != nil {
			return "", err
		}
		r := rune(code)
		s = s[6:]
		if utf16.IsSurrogate(r) {
			if strings.HasPrefix(s, `\u`) && len(s) >= 6 {
				low, err := strconv.ParseUint(s[2:6], 16, 16)
				if pair := utf16.DecodeRune(r, rune(low)); err == nil && pair != utf8.RuneError {
					b, s = utf8.AppendRune(b, pair), s[6:]
					continue
				}
			}
			b = append(b, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0xbf, 0x80|byte(r)&0xbf)
			continue
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b), nil
}
