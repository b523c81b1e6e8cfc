package featureselection

import (
	"errors"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

var rfeClasses = []sklearn.Class{
	{Name: "sklearn.feature_selection.RFE", Modules: []string{"sklearn.feature_selection._rfe", "sklearn.feature_selection.rfe"},
		New:     func() sklearn.Estimator { return new(RFE) },
		FitOnly: []string{"n_features_to_select", "step", "importance_getter", "estimator_params", "loss_func"},
		Ignore:  []string{"n_features_", "ranking_", "step_scores_", "step_n_features_", "step_support_", "step_ranking_", "scores_"}},
	{Name: "sklearn.feature_selection.RFECV", Modules: []string{"sklearn.feature_selection._rfe", "sklearn.feature_selection.rfe"},
		New:     func() sklearn.Estimator { return new(RFECV) },
		FitOnly: []string{"n_features_to_select", "min_features_to_select", "step", "cv", "scoring", "importance_getter", "estimator_params"},
		Ignore:  []string{"n_features_", "ranking_", "grid_scores_", "cv_results_", "step_scores_", "step_n_features_", "step_support_", "step_ranking_", "scores_"}},
}

// RFE is sklearn.feature_selection.RFE. Its other methods are those of the estimator fitted on the kept columns.
type RFE struct {
	selector
	EstimatorParam pyobj.Value       `sk:"estimator"`
	Estimator      sklearn.Estimator `sk:"estimator_"`
	Support        []bool            `sk:"support_"`
}

var (
	_ sklearn.Predictor         = (*RFE)(nil)
	_ sklearn.ProbaPredictor    = (*RFE)(nil)
	_ sklearn.LogProbaPredictor = (*RFE)(nil)
	_ sklearn.Decider           = (*RFE)(nil)
	_ sklearn.Availabler        = (*RFE)(nil)
	_ sklearn.Classifier        = (*RFE)(nil)
	_ sklearn.Holder            = (*RFE)(nil)
	_ sklearn.InputDescriber    = (*RFE)(nil)
)

// Bound takes the fitted mask.
func (r *RFE) Bound(*sklearn.Binder) error {
	if r.Estimator == nil {
		return errors.New("not fitted")
	}
	r.allowNaN = takesNaN(r.EstimatorParam)
	return r.choose(r.Support)
}

// Available asks the estimator for its methods.
func (r *RFE) Available(method string) error {
	switch method {
	case sklearn.MethodTransform, sklearn.MethodInverseTransform:
		return nil
	}
	return sklearn.Has(r.Estimator, method)
}

// ClassLabels returns the estimator's.
func (r *RFE) ClassLabels() []sklearn.ClassLabels {
	if c, ok := r.Estimator.(sklearn.Classifier); ok {
		return c.ClassLabels()
	}
	return nil
}

// Inside returns the estimator.
func (r *RFE) Inside() []sklearn.Estimator { return []sklearn.Estimator{r.Estimator} }

func (r *RFE) call(b *graph.Builder, method string, x graph.Value) graph.Value {
	return sklearn.Call(b, r.Estimator, method, r.Transform(b, x))
}

// Predict is the estimator's on the kept columns.
func (r *RFE) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return r.call(b, sklearn.MethodPredict, x)
}

// PredictProba is the estimator's on the kept columns.
func (r *RFE) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return r.call(b, sklearn.MethodPredictProba, x)
}

// PredictLogProba is the estimator's on the kept columns.
func (r *RFE) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return r.call(b, sklearn.MethodPredictLogProba, x)
}

// DecisionFunction is the estimator's on the kept columns.
func (r *RFE) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	return r.call(b, sklearn.MethodDecisionFunction, x)
}

// DescribeInput lets the estimator describe the kept columns.
func (r *RFE) DescribeInput(in *sklearn.Input) *sklearn.Input {
	out := r.selector.DescribeInput(in)
	sklearn.DescribeInput(r.Estimator, out)
	return out
}

// RFECV is sklearn.feature_selection.RFECV.
type RFECV struct{ RFE }
