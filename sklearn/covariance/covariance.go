// Package covariance is sklearn.covariance.
package covariance

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	estimator("EmpiricalCovariance", "", "", "_empirical_covariance", "empirical_covariance_"),
	estimator("ShrunkCovariance", "shrinkage", "", "_shrunk_covariance", "shrunk_covariance_"),
	estimator("LedoitWolf", "block_size", "shrinkage_", "_shrunk_covariance", "shrunk_covariance_"),
	estimator("OAS", "", "shrinkage_", "_shrunk_covariance", "shrunk_covariance_"),
	estimator("MinCovDet", "support_fraction", mcdState, "_robust_covariance", "robust_covariance"),
	estimator("GraphicalLasso", graphParams+" alpha covariance", "costs_ n_iter_", "_graph_lasso", "graph_lasso_"),
	estimator("GraphicalLassoCV", graphParams+" alphas n_refinements cv", "cv_results_ alpha_ costs_ n_iter_ cv_alphas_ grid_scores_ grid_scores alpha", "_graph_lasso", "graph_lasso_"),
	estimator("GraphLasso", graphParams+" alpha", "costs_ n_iter_", "graph_lasso_"),
	estimator("GraphLassoCV", graphParams+" alphas n_refinements cv", "cv_alphas_ grid_scores_ grid_scores alpha alpha_ costs_ n_iter_", "graph_lasso_"),
	{Name: "sklearn.covariance.EllipticEnvelope",
		Modules: []string{"sklearn.covariance._elliptic_envelope", "sklearn.covariance.elliptic_envelope", "sklearn.covariance.outlier_detection"},
		New:     func() sklearn.Estimator { return new(EllipticEnvelope) },
		FitOnly: sklearn.Names("store_precision assume_centered support_fraction contamination"), Ignore: sklearn.Names(mcdState)},
}

const (
	graphParams = "tol enet_tol max_iter mode eps"
	mcdState    = "raw_location_ raw_covariance_ raw_support_ support_ dist_"
)

func estimator(name, params, state string, modules ...string) sklearn.Class {
	c := sklearn.Class{Name: "sklearn.covariance." + name, New: func() sklearn.Estimator { return new(Covariance) },
		FitOnly: append(sklearn.Names("store_precision assume_centered"), sklearn.Names(params)...), Ignore: sklearn.Names(state)}
	for _, m := range modules {
		c.Modules = append(c.Modules, "sklearn.covariance."+m)
	}
	return c
}

// Covariance is every estimator of this package but EllipticEnvelope: EmpiricalCovariance, ShrunkCovariance, LedoitWolf,
// OAS, MinCovDet, GraphicalLasso and GraphicalLassoCV.
type Covariance struct {
	sklearn.Base
	fitted
}

type fitted struct {
	Location   *tensor.Tensor `sk:"location_"`
	Covariance *tensor.Tensor `sk:"covariance_"`
	Precision  *tensor.Tensor `sk:"precision_,optional"`
}

var _ sklearn.Mahalanobiser = (*Covariance)(nil)

func (f *fitted) check() error {
	k := f.Location.Len()
	for _, m := range []*tensor.Tensor{f.Covariance, f.Precision} {
		if m != nil && (len(m.Shape) != 2 || m.Shape[0] != k || m.Shape[1] != k) {
			return fmt.Errorf("covariance_ or precision_ does not fit %d features", k)
		}
	}
	return nil
}

// precision is precision_, or where it was not stored (store_precision=False) the pseudo-inverse of covariance_.
func (f *fitted) precision(b *graph.Builder) graph.Value {
	if f.Precision != nil {
		return b.Const(f.Precision)
	}
	k := f.Location.Len()
	inv := parts.PseudoInverse(f.Covariance.AsF64(), k, k)
	if inv == nil {
		return b.Fail(&sklearn.BindError{Path: b.Origin(), Attr: "covariance_", Msg: "its rank is a matter of rounding: precision_ was not stored"})
	}
	return b.Cast(b.Const(tensor.FromF64(inv, k, k)), f.Covariance.DType)
}

