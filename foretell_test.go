package larder_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn/release"
)

// TestForetell compares what is foretold of 1,814 files with what the last patch release of each minor one did with each: the outcome and the
// words of the error.
func TestForetell(t *testing.T) {
	root := fixture.Shared(t, "data/sklearn-old")
	tables, _ := filepath.Glob(filepath.Join(fixture.Path(t, "outcomes"), "*.txt"))
	if len(tables) < 10 {
		t.Fatalf("%d tables", len(tables))
	}
	models := map[string]*larder.Model{}
	for _, table := range tables {
		t.Run(filepath.Base(table), func(t *testing.T) {
			f, err := os.Open(table)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			real, err := golden.ReadOutcomes(f)
			if err != nil {
				t.Fatal(err)
			}
			agree := 0
			for name, o := range real.Of {
				if models[name] == nil {
					if models[name], err = larder.Open(filepath.Join(root, name+".pkl")); err != nil {
						t.Fatal(err)
					}
				}
				got, err := models[name].Foretell(larder.Runtime{Sklearn: real.Sklearn, Numpy: real.Numpy})
				if err != nil {
					t.Fatal(err)
				}
				d := o.Differs(string(got.Outcome), got.Error)
				switch _, model, _ := strings.Cut(name, "/"); {
				case d == "":
					agree++
				case model == "TfidfT" && o.Outcome == "same" && got.Outcome == larder.OutcomeSilentlyWrong:
					// every weight of this one is 1, and leaving them out changes nothing
				case got.Outcome == larder.OutcomeFails && got.Path == "model" && got.When != "load" && !slices.ContainsFunc(ran(t, root, name), func(m string) bool { return slices.Contains(strings.Split(got.When, ", "), m) }):
					// a method that was not run
				default:
					t.Errorf("%s: %s", name, d)
				}
			}
			t.Logf("scikit-learn %s: %d of %d files as foretold", real.Sklearn, agree, len(real.Of))
			if len(real.Of) < 1800 {
				t.Errorf("%d files", len(real.Of))
			}
		})
	}
}

// ran lists the methods of which the writing release stored an answer.
func ran(t *testing.T, root, name string) []string {
	release, model, _ := strings.Cut(name, "/")
	var out []string
	for m := range readNpz(t, filepath.Join(root, release, "expected", model+".npz")) {
		out = append(out, m)
	}
	return out
}

// TestForetellHere needs no file from elsewhere: the fixture of the newest release is the same there, and older ones miss
// what came later.
func TestForetellHere(t *testing.T) {
	m, err := larder.Open(filepath.Join(fixture.Root(t), "cmd", "larder", "quickstart", "titanic.joblib"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		r           larder.Runtime
		outcome     string
		text, notes string
	}{
		{larder.Runtime{Sklearn: "1.9.1"}, "same", "", "numpy 2 is needed"},
		{larder.Runtime{Sklearn: "1.9.1", Numpy: "2.1"}, "same", "", ""},
		{larder.Runtime{Sklearn: "1.9.1", Numpy: "1.24.1"}, "fails", "ModuleNotFoundError: No module named 'numpy._core'", ""},
		{larder.Runtime{Sklearn: "1.3.2"}, "fails", "ModuleNotFoundError: No module named 'numpy._core'", ""},
		{larder.Runtime{Sklearn: "1.0.2", Python: "3.7.3"}, "fails", "ValueError: unsupported pickle protocol: 5", ""},
	} {
		f, err := m.Foretell(c.r)
		if err != nil {
			t.Fatal(err)
		}
		if string(f.Outcome) != c.outcome || f.Error != c.text || !strings.Contains(strings.Join(f.Notes, "\n"), c.notes) || c.notes == "" && len(f.Notes) > 0 {
			t.Errorf("%+v: %+v", c.r, f)
		}
	}
	if _, err := m.Foretell(larder.Runtime{Sklearn: "0.24"}); err == nil {
		t.Error("0.24 is not described")
	}
}

// TestForetellShared: a graph that holds everything twice is looked at once.
func TestForetellShared(t *testing.T) {
	var v pyobj.Value = &pyobj.Tuple{Items: []pyobj.Value{pyobj.Str("x")}}
	for range 60 {
		v = &pyobj.Tuple{Items: []pyobj.Value{v, v}}
	}
	to, err := release.Find("1.9")
	if err != nil {
		t.Fatal(err)
	}
	if f := release.Foretell(&pyobj.Doc{Root: v}, v, to, release.Runtime{}); f.Outcome != release.Same {
		t.Errorf("%+v", f)
	}
}
