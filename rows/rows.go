// Package rows reads the tables users bring (csv, json, jsonl, npy, npz) and gives them to a model as that model
// learned them; and it writes what a method returned in the same forms.
//
// Reading goes in two steps. A Reader decodes a file into a Table: columns of text or typed values, names, nothing
// guessed. Match then finds the columns a model wants by name and reads each as what the model learned: a column whose
// categories are text keeps "007" as text, one of numbers reads it as 7. Where the model says nothing a column is read
// as pandas would.
//
// Missing values of csv files are those of pandas.read_csv; numbers are read exactly (pandas: float_precision
// "round_trip"). Parquet stands in package rows/parquet, which this one does not import.
//
// # Security
//
// A row of text is bounded by Options.Record and a whole JSON or npy file by Options.Bytes; csv and jsonl files of any size are read in
// chunks of bounded size. Nesting of JSON is bounded.
package rows

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/tensor"
)

// Format is the form of a file of rows.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	JSON    Format = "json"
	JSONL   Format = "jsonl"
	NPY     Format = "npy"
	NPZ     Format = "npz"
	Parquet Format = "parquet"
)

// ParseFormat reads a format's name.
func ParseFormat(name string) (Format, error) {
	switch f := Format(strings.ToLower(name)); f {
	case CSV, JSON, JSONL, NPY, NPZ, Parquet:
		return f, nil
	}
	return "", &Error{Row: -1, Msg: fmt.Sprintf("format %q is none of csv, json, jsonl, npy, npz, parquet", name)}
}

// Extension returns the format a file name stands for, "" for none.
func Extension(name string) Format {
	switch strings.ToLower(path.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz"))) {
	case ".csv", ".tsv", ".txt":
		return CSV
	case ".json":
		return JSON
	case ".jsonl", ".ndjson":
		return JSONL
	case ".npy":
		return NPY
	case ".npz":
		return NPZ
	case ".parquet", ".pq":
		return Parquet
	}
	return ""
}

// Sniff tells the format of a file from its first bytes and, where they leave it open, its name.
func Sniff(prefix []byte, name string) Format {
	switch {
	case bytes.HasPrefix(prefix, []byte("\x93NUMPY")):
		return NPY
	case bytes.HasPrefix(prefix, []byte("PK\x03\x04")), bytes.HasPrefix(prefix, []byte("PK\x05\x06")):
		return NPZ
	case bytes.HasPrefix(prefix, []byte("PAR1")):
		return Parquet
	}
	if f := Extension(name); f == CSV || f == JSON || f == JSONL {
		return f
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(prefix, bom), " \t\r\n")
	switch {
	case len(text) > 0 && text[0] == '[':
		if i := bytes.IndexByte(text, '\n'); i > 0 && balanced(text[:i]) && len(bytes.TrimSpace(text[i:])) > 0 {
			return JSONL
		}
		return JSON
	case len(text) > 0 && text[0] == '{':
		if i := bytes.IndexByte(text, '\n'); i > 0 && balanced(text[:i]) && len(bytes.TrimSpace(text[i:])) > 0 {
			return JSONL
		}
		return JSON
	}
	return CSV
}

var bom = []byte("\xef\xbb\xbf")

// balanced reports whether a line holds as many closing as opening brackets.
func balanced(line []byte) bool {
	n, text := 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '[' || c == '{':
			n++
		case c == ']' || c == '}':
			n--
		}
	}
	return n == 0 && !text
}

// Options of reading.
type Options struct {
	NoHeader bool  // csv: the first line is data
	Chunk    int   // rows per Table of csv and jsonl files; 0: 10,000
	Bytes    int64 // most bytes of a JSON or npy file; 0: 2 GiB
	Record   int64 // most bytes of a csv record or a line of jsonl; 0: 64 MiB
	Depth    int   // nesting of JSON; 0: 16
	Columns  int   // most fields of a csv record; 0: two million
}

