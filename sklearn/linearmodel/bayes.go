package linearmodel

import "github.com/larder-ml/larder/sklearn"

var (
	bayesModules = []string{"sklearn.linear_model._bayes", "sklearn.linear_model.bayes"}
	bayesParams  = []string{"n_iter", "max_iter", "tol", "alpha_1", "alpha_2", "lambda_1", "lambda_2", "alpha_init", "lambda_init", "compute_score",
		"threshold_lambda", "fit_intercept", "normalize", "copy_X"}
	// What return_std would need is among these.
	bayesState = []string{"_normalize", "X_offset_", "X_scale_", "scores_", "n_iter_", "alpha_", "lambda_", "sigma_"}

	bayesClasses = []sklearn.Class{
		regressor[BayesianRidge]("BayesianRidge", bayesModules, bayesParams, bayesState),
		regressor[ARDRegression]("ARDRegression", bayesModules, bayesParams, bayesState),
	}
)

// BayesianRidge is sklearn.linear_model.BayesianRidge, without the standard deviation of its predictions.
type BayesianRidge struct{ LinearModel }

// ARDRegression is sklearn.linear_model.ARDRegression, without the standard deviation of its predictions.
type ARDRegression struct{ LinearModel }
