// Package svm understands sklearn.svm: libsvm's machines with their kernels, and liblinear's linear models.
package svm

import (
	"slices"
)

// Classes lists what this package understands.
var Classes = slices.Concat(libsvmClasses, liblinearClasses)

var modules = []string{"sklearn.svm._classes", "sklearn.svm.classes"}
