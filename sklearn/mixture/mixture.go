// Package mixture is sklearn.mixture.
package mixture

import (
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

const batchOnly = "it weighs the whole batch and the number of parameters, to choose a model: its likelihood is the sum of score_samples"

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	{Name: "sklearn.mixture.GaussianMixture", Modules: []string{"sklearn.mixture._gaussian_mixture", "sklearn.mixture.gaussian_mixture"},
		New:     func() sklearn.Estimator { return new(GaussianMixture) },
		Lacks:   map[string]string{"aic": batchOnly, "bic": batchOnly},
		FitOnly: sklearn.Names(params + " weights_init means_init precisions_init"), Ignore: sklearn.Names(state), Upgrade: bufferRung},
	{Name: "sklearn.mixture.BayesianGaussianMixture", Modules: []string{"sklearn.mixture._bayesian_mixture", "sklearn.mixture.bayesian_mixture"},
		New:     func() sklearn.Estimator { return new(BayesianGaussianMixture) },
		FitOnly: sklearn.Names(params + " weight_concentration_prior mean_precision_prior mean_prior degrees_of_freedom_prior covariance_prior"),
		Ignore:  sklearn.Names(state + " weight_concentration_prior_ mean_precision_prior_ mean_prior_ degrees_of_freedom_prior_ covariance_prior_ weights_"), Upgrade: bufferRung},
	{Name: "sklearn.mixture.GMM", Modules: []string{"sklearn.mixture.gmm"},
		New: func() sklearn.Estimator { return new(GMM) }, FitOnly: sklearn.Names(oldParams), Ignore: []string{"converged_"}},
	{Name: "sklearn.mixture.DPGMM", Modules: []string{"sklearn.mixture.dpgmm"},
		New: func() sklearn.Estimator { return new(DPGMM) }, FitOnly: sklearn.Names(oldParams + " alpha"), Ignore: sklearn.Names(oldState)},
	{Name: "sklearn.mixture.VBGMM", Modules: []string{"sklearn.mixture.dpgmm"},
		New: func() sklearn.Estimator { return new(VBGMM) }, FitOnly: sklearn.Names(oldParams + " alpha"), Ignore: sklearn.Names(oldState)},
}

const (
	params = "n_components tol reg_covar max_iter n_init init_params verbose_interval"
	state  = "converged_ covariances_ precisions_ n_iter_ lower_bound_ lower_bounds_ _init_prev_time _iter_prev_time"
)

// gaussians is what both mixtures share.
type gaussians struct {
	CovarianceTypeParam string         `sk:"covariance_type"`
	Means               *tensor.Tensor `sk:"means_"`
	Cholesky            *tensor.Tensor `sk:"precisions_cholesky_"`
	Buffer              BufferRule     `sk:"(buffer),optional"`
	// RoundedConstant: 1.7 brought log 2π to the type of the rows first, which for whole numbers makes it 1.
	RoundedConstant bool `sk:"(rounded constant),optional"`
}

// BufferRule says what type the quadratic forms of full and tied covariances are kept in.
type BufferRule string

// The rules.
const (
	BufferLikeX   BufferRule = ""        // that of the rows
	BufferFloat64 BufferRule = "float64" // before 1.7
)

var bufferRung = []sklearn.Rung{{Before: "1.7", Fix: func(s *sklearn.State) error {
	s.Attrs.Set(pyobj.Str("(buffer)"), pyobj.Str(BufferFloat64))
	return nil
}}, {Before: "1.8", Fix: func(s *sklearn.State) error {
	s.Attrs.Set(pyobj.Str("(rounded constant)"), pyobj.Bool(!sklearn.Older(s.Version, "1.7")))
	return nil
}}}

