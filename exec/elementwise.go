package exec

import (
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var elementwiseKernels = table{
	graph.OpNeg: unary, graph.OpAbs: unary, graph.OpSqrt: unary, graph.OpExp: unary, graph.OpLog: unary,
	graph.OpLog1p: unary, graph.OpExpm1: unary, graph.OpTanh: unary, graph.OpSin: unary, graph.OpCos: unary,
	graph.OpErf: unary, graph.OpSigmoid: unary, graph.OpFloor: unary, graph.OpSign: unary, graph.OpRelu: unary,
	graph.OpCeil: unary, graph.OpRound: unary, graph.OpTan: unary, graph.OpAtan: unary, graph.OpAsinh: unary,
	graph.OpLog2: unary, graph.OpLog10: unary, graph.OpCbrt: unary,
	graph.OpSinh: unary, graph.OpCosh: unary, graph.OpAsin: unary, graph.OpAcos: unary, graph.OpAcosh: unary, graph.OpAtanh: unary,
	graph.OpErfc: unary, graph.OpLogGamma: unary, graph.OpLogNdtr: unary,
	graph.OpSoftplus: unary, graph.OpNormCdf: unary, graph.OpNormPpf: unary,
	graph.OpNot: predicate, graph.OpIsNaN: predicate, graph.OpIsInf: predicate,
	graph.OpAdd: arithmetic, graph.OpSub: arithmetic, graph.OpMul: arithmetic, graph.OpDiv: arithmetic,
	graph.OpPow: arithmetic, graph.OpMax: arithmetic, graph.OpMin: arithmetic, graph.OpFloorMod: arithmetic,
	graph.OpLogAddExp: arithmetic,
	graph.OpLess:      comparison, graph.OpLessOrEqual: comparison, graph.OpGreater: comparison,
	graph.OpGreaterOrEqual: comparison, graph.OpEqual: comparison, graph.OpAnd: comparison, graph.OpOr: comparison,
	graph.OpWhere: where, graph.OpClip: clip,
}

// unary maps the elements of a dense value or the stored entries of a CSR one.
func unary(n *node) (kernel, error) {
	d := n.outType(0).DType
	sparse := n.outType(0).Kind == graph.CSR
	if slowUnary(n.Op) {
		n.costs(8 * float64(n.outType(0).Width()))
	}
	if d.IsFloat() {
		f := unaryFloat(n.Op)
		if f == nil {
			return nil, n.errorf("no kernel for %s", d)
		}
		narrow := d != tensor.Float64
		if narrow && n.Op == graph.OpSigmoid {
			f = expit32
		}
		loop := fastUnary(n.Op)
		return func(c *call) error {
			x, out := unaryEnds(c, sparse)
			if narrow {
				if n.Op == graph.OpRelu {
					relus32(out.F32, asF32(c, x))
					finish(out)
					return nil
				}
				for i, v := range asF32(c, x) {
					out.F32[i] = float32(f(float64(v)))
				}
				finish(out)
				return nil
			}
			src := asF64(c, x)
			if loop != nil {
				loop(out.F64, src)
				return nil
			}
			for i, v := range src {
				out.F64[i] = f(v)
			}
			return nil
		}, nil
	}
	g := unaryInt(n.Op, d)
	if g == nil {
		return nil, n.errorf("no kernel for %s", d)
	}
	return func(c *call) error {
		x, out := unaryEnds(c, sparse)
		src := asI64(c, x)
		if d == tensor.Bool {
			for i, v := range src {
				out.U8[i] = truth(g(v) != 0)
			}
			return nil
		}
		for i, v := range src {
			out.I64[i] = g(v)
		}
		finish(out)
		return nil
	}, nil
}

// unaryEnds returns the elements of input and output 0; a CSR output takes the input's pattern.
func unaryEnds(c *call, sparse bool) (x, out *tensor.Tensor) {
	if !sparse {
		return c.dense(0), c.out(0)
	}
	return c.csr(0).Data, likeCSR(c, c.csr(0))
}

// likeCSR gives output 0 the pattern of x and returns its data, sized.
func likeCSR(c *call, x *tensor.Sparse) *tensor.Tensor {
	o := c.outCSR(0)
	copy(o.Indptr, x.Indptr)
	o.Indices = append(o.Indices[:0], x.Indices...)
	o.Data.Resize(len(x.Indices))
	return o.Data
}

func slowUnary(op graph.Op) bool {
	switch op {
	case graph.OpNeg, graph.OpAbs, graph.OpSqrt, graph.OpFloor, graph.OpCeil, graph.OpRound, graph.OpSign, graph.OpRelu:
		return false
	}
	return true
}

// fastUnary returns a loop of its own for cheap operations.
func fastUnary(op graph.Op) func(o, x []float64) {
	switch op {
	case graph.OpNeg:
		return func(o, x []float64) {
			for i, v := range x {
				o[i] = -v
			}
		}
	case graph.OpAbs:
		return func(o, x []float64) {
			for i, v := range x {
				o[i] = math.Abs(v)
			}
		}
	case graph.OpSqrt:
		return func(o, x []float64) {
			for i, v := range x {
				o[i] = math.Sqrt(v)
			}
		}
	case graph.OpRelu:
		return relus
	case graph.OpExp:
		return exps
	case graph.OpSigmoid:
		return expits
	}
	return nil
}

// unaryFloat returns the function on one float64; float32 results are it rounded.
func unaryFloat(op graph.Op) func(float64) float64 {
	switch op {
	case graph.OpNeg:
		return func(v float64) float64 { return -v }
	case graph.OpAbs:
		return math.Abs
	case graph.OpSqrt:
		return math.Sqrt
	case graph.OpExp:
		return exp
	case graph.OpLog:
		return log
	case graph.OpLog1p:
		return math.Log1p
	case graph.OpExpm1:
		return math.Expm1
	case graph.OpTanh:
		return math.Tanh
	case graph.OpSin:
		return sin
	case graph.OpCos:
		return cos
	case graph.OpErf:
		return erf
	case graph.OpSigmoid:
		return expit
	case graph.OpFloor:
		return math.Floor
	case graph.OpSign:
		return sign
	case graph.OpCeil:
		return math.Ceil
	case graph.OpRound:
		return math.RoundToEven
	case graph.OpTan:
		return tan
	case graph.OpAtan:
		return math.Atan
	case graph.OpAsinh:
		return math.Asinh
	case graph.OpSinh:
		return math.Sinh
	case graph.OpCosh:
		return math.Cosh
	case graph.OpAsin:
		return asin
	case graph.OpAcos:
		return acos
	case graph.OpAcosh:
		return math.Acosh
	case graph.OpAtanh:
		return math.Atanh
	case graph.OpErfc:
		return erfc
	case graph.OpLogGamma:
		return logGamma
	case graph.OpLogNdtr:
		return logNdtr
	case graph.OpLog2:
		return log2
	case graph.OpLog10:
		return log10
	case graph.OpCbrt:
		return math.Cbrt
	case graph.OpRelu:
		return relu
	case graph.OpSoftplus:
		return func(v float64) float64 { return logAddExp(0, v) }
	case graph.OpNormCdf:
		return ndtr
	case graph.OpNormPpf:
		return ndtri
	}
	return nil
}

func unaryInt(op graph.Op, d tensor.DType) func(int64) int64 {
	if d == tensor.Uint64 { // the bits of which are no signed number
		switch op {
		case graph.OpAbs, graph.OpRelu:
			op = graph.OpFloor
		case graph.OpSign:
			return func(v int64) int64 { return int64(truth(v != 0)) }
		}
	}
	switch op {
	case graph.OpNeg:
		return func(v int64) int64 { return -v }
	case graph.OpAbs:
		return func(v int64) int64 { return max(v, -v) }
	case graph.OpFloor, graph.OpCeil:
		return func(v int64) int64 { return v }
	case graph.OpSign:
		return func(v int64) int64 {
			switch {
			case v > 0:
				return 1
			case v < 0:
				return -1
			}
			return 0
		}
	case graph.OpRelu:
		return func(v int64) int64 { return max(v, 0) }
	}
	return nil
}

// expit is the logistic function.
func expit(x float64) float64 { return 1 / (1 + exp(-x)) }

// expit32 is expit of a float32, each step of which is rounded and whose exponential overflows sooner.
func expit32(x float64) float64 { return float64(1 / (1 + float32(exp(-x)))) }

// sign keeps NaN, and makes both zeros positive.
func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	case x == 0:
		return 0
	}
	return x
}

