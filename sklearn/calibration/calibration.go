// Package calibration understands sklearn.calibration.
package calibration

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	{
		Name: "sklearn.calibration.CalibratedClassifierCV", New: func() sklearn.Estimator { return new(CalibratedClassifierCV) },
		FitOnly: []string{"estimator", "base_estimator", "method", "cv", "ensemble"}, Ignore: []string{"base_estimator_"},
	},
	{
		// It is no BaseEstimator and records no version: the rungs look at what is there.
		Name: "sklearn.calibration._CalibratedClassifier", New: func() sklearn.Estimator { return new(CalibratedClassifier) },
		Upgrade: []sklearn.Rung{{Before: "1.2", Fix: func(s *sklearn.State) error {
			s.Rename("base_estimator", "estimator")
			if s.Attrs.Get("calibrators_") != nil && s.Attrs.Get("label_encoder_") == nil {
				s.Attrs.Set(pyobj.Str("(by position)"), pyobj.Bool(true))
			}
			s.Rename("calibrators_", "calibrators")
			if v := s.Attrs.Get("classes_"); v != nil {
				s.Attrs.Set(pyobj.Str("classes"), v)
			}
			s.Drop("classes_", "label_encoder_")
			return nil
		}}},
	},
	{Name: "sklearn.calibration._SigmoidCalibration", New: func() sklearn.Estimator { return new(SigmoidCalibration) }},
	{Name: "sklearn.calibration._TemperatureScaling", New: func() sklearn.Estimator { return new(TemperatureScaling) }},
}

// CalibratedClassifierCV is sklearn.calibration.CalibratedClassifierCV: the mean of its calibrated classifiers.
type CalibratedClassifierCV struct {
	sklearn.Base
	Labels                *tensor.Tensor      `sk:"classes_,text"`
	CalibratedClassifiers []sklearn.Estimator `sk:"calibrated_classifiers_"`
}

var (
	_ sklearn.Predictor      = (*CalibratedClassifierCV)(nil)
	_ sklearn.ProbaPredictor = (*CalibratedClassifierCV)(nil)
	_ sklearn.Classifier     = (*CalibratedClassifierCV)(nil)
	_ sklearn.Holder         = (*CalibratedClassifierCV)(nil)
)

// Bound checks that there are classifiers of the same classes.
func (c *CalibratedClassifierCV) Bound(*sklearn.Binder) error {
	bad := func(format string, args ...any) error {
		return &sklearn.BindError{Path: c.Path, Attr: "calibrated_classifiers_", Msg: fmt.Sprintf(format, args...)}
	}
	if len(c.CalibratedClassifiers) == 0 {
		return bad("no classifiers")
	}
	for i, e := range c.CalibratedClassifiers {
		m, ok := e.(*CalibratedClassifier)
		if !ok || m.Labels.Len() != c.Labels.Len() {
			return bad("item %d is no calibrated classifier of these classes", i)
		}
	}
	return nil
}

// Inside returns the calibrated classifiers.
func (c *CalibratedClassifierCV) Inside() []sklearn.Estimator { return c.CalibratedClassifiers }

// ClassLabels returns classes_.
func (c *CalibratedClassifierCV) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{c.Labels}
}

// DescribeInput lets the classifiers describe it.
func (c *CalibratedClassifierCV) DescribeInput(in *sklearn.Input) *sklearn.Input {
	return in.By(c.CalibratedClassifiers...)
}

// PredictProba is the mean of the calibrated probabilities.
func (c *CalibratedClassifierCV) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	var sum graph.Value
	for i, e := range c.CalibratedClassifiers {
		p := b.Cast(sklearn.PredictProba(b, e, x), tensor.Float64)
		if i == 0 {
			sum = p
		} else {
			sum = b.Add(sum, p)
		}
	}
	return b.Div(sum, b.Scalar(float64(len(c.CalibratedClassifiers)), sum))
}

// Predict takes the first class of the largest probability.
func (c *CalibratedClassifierCV) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return b.Labels(b.ArgMax(c.PredictProba(b, x)), c.Labels)
}

// CalibratedClassifier is sklearn.calibration._CalibratedClassifier: a classifier and what turns its scores into
// probabilities.
type CalibratedClassifier struct {
	sklearn.Base
	Estimator   sklearn.Estimator   `sk:"estimator"`
	Calibrators []sklearn.Estimator `sk:"calibrators"`
	Labels      *tensor.Tensor      `sk:"classes,text"`
	Method      string              `sk:"method"`

	// RuleByPosition: before 0.18.1 the first calibrators were taken for those of the first classes, whichever the fold
	// lacked.
	RuleByPosition bool `sk:"(by position),optional"`

	column []int // by calibrator: its class
}

var (
	_ sklearn.ProbaPredictor = (*CalibratedClassifier)(nil)
	_ sklearn.Classifier     = (*CalibratedClassifier)(nil)
	_ sklearn.Holder         = (*CalibratedClassifier)(nil)
)

// Bound finds the class of each calibrator. Columns of scores follow the classes of the fold the classifier was
// fitted on, which may lack some.
func (c *CalibratedClassifier) Bound(*sklearn.Binder) error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: c.Path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	for i, e := range c.Calibrators {
		if e == nil {
			return bad("calibrators", "item %d is None", i)
		}
	}
	switch c.Method {
	case "sigmoid", "isotonic":
	case "temperature":
		if len(c.Calibrators) != 1 {
			return bad("calibrators", "%d calibrators for temperature", len(c.Calibrators))
		}
		return nil
	default:
		return bad("method", "value %q is not known", c.Method)
	}
	labels := sklearn.LabelsOf(c.Estimator)
	if len(labels) != 1 {
		return bad("estimator", "no classifier of one output")
	}
	k := c.Labels.Len()
	for i := range min(len(c.Calibrators), labels[0].Len()) {
		at := -1
		for j := range k {
			if c.RuleByPosition && j == i || !c.RuleByPosition && c.Labels.Cell(j).Key() == labels[0].Cell(i).Key() {
				at = j
			}
		}
		if at >= 0 && k == 2 {
			at++
		}
		if at < 0 || at >= k {
			return bad("classes", "class %s of the classifier is not among them", labels[0].Cell(i))
		}
		c.column = append(c.column, at)
	}
	return nil
}

