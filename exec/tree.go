package exec

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var treeKernels = table{
	graph.OpTreeEnsemble: treeEnsemble,
	graph.OpTreePath:     treePath,

	graph.OpWeightedMedian: weightedMedian,
}

// Trees are walked in two ways, with equal results. In place: the records as the file holds them, each step proven
// sound as it is taken; nothing is read before it is needed, so a mapped forest stays on disk. Compact: 8-byte nodes
// built once from records that are proven whole, for batches, and for every row where building is cheap.
const (
	compactNodes = 1 << 16 // forests of up to so many nodes are compacted at once
	compactRows  = 256     // mapped ones above that when a batch has so many rows
	treeRows     = 4096    // rows per block: trees outside, rows inside
)

// treeEnsemble makes the kernel of a TreeEnsemble.
func treeEnsemble(n *node) (kernel, error) {
	a := n.Attr.(*graph.TreeEnsembleAttr)
	e := &ensemble{attr: a, ts: a.Trees, start: len(n.In) > 1}
	nodes, depth := 0, 0
	for i := range e.ts.List {
		t := &e.ts.List[i]
		nodes += t.Len()
		depth += max(2, bitLen(t.Len()))
	}
	e.eager = nodes <= compactNodes
	e.big = n.memory > 0 && int64(nodes)*int64(8+4*e.ts.Values) > n.memory
	n.wantRows(treeRows)
	n.costs(float64(depth))
	return e.run, nil
}

func bitLen(n int) int {
	b := 0
	for ; n > 0; n >>= 1 {
		b++
	}
	return b
}

// ensemble is a TreeEnsemble node.
type ensemble struct {
	attr  *graph.TreeEnsembleAttr
	ts    *graph.Trees
	start bool
	eager bool // few nodes: always compact
	big   bool // so many that the compact form might be over the limit of memory
}

func (e *ensemble) run(c *call) error {
	if e.attr.Mode == graph.TreeLeaf {
		return e.leaves(c)
	}
	if e.attr.Mode == graph.TreeStaged {
		return e.staged(c)
	}
	out := c.out(0).F64
	e.begin(c, out)
	f, err := e.compact(c)
	if err != nil {
		return err
	}
	if f != nil {
		return f.sum(c, e.attr.Outputs, out)
	}
	return e.sumInPlace(c, out)
}

// begin fills out with what the sum starts from.
func (e *ensemble) begin(c *call, out []float64) {
	if !e.start {
		// -0 + v is v for every v: the sum begins with the first leaf.
		for i := range out {
			out[i] = math.Copysign(0, -1)
		}
		return
	}
	s := c.dense(1)
	if len(s.Shape) == 2 {
		copy(out, s.F64)
		return
	}
	for i := 0; i < len(out); i += e.attr.Outputs {
		copy(out[i:i+e.attr.Outputs], s.F64)
	}
}

// compact returns the compact form if it is there or worth building now.
func (e *ensemble) compact(c *call) (*forest, error) {
	k, _ := e.ts.Compiled().(*kept)
	if k == nil {
		k = e.ts.KeepCompiled(&kept{}).(*kept)
	}
	f, err := k.get(e.ts, !e.big && (e.eager || !e.ts.Mapped || c.batch >= compactRows))
	if err != nil {
		return nil, c.errorf("%s", err)
	}
	return f, nil
}

// kept is what a graph.Trees keeps for this package.
type kept struct {
	mu     sync.Mutex
	done   bool
	forest *forest // nil after all when it is not worth it
	err    error
}

func (k *kept) get(ts *graph.Trees, build bool) (*forest, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.done && build {
		k.done = true
		if worth(ts) {
			k.forest, k.err = newForest(ts)
		}
	}
	return k.forest, k.err
}

// rowsOf gives the rows of a tree operation's input, widened to float64, in pieces of bounded size.
func rowsOf(c *call, f func(x []float64, from, n int) error) error {
	in := c.in(0)
	if in.Dense != nil && in.Dense.DType == tensor.Float64 {
		return f(in.Dense.F64, 0, c.rows)
	}
	var w int
	if in.CSR != nil {
		w = in.CSR.Cols
	} else {
		w = in.Dense.Cols()
	}
	step := min(max(1, (1<<19)/max(w, 1)), max(c.rows, 1))
	buf := c.f64s(step * w)
	for from := 0; from < c.rows; from += step {
		n := min(step, c.rows-from)
		x := buf[:n*w]
		if in.CSR != nil {
			clear(x)
			s := in.CSR
			for r := range n {
				row := x[r*w : (r+1)*w]
				for p := s.Indptr[from+r]; p < s.Indptr[from+r+1]; p++ {
					if s.Data.F64 != nil {
						row[s.Indices[p]] = s.Data.F64[p]
					} else {
						row[s.Indices[p]] = float64(s.Data.F32[p])
					}
				}
			}
		} else {
			for i, v := range in.Dense.F32[from*w : (from+n)*w] {
				x[i] = float64(v)
			}
		}
		if err := f(x, from, n); err != nil {
			return err
		}
	}
	return nil
}

