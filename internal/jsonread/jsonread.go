// Package jsonread pulls values out of JSON text without building a tree: what data files and requests are read with.
//
// It takes JSON as RFC 8259 has it and, as Python's json module does, the bare words NaN, Infinity and -Infinity. It
// refuses what two readers could read differently: a key that stands twice in an object, bytes after the value, broken
// UTF-8, lone surrogates.
//
// # Security
//
// Nesting is bounded by the caller; memory is bounded by the text. The first error sticks: every later call gives zero
// values and false, so that loops end.
package jsonread

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Kind is the kind of a value.
type Kind uint8

// The kinds.
const (
	Invalid Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

var kindNames = [...]string{"nothing", "null", "a bool", "a number", "text", "an array", "an object"}

func (k Kind) String() string { return kindNames[k] }

// SyntaxError says where text is no JSON, or not the JSON that was wanted.
type SyntaxError struct {
	Offset int
	Msg    string
}

// Where gives the offset.
func (e *SyntaxError) Where() int64 { return int64(e.Offset) }

func (e *SyntaxError) Error() string { return fmt.Sprintf("json: offset %d: %s", e.Offset, e.Msg) }

// level is one open array or object.
type level struct {
	end  byte
	some bool
	keys []string
	set  map[string]struct{}
}

// Reader reads one JSON text.
type Reader struct {
	// Twice, if not nil, is told of a key that stands twice in an object, which is then no error.
	Twice func(key string)

	b      []byte
	at     int
	max    int
	err    *SyntaxError
	levels []level
	depth  int
	buf    []byte
}

// New reads b. Values nest at most max deep.
func New(b []byte, max int) *Reader {
	r := &Reader{}
	r.Reset(b, max)
	return r
}

// Reset reads another text, keeping the memory.
func (r *Reader) Reset(b []byte, max int) {
	r.b, r.at, r.max, r.err, r.depth = b, 0, max, nil, 0
}

// Err returns the first error.
func (r *Reader) Err() error {
	if r.err == nil {
		return nil
	}
	return r.err
}

// Offset returns the place of the next value.
func (r *Reader) Offset() int {
	r.space()
	return r.at
}

// Fail sets the error, if there is none yet, at the next value.
func (r *Reader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = &SyntaxError{r.at, fmt.Sprintf(format, args...)}
	}
	r.at = len(r.b)
}

func (r *Reader) space() {
	if r.at < len(r.b) && r.b[r.at] <= ' ' {
		r.spaces()
	}
}

// spaces steps over white space, eight of an indentation at a time.
func (r *Reader) spaces() {
	b, at := r.b, r.at
	for at < len(b) {
		switch b[at] {
		case ' ':
			if at+8 <= len(b) && binary.LittleEndian.Uint64(b[at:]) == 0x2020202020202020 {
				at += 7
			}
		case '\n', '\t', '\r':
		default:
			r.at = at
			return
		}
		at++
	}
	r.at = at
}

// Kind tells what the next value is, Invalid at the end and after an error.
func (r *Reader) Kind() Kind {
	if r.err != nil {
		return Invalid
	}
	r.space()
	if r.at >= len(r.b) {
		return Invalid
	}
	switch c := r.b[r.at]; {
	case c == '"':
		return String
	case c == '[':
		return Array
	case c == '{':
		return Object
	case c == 'n':
		return Null
	case c == 't', c == 'f':
		return Bool
	case c == '-', c >= '0' && c <= '9', c == 'N', c == 'I':
		return Number
	}
	return Invalid
}

func (r *Reader) want(k Kind) bool {
	if got := r.Kind(); got != k {
		if r.err == nil && got == Invalid {
			if r.at >= len(r.b) {
				r.Fail("the text ends where %s was wanted", k)
			} else {
				r.Fail("%q where %s was wanted", r.b[r.at], k)
			}
		} else {
			r.Fail("%s where %s was wanted", got, k)
		}
		return false
	}
	return true
}

func (r *Reader) word(w string) bool {
	if len(r.b)-r.at < len(w) || string(r.b[r.at:r.at+len(w)]) != w {
		r.Fail("not a JSON value")
		return false
	}
	r.at += len(w)
	return true
}

// Null reads null.
func (r *Reader) Null() { _ = r.want(Null) && r.word("null") }

// Bool reads true or false.
func (r *Reader) Bool() bool {
	if !r.want(Bool) {
		return false
	}
	if r.b[r.at] == 't' {
		return r.word("true")
	}
	r.word("false")
	return false
}

