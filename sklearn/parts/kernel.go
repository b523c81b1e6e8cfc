package parts

import (
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Kernel is a kernel of sklearn.metrics.pairwise between rows and fitted rows.
type Kernel struct {
	Name   string // linear, poly, polynomial, rbf, sigmoid, laplacian, cosine, chi2, additive_chi2, precomputed
	Gamma  *float64
	Degree float64
	Coef0  float64
}

// GammaOfChi2 is what estimators that choose a kernel by its name did before 0.19: the gamma of chi2 was left out, for 1.
var GammaOfChi2 = sklearn.Rung{Before: "0.19", Fix: func(s *sklearn.State) error {
	if name, _ := pyobj.Text(s.Attrs.Get("kernel")); name == "chi2" {
		s.Attrs.Set(pyobj.Str("gamma"), pyobj.Float(1))
	}
	return nil
}}

// kernelFunctions are the functions of sklearn.metrics.pairwise by their names, with their defaults.
var kernelFunctions = map[string]Kernel{
	"linear_kernel": {Name: "linear"}, "polynomial_kernel": {Name: "poly", Degree: 3, Coef0: 1}, "rbf_kernel": {Name: "rbf"},
	"sigmoid_kernel": {Name: "sigmoid", Coef0: 1}, "laplacian_kernel": {Name: "laplacian"}, "cosine_similarity": {Name: "cosine"},
	"chi2_kernel": {Name: "chi2"}, "additive_chi2_kernel": {Name: "additive_chi2"},
}

// KernelFunction reads a kernel that was given as a function of sklearn.metrics.pairwise, or a functools.partial of one.
func KernelFunction(v pyobj.Value) (*Kernel, error) {
	switch x := v.(type) {
	case *pyobj.Global:
		k, ok := kernelFunctions[x.Name]
		if !ok || x.Module != "sklearn.metrics.pairwise" {
			break
		}
		if k.Name == "chi2" {
			one := 1.0
			k.Gamma = &one
		}
		return &k, nil
	case *pyobj.Object:
		state, ok := x.State.(*pyobj.Tuple)
		if x.ClassName() != "functools.partial" || !ok || len(state.Items) < 3 {
			break
		}
		k, err := KernelFunction(state.Items[0])
		if err != nil {
			return nil, err
		}
		if args, err := sklearn.Sequence(state.Items[1]); err != nil || len(args) > 0 {
			return nil, fmt.Errorf("a kernel with arguments by position is not known")
		}
		return k, k.keywords(state.Items[2])
	}
	return nil, fmt.Errorf("%s is not known: a model's own code is never run", sklearn.Describe(v))
}

// keywords sets the arguments that functools.partial bound.
func (k *Kernel) keywords(v pyobj.Value) error {
	d, ok := v.(*pyobj.Dict)
	if !ok {
		return nil
	}
	for _, e := range d.Entries {
		name, _ := pyobj.Text(e.Key)
		if _, none := e.Value.(pyobj.None); none && name == "gamma" && k.Name != "chi2" {
			continue
		}
		f, err := sklearn.Float(e.Value)
		if err != nil {
			return fmt.Errorf("%s of the kernel: %w", name, err)
		}
		switch {
		case name == "gamma" && k.Name != "linear" && k.Name != "cosine" && k.Name != "additive_chi2":
			k.Gamma = &f
		case name == "coef0" && (k.Name == "poly" || k.Name == "sigmoid"):
			k.Coef0 = f
		case name == "degree" && k.Name == "poly":
			k.Degree = f
		default:
			return fmt.Errorf("the kernel's argument %s is not known", name)
		}
	}
	return nil
}

// Check refuses names and settings the formulas do not know.
func (k *Kernel) Check() error {
	switch k.Name {
	case "linear", "poly", "polynomial", "rbf", "sigmoid", "laplacian", "cosine", "additive_chi2", "precomputed":
		return nil
	case "chi2":
		if k.Gamma == nil {
			return fmt.Errorf("the chi2 kernel without gamma raises in scikit-learn")
		}
		return nil
	}
	return fmt.Errorf("kernel %q is not known", k.Name)
}

// Apply is the kernel matrix of x [N,p] and the rows of y [m,p] → [N,m]. It is float32 only when both are (laplacian: never).
func (k *Kernel) Apply(b *graph.Builder, e sklearn.Estimator, x graph.Value, y *tensor.Tensor) graph.Value {
	if !x.OK() {
		return x
	}
	if k.Name == "precomputed" {
		return b.ToDense(x)
	}
	if x.DType() != tensor.Float32 || y.DType != tensor.Float32 {
		x = b.Cast(x, tensor.Float64)
		y = Float64(y)
	}
	gamma := 1 / float64(y.Cols())
	if k.Gamma != nil {
		gamma = *k.Gamma
	}
	sparse := x.Type().Sparse()
	if sparse {
		switch k.Name {
		case "additive_chi2", "chi2":
			return b.Refuse("Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert to a dense numpy array.")
		case "laplacian", "cosine":
			x = b.ToDense(x)
		default:
			x = b.ToCSR(x)
		}
	}
	scale := func(v graph.Value, f float64) graph.Value { return b.Mul(v, b.Scalar(f, v)) }
	shift := func(v graph.Value, f float64) graph.Value { return b.Add(v, b.Scalar(f, v)) }
	switch k.Name {
	case "rbf":
		return b.Unary(graph.OpExp, scale(EuclideanSq(b, x, y), -gamma))
	case "laplacian":
		// scipy's cdist gives float64 also for float32.
		d := b.PairwiseDistance(b.Cast(x, tensor.Float64), Float64(y), graph.Metric{Name: graph.Manhattan})
		return b.Unary(graph.OpExp, scale(d, -gamma))
	case "cosine":
		n := b.Unary(graph.OpSqrt, b.Reduce(graph.OpSumSquare, x, 1, true, graph.Lanes))
		eps := 0x1p-52
		if x.DType() == tensor.Float32 {
			eps = 0x1p-23
		}
		tiny := b.Binary(graph.OpLess, n, b.Scalar(10*eps, n))
		if sparse { // of which nothing but zeros counts as zeros
			tiny = b.Binary(graph.OpEqual, n, b.Scalar(0, n))
		}
		n = b.Where(tiny, b.Scalar(1, n), n)
		return b.MatMulT(b.Div(x, n), b.Const(unitRows(y)))
	case "additive_chi2", "chi2":
		zero := b.Scalar(0, x)
		x = b.Guard(x, b.Binary(graph.OpLess, x, zero), "X contains negative values.")
		d := b.PairwiseDistance(x, y, graph.Metric{Name: graph.AdditiveChi2})
		if k.Name == "chi2" {
			return b.Unary(graph.OpExp, scale(d, -gamma))
		}
		return b.Unary(graph.OpNeg, d)
	}
	d := b.MatMulT(x, b.Const(y))
	switch k.Name {
	case "poly", "polynomial":
		d = shift(scale(d, gamma), k.Coef0)
		return b.InPlace(graph.OpPow, d, b.Scalar(k.Degree, d))
	case "sigmoid":
		return b.Unary(graph.OpTanh, shift(scale(d, gamma), k.Coef0))
	}
	return d
}

// Float64 returns a numeric tensor as float64.
func Float64(t *tensor.Tensor) *tensor.Tensor {
	if t.DType == tensor.Float64 {
		return t
	}
	return tensor.FromF64(t.AsF64(), t.Shape...)
}

// unitRows divides each row by its norm; rows of zeros stay.
func unitRows(t *tensor.Tensor) *tensor.Tensor {
	out := tensor.New(t.DType, t.Shape...)
	p := t.Cols()
	for i := range t.Rows() {
		sum := 0.0
		for j := i * p; j < (i+1)*p; j++ {
			f, _ := t.Float(j)
			sum += float64(f * f)
		}
		n, eps := math.Sqrt(sum), 0x1p-52
		if t.DType == tensor.Float32 {
			n, eps = float64(float32(n)), 0x1p-23
		}
		if n < 10*eps {
			n = 1
		}
		for j := i * p; j < (i+1)*p; j++ {
			if t.DType == tensor.Float32 {
				out.F32[j] = t.F32[j] / float32(n)
			} else {
				out.F64[j] = t.F64[j] / n
			}
		}
	}
	return out
}
