// Package decomposition is sklearn.decomposition.
package decomposition

import (
	"fmt"
	"math"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = slices.Concat(pcaClasses, linearClasses, kernelClasses, nmfClasses, topicClasses, factorClasses, dictionaryClasses)

var pcaClasses = []sklearn.Class{
	{Name: "sklearn.decomposition.PCA", Modules: []string{"sklearn.decomposition._pca", "sklearn.decomposition.pca"},
		New:     func() sklearn.Estimator { return new(PCA) },
		FitOnly: sklearn.Names("n_components svd_solver tol iterated_power n_oversamples power_iteration_normalizer"),
		Ignore:  sklearn.Names("explained_variance_ratio_ singular_values_ n_components_ n_features_ n_samples_ _fit_svd_solver"),
		Upgrade: []sklearn.Rung{{Before: "0.18", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("(precision)"), pyobj.Str(PrecisionPlain))
			return nil
		}}}},
	{Name: "sklearn.decomposition.IncrementalPCA", Modules: []string{"sklearn.decomposition._incremental_pca", "sklearn.decomposition.incremental_pca"},
		New:     func() sklearn.Estimator { return new(PCA) },
		FitOnly: sklearn.Names("n_components batch_size"),
		Ignore:  sklearn.Names("explained_variance_ratio_ singular_values_ n_components_ n_features_ n_samples_seen_ batch_size_ var_")},
	{Name: "sklearn.decomposition.RandomizedPCA", Modules: []string{"sklearn.decomposition.pca"},
		New:     func() sklearn.Estimator { return new(PCA) },
		FitOnly: sklearn.Names("n_components iterated_power"),
		Ignore:  sklearn.Names("explained_variance_ratio_ singular_values_"),
		Upgrade: []sklearn.Rung{{Before: "0.20", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("whiten"), pyobj.Bool(false)) // components_ are whitened already
			return nil
		}}}},
}

// PCA is sklearn.decomposition.PCA and IncrementalPCA (and RandomizedPCA of releases before 0.20).
//
// The mean is subtracted after projecting, x·Cᵀ - mean·Cᵀ, as scikit-learn does since 1.5.
type PCA struct {
	sklearn.Base
	Whiten     bool           `sk:"whiten"`
	Components *tensor.Tensor `sk:"components_"`
	Mean       *tensor.Tensor `sk:"mean_,optional"`
	Variance   *tensor.Tensor `sk:"explained_variance_,optional"`
	Noise      *float64       `sk:"noise_variance_,optional"`
	Precision  PrecisionRule  `sk:"(precision),optional"`
}

// PrecisionRule says which components the precision of whitened data comes from.
type PrecisionRule string

// The rules.
const (
	PrecisionScaled PrecisionRule = ""      // scaled by sqrt(explained_variance_)
	PrecisionPlain  PrecisionRule = "plain" // before 0.18: as they are, unless there is no noise
)

var (
	_ sklearn.Transformer        = (*PCA)(nil)
	_ sklearn.InverseTransformer = (*PCA)(nil)
	_ sklearn.ScoreSampler       = (*PCA)(nil)
	_ sklearn.FeatureNamer       = (*PCA)(nil)
	_ sklearn.Availabler         = (*PCA)(nil)
)

// Bound checks the shapes.
func (p *PCA) Bound(*sklearn.Binder) error {
	if err := matrix(&p.Base, "components_", p.Components, -1, p.NFeaturesIn); err != nil {
		return err
	}
	if p.Mean != nil && p.Mean.Len() != p.Components.Shape[1] && p.Mean.Len() != 1 {
		return fmt.Errorf("mean_ has %d values for %d features", p.Mean.Len(), p.Components.Shape[1])
	}
	if p.Mean != nil && p.Mean.Len() == 1 && p.Components.Shape[1] != 1 {
		m, _ := p.Mean.Float(0)
		p.Mean = tensor.New(tensor.Float64, p.Components.Shape[1])
		for i := range p.Mean.F64 {
			p.Mean.F64[i] = m
		}
	}
	if p.Whiten && (p.Variance == nil || p.Variance.Len() != p.Components.Shape[0]) {
		return fmt.Errorf("explained_variance_ does not fit components_")
	}
	return nil
}

