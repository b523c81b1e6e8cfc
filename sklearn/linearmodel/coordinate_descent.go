package linearmodel

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
)

var (
	coordinateDescentModules = []string{"sklearn.linear_model._coordinate_descent", "sklearn.linear_model.coordinate_descent"}
	coordinateDescentParams  = []string{"alpha", "l1_ratio", "fit_intercept", "normalize", "precompute", "max_iter", "copy_X", "tol",
		"positive", "random_state", "selection", "eps", "n_alphas", "alphas", "cv"}
	coordinateDescentState = []string{"n_iter_", "dual_gap_", "mse_path_", "alpha_", "alphas_", "l1_ratio_", "eps_", "_alphas"}

	coordinateDescentClasses = []sklearn.Class{
		regressor[ElasticNet]("ElasticNet", coordinateDescentModules, coordinateDescentParams, coordinateDescentState),
		regressor[ElasticNetCV]("ElasticNetCV", coordinateDescentModules, coordinateDescentParams, coordinateDescentState),
		regressor[Lasso]("Lasso", coordinateDescentModules, coordinateDescentParams, coordinateDescentState),
		regressor[LassoCV]("LassoCV", coordinateDescentModules, coordinateDescentParams, coordinateDescentState),
		regressor[MultiTaskElasticNet]("MultiTaskElasticNet", coordinateDescentModules, coordinateDescentParams, coordinateDescentState),
		regressor[MultiTaskElasticNetCV]("MultiTaskElasticNetCV", coordinateDescentModules, coordinateDescentParams, coordinateDescentState),
		regressor[MultiTaskLasso]("MultiTaskLasso", coordinateDescentModules, coordinateDescentParams, coordinateDescentState),
		regressor[MultiTaskLassoCV]("MultiTaskLassoCV", coordinateDescentModules, coordinateDescentParams, coordinateDescentState),
	}
)

// ElasticNet is sklearn.linear_model.ElasticNet. Unlike other models it does not check a sparse input.
type ElasticNet struct{ LinearModel }

// Lasso is sklearn.linear_model.Lasso, an ElasticNet.
type Lasso struct{ ElasticNet }

// MultiTaskElasticNet is sklearn.linear_model.MultiTaskElasticNet.
type MultiTaskElasticNet struct{ ElasticNet }

// MultiTaskLasso is sklearn.linear_model.MultiTaskLasso.
type MultiTaskLasso struct{ ElasticNet }

// ElasticNetCV is sklearn.linear_model.ElasticNetCV.
type ElasticNetCV struct{ LinearModel }

// LassoCV is sklearn.linear_model.LassoCV.
type LassoCV struct{ LinearModel }

// MultiTaskElasticNetCV is sklearn.linear_model.MultiTaskElasticNetCV.
type MultiTaskElasticNetCV struct{ LinearModel }

// MultiTaskLassoCV is sklearn.linear_model.MultiTaskLassoCV.
type MultiTaskLassoCV struct{ LinearModel }

// Predict is X @ coef_.T + intercept_.
func (m *ElasticNet) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return sparseLinear(b, &m.LinearModel, x)
}
