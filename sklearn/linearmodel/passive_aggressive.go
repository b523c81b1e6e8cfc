package linearmodel

import (
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
)

var passiveAggressiveModules = []string{"sklearn.linear_model._passive_aggressive", "sklearn.linear_model.passive_aggressive"}

// PassiveAggressiveClassifier is sklearn.linear_model.PassiveAggressiveClassifier.
type PassiveAggressiveClassifier struct{ parts.LinearClassifierMixin }

// PassiveAggressiveRegressor is sklearn.linear_model.PassiveAggressiveRegressor.
type PassiveAggressiveRegressor struct{ LinearModel }

var (
	_ sklearn.Predictor  = (*PassiveAggressiveClassifier)(nil)
	_ sklearn.Decider    = (*PassiveAggressiveClassifier)(nil)
	_ sklearn.Classifier = (*PassiveAggressiveClassifier)(nil)
)
