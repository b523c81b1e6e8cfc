package parity

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/tensor"
)

// TestExports writes every committed model as ONNX, method by method, and in every stored form: which are refused, and why, is
// what testdata/exports.txt says, no more and no less. -update writes that file.
func TestExports(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(fixture.Path(t, "sklearn"), "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatal("no fixtures")
	}
	refused := map[string]int{}
	written := 0
	for _, dir := range dirs {
		for c, m := range models(t, dir) {
			try := func(what string, err error) {
				switch {
				case err == nil:
					written++
				case what == "params" && strings.Contains(err.Error(), "only what predicts X @ coef_.T + intercept_"): // nor meant to be
				case errors.Is(err, larder.ErrUnsupported):
					refused[fmt.Sprintf("%s %s %s: %s", filepath.Base(dir), c.Name, what, short(strings.Join(strings.Fields(err.Error()), " ")))]++
				default:
					t.Errorf("%s/%s %s: %v", filepath.Base(dir), c.Name, what, err)
				}
			}
			like := tensor.Value{}
			if in, ok := c.Inputs[rowsForONNX(c)]; ok {
				like = in.Rows()
			}
			for _, method := range m.Methods() {
				if method == "inverse_transform" {
					like = tensor.Value{}
				}
				_, err := m.EncodeONNX(io.Discard, larder.ONNXOptions{Method: method, Like: like})
				try("onnx "+method, err)
			}
			for _, form := range []string{"pickle", "joblib", "skops", "json", "params", "safetensors"} {
				try(form, m.Encode(io.Discard, larder.Form{Format: form}))
			}
		}
	}
	text := strings.Join(sorted(refused), "\n") + "\n"
	path := fixture.Path(t, "exports.txt")
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pinned := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(have)), "\n") {
		pinned[line] = true
		if refused[line] == 0 && line != "" {
			t.Errorf("is written now, strike it out of testdata/exports.txt: %s", line)
		}
	}
	for _, line := range sorted(refused) {
		if !pinned[line] {
			t.Errorf("is refused now: %s", line)
		}
	}
	t.Logf("%d files written, %d refused", written, len(refused))
}