func (g *gaussians) check() error {
	if len(g.Means.Shape) != 2 {
		return fmt.Errorf("means_ is no matrix")
	}
	k, p := g.Means.Shape[0], g.Means.Shape[1]
	want := map[string][]int{"full": {k, p, p}, "tied": {p, p}, "diag": {k, p}, "spherical": {k}}[g.CovarianceTypeParam]
	if want == nil {
		return fmt.Errorf("covariance_type %q is not known", g.CovarianceTypeParam)
	}
	if fmt.Sprint(g.Cholesky.Shape) != fmt.Sprint(want) || !g.Cholesky.DType.IsFloat() || !g.Means.DType.IsFloat() {
		return fmt.Errorf("means_ is %s, precisions_cholesky_ %s%v, wanted floats of shape %v", g.Means.DType, g.Cholesky.DType, g.Cholesky.Shape, want)
	}
	return nil
}

// as gives a constant in the dtype numpy computes it in from others: float32 where all of them are.
func as(b *graph.Builder, t *tensor.Tensor, from ...*tensor.Tensor) graph.Value {
	dt := tensor.Float32
	for _, f := range from {
		if f.DType != tensor.Float32 {
			dt = tensor.Float64
		}
	}
	return b.Cast(b.Const(t), dt)
}

// logProb is _estimate_log_gaussian_prob for x [N,p] → [N,k]: float32 where x and the fitted arrays are.
func (g *gaussians) logProb(b *graph.Builder, x graph.Value) graph.Value {
	if !x.OK() {
		return x
	}
	k, p := g.Means.Shape[0], g.Means.Shape[1]
	mu, pc := g.Means.AsF64(), g.Cholesky.AsF64()
	logdet := tensor.New(tensor.Float64, k)
	var q graph.Value
	switch g.CovarianceTypeParam {
	case "full", "tied":
		cols := make([]graph.Value, k)
		for c := range k {
			chol := pc
			if g.CovarianceTypeParam == "full" {
				chol = pc[c*p*p : (c+1)*p*p]
			}
			m := tensor.New(tensor.Float64, p)
			for j := range p {
				for i := range p {
					m.F64[j] += float64(mu[c*p+i] * chol[i*p+j])
				}
				logdet.F64[c] += math.Log(chol[j*p+j])
			}
			y := b.Sub(b.MatMul(x, as(b, tensor.FromF64(chol, p, p), g.Cholesky)), as(b, m, g.Means, g.Cholesky))
			cols[c] = b.Reduce(graph.OpReduceSum, b.Mul(y, y), 1, true, graph.Pairwise)
			// scikit-learn fills a buffer of X's dtype: float32 rounds, integers truncate the quadratic form.
			to := tensor.Float64
			if g.Buffer == BufferLikeX {
				to = x.DType()
			}
			cols[c] = b.Cast(cols[c], to)
		}
		q = b.HStack(false, cols...)
	case "diag":
		prec, mp, mmp := tensor.New(tensor.Float64, k, p), tensor.New(tensor.Float64, k, p), tensor.New(tensor.Float64, k)
		for c := range k {
			for j := range p {
				v := pc[c*p+j] * pc[c*p+j]
				prec.F64[c*p+j] = v
				mp.F64[c*p+j] = mu[c*p+j] * v
				mmp.F64[c] += float64(float64(mu[c*p+j]*mu[c*p+j]) * v)
				logdet.F64[c] += math.Log(pc[c*p+j])
			}
		}
		two := b.MatMulT(x, as(b, mp, g.Means, g.Cholesky))
		two = b.Mul(two, b.Scalar(2, two))
		square := x
		if x.DType() != tensor.Bool {
			square = b.Mul(x, x)
		}
		q = b.Add(b.Sub(as(b, mmp, g.Means, g.Cholesky), two), b.MatMulT(square, as(b, prec, g.Cholesky)))
	case "spherical":
		prec, mmp := tensor.New(tensor.Float64, k), tensor.New(tensor.Float64, k)
		for c := range k {
			prec.F64[c] = pc[c] * pc[c]
			for j := range p {
				mmp.F64[c] += float64(mu[c*p+j] * mu[c*p+j])
			}
			mmp.F64[c] *= prec.F64[c]
			logdet.F64[c] = float64(p) * math.Log(pc[c])
		}
		two := b.Mul(b.MatMulT(x, b.Const(g.Means)), as(b, prec, g.Cholesky))
		two = b.Mul(two, b.Scalar(2, two))
		q = b.Add(b.Sub(as(b, mmp, g.Means, g.Cholesky), two), b.Mul(b.Reduce(graph.OpSumSquare, x, 1, true, graph.Lanes), as(b, prec, g.Cholesky)))
	}
	constant := b.Scalar(float64(p)*math.Log(2*math.Pi), q)
	if g.RoundedConstant {
		constant = b.Cast(b.Const(tensor.FromF64([]float64{math.Log(2 * math.Pi)})), x.DType())
		constant = b.Mul(constant, b.Scalar(float64(p), constant))
	}
	q = b.Add(q, constant)
	q = b.Mul(q, b.Scalar(-0.5, q))
	return b.Add(q, as(b, logdet, g.Cholesky))
}

