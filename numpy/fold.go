package numpy

import (
	"fmt"
	"math"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// FoldError is a numpy object whose arguments or state do not fit together.
type FoldError struct {
	Offset int64  // of the opcode that makes the object, in the uncompressed stream; -1 if unknown
	Name   string // what is called
	Msg    string
}

func (e *FoldError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("numpy: %s: %s", e.Name, e.Msg)
	}
	return fmt.Sprintf("numpy: offset 0x%x %s: %s", e.Offset, e.Name, e.Msg)
}

// Where gives the offset.
func (e *FoldError) Where() int64 { return e.Offset }

// Is answers source.ErrCorrupt.
func (e *FoldError) Is(target error) bool { return target == source.ErrCorrupt }

// Fold replaces the calls by which a pickle rebuilds numpy's arrays, scalars and dtypes by *pyobj.Array, *pyobj.Scalar and
// *pyobj.DType, and those for bytes, bytearray, set and frozenset by plain values; copyreg's object makers become the
// NEWOBJ they stand for. It reads numpy 1 and 2 (numpy.core, numpy._core) and changes the graph in place. Masked arrays and
// calls it does not know stay Objects.
func Fold(root pyobj.Value) (pyobj.Value, error) {
	var f folder
	return pyobj.Rewrite(root, f.value), f.err
}

// Folding folds the values of one file.
type Folding struct {
	DTypes map[pyobj.Value]*pyobj.DType // if not nil: dtypes folded so far, by the calls that make them
	Mapped bool                         // bytes, where they are more than Copied, are views of a mapped file: arrays that keep them are marked so
	Copied int
	Size   int // about how many containers the values hold; 0 where nobody knows
}

// Fold is the package's Fold.
func (n Folding) Fold(root pyobj.Value) (pyobj.Value, error) {
	f := folder{known: n.DTypes}
	if n.Mapped {
		f.copies, f.copied = map[*byte]bool{}, n.Copied
	}
	return pyobj.RewriteSized(root, n.Size, f.value), f.err
}

type folder struct {
	known  map[pyobj.Value]*pyobj.DType
	err    error
	at     *pyobj.Object
	copies map[*byte]bool // of a mapped file: bytes that were made here; nil for other graphs
	copied int            // and up to how many are no views
}

func (f *folder) value(v pyobj.Value) (pyobj.Value, bool) {
	o, ok := v.(*pyobj.Object)
	if !ok || f.err != nil || o.Make != pyobj.Reduce || o.Kwargs != nil {
		return nil, false
	}
	g, ok := o.Class.(*pyobj.Global)
	if !ok {
		return nil, false
	}
	f.at = o
	var out pyobj.Value
	switch Canonical(g) {
	case "numpy.core.multiarray._reconstruct":
		if a := f.reconstruct(o); a != nil {
			out = a
		} else {
			rawState(o.State, 5)
		}
	case "numpy.ma.core._mareconstruct":
		rawState(o.State, 7)
		return nil, false
	case "datetime.date", "datetime.datetime", "datetime.time":
		if len(o.Args) > 0 {
			o.Args[0] = rawBytes(o.Args[0])
		}
		return nil, false
	case "numpy.core.numeric._frombuffer":
		if a := f.frombuffer(o); a != nil {
			out = a
		}
	case "numpy.core.multiarray.scalar":
		if s := f.scalar(o); s != nil {
			out = s
		}
	case "numpy.dtype":
		d := f.known[o]
		if d == nil {
			d = f.dtype(o)
		}
		if d != nil {
			if f.known != nil {
				f.known[o] = d
			}
			out = d
		}
	case "_codecs.encode":
		out = f.encode(o)
	case "builtins.bytes", "builtins.bytearray", "builtins.set", "builtins.frozenset":
		out = builtin(o, g.Name)
	case "copyreg._reconstructor", "copyreg.__newobj__":
		newObject(o, g.Name)
		return nil, false
	}
	return out, out != nil
}

