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

// WithoutDefaultFill gives the state of a masked array with None for a fill value that is numpy's own for the dtype: reading a masked
// array sets it, so that one that was stored again has it.
func WithoutDefaultFill(o *pyobj.Object) pyobj.Value {
	t, ok := o.State.(*pyobj.Tuple)
	if !ok || len(t.Items) != 7 {
		return o.State
	}
	d, ok := t.Items[2].(*pyobj.DType)
	if !ok || !defaultFill(d, t.Items[6]) {
		return o.State
	}
	out := &pyobj.Tuple{Items: append([]pyobj.Value{}, t.Items...)}
	out.Items[6] = pyobj.None{}
	return out
}

// defaultFill reports numpy.ma.default_fill_value(d).
func defaultFill(d *pyobj.DType, fill pyobj.Value) bool {
	var a *pyobj.Array
	switch x := fill.(type) {
	case *pyobj.Scalar:
		a = &pyobj.Array{DType: x.DType, Data: x.Data, Objects: []pyobj.Value{x.Obj}}
	case *pyobj.Array:
		a = x
	default:
		s, ok := pyobj.Text(fill)
		return ok && d.Kind == 'O' && s == "?"
	}
	if len(a.Shape) > 0 || a.DType.Kind != d.Kind {
		return false
	}
	if d.Kind == 'O' {
		if len(a.Objects) != 1 {
			return false
		}
		s, ok := pyobj.Text(a.Objects[0])
		return ok && s == "?"
	}
	t, err := Tensor(a)
	if err != nil || t.Len() != 1 {
		return false
	}
	switch c := t.Cell(0); d.Kind {
	case 'b':
		return c.I == 1
	case 'i', 'u':
		return c.I == 999999
	case 'f':
		return c.F == 1e20 || d.Size == 4 && c.F == float64(float32(1e20))
	case 'U', 'S':
		return c.S == "N/A"
	}
	return false
}
