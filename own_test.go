package larder_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/tensor"
)

// TestOwnCodeIsNamed opens models with code of their author's: what is missing, and where, and which parts go without.
func TestOwnCodeIsNamed(t *testing.T) {
	const never = "a model's own code is never run"
	for _, c := range []struct {
		file  string
		words []string
		alone string
	}{
		{"class", []string{"model.steps[0]", "class shop.Clipper", never}, "steps[1] steps[2]"},
		{"column", []string{"model.transformers_[1]", "class shop.Clipper", never}, "transformers_[0]"},
		{"function", []string{"model.steps[0]", "FunctionTransformer.transform is not computed", "shop.double", never}, "steps[1]"},
		{"tokenizer", []string{"model.steps[0]", "TfidfVectorizer.transform is not computed", "tokenizer is shop.words", never}, "steps[1]"},
		{"metric", []string{"model._tree", "shop.distance", never}, ""},
		{"kernel", []string{"model: kernel", "shop.kernel", never}, ""},
		{"dict", []string{"select one of what it holds: scaler, model, clip"}, ""},
		{"beside", []string{"select one of what it holds: clip, model"}, ""},
		{"pair", []string{"select one of what it holds: 0, 1"}, "[0]"},
	} {
		m, err := larder.Open(fixture.Path(t, "own/"+c.file+".pkl"))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		err = m.Can("")
		if !errors.Is(err, larder.ErrUnsupported) {
			t.Errorf("%s: %v, wanted ErrUnsupported", c.file, err)
			continue
		}
		in := m.Info()
		if in.Supported || len(in.Problems) != 1 || in.Problems[0] != err.Error() {
			t.Errorf("%s: Info says %v, a method %v", c.file, in.Problems, err)
		}
		for _, w := range c.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not name %q", c.file, err, w)
			}
		}
		var alone []string
		for _, p := range in.Parts {
			if p.Alone != "" {
				alone = append(alone, p.Alone)
				if s, err := larder.Open(fixture.Path(t, "own/"+c.file+".pkl"), larder.Select(p.Alone)); err != nil || s.Can(s.DefaultMethod()) != nil {
					t.Errorf("%s: %s can not be used alone: %v", c.file, p.Alone, err)
				}
			}
		}
		if got := strings.Join(alone, " "); got != c.alone {
			t.Errorf("%s: usable alone %q, want %q", c.file, got, c.alone)
		}
	}
	for _, opts := range [][]larder.Option{{larder.Select("model")}, {larder.Select("model"), larder.Trusted("shop.Clipper")}} {
		if m, err := larder.Open(fixture.Path(t, "own/beside.pkl"), opts...); err != nil || m.Can("predict") != nil || len(m.Beside()) != 0 {
			t.Errorf("the model beside a foreign object, selected: %v", err)
		}
	}
	if m, err := larder.Open(fixture.Path(t, "own/beside.pkl"), larder.Trusted("shop.Clipper")); err != nil || !errors.Is(m.Can("predict"), larder.ErrUnsupported) {
		t.Errorf("a trusted class does not say which object predicts: %v", err)
	}
	// Its names are not known, its numbers are.
	m, err := larder.Open(fixture.Path(t, "own/names.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.FeatureNamesOut(); err == nil || !strings.Contains(err.Error(), "model.steps[0]: feature_names_out: function shop.labels") {
		t.Errorf("names by a function: %v", err)
	}
	x := tensor.Value{Frame: &tensor.Frame{Names: []string{"a", "b", "c"}, N: 1, Columns: []*tensor.Tensor{tensor.FromF64([]float64{1}), tensor.FromF64([]float64{2}), tensor.FromF64([]float64{3})}}}
	if r, err := m.Run(t.Context(), "transform", x); err != nil || r.Tensor().Cols() != 3 {
		t.Errorf("columns named by a function: %v", err)
	}
	m, err = larder.Open(fixture.Path(t, "own/deeper.pkl"))
	if err != nil || m.Can("predict") != nil {
		t.Fatalf("the only estimator at the top: %v", err)
	}
	var beside []string
	for _, p := range m.Beside() {
		beside = append(beside, p.Path+" "+p.Type)
	}
	if got, want := strings.Join(beside, ", "), "model['before']['clip'] shop.Clipper, model['before']['scale'][0] sklearn.preprocessing._data.StandardScaler"; got != want {
		t.Errorf("beside the model: %s, want %s", got, want)
	}
}

// TestCodeByValue opens what cloudpickle wrote with a lambda in it: refused, with what it is and where; a part without it is used, and not
// passed on. What else would run keeps the file shut.
func TestCodeByValue(t *testing.T) {
	path := fixture.Path(t, "own/lambda.pkl")
	_, err := larder.Open(path)
	if !errors.Is(err, larder.ErrUnsafe) || !strings.Contains(err.Error(), "model.steps[0].func is the function <lambda>") {
		t.Errorf("a function pickled by value: %v", err)
	}
	if _, err := larder.Open(path, larder.Select("steps[0]")); !errors.Is(err, larder.ErrUnsafe) {
		t.Errorf("the part with the function: %v", err)
	}
	m, err := larder.Open(path, larder.Select("steps[1]"))
	if err != nil || m.Can("predict") != nil {
		t.Fatalf("the part without: %v", err)
	}
	if err := m.Trustworthy(); !errors.Is(err, larder.ErrUnsafe) {
		t.Errorf("the part of a refused file is passed on: %v", err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	call := append([]byte("\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R0"), b[11:]...) // in place of the frame
	if _, err := larder.OpenBytes(call, larder.Select("steps[1]")); !errors.Is(err, larder.ErrUnsafe) || strings.Contains(err.Error(), "<lambda>") {
		t.Errorf("a call beside the code: %v", err)
	}
}

// Attributes that people hang on a fitted model are kept, named and not read. One that looks like the work of fitting is
// refused as ever.
func TestOwnAttributes(t *testing.T) {
	path := fixture.Path(t, "own/hung.pkl")
	m, err := larder.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(m.Info().Own); got != "[model.feature_names model.steps[1].threshold]" || m.Can("predict") != nil {
		t.Errorf("the author's own are %s, predict: %v", got, m.Can("predict"))
	}
	n, _, err := m.Migrate(larder.MigrateOptions{Sklearn: "1.3.2"})
	if err != nil || len(n.Info().Own) != 2 {
		t.Errorf("migrated: %v, %v", n.Info().Own, err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"threshold": "threshol_", "1.9.1": "9.9.1"} {
		m, err := larder.OpenBytes(bytes.ReplaceAll(b, []byte(from), []byte(to)))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Can("predict"); err == nil || !strings.Contains(err.Error(), "attribute not accounted for") {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// TestKernelOfAFrame computes a known kernel given as a function, of rows that the file holds as a pandas frame of two blocks.
func TestKernelOfAFrame(t *testing.T) {
	m, err := larder.Open(fixture.Path(t, "own/frame.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Run(t.Context(), "decision_function", tensor.Value{Dense: tensor.FromF64([]float64{0.5, 1, -1, -1, 0, 2}, 2, 3)})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.6633564534209595, -0.039562051089376354} {
		if got := r.Tensor().F64[i]; math.Abs(got-want) > 1e-12 {
			t.Errorf("row %d: %v, want %v", i, got, want)
		}
	}
}