// answers gives predict, predict_proba and score_samples from weighted log probabilities.
func predict(b *graph.Builder, w graph.Value) graph.Value { return b.ArgMax(w) }

func lse(b *graph.Builder, w graph.Value, keep bool) graph.Value {
	return b.Reduce(graph.OpLogSumExp, w, 1, keep, graph.Pairwise)
}

func proba(b *graph.Builder, w graph.Value) graph.Value {
	return b.Unary(graph.OpExp, b.Sub(w, lse(b, w, true)))
}

// GaussianMixture is sklearn.mixture.GaussianMixture.
type GaussianMixture struct {
	sklearn.Base
	gaussians
	Weights *tensor.Tensor `sk:"weights_"`
}

var (
	_ sklearn.Predictor      = (*GaussianMixture)(nil)
	_ sklearn.ProbaPredictor = (*GaussianMixture)(nil)
	_ sklearn.ScoreSampler   = (*GaussianMixture)(nil)
)

// Bound checks the shapes.
func (g *GaussianMixture) Bound(*sklearn.Binder) error {
	if g.Weights.Len() != g.Means.Rows() || !g.Weights.DType.IsFloat() {
		return fmt.Errorf("%d weights of %s for %d components", g.Weights.Len(), g.Weights.DType, g.Means.Rows())
	}
	return g.check()
}

func (g *GaussianMixture) weighted(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, g, x, accept(&g.Base, g.Means.Cols()))
	logw := tensor.New(tensor.Float64, g.Weights.Len())
	for i, w := range g.Weights.AsF64() {
		logw.F64[i] = math.Log(w)
	}
	return b.Add(g.logProb(b, x), as(b, logw, g.Weights))
}

// Predict gives the most likely component.
func (g *GaussianMixture) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return predict(b, g.weighted(b, x))
}

// PredictProba gives the responsibilities.
func (g *GaussianMixture) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return proba(b, g.weighted(b, x))
}

// ScoreSamples gives the log-likelihoods.
func (g *GaussianMixture) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	return lse(b, g.weighted(b, x), false)
}

// BayesianGaussianMixture is sklearn.mixture.BayesianGaussianMixture.
type BayesianGaussianMixture struct {
	sklearn.Base
	gaussians
	PriorTypeParam string           `sk:"weight_concentration_prior_type"`
	Concentration  []*tensor.Tensor `sk:"weight_concentration_"`
	MeanPrecision  *tensor.Tensor   `sk:"mean_precision_"`
	Freedom        *tensor.Tensor   `sk:"degrees_of_freedom_"`
}

var (
	_ sklearn.Predictor      = (*BayesianGaussianMixture)(nil)
	_ sklearn.ProbaPredictor = (*BayesianGaussianMixture)(nil)
	_ sklearn.ScoreSampler   = (*BayesianGaussianMixture)(nil)
)

