package parts

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/numpy"
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

	sparsified
}

// Bound checks the shapes.
func (m *LinearModel) Bound(*sklearn.Binder) error {
	return m.coefShape(m, &m.Coef, m.Intercept)
}

// sparsified is what sparsify() made of coef_, which still decides what is multiplied with it.
type sparsified struct {
	dtype  tensor.DType // of the sparse coef_; Invalid of a dense one
	vector bool         // a sparse array of one dimension
}

// refuses gives scikit-learn's words for sparse rows that it does not multiply with a sparse coef_, or "".
func (s sparsified) refuses(x graph.Value, version string) string {
	if t := x.Type(); s.dtype == tensor.Invalid || !t.Sparse() {
		return ""
	}
	switch dt := x.DType(); {
	case s.vector:
		return "shape must have length in (2,). Got new_shape=(1,)"
	case !sklearn.Older(version, "1.8") && dt.IsFloat() && s.dtype.IsFloat() && dt != s.dtype:
		return "Dtype of A and B must be the same, either both float32 or float64."
	}
	return ""
}

// coefShape densifies coef and checks it against the intercept: one per row of coef, or one for all.
func (s *sparsified) coefShape(e sklearn.Estimator, coef *sklearn.Matrix, intercept Number) error {
	bad := func(attr, msg string) error {
		return &sklearn.BindError{Path: sklearn.Of(e).Path, Attr: attr, Msg: msg}
	}
	if coef.Sparse != nil {
		s.dtype = coef.Sparse.Data.DType
		if attrs, ok := sklearn.Of(e).Object.Attrs(); ok && attrs != nil {
			s.vector = numpy.IsVector(attrs.Get("coef_"))
		}
	}
	coef.Dense, coef.Sparse = Dense(*coef), nil
	c := coef.Dense
	if s.vector {
		c.Shape = []int{c.Len()}
	}
	if !c.DType.IsNumeric() || len(c.Shape) < 1 || len(c.Shape) > 2 {
		return bad("coef_", fmt.Sprintf("%s%v is no vector or matrix of numbers", c.DType, c.Shape))
	}
	if n := intercept.Tensor.Len(); n != 1 && (len(c.Shape) != 2 || n != c.Shape[0]) || len(intercept.Tensor.Shape) > 1 {
		return bad("intercept_", fmt.Sprintf("shape %v does not fit coef_ of shape %v", intercept.Tensor.Shape, c.Shape))
	}
	return nil
}

// Coefficients returns coef_ and intercept_.
func (m *LinearModel) Coefficients() (coef, intercept, classes *tensor.Tensor, err error) {
	return m.Coef.Dense, m.Intercept.Tensor, nil, nil
}

// Accept is what the model takes: dense and sparse numbers.
func (m *LinearModel) Accept() sklearn.Accept {
	return sklearn.Accept{Sparse: true, Width: m.Coef.Dense.Shape[len(m.Coef.Dense.Shape)-1]}
}

// Linear is X @ coef_.T + intercept_ of an x already checked.
func (m *LinearModel) Linear(b *graph.Builder, x graph.Value) graph.Value {
	return m.linear(b, x, m.Coef.Dense, &m.Intercept, m.Version)
}

func (s sparsified) linear(b *graph.Builder, x graph.Value, coef *tensor.Tensor, intercept *Number, version string) graph.Value {
	if x.OK() {
		if why := s.refuses(x, version); why != "" {
			return b.Refuse("%s", why)
		}
	}
	y := b.MatMulT(x, b.Const(coef))
	return b.Add(y, intercept.Value(b, y))
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
	Classes   *tensor.Tensor `sk:"classes_,text"`
	ZeroRows  ZeroRowsRule   `sk:"(zero rows),optional"`

	sparsified
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
func (m *LinearClassifierMixin) CheckShapes() error {
	return m.coefShape(m, &m.Coef, m.Intercept)
}

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

// Coefficients returns coef_, intercept_ and classes_.
func (m *LinearClassifierMixin) Coefficients() (coef, intercept, classes *tensor.Tensor, err error) {
	return m.Coef.Dense, m.Intercept.Tensor, m.Classes, nil
}

// ClassLabels returns classes_.
func (m *LinearClassifierMixin) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{m.Classes}
}

// DecisionFunction is X @ coef_.T + intercept_, one-dimensional where there is one column.
func (m *LinearClassifierMixin) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, m, x, sklearn.Accept{Sparse: true, Width: m.Coef.Dense.Shape[len(m.Coef.Dense.Shape)-1]})
	s := m.linear(b, x, m.Coef.Dense, &m.Intercept, m.Version)
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

// EncoderClassesRung gives classifiers of liblinear before 0.16 the classes_ that was a property of their encoder then.
var EncoderClassesRung = sklearn.Rung{Before: "0.16", Fix: func(s *sklearn.State) error {
	if o, ok := s.Attrs.Get("_enc").(*pyobj.Object); ok {
		if a, ok := o.Attrs(); ok && a.Get("classes_") != nil {
			s.Default("classes_", a.Get("classes_"))
		}
	}
	return nil
}}
