package ensemble

import (
	"fmt"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var stackingClasses = []sklearn.Class{
	stackingClass("StackingClassifier", func() sklearn.Estimator { return new(StackingClassifier) }),
	stackingClass("StackingRegressor", func() sklearn.Estimator { return new(StackingRegressor) }),
}

func stackingClass(name string, make func() sklearn.Estimator) sklearn.Class {
	return sklearn.Class{
		Name: "sklearn.ensemble." + name, Modules: []string{"sklearn.ensemble._stacking"}, New: make,
		FitOnly: []string{"final_estimator", "cv", "stack_method"},
		Ignore:  []string{"named_estimators_", "_label_encoder", "_le"},
	}
}

// stacking is sklearn.ensemble._stacking._BaseStacking.
type stacking struct {
	sklearn.Base
	Members            named               `sk:"estimators"`
	Estimators         []sklearn.Estimator `sk:"estimators_"`
	StackMethod        []string            `sk:"stack_method_"`
	FinalEstimator     sklearn.Estimator   `sk:"final_estimator_"`
	Passthrough        bool                `sk:"passthrough"`
	PrivateNFeatureOut []int               `sk:"_n_feature_outs,optional"`
}

// Inside returns the members and the final estimator.
func (s *stacking) Inside() []sklearn.Estimator {
	return append(s.Estimators[:len(s.Estimators):len(s.Estimators)], s.FinalEstimator)
}

// DescribeInput lets the members describe it; the final estimator takes numbers.
func (s *stacking) DescribeInput(in *sklearn.Input) *sklearn.Input {
	in.By(s.Estimators...)
	if s.Passthrough {
		in.Numeric()
	}
	return nil
}

func (s *stacking) bound() error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: s.Path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	if len(s.Estimators) == 0 || len(s.StackMethod) != len(s.Estimators) || len(s.Members.kept()) != len(s.Estimators) {
		return bad("estimators_", "%d estimators, %d methods, %d names", len(s.Estimators), len(s.StackMethod), len(s.Members.kept()))
	}
	for i, e := range s.Estimators {
		if e == nil {
			return bad("estimators_", "item %d is None", i)
		}
		switch m := s.StackMethod[i]; m {
		case sklearn.MethodPredict, sklearn.MethodPredictProba, sklearn.MethodDecisionFunction:
		default:
			return bad("stack_method_", "value %q is not known", m)
		}
	}
	if s.FinalEstimator == nil {
		return bad("final_estimator_", "is None")
	}
	if s.NFeaturesIn == 0 {
		s.NFeaturesIn = sklearn.Of(s.Estimators[0]).NFeaturesIn
	}
	return nil
}

// Available: what the final estimator has.
func (s *stacking) Available(method string) error {
	if method == sklearn.MethodTransform {
		return nil
	}
	return sklearn.Has(s.FinalEstimator, method)
}

// stack asks the members and puts their answers side by side, then x. Of probabilities of two classes (or, counted as
// scikit-learn does, two outputs) the first column goes, of each of several outputs likewise.
func (s *stacking) stack(b *graph.Builder, x graph.Value, classes int) graph.Value {
	var cols []graph.Value
	tail := func(p graph.Value) graph.Value {
		index := make([]int, max(p.Width()-1, 0))
		for i := range index {
			index[i] = i + 1
		}
		return b.Gather(p, index)
	}
	for i, e := range s.Estimators {
		p := sklearn.Call(b, e, s.StackMethod[i], x)
		switch {
		case !p.OK():
			return p
		case p.IsTuple():
			for _, q := range p.Parts() {
				cols = append(cols, tail(q))
			}
		case len(p.Type().Shape) == 1:
			cols = append(cols, b.AsColumn(p))
		case s.StackMethod[i] == sklearn.MethodPredictProba && classes == 2:
			cols = append(cols, tail(p))
		default:
			cols = append(cols, p)
		}
	}
	if !s.Passthrough {
		return b.HStack(false, cols...)
	}
	return b.HStack(x.Type().Sparse(), append(cols, array(b, x))...)
}

// FeatureNamesOut names a column by its member, then come the names of x.
func (s *stacking) FeatureNamesOut(in []string) ([]string, error) {
	names, err := sklearn.InputNames(s, in, s.NFeaturesIn)
	if err != nil {
		return nil, err
	}
	if s.PrivateNFeatureOut == nil {
		return nil, fmt.Errorf("%s: get_feature_names_out needs _n_feature_outs, which this file has not", s.Path)
	}
	var out []string
	prefix := strings.ToLower(s.Name()) + "_"
	for i, n := range s.Members.kept() {
		if i >= len(s.PrivateNFeatureOut) {
			break
		}
		if s.PrivateNFeatureOut[i] == 1 {
			out = append(out, prefix+n)
			continue
		}
		for j := range s.PrivateNFeatureOut[i] {
			out = append(out, fmt.Sprintf("%s%s%d", prefix, n, j))
		}
	}
	if s.Passthrough {
		out = append(out, names...)
	}
	return out, nil
}

