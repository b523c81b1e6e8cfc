package larder_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/tensor"
)

// TestRowsThatDoNotFitTogetherAreRefused gives a model values made by hand, wrongly.
func TestRowsThatDoNotFitTogetherAreRefused(t *testing.T) {
	m, err := larder.Open(fixture.Path(t, "sklearn/1.9.1/LogisticRegression-binary.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	one := tensor.FromF64([]float64{1})
	names := []string{"a", "b", "c", "d"}
	sparse := func(indptr []int, indices []int32, n int) tensor.Value {
		return tensor.Value{CSR: &tensor.Sparse{Rows: 1, Cols: 4, Indptr: indptr, Indices: indices, Data: tensor.New(tensor.Float64, n)}}
	}
	for name, v := range map[string]tensor.Value{
		"nothing":               {},
		"a column of two rows":  larder.Frame(names, one, one, tensor.FromF64([]float64{1, 2}), one),
		"a nil column":          larder.Frame(names, one, nil, one, one),
		"names short":           larder.Frame(names[:3], one, one, one, one),
		"names long":            larder.Frame(append(names[:4:4], "e"), one, one, one, one),
		"elements short":        {Dense: &tensor.Tensor{DType: tensor.Float64, Shape: []int{2, 4}, F64: []float64{1}}},
		"of another type":       {Dense: &tensor.Tensor{DType: tensor.Float32, Shape: []int{1, 4}, F64: []float64{1, 2, 3, 4}}},
		"a size below zero":     {Dense: &tensor.Tensor{DType: tensor.Float64, Shape: []int{-1, -4}, F64: []float64{1, 2, 3, 4}}},
		"too large for a size":  {Dense: &tensor.Tensor{DType: tensor.Float64, Shape: []int{1 << 62, 4}}},
		"sparse without data":   {CSR: &tensor.Sparse{Rows: 1, Cols: 4, Indptr: []int{0, 0}}},
		"sparse without rows":   sparse(nil, nil, 0),
		"sparse column outside": sparse([]int{0, 1}, []int32{4}, 1),
		"sparse column below":   sparse([]int{0, 1}, []int32{-1}, 1),
		"sparse pointers":       sparse([]int{1, 1}, []int32{0}, 1),
		"sparse values":         sparse([]int{0, 1}, []int32{0}, 2),
	} {
		if _, err := m.Predict(context.Background(), v); !errors.Is(err, larder.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFilesAreGivenBack opens files that are mapped, and that are no models.
func TestFilesAreGivenBack(t *testing.T) {
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("the system does not list open files")
		}
		return len(entries)
	}
	dir := t.TempDir()
	bad, good := filepath.Join(dir, "bad.pkl"), filepath.Join(dir, "good.pkl")
	if err := os.WriteFile(bad, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := larder.Open(fixture.Path(t, "../cmd/larder/quickstart/titanic.joblib"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Encode(f, larder.Form{Format: "pickle"}); err != nil {
		t.Fatal(err)
	}
	f.Close()
	before := open()
	for range 20 {
		if _, err := larder.Open(bad); !errors.Is(err, larder.ErrFormat) {
			t.Fatal(err)
		}
		m, err := larder.Open(good)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Predict(context.Background(), larder.Texts("a")); !errors.Is(err, fs.ErrClosed) {
			t.Fatalf("after Close: %v", err)
		}
		if err := m.Trustworthy(); !errors.Is(err, fs.ErrClosed) {
			t.Fatalf("after Close: %v", err)
		}
	}
	if after := open(); after > before {
		t.Errorf("%d files were open, now %d", before, after)
	}
}
