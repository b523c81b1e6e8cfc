// Package exec runs graphs: one kernel per operation, planned once, run many times.
//
// Compile looks every node's kernel up, lets it precompute what rows can not change, and folds constants. A Plan may be
// run by any number of goroutines; each run takes its buffers from a pool and copies the results out. Big batches are cut
// into row blocks, run by Options.Threads workers, unless a node couples rows: results do not depend on the cut.
//
// # Adding a kernel
//
// An operation lives in graph/<domain>.go (its name, attributes and Builder method) and exec/<domain>.go. The latter has
// one table and one line in the list of kernels.go:
//
//	var treeKernels = table{graph.OpTreeEnsemble: treeEnsemble}
//
//	func treeEnsemble(n *node) (kernel, error) {         // once per Compile
//		a := n.Attr.(*graph.TreeEnsembleAttr)        // attributes; n.inType(i), n.outType(i), n.constant(i)
//		forest := pack(a)                            // precompute here
//		return func(c *call) error {                 // once per row block, from many goroutines at once
//			x, out := c.dense(0), c.out(0)       // out is already sized: c.rows x the type's other dimensions
//			forest.walk(out.F64, x.F32, c.rows)
//			return nil
//		}, nil
//	}
//
// Rules of a kernel:
//   - Inputs have exactly the kinds, dtypes and shapes of n.inType (the first dimension N is c.rows); a sparse input's
//     Indptr starts at 0. c.rows may be 0. Inputs are never written to.
//   - Dense, OneHot and Frame outputs come sized, contents unspecified. A CSR output comes with Rows, Cols, an Indptr of
//     Rows+1 with Indptr[0] = 0, and empty Indices and Data: append to Indices and to Data's slice, fill Indptr. Tokens,
//     Dicts and Ragged outputs come with an Indptr of rows+1 and everything else empty.
//   - c.set(i, v) makes an output of an input's memory (or a constant's, or of headers kept in c.local) instead of
//     copying. Never point an output's own headers (Frame.Columns, Sparse.Data) at memory that is not theirs.
//   - No allocation per row: scratch memory is c.f64s(n), c.f32s(n), c.i64s(n), c.i32s(n), c.ints(n), c.bytes(n),
//     valid until the kernel returns, contents unspecified; c.local(new) keeps anything else for the next call.
//   - A row's result must not depend on the other rows, nor on c.rows; where numpy's does (Columns order: a batch of one
//     row), c.batch is the size of the whole batch. Nodes that can not keep this are marked CouplesRows and then see the
//     whole batch. n.wantRows(k) asks for blocks of at least k rows, n.costs(ns) says what a row takes.
//   - Bad data is c.refuse("scikit-learn's words", …). A batch that is refused in one block is run again whole, so the
//     words may speak of the batch.
//   - No FMA: write float64(x*y) + z.
package exec

import (
	"runtime/debug"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/source"
)

// Error is a run or a plan that does not fit its graph.
type Error struct {
	Origin string
	Op     graph.Op
	Msg    string
}

func (e *Error) Error() string {
	s := "exec: "
	if e.Origin != "" {
		s += e.Origin + ": "
	}
	if e.Op != "" {
		s += string(e.Op) + ": "
	}
	return s + e.Msg
}

// FaultError is a kernel that panicked: a bug, or mapped memory that vanished.
type FaultError struct {
	Origin string
	Op     graph.Op
	Cause  any
	Stack  []byte
}

// Unwrap gives the *source.FaultError of a mapped file that was lost, nil for other causes.
func (e *FaultError) Unwrap() error {
	if lost, ok := e.Cause.(*source.FaultError); ok {
		return lost
	}
	return nil
}

// Recover, deferred, makes a FaultError of a panic while origin was read or run; what a lost mapping causes goes on to source.Protect.
func Recover(err *error, origin string) {
	if r := recover(); r != nil {
		if source.Fault(r) != nil {
			panic(r)
		}
		*err = &FaultError{Origin: origin, Cause: r, Stack: debug.Stack()}
	}
}

func (e *FaultError) Error() string {
	if lost := e.Unwrap(); lost != nil {
		return (&Error{e.Origin, e.Op, lost.Error()}).Error()
	}
	return (&Error{e.Origin, e.Op, "internal fault: " + causeText(e.Cause)}).Error()
}
