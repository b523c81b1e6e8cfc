package larder

import (
	"encoding/json"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/tensor"
)

// TestParams compares with json.dumps(estimator.get_params(), default=str) of the fixtures.
func TestParams(t *testing.T) {
	golden := map[string]map[string]any{}
	// Python writes NaN and the infinities as bare words.
	text := regexp.MustCompile(`: (NaN|-?Infinity)`).ReplaceAll(fixture.Read(t, "params.json"), []byte(`: "$1"`))
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for name, want := range golden {
		m, err := Open(filepath.Join(fixture.Path(t, "sklearn/1.9.1"), name))
		if err != nil {
			continue // a form or class that is not read
		}
		seen++
		got := map[string]any{}
		for _, p := range m.Params() {
			v := p.Value
			if f, ok := v.(float64); ok {
				v = tensor.FloatCell(f).Go()
				if math.IsNaN(f) {
					v = "NaN"
				}
			}
			got[p.Name] = v
		}
		for k, w := range want {
			g, ok := got[k]
			if !ok {
				t.Errorf("%s: %s is missing, want %v", name, k, w)
				continue
			}
			gb, _ := json.Marshal(g)
			wb, _ := json.Marshal(w)
			if strings.HasPrefix(string(gb), `"array(`) {
				continue // numpy rounds and breaks lines
			}
			if !same(string(gb), string(wb)) {
				t.Errorf("%s: %s = %s, want %s", name, k, gb, wb)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d parameters, want %d", name, len(got), len(want))
		}
	}
	if seen < 100 {
		t.Errorf("only %d fixtures opened", seen)
	}
}

// same ignores how a repr is broken into lines, and numbers' spelling.
func same(a, b string) bool {
	squeeze := func(s string) string {
		return strings.NewReplacer(" ", "", ".0,", ",", ".0]", "]", `.0`, "").Replace(s)
	}
	return squeeze(a) == squeeze(b)
}
