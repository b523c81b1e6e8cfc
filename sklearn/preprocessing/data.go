package preprocessing

import (
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var dataModules = []string{"sklearn.preprocessing._data", "sklearn.preprocessing.data"}

var dataClasses = []sklearn.Class{
	{Name: "sklearn.preprocessing.StandardScaler", Modules: dataModules,
		New:     func() sklearn.Estimator { return new(StandardScaler) },
		FitOnly: []string{"copy"},
		Ignore:  []string{"var_", "n_samples_seen_", "std_"},
		Upgrade: []sklearn.Rung{
			{Before: "0.18", Fix: func(s *sklearn.State) error {
				s.Rename("std_", "scale_")
				return nil
			}},
			{Before: "1.8", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("rule_wide"), pyobj.Bool(true))
				return nil
			}}}},
	{Name: "sklearn.preprocessing.MinMaxScaler", Modules: dataModules,
		New:     func() sklearn.Estimator { return new(MinMaxScaler) },
		FitOnly: []string{"copy"},
		Ignore:  []string{"data_min_", "data_max_", "data_range_", "n_samples_seen_", "data_min", "data_range"},
		Upgrade: []sklearn.Rung{{Before: "0.24", Fix: func(s *sklearn.State) error {
			s.Default("clip", pyobj.Bool(false))
			return nil
		}}}},
	{Name: "sklearn.preprocessing.MaxAbsScaler", Modules: dataModules,
		New:     func() sklearn.Estimator { return new(MaxAbsScaler) },
		FitOnly: []string{"copy"},
		Ignore:  []string{"n_samples_seen_"}},
	{Name: "sklearn.preprocessing.RobustScaler", Modules: dataModules,
		New:     func() sklearn.Estimator { return new(RobustScaler) },
		FitOnly: []string{"copy", "quantile_range", "unit_variance"}},
	{Name: "sklearn.preprocessing.Normalizer", Modules: dataModules,
		New:     func() sklearn.Estimator { return new(Normalizer) },
		FitOnly: []string{"copy"},
		Upgrade: []sklearn.Rung{{Before: "0.23", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("rule_signed"), pyobj.Bool(true))
			return nil
		}}, {Before: "1.0", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("rule_zero"), pyobj.Bool(true))
			return nil
		}}}},
	{Name: "sklearn.preprocessing.Binarizer", Modules: dataModules,
		New:     func() sklearn.Estimator { return new(Binarizer) },
		FitOnly: []string{"copy"}},
	{Name: "sklearn.preprocessing.KernelCenterer", Modules: dataModules,
		New: func() sklearn.Estimator { return new(KernelCenterer) }},
	{Name: "sklearn.preprocessing.QuantileTransformer", Modules: dataModules,
		New:     func() sklearn.Estimator { return new(QuantileTransformer) },
		FitOnly: []string{"copy", "n_quantiles", "subsample", "random_state"},
		Ignore:  []string{"n_quantiles_"},
		Upgrade: []sklearn.Rung{{Before: "0.21", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("rule_near"), pyobj.Bool(true))
			return nil
		}}}},
	{Name: "sklearn.preprocessing.PowerTransformer", Modules: dataModules,
		New:     func() sklearn.Estimator { return new(PowerTransformer) },
		FitOnly: []string{"copy"},
		Upgrade: []sklearn.Rung{
			{Before: "0.20.1", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("rule_signed"), pyobj.Bool(true))
				return nil
			}},
			{Before: "1.6", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("rule_inverse_pow"), pyobj.Bool(true))
				return nil
			}},
			{Before: "1.9", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("rule_pow"), pyobj.Bool(true))
				return nil
			}}}},
}

// StandardScaler is sklearn.preprocessing.StandardScaler.
type StandardScaler struct {
	sklearn.Base
	WithMeanParam bool           `sk:"with_mean"`
	WithStdParam  bool           `sk:"with_std"`
	Mean          *tensor.Tensor `sk:"mean_,optional"`
	Scale         *tensor.Tensor `sk:"scale_,optional"`

	// RuleWide: before 1.8 float32 rows met the float64 constants, each step rounded; since then the constants are
	// rounded to float32 first.
	RuleWide bool `sk:"rule_wide,optional"`
}

var (
	_ sklearn.Transformer        = (*StandardScaler)(nil)
	_ sklearn.InverseTransformer = (*StandardScaler)(nil)
	_ sklearn.FeatureNamer       = (*StandardScaler)(nil)
	_ sklearn.InputDescriber     = (*StandardScaler)(nil)
)

