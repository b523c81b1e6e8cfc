// Package impute is sklearn.impute: what stands in for missing values.
package impute

import (
	"fmt"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = slices.Concat(baseClasses, knnClasses, iterativeClasses)

var baseModules = []string{"sklearn.impute._base"}

var baseClasses = []sklearn.Class{
	{Name: "sklearn.impute.SimpleImputer", Modules: baseModules,
		New:     func() sklearn.Estimator { return new(SimpleImputer) },
		FitOnly: []string{"copy", "fill_value"},
		Upgrade: []sklearn.Rung{
			{Before: "0.21", Fix: func(s *sklearn.State) error {
				s.Default("add_indicator", pyobj.Bool(false))
				return nil
			}},
			{Before: "1.2", Fix: func(s *sklearn.State) error {
				s.Default("keep_empty_features", pyobj.Bool(false))
				return nil
			}},
			{Before: "1.8", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("rule_constant"), pyobj.Bool(true))
				return nil
			}}}},
	{Name: "sklearn.impute.MissingIndicator", Modules: baseModules,
		New: func() sklearn.Estimator { return new(MissingIndicator) },
		Upgrade: []sklearn.Rung{{Before: "0.24", Fix: func(s *sklearn.State) error {
			s.Default("_precomputed", pyobj.Bool(false))
			return nil
		}}}},
}

// imputer is what all imputers share.
type imputer struct {
	MissingValuesParam     parts.Missing     `sk:"missing_values"`
	AddIndicatorParam      bool              `sk:"add_indicator"`
	KeepEmptyFeaturesParam bool              `sk:"keep_empty_features"`
	Indicator              sklearn.Estimator `sk:"indicator_,optional"`
}

// bound checks that there is an indicator where one is asked for.
func (m *imputer) bound(path string) error {
	if m.AddIndicatorParam && m.Indicator == nil {
		return &sklearn.BindError{Path: path, Attr: "indicator_", Msg: "attribute is missing"}
	}
	return nil
}

// indicate appends the indicator's columns to what was imputed in x. The indicator looks at the imputer's mask, before
// 0.24 at x itself.
func (m *imputer) indicate(b *graph.Builder, imputed, x graph.Value) graph.Value {
	if !m.AddIndicatorParam || !imputed.OK() {
		return imputed
	}
	if ind, ok := m.Indicator.(*MissingIndicator); ok && ind.PrivatePrecomputed {
		x = b.IsMissing(x, m.MissingValuesParam.Missing)
	}
	return b.HStack(imputed.Type().Sparse(), imputed, sklearn.Transform(b, m.Indicator, x))
}