// matrix checks a two-dimensional float array; -1 and 0 stand for any size.
func matrix(b *sklearn.Base, attr string, t *tensor.Tensor, rows, cols int) error {
	if t == nil || len(t.Shape) != 2 || !t.DType.IsFloat() || (rows > 0 && t.Shape[0] != rows) || (cols > 0 && t.Shape[1] != cols) {
		s := "nothing"
		if t != nil {
			s = fmt.Sprintf("%s%v", t.DType, t.Shape)
		}
		return &sklearn.BindError{Path: b.Path, Attr: attr, Msg: s + " does not fit the model"}
	}
	return nil
}

// Available refuses score_samples for IncrementalPCA, which inherits none of PCA's likelihoods.
func (p *PCA) Available(method string) error {
	if method == sklearn.MethodScoreSamples && (p.Name() != "PCA" || p.Noise == nil || p.Variance == nil) {
		return fmt.Errorf("%s has no likelihood", p.Name())
	}
	return nil
}

// scale is sqrt(explained_variance_), for division since 1.5 raised to the smallest step of its type.
func (p *PCA) scale(raised bool) *tensor.Tensor {
	dtype := tensor.Float64
	if p.Variance.DType == tensor.Float32 {
		dtype = tensor.Float32
	}
	out := tensor.New(dtype, p.Variance.Len())
	for i := range p.Variance.Len() {
		v, _ := p.Variance.Float(i)
		if dtype == tensor.Float32 {
			if out.F32[i] = float32(math.Sqrt(v)); raised {
				out.F32[i] = max(out.F32[i], 0x1p-23)
			}
		} else if out.F64[i] = math.Sqrt(v); raised {
			out.F64[i] = max(out.F64[i], 0x1p-52)
		}
	}
	return out
}

// Transform projects on the components.
func (p *PCA) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, p, x, sklearn.Accept{DType: sklearn.DTypeFloat2, Sparse: true, Width: p.Components.Shape[1]})
	c := b.Const(p.Components)
	before := x.OK() && p.Before("1.5") && !x.Type().Sparse() // the mean was taken off the rows
	if before && p.Mean != nil {
		x = b.Sub(x, b.Const(p.Mean))
	}
	z := b.MatMulT(x, c)
	if p.Mean != nil && !before {
		z = b.InPlace(graph.OpSub, z, b.MatMulT(b.Const(p.Mean.Reshape(1, p.Mean.Len())), c))
	}
	if p.Whiten {
		z = b.InPlace(graph.OpDiv, z, b.Const(p.scale(!p.Before("1.5"))))
	}
	return z
}

// InverseTransform maps back to the input's features.
func (p *PCA) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = components(b, p, x, p.Components.Shape[0])
	c := b.Const(p.Components)
	if p.Whiten {
		s := p.scale(false)
		c = b.Mul(b.Const(s.Reshape(s.Len(), 1)), c)
	}
	z := b.MatMul(x, c)
	if p.Mean != nil {
		z = b.Add(z, b.Const(p.Mean))
	}
	return z
}

// components checks the input of an inverse transform: a dense matrix of n columns.
func components(b *graph.Builder, e sklearn.Estimator, x graph.Value, n int) graph.Value {
	x = sklearn.Check(b, e, x, sklearn.Accept{DType: sklearn.DTypeFloat2, Array: true})
	if x.OK() && x.Width() != n {
		return b.Refuse("X has %d features, but %s has %d components.", x.Width(), sklearn.Of(e).Name(), n)
	}
	return x
}

