package linearmodel

import (
	"fmt"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var randomizedClasses = []sklearn.Class{randomized("RandomizedLasso"), randomized("RandomizedLogisticRegression")}

func randomized(name string) sklearn.Class {
	return sklearn.Class{
		Name: "sklearn.linear_model." + name, Modules: []string{"sklearn.linear_model.randomized_l1"},
		New: func() sklearn.Estimator { return new(Randomized) },
		FitOnly: sklearn.Names("alpha C scaling sample_fraction n_resampling fit_intercept verbose normalize precompute max_iter eps tol " +
			"random_state n_jobs pre_dispatch memory"),
		Ignore: sklearn.Names("all_scores_ alpha_"),
	}
}

// Randomized is sklearn.linear_model.RandomizedLasso and RandomizedLogisticRegression, which 0.21 removed: it keeps the
// columns that were chosen often enough.
type Randomized struct {
	sklearn.Base
	Scores    *tensor.Tensor `sk:"scores_"`
	Threshold float64        `sk:"selection_threshold"`
}

var (
	_ sklearn.Transformer        = (*Randomized)(nil)
	_ sklearn.InverseTransformer = (*Randomized)(nil)
)

// Bound checks the scores.
func (r *Randomized) Bound(*sklearn.Binder) error {
	if len(r.Scores.Shape) != 1 || r.Scores.Len() == 0 || r.Scores.DType != tensor.Float64 {
		return &sklearn.BindError{Path: r.Path, Attr: "scores_", Msg: fmt.Sprintf("%s%v are no scores", r.Scores.DType, r.Scores.Shape)}
	}
	r.NFeaturesIn = r.Scores.Len()
	return nil
}

// Transform keeps the columns whose score is above the threshold.
func (r *Randomized) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, r, x, sklearn.Accept{DType: sklearn.DTypeAny, Sparse: true, Width: r.Scores.Len()})
	kept := []int{}
	for i, s := range r.Scores.F64 {
		if s > r.Threshold {
			kept = append(kept, i)
		}
	}
	if x = b.Gather(x, kept); len(kept) == 0 && x.OK() && x.Type().Sparse() {
		return b.ToDense(x) // numpy.empty, whatever x was
	}
	return x
}

// InverseTransform puts zeros where columns were left out.
func (r *Randomized) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	if x.OK() && x.Type().Kind == graph.Dense && len(x.Type().Shape) == 2 && x.Width() == 0 && r.Before("0.19") && slices.Max(r.Scores.F64) <= r.Threshold {
		return b.Take(b.Const(tensor.New(tensor.Float64, 1, r.Scores.Len())), b.Zeros(x)) // nothing was chosen
	}
	x = sklearn.Check(b, r, x, sklearn.Accept{DType: sklearn.DTypeFloat64, Array: true, AnyWidth: true})
	if !x.OK() {
		return x
	}
	at := 0
	cols := make([]graph.Value, r.Scores.Len())
	for i, s := range r.Scores.F64 {
		if s <= r.Threshold {
			cols[i] = b.AsColumn(b.Mul(b.Column(x, 0), b.Scalar(0, x)))
			continue
		}
		if at == x.Width() {
			return b.Refuse("%d columns, fewer than were kept", x.Width())
		}
		cols[i] = b.AsColumn(b.Column(x, at))
		at++
	}
	if at != x.Width() {
		return b.Refuse("%d columns, %d were kept", x.Width(), at)
	}
	return b.HStack(false, cols...)
}
