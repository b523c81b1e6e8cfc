package parity

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
)

// TestStored writes every live model in another stored form and lets the real pickle, joblib and skops load it: each
// answer must have the bits of the original's.
func TestStored(t *testing.T) {
	dir := os.Getenv("LARDER_PARITY")
	if dir == "" {
		t.Skip("LARDER_PARITY is not set: run make parity")
	}
	folder := filepath.Join(filepath.Dir(dir), "stored")
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	paths, err := golden.CasePaths(dir)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	forms := []larder.Form{
		{Format: "pickle", Protocol: 4}, {Format: "joblib", Compressor: "zlib"}, {Format: "pickle", Protocol: 2},
		{Format: "joblib"}, {Format: "joblib", Compressor: "lzma"}, {Format: "pickle", Protocol: 5},
		{Format: "joblib", Compressor: "gzip"}, {Format: "joblib", Compressor: "xz"}, {Format: "pickle", Protocol: 3},
		{Format: "joblib", Compressor: "bz2"}, {Format: "joblib", Compressor: "lz4"}, {Format: "skops"}, {Format: "safetensors"},
	}
	var list bytes.Buffer
	refused := map[string]int{}
	for i, p := range paths {
		c, err := golden.ReadCase(p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := larder.Open(c.ModelPath())
		if err != nil {
			continue // TestLive says why
		}
		var text bytes.Buffer
		if err := m.Encode(&text, larder.Form{Format: "params"}); err == nil {
			path := filepath.Join(folder, c.Name+".params.json")
			if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&list, "%s\t%s\t%s\n", c.ModelPath(), path, p)
		} else if !errors.Is(err, larder.ErrUnsupported) {
			t.Errorf("%s as params: %v", c.Name, err)
		}
		form := forms[i%len(forms)]
		var buf bytes.Buffer
		if err := m.Encode(&buf, form); err != nil {
			if !errors.Is(err, larder.ErrUnsupported) {
				t.Errorf("%s as %s: %v", c.Name, form.Format, err)
			}
			refused[fmt.Sprintf("%s as %s: %v", c.Estimator, form.Format, err)]++
			continue
		}
		ext := map[string]string{"pickle": ".pkl", "joblib": ".joblib", "skops": ".skops", "safetensors": ".safetensors"}[form.Format]
		path := filepath.Join(folder, c.Name+ext)
		if err := os.WriteFile(path, buf.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&list, "%s\t%s\t%s\n", c.ModelPath(), path, p)
	}
	for _, w := range sorted(refused) {
		t.Logf("refused: %d × %s", refused[w], w)
	}
	lines := filepath.Join(folder, "jobs.txt")
	if err := os.WriteFile(lines, list.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	python(t, "stored_check.py", lines)
}

// everyForm is each stored form that Python reads, in every protocol and with every compressor and some levels.
func everyForm() []larder.Form {
	forms := []larder.Form{{Format: "skops"}, {Format: "safetensors"}}
	for protocol := 2; protocol <= 5; protocol++ {
		forms = append(forms, larder.Form{Format: "pickle", Protocol: protocol}, larder.Form{Format: "joblib", Protocol: protocol})
		for _, c := range []string{"zlib", "gzip", "bz2", "lzma", "xz", "lz4"} {
			for _, level := range []int{1, 3, 9} {
				if level != 3 && protocol != 4 {
					continue
				}
				forms = append(forms, larder.Form{Format: "joblib", Protocol: protocol, Compressor: c, Level: level})
			}
		}
	}
	return forms
}

// TestStoredEvery writes every shared model of the newest release in every stored form for the real libraries to load. It takes
// minutes, so it is run by hand: LARDER_STORED=1.
func TestStoredEvery(t *testing.T) {
	if os.Getenv("LARDER_STORED") == "" {
		t.Skip("LARDER_STORED is not set")
	}
	models, err := filepath.Glob(filepath.Join(fixture.Shared(t, "data/sklearn-old/1.9.1"), "*.pkl"))
	if err != nil || len(models) == 0 {
		t.Fatal("no models", err)
	}
	folder := t.TempDir()
	var list bytes.Buffer
	refused := map[string]int{}
	n := 0
	for _, p := range models {
		m, err := larder.Open(p)
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		want, err := m.Fingerprint()
		if err != nil {
			t.Errorf("%s: %v", p, err)
		}
		for i, form := range everyForm() {
			var buf bytes.Buffer
			if err := m.Encode(&buf, form); err != nil {
				if !errors.Is(err, larder.ErrUnsupported) {
					t.Errorf("%s as %v: %v", p, form, err)
				}
				refused[fmt.Sprintf("%s as %s: %v", filepath.Base(p), form.Format, err)]++
				continue
			}
			back, err := larder.OpenBytes(buf.Bytes())
			if err != nil {
				t.Errorf("%s as %v: %v", p, form, err)
				continue
			}
			if got, err := back.Fingerprint(); err != nil || got != want {
				t.Errorf("%s as %v: fingerprint %v, want %v (%v)", p, form, got.ID(), want.ID(), err)
			}
			ext := map[string]string{"pickle": ".pkl", "joblib": ".joblib", "skops": ".skops", "safetensors": ".safetensors"}[form.Format]
			path := filepath.Join(folder, fmt.Sprintf("%s-%d%s", strings.TrimSuffix(filepath.Base(p), ".pkl"), i, ext))
			if err := os.WriteFile(path, buf.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&list, "%s\t%s\t\n", p, path)
			n++
		}
	}
	for _, w := range sorted(refused) {
		t.Logf("refused: %d × %s", refused[w], w)
	}
	t.Logf("%d files", n)
	lines := filepath.Join(folder, "jobs.txt")
	if err := os.WriteFile(lines, list.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	python(t, "stored_check.py", lines, filepath.Join(fixture.Shared(t, "data/sklearn-old"), "inputs.npz"))
}
