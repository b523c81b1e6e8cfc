// Package fingerprint gives one identity to a fitted model: the digest of its normal form. It is the same whether the
// model came from pickle, joblib, skops or JSON.
//
// The normal form ignores the container, the protocol, object identity (two references to one array or two equal
// arrays), C or Fortran order, byte order and padding of arrays, the order of a set, numpy.core against numpy._core, and
// how an object was made (REDUCE, NEWOBJ). A numpy scalar and a 0-d array are one; so are a memmap and an ndarray. What counts: every
// attribute and its name, dtypes, the order of a dict, _sklearn_version, parameters.
//
// A version id is the first eight hexadecimal digits. The package reads the object graph and nothing else.
package fingerprint

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// Digest is the sha256 of a normal form.
type Digest [sha256.Size]byte

// String gives 64 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// ID gives the first eight, a version id.
func (d Digest) ID() string { return d.String()[:8] }

// Error names what has no normal form.
type Error struct{ Msg string }

func (e *Error) Error() string { return "fingerprint: " + e.Msg }

// Is answers source.ErrUnsupported.
func (e *Error) Is(target error) bool { return target == source.ErrUnsupported }

// Of returns the digest of a value's normal form.
func Of(v pyobj.Value) (Digest, error) {
	h := &hasher{done: map[pyobj.Value]Digest{}, open: map[pyobj.Value]int{}}
	d, _ := h.node(v, 0)
	return d, h.err
}

type hasher struct {
	err  error
	done map[pyobj.Value]Digest // nodes whose digest does not depend on where they stand
	open map[pyobj.Value]int    // nodes being hashed and their depth, to find cycles
}

func (h *hasher) fail(format string, args ...any) {
	if h.err == nil {
		h.err = &Error{fmt.Sprintf(format, args...)}
	}
}

// node returns a value's digest and the depth of the outermost open node it refers back to (its own depth + 1 or more
// where there is none).
func (h *hasher) node(v pyobj.Value, depth int) (Digest, int) {
	const free = math.MaxInt
	switch v.(type) {
	case *pyobj.List, *pyobj.Tuple, *pyobj.Dict, *pyobj.Set, *pyobj.Object, *pyobj.Array:
		if d, ok := h.done[v]; ok {
			return d, free
		}
		if at, ok := h.open[v]; ok {
			// A cycle: so many levels up.
			return sha256.Sum256(fmt.Appendf(nil, "cycle %d", depth-at)), at
		}
		h.open[v] = depth
		defer delete(h.open, v)
	}
	w := &writer{h: h, depth: depth + 1, low: free}
	w.value(v)
	d := w.sum()
	low := w.low
	if low >= depth {
		low = free
		switch v.(type) {
		case *pyobj.List, *pyobj.Tuple, *pyobj.Dict, *pyobj.Set, *pyobj.Object, *pyobj.Array:
			h.done[v] = d
		}
	}
	return d, low
}

// writer writes one node: leaves in full, containers inside it as their digests.
type writer struct {
	h     *hasher
	depth int
	low   int
	buf   []byte
	sha   interface {
		Write([]byte) (int, error)
		Sum([]byte) []byte
	}
}

const flushAt = 1 << 15

func (w *writer) put(b ...byte) { w.buf = append(w.buf, b...) }

func (w *writer) flush() {
	if len(w.buf) >= flushAt {
		if w.sha == nil {
			w.sha = sha256.New()
		}
		_, _ = w.sha.Write(w.buf)
		w.buf = w.buf[:0]
	}
}

func (w *writer) sum() Digest {
	if w.sha == nil {
		return sha256.Sum256(w.buf)
	}
	_, _ = w.sha.Write(w.buf)
	return Digest(w.sha.Sum(nil))
}

func (w *writer) count(n int) { w.buf = binary.AppendUvarint(w.buf, uint64(n)) }

func (w *writer) text(tag byte, s string) {
	w.put(tag)
	w.count(len(s))
	w.buf = append(w.buf, s...)
	w.flush()
}

