package parts

import (
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Text makes the bytes of an estimator's categories or labels text where its release still ran on Python 2, in which
// they are the same.
func Text(e sklearn.Estimator, t *tensor.Tensor) *tensor.Tensor {
	if t == nil || t.DType != tensor.Object || !sklearn.Of(e).Before("0.21") {
		return t
	}
	out := tensor.New(tensor.Object, t.Shape...)
	words := true
	for i, c := range t.Cells {
		if c.Kind == tensor.CellBytes {
			text, _ := pyobj.Text(pyobj.Py2Str(c.S))
			c = tensor.StrCell(text)
		}
		out.Cells[i] = c
		words = words && c.Kind == tensor.CellStr
	}
	if !words {
		return out
	}
	s := tensor.New(tensor.String, t.Shape...)
	for i, c := range out.Cells {
		s.Str[i] = c.S
	}
	return s
}
