// Package decomposition is sklearn.decomposition.
package decomposition

import (
	"fmt"
	"math"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = slices.Concat(pcaClasses, linearClasses)

var pcaClasses = []sklearn.Class{
	{Name: "sklearn.decomposition.PCA", Modules: []string{"sklearn.decomposition._pca", "sklearn.decomposition.pca"},
		New:     func() sklearn.Estimator { return new(PCA) },
		FitOnly: sklearn.Names("n_components svd_solver tol iterated_power n_oversamples power_iteration_normalizer"),
		Ignore:  sklearn.Names("explained_variance_ratio_ singular_values_ n_components_ n_features_ n_samples_ _fit_svd_solver")},
	{Name: "sklearn.decomposition.IncrementalPCA", Modules: []string{"sklearn.decomposition._incremental_pca", "sklearn.decomposition.incremental_pca"},
		New:     func() sklearn.Estimator { return new(PCA) },
		FitOnly: sklearn.Names("n_components batch_size"),
		Ignore:  sklearn.Names("explained_variance_ratio_ singular_values_ n_components_ n_features_ n_samples_seen_ batch_size_ var_")},
	{Name: "sklearn.decomposition.RandomizedPCA", Modules: []string{"sklearn.decomposition.pca"},
		New:     func() sklearn.Estimator { return new(PCA) },
		FitOnly: sklearn.Names("n_components iterated_power"),
		Ignore:  sklearn.Names("explained_variance_ratio_ singular_values_")},
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
}

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

// scale is sqrt(explained_variance_), raised to the smallest step of its type.
func (p *PCA) scale() *tensor.Tensor {
	out := tensor.New(p.Variance.DType, p.Variance.Len())
	for i := range p.Variance.Len() {
		v, _ := p.Variance.Float(i)
		if p.Variance.DType == tensor.Float32 {
			out.F32[i] = max(float32(math.Sqrt(v)), 1.1920929e-07)
		} else {
			out.F64[i] = max(math.Sqrt(v), 0x1p-52)
		}
	}
	return out
}

// Transform projects on the components.
func (p *PCA) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, p, x, sklearn.Accept{DType: sklearn.DTypeFloat2, Sparse: true, Width: p.Components.Shape[1]})
	c := b.Const(p.Components)
	z := b.MatMulT(x, c)
	if p.Mean != nil {
		z = b.Sub(z, b.MatMulT(b.Const(p.Mean.Reshape(1, p.Mean.Len())), c))
	}
	if p.Whiten {
		z = b.Div(z, b.Const(p.scale()))
	}
	return z
}

// InverseTransform maps back to the input's features.
func (p *PCA) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = components(b, p, x, p.Components.Shape[0])
	c := b.Const(p.Components)
	if p.Whiten {
		s := p.scale()
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
	x = sklearn.Check(b, e, x, sklearn.Accept{DType: sklearn.DTypeFloat2, AnyWidth: true})
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
	s := b.Reduce(graph.OpReduceSum, b.Mul(xr, b.MatMul(xr, b.Const(prec))), 1, false, graph.Pairwise)
	s = b.Mul(s, b.Scalar(-0.5, s))
	return b.Sub(s, b.Scalar(0.5*(float64(k)*math.Log(2*math.Pi)-logdet), s))
}

// precision is PCA.get_precision: the inverse of the model's covariance, and the logarithm of its determinant.
func (p *PCA) precision() (*tensor.Tensor, float64, error) {
	m, k := p.Components.Shape[0], p.Components.Shape[1]
	c, v := p.Components.AsF64(), p.Variance.AsF64()
	cov := make([]float64, k*k)
	for t := range m {
		scale := 1.0
		if p.Whiten {
			scale = math.Sqrt(v[t])
		}
		diff := 0.0
		if v[t] > *p.Noise {
			diff = v[t] - *p.Noise
		}
		if p.Whiten {
			diff = diff / v[t]
		}
		for i := range k {
			ci := float64(c[t*k+i]*scale) * diff
			for j := range k {
				cov[i*k+j] += float64(ci * float64(c[t*k+j]*scale))
			}
		}
	}
	for i := range k {
		cov[i*k+i] += *p.Noise
	}
	inv, logdet, ok := spdInverse(cov, k)
	if !ok {
		return nil, 0, fmt.Errorf("the covariance of the components can not be inverted")
	}
	return tensor.FromF64(inv, k, k), -logdet, nil
}

// spdInverse inverts a symmetric positive definite matrix by Cholesky; it also gives the logarithm of its determinant.
func spdInverse(a []float64, n int) (inv []float64, logdet float64, ok bool) {
	l := slices.Clone(a)
	for j := range n {
		s := l[j*n+j]
		for k := range j {
			s -= float64(l[j*n+k] * l[j*n+k])
		}
		if !(s > 0) {
			return nil, 0, false
		}
		d := math.Sqrt(s)
		l[j*n+j] = d
		logdet += 2 * math.Log(d)
		for i := j + 1; i < n; i++ {
			s := l[i*n+j]
			for k := range j {
				s -= float64(l[i*n+k] * l[j*n+k])
			}
			l[i*n+j] = s / d
		}
	}
	inv = make([]float64, n*n)
	y := make([]float64, n)
	for c := range n {
		for i := range n {
			s := 0.0
			if i == c {
				s = 1
			}
			for k := range i {
				s -= float64(l[i*n+k] * y[k])
			}
			y[i] = s / l[i*n+i]
		}
		for i := n - 1; i >= 0; i-- {
			s := y[i]
			for k := i + 1; k < n; k++ {
				s -= float64(l[k*n+i] * inv[k*n+c])
			}
			inv[i*n+c] = s / l[i*n+i]
		}
	}
	return inv, logdet, true
}

// FeatureNamesOut is pca0, pca1, ….
func (p *PCA) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(p, p.Components.Shape[0]), nil
}
