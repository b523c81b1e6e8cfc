// Package isotonic understands sklearn.isotonic.
package isotonic

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{{
	Name: "sklearn.isotonic.IsotonicRegression", New: func() sklearn.Estimator { return new(IsotonicRegression) },
	FitOnly: []string{"y_min", "y_max", "increasing"}, Ignore: []string{"increasing_", "_X_", "_y_", "X_", "y_"},
	Upgrade: []sklearn.Rung{{Before: "0.24", Fix: func(s *sklearn.State) error {
		s.Rename("_necessary_X_", "X_thresholds_")
		s.Rename("_necessary_y_", "y_thresholds_")
		for _, n := range []string{"X", "y"} { // before 0.18 the thresholds are all points, merged
			if v := s.Attrs.Get(n + "_"); v != nil {
				s.Default(n+"_thresholds_", v)
			}
		}
		return nil
	}}},
}}

// IsotonicRegression is sklearn.isotonic.IsotonicRegression. It takes one column or a vector.
type IsotonicRegression struct {
	sklearn.Base
	XThresholds      *tensor.Tensor `sk:"X_thresholds_"`
	YThresholds      *tensor.Tensor `sk:"y_thresholds_"`
	XMin             parts.Number   `sk:"X_min_"`
	XMax             parts.Number   `sk:"X_max_"`
	OutOfBoundsParam string         `sk:"out_of_bounds"`
}

var (
	_ sklearn.Predictor    = (*IsotonicRegression)(nil)
	_ sklearn.Transformer  = (*IsotonicRegression)(nil)
	_ sklearn.FeatureNamer = (*IsotonicRegression)(nil)
)

// Bound checks the knots.
func (r *IsotonicRegression) Bound(*sklearn.Binder) error {
	switch r.OutOfBoundsParam {
	case "nan", "clip", "raise":
	default:
		return &sklearn.BindError{Path: r.Path, Attr: "out_of_bounds", Msg: fmt.Sprintf("value %q is not known", r.OutOfBoundsParam)}
	}
	x, y := r.XThresholds, r.YThresholds
	if (x.DType != tensor.Float64 && x.DType != tensor.Float32) || x.DType != y.DType || len(x.Shape) != 1 || x.Len() == 0 || x.Len() != y.Len() {
		return &sklearn.BindError{Path: r.Path, Attr: "X_thresholds_", Msg: fmt.Sprintf("%s%v and y_thresholds_ %s%v do not fit", x.DType, x.Shape, y.DType, y.Shape)}
	}
	if r.XMin.Tensor.Len() != 1 || r.XMax.Tensor.Len() != 1 {
		return &sklearn.BindError{Path: r.Path, Attr: "X_min_", Msg: "not one number"}
	}
	return nil
}

// Predict interpolates between the knots.
func (r *IsotonicRegression) Predict(b *graph.Builder, x graph.Value) graph.Value {
	if !x.OK() {
		return x
	}
	switch t := x.Type(); {
	case t.Sparse():
		return b.Refuse("Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert to a dense numpy array.")
	case t.Width() != 1 || len(t.Shape) > 2:
		return b.RefuseWidth(1, "Isotonic regression input X should be a 1d array or 2d array with 1 feature")
	}
	x = b.Ravel(b.Cast(x, tensor.Float64))
	x = sklearn.Finite(b, r, x, sklearn.Accept{})
	x = b.Cast(x, r.XThresholds.DType)
	a := &graph.InterpAttr{X: r.XThresholds, Y: r.YThresholds, Bounds: graph.BoundsNaN}
	switch r.OutOfBoundsParam {
	case "clip":
		lo, _ := r.XMin.Tensor.Float(0)
		hi, _ := r.XMax.Tensor.Float(0)
		x = b.Clip(x, lo, hi)
	case "raise":
		a.Bounds = graph.BoundsRaise
	}
	return b.Interp(x, a)
}

// Transform is Predict.
func (r *IsotonicRegression) Transform(b *graph.Builder, x graph.Value) graph.Value {
	return r.Predict(b, x)
}

// FeatureNamesOut is the class name and 0.
func (r *IsotonicRegression) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(r, 1), nil
}
