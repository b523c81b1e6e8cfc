package exec

import (
	"cmp"
	"math"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var imputeKernels = table{graph.OpKNNImpute: knnImpute, graph.OpIfAll: ifAll}

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
		p.norms[i] = lanes(row, func(v float64) float64 { return float64(v * v) })
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

// distances writes the distance to each fitted row, NaN where no column is known in both.
func (p *imputer) distances(dst, row, hole, squares []float64) {
	norm := lanes(row, func(v float64) float64 { return float64(v * v) })
	for j, v := range row {
		squares[j] = v * v
	}
	for i := range dst {
		y, miss := p.filled[i*p.k:(i+1)*p.k], p.holes[i*p.k:(i+1)*p.k]
		d := -2 * dotFMA(row, y)
		d += norm
		d += p.norms[i]
		d = max(d, 0)
		lost, count := 0.0, 0
		for j, v := range y {
			if miss[j] != 0 {
				lost += squares[j]
			} else if hole[j] == 0 {
				count++
			}
			_ = v
		}
		d -= lost
		lost = 0
		for j, v := range y {
			if hole[j] != 0 {
				lost += float64(v * v)
			}
		}
		d -= lost
		d = max(d, 0)
		if count == 0 {
			dst[i] = nan
			continue
		}
		d /= float64(count)
		d *= float64(p.k)
		dst[i] = math.Sqrt(d)
	}
}

// value imputes one cell from the donors of its column.
func (p *imputer) value(j int, dist []float64, near []int) float64 {
	donors := p.donors[j]
	all := true
	for _, i := range donors {
		all = all && dist[i] != dist[i]
	}
	if all {
		return p.columns[j]
	}
	near = append(near[:0], donors...)
	slices.SortStableFunc(near, func(a, b int) int {
		x, y := dist[a], dist[b]
		switch {
		case x != x || y != y:
			return cmp.Compare(boolInt(x != x), boolInt(y != y))
		}
		return cmp.Compare(x, y)
	})
	near = near[:min(p.Neighbours, len(near))]
	zero := false
	for _, i := range near {
		zero = zero || 1/dist[i] == math.Inf(1)
	}
	sum, weights := 0.0, 0.0
	for _, i := range near {
		w := 1.0
		switch d := dist[i]; {
		case d != d:
			w = 0
		case !p.ByDistance:
		case zero && !math.IsInf(1/d, 1):
			w = 0
		case !zero:
			w = 1 / d
		}
		sum += float64(p.Fit.F64[i*p.k+j] * w)
		weights += w
	}
	return sum / weights
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
	test := missing(a.Missing, n.inType(0).DType)
	n.costs(float64(p.m * p.k))
	return func(c *call) error {
		x, out := c.dense(0), c.out(0)
		copyAt(out, 0, x)
		row, hole, squares, dist := c.f64s(p.k), c.f64s(p.k), c.f64s(p.k), c.f64s(p.m)
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
			p.distances(dist, row, hole, squares)
			for j := range row {
				if hole[j] == 0 || !p.Valid[j] {
					continue
				}
				v, i := p.value(j, dist, near), r*p.k+j
				if out.DType == tensor.Float64 {
					out.F64[i] = v
				} else {
					out.F32[i] = float32(v)
				}
			}
		}
		finish(out)
		return nil
	}, nil
}
