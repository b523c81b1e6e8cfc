// Package parts holds the pieces several rooms of scikit-learn share: what linear models learn, label binarizers,
// kernels, neighbour trees, losses.
package parts

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Number is an array or a number that remembers whether it was Python's own: numpy lets a Python number take the
// dtype of the array beside it, its own scalars not (NEP 50).
type Number struct {
	Tensor *tensor.Tensor
	Weak   bool
}

// UnmarshalPy reads a number or an array of numbers.
func (n *Number) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	t, err := sklearn.Tensor(v)
	if err == nil && !t.DType.IsNumeric() {
		return &sklearn.BindError{Path: path, Msg: sklearn.Describe(v) + ", wanted numbers"}
	}
	n.Tensor = t
	switch v.(type) {
	case pyobj.Float, pyobj.Int, pyobj.Bool:
		n.Weak = true
	}
	return err
}

// Value is the number as an operand of an operation with like.
func (n *Number) Value(b *graph.Builder, like graph.Value) graph.Value {
	if n.Weak {
		f, _ := n.Tensor.Float(0)
		return b.Scalar(f, like)
	}
	return b.Const(n.Tensor)
}

// Dense returns a matrix as a dense tensor.
func Dense(m sklearn.Matrix) *tensor.Tensor {
	if m.Sparse == nil {
		return m.Dense
	}
	s := m.Sparse
	out := tensor.New(s.Data.DType, s.Rows, s.Cols)
	for i := range s.Rows {
		for k := s.Indptr[i]; k < s.Indptr[i+1]; k++ {
			at := i*s.Cols + int(s.Indices[k])
			switch out.DType.Storage() {
			case tensor.F64:
				out.F64[at] += s.Data.F64[k]
			case tensor.F32:
				out.F32[at] += s.Data.F32[k]
			case tensor.I64:
				out.I64[at] += s.Data.I64[k]
			case tensor.U8:
				out.U8[at] |= s.Data.U8[k]
			}
		}
	}
	return out
}

// Row returns row i of a matrix, sharing its elements.
func Row(t *tensor.Tensor, i int) *tensor.Tensor {
	w := t.Cols()
	out := &tensor.Tensor{DType: t.DType, Shape: append([]int{}, t.Shape[1:]...)}
	switch t.DType.Storage() {
	case tensor.F64:
		out.F64 = t.F64[i*w : (i+1)*w]
	case tensor.F32:
		out.F32 = t.F32[i*w : (i+1)*w]
	case tensor.I64:
		out.I64 = t.I64[i*w : (i+1)*w]
	case tensor.U8:
		out.U8 = t.U8[i*w : (i+1)*w]
	case tensor.Str:
		out.Str = t.Str[i*w : (i+1)*w]
	case tensor.Cells:
		out.Cells = t.Cells[i*w : (i+1)*w]
	}
	return out
}
