// Package parquet reads and writes rows as Parquet files. It stands apart from package rows so that programs that do
// not need it stay small.
//
// Columns are flat: numbers of their own types, truth values, text and bytes. Decimals are the nearest float64, which is what
// scikit-learn makes of them. Nested columns, dates, times and durations are refused by name where they are used.
//
// # Security
//
// The decoding is an outside module's. A panic in it ends the file, not the program. Pages are held against their bytes before it sees
// them, and rows are read some at a time: what is open of a file at a time takes at most 128 MiB and sixteen times the file's size.
package parquet

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// Reader gives the rows of each row group in turn, some at a time.
type Reader struct {
	r      io.ReaderAt
	size   int64
	file   *parquet.File
	spans  map[string]bool // columns of durations, which only Arrow's schema tells from integers
	halves map[string]bool // names of columns of half precision, nested ones too
	masked map[string]bool // columns of pandas' types with missing values of their own
	names  []string
	fields []parquet.Field
	leafs  []int // where a field's columns begin
	next   int   // row group

	columns []*column // of the group that is open
	left    int64     // its rows that were not read yet
	most    int64     // rows of a Table
}

// NewReader opens a Parquet file of a size.
func NewReader(r io.ReaderAt, size int64) (rd *Reader, err error) {
	defer guard(&err)
	if err := footer(r, size); err != nil {
		return nil, corrupt(err)
	}
	rd = &Reader{r: r, size: size}
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, corrupt(err)
	}
	for _, g := range f.Metadata().RowGroups {
		for _, c := range g.Columns {
			// Its decoder takes twice the memory again and again for bytes that are no LZ4.
			if c.MetaData.Codec == format.Lz4Raw {
				return nil, &rows.Error{Row: -1, Msg: "parquet: columns compressed by LZ4 are not read: write them with snappy, zstd or gzip", Err: larder.ErrUnsupported}
			}
		}
	}
	rd.file = f
	if text, ok := f.Lookup("ARROW:schema"); ok {
		rd.spans = durations(text)
	}
	if text, ok := f.Lookup("pandas"); ok {
		rd.masked = masked(text)
	}
	rd.halves = map[string]bool{}
	for _, e := range f.Metadata().Schema {
		if _, ok := e.LogicalType.Value.(*format.Float16Type); ok {
			rd.halves[e.Name] = true
		}
	}
	leaf := 0
	for _, field := range f.Schema().Fields() {
		name := field.Name()
		if !strings.HasPrefix(name, "__index_level_") { // pandas' index
			rd.names = append(rd.names, name)
			rd.fields = append(rd.fields, field)
			rd.leafs = append(rd.leafs, leaf)
		}
		leaf += leaves(field)
	}
	return rd, nil
}

// masked lists the columns that pandas wrote of its types with missing values of their own, by what it leaves in a file. What is no such
// description tells nothing.
func masked(text string) map[string]bool {
	var of struct {
		Columns []struct {
			Name string `json:"field_name"`
			Type string `json:"numpy_type"`
		}
	}
	if json.Unmarshal([]byte(text), &of) != nil {
		return nil
	}
	out := map[string]bool{}
	for _, c := range of.Columns {
		switch c.Type {
		case "boolean", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64":
			out[c.Name] = true
		}
	}
	return out
}

// footer checks a file's description and the length that its last bytes give it.
func footer(r io.ReaderAt, size int64) error {
	var tail [8]byte
	if size < 12 {
		return errors.New("the file is shorter than its marks")
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return err
	}
	if n := int64(binary.LittleEndian.Uint32(tail[:])); n > size-12 {
		return fmt.Errorf("a description of %d bytes in a file of %d", n, size)
	} else {
		b := make([]byte, n)
		if _, err := r.ReadAt(b, size-8-n); err != nil {
			return err
		}
		return described(b)
	}
}

// leaves counts the columns that a field is stored in.
func leaves(f parquet.Node) int {
	if f.Leaf() {
		return 1
	}
	n := 0
	for _, in := range f.Fields() {
		n += leaves(in)
	}
	return n
}

func guard(err *error) {
	if r := recover(); r != nil {
		*err = corrupt(fmt.Errorf("%v", r))
	}
}

func corrupt(err error) error {
	return &rows.Error{Row: -1, Msg: "parquet: " + err.Error(), Err: larder.ErrCorrupt}
}

// Next reads the next rows: some ten thousand of a row group, fewer of many columns or of long texts.
func (r *Reader) Next() (t *rows.Table, err error) {
	defer guard(&err)
	for r.left == 0 {
		r.close()
		if r.next >= len(r.file.RowGroups()) {
			if r.next == 0 {
				r.next++
				return r.table(0)
			}
			return nil, io.EOF
		}
		if err := r.open(); err != nil {
			return nil, err
		}
		if r.left == 0 && r.next == 1 {
			return r.table(0)
		}
	}
	return r.table(r.left)
}

// Room is how many bytes rows that are kept together may take.
func (r *Reader) Room() int64 { return room(r.size) }