// names gives the kept names and those of the indicator.
func (m *imputer) names(e sklearn.Estimator, in []string, keep []int) ([]string, error) {
	in, err := sklearn.InputNames(e, in, sklearn.Of(e).NFeaturesIn)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, i := range keep {
		out = append(out, in[i])
	}
	if m.AddIndicatorParam {
		more, err := sklearn.FeatureNames(m.Indicator, in)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// inside returns the indicator.
func (m *imputer) inside() []sklearn.Estimator {
	if m.Indicator == nil {
		return nil
	}
	return []sklearn.Estimator{m.Indicator}
}

// SimpleImputer is sklearn.impute.SimpleImputer.
type SimpleImputer struct {
	sklearn.Base
	imputer
	StrategyParam    pyobj.Value    `sk:"strategy"`
	Statistics       *tensor.Tensor `sk:"statistics_,text"`
	PrivateFitDType  *parts.DType   `sk:"_fit_dtype,optional"`
	PrivateFillDType *parts.DType   `sk:"_fill_dtype,optional"`

	// RuleConstant: before 1.8 the strategy "constant" kept columns whose fill value is NaN.
	RuleConstant bool `sk:"rule_constant,optional"`

	strategy string
}

var (
	_ sklearn.Transformer        = (*SimpleImputer)(nil)
	_ sklearn.InverseTransformer = (*SimpleImputer)(nil)
	_ sklearn.FeatureNamer       = (*SimpleImputer)(nil)
	_ sklearn.Availabler         = (*SimpleImputer)(nil)
	_ sklearn.Holder             = (*SimpleImputer)(nil)
	_ sklearn.InputDescriber     = (*SimpleImputer)(nil)
)

// Bound reads the strategy; a function stands for numbers.
func (s *SimpleImputer) Bound(*sklearn.Binder) error {
	s.strategy = "callable"
	if name, ok := sklearn.Text(s.StrategyParam); ok {
		switch name {
		case "mean", "median", "most_frequent", "constant":
		default:
			return &sklearn.BindError{Path: s.Path, Attr: "strategy", Msg: fmt.Sprintf("%q is not known", name)}
		}
		s.strategy = name
	}
	if len(s.Statistics.Shape) != 1 {
		return &sklearn.BindError{Path: s.Path, Attr: "statistics_", Msg: fmt.Sprintf("shape %v", s.Statistics.Shape)}
	}
	if s.NFeaturesIn == 0 {
		s.NFeaturesIn = s.Statistics.Len()
	}
	return s.bound(s.Path)
}

// Inside returns the indicator.
func (s *SimpleImputer) Inside() []sklearn.Estimator { return s.inside() }

// Available refuses the inverse without an indicator.
func (s *SimpleImputer) Available(method string) error {
	if method == sklearn.MethodInverseTransform && !s.AddIndicatorParam {
		return fmt.Errorf("'inverse_transform' works only when 'SimpleImputer' is instantiated with 'add_indicator=True'. Got 'add_indicator=False' instead")
	}
	return nil
}

// keep returns the columns that stay: those with a statistic.
func (s *SimpleImputer) keep() []int {
	all := s.KeepEmptyFeaturesParam || (s.RuleConstant && s.strategy == "constant")
	out := []int{}
	for i := range s.Statistics.Len() {
		if all || !s.Statistics.Cell(i).IsNaN() {
			out = append(out, i)
		}
	}
	return out
}

// fill returns the statistic of a column as the fitted type holds it.
func (s *SimpleImputer) fill(i int) tensor.Cell {
	c := s.Statistics.Cell(i)
	f, number := c.Float()
	if s.PrivateFillDType == nil || !number {
		return c
	}
	switch d := s.PrivateFillDType.DType; {
	case d.IsInt():
		if c.Kind == tensor.CellFloat {
			return tensor.IntCell(int64(f))
		}
	case d == tensor.Float32:
		return tensor.FloatCell(float64(float32(f)))
	case d == tensor.Float64:
		return tensor.FloatCell(f)
	}
	return c
}

func (s *SimpleImputer) object() bool {
	return s.PrivateFitDType != nil && s.PrivateFitDType.DType == tensor.Object
}

// input checks x: numbers for mean and median, anything for the others; what was fitted on objects stays objects.
func (s *SimpleImputer) input(b *graph.Builder, x graph.Value) graph.Value {
	a := sklearn.Accept{DType: sklearn.DTypeFloat, Sparse: true, NaN: s.MissingValuesParam.NaN(), Width: s.Statistics.Len()}
	any := s.strategy == "most_frequent" || s.strategy == "constant" || s.object()
	if any {
		a.DType = sklearn.DTypeAny
	}
	x = sklearn.Check(b, s, x, a)
	if !x.OK() || !any {
		return x
	}
	if x.Type().Kind == graph.OneHot {
		x = b.ToCSR(x)
	}
	t := x.Type()
	if t.Kind == graph.Frame {
		if s.object() || !numeric(t) {
			return x
		}
		x = b.Cast(x, sklearn.FrameDType(t))
		t = x.Type()
	}
	if s.object() && t.Kind == graph.Dense && t.DType != tensor.Object && !(t.DType == tensor.String && graph.TextOnly(s.Statistics)) {
		return b.Cast(x, tensor.Object)
	}
	if s.object() {
		return x
	}
	if d := t.DType; d == tensor.Bool || d == tensor.String {
		return b.Refuse("SimpleImputer does not support data with dtype %s. Please provide either a numeric array (with a floating point or integer dtype) or categorical data represented either as an array with integer dtype or an array of string values with an object dtype.", d)
	}
	return x
}

func numeric(t graph.Type) bool {
	for _, c := range t.Columns {
		if !c.DType.IsNumeric() {
			return false
		}
	}
	return true
}

// comparable refuses numbers where the missing value is none.
func comparable(b *graph.Builder, m parts.Missing, x graph.Value) graph.Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	_, number := m.Value.Float()
	if t.Kind != graph.Frame && t.DType.IsNumeric() && !number && !m.Any {
		return b.Refuse("'X' and 'missing_values' types are expected to be both numerical. Got X.dtype=%s and  type(missing_values)=%s.", t.DType, typeName(m.Value))
	}
	return x
}

func typeName(c tensor.Cell) string {
	switch c.Kind {
	case tensor.CellNone:
		return "<class 'NoneType'>"
	case tensor.CellStr:
		return "<class 'str'>"
	}
	return "<class 'object'>"
}

// Transform fills missing cells and leaves out columns nothing was learned for.
func (s *SimpleImputer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = comparable(b, s.MissingValuesParam, s.input(b, x))
	if !x.OK() {
		return x
	}
	t := x.Type()
	if f, number := s.MissingValuesParam.Value.Float(); t.Sparse() && number && f == 0 && !s.MissingValuesParam.Any {
		return b.Refuse("Imputation not possible when missing_values == 0 and input is sparse. Provide a dense array instead.")
	}
	if s.strategy == "constant" && s.PrivateFillDType != nil && t.Kind != graph.Frame && !sameKind(s.PrivateFillDType.DType, t.DType) {
		return b.Refuse("The dtype of the filling value (i.e. dtype('%s')) cannot be cast to the input data that is dtype('%s'). Make sure that the dtypes of the input data are of the same kind between fit and transform.", s.PrivateFillDType.DType, t.DType)
	}
	keep := s.keep()
	a := graph.ImputeAttr{Missing: s.MissingValuesParam.Missing}
	for _, i := range keep {
		a.Fill = append(a.Fill, s.fill(i))
	}
	return s.indicate(b, b.Impute(s.widen(b, b.Gather(x, keep), a.Fill), a), x)
}

// widen makes objects of a frame's columns of numbers that text is to fill.
func (s *SimpleImputer) widen(b *graph.Builder, x graph.Value, fill []tensor.Cell) graph.Value {
	if !x.OK() || x.Type().Kind != graph.Frame {
		return x
	}
	need := func(i int, d tensor.DType) bool {
		_, number := fill[i].Float()
		return d.IsNumeric() && !number || d == tensor.String && fill[i].Kind != tensor.CellStr
	}
	t := x.Type()
	any := false
	for i, c := range t.Columns {
		any = any || need(i, c.DType)
	}
	if !any {
		return x
	}
	cols := make([]graph.Value, len(t.Columns))
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		cols[i], names[i] = b.Column(x, i), c.Name
		if need(i, c.DType) {
			cols[i] = b.Cast(cols[i], tensor.Object)
		}
		cols[i] = b.AsColumn(cols[i])
	}
	return b.ToFrame(b.HStack(false, cols...), names)
}

