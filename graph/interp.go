package graph

import "github.com/larder-ml/larder/tensor"

// OpInterp interpolates linearly between knots: x [N] → [N] of x's dtype.  Attr *InterpAttr
// It is scipy's interp1d: numpy.interp for float64, where X[i] ≤ x < X[i+1] gives slope·(x-X[i]) + Y[i] and a knot its Y;
// for float32 i is the first knot not below x and the slope that towards it.
// ONNX: a body of comparisons, sums and Gather.
const OpInterp Op = "Interp"

// Bounds says what a value outside the knots gives.
type Bounds string

// The bounds, by isotonic regression's names.
const (
	BoundsNaN   Bounds = "nan"
	BoundsRaise Bounds = "raise"
)

// InterpAttr holds the knots, X ascending. One knot alone gives its Y everywhere.
type InterpAttr struct {
	X, Y   *tensor.Tensor // [n], of the same floating dtype
	Bounds Bounds
}

// Interp adds an interpolation.
func (b *Builder) Interp(x Value, a *InterpAttr) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(t.Shape) != 1 || t.DType != a.X.DType || !t.DType.IsFloat() || a.Y.DType != a.X.DType || a.X.Len() != a.Y.Len() || a.X.Len() == 0 {
		return b.Failf(OpInterp, "%s does not fit %s%v and %s%v", t, a.X.DType, a.X.Shape, a.Y.DType, a.Y.Shape)
	}
	return b.Add1(OpInterp, a, t, x)
}
