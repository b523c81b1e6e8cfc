package linearmodel

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var (
	ridgeModules = []string{"sklearn.linear_model._ridge", "sklearn.linear_model.ridge"}
	ridgeParams  = []string{"alpha", "alphas", "fit_intercept", "normalize", "copy_X", "max_iter", "tol", "solver", "positive", "random_state",
		"scoring", "cv", "gcv_mode", "store_cv_values", "store_cv_results", "alpha_per_target", "class_weight"}
	ridgeState = []string{"_normalize", "n_iter_", "solver_", "alpha_", "best_score_", "cv_values_", "cv_results_", "_store_cv_results"}

	ridgeClasses = []sklearn.Class{
		regressor[Ridge]("Ridge", ridgeModules, ridgeParams, ridgeState),
		regressor[RidgeCV]("RidgeCV", ridgeModules, ridgeParams, ridgeState),
		ridgeClassifier[RidgeClassifier]("RidgeClassifier"),
		ridgeClassifier[RidgeClassifierCV]("RidgeClassifierCV"),
	}
)

func ridgeClassifier[T any, E interface {
	*T
	sklearn.Estimator
}](name string) sklearn.Class {
	c := regressor[T, E](name, ridgeModules, ridgeParams, ridgeState)
	c.Upgrade = []sklearn.Rung{{Before: "0.18", Fix: func(s *sklearn.State) error {
		s.Attrs.Set(pyobj.Str("(one label)"), pyobj.Bool(true))
		return nil
	}}, {Before: "1.8", Fix: binarizerClasses}}
	return c
}

// binarizerClasses gives files before 1.8 the classes_ that was a property then.
func binarizerClasses(s *sklearn.State) error {
	if o, ok := s.Attrs.Get("_label_binarizer").(*pyobj.Object); ok {
		if a, ok := o.Attrs(); ok {
			if v := a.Get("classes_"); v != nil {
				s.Default("classes_", v)
			}
		}
	}
	return nil
}

// Ridge is sklearn.linear_model.Ridge.
type Ridge struct{ LinearModel }

// RidgeCV is sklearn.linear_model.RidgeCV.
type RidgeCV struct{ LinearModel }

// RidgeClassifier is sklearn.linear_model.RidgeClassifier.
type RidgeClassifier struct {
	parts.LinearClassifierMixin
	LabelBinarizer parts.LabelBinarizer `sk:"_label_binarizer"`

	// OneLabelRule: before 0.18 the largest score alone was predicted of a multilabel target, too.
	OneLabelRule bool `sk:"(one label),optional"`
}

// RidgeClassifierCV is sklearn.linear_model.RidgeClassifierCV.
type RidgeClassifierCV struct{ RidgeClassifier }

var (
	_ sklearn.Predictor  = (*RidgeClassifier)(nil)
	_ sklearn.Decider    = (*RidgeClassifier)(nil)
	_ sklearn.Classifier = (*RidgeClassifier)(nil)
)

// Bound checks the shapes; each column of a multilabel target is a class of its own, even one alone.
func (r *RidgeClassifier) Bound(bd *sklearn.Binder) error {
	if !r.LabelBinarizer.Multilabel() {
		return r.LinearClassifierMixin.Bound(bd)
	}
	return r.CheckShapes()
}

// Coefficients returns coef_ and intercept_; a multilabel target is no choice of one class.
func (r *RidgeClassifier) Coefficients() (coef, intercept, classes *tensor.Tensor, err error) {
	if r.LabelBinarizer.Multilabel() {
		return nil, nil, nil, &sklearn.BindError{Path: r.Path, Attr: "classes_", Msg: "several labels of a row can not be told by parameters alone"}
	}
	return r.LinearClassifierMixin.Coefficients()
}

// Predict is the mixin's; of a multilabel target the 0/1 matrix of scores above zero.
func (r *RidgeClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	if r.LabelBinarizer.Multilabel() && !r.OneLabelRule {
		return r.LabelBinarizer.Inverse(b, r.DecisionFunction(b, x), 0)
	}
	return r.LinearClassifierMixin.Predict(b, x)
}