// sameKind is numpy's can_cast(from, to, "same_kind").
func sameKind(from, to tensor.DType) bool {
	kind := func(d tensor.DType) int {
		switch {
		case d == tensor.Bool:
			return 0
		case d == tensor.Uint64 || d == tensor.Uint32 || d == tensor.Uint16 || d == tensor.Uint8:
			return 1
		case d.IsInt():
			return 2
		case d.IsFloat():
			return 3
		case d == tensor.String:
			return 4
		}
		return 5
	}
	return kind(from) <= kind(to)
}

// InverseTransform puts the missing value back where the indicator says; columns that were left out come back as
// zeros.
func (s *SimpleImputer) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	if !x.OK() {
		return x
	}
	ind, ok := s.Indicator.(*MissingIndicator)
	missing, number := s.MissingValuesParam.Value.Float()
	if !ok || !number || x.Type().Kind != graph.Dense || !x.DType().IsNumeric() {
		return b.Unsupported("", "the inverse of an imputer of anything but dense numbers")
	}
	keep := s.keep()
	if got, want := x.Width(), len(keep)+len(ind.Features); got != want {
		return b.Refuse("X has %d features, the imputer makes %d", got, want)
	}
	if len(keep) != s.Statistics.Len() {
		return b.Unsupported("", "the inverse of an imputer that left out columns")
	}
	x = b.Cast(x, tensor.Float64)
	cols := make([]graph.Value, len(keep))
	for i := range cols {
		cols[i] = b.Column(x, i)
	}
	for k, i := range ind.Features {
		on := b.Unary(graph.OpNot, b.Binary(graph.OpEqual, b.Column(x, len(keep)+k), b.Scalar(0, x)))
		cols[i] = b.Where(on, b.Scalar(missing, x), cols[i])
	}
	return b.HStack(false, cols...)
}

