package svm

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var errNoOffset = errors.New("scikit-learn had no score_samples before 0.20")

// BaseLibSVM is what libsvm's machines share. The private coefficients are libsvm's own; the public ones change their
// sign for two classes.
type BaseLibSVM struct {
	sklearn.Base
	KernelParam    pyobj.Value    `sk:"kernel"`
	FitX           sklearn.Matrix `sk:"_BaseLibSVM__Xfit,optional"` // of a kernel given as a function
	DegreeParam    int            `sk:"degree"`
	Coef0Param     float64        `sk:"coef0"`
	PrivateGamma   float64        `sk:"_gamma"`
	PrivateSparse  bool           `sk:"_sparse"` // fitted on a sparse matrix
	SupportVectors sklearn.Matrix `sk:"support_vectors_"`
	Support        []int          `sk:"support_"`
	DualCoef       sklearn.Matrix `sk:"_dual_coef_"`
	Intercept      []float64      `sk:"_intercept_"`
	ShapeFit       []int          `sk:"shape_fit_"`

	attr   *graph.SVMAttr
	width  int           // columns of the input
	kernel *parts.Kernel // of a kernel given as a function, to the support vectors fit
	fit    *tensor.Tensor
}

// bound checks the state and makes the operation; count is the number of support vectors by class, nil without classes.
func (s *BaseLibSVM) bound(count []int) error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: s.Path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	name, isName := sklearn.Text(s.KernelParam)
	k := graph.SVMKernel(name)
	switch {
	case !isName:
		var err error
		if s.kernel, err = parts.KernelFunction(s.KernelParam); err != nil {
			return bad("kernel", "%s", err)
		}
		k = graph.SVMPrecomputed
	case k == graph.SVMLinear || k == graph.SVMPoly || k == graph.SVMRBF || k == graph.SVMSigmoid || k == graph.SVMPrecomputed:
	default:
		return bad("kernel", "value %q is not known", name)
	}
	if s.PrivateSparse && k == graph.SVMPrecomputed {
		return bad("kernel", "a precomputed kernel fitted on a sparse matrix is not known")
	}
	coef := parts.Dense(s.DualCoef)
	if s.DualCoef.Sparse != nil && len(s.DualCoef.Sparse.Indices) != coef.Len() {
		return bad("_dual_coef_", "a sparse matrix with gaps")
	}
	rows, n := max(len(count)-1, 1), 0
	if len(coef.Shape) == 2 {
		n = coef.Shape[1]
	}
	if len(coef.Shape) != 2 || coef.DType != tensor.Float64 || coef.Shape[0] != rows {
		return bad("_dual_coef_", "%s%v, wanted float64[%d, support vectors]", coef.DType, coef.Shape, rows)
	}
	a := &graph.SVMAttr{Kernel: k, Gamma: s.PrivateGamma, Coef0: s.Coef0Param, Degree: s.DegreeParam, Coef: coef, Intercept: s.Intercept, Count: count}
	if len(s.Intercept) != a.Pairs() {
		return bad("_intercept_", "%d values, wanted %d", len(s.Intercept), a.Pairs())
	}
	sum := 0
	for _, c := range count {
		if c < 0 {
			return bad("_n_support", "a negative count")
		}
		sum += c
	}
	if count != nil && sum != n {
		return errors.New("The internal representation of " + s.Name() + " was altered")
	}
	if len(s.ShapeFit) != 2 {
		return bad("shape_fit_", "%d values, wanted 2", len(s.ShapeFit))
	}
	s.width = s.ShapeFit[1]
	switch sv := s.SupportVectors; {
	case k == graph.SVMPrecomputed:
		s.width = s.ShapeFit[0]
		if len(s.Support) != n {
			return bad("support_", "%d values, wanted %d", len(s.Support), n)
		}
		for _, i := range s.Support {
			if i < 0 || i >= s.width {
				return bad("support_", "row %d of %d", i, s.width)
			}
		}
		if s.kernel != nil {
			return s.function(a, n)
		}
	case sv.Sparse != nil:
		a.Sparse = sv.Sparse
		if sv.Sparse.Data.DType != tensor.Float64 || sv.Sparse.Rows != n || sv.Sparse.Cols != s.width {
			return bad("support_vectors_", "%s[%d %d], wanted float64[%d %d]", sv.Sparse.Data.DType, sv.Sparse.Rows, sv.Sparse.Cols, n, s.width)
		}
	default:
		a.Vectors = sv.Dense
		if d := sv.Dense; d.DType != tensor.Float64 || len(d.Shape) != 2 || d.Shape[0] != n || d.Shape[1] != s.width {
			return bad("support_vectors_", "%s%v, wanted float64[%d %d]", d.DType, d.Shape, n, s.width)
		}
	}
	if s.PrivateSparse != (a.Sparse != nil) && k != graph.SVMPrecomputed {
		return bad("_sparse", "does not agree with support_vectors_")
	}
	s.attr = a
	return nil
}

