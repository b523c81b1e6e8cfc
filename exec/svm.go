package exec

import (
	"math"
	"slices"

	"github.com/larder-ml/larder/graph"
)

var svmKernels = table{
	graph.OpSVMDecision:      svmDecision,
	graph.OpPairwiseCoupling: pairwiseCoupling,
	graph.OpOvrScale:         ovrScale,
}

// svmTile is how many rows share one pass over the support vectors.
const svmTile = 16

func svmDecision(n *node) (kernel, error) {
	a := n.Attr.(*graph.SVMAttr)
	s := a.Coef.Cols()
	p := n.inType(0).Width()
	n.costs(float64(s) * (10 + float64(p)))
	sum, sum4 := svmSums(a), svmSums4(a)
	width := a.Pairs()
	if a.Kernel == graph.SVMPrecomputed {
		return func(c *call) error {
			x, out := c.dense(0).F64, c.out(0).F64
			for i := range c.rows {
				sum(x[i*s:(i+1)*s], out[i*width:(i+1)*width])
			}
			return nil
		}, nil
	}
	if a.Sparse != nil {
		return svmSparse(a, p, sum), nil
	}
	if n.inType(0).Kind != graph.Dense {
		return nil, n.errorf("a sparse input for dense support vectors")
	}
	values := svmDense(a)
	return func(c *call) error {
		x, out := c.dense(0).F64, c.out(0).F64
		k := c.f64s(svmTile * s)
		for i := 0; i < c.rows; i += svmTile {
			m := min(svmTile, c.rows-i)
			values(x[i*p:(i+m)*p], m, k)
			r := 0
			for ; r+4 <= m; r += 4 {
				sum4(k[r*s:(r+4)*s], out[(i+r)*width:(i+r+4)*width])
			}
			for ; r < m; r++ {
				sum(k[r*s:(r+1)*s], out[(i+r)*width:(i+r+1)*width])
			}
		}
		return nil
	}, nil
}

// svmSums returns what adds the weighted kernel values of a row in libsvm's order.
func svmSums(a *graph.SVMAttr) func(k, out []float64) {
	coef, s := a.Coef.F64, a.Coef.Cols()
	if a.Count == nil {
		return func(k, out []float64) {
			sum := 0.0
			for i, v := range k {
				sum += float64(coef[i] * v)
			}
			out[0] = sum + a.Intercept[0]
		}
	}
	classes := len(a.Count)
	start := make([]int, classes+1)
	for i, c := range a.Count {
		start[i+1] = start[i] + c
	}
	return func(k, out []float64) {
		p := 0
		for i := range classes {
			for j := i + 1; j < classes; j++ {
				sum := 0.0
				w := coef[(j-1)*s : j*s]
				for v := start[i]; v < start[i+1]; v++ {
					sum += float64(w[v] * k[v])
				}
				w = coef[i*s : (i+1)*s]
				for v := start[j]; v < start[j+1]; v++ {
					sum += float64(w[v] * k[v])
				}
				out[p] = sum + a.Intercept[p]
				p++
			}
		}
	}
}

// svmSums4 is svmSums for four rows at once.
func svmSums4(a *graph.SVMAttr) func(k, out []float64) {
	coef, s, width := a.Coef.F64, a.Coef.Cols(), a.Pairs()
	part := func(w, k []float64, from, to int, sums *[4]float64) {
		s0, s1, s2, s3 := sums[0], sums[1], sums[2], sums[3]
		w = w[from:to]
		k0, k1, k2, k3 := k[from:to], k[s+from:s+to], k[2*s+from:2*s+to], k[3*s+from:3*s+to]
		for v, u := range w {
			s0 += float64(u * k0[v])
			s1 += float64(u * k1[v])
			s2 += float64(u * k2[v])
			s3 += float64(u * k3[v])
		}
		sums[0], sums[1], sums[2], sums[3] = s0, s1, s2, s3
	}
	store := func(out []float64, p int, sums [4]float64) {
		for r, v := range sums {
			out[r*width+p] = v + a.Intercept[p]
		}
	}
	if a.Count == nil {
		return func(k, out []float64) {
			var sums [4]float64
			part(coef, k, 0, s, &sums)
			store(out, 0, sums)
		}
	}
	classes := len(a.Count)
	start := make([]int, classes+1)
	for i, c := range a.Count {
		start[i+1] = start[i] + c
	}
	return func(k, out []float64) {
		p := 0
		for i := range classes {
			for j := i + 1; j < classes; j++ {
				var sums [4]float64
				part(coef[(j-1)*s:j*s], k, start[i], start[i+1], &sums)
				part(coef[i*s:(i+1)*s], k, start[j], start[j+1], &sums)
				store(out, p, sums)
				p++
			}
		}
	}
}

