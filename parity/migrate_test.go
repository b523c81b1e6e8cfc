package parity

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
)

// TestMigrate rewrites models of many releases for another one and lets the real release load them: without an exception
// or a warning, and with the stored answers of the release that wrote them. What can not be expressed is refused.
//
// The newest release is that of LARDER_PYTHON. LARDER_RELEASES names a folder with others (make parity-releases):
// py39 and py311 are Python environments, rel/VERSION the releases, models/VERSION what migrate_gen.py made with each.
func TestMigrate(t *testing.T) {
	python := fixture.Python(t)
	if os.Getenv("LARDER_PARITY") == "" {
		t.Skip("LARDER_PARITY is not set: run make parity")
	}
	old, _ := filepath.Glob(filepath.Join(sharedOld(t), "*", "*.pkl"))
	t.Run("1.9.1", func(t *testing.T) { migrateAll(t, old, "1.9.1", python, "") })
	releases := os.Getenv("LARDER_RELEASES")
	if releases == "" {
		return
	}
	models, _ := filepath.Glob(filepath.Join(releases, "models", "*", "*.pkl"))
	dirs, _ := filepath.Glob(filepath.Join(releases, "rel", "*"))
	for _, dir := range append(dirs, "1.9.1") {
		to := filepath.Base(dir)
		env, path := filepath.Join(releases, "py39", "bin", "python"), dir
		switch {
		case to == "1.9.1":
			env, path = python, ""
		case to[:4] == "1.6." || to[:4] == "1.7." || to[:4] == "1.8.":
			env = filepath.Join(releases, "py311", "bin", "python")
		}
		t.Run("settings/"+to, func(t *testing.T) { migrateAll(t, models, to, env, path) })
		if to != "1.9.1" {
			t.Run(to, func(t *testing.T) { migrateAll(t, old, to, env, path) })
		}
	}
}

func sharedOld(t *testing.T) string { return fixture.Shared(t, "data/sklearn-old") }

// migrateAll rewrites files for a release and asks the Python that has it. At least 97 of 100 must give the same numbers;
// none may give others.
func migrateAll(t *testing.T, files []string, to, python, path string) {
	dir := t.TempDir()
	var jobs bytes.Buffer
	refused := map[string][]string{}
	sort.Strings(files)
	written := 0
	for i, f := range files {
		release, name := filepath.Base(filepath.Dir(f)), strings.TrimSuffix(filepath.Base(f), ".pkl")
		m, err := larder.Open(f)
		var n *larder.Model
		if err == nil {
			n, _, err = m.Migrate(larder.MigrateOptions{Sklearn: to})
		}
		if err != nil {
			if !errors.Is(err, larder.ErrUnsupported) {
				t.Errorf("%s: %v", f, err)
			}
			refused[err.Error()] = append(refused[err.Error()], release+"/"+name)
			continue
		}
		form := []larder.Form{{Format: "pickle"}, {Format: "joblib", Compressor: "zlib"}, {Format: "joblib"}, {Format: "pickle", Protocol: 2}}[i%4]
		out := filepath.Join(dir, release+"__"+name+map[string]string{"pickle": ".pkl", "joblib": ".joblib"}[form.Format])
		var b bytes.Buffer
		if err := n.Encode(&b, form); err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		if err := os.WriteFile(out, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		written++
		expected := strings.TrimSuffix(f, ".pkl") + ".npz"
		if _, err := os.Stat(expected); err != nil {
			expected = filepath.Join(filepath.Dir(f), "expected", name+".npz")
		}
		fmt.Fprintf(&jobs, "%s\t%s\t%s\n", name, out, expected)
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
	for line := range strings.Lines(string(out)) {
		p := strings.SplitN(strings.TrimRight(line, "\n"), "\t", 3)
		kinds[p[1]]++
		switch p[1] {
		case "ok", "refuses":
		case "lost":
			lost[p[2]] = append(lost[p[2]], filepath.Base(p[0]))
		default:
			t.Errorf("%s: %s: %s", filepath.Base(p[0]), p[1], p[2])
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
	t.Logf("scikit-learn %s: of %d files %d were rewritten: %v", to, len(files), written, kinds)
	if good := kinds["ok"] + kinds["lost"] + kinds["refuses"]; good != written {
		t.Errorf("%d of %d rewritten files are not as they were", written-good, written)
	}
}
