package onnx

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var distanceOps = table{graph.OpSVMDecision: svmDecision, graph.OpPairwiseDistance: pairwiseDistance, graph.OpPairwiseCoupling: pairwiseCoupling,
	graph.OpSolveTriangular: solveTriangular,
}

// svmDecision is a product, the kernel and a product with the weights of each pair.
func svmDecision(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.SVMAttr)
	d := tensor.Float64
	x := e.in(0)
	s := a.Coef.Cols()
	vectors := a.Vectors
	if a.Sparse != nil {
		vectors = a.Sparse.Dense()
	}
	k := x
	if a.Kernel != graph.SVMPrecomputed {
		if vectors == nil || s == 0 {
			return nil, e.unsupported("no support vectors")
		}
		if a.Kernel != graph.SVMRBF {
			k = e.op("MatMul", x, e.tensor(transposed(vectors)))
		}
	}
	gamma := e.scalar(a.Gamma, d)
	affine := func() string { return e.op("Add", e.op("Mul", gamma, k), e.scalar(a.Coef0, d)) }
	switch a.Kernel {
	case graph.SVMLinear, graph.SVMPrecomputed:
	case graph.SVMPoly:
		k = e.op("Pow", affine(), e.scalar(float64(a.Degree), d))
	case graph.SVMSigmoid:
		k = e.op("Tanh", affine())
	case graph.SVMRBF:
		k = e.op("Exp", e.op("Mul", e.scalar(-a.Gamma, d), e.squaresTo(x, vectors)))
	default:
		return nil, e.unsupported("kernel %q", a.Kernel)
	}
	pairs := a.Pairs()
	w := tensor.New(d, s, pairs)
	coef := a.Coef.F64
	if a.Count == nil {
		copy(w.F64, coef)
	} else {
		start := make([]int, len(a.Count)+1)
		for i, c := range a.Count {
			start[i+1] = start[i] + c
		}
		p := 0
		for i := range a.Count {
			for j := i + 1; j < len(a.Count); j++ {
				for v := start[i]; v < start[i+1]; v++ {
					w.F64[v*pairs+p] = coef[(j-1)*s+v]
				}
				for v := start[j]; v < start[j+1]; v++ {
					w.F64[v*pairs+p] = coef[i*s+v]
				}
				p++
			}
		}
	}
	y := e.op("Add", e.op("MatMul", k, e.tensor(w)), e.tensor(tensor.FromF64(a.Intercept)))
	if a.Count == nil {
		y = e.reshape(y, graph.N)
	}
	return one(y), nil
}

// squaresTo is |x-y|² to each row of y, both measured from the middle of y: the square is expanded, which keeps the fewer
// digits of a distance the farther from zero its ends are.
func (e *encoder) squaresTo(x string, y *tensor.Tensor) string {
	m, p := y.Shape[0], y.Shape[1]
	middle, moved := tensor.New(y.DType, 1, p), tensor.New(y.DType, m, p)
	rows, sums := y.AsF64(), make([]float64, p)
	for i := range m {
		for j, v := range rows[i*p : (i+1)*p] {
			sums[j] += v
		}
	}
	for j, s := range sums {
		setNumber(middle, j, s/float64(m))
	}
	means := middle.AsF64()
	for i := range m {
		for j, v := range rows[i*p : (i+1)*p] {
			setNumber(moved, i*p+j, v-means[j])
		}
	}
	x = e.op("Sub", x, e.tensor(middle))
	return e.squares(x, e.op("MatMul", x, e.tensor(transposed(moved))), moved)
}

// squares is |x-y|² to each row of y from the products k = x·yᵀ, never below zero.
func (e *encoder) squares(x, k string, y *tensor.Tensor) string {
	d := y.DType
	norms, rows, p := tensor.New(d, 1, y.Shape[0]), y.AsF64(), y.Shape[1]
	for i := range y.Shape[0] {
		s := 0.0
		for _, v := range rows[i*p : (i+1)*p] {
			s += float64(v * v)
		}
		setNumber(norms, i, s)
	}
	xx := e.add("ReduceSumSquare", []string{x, e.ints(1)}, attr{"keepdims", 1})
	s := e.op("Add", e.op("Add", e.op("Mul", e.scalar(-2, d), k), xx), e.tensor(norms))
	return e.op("Max", s, e.scalar(0, d))
}

