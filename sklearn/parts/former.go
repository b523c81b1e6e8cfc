package parts

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

// FormerSelect is the transform that models with importances had until 0.18: the columns whose importance is at least
// the mean, or 1e-5 under an l1 penalty.
func FormerSelect(e sklearn.Estimator, method string) func(*graph.Builder, graph.Value) graph.Value {
	if base := sklearn.Of(e); method != sklearn.MethodTransform || !base.Before("0.19") {
		return nil
	}
	return func(b *graph.Builder, x graph.Value) graph.Value { return formerSelect(b, e, x) }
}

func formerSelect(b *graph.Builder, e sklearn.Estimator, x graph.Value) graph.Value {
	base := sklearn.Of(e)
	bad := func(attr, msg string) graph.Value {
		return b.Fail(&sklearn.BindError{Path: base.Path, Attr: attr, Msg: msg})
	}
	weights, err := Importances(base.Object, "auto")
	if err != nil {
		return bad("feature_importances_", err.Error())
	}
	scores, err := ColumnNorms(weights, 1)
	if err != nil {
		return bad("coef_", err.Error())
	}
	x = sklearn.Check(b, e, x, sklearn.Accept{DType: sklearn.DTypeAny, Sparse: true, Width: len(scores)})
	threshold := graph.PairwiseSum(scores) / float64(len(scores))
	if a, _ := base.Object.Attrs(); a != nil {
		if a.Get("threshold") != nil {
			return bad("threshold", "a bound of a model's own is not known")
		}
		if p, _ := pyobj.Text(a.Get("penalty")); p == "l1" {
			threshold = 1e-5
		}
	}
	var kept []int
	for i, v := range scores {
		if v >= threshold {
			kept = append(kept, i)
		}
	}
	if kept == nil {
		return b.Refuse("Invalid threshold: all features are discarded.")
	}
	if x.OK() && x.Type().Kind == graph.OneHot {
		x = b.ToCSR(x)
	}
	return b.Gather(x, kept)
}

// FormerDecision is the decision_function that regressors had until 0.18: predict.
func FormerDecision(e sklearn.Estimator, method string) func(*graph.Builder, graph.Value) graph.Value {
	p, ok := e.(sklearn.Predictor)
	if method != sklearn.MethodDecisionFunction || !sklearn.Of(e).Before("0.19") || !ok {
		return nil
	}
	return p.Predict
}

// FormerColumn is FormerDecision of support vector machines: a column.
func FormerColumn(e sklearn.Estimator, method string) func(*graph.Builder, graph.Value) graph.Value {
	f := FormerDecision(e, method)
	if f == nil {
		return nil
	}
	return func(b *graph.Builder, x graph.Value) graph.Value { return b.AsColumn(f(b, x)) }
}

// FormerBoth is FormerSelect and FormerDecision.
func FormerBoth(e sklearn.Estimator, method string) func(*graph.Builder, graph.Value) graph.Value {
	if f := FormerSelect(e, method); f != nil {
		return f
	}
	return FormerDecision(e, method)
}