// StackingClassifier is sklearn.ensemble.StackingClassifier. Its members are fitted on positions in classes_.
type StackingClassifier struct {
	stacking
	Classes parts.ClassList `sk:"classes_"`
}

// Bound checks the members.
func (s *StackingClassifier) Bound(*sklearn.Binder) error {
	if err := s.bound(); err != nil {
		return err
	}
	labels := sklearn.LabelsOf(s.FinalEstimator)
	if len(labels) == 1 && s.Classes.Multi {
		return nil // a multilabel estimator, whose classes are the outputs
	}
	if len(labels) != len(s.Classes.List) {
		return &sklearn.BindError{Path: s.Path, Attr: "final_estimator_", Msg: fmt.Sprintf("%d outputs where classes_ has %d", len(labels), len(s.Classes.List))}
	}
	for i, l := range labels {
		if _, err := indices(l, s.Classes.List[i].Len()); err != nil {
			return &sklearn.BindError{Path: s.Path, Attr: "final_estimator_", Msg: err.Error()}
		}
	}
	return nil
}

// ClassLabels returns classes_.
func (s *StackingClassifier) ClassLabels() []sklearn.ClassLabels { return s.Classes.List }

// Transform gives the members' answers side by side.
func (s *StackingClassifier) Transform(b *graph.Builder, x graph.Value) graph.Value {
	n := len(s.Classes.List)
	if !s.Classes.Multi {
		n = s.Classes.List[0].Len()
	}
	return s.stack(b, x, n)
}

// Predict gives the label of what the final estimator predicts.
func (s *StackingClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	y := b.Cast(sklearn.Predict(b, s.FinalEstimator, s.Transform(b, x)), tensor.Int64)
	if !s.Classes.Multi {
		return b.Labels(y, s.Classes.List[0])
	}
	if !y.OK() || y.Width() != len(s.Classes.List) {
		return b.Failf("", "the final estimator does not predict %d outputs", len(s.Classes.List))
	}
	cols := make([]graph.Value, len(s.Classes.List))
	for i, c := range s.Classes.List {
		cols[i] = b.Labels(b.Column(y, i), c)
	}
	return b.Stack(cols...)
}

// PredictProba is the final estimator's; of several outputs the probability of each one's first class.
func (s *StackingClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	p := sklearn.PredictProba(b, s.FinalEstimator, s.Transform(b, x))
	if !s.Classes.Multi || !p.OK() {
		return p
	}
	if !p.IsTuple() {
		return b.Unsupported("", "predict_proba of several outputs by a final estimator that gives one matrix")
	}
	cols := make([]graph.Value, len(p.Parts()))
	for i, q := range p.Parts() {
		cols[i] = b.Column(q, 0)
	}
	return b.Stack(cols...)
}

// DecisionFunction is the final estimator's.
func (s *StackingClassifier) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.DecisionFunction(b, s.FinalEstimator, s.Transform(b, x))
}

// StackingRegressor is sklearn.ensemble.StackingRegressor.
type StackingRegressor struct{ stacking }

// Bound checks the members.
func (s *StackingRegressor) Bound(*sklearn.Binder) error { return s.bound() }

// Transform gives the members' predictions side by side.
func (s *StackingRegressor) Transform(b *graph.Builder, x graph.Value) graph.Value {
	return s.stack(b, x, 0)
}

// Predict is the final estimator's.
func (s *StackingRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Predict(b, s.FinalEstimator, s.Transform(b, x))
}

var (
	_ sklearn.Predictor      = (*StackingClassifier)(nil)
	_ sklearn.ProbaPredictor = (*StackingClassifier)(nil)
	_ sklearn.Decider        = (*StackingClassifier)(nil)
	_ sklearn.Transformer    = (*StackingClassifier)(nil)
	_ sklearn.Availabler     = (*StackingClassifier)(nil)
	_ sklearn.Classifier     = (*StackingClassifier)(nil)
	_ sklearn.FeatureNamer   = (*StackingClassifier)(nil)
	_ sklearn.Predictor      = (*StackingRegressor)(nil)
	_ sklearn.Transformer    = (*StackingRegressor)(nil)
	_ sklearn.FeatureNamer   = (*StackingRegressor)(nil)
	_ sklearn.Holder         = (*StackingRegressor)(nil)
)
