package gaussianprocess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var krigingClasses = []sklearn.Class{{
	Name: "sklearn.gaussian_process.GaussianProcess", Modules: []string{"sklearn.gaussian_process.gaussian_process"},
	New:     func() sklearn.Estimator { return new(GaussianProcess) },
	FitOnly: sklearn.Names("beta0 storage_mode verbose theta0 thetaL thetaU optimizer random_start normalize nugget random_state"),
	Ignore:  sklearn.Names("reduced_likelihood_function_value_ y D ij F sigma2 C Ft G"),
}}

// GaussianProcess is sklearn.gaussian_process.GaussianProcess, which 0.20 removed: a regression whose residuals are
// correlated by distance (kriging). What it says of its own error is not computed.
type GaussianProcess struct {
	sklearn.Base
	Regr  function       `sk:"regr"`
	Corr  function       `sk:"corr"`
	X     *tensor.Tensor `sk:"X"`      // [m,p], scaled
	XMean *tensor.Tensor `sk:"X_mean"` // [p], or [1] where nothing was scaled; the same of the others
	XStd  *tensor.Tensor `sk:"X_std"`
	YMean *tensor.Tensor `sk:"y_mean"`
	YStd  *tensor.Tensor `sk:"y_std"`
	YDims int            `sk:"y_ndim_"`
	Theta *tensor.Tensor `sk:"theta_"` // one number, or one a column; generalized_exponential has its power behind them
	Beta  *tensor.Tensor `sk:"beta"`   // [terms of regr,targets]
	Gamma *tensor.Tensor `sk:"gamma"`  // [m,targets]
}

var _ sklearn.Predictor = (*GaussianProcess)(nil)

// function is a function of sklearn.gaussian_process.regression_models or correlation_models by its name.
type function string

var krigingFunctions = map[string][]string{
	"sklearn.gaussian_process.regression_models": {"constant", "linear", "quadratic"},
	"sklearn.gaussian_process.correlation_models": {
		"absolute_exponential", "squared_exponential", "generalized_exponential", "cubic", "linear", "pure_nugget",
	},
}

// UnmarshalPy reads the function's name.
func (f *function) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	if g, ok := v.(*pyobj.Global); ok && slices.Contains(krigingFunctions[g.Module], g.Name) {
		*f = function(g.Module[strings.LastIndexByte(g.Module, '.')+1:] + "." + g.Name)
		return nil
	}
	return &sklearn.BindError{Path: path, Msg: sklearn.Describe(v) + " is not known: a model's own code is never run"}
}

// Bound checks the functions and the shapes.
func (g *GaussianProcess) Bound(*sklearn.Binder) error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: g.Path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	if len(g.X.Shape) != 2 || !g.X.DType.IsNumeric() {
		return bad("X", "%s%v are no rows", g.X.DType, g.X.Shape)
	}
	m, p := g.X.Shape[0], g.X.Shape[1]
	g.NFeaturesIn = p
	terms, ok := map[function]int{"regression_models.constant": 1, "regression_models.linear": 1 + p, "regression_models.quadratic": 1 + p + p*(p+1)/2}[g.Regr]
	if !ok {
		return bad("regr", "%s is no regression model", g.Regr)
	}
	if !strings.HasPrefix(string(g.Corr), "correlation_models.") {
		return bad("corr", "%s is no correlation model", g.Corr)
	}
	for _, of := range []struct {
		attr string
		t    *tensor.Tensor
		rows int
	}{{"beta", g.Beta, terms}, {"gamma", g.Gamma, m}} {
		if t := of.t; len(t.Shape) != 2 || t.Shape[0] != of.rows || t.Shape[1] != g.Beta.Shape[1] || t.Shape[1] == 0 || !t.DType.IsFloat() {
			return bad(of.attr, "%s%v, wanted %d rows", t.DType, t.Shape, of.rows)
		}
	}
	targets := g.Beta.Shape[1]
	if g.YDims != 2 && (g.YDims != 1 || targets != 1) {
		return bad("y_ndim_", "%d dimensions of %d targets", g.YDims, targets)
	}
	for attr, t := range map[string]*tensor.Tensor{"X_mean": g.XMean, "X_std": g.XStd, "y_mean": g.YMean, "y_std": g.YStd} {
		want := p
		if attr[0] == 'y' {
			want = targets
		}
		if len(t.Shape) != 1 || t.Len() != 1 && t.Len() != want || !t.DType.IsFloat() {
			return bad(attr, "%s%v for %d columns", t.DType, t.Shape, want)
		}
	}
	n := g.Theta.Len()
	if wide := g.Corr == "correlation_models.generalized_exponential"; !g.Theta.DType.IsNumeric() || wide && n != p+1 || !wide && n != 1 && n != p {
		return bad("theta_", "%d numbers for %d columns", n, p)
	}
	return nil
}

