// Package multiclass understands sklearn.multiclass: classifiers made of binary ones.
package multiclass

import (
	"errors"
	"fmt"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	{
		Name: "sklearn.multiclass.OneVsRestClassifier", New: func() sklearn.Estimator { return new(OneVsRestClassifier) },
		FitOnly: []string{"estimator"}, Ignore: []string{"multilabel_"},
		Upgrade: []sklearn.Rung{
			{Before: "0.18", Fix: binarizerClasses},
			{Before: "1.7", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("(zero rows)"), pyobj.Str(parts.ZeroRowsNaN))
				return nil
			}},
			{Before: "1.8", Fix: func(s *sklearn.State) error { s.Attrs.Set(pyobj.Str("(last)"), pyobj.Bool(true)); return nil }},
			{Before: "0.19", Fix: func(s *sklearn.State) error { s.Attrs.Set(pyobj.Str("(column)"), pyobj.Bool(true)); return nil }},
		},
	},
	{
		Name: "sklearn.multiclass.OneVsOneClassifier", New: func() sklearn.Estimator { return new(OneVsOneClassifier) },
		FitOnly: []string{"estimator"},
		Upgrade: []sklearn.Rung{
			{Before: "0.19", Fix: func(s *sklearn.State) error { s.Attrs.Set(pyobj.Str("(both)"), pyobj.Bool(true)); return nil }},
			{Before: "0.21", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("(ovr)"), pyobj.Str(parts.OvrByBatch))
				return nil
			}},
			{Before: "1.1", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("(zero)"), pyobj.Bool(true))
				return nil
			}},
		},
	},
	{
		Name: "sklearn.multiclass.OutputCodeClassifier", New: func() sklearn.Estimator { return new(OutputCodeClassifier) },
		FitOnly: []string{"estimator", "code_size", "random_state"}, Ignore: []string{"n_iter_", "estimator_type"},
	},
	{
		Name: "sklearn.multiclass._ConstantPredictor", New: func() sklearn.Estimator { return new(ConstantPredictor) },
	},
}

// binarizerClasses: until 0.17 classes_ was a property, that of the binarizer.
func binarizerClasses(s *sklearn.State) error {
	if o, ok := s.Attrs.Get("label_binarizer_").(*pyobj.Object); ok && s.Attrs.Get("classes_") == nil {
		if a, _ := o.Attrs(); a != nil && a.Get("classes_") != nil {
			s.Attrs.Set(pyobj.Str("classes_"), a.Get("classes_"))
		}
	}
	return nil
}

// score is _predict_binary: a regressor's prediction, the decision function, or the second probability.
func score(b *graph.Builder, e sklearn.Estimator, x graph.Value) graph.Value {
	switch {
	case sklearn.LabelsOf(e) == nil:
		return sklearn.Predict(b, e, x)
	case sklearn.Has(e, sklearn.MethodDecisionFunction) == nil:
		return flat(b, sklearn.DecisionFunction(b, e, x))
	}
	return b.Column(sklearn.PredictProba(b, e, x), 1)
}

func flat(b *graph.Builder, v graph.Value) graph.Value {
	if len(v.Type().Shape) == 2 && v.Width() == 1 {
		return b.Ravel(v)
	}
	return v
}

// threshold is _threshold_for_binary_predict.
func threshold(e sklearn.Estimator) float64 {
	if sklearn.LabelsOf(e) != nil && sklearn.Has(e, sklearn.MethodDecisionFunction) == nil {
		return 0
	}
	return 0.5
}

func scores(b *graph.Builder, es []sklearn.Estimator, x graph.Value) []graph.Value {
	out := make([]graph.Value, len(es))
	for i, e := range es {
		out[i] = score(b, e, x)
	}
	return out
}

func missing(path, attr string, es []sklearn.Estimator) error {
	if len(es) == 0 {
		return &sklearn.BindError{Path: path, Attr: attr, Msg: "no estimators"}
	}
	for i, e := range es {
		if e == nil {
			return &sklearn.BindError{Path: path, Attr: attr, Msg: fmt.Sprintf("item %d is None", i)}
		}
	}
	return nil
}

// ensemble is what the three have in common.
type ensemble struct {
	sklearn.Base
	Labels     *tensor.Tensor      `sk:"classes_,text"`
	Estimators []sklearn.Estimator `sk:"estimators_"`
}

// Inside returns the estimators.
func (m *ensemble) Inside() []sklearn.Estimator { return m.Estimators }

// ClassLabels returns classes_.
func (m *ensemble) ClassLabels() []sklearn.ClassLabels { return []sklearn.ClassLabels{m.Labels} }

// DescribeInput lets the estimators describe it.
func (m *ensemble) DescribeInput(in *sklearn.Input) *sklearn.Input {
	return in.By(m.Estimators...)
}

