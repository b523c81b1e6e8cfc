package graph

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/larder-ml/larder/tensor"
)

// Tree operations. Both take X [N,p], dense or CSR (absent entries are zero, a repeated one counts with its last
// value), float32 or, for Trees.Float64, float64.
const (
	OpTreeEnsemble Op = "TreeEnsemble" // X [, start [N,k] or [k]] → sums, stages or leaves. Attr *TreeEnsembleAttr
	OpTreePath     Op = "TreePath"     // X → CSR int64 of ones, [N, nodes of all trees]: the nodes each row visits. Attr *TreePathAttr. No ONNX form
)

// TreeMode says what a TreeEnsemble gives.
type TreeMode uint8

// The modes.
const (
	// TreeSum adds the leaves' numbers, one tree after the other, float64: start + leaf₁ + leaf₂ + …; without start the
	// sum begins with the first leaf. [N, Outputs].
	TreeSum TreeMode = iota
	// TreeStaged gives the sum after each stage: [N, stages, Outputs]. A stage is Outputs trees of one number, or one
	// tree of Outputs numbers.
	TreeStaged
	// TreeLeaf gives the node number of each tree's leaf: int64 [N, trees].
	TreeLeaf
)

// TreeEnsembleAttr describes a TreeEnsemble. Where a leaf has one number and there are several outputs, tree t adds
// to output t mod Outputs; else a leaf has Outputs numbers.
type TreeEnsembleAttr struct {
	Trees   *Trees
	Mode    TreeMode
	Outputs int
}

// Stage returns the trees of a stage.
func (a *TreeEnsembleAttr) Stage() int {
	if a.Trees.Values == 1 {
		return a.Outputs
	}
	return 1
}

func (a *TreeEnsembleAttr) String() string {
	return fmt.Sprintf("%s of %d trees, %d outputs", [...]string{"sum", "stages", "leaves"}[a.Mode], len(a.Trees.List), a.Outputs)
}

// TreePathAttr describes a TreePath.
type TreePathAttr struct{ Trees *Trees }

func (a *TreePathAttr) String() string { return fmt.Sprintf("%d trees", len(a.Trees.List)) }

// Trees is a set of binary decision trees over one X, in the records their file stores, not checked beforehand: whoever
// walks them proves each step (see Tree.Step).
//
// At an inner node a row goes left when x <= threshold, compared in float64; NaN goes to the missing side.
type Trees struct {
	List    []Tree
	Width   int     // columns of X
	Values  int     // numbers of a leaf
	Float64 bool    // X is float64; else float32
	Scale   float64 // every leaf number is multiplied by it (one rounding); 1 for none

	// Fractions, if not nil, holds for each output of a classifier how many of its Values/len(Fractions) numbers count:
	// they are class counts, to be divided by their pairwise sum (by 1 where that is 0).
	Fractions []int

	// Known holds, by column, the categories met in fitting, for columns that are categorical; nil if there are none.
	Known []*[8]uint32

	// Mapped says that records are views of a mapped file.
	Mapped bool

	compiled atomic.Pointer[any]
}

// Tree is one tree.
type Tree struct {
	Layout   *TreeLayout
	Nodes    []byte   // Len() records of Layout.Size bytes
	Numbers  []byte   // Len() × Values float64 in the layout's byte order; nil where the record has a Value
	Columns  []int    // the tree's columns of X; nil for all
	Bitsets  []uint32 // categories that go left, 8 words a set
	Inputs   int      // columns the tree was fitted on
	MaxDepth int      // as the file claims; only a hint
}

// TreeLayout tells where a node record holds what. A field with DType Invalid is absent.
type TreeLayout struct {
	Size int  // bytes of a record
	Big  bool // byte order
	Left, Right, Feature, Threshold, Missing,
	Leaf, // non-zero at leaves; where absent, a leaf has Left -1
	Value, Categorical, Bitset,
	Samples TreeField // training samples of the node
}

// TreeField is a number in a record.
type TreeField struct {
	Offset int
	DType  tensor.DType
}

// TreeNode is a node, decoded.
type TreeNode struct {
	Leaf, MissingLeft, Categorical bool
	Left, Right, Feature, Bitset   int
	Threshold                      float64
}

// Len returns the number of nodes.
func (t *Tree) Len() int { return len(t.Nodes) / t.Layout.Size }

// Node decodes a node; i must be in range.
func (t *Tree) Node(i int) TreeNode {
	l := t.Layout
	r := t.Nodes[i*l.Size : (i+1)*l.Size]
	n := TreeNode{Left: int(l.int(r, l.Left)), Right: int(l.int(r, l.Right))}
	if l.Leaf.DType != tensor.Invalid {
		n.Leaf = l.int(r, l.Leaf) != 0
	} else {
		n.Leaf = n.Left == -1
	}
	if n.Leaf {
		return n
	}
	n.Feature, n.Threshold = int(l.int(r, l.Feature)), l.float(r, l.Threshold)
	n.MissingLeft = l.Missing.DType != tensor.Invalid && l.int(r, l.Missing) != 0
	if l.Categorical.DType != tensor.Invalid && l.int(r, l.Categorical) != 0 {
		n.Categorical, n.Bitset = true, int(l.int(r, l.Bitset))
	}
	return n
}

