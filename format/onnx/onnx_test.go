package onnx

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/protowire"
	"github.com/larder-ml/larder/tensor"
)

// What ONNX Runtime computes from these models is compared with scikit-learn by the parity suite; here is what needs no
// runtime.

func build(t *testing.T, in graph.Type, f func(b *graph.Builder, x graph.Value)) *graph.Graph {
	t.Helper()
	b := graph.NewBuilder()
	f(b, b.Input("X", in))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

var matrix = graph.Type{DType: tensor.Float32, Shape: []int{graph.N, 2}}

func classifier(b *graph.Builder, x graph.Value) {
	leave := b.Enter("model.steps[0]", "StandardScaler")
	x = b.Finite(b.Cast(x, tensor.Float64), graph.FiniteAttr{NaN: "Input X contains NaN.", Inf: "Input X contains infinity."})
	leave()
	s := b.MatMulT(x, b.Const(tensor.FromF64([]float64{1, 2, 3, 4, 5, 6}, 3, 2)))
	b.Output("label", b.Labels(b.ArgMax(s), tensor.FromStr([]string{"a", "b", "c"})))
	b.Output("probabilities", b.Softmax(s, graph.Pairwise))
}

// fields returns the contents of all fields of a number on a path of field numbers.
func fields(t *testing.T, b []byte, path ...int) [][]byte {
	t.Helper()
	var out [][]byte
	for len(b) > 0 {
		f, rest, err := protowire.Next(b)
		if err != nil {
			t.Fatal(err)
		}
		if f.Number == path[0] {
			if len(path) == 1 {
				out = append(out, f.Bytes)
			} else {
				out = append(out, fields(t, f.Bytes, path[1:]...)...)
			}
		}
		b = rest
	}
	return out
}

func text(bs [][]byte) string { return string(bytes.Join(bs, []byte(" "))) }

func TestModel(t *testing.T) {
	g := build(t, matrix, classifier)
	var buf, again bytes.Buffer
	r, err := Encode(&buf, g, Options{Version: "1", Metadata: map[string]string{"k": "v"}})
	if err != nil {
		t.Fatal(err)
	}
	b := buf.Bytes()
	if int64(len(b)) != r.Bytes || !Sniff(b) {
		t.Errorf("%d bytes, reported %d", len(b), r.Bytes)
	}
	if s := text(fields(t, b, modelGraph, graphInput, 1)); s != "X" {
		t.Errorf("inputs %q", s)
	}
	if s := text(fields(t, b, modelGraph, graphOutput, 1)); s != "label probabilities" {
		t.Errorf("outputs %q", s)
	}
	ops := text(fields(t, b, modelGraph, graphNode, nodeOp))
	if ops != "Cast MatMul ArgMax Gather Softmax Identity Identity" || r.Nodes != 7 || r.MLOpset != 0 {
		t.Errorf("nodes %q, %+v", ops, r)
	}
	want := []Dropped{{"model.steps[0]", "Input X contains NaN."}, {"model.steps[0]", "Input X contains infinity."}}
	if !slices.Equal(r.Dropped, want) {
		t.Errorf("dropped %v", r.Dropped)
	}
	if s := text(fields(t, b, modelMetadata, 1)); s != "k larder.dropped" {
		t.Errorf("metadata %q", s)
	}
	// The weights are transposed once and little-endian.
	raws := fields(t, b, modelGraph, graphInit, tensorRaw)
	if len(raws) != 1 || !bytes.Equal(raws[0][8:16], []byte{0, 0, 0, 0, 0, 0, 0x08, 0x40}) {
		t.Errorf("weights %x", raws)
	}
	if _, err := Encode(&again, g, Options{Version: "1", Metadata: map[string]string{"k": "v"}}); err != nil || !bytes.Equal(b, again.Bytes()) {
		t.Errorf("two encodings differ, %v", err)
	}
}

func TestCompactHalvesNumbers(t *testing.T) {
	var buf bytes.Buffer
	if _, err := Encode(&buf, build(t, matrix, classifier), Options{Precision: Compact}); err != nil {
		t.Fatal(err)
	}
	if raws := fields(t, buf.Bytes(), modelGraph, graphInit, tensorRaw); len(raws) != 1 || len(raws[0]) != 6*4 {
		t.Errorf("weights %x", raws)
	}
	if ops := text(fields(t, buf.Bytes(), modelGraph, graphNode, nodeOp)); strings.Contains(ops, "Cast") {
		t.Errorf("float32 stays what it is: %s", ops)
	}
}

func TestColumnsBecomeInputs(t *testing.T) {
	in := graph.Type{Kind: graph.Frame, Shape: []int{graph.N, 2}, Columns: []graph.Column{{Name: "age", DType: tensor.Float64}, {Name: "_sex", DType: tensor.String}}}
	g := build(t, in, func(b *graph.Builder, x graph.Value) {
		codes := b.Category(b.Gather(x, []int{1}), graph.CategoryAttr{
			Keys:   []*tensor.Tensor{tensor.FromStr([]string{"f", "m"})},
			Values: []*tensor.Tensor{tensor.FromI64([]int64{0, 1})},
			Words:  "Found unknown categories {unknown} in column {column} during transform",
		})
		b.Output("out", b.HStack(false, b.Column(x, 0), b.OneHot(codes, []int{2}, tensor.Float64)))
	})
	var buf bytes.Buffer
	r, err := Encode(&buf, g, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s := text(fields(t, buf.Bytes(), modelGraph, graphInput, 1)); s != "age _sex" {
		t.Errorf("inputs %q", s)
	}
	if r.MLOpset != 2 || len(r.Dropped) != 1 {
		t.Errorf("%+v", r)
	}
	for _, s := range fields(t, buf.Bytes(), modelGraph, graphNode, nodeOutput) {
		if string(s) == "_sex" {
			t.Error("a node writes an input")
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, f := range map[string]func(b *graph.Builder, x graph.Value){
		"text from numbers": func(b *graph.Builder, x graph.Value) { b.Output("out", b.Cast(x, tensor.String)) },
		"mixed classes": func(b *graph.Builder, x graph.Value) {
			b.Output("out", b.Labels(b.ArgMax(x), tensor.FromCells([]tensor.Cell{tensor.IntCell(1), tensor.StrCell("a")})))
		},
		"no such op": func(b *graph.Builder, x graph.Value) { b.Output("out", b.Add1("NoSuchOp", nil, x.Type(), x)) },
	} {
		var u *graph.UnsupportedError
		if _, err := Encode(&bytes.Buffer{}, build(t, matrix, f), Options{}); !errors.As(err, &u) || u.Target != Name || u.Why == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestThresholdsRoundDown(t *testing.T) {
	for _, v := range []float64{0.1, -0.1, 1e-300, -1e-300, 3, math.MaxFloat64} {
		f := floor32(v)
		if f > v || f != float64(float32(f)) || float64(math.Nextafter32(float32(f), float32(math.Inf(1)))) <= v && f < v {
			t.Errorf("floor32(%v) = %v", v, f)
		}
	}
}

func TestEveryRefusalIsNamed(t *testing.T) {
	g := build(t, matrix, func(b *graph.Builder, x graph.Value) {
		x = b.Cast(x, tensor.Float64)
		b.Output("a", b.Unary(graph.OpAtan, x))
		b.Output("b", b.Unary(graph.OpExp, b.Unary(graph.OpAtan, b.Unary(graph.OpNeg, x))))
	})
	_, err := Encode(&bytes.Buffer{}, g, Options{})
	var u *graph.UnsupportedError
	if !errors.As(err, &u) || u.Op != graph.OpAtan || strings.Count(err.Error(), "arc tangent") != 1 {
		t.Errorf("%v", err)
	}
	g = build(t, graph.Type{DType: tensor.String, Shape: []int{graph.N}}, func(b *graph.Builder, x graph.Value) {
		x = b.TextNormalize(x, graph.TextNormalizeAttr{Lower: true, Accents: graph.AccentsUnicode})
		b.Output("h", b.HashTerms(b.Tokenize(x, graph.TokenizeAttr{Unit: graph.UnitChar, Lo: 1, Hi: 1}), graph.HashTermsAttr{Columns: 4, DType: tensor.Float64}))
	})
	if _, err = Encode(&bytes.Buffer{}, g, Options{}); err == nil || !strings.Contains(err.Error(), "accents") || !strings.Contains(err.Error(), "hash") {
		t.Errorf("%v", err)
	}
}

func TestEmptyTextStandsForOneMissingValue(t *testing.T) {
	column := graph.Type{Kind: graph.Frame, Shape: []int{graph.N, 2}, Columns: []graph.Column{{Name: "a", DType: tensor.String}, {Name: "b", DType: tensor.String}}}
	nan, none := graph.Missing{Value: tensor.FloatCell(math.NaN())}, graph.Missing{Value: tensor.Cell{Kind: tensor.CellNone}}
	g := build(t, column, func(b *graph.Builder, x graph.Value) {
		b.Output("x", b.IsMissing(b.Gather(x, []int{0}), nan))
		b.Output("y", b.IsMissing(b.Gather(x, []int{1}), none))
	})
	r, err := Encode(&bytes.Buffer{}, g, Options{})
	if err != nil || r.EmptyText["a"] != "nan" || r.EmptyText["b"] != "None" {
		t.Errorf("%v %v", r, err)
	}
	g = build(t, column, func(b *graph.Builder, x graph.Value) {
		b.Output("x", b.IsMissing(b.Gather(x, []int{0}), nan))
		b.Output("y", b.IsMissing(x, none))
	})
	if _, err := Encode(&bytes.Buffer{}, g, Options{}); err == nil || !strings.Contains(err.Error(), "empty text would stand for nan and for None") {
		t.Errorf("%v", err)
	}
}

func TestText(t *testing.T) {
	g := build(t, graph.Type{DType: tensor.String, Shape: []int{graph.N}}, func(b *graph.Builder, x graph.Value) {
		x = b.TextNormalize(x, graph.TextNormalizeAttr{Lower: true})
		x = b.Tokenize(x, graph.TokenizeAttr{Unit: graph.UnitChar, Lo: 1, Hi: 2})
		b.Output("n", b.CountTerms(x, graph.CountTermsAttr{Vocabulary: map[string]int32{"a": 1, "ab": 0}, Columns: 3, DType: tensor.Int64}))
	})
	var buf bytes.Buffer
	r, err := Encode(&buf, g, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Opset != 20 || r.MSOpset != 1 || r.Inputs[0].Type != "tensor(string)" {
		t.Errorf("%+v", r)
	}
	if s := text(fields(t, buf.Bytes(), modelOpset, 1)); s != " ai.onnx.ml com.microsoft" {
		t.Errorf("domains %q", s)
	}
	c := lowered()
	if len(c.become['İ']) != 2 || string(c.become['Σ']) != "σ" || len(c.become['a']) != 0 || !slices.Contains(c.spaces, "\u2003") {
		t.Errorf("%q", c.become['İ'])
	}
}

func TestLabelsOfOneType(t *testing.T) {
	str, bytes, one, half := tensor.StrCell("a"), tensor.Cell{Kind: tensor.CellBytes, S: "b"}, tensor.IntCell(1), tensor.FloatCell(0.5)
	for _, c := range []struct {
		cells []tensor.Cell
		want  tensor.DType
	}{
		{[]tensor.Cell{str, bytes}, tensor.String},
		{[]tensor.Cell{one, one}, tensor.Int64},
		{[]tensor.Cell{half}, tensor.Float64},
		{[]tensor.Cell{tensor.BoolCell(true)}, tensor.Bool},
		{[]tensor.Cell{str, one}, tensor.Invalid},
		{[]tensor.Cell{{Kind: tensor.CellNone}}, tensor.Invalid},
		{[]tensor.Cell{{Kind: tensor.CellBytes, S: "\xff"}}, tensor.Invalid},
	} {
		got := tensor.Invalid
		if x := oneType(tensor.FromCells(c.cells)); x != nil {
			got = x.DType
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.cells, got, c.want)
		}
	}
}

func TestPortsHaveNamesOfTheirOwn(t *testing.T) {
	in := graph.Type{Kind: graph.Frame, Shape: []int{graph.N, 3}, Columns: []graph.Column{{Name: "a", DType: tensor.Float64}, {Name: "a", DType: tensor.Float64}, {Name: "label", DType: tensor.Float64}}}
	g := build(t, in, func(b *graph.Builder, x graph.Value) {
		y := b.HStack(false, b.Column(x, 0), b.Column(x, 1), b.Column(x, 2))
		b.Output("label", b.Unary(graph.OpExp, y))
		b.Output("out", b.ToFrame(b.Unary(graph.OpNeg, y), []string{"x", "x", "a"}))
	})
	var buf bytes.Buffer
	r, err := Encode(&buf, g, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s := text(fields(t, buf.Bytes(), modelGraph, graphInput, 1)); s != "a a.1 label" || r.Inputs[1].Name != "a.1" {
		t.Errorf("inputs %q, %v", s, r.Inputs)
	}
	if s := text(fields(t, buf.Bytes(), modelGraph, graphOutput, 1)); s != "label.1 x out.x out.a" || r.Outputs[2].Name != "out.x" {
		t.Errorf("outputs %q, %v", s, r.Outputs)
	}
}

// TestNeutral wants no product or sum with a constant that is 1 or 0 as a float32 alone: ONNX Runtime leaves such out.
func TestNeutral(t *testing.T) {
	for _, c := range []struct {
		op   graph.Op
		by   float64
		want string
	}{
		{graph.OpMul, 1 - 0x1p-26, "Cast Mul Mul"},
		{graph.OpDiv, 1 + 0x1p-30, "Cast Div Mul"},
		{graph.OpAdd, 1e-100, "Cast Sum"},
		{graph.OpSub, 1e-100, "Cast Sum"},
		{graph.OpMul, 1 - 0x1p-20, "Cast Mul"},
		{graph.OpAdd, 1e-20, "Cast Add"},
	} {
		g := build(t, matrix, func(b *graph.Builder, x graph.Value) {
			x = b.Cast(x, tensor.Float64)
			b.Output("y", b.Binary(c.op, x, b.Scalar(c.by, x)))
		})
		var buf bytes.Buffer
		if _, err := Encode(&buf, g, Options{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSuffix(text(fields(t, buf.Bytes(), modelGraph, graphNode, nodeOp)), " Identity"); got != c.want {
			t.Errorf("%v by %v: %s, want %s", c.op, c.by, got, c.want)
		}
	}
}
