package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// treeRecord is how nodes that were read are kept.
var treeRecord = graph.TreeLayout{
	Size: 32,
	Left: graph.TreeField{Offset: 0, DType: tensor.Int32}, Right: graph.TreeField{Offset: 4, DType: tensor.Int32},
	Feature: graph.TreeField{Offset: 8, DType: tensor.Int32}, Bitset: graph.TreeField{Offset: 12, DType: tensor.Uint32},
	Threshold: graph.TreeField{Offset: 16, DType: tensor.Float64}, Value: graph.TreeField{Offset: 16, DType: tensor.Float64},
	Leaf: graph.TreeField{Offset: 24, DType: tensor.Uint8}, Missing: graph.TreeField{Offset: 25, DType: tensor.Uint8},
	Categorical: graph.TreeField{Offset: 26, DType: tensor.Uint8},
}

// treeTables are the lists of a TreeEnsemble.
type treeTables struct {
	roots, features, trueIDs, falseIDs, trueLeaf, falseLeaf, missing, targets, modes []int64
	splits, weights                                                                  []float64
	sets                                                                             []int // of a node that asks for membership: its set; else -1
	bits                                                                             []uint32
}

// readTrees reads a TreeEnsemble whose trees each add to one target, tree t to target t modulo their number.
func readTrees(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if !x.OK() {
		return x
	}
	t, err := n.treeTables(x.DType())
	if err != nil {
		return d.b.Fail(err)
	}
	if sum := n.int("aggregate_function", 1); sum != 1 || n.int("post_transform", 0) != 0 {
		return d.unsupported(n, "leaves are not summed")
	}
	targets := n.int("n_targets", 0)
	if targets < 1 || targets > int64(len(t.roots)) || x.Type().Rank() != 2 {
		return d.unsupported(n, "%d trees of %s for %d targets", len(t.roots), x.Type(), targets)
	}
	ts := &graph.Trees{Width: x.Type().Shape[1], Values: 1, Scale: 1, Float64: x.DType() == tensor.Float64}
	left := len(t.features) + len(t.weights) // each is met once at most
	for i, root := range t.roots {
		tree, err := t.tree(root, int64(i)%targets, &left)
		if err != nil {
			return d.b.Fail(&SyntaxError{Node: n.name, Msg: fmt.Sprintf("tree %d: %v", i, err)})
		}
		tree.Inputs, tree.Bitsets = ts.Width, t.bits
		ts.List = append(ts.List, tree)
	}
	y := d.b.TreeEnsemble(x, graph.TreeEnsembleAttr{Trees: ts, Outputs: int(targets)})
	return d.b.Cast(y, x.DType())
}

// treeTables reads the attributes and holds them to one length.
func (n *nodeProto) treeTables(dt tensor.DType) (*treeTables, error) {
	t := &treeTables{}
	var err error
	ints := func(name string) []int64 {
		v, bad := n.attrs[name].ints(attrInts)
		if bad != nil {
			err = bad
		}
		return v
	}
	numbers := func(name string, want tensor.DType) *tensor.Tensor {
		out := tensor.New(want, 0)
		for _, p := range n.attrs[name].all(attrT) {
			_, v, bad := readTensor(p)
			switch {
			case bad != nil:
				err = bad
			case v.DType != want:
				err = &graph.UnsupportedError{Origin: n.name, Op: graph.Op(n.op), Why: fmt.Sprintf("%s are %s where %s is wanted", name, v.DType, want)}
			default:
				out = v
			}
		}
		return out
	}
	t.roots, t.features, t.missing = ints("tree_roots"), ints("nodes_featureids"), ints("nodes_missing_value_tracks_true")
	t.trueIDs, t.falseIDs, t.trueLeaf, t.falseLeaf = ints("nodes_truenodeids"), ints("nodes_falsenodeids"), ints("nodes_trueleafs"), ints("nodes_falseleafs")
	t.targets, t.modes = ints("leaf_targetids"), numbers("nodes_modes", tensor.Uint8).I64
	t.splits, t.weights = numbers("nodes_splits", dt).AsF64(), numbers("leaf_weights", dt).AsF64()
	members := numbers("membership_values", dt).AsF64()
	if err != nil {
		return nil, err
	}
	nodes := len(t.features)
	for _, l := range []int{len(t.trueIDs), len(t.falseIDs), len(t.trueLeaf), len(t.falseLeaf), len(t.modes), len(t.splits)} {
		if l != nodes {
			return nil, &SyntaxError{Node: n.name, Msg: fmt.Sprintf("lists of %d and %d nodes", nodes, l)}
		}
	}
	if t.missing == nil {
		t.missing = make([]int64, nodes)
	}
	if len(t.missing) != nodes || len(t.targets) != len(t.weights) || len(t.roots) == 0 {
		return nil, &SyntaxError{Node: n.name, Msg: "lists of different lengths"}
	}
	return t, t.memberships(n, members)
}

