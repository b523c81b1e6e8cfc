package onnx

import (
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// piece is what every basis is on an interval: polynomials in x-at, [power][basis].
type piece struct {
	at   float64
	coef [][]float64
}

// splinePieces returns a column's pieces between its knots, by de Boor's recurrence on polynomials, and the knots where
// one piece ends and the next begins.
func splinePieces(t []float64, k, bases int) (pieces []piece, breaks []float64) {
	n := len(t) - k - 1
	for l := k; l < n; l++ {
		h := make([][]float64, k+1) // by basis, by power
		for i := range h {
			h[i] = make([]float64, k+1)
		}
		h[0][0] = 1
		for j := 1; j <= k; j++ {
			hh := make([][]float64, j)
			for i := range hh {
				hh[i] = append([]float64{}, h[i]...)
			}
			clear(h[0])
			for i := 1; i <= j; i++ {
				xb, xa := t[l+i], t[l+i-j]
				clear(h[i])
				if xb == xa {
					continue
				}
				for p := range k + 1 {
					w := hh[i-1][p] / (xb - xa)
					h[i-1][p] += float64(w * (xb - t[l]))
					h[i][p] += float64(w * (t[l] - xa))
					if p < k {
						h[i-1][p+1] -= w
						h[i][p+1] += w
					}
				}
			}
		}
		s := piece{t[l], make([][]float64, k+1)}
		for p := range s.coef {
			s.coef[p] = make([]float64, bases)
			for a := range h {
				s.coef[p][(l+a-k)%bases] += h[a][p]
			}
		}
		pieces = append(pieces, s)
		if l > k {
			breaks = append(breaks, t[l])
		}
	}
	return pieces, breaks
}

// value returns the bases, or their slopes, at x.
func (s *piece) value(x float64, slope bool) []float64 {
	out := make([]float64, len(s.coef[0]))
	for i := range out {
		for p := len(s.coef) - 1; p >= 0; p-- {
			switch {
			case !slope:
				out[i] = float64(out[i]*(x-s.at)) + s.coef[p][i]
			case p > 0:
				out[i] = float64(out[i]*(x-s.at)) + float64(p)*s.coef[p][i]
			}
		}
	}
	return out
}

// spline looks up the polynomials of each value's interval; beyond the ends stand pieces of their own.
func spline(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.SplineAttr)
	if a.Ends == graph.EndsNarrow {
		return nil, e.unsupported("splines whose ends are compared in float32")
	}
	d := tensor.Float64
	index := func(v float64) string { return e.scalar(v, tensor.Int64) }
	if a.Extrapolation == graph.ExtrapolateError {
		e.drop("`X` contains values beyond the limits of the knots.")
	}
	degree := a.Degree
	parts := make([]string, len(a.Knots))
	for j, knots := range a.Knots {
		t := knots.F64
		pieces, breaks := splinePieces(t, a.Degree, a.Bases)
		near := func(x float64) *piece {
			l := 0
			for l < len(breaks) && x >= breaks[l] {
				l++
			}
			return &pieces[l]
		}
		x, from := e.columnOf(j)
		x = e.cast(x, from, d)
		missing := e.op("IsNaN", x)
		x = e.op("Where", missing, e.scalar(t[a.Degree], d), x)
		if a.Extrapolation == graph.ExtrapolatePeriodic {
			lo, hi := t[a.Degree], t[len(t)-a.Degree-1]
			if !(hi > lo) {
				return nil, e.unsupported("a period of %g", hi-lo)
			}
			m := e.add("Mod", []string{e.op("Sub", x, e.scalar(lo, d)), e.scalar(hi-lo, d)}, attr{"fmod", 1})
			m = e.op("Where", e.op("Less", m, e.scalar(0, d)), e.op("Add", m, e.scalar(hi-lo, d)), m)
			x = e.op("Add", e.scalar(lo, d), m)
		}
		zero := missing // of these every basis is zero
		if a.FillsMissing() && j > 0 {
			least := e.add("ReduceMin", []string{e.op("Where", missing, e.scalar(math.Inf(1), d), x)}, attr{"keepdims", 0})
			least = e.op("Where", e.op("IsInf", least), e.scalar(0, d), least)
			x = e.op("Where", missing, least, x)
			zero = ""
		}
		at := index(0)
		if len(breaks) > 0 {
			at = e.countBelow(x, breaks, true)
		} else {
			at = e.add("Expand", []string{at, e.op("Shape", x)})
		}
		if a.Extrapolation == graph.ExtrapolateConstant || a.Extrapolation == graph.ExtrapolateLinear {
			if degree >= len(t) {
				return nil, e.unsupported("index %d is out of bounds for axis 0 with size %d", degree, len(t))
			}
			lo, hi := t[degree], t[len(t)-1-degree]
			below, above := piece{at: lo}, piece{at: hi}
			empty := func() [][]float64 {
				c := make([][]float64, a.Degree+1)
				for p := range c {
					c[p] = make([]float64, a.Bases)
				}
				return c
			}
			below.coef, above.coef = empty(), empty()
			if a.Extrapolation == graph.ExtrapolateConstant {
				if a.Degree == 0 && !a.Sparse {
					e.drop("values above the knots, with bases of degree 0")
				}
				copy(below.coef[0][:min(a.Degree, a.Bases)], near(lo).value(lo, false))
				top := near(hi).value(hi, false)
				from := max(a.Bases-a.Degree, 0)
				if a.Degree == 0 {
					from = 0
				}
				copy(above.coef[0][from:], top[from:])
			} else {
				if a.Degree == 0 {
					return nil, e.unsupported("linear extrapolation of degree 0")
				}
				if degree <= 1 {
					degree++ // scikit-learn's own, for the bases of this column and the knots of those that follow
				}
				if degree > a.Bases {
					e.drop(fmt.Sprintf("index %d is out of bounds for axis 0 with size %d", a.Bases, a.Bases))
				}
				linear := min(degree, a.Bases)
				copy(below.coef[0][:linear], near(lo).value(lo, false))
				copy(below.coef[1][:linear], near(lo).value(lo, true))
				copy(above.coef[0][a.Bases-linear:], near(hi).value(hi, false)[a.Bases-linear:])
				copy(above.coef[1][a.Bases-linear:], near(hi).value(hi, true)[a.Bases-linear:])
			}
			at = e.op("Where", e.op("Less", x, e.scalar(lo, d)), index(float64(len(pieces))), at)
			at = e.op("Where", e.op("Greater", x, e.scalar(hi, d)), index(float64(len(pieces)+1)), at)
			pieces = append(pieces, below, above)
		}
		at = e.reshape(at, graph.N)
		starts := tensor.New(d, len(pieces), 1)
		for i := range pieces {
			starts.F64[i] = pieces[i].at
		}
		u := e.op("Sub", x, e.add("Gather", []string{e.tensor(starts), at}, attr{"axis", 0}))
		var y string
		for p := a.Degree; p >= 0; p-- {
			table := tensor.New(d, len(pieces), a.Bases)
			for i := range pieces {
				copy(table.F64[i*a.Bases:], pieces[i].coef[p])
			}
			c := e.add("Gather", []string{e.tensor(table), at}, attr{"axis", 0})
			if y == "" {
				y = c
			} else {
				y = e.op("Add", e.op("Mul", y, u), c)
			}
		}
		if !a.Bias {
			keep := make([]int, a.Bases-1)
			for i := range keep {
				keep[i] = i
			}
			y = e.add("Gather", []string{y, e.ints(keep...)}, attr{"axis", 1})
		}
		if parts[j] = y; zero != "" {
			parts[j] = e.op("Where", zero, e.scalar(0, d), y)
		}
	}
	return one(e.cast(e.concat(parts, 1), d, e.outType(0).DType)), nil
}

