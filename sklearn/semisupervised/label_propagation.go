package semisupervised

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var (
	propagationModules = []string{"sklearn.semi_supervised._label_propagation", "sklearn.semi_supervised.label_propagation"}
	propagationParams  = []string{"n_neighbors", "alpha", "max_iter", "tol"}
	propagationState   = []string{"n_iter_", "transduction_"}

	propagationClasses = []sklearn.Class{
		{Name: "sklearn.semi_supervised.LabelPropagation", Modules: propagationModules, New: func() sklearn.Estimator { return new(LabelPropagation) }, FitOnly: propagationParams, Ignore: propagationState},
		{Name: "sklearn.semi_supervised.LabelSpreading", Modules: propagationModules, New: func() sklearn.Estimator { return new(LabelSpreading) }, FitOnly: propagationParams, Ignore: propagationState},
	}
)

// BaseLabelPropagation is what both share: labels spread from the training rows.
type BaseLabelPropagation struct {
	sklearn.Base
	KernelParam        pyobj.Value       `sk:"kernel"`
	GammaParam         *float64          `sk:"gamma"`
	X                  sklearn.Matrix    `sk:"X_"`
	Classes            *tensor.Tensor    `sk:"classes_,text"`
	LabelDistributions *tensor.Tensor    `sk:"label_distributions_"`
	NNFit              sklearn.Estimator `sk:"nn_fit,optional"`

	kernel *parts.Kernel // nil: nearest neighbours
}

// LabelPropagation is sklearn.semi_supervised.LabelPropagation.
type LabelPropagation struct{ BaseLabelPropagation }

// LabelSpreading is sklearn.semi_supervised.LabelSpreading.
type LabelSpreading struct{ BaseLabelPropagation }

var (
	_ sklearn.Predictor      = (*BaseLabelPropagation)(nil)
	_ sklearn.ProbaPredictor = (*BaseLabelPropagation)(nil)
	_ sklearn.Classifier     = (*BaseLabelPropagation)(nil)
)

// Bound checks kernel and shapes.
func (l *BaseLabelPropagation) Bound(*sklearn.Binder) error {
	switch name, isName := sklearn.Text(l.KernelParam); {
	case !isName:
		var err error
		if l.kernel, err = parts.KernelFunction(l.KernelParam); err != nil {
			return &sklearn.BindError{Path: l.Path, Attr: "kernel", Msg: err.Error()}
		}
	case name == "rbf":
		l.kernel = &parts.Kernel{Name: "rbf", Gamma: l.GammaParam}
	case name == "knn":
		if l.NNFit == nil {
			return &sklearn.BindError{Path: l.Path, Attr: "nn_fit", Msg: "attribute is missing"}
		}
	default:
		return &sklearn.BindError{Path: l.Path, Attr: "kernel", Msg: fmt.Sprintf("value %q is not known", name)}
	}
	l.X.Dense, l.X.Sparse = parts.Dense(l.X), nil
	if x, d := l.X.Dense, l.LabelDistributions; len(x.Shape) != 2 || !x.DType.IsNumeric() || len(d.Shape) != 2 || d.Shape[0] != x.Shape[0] || d.Shape[1] != l.Classes.Len() {
		return &sklearn.BindError{Path: l.Path, Attr: "label_distributions_", Msg: fmt.Sprintf("shape %v does not fit X_ of shape %v", d.Shape, x.Shape)}
	}
	return nil
}

// ClassLabels returns classes_.
func (l *BaseLabelPropagation) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{l.Classes}
}

// PredictProba is the share of the labels near a row; a row far from all has none: NaN.
func (l *BaseLabelPropagation) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, l, x, sklearn.Accept{Sparse: true, Width: l.X.Dense.Shape[1]})
	var p graph.Value
	if l.kernel == nil {
		near := sklearn.Call(b, l.NNFit, sklearn.MethodKNeighbors, x).Parts()
		if len(near) != 2 {
			return graph.Value{}
		}
		p = b.Reduce(graph.OpReduceSum, b.Take(b.Const(l.LabelDistributions), near[1]), 1, false, graph.Sequential)
	} else {
		p = b.MatMul(l.kernel.Apply(b, l, x, l.X.Dense), b.Const(l.LabelDistributions))
	}
	return b.Div(p, b.Reduce(graph.OpReduceSum, p, 1, true, graph.Pairwise))
}

// Predict takes the first class of the largest share, the first of all where there is none.
func (l *BaseLabelPropagation) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return b.Labels(b.ArgMax(l.PredictProba(b, x)), l.Classes)
}
