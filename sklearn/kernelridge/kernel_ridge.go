// Package kernelridge understands sklearn.kernel_ridge.
package kernelridge

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{{
	Name: "sklearn.kernel_ridge.KernelRidge", New: func() sklearn.Estimator { return new(KernelRidge) },
	FitOnly: []string{"alpha", "kernel_params"}, Upgrade: []sklearn.Rung{parts.GammaOfChi2},
}}

// KernelRidge is sklearn.kernel_ridge.KernelRidge.
type KernelRidge struct {
	sklearn.Base
	KernelParam string         `sk:"kernel"`
	GammaParam  *float64       `sk:"gamma"`
	DegreeParam float64        `sk:"degree"`
	Coef0Param  float64        `sk:"coef0"`
	XFit        sklearn.Matrix `sk:"X_fit_"`
	DualCoef    *tensor.Tensor `sk:"dual_coef_"`

	kernel parts.Kernel
}

var _ sklearn.Predictor = (*KernelRidge)(nil)

// Bound checks kernel and shapes.
func (k *KernelRidge) Bound(*sklearn.Binder) error {
	k.kernel = parts.Kernel{Name: k.KernelParam, Gamma: k.GammaParam, Degree: k.DegreeParam, Coef0: k.Coef0Param}
	if err := k.kernel.Check(); err != nil {
		return &sklearn.BindError{Path: k.Path, Attr: "kernel", Msg: err.Error()}
	}
	k.XFit.Dense, k.XFit.Sparse = parts.Dense(k.XFit), nil
	if x, d := k.XFit.Dense, k.DualCoef; len(x.Shape) != 2 || !x.DType.IsNumeric() || len(d.Shape) == 0 || len(d.Shape) > 2 || d.Shape[0] != x.Shape[0] {
		return &sklearn.BindError{Path: k.Path, Attr: "dual_coef_", Msg: fmt.Sprintf("shape %v does not fit X_fit_ of shape %v", d.Shape, x.Shape)}
	}
	return nil
}

// Predict is the kernel matrix times the dual coefficients.
func (k *KernelRidge) Predict(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, k, x, sklearn.Accept{Sparse: true, Width: k.XFit.Dense.Shape[1]})
	return b.MatMul(k.kernel.Apply(b, k, x, k.XFit.Dense), b.Const(k.DualCoef))
}
