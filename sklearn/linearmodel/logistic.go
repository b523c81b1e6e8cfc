package linearmodel

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
)

var (
	logisticModules = []string{"sklearn.linear_model._logistic", "sklearn.linear_model.logistic"}
	logisticParams  = []string{"penalty", "C", "Cs", "l1_ratio", "l1_ratios", "dual", "tol", "fit_intercept", "intercept_scaling", "class_weight",
		"random_state", "solver", "max_iter", "multi_class", "loss", "_enc", "cv", "scoring", "refit", "use_legacy_attributes"}
	logisticState = []string{"n_iter_", "raw_coef_", "class_weight_", "Cs_", "C_", "coefs_paths_", "scores_", "l1_ratio_", "l1_ratios_"}

	logisticClasses = []sklearn.Class{
		logistic[LogisticRegression]("LogisticRegression"),
		logistic[LogisticRegressionCV]("LogisticRegressionCV"),
	}
)

func logistic[T any, E interface {
	*T
	sklearn.Estimator
}](name string) sklearn.Class {
	c := regressor[T, E](name, logisticModules, logisticParams, logisticState)
	c.Former = parts.FormerSelect
	c.Upgrade = []sklearn.Rung{parts.EncoderClassesRung, {Before: "1.8", Fix: multiClassRule}, parts.ZeroRowsRung}
	return c
}

// probaRule is the attribute the ladder adds: how probabilities come from scores.
const probaRule = "(predict_proba)"

// multiClassRule settles multi_class, which 1.8 removed. Until then it, the solver and the number of classes chose
// between one logistic function per class and softmax.
func multiClassRule(s *sklearn.State) error {
	multi, ok := pyobj.Text(s.Attrs.Get("multi_class"))
	if !ok {
		if s.Version == "" && s.Attrs.Get("multi_class") == nil {
			return nil
		}
		multi = "deprecated"
	}
	solver, _ := pyobj.Text(s.Attrs.Get("solver"))
	classes, err := sklearn.Sequence(s.Attrs.Get("classes_"))
	if err != nil {
		return &sklearn.BindError{Path: s.Path, Attr: "classes_", Msg: err.Error()}
	}
	binary := len(classes) <= 2
	rule := "softmax"
	switch multi {
	case "ovr", "warn":
		rule = "ovr"
	case "auto", "deprecated":
		if binary || solver == "liblinear" {
			rule = "ovr"
		}
	case "multinomial":
		// Before 0.20 a binary model was one logistic function all the same.
		if binary && sklearn.Older(s.Version, "0.20") {
			rule = "ovr"
		}
	default:
		return &sklearn.BindError{Path: s.Path, Attr: "multi_class", Msg: fmt.Sprintf("value %q is not known", multi)}
	}
	s.Attrs.Set(pyobj.Str(probaRule), pyobj.Str(rule))
	return nil
}

// ProbaRule says how probabilities come from scores.
type ProbaRule string

// The rules.
const (
	ProbaByClasses ProbaRule = ""        // two classes: the logistic function; more: softmax
	ProbaOvR       ProbaRule = "ovr"     // a logistic function per class, normalised
	ProbaSoftmax   ProbaRule = "softmax" // softmax; of two classes over (-score, score)
)

// LogisticRegression is sklearn.linear_model.LogisticRegression.
type LogisticRegression struct {
	parts.LinearClassifierMixin
	Proba ProbaRule `sk:"(predict_proba),optional"`
}

// LogisticRegressionCV is sklearn.linear_model.LogisticRegressionCV.
type LogisticRegressionCV struct{ LogisticRegression }

var (
	_ sklearn.Predictor         = (*LogisticRegression)(nil)
	_ sklearn.ProbaPredictor    = (*LogisticRegression)(nil)
	_ sklearn.LogProbaPredictor = (*LogisticRegression)(nil)
	_ sklearn.Decider           = (*LogisticRegression)(nil)
	_ sklearn.Classifier        = (*LogisticRegression)(nil)
)

// PredictProba is the logistic function of the score, or softmax.
func (l *LogisticRegression) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	if l.Proba == ProbaOvR || (l.Proba == ProbaByClasses && l.Classes.Len() <= 2) {
		return l.ProbaLR(b, x)
	}
	s := l.DecisionFunction(b, x)
	if len(s.Type().Shape) == 1 {
		s = b.HStack(false, b.Unary(graph.OpNeg, s), s)
	}
	return b.Softmax(s, graph.Pairwise)
}

// PredictLogProba is the logarithm of PredictProba.
func (l *LogisticRegression) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.LogProba(b, l, x)
}
