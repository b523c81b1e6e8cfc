package exec

import (
	"context"
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// table maps operations to what makes their kernels.
type table map[graph.Op]maker

// maker prepares a node.
type maker func(n *node) (kernel, error)

// kernel runs a node on one row block.
type kernel func(c *call) error

// find returns the maker of op.
func find(op graph.Op) maker {
	for _, t := range []table{
		elementwiseKernels, castKernels, reduceKernels, matmulKernels, shapeKernels, guardKernels,
		svmKernels, treeKernels, randomKernels, interpKernels, calibrationKernels, decomposeKernels,
		encodeKernels, scaleKernels, frameKernels, textKernels, imputeKernels, patchKernels, distanceKernels, neighborKernels,
		gaussianProcessKernels, topKernels,
	} {
		if m := t[op]; m != nil {
			return m
		}
	}
	return nil
}

// node is a graph node while its kernel is made.
type node struct {
	*graph.Node
	types  []graph.Type
	consts []tensor.Value // by value id; the zero Value where not constant
	memory int64          // Options.Memory
	rows   int            // rows per block wanted
	cost   float64        // estimated nanoseconds per row, beside what the widths tell
}

// inType returns the type of input i.
func (n *node) inType(i int) graph.Type { return n.types[n.In[i]] }

// outType returns the type of output i.
func (n *node) outType(i int) graph.Type { return n.types[n.Out[i]] }

// constant returns input i if it is a constant dense tensor (also one computed from constants), else nil.
func (n *node) constant(i int) *tensor.Tensor { return n.consts[n.In[i]].Dense }

// constantCSR returns input i if it is a constant sparse matrix, else nil.
func (n *node) constantCSR(i int) *tensor.Sparse { return n.consts[n.In[i]].CSR }

// wantRows asks for blocks of at least rows rows: for kernels that read much constant data per block.
func (n *node) wantRows(rows int) { n.rows = max(n.rows, rows) }

// costs estimates the nanoseconds a row takes; it decides whether a batch is worth several workers.
func (n *node) costs(ns float64) { n.cost += ns }

// errorf makes an Error at the node.
func (n *node) errorf(format string, args ...any) error {
	return &Error{n.Origin, n.Op, fmt.Sprintf(format, args...)}
}

// call is one run of a kernel.
type call struct {
	ctx   context.Context
	rows  int // rows of this block
	batch int // rows of the whole batch

	node    *graph.Node
	vals    []tensor.Value // by value id
	aliased []int          // value ids set by set
	locals  []any          // by node
	at      int            // index of the node
	scratch
}

// in returns input i.
func (c *call) in(i int) tensor.Value { return c.vals[c.node.In[i]] }

// dense returns input i, a dense value.
func (c *call) dense(i int) *tensor.Tensor { return c.vals[c.node.In[i]].Dense }

// csr returns input i, a sparse value.
func (c *call) csr(i int) *tensor.Sparse { return c.vals[c.node.In[i]].CSR }

// frame returns input i, a frame.
func (c *call) frame(i int) *tensor.Frame { return c.vals[c.node.In[i]].Frame }

// result returns output i, whose fields are to be filled.
func (c *call) result(i int) tensor.Value { return c.vals[c.node.Out[i]] }

// out returns output i, a dense value.
func (c *call) out(i int) *tensor.Tensor { return c.vals[c.node.Out[i]].Dense }

// outCSR returns output i, a sparse value.
func (c *call) outCSR(i int) *tensor.Sparse { return c.vals[c.node.Out[i]].CSR }

// outFrame returns output i, a frame.
func (c *call) outFrame(i int) *tensor.Frame { return c.vals[c.node.Out[i]].Frame }

// set makes output i share v's memory.
func (c *call) set(i int, v tensor.Value) {
	id := c.node.Out[i]
	c.vals[id] = v
	c.aliased = append(c.aliased, id)
}

// stopped returns why the work is to end, nil for no reason. Kernels whose time the model decides ask it as they go.
func (c *call) stopped() error {
	if c.ctx == nil {
		return nil // a constant is computed
	}
	return c.ctx.Err()
}

// refuse makes the InputError scikit-learn would raise here.
func (c *call) refuse(format string, args ...any) error {
	return &graph.InputError{Origin: c.node.Origin, Msg: fmt.Sprintf(format, args...)}
}

// errorf makes an Error at the node.
func (c *call) errorf(format string, args ...any) error {
	return &Error{c.node.Origin, c.node.Op, fmt.Sprintf(format, args...)}
}

// local returns what the node keeps between calls of one worker, made by create the first time.
func (c *call) local(create func() any) any {
	if c.locals[c.at] == nil {
		c.locals[c.at] = create()
	}
	return c.locals[c.at]
}

// scratch hands out memory that is free again after the kernel.
type scratch struct {
	f64 pile[float64]
	f32 pile[float32]
	i64 pile[int64]
	i32 pile[int32]
	int pile[int]
	u8  pile[uint8]
}

func (s *scratch) f64s(n int) []float64 { return s.f64.take(n) }
func (s *scratch) f32s(n int) []float32 { return s.f32.take(n) }
func (s *scratch) i64s(n int) []int64   { return s.i64.take(n) }
func (s *scratch) i32s(n int) []int32   { return s.i32.take(n) }
func (s *scratch) ints(n int) []int     { return s.int.take(n) }
func (s *scratch) bytes(n int) []uint8  { return s.u8.take(n) }

func (s *scratch) free() {
	s.f64.used, s.f32.used, s.i64.used, s.i32.used, s.int.used, s.u8.used = 0, 0, 0, 0, 0, 0
}

// pile is a stack of slices cut from one buffer. Slices handed out before it grows stay valid.
type pile[T any] struct {
	buf  []T
	used int
}

func (p *pile[T]) take(n int) []T {
	if p.used+n > len(p.buf) {
		p.buf, p.used = make([]T, 2*(p.used+n)), 0
	}
	s := p.buf[p.used : p.used+n : p.used+n]
	p.used += n
	return s
}
