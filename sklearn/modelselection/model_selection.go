// Package modelselection understands sklearn.model_selection: searches, which are the estimator they found, and
// classifiers with a threshold of their own.
package modelselection

import "slices"

// Classes lists what this package understands.
var Classes = slices.Concat(searchClasses, thresholdClasses)
