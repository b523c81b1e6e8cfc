package graph

import (
	"github.com/larder-ml/larder/tensor"
)

// Operations of imputers that look at other rows.
const (
	OpKNNImpute Op = "KNNImpute" // X → X, missing cells filled from the nearest fitted rows. Attr *KNNImputeAttr
	OpRowImpute Op = "RowImpute" // X [N,k] → X, missing cells filled with a statistic of the other cells of their row. Attr *RowImputeAttr. No ONNX form.
	OpIfAll     Op = "IfAll"     // cond bool [N,k], x, y → x if cond holds everywhere in the batch, else y. Couples rows
)

// RowImputeAttr describes RowImpute. A row without a statistic refuses the batch.
type RowImputeAttr struct {
	Missing   Missing
	Statistic string // mean, median or most_frequent (of equals the smallest)
}

// RowImpute fills the missing cells of a dense floating matrix.
func (b *Builder) RowImpute(x Value, a RowImputeAttr) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(t.Shape) != 2 || !t.DType.IsFloat() {
		return b.Failf(OpRowImpute, "not defined for %s", t)
	}
	return b.Add1(OpRowImpute, &a, t, x)
}

// KNNImputeAttr describes KNNImpute. Distances are those of sklearn.metrics.pairwise.nan_euclidean_distances; where none
// is defined the column's mean stands in.
type KNNImputeAttr struct {
	Fit        *tensor.Tensor // float64 [m,k], NaN where Known is false
	Known      []bool         // [m*k]: the cell has a value
	Valid      []bool         // [k]: columns that are imputed
	Neighbours int
	ByDistance bool // weights are reciprocal distances
	Undefined  bool // donors at no defined distance count where too few are at one; not ByDistance
	Columns    bool // norms of fitted rows add column after column: the array is in Fortran order
	Single     bool // fitted on float32: float32 rows are computed with in float32
	Missing    Missing
}

// KNNImpute fills the missing cells of a floating matrix.
func (b *Builder) KNNImpute(x Value, a KNNImputeAttr) Value {
	if !x.OK() {
		return x
	}
	t, f := x.Type(), a.Fit.Shape
	if t.Kind != Dense || len(t.Shape) != 2 || !t.DType.IsFloat() || len(f) != 2 || f[1] != t.Shape[1] || a.Fit.DType != tensor.Float64 ||
		len(a.Known) != f[0]*f[1] || len(a.Valid) != f[1] || a.Neighbours < 1 {
		return b.Failf(OpKNNImpute, "fitted rows %v for %s", f, t)
	}
	return b.Add1(OpKNNImpute, &a, t, x)
}

// IfAll chooses between two values of one type for the whole batch.
func (b *Builder) IfAll(cond, x, y Value) Value {
	if !cond.OK() || !x.OK() || !y.OK() {
		return Value{}
	}
	xt, yt := x.Type(), y.Type()
	if cond.Type().Kind != Dense || cond.DType() != tensor.Bool || xt.Kind != Dense || yt.Kind != Dense || xt.DType != yt.DType || xt.Width() != yt.Width() {
		return b.Failf(OpIfAll, "%s, %s and %s do not fit", cond.Type(), xt, yt)
	}
	v := b.Add1(OpIfAll, nil, xt, cond, x, y)
	b.Couples()
	return v
}
