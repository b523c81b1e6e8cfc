package impute

import (
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var iterativeClasses = []sklearn.Class{
	{Name: "sklearn.impute.IterativeImputer", Modules: []string{"sklearn.impute._iterative"},
		New: func() sklearn.Estimator { return new(IterativeImputer) },
		FitOnly: []string{"estimator", "max_iter", "tol", "n_nearest_features", "initial_strategy", "fill_value", "imputation_order", "skip_complete",
			"min_value", "max_value"},
		Ignore: []string{"_estimator", "n_features_with_missing_"},
		Upgrade: []sklearn.Rung{{Before: "1.2", Fix: func(s *sklearn.State) error {
			s.Default("keep_empty_features", pyobj.Bool(false))
			return nil
		}}}},
}

// step is one entry of imputation_sequence_.
type step struct {
	feature    int
	neighbours []int
	estimator  sklearn.Estimator
}

// steps is imputation_sequence_.
type steps []step

// UnmarshalPy reads a list of _ImputerTriplet.
func (s *steps) UnmarshalPy(bd *sklearn.Binder, path string, v pyobj.Value) error {
	items, err := sklearn.Sequence(v)
	if err != nil {
		return err
	}
	for i, it := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		var triple []pyobj.Value
		switch x := it.(type) {
		case *pyobj.Object:
			triple = x.Args
			if len(triple) == 3 {
				if t, ok := triple[2].(*pyobj.Tuple); ok { // protocols 0 and 1: class, tuple, items
					triple = t.Items
				}
			}
		case *pyobj.Tuple:
			triple = x.Items
		}
		if len(triple) != 3 {
			return &sklearn.BindError{Path: at, Msg: sklearn.Describe(it) + " is no imputation step"}
		}
		st := step{}
		if st.feature, err = sklearn.Int(triple[0]); err != nil {
			return &sklearn.BindError{Path: at, Msg: err.Error()}
		}
		near, err := sklearn.Sequence(triple[1])
		if err != nil {
			return &sklearn.BindError{Path: at, Msg: err.Error()}
		}
		for _, n := range near {
			j, err := sklearn.Int(n)
			if err != nil {
				return &sklearn.BindError{Path: at, Msg: err.Error()}
			}
			st.neighbours = append(st.neighbours, j)
		}
		if st.estimator, err = bd.Bind(triple[2], at); err != nil {
			return err
		}
		*s = append(*s, st)
	}
	return nil
}

// IterativeImputer is sklearn.impute.IterativeImputer. Columns are imputed one after the other in the order of the fit.
// Draws from a posterior are those of the first call after loading: later ones go on where it stopped.
type IterativeImputer struct {
	sklearn.Base
	imputer
	SamplePosteriorParam  bool              `sk:"sample_posterior"`
	RandomStateParam      parts.RandomState `sk:"random_state"`
	RandomState           parts.RandomState `sk:"random_state_,optional"`
	ImputationSequence    steps             `sk:"imputation_sequence_"`
	InitialImputer        sklearn.Estimator `sk:"initial_imputer_"`
	NIter                 int               `sk:"n_iter_"`
	PrivateMinValue       *tensor.Tensor    `sk:"_min_value,optional"`
	PrivateMaxValue       *tensor.Tensor    `sk:"_max_value,optional"`
	PrivateIsEmptyFeature []bool            `sk:"_is_empty_feature,optional"`

	kept []int // the columns that are left after the initial imputation
}

var (
	_ sklearn.Transformer    = (*IterativeImputer)(nil)
	_ sklearn.FeatureNamer   = (*IterativeImputer)(nil)
	_ sklearn.Availabler     = (*IterativeImputer)(nil)
	_ sklearn.Holder         = (*IterativeImputer)(nil)
	_ sklearn.InputDescriber = (*IterativeImputer)(nil)
)

// Bound checks the sequence against the columns.
func (m *IterativeImputer) Bound(*sklearn.Binder) error {
	first, ok := m.InitialImputer.(*SimpleImputer)
	if !ok {
		return &sklearn.BindError{Path: m.Path, Attr: "initial_imputer_", Msg: "no SimpleImputer"}
	}
	n := first.Statistics.Len()
	if m.PrivateIsEmptyFeature == nil {
		m.PrivateIsEmptyFeature = make([]bool, n)
		for i := range n {
			m.PrivateIsEmptyFeature[i] = first.Statistics.Cell(i).IsNaN()
		}
	}
	if len(m.PrivateIsEmptyFeature) != n {
		return &sklearn.BindError{Path: m.Path, Attr: "_is_empty_feature", Msg: "does not fit the initial imputer"}
	}
	for i, empty := range m.PrivateIsEmptyFeature {
		if m.KeepEmptyFeaturesParam || !empty {
			m.kept = append(m.kept, i)
		}
	}
	for _, s := range m.ImputationSequence {
		for _, j := range append([]int{s.feature}, s.neighbours...) {
			if j < 0 || j >= len(m.kept) {
				return &sklearn.BindError{Path: m.Path, Attr: "imputation_sequence_", Msg: fmt.Sprintf("no column %d", j)}
			}
		}
	}
	if m.NFeaturesIn == 0 {
		m.NFeaturesIn = n
	}
	return m.bound(m.Path)
}

