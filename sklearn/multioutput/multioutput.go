// Package multioutput understands sklearn.multioutput: an estimator per output, apart or in a chain.
package multioutput

import (
	"fmt"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	{
		Name: "sklearn.multioutput.MultiOutputClassifier", New: func() sklearn.Estimator { return new(MultiOutputClassifier) },
		FitOnly: []string{"estimator"}, Ignore: []string{"classes_"},
	},
	{
		Name: "sklearn.multioutput.MultiOutputRegressor", New: func() sklearn.Estimator { return new(MultiOutputRegressor) },
		FitOnly: []string{"estimator"},
	},
	{
		Name: "sklearn.multioutput.ClassifierChain", New: func() sklearn.Estimator { return new(ClassifierChain) },
		FitOnly: []string{"estimator", "base_estimator", "order", "cv", "random_state", "chain_method"}, Ignore: []string{"classes_"},
		Upgrade: []sklearn.Rung{{Before: "1.5", Fix: func(s *sklearn.State) error {
			s.Default("chain_method_", pyobj.Str(sklearn.MethodPredict))
			return nil
		}}},
	},
	{
		Name: "sklearn.multioutput.RegressorChain", New: func() sklearn.Estimator { return new(RegressorChain) },
		FitOnly: []string{"estimator", "base_estimator", "order", "cv", "random_state"},
	},
}

// members is the estimators of the outputs.
type members struct {
	sklearn.Base
	Estimators []sklearn.Estimator `sk:"estimators_"`
}

// Bound checks that they are there.
func (m *members) Bound(*sklearn.Binder) error {
	if len(m.Estimators) == 0 {
		return &sklearn.BindError{Path: m.Path, Attr: "estimators_", Msg: "no estimators"}
	}
	for i, e := range m.Estimators {
		if e == nil {
			return &sklearn.BindError{Path: m.Path, Attr: "estimators_", Msg: fmt.Sprintf("item %d is None", i)}
		}
	}
	return nil
}

// Inside returns the estimators.
func (m *members) Inside() []sklearn.Estimator { return m.Estimators }

// all asks all estimators for a method.
func (m *members) all(method string) error {
	for _, e := range m.Estimators {
		if err := sklearn.Has(e, method); err != nil {
			return err
		}
	}
	return nil
}

func (m *members) labels() []sklearn.ClassLabels {
	var out []sklearn.ClassLabels
	for _, e := range m.Estimators {
		l := sklearn.LabelsOf(e)
		if len(l) != 1 {
			return nil
		}
		out = append(out, l[0])
	}
	return out
}

// predict puts the predictions side by side, as one dtype.
func (m *members) predict(b *graph.Builder, x graph.Value) graph.Value {
	cols := make([]graph.Value, len(m.Estimators))
	dt := tensor.Invalid
	for i, e := range m.Estimators {
		cols[i] = sklearn.Predict(b, e, x)
		if d := cols[i].DType(); i == 0 {
			dt = d
		} else {
			dt = tensor.Promote(dt, d)
		}
	}
	for i := range cols {
		cols[i] = b.Cast(cols[i], dt)
	}
	return b.Stack(cols...)
}

// DescribeInput lets the estimators describe it.
func (m *members) DescribeInput(in *sklearn.Input) *sklearn.Input {
	return in.By(m.Estimators...)
}

// MultiOutputRegressor is sklearn.multioutput.MultiOutputRegressor.
type MultiOutputRegressor struct{ members }

// MultiOutputClassifier is sklearn.multioutput.MultiOutputClassifier.
type MultiOutputClassifier struct{ members }

var (
	_ sklearn.Predictor      = (*MultiOutputRegressor)(nil)
	_ sklearn.Holder         = (*MultiOutputRegressor)(nil)
	_ sklearn.Predictor      = (*MultiOutputClassifier)(nil)
	_ sklearn.ProbaPredictor = (*MultiOutputClassifier)(nil)
	_ sklearn.Availabler     = (*MultiOutputClassifier)(nil)
	_ sklearn.Classifier     = (*MultiOutputClassifier)(nil)
	_ sklearn.Holder         = (*MultiOutputClassifier)(nil)
)

// Predict is one column per output.
func (m *MultiOutputRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return m.predict(b, x)
}

// Predict is one column per output; labels of different types become numpy's common one.
func (m *MultiOutputClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return m.predict(b, x)
}

// PredictProba is one matrix per output; in 0.18 they are one array, the outputs last.
func (m *MultiOutputClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	out := make([]graph.Value, len(m.Estimators))
	for i, e := range m.Estimators {
		if out[i] = sklearn.PredictProba(b, e, x); !out[i].OK() {
			return out[i]
		}
	}
	if !m.Before("0.19") {
		return b.Tuple(out...)
	}
	for _, p := range out {
		if p.Width() != out[0].Width() {
			return b.Refuse("all the input array dimensions except for the concatenation axis must match exactly")
		}
	}
	return b.Transpose(b.Stack(out...), 0, 2, 1)
}

// Available has probabilities when every estimator has.
func (m *MultiOutputClassifier) Available(method string) error { return m.all(method) }

// ClassLabels returns those of each output.
func (m *MultiOutputClassifier) ClassLabels() []sklearn.ClassLabels { return m.labels() }

