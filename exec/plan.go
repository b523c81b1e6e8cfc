package exec

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/source"
	"github.com/larder-ml/larder/tensor"
)

// Options of a plan.
type Options struct {
	Threads   int // workers for big batches; 0: one per processor
	BlockRows int // rows per block; 0: chosen from the graph

	// Memory bounds the bytes that faster forms of a model may take beside it, 0 for no bound: a forest above it is
	// walked as it lies in its file.
	Memory int64
}

// Plan is a compiled graph. It is safe for concurrent use.
type Plan struct {
	graph   *graph.Graph
	steps   []step
	consts  []tensor.Value
	threads int
	block   int     // rows per block
	cost    float64 // estimated nanoseconds per row
	couples bool
	states  sync.Pool
}

// step is a node with its kernel.
type step struct {
	node  *graph.Node
	at    int // index in Graph.Nodes
	run   kernel
	fresh []int // outputs that are not dense and start empty each time
}

// Compile plans a graph. The graph must not change afterwards.
func Compile(g *graph.Graph, opts Options) (*Plan, error) {
	g = graph.Merge(g)
	p := &Plan{graph: g, consts: make([]tensor.Value, len(g.Types)), threads: opts.Threads, couples: g.CouplesRows()}
	if p.threads <= 0 {
		p.threads = runtime.GOMAXPROCS(0)
	}
	p.states.New = func() any { return p.newState() }
	bytes, want := 0, 0
	for i := range g.Nodes {
		gn := &g.Nodes[i]
		switch gn.Op {
		case graph.OpInput:
			bytes += rowBytes(g.Types[gn.Out[0]])
			continue
		case graph.OpConst:
			a := gn.Attr.(*graph.ConstAttr)
			p.consts[gn.Out[0]] = tensor.Value{Dense: a.Tensor, CSR: a.Sparse}
			continue
		}
		mk := find(gn.Op)
		if mk == nil {
			return nil, &graph.UnsupportedError{Target: "exec", Op: gn.Op, Origin: gn.Origin, Why: "no kernel"}
		}
		n := &node{Node: gn, types: g.Types, consts: p.consts, memory: opts.Memory}
		run, err := mk(n)
		if err != nil {
			return nil, err
		}
		s := step{node: gn, at: i, run: run}
		for _, o := range gn.Out {
			if g.Types[o].Kind != graph.Dense {
				s.fresh = append(s.fresh, o)
			}
		}
		if p.foldable(gn) {
			if err := p.fold(s); err != nil {
				return nil, err
			}
			continue
		}
		p.steps = append(p.steps, s)
		want = max(want, n.rows)
		p.cost += n.cost
		for _, o := range gn.Out {
			bytes += rowBytes(g.Types[o])
			p.cost += 5 + float64(g.Types[o].Width())
		}
	}
	p.block = max(min((1<<19)/max(bytes, 1), 4096), 64, want)
	if opts.BlockRows > 0 {
		p.block = opts.BlockRows
	}
	return p, nil
}

// rowBytes estimates the memory of one row.
func rowBytes(t graph.Type) int {
	if !t.Batched() {
		return 0
	}
	if t.Kind == graph.Dense {
		return 8 * t.Width()
	}
	return min(16*t.Width(), 4096)
}

// foldable reports whether a node's results are constants.
func (p *Plan) foldable(n *graph.Node) bool {
	if len(n.In) == 0 || n.CouplesRows {
		return false
	}
	for _, i := range n.In {
		if p.consts[i] == (tensor.Value{}) {
			return false
		}
	}
	for _, o := range n.Out {
		if p.graph.Types[o].Batched() {
			return false
		}
	}
	return true
}

// fold runs a step once and keeps its results as constants.
func (p *Plan) fold(s step) error {
	st := p.newState()
	st.start(p, 1, 1)
	if err := st.run(p, []step{s}); err != nil {
		return err
	}
	for _, o := range s.node.Out {
		p.consts[o] = st.vals[o]
	}
	return nil
}

// Graph returns the graph the plan runs.
func (p *Plan) Graph() *graph.Graph { return p.graph }