// Available refuses draws that can not be repeated.
func (m *IterativeImputer) Available(string) error {
	if !m.SamplePosteriorParam {
		return nil
	}
	_, err := m.RandomStateParam.Generator() // None, which leaves numpy's own generator in random_state_
	if err == nil {
		_, err = m.RandomState.Generator()
	}
	if err != nil {
		return sklearn.NotComputed("sample_posterior=True: %s", err)
	}
	for _, s := range m.ImputationSequence {
		if err := sklearn.Has(s.estimator, sklearn.MethodPredictStd); err != nil {
			return err
		}
	}
	return nil
}

// Inside returns the estimators of the sequence.
func (m *IterativeImputer) Inside() []sklearn.Estimator {
	out := append([]sklearn.Estimator{m.InitialImputer}, m.inside()...)
	for _, s := range m.ImputationSequence {
		out = append(out, s.estimator)
	}
	return out
}

// limit returns a bound of a column.
func limit(t *tensor.Tensor, j int, none float64) float64 {
	switch {
	case t == nil:
		return none
	case t.Len() == 1:
		j = 0
	case j >= t.Len():
		return none
	}
	if f, ok := t.Float(j); ok {
		return f
	}
	return none
}

// Transform fills in what the initial imputer says and refines it column by column.
func (m *IterativeImputer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = comparable(b, m.MissingValuesParam, sklearn.Check(b, m, x, sklearn.Accept{DType: sklearn.DTypeFloat, NaN: m.MissingValuesParam.NaN(), Width: len(m.PrivateIsEmptyFeature)}))
	first := sklearn.Transform(b, m.InitialImputer, x)
	if !first.OK() {
		return first
	}
	if got := first.Width(); got != len(m.kept) {
		return b.Refuse("the initial imputer makes %d columns of %d", got, len(m.kept))
	}
	if m.NIter == 0 {
		return m.indicate(b, first, x)
	}
	mask := b.Gather(b.IsMissing(x, m.MissingValuesParam.Missing), m.kept)
	if m.KeepEmptyFeaturesParam {
		filled := make([]bool, len(m.kept))
		any := false
		for k, i := range m.kept {
			filled[k] = !m.PrivateIsEmptyFeature[i]
			any = any || !filled[k]
		}
		if any {
			mask = b.Binary(graph.OpAnd, mask, b.Const(tensor.FromBool(filled)))
		}
	}
	cols, holes := make([]graph.Value, len(m.kept)), make([]graph.Value, len(m.kept))
	for k := range cols {
		cols[k], holes[k] = b.Column(first, k), b.Column(mask, k)
	}
	drawn := b.Zeros(x)
	for _, s := range m.ImputationSequence {
		near := make([]graph.Value, len(s.neighbours))
		for i, j := range s.neighbours {
			near[i] = cols[j]
		}
		lo, hi := limit(m.PrivateMinValue, s.feature, math.Inf(-1)), limit(m.PrivateMaxValue, s.feature, math.Inf(1))
		var p graph.Value
		if m.SamplePosteriorParam {
			p, drawn = m.draw(b, s.estimator, b.HStack(false, near...), holes[s.feature], drawn, lo, hi)
		} else {
			p = sklearn.Predict(b, s.estimator, b.HStack(false, near...))
			if p.OK() && len(p.Type().Shape) == 2 {
				p = b.Ravel(p)
			}
			p = b.Clip(p, lo, hi)
		}
		if p.OK() {
			p = b.Cast(p, first.DType())
		}
		cols[s.feature] = b.Where(holes[s.feature], p, cols[s.feature])
	}
	return m.indicate(b, b.IfAll(mask, first, b.HStack(false, cols...)), x)
}

// draw draws from the posterior of the rows that have a hole.
func (m *IterativeImputer) draw(b *graph.Builder, e sklearn.Estimator, x, hole, drawn graph.Value, lo, hi float64) (values, after graph.Value) {
	rs, err := m.RandomState.Generator()
	if err != nil {
		return b.Fail(err), drawn
	}
	p := sklearn.Call(b, e, sklearn.MethodPredictStd, x).Parts()
	if len(p) != 2 {
		return graph.Value{}, drawn
	}
	return b.TruncatedNormal(hole, b.Cast(p[0], tensor.Float64), b.Cast(p[1], tensor.Float64), drawn, &graph.TruncatedAttr{Lo: lo, Hi: hi, Key: &rs.Key, Pos: rs.Pos})
}

// FeatureNamesOut gives the names of the initial imputer and of the indicator.
func (m *IterativeImputer) FeatureNamesOut(in []string) ([]string, error) {
	names, err := sklearn.InputNames(m, in, m.NFeaturesIn)
	if err != nil {
		return nil, err
	}
	out, err := sklearn.FeatureNames(m.InitialImputer, names)
	if err != nil || !m.AddIndicatorParam {
		return out, err
	}
	more, err := sklearn.FeatureNames(m.Indicator, names)
	return append(out, more...), err
}

// DescribeInput knows what the initial imputer knows.
func (m *IterativeImputer) DescribeInput(in *sklearn.Input) *sklearn.Input {
	out := sklearn.DescribeInput(m.InitialImputer, in)
	if m.AddIndicatorParam {
		return nil
	}
	return out
}