// Samples returns how many training samples came to node i, 0 where the record does not say.
func (t *Tree) Samples(i int) int {
	l := t.Layout
	if l.Samples.DType == tensor.Invalid {
		return 0
	}
	return int(l.int(t.Nodes[i*l.Size:(i+1)*l.Size], l.Samples))
}

// Column returns the column of X that feature f of the tree is, or -1.
func (t *Tree) Column(f int) int {
	if f < 0 || f >= t.Inputs {
		return -1
	}
	if t.Columns != nil {
		return t.Columns[f]
	}
	return f
}

// Check proves an inner node i sound: children behind it and inside the tree, a feature and a set of categories that
// exist. It returns what is wrong, or "".
func (t *Tree) Check(i int, n TreeNode) string {
	size := t.Len()
	switch {
	case n.Left <= i || n.Left >= size || n.Right <= i || n.Right >= size:
		return fmt.Sprintf("node %d of %d has children %d and %d", i, size, n.Left, n.Right)
	case n.Feature < 0 || n.Feature >= t.Inputs:
		return fmt.Sprintf("node %d splits on feature %d of %d", i, n.Feature, t.Inputs)
	case n.Categorical && (n.Bitset < 0 || n.Bitset >= len(t.Bitsets)/8):
		return fmt.Sprintf("node %d splits on set %d of %d", i, n.Bitset, len(t.Bitsets)/8)
	}
	return ""
}

// Number returns number k of node i, as stored.
func (t *Tree) Number(i, k, values int) float64 {
	if t.Numbers == nil {
		l := t.Layout
		return l.float(t.Nodes[i*l.Size:(i+1)*l.Size], l.Value)
	}
	at := 8 * (i*values + k)
	if t.Layout.Big {
		return math.Float64frombits(binary.BigEndian.Uint64(t.Numbers[at:]))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(t.Numbers[at:]))
}

// Leaf writes the numbers of leaf i to out, as they are to be added.
func (ts *Trees) Leaf(t *Tree, i int, out []float64) {
	for k := range out {
		out[k] = t.Number(i, k, ts.Values)
	}
	if ts.Fractions != nil {
		w := ts.Values / len(ts.Fractions)
		for o, n := range ts.Fractions {
			v := out[o*w : o*w+n]
			s := PairwiseSum(v)
			if s == 0 {
				s = 1
			}
			for k := range v {
				v[k] /= s
			}
		}
	}
	if ts.Scale != 1 {
		for k := range out {
			out[k] *= ts.Scale
		}
	}
}

// Compiled returns what an engine keeps with the trees, nil if nothing yet. Several graphs share one Trees.
func (ts *Trees) Compiled() any {
	if p := ts.compiled.Load(); p != nil {
		return *p
	}
	return nil
}

// KeepCompiled keeps v unless something is kept already, and returns what is kept.
func (ts *Trees) KeepCompiled(v any) any {
	ts.compiled.CompareAndSwap(nil, &v)
	return *ts.compiled.Load()
}

// int reads an integer field; big ones become negative.
func (l *TreeLayout) int(r []byte, f TreeField) int64 {
	r = r[f.Offset:]
	switch f.DType {
	case tensor.Uint8, tensor.Bool:
		return int64(r[0])
	case tensor.Int32:
		if l.Big {
			return int64(int32(binary.BigEndian.Uint32(r)))
		}
		return int64(int32(binary.LittleEndian.Uint32(r)))
	case tensor.Uint32:
		if l.Big {
			return int64(binary.BigEndian.Uint32(r))
		}
		return int64(binary.LittleEndian.Uint32(r))
	}
	if l.Big {
		return int64(binary.BigEndian.Uint64(r))
	}
	return int64(binary.LittleEndian.Uint64(r))
}

func (l *TreeLayout) float(r []byte, f TreeField) float64 {
	if l.Big {
		return math.Float64frombits(binary.BigEndian.Uint64(r[f.Offset:]))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(r[f.Offset:]))
}