// relu is numpy.maximum(x, 0): NaN passes.
func relu(x float64) float64 {
	if x <= 0 {
		return 0
	}
	return x
}

// logAddExp is numpy's.
func logAddExp(x, y float64) float64 {
	if x == y {
		return x + math.Ln2
	}
	d := x - y
	switch {
	case d > 0:
		return x + math.Log1p(exp(-d))
	case d <= 0:
		return y + math.Log1p(exp(d))
	}
	return d
}

// predicate maps elements to truth values.
func predicate(n *node) (kernel, error) {
	switch n.Op {
	case graph.OpNot:
		return func(c *call) error {
			out := c.out(0).U8
			for i, v := range asU8(c, c.dense(0)) {
				out[i] = truth(v == 0)
			}
			return nil
		}, nil
	case graph.OpIsNaN:
		return func(c *call) error {
			x, out := c.dense(0), c.out(0).U8
			switch x.DType.Storage() {
			case tensor.F64:
				for i, v := range x.F64 {
					out[i] = truth(v != v)
				}
			case tensor.F32:
				for i, v := range x.F32 {
					out[i] = truth(v != v)
				}
			case tensor.Cells:
				for i, v := range x.Cells {
					out[i] = truth(v.IsNaN())
				}
			default:
				clear(out)
			}
			return nil
		}, nil
	}
	return func(c *call) error {
		x, out := c.dense(0), c.out(0).U8
		switch x.DType.Storage() {
		case tensor.F64:
			for i, v := range x.F64 {
				out[i] = truth(math.IsInf(v, 0))
			}
		case tensor.F32:
			for i, v := range x.F32 {
				out[i] = truth(math.IsInf(float64(v), 0))
			}
		case tensor.Cells:
			for i, v := range x.Cells {
				out[i] = truth(v.Kind == tensor.CellFloat && math.IsInf(v.F, 0))
			}
		default:
			clear(out)
		}
		return nil
	}, nil
}