// child writes a value inside a container.
func (w *writer) child(v pyobj.Value) {
	if o, ok := v.(*pyobj.Object); ok {
		if g, ok := numpy.Ufunc(o); ok { // as the name that later releases of numpy store
			v = g
		}
	}
	switch v.(type) {
	case *pyobj.List, *pyobj.Tuple, *pyobj.Dict, *pyobj.Set, *pyobj.Object, *pyobj.Array:
		d, low := w.h.node(v, w.depth)
		w.low = min(w.low, low)
		w.put('#')
		w.put(d[:]...)
		w.flush()
		return
	}
	w.value(v)
}

func (w *writer) value(v pyobj.Value) {
	switch x := v.(type) {
	case nil, pyobj.None:
		w.put('N')
	case pyobj.Bool:
		if x {
			w.put('T')
		} else {
			w.put('F')
		}
	case pyobj.Int:
		w.text('i', fmt.Sprint(int64(x)))
	case *pyobj.BigInt:
		w.text('i', x.V.String())
	case pyobj.Float:
		bits := math.Float64bits(float64(x))
		if x != x {
			bits = math.Float64bits(math.NaN())
		}
		w.put('f')
		w.buf = binary.BigEndian.AppendUint64(w.buf, bits)
	case pyobj.Str, pyobj.Py2Str:
		s, _ := pyobj.Text(v)
		w.text('s', s)
	case pyobj.Bytes:
		w.text('b', string(x))
	case *pyobj.ByteArray:
		w.text('B', string(x.B))
	case *pyobj.List:
		w.items('l', x.Items)
	case *pyobj.Tuple:
		w.items('t', x.Items)
	case *pyobj.Set:
		w.set(x)
	case *pyobj.Dict:
		w.entries('d', x.Entries)
	case *pyobj.Global:
		w.text('g', numpy.Canonical(x))
	case *pyobj.Persistent:
		w.put('P')
		w.child(x.ID)
	case *pyobj.DType:
		w.put('y')
		w.dtype(x)
	case *pyobj.Scalar:
		a := &pyobj.Array{DType: x.DType, Data: x.Data}
		if x.DType != nil && x.DType.Kind == 'O' {
			a.Objects = []pyobj.Value{x.Obj}
		}
		// As a node of its own, so that it is the 0-d array it may be elsewhere.
		in := &writer{h: w.h, depth: w.depth, low: math.MaxInt}
		in.array(a)
		d := in.sum()
		w.low = min(w.low, in.low)
		w.put('#')
		w.put(d[:]...)
	case *pyobj.Array:
		w.array(x)
	case *pyobj.Object:
		w.object(x)
	default:
		w.h.fail("%s has no normal form", pyobj.TypeName(v))
	}
}

func (w *writer) items(tag byte, items []pyobj.Value) {
	w.put(tag)
	w.count(len(items))
	for _, it := range items {
		w.child(it)
	}
}

func (w *writer) entries(tag byte, entries []pyobj.Entry) {
	w.put(tag)
	w.count(len(entries))
	for _, e := range entries {
		w.child(e.Key)
		w.child(e.Value)
	}
}

// set writes the items in the order of their digests.
func (w *writer) set(s *pyobj.Set) {
	tag := byte('S')
	if s.Frozen {
		tag = 'Z'
	}
	w.put(tag)
	w.count(len(s.Items))
	digests := make([]Digest, len(s.Items))
	for i, it := range s.Items {
		in := &writer{h: w.h, depth: w.depth, low: math.MaxInt}
		in.child(it)
		digests[i] = in.sum()
		w.low = min(w.low, in.low)
	}
	slices.SortFunc(digests, func(a, b Digest) int { return bytes.Compare(a[:], b[:]) })
	for _, d := range digests {
		w.put(d[:]...)
		w.flush()
	}
}

// asBytes gives values with text as the bytes it stands for, one each character: what Python 2 wrote as str, and Python 3 where
// it rewrites that.
func asBytes(vs []pyobj.Value) []pyobj.Value {
	out := slices.Clone(vs)
	for i, v := range out {
		s, ok := pyobj.Text(v)
		if !ok {
			continue
		}
		b := make([]byte, 0, len(s))
		for _, r := range s {
			b = append(b, byte(r))
			ok = ok && r <= 0xff
		}
		if ok {
			out[i] = pyobj.Bytes(b)
		}
	}
	return out
}

