package exec

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/larder-ml/larder/graph"
)

// forest is the compact form of graph.Trees.
//
// A row's values become keys: integers whose order is the values' order. For float32 input a key is the bits of the
// float, those of negative ones inverted below the sign; a threshold is rounded down to float32 first, which changes no
// comparison x <= t. For float64 input it is the rank among the thresholds of the column. A step is then one
// subtraction, whose sign tells the side:
//
//	node = key<<31 | slot<<15 | pair    pair: half the place of the left child; the right child follows it
//	next = low 16 bits of rotate(node - x[slot]<<31, 1)
//
// A leaf leads to itself whatever x is, so a tree is walked to its depth without a test: its key lies outside those of
// values, and says which numbers it holds. Trees whose nodes or slots do not fit have wide nodes.
type forest struct {
	ts      *graph.Trees
	values  int         // numbers of a leaf
	numbers []float64   // of all leaves
	cuts    [][]float64 // by column: sorted thresholds, for float64 input
	plain   variant     // for rows without NaN
	split   variant     // for rows with NaN: a column with both missing sides has two slots
}

// variant is the nodes of a forest under one scheme of slots.
type variant struct {
	once  sync.Once
	err   error
	slots []slot
	of    [][]int32 // by column: its slots
	trees []compactTree
	near  []int64 // nodes of small trees; 1<<16 more at the end
	bases []int64 // by tree: where its nodes begin in near, 0 for big ones; eight more at the end
	wide  []wideNode
	sets  []uint32 // categories that go right: 9 words a node, the last for missing
}

// slot is a column of X under one missing side.
type slot struct {
	column   int
	missing  int64 // key of NaN
	category bool  // X holds codes 0 to 255, 256 for missing
}

type compactTree struct {
	base    int // of nodes, in near or wide
	nodes   int
	depth   int
	numbers int // of the leaf whose key says 0
	wide    bool
}

// wideNode is a node of a big tree. With slotSet in slot it splits on categories: key is where its 9 words begin in sets.
type wideNode struct {
	key         int64 // shifted as in near nodes
	child, slot uint32
}

const slotSet = 1 << 31

// Keys. Those of float32 values lie from -0x7f800001 to 0x7f800000 (the infinities).
const (
	keyNone    = -0x7f800002 // of a NaN threshold: nothing but a missing value is at or below it
	keyLeft    = -0x7f800002 // of a missing value that goes left
	keyRight   = 0x7f800001  // of one that goes right
	keyLeaf    = 0x7f800002  // and up: of leaves at even places; ^key at odd ones
	codeMissed = 256         // category of a missing value

	nearNodes = 1 << 16
	nearSlots = 1<<16/8 - 1
)

// floatKey gives the key of a float32 that is not NaN.
func floatKey(f float32) int64 {
	b := int32(math.Float32bits(f))
	return int64(b ^ int32(uint32(b>>31)>>1))
}

// thresholdKey gives the key of a threshold for float32 input.
func thresholdKey(t float64) int64 {
	if math.IsNaN(t) {
		return keyNone
	}
	f := float32(t)
	if float64(f) > t {
		f = math.Nextafter32(f, float32(math.Inf(-1)))
	}
	if f == 0 {
		f = 0 // -0
	}
	return floatKey(f)
}

// rank gives the number of thresholds below x.
func rank(cuts []float64, x float64) int64 {
	lo, n := 0, len(cuts)
	for n > 0 {
		half := n >> 1
		if cuts[lo+half] < x {
			lo += n - half
		}
		n = half
	}
	return int64(lo)
}

// newForest checks all trees and builds the compact form for rows without NaN.
func newForest(ts *graph.Trees) (*forest, error) {
	f := &forest{ts: ts, values: ts.Values}
	if ts.Float64 {
		f.cuts = make([][]float64, ts.Width)
		for i := range ts.List {
			t := &ts.List[i]
			for j := range t.Len() {
				nd := t.Node(j)
				if nd.Leaf || nd.Categorical || math.IsNaN(nd.Threshold) {
					continue
				}
				if col := t.Column(nd.Feature); col >= 0 {
					f.cuts[col] = append(f.cuts[col], nd.Threshold+0)
				}
			}
		}
		for i, c := range f.cuts {
			slices.Sort(c)
			f.cuts[i] = slices.Compact(c)
		}
	}
	if err := f.build(&f.plain, false); err != nil {
		return nil, err
	}
	return f, nil
}

