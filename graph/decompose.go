package graph

import "github.com/larder-ml/larder/tensor"

// Operations of decompositions that are algorithms, not formulas. Only the convolution has an ONNX form.
const (
	OpCircularConvolve Op = "CircularConvolve"  // [N,d,m] → [N,m]: the circular convolution of the d vectors of each row
	OpNMFSolve         Op = "NMFSolve"          // X [N,k] → W [N,m]. Attr *NMFAttr. Couples rows
	OpTopicInfer       Op = "TopicInfer"        // X [N,k] or CSR → topics [N,m]. Attr *TopicAttr
	OpBarycenter       Op = "BarycenterWeights" // X [N,k], indices [N,K] → weights [N,K]. Attr *BarycenterAttr
	OpSparseCode       Op = "SparseCode"        // X [N,k] → codes [N,m]. Attr *SparseCodeAttr
)

// NMFAttr describes sklearn.decomposition.NMF's and MiniBatchNMF's search for W with H fixed.
type NMFAttr struct {
	H              *tensor.Tensor // [m,k]
	Solver         string         // "cd", "mu" or "pg"
	Beta           float64        // beta of the divergence: 2 Frobenius, 1 Kullback-Leibler, 0 Itakura-Saito
	L1, L2         float64
	Tol            float64
	MaxIter        int
	MiniBatch      bool // MiniBatchNMF's loop: another stop test
	Gamma          float64
	RefuseNegative string // message, "" where negative input is taken
	TakesZeros     bool   // of betas up to zero, which else refuse zeros where they refuse negative input

	// Of "pg": what is added to the Gram matrix of H, to its diagonal and everywhere.
	GramDiagonal, GramAll float64
}

// TopicAttr describes LatentDirichletAllocation's E step.
type TopicAttr struct {
	ExpDirichlet *tensor.Tensor // exp_dirichlet_component_ [m,k]
	Prior        float64
	MaxIter      int
	Tol          float64
	Weights      bool // as they are, not divided by the row's sum
}

// SparseCodeAttr describes sklearn.decomposition.sparse_encode. The dictionary is float32 or float64, as the rows are;
// where one is float32 and the other not, scikit-learn mixes both.
type SparseCodeAttr struct {
	Dictionary *tensor.Tensor // [m,k]
	Algorithm  string         // omp, lars, lasso_lars or lasso_cd
	NonZero    int            // omp, lars: atoms at most
	Alpha      float64        // lasso_lars, lasso_cd: weight of the L1 norm, over the number of columns already
	MaxIter    int            // lasso_lars, lasso_cd
	Positive   bool           // lasso_lars, lasso_cd: no negative coefficients
	Unit       bool           // omp: the atoms are taken to have norm one, whatever they have
	Double     bool           // before 1.8: the Gram matrix of atoms of float64 is of that type, whatever the rows are
	Loose      bool           // lasso_cd before 1.8: until changes and duality gap are below 1e-4, then 1e-8
}

// CircularConvolve convolves the vectors of each row.
func (b *Builder) CircularConvolve(x Value) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(t.Shape) != 3 || t.DType != tensor.Float64 {
		return b.Failf(OpCircularConvolve, "not defined for %s", t)
	}
	return b.Add1(OpCircularConvolve, nil, Type{DType: t.DType, Shape: []int{N, t.Shape[2]}}, x)
}

// NMFSolve finds the coefficients W.
func (b *Builder) NMFSolve(x Value, a NMFAttr) Value {
	if !x.OK() {
		return x
	}
	v := b.Add1(OpNMFSolve, &a, Type{DType: x.DType(), Shape: []int{N, a.H.Shape[0]}}, x)
	b.Couples()
	return v
}

// TopicInfer finds the topics of each row, normalised.
func (b *Builder) TopicInfer(x Value, a TopicAttr) Value {
	if !x.OK() {
		return x
	}
	return b.Add1(OpTopicInfer, &a, Type{DType: a.ExpDirichlet.DType, Shape: []int{N, a.ExpDirichlet.Shape[0]}}, x)
}

// SparseCode finds each row's code: in the rows' type for omp, in the dictionary's for the others.
func (b *Builder) SparseCode(x Value, a SparseCodeAttr) Value {
	if !x.OK() {
		return x
	}
	dt, of := x.DType(), a.Dictionary.DType
	if x.Type().Kind != Dense || dt != tensor.Float64 && dt != tensor.Float32 || of != tensor.Float64 && of != tensor.Float32 {
		return b.Failf(OpSparseCode, "not defined for %s and %s", x.Type(), of)
	}
	if a.Algorithm != "omp" {
		dt = of
	}
	return b.Add1(OpSparseCode, &a, Type{DType: dt, Shape: []int{N, a.Dictionary.Shape[0]}}, x)
}

// BarycenterAttr holds the fitted rows [n,k] and the regularisation.
type BarycenterAttr struct {
	Rows *tensor.Tensor
	Reg  float64
}

// BarycenterWeights finds the weights, adding to one, by which each row's neighbours make it up.
func (b *Builder) BarycenterWeights(x, index Value, a BarycenterAttr) Value {
	if !x.OK() || !index.OK() {
		return Value{}
	}
	if x.DType() != tensor.Float64 || x.Width() != a.Rows.Cols() || !index.DType().IsInt() {
		return b.Failf(OpBarycenter, "not defined for %s and %s", x.Type(), index.Type())
	}
	return b.Add1(OpBarycenter, &a, Type{DType: tensor.Float64, Shape: index.Type().Shape}, x, index)
}
