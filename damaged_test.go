package larder_test

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/fingerprint"
	"github.com/larder-ml/larder/format/pickle"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// TestDamagedFiles cuts stored files at every byte and turns one bit of every byte over. A file that is cut is an error. One with a
// turned bit may read as another model only where its form has no checksum; what has one reads as the same or not at all. LARDER_LONG
// takes twenty seeds and every bit.
func TestDamagedFiles(t *testing.T) {
	dir := fixture.Path(t, "sklearn/1.9.1")
	files, _ := filepath.Glob(filepath.Join(dir, "*.pkl"))
	size := func(f string) int64 { s, _ := os.Stat(f); return s.Size() }
	slices.SortFunc(files, func(a, b string) int { return cmp.Or(cmp.Compare(size(a), size(b)), strings.Compare(a, b)) })
	seeds, bits := files[4:5], 1
	if os.Getenv("LARDER_LONG") != "" {
		seeds, bits = files[:20], 8
	}
	r := rand.New(rand.NewPCG(1, 2))
	n, same, other := 0, 0, 0
	for _, f := range append(seeds, filepath.Join(dir, "OrthogonalMatchingPursuit.pkl")) {
		m, err := larder.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		want, err := m.Fingerprint()
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []larder.Form{{Format: "pickle", Protocol: 4}, {Format: "joblib"}, {Format: "joblib", Compressor: "zlib"}, {Format: "joblib", Compressor: "xz"},
			{Format: "skops"}, {Format: "json"}, {Format: "safetensors"}, {Format: "params"}} {
			var buf bytes.Buffer
			if err := m.Encode(&buf, form); err != nil {
				continue // no linear model
			}
			b := buf.Bytes()
			name := filepath.Base(f) + " as " + form.Format + form.Compressor
			checked := form.Format == "skops" || form.Compressor != ""
			read := func(b []byte) (fingerprint.Digest, bool) {
				n++
				doc, err := larder.Decode(source.Bytes(b), source.Default())
				if err != nil {
					return fingerprint.Digest{}, false
				}
				if audit.Judge(doc, audit.Policy{}).Verdict == audit.Refused {
					return fingerprint.Digest{}, false
				}
				d, err := fingerprint.Of(doc.Root)
				return d, err == nil
			}
			for cut := range b {
				if _, ok := read(b[:cut:cut]); ok && strings.TrimSpace(string(b[cut:])) != "" {
					t.Errorf("%s: %d of %d bytes read without an error", name, cut, len(b))
				}
			}
			for at := range b {
				for i := range bits {
					bit := i
					if bits == 1 {
						bit = r.IntN(8)
					}
					c := bytes.Clone(b)
					c[at] ^= 1 << bit
					switch d, ok := read(c); {
					case !ok:
					case d == want:
						same++
					default:
						other++
						if checked {
							t.Errorf("%s: bit %d of byte %d turned over reads as another model", name, bit, at)
						}
					}
				}
			}
		}
	}
	t.Logf("%d damaged files; of those with a turned bit %d read as before, %d of forms without a checksum as another model", n, same, other)
}

// TestRulesAreNotRead: the names under which upgrades keep what an older release did are refused in a file.
func TestRulesAreNotRead(t *testing.T) {
	for name, file := range map[string]string{"rule_pow": "PowerTransformer.pkl", "rule_wide": "StandardScaler.joblib", "(missing)": "RandomForestClassifier.joblib", "rule_unknown": "PCA.joblib"} {
		m, err := larder.Open(filepath.Join(fixture.Root(t), "testdata", "sklearn", "1.9.1", file))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Estimator(); err != nil {
			t.Fatal(err)
		}
		root := pyobj.Clone(m.Doc().Root)
		attrs, _ := root.(*pyobj.Object).Attrs()
		attrs.Set(pyobj.Str(name), pyobj.Bool(true))
		var b bytes.Buffer
		if err := pickle.Encode(&b, root, 4, (&numpy.Reducer{Protocol: 4}).Reduce); err != nil {
			t.Fatal(err)
		}
		forged, err := larder.OpenBytes(b.Bytes(), larder.Lenient())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := forged.Estimator(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s with %s: %v", file, name, err)
		}
	}
}
