package numpy

import (
	"fmt"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/tensor"
)

// Field returns one field of a structured array.
func Field(a *pyobj.Array, name string) (*tensor.Tensor, error) {
	n, err := count(a)
	if err != nil {
		return nil, err
	}
	for _, f := range a.DType.Fields {
		if f.Name != name {
			continue
		}
		d, size := f.DType, a.DType.Size
		if d == nil || d.Kind == 'O' || len(d.Fields) > 0 || d.Sub != nil || d.Size <= 0 || f.Offset < 0 || f.Offset+d.Size > size || len(a.Data) != n*size {
			return nil, fmt.Errorf("numpy: field %s does not fit its array", name)
		}
		data := make([]byte, 0, n*d.Size)
		for i := range n {
			at := i*size + f.Offset
			data = append(data, a.Data[at:at+d.Size]...)
		}
		return Tensor(&pyobj.Array{DType: d, Shape: a.Shape, Fortran: a.Fortran, Data: data})
	}
	return nil, fmt.Errorf("numpy: no field %s", name)
}
