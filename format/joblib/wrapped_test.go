package joblib

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"

	"github.com/larder-ml/larder/source"
)

// TestWrapperOfBytes: a wrapper whose dtype is no object is damage, not the end of the program.
func TestWrapperOfBytes(t *testing.T) {
	for _, dtype := range []string{"C\x02f8", "N", "]", "K\x01", "\x8c\x02f8"} {
		b := "\x80\x04\x8c\x13joblib.numpy_pickle\x8c\x11NumpyArrayWrapper\x93)\x81}(\x8c\x08subclass\x8c\x05numpy\x8c\x07ndarray\x93\x8c\x05shapeK\x01\x85\x8c\x05order\x8c\x01C\x8c\x05dtype" +
			dtype + "ub."
		if _, err := Decode(source.Bytes([]byte(b)), source.Default()); !errors.Is(err, source.ErrCorrupt) {
			t.Errorf("%q: %v", dtype, err)
		}
	}
}

func TestTarInside(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	model := []byte("\x80\x04N.")
	if err := w.WriteHeader(&tar.Header{Name: "model.joblib", Size: int64(len(model)), Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(model); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	_, err := Decode(source.Bytes(b.Bytes()), source.Default())
	if err == nil || !strings.Contains(err.Error(), "inside is a tar archive") || !errors.Is(err, source.ErrCorrupt) {
		t.Error(err)
	}
}
