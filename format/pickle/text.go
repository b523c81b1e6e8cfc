package pickle

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/larder-ml/larder/pyobj"
)

func bigEndian(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// text reads a line argument without its end; valid until the next read.
func (m *Machine) text() ([]byte, error) {
	b, ok, err := m.in.line(m.lim.String)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, m.eof("no newline before ")
	}
	return m.ended(b)
}

// lineEnd is how the lines of a stream end.
type lineEnd uint8

const (
	anyEnd  lineEnd = iota // not yet known
	newline                // as picklers write them
	crlf                   // as Windows writes them into a file that was opened as text
)

// ended takes the carriage return off a line where all lines end in one, as the first two tell. Raw text (V) may end in a carriage
// return of its own; the PUT that picklers write after it may not.
func (m *Machine) ended(b []byte) ([]byte, error) {
	returned := bytes.HasSuffix(b, []byte("\r"))
	if m.lines == anyEnd {
		m.lines = newline
		next, _, found := bytes.Cut(m.in.buf[m.in.pos:], []byte("\n"))
		if returned && found && m.proto <= 0 && bytes.HasSuffix(next, []byte("\r")) && (m.op != opUnicode || Opcode(next[0]) == opPut) {
			m.lines = crlf
			m.Note("text-mode", pyobj.LevelNote, 0, `lines end in \r\n: Python loads it on Windows alone, from a file opened as text`)
		}
	}
	switch {
	case m.lines == newline:
		return b, nil
	case !returned:
		return nil, m.bad(`a line ends in \n, those before it in \r\n`)
	}
	return b[:len(b)-1], nil
}

// decimal reads -?[0-9]+ without leading zeros, the only form a pickler writes.
func decimal(b []byte) (*big.Int, bool) {
	digits := b
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) == 0 || digits[0] == '0' && len(b) > 1 {
		return nil, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return nil, false
		}
	}
	if len(b) < 19 {
		n, err := strconv.ParseInt(string(b), 10, 64)
		return big.NewInt(n), err == nil
	}
	return new(big.Int).SetString(string(b), 10)
}

func (m *Machine) textInt() error {
	b, err := m.text()
	if err != nil {
		return err
	}
	if m.op == opInt && (string(b) == "00" || string(b) == "01") {
		v := pyobj.Bool(b[1] == '1')
		if m.dis != nil {
			m.dis.arg = "False"
			if v {
				m.dis.arg = "True"
			}
		}
		return m.push(v)
	}
	if m.op == opLong && len(b) > 0 && b[len(b)-1] == 'L' {
		b = b[:len(b)-1]
	}
	if len(b) > m.lim.Digits {
		return m.over("digits of an int", int64(len(b)), int64(m.lim.Digits))
	}
	x, ok := decimal(b)
	if !ok {
		return m.bad("%s is no plain decimal", quote(b))
	}
	if m.dis != nil {
		m.dis.arg = x.String()
	}
	return m.push(integer(x))
}

func (m *Machine) textFloat() error {
	b, err := m.text()
	if err != nil {
		return err
	}
	if len(b) > m.lim.Digits {
		return m.over("digits of a float", int64(len(b)), int64(m.lim.Digits))
	}
	s := string(b)
	switch s {
	case "nan", "inf", "-inf":
	default:
		if s == "" || strings.Trim(s, "0123456789+-.eE") != "" {
			return m.bad("%s is no float", quote(b))
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return m.bad("%s is no float", quote(b))
	}
	if s == "nan" {
		f = math.Float64frombits(0x7ff8 << 48) // Python's bits, not Go's
	}
	if m.dis != nil {
		m.dis.arg = reprFloat(f)
	}
	return m.push(pyobj.Float(f))
}

func (m *Machine) unicode(info *opInfo) error {
	b, err := m.counted(info, true)
	if err != nil {
		return err
	}
	s := string(b)
	if !utf8.ValidString(s) {
		lone, ok := surrogates(s)
		if !ok {
			return m.bad("text is not UTF-8")
		}
		if lone {
			m.Note("lone-surrogate", pyobj.LevelRefuse, m.at, "text holds half of a surrogate pair")
		}
	}
	if m.dis != nil {
		m.dis.arg = m.dis.reprStr(s)
	}
	return m.push(pyobj.Str(s))
}

// surrogates reports whether s holds surrogates in their three-byte form, and whether it is else UTF-8.
func surrogates(s string) (lone, ok bool) {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 {
			if i+2 < len(s) && s[i] == 0xed && s[i+1] >= 0xa0 && s[i+1] <= 0xbf && s[i+2]&0xc0 == 0x80 {
				lone = true
				i += 3
				continue
			}
			return lone, false
		}
		i += n
	}
	return lone, true
}

