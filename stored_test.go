package larder_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
)

// TestStoredFormsKeepTheModel writes every model of the newest release in every stored form, reads it back and wants the
// same fingerprint and the same bits of every stored answer's method.
func TestStoredFormsKeepTheModel(t *testing.T) {
	dir := fixture.Path(t, "sklearn/1.9.1")
	files, _ := filepath.Glob(filepath.Join(dir, "*.*"))
	if old := "data/sklearn-old/1.9.1"; os.Getenv("LARDER_SHORT") == "" {
		if _, err := os.Stat(filepath.Join(fixture.Root(t), "..", "shared", old)); err == nil {
			more, _ := filepath.Glob(filepath.Join(fixture.Shared(t, old), "*.pkl"))
			files = append(files, more...)
		}
	}
	forms := []larder.Form{{Format: "json"}, {Format: "safetensors"}, {Format: "skops"}, {Format: "joblib"}, {Format: "joblib", Compressor: "zlib", Level: 3}, {Format: "pickle", Protocol: 2}, {Format: "pickle", Protocol: 5}}
	n := 0
	for _, f := range files {
		if strings.HasSuffix(f, ".json") || strings.HasSuffix(f, ".npz") {
			continue
		}
		m, err := larder.Open(f)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
			continue
		}
		want, err := m.Fingerprint()
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(f), err)
			continue
		}
		for _, form := range forms {
			var b bytes.Buffer
			if err := m.Encode(&b, form); err != nil {
				if form.Format == "skops" && strings.Contains(err.Error(), "inside itself") {
					continue // Birch
				}
				t.Errorf("%s as %v: %v", filepath.Base(f), form, err)
				continue
			}
			back, err := larder.OpenBytes(b.Bytes())
			if err != nil {
				t.Errorf("%s as %v does not open: %v", filepath.Base(f), form, err)
				continue
			}
			if got, err := back.Fingerprint(); err != nil || got != want {
				t.Errorf("%s as %v: fingerprint %v, want %v (%v)", filepath.Base(f), form, got, want, err)
			}
			if !reflect.DeepEqual(back.Methods(), m.Methods()) {
				t.Errorf("%s as %v: methods %v, want %v", filepath.Base(f), form, back.Methods(), m.Methods())
			}
			sameAnswers(t, filepath.Base(f), m, back)
			n++
		}
	}
	t.Logf("%d round trips", n)
}

// sameAnswers runs every method of two models on the same made-up rows.
func sameAnswers(t *testing.T, name string, a, b *larder.Model) {
	t.Helper()
	k := a.NFeatures()
	if k == 0 {
		return
	}
	rows := make([][]float64, 5)
	for i := range rows {
		rows[i] = make([]float64, k)
		for j := range rows[i] {
			rows[i][j] = float64((i*7+j*3)%5) * 0.37
		}
	}
	for _, method := range a.Methods() {
		x, errA := a.Run(context.Background(), method, larder.Floats(rows))
		y, errB := b.Run(context.Background(), method, larder.Floats(rows))
		if (errA == nil) != (errB == nil) {
			t.Errorf("%s: %s: %v, then %v", name, method, errA, errB)
			continue
		}
		if errA == nil && x.Tensor() != nil && !reflect.DeepEqual(bits(x), bits(y)) {
			t.Errorf("%s: %s answers differ", name, method)
		}
	}
}

func bits(r *larder.Result) any {
	t := r.Tensor()
	out := make([]string, t.Len())
	for i := range out {
		out[i] = t.Cell(i).String()
	}
	return out
}
