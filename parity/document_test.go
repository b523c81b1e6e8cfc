package parity

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
)

// python runs one of the suite's programs in the locked environment and logs what it prints.
func python(t *testing.T, args ...string) {
	t.Helper()
	bin := os.Getenv("LARDER_PYTHON")
	if bin == "" {
		t.Skip("LARDER_PYTHON is not set: run make parity")
	}
	cmd := exec.Command(bin, args...)
	cmd.Dir = filepath.Join(fixture.Root(t), "parity")
	out, err := cmd.CombinedOutput()
	t.Logf("%s\n%s", strings.Join(args, " "), out)
	if err != nil {
		t.Fatal(err)
	}
}

// program builds cmd/larder.
func program(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "larder")
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/larder")
	cmd.Dir = fixture.Root(t)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// TestDocument runs the seed document's own program beside Larder: its forest in each of its compressions, its package
// and its registry, read by Larder; Larder's package read by the document's code.
func TestDocument(t *testing.T) {
	dir := beside(t, "document")
	python(t, "document.py", "make", dir, "--rows", "2000")
	t.Run("forest", func(t *testing.T) { run(t, filepath.Join(dir, "cases"), "", false) })

	bin := program(t)
	verb := func(t *testing.T, want int, args ...string) string {
		t.Helper()
		cmd := exec.Command(bin, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		t.Logf("larder %s\n%s", strings.Join(args, " "), out)
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("larder %s: exit code %d (%v), want %d", args[0], got, err, want)
		}
		return string(out)
	}
	if err := os.Mkdir(filepath.Join(dir, "larder"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Run("package", func(t *testing.T) {
		verb(t, 0, "package", "pipe.joblib", "--prefix", "larder/pack", "--data", "train.csv", "--target", "target", "--metric", "f1=0.89")
		verb(t, 0, "validate", "larder/pack")
		if out := verb(t, 0, "validate", "doc"); !strings.Contains(out, "unproven") {
			t.Error("a package without rows is not called unproven")
		}
		verb(t, 0, "validate", "doc", "--data", "train.csv")
	})
	t.Run("registry", func(t *testing.T) {
		verb(t, 0, "register", "pipe.joblib", "--name", "fraud", "--registry", "larder/models", "--data", "train.csv", "--target", "target", "--metric", "f1=0.89")
		verb(t, 0, "load", "fraud:latest", "--registry", "larder/models")
		// What the document's class made is a registry too.
		verb(t, 0, "load", "fraud:latest", "--registry", "models")
		verb(t, 0, "register", "pipe.joblib", "--name", "fraud", "--registry", "models", "--data", "train.csv", "--target", "target")
	})
	t.Run("document reads Larder", func(t *testing.T) { python(t, "document.py", "check", dir) })
	t.Run("same parameters", func(t *testing.T) {
		// The document writes every parameter's str; leaves must be the same values.
		var doc, ours struct {
			Params map[string]any `json:"model_params"`
		}
		for path, into := range map[string]any{"doc_metadata.json": &doc, "larder/pack_metadata.json": &ours} {
			b, err := os.ReadFile(filepath.Join(dir, path))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(b, into); err != nil {
				t.Fatal(err)
			}
		}
		for name := range doc.Params {
			if _, ok := ours.Params[name]; !ok {
				t.Errorf("model_params has no %s", name)
			}
		}
	})
}
