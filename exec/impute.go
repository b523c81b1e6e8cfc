package exec

import (
	"cmp"
	"math"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var imputeKernels = table{graph.OpKNNImpute: knnImpute, graph.OpRowImpute: rowImpute, graph.OpIfAll: ifAll}

// ifAll chooses for the whole batch.
func ifAll(*node) (kernel, error) {
	return func(c *call) error {
		for _, v := range c.dense(0).U8 {
			if v == 0 {
				c.set(0, c.in(2))
				return nil
			}
		}
		c.set(0, c.in(1))
		return nil
	}, nil
}

// rowImpute fills the missing cells of each row from the row itself.
func rowImpute(n *node) (kernel, error) {
	a := n.Attr.(*graph.RowImputeAttr)
	t := n.inType(0)
	test := missing(a.Missing, t.DType)
	if t.DType.Storage() == tensor.F32 {
		return func(c *call) error { return imputeRows(c, c.dense(0).F32, c.out(0), c.out(0).F32, test, a.Statistic) }, nil
	}
	return func(c *call) error { return imputeRows(c, c.dense(0).F64, c.out(0), c.out(0).F64, test, a.Statistic) }, nil
}

func imputeRows[T float](c *call, x []T, t *tensor.Tensor, out []T, test misser, statistic string) error {
	in, width := c.dense(0), t.Shape[1]
	seen, filled := make([]T, 0, width), make([]T, width)
	for r := range c.rows {
		seen = seen[:0]
		for j := range width {
			i := r*width + j
			out[i], filled[j] = x[i], 0
			if !test(in, i) {
				seen = append(seen, x[i])
				filled[j] = x[i]
			}
		}
		s := math.NaN()
		if !slices.ContainsFunc(seen, func(v T) bool { return v != v }) {
			s = rowStatistic(seen, filled, statistic)
		}
		if s != s {
			return c.refuse("Some rows only contain missing values: [%d]", r)
		}
		for j := range width {
			if i := r*width + j; test(in, i) {
				out[i] = T(s)
			}
		}
	}
	finish(t)
	return nil
}

// rowStatistic is a statistic of the cells of a row, which it sorts; filled has zeros for the others.
func rowStatistic[T float](seen, filled []T, statistic string) float64 {
	n := len(seen)
	if n == 0 {
		return math.NaN()
	}
	if statistic == "mean" {
		return float64(sumPairwise(filled)) / float64(n)
	}
	slices.Sort(seen)
	if statistic == "median" {
		if n%2 == 1 {
			return float64(seen[n/2])
		}
		return float64((seen[n/2-1] + seen[n/2]) / 2)
	}
	best, most := seen[0], 0
	for i := 0; i < n; {
		j := i
		for j < n && seen[j] == seen[i] {
			j++
		}
		if j-i > most {
			best, most = seen[i], j-i
		}
		i = j
	}
	return float64(best)
}

// imputer is what knnImpute prepares.
type imputer struct {
	*graph.KNNImputeAttr
	m, k    int
	filled  []float64 // fitted rows, 0 where missing
	norms   []float64 // of the filled rows
	holes   []float64 // 1 where a fitted cell is missing
	donors  [][]int   // by column, the fitted rows that have a value
	columns []float64 // the mean of each column
}

func newImputer(a *graph.KNNImputeAttr) *imputer {
	p := &imputer{KNNImputeAttr: a, m: a.Fit.Shape[0], k: a.Fit.Shape[1]}
	p.filled, p.holes = make([]float64, len(a.Known)), make([]float64, len(a.Known))
	p.norms, p.donors, p.columns = make([]float64, p.m), make([][]int, p.k), make([]float64, p.k)
	for i, known := range a.Known {
		if known {
			p.filled[i] = a.Fit.F64[i]
			p.donors[i%p.k] = append(p.donors[i%p.k], i/p.k)
		} else {
			p.holes[i] = 1
		}
	}
	for i := range p.norms {
		row := p.filled[i*p.k : (i+1)*p.k]
		if !a.Columns {
			p.norms[i] = lanes(row, func(v float64) float64 { return float64(v * v) })
			continue
		}
		for _, v := range row {
			p.norms[i] += float64(v * v)
		}
	}
	for j := range p.columns {
		col := make([]float64, p.m)
		for i := range col {
			col[i] = p.filled[i*p.k+j]
		}
		p.columns[j] = sumPairwise(col) / float64(len(p.donors[j]))
	}
	return p
}

// dotFMA is how BLAS multiplies short rows.
func dotFMA(x, y []float64) float64 {
	s := 0.0
	for i, v := range x {
		s = math.FMA(v, y[i], s)
	}
	return s
}

// distances writes the distance to each fitted row, NaN where no column is known in both. Steps are rounded to T,
// products are float64.
func distances[T float](p *imputer, dst []T, row, hole []float64, squares []T) {
	norm := lanes(row, func(v float64) float64 { return float64(v * v) })
	for j, v := range row {
		squares[j] = T(v) * T(v)
	}
	for i := range dst {
		y, miss := p.filled[i*p.k:(i+1)*p.k], p.holes[i*p.k:(i+1)*p.k]
		d64 := -2 * dotFMA(row, y)
		d64 += norm
		d64 += p.norms[i]
		d := max(T(d64), 0)
		var mine, theirs T
		count := 0
		for j, v := range y {
			switch {
			case miss[j] != 0:
				mine += squares[j]
			case hole[j] == 0:
				count++
			}
			if hole[j] != 0 {
				theirs += T(T(v) * T(v))
			}
		}
		d -= mine
		d -= theirs
		d = max(d, 0)
		if count == 0 {
			dst[i] = T(nan)
			continue
		}
		d = T(float64(d) / float64(count))
		d *= T(p.k)
		dst[i] = T(math.Sqrt(float64(d)))
	}
}

// impute1 returns the value of one cell from the donors of its column; false where the choice of donors is not defined.
func impute1[T float](p *imputer, j int, dist []T, near []int) (float64, bool) {
	donors := p.donors[j]
	all := true
	for _, i := range donors {
		all = all && dist[i] != dist[i]
	}
	if all {
		return p.columns[j], true
	}
	near = append(near[:0], donors...)
	slices.SortStableFunc(near, func(a, b int) int {
		x, y := dist[a], dist[b]
		if x != x || y != y {
			return cmp.Compare(boolInt(x != x), boolInt(y != y))
		}
		return cmp.Compare(x, y)
	})
	n := min(p.Neighbours, len(near))
	if undefined := func(i int) bool { return dist[near[i]] != dist[near[i]] }; p.Undefined && n < len(near) && undefined(n-1) {
		return 0, false // which of them count is a matter of numpy's partial sort
	}
	near = near[:n]
	infinite := func(d T) bool { return math.IsInf(float64(1/d), 0) }
	zero := false
	for _, i := range near {
		zero = zero || infinite(dist[i])
	}
	var sum, weights T
	for _, i := range near {
		w := T(1)
		switch d := dist[i]; {
		case d != d && !p.Undefined:
			w = 0
		case !p.ByDistance:
		case zero && !infinite(d):
			w = 0
		case !zero:
			w = 1 / d
		}
		sum += T(T(p.Fit.F64[i*p.k+j]) * w)
		weights += w
	}
	return float64(sum / weights), true
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// knnImpute fills missing cells; distances are those of the row as it came.
func knnImpute(n *node) (kernel, error) {
	a := n.Attr.(*graph.KNNImputeAttr)
	p := newImputer(a)
	n.costs(float64(p.m * p.k))
	if a.Single && n.inType(0).DType == tensor.Float32 {
		return knnImputer(n, p, func(c *call, n int) []float32 { return c.f32s(n) }), nil
	}
	return knnImputer(n, p, func(c *call, n int) []float64 { return c.f64s(n) }), nil
}

func knnImputer[T float](n *node, p *imputer, room func(*call, int) []T) kernel {
	test := missing(p.Missing, n.inType(0).DType)
	return func(c *call) error {
		x, out := c.dense(0), c.out(0)
		copyAt(out, 0, x)
		row, hole, squares, dist := c.f64s(p.k), c.f64s(p.k), room(c, p.k), room(c, p.m)
		near := c.ints(p.m)
		for r := range c.rows {
			need := false
			for j := range row {
				i := r*p.k + j
				hole[j] = 0
				if row[j], _ = x.Float(i); test(x, i) {
					row[j], hole[j] = 0, 1
					need = need || p.Valid[j]
				}
			}
			if !need {
				continue
			}
			distances(p, dist, row, hole, squares)
			for j := range row {
				if hole[j] == 0 || !p.Valid[j] {
					continue
				}
				v, ok := impute1(p, j, dist, near)
				if !ok {
					return c.refuse("row %d shares known columns with fewer than %d fitted rows: which others fill column %d was a matter of numpy's partial sort before scikit-learn 1.6", r, p.Neighbours, j)
				}
				i := r*p.k + j
				if out.DType == tensor.Float64 {
					out.F64[i] = v
				} else {
					out.F32[i] = float32(v)
				}
			}
		}
		finish(out)
		return nil
	}
}
