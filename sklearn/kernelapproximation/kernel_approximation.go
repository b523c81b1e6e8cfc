// Package kernelapproximation is sklearn.kernel_approximation.
package kernelapproximation

import (
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

const module = "sklearn.kernel_approximation."

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	{Name: module + "RBFSampler", New: func() sklearn.Estimator { return new(RBFSampler) },
		FitOnly: sklearn.Names("gamma n_components"), Ignore: sklearn.Names("_gamma")},
	{Name: module + "SkewedChi2Sampler", New: func() sklearn.Estimator { return new(SkewedChi2Sampler) }, FitOnly: sklearn.Names("n_components")},
	{Name: module + "AdditiveChi2Sampler", New: func() sklearn.Estimator { return new(AdditiveChi2Sampler) }, Ignore: sklearn.Names("sample_interval_ _sample_interval")},
	{Name: module + "Nystroem", New: func() sklearn.Estimator { return new(Nystroem) },
		FitOnly: sklearn.Names("n_components"), Ignore: sklearn.Names("component_indices_"), Upgrade: []sklearn.Rung{parts.GammaOfChi2}},
	{Name: module + "PolynomialCountSketch", New: func() sklearn.Estimator { return new(PolynomialCountSketch) }, FitOnly: sklearn.Names("n_components")},
}

// RBFSampler is sklearn.kernel_approximation.RBFSampler.
type RBFSampler struct {
	sklearn.Base
	Weights *tensor.Tensor `sk:"random_weights_"`
	Offset  *tensor.Tensor `sk:"random_offset_"`
}

var (
	_ sklearn.Transformer  = (*RBFSampler)(nil)
	_ sklearn.FeatureNamer = (*RBFSampler)(nil)
)

func checkProjection(w, off *tensor.Tensor) error {
	if len(w.Shape) != 2 || off.Len() != w.Shape[1] {
		return fmt.Errorf("random_offset_ does not fit random_weights_")
	}
	return nil
}

// Bound checks the shapes.
func (s *RBFSampler) Bound(*sklearn.Binder) error { return checkProjection(s.Weights, s.Offset) }

// waves is cos(x@w + offset) · scale, in x's type as scikit-learn's in-place steps keep it.
func waves(b *graph.Builder, x graph.Value, w, off *tensor.Tensor, scale float64) graph.Value {
	z := b.InPlace(graph.OpAdd, b.MatMul(x, b.Const(w)), b.Const(off))
	z = b.Unary(graph.OpCos, z)
	return b.InPlace(graph.OpMul, z, b.Scalar(scale, z))
}

// Transform gives sqrt(2/m)·cos(x@w + offset).
func (s *RBFSampler) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{Sparse: true, Width: s.Weights.Shape[0]})
	return waves(b, x, s.Weights, s.Offset, math.Sqrt(2/float64(s.Weights.Shape[1])))
}

// FeatureNamesOut is rbfsampler0, rbfsampler1, ….
func (s *RBFSampler) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(s, s.Weights.Shape[1]), nil
}

// SkewedChi2Sampler is sklearn.kernel_approximation.SkewedChi2Sampler.
type SkewedChi2Sampler struct {
	sklearn.Base
	SkewednessParam float64        `sk:"skewedness"`
	Weights         *tensor.Tensor `sk:"random_weights_"`
	Offset          *tensor.Tensor `sk:"random_offset_"`
}

var (
	_ sklearn.Transformer  = (*SkewedChi2Sampler)(nil)
	_ sklearn.FeatureNamer = (*SkewedChi2Sampler)(nil)
)

// Bound checks the shapes.
func (s *SkewedChi2Sampler) Bound(*sklearn.Binder) error {
	return checkProjection(s.Weights, s.Offset)
}