// Predict is the regression model and the correlations with the fitted rows, back on the scale of the targets.
func (g *GaussianProcess) Predict(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, g, x, sklearn.Accept{Width: g.X.Shape[1]})
	if !x.OK() {
		return x
	}
	x = b.Div(b.Sub(x, b.Const(g.XMean)), b.Const(g.XStd)) // in single precision where both are
	y := b.Add(b.MatMul(g.terms(b, x), b.Const(parts.Float64(g.Beta))), b.MatMul(g.correlations(b, x), b.Const(parts.Float64(g.Gamma))))
	y = b.Add(b.Const(parts.Float64(g.YMean)), b.Mul(b.Const(parts.Float64(g.YStd)), y))
	if g.YDims == 1 {
		y = b.Ravel(y)
	}
	return y
}

// terms are one, the columns, and their products with themselves and those behind them.
func (g *GaussianProcess) terms(b *graph.Builder, x graph.Value) graph.Value {
	x = b.Cast(x, tensor.Float64)
	one := b.Add(b.AsColumn(b.Cast(b.Zeros(x), tensor.Float64)), b.Const(tensor.FromF64([]float64{1})))
	all := []graph.Value{one}
	if g.Regr != "regression_models.constant" {
		all = append(all, x)
	}
	if g.Regr == "regression_models.quadratic" {
		for j := range g.X.Shape[1] {
			behind := []int{}
			for i := j; i < g.X.Shape[1]; i++ {
				behind = append(behind, i)
			}
			all = append(all, b.Mul(b.AsColumn(b.Column(x, j)), b.Gather(x, behind)))
		}
	}
	return b.HStack(false, all...)
}

// correlations are those with the fitted rows, [N,m]: a sum or a product over the columns' distances.
func (g *GaussianProcess) correlations(b *graph.Builder, x graph.Value) graph.Value {
	m, p := g.X.Shape[0], g.X.Shape[1]
	fitted, theta := parts.Float64(g.X).F64, parts.Float64(g.Theta).F64
	if x.DType() != g.X.DType {
		x = b.Cast(x, tensor.Float64)
	}
	name := strings.TrimPrefix(string(g.Corr), "correlation_models.")
	scale := func(j int) graph.Value { return b.Const(tensor.FromF64([]float64{theta[min(j, len(theta)-1)]})) }
	one := b.Const(tensor.FromF64([]float64{1}))
	sums := strings.HasSuffix(name, "exponential")
	after := sums && len(theta) == 1 // the distances are summed, then scaled
	var r graph.Value
	for j := range p {
		row := tensor.New(tensor.Float64, 1, m)
		for i := range m {
			row.F64[i] = fitted[i*p+j]
		}
		at := b.Column(x, j)
		d := b.Cast(b.Unary(graph.OpAbs, b.Sub(b.AsColumn(at), b.Cast(b.Const(row), at.DType()))), tensor.Float64)
		switch name {
		case "squared_exponential":
			d = b.Mul(d, d)
		case "generalized_exponential":
			d = b.Binary(graph.OpPow, d, b.Const(tensor.FromF64(theta[p:])))
		case "pure_nugget":
			d = b.Where(b.Binary(graph.OpEqual, d, b.Scalar(0, d)), one, b.Scalar(0, d))
		}
		if !after && name != "pure_nugget" {
			d = b.Mul(scale(j), d)
		}
		switch name {
		case "cubic":
			d = b.Binary(graph.OpMin, d, one)
			three, two := b.Const(tensor.FromF64([]float64{3})), b.Const(tensor.FromF64([]float64{2}))
			d = b.Sub(one, b.Mul(b.Mul(d, d), b.Sub(three, b.Mul(two, d))))
		case "linear":
			d = b.Sub(one, b.Binary(graph.OpMin, d, one))
		}
		switch {
		case j == 0:
			r = d
		case sums:
			r = b.Add(r, d)
		default:
			r = b.Mul(r, d)
		}
	}
	if !sums {
		return r
	}
	if after {
		r = b.Mul(scale(0), r)
	}
	return b.Unary(graph.OpExp, b.Unary(graph.OpNeg, r))
}
