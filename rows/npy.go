package rows

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

func parseNPY(b []byte) (*Table, error) {
	if a, _, err := npy.Header(b); err == nil && a.DType.HasObject() {
		return parseObjects(b)
	}
	a, n, err := npy.Array(b, source.Default())
	if err != nil {
		return nil, err
	}
	if n != len(b) {
		return nil, &Error{Row: -1, Msg: fmt.Sprintf("%d bytes after the array", len(b)-n)}
	}
	return fromArray(a)
}

// parseObjects reads an array of objects, a pickle behind a header, if plain values are all it holds.
func parseObjects(b []byte) (*Table, error) {
	doc, err := npy.Decode(source.Bytes(b), source.Default())
	if err != nil {
		return nil, err
	}
	if err := plain(doc); err != nil {
		return nil, err
	}
	a, ok := doc.Root.(*pyobj.Array)
	if !ok || len(doc.Extra) > 0 {
		return nil, &Error{Row: -1, Msg: "more than one array"}
	}
	return fromArray(a)
}

// plain reports arrays of objects that are more than plain values.
func plain(doc *pyobj.Doc) error {
	for _, i := range doc.Imports {
		switch module, _, _ := strings.Cut(i.Global.Module, "."); module {
		case "numpy", "_codecs":
		default:
			return &Error{Row: -1, Msg: fmt.Sprintf("an array of objects that imports %s.%s, wanted numbers and text", i.Global.Module, i.Global.Name)}
		}
	}
	for _, n := range doc.Notes {
		if n.Level == pyobj.LevelRefuse {
			return &Error{Row: -1, Msg: n.Message}
		}
	}
	return nil
}

// fromArray makes a table of an array: a structured one has named columns.
func fromArray(a *pyobj.Array) (*Table, error) {
	if len(a.DType.Fields) > 0 {
		return fromRecords(a)
	}
	x, err := numpy.Tensor(a)
	if err != nil {
		return nil, err
	}
	if len(x.Shape) == 0 {
		return nil, &Error{Row: -1, Msg: "a single value, wanted a matrix"}
	}
	if a.DType.Order == '>' && x.DType.IsFloat() {
		x = tensor.FromF64(x.AsF64(), x.Shape...) // float32 and float16 of this order are none to scikit-learn, which makes float64 of them
	}
	return &Table{N: x.Rows(), Value: &tensor.Value{Dense: x}, Typed: true}, nil
}

// fromRecords makes a column of each field of a structured array.
func fromRecords(a *pyobj.Array) (*Table, error) {
	if len(a.Shape) != 1 {
		return nil, &Error{Row: -1, Msg: fmt.Sprintf("a structured array of %d dimensions, wanted one", len(a.Shape))}
	}
	t := &Table{N: a.Shape[0], Typed: true}
	if len(a.Data) < t.N {
		return nil, &Error{Row: -1, Msg: "a structured array without bytes"}
	}
	for _, f := range a.DType.Fields {
		c := Column{}
		if f.DType != nil && (f.DType.Sub != nil || len(f.DType.Fields) > 0 || f.DType.Kind == 'O') {
			c.Err = &Error{Row: -1, Msg: fmt.Sprintf("field %q holds several values or objects, wanted one number or text", f.Name)}
		} else if c.Tensor, c.Err = numpy.Field(a, f.Name); c.Err != nil {
			c.Err = &Error{Row: -1, Msg: fmt.Sprintf("field %q: %v", f.Name, c.Err)}
		}
		if c.Err != nil {
			c.Tensor = tensor.New(tensor.Float64, t.N)
		}
		t.Names, t.Columns = append(t.Names, f.Name), append(t.Columns, c)
	}
	return t, nil
}

// parseNPZ reads the array called X, the only array, or the parts of scipy.sparse.save_npz.
func parseNPZ(b []byte) (*Table, error) {
	names, arrays, err := npy.Zip(b, source.Default(), func(names []string) []string {
		if has := func(name string) bool { return slices.Contains(names, name) }; has("X") && !(has("format") && has("data") && has("shape")) {
			return []string{"X"}
		}
		return names
	})
	if err != nil {
		if names, arrays = zipOfObjects(b); arrays == nil {
			return nil, err
		}
	}
	if arrays["format"] != nil && arrays["data"] != nil && arrays["shape"] != nil {
		return parseSparse(arrays)
	}
	a := arrays["X"]
	if a == nil && len(names) == 1 {
		a = arrays[names[0]]
	}
	if a == nil {
		return nil, &Error{Row: -1, Msg: "no array called X; there are " + list(names)}
	}
	return fromArray(a)
}