// OneVsRestClassifier is sklearn.multiclass.OneVsRestClassifier.
type OneVsRestClassifier struct {
	ensemble
	LabelBinarizer parts.LabelBinarizer `sk:"label_binarizer_"`

	// ZeroRows: since 1.7 a row without probabilities stays so.
	ZeroRows parts.ZeroRowsRule `sk:"(zero rows),optional"`
	// ColumnRule: before 0.19 the decision of two classes was a column.
	ColumnRule bool `sk:"(column),optional"`
	// LastRule: before 1.8 the last of equal scores was predicted.
	LastRule bool `sk:"(last),optional"`
}

var (
	_ sklearn.Predictor      = (*OneVsRestClassifier)(nil)
	_ sklearn.ProbaPredictor = (*OneVsRestClassifier)(nil)
	_ sklearn.Decider        = (*OneVsRestClassifier)(nil)
	_ sklearn.Availabler     = (*OneVsRestClassifier)(nil)
	_ sklearn.Classifier     = (*OneVsRestClassifier)(nil)
	_ sklearn.Holder         = (*OneVsRestClassifier)(nil)
)

// Bound checks that there is an estimator for each class.
func (o *OneVsRestClassifier) Bound(*sklearn.Binder) error {
	k, want := len(o.Estimators), o.Labels.Len()
	if want <= 2 && !o.LabelBinarizer.Multilabel() {
		want = 1
	}
	if k != want {
		return &sklearn.BindError{Path: o.Path, Attr: "estimators_", Msg: fmt.Sprintf("%d estimators for %d classes", k, o.Labels.Len())}
	}
	return missing(o.Path, "estimators_", o.Estimators)
}

// Available asks the first estimator.
func (o *OneVsRestClassifier) Available(method string) error {
	if method == sklearn.MethodPredict {
		return nil
	}
	return sklearn.Has(o.Estimators[0], method)
}

// Predict takes the first class of the largest score; of two classes or several labels what is above the threshold.
func (o *OneVsRestClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	cols := scores(b, o.Estimators, x)
	if o.LabelBinarizer.YType == "multiclass" {
		if o.LastRule {
			slices.Reverse(cols)
			at := b.ArgMax(b.HStack(false, cols...))
			return b.Labels(b.Cast(b.Sub(b.Scalar(float64(len(cols)-1), at), at), tensor.Int64), o.Labels)
		}
		return b.Labels(b.ArgMax(b.HStack(false, cols...)), o.Labels)
	}
	return o.LabelBinarizer.Inverse(b, b.HStack(false, cols...), threshold(o.Estimators[0]))
}

// PredictProba holds the probability of each class, normalised unless the labels are not exclusive.
func (o *OneVsRestClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	cols := make([]graph.Value, len(o.Estimators))
	for i, e := range o.Estimators {
		cols[i] = b.Column(sklearn.PredictProba(b, e, x), 1)
	}
	y := b.HStack(false, cols...)
	if len(cols) == 1 {
		y = b.HStack(false, b.Sub(b.Scalar(1, y), y), y)
	}
	if o.LabelBinarizer.Multilabel() {
		return y
	}
	sum := b.Reduce(graph.OpReduceSum, y, 1, true, graph.Columns)
	if o.ZeroRows == parts.ZeroRowsNaN {
		return b.Div(y, sum)
	}
	return b.Div(y, b.Where(b.Binary(graph.OpEqual, sum, b.Scalar(0, sum)), b.Scalar(1, sum), sum))
}

// DecisionFunction is that of the estimators side by side, or of the only one.
func (o *OneVsRestClassifier) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	if len(o.Estimators) == 1 && !o.ColumnRule {
		return sklearn.DecisionFunction(b, o.Estimators[0], x)
	}
	cols := make([]graph.Value, len(o.Estimators))
	for i, e := range o.Estimators {
		cols[i] = flat(b, sklearn.DecisionFunction(b, e, x))
	}
	return b.HStack(false, cols...)
}

// OneVsOneClassifier is sklearn.multiclass.OneVsOneClassifier.
type OneVsOneClassifier struct {
	ensemble
	PairwiseIndices [][]int       `sk:"pairwise_indices_,optional"` // columns of a precomputed kernel, by estimator
	Ovr             parts.OvrRule `sk:"(ovr),optional"`

	// BothRule: before 0.19 the decision of two classes had both columns, and the larger one's class was predicted.
	BothRule bool `sk:"(both),optional"`
	// ZeroRule: before 1.1 the second of two classes was predicted above 0, whatever the estimator's own threshold.
	ZeroRule bool `sk:"(zero),optional"`
}

var (
	_ sklearn.Predictor  = (*OneVsOneClassifier)(nil)
	_ sklearn.Decider    = (*OneVsOneClassifier)(nil)
	_ sklearn.Classifier = (*OneVsOneClassifier)(nil)
	_ sklearn.Holder     = (*OneVsOneClassifier)(nil)
)

