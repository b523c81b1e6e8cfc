package larder_test

import (
	"bytes"
	"errors"
	"math"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/release"
	"github.com/larder-ml/larder/tensor"
)

// TestMigrateSklearnOld rewrites every model that 16 releases wrote for the newest. What is written must bind and give the
// stored answers; what is refused is counted and named with -v. The parity suite asks the real release.
func TestMigrateSklearnOld(t *testing.T) {
	root := fixture.Shared(t, "data/sklearn-old")
	in := readNpz(t, filepath.Join(root, "inputs.npz"))
	files, _ := filepath.Glob(filepath.Join(root, "*", "*.pkl"))
	sort.Strings(files)
	good, refused := 0, 0
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".pkl")
		t.Run(filepath.Base(filepath.Dir(f))+"/"+name, func(t *testing.T) {
			m, err := larder.Open(f)
			if err != nil {
				t.Fatal(err)
			}
			n, report, err := m.Migrate(larder.MigrateOptions{Sklearn: "1.9.1"})
			if err != nil {
				if !errors.Is(err, larder.ErrUnsupported) {
					t.Error(err)
				}
				t.Log(err)
				refused++
				return
			}
			if v := filepath.Base(filepath.Dir(f)); v == "1.9.1" && len(report.Changes) > 0 {
				t.Errorf("changes within a release: %v", report.Changes)
			}
			if why := oldAnswers(t, n, f, name, in, true); why != nil {
				t.Error(why)
				return
			}
			good++
		})
	}
	t.Logf("%d of %d rewritten, %d refused", good, len(files), refused)
	if refused*100 > 3*len(files) {
		t.Errorf("%d of %d refused", refused, len(files))
	}
}

