package exec

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var neighborKernels = table{
	graph.OpKNeighbors:      kNeighbors,
	graph.OpRadiusNeighbors: radiusNeighbors,
	graph.OpRaggedReduce:    raggedReduce,
	graph.OpNeighborGraph:   neighborGraph,
	graph.OpKernelDensity:   kernelDensity,
}

// nearest finds neighbours of the rows of a block. visit is called for each row with every fitted row that may be
// near, in scikit-learn's order, and its reduced distance; limit is asked for what is still near enough.
type nearest struct {
	dist func(reduced float64) float64
	near func(c *call, want wanted)
}

// wanted is what a search is for: the k nearest, when heaps is not nil, or all within a radius.
type wanted struct {
	from    int // of the rows
	to      int
	k       int
	values  []float64 // [rows,k]
	indices []int64
	last    bool                                        // NaN is farther than any distance, as numpy sorts it
	found   func(row int, index int64, reduced float64) // in a radius
	radius  float64                                     // reduced
}

const slowSelect = "more than %d distances with too many equals to select from"

const slowSort = "scikit-learn before 1.9 sorts %d neighbours by a quicksort whose time on these distances is quadratic"

func kNeighbors(n *node) (kernel, error) {
	a := n.Attr.(*graph.NeighborsAttr)
	if a.Rows() == 0 {
		return kGiven(n, a), nil
	}
	s := newSearch(n, a)
	return func(c *call) error {
		w := wanted{to: c.rows, k: a.K, values: c.out(0).F64, indices: c.out(1).I64}
		w.last = a.Tree == nil && (a.Metric.Name == graph.SokalSneath || a.Metric.Name == graph.Dice) // of two rows of zeros
		if a.Choice == graph.ChooseNumpy {
			if !chooseNumpy(c, s, w, a.Rows()) {
				return c.refuse(slowSelect, a.Rows())
			}
		} else {
			emptyHeaps(w.values, w.indices)
			s.near(c, w)
			for i := 0; i < len(w.values); i += a.K {
				values, indices := w.values[i:i+a.K], w.indices[i:i+a.K]
				if a.Choice == graph.ChooseMerged && c.batch <= a.Merged {
					merge(c, values, indices)
				}
				if !sortNearest(values, indices, a.QuickSort) {
					return c.refuse(slowSort, a.K)
				}
			}
		}
		for i, d := range w.values {
			if w.values[i] = s.dist(d); w.last && d == math.MaxFloat64 {
				w.values[i] = math.NaN()
			}
		}
		return nil
	}, nil
}

// emptyHeaps empties heaps.
func emptyHeaps(values []float64, indices []int64) {
	for i := range values {
		values[i] = math.Inf(1)
	}
	clear(indices)
}

// merge pushes a heap onto an empty one.
func merge(c *call, values []float64, indices []int64) {
	v, x := c.f64s(len(values)), make([]int64, len(values))
	copy(v, values)
	copy(x, indices)
	emptyHeaps(values, indices)
	for j, d := range v {
		pushNearest(values, indices, d, x[j])
	}
}

// chooseNumpy finds the nearest of m as numpy's selection and sort of all of them do. Where no two are at one distance, the
// heap finds the same. It reports false of more than are sorted here.
func chooseNumpy(c *call, s nearest, w wanted, m int) bool {
	more := w
	more.k = min(w.k+1, m)
	more.values, more.indices = c.f64s(c.rows*more.k), make([]int64, c.rows*more.k)
	emptyHeaps(more.values, more.indices)
	s.near(c, more)
	all, order := c.f64s(m), c.ints(m)
	for i := range c.rows {
		values, indices := more.values[i*more.k:(i+1)*more.k], more.indices[i*more.k:(i+1)*more.k]
		sortNearest(values, indices, false)
		if ascending(values) {
			copy(w.values[i*w.k:], values[:w.k])
			copy(w.indices[i*w.k:], indices[:w.k])
			continue
		}
		one := w
		one.from, one.to, one.radius = i, i+1, math.Inf(1)
		one.found = func(_ int, index int64, d float64) { all[index] = d }
		s.near(c, one)
		if !pickNumpy(all, order, w.values[i*w.k:(i+1)*w.k], w.indices[i*w.k:(i+1)*w.k]) {
			return false
		}
	}
	return true
}

func ascending(v []float64) bool {
	for i := 1; i < len(v); i++ {
		if !(v[i-1] < v[i]) {
			return false
		}
	}
	return true
}

