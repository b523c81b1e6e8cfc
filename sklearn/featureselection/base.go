// Package featureselection is sklearn.feature_selection: transformers that keep some of the columns.
package featureselection

import (
	"slices"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = slices.Concat(univariateClasses, varianceClasses, fromModelClasses, rfeClasses, sequentialClasses)

// selector is scikit-learn's SelectorMixin: the mask is known once the file is bound.
type selector struct {
	sklearn.Base
	mask     []bool
	allowNaN bool
}

// choose sets the mask.
func (s *selector) choose(mask []bool) error {
	if s.NFeaturesIn == 0 {
		s.NFeaturesIn = len(mask)
	}
	if len(mask) != s.NFeaturesIn {
		return &sklearn.BindError{Path: s.Path, Msg: "the scores do not fit n_features_in_"}
	}
	s.mask = mask
	return nil
}

// kept lists the columns that stay.
func (s *selector) kept() []int {
	out := []int{}
	for i, on := range s.mask {
		if on {
			out = append(out, i)
		}
	}
	return out
}

// Transform picks the columns.
func (s *selector) Transform(b *graph.Builder, x graph.Value) graph.Value {
	asIs := s.Output != "" && x.OK() && x.Type().Kind == graph.Frame // of which columns are picked, whatever they hold
	x = sklearn.Check(b, s, x, sklearn.Accept{DType: sklearn.DTypeAny, Sparse: true, NaN: s.allowNaN || asIs, Inf: s.allowNaN || asIs, Width: len(s.mask)})
	if !x.OK() {
		return x
	}
	if x.Type().Kind == graph.OneHot {
		x = b.ToCSR(x)
	} else if !asIs {
		x = array(b, x)
	}
	kept := s.kept()
	if len(kept) == 0 && x.OK() && x.Type().Sparse() {
		return b.ToDense(b.Gather(x, kept)) // numpy.empty, whatever x was
	}
	return b.Gather(x, kept)
}

// array is a frame of numbers as an array of their common type; others are as they are.
func array(b *graph.Builder, x graph.Value) graph.Value {
	if t := x.Type(); t.Kind == graph.Frame && !slices.ContainsFunc(t.Columns, func(c graph.Column) bool { return !c.DType.IsNumeric() }) {
		return b.Cast(x, sklearn.FrameDType(t))
	}
	return x
}

// InverseTransform puts zeros where columns were left out.
func (s *selector) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	sparse := x.OK() && x.Type().Sparse()
	x = sklearn.Check(b, s, x, sklearn.Accept{DType: sklearn.DTypeAny, Sparse: true, NaN: sparse, Inf: sparse, Array: true})
	if !x.OK() {
		return x
	}
	kept := s.kept()
	if x.Width() != len(kept) {
		return b.Refuse("X has a different shape than during fitting.")
	}
	if x = b.ToDense(array(b, x)); !x.OK() || !x.DType().IsNumeric() {
		return b.Refuse("the inverse of a selection of %s", x.DType())
	}
	if len(kept) == 0 {
		return b.Unsupported("", "the inverse of an empty selection")
	}
	// a column of zeros stands behind the kept ones
	first := b.Gather(x, []int{0})
	never := b.Unary(graph.OpNot, b.Binary(graph.OpOr, b.Binary(graph.OpEqual, first, first), b.Unary(graph.OpNot, b.Binary(graph.OpEqual, first, first))))
	zero := b.Cast(never, x.DType())
	all := b.HStack(false, x, zero)
	index := make([]int, len(s.mask))
	at := 0
	for i, on := range s.mask {
		if index[i] = len(kept); on {
			index[i] = at
			at++
		}
	}
	out := b.Gather(all, index)
	if sparse {
		return b.ToCSR(out)
	}
	return out
}

// FeatureNamesOut picks the names.
func (s *selector) FeatureNamesOut(in []string) ([]string, error) {
	in, err := sklearn.InputNames(s, in, len(s.mask))
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, i := range s.kept() {
		out = append(out, in[i])
	}
	return out, nil
}

// DescribeInput passes the kept columns on.
func (s *selector) DescribeInput(in *sklearn.Input) *sklearn.Input {
	out := &sklearn.Input{}
	for _, i := range s.kept() {
		if i < len(in.Columns) {
			out.Columns = append(out.Columns, in.Columns[i])
		}
	}
	return out
}

var (
	_ sklearn.Transformer        = (*selector)(nil)
	_ sklearn.InverseTransformer = (*selector)(nil)
	_ sklearn.FeatureNamer       = (*selector)(nil)
	_ sklearn.InputDescriber     = (*selector)(nil)
)

// number returns element i.
func number(t *tensor.Tensor, i int) float64 {
	f, _ := t.Float(i)
	return f
}

// takesNaN tells whether an estimator accepts missing values, which a selector around it then does, too.
func takesNaN(v pyobj.Value) bool {
	o, ok := v.(*pyobj.Object)
	if !ok {
		return false
	}
	name := pyobj.ShortName(o.ClassName())
	for _, prefix := range []string{"HistGradientBoosting", "DecisionTree", "ExtraTree", "RandomForest", "IsolationForest", "SimpleImputer",
		"KNNImputer", "IterativeImputer", "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "QuantileTransformer", "PowerTransformer",
		"OneHotEncoder", "OrdinalEncoder", "TargetEncoder", "XGB", "LGBM", "CatBoost"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