// loop computes len(o) results; x and y have that length or one element.
type loop[T, R any] func(o []R, x, y []T)

// each makes a loop of a function.
func each[T, R any](f func(a, b T) R) loop[T, R] {
	return func(o []R, x, y []T) {
		switch {
		case len(y) == 1 && len(x) > 1:
			b := y[0]
			for i, a := range x {
				o[i] = f(a, b)
			}
		case len(x) == 1 && len(y) > 1:
			a := x[0]
			for i, b := range y {
				o[i] = f(a, b)
			}
		default:
			y = y[:len(x)]
			for i, a := range x {
				o[i] = f(a, y[i])
			}
		}
	}
}

func add[T number](o, x, y []T) {
	switch {
	case len(y) == 1 && len(x) > 1:
		b := y[0]
		o = o[:len(x)]
		for i, a := range x {
			o[i] = a + b
		}
	case len(x) == 1 && len(y) > 1:
		a := x[0]
		o = o[:len(y)]
		for i, b := range y {
			o[i] = a + b
		}
	default:
		y, o = y[:len(x)], o[:len(x)]
		for i, a := range x {
			o[i] = a + y[i]
		}
	}
}

func sub[T number](o, x, y []T) {
	switch {
	case len(y) == 1 && len(x) > 1:
		b := y[0]
		o = o[:len(x)]
		for i, a := range x {
			o[i] = a - b
		}
	case len(x) == 1 && len(y) > 1:
		a := x[0]
		o = o[:len(y)]
		for i, b := range y {
			o[i] = a - b
		}
	default:
		y, o = y[:len(x)], o[:len(x)]
		for i, a := range x {
			o[i] = a - y[i]
		}
	}
}

