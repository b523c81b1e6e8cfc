// Package semisupervised understands sklearn.semi_supervised.
package semisupervised

import "slices"

// Classes lists what this package understands.
var Classes = slices.Concat(propagationClasses, selfTrainingClasses)
