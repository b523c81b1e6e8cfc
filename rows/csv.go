package rows

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/larder-ml/larder"
)

// csvReader splits records as the C parser of pandas.read_csv does: LF, CR and CRLF end a line; lines of white space
// alone are left out; a quote is special only at the beginning of a field; two in a quoted field are one; short records
// are filled up with missing values.
type csvReader struct {
	r     *bufio.Reader
	opts  Options
	comma byte
	names []string
	index int // leading columns without a name: pandas takes them for the index
	line  int // lines begun
	first *record
	begun bool
	notes []string

	cells, given int // fields of all tables so far, and those that stood in the file
}

type record struct {
	buf  []byte
	ends []int
	line int
}

func newCSV(r io.Reader, o Options) (*csvReader, error) {
	c := &csvReader{r: bufio.NewReaderSize(r, 1<<20), opts: o}
	if b, _ := c.r.Peek(3); string(b) == string(bom) {
		if _, err := c.r.Discard(3); err != nil {
			return nil, err
		}
	}
	c.comma = c.separator()
	var head record
	if err := c.read(&head); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &Error{Row: -1, Msg: "no columns: the file is empty"}
		}
		return nil, err
	}
	if o.NoHeader {
		c.names = make([]string, len(head.ends))
		for i := range c.names {
			c.names[i] = fmt.Sprint(i)
		}
		c.first = &head
		return c, nil
	}
	c.names = header(head.fields())
	for _, name := range c.names {
		if err := asUTF8(name, &Error{Row: -1, Line: head.line}); err != nil {
			return nil, err
		}
	}
	if allNumbers(c.names) {
		c.notes = append(c.notes, "the names of the columns are numbers: is the header line missing? (--no-header)")
	}
	next := &record{}
	switch err := c.read(next); {
	case errors.Is(err, io.EOF):
		return c, nil
	case err != nil:
		return nil, err
	}
	c.first = next
	if c.index = max(0, len(next.ends)-len(c.names)); c.index > 0 {
		c.notes = append(c.notes, fmt.Sprintf("lines have %d more fields than the header has names: the first %d are taken as the index, as pandas does", c.index, c.index))
	}
	return c, nil
}

// separator is the comma unless the first line has none and tabs or semicolons instead.
func (c *csvReader) separator() byte {
	b, _ := c.r.Peek(64 << 10)
	if i := strings.IndexAny(string(b), "\r\n"); i >= 0 {
		b = b[:i]
	}
	s := string(b)
	if !strings.Contains(s, ",") {
		for _, sep := range []byte("\t;") {
			if strings.IndexByte(s, sep) >= 0 {
				if sep == ';' {
					c.notes = append(c.notes, "fields are separated by semicolons")
				}
				return sep
			}
		}
	}
	return ','
}

// header names columns as pandas does: a name that stands twice gets a number, an empty one its position.
func header(fields []string) []string {
	seen := map[string]int{}
	for _, f := range fields {
		seen[f]++
	}
	out := make([]string, len(fields))
	used := map[string]int{}
	for i, f := range fields {
		if f == "" {
			f = fmt.Sprintf("Unnamed: %d", i)
		}
		out[i] = f
		n := used[f]
		for ; n > 0; n++ {
			mangled := fmt.Sprintf("%s.%d", f, n)
			if seen[mangled] == 0 && used[mangled] == 0 {
				out[i] = mangled
				used[mangled]++
				break
			}
		}
		used[f] = n + 1
	}
	return out
}

func allNumbers(names []string) bool {
	for _, n := range names {
		if _, ok := parseFloat(n); !ok {
			return false
		}
	}
	return len(names) > 1
}

func (r *record) fields() []string {
	s := string(r.buf)
	out := make([]string, len(r.ends))
	at := 0
	for i, e := range r.ends {
		out[i] = s[at:e]
		at = e
	}
	return out
}

