package exec

import (
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var reduceKernels = table{
	graph.OpReduceSum: reduce, graph.OpReduceMean: reduce, graph.OpSumSquare: reduce,
	graph.OpReduceMax: reduce, graph.OpReduceMin: reduce,
	graph.OpArgMax: arg, graph.OpArgMin: arg,
	graph.OpCumSum: cumSum, graph.OpSoftmax: softmax, graph.OpLogSumExp: logSumExp,
}

// lines says how a reduced axis lies in memory: outer x count x inner elements.
type lines struct {
	count, inner int
	outer        int // per row
}

func linesOf(t graph.Type, axis int) lines {
	l := lines{outer: 1, inner: 1, count: t.Shape[axis]}
	for i, d := range t.Shape {
		switch {
		case i < axis && d != graph.N:
			l.outer *= d
		case i > axis:
			l.inner *= d
		}
	}
	return l
}

// forLines hands every line to f, gathered where it is not contiguous.
func forLines[T any](l lines, x []T, buf []T, f func(i int, line []T)) {
	if l.count == 0 || l.inner == 0 {
		return
	}
	n := len(x) / (l.count * l.inner)
	if l.inner == 1 {
		for i := range n {
			f(i, x[i*l.count:(i+1)*l.count])
		}
		return
	}
	for o := range n {
		base := o * l.count * l.inner
		for j := range l.inner {
			for k := range l.count {
				buf[k] = x[base+k*l.inner+j]
			}
			f(o*l.inner+j, buf)
		}
	}
}

// order resolves a reduction's order: numpy adds whole rows of an inner axis, one after the other.
func (l lines) order(o graph.Order) graph.Order {
	if l.inner > 1 && o == graph.Pairwise {
		return graph.Sequential
	}
	return o
}

// reduce sums, averages or takes the extreme of an axis.
func reduce(n *node) (kernel, error) {
	a := n.Attr.(*graph.ReduceAttr)
	x, out := n.inType(0), n.outType(0)
	if x.Kind == graph.CSR {
		return reduceCSR(n, a)
	}
	l := linesOf(x, a.Axis)
	if l.count == 0 && (n.Op == graph.OpReduceMax || n.Op == graph.OpReduceMin) {
		return nil, n.errorf("nothing to take the extreme of")
	}
	switch {
	case !x.DType.IsFloat() && out.DType == tensor.Float64:
		return reduceFloat(n, a, l, asF64, func(t *tensor.Tensor) []float64 { return t.F64 }, (*scratch).f64s)
	case x.DType.Storage() == tensor.F64:
		return reduceFloat(n, a, l, asF64, func(t *tensor.Tensor) []float64 { return t.F64 }, (*scratch).f64s)
	case x.DType.Storage() == tensor.F32:
		return reduceFloat(n, a, l, asF32, func(t *tensor.Tensor) []float32 { return t.F32 }, (*scratch).f32s)
	}
	return reduceInt(n, l)
}

func reduceFloat[T float](n *node, a *graph.ReduceAttr, l lines, load func(*call, *tensor.Tensor) []T,
	own func(*tensor.Tensor) []T, room func(*scratch, int) []T) (kernel, error) {
	order := l.order(a.Order)
	op := n.Op
	return func(c *call) error {
		x, out := load(c, c.dense(0)), own(c.out(0))
		buf := room(&c.scratch, l.count)
		if l.count == 0 {
			clear(out)
			return nil
		}
		var f func(line []T) T
		sum := summing[T](order, c.batch)
		switch op {
		case graph.OpReduceSum:
			f = sum
		case graph.OpReduceMean:
			f = func(line []T) T { return sum(line) / T(l.count) }
		case graph.OpSumSquare:
			if order == graph.Lanes {
				f = squareLanes[T]
				break
			}
			sq := room(&c.scratch, l.count)
			f = func(line []T) T {
				for i, v := range line {
					sq[i] = v * v
				}
				return sum(sq)
			}
		case graph.OpReduceMax:
			f = largest[T]
		case graph.OpReduceMin:
			f = smallest[T]
		}
		forLines(l, x, buf, func(i int, line []T) { out[i] = f(line) })
		finish(c.out(0))
		return nil
	}, nil
}

// largest returns the maximum; NaN wins.
func largest[T number](a []T) T {
	m := a[0]
	for _, v := range a[1:] {
		if !(m >= v) && m == m {
			m = v
		}
	}
	return m
}

// smallest returns the minimum; NaN wins.
func smallest[T number](a []T) T {
	m := a[0]
	for _, v := range a[1:] {
		if !(m <= v) && m == m {
			m = v
		}
	}
	return m
}

func reduceInt(n *node, l lines) (kernel, error) {
	op, d := n.Op, n.outType(0).DType
	return func(c *call) error {
		x := asI64(c, c.dense(0))
		out := c.out(0)
		res := out.I64
		if d == tensor.Bool {
			res = c.i64s(out.Len())
		}
		clear(res)
		forLines(l, x, c.i64s(l.count), func(i int, line []int64) {
			switch op {
			case graph.OpReduceMax:
				res[i] = largest(line)
			case graph.OpReduceMin:
				res[i] = smallest(line)
			case graph.OpSumSquare:
				for _, v := range line {
					res[i] += v * v
				}
			default:
				for _, v := range line {
					res[i] += v
				}
			}
		})
		if d == tensor.Bool {
			storeI64(out, res)
		} else {
			finish(out)
		}
		return nil
	}, nil
}

// reduceCSR reduces the rows of a sparse matrix, stored entries in their order: one after the other, products of float32
// in float32, sums in float64; or Pairwise as scipy's sum: the first, and the others pairwise, in the type of the data.
// Extremes know the absent zeros.
func reduceCSR(n *node, a *graph.ReduceAttr) (kernel, error) {
	op, width, d := n.Op, n.inType(0).Width(), n.inType(0).DType
	if a.Axis != 1 {
		return nil, n.errorf("needs axis 1 of a sparse value")
	}
	switch op {
	case graph.OpReduceSum, graph.OpReduceMean, graph.OpSumSquare, graph.OpReduceMax, graph.OpReduceMin:
	default:
		return nil, n.errorf("not defined for a sparse value")
	}
	narrow, ordered := d.Storage() == tensor.F32, a.Order == graph.Pairwise
	return func(c *call) error {
		m := c.csr(0)
		data, out := asF64(c, m.Data), c.f64s(m.Rows)
		for i := range m.Rows {
			row := data[m.Indptr[i]:m.Indptr[i+1]]
			s := 0.0
			switch op {
			case graph.OpReduceMax, graph.OpReduceMin:
				if len(row) > 0 && len(row) == width {
					s = row[0]
				}
				for _, v := range row {
					if op == graph.OpReduceMax {
						s = maximum(s, v)
					} else {
						s = minimum(s, v)
					}
				}
			case graph.OpSumSquare:
				for _, v := range row {
					if narrow {
						s += float64(float32(v) * float32(v))
					} else {
						s += float64(v * v)
					}
				}
			default:
				switch {
				case !ordered:
					for _, v := range row {
						s += v
					}
				case len(row) == 0:
				case narrow:
					line := m.Data.F32[m.Indptr[i]:m.Indptr[i+1]]
					s = float64(line[0] + pairwise(line[1:]))
				default:
					s = row[0] + pairwise(row[1:])
				}
			}
			if op == graph.OpReduceMean {
				s /= float64(width)
			}
			out[i] = s
		}
		storeF64(c.out(0), out)
		return nil
	}, nil
}

// arg finds the first extreme; the first NaN wins.
func arg(n *node) (kernel, error) {
	a := n.Attr.(*graph.ReduceAttr)
	x := n.inType(0)
	if x.Kind != graph.Dense || x.Shape[a.Axis] == 0 {
		return nil, n.errorf("not defined for %s", x)
	}
	l := linesOf(x, a.Axis)
	switch computeStorage(x.DType) {
	case tensor.F64:
		return argOf(n, l, asF64, (*scratch).f64s)
	case tensor.F32:
		return argOf(n, l, asF32, (*scratch).f32s)
	}
	return argOf(n, l, asI64, (*scratch).i64s)
}

func argOf[T number](n *node, l lines, load func(*call, *tensor.Tensor) []T, room func(*scratch, int) []T) (kernel, error) {
	largest := n.Op == graph.OpArgMax
	return func(c *call) error {
		out := c.out(0).I64
		if l.inner == 1 {
			if largest {
				argMaxRows(out, load(c, c.dense(0)), l.count)
			} else {
				argMinRows(out, load(c, c.dense(0)), l.count)
			}
			return nil
		}
		forLines(l, load(c, c.dense(0)), room(&c.scratch, l.count), func(i int, line []T) {
			at, m := 0, line[0]
			if m == m {
				for k, v := range line[1:] {
					if largest && !(m >= v) || !largest && !(m <= v) {
						at, m = k+1, v
						if v != v {
							break
						}
					}
				}
			}
			out[i] = int64(at)
		})
		return nil
	}, nil
}

// argMaxRows writes where the first largest of each k elements stands, or the first NaN.
func argMaxRows[T number](out []int64, x []T, k int) {
	for i := range out {
		row := x[i*k : (i+1)*k]
		at, m := 0, row[0]
		if m == m {
			for j, v := range row {
				if !(v <= m) {
					if at, m = j, v; v != v {
						break
					}
				}
			}
		}
		out[i] = int64(at)
	}
}

// argMinRows is argMaxRows for the smallest.
func argMinRows[T number](out []int64, x []T, k int) {
	for i := range out {
		row := x[i*k : (i+1)*k]
		at, m := 0, row[0]
		if m == m {
			for j, v := range row {
				if !(v >= m) {
					if at, m = j, v; v != v {
						break
					}
				}
			}
		}
		out[i] = int64(at)
	}
}

// cumSum adds along the axis.
func cumSum(n *node) (kernel, error) {
	l := linesOf(n.inType(0), n.Attr.(*graph.ReduceAttr).Axis)
	d := n.outType(0).DType
	switch d.Storage() {
	case tensor.F64:
		return func(c *call) error { accumulate(l, c.out(0).F64, c.dense(0).F64); return nil }, nil
	case tensor.F32:
		if d == tensor.Float16 {
			return nil, n.errorf("no kernel for %s", d)
		}
		return func(c *call) error { accumulate(l, c.out(0).F32, c.dense(0).F32); return nil }, nil
	case tensor.I64:
		return func(c *call) error {
			accumulate(l, c.out(0).I64, c.dense(0).I64)
			finish(c.out(0))
			return nil
		}, nil
	}
	return nil, n.errorf("no kernel for %s", d)
}

func accumulate[T number](l lines, o, x []T) {
	step := l.count * l.inner
	for base := 0; base+step <= len(x) && step > 0; base += step {
		for j := range l.inner {
			var s T
			for k := base + j; k < base+step; k += l.inner {
				s += x[k]
				o[k] = s
			}
		}
	}
}

// softmax is scikit-learn's: minus the largest, exp, divided by the sum.
func softmax(n *node) (kernel, error) {
	a := n.Attr.(*graph.ReduceAttr)
	x := n.inType(0)
	l := linesOf(x, a.Axis)
	if l.inner != 1 || l.count == 0 {
		return nil, n.errorf("needs the last axis of %s", x)
	}
	n.costs(8 * float64(x.Width()))
	switch x.DType {
	case tensor.Float64:
		return func(c *call) error {
			softmaxRows(l.count, c.out(0).F64, c.dense(0).F64, summing[float64](a.Order, c.batch), exps)
			return nil
		}, nil
	case tensor.Float32:
		return func(c *call) error {
			softmaxRows(l.count, c.out(0).F32, c.dense(0).F32, summing[float32](a.Order, c.batch), exps32)
			return nil
		}, nil
	}
	return nil, n.errorf("no kernel for %s", x)
}

func exp32(v float32) float32 { return float32(exp(float64(v))) }

func exps32(o, x []float32) {
	var wide [256]float64
	for len(x) > 0 {
		n := min(len(x), len(wide))
		for i, v := range x[:n] {
			wide[i] = float64(v)
		}
		exps(wide[:n], wide[:n])
		for i, v := range wide[:n] {
			o[i] = float32(v)
		}
		o, x = o[n:], x[n:]
	}
}

func softmaxRows[T float](k int, out, x []T, sum summer[T], exps func(o, x []T)) {
	for i := 0; i+k <= len(x); i += k {
		row, o := x[i:i+k], out[i:i+k]
		m := largest(row)
		for j, v := range row {
			o[j] = v - m
		}
	}
	exps(out, out)
	for i := 0; i+k <= len(out); i += k {
		o := out[i : i+k]
		s := sum(o)
		for j := range o {
			o[j] /= s
		}
	}
}

// logSumExp is scikit-learn's _logsumexp: entries equal to the maximum are counted, the others summed.
func logSumExp(n *node) (kernel, error) {
	a := n.Attr.(*graph.ReduceAttr)
	x := n.inType(0)
	l := linesOf(x, a.Axis)
	if x.Kind != graph.Dense || l.count == 0 {
		return nil, n.errorf("not defined for %s", x)
	}
	n.costs(float64(8*x.Width() + 20))
	order := l.order(a.Order)
	if x.DType.Storage() == tensor.F32 {
		log, log1p := func(v float32) float32 { return float32(log(float64(v))) }, func(v float32) float32 { return float32(math.Log1p(float64(v))) }
		return func(c *call) error {
			sum, e, out := summing[float32](order, c.batch), c.f32s(l.count), c.out(0).F32
			forLines(l, c.dense(0).F32, c.f32s(l.count), func(i int, line []float32) {
				out[i] = logSumExpLine(line, e, sum, exp32, log, log1p)
			})
			finish(c.out(0))
			return nil
		}, nil
	}
	return func(c *call) error {
		sum, e, out := summing[float64](order, c.batch), c.f64s(l.count), c.out(0).F64
		forLines(l, asF64(c, c.dense(0)), c.f64s(l.count), func(i int, line []float64) {
			out[i] = logSumExpLine(line, e, sum, exp, log, math.Log1p)
		})
		return nil
	}, nil
}

func logSumExpLine[T float](x, e []T, sum summer[T], exp, log, log1p func(T) T) T {
	m := largest(x)
	shift := m
	if m-m != 0 {
		shift = 0
	}
	var ties T
	for j, v := range x {
		if v == m {
			e[j] = 0
			ties++
		} else {
			e[j] = exp(v - shift)
		}
	}
	s := sum(e)
	if s != 0 {
		s /= ties
	}
	return log1p(s) + log(ties) + m
}
