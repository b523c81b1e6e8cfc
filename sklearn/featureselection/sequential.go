package featureselection

import (
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

var sequentialClasses = []sklearn.Class{
	{Name: "sklearn.feature_selection.SequentialFeatureSelector", Modules: []string{"sklearn.feature_selection._sequential"},
		New:     func() sklearn.Estimator { return new(SequentialFeatureSelector) },
		FitOnly: []string{"n_features_to_select", "tol", "direction", "scoring", "cv"},
		Ignore:  []string{"n_features_to_select_"}},
}

// SequentialFeatureSelector is sklearn.feature_selection.SequentialFeatureSelector.
type SequentialFeatureSelector struct {
	selector
	EstimatorParam pyobj.Value `sk:"estimator"`
	Support        []bool      `sk:"support_"`
}

// Bound takes the fitted mask.
func (s *SequentialFeatureSelector) Bound(*sklearn.Binder) error {
	s.allowNaN = takesNaN(s.EstimatorParam)
	return s.choose(s.Support)
}
