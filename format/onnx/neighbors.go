package onnx

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/protowire"
	"github.com/larder-ml/larder/tensor"
)

var neighborOps = table{graph.OpKNeighbors: kNeighbors, graph.OpWeightedMedian: weightedMedian}

// spare is how many rows beside the nearest are measured again without the loss of the expanded square.
const spare = 16

// smallTable is how many numbers a row may be compared with where all are kept at once.
const smallTable = 4096

// kNeighbors takes the nearest rows with TopK, which of equals takes the first: rows stand in the order in which
// scikit-learn's search meets them, where that can be had.
func kNeighbors(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.NeighborsAttr)
	data, metric := a.Data, a.Metric
	switch {
	case a.Tree != nil:
		data, metric = a.Tree.Data, a.Tree.Metric
	case a.Sparse != nil:
		data = a.Sparse.Dense()
	}
	x, d := e.in(0), e.inType(0).DType
	if data == nil {
		if e.inType(0).Kind == graph.CSR {
			return nil, e.unsupported("distances in a sparse matrix")
		}
		e.drop("of rows at the same distance the one of lower index is taken")
		dist, index := e.nearest(x, a.K)
		return []value{{name: dist}, {name: index}}, nil
	}
	rows, width := data.Shape[0], data.Shape[1]
	if rows == 0 || width == 0 {
		return nil, e.unsupported("no rows to search")
	}
	if metric.Name == graph.Minkowski && metric.P == 2 && metric.W == nil {
		metric.Name = graph.Euclidean
	}
	wide := e.reshape(x, graph.N, 1, width)
	euclid := metric.Name == graph.Euclidean || metric.Name == graph.SqEuclidean
	all := !euclid || rows*width <= smallTable
	var near, names string // the rows of data that are measured; their numbers
	if t := a.Tree; t != nil && (len(t.Nodes) == 1 || all && 2*len(t.Nodes)*width <= smallTable) {
		var err error
		if near, err = e.visits(t, wide); err != nil {
			return nil, err
		}
		sorted, index := tensor.New(tensor.Float64, rows, width), tensor.New(tensor.Int64, rows)
		for to, from := range t.Index {
			copy(sorted.F64[to*width:(to+1)*width], data.F64[from*width:])
			index.I64[to] = int64(from)
		}
		data, names = sorted, e.tensor(index)
		e.drop("of fitted rows at the same distance, those that the search meets first are taken; scikit-learn's heap may have let go of one of them")
	} else {
		e.drop("of fitted rows at the same distance, those that scikit-learn's search meets first are taken; ONNX takes the lower index")
	}
	var s string
	var err error
	if all {
		s, err = e.distance(wide, e.tensor(data.Reshape(1, rows, width)), width, d, metric)
		if near != "" {
			s = e.add("GatherElements", []string{s, near}, attr{"axis", 1})
		}
	} else {
		k := min(a.K+spare, rows)
		_, near = e.nearest(e.squaresTo(x, data), k)
		near = e.sorted(near, k) // so that of equals the lower index comes first
		s, err = e.distance(wide, e.add("Gather", []string{e.tensor(data), near}, attr{"axis", 0}), width, d, metric)
	}
	if err != nil {
		return nil, err
	}
	dist, index := e.nearest(s, a.K)
	if near != "" {
		index = e.add("GatherElements", []string{near, index}, attr{"axis", 1})
	}
	if names != "" {
		index = e.add("Gather", []string{names, index}, attr{"axis", 0})
	}
	return []value{{name: e.cast(dist, d, tensor.Float64)}, {name: index}}, nil
}

// visits gives the rows of a tree, which stand node by node, in the order in which a search for each row of x, [N,1,p],
// meets them: the nearer child first, the left one of equals. It is empty where that is the order they stand in.
func (e *encoder) visits(t *graph.NeighborTree, x string) (string, error) {
	d, p := tensor.Float64, t.Data.Shape[1]
	var inner []int
	for i, n := range t.Nodes {
		if !n.Leaf && n.End > n.Start {
			inner = append(inner, i)
		}
	}
	if len(inner) == 0 {
		return "", nil
	}
	bounds := func(child, half int) string {
		b := tensor.New(d, 1, len(inner), p)
		for k, i := range inner {
			at := half*len(t.Nodes) + 2*i + child
			copy(b.F64[k*p:(k+1)*p], t.Bounds[at*p:])
		}
		return e.tensor(b)
	}
	least := func(child int) (string, error) {
		if t.Ball {
			radius := tensor.New(d, 1, len(inner))
			for k, i := range inner {
				radius.F64[k] = t.Nodes[2*i+child].Radius
			}
			s, err := e.distance(x, bounds(child, 0), p, d, t.Metric)
			return e.op("Max", e.op("Sub", s, e.tensor(radius)), e.scalar(0, d)), err
		}
		lo, hi := e.op("Sub", bounds(child, 0), x), e.op("Sub", x, bounds(child, 1))
		far := e.op("Add", e.op("Add", lo, e.op("Abs", lo)), e.op("Add", hi, e.op("Abs", hi)))
		far = e.op("Mul", e.scalar(0.5, d), far)
		switch t.Metric.Name {
		case graph.Chebyshev:
			return e.add("ReduceMax", []string{far, e.ints(2)}, attr{"keepdims", 0}), nil
		case graph.Euclidean, graph.SEuclidean:
			far = e.op("Mul", far, far)
		case graph.Minkowski:
			far = e.op("Pow", far, e.scalar(t.Metric.P, d))
		}
		return e.sumInOrder(far, p), nil
	}
	left, err := least(1)
	if err != nil {
		return "", err
	}
	right, err := least(2)
	if err != nil {
		return "", err
	}
	// Where the right child comes first, its rows move up by the left one's number, and those down by its own.
	m := t.Data.Shape[0]
	moves, place := tensor.New(d, len(inner), m), tensor.New(d, 1, m)
	for i := range m {
		place.F64[i] = float64(i)
	}
	for k, i := range inner {
		l, r := t.Nodes[2*i+1], t.Nodes[2*i+2]
		for j := l.Start; j < l.End; j++ {
			moves.F64[k*m+j] = float64(r.End - r.Start)
		}
		for j := r.Start; j < r.End; j++ {
			moves.F64[k*m+j] = -float64(l.End - l.Start)
		}
	}
	turned := e.cast(e.op("Not", e.op("LessOrEqual", left, right)), tensor.Bool, d)
	_, order := e.nearest(e.op("Add", e.op("MatMul", turned, e.tensor(moves)), e.tensor(place)), m)
	return order, nil
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