// pickNumpy picks the smallest of all, as many as values holds. order is scratch.
func pickNumpy(all []float64, order []int, values []float64, indices []int64) bool {
	for i := range order {
		order[i] = i
	}
	k := len(values)
	if !selectNumpy(all, order, k-1) || !argsortNumpy(all, order[:k]) {
		return false
	}
	for i, at := range order[:k] {
		values[i], indices[i] = all[at], int64(at)
	}
	return true
}

// kGiven picks the k smallest of distances given.
func kGiven(n *node, a *graph.NeighborsAttr) kernel {
	if n.inType(0).Kind == graph.CSR {
		return func(c *call) error {
			x, dist, idx := c.csr(0), c.out(0).F64, c.out(1).I64
			for i := range c.rows {
				from, to := x.Indptr[i], x.Indptr[i+1]
				if to-from < a.K {
					return c.refuse("%d neighbors per samples are required, but some samples have only %d neighbors in precomputed graph matrix. Decrease number of neighbors used or recompute the graph with more neighbors.", a.K, to-from)
				}
				order := sortedEntries(c, x, from, to)
				for j := range a.K {
					dist[i*a.K+j], idx[i*a.K+j] = x.Data.F64[from+order[j]], int64(x.Indices[from+order[j]])
				}
			}
			return nil
		}
	}
	m := n.inType(0).Width()
	return func(c *call) error {
		x, dist, idx, order := c.dense(0).F64, c.out(0).F64, c.out(1).I64, c.ints(m)
		for i := range c.rows {
			if !pickNumpy(x[i*m:(i+1)*m], order, dist[i*a.K:(i+1)*a.K], idx[i*a.K:(i+1)*a.K]) {
				return c.refuse(slowSelect, m)
			}
		}
		return nil
	}
}

// sortedEntries orders a sparse row's entries by value, equals as they stand.
func sortedEntries(c *call, x *tensor.Sparse, from, to int) []int {
	order := c.ints(to - from)
	for j := range order {
		order[j] = j
	}
	v := x.Data.F64[from:to]
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case v[a] < v[b]:
			return -1
		case v[a] > v[b]:
			return 1
		}
		return 0
	})
	return order
}

func newSearch(n *node, a *graph.NeighborsAttr) nearest {
	p, m := n.inType(0).Width(), a.Rows()
	switch {
	case a.Tree != nil:
		t := newTree(a.Tree)
		n.costs(float64(p) * 100 * math.Log2(float64(m)+2))
		return nearest{t.metric.dist, func(c *call, w wanted) {
			x := c.dense(0).F64
			for i := w.from; i < w.to; i++ {
				pt := x[i*p : (i+1)*p]
				if w.found == nil {
					h := nearestHeap{w.values[i*w.k : (i+1)*w.k], w.indices[i*w.k : (i+1)*w.k]}
					t.query(0, pt, h, t.minReduced(0, pt))
				} else {
					t.within(0, pt, w.radius, t.metric.reduce(w.radius), func(index int64, d float64) { w.found(i, index, d) })
				}
			}
		}}
	case a.Sparse != nil:
		n.costs(float64(len(a.Sparse.Indices)))
		return sparseSearch(a, p, m)
	}
	n.costs(float64(m) * (3 + float64(p)/2))
	euclid := a.Metric.Name == graph.Euclidean
	switch {
	case euclid && a.Data.DType == tensor.Float64:
		return farSearch(newFarPanel(a.Data.F64, m, p), func(c *call) []float64 { return c.dense(0).F64 })
	case euclid:
		y := make([]float64, len(a.Data.F32))
		for i, v := range a.Data.F32 {
			y[i] = float64(v)
		}
		return farSearch(newFarPanel(y, m, p), func(c *call) []float64 {
			x := c.f64s(c.rows * p)
			for i, v := range c.dense(0).F32 {
				x[i] = float64(v)
			}
			return x
		})
	case a.Data.DType == tensor.Float64:
		return plainSearch(newMetric[float64](a.Metric), a.Data.F64, p, m, func(c *call) []float64 { return c.dense(0).F64 })
	}
	return plainSearch(newMetric[float32](a.Metric), a.Data.F32, p, m, func(c *call) []float32 { return c.dense(0).F32 })
}