// object writes class, arguments and attributes.
func (w *writer) object(o *pyobj.Object) {
	if w.sparse(o) {
		return
	}
	class, args, state := o.Class, o.Args, o.State
	if g, ok := class.(*pyobj.Global); ok {
		switch name := numpy.Canonical(g); {
		case strings.HasSuffix(name, ".__randomstate_ctor"), name == "numpy.random.__RandomState_ctor":
			// The state replaces the generator it is made with; numpy's releases and skops make it in different ways.
			if d, err := numpy.RandomState(o); err == nil {
				class, args, state = randomClass, nil, d
			}
		case name == "numpy.ma.core._mareconstruct":
			args, state = asBytes(args), numpy.WithoutDefaultFill(o)
			if t, ok := state.(*pyobj.Tuple); ok {
				if len(t.Items) == 7 { // its last item is the fill value, which may be text
					state = &pyobj.Tuple{Items: append(asBytes(t.Items[:6]), t.Items[6])}
				}
			}
		case strings.HasSuffix(name, ".__generator_ctor"):
			// Numpy 1 keeps no seed sequence: the bit generator's state is what counts.
			if d, _, err := numpy.Generator(o); err == nil {
				args, state = nil, d
			}
		case strings.HasPrefix(g.Name, "__pyx_unpickle_") && len(args) == 3:
			// Cython's way of making a class with a state
			if c, ok := args[0].(*pyobj.Global); ok {
				class, args = c, items(args[2])
			}
		case strings.HasSuffix(name, ".Bunch") && strings.HasPrefix(name, "sklearn.utils."):
			state = nil // made anew by the class
		}
		if t, ok := state.(*pyobj.Tuple); ok && len(t.Items) == 0 {
			state = nil
		}
	}
	w.put('o')
	w.child(class)
	w.items('(', args)
	if o.Kwargs != nil && len(o.Kwargs.Entries) > 0 {
		w.entries('k', o.Kwargs.Entries)
	}
	if attrs, ok := (&pyobj.Object{State: state}).Attrs(); !ok {
		w.put('!')
		w.child(state)
	} else if attrs != nil && len(attrs.Entries) > 0 {
		w.entries('a', attrs.Entries)
	}
	if len(o.Items) > 0 {
		w.items('I', o.Items)
	}
	if len(o.Pairs) > 0 {
		w.entries('p', o.Pairs)
	}
	w.put(')')
}

// randomClass makes numpy's RandomState since 1.17.
var randomClass = &pyobj.Global{Module: "numpy.random._pickle", Name: "__randomstate_ctor"}

// items gives what is in a tuple that stands for arguments; anything else is one argument, None is none.
func items(v pyobj.Value) []pyobj.Value {
	switch x := v.(type) {
	case *pyobj.Tuple:
		return x.Items
	case pyobj.None:
		return nil
	}
	return []pyobj.Value{v}
}

// sparse writes a scipy sparse matrix by what it holds: releases differ in the private attributes around it, and some
// stored forms keep none of them.
func (w *writer) sparse(o *pyobj.Object) bool {
	name := o.ClassName()
	if !strings.HasPrefix(name, "scipy.sparse.") {
		return false
	}
	a, ok := o.Attrs()
	if !ok || a == nil {
		return false
	}
	shape := a.Get("_shape")
	if shape == nil {
		shape = a.Get("shape")
	}
	if shape == nil || a.Get("data") == nil {
		return false
	}
	w.text('m', pyobj.ShortName(name))
	w.child(shape)
	for _, part := range []string{"data", "indices", "indptr", "row", "col", "offsets", "coords"} {
		v := a.Get(part)
		if v == nil || part == "coords" && a.Get("row") != nil { // the same once more
			continue
		}
		if t, ok := v.(*pyobj.Tuple); ok && part == "coords" && len(t.Items) == 2 { // row and col until scipy 1.12
			w.text('.', "row")
			w.child(t.Items[0])
			w.text('.', "col")
			w.child(t.Items[1])
			continue
		}
		w.text('.', part)
		w.child(v)
	}
	return true
}

