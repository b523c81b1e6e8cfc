// Package discriminantanalysis understands sklearn.discriminant_analysis.
package discriminantanalysis

import (
	"errors"
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands. LDA and QDA are the names of 0.16, which 0.17 still wrote.
var Classes = []sklearn.Class{
	linear("sklearn.discriminant_analysis.LinearDiscriminantAnalysis"),
	linear("sklearn.lda.LDA"),
	quadratic("sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis"),
	quadratic("sklearn.qda.QDA"),
}

func linear(name string) sklearn.Class {
	return sklearn.Class{
		Name: name, New: func() sklearn.Estimator { return new(LinearDiscriminantAnalysis) },
		FitOnly: []string{"shrinkage", "priors", "n_components", "store_covariance", "tol", "covariance_estimator"},
		Ignore:  []string{"priors_", "means_", "explained_variance_ratio_", "covariance_", "_n_features_out"},
		Upgrade: []sklearn.Rung{
			{Before: "0.18.1", Fix: func(s *sklearn.State) error { // transform kept all components, or as many as asked for
				if n, err := sklearn.Int(s.Attrs.Get("n_components")); err == nil && n > 0 {
					s.Default("_max_components", pyobj.Int(int64(n)))
				}
				return nil
			}},
			{Before: "0.21", Fix: mark("(predict_proba)", "ovr")},
			{Before: "0.24", Fix: mark("(predict_log_proba)", "log")},
		},
	}
}

func quadratic(name string) sklearn.Class {
	return sklearn.Class{
		Name: name, New: func() sklearn.Estimator { return new(QuadraticDiscriminantAnalysis) },
		FitOnly: []string{"solver", "shrinkage", "priors", "reg_param", "store_covariance", "store_covariances", "tol", "covariance_estimator"},
		Ignore:  []string{"covariance_", "covariances_"},
		Upgrade: []sklearn.Rung{{Before: "1.6", Fix: mark("(predict_log_proba)", "log")}},
	}
}

func mark(name, rule string) func(*sklearn.State) error {
	return func(s *sklearn.State) error {
		s.Attrs.Set(pyobj.Str(name), pyobj.Str(rule))
		return nil
	}
}

// ProbaRule says how probabilities come from scores.
type ProbaRule string

// The rules.
const (
	ProbaSoftmax ProbaRule = ""    // the logistic function of two classes, softmax of more
	ProbaOvR     ProbaRule = "ovr" // before 0.21: 1/(1+exp(-score)) per class, normalised
)

// LogRule says how zeros enter predict_log_proba.
type LogRule string

// The rules.
const (
	LogTiny LogRule = ""    // as the smallest normal number
	LogZero LogRule = "log" // before 0.24, of quadratic ones before 1.6: as they are
)

// LinearDiscriminantAnalysis is sklearn.discriminant_analysis.LinearDiscriminantAnalysis.
type LinearDiscriminantAnalysis struct {
	parts.LinearClassifierMixin
	SolverParam   string         `sk:"solver"`
	Xbar          *tensor.Tensor `sk:"xbar_,optional"`
	Scalings      *tensor.Tensor `sk:"scalings_,optional"`
	MaxComponents int            `sk:"_max_components,optional"`
	Proba         ProbaRule      `sk:"(predict_proba),optional"`
	Log           LogRule        `sk:"(predict_log_proba),optional"`
}

var (
	_ sklearn.Predictor         = (*LinearDiscriminantAnalysis)(nil)
	_ sklearn.ProbaPredictor    = (*LinearDiscriminantAnalysis)(nil)
	_ sklearn.LogProbaPredictor = (*LinearDiscriminantAnalysis)(nil)
	_ sklearn.Decider           = (*LinearDiscriminantAnalysis)(nil)
	_ sklearn.Transformer       = (*LinearDiscriminantAnalysis)(nil)
	_ sklearn.FeatureNamer      = (*LinearDiscriminantAnalysis)(nil)
	_ sklearn.Classifier        = (*LinearDiscriminantAnalysis)(nil)
	_ sklearn.Availabler        = (*LinearDiscriminantAnalysis)(nil)
)

// Bound checks the state.
func (l *LinearDiscriminantAnalysis) Bound(bd *sklearn.Binder) error {
	bad := func(attr, msg string) error { return &sklearn.BindError{Path: l.Path, Attr: attr, Msg: msg} }
	switch l.SolverParam {
	case "svd":
		if l.Xbar == nil || l.Scalings == nil {
			return bad("xbar_", "attribute is missing")
		}
	case "eigen":
		if l.Scalings == nil {
			return bad("scalings_", "attribute is missing")
		}
	case "lsqr":
	default:
		return bad("solver", fmt.Sprintf("value %q is not known", l.SolverParam))
	}
	if l.Classes.Len() < 2 {
		return bad("classes_", "one class: releases before 0.18 fit it, and refuse to say it")
	}
	if l.Scalings != nil && l.MaxComponents == 0 && l.Before("0.18.1") { // all of them
		l.MaxComponents = l.Scalings.Cols()
	}
	if s := l.Scalings; s != nil && (len(s.Shape) != 2 || l.MaxComponents < 0) {
		return bad("scalings_", fmt.Sprintf("shape %v is no matrix", s.Shape))
	}
	return l.LinearClassifierMixin.Bound(bd)
}

// Available refuses transform of the lsqr solver as scikit-learn does, in its words.
func (l *LinearDiscriminantAnalysis) Available(method string) error {
	if method == sklearn.MethodTransform && l.SolverParam == "lsqr" {
		return errors.New("transform not implemented for 'lsqr' solver (use 'svd' or 'eigen').")
	}
	return nil
}

// PredictProba is the logistic function of the score of two classes, else softmax.
func (l *LinearDiscriminantAnalysis) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	s := l.DecisionFunction(b, x)
	flat := len(s.Type().Shape) == 1
	switch {
	case l.Proba == ProbaOvR:
		e := b.Unary(graph.OpExp, b.Unary(graph.OpNeg, s))
		e = b.Add(e, b.Scalar(1, e))
		p := b.Div(b.Scalar(1, e), e)
		if flat {
			return parts.Complement(b, p)
		}
		return b.Div(p, b.Reduce(graph.OpReduceSum, p, 1, true, graph.Pairwise))
	case flat:
		return parts.Complement(b, b.Unary(graph.OpSigmoid, s))
	}
	return b.Softmax(s, graph.Pairwise)
}