// FeatureNamesOut gives the names of the kept columns and of the indicator.
func (s *SimpleImputer) FeatureNamesOut(in []string) ([]string, error) {
	keep := []int{}
	for i := range s.Statistics.Len() {
		if !s.Statistics.Cell(i).IsNaN() {
			keep = append(keep, i)
		}
	}
	return s.names(s, in, keep)
}

// DescribeInput knows a typical value of each column; the columns pass on.
func (s *SimpleImputer) DescribeInput(in *sklearn.Input) *sklearn.Input {
	for i, c := range in.Columns {
		none := !s.MissingValuesParam.Any && s.MissingValuesParam.Value.Kind == tensor.CellNone
		c.Missing, c.None = c.Missing || none || s.MissingValuesParam.NaN(), c.None || none
		if i >= s.Statistics.Len() {
			break
		}
		v := s.Statistics.Cell(i)
		f, number := v.Float()
		switch {
		case s.strategy == "constant":
		case number && !v.IsNaN():
			if s.strategy == "mean" || s.strategy == "median" {
				c.Read(tensor.Float64)
			}
			if c.DType != tensor.String {
				c.Typical = f
			}
		case v.Kind == tensor.CellStr:
			c.Read(tensor.String)
		}
	}
	out := &sklearn.Input{}
	for _, i := range s.keep() {
		if i < len(in.Columns) {
			out.Columns = append(out.Columns, in.Columns[i])
		}
	}
	if s.AddIndicatorParam {
		if ind, ok := s.Indicator.(*MissingIndicator); ok {
			for range ind.Features {
				out.Columns = append(out.Columns, sklearn.NewColumn(""))
			}
		}
	}
	return out
}

// MissingIndicator is sklearn.impute.MissingIndicator.
type MissingIndicator struct {
	sklearn.Base
	MissingValuesParam parts.Missing `sk:"missing_values"`
	FeaturesParam      string        `sk:"features"`
	SparseParam        pyobj.Value   `sk:"sparse"`
	ErrorOnNewParam    bool          `sk:"error_on_new"`
	PrivatePrecomputed bool          `sk:"_precomputed"`
	PrivateNFeatures   int           `sk:"_n_features"`
	Features           []int         `sk:"features_"`

	dense, sparse bool // the sparse parameter; neither is "auto"
}

var (
	_ sklearn.Transformer    = (*MissingIndicator)(nil)
	_ sklearn.FeatureNamer   = (*MissingIndicator)(nil)
	_ sklearn.InputDescriber = (*MissingIndicator)(nil)
)

