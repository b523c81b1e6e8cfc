package exec

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var matmulKernels = table{graph.OpMatMul: matmul}

// matmul multiplies in the promoted type.
func matmul(n *node) (kernel, error) {
	x, w, d := n.inType(0), n.inType(1), n.outType(0).DType
	m := &product{trans: n.Attr.(*graph.MatMulAttr).TransB, k: x.Shape[1], m: 1}
	if len(w.Shape) == 2 {
		m.m = w.Shape[1]
		if m.trans {
			m.m = w.Shape[0]
		}
	}
	n.costs(float64(m.k) * float64(m.m) / 4)
	switch {
	case d == tensor.Float64:
		return multiply(n, m, asF64, func(t *tensor.Tensor) []float64 { return t.F64 }, (*scratch).f64s, densePanel[float64])
	case d.Storage() == tensor.F32:
		return multiply(n, m, asF32, func(t *tensor.Tensor) []float32 { return t.F32 }, (*scratch).f32s, densePanel[float32])
	case d.IsInt():
		return multiply(n, m, asI64, func(t *tensor.Tensor) []int64 { return t.I64 }, (*scratch).i64s, denseInt)
	}
	return nil, n.errorf("no kernel for %s", d)
}

// product is the shape of a MatMul: k inner, m outer elements per row.
type product struct {
	trans bool
	k, m  int
}

// dense makes a product with a weight matrix.
type dense[T number] func(w []T, p *product) func(out, x []T, rows int)

func densePanel[T float](w []T, p *product) func(out, x []T, rows int) {
	return newPanel(w, p.k, p.m, p.trans).product
}

func denseInt(w []int64, p *product) func(out, x []int64, rows int) {
	w = straight(w, p)
	return func(out, x []int64, rows int) {
		for i := range rows {
			o := out[i*p.m : (i+1)*p.m]
			clear(o)
			for j, v := range x[i*p.k : (i+1)*p.k] {
				for t, u := range w[j*p.m : (j+1)*p.m] {
					o[t] += v * u
				}
			}
		}
	}
}

// straight returns w as k x m.
func straight[T number](w []T, p *product) []T {
	if !p.trans || p.m == 1 {
		return w
	}
	s := make([]T, len(w))
	for j := range p.m {
		for i := range p.k {
			s[i*p.m+j] = w[j*p.k+i]
		}
	}
	return s
}

func multiply[T number](n *node, p *product, load func(*call, *tensor.Tensor) []T, own func(*tensor.Tensor) []T,
	room func(*scratch, int) []T, dense dense[T]) (kernel, error) {
	x, w := n.inType(0), n.inType(1)
	switch {
	case w.Kind == graph.CSR && x.Kind == graph.CSR:
		return sparseSparse(n, p, load)
	case w.Kind == graph.CSR:
		ws := n.constantCSR(1)
		if ws == nil || x.Kind != graph.Dense {
			return nil, n.errorf("not defined for %s and %s", x, w)
		}
		return denseSparse(p, ws, load(&call{}, ws.Data), load, own), nil
	}
	fixed := n.constant(1)
	if x.Kind == graph.Dense {
		if fixed != nil {
			mul := dense(load(&call{}, fixed), p)
			return func(c *call) error {
				x := c.dense(0)
				mul(own(c.out(0)), load(c, x), x.Shape[0])
				finish(c.out(0))
				return nil
			}, nil
		}
		return func(c *call) error {
			x := c.dense(0)
			dense(load(c, c.dense(1)), p)(own(c.out(0)), load(c, x), x.Shape[0])
			finish(c.out(0))
			return nil
		}, nil
	}
	var ws []T
	if fixed != nil {
		ws = straight(load(&call{}, fixed), p)
	}
	weights := func(c *call) []T {
		if ws != nil {
			return ws
		}
		return straight(load(c, c.dense(1)), p)
	}
	if x.Kind == graph.OneHot {
		var starts []int
		at := 0
		for _, width := range x.Widths {
			starts = append(starts, at*p.m)
			at += width
		}
		return func(c *call) error {
			w, out, codes := weights(c), own(c.out(0)), c.in(0).OneHot.Codes
			clear(out)
			for i := range c.rows {
				o := out[i*p.m : (i+1)*p.m]
				for b, code := range codes[i*len(starts) : (i+1)*len(starts)] {
					if code >= 0 {
						add(o, o, w[starts[b]+int(code)*p.m:][:p.m])
					}
				}
			}
			finish(c.out(0))
			return nil
		}, nil
	}
	return func(c *call) error {
		w, out, s := weights(c), own(c.out(0)), c.csr(0)
		data := load(c, s.Data)
		clear(out)
		for i := range s.Rows {
			o := out[i*p.m : (i+1)*p.m]
			axpyRow(o, w, data, s.Indices, s.Indptr[i], s.Indptr[i+1])
		}
		finish(c.out(0))
		return nil
	}, nil
}