// Bound checks that what the parameters ask for was fitted.
func (s *StandardScaler) Bound(*sklearn.Binder) error {
	if s.WithMeanParam && s.Mean == nil {
		return &sklearn.BindError{Path: s.Path, Attr: "mean_", Msg: "attribute is missing"}
	}
	if s.WithStdParam && s.Scale == nil {
		return &sklearn.BindError{Path: s.Path, Attr: "scale_", Msg: "attribute is missing"}
	}
	return nil
}

func (s *StandardScaler) accept(inverse bool) sklearn.Accept {
	a := sklearn.Accept{DType: sklearn.DTypeFloat, Sparse: true, NaN: !s.Before("0.20"), Array: inverse}
	if s.RuleWide {
		a.DType = sklearn.DTypeFloat
	}
	if s.Scale != nil {
		a.Width = s.Scale.Len()
	}
	return a
}

// constant gives a fitted row for x.
func (s *StandardScaler) constant(b *graph.Builder, t *tensor.Tensor, x graph.Value) graph.Value {
	c := b.Const(t)
	if s.RuleWide || !x.OK() {
		return c
	}
	return b.Cast(c, x.DType())
}

// Transform divides dense rows by the scale and multiplies sparse ones by its reciprocal.
func (s *StandardScaler) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, s.accept(false))
	if x.OK() && x.Type().Kind != graph.Dense {
		if s.WithMeanParam {
			return b.Refuse("Cannot center sparse matrices: pass `with_mean=False` instead. See docstring for motivation and alternatives.")
		}
		return scaleColumns(b, x, reciprocal(s.Scale))
	}
	if s.WithMeanParam {
		x = b.InPlace(graph.OpSub, x, s.constant(b, s.Mean, x))
	}
	if s.WithStdParam {
		x = b.InPlace(graph.OpDiv, x, s.constant(b, s.Scale, x))
	}
	return x
}

// InverseTransform multiplies by the scale and adds the mean.
func (s *StandardScaler) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, s.accept(true))
	if x.OK() && x.Type().Kind != graph.Dense {
		if s.WithMeanParam {
			return b.Refuse("Cannot uncenter sparse matrices: pass `with_mean=False` instead See docstring for motivation and alternatives.")
		}
		return scaleColumns(b, x, s.Scale)
	}
	if s.WithStdParam {
		x = b.InPlace(graph.OpMul, x, s.constant(b, s.Scale, x))
	}
	if s.WithMeanParam {
		x = b.InPlace(graph.OpAdd, x, s.constant(b, s.Mean, x))
	}
	return x
}

// FeatureNamesOut keeps the names.
func (s *StandardScaler) FeatureNamesOut(in []string) ([]string, error) { return oneToOne(s, in) }

// DescribeInput knows mean and standard deviation.
func (s *StandardScaler) DescribeInput(in *sklearn.Input) *sklearn.Input {
	for i, c := range in.Columns {
		mean, scale := at(s.Mean, i), at(s.Scale, i)
		c.Between(mean-scale, mean, mean+scale)
		c.Missing = true
	}
	return nil
}

// at returns element i of t, NaN where there is none.
func at(t *tensor.Tensor, i int) float64 {
	if t == nil || i >= t.Len() {
		return math.NaN()
	}
	f, ok := t.Float(i)
	if !ok {
		return math.NaN()
	}
	return f
}

// reciprocal gives 1/t in t's dtype.
func reciprocal(t *tensor.Tensor) *tensor.Tensor {
	if t == nil {
		return nil
	}
	if t.DType == tensor.Float32 {
		out := tensor.New(tensor.Float32, t.Shape...)
		for i, v := range t.F32 {
			out.F32[i] = 1 / v
		}
		return out
	}
	out := tensor.New(tensor.Float64, t.Shape...)
	for i := range out.F64 {
		v, _ := t.Float(i)
		out.F64[i] = 1 / v
	}
	return out
}

// scaleColumns multiplies the stored entries of a sparse value, keeping its dtype.
func scaleColumns(b *graph.Builder, x graph.Value, by *tensor.Tensor) graph.Value {
	if by == nil {
		return x
	}
	return b.InPlace(graph.OpMul, b.ToCSR(x), b.Const(by))
}

// MinMaxScaler is sklearn.preprocessing.MinMaxScaler.
type MinMaxScaler struct {
	sklearn.Base
	FeatureRangeParam []float64      `sk:"feature_range"`
	ClipParam         bool           `sk:"clip"`
	Scale             *tensor.Tensor `sk:"scale_"`
	Min               *tensor.Tensor `sk:"min_"`
}