var errUnbuilt = errors.New("the trees could not be read when they were first needed")

// withNaN returns the nodes for rows with NaN.
func (f *forest) withNaN() (*variant, error) {
	f.split.once.Do(func() {
		f.split.err = errUnbuilt // stays if the file is lost on the way
		f.split.err = f.build(&f.split, true)
	})
	return &f.split, f.split.err
}

// builder builds a variant.
type builder struct {
	f      *forest
	v      *variant
	split  bool
	keep   bool // the leaves' numbers are not known yet
	leaves int
	slotOf []uint32         // by 4*column, +1 for missing left, +2 for categories; 0 for none yet, else the slot + 1
	nodes  []graph.TreeNode // of the tree
	at     []int32          // by node: training samples; of a leaf, where its numbers are, counted from the tree's first
	unit   []int            // leaves of this tree that are 1 in one place and 0 elsewhere
	leaf   []float64

	queue   []pending // inner nodes that have a place, and whose children have none
	cluster []pending
	below   []pending // inner children of the cluster
	holes   [4][]int  // by size in pairs: free places in lines of the cache
	pairs   int       // pairs placed or free
}

// treeData tells trees apart by where their data is: a file may hold one array many times.
type treeData struct {
	nodes, numbers *byte
	columns        *int
	bitsets        *uint32
	n              int
}

func dataOf(t *graph.Tree) treeData {
	d := treeData{n: len(t.Nodes), nodes: &t.Nodes[0]}
	if len(t.Numbers) > 0 {
		d.numbers = &t.Numbers[0]
	}
	if len(t.Columns) > 0 {
		d.columns = &t.Columns[0]
	}
	if len(t.Bitsets) > 0 {
		d.bitsets = &t.Bitsets[0]
	}
	return d
}

// worth reports whether the compact form is about as small as the data it is made from; a file that combines shared
// arrays into many trees is walked in place.
func worth(ts *graph.Trees) bool {
	trees, arrays := map[treeData]bool{}, map[*byte]int{}
	need, have := 0, 1<<26
	for i := range ts.List {
		t := &ts.List[i]
		d := dataOf(t)
		if t.Len() > math.MaxInt32/2 {
			return false
		}
		if !trees[d] {
			trees[d] = true
			need += (16 + 4*ts.Values) * t.Len()
		}
		arrays[d.nodes] = max(arrays[d.nodes], len(t.Nodes))
		if d.numbers != nil {
			arrays[d.numbers] = max(arrays[d.numbers], len(t.Numbers))
		}
	}
	for _, n := range arrays {
		have += n
	}
	return need <= have
}

// pending is an inner node: from in the record, to in the compact tree.
type pending struct {
	from, to, depth, weight int
	parent, side            int // within a cluster: whose child it is, and which
}

// room finds a place for n pairs side by side, within one line of the cache.
func (b *builder) room(n int) int {
	at, size := b.pairs, 4
	for s := n; s < 4; s++ {
		if h := b.holes[s]; len(h) > 0 {
			at, size = h[len(h)-1], s
			b.holes[s] = h[:len(h)-1]
			break
		}
	}
	if at == b.pairs {
		b.pairs += 4
	}
	if size > n {
		b.holes[size-n] = append(b.holes[size-n], at+n)
	}
	return at
}

func (f *forest) build(v *variant, split bool) error {
	ts := f.ts
	b := &builder{f: f, v: v, split: split, keep: f.numbers == nil, slotOf: make([]uint32, 4*ts.Width), unit: make([]int, ts.Values), leaf: make([]float64, ts.Values)}
	done := map[treeData]int{}
	near := nearNodes
	for i := range ts.List {
		t := &ts.List[i]
		if _, ok := done[dataOf(t)]; !ok && t.Len() < nearNodes {
			near += t.Len() + 64
		}
		done[dataOf(t)] = -1
	}
	v.near = make([]int64, 0, near)
	v.of = make([][]int32, ts.Width)
	v.trees = make([]compactTree, 0, len(ts.List))
	for i := range ts.List {
		t := &ts.List[i]
		d := dataOf(t)
		if same := done[d]; same >= 0 {
			v.trees = append(v.trees, v.trees[same])
			continue
		}
		done[d] = i
		if msg := b.tree(t, t.Len() >= nearNodes); msg != "" {
			return fmt.Errorf("tree %d: %s", i, msg)
		}
	}
	v.near = append(v.near, make([]int64, nearNodes)...)
	v.bases = make([]int64, len(v.trees)+8)
	for i, t := range v.trees {
		if !t.wide {
			v.bases[i] = int64(t.base)
		}
	}
	return nil
}