// Bound checks the shapes.
func (g *BayesianGaussianMixture) Bound(*sklearn.Binder) error {
	k := g.Means.Rows()
	if g.MeanPrecision.Len() != k || g.Freedom.Len() != k && (g.CovarianceTypeParam != "tied" || g.Freedom.Len() == 0) ||
		!g.MeanPrecision.DType.IsNumeric() || !g.Freedom.DType.IsNumeric() {
		return fmt.Errorf("the fitted arrays do not fit %d components", k)
	}
	switch g.PriorTypeParam {
	case "dirichlet_process":
		if len(g.Concentration) != 2 || g.Concentration[0].Len() != k || g.Concentration[1].Len() != k || !g.Concentration[0].DType.IsNumeric() || !g.Concentration[1].DType.IsNumeric() {
			return fmt.Errorf("weight_concentration_ does not fit %d components", k)
		}
	case "dirichlet_distribution":
		if len(g.Concentration) != k {
			return fmt.Errorf("weight_concentration_ does not fit %d components", k)
		}
	default:
		return fmt.Errorf("weight_concentration_prior_type %q is not known", g.PriorTypeParam)
	}
	return g.check()
}

// constants gives, per component, what is added to the Gaussian log probability.
func (g *BayesianGaussianMixture) constants() *tensor.Tensor {
	k, p := g.Means.Rows(), float64(g.Means.Cols())
	out := tensor.New(tensor.Float64, k)
	if g.PriorTypeParam == "dirichlet_process" {
		a, c := g.Concentration[0].AsF64(), g.Concentration[1].AsF64()
		sum := 0.0
		for i := range k {
			s := digamma(a[i] + c[i])
			out.F64[i] = digamma(a[i]) - s + sum
			sum += digamma(c[i]) - s
		}
	} else {
		total := 0.0
		w := make([]float64, k)
		for i, t := range g.Concentration {
			w[i], _ = t.Float(0)
			total += w[i]
		}
		for i := range k {
			out.F64[i] = digamma(w[i]) - digamma(total)
		}
	}
	dof, mp := g.Freedom.AsF64(), g.MeanPrecision.AsF64()
	for i := range k {
		n := dof[min(i, len(dof)-1)]
		lambda := p * math.Log(2)
		for d := range int(p) {
			lambda += digamma(0.5 * (n - float64(d)))
		}
		out.F64[i] += -float64(0.5*p*math.Log(n)) + float64(0.5*(lambda-p/mp[i]))
	}
	return out
}

func (g *BayesianGaussianMixture) weighted(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, g, x, accept(&g.Base, g.Means.Cols()))
	return b.Add(g.logProb(b, x), b.Const(g.constants()))
}

// Predict gives the most likely component.
func (g *BayesianGaussianMixture) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return predict(b, g.weighted(b, x))
}

// PredictProba gives the responsibilities.
func (g *BayesianGaussianMixture) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return proba(b, g.weighted(b, x))
}

// ScoreSamples gives the log-likelihoods.
func (g *BayesianGaussianMixture) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	return lse(b, g.weighted(b, x), false)
}

// digamma is scipy.special.digamma for positive arguments: recurrence up to 10, then the asymptotic series of Cephes.
func digamma(x float64) float64 {
	if x <= 0 && x == math.Floor(x) {
		return math.NaN()
	}
	r := 0.0
	if x < 0 {
		r = -math.Pi / math.Tan(math.Pi*x)
		x = 1 - x
	}
	for x < 10 {
		r -= 1 / x
		x++
	}
	z := 1 / (x * x)
	s := z * (1.0/12 - z*(1.0/120-z*(1.0/252-z*(1.0/240-z*(1.0/132-z*(691.0/32760-z/12))))))
	return r + math.Log(x) - 0.5/x - s
}

// accept is _check_X, which made float64 of all rows but float32 ones; since 1.0 rows are taken as they are.
func accept(b *sklearn.Base, width int) sklearn.Accept {
	a := sklearn.Accept{Width: width}
	if b.Before("1.0") {
		a.DType = sklearn.DTypeFloat2
	}
	return a
}