// PredictLogProba is the logarithm of PredictProba with the smallest normal number for zero.
func (l *LinearDiscriminantAnalysis) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	if l.Log == LogZero {
		return sklearn.LogProba(b, l, x)
	}
	p := l.PredictProba(b, x)
	tiny := 0x1p-1022
	if p.DType() == tensor.Float32 {
		tiny = 0x1p-126
	}
	p = b.Where(b.Binary(graph.OpEqual, p, b.Scalar(0, p)), b.Scalar(tiny, p), p)
	return b.Unary(graph.OpLog, p)
}

// Transform projects on the discriminant directions.
func (l *LinearDiscriminantAnalysis) Transform(b *graph.Builder, x graph.Value) graph.Value {
	if l.SolverParam == "lsqr" {
		return b.Fail(l.Available(sklearn.MethodTransform))
	}
	x = sklearn.Check(b, l, x, sklearn.Accept{Width: l.Scalings.Shape[0]})
	if l.SolverParam == "svd" {
		x = b.Sub(x, b.Const(l.Xbar))
	}
	x = b.MatMul(x, b.Const(l.Scalings))
	keep := make([]int, min(l.Scalings.Shape[1], l.MaxComponents))
	for i := range keep {
		keep[i] = i
	}
	return b.Gather(x, keep)
}

// FeatureNamesOut is the class name and a number.
func (l *LinearDiscriminantAnalysis) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(l, l.MaxComponents), nil
}

// QuadraticDiscriminantAnalysis is sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis.
type QuadraticDiscriminantAnalysis struct {
	sklearn.Base
	Labels    *tensor.Tensor   `sk:"classes_,text"`
	Priors    *tensor.Tensor   `sk:"priors_"`
	Means     *tensor.Tensor   `sk:"means_"`
	Scalings  []*tensor.Tensor `sk:"scalings_"`
	Rotations []*tensor.Tensor `sk:"rotations_"`
	Log       LogRule          `sk:"(predict_log_proba),optional"`

	u *tensor.Tensor // by class: Σ log scaling
}

