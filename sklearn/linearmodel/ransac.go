package linearmodel

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var ransacClasses = []sklearn.Class{{
	Name: "sklearn.linear_model.RANSACRegressor", Modules: []string{"sklearn.linear_model._ransac", "sklearn.linear_model.ransac"},
	New: func() sklearn.Estimator { return new(RANSACRegressor) },
	FitOnly: []string{"estimator", "base_estimator", "min_samples", "residual_threshold", "is_data_valid", "is_model_valid", "max_trials",
		"max_skips", "stop_n_inliers", "stop_score", "stop_probability", "loss", "residual_metric", "random_state"},
	Ignore: []string{"inlier_mask_", "n_trials_", "n_skips_no_inliers_", "n_skips_invalid_data_", "n_skips_invalid_model_"},
}}

// RANSACRegressor is sklearn.linear_model.RANSACRegressor: the regressor fitted on the inliers.
type RANSACRegressor struct {
	sklearn.Base
	Estimator sklearn.Estimator `sk:"estimator_"`
}

var (
	_ sklearn.Predictor = (*RANSACRegressor)(nil)
	_ sklearn.Holder    = (*RANSACRegressor)(nil)
	_ sklearn.Linear    = (*RANSACRegressor)(nil)
)

// Inside returns the fitted regressor.
func (r *RANSACRegressor) Inside() []sklearn.Estimator { return []sklearn.Estimator{r.Estimator} }

// Coefficients returns those of the regressor.
func (r *RANSACRegressor) Coefficients() (coef, intercept, classes *tensor.Tensor, err error) {
	if l, ok := r.Estimator.(sklearn.Linear); ok {
		return l.Coefficients()
	}
	return nil, nil, nil, &sklearn.BindError{Path: r.Path, Attr: "estimator_", Msg: "is no linear model"}
}

// Predict is the regressor's.
func (r *RANSACRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, r, x, sklearn.Accept{Sparse: true, NaN: true, Inf: true})
	return sklearn.Predict(b, r.Estimator, x)
}
