package graph

import (
	"fmt"

	"github.com/larder-ml/larder/tensor"
)

// The operations of libsvm.
const (
	// OpSVMDecision sums the kernel of a row with each support vector: one value (regression, one class) or one per pair
	// of classes i < j, positive for i.  x [N,p] float64 or CSR → [N] or [N, k(k-1)/2].  Attr *SVMAttr
	// The difference is taken before the square and sums are sequential, as libsvm's for sparse vectors; scikit-learn's
	// dense ones are BLAS dots: 1e-12 of the largest. ONNX: ai.onnx.ml SVMRegressor and SVMClassifier are float32 only;
	// in double it is Sub, ReduceSumSquare, Exp (or MatMul, Pow, Tanh) and MatMul.
	OpSVMDecision Op = "SVMDecision"

	// OpPairwiseCoupling turns the decisions of pairs into class probabilities (Wu, Lin and Weng 2004, libsvm's
	// multiclass_probability, also for two classes).  d [N, k(k-1)/2] → [N,k].  Attr *CouplingAttr
	// It iterates until it is close: in ONNX a Loop.
	OpPairwiseCoupling Op = "PairwiseCoupling"
)

// SVMKernel names a kernel of libsvm.
type SVMKernel string

// The kernels: x·s; (γ x·s + c)^d; exp(-γ|x-s|²); tanh(γ x·s + c); and x itself, whose columns are kernel values.
const (
	SVMLinear      SVMKernel = "linear"
	SVMPoly        SVMKernel = "poly"
	SVMRBF         SVMKernel = "rbf"
	SVMSigmoid     SVMKernel = "sigmoid"
	SVMPrecomputed SVMKernel = "precomputed"
)

// SVMAttr describes a support vector machine. Support vectors stand in Vectors or Sparse, by class when there are
// classes; neither is there for a precomputed kernel, whose x has one column per support vector.
type SVMAttr struct {
	Kernel       SVMKernel
	Gamma, Coef0 float64
	Degree       int
	Vectors      *tensor.Tensor // float64 [s,p]
	Sparse       *tensor.Sparse
	Coef         *tensor.Tensor // float64 [k-1, s], or [1, s] without classes
	Intercept    []float64      // by pair
	Count        []int          // support vectors of each class; nil without classes
}

// Pairs returns the number of decision values per row.
func (a *SVMAttr) Pairs() int {
	k := len(a.Count)
	if k == 0 {
		return 1
	}
	return k * (k - 1) / 2
}

func (a *SVMAttr) String() string {
	return fmt.Sprintf("%s gamma=%g coef0=%g degree=%d vectors=%d", a.Kernel, a.Gamma, a.Coef0, a.Degree, a.Coef.Cols())
}

// SVMDecision adds the decision values of a support vector machine.
func (b *Builder) SVMDecision(x Value, a *SVMAttr) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	p, n := -1, a.Coef.Cols()
	switch {
	case a.Vectors != nil:
		p = a.Vectors.Cols()
	case a.Sparse != nil:
		p = a.Sparse.Cols
	case a.Kernel == SVMPrecomputed:
		p = n
	}
	sum := 0
	for _, c := range a.Count {
		sum += c
	}
	if (t.Kind != Dense && t.Kind != CSR) || t.DType != tensor.Float64 || len(t.Shape) != 2 || t.Shape[1] != p ||
		len(a.Intercept) != a.Pairs() || (a.Count != nil && (sum != n || a.Coef.Rows() != len(a.Count)-1)) {
		return b.Failf(OpSVMDecision, "%s does not fit %s", t, a)
	}
	out := Type{DType: tensor.Float64, Shape: []int{t.Shape[0]}}
	if a.Count != nil {
		out.Shape = append(out.Shape, a.Pairs())
	}
	return b.Add1(OpSVMDecision, a, out, x)
}

// CouplingAttr holds the sigmoid of each pair: P(i | i or j) = 1/(1 + exp(A d + B)).
type CouplingAttr struct {
	Classes int
	A, B    []float64
}

// PairwiseCoupling adds class probabilities from the decisions of pairs.
func (b *Builder) PairwiseCoupling(d Value, a *CouplingAttr) Value {
	if !d.OK() {
		return d
	}
	t, n := d.Type(), a.Classes*(a.Classes-1)/2
	if t.Kind != Dense || t.DType != tensor.Float64 || len(t.Shape) != 2 || t.Shape[1] != n || len(a.A) != n || len(a.B) != n {
		return b.Failf(OpPairwiseCoupling, "%s does not fit %d classes", t, a.Classes)
	}
	return b.Add1(OpPairwiseCoupling, a, Type{DType: tensor.Float64, Shape: []int{t.Shape[0], a.Classes}}, d)
}

// OpOvrScale is _ovr_decision_function before 0.21: votes + sums × (½-ε)/max|sums|, the maximum over the whole batch.
// votes, sums [N,k] → [N,k]. No ONNX form that does not couple rows, either.
const OpOvrScale Op = "OvrScale"

// OvrScale adds old one-vs-rest scores from votes and sums of confidences.
func (b *Builder) OvrScale(votes, sums Value) Value {
	if !votes.OK() || !sums.OK() {
		return Value{}
	}
	if t := sums.Type(); t.DType != tensor.Float64 || votes.Type().String() != t.String() {
		return b.Failf(OpOvrScale, "%s and %s do not fit", votes.Type(), t)
	}
	v := b.Add1(OpOvrScale, nil, sums.Type(), votes, sums)
	b.Couples()
	return v
}