// farSearch measures squared Euclidean distances in tiles.
func farSearch(far *farPanel, rows func(*call) []float64) nearest {
	return nearest{math.Sqrt, func(c *call, w wanted) {
		if w.found == nil {
			bounds := c.f64s(c.rows)
			for r := range bounds {
				bounds[r] = w.values[r*w.k]
			}
			far.closer(rows(c), c.rows, bounds, func(at, to int, d float64) {
				v := w.values[at*w.k : (at+1)*w.k]
				pushNearest(v, w.indices[at*w.k:(at+1)*w.k], d, int64(to))
				bounds[at] = v[0]
			})
			return
		}
		radius := w.radius * w.radius
		far.each(rows(c)[w.from*far.k:], w.to-w.from, func(at, high, to, wide int, tile *[32]float64) {
			for r := range high {
				for j, d := range tile[r*8 : r*8+wide] {
					if d <= radius {
						w.found(w.from+at+r, int64(to+j), d)
					}
				}
			}
		})
	}}
}

// plainSearch measures any metric row by row.
func plainSearch[T float](d metric[T], y []T, p, m int, rows func(*call) []T) nearest {
	return nearest{d.dist, func(c *call, w wanted) {
		x, radius := rows(c), d.reduce(w.radius)
		for i := w.from; i < w.to; i++ {
			pt := x[i*p : (i+1)*p]
			for j := range m {
				w.see(i, int64(j), d.reduced(pt, y[j*p:(j+1)*p]), radius)
			}
		}
	}}
}

func (w *wanted) see(row int, index int64, d, radius float64) {
	if w.last && d != d {
		d = math.MaxFloat64
	}
	if w.found == nil {
		pushNearest(w.values[row*w.k:(row+1)*w.k], w.indices[row*w.k:(row+1)*w.k], d, index)
	} else if d <= radius {
		w.found(row, index, d)
	}
}

// sparseSearch measures sparse rows: by their products where the metric is one, others on rows written out.
func sparseSearch(a *graph.NeighborsAttr, p, m int) nearest {
	y := a.Sparse
	norms := make([]float64, m) // squared
	for j := range m {
		for _, v := range y.Data.F64[y.Indptr[j]:y.Indptr[j+1]] {
			norms[j] += float64(v * v)
		}
	}
	switch {
	case a.Metric.Name == graph.Euclidean && !a.Direct:
		return productSearch(y, p, m, false, math.Sqrt, square, func(dot, norm float64, j int) float64 {
			return math.Max(float64(-2*dot)+norm+norms[j], 0)
		})
	case a.Metric.Name == graph.Cosine:
		unit := &tensor.Sparse{Rows: m, Cols: p, Indptr: y.Indptr, Indices: y.Indices, Data: tensor.New(tensor.Float64, len(y.Indices))}
		for j := range m {
			for e := y.Indptr[j]; e < y.Indptr[j+1]; e++ {
				unit.Data.F64[e] = y.Data.F64[e] / unitNorm(norms[j])
			}
		}
		return productSearch(unit, p, m, true, asIs, asIs, func(dot, _ float64, _ int) float64 {
			return math.Min(math.Max(1-dot, 0), 2)
		})
	}
	d := newMetric[float64](a.Metric)
	return nearest{d.dist, func(c *call, w wanted) {
		x, pt, other, radius := c.csr(0), c.f64s(p), c.f64s(p), d.reduce(w.radius)
		for i := w.from; i < w.to; i++ {
			writeRow(pt, x, i)
			for j := range m {
				writeRow(other, y, j)
				w.see(i, int64(j), d.reduced(pt, other), radius)
			}
		}
	}}
}

// unitNorm is the norm rows are divided by: 1 for rows of zeros.
func unitNorm(squared float64) float64 {
	if squared == 0 {
		return 1
	}
	return math.Sqrt(squared)
}

// productSearch makes distances of sparse products, each summed over the held row's entries in order. unit divides
// rows by their norm first.
func productSearch(y *tensor.Sparse, p, m int, unit bool, dist, reduce func(float64) float64, of func(dot, norm float64, j int) float64) nearest {
	return nearest{dist, func(c *call, w wanted) {
		x, row, radius := c.csr(0), c.f64s(p), reduce(w.radius)
		for i := w.from; i < w.to; i++ {
			from, to := x.Indptr[i], x.Indptr[i+1]
			norm, by := 0.0, 1.0
			for _, v := range x.Data.F64[from:to] {
				norm += float64(v * v)
			}
			if unit {
				by = unitNorm(norm)
			}
			clear(row)
			for e := from; e < to; e++ {
				row[x.Indices[e]] += x.Data.F64[e] / by
			}
			for j := range m {
				dot := 0.0
				for e := y.Indptr[j]; e < y.Indptr[j+1]; e++ {
					dot += float64(row[y.Indices[e]] * y.Data.F64[e])
				}
				w.see(i, int64(j), of(dot, norm, j), radius)
			}
		}
	}}
}

