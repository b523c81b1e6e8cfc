package linearmodel

// TheilSenRegressor is sklearn.linear_model.TheilSenRegressor.
type TheilSenRegressor struct{ LinearModel }
