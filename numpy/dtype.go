package numpy

import (
	"strconv"
	"strings"

	"github.com/larder-ml/larder/pyobj"
)

// dtype reads numpy.dtype(code, align, copy) with its state
// (version, byteorder, subdtype, names, fields, itemsize, alignment, flags[, metadata]).
func (f *folder) dtype(o *pyobj.Object) *pyobj.DType {
	if len(o.Args) < 1 || len(o.Args) > 3 || len(o.Items)+len(o.Pairs) > 0 {
		return nil
	}
	var d *pyobj.DType
	if g, ok := o.Args[0].(*pyobj.Global); ok {
		if n := Canonical(g); n != "numpy.record" && n != "numpy.core.records.record" && n != "numpy.rec.record" {
			return nil
		}
		d = &pyobj.DType{Kind: 'V', Order: '|', Record: true}
	} else {
		code, ok := pyobj.Text(o.Args[0])
		if !ok {
			return nil
		}
		var err error
		if d, err = pyobj.ParseDType(code); err != nil {
			f.fail("%v", err)
			return nil
		}
		if _, py2 := o.Args[0].(pyobj.Py2Str); py2 && d.Kind == 'S' {
			d.Text = true
		}
	}
	if o.State == nil {
		return d
	}
	state, ok := o.State.(*pyobj.Tuple)
	if !ok || len(state.Items) < 7 || len(state.Items) > 9 {
		f.fail("dtype's state is not read")
		return nil
	}
	if !f.setDType(d, state.Items) {
		return nil
	}
	return d
}

func (f *folder) setDType(d *pyobj.DType, s []pyobj.Value) bool {
	ord, ok := pyobj.Text(s[1])
	if !ok || len(ord) != 1 || strings.IndexByte("<>=|", ord[0]) < 0 {
		f.fail("byte order is not known")
		return false
	}
	if d.Order != '|' || d.Kind == 'V' {
		d.Order = ord[0]
		if ord == "=" {
			d.Order = '<'
		}
	}
	size, ok := s[5].(pyobj.Int)
	if !ok || size > pyobj.MaxItem || size < -1 {
		f.fail("item size is impossible")
		return false
	}
	if d.Kind == 'U' || d.Kind == 'S' || d.Kind == 'V' {
		if size >= 0 {
			d.Size = int(size)
		}
		if d.Kind == 'U' && d.Size%4 != 0 {
			f.fail("item size %d of text", d.Size)
			return false
		}
	}
	if len(s) > 7 {
		flags, ok := s[7].(pyobj.Int)
		if !ok {
			f.fail("flags are no int")
			return false
		}
		d.Align = flags&0x80 != 0 && d.Kind == 'V'
	}
	if sub, ok := s[2].(*pyobj.Tuple); ok {
		return f.setSub(d, sub.Items)
	}
	if !isNone(s[2]) {
		f.fail("subarray is no tuple")
		return false
	}
	if names, ok := s[3].(*pyobj.Tuple); ok {
		fields, ok := s[4].(*pyobj.Dict)
		if !ok || d.Kind != 'V' {
			f.fail("names without fields")
			return false
		}
		if !f.setFields(d, names.Items, fields) {
			return false
		}
	} else if !isNone(s[3]) {
		f.fail("names are no tuple")
		return false
	}
	if len(s) == 9 {
		return f.setMetadata(d, s[8])
	}
	return true
}

func isNone(v pyobj.Value) bool { _, ok := v.(pyobj.None); return ok }

func (f *folder) setSub(d *pyobj.DType, s []pyobj.Value) bool {
	if len(s) != 2 {
		f.fail("subarray of %d parts", len(s))
		return false
	}
	base, ok := s[0].(*pyobj.DType)
	shape, err := Shape(s[1])
	if !ok || err != nil {
		f.fail("subarray without dtype and shape")
		return false
	}
	n, err := ByteSize(base, shape)
	if err != nil || n > pyobj.MaxItem || d.Size != int(n) {
		f.fail("subarray of %d bytes in an item of %d", n, d.Size)
		return false
	}
	d.Sub, d.Shape = base, shape
	return true
}

func (f *folder) setFields(d *pyobj.DType, names []pyobj.Value, fields *pyobj.Dict) bool {
	seen, parts := make(map[string]bool, len(names)), 1
	for _, v := range names {
		name, ok := pyobj.Text(v)
		t, isTuple := fields.Get(name).(*pyobj.Tuple)
		if !ok || !isTuple || len(t.Items) < 2 || len(t.Items) > 3 {
			f.fail("field %.80q is not described", name)
			return false
		}
		fd, ok1 := t.Items[0].(*pyobj.DType)
		off, ok2 := t.Items[1].(pyobj.Int)
		if !ok1 || !ok2 || off < 0 || int64(off) > int64(d.Size) || fd.Size > d.Size-int(off) {
			f.fail("field %.80q does not fit an item of %d bytes", name, d.Size)
			return false
		}
		field := pyobj.Field{Name: name, DType: fd, Offset: int(off)}
		if len(t.Items) == 3 {
			field.Title, _ = pyobj.Text(t.Items[2])
		}
		if seen[name] {
			f.fail("field %.80q stands twice", name)
			return false
		}
		seen[name] = true
		d.Fields = append(d.Fields, field)
		if parts += fd.Parts(); parts > maxParts {
			f.fail("more than %d fields within fields", maxParts)
			return false
		}
	}
	return true
}

// maxParts bounds the fields within fields of a dtype, those of a shared dtype counted each time they are met.
const maxParts = 1 << 16

// setMetadata reads the ninth item: a dict, or for dates (dict, (unit, count, denominator, event)).
func (f *folder) setMetadata(d *pyobj.DType, v pyobj.Value) bool {
	if t, ok := v.(*pyobj.Tuple); ok && (d.Kind == 'M' || d.Kind == 'm') {
		if len(t.Items) != 2 {
			f.fail("date metadata of %d parts", len(t.Items))
			return false
		}
		u, ok := t.Items[1].(*pyobj.Tuple)
		if !ok || len(u.Items) < 2 {
			f.fail("date unit is not read")
			return false
		}
		name, ok := raw(u.Items[0])
		n, isInt := u.Items[1].(pyobj.Int)
		if !ok || !isInt || n < 1 || len(name) > 8 {
			f.fail("date unit is not read")
			return false
		}
		if d.Unit = string(name); d.Unit == "generic" {
			d.Unit = ""
		}
		if n > 1 {
			d.Unit = strconv.FormatInt(int64(n), 10) + d.Unit
		}
		v = t.Items[0]
	}
	if md, ok := v.(*pyobj.Dict); ok {
		if md.Len() > 0 {
			d.Metadata = md
		}
	} else if !isNone(v) {
		f.fail("dtype metadata is no dict")
		return false
	}
	return true
}