// circularConvolve is, vector after vector, a product with the circulant of the next.
func circularConvolve(e *encoder, _ *graph.Node) ([]value, error) {
	t := e.inType(0)
	k, m := t.Shape[1], t.Shape[2]
	around := make([]int, m*m)
	for j := range m {
		for i := range m {
			around[j*m+i] = (i - j + m) % m
		}
	}
	vector := func(i int) string {
		return e.reshape(e.add("Gather", []string{e.in(0), e.ints(i)}, attr{"axis", 1}), graph.N, m)
	}
	y := vector(0)
	for i := 1; i < k; i++ {
		b := e.reshape(e.add("Gather", []string{vector(i), e.ints(around...)}, attr{"axis", 1}), graph.N, m, m)
		y = e.reshape(e.op("MatMul", e.reshape(y, graph.N, 1, m), b), graph.N, m)
	}
	return one(y), nil
}

// ovrScale is votes + sums·(½-ε)/max|sums|, the maximum over the whole batch.
func ovrScale(e *encoder, _ *graph.Node) ([]value, error) {
	d := tensor.Float64
	most := e.add("ReduceMax", []string{e.op("Abs", e.in(1))}, attr{"keepdims", 0})
	ends := attr{"keepdims", 0}
	none := e.op("Equal", e.add("ReduceMax", []string{e.in(1)}, ends), e.add("ReduceMin", []string{e.in(1)}, ends))
	scale := e.op("Where", none, e.scalar(0, d), e.op("Div", e.scalar(0.5-1.0/(1<<52), d), most))
	return one(e.op("Add", e.in(0), e.op("Mul", e.in(1), scale))), nil
}
