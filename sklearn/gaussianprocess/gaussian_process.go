// Package gaussianprocess understands sklearn.gaussian_process: the mean of regressors, classifiers, and the kernels.
package gaussianprocess

import "slices"

// Classes lists what this package understands.
var Classes = slices.Concat(regressorClasses, classifierClasses)
