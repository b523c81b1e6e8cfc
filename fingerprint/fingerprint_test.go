package fingerprint

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-ml/larder/format/joblib"
	"github.com/larder-ml/larder/format/skops"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

func of(t *testing.T, v pyobj.Value) Digest {
	t.Helper()
	d, err := Of(v)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestFormsOfOneModel reads testdata/fingerprint: one fitted model in every form, and models that differ from it.
func TestFormsOfOneModel(t *testing.T) {
	dir := fixture.Path(t, "fingerprint")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 10 {
		t.Fatal("no fixtures", err)
	}
	same, other := map[Digest][]string{}, map[Digest]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		decode := joblib.Decode
		if skops.Sniff(b) {
			decode = skops.Decode
		}
		doc, err := decode(source.Bytes(b), source.Default())
		if err != nil {
			t.Fatal(err)
		}
		d, name := of(t, doc.Root), filepath.Base(f)
		if strings.HasPrefix(name, "model.") {
			same[d] = append(same[d], name)
			continue
		}
		if was := other[d]; was != "" {
			t.Errorf("%s and %s have one fingerprint", name, was)
		}
		other[d] = name
	}
	if len(same) != 1 {
		t.Errorf("one model has %d fingerprints: %v", len(same), same)
	}
	for d, name := range other {
		if same[d] != nil {
			t.Errorf("%s has the fingerprint of the model", name)
		}
	}
}

func array(d *pyobj.DType, fortran bool, data []byte, shape ...int) *pyobj.Array {
	return &pyobj.Array{DType: d, Shape: shape, Fortran: fortran, Data: data}
}

func i2(order byte) *pyobj.DType { return &pyobj.DType{Kind: 'i', Size: 2, Order: order} }

func list(v ...pyobj.Value) *pyobj.List { return &pyobj.List{Items: v} }

func TestWhatDoesNotCount(t *testing.T) {
	c := array(i2('<'), false, []byte{1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0}, 2, 3)
	shared := list(pyobj.Int(1))
	fields := []pyobj.Field{{Name: "a", DType: i2('<')}, {Name: "b", DType: &pyobj.DType{Kind: 'b', Size: 1}, Offset: 2}}
	padded := &pyobj.DType{Kind: 'V', Size: 4, Fields: fields}
	packed := &pyobj.DType{Kind: 'V', Size: 3, Fields: fields}
	core := func(m string) *pyobj.Global { return &pyobj.Global{Module: m, Name: "exp"} }
	for name, p := range map[string][2]pyobj.Value{
		"memory order": {c, array(i2('<'), true, []byte{1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6, 0}, 2, 3)},
		"byte order":   {c, array(i2('>'), false, []byte{0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6}, 2, 3)},
		"padding":      {array(padded, false, []byte{1, 0, 1, 9, 2, 0, 0, 7}, 2), array(packed, false, []byte{1, 0, 1, 2, 0, 0}, 2)},
		"scalar":       {list(&pyobj.Scalar{DType: i2('<'), Data: []byte{1, 0}}), list(array(i2('<'), false, []byte{1, 0}))},
		"identity":     {list(shared, shared), list(list(pyobj.Int(1)), list(pyobj.Int(1)))},
		"set order":    {&pyobj.Set{Items: []pyobj.Value{pyobj.Int(1), pyobj.Str("a")}}, &pyobj.Set{Items: []pyobj.Value{pyobj.Str("a"), pyobj.Int(1)}}},
		"ufunc of numpy 1.19": {&pyobj.List{Items: []pyobj.Value{&pyobj.Global{Module: "numpy", Name: "exp"}}}, &pyobj.List{Items: []pyobj.Value{
			&pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "numpy.core", Name: "_ufunc_reconstruct"}, Args: []pyobj.Value{pyobj.Str("numpy.core._multiarray_umath"), pyobj.Str("exp")}}}}},
		"exceptions":  {&pyobj.Global{Module: "exceptions", Name: "FutureWarning"}, &pyobj.Global{Module: "builtins", Name: "FutureWarning"}},
		"numpy._core": {core("numpy._core._multiarray_umath"), core("numpy.core._multiarray_umath")},
		"making": {&pyobj.Object{Make: pyobj.New, Class: core("m"), State: &pyobj.Dict{Entries: []pyobj.Entry{{Key: pyobj.Str("a"), Value: pyobj.Int(1)}}}},
			&pyobj.Object{Make: pyobj.Reduce, Class: core("m"), State: &pyobj.Dict{Entries: []pyobj.Entry{{Key: pyobj.Str("a"), Value: pyobj.Int(1)}}}}},
		"memmap": {array(i2('<'), false, []byte{1, 0}, 1), &pyobj.Array{DType: i2('<'), Shape: []int{1}, Data: []byte{1, 0}, Subclass: &pyobj.Global{Module: "numpy", Name: "memmap"}}},
	} {
		if of(t, p[0]) != of(t, p[1]) {
			t.Errorf("%s counts", name)
		}
	}
}

