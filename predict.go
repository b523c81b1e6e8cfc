package larder

import (
	"context"

	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Predict is Run of predict: class labels [n], or [n,k] of k targets; numbers for regressors.
func (m *Model) Predict(ctx context.Context, rows tensor.Value) (*Result, error) {
	return m.Run(ctx, sklearn.MethodPredict, rows)
}

// PredictProba is Run of predict_proba: float64 [n, classes], one output per target where there are several.
func (m *Model) PredictProba(ctx context.Context, rows tensor.Value) (*Result, error) {
	return m.Run(ctx, sklearn.MethodPredictProba, rows)
}

// DecisionFunction is Run of decision_function: float64 [n] or [n, classes].
func (m *Model) DecisionFunction(ctx context.Context, rows tensor.Value) (*Result, error) {
	return m.Run(ctx, sklearn.MethodDecisionFunction, rows)
}

// Transform is Run of transform: the columns that FeatureNamesOut names.
func (m *Model) Transform(ctx context.Context, rows tensor.Value) (*Result, error) {
	return m.Run(ctx, sklearn.MethodTransform, rows)
}