// memberships makes sets of the categories that nodes list, one list after the other with NaN between them.
func (t *treeTables) memberships(n *nodeProto, members []float64) error {
	t.sets = make([]int, len(t.modes))
	for i, mode := range t.modes {
		t.sets[i] = -1
		if mode == 0 {
			continue
		}
		if mode != 6 {
			return &graph.UnsupportedError{Origin: n.name, Op: graph.Op(n.op), Why: fmt.Sprintf("nodes compare in mode %d", mode)}
		}
		var set [8]uint32
		for len(members) > 0 && !math.IsNaN(members[0]) {
			switch c := members[0]; {
			case c == -1: // nothing is a member
			case c < 0 || c > 255 || c != math.Trunc(c):
				return &graph.UnsupportedError{Origin: n.name, Op: graph.Op(n.op), Why: fmt.Sprintf("category %v", c)}
			default:
				set[int(c)>>5] |= 1 << (int(c) & 31)
			}
			members = members[1:]
		}
		if len(members) == 0 {
			return &SyntaxError{Node: n.name, Msg: "membership values end early"}
		}
		members = members[1:]
		t.sets[i], t.bits = len(t.bits)/8, append(t.bits, set[:]...)
	}
	return nil
}

// tree copies the tree under a root. left is how many nodes and leaves all trees may still have: a node met twice ends it.
func (t *treeTables) tree(root, target int64, left *int) (graph.Tree, error) {
	type place struct {
		id     int64
		leaf   bool
		parent int
		field  graph.TreeField
	}
	out := graph.Tree{Layout: &treeRecord}
	put := binary.LittleEndian
	for todo := []place{{id: root, parent: -1}}; len(todo) > 0; {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if *left--; *left < 0 {
			return out, fmt.Errorf("a node has two parents")
		}
		at := len(out.Nodes) / treeRecord.Size
		if p.parent >= 0 {
			put.PutUint32(out.Nodes[p.parent*treeRecord.Size+p.field.Offset:], uint32(at))
		}
		var r [32]byte
		i := p.id
		if !p.leaf && i >= 0 && i < int64(len(t.features)) && t.trueLeaf[i] != 0 && t.falseLeaf[i] != 0 && t.trueIDs[i] == t.falseIDs[i] {
			p.leaf, i = true, t.trueIDs[i] // a root that is a leaf has it on both sides
		}
		switch {
		case p.leaf && (i < 0 || i >= int64(len(t.weights))), !p.leaf && (i < 0 || i >= int64(len(t.features))):
			return out, fmt.Errorf("no node or leaf %d", i)
		case p.leaf:
			if t.targets[i] != target {
				return out, fmt.Errorf("leaf %d adds to target %d instead of %d", i, t.targets[i], target)
			}
			r[treeRecord.Leaf.Offset] = 1
			put.PutUint64(r[treeRecord.Value.Offset:], math.Float64bits(t.weights[i]))
		default:
			if t.features[i] < 0 || t.features[i] > math.MaxInt32 {
				return out, fmt.Errorf("node %d looks at column %d", i, t.features[i])
			}
			put.PutUint32(r[treeRecord.Feature.Offset:], uint32(t.features[i]))
			put.PutUint64(r[treeRecord.Threshold.Offset:], math.Float64bits(t.splits[i]))
			if t.missing[i] != 0 {
				r[treeRecord.Missing.Offset] = 1
			}
			if s := t.sets[i]; s >= 0 {
				r[treeRecord.Categorical.Offset] = 1
				put.PutUint32(r[treeRecord.Bitset.Offset:], uint32(s))
			}
			todo = append(todo, place{t.falseIDs[i], t.falseLeaf[i] != 0, at, treeRecord.Right}, place{t.trueIDs[i], t.trueLeaf[i] != 0, at, treeRecord.Left})
		}
		out.Nodes = append(out.Nodes, r[:]...)
	}
	return out, nil
}
