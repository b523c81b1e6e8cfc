package numpy

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/larder-ml/larder/pyobj"
)

// Records reads the fields of a structured array in place: no copy, whatever the alignment and byte order.
type Records struct {
	a    *pyobj.Array
	n    int
	read map[string]bool
}

// NewRecords checks that a is a structured array whose bytes are all there. Items come in the array's memory order.
func NewRecords(a *pyobj.Array) (*Records, error) {
	if a == nil || a.DType == nil || len(a.DType.Fields) == 0 {
		return nil, fmt.Errorf("numpy: no structured array")
	}
	if err := Fits(a.DType, a.Shape, int64(len(a.Data))); err != nil {
		return nil, fmt.Errorf("numpy: %w", err)
	}
	n, err := Elements(a.Shape)
	if err != nil {
		return nil, fmt.Errorf("numpy: %w", err)
	}
	return &Records{a: a, n: n, read: map[string]bool{}}, nil
}

// Len returns the number of items.
func (r *Records) Len() int { return r.n }

// Has reports a field of that name.
func (r *Records) Has(name string) bool { return r.field(name) != nil }

// Names lists the fields in order.
func (r *Records) Names() []string {
	var names []string
	for _, f := range r.a.DType.Fields {
		names = append(names, f.Name)
	}
	return names
}

// Unread lists the fields that no Column was asked of.
func (r *Records) Unread() []string {
	var names []string
	for _, f := range r.a.DType.Fields {
		if !r.read[f.Name] {
			names = append(names, f.Name)
		}
	}
	return names
}

func (r *Records) field(name string) *pyobj.Field {
	for i := range r.a.DType.Fields {
		if r.a.DType.Fields[i].Name == name {
			return &r.a.DType.Fields[i]
		}
	}
	return nil
}

// Column returns a field of numbers or bools.
func (r *Records) Column(name string) (Column, error) {
	f := r.field(name)
	if f == nil {
		return Column{}, fmt.Errorf("numpy: structured array has no field %q", name)
	}
	d := f.DType
	c := Column{data: r.a.Data, at: f.Offset, stride: r.a.DType.Size, n: r.n, kind: d.Kind, size: d.Size}
	switch {
	case d.Sub != nil, f.Offset < 0, f.Offset > r.a.DType.Size-d.Size:
		return Column{}, fmt.Errorf("numpy: field %q is no column of numbers", name)
	case d.Kind == 'f' && (d.Size == 8 || d.Size == 4), d.Kind == 'b' && d.Size == 1:
	case (d.Kind == 'i' || d.Kind == 'u') && intType(d) != 0:
	default:
		return Column{}, fmt.Errorf("numpy: field %q of dtype %s is not read", name, d.Code())
	}
	c.order = binary.LittleEndian
	if d.Order == '>' {
		c.order = binary.BigEndian
	}
	c.plain = c.kind == 'i' && c.size == 8 && c.order == binary.LittleEndian
	r.read[name] = true
	return c, nil
}

// Column is one field of every item of a structured array.
type Column struct {
	data       []byte
	at, stride int
	n          int
	kind       byte
	size       int
	order      binary.ByteOrder
	plain      bool // little-endian int64
}

// Len returns the number of items.
func (c Column) Len() int { return c.n }

// IsFloat reports a column of floats.
func (c Column) IsFloat() bool { return c.kind == 'f' }

func (c *Column) item(i int) []byte {
	p := c.at + i*c.stride
	return c.data[p : p+c.size]
}

// Float returns an item as float64.
func (c Column) Float(i int) float64 {
	if c.kind != 'f' {
		if c.kind == 'u' && c.size == 8 {
			return float64(uint64(c.Int(i)))
		}
		return float64(c.Int(i))
	}
	if c.size == 4 {
		return float64(math.Float32frombits(c.order.Uint32(c.item(i))))
	}
	return math.Float64frombits(c.order.Uint64(c.item(i)))
}

// Int returns an item of an integer or bool column; uint64 as its bit pattern. A float column gives zero.
func (c *Column) Int(i int) int64 {
	if c.plain {
		return int64(binary.LittleEndian.Uint64(c.data[c.at+i*c.stride:]))
	}
	return c.int(i)
}

func (c *Column) int(i int) int64 {
	if c.kind == 'f' {
		return 0
	}
	return integer(c.item(i), c.order, c.kind == 'i')
}

// Floats returns all items as float64.
func (c Column) Floats() []float64 {
	out := make([]float64, c.n)
	if c.kind == 'f' && c.size == 8 && c.order == binary.LittleEndian {
		for i, p := 0, c.at; i < c.n; i, p = i+1, p+c.stride {
			out[i] = math.Float64frombits(binary.LittleEndian.Uint64(c.data[p:]))
		}
		return out
	}
	for i := range out {
		out[i] = c.Float(i)
	}
	return out
}

// Ints returns all items of an integer or bool column.
func (c Column) Ints() []int64 {
	out := make([]int64, c.n)
	if c.plain {
		for i, p := 0, c.at; i < c.n; i, p = i+1, p+c.stride {
			out[i] = int64(binary.LittleEndian.Uint64(c.data[p:]))
		}
		return out
	}
	for i := range out {
		out[i] = c.Int(i)
	}
	return out
}
