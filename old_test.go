package larder_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// TestSklearnOld opens every model that 16 releases wrote and compares each stored answer of the writing release.
// A difference fails; a refusal is counted and named with -v.
func TestSklearnOld(t *testing.T) {
	root := fixture.Shared(t, "data/sklearn-old")
	in := readNpz(t, filepath.Join(root, "inputs.npz"))
	releases, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range releases {
		if !r.IsDir() {
			continue
		}
		t.Run(r.Name(), func(t *testing.T) {
			files, _ := filepath.Glob(filepath.Join(root, r.Name(), "*.pkl"))
			sort.Strings(files)
			equal, refused := 0, 0
			for _, f := range files {
				name := strings.TrimSuffix(filepath.Base(f), ".pkl")
				ok := true
				t.Run(name, func(t *testing.T) {
					why := oldModel(t, f, name, in)
					if why != nil {
						ok = false
						refused++
						t.Logf("refused: %v", why)
					}
					ok = ok && !t.Failed()
				})
				if ok {
					equal++
				}
			}
			t.Logf("%s: %d of %d files equal, %d refused", r.Name(), equal, len(files), refused)
		})
	}
}

// exactOld names the models whose answers must have the same bits; the others are sums or pass exp and log.
var exactOld = words("DTC DTC_str DTR RFC RFR ETC HGBR GBR AdaR OHE OHE_drop OrdE LabE LabB MLB SImp SImp_ind MissI OldImputer " +
	"CV HashV DictV SelK VarT SFM RFE MinMax StdS Robust Binz KBins Poly FU CT Dummy DBSCAN Agglo")

// anyWidth names the models that do not record how many columns they were fitted on in every release.
var anyWidth = words("Binz Dummy FuncT Norm Agglo DBSCAN")

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// oldModel compares all stored answers of one file; it returns the refusal, if Larder refuses.
func oldModel(t *testing.T, path, name string, in map[string]*tensor.Tensor) error {
	m, err := larder.Open(path)
	if err != nil {
		return refusal(t, err)
	}
	return oldAnswers(t, m, path, name, in, false)
}

// oldAnswers compares all stored answers of the file at path with a model's; fewer allows that methods are gone.
func oldAnswers(t *testing.T, m *larder.Model, path, name string, in map[string]*tensor.Tensor, fewer bool) error {
	want := readNpz(t, filepath.Join(filepath.Dir(path), "expected", name+".npz"))
	if _, err := m.Estimator(); err != nil {
		return refusal(t, err)
	}
	rows := oldRows(name, in)
	if x := rows.Dense; x != nil && len(x.Shape) == 2 {
		if n := m.NFeatures(); n != x.Cols() && (n != 0 || !anyWidth[name]) {
			t.Errorf("it takes %d columns, %d is said", x.Cols(), n)
		}
	}
	for method, w := range want {
		if fewer && !slices.Contains(m.Methods(), method) {
			t.Logf("%s is gone", method)
			continue
		}
		res, err := m.Run(context.Background(), method, rows)
		if err != nil {
			return refusal(t, err)
		}
		got := res.Outputs[0].Value
		if method == "kneighbors" {
			for _, o := range res.Outputs {
				if o.Name == "distances" {
					got = o.Value
				}
			}
		}
		tol := golden.Sum
		if exactOld[name] && !(name == "RFE" && method != "transform" && method != "predict") {
			tol = golden.Exact
		}
		out := &golden.Output{Method: method, Value: &golden.Value{Dense: w}, Tolerance: string(tol)}
		if name == "Birch" && method == "transform" || name == "KNC_brute" && method == "kneighbors" {
			// distances: the squares agree within 1e-12 of the squared norms
			out.Tolerance, out.Scale = string(golden.Dist), squares(rows.Dense)
		}
		have := value(got)
		if method == "transform" && len(res.Outputs) > 1 {
			have = golden.Of(values(res.Outputs)...)
		}
		if d := golden.Compare(have, out); !d.OK() {
			t.Errorf("%s: %s", method, d)
		}
	}
	return nil
}

// squares gives 2·‖x‖² of each row, a bound for ‖x‖²+‖y‖² of a near y.
func squares(x *tensor.Tensor) []float64 {
	out := make([]float64, x.Rows())
	for i := range x.F64 {
		out[i/x.Cols()] += 2 * x.F64[i] * x.F64[i]
	}
	return out
}

func values(outs []larder.Output) []tensor.Value {
	vs := make([]tensor.Value, len(outs))
	for i, o := range outs {
		vs[i] = o.Value
	}
	return vs
}

func value(v tensor.Value) *golden.Value {
	switch {
	case v.CSR != nil:
		return &golden.Value{Dense: v.CSR.Dense()}
	case v.Frame != nil:
		return &golden.Value{Frame: v.Frame}
	}
	return &golden.Value{Dense: v.Dense}
}

// refusal passes an honest refusal on and fails the test for any other error.
func refusal(t *testing.T, err error) error {
	if errors.Is(err, larder.ErrUnsupported) {
		return err
	}
	t.Errorf("neither answer nor refusal: %v", err)
	return nil
}

// oldRows gives the first ten rows of what a model was fitted on.
func oldRows(name string, in map[string]*tensor.Tensor) tensor.Value {
	x := "X"
	switch name {
	case "MNB", "CNB", "NMF", "LDAtopic", "FuncT", "TfidfT":
		x = "Xp"
	case "HGBC", "HGBR", "SImp", "SImp_ind", "KImp", "MissI", "OldImputer":
		x = "Xn"
	case "OHE", "OHE_drop", "OrdE":
		t := in["Xc"]
		cells := make([]tensor.Cell, 20)
		for i := range cells {
			cells[i] = tensor.StrCell(t.Str[i])
		}
		return tensor.Value{Dense: tensor.FromCells(cells, 10, 2)}
	case "CV", "Tfidf", "HashV":
		return larder.Texts(in["docs"].Str[:10]...)
	case "LabE", "LabB":
		ys := make([]string, 10)
		for i := range ys {
			ys[i] = string(rune('a' + in["y"].I64[i]))
		}
		return larder.Texts(ys...)
	case "MLB":
		return tensor.Value{Tokens: &tensor.Tokens{Indptr: []int{0, 1, 3}, Terms: []string{"a", "b", "c"}}}
	case "DictV":
		return tensor.Value{Dicts: &tensor.Dicts{Indptr: []int{0, 2, 4}, Keys: []string{"a", "b", "a", "b"},
			Values: []tensor.Cell{tensor.IntCell(1), tensor.StrCell("x"), tensor.IntCell(2), tensor.StrCell("y")}}}
	case "Iso":
		col := make([]float64, 10)
		for i := range col {
			col[i] = in["X"].F64[i*4]
		}
		return tensor.Value{Dense: tensor.FromF64(col)}
	}
	return tensor.Value{Dense: tensor.FromF64(in[x].F64[:40], 10, 4)}
}

func readNpz(t *testing.T, path string) map[string]*tensor.Tensor {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, arrays, err := npy.Zip(b, source.Default(), nil)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*tensor.Tensor{}
	for n, a := range arrays {
		if out[n], err = numpy.Tensor(a); err != nil {
			t.Fatalf("%s: %v", n, err)
		}
	}
	return out
}