var (
	_ sklearn.Transformer        = (*MinMaxScaler)(nil)
	_ sklearn.InverseTransformer = (*MinMaxScaler)(nil)
	_ sklearn.FeatureNamer       = (*MinMaxScaler)(nil)
	_ sklearn.InputDescriber     = (*MinMaxScaler)(nil)
)

// Bound checks the range.
func (s *MinMaxScaler) Bound(*sklearn.Binder) error {
	if len(s.FeatureRangeParam) != 2 {
		return &sklearn.BindError{Path: s.Path, Attr: "feature_range", Msg: "wanted two numbers"}
	}
	return nil
}

// Transform multiplies and adds; both constants keep their own dtype beside float32 rows.
func (s *MinMaxScaler) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{DType: sklearn.DTypeFloat, NaN: !s.Before("0.20"), Width: s.Scale.Len()})
	x = b.InPlace(graph.OpMul, x, b.Const(s.Scale))
	x = b.InPlace(graph.OpAdd, x, b.Const(s.Min))
	if s.ClipParam {
		x = b.Clip(x, s.FeatureRangeParam[0], s.FeatureRangeParam[1])
	}
	return x
}

// InverseTransform subtracts and divides.
func (s *MinMaxScaler) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{DType: sklearn.DTypeFloat, NaN: !s.Before("0.20"), Array: true})
	x = b.InPlace(graph.OpSub, x, b.Const(s.Min))
	return b.InPlace(graph.OpDiv, x, b.Const(s.Scale))
}

// FeatureNamesOut keeps the names.
func (s *MinMaxScaler) FeatureNamesOut(in []string) ([]string, error) { return oneToOne(s, in) }

// DescribeInput knows the fitted range.
func (s *MinMaxScaler) DescribeInput(in *sklearn.Input) *sklearn.Input {
	for i, c := range in.Columns {
		scale, low := at(s.Scale, i), at(s.Min, i)
		lo, hi := (s.FeatureRangeParam[0]-low)/scale, (s.FeatureRangeParam[1]-low)/scale
		c.Between(lo, lo+(hi-lo)/2, hi)
		c.Missing = true
	}
	return nil
}

// MaxAbsScaler is sklearn.preprocessing.MaxAbsScaler.
type MaxAbsScaler struct {
	sklearn.Base
	ClipParam bool           `sk:"clip,optional"`
	Scale     *tensor.Tensor `sk:"scale_"`
	MaxAbs    *tensor.Tensor `sk:"max_abs_,optional"`
}

var (
	_ sklearn.Transformer        = (*MaxAbsScaler)(nil)
	_ sklearn.InverseTransformer = (*MaxAbsScaler)(nil)
	_ sklearn.FeatureNamer       = (*MaxAbsScaler)(nil)
	_ sklearn.InputDescriber     = (*MaxAbsScaler)(nil)
)

// Transform divides dense rows and multiplies sparse ones by the reciprocal.
func (s *MaxAbsScaler) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{DType: sklearn.DTypeFloat, Sparse: true, NaN: !s.Before("0.20"), Width: s.Scale.Len()})
	if x.OK() && x.Type().Kind != graph.Dense {
		x = scaleColumns(b, x, reciprocal(s.Scale))
	} else {
		x = b.InPlace(graph.OpDiv, x, b.Const(s.Scale))
	}
	if s.ClipParam {
		x = b.Clip(x, -1, 1)
	}
	return x
}

// InverseTransform multiplies.
func (s *MaxAbsScaler) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{DType: sklearn.DTypeFloat, Sparse: true, NaN: !s.Before("0.20"), Array: true})
	if x.OK() && x.Type().Kind != graph.Dense {
		return scaleColumns(b, x, s.Scale)
	}
	return b.InPlace(graph.OpMul, x, b.Const(s.Scale))
}

// FeatureNamesOut keeps the names.
func (s *MaxAbsScaler) FeatureNamesOut(in []string) ([]string, error) { return oneToOne(s, in) }

// DescribeInput knows the largest magnitude.
func (s *MaxAbsScaler) DescribeInput(in *sklearn.Input) *sklearn.Input {
	for i, c := range in.Columns {
		m := at(s.MaxAbs, i)
		c.Between(-m, m/2, m)
		c.Missing = true
	}
	return nil
}

// RobustScaler is sklearn.preprocessing.RobustScaler.
type RobustScaler struct {
	sklearn.Base
	WithCenteringParam bool           `sk:"with_centering"`
	WithScalingParam   bool           `sk:"with_scaling"`
	Center             *tensor.Tensor `sk:"center_,optional"`
	Scale              *tensor.Tensor `sk:"scale_,optional"`
}