func (o *Options) defaults() {
	if o.Chunk == 0 {
		o.Chunk = 10_000
	}
	if o.Bytes == 0 {
		o.Bytes = 2 << 30
	}
	if o.Record == 0 {
		o.Record = 64 << 20
	}
	if o.Depth == 0 {
		o.Depth = 16
	}
	if o.Columns == 0 {
		o.Columns = maxColumns
	}
}

// chunkBytes ends a chunk of rows of text before it has Options.Chunk of them.
const chunkBytes = 64 << 20

// maxColumns is the most columns of a table.
const maxColumns = 2_000_000

// Reader gives a file's rows in order; io.EOF after the last. The first Table may have no rows, so that an empty file's
// columns are known.
type Reader interface {
	Next() (*Table, error)
}

// NewReader reads r as format f, which is none that needs seeking (Parquet).
func NewReader(r io.Reader, f Format, o Options) (Reader, error) {
	o.defaults()
	switch f {
	case CSV:
		return newCSV(r, o)
	case JSONL:
		return newJSONL(r, o), nil
	case JSON, NPY, NPZ:
		b, err := readAll(r, o.Bytes)
		if err != nil {
			return nil, err
		}
		var t *Table
		switch f {
		case JSON:
			t, err = ParseJSON(b, o.Depth)
		case NPY:
			t, err = parseNPY(b)
		default:
			t, err = parseNPZ(b)
		}
		if err != nil {
			return nil, err
		}
		return &once{t}, nil
	}
	return nil, &Error{Row: -1, Msg: fmt.Sprintf("format %s can not be read from a stream", f)}
}

type once struct{ t *Table }

func (o *once) Next() (*Table, error) {
	if o.t == nil {
		return nil, io.EOF
	}
	t := o.t
	o.t = nil
	return t, nil
}

func readAll(r io.Reader, max int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, max+1))
	if err == nil && int64(len(b)) > max {
		err = &Error{Row: -1, Msg: fmt.Sprintf("more than %d bytes", max), Err: larder.ErrLimit}
	}
	return b, err
}

// ReadAll reads every row into one Table.
func ReadAll(r Reader) (*Table, error) { return ReadUpTo(r, math.MaxInt) }

