package impute

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var knnClasses = []sklearn.Class{
	{Name: "sklearn.impute.KNNImputer", Modules: []string{"sklearn.impute._knn"},
		New:     func() sklearn.Estimator { return new(KNNImputer) },
		FitOnly: []string{"copy"},
		Upgrade: []sklearn.Rung{{Before: "1.2", Fix: func(s *sklearn.State) error {
			s.Default("keep_empty_features", pyobj.Bool(false))
			return nil
		}}, {Before: "1.3.1", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("(bare)"), pyobj.Bool(true))
			return nil
		}}, {Before: "1.6", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("(undefined)"), pyobj.Bool(true))
			return nil
		}}}},
}

// KNNImputer is sklearn.impute.KNNImputer. Donors at equal distances are taken in the order of the fitted rows, where
// scikit-learn's choice is that of a partial sort.
type KNNImputer struct {
	sklearn.Base
	imputer
	NNeighborsParam  int            `sk:"n_neighbors"`
	WeightsParam     pyobj.Value    `sk:"weights,optional"`
	MetricParam      pyobj.Value    `sk:"metric"`
	PrivateFitX      *tensor.Tensor `sk:"_fit_X"`
	PrivateMaskFitX  *tensor.Tensor `sk:"_mask_fit_X"`
	PrivateValidMask []bool         `sk:"_valid_mask,optional"`

	// RuleBare: before 1.3.1 rows without a missing cell among them came back without the indicator's columns.
	RuleBare bool `sk:"(bare),optional"`
	// RuleUndefined: before 1.6 uniform weights counted donors at no defined distance, too.
	RuleUndefined bool `sk:"(undefined),optional"`

	known      []bool
	byDistance bool
	single     bool
	columns    bool // _fit_X is in Fortran order
}

var (
	_ sklearn.Transformer    = (*KNNImputer)(nil)
	_ sklearn.FeatureNamer   = (*KNNImputer)(nil)
	_ sklearn.Holder         = (*KNNImputer)(nil)
	_ sklearn.InputDescriber = (*KNNImputer)(nil)
)

// Bound checks the fitted rows.
func (m *KNNImputer) Bound(*sklearn.Binder) error {
	if s, ok := sklearn.Text(m.MetricParam); !ok || s != "nan_euclidean" {
		return &sklearn.BindError{Path: m.Path, Attr: "metric", Msg: sklearn.Describe(m.MetricParam) + " is not known"}
	}
	if m.WeightsParam != nil {
		s, ok := sklearn.Text(m.WeightsParam)
		if !ok || (s != "uniform" && s != "distance") {
			return &sklearn.BindError{Path: m.Path, Attr: "weights", Msg: sklearn.Describe(m.WeightsParam) + " is not known"}
		}
		m.byDistance = s == "distance"
	}
	f := m.PrivateFitX.AsF64()
	shape := m.PrivateFitX.Shape
	if f == nil || len(shape) != 2 || shape[0] < 1 || m.PrivateMaskFitX.DType != tensor.Bool || m.PrivateMaskFitX.Len() != len(f) || m.NNeighborsParam < 1 {
		return &sklearn.BindError{Path: m.Path, Attr: "_fit_X", Msg: fmt.Sprintf("shape %v does not fit its mask", shape)}
	}
	if a, _ := m.Object.Attrs(); a != nil {
		if x, ok := a.Get("_fit_X").(*pyobj.Array); ok {
			m.columns = x.Fortran && !m.single
		}
	}
	m.single = m.PrivateFitX.DType == tensor.Float32
	m.PrivateFitX = tensor.FromF64(f, shape...)
	m.known = make([]bool, len(f))
	valid := make([]bool, shape[1])
	for i, missing := range m.PrivateMaskFitX.U8 {
		m.known[i] = missing == 0
		valid[i%shape[1]] = valid[i%shape[1]] || m.known[i]
	}
	if m.PrivateValidMask != nil && len(m.PrivateValidMask) != len(valid) {
		return &sklearn.BindError{Path: m.Path, Attr: "_valid_mask", Msg: "does not fit _fit_X"}
	}
	m.PrivateValidMask = valid
	if m.NFeaturesIn == 0 {
		m.NFeaturesIn = shape[1]
	}
	return m.bound(m.Path)
}

// Inside returns the indicator.
func (m *KNNImputer) Inside() []sklearn.Estimator { return m.inside() }

func (m *KNNImputer) keep() []int {
	out := []int{}
	for i, ok := range m.PrivateValidMask {
		if ok {
			out = append(out, i)
		}
	}
	return out
}

// Transform fills missing cells from the nearest fitted rows.
func (m *KNNImputer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, m, x, sklearn.Accept{DType: sklearn.DTypeFloat, NaN: m.MissingValuesParam.NaN(), Width: len(m.PrivateValidMask)})
	if !x.OK() {
		return x
	}
	if m.RuleBare && m.AddIndicatorParam {
		x = b.GuardAll(x, b.Unary(graph.OpNot, b.IsMissing(x, m.MissingValuesParam.Missing)),
			"no cell is missing: KNNImputer then left out the columns of its indicator, before scikit-learn 1.3.1, and the width would depend on the rows")
	}
	y := b.KNNImpute(x, graph.KNNImputeAttr{Fit: m.PrivateFitX, Known: m.known, Valid: m.PrivateValidMask, Neighbours: m.NNeighborsParam,
		ByDistance: m.byDistance, Undefined: m.RuleUndefined && !m.byDistance, Single: m.single, Columns: m.columns, Missing: m.MissingValuesParam.Missing})
	keep := m.keep()
	switch {
	case len(keep) == len(m.PrivateValidMask):
	case m.KeepEmptyFeaturesParam:
		y = b.Where(b.Const(tensor.FromBool(m.PrivateValidMask)), y, b.Scalar(0, y))
	default:
		y = b.Gather(y, keep)
	}
	return m.indicate(b, y, x)
}

// FeatureNamesOut gives the names of the columns that had values and of the indicator.
func (m *KNNImputer) FeatureNamesOut(in []string) ([]string, error) {
	return m.names(m, in, m.keep())
}

// DescribeInput knows the fitted range.
func (m *KNNImputer) DescribeInput(in *sklearn.Input) *sklearn.Input {
	k := len(m.PrivateValidMask)
	for j, c := range in.Columns {
		c.Missing = true
		if j >= k {
			break
		}
		first := true
		var lo, hi float64
		for i := j; i < len(m.known); i += k {
			if !m.known[i] {
				continue
			}
			v := m.PrivateFitX.F64[i]
			if first {
				lo, hi, first = v, v, false
			}
			lo, hi = min(lo, v), max(hi, v)
		}
		if !first {
			c.Between(lo, lo+(hi-lo)/2, hi)
		}
	}
	in.Numeric()
	out := &sklearn.Input{}
	for _, i := range m.keep() {
		if i < len(in.Columns) {
			out.Columns = append(out.Columns, in.Columns[i])
		}
	}
	if m.AddIndicatorParam || m.KeepEmptyFeaturesParam {
		return nil
	}
	return out
}
