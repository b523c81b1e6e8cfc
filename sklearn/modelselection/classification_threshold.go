package modelselection

import (
	"fmt"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
)

var (
	thresholdModules = []string{"sklearn.model_selection._classification_threshold"}
	thresholdClasses = []sklearn.Class{
		{
			Name: "sklearn.model_selection.FixedThresholdClassifier", Modules: thresholdModules,
			New: func() sklearn.Estimator { return new(FixedThresholdClassifier) },
		},
		{
			Name: "sklearn.model_selection.TunedThresholdClassifierCV", Modules: thresholdModules,
			New:     func() sklearn.Estimator { return new(TunedThresholdClassifierCV) },
			FitOnly: []string{"scoring", "thresholds", "cv", "refit", "random_state", "store_cv_results"},
			Ignore:  []string{"best_score_", "cv_results_"},
		},
	}
)

// BaseThresholdClassifier is what both classifiers share: all but predict is the estimator's.
type BaseThresholdClassifier struct {
	parts.Delegate
	EstimatorParam      pyobj.Value       `sk:"estimator"`
	Estimator           sklearn.Estimator `sk:"estimator_,optional"`
	ResponseMethodParam string            `sk:"response_method"`

	positive int   // index of the positive class
	invalid  error // no class is the positive one, which predict alone asks for
}

// bind makes the fitted estimator answer; a prefitted one stands in the parameter.
func (t *BaseThresholdClassifier) bind(bd *sklearn.Binder, pos pyobj.Value) error {
	if t.Estimator == nil {
		e, err := bd.Bind(t.EstimatorParam, t.Path+".estimator")
		if err != nil {
			return err
		}
		t.Estimator = e
	}
	t.Use(t.Estimator)
	switch t.ResponseMethodParam {
	case "auto", sklearn.MethodPredictProba, sklearn.MethodDecisionFunction:
	default:
		return &sklearn.BindError{Path: t.Path, Attr: "response_method", Msg: fmt.Sprintf("value %q is not known", t.ResponseMethodParam)}
	}
	labels := sklearn.LabelsOf(t.Estimator)
	if len(labels) != 1 || labels[0].Len() != 2 {
		return &sklearn.BindError{Path: t.Path, Attr: "estimator", Msg: "no binary classifier"}
	}
	t.positive = 1
	if _, none := pos.(pyobj.None); pos != nil && !none {
		i, ok := sklearn.ClassIndex(labels[0], pos)
		if !ok {
			t.invalid = fmt.Errorf("pos_label: %s is not a valid label", sklearn.Describe(pos))
		}
		t.positive = i
	}
	return nil
}

// Available passes on the three methods of the estimator.
func (t *BaseThresholdClassifier) Available(method string) error {
	switch method {
	case sklearn.MethodPredict:
		return t.invalid
	case sklearn.MethodPredictProba, sklearn.MethodPredictLogProba, sklearn.MethodDecisionFunction:
		return t.Delegate.Available(method)
	}
	return fmt.Errorf("a threshold classifier passes %s not on", method)
}

// predict gives the positive class from the threshold on; auto is ½ for probabilities and 0 for decisions.
func (t *BaseThresholdClassifier) predict(b *graph.Builder, x graph.Value, threshold *float64) graph.Value {
	methods := []string{sklearn.MethodPredictProba, sklearn.MethodDecisionFunction}
	if t.ResponseMethodParam != "auto" {
		methods = []string{t.ResponseMethodParam}
	}
	s, used := sklearn.Response(b, t.Estimator, x, methods, t.positive)
	at := 0.0
	if used == sklearn.MethodPredictProba {
		at = 0.5
	}
	if threshold != nil {
		at = *threshold
	}
	on := b.Binary(graph.OpGreaterOrEqual, s, b.Scalar(at, s))
	if t.positive == 0 {
		on = b.Unary(graph.OpNot, on)
	}
	return b.Labels(on, t.ClassLabels()[0])
}

// FixedThresholdClassifier is sklearn.model_selection.FixedThresholdClassifier.
type FixedThresholdClassifier struct {
	BaseThresholdClassifier
	ThresholdParam pyobj.Value `sk:"threshold"` // 'auto' or a number
	PosLabelParam  pyobj.Value `sk:"pos_label"`

	threshold *float64
}

// Bound reads the threshold.
func (f *FixedThresholdClassifier) Bound(bd *sklearn.Binder) error {
	if s, ok := sklearn.Text(f.ThresholdParam); !ok || s != "auto" {
		v, err := sklearn.Float(f.ThresholdParam)
		if err != nil {
			return &sklearn.BindError{Path: f.Path, Attr: "threshold", Msg: err.Error()}
		}
		f.threshold = &v
	}
	return f.bind(bd, f.PosLabelParam)
}

// Predict gives the positive class from the threshold on.
func (f *FixedThresholdClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return f.predict(b, x, f.threshold)
}

// TunedThresholdClassifierCV is sklearn.model_selection.TunedThresholdClassifierCV.
type TunedThresholdClassifierCV struct {
	BaseThresholdClassifier
	BestThreshold float64     `sk:"best_threshold_"`
	CurveScorer   curveScorer `sk:"_curve_scorer"`
}

// Bound reads the scorer's positive label.
func (t *TunedThresholdClassifierCV) Bound(bd *sklearn.Binder) error {
	return t.bind(bd, t.CurveScorer.posLabel)
}

// Predict gives the positive class from the best threshold on.
func (t *TunedThresholdClassifierCV) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return t.predict(b, x, &t.BestThreshold)
}

// curveScorer is what a scorer knows of the positive label: its own argument, else its metric's default.
type curveScorer struct{ posLabel pyobj.Value }

// UnmarshalPy reads a scorer.
func (c *curveScorer) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	bad := func(format string, args ...any) error {
		return &sklearn.BindError{Path: path, Msg: fmt.Sprintf(format, args...)}
	}
	o, ok := v.(*pyobj.Object)
	if !ok {
		return bad("%s, wanted a scorer", sklearn.Describe(v))
	}
	attrs, _ := o.Attrs()
	if kw, ok := attrs.Get("_kwargs").(*pyobj.Dict); ok {
		if l := kw.Get("pos_label"); l != nil {
			c.posLabel = l
			return nil
		}
	}
	g, ok := attrs.Get("_score_func").(*pyobj.Global)
	if !ok {
		return bad("no scoring function")
	}
	if !strings.HasPrefix(g.Module, "sklearn.metrics.") {
		return bad("which class %s takes for the positive one is not in the file", g)
	}
	switch g.Name {
	case "average_precision_score", "f1_score", "fbeta_score", "jaccard_score", "precision_recall_fscore_support", "precision_score", "recall_score":
		c.posLabel = pyobj.Int(1)
	}
	return nil
}
