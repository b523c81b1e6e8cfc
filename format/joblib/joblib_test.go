package joblib

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

func decode(b []byte) (*pyobj.Doc, error) { return Decode(source.Bytes(b), source.Default()) }

func TestDecodeReadsWhatJoblibReads(t *testing.T) {
	for _, c := range fixture.Cases(t, "joblib") {
		doc, err := decode(c.Data)
		if err != nil {
			t.Errorf("%s p%d %s: %v", c.Name, c.Protocol, c.Compressor, err)
			continue
		}
		if got := fixture.Describe(doc.Root); got != want(c) {
			t.Errorf("%s p%d %s:\n got %.600s\nwant %.600s", c.Name, c.Protocol, c.Compressor, got, want(c))
		}
		for _, n := range doc.Notes {
			if n.Level != pyobj.LevelNote {
				t.Errorf("%s p%d %s: note %s: %s", c.Name, c.Protocol, c.Compressor, n.Rule, n.Message)
			}
		}
		if doc.Compressor != c.Compressor {
			t.Errorf("%s: compressor %q, want %q", c.Name, doc.Compressor, c.Compressor)
		}
	}
}

// want is what Python read, but for matrix: joblib with numpy 2 makes a plain array of it, the file says matrix.
func want(c fixture.Case) string {
	if c.Name == "matrix" {
		return strings.Replace(c.Want, "ndarray", "matrix", 1)
	}
	return c.Want
}

