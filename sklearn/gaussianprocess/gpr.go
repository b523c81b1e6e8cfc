package gaussianprocess

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var regressorClasses = []sklearn.Class{{
	Name: "sklearn.gaussian_process.GaussianProcessRegressor", Modules: []string{"sklearn.gaussian_process._gpr", "sklearn.gaussian_process.gpr"},
	New:     func() sklearn.Estimator { return new(GaussianProcessRegressor) },
	FitOnly: []string{"kernel", "alpha", "optimizer", "n_restarts_optimizer", "normalize_y", "copy_X_train", "random_state"},
	Ignore:  []string{"_rng", "rng", "y_train_", "log_marginal_likelihood_value_", "L_", "_K_inv"},
	Upgrade: []sklearn.Rung{{Before: "0.19", Fix: func(s *sklearn.State) error { s.Rename("y_train_mean", "_y_train_mean"); return nil }}},
}}

// GaussianProcessRegressor is sklearn.gaussian_process.GaussianProcessRegressor: the mean of its predictions.
type GaussianProcessRegressor struct {
	sklearn.Base
	Kernel        *Kernel        `sk:"kernel_,optional"`
	XTrain        *tensor.Tensor `sk:"X_train_,optional"`
	Alpha         *tensor.Tensor `sk:"alpha_,optional"`
	YTrainMean    *parts.Number  `sk:"_y_train_mean,optional"`
	YTrainStd     *parts.Number  `sk:"_y_train_std,optional"` // since 0.23
	NTargetsParam *int           `sk:"n_targets,optional"`
}

var _ sklearn.Predictor = (*GaussianProcessRegressor)(nil)

// Bound checks the shapes. Without training rows it is the prior.
func (g *GaussianProcessRegressor) Bound(*sklearn.Binder) error {
	if g.XTrain == nil {
		return nil
	}
	x, a := g.XTrain, g.Alpha
	if g.Kernel == nil || a == nil || g.YTrainMean == nil {
		return &sklearn.BindError{Path: g.Path, Attr: "kernel_", Msg: "kernel_, alpha_ or _y_train_mean is missing"}
	}
	if len(x.Shape) != 2 || !x.DType.IsNumeric() || len(a.Shape) < 1 || len(a.Shape) > 2 || a.Shape[0] != x.Shape[0] {
		return &sklearn.BindError{Path: g.Path, Attr: "alpha_", Msg: fmt.Sprintf("shape %v does not fit X_train_ of shape %v", a.Shape, x.Shape)}
	}
	return nil
}

// Predict is the kernel with the training rows times alpha_, brought back to the scale of the target.
func (g *GaussianProcessRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	if g.XTrain == nil {
		row := tensor.New(tensor.Float64, 1)
		if g.NTargetsParam != nil && *g.NTargetsParam > 1 {
			row = tensor.New(tensor.Float64, 1, *g.NTargetsParam)
		}
		return b.Take(b.Const(row), b.Zeros(x))
	}
	x = sklearn.Check(b, g, x, sklearn.Accept{Width: g.XTrain.Shape[1]})
	y := b.MatMul(matrix(b, x, g.Kernel.between(b, x, g.XTrain), g.XTrain.Rows()), b.Const(g.Alpha))
	if g.YTrainStd != nil {
		y = b.Mul(g.YTrainStd.Value(b, y), y)
	}
	y = b.Add(y, g.YTrainMean.Value(b, y))
	if len(y.Type().Shape) == 2 && y.Width() == 1 {
		y = b.Ravel(y)
	}
	return y
}

// matrix writes out an entry for m training rows.
func matrix(b *graph.Builder, x graph.Value, e entry, m int) graph.Value {
	if !e.all {
		return e.v
	}
	row := tensor.New(tensor.Float64, 1, m)
	for i := range row.F64 {
		row.F64[i] = e.number
	}
	return b.Take(b.Const(row), b.Zeros(x))
}
