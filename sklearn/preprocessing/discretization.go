package preprocessing

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var discretizationClasses = []sklearn.Class{
	{Name: "sklearn.preprocessing.KBinsDiscretizer", Modules: []string{"sklearn.preprocessing._discretization"},
		New:     func() sklearn.Estimator { return new(KBinsDiscretizer) },
		FitOnly: []string{"n_bins", "strategy", "quantile_method", "subsample", "random_state"},
		Upgrade: []sklearn.Rung{
			{Before: "0.20.1", Fix: fitEncoder},
			{Before: "0.24", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("rule_float64"), pyobj.Bool(true))
				return nil
			}},
			{Before: "1.1", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("rule_nudge"), pyobj.Bool(true))
				return nil
			}}}},
}

// fitEncoder gives the encoder the categories it was made with: 0.20.0 fitted it in each transform.
func fitEncoder(s *sklearn.State) error {
	o, ok := s.Attrs.Get("_encoder").(*pyobj.Object)
	if !ok {
		return nil
	}
	attrs, ok := o.Attrs()
	if !ok || attrs.Get("categories") == nil || attrs.Get("categories_") != nil {
		return nil
	}
	fitted, state := *o, attrs.Clone()
	state.Set(pyobj.Str("categories_"), attrs.Get("categories"))
	fitted.State = state
	s.Attrs.Set(pyobj.Str("_encoder"), &fitted)
	return nil
}

// KBinsDiscretizer is sklearn.preprocessing.KBinsDiscretizer.
type KBinsDiscretizer struct {
	sklearn.Base
	EncodeParam    string            `sk:"encode"`
	DTypeParam     *parts.DType      `sk:"dtype,optional"`
	BinEdges       []*tensor.Tensor  `sk:"bin_edges_"`
	NBins          []int             `sk:"n_bins_"`
	PrivateEncoder sklearn.Estimator `sk:"_encoder,optional"`

	// RuleNudge: before 1.1 values were raised by 1e-8 + 1e-5·|x| before the bin was looked for.
	RuleNudge bool `sk:"rule_nudge,optional"`
	// RuleFloat64: before 0.24 the one-hot encoding was float64 whatever the rows were.
	RuleFloat64 bool `sk:"rule_float64,optional"`

	edges []*tensor.Tensor
}

var (
	_ sklearn.Transformer        = (*KBinsDiscretizer)(nil)
	_ sklearn.InverseTransformer = (*KBinsDiscretizer)(nil)
	_ sklearn.FeatureNamer       = (*KBinsDiscretizer)(nil)
	_ sklearn.Holder             = (*KBinsDiscretizer)(nil)
	_ sklearn.InputDescriber     = (*KBinsDiscretizer)(nil)
)

// Bound checks the edges and the encoder.
func (k *KBinsDiscretizer) Bound(*sklearn.Binder) error {
	switch k.EncodeParam {
	case "ordinal":
	case "onehot", "onehot-dense":
		if _, ok := k.PrivateEncoder.(*OneHotEncoder); !ok {
			return &sklearn.BindError{Path: k.Path, Attr: "_encoder", Msg: "no OneHotEncoder"}
		}
	default:
		return &sklearn.BindError{Path: k.Path, Attr: "encode", Msg: fmt.Sprintf("%q is not known", k.EncodeParam)}
	}
	if k.DTypeParam != nil && k.DTypeParam.DType != tensor.Float32 && k.DTypeParam.DType != tensor.Float64 {
		return &sklearn.BindError{Path: k.Path, Attr: "dtype", Msg: fmt.Sprintf("%s is not known", k.DTypeParam.DType)}
	}
	if len(k.BinEdges) != len(k.NBins) {
		return &sklearn.BindError{Path: k.Path, Attr: "bin_edges_", Msg: "does not fit n_bins_"}
	}
	for i, e := range k.BinEdges {
		f := e.AsF64()
		if len(e.Shape) != 1 || f == nil || len(f) < 2 || k.NBins[i] != len(f)-1 {
			return &sklearn.BindError{Path: k.Path, Attr: "bin_edges_", Msg: fmt.Sprintf("item %d does not fit n_bins_", i)}
		}
		k.edges = append(k.edges, tensor.FromF64(f))
	}
	if k.NFeaturesIn == 0 {
		k.NFeaturesIn = len(k.edges)
	}
	return nil
}

