package exec

import (
	"math"

	"github.com/larder-ml/larder/graph"
)

// neighborTree walks a KDTree or BallTree as sklearn.neighbors._binary_tree does.
type neighborTree struct {
	*graph.NeighborTree
	metric metric[float64]
	data   []float64
	p      int
	power  float64 // KDTree: exponent of the bounds; infinite for chebyshev
}

func newTree(t *graph.NeighborTree) *neighborTree {
	n := &neighborTree{NeighborTree: t, metric: newMetric[float64](t.Metric), data: t.Data.F64, p: t.Data.Cols(), power: 1}
	if of := n.metric.reduced; n.metric.unsure {
		// Heap and nodes meet NaN itself here: it enters the heap whatever is there, and leaves when anything comes.
		n.metric.reduced = func(x, y []float64) float64 { return known(of(x, y)) }
	}
	switch t.Metric.Name {
	case graph.Euclidean, graph.SEuclidean:
		n.power = 2
	case graph.Minkowski:
		n.power = t.Metric.P
	case graph.Chebyshev:
		n.power = math.Inf(1)
	}
	return n
}

// row returns a fitted row.
func (t *neighborTree) row(i int) []float64 { return t.data[i*t.p : (i+1)*t.p] }

// center returns a BallTree node's.
func (t *neighborTree) center(node int) []float64 { return t.Bounds[node*t.p : (node+1)*t.p] }

func (t *neighborTree) raise(d float64) float64 {
	switch t.power {
	case 2:
		return d * d
	case 1:
		return d
	}
	return pow(d, t.power)
}

func (t *neighborTree) root(d float64) float64 {
	switch t.power {
	case 2:
		return math.Sqrt(d)
	case 1:
		return d
	}
	return pow(d, 1/t.power)
}

// minReduced is the least reduced distance of a point to a node.
func (t *neighborTree) minReduced(node int, pt []float64) float64 {
	if t.Ball {
		return t.metric.reduce(t.minDist(node, pt))
	}
	lo := t.Bounds[node*t.p : (node+1)*t.p]
	hi := t.Bounds[(len(t.Nodes)+node)*t.p:]
	r := 0.0
	for j, x := range pt {
		a, b := lo[j]-x, x-hi[j]
		d := 0.5 * ((a + math.Abs(a)) + (b + math.Abs(b)))
		if math.IsInf(t.power, 1) {
			r = math.Max(r, d)
		} else {
			r += t.raise(d)
		}
	}
	return r
}

// maxReduced is the greatest reduced distance of a point to a KDTree node.
func (t *neighborTree) maxReduced(node int, pt []float64) float64 {
	lo := t.Bounds[node*t.p : (node+1)*t.p]
	hi := t.Bounds[(len(t.Nodes)+node)*t.p:]
	r := 0.0
	for j, x := range pt {
		d := math.Max(math.Abs(lo[j]-x), math.Abs(x-hi[j]))
		if math.IsInf(t.power, 1) {
			r = math.Max(r, d)
		} else {
			r += t.raise(d)
		}
	}
	return r
}

func (t *neighborTree) minDist(node int, pt []float64) float64 {
	if t.Ball {
		if d := t.metric.dist(t.metric.reduced(pt, t.center(node))) - t.Nodes[node].Radius; d > 0 {
			return d
		}
		return 0 // also of NaN
	}
	if math.IsInf(t.power, 1) {
		return t.minReduced(node, pt)
	}
	return t.root(t.minReduced(node, pt))
}

func (t *neighborTree) maxDist(node int, pt []float64) float64 {
	if t.Ball {
		return t.metric.dist(t.metric.reduced(pt, t.center(node))) + t.Nodes[node].Radius
	}
	if math.IsInf(t.power, 1) {
		return t.maxReduced(node, pt)
	}
	return t.root(t.maxReduced(node, pt))
}

// nearestHeap is the heap of one row.
type nearestHeap struct {
	values  []float64
	indices []int64
}

// query is _query_single_depthfirst: nearer child first, the left one of equals.
func (t *neighborTree) query(node int, pt []float64, h nearestHeap, least float64) {
	n := &t.Nodes[node]
	switch {
	case least > h.values[0]:
	case n.Leaf:
		for _, i := range t.Index[n.Start:n.End] {
			pushNearest(h.values, h.indices, t.metric.reduced(pt, t.row(i)), int64(i))
		}
	default:
		a, b := 2*node+1, 2*node+2
		da, db := t.minReduced(a, pt), t.minReduced(b, pt)
		if !(da <= db) {
			a, b, da, db = b, a, db, da
		}
		t.query(a, pt, h, da)
		t.query(b, pt, h, db)
	}
}