// ScoreSamples is the log-likelihood of each row under the probabilistic model.
func (p *PCA) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, p, x, sklearn.Accept{DType: sklearn.DTypeFloat2})
	k := p.Components.Shape[1]
	prec, logdet, err := p.precision()
	if err != nil {
		return b.Fail(&graph.UnsupportedError{Origin: p.Path, Why: err.Error()})
	}
	xr := x
	if p.Mean != nil {
		xr = b.Sub(x, b.Const(p.Mean))
	}
	w := b.Const(prec)
	if p.Components.DType == tensor.Float32 && p.Components.Shape[0] > 0 { // of no components it is the noise alone
		w = b.Cast(w, tensor.Float32)
	}
	s := b.Reduce(graph.OpReduceSum, b.Mul(xr, b.MatMul(xr, w)), 1, false, graph.Pairwise)
	s = b.Mul(s, b.Scalar(-0.5, s))
	return b.Sub(s, b.Scalar(0.5*(float64(k)*math.Log(2*math.Pi)-logdet), s))
}

// precision is PCA.get_precision, by the matrix inversion lemma as scikit-learn has it, and the logarithm of its
// determinant.
func (p *PCA) precision() (*tensor.Tensor, float64, error) {
	m, k, noise := p.Components.Shape[0], p.Components.Shape[1], *p.Noise
	c, v := slices.Clone(p.Components.AsF64()), p.Variance.AsF64()
	if len(v) != m {
		return nil, 0, fmt.Errorf("explained_variance_ does not fit components_")
	}
	diff := make([]float64, m)
	for t := range m {
		if p.Whiten && (p.Precision == PrecisionScaled || noise == 0) {
			for j := range k {
				c[t*k+j] *= math.Sqrt(v[t])
			}
		}
		diff[t] = max(v[t]-noise, 0)
	}
	singular := fmt.Errorf("noise_variance_ and explained_variance_ make a covariance that is singular but for rounding: releases refuse it, or compute from what rounding left")
	var prec []float64
	if noise == 0 {
		cov := make([]float64, k*k)
		for i := range k {
			for j := range k {
				for t := range m {
					cov[i*k+j] += float64(float64(c[t*k+i]*diff[t]) * c[t*k+j])
				}
			}
		}
		if prec = parts.Inverse(cov, k); prec == nil {
			return nil, 0, singular
		}
	} else {
		inner := make([]float64, m*m)
		for s := range m {
			for t := range m {
				sum := 0.0
				for j := range k {
					sum += float64(c[s*k+j] * c[t*k+j])
				}
				inner[s*m+t] = sum / noise
			}
			inner[s*m+s] += 1 / diff[s]
		}
		inv := parts.Inverse(inner, m)
		if inv == nil {
			return nil, 0, singular
		}
		half := make([]float64, k*m)
		for i := range k {
			for t := range m {
				for s := range m {
					half[i*m+t] += float64(c[s*k+i] * inv[s*m+t])
				}
			}
		}
		prec = make([]float64, k*k)
		for i := range k {
			for j := range k {
				sum := 0.0
				for t := range m {
					sum += float64(half[i*m+t] * c[t*k+j])
				}
				prec[i*k+j] = sum / -(noise * noise)
			}
			prec[i*k+i] += 1 / noise
		}
	}
	if lost := p.lost(c, diff, prec); !(lost < 1.0/16) {
		return nil, 0, singular
	}
	return tensor.FromF64(prec, k, k), parts.LogDet(prec, k), nil
}

// lost is which part of the inverse of the covariance is rounding: the condition of the covariance c'·diag(diff)·c + noise, in
// its largest sums of a row, times the step of its type.
func (p *PCA) lost(c, diff, prec []float64) float64 {
	k := p.Components.Shape[1]
	var of, inverse float64
	for i := range k {
		row, inv := *p.Noise, 0.0
		for j := range k {
			cell := 0.0
			for t, d := range diff {
				cell += float64(float64(c[t*k+i]*d) * c[t*k+j])
			}
			row += math.Abs(cell)
			inv += math.Abs(prec[i*k+j])
		}
		of, inverse = max(of, row), max(inverse, inv)
	}
	if p.Components.DType == tensor.Float32 {
		return float64(of*inverse) * 0x1p-23
	}
	return float64(of*inverse) * 0x1p-52
}

// FeatureNamesOut is pca0, pca1, ….
func (p *PCA) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(p, p.Components.Shape[0]), nil
}
