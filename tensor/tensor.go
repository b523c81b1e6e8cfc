// Package tensor holds what graphs compute on: dense arrays, sparse rows, string columns and mixed cells.
//
// A Tensor is always native-endian and C-ordered; what a file stored (byte order, Fortran order, structured types) is
// pyobj.Array, and package numpy turns one into the other. Package tensor does no arithmetic.
package tensor

import "fmt"

// DType is the logical element type, as numpy would name it. Several logical types share one storage slice.
type DType uint8

// The element types.
const (
	Invalid DType = iota
	Float64
	Float32
	Float16
	Int64
	Int32
	Int16
	Int8
	Uint64
	Uint32
	Uint16
	Uint8
	Bool
	String // text, Go strings
	Object // mixed cells, see Cell
)

var dtypeNames = [...]string{"invalid", "float64", "float32", "float16", "int64", "int32", "int16", "int8",
	"uint64", "uint32", "uint16", "uint8", "bool", "str", "object"}

// String gives numpy's name of the type.
func (d DType) String() string { return dtypeNames[d] }

// Storage tells which slice of a Tensor holds elements of a type.
type Storage uint8

// The storages: Float64 → F64; Float32, Float16 → F32; all integers → I64 (uint64 as its bit pattern);
// Bool → U8 (0 or 1); String → Str; Object → Cells.
const (
	NoStorage Storage = iota
	F64
	F32
	I64
	U8
	Str
	Cells
)

// Storage returns the storage of d.
func (d DType) Storage() Storage {
	switch d {
	case Float64:
		return F64
	case Float32, Float16:
		return F32
	case Bool:
		return U8
	case String:
		return Str
	case Object:
		return Cells
	case Invalid:
		return NoStorage
	}
	return I64
}

// IsFloat reports a floating type.
func (d DType) IsFloat() bool { return d >= Float64 && d <= Float16 }

// IsInt reports a signed or unsigned integer type.
func (d DType) IsInt() bool { return d >= Int64 && d <= Uint8 }

// IsNumeric reports a float, integer or bool type.
func (d DType) IsNumeric() bool { return d >= Float64 && d <= Bool }

// Tensor is a dense array in C order. Exactly the slice of DType.Storage() is in use.
// Tensors are immutable once they are part of a graph or were returned to a caller.
type Tensor struct {
	DType DType
	Shape []int // empty for a scalar

	F64   []float64
	F32   []float32
	I64   []int64
	U8    []uint8
	Str   []string
	Cells []Cell
}

// Len returns the number of elements.
func (t *Tensor) Len() int { return Size(t.Shape) }

// Size returns the product of the dimensions.
func Size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// New returns a zeroed tensor.
func New(d DType, shape ...int) *Tensor {
	t := &Tensor{DType: d, Shape: append([]int{}, shape...)}
	t.Resize(shape...)
	return t
}

// Resize sets the shape, reusing the storage when its capacity allows. Contents are unspecified afterwards.
func (t *Tensor) Resize(shape ...int) {
	n := Size(shape)
	t.Shape = append(t.Shape[:0], shape...)
	switch t.DType.Storage() {
	case F64:
		t.F64 = grow(t.F64, n)
	case F32:
		t.F32 = grow(t.F32, n)
	case I64:
		t.I64 = grow(t.I64, n)
	case U8:
		t.U8 = grow(t.U8, n)
	case Str:
		t.Str = grow(t.Str, n)
	case Cells:
		t.Cells = grow(t.Cells, n)
	}
}

func grow[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n)
}

// FromF64 makes a float64 tensor over data (not copied). Without a shape it is one-dimensional.
func FromF64(data []float64, shape ...int) *Tensor {
	return &Tensor{DType: Float64, Shape: shapeOr(shape, len(data)), F64: data}
}

// FromF32 makes a float32 tensor over data (not copied).
func FromF32(data []float32, shape ...int) *Tensor {
	return &Tensor{DType: Float32, Shape: shapeOr(shape, len(data)), F32: data}
}

// FromI64 makes an int64 tensor over data (not copied).
func FromI64(data []int64, shape ...int) *Tensor {
	return &Tensor{DType: Int64, Shape: shapeOr(shape, len(data)), I64: data}
}

// FromBool makes a bool tensor.
func FromBool(data []bool, shape ...int) *Tensor {
	u := make([]uint8, len(data))
	for i, b := range data {
		if b {
			u[i] = 1
		}
	}
	return &Tensor{DType: Bool, Shape: shapeOr(shape, len(data)), U8: u}
}

