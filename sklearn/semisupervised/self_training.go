package semisupervised

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
)

var selfTrainingClasses = []sklearn.Class{{
	Name: "sklearn.semi_supervised.SelfTrainingClassifier", Modules: []string{"sklearn.semi_supervised._self_training"},
	New:     func() sklearn.Estimator { return new(SelfTrainingClassifier) },
	FitOnly: []string{"estimator", "base_estimator", "threshold", "criterion", "k_best", "max_iter"},
	Ignore:  []string{"classes_", "transduction_", "labeled_iter_", "n_iter_", "termination_condition_"},
	Upgrade: []sklearn.Rung{{Before: "1.6", Fix: func(s *sklearn.State) error {
		s.Rename("base_estimator_", "estimator_")
		return nil
	}}},
}}

// SelfTrainingClassifier is sklearn.semi_supervised.SelfTrainingClassifier: the classifier it ended with.
type SelfTrainingClassifier struct {
	parts.Delegate
	Estimator sklearn.Estimator `sk:"estimator_"`
}

// Bound makes the classifier answer.
func (s *SelfTrainingClassifier) Bound(*sklearn.Binder) error {
	s.Use(s.Estimator)
	return nil
}

// Available passes on the four methods.
func (s *SelfTrainingClassifier) Available(method string) error {
	switch method {
	case sklearn.MethodPredict, sklearn.MethodPredictProba, sklearn.MethodPredictLogProba, sklearn.MethodDecisionFunction:
		return s.Delegate.Available(method)
	}
	return fmt.Errorf("self-training passes %s not on", method)
}

func (s *SelfTrainingClassifier) check(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Check(b, s, x, sklearn.Accept{Sparse: true, NaN: true, Inf: true})
}

// Predict is the classifier's, of checked rows.
func (s *SelfTrainingClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return s.Delegate.Predict(b, s.check(b, x))
}

// PredictProba is the classifier's, of checked rows.
func (s *SelfTrainingClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return s.Delegate.PredictProba(b, s.check(b, x))
}

// PredictLogProba is the classifier's, of checked rows.
func (s *SelfTrainingClassifier) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return s.Delegate.PredictLogProba(b, s.check(b, x))
}

// DecisionFunction is the classifier's, of checked rows.
func (s *SelfTrainingClassifier) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	return s.Delegate.DecisionFunction(b, s.check(b, x))
}
