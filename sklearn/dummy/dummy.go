// Package dummy understands sklearn.dummy. Only the number of rows of the input counts.
package dummy

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
		Name: "sklearn.dummy.DummyClassifier", New: func() sklearn.Estimator { return new(DummyClassifier) },
		FitOnly: []string{"strategy"}, Ignore: []string{"n_classes_", "outputs_2d_"},
		Upgrade: []sklearn.Rung{{Before: "0.22", Fix: func(s *sklearn.State) error {
			if v := s.Attrs.Get("strategy"); v != nil {
				s.Default("_strategy", v)
			}
			return nil
		}}},
	},
	{
		Name: "sklearn.dummy.DummyRegressor", New: func() sklearn.Estimator { return new(DummyRegressor) },
		FitOnly: []string{"strategy", "constant", "quantile"}, Ignore: []string{"outputs_2d_"},
	},
}

// DummyClassifier is sklearn.dummy.DummyClassifier. Its random strategies need a seed.
type DummyClassifier struct {
	sklearn.Base
	Strategy    string            `sk:"_strategy"`
	Constant    pyobj.Value       `sk:"constant"`
	RandomState parts.RandomState `sk:"random_state"`
	Sparse      bool              `sk:"sparse_output_"`
	NOutputs    int               `sk:"n_outputs_"`
	Output2D    bool              `sk:"output_2d_,optional"` // before 0.22: one output stays a column
	RawClasses  pyobj.Value       `sk:"classes_"`
	RawPrior    pyobj.Value       `sk:"class_prior_"`

	labels   []*tensor.Tensor // by output
	prior    []*tensor.Tensor
	constant []int // by output: class index of the constant
}

var (
	_ sklearn.Predictor         = (*DummyClassifier)(nil)
	_ sklearn.ProbaPredictor    = (*DummyClassifier)(nil)
	_ sklearn.LogProbaPredictor = (*DummyClassifier)(nil)
	_ sklearn.Classifier        = (*DummyClassifier)(nil)
	_ sklearn.Availabler        = (*DummyClassifier)(nil)
	_ sklearn.Unchecked         = (*DummyClassifier)(nil)
	_ sklearn.Unchecked         = (*DummyRegressor)(nil)
)

// Bound reads what is one array for one output and a list of arrays for more.
func (d *DummyClassifier) Bound(*sklearn.Binder) error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: d.Path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	read := func(attr string, v pyobj.Value) ([]*tensor.Tensor, error) {
		items := []pyobj.Value{v}
		if l, ok := v.(*pyobj.List); ok {
			items = l.Items
		}
		out := make([]*tensor.Tensor, len(items))
		for i, it := range items {
			t, err := sklearn.Tensor(it)
			if err != nil {
				return nil, bad(attr, "%s", err)
			}
			out[i] = t
		}
		if len(out) != d.NOutputs {
			return nil, bad(attr, "%d arrays for %d outputs", len(out), d.NOutputs)
		}
		return out, nil
	}
	var err error
	if d.labels, err = read("classes_", d.RawClasses); err != nil {
		return err
	}
	if d.prior, err = read("class_prior_", d.RawPrior); err != nil {
		return err
	}
	for i, p := range d.prior {
		if p.Len() != d.labels[i].Len() || p.Len() == 0 {
			return bad("class_prior_", "%d values for %d classes", p.Len(), d.labels[i].Len())
		}
		d.prior[i] = parts.Float64(p)
	}
	switch d.Strategy {
	case "prior", "most_frequent", "stratified", "uniform":
	case "constant":
		consts := []pyobj.Value{d.Constant}
		if items, err := sklearn.Sequence(d.Constant); err == nil {
			consts = items
		}
		if len(consts) != d.NOutputs {
			return bad("constant", "%d values for %d outputs", len(consts), d.NOutputs)
		}
		for i, c := range consts {
			at, ok := sklearn.ClassIndex(d.labels[i], c)
			if !ok {
				return bad("constant", "%s is no class", sklearn.Describe(c))
			}
			d.constant = append(d.constant, at)
		}
	default:
		return bad("_strategy", "value %q is not known", d.Strategy)
	}
	return nil
}

// Available refuses draws that can not be repeated.
func (d *DummyClassifier) Available(method string) error {
	switch {
	case d.NOutputs == 1 && d.Output2D && method != sklearn.MethodPredict:
		return sklearn.NotComputed("before 0.22 the probabilities of a column of labels were a list of one array")
	case d.Strategy == "stratified", d.Strategy == "uniform" && method == sklearn.MethodPredict:
		_, err := d.RandomState.Generator()
		return err
	}
	return nil
}

// Unchecked: no rows are fine.
func (d *DummyClassifier) Unchecked() bool { return true }

// DescribeInput: no column is read.
func (d *DummyClassifier) DescribeInput(*sklearn.Input) *sklearn.Input { return nil }

// ClassLabels returns classes_.
func (d *DummyClassifier) ClassLabels() []sklearn.ClassLabels { return d.labels }

// fixed is the class that is always predicted, where one is.
func (d *DummyClassifier) fixed(output int) (int, bool) {
	switch d.Strategy {
	case "constant":
		return d.constant[output], true
	case "prior", "most_frequent":
		best := 0
		for i, p := range d.prior[output].F64 {
			if p > d.prior[output].F64[best] {
				best = i
			}
		}
		return best, true
	}
	return 0, false
}

