package decomposition

import (
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var kernelClasses = []sklearn.Class{
	{Name: "sklearn.decomposition.KernelPCA", Modules: []string{"sklearn.decomposition._kernel_pca", "sklearn.decomposition.kernel_pca"},
		New:     func() sklearn.Estimator { return new(KernelPCA) },
		FitOnly: sklearn.Names("n_components eigen_solver tol max_iter iterated_power remove_zero_eig kernel_params"),
		Upgrade: []sklearn.Rung{
			parts.GammaOfChi2,
			{Before: "1.0", Fix: func(s *sklearn.State) error {
				s.Rename("lambdas_", "eigenvalues_")
				s.Rename("alphas_", "eigenvectors_")
				return nil
			}},
			{Before: "1.3", Fix: func(s *sklearn.State) error {
				if g := s.Attrs.Get("gamma"); g != nil {
					s.Default("gamma_", g)
				}
				return nil
			}},
		}},
}

// KernelPCA is sklearn.decomposition.KernelPCA with scikit-learn's own kernels.
type KernelPCA struct {
	sklearn.Base
	KernelParam  string            `sk:"kernel"`
	GammaParam   *float64          `sk:"gamma,optional"`
	DegreeParam  float64           `sk:"degree"`
	Coef0Param   float64           `sk:"coef0"`
	InverseParam bool              `sk:"fit_inverse_transform"`
	AlphaParam   float64           `sk:"alpha"`
	Gamma        *float64          `sk:"gamma_,optional"`
	Centerer     sklearn.Estimator `sk:"_centerer"`
	Values       *tensor.Tensor    `sk:"eigenvalues_"`
	Vectors      *tensor.Tensor    `sk:"eigenvectors_"`
	Fit          sklearn.Matrix    `sk:"X_fit_"`
	Transformed  *tensor.Tensor    `sk:"X_transformed_fit_,optional"`
	Dual         *tensor.Tensor    `sk:"dual_coef_,optional"`
}

var (
	_ sklearn.Transformer        = (*KernelPCA)(nil)
	_ sklearn.InverseTransformer = (*KernelPCA)(nil)
	_ sklearn.FeatureNamer       = (*KernelPCA)(nil)
	_ sklearn.Availabler         = (*KernelPCA)(nil)
	_ sklearn.Holder             = (*KernelPCA)(nil)
)

func (p *KernelPCA) kernel() *parts.Kernel {
	return &parts.Kernel{Name: p.KernelParam, Gamma: p.Gamma, Degree: p.DegreeParam, Coef0: p.Coef0Param}
}

// Bound checks the kernel and the shapes.
func (p *KernelPCA) Bound(*sklearn.Binder) error {
	if err := p.kernel().Check(); err != nil {
		return err
	}
	if p.Fit.Sparse != nil {
		p.Fit.Dense = p.Fit.Sparse.Dense()
	}
	if len(p.Fit.Dense.Shape) != 2 || len(p.Vectors.Shape) != 2 || p.Vectors.Shape[0] != p.Fit.Dense.Shape[0] || p.Values.Len() != p.Vectors.Shape[1] {
		return fmt.Errorf("eigenvectors_ do not fit the fitted rows")
	}
	if p.InverseParam && (p.Transformed == nil || p.Dual == nil || len(p.Dual.Shape) != 2 || p.Dual.Shape[0] != p.Transformed.Rows()) {
		return fmt.Errorf("dual_coef_ does not fit X_transformed_fit_")
	}
	return nil
}

// Inside returns the centerer.
func (p *KernelPCA) Inside() []sklearn.Estimator { return []sklearn.Estimator{p.Centerer} }

// Available refuses the inverse where it was not fitted.
func (p *KernelPCA) Available(method string) error {
	if method == sklearn.MethodInverseTransform && !p.InverseParam {
		return fmt.Errorf("The fit_inverse_transform parameter was not set to True when instantiating and hence the inverse transform is not available.")
	}
	return nil
}

// Transform projects the centered kernel on the scaled eigenvectors; those of zero eigenvalues give zeros.
func (p *KernelPCA) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, p, x, sklearn.Accept{Sparse: true, Width: p.Fit.Dense.Shape[1]})
	k := sklearn.Transform(b, p.Centerer, p.kernel().Apply(b, p, x, p.Fit.Dense))
	single := p.Vectors.DType == tensor.Float32
	v, l := p.Vectors.AsF64(), p.Values.AsF64()
	scaled := tensor.New(tensor.Float64, p.Vectors.Shape...)
	if single {
		scaled = tensor.New(tensor.Float32, p.Vectors.Shape...)
	}
	for i := range v {
		e := l[i%len(l)]
		switch {
		case e == 0:
		case single:
			scaled.F32[i] = float32(v[i]) / float32(math.Sqrt(e))
		default:
			scaled.F64[i] = v[i] / math.Sqrt(e)
		}
	}
	return b.MatMul(k, b.Const(scaled))
}

// InverseTransform maps back by the ridge regression that fit learned.
func (p *KernelPCA) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	x = components(b, p, x, p.Transformed.Cols())
	if p.AlphaParam != 0 && !sklearn.Older(p.Version, "0.23") && sklearn.Older(p.Version, "0.24.2") {
		return b.Unsupported(graph.OpMatMul, "scikit-learn 0.23 to 0.24.1 adds alpha to the kernel of row i of a batch with fitted row i")
	}
	return b.MatMul(p.kernel().Apply(b, p, x, p.Transformed), b.Const(p.Dual))
}

// FeatureNamesOut is kernelpca0, kernelpca1, ….
func (p *KernelPCA) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(p, p.Values.Len()), nil
}
