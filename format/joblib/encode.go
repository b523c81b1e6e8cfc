package joblib

import (
	"bytes"
	"fmt"
	"io"

	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// alignment is what joblib 1.2 and later align array data to.
const alignment = 16

// Options choose among the files joblib can write. The zero value is refused: Protocol must be given.
type Options struct {
	Compressor string // zlib, gzip, bz2, lzma, xz, lz4, or "" for none
	Level      int    // 1 to 9; 0 is joblib's default of 3 (9 for bz2, 1 for lz4)
	Protocol   int    // pickle protocol, 2 to 5
	Core       bool   // write numpy.core, for readers with numpy before 2.0
	Identity   bool   // the values were decoded from a pickle: equal strings and dtypes are as many objects as there
	Packed     bool   // arrays are not aligned, for readers with joblib before 1.2
	Python2    bool   // of protocol 2: for Python 2, whose numpy takes names of fields as its own str alone
}

// Encode writes v as joblib.dump does in joblib 1.6: arrays spliced into the pickle stream, aligned, in their own byte
// and memory order. A Doc decoded from what was written holds the same values.
func Encode(w io.Writer, v pyobj.Value, opt Options) error {
	var err error
	pyobj.Walk(v, func(v pyobj.Value) bool {
		if o, ok := v.(*pyobj.Object); ok && wrapper(o) != "" { // a reader would take what follows for its array
			err = fmt.Errorf("joblib: an array wrapper without its array: %w", source.ErrUnsupported)
		}
		return err == nil
	})
	if err != nil {
		return err
	}
	z, err := compress(w, opt.Compressor, opt.Level)
	if err != nil {
		return err
	}
	s := splicer{opt: opt, reducer: &numpy.Reducer{Protocol: opt.Protocol, Core: opt.Core, Identity: opt.Identity, Python2: opt.Python2}}
	if s.e, err = pickle.NewEncoder(z, opt.Protocol, s.reducer.Reduce); err != nil {
		return err
	}
	s.e.Array, s.e.Identity = s.array, opt.Identity
	s.attributes = attributes[:]
	if opt.Packed {
		s.attributes = attributes[:len(attributes)-1]
	}
	s.e.Names(s.attributes...)
	if err := s.e.Encode(v); err != nil {
		return err
	}
	return z.Close()
}

// Pickle writes v as a plain pickle, as pickle.dump does.
func Pickle(w io.Writer, v pyobj.Value, opt Options) error {
	if opt.Compressor != "" {
		return &OptionError{"a plain pickle is not compressed"}
	}
	r := numpy.Reducer{Protocol: opt.Protocol, Core: opt.Core, Identity: opt.Identity, Python2: opt.Python2}
	e, err := pickle.NewEncoder(w, opt.Protocol, r.Reduce)
	if err != nil {
		return err
	}
	e.Identity = opt.Identity
	return e.Encode(v)
}

// attributes are those of NumpyArrayWrapper.
var attributes = [...]string{"subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"}

// splicer writes a wrapper in an array's place and the array's bytes behind it.
type splicer struct {
	opt     Options
	e       *pickle.Encoder
	reducer *numpy.Reducer

	attributes []string
}

func (s *splicer) array(a *pyobj.Array) (bool, error) {
	class := &pyobj.Global{Module: "numpy", Name: "ndarray"}
	if a.Subclass != nil {
		switch numpy.Canonical(a.Subclass) {
		case "numpy.matrix", "numpy.matrixlib.defmatrix.matrix", "numpy.core.defmatrix.matrix":
			class = a.Subclass
		default:
			return false, nil // written as any other object
		}
	}
	objects := a.DType.HasObject()
	if objects && a.DType.Kind != 'O' {
		return false, fmt.Errorf("joblib: an array of structures that hold objects: %w", source.ErrUnsupported)
	}
	order := pyobj.Str("C")
	if a.Fortran && len(a.Shape) > 1 {
		order = "F"
	}
	shape := &pyobj.Tuple{}
	for _, n := range a.Shape {
		shape.Items = append(shape.Items, pyobj.Int(n))
	}
	state := &pyobj.Dict{}
	values := []pyobj.Value{class, shape, order, a.DType, pyobj.Bool(!objects), pyobj.Int(alignment)}
	for i, name := range s.attributes {
		state.Set(pyobj.Str(name), values[i])
	}
	err := s.e.Save(&pyobj.Object{Make: pyobj.New, Class: &pyobj.Global{Module: "joblib.numpy_pickle", Name: "NumpyArrayWrapper"}, State: state})
	if err != nil {
		return false, err
	}
	if err := s.e.CommitFrame(); err != nil {
		return false, err
	}
	if objects {
		return true, s.objects(a)
	}
	if err := numpy.Fits(a.DType, a.Shape, int64(len(a.Data))); err != nil {
		return false, fmt.Errorf("joblib: %w", err)
	}
	if s.opt.Packed {
		return true, s.e.Raw(a.Data)
	}
	n := alignment - (s.e.Offset()+1)%alignment
	pad := append([]byte{byte(n)}, bytes.Repeat([]byte{0xff}, int(n))...)
	if err := s.e.Raw(pad); err != nil {
		return false, err
	}
	return true, s.e.Raw(a.Data)
}

// objects writes an object array as a pickle of its own, of protocol 5 as joblib 1.5 and later do. Where the file is
// for numpy before 2.0 it is of the file's protocol, so that older Pythons read it.
func (s *splicer) objects(a *pyobj.Array) error {
	var b bytes.Buffer
	opt := Options{Protocol: 5, Core: s.opt.Core, Identity: s.opt.Identity}
	if opt.Core {
		opt.Protocol = s.opt.Protocol
	}
	if err := Pickle(&b, a, opt); err != nil {
		return err
	}
	return s.e.Raw(b.Bytes())
}
