package joblib

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// wrapper names the kind of array wrapper an object is, "" if it is none.
func wrapper(o *pyobj.Object) string {
	name := strings.TrimPrefix(o.ClassName(), "sklearn.externals.")
	rest, ok := strings.CutPrefix(name, "joblib.numpy_pickle")
	if !ok {
		return ""
	}
	switch strings.TrimPrefix(rest, "_compat") {
	case ".NumpyArrayWrapper":
		return "NumpyArrayWrapper"
	case ".NDArrayWrapper":
		return "NDArrayWrapper"
	case ".ZNDArrayWrapper":
		return "ZNDArrayWrapper"
	}
	return ""
}

// built gives the array that joblib's unpickler would put in a wrapper's place.
func (r *reader) built(o *pyobj.Object) (pyobj.Value, error) {
	g, _ := o.Class.(*pyobj.Global)
	kind, known := r.kinds[g]
	if !known || o.Make == pyobj.Reduce {
		if kind = wrapper(o); o.Make != pyobj.Reduce {
			r.kinds[g] = kind
		}
	}
	if kind == "" {
		return nil, nil
	}
	r.m.Doc.Format = Name
	d, ok := o.State.(*pyobj.Dict)
	if !ok {
		return nil, r.bad("%s without its attributes", kind)
	}
	switch kind {
	case "NumpyArrayWrapper":
		return r.spliced(d)
	case "NDArrayWrapper":
		return r.companion(d)
	}
	return r.companionZF(d)
}

// subclass gives the array class of a wrapper, nil for ndarray and memmap.
func (r *reader) subclass(v pyobj.Value) (*pyobj.Global, error) {
	g, ok := v.(*pyobj.Global)
	if !ok {
		return nil, r.bad("array wrapper without a subclass")
	}
	switch numpy.Canonical(g) {
	case "numpy.ndarray", "numpy.memmap", "numpy.core.memmap.memmap":
		return nil, nil
	case "numpy.matrix", "numpy.matrixlib.defmatrix.matrix", "numpy.core.defmatrix.matrix":
	default:
		r.m.Note("wrapper-subclass", pyobj.LevelRefuse, r.m.Offset(), "an array wrapper makes %s", g)
	}
	return g, nil
}

func (r *reader) dtype(v pyobj.Value) (*pyobj.DType, error) {
	if _, ok := v.(*pyobj.Object); !ok { // bytes are no key of a map
		return nil, r.bad("array wrapper without a dtype")
	}
	if d := r.dtypes[v]; d != nil {
		return d, nil
	}
	f, err := numpy.Folding{DTypes: r.dtypes}.Fold(v)
	if err != nil {
		return nil, err
	}
	d, ok := f.(*pyobj.DType)
	if !ok {
		return nil, r.bad("array wrapper without a dtype")
	}
	return d, nil
}

// spliced reads the array that follows a NumpyArrayWrapper in the stream.
func (r *reader) spliced(d *pyobj.Dict) (pyobj.Value, error) {
	sub, err := r.subclass(d.Get("subclass"))
	if err != nil {
		return nil, err
	}
	dt, err := r.dtype(d.Get("dtype"))
	if err != nil {
		return nil, err
	}
	at := r.m.Offset()
	if dt.HasObject() {
		r.m.Remark(at, "object array, a pickle of its own")
		return r.m.Nested()
	}
	t, ok := d.Get("shape").(*pyobj.Tuple)
	if !ok {
		return nil, r.bad("array wrapper without a shape")
	}
	shape, err := numpy.Shape(t)
	if err != nil {
		return nil, r.bad("%v", err)
	}
	order, _ := pyobj.Text(d.Get("order"))
	if order != "C" && order != "F" {
		return nil, r.bad("array order %q is not known", order)
	}
	size, err := numpy.ByteSize(dt, shape)
	if err != nil {
		return nil, r.bad("%v", err)
	}
	if n, _ := numpy.Elements(shape); int64(n) > r.lim.Elements {
		return nil, &source.LimitError{Limit: "number of elements", Value: int64(n), Max: r.lim.Elements, Offset: at}
	}
	if err := r.padding(d); err != nil {
		return nil, err
	}
	a := &pyobj.Array{DType: dt, Shape: shape, Fortran: order == "F" && len(shape) > 1, Subclass: sub, Offset: r.m.Offset()}
	if r.s != nil && r.stepsOver(dt, size) {
		a.Unread = true
		r.m.Doc.Unread += size
		err = r.m.Skip(size)
	} else {
		a.Data, err = r.m.Take(size)
	}
	if err != nil {
		return nil, err
	}
	a.Mapped = r.s == nil && r.src.Mapped() && size > pickle.Copied
	r.remark(at, "array of %d bytes at %d, shape %v, dtype %s", size, a.Offset, shape, dt.Code())
	return a, nil
}

// stepsOver reports whether an array of a compressed stream is not kept: a disassembly wants none, an outline no floats there is no
// room for.
func (r *reader) stepsOver(d *pyobj.DType, size int64) bool {
	return r.m.Listing() || r.lim.Outline && d.Inert() && !r.m.Holds(size)
}