// Run computes the outputs, in the order of Graph.Outputs, from the inputs, in the order of Graph.Inputs. Inputs are
// only read; results are the caller's. Bad data is a *graph.InputError.
func (p *Plan) Run(ctx context.Context, inputs []tensor.Value) ([]tensor.Value, error) {
	if len(inputs) != len(p.graph.Inputs) {
		return nil, &Error{Msg: fmt.Sprintf("%d inputs where the graph has %d", len(inputs), len(p.graph.Inputs))}
	}
	n := 1
	for i, v := range inputs {
		if msg := v.Check(); msg != "" {
			return nil, &graph.InputError{Msg: msg}
		}
		t := p.graph.Types[p.graph.Inputs[i]]
		if err := checkInput(t, v); err != "" {
			return nil, &Error{Msg: fmt.Sprintf("input %d: %s", i, err)}
		}
		if t.Batched() {
			if i > 0 && v.Rows() != n {
				return nil, &Error{Msg: fmt.Sprintf("input %d has %d rows, the first %d", i, v.Rows(), n)}
			}
			n = v.Rows()
		}
	}
	rows := p.blockRows(n)
	if rows >= n {
		return p.runWhole(ctx, inputs, n)
	}
	out, err := p.runBlocks(ctx, inputs, n, rows)
	var bad *graph.InputError
	if errors.As(err, &bad) {
		if out, again := p.runWhole(ctx, inputs, n); again != nil {
			return out, again
		}
	}
	return out, err
}

// blockRows chooses the rows per block for a batch.
func (p *Plan) blockRows(n int) int {
	if p.couples {
		return n
	}
	rows := p.block
	if p.threads > 1 && float64(n)*p.cost > 100e3 {
		shares := (n + rows*p.threads - 1) / (rows * p.threads) * p.threads
		rows = (n + shares - 1) / shares
	}
	return max(rows, 1)
}

func (p *Plan) runWhole(ctx context.Context, inputs []tensor.Value, n int) ([]tensor.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	st := p.states.Get().(*state)
	st.ctx = ctx
	st.start(p, n, n)
	for i, id := range p.graph.Inputs {
		st.vals[id] = inputs[i]
	}
	if err := st.run(p, p.steps); err != nil {
		p.release(st, err)
		return nil, err
	}
	outs := make([]tensor.Value, len(p.graph.Outputs))
	for i, o := range p.graph.Outputs {
		outs[i] = clone(st.vals[o.ID])
	}
	p.release(st, nil)
	return outs, nil
}

// release puts a state back, unless a fault may have left it broken.
func (p *Plan) release(st *state, err error) {
	var fault *FaultError
	if errors.As(err, &fault) {
		return
	}
	for _, id := range p.graph.Inputs {
		st.vals[id] = tensor.Value{}
	}
	st.restore()
	st.ctx = nil
	p.states.Put(st)
}

func (p *Plan) runBlocks(ctx context.Context, inputs []tensor.Value, n, rows int) ([]tensor.Value, error) {
	blocks := (n + rows - 1) / rows
	sinks := make([]sink, len(p.graph.Outputs))
	for i, o := range p.graph.Outputs {
		sinks[i] = newSink(p.graph.Types[o.ID], n, blocks)
	}
	var (
		next    atomic.Int64
		failed  atomic.Bool
		workers = min(p.threads, blocks)
		errs    = make([]error, workers)
		wg      sync.WaitGroup
	)
	work := func(w int) {
		st := p.states.Get().(*state)
		st.ctx = ctx
		cuts := make([]cut, len(inputs))
		var err error
		for err == nil && !failed.Load() {
			b := int(next.Add(1)) - 1
			if b >= blocks {
				break
			}
			if err = ctx.Err(); err != nil {
				break
			}
			from, to := b*rows, min((b+1)*rows, n)
			st.start(p, to-from, n)
			for i, id := range p.graph.Inputs {
				st.vals[id] = inputs[i]
				if p.graph.Types[id].Batched() {
					st.vals[id] = cuts[i].rows(inputs[i], from, to)
				}
			}
			if err = st.run(p, p.steps); err != nil {
				break
			}
			for i, o := range p.graph.Outputs {
				sinks[i].put(st.vals[o.ID], b, from)
			}
		}
		if err != nil {
			failed.Store(true)
		}
		errs[w] = err
		p.release(st, err)
	}
	for w := 1; w < workers; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			work(w)
		}()
	}
	work(0)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	outs := make([]tensor.Value, len(sinks))
	for i := range sinks {
		outs[i] = sinks[i].value()
	}
	return outs, nil
}

// state is the memory of one worker.
type state struct {
	call
	owned []tensor.Value // by value id: the plan's own memory
	sized int            // rows the dense values are sized for
}

func (p *Plan) newState() *state {
	st := &state{owned: make([]tensor.Value, len(p.graph.Types)), sized: -1}
	copy(st.owned, p.consts)
	st.locals = make([]any, len(p.graph.Nodes))
	for i := range p.graph.Nodes {
		n := &p.graph.Nodes[i]
		if n.Op == graph.OpInput {
			continue
		}
		for _, o := range n.Out {
			if st.owned[o] == (tensor.Value{}) {
				st.owned[o] = empty(p.graph.Types[o])
			}
		}
	}
	st.vals = append([]tensor.Value{}, st.owned...)
	return st
}

