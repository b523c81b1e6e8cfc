// Package pystr does to text what Python's str and unicodedata do: lower case, character classes, white space,
// compatibility decomposition, combining characters.
//
// Text is UTF-8. A lone surrogate, which a Python str may hold, is its three bytes.
package pystr

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Decode returns the code point at the start of s, which is not empty, and its length. Bytes that are no UTF-8 stand
// for themselves as utf8.RuneError.
func Decode(s string) (rune, int) {
	if s[0] < utf8.RuneSelf {
		return rune(s[0]), 1
	}
	r, n := utf8.DecodeRuneInString(s)
	if n == 1 && len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 && s[1] < 0xc0 && s[2] >= 0x80 && s[2] < 0xc0 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return r, n
}

// DecodeLast returns the last code point of s, which is not empty, and its length.
func DecodeLast(s string) (rune, int) {
	if c := s[len(s)-1]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	r, n := utf8.DecodeLastRuneInString(s)
	if n == 1 && len(s) >= 3 {
		if v, k := Decode(s[len(s)-3:]); k == 3 {
			return v, 3
		}
	}
	return r, n
}

// Len returns the number of code points.
func Len(s string) int {
	n := 0
	for i := 0; i < len(s); n++ {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, w := Decode(s[i:])
		i += w
	}
	return n
}

// IsASCII reports that all bytes are below 128.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// IsWord is the regular expression \w: letters, numbers of any kind and the underscore.
func IsWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

// IsDigit is \d: decimal digits.
func IsDigit(r rune) bool {
	if r < utf8.RuneSelf {
		return '0' <= r && r <= '9'
	}
	return unicode.Is(unicode.Nd, r)
}

// IsSpace is \s and str.isspace.
func IsSpace(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r == ' ' || 9 <= r && r <= 13 || 28 <= r && r <= 31
	case r == 0x85 || r == 0xa0 || r == 0x1680 || 0x2000 <= r && r <= 0x200a || r == 0x2028 || r == 0x2029 || r == 0x202f || r == 0x205f || r == 0x3000:
		return true
	}
	return false
}

// Fields is str.split without arguments.
func Fields(s string) []string { return strings.FieldsFunc(s, IsSpace) }

// Lower is str.lower: a capital sigma at the end of a word becomes the final one, I with a dot becomes i and a
// combining dot.
func Lower(s string) string {
	i := 0
	for i < len(s) && s[i] < utf8.RuneSelf && (s[i] < 'A' || s[i] > 'Z') {
		i++
	}
	if i == len(s) {
		return s
	}
	return string(AppendLower(make([]byte, 0, len(s)+8), s))
}

// AppendLowerPython2 appends unicode.lower of s as Python 2 had it: each character by itself.
func AppendLowerPython2(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		r, n := Decode(s[i:])
		if r == utf8.RuneError && n == 1 || 0xd800 <= r && r < 0xe000 {
			dst = append(dst, s[i:i+n]...)
		} else {
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
		i += n
	}
	return dst
}

// AppendLower appends str.lower of s.
func AppendLower(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := Decode(s[i:])
		switch {
		case r == utf8.RuneError && n == 1, 0xd800 <= r && r < 0xe000:
			dst = append(dst, s[i:i+n]...)
		case r == 'İ':
			dst = append(dst, "i\u0307"...)
		case r == 'Σ' && finalSigma(s, i):
			dst = append(dst, "ς"...)
		default:
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
		i += n
	}
	return dst
}

// finalSigma reports that the sigma at i ends a word: a cased character stands before it and none after it, with only
// case-ignorable ones between.
func finalSigma(s string, i int) bool {
	before := false
	for at := i; at > 0; {
		r, n := DecodeLast(s[:at])
		at -= n
		if !CaseIgnorable(r) {
			before = Cased(r)
			break
		}
	}
	if !before {
		return false
	}
	for at := i + len("Σ"); at < len(s); {
		r, n := Decode(s[at:])
		at += n
		if !CaseIgnorable(r) {
			return !Cased(r)
		}
	}
	return true
}

// Cased tells characters of the Unicode property Cased.
func Cased(r rune) bool {
	return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt, unicode.Other_Lowercase, unicode.Other_Uppercase)
}

// CaseIgnorable tells characters that do not count where a final sigma is told.
func CaseIgnorable(r rune) bool {
	switch r {
	case '\'', '.', ':', 0xb7, 0x387, 0x55f, 0x5f4, 0x2018, 0x2019, 0x2024, 0x2027, 0xfe13, 0xfe52, 0xfe55, 0xff07, 0xff0e, 0xff1a:
		return true
	}
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}

// StripUnicode is scikit-learn's strip_accents_unicode: the compatibility decomposition without combining characters.
func StripUnicode(s string) string {
	if IsASCII(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	return string(appendDecomposed(b, s, func(r rune) bool { return combining(r) == 0 }))
}

// StripASCII is scikit-learn's strip_accents_ascii: the ASCII characters of the compatibility decomposition.
func StripASCII(s string) string {
	if IsASCII(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	return string(appendDecomposed(b, s, func(r rune) bool { return r < utf8.RuneSelf }))
}

// IsDecomposed reports that text is its own compatibility decomposition.
func IsDecomposed(s string) bool {
	last := rune(0)
	for i := 0; i < len(s); {
		r, n := Decode(s[i:])
		i += n
		if r < utf8.RuneSelf {
			last = 0
			continue
		}
		if _, ok := decomposition(r); ok || isHangul(r) {
			return false
		}
		k := combining(r)
		if k != 0 && k < last {
			return false
		}
		last = k
	}
	return true
}

func appendDecomposed(dst []byte, s string, keep func(rune) bool) []byte {
	add := func(r rune, raw string) {
		if keep(r) {
			dst = append(dst, raw...)
		}
	}
	for i := 0; i < len(s); {
		r, n := Decode(s[i:])
		raw := s[i : i+n]
		i += n
		switch {
		case r < utf8.RuneSelf:
			add(r, raw)
		case isHangul(r):
			for _, j := range jamo(r) {
				if j != 0 && keep(j) {
					dst = utf8.AppendRune(dst, j)
				}
			}
		default:
			d, ok := decomposition(r)
			if !ok {
				add(r, raw)
				break
			}
			for _, c := range d {
				if keep(c) {
					dst = utf8.AppendRune(dst, c)
				}
			}
		}
	}
	return dst
}

func isHangul(r rune) bool { return 0xac00 <= r && r < 0xd7a4 }

// jamo are the parts of a Hangul syllable, the last 0 where there are two.
func jamo(r rune) [3]rune {
	r -= 0xac00
	p := [3]rune{0x1100 + r/588, 0x1161 + r%588/28}
	if t := r % 28; t != 0 {
		p[2] = 0x11a7 + t
	}
	return p
}

func decomposition(r rune) (string, bool) {
	if i, ok := slices.BinarySearch(decomposed[:], r); ok {
		return decompositions[i], true
	}
	return "", false
}

// combining is unicodedata.combining.
func combining(r rune) rune {
	i, ok := slices.BinarySearchFunc(combiningClasses[:], r, func(e [3]rune, r rune) int {
		switch {
		case e[1] < r:
			return -1
		case e[0] > r:
			return 1
		}
		return 0
	})
	if !ok {
		return 0
	}
	return combiningClasses[i][2]
}