// Number reads a number: an integer that fits 64 bits (whole is true, f its float64) or a float.
func (r *Reader) Number() (f float64, i int64, whole bool) {
	if !r.want(Number) {
		return 0, 0, false
	}
	start := r.at
	neg := r.b[r.at] == '-'
	if neg {
		r.at++
	}
	switch {
	case r.at >= len(r.b):
		r.Fail("a sign without a number")
		return 0, 0, false
	case r.b[r.at] == 'I':
		r.word("Infinity")
		if neg {
			return math.Inf(-1), 0, false
		}
		return math.Inf(1), 0, false
	case r.b[r.at] == 'N':
		if neg || !r.word("NaN") {
			r.Fail("not a number")
		}
		return math.NaN(), 0, false
	}
	first := r.at
	n := r.digits()
	if n == 0 || n > 1 && r.b[first] == '0' {
		r.Fail("a number that is none in JSON")
		return 0, 0, false
	}
	whole = true
	if r.at < len(r.b) && r.b[r.at] == '.' {
		whole = false
		r.at++
		if r.digits() == 0 {
			r.Fail("a point without digits")
			return 0, 0, false
		}
	}
	if r.at < len(r.b) && (r.b[r.at] == 'e' || r.b[r.at] == 'E') {
		whole = false
		r.at++
		if r.at < len(r.b) && (r.b[r.at] == '+' || r.b[r.at] == '-') {
			r.at++
		}
		if r.digits() == 0 {
			r.Fail("an exponent without digits")
			return 0, 0, false
		}
	}
	text := r.b[start:r.at]
	if whole && n <= 18 {
		for _, c := range r.b[first:r.at] {
			i = i*10 + int64(c-'0')
		}
		if neg {
			i = -i
		}
		return float64(i), i, true
	}
	if whole {
		if v, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			return float64(v), v, true
		}
	}
	f, _ = strconv.ParseFloat(string(text), 64) // out of range gives the infinity Python gives
	return f, 0, false
}

func (r *Reader) digits() int {
	start := r.at
	for r.at < len(r.b) && r.b[r.at] >= '0' && r.b[r.at] <= '9' {
		r.at++
	}
	return r.at - start
}

// Text reads a string.
func (r *Reader) Text() string { return string(r.Bytes()) }

// Bytes reads a string; the slice is valid until the next call.
func (r *Reader) Bytes() []byte {
	if !r.want(String) {
		return nil
	}
	r.at++
	start := r.at
	plain := true
	for r.at < len(r.b) {
		switch c := r.b[r.at]; {
		case c == '"':
			s := r.b[start:r.at]
			if plain || utf8.Valid(s) {
				r.at++
				return s
			}
			r.Fail("text is not UTF-8")
			return nil
		case c == '\\':
			return r.escaped(start)
		case c < 0x20:
			r.Fail("a control character in text")
			return nil
		case c >= 0x80:
			plain = false
		}
		r.at++
	}
	r.Fail("text without an end")
	return nil
}

// escaped reads a string that has escapes.
func (r *Reader) escaped(start int) []byte {
	r.buf = append(r.buf[:0], r.b[start:r.at]...)
	for r.at < len(r.b) {
		c := r.b[r.at]
		switch {
		case c == '"':
			if !utf8.Valid(r.buf) {
				r.Fail("text is not UTF-8")
				return nil
			}
			r.at++
			return r.buf
		case c < 0x20:
			r.Fail("a control character in text")
			return nil
		case c != '\\':
			r.buf = append(r.buf, c)
			r.at++
			continue
		}
		r.at++
		if r.at >= len(r.b) {
			break
		}
		c = r.b[r.at]
		r.at++
		switch c {
		case '"', '\\', '/':
			r.buf = append(r.buf, c)
		case 'b':
			r.buf = append(r.buf, '\b')
		case 'f':
			r.buf = append(r.buf, '\f')
		case 'n':
			r.buf = append(r.buf, '\n')
		case 'r':
			r.buf = append(r.buf, '\r')
		case 't':
			r.buf = append(r.buf, '\t')
		case 'u':
			u, ok := r.hex()
			if ok && utf16.IsSurrogate(u) {
				ok = false
				if r.at+1 < len(r.b) && r.b[r.at] == '\\' && r.b[r.at+1] == 'u' {
					r.at += 2
					var low rune
					if low, ok = r.hex(); ok {
						u = utf16.DecodeRune(u, low)
						ok = u != utf8.RuneError
					}
				}
			}
			if !ok {
				r.Fail("an escape that stands for no character")
				return nil
			}
			r.buf = utf8.AppendRune(r.buf, u)
		default:
			r.Fail("escape \\%c is not known", c)
			return nil
		}
	}
	r.Fail("text without an end")
	return nil
}