// empty makes an unsized value of a type.
func empty(t graph.Type) tensor.Value {
	switch t.Kind {
	case graph.CSR:
		return tensor.Value{CSR: &tensor.Sparse{Cols: t.Width(), Data: tensor.New(t.DType, 0)}}
	case graph.Frame:
		f := &tensor.Frame{Columns: make([]*tensor.Tensor, len(t.Columns))}
		named := false
		for i, c := range t.Columns {
			f.Columns[i] = tensor.New(c.DType, 0)
			named = named || c.Name != ""
		}
		if named {
			for _, c := range t.Columns {
				f.Names = append(f.Names, c.Name)
			}
		}
		return tensor.Value{Frame: f}
	case graph.OneHot:
		return tensor.Value{OneHot: &tensor.OneHot{DType: t.DType, Widths: t.Widths}}
	case graph.Tokens:
		return tensor.Value{Tokens: &tensor.Tokens{}}
	case graph.Dicts:
		return tensor.Value{Dicts: &tensor.Dicts{}}
	case graph.Ragged:
		return tensor.Value{Ragged: &tensor.Ragged{Dist: tensor.New(t.DType, 0)}}
	}
	d := &tensor.Tensor{DType: t.DType, Shape: append([]int{}, t.Shape...)}
	if !t.Batched() {
		d.Resize(t.Shape...)
	}
	return tensor.Value{Dense: d}
}

// start readies the state for a block.
func (st *state) start(p *Plan, rows, batch int) {
	st.rows, st.batch = rows, batch
	st.restore()
	if st.sized == rows {
		return
	}
	st.sized = rows
	for i := range p.steps {
		for _, o := range p.steps[i].node.Out {
			resize(p.graph.Types[o], st.owned[o], rows)
		}
	}
}

// restore undoes call.set.
func (st *state) restore() {
	for _, id := range st.aliased {
		st.vals[id] = st.owned[id]
	}
	st.aliased = st.aliased[:0]
}

// resize sizes what a type alone decides.
func resize(t graph.Type, v tensor.Value, rows int) {
	switch {
	case !t.Batched():
	case v.Dense != nil:
		v.Dense.Shape[0] = rows
		v.Dense.Resize(v.Dense.Shape...)
	case v.Frame != nil:
		v.Frame.N = rows
		for _, c := range v.Frame.Columns {
			c.Resize(rows)
		}
	case v.OneHot != nil:
		v.OneHot.Rows = rows
		v.OneHot.Codes = room(v.OneHot.Codes, rows*len(v.OneHot.Widths))
	}
}

// reset empties a value whose size only its contents tell.
func reset(v tensor.Value, rows int) {
	switch {
	case v.CSR != nil:
		s := v.CSR
		s.Rows, s.Indptr, s.Indices = rows, room(s.Indptr, rows+1), s.Indices[:0]
		s.Indptr[0] = 0
		s.Data.Resize(0)
	case v.Tokens != nil:
		t := v.Tokens
		t.Indptr, t.Terms = room(t.Indptr, rows+1), t.Terms[:0]
		t.Indptr[0] = 0
	case v.Dicts != nil:
		d := v.Dicts
		d.Indptr, d.Keys, d.Values = room(d.Indptr, rows+1), d.Keys[:0], d.Values[:0]
		d.Indptr[0] = 0
	case v.Ragged != nil:
		r := v.Ragged
		r.Indptr, r.Indices = room(r.Indptr, rows+1), r.Indices[:0]
		r.Indptr[0] = 0
		r.Dist.Resize(0)
	}
}

// settle makes the shapes of appended storage right.
func settle(v tensor.Value) {
	switch {
	case v.CSR != nil:
		v.CSR.Data.Shape[0] = len(v.CSR.Indices)
	case v.Ragged != nil:
		v.Ragged.Dist.Shape[0] = len(v.Ragged.Indices)
	}
}

func room[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n)
}

// run runs the steps on the block the state was started for.
func (st *state) run(p *Plan, steps []step) (err error) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			fault := &FaultError{Origin: st.node.Origin, Op: st.node.Op, Cause: r, Stack: debug.Stack()}
			if lost := source.Fault(r); lost != nil {
				fault.Cause = lost
			}
			err = fault
		}
	}()
	c := &st.call
	for i := range steps {
		s := &steps[i]
		c.node, c.at = s.node, s.at
		for _, o := range s.fresh {
			reset(st.owned[o], p.rowsOf(o, st.rows))
		}
		if err := s.run(c); err != nil {
			c.free()
			return err
		}
		for _, o := range s.fresh {
			settle(st.owned[o])
		}
		c.free()
	}
	return nil
}

// rowsOf returns the rows of a value in a block.
func (p *Plan) rowsOf(id, rows int) int {
	if s := p.graph.Types[id].Shape; len(s) > 0 && s[0] != graph.N {
		return s[0]
	}
	return rows
}

func causeText(cause any) string { return fmt.Sprint(cause) }
