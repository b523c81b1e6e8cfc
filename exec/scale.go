package exec

import (
	"math"
	"slices"
	"sort"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var scaleKernels = table{
	graph.OpNormalize: normalize, graph.OpUnitColumns: unitColumns, graph.OpBinarizer: binarizer, graph.OpQuantile: quantile, graph.OpSearch: searchSorted,
	graph.OpPolynomial: polynomial, graph.OpNonNegative: nonNegative, graph.OpSpline: spline,
}

// normalize divides rows by their norm.
func normalize(n *node) (kernel, error) {
	a := n.Attr.(*graph.NormalizeAttr)
	t := n.inType(0)
	f32 := t.DType.Storage() == tensor.F32
	if t.Kind == graph.CSR {
		return func(c *call) error {
			x, out := c.csr(0), likeCSR(c, c.csr(0))
			if f32 {
				normalizeCSR(out.F32, x.Data.F32, x, a.Norm)
			} else {
				normalizeCSR(out.F64, x.Data.F64, x, a.Norm)
			}
			finish(out)
			return nil
		}, nil
	}
	width := t.Shape[1]
	return func(c *call) error {
		x, out := c.dense(0), c.out(0)
		if f32 {
			eps := float32(1.0 / (1 << 23))
			if t.DType == tensor.Float16 {
				eps = 1.0 / (1 << 10)
			}
			normalizeDense(out.F32, x.F32, width, a, eps)
		} else {
			normalizeDense(out.F64, x.F64, width, a, 1.0/(1<<52))
		}
		finish(out)
		return nil
	}, nil
}

func normalizeDense[T float](out, x []T, width int, a *graph.NormalizeAttr, eps T) {
	if width == 0 {
		return
	}
	for r := 0; r < len(x); r += width {
		row, o := x[r:r+width], out[r:r+width]
		var norm T
		switch a.Norm {
		case graph.NormL1:
			for i, v := range row {
				o[i] = T(math.Abs(float64(v)))
			}
			norm = sumPairwise(o)
		case graph.NormL2:
			norm = T(math.Sqrt(float64(lanes(row, func(v T) T { return T(v * v) }))))
		case graph.NormMax:
			for _, v := range row {
				norm = max(norm, T(math.Abs(float64(v))))
			}
		case graph.NormLargest:
			norm = slices.Max(row)
		}
		if norm == 0 || a.Tiny > 0 && norm < T(a.Tiny)*eps {
			norm = 1
		}
		for i, v := range row {
			o[i] = v / norm
		}
	}
}

// normalizeCSR adds in float64; the squares of float32 are rounded to float32 first.
func normalizeCSR[T float](out, x []T, s *tensor.Sparse, norm graph.Norm) {
	for r := range s.Rows {
		row, o := x[s.Indptr[r]:s.Indptr[r+1]], out[s.Indptr[r]:s.Indptr[r+1]]
		var d float64
		switch norm {
		case graph.NormL1:
			for _, v := range row {
				d += math.Abs(float64(v))
			}
		case graph.NormL2:
			for _, v := range row {
				d += float64(T(v * v))
			}
			d = math.Sqrt(d)
		case graph.NormMax:
			for _, v := range row {
				d = max(d, math.Abs(float64(v)))
			}
		case graph.NormLargest:
			if len(row) == s.Cols && len(row) > 0 {
				d = math.Inf(-1)
			}
			for _, v := range row {
				d = max(d, float64(v))
			}
		}
		if d == 0 {
			d = 1
		}
		for i, v := range row {
			o[i] = T(float64(v) / d)
		}
	}
}

// binarizer compares with a threshold.
func binarizer(n *node) (kernel, error) {
	threshold := n.Attr.(*graph.BinarizerAttr).Threshold
	t := n.inType(0)
	above := func(x *tensor.Tensor, i int) bool {
		f, _ := x.Float(i)
		return f > threshold
	}
	if t.DType.Storage() == tensor.F32 {
		low := float32(threshold)
		if t.DType == tensor.Float16 {
			low = tensor.Half(threshold)
		}
		above = func(x *tensor.Tensor, i int) bool { return x.F32[i] > low }
	}
	if t.Kind == graph.CSR {
		return func(c *call) error {
			x, out := c.csr(0), c.outCSR(0)
			for r := range x.Rows {
				for p := x.Indptr[r]; p < x.Indptr[r+1]; p++ {
					if above(x.Data, p) {
						out.Indices = append(out.Indices, x.Indices[p])
					}
				}
				out.Indptr[r+1] = len(out.Indices)
			}
			fillOnes(out.Data, len(out.Indices))
			return nil
		}, nil
	}
	return func(c *call) error {
		x, out := c.dense(0), c.out(0)
		buf := c.bytes(out.Len())
		for i := range buf {
			buf[i] = truth(above(x, i))
		}
		convert(out, &tensor.Tensor{DType: tensor.Bool, Shape: out.Shape, U8: buf})
		return nil
	}, nil
}

// nonNegative passes its input on or refuses it.
func nonNegative(n *node) (kernel, error) {
	msg := n.Attr.(*graph.GuardAttr).Msg
	return func(c *call) error {
		t := c.in(0).Dense
		if t == nil {
			t = c.csr(0).Data
		}
		if t.DType == tensor.Uint64 || t.DType == tensor.Bool {
			c.set(0, c.in(0))
			return nil
		}
		bad := false
		switch t.DType.Storage() {
		case tensor.F64:
			bad = anyNegative(t.F64)
		case tensor.F32:
			bad = anyNegative(t.F32)
		case tensor.I64:
			bad = anyNegative(t.I64)
		}
		if bad {
			return c.refuse("%s", msg)
		}
		c.set(0, c.in(0))
		return nil
	}, nil
}

func anyNegative[T number](s []T) bool {
	for _, v := range s {
		if v < 0 {
			return true
		}
	}
	return false
}

// searchSorted finds positions among edges.
func searchSorted(n *node) (kernel, error) {
	a := n.Attr.(*graph.SearchAttr)
	width := len(a.Edges)
	return func(c *call) error {
		x, out := c.dense(0), c.out(0).I64
		for j, e := range a.Edges {
			for i := j; i < len(out); i += width {
				v, _ := x.Float(i)
				out[i] = int64(searchEdges(e.F64, v, a.Right))
			}
		}
		return nil
	}, nil
}

// searchEdges is numpy.searchsorted of one value.
func searchEdges(edges []float64, v float64, right bool) int {
	if v != v {
		return len(edges)
	}
	if right {
		return sort.Search(len(edges), func(k int) bool { return edges[k] > v })
	}
	return sort.Search(len(edges), func(k int) bool { return edges[k] >= v })
}

// interp is numpy.interp: xp ascending, or nearly so.
type interp struct {
	xp, fp, slope []float64
	sorted        bool
}

func newInterp(xp, fp []float64) *interp {
	p := &interp{xp: xp, fp: fp, slope: make([]float64, max(len(xp)-1, 0)), sorted: slices.IsSorted(xp)}
	for i := range p.slope {
		p.slope[i] = (fp[i+1] - fp[i]) / (xp[i+1] - xp[i])
	}
	return p
}

// at interpolates one value alone.
func (p *interp) at(x float64) float64 {
	guess := 0
	return p.next(x, &guess)
}

// next interpolates the next of several values: guess is where the one before was found, at first 0. It matters where xp
// is not ascending.
func (p *interp) next(x float64, guess *int) float64 {
	n := len(p.xp)
	if x != x {
		return x
	}
	if n == 1 {
		return p.fp[0] // below, above and at the only point
	}
	j := 0
	if p.sorted {
		if x > p.xp[n-1] {
			return p.fp[n-1]
		}
		j = sort.Search(n, func(k int) bool { return p.xp[k] > x }) - 1
	} else {
		j = searchNear(x, p.xp, *guess)
		*guess = j
	}
	switch {
	case j < 0:
		return p.fp[0]
	case j >= n-1:
		return p.fp[n-1]
	case p.xp[j] == x:
		return p.fp[j]
	}
	y := float64(p.slope[j]*(x-p.xp[j])) + p.fp[j]
	if y != y {
		y = float64(p.slope[j]*(x-p.xp[j+1])) + p.fp[j+1]
		if y != y && p.fp[j] == p.fp[j+1] {
			y = p.fp[j]
		}
	}
	return y
}

// searchNear finds i with xs[i] ≤ x < xs[i+1] as numpy.interp does, around a guess first: -1 below xs[0], len(xs) above
// the last. What it finds among values that do not ascend depends on the guess.
func searchNear(x float64, xs []float64, guess int) int {
	const near = 8
	n := len(xs)
	switch {
	case x > xs[n-1]:
		return n
	case x < xs[0]:
		return -1
	case n <= 4:
		i := 1
		for i < n && x >= xs[i] {
			i++
		}
		return i - 1
	}
	lo, hi := 0, n
	g := max(min(guess, n-3), 1)
	switch {
	case x < xs[g-1] && x < xs[g]:
		hi = g - 1
		if g > near && x >= xs[g-near] {
			lo = g - near
		}
	case x < xs[g]:
		return g - 1
	case x < xs[g+1]:
		return g
	case x < xs[g+2]:
		return g + 1
	default:
		lo = g + 2
		if g < n-near-1 && x < xs[g+near] {
			hi = g + near
		}
	}
	for lo < hi {
		if mid := lo + (hi-lo)/2; x >= xs[mid] {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}

// column of a quantile transformation.
type quantileColumn struct {
	there, back *interp // forward: up and down; inverse: there alone
	lo, hi      float64 // the ends of the quantiles
}

const nearEnd = 1e-7

// quantile maps columns through their quantiles.
func quantile(n *node) (kernel, error) {
	a := n.Attr.(*graph.QuantileAttr)
	rows, width := a.Quantiles.Shape[0], a.Quantiles.Shape[1]
	cols := make([]quantileColumn, width)
	refs := a.References.F64
	negate := func(s []float64) []float64 {
		out := make([]float64, len(s))
		for i, v := range s {
			out[len(s)-1-i] = -v
		}
		return out
	}
	for j := range cols {
		q := make([]float64, rows)
		for i := range q {
			q[i] = a.Quantiles.F64[i*width+j]
		}
		cols[j] = quantileColumn{lo: q[0], hi: q[rows-1]}
		if a.Inverse {
			cols[j].there = newInterp(refs, q)
		} else {
			cols[j].there, cols[j].back = newInterp(q, refs), newInterp(negate(q), negate(refs))
		}
	}
	f32 := n.inType(0).DType.Storage() == tensor.F32
	round := func(v float64) float64 { return v }
	if f32 {
		round = func(v float64) float64 { return float64(float32(v)) }
	}
	near := a.Normal || a.Near
	clipLo, clipHi := nearEnd-1.0/(1<<52), 1-(nearEnd-1.0/(1<<52))
	if a.Normal {
		clipLo, clipHi = ndtri(clipLo), ndtri(clipHi)
	}
	one := func(x float64, q *quantileColumn, up, down *int, torn *bool) float64 {
		lowX, highX, lowY, highY := q.lo, q.hi, 0.0, 1.0
		if a.Inverse {
			lowX, highX, lowY, highY = 0, 1, q.lo, q.hi
			switch {
			case a.Normal:
				x = round(ndtr(x))
			case a.Near:
				x = min(max(x, 0), 1)
			}
		}
		atEnds := func(lo, hi float64) (low, high bool) {
			if near {
				return round(x-round(nearEnd)) < lo, round(x+round(nearEnd)) > hi
			}
			return x == lo, x == hi
		}
		low, high := atEnds(lowX, highX)
		if f32 && a.Ends != graph.EndsWide {
			l, h := atEnds(round(lowX), round(highX))
			if a.Ends == graph.EndsNarrow {
				low, high = l, h
			}
			*torn = *torn || l != low || h != high
		}
		v := x
		if x == x {
			switch {
			case a.Inverse:
				v = round(q.there.next(x, up))
			case q.lo != q.lo && rows > 1: // a column that was fitted without a value
				v = nan
			default:
				v = round(0.5 * (q.there.next(x, up) - q.back.next(-x, down)))
			}
		}
		if high {
			v = round(highY)
		}
		if low {
			v = round(lowY)
		}
		if a.Inverse || !near {
			return v
		}
		if a.Normal {
			v = round(ndtri(v))
		}
		if v < clipLo {
			v = clipLo
		} else if v > clipHi {
			v = clipHi
		}
		return round(v)
	}
	n.costs(60 * float64(width))
	if n.inType(0).Kind == graph.CSR {
		return func(c *call) error {
			x, out := c.csr(0), likeCSR(c, c.csr(0))
			up, down, torn := make([]int, width), make([]int, width), false
			for p, j := range x.Indices {
				if f32 {
					out.F32[p] = float32(one(float64(x.Data.F32[p]), &cols[j], &up[j], &down[j], &torn))
				} else {
					out.F64[p] = one(x.Data.F64[p], &cols[j], &up[j], &down[j], &torn)
				}
			}
			return tornRefusal(c, torn)
		}, nil
	}
	return func(c *call) error {
		x, out, torn := c.dense(0), c.out(0), false
		for j := range cols {
			up, down := 0, 0
			for i := j; i < out.Len(); i += width {
				if f32 {
					out.F32[i] = float32(one(float64(x.F32[i]), &cols[j], &up, &down, &torn))
				} else {
					out.F64[i] = one(x.F64[i], &cols[j], &up, &down, &torn)
				}
			}
		}
		return tornRefusal(c, torn)
	}, nil
}

// tornRefusal refuses float32 values that numpy 1 and numpy 2 compare otherwise with the ends of float64.
func tornRefusal(c *call, torn bool) error {
	if torn {
		return c.refuse("a value is beside the end of its column by less than float32 tells")
	}
	return nil
}

// polynomial multiplies columns.
func polynomial(n *node) (kernel, error) {
	a := n.Attr.(*graph.PolynomialAttr)
	t := n.inType(0)
	f32 := t.DType.Storage() == tensor.F32
	if t.Kind == graph.CSR {
		p := newExpansion(a.Terms, t.Shape[1])
		return func(c *call) error {
			x, out := c.csr(0), c.outCSR(0)
			if f32 {
				out.Data.F32 = expand(p, out, x, x.Data.F32, out.Data.F32)
			} else {
				out.Data.F64 = expand(p, out, x, x.Data.F64, out.Data.F64)
			}
			return nil
		}, nil
	}
	steps := polynomialSteps(a)
	var round func(float32) float32
	if t.DType == tensor.Float16 {
		round = func(v float32) float32 { return tensor.Half(float64(v)) }
	}
	return func(c *call) error {
		x, out := c.dense(0), c.out(0)
		if f32 {
			polyMultiply(out.F32, x.F32, steps, t.Shape[1], round)
		} else {
			polyMultiply(out.F64, x.F64, steps, t.Shape[1], nil)
		}
		return nil
	}, nil
}

// polyStep is one output: a column times an earlier output, a column alone, one, or a list of columns.
type polyStep struct {
	column, earlier int // -1 for none
	list            []int32
}

// polynomialSteps uses outputs that stand before to make later ones.
func polynomialSteps(a *graph.PolynomialAttr) []polyStep {
	steps := make([]polyStep, len(a.Terms))
	at := make(map[string]int, len(a.Terms))
	key := func(t []int32) string {
		b := make([]byte, 0, 4*len(t))
		for _, j := range t {
			b = append(b, byte(j), byte(j>>8), byte(j>>16), byte(j>>24))
		}
		return string(b)
	}
	for i, t := range a.Terms {
		s := polyStep{column: -1, earlier: -1}
		switch len(t) {
		case 0:
		case 1:
			s.column = int(t[0])
		default:
			first, rest := t[0], t[1:]
			if a.Left {
				first, rest = t[len(t)-1], t[:len(t)-1]
			}
			if e, ok := at[key(rest)]; ok {
				s.column, s.earlier = int(first), e
				break
			}
			if s.list = slices.Clone(t); !a.Left {
				slices.Reverse(s.list)
			}
		}
		steps[i] = s
		at[key(t)] = i
	}
	return steps
}

// polyMultiply multiplies the columns of each row; round is what is done to each product, nil for nothing.
func polyMultiply[T float](out, x []T, steps []polyStep, width int, round func(T) T) {
	k := len(steps)
	if k == 0 {
		return
	}
	for r := 0; r*k < len(out); r++ {
		row, o := x[r*width:(r+1)*width], out[r*k:(r+1)*k]
		for i := range steps {
			switch s := &steps[i]; {
			case s.earlier >= 0:
				o[i] = row[s.column] * o[s.earlier]
				if round != nil {
					o[i] = round(o[i])
				}
			case s.column >= 0:
				o[i] = row[s.column]
			case s.list != nil:
				v := row[s.list[0]]
				for _, j := range s.list[1:] {
					v *= row[j]
					if round != nil {
						v = round(v)
					}
				}
				o[i] = v
			default:
				o[i] = 1
			}
		}
	}
}

// expansion finds the outputs that a sparse row's columns make.
type expansion struct {
	terms  [][]int32
	begin  []int // where the terms of each degree begin; one more at the end
	repeat bool  // a column may stand twice in a term
	width  int
}

func newExpansion(terms [][]int32, width int) *expansion {
	p := &expansion{terms: terms, width: width}
	degree := 0
	p.begin = []int{0}
	for i, t := range terms {
		for ; degree < len(t); degree++ {
			p.begin = append(p.begin, i)
		}
		for j := 1; j < len(t); j++ {
			p.repeat = p.repeat || t[j] == t[j-1]
		}
	}
	p.begin = append(p.begin, len(terms))
	return p
}

// find returns the output of a term, -1 if there is none.
func (p *expansion) find(term []int32) int {
	if len(term) >= len(p.begin)-1 {
		return -1
	}
	list := p.terms[p.begin[len(term)]:p.begin[len(term)+1]]
	if i, ok := slices.BinarySearchFunc(list, term, slices.Compare[[]int32]); ok {
		return p.begin[len(term)] + i
	}
	return -1
}

func expand[T float](p *expansion, out, x *tensor.Sparse, data, to []T) []T {
	degree := len(p.begin) - 2
	term := make([]int32, 0, degree)
	var cols []int32
	var vals []T
	order := []int{}
	for r := range x.Rows {
		cols, vals, order = cols[:0], vals[:0], order[:0]
		for e := x.Indptr[r]; e < x.Indptr[r+1]; e++ {
			order = append(order, e)
		}
		slices.SortStableFunc(order, func(a, b int) int { return int(x.Indices[a]) - int(x.Indices[b]) })
		for _, e := range order {
			cols, vals = append(cols, x.Indices[e]), append(vals, data[e])
		}
		if i := p.find(nil); i >= 0 {
			out.Indices, to = append(out.Indices, int32(i)), append(to, 1)
		}
		for d := 1; d <= degree; d++ {
			var walk func(from int, v T)
			walk = func(from int, v T) {
				if len(term) == d {
					if i := p.find(term); i >= 0 {
						out.Indices, to = append(out.Indices, int32(i)), append(to, v)
					}
					return
				}
				for k := from; k < len(cols); k++ {
					w := vals[k]
					if len(term) > 0 {
						w = v * w
					}
					term = append(term, cols[k])
					next := k + 1
					if p.repeat {
						next = k
					}
					walk(next, w)
					term = term[:len(term)-1]
				}
			}
			walk(0, 0)
		}
		out.Indptr[r+1] = len(out.Indices)
	}
	return to
}

// unitColumns divides each column by its norm over the batch.
func unitColumns(n *node) (kernel, error) {
	width := n.inType(0).Width()
	return func(c *call) error {
		x, out := c.dense(0).F64, c.out(0).F64
		for j := range width {
			sum := 0.0
			for i := j; i < len(x); i += width {
				sum += float64(x[i] * x[i])
			}
			norm := math.Sqrt(sum)
			if norm == 0 {
				norm = 1
			}
			for i := j; i < len(x); i += width {
				out[i] = x[i] / norm
			}
		}
		return nil
	}, nil
}