var (
	_ sklearn.Transformer        = (*RobustScaler)(nil)
	_ sklearn.InverseTransformer = (*RobustScaler)(nil)
	_ sklearn.FeatureNamer       = (*RobustScaler)(nil)
	_ sklearn.InputDescriber     = (*RobustScaler)(nil)
)

// Bound checks that what the parameters ask for was fitted.
func (s *RobustScaler) Bound(*sklearn.Binder) error {
	if s.WithCenteringParam && s.Center == nil {
		return &sklearn.BindError{Path: s.Path, Attr: "center_", Msg: "attribute is missing"}
	}
	if s.WithScalingParam && s.Scale == nil {
		return &sklearn.BindError{Path: s.Path, Attr: "scale_", Msg: "attribute is missing"}
	}
	return nil
}

func (s *RobustScaler) accept(inverse bool) sklearn.Accept {
	a := sklearn.Accept{DType: sklearn.DTypeFloat, Sparse: true, NaN: !s.Before("0.20"), Array: inverse}
	switch {
	case s.WithScalingParam:
		a.Width = s.Scale.Len()
	case s.WithCenteringParam:
		a.Width = s.Center.Len()
	}
	return a
}

// Transform leaves sparse rows uncentred without a word, as scikit-learn does.
func (s *RobustScaler) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, s.accept(false))
	if x.OK() && x.Type().Kind != graph.Dense {
		if s.WithCenteringParam && s.Before("0.20") {
			return b.Refuse("Cannot center sparse matrices: use `with_centering=False` instead. See docstring for motivation and alternatives.")
		}
		if !s.WithScalingParam {
			return x
		}
		return scaleColumns(b, x, reciprocal(s.Scale))
	}
	if s.WithCenteringParam {
		x = b.InPlace(graph.OpSub, x, b.Const(s.Center))
	}
	if s.WithScalingParam {
		x = b.InPlace(graph.OpDiv, x, b.Const(s.Scale))
	}
	return x
}

// InverseTransform multiplies and adds.
func (s *RobustScaler) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, s.accept(true))
	if x.OK() && x.Type().Kind != graph.Dense {
		if !s.WithScalingParam {
			return x
		}
		return scaleColumns(b, x, s.Scale)
	}
	if s.WithScalingParam {
		x = b.InPlace(graph.OpMul, x, b.Const(s.Scale))
	}
	if s.WithCenteringParam {
		x = b.InPlace(graph.OpAdd, x, b.Const(s.Center))
	}
	return x
}

// FeatureNamesOut keeps the names.
func (s *RobustScaler) FeatureNamesOut(in []string) ([]string, error) { return oneToOne(s, in) }

// DescribeInput knows median and interquartile range.
func (s *RobustScaler) DescribeInput(in *sklearn.Input) *sklearn.Input {
	for i, c := range in.Columns {
		mid, scale := at(s.Center, i), at(s.Scale, i)
		c.Between(mid-scale, mid, mid+scale)
		c.Missing = true
	}
	return nil
}

// Normalizer is sklearn.preprocessing.Normalizer.
type Normalizer struct {
	sklearn.Base
	NormParam string `sk:"norm"`

	// RuleZero: before 1.0 only rows of norm 0 stayed as they are, since then all below 10·eps.
	RuleZero bool `sk:"rule_zero,optional"`
	// RuleSigned: before 0.23 the largest value of a row, not of its magnitudes, was the norm "max".
	RuleSigned bool `sk:"rule_signed,optional"`
}

var (
	_ sklearn.Transformer  = (*Normalizer)(nil)
	_ sklearn.FeatureNamer = (*Normalizer)(nil)
)

// Bound checks the norm.
func (s *Normalizer) Bound(*sklearn.Binder) error {
	_, err := normOf(s.NormParam)
	return err
}

func normOf(name string) (graph.Norm, error) {
	switch name {
	case "l1":
		return graph.NormL1, nil
	case "l2":
		return graph.NormL2, nil
	case "max":
		return graph.NormMax, nil
	}
	return 0, fmt.Errorf("norm %q is not known", name)
}

// Transform divides each row by its norm.
func (s *Normalizer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{Sparse: true})
	return normalize(b, x, s.NormParam, s.RuleZero, s.RuleSigned)
}

