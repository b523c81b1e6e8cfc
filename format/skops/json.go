package skops

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
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
	level, quoted, escaped := 0, false, false
	for i, c := range text {
		switch {
		case escaped:
			escaped = false
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
