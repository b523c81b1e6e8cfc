package parts

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var (
	_ sklearn.Linear = (*LinearModel)(nil)
	_ sklearn.Linear = (*LinearClassifierMixin)(nil)
)

// LinearModel is sklearn.linear_model._base.LinearModel: the regressors that predict X @ coef_.T + intercept_.
type LinearModel struct {
	sklearn.Base
	Coef      sklearn.Matrix `sk:"coef_"` // sparse after sparsify()
	Intercept Number         `sk:"intercept_"`
}

// Bound checks the shapes.
func (m *LinearModel) Bound(*sklearn.Binder) error {
	return coefShape(m, &m.Coef, m.Intercept)
}

// coefShape densifies coef and checks it against the intercept: one per row of coef, or one for all.
func coefShape(e sklearn.Estimator, coef *sklearn.Matrix, intercept Number) error {
	bad := func(attr, msg string) error {
		return &sklearn.BindError{Path: sklearn.Of(e).Path, Attr: attr, Msg: msg}
	}
	coef.Dense, coef.Sparse = Dense(*coef), nil
	c := coef.Dense
	if !c.DType.IsNumeric() || len(c.Shape) < 1 || len(c.Shape) > 2 {
		return bad("coef_", fmt.Sprintf("%s%v is no vector or matrix of numbers", c.DType, c.Shape))
	}
	if n := intercept.Tensor.Len(); n != 1 && (len(c.Shape) != 2 || n != c.Shape[0]) || len(intercept.Tensor.Shape) > 1 {
		return bad("intercept_", fmt.Sprintf("shape %v does not fit coef_ of shape %v", intercept.Tensor.Shape, c.Shape))
	}
	return nil
}

// Coefficients returns coef_ and intercept_.
func (m *LinearModel) Coefficients() (coef, intercept *tensor.Tensor, err error) {
	return m.Coef.Dense, m.Intercept.Tensor, nil
}

// Accept is what the model takes: dense and sparse numbers.
func (m *LinearModel) Accept() sklearn.Accept {
	return sklearn.Accept{Sparse: true, Width: m.Coef.Dense.Shape[len(m.Coef.Dense.Shape)-1]}
}

// Linear is X @ coef_.T + intercept_ of an x already checked.
func (m *LinearModel) Linear(b *graph.Builder, x graph.Value) graph.Value {
	return linear(b, x, m.Coef.Dense, &m.Intercept)
}

func linear(b *graph.Builder, x graph.Value, coef *tensor.Tensor, intercept *Number) graph.Value {
	s := b.MatMulT(x, b.Const(coef))
	return b.Add(s, intercept.Value(b, s))
}

// Predict is X @ coef_.T + intercept_.
func (m *LinearModel) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return m.Linear(b, sklearn.Check(b, m, x, m.Accept()))
}

// LinearClassifierMixin is sklearn.linear_model._base.LinearClassifierMixin.
type LinearClassifierMixin struct {
	sklearn.Base
	Coef      sklearn.Matrix `sk:"coef_"` // sparse after sparsify()
	Intercept Number         `sk:"intercept_"`
	Classes   *tensor.Tensor `sk:"classes_"`
	ZeroRows  ZeroRowsRule   `sk:"(zero rows),optional"`
}

// ZeroRowsRule says what ProbaLR makes of a row whose logistic functions of several classes are all zero.
type ZeroRowsRule string

// The rules.
const (
	ZeroRowsUniform ZeroRowsRule = ""    // the same probability for every class
	ZeroRowsNaN     ZeroRowsRule = "nan" // 0/0
)

// ZeroRowsRung marks what was written before 1.9, whose _predict_proba_lr divided by a sum of zero.
var ZeroRowsRung = sklearn.Rung{Before: "1.9", Fix: func(s *sklearn.State) error {
	s.Attrs.Set(pyobj.Str("(zero rows)"), pyobj.Str(ZeroRowsNaN))
	return nil
}}