// normalize is sklearn.preprocessing.normalize.
func normalize(b *graph.Builder, x graph.Value, name string, zero, signed bool) graph.Value {
	if !x.OK() {
		return x
	}
	norm, err := normOf(name)
	if err != nil {
		return b.Fail(err)
	}
	switch x.DType() {
	case tensor.Float16:
		return b.Unsupported("", "normalize on float16: numpy rounds each step of the computation")
	case tensor.Float32:
	default:
		x = b.Cast(x, tensor.Float64)
	}
	if x.OK() && x.Type().Kind == graph.OneHot {
		x = b.ToCSR(x)
	}
	if signed && norm == graph.NormMax {
		norm = graph.NormLargest
	}
	a := graph.NormalizeAttr{Norm: norm, Tiny: 10}
	if zero {
		a.Tiny = 0
	}
	return b.Normalize(x, a)
}

// FeatureNamesOut keeps the names.
func (s *Normalizer) FeatureNamesOut(in []string) ([]string, error) { return oneToOne(s, in) }

// Binarizer is sklearn.preprocessing.Binarizer.
type Binarizer struct {
	sklearn.Base
	ThresholdParam float64 `sk:"threshold"`
}

var (
	_ sklearn.Transformer  = (*Binarizer)(nil)
	_ sklearn.FeatureNamer = (*Binarizer)(nil)
)

// Transform compares with the threshold; the dtype stays.
func (s *Binarizer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{Sparse: true})
	return binarize(b, x, s.ThresholdParam)
}

// binarize is sklearn.preprocessing.binarize.
func binarize(b *graph.Builder, x graph.Value, threshold float64) graph.Value {
	if x.OK() && x.Type().Kind != graph.Dense {
		if threshold < 0 {
			return b.Refuse("Cannot binarize a sparse matrix with threshold < 0")
		}
		x = b.ToCSR(x)
	}
	return b.Binarizer(x, threshold)
}

// FeatureNamesOut keeps the names.
func (s *Binarizer) FeatureNamesOut(in []string) ([]string, error) { return oneToOne(s, in) }

// KernelCenterer is sklearn.preprocessing.KernelCenterer.
type KernelCenterer struct {
	sklearn.Base
	KFitRows *tensor.Tensor `sk:"K_fit_rows_"`
	KFitAll  *tensor.Tensor `sk:"K_fit_all_"`
}

var (
	_ sklearn.Transformer  = (*KernelCenterer)(nil)
	_ sklearn.FeatureNamer = (*KernelCenterer)(nil)
)

// Bound checks the mean of the kernel, and that there is one for each row of the fit.
func (s *KernelCenterer) Bound(*sklearn.Binder) error {
	if s.KFitAll.Len() != 1 || len(s.KFitRows.Shape) != 1 || !s.KFitAll.DType.IsNumeric() || !s.KFitRows.DType.IsNumeric() {
		return fmt.Errorf("K_fit_all_ has shape %v, K_fit_rows_ %v", s.KFitAll.Shape, s.KFitRows.Shape)
	}
	return nil
}

// Transform centres a kernel matrix.
func (s *KernelCenterer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	n := s.KFitRows.Len()
	x = sklearn.Check(b, s, x, sklearn.Accept{DType: sklearn.DTypeFloat, NoHalf: true, Width: n})
	if !x.OK() {
		return x
	}
	cols := b.Div(b.Reduce(graph.OpReduceSum, x, 1, true, graph.Pairwise), b.Scalar(float64(n), x))
	x = b.InPlace(graph.OpSub, x, b.Const(s.KFitRows))
	x = b.InPlace(graph.OpSub, x, cols)
	return b.InPlace(graph.OpAdd, x, b.Const(s.KFitAll.Reshape()))
}

// FeatureNamesOut numbers the columns.
func (s *KernelCenterer) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(s, s.KFitRows.Len()), nil
}

// QuantileTransformer is sklearn.preprocessing.QuantileTransformer.
type QuantileTransformer struct {
	sklearn.Base
	OutputDistributionParam  string         `sk:"output_distribution"`
	IgnoreImplicitZerosParam bool           `sk:"ignore_implicit_zeros"`
	Quantiles                *tensor.Tensor `sk:"quantiles_"`
	References               *tensor.Tensor `sk:"references_"`

	// RuleNear: before 0.21 the uniform distribution was treated as the normal one is.
	RuleNear bool `sk:"rule_near,optional"`
}

var (
	_ sklearn.Transformer        = (*QuantileTransformer)(nil)
	_ sklearn.InverseTransformer = (*QuantileTransformer)(nil)
	_ sklearn.FeatureNamer       = (*QuantileTransformer)(nil)
	_ sklearn.InputDescriber     = (*QuantileTransformer)(nil)
)

