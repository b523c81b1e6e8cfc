// Package linearmodel understands sklearn.linear_model. Every regressor predicts X @ coef_.T + intercept_, some behind
// a link; every classifier decides by the same scores. Parameters of fitting are listed and left alone.
package linearmodel

import (
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
)

// Classes lists what this package understands.
var Classes = slices.Concat(baseClasses, ridgeClasses, coordinateDescentClasses, leastAngleClasses, ompClasses, bayesClasses,
	robustClasses, glmClasses, logisticClasses, stochasticGradientClasses, ransacClasses, randomizedClasses)

// regressor is a table entry of a class whose prediction is its coefficients' alone.
func regressor[T any, E interface {
	*T
	sklearn.Estimator
}](name string, modules []string, fitOnly, ignore []string) sklearn.Class {
	return sklearn.Class{
		Name: "sklearn.linear_model." + name, Modules: modules,
		New:     func() sklearn.Estimator { return E(new(T)) },
		FitOnly: fitOnly, Ignore: ignore, Former: parts.FormerDecision,
	}
}

// LinearModel is shared by all regressors.
type LinearModel = parts.LinearModel

var _ sklearn.Predictor = (*LinearModel)(nil)

// sparseLinear predicts as the coordinate descent models do: a sparse x is not checked.
func sparseLinear(b *graph.Builder, m *LinearModel, x graph.Value) graph.Value {
	if k := x.Type().Kind; k == graph.CSR || k == graph.OneHot {
		if m.Before("0.18") && len(m.Coef.Dense.Shape) == 2 && m.Coef.Dense.Shape[0] > 1 {
			return b.Unsupported("", "several targets of sparse rows: releases before 0.18 gave them one after the other")
		}
		return m.Linear(b, x)
	}
	return m.Predict(b, x)
}
