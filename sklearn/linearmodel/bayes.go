package linearmodel

import (
	"fmt"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var (
	bayesModules = []string{"sklearn.linear_model._bayes", "sklearn.linear_model.bayes"}
	bayesParams  = []string{"n_iter", "max_iter", "tol", "alpha_1", "alpha_2", "lambda_1", "lambda_2", "alpha_init", "lambda_init", "compute_score",
		"fit_intercept", "normalize", "copy_X"}
	bayesState = []string{"_normalize", "scores_", "n_iter_"}

	bayesClasses = []sklearn.Class{
		bayes(regressor[BayesianRidge]("BayesianRidge", bayesModules, bayesParams, append(bayesState, "lambda_"))),
		bayes(regressor[ARDRegression]("ARDRegression", bayesModules, bayesParams, bayesState)),
	}
)

// bayes adds what releases before 1.9 did to the rows before they measured the deviation.
func bayes(c sklearn.Class) sklearn.Class {
	c.Upgrade = append(c.Upgrade, sklearn.Rung{Before: "1.9", Fix: func(s *sklearn.State) error {
		rule := rowsRaw
		for _, name := range []string{"normalize", "_normalize"} {
			if v, ok := s.Attrs.Get(name).(pyobj.Bool); ok && bool(v) {
				rule = rowsScaled
			}
		}
		s.Attrs.Set(pyobj.Str("(rows)"), pyobj.Str(rule))
		return nil
	}})
	return c
}

// rowsRule says what is done to the rows before their deviation is measured.
type rowsRule string

const (
	rowsCentred rowsRule = ""       // X_offset_ is subtracted
	rowsRaw     rowsRule = "raw"    // before 1.9
	rowsScaled  rowsRule = "scaled" // before 1.2, with normalize: centred and divided by X_scale_
)

// posterior is the distribution of the coefficients.
type posterior struct {
	LinearModel
	Sigma  *tensor.Tensor `sk:"sigma_,optional"` // float [k,k]
	Alpha  *parts.Number  `sk:"alpha_,optional"` // the precision of the noise
	Offset *parts.Number  `sk:"X_offset_,optional"`
	Scale  *parts.Number  `sk:"X_scale_,optional"`
	Rows   rowsRule       `sk:"(rows),optional"`
}

// Available refuses a deviation where the file has not what it is made of.
func (p *posterior) Available(method string) error {
	if method == sklearn.MethodPredictStd && (p.Sigma == nil || p.Alpha == nil || p.Offset == nil && p.Rows != rowsRaw || p.Scale == nil && p.Rows == rowsScaled) {
		return sklearn.NotComputed("sigma_, alpha_ or X_offset_ is not in the file")
	}
	return nil
}

// deviation is sqrt(x sigma x' + 1/alpha) over the columns used; nil stands for all.
func (p *posterior) deviation(b *graph.Builder, x graph.Value, used []int) graph.Value {
	mean := p.Predict(b, x)
	t := x.Type()
	if x.OK() && (t.DType == tensor.Object || slices.ContainsFunc(t.Columns, func(c graph.Column) bool { return !c.DType.IsNumeric() })) {
		return b.Refuse("loop of ufunc does not support argument 0 of type float which has no callable sqrt method: the rows are objects")
	}
	x = sklearn.Check(b, p, x, p.Accept())
	if k := x.Type().Kind; x.OK() && (k == graph.CSR || k == graph.OneHot) {
		return b.Refuse("Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert to a dense numpy array.")
	}
	if p.Rows != rowsRaw {
		x = b.Sub(x, p.Offset.Value(b, x))
	}
	if p.Rows == rowsScaled {
		x = b.Div(x, p.Scale.Value(b, x))
	}
	if used != nil {
		x = b.Gather(x, used)
		if x.OK() && t.Kind == graph.Frame && len(used) > 0 { // whose columns keep their types until here
			dt := t.Columns[used[0]].DType
			if p.Rows != rowsRaw {
				dt = tensor.Promote(dt, p.Offset.Tensor.DType)
			}
			for _, j := range used {
				dt = tensor.Promote(dt, t.Columns[j].DType)
			}
			x = b.Cast(x, dt)
		}
	}
	if s := p.Sigma; x.OK() && (len(s.Shape) != 2 || s.Shape[0] != x.Width() || s.Shape[1] != x.Width() || !s.DType.IsFloat()) {
		return b.Fail(&sklearn.BindError{Path: p.Path, Attr: "sigma_", Msg: fmt.Sprintf("%s%v does not fit %d columns", s.DType, s.Shape, x.Width())})
	}
	v := b.RowSum(b.Mul(b.MatMul(x, b.Const(p.Sigma)), x), graph.Pairwise)
	std := b.Unary(graph.OpSqrt, b.Add(v, b.Div(b.Scalar(1, v), p.Alpha.Value(b, v))))
	return b.Tuple(mean.Named("mean"), std.Named("std"))
}

// BayesianRidge is sklearn.linear_model.BayesianRidge.
type BayesianRidge struct{ posterior }

// ARDRegression is sklearn.linear_model.ARDRegression. Its sigma_ has only the columns whose lambda_ is below the
// threshold.
type ARDRegression struct {
	posterior
	Lambda    *tensor.Tensor `sk:"lambda_,optional"`
	Threshold float64        `sk:"threshold_lambda"`
}

var (
	_ sklearn.StdPredictor = (*BayesianRidge)(nil)
	_ sklearn.StdPredictor = (*ARDRegression)(nil)
	_ sklearn.Availabler   = (*posterior)(nil)
)

// PredictStd gives the mean and the standard deviation of each prediction.
func (r *BayesianRidge) PredictStd(b *graph.Builder, x graph.Value) graph.Value {
	return r.deviation(b, x, nil)
}

// PredictStd gives the mean and the standard deviation of each prediction.
func (r *ARDRegression) PredictStd(b *graph.Builder, x graph.Value) graph.Value {
	used := []int{}
	for i := range r.Lambda.Len() {
		if f, ok := r.Lambda.Float(i); ok && f < r.Threshold && i < r.Accept().Width {
			used = append(used, i)
		}
	}
	return r.deviation(b, x, used)
}

// Available refuses a deviation where the file has not what it is made of.
func (r *ARDRegression) Available(method string) error {
	if method == sklearn.MethodPredictStd && r.Lambda == nil {
		return sklearn.NotComputed("lambda_ is not in the file")
	}
	return r.posterior.Available(method)
}