// Canonical gives a global's dotted name with numpy 2's numpy._core as numpy.core and Python 2's builtins as Python 3's.
func Canonical(g *pyobj.Global) string {
	m, n := g.Module, g.Name
	switch {
	case m == "__builtin__":
		m = "builtins"
		switch n {
		case "long":
			n = "int"
		case "unicode":
			n = "str"
		case "xrange":
			n = "range"
		}
	case m == "exceptions":
		m = "builtins"
	case m == "copy_reg":
		m = "copyreg"
	case strings.HasPrefix(m, "numpy._core."):
		m = "numpy.core." + m[len("numpy._core."):]
	}
	return m + "." + n
}

// Ufunc gives the name of the function that numpy before 1.20 makes of a module and a name. Python 2 named whichever module of
// scipy had imported numpy's function.
func Ufunc(o *pyobj.Object) (*pyobj.Global, bool) {
	g, ok := o.Class.(*pyobj.Global)
	if !ok || Canonical(g) != "numpy.core._ufunc_reconstruct" || len(o.Args) != 2 || !bare(o) {
		return nil, false
	}
	module, ok1 := pyobj.Text(o.Args[0])
	name, ok2 := pyobj.Text(o.Args[1])
	if !ok1 || !ok2 {
		return nil, false
	}
	if module != "scipy.special" && !strings.HasPrefix(module, "scipy.special.") {
		module = "numpy"
	}
	return &pyobj.Global{Module: module, Name: name}, true
}

func (f *folder) fail(format string, args ...any) {
	if f.err == nil {
		name := ""
		if g, ok := f.at.Class.(*pyobj.Global); ok {
			name = g.String()
		}
		f.err = &FoldError{Offset: f.at.Offset, Name: name, Msg: fmt.Sprintf(format, args...)}
	}
}

func bare(o *pyobj.Object) bool {
	return o.State == nil && len(o.Items) == 0 && len(o.Pairs) == 0
}

// newObject turns copyreg._reconstructor(cls, base, state) and copyreg.__newobj__(cls, *args) into NEWOBJ, with the items
// of a base that is list or dict.
func newObject(o *pyobj.Object, name string) {
	if len(o.Args) == 0 {
		return
	}
	cls, ok := o.Args[0].(*pyobj.Global)
	if !ok {
		return
	}
	args := o.Args[1:]
	if name == "_reconstructor" {
		if len(o.Args) != 3 {
			return
		}
		base, ok := o.Args[1].(*pyobj.Global)
		if !ok || strings.HasPrefix(cls.Module, "scipy.sparse.") && Canonical(base) != "builtins.object" {
			return // a dok_matrix can not be given its items before its shape
		}
		switch state := o.Args[2].(type) {
		case pyobj.None:
			if Canonical(base) != "builtins.object" {
				return
			}
		case *pyobj.List:
			if Canonical(base) != "builtins.list" || len(o.Items) > 0 {
				return
			}
			o.Items = state.Items
		case *pyobj.Dict:
			if Canonical(base) != "builtins.dict" || len(o.Pairs) > 0 {
				return
			}
			o.Pairs = state.Entries
		default:
			return
		}
		args = nil
	}
	o.Make, o.Class, o.Args = pyobj.New, cls, args
}

func builtin(o *pyobj.Object, name string) pyobj.Value {
	if !bare(o) {
		return nil
	}
	switch name {
	case "bytes":
		if len(o.Args) == 0 {
			return pyobj.Bytes{}
		}
	case "bytearray":
		switch len(o.Args) {
		case 0:
			return &pyobj.ByteArray{}
		case 1:
			if b, ok := o.Args[0].(pyobj.Bytes); ok {
				return &pyobj.ByteArray{B: b}
			}
		case 2:
			s, ok := o.Args[0].(pyobj.Str)
			enc, _ := pyobj.Text(o.Args[1])
			if b, fits := fromLatin1(string(s)); ok && fits && (enc == "latin-1" || enc == "latin1") {
				return &pyobj.ByteArray{B: b}
			}
		}
	case "set", "frozenset":
		s := &pyobj.Set{Frozen: name == "frozenset"}
		switch len(o.Args) {
		case 0:
			return s
		case 1:
			if l, ok := o.Args[0].(*pyobj.List); ok {
				s.Items = l.Items
				return s
			}
		}
	}
	return nil
}

