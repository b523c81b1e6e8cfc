package pyobj

import (
	"fmt"
	"strconv"
	"strings"
)

// Array is a numpy array as it was stored: raw bytes in the file's dtype and order.
type Array struct {
	DType    *DType
	Shape    []int   // empty for 0-d
	Fortran  bool    // bytes are in Fortran (column-major) order
	Data     []byte  // Size() × itemsize bytes; may be a view of a mapped file: never write to it. nil for object arrays
	Objects  []Value // the items of an object array, in memory order (see Fortran); nil otherwise
	Subclass *Global // class other than numpy.ndarray (numpy.matrix, numpy.memmap, numpy.recarray); nil for ndarray
	Offset   int64   // where Data begins in the uncompressed stream, -1 if unknown
	Mapped   bool    // Data is a view of a mapped file
}

// Len returns the number of elements.
func (a *Array) Len() int {
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	return n
}

// Scalar is a numpy scalar (numpy.float64(3.0)).
type Scalar struct {
	DType *DType
	Data  []byte // itemsize bytes
	Obj   Value  // for object dtype
}

// DType is a numpy dtype.
type DType struct {
	Kind   byte    // one of b i u f c S U V O M m, as numpy's dtype.kind
	Size   int     // bytes per item
	Order  byte    // '<', '>' or '|'
	Fields []Field // structured dtypes, in offset order as named
	Sub    *DType  // subarray dtype: base
	Shape  []int   // subarray dtype: shape
	Unit   string  // datetime64, timedelta64: "ns", "25s", ...; "" generic
	Align  bool
	Record bool // numpy.record type
}

// Field is a field of a structured dtype.
type Field struct {
	Name   string
	Title  string
	DType  *DType
	Offset int
}

// Code gives the dtype as numpy's array-interface string, e.g. "<f8", "|b1", "<U3", "|O".
func (d *DType) Code() string {
	if d.Sub != nil {
		return d.Sub.Code()
	}
	o := d.Order
	if o == 0 || o == '=' {
		o = '<'
	}
	if d.Kind == 'O' {
		return "|O"
	}
	n := d.Size
	if d.Kind == 'U' {
		n /= 4
	}
	s := string(o) + string(d.Kind) + itoa(n)
	if d.Unit != "" {
		s += "[" + d.Unit + "]"
	}
	return s
}

func itoa(n int) string {
	if n == 0 {
		return "0"
	}
	var b [20]byte
	i := len(b)
	for n > 0 {
		i--
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return string(b[i:])
}

// ClassName returns the full dotted name of an object's class as the file spells it, seeing through
// copyreg._reconstructor; "" if the class is not a plain name.
func (o *Object) ClassName() string {
	g, ok := o.Class.(*Global)
	if !ok {
		return ""
	}
	if o.Make == Reduce && g.Name == "_reconstructor" && (g.Module == "copy_reg" || g.Module == "copyreg") && len(o.Args) > 0 {
		if c, ok := o.Args[0].(*Global); ok {
			return c.String()
		}
		return ""
	}
	return g.String()
}

// Attrs returns the instance attributes set by BUILD: the state dict, or the dict and slots of a
// (dict, slots) pair merged. It returns nil when the state is absent, and false when it has another shape.
func (o *Object) Attrs() (*Dict, bool) {
	switch s := o.State.(type) {
	case nil, None:
		return nil, true
	case *Dict:
		return s, true
	case *Tuple:
		if len(s.Items) != 2 {
			return nil, false
		}
		out := &Dict{}
		for _, it := range s.Items {
			switch d := it.(type) {
			case None:
			case *Dict:
				out.Entries = append(out.Entries, d.Entries...)
			default:
				return nil, false
			}
		}
		return out, true
	}
	return nil, false
}

// ShortName returns the part of a dotted name after the last dot.
func ShortName(dotted string) string {
	return dotted[strings.LastIndexByte(dotted, '.')+1:]
}

// HasObject reports a dtype that holds references to Python objects.
func (d *DType) HasObject() bool {
	if d.Kind == 'O' || d.Sub != nil && d.Sub.HasObject() {
		return true
	}
	for _, f := range d.Fields {
		if f.DType.HasObject() {
			return true
		}
	}
	return false
}

// ParseDType reads numpy's array-interface string: "<f8", "|b1", "<U3", "|O", "<M8[ns]".
func ParseDType(s string) (*DType, error) {
	bad := func() (*DType, error) { return nil, fmt.Errorf("%q is no dtype", s) }
	if len(s) > 64 {
		return nil, fmt.Errorf("%.64q… is no dtype", s)
	}
	d := &DType{Order: '|'}
	t := s
	if t != "" && strings.IndexByte("<>|=", t[0]) >= 0 {
		d.Order = t[0]
		if d.Order == '=' {
			d.Order = '<'
		}
		t = t[1:]
	}
	if t == "" {
		return bad()
	}
	d.Kind = t[0]
	t = t[1:]
	if i := strings.IndexByte(t, '['); i >= 0 {
		if !strings.HasSuffix(t, "]") || (d.Kind != 'M' && d.Kind != 'm') {
			return bad()
		}
		d.Unit, t = t[i+1:len(t)-1], t[:i]
	}
	size := 0
	if t != "" {
		n, err := strconv.ParseUint(t, 10, 31)
		if err != nil {
			return bad()
		}
		size = int(n)
	}
	switch d.Kind {
	case 'O':
		d.Order, size = '|', 8
	case 'a':
		d.Kind = 'S'
	case '?':
		d.Kind, size = 'b', 1
	case 'U':
		if size > 1<<28 {
			return bad()
		}
		size *= 4
	case 'S', 'V':
	case 'b', 'i', 'u', 'f', 'c', 'M', 'm':
		if size == 0 || size > 32 || (d.Kind == 'b' && size != 1) {
			return bad()
		}
	default:
		return bad()
	}
	d.Size = size
	if size == 1 && d.Kind != 'U' || d.Kind == 'S' || d.Kind == 'V' || d.Kind == 'O' {
		d.Order = '|'
	}
	return d, nil
}