// function takes the support vectors of a kernel given as a function from the rows it was fitted on.
func (s *BaseLibSVM) function(a *graph.SVMAttr, n int) error {
	x := parts.Dense(s.FitX)
	if x == nil || len(x.Shape) != 2 || x.Shape[0] != s.width || !x.DType.IsNumeric() {
		return &sklearn.BindError{Path: s.Path, Attr: "_BaseLibSVM__Xfit", Msg: "the rows the kernel was fitted on are no matrix of numbers"}
	}
	p := x.Shape[1]
	if x.DType != tensor.Float32 {
		x = parts.Float64(x)
	}
	s.fit = tensor.New(x.DType, n, p)
	for at, i := range s.Support {
		if x.DType == tensor.Float32 {
			copy(s.fit.F32[at*p:(at+1)*p], x.F32[i*p:])
		} else {
			copy(s.fit.F64[at*p:(at+1)*p], x.F64[i*p:])
		}
	}
	s.attr, s.width = a, p
	return nil
}

// decision is libsvm's: one value, or one per pair of classes i < j, positive for i.
func (s *BaseLibSVM) decision(b *graph.Builder, x graph.Value) graph.Value {
	if s.kernel != nil {
		// The function alone looks at the rows.
		x = sklearn.Check(b, s, x, sklearn.Accept{Sparse: true, DType: sklearn.DTypeFloat, Array: true})
		if x.OK() && x.Width() != s.width {
			return b.RefuseWidth(s.width, "Incompatible dimension for X and Y matrices: X.shape[1] == %d while Y.shape[1] == %d", x.Width(), s.width)
		}
		return b.SVMDecision(b.Cast(s.kernel.Apply(b, s, x, s.fit), tensor.Float64), s.attr)
	}
	x = sklearn.Check(b, s, x, sklearn.Accept{Sparse: true, DType: sklearn.DTypeFloat64, Width: s.width})
	if k := x.Type().Kind; k == graph.CSR || k == graph.OneHot {
		if !s.PrivateSparse {
			return b.Refuse("cannot use sparse input in '%s' trained on dense data", s.Name())
		}
		x = b.ToCSR(x)
	}
	switch {
	case s.attr.Kernel == graph.SVMPrecomputed:
		x = b.Gather(x, s.Support)
	case s.attr.Kernel == graph.SVMLinear && s.attr.Vectors != nil:
		return s.linear(b, x)
	}
	return b.SVMDecision(x, s.attr)
}

// linear is the decision of a linear kernel as a linear model: the sum over support vectors is taken first. Its
// error is that of libsvm's own sums.
func (s *BaseLibSVM) linear(b *graph.Builder, x graph.Value) graph.Value {
	a := s.attr
	n, p, pairs := a.Coef.Cols(), a.Vectors.Cols(), a.Pairs()
	w := tensor.New(tensor.Float64, pairs, p)
	add := func(row []float64, coef []float64, from, to int) {
		for v := from; v < to; v++ {
			for j, sv := range a.Vectors.F64[v*p : (v+1)*p] {
				row[j] += float64(coef[v] * sv)
			}
		}
	}
	if a.Count == nil {
		add(w.F64, a.Coef.F64, 0, n)
		return b.Add(b.MatMulT(x, b.Const(w.Reshape(p))), b.Const(&tensor.Tensor{DType: tensor.Float64, Shape: []int{}, F64: a.Intercept}))
	}
	at, si := 0, 0
	for i, ci := range a.Count {
		sj := si + ci
		for j := i + 1; j < len(a.Count); j++ {
			row := w.F64[at*p : (at+1)*p]
			add(row, a.Coef.F64[(j-1)*n:j*n], si, si+ci)
			add(row, a.Coef.F64[i*n:(i+1)*n], sj, sj+a.Count[j])
			sj += a.Count[j]
			at++
		}
		si += ci
	}
	return b.Add(b.MatMulT(x, b.Const(w)), b.Const(tensor.FromF64(a.Intercept)))
}