// Transform gives sqrt(2)/sqrt(m)·cos(log(x + skewedness)@w + offset).
func (s *SkewedChi2Sampler) Transform(b *graph.Builder, x graph.Value) graph.Value {
	if x.OK() && x.Type().Kind == graph.Dense && s.Before("1.0") { // as_float_array
		d := x.DType()
		if d == tensor.Int32 || !s.Before("0.19") && (d == tensor.Bool || d.IsInt() && d != tensor.Int64 && d != tensor.Uint64) {
			x = b.Cast(x, tensor.Float32)
		}
	}
	x = sklearn.Check(b, s, x, sklearn.Accept{DType: sklearn.DTypeFloat2, Width: s.Weights.Shape[0]})
	x = b.Guard(x, b.Binary(graph.OpLessOrEqual, x, b.Scalar(-s.SkewednessParam, x)), "X may not contain entries smaller than -skewedness.")
	x = b.Unary(graph.OpLog, b.InPlace(graph.OpAdd, x, b.Scalar(s.SkewednessParam, x)))
	return waves(b, x, s.Weights, s.Offset, math.Sqrt(2)/math.Sqrt(float64(s.Weights.Shape[1])))
}

// FeatureNamesOut is skewedchi2sampler0, skewedchi2sampler1, ….
func (s *SkewedChi2Sampler) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(s, s.Weights.Shape[1]), nil
}

// AdditiveChi2Sampler is sklearn.kernel_approximation.AdditiveChi2Sampler.
type AdditiveChi2Sampler struct {
	sklearn.Base
	StepsParam    int           `sk:"sample_steps"`
	IntervalParam *parts.Number `sk:"sample_interval,optional"`
}

var (
	_ sklearn.Transformer  = (*AdditiveChi2Sampler)(nil)
	_ sklearn.FeatureNamer = (*AdditiveChi2Sampler)(nil)
)

// Bound resolves the interval.
func (s *AdditiveChi2Sampler) Bound(*sklearn.Binder) error {
	if s.IntervalParam == nil {
		l, ok := map[int]float64{1: 0.8, 2: 0.5, 3: 0.4}[s.StepsParam]
		if !ok {
			return fmt.Errorf("If sample_steps is not in [1, 2, 3], you need to provide sample_interval")
		}
		s.IntervalParam = &parts.Number{Tensor: tensor.FromF64([]float64{l}).Reshape(), Weak: true}
	}
	if n := s.IntervalParam.Tensor.Len(); n != 1 {
		return fmt.Errorf("sample_interval is %d numbers", n)
	}
	return nil
}

// DescribeInput reads numbers, of which integers stay what they are: the features of such are integers.
func (s *AdditiveChi2Sampler) DescribeInput(in *sklearn.Input) *sklearn.Input {
	in.Numeric()
	for _, c := range in.Columns {
		c.Integers = true
	}
	return nil
}

// Transform gives, block by block, sqrt(x·L) and the cosine and sine terms of each step. Zeros that are not stored give zeros. Each step has
// numpy's type for it: the logarithm of 8-bit integers is a float16, and twice them is what is left of it in 8 bits.
func (s *AdditiveChi2Sampler) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{Sparse: true, NoHalf: s.Before("1.9")})
	if !x.OK() {
		return x
	}
	dt := x.DType()
	zero := b.Scalar(0, b.Cast(x, tensor.Float64))
	blank := zero // what a zero has for its cosine and sine
	sparse := x.Type().Kind != graph.Dense
	if sparse {
		// A stored zero has a logarithm of -∞.
		x = b.ToCSR(x)
		stored := b.Unary(graph.OpIsInf, b.ToDense(b.Unary(graph.OpLog, b.Cast(x, tensor.Float64))))
		x = b.ToDense(x)
		blank = b.Where(stored, b.Scalar(math.NaN(), zero), zero)
	}
	x = b.Guard(x, b.Binary(graph.OpLess, x, b.Scalar(0, x)), "Negative values in data passed to X in AdditiveChi2Sampler.")
	isZero := b.Binary(graph.OpEqual, x, b.Scalar(0, x))
	// The blocks are written into arrays of the type of x: integers lose their fractions.
	block := func(v, zeros graph.Value) graph.Value { return b.Cast(b.Where(isZero, zeros, v), dt) }
	whole := func(k int64) graph.Value { // beside x, whose type a Python integer takes
		d := dt
		switch {
		case d.IsFloat():
			return b.Scalar(float64(k), x)
		case d == tensor.Bool:
			d = tensor.Int64
		}
		return b.Const(&tensor.Tensor{DType: d, Shape: []int{}, I64: []int64{k}})
	}
	interval := func(v graph.Value) graph.Value {
		f, _ := s.IntervalParam.Tensor.Float(0)
		if s.IntervalParam.Weak && s.IntervalParam.Tensor.DType.IsInt() && f == math.Trunc(f) && !v.DType().IsFloat() {
			return b.Mul(v, whole(int64(f)))
		}
		return b.Mul(v, s.IntervalParam.Value(b, v))
	}
	l, _ := s.IntervalParam.Tensor.Float(0)
	floating := func(op graph.Op, v graph.Value) graph.Value { return b.Unary(op, b.Cast(v, floatOf(v.DType()))) }
	blocks := []graph.Value{block(floating(graph.OpSqrt, interval(x)), zero)}
	logStep := interval(floating(graph.OpLog, x))
	double := interval(b.Mul(x, whole(2)))
	for j := 1; j < s.StepsParam; j++ {
		f := b.Unary(graph.OpSqrt, b.Div(double, b.Const(tensor.FromF64([]float64{math.Cosh(math.Pi * float64(j) * l)}).Reshape())))
		angle := b.Mul(logStep, b.Scalar(float64(j), logStep))
		blocks = append(blocks, block(b.Mul(f, b.Unary(graph.OpCos, angle)), blank), block(b.Mul(f, b.Unary(graph.OpSin, angle)), blank))
	}
	return b.HStack(sparse, blocks...)
}