// Bound checks the shapes.
func (s *QuantileTransformer) Bound(*sklearn.Binder) error {
	q := s.Quantiles.Shape
	if len(q) != 2 || q[0] < 1 || s.References.Len() != q[0] || s.Quantiles.DType != tensor.Float64 || s.References.DType != tensor.Float64 {
		return &sklearn.BindError{Path: s.Path, Attr: "quantiles_", Msg: "does not fit references_"}
	}
	if d := s.OutputDistributionParam; d != "uniform" && d != "normal" {
		return &sklearn.BindError{Path: s.Path, Attr: "output_distribution", Msg: fmt.Sprintf("%q is not known", d)}
	}
	return nil
}

func (s *QuantileTransformer) attr(inverse bool) graph.QuantileAttr {
	return graph.QuantileAttr{Quantiles: s.Quantiles, References: s.References, Normal: s.OutputDistributionParam == "normal", Inverse: inverse, Near: s.RuleNear, Ends: ends(&s.Base)}
}

// Transform maps each column through its quantiles; of sparse rows the stored entries.
func (s *QuantileTransformer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{DType: sklearn.DTypeFloat, NoHalf: true, Sparse: true, NaN: !s.Before("0.20"), Width: s.Quantiles.Shape[1]})
	if x.OK() && x.Type().Kind != graph.Dense {
		x = b.ToCSR(x)
		if !s.IgnoreImplicitZerosParam {
			x = b.NonNegative(x, "QuantileTransformer only accepts non-negative sparse matrices.")
		}
	}
	return b.Quantile(x, s.attr(false))
}

// InverseTransform maps back.
func (s *QuantileTransformer) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{DType: sklearn.DTypeFloat, NoHalf: true, Sparse: true, NaN: !s.Before("0.20"), Array: true})
	if !x.OK() {
		return x
	}
	if got, want := x.Width(), s.Quantiles.Shape[1]; got != want {
		return b.RefuseWidth(want, "X has %d features, but QuantileTransformer is expecting %d features as input.", got, want)
	}
	if x.Type().Kind != graph.Dense {
		x = b.ToCSR(x)
	}
	return b.Quantile(x, s.attr(true))
}

// FeatureNamesOut keeps the names.
func (s *QuantileTransformer) FeatureNamesOut(in []string) ([]string, error) { return oneToOne(s, in) }

// DescribeInput knows minimum, median and maximum.
func (s *QuantileTransformer) DescribeInput(in *sklearn.Input) *sklearn.Input {
	n, k := s.Quantiles.Shape[0], s.Quantiles.Shape[1]
	for i, c := range in.Columns {
		if i < k {
			c.Between(at(s.Quantiles, i), at(s.Quantiles, n/2*k+i), at(s.Quantiles, (n-1)*k+i))
		}
		c.Missing = true
	}
	return nil
}

// PowerTransformer is sklearn.preprocessing.PowerTransformer.
type PowerTransformer struct {
	sklearn.Base
	MethodParam      string            `sk:"method"`
	StandardizeParam bool              `sk:"standardize"`
	Lambdas          *tensor.Tensor    `sk:"lambdas_"` // of the dtype of the fitted rows
	PrivateScaler    sklearn.Estimator `sk:"_scaler,optional"`

	// RulePow: before 1.9 Yeo-Johnson was ((x+1)^λ - 1)/λ, since then expm1(λ·log1p(x))/λ.
	RulePow bool `sk:"rule_pow,optional"`
	// RuleInversePow: before 1.6 the inverse of Box-Cox was (xλ+1)^(1/λ), since then exp(log1p(λx)/λ).
	RuleInversePow bool `sk:"rule_inverse_pow,optional"`
	// RuleSigned: before 0.20.1 Yeo-Johnson took every λ < 1e-19, also far below 0, for 0 and every λ ≥ 2 for 2, and
	// the logarithm of x+1.
	RuleSigned bool `sk:"rule_signed,optional"`
}

var (
	_ sklearn.Transformer        = (*PowerTransformer)(nil)
	_ sklearn.InverseTransformer = (*PowerTransformer)(nil)
	_ sklearn.FeatureNamer       = (*PowerTransformer)(nil)
	_ sklearn.Holder             = (*PowerTransformer)(nil)
	_ sklearn.InputDescriber     = (*PowerTransformer)(nil)
)

// Bound checks the method and the scaler.
func (s *PowerTransformer) Bound(*sklearn.Binder) error {
	if s.MethodParam != "yeo-johnson" && s.MethodParam != "box-cox" {
		return &sklearn.BindError{Path: s.Path, Attr: "method", Msg: fmt.Sprintf("%q is not known", s.MethodParam)}
	}
	if s.StandardizeParam && s.PrivateScaler == nil {
		return &sklearn.BindError{Path: s.Path, Attr: "_scaler", Msg: "attribute is missing"}
	}
	if len(s.Lambdas.Shape) != 1 || !s.Lambdas.DType.IsFloat() {
		return &sklearn.BindError{Path: s.Path, Attr: "lambdas_", Msg: "no vector of exponents"}
	}
	return nil
}

