package npy

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// The shared inputs were written by numpy.savez.
func TestZipReadsNumpysArchive(t *testing.T) {
	b, err := os.ReadFile(fixture.Shared(t, "data/sklearn-old/inputs.npz"))
	if err != nil {
		t.Fatal(err)
	}
	names, arrays, err := Zip(b, source.Default(), nil)
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
		"{'descr': '<U0', 'fortran_order': False, 'shape': (1099511627776,), }",
	} {
		b := append([]byte(magic+"\x01\x00"), byte(len(h)), byte(len(h)>>8))
		if _, _, err := Array(append(b, h...), source.Default()); err == nil {
			t.Errorf("%s: no error", h)
		}
	}
}

func TestDecodeReadsWhatNumpyReads(t *testing.T) {
	for _, c := range fixture.Cases(t, "npy") {
		decode := Decode
		if c.Version < 0 {
			decode = DecodeZip
		}
		doc, err := decode(source.Bytes(c.Data), source.Default())
		if err != nil {
			t.Errorf("%s v%d: %v", c.Name, c.Version, err)
			continue
		}
		if got := fixture.Describe(doc.Root); got != c.Want {
			t.Errorf("%s v%d:\n got %.600s\nwant %.600s", c.Name, c.Version, got, c.Want)
		}
		if len(doc.Notes) > 0 {
			t.Errorf("%s: notes %v", c.Name, doc.Notes)
		}
		a, ok := doc.Root.(*pyobj.Array)
		if !ok || a.DType.HasObject() {
			continue
		}
		var w bytes.Buffer
		if err := Encode(&w, a); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		} else if c.Version <= 1 && !bytes.Equal(w.Bytes(), c.Data) {
			t.Errorf("%s: bytes differ from numpy's", c.Name)
		}
		for n := range c.Data {
			if _, err := Decode(source.Bytes(c.Data[:n]), source.Default()); err == nil {
				t.Errorf("%s: %d of %d bytes read without an error", c.Name, n, len(c.Data))
			}
		}
		doc, err = Decode(source.Bytes(append(bytes.Clone(c.Data), 0)), source.Default())
		if err != nil || len(doc.Notes) != 1 || doc.Notes[0].Rule != "trailing-bytes" {
			t.Errorf("%s and a byte more: %v", c.Name, err)
		}
	}
}

func TestObjectArraysAreTraced(t *testing.T) {
	h := "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
	b := append([]byte(magic+"\x01\x00"), byte(len(h)), 0)
	b = append(append(b, h...), "cos\nsystem\n(S'true'\ntR."...)
	doc, err := Decode(source.Bytes(b), source.Default())
	if !errors.Is(err, source.ErrCorrupt) {
		t.Errorf("error %v", err)
	}
	if len(doc.Imports) != 1 || len(doc.Calls) != 1 || doc.Imports[0].Offset != int64(len(h)+10) {
		t.Errorf("imports %v, calls %v", doc.Imports, doc.Calls)
	}
	if _, _, err := Array(b, source.Default()); !errors.Is(err, source.ErrCorrupt) {
		t.Errorf("Array: %v", err)
	}
}

// Hostile files end in an error or in a trace that shows what they would run.
func TestSharedHostileFiles(t *testing.T) {
	dir := fixture.Shared(t, "data/hostile/malicious/08_npy")
	for name, want := range map[string]string{"object_array_v2.npy": "rce", "version9.npy": "", "header_deep.npy": "", "subarray_dtype_huge.npy": "",
		"pickle_member.npz": "rce"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		decode := Decode
		if strings.HasSuffix(name, ".npz") {
			decode = DecodeZip
		}
		doc, err := decode(source.Bytes(b), source.Default())
		if want == "rce" && (doc == nil || len(doc.Imports) == 0) || want == "" && err == nil {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range fixture.Cases(f, "npy") {
		f.Add(c.Data)
	}
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

// FuzzZip reads archives of arrays, and what the strict reader takes the standard library reads the same.
func FuzzZip(f *testing.F) {
	for i, c := range fixture.Cases(f, "npy") {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, name := range []string{"X.npy", "dir/y.npy"} {
			w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: []uint16{zip.Store, zip.Deflate}[i%2]})
			if err == nil {
				_, err = w.Write(c.Data)
			}
			if err != nil {
				f.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	lim := source.Default()
	lim.Decompressed = 16 << 20
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := DecodeZip(source.Bytes(b), lim)
		if err != nil || len(doc.Notes) > 0 {
			return
		}
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("read here, and the standard library says: %v", err)
		}
		d, ok := doc.Root.(*pyobj.Dict)
		if !ok || d.Len() != len(z.File) {
			t.Fatalf("%d members, the standard library sees %d", d.Len(), len(z.File))
		}
		for _, m := range z.File {
			r, err := m.Open()
			if err != nil {
				t.Fatal(err)
			}
			want, err := io.ReadAll(r)
			if err != nil {
				t.Fatalf("%s: read here, and the standard library says: %v", m.Name, err)
			}
			a, ok := d.Get(strings.TrimSuffix(m.Name, ".npy")).(*pyobj.Array)
			if !ok || !bytes.HasSuffix(want, a.Data) {
				t.Fatalf("%s is another for the standard library", m.Name)
			}
		}
	})
}
