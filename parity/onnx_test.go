package parity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/format/onnx"
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/golden"
	"github.com/larder-ml/larder/tensor"
)

// TestONNX writes every method of every live model as ONNX, lets the real checker and the real ONNX Runtime at it, and
// compares what that computes with what scikit-learn computed from the same rows: float32 ones where rows are numeric.
func TestONNX(t *testing.T) {
	dir := os.Getenv("LARDER_PARITY")
	if dir == "" {
		t.Skip("LARDER_PARITY is not set: run make parity")
	}
	folder := filepath.Join(filepath.Dir(dir), "onnx")
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	paths, err := golden.CasePaths(dir)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	type job struct {
		c    *golden.Case
		out  *golden.Output
		path string
	}
	var jobs []job
	var list bytes.Buffer
	refused := map[string]int{}
	estimators := map[string]bool{}
	for _, p := range paths {
		c, err := golden.ReadCase(p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := larder.Open(c.ModelPath())
		if err != nil {
			continue // TestLive says why
		}
		if _, err := m.Estimator(); err != nil {
			continue
		}
		key := rowsForONNX(c)
		for i := range c.Outputs {
			out := &c.Outputs[i]
			if out.Input != key || out.Refusal != "" || !slices.Contains(m.Methods(), out.Method) {
				continue
			}
			g, err := m.Lower(out.Method, typeOf(c.Inputs[key]))
			if err != nil {
				continue
			}
			var buf bytes.Buffer
			if _, err := onnx.Encode(&buf, g, onnx.Options{}); err != nil {
				var u *graph.UnsupportedError
				if !errors.As(err, &u) {
					t.Errorf("%s.%s: %v", c.Name, out.Method, err)
				}
				refused[fmt.Sprintf("%s.%s: %v", c.Estimator, out.Method, err)]++
				continue
			}
			path := filepath.Join(folder, c.Name+"."+out.Method+".onnx")
			if err := os.WriteFile(path, buf.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&list, "%s\t%s\t%s\n", path, p, key)
			jobs = append(jobs, job{c, out, path})
		}
	}
	lines := filepath.Join(folder, "jobs.txt")
	if err := os.WriteFile(lines, list.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	python(t, "onnx_check.py", lines)
	equal := 0
	for _, j := range jobs {
		t.Run(j.c.Name+"."+j.out.Method, func(t *testing.T) {
			b, err := os.ReadFile(j.path + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var values []*golden.Value
			if err := json.Unmarshal(b, &values); err != nil {
				t.Fatalf("%s: ONNX Runtime: %s", short(j.c.Setting), b)
			}
			if d := golden.Compare(several(values), foreign(j.out)); !d.OK() {
				t.Fatalf("%s: %q: %s", short(j.c.Setting), j.out.Input, d)
			}
			equal++
			estimators[j.c.Estimator] = true
		})
	}
	t.Logf("%d of %d ONNX models of %d estimators valid and equal in ONNX Runtime; refused:", equal, len(jobs), len(estimators))
	for _, w := range sorted(refused) {
		t.Logf("  %d × %s", refused[w], w)
	}
}

// rowsForONNX picks the input a model's ONNX form is meant for: float32 rows where there are some.
func rowsForONNX(c *golden.Case) string {
	for _, key := range []string{"f4", "no text missing"} {
		if _, ok := c.Inputs[key]; ok {
			return key
		}
	}
	return "rows"
}

// typed gives the type a tensor has in ONNX: cells that are all text are text.
func typed(t *tensor.Tensor) tensor.DType {
	for _, c := range t.Cells {
		if c.Kind != tensor.CellStr {
			return t.DType
		}
	}
	if t.DType == tensor.Object {
		return tensor.String
	}
	return t.DType
}

func typeOf(v *golden.Value) graph.Type {
	switch {
	case v.Frame != nil:
		t := graph.Type{Kind: graph.Frame, Shape: []int{graph.N, len(v.Frame.Columns)}}
		for i, c := range v.Frame.Columns {
			t.Columns = append(t.Columns, graph.Column{Name: v.Frame.Names[i], DType: typed(c)})
		}
		return t
	case v.Sparse != nil:
		return graph.Type{DType: tensor.Float32, Shape: []int{graph.N, v.Sparse.Cols}}
	case v.Dense != nil:
		return graph.Type{DType: typed(v.Dense), Shape: append([]int{graph.N}, v.Dense.Shape[1:]...)}
	}
	return graph.Type{Kind: graph.Tokens, Shape: []int{graph.N}}
}

func several(values []*golden.Value) *golden.Value {
	if len(values) == 1 {
		return values[0]
	}
	return &golden.Value{List: values}
}

// foreign is what another runtime has to match: sums in its own order, sparse results as dense ones.
func foreign(out *golden.Output) *golden.Output {
	o := *out
	o.Value = dense(out.Value)
	switch golden.Class(o.Tolerance) {
	case golden.Exact, golden.ULP8:
		o.Tolerance = string(golden.Sum)
	}
	return &o
}

func dense(v *golden.Value) *golden.Value {
	switch {
	case v.Sparse != nil:
		return &golden.Value{Dense: v.Sparse.Dense()}
	case v.Frame != nil && !slices.ContainsFunc(v.Frame.Columns, func(c *tensor.Tensor) bool { return c.DType != v.Frame.Columns[0].DType }):
		f := v.Frame
		t := tensor.New(f.Columns[0].DType, f.N, len(f.Columns))
		for j, c := range f.Columns {
			for i := range f.N {
				at := i*len(f.Columns) + j
				switch c.DType.Storage() {
				case tensor.F64:
					t.F64[at] = c.F64[i]
				case tensor.F32:
					t.F32[at] = c.F32[i]
				case tensor.I64:
					t.I64[at] = c.I64[i]
				}
			}
		}
		return &golden.Value{Dense: t}
	case v.List != nil:
		d := &golden.Value{}
		for _, x := range v.List {
			d.List = append(d.List, dense(x))
		}
		return d
	}
	return v
}

func short(s string) string {
	if len(s) > 160 {
		return strings.ToValidUTF8(s[:160], "") + "…"
	}
	return s
}