// TestMigrateFixtures rewrites the committed models of every release, up and down, and looks at what is said of some.
func TestMigrateFixtures(t *testing.T) {
	open := func(name string) *larder.Model {
		t.Helper()
		m, err := larder.Open(fixture.Path(t, "sklearn/"+name))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	var refused *release.RefusedError
	files, _ := filepath.Glob(fixture.Path(t, "sklearn") + "/*/*.pkl")
	for _, to := range []string{"1.9.1", "1.4.2", "1.0.2"} {
		for _, f := range files {
			m, err := larder.Open(f)
			if err != nil {
				t.Fatal(err)
			}
			n, _, err := m.Migrate(larder.MigrateOptions{Sklearn: to})
			if errors.As(err, &refused) {
				if refused.Class == "" || refused.Reason == "" {
					t.Errorf("%s to %s: %v names no class or reason", f, to, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s to %s: %v", f, to, err)
				continue
			}
			if _, err := n.Estimator(); err != nil {
				t.Errorf("%s to %s: %v", f, to, err)
			}
		}
	}
	n, report, err := open("1.5.2/LogisticRegression-ovr.pkl").Migrate(larder.MigrateOptions{Sklearn: "1.9"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := n.Estimator()
	if err != nil || sklearn.Of(e).Name() != "SGDClassifier" || len(report.Notes) == 0 {
		t.Errorf("one logistic function per class became %v, %v, %v", e, err, report)
	}
	if _, _, err := open("1.9.1/TargetEncoder.pkl").Migrate(larder.MigrateOptions{Sklearn: "1.2"}); !errors.As(err, &refused) || refused.Class != "TargetEncoder" {
		t.Errorf("TargetEncoder for 1.2: %v", err)
	}
	if _, _, err := open("1.9.1/TargetEncoder.pkl").Migrate(larder.MigrateOptions{Sklearn: "0.24"}); !errors.Is(err, larder.ErrUnsupported) {
		t.Errorf("0.24 as a target: %v", err)
	}
}

// TestMigrateToItsOwnRelease: the names are still those of the oldest numpy the release takes.
func TestMigrateToItsOwnRelease(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(fixture.Root(t), "testdata", "sklearn", "1.9.1", "*.pkl"))
	renamed := 0
	for _, f := range files {
		m, err := larder.Open(f)
		if err != nil {
			continue
		}
		n, _, err := m.Migrate(larder.MigrateOptions{Sklearn: "1.9.1"})
		if err != nil {
			continue
		}
		// numpy 1.24 and later give the constructors of random states a class; before they took a name.
		if names(n, "numpy.random._mt19937.MT19937") || names(n, "numpy.random._pcg64.PCG64") {
			t.Errorf("%s: its random state is one of numpy 1.24", filepath.Base(f))
		}
		if names(m, "numpy.random._mt19937.MT19937") || names(m, "numpy.random._pcg64.PCG64") {
			renamed++
		}
	}
	if renamed == 0 {
		t.Errorf("none of %d files has a random state", len(files))
	}
}

func names(m *larder.Model, global string) bool {
	for _, i := range m.Doc().Imports {
		if i.Global.String() == global {
			return true
		}
	}
	return false
}

// joblib pads arrays since 1.2; what a release of before is given, its joblib must read.
func TestMigrateForOldJoblib(t *testing.T) {
	m, err := larder.Open(fixture.Path(t, "sklearn/1.9.1/LogisticRegression-binary.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	for release, padded := range map[string]bool{"1.1.3": false, "1.2.2": true} {
		n, _, err := m.Migrate(larder.MigrateOptions{Sklearn: release})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := n.Encode(&b, larder.Form{Format: "joblib"}); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b.Bytes(), []byte("numpy_array_alignment_bytes")) != padded {
			t.Errorf("%s: padded %t", release, !padded)
		}
		back, err := larder.OpenBytes(b.Bytes())
		if err != nil || back.Can("predict") != nil {
			t.Errorf("%s: %v", release, err)
		}
	}
}

// TestMigrateDeviation rewrites BayesianRidge, whose predict(return_std=True) subtracts X_offset_ from the rows since 1.9:
// the deviations are those that scikit-learn 1.2.2 gave for three rows.
func TestMigrateDeviation(t *testing.T) {
	std := func(m *larder.Model, x []float64, width int) []float64 {
		t.Helper()
		r, err := m.Run(t.Context(), sklearn.MethodPredictStd, tensor.Value{Dense: &tensor.Tensor{DType: tensor.Float64, Shape: []int{len(x) / width, width}, F64: x}})
		if err != nil {
			t.Fatal(err)
		}
		return r.Outputs[1].Value.Dense.F64
	}
	near := func(got, want []float64, tolerance float64) {
		t.Helper()
		for i := range want {
			if len(got) != len(want) || math.Abs(got[i]-want[i]) > tolerance {
				t.Fatalf("deviations %v, wanted %v", got, want)
			}
		}
	}
	now, err := larder.Open(fixture.Path(t, "sklearn/1.9.1/BayesianRidge.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	var refused *release.RefusedError
	if _, _, err := now.Migrate(larder.MigrateOptions{Sklearn: "1.5"}); !errors.As(err, &refused) || refused.Attr != "X_offset_" {
		t.Errorf("to 1.5: %v", err)
	}
	if _, _, err := now.Migrate(larder.MigrateOptions{Sklearn: "1.5", Without: []string{sklearn.MethodPredictStd}}); err != nil {
		t.Errorf("to 1.5 without deviations: %v", err)
	}
	// A model of float32 rows keeps the offset in float32.
	root := pyobj.Clone(now.Doc().Root)
	attrs, _ := root.(*pyobj.Object).Attrs()
	offset := attrs.Get("X_offset_").(*pyobj.Array)
	attrs.Set(pyobj.Str("X_offset_"), &pyobj.Array{DType: &pyobj.DType{Kind: 'f', Size: 4, Order: '<'}, Shape: offset.Shape, Data: bytes.Repeat([]byte{0, 0, 0x80, 0x3f}, offset.Len()), Offset: -1})
	var b bytes.Buffer
	if err := pickle.Encode(&b, root, 4, (&numpy.Reducer{Protocol: 4}).Reduce); err != nil {
		t.Fatal(err)
	}
	single, err := larder.OpenBytes(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := single.Migrate(larder.MigrateOptions{Sklearn: "1.5"}); !errors.As(err, &refused) || refused.Attr != "X_offset_" {
		t.Errorf("float32 to 1.5: %v", err)
	}
	n, _, err := now.Migrate(larder.MigrateOptions{Sklearn: "1.0"})
	if err != nil {
		t.Fatal(err)
	}
	width := now.Info().NFeaturesIn
	row := make([]float64, width)
	for i := range row {
		row[i] = float64(i) - 1.5
	}
	near(std(n, row, width), std(now, row, width), 1e-12)

	old := fixture.Shared(t, "data/sklearn-old")
	was, err := larder.Open(filepath.Join(old, "1.2.2", "BayesR.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	x := readNpz(t, filepath.Join(old, "inputs.npz"))["X"].F64[:12]
	if n, _, err = was.Migrate(larder.MigrateOptions{Sklearn: "1.9.1"}); err != nil {
		t.Fatal(err)
	}
	near(std(n, x, 4), []float64{0.00015978, 0.00015668, 0.00015453}, 5.1e-9)
	near(std(was, x, 4), std(n, x, 4), 0)
}