// tree adds one tree. The children of a node lie side by side, and a line of the cache holds the pairs that most
// training samples pass one after the other.
func (b *builder) tree(t *graph.Tree, wide bool) string {
	v, n := b.v, t.Len()
	ct := compactTree{numbers: b.leaves, wide: wide, base: (len(v.near) + 7) &^ 7}
	if wide {
		ct.base = len(v.wide)
	}
	leaves, numbers := b.leaves, len(b.f.numbers)
	clear(b.unit)
	for i := range b.holes {
		b.holes[i] = b.holes[i][:0]
	}
	// The first line: the root, nothing beside it, three pairs.
	b.pairs, b.holes[3] = 4, append(b.holes[3], 1)
	v.grow(&ct, 2*b.pairs)
	b.decode(t)
	leaf := func(from, to, depth int) {
		ct.depth = max(ct.depth, depth)
		v.setLeaf(&ct, to, int(b.at[from]))
	}
	root := b.nodes[0]
	b.queue = b.queue[:0]
	if root.Leaf {
		leaf(0, 0, 0)
	} else {
		if msg := t.Check(0, root); msg != "" {
			return msg
		}
		b.queue = append(b.queue, pending{})
	}
	placed := 1
	for at := 0; at < len(b.queue); at++ {
		// A cluster: this node and the heaviest ones below, whose children will share a line.
		b.cluster, b.below = append(b.cluster[:0], b.queue[at]), b.below[:0]
		limit := 4
		if at == 0 {
			limit = 3
		}
		for i := 0; ; i++ {
			m := b.cluster[i]
			nd := &b.nodes[m.from]
			for side, c := range [2]int{nd.Left, nd.Right} {
				child := &b.nodes[c]
				if child.Leaf {
					continue
				}
				if msg := t.Check(c, *child); msg != "" {
					return msg
				}
				b.below = append(b.below, pending{from: c, depth: m.depth + 1, weight: int(b.at[c]), parent: i, side: side})
			}
			if len(b.cluster) == limit || len(b.below) == 0 {
				break
			}
			best := 0
			for k := range b.below {
				if at == 0 {
					break // the first line holds the first three levels: walkRowsAVX512 relies on it
				}
				if b.below[k].weight > b.below[best].weight {
					best = k
				}
			}
			b.cluster = append(b.cluster, b.below[best])
			b.below = append(b.below[:best], b.below[best+1:]...)
		}
		if placed += 2 * len(b.cluster); placed > n {
			return "a node has two parents"
		}
		pair := b.room(len(b.cluster))
		if !wide && 2*b.pairs > nearNodes {
			return b.again(t, &ct, leaves, numbers)
		}
		v.grow(&ct, 2*b.pairs)
		for i := range b.cluster {
			m := &b.cluster[i]
			if i > 0 {
				m.to = 2*(pair+m.parent) + m.side
			}
			nd := b.nodes[m.from]
			s := b.slot(t, nd)
			switch {
			case !wide && (nd.Categorical || s > nearSlots):
				return b.again(t, &ct, leaves, numbers)
			case !wide:
				v.near[ct.base+m.to] = b.key(t, nd)<<31 | int64(s)<<18 | int64(pair+i)
			case nd.Categorical:
				v.wide[ct.base+m.to] = wideNode{key: b.set(t, nd), child: uint32(2 * (pair + i)), slot: s | slotSet}
			default:
				v.wide[ct.base+m.to] = wideNode{key: b.key(t, nd) << 31, child: uint32(2 * (pair + i)), slot: s}
			}
			for side, c := range [2]int{nd.Left, nd.Right} {
				if b.nodes[c].Leaf {
					leaf(c, 2*(pair+i)+side, m.depth+1)
				}
			}
		}
		for _, m := range b.below {
			m.to = 2*(pair+m.parent) + m.side
			b.queue = append(b.queue, m)
		}
	}
	ct.nodes = 2 * b.pairs
	v.trees = append(v.trees, ct)
	return ""
}

