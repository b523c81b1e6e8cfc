package decomposition

import (
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var factorClasses = []sklearn.Class{
	{Name: "sklearn.decomposition.FactorAnalysis", Modules: []string{"sklearn.decomposition._factor_analysis", "sklearn.decomposition.factor_analysis"},
		New:     func() sklearn.Estimator { return new(FactorAnalysis) },
		FitOnly: sklearn.Names("n_components tol max_iter noise_variance_init svd_method iterated_power rotation"),
		Ignore:  sklearn.Names("loglike_ n_iter_")},
	sparsePCA("SparsePCA", "tol U_init V_init"),
	sparsePCA("MiniBatchSparsePCA", "n_iter callback batch_size shuffle U_init V_init max_no_improvement tol"),
}

func sparsePCA(name, params string) sklearn.Class {
	return sklearn.Class{Name: "sklearn.decomposition." + name, Modules: []string{"sklearn.decomposition._sparse_pca", "sklearn.decomposition.sparse_pca"},
		New:     func() sklearn.Estimator { return new(SparsePCA) },
		FitOnly: append(sklearn.Names("n_components alpha max_iter method normalize_components"), sklearn.Names(params)...),
		Ignore:  sklearn.Names("n_iter_ error_ n_components_")}
}

// FactorAnalysis is sklearn.decomposition.FactorAnalysis.
type FactorAnalysis struct {
	sklearn.Base
	Mean       *tensor.Tensor `sk:"mean_"`
	Components *tensor.Tensor `sk:"components_"`
	Noise      *tensor.Tensor `sk:"noise_variance_"`
}

var (
	_ sklearn.Transformer  = (*FactorAnalysis)(nil)
	_ sklearn.ScoreSampler = (*FactorAnalysis)(nil)
	_ sklearn.FeatureNamer = (*FactorAnalysis)(nil)
)

// Bound checks the shapes.
func (p *FactorAnalysis) Bound(*sklearn.Binder) error {
	if err := matrix(&p.Base, "components_", p.Components, -1, p.NFeaturesIn); err != nil {
		return err
	}
	if k := p.Components.Shape[1]; p.Mean.Len() != k || p.Noise.Len() != k || !p.Mean.DType.IsNumeric() || !p.Noise.DType.IsNumeric() {
		return fmt.Errorf("mean_ or noise_variance_ does not fit components_")
	}
	return nil
}

// weights gives components_/noise_variance_ and (I + that·componentsᵀ).
func (p *FactorAnalysis) weights() (w, inner []float64, m, k int) {
	m, k = p.Components.Shape[0], p.Components.Shape[1]
	c, n := p.Components.AsF64(), p.Noise.AsF64()
	w, inner = make([]float64, m*k), make([]float64, m*m)
	for i := range w {
		w[i] = c[i] / n[i%k]
	}
	for s := range m {
		for t := range m {
			for j := range k {
				inner[s*m+t] += float64(w[s*k+j] * c[t*k+j])
			}
		}
		inner[s*m+s]++
	}
	return w, inner, m, k
}

// Transform gives the expected factors.
func (p *FactorAnalysis) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, p, x, sklearn.Accept{Width: p.Components.Shape[1]})
	w, inner, m, k := p.weights()
	cov := parts.Inverse(inner, m)
	if cov == nil {
		return b.Unsupported("", "the factors' covariance can not be inverted")
	}
	z := b.MatMulT(b.Sub(x, b.Const(p.Mean)), b.Const(tensor.FromF64(w, m, k)))
	return b.MatMul(z, b.Const(tensor.FromF64(cov, m, m)))
}