// encode is protocol 2's way of writing bytes: _codecs.encode(text, 'latin1').
func (f *folder) encode(o *pyobj.Object) pyobj.Value {
	if len(o.Args) != 2 || !bare(o) {
		return nil
	}
	s, ok := o.Args[0].(pyobj.Str)
	enc, _ := pyobj.Text(o.Args[1])
	if !ok || enc != "latin1" && enc != "latin-1" {
		return nil
	}
	b, ok := fromLatin1(string(s))
	if !ok {
		f.fail("text beyond latin-1")
		return nil
	}
	if f.copies != nil && len(b) > 0 {
		f.copies[&b[0]] = true
	}
	return pyobj.Bytes(b)
}

func fromLatin1(s string) ([]byte, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// rawState makes bytes of what Python 2 kept as str in the state of an array that stays an object: its cells and, of a masked one, the
// mask. The state of an array with one of its own is a pair of both.
func rawState(state pyobj.Value, items int) {
	t, ok := state.(*pyobj.Tuple)
	if ok && len(t.Items) == 2 {
		t, ok = t.Items[0].(*pyobj.Tuple)
	}
	if !ok || len(t.Items) != items {
		return
	}
	for i := 4; i < min(items, 6); i++ {
		t.Items[i] = rawBytes(t.Items[i])
	}
}

// rawBytes is a str of Python 2 that is no text as bytes, which is what Python 3 takes there.
func rawBytes(v pyobj.Value) pyobj.Value {
	if s, ok := v.(pyobj.Py2Str); ok {
		return pyobj.Bytes(s)
	}
	return v
}

// raw gives the bytes of a value that stands for bytes in some protocol.
func raw(v pyobj.Value) ([]byte, bool) {
	switch x := v.(type) {
	case pyobj.Bytes:
		return x, true
	case *pyobj.ByteArray:
		return x.B, true
	case pyobj.Py2Str:
		return []byte(x), true
	case pyobj.Str:
		return fromLatin1(string(x))
	}
	return nil, false
}

// arrayClasses are the array types whose state is ndarray's alone.
func arrayClass(v pyobj.Value) (g *pyobj.Global, plain, ok bool) {
	g, ok = v.(*pyobj.Global)
	if !ok {
		return nil, false, false
	}
	switch Canonical(g) {
	case "numpy.ndarray", "numpy.core.multiarray.ndarray":
		return nil, true, true
	case "numpy.matrix", "numpy.matrixlib.defmatrix.matrix", "numpy.core.defmatrix.matrix",
		"numpy.recarray", "numpy.rec.recarray", "numpy.core.records.recarray",
		"numpy.memmap", "numpy.core.memmap.memmap",
		"numpy.chararray", "numpy.char.chararray", "numpy.core.defchararray.chararray":
		return g, false, true
	}
	return g, false, false
}

// reconstruct reads _reconstruct(cls, (0,), b'b') with the state (version, shape, dtype, is_fortran, data).
func (f *folder) reconstruct(o *pyobj.Object) *pyobj.Array {
	if len(o.Args) != 3 || len(o.Items)+len(o.Pairs) > 0 {
		return nil
	}
	sub, _, ok := arrayClass(o.Args[0])
	if !ok {
		return nil
	}
	state, ok := o.State.(*pyobj.Tuple)
	if !ok {
		f.fail("array without state")
		return nil
	}
	items := state.Items
	if len(items) == 5 {
		items = items[1:]
	}
	if len(items) != 4 {
		f.fail("state of %d items", len(items))
		return nil
	}
	d, ok := items[1].(*pyobj.DType)
	if !ok {
		if _, later := items[1].(*pyobj.Object); later {
			return nil // a dtype of a kind not read: the array stays as it is
		}
		f.fail("state has no dtype")
		return nil
	}
	fortran := truth(items[2])
	return f.array(d, items[0], fortran, items[3], sub)
}

// truth is the value of a flag that numpy writes as bool or int.
func truth(v pyobj.Value) bool {
	switch x := v.(type) {
	case pyobj.Bool:
		return bool(x)
	case pyobj.Int:
		return x != 0
	}
	return false
}

func (f *folder) array(d *pyobj.DType, shape pyobj.Value, fortran bool, data pyobj.Value, sub *pyobj.Global) *pyobj.Array {
	dims, err := Shape(shape)
	if err != nil {
		f.fail("%v", err)
		return nil
	}
	a := &pyobj.Array{DType: d, Shape: dims, Subclass: sub, Offset: -1}
	a.Fortran = fortran && len(dims) > 1
	if list, ok := data.(*pyobj.List); ok {
		if !d.HasObject() {
			f.fail("a list of items for dtype %s", d.Code())
			return nil
		}
		if d.Kind != 'O' {
			return nil // structures with objects inside stay as they are
		}
		n, err := Elements(dims)
		if err != nil || n != len(list.Items) {
			f.fail("%d items for shape %v", len(list.Items), dims)
			return nil
		}
		a.Objects = append(make([]pyobj.Value, 0, n), list.Items...)
		if a.Fortran {
			a.Objects = memoryOrder(dims, a.Objects) // numpy writes the list in C order whatever the flag
		}
		return a
	}
	b, ok := raw(data)
	if !ok || d.HasObject() {
		f.fail("data is of the wrong type for dtype %s", d.Code())
		return nil
	}
	if err := Fits(d, dims, int64(len(b))); err != nil {
		f.fail("%v", err)
		return nil
	}
	a.Data = b
	switch data.(type) {
	case pyobj.Bytes, *pyobj.ByteArray:
		a.Mapped = f.copies != nil && len(b) > f.copied && !f.copies[&b[0]]
	}
	return a
}

// memoryOrder turns items in C order into Fortran order.
func memoryOrder(shape []int, items []pyobj.Value) []pyobj.Value {
	back := make([]int, len(shape))
	for i, d := range shape {
		back[len(shape)-1-i] = d
	}
	return order(&pyobj.Array{Shape: back, Fortran: true}, items)
}

// frombuffer reads protocol 5's _frombuffer(buffer, dtype, shape, order[, axes]).
func (f *folder) frombuffer(o *pyobj.Object) *pyobj.Array {
	if len(o.Args) != 4 && len(o.Args) != 5 || !bare(o) {
		return nil
	}
	d, ok := o.Args[1].(*pyobj.DType)
	if !ok {
		return nil
	}
	ord, _ := pyobj.Text(o.Args[3])
	if len(o.Args) == 5 {
		if _, none := o.Args[4].(pyobj.None); !none && ord == "K" {
			return f.permuted(o, d)
		}
	}
	if ord != "C" && ord != "F" && ord != "A" {
		f.fail("order %q is not known", ord)
		return nil
	}
	return f.array(d, o.Args[2], ord == "F", o.Args[0], nil)
}

// permuted reads numpy 2's five-argument form: the buffer holds the array's axes in another order. The result is in C
// order unless the axes are simply reversed.
func (f *folder) permuted(o *pyobj.Object, d *pyobj.DType) *pyobj.Array {
	a := f.array(d, o.Args[2], false, o.Args[0], nil)
	if a == nil {
		return nil
	}
	axes, err := Shape(o.Args[4])
	if err != nil || len(axes) != len(a.Shape) {
		f.fail("axes do not fit shape %v", a.Shape)
		return nil
	}
	seen := make([]bool, len(axes))
	reversed := true
	shape := make([]int, len(axes))
	for i, ax := range axes {
		if ax >= len(axes) || seen[ax] {
			f.fail("axes %v are no permutation", axes)
			return nil
		}
		seen[ax] = true
		shape[i] = a.Shape[ax]
		reversed = reversed && ax == len(axes)-1-i
	}
	if reversed {
		a.Shape, a.Fortran = shape, len(shape) > 1
		return a
	}
	stride := make([]int, len(axes))
	s := d.Size
	for i := len(axes) - 1; i >= 0; i-- {
		stride[i] = s
		s *= a.Shape[i]
	}
	out := make([]byte, 0, len(a.Data))
	index := make([]int, len(axes))
	for at := 0; len(out) < len(a.Data); {
		out = append(out, a.Data[at:at+d.Size]...)
		for k := len(index) - 1; k >= 0; k-- {
			index[k]++
			at += stride[axes[k]]
			if index[k] < shape[k] {
				break
			}
			at -= stride[axes[k]] * shape[k]
			index[k] = 0
		}
	}
	a.Shape, a.Data, a.Mapped = shape, out, false
	return a
}

func (f *folder) scalar(o *pyobj.Object) *pyobj.Scalar {
	if len(o.Args) != 2 || !bare(o) {
		return nil
	}
	d, ok := o.Args[0].(*pyobj.DType)
	if !ok {
		return nil
	}
	if d.Kind == 'O' {
		return &pyobj.Scalar{DType: d, Obj: o.Args[1]}
	}
	b, ok := raw(o.Args[1])
	if !ok || d.HasObject() {
		return nil
	}
	if len(b) != d.Size {
		f.fail("%d bytes for dtype %s", len(b), d.Code())
		return nil
	}
	return &pyobj.Scalar{DType: d, Data: b}
}

// Shape reads a shape: a tuple or list of ints, or one int.
func Shape(v pyobj.Value) ([]int, error) {
	var items []pyobj.Value
	switch x := v.(type) {
	case *pyobj.Tuple:
		items = x.Items
	case *pyobj.List:
		items = x.Items
	case pyobj.Int:
		items = []pyobj.Value{x}
	default:
		return nil, fmt.Errorf("shape is no tuple of ints")
	}
	if len(items) > 64 {
		return nil, fmt.Errorf("shape of %d dimensions", len(items))
	}
	dims := make([]int, len(items))
	for i, it := range items {
		n, ok := it.(pyobj.Int)
		if s, isScalar := it.(*pyobj.Scalar); isScalar {
			if c, plain := cell(s); plain {
				n, ok = pyobj.Int(c.I), true
			}
		}
		if !ok || n < 0 || int64(int(n)) != int64(n) {
			return nil, fmt.Errorf("shape is no tuple of sizes")
		}
		dims[i] = int(n)
	}
	return dims, nil
}

// Elements returns the product of a shape, refusing what does not fit an int.
func Elements(shape []int) (int, error) {
	n := 1
	for _, d := range shape {
		if d == 0 {
			return 0, nil
		}
	}
	for _, d := range shape {
		if d < 0 || n > math.MaxInt/d {
			return 0, fmt.Errorf("shape %v is impossible", shape)
		}
		n *= d
	}
	return n, nil
}

// maxEmpty bounds arrays whose items take no bytes: their shape has nothing to be checked against.
const maxEmpty = 1 << 16

// ByteSize returns the bytes an array of a dtype and shape takes.
func ByteSize(d *pyobj.DType, shape []int) (int64, error) {
	n, err := Elements(shape)
	if err != nil {
		return 0, err
	}
	if d.Size > 0 && n > math.MaxInt/d.Size || d.Size == 0 && n > maxEmpty {
		return 0, fmt.Errorf("shape %v of dtype %s is impossible", shape, d.Code())
	}
	return int64(n) * int64(d.Size), nil
}

// Fits checks that an array of a dtype and shape takes the bytes that are there.
func Fits(d *pyobj.DType, shape []int, have int64) error {
	want, err := ByteSize(d, shape)
	if err != nil {
		return err
	}
	if want != have {
		return fmt.Errorf("%d bytes for shape %v of dtype %s, wants %d", have, shape, d.Code(), want)
	}
	return nil
}
