// Package crossdecomposition is sklearn.cross_decomposition.
package crossdecomposition

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	pls("PLSRegression", "sklearn.cross_decomposition.pls_"),
	pls("PLSCanonical", "sklearn.cross_decomposition.pls_"),
	pls("CCA", "sklearn.cross_decomposition._cca", "sklearn.cross_decomposition.cca_"),
	{Name: "sklearn.cross_decomposition.PLSSVD", Modules: []string{"sklearn.cross_decomposition._pls", "sklearn.cross_decomposition.pls_"},
		New:     func() sklearn.Estimator { return new(PLSSVD) },
		FitOnly: sklearn.Names("n_components scale"),
		Ignore:  sklearn.Names("_y_mean _y_std y_weights_ x_scores_ y_scores_ _x_scores _y_scores"),
		Upgrade: []sklearn.Rung{{Before: "0.24", Fix: privateMeans}}},
}

func pls(name string, old ...string) sklearn.Class {
	return sklearn.Class{Name: "sklearn.cross_decomposition." + name, Modules: append([]string{"sklearn.cross_decomposition._pls"}, old...),
		New:     func() sklearn.Estimator { return new(PLS) },
		FitOnly: sklearn.Names("n_components deflation_mode mode scale algorithm max_iter tol norm_y_weights"),
		Ignore: sklearn.Names("_norm_y_weights _y_std _x_scores _y_scores x_scores_ y_scores_ x_weights_ y_weights_ y_loadings_ y_rotations_ " +
			"n_iter_ _coef_"),
		Upgrade: []sklearn.Rung{
			{Before: "0.24", Fix: privateMeans},
			{Before: "1.1", Fix: func(s *sklearn.State) error { s.Default("intercept_", orNone(s.Attrs.Get("_y_mean"))); return nil }},
			{Before: "1.3", Fix: func(s *sklearn.State) error {
				rule := ScaledByFeature
				if c := s.Attrs.Get("_coef_"); c != nil { // 1.1 and 1.2 hold it transposed already
					s.Attrs.Set(pyobj.Str("coef_"), c)
					rule = Scaled
				}
				s.Attrs.Set(pyobj.Str("rule_scaling"), pyobj.Int(rule))
				return nil
			}},
			{Before: "1.5", Fix: func(s *sklearn.State) error { s.Default("rule_scaling", pyobj.Int(Scaled)); return nil }},
		}}
}

func orNone(v pyobj.Value) pyobj.Value {
	if v == nil {
		return pyobj.None{}
	}
	return v
}

func privateMeans(s *sklearn.State) error {
	for _, n := range []string{"x_mean", "x_std", "y_mean", "y_std"} {
		s.Rename(n+"_", "_"+n)
	}
	return nil
}

// Rule is how predict computed in the release that wrote the file.
type Rule int

// The rules.
const (
	Unscaled        Rule = iota // since 1.5: (X - mean) @ coef_.T + intercept_
	Scaled                      // 1.3, 1.4: ((X - mean)/std) @ coef_.T + intercept_
	ScaledByFeature             // before 1.3: ((X - mean)/std) @ coef_ + y mean, two-dimensional also for one target
)

// PLS is sklearn.cross_decomposition.PLSRegression, PLSCanonical and CCA.
type PLS struct {
	sklearn.Base
	Mean      *tensor.Tensor `sk:"_x_mean"`
	Std       *tensor.Tensor `sk:"_x_std"`
	YMean     *tensor.Tensor `sk:"_y_mean,optional"`
	Coef      *tensor.Tensor `sk:"coef_"`
	Intercept *tensor.Tensor `sk:"intercept_,optional"`
	Rotations *tensor.Tensor `sk:"x_rotations_"`
	Loadings  *tensor.Tensor `sk:"x_loadings_"`
	Predict1D bool           `sk:"_predict_1d,optional"`
	Rule      int            `sk:"rule_scaling,optional"`
}

