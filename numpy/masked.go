package numpy

import (
	"fmt"

	"github.com/larder-ml/larder/pyobj"
)

// Masked gives data and mask of a numpy masked array in the form it is pickled in: _mareconstruct with the state (1, shape, dtype,
// is_fortran, data, mask, fill_value). The mask is an array of bools of the same shape and memory order; for structured arrays of
// their own dtype with bools.
func Masked(o *pyobj.Object) (data, mask *pyobj.Array, err error) {
	t, ok := o.State.(*pyobj.Tuple)
	if !ok || len(t.Items) != 7 {
		return nil, nil, fmt.Errorf("numpy: a masked array without its state")
	}
	d, ok := t.Items[2].(*pyobj.DType)
	if !ok {
		return nil, nil, fmt.Errorf("numpy: a masked array without a dtype")
	}
	f := folder{at: o}
	if data = f.array(d, t.Items[1], truth(t.Items[3]), t.Items[4], nil); data == nil {
		if f.err == nil {
			f.fail("a dtype that is not read")
		}
		return nil, nil, f.err
	}
	b, ok := raw(t.Items[5])
	if !ok {
		return nil, nil, fmt.Errorf("numpy: a masked array without a mask")
	}
	mask = &pyobj.Array{DType: maskDType(d), Shape: data.Shape, Fortran: data.Fortran, Data: b, Offset: -1}
	if err := Fits(mask.DType, mask.Shape, int64(len(b))); err != nil {
		return nil, nil, fmt.Errorf("numpy: mask: %w", err)
	}
	return data, mask, nil
}

// maskDType is the dtype of a mask: bool, or the structure with a bool for every field.
func maskDType(d *pyobj.DType) *pyobj.DType {
	if d.Sub != nil {
		m := maskDType(d.Sub)
		n := 1
		for _, s := range d.Shape {
			n *= s
		}
		return &pyobj.DType{Kind: 'V', Order: '|', Sub: m, Shape: d.Shape, Size: n * m.Size}
	}
	if len(d.Fields) == 0 {
		return &pyobj.DType{Kind: 'b', Size: 1, Order: '|'}
	}
	out := &pyobj.DType{Kind: 'V', Order: '|'}
	for _, f := range d.Fields {
		m := maskDType(f.DType)
		out.Fields = append(out.Fields, pyobj.Field{Name: f.Name, Title: f.Title, DType: m, Offset: out.Size})
		out.Size += m.Size
	}
	return out
}
