package tensor

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
)

// ParseFloat reads s as Python's float() does: surrounding white space, digits of any script, underscores between
// digits, nan, inf and infinity in any case; no hexadecimal. Numbers too big are infinite.
func ParseFloat(s string) (float64, bool) {
	t, ok := plainNumber(s)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(t, 64)
	if err != nil {
		return f, errors.Is(err, strconv.ErrRange)
	}
	return f, true
}

// ParseInt reads s as Python's int() does, within 64 bits.
func ParseInt(s string) (int64, bool) {
	t, ok := plainNumber(s)
	if !ok {
		return 0, false
	}
	i, err := strconv.ParseInt(t, 10, 64)
	return i, err == nil
}

// plainNumber strips white space and underscores and turns digits into ASCII.
func plainNumber(s string) (string, bool) {
	plain := s != ""
	for i := range len(s) {
		c := s[i]
		if !(c >= '0' && c <= '9' || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E') {
			plain = false
			break
		}
	}
	if plain {
		return s, true
	}
	if ascii(s) {
		s = strings.Trim(s, " \t\n\v\f\r")
	} else { // Python strips the separators only here
		s = strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f })
	}
	if s == "" {
		return "", false
	}
	var b strings.Builder
	digit := false // the last character was a digit
	under := false // the last character was an underscore
	for _, r := range s {
		d := digitValue(r)
		switch {
		case d >= 0:
			b.WriteByte(byte('0' + d))
		case r == '_':
			if !digit {
				return "", false
			}
			digit, under = false, true
			continue
		case under || r > 0x7f || r == 'x' || r == 'X' || r == 'p' || r == 'P':
			return "", false
		default:
			b.WriteByte(byte(r))
		}
		digit, under = d >= 0, false
	}
	return b.String(), !under
}

// digitValue returns the value of a decimal digit, -1 for other characters.
func digitValue(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return int(r - '0')
	case r < 0x80 || !unicode.Is(unicode.Nd, r):
		return -1
	case r >= 0x1d7ce && r <= 0x1d7ff: // mathematical digits: five runs without gaps
		return int(r-0x1d7ce) % 10
	case unicode.Is(unicode.Nd, r&^0xf):
		return int(r & 0xf)
	}
	return int(r&0xf) - 6
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
