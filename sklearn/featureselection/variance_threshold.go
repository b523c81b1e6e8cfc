package featureselection

import (
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var varianceClasses = []sklearn.Class{
	{Name: "sklearn.feature_selection.VarianceThreshold",
		Modules: []string{"sklearn.feature_selection._variance_threshold", "sklearn.feature_selection.variance_threshold"},
		New:     func() sklearn.Estimator { return new(VarianceThreshold) }},
}

// VarianceThreshold is sklearn.feature_selection.VarianceThreshold.
type VarianceThreshold struct {
	selector
	ThresholdParam float64        `sk:"threshold"`
	Variances      *tensor.Tensor `sk:"variances_"`
}

// Bound marks the columns whose variance is above the threshold.
func (v *VarianceThreshold) Bound(*sklearn.Binder) error {
	v.allowNaN = true
	mask := make([]bool, v.Variances.Len())
	for i := range mask {
		mask[i] = number(v.Variances, i) > v.ThresholdParam
	}
	return v.choose(mask)
}