// FromStr makes a string tensor over data (not copied).
func FromStr(data []string, shape ...int) *Tensor {
	return &Tensor{DType: String, Shape: shapeOr(shape, len(data)), Str: data}
}

// FromCells makes an object tensor over data (not copied).
func FromCells(data []Cell, shape ...int) *Tensor {
	return &Tensor{DType: Object, Shape: shapeOr(shape, len(data)), Cells: data}
}

func shapeOr(shape []int, n int) []int {
	if len(shape) == 0 {
		return []int{n}
	}
	if Size(shape) != n {
		panic(fmt.Sprintf("tensor: %d elements do not fill shape %v", n, shape))
	}
	return append([]int{}, shape...)
}

// Reshape returns a tensor that shares t's elements under another shape of the same size.
func (t *Tensor) Reshape(shape ...int) *Tensor {
	if Size(shape) != t.Len() {
		panic(fmt.Sprintf("tensor: shape %v does not hold %d elements", shape, t.Len()))
	}
	u := *t
	u.Shape = append([]int{}, shape...)
	return &u
}

// Rows returns the first dimension, 1 for a scalar.
func (t *Tensor) Rows() int {
	if len(t.Shape) == 0 {
		return 1
	}
	return t.Shape[0]
}

// Cols returns the elements per row.
func (t *Tensor) Cols() int {
	if len(t.Shape) < 2 {
		return 1
	}
	return Size(t.Shape[1:])
}

// Float returns element i of a numeric tensor as float64. Text and cells that are no number give false.
func (t *Tensor) Float(i int) (float64, bool) {
	switch t.DType.Storage() {
	case F64:
		return t.F64[i], true
	case F32:
		return float64(t.F32[i]), true
	case I64:
		if t.DType == Uint64 {
			return float64(uint64(t.I64[i])), true
		}
		return float64(t.I64[i]), true
	case U8:
		return float64(t.U8[i]), true
	case Cells:
		return t.Cells[i].Float()
	}
	return 0, false
}

// AsF64 returns the elements as float64: the storage itself for Float64, else a converted copy.
// It returns nil when an element is no number.
func (t *Tensor) AsF64() []float64 {
	if t.DType == Float64 {
		return t.F64
	}
	out := make([]float64, t.Len())
	if t.DType == Float32 {
		for i, f := range t.F32 {
			out[i] = float64(f)
		}
		return out
	}
	for i := range out {
		f, ok := t.Float(i)
		if !ok {
			return nil
		}
		out[i] = f
	}
	return out
}

// Cell returns element i as a Cell.
func (t *Tensor) Cell(i int) Cell {
	switch t.DType.Storage() {
	case F64:
		return FloatCell(t.F64[i])
	case F32:
		return FloatCell(float64(t.F32[i]))
	case I64:
		return Cell{Kind: CellInt, I: t.I64[i], Big: t.DType == Uint64 && t.I64[i] < 0}
	case U8:
		return BoolCell(t.U8[i] != 0)
	case Str:
		return StrCell(t.Str[i])
	case Cells:
		return t.Cells[i]
	}
	return Cell{}
}

// Sparse is a matrix in compressed sparse row form (scipy's csr_matrix). Column indices of a row need not be
// sorted and may repeat; explicit zeros may occur. Data is one-dimensional.
type Sparse struct {
	Rows, Cols int
	Indptr     []int
	Indices    []int32
	Data       *Tensor
}

// Dense returns the matrix with duplicates summed, absent entries zero. Only numeric types.
func (s *Sparse) Dense() *Tensor {
	t := New(s.Data.DType, s.Rows, s.Cols)
	for i := 0; i < s.Rows; i++ {
		for p := s.Indptr[i]; p < s.Indptr[i+1]; p++ {
			at := i*s.Cols + int(s.Indices[p])
			switch t.DType.Storage() {
			case F64:
				t.F64[at] += s.Data.F64[p]
			case F32:
				t.F32[at] += s.Data.F32[p]
			case I64:
				t.I64[at] += s.Data.I64[p]
			case U8:
				t.U8[at] |= s.Data.U8[p]
			}
		}
	}
	return t
}

// Frame is an ordered set of columns of one length, each with its own type: what a pandas DataFrame is to
// scikit-learn. Columns are one-dimensional. Names is nil for a matrix of mixed cells without names.
type Frame struct {
	Names   []string
	Columns []*Tensor
	N       int
}