// Bound checks the parameters.
func (m *MissingIndicator) Bound(*sklearn.Binder) error {
	if m.FeaturesParam != "missing-only" && m.FeaturesParam != "all" {
		return &sklearn.BindError{Path: m.Path, Attr: "features", Msg: fmt.Sprintf("%q is not known", m.FeaturesParam)}
	}
	if s, ok := sklearn.Text(m.SparseParam); !ok {
		on, err := sklearn.Bool(m.SparseParam)
		if err != nil {
			return &sklearn.BindError{Path: m.Path, Attr: "sparse", Msg: err.Error()}
		}
		m.sparse, m.dense = on, !on
	} else if s != "auto" {
		return &sklearn.BindError{Path: m.Path, Attr: "sparse", Msg: fmt.Sprintf("%q is not known", s)}
	}
	for _, i := range m.Features {
		if i < 0 || i >= m.PrivateNFeatures {
			return &sklearn.BindError{Path: m.Path, Attr: "features_", Msg: fmt.Sprintf("no column %d", i)}
		}
	}
	if m.NFeaturesIn == 0 {
		m.NFeaturesIn = m.PrivateNFeatures
	}
	return nil
}

// Transform marks missing cells of the columns that had some when fitted, or of all. Inside an imputer x is the
// imputer's mask.
func (m *MissingIndicator) Transform(b *graph.Builder, x graph.Value) graph.Value {
	mask := x
	if m.PrivatePrecomputed {
		if x.OK() && (x.Type().Kind == graph.Frame || x.Type().DType != tensor.Bool) {
			return b.Refuse("precomputed is True but the input data is not a mask")
		}
	} else {
		x = comparable(b, m.MissingValuesParam, sklearn.Check(b, m, x, sklearn.Accept{DType: sklearn.DTypeAny, Sparse: true, NaN: m.MissingValuesParam.NaN(), Width: m.PrivateNFeatures}))
		if x.OK() && x.Type().Kind == graph.OneHot {
			x = b.ToCSR(x)
		}
		if !x.OK() {
			return x
		}
		t := x.Type()
		if f, number := m.MissingValuesParam.Value.Float(); t.Sparse() && number && f == 0 {
			return b.Refuse("Sparse input with missing_values=0 is not supported. Provide a dense array instead.")
		}
		if d := t.DType; t.Kind != graph.Frame && (d == tensor.Bool || d == tensor.String) {
			return b.Refuse("MissingIndicator does not support data with dtype %s. Please provide either a numeric array (with a floating point or integer dtype) or categorical data represented either as an array with integer dtype or an array of string values with an object dtype.", d)
		}
		mask = b.IsMissing(x, m.MissingValuesParam.Missing)
	}
	if m.FeaturesParam == "missing-only" {
		if m.ErrorOnNewParam {
			mask = m.known(b, mask)
		}
		mask = b.Gather(mask, m.Features)
	}
	switch {
	case !mask.OK():
	case m.sparse:
		mask = b.ToCSR(mask)
	case m.dense:
		mask = b.ToDense(mask)
	}
	return mask
}

// known refuses missing cells in columns that had none when fitted.
func (m *MissingIndicator) known(b *graph.Builder, mask graph.Value) graph.Value {
	var others []int
	for i := range m.PrivateNFeatures {
		if !slices.Contains(m.Features, i) {
			others = append(others, i)
		}
	}
	if len(others) == 0 || !mask.OK() {
		return mask
	}
	return b.Guard(mask, b.ToDense(b.Gather(mask, others)), "The features have missing values in transform but have no missing values in fit.")
}

// FeatureNamesOut names the columns after those they look at.
func (m *MissingIndicator) FeatureNamesOut(in []string) ([]string, error) {
	in, err := sklearn.InputNames(m, in, m.NFeaturesIn)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, i := range m.Features {
		out = append(out, "missingindicator_"+in[i])
	}
	return out, nil
}

// DescribeInput says that values may be missing.
func (m *MissingIndicator) DescribeInput(in *sklearn.Input) *sklearn.Input {
	for _, c := range in.Columns {
		c.Missing, c.None = true, c.None || !m.MissingValuesParam.Any && m.MissingValuesParam.Value.Kind == tensor.CellNone
	}
	return nil
}
