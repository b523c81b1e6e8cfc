package parity

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// TestSilentFamilies takes the models that scikit-learn 1.9.1 loads and answers wrongly: it must do so still, Larder must
// be right, and 1.9.1 must be right with what migrate made of the file.
func TestSilentFamilies(t *testing.T) {
	python := fixture.Python(t)
	live(t)
	root := sharedOld(t)
	in := arrays(t, filepath.Join(root, "inputs.npz"))
	families := []struct {
		release, name, method, why string
		least                      float64 // what 1.9.1 is wrong by at least, as part of the largest
		float32                    bool
	}{
		{"1.3.2", "DTC", "predict_proba", "leaves hold counts", 1, false},
		{"1.3.2", "RFC", "predict_proba", "leaves hold counts", 1, false},
		{"1.3.2", "Tfidf", "transform", "the weights are in _idf_diag", 0.01, false},
		{"1.7.2", "LogReg_ovr", "predict_proba", "one logistic function per class", 0.01, false},
		{"1.5.2", "AdaC", "predict", "SAMME.R", 0.5, false},
		{"1.5.2", "AdaC", "predict_proba", "SAMME.R", 0.01, false},
		{"1.4.2", "PLS", "predict", "predict scales the rows", 0.05, false},
		{"0.20.4", "LDA", "predict_proba", "one logistic function per class", 0.05, false},
		{"1.7.2", "StdS", "transform", "float32 rows", 1e-9, true},
	}
	dir := t.TempDir()
	var jobs bytes.Buffer
	for i, f := range families {
		path := filepath.Join(root, f.release, f.name+".pkl")
		m, err := larder.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		n, _, err := m.Migrate(larder.MigrateOptions{Sklearn: "1.9.1", Float32: f.float32})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := n.Encode(&b, larder.Form{Format: "pickle"}); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(dir, strconv.Itoa(i)+".pkl")
		if err := os.WriteFile(out, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		expected := filepath.Join(root, f.release, "expected", f.name+".npz")
		fmt.Fprintf(&jobs, "%s\t%s\t%s\t%s\t%s\n", f.name, path, out, expected, f.method)
		if !f.float32 {
			v := tensor.Value{Dense: tensor.FromF64(in["X"].F64[:40], 10, 4)}
			if f.name == "Tfidf" {
				v = larder.Texts(in["docs"].Str[:10]...)
			}
			for what, model := range map[string]*larder.Model{"original": m, "migrated": n} {
				if d := distance(t, model, f.method, v, arrays(t, expected)[f.method]); d > 1e-12 {
					t.Errorf("%s %s: Larder is off by %g on the %s", f.release, f.name, d, what)
				}
			}
		}
	}
	list := filepath.Join(dir, "jobs.txt")
	if err := os.WriteFile(list, jobs.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(python, "migrate_silent.py", list, filepath.Join(root, "inputs.npz"))
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != len(families) {
		t.Fatalf("%d answers for %d models", len(lines), len(families))
	}
	for i, f := range families {
		p := strings.Split(lines[i], "\t")
		was, _ := strconv.ParseFloat(p[1], 64)
		now, err := strconv.ParseFloat(p[2], 64)
		if err != nil {
			t.Fatal(lines[i])
		}
		t.Logf("%s %s %s: %s: 1.9.1 is off by %.2g on the file as it is, by %.2g on the migrated one", f.release, f.name, f.method, f.why, was, now)
		if was < f.least {
			t.Errorf("%s: 1.9.1 is off by %g only", f.name, was)
		}
		if now > 1e-12 {
			t.Errorf("%s: migrated, 1.9.1 is off by %g", f.name, now)
		}
	}
}

// distance gives the largest difference from the expected answer, as part of its largest number.
func distance(t *testing.T, m *larder.Model, method string, v tensor.Value, want *tensor.Tensor) float64 {
	res, err := m.Run(context.Background(), method, v)
	if err != nil {
		t.Fatal(err)
	}
	got := res.Outputs[0].Dense
	if c := res.Outputs[0].CSR; c != nil {
		got = c.Dense()
	}
	x, y := got.AsF64(), want.AsF64()
	if len(x) != len(y) {
		t.Fatalf("%d numbers for %d", len(x), len(y))
	}
	worst, largest := 0.0, 0.0
	for i := range x {
		worst, largest = max(worst, math.Abs(x[i]-y[i])), max(largest, math.Abs(y[i]))
	}
	return worst / largest
}

func arrays(t *testing.T, path string) map[string]*tensor.Tensor {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, members, err := npy.Zip(b, source.Default(), nil)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*tensor.Tensor{}
	for n, a := range members {
		if out[n], err = numpy.Tensor(a); err != nil {
			t.Fatalf("%s: %v", n, err)
		}
	}
	return out
}
