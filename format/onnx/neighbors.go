package onnx

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/protowire"
	"github.com/larder-ml/larder/tensor"
)

var neighborOps = table{graph.OpKNeighbors: kNeighbors, graph.OpWeightedMedian: weightedMedian}

// spare is how many rows beside the nearest are measured again without the loss of the expanded square.
const spare = 16

// kNeighbors takes the nearest rows with TopK.
func kNeighbors(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.NeighborsAttr)
	data, metric := a.Data, a.Metric
	switch {
	case a.Tree != nil:
		data, metric = a.Tree.Data, a.Tree.Metric
	case a.Sparse != nil:
		data = a.Sparse.Dense()
	}
	e.drop("of fitted rows at the same distance, those that scikit-learn's search meets first are taken; ONNX takes the lower index")
	x, d := e.in(0), e.inType(0).DType
	if data == nil {
		if e.inType(0).Kind == graph.CSR {
			return nil, e.unsupported("distances in a sparse matrix")
		}
		dist, index := e.nearest(x, a.K)
		return []value{{name: dist}, {name: index}}, nil
	}
	rows, width := data.Shape[0], data.Shape[1]
	if rows == 0 || width == 0 {
		return nil, e.unsupported("no rows to search")
	}
	wide := e.reshape(x, graph.N, 1, width)
	if metric.Name == graph.Minkowski && metric.P == 2 && metric.W == nil {
		metric.Name = graph.Euclidean
	}
	if metric.Name != graph.Euclidean && metric.Name != graph.SqEuclidean {
		s, err := e.distance(wide, e.tensor(data.Reshape(1, rows, width)), width, d, metric)
		if err != nil {
			return nil, err
		}
		dist, index := e.nearest(s, a.K)
		return []value{{name: e.cast(dist, d, tensor.Float64)}, {name: index}}, nil
	}
	squares := e.squares(x, e.op("MatMul", x, e.tensor(transposed(data))), data)
	_, near := e.nearest(squares, min(a.K+spare, rows))
	near = e.sorted(near, min(a.K+spare, rows)) // so that of equals the lower index comes first
	picked := e.add("Gather", []string{e.tensor(data), near}, attr{"axis", 0})
	s, err := e.distance(wide, picked, width, d, metric)
	if err != nil {
		return nil, err
	}
	dist, at := e.nearest(s, a.K)
	index := e.add("GatherElements", []string{near, at}, attr{"axis", 1})
	return []value{{name: e.cast(dist, d, tensor.Float64)}, {name: index}}, nil
}

// nearest returns the k smallest of each row, ascending, and where they stand.
func (e *encoder) nearest(x string, k int) (values, index string) {
	values, index = e.fresh(), e.fresh()
	e.addTo("TopK", "", []string{x, e.ints(k)}, []string{values, index}, attr{"axis", 1}, attr{"largest", 0}, attr{"sorted", 1})
	return values, index
}

// sorted sorts rows of k integers.
func (e *encoder) sorted(x string, k int) string {
	s, _ := e.nearest(x, k)
	return s
}

// weightedMedian sorts, adds weights up and takes the first entry that reaches half.
func weightedMedian(e *encoder, n *graph.Node) ([]value, error) {
	w := n.Attr.(*graph.WeightedMedianAttr).Weights
	d := tensor.Float64
	values, index := e.nearest(e.in(0), len(w))
	weights := e.add("Gather", []string{e.tensor(tensor.FromF64(w)), index}, attr{"axis", 0})
	sums := e.op("CumSum", weights, e.scalar(1, tensor.Int64))
	total := e.add("Gather", []string{sums, e.ints(len(w) - 1)}, attr{"axis", 1})
	reached := e.op("GreaterOrEqual", sums, e.op("Mul", e.scalar(0.5, d), total))
	first := e.add("ArgMax", []string{e.cast(reached, tensor.Bool, tensor.Int32)}, attr{"axis", 1}, attr{"keepdims", 1})
	return one(e.reshape(e.add("GatherElements", []string{values, first}, attr{"axis", 1}), graph.N)), nil
}

// solveTriangular multiplies with the inverse of the triangle.
func solveTriangular(e *encoder, n *graph.Node) ([]value, error) {
	l := n.Attr.(*graph.SolveAttr).L
	m := l.Shape[0]
	inverse := tensor.New(tensor.Float64, m, m) // transposed: x @ L⁻ᵀ
	for c := range m {
		for r := c; r < m; r++ {
			s := 0.0
			if r == c {
				s = 1
			}
			for k := c; k < r; k++ {
				s -= float64(l.F64[r*m+k] * inverse.F64[c*m+k])
			}
			inverse.F64[c*m+r] = s / l.F64[r*m+r]
		}
	}
	return one(e.op("MatMul", e.in(0), e.tensor(inverse))), nil
}