// room is how many bytes the open pages of a file of a size may take, or the texts of some rows: few files hold sixteen times what they
// are.
func room(size int64) int64 { return source.Default().Outlined().HeldBy(size) }

// How many bytes the values of a Table may take, and its texts.
const (
	someValues = 64 << 20
	someTexts  = 16 << 20
)

// open begins the next row group.
func (r *Reader) open() error {
	g, meta := r.file.RowGroups()[r.next], r.file.Metadata().RowGroups[r.next]
	r.next++
	n, width, checked := g.NumRows(), int64(1), false
	if n < 0 {
		return corrupt(fmt.Errorf("a group of %d rows", n))
	}
	check := &checker{r: r.r, size: r.size, room: room(r.size)}
	for i, leaf := range r.leafs {
		c := &column{field: r.fields[i], err: readable(r.fields[i])}
		if c.err == nil && r.spans[r.names[i]] {
			c.err = errors.New("a duration is no number or text")
		}
		if r.columns = append(r.columns, c); c.err != nil {
			width += 8
			continue
		}
		width += perValue(c.field)
		nulls, err := check.column(&meta.Columns[leaf].MetaData, n, c.field.Optional())
		if err != nil {
			return damaged(r.names[i], err)
		}
		c.nulls, checked = nulls, true
		for _, other := range r.file.Metadata().RowGroups {
			c.nulls = c.nulls || other.Columns[leaf].MetaData.Statistics.NullCount > 0
		}
		if c.nothing = logicalOf[*format.NullType](c.field) != nil; c.nothing {
			continue
		}
		c.begin(g.ColumnChunks()[leaf], r.halves[r.names[i]])
	}
	if n > 0 && !checked && len(r.columns) > 0 {
		return &rows.Error{Row: -1, Column: r.names[0], Msg: r.columns[0].err.Error()} // how many rows there are is a claim
	}
	if n > 0 && len(r.columns) == 0 {
		return corrupt(fmt.Errorf("%d rows without columns", n))
	}
	r.left, r.most = n, max(someValues/width, 1)
	return nil
}

// close ends the row group that is open.
func (r *Reader) close() {
	for _, c := range r.columns {
		c.close()
	}
	r.columns, r.left = nil, 0
}

// table reads up to n of the rows that are left.
func (r *Reader) table(n int64) (*rows.Table, error) {
	t := &rows.Table{Names: r.names, Columns: make([]rows.Column, len(r.names)), Typed: true}
	texts := &checker{room: room(r.size)}
	n = min(n, r.most, chunk)
	for int64(t.N) < n && room(r.size)-texts.room < someTexts {
		k := int(min(block, n-int64(t.N)))
		for i, c := range r.columns {
			if err := c.read(k, texts); err != nil {
				return nil, damaged(r.names[i], err)
			}
		}
		t.N += k
	}
	r.left -= int64(t.N)
	for i, c := range r.columns {
		t.Columns[i] = c.take(t.N)
		t.Columns[i].Masked = r.masked[r.names[i]]
	}
	return t, nil
}

const (
	chunk = 65536 // most rows of a Table
	block = 64    // rows that are read of every column in turn
)

// damaged is the error of a column that could not be read.
func damaged(name string, err error) error {
	e := &rows.Error{Row: -1, Column: name, Msg: "parquet: " + err.Error(), Err: larder.ErrCorrupt}
	if errors.Is(err, source.ErrLimit) {
		e.Err = larder.ErrLimit
	}
	return e
}

// readable says why a column is neither numbers nor text.
func readable(field parquet.Field) error {
	if !field.Leaf() || field.Repeated() {
		return errors.New("a nested column, wanted numbers or text")
	}
	if logical := field.Type().LogicalType(); logical != nil {
		switch logical.Value.(type) {
		case *format.NullType:
			return nil
		case nil, *format.StringType, *format.EnumType, *format.JsonType, *format.IntType, *format.DecimalType, *format.BsonType:
		default:
			return fmt.Errorf("%s is no number or text", logical)
		}
	}
	switch kind := field.Type().Kind(); kind {
	case parquet.Boolean, parquet.Int32, parquet.Int64, parquet.Float, parquet.Double, parquet.ByteArray, parquet.FixedLenByteArray:
		return nil
	default:
		return fmt.Errorf("type %s is no number or text", kind)
	}
}

// logicalOf is a column's logical type if it is a T.
func logicalOf[T any](field parquet.Field) (t T) {
	if logical := field.Type().LogicalType(); logical != nil {
		t, _ = logical.Value.(T)
	}
	return t
}

// isText reports whether a column of bytes is text to pandas.
func isText(field parquet.Field) bool {
	return logicalOf[*format.StringType](field) != nil || logicalOf[*format.EnumType](field) != nil || logicalOf[*format.JsonType](field) != nil
}

// maxDecimal is the size of Arrow's widest decimal in bytes.
const maxDecimal = 32

