package linearmodel

import "github.com/larder-ml/larder/sklearn"

var baseClasses = []sklearn.Class{
	regressor[LinearRegression]("LinearRegression", []string{"sklearn.linear_model._base", "sklearn.linear_model.base"},
		[]string{"fit_intercept", "normalize", "copy_X", "tol", "positive"},
		[]string{"rank_", "singular_", "_residues", "residues_"}),
}

// LinearRegression is sklearn.linear_model.LinearRegression.
type LinearRegression struct{ LinearModel }
