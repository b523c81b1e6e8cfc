package parity

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/release"
)

// written is a model with the answers of the release that wrote it.
type written struct {
	name, model string
	answers     string // what testdata/gen/stored.py reads: .npz or a case
}

// TestMigrate rewrites models of many releases for another one and lets the real release load them: without an exception
// or a warning, and with the stored answers of the release that wrote them. What can not be expressed is refused.
//
// The newest release is that of LARDER_PYTHON. LARDER_RELEASES names a folder with others (make parity-releases):
// py39old, py39 and py311 are Python environments, rel/VERSION the releases, models/VERSION what migrate_gen.py made with each.
// LARDER_LADDER names folders of cases, one of each release (make ladder), which are rewritten for all of them, too.
func TestMigrate(t *testing.T) {
	newest := fixture.Python(t)
	live(t)
	old := pickles(t, filepath.Join(sharedOld(t), "*"))
	t.Run("1.9.1", func(t *testing.T) { migrateAll(t, old, "1.9.1", newest, "") })
	releases := os.Getenv("LARDER_RELEASES")
	if releases == "" {
		return
	}
	settings, cases := pickles(t, filepath.Join(releases, "models", "*")), ladderCases(t)
	for _, r := range installed(t, releases, newest) {
		if r.version != "1.9.1" {
			t.Run(r.version, func(t *testing.T) { migrateAll(t, old, r.version, r.python, r.path) })
		}
		t.Run("settings/"+r.version, func(t *testing.T) { migrateAll(t, settings, r.version, r.python, r.path) })
		if len(cases) > 0 {
			t.Run("cases/"+r.version, func(t *testing.T) { migrateAll(t, cases, r.version, r.python, r.path) })
		}
	}
}

// realRelease is a scikit-learn to ask: a Python and what stands on its path.
type realRelease struct{ version, python, path string }

// installed lists what LARDER_RELEASES holds and the newest release.
func installed(t *testing.T, releases, newest string) []realRelease {
	dirs, _ := filepath.Glob(filepath.Join(releases, "rel", "*"))
	if len(dirs) == 0 {
		t.Fatalf("no releases in %s", releases)
	}
	var out []realRelease
	for _, dir := range dirs {
		v, env := filepath.Base(dir), "py39"
		switch {
		case sklearn.CompareVersions(v, "1.1") < 0:
			env = "py39old" // a newer scipy warns of what 1.0 does
		case sklearn.CompareVersions(v, "1.6") >= 0:
			env = "py311"
		}
		out = append(out, realRelease{v, filepath.Join(releases, env, "bin", "python"), dir})
	}
	return append(out, realRelease{"1.9.1", newest, ""})
}

func sharedOld(t *testing.T) string { return fixture.Shared(t, "data/sklearn-old") }