// TreeEnsemble adds an ensemble of trees. start, at most one, is what the sum begins with: [N, Outputs] or [Outputs].
func (b *Builder) TreeEnsemble(x Value, a TreeEnsembleAttr, start ...Value) Value {
	if x.OK() && x.Type().Kind == OneHot {
		x = b.ToCSR(x)
	}
	if !b.treeInput(OpTreeEnsemble, x, a.Trees) {
		return Value{}
	}
	ts := a.Trees
	if a.Outputs < 1 || (ts.Values != a.Outputs && ts.Values != 1) {
		return b.Failf(OpTreeEnsemble, "%d outputs from leaves of %d numbers", a.Outputs, ts.Values)
	}
	in := []Value{x}
	if len(start) > 0 {
		if !start[0].OK() {
			return Value{}
		}
		t := start[0].Type()
		if t.Kind != Dense || t.DType != tensor.Float64 || len(t.Shape) < 1 || len(t.Shape) > 2 || t.Shape[len(t.Shape)-1] != a.Outputs ||
			(len(t.Shape) == 2 && t.Shape[0] != N) {
			return b.Failf(OpTreeEnsemble, "start is %s where %d outputs are summed", t, a.Outputs)
		}
		in = append(in, start[0])
	}
	out := Type{DType: tensor.Float64, Shape: []int{N, a.Outputs}}
	switch a.Mode {
	case TreeStaged:
		n := a.Stage()
		if len(ts.List)%n != 0 {
			return b.Failf(OpTreeEnsemble, "%d trees are no whole stages of %d", len(ts.List), n)
		}
		out.Shape = []int{N, len(ts.List) / n, a.Outputs}
	case TreeLeaf:
		out = Type{DType: tensor.Int64, Shape: []int{N, len(ts.List)}}
	}
	return b.Add1(OpTreeEnsemble, &a, out, in...)
}

// TreePath adds the nodes each row visits, tree after tree.
func (b *Builder) TreePath(x Value, ts *Trees) Value {
	if x.OK() && x.Type().Kind == OneHot {
		x = b.ToCSR(x)
	}
	if !b.treeInput(OpTreePath, x, ts) {
		return Value{}
	}
	nodes := 0
	for i := range ts.List {
		nodes += ts.List[i].Len()
	}
	if nodes > math.MaxInt32 {
		return b.Unsupported(OpTreePath, "%d nodes are more than a sparse matrix has columns", nodes)
	}
	return b.Add1(OpTreePath, &TreePathAttr{ts}, Type{Kind: CSR, DType: tensor.Int64, Shape: []int{N, nodes}}, x)
}

func (b *Builder) treeInput(op Op, x Value, ts *Trees) bool {
	if !x.OK() {
		return false
	}
	t := x.Type()
	want := tensor.Float32
	if ts.Float64 {
		want = tensor.Float64
	}
	switch {
	case (t.Kind != Dense && t.Kind != CSR) || len(t.Shape) != 2 || t.DType != want:
		b.Failf(op, "needs a matrix of %s, has %s", want, t)
	case t.Shape[1] != ts.Width:
		b.Failf(op, "%d columns where the trees know %d", t.Shape[1], ts.Width)
	case len(ts.List) == 0:
		b.Failf(op, "no trees")
	default:
		for i := range ts.List {
			if t := &ts.List[i]; t.Len() == 0 {
				b.Failf(op, "tree %d has no nodes", i)
			} else if t.Columns == nil && t.Inputs > ts.Width || t.Columns != nil && t.Inputs != len(t.Columns) {
				b.Failf(op, "tree %d knows %d columns", i, t.Inputs)
			} else if msg := outside(t.Columns, ts.Width); msg != "" {
				b.Failf(op, "tree %d: %s", i, msg)
			} else if t.Numbers != nil && len(t.Numbers) != 8*t.Len()*ts.Values || t.Numbers == nil && t.Layout.Value.DType == tensor.Invalid {
				b.Failf(op, "tree %d: %d bytes of numbers for %d nodes", i, len(t.Numbers), t.Len())
			}
		}
		return b.err == nil
	}
	return false
}

func outside(columns []int, width int) string {
	for _, c := range columns {
		if c < 0 || c >= width {
			return fmt.Sprintf("column %d of %d", c, width)
		}
	}
	return ""
}

// OpWeightedMedian gives each row's weighted median: of its entries in ascending order, the first at which the sum of
// weights reaches half of all. [N,k] → [N]. Attr *WeightedMedianAttr.
const OpWeightedMedian Op = "WeightedMedian"

// WeightedMedianAttr holds a weight for each column.
type WeightedMedianAttr struct{ Weights []float64 }

// WeightedMedian adds the weighted median of rows.
func (b *Builder) WeightedMedian(x Value, weights []float64) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(t.Shape) != 2 || (t.DType != tensor.Float64 && t.DType != tensor.Float32) || t.Shape[1] != len(weights) || len(weights) == 0 {
		return b.Failf(OpWeightedMedian, "%d weights for %s", len(weights), t)
	}
	return b.Add1(OpWeightedMedian, &WeightedMedianAttr{weights}, Type{DType: t.DType, Shape: []int{t.Shape[0]}}, x)
}
