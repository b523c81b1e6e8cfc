package pack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/rows"
)

func table(t *testing.T, path string) *rows.Table {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rows.NewReader(bytes.NewReader(b), rows.CSV, rows.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := rows.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// titanic is the content of a package of the demo model.
func titanic(t *testing.T) Content {
	t.Helper()
	dir := filepath.Join(fixture.Root(t), "cmd", "larder", "quickstart")
	b, err := os.ReadFile(filepath.Join(dir, "titanic.joblib"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := larder.OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	c := Content{Model: m, File: b, Train: table(t, filepath.Join(dir, "train.csv")), Name: "survived", Writer: "larder test",
		Now: time.Date(2026, 11, 24, 1, 2, 3, 4000, time.UTC), Metrics: map[string]any{"accuracy": 0.8}}
	y, err := c.Train.Take("survived")
	if err != nil {
		t.Fatal(err)
	}
	c.Target = &y
	return c
}

func build(t *testing.T, c Content) (*Files, string) {
	t.Helper()
	f, err := Build(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	prefix := filepath.Join(t.TempDir(), "m")
	if err := f.Write(prefix); err != nil {
		t.Fatal(err)
	}
	return f, prefix
}

func TestPackageHasTheDocumentsKeys(t *testing.T) {
	f, prefix := build(t, titanic(t))
	var meta map[string]any
	b, err := os.ReadFile(prefix + MetadataSuffix)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &meta); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"created_at", "sklearn_version", "python_version", "numpy_version", "n_training_samples", "n_features",
		"feature_names", "class_distribution", "metrics", "model_type", "model_params", "file_size_bytes"} {
		if _, ok := meta[k]; !ok {
			t.Errorf("key %s is missing", k)
		}
	}
	if meta["n_training_samples"] != 981.0 || meta["n_features"] != 5.0 || meta["model_type"] != "Pipeline" || meta["sklearn_version"] != "1.9.1" || meta["created_at"] != "2026-11-24T01:02:03.000004+00:00" {
		t.Errorf("%v", meta)
	}
	d := meta["class_distribution"].(map[string]any)
	if d["died"] != 606.0 || d["survived"] != 375.0 {
		t.Errorf("class_distribution %v", d)
	}
	if p := meta["model_params"].(map[string]any); p["forest__n_estimators"] != 60.0 || p["forest"] != "RandomForestClassifier(max_depth=6, n_estimators=60, random_state=0)" {
		t.Errorf("model_params %v", p)
	}
	if !bytes.Equal(f.Model, titanic(t).File) {
		t.Error("a zlib-3 joblib file was not taken byte for byte")
	}
	p, err := Read(prefix)
	if err != nil {
		t.Fatal(err)
	}
	// The stored rows show both classes and a missing value.
	var results struct{ Data []string }
	if err := json.Unmarshal(p.Validation.Larder.Outputs[0].Result, &results); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(results.Data, "died") || !slices.Contains(results.Data, "survived") {
		t.Errorf("stored predictions %v", results.Data)
	}
	if !bytes.Contains(p.Validation.Larder.Rows, []byte("null")) {
		t.Error("no stored row has a missing value")
	}
}

func TestValidate(t *testing.T) {
	_, prefix := build(t, titanic(t))
	p, err := Read(prefix)
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Validate(context.Background(), m, nil)
	if err != nil || c.Verdict != OK || c.Rows != 32 || c.Equal != 32 || c.ComputedBy != "larder test" || len(c.Methods) < 2 {
		t.Fatalf("%+v, %v", c, err)
	}
	// Another answer in the package is seen.
	p.Validation.Larder.Outputs[0].Result = bytes.Replace(p.Validation.Larder.Outputs[0].Result, []byte("survived"), []byte("died"), 1)
	c, err = p.Validate(context.Background(), m, nil)
	if err != nil || c.Verdict != Differs || c.Equal != 31 {
		t.Fatalf("%+v, %v", c, err)
	}
}

// TestNothingComparedIsNoProof validates packages whose proof proves nothing.
func TestNothingComparedIsNoProof(t *testing.T) {
	_, prefix := build(t, titanic(t))
	for name, spoil := range map[string]func(p *Proof){
		"no outputs": func(p *Proof) { p.Outputs = nil },
		"refusals":   func(p *Proof) { p.Outputs = []Expected{{Method: "transform", Refused: "no such method"}} },
	} {
		p, err := Read(prefix)
		if err != nil {
			t.Fatal(err)
		}
		m, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		spoil(p.Validation.Larder)
		if c, err := p.Validate(context.Background(), m, nil); err != nil || c.Verdict != Unproven || c.Equal != 0 {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
}

func TestDigests(t *testing.T) {
	for _, suffix := range []string{ModelSuffix, ValidationSuffix} {
		_, prefix := build(t, titanic(t))
		b, err := os.ReadFile(prefix + suffix)
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.Replace(b, []byte("died"), []byte("diee"), 1)
		b[len(b)-20] ^= 1
		if suffix == ValidationSuffix {
			b[len(b)-20] ^= 1
		}
		if err := os.WriteFile(prefix+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := Read(prefix)
		if err == nil {
			_, err = p.Open()
		}
		if !errors.Is(err, ErrSignature) {
			t.Errorf("%s changed: %v", suffix, err)
		}
	}
}

func TestAnswersOfScikitLearn(t *testing.T) {
	dir := filepath.Join(fixture.Root(t), "cmd", "larder", "quickstart")
	var golden map[string]json.RawMessage
	b, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	c := titanic(t)
	c.Proof = table(t, filepath.Join(dir, "passengers.csv"))
	c.ComputedBy = "scikit-learn 1.9.1"
	c.Answers = map[string][]byte{"predict_proba": []byte(`{"data":` + string(golden["predict_proba"]) + `}`)}
	_, prefix := build(t, c)
	p, err := Read(prefix)
	if err != nil || p.Validation.Larder.ComputedBy != "scikit-learn 1.9.1" || len(p.Validation.Larder.Outputs) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	m, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	if check, err := p.Validate(context.Background(), m, nil); err != nil || check.Verdict != OK || check.Largest != 0 {
		t.Errorf("%+v, %v", check, err)
	}
	// What scikit-learn did not say is refused, not stored.
	c.Answers["predict_proba"] = bytes.Replace(c.Answers["predict_proba"], []byte("0.89799240"), []byte("0.89799241"), 1)
	var differs *AnswerError
	if _, err := Build(context.Background(), c); !errors.As(err, &differs) {
		t.Errorf("wrong answers: %v", err)
	}
}

// TestPackagesOfTheDocument reads what the document's code and its repaired variants wrote (testdata/gen/document.py).
func TestPackagesOfTheDocument(t *testing.T) {
	dir := fixture.Path(t, "document")
	for name, want := range map[string]map[string]int{
		"text": {"no": 25, "yes": 35}, "frame": {"no": 25, "yes": 35}, "strkeys": {"0": 24, "1": 36}, "intkeys": {"0": 24, "1": 36},
		"boolkeys": {"false": 24, "true": 36}, "regressor": nil,
	} {
		p, err := Read(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for k, n := range want {
			if p.Metadata.ClassDistribution[k] != n {
				t.Errorf("%s: class_distribution %v, want %v", name, p.Metadata.ClassDistribution, want)
			}
		}
		if p.Made != "document" || *p.Metadata.NTrainingSamples != 60 || *p.Metadata.SklearnVersion != "1.9.1" || p.Metadata.FileSizeBytes < 400 {
			t.Errorf("%s: %+v", name, p.Metadata)
		}
		m, err := p.Open()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c, err := p.Validate(context.Background(), m, nil)
		if err != nil || c.Verdict != Unproven {
			t.Errorf("%s: %+v, %v; a package without rows is unproven", name, c, err)
		}
		train := table(t, filepath.Join(dir, "train.csv"))
		if _, err := train.Take("y"); err != nil {
			t.Fatal(err)
		}
		c, err = p.Validate(context.Background(), m, train)
		if err != nil || c.Verdict != OK || c.Rows != 5 {
			t.Errorf("%s with data: %+v, %v", name, c, err)
		}
	}
}

func TestUntrustedModelsAreNotPackaged(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(fixture.Root(t), "cmd", "larder", "quickstart", "titanic-tampered.joblib"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := larder.OpenBytes(b); !errors.Is(err, larder.ErrUnsafe) {
		t.Errorf("%v", err)
	}
}

// TestDocumentReadsOurPackage runs the document's own load_and_validate on a package of ours.
func TestDocumentReadsOurPackage(t *testing.T) {
	python := fixture.Python(t)
	f, prefix := build(t, titanic(t))
	out, err := exec.Command(python, filepath.Join(fixture.Root(t), "testdata", "gen", "document.py"), "load", prefix).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var got struct {
		Type         string
		Samples      int
		Shape        []int
		Expected     []string
		Distribution map[string]int
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got.Type != "Pipeline" || got.Samples != 981 || !slices.Equal(got.Shape, []int{5, 5}) || len(got.Expected) != 5 || got.Distribution["died"] != 606 {
		t.Errorf("%+v", got)
	}
	if f.ID == "" || strings.Trim(f.ID, "0123456789abcdef") != "" {
		t.Errorf("version id %q", f.ID)
	}
}
