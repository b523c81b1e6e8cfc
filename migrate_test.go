package larder_test

import (
	"errors"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/release"
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
