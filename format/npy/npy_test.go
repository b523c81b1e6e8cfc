package npy

import (
	"bytes"
	"os"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/source"
)

// The shared inputs were written by numpy.savez.
func TestZipReadsNumpysArchive(t *testing.T) {
	b, err := os.ReadFile(fixture.Shared(t, "data/sklearn-old/inputs.npz"))
	if err != nil {
		t.Fatal(err)
	}
	names, arrays, err := Zip(b, source.Default())
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != 6 {
		t.Fatalf("names %v", names)
	}
	x, err := numpy.Tensor(arrays["X"])
	if err != nil || x.Shape[0] != 90 || x.Shape[1] != 4 {
		t.Fatalf("X %v %v", x, err)
	}
	// numpy.random.RandomState(0).randn()'s first value
	if x.F64[0] != 1.764052345967664 {
		t.Errorf("X[0,0] = %v", x.F64[0])
	}
	docs, err := numpy.Tensor(arrays["docs"])
	if err != nil || docs.Str[1] != "the dog ran far" {
		t.Errorf("docs %v %v", docs, err)
	}
	for name, a := range arrays {
		var out bytes.Buffer
		if err := Encode(&out, a); err != nil {
			t.Fatal(err)
		}
		back, n, err := Array(out.Bytes(), source.Default())
		if err != nil || n != out.Len() || !bytes.Equal(back.Data, a.Data) || back.DType.Code() != a.DType.Code() {
			t.Errorf("%s does not round-trip: %v", name, err)
		}
	}
}

func TestHeaderRefuses(t *testing.T) {
	for _, h := range []string{
		"", "{}", "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", "{'descr': '|O', 'fortran_order': 0, 'shape': (), }",
		"{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,), }",
		"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,), }",
		"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }",
		"{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
	} {
		b := append([]byte(magic+"\x01\x00"), byte(len(h)), byte(len(h)>>8))
		if _, _, err := Array(append(b, h...), source.Default()); err == nil {
			t.Errorf("%s: no error", h)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(magic + "\x01\x00\x36\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}12345678"))
	f.Add([]byte(magic + "\x01\x00\x42\x00{'descr': [('a', '<i4'), ('', '|V4')], 'fortran_order': True, 'shape': ()}12345678"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, _, err := Array(b, source.Default())
		if err != nil {
			return
		}
		var out bytes.Buffer
		if Encode(&out, a) != nil {
			return
		}
		back, _, err := Array(out.Bytes(), source.Default())
		if err != nil || !bytes.Equal(back.Data, a.Data) {
			t.Fatalf("%v", err)
		}
	})
}