func TestWhatCounts(t *testing.T) {
	all := map[string]pyobj.Value{
		"int": pyobj.Int(1), "bool": pyobj.Bool(true), "float": pyobj.Float(1), "text": pyobj.Str("1"), "bytes": pyobj.Bytes("1"),
		"list": list(pyobj.Int(1)), "tuple": &pyobj.Tuple{Items: []pyobj.Value{pyobj.Int(1)}}, "nested": list(list(pyobj.Int(1))),
		"set": &pyobj.Set{Items: []pyobj.Value{pyobj.Int(1)}}, "frozen": &pyobj.Set{Items: []pyobj.Value{pyobj.Int(1)}, Frozen: true},
		"i2": array(i2('<'), false, []byte{1, 0}, 1), "0-d": array(i2('<'), false, []byte{1, 0}), "2-d": array(i2('<'), false, []byte{1, 0}, 1, 1),
		"u2":      array(&pyobj.DType{Kind: 'u', Size: 2, Order: '<'}, false, []byte{1, 0}, 1),
		"matrix":  &pyobj.Array{DType: i2('<'), Shape: []int{1}, Data: []byte{1, 0}, Subclass: &pyobj.Global{Module: "numpy", Name: "matrix"}},
		"dict ab": &pyobj.Dict{Entries: []pyobj.Entry{{Key: pyobj.Str("a"), Value: pyobj.Int(1)}, {Key: pyobj.Str("b"), Value: pyobj.Int(1)}}},
		"dict ba": &pyobj.Dict{Entries: []pyobj.Entry{{Key: pyobj.Str("b"), Value: pyobj.Int(1)}, {Key: pyobj.Str("a"), Value: pyobj.Int(1)}}},
		"none":    pyobj.None{}, "-0.0": pyobj.Float(negZero()), "0.0": pyobj.Float(0),
		"two texts": list(pyobj.Str("ab"), pyobj.Str("c")), "other texts": list(pyobj.Str("a"), pyobj.Str("bc")),
	}
	seen := map[Digest]string{}
	for name, v := range all {
		d := of(t, v)
		if was := seen[d]; was != "" {
			t.Errorf("%s and %s are one", name, was)
		}
		seen[d] = name
	}
}

func negZero() float64 { z := 0.0; return -z }

func TestCycles(t *testing.T) {
	loop := func(n int) pyobj.Value {
		l := list()
		inner := l
		for range n {
			next := list()
			inner.Items = []pyobj.Value{next}
			inner = next
		}
		inner.Items = []pyobj.Value{l}
		return l
	}
	if a, b := loop(1), loop(1); of(t, a) != of(t, b) {
		t.Error("one cycle, two fingerprints")
	}
	if of(t, loop(0)) == of(t, loop(2)) {
		t.Error("cycles of different length have one fingerprint")
	}
	// A node inside a cycle is not remembered: met from elsewhere it reads otherwise.
	a, b := list(), list()
	a.Items, b.Items = []pyobj.Value{b, pyobj.Int(1)}, []pyobj.Value{a, pyobj.Int(2)}
	if of(t, list(a, b)) == of(t, list(b, a)) {
		t.Error("order does not count in a cycle")
	}
}

func TestArraysThatDoNotHoldWhatTheySayAreErrors(t *testing.T) {
	for _, v := range []pyobj.Value{
		array(i2('<'), false, []byte{1}, 1), array(nil, false, nil, 1), array(i2('<'), false, []byte{1, 0}, -1),
		&pyobj.Array{DType: &pyobj.DType{Kind: 'O', Size: 8}, Shape: []int{2}, Objects: []pyobj.Value{pyobj.Int(1)}},
		array(&pyobj.DType{Kind: 'V', Size: 2, Fields: []pyobj.Field{{Name: "a", DType: i2('<'), Offset: 1}}}, false, []byte{1, 2}, 1),
	} {
		if _, err := Of(v); !errors.Is(err, source.ErrUnsupported) {
			t.Errorf("%v: %v", v, err)
		}
	}
}
