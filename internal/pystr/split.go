package pystr

import "strings"

// Split is str.split: at white space where sep is "", else at each sep. At most max times, any number if it is negative.
func Split(dst []string, s, sep string, most int) []string {
	if sep != "" {
		if most >= 0 {
			return append(dst, strings.SplitN(s, sep, most+1)...)
		}
		return append(dst, strings.Split(s, sep)...)
	}
	for {
		s = strings.TrimLeftFunc(s, IsSpace)
		switch end := strings.IndexFunc(s, IsSpace); {
		case s == "":
			return dst
		case most == 0:
			return append(dst, s)
		case end < 0:
			return append(dst, s)
		default:
			dst, s = append(dst, s[:end]), s[end:]
			most--
		}
	}
}

// Splitlines is str.splitlines; keep leaves the line ends on.
func Splitlines(dst []string, s string, keep bool) []string {
	for s != "" {
		end, n := len(s), 0
	scan:
		for i := 0; i < len(s); {
			r, k := Decode(s[i:])
			switch r {
			case '\r':
				if k = 1; strings.HasPrefix(s[i+1:], "\n") {
					k = 2
				}
				fallthrough
			case '\n', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
				end, n = i, k
				break scan
			}
			i += k
		}
		line := s[:end]
		if keep {
			line = s[:end+n]
		}
		dst, s = append(dst, line), s[end+n:]
	}
	return dst
}

// Strip is str.strip, on the sides that are asked for: of white space where chars is nil, else of its characters.
func Strip(s string, chars *string, left, right bool) string {
	drop := IsSpace
	if chars != nil {
		drop = func(r rune) bool {
			for c := *chars; c != ""; {
				q, n := Decode(c)
				if q == r {
					return true
				}
				c = c[n:]
			}
			return false
		}
	}
	for left && s != "" {
		r, n := Decode(s)
		if !drop(r) {
			break
		}
		s = s[n:]
	}
	for right && s != "" {
		r, n := DecodeLast(s)
		if !drop(r) {
			break
		}
		s = s[:len(s)-n]
	}
	return s
}