// BaseSVC is what the classifiers share.
type BaseSVC struct {
	BaseLibSVM
	Classes            *tensor.Tensor `sk:"classes_,text"`
	NSupport           []int          `sk:"_n_support"`
	ProbA              []float64      `sk:"_probA"`
	ProbB              []float64      `sk:"_probB"`
	Probability        pyobj.Value    `sk:"probability"`
	DecisionShapeParam *string        `sk:"decision_function_shape"` // None: 'ovo', in files before 0.19
	BreakTies          bool           `sk:"break_ties"`
	Ovr                parts.OvrRule  `sk:"(ovr),optional"`
}

var (
	_ sklearn.Predictor         = (*BaseSVC)(nil)
	_ sklearn.ProbaPredictor    = (*BaseSVC)(nil)
	_ sklearn.LogProbaPredictor = (*BaseSVC)(nil)
	_ sklearn.Decider           = (*BaseSVC)(nil)
	_ sklearn.Classifier        = (*BaseSVC)(nil)
	_ sklearn.Availabler        = (*BaseSVC)(nil)
)

// Bound checks the state.
func (s *BaseSVC) Bound(*sklearn.Binder) error {
	k := s.Classes.Len()
	if k < 2 || len(s.NSupport) != k {
		return &sklearn.BindError{Path: s.Path, Attr: "_n_support", Msg: fmt.Sprintf("%d counts for %d classes", len(s.NSupport), k)}
	}
	if d := s.DecisionShapeParam; d != nil && *d != "ovr" && *d != "ovo" {
		return &sklearn.BindError{Path: s.Path, Attr: "decision_function_shape", Msg: fmt.Sprintf("value %q is not known", *d)}
	}
	if n := k * (k - 1) / 2; (len(s.ProbA) != 0 && len(s.ProbA) != n) || len(s.ProbA) != len(s.ProbB) {
		return &sklearn.BindError{Path: s.Path, Attr: "_probA", Msg: fmt.Sprintf("%d and %d values for %d classes", len(s.ProbA), len(s.ProbB), k)}
	}
	return s.bound(s.NSupport)
}

// ClassLabels returns classes_.
func (s *BaseSVC) ClassLabels() []sklearn.ClassLabels { return []sklearn.ClassLabels{s.Classes} }

// Available refuses probabilities of machines fitted without them.
func (s *BaseSVC) Available(method string) error {
	switch method {
	case sklearn.MethodPredictProba, sklearn.MethodPredictLogProba:
		if on, err := sklearn.Bool(s.Probability); err != nil || !on {
			return errors.New("predict_proba is not available when probability=False")
		}
		if len(s.ProbA) == 0 {
			return errors.New("predict_proba is not available when fitted with probability=False")
		}
	}
	return nil
}

func (s *BaseSVC) ovr() bool {
	return s.DecisionShapeParam != nil && *s.DecisionShapeParam == "ovr" && s.Classes.Len() > 2
}

// DecisionFunction is one value for two classes, positive for the second; one per class, or one per pair.
func (s *BaseSVC) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	d := s.decision(b, x)
	switch {
	case s.Classes.Len() == 2:
		return b.Unary(graph.OpNeg, b.Ravel(d))
	case s.ovr():
		second := b.Binary(graph.OpLess, d, b.Scalar(0, d))
		return parts.OvrFromOvo(b, b.Unary(graph.OpNot, second), second, b.Unary(graph.OpNeg, d), s.Classes.Len(), s.Ovr, slices.ContainsFunc(s.Intercept, math.IsNaN))
	}
	return d
}

// Predict is the vote of the pairs; with break_ties the largest decision.
func (s *BaseSVC) Predict(b *graph.Builder, x graph.Value) graph.Value {
	if s.BreakTies {
		if s.DecisionShapeParam != nil && *s.DecisionShapeParam == "ovo" {
			return b.Refuse("break_ties must be False when decision_function_shape is 'ovo'")
		}
		if s.ovr() {
			return b.Labels(b.ArgMax(s.DecisionFunction(b, x)), s.Classes)
		}
	}
	d := s.decision(b, x)
	first := b.Binary(graph.OpGreater, d, b.Scalar(0, d))
	return b.Labels(parts.OvOWinner(b, first, b.Unary(graph.OpNot, first), s.Classes.Len()), s.Classes)
}

// PredictProba couples the probabilities of the pairs.
func (s *BaseSVC) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return b.PairwiseCoupling(s.decision(b, x), &graph.CouplingAttr{Classes: s.Classes.Len(), A: s.ProbA, B: s.ProbB})
}

// PredictLogProba is the logarithm of PredictProba.
func (s *BaseSVC) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.LogProba(b, s, x)
}