func mul[T number](o, x, y []T) {
	switch {
	case len(y) == 1 && len(x) > 1:
		b := y[0]
		o = o[:len(x)]
		for i, a := range x {
			o[i] = a * b
		}
	case len(x) == 1 && len(y) > 1:
		a := x[0]
		o = o[:len(y)]
		for i, b := range y {
			o[i] = a * b
		}
	default:
		y, o = y[:len(x)], o[:len(x)]
		for i, a := range x {
			o[i] = a * y[i]
		}
	}
}

func div[T float64 | float32](o, x, y []T) {
	switch {
	case len(y) == 1 && len(x) > 1:
		b := y[0]
		o = o[:len(x)]
		for i, a := range x {
			o[i] = a / b
		}
	case len(x) == 1 && len(y) > 1:
		a := x[0]
		o = o[:len(y)]
		for i, b := range y {
			o[i] = a / b
		}
	default:
		y, o = y[:len(x)], o[:len(x)]
		for i, a := range x {
			o[i] = a / y[i]
		}
	}
}

// maximum is numpy.maximum: NaN wins; of two zeros the second.
func maximum[T number](a, b T) T {
	if a > b || a != a {
		return a
	}
	return b
}

// minimum is numpy.minimum: NaN wins; of two zeros the second.
func minimum[T number](a, b T) T {
	if a < b || a != a {
		return a
	}
	return b
}

// floorMod is Python's %: the result has the divisor's sign.
func floorMod(a, b float64) float64 {
	m := math.Mod(a, b)
	switch {
	case m == 0:
		return math.Copysign(0, b)
	case (b < 0) != (m < 0) && m == m:
		return m + b
	}
	return m
}

func floorModInt(a, b int64) int64 {
	if b == 0 || b == -1 {
		return 0
	}
	m := a % b
	if m != 0 && (b < 0) != (m < 0) {
		m += b
	}
	return m
}

// power is numpy's: small exponents that numpy computes without pow are computed so.
func power(a, b float64) float64 {
	switch b {
	case 2:
		return a * a
	case 1:
		return a
	case 0.5:
		return math.Sqrt(a)
	case -1:
		return 1 / a
	}
	return pow(a, b)
}

func powerInt(a, b int64) int64 {
	if b < 0 {
		return 0
	}
	r := int64(1)
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			r *= a
		}
		a *= a
	}
	return r
}

func narrow(f func(a, b float64) float64) func(a, b float32) float32 {
	return func(a, b float32) float32 { return float32(f(float64(a), float64(b))) }
}

// wide runs a loop in 256-bit registers where there are some; every element is rounded alike.
func wide[T float](f loop[T, T], vv func(o, x, y *T, n int), vs func(o, x *T, y T, n int)) loop[T, T] {
	if !hasAVX {
		return f
	}
	return func(o, x, y []T) {
		switch n := len(o); {
		case n == 0:
		case len(x) == n && len(y) == n:
			vv(&o[0], &x[0], &y[0], n)
		case len(x) == n && len(y) == 1:
			vs(&o[0], &x[0], y[0], n)
		default:
			f(o, x, y)
		}
	}
}

func loopF64(op graph.Op) loop[float64, float64] {
	switch op {
	case graph.OpAdd:
		return wide(add[float64], addAVX, addScalarAVX)
	case graph.OpSub:
		return wide(sub[float64], subAVX, subScalarAVX)
	case graph.OpMul:
		return wide(mul[float64], mulAVX, mulScalarAVX)
	case graph.OpDiv:
		return wide(div[float64], divAVX, divScalarAVX)
	case graph.OpPow:
		return each(power)
	case graph.OpMax:
		return each(maximum[float64])
	case graph.OpMin:
		return each(minimum[float64])
	case graph.OpFloorMod:
		return each(floorMod)
	case graph.OpLogAddExp:
		return each(logAddExp)
	}
	return nil
}