// Bound checks the shapes.
func (c *Covariance) Bound(*sklearn.Binder) error { return c.check() }

// Mahalanobis gives squared Mahalanobis distances to the location.
func (c *Covariance) Mahalanobis(b *graph.Builder, x graph.Value) graph.Value {
	return c.mahalanobis(b, sklearn.Check(b, c, x, sklearn.Accept{Width: c.Location.Len()}), c.Before("0.20"))
}

// mahalanobis takes the root of the quadratic form and squares it again, as scikit-learn does since 0.20. plain: before, it
// did not, and a precision that is not positive gives negative distances.
func (f *fitted) mahalanobis(b *graph.Builder, x graph.Value, plain bool) graph.Value {
	d := b.Sub(b.Cast(x, tensor.Float64), b.Const(f.Location))
	q := b.Reduce(graph.OpReduceSum, b.Mul(d, b.MatMulT(d, f.precision(b))), 1, false, graph.Sequential)
	if plain {
		return q
	}
	root := b.Unary(graph.OpSqrt, q)
	return b.Mul(root, root)
}

// EllipticEnvelope is sklearn.covariance.EllipticEnvelope.
type EllipticEnvelope struct {
	sklearn.Base
	fitted
	Offset float64 `sk:"offset_,optional"`
	// Threshold is the distance up to which rows are inliers. Files before 0.20 have it, whose decision function was
	// the difference of the powers 0.33 of it and of the distance.
	Threshold *float64 `sk:"threshold_,optional"`
}

var (
	_ sklearn.Predictor     = (*EllipticEnvelope)(nil)
	_ sklearn.Decider       = (*EllipticEnvelope)(nil)
	_ sklearn.ScoreSampler  = (*EllipticEnvelope)(nil)
	_ sklearn.Mahalanobiser = (*EllipticEnvelope)(nil)
	_ sklearn.Availabler    = (*EllipticEnvelope)(nil)
)

// Bound checks the shapes.
func (c *EllipticEnvelope) Bound(*sklearn.Binder) error {
	return c.check()
}

// Available refuses what the release had not.
func (c *EllipticEnvelope) Available(method string) error {
	if c.Threshold != nil && method == sklearn.MethodScoreSamples {
		return fmt.Errorf("there is none before 0.20")
	}
	return nil
}

// Mahalanobis gives squared Mahalanobis distances to the location.
func (c *EllipticEnvelope) Mahalanobis(b *graph.Builder, x graph.Value) graph.Value {
	return c.mahalanobis(b, sklearn.Check(b, c, x, sklearn.Accept{Width: c.Location.Len()}), c.Before("0.20"))
}

// ScoreSamples is the negated squared distance.
func (c *EllipticEnvelope) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	return b.Unary(graph.OpNeg, c.Mahalanobis(b, x))
}

// DecisionFunction is the score less offset_.
func (c *EllipticEnvelope) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	if c.Threshold != nil {
		d := c.Mahalanobis(b, x)
		power := b.Scalar(0.33, d)
		return b.Sub(b.Binary(graph.OpPow, b.Scalar(*c.Threshold, d), power), b.Binary(graph.OpPow, d, power))
	}
	s := c.ScoreSamples(b, x)
	return b.Sub(s, b.Scalar(c.Offset, s))
}

// Predict is 1 where the decision is not negative, else -1.
func (c *EllipticEnvelope) Predict(b *graph.Builder, x graph.Value) graph.Value {
	var in graph.Value
	if c.Threshold != nil {
		d := c.Mahalanobis(b, x)
		in = b.Binary(graph.OpLessOrEqual, d, b.Scalar(*c.Threshold, d))
	} else {
		d := c.DecisionFunction(b, x)
		in = b.Binary(graph.OpGreaterOrEqual, d, b.Scalar(0, d))
	}
	return b.Labels(in, tensor.FromI64([]int64{-1, 1}))
}