// chain is sklearn.multioutput._BaseChain: each estimator also sees the predictions of those before it.
type chain struct {
	members
	Order []int `sk:"order_"`

	inverse []int
}

// Bound checks the order.
func (c *chain) Bound(bd *sklearn.Binder) error {
	if err := c.members.Bound(bd); err != nil {
		return err
	}
	n := len(c.Estimators)
	c.inverse = make([]int, n)
	seen := make([]bool, n)
	for at, i := range c.Order {
		if i < 0 || i >= n || seen[i] || len(c.Order) != n {
			return &sklearn.BindError{Path: c.Path, Attr: "order_", Msg: fmt.Sprintf("%v is no order of %d outputs", c.Order, n)}
		}
		seen[i], c.inverse[i] = true, at
	}
	if len(c.Order) != n {
		return &sklearn.BindError{Path: c.Path, Attr: "order_", Msg: fmt.Sprintf("%v is no order of %d outputs", c.Order, n)}
	}
	return nil
}

// DescribeInput lets the estimators describe it: all but the first see what was predicted before behind its columns.
func (c *chain) DescribeInput(in *sklearn.Input) *sklearn.Input {
	sklearn.DescribeInput(c.Estimators[0], in)
	for i, e := range c.Estimators[1:] {
		own := *in
		own.Columns = slices.Clone(in.Columns)
		for range i + 1 {
			own.Columns = append(own.Columns, sklearn.NewColumn(""))
		}
		sklearn.DescribeInput(e, &own)
	}
	return nil
}

// predictions runs the chain on the method of its features and gives each estimator's answer to the method asked, as
// float64, in the order of the outputs.
func (c *chain) predictions(b *graph.Builder, x graph.Value, feature, asked string) graph.Value {
	x = sklearn.Check(b, c, x, sklearn.Accept{Sparse: true})
	x = b.Cast(x, tensor.Float64)
	sparse := x.Type().Sparse()
	seen := []graph.Value{x}
	out := make([]graph.Value, len(c.Estimators))
	for i, e := range c.Estimators {
		xa := x
		if i > 0 {
			xa = b.HStack(sparse, seen...)
		}
		f, _ := sklearn.Response(b, e, xa, []string{feature}, -1)
		f = b.Cast(f, tensor.Float64)
		o := f
		if asked != feature {
			o, _ = sklearn.Response(b, e, xa, []string{asked}, -1)
			o = b.Cast(o, tensor.Float64)
		}
		for _, v := range []graph.Value{f, o} {
			if v.OK() && len(v.Type().Shape) == 2 && v.Width() != 1 {
				return b.Refuse("could not broadcast input array from shape (n,%d) into shape (n,)", v.Width())
			}
		}
		seen = append(seen, f)
		out[i] = o
	}
	return b.Gather(b.HStack(false, out...), c.inverse)
}

// ClassifierChain is sklearn.multioutput.ClassifierChain. Everything it returns is float64, labels too.
type ClassifierChain struct {
	chain
	ChainMethod string `sk:"chain_method_"`
}

// RegressorChain is sklearn.multioutput.RegressorChain.
type RegressorChain struct{ chain }

var (
	_ sklearn.Predictor         = (*RegressorChain)(nil)
	_ sklearn.Predictor         = (*ClassifierChain)(nil)
	_ sklearn.ProbaPredictor    = (*ClassifierChain)(nil)
	_ sklearn.LogProbaPredictor = (*ClassifierChain)(nil)
	_ sklearn.Decider           = (*ClassifierChain)(nil)
	_ sklearn.Availabler        = (*ClassifierChain)(nil)
	_ sklearn.Classifier        = (*ClassifierChain)(nil)
)

// Predict runs the chain.
func (r *RegressorChain) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return r.predictions(b, x, sklearn.MethodPredict, sklearn.MethodPredict)
}

// Bound checks the chain's method.
func (c *ClassifierChain) Bound(bd *sklearn.Binder) error {
	switch c.ChainMethod {
	case sklearn.MethodPredict, sklearn.MethodPredictProba, sklearn.MethodPredictLogProba, sklearn.MethodDecisionFunction:
	default:
		return &sklearn.BindError{Path: c.Path, Attr: "chain_method_", Msg: fmt.Sprintf("value %q is not known", c.ChainMethod)}
	}
	return c.chain.Bound(bd)
}

// Available has a method when every estimator has.
func (c *ClassifierChain) Available(method string) error {
	if method == sklearn.MethodPredictLogProba {
		method = sklearn.MethodPredictProba
	}
	return c.all(method)
}

// ClassLabels returns those of each estimator, in the order of the chain.
func (c *ClassifierChain) ClassLabels() []sklearn.ClassLabels {
	return c.labels()
}

// Predict runs the chain.
func (c *ClassifierChain) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return c.predictions(b, x, c.ChainMethod, sklearn.MethodPredict)
}

// PredictProba is the probability of each output's second class.
func (c *ClassifierChain) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return c.predictions(b, x, c.ChainMethod, sklearn.MethodPredictProba)
}

// PredictLogProba is the logarithm of PredictProba.
func (c *ClassifierChain) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.LogProba(b, c, x)
}

// DecisionFunction is the decision of each output.
func (c *ClassifierChain) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	return c.predictions(b, x, c.ChainMethod, sklearn.MethodDecisionFunction)
}
