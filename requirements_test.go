package larder_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
)

func TestCompareReleases(t *testing.T) {
	for _, c := range [][4]string{
		{"1.9.1", "1.9.0", "same", "ok"}, {"1.9.1", "1.6", "minor", "warning"}, {"0.22.2.post1", "0.22.2", "same", "ok"},
		{"1.2.0rc1", "1.2.2", "same", "ok"}, {"1.5.dev0", "1.5", "same", "ok"}, {"0.24.2", "1.9.1", "major", "error"},
		{"", "1.9", "unknown", "warning"}, {"1.10.0", "1.1.0", "minor", "warning"}, {"1.9.1", "2.0.0.dev0", "major", "error"},
	} {
		v, err := larder.CompareReleases(c[0], c[1])
		if err != nil || v.Change != c[2] || v.Level != c[3] {
			t.Errorf("%s → %s: %+v, %v, want %s %s", c[0], c[1], v, err, c[2], c[3])
		}
	}
	if _, err := larder.CompareReleases("1.9.1", "what"); !errors.Is(err, larder.ErrInput) {
		t.Errorf("%v", err)
	}
}

// FuzzReadRequirements reads requirements files and versions: what is read compares with every release.
func FuzzReadRequirements(f *testing.F) {
	f.Add([]byte("numpy==2.4.6 \\\n  --hash=sha256:00\nscikit_learn[alldeps] == 1.6.1 ; python_version > '3'  # here\r\nscipy>=1\n# python ==3.11.7\n"))
	f.Add([]byte("scikit-learn===1!1.2.0rc1.post2.dev3+local.7\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := larder.ReadRequirements(b)
		if err != nil {
			return
		}
		if r.Sklearn == "" {
			t.Error("nothing is pinned, and no error")
		}
		if v, err := larder.CompareReleases(r.Sklearn, r.Sklearn); err != nil || v.Change != "same" {
			t.Errorf("%q is not the same as itself: %+v, %v", r.Sklearn, v, err)
		}
		for _, other := range []string{"0.17.1", "1.9.1"} {
			if _, err := larder.CompareReleases(other, r.Sklearn); err != nil {
				t.Errorf("%q is read and not compared: %v", r.Sklearn, err)
			}
		}
	})
}

func TestReadRequirements(t *testing.T) {
	r, err := larder.ReadRequirements([]byte("# pinned\n-r other.txt\nnumpy==2.4.6 \\\n  --hash=sha256:00\nscikit_learn[alldeps] == 1.6.1 ; python_version > '3'  # here\r\nscipy>=1\n# python ==3.11.7\n"))
	if want := (larder.Runtime{Sklearn: "1.6.1", Numpy: "2.4.6", Python: "3.11.7"}); err != nil || r != want {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := larder.ReadRequirements([]byte("scikit-learn===1.5.*,!=1.5.1")); err != nil || r.Sklearn != "1.5" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := larder.ReadRequirements([]byte("scikit-learn>=1\n")); !errors.Is(err, larder.ErrNoPin) {
		t.Errorf("%v", err)
	}
	if _, err := larder.ReadRequirements([]byte("scikit-learn==1.2;python_version<'3.8'\nscikit-learn==1.3")); err == nil {
		t.Error("two pins of one library")
	}
	if _, err := larder.ReadRequirements([]byte("scikit-learn==newest")); !errors.Is(err, larder.ErrInput) {
		t.Errorf("%v", err)
	}
}

func TestRequirements(t *testing.T) {
	m, err := larder.Open(filepath.Join(fixture.Root(t), "cmd", "larder", "quickstart", "titanic.joblib"))
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]larder.Requirement{}
	for _, r := range m.Requirements(map[string]string{"numpy": "2.3.1\n--index-url x", "python": "3.12.1"}) {
		by[r.Name] = r
	}
	for name, want := range map[string]string{"scikit-learn": "==1.9.1", "python": "==3.12.1", "numpy": ">=2.0", "scipy": ">=1.10.0", "joblib": ">=1.4.0"} {
		r := by[name]
		if r.Specifier != want || r.Inferred != !strings.HasPrefix(want, "==") {
			t.Errorf("%s: %+v, want %s", name, r, want)
		}
	}
	text := larder.FormatRequirements(m.Requirements(nil))
	if r, err := larder.ReadRequirements(text); err != nil || r.Sklearn != "1.9.1" {
		t.Errorf("%s\nread back as %+v, %v", text, r, err)
	}
}

// TestOldestRequirements: before 0.18 nothing is recorded, and Python 2 shows in the forms of its pickles.
func TestOldestRequirements(t *testing.T) {
	old := "ccopy_reg\n_reconstructor\np0\n(csklearn.preprocessing.data\nNormalizer\np1\nc__builtin__\nobject\np2\nNtRp3\n(dp4\nS'norm'\np5\nS'l2'\np6\nsS'copy'\np7\nI01\nsb."
	m, err := larder.OpenBytes([]byte(old))
	if err != nil {
		t.Fatal(err)
	}
	text := string(larder.FormatRequirements(m.Requirements(nil)))
	for _, want := range []string{"# python <3  (inferred: forms of Python 2 are stored)\n", "\nscikit-learn<0.18\n", "# inferred: no release is recorded"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if v, err := m.CompareRelease("1.9.1"); err != nil || v.Change != "unknown" {
		t.Errorf("%+v, %v", v, err)
	}
}
