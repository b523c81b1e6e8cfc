// Package frozen understands sklearn.frozen.
package frozen

import (
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{{
	Name: "sklearn.frozen.FrozenEstimator", Modules: []string{"sklearn.frozen._frozen"},
	New: func() sklearn.Estimator { return new(FrozenEstimator) },
}}

// FrozenEstimator is sklearn.frozen.FrozenEstimator: the estimator it holds, in everything.
type FrozenEstimator struct {
	parts.Delegate
	Estimator sklearn.Estimator `sk:"estimator"`
}

// Bound makes the estimator answer.
func (f *FrozenEstimator) Bound(*sklearn.Binder) error {
	f.Use(f.Estimator)
	return nil
}
