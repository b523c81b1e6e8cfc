package gaussianprocess

import (
	"errors"
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var classifierClasses = []sklearn.Class{
	{
		Name: "sklearn.gaussian_process.GaussianProcessClassifier", Modules: gpcModules,
		New:     func() sklearn.Estimator { return new(GaussianProcessClassifier) },
		FitOnly: gpcParams, Ignore: []string{"n_classes_", "log_marginal_likelihood_value_"},
	},
	{
		Name: "sklearn.gaussian_process._BinaryGaussianProcessClassifierLaplace", Modules: gpcModules,
		New:     func() sklearn.Estimator { return new(BinaryGaussianProcessClassifierLaplace) },
		FitOnly: gpcParams, Ignore: []string{"rng", "f_cached", "log_marginal_likelihood_value_"},
	},
}

var (
	gpcModules = []string{"sklearn.gaussian_process._gpc", "sklearn.gaussian_process.gpc"}
	gpcParams  = []string{"kernel", "optimizer", "n_restarts_optimizer", "max_iter_predict", "copy_X_train", "random_state"}
)

// GaussianProcessClassifier is sklearn.gaussian_process.GaussianProcessClassifier: a binary classifier, or one of
// sklearn.multiclass made of such.
type GaussianProcessClassifier struct {
	sklearn.Base
	MultiClassParam string            `sk:"multi_class"`
	BaseEstimator   sklearn.Estimator `sk:"base_estimator_"`
	Classes         *tensor.Tensor    `sk:"classes_,text"`
}

var (
	_ sklearn.Predictor       = (*GaussianProcessClassifier)(nil)
	_ sklearn.ProbaPredictor  = (*GaussianProcessClassifier)(nil)
	_ sklearn.LatentPredictor = (*GaussianProcessClassifier)(nil)
	_ sklearn.Classifier      = (*GaussianProcessClassifier)(nil)
	_ sklearn.Holder          = (*GaussianProcessClassifier)(nil)
	_ sklearn.Availabler      = (*GaussianProcessClassifier)(nil)
)

// Inside returns the classifier behind.
func (g *GaussianProcessClassifier) Inside() []sklearn.Estimator {
	return []sklearn.Estimator{g.BaseEstimator}
}

// ClassLabels returns classes_.
func (g *GaussianProcessClassifier) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{g.Classes}
}

// Available refuses probabilities of pairs.
func (g *GaussianProcessClassifier) Available(method string) error {
	if method == sklearn.MethodPredictProba && g.Classes.Len() > 2 && g.MultiClassParam == "one_vs_one" {
		return errors.New("one_vs_one multi-class mode does not support predicting probability estimates. Use one_vs_rest mode instead.")
	}
	if method == sklearn.MethodLatent {
		if sklearn.Older(g.Version, "1.7") {
			return errors.New("before 1.7 there was none")
		}
		if k := g.Classes.Len(); k > 2 {
			return fmt.Errorf("Returning the mean and variance of the latent function f is only supported for binary classification, received %d classes.", k)
		}
	}
	return nil
}

// LatentMeanAndVariance is that of the classifier behind.
func (g *GaussianProcessClassifier) LatentMeanAndVariance(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, g.BaseEstimator, sklearn.MethodLatent, sklearn.Check(b, g, x, sklearn.Accept{NoHalf: g.Numpy != 2}))
}

// Predict is that of the classifier behind.
func (g *GaussianProcessClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Predict(b, g.BaseEstimator, sklearn.Check(b, g, x, sklearn.Accept{NoHalf: g.Numpy != 2}))
}

// PredictProba is that of the classifier behind.
func (g *GaussianProcessClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.PredictProba(b, g.BaseEstimator, sklearn.Check(b, g, x, sklearn.Accept{NoHalf: g.Numpy != 2}))
}

// BinaryGaussianProcessClassifierLaplace is sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace.
type BinaryGaussianProcessClassifierLaplace struct {
	sklearn.Base
	Kernel  Kernel         `sk:"kernel_"`
	XTrain  *tensor.Tensor `sk:"X_train_"`
	YTrain  *tensor.Tensor `sk:"y_train_"`
	Classes *tensor.Tensor `sk:"classes_,text"`
	Pi      *tensor.Tensor `sk:"pi_"`
	WSr     *tensor.Tensor `sk:"W_sr_"`
	L       *tensor.Tensor `sk:"L_"`

	residual *tensor.Tensor // y - pi
}

var (
	_ sklearn.Predictor       = (*BinaryGaussianProcessClassifierLaplace)(nil)
	_ sklearn.ProbaPredictor  = (*BinaryGaussianProcessClassifierLaplace)(nil)
	_ sklearn.LatentPredictor = (*BinaryGaussianProcessClassifierLaplace)(nil)
	_ sklearn.Classifier      = (*BinaryGaussianProcessClassifierLaplace)(nil)
)

