package neuralnetwork

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var (
	perceptronModules = []string{"sklearn.neural_network._multilayer_perceptron", "sklearn.neural_network.multilayer_perceptron"}
	perceptronParams  = []string{"hidden_layer_sizes", "solver", "alpha", "batch_size", "learning_rate", "learning_rate_init", "power_t", "max_iter",
		"loss", "shuffle", "random_state", "tol", "momentum", "nesterovs_momentum", "early_stopping", "validation_fraction", "beta_1", "beta_2",
		"epsilon", "n_iter_no_change", "max_fun"}
	perceptronState = []string{"_random_state", "n_iter_", "t_", "n_layers_", "_best_coefs", "_best_intercepts", "_coef_indptr", "_intercept_indptr", "loss_curve_", "_no_improvement_count",
		"best_loss_", "validation_scores_", "best_validation_score_", "_optimizer", "loss_"}

	perceptronClasses = []sklearn.Class{
		{Name: "sklearn.neural_network.MLPClassifier", Modules: perceptronModules, New: func() sklearn.Estimator { return new(MLPClassifier) }, FitOnly: perceptronParams, Ignore: perceptronState},
		{Name: "sklearn.neural_network.MLPRegressor", Modules: perceptronModules, New: func() sklearn.Estimator { return new(MLPRegressor) }, FitOnly: perceptronParams, Ignore: perceptronState},
	}
)

// BaseMultilayerPerceptron is what both perceptrons share.
type BaseMultilayerPerceptron struct {
	sklearn.Base
	ActivationParam string           `sk:"activation"`
	OutActivation   string           `sk:"out_activation_"`
	Coefs           []*tensor.Tensor `sk:"coefs_"`
	Intercepts      []*tensor.Tensor `sk:"intercepts_"`
	NOutputs        int              `sk:"n_outputs_"`
}

// check checks activations and the shapes of the layers.
func (m *BaseMultilayerPerceptron) check() error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: m.Path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	switch m.ActivationParam {
	case "identity", "logistic", "tanh", "relu":
	default:
		return bad("activation", "value %q is not known", m.ActivationParam)
	}
	switch m.OutActivation {
	case "identity", "logistic", "softmax", "exp", "tanh", "relu":
	default:
		return bad("out_activation_", "value %q is not known", m.OutActivation)
	}
	if len(m.Coefs) == 0 || len(m.Coefs) != len(m.Intercepts) {
		return bad("coefs_", "%d layers with %d intercepts_", len(m.Coefs), len(m.Intercepts))
	}
	width := -1
	for i, c := range m.Coefs {
		if len(c.Shape) != 2 || !c.DType.IsFloat() || (width >= 0 && c.Shape[0] != width) || m.Intercepts[i].Len() != c.Shape[1] || len(m.Intercepts[i].Shape) != 1 {
			return bad("coefs_", "layer %d: %s%v with intercepts_ %v does not fit", i, c.DType, c.Shape, m.Intercepts[i].Shape)
		}
		width = c.Shape[1]
	}
	if width != m.NOutputs {
		return bad("n_outputs_", "%d, the last layer gives %d", m.NOutputs, width)
	}
	return nil
}

// forward is _forward_pass_fast.
func (m *BaseMultilayerPerceptron) forward(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, m, x, sklearn.Accept{Sparse: true, Width: m.Coefs[0].Shape[0]})
	for i, c := range m.Coefs {
		x = b.MatMul(x, b.Const(c))
		x = b.InPlace(graph.OpAdd, x, b.Const(m.Intercepts[i]))
		if i < len(m.Coefs)-1 {
			x = activate(b, x, m.ActivationParam)
		}
	}
	return activate(b, x, m.OutActivation)
}

func activate(b *graph.Builder, x graph.Value, name string) graph.Value {
	switch name {
	case "logistic":
		return b.Unary(graph.OpSigmoid, x)
	case "tanh":
		return b.Unary(graph.OpTanh, x)
	case "relu":
		return b.Unary(graph.OpRelu, x)
	case "exp":
		return b.Unary(graph.OpExp, x)
	case "softmax":
		return b.Softmax(x, graph.Pairwise)
	}
	return x
}

// MLPClassifier is sklearn.neural_network.MLPClassifier.
type MLPClassifier struct {
	BaseMultilayerPerceptron
	Labels         *tensor.Tensor       `sk:"classes_,text"`
	LabelBinarizer parts.LabelBinarizer `sk:"_label_binarizer"`
}

// MLPRegressor is sklearn.neural_network.MLPRegressor.
type MLPRegressor struct{ BaseMultilayerPerceptron }

var (
	_ sklearn.Predictor         = (*MLPRegressor)(nil)
	_ sklearn.Predictor         = (*MLPClassifier)(nil)
	_ sklearn.ProbaPredictor    = (*MLPClassifier)(nil)
	_ sklearn.LogProbaPredictor = (*MLPClassifier)(nil)
	_ sklearn.Classifier        = (*MLPClassifier)(nil)
)

// Bound checks the layers.
func (m *MLPRegressor) Bound(*sklearn.Binder) error { return m.check() }

// Bound checks the layers against the classes.
func (m *MLPClassifier) Bound(*sklearn.Binder) error {
	want := m.LabelBinarizer.Classes.Len()
	if m.LabelBinarizer.YType == "binary" {
		want = 1
	}
	if want != m.NOutputs {
		return &sklearn.BindError{Path: m.Path, Attr: "n_outputs_", Msg: fmt.Sprintf("%d for %d classes", m.NOutputs, m.LabelBinarizer.Classes.Len())}
	}
	return m.check()
}

// Predict is the last layer; one column becomes a vector.
func (m *MLPRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	y := m.forward(b, x)
	if m.NOutputs == 1 {
		return b.Ravel(y)
	}
	return y
}

// ClassLabels returns classes_.
func (m *MLPClassifier) ClassLabels() []sklearn.ClassLabels { return []sklearn.ClassLabels{m.Labels} }

// Predict takes the first class of the largest output; of two classes or several labels what is above one half.
func (m *MLPClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return m.LabelBinarizer.Inverse(b, m.forward(b, x), (m.LabelBinarizer.PosLabel+m.LabelBinarizer.NegLabel)/2)
}

// PredictProba is the last layer; one column becomes two.
func (m *MLPClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	y := m.forward(b, x)
	if m.NOutputs == 1 {
		return parts.Complement(b, b.Ravel(y))
	}
	return y
}

// PredictLogProba is the logarithm of PredictProba.
func (m *MLPClassifier) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.LogProba(b, m, x)
}