// within is _query_radius_single.
func (t *neighborTree) within(node int, pt []float64, radius, reduced float64, found func(index int64, d float64)) {
	n := &t.Nodes[node]
	switch lo, hi := t.minDist(node, pt), t.maxDist(node, pt); {
	case lo > radius:
	case hi <= radius:
		for _, i := range t.Index[n.Start:n.End] {
			found(int64(i), t.metric.reduced(pt, t.row(i)))
		}
	case n.Leaf:
		for _, i := range t.Index[n.Start:n.End] {
			if d := t.metric.reduced(pt, t.row(i)); d <= reduced {
				found(int64(i), d)
			}
		}
	default:
		t.within(2*node+1, pt, radius, reduced, found)
		t.within(2*node+2, pt, radius, reduced, found)
	}
}

func kernelDensity(n *node) (kernel, error) {
	a := n.Attr.(*graph.DensityAttr)
	e := newEstimate(a)
	p := e.p
	n.costs(float64(len(e.Index)) * (20 + float64(p)))
	return func(c *call) error {
		x, out := c.dense(0).F64, c.out(0).F64
		lower, spread := c.f64s(len(e.Nodes)), c.f64s(len(e.Nodes))
		h := c.local(func() any { return new(nodeHeap) }).(*nodeHeap)
		for i := range c.rows {
			pt := x[i*p : (i+1)*p]
			if a.BreadthFirst {
				out[i] = e.breadthFirst(pt, h, lower, spread) + e.norm
			} else {
				out[i] = e.depthFirst(pt) + e.norm
			}
		}
		return nil
	}, nil
}

// estimate is a kernel density over a tree.
type estimate struct {
	*neighborTree
	kernel     func(dist float64) float64 // logarithm of the kernel
	norm       float64
	atol, rtol float64   // logarithms
	total      float64   // weight of all rows
	weight     []float64 // of each node
	logWeight  []float64 // of each row, nil for zeros
}

func newEstimate(a *graph.DensityAttr) *estimate {
	e := &estimate{neighborTree: newTree(a.Tree), atol: log(a.ATol), rtol: log(a.RTol)}
	e.kernel, e.norm = logKernel(a.Kernel, a.Bandwidth, e.p)
	e.total = float64(len(e.Index))
	if w := a.Tree.Weight; w != nil {
		e.total = sumPairwise(w)
		e.logWeight = make([]float64, len(w))
		for i, v := range w {
			e.logWeight[i] = log(v)
		}
	}
	e.weight = make([]float64, len(e.Nodes))
	for i, n := range e.Nodes {
		e.weight[i] = float64(n.End - n.Start)
		if w := a.Tree.Weight; w != nil {
			e.weight[i] = 0
			for _, r := range e.Index[n.Start:n.End] {
				e.weight[i] += w[r]
			}
		}
	}
	return e
}

// logKernel returns the logarithm of a kernel by distance and that of its norm in p dimensions.
func logKernel(name string, h float64, p int) (func(float64) float64, float64) {
	lgamma := func(x float64) float64 { v, _ := math.Lgamma(x); return v }
	ball := func(n float64) float64 { return float64(0.5*n*log(math.Pi)) - lgamma(float64(0.5*n)+1) }
	d := float64(p)
	sphere := func(n float64) float64 { return log(2*math.Pi) + ball(n-1) }
	inside := func(f func(float64) float64) func(float64) float64 {
		return func(dist float64) float64 {
			if dist < h {
				return f(dist)
			}
			return math.Inf(-1)
		}
	}
	var kernel func(float64) float64
	factor := 0.0
	switch name {
	case "gaussian":
		kernel = func(x float64) float64 { return -0.5 * (x * x) / (h * h) }
		factor = 0.5 * d * log(2*math.Pi)
	case "tophat":
		kernel = inside(func(float64) float64 { return 0 })
		factor = ball(d)
	case "epanechnikov":
		kernel = inside(func(x float64) float64 { return log(1 - float64(x*x)/(h*h)) })
		factor = ball(d) + log(2/(d+2))
	case "exponential":
		kernel = func(x float64) float64 { return -x / h }
		factor = sphere(d-1) + lgamma(d)
	case "linear":
		kernel = inside(func(x float64) float64 { return log(1 - x/h) })
		factor = ball(d) - log(d+1)
	case "cosine":
		kernel = inside(func(x float64) float64 { return log(math.Cos(0.5 * math.Pi * x / h)) })
		t := 2 / math.Pi
		for k := 1; k <= p; k += 2 {
			factor += t
			t *= -(d - float64(k)) * (d - float64(k) - 1) * ((2 / math.Pi) * (2 / math.Pi))
		}
		factor = log(factor) + sphere(d-1)
	}
	return kernel, -factor - float64(d*log(h))
}

func logAdd(a, b float64) float64 {
	m := math.Max(a, b)
	if math.IsInf(m, -1) {
		return m
	}
	return m + log(exp(a-m)+exp(b-m))
}

func logSub(a, b float64) float64 {
	if a <= b {
		return math.Inf(-1)
	}
	return a + log(1-exp(b-a))
}