// leaves writes leaf numbers.
func (e *ensemble) leaves(c *call) error {
	out, trees := c.out(0).I64, len(e.ts.List)
	return rowsOf(c, func(x []float64, from, n int) error {
		return e.walkAll(c, x, n, func(t, row, leaf int) { out[(from+row)*trees+t] = int64(leaf) })
	})
}

// staged writes the sum after each stage.
func (e *ensemble) staged(c *call) error {
	ts, k, stage := e.ts, e.attr.Outputs, e.attr.Stage()
	stages := len(ts.List) / stage
	out := c.out(0).F64
	cur := c.f64s(c.rows * k)
	e.begin(c, cur)
	v := c.f64s(ts.Values)
	return rowsOf(c, func(x []float64, from, n int) error {
		return e.walkAll(c, x, n, func(t, row, leaf int) {
			r := from + row
			ts.Leaf(&ts.List[t], leaf, v)
			if len(v) == 1 {
				cur[r*k+t%k] += v[0]
				out[r*len(ts.List)+t] = cur[r*k+t%k]
				return
			}
			o := out[(r*stages+t)*k : (r*stages+t+1)*k]
			for i, a := range v {
				cur[r*k+i] += a
				o[i] = cur[r*k+i]
			}
		})
	})
}

// sumInPlace adds leaves found in the records.
func (e *ensemble) sumInPlace(c *call, out []float64) error {
	ts, k := e.ts, e.attr.Outputs
	v := c.f64s(ts.Values)
	return rowsOf(c, func(x []float64, from, n int) error {
		return e.walkAll(c, x, n, func(t, row, leaf int) {
			ts.Leaf(&ts.List[t], leaf, v)
			o := out[(from+row)*k : (from+row+1)*k]
			if len(v) == 1 && k > 1 {
				o[t%k] += v[0]
				return
			}
			for i, a := range v {
				o[i] += a
			}
		})
	})
}

// walkAll calls leaf for every tree and row, the trees of a row in their order.
func (e *ensemble) walkAll(c *call, x []float64, n int, leaf func(t, row, leaf int)) error {
	w := walker{ts: e.ts, x: x}
	trees := len(e.ts.List)
	if n < walks {
		// Few rows: several trees at a time.
		for r := range n {
			for t := 0; t < trees; t += walks {
				if err := c.ctx.Err(); err != nil {
					return err
				}
				m := min(walks, trees-t)
				for j := range m {
					w.add(t+j, r)
				}
				if msg := w.run(); msg != "" {
					return c.errorf("%s", msg)
				}
				for j := range m {
					leaf(t+j, r, w.leaf[j])
				}
			}
		}
		return nil
	}
	for t := range trees {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		for r := 0; r < n; r += walks {
			m := min(walks, n-r)
			for j := range m {
				w.add(t, r+j)
			}
			if msg := w.run(); msg != "" {
				return c.errorf("%s", msg)
			}
			for j := range m {
				leaf(t, r+j, w.leaf[j])
			}
		}
	}
	return nil
}

// treePath makes the kernel of a TreePath.
func treePath(n *node) (kernel, error) {
	ts := n.Attr.(*graph.TreePathAttr).Trees
	for i := range ts.List {
		n.costs(10 * float64(bitLen(ts.List[i].Len())))
	}
	return func(c *call) error {
		out := c.outCSR(0)
		return rowsOf(c, func(x []float64, from, rows int) error {
			for r := range rows {
				if err := c.ctx.Err(); err != nil {
					return err
				}
				base := 0
				row := x[r*ts.Width : (r+1)*ts.Width]
				for i := range ts.List {
					t := &ts.List[i]
					for at := 0; ; {
						out.Indices = append(out.Indices, int32(base+at))
						nd := t.Node(at)
						if nd.Leaf {
							break
						}
						if msg := t.Check(at, nd); msg != "" {
							return c.errorf("tree %d: %s", i, msg)
						}
						at = next(ts, t, &nd, row)
					}
					base += t.Len()
				}
				out.Indptr[from+r+1] = len(out.Indices)
				for len(out.Data.I64) < len(out.Indices) {
					out.Data.I64 = append(out.Data.I64, 1)
				}
			}
			return nil
		})
	}, nil
}

// weightedMedian makes the kernel of a WeightedMedian.
func weightedMedian(n *node) (kernel, error) {
	w := n.Attr.(*graph.WeightedMedianAttr).Weights
	n.costs(20 * float64(len(w)))
	return func(c *call) error {
		x, out := c.dense(0), c.out(0)
		if x.DType == tensor.Float32 {
			medians(out.F32, x.F32, w, c.ints(len(w)))
		} else {
			medians(out.F64, x.F64, w, c.ints(len(w)))
		}
		return nil
	}, nil
}

func medians[T float](out, x []T, w []float64, order []int) {
	for i := range out {
		row := x[i*len(w) : (i+1)*len(w)]
		for j := range order {
			order[j] = j
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(row[a], row[b]) })
		total := 0.0
		for _, j := range order {
			total += w[j]
		}
		half, sum := 0.5*total, 0.0
		out[i] = row[order[0]]
		for _, j := range order {
			if sum += w[j]; sum >= half {
				out[i] = row[j]
				break
			}
		}
	}
}