var (
	_ sklearn.Predictor          = (*PLS)(nil)
	_ sklearn.Transformer        = (*PLS)(nil)
	_ sklearn.InverseTransformer = (*PLS)(nil)
	_ sklearn.FeatureNamer       = (*PLS)(nil)
)

// Bound checks the shapes.
func (p *PLS) Bound(*sklearn.Binder) error {
	k := p.Mean.Len()
	features := 1
	if Rule(p.Rule) == ScaledByFeature {
		features = 0
	}
	if p.Std.Len() != k || len(p.Coef.Shape) != 2 || p.Coef.Shape[features] != k || len(p.Rotations.Shape) != 2 || p.Rotations.Shape[0] != k ||
		len(p.Loadings.Shape) != 2 || p.Loadings.Shape[0] != k || p.Loadings.Shape[1] != p.Rotations.Shape[1] {
		return fmt.Errorf("the fitted arrays do not fit %d features", k)
	}
	if p.Intercept == nil {
		return fmt.Errorf("intercept_ is missing")
	}
	return nil
}

func (p *PLS) check(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Check(b, p, x, sklearn.Accept{DType: sklearn.DTypeFloat, Width: p.Mean.Len()})
}

// Predict maps to the targets.
func (p *PLS) Predict(b *graph.Builder, x graph.Value) graph.Value {
	x = b.InPlace(graph.OpSub, p.check(b, x), b.Const(p.Mean))
	if Rule(p.Rule) != Unscaled {
		x = b.InPlace(graph.OpDiv, x, b.Const(p.Std))
	}
	var y graph.Value
	if Rule(p.Rule) == ScaledByFeature {
		y = b.MatMul(x, b.Const(p.Coef))
	} else {
		y = b.MatMulT(x, b.Const(p.Coef))
	}
	y = b.Add(y, b.Const(p.Intercept))
	if p.Predict1D {
		y = b.Ravel(y)
	}
	return y
}

// Transform gives the scores.
func (p *PLS) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = b.InPlace(graph.OpSub, p.check(b, x), b.Const(p.Mean))
	return b.MatMul(b.InPlace(graph.OpDiv, x, b.Const(p.Std)), b.Const(p.Rotations))
}

// InverseTransform maps scores back.
func (p *PLS) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, p, x, sklearn.Accept{DType: sklearn.DTypeFloat, Array: true})
	x = b.MatMulT(x, b.Const(p.Loadings))
	x = b.InPlace(graph.OpMul, x, b.Const(p.Std))
	return b.InPlace(graph.OpAdd, x, b.Const(p.Mean))
}

// FeatureNamesOut is plsregression0, plsregression1, ….
func (p *PLS) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(p, p.Rotations.Shape[1]), nil
}

// PLSSVD is sklearn.cross_decomposition.PLSSVD.
type PLSSVD struct {
	sklearn.Base
	Mean    *tensor.Tensor `sk:"_x_mean"`
	Std     *tensor.Tensor `sk:"_x_std"`
	Weights *tensor.Tensor `sk:"x_weights_"`
}

var (
	_ sklearn.Transformer  = (*PLSSVD)(nil)
	_ sklearn.FeatureNamer = (*PLSSVD)(nil)
)

// Bound checks the shapes.
func (p *PLSSVD) Bound(*sklearn.Binder) error {
	if k := p.Mean.Len(); p.Std.Len() != k || len(p.Weights.Shape) != 2 || p.Weights.Shape[0] != k {
		return fmt.Errorf("the fitted arrays do not fit %d features", k)
	}
	return nil
}

// Transform gives the scores.
func (p *PLSSVD) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, p, x, sklearn.Accept{DType: sklearn.DTypeFloat64, Width: p.Mean.Len()})
	return b.MatMul(b.Div(b.Sub(x, b.Const(p.Mean)), b.Const(p.Std)), b.Const(p.Weights))
}

// FeatureNamesOut is plssvd0, plssvd1, ….
func (p *PLSSVD) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(p, p.Weights.Shape[1]), nil
}
