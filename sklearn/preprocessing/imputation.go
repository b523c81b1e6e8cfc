package preprocessing

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var imputationClasses = []sklearn.Class{
	{Name: "sklearn.preprocessing.Imputer", Modules: []string{"sklearn.preprocessing.imputation"},
		New:     func() sklearn.Estimator { return new(Imputer) },
		FitOnly: []string{"copy"}},
}

// Imputer is sklearn.preprocessing.Imputer, which sklearn.impute.SimpleImputer replaced in 0.22. Only imputation by
// column keeps anything of the fit; along a row the row's own cells count, and rows of any width are taken.
type Imputer struct {
	sklearn.Base
	MissingValuesParam parts.Missing  `sk:"missing_values"`
	StrategyParam      string         `sk:"strategy"`
	AxisParam          int            `sk:"axis"`
	Statistics         *tensor.Tensor `sk:"statistics_,text,optional"`
}

var (
	_ sklearn.Transformer    = (*Imputer)(nil)
	_ sklearn.InputDescriber = (*Imputer)(nil)
)

// Bound checks the parameters.
func (m *Imputer) Bound(*sklearn.Binder) error {
	switch {
	case m.AxisParam != 0 && m.AxisParam != 1:
		return &sklearn.BindError{Path: m.Path, Attr: "axis", Msg: fmt.Sprintf("imputation along axis %d", m.AxisParam)}
	case m.AxisParam == 0 && m.Statistics == nil:
		return &sklearn.BindError{Path: m.Path, Attr: "statistics_", Msg: "attribute is missing"}
	case m.StrategyParam != "mean" && m.StrategyParam != "median" && m.StrategyParam != "most_frequent":
		return &sklearn.BindError{Path: m.Path, Attr: "strategy", Msg: fmt.Sprintf("%q is not known", m.StrategyParam)}
	}
	if c := &m.MissingValuesParam.Value; c.Kind == tensor.CellStr && c.S == "NaN" {
		*c = tensor.FloatCell(nan)
	}
	if _, number := m.MissingValuesParam.Value.Float(); !number {
		return &sklearn.BindError{Path: m.Path, Attr: "missing_values", Msg: "no number"}
	}
	if m.AxisParam == 0 {
		m.NFeaturesIn = m.Statistics.Len()
	}
	return nil
}

// keep returns the columns with a statistic.
func (m *Imputer) keep() []int {
	out := []int{}
	for i := range m.Statistics.Len() {
		if !m.Statistics.Cell(i).IsNaN() {
			out = append(out, i)
		}
	}
	return out
}

// Transform fills missing cells and leaves out columns nothing was learned for.
func (m *Imputer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	if x.OK() && x.Type().Kind != graph.Frame && m.Before("0.18") { // as_float_array
		switch x.DType() {
		case tensor.Float16:
			x = b.Cast(x, tensor.Float64)
		case tensor.Int32:
			x = b.Cast(x, tensor.Float32)
		}
	}
	if m.AxisParam == 1 {
		x = sklearn.Check(b, m, x, sklearn.Accept{DType: sklearn.DTypeFloat, Sparse: true, NaN: true, Inf: true, AnyWidth: true})
		if x.OK() && x.Type().Kind != graph.Dense {
			return b.Unsupported(graph.OpRowImpute, "scikit-learn counts the stored zeros of sparse rows in its own way")
		}
		return b.RowImpute(x, graph.RowImputeAttr{Missing: m.MissingValuesParam.Missing, Statistic: m.StrategyParam})
	}
	x = sklearn.Check(b, m, x, sklearn.Accept{DType: sklearn.DTypeFloat, Sparse: true, NaN: true, Inf: true, Width: m.Statistics.Len()})
	if x.OK() && x.Type().Kind == graph.OneHot {
		x = b.ToCSR(x)
	}
	if f, _ := m.MissingValuesParam.Value.Float(); f == 0 && x.OK() && x.Type().Sparse() {
		x = b.ToDense(x)
	}
	keep := m.keep()
	a := graph.ImputeAttr{Missing: m.MissingValuesParam.Missing}
	for _, i := range keep {
		a.Fill = append(a.Fill, m.Statistics.Cell(i))
	}
	return b.Impute(b.Gather(x, keep), a)
}

// DescribeInput knows a typical value of each column; the columns pass on.
func (m *Imputer) DescribeInput(in *sklearn.Input) *sklearn.Input {
	if m.AxisParam == 1 {
		in.Numeric()
		for _, c := range in.Columns {
			c.Missing = c.Missing || m.MissingValuesParam.NaN()
		}
		return in
	}
	out := &sklearn.Input{}
	for i, c := range in.Columns {
		c.Missing = c.Missing || m.MissingValuesParam.NaN()
		c.Between(nan, at(m.Statistics, i), nan)
	}
	for _, i := range m.keep() {
		if i < len(in.Columns) {
			out.Columns = append(out.Columns, in.Columns[i])
		}
	}
	return out
}