// Inside returns the classifier and the calibrators.
func (c *CalibratedClassifier) Inside() []sklearn.Estimator {
	return append([]sklearn.Estimator{c.Estimator}, c.Calibrators...)
}

// ClassLabels returns the classes.
func (c *CalibratedClassifier) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{c.Labels}
}

// DescribeInput lets the classifier describe it.
func (c *CalibratedClassifier) DescribeInput(in *sklearn.Input) *sklearn.Input {
	return sklearn.DescribeInput(c.Estimator, in)
}

// bothColumns reports a fold of two of several classes whose probabilities are calibrated both, as was done until 1.3.
func (c *CalibratedClassifier) bothColumns() bool {
	return c.Method != "temperature" && c.Labels.Len() > 2 && len(c.column) == 2 && sklearn.LabelsOf(c.Estimator)[0].Len() == 2 &&
		sklearn.Has(c.Estimator, sklearn.MethodDecisionFunction) != nil
}

// PredictProba calibrates the decision function, or the probabilities where there is none.
func (c *CalibratedClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	s, used := sklearn.Response(b, c.Estimator, x, []string{sklearn.MethodDecisionFunction, sklearn.MethodPredictProba}, -1)
	if c.bothColumns() {
		s = sklearn.PredictProba(b, c.Estimator, x)
	}
	if !s.OK() {
		return s
	}
	k := c.Labels.Len()
	var p graph.Value
	switch {
	case c.Method == "temperature":
		if s = b.AsColumn(s); k == 2 && s.Width() == 1 && used == sklearn.MethodPredictProba {
			s = b.HStack(false, b.Sub(b.Scalar(1, s), s), s)
		}
		p = sklearn.Predict(b, c.Calibrators[0], s)
	default:
		s = b.AsColumn(s)
		cols := make([]graph.Value, k)
		for i, at := range c.column {
			if i < s.Width() {
				cols[at] = b.Cast(sklearn.Predict(b, c.Calibrators[i], b.Column(s, i)), tensor.Float64)
			}
		}
		for i := range cols {
			if !cols[i].OK() {
				cols[i] = b.Cast(b.Zeros(x), tensor.Float64)
			}
		}
		if k == 2 {
			cols[0] = b.Sub(b.Scalar(1, cols[1]), cols[1])
			p = b.HStack(false, cols...)
			break
		}
		p = b.HStack(false, cols...)
		sum := b.Reduce(graph.OpReduceSum, p, 1, true, graph.Pairwise)
		p = b.Where(b.Binary(graph.OpEqual, sum, b.Scalar(0, sum)), b.Scalar(1/float64(k), p), b.Div(p, sum))
	}
	over := b.Binary(graph.OpAnd, b.Binary(graph.OpGreater, p, b.Scalar(1, p)), b.Binary(graph.OpLessOrEqual, p, b.Scalar(1+1e-5, p)))
	return b.Where(over, b.Scalar(1, p), p)
}

// SigmoidCalibration is sklearn.calibration._SigmoidCalibration, on a vector.
type SigmoidCalibration struct {
	sklearn.Base
	A parts.Number `sk:"a_"`
	B parts.Number `sk:"b_"`
}

// TemperatureScaling is sklearn.calibration._TemperatureScaling, on scores or probabilities.
type TemperatureScaling struct {
	sklearn.Base
	Beta parts.Number `sk:"beta_"`
}

var (
	_ sklearn.Predictor = (*SigmoidCalibration)(nil)
	_ sklearn.Predictor = (*TemperatureScaling)(nil)
)

// Bound checks that they are numbers.
func (s *SigmoidCalibration) Bound(*sklearn.Binder) error {
	if s.A.Tensor.Len() != 1 || s.B.Tensor.Len() != 1 {
		return &sklearn.BindError{Path: s.Path, Attr: "a_", Msg: "not one number"}
	}
	return nil
}

// Predict is 1/(1+exp(a t + b)).
func (s *SigmoidCalibration) Predict(b *graph.Builder, t graph.Value) graph.Value {
	z := b.Mul(s.A.Value(b, t), t)
	return b.Unary(graph.OpSigmoid, b.Unary(graph.OpNeg, b.Add(z, s.B.Value(b, z))))
}

// Bound checks that it is a number.
func (t *TemperatureScaling) Bound(*sklearn.Binder) error {
	if t.Beta.Tensor.Len() != 1 {
		return &sklearn.BindError{Path: t.Path, Attr: "beta_", Msg: "not one number"}
	}
	t.Beta.Tensor = t.Beta.Tensor.Reshape()
	return nil
}

// Predict is softmax of the scaled logits.
func (t *TemperatureScaling) Predict(b *graph.Builder, x graph.Value) graph.Value {
	if d := x.DType(); d != tensor.Float32 {
		x = b.Cast(x, tensor.Float64)
	}
	if x.Width() == 1 {
		x = b.HStack(false, b.Unary(graph.OpNeg, x), x)
	} else {
		x = b.AsLogits(x)
	}
	return b.Softmax(b.Mul(t.Beta.Value(b, x), x), graph.Pairwise)
}
