package rows

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/jsonread"
	"github.com/larder-ml/larder/tensor"
)

// ParseJSON reads a JSON text: an array of rows (arrays or objects), an array of texts or numbers, one object of
// columns and data (pandas' "split"), of lists by column, of objects by column (what DataFrame.to_json writes by itself), or one
// row as an object.
func ParseJSON(b []byte, depth int) (*Table, error) {
	r := jsonread.New(bytes.TrimPrefix(b, bom), depth)
	t, err := FromJSON(r)
	if err != nil {
		return nil, err
	}
	if err := r.End(); err != nil {
		return nil, jsonError(err)
	}
	return t, nil
}

// FromJSON reads the next value of r as rows, in one of the forms of ParseJSON.
func FromJSON(r *jsonread.Reader) (*Table, error) {
	switch r.Kind() {
	case jsonread.Array:
		return jsonArray(r)
	case jsonread.Object:
		return jsonObject(r)
	}
	r.Array()
	return nil, jsonError(r.Err())
}

func jsonError(err error) error {
	var s *jsonread.SyntaxError
	if errors.As(err, &s) {
		return &Error{Row: -1, Msg: s.Error()}
	}
	return err
}

// jsonArray reads [[…],…], [{…},…], ["…",…] or [1,…].
func jsonArray(r *jsonread.Reader) (*Table, error) {
	m := &matrix{width: -1}
	for r.Array(); r.More(); {
		switch r.Kind() {
		case jsonread.Object:
			if m.n == 0 && m.width == -1 {
				m.dicts = &tensor.Dicts{Indptr: []int{0}}
				m.width = 0
			}
			m.object(r)
		case jsonread.Array:
			m.row(r)
		default:
			m.scalar(r)
		}
		if m.err != nil {
			return nil, m.err
		}
	}
	if err := r.Err(); err != nil {
		return nil, jsonError(err)
	}
	return m.table(), nil
}

// matrix collects the items of an array. Numbers are kept flat as long as nothing else occurs.
type matrix struct {
	n     int
	width int // -1 before the first item; 0 for objects; -2 for scalars; -3 for rows of different lengths
	flat  []float64
	ints  []bool // which of flat were integers
	whole bool   // every number so far was an integer
	mixed bool
	cells []tensor.Cell
	ends  []int // of ragged rows
	dicts *tensor.Dicts
	err   error
}

func (m *matrix) fail(format string, args ...any) {
	if m.err == nil {
		m.err = &Error{Row: m.n, Msg: fmt.Sprintf(format, args...)}
	}
}

func (m *matrix) count() int {
	if m.mixed {
		return len(m.cells)
	}
	return len(m.flat)
}

// value reads one cell.
func (m *matrix) value(r *jsonread.Reader) {
	if !m.mixed {
		if m.count() == 0 {
			m.whole = true
		}
		switch r.Kind() {
		case jsonread.Number:
			f, i, whole := r.Number()
			if whole && (i >= 1<<53 || i <= -1<<53) {
				// a float64 may not hold it: cells do
				m.spill()
				m.cells = append(m.cells, tensor.IntCell(i))
				return
			}
			m.whole = m.whole && whole
			m.flat, m.ints = append(m.flat, f), append(m.ints, whole)
			return
		case jsonread.Null:
			r.Null()
			m.flat, m.ints, m.whole = append(m.flat, math.NaN()), append(m.ints, false), false
			return
		}
		m.spill()
	}
	m.cells = append(m.cells, cell(r))
}

// spill turns the flat numbers into cells.
func (m *matrix) spill() {
	m.mixed = true
	m.cells = make([]tensor.Cell, len(m.flat), 2*len(m.flat)+8)
	for i, f := range m.flat {
		if m.ints[i] {
			m.cells[i] = tensor.IntCell(int64(f))
		} else {
			m.cells[i] = tensor.FloatCell(f)
		}
	}
	m.flat, m.ints = nil, nil
}

// cell reads a scalar; NaN and null are missing values.
func cell(r *jsonread.Reader) tensor.Cell {
	switch r.Kind() {
	case jsonread.Null:
		r.Null()
		return tensor.Cell{}
	case jsonread.Bool:
		return tensor.BoolCell(r.Bool())
	case jsonread.Number:
		f, i, whole := r.Number()
		if whole {
			return tensor.IntCell(i)
		}
		return tensor.FloatCell(f)
	case jsonread.String:
		return tensor.StrCell(r.Text())
	}
	r.Fail("%s where a single value was wanted", r.Kind())
	return tensor.Cell{}
}

func (m *matrix) row(r *jsonread.Reader) {
	if m.width == -2 || m.dicts != nil {
		m.fail("an array after other values")
		return
	}
	from := m.count()
	for r.Array(); r.More(); {
		m.value(r)
	}
	w := m.count() - from
	switch {
	case m.width == -1:
		m.width = w
	case m.width != w && m.width >= 0:
		m.ends = make([]int, m.n)
		for i := range m.ends {
			m.ends[i] = (i + 1) * m.width
		}
		m.width = -3
	}
	if m.width == -3 {
		m.ends = append(m.ends, m.count())
	}
	m.n++
}