// Bound checks that there is an estimator for each pair.
func (o *OneVsOneClassifier) Bound(*sklearn.Binder) error {
	k := o.Labels.Len()
	if n := k * (k - 1) / 2; len(o.Estimators) != n || (o.PairwiseIndices != nil && len(o.PairwiseIndices) != n) {
		return &sklearn.BindError{Path: o.Path, Attr: "estimators_", Msg: fmt.Sprintf("%d estimators for %d classes", len(o.Estimators), k)}
	}
	return missing(o.Path, "estimators_", o.Estimators)
}

// DecisionFunction is the votes of the pairs, with their confidences below one vote; of two classes the second's.
func (o *OneVsOneClassifier) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, o, x, sklearn.Accept{Sparse: true, NaN: true, Inf: true})
	n := len(o.Estimators)
	first, second, conf := make([]graph.Value, n), make([]graph.Value, n), make([]graph.Value, n)
	for i, e := range o.Estimators {
		xi := x
		if o.PairwiseIndices != nil {
			xi = b.Gather(x, o.PairwiseIndices[i])
		}
		y := sklearn.Predict(b, e, xi)
		first[i] = b.Binary(graph.OpEqual, y, b.Scalar(0, y))
		second[i] = b.Binary(graph.OpEqual, y, b.Scalar(1, y))
		conf[i] = score(b, e, xi)
	}
	y := parts.OvrFromOvo(b, b.HStack(false, first...), b.HStack(false, second...), b.HStack(false, conf...), o.Labels.Len(), o.Ovr, false)
	if o.Labels.Len() == 2 && !o.BothRule {
		return b.Column(y, 1)
	}
	return y
}

// Predict takes the first class of the largest decision; of two classes the second above the threshold.
func (o *OneVsOneClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	y := o.DecisionFunction(b, x)
	if o.Labels.Len() == 2 && !o.BothRule {
		limit := threshold(o.Estimators[0])
		if o.ZeroRule {
			limit = 0
		}
		return b.Labels(b.Binary(graph.OpGreater, y, b.Scalar(limit, y)), o.Labels)
	}
	return b.Labels(b.ArgMax(y), o.Labels)
}

// OutputCodeClassifier is sklearn.multiclass.OutputCodeClassifier.
type OutputCodeClassifier struct {
	ensemble
	CodeBook *tensor.Tensor `sk:"code_book_"`
}

var (
	_ sklearn.Predictor  = (*OutputCodeClassifier)(nil)
	_ sklearn.Classifier = (*OutputCodeClassifier)(nil)
	_ sklearn.Holder     = (*OutputCodeClassifier)(nil)
)

// Bound checks the code book.
func (o *OutputCodeClassifier) Bound(*sklearn.Binder) error {
	if s := o.CodeBook.Shape; len(s) != 2 || s[0] != o.Labels.Len() || s[1] != len(o.Estimators) || !o.CodeBook.DType.IsNumeric() {
		return errors.New("code_book_, classes_ and estimators_ do not fit")
	}
	return missing(o.Path, "estimators_", o.Estimators)
}

// Predict takes the class of the nearest code.
func (o *OutputCodeClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	y := b.Cast(b.HStack(false, scores(b, o.Estimators, x)...), tensor.Float64)
	return b.Labels(parts.Nearest(b, y, parts.Float64(o.CodeBook)), o.Labels)
}

// ConstantPredictor is sklearn.multiclass._ConstantPredictor: a class that is in every training row, or in none.
type ConstantPredictor struct {
	sklearn.Base
	Y *tensor.Tensor `sk:"y_,text"`
}

var (
	_ sklearn.Predictor      = (*ConstantPredictor)(nil)
	_ sklearn.ProbaPredictor = (*ConstantPredictor)(nil)
	_ sklearn.Decider        = (*ConstantPredictor)(nil)
)

// Bound checks that it is one number.
func (c *ConstantPredictor) Bound(*sklearn.Binder) error {
	if c.Y.Len() != 1 || !c.Y.DType.IsNumeric() {
		return &sklearn.BindError{Path: c.Path, Attr: "y_", Msg: fmt.Sprintf("%s%v, wanted one number", c.Y.DType, c.Y.Shape)}
	}
	return nil
}

// Predict is the constant.
func (c *ConstantPredictor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return b.Take(b.Const(c.Y.Reshape(1)), b.Zeros(c.check(b, x)))
}

// DecisionFunction is the constant.
func (c *ConstantPredictor) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	return c.Predict(b, x)
}

// PredictProba is 1 for the constant.
func (c *ConstantPredictor) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	y, _ := c.Y.Float(0)
	return b.Take(b.Const(tensor.FromF64([]float64{1 - y, y}, 1, 2)), b.Zeros(c.check(b, x)))
}

// check looks at the names of the columns, and at nothing else.
func (c *ConstantPredictor) check(b *graph.Builder, x graph.Value) graph.Value {
	if t := x.Type(); x.OK() && t.Kind == graph.Frame {
		if msg := sklearn.NamesMismatch(c.FeatureNamesIn, t); msg != "" {
			return b.Refuse("%s", msg)
		}
	}
	return x
}
