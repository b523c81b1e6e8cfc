package linearmodel

import "github.com/larder-ml/larder/sklearn"

var (
	leastAngleModules = []string{"sklearn.linear_model._least_angle", "sklearn.linear_model.least_angle"}
	leastAngleParams  = []string{"alpha", "fit_intercept", "normalize", "precompute", "n_nonzero_coefs", "max_iter", "eps", "copy_X", "fit_path",
		"positive", "jitter", "random_state", "cv", "max_n_alphas", "criterion", "noise_variance", "method"}
	leastAngleState = []string{"alphas_", "n_iter_", "active_", "coef_path_", "alpha_", "cv_alphas_", "mse_path_", "cv_mse_path_", "criterion_", "noise_variance_"}

	leastAngleClasses = []sklearn.Class{
		regressor[Lars]("Lars", leastAngleModules, leastAngleParams, leastAngleState),
		regressor[LarsCV]("LarsCV", leastAngleModules, leastAngleParams, leastAngleState),
		regressor[LassoLars]("LassoLars", leastAngleModules, leastAngleParams, leastAngleState),
		regressor[LassoLarsCV]("LassoLarsCV", leastAngleModules, leastAngleParams, leastAngleState),
		regressor[LassoLarsIC]("LassoLarsIC", leastAngleModules, leastAngleParams, leastAngleState),
	}
)

// Lars is sklearn.linear_model.Lars.
type Lars struct{ LinearModel }

// LarsCV is sklearn.linear_model.LarsCV.
type LarsCV struct{ LinearModel }

// LassoLars is sklearn.linear_model.LassoLars.
type LassoLars struct{ LinearModel }

// LassoLarsCV is sklearn.linear_model.LassoLarsCV.
type LassoLarsCV struct{ LinearModel }

// LassoLarsIC is sklearn.linear_model.LassoLarsIC.
type LassoLarsIC struct{ LinearModel }
