package numpy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/pyobj"
)

// maxItem bounds the size of one element.
const maxItem = 1 << 30

// ParseDType reads numpy's short form of a plain dtype: an optional byte order and a kind with its size, as in "f8",
// "<i4", "|b1", "U3", "O", ">M8[25s]". Native order is little-endian. For U the number counts characters.
func ParseDType(code string) (*pyobj.DType, error) {
	bad := func() error { return fmt.Errorf("dtype %s is not known", strconv.QuoteToASCII(clip(code))) }
	s := code
	d := &pyobj.DType{Order: '<'}
	if s != "" && strings.IndexByte("<>=|", s[0]) >= 0 {
		d.Order = s[0]
		if s[0] == '=' {
			d.Order = '<'
		}
		s = s[1:]
	}
	if s == "" {
		return nil, bad()
	}
	d.Kind = s[0]
	digits := s[1:]
	if i := strings.IndexByte(digits, '['); i >= 0 && (d.Kind == 'M' || d.Kind == 'm') {
		if !strings.HasSuffix(digits, "]") {
			return nil, bad()
		}
		d.Unit, digits = digits[i+1:len(digits)-1], digits[:i]
	}
	size := -1
	if digits != "" {
		n, err := strconv.ParseUint(digits, 10, 31)
		if err != nil || n > maxItem || len(digits) > 1 && digits[0] == '0' {
			return nil, bad()
		}
		size = int(n)
	}
	sizes := map[byte]string{'b': "1", 'i': "1248", 'u': "1248", 'f': "248", 'c': "8", 'M': "8", 'm': "8", 'O': "48"}
	switch d.Kind {
	case 'O':
		if size == -1 {
			size = 8
		}
		d.Order = '|'
	case 'S', 'V', 'U', 'a':
		if d.Kind == 'a' {
			d.Kind = 'S'
		}
		size = max(size, 0)
		if d.Kind == 'U' {
			size *= 4
		} else {
			d.Order = '|'
		}
		d.Size = size
		return d, nil
	case 'f', 'c':
		// long doubles: 12 and 16 bytes, complex 16, 24 and 32
		if size == 12 || size == 16 || d.Kind == 'c' && (size == 24 || size == 32) {
			d.Size = size
			return d, nil
		}
	}
	if size < 1 || size > 8 || !strings.Contains(sizes[d.Kind], strconv.Itoa(size)) {
		return nil, bad()
	}
	if size == 1 {
		d.Order = '|'
	}
	d.Size = size
	return d, nil
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80]
	}
	return s
}

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
		if d, err = ParseDType(code); err != nil {
			f.fail("%v", err)
			return nil
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
	if !ok || size > maxItem || size < -1 {
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
	if err != nil || n > maxItem || d.Size != int(n) {
		f.fail("subarray of %d bytes in an item of %d", n, d.Size)
		return false
	}
	d.Sub, d.Shape = base, shape
	return true
}

func (f *folder) setFields(d *pyobj.DType, names []pyobj.Value, fields *pyobj.Dict) bool {
	for _, v := range names {
		name, ok := pyobj.Text(v)
		t, isTuple := fields.Get(name).(*pyobj.Tuple)
		if !ok || !isTuple || len(t.Items) < 2 || len(t.Items) > 3 {
			f.fail("field %s is not described", strconv.QuoteToASCII(clip(name)))
			return false
		}
		fd, ok1 := t.Items[0].(*pyobj.DType)
		off, ok2 := t.Items[1].(pyobj.Int)
		if !ok1 || !ok2 || off < 0 || int64(off) > int64(d.Size) || fd.Size > d.Size-int(off) {
			f.fail("field %s does not fit an item of %d bytes", strconv.QuoteToASCII(clip(name)), d.Size)
			return false
		}
		field := pyobj.Field{Name: name, DType: fd, Offset: int(off)}
		if len(t.Items) == 3 {
			field.Title, _ = pyobj.Text(t.Items[2])
		}
		for i := range d.Fields {
			if d.Fields[i].Name == name {
				f.fail("field %s stands twice", strconv.QuoteToASCII(clip(name)))
				return false
			}
		}
		d.Fields = append(d.Fields, field)
	}
	return true
}

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
