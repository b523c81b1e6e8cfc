package mixture

import (
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

const (
	oldParams = "n_components random_state tol thresh min_covar n_iter n_init params init_params verbose"
	oldState  = "converged_ weights_ dof_ scale_ det_scale_ alpha_ random_state_"
)

// GMM is sklearn.mixture.GMM, which 0.20 removed. Its score_samples gives the log-likelihoods and the responsibilities.
type GMM struct {
	sklearn.Base
	CovarianceTypeParam string           `sk:"covariance_type"`
	Means               *tensor.Tensor   `sk:"means_"`
	Covars              []*tensor.Tensor `sk:"covars_"`
	Weights             *tensor.Tensor   `sk:"weights_"`

	factors []*tensor.Tensor // full and tied: lower Cholesky factors, one a component
}

var (
	_ sklearn.Predictor      = (*GMM)(nil)
	_ sklearn.ProbaPredictor = (*GMM)(nil)
	_ sklearn.ScoreSampler   = (*GMM)(nil)
)

// Bound checks the shapes and factors the covariances.
func (g *GMM) Bound(*sklearn.Binder) error {
	if len(g.Means.Shape) != 2 || g.Weights.Len() != g.Means.Rows() || !g.Means.DType.IsFloat() || !g.Weights.DType.IsFloat() {
		return fmt.Errorf("%d weights for means_ of shape %v", g.Weights.Len(), g.Means.Shape)
	}
	k, p := g.Means.Shape[0], g.Means.Shape[1]
	if err := stacked("covars_", g.CovarianceTypeParam, g.Covars, k, p); err != nil {
		return err
	}
	switch g.CovarianceTypeParam {
	case "full":
		for _, c := range g.Covars {
			l, err := factor(c.AsF64(), p)
			if err != nil {
				return err
			}
			g.factors = append(g.factors, l)
		}
	case "tied":
		l, err := factor(joined(g.Covars), p)
		if err != nil {
			return err
		}
		for range k {
			g.factors = append(g.factors, l)
		}
	}
	return nil
}

// stacked checks covariances or precisions of k components and p columns, one item for each component or, where they
// share a matrix, for each of its rows.
func stacked(attr, kind string, all []*tensor.Tensor, k, p int) error {
	items, want := k, []int{p}
	switch kind {
	case "full":
		want = []int{p, p}
	case "tied":
		items = p
	case "diag", "spherical":
	default:
		return fmt.Errorf("covariance_type %q is not known", kind)
	}
	if len(all) != items {
		return fmt.Errorf("%s has %d items, wanted %d", attr, len(all), items)
	}
	for _, t := range all {
		if fmt.Sprint(t.Shape) != fmt.Sprint(want) || !t.DType.IsNumeric() {
			return fmt.Errorf("%s holds %s%v, wanted shape %v", attr, t.DType, t.Shape, want)
		}
	}
	return nil
}

func joined(rows []*tensor.Tensor) []float64 {
	var all []float64
	for _, r := range rows {
		all = append(all, r.AsF64()...)
	}
	return all
}

// factor is the lower Cholesky factor of a matrix of p×p numbers; of one that is not positive definite, that of the matrix
// with 1e-7 added to its diagonal.
func factor(a []float64, p int) (*tensor.Tensor, error) {
	for _, more := range []float64{0, 1e-7} {
		l := tensor.New(tensor.Float64, p, p)
		ok := true
		for i := 0; i < p && ok; i++ {
			for j := 0; j <= i; j++ {
				s := a[i*p+j]
				if i == j {
					s += more
				}
				for m := range j {
					s -= float64(l.F64[i*p+m] * l.F64[j*p+m])
				}
				if i > j {
					l.F64[i*p+j] = s / l.F64[j*p+j]
				} else if ok = s > 0; ok {
					l.F64[i*p+i] = math.Sqrt(s)
				}
			}
		}
		if ok {
			return l, nil
		}
	}
	return nil, fmt.Errorf("'covars' must be symmetric, positive-definite")
}

// weighted gives the log probabilities of the components, their weights added: [N,k].
func (g *GMM) weighted(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, g, x, sklearn.Accept{Width: g.Means.Cols(), NoHalf: true})
	if !x.OK() {
		return x
	}
	k, p := g.Means.Shape[0], g.Means.Shape[1]
	mu := g.Means.AsF64()
	constant := float64(p) * math.Log(2*math.Pi)
	logw, add := tensor.New(tensor.Float64, k), tensor.New(tensor.Float64, k)
	for c, w := range g.Weights.AsF64() {
		logw.F64[c] = math.Log(w)
	}
	var q graph.Value
	if g.factors != nil {
		cols := make([]graph.Value, k)
		for c, l := range g.factors {
			y := b.SolveTriangular(b.Sub(x, b.Const(tensor.FromF64(mu[c*p:(c+1)*p], p))), l)
			cols[c] = b.Reduce(graph.OpReduceSum, b.Mul(y, y), 1, true, graph.Pairwise)
			det := 0.0
			for j := range p {
				det += math.Log(l.F64[j*p+j])
			}
			add.F64[c] = constant + float64(2*det)
		}
		q = b.Add(b.HStack(false, cols...), b.Const(add))
	} else {
		ratio, inverse := tensor.New(tensor.Float64, k, p), tensor.New(tensor.Float64, k, p)
		for c, cv := range g.Covars {
			log, sq := 0.0, 0.0
			for j, v := range cv.AsF64() {
				m := mu[c*p+j]
				log += math.Log(v)
				sq += float64(m*m) / v
				ratio.F64[c*p+j], inverse.F64[c*p+j] = m/v, 1/v
			}
			add.F64[c] = constant + log + sq
		}
		two := b.MatMulT(x, b.Const(ratio))
		q = b.Add(b.Sub(b.Const(add), b.Mul(two, b.Scalar(2, two))), b.MatMulT(b.Mul(x, x), b.Const(inverse)))
	}
	return b.Add(b.Mul(q, b.Scalar(-0.5, q)), b.Const(logw))
}

// Predict gives the most likely component.
func (g *GMM) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return b.ArgMax(proba(b, g.weighted(b, x)))
}

// PredictProba gives the responsibilities.
func (g *GMM) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return proba(b, g.weighted(b, x))
}

// ScoreSamples gives the log-likelihoods [N] and the responsibilities [N,k].
func (g *GMM) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	w := g.weighted(b, x)
	return b.Tuple(lse(b, w, false).Named("log_likelihood"), proba(b, w).Named("responsibilities"))
}