func (r *Reader) hex() (rune, bool) {
	if len(r.b)-r.at < 4 {
		return 0, false
	}
	v, err := strconv.ParseUint(string(r.b[r.at:r.at+4]), 16, 16)
	if err != nil {
		return 0, false
	}
	r.at += 4
	return rune(v), true
}

// Array enters an array; More then tells whether there is another item.
func (r *Reader) Array() bool { return r.open(Array, ']') }

// Object enters an object; More then tells whether there is another member, Key reads its name.
func (r *Reader) Object() bool { return r.open(Object, '}') }

func (r *Reader) open(k Kind, end byte) bool {
	if !r.want(k) {
		return false
	}
	if r.depth >= r.max {
		r.Fail("values nest deeper than %d", r.max)
		return false
	}
	r.at++
	if r.depth == len(r.levels) {
		r.levels = append(r.levels, level{})
	}
	l := &r.levels[r.depth]
	l.end, l.some, l.keys, l.set = end, false, l.keys[:0], nil
	r.depth++
	return true
}

// More reports another item or member of the innermost open array or object, and leaves it at its end.
func (r *Reader) More() bool {
	if r.err != nil || r.depth == 0 {
		return false
	}
	l := &r.levels[r.depth-1]
	r.space()
	if r.at >= len(r.b) {
		r.Fail("the text ends inside %s", map[byte]Kind{']': Array, '}': Object}[l.end])
		return false
	}
	switch c := r.b[r.at]; {
	case c == l.end:
		r.at++
		r.depth--
		return false
	case !l.some:
		l.some = true
		return true
	case c == ',':
		r.at++
		r.space()
		if r.at < len(r.b) && r.b[r.at] == l.end {
			r.Fail("a comma before the end")
			return false
		}
		return true
	}
	r.Fail("%q where a comma was wanted", r.b[r.at])
	return false
}

// manyKeys is the number of keys from which duplicates are looked up instead of compared.
const manyKeys = 24

// Key reads a member's name.
func (r *Reader) Key() string { return r.key(r.Text()) }

// KeyIn is Key for names that text gives, of bytes that are valid until the next call.
func (r *Reader) KeyIn(text func([]byte) string) string { return r.key(text(r.Bytes())) }

func (r *Reader) key(k string) string {
	r.space()
	if r.err != nil {
		return ""
	}
	if r.at >= len(r.b) || r.b[r.at] != ':' {
		r.Fail("a name without a colon")
		return ""
	}
	r.at++
	l := &r.levels[r.depth-1]
	dup := false
	if l.set != nil {
		_, dup = l.set[k]
		l.set[k] = struct{}{}
	} else {
		for _, have := range l.keys {
			if have == k {
				dup = true
			}
		}
		if l.keys = append(l.keys, k); len(l.keys) == manyKeys {
			l.set = make(map[string]struct{}, 2*manyKeys)
			for _, have := range l.keys {
				l.set[have] = struct{}{}
			}
		}
	}
	switch {
	case dup && r.Twice != nil:
		r.Twice(k)
	case dup:
		r.Fail("key %q stands twice", k)
	}
	return k
}

// Skip reads over a value.
func (r *Reader) Skip() {
	switch r.Kind() {
	case Null:
		r.Null()
	case Bool:
		r.Bool()
	case Number:
		r.Number()
	case String:
		r.Bytes()
	case Array:
		for r.Array(); r.More(); {
			r.Skip()
		}
	case Object:
		for r.Object(); r.More(); {
			r.Key()
			r.Skip()
		}
	default:
		r.want(Null)
	}
}

// Raw reads over a value and returns its text, a view.
func (r *Reader) Raw() []byte {
	r.space()
	start := r.at
	r.Skip()
	if r.err != nil {
		return nil
	}
	return r.b[start:r.at]
}

// Any reads a value as nil, bool, int64, float64, string, []any or map[string]any.
func (r *Reader) Any() any {
	switch r.Kind() {
	case Null:
		r.Null()
		return nil
	case Bool:
		return r.Bool()
	case Number:
		f, i, whole := r.Number()
		if whole {
			return i
		}
		return f
	case String:
		return r.Text()
	case Array:
		out := []any{}
		for r.Array(); r.More(); {
			out = append(out, r.Any())
		}
		return out
	case Object:
		out := map[string]any{}
		for r.Object(); r.More(); {
			k := r.Key()
			out[k] = r.Any()
		}
		return out
	}
	r.want(Null)
	return nil
}

// End checks that nothing but white space follows and returns the first error.
func (r *Reader) End() error {
	if r.err == nil {
		if r.space(); r.at < len(r.b) {
			r.Fail("more text after the value")
		}
	}
	return r.Err()
}