func (m *matrix) scalar(r *jsonread.Reader) {
	if m.width >= 0 || m.width == -3 {
		m.fail("%s after arrays or objects", r.Kind())
		return
	}
	m.width = -2
	m.value(r)
	m.n++
}

func (m *matrix) object(r *jsonread.Reader) {
	if m.dicts == nil {
		m.fail("an object after other values")
		return
	}
	for r.Object(); r.More(); {
		m.dicts.Keys = append(m.dicts.Keys, r.Key())
		m.dicts.Values = append(m.dicts.Values, cell(r))
	}
	m.dicts.Indptr = append(m.dicts.Indptr, len(m.dicts.Keys))
	m.n++
}

func (m *matrix) table() *Table {
	t := &Table{N: m.n}
	switch {
	case m.dicts != nil:
		t.Value = &tensor.Value{Dicts: m.dicts}
	case m.width == -1:
		t.Value = &tensor.Value{Dense: tensor.New(tensor.Float64, 0)}
	case m.width == -3:
		if !m.mixed {
			m.spill()
		}
		tok := &tensor.Tokens{Indptr: append([]int{0}, m.ends...), Terms: make([]string, len(m.cells))}
		for i, c := range m.cells {
			tok.Terms[i] = c.String()
		}
		t.Value = &tensor.Value{Tokens: tok}
	case m.width == -2:
		t.Value = &tensor.Value{Dense: m.dense(m.n)}
	case m.mixed:
		t.Columns = make([]Column, m.width)
		for j := range t.Columns {
			col := make([]tensor.Cell, m.n)
			for i := range col {
				col[i] = m.cells[i*m.width+j]
			}
			t.Columns[j].Cells = col
		}
	default:
		t.Value = &tensor.Value{Dense: m.dense(m.n, m.width)}
	}
	return t
}

func (m *matrix) dense(shape ...int) *tensor.Tensor {
	if m.mixed {
		return typed(m.cells).Reshape(shape...)
	}
	if m.whole {
		t := tensor.New(tensor.Int64, shape...)
		for i, f := range m.flat {
			t.I64[i] = int64(f)
		}
		return t
	}
	return tensor.FromF64(m.flat, shape...)
}

// column is what was read as one column.
func (m *matrix) column() Column {
	if m.mixed {
		return Column{Cells: m.cells}
	}
	return Column{Tensor: m.dense(m.n)}
}

// jsonObject reads {"columns":…,"data":…}, {"a":[…],…} or one row {"a":1,…}.
func jsonObject(r *jsonread.Reader) (*Table, error) {
	var names []string
	var data *Table
	var cols []Column
	var one tensor.Dicts
	cells := false
	for r.Object(); r.More(); {
		key := r.Key()
		switch kind := r.Kind(); {
		case key == "columns" && kind == jsonread.Array && !cells:
			for r.Array(); r.More(); {
				if r.Kind() == jsonread.String {
					names = append(names, r.Text())
				} else {
					names = append(names, string(r.Raw()))
				}
			}
		case key == "index" && (names != nil || data != nil) && kind == jsonread.Array:
			r.Skip()
		case key == "index" && kind == jsonread.Array && !cells:
			r.Skip() // pandas writes it between the two
		case key == "data" && kind == jsonread.Array && !cells:
			t, err := jsonArray(r)
			if err != nil {
				return nil, err
			}
			data = t
		case kind == jsonread.Array && data == nil && names == nil && !cells:
			m := &matrix{width: -2}
			for r.Array(); r.More(); {
				m.value(r)
				m.n++
			}
			names = append(names, key)
			cols = append(cols, m.column())
			// names is set now: the next list must not be taken for "columns"
			for r.More() {
				key := r.Key()
				m := &matrix{width: -2}
				for r.Array(); r.More(); {
					m.value(r)
					m.n++
				}
				names = append(names, key)
				cols = append(cols, m.column())
				if n := cols[0].Len(); m.n != n {
					return nil, &Error{Row: -1, Column: key, Msg: fmt.Sprintf("%d values where %q has %d", m.n, names[0], n)}
				}
			}
			if err := r.Err(); err != nil {
				return nil, jsonError(err)
			}
			return &Table{Names: names, Columns: cols, N: cols[0].Len()}, nil
		case kind == jsonread.Object && data == nil && names == nil && !cells:
			return jsonColumns(r, key)
		case kind != jsonread.Array && kind != jsonread.Object && data == nil && names == nil:
			cells = true
			one.Keys = append(one.Keys, key)
			one.Values = append(one.Values, cell(r))
		default:
			r.Fail("member %q does not fit an object of columns and data, of lists by column, or of one row", key)
		}
	}
	if err := r.Err(); err != nil {
		return nil, jsonError(err)
	}
	if cells {
		one.Indptr = []int{0, len(one.Keys)}
		return &Table{N: 1, Value: &tensor.Value{Dicts: &one}}, nil
	}
	if data == nil || names == nil {
		return nil, &Error{Row: -1, Msg: `an object without "columns" and "data"`}
	}
	if err := data.Spread(); err != nil {
		return nil, err
	}
	if data.N > 0 && len(data.Columns) != len(names) {
		return nil, &Error{Row: -1, Msg: fmt.Sprintf("%d names for %d columns", len(names), len(data.Columns))}
	}
	if data.N == 0 {
		data.Columns = make([]Column, len(names))
	}
	data.Names = names
	return data, nil
}