// svmDense returns what computes the kernel of m dense rows with every support vector: k [m,s].
func svmDense(a *graph.SVMAttr) func(x []float64, m int, k []float64) {
	sv, s, p := a.Vectors.F64, a.Vectors.Rows(), a.Vectors.Cols()
	from := svmFrom(a)
	if a.Kernel == graph.SVMRBF {
		far := newFarPanel(sv, s, p)
		return func(x []float64, m int, k []float64) {
			far.squares(k, x, m)
			from(k[:m*s])
		}
	}
	dots := newPanel(sv, p, s, true)
	return func(x []float64, m int, k []float64) {
		dots.product(k, x, m)
		from(k[:m*s])
	}
}

// svmFrom returns what turns squared distances (rbf) or products into kernel values, in place.
func svmFrom(a *graph.SVMAttr) func(k []float64) {
	gamma, coef0 := a.Gamma, a.Coef0
	switch a.Kernel {
	case graph.SVMRBF:
		return func(k []float64) {
			for i, d := range k {
				k[i] = -gamma * d
			}
			exps(k, k)
		}
	case graph.SVMPoly:
		return func(k []float64) {
			for i, d := range k {
				k[i] = powi(float64(gamma*d)+coef0, a.Degree)
			}
		}
	case graph.SVMSigmoid:
		return func(k []float64) {
			for i, d := range k {
				k[i] = math.Tanh(float64(gamma*d) + coef0)
			}
		}
	}
	return func([]float64) {}
}

// powi is libsvm's: square and multiply, low bit first.
func powi(base float64, times int) float64 {
	ret := 1.0
	for tmp := base; times > 0; times /= 2 {
		if times%2 == 1 {
			ret *= tmp
		}
		tmp *= tmp
	}
	return ret
}

// svmSparse runs a machine with sparse support vectors on sparse or dense rows: entries in order of column.
func svmSparse(a *graph.SVMAttr, p int, sum func(k, out []float64)) kernel {
	sv, s, width := a.Sparse, a.Sparse.Rows, a.Pairs()
	from := svmFrom(a)
	return func(c *call) error {
		out := c.out(0).F64
		k, row := c.f64s(s), c.f64s(p)
		room := c.i32s(p)
		for i := range c.rows {
			clear(row)
			cols := room[:0]
			if x := c.csr(0); x != nil {
				cols = append(cols, x.Indices[x.Indptr[i]:x.Indptr[i+1]]...)
				for e := x.Indptr[i]; e < x.Indptr[i+1]; e++ {
					row[x.Indices[e]] += x.Data.F64[e]
				}
				cols = sortedColumns(cols)
			} else {
				for j, v := range c.dense(0).F64[i*p : (i+1)*p] {
					if v != 0 {
						row[j] = v
						cols = append(cols, int32(j))
					}
				}
			}
			for v := range s {
				at, end := sv.Indptr[v], sv.Indptr[v+1]
				if a.Kernel == graph.SVMRBF {
					k[v] = mergeSquares(row, cols, sv.Indices[at:end], sv.Data.F64[at:end])
					continue
				}
				d := 0.0
				for e := at; e < end; e++ {
					d += float64(row[sv.Indices[e]] * sv.Data.F64[e])
				}
				k[v] = d
			}
			from(k)
			sum(k, out[i*width:(i+1)*width])
		}
		return nil
	}
}

