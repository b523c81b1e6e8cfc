package skops

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/larder-ml/larder/fingerprint"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

func encode(t testing.TB, v pyobj.Value) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(b []byte) (*pyobj.Doc, error) { return Decode(source.Bytes(b), source.Default()) }

func list(v ...pyobj.Value) *pyobj.List { return &pyobj.List{Items: v} }

func dict(kv ...pyobj.Value) *pyobj.Dict {
	d := &pyobj.Dict{}
	for i := 0; i < len(kv); i += 2 {
		d.Entries = append(d.Entries, pyobj.Entry{Key: kv[i], Value: kv[i+1]})
	}
	return d
}

func f8(fortran bool, shape ...int) *pyobj.Array {
	a := &pyobj.Array{DType: &pyobj.DType{Kind: 'f', Size: 8, Order: '<'}, Shape: shape, Fortran: fortran}
	for i := range 8 * a.Len() {
		a.Data = append(a.Data, byte(i))
	}
	return a
}

func objects(shape []int, items ...pyobj.Value) *pyobj.Array {
	return &pyobj.Array{DType: &pyobj.DType{Kind: 'O', Size: 8, Order: '|'}, Shape: shape, Objects: items}
}

// model is an object with attributes of many kinds, one of them shared.
func model() pyobj.Value {
	shared := f8(true, 2, 3)
	big10 := new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil)
	return &pyobj.Object{Make: pyobj.New, Class: &pyobj.Global{Module: "sklearn.linear_model._ridge", Name: "Ridge"}, State: dict(
		pyobj.Str("coef_"), shared, pyobj.Str("again"), list(shared, &pyobj.Tuple{Items: []pyobj.Value{shared}}),
		pyobj.Str("numbers"), list(pyobj.Int(-3), &pyobj.BigInt{V: big10}, pyobj.Float(0.1), pyobj.Float(math.Inf(-1)), pyobj.Bool(true), pyobj.None{}),
		pyobj.Str("text"), list(pyobj.Str("a\"\\\n\x00é😀"), pyobj.Str("\xed\xb2\x80"), pyobj.Bytes("\x00\xff"), &pyobj.ByteArray{B: []byte("x")}),
		pyobj.Str("keys"), dict(pyobj.Int(3), pyobj.Str("int"), pyobj.Float(0.5), pyobj.Str("float"), pyobj.Str("s"), pyobj.None{}),
		pyobj.Str("set"), &pyobj.Set{Items: []pyobj.Value{pyobj.Int(1)}}, pyobj.Str("frozen"), &pyobj.Set{Frozen: true},
		pyobj.Str("objects"), objects([]int{2, 1}, pyobj.Str("a"), pyobj.None{}), pyobj.Str("dtype"), shared.DType,
		pyobj.Str("scalar"), &pyobj.Scalar{DType: shared.DType, Data: shared.Data[:8]},
		pyobj.Str("record"), &pyobj.Scalar{DType: &pyobj.DType{Kind: 'V', Size: 8, Order: '|', Fields: []pyobj.Field{{Name: "a", DType: shared.DType}}}, Data: shared.Data[:8]},
		pyobj.Str("zone"), &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "builtins", Name: "getattr"},
			Args: []pyobj.Value{&pyobj.Global{Module: "zoneinfo", Name: "ZoneInfo"}, pyobj.Str("_unpickle")}}, Args: []pyobj.Value{pyobj.Str("Europe/Berlin"), pyobj.Int(1)}},
		pyobj.Str("ufunc"), &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "numpy.core", Name: "_ufunc_reconstruct"},
			Args: []pyobj.Value{pyobj.Str("numpy.core._multiarray_umath"), pyobj.Str("log1p")}},
	), Offset: -1}
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	v := model()
	b := encode(t, v)
	doc, err := decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Notes) > 0 {
		t.Errorf("notes %v", doc.Notes)
	}
	want, _ := fingerprint.Of(v)
	if got, err := fingerprint.Of(doc.Root); err != nil || got != want {
		t.Errorf("fingerprint %v, want %v (%v)", got, want, err)
	}
	a, _ := doc.Root.(*pyobj.Object).Attrs()
	first := a.Get("coef_").(*pyobj.Array)
	if second := a.Get("again").(*pyobj.List).Items[0]; second != first {
		t.Error("a shared array came back as two")
	}
	if !first.Fortran {
		t.Error("the memory order was lost")
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if at, err := f.DataOffset(); err != nil || at%align != 0 || f.Method != zip.Store {
			t.Errorf("%s begins at %d, method %d (%v)", f.Name, at, f.Method, err)
		}
	}
	r, err := z.File[len(z.File)-1].Open()
	if err != nil || z.File[len(z.File)-1].Name != "schema.json" {
		t.Fatalf("last is %s: %v", z.File[len(z.File)-1].Name, err)
	}
	text, _ := io.ReadAll(r)
	if !json.Valid(text) || bytes.ContainsFunc(text, func(c rune) bool { return c > 0x7e }) {
		t.Error("schema.json is no plain JSON")
	}
}