func loopF32(op graph.Op) loop[float32, float32] {
	switch op {
	case graph.OpAdd:
		return wide(add[float32], add32AVX, add32ScalarAVX)
	case graph.OpSub:
		return wide(sub[float32], sub32AVX, sub32ScalarAVX)
	case graph.OpMul:
		return wide(mul[float32], mul32AVX, mul32ScalarAVX)
	case graph.OpDiv:
		return wide(div[float32], div32AVX, div32ScalarAVX)
	case graph.OpPow:
		return each(narrow(power))
	case graph.OpMax:
		return each(maximum[float32])
	case graph.OpMin:
		return each(minimum[float32])
	case graph.OpFloorMod:
		return each(narrow(floorMod))
	case graph.OpLogAddExp:
		return each(narrow(logAddExp))
	}
	return nil
}

func loopI64(op graph.Op) loop[int64, int64] {
	switch op {
	case graph.OpAdd:
		return add[int64]
	case graph.OpSub:
		return sub[int64]
	case graph.OpMul:
		return mul[int64]
	case graph.OpPow:
		return each(powerInt)
	case graph.OpMax:
		return each(maximum[int64])
	case graph.OpMin:
		return each(minimum[int64])
	case graph.OpFloorMod:
		return each(floorModInt)
	}
	return nil
}

// arithmetic computes in the promoted type (float64 for a quotient of integers) and rounds to the output's.
func arithmetic(n *node) (kernel, error) {
	x, y, out := n.inType(0), n.inType(1), n.outType(0)
	d := tensor.Promote(x.DType, y.DType)
	if (n.Op == graph.OpDiv || n.Op == graph.OpLogAddExp) && !d.IsFloat() {
		d = tensor.Float64
	}
	switch n.Op {
	case graph.OpPow, graph.OpFloorMod, graph.OpLogAddExp:
		n.costs(15 * float64(out.Width()))
	}
	switch computeStorage(d) {
	case tensor.F64:
		return arith(n, loopF64(n.Op), asF64, (*scratch).f64s, storeF64, func(t *tensor.Tensor) []float64 { return t.F64 }, d)
	case tensor.F32:
		return arith(n, loopF32(n.Op), asF32, (*scratch).f32s, storeF32, func(t *tensor.Tensor) []float32 { return t.F32 }, d)
	}
	return arith(n, loopI64(n.Op), asI64, (*scratch).i64s, storeI64, func(t *tensor.Tensor) []int64 { return t.I64 }, d)
}

