package parity

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/release"
)

// TestRequirementsFiles compares the versions found in made-up requirements files with those that pip's own parser and
// packaging's specifiers and markers find.
func TestRequirementsFiles(t *testing.T) {
	live(t)
	seed := cmp.Or(os.Getenv("LARDER_SEED"), "1")
	published := filepath.Join(t.TempDir(), "published")
	list := []byte("scikit-learn " + strings.Join(release.Published("scikit-learn"), " ") + "\nnumpy " + strings.Join(release.Published("numpy"), " ") + "\n")
	if err := os.WriteFile(published, list, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(fixture.Python(t), filepath.Join(fixture.Root(t), "parity", "requirements_check.py"), seed, published)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	decided, refused := 0, 0
	in := bufio.NewScanner(bytes.NewReader(out))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var c struct {
			Files   map[string][]byte
			Python  string
			Sklearn *string `json:"scikit-learn"`
			Numpy   *string
			Error   string
		}
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		r, err := larder.ReadRequirements("requirements.txt", larder.RequirementsOptions{Python: c.Python, Open: func(name string) ([]byte, error) {
			if b, ok := c.Files[filepath.ToSlash(name)]; ok {
				return b, nil
			}
			return nil, fs.ErrNotExist
		}})
		same := func(got string, want *string) bool {
			return want == nil && got == "" || want != nil && got != "" && sklearn.CompareVersions(got, *want) == 0
		}
		switch {
		case c.Error != "" && err != nil:
			refused++
		case c.Error != "", err != nil, !same(r.Sklearn, c.Sklearn), !same(r.Numpy, c.Numpy):
			t.Errorf("python %q\n%q\ngot %+v, %v\npip: %s", c.Python, c.Files, r, err, in.Bytes()[bytes.Index(in.Bytes(), []byte(`"python"`)):])
		default:
			decided++
		}
	}
	t.Logf("%d files decided as pip does, %d refused as it does", decided, refused)
	if decided < 100 || refused < 50 {
		t.Errorf("only %d and %d", decided, refused)
	}
}
