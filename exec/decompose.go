package exec

import (
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var decomposeKernels = table{
	graph.OpCircularConvolve: circularConvolve,
	graph.OpNMFSolve:         nmfSolve,
	graph.OpTopicInfer:       topicInfer,
	graph.OpSparseCode:       sparseCode,
	graph.OpBarycenter:       barycenter,
}

func circularConvolve(n *node) (kernel, error) {
	d, m := n.inType(0).Shape[1], n.inType(0).Shape[2]
	n.costs(float64(d * m * m))
	return func(c *call) error {
		x, out := c.dense(0).F64, c.out(0).F64
		a, t := c.f64s(m), c.f64s(m)
		for r := range c.rows {
			row := x[r*d*m : (r+1)*d*m]
			terms := float64(m) // no number of the transforms is larger
			for k := range d {
				s := 0.0
				for _, v := range row[k*m : (k+1)*m] {
					s += math.Abs(v)
				}
				terms *= max(s, 1)
			}
			if !(terms <= math.MaxFloat64) {
				return c.refuse("the numbers are too large: scikit-learn's Fourier transforms of them overflow")
			}
			copy(a, row[:m])
			for k := 1; k < d; k++ {
				b := row[k*m : (k+1)*m]
				for i := range t {
					s := 0.0
					for j := range m {
						s += float64(a[j] * b[(i-j+m)%m])
					}
					t[i] = s
				}
				a, t = t, a
			}
			copy(out[r*m:(r+1)*m], a)
		}
		return nil
	}, nil
}

// nmfEpsilon is sklearn.decomposition._nmf.EPSILON, numpy.finfo(numpy.float32).eps.
const nmfEpsilon = 0x1p-23

// nmf is one search for W.
type nmf struct {
	*graph.NMFAttr
	n, m, k int
	h, hht  []float64
	hsum    []float64
	stopped func() error
}

func nmfSolve(n *node) (kernel, error) {
	a := n.Attr.(*graph.NMFAttr)
	s := &nmf{NMFAttr: a, m: a.H.Shape[0], k: a.H.Shape[1], h: a.H.AsF64()}
	if n.inType(0).Width() != s.k {
		return nil, n.errorf("%d columns for components of %d", n.inType(0).Width(), s.k)
	}
	s.hht, s.hsum = make([]float64, s.m*s.m), make([]float64, s.m)
	for i := range s.m {
		for j := range s.m {
			for p := range s.k {
				s.hht[i*s.m+j] += float64(s.h[i*s.k+p] * s.h[j*s.k+p])
			}
		}
		for p := range s.k {
			s.hsum[i] += s.h[i*s.k+p]
		}
	}
	return func(c *call) error {
		x := c.dense(0).AsF64()
		for _, v := range x {
			if v < 0 && a.RefuseNegative != "" {
				return c.refuse("%s", a.RefuseNegative)
			}
			if v == 0 && a.Solver == "mu" && a.Beta <= 0 && a.RefuseNegative != "" && !a.TakesZeros {
				return c.refuse("When beta_loss <= 0 and X contains zeros, the solver may diverge. Please add small values to X, or use a positive beta_loss.")
			}
		}
		run := *s
		run.n, run.stopped = c.rows, c.stopped
		run.hsum = append([]float64{}, s.hsum...)
		w := make([]float64, c.rows*s.m)
		if c.rows > 0 {
			switch a.Solver {
			case "cd":
				run.descend(x, w)
			case "pg":
				run.project(x, w)
			default:
				run.multiply(x, w)
			}
		}
		if err := c.stopped(); err != nil {
			return err
		}
		out := c.out(0)
		if out.DType == tensor.Float32 {
			for i, v := range w {
				out.F32[i] = float32(v)
			}
		} else {
			copy(out.F64, w)
		}
		return nil
	}, nil
}

// xht is X·Hᵀ.
func (s *nmf) xht(x []float64) []float64 {
	out := make([]float64, s.n*s.m)
	for i := range s.n {
		for t := range s.m {
			v := 0.0
			for p := range s.k {
				v += float64(x[i*s.k+p] * s.h[t*s.k+p])
			}
			out[i*s.m+t] = v
		}
	}
	return out
}

// descend is _fit_coordinate_descent with H fixed (sklearn/decomposition/_cdnmf_fast.pyx).
func (s *nmf) descend(x, w []float64) {
	hht := append([]float64{}, s.hht...)
	xht := s.xht(x)
	for i := range s.m {
		hht[i*s.m+i] += s.L2
	}
	for i := range xht {
		xht[i] -= s.L1
	}
	first := 0.0
	for it := 1; it <= s.MaxIter && s.stopped() == nil; it++ {
		violation := 0.0
		for t := range s.m {
			hess := hht[t*s.m+t]
			for i := range s.n {
				grad := -xht[i*s.m+t]
				for r := range s.m {
					grad += float64(hht[t*s.m+r] * w[i*s.m+r])
				}
				at := &w[i*s.m+t]
				pg := grad
				if *at == 0 {
					pg = math.Min(0, grad)
				}
				violation += math.Abs(pg)
				if hess != 0 {
					*at = math.Max(*at-grad/hess, 0)
				}
			}
		}
		if it == 1 {
			first = violation
		}
		if first == 0 || violation/first <= s.Tol {
			return
		}
	}
}

// The line search of project: how much of the decrease that the gradient promises is enough, and what a step is divided
// or multiplied by.
const (
	projectEnough = 0.01
	projectStep   = 0.1
	projectTries  = 20
)

// project is _nls_subproblem of sklearn/decomposition/nmf.py until 0.18 with H fixed: projected gradient descent on all rows
// at once. The step of the last iteration is where the next one's search begins.
func (s *nmf) project(x, w []float64) {
	hht := append([]float64{}, s.hht...)
	for i := range s.m {
		for j := range s.m {
			hht[i*s.m+j] += s.GramAll
		}
		hht[i*s.m+i] += s.GramDiagonal
	}
	xht := s.xht(x)
	grad, next, before, d := make([]float64, len(w)), make([]float64, len(w)), make([]float64, len(w)), make([]float64, len(w))
	gamma := 1.0
	for range s.MaxIter {
		if s.stopped() != nil {
			return
		}
		norm := 0.0
		for i := range s.n {
			for t := range s.m {
				at := i*s.m + t
				g := 0.0
				for r := range s.m {
					g += float64(hht[t*s.m+r] * w[i*s.m+r])
				}
				g -= xht[at]
				g += s.L1 + float64(s.L2*w[at])
				grad[at] = g
				if g < 0 || w[at] > 0 {
					norm += float64(g * g)
				}
			}
		}
		if math.Sqrt(norm) < s.Tol {
			return
		}
		copy(before, w)
		shrink := false
		for try := range projectTries {
			promised, same := 0.0, true
			for i, v := range w {
				n := v - float64(gamma*grad[i])
				if !(n > 0) {
					n *= 0
				}
				next[i], d[i] = n, n-v
				promised += float64(grad[i] * d[i])
				same = same && n == before[i]
			}
			bent := 0.0
			for i := range s.n {
				for t := range s.m {
					v := 0.0
					for r := range s.m {
						v += float64(hht[t*s.m+r] * d[i*s.m+r])
					}
					bent += float64(v * d[i*s.m+t])
				}
			}
			enough := float64((1-projectEnough)*promised)+float64(0.5*bent) < 0
			if try == 0 {
				shrink = !enough
			}
			if shrink {
				if enough {
					copy(w, next)
					break
				}
				gamma *= projectStep
				continue
			}
			if !enough || same {
				copy(w, before)
				break
			}
			gamma /= projectStep
			copy(before, next)
		}
	}
}

// multiply is _fit_multiplicative_update with H fixed, or MiniBatchNMF._solve_W.
func (s *nmf) multiply(x, w []float64) {
	mean := 0.0
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	avg := math.Sqrt(mean / float64(s.m))
	for i := range w {
		w[i] = avg
	}
	var xht []float64
	if s.Beta == 2 {
		xht = s.xht(x)
	}
	initial, previous := 0.0, 0.0
	if !s.MiniBatch {
		initial = s.divergence(x, w)
		previous = initial
	}
	before := append([]float64{}, w...)
	for it := 1; it <= s.MaxIter && s.stopped() == nil; it++ {
		if s.Beta == 1 && !s.MiniBatch {
			// scikit-learn adds the penalty to the very sums that it keeps: they grow with each step.
			for t := range s.hsum {
				s.hsum[t] += s.L1
			}
		}
		s.step(x, w, xht)
		if s.MiniBatch {
			diff, norm := 0.0, 0.0
			for i, v := range w {
				diff += float64((v - before[i]) * (v - before[i]))
				norm += float64(v * v)
			}
			if s.Tol > 0 && math.Sqrt(diff)/math.Sqrt(norm) <= s.Tol {
				return
			}
			copy(before, w)
			continue
		}
		if s.Beta < 1 {
			for i, v := range w {
				if v < 0x1p-52 {
					w[i] = 0
				}
			}
		}
		if s.Tol > 0 && it%10 == 0 {
			e := s.divergence(x, w)
			if (previous-e)/initial < s.Tol {
				return
			}
			previous = e
		}
	}
}

// step is _multiplicative_update_w.
func (s *nmf) step(x, w, xht []float64) {
	num, den := make([]float64, s.m), make([]float64, s.m)
	wh, whb := make([]float64, s.k), make([]float64, s.k)
	for i := range s.n {
		row := w[i*s.m : (i+1)*s.m]
		if s.Beta == 2 {
			copy(num, xht[i*s.m:])
			for t := range s.m {
				v := 0.0
				for r := range s.m {
					v += float64(row[r] * s.hht[r*s.m+t])
				}
				den[t] = v
			}
		} else {
			for p := range s.k {
				v := 0.0
				for t := range s.m {
					v += float64(row[t] * s.h[t*s.k+p])
				}
				wh[p] = v
			}
			for p, v := range wh {
				b := v
				if s.Beta < 1 && b < nmfEpsilon {
					b = nmfEpsilon
				}
				if s.Beta < 2 && v < nmfEpsilon {
					v = nmfEpsilon
				}
				xv := x[i*s.k+p]
				switch s.Beta {
				case 1:
					wh[p] = xv / v
				case 0:
					inv := 1 / v
					wh[p] = inv * inv * xv
				default:
					wh[p] = math.Pow(v, s.Beta-2) * xv
				}
				whb[p] = math.Pow(b, s.Beta-1)
			}
			for t := range s.m {
				nv, dv := 0.0, 0.0
				for p := range s.k {
					nv += float64(wh[p] * s.h[t*s.k+p])
					dv += float64(whb[p] * s.h[t*s.k+p])
				}
				num[t], den[t] = nv, dv
				if s.Beta == 1 {
					den[t] = s.hsum[t]
				}
			}
		}
		for t := range s.m {
			d := den[t]
			if s.L1 > 0 && (s.Beta != 1 || s.MiniBatch) {
				d += s.L1
			}
			if s.L2 > 0 {
				d += float64(s.L2 * row[t])
			}
			if d == 0 {
				d = nmfEpsilon
			}
			delta := num[t] / d
			if s.Gamma != 1 && s.Gamma != 0 {
				delta = math.Pow(delta, s.Gamma)
			}
			den[t] = delta
		}
		for t := range s.m {
			row[t] *= den[t]
		}
	}
}

// divergence is _beta_divergence(X, W, H, beta, square_root=True).
func (s *nmf) divergence(x, w []float64) float64 {
	res, sumWH, sumX, terms := 0.0, 0.0, 0.0, 0
	for i := range s.n {
		for p := range s.k {
			wh := 0.0
			for t := range s.m {
				wh += float64(w[i*s.m+t] * s.h[t*s.k+p])
			}
			v := x[i*s.k+p]
			if s.Beta == 2 {
				res += float64((v - wh) * (v - wh))
				continue
			}
			if s.Beta == 1 {
				sumWH += wh
			} else if s.Beta != 0 {
				sumWH += math.Pow(wh, s.Beta)
			}
			if v <= nmfEpsilon {
				continue
			}
			wh = math.Max(wh, nmfEpsilon)
			switch s.Beta {
			case 1:
				res += float64(v * log(v/wh))
				sumX += v
			case 0:
				res += v/wh - log(v/wh)
				terms++
			default:
				res += math.Pow(v, s.Beta) - float64(s.Beta*float64(v*math.Pow(wh, s.Beta-1)))
			}
		}
	}
	switch s.Beta {
	case 2:
		return math.Sqrt(res)
	case 1:
		res += sumWH - sumX
	case 0:
		res -= float64(s.n * s.k)
	default:
		res = (res + float64(sumWH*(s.Beta-1))) / (s.Beta * (s.Beta - 1))
	}
	return math.Sqrt(2 * math.Max(res, 0))
}

// topicPsi is the digamma of sklearn/decomposition/_online_lda_fast.pyx, which is not scipy's.
func topicPsi(x float64) float64 {
	if x <= 1e-6 {
		return -0.57721566490153286061 - 1/x
	}
	r := 0.0
	for x < 6 {
		r -= 1 / x
		x++
	}
	u := 1 / (x * x)
	inner := 1.0 / 252 * u
	inner = u * (1.0/120 - inner)
	return r + log(x) - 0.5/x - float64(u*(1.0/12-inner))
}

func topicInfer(n *node) (kernel, error) {
	a := n.Attr.(*graph.TopicAttr)
	m, k := a.ExpDirichlet.Shape[0], a.ExpDirichlet.Shape[1]
	b := a.ExpDirichlet.AsF64()
	single := a.ExpDirichlet.DType == tensor.Float32
	eps := 0x1p-52
	if single {
		eps = 0x1p-23
	}
	if n.inType(0).Width() != k {
		return nil, n.errorf("%d columns for components of %d", n.inType(0).Width(), k)
	}
	n.costs(float64(20 * m * k))
	expect := func(d, e []float64) {
		total := 0.0
		for _, v := range d {
			total += v
		}
		psi := topicPsi(total)
		for i, v := range d {
			e[i] = math.Exp(topicPsi(v) - psi)
		}
	}
	return func(c *call) error {
		out := c.out(0)
		d, last, e := c.f64s(m), c.f64s(m), c.f64s(m)
		ids, cnt := c.ints(k), c.f64s(k)
		phi := c.f64s(k)
		for r := range c.rows {
			words := 0
			if s := c.csr(0); s != nil {
				if s.Indptr[r+1]-s.Indptr[r] > k {
					return c.refuse("a row stores more entries than it has columns")
				}
				for p := s.Indptr[r]; p < s.Indptr[r+1]; p++ {
					v, _ := s.Data.Float(p)
					ids[words], cnt[words] = int(s.Indices[p]), v
					words++
				}
			} else {
				x := c.dense(0)
				for j := range k {
					if v, _ := x.Float(r*k + j); v != 0 {
						ids[words], cnt[words] = j, v
						words++
					}
				}
			}
			for i := range d {
				d[i] = 1
			}
			expect(d, e)
			for it := range a.MaxIter {
				if it%64 == 0 {
					if err := c.stopped(); err != nil {
						return err
					}
				}
				copy(last, d)
				for w := range words {
					s := 0.0
					for t := range m {
						s += float64(e[t] * b[t*k+ids[w]])
					}
					phi[w] = cnt[w] / (s + eps)
				}
				for t := range m {
					s := 0.0
					for w := range words {
						s += float64(phi[w] * b[t*k+ids[w]])
					}
					d[t] = float64(e[t]*s) + a.Prior
				}
				expect(d, e)
				change := 0.0
				for t := range m {
					change += math.Abs(last[t] - d[t])
				}
				if change/float64(m) < a.Tol {
					break
				}
			}
			total := 1.0
			if !a.Weights {
				total = pairwise(d)
			}
			for t := range m {
				if single {
					out.F32[r*m+t] = float32(d[t] / total)
				} else {
					out.F64[r*m+t] = d[t] / total
				}
			}
		}
		return nil
	}, nil
}

// barycenter is sklearn.manifold._locally_linear.barycenter_weights.
func barycenter(n *node) (kernel, error) {
	a := n.Attr.(*graph.BarycenterAttr)
	p, k := a.Rows.Cols(), n.outType(0).Shape[1]
	rows := a.Rows.AsF64()
	return func(c *call) error {
		x, index, out := c.dense(0).F64, c.dense(1).I64, c.out(0).F64
		d, g := c.f64s(k*p), c.f64s(k*k)
		for r := range c.rows {
			for i := range k {
				for j := range p {
					d[i*p+j] = rows[int(index[r*k+i])*p+j] - x[r*p+j]
				}
			}
			trace := 0.0
			for i := range k {
				for j := range k {
					s := 0.0
					for q := range p {
						s += float64(d[i*p+q] * d[j*p+q])
					}
					g[i*k+j] = s
				}
				trace += g[i*k+i]
			}
			reg := a.Reg
			if trace > 0 {
				reg = a.Reg * trace
			}
			for i := range k {
				g[i*k+i] += reg
			}
			w := out[r*k : (r+1)*k]
			if !choleskySolve(g, w, k) {
				return c.refuse("the neighbours of a row are not independent")
			}
			total := pairwise(w)
			for i := range w {
				w[i] /= total
			}
		}
		return nil
	}, nil
}

// choleskySolve solves a·w = 1 for a symmetric positive definite a, which it overwrites.
func choleskySolve(a, w []float64, n int) bool {
	for j := range n {
		s := a[j*n+j]
		for k := range j {
			s -= float64(a[j*n+k] * a[j*n+k])
		}
		if !(s > 0) {
			return false
		}
		d := math.Sqrt(s)
		a[j*n+j] = d
		for i := j + 1; i < n; i++ {
			v := a[i*n+j]
			for k := range j {
				v -= float64(a[i*n+k] * a[j*n+k])
			}
			a[i*n+j] = v / d
		}
	}
	for i := range n {
		v := 1.0
		for k := range i {
			v -= float64(a[i*n+k] * w[k])
		}
		w[i] = v / a[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		v := w[i]
		for k := i + 1; k < n; k++ {
			v -= float64(a[k*n+i] * w[k])
		}
		w[i] = v / a[i*n+i]
	}
	return true
}
