// Package parquet reads and writes rows as Parquet files. It stands apart from package rows so that programs that do
// not need it stay small.
//
// Columns are flat: numbers of their own types, truth values, text and bytes. Decimals are the nearest float64, which is what
// scikit-learn makes of them. Nested columns, dates, times and durations are refused by name where they are used.
//
// # Security
//
// The decoding is an outside module's. A panic in it ends the file, not the program.
package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// Reader gives one Table per row group.
type Reader struct {
	r      io.ReaderAt
	size   int64
	file   *parquet.File
	spans  map[string]bool // columns of durations, which only Arrow's schema tells from integers
	halves map[string]bool // names of columns of half precision, nested ones too
	names  []string
	fields []parquet.Field
	leafs  []int // where a field's columns begin
	next   int
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

// Next reads the next row group.
func (r *Reader) Next() (t *rows.Table, err error) {
	defer guard(&err)
	groups := r.file.RowGroups()
	if r.next >= len(groups) {
		if r.next == 0 {
			r.next++
			return &rows.Table{Names: r.names, Columns: make([]rows.Column, len(r.names))}, nil
		}
		return nil, io.EOF
	}
	g := groups[r.next]
	r.next++
	t = &rows.Table{Names: r.names, N: int(g.NumRows()), Typed: true}
	meta := r.file.Metadata().RowGroups[r.next-1]
	check := &checker{r: r.r, size: r.size, room: source.Default().HeldBy(r.size) + group}
	for i, leaf := range r.leafs {
		err := readable(r.fields[i])
		if err == nil && r.spans[r.names[i]] {
			err = errors.New("a duration is no number or text")
		}
		if err := check.take(int64(t.N), perValue(r.fields[i])); err != nil {
			return nil, &rows.Error{Row: -1, Column: r.names[i], Msg: "parquet: " + err.Error(), Err: larder.ErrLimit}
		}
		if err != nil {
			t.Columns = append(t.Columns, rows.Column{Tensor: tensor.New(tensor.Float64, t.N), Err: err})
			continue
		}
		if logicalOf[*format.NullType](r.fields[i]) != nil {
			t.Columns = append(t.Columns, rows.Column{Cells: make([]tensor.Cell, t.N)})
			continue
		}
		half := r.halves[r.names[i]] && r.fields[i].Type().Kind() == parquet.FixedLenByteArray && r.fields[i].Type().Length() == 2
		if err := check.column(&meta.Columns[leaf].MetaData, int64(t.N), r.fields[i].Optional()); err != nil {
			return nil, damaged(r.names[i], err)
		}
		c, err := column(check, g.ColumnChunks()[leaf], r.fields[i], half, t.N)
		if err != nil {
			return nil, damaged(r.names[i], err)
		}
		t.Columns = append(t.Columns, rows.Column{Tensor: c})
	}
	return t, nil
}

// damaged is the error of a column that could not be read.
func damaged(name string, err error) error {
	e := &rows.Error{Row: -1, Column: name, Msg: "parquet: " + err.Error(), Err: larder.ErrCorrupt}
	if errors.Is(err, source.ErrLimit) {
		e.Err = larder.ErrLimit
	}
	return e
}

// perValue is what a value of a column takes in memory while it is read.
func perValue(f parquet.Field) int64 {
	if f.Leaf() {
		switch f.Type().Kind() {
		case parquet.Int32, parquet.Int64, parquet.Float, parquet.Double:
			return 24
		}
	}
	return 96
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

// column reads a column chunk: nulls make numbers NaN, and truth values and text cells.
func column(check *checker, chunk parquet.ColumnChunk, field parquet.Field, half bool, n int) (*tensor.Tensor, error) {
	d := integer(field)
	unsigned := d == tensor.Uint8 || d == tensor.Uint16 || d == tensor.Uint32 || d == tensor.Uint64
	var cells []tensor.Cell
	var f64 []float64
	var f32 []float32
	var i64 []int64
	var str []string
	nulls := 0
	kind := field.Type().Kind()
	dec, text := logicalOf[*format.DecimalType](field), isText(field)
	pages := chunk.Pages()
	defer pages.Close()
	buf := make([]parquet.Value, 1024)
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		values := page.Values()
		for {
			k, err := values.ReadValues(buf)
			for _, v := range buf[:k] {
				if v.IsNull() {
					nulls++
				}
				switch {
				case dec != nil:
					c := tensor.Cell{}
					if kind != parquet.Int32 && kind != parquet.Int64 && len(v.ByteArray()) > maxDecimal {
						return nil, fmt.Errorf("a decimal of %d bytes", len(v.ByteArray()))
					}
					if !v.IsNull() {
						c = tensor.FloatCell(decimal(v, kind, dec.Scale))
					}
					cells = append(cells, c)
					continue
				case half:
					f := float32(math.NaN())
					if b := v.ByteArray(); !v.IsNull() && len(b) == 2 {
						f = numpy.HalfFloat(uint16(b[0]) | uint16(b[1])<<8)
					}
					f32 = append(f32, f)
					continue
				}
				switch kind {
				case parquet.Boolean:
					c := tensor.FloatCell(math.NaN())
					if !v.IsNull() {
						c = tensor.BoolCell(v.Boolean())
					}
					cells = append(cells, c)
				case parquet.Int32, parquet.Int64:
					i := v.Int64()
					if kind == parquet.Int32 {
						i = int64(v.Int32())
						if unsigned {
							i = int64(v.Uint32())
						}
					}
					f := float64(i)
					if unsigned {
						f = float64(uint64(i)) //nolint:gosec // as its bits
					}
					if v.IsNull() {
						f, i = math.NaN(), 0
					}
					i64, f64 = append(i64, i), append(f64, f)
				case parquet.Float:
					f := v.Float()
					if v.IsNull() {
						f = float32(math.NaN())
					}
					f32 = append(f32, f)
				case parquet.Double:
					f := v.Double()
					if v.IsNull() {
						f = math.NaN()
					}
					f64 = append(f64, f)
				case parquet.ByteArray, parquet.FixedLenByteArray:
					if err := check.take(int64(len(v.ByteArray())), 1); err != nil {
						return nil, err
					}
					s := string(v.ByteArray())
					if text {
						str = append(str, s)
					}
					switch {
					case v.IsNull() && text:
						cells = append(cells, tensor.FloatCell(math.NaN()))
					case v.IsNull():
						cells = append(cells, tensor.Cell{})
					case text:
						cells = append(cells, tensor.StrCell(s))
					default:
						cells = append(cells, tensor.Cell{Kind: tensor.CellBytes, S: s})
					}
				default:
					return nil, fmt.Errorf("type %s is no number or text", kind)
				}
			}
			if errors.Is(err, io.EOF) || err == nil && k == 0 {
				break
			}
			if err != nil {
				return nil, err
			}
		}
		parquet.Release(page)
	}
	var out *tensor.Tensor
	switch {
	case dec != nil:
		out = tensor.FromCells(cells) // objects to pandas
	case half:
		out = tensor.FromF32(f32)
		out.DType = tensor.Float16
	case kind == parquet.Boolean && nulls == 0:
		b := make([]bool, len(cells))
		for i, c := range cells {
			b[i] = c.I != 0
		}
		out = tensor.FromBool(b)
	case (kind == parquet.Int32 || kind == parquet.Int64) && nulls == 0:
		out = tensor.FromI64(i64)
		out.DType = d
	case kind == parquet.Float:
		out = tensor.FromF32(f32)
	case kind == parquet.Int32 || kind == parquet.Int64 || kind == parquet.Double:
		out = tensor.FromF64(f64)
	case str != nil && nulls == 0:
		out = tensor.FromStr(str)
	default:
		out = tensor.FromCells(cells)
	}
	if out.Len() != n {
		return nil, fmt.Errorf("%d values in a group of %d rows", out.Len(), n)
	}
	return out, nil
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