func writeRow(row []float64, x *tensor.Sparse, i int) {
	clear(row)
	for e := x.Indptr[i]; e < x.Indptr[i+1]; e++ {
		row[x.Indices[e]] += x.Data.F64[e]
	}
}

func radiusNeighbors(n *node) (kernel, error) {
	a := n.Attr.(*graph.NeighborsAttr)
	finish := func(out *tensor.Ragged, from int) bool {
		return !a.Sort || sortNearest(out.Dist.F64[from:], out.Indices[from:], a.QuickSort)
	}
	if a.Rows() == 0 {
		return radiusGiven(n, a, finish), nil
	}
	s := newSearch(n, a)
	return func(c *call) error {
		out := c.result(0).Ragged
		row, from, sorted := 0, 0, true
		close := func(next int) {
			for ; row < next; row++ {
				sorted = finish(out, from) && sorted
				from = len(out.Indices)
				out.Indptr[row+1] = from
			}
		}
		w := wanted{to: c.rows, radius: a.Radius, found: func(i int, index int64, d float64) {
			close(i)
			out.Indices = append(out.Indices, index)
			out.Dist.F64 = append(out.Dist.F64, s.dist(d))
		}}
		if a.Tree == nil && a.Data != nil && a.Metric.Name == graph.Euclidean {
			return radiusTiles(c, s, w, out, a, finish)
		}
		s.near(c, w)
		if close(c.rows); !sorted {
			return c.refuse(slowSort, a.Rows())
		}
		return nil
	}, nil
}

// radiusTiles collects what comes four rows at a time.
func radiusTiles(c *call, s nearest, w wanted, out *tensor.Ragged, a *graph.NeighborsAttr, finish func(*tensor.Ragged, int) bool) error {
	type hit struct {
		index int64
		d     float64
	}
	rows := make([][]hit, c.rows)
	w.found = func(i int, index int64, d float64) { rows[i] = append(rows[i], hit{index, d}) }
	s.near(c, w)
	for i, hits := range rows {
		from := len(out.Indices)
		for _, h := range hits {
			out.Indices = append(out.Indices, h.index)
			out.Dist.F64 = append(out.Dist.F64, s.dist(h.d))
		}
		if !finish(out, from) {
			return c.refuse(slowSort, len(hits))
		}
		out.Indptr[i+1] = len(out.Indices)
	}
	return nil
}

// radiusGiven picks from distances given.
func radiusGiven(n *node, a *graph.NeighborsAttr, finish func(*tensor.Ragged, int) bool) kernel {
	m := n.inType(0).Width()
	sparse := n.inType(0).Kind == graph.CSR
	return func(c *call) error {
		out := c.result(0).Ragged
		add := func(index int64, d float64) {
			if d <= a.Radius {
				out.Indices = append(out.Indices, index)
				out.Dist.F64 = append(out.Dist.F64, d)
			}
		}
		for i := range c.rows {
			from := len(out.Indices)
			if sparse {
				x := c.csr(0)
				first := x.Indptr[i]
				for _, e := range sortedEntries(c, x, first, x.Indptr[i+1]) {
					add(int64(x.Indices[first+e]), x.Data.F64[first+e])
				}
			} else {
				for j, d := range c.dense(0).F64[i*m : (i+1)*m] {
					add(int64(j), d)
				}
			}
			if !finish(out, from) {
				return c.refuse(slowSort, len(out.Indices)-from)
			}
			out.Indptr[i+1] = len(out.Indices)
		}
		return nil
	}
}

func raggedReduce(n *node) (kernel, error) {
	a := n.Attr.(*graph.RaggedReduceAttr)
	return func(c *call) error {
		r, out := c.in(0).Ragged, c.out(0)
		if a.Empty != "" {
			var rows []string
			for i := range c.rows {
				if r.Indptr[i] == r.Indptr[i+1] {
					rows = append(rows, strconv.Itoa(i))
				}
			}
			if rows != nil {
				return c.refuse("%s", strings.ReplaceAll(a.Empty, "%s", "array(["+strings.Join(rows, ", ")+"])"))
			}
		}
		for i := range c.rows {
			idx, dist := r.Indices[r.Indptr[i]:r.Indptr[i+1]], r.Dist.F64[r.Indptr[i]:r.Indptr[i+1]]
			var w []float64
			if a.Inverse {
				w = inverseWeights(c.f64s(len(dist)), dist)
			}
			if a.Mode == graph.RaggedVotes {
				row := out.F64[i*a.Width : (i+1)*a.Width]
				clear(row)
				for j, at := range idx {
					v := 1.0
					if w != nil {
						v = w[j]
					}
					row[a.Codes[at]] += v
				}
				continue
			}
			if a.Mode == graph.RaggedNearest {
				leastOf(out.F64[i*a.Values.Cols():(i+1)*a.Values.Cols()], a.Values.F64, idx, dist)
				continue
			}
			if len(idx) == 0 {
				o := a.Values.Cols()
				for k := i * o; k < (i+1)*o; k++ {
					if out.DType == tensor.Float32 {
						out.F32[k] = float32(a.Fill)
					} else {
						out.F64[k] = a.Fill
					}
				}
				continue
			}
			raggedMean(out, i, a.Values, idx, w, slices.Contains(dist, 0), c)
		}
		return nil
	}, nil
}

