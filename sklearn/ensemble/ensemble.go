// Package ensemble understands sklearn.ensemble: forests, boosting, bagging, voting and stacking.
package ensemble

import (
	"slices"
)

// Classes lists what this package understands.
var Classes = slices.Concat(forestClasses, gbClasses, histClasses, iforestClasses, boostClasses, baggingClasses, votingClasses, stackingClasses)
