package linearmodel

import "github.com/larder-ml/larder/sklearn"

var (
	ompModules = []string{"sklearn.linear_model._omp", "sklearn.linear_model.omp"}
	ompParams  = []string{"n_nonzero_coefs", "tol", "fit_intercept", "normalize", "precompute", "copy", "max_iter", "cv"}
	ompState   = []string{"n_nonzero_coefs_", "n_iter_"}

	ompClasses = []sklearn.Class{
		regressor[OrthogonalMatchingPursuit]("OrthogonalMatchingPursuit", ompModules, ompParams, ompState),
		regressor[OrthogonalMatchingPursuitCV]("OrthogonalMatchingPursuitCV", ompModules, ompParams, ompState),
	}
)

// OrthogonalMatchingPursuit is sklearn.linear_model.OrthogonalMatchingPursuit.
type OrthogonalMatchingPursuit struct{ LinearModel }

// OrthogonalMatchingPursuitCV is sklearn.linear_model.OrthogonalMatchingPursuitCV.
type OrthogonalMatchingPursuitCV struct{ LinearModel }
