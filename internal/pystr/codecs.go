package pystr

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Encoding returns the name DecodeBytes knows an encoding by, as Python finds it: without regard to case, dashes and
// underscores.
func Encoding(name string) (string, bool) {
	var b strings.Builder
	gap := false
	for _, c := range []byte(strings.ToLower(name)) {
		if c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('_')
		}
		gap = false
		b.WriteByte(c)
	}
	found, ok := codecNames[b.String()]
	return found, ok
}

// DecodeBytes is Python's bytes.decode for an encoding that Encoding named. With "ignore" what can not be decoded is left
// out, with "replace" it becomes U+FFFD; otherwise it is an error in Python's words.
func DecodeBytes(s, encoding, handling string) (string, error) {
	d := decoder{s: s, handling: handling}
	switch encoding {
	case "utf-8":
		d.utf8()
	case "utf-8-sig":
		if strings.HasPrefix(s, "\ufeff") {
			d.s = s[3:]
		}
		d.utf8()
	case "ascii":
		d.bytes("ascii", "ordinal not in range(128)", func(byte) rune { return utf8.RuneError })
	case "latin-1":
		d.bytes("", "", func(c byte) rune { return rune(c) })
	case "utf-16", "utf-16-le", "utf-16-be":
		d.utf16(encoding)
	default:
		upper, ok := oneByte[encoding]
		if !ok {
			return "", fmt.Errorf("bytes in the encoding %s, which Larder does not decode", encoding)
		}
		table := []rune(upper)
		d.bytes("charmap", "character maps to <undefined>", func(c byte) rune { return table[c-0x80] })
	}
	return d.out.String(), d.err
}

type decoder struct {
	s, handling string
	out         strings.Builder
	err         error
}

// bad notes that the bytes from i to j can not be decoded; false ends the decoding.
func (d *decoder) bad(codec string, i, j int, why string) bool {
	switch d.handling {
	case "ignore":
		return true
	case "replace":
		d.out.WriteString("\ufffd")
		return true
	}
	what := fmt.Sprintf("byte 0x%02x in position %d", d.s[i], i)
	if j > i+1 {
		what = fmt.Sprintf("bytes in position %d-%d", i, j-1)
	}
	d.err = errors.New("'" + codec + "' codec can't decode " + what + ": " + why)
	return false
}

// bytes decodes an encoding of one byte a character; of gives those from 0x80 on.
func (d *decoder) bytes(codec, why string, of func(byte) rune) {
	for i := range len(d.s) {
		c := d.s[i]
		if c < utf8.RuneSelf {
			d.out.WriteByte(c)
		} else if r := of(c); r != utf8.RuneError {
			d.out.WriteRune(r)
		} else if !d.bad(codec, i, i+1, why) {
			return
		}
	}
}

// utf8 takes the longest prefix of a broken sequence for one error.
func (d *decoder) utf8() {
	for i := 0; i < len(d.s); {
		r, n := utf8.DecodeRuneInString(d.s[i:])
		if r != utf8.RuneError || n > 1 {
			d.out.WriteString(d.s[i : i+n])
			i += n
			continue
		}
		n = brokenPrefix(d.s[i:])
		why := "invalid continuation byte"
		if c := d.s[i]; c < 0xc2 || c > 0xf4 {
			why = "invalid start byte"
		} else if i+n == len(d.s) {
			why = "unexpected end of data"
		}
		if !d.bad("utf-8", i, i+n, why) {
			return
		}
		i += n
	}
}

// utf16 decodes pairs of bytes, in the order of a mark at the beginning where the name gives none.
func (d *decoder) utf16(encoding string) {
	big, i := encoding == "utf-16-be", 0
	if encoding == "utf-16" {
		big = strings.HasPrefix(d.s, "\xfe\xff")
		if big || strings.HasPrefix(d.s, "\xff\xfe") {
			i = 2
		}
	}
	codec := "utf-16-le"
	if big {
		codec = "utf-16-be"
	}
	unit := func(i int) rune {
		if big {
			return rune(d.s[i])<<8 | rune(d.s[i+1])
		}
		return rune(d.s[i+1])<<8 | rune(d.s[i])
	}
	for i < len(d.s) {
		n, why := 2, ""
		switch {
		case i+1 == len(d.s):
			n, why = 1, "truncated data"
		case !utf16.IsSurrogate(unit(i)):
			d.out.WriteRune(unit(i))
		case unit(i) >= 0xdc00:
			why = "illegal encoding"
		case i+3 >= len(d.s):
			n, why = len(d.s)-i, "unexpected end of data"
		default:
			r := utf16.DecodeRune(unit(i), unit(i+2))
			if r == utf8.RuneError {
				why = "illegal UTF-16 surrogate"
				break
			}
			d.out.WriteRune(r)
			n = 4
		}
		if why != "" && !d.bad(codec, i, i+n, why) {
			return
		}
		i += n
	}
}

// brokenPrefix returns how many bytes of s could still have begun a character.
func brokenPrefix(s string) int {
	c := s[0]
	lo, hi, need := byte(0x80), byte(0xbf), 0
	switch {
	case c >= 0xc2 && c <= 0xdf:
		need = 1
	case c >= 0xe0 && c <= 0xef:
		need = 2
		if c == 0xe0 {
			lo = 0xa0
		} else if c == 0xed {
			hi = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		need = 3
		if c == 0xf0 {
			lo = 0x90
		} else if c == 0xf4 {
			hi = 0x8f
		}
	}
	n := 1
	for ; n <= need && n < len(s) && s[n] >= lo && s[n] <= hi; n++ {
		lo, hi = 0x80, 0xbf
	}
	return n
}