// Bound checks the shapes.
func (g *BinaryGaussianProcessClassifierLaplace) Bound(*sklearn.Binder) error {
	if g.Numpy == 1 {
		g.Kernel.weaken()
	}
	if g.Before("0.19") {
		g.Kernel.filterChi2()
	}
	m := g.XTrain.Rows()
	if x, l := g.XTrain, g.L; len(x.Shape) != 2 || !x.DType.IsNumeric() || g.YTrain.Len() != m || g.Pi.Len() != m || g.WSr.Len() != m ||
		len(l.Shape) != 2 || l.Shape[0] != m || l.Shape[1] != m || l.DType != tensor.Float64 || g.WSr.DType != tensor.Float64 {
		return &sklearn.BindError{Path: g.Path, Attr: "X_train_", Msg: fmt.Sprintf("shape %v does not fit y_train_, pi_, W_sr_ or L_", x.Shape)}
	}
	if g.Classes.Len() != 2 {
		return &sklearn.BindError{Path: g.Path, Attr: "classes_", Msg: fmt.Sprintf("%d classes, wanted 2", g.Classes.Len())}
	}
	g.residual = tensor.New(tensor.Float64, m)
	for i := range m {
		y, _ := g.YTrain.Float(i)
		pi, _ := g.Pi.Float(i)
		g.residual.F64[i] = y - pi
	}
	return nil
}

// ClassLabels returns classes_.
func (g *BinaryGaussianProcessClassifierLaplace) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{g.Classes}
}

// latent is the kernel with the training rows, and the mean of the latent function.
func (g *BinaryGaussianProcessClassifierLaplace) latent(b *graph.Builder, x graph.Value) (k, mean graph.Value) {
	if t := x.Type(); x.OK() && t.Width() != g.XTrain.Cols() {
		return b.RefuseWidth(g.XTrain.Cols(), "X has %d features, but %s is expecting %d features as input.", t.Width(), g.Name(), g.XTrain.Cols()), graph.Value{}
	}
	k = matrix(b, x, g.Kernel.between(b, x, g.XTrain), g.XTrain.Rows())
	return k, b.MatMul(k, b.Const(g.residual))
}

// distribution is mean and variance of the latent function.
func (g *BinaryGaussianProcessClassifierLaplace) distribution(b *graph.Builder, x graph.Value) (mean, variance graph.Value) {
	k, mean := g.latent(b, x)
	v := b.SolveTriangular(b.Mul(k, b.Const(g.WSr.Reshape(g.WSr.Len()))), g.L)
	return mean, b.Sub(g.Kernel.diag(b, x).operand(b), b.RowSum(b.Mul(v, v), graph.Sequential))
}

// LatentMeanAndVariance gives mean and variance of the latent function.
func (g *BinaryGaussianProcessClassifierLaplace) LatentMeanAndVariance(b *graph.Builder, x graph.Value) graph.Value {
	mean, variance := g.distribution(b, x)
	return b.Tuple(mean.Named("mean"), variance.Named("variance"))
}

// Predict is the second class where the latent mean is strictly above zero.
func (g *BinaryGaussianProcessClassifierLaplace) Predict(b *graph.Builder, x graph.Value) graph.Value {
	_, f := g.latent(b, x)
	return b.Labels(b.Binary(graph.OpGreater, f, b.Scalar(0, f)), g.Classes)
}

// PredictProba integrates the logistic function over the latent distribution, as a sum of five error functions
// (Williams and Barber 1998). Their coefficients cancel to a part in 3500.
func (g *BinaryGaussianProcessClassifierLaplace) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	lambdas := []float64{0.41, 0.4, 0.37, 0.44, 0.39}
	coefs := []float64{-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654}
	mean, variance := g.distribution(b, x)
	num := func(f float64) graph.Value { return b.Scalar(f, variance) }
	alpha := b.Div(num(1), b.Mul(num(2), variance))
	root := b.Unary(graph.OpSqrt, b.Div(num(math.Pi), alpha))
	norm := b.Mul(num(2), b.Unary(graph.OpSqrt, b.Mul(b.Mul(variance, num(2)), num(math.Pi))))
	var p graph.Value
	half := 0.0
	for i, l := range lambdas {
		arg := b.Mul(b.Mul(num(l), mean), b.Unary(graph.OpSqrt, b.Div(alpha, b.Add(alpha, num(l*l)))))
		t := b.Mul(num(coefs[i]), b.Div(b.Mul(root, b.Unary(graph.OpErf, arg)), norm))
		if half += coefs[i]; i == 0 {
			p = t
		} else {
			p = b.Add(p, t)
		}
	}
	return parts.Complement(b, b.Add(p, num(0.5*half)))
}