// floatOf is the floating type that numpy computes a function of integers in.
func floatOf(d tensor.DType) tensor.DType {
	switch d {
	case tensor.Bool, tensor.Int8, tensor.Uint8:
		return tensor.Float16
	case tensor.Int16, tensor.Uint16:
		return tensor.Float32
	}
	if d.IsFloat() {
		return d
	}
	return tensor.Float64
}

// FeatureNamesOut is additivechi2sampler_x0_sqrt, …_cos1, …_sin1, ….
func (s *AdditiveChi2Sampler) FeatureNamesOut(in []string) ([]string, error) {
	in, err := sklearn.InputNames(s, in, s.NFeaturesIn)
	if err != nil {
		return nil, err
	}
	var out []string
	add := func(suffix string) {
		for _, n := range in {
			out = append(out, "additivechi2sampler_"+n+suffix)
		}
	}
	add("_sqrt")
	for j := 1; j < s.StepsParam; j++ {
		add(fmt.Sprintf("_cos%d", j))
		add(fmt.Sprintf("_sin%d", j))
	}
	return out, nil
}

// Nystroem is sklearn.kernel_approximation.Nystroem with scikit-learn's own kernels.
type Nystroem struct {
	sklearn.Base
	KernelParam   string         `sk:"kernel"`
	GammaParam    *float64       `sk:"gamma,optional"`
	Coef0Param    *float64       `sk:"coef0,optional"`
	DegreeParam   *float64       `sk:"degree,optional"`
	KernelParams  pyobj.Value    `sk:"kernel_params,optional"`
	Components    sklearn.Matrix `sk:"components_"`
	Normalization *tensor.Tensor `sk:"normalization_"`
}

var (
	_ sklearn.Transformer  = (*Nystroem)(nil)
	_ sklearn.FeatureNamer = (*Nystroem)(nil)
)

// kernel resolves parameters that were not given to the kernel functions' own defaults.
func (n *Nystroem) kernel() *parts.Kernel {
	k := &parts.Kernel{Name: n.KernelParam, Gamma: n.GammaParam, Degree: 3, Coef0: 1}
	if n.DegreeParam != nil {
		k.Degree = *n.DegreeParam
	}
	if n.Coef0Param != nil {
		k.Coef0 = *n.Coef0Param
	}
	if k.Name == "chi2" && k.Gamma == nil {
		one := 1.0
		k.Gamma = &one
	}
	return k
}