// CheckShapes densifies coef_ and checks it against intercept_.
func (m *LinearClassifierMixin) CheckShapes() error { return coefShape(m, &m.Coef, m.Intercept) }

// Bound checks the shapes.
func (m *LinearClassifierMixin) Bound(*sklearn.Binder) error {
	if err := m.CheckShapes(); err != nil {
		return err
	}
	k, rows := m.Classes.Len(), 1
	if c := m.Coef.Dense; len(c.Shape) == 2 {
		rows = c.Shape[0]
	}
	if len(m.Classes.Shape) != 1 || (rows == 1 && k > 2) || (rows > 1 && k != rows) {
		return &sklearn.BindError{Path: m.Path, Attr: "classes_", Msg: fmt.Sprintf("shape %v does not fit coef_ of shape %v", m.Classes.Shape, m.Coef.Dense.Shape)}
	}
	return nil
}

// Coefficients returns coef_ and intercept_.
func (m *LinearClassifierMixin) Coefficients() (coef, intercept *tensor.Tensor, err error) {
	return m.Coef.Dense, m.Intercept.Tensor, nil
}

// ClassLabels returns classes_.
func (m *LinearClassifierMixin) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{m.Classes}
}

// DecisionFunction is X @ coef_.T + intercept_, one-dimensional where there is one column.
func (m *LinearClassifierMixin) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, m, x, sklearn.Accept{Sparse: true, Width: m.Coef.Dense.Shape[len(m.Coef.Dense.Shape)-1]})
	s := linear(b, x, m.Coef.Dense, &m.Intercept)
	if len(s.Type().Shape) == 2 && s.Width() == 1 {
		s = b.Ravel(s)
	}
	return s
}

// Predict takes the class above zero of two, else the first of the largest.
func (m *LinearClassifierMixin) Predict(b *graph.Builder, x graph.Value) graph.Value {
	s := m.DecisionFunction(b, x)
	if len(s.Type().Shape) == 1 {
		s = b.Binary(graph.OpGreater, s, b.Scalar(0, s))
	} else {
		s = b.ArgMax(s)
	}
	return b.Labels(s, m.Classes)
}

// ProbaLR is _predict_proba_lr: the logistic function of the scores, normalised over the classes where there are
// more than two.
func (m *LinearClassifierMixin) ProbaLR(b *graph.Builder, x graph.Value) graph.Value {
	p := b.Unary(graph.OpSigmoid, m.DecisionFunction(b, x))
	if len(p.Type().Shape) == 1 {
		return Complement(b, p)
	}
	if m.ZeroRows == ZeroRowsNaN {
		return b.Div(p, b.Reduce(graph.OpReduceSum, p, 1, true, graph.Pairwise))
	}
	return Normalise(b, p, graph.Pairwise)
}

// Complement is the two columns 1-p and p.
func Complement(b *graph.Builder, p graph.Value) graph.Value {
	return b.HStack(false, b.Sub(b.Scalar(1, p), p), p)
}

// Normalise divides each row by its sum; a row of zeros becomes uniform.
func Normalise(b *graph.Builder, p graph.Value, order graph.Order) graph.Value {
	s := b.Reduce(graph.OpReduceSum, p, 1, true, order)
	zero := b.Binary(graph.OpEqual, s, b.Scalar(0, s))
	p = b.Where(zero, b.Scalar(1, p), p)
	s = b.Where(zero, b.Scalar(float64(p.Width()), s), s)
	return b.Div(p, s)
}

// LogPosterior is DiscriminantAnalysisPredictionMixin.predict_log_proba; order is that of sums over scores as they are laid out.
func LogPosterior(b *graph.Builder, s graph.Value, order graph.Order) graph.Value {
	l := b.Sub(s, b.Reduce(graph.OpReduceMax, s, 1, true, graph.Any))
	sum := b.Reduce(graph.OpReduceSum, b.Unary(graph.OpExp, l), 1, true, order)
	return b.Sub(l, b.Unary(graph.OpLog, sum))
}
