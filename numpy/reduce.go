package numpy

import (
	"fmt"
	"strconv"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// Reducer gives the calls by which numpy rebuilds arrays, scalars and dtypes: the reverse of Fold. One Reducer serves
// one pickle.
type Reducer struct {
	Protocol int
	Core     bool // write numpy.core, as numpy before 2.0 does, instead of numpy._core
	Identity bool // equal dtypes are as many objects as they are in the values
	Python2  bool // names of fields are str of Python 2, which takes no others

	dtypes map[*pyobj.DType]*pyobj.Object
	plain  map[string]*pyobj.Object
}

// Reduce returns the call for an *pyobj.Array, *pyobj.Scalar or *pyobj.DType. Without Identity
// equal plain dtypes share one, as they are one object in numpy.
func (r *Reducer) Reduce(v pyobj.Value) (*pyobj.Object, error) {
	switch x := v.(type) {
	case *pyobj.DType:
		return r.dtype(x)
	case *pyobj.Scalar:
		d, err := r.dtype(x.DType)
		if err != nil {
			return nil, err
		}
		var data pyobj.Value = pyobj.Bytes(x.Data)
		if x.DType.Kind == 'O' {
			data = x.Obj
		}
		return r.call("multiarray", "scalar", d, data), nil
	case *pyobj.Array:
		return r.array(x)
	}
	return nil, fmt.Errorf("numpy: %s is no array, scalar or dtype", pyobj.TypeName(v))
}

func (r *Reducer) call(module, name string, args ...pyobj.Value) *pyobj.Object {
	core := "numpy._core."
	if r.Core {
		core = "numpy.core."
	}
	return &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: core + module, Name: name}, Args: args, Offset: -1}
}

func dims(shape []int) *pyobj.Tuple {
	t := &pyobj.Tuple{Items: make([]pyobj.Value, len(shape))}
	for i, n := range shape {
		t.Items[i] = pyobj.Int(n)
	}
	return t
}

func (r *Reducer) array(a *pyobj.Array) (*pyobj.Object, error) {
	if _, err := r.dtype(a.DType); err != nil {
		return nil, err
	}
	fortran := a.Fortran && len(a.Shape) > 1
	if a.DType.Kind != 'O' && a.DType.HasObject() {
		return nil, fmt.Errorf("numpy: an array of structures that hold objects: %w", source.ErrUnsupported)
	}
	if a.DType.Kind != 'O' {
		if err := Fits(a.DType, a.Shape, int64(len(a.Data))); err != nil {
			return nil, fmt.Errorf("numpy: %w", err)
		}
		// dates have no buffer protocol and go the older way
		if r.Protocol >= 5 && a.Subclass == nil && a.DType.Kind != 'M' && a.DType.Kind != 'm' {
			order := pyobj.Str("C")
			if fortran {
				order = "F"
			}
			return r.call("numeric", "_frombuffer", &pyobj.ByteArray{B: a.Data}, a.DType, dims(a.Shape), order), nil
		}
	}
	class := a.Subclass
	if class == nil {
		class = &pyobj.Global{Module: "numpy", Name: "ndarray"}
	}
	var data pyobj.Value = pyobj.Bytes(a.Data)
	if a.DType.Kind == 'O' {
		if n, err := Elements(a.Shape); err != nil || n != len(a.Objects) {
			return nil, fmt.Errorf("numpy: object array of shape %v holds %d items", a.Shape, len(a.Objects))
		}
		data = &pyobj.List{Items: order(a, a.Objects)}
	}
	o := r.call("multiarray", "_reconstruct", class, dims([]int{0}), pyobj.Bytes("b"))
	o.State = &pyobj.Tuple{Items: []pyobj.Value{pyobj.Int(1), dims(a.Shape), a.DType, pyobj.Bool(fortran), data}}
	return o, nil
}

// text is the name of a field.
func (r *Reducer) text(s string) pyobj.Value {
	if r.Python2 {
		return pyobj.Py2Str(s)
	}
	return pyobj.Str(s)
}

// dtype gives numpy.dtype(code, False, True) with its state.
func (r *Reducer) dtype(d *pyobj.DType) (*pyobj.Object, error) {
	if d == nil {
		return nil, fmt.Errorf("numpy: a dtype is missing")
	}
	if o := r.dtypes[d]; o != nil {
		return o, nil
	}
	if r.dtypes == nil {
		r.dtypes, r.plain = map[*pyobj.DType]*pyobj.Object{}, map[string]*pyobj.Object{}
	}
	single := !r.Identity && len(d.Fields) == 0 && d.Sub == nil && d.Metadata == nil && !d.Record
	switch d.Kind {
	case 'U', 'S', 'V', 'M', 'm':
		single = false
	}
	if single && d.Order != '>' {
		if o := r.plain[d.Code()]; o != nil {
			r.dtypes[d] = o
			return o, nil
		}
	}
	o, err := r.newDType(d)
	if err != nil {
		return nil, err
	}
	r.dtypes[d] = o
	if single && d.Order != '>' {
		r.plain[d.Code()] = o
	}
	return o, nil
}

