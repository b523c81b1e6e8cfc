package pyjson

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

func decode(s string) (*pyobj.Doc, error) {
	return Decode(source.Bytes([]byte(s)), source.Default())
}

func TestEveryKindOfValueComesBack(t *testing.T) {
	shared := &pyobj.List{Items: []pyobj.Value{pyobj.Int(1)}}
	cycle := &pyobj.Dict{}
	cycle.Set(pyobj.Str("self"), cycle)
	f8, _ := pyobj.ParseDType("<f8")
	field := &pyobj.DType{Kind: 'V', Order: '|', Size: 16, Fields: []pyobj.Field{{Name: "a", DType: f8, Offset: 0}, {Name: "b", DType: f8, Offset: 8}}}
	root := &pyobj.Tuple{Items: []pyobj.Value{
		pyobj.None{}, pyobj.Bool(true), pyobj.Int(math.MinInt64), &pyobj.BigInt{V: new(big.Int).Lsh(big.NewInt(1), 100)},
		pyobj.Float(0.1), pyobj.Float(1e300), pyobj.Float(2), pyobj.Float(math.Inf(-1)), pyobj.Float(math.Copysign(0, -1)),
		pyobj.Str("a\x00<\"é東"), pyobj.Str("\xed\xa0\x80"), pyobj.Py2Str("\xff"), pyobj.Bytes("\x00\x01"), &pyobj.ByteArray{B: []byte("x")},
		shared, shared, cycle, &pyobj.Set{Items: []pyobj.Value{pyobj.Str("s")}, Frozen: true},
		&pyobj.Object{Make: pyobj.New, Class: &pyobj.Global{Module: "m", Name: "C"}, Args: []pyobj.Value{pyobj.Int(3)}, State: pyobj.None{},
			Pairs: []pyobj.Entry{{Key: pyobj.Int(1), Value: shared}}},
		&pyobj.Array{DType: f8, Shape: []int{2}, Data: []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f}},
		&pyobj.Array{DType: f8, Shape: []int{1, 1}, Fortran: true, Data: []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f}},
		&pyobj.Array{DType: field, Shape: []int{1}, Data: make([]byte, 16)},
		&pyobj.Scalar{DType: f8, Data: make([]byte, 8)}, field,
	}}
	var first, second bytes.Buffer
	if err := Encode(&first, root); err != nil {
		t.Fatal(err)
	}
	doc, err := decode(first.String())
	if err != nil {
		t.Fatalf("%v\n%s", err, first.String())
	}
	if err := Encode(&second, doc.Root); err != nil || first.String() != second.String() {
		t.Errorf("%v\n%s\n%s", err, first.String(), second.String())
	}
	items := doc.Root.(*pyobj.Tuple).Items
	if items[14] != items[15] {
		t.Error("a shared list became two")
	}
	if c := items[16].(*pyobj.Dict); c.Get("self") != pyobj.Value(c) {
		t.Error("the cycle is gone")
	}
	if f := float64(items[8].(pyobj.Float)); !math.Signbit(f) {
		t.Error("-0.0 lost its sign")
	}
	if len(doc.Imports) != 1 || doc.Imports[0].Global.String() != "m.C" || len(doc.Calls) != 2 {
		t.Errorf("imports %v, calls %v", doc.Imports, doc.Calls)
	}
}

func TestMalformedFilesAreRefused(t *testing.T) {
	for _, s := range []string{
		`{"larder":1}`, `{"larder":2,"root":null}`, `{"larder":1,"root":null} x`, `{"larder":1,"root":{"ref":0}}`, `{"larder":1,"root":{}}`,
		`{"larder":1,"root":{"tuple":[],"set":[]}}`, `{"larder":1,"root":{"nonsense":1}}`, `{"larder":1,"root":99999999999999999999}`,
		`{"larder":1,"root":{"global":["a"]}}`, `{"larder":1,"root":{"object":{"make":"call","class":null}}}`,
		`{"larder":1,"root":{"array":{"dtype":"<f8","shape":[2],"data":"AAAA"}}}`, `{"larder":1,"root":{"array":{"dtype":"<f8","shape":[4000000000],"data":""}}}`,
		`{"larder":1,"root":{"array":{"dtype":"<i4","shape":[1],"values":[1.5]}}}`, `{"larder":1,"root":{"array":{"dtype":"|O","shape":[3],"objects":[]}}}`,
		`{"larder":1,"root":{"id":1,"node":{"id":1,"node":[]}}}`, `{"larder":1,"root":{"bytes":"*"}}`,
		`{"larder":1,"root":{"dtype":{"fields":[["a","<f8",8]],"size":8}}}`,
	} {
		if _, err := decode(s); !errors.Is(err, source.ErrCorrupt) {
			t.Errorf("%s: %v", s, err)
		}
	}
	if _, err := decode(`{"larder":1,"root":` + strings.Repeat("[", 1500) + strings.Repeat("]", 1500) + "}"); !errors.Is(err, source.ErrLimit) {
		t.Errorf("deep nesting: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"larder":1,"root":{"id":0,"node":{"map":{"a":{"ref":0},"b":[1,2.5,{"tuple":[null,true]}]}}}}`)
	f.Add(`{"larder":1,"root":{"array":{"dtype":{"fields":[["a","<f8",0]],"size":8},"shape":[1],"data":"AAAAAAAAAAA="}}}`)
	f.Add(`{"larder":1,"root":{"object":{"make":"new","class":{"global":["m","C"]},"state":{"dict":[[1,"x"]]}}}}`)
	f.Fuzz(func(t *testing.T, s string) {
		doc, err := decode(s)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := Encode(&b, doc.Root); err != nil {
			t.Fatal(err)
		}
		back, err := decode(b.String())
		if err != nil {
			t.Fatalf("%v: %s", err, b.String())
		}
		var c bytes.Buffer
		if err := Encode(&c, back.Root); err != nil || b.String() != c.String() {
			t.Fatalf("%v\n%s\n%s", err, b.String(), c.String())
		}
	})
}