func arith[T number](n *node, f loop[T, T], load func(*call, *tensor.Tensor) []T, room func(*scratch, int) []T,
	store func(*tensor.Tensor, []T), own func(*tensor.Tensor) []T, d tensor.DType) (kernel, error) {
	if f == nil {
		return nil, n.errorf("no kernel for %s", d)
	}
	direct := computeStorage(n.outType(0).DType) == computeStorage(d) && n.outType(0).DType != tensor.Bool
	exact := n.outType(0).DType == d && (d == tensor.Float64 || d == tensor.Float32 || d == tensor.Int64 || d == tensor.Uint64)
	end := func(out *tensor.Tensor, buf []T) {
		if !direct {
			store(out, buf)
		} else if !exact {
			finish(out)
		}
	}
	begin := func(c *call, out *tensor.Tensor) []T {
		if direct {
			return own(out)
		}
		return room(&c.scratch, out.Len())
	}
	if n.inType(0).Kind == graph.CSR {
		if n.inType(1).Kind == graph.CSR {
			return addCSR(n, f, load)
		}
		y := newOperand(n, 1, load)
		return func(c *call) error {
			x := c.csr(0)
			out := likeCSR(c, x)
			buf, xs, ys := begin(c, out), load(c, x.Data), y.get(c)
			if len(ys) == 1 {
				if len(xs) > 0 {
					f(buf, xs, ys)
				}
			} else {
				picked := room(&c.scratch, len(xs))
				for i, j := range x.Indices {
					picked[i] = ys[j]
				}
				f(buf, xs, picked)
			}
			end(out, buf)
			return nil
		}, nil
	}
	x, y := newOperand(n, 0, load), newOperand(n, 1, load)
	sp := newSpread(n.outType(0).Shape, n.inType(0).Shape, n.inType(1).Shape)
	if sp.flat() {
		return func(c *call) error {
			out := c.out(0)
			buf := begin(c, out)
			if len(buf) > 0 {
				f(buf, x.get(c), y.get(c))
			}
			end(out, buf)
			return nil
		}, nil
	}
	if len(sp.dims) == 2 && sp.vary[0][0] && !sp.vary[0][1] && sp.vary[1][0] {
		return rowwise(f, x, y, begin, end), nil
	}
	last := len(sp.dims) - 1
	vx, vy := sp.vary[last][0], sp.vary[last][1]
	return func(c *call) error {
		out := c.out(0)
		buf, xs, ys := begin(c, out), x.get(c), y.get(c)
		sp.each(c.rows, func(at int, off [3]int, n int) {
			nx, ny := 1, 1
			if vx {
				nx = n
			}
			if vy {
				ny = n
			}
			f(buf[at:at+n], xs[off[0]:off[0]+nx], ys[off[1]:off[1]+ny])
		})
		end(out, buf)
		return nil
	}, nil
}

// rowwise runs a loop on rows of x with the one row y, which is repeated beforehand where it is constant.
func rowwise[T number](f loop[T, T], x, y operand[T], begin func(*call, *tensor.Tensor) []T, end func(*tensor.Tensor, []T)) kernel {
	width := len(y.fixed)
	for len(y.fixed) < 256 && width > 0 {
		y.fixed = append(y.fixed[:len(y.fixed):len(y.fixed)], y.fixed[:width]...)
	}
	return func(c *call) error {
		out := c.out(0)
		buf, xs, ys := begin(c, out), x.get(c), y.get(c)
		for at := 0; at < len(buf); at += len(ys) {
			n := min(len(ys), len(buf)-at)
			f(buf[at:at+n], xs[at:at+n], ys[:n])
		}
		end(out, buf)
		return nil
	}
}

// addCSR adds or subtracts two CSR values: the union of their entries in column order, as scipy's canonical matrices.
func addCSR[T number](n *node, f loop[T, T], load func(*call, *tensor.Tensor) []T) (kernel, error) {
	type local struct {
		sum  []T
		seen []bool
		cols []int32
	}
	width := n.outType(0).Width()
	return func(c *call) error {
		l := c.local(func() any { return &local{sum: make([]T, width), seen: make([]bool, width)} }).(*local)
		a, b, o := c.csr(0), c.csr(1), c.outCSR(0)
		as, bs := load(c, a.Data), load(c, b.Data)
		vals := make([]T, 0, len(as)+len(bs))
		zero, res := []T{0}, []T{0}
		for i := range a.Rows {
			l.cols = l.cols[:0]
			take := func(s *tensor.Sparse, data []T, op loop[T, T]) {
				for p := s.Indptr[i]; p < s.Indptr[i+1]; p++ {
					j := s.Indices[p]
					if !l.seen[j] {
						l.seen[j], l.sum[j] = true, 0
						l.cols = append(l.cols, j)
					}
					zero[0] = l.sum[j]
					op(res, zero, data[p:p+1])
					l.sum[j] = res[0]
				}
			}
			take(a, as, add[T])
			take(b, bs, f)
			sortColumns(l.cols)
			for _, j := range l.cols {
				l.seen[j] = false
				if l.sum[j] != 0 {
					o.Indices = append(o.Indices, j)
					vals = append(vals, l.sum[j])
				}
			}
			o.Indptr[i+1] = len(o.Indices)
		}
		o.Data.Resize(len(vals))
		switch v := any(vals).(type) {
		case []float64:
			storeF64(o.Data, v)
		case []float32:
			storeF32(o.Data, v)
		case []int64:
			storeI64(o.Data, v)
		}
		return nil
	}, nil
}