// zipOfObjects reads an archive of arrays of which some hold objects, nil if it is none or they are more than plain values.
func zipOfObjects(b []byte) (names []string, arrays map[string]*pyobj.Array) {
	doc, err := npy.DecodeZip(source.Bytes(b), source.Default())
	if err != nil || plain(doc) != nil {
		return nil, nil
	}
	arrays = map[string]*pyobj.Array{}
	for _, e := range doc.Root.(*pyobj.Dict).Entries {
		if name, ok := pyobj.Text(e.Key); ok {
			names = append(names, name)
			if a, ok := e.Value.(*pyobj.Array); ok {
				arrays[name] = a
			}
		}
	}
	return names, arrays
}

func parseSparse(arrays map[string]*pyobj.Array) (*Table, error) {
	class := strings.ReplaceAll(string(arrays["format"].Data), "\x00", "")
	state := &pyobj.Dict{}
	for name, a := range arrays {
		state.Set(pyobj.Str(name), a)
	}
	shape := &pyobj.Tuple{}
	x, err := numpy.Tensor(arrays["shape"])
	if err != nil {
		return nil, err
	}
	for _, n := range x.I64 {
		shape.Items = append(shape.Items, pyobj.Int(n))
	}
	state.Set(pyobj.Str("shape"), shape)
	s, err := numpy.Sparse(&pyobj.Object{Make: pyobj.New, Class: &pyobj.Global{Module: "scipy.sparse", Name: class + "_matrix"}, State: state})
	if err != nil {
		return nil, &Error{Row: -1, Msg: fmt.Sprintf("sparse matrix of format %q: %v", class, err)}
	}
	return &Table{N: s.Rows, Value: &tensor.Value{CSR: s}}, nil
}

// toArray stores a tensor as numpy would: text as fixed-width unicode. Mixed cells have no place outside a pickle.
func toArray(t *tensor.Tensor) (*pyobj.Array, error) {
	a := &pyobj.Array{Shape: slices.Clone(t.Shape), DType: &pyobj.DType{Order: '<'}, Offset: -1}
	le := binary.LittleEndian
	n := t.Len()
	if t.DType == tensor.Object {
		s := make([]string, n)
		for i, c := range t.Cells {
			if c.Kind != tensor.CellStr {
				return nil, &Error{Row: -1, Msg: "a column of mixed values does not fit npy: use json"}
			}
			s[i] = c.S
		}
		t = tensor.FromStr(s, t.Shape...)
	}
	d := a.DType
	switch t.DType {
	case tensor.Float64:
		d.Kind, d.Size = 'f', 8
		for _, v := range t.F64 {
			a.Data = le.AppendUint64(a.Data, math.Float64bits(v))
		}
	case tensor.Float16:
		d.Kind, d.Size = 'f', 2
		for _, v := range t.F32 {
			a.Data = le.AppendUint16(a.Data, numpy.HalfBits(v))
		}
	case tensor.Float32:
		d.Kind, d.Size = 'f', 4
		for _, v := range t.F32 {
			a.Data = le.AppendUint32(a.Data, math.Float32bits(v))
		}
	case tensor.Bool:
		d.Kind, d.Size, d.Order = 'b', 1, '|'
		a.Data = append(a.Data, t.U8...)
	case tensor.String:
		w := 1
		for _, s := range t.Str {
			w = max(w, utf8.RuneCountInString(s))
		}
		d.Kind, d.Size = 'U', 4*w
		for _, s := range t.Str {
			k := 0
			for _, r := range s {
				a.Data = le.AppendUint32(a.Data, uint32(r)) //nolint:gosec // a rune is not negative
				k++
			}
			a.Data = append(a.Data, make([]byte, 4*(w-k))...)
		}
	default:
		d.Kind, d.Size = 'i', 8>>((t.DType-tensor.Int64)%4)
		if t.DType >= tensor.Uint64 {
			d.Kind = 'u'
		}
		for _, v := range t.I64 {
			a.Data = append(a.Data, le.AppendUint64(nil, uint64(v))[:d.Size]...) //nolint:gosec // as its bits
		}
	}
	return a, nil
}

// writeNPZ writes arrays under names, as numpy.savez_compressed does.
func writeNPZ(w io.Writer, names []string, arrays []*pyobj.Array) error {
	z := zip.NewWriter(w)
	for i, name := range names {
		f, err := z.Create(name + ".npy")
		if err != nil {
			return err
		}
		if err := npy.Encode(f, arrays[i]); err != nil {
			return err
		}
	}
	return z.Close()
}
