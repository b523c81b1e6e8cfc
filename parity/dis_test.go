package parity

import (
	"path/filepath"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
)

// TestDisassembly holds `larder dis` of the committed models, and of values of every protocol and compressor, against Python's
// pickletools.
func TestDisassembly(t *testing.T) {
	folder := beside(t, "dis")
	args := []string{"dis_check.py", program(t), folder}
	for _, ext := range []string{"pkl", "joblib"} {
		files, err := filepath.Glob(filepath.Join(fixture.Path(t, "sklearn"), "*", "*."+ext))
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, files...)
	}
	python(t, args...)
}
