package linearmodel

// QuantileRegressor is sklearn.linear_model.QuantileRegressor.
type QuantileRegressor struct{ LinearModel }