// Bound checks the kernel and the shapes.
func (n *Nystroem) Bound(*sklearn.Binder) error {
	if n.KernelParams != nil {
		if d, ok := n.KernelParams.(*pyobj.Dict); !ok || d.Len() > 0 {
			return &sklearn.BindError{Path: n.Path, Attr: "kernel_params", Msg: "parameters for the kernel are not known"}
		}
	}
	if n.Components.Sparse != nil {
		n.Components.Dense = n.Components.Sparse.Dense()
	}
	m := n.Components.Dense.Rows()
	if len(n.Normalization.Shape) != 2 || n.Normalization.Shape[0] != m || n.Normalization.Shape[1] != m {
		return fmt.Errorf("normalization_ does not fit components_")
	}
	return n.kernel().Check()
}

// Transform maps the kernel with the components.
func (n *Nystroem) Transform(b *graph.Builder, x graph.Value) graph.Value {
	a := sklearn.Accept{}
	if n.kernel().Name != "precomputed" { // which is a dense matrix
		a.Sparse, a.Width = true, n.Components.Dense.Shape[1]
	}
	x = sklearn.Check(b, n, x, a)
	return b.MatMulT(n.kernel().Apply(b, n, x, n.Components.Dense), b.Const(n.Normalization))
}

// FeatureNamesOut is nystroem0, nystroem1, ….
func (n *Nystroem) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(n, n.Components.Dense.Rows()), nil
}

// PolynomialCountSketch is sklearn.kernel_approximation.PolynomialCountSketch. The product of Fourier transforms that
// scikit-learn takes is the circular convolution of the sketches, computed as such.
type PolynomialCountSketch struct {
	sklearn.Base
	GammaParam  float64        `sk:"gamma"`
	DegreeParam int            `sk:"degree"`
	Coef0Param  float64        `sk:"coef0"`
	IndexHash   *tensor.Tensor `sk:"indexHash_"`
	BitHash     *tensor.Tensor `sk:"bitHash_"`
	M           int            `sk:"n_components"`
}

var (
	_ sklearn.Transformer  = (*PolynomialCountSketch)(nil)
	_ sklearn.FeatureNamer = (*PolynomialCountSketch)(nil)
)

// Bound checks the hashes.
func (s *PolynomialCountSketch) Bound(*sklearn.Binder) error {
	if len(s.IndexHash.Shape) != 2 || fmt.Sprint(s.IndexHash.Shape) != fmt.Sprint(s.BitHash.Shape) || s.IndexHash.Shape[0] != s.DegreeParam ||
		s.IndexHash.DType.Storage() != tensor.I64 || s.M <= 0 || s.M > 1<<31 {
		return fmt.Errorf("indexHash_ and bitHash_ do not fit degree %d and %d components", s.DegreeParam, s.M)
	}
	for _, i := range s.IndexHash.I64 {
		if i < 0 || i >= int64(s.M) {
			return fmt.Errorf("indexHash_ holds %d of %d components", i, s.M)
		}
	}
	return nil
}

// Transform convolves the count sketches of the degrees.
func (s *PolynomialCountSketch) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, s, x, sklearn.Accept{Sparse: true})
	if !x.OK() {
		return x
	}
	x = b.Cast(b.ToDense(x), tensor.Float64)
	x = b.Mul(x, b.Scalar(math.Sqrt(s.GammaParam), x))
	k := s.IndexHash.Shape[1]
	width := x.Width()
	if s.Coef0Param != 0 {
		width++
	}
	if width != k {
		return b.Refuse("Number of features of test samples does not match that of training samples.")
	}
	bits := s.BitHash.AsF64()
	sketches := make([]graph.Value, s.DegreeParam)
	for d := range sketches {
		w, extra := tensor.New(tensor.Float64, x.Width(), s.M), tensor.New(tensor.Float64, s.M)
		for j := range k {
			to := int(s.IndexHash.I64[d*k+j])
			if j < x.Width() {
				w.F64[j*s.M+to] = bits[d*k+j]
			} else {
				extra.F64[to] += bits[d*k+j] * math.Sqrt(s.Coef0Param)
			}
		}
		sketches[d] = b.MatMul(x, b.Const(w))
		if s.Coef0Param != 0 {
			sketches[d] = b.Add(sketches[d], b.Const(extra))
		}
	}
	return b.CircularConvolve(b.Stack(sketches...))
}

// FeatureNamesOut is polynomialcountsketch0, polynomialcountsketch1, ….
func (s *PolynomialCountSketch) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(s, s.M), nil
}
