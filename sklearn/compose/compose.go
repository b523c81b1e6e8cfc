// Package compose is sklearn.compose: transformers of chosen columns, and regressors of a transformed target.
package compose

import (
	"slices"
)

// Classes lists what this package understands.
var Classes = slices.Concat(columnClasses, targetClasses)
