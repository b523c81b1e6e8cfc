package skops

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/larder-ml/larder/internal/jsonread"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// object is a JSON object with its keys in order.
type object struct {
	keys []string
	vals []any
	at   map[string]int // of many keys
}

// manyKeys is the number of keys from which they are looked up instead of compared.
const manyKeys = 16

func (o *object) get(key string) any {
	if i := o.find(key); i >= 0 {
		return o.vals[i]
	}
	return nil
}

func (o *object) find(key string) int {
	if o == nil {
		return -1
	}
	if o.at != nil {
		if i, ok := o.at[key]; ok {
			return i
		}
		return -1
	}
	return slices.Index(o.keys, key)
}

func (o *object) put(key string, v any) {
	if o.keys == nil {
		o.keys, o.vals = make([]string, 0, 6), make([]any, 0, 6) // what most nodes have
	}
	o.keys, o.vals = append(o.keys, key), append(o.vals, v)
	switch n := len(o.keys); {
	case n == manyKeys:
		o.at = make(map[string]int, 2*manyKeys)
		for i, k := range o.keys {
			o.at[k] = i
		}
	case n > manyKeys:
		o.at[key] = n - 1
	}
}

// text returns a string member, "" if it is none.
func (o *object) text(key string) string {
	s, _ := o.get(key).(string)
	return s
}

// number is a JSON number as it was written.
type number string

func (n number) int() (int, error) { return strconv.Atoi(string(n)) }

// parser makes a tree of a schema. Texts that stand in many nodes are made once.
type parser struct {
	r     *jsonread.Reader
	texts map[string]any // of string
	nums  map[string]any // of number
	depth int
	over  *source.LimitError
	note  func(string, pyobj.Level, int64, string, ...any)
}

// maxShared is the length of texts that are looked for among those met before.
const maxShared = 48

// parseJSON reads one JSON value: *object, []any, string, number, bool or nil. Depth is bounded; a key written twice is
// noted, the last one counts, as in Python.
func parseJSON(text []byte, depth int, note func(string, pyobj.Level, int64, string, ...any)) (any, error) {
	if !utf8.Valid(text) {
		return nil, bad(-1, "schema.json is no UTF-8")
	}
	pair := false
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '\\')
		if i < 0 || at+i+1 >= len(text) {
			break
		}
		if at += i; text[at+1] == 'u' && loneSurrogate(text[at:], &pair) {
			return nil, &UnsupportedError{"schema.json: half a surrogate pair in a name"}
		}
		at += 2
	}
	p := &parser{r: jsonread.New(text, depth), texts: map[string]any{}, nums: make(map[string]any, len(text)/512), depth: depth, note: note}
	p.r.Twice = func(key string) {
		note("json-duplicate-key", pyobj.LevelRefuse, -1, "schema.json: key %.60q stands twice in one object", key)
	}
	v := p.value(0)
	err := p.r.End()
	if p.over != nil {
		return nil, p.over
	}
	var se *jsonread.SyntaxError
	if errors.As(err, &se) {
		return nil, bad(int64(se.Offset), "schema.json: %s", se.Msg)
	}
	return v, nil
}

func (p *parser) text(b []byte) any {
	if len(b) > maxShared {
		return string(b)
	}
	v, ok := p.texts[string(b)]
	if !ok {
		s := string(b)
		v = s
		p.texts[s] = v
	}
	return v
}

func (p *parser) key(b []byte) string { return p.text(b).(string) }

func (p *parser) number(b []byte) any {
	v, ok := p.nums[string(b)]
	if !ok {
		s := string(b)
		v = number(s)
		p.nums[s] = v
	}
	return v
}

func (p *parser) value(depth int) any {
	r := p.r
	if kind := r.Kind(); depth >= p.depth && (kind == jsonread.Array || kind == jsonread.Object) {
		if p.over == nil {
			p.over = &source.LimitError{Limit: "schema depth", Value: int64(depth) + 1, Max: int64(p.depth), Offset: int64(r.Offset())}
		}
		r.Fail("nests too deep")
		return nil
	}
	switch r.Kind() {
	case jsonread.Bool:
		return r.Bool()
	case jsonread.Number:
		return p.number(r.Raw())
	case jsonread.String:
		return p.text(r.Bytes())
	case jsonread.Array:
		list := []any{}
		for r.Array(); r.More(); {
			list = append(list, p.value(depth+1))
		}
		return list
	case jsonread.Object:
		o := &object{}
		for r.Object(); r.More(); {
			key := r.KeyIn(p.key)
			v := p.value(depth + 1)
			if i := o.find(key); i >= 0 {
				o.vals[i] = v
			} else {
				o.put(key, v)
			}
		}
		return o
	}
	r.Null()
	return nil
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

// nesting tells how deep the arrays and objects of JSON text nest.
func nesting(text []byte) (deepest int) {
	level, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}
