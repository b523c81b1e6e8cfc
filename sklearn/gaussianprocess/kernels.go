package gaussianprocess

import (
	"fmt"
	"math"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// kernel is a kernel of sklearn.gaussian_process.kernels. A result may be one number for all entries.
type kernel interface {
	// between is k(x, y), [N,m].
	between(b *graph.Builder, x graph.Value, y *tensor.Tensor) entry
	// diag is the diagonal of k(x, x), [N].
	diag(b *graph.Builder, x graph.Value) entry
}

// entry is a matrix or a number that stands for all of its entries.
type entry struct {
	v      graph.Value
	number float64
	all    bool
}

func number(f float64) entry { return entry{number: f, all: true} }

// operand makes an entry an operand beside another.
func (e entry) operand(b *graph.Builder) graph.Value {
	if !e.all {
		return e.v
	}
	return b.Const(&tensor.Tensor{DType: tensor.Float64, Shape: []int{}, F64: []float64{e.number}})
}

// Kernel is a kernel inside an estimator.
type Kernel struct{ kernel }

// UnmarshalPy reads a kernel object.
func (k *Kernel) UnmarshalPy(bd *sklearn.Binder, path string, v pyobj.Value) error {
	inner, err := readKernel(bd, path, v, 0)
	k.kernel = inner
	return err
}

// weaken makes single numbers take the dtype of the rows beside them, as those of numpy 1 do.
func (k *Kernel) weaken() {
	if k == nil {
		return
	}
	each(k.kernel, func(k kernel) {
		switch k := k.(type) {
		case *rbf:
			k.weak = true
		case *matern:
			k.weak = true
		case *dotProduct:
			k.Sigma0.Weak = true
		}
	})
}

// filterChi2 gives kernels that are chi2 the gamma 1: before 0.19 theirs was left out.
func (k *Kernel) filterChi2() {
	if k == nil {
		return
	}
	each(k.kernel, func(k kernel) {
		if p, ok := k.(*pairwiseKernel); ok && p.Metric == "chi2" {
			one := 1.0
			p.Gamma, p.kernel.Gamma = &one, &one
		}
	})
}

// each calls f on a kernel and those inside it.
func each(k kernel, f func(kernel)) {
	f(k)
	switch k := k.(type) {
	case *pair:
		each(k.k1, f)
		each(k.k2, f)
	case *exponentiation:
		each(k.base, f)
	}
}

// maxKernels bounds kernels inside kernels.
const maxKernels = 100

func readKernel(bd *sklearn.Binder, path string, v pyobj.Value, depth int) (kernel, error) {
	bad := func(format string, args ...any) (kernel, error) {
		return nil, &sklearn.BindError{Path: path, Msg: fmt.Sprintf(format, args...)}
	}
	o, ok := v.(*pyobj.Object)
	if !ok || !strings.HasPrefix(o.ClassName(), "sklearn.gaussian_process.kernels.") || depth > maxKernels {
		return bad("%s, wanted a kernel", sklearn.Describe(v))
	}
	if err := bd.Visit(o, path); err != nil {
		return nil, err
	}
	attrs, ok := o.Attrs()
	if !ok || attrs == nil {
		return bad("state is no dict of attributes")
	}
	inside := func(name string) (kernel, error) { return readKernel(bd, path+"."+name, attrs.Get(name), depth+1) }
	var k kernel
	skip := []string{"length_scale_bounds", "alpha_bounds", "periodicity_bounds", "sigma_0_bounds", "constant_value_bounds", "noise_level_bounds", "gamma_bounds"}
	switch name := pyobj.ShortName(o.ClassName()); name {
	case "Sum", "Product":
		p := &pair{product: name == "Product"}
		var err error
		if p.k1, err = inside("k1"); err != nil {
			return nil, err
		}
		if p.k2, err = inside("k2"); err != nil {
			return nil, err
		}
		k, skip = p, append(skip, "k1", "k2")
	case "Exponentiation":
		e := &exponentiation{}
		var err error
		if e.base, err = inside("kernel"); err != nil {
			return nil, err
		}
		k, skip = e, append(skip, "kernel")
	case "ConstantKernel":
		k = &constantKernel{}
	case "WhiteKernel":
		k = &whiteKernel{}
	case "RBF":
		k = &rbf{}
	case "Matern":
		k = &matern{}
	case "RationalQuadratic":
		k = &rationalQuadratic{}
	case "ExpSineSquared":
		k = &expSineSquared{}
	case "DotProduct":
		k = &dotProduct{}
	case "PairwiseKernel":
		k = &pairwiseKernel{}
	default:
		return bad("kernel %s is not known", name)
	}
	if err := bd.Struct(k, attrs, path, skip); err != nil {
		return nil, err
	}
	if c, ok := k.(interface{ check() error }); ok {
		if err := c.check(); err != nil {
			return bad("%s", err)
		}
	}
	return k, nil
}

// pair is Sum or Product.
type pair struct {
	k1, k2  kernel
	product bool
}

func (p *pair) join(b *graph.Builder, x, y entry) entry {
	switch {
	case x.all && y.all && p.product:
		return number(x.number * y.number)
	case x.all && y.all:
		return number(x.number + y.number)
	case p.product:
		return entry{v: b.Mul(x.operand(b), y.operand(b))}
	}
	return entry{v: b.Add(x.operand(b), y.operand(b))}
}

func (p *pair) between(b *graph.Builder, x graph.Value, y *tensor.Tensor) entry {
	return p.join(b, p.k1.between(b, x, y), p.k2.between(b, x, y))
}

func (p *pair) diag(b *graph.Builder, x graph.Value) entry {
	return p.join(b, p.k1.diag(b, x), p.k2.diag(b, x))
}

type exponentiation struct {
	base     kernel
	Exponent float64 `sk:"exponent"`
}

func (e *exponentiation) raise(b *graph.Builder, k entry) entry {
	if k.all {
		return number(math.Pow(k.number, e.Exponent))
	}
	return entry{v: b.Binary(graph.OpPow, k.v, b.Scalar(e.Exponent, k.v))}
}

func (e *exponentiation) between(b *graph.Builder, x graph.Value, y *tensor.Tensor) entry {
	return e.raise(b, e.base.between(b, x, y))
}

func (e *exponentiation) diag(b *graph.Builder, x graph.Value) entry {
	return e.raise(b, e.base.diag(b, x))
}

type constantKernel struct {
	Value float64 `sk:"constant_value"`
}

func (k *constantKernel) between(*graph.Builder, graph.Value, *tensor.Tensor) entry {
	return number(k.Value)
}

func (k *constantKernel) diag(*graph.Builder, graph.Value) entry { return number(k.Value) }

// whiteKernel is noise: nothing between different rows.
type whiteKernel struct {
	Level float64 `sk:"noise_level"`
}

func (k *whiteKernel) between(*graph.Builder, graph.Value, *tensor.Tensor) entry { return number(0) }
func (k *whiteKernel) diag(*graph.Builder, graph.Value) entry                    { return number(k.Level) }

// scale is a length scale: one number, or one for each column.
type scale struct {
	LengthScale *tensor.Tensor `sk:"length_scale"`

	weak bool // one number divides rows in their own dtype
}

// distances measures scaled rows.
func (s *scale) distances(b *graph.Builder, x graph.Value, y *tensor.Tensor, metric string) graph.Value {
	l := parts.Float64(s.LengthScale)
	if l.Len() == 1 {
		l = l.Reshape()
	} else if len(l.Shape) != 1 || l.Len() != y.Cols() {
		return b.Refuse("Anisotropic kernel must have the same number of dimensions as data (%d!=%d)", l.Len(), y.Cols())
	}
	narrow := func(t tensor.DType) bool { return s.weak && len(l.Shape) == 0 && t == tensor.Float32 }
	scaled := tensor.New(tensor.Float64, y.Shape...)
	for i, v := range parts.Float64(y).F64 {
		if by := l.F64[i%y.Cols()%l.Len()]; narrow(y.DType) {
			scaled.F64[i] = float64(float32(v) / float32(by))
		} else {
			scaled.F64[i] = v / by
		}
	}
	if x.OK() && narrow(x.DType()) {
		x = b.Cast(b.Div(x, b.Scalar(l.F64[0], x)), tensor.Float64)
	} else {
		x = b.Div(b.Cast(x, tensor.Float64), b.Const(l))
	}
	return b.PairwiseDistance(x, scaled, graph.Metric{Name: metric})
}

// plain measures rows as they are.
func plain(b *graph.Builder, x graph.Value, y *tensor.Tensor, metric string) graph.Value {
	return b.PairwiseDistance(b.Cast(x, tensor.Float64), parts.Float64(y), graph.Metric{Name: metric})
}

type rbf struct{ scale }

func (k *rbf) between(b *graph.Builder, x graph.Value, y *tensor.Tensor) entry {
	d := k.distances(b, x, y, graph.SqEuclidean)
	return entry{v: b.Unary(graph.OpExp, b.Mul(b.Scalar(-0.5, d), d))}
}

func (k *rbf) diag(*graph.Builder, graph.Value) entry { return number(1) }

type matern struct {
	scale
	Nu float64 `sk:"nu"`
}

func (k *matern) between(b *graph.Builder, x graph.Value, y *tensor.Tensor) entry {
	d := k.distances(b, x, y, graph.Euclidean)
	times := func(f float64, v graph.Value) graph.Value { return b.Mul(v, b.Scalar(f, v)) }
	plus := func(f float64, v graph.Value) graph.Value { return b.Add(b.Scalar(f, v), v) }
	decay := func(v graph.Value) graph.Value { return b.Unary(graph.OpExp, b.Unary(graph.OpNeg, v)) }
	switch {
	case k.Nu == 0.5:
		return entry{v: decay(d)}
	case k.Nu == 1.5:
		s := times(math.Sqrt(3), d)
		return entry{v: b.Mul(plus(1, s), decay(s))}
	case k.Nu == 2.5:
		s := times(math.Sqrt(5), d)
		q := b.Mul(s, s)
		return entry{v: b.Mul(b.Add(plus(1, s), b.Div(q, b.Scalar(3, q))), decay(s))}
	case math.IsInf(k.Nu, 1):
		q := b.Unary(graph.OpNeg, b.Mul(d, d))
		return entry{v: b.Unary(graph.OpExp, b.Div(q, b.Scalar(2, q)))}
	}
	d = b.Where(b.Binary(graph.OpEqual, d, b.Scalar(0, d)), b.Scalar(0x1p-52, d), d)
	t := times(math.Sqrt(2*k.Nu), d)
	v := times(math.Pow(2, 1-k.Nu)/math.Gamma(k.Nu), b.Binary(graph.OpPow, t, b.Scalar(k.Nu, t)))
	return entry{v: b.Mul(v, b.BesselK(t, k.Nu))}
}

func (k *matern) diag(*graph.Builder, graph.Value) entry { return number(1) }

type rationalQuadratic struct {
	LengthScale float64 `sk:"length_scale"`
	Alpha       float64 `sk:"alpha"`
}

func (k *rationalQuadratic) between(b *graph.Builder, x graph.Value, y *tensor.Tensor) entry {
	d := plain(b, x, y, graph.SqEuclidean)
	d = b.Div(d, b.Scalar(2*k.Alpha*(k.LengthScale*k.LengthScale), d))
	return entry{v: b.Binary(graph.OpPow, b.Add(b.Scalar(1, d), d), b.Scalar(-k.Alpha, d))}
}

func (k *rationalQuadratic) diag(*graph.Builder, graph.Value) entry { return number(1) }

type expSineSquared struct {
	LengthScale float64 `sk:"length_scale"`
	Periodicity float64 `sk:"periodicity"`
}

func (k *expSineSquared) between(b *graph.Builder, x graph.Value, y *tensor.Tensor) entry {
	d := plain(b, x, y, graph.Euclidean)
	s := b.Unary(graph.OpSin, b.Mul(b.Scalar(math.Pi/k.Periodicity, d), d))
	s = b.Div(s, b.Scalar(k.LengthScale, s))
	return entry{v: b.Unary(graph.OpExp, b.Mul(b.Scalar(-2, s), b.Mul(s, s)))}
}

func (k *expSineSquared) diag(*graph.Builder, graph.Value) entry { return number(1) }

type dotProduct struct {
	Sigma0 parts.Number `sk:"sigma_0"`
}

func (k *dotProduct) check() error {
	if k.Sigma0.Tensor.Len() != 1 {
		return fmt.Errorf("sigma_0 is not one number")
	}
	k.Sigma0.Tensor = k.Sigma0.Tensor.Reshape()
	return nil
}

func (k *dotProduct) shift(b *graph.Builder, v graph.Value) graph.Value {
	s := k.Sigma0.Value(b, v)
	return b.Add(v, b.Mul(s, s))
}

func (k *dotProduct) between(b *graph.Builder, x graph.Value, y *tensor.Tensor) entry {
	return entry{v: k.shift(b, b.MatMulT(x, b.Const(y)))}
}

func (k *dotProduct) diag(b *graph.Builder, x graph.Value) entry {
	return entry{v: k.shift(b, b.Reduce(graph.OpSumSquare, x, 1, false, graph.Lanes))}
}

// pairwiseKernel is a kernel of sklearn.metrics.pairwise.
type pairwiseKernel struct {
	Gamma  *float64    `sk:"gamma"`
	Metric string      `sk:"metric"`
	Params pyobj.Value `sk:"pairwise_kernels_kwargs"`

	kernel parts.Kernel
}

func (k *pairwiseKernel) check() error {
	k.kernel = parts.Kernel{Name: k.Metric, Gamma: k.Gamma, Degree: 3, Coef0: 1}
	if kw, ok := k.Params.(*pyobj.Dict); ok {
		for _, e := range kw.Entries {
			name, _ := pyobj.Text(e.Key)
			f, err := sklearn.Float(e.Value)
			if err != nil {
				return err
			}
			switch name {
			case "degree":
				k.kernel.Degree = f
			case "coef0":
				k.kernel.Coef0 = f
			default:
				return fmt.Errorf("pairwise_kernels_kwargs: %q is not known", name)
			}
		}
	}
	if k.Metric == "precomputed" {
		return fmt.Errorf("metric 'precomputed' is not known")
	}
	return k.kernel.Check()
}

func (k *pairwiseKernel) between(b *graph.Builder, x graph.Value, y *tensor.Tensor) entry {
	return entry{v: k.kernel.Apply(b, nil, x, y)}
}

// diag measures each row against itself, in float32 where the rows are.
func (k *pairwiseKernel) diag(b *graph.Builder, x graph.Value) entry {
	if x.OK() && x.DType() != tensor.Float32 {
		x = b.Cast(x, tensor.Float64)
	}
	same := func(f float64) entry {
		if !x.OK() || x.DType() == tensor.Float64 {
			return number(f)
		}
		return entry{v: b.Cast(b.Take(b.Const(tensor.FromF64([]float64{f})), b.Zeros(x)), x.DType())}
	}
	switch k.Metric {
	case "rbf", "laplacian", "chi2":
		return same(1)
	case "additive_chi2":
		return same(0)
	}
	dot := b.Reduce(graph.OpSumSquare, x, 1, false, graph.Lanes)
	if k.Metric == "cosine" {
		return entry{v: b.Unary(graph.OpSign, dot)}
	}
	if k.Metric == "linear" {
		return entry{v: dot}
	}
	gamma := 1.0
	if k.Gamma != nil {
		gamma = *k.Gamma
	}
	dot = b.Add(b.Mul(dot, b.Scalar(gamma, dot)), b.Scalar(k.kernel.Coef0, dot))
	if k.Metric == "sigmoid" {
		return entry{v: b.Unary(graph.OpTanh, dot)}
	}
	return entry{v: b.Binary(graph.OpPow, dot, b.Scalar(k.kernel.Degree, dot))}
}