// comparison compares in the promoted type, text with text, cells with cells; And and Or take truth values.
func comparison(n *node) (kernel, error) {
	x, y := n.inType(0).DType, n.inType(1).DType
	if n.Op == graph.OpAnd || n.Op == graph.OpOr {
		f := each(func(a, b uint8) uint8 { return a & b })
		if n.Op == graph.OpOr {
			f = each(func(a, b uint8) uint8 { return a | b })
		}
		return compare(n, f, func(c *call, t *tensor.Tensor) []uint8 { return asU8(c, t) })
	}
	d := tensor.Promote(x, y)
	switch {
	case x == tensor.String && y == tensor.String:
		return compare(n, comparing[string](n.Op), func(_ *call, t *tensor.Tensor) []string { return t.Str })
	case d == tensor.String || d == tensor.Object:
		if n.Op != graph.OpEqual {
			return nil, n.errorf("no order between %s and %s", x, y)
		}
		equal := func(a, b tensor.Cell) uint8 {
			return truth(a.Key() == b.Key() && !a.IsNaN())
		}
		return compare(n, each(equal), func(_ *call, t *tensor.Tensor) []tensor.Cell {
			if t.DType == tensor.Object {
				return t.Cells
			}
			cells := make([]tensor.Cell, t.Len())
			for i := range cells {
				cells[i] = t.Cell(i)
			}
			return cells
		})
	case d == tensor.Uint64:
		return compare(n, comparing[uint64](n.Op), func(_ *call, t *tensor.Tensor) []uint64 {
			s := make([]uint64, t.Len())
			for i := range s {
				if t.DType == tensor.Bool {
					s[i] = uint64(t.U8[i])
				} else {
					s[i] = uint64(t.I64[i])
				}
			}
			return s
		})
	}
	switch computeStorage(d) {
	case tensor.F64:
		return compare(n, comparing[float64](n.Op), asF64)
	case tensor.F32:
		return compare(n, comparing[float32](n.Op), asF32)
	}
	return compare(n, comparing[int64](n.Op), asI64)
}

func comparing[T number | string | uint64](op graph.Op) loop[T, uint8] {
	switch op {
	case graph.OpLess:
		return each(func(a, b T) uint8 { return truth(a < b) })
	case graph.OpLessOrEqual:
		return each(func(a, b T) uint8 { return truth(a <= b) })
	case graph.OpGreater:
		return each(func(a, b T) uint8 { return truth(a > b) })
	case graph.OpGreaterOrEqual:
		return each(func(a, b T) uint8 { return truth(a >= b) })
	}
	return each(func(a, b T) uint8 { return truth(a == b) })
}

func compare[T any](n *node, f loop[T, uint8], load func(*call, *tensor.Tensor) []T) (kernel, error) {
	sp := newSpread(n.outType(0).Shape, n.inType(0).Shape, n.inType(1).Shape)
	x, y := newOperand(n, 0, load), newOperand(n, 1, load)
	last := len(sp.dims) - 1
	vx, vy := sp.vary[last][0], sp.vary[last][1]
	return func(c *call) error {
		out, xs, ys := c.out(0).U8, x.get(c), y.get(c)
		sp.each(c.rows, func(at int, off [3]int, n int) {
			nx, ny := 1, 1
			if vx {
				nx = n
			}
			if vy {
				ny = n
			}
			f(out[at:at+n], xs[off[0]:off[0]+nx], ys[off[1]:off[1]+ny])
		})
		return nil
	}, nil
}

