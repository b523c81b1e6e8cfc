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
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
	"github.com/larder-ml/larder/tensor"
)

// TestONNX writes every method of every live model as ONNX, lets the real checker and the real ONNX Runtime at it, and
// compares what that computes with what scikit-learn computed from the same rows: float32 ones where rows are numeric.
func TestONNX(t *testing.T) {
	folder := beside(t, "onnx")
	paths, err := golden.CasePaths(live(t))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	type job struct {
		c    *golden.Case
		outs []*golden.Output
		path string
	}
	var jobs []job
	var list bytes.Buffer
	refused, times := map[string]error{}, map[string]int{}
	estimators := map[string]bool{}
	tried, wrote := map[string]bool{}, map[string]bool{}
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
		want := map[string]*golden.Output{}
		for i := range c.Outputs {
			if o := &c.Outputs[i]; o.Input == key && o.Refusal == "" && m.Can(o.Method) == nil {
				want[o.Method] = o
			}
		}
		for _, method := range append(sorted(want), "") {
			what := c.Estimator + "." + method
			tried[what] = true
			var buf bytes.Buffer
			if _, err := m.EncodeONNX(&buf, larder.ONNXOptions{Method: method, Like: c.Inputs[key].Rows()}); err != nil {
				if !errors.Is(err, larder.ErrUnsupported) {
					t.Errorf("%s.%s: %v", c.Name, method, err)
				}
				if method == "" {
					continue
				}
				times[fmt.Sprintf("%s: %v", what, err)]++
				if own, differs := ownRefusal(m, c, method, key, err); differs != nil {
					t.Errorf("%s.%s: %v", c.Name, method, differs)
				} else if !own {
					refused[fmt.Sprintf("%s of %s", what, c.Name)] = err
				}
				continue
			}
			wrote[what] = true
			j := job{c: c, outs: []*golden.Output{want[method]}, path: filepath.Join(folder, c.Name+"."+method+".onnx")}
			if method == "" {
				if j.outs = byDefault(m, want); j.outs == nil {
					continue
				}
			}
			if err := os.WriteFile(j.path, buf.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&list, "%s\t%s\t%s\n", j.path, p, key)
			jobs = append(jobs, j)
		}
	}
	lines := filepath.Join(folder, "jobs.txt")
	if err := os.WriteFile(lines, list.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	python(t, "onnx_check.py", lines)
	equal := 0
	for _, j := range jobs {
		t.Run(strings.TrimSuffix(filepath.Base(j.path), ".onnx"), func(t *testing.T) {
			b, err := os.ReadFile(j.path + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var ran struct {
				Rows    []int     // of the input, that were given; nil is all
				Cut     []int     // of the input, whose last neighbour is as far as the next; nil where ties are kept
				Scale   []float64 // of the input's rows, where this runtime's rounding has another than scikit-learn's
				Unfed   string    // why none could be
				Names   []string
				Outputs []*golden.Value
			}
			if err := json.Unmarshal(b, &ran); err == nil && ran.Unfed != "" {
				t.Skip(ran.Unfed)
			} else if err != nil || ran.Outputs == nil {
				t.Fatalf("%s: ONNX Runtime: %s", short(j.c.Setting), b)
			}
			if ran.Rows != nil && len(ran.Rows) == 0 {
				t.Skip("ONNX can not hold any of the rows")
			}
			values := ran.Outputs
			if len(j.outs) == 1 {
				values = []*golden.Value{several(values, ran.Names, picked(dense(j.outs[0].Value), ran.Rows), j.outs[0].Method)}
			}
			if len(values) != len(j.outs) {
				t.Fatalf("%s: %d outputs, want %d", short(j.c.Setting), len(values), len(j.outs))
			}
			for i, out := range j.outs {
				if ran.Scale != nil {
					own := *out
					own.Scale, out = ran.Scale, &own
				}
				if d := golden.Compare(values[i], foreign(out, values[i], ran.Rows, ran.Cut)); !d.OK() {
					t.Fatalf("%s: %s of %q: %s", short(j.c.Setting), out.Method, out.Input, d)
				}
			}
			equal++
			estimators[j.c.Estimator] = true
		})
	}
	t.Logf("%d of %d ONNX models of %d estimators valid and equal in ONNX Runtime; refused:", equal, len(jobs), len(estimators))
	for _, w := range sorted(times) {
		t.Logf("  %d × %s", times[w], w)
	}
	reasons(t, refused)
	claims := 0
	for _, what := range covered(t) {
		if tried[what] && !wrote[what] {
			t.Errorf("none of these models was written by %s, which docs/COVERAGE.md says is", what)
		} else if tried[what] {
			claims++
		}
	}
	t.Logf("%d methods that docs/COVERAGE.md calls written as ONNX were", claims)
}

// covered gives the methods that docs/COVERAGE.md says are written as ONNX: "Estimator.method".
func covered(t *testing.T) []string {
	b, err := os.ReadFile(filepath.Join(fixture.Root(t), "docs", "COVERAGE.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(b)) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || !strings.HasPrefix(cells[1], " `sklearn.") {
			continue
		}
		name := strings.Trim(cells[1], " `")
		methods := strings.TrimSpace(cells[3])
		if methods == "all" {
			methods = strings.TrimSpace(cells[2])
		}
		for _, method := range strings.FieldsFunc(methods, func(r rune) bool { return r == ',' || r == ' ' }) {
			all = append(all, name[strings.LastIndexByte(name, '.')+1:]+"."+method)
		}
	}
	if len(all) < 300 {
		t.Fatalf("docs/COVERAGE.md has %d methods", len(all))
	}
	return all
}

// rowsForONNX picks the input a model's ONNX form is meant for: rows that float32 can hold where rows are numeric.
func rowsForONNX(c *golden.Case) string {
	if _, ok := c.Inputs["narrow"]; ok {
		return "narrow"
	}
	if v, ok := c.Inputs["f8"]; ok && v.Dense != nil {
		return "f8" // of a model fitted on float32
	}
	if _, ok := c.Inputs["texts"]; ok {
		return "texts" // for bytes
	}
	return "rows"
}

// byDefault gives the outputs a default export has, nil where the case lacks one.
func byDefault(m *larder.Model, want map[string]*golden.Output) []*golden.Output {
	method := m.DefaultMethod()
	outs := []*golden.Output{want[method]}
	if method == "predict" {
		for _, second := range []string{"predict_proba", "decision_function", "transform"} {
			if o := want[second]; o != nil && m.Can(second) == nil && len(m.Classes()) > 0 {
				outs = append(outs, o)
				break
			}
		}
	}
	if outs[0] == nil || len(outs) == 1 || slices.ContainsFunc(outs, func(o *golden.Output) bool { return o.Value.List != nil }) {
		return nil
	}
	return outs
}

// several makes one value of a model's outputs: columns of a frame come as one output each, named as ports are.
func several(values []*golden.Value, names []string, want *golden.Value, method string) *golden.Value {
	f := &tensor.Frame{}
	switch {
	case want.Frame != nil:
		f.N = want.Frame.N
	case len(values) == 1:
		return values[0]
	case want.Dense == nil || len(want.Dense.Shape) != 2:
		return &golden.Value{List: values}
	default:
		f.N = want.Dense.Shape[0]
	}
	for j, v := range values {
		if v.Dense == nil || v.Dense.Len() != f.N {
			return &golden.Value{List: values}
		}
		f.Columns = append(f.Columns, v.Dense)
		if want.Frame == nil {
			continue
		}
		f.Columns[j] = v.Dense.Reshape(f.N)
		f.Names = append(f.Names, strings.TrimPrefix(names[j], method+"."))
	}
	if want.Frame == nil && f.Columns[0].DType == want.Dense.DType {
		return dense(&golden.Value{Frame: f})
	}
	return &golden.Value{Frame: f}
}

// foreign is what another runtime has to match in the rows it was given: sums in its own order, sparse results as dense
// ones, empty text where text is missing, floats where it was given whole numbers as floats, and in rows whose last
// neighbour is as far as the next one, either.
func foreign(out *golden.Output, got *golden.Value, rows, cut []int) *golden.Output {
	o := *out
	o.Value = typed(picked(dense(out.Value), rows), got)
	if out.Method == "kneighbors" {
		o.Value = eitherNeighbour(o.Value, got, cut)
	} else {
		o.Undecided = append(slices.Clone(out.Undecided), cut...)
	}
	if undecided := o.Undecided; rows != nil {
		o.Scale, o.Tied, o.Undecided = nil, nil, nil
		for to, from := range rows {
			if out.Scale != nil {
				o.Scale = append(o.Scale, out.Scale[from])
			}
			if slices.Contains(out.Tied, from) {
				o.Tied = append(o.Tied, to)
			}
			if slices.Contains(undecided, from) {
				o.Undecided = append(o.Undecided, to)
			}
		}
	}
	if c := golden.Class(o.Tolerance); c == golden.Sum || c == golden.Log {
		o.Scale = slices.Clone(o.Scale)
		for i := range o.Scale {
			o.Scale[i] *= 33 // of terms that it sums in another order
		}
	}
	switch golden.Class(o.Tolerance) {
	case golden.Exact, golden.ULP8:
		o.Tolerance = string(golden.Sum)
	}
	if out.Method == "predict_log_proba" && o.Tolerance == string(golden.Sum) {
		o.Tolerance = string(golden.Log)
	}
	return &o
}

// eitherNeighbour gives distances and indices in which those of got stand where they may: indices at the same distance in
// any order, and in cut rows any others at the last one's distance.
func eitherNeighbour(want, got *golden.Value, cut []int) *golden.Value {
	if cut == nil || len(want.List) != 2 || len(got.List) != 2 || got.List[1].Dense == nil || !slices.Equal(want.List[1].Dense.Shape, got.List[1].Dense.Shape) {
		return want
	}
	dist, index := want.List[0].Dense.AsF64(), want.List[1].Dense
	k := index.Shape[1]
	either := tensor.New(tensor.Int64, index.Shape...)
	copy(either.I64, index.I64)
	for r := range index.Shape[0] {
		d, w, g := dist[r*k:(r+1)*k], either.I64[r*k:(r+1)*k], got.List[1].Dense.I64[r*k:(r+1)*k]
		all := slices.Clone(g)
		slices.Sort(all)
		if len(slices.Compact(all)) < k {
			continue // one of them twice
		}
		for from, to := 0, 0; from < k; from = to {
			for to = from + 1; to < k && d[to]-d[from] <= 1e-9*(1+d[to]); {
				to++
			}
			if to == k && slices.Contains(cut, r) || slices.Equal(slices.Sorted(slices.Values(w[from:to])), slices.Sorted(slices.Values(g[from:to]))) {
				copy(w[from:to], g[from:to])
			}
		}
	}
	return &golden.Value{List: []*golden.Value{want.List[0], {Dense: either}}}
}

// picked keeps some rows; nil is all.
func picked(v *golden.Value, rows []int) *golden.Value {
	if rows == nil {
		return v
	}
	pick := func(t *tensor.Tensor) *tensor.Tensor {
		if len(t.Shape) == 0 || len(rows) == t.Shape[0] {
			return t
		}
		size := t.Len() / t.Shape[0]
		out := tensor.New(t.DType, append([]int{len(rows)}, t.Shape[1:]...)...)
		for to, from := range rows {
			for k := range size {
				i, j := to*size+k, from*size+k
				switch t.DType.Storage() {
				case tensor.F64:
					out.F64[i] = t.F64[j]
				case tensor.F32:
					out.F32[i] = t.F32[j]
				case tensor.I64:
					out.I64[i] = t.I64[j]
				case tensor.U8:
					out.U8[i] = t.U8[j]
				case tensor.Str:
					out.Str[i] = t.Str[j]
				default:
					out.Cells[i] = t.Cells[j]
				}
			}
		}
		return out
	}
	switch {
	case v.Dense != nil:
		return &golden.Value{Dense: pick(v.Dense)}
	case v.Frame != nil:
		f := &tensor.Frame{Names: v.Frame.Names, N: len(rows)}
		for _, c := range v.Frame.Columns {
			f.Columns = append(f.Columns, pick(c))
		}
		return &golden.Value{Frame: f}
	case v.List != nil:
		d := &golden.Value{}
		for _, x := range v.List {
			d.List = append(d.List, picked(x, rows))
		}
		return d
	}
	return v
}

// typed gives a wanted array the types that ONNX has.
func typed(want, got *golden.Value) *golden.Value {
	w := want.Dense
	switch {
	case want.Frame != nil && got.Frame != nil:
		f := &tensor.Frame{Names: want.Frame.Names, N: want.Frame.N}
		for j, c := range want.Frame.Columns {
			if j < len(got.Frame.Columns) {
				c = typed(&golden.Value{Dense: c}, &golden.Value{Dense: got.Frame.Columns[j]}).Dense
			}
			f.Columns = append(f.Columns, c)
		}
		return &golden.Value{Frame: f}
	case w == nil:
	case w.DType == tensor.Object && got.Dense != nil && isText(got.Dense):
		t := tensor.New(tensor.Object, w.Shape...)
		for i, c := range w.Cells {
			if t.Cells[i] = c; c.Kind == tensor.CellNone || c.IsNaN() {
				t.Cells[i] = tensor.StrCell("")
			}
		}
		return &golden.Value{Dense: t}
	case w.DType == tensor.Object && got.Frame != nil:
		t := tensor.New(tensor.Object, w.Shape...)
		cols := len(got.Frame.Columns)
		for i, c := range w.Cells {
			if t.Cells[i] = c; (c.Kind == tensor.CellNone || c.IsNaN()) && isText(got.Frame.Columns[i%cols]) {
				t.Cells[i] = tensor.StrCell("")
			}
		}
		return &golden.Value{Dense: t}
	case w.DType.IsInt() && got.Dense != nil && got.Dense.DType.IsFloat():
		return &golden.Value{Dense: tensor.FromF64(w.AsF64(), w.Shape...)}
	}
	return want
}

// isText reports text, which ONNX Runtime gives as objects.
func isText(t *tensor.Tensor) bool {
	return t.DType == tensor.String || t.DType == tensor.Object && (t.Len() == 0 || t.Cell(0).Kind == tensor.CellStr)
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
				case tensor.U8:
					t.U8[at] = c.U8[i]
				case tensor.Str:
					t.Str[at] = c.Str[i]
				default:
					t.Cells[at] = c.Cells[i]
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