// Inside returns the encoder.
func (k *KBinsDiscretizer) Inside() []sklearn.Estimator {
	if k.PrivateEncoder == nil {
		return nil
	}
	return []sklearn.Estimator{k.PrivateEncoder}
}

// Transform numbers the bins.
func (k *KBinsDiscretizer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	rule := sklearn.DTypeFloat2
	if k.DTypeParam != nil {
		rule = map[tensor.DType]sklearn.DTypeRule{tensor.Float32: sklearn.DTypeFloat32, tensor.Float64: sklearn.DTypeFloat64}[k.DTypeParam.DType]
	}
	x = sklearn.Check(b, k, x, sklearn.Accept{DType: rule, Width: len(k.edges)})
	if !x.OK() {
		return x
	}
	dtype := x.DType()
	var codes graph.Value
	if k.RuleNudge {
		eps := b.Add(b.Scalar(1e-8, x), b.Mul(b.Scalar(1e-5, x), b.Unary(graph.OpAbs, x)))
		a := graph.SearchAttr{Right: true}
		last := tensor.New(tensor.Int64, len(k.edges))
		for i, e := range k.edges {
			a.Edges = append(a.Edges, tensor.FromF64(e.F64[1:]))
			last.I64[i] = int64(k.NBins[i] - 1)
		}
		codes = b.Binary(graph.OpMin, b.SearchSorted(b.Add(x, eps), a), b.Const(last))
	} else {
		a := graph.SearchAttr{Right: true}
		for _, e := range k.edges {
			a.Edges = append(a.Edges, tensor.FromF64(e.F64[1:len(e.F64)-1]))
		}
		codes = b.SearchSorted(x, a)
	}
	if k.EncodeParam == "ordinal" {
		return b.Cast(codes, dtype)
	}
	if k.RuleFloat64 {
		dtype = tensor.Float64
	}
	enc := k.PrivateEncoder.(*OneHotEncoder)
	return enc.encode(b, codes, dtype)
}

// InverseTransform gives the middle of each bin.
func (k *KBinsDiscretizer) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	if k.EncodeParam != "ordinal" {
		x = sklearn.InverseTransform(b, k.PrivateEncoder, x)
	}
	x = sklearn.Check(b, k, x, sklearn.Accept{DType: sklearn.DTypeFloat2, Array: true})
	if !x.OK() {
		return x
	}
	if got := x.Width(); got != len(k.edges) {
		return b.Refuse("Incorrect number of features. Expecting %d, received %d.", len(k.edges), got)
	}
	var cols []graph.Value
	for i, e := range k.edges {
		n := len(e.F64) - 1
		centre := make([]float64, n)
		for j := range centre {
			centre[j] = (e.F64[j+1] + e.F64[j]) * 0.5
			if k.BinEdges[i].DType == tensor.Float32 {
				centre[j] = float64((float32(e.F64[j+1]) + float32(e.F64[j])) * 0.5)
			}
		}
		whole := func(v int) graph.Value {
			return b.Const(&tensor.Tensor{DType: tensor.Int64, Shape: []int{}, I64: []int64{int64(v)}})
		}
		code := b.Cast(b.Column(x, i), tensor.Int64)
		code = b.Where(b.Binary(graph.OpLess, code, whole(0)), b.Add(code, whole(n)), code)
		out := b.Binary(graph.OpOr, b.Binary(graph.OpLess, code, whole(0)), b.Binary(graph.OpGreaterOrEqual, code, whole(n)))
		code = b.Guard(code, out, fmt.Sprintf("index out of bounds for axis 0 with size %d", n))
		cols = append(cols, b.Cast(b.Take(b.Const(tensor.FromF64(centre)), code), x.DType()))
	}
	return b.HStack(false, cols...)
}

// FeatureNamesOut asks the encoder, if there is one.
func (k *KBinsDiscretizer) FeatureNamesOut(in []string) ([]string, error) {
	in, err := oneToOne(k, in)
	if err != nil || k.PrivateEncoder == nil {
		return in, err
	}
	return sklearn.FeatureNames(k.PrivateEncoder, in)
}

// DescribeInput knows the edges.
func (k *KBinsDiscretizer) DescribeInput(in *sklearn.Input) *sklearn.Input {
	for i, c := range in.Columns {
		if i < len(k.edges) {
			e := k.edges[i].F64
			c.Between(e[0], e[len(e)/2], e[len(e)-1])
		}
	}
	return nil
}