// where picks from x or y in the promoted type.
func where(n *node) (kernel, error) {
	d := n.outType(0).DType
	switch d.Storage() {
	case tensor.F64:
		return choose(n, asF64, func(t *tensor.Tensor) []float64 { return t.F64 })
	case tensor.F32:
		return choose(n, asF32, func(t *tensor.Tensor) []float32 { return t.F32 })
	case tensor.I64:
		return choose(n, asI64, func(t *tensor.Tensor) []int64 { return t.I64 })
	case tensor.U8:
		return choose(n, asU8, func(t *tensor.Tensor) []uint8 { return t.U8 })
	case tensor.Str:
		return choose(n, asText, func(t *tensor.Tensor) []string { return t.Str })
	}
	return choose(n, asCells, func(t *tensor.Tensor) []tensor.Cell { return t.Cells })
}

// asText returns elements as text, numbers as numpy writes them into a text array.
func asText(_ *call, t *tensor.Tensor) []string {
	if t.DType == tensor.String {
		return t.Str
	}
	s := make([]string, t.Len())
	for i := range s {
		s[i] = text(t, i)
	}
	return s
}

// asCells returns elements as cells.
func asCells(_ *call, t *tensor.Tensor) []tensor.Cell {
	if t.DType == tensor.Object {
		return t.Cells
	}
	s := make([]tensor.Cell, t.Len())
	for i := range s {
		s[i] = t.Cell(i)
	}
	return s
}

func choose[T any](n *node, load func(*call, *tensor.Tensor) []T, own func(*tensor.Tensor) []T) (kernel, error) {
	sp := newSpread(n.outType(0).Shape, n.inType(0).Shape, n.inType(1).Shape, n.inType(2).Shape)
	x, y := newOperand(n, 1, load), newOperand(n, 2, load)
	vary := sp.vary[len(sp.dims)-1]
	var step [3]int
	for i, v := range vary {
		if v {
			step[i] = 1
		}
	}
	return func(c *call) error {
		out := own(c.out(0))
		cond, xs, ys := asU8(c, c.dense(0)), x.get(c), y.get(c)
		sp.each(c.rows, func(at int, off [3]int, n int) {
			a, b, k := off[0], off[1], off[2]
			for i := range n {
				if cond[a] != 0 {
					out[at+i] = xs[b]
				} else {
					out[at+i] = ys[k]
				}
				a, b, k = a+step[0], b+step[1], k+step[2]
			}
		})
		return nil
	}, nil
}

// clip bounds numbers, of a CSR value the stored ones; the bounds are in the type of x.
func clip(n *node) (kernel, error) {
	a, sparse := n.Attr.(*graph.ClipAttr), n.outType(0).Kind == graph.CSR
	switch d := n.outType(0).DType; d.Storage() {
	case tensor.F64:
		return func(c *call) error {
			x, o := unaryEnds(c, sparse)
			clamp(o.F64, x.F64, a.Lo, a.Hi)
			return nil
		}, nil
	case tensor.F32:
		lo, hi := float32(a.Lo), float32(a.Hi)
		if d == tensor.Float16 {
			lo, hi = tensor.Half(a.Lo), tensor.Half(a.Hi)
		}
		return func(c *call) error {
			x, o := unaryEnds(c, sparse)
			clamp(o.F32, x.F32, lo, hi)
			return nil
		}, nil
	case tensor.I64:
		lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
		if a.Lo > math.MinInt64 {
			lo = truncate(math.Ceil(a.Lo))
		}
		if a.Hi < math.MaxInt64 {
			hi = truncate(math.Floor(a.Hi))
		}
		return func(c *call) error {
			x, o := unaryEnds(c, sparse)
			clamp(o.I64, x.I64, lo, hi)
			return nil
		}, nil
	}
	return nil, n.errorf("no kernel for %s", n.outType(0))
}

func clamp[T number](o, x []T, lo, hi T) {
	for i, v := range x {
		if v < lo {
			v = lo
		}
		if v > hi {
			v = hi
		}
		o[i] = v
	}
}
