package exec

import (
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// bspline is a B-spline basis: knots t, degree k.
type bspline struct {
	t     []float64
	k, n  int // n: number of bases before they wrap around
	bases int
	spare bool // scipy's design matrix, without the products with coefficients that are zero
	h, hh []float64
}

func newBSpline(t []float64, k, bases int) *bspline {
	return &bspline{t: t, k: k, n: len(t) - k - 1, bases: bases, h: make([]float64, k+1), hh: make([]float64, k+1)}
}

// interval is the last knot not above x between the k-th and the n-1-th.
func (s *bspline) interval(x float64) int {
	l := s.k
	for x >= s.t[l+1] && l != s.n-1 {
		l++
	}
	return l
}

// evaluate writes the bases, or with nu = 1 their derivatives, at x (scipy's _deBoor_D).
func (s *bspline) evaluate(out []float64, x float64, nu int) {
	clear(out)
	l := s.interval(x)
	h, hh := s.h, s.hh
	clear(h)
	h[0] = 1
	for j := 1; j <= s.k-nu; j++ {
		copy(hh[:j], h[:j])
		h[0] = 0
		for n := 1; n <= j; n++ {
			xb, xa := s.t[l+n], s.t[l+n-j]
			if xb == xa {
				h[n] = 0
				continue
			}
			w := hh[n-1] / (xb - xa)
			h[n-1] += float64(w * (xb - x))
			h[n] = w * (x - xa)
		}
	}
	for j := s.k - nu + 1; j <= s.k; j++ {
		copy(hh[:j], h[:j])
		h[0] = 0
		for n := 1; n <= j; n++ {
			xb, xa := s.t[l+n], s.t[l+n-j]
			if xb == xa {
				h[nu] = 0
				continue
			}
			w := float64(j) * hh[n-1] / (xb - xa)
			h[n-1] -= w
			h[n] = w
		}
	}
	for a, v := range h {
		if v-v != 0 && !s.spare { // the coefficients that are zero count, too
			for j := range out {
				c := 0.0
				if (l+a-s.k)%s.bases == j {
					c = 1
				}
				out[j] += float64(c * v)
			}
			continue
		}
		out[(l+a-s.k)%s.bases] += v
	}
}

// splineColumn is a column with what its ends give.
type splineColumn struct {
	*bspline
	lo, hi               float64 // where extrapolation begins
	atLo, atHi, dLo, dHi []float64
	degree               int    // number of bases that extrapolate linearly at each end
	msg                  string // why the column can not be evaluated
}

// newSplineColumns prepares the columns. For linear extrapolation scikit-learn raises a degree of one and less inside
// the loop over the columns, so that later columns extrapolate from other knots; this does the same.
func newSplineColumns(a *graph.SplineAttr) []splineColumn {
	degree := a.Degree
	cols := make([]splineColumn, len(a.Knots))
	for i, t := range a.Knots {
		c := splineColumn{bspline: newBSpline(t.F64, a.Degree, a.Bases)}
		c.spare = a.Sparse
		at := func(x float64, nu int) []float64 {
			out := make([]float64, a.Bases)
			c.evaluate(out, x, nu)
			return out
		}
		switch a.Extrapolation {
		case graph.ExtrapolateConstant, graph.ExtrapolateLinear:
			if degree >= len(t.F64) {
				c.msg = fmt.Sprintf("index %d is out of bounds for axis 0 with size %d", degree, len(t.F64))
				cols[i] = c
				continue
			}
			c.lo, c.hi = t.F64[degree], t.F64[len(t.F64)-1-degree]
			c.atLo, c.atHi = at(c.lo, 0), at(c.hi, 0)
			if a.Extrapolation == graph.ExtrapolateLinear {
				c.dLo, c.dHi = at(c.lo, 1), at(c.hi, 1)
				if degree <= 1 {
					degree++
				}
			}
		default:
			c.lo, c.hi = t.F64[c.k], t.F64[c.n]
		}
		c.degree = degree
		cols[i] = c
	}
	return cols
}

// spline evaluates the bases of each column.
func spline(n *node) (kernel, error) {
	a := n.Attr.(*graph.SplineAttr)
	keep := a.Bases
	if !a.Bias {
		keep--
	}
	width := len(a.Knots)
	n.costs(float64(width) * 30 * float64(a.Degree+1))
	return func(c *call) error {
		cols := c.local(func() any { return newSplineColumns(a) }).([]splineColumn)
		x, out := c.dense(0), c.out(0)
		row, fill := c.f64s(a.Bases), c.f64s(width)
		for j := range fill {
			fill[j] = nan
			if a.FillsMissing() && j > 0 {
				fill[j] = cols[j].least(x, j, width, a)
			}
		}
		for r := range c.rows {
			for j := range cols {
				v, _ := x.Float(r*width + j)
				filled := v != v
				if filled {
					v = fill[j]
				}
				missing := v != v
				if a.Sparse && math.IsInf(v, 0) && a.Extrapolation != graph.ExtrapolateConstant && a.Extrapolation != graph.ExtrapolateLinear {
					return c.refuse("Array must not contain infs or nans.")
				}
				if a.Extrapolation == graph.ExtrapolatePeriodic && !filled {
					v = cols[j].wrapped(v, a.Ends)
				}
				if msg := cols[j].row(row, v, missing, a); msg != "" {
					return c.refuse("%s", msg)
				}
				at := (r*width + j) * keep
				if out.DType == tensor.Float64 {
					copy(out.F64[at:at+keep], row)
					continue
				}
				for i, f := range row[:keep] {
					out.F32[at+i] = float32(f)
				}
			}
		}
		finish(out)
		return nil
	}, nil
}

// least is the smallest value of a column, as it is evaluated; 0 where all are missing.
func (s *splineColumn) least(x *tensor.Tensor, j, width int, a *graph.SplineAttr) float64 {
	low := nan
	for i := j; i < x.Len(); i += width {
		v, _ := x.Float(i)
		if a.Extrapolation == graph.ExtrapolatePeriodic {
			v = s.wrapped(v, a.Ends)
		}
		if v == v && !(v >= low) {
			low = v
		}
	}
	if low != low {
		return 0
	}
	return low
}

// wrapped moves a value into the period; without one everything is 0.
func (s *splineColumn) wrapped(x float64, ends graph.Ends) float64 {
	if ends == graph.EndsNarrow {
		if period := float32(s.hi - s.lo); period > 0 {
			return float64(float32(s.lo) + float32(floorMod(float64(float32(x)-float32(s.lo)), float64(period))))
		}
	}
	if period := s.hi - s.lo; period > 0 {
		return s.lo + floorMod(x-s.lo, period)
	}
	return 0
}

// row writes the bases of one value, which is within the period already.
func (s *splineColumn) row(out []float64, x float64, missing bool, a *graph.SplineAttr) string {
	if s.msg != "" {
		return s.msg
	}
	if missing {
		clear(out)
		return ""
	}
	switch a.Extrapolation {
	case graph.ExtrapolateContinue, graph.ExtrapolatePeriodic:
		s.evaluate(out, x, 0)
	case graph.ExtrapolateError:
		if x < s.lo || x > s.hi {
			return "`X` contains values beyond the limits of the knots."
		}
		s.evaluate(out, x, 0)
	default:
		within := x >= s.lo && x <= s.hi
		if !within && a.Ends != graph.EndsWide && float32(x) >= float32(s.lo) && float32(x) <= float32(s.hi) {
			if a.Ends == graph.EndsUnknown {
				return fmt.Sprintf("%v is beyond the last knot (%v to %v) by less than float32 tells: numpy 1 has no bases for it and numpy 2 those of the end, and the file does not say which numpy wrote it", x, s.lo, s.hi)
			}
			for i := range out {
				out[i] = nan
			}
			return ""
		}
		if within {
			s.evaluate(out, x, 0)
			return ""
		}
		clear(out)
		n := len(out)
		switch {
		case a.Extrapolation == graph.ExtrapolateConstant && x < s.lo:
			copy(out[:a.Degree], s.atLo)
		case a.Extrapolation == graph.ExtrapolateConstant:
			if a.Degree == 0 && !a.Sparse {
				return "shape mismatch: value array of the bases could not be broadcast to an indexing result of no columns"
			}
			if a.Degree == 0 {
				copy(out, s.atHi)
			} else {
				copy(out[n-a.Degree:], s.atHi[n-a.Degree:])
			}
		case s.degree > n:
			return fmt.Sprintf("index %d is out of bounds for axis 0 with size %d", n, n)
		default:
			for j := range s.degree {
				if x < s.lo {
					out[j] = s.atLo[j] + float64((x-s.lo)*s.dLo[j])
				}
				if k := n - 1 - j; x > s.hi {
					out[k] = s.atHi[k] + float64((x-s.hi)*s.dHi[k])
				}
			}
		}
	}
	return ""
}
