package onnx

import (
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var imputeOps = table{graph.OpKNNImpute: knnImpute, graph.OpIfAll: ifAll}

// ifAll looks at the whole batch.
func ifAll(e *encoder, _ *graph.Node) ([]value, error) {
	least := e.add("ReduceMin", []string{e.cast(e.in(0), tensor.Bool, tensor.Int32)}, attr{"keepdims", 0})
	all := e.op("Greater", least, e.scalar(0, tensor.Int32))
	return one(e.choose(all, e.in(1), e.in(2), e.outType(0).DType)), nil
}

// knnImpute measures each row to the fitted rows over the columns known in both, and takes for each column the nearest
// rows that have a value there.
func knnImpute(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.KNNImputeAttr)
	t, d := e.inType(0), tensor.Float64
	if a.Single && t.DType != d {
		return nil, e.unsupported("distances in float32")
	}
	m, k := a.Fit.Shape[0], a.Fit.Shape[1]
	e.drop("of fitted rows at the same distance, those that come first are taken")
	miss, err := e.missing(e.in(0), t.DType, a.Missing)
	if err != nil {
		return nil, err
	}
	x := e.cast(e.in(0), t.DType, d)
	row := e.op("Where", miss, e.scalar(0, d), x)
	hole := e.cast(miss, tensor.Bool, d)

	fit, squares, holes, known := tensor.New(d, m, k), tensor.New(d, m, k), tensor.New(d, m, k), tensor.New(d, m, k)
	for i := range fit.F64 {
		if a.Known[i] {
			fit.F64[i], known.F64[i] = a.Fit.F64[i], 1
			squares.F64[i] = a.Fit.F64[i] * a.Fit.F64[i]
		} else {
			holes.F64[i] = 1
		}
	}
	to := func(s string, y *tensor.Tensor) string { return e.op("MatMul", s, e.tensor(transposed(y))) }
	zero := e.scalar(0, d)
	dist := e.squares(row, to(row, fit), fit)
	dist = e.op("Sub", dist, to(e.op("Mul", row, row), holes))
	dist = e.op("Max", e.op("Sub", dist, to(hole, squares)), zero)
	count := to(e.op("Sub", e.scalar(1, d), hole), known)
	dist = e.op("Sqrt", e.op("Mul", e.op("Div", dist, count), e.scalar(float64(k), d)))
	far := e.scalar(math.Inf(1), d)
	dist = e.op("Where", e.op("Equal", count, zero), far, dist)

	parts := make([]string, k)
	for j := range parts {
		col := e.add("Gather", []string{x, e.ints(j)}, attr{"axis", 1})
		parts[j] = col
		var donors []int
		values := tensor.New(d, 0)
		mean := 0.0
		for i := range m {
			if a.Known[i*k+j] {
				donors = append(donors, i)
				values.F64 = append(values.F64, a.Fit.F64[i*k+j])
				mean += a.Fit.F64[i*k+j]
			}
		}
		if !a.Valid[j] || len(donors) == 0 {
			continue
		}
		values.Shape[0] = len(donors)
		near, at := e.nearest(e.add("Gather", []string{dist, e.ints(donors...)}, attr{"axis", 1}), min(a.Neighbours, len(donors)))
		reach := e.op("Less", near, far)
		var w string
		if a.ByDistance {
			hit := e.cast(e.op("Equal", near, zero), tensor.Bool, d)
			hits := e.add("ReduceMax", []string{hit, e.ints(1)}, attr{"keepdims", 1})
			w = e.op("Where", e.op("Greater", hits, zero), hit, e.op("Div", e.scalar(1, d), near))
		} else {
			w = e.cast(reach, tensor.Bool, d)
		}
		sum := func(s string) string { return e.add("ReduceSum", []string{s, e.ints(1)}, attr{"keepdims", 1}) }
		v := e.add("Gather", []string{e.tensor(values), at}, attr{"axis", 0})
		v = e.op("Div", sum(e.op("Mul", v, w)), sum(w))
		some := e.add("ReduceMax", []string{e.cast(reach, tensor.Bool, tensor.Int32), e.ints(1)}, attr{"keepdims", 1})
		v = e.op("Where", e.op("Greater", some, e.scalar(0, tensor.Int32)), v, e.scalar(mean/float64(len(donors)), d))
		gap := e.op("Greater", e.add("Gather", []string{hole, e.ints(j)}, attr{"axis", 1}), zero)
		parts[j] = e.op("Where", gap, v, col)
	}
	return one(e.cast(e.concat(parts, 1), d, t.DType)), nil
}