// ScoreSamples gives the log-likelihoods, by the matrix inversion lemma.
func (p *FactorAnalysis) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, p, x, sklearn.Accept{Width: p.Components.Shape[1]})
	w, inner, m, k := p.weights()
	inv := parts.Inverse(inner, m)
	if inv == nil {
		return b.Unsupported("", "the covariance can not be inverted")
	}
	n := p.Noise.AsF64()
	prec := tensor.New(tensor.Float64, k, k)
	for i := range k {
		for j := range k {
			s := 0.0
			for a := range m {
				for c := range m {
					s += float64(float64(w[a*k+i]*inv[a*m+c]) * w[c*k+j])
				}
			}
			prec.F64[i*k+j] = -s
		}
		prec.F64[i*k+i] += 1 / n[i]
	}
	xr := b.Sub(x, b.Const(p.Mean))
	s := b.Reduce(graph.OpReduceSum, b.Mul(xr, b.MatMul(xr, b.Const(prec))), 1, false, graph.Pairwise)
	s = b.Mul(s, b.Scalar(-0.5, s))
	return b.Sub(s, b.Scalar(0.5*(float64(k)*math.Log(2*math.Pi)-parts.LogDet(prec.F64, k)), s))
}

// FeatureNamesOut is factoranalysis0, factoranalysis1, ….
func (p *FactorAnalysis) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(p, p.Components.Shape[0]), nil
}

// SparsePCA is sklearn.decomposition.SparsePCA and MiniBatchSparsePCA.
type SparsePCA struct {
	sklearn.Base
	RidgeParam float64        `sk:"ridge_alpha"`
	Mean       *tensor.Tensor `sk:"mean_,optional"`
	Components *tensor.Tensor `sk:"components_"`
}

var (
	_ sklearn.Transformer        = (*SparsePCA)(nil)
	_ sklearn.InverseTransformer = (*SparsePCA)(nil)
	_ sklearn.FeatureNamer       = (*SparsePCA)(nil)
)

// Bound checks the shapes.
func (p *SparsePCA) Bound(*sklearn.Binder) error {
	if err := matrix(&p.Base, "components_", p.Components, -1, p.NFeaturesIn); err != nil {
		return err
	}
	if p.Mean != nil && p.Mean.Len() != p.Components.Shape[1] {
		return fmt.Errorf("mean_ does not fit components_")
	}
	return nil
}

// Transform solves the ridge regression of the centered rows on the components.
func (p *SparsePCA) Transform(b *graph.Builder, x graph.Value) graph.Value {
	m, k := p.Components.Shape[0], p.Components.Shape[1]
	x = sklearn.Check(b, p, x, sklearn.Accept{Width: k})
	c := p.Components.AsF64()
	gram := make([]float64, m*m)
	for s := range m {
		for t := range m {
			for j := range k {
				gram[s*m+t] += float64(c[s*k+j] * c[t*k+j])
			}
		}
		gram[s*m+s] += p.RidgeParam
	}
	inv := parts.Inverse(gram, m)
	if inv == nil {
		return b.Unsupported("", "the ridge regression on components_ is singular")
	}
	if p.Mean == nil { // normalize_components=False of releases before 0.22
		z := b.MatMulT(x, b.Const(p.Components))
		return b.UnitColumns(b.MatMul(z, b.Const(tensor.FromF64(inv, m, m))))
	}
	// The centered rows are cast to the type of the components.
	x = sklearn.Finite(b, p, b.Cast(b.Sub(x, b.Const(p.Mean)), p.Components.DType), sklearn.Accept{})
	z := b.MatMulT(b.Cast(x, tensor.Float64), b.Const(parts.Float64(p.Components)))
	return b.Cast(b.MatMul(z, b.Const(tensor.FromF64(inv, m, m))), p.Components.DType)
}

// InverseTransform is u·C + mean.
func (p *SparsePCA) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = components(b, p, x, p.Components.Shape[0])
	z := b.MatMul(x, b.Const(p.Components))
	if p.Mean != nil {
		z = b.Add(z, b.Const(p.Mean))
	}
	return z
}

// FeatureNamesOut is sparsepca0, sparsepca1, ….
func (p *SparsePCA) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(p, p.Components.Shape[0]), nil
}