var none = pyobj.None{}

func (r *Reducer) newDType(d *pyobj.DType) (*pyobj.Object, error) {
	n := d.Size
	if d.Kind == 'U' {
		n /= 4
	}
	if d.Kind == 'O' {
		n = 8
	}
	var code pyobj.Value = pyobj.Str(string(d.Kind) + strconv.Itoa(n))
	if d.Record {
		code = &pyobj.Global{Module: "numpy", Name: "record"}
	}
	ord := pyobj.Str("<")
	switch {
	case d.Kind == 'O' || d.Kind == 'S' || d.Kind == 'V' || d.Kind == 'b' || d.Size == 1 && d.Kind != 'U':
		ord = "|"
	case d.Order == '>':
		ord = ">"
	}
	state := []pyobj.Value{pyobj.Int(3), ord, none, none, none, pyobj.Int(-1), pyobj.Int(-1), pyobj.Int(0)}
	flags := 0
	switch d.Kind {
	case 'U':
		state[5], state[6], flags = pyobj.Int(d.Size), pyobj.Int(4), 8
	case 'S':
		state[5], state[6] = pyobj.Int(d.Size), pyobj.Int(1)
	case 'O':
		flags = 63
	case 'V':
		state[5], state[6] = pyobj.Int(d.Size), pyobj.Int(alignment(d))
		if err := r.fields(d, state); err != nil {
			return nil, err
		}
		flags = dtypeFlags(d)
		if r.Core && flags > 127 {
			flags -= 256 // a signed char in numpy 1
		}
	case 'M', 'm':
		unit, count := d.Unit, 1
		for i := 0; i < len(unit) && unit[i] >= '0' && unit[i] <= '9'; i++ {
			count, _ = strconv.Atoi(unit[:i+1])
		}
		if count > 1 {
			unit = unit[len(strconv.Itoa(count)):]
		}
		if unit == "" {
			unit = "generic"
		}
		var md pyobj.Value = none
		if r.Core {
			md = &pyobj.Dict{}
		}
		if d.Metadata != nil {
			md = d.Metadata
		}
		state[0] = pyobj.Int(4)
		state = append(state, &pyobj.Tuple{Items: []pyobj.Value{md,
			&pyobj.Tuple{Items: []pyobj.Value{pyobj.Bytes(unit), pyobj.Int(count), pyobj.Int(1), pyobj.Int(1)}}}})
	}
	if d.Metadata != nil && len(state) == 8 {
		state[0] = pyobj.Int(4)
		state = append(state, d.Metadata)
	}
	state[7] = pyobj.Int(flags)
	return &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "numpy", Name: "dtype"},
		Args: []pyobj.Value{code, pyobj.Bool(false), pyobj.Bool(true)}, State: &pyobj.Tuple{Items: state}, Offset: -1}, nil
}

func (r *Reducer) fields(d *pyobj.DType, state []pyobj.Value) error {
	if d.Sub != nil {
		if _, err := r.dtype(d.Sub); err != nil {
			return err
		}
		state[2] = &pyobj.Tuple{Items: []pyobj.Value{d.Sub, dims(d.Shape)}}
	}
	if len(d.Fields) == 0 {
		return nil
	}
	names, fields := &pyobj.Tuple{}, &pyobj.Dict{}
	for _, f := range d.Fields {
		if _, err := r.dtype(f.DType); err != nil {
			return err
		}
		t := &pyobj.Tuple{Items: []pyobj.Value{f.DType, pyobj.Int(f.Offset)}}
		if f.Title != "" {
			t.Items = append(t.Items, r.text(f.Title))
		}
		names.Items = append(names.Items, r.text(f.Name))
		fields.Set(r.text(f.Name), t)
		if f.Title != "" {
			fields.Set(r.text(f.Title), t)
		}
	}
	state[3], state[4] = names, fields
	return nil
}

// alignment is numpy's: that of the widest field of an aligned structure, one for packed ones.
func alignment(d *pyobj.DType) int {
	switch {
	case d.Sub != nil:
		return alignment(d.Sub)
	case d.Kind == 'U':
		return 4
	case d.Kind == 'S':
		return 1
	case d.Kind == 'c':
		return d.Size / 2
	case d.Kind != 'V':
		return d.Size
	case !d.Align:
		return 1
	}
	n := 1
	for _, f := range d.Fields {
		n = max(n, alignment(f.DType))
	}
	return n
}

// dtypeFlags is numpy's: 16 for a structure (its items are Python objects when read one by one), 128 when aligned, and
// what the fields have.
func dtypeFlags(d *pyobj.DType) int {
	switch {
	case d.Kind == 'O':
		return 63
	case d.Sub != nil:
		return dtypeFlags(d.Sub)
	case d.Kind == 'U':
		return 8
	case len(d.Fields) == 0:
		return 0
	}
	flags := 16
	if d.Align {
		flags |= 128
	}
	for _, f := range d.Fields {
		flags |= dtypeFlags(f.DType) & 0x1b // those numpy hands on: references, pickled as a list, initialised, needs Python
	}
	return flags
}