// pickles lists the pickles of folders named after the releases that wrote them.
func pickles(t *testing.T, folders string) []written {
	paths, err := filepath.Glob(filepath.Join(folders, "*.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	var out []written
	for _, p := range paths {
		out = append(out, written{strings.TrimSuffix(filepath.Base(p), ".pkl"), p, p})
	}
	return out
}

// ladderCases lists the cases of LARDER_LADDER.
func ladderCases(t *testing.T) []written {
	root := os.Getenv("LARDER_LADDER")
	if root == "" {
		return nil
	}
	dirs, _ := filepath.Glob(filepath.Join(root, "*"))
	var out []written
	for _, dir := range dirs {
		paths, err := golden.CasePaths(dir)
		if err != nil {
			continue // a file among the folders
		}
		for _, p := range paths {
			c, err := golden.ReadCase(p)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, written{c.Name, c.ModelPath(), p})
		}
	}
	if len(out) == 0 {
		t.Fatalf("no cases in %s", root)
	}
	return out
}

// saidOf holds what migrate says of a model whose answers may differ in one way.
var saidOf = map[string]string{"float32": "fitted on float32", "ties": "equal", "logs": "logarithms of probabilities of 0", "accents": "accents",
	"paths": "decision_path of rows with missing values", "rounding": ""}

// migrateAll rewrites files for a release and asks the Python that has it. None may give other numbers.
func migrateAll(t *testing.T, files []written, to, python, path string) {
	dir := t.TempDir()
	var jobs bytes.Buffer
	refused := map[string][]string{}
	notes := map[string]string{} // by file
	untouched := map[string]bool{}
	rewritten := 0
	forms := []larder.Form{{Format: "pickle"}, {Format: "joblib", Compressor: "zlib"}, {Format: "joblib"}, {Format: "pickle", Protocol: 2}}
	if exec.Command(python, "-c", "import skops.io").Run() == nil {
		forms = append(forms, larder.Form{Format: "skops"})
	}
	for i, f := range files {
		at := filepath.Base(filepath.Dir(f.model)) + "/" + f.name
		m, err := larder.Open(f.model)
		var n *larder.Model
		if err == nil {
			var report *release.Report
			if n, report, err = m.Migrate(larder.MigrateOptions{Sklearn: to}); err == nil {
				notes[at] = strings.Join(report.Notes, "\n")
				untouched[at] = len(report.Changes) == 0
			}
		}
		if err != nil {
			if !errors.Is(err, larder.ErrUnsupported) {
				t.Errorf("%s: %v", f.model, err)
			}
			refused[err.Error()] = append(refused[err.Error()], at)
			continue
		}
		form := forms[i%len(forms)]
		out := filepath.Join(dir, strings.ReplaceAll(at, "/", "__")+map[string]string{"pickle": ".pkl", "joblib": ".joblib", "skops": ".skops"}[form.Format])
		var b bytes.Buffer
		if err := n.Encode(&b, form); err != nil {
			if form.Format != "skops" || !errors.Is(err, larder.ErrUnsupported) {
				t.Errorf("%s: %v", f.model, err)
			}
			refused[err.Error()] = append(refused[err.Error()], at)
			continue
		}
		if err := os.WriteFile(out, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		rewritten++
		fmt.Fprintf(&jobs, "%s\t%s\t%s\n", f.name, out, f.answers)
	}
	list := filepath.Join(dir, "jobs.txt")
	if err := os.WriteFile(list, jobs.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "migrate_check.py", list, filepath.Join(sharedOld(t), "inputs.npz"))
	cmd.Env = append(os.Environ(), "PYTHONPATH="+path, "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	kinds := map[string]int{}
	lost := map[string][]string{}
	wrong := 0
	for line := range strings.Lines(string(out)) {
		p := strings.SplitN(strings.TrimRight(line, "\n"), "\t", 3)
		if strings.HasPrefix(filepath.Base(p[0]), to+"__") && strings.HasPrefix(p[2], "warning: FutureWarning") {
			p[1] = "ok" // the release's own file, unchanged, of a class that it deprecates
		}
		base := filepath.Base(p[0])
		at := strings.Replace(strings.TrimSuffix(base, filepath.Ext(base)), "__", "/", 1)
		said := notes[at]
		if untouched[at] && (p[1] == "differs" || p[1] == "ties") {
			p[1] = "untouched" // the release differs from itself, with another numpy
		}
		if p[1] == "differs" && strings.Contains(said, "accents of text that was decomposed") {
			p[1] = "accents"
		}
		kinds[p[1]]++
		explained := true
		for kind := range strings.SplitSeq(p[1], "+") {
			sentence, known := saidOf[kind]
			if explained = explained && known; explained && !strings.Contains(said, sentence) {
				t.Errorf("%s: %s, which migrate does not say", base, kind)
			}
		}
		switch {
		case p[1] == "lost":
			lost[p[2]] = append(lost[p[2]], base)
		case !explained && p[1] != "ok" && p[1] != "refuses" && p[1] != "untouched":
			t.Errorf("%s: %s: %s", base, p[1], p[2])
			wrong++
		}
	}
	var words []string
	for w := range refused {
		words = append(words, w)
	}
	slices.Sort(words)
	for _, w := range words {
		t.Logf("refused: %s: %s", w, strings.Join(refused[w], " "))
	}
	for w, f := range lost {
		t.Logf("without %s: %s", w, strings.Join(f, " "))
	}
	t.Logf("scikit-learn %s: of %d files %d were rewritten: %v", to, len(files), rewritten, kinds)
	if wrong > 0 {
		t.Errorf("%d of %d rewritten files are not as they were", wrong, rewritten)
	}
}
