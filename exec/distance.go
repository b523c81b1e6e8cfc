package exec

import (
	"math"
	"math/bits"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var distanceKernels = table{graph.OpPairwiseDistance: pairwiseDistance}

func pairwiseDistance(n *node) (kernel, error) {
	a := n.Attr.(*graph.DistanceAttr)
	m, p := a.Y.Rows(), a.Y.Cols()
	n.costs(float64(m) * (4 + float64(p)))
	if a.Y.DType == tensor.Float32 {
		return distancesTo(newMetric[float32](a.Metric), a.Y.F32, m, p, func(c *call) ([]float32, []float32) { return c.dense(0).F32, c.out(0).F32 }), nil
	}
	if name := a.Metric.Name; name == graph.Euclidean || name == graph.SqEuclidean {
		far := newFarPanel(a.Y.F64, m, p)
		return func(c *call) error {
			out := c.out(0).F64
			far.squares(out, c.dense(0).F64, c.rows)
			if name == graph.Euclidean {
				for i, d := range out {
					out[i] = math.Sqrt(d)
				}
			}
			return nil
		}, nil
	}
	return distancesTo(newMetric[float64](a.Metric), a.Y.F64, m, p, func(c *call) ([]float64, []float64) { return c.dense(0).F64, c.out(0).F64 }), nil
}

func distancesTo[T float](d metric[T], y []T, m, p int, io func(*call) (x, out []T)) kernel {
	return func(c *call) error {
		x, out := io(c)
		for i := range c.rows {
			for j := range m {
				out[i*m+j] = T(d.dist(d.reduced(x[i*p:(i+1)*p], y[j*p:(j+1)*p])))
			}
		}
		return nil
	}
}

// metric is a distance of scikit-learn's DistanceMetric. The reduced distance orders alike and is cheaper. Both round
// to T, as its float32 metrics do.
type metric[T float] struct {
	reduced func(x, y []T) float64
	dist    func(reduced float64) float64
	reduce  func(dist float64) float64
	unsure  bool // reduced may be unknown
}

// unknown stands for a distance that is NaN: as numpy sorts, farther than any other.
const unknown = math.MaxFloat64

func known(d float64) float64 {
	if d == unknown {
		return math.NaN()
	}
	return d
}

func asIs(d float64) float64   { return d }
func square(d float64) float64 { return d * d }

// newMetric returns the metric of a checked description.
func newMetric[T float](m graph.Metric) metric[T] {
	d := metric[T]{dist: asIs, reduce: asIs}
	weight := func(j int) float64 {
		if m.W == nil {
			return 1
		}
		return m.W[j]
	}
	total := func(p int) float64 {
		if m.W == nil {
			return float64(p)
		}
		return m.TotalWeight()
	}
	switch m.Name {
	case graph.Euclidean:
		d.reduced, d.dist, d.reduce = squared[T], math.Sqrt, square
	case graph.SqEuclidean:
		d.reduced = squared[T]
	case graph.SEuclidean:
		d.dist, d.reduce = math.Sqrt, square
		d.reduced = func(x, y []T) float64 {
			s := 0.0
			for j, v := range m.V {
				t := float64(x[j] - y[j])
				s += t * t / v
			}
			return s
		}
	case graph.Manhattan:
		d.reduced = func(x, y []T) float64 {
			s := 0.0
			for j, v := range y {
				s += math.Abs(float64(x[j] - v))
			}
			return s
		}
	case graph.Chebyshev:
		d.reduced = func(x, y []T) float64 {
			s := 0.0
			for j, v := range y {
				s = math.Max(s, math.Abs(float64(x[j]-v)))
			}
			return s
		}
	case graph.Minkowski:
		d.dist = func(r float64) float64 { return pow(r, 1/m.P) }
		d.reduce = func(r float64) float64 { return pow(r, m.P) }
		d.reduced = func(x, y []T) float64 {
			s := 0.0
			for j, v := range y {
				t := pow(math.Abs(float64(x[j]-v)), m.P)
				if m.W != nil {
					t = float64(t * m.W[j])
				}
				s += t
			}
			return s
		}
	case graph.Mahalanobis:
		d.dist, d.reduce = math.Sqrt, square
		d.reduced = func(x, y []T) float64 {
			s, p := 0.0, len(y)
			for i := range p {
				t := 0.0
				for j := range p {
					t += float64(m.VI[i*p+j] * float64(x[j]-y[j]))
				}
				s += float64(t * float64(x[i]-y[i]))
			}
			return s
		}
	case graph.Cosine:
		d.dist, d.unsure = known, true
		d.reduced = func(x, y []T) float64 { return cosineDistance(x, y, 0, 0, m.Called) }
	case graph.CosineOfBools:
		d.dist, d.unsure = known, true
		d.reduced = func(x, y []T) float64 {
			xy, yy, some := 0.0, 0.0, false
			for j, v := range y {
				xy += float64(float64(x[j]) * float64(v))
				yy += float64(float64(v) * float64(v))
				some = some || x[j] != 0
			}
			if !some || yy == 0 {
				return unknown
			}
			return min(max(1-xy/math.Sqrt(yy), 0), 2)
		}
	case graph.Correlation:
		d.dist, d.unsure = known, true
		d.reduced = func(x, y []T) float64 { return cosineDistance(x, y, average(x), average(y), m.Called) }
	case graph.Yule:
		d.reduced = func(x, y []T) float64 {
			var n [2][2]float64
			for j, v := range y {
				n[bit(x[j] != 0)][bit(v != 0)] += weight(j)
			}
			half := float64(n[0][1] * n[1][0])
			if half == 0 {
				return 0
			}
			return 2 * half / (float64(n[1][1]*n[0][0]) + half)
		}
	case graph.Hamming:
		d.reduced = func(x, y []T) float64 {
			n := 0.0
			for j, v := range y {
				if x[j] != v {
					n += weight(j)
				}
			}
			return n / total(len(y))
		}
	case graph.Canberra:
		d.reduced = func(x, y []T) float64 {
			s := 0.0
			for j, v := range y {
				if den := math.Abs(float64(x[j])) + math.Abs(float64(v)); den > 0 {
					s += math.Abs(float64(x[j]-v)) / den
				}
			}
			return s
		}
	case graph.BrayCurtisSum:
		d.dist, d.unsure = known, true
		d.reduced = func(x, y []T) float64 {
			num, den := 0.0, 0.0
			for j, v := range y {
				num += math.Abs(float64(x[j] - v))
				den += math.Abs(float64(x[j] + v))
			}
			if r := num / den; r == r {
				return r
			}
			return unknown
		}
	case graph.BrayCurtis:
		d.reduced = func(x, y []T) float64 {
			num, den := 0.0, 0.0
			for j, v := range y {
				num += math.Abs(float64(x[j] - v))
				den += math.Abs(float64(x[j])) + math.Abs(float64(v))
			}
			if den > 0 {
				return num / den
			}
			return 0
		}
	case graph.AdditiveChi2:
		d.reduced = func(x, y []T) float64 {
			s := 0.0
			for j, v := range y {
				if sum := float64(x[j]) + float64(v); sum != 0 {
					t := float64(x[j]) - float64(v)
					s += t * t / sum
				}
			}
			return s
		}
	case graph.Haversine:
		d.dist = func(r float64) float64 { return 2 * math.Asin(math.Sqrt(r)) }
		d.reduce = func(r float64) float64 {
			t := math.Sin(0.5 * r)
			return t * t
		}
		d.reduced = func(x, y []T) float64 {
			s0 := math.Sin(0.5 * float64(x[0]-y[0]))
			s1 := math.Sin(0.5 * float64(x[1]-y[1]))
			return float64(s0*s0) + float64(math.Cos(float64(x[0]))*math.Cos(float64(y[0]))*s1*s1)
		}
	case graph.NaNEuclidean:
		d.dist, d.reduce, d.unsure = func(r float64) float64 { return math.Sqrt(known(r)) }, square, true
		d.reduced = func(x, y []T) float64 {
			s, n := 0.0, 0
			for j, v := range y {
				if t := float64(x[j]) - float64(v); t == t {
					s += float64(t * t)
					n++
				}
			}
			if n == 0 {
				return unknown
			}
			return s / float64(n) * float64(len(y))
		}
	default:
		d.reduced = func(x, y []T) float64 {
			both, differ := 0.0, 0.0
			for j, v := range y {
				if a, b := x[j] != 0, v != 0; a && b {
					both += weight(j)
				} else if a != b {
					differ += weight(j)
				}
			}
			return boolean(m.Name, both, differ, total(len(y)))
		}
	}
	if _, single := any(T(0)).(float32); single {
		r, t, u := d.reduced, d.dist, d.reduce
		d.reduced = func(x, y []T) float64 {
			if v := r(x, y); v != unknown {
				return float64(T(v))
			}
			return unknown
		}
		d.dist = func(v float64) float64 { return float64(T(t(v))) }
		d.reduce = func(v float64) float64 { return float64(T(u(v))) }
	}
	return d
}

// boolean is a distance of true and false: both are true so often, they differ so often, of n; or with such weights.
func boolean(name string, both, differ, n float64) float64 {
	switch name {
	case graph.Jaccard:
		if both+differ == 0 {
			return 0
		}
		return differ / (both + differ)
	case graph.Dice:
		if d := float64(2*both) + differ; d != 0 {
			return differ / d
		}
		return math.NaN()
	case graph.Kulsinski:
		return (differ - both + n) / (differ + n)
	case graph.RogersTanimoto, graph.SokalMichener:
		return 2 * differ / (n + differ)
	case graph.RussellRao:
		return (n - both) / n
	case graph.SokalSneath:
		return differ / (float64(0.5*both) + differ)
	}
	return differ / n // matching
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func average[T float](x []T) float64 { return float64(pairwise(x) / T(len(x))) }

// cosineDistance is one less the cosine between two rows, each less its mean. scipy's function, where it is called, takes one
// root of the product, which may vanish.
func cosineDistance[T float](x, y []T, meanX, meanY float64, called bool) float64 {
	xy, xx, yy := 0.0, 0.0, 0.0
	for j, v := range y {
		a, b := float64(x[j])-meanX, float64(v)-meanY
		xy += float64(a * b)
		xx += float64(a * a)
		yy += float64(b * b)
	}
	if called {
		if d := 1 - xy/math.Sqrt(xx*yy); d == d {
			return min(max(d, 0), 2)
		}
		return unknown
	}
	if xx == 0 || yy == 0 {
		return unknown
	}
	cos := xy / float64(math.Sqrt(xx)*math.Sqrt(yy))
	if math.Abs(cos) > 1 {
		cos = math.Copysign(1, cos)
	}
	return 1 - cos
}

func squared[T float](x, y []T) float64 {
	s := 0.0
	for j, v := range y {
		t := float64(x[j] - v)
		s += float64(t * t)
	}
	return s
}

// farPanel holds rows in strips of eight for squared distances: differences first, then squares summed over the
// columns one after the other from 0, whatever the number of rows and the processor.
type farPanel struct{ panel[float64] }

func newFarPanel(y []float64, m, p int) *farPanel {
	f := &farPanel{panel[float64]{k: p, m: m, wide: 8}}
	strips := (m + 7) / 8
	f.data = make([]float64, strips*p*8)
	for r := range m {
		strip := f.data[r/8*p*8:]
		for j := range p {
			strip[j*8+r%8] = y[r*p+j]
		}
	}
	return f
}

// each calls see with the squared distances of tiles of up to four rows, from row at, and eight held rows, from row to:
// tile[r*8+c]. Held rows come in order for each row.
func (f *farPanel) each(x []float64, rows int, see func(at, high, to, wide int, tile *[32]float64)) {
	var tile [32]float64
	for at := 0; at < rows; at += 4 {
		high := min(4, rows-at)
		for s := 0; s*8 < f.m; s++ {
			strip := f.data[s*f.k*8 : (s+1)*f.k*8]
			if high == 4 {
				far4x8(f.k, x[at*f.k:(at+4)*f.k], strip, &tile)
			} else {
				for r := range high {
					far1x8(x[(at+r)*f.k:(at+r+1)*f.k], strip, (*[8]float64)(tile[r*8:]))
				}
			}
			see(at, high, s*8, min(8, f.m-s*8), &tile)
		}
	}
}

// closer calls see with the squared distances that are less than their row's bound, which see may lower: of the row at, to
// the held row to, those of a row in order.
func (f *farPanel) closer(x []float64, rows int, bounds []float64, see func(at, to int, d float64)) {
	var tile [32]float64
	at := 0
	for ; hasAVX512 && f.k > 0 && at+4 <= rows; at += 4 {
		below := (*[4]float64)(bounds[at:])
		xs := x[at*f.k : (at+4)*f.k]
		for s := 0; s*8 < f.m; s++ {
			strip := f.data[s*f.k*8 : (s+1)*f.k*8]
			near := far4x8AVX512(f.k, &xs[0], &strip[0], &tile, below)
			for ; near != 0; near &= near - 1 {
				i := bits.TrailingZeros32(near)
				if to, d := s*8+i%8, tile[i]; to < f.m && d < below[i/8] {
					see(at+i/8, to, d)
				}
			}
		}
	}
	f.each(x[at*f.k:], rows-at, func(from, high, to, wide int, tile *[32]float64) {
		for r := range high {
			for j, d := range tile[r*8 : r*8+wide] {
				if d < bounds[at+from+r] {
					see(at+from+r, to+j, d)
				}
			}
		}
	})
}

// squares writes the squared distances, rows x m.
func (f *farPanel) squares(out, x []float64, rows int) {
	var tile [32]float64
	for s := 0; s*8 < f.m; s++ {
		strip, wide := f.data[s*f.k*8:(s+1)*f.k*8], min(8, f.m-s*8)
		at := 0
		for ; at+4 <= rows; at += 4 {
			far4x8(f.k, x[at*f.k:(at+4)*f.k], strip, &tile)
			for r := range 4 {
				copy(out[(at+r)*f.m+s*8:][:wide], tile[r*8:])
			}
		}
		for ; at < rows; at++ {
			far1x8(x[at*f.k:(at+1)*f.k], strip, (*[8]float64)(tile[:8]))
			copy(out[at*f.m+s*8:][:wide], tile[:])
		}
	}
}

// far4x8 measures 4 rows to a strip of 8.
func far4x8(k int, x, strip []float64, out *[32]float64) {
	if k == 0 {
		clear(out[:])
		return
	}
	if hasAVX {
		far4x8AVX(k, &x[0], &strip[0], out)
		return
	}
	for r := range 4 {
		far1x8(x[r*k:(r+1)*k], strip, (*[8]float64)(out[r*8:]))
	}
}

// far1x8 measures one row to a strip of 8.
func far1x8(x, strip []float64, out *[8]float64) {
	if hasAVX && len(x) > 0 {
		far1x8AVX(len(x), &x[0], &strip[0], out)
		return
	}
	for j := 0; j < 8; j += 4 {
		var a0, a1, a2, a3 float64
		for i, u := range x {
			w := strip[i*8+j : i*8+j+4 : i*8+j+4]
			d0, d1, d2, d3 := u-w[0], u-w[1], u-w[2], u-w[3]
			a0 += float64(d0 * d0)
			a1 += float64(d1 * d1)
			a2 += float64(d2 * d2)
			a3 += float64(d3 * d3)
		}
		out[j], out[j+1], out[j+2], out[j+3] = a0, a1, a2, a3
	}
}
