package neighbors

import (
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// values is what both regressors share: the target of each fitted row.
type values struct {
	NeighborsBase
	Y            *tensor.Tensor `sk:"_y"`
	WeightsParam pyobj.Value    `sk:"weights"`

	inverse bool
}

// Bound reads the targets.
func (v *values) Bound(bd *sklearn.Binder) error {
	if err := v.NeighborsBase.Bound(bd); err != nil {
		return err
	}
	if s := v.Y.Shape; !v.Y.DType.IsNumeric() || len(s) == 0 || len(s) > 2 || s[0] != v.rows {
		return &sklearn.BindError{Path: v.Path, Attr: "_y", Msg: fmt.Sprintf("%s%v for %d rows", v.Y.DType, s, v.rows)}
	}
	var err error
	v.inverse, err = weighting(v.Path, v.WeightsParam)
	return err
}

// KNeighborsRegressor is sklearn.neighbors.KNeighborsRegressor.
type KNeighborsRegressor struct{ values }

// RadiusNeighborsRegressor is sklearn.neighbors.RadiusNeighborsRegressor.
type RadiusNeighborsRegressor struct{ values }

var (
	_ sklearn.Predictor        = (*KNeighborsRegressor)(nil)
	_ sklearn.Neighbour        = (*KNeighborsRegressor)(nil)
	_ sklearn.NeighbourGrapher = (*KNeighborsRegressor)(nil)
	_ sklearn.Predictor        = (*RadiusNeighborsRegressor)(nil)
	_ sklearn.RadiusNeighbour  = (*RadiusNeighborsRegressor)(nil)
	_ sklearn.RadiusGrapher    = (*RadiusNeighborsRegressor)(nil)
)

// KNeighbors gives distances and indices of the nearest rows.
func (r *KNeighborsRegressor) KNeighbors(b *graph.Builder, x graph.Value) graph.Value {
	k, ok := r.neighbors(b)
	if !ok {
		return graph.Value{}
	}
	return r.kneighbors(b, x, k)
}

// KNeighborsGraph marks them in a sparse matrix.
func (r *KNeighborsRegressor) KNeighborsGraph(b *graph.Builder, x graph.Value) graph.Value {
	return r.kneighborsGraph(b, x)
}

// Predict is the mean over the neighbours; weighted means are float64, others keep float32.
func (r *KNeighborsRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	dist, index := r.nearest(b, x)
	if !dist.OK() {
		return graph.Value{}
	}
	if !r.inverse && r.Y.Cols() > 1 {
		return b.Reduce(graph.OpReduceMean, b.Take(b.Const(r.Y), index), 1, false, graph.Sequential)
	}
	var w, sum graph.Value
	if r.inverse {
		w = inverse(b, dist)
		sum = b.RowSum(w, graph.Pairwise)
	}
	cols := make([]graph.Value, r.Y.Cols())
	for j := range cols {
		y := b.Take(b.Const(column(r.Y, j)), index)
		if r.inverse {
			cols[j] = b.Div(b.RowSum(b.Mul(y, w), graph.Pairwise), sum)
		} else {
			cols[j] = b.Reduce(graph.OpReduceMean, y, 1, false, graph.Pairwise)
		}
	}
	if len(r.Y.Shape) == 1 {
		return cols[0]
	}
	return b.Stack(cols...)
}

// column returns column j of a vector or matrix.
func column(t *tensor.Tensor, j int) *tensor.Tensor {
	n, w := t.Rows(), t.Cols()
	out := tensor.New(t.DType, n)
	for i := range n {
		at := i*w + j
		switch t.DType.Storage() {
		case tensor.F64:
			out.F64[i] = t.F64[at]
		case tensor.F32:
			out.F32[i] = t.F32[at]
		case tensor.I64:
			out.I64[i] = t.I64[at]
		case tensor.U8:
			out.U8[i] = t.U8[at]
		}
	}
	return out
}

// RadiusNeighbors gives the rows within the radius.
func (r *RadiusNeighborsRegressor) RadiusNeighbors(b *graph.Builder, x graph.Value) graph.Value {
	return r.radiusNeighbors(b, x)
}

// RadiusNeighborsGraph marks them in a sparse matrix.
func (r *RadiusNeighborsRegressor) RadiusNeighborsGraph(b *graph.Builder, x graph.Value) graph.Value {
	return r.radiusGraph(b, x)
}

// Predict is the mean over the neighbours, NaN where there are none (of integer targets what numpy makes of NaN).
func (r *RadiusNeighborsRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	a := &graph.RaggedReduceAttr{Mode: graph.RaggedMean, Inverse: r.inverse, Values: r.Y, Fill: math.NaN()}
	if r.Y.DType != tensor.Float32 {
		a.Values = parts.Float64(r.Y)
	}
	if r.Y.DType == tensor.Int64 {
		a.Fill = math.MinInt64
	}
	near, _ := r.within(b, x, false)
	y := b.RaggedReduce(near, a)
	if len(r.Y.Shape) == 1 {
		return b.Ravel(y)
	}
	return y
}