// pairwiseDistance expands euclidean distances to many rows, which lose the digits of rows that nearly meet; the others it
// broadcasts.
func pairwiseDistance(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.DistanceAttr)
	if a.Y.Shape[0] == 0 || a.Y.Shape[1] == 0 {
		return nil, e.unsupported("no rows to measure to")
	}
	x, d := e.in(0), e.inType(0).DType
	euclid := a.Metric.Name == graph.Euclidean || a.Metric.Name == graph.SqEuclidean
	if euclid && a.Y.Len() > 4*smallTable {
		s := e.squaresTo(x, a.Y)
		if a.Metric.Name == graph.Euclidean {
			s = e.op("Sqrt", s)
		}
		return one(s), nil
	}
	width := a.Y.Shape[1]
	y := e.tensor(a.Y.Reshape(1, a.Y.Shape[0], width))
	s, err := e.distance(e.reshape(x, graph.N, 1, width), y, width, d, a.Metric)
	return one(s), err
}

// sumInOrder adds up the last of three axes, from its first number to its last: equal distances have to stay equal, and the
// order of ReduceSum is the runtime's.
func (e *encoder) sumInOrder(s string, width int) string {
	return e.add("Gather", []string{e.op("CumSum", s, e.scalar(2, tensor.Int64)), e.scalar(float64(width-1), tensor.Int64)}, attr{"axis", 2})
}

// distance measures along the last axis, of width features, of two tensors that broadcast: [N,1,p] and [1,m,p] or
// [N,m,p].
func (e *encoder) distance(x, y string, width int, d tensor.DType, m graph.Metric) (string, error) {
	sum := func(s string) string { return e.sumInOrder(s, width) }
	diff := func() string { return e.op("Sub", x, y) }
	row := func(v []float64) string { return e.cast(e.tensor(tensor.FromF64(v)), tensor.Float64, d) }
	switch m.Name {
	case graph.Euclidean, graph.SqEuclidean:
		s := diff()
		s = sum(e.op("Mul", s, s))
		if m.Name == graph.Euclidean {
			s = e.op("Sqrt", s)
		}
		return s, nil
	case graph.Manhattan:
		return sum(e.op("Abs", diff())), nil
	case graph.Chebyshev:
		return e.add("ReduceMax", []string{e.op("Abs", diff()), e.ints(2)}, attr{"keepdims", 0}), nil
	case graph.Minkowski:
		s := e.op("Pow", e.op("Abs", diff()), e.scalar(m.P, d))
		if m.W != nil {
			s = e.op("Mul", s, row(m.W))
		}
		return e.op("Pow", sum(s), e.scalar(1/m.P, d)), nil
	case graph.SEuclidean:
		s := diff()
		return e.op("Sqrt", sum(e.op("Div", e.op("Mul", s, s), row(m.V)))), nil
	case graph.Mahalanobis:
		s := diff()
		vi := e.cast(e.tensor(tensor.FromF64(m.VI, width, width)), tensor.Float64, d)
		return e.op("Sqrt", sum(e.op("Mul", e.op("MatMul", s, vi), s))), nil
	case graph.Canberra:
		den := e.op("Add", e.op("Abs", x), e.op("Abs", y))
		zero := e.op("Equal", den, e.scalar(0, d))
		q := e.op("Div", e.op("Abs", diff()), e.op("Where", zero, e.scalar(1, d), den))
		return sum(q), nil
	case graph.Hamming:
		differ := e.cast(e.op("Not", e.op("Equal", x, y)), tensor.Bool, d)
		n := float64(width)
		if m.W != nil {
			differ, n = e.op("Mul", differ, row(m.W)), m.TotalWeight()
		}
		return e.op("Div", sum(differ), e.scalar(n, d)), nil
	case graph.AdditiveChi2:
		den := e.op("Add", x, y)
		s := diff()
		zero := e.op("Equal", den, e.scalar(0, d))
		q := e.op("Div", e.op("Mul", s, s), e.op("Where", zero, e.scalar(1, d), den))
		q = e.op("Where", zero, e.scalar(0, d), q)
		return sum(q), nil
	}
	return "", e.unsupported("metric %q", m.Name)
}
