package pystr

import (
	"unicode"
	"unicode/utf8"
)

// Upper is str.upper.
func Upper(s string) string {
	return mapped(s, func(dst []byte, r rune, _ int) []byte { return appendFull(dst, r, upperFull, unicode.ToUpper) })
}

// Casefold is str.casefold.
func Casefold(s string) string {
	return mapped(s, func(dst []byte, r rune, _ int) []byte {
		if r == 'İ' {
			return append(dst, "i\u0307"...)
		}
		return appendFull(dst, r, folded, unicode.ToLower)
	})
}

// Title is str.title: what follows a cased character is lowered, all else raised to title case.
func Title(s string) string {
	cased := false
	return mapped(s, func(dst []byte, r rune, i int) []byte {
		after := cased
		cased = Cased(r)
		if after {
			return appendLowered(dst, s, r, i)
		}
		return appendFull(dst, r, titleFull, unicode.ToTitle)
	})
}

// Capitalize is str.capitalize.
func Capitalize(s string) string {
	return mapped(s, func(dst []byte, r rune, i int) []byte {
		if i > 0 {
			return appendLowered(dst, s, r, i)
		}
		return appendFull(dst, r, titleFull, unicode.ToTitle)
	})
}

// Swapcase is str.swapcase.
func Swapcase(s string) string {
	return mapped(s, func(dst []byte, r rune, i int) []byte {
		switch {
		case unicode.In(r, unicode.Lu, unicode.Other_Uppercase):
			return appendLowered(dst, s, r, i)
		case unicode.In(r, unicode.Ll, unicode.Other_Lowercase):
			return appendFull(dst, r, upperFull, unicode.ToUpper)
		}
		return utf8.AppendRune(dst, r)
	})
}

// mapped appends what f makes of each character, which stands at i. Lone surrogates stay.
func mapped(s string, f func(dst []byte, r rune, i int) []byte) string {
	dst := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); {
		r, n := Decode(s[i:])
		if r == utf8.RuneError && n == 1 || 0xd800 <= r && r < 0xe000 {
			f(nil, r, i) // which may count it
			dst = append(dst, s[i:i+n]...)
		} else {
			dst = f(dst, r, i)
		}
		i += n
	}
	return string(dst)
}

func appendFull(dst []byte, r rune, full map[rune]string, simple func(rune) rune) []byte {
	if r >= utf8.RuneSelf {
		if t, ok := full[r]; ok {
			return append(dst, t...)
		}
	}
	return utf8.AppendRune(dst, simple(r))
}

// appendLowered appends the lower case of the character r at i of s.
func appendLowered(dst []byte, s string, r rune, i int) []byte {
	switch {
	case r == 'İ':
		return append(dst, "i\u0307"...)
	case r == 'Σ' && finalSigma(s, i):
		return append(dst, "ς"...)
	}
	return utf8.AppendRune(dst, unicode.ToLower(r))
}
