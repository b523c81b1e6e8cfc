package rows

import (
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/internal/fixture"
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
