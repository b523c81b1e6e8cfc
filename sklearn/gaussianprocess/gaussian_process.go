// Package gaussianprocess understands sklearn.gaussian_process: the mean of regressors, classifiers, the kernels, and the GaussianProcess of old.
package gaussianprocess

import "slices"

// Classes lists what this package understands.
var Classes = slices.Concat(regressorClasses, classifierClasses, krigingClasses)