// remark adds a line to a disassembly.
func (r *reader) remark(at int64, format string, args ...any) {
	if r.m.Listing() {
		r.m.Remark(at, fmt.Sprintf(format, args...))
	}
}

// padding steps over the bytes joblib 1.2 and later writes to align the data: one with their number, then as many.
func (r *reader) padding(d *pyobj.Dict) error {
	switch d.Get("numpy_array_alignment_bytes").(type) {
	case nil, pyobj.None:
		return nil
	}
	at := r.m.Offset()
	n, err := r.m.Take(1)
	if err != nil {
		return err
	}
	count := int64(n[0])
	pad, err := r.m.Take(count)
	if err != nil {
		return err
	}
	if bytes.Count(pad, []byte{0xff}) != len(pad) || count != 16-(at+1)%16 {
		r.m.Note("padding", pyobj.LevelSuspect, at, "the padding before an array is not as joblib writes it")
	}
	return nil
}

// companion reads the .npy file beside a model of joblib 0.9 or older.
func (r *reader) companion(d *pyobj.Dict) (pyobj.Value, error) {
	sub, err := r.subclass(d.Get("subclass"))
	if err != nil {
		return nil, err
	}
	name, ok := pyobj.Text(d.Get("filename"))
	if !ok {
		return nil, r.bad("array wrapper without a file name")
	}
	a := r.npy[name]
	if a == nil {
		src, err := r.sibling(name)
		if err != nil {
			return nil, err
		}
		if a, err = npy.DecodeInto(r.m.Doc, src.All(), name, r.lim); err != nil {
			return nil, err
		}
		a.Mapped = src.Mapped() && a.Data != nil
		if r.npy == nil {
			r.npy = map[string]*pyobj.Array{}
		}
		r.npy[name] = a
	}
	own := *a // the same file may stand for two arrays
	own.Subclass, own.Offset = sub, -1
	r.remark(r.m.Offset(), "array in %q, shape %v, dtype %s", name, a.Shape, a.DType.Code())
	return &own, nil
}

// companions is how many files beside the first may be opened.
const companions = 10_000

func (r *reader) sibling(name string) (*source.Source, error) {
	if n := len(r.npy) + len(r.zf); n >= companions {
		return nil, &source.LimitError{Limit: "number of companion files", Value: int64(n) + 1, Max: companions, Offset: r.m.Offset()}
	}
	src, err := r.src.Sibling(name, r.lim)
	if err != nil {
		return nil, &ContainerError{Msg: fmt.Sprintf("companion file: %v", err), Err: err}
	}
	return src, nil
}

// companionZF reads the .npy.z file beside a compressed model of joblib 0.9 or older: an array's bytes, whose shape and
// dtype stand in the wrapper as the arguments and state of numpy's own reduce form.
func (r *reader) companionZF(d *pyobj.Dict) (pyobj.Value, error) {
	name, ok := pyobj.Text(d.Get("filename"))
	init, ok1 := d.Get("init_args").(*pyobj.Tuple)
	state, ok2 := d.Get("state").(*pyobj.Tuple)
	if !ok || !ok1 || !ok2 {
		return nil, r.bad("array wrapper without file name, arguments and state")
	}
	if len(init.Items) > 0 {
		if _, err := r.subclass(init.Items[0]); err != nil {
			return nil, err
		}
	}
	data, ok := r.zf[name]
	if !ok {
		src, err := r.sibling(name)
		if err != nil {
			return nil, err
		}
		if data, err = r.unpackZF(src); err != nil {
			return nil, &ContainerError{Compressor: "ZF", Msg: fmt.Sprintf("companion file %q: %v", name, err), Err: err}
		}
		if r.zf == nil {
			r.zf = map[string][]byte{}
		}
		r.zf[name] = data
	}
	r.remark(r.m.Offset(), "array of %d bytes in %q", len(data), name)
	return &pyobj.Object{
		Make:   pyobj.Reduce,
		Class:  &pyobj.Global{Module: "numpy.core.multiarray", Name: "_reconstruct"},
		Args:   init.Items,
		State:  &pyobj.Tuple{Items: append(append([]pyobj.Value{}, state.Items...), pyobj.Bytes(data))},
		Offset: r.m.Offset(),
	}, nil
}

// unpackZF decompresses a whole companion, within what is left of the limit.
func (r *reader) unpackZF(src *source.Source) ([]byte, error) {
	if Compressor(src.All()) != "ZF" {
		return nil, fmt.Errorf("no ZF header")
	}
	lim, room := r.lim, r.lim.HeldBy(src.Len())
	for _, b := range r.zf {
		lim.Decompressed -= int64(len(b))
		room -= int64(len(b))
	}
	room = min(lim.Decompressed, max(room, 0))
	s, err := open(src, "ZF", lim)
	if err != nil {
		return nil, err
	}
	out, err := source.ReadAll(s, min(s.declared, src.Len()*notable), room)
	var over *source.LimitError
	if errors.As(err, &over) && over.Max == room && room < lim.Decompressed {
		err = source.OverHeld(over.Value, room, -1)
	}
	if err != nil {
		return nil, err
	}
	if n := s.left(); n > 0 {
		r.m.Note("trailing-bytes", pyobj.LevelRefuse, -1, "%d bytes after the end of a companion's stream", n)
	}
	return out, nil
}