// axpyRow adds a sparse row's entries times their weight rows, one entry after the other.
func axpyRow[T number](o, w, data []T, indices []int32, from, to int) {
	m := len(o)
	switch m {
	case 1:
		s := o[0]
		for p := from; p < to; p++ {
			s += T(data[p] * w[indices[p]])
		}
		o[0] = s
	case 2:
		s, t := o[0], o[1]
		for p := from; p < to; p++ {
			v, u := data[p], w[int(indices[p])*2:]
			s += T(v * u[0])
			t += T(v * u[1])
		}
		o[0], o[1] = s, t
	default:
		for p := from; p < to; p++ {
			v := data[p]
			u := w[int(indices[p])*m:][:m]
			for j, e := range u {
				o[j] += T(v * e)
			}
		}
	}
}

// denseSparse multiplies dense rows by a constant sparse matrix.
func denseSparse[T number](p *product, w *tensor.Sparse, data []T, load func(*call, *tensor.Tensor) []T, own func(*tensor.Tensor) []T) kernel {
	return func(c *call) error {
		t := c.dense(0)
		x, out := load(c, t), own(c.out(0))
		clear(out)
		for i := range t.Shape[0] {
			row, o := x[i*p.k:(i+1)*p.k], out[i*p.m:(i+1)*p.m]
			for r := range w.Rows {
				for q := w.Indptr[r]; q < w.Indptr[r+1]; q++ {
					j := int(w.Indices[q])
					if p.trans {
						o[r] += T(data[q] * row[j])
					} else {
						o[j] += T(row[r] * data[q])
					}
				}
			}
		}
		finish(c.out(0))
		return nil
	}
}

// sparseSparse multiplies sparse rows by a constant sparse matrix as scipy's csr_matmat: entries of a row appear in the
// reverse order of their first use.
func sparseSparse[T number](n *node, p *product, load func(*call, *tensor.Tensor) []T) (kernel, error) {
	w := n.constantCSR(1)
	if w == nil {
		return nil, n.errorf("needs a constant second matrix")
	}
	if p.trans {
		w = transposeCSR(w)
	}
	data := load(&call{}, w.Data)
	type local struct {
		sums []T
		next []int32
		vals []T
	}
	return func(c *call) error {
		l := c.local(func() any {
			l := &local{sums: make([]T, p.m), next: make([]int32, p.m)}
			for i := range l.next {
				l.next[i] = -1
			}
			return l
		}).(*local)
		x, o := c.csr(0), c.outCSR(0)
		xs := load(c, x.Data)
		l.vals = l.vals[:0]
		for i := range x.Rows {
			head, length := int32(-2), 0
			for a := x.Indptr[i]; a < x.Indptr[i+1]; a++ {
				j, v := x.Indices[a], xs[a]
				for b := w.Indptr[j]; b < w.Indptr[j+1]; b++ {
					k := w.Indices[b]
					l.sums[k] += T(v * data[b])
					if l.next[k] == -1 {
						l.next[k], head = head, k
						length++
					}
				}
			}
			for range length {
				o.Indices = append(o.Indices, head)
				l.vals = append(l.vals, l.sums[head])
				k := head
				head = l.next[k]
				l.next[k], l.sums[k] = -1, 0
			}
			o.Indptr[i+1] = len(o.Indices)
		}
		store(o.Data, l.vals)
		return nil
	}, nil
}

// store sizes a tensor for numbers and writes them.
func store[T number](t *tensor.Tensor, vals []T) {
	t.Resize(len(vals))
	switch v := any(vals).(type) {
	case []float64:
		storeF64(t, v)
	case []float32:
		storeF32(t, v)
	case []int64:
		storeI64(t, v)
	}
}

// transposeCSR returns the transpose, rows in order.
func transposeCSR(s *tensor.Sparse) *tensor.Sparse {
	t := &tensor.Sparse{Rows: s.Cols, Cols: s.Rows, Indptr: make([]int, s.Cols+1), Indices: make([]int32, len(s.Indices)), Data: tensor.New(s.Data.DType, len(s.Indices))}
	for _, j := range s.Indices {
		t.Indptr[j+1]++
	}
	for j := range s.Cols {
		t.Indptr[j+1] += t.Indptr[j]
	}
	at := append([]int{}, t.Indptr...)
	for i := range s.Rows {
		for p := s.Indptr[i]; p < s.Indptr[i+1]; p++ {
			q := at[s.Indices[p]]
			at[s.Indices[p]]++
			t.Indices[q] = int32(i)
			copyElement(t.Data, q, s.Data, p)
		}
	}
	return t
}

// copyElement copies one element between tensors of one type.
func copyElement(dst *tensor.Tensor, i int, src *tensor.Tensor, j int) {
	switch dst.DType.Storage() {
	case tensor.F64:
		dst.F64[i] = src.F64[j]
	case tensor.F32:
		dst.F32[i] = src.F32[j]
	case tensor.I64:
		dst.I64[i] = src.I64[j]
	case tensor.U8:
		dst.U8[i] = src.U8[j]
	case tensor.Str:
		dst.Str[i] = src.Str[j]
	case tensor.Cells:
		dst.Cells[i] = src.Cells[j]
	}
}
