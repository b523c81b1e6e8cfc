// Package preprocessing is sklearn.preprocessing: scalers, encoders, label encoders and feature generators.
package preprocessing

import (
	"slices"

	"github.com/larder-ml/larder/sklearn"
)

// Classes lists what this package understands.
var Classes = slices.Concat(dataClasses, encoderClasses, labelClasses, discretizationClasses, polynomialClasses, functionClasses, imputationClasses)

// oneToOne gives the names of transformers that keep their columns.
func oneToOne(e sklearn.Estimator, in []string) ([]string, error) {
	return sklearn.InputNames(e, in, sklearn.Of(e).NFeaturesIn)
}