// leastOf is the least of distance plus row idx of values, by column; NaN where one is.
func leastOf(out, values []float64, idx []int64, dist []float64) {
	for k := range out {
		out[k] = math.Inf(1)
	}
	for j, at := range idx {
		for k, v := range values[int(at)*len(out) : (int(at)+1)*len(out)] {
			out[k] = min(out[k], dist[j]+v)
		}
	}
}

// inverseWeights is 1/distance, or 1 where that is zero and 0 elsewhere.
func inverseWeights(w, dist []float64) []float64 {
	if slices.Contains(dist, 0) {
		for j, d := range dist {
			w[j] = 0
			if d == 0 {
				w[j] = 1
			}
		}
		return w
	}
	for j, d := range dist {
		w[j] = 1 / d
	}
	return w
}

// raggedMean is numpy.mean or numpy.average over the rows idx of values: pairwise for one column, else row by row. Where a
// distance is zero scikit-learn weighs by a mask, so that numpy stays in float32 if the values are.
func raggedMean(out *tensor.Tensor, i int, values *tensor.Tensor, idx []int64, w []float64, masked bool, c *call) {
	o := values.Cols()
	if out.DType == tensor.Float32 {
		meanOf(out.F32[i*o:(i+1)*o], values.F32, idx, make([]float32, len(idx)))
		return
	}
	row := out.F64[i*o : (i+1)*o]
	if masked && w != nil && values.F32 != nil {
		only := make([]float32, len(row))
		averageOf(only, values.F32, idx, inFloat32(w), make([]float32, len(idx)))
		for k, v := range only {
			row[k] = float64(v)
		}
		return
	}
	y := values.F64
	if y == nil {
		y = c.f64s(len(values.F32))
		for j, v := range values.F32 {
			y[j] = float64(v)
		}
	}
	if w == nil {
		meanOf(row, y, idx, c.f64s(len(idx)))
		return
	}
	averageOf(row, y, idx, w, c.f64s(len(idx)))
}

func inFloat32(w []float64) []float32 {
	out := make([]float32, len(w))
	for i, v := range w {
		out[i] = float32(v)
	}
	return out
}

func averageOf[T float](row, y []T, idx []int64, w, t []T) {
	o, sum := len(row), pairwise(w)
	for k := range row {
		for j, at := range idx {
			t[j] = y[int(at)*o+k] * w[j]
		}
		if o == 1 {
			row[k] = pairwise(t) / sum
		} else {
			row[k] = sumSequential(t) / sum
		}
	}
}

func meanOf[T float](row, y []T, idx []int64, t []T) {
	o := len(row)
	for k := range row {
		for j, at := range idx {
			t[j] = y[int(at)*o+k]
		}
		s := sumSequential(t)
		if o == 1 {
			s = pairwise(t)
		}
		row[k] = s / T(len(idx))
	}
}

func neighborGraph(n *node) (kernel, error) {
	a := n.Attr.(*graph.NeighborGraphAttr)
	if n.inType(0).Kind == graph.Ragged {
		return func(c *call) error {
			r, out := c.in(0).Ragged, c.outCSR(0)
			for i, at := range r.Indices {
				v := 1.0
				if !a.Ones {
					v = r.Dist.F64[i]
				}
				out.Indices = append(out.Indices, int32(at))
				out.Data.F64 = append(out.Data.F64, v)
			}
			copy(out.Indptr, r.Indptr)
			return nil
		}, nil
	}
	k := n.inType(0).Width()
	return func(c *call) error {
		dist, idx, out := c.dense(0).F64, c.dense(1).I64, c.outCSR(0)
		for i, at := range idx {
			v := 1.0
			if !a.Ones {
				v = dist[i]
			}
			out.Indices = append(out.Indices, int32(at))
			out.Data.F64 = append(out.Data.F64, v)
		}
		for i := range c.rows {
			out.Indptr[i+1] = (i + 1) * k
		}
		return nil
	}, nil
}
