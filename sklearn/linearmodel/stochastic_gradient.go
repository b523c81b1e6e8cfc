package linearmodel

import (
	"errors"
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var (
	sgdModules = []string{"sklearn.linear_model._stochastic_gradient", "sklearn.linear_model.stochastic_gradient"}
	sgdParams  = []string{"penalty", "learning_rate", "epsilon", "alpha", "C", "l1_ratio", "fit_intercept", "shuffle", "random_state", "eta0",
		"power_t", "early_stopping", "validation_fraction", "n_iter_no_change", "average", "n_iter", "max_iter", "tol", "class_weight", "nu"}
	sgdState = []string{"t_", "n_iter_", "_tol", "_max_iter", "_expanded_class_weight", "loss_function_", "_loss_function_", "loss_function",
		"standard_coef_", "standard_intercept_", "average_coef_", "average_intercept_",
		"_standard_coef", "_standard_intercept", "_average_coef", "_average_intercept"}

	// The loss decides nothing but SGDClassifier's probabilities.
	sgdParamsLoss = append([]string{"loss"}, sgdParams...)

	stochasticGradientClasses = []sklearn.Class{
		sgdClassifier(),
		selecting(regressor[SGDRegressor]("SGDRegressor", sgdModules, sgdParamsLoss, sgdState)),
		regressor[SGDOneClassSVM]("SGDOneClassSVM", sgdModules, sgdParamsLoss, sgdState),
		selecting(regressor[Perceptron]("Perceptron", []string{"sklearn.linear_model._perceptron", "sklearn.linear_model.perceptron"}, sgdParamsLoss, sgdState)),
		regressor[PassiveAggressiveClassifier]("PassiveAggressiveClassifier", passiveAggressiveModules, sgdParamsLoss, sgdState),
		regressor[PassiveAggressiveRegressor]("PassiveAggressiveRegressor", passiveAggressiveModules, sgdParamsLoss, sgdState),
	}
)

// selecting is a class that selected features, too, until 0.18.
func selecting(c sklearn.Class) sklearn.Class {
	c.Former = parts.FormerBoth
	return c
}

func sgdClassifier() sklearn.Class {
	c := selecting(regressor[SGDClassifier]("SGDClassifier", sgdModules, sgdParams, sgdState))
	c.Upgrade = []sklearn.Rung{{Before: "1.3", Fix: func(s *sklearn.State) error {
		if l, _ := pyobj.Text(s.Attrs.Get("loss")); l == "log" {
			s.Attrs.Set(pyobj.Str("loss"), pyobj.Str("log_loss"))
		}
		return nil
	}}, parts.ZeroRowsRung}
	return c
}

// SGDClassifier is sklearn.linear_model.SGDClassifier.
type SGDClassifier struct {
	parts.LinearClassifierMixin
	LossParam string `sk:"loss"`
}

var (
	_ sklearn.Predictor         = (*SGDClassifier)(nil)
	_ sklearn.ProbaPredictor    = (*SGDClassifier)(nil)
	_ sklearn.LogProbaPredictor = (*SGDClassifier)(nil)
	_ sklearn.Decider           = (*SGDClassifier)(nil)
	_ sklearn.Classifier        = (*SGDClassifier)(nil)
	_ sklearn.Availabler        = (*SGDClassifier)(nil)
)

// Available refuses probabilities of losses that give none.
func (s *SGDClassifier) Available(method string) error {
	switch method {
	case sklearn.MethodPredictProba, sklearn.MethodPredictLogProba:
		if s.LossParam != "log_loss" && s.LossParam != "modified_huber" {
			return fmt.Errorf("probability estimates are not available for loss='%s'", s.LossParam)
		}
	}
	return nil
}

// PredictProba is the logistic function of the scores, or for modified_huber the scores clipped to [-1, 1] and
// brought to [0, 1]; of several classes normalised.
func (s *SGDClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	if s.LossParam == "log_loss" {
		return s.ProbaLR(b, x)
	}
	p := b.Clip(s.DecisionFunction(b, x), -1, 1)
	if len(p.Type().Shape) == 1 {
		p = b.Cast(p, tensor.Float64)
	}
	p = b.Div(b.Add(p, b.Scalar(1, p)), b.Scalar(2, p))
	if len(p.Type().Shape) == 1 {
		return parts.Complement(b, p)
	}
	return parts.Normalise(b, p, graph.Pairwise)
}

// PredictLogProba is the logarithm of PredictProba.
func (s *SGDClassifier) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.LogProba(b, s, x)
}

// SGDRegressor is sklearn.linear_model.SGDRegressor.
type SGDRegressor struct{ LinearModel }

// SGDOneClassSVM is sklearn.linear_model.SGDOneClassSVM.
type SGDOneClassSVM struct {
	sklearn.Base
	Coef   sklearn.Matrix `sk:"coef_"` // sparse after sparsify()
	Offset parts.Number   `sk:"offset_"`
}

var (
	_ sklearn.Predictor    = (*SGDOneClassSVM)(nil)
	_ sklearn.Decider      = (*SGDOneClassSVM)(nil)
	_ sklearn.ScoreSampler = (*SGDOneClassSVM)(nil)
	_ sklearn.Linear       = (*SGDOneClassSVM)(nil)
)

// Bound checks the shapes.
func (s *SGDOneClassSVM) Bound(*sklearn.Binder) error {
	s.Coef.Dense, s.Coef.Sparse = parts.Dense(s.Coef), nil
	c := s.Coef.Dense
	if !c.DType.IsNumeric() || len(c.Shape) < 1 || c.Len() != c.Shape[len(c.Shape)-1] || s.Offset.Tensor.Len() != 1 {
		return errors.New("coef_ and offset_ are not those of one class")
	}
	s.Coef.Dense = c.Reshape(c.Len())
	return nil
}

// DecisionFunction is X @ coef_.T - offset_.
func (s *SGDOneClassSVM) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{Sparse: true, Width: s.Coef.Dense.Len()})
	d := b.MatMul(x, b.Const(s.Coef.Dense))
	return b.Sub(d, s.Offset.Value(b, d))
}

// Coefficients returns a row for each of 1 and -1: the first of equal scores, those of a decision of zero, is 1.
func (s *SGDOneClassSVM) Coefficients() (coef, intercept, classes *tensor.Tensor, err error) {
	coef, intercept = tensor.New(tensor.Float64, 2, s.Coef.Dense.Len()), tensor.New(tensor.Float64, 2)
	for i := range s.Coef.Dense.Len() {
		w, _ := s.Coef.Dense.Float(i)
		coef.F64[i], coef.F64[s.Coef.Dense.Len()+i] = w, -w
	}
	offset, _ := s.Offset.Tensor.Float(0)
	intercept.F64[0], intercept.F64[1] = -offset, offset
	return coef, intercept, tensor.FromI64([]int64{1, -1}), nil
}

// ScoreSamples is the decision function with the offset added again.
func (s *SGDOneClassSVM) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	d := s.DecisionFunction(b, x)
	return b.Add(d, s.Offset.Value(b, d))
}

// Predict is 1 from zero on, else -1.
func (s *SGDOneClassSVM) Predict(b *graph.Builder, x graph.Value) graph.Value {
	d := s.DecisionFunction(b, x)
	return parts.Inlier(b, b.Binary(graph.OpGreaterOrEqual, d, b.Scalar(0, d)), tensor.Int32)
}
