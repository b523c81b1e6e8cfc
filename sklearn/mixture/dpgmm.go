package mixture

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// variational is what DPGMM and VBGMM share.
type variational struct {
	sklearn.Base
	CovarianceTypeParam string           `sk:"covariance_type"`
	Means               *tensor.Tensor   `sk:"means_"`
	Precs               []*tensor.Tensor `sk:"precs_"`
	Gamma               *tensor.Tensor   `sk:"gamma_"`
	BoundPrec           *tensor.Tensor   `sk:"bound_prec_"`
	InitialBound        float64          `sk:"_initial_bound"`
}

// prior gives what a prior adds to the score of each component [k].
type prior interface {
	sklearn.Estimator
	prior() *tensor.Tensor
}

// DPGMM is sklearn.mixture.DPGMM, which 0.20 removed. Its score_samples gives a bound of the log-likelihoods and the
// responsibilities.
type DPGMM struct{ variational }

// VBGMM is sklearn.mixture.VBGMM, which 0.20 removed. Its score_samples gives a bound of the log-likelihoods and the
// responsibilities.
type VBGMM struct{ variational }

var (
	_ sklearn.Predictor      = (*DPGMM)(nil)
	_ sklearn.ProbaPredictor = (*DPGMM)(nil)
	_ sklearn.ScoreSampler   = (*DPGMM)(nil)
	_ sklearn.Predictor      = (*VBGMM)(nil)
	_ sklearn.ProbaPredictor = (*VBGMM)(nil)
	_ sklearn.ScoreSampler   = (*VBGMM)(nil)
)

// single is the smallest step of float32 from 1, which these classes add where 0 would hurt.
const single = 1.0 / (1 << 23)

// Bound checks the shapes.
func (v *DPGMM) Bound(*sklearn.Binder) error { return v.check(3) }

// Bound checks the shapes.
func (v *VBGMM) Bound(*sklearn.Binder) error { return v.check(1) }

func (v *variational) check(perComponent int) error {
	if len(v.Means.Shape) != 2 || v.Means.Rows() == 0 {
		return fmt.Errorf("means_ is no matrix")
	}
	k, p := v.Means.Shape[0], v.Means.Shape[1]
	if v.Gamma.Len() != perComponent*k || v.BoundPrec.Len() != k && v.BoundPrec.Len() != 1 {
		return fmt.Errorf("gamma_ %v and bound_prec_ %v do not fit %d components", v.Gamma.Shape, v.BoundPrec.Shape, k)
	}
	return stacked("precs_", v.CovarianceTypeParam, v.Precs, k, p)
}

func shifted(x float64) float64 { return digamma(x + single) }

// prior is stick-breaking.
func (v *DPGMM) prior() *tensor.Tensor {
	k, g := v.Means.Rows(), v.Gamma.AsF64()
	out := tensor.New(tensor.Float64, k)
	rest := 0.0
	for j := range k {
		if j == 0 {
			rest = shifted(g[2]) - shifted(g[1]+g[2])
		} else {
			i := j - 1
			rest = rest + shifted(g[3*i+2]) - shifted(g[3*i+1]+g[3*i+2])
		}
		out.F64[j] = shifted(g[3*j+1]) - shifted(g[3*j+1]+g[3*j+2]) + rest
	}
	return out
}

// prior is Dirichlet's.
func (v *VBGMM) prior() *tensor.Tensor {
	g, total := v.Gamma.AsF64(), 0.0
	for _, a := range g {
		total += a
	}
	out := tensor.New(tensor.Float64, len(g))
	for j, a := range g {
		out.F64[j] = shifted(a) - shifted(total)
	}
	return out
}

// score gives the bound [N] and the responsibilities [N,k].
func (v *variational) score(b *graph.Builder, e prior, x graph.Value) (bound, resp graph.Value) {
	x = sklearn.Check(b, e, x, sklearn.Accept{Width: v.Means.Cols(), NoHalf: true})
	if !x.OK() {
		return x, x
	}
	k, p := v.Means.Shape[0], v.Means.Shape[1]
	mu, start := v.Means.AsF64(), v.BoundPrec.AsF64()
	cols := make([]graph.Value, k)
	for c := range k {
		m := mu[c*p : (c+1)*p]
		var q graph.Value
		switch v.CovarianceTypeParam {
		case "diag", "spherical":
			d := b.Sub(x, b.Const(tensor.FromF64(m, p)))
			q = b.Reduce(graph.OpReduceSum, b.Mul(b.Mul(d, d), b.Const(tensor.FromF64(v.Precs[c].AsF64(), p))), 1, true, graph.Pairwise)
		default:
			vi := joined(v.Precs)
			if v.CovarianceTypeParam == "full" {
				vi = v.Precs[c].AsF64()
			}
			q = b.PairwiseDistance(b.Cast(x, tensor.Float64), tensor.FromF64(m, 1, p), graph.Metric{Name: graph.Mahalanobis, VI: vi})
			q = b.Mul(q, q)
		}
		cols[c] = b.Sub(b.Scalar(v.InitialBound+start[min(c, len(start)-1)], q), b.Mul(q, b.Scalar(0.5, q)))
	}
	lik := b.HStack(false, cols...)
	z := b.Add(lik, b.Const(e.prior()))
	z = b.Sub(z, b.Reduce(graph.OpReduceMax, z, 1, true, graph.Any))
	z = proba(b, z)
	z = b.Add(z, b.Scalar(single, z))
	z = b.Div(z, b.Reduce(graph.OpReduceSum, z, 1, true, graph.Sequential))
	return b.Reduce(graph.OpReduceSum, b.Mul(z, lik), 1, false, graph.Pairwise), z
}

// alone refuses what 0.19 changed by a slip: it divides responsibilities by those of the whole batch before it adds
// 1.2e-7 to each and divides by their sum.
func (v *variational) alone(b *graph.Builder, z graph.Value) graph.Value {
	if !sklearn.Older(v.Version, "0.19") {
		return b.Unsupported(graph.OpReduceSum, "scikit-learn 0.19's responsibilities depend on how many rows a batch has")
	}
	return z
}

func (v *variational) predict(b *graph.Builder, e prior, x graph.Value) graph.Value {
	_, z := v.score(b, e, x)
	return b.ArgMax(z)
}

func (v *variational) predictProba(b *graph.Builder, e prior, x graph.Value) graph.Value {
	_, z := v.score(b, e, x)
	return v.alone(b, z)
}

func (v *variational) scoreSamples(b *graph.Builder, e prior, x graph.Value) graph.Value {
	bound, z := v.score(b, e, x)
	return b.Tuple(bound.Named("bound"), v.alone(b, z).Named("responsibilities"))
}

// Predict gives the most likely component.
func (v *DPGMM) Predict(b *graph.Builder, x graph.Value) graph.Value { return v.predict(b, v, x) }

// PredictProba gives the responsibilities.
func (v *DPGMM) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return v.predictProba(b, v, x)
}

// ScoreSamples gives the bound [N] and the responsibilities [N,k].
func (v *DPGMM) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	return v.scoreSamples(b, v, x)
}

// Predict gives the most likely component.
func (v *VBGMM) Predict(b *graph.Builder, x graph.Value) graph.Value { return v.predict(b, v, x) }

// PredictProba gives the responsibilities.
func (v *VBGMM) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return v.predictProba(b, v, x)
}

// ScoreSamples gives the bound [N] and the responsibilities [N,k].
func (v *VBGMM) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	return v.scoreSamples(b, v, x)
}
