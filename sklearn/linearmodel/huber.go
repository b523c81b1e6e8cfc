package linearmodel

import "github.com/larder-ml/larder/sklearn"

// robustClasses are the regressors of one file each: Huber, Theil-Sen and quantile.
var robustClasses = []sklearn.Class{
	regressor[HuberRegressor]("HuberRegressor", []string{"sklearn.linear_model._huber", "sklearn.linear_model.huber"},
		[]string{"epsilon", "max_iter", "alpha", "fit_intercept", "tol"}, []string{"n_iter_", "scale_", "outliers_"}),
	regressor[TheilSenRegressor]("TheilSenRegressor", []string{"sklearn.linear_model._theil_sen", "sklearn.linear_model.theil_sen"},
		[]string{"fit_intercept", "copy_X", "max_subpopulation", "_max_subpopulation", "n_subsamples", "max_iter", "tol", "random_state"},
		[]string{"n_subpopulation_", "breakdown_", "n_iter_"}),
	regressor[QuantileRegressor]("QuantileRegressor", []string{"sklearn.linear_model._quantile"},
		[]string{"quantile", "alpha", "fit_intercept", "solver", "solver_options"}, []string{"n_iter_"}),
}

// HuberRegressor is sklearn.linear_model.HuberRegressor.
type HuberRegressor struct{ LinearModel }
