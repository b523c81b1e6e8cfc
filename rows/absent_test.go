package rows

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
)

// unlike is where a column is read as the model learned it and scikit-learn, which is given what pandas guessed, answers otherwise.
var unlike = map[string]string{
	"LabelEncoder-bools": "a missing label, which numpy would make true, and text, which it would make true or false, are refused",
	"LabelEncoder-holes": "text that spells a missing value is no number",
}

// TestMissing gives encoders a row that is missing, or looks as if it were, in each form of file.
func TestMissing(t *testing.T) {
	texts := map[string]string{}
	for _, f := range []string{"csv", "json", "npy"} {
		if err := json.Unmarshal(fixture.Read(t, "absent/texts."+f), &texts); err != nil {
			t.Fatal(err)
		}
	}
	models, err := filepath.Glob(filepath.Join(fixture.Path(t, "absent"), "*.pkl"))
	if err != nil || len(models) == 0 {
		t.Fatal("no models", err)
	}
	n := 0
	for _, path := range models {
		name := strings.TrimSuffix(filepath.Base(path), ".pkl")
		m, err := larder.Open(path)
		if err != nil {
			t.Fatal(name, err)
		}
		var answers map[string]any
		if err := json.Unmarshal(fixture.Read(t, "absent/"+name+".json"), &answers); err != nil {
			t.Fatal(name, err)
		}
		for key, want := range answers {
			got, err := lastRow(m, Format(strings.Fields(key)[1]), texts[key])
			n++
			refused, _ := want.(map[string]any)
			switch {
			case err != nil && !errors.Is(err, larder.ErrInput):
				t.Errorf("%s: %s: %v", name, key, err)
			case (err != nil || refused != nil) && unlike[name] != "" && err != nil:
			case err == nil && refused != nil:
				t.Errorf("%s: %s: scikit-learn refuses (%v), Larder answers %v", name, key, refused["error"], got)
			case err != nil && refused == nil:
				t.Errorf("%s: %s: scikit-learn answers %v, Larder refuses: %v", name, key, want, err)
			case err == nil && !reflect.DeepEqual(got, want):
				t.Errorf("%s: %s: %v, want %v", name, key, got, want)
			}
		}
	}
	if n < 800 {
		t.Errorf("%d answers", n)
	}
}

// lastRow is the last row of what transform gives for a file, as JSON has it.
func lastRow(m *larder.Model, f Format, text string) (any, error) {
	b := []byte(text)
	if f == NPY {
		b, _ = hex.DecodeString(text)
	}
	r, err := NewReader(bytes.NewReader(b), f, Options{})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, JSON, WriteOptions{})
	if err != nil {
		return nil, err
	}
	run := Run{Model: m, Method: "transform"}
	if err := run.All(context.Background(), r, w); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	var result struct{ Data []any }
	err = json.Unmarshal(out.Bytes(), &result)
	return result.Data[len(result.Data)-1], err
}
