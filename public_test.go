package larder_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/npy"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// reference is what a release close to the writer's computed with a public file.
type reference struct {
	Load string         `json:"load"`
	Runs map[string]run `json:"runs"`
}

type run struct {
	Class   string                     `json:"cls"`
	Input   string                     `json:"input"`
	Desc    json.RawMessage            `json:"input_desc"`
	Outputs map[string]json.RawMessage `json:"outputs"`
}

type refArray struct {
	CSR     bool   `json:"csr"`
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Indptr  []int  `json:"indptr"`
	Indices []int  `json:"indices"`
	Data    []any  `json:"data"`
}

// TestPublicModels opens real files found in public and compares with what scikit-learn of the writer's time computed.
// A wrong number fails; what is refused, or can not be compared, is listed with its reason (-v).
func TestPublicModels(t *testing.T) {
	root := fixture.Shared(t, "data/public-models")
	dirs, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	files, opened, computed, made, agree, compared := 0, 0, 0, 0, 0, 0
	var reasons []string
	for _, d := range dirs {
		if _, err := os.Stat(filepath.Join(root, d.Name(), "reference.json")); err != nil {
			continue
		}
		files++
		path := modelFile(t, filepath.Join(root, d.Name()))
		var ref reference
		b, _ := os.ReadFile(filepath.Join(root, d.Name(), "reference.json"))
		if err := json.Unmarshal(b, &ref); err != nil {
			t.Fatal(err)
		}
		note := func(format string, args ...any) {
			reasons = append(reasons, fmt.Sprintf("%s: %s", d.Name(), fmt.Sprintf(format, args...)))
		}
		if _, err := larder.Open(path); err != nil {
			note("does not open: %v", err)
			continue
		}
		opened++
		if len(ref.Runs) == 0 {
			note("scikit-learn itself did not load it: nothing to compare with")
			continue
		}
		ran, equal, could, drawn := true, true, true, false
		for _, sel := range sortedKeys(ref.Runs) {
			r := ref.Runs[sel]
			m, err := larder.Open(path, larder.Select(sel))
			if err == nil {
				_, err = m.Estimator()
			}
			if err != nil {
				note("%s: %v", sel, err)
				ran = false
				continue
			}
			if r.Outputs["labels_"] != nil && len(r.Outputs) == 1 {
				continue
			}
			rows, err := refRows(root, r)
			if err != nil {
				if could {
					note("%s: %v", sel, err)
				}
				could = false
				if x := madeRows(r); x != nil {
					drawn = true
					for _, method := range sortedKeys(r.Outputs) {
						if _, err := m.Run(context.Background(), method, tensor.Value{Dense: x}); err != nil {
							note("%s: %s of made-up rows: %v", sel, method, err)
							ran = false
							if !errors.Is(err, larder.ErrUnsupported) {
								t.Errorf("%s: %s: %s: %v", d.Name(), sel, method, err)
							}
						}
					}
				}
				continue
			}
			for _, method := range sortedKeys(r.Outputs) {
				res, err := m.Run(context.Background(), method, rows)
				if err != nil {
					note("%s: %s: %v", sel, method, err)
					if !errors.Is(err, larder.ErrUnsupported) {
						t.Errorf("%s: %s: %s: %v", d.Name(), sel, method, err)
					}
					ran = false
					continue
				}
				if diff := refCompare(res, r.Outputs[method]); diff != "" {
					equal = false
					note("%s: %s %s: %s", sel, r.Class, method, diff)
					t.Errorf("%s: %s %s %s: %s", d.Name(), filepath.Base(path), r.Class, method, diff)
				}
			}
		}
		if ran {
			computed++
		}
		if ran && drawn {
			made++
		}
		if ran && could {
			compared++
			if equal {
				agree++
			}
		}
	}
	for _, r := range reasons {
		t.Log(r)
	}
	t.Logf("%d files: %d open, %d compute (%d of them on made-up rows), %d compared, %d agree", files, opened, computed, made, compared, agree)
}

