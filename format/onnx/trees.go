package onnx

import (
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

var treeOps = table{graph.OpTreeEnsemble: treeEnsemble}

// tableBytes bounds what a row takes while leaves of several numbers are looked up.
const tableBytes = 4096

// treeEnsemble writes trees as ai.onnx.ml TreeEnsemble 5, whose leaves hold one number for one target. Leaves of several
// numbers are reached through their index: the ensemble gives the leaf of each tree, a table its numbers, which are
// summed.
func treeEnsemble(e *encoder, n *graph.Node) ([]value, error) {
	a := n.Attr.(*graph.TreeEnsembleAttr)
	ts := a.Trees
	d := tensor.Float64 // thresholds are; float32 columns become double without loss
	x := e.cast(e.in(0), e.inType(0).DType, d)
	x = e.categories(x, ts, d)
	var y string
	switch {
	case a.Mode == graph.TreeLeaf:
		s, err := e.trees(x, d, ts, ts.List, len(ts.List), func(t, node, _ int) (int, float64) { return t, float64(node) })
		if err != nil {
			return nil, err
		}
		return one(e.cast(s, d, tensor.Int64)), nil
	case a.Mode == graph.TreeStaged:
		return e.staged(x, d, a)
	case ts.Values == 1:
		s, err := e.trees(x, d, ts, ts.List, a.Outputs, func(t, node, _ int) (int, float64) {
			var v [1]float64
			ts.Leaf(&ts.List[t], node, v[:])
			return t % a.Outputs, v[0]
		})
		if err != nil {
			return nil, err
		}
		y = s
	default:
		group := max(tableBytes/(8*ts.Values), 1)
		for from := 0; from < len(ts.List); from += group {
			s, err := e.leafTables(x, d, ts, from, min(from+group, len(ts.List)))
			if err != nil {
				return nil, err
			}
			s = e.add("ReduceSum", []string{s, e.ints(1)}, attr{"keepdims", 0})
			if y == "" {
				y = s
			} else {
				y = e.op("Add", y, s)
			}
		}
	}
	if len(n.In) > 1 {
		y = e.op("Add", e.in(1), y)
	}
	return one(y), nil
}

// staged sums stage after stage: [N, stages, outputs].
func (e *encoder) staged(x string, d tensor.DType, a *graph.TreeEnsembleAttr) ([]value, error) {
	ts := a.Trees
	var s string
	var err error
	if ts.Values == 1 {
		s, err = e.trees(x, d, ts, ts.List, len(ts.List), func(t, node, _ int) (int, float64) {
			var v [1]float64
			ts.Leaf(&ts.List[t], node, v[:])
			return t, v[0]
		})
		s = e.reshape(s, graph.N, len(ts.List)/a.Outputs, a.Outputs)
	} else {
		s, err = e.leafTables(x, d, ts, 0, len(ts.List))
	}
	if err != nil {
		return nil, err
	}
	s = e.op("CumSum", s, e.scalar(1, tensor.Int64))
	if len(e.at.In) > 1 {
		start := e.in(1)
		if len(e.inType(1).Shape) == 2 {
			start = e.reshape(start, graph.N, 1, a.Outputs)
		}
		s = e.op("Add", start, s)
	}
	return one(s), nil
}

// leafTables gives the leaves' numbers of some trees: [N, trees, numbers].
func (e *encoder) leafTables(x string, d tensor.DType, ts *graph.Trees, from, to int) (string, error) {
	list := ts.List[from:to]
	starts := tensor.New(tensor.Int64, len(list))
	table := tensor.New(d, 0)
	table.F64 = make([]float64, 0, leavesOf(list)*ts.Values)
	leaves := 0
	index, err := e.trees(x, d, ts, list, len(list), func(t, node, leaf int) (int, float64) {
		if leaf == 0 {
			starts.I64[t] = int64(leaves)
		}
		leaves++
		at := len(table.F64)
		table.F64 = append(table.F64, make([]float64, ts.Values)...)
		ts.Leaf(&list[t], node, table.F64[at:])
		return t, float64(leaf)
	})
	if err != nil {
		return "", err
	}
	table.Shape = []int{leaves, ts.Values}
	rows := e.op("Add", e.cast(index, d, tensor.Int64), e.tensor(starts))
	return e.add("Gather", []string{e.tensor(table), rows}, attr{"axis", 0}), nil
}

// leavesOf is about how many leaves trees of two children a node have.
func leavesOf(list []graph.Tree) int {
	n := 0
	for t := range list {
		n += list[t].Len()/2 + 1
	}
	return n
}

// trees adds one ensemble. leaf gives the target and number of a leaf: tree t of list, its node, and how many leaves of
// the tree came before it.
func (e *encoder) trees(x string, d tensor.DType, ts *graph.Trees, list []graph.Tree, targets int, leaf func(t, node, count int) (int, float64)) (string, error) {
	var (
		roots, features, trueIDs, falseIDs, trueLeaf, falseLeaf, missing, leafTargets []int64
		modes                                                                         []uint8
		splits, members, weights                                                      []float64
	)
	double := e.elem(d) == elemDouble
	half := leavesOf(list)
	for _, v := range []*[]int64{&features, &trueIDs, &falseIDs, &trueLeaf, &falseLeaf, &missing, &leafTargets} {
		*v = make([]int64, 0, half)
	}
	modes, splits, weights = make([]uint8, 0, half), make([]float64, 0, half), make([]float64, 0, half)
	for t := range list {
		tree := &list[t]
		count := 0
		newLeaf := func(node int) int64 {
			target, w := leaf(t, node, count)
			count++
			leafTargets, weights = append(leafTargets, int64(target)), append(weights, w)
			return int64(len(weights) - 1)
		}
		newNode := func() int64 {
			features, modes, splits = append(features, 0), append(modes, 0), append(splits, 0)
			trueIDs, falseIDs = append(trueIDs, 0), append(falseIDs, 0)
			trueLeaf, falseLeaf, missing = append(trueLeaf, 0), append(falseLeaf, 0), append(missing, 0)
			return int64(len(features) - 1)
		}
		root := newNode()
		roots = append(roots, root)
		first := tree.Node(0)
		if first.Leaf {
			at := newLeaf(0)
			trueIDs[root], falseIDs[root], trueLeaf[root], falseLeaf[root] = at, at, 1, 1
			continue
		}
		// Depth first; membership values stand in the order of the nodes, so nodes are numbered when visited.
		type place struct {
			node   int
			nd     graph.TreeNode
			parent int64
			left   bool
		}
		todo := []place{{0, first, -1, false}}
		for len(todo) > 0 {
			p := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			nd := p.nd
			if msg := tree.Check(p.node, nd); msg != "" {
				return "", e.unsupported("tree %d: %s", t, msg)
			}
			id := root
			if p.parent >= 0 {
				id = newNode()
				if p.left {
					trueIDs[p.parent] = id
				} else {
					falseIDs[p.parent] = id
				}
			}
			features[id] = int64(tree.Column(nd.Feature))
			splits[id] = nd.Threshold
			if !double {
				splits[id] = floor32(nd.Threshold)
			}
			if nd.MissingLeft {
				missing[id] = 1
			}
			if nd.Categorical {
				modes[id], splits[id] = 6, 0
				some := false
				for c := range 256 {
					if tree.Bitsets[8*nd.Bitset+c>>5]>>(c&31)&1 != 0 {
						members, some = append(members, float64(c)), true
					}
				}
				if !some {
					members = append(members, -1) // nothing is a member
				}
				members = append(members, math.NaN())
			}
			if right := tree.Node(nd.Right); right.Leaf {
				falseIDs[id], falseLeaf[id] = newLeaf(nd.Right), 1
			} else {
				todo = append(todo, place{nd.Right, right, id, false})
			}
			if left := tree.Node(nd.Left); left.Leaf {
				trueIDs[id], trueLeaf[id] = newLeaf(nd.Left), 1
			} else {
				todo = append(todo, place{nd.Left, left, id, true})
			}
		}
	}
	modeTensor := tensor.New(tensor.Uint8, len(modes))
	for i, m := range modes {
		modeTensor.I64[i] = int64(m)
	}
	attrs := []attr{
		{"n_targets", targets}, {"aggregate_function", 1}, {"post_transform", 0}, {"tree_roots", roots},
		{"nodes_modes", modeTensor}, {"nodes_featureids", features}, {"nodes_splits", tensor.FromF64(splits)},
		{"nodes_truenodeids", trueIDs}, {"nodes_trueleafs", trueLeaf}, {"nodes_falsenodeids", falseIDs},
		{"nodes_falseleafs", falseLeaf}, {"nodes_missing_value_tracks_true", missing},
		{"leaf_targetids", leafTargets}, {"leaf_weights", tensor.FromF64(weights)},
	}
	if members != nil {
		attrs = append(attrs, attr{"membership_values", tensor.FromF64(members)})
	}
	return e.addML(5, "TreeEnsemble", []string{x}, attrs...), nil
}

// floor32 rounds down to a float32, which keeps every comparison x <= t with a float32 x.
func floor32(t float64) float64 {
	f := float32(t)
	if float64(f) > t {
		f = math.Nextafter32(f, float32(math.Inf(-1)))
	}
	return float64(f)
}

// categories turns the columns that are split by category into codes 0 to 255, and NaN for what goes to the missing
// side: negative and unknown codes.
func (e *encoder) categories(x string, ts *graph.Trees, d tensor.DType) string {
	columns := map[int]*[8]uint32{}
	for i := range ts.List {
		t := &ts.List[i]
		if len(t.Bitsets) == 0 {
			continue
		}
		for k := range t.Len() {
			if nd := t.Node(k); !nd.Leaf && nd.Categorical {
				c := t.Column(nd.Feature)
				columns[c] = nil
				if c >= 0 && c < len(ts.Known) {
					columns[c] = ts.Known[c]
				}
			}
		}
	}
	if len(columns) == 0 {
		return x
	}
	nan := e.scalar(math.NaN(), d)
	parts := make([]string, ts.Width)
	for c := range ts.Width {
		v := e.add("Gather", []string{x, e.ints(c)}, attr{"axis", 1})
		if known, ok := columns[c]; ok {
			whole := e.op("Floor", v)
			low := e.op("Sub", whole, e.op("Mul", e.scalar(256, d), e.op("Floor", e.op("Div", whole, e.scalar(256, d)))))
			bad := e.op("Or", e.op("Less", v, e.scalar(0, d)), e.op("IsNaN", v))
			if known != nil {
				table := tensor.New(tensor.Bool, 256)
				for i := range 256 {
					table.U8[i] = uint8(known[i>>5] >> (i & 31) & 1)
				}
				code := e.cast(e.op("Where", bad, e.scalar(0, d), low), d, tensor.Int64)
				unknown := e.op("Not", e.add("Gather", []string{e.tensor(table), code}, attr{"axis", 0}))
				bad = e.op("Or", bad, unknown)
			}
			v = e.op("Where", bad, nan, low)
		}
		parts[c] = v
	}
	return e.concat(parts, 1)
}