func TestWhatSkopsCanNotHoldIsRefused(t *testing.T) {
	cycle := list()
	cycle.Items = append(cycle.Items, dict(pyobj.Str("up"), cycle))
	class := &pyobj.Global{Module: "m", Name: "Own"}
	masked := func(fill pyobj.Value) pyobj.Value {
		return &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "numpy.ma.core", Name: "_mareconstruct"},
			Args: []pyobj.Value{&pyobj.Global{Module: "numpy.ma", Name: "MaskedArray"}, &pyobj.Global{Module: "numpy", Name: "ndarray"}, &pyobj.Tuple{}, pyobj.Bytes("b")},
			State: &pyobj.Tuple{Items: []pyobj.Value{pyobj.Int(1), &pyobj.Tuple{Items: []pyobj.Value{pyobj.Int(1)}}, f8(false, 1).DType, pyobj.Bool(false),
				pyobj.Bytes(make([]byte, 8)), pyobj.Bytes{1}, fill}}}
	}
	if _, err := decode(encode(t, masked(pyobj.None{}))); err != nil {
		t.Errorf("a masked array: %v", err)
	}
	for name, v := range map[string]pyobj.Value{
		"cycle": cycle, "bool key": dict(pyobj.Bool(true), pyobj.None{}), "none key": dict(pyobj.None{}, pyobj.None{}),
		"tuple key": dict(&pyobj.Tuple{}, pyobj.None{}), "clash": dict(pyobj.Int(1), pyobj.None{}, pyobj.Str("1"), pyobj.None{}),
		"fill value": masked(&pyobj.Scalar{DType: f8(false).DType, Data: make([]byte, 8)}), "nested arrays": objects([]int{1, 1}, list()),
		"0-d objects": objects(nil, pyobj.None{}), "persistent": &pyobj.Persistent{ID: pyobj.Int(1)},
		"function call":        &pyobj.Object{Make: pyobj.Reduce, Class: &pyobj.Global{Module: "m", Name: "f"}},
		"state after call":     &pyobj.Object{Make: pyobj.Reduce, Class: class, State: dict(pyobj.Str("a"), pyobj.Int(1))},
		"arguments":            &pyobj.Object{Make: pyobj.New, Class: class, Args: []pyobj.Value{pyobj.Int(1)}},
		"slots":                &pyobj.Object{Make: pyobj.New, Class: class, State: &pyobj.Tuple{Items: []pyobj.Value{pyobj.None{}, dict(pyobj.Str("a"), pyobj.Int(1))}}},
		"dict with attributes": &pyobj.Object{Make: pyobj.New, Class: class, Pairs: []pyobj.Entry{{Key: pyobj.Str("a"), Value: pyobj.None{}}}, State: dict(pyobj.Str("b"), pyobj.Int(1))},
		"dotted name":          &pyobj.Global{Module: "m", Name: "A.f"}, "recarray": &pyobj.Array{DType: f8(false).DType, Shape: []int{0}, Subclass: &pyobj.Global{Module: "numpy", Name: "recarray"}},
	} {
		err := Encode(io.Discard, &pyobj.Tuple{Items: []pyobj.Value{v}})
		if !errors.Is(err, source.ErrUnsupported) || !strings.Contains(err.Error(), "model[0]") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUntrustedTypes(t *testing.T) {
	own := &pyobj.Object{Make: pyobj.New, Class: &pyobj.Global{Module: "__main__", Name: "Own"}, State: dict(
		pyobj.Str("a"), model(), pyobj.Str("f"), &pyobj.Global{Module: "numpy", Name: "log1p"}, pyobj.Str("g"), &pyobj.Global{Module: "copy", Name: "copy"}), Offset: -1}
	doc, err := decode(encode(t, own))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(doc.Untrusted, " "); got != "__main__.Own builtins.frozenset copy.copy numpy.dtype zoneinfo.ZoneInfo" {
		t.Errorf("untrusted %s", got)
	}
}

// Before 0.6 a generator's state was no node but JSON.
func TestGeneratorsOfTheFirstReleases(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, `{"__class__":"Generator","__module__":"numpy.random._generator","__loader__":"RandomGeneratorNode","content":{"bit_generator":`+
		`{"bit_generator":"PCG64","state":{"state":323726261719206589602543583274561722519,"inc":222003063171874261427395693950637096479},"has_uint32":0,"uinteger":0}},`+
		`"__id__":1,"protocol":0,"_skops_version":"0.5.0"}`)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	doc, err := decode(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	state, _, err := numpy.Generator(doc.Root.(*pyobj.Object))
	if err != nil {
		t.Fatal(err)
	}
	in, _ := state.Get("state").(*pyobj.Dict)
	if n, ok := in.Get("inc").(*pyobj.BigInt); !ok || n.V.String() != "222003063171874261427395693950637096479" {
		t.Errorf("inc is %v", in.Get("inc"))
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, model()))
	f.Add(fixture.Read(f, "fingerprint/model.skops"))
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := decode(b)
		if err != nil || len(doc.Notes) > 0 {
			return
		}
		want, err := fingerprint.Of(doc.Root)
		if err != nil {
			return
		}
		var w bytes.Buffer
		if Encode(&w, doc.Root) != nil {
			return
		}
		again, err := decode(w.Bytes())
		if err != nil {
			t.Fatalf("written and not read: %v", err)
		}
		if got, err := fingerprint.Of(again.Root); err != nil || got != want {
			t.Fatalf("written and read as another: %v", err)
		}
	})
}

