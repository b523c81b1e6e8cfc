package larder

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/tensor"
)

// foreignCase is what testdata/gen/foreign.py writes beside a model.
type foreignCase struct {
	Rows    [][]float64
	Columns map[string][]any
	Outputs map[string]json.RawMessage
}

// rows gives the rows in the order the model takes columns.
func (c *foreignCase) rows(m *Model) tensor.Value {
	if c.Columns == nil {
		return Floats(c.Rows)
	}
	f := &tensor.Frame{Names: m.FeatureNames()}
	for _, name := range f.Names {
		cells := c.Columns[name]
		f.N = len(cells)
		col := &tensor.Tensor{}
		for _, v := range cells {
			switch x := v.(type) {
			case string:
				col.DType, col.Str = tensor.String, append(col.Str, x)
			case float64:
				col.DType, col.F64 = tensor.Float64, append(col.F64, x)
			default:
				col.DType, col.F64 = tensor.Float64, append(col.F64, math.NaN())
			}
		}
		col.Shape = []int{f.N}
		f.Columns = append(f.Columns, col)
	}
	return tensor.Value{Frame: f}
}

// TestONNXOfOthers opens models that skl2onnx wrote and compares what they compute with ONNX Runtime: labels the same, numbers within
// 1e-5 of the largest, since ONNX Runtime adds in float.
func TestONNXOfOthers(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(fixture.Path(t, "onnx"), "*.onnx"))
	if err != nil || len(paths) < 20 {
		t.Fatal(len(paths), err)
	}
	refused := map[string]string{"knn": "Scan"}
	for _, p := range paths {
		name := strings.TrimSuffix(filepath.Base(p), ".onnx")
		b, err := os.ReadFile(strings.TrimSuffix(p, ".onnx") + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var c foreignCase
		if err := json.Unmarshal([]byte(strings.ReplaceAll(string(b), "NaN", "null")), &c); err != nil {
			t.Fatal(name, err)
		}
		m, err := Open(p)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r, err := m.Judge(); err != nil || r.Verdict != audit.OK {
			t.Errorf("%s is %v (%v)", name, r, err)
		}
		if op := refused[name]; op != "" {
			if _, err := m.Estimator(); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), op) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		for output, raw := range c.Outputs {
			method := outputNames[output]
			if method == "" || m.Can(method) != nil {
				method = "transform"
			}
			r, err := m.Run(context.Background(), method, c.rows(m))
			if err != nil {
				t.Errorf("%s.%s: %v", name, method, err)
				continue
			}
			if msg := sameAsList(r.Tensor(), raw); msg != "" {
				t.Errorf("%s.%s: %s", name, method, msg)
			}
		}
		if err := m.Encode(nil, Form{Format: "pickle"}); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s as pickle: %v", name, err)
		}
	}
}

// sameAsList compares an array with nested lists of JSON.
func sameAsList(got *tensor.Tensor, raw json.RawMessage) string {
	var want []any
	var flat func(v any)
	flat = func(v any) {
		if l, ok := v.([]any); ok {
			for _, x := range l {
				flat(x)
			}
			return
		}
		want = append(want, v)
	}
	var nested any
	if err := json.Unmarshal(raw, &nested); err != nil {
		return err.Error()
	}
	flat(nested)
	if got == nil || got.Len() != len(want) {
		return "another number of values"
	}
	largest := 0.0
	for _, v := range want {
		if f, ok := v.(float64); ok {
			largest = max(largest, math.Abs(f))
		}
	}
	for i, v := range want {
		cell := got.Cell(i)
		if f, ok := v.(float64); ok {
			g, number := cell.Float()
			limit := 1e-5 * largest
			if !got.DType.IsFloat() {
				limit = 0
			}
			if !number || math.Abs(g-f) > limit {
				return cell.Repr() + " where ONNX Runtime gives " + tensor.FloatCell(f).Repr()
			}
		} else if s, ok := v.(string); !ok || cell.S != s {
			return cell.Repr() + " where ONNX Runtime gives " + s
		}
	}
	return ""
}

// TestONNXReadsItsOwn opens what was exported: the method the file was made of answers as in ReadONNX.
func TestONNXReadsItsOwn(t *testing.T) {
	for file, methods := range map[string][]string{
		"LogisticRegression.skops": {"predict", "predict_proba", "decision_function"}, "OrdinalEncoder.pkl": {"transform"}, "StandardScaler.joblib": {"transform", "inverse_transform"},
		"DecisionTreeRegressor.pkl": {"predict"},
	} {
		m, err := Open(fixture.Path(t, "sklearn/1.9.1/"+file))
		if err != nil {
			t.Fatal(err)
		}
		for _, method := range methods {
			var b strings.Builder
			if _, err := m.EncodeONNX(&b, ONNXOptions{Method: method}); err != nil {
				t.Errorf("%s.%s: %v", file, method, err)
				continue
			}
			o, err := OpenBytes([]byte(b.String()))
			if err != nil || o.Can(method) != nil {
				t.Errorf("%s.%s has %v: %v", file, method, o.Methods(), err)
			}
		}
	}
}
