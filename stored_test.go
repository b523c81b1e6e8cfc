package larder_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/joblib"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
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
	n, linear := 0, 0
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
			sameAnswers(t, filepath.Base(f), m, back, m.Methods())
			n++
		}
		if est, err := m.Estimator(); err == nil {
			if l, ok := est.(sklearn.Linear); ok {
				samePredictions(t, filepath.Base(f), m, l)
				linear++
			}
		}
	}
	t.Logf("%d round trips, %d linear models", n, linear)
	if linear < 10 {
		t.Errorf("%d linear models", linear)
	}
}

// samePredictions writes a linear model's parameters, reads them back and predicts.
func samePredictions(t *testing.T, name string, m *larder.Model, l sklearn.Linear) {
	t.Helper()
	var b bytes.Buffer
	err := m.Encode(&b, larder.Form{Format: "params"})
	if _, _, _, why := l.Coefficients(); why != nil {
		if !errors.Is(err, larder.ErrUnsupported) {
			t.Errorf("%s as params: %v", name, err)
		}
		return
	}
	if err != nil {
		t.Errorf("%s as params: %v", name, err)
		return
	}
	back, err := larder.OpenBytes(b.Bytes())
	if err != nil {
		t.Errorf("%s as params does not open: %v", name, err)
		return
	}
	if back.Can("predict") != nil {
		t.Errorf("%s as params does not predict: %v", name, back.Can("predict"))
	}
	sameAnswers(t, name+" as params", m, back, []string{"predict"})
}

// sameAnswers runs methods of two models on the same made-up rows.
func sameAnswers(t *testing.T, name string, a, b *larder.Model, methods []string) {
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
	for _, method := range methods {
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

// TestStoredFormsKeepTheFile: a model that stands beside other things in its file is written with them, alone where that is
// asked for.
func TestStoredFormsKeepTheFile(t *testing.T) {
	inner, err := larder.Open(fixture.Path(t, "../cmd/larder/quickstart/titanic.joblib"))
	if err != nil {
		t.Fatal(err)
	}
	both := &pyobj.Dict{Entries: []pyobj.Entry{{Key: pyobj.Str("model"), Value: inner.Doc().Root}, {Key: pyobj.Str("threshold"), Value: pyobj.Float(0.25)}}}
	var b bytes.Buffer
	if err := joblib.Encode(&b, both, joblib.Options{Protocol: 4}); err != nil {
		t.Fatal(err)
	}
	m, err := larder.OpenBytes(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range larder.Forms() {
		for _, alone := range []bool{false, true} {
			var out bytes.Buffer
			if err := m.Encode(&out, larder.Form{Format: name, Alone: alone}); err != nil {
				t.Fatal(err)
			}
			back, err := larder.OpenBytes(out.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			d, ok := back.Doc().Root.(*pyobj.Dict)
			if ok == alone || !alone && (d.Len() != 2 || d.Get("threshold") != pyobj.Value(pyobj.Float(0.25))) {
				t.Errorf("as %s, alone %v: %s", name, alone, sklearn.Describe(back.Doc().Root))
			}
			x, err1 := m.Fingerprint()
			y, err2 := back.Fingerprint()
			if x != y || err1 != nil || err2 != nil {
				t.Errorf("as %s, alone %v: another fingerprint, %v, %v", name, alone, err1, err2)
			}
		}
	}
}