func TestEncodeWritesWhatJoblibWrites(t *testing.T) {
	for _, c := range fixture.Cases(t, "joblib") {
		doc, err := decode(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		for _, opt := range []Options{{Protocol: 2}, {Protocol: 3}, {Protocol: 4}, {Protocol: 5}, {Protocol: 4, Core: true},
			{Protocol: 4, Compressor: c.Compressor}, {Protocol: c.Protocol, Identity: true}} {
			if opt.Protocol < 2 {
				continue // is read only
			}
			var w bytes.Buffer
			if err := Encode(&w, doc.Root, opt); err != nil {
				t.Errorf("%s %+v: %v", c.Name, opt, err)
				continue
			}
			again, err := decode(w.Bytes())
			if err != nil {
				t.Errorf("%s %+v: %v", c.Name, opt, err)
				continue
			}
			if got := fixture.Describe(again.Root); got != want(c) {
				t.Errorf("%s %+v:\n got %.600s\nwant %.600s", c.Name, opt, got, want(c))
			}
			if len(again.Notes) > 0 {
				t.Errorf("%s %+v: notes %v", c.Name, opt, again.Notes)
			}
			core := bytes.Contains(w.Bytes(), []byte("numpy.core"))
			if core && !opt.Core || opt.Core && bytes.Contains(w.Bytes(), []byte("numpy._core")) {
				t.Errorf("%s %+v: wrong numpy module", c.Name, opt)
			}
			if c.Compressor == "" && opt == (Options{Protocol: c.Protocol, Identity: true}) && !bytes.Equal(w.Bytes(), c.Data) {
				t.Errorf("%s p%d: bytes differ from joblib's", c.Name, c.Protocol)
			}
		}
	}
}

func TestEveryCompressorWritesAndReads(t *testing.T) {
	var big pyobj.List
	for i := 0; i < 3; i++ {
		a := &pyobj.Array{DType: &pyobj.DType{Kind: 'u', Size: 1, Order: '|'}, Shape: []int{300_000}, Data: make([]byte, 300_000)}
		for j := range a.Data {
			a.Data[j] = byte(j * j >> (i + 4))
		}
		big.Items = append(big.Items, a)
	}
	for _, name := range []string{"", "zlib", "gzip", "bz2", "lzma", "xz", "lz4"} {
		for _, level := range []int{0, 1, 9} {
			var w bytes.Buffer
			if err := Encode(&w, &big, Options{Compressor: name, Level: level, Protocol: 4}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := Compressor(w.Bytes()); got != name {
				t.Errorf("%s: recognised as %q", name, got)
			}
			doc, err := decode(w.Bytes())
			if err != nil {
				t.Errorf("%s %d: %v", name, level, err)
				continue
			}
			if fixture.Describe(doc.Root) != fixture.Describe(&big) {
				t.Errorf("%s %d: other values come back", name, level)
			}
			if len(doc.Notes) > 0 {
				t.Errorf("%s %d: notes %v", name, level, doc.Notes)
			}
		}
	}
	if err := Encode(&bytes.Buffer{}, &big, Options{Compressor: "zip", Protocol: 4}); !errors.Is(err, source.ErrUnsupported) {
		t.Errorf("unknown compressor: %v", err)
	}
}

func TestArraysAreViewsOfTheFile(t *testing.T) {
	for _, c := range fixture.Cases(t, "joblib") {
		if c.Name != "f8 2d" {
			continue
		}
		doc, err := decode(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		a := doc.Root.(*pyobj.Array)
		if &a.Data[0] != &c.Data[a.Offset] || a.Offset%16 != 0 {
			t.Errorf("the data are no view of the file at %d", a.Offset)
		}
	}
}

func mixed(t testing.TB, compressor string) []byte {
	for _, c := range fixture.Cases(t, "joblib") {
		if c.Name == "mixed" && c.Protocol == 4 && c.Compressor == compressor {
			return c.Data
		}
	}
	t.Fatal("no fixture")
	return nil
}

func TestNotesOfTheContainer(t *testing.T) {
	rules := func(b []byte) string {
		doc, err := decode(b)
		var out []string
		for _, n := range doc.Notes {
			out = append(out, n.Rule)
		}
		if err != nil {
			out = append(out, "error")
		}
		return strings.Join(out, " ")
	}
	for _, name := range []string{"zlib", "gzip", "xz", "lz4", "lzma"} {
		got := rules(append(bytes.Clone(mixed(t, name)), "extra"...))
		if got != "trailing-bytes" && got != "error" {
			t.Errorf("bytes after %s: %q", name, got)
		}
	}
	two := append(bytes.Clone(mixed(t, "gzip")), mixed(t, "gzip")...)
	if got := rules(two); !strings.HasSuffix(got, "second-pickle multi-member") {
		t.Errorf("two gzip members: %q", got)
	}
	var w bytes.Buffer
	z, _ := compress(&w, "zlib", 3)
	z.Write(mixed(t, "gzip"))
	z.Close()
	if _, err := decode(w.Bytes()); err == nil || !strings.Contains(err.Error(), "compressed twice") {
		t.Errorf("compressed twice: %v", err)
	}
}

func TestWrapperRefuses(t *testing.T) {
	wrap := func(state string) []byte {
		return []byte("\x80\x04\x8c\x13joblib.numpy_pickle\x8c\x11NumpyArrayWrapper\x93)\x81}(" + state + "ub\x07.")
	}
	const (
		sub   = "\x8c\x08subclass\x8c\x05numpy\x8c\x07ndarray\x93"
		shape = "\x8c\x05shapeK\x01\x85"
		order = "\x8c\x05order\x8c\x01C"
		dt    = "\x8c\x05dtype\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02u1\x89\x88\x87R"
	)
	if doc, err := decode(wrap(sub + shape + order + dt)); err != nil || fixture.Describe(doc.Root) != "ndarray(|u1, [1], C, 07)" {
		t.Fatalf("the sound one: %v", err)
	}
	for name, state := range map[string]string{
		"no dtype":       sub + shape + order,
		"no shape":       sub + order + dt,
		"no order":       sub + shape + dt,
		"no subclass":    shape + order + dt,
		"other order":    sub + shape + "\x8c\x05order\x8c\x01K" + dt,
		"negative size":  sub + "\x8c\x05shapeJ\xff\xff\xff\xff\x85" + order + dt,
		"2^40 items":     sub + "\x8c\x05shape\x8a\x06\x00\x00\x00\x00\x00\x01\x85" + order + dt,
		"2^64 bytes":     sub + "\x8c\x05shape\x8a\x07\x00\x00\x00\x00\x00\x00\x01\x8a\x07\x00\x00\x00\x00\x00\x00\x01\x86" + order + dt,
		"dtype unknown":  sub + shape + order + "\x8c\x05dtype\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02z9\x89\x88\x87R",
		"dtype is a str": sub + shape + order + "\x8c\x05dtype\x8c\x02u1",
	} {
		if _, err := decode(wrap(state)); err == nil || !errors.Is(err, source.ErrCorrupt) && !errors.Is(err, source.ErrLimit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	evil := strings.Replace(sub, "\x05numpy\x8c\x07ndarray", "\x0asubprocess\x8c\x05Popen", 1)
	doc, _ := decode(wrap(evil + shape + order + dt))
	if len(doc.Notes) == 0 || doc.Notes[0].Rule != "wrapper-subclass" || doc.Imports[1].Global.String() != "subprocess.Popen" {
		t.Errorf("subclass: notes %v", doc.Notes)
	}
}

// The trace of an object array's own pickle is part of the file's.
func TestNestedPicklesAreTraced(t *testing.T) {
	for _, c := range fixture.Cases(t, "joblib") {
		if c.Name != "object deep" {
			continue
		}
		doc, err := decode(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, i := range doc.Imports {
			if i.Global.Name == "_reconstruct" || i.Global.Name == "_frombuffer" {
				n++
			}
		}
		if n == 0 {
			t.Errorf("imports %v", doc.Imports)
		}
	}
}

func TestCompanions(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	wrap := func(name string) []byte {
		return []byte("\x80\x03cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}(X\x08\x00\x00\x00subclasscnumpy\nndarray\nX\x08\x00\x00\x00filenameX" +
			string([]byte{byte(len(name)), 0, 0, 0}) + name + "ub.")
	}
	var array fixture.Case
	for _, c := range fixture.Cases(t, "npy") {
		if c.Name == "f8 2d" {
			array = c
		}
	}
	write("m_01.npy", array.Data)
	write("secret", []byte("x"))
	open := func(b []byte) (*pyobj.Doc, error) {
		src, err := source.Open(write("m.pkl", b), source.Default())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { src.Close() })
		return Decode(src, source.Default())
	}
	doc, err := open(wrap("m_01.npy"))
	if err != nil || fixture.Describe(doc.Root) != array.Want {
		t.Errorf("companion: %v", err)
	}
	if _, err := open(wrap("m_02.npy")); !errors.Is(err, source.ErrNotFound) || !strings.Contains(err.Error(), "m_02.npy") {
		t.Errorf("missing companion: %v", err)
	}
	for _, name := range []string{"../m_01.npy", "/etc/passwd", "sub/m_01.npy", `..\m_01.npy`, "..", "", "c:m_01.npy"} {
		if _, err := open(wrap(name)); err == nil || errors.Is(err, source.ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := decode(wrap("m_01.npy")); !errors.Is(err, source.ErrNotFound) {
		t.Errorf("companion of a model in memory: %v", err)
	}
	if _, err := open(wrap("secret")); !errors.Is(err, source.ErrCorrupt) {
		t.Errorf("companion that is no array: %v", err)
	}
}

// joblibsFixtures lists the pickles of joblib's own tests: of the folder LARDER_JOBLIB_DATA, or of the parity suite's joblib.
func joblibsFixtures(t *testing.T) (pickles []string) {
	t.Helper()
	dir := os.Getenv("LARDER_JOBLIB_DATA")
	if dir == "" {
		dirs, _ := filepath.Glob(filepath.Join(fixture.Root(t), ".parity/python/lib/python3*/site-packages/joblib/test/data"))
		if len(dirs) == 0 {
			t.Skip("no joblib/test/data: make python, or set LARDER_JOBLIB_DATA")
		}
		dir = dirs[0]
	}
	files, _ := filepath.Glob(filepath.Join(dir, "joblib_*"))
	for _, f := range files {
		if !strings.Contains(f, ".npy") {
			pickles = append(pickles, f)
		}
	}
	return pickles
}

// TestJoblibsFixturesDamaged cuts each of joblib's own fixtures, and each of their companions, at every byte and turns a bit of
// every byte over. What is cut off is an error. A turned bit gives other values only where the form has no checksum: in plain
// files, in lzma's and lz4's streams, in plain companions.
func TestJoblibsFixturesDamaged(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	cuts, same, other, refused := 0, 0, 0, 0
	folder := t.TempDir()
	decodeIn := func(path string) (string, error) {
		src, err := source.Open(path, source.Default())
		if err != nil {
			return "", err
		}
		defer src.Close()
		doc, err := Decode(src, source.Default())
		if err != nil {
			return "", err
		}
		for _, n := range doc.Notes {
			if n.Level == pyobj.LevelRefuse {
				return "", errors.New(n.Message)
			}
		}
		return fixture.Describe(doc.Root), nil
	}
	for i, f := range joblibsFixtures(t) {
		if i%15 != 0 && os.Getenv("LARDER_LONG") == "" {
			continue
		}
		parts, _ := filepath.Glob(f + "_*")
		parts = append(parts, f)
		home := filepath.Join(folder, fmt.Sprint(i))
		if err := os.Mkdir(home, 0o755); err != nil {
			t.Fatal(err)
		}
		whole := map[string][]byte{}
		for _, p := range parts {
			b, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			whole[p] = b
			if err := os.WriteFile(filepath.Join(home, filepath.Base(p)), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(home, filepath.Base(f))
		want, err := decodeIn(path)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
			continue
		}
		for _, p := range parts {
			b, place := whole[p], filepath.Join(home, filepath.Base(p))
			try := func(c []byte) (string, error) {
				if err := os.WriteFile(place, c, 0o600); err != nil {
					t.Fatal(err)
				}
				return decodeIn(path)
			}
			checked := map[string]bool{"zlib": true, "gzip": true, "bz2": true, "xz": true, "ZF": true}[Compressor(b)]
			for n := range b {
				cuts++
				if got, err := try(b[:n]); err == nil {
					t.Errorf("%s: %d of %d bytes read as %.80s", filepath.Base(p), n, len(b), got)
				}
				c := bytes.Clone(b)
				c[n] ^= 1 << r.IntN(8)
				switch got, err := try(c); {
				case err != nil:
					refused++
				case got == want:
					same++
				default:
					other++
					if checked {
						t.Errorf("%s: byte %d is %#x instead of %#x and reads as %.200s", filepath.Base(p), n, c[n], b[n], got)
					}
				}
			}
			if _, err := try(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d cuts; of as many turned bits %d refused, %d read as before, %d of forms without a checksum as other values", cuts, refused, same, other)
}

// joblib's own fixtures, from its installed package.
func TestJoblibsFixtures(t *testing.T) {
	n := 0
	for _, f := range joblibsFixtures(t) {
		n++
		src, err := source.Open(f, source.Default())
		if err != nil {
			t.Fatal(err)
		}
		doc, err := Decode(src, source.Default())
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
			continue
		}
		// a list of two arrays of ten numbers, an object array or text, and in later ones a matrix
		list, ok := doc.Root.(*pyobj.List)
		if !ok || len(list.Items) < 3 {
			t.Errorf("%s: root is %.200s", filepath.Base(f), fixture.Describe(doc.Root))
			continue
		}
		for i, want := range []string{
			"ndarray(<i8, [5], C, 00000000000000000100000000000000020000000000000003000000000000000400000000000000)",
			"ndarray(<f8, [5], C, 0000000000000000000000000000f03f000000000000004000000000000008400000000000001040)",
			"ndarray(|O, [3], C, [",
		} {
			if got := fixture.Describe(list.Items[i]); !strings.HasPrefix(got, want) {
				t.Errorf("%s: item %d is %.200s", filepath.Base(f), i, got)
			}
		}
		src.Close()
	}
	if n < 42 {
		t.Errorf("%d files", n)
	}
	t.Logf("%d files", n)
}

func TestSharedModelsDecode(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(fixture.Shared(t, "data/sklearn-old"), "*", "*.pkl"))
	for _, f := range files {
		src, err := source.Open(f, source.Default())
		if err != nil {
			t.Fatal(err)
		}
		doc, err := Decode(src, source.Default())
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		if len(doc.Notes) > 0 || len(doc.Extra) > 0 {
			t.Errorf("%s: notes %v", f, doc.Notes)
		}
		var w bytes.Buffer
		if err := Encode(&w, doc.Root, Options{Protocol: 4}); err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		again, err := decode(w.Bytes())
		if err != nil {
			t.Errorf("%s written and read: %v", f, err)
			continue
		}
		var w2 bytes.Buffer
		if err := Encode(&w2, again.Root, Options{Protocol: 4}); err != nil || !bytes.Equal(w.Bytes(), w2.Bytes()) {
			t.Errorf("%s: writing is not stable: %v", f, err)
		}
		src.Close()
	}
	t.Logf("%d files", len(files))
}

// broken are public models that no Python loads either: text that went through an editor, companions that are not there.
var broken = map[string]error{"h0511e1ceab0c": source.ErrCorrupt, "h2473c436dbf0": source.ErrNotFound, "h3d3c97fc93ed": source.ErrNotFound}

func TestSharedPublicModelsDecode(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(fixture.Shared(t, "data/public-models"), "h*", "*"))
	n := 0
	for _, f := range files {
		base := filepath.Base(f)
		if base == "reference.json" || strings.Contains(base, ".npy") || strings.HasSuffix(base, ".skops") {
			continue
		}
		n++
		src, err := source.Open(f, source.Default())
		if err != nil {
			t.Fatal(err)
		}
		_, err = Decode(src, source.Default())
		if want := broken[filepath.Base(filepath.Dir(f))]; want == nil && err != nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", f, err)
		}
		src.Close()
	}
	t.Logf("%d files", n)
}

// Hostile files end in an error or a Doc, quickly and in bounded memory.
func TestSharedHostileFilesEnd(t *testing.T) {
	n := 0
	err := filepath.Walk(fixture.Shared(t, "data/hostile"), func(f string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || strings.HasSuffix(f, ".json") {
			return err
		}
		n++
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		doc, err := decode(b)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 256<<20 {
			t.Errorf("%s: %d bytes allocated", f, got)
		}
		if err != nil && !errors.Is(err, source.ErrCorrupt) && !errors.Is(err, source.ErrLimit) && !errors.Is(err, source.ErrUnsupported) {
			t.Errorf("%s: error of no kind: %v", f, err)
		}
		if doc == nil {
			t.Errorf("%s: no Doc", f)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d files", n)
}

// A small compressed file must not be able to make a large heap out of opcodes.
func TestOpcodeBombsEnd(t *testing.T) {
	for name, unit := range map[string]string{
		"lists": "(" + strings.Repeat("]", 900) + "e", "dicts": "(" + strings.Repeat("K\x01}", 400) + "u0}", "tuples": "(" + strings.Repeat("K\x01\x85", 400) + "e",
		"memo": strings.Repeat("N\x940", 400), "calls": strings.Repeat("h\x00)R0", 200), "names": strings.Repeat("ca\nb\n0", 200),
		"strings": "(" + strings.Repeat("\x8c\x02ab", 200) + "e", "ints": "(" + strings.Repeat("M\xff\xff", 300) + "e", "text": "(" + strings.Repeat("I1\n", 300) + "e",
		"opcodes": strings.Repeat("N0", 500),
	} {
		head := "\x80\x04ca\nb\n\x940]"
		if name == "dicts" {
			head = "\x80\x04}"
		}
		var w bytes.Buffer
		z, err := compress(&w, "zlib", 1)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(z, head)
		size := 24 << 20
		if name == "opcodes" {
			size = 51_000_000
		}
		for n := 0; n < size; n += len(unit) {
			io.WriteString(z, unit)
		}
		io.WriteString(z, ".")
		z.Close()
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		doc, err := decode(w.Bytes())
		runtime.ReadMemStats(&after)
		if !errors.Is(err, source.ErrLimit) {
			t.Errorf("%s: %v", name, err)
		}
		if got := int64(after.HeapAlloc) - int64(before.HeapAlloc); got > 256<<20 {
			t.Errorf("%s: %d bytes of heap from a file of %d", name, got, w.Len())
		}
		runtime.KeepAlive(doc)
	}
}

func TestTruncatedAnywhere(t *testing.T) {
	for _, c := range fixture.Cases(t, "joblib") {
		if c.Name != "mixed" {
			continue
		}
		for n := range c.Data {
			if _, err := decode(c.Data[:n]); err == nil {
				t.Errorf("p%d %s: %d of %d bytes read without an error", c.Protocol, c.Compressor, n, len(c.Data))
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range fixture.Cases(f, "joblib") {
		f.Add(c.Data)
	}
	lim := source.Default()
	lim.Opcodes, lim.Decompressed, lim.LZMADict = 1_000_000, 16<<20, 1<<20
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := Decode(source.Bytes(b), lim)
		if doc == nil {
			t.Fatal("no Doc")
		}
		if err != nil {
			return
		}
		var w bytes.Buffer
		if err := Encode(&w, doc.Root, Options{Protocol: 4}); err != nil {
			return
		}
		if _, err := decode(w.Bytes()); err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
	})
}

// FuzzCompanion reads the pickles of joblib before 0.10, whose arrays stand in files beside them: in .npy files and in files of zlib.
func FuzzCompanion(f *testing.F) {
	array := fixture.Cases(f, "npy")[0].Data
	wrapper := func(class, rest string) string {
		return "\x80\x02cjoblib.numpy_pickle\n" + class + "\n)\x81}(U\x08filenameU\x05a.npy" + rest + "ub."
	}
	var z bytes.Buffer
	w, err := compress(&z, "zlib", 1)
	if err != nil {
		f.Fatal(err)
	}
	_, _ = w.Write(make([]byte, 16))
	_ = w.Close()
	old := "ZF" + fmt.Sprintf("%-19s", "0x10") + z.String()
	f.Add([]byte(wrapper("NDArrayWrapper", "U\x08subclasscnumpy\nndarray\n")), array)
	f.Add([]byte(wrapper("ZNDArrayWrapper", "U\x09init_argscnumpy\nndarray\nK\x00\x85U\x01b\x87U\x05state(K\x01K\x02\x85cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89t")), []byte(old))
	f.Add([]byte(old), []byte(old))
	lim := source.Default()
	lim.Opcodes, lim.Decompressed = 1_000_000, 16<<20
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, model, companion []byte) {
		for name, b := range map[string][]byte{"m.pkl": model, "a.npy": companion} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		src, err := source.Open(filepath.Join(dir, "m.pkl"), lim)
		if err != nil {
			return
		}
		defer src.Close()
		if doc, _ := Decode(src, lim); doc == nil {
			t.Fatal("no Doc")
		}
	})
}
