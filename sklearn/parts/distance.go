package parts

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// EuclideanSq is sklearn.metrics.pairwise.euclidean_distances(x, y, squared=True) for rows x [N,k] and constant y
// [m,k]: -2·x·yᵀ + ‖x‖² + ‖y‖², not below 0 → [N,m]. When both are float32 the arithmetic is float64 and the result
// is rounded to float32; otherwise the result is float64.
func EuclideanSq(b *graph.Builder, x graph.Value, y *tensor.Tensor) graph.Value {
	if !x.OK() {
		return x
	}
	d := euclideanSq(b, x, y)
	if x.DType() == tensor.Float32 && y.DType == tensor.Float32 {
		d = b.Cast(d, tensor.Float32)
	}
	return d
}

// euclideanSq is EuclideanSq before it is rounded.
func euclideanSq(b *graph.Builder, x graph.Value, y *tensor.Tensor) graph.Value {
	xf := b.Cast(x, tensor.Float64)
	yf := b.Cast(b.Const(y), tensor.Float64)
	d := b.MatMulT(xf, yf)
	d = b.Mul(d, b.Scalar(-2, d))
	d = b.Add(d, b.Reduce(graph.OpSumSquare, xf, 1, true, graph.Lanes))
	d = b.Add(d, b.Reduce(graph.OpSumSquare, yf, 1, false, graph.Lanes))
	return b.Binary(graph.OpMax, d, b.Scalar(0, d))
}

// Euclidean is the square root of EuclideanSq.
func Euclidean(b *graph.Builder, x graph.Value, y *tensor.Tensor) graph.Value {
	return b.Unary(graph.OpSqrt, EuclideanSq(b, x, y))
}

// Nearest is sklearn.metrics.pairwise_distances_argmin: the index of the nearest row of y for each row of x, the first of
// those whose squared distance is equal, of sparse rows whose distance is → int64 [N]. Far from all of y they are equal by rounding.
func Nearest(b *graph.Builder, x graph.Value, y *tensor.Tensor) graph.Value {
	if !x.OK() {
		return x
	}
	if x.Type().Kind != graph.Dense {
		return b.Reduce(graph.OpArgMin, Euclidean(b, x, y), 1, false, graph.Any)
	}
	d := euclideanSq(b, x, y)
	return b.Reduce(graph.OpArgMin, d, 1, false, graph.Any)
}

// NearestCenter is KMeans' label: the index of the row of y with the least ‖y‖² - 2·x·y, the first of the equals → int64 [N].
func NearestCenter(b *graph.Builder, x graph.Value, y *tensor.Tensor) graph.Value {
	if !x.OK() {
		return x
	}
	yf := b.Const(y)
	d := b.MatMulT(x, yf)
	d = b.Mul(d, b.Scalar(-2, d))
	d = b.Add(d, b.Reduce(graph.OpSumSquare, yf, 1, false, graph.Lanes))
	return b.Reduce(graph.OpArgMin, d, 1, false, graph.Any)
}
