package larder_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/format/joblib"
	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// allocates gives the bytes that f allocates.
func allocates(f func()) uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	before := s[0].Value.Uint64()
	f()
	metrics.Read(s)
	return s[0].Value.Uint64() - before
}

// regression is a LinearRegression of n coefficients, as joblib would store it, whose numbers are w's zeros.
func regression(t *testing.T, w io.Writer, n int) {
	t.Helper()
	text := func(s string) string { return "\x8c" + string([]byte{byte(len(s))}) + s }
	size := binary.LittleEndian.AppendUint32(nil, uint32(n))
	head := "\x80\x04" + text("sklearn.linear_model._base") + text("LinearRegression") + "\x93)\x81}(" +
		text("fit_intercept") + "\x88" + text("copy_X") + "\x88" + text("n_jobs") + "N" + text("positive") + "\x89" + text("n_features_in_") + "J" + string(size) +
		text("rank_") + "K\x01" + text("intercept_") + "G\x3f\xe0\x00\x00\x00\x00\x00\x00" + text("coef_") +
		text("joblib.numpy_pickle") + text("NumpyArrayWrapper") + "\x93)\x81}(" + text("subclass") + text("numpy") + text("ndarray") + "\x93" +
		text("shape") + "J" + string(size) + "\x85" + text("order") + text("C") +
		text("dtype") + text("numpy") + text("dtype") + "\x93" + text("f8") + "\x89\x88\x87R(K\x03" + text("<") + "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb" +
		text("allow_mmap") + "\x88ub"
	zeros := make([]byte, 1<<20)
	if _, err := io.WriteString(w, head); err != nil {
		t.Fatal(err)
	}
	for left := 8 * n; left > 0; left -= len(zeros) {
		if _, err := w.Write(zeros[:min(left, len(zeros))]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(w, text("_sklearn_version")+text("1.9.1")+"ub."); err != nil {
		t.Fatal(err)
	}
}

// TestBombs: a file of 200 kB that decompresses to 200 MB of coefficients is judged and looked at in little memory, and neither run nor
// written.
func TestBombs(t *testing.T) {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, 6)
	regression(t, w, 25_000_000)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	few := func(what string, f func()) {
		if n := allocates(f); n > 16<<20 {
			t.Errorf("%s: %d bytes are allocated", what, n)
		}
	}
	few("audit", func() {
		if r := larder.AuditBytes(b.Bytes(), audit.Policy{Strict: true}); r.Verdict != audit.OK {
			t.Errorf("audit: %s %v", r.Verdict, r.Findings)
		}
	})
	few("dis", func() {
		if err := larder.Disassemble(io.Discard, source.Bytes(b.Bytes()), source.Default().Outlined(), 100); err != nil {
			t.Error(err)
		}
	})
	few("open", func() {
		if _, err := larder.OpenBytes(b.Bytes()); !errors.Is(err, larder.ErrLimit) || !strings.Contains(err.Error(), "decompress it") {
			t.Errorf("open: %v", err)
		}
	})
	few("look", func() {
		m, err := larder.OpenBytes(b.Bytes(), larder.Outline())
		if err != nil {
			t.Fatal(err)
		}
		if in := m.Info(); in.Type != "sklearn.linear_model._base.LinearRegression" || in.NFeaturesIn != 25_000_000 || in.Supported || len(in.Problems) == 0 {
			t.Errorf("%+v", in)
		}
		if _, err := m.Run(context.Background(), "predict", tensor.Value{Dense: tensor.New(tensor.Float64, 1, 4)}); !errors.Is(err, larder.ErrLimit) {
			t.Errorf("run: %v", err)
		}
		if err := m.Encode(io.Discard, larder.Form{Format: "pickle", Protocol: 5}); !errors.Is(err, larder.ErrLimit) {
			t.Errorf("encode: %v", err)
		}
		if _, err := m.Fingerprint(); !errors.Is(err, larder.ErrLimit) {
			t.Errorf("fingerprint: %v", err)
		}
		if _, err := m.EncodeONNX(io.Discard, larder.ONNXOptions{}); err == nil {
			t.Error("onnx: no error")
		}
	})
	lim := source.Default()
	lim.Held = 1 << 30
	m, err := larder.OpenBytes(b.Bytes(), larder.WithLimits(lim))
	if err != nil || m.NFeatures() != 25_000_000 {
		t.Errorf("with room: %v", err)
	}
}

// TestHeldOnBothSides: each compressed form keeps what its limit allows, steps over floats beyond it where it may, and refuses the rest.
func TestHeldOnBothSides(t *testing.T) {
	const n = 1 << 20 // bytes of an array
	array := func(kind byte) *pyobj.Array {
		return &pyobj.Array{DType: &pyobj.DType{Kind: kind, Size: 8, Order: '<'}, Shape: []int{n / 8}, Data: make([]byte, n)}
	}
	files := map[string]func(a *pyobj.Array) []byte{}
	for _, c := range []string{"zlib", "gzip", "bz2", "lzma", "xz", "lz4"} {
		files[c] = func(a *pyobj.Array) []byte {
			var b bytes.Buffer
			if err := joblib.Encode(&b, a, joblib.Options{Protocol: 4, Compressor: c}); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}
	}
	files["npz"] = func(a *pyobj.Array) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create("X.npy")
		if err == nil {
			err = npy.Encode(w, a)
		}
		if err = errors.Join(err, z.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for form, file := range files {
		for _, kind := range []byte("fi") {
			b := file(array(kind))
			for _, outline := range []bool{false, true} {
				for _, room := range []int64{n + 4096, n - 4096} {
					lim := source.Default()
					lim.Held, lim.HeldPer, lim.Outline = room, 0, outline
					doc, err := larder.Decode(source.Bytes(b), lim)
					switch {
					case room > n:
						if err != nil || doc.Unread != 0 {
							t.Errorf("%s of %c in %d bytes: %v", form, kind, room, err)
						}
					case outline && kind == 'f':
						if err != nil || doc.Unread < n {
							t.Errorf("%s of %c in %d bytes, outlined: %v", form, kind, room, err)
						}
					case !errors.Is(err, source.ErrLimit):
						t.Errorf("%s of %c in %d bytes (outlined %v): %v", form, kind, room, outline, err)
					}
				}
			}
		}
	}
	// A pickle that is compressed whole holds bytes, of which nobody knows yet what they are.
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if err := errors.Join(pickle.Encode(w, pyobj.Bytes(make([]byte, n)), 4, nil), w.Close()); err != nil {
		t.Fatal(err)
	}
	lim := source.Default()
	lim.Held, lim.HeldPer, lim.Outline = n-4096, 0, true
	if _, err := larder.Decode(source.Bytes(b.Bytes()), lim); !errors.Is(err, source.ErrLimit) {
		t.Errorf("bytes: %v", err)
	}
}
