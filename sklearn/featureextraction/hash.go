package featureextraction

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
)

// FeatureHasher is sklearn.feature_extraction.FeatureHasher. Dicts and pairs are rows of named values, strings rows of
// terms.
type FeatureHasher struct {
	sklearn.Base
	NFeaturesParam     int         `sk:"n_features"`
	InputTypeParam     string      `sk:"input_type"`
	DTypeParam         parts.DType `sk:"dtype"`
	AlternateSignParam bool        `sk:"alternate_sign"`
	NonNegativeParam   bool        `sk:"non_negative,optional"` // until 0.20
}

var (
	_ sklearn.Transformer    = (*FeatureHasher)(nil)
	_ sklearn.InputDescriber = (*FeatureHasher)(nil)
)

// Bound checks the settings.
func (h *FeatureHasher) Bound(*sklearn.Binder) error {
	switch h.InputTypeParam {
	case "dict", "pair", "string":
	default:
		return &sklearn.BindError{Path: h.Path, Attr: "input_type", Msg: fmt.Sprintf("%q is not known", h.InputTypeParam)}
	}
	if h.NFeaturesParam < 1 || h.NFeaturesParam > 1<<31-1 {
		return &sklearn.BindError{Path: h.Path, Attr: "n_features", Msg: fmt.Sprintf("%d columns", h.NFeaturesParam)}
	}
	if !h.DTypeParam.IsNumeric() {
		return &sklearn.BindError{Path: h.Path, Attr: "dtype", Msg: "no number type"}
	}
	return nil
}

// Transform hashes names to columns.
func (h *FeatureHasher) Transform(b *graph.Builder, x graph.Value) graph.Value {
	if !x.OK() {
		return x
	}
	want := graph.Dicts
	if h.InputTypeParam == "string" {
		want = graph.Tokens
	}
	if t := x.Type(); t.Kind != want {
		return b.Refuse("FeatureHasher with input_type=%q needs rows of %s, has %s", h.InputTypeParam, want, t)
	}
	y := b.HashTerms(x, graph.HashTermsAttr{Columns: h.NFeaturesParam, Signed: h.AlternateSignParam, BigEndian: h.BigEndian, DType: h.DTypeParam.DType})
	if h.NonNegativeParam {
		y = b.Unary(graph.OpAbs, y)
	}
	return y
}

// DescribeInput tells the form of the rows.
func (h *FeatureHasher) DescribeInput(in *sklearn.Input) *sklearn.Input {
	in.Form = sklearn.FormMappings
	if h.InputTypeParam == "string" {
		in.Form = sklearn.FormTokens
	}
	return nil
}
