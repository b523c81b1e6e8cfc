package parquet

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/rows"
	"github.com/larder-ml/larder/tensor"
)

// column reads a column of a row group: nulls make numbers NaN, and truth values and text cells. What its values become is settled by
// what the whole column holds, as pandas does, not by the rows that are read at a time.
type column struct {
	field   parquet.Field
	err     error // why it can not be read
	nothing bool  // its values are null and nothing else
	nulls   bool  // some of its values are null

	kind             parquet.Kind
	d                tensor.DType // of integers
	dec              *format.DecimalType
	text, half, wide bool // wide: integers of 64 bits without a sign

	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	buf    []parquet.Value
	have   []parquet.Value // those of buf that were not taken yet
	same   map[*byte]string

	cells []tensor.Cell
	f64   []float64
	f32   []float32
	i64   []int64
	str   []string
}

// perValue is what a value of a column takes in memory once it is read.
func perValue(f parquet.Field) int64 {
	if f.Leaf() {
		switch f.Type().Kind() {
		case parquet.Int32, parquet.Int64, parquet.Float, parquet.Double:
			return 24
		}
	}
	return 96
}

func (c *column) begin(chunk parquet.ColumnChunk, half bool) {
	c.kind, c.d, c.text = c.field.Type().Kind(), integer(c.field), isText(c.field)
	c.dec = logicalOf[*format.DecimalType](c.field)
	c.half = half && c.kind == parquet.FixedLenByteArray && c.field.Type().Length() == 2
	c.wide = c.d == tensor.Uint8 || c.d == tensor.Uint16 || c.d == tensor.Uint32 || c.d == tensor.Uint64
	c.pages, c.buf = chunk.Pages(), make([]parquet.Value, block)
}

func (c *column) close() {
	parquet.Release(c.page)
	if c.pages != nil {
		_ = c.pages.Close() // nothing is written
	}
}

// read takes n more values.
func (c *column) read(n int, texts *checker) error {
	if c.err != nil || c.nothing {
		return nil
	}
	for n > 0 {
		if len(c.have) == 0 {
			if err := c.fill(); err != nil {
				return err
			}
		}
		k := min(n, len(c.have))
		for _, v := range c.have[:k] {
			if err := c.value(v, texts); err != nil {
				return err
			}
		}
		c.have, n = c.have[k:], n-k
	}
	return nil
}

// fill reads the next values of the column.
func (c *column) fill() error {
	for {
		if c.values != nil {
			k, err := c.values.ReadValues(c.buf)
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			if c.have = c.buf[:k]; k > 0 {
				return nil
			}
			parquet.Release(c.page)
			c.page, c.values = nil, nil
		}
		page, err := c.pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return errors.New("fewer values than the group has rows")
		}
		if err != nil {
			return err
		}
		c.page, c.values, c.same = page, page.Values(), map[*byte]string{}
	}
}

// string copies the bytes of a value, those of a page's dictionary once.
func (c *column) string(b []byte, texts *checker) (string, error) {
	if len(b) == 0 {
		return "", nil
	}
	if s, ok := c.same[&b[0]]; ok && len(s) == len(b) {
		return s, nil
	}
	if err := texts.take(int64(len(b)), 1); err != nil {
		return "", err
	}
	s := string(b)
	if c.page.Dictionary() != nil {
		c.same[&b[0]] = s
	}
	return s, nil
}

func (c *column) value(v parquet.Value, texts *checker) error {
	null := v.IsNull()
	if null && !c.nulls {
		return errors.New("a value is missing that its levels do not tell of")
	}
	switch {
	case c.dec != nil:
		cell := tensor.Cell{}
		if c.kind != parquet.Int32 && c.kind != parquet.Int64 && len(v.ByteArray()) > maxDecimal {
			return fmt.Errorf("a decimal of %d bytes", len(v.ByteArray()))
		}
		if !null {
			cell = tensor.FloatCell(decimal(v, c.kind, c.dec.Scale))
		}
		c.cells = append(c.cells, cell) // objects to pandas
		return nil
	case c.half:
		f := float32(math.NaN())
		if b := v.ByteArray(); !null && len(b) == 2 {
			f = numpy.HalfFloat(uint16(b[0]) | uint16(b[1])<<8)
		}
		c.f32 = append(c.f32, f)
		return nil
	}
	switch c.kind {
	case parquet.Boolean:
		cell := tensor.FloatCell(math.NaN())
		if !null {
			cell = tensor.BoolCell(v.Boolean())
		}
		c.cells = append(c.cells, cell)
	case parquet.Int32, parquet.Int64:
		i := v.Int64()
		if c.kind == parquet.Int32 {
			i = int64(v.Int32())
			if c.wide {
				i = int64(v.Uint32())
			}
		}
		switch {
		case !c.nulls:
			c.i64 = append(c.i64, i)
		case null:
			c.f64 = append(c.f64, math.NaN())
		case c.wide:
			c.f64 = append(c.f64, float64(uint64(i))) //nolint:gosec // as its bits
		default:
			c.f64 = append(c.f64, float64(i))
		}
	case parquet.Float:
		f := v.Float()
		if null {
			f = float32(math.NaN())
		}
		c.f32 = append(c.f32, f)
	case parquet.Double:
		f := v.Double()
		if null {
			f = math.NaN()
		}
		c.f64 = append(c.f64, f)
	case parquet.ByteArray, parquet.FixedLenByteArray:
		s, err := c.string(v.ByteArray(), texts)
		if err != nil {
			return err
		}
		switch {
		case !c.nulls && c.text:
			c.str = append(c.str, s)
		case null && c.text:
			c.cells = append(c.cells, tensor.FloatCell(math.NaN()))
		case null:
			c.cells = append(c.cells, tensor.Cell{})
		case c.text:
			c.cells = append(c.cells, tensor.StrCell(s))
		default:
			c.cells = append(c.cells, tensor.Cell{Kind: tensor.CellBytes, S: s})
		}
	default:
		return fmt.Errorf("type %s is no number or text", c.kind)
	}
	return nil
}

// take gives the n values that were read.
func (c *column) take(n int) rows.Column {
	switch {
	case c.err != nil:
		return rows.Column{Tensor: tensor.New(tensor.Float64, n), Err: c.err}
	case c.nothing:
		return rows.Column{Cells: make([]tensor.Cell, n)}
	}
	var out *tensor.Tensor
	switch integers := c.kind == parquet.Int32 || c.kind == parquet.Int64; {
	case c.dec != nil:
		out = tensor.FromCells(c.cells)
	case c.half:
		out = tensor.FromF32(c.f32)
		out.DType = tensor.Float16
	case c.kind == parquet.Boolean && !c.nulls:
		b := make([]bool, len(c.cells))
		for i, cell := range c.cells {
			b[i] = cell.I != 0
		}
		out = tensor.FromBool(b)
	case integers && !c.nulls:
		out = tensor.FromI64(c.i64)
		out.DType = c.d
	case c.kind == parquet.Float:
		out = tensor.FromF32(c.f32)
	case integers || c.kind == parquet.Double:
		out = tensor.FromF64(c.f64)
	case c.text && !c.nulls:
		out = tensor.FromStr(c.str)
	default:
		out = tensor.FromCells(c.cells)
	}
	c.cells, c.f64, c.f32, c.i64, c.str = nil, nil, nil, nil, nil
	return rows.Column{Tensor: out}
}
