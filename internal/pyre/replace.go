package pyre

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The flags of Python's re that a compiled pattern holds.
const (
	flagFold    = 2
	flagLocale  = 4
	flagMulti   = 8
	flagDotAll  = 16
	flagUnicode = 32
	flagVerbose = 64
	flagASCII   = 256
)

// CompileFlags reads a pattern with the flags that re.compile was given, as a number.
func CompileFlags(pattern string, given int64) (*Pattern, error) {
	if given&^(flagFold|flagMulti|flagDotAll|flagUnicode|flagVerbose|flagASCII) != 0 {
		return nil, &Error{pattern, 0, "flags " + strconv.FormatInt(given, 10)}
	}
	has := func(bit int64) bool { return given&bit != 0 }
	return compile(pattern, flags{fold: has(flagFold), multi: has(flagMulti), dotAll: has(flagDotAll), verbose: has(flagVerbose), ascii: has(flagASCII)})
}

// matcher makes what runs the pattern on a text within the budget of steps.
func (p *Pattern) matcher(s string) (*matcher, error) {
	if len(s) > math.MaxInt32 {
		return nil, &BudgetError{p.text}
	}
	return &matcher{p: p, s: s, steps: stepsBase + stepsByte*len(s), caps: make([]int, 2*(p.groups+1))}, nil
}

// Split appends what re.split returns: the text between matches, also where those are empty, and the groups of each match. It fails
// where a group has not matched, for which re gives None.
func (p *Pattern) Split(dst []string, s string) ([]string, error) {
	m, err := p.matcher(s)
	if err != nil {
		return dst, err
	}
	from, none := 0, false
	err = m.all(func() {
		dst, from = append(dst, s[from:m.caps[0]]), m.caps[1]
		for g := 1; g <= p.groups; g++ {
			if none = none || !m.set(g); !none {
				dst = append(dst, s[m.caps[2*g]:m.caps[2*g+1]])
			}
		}
	})
	if err == nil && none {
		err = &Error{p.text, 0, "expected str instance, NoneType found: a group of a split without a match"}
	}
	return append(dst, s[from:]), err
}

// Replace is re.sub. It fails when the budget of steps is used up or the text becomes longer than most bytes.
func (p *Pattern) Replace(s string, by *Template, most int) (string, error) {
	m, err := p.matcher(s)
	if err != nil {
		return "", err
	}
	var out []byte
	from, over := 0, false
	err = m.all(func() {
		if over = over || len(out) > most; over {
			return
		}
		out = append(out, s[from:m.caps[0]]...)
		from = m.caps[1]
		for _, t := range by.parts {
			out = append(out, t.text...)
			if a := t.group; a >= 0 && m.set(a) {
				out = append(out, s[m.caps[2*a]:m.caps[2*a+1]]...)
			}
		}
	})
	switch {
	case err != nil:
		return "", err
	case over:
		return "", &BudgetError{p.text}
	case from == 0 && out == nil:
		return s, nil
	}
	return string(append(out, s[from:]...)), nil
}

// Template is what re.sub puts in place of a match.
type Template struct{ parts []part }

// part is text and then, unless it is -1, a group.
type part struct {
	text  string
	group int
}

// Template reads a replacement as re does: \1, \g<1>, \g<name>, and the escapes of ASCII letters and octal digits.
func (p *Pattern) Template(s string) (*Template, error) {
	var t Template
	var text []byte
	bad := func(msg string) (*Template, error) { return nil, &Error{s, 0, msg} }
	group := func(n int) bool {
		t.parts = append(t.parts, part{string(text), n})
		text = text[:0]
		return n <= p.groups
	}
	octal := func(c byte) bool { return '0' <= c && c <= '7' }
	digit := func(i int) bool { return i < len(s) && '0' <= s[i] && s[i] <= '9' }
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			text = append(text, s[i])
			i++
			continue
		}
		if i++; i == len(s) {
			return bad("bad escape (end of pattern)")
		}
		c := s[i]
		i++
		switch {
		case c == 'g':
			end := strings.IndexByte(s[i:], '>')
			if !strings.HasPrefix(s[i:], "<") || end < 2 {
				return bad("missing group name")
			}
			name := s[i+1 : i+end]
			i += end + 1
			n, known := p.names[name]
			if v, err := strconv.ParseUint(name, 10, 16); err == nil && !known {
				n, known = int(v), true
			}
			if !known || !group(n) {
				return bad("unknown group name " + name)
			}
		case c == '0':
			n := 0
			for k := 0; k < 2 && i < len(s) && octal(s[i]); k++ {
				n = n*8 + int(s[i]-'0')
				i++
			}
			text = utf8.AppendRune(text, rune(n))
		case '1' <= c && c <= '9':
			n := int(c - '0')
			if digit(i) {
				if octal(c) && octal(s[i]) && i+1 < len(s) && octal(s[i+1]) {
					n = n*64 + int(s[i]-'0')*8 + int(s[i+1]-'0')
					if n > 0o377 {
						return bad("octal escape value outside of range 0-0o377")
					}
					i += 2
					text = utf8.AppendRune(text, rune(n))
					continue
				}
				n = n*10 + int(s[i]-'0')
				i++
			}
			if !group(n) {
				return bad("invalid group reference " + strconv.Itoa(n))
			}
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			k := strings.IndexByte("abfnrtv", c)
			if k < 0 {
				return bad("bad escape \\" + string(c))
			}
			text = append(text, "\a\b\f\n\r\t\v"[k])
		case c == '\\':
			text = append(text, c)
		default:
			text = append(text, '\\', c)
		}
	}
	t.parts = append(t.parts, part{string(text), -1})
	return &t, nil
}
