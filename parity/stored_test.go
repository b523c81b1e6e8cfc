package parity

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/larder-ml/larder"
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
		{Format: "joblib", Compressor: "bz2"}, {Format: "joblib", Compressor: "lz4"},
	}
	for _, f := range larder.Forms() {
		if f == "skops" {
			forms = append(forms, larder.Form{Format: "skops"}, larder.Form{Format: "skops"})
		}
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
		form := forms[i%len(forms)]
		var buf bytes.Buffer
		if err := m.Encode(&buf, form); err != nil {
			if !errors.Is(err, larder.ErrUnsupported) {
				t.Errorf("%s as %s: %v", c.Name, form.Format, err)
			}
			refused[fmt.Sprintf("%s as %s: %v", c.Estimator, form.Format, err)]++
			continue
		}
		ext := map[string]string{"pickle": ".pkl", "joblib": ".joblib", "skops": ".skops"}[form.Format]
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