// Inside returns the scaler.
func (s *PowerTransformer) Inside() []sklearn.Estimator {
	if s.PrivateScaler == nil {
		return nil
	}
	return []sklearn.Estimator{s.PrivateScaler}
}

// Transform raises each column to its power and standardises.
func (s *PowerTransformer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{DType: sklearn.DTypeFloat, NaN: true, Width: s.Lambdas.Len()})
	if !x.OK() {
		return x
	}
	if s.MethodParam == "box-cox" {
		bad := b.Binary(graph.OpLessOrEqual, x, b.Scalar(0, x))
		x = b.Guard(x, bad, "The Box-Cox transformation can only be applied to strictly positive data")
		x = s.forward(b, x, s.boxCox)
	} else {
		x = s.forward(b, x, s.yeoJohnson)
	}
	if s.StandardizeParam {
		x = sklearn.Transform(b, s.PrivateScaler, x)
	}
	return x
}

// forward applies f to float64 columns and rounds to x's dtype.
func (s *PowerTransformer) forward(b *graph.Builder, x graph.Value, f func(*graph.Builder, graph.Value) graph.Value) graph.Value {
	return b.Cast(f(b, x), x.DType())
}

// round rounds to the dtype of the exponents.
func (s *PowerTransformer) round(f float64) float64 {
	if s.Lambdas.DType != tensor.Float64 {
		return float64(float32(f))
	}
	return f
}

// lambdas gives a row computed from the exponents, in their dtype; with numpy 1, whose scalars do not widen arrays, in
// that of x. Which numpy a file does not tell is taken for 2: another rounding of float32.
func (s *PowerTransformer) lambdas(b *graph.Builder, x graph.Value, f func(l float64) float64) graph.Value {
	v := make([]float64, s.Lambdas.Len())
	for i := range v {
		v[i] = f(at(s.Lambdas, i))
	}
	row := b.Const(numbers(s.Lambdas.DType, v))
	if s.Numpy == 1 && (x.DType() == tensor.Float32 || x.DType() == tensor.Float16) {
		row = b.Cast(row, x.DType())
	}
	return row
}

// where gives the row of columns for which f holds.
func (s *PowerTransformer) where(b *graph.Builder, f func(l float64) bool) graph.Value {
	t := make([]bool, s.Lambdas.Len())
	for i := range t {
		t[i] = f(at(s.Lambdas, i))
	}
	return b.Const(tensor.FromBool(t))
}

// boxCox is scipy.special.boxcox.
func (s *PowerTransformer) boxCox(b *graph.Builder, x graph.Value) graph.Value {
	log := b.Unary(graph.OpLog, b.Cast(x, tensor.Float64))
	l := b.Cast(s.lambdas(b, x, func(l float64) float64 { return l }), tensor.Float64)
	power := b.Div(b.Unary(graph.OpExpm1, b.Mul(log, l)), l)
	return b.Where(s.where(b, func(l float64) bool { return math.Abs(l) < 1e-19 }), log, power)
}

const epsilon float64 = 1.0 / (1 << 52)

// isZero says whether an exponent of Yeo-Johnson counts as 0.
func (s *PowerTransformer) isZero(l float64) bool {
	if s.RuleSigned {
		return l < 1e-19
	}
	return math.Abs(l) < epsilon
}

// notTwo says whether an exponent of Yeo-Johnson does not count as 2.
func (s *PowerTransformer) notTwo(l float64) bool {
	if s.RuleSigned {
		return l < 2
	}
	return math.Abs(l-2) > epsilon
}

