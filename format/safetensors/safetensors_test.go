package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/larder-ml/larder/fingerprint"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

func array(d *pyobj.DType, fortran bool, shape ...int) *pyobj.Array {
	a := &pyobj.Array{DType: d, Shape: shape, Fortran: fortran, Offset: -1}
	for i := range d.Size * a.Len() {
		a.Data = append(a.Data, byte(i%2))
	}
	return a
}

func dtype(kind byte, size int, order byte) *pyobj.DType {
	return &pyobj.DType{Kind: kind, Size: size, Order: order}
}

func model() *pyobj.List {
	record := &pyobj.DType{Kind: 'V', Size: 16, Order: '|', Fields: []pyobj.Field{{Name: "a", DType: dtype('i', 8, '<')}, {Name: "b", DType: dtype('f', 8, '<'), Offset: 8}}}
	shared := array(dtype('f', 4, '<'), false, 3)
	return &pyobj.List{Items: []pyobj.Value{
		array(dtype('b', 1, '|'), false, 3), array(dtype('f', 8, '<'), true, 2, 3), array(dtype('i', 4, '>'), false, 2, 2), array(record, false, 2),
		array(dtype('U', 12, '<'), false, 2), array(dtype('c', 16, '<'), false, 1), array(dtype('f', 8, '<'), false), array(dtype('i', 2, '<'), false, 0, 4),
		shared, &pyobj.Tuple{Items: []pyobj.Value{shared, pyobj.Str("x")}},
		&pyobj.Array{DType: dtype('O', 8, '|'), Shape: []int{1}, Objects: []pyobj.Value{array(dtype('u', 1, '|'), false, 5)}, Offset: -1},
	}}
}

func encode(t testing.TB, v pyobj.Value) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(b []byte) (*pyobj.Doc, error) { return Decode(source.Bytes(b), source.Default()) }

func TestWhatIsWrittenReadsBack(t *testing.T) {
	v := model()
	b := encode(t, v)
	doc, err := decode(b)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := fingerprint.Of(v)
	if got, err := fingerprint.Of(doc.Root); err != nil || got != want {
		t.Errorf("fingerprint %v, want %v (%v)", got, want, err)
	}
	root := doc.Root.(*pyobj.List)
	if a := root.Items[1].(*pyobj.Array); !a.Fortran || !bytes.Equal(a.Data, v.Items[1].(*pyobj.Array).Data) {
		t.Error("the memory order was lost")
	}
	if a := root.Items[2].(*pyobj.Array); a.DType.Order != '>' || !bytes.Equal(a.Data, v.Items[2].(*pyobj.Array).Data) {
		t.Error("the byte order was lost")
	}
	if root.Items[8] != root.Items[9].(*pyobj.Tuple).Items[0] {
		t.Error("a shared array came back as two")
	}
	for i, it := range root.Items[:9] {
		a := it.(*pyobj.Array)
		if size := int64(a.DType.Size); a.Offset >= 0 && size <= 8 && size > 0 && a.Offset%size != 0 {
			t.Errorf("array %d stands at %d", i, a.Offset)
		}
	}
}

func file(header string, data ...byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

func TestFilesOfOthersAreADictOfArrays(t *testing.T) {
	doc, err := decode(file(`{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[1,9]},"b":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}}`, make([]byte, 9)...))
	if err != nil {
		t.Fatal(err)
	}
	if a, ok := doc.Root.(*pyobj.Dict).Get("w").(*pyobj.Array); !ok || a.DType.Code() != "<f4" || len(a.Data) != 8 {
		t.Errorf("root %v", doc.Root)
	}
}

func TestHeadersThatDoNotFitAreRefused(t *testing.T) {
	for name, b := range map[string][]byte{
		"short": {1, 0}, "too long": binary.LittleEndian.AppendUint64(nil, 1<<40), "no object": file(`[]`), "trailing": file(`{} x`),
		"hole":      file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 0, 0),
		"overlap":   file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 0, 0),
		"size":      file(`{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0),
		"huge":      file(`{"a":{"dtype":"F64","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`),
		"more data": file(`{}`, 1), "less data": file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 1),
		"twice":    file(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`),
		"negative": file(`{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}`), "backwards": file(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[1,0]}}`, 1),
		"graph":   file(`{"__metadata__":{"larder":"{\"larder\":1,\"root\":{\"array\":{\"dtype\":\"<f8\",\"shape\":[1],\"tensor\":\"a\"}}}"}}`),
		"dtype":   file(`{"__metadata__":{"larder":"{\"larder\":1,\"root\":{\"array\":{\"dtype\":\"<f4\",\"shape\":[2],\"tensor\":\"a\"}}}"},"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}`, make([]byte, 8)...),
		"objects": file(`{"__metadata__":{"larder":"{\"larder\":1,\"root\":{\"array\":{\"dtype\":\"|O\",\"shape\":[1],\"tensor\":\"a\"}}}"},"a":{"dtype":"U8","shape":[1,8],"data_offsets":[0,8]}}`, make([]byte, 8)...),
	} {
		if _, err := decode(b); !errors.Is(err, source.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := decode(file(`{"a":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[0,1]}}`, 0)); !errors.Is(err, source.ErrUnsupported) {
		t.Errorf("a dtype numpy has not: %v", err)
	}
	doc, err := decode(file(`{"__metadata__":{"larder":"{\"larder\":1,\"root\":null}"},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1))
	if err != nil || len(doc.Notes) != 1 {
		t.Errorf("a tensor beside the model: %v %v", err, doc.Notes)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, model()))
	f.Add(file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 7))
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := decode(b)
		if err != nil {
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
