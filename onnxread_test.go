package larder

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/internal/golden"
	"github.com/larder-ml/larder/tensor"
)

// TestONNXReadBack reads what was written for every fitted fixture and method and lets the file answer for the fixture's rows: the
// numbers are those of the graph it was written from, text and labels the same.
func TestONNXReadBack(t *testing.T) {
	paths, err := golden.CasePaths(fixture.Path(t, "sklearn/1.9.1"))
	if err != nil {
		t.Fatal(err)
	}
	read, refused := 0, map[graph.Op]int{}
	for _, p := range paths {
		c, err := golden.ReadCase(p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Open(c.ModelPath())
		if err != nil {
			continue
		}
		for _, o := range c.Outputs {
			if o.Refusal != "" || m.Can(o.Method) != nil {
				continue
			}
			opts := ONNXOptions{Method: o.Method, Like: c.Inputs[o.Input].Rows()}
			var buf bytes.Buffer
			if _, err := m.EncodeONNX(&buf, opts); err != nil {
				continue
			}
			want, err := m.RunONNX(context.Background(), opts, opts.Like)
			if err != nil {
				continue
			}
			file, err := ReadONNX(buf.Bytes())
			var u *graph.UnsupportedError
			if errors.As(err, &u) {
				refused[u.Op]++
				continue
			}
			if err != nil {
				t.Errorf("%s.%s: %v", c.Name, o.Method, err)
				continue
			}
			got, err := file.Run(context.Background(), opts.Like)
			if err != nil {
				t.Errorf("%s.%s: %v", c.Name, o.Method, err)
				continue
			}
			read++
			// Of a deviation near zero only its square is known to the last digits.
			if msg := sameResult(got, want, o.Method == "predict_std"); msg != "" {
				t.Errorf("%s.%s of %s: %s", c.Name, o.Method, o.Input, msg)
			}
		}
	}
	t.Logf("%d read back; refused %v", read, refused)
	// Characters of text (Tokenizer) and text side by side, pairwise coupling's loop, matrices of each row's own, and what looks at all
	// rows at once.
	if known := map[graph.Op]int{"Concat": 6, "Gather": 2, "MatMul": 2, "ReduceMin": 2}; !maps.Equal(refused, known) || read < 600 {
		t.Errorf("%d files were read back; refused are %v, wanted %v", read, refused, known)
	}
}

// sameResult compares outputs: numbers within 1e-12 of the largest, all else exactly.
func sameResult(got, want *Result, squares bool) string {
	values := func(r *Result) (out []*tensor.Tensor) {
		for _, o := range r.Outputs {
			switch v := o.Value; {
			case v.Dense != nil:
				out = append(out, v.Dense)
			case v.CSR != nil:
				out = append(out, v.CSR.Dense())
			case v.Frame != nil:
				out = append(out, v.Frame.Columns...)
			}
		}
		return
	}
	g, w := values(got), values(want)
	if len(g) != len(w) {
		return "another number of outputs"
	}
	for k := range w {
		if g[k].Len() != w[k].Len() || (len(g[k].Shape) == len(w[k].Shape)) && !slices.Equal(g[k].Shape, w[k].Shape) {
			return "another shape"
		}
		largest := 0.0
		for i := range w[k].Len() {
			if f, ok := w[k].Float(i); ok && !math.IsInf(f, 0) {
				largest = max(largest, math.Abs(f))
			}
		}
		limit := 1e-12
		if w[k].DType == tensor.Float32 {
			limit = 1e-6
		}
		for i := range w[k].Len() {
			a, b := g[k].Cell(i), w[k].Cell(i)
			f, x := a.Float()
			h, y := b.Float()
			if squares {
				f, h = f*f, h*h
			}
			switch {
			case a == b, a.IsNaN() && b.IsNaN(), x && y && math.Abs(f-h) <= limit*largest:
			case b.Kind == tensor.CellNone && a.Kind == tensor.CellStr && a.S == "":
			default:
				return strings.Join([]string{a.Repr(), "where the graph gives", b.Repr()}, " ")
			}
		}
	}
	return ""
}

// TestONNXRefusesBroken: a file cut short before its metadata, or with a bit changed, is refused or read; it never ends the process, and
// what was read runs.
func TestONNXRefusesBroken(t *testing.T) {
	for _, b := range onnxSeeds(t) {
		for n := range b {
			// The metadata come last, and are not needed; nor are sets of operations that are named twice or not used.
			if _, err := ReadONNX(b[:n]); err == nil && !bytes.HasPrefix(b[n:], []byte("r")) && !bytes.HasPrefix(b[n:], []byte("B")) {
				t.Errorf("a file of %d bytes is read at %d", len(b), n)
			}
			if n%3 == 0 {
				other := bytes.Clone(b)
				other[n] ^= 1 << (n / 3 % 8)
				runONNX(other)
			}
		}
	}
}

func FuzzReadONNX(f *testing.F) {
	for _, b := range onnxSeeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(_ *testing.T, b []byte) { runONNX(b) })
}

func runONNX(b []byte) {
	if o, err := ReadONNX(b, Threads(1)); err == nil {
		_, _ = o.Run(context.Background(), tensor.Value{Dense: tensor.New(tensor.Float64, 3, 4)})
	}
}

// onnxSeeds are small models that between them hold most operations.
func onnxSeeds(t testing.TB) (seeds [][]byte) {
	for _, name := range []string{"LogisticRegression.skops", "HistGradientBoostingClassifier-categories.pkl", "SplineTransformer.pkl", "DecisionTreeClassifier.pkl", "OrdinalEncoder.pkl"} {
		m, err := Open(fixture.Path(t, "sklearn/1.9.1/"+name))
		if err != nil {
			t.Fatal(err)
		}
		var buf bytes.Buffer
		if _, err := m.EncodeONNX(&buf, ONNXOptions{}); err != nil {
			t.Fatal(name, err)
		}
		if buf.Len() < 8000 {
			seeds = append(seeds, buf.Bytes())
		}
	}
	others, err := filepath.Glob(filepath.Join(fixture.Path(t, "onnx"), "*.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range others {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadONNX(b); err == nil && len(b) < 4000 {
			seeds = append(seeds, b)
		}
	}
	return seeds
}
