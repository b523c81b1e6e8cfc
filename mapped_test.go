package larder

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/format/joblib"
	"github.com/larder-ml/larder/format/skops"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// bigForest gives the forest of a fixture with every tree grown to a full one, some 20 MB together, and the offsets of its
// nodes in their own arrays' order. spoil, if not nil, may change the nodes of the last tree.
func bigForest(t *testing.T, spoil func(nodes []byte, size int)) pyobj.Value {
	t.Helper()
	m, err := OpenBytes(fixture.Read(t, "sklearn/1.9.1/RandomForestClassifier.joblib"))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	var last []byte
	size := 0
	seen := map[*pyobj.Object]bool{}
	pyobj.Rewrite(m.Doc().Root, func(v pyobj.Value) (pyobj.Value, bool) {
		o, ok := v.(*pyobj.Object)
		if !ok || o.ClassName() != "sklearn.tree._tree.Tree" || seen[o] {
			return nil, false
		}
		seen[o] = true
		d := o.State.(*pyobj.Dict)
		nodes, values := d.Get("nodes").(*pyobj.Array), d.Get("values").(*pyobj.Array)
		n, width := 1<<16-1, int(o.Args[0].(pyobj.Int))
		size = nodes.DType.Size
		data := make([]byte, n*size)
		for i := range n {
			rec := data[i*size:]
			left, right := int64(-1), int64(-1)
			if 2*i+2 < n {
				left, right = int64(2*i+1), int64(2*i+2)
			}
			binary.LittleEndian.PutUint64(rec, uint64(left))
			binary.LittleEndian.PutUint64(rec[8:], uint64(right))
			binary.LittleEndian.PutUint64(rec[16:], uint64(r.IntN(width)))
			binary.LittleEndian.PutUint64(rec[24:], math.Float64bits(float64(float32(r.NormFloat64()))))
		}
		k := values.Shape[1] * values.Shape[2]
		numbers := make([]byte, n*k*8)
		for i := range n {
			left := 1.0
			for c := range k {
				p := left * r.Float64()
				if c == k-1 {
					p = left
				}
				left -= p
				binary.LittleEndian.PutUint64(numbers[8*(i*k+c):], math.Float64bits(p))
			}
		}
		*nodes = pyobj.Array{DType: nodes.DType, Shape: []int{n}, Data: data, Offset: -1}
		*values = pyobj.Array{DType: values.DType, Shape: []int{n, values.Shape[1], values.Shape[2]}, Data: numbers, Offset: -1}
		d.Set(pyobj.Str("node_count"), pyobj.Int(n))
		d.Set(pyobj.Str("max_depth"), pyobj.Int(15))
		last = data
		return nil, false
	})
	if spoil != nil {
		spoil(last, size)
	}
	return m.Doc().Root
}

var mappedForms = map[string]func(w io.Writer, v pyobj.Value) error{
	"joblib":   func(w io.Writer, v pyobj.Value) error { return joblib.Encode(w, v, joblib.Options{Protocol: 4}) },
	"pickle 4": func(w io.Writer, v pyobj.Value) error { return joblib.Pickle(w, v, joblib.Options{Protocol: 4}) },
	"pickle 5": func(w io.Writer, v pyobj.Value) error { return joblib.Pickle(w, v, joblib.Options{Protocol: 5}) },
	"skops":    func(w io.Writer, v pyobj.Value) error { return skops.Encode(w, v) },
}

// resident gives the bytes of a mapped file that are in this process's memory, -1 where nobody tells.
func resident(path string) int64 {
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return -1
	}
	_, rest, ok := bytes.Cut(smaps, []byte(" "+path+"\n"))
	_, rest, ok2 := bytes.Cut(rest, []byte("\nRss:"))
	if !ok || !ok2 {
		return -1
	}
	kb, err := strconv.ParseInt(string(bytes.Fields(rest)[0]), 10, 64)
	if err != nil {
		return -1
	}
	return kb << 10
}