// madeRows are five rows of positive numbers of the width that a missing input's name tells, nil for other inputs.
func madeRows(r run) *tensor.Tensor {
	var name string
	if r.Input != "numeric" && r.Input != "numeric_abs" || json.Unmarshal(r.Desc, &name) != nil {
		return nil
	}
	n := 0
	if _, err := fmt.Sscanf(filepath.Base(name), "%d.npy", &n); err != nil || n < 1 || n > 1e6 {
		return nil
	}
	f := make([]float64, 5*n)
	for i := range f {
		f[i] = float64(i*7%13) / 4
	}
	return tensor.FromF64(f, 5, n)
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// modelFile finds the model beside a reference: the one file that is no companion of another.
func modelFile(t *testing.T, dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	best := ""
	for _, e := range entries {
		n := e.Name()
		if n == "reference.json" || strings.HasSuffix(n, ".npy") || strings.HasSuffix(n, ".npy.z") || e.IsDir() {
			continue
		}
		if best == "" || len(n) < len(best) {
			best = n
		}
	}
	return filepath.Join(dir, best)
}

func refRows(root string, r run) (tensor.Value, error) {
	switch r.Input {
	case "numeric", "numeric_abs":
		var name string
		if err := json.Unmarshal(r.Desc, &name); err != nil {
			return tensor.Value{}, err
		}
		name = strings.Fields(name)[0]
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return tensor.Value{}, fmt.Errorf("its input %s is not in the collection", name)
		}
		a, _, err := npy.Array(b, source.Default())
		if err != nil {
			return tensor.Value{}, err
		}
		x, err := numpy.Tensor(a)
		if err == nil && r.Input == "numeric_abs" {
			x = tensor.FromF64(slices.Clone(x.F64), x.Shape...)
			for i, v := range x.F64 {
				x.F64[i] = math.Abs(v)
			}
		}
		return tensor.Value{Dense: x}, err
	case "text", "labels":
		var s []string
		if err := json.Unmarshal(r.Desc, &s); err != nil {
			return tensor.Value{}, err
		}
		return larder.Texts(s...), nil
	case "frame", "categories":
		var f struct {
			Columns []any
			Data    [][]any
		}
		names := []string(nil)
		if r.Input == "frame" {
			if err := json.Unmarshal(r.Desc, &f); err != nil {
				return tensor.Value{}, err
			}
			for _, c := range f.Columns {
				if s, ok := c.(string); ok {
					names = append(names, s)
				}
			}
		} else if err := json.Unmarshal(r.Desc, &f.Data); err != nil {
			return tensor.Value{}, err
		}
		var cols []*tensor.Tensor
		for j := range f.Data[0] {
			cells := make([]tensor.Cell, len(f.Data))
			kinds := map[tensor.CellKind]bool{}
			for i, row := range f.Data {
				cells[i] = jsonCell(row[j])
				kinds[cells[i].Kind] = true
			}
			col := tensor.FromCells(cells)
			if len(kinds) == 1 && kinds[tensor.CellFloat] && r.Input == "frame" {
				col = tensor.FromF64(col.AsF64())
			}
			if len(kinds) == 1 && kinds[tensor.CellBool] && r.Input == "frame" {
				bools := make([]bool, len(cells))
				for i, c := range cells {
					bools[i] = c.I != 0
				}
				col = tensor.FromBool(bools)
			}
			cols = append(cols, col)
		}
		return larder.Frame(names, cols...), nil
	}
	return tensor.Value{}, fmt.Errorf("no input in the reference (%q)", r.Input)
}

func jsonCell(v any) tensor.Cell {
	switch x := v.(type) {
	case bool:
		return tensor.BoolCell(x)
	case float64:
		return tensor.FloatCell(x)
	case string:
		return tensor.StrCell(x)
	}
	return tensor.Cell{}
}

// refCompare compares with the public bar: labels equal, numbers within 1e-9 of the output's largest (the references
// were computed by another BLAS and, for some, a neighbouring release).
func refCompare(res *larder.Result, raw json.RawMessage) string {
	var wants []refArray
	if raw[0] == '[' {
		if err := json.Unmarshal(raw, &wants); err != nil {
			return err.Error()
		}
	} else {
		wants = make([]refArray, 1)
		if err := json.Unmarshal(raw, &wants[0]); err != nil {
			return err.Error()
		}
	}
	if len(res.Outputs) != len(wants) {
		return fmt.Sprintf("%d outputs, want %d", len(res.Outputs), len(wants))
	}
	for i, w := range wants {
		got := value(res.Outputs[i].Value).Dense
		if got == nil {
			return "no array"
		}
		want := w.dense()
		if fmt.Sprint(got.Shape) != fmt.Sprint(want.Shape) {
			return fmt.Sprintf("shape %v, want %v", got.Shape, want.Shape)
		}
		if want.DType == tensor.String {
			for k, s := range want.Str {
				if c := got.Cell(k); c.String() != s {
					return fmt.Sprintf("row %d: %q, want %q", k, c.String(), s)
				}
			}
			continue
		}
		g := got.AsF64()
		largest := 0.0
		for _, v := range want.F64 {
			if !math.IsInf(v, 0) && math.Abs(v) > largest {
				largest = math.Abs(v)
			}
		}
		for k, v := range want.F64 {
			if g[k] == v || math.IsNaN(g[k]) && math.IsNaN(v) || math.Abs(g[k]-v) <= 1e-9*math.Max(largest, 1e-300) {
				continue
			}
			return fmt.Sprintf("element %d: %v, want %v", k, g[k], v)
		}
	}
	return ""
}

func (r refArray) dense() *tensor.Tensor {
	num := func(v any) float64 {
		switch x := v.(type) {
		case float64:
			return x
		case bool:
			if x {
				return 1
			}
			return 0
		case string:
			switch x {
			case "inf", "Infinity":
				return math.Inf(1)
			case "-inf", "-Infinity":
				return math.Inf(-1)
			}
		}
		return math.NaN()
	}
	if r.CSR {
		t := tensor.New(tensor.Float64, r.Shape...)
		for i := 0; i < r.Shape[0]; i++ {
			for p := r.Indptr[i]; p < r.Indptr[i+1]; p++ {
				t.F64[i*r.Shape[1]+r.Indices[p]] += num(r.Data[p])
			}
		}
		return t
	}
	text := false
	for _, v := range r.Data {
		if _, ok := v.(string); ok && !strings.HasPrefix(r.DType, "f") {
			text = true
		}
	}
	if text {
		s := make([]string, len(r.Data))
		for i, v := range r.Data {
			s[i] = jsonCell(v).String()
		}
		return tensor.FromStr(s, r.Shape...)
	}
	f := make([]float64, len(r.Data))
	for i, v := range r.Data {
		f[i] = num(v)
	}
	return &tensor.Tensor{DType: tensor.Float64, Shape: r.Shape, F64: f}
}