// decode reads the records in their order, which is how they lie in memory.
func (b *builder) decode(t *graph.Tree) {
	n, from, fast := t.Len(), b.leaves, plain(t.Layout)
	b.nodes, b.at = room(b.nodes, n), room(b.at, n)
	for i := range b.nodes {
		if fast {
			b.nodes[i] = plainNode(t, i)
		} else {
			b.nodes[i] = t.Node(i)
		}
		if b.nodes[i].Leaf {
			b.at[i] = int32(b.number(t, i, from))
		} else {
			b.at[i] = int32(min(t.Samples(i), math.MaxInt32))
		}
	}
}

// again starts a tree anew with wide nodes.
func (b *builder) again(t *graph.Tree, ct *compactTree, leaves, numbers int) string {
	b.v.near, b.leaves, b.f.numbers = b.v.near[:ct.base], leaves, b.f.numbers[:numbers]
	return b.tree(t, true)
}

// grow makes room for n nodes of the last tree.
func (v *variant) grow(ct *compactTree, n int) {
	if ct.wide {
		for len(v.wide) < ct.base+n {
			v.wide = append(v.wide, wideNode{})
		}
		return
	}
	for len(v.near) < ct.base+n {
		v.near = append(v.near, 0)
	}
}

// setLeaf makes node at of the last tree the leaf of number id.
func (v *variant) setLeaf(ct *compactTree, at, id int) {
	k := int64(keyLeaf + id)
	switch {
	case ct.wide:
		v.wide[ct.base+at] = wideNode{key: k << 31, child: uint32(at)}
	case at&1 != 0:
		v.near[ct.base+at] = ^k<<31 | int64(at>>1)
	default:
		v.near[ct.base+at] = k<<31 | int64(at>>1)
	}
}

// slot gives the place of a node's column in X.
func (b *builder) slot(t *graph.Tree, nd graph.TreeNode) uint32 {
	s := slot{column: t.Column(nd.Feature), missing: keyRight, category: nd.Categorical}
	id := 4 * s.column
	switch {
	case nd.Categorical:
		id += 2
	case b.split && nd.MissingLeft:
		s.missing = keyLeft
		id++
	}
	if b.slotOf[id] == 0 {
		b.v.of[s.column] = append(b.v.of[s.column], int32(len(b.v.slots)))
		b.v.slots = append(b.v.slots, s)
		b.slotOf[id] = uint32(len(b.v.slots))
	}
	return b.slotOf[id] - 1
}

// key gives the key of a node's threshold.
func (b *builder) key(t *graph.Tree, nd graph.TreeNode) int64 {
	switch {
	case nd.Categorical:
		return 0
	case !b.f.ts.Float64:
		return thresholdKey(nd.Threshold)
	case math.IsNaN(nd.Threshold):
		return keyNone
	}
	return rank(b.f.cuts[t.Column(nd.Feature)], nd.Threshold)
}

// set adds the categories of a node that go right.
func (b *builder) set(t *graph.Tree, nd graph.TreeNode) int64 {
	var known *[8]uint32
	if c := t.Column(nd.Feature); c < len(b.f.ts.Known) {
		known = b.f.ts.Known[c]
	}
	at := len(b.v.sets)
	b.v.sets = append(b.v.sets, make([]uint32, 9)...)
	for code := range codeMissed {
		if !goesLeft(float64(code), t.Bitsets[8*nd.Bitset:8*nd.Bitset+8], known, nd.MissingLeft) {
			b.v.sets[at+code>>5] |= 1 << (code & 31)
		}
	}
	if !nd.MissingLeft {
		b.v.sets[at+codeMissed>>5] |= 1
	}
	return int64(at)
}

// number keeps the numbers of leaf i and gives their place, counted from the tree's first.
func (b *builder) number(t *graph.Tree, i, from int) int {
	b.f.ts.Leaf(t, i, b.leaf)
	if u := unit(b.leaf); u >= 0 {
		if b.unit[u] > 0 {
			return b.unit[u] - 1
		}
		b.unit[u] = b.leaves - from + 1
	}
	if b.keep {
		b.f.numbers = append(b.f.numbers, b.leaf...)
	}
	b.leaves++
	return b.leaves - 1 - from
}

// unit returns where v is 1 if it is 0 everywhere else, or -1: most leaves of a grown classifier are such.
func unit(v []float64) int {
	at := -1
	for i, x := range v {
		switch {
		case x == 1 && at < 0 && len(v) > 1:
			at = i
		case math.Float64bits(x) != 0:
			return -1
		}
	}
	return at
}