func writeFile(t *testing.T, form string, v pyobj.Value) string {
	t.Helper()
	var b bytes.Buffer
	if err := mappedForms[form](&b, v); err != nil {
		t.Fatal(err)
	}
	if b.Len() < 16<<20 {
		t.Fatalf("%d bytes are no big file", b.Len())
	}
	path := filepath.Join(t.TempDir(), "model")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func someRows(n, width int) tensor.Value {
	r := rand.New(rand.NewPCG(3, 4))
	x := tensor.New(tensor.Float32, n, width)
	for i := range x.F32 {
		x.F32[i] = float32(r.NormFloat64())
	}
	return tensor.Value{Dense: x}
}

// TestMappedForest: a big file is not read when it is opened, and answers as the same bytes in memory do.
func TestMappedForest(t *testing.T) {
	root := bigForest(t, nil)
	var arrays [][]byte
	pyobj.Rewrite(root, func(v pyobj.Value) (pyobj.Value, bool) {
		if a, ok := v.(*pyobj.Array); ok && len(a.Data) > 1<<20 {
			arrays = append(arrays, a.Data)
		}
		return nil, false
	})
	for form := range mappedForms {
		path := writeFile(t, form, root)
		openUnread(t, path, arrays)
		m, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := resident(path); n > 0 {
			t.Errorf("%s: %d bytes of the map are in memory after opening", form, n)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		inMemory, err := OpenBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		// Rows one by one in place, then a batch, for which the compact form is built, then one by one with that.
		rows := someRows(400, m.NFeatures())
		want, err := inMemory.Run(context.Background(), "predict_proba", rows)
		if err != nil {
			t.Fatal(err)
		}
		one := func(i int) {
			w := m.NFeatures()
			got, err := m.Run(context.Background(), "predict_proba", tensor.Value{Dense: tensor.FromF32(rows.Dense.F32[i*w:(i+1)*w], 1, w)})
			if err != nil {
				t.Fatal(err)
			}
			k := got.Tensor().Cols()
			for c, v := range got.Tensor().F64 {
				if math.Float64bits(v) != math.Float64bits(want.Tensor().F64[i*k+c]) {
					t.Fatalf("%s: row %d column %d is %v, want %v", form, i, c, v, want.Tensor().F64[i*k+c])
				}
			}
		}
		one(0)
		one(7)
		got, err := m.Run(context.Background(), "predict_proba", rows)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range got.Tensor().F64 {
			if math.Float64bits(v) != math.Float64bits(want.Tensor().F64[i]) {
				t.Fatalf("%s: %d is %v, want %v", form, i, v, want.Tensor().F64[i])
			}
		}
		one(0)
	}
}

// openUnread opens a file whose big arrays may not be read: their pages are taken away.
func openUnread(t *testing.T, path string, arrays [][]byte) *Model {
	t.Helper()
	src, err := source.Open(path, source.Default())
	if err != nil {
		t.Fatal(err)
	}
	if !src.Mapped() {
		t.Skip("files are not mapped here")
	}
	page := os.Getpagesize()
	var pages [][]byte
	for _, a := range arrays {
		at := bytes.Index(src.All(), a)
		if at < 0 {
			t.Fatal("an array is not in the file as it is")
		}
		from, to := (at+page-1)/page*page, (at+len(a))/page*page
		pages = append(pages, src.All()[from:to])
	}
	for _, p := range pages {
		if err := forbid(p); err != nil {
			t.Skip(err)
		}
	}
	m, err := open(src, newOptions(nil))
	if err != nil {
		t.Fatalf("opening reads the arrays: %v", err)
	}
	return m
}

// TestMappedForestIsProvenStepByStep: a tree that leads astray is opened when its file is big, fails the requests that come
// there, and is not passed on.
func TestMappedForestIsProvenStepByStep(t *testing.T) {
	for name, spoil := range map[string]func(nodes []byte, size int){
		"child outside": func(n []byte, _ int) { binary.LittleEndian.PutUint64(n, 1<<40) },
		"child before": func(n []byte, size int) {
			binary.LittleEndian.PutUint64(n[2*size:], 0)
			binary.LittleEndian.PutUint64(n[2*size+8:], 0)
		},
		"feature outside": func(n []byte, _ int) { binary.LittleEndian.PutUint64(n[16:], 1<<20) },
	} {
		root := bigForest(t, spoil)
		path := writeFile(t, "joblib", root)
		m, err := Open(path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, n := range []int{1, 40, 1000} {
			if _, err := m.Run(context.Background(), "predict_proba", someRows(n, m.NFeatures())); n > 1 && err == nil {
				t.Errorf("%s: %d rows are answered", name, n)
			}
		}
		if err := m.Trustworthy(); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: passed on: %v", name, err)
		}
		if _, err := m.Fingerprint(); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: has a fingerprint: %v", name, err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := OpenBytes(data); !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: opened from memory: %v", name, err)
		}
	}
}

