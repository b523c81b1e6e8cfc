package pack

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
)

// FuzzPackage reads a package's two JSON files, whatever they say: it is a package that validates or not, or an error.
func FuzzPackage(f *testing.F) {
	read := func(name string) []byte { return fixture.Read(f, "document/"+name) }
	model := read("text_model.joblib")
	for _, p := range []string{"text", "frame", "regressor", "boolkeys", "intkeys"} {
		f.Add(read(p+MetadataSuffix), read(p+ValidationSuffix))
	}
	f.Add([]byte(`{"larder":{"made":"larder","rows":{"kind":"dense","dtype":"float64","shape":[1,4],"data":[1,2,3,4]}}}`), []byte(`{"test_input_shape":[1,4],"expected_output":[1]}`))
	prefix := filepath.Join(f.TempDir(), "m")
	if err := os.WriteFile(prefix+ModelSuffix, model, 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, meta, answers []byte) {
		for suffix, b := range map[string][]byte{MetadataSuffix: meta, ValidationSuffix: answers} {
			if err := os.WriteFile(prefix+suffix, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p, err := Read(prefix)
		if err != nil {
			return
		}
		m, err := p.Open(larder.Threads(1))
		if err != nil {
			return
		}
		_, _ = p.Validate(context.Background(), m, nil)
		_, _ = p.CompareRelease(m, "1.5")
		_ = p.Recorded()
	})
}

// FuzzModelFile reads what an MLflow folder says its model is: a file inside of it, or an error.
func FuzzModelFile(f *testing.F) {
	f.Add([]byte("artifact_path: model\nflavors:\n  python_function:\n    model_path: model.pkl\n  sklearn:\n    pickled_model: model.pkl\n"))
	f.Add([]byte("  sklearn:\n    pickled_model: '../model.pkl'\n"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, "MLmodel"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		path, err := ModelFile(dir)
		if err != nil {
			return
		}
		if rel, err := filepath.Rel(dir, path); err != nil || !filepath.IsLocal(rel) {
			t.Errorf("%q lies outside", path)
		}
	})
}