// read reads the next record, io.EOF when there is none.
func (c *csvReader) read(rec *record) error {
	rec.buf, rec.ends = rec.buf[:0], rec.ends[:0]
	const (
		start = iota
		blank // white space at the beginning of a line
		field
		quoted
		quote // a quote inside a quoted field
		begin // of a field that is not the first
	)
	state := start
	for {
		b, err := c.r.ReadByte()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return err
			}
			switch state {
			case quoted:
				return &Error{Row: -1, Line: rec.line, Msg: "a quoted field without an end"}
			case start, blank:
				return io.EOF
			}
			rec.ends = append(rec.ends, len(rec.buf))
			return nil
		}
		if state == start {
			c.line++
			rec.line = c.line
		}
		if b == '\r' && state != quoted {
			if next, err := c.r.Peek(1); err == nil && next[0] == '\n' {
				continue
			}
			b = '\n'
		}
		if len(rec.ends) > c.opts.Columns {
			return &Error{Row: -1, Line: rec.line, Msg: fmt.Sprintf("a record of more than %d fields", c.opts.Columns), Err: larder.ErrLimit}
		}
		if int64(len(rec.buf)) > c.opts.Record {
			return &Error{Row: -1, Line: rec.line, Msg: fmt.Sprintf("a record of more than %d bytes", c.opts.Record), Err: larder.ErrLimit}
		}
		switch state {
		case start, blank:
			switch {
			case b == '\n':
				rec.buf = rec.buf[:0]
				state = start
				continue
			case (b == ' ' || b == '\t') && b != c.comma:
				rec.buf = append(rec.buf, b)
				state = blank
				continue
			case state == blank && b == '"':
				// not at the beginning of the field
				rec.buf = append(rec.buf, b)
				state = field
				continue
			}
			state = begin
			fallthrough
		case begin:
			switch b {
			case '"':
				state = quoted
			case c.comma:
				rec.ends = append(rec.ends, len(rec.buf))
			case '\n':
				rec.ends = append(rec.ends, len(rec.buf))
				return nil
			default:
				rec.buf = append(rec.buf, b)
				state = field
			}
		case field, quote:
			switch {
			case b == '"' && state == quote:
				rec.buf = append(rec.buf, b)
				state = quoted
			case b == c.comma:
				rec.ends = append(rec.ends, len(rec.buf))
				state = begin
			case b == '\n':
				rec.ends = append(rec.ends, len(rec.buf))
				return nil
			default:
				rec.buf = append(rec.buf, b)
				state = field
			}
		case quoted:
			if b == '"' {
				state = quote
				continue
			}
			if b == '\n' {
				c.line++
			}
			rec.buf = append(rec.buf, b)
		}
	}
}

// foreign finds the field that is not UTF-8.
func (t *Table) foreign(s string, ends []int, w int) error {
	at := 0
	for i, e := range ends {
		if err := asUTF8(s[at:e], &Error{Row: i / w, Line: t.line + i/w, Column: t.Names[i%w]}); err != nil {
			return err
		}
		at = e
	}
	return &Error{Row: -1, Msg: "not UTF-8"}
}

// asUTF8 completes an error for text that is not UTF-8.
func asUTF8(s string, e *Error) error {
	for i, r := range s {
		if _, n := utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && n == 1 {
			if e.Msg = fmt.Sprintf("'utf-8' codec can't decode byte 0x%02x: save the file as UTF-8", s[i]); s[i] >= 0xfe {
				e.Msg += " (it looks like UTF-16)"
			}
			return e
		}
	}
	return nil
}

// Next reads up to Options.Chunk rows.
func (c *csvReader) Next() (*Table, error) {
	t := &Table{Names: c.names, Columns: make([]Column, len(c.names)), Notes: c.notes, line: c.line}
	c.notes = nil
	var arena []byte
	var ends []int
	rec := c.first
	if rec == nil {
		rec = &record{}
	}
	w := len(c.names)
	for t.N < c.opts.Chunk && len(arena) < chunkBytes && len(ends) < 4*spreadCells {
		if c.first == nil {
			if err := c.read(rec); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, err
			}
		}
		c.first = nil
		if t.N == 0 {
			t.line = rec.line
		}
		if len(rec.ends) > w+c.index {
			return nil, &Error{Row: -1, Line: rec.line, Msg: fmt.Sprintf("%d fields where %d were expected", len(rec.ends), w+c.index)}
		}
		c.cells, c.given = c.cells+w, c.given+len(rec.ends)
		if c.cells > spreadCells && c.cells > 4*c.given {
			return nil, &Error{Row: -1, Line: rec.line, Msg: fmt.Sprintf("most lines have few of the %d fields: too many are missing", w), Err: larder.ErrLimit}
		}
		from := 0
		if c.index > 0 {
			from = rec.ends[min(c.index, len(rec.ends))-1]
		}
		base := len(arena) - from
		arena = append(arena, rec.buf[from:]...)
		for i := range w {
			e := len(arena)
			if j := i + c.index; j < len(rec.ends) {
				e = base + rec.ends[j]
			}
			ends = append(ends, e)
		}
		t.N++
	}
	if t.N == 0 && c.begun {
		return nil, io.EOF
	}
	c.begun = true
	s := string(arena)
	if !utf8.ValidString(s) {
		return nil, t.foreign(s, ends, w)
	}
	for j := range t.Columns {
		t.Columns[j].Text = make([]string, t.N)
	}
	at := 0
	for i := range t.N {
		for j := range w {
			e := ends[i*w+j]
			t.Columns[j].Text[i] = s[at:e]
			at = e
		}
	}
	return t, nil
}