// yeoJohnson is scipy.stats.yeojohnson; log1p is taken in x's own dtype, the rest in that of x and the exponents.
func (s *PowerTransformer) yeoJohnson(b *graph.Builder, x graph.Value) graph.Value {
	l := s.lambdas(b, x, func(l float64) float64 { return l })
	m := s.lambdas(b, x, func(l float64) float64 { return s.round(2 - l) })
	if s.RulePow {
		one := b.Scalar(1, x)
		log := func(x graph.Value) graph.Value {
			if s.RuleSigned {
				return b.Unary(graph.OpLog, b.Add(x, one))
			}
			return b.Unary(graph.OpLog1p, x)
		}
		pos := b.Where(s.where(b, s.isZero),
			log(x),
			b.Div(b.Sub(b.Binary(graph.OpPow, b.Add(x, one), l), one), l))
		n := b.Unary(graph.OpNeg, x)
		neg := b.Where(s.where(b, s.notTwo),
			b.Div(b.Unary(graph.OpNeg, b.Sub(b.Binary(graph.OpPow, b.Add(n, one), m), one)), m),
			b.Unary(graph.OpNeg, log(n)))
		return b.Where(b.Binary(graph.OpGreaterOrEqual, x, b.Scalar(0, x)), pos, neg)
	}
	eps := epsilon
	if x.OK() && x.DType() == tensor.Float32 && s.Lambdas.DType == tensor.Float32 {
		eps = 1.0 / (1 << 23)
	}
	log := b.Unary(graph.OpLog1p, x)
	pos := b.Where(s.where(b, func(l float64) bool { return math.Abs(l) < eps }),
		log, b.Div(b.Unary(graph.OpExpm1, b.Mul(l, log)), l))
	nlog := b.Unary(graph.OpLog1p, b.Unary(graph.OpNeg, x))
	neg := b.Where(s.where(b, func(l float64) bool { return math.Abs(l-2) > eps }),
		b.Div(b.Unary(graph.OpNeg, b.Unary(graph.OpExpm1, b.Mul(m, nlog))), m),
		b.Unary(graph.OpNeg, nlog))
	return b.Where(b.Binary(graph.OpGreaterOrEqual, x, b.Scalar(0, x)), pos, neg)
}

// InverseTransform undoes the scaling and the powers.
func (s *PowerTransformer) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{DType: sklearn.DTypeFloat, NaN: true, Array: true})
	if !x.OK() {
		return x
	}
	if got := x.Width(); got != s.Lambdas.Len() {
		return b.RefuseWidth(s.Lambdas.Len(), "X has %d features, but PowerTransformer is expecting %d features as input.", got, s.Lambdas.Len())
	}
	if s.StandardizeParam {
		x = sklearn.InverseTransform(b, s.PrivateScaler, x)
	}
	if s.MethodParam == "box-cox" {
		return s.forward(b, x, s.inverseBoxCox)
	}
	return s.forward(b, x, s.inverseYeoJohnson)
}

// inverseBoxCox is scipy.special.inv_boxcox.
func (s *PowerTransformer) inverseBoxCox(b *graph.Builder, x graph.Value) graph.Value {
	l := s.lambdas(b, x, func(l float64) float64 { return l })
	zero := s.where(b, func(l float64) bool { return l == 0 })
	if s.RuleInversePow {
		power := b.Binary(graph.OpPow, b.Add(b.Mul(x, l), b.Scalar(1, x)), s.lambdas(b, x, func(l float64) float64 { return s.round(1 / l) }))
		return b.Where(zero, b.Unary(graph.OpExp, x), power)
	}
	x, l = b.Cast(x, tensor.Float64), b.Cast(l, tensor.Float64)
	power := b.Unary(graph.OpExp, b.Div(b.Unary(graph.OpLog1p, b.Mul(l, x)), l))
	return b.Where(zero, b.Unary(graph.OpExp, x), power)
}

func (s *PowerTransformer) inverseYeoJohnson(b *graph.Builder, x graph.Value) graph.Value {
	one := b.Scalar(1, x)
	l := s.lambdas(b, x, func(l float64) float64 { return l })
	pos := b.Where(s.where(b, s.isZero),
		b.Sub(b.Unary(graph.OpExp, x), one),
		b.Sub(b.Binary(graph.OpPow, b.Add(b.Mul(x, l), one), s.lambdas(b, x, func(l float64) float64 { return s.round(1 / l) })), one))
	m := s.lambdas(b, x, func(l float64) float64 { return -s.round(2 - l) })
	neg := b.Where(s.where(b, s.notTwo),
		b.Sub(one, b.Binary(graph.OpPow, b.Add(b.Mul(m, x), one), s.lambdas(b, x, func(l float64) float64 { return s.round(1 / s.round(2-l)) }))),
		b.Sub(one, b.Unary(graph.OpExp, b.Unary(graph.OpNeg, x))))
	return b.Where(b.Binary(graph.OpGreaterOrEqual, x, b.Scalar(0, x)), pos, neg)
}

// FeatureNamesOut keeps the names.
func (s *PowerTransformer) FeatureNamesOut(in []string) ([]string, error) { return oneToOne(s, in) }

// DescribeInput says that missing values pass.
func (s *PowerTransformer) DescribeInput(in *sklearn.Input) *sklearn.Input {
	in.Numeric()
	for _, c := range in.Columns {
		c.Missing = true
	}
	return nil
}
