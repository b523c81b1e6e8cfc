package larder_test

import (
	"errors"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
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