// TestMappedSums: a damaged member of a big skops file is found before anything is computed from it or passed on.
func TestMappedSums(t *testing.T) {
	path := writeFile(t, "skops", bigForest(t, nil))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := Audit(path, audit.Policy{}); r.Verdict != audit.Undetermined || !strings.Contains(r.Findings[0].Message, "checksum") {
		t.Errorf("audit: %+v", r)
	}
	if _, err := OpenBytes(data); !errors.Is(err, ErrCorrupt) {
		t.Errorf("opened from memory: %v", err)
	}
	m, err := Open(path)
	if errors.Is(err, ErrCorrupt) {
		t.Skip("files are not mapped here")
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := m.Run(context.Background(), "predict", someRows(1, m.NFeatures())); !errors.Is(err, ErrCorrupt) {
			t.Errorf("predict: %v", err)
		}
	}
	if err := m.Trustworthy(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("trustworthy: %v", err)
	}
	if _, err := m.Fingerprint(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("fingerprint: %v", err)
	}
}

// TestMappedEmptyMembers: bytes that are none are members of no bytes, in mapped files as in memory.
func TestMappedEmptyMembers(t *testing.T) {
	var b bytes.Buffer
	long := pyobj.Str(strings.Repeat("x", 600<<10))
	want := &pyobj.List{Items: []pyobj.Value{pyobj.Bytes(""), &pyobj.ByteArray{B: []byte{}}, pyobj.Bytes("a"), long}}
	if err := skops.Encode(&b, want); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "empty.skops")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := source.Open(path, source.Default())
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for _, s := range []*source.Source{src, source.Bytes(b.Bytes())} {
		doc, err := Decode(s, source.Default())
		if err != nil || fixture.Describe(doc.Root) != fixture.Describe(want) {
			t.Errorf("mapped %v: %v", s.Mapped(), err)
		}
	}
}

// TestFileCutOffBeforeOpen: a file that lacks its end does not open.
func TestFileCutOffBeforeOpen(t *testing.T) {
	root := bigForest(t, nil)
	for form := range mappedForms {
		path := writeFile(t, form, root)
		info, _ := os.Stat(path)
		for _, n := range []int64{info.Size() - 1, info.Size() - 5000, info.Size() / 2, 300 << 10, 5000} {
			if err := os.Truncate(path, n); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(path); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s: %d of %d bytes: %v", form, n, info.Size(), err)
			}
		}
	}
}

// TestFileCutOffWhileMapped: the requests fail, in every way the file is read, and the process lives.
func TestFileCutOffWhileMapped(t *testing.T) {
	root := bigForest(t, nil)
	for form := range mappedForms {
		for _, keep := range []int64{0, 9 << 20} {
			path := writeFile(t, form, root)
			m, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if resident, _ := Open(path); resident != nil {
				// Another model of the file that has its compact form already: it may not answer either, as nobody can
				// tell what else was lost.
				if _, err := resident.Run(context.Background(), "predict_proba", someRows(1000, m.NFeatures())); err != nil {
					t.Fatal(err)
				}
				defer func() {
					if _, err := resident.Run(context.Background(), "predict", someRows(3, m.NFeatures())); !errors.Is(err, ErrCorrupt) {
						t.Errorf("%s: compact, %d bytes left: %v", form, keep, err)
					}
				}()
			}
			if _, err := m.Run(context.Background(), "predict_proba", someRows(1, m.NFeatures())); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, keep); err != nil {
				t.Fatal(err)
			}
			for _, n := range []int{1, 70, 5000, 1} {
				for _, method := range []string{"predict_proba", "predict", "apply", "decision_path"} {
					if n == 5000 && method == "decision_path" {
						continue
					}
					if _, err := m.Run(context.Background(), method, someRows(n, m.NFeatures())); !errors.Is(err, ErrCorrupt) {
						t.Errorf("%s: %d bytes left, %s of %d rows: %v", form, keep, method, n, err)
					}
				}
			}
			if _, err := m.Fingerprint(); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s: fingerprint: %v", form, err)
			}
			if err := m.Trustworthy(); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s: trustworthy: %v", form, err)
			}
			if err := m.Encode(io.Discard, Form{Format: "joblib"}); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s: encode: %v", form, err)
			}
		}
	}
}

// TestProgress: reading a big compressed file is reported, to its end and never beyond.
func TestProgress(t *testing.T) {
	var b bytes.Buffer
	if err := joblib.Encode(&b, bigForest(t, nil), joblib.Options{Protocol: 4, Compressor: "lz4"}); err != nil {
		t.Fatal(err)
	}
	var seen []int64
	_, err := OpenBytes(b.Bytes(), Progress(func(done, total int64) {
		if total != int64(b.Len()) || done > total || len(seen) > 0 && done <= seen[len(seen)-1] {
			t.Errorf("%d of %d after %v, the file has %d", done, total, seen, b.Len())
		}
		seen = append(seen, done)
	}))
	if err != nil {
		t.Fatal(err)
	}
	if b.Len() > 9<<20 && len(seen) == 0 {
		t.Errorf("nothing is reported of %d bytes", b.Len())
	}
}