// nodeItem is a node and its distance.
type nodeItem struct {
	dist float64
	node int
}

// nodeHeap is scikit-learn's min-heap of nodes.
type nodeHeap struct{ items []nodeItem }

func (h *nodeHeap) push(it nodeItem) {
	h.items = append(h.items, it)
	d := h.items
	for i := len(d) - 1; i > 0; {
		parent := (i - 1) / 2
		if d[parent].dist <= d[i].dist {
			break
		}
		d[i], d[parent] = d[parent], d[i]
		i = parent
	}
}

func (h *nodeHeap) pop() nodeItem {
	d := h.items
	n := len(d) - 1
	top := d[0]
	d[0] = d[n]
	h.items = d[:n]
	for i := 0; i < n; {
		a, b, swap := 2*i+1, 2*i+2, 0
		switch {
		case b < n && d[a].dist <= d[b].dist:
			swap = a
		case b < n:
			swap = b
		case a < n:
			swap = a
		default:
			return top
		}
		if !(d[swap].dist <= d[i].dist) {
			return top
		}
		d[i], d[swap] = d[swap], d[i]
		i = swap
	}
	return top
}

// breadthFirst is _kde_single_breadthfirst.
func (e *estimate) breadthFirst(pt []float64, h *nodeHeap, lower, spread []float64) float64 {
	h.items = h.items[:0]
	first := nodeItem{e.minDist(0, pt), 0}
	h.push(first)
	logN := log(e.total)
	low := logN + e.kernel(e.maxDist(0, pt))
	wide := logSub(logN+e.kernel(first.dist), low)
	lower[0], spread[0] = low, wide
	for len(h.items) > 0 {
		node := h.pop().node
		n := &e.Nodes[node]
		if e.norm+spread[node]-log(e.weight[node])+logN <= logAdd(e.atol, e.rtol+e.norm+lower[node]) {
			continue
		}
		if e.norm+wide <= logAdd(e.atol, e.rtol+e.norm+low) {
			break
		}
		if n.Leaf {
			low, wide = logSub(low, lower[node]), logSub(wide, spread[node])
			low = e.leaf(n, pt, low)
			continue
		}
		a, b := 2*node+1, 2*node+2
		var near [2]float64
		for i, child := range [2]int{a, b} {
			near[i] = e.minDist(child, pt)
			logC := log(e.weight[child])
			lower[child] = logC + e.kernel(e.maxDist(child, pt))
			// The upper bound, not the spread: as scikit-learn has it.
			spread[child] = logC + e.kernel(near[i])
		}
		low = logAdd(logAdd(logSub(low, lower[node]), lower[a]), lower[b])
		wide = logAdd(logAdd(logSub(wide, spread[node]), spread[a]), spread[b])
		h.push(nodeItem{near[0], a})
		h.push(nodeItem{near[1], b})
	}
	return logAdd(low, wide-math.Ln2)
}

// leaf adds the rows of a leaf.
func (e *estimate) leaf(n *graph.NeighborNode, pt []float64, low float64) float64 {
	for _, i := range e.Index[n.Start:n.End] {
		d := e.kernel(e.metric.dist(e.metric.reduced(pt, e.row(i))))
		if e.logWeight != nil {
			d += e.logWeight[i]
		}
		low = logAdd(low, d)
	}
	return low
}

// depthFirst is the other order of kernel_density.
func (e *estimate) depthFirst(pt []float64) float64 {
	logN := log(e.total)
	low := logN + e.kernel(e.maxDist(0, pt))
	wide := logSub(logN+e.kernel(e.minDist(0, pt)), low)
	e.descend(0, pt, low, wide, &low, &wide)
	return logAdd(low, wide-math.Ln2)
}

// descend is _kde_single_depthfirst.
func (e *estimate) descend(node int, pt []float64, lower, spread float64, low, wide *float64) {
	n := &e.Nodes[node]
	switch {
	case e.norm+spread-log(e.weight[node])+log(e.total) <= logAdd(e.atol, e.rtol+e.norm+lower):
	case e.norm+*wide <= logAdd(e.atol, e.rtol+e.norm+*low):
	case n.Leaf:
		*low, *wide = logSub(*low, lower), logSub(*wide, spread)
		*low = e.leaf(n, pt, *low)
	default:
		var l, s [2]float64
		for i := range 2 {
			child := 2*node + 1 + i
			logC := log(e.weight[child])
			l[i] = logC + e.kernel(e.maxDist(child, pt))
			s[i] = logSub(logC+e.kernel(e.minDist(child, pt)), l[i])
		}
		*low = logAdd(logAdd(logSub(*low, lower), l[0]), l[1])
		*wide = logAdd(logAdd(logSub(*wide, spread), s[0]), s[1])
		e.descend(2*node+1, pt, l[0], s[0], low, wide)
		e.descend(2*node+2, pt, l[1], s[1], low, wide)
	}
}
