package compose

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
)

var targetClasses = []sklearn.Class{
	{Name: "sklearn.compose.TransformedTargetRegressor", Modules: []string{"sklearn.compose._target"},
		New:     func() sklearn.Estimator { return new(TransformedTargetRegressor) },
		FitOnly: []string{"regressor", "transformer", "func", "inverse_func", "check_inverse"}},
}

// TransformedTargetRegressor is sklearn.compose.TransformedTargetRegressor.
type TransformedTargetRegressor struct {
	sklearn.Base
	Regressor          sklearn.Estimator `sk:"regressor_"`
	Transformer        sklearn.Estimator `sk:"transformer_"`
	PrivateTrainingDim int               `sk:"_training_dim"`
}

var (
	_ sklearn.Predictor      = (*TransformedTargetRegressor)(nil)
	_ sklearn.Availabler     = (*TransformedTargetRegressor)(nil)
	_ sklearn.Holder         = (*TransformedTargetRegressor)(nil)
	_ sklearn.InputDescriber = (*TransformedTargetRegressor)(nil)
)

// Bound checks the parts and takes the input's width and names from the regressor.
func (t *TransformedTargetRegressor) Bound(*sklearn.Binder) error {
	if t.Regressor == nil || t.Transformer == nil {
		return &sklearn.BindError{Path: t.Path, Attr: "regressor_", Msg: "not fitted"}
	}
	r := sklearn.Of(t.Regressor)
	t.NFeaturesIn, t.FeatureNamesIn = r.NFeaturesIn, r.FeatureNamesIn
	return nil
}

// Available asks the regressor and the transformer.
func (t *TransformedTargetRegressor) Available(string) error {
	if err := sklearn.Has(t.Regressor, sklearn.MethodPredict); err != nil {
		return err
	}
	return sklearn.Has(t.Transformer, sklearn.MethodInverseTransform)
}

// Inside returns regressor and transformer.
func (t *TransformedTargetRegressor) Inside() []sklearn.Estimator {
	return []sklearn.Estimator{t.Regressor, t.Transformer}
}

// Predict transforms the regressor's prediction back.
func (t *TransformedTargetRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	p := b.AsColumn(sklearn.Predict(b, t.Regressor, x))
	y := sklearn.InverseTransform(b, t.Transformer, p)
	if y.OK() && t.PrivateTrainingDim == 1 && len(y.Type().Shape) == 2 && y.Width() == 1 {
		return b.Ravel(y)
	}
	return y
}

// DescribeInput asks the regressor.
func (t *TransformedTargetRegressor) DescribeInput(in *sklearn.Input) *sklearn.Input {
	return in.By(t.Regressor)
}
