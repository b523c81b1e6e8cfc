package tensor

import (
	"fmt"
	"math"
	"slices"
)

// Value is what a graph's value is while it runs: exactly one field is set, the one its kind names.
type Value struct {
	Dense  *Tensor
	CSR    *Sparse
	Frame  *Frame
	OneHot *OneHot
	Tokens *Tokens
	Dicts  *Dicts
	Ragged *Ragged
}

// Check says what of a value made by hand does not fit together: a shape its elements do not fill, columns of different
// lengths, names that are not one a column. It is "" for a sound value, and for none.
func (v Value) Check() string {
	switch {
	case v.Dense != nil:
		return v.Dense.check()
	case v.CSR != nil:
		return v.CSR.check()
	case v.Frame != nil:
		return v.Frame.check()
	case v.Tokens != nil:
		return checkParts(v.Tokens.Indptr, len(v.Tokens.Terms))
	case v.Dicts != nil:
		if len(v.Dicts.Keys) != len(v.Dicts.Values) {
			return fmt.Sprintf("%d keys and %d values", len(v.Dicts.Keys), len(v.Dicts.Values))
		}
		return checkParts(v.Dicts.Indptr, len(v.Dicts.Keys))
	}
	return ""
}

func (t *Tensor) check() string {
	n := 1
	for _, d := range t.Shape {
		if d < 0 || d > 0 && n > math.MaxInt/d {
			return fmt.Sprintf("shape %v holds no array", t.Shape)
		}
		n *= d
	}
	if have := [...]int{NoStorage: 0, F64: len(t.F64), F32: len(t.F32), I64: len(t.I64), U8: len(t.U8), Str: len(t.Str), Cells: len(t.Cells)}[t.DType.Storage()]; have != n {
		return fmt.Sprintf("%d elements of %s do not fill shape %v", have, t.DType, t.Shape)
	}
	return ""
}

func (s *Sparse) check() string {
	if s.Data == nil || s.Rows < 0 || s.Cols < 0 || len(s.Indptr) != s.Rows+1 {
		return fmt.Sprintf("%d row pointers for a sparse matrix of %d rows", len(s.Indptr), s.Rows)
	}
	if msg := s.Data.check(); msg != "" {
		return msg
	}
	if s.Data.Len() != len(s.Indices) {
		return fmt.Sprintf("%d values and %d columns of a sparse matrix", s.Data.Len(), len(s.Indices))
	}
	if msg := checkParts(s.Indptr, len(s.Indices)); msg != "" {
		return msg
	}
	for _, j := range s.Indices {
		if j < 0 || int(j) >= s.Cols {
			return fmt.Sprintf("column %d of a sparse matrix of %d", j, s.Cols)
		}
	}
	return ""
}

func (f *Frame) check() string {
	if f.Names != nil && len(f.Names) != len(f.Columns) {
		return fmt.Sprintf("%d names for %d columns", len(f.Names), len(f.Columns))
	}
	if f.N < 0 {
		return fmt.Sprintf("a frame of %d rows", f.N)
	}
	for i, c := range f.Columns {
		msg := "is nil"
		if c != nil {
			if msg = c.check(); msg == "" && c.Len() != f.N {
				msg = fmt.Sprintf("has %d rows, the frame %d", c.Len(), f.N)
			}
		}
		if msg != "" && f.Names != nil {
			return fmt.Sprintf("column %q: %s", f.Names[i], msg)
		}
		if msg != "" {
			return fmt.Sprintf("column %d: %s", i, msg)
		}
	}
	return ""
}

// checkParts proves that row pointers cut n elements into rows.
func checkParts(indptr []int, n int) string {
	if len(indptr) == 0 || indptr[0] != 0 || indptr[len(indptr)-1] != n || !slices.IsSorted(indptr) {
		return fmt.Sprintf("row pointers that do not cut %d elements into rows", n)
	}
	return ""
}

// Rows returns the number of rows; 1 for a scalar, 0 for the zero Value.
func (v Value) Rows() int {
	switch {
	case v.Dense != nil:
		return v.Dense.Rows()
	case v.CSR != nil:
		return v.CSR.Rows
	case v.Frame != nil:
		return v.Frame.N
	case v.OneHot != nil:
		return v.OneHot.Rows
	case v.Tokens != nil:
		return len(v.Tokens.Indptr) - 1
	case v.Dicts != nil:
		return len(v.Dicts.Indptr) - 1
	case v.Ragged != nil:
		return len(v.Ragged.Indptr) - 1
	}
	return 0
}

// OneHot is a 0/1 matrix with at most one 1 per row and block of columns, kept as codes.
type OneHot struct {
	DType  DType
	Rows   int
	Widths []int   // columns of each block
	Codes  []int32 // Rows x len(Widths): the column inside the block, -1 for none
}

// Cols returns the number of columns.
func (o *OneHot) Cols() int {
	n := 0
	for _, w := range o.Widths {
		n += w
	}
	return n
}

// Tokens are rows of strings: row i is Terms[Indptr[i]:Indptr[i+1]].
type Tokens struct {
	Indptr []int
	Terms  []string
}

// Dicts are rows of key-value pairs in their order: row i is Keys, Values[Indptr[i]:Indptr[i+1]].
type Dicts struct {
	Indptr []int
	Keys   []string
	Values []Cell
}

// Ragged are rows of indices and distances: row i is Indices, Dist[Indptr[i]:Indptr[i+1]]. Dist is one-dimensional.
type Ragged struct {
	Indptr  []int
	Indices []int64
	Dist    *Tensor
}