// decimal is the float64 nearest to a stored decimal.
func decimal(v parquet.Value, kind parquet.Kind, scale int32) float64 {
	n := new(big.Int)
	switch kind {
	case parquet.Int32:
		n.SetInt64(int64(v.Int32()))
	case parquet.Int64:
		n.SetInt64(v.Int64())
	default: // two's complement, the highest byte first
		b := v.ByteArray()
		if n.SetBytes(b); len(b) > 0 && b[0] >= 0x80 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
	}
	f, _ := strconv.ParseFloat(fmt.Sprintf("%se%d", n, -scale), 64)
	return f
}

var integers = map[bool]map[int8]tensor.DType{
	true:  {8: tensor.Int8, 16: tensor.Int16, 32: tensor.Int32, 64: tensor.Int64},
	false: {8: tensor.Uint8, 16: tensor.Uint16, 32: tensor.Uint32, 64: tensor.Uint64},
}

// integer is the type that pandas gives a column of integers.
func integer(field parquet.Field) tensor.DType {
	if logical := field.Type().LogicalType(); logical != nil {
		if l, ok := logical.Value.(*format.IntType); ok {
			if d, ok := integers[l.IsSigned][l.BitWidth]; ok {
				return d
			}
		}
	}
	if field.Type().Kind() == parquet.Int32 {
		return tensor.Int32
	}
	return tensor.Int64
}

// Writer writes results; it is a rows.Sink.
type Writer struct {
	w    io.Writer
	o    rows.WriteOptions
	pw   *parquet.GenericWriter[any]
	cols []string
	kind []parquet.Kind
}

// NewWriter writes to w.
func NewWriter(w io.Writer, o rows.WriteOptions) *Writer { return &Writer{w: w, o: o} }

// ordered is a group whose fields stand in the order of the columns.
type ordered struct {
	parquet.Group
	names []string
}

// Fields returns the fields in order.
func (o ordered) Fields() []parquet.Field {
	by := map[string]parquet.Field{}
	for _, f := range o.Group.Fields() {
		by[f.Name()] = f
	}
	out := make([]parquet.Field, len(o.names))
	for i, n := range o.names {
		out[i] = by[n]
	}
	return out
}

func kindOf(c *rows.Column) parquet.Kind {
	if c.Tensor == nil {
		return parquet.ByteArray
	}
	switch d := c.Tensor.DType; {
	case d == tensor.Bool:
		return parquet.Boolean
	case d.IsInt():
		return parquet.Int64
	case d == tensor.Float32:
		return parquet.Float
	case d.IsFloat():
		return parquet.Double
	}
	return parquet.ByteArray
}

// Write adds a result's rows.
func (w *Writer) Write(r *larder.Result, keep *rows.Table) error {
	t, err := rows.Flatten(r, w.o.Names)
	if err != nil {
		return err
	}
	names, cols := t.Names, t.Columns
	if keep != nil {
		names = append(append([]string{}, keep.Names...), names...)
		cols = append(append([]rows.Column{}, keep.Columns...), cols...)
	}
	if w.pw == nil {
		group := parquet.Group{}
		for i, n := range names {
			k := kindOf(&cols[i])
			node := parquet.String()
			if k != parquet.ByteArray {
				node = parquet.Leaf(map[parquet.Kind]parquet.Type{parquet.Boolean: parquet.BooleanType, parquet.Int64: parquet.Int64Type,
					parquet.Float: parquet.FloatType, parquet.Double: parquet.DoubleType}[k])
			}
			if _, dup := group[n]; dup {
				return &rows.Error{Row: -1, Column: n, Msg: "two columns of one name"}
			}
			group[n] = parquet.Optional(node)
			w.kind = append(w.kind, k)
		}
		w.cols = names
		w.pw = parquet.NewGenericWriter[any](w.w, parquet.NewSchema("rows", ordered{group, names}), parquet.Compression(&parquet.Zstd))
	}
	row := make(parquet.Row, len(names))
	for i := range t.N {
		for j := range cols {
			row[j] = value(&cols[j], w.kind[j], i).Level(0, 1, j)
			if row[j].IsNull() {
				row[j] = parquet.NullValue().Level(0, 0, j)
			}
		}
		if _, err := w.pw.WriteRows([]parquet.Row{row}); err != nil {
			return err
		}
	}
	return nil
}

func value(c *rows.Column, k parquet.Kind, i int) parquet.Value {
	v := c.Cell(i)
	if v.Kind == tensor.CellNone {
		return parquet.NullValue()
	}
	f, number := v.Float()
	switch {
	case k == parquet.ByteArray && v.IsNaN():
		return parquet.NullValue()
	case k == parquet.ByteArray:
		return parquet.ByteArrayValue([]byte(v.String()))
	case !number:
		return parquet.NullValue()
	case k == parquet.Boolean:
		return parquet.BooleanValue(v.I != 0)
	case k == parquet.Int64:
		return parquet.Int64Value(v.I)
	case k == parquet.Float:
		return parquet.FloatValue(float32(f))
	}
	return parquet.DoubleValue(f)
}

// Close writes the footer.
func (w *Writer) Close() error {
	if w.pw == nil {
		return nil
	}
	return w.pw.Close()
}
