package pack

import (
	"context"
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
	fixture.Write(f, prefix, map[string][]byte{ModelSuffix: model})
	f.Fuzz(func(t *testing.T, meta, answers []byte) {
		fixture.Write(t, prefix, map[string][]byte{MetadataSuffix: meta, ValidationSuffix: answers})
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

// FuzzConfig reads what the config.json of a Hugging Face snapshot says its model is: a file inside of it, or an error.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"sklearn": {"model": {"file": "model.skops"}, "model_format": "skops"}}`))
	f.Add([]byte(`{"sklearn": {"model": {"file": "../model.skops"}}}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		fixture.Write(t, filepath.Join(dir, "config.json"), map[string][]byte{"": b})
		if path, err := ModelFile(dir); err == nil {
			fixture.Inside(t, dir, path)
		}
	})
}

// FuzzModelFile reads what an MLflow folder says its model is: a file inside of it, or an error.
func FuzzModelFile(f *testing.F) {
	f.Add([]byte("artifact_path: model\nflavors:\n  python_function:\n    model_path: model.pkl\n  sklearn:\n    pickled_model: model.pkl\n"))
	f.Add([]byte("  sklearn:\n    pickled_model: '../model.pkl'\n"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		fixture.Write(t, filepath.Join(dir, "MLmodel"), map[string][]byte{"": b})
		if path, err := ModelFile(dir); err == nil {
			fixture.Inside(t, dir, path)
		}
	})
}