// TestDeepIsRefused: what this reader would not read is not written.
func TestDeepIsRefused(t *testing.T) {
	if _, err := decode(encode(t, deep(95))); err != nil {
		t.Errorf("95 lists in one another: %v", err)
	}
	if err := Encode(io.Discard, deep(150)); !errors.Is(err, source.ErrUnsupported) {
		t.Errorf("150 lists in one another: %v", err)
	}
}

func deep(n int) pyobj.Value {
	var v pyobj.Value = pyobj.Int(1)
	for range n {
		v = &pyobj.List{Items: []pyobj.Value{v}}
	}
	return v
}

// The vocabulary of a vectorizer that was limited holds a numpy scalar per word, a member of the archive each.
func TestManyMembers(t *testing.T) {
	words := &pyobj.Dict{}
	for i := range 12_000 {
		words.Set(pyobj.Str(fmt.Sprint("w", i)), &pyobj.Scalar{DType: &pyobj.DType{Kind: 'i', Size: 8, Order: '<'}, Data: binary.LittleEndian.AppendUint64(nil, uint64(i))})
	}
	var b bytes.Buffer
	if err := Encode(&b, words); err != nil {
		t.Fatal(err)
	}
	doc, err := decode(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	back, ok := doc.Root.(*pyobj.Dict)
	if !ok || len(back.Entries) != 12_000 {
		t.Fatalf("got %T", doc.Root)
	}
	if s, ok := back.Get("w11999").(*pyobj.Scalar); !ok || binary.LittleEndian.Uint64(s.Data) != 11_999 {
		t.Errorf("got %v", back.Get("w11999"))
	}
}

// TestCoordinates: sparse arrays of coordinates come back as every scipy takes them, matrices as it has always taken them.
func TestCoordinates(t *testing.T) {
	index := func() *pyobj.Array {
		return &pyobj.Array{DType: &pyobj.DType{Kind: 'i', Size: 4, Order: '<'}, Shape: []int{1}, Data: make([]byte, 4)}
	}
	shape := &pyobj.Tuple{Items: []pyobj.Value{pyobj.Int(2), pyobj.Int(2)}}
	coords := &pyobj.Tuple{Items: []pyobj.Value{index(), index()}}
	for _, name := range []string{"coo_array", "coo_matrix"} {
		o := &pyobj.Object{Make: pyobj.New, Class: &pyobj.Global{Module: "scipy.sparse._coo", Name: name}, State: dict(pyobj.Str("_shape"), shape, pyobj.Str("coords"), coords, pyobj.Str("data"), f8(false, 1))}
		want, err := fingerprint.Of(o)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := decode(encode(t, o))
		if err != nil {
			t.Fatal(err)
		}
		attrs, _ := doc.Root.(*pyobj.Object).Attrs()
		if attrs == nil || attrs.Get("row") == nil || attrs.Get("col") == nil || (attrs.Get("coords") != nil) != (name == "coo_array") {
			t.Errorf("%s: %v", name, doc.Root)
		}
		if got, err := fingerprint.Of(doc.Root); err != nil || got != want {
			t.Errorf("%s: another fingerprint, %v", name, err)
		}
	}
}