// appendRune adds r as UTF-8, a surrogate in its three-byte form.
func appendRune(b []byte, r rune) []byte {
	if r >= 0xd800 && r <= 0xdfff {
		return append(b, 0xed, byte(0x80|r>>6&0x3f), byte(0x80|r&0x3f))
	}
	return utf8.AppendRune(b, r)
}

// textUnicode reads raw-unicode-escape: latin-1 with \uXXXX and \UXXXXXXXX.
func (m *Machine) textUnicode() error {
	b, err := m.text()
	if err != nil {
		return err
	}
	out := make([]byte, 0, len(b))
	lone := false
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = utf8.AppendRune(out, rune(b[i]))
			continue
		}
		i++
		digits := 0
		switch b[i] {
		case 'u':
			digits = 4
		case 'U':
			digits = 8
		default:
			out = append(out, '\\')
			out = utf8.AppendRune(out, rune(b[i]))
			continue
		}
		if i+digits >= len(b) {
			return m.bad("escape is cut off")
		}
		n, err := strconv.ParseUint(string(b[i+1:i+1+digits]), 16, 32)
		if err != nil || n > utf8.MaxRune {
			return m.bad("%s is no escape", quote(b[i-1:i+1+digits]))
		}
		lone = lone || n >= 0xd800 && n <= 0xdfff
		out = appendRune(out, rune(n))
		i += digits
	}
	if lone {
		m.Note("lone-surrogate", pyobj.LevelRefuse, m.at, "text holds half of a surrogate pair")
	}
	s := string(out)
	if m.dis != nil {
		m.dis.arg = m.dis.reprStr(s)
	}
	return m.push(pyobj.Str(s))
}

// textString reads Python 2's quoted string with its escapes.
func (m *Machine) textString() error {
	b, err := m.text()
	if err != nil {
		return err
	}
	if len(b) < 2 || b[0] != b[len(b)-1] || b[0] != '\'' && b[0] != '"' {
		return m.bad("string is not quoted")
	}
	b = b[1 : len(b)-1]
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			out = append(out, b[i])
			continue
		}
		i++
		if i == len(b) {
			return m.bad("string ends in a backslash")
		}
		switch c := b[i]; c {
		case '\\', '\'', '"':
			out = append(out, c)
		case 'a', 'b', 'f', 'n', 'r', 't', 'v':
			out = append(out, "\a\b\f\n\r\t\v"[strings.IndexByte("abfnrtv", c)])
		case 'x':
			if i+2 >= len(b) {
				return m.bad("escape is cut off")
			}
			n, err := strconv.ParseUint(string(b[i+1:i+3]), 16, 8)
			if err != nil {
				return m.bad("%s is no escape", quote(b[i-1:i+3]))
			}
			out = append(out, byte(n))
			i += 2
		case '0', '1', '2', '3', '4', '5', '6', '7':
			n := 0
			for k := 0; k < 3 && i < len(b) && b[i] >= '0' && b[i] <= '7'; k++ {
				n = n<<3 | int(b[i]-'0')
				i++
			}
			i--
			out = append(out, byte(n))
		default:
			out = append(out, '\\', c)
		}
	}
	return m.py2(string(out))
}

func (m *Machine) py2(s string) error {
	if m.dis != nil {
		m.dis.arg = m.dis.reprStr(latin1([]byte(s)))
	}
	return m.push(pyobj.Py2Str(s))
}

func latin1(b []byte) string {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return string(out)
}

// quote shows bytes of the file in an error, cut short.
func quote(b []byte) string {
	if len(b) > 80 {
		return strconv.QuoteToASCII(string(b[:80])) + "…"
	}
	return strconv.QuoteToASCII(string(b))
}

// checkGlobal notes names no honest pickler writes.
func (m *Machine) checkGlobal(g *pyobj.Global) {
	if m.op == opExt1 || m.op == opExt2 || m.op == opExt4 {
		return
	}
	if strings.Contains(g.Name, ".") {
		m.Note("dotted-name", pyobj.LevelRefuse, m.at, "the name %s has a dot: it walks from one object to another", quote([]byte(g.Name)))
	}
	for _, s := range []string{g.Module, g.Name} {
		switch {
		case s == "" || !identifiers(s):
			m.Note("global-text", pyobj.LevelRefuse, m.at, "%s is no Python name", quote([]byte(s)))
		case !ascii(s):
			m.Note("global-text", pyobj.LevelSuspect, m.at, "%s is not plain ASCII", quote([]byte(s)))
		}
	}
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// identifiers reports whether s is identifiers joined by dots, letters beyond ASCII allowed.
func identifiers(s string) bool {
	start := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '.':
			if start {
				return false
			}
			start = true
			continue
		case c >= '0' && c <= '9':
			if start {
				return false
			}
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c >= utf8.RuneSelf:
		default:
			return false
		}
		start = false
	}
	return !start && utf8.ValidString(s)
}
