package exec

import (
	"encoding/binary"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// walks is how many walks in place go side by side, to hide the latency of memory.
const walks = 64

// walker walks records in place.
type walker struct {
	ts   *graph.Trees
	x    []float64 // rows of ts.Width
	lane [walks]lane
	n    int
	leaf [walks]int // leaf of each lane

	layout *graph.TreeLayout // the last one seen
	plain  bool              // it is the plain record

	touched int
}

type lane struct {
	nodes []byte
	row   []float64
	tree  *graph.Tree
	at    int
	id    int
	plain bool
}

// add starts a walk of a row through a tree.
func (w *walker) add(tree, row int) {
	t := &w.ts.List[tree]
	if t.Layout != w.layout {
		w.layout, w.plain = t.Layout, plain(t.Layout)
	}
	w.lane[w.n] = lane{nodes: t.Nodes, row: w.x[row*w.ts.Width : (row+1)*w.ts.Width], tree: t, id: w.n, plain: w.plain && t.Columns == nil}
	w.n++
}

// run ends all walks and returns what is wrong with a tree, or "".
func (w *walker) run() string {
	n := w.n
	w.n = 0
	for n > 0 {
		if n > 8 {
			// Touch all nodes first: so the memory fetches them at once.
			for j := range w.lane[:n] {
				l := &w.lane[j]
				w.touched += int(l.nodes[l.at*l.tree.Layout.Size])
			}
		}
		for j := 0; j < n; {
			l := &w.lane[j]
			if l.plain {
				switch stepPlain(l) {
				case stepped:
					j++
					continue
				case atLeaf:
					w.leaf[l.id] = l.at
					n--
					*l = w.lane[n]
					continue
				}
			}
			nd := l.tree.Node(l.at)
			if nd.Leaf {
				w.leaf[l.id] = l.at
				n--
				*l = w.lane[n]
				continue
			}
			if msg := l.tree.Check(l.at, nd); msg != "" {
				return msg
			}
			l.at = next(w.ts, l.tree, &nd, l.row)
			j++
		}
	}
	return ""
}

// next takes a proven step.
func next(ts *graph.Trees, t *graph.Tree, nd *graph.TreeNode, row []float64) int {
	col := t.Column(nd.Feature)
	v := row[col]
	left := v <= nd.Threshold
	switch {
	case math.IsNaN(v):
		left = nd.MissingLeft
	case nd.Categorical:
		var known *[8]uint32
		if col < len(ts.Known) {
			known = ts.Known[col]
		}
		left = goesLeft(v, t.Bitsets[8*nd.Bitset:8*nd.Bitset+8], known, nd.MissingLeft)
	}
	if left {
		return nd.Left
	}
	return nd.Right
}

// goesLeft decides a split on categories: negative and unknown ones go to the missing side.
func goesLeft(v float64, set []uint32, known *[8]uint32, missingLeft bool) bool {
	if v < 0 {
		return missingLeft
	}
	code := binCode(v)
	if set[code>>5]>>(code&31)&1 != 0 {
		return true
	}
	if known != nil && known[code>>5]>>(code&31)&1 != 0 {
		return false
	}
	return missingLeft
}

// binCode is C's conversion of a float64 to uint8, as compilers for amd64 do it: through a 32-bit integer.
func binCode(v float64) uint8 {
	if !(v > -1<<31-1 && v < 1<<31) {
		return 0
	}
	return uint8(int32(v))
}

// The record scikit-learn has written since 0.17 on 64-bit little-endian machines: 56 bytes, or 64 with the missing
// side (sklearn/tree/_tree.pxd, Node).
const (
	atLeft, atRight, atFeature, atThreshold, atMissing = 0, 8, 16, 24, 56
)

// plain reports whether a layout is that record.
func plain(l *graph.TreeLayout) bool {
	return !l.Big && l.Size >= 56 && l.Leaf.DType == tensor.Invalid &&
		l.Left == graph.TreeField{Offset: atLeft, DType: tensor.Int64} && l.Right == graph.TreeField{Offset: atRight, DType: tensor.Int64} &&
		l.Feature == graph.TreeField{Offset: atFeature, DType: tensor.Int64} && l.Threshold == graph.TreeField{Offset: atThreshold, DType: tensor.Float64} &&
		(l.Missing.DType == tensor.Invalid || l.Size > atMissing && l.Missing == graph.TreeField{Offset: atMissing, DType: tensor.Uint8})
}

const (
	stepped = iota
	atLeaf
	unsound // Tree.Check tells why
)

// stepPlain takes one step in a plain record.
func stepPlain(l *lane) int {
	size := l.tree.Layout.Size
	r := l.nodes[l.at*size:]
	r = r[:size]
	left := int(binary.LittleEndian.Uint64(r[atLeft:]))
	if left == -1 {
		return atLeaf
	}
	right := int(binary.LittleEndian.Uint64(r[atRight:]))
	f := binary.LittleEndian.Uint64(r[atFeature:])
	if f >= uint64(l.tree.Inputs) {
		return unsound
	}
	v := l.row[f]
	to := right
	if v <= math.Float64frombits(binary.LittleEndian.Uint64(r[atThreshold:])) {
		to = left
	}
	if v != v && size > atMissing && r[atMissing] != 0 {
		to = left
	}
	if n := len(l.nodes) / size; left <= l.at || left >= n || right <= l.at || right >= n {
		return unsound
	}
	l.at = to
	return stepped
}

// plainNode decodes a node of a tree whose layout is plain; i must be in range.
func plainNode(t *graph.Tree, i int) graph.TreeNode {
	size := t.Layout.Size
	r := t.Nodes[i*size:]
	r = r[:size]
	n := graph.TreeNode{Left: int(binary.LittleEndian.Uint64(r[atLeft:]))}
	if n.Left == -1 {
		n.Leaf = true
		return n
	}
	n.Right = int(binary.LittleEndian.Uint64(r[atRight:]))
	n.Feature = int(binary.LittleEndian.Uint64(r[atFeature:]))
	n.Threshold = math.Float64frombits(binary.LittleEndian.Uint64(r[atThreshold:]))
	n.MissingLeft = size > atMissing && r[atMissing] != 0
	return n
}
