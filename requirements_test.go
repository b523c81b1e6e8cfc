package larder_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"
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

// inMemory reads requirements from memory; the first file is the one that is asked for.
func inMemory(python string, files ...string) (larder.Runtime, error) {
	return larder.ReadRequirements("0", larder.RequirementsOptions{Python: python, Open: func(name string) ([]byte, error) {
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(files) {
			return nil, fs.ErrNotExist
		}
		return []byte(files[i]), nil
	}})
}

// FuzzReadRequirements reads requirements files and versions: what is read compares with every release.
func FuzzReadRequirements(f *testing.F) {
	f.Add([]byte("numpy==2.4.6 \\\n  --hash=sha256:00\nscikit_learn[alldeps] == 1.6.1 ; python_version > '3'  # here\r\nscipy>=1\n# python ==3.11.7\n"))
	f.Add([]byte("scikit-learn===1!1.2.0rc1.post2.dev3+local.7\n"))
	f.Add([]byte("name: x\ndependencies:\n  - python=3.11\n  - conda-forge::scikit-learn=1.5.2=py311h_0\n  - pip:\n    - numpy==2.0.2\n"))
	f.Add([]byte("\xff\xfes\x00k\x00"))
	f.Add([]byte("-r 0\nscikit-learn ~= 1.5.0 ; (os_name == 'nt' or 'a' in extra) and python_full_version < '3'\nscikit-learn @ file:///a/scikit_learn-1.5.2-cp311-cp311-any.whl"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := inMemory("", string(b))
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

// TestReadRequirements: what a file decides, as pip would. The parity suite compares many more with pip itself.
func TestReadRequirements(t *testing.T) {
	wide := func(s string) string {
		out := []byte{0xff, 0xfe}
		for _, c := range []byte(s) {
			out = append(out, c, 0)
		}
		return string(out)
	}
	wheel := "scikit_learn-1.3.2-cp311-cp311-manylinux_2_17_x86_64.whl"
	for _, c := range []struct {
		python string
		files  []string
		want   string // scikit-learn numpy python, or what the error says
	}{
		{"", []string{"# pinned\n-i https://a.example\nnumpy==2.4.6 \\\n  --hash=sha256:00\nscikit_learn[alldeps] == 1.6.1 ; python_version > '3'  # here\r\n# python ==3.11.7\n"}, "1.6.1 2.4.6 3.11.7"},
		{"", []string{"\xef\xbb\xbfScikit.Learn==1.5.2"}, "1.5.2  "},
		{"", []string{wide("numpy==1.26.4\r\nscikit-learn==1.5.2\r\n")}, "1.5.2 1.26.4 "},
		{"", []string{"scikit-learn==1.5.*,!=1.5.2"}, "1.5.1  "},
		{"", []string{"scikit-learn~=1.5.1\nnumpy<2"}, "1.5.2 1.26.4 "},
		{"", []string{"scikit-learn>=1.5,<1.6"}, "1.5.2  "},
		{"", []string{"scikit-learn==1.5"}, "1.5.0  "}, // not 1.5.2
		{"", []string{"scikit-learn>=1"}, "scikit-learn >=1 leaves open 1.0 to later ones"},
		{"", []string{"scikit-learn>=1.9"}, "scikit-learn >=1.9 leaves open 1.9.0 to later ones"},
		{"", []string{"scikit-learn~=1.5"}, "scikit-learn ~=1.5 leaves open 1.5.0 to later ones"},
		{"", []string{"scikit-learn"}, "scikit-learn without a version leaves open"},
		{"", []string{"numpy==1.26.4"}, "no line names it"},
		{"", []string{"sklearn==0.0.post12"}, "another distribution"},
		{"", []string{"scikit-learn-intelex==2024.1\nscikit-learn==1.3.2"}, "1.3.2  "},
		{"", []string{"scikit-learn>=1.2\nscikit-learn==1.3.2\nscikit-learn!=1.4"}, "1.3.2  "},
		{"", []string{"scikit-learn==1.2\nscikit-learn==1.3"}, "0:2: scikit-learn ==1.2,==1.3: no release satisfies this"},
		{"", []string{"scikit-learn===1.5.*"}, "no version"},
		{"", []string{"scikit-learn==newest"}, "no version specifier"},
		{"", []string{"scikit-learn==1.2.2;python_version<'3.8'\nscikit-learn==1.3.2;python_version>='3.8'"}, "depending on python_version>='3.8'; --python"},
		{"3.7", []string{"scikit-learn==1.2.2;python_version<'3.8'\nscikit-learn==1.3.2;python_version>='3.8'"}, "1.2.2  3.7"},
		{"3.11", []string{"scikit-learn==1.2.2;python_version<'3.8'\nscikit-learn==1.3.2;python_version>='3.8'"}, "1.3.2  3.11"},
		{"3.7", []string{"scikit-learn==1.2.2;python_version>='3.8'"}, "no line that names it holds"},
		{"", []string{"scikit-learn==1.5.2; sys_platform=='linux'\nscikit-learn==1.4.2; sys_platform!='linux'"}, "depending on sys_platform!='linux'"},
		{"", []string{"scikit-learn==1.5.2; sys_platform=='linux'"}, "1.5.2  "},
		{"", []string{"scikit-learn==1.5.2; extra=='gpu'"}, "no line that names it holds"},
		{"", []string{"scikit-learn==1.5.2; python_version=3"}, "no environment marker"},
		{"", []string{"-r 1\n-c 2\nscikit-learn", "numpy\n-r 0", "scikit-learn==1.5.2\nnumpy==2.0.2"}, "1.5.2 2.0.2 "},
		{"", []string{"scikit-learn==1.5.2\n-r 7"}, "0:2: file does not exist"},
		{"", []string{"scikit-learn==1.5.2\n-r https://a.example/r.txt"}, "1.5.2  "},
		{"", []string{"scikit-learn @ https://a.example/" + wheel + "#sha256=00"}, "1.3.2  "},
		{"", []string{"./wheels/" + wheel}, "1.3.2  "},
		{"", []string{"./scikit-learn-1.3.2.tar.gz"}, "1.3.2  "},
		{"", []string{"git+https://a.example/scikit-learn@1.3.2#egg=scikit-learn"}, "which version of scikit-learn git+https"},
		{"", []string{"scikit-learn==${VERSION}"}, "the variable of the environment"},
		{"", []string{"[project]\nname = 'x'"}, "is no requirement"},
		{"", []string{"\x80\x04\x95"}, "no text"},
		{"", []string{"scikit-learn==1.5.2\x00"}, "no text"},
		{"", []string{""}, "no line names it"},
		{"", []string{"name: x\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.11\n  - conda-forge::scikit-learn=1.5.2=py311h_0 # here\n  - numpy 1.26.*\n  - pip\n  - pip:\n    - shap==0.44\nprefix: /x"}, "1.5.2 1.26.4 3.11"},
		{"", []string{"dependencies:\n- python=3.10\n- pip:\n  - scikit-learn==1.4.2\n  - numpy==1.26.4\n- scipy=1.11"}, "1.4.2 1.26.4 3.10"},
		{"", []string{"dependencies:\n- scikit-learn=1.4"}, "1.4.2  "},
		{"", []string{"dependencies:\n- scikit-learn>=1.4"}, "leaves open 1.4.0 to later ones"},
		{"", []string{"dependencies: [scikit-learn=1.4]"}, "one on each line"},
		{"", []string{"numpy=1.26.4=py311_0\nscikit-learn=1.4.2=py311_1"}, "1.4.2 1.26.4 "},
	} {
		r, err := inMemory(c.python, c.files...)
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q: %v, want %s", c.files, err, c.want)
			}
			if open := strings.Contains(c.want, "leaves open") || strings.Contains(c.want, "no line"); open != errors.Is(err, larder.ErrNoPin) && !strings.Contains(c.want, "version of") && !strings.Contains(c.want, "another") {
				t.Errorf("%q: %v: ErrNoPin %v", c.files, err, !open)
			}
		} else if got := r.Sklearn + " " + r.Numpy + " " + r.Python; got != c.want {
			t.Errorf("%q: %q, want %s", c.files, got, c.want)
		}
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
	if r, err := inMemory("", string(text)); err != nil || r.Sklearn != "1.9.1" {
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
