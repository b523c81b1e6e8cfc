package onnx

import (
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/internal/cephes"
	"github.com/larder-ml/larder/tensor"
)

// Functions that ONNX has not, or runtimes not in double: bodies after Cephes, as scipy computes them.

// op adds a node without attributes.
func (e *encoder) op(name string, in ...string) string { return e.add(name, in) }

// polynomial evaluates coefficients, highest power first; with one, a leading one comes before them.
func (e *encoder) polynomial(x string, d tensor.DType, coef []float64, leading bool) string {
	y := e.scalar(coef[0], d)
	if leading {
		y = e.op("Add", x, y)
	}
	for _, c := range coef[1:] {
		y = e.op("Add", e.op("Mul", y, x), e.scalar(c, d))
	}
	return y
}

// ratio is x·P(z)/Q(z).
func (e *encoder) ratio(x, z string, d tensor.DType, p, q []float64) string {
	return e.op("Div", e.op("Mul", x, e.polynomial(z, d, p, false)), e.polynomial(z, d, q, true))
}

// erfSmall is erf for |x| ≤ 1, elsewhere anything.
func (e *encoder) erfSmall(x string, d tensor.DType) string {
	return e.ratio(x, e.op("Mul", x, x), d, cephes.ErfT, cephes.ErfU)
}

// erfcLarge is erfc for x ≥ 1, elsewhere anything.
func (e *encoder) erfcLarge(x string, d tensor.DType) string {
	z := e.op("Exp", e.op("Neg", e.op("Mul", x, x)))
	near := e.ratio(z, x, d, cephes.ErfcP, cephes.ErfcQ)
	far := e.ratio(z, x, d, cephes.ErfcR, cephes.ErfcS)
	y := e.op("Where", e.op("Less", x, e.scalar(8, d)), near, far)
	return e.op("Where", e.op("Greater", x, e.scalar(26.7, d)), e.scalar(0, d), y) // the polynomials overflow
}

func erf(e *encoder, _ *graph.Node) ([]value, error) {
	x, d, end := e.unaryIn()
	if e.elem(d) == elemFloat {
		return end(e.op("Erf", x)), nil
	}
	a := e.op("Abs", x)
	large := e.op("Mul", e.op("Sign", x), e.op("Sub", e.scalar(1, d), e.erfcLarge(a, d)))
	y := e.op("Where", e.op("LessOrEqual", a, e.scalar(1, d)), e.erfSmall(x, d), large)
	return end(e.op("Where", e.op("IsNaN", x), x, y)), nil
}

func normCdf(e *encoder, _ *graph.Node) ([]value, error) {
	x, d, end := e.unaryIn()
	return end(e.ndtr(x, d)), nil
}

func (e *encoder) ndtr(a string, d tensor.DType) string {
	half := e.scalar(0.5, d)
	x := e.op("Mul", a, e.scalar(1/math.Sqrt2, d))
	z := e.op("Abs", x)
	middle := e.op("Add", half, e.op("Mul", half, e.erfSmall(x, d)))
	tail := e.op("Mul", half, e.erfcLarge(z, d))
	tail = e.op("Where", e.op("Greater", x, e.scalar(0, d)), e.op("Sub", e.scalar(1, d), tail), tail)
	y := e.op("Where", e.op("Less", z, e.scalar(1, d)), middle, tail)
	return e.op("Where", e.op("IsNaN", a), a, y)
}

func normPpf(e *encoder, _ *graph.Node) ([]value, error) {
	x, d, end := e.unaryIn()
	return end(e.ndtri(x, d)), nil
}