// sortedColumns sorts the columns of a row and drops repeated ones. Rows are sorted already in most matrices.
func sortedColumns(cols []int32) []int32 {
	if !slices.IsSorted(cols) {
		slices.Sort(cols)
	}
	return slices.Compact(cols)
}

// mergeSquares is the squared distance of two sparse rows, in order of column.
func mergeSquares(row []float64, cols, idx []int32, val []float64) float64 {
	s := 0.0
	i := 0
	for e, j := range idx {
		for i < len(cols) && cols[i] < j {
			s += float64(row[cols[i]] * row[cols[i]])
			i++
		}
		d := val[e]
		if i < len(cols) && cols[i] == j {
			d = row[j] - val[e]
			i++
		}
		s += float64(d * d)
	}
	for ; i < len(cols); i++ {
		s += float64(row[cols[i]] * row[cols[i]])
	}
	return s
}

// pairwiseCoupling is libsvm's svm_predict_probability behind the decisions.
func pairwiseCoupling(n *node) (kernel, error) {
	a := n.Attr.(*graph.CouplingAttr)
	k := a.Classes
	n.costs(float64(50 * k * k))
	return func(c *call) error {
		d, out := c.dense(0), c.out(0)
		r, q, qp := c.f64s(k*k), c.f64s(k*k), c.f64s(k)
		for i := range c.rows {
			row := d.F64[i*len(a.A) : (i+1)*len(a.A)]
			at := 0
			for s := range k {
				for t := s + 1; t < k; t++ {
					p := sigmoidPredict(row[at], a.A[at], a.B[at])
					if !(p > 1e-7) { // NaN, too
						p = 1e-7
					}
					p = math.Min(p, 1-1e-7)
					r[s*k+t], r[t*k+s] = p, 1-p
					at++
				}
			}
			couple(k, r, q, qp, out.F64[i*k:(i+1)*k])
		}
		return nil
	}, nil
}

func sigmoidPredict(d, a, b float64) float64 {
	f := float64(d*a) + b
	if f >= 0 {
		return exp(-f) / (1 + exp(-f))
	}
	return 1 / (1 + exp(f))
}

// couple is libsvm's multiclass_probability: method 2 of Wu, Lin and Weng.
func couple(k int, r, q, qp, p []float64) {
	for t := range k {
		p[t] = 1 / float64(k)
		q[t*k+t] = 0
		for j := range k {
			if j != t {
				q[t*k+t] += float64(r[j*k+t] * r[j*k+t])
			}
			if j < t {
				q[t*k+j] = q[j*k+t]
			} else if j > t {
				q[t*k+j] = float64(-r[j*k+t] * r[t*k+j])
			}
		}
	}
	eps := 0.005 / float64(k)
	for range max(100, k) {
		pqp := 0.0
		for t := range k {
			qp[t] = 0
			for j := range k {
				qp[t] += float64(q[t*k+j] * p[j])
			}
			pqp += float64(p[t] * qp[t])
		}
		worst := 0.0
		for t := range k {
			worst = max(worst, math.Abs(qp[t]-pqp))
		}
		if worst < eps {
			return
		}
		for t := range k {
			diff := (-qp[t] + pqp) / q[t*k+t]
			p[t] += diff
			pqp = (pqp + float64(diff*(float64(diff*q[t*k+t])+float64(2*qp[t])))) / (1 + diff) / (1 + diff)
			for j := range k {
				qp[j] = (qp[j] + float64(diff*q[t*k+j])) / (1 + diff)
				p[j] /= 1 + diff
			}
		}
	}
}

func ovrScale(*node) (kernel, error) {
	return func(c *call) error {
		votes, sums, out := c.dense(0).F64, c.dense(1).F64, c.out(0).F64
		copy(out, votes)
		if len(sums) == 0 {
			return nil
		}
		lo, hi := sums[0], sums[0]
		for _, s := range sums {
			lo, hi = math.Min(lo, s), math.Max(hi, s)
		}
		if lo == hi {
			return nil
		}
		scale := (0.5 - 0x1p-52) / math.Max(math.Abs(hi), math.Abs(lo))
		for i, s := range sums {
			out[i] = votes[i] + float64(s*scale)
		}
		return nil
	}, nil
}
