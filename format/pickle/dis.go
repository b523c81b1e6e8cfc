package pickle

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// Disassemble writes one line per opcode, as Python's pickletools.dis does: position, opcode, argument. Arguments
// longer than cut bytes are cut off and their length given; cut 0 writes them whole. On an error the lines before it,
// and the opcode it is in, have been written.
func Disassemble(w io.Writer, src *source.Source, lim source.Limits, cut int) error {
	return New(src.All(), lim).Disassemble(w, cut)
}

// Disassemble runs the machine and writes what it does.
func (m *Machine) Disassemble(w io.Writer, cut int) error {
	b := bufio.NewWriter(w)
	m.dis = &lister{w: b, cut: cut}
	_, err := m.Run()
	if e := b.Flush(); e != nil {
		return e
	}
	return err
}

// Listing reports whether the machine writes a disassembly.
func (m *Machine) Listing() bool { return m.dis != nil }

// Remark adds a line of its own to a disassembly, for bytes that are no opcodes.
func (m *Machine) Remark(at int64, text string) {
	if m.dis != nil {
		m.dis.later = append(m.dis.later, fmt.Sprintf("%5d: %s\n", at, text))
	}
}

type lister struct {
	w     *bufio.Writer
	cut   int
	at    int64
	depth int
	high  uint8
	arg   string
	note  string
	later []string
	long  int64 // bytes of which no more was read than is shown
	done  bool  // the line of the opcode at hand is written
}

func (d *lister) start(m *Machine) {
	d.at, d.depth, d.arg, d.note, d.done = m.at, len(m.marks), "", "", false
}

// within lists a pickle in the middle of another, behind the opcode it belongs to.
func (d *lister) within(m *Machine, list func()) {
	d.line(m)
	high := d.high
	d.high = 0
	list()
	d.high, d.done = high, true
}

func (d *lister) line(m *Machine) {
	info := &ops[m.op]
	if info.name == "" || d.done {
		return
	}
	d.high = max(d.high, info.proto)
	fmt.Fprintf(d.w, "%5d: %-4s %s%s", d.at, reprByte(byte(m.op)), strings.Repeat("    ", d.depth), info.name)
	if d.arg != "" || d.note != "" {
		fmt.Fprint(d.w, strings.Repeat(" ", max(0, 10-len(info.name))))
	}
	if d.arg != "" {
		fmt.Fprint(d.w, " "+d.arg)
	}
	if d.note != "" {
		fmt.Fprint(d.w, " "+d.note)
	}
	fmt.Fprintln(d.w)
	for _, s := range d.later {
		fmt.Fprint(d.w, s)
	}
	d.later = nil
	if m.op == opStop {
		fmt.Fprintf(d.w, "highest protocol among opcodes = %d\n", d.high)
		d.high = 0
	}
}

// reprByte shows an opcode's byte as repr does inside its quotes.
func reprByte(b byte) string {
	if b < 0x80 {
		return string(rune(b))
	}
	return fmt.Sprintf("\\x%02x", b)
}

// begin reads what is shown of n bytes and steps over the rest.
func (d *lister) begin(in *input, n int64) ([]byte, bool) {
	in.leave(n)
	b, ok := in.payload(int64(d.cut))
	d.long = n
	return b, ok && in.over(n-int64(len(b)))
}

func (d *lister) reprBytes(b []byte) string {
	if n := d.long; n > 0 {
		d.long = 0
		return fmt.Sprintf("%s... (%d bytes)", reprBytes(b), n)
	}
	if d.cut > 0 && len(b) > d.cut {
		return fmt.Sprintf("%s... (%d bytes)", reprBytes(b[:d.cut]), len(b))
	}
	return reprBytes(b)
}

func (d *lister) reprStr(s string) string {
	if d.cut > 0 && len(s) > d.cut {
		n := d.cut
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		return fmt.Sprintf("%s... (%d bytes)", reprStr(s[:n]), len(s))
	}
	return reprStr(s)
}

// quoteFor chooses the quote Python's repr chooses.
func quoteFor(s string) byte {
	if strings.IndexByte(s, '\'') >= 0 && strings.IndexByte(s, '"') < 0 {
		return '"'
	}
	return '\''
}

func reprBytes(b []byte) string {
	q := quoteFor(string(b))
	var w strings.Builder
	w.WriteByte('b')
	w.WriteByte(q)
	for _, c := range b {
		switch {
		case c == q || c == '\\':
			w.WriteByte('\\')
			w.WriteByte(c)
		case c == '\n':
			w.WriteString(`\n`)
		case c == '\r':
			w.WriteString(`\r`)
		case c == '\t':
			w.WriteString(`\t`)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&w, `\x%02x`, c)
		default:
			w.WriteByte(c)
		}
	}
	w.WriteByte(q)
	return w.String()
}

// reprByteArray makes the repr of bytes that of a bytearray, which escapes single quotes in double ones, too.
func reprByteArray(s string) string {
	if s[1] == '"' {
		return strings.ReplaceAll(s, "'", `\'`)
	}
	return s
}

func reprStr(s string) string {
	q := quoteFor(s)
	var w strings.Builder
	w.WriteByte(q)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			if i+2 < len(s) && s[i] == 0xed {
				r, n = rune(s[i]&0xf)<<12|rune(s[i+1]&0x3f)<<6|rune(s[i+2]&0x3f), 3
				fmt.Fprintf(&w, `\u%04x`, r)
			} else {
				fmt.Fprintf(&w, `\x%02x`, s[i])
			}
			i += n
			continue
		}
		i += n
		switch {
		case r == rune(q) || r == '\\':
			w.WriteByte('\\')
			w.WriteRune(r)
		case r == '\n':
			w.WriteString(`\n`)
		case r == '\r':
			w.WriteString(`\r`)
		case r == '\t':
			w.WriteString(`\t`)
		case unicode.IsPrint(r):
			w.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&w, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&w, `\u%04x`, r)
		default:
			fmt.Fprintf(&w, `\U%08x`, r)
		}
	}
	w.WriteByte(q)
	return w.String()
}

func reprFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	e := strconv.FormatFloat(f, 'e', -1, 64)
	exp, _ := strconv.Atoi(e[strings.IndexByte(e, 'e')+1:])
	if exp < -4 || exp >= 16 {
		return e
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func reprInt(v pyobj.Value) string {
	switch x := v.(type) {
	case pyobj.Int:
		return strconv.FormatInt(int64(x), 10)
	case *pyobj.BigInt:
		return new(big.Int).Set(x.V).String()
	}
	return ""
}