func (e *encoder) ndtri(y0 string, d tensor.DType) string {
	expM2 := 0.13533528323661269189
	one, zero := e.scalar(1, d), e.scalar(0, d)
	upper := e.op("Greater", y0, e.scalar(1-expM2, d))
	y := e.op("Where", upper, e.op("Sub", one, y0), y0)
	c := e.op("Sub", y, e.scalar(0.5, d))
	c2 := e.op("Mul", c, c)
	middle := e.op("Mul", e.op("Add", c, e.op("Mul", c, e.ratio(c2, c2, d, cephes.NdtriP0, cephes.NdtriQ0))), e.scalar(2.50662827463100050242, d))
	x := e.op("Sqrt", e.op("Mul", e.scalar(-2, d), e.op("Log", y)))
	x0 := e.op("Sub", x, e.op("Div", e.op("Log", x), x))
	z := e.op("Div", one, x)
	x1 := e.op("Where", e.op("Less", x, e.scalar(8, d)),
		e.ratio(z, z, d, cephes.NdtriP1, cephes.NdtriQ1), e.ratio(z, z, d, cephes.NdtriP2, cephes.NdtriQ2))
	tail := e.op("Sub", x0, x1)
	tail = e.op("Where", upper, tail, e.op("Neg", tail))
	r := e.op("Where", e.op("Greater", y, e.scalar(expM2, d)), middle, tail)
	r = e.op("Where", e.op("Equal", y0, zero), e.scalar(math.Inf(-1), d), r)
	return e.op("Where", e.op("Equal", y0, one), e.scalar(math.Inf(1), d), r)
}

// expit is 1/(1+exp(-x)): ONNX Runtime's Sigmoid is no smaller than the last bit of one.
func (e *encoder) expit(x string, d tensor.DType) string {
	return e.op("Div", e.scalar(1, d), e.op("Add", e.scalar(1, d), e.op("Exp", e.op("Neg", x))))
}

func sigmoid(e *encoder, _ *graph.Node) ([]value, error) {
	x, d, end := e.unaryIn()
	return end(e.expit(x, d)), nil
}

// cbrt is the sign times |x|^(1/3).
func cbrt(e *encoder, _ *graph.Node) ([]value, error) {
	x, d, end := e.unaryIn()
	return end(e.op("Mul", e.op("Sign", x), e.op("Pow", e.op("Abs", x), e.scalar(1.0/3, d)))), nil
}

// tangent is sin/cos. Runtimes' cosine loses its digits near its roots, so there it is -cos/sin of what is left of x beyond a
// multiple of π/2, which is subtracted in three parts of which the first two are of 33 bits.
func tangent(e *encoder, _ *graph.Node) ([]value, error) {
	x, from, end := e.unaryIn()
	d := tensor.Float64
	x = e.cast(x, from, d)
	q := e.op("Round", e.op("Mul", x, e.scalar(2/math.Pi, d)))
	r := x
	for _, part := range []float64{0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2e037073p-69} {
		r = e.op("Sub", r, e.op("Mul", q, e.scalar(part, d)))
	}
	half := e.op("Mul", q, e.scalar(0.5, d))
	even := e.op("Equal", half, e.op("Floor", half))
	sin, cos := e.op("Sin", r), e.op("Cos", r)
	y := e.op("Where", even, e.op("Div", sin, cos), e.op("Neg", e.op("Div", cos, sin)))
	far := e.op("Greater", e.op("Abs", x), e.scalar(1e5, d)) // where q has more than 20 bits
	y = e.op("Where", far, e.op("Div", e.op("Sin", x), e.op("Cos", x)), y)
	return end(e.cast(y, d, from)), nil
}

// asinh is the sign times log1p(a + a²/(1 + sqrt(1 + a²))) of a = |x|.
func asinh(e *encoder, _ *graph.Node) ([]value, error) {
	x, d, end := e.unaryIn()
	one := e.scalar(1, d)
	a := e.op("Abs", x)
	root := e.op("Sqrt", e.op("Add", one, e.op("Mul", a, a)))
	small := e.log1pOf(e.op("Add", a, e.op("Div", e.op("Mul", a, a), e.op("Add", one, root))), d)
	large := e.op("Add", e.op("Log", a), e.scalar(math.Ln2, d)) // a² would overflow
	y := e.op("Where", e.op("Less", a, e.scalar(1e9, d)), small, large)
	return end(e.op("Mul", e.op("Sign", x), y)), nil
}

// sublinear is log+1 of the stored entries of a sparse value, none of which is zero.
func sublinear(e *encoder, _ *graph.Node) ([]value, error) {
	x, d, end := e.unaryIn()
	y := e.op("Add", e.op("Log", x), e.scalar(1, d))
	return end(e.op("Where", e.op("Equal", x, e.scalar(0, d)), x, y)), nil
}

// logTo is a logarithm to another base, whose natural logarithm is given.
func logTo(ln float64) encode {
	return func(e *encoder, _ *graph.Node) ([]value, error) {
		x, d, end := e.unaryIn()
		return end(e.op("Div", e.op("Log", x), e.scalar(ln, d))), nil
	}
}