func (w *writer) dtype(d *pyobj.DType) {
	switch {
	case d == nil:
		w.h.fail("an array without a dtype")
	case d.Sub != nil:
		w.put('[')
		w.dtype(d.Sub)
		w.shape(d.Shape)
	case len(d.Fields) > 0:
		w.put('{')
		w.count(len(d.Fields))
		for _, f := range d.Fields {
			w.text('n', f.Name)
			w.dtype(f.DType)
		}
	default:
		w.put(d.Kind)
		w.count(d.Size)
		w.text('u', d.Unit)
	}
}

func (w *writer) shape(shape []int) {
	w.count(len(shape))
	for _, n := range shape {
		w.count(n)
	}
}

// array writes dtype, shape and the elements in C order, little-endian, without padding.
func (w *writer) array(a *pyobj.Array) {
	w.put('A')
	if g := a.Subclass; g != nil && g.Name != "memmap" && g.Name != "ndarray" {
		w.text('c', numpy.Canonical(g))
	}
	w.dtype(a.DType)
	w.shape(a.Shape)
	if w.h.err != nil {
		return
	}
	n := a.Len()
	if a.DType.Kind == 'O' {
		if len(a.Objects) != n {
			w.h.fail("an object array of shape %v with %d items", a.Shape, len(a.Objects))
			return
		}
		w.each(a, func(i int) { w.child(a.Objects[i]) })
		return
	}
	size := a.DType.Size
	if size < 0 || n < 0 || len(a.Data) != n*size {
		w.h.fail("an array of shape %v and %s with %d bytes", a.Shape, a.DType.Code(), len(a.Data))
		return
	}
	if (!a.Fortran || len(a.Shape) < 2) && plainDType(a.DType) {
		for data := a.Data; len(data) > 0; {
			k := min(len(data), flushAt)
			w.buf = append(w.buf, data[:k]...)
			w.flush()
			data = data[k:]
		}
		return
	}
	w.each(a, func(i int) {
		w.element(a.DType, a.Data[i*size:(i+1)*size])
		w.flush()
	})
}

// each calls f with the place in memory of every element, in C order.
func (w *writer) each(a *pyobj.Array, f func(i int)) {
	n := a.Len()
	if !a.Fortran || len(a.Shape) < 2 {
		for i := range n {
			f(i)
		}
		return
	}
	strides := make([]int, len(a.Shape))
	s := 1
	for d, k := range a.Shape {
		strides[d] = s
		s *= k
	}
	at := make([]int, len(a.Shape))
	pos := 0
	for range n {
		f(pos)
		for d := len(at) - 1; d >= 0; d-- {
			at[d]++
			pos += strides[d]
			if at[d] < a.Shape[d] {
				break
			}
			pos -= at[d] * strides[d]
			at[d] = 0
		}
	}
}

// plainDType reports elements whose bytes are the normal form already.
func plainDType(d *pyobj.DType) bool {
	return d.Sub == nil && len(d.Fields) == 0 && (d.Order != '>' || d.Size == 1) && d.Kind != 'b'
}

// element writes one element.
func (w *writer) element(d *pyobj.DType, b []byte) {
	switch {
	case d.Sub != nil:
		for i := 0; d.Sub.Size > 0 && i+d.Sub.Size <= len(b); i += d.Sub.Size {
			w.element(d.Sub, b[i:i+d.Sub.Size])
		}
	case len(d.Fields) > 0:
		for _, f := range d.Fields {
			if f.DType == nil || f.Offset < 0 || f.DType.Size < 0 || f.Offset+f.DType.Size > len(b) {
				w.h.fail("field %q does not fit its item", f.Name)
				return
			}
			w.element(f.DType, b[f.Offset:f.Offset+f.DType.Size])
		}
	case d.Kind == 'b':
		for _, c := range b {
			w.put(min(c, 1))
		}
	case d.Order == '>':
		unit := d.Size
		switch d.Kind {
		case 'c':
			unit /= 2
		case 'U':
			unit = 4
		case 'S', 'V':
			unit = 1
		}
		for i := 0; unit > 0 && i+unit <= len(b); i += unit {
			for j := unit - 1; j >= 0; j-- {
				w.put(b[i+j])
			}
		}
	default:
		w.buf = append(w.buf, b...)
	}
}