// draw adds the random draw of an output: those of the outputs before come first from the same generator.
func (d *DummyClassifier) draw(b *graph.Builder, x graph.Value, output int) graph.Value {
	a, err := d.RandomState.Generator()
	if err != nil {
		return b.Fail(&sklearn.MethodError{Path: d.Path, Class: d.Name(), Method: sklearn.MethodPredict, Why: err})
	}
	for i := range output + 1 {
		if d.Strategy == "uniform" {
			a.Draws = append(a.Draws, graph.Draw{Below: d.labels[i].Len()})
		} else {
			a.Draws = append(a.Draws, graph.Draw{Prob: d.prior[i].F64})
		}
	}
	return b.RandomDraw(x, a)
}

// Predict is the constant, the most frequent class, or a draw.
func (d *DummyClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	if d.Sparse && d.Strategy == "uniform" {
		return b.Refuse("Sparse target prediction is not supported with the uniform strategy")
	}
	if d.Sparse && d.Strategy == "stratified" {
		return b.Unsupported(graph.OpRandomDraw, "the stratified strategy of a sparse target draws in another order")
	}
	cols := make([]graph.Value, d.NOutputs)
	for i := range cols {
		var codes graph.Value
		if at, ok := d.fixed(i); ok {
			codes = b.Take(b.Const(tensor.FromI64([]int64{int64(at)})), b.Zeros(x))
		} else if codes = d.draw(b, x, i); d.Strategy == "stratified" {
			codes = b.ArgMax(codes)
		}
		cols[i] = b.Labels(codes, d.labels[i])
	}
	dt := cols[0].DType()
	for _, c := range cols[1:] {
		dt = tensor.Promote(dt, c.DType())
	}
	// A constant is repeated as it was given, not as the class that it names: 1 for True.
	if c, err := sklearn.Tensor(d.Constant); err == nil && d.Strategy == "constant" && !d.Sparse && c.DType.IsNumeric() && dt.IsNumeric() {
		dt = c.DType
	}
	if d.NOutputs == 1 && !d.Output2D {
		return b.Cast(cols[0], dt)
	}
	for i := range cols {
		cols[i] = b.Cast(cols[i], dt)
	}
	y := b.Stack(cols...)
	if d.Sparse {
		y = b.ToCSR(y)
	}
	return y
}

// PredictProba is the prior, the same for all, or 1 for one class.
func (d *DummyClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	out := make([]graph.Value, d.NOutputs)
	for i, l := range d.labels {
		row := tensor.New(tensor.Float64, 1, l.Len())
		switch d.Strategy {
		case "prior":
			copy(row.F64, d.prior[i].F64)
		case "uniform":
			for j := range row.F64 {
				row.F64[j] = 1 / float64(l.Len())
			}
		case "stratified":
			out[i] = d.draw(b, x, i)
			continue
		default:
			at, _ := d.fixed(i)
			row.F64[at] = 1
		}
		out[i] = b.Take(b.Const(row), b.Zeros(x))
	}
	if d.NOutputs == 1 && !d.Output2D {
		return out[0]
	}
	return b.Tuple(out...)
}

// PredictLogProba is the logarithm of PredictProba.
func (d *DummyClassifier) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.LogProba(b, d, x)
}

// DummyRegressor is sklearn.dummy.DummyRegressor.
type DummyRegressor struct {
	sklearn.Base
	Constant *tensor.Tensor `sk:"constant_,text"`
	NOutputs int            `sk:"n_outputs_"`
	Output2D bool           `sk:"output_2d_,optional"` // before 0.22: one output stays a column
}

var (
	_ sklearn.Predictor    = (*DummyRegressor)(nil)
	_ sklearn.StdPredictor = (*DummyRegressor)(nil)
)

// Bound checks the number of constants.
func (d *DummyRegressor) Bound(*sklearn.Binder) error {
	if n := d.Constant.Len(); n != d.NOutputs || n == 0 || !d.Constant.DType.IsNumeric() {
		return &sklearn.BindError{Path: d.Path, Attr: "constant_", Msg: fmt.Sprintf("%s%v for %d outputs", d.Constant.DType, d.Constant.Shape, d.NOutputs)}
	}
	return nil
}

// DescribeInput: no column is read.
func (d *DummyRegressor) DescribeInput(*sklearn.Input) *sklearn.Input { return nil }

// Unchecked: no rows are fine.
func (d *DummyRegressor) Unchecked() bool { return true }

// Predict is the constant.
func (d *DummyRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	if d.NOutputs == 1 && !d.Output2D {
		return b.Take(b.Const(d.Constant.Reshape(1)), b.Zeros(x))
	}
	return b.Take(b.Const(d.Constant.Reshape(1, d.NOutputs)), b.Zeros(x))
}

// PredictStd gives the constant and a standard deviation of zero.
func (d *DummyRegressor) PredictStd(b *graph.Builder, x graph.Value) graph.Value {
	zero := tensor.New(tensor.Float64, 1)
	if d.NOutputs > 1 || d.Output2D {
		zero = tensor.New(tensor.Float64, 1, d.NOutputs)
	}
	return b.Tuple(d.Predict(b, x).Named("mean"), b.Take(b.Const(zero), b.Zeros(x)).Named("std"))
}
