package linearmodel

import (
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
)

// Perceptron is sklearn.linear_model.Perceptron.
type Perceptron struct{ parts.LinearClassifierMixin }

var (
	_ sklearn.Predictor  = (*Perceptron)(nil)
	_ sklearn.Decider    = (*Perceptron)(nil)
	_ sklearn.Classifier = (*Perceptron)(nil)
)
