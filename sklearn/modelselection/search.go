package modelselection

import (
	"fmt"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
)

var (
	searchModules = []string{"sklearn.model_selection._search", "sklearn.grid_search"}
	searchParams  = []string{"estimator", "scoring", "fit_params", "iid", "cv", "pre_dispatch", "error_score", "return_train_score", "param_grid",
		"param_distributions", "n_iter", "random_state", "n_candidates", "factor", "resource", "max_resources", "min_resources", "aggressive_elimination", "loss_func", "score_func"}
	searchState = []string{"multimetric_", "best_index_", "best_params_", "best_score_", "scorer_", "cv_results_", "n_splits_", "refit_time_", "_checked_cv_orig",
		"grid_scores_", "n_resources_", "n_candidates_", "n_remaining_candidates_", "max_resources_", "min_resources_", "n_iterations_", "n_possible_iterations_",
		"n_required_iterations_", "_n_samples_orig"}

	searchClasses = []sklearn.Class{
		search[GridSearchCV]("GridSearchCV", searchModules),
		search[RandomizedSearchCV]("RandomizedSearchCV", searchModules),
		search[HalvingGridSearchCV]("HalvingGridSearchCV", halvingModules),
		search[HalvingRandomSearchCV]("HalvingRandomSearchCV", halvingModules),
	}
	halvingModules = []string{"sklearn.model_selection._search_successive_halving"}
)

func search[T any, E interface {
	*T
	sklearn.Estimator
}](name string, modules []string) sklearn.Class {
	return sklearn.Class{Name: "sklearn.model_selection." + name, Modules: modules, New: func() sklearn.Estimator { return E(new(T)) },
		FitOnly: searchParams, Ignore: searchState}
}

// BaseSearchCV is sklearn.model_selection._search.BaseSearchCV: the best estimator found, refitted.
type BaseSearchCV struct {
	parts.Delegate
	Refit         pyobj.Value       `sk:"refit"`
	BestEstimator sklearn.Estimator `sk:"best_estimator_,optional"`
}

// GridSearchCV is sklearn.model_selection.GridSearchCV.
type GridSearchCV struct{ BaseSearchCV }

// RandomizedSearchCV is sklearn.model_selection.RandomizedSearchCV.
type RandomizedSearchCV struct{ BaseSearchCV }

// HalvingGridSearchCV is sklearn.model_selection.HalvingGridSearchCV.
type HalvingGridSearchCV struct{ BaseSearchCV }

// HalvingRandomSearchCV is sklearn.model_selection.HalvingRandomSearchCV.
type HalvingRandomSearchCV struct{ BaseSearchCV }

// Bound makes the best estimator answer.
func (s *BaseSearchCV) Bound(*sklearn.Binder) error {
	if s.BestEstimator != nil {
		s.Use(s.BestEstimator)
	}
	return nil
}

// Available has the methods of the best estimator that a search passes on.
func (s *BaseSearchCV) Available(method string) error {
	switch method {
	case sklearn.MethodPredict, sklearn.MethodPredictProba, sklearn.MethodPredictLogProba, sklearn.MethodDecisionFunction,
		sklearn.MethodTransform, sklearn.MethodInverseTransform, sklearn.MethodScoreSamples:
	default:
		return fmt.Errorf("a search passes %s not on", method)
	}
	if on, ok := s.Refit.(pyobj.Bool); (ok && !bool(on)) || s.BestEstimator == nil {
		return fmt.Errorf("This %s instance was initialized with `refit=False`. %s is available only after refitting on the best parameters. You can refit an estimator manually using the `best_params_` attribute",
			s.Name(), method)
	}
	return s.Delegate.Available(method)
}
