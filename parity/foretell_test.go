package parity

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
)

// TestForetold lets real releases of scikit-learn load files of other ones and compares what happened with what was
// foretold: the newest some old files, and those of LARDER_RELEASES (see TestMigrate) every model with settings.
func TestForetold(t *testing.T) {
	live(t)
	newest := fixture.Python(t)
	t.Run("1.9.1", func(t *testing.T) {
		foretold(t, realRelease{"1.9.1", newest, ""}, sharedOld(t), "0.22.2.post1", "1.3.2", "1.7.2")
	})
	releases := os.Getenv("LARDER_RELEASES")
	if releases == "" {
		return
	}
	for _, r := range installed(t, releases, newest) {
		t.Run("settings/"+r.version, func(t *testing.T) { foretold(t, r, filepath.Join(releases, "models")) })
	}
}

// foretold asks a release about the files of a folder, of all releases in it or of some.
func foretold(t *testing.T, r realRelease, folder string, some ...string) {
	cmd := exec.Command(r.python, append([]string{filepath.Join(fixture.Root(t), "testdata", "gen", "outcomes.py"), folder}, some...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+r.path, "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	real, err := golden.ReadOutcomes(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	agree := 0
	for _, name := range slices.Sorted(maps.Keys(real.Of)) {
		o := real.Of[name]
		m, err := larder.Open(filepath.Join(folder, name+".pkl"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Foretell(larder.Runtime{Sklearn: real.Sklearn, Numpy: real.Numpy})
		if err != nil {
			t.Fatal(err)
		}
		switch d := o.Differs(string(got.Outcome), got.Error); {
		case d == "":
			agree++
		case slices.ContainsFunc(got.Notes, func(n string) bool { return o.Error != "" && strings.HasSuffix(n, ": "+o.Error) }):
			agree++ // in some environments, as this one
		case strings.HasSuffix(name, "/TfidfT") && o.Outcome == "same", name == "0.22.2.post1/Power", name == "0.22.2.post1/Quant":
			// weights that are all 1; inverse_transform, which is not run
		default:
			t.Errorf("%s: %s (%s %s)", name, d, got.When, got.Path)
		}
	}
	t.Logf("scikit-learn %s: %d of %d files as foretold", real.Sklearn, agree, len(real.Of))
	if len(real.Of) < 300 {
		t.Errorf("only %d files", len(real.Of))
	}
}