var (
	_ sklearn.Predictor         = (*QuadraticDiscriminantAnalysis)(nil)
	_ sklearn.ProbaPredictor    = (*QuadraticDiscriminantAnalysis)(nil)
	_ sklearn.LogProbaPredictor = (*QuadraticDiscriminantAnalysis)(nil)
	_ sklearn.Decider           = (*QuadraticDiscriminantAnalysis)(nil)
	_ sklearn.Classifier        = (*QuadraticDiscriminantAnalysis)(nil)
)

// Bound checks the shapes.
func (q *QuadraticDiscriminantAnalysis) Bound(*sklearn.Binder) error {
	k := q.Labels.Len()
	bad := func(attr, msg string) error { return &sklearn.BindError{Path: q.Path, Attr: attr, Msg: msg} }
	if m := q.Means.Shape; len(m) != 2 || m[0] != k || k == 0 || q.Priors.Len() != k || len(q.Scalings) != k || len(q.Rotations) != k {
		return bad("means_", fmt.Sprintf("shape %v, %d scalings_ and %d rotations_ do not fit %d classes", m, len(q.Scalings), len(q.Rotations), k))
	}
	for i, r := range q.Rotations {
		if s := q.Scalings[i]; len(s.Shape) != 1 || len(r.Shape) != 2 || r.Shape[1] != s.Shape[0] || r.Shape[0] != q.Means.Shape[1] {
			return bad("rotations_", fmt.Sprintf("shape %v and scalings_ %v of class %d do not fit", r.Shape, s.Shape, i))
		}
	}
	q.u = tensor.New(q.Scalings[0].DType, k)
	for i, s := range q.Scalings {
		sum := 0.0
		for j := range s.Len() {
			f, ok := s.Float(j)
			if !ok || !s.DType.IsFloat() || s.DType != q.u.DType {
				return bad("scalings_", fmt.Sprintf("%s, wanted one floating type", s.DType))
			}
			sum += math.Log(f)
		}
		if q.u.F64 != nil {
			q.u.F64[i] = sum
		} else {
			q.u.F32[i] = float32(sum)
		}
	}
	return nil
}

// ClassLabels returns classes_.
func (q *QuadraticDiscriminantAnalysis) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{q.Labels}
}

// scores is the log posterior up to a constant of the row.
func (q *QuadraticDiscriminantAnalysis) scores(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, q, x, sklearn.Accept{Width: q.Means.Shape[1]})
	k := q.Means.Shape[0]
	norms := make([]graph.Value, k)
	for i := range k {
		s := b.Const(q.Scalings[i])
		x2 := b.MatMul(b.Sub(x, b.Const(parts.Row(q.Means, i))), b.Mul(b.Const(q.Rotations[i]), b.Binary(graph.OpPow, s, b.Scalar(-0.5, s))))
		norms[i] = b.RowSum(b.Mul(x2, x2), graph.Pairwise)
	}
	n := b.Add(b.HStack(false, norms...), b.Const(q.u))
	return b.Add(b.Mul(b.Scalar(-0.5, n), n), b.Unary(graph.OpLog, b.Const(q.Priors)))
}

// DecisionFunction is the log posterior; of two classes their difference.
func (q *QuadraticDiscriminantAnalysis) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	s := q.scores(b, x)
	if q.Labels.Len() == 2 {
		return b.Sub(b.Column(s, 1), b.Column(s, 0))
	}
	return s
}

// Predict takes the first class of the largest log posterior.
func (q *QuadraticDiscriminantAnalysis) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return b.Labels(b.ArgMax(q.scores(b, x)), q.Labels)
}

// PredictLogProba normalises the log posterior; before 1.6 it was the logarithm of the probabilities, which far from a
// class are 0.
func (q *QuadraticDiscriminantAnalysis) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	if q.Log == LogZero {
		return sklearn.LogProba(b, q, x)
	}
	return parts.LogPosterior(b, q.scores(b, x), graph.Columns)
}

// PredictProba is the exponential of PredictLogProba; before 1.6 the shares of the likelihoods in that of the best class.
func (q *QuadraticDiscriminantAnalysis) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	if q.Log == LogZero {
		s := q.scores(b, x)
		e := b.Unary(graph.OpExp, b.Sub(s, b.Reduce(graph.OpReduceMax, s, 1, true, graph.Any)))
		return b.Div(e, b.Reduce(graph.OpReduceSum, e, 1, true, graph.Columns))
	}
	return b.Unary(graph.OpExp, q.PredictLogProba(b, x))
}