// ReadUpTo reads rows into one Table until there are more than most. Those of a Reader with a method Room take no more bytes than it says.
func ReadUpTo(r Reader, most int) (*Table, error) {
	all, room := &Table{}, int64(math.MaxInt64)
	if r, ok := r.(interface{ Room() int64 }); ok {
		room = r.Room()
	}
	for first := true; all.Rows() <= most; first = false {
		t, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if room -= t.bytes(); room < 0 {
			return nil, &Error{Row: -1, Msg: "rows that are kept together take more memory than a file of this size may", Err: larder.ErrLimit}
		}
		if first {
			all = t
		} else if err := all.Append(t); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Column is one column as it was read; exactly one of Text, Cells and Tensor is set.
type Column struct {
	Text   []string       // csv fields: what they are is not decided
	Cells  []tensor.Cell  // JSON values
	Tensor *tensor.Tensor // one-dimensional, of a typed file

	Masked bool // of pandas' types with missing values of their own: scikit-learn makes float64 of its numbers

	Err error // why its values can not be read, if they can not: who uses the column answers it
}

// Len returns the number of rows.
func (c *Column) Len() int {
	switch {
	case c.Text != nil:
		return len(c.Text)
	case c.Tensor != nil:
		return c.Tensor.Len()
	}
	return len(c.Cells)
}

// Cell returns row i; text that stands for a missing value is NaN.
func (c *Column) Cell(i int) tensor.Cell {
	switch {
	case c.Text != nil:
		if IsMissing(c.Text[i]) {
			return missing
		}
		return tensor.StrCell(c.Text[i])
	case c.Tensor != nil:
		return c.Tensor.Cell(i)
	}
	return c.Cells[i]
}

func (c *Column) unread(name string) error { return &Error{Row: -1, Column: name, Msg: c.Err.Error()} }

// unread is the error of the first column that can not be read.
func (t *Table) unread() error {
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Err != nil {
			return c.unread(t.Names[i])
		}
	}
	return nil
}

// Table is a number of rows as they were read.
type Table struct {
	Names   []string // of the columns; nil where the file names none
	Columns []Column
	N       int

	// Value is set instead of Columns where a file holds one thing: a matrix or vector, a sparse matrix, mappings,
	// rows of texts.
	Value *tensor.Value

	Notes []string // what reading did that a user may not expect

	Typed bool // Value and Columns have the types their author gave them (npy, npz, parquet), not those their text looks like
	line  int  // of the first row in a csv file
}

// Rows returns the number of rows.
func (t *Table) Rows() int {
	if t.Value != nil {
		return t.Value.Rows()
	}
	return t.N
}

// Find returns the position of a column, -1 if there is none of that name.
func (t *Table) Find(name string) int {
	for i, n := range t.Names {
		if n == name {
			return i
		}
	}
	return -1
}

// finder returns Find for looking up n names.
func (t *Table) finder(n int) func(name string) int {
	if n < 8 || len(t.Names) < 8 {
		return t.Find
	}
	at := make(map[string]int, len(t.Names))
	for i := len(t.Names) - 1; i >= 0; i-- {
		at[t.Names[i]] = i
	}
	return func(name string) int {
		if i, ok := at[name]; ok {
			return i
		}
		return -1
	}
}

// Take removes the named column and returns it.
func (t *Table) Take(name string) (Column, error) {
	if err := t.Spread(); err != nil {
		return Column{}, err
	}
	i := t.Find(name)
	if i < 0 {
		return Column{}, &Error{Row: -1, Column: name, Msg: "no such column" + t.has()}
	}
	c := t.Columns[i]
	if c.Err != nil {
		return Column{}, c.unread(name)
	}
	t.Names = append(append([]string{}, t.Names[:i]...), t.Names[i+1:]...)
	t.Columns = append(append([]Column{}, t.Columns[:i]...), t.Columns[i+1:]...)
	return c, nil
}

// Pick returns a table of the named columns only, in that order.
func (t *Table) Pick(names []string) (*Table, error) {
	if err := t.Spread(); err != nil {
		return nil, err
	}
	out, find := &Table{N: t.N, line: t.line}, t.finder(len(names))
	for _, name := range names {
		i := find(name)
		if i < 0 {
			return nil, &Error{Row: -1, Column: name, Msg: "no such column" + t.has()}
		}
		if c := &t.Columns[i]; c.Err != nil {
			return nil, c.unread(name)
		}
		out.Names = append(out.Names, name)
		out.Columns = append(out.Columns, t.Columns[i])
	}
	return out, nil
}

// Use returns the named columns as what a model takes, in that order: a model without names takes them by position.
func (t *Table) Use(names []string, w *Want) (*Table, error) {
	out, err := t.Pick(names)
	if err == nil && w.Names == nil {
		out.Names = nil
	}
	return out, err
}

// Slice returns the rows at the given positions.
func (t *Table) Slice(rows []int) *Table {
	out := &Table{Names: t.Names, N: len(rows), Typed: t.Typed, line: -1}
	if t.Value != nil {
		v := sliceValue(*t.Value, rows)
		out.Value = &v
		return out
	}
	for _, c := range t.Columns {
		switch {
		case c.Text != nil:
			s := make([]string, len(rows))
			for i, r := range rows {
				s[i] = c.Text[r]
			}
			out.Columns = append(out.Columns, Column{Text: s})
		case c.Tensor != nil:
			out.Columns = append(out.Columns, Column{Tensor: sliceTensor(c.Tensor, rows), Masked: c.Masked, Err: c.Err})
		default:
			s := make([]tensor.Cell, len(rows))
			for i, r := range rows {
				s[i] = c.Cells[r]
			}
			out.Columns = append(out.Columns, Column{Cells: s})
		}
	}
	return out
}

func (t *Table) has() string {
	if len(t.Names) == 0 {
		return ", the file names none"
	}
	return "; there are " + list(t.Names)
}

// list joins names, the first twelve of them.
func list(names []string) string {
	var said []string
	for _, name := range names[:min(len(names), 12)] {
		said = append(said, shorten(name))
	}
	if len(names) > 12 {
		return fmt.Sprintf("%s and %d more", strings.Join(said, ", "), len(names)-12)
	}
	return strings.Join(said, ", ")
}

// shorten keeps the beginning of a text for a message.
func shorten(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// Append adds the rows of another table, whose memory it may keep.
func (t *Table) Append(u *Table) error {
	if t.Value != nil && u.Value != nil && t.Value.Dicts != nil && u.Value.Dicts != nil {
		a, b := t.Value.Dicts, u.Value.Dicts
		base := a.Indptr[len(a.Indptr)-1]
		for _, p := range b.Indptr[1:] {
			a.Indptr = append(a.Indptr, base+p)
		}
		a.Keys = append(a.Keys, b.Keys...)
		a.Values = append(a.Values, b.Values...)
		return nil
	}
	for _, x := range []*Table{t, u} {
		if err := x.Spread(); err != nil {
			return err
		}
	}
	if len(t.Columns) != len(u.Columns) {
		return &Error{Row: t.N, Msg: fmt.Sprintf("%d columns where the rows before have %d", len(u.Columns), len(t.Columns))}
	}
	for i := range t.Columns {
		a, b := &t.Columns[i], &u.Columns[i]
		if a.Text != nil && b.Text != nil {
			a.Text = append(a.Text, b.Text...)
			continue
		}
		if a.Tensor != nil && b.Tensor != nil && a.Tensor.DType == b.Tensor.DType && a.Err == nil && b.Err == nil {
			x, y := *a.Tensor, b.Tensor // who holds the tensor sees the same as before
			x.F64, x.F32, x.I64, x.U8 = append(x.F64, y.F64...), append(x.F32, y.F32...), append(x.I64, y.I64...), append(x.U8, y.U8...)
			x.Str, x.Cells, x.Shape = append(x.Str, y.Str...), append(x.Cells, y.Cells...), []int{x.Len() + y.Len()}
			a.Tensor = &x
			continue
		}
		for j := 0; j < a.Len() && a.Cells == nil; j++ {
			// a typed column becomes one of cells
			cells := make([]tensor.Cell, a.Len(), a.Len()+b.Len())
			for k := range cells {
				cells[k] = a.Cell(k)
			}
			*a = Column{Cells: cells, Masked: a.Masked, Err: a.Err}
		}
		for j := range b.Len() {
			a.Cells = append(a.Cells, b.Cell(j))
		}
		a.Text, a.Tensor = nil, nil
		if a.Err == nil {
			a.Err = b.Err
		}
	}
	t.N += u.N
	t.Notes = append(t.Notes, u.Notes...)
	return nil
}

// bytes is what the values of the columns take.
func (t *Table) bytes() (n int64) {
	for i := range t.Columns {
		c := &t.Columns[i]
		for _, s := range c.Text {
			n += int64(len(s)) + 16
		}
		cells := c.Cells
		if x := c.Tensor; x != nil {
			n += int64(8*len(x.F64) + 4*len(x.F32) + 8*len(x.I64) + len(x.U8))
			for _, s := range x.Str {
				n += int64(len(s)) + 16
			}
			cells = x.Cells
		}
		for k := range cells {
			n += int64(len(cells[k].S)) + 48
		}
	}
	return n
}

// Error says which row and column of the data do not do.
type Error struct {
	Row    int    // from 0; -1 where no row is meant
	Line   int    // in a csv or jsonl file, from 1; 0 where not known
	Column string // "" where no column is meant
	Msg    string
	Err    error // a sentinel; nil for larder.ErrInput
}

func (e *Error) Error() string {
	s := "rows: "
	switch {
	case e.Line > 0:
		s += fmt.Sprintf("line %d: ", e.Line)
	case e.Row >= 0:
		s += fmt.Sprintf("row %d: ", e.Row)
	}
	if e.Column != "" {
		s += fmt.Sprintf("column %q: ", shorten(e.Column))
	}
	return s + e.Msg
}

// Is answers larder.ErrInput, or the sentinel given.
func (e *Error) Is(target error) bool {
	if e.Err != nil {
		return target == e.Err
	}
	return target == larder.ErrInput
}
