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
	Unread   bool    // Data was stepped over (source.Limits.Outline) and is nil
}

// Inert reports a dtype of plain floats: numbers that lead nowhere, as indices and the fields of nodes do.
func (d *DType) Inert() bool {
	return (d.Kind == 'f' || d.Kind == 'c') && d.Sub == nil && len(d.Fields) == 0
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
	Text   bool // bytes that Python 2 meant as text: its str

	Metadata *Dict // numpy's free metadata; nil in nearly every file

	parts int // what Parts gave
}

// Parts counts a dtype with the fields within its fields, those of a shared dtype each time they are met. It is not to be called
// before the fields are there, nor on several goroutines.
func (d *DType) Parts() int {
	if d.parts == 0 {
		n := 1
		for _, f := range d.Fields {
			n = min(n+f.DType.Parts(), 1<<30)
		}
		if d.Sub != nil {
			n = max(n, d.Sub.Parts())
		}
		d.parts = n
	}
	return d.parts
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
	s := string(o) + string(d.Kind) + strconv.Itoa(n)
	if d.Unit != "" {
		s += "[" + d.Unit + "]"
	}
	return s
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

// TypeName is Python's name for the type of a value, the class of an object, "nothing" for nil.
func TypeName(v Value) string {
	switch x := v.(type) {
	case None:
		return "NoneType"
	case Bool:
		return "bool"
	case Int, *BigInt:
		return "int"
	case Float:
		return "float"
	case Str, Py2Str:
		return "str"
	case Bytes:
		return "bytes"
	case *ByteArray:
		return "bytearray"
	case *List:
		return "list"
	case *Tuple:
		return "tuple"
	case *Dict:
		return "dict"
	case *Set:
		if x.Frozen {
			return "frozenset"
		}
		return "set"
	case *Global:
		return x.String()
	case *Object:
		if name := x.ClassName(); name != "" {
			return name
		}
		return "the result of a call"
	case *Array:
		return "numpy.ndarray"
	case *Scalar:
		return "a scalar of numpy"
	case *DType:
		return "numpy.dtype"
	case *Persistent:
		return "a persistent id"
	}
	return "nothing"
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

// MaxItem bounds the size of one element in bytes.
const MaxItem = 1 << 30

// ParseDType reads numpy's short form of a plain dtype: an optional byte order and a kind with its size, as in "f8",
// "<i4", "|b1", "U3", "O", ">M8[25s]". Native order is little-endian. For U the number counts characters.
func ParseDType(code string) (*DType, error) {
	bad := func() error { return fmt.Errorf("dtype %.64q is not known", code) }
	s := code
	d := &DType{Order: '<'}
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
		if err != nil || n > MaxItem || len(digits) > 1 && digits[0] == '0' {
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