// pairwiseCoupling runs libsvm's iteration on all rows at once, each row until it is close.
func pairwiseCoupling(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.CouplingAttr)
	k, d := a.Classes, tensor.Float64
	one1 := e.scalar(1, d)
	sum := func(s string, axis int) string {
		return e.add("ReduceSum", []string{s, e.ints(axis)}, attr{"keepdims", 1})
	}
	f := e.op("Add", e.op("Mul", e.in(0), e.tensor(tensor.FromF64(a.A))), e.tensor(tensor.FromF64(a.B)))
	pair := e.expit(e.op("Neg", f), d)
	pair = e.op("Max", e.op("Min", pair, e.scalar(1-1e-7, d)), e.scalar(1e-7, d))
	// r[s,t] for s<t is the pair's probability, r[t,s] the rest, r[s,s] zero: [N,k,k].
	both := e.concat([]string{pair, e.op("Sub", one1, pair), e.op("Sub", pair, pair)}, 1)
	from := make([]int, k*k)
	pairs, at := k*(k-1)/2, 0
	for s := range k {
		from[s*k+s] = 2 * pairs
		for t := s + 1; t < k; t++ {
			from[s*k+t], from[t*k+s] = at, pairs+at
			at++
		}
	}
	r := e.reshape(e.add("Gather", []string{both, e.ints(from...)}, attr{"axis", 1}), graph.N, k, k)
	rt := e.add("Transpose", []string{r}, attr{"perm", []int64{0, 2, 1}})
	eye := tensor.New(d, k, k)
	for i := range k {
		eye.F64[i*k+i] = 1
	}
	diagonal := e.op("Mul", sum(e.op("Mul", rt, rt), 2), e.tensor(eye))
	q := e.op("Sub", diagonal, e.op("Mul", rt, r))

	rows := e.add("Gather", []string{e.op("Shape", e.in(0)), e.ints(0)}, attr{"axis", 0})
	start := e.add("Expand", []string{e.scalar(1/float64(k), d), e.concat([]string{rows, e.ints(k)}, 0)})
	undone := e.add("Expand", []string{e.scalar(0, tensor.Bool), e.concat([]string{rows, e.ints(1)}, 0)})

	// The body: p and who is done, from the former ones.
	turn, again, p0, done0 := e.fresh(), e.fresh(), e.fresh(), e.fresh()
	model := e.nodes
	e.nodes = protowire.Message{}
	p := p0
	qp := e.reshape(e.op("MatMul", q, e.reshape(p, graph.N, k, 1)), graph.N, k)
	pqp := sum(e.op("Mul", p, qp), 1)
	worst := e.add("ReduceMax", []string{e.op("Abs", e.op("Sub", qp, pqp)), e.ints(1)}, attr{"keepdims", 1})
	done := e.op("Or", done0, e.op("Less", worst, e.scalar(0.005/float64(k), d)))
	for t := range k {
		qt := e.reshape(e.add("Gather", []string{q, e.ints(t)}, attr{"axis", 1}), graph.N, k)
		pick := func(s string) string { return e.add("Gather", []string{s, e.ints(t)}, attr{"axis", 1}) }
		qtt, qpt := pick(qt), pick(qp)
		diff := e.op("Div", e.op("Add", e.op("Neg", qpt), pqp), qtt)
		by := e.op("Add", one1, diff)
		unit := tensor.New(d, 1, k)
		unit.F64[t] = 1
		p = e.op("Div", e.op("Add", p, e.op("Mul", diff, e.tensor(unit))), by)
		inner := e.op("Add", e.op("Mul", diff, qtt), e.op("Mul", e.scalar(2, d), qpt))
		pqp = e.op("Div", e.op("Div", e.op("Add", pqp, e.op("Mul", diff, inner)), by), by)
		qp = e.op("Div", e.op("Add", qp, e.op("Mul", diff, qt)), by)
	}
	p = e.op("Where", done, p0, p)
	left := e.cast(e.op("Not", done), tensor.Bool, tensor.Int32)
	more := e.op("Greater", e.add("ReduceMax", []string{left}, attr{"keepdims", 0}), e.scalar(0, tensor.Int32))
	body := e.nodes
	e.nodes = model
	g := &protowire.Message{}
	g.Append(&body)
	g.String(graphName, "couple")
	g.Message(graphInput, valueInfo(turn, elemInt64, nil))
	g.Message(graphInput, valueInfo(again, elemBool, nil))
	g.Message(graphInput, valueInfo(p0, e.elem(d), []int{graph.N, k}))
	g.Message(graphInput, valueInfo(done0, elemBool, []int{graph.N, 1}))
	g.Message(graphOutput, valueInfo(more, elemBool, nil))
	g.Message(graphOutput, valueInfo(p, e.elem(d), []int{graph.N, k}))
	g.Message(graphOutput, valueInfo(done, elemBool, []int{graph.N, 1}))

	out, last := e.fresh(), e.fresh()
	e.addTo("Loop", "", []string{e.scalar(float64(max(100, k)), tensor.Int64), e.scalar(1, tensor.Bool), start, undone}, []string{out, last}, attr{"body", g})
	return one(out), nil
}