// jsonColumns reads the rest of {"a":{"0":…,"1":…},…}, of which the first name is read: columns whose cells have the names of rows,
// which every column has in the same order.
func jsonColumns(r *jsonread.Reader, first string) (*Table, error) {
	t := &Table{}
	var rows []string
	for key, more := first, true; more; {
		m := &matrix{width: -2}
		for r.Object(); r.More(); m.n++ {
			switch row := r.Key(); {
			case t.Columns == nil:
				rows = append(rows, row)
			case m.n >= len(rows) || rows[m.n] != row:
				r.Fail("column %q has not the rows of %q: %q", key, first, row)
			}
			m.value(r)
		}
		if m.n != len(rows) {
			r.Fail("%d values where %q has %d", m.n, first, len(rows))
		}
		t.Names, t.Columns = append(t.Names, key), append(t.Columns, m.column())
		if more = r.More(); more {
			key = r.Key()
		}
	}
	if err := r.Err(); err != nil {
		return nil, jsonError(err)
	}
	t.N = len(rows)
	return t, nil
}

// typed gives cells the narrowest type that holds them all as Python would: text, bools, integers, floats (missing
// values are NaN), or they stay cells.
func typed(cells []tensor.Cell) *tensor.Tensor {
	var kinds [tensor.CellBytes + 1]int
	for _, c := range cells {
		kinds[c.Kind]++
	}
	n := len(cells)
	switch {
	case n == 0:
		return tensor.New(tensor.Float64, 0)
	case kinds[tensor.CellStr] == n:
		t := tensor.New(tensor.String, n)
		for i, c := range cells {
			t.Str[i] = c.S
		}
		return t
	case kinds[tensor.CellBool] == n:
		t := tensor.New(tensor.Bool, n)
		for i, c := range cells {
			t.U8[i] = uint8(c.I) //nolint:gosec // 0 or 1
		}
		return t
	case kinds[tensor.CellInt] == n:
		t := tensor.New(tensor.Int64, n)
		for i, c := range cells {
			t.I64[i] = c.I
		}
		return t
	case kinds[tensor.CellInt]+kinds[tensor.CellFloat]+kinds[tensor.CellNone] == n && kinds[tensor.CellInt]+kinds[tensor.CellFloat] > 0:
		t := tensor.New(tensor.Float64, n)
		for i, c := range cells {
			t.F64[i] = number(c)
		}
		return t
	}
	return tensor.FromCells(cells)
}

func number(c tensor.Cell) float64 {
	if f, ok := c.Float(); ok {
		return f
	}
	return math.NaN()
}

// jsonlReader reads one JSON value a line: arrays, objects, texts or numbers, all of one kind.
type jsonlReader struct {
	r     *bufio.Reader
	opts  Options
	line  int
	begun bool
}

func newJSONL(r io.Reader, o Options) *jsonlReader {
	return &jsonlReader{r: bufio.NewReaderSize(r, 1<<20), opts: o}
}

// Next reads up to Options.Chunk rows.
func (j *jsonlReader) Next() (*Table, error) {
	text := []byte{'['}
	n := 0
	first := j.line + 1
	for n < j.opts.Chunk && len(text) < chunkBytes {
		line, err := j.read()
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		j.line++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if n > 0 {
			text = append(text, ',')
		}
		text = append(text, line...)
		n++
	}
	if n == 0 {
		if j.begun {
			return nil, io.EOF
		}
		j.begun = true
		return &Table{}, nil
	}
	j.begun = true
	t, err := ParseJSON(append(text, ']'), j.opts.Depth+1)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			e.Msg = fmt.Sprintf("lines from %d on: %s", first, e.Msg)
		}
		return nil, err
	}
	if got := t.Rows(); got != n {
		return nil, &Error{Row: -1, Line: first, Msg: "a line holds more than one value"}
	}
	t.line = first
	return t, nil
}

func (j *jsonlReader) read() ([]byte, error) {
	var line []byte
	for {
		part, err := j.r.ReadSlice('\n')
		line = append(line, part...)
		if int64(len(line)) > j.opts.Record {
			return nil, &Error{Row: -1, Line: j.line + 1, Msg: fmt.Sprintf("a line of more than %d bytes", j.opts.Record), Err: larder.ErrLimit}
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}
