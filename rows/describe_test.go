package rows

import (
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
	"github.com/larder-ml/larder/tensor"
)

// A scaler takes missing values; the regression behind it does not, so the pipeline does not either.
func TestMissingIsWhatTheWholeModelTakes(t *testing.T) {
	for file, want := range map[string]bool{"StandardScaler.joblib": true, "Pipeline.joblib": false} {
		m, err := larder.Open(fixture.Path(t, "sklearn/1.9.1/"+file))
		if err != nil {
			t.Fatal(err)
		}
		w := WantOf(m, m.DefaultMethod())
		for _, in := range w.Inputs() {
			if in.Missing != want {
				t.Errorf("%s: column %s: missing %v, want %v", file, in.Name, in.Missing, want)
			}
		}
		samples, err := Samples(w, 30)
		if err != nil {
			t.Fatal(err)
		}
		v, _, err := samples.Match(w)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Run(t.Context(), m.DefaultMethod(), v); err != nil {
			t.Errorf("%s refuses its own samples: %v", file, err)
		}
	}
}

// Before 0.20.3 a ColumnTransformer kept no names of its frame: rows bring their own. Of the first model every column that
// matters is named by the file, in the other the rest counts by position among columns of any name.
func TestColumnsAreFoundByTheRowsOwnNames(t *testing.T) {
	for path, change := range map[string]func(*tensor.Frame){
		"sklearn/0.20.0/ColumnTransformer-names": func(f *tensor.Frame) {
			slices.Reverse(f.Names)
			slices.Reverse(f.Columns)
		},
		"sklearn/0.20.0/ColumnTransformer-rest": func(f *tensor.Frame) {
			f.Names[slices.Index(f.Names, "fare")] = "price"
		},
	} {
		c, err := golden.ReadCase(fixture.Path(t, path+".json"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := larder.Open(c.ModelPath())
		if err != nil {
			t.Fatal(err)
		}
		w := WantOf(m, "transform")
		compared := 0
		for _, out := range c.Outputs {
			f := c.Inputs[out.Input].Frame
			if f == nil || out.Method != "transform" || out.Refusal != "" {
				continue
			}
			f = &tensor.Frame{Names: slices.Clone(f.Names), Columns: slices.Clone(f.Columns), N: f.N}
			change(f)
			var text strings.Builder
			text.WriteString(strings.Join(f.Names, ",") + "\n")
			for i := range f.N {
				for j, col := range f.Columns {
					if j > 0 {
						text.WriteByte(',')
					}
					text.WriteString(col.Cell(i).String())
				}
				text.WriteByte('\n')
			}
			table, err := readCSV(t, text.String(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			rows, _, err := table.Match(w)
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Run(t.Context(), "transform", rows)
			if err != nil {
				t.Fatal(err)
			}
			if d := golden.Compare(golden.Of(got.Outputs[0].Value), &out); !d.OK() {
				t.Errorf("%s: %s", path, d)
			}
			compared++
		}
		if compared == 0 {
			t.Errorf("%s: nothing compared", path)
		}
	}
}

// FeatureHasher takes lists of texts: no numbers, and no bare text, of which each letter would be a name.
func TestNamesAreTexts(t *testing.T) {
	w := &Want{Form: larder.FormTokens}
	for text, ok := range map[string]bool{`[["a","b"],["c"]]`: true, `[["a","b"]]`: true, `[[1,2]]`: false, `[["a",null]]`: false, `["abc"]`: false} {
		r, err := NewReader(strings.NewReader(text), JSON, Options{})
		if err != nil {
			t.Fatal(err)
		}
		table, err := ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := table.Match(w); (err == nil) != ok {
			t.Errorf("%s: error %v", text, err)
		}
	}
}
