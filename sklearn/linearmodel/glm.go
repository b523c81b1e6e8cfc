package linearmodel

import (
	"fmt"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var glmClasses = []sklearn.Class{
	glm[PoissonRegressor]("PoissonRegressor"),
	glm[GammaRegressor]("GammaRegressor"),
	glm[TweedieRegressor]("TweedieRegressor"),
}

func glm[T any, E interface {
	*T
	sklearn.Estimator
}](name string) sklearn.Class {
	c := regressor[T, E](name, []string{"sklearn.linear_model._glm.glm"},
		[]string{"alpha", "fit_intercept", "solver", "max_iter", "tol", "power", "link", "family"},
		[]string{"n_iter_", "_linear_loss", "_family_instance", "_link_instance"})
	c.Upgrade = []sklearn.Rung{{Before: "1.1", Fix: linkLoss}}
	return c
}

// linkLoss gives files before 1.1, which hold a link of their own, the loss that implies it.
func linkLoss(s *sklearn.State) error {
	o, ok := s.Attrs.Get("_link_instance").(*pyobj.Object)
	if !ok || s.Attrs.Get("_base_loss") != nil {
		return nil
	}
	loss := ""
	switch n := pyobj.ShortName(o.ClassName()); n {
	case "LogLink":
		loss = "HalfTweedieLoss"
	case "IdentityLink":
		loss = "HalfTweedieLossIdentity"
	default:
		return &sklearn.BindError{Path: s.Path, Attr: "_link_instance", Msg: fmt.Sprintf("link %s is not known", n)}
	}
	s.Attrs.Set(pyobj.Str("_base_loss"), &pyobj.Object{Make: pyobj.New, Class: &pyobj.Global{Module: "sklearn._loss.loss", Name: loss}})
	return nil
}

// glmLink is the link of a generalized linear model, as the class of its loss tells.
type glmLink uint8

const (
	linkLog glmLink = iota
	linkIdentity
)

// UnmarshalPy reads a loss object.
func (l *glmLink) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	o, ok := v.(*pyobj.Object)
	if !ok {
		return &sklearn.BindError{Path: path, Msg: sklearn.Describe(v) + ", wanted a loss"}
	}
	n := o.ClassName()
	if strings.HasPrefix(n, "sklearn._loss.") {
		switch pyobj.ShortName(n) {
		case "HalfPoissonLoss", "HalfGammaLoss", "HalfTweedieLoss":
			*l = linkLog
			return nil
		case "HalfSquaredError", "HalfTweedieLossIdentity":
			*l = linkIdentity
			return nil
		}
	}
	return &sklearn.BindError{Path: path, Msg: fmt.Sprintf("loss %s is not known", n)}
}

// GeneralizedLinearRegressor is what PoissonRegressor, GammaRegressor and TweedieRegressor share.
type GeneralizedLinearRegressor struct {
	LinearModel
	Link glmLink `sk:"_base_loss"`
}

// PoissonRegressor is sklearn.linear_model.PoissonRegressor.
type PoissonRegressor struct{ GeneralizedLinearRegressor }

// GammaRegressor is sklearn.linear_model.GammaRegressor.
type GammaRegressor struct{ GeneralizedLinearRegressor }

// TweedieRegressor is sklearn.linear_model.TweedieRegressor.
type TweedieRegressor struct{ GeneralizedLinearRegressor }

var _ sklearn.Predictor = (*GeneralizedLinearRegressor)(nil)

// Coefficients returns coef_ and intercept_; with a logarithmic link they do not predict by themselves.
func (g *GeneralizedLinearRegressor) Coefficients() (coef, intercept, classes *tensor.Tensor, err error) {
	if g.Link == linkLog {
		return nil, nil, nil, &sklearn.BindError{Path: g.Path, Attr: "link", Msg: "predictions are exp(X @ coef_ + intercept_), which parameters alone do not say"}
	}
	return g.LinearModel.Coefficients()
}

// Predict is the inverse link of X @ coef_ + intercept_.
func (g *GeneralizedLinearRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	a := g.Accept()
	a.DType = sklearn.DTypeFloat2
	eta := g.Linear(b, sklearn.Check(b, g, x, a))
	if g.Link == linkLog {
		return b.Unary(graph.OpExp, eta)
	}
	return eta
}
