package neuralnetwork

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var rbmClasses = []sklearn.Class{{
	Name: "sklearn.neural_network.BernoulliRBM", Modules: []string{"sklearn.neural_network._rbm", "sklearn.neural_network.rbm"},
	New:     func() sklearn.Estimator { return new(BernoulliRBM) },
	Lacks:   map[string]string{"gibbs": "each call draws from random_state_ and moves it on: a step of a chain, not a result for rows"},
	FitOnly: []string{"n_components", "learning_rate", "batch_size", "n_iter"}, Ignore: []string{"h_samples_", "_n_features_out", "random_state_"},
}}

// BernoulliRBM is sklearn.neural_network.BernoulliRBM. Its score flips one random bit a row and needs a seed.
type BernoulliRBM struct {
	sklearn.Base
	Components       *tensor.Tensor    `sk:"components_"`
	InterceptHidden  *tensor.Tensor    `sk:"intercept_hidden_"`
	InterceptVisible *tensor.Tensor    `sk:"intercept_visible_"`
	RandomState      parts.RandomState `sk:"random_state"`
}

var (
	_ sklearn.Transformer  = (*BernoulliRBM)(nil)
	_ sklearn.ScoreSampler = (*BernoulliRBM)(nil)
	_ sklearn.FeatureNamer = (*BernoulliRBM)(nil)
	_ sklearn.Availabler   = (*BernoulliRBM)(nil)
)

// Bound checks the shapes.
func (r *BernoulliRBM) Bound(*sklearn.Binder) error {
	if s := r.Components.Shape; len(s) != 2 || s[0] != r.InterceptHidden.Len() || s[1] != r.InterceptVisible.Len() {
		return &sklearn.BindError{Path: r.Path, Attr: "components_", Msg: fmt.Sprintf("shape %v, intercept_hidden_ %v and intercept_visible_ %v do not fit", s, r.InterceptHidden.Shape, r.InterceptVisible.Shape)}
	}
	return nil
}

// Available refuses a score that can not be repeated.
func (r *BernoulliRBM) Available(method string) error {
	if method == sklearn.MethodScoreSamples {
		_, err := r.RandomState.Generator()
		return err
	}
	return nil
}

// hidden is v @ components_.T + intercept_hidden_.
func (r *BernoulliRBM) hidden(b *graph.Builder, v graph.Value) graph.Value {
	return b.Add(b.MatMulT(v, b.Const(r.Components)), b.Const(r.InterceptHidden))
}

// Transform is the logistic function of the hidden units.
func (r *BernoulliRBM) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, r, x, sklearn.Accept{Sparse: true, DType: sklearn.DTypeFloat2, Width: r.Components.Shape[1]})
	return b.Unary(graph.OpSigmoid, r.hidden(b, x))
}

// FeatureNamesOut is the class name and a number.
func (r *BernoulliRBM) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(r, r.Components.Shape[0]), nil
}

// ScoreSamples is the pseudo-likelihood: how much flipping one random bit raises the free energy.
func (r *BernoulliRBM) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	p := r.Components.Shape[1]
	a, err := r.RandomState.Generator()
	if err != nil {
		return b.Fail(&sklearn.MethodError{Path: r.Path, Class: r.Name(), Method: sklearn.MethodScoreSamples, Why: err})
	}
	v := sklearn.Check(b, r, x, sklearn.Accept{Sparse: true, Width: p})
	sparse := v.Type().Kind != graph.Dense
	v = b.ToDense(v)
	a.Draws = []graph.Draw{{Below: p}}
	columns := tensor.New(tensor.Int64, p)
	for i := range columns.I64 {
		columns.I64[i] = int64(i)
	}
	at := b.Binary(graph.OpEqual, b.AsColumn(b.RandomDraw(v, a)), b.Const(columns))
	one := b.Const(&tensor.Tensor{DType: tensor.Int64, Shape: []int{}, I64: []int64{1}})
	if v.DType().IsFloat() {
		one = b.Scalar(1, v)
	}
	corrupt := b.Cast(b.Where(at, b.Sub(one, v), v), v.DType())
	if sparse {
		// Of a sparse matrix the change is added, in float64.
		w := b.Cast(v, tensor.Float64)
		corrupt = b.Where(at, b.Add(w, b.Add(b.Mul(b.Scalar(-2, w), w), b.Scalar(1, w))), w)
	}
	d := b.Sub(r.freeEnergy(b, corrupt), r.freeEnergy(b, v))
	s := b.Unary(graph.OpSoftplus, b.Unary(graph.OpNeg, d))
	return b.Mul(b.Scalar(-float64(p), s), s)
}

func (r *BernoulliRBM) freeEnergy(b *graph.Builder, v graph.Value) graph.Value {
	e := b.Unary(graph.OpNeg, b.MatMul(v, b.Const(r.InterceptVisible)))
	return b.Sub(e, b.RowSum(b.Unary(graph.OpSoftplus, r.hidden(b, v)), graph.Pairwise))
}
