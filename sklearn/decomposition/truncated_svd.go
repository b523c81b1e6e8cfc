package decomposition

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var linearClasses = []sklearn.Class{
	{Name: "sklearn.decomposition.TruncatedSVD", Modules: []string{"sklearn.decomposition._truncated_svd", "sklearn.decomposition.truncated_svd"},
		New:     func() sklearn.Estimator { return new(TruncatedSVD) },
		FitOnly: sklearn.Names("algorithm n_components n_iter n_oversamples power_iteration_normalizer tol"),
		Ignore:  sklearn.Names("explained_variance_ explained_variance_ratio_ singular_values_")},
	{Name: "sklearn.decomposition.FastICA", Modules: []string{"sklearn.decomposition._fastica", "sklearn.decomposition.fastica_"},
		New:     func() sklearn.Estimator { return new(FastICA) },
		FitOnly: sklearn.Names("n_components algorithm fun fun_args max_iter tol w_init whiten_solver"),
		Ignore:  sklearn.Names("n_iter_ _unmixing whitening_ _FastICA__sources")},
}

// TruncatedSVD is sklearn.decomposition.TruncatedSVD.
type TruncatedSVD struct {
	sklearn.Base
	Components *tensor.Tensor `sk:"components_"`
}

var (
	_ sklearn.Transformer        = (*TruncatedSVD)(nil)
	_ sklearn.InverseTransformer = (*TruncatedSVD)(nil)
	_ sklearn.FeatureNamer       = (*TruncatedSVD)(nil)
)

// Bound checks the components.
func (p *TruncatedSVD) Bound(*sklearn.Binder) error {
	return matrix(&p.Base, "components_", p.Components, -1, p.NFeaturesIn)
}

// Transform is x·Cᵀ; exact for CSR.
func (p *TruncatedSVD) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, p, x, sklearn.Accept{Sparse: true, Width: p.Components.Shape[1]})
	return b.MatMulT(x, b.Const(p.Components))
}

// InverseTransform is z·C.
func (p *TruncatedSVD) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	return b.MatMul(components(b, p, x, p.Components.Shape[0]), b.Const(p.Components))
}

// FeatureNamesOut is truncatedsvd0, truncatedsvd1, ….
func (p *TruncatedSVD) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(p, p.Components.Shape[0]), nil
}

// FastICA is sklearn.decomposition.FastICA.
type FastICA struct {
	sklearn.Base
	Whiten     truth          `sk:"whiten"`
	Components *tensor.Tensor `sk:"components_"`
	Mean       *tensor.Tensor `sk:"mean_,optional"`
	Mixing     *tensor.Tensor `sk:"mixing_"`
	Resolved   *truth         `sk:"_whiten,optional"`
}

var (
	_ sklearn.Transformer        = (*FastICA)(nil)
	_ sklearn.InverseTransformer = (*FastICA)(nil)
	_ sklearn.FeatureNamer       = (*FastICA)(nil)
)

// Bound checks the shapes.
func (p *FastICA) Bound(*sklearn.Binder) error {
	if err := matrix(&p.Base, "components_", p.Components, -1, p.NFeaturesIn); err != nil {
		return err
	}
	if p.Resolved != nil {
		p.Whiten = *p.Resolved
	}
	return matrix(&p.Base, "mixing_", p.Mixing, p.Components.Shape[1], p.Components.Shape[0])
}

// Transform centers where the fit whitened, and unmixes.
func (p *FastICA) Transform(b *graph.Builder, x graph.Value) graph.Value {
	accept := sklearn.Accept{DType: sklearn.DTypeFloat2, Width: p.Components.Shape[1]}
	if p.Whiten.on && p.Before("1.1") {
		accept.DType, accept.NoHalf = sklearn.DTypeFloat, true // subtracted in place
	}
	x = sklearn.Check(b, p, x, accept)
	if p.Whiten.on && p.Mean != nil {
		x = b.InPlace(graph.OpSub, x, b.Const(p.Mean))
	}
	return b.MatMulT(x, b.Const(p.Components))
}

// InverseTransform mixes.
func (p *FastICA) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = b.MatMulT(components(b, p, x, p.Components.Shape[0]), b.Const(p.Mixing))
	if p.Whiten.on && p.Mean != nil {
		x = b.InPlace(graph.OpAdd, x, b.Const(p.Mean))
	}
	return x
}

// FeatureNamesOut is fastica0, fastica1, ….
func (p *FastICA) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(p, p.Components.Shape[0]), nil
}
