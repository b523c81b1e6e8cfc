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
	Ignore:  []string{"_rng", "rng", "y_train_", "log_marginal_likelihood_value_", "_K_inv"},
	Lacks: map[string]string{
		"predict_cov": "the covariance of a batch with itself has a column for each of its rows",
		"sample_y":    "draws through a singular value decomposition of the covariance of the batch, whose signs are those of the machine's LAPACK",
	},
	Upgrade: []sklearn.Rung{{Before: "0.19", Fix: func(s *sklearn.State) error { s.Rename("y_train_mean", "_y_train_mean"); return nil }}},
}}

// GaussianProcessRegressor is sklearn.gaussian_process.GaussianProcessRegressor: the mean of its predictions,
// and their standard deviation.
type GaussianProcessRegressor struct {
	sklearn.Base
	Kernel        *Kernel        `sk:"kernel_,optional"`
	XTrain        *tensor.Tensor `sk:"X_train_,optional"`
	Alpha         *tensor.Tensor `sk:"alpha_,optional"`
	L             *tensor.Tensor `sk:"L_,optional"` // float [m,m], the lower triangle counts
	YTrainMean    *parts.Number  `sk:"_y_train_mean,optional"`
	YTrainStd     *parts.Number  `sk:"_y_train_std,optional"` // since 0.23
	NTargetsParam *int           `sk:"n_targets,optional"`
}

var (
	_ sklearn.Predictor    = (*GaussianProcessRegressor)(nil)
	_ sklearn.StdPredictor = (*GaussianProcessRegressor)(nil)
	_ sklearn.Availabler   = (*GaussianProcessRegressor)(nil)
)

// Bound checks the shapes. Without training rows it is the prior.
func (g *GaussianProcessRegressor) Bound(*sklearn.Binder) error {
	if g.Numpy == 1 {
		g.Kernel.weaken()
	}
	if g.Before("0.19") {
		g.Kernel.filterChi2()
	}
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
	if l := g.L; l != nil && (len(l.Shape) != 2 || l.Shape[0] != x.Shape[0] || l.Shape[1] != x.Shape[0] || !l.DType.IsFloat()) {
		return &sklearn.BindError{Path: g.Path, Attr: "L_", Msg: fmt.Sprintf("%s%v does not fit X_train_ of shape %v", l.DType, l.Shape, x.Shape)}
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
	x = sklearn.Check(b, g, x, sklearn.Accept{Width: g.XTrain.Shape[1], NoHalf: g.Numpy != 2})
	return g.mean(b, g.trans(b, x))
}

// trans is the kernel with the training rows.
func (g *GaussianProcessRegressor) trans(b *graph.Builder, x graph.Value) graph.Value {
	return matrix(b, x, g.Kernel.between(b, x, g.XTrain), g.XTrain.Rows())
}

func (g *GaussianProcessRegressor) mean(b *graph.Builder, k graph.Value) graph.Value {
	y := b.MatMul(k, b.Const(g.Alpha))
	if g.YTrainStd != nil {
		y = b.Mul(g.YTrainStd.Value(b, y), y)
	}
	y = b.Add(y, g.YTrainMean.Value(b, y))
	if len(y.Type().Shape) == 2 && y.Width() == 1 && !g.Before("1.1") {
		y = b.Ravel(y)
	}
	return y
}

// Available refuses the deviation of a prior, and where the file has no factor of the covariance.
func (g *GaussianProcessRegressor) Available(method string) error {
	if method == sklearn.MethodPredictStd && (g.XTrain == nil || g.L == nil) {
		return sklearn.NotComputed("it was not fitted: X_train_ or L_ is not in the file")
	}
	if method == sklearn.MethodPredictStd && g.Before("0.18.2") && g.Kernel != nil && hasPairwise(g.Kernel.kernel) {
		return sklearn.NotComputed("before 0.18.2 the variances of PairwiseKernel were a column, from which nothing is subtracted")
	}
	if method == sklearn.MethodPredictStd && g.Before("1.0.1") && g.YTrainStd != nil && g.YTrainStd.Tensor.Len() > 1 {
		return sklearn.NotComputed("before 1.0.1 the deviation of row i was scaled by that of target i")
	}
	return nil
}

// hasPairwise reports a PairwiseKernel.
func hasPairwise(k kernel) (has bool) {
	each(k, func(k kernel) {
		_, pairwise := k.(*pairwiseKernel)
		has = has || pairwise
	})
	return has
}

// PredictStd gives the mean and the standard deviation of each prediction: the square root of the prior's variance
// less what the training rows say, or zero where rounding makes that negative.
func (g *GaussianProcessRegressor) PredictStd(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, g, x, sklearn.Accept{Width: g.XTrain.Shape[1], NoHalf: g.Numpy != 2})
	k := g.trans(b, x)
	v := b.SolveTriangular(b.Cast(k, tensor.Float64), parts.Float64(g.L))
	known := b.RowSum(b.Mul(v, v), graph.Sequential)
	if k.OK() && k.DType() == tensor.Float32 && g.L.DType == tensor.Float32 {
		known = b.Cast(b.Cast(known, tensor.Float32), tensor.Float64) // which may be too large for it
	}
	prior := g.Kernel.diag(b, x).operand(b)
	left := b.Sub(prior, known)
	if left.OK() && prior.DType() == tensor.Float32 {
		left = b.Cast(left, tensor.Float32) // known is subtracted in place
	}
	left = b.Where(b.Binary(graph.OpLess, left, b.Scalar(0, left)), b.Scalar(0, left), left)
	if g.YTrainStd != nil {
		std := b.Const(g.YTrainStd.Tensor.Reshape(g.YTrainStd.Tensor.Len()))
		left = b.Mul(b.AsColumn(left), b.Mul(std, std))
		if g.YTrainStd.Tensor.Len() == 1 {
			left = b.Ravel(left)
		}
	}
	return b.Tuple(g.mean(b, k).Named("mean"), b.Unary(graph.OpSqrt, left).Named("std"))
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
