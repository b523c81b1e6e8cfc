package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/tensor"
)

// single rounds an input to float, as the operations of ai.onnx.ml do.
func (d *decoder) single(n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if x.OK() && !x.DType().IsNumeric() {
		return d.unsupported(n, "of %s", x.Type())
	}
	return d.b.Cast(x, tensor.Float32)
}

// perColumn is an attribute of one number per column, or of one for all.
func (d *decoder) perColumn(n *nodeProto, name string, x graph.Value) graph.Value {
	v := d.floatList(n, name)
	if x.OK() && len(v) != 1 && len(v) != x.Width() {
		return d.unsupported(n, "%d of %s for %s", len(v), name, x.Type())
	}
	return d.b.Const(tensor.FromF32(v))
}

func readScaler(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if x.OK() && !x.DType().IsFloat() {
		x = d.b.Cast(x, tensor.Float32)
	}
	y := d.b.Mul(d.b.Sub(x, d.perColumn(n, "offset", x)), d.perColumn(n, "scale", x))
	return d.b.Cast(y, tensor.Float32)
}

// readNormalizer divides rows by a norm; of zeros, and by the square root of a quotient, as ONNX Runtime does.
func readNormalizer(d *decoder, n *nodeProto) graph.Value {
	x := d.single(n)
	if !x.OK() {
		return x
	}
	if x.Type().Rank() != 2 {
		return d.unsupported(n, "of %s", x.Type())
	}
	var norm, y graph.Value
	switch kind := n.text("norm", "MAX"); kind {
	case "MAX":
		norm = d.b.Reduce(graph.OpReduceMax, x, 1, true, graph.Any)
		y = d.b.Div(x, norm)
	case "L1":
		norm = d.b.Reduce(graph.OpReduceSum, d.b.Unary(graph.OpAbs, x), 1, true, graph.Sequential)
		y = d.b.Div(x, norm)
	case "L2":
		norm = d.b.Reduce(graph.OpSumSquare, x, 1, true, graph.Sequential)
		y = d.b.Mul(d.b.Unary(graph.OpSign, x), d.b.Unary(graph.OpSqrt, d.b.Div(d.b.Mul(x, x), norm)))
	default:
		return d.unsupported(n, "norm %s", kind)
	}
	return d.b.Where(d.b.Binary(graph.OpEqual, norm, d.b.Scalar(0, norm)), x, y)
}

func readBinarizer(d *decoder, n *nodeProto) graph.Value {
	return d.b.Binarizer(d.single(n), float64(n.float("threshold", 0)))
}

// readImputer replaces one value, mostly NaN.
func readImputer(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if !x.OK() {
		return x
	}
	if x.DType() != tensor.Float32 {
		return d.unsupported(n, "of %s", x.Type())
	}
	missing := float64(n.float("replaced_value_float", 0))
	var gone graph.Value
	if math.IsNaN(missing) {
		gone = d.b.Unary(graph.OpIsNaN, x)
	} else {
		gone = d.b.Binary(graph.OpEqual, x, d.b.Scalar(missing, x))
	}
	return d.b.Where(gone, d.perColumn(n, "imputed_value_floats", x), x)
}

// readOneHot gives each cell a block of columns.
func readOneHot(d *decoder, n *nodeProto) graph.Value {
	x := d.in(n, 0)
	if !x.OK() {
		return x
	}
	keys := tensor.FromI64(d.intList(n, "cats_int64s"))
	if texts := n.texts("cats_strings"); texts != nil {
		keys = tensor.FromStr(texts)
	} else if x.DType().IsNumeric() {
		x = d.b.Cast(x, tensor.Int64)
	}
	t := x.Type()
	if t.DType != keys.DType || keys.Len() == 0 {
		return d.unsupported(n, "%d categories of %s for %s", keys.Len(), keys.DType, t)
	}
	codes := d.codes(n, x, keys, nil, n.int("zeros", 1) == 0)
	if !codes.OK() {
		return codes
	}
	place := tensor.New(tensor.Int64, keys.Len())
	for i := range place.I64 {
		place.I64[i] = int64(i)
	}
	return d.b.Cast(d.b.Binary(graph.OpEqual, d.b.Reshape(codes, append(slices.Clone(codes.Type().Shape), 1)...), d.b.Const(place)), tensor.Float32)
}

// readExtractor takes entries of the last dimension.
func readExtractor(d *decoder, n *nodeProto) graph.Value {
	if !n.has(1) {
		return d.in(n, 1)
	}
	if table := d.fixed[n.in[0]]; n.has(0) && table != nil && d.fixed[n.in[1]] == nil {
		index := d.in(n, 1)
		if !index.OK() {
			return index
		}
		if table.Len() != append(slices.Clone(table.Shape), 1)[max(0, len(table.Shape)-1)] || !index.DType().IsInt() || index.Type().Rank() == 2 && index.Width() != 1 || index.Type().Rank() > 2 {
			return d.unsupported(n, "of %v at %s", table.Shape, index.Type())
		}
		d.lying[n.out[0]] = true
		return d.b.Labels(d.b.Ravel(index), table.Reshape(table.Len()))
	}
	x, index := d.in(n, 0), d.ints(n, 1)
	if !x.OK() || index == nil {
		return graph.Value{}
	}
	if t := x.Type(); len(t.Shape) != 2 || !t.Batched() {
		return d.unsupported(n, "of %s", t)
	}
	return d.b.Gather(x, index)
}

// readVectorizer puts columns side by side, in float.
func readVectorizer(d *decoder, n *nodeProto) graph.Value {
	parts := make([]graph.Value, len(n.in))
	for i := range parts {
		if parts[i] = d.in(n, i); !parts[i].OK() {
			return graph.Value{}
		}
		if t := parts[i].Type(); t.Rank() > 2 || !t.DType.IsNumeric() {
			return d.unsupported(n, "of %s", t)
		}
		parts[i] = d.b.Cast(parts[i], tensor.Float32)
	}
	return d.b.HStack(false, parts...)
}

// linear is x times the coefficients of targets, plus their intercepts.
func (d *decoder) linear(n *nodeProto, targets int) graph.Value {
	x := d.single(n)
	coef, intercepts := d.floatList(n, "coefficients"), d.floatList(n, "intercepts")
	if !x.OK() {
		return x
	}
	if t := x.Type(); t.Rank() != 2 || targets < 1 || len(coef) != targets*t.Shape[1] || len(intercepts) != targets && len(intercepts) != 0 {
		return d.unsupported(n, "%d coefficients and %d intercepts of %d targets for %s", len(coef), len(intercepts), targets, t)
	}
	y := d.b.MatMulT(x, d.b.Const(tensor.FromF32(coef).Reshape(targets, len(coef)/targets)))
	if len(intercepts) > 0 {
		y = d.b.Add(y, d.b.Const(tensor.FromF32(intercepts)))
	}
	return y
}

func readLinearRegressor(d *decoder, n *nodeProto) graph.Value {
	return d.post(n, d.linear(n, int(n.int("targets", 1))), n.text("post_transform", "NONE"))
}

// post is what becomes of scores in the end.
func (d *decoder) post(n *nodeProto, y graph.Value, how string) graph.Value {
	switch how {
	case "NONE":
		return y
	case "LOGISTIC":
		return d.b.Unary(graph.OpSigmoid, y)
	case "SOFTMAX":
		if y.OK() && y.Width() > 1 {
			return d.b.Softmax(y, graph.Sequential)
		}
	}
	return d.unsupported(n, "post_transform %s", how)
}

// classLabels are the classes of a classifier.
func (d *decoder) classLabels(n *nodeProto) *tensor.Tensor {
	for _, name := range []string{"classlabels_int64s", "classlabels_ints"} {
		if v := d.intList(n, name); v != nil {
			return tensor.FromI64(v)
		}
	}
	return tensor.FromStr(n.texts("classlabels_strings"))
}

func readLinearClassifier(d *decoder, n *nodeProto) graph.Value {
	labels := d.classLabels(n)
	targets := max(1, len(d.floatList(n, "intercepts")))
	y := d.linear(n, targets)
	how := n.text("post_transform", "NONE")
	if !y.OK() {
		return y
	}
	switch {
	case targets == 1 && labels.Len() == 2:
		label := d.b.Labels(d.b.Ravel(d.b.Binary(graph.OpGreater, y, d.b.Scalar(0, y))), labels)
		return d.b.Tuple(label, d.pair(n, y, how, true))
	case targets == labels.Len() && targets > 1:
		return d.b.Tuple(d.b.Labels(d.b.ArgMax(y), labels), d.post(n, y, how))
	}
	return d.unsupported(n, "%d classes for %d targets", labels.Len(), targets)
}

// pair makes scores of two classes of the second's: around zero or, of a probability, around one half.
func (d *decoder) pair(n *nodeProto, y graph.Value, how string, around bool) graph.Value {
	minus := d.b.Unary(graph.OpNeg, y)
	switch {
	case how == "LOGISTIC":
		return d.b.HStack(false, d.b.Unary(graph.OpSigmoid, minus), d.b.Unary(graph.OpSigmoid, y))
	case how != "NONE" && how != "SOFTMAX":
		return d.unsupported(n, "post_transform %s of one score", how)
	case around:
		return d.b.HStack(false, minus, y)
	}
	return d.b.HStack(false, d.b.Sub(d.b.Scalar(1, y), y), y)
}

// svm reads the kernel of a support vector machine; nil where it is not one that is computed here.
func (d *decoder) svm(n *nodeProto, supports, rows, pairs int, width int) *graph.SVMAttr {
	coef, vectors, rho, params := d.floatList(n, "coefficients"), d.floatList(n, "support_vectors"), d.floatList(n, "rho"), d.floatList(n, "kernel_params")
	kernel := map[string]graph.SVMKernel{"LINEAR": graph.SVMLinear, "POLY": graph.SVMPoly, "RBF": graph.SVMRBF, "SIGMOID": graph.SVMSigmoid}[n.text("kernel_type", "LINEAR")]
	if supports < 1 || len(coef) != rows*supports || len(vectors) != supports*width || len(rho) != pairs || kernel == "" || len(params) != 3 && kernel != graph.SVMLinear {
		d.unsupported(n, "%d support vectors of %d columns with %d numbers, %d coefficients and %d intercepts", supports, width, len(vectors), len(coef), len(rho))
		return nil
	}
	wide := func(v []float32) *tensor.Tensor { return tensor.FromF64(tensor.FromF32(v).AsF64()) }
	a := &graph.SVMAttr{Kernel: kernel, Vectors: wide(vectors).Reshape(supports, width), Coef: wide(coef).Reshape(rows, supports), Intercept: wide(rho).F64}
	if len(params) == 3 {
		a.Gamma, a.Coef0, a.Degree = float64(params[0]), float64(params[1]), int(params[2])
		if float32(a.Degree) != params[2] {
			d.unsupported(n, "degree %v", params[2])
			return nil
		}
	}
	return a
}

// readSVMRegressor sums kernels in double and rounds to float, where ONNX Runtime sums in float.
func readSVMRegressor(d *decoder, n *nodeProto) graph.Value {
	x := d.single(n)
	if !x.OK() {
		return x
	}
	if x.Type().Rank() != 2 {
		return d.unsupported(n, "of %s", x.Type())
	}
	a := d.svm(n, int(n.int("n_supports", 0)), 1, 1, x.Width())
	if a == nil {
		return graph.Value{}
	}
	y := d.b.AsColumn(d.b.Cast(d.b.SVMDecision(d.b.Cast(x, tensor.Float64), a), tensor.Float32))
	if n.int("one_class", 0) != 0 {
		one := d.b.Scalar(1, y)
		y = d.b.Where(d.b.Binary(graph.OpGreater, y, d.b.Scalar(0, y)), one, d.b.Unary(graph.OpNeg, one))
	}
	return d.post(n, y, n.text("post_transform", "NONE"))
}

// readSVMClassifier lets each pair of classes vote; scores are the probabilities that the votes come to or, where there are no
// sigmoids, those of the pairs, of two classes for either. Sums are as readSVMRegressor's.
func readSVMClassifier(d *decoder, n *nodeProto) graph.Value {
	x := d.single(n)
	if !x.OK() {
		return x
	}
	labels, counts := d.classLabels(n), d.intList(n, "vectors_per_class")
	k, supports := labels.Len(), 0
	for _, c := range counts {
		if c < 0 || c > maxWidth {
			return d.unsupported(n, "%d vectors of a class", c)
		}
		supports += int(c)
	}
	if x.Type().Rank() != 2 || len(counts) != k || k < 2 || k > maxClasses || n.text("post_transform", "NONE") != "NONE" {
		return d.unsupported(n, "%d classes of %d vectors, post_transform %s", k, supports, n.text("post_transform", "NONE"))
	}
	a := d.svm(n, supports, k-1, k*(k-1)/2, x.Width())
	if a == nil {
		return graph.Value{}
	}
	for _, c := range counts {
		a.Count = append(a.Count, int(c))
	}
	scores := d.b.SVMDecision(d.b.Cast(x, tensor.Float64), a)
	if !scores.OK() {
		return scores
	}
	first, second := tensor.New(tensor.Float32, a.Pairs(), k), tensor.New(tensor.Float32, a.Pairs(), k)
	pair := 0
	for i := range k {
		for j := i + 1; j < k; j++ {
			first.F32[pair*k+i], second.F32[pair*k+j] = 1, 1
			pair++
		}
	}
	won := d.b.Binary(graph.OpGreater, scores, d.b.Scalar(0, scores))
	votes := d.b.Add(d.b.MatMul(d.b.Cast(won, tensor.Float32), d.b.Const(first)), d.b.MatMul(d.b.Cast(d.b.Unary(graph.OpNot, won), tensor.Float32), d.b.Const(second)))
	label := d.b.Labels(d.b.ArgMax(votes), labels)
	probA, probB := d.floatList(n, "prob_a"), d.floatList(n, "prob_b")
	switch {
	case len(probA) != len(probB) || probA != nil && len(probA) != a.Pairs():
		return d.unsupported(n, "%d and %d sigmoids of %d pairs", len(probA), len(probB), a.Pairs())
	case probA != nil:
		c := &graph.CouplingAttr{Classes: k, A: tensor.FromF32(probA).AsF64(), B: tensor.FromF32(probB).AsF64()}
		return d.b.Tuple(label, d.b.Cast(d.b.PairwiseCoupling(scores, c), tensor.Float32))
	case k == 2:
		y := d.b.Cast(scores, tensor.Float32)
		return d.b.Tuple(label, d.b.HStack(false, d.b.Unary(graph.OpNeg, y), y))
	}
	return d.b.Tuple(label, d.b.Cast(scores, tensor.Float32))
}

// maxClasses bounds the classes of which each pair votes.
const maxClasses = 1 << 10

// oldTrees are the lists of TreeEnsembleRegressor and TreeEnsembleClassifier: nodes by tree and number, weights of their leaves.
type oldTrees struct {
	treeIDs, nodeIDs, features, trues, falses, missing []int64
	modes                                              []string
	values                                             []float64
	leafTrees, leafNodes, targets                      []int64 // of the weights
	weights, base                                      []float64
}

// numbers is a list of floats or, since the third version, a tensor of doubles.
func (d *decoder) numbers(n *nodeProto, name string) []float64 {
	if given := n.attrs[name+"_as_tensor"].all(attrT); len(given) > 0 {
		_, t, err := readTensor(given[0])
		if err != nil {
			d.b.Fail(err)
			return nil
		}
		return t.AsF64()
	}
	return tensor.FromF32(d.floatList(n, name)).AsF64()
}

func (d *decoder) oldTrees(n *nodeProto, prefix, ids string) (*oldTrees, graph.Value) {
	t := &oldTrees{treeIDs: d.intList(n, "nodes_treeids"), nodeIDs: d.intList(n, "nodes_nodeids"), features: d.intList(n, "nodes_featureids"),
		trues: d.intList(n, "nodes_truenodeids"), falses: d.intList(n, "nodes_falsenodeids"), missing: d.intList(n, "nodes_missing_value_tracks_true"),
		modes: n.texts("nodes_modes"), values: d.numbers(n, "nodes_values"), leafTrees: d.intList(n, prefix+"_treeids"), leafNodes: d.intList(n, prefix+"_nodeids"),
		targets: d.intList(n, ids), weights: d.numbers(n, prefix+"_weights"), base: d.numbers(n, "base_values")}
	nodes := len(t.treeIDs)
	if t.missing == nil {
		t.missing = make([]int64, nodes)
	}
	for _, l := range []int{len(t.nodeIDs), len(t.features), len(t.trues), len(t.falses), len(t.missing), len(t.modes), len(t.values)} {
		if l != nodes {
			return nil, d.b.Fail(&SyntaxError{Node: n.name, Msg: fmt.Sprintf("lists of %d and %d nodes", nodes, l)})
		}
	}
	if w := len(t.weights); nodes == 0 || len(t.leafTrees) != w || len(t.leafNodes) != w || len(t.targets) != w {
		return nil, d.b.Fail(&SyntaxError{Node: n.name, Msg: "lists of different lengths"})
	}
	return t, graph.Value{}
}

// numberRecord is how nodes that were read are kept whose leaves' numbers stand in a list of their own.
var numberRecord = graph.TreeLayout{Size: treeRecord.Size, Left: treeRecord.Left, Right: treeRecord.Right, Feature: treeRecord.Feature,
	Threshold: treeRecord.Threshold, Leaf: treeRecord.Leaf, Missing: treeRecord.Missing}

// build makes trees whose leaves hold a number for each of some targets. x is what they see.
func (t *oldTrees) build(d *decoder, n *nodeProto, x graph.Value, targets int) (*graph.Trees, bool) {
	type key struct{ tree, node int64 }
	at, first := map[key]int{}, map[int64]int{}
	var order []int64
	for i := range t.treeIDs {
		k := key{t.treeIDs[i], t.nodeIDs[i]}
		if _, twice := at[k]; twice {
			d.b.Fail(&SyntaxError{Node: n.name, Msg: fmt.Sprintf("two nodes %d of tree %d", k.node, k.tree)})
			return nil, false
		}
		at[k] = i
		if _, seen := first[k.tree]; !seen {
			first[k.tree] = i
			order = append(order, k.tree)
		}
	}
	leaves := map[int][]int{} // the weights of a node
	for i := range t.weights {
		k, ok := at[key{t.leafTrees[i], t.leafNodes[i]}]
		if !ok || t.targets[i] < 0 || t.targets[i] >= int64(targets) {
			d.b.Fail(&SyntaxError{Node: n.name, Msg: fmt.Sprintf("weight %d is of no leaf or of target %d of %d", i, t.targets[i], targets)})
			return nil, false
		}
		leaves[k] = append(leaves[k], i)
	}
	if int64(len(t.treeIDs))*int64(targets) > 8*int64(len(t.treeIDs)+len(t.weights))*16 {
		d.unsupported(n, "%d targets of which few are given", targets)
		return nil, false
	}
	ts := &graph.Trees{Width: x.Type().Shape[1], Values: targets, Scale: 1, Float64: x.DType() == tensor.Float64}
	below := func(v float64) float64 { // the greatest number of the values' type below v
		if ts.Float64 {
			return math.Nextafter(v, math.Inf(-1))
		}
		return float64(math.Nextafter32(float32(v), float32(math.Inf(-1))))
	}
	put := binary.LittleEndian
	for _, tree := range order {
		out := graph.Tree{Layout: &numberRecord, Inputs: ts.Width}
		type place struct {
			node, parent int
			field        graph.TreeField
		}
		seen := map[int]bool{}
		for todo := []place{{node: first[tree], parent: -1}}; len(todo) > 0; {
			p := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if seen[p.node] {
				d.b.Fail(&SyntaxError{Node: n.name, Msg: fmt.Sprintf("node %d of tree %d has two parents", t.nodeIDs[p.node], tree)})
				return nil, false
			}
			seen[p.node] = true
			self := len(out.Nodes) / numberRecord.Size
			if p.parent >= 0 {
				put.PutUint32(out.Nodes[p.parent*numberRecord.Size+p.field.Offset:], uint32(self))
			}
			i := p.node
			var r [32]byte
			numbers := make([]float64, targets)
			yes, no, split, missing := numberRecord.Left, numberRecord.Right, t.values[i], t.missing[i] != 0
			if !ts.Float64 {
				split = float64(float32(split))
			}
			switch t.modes[i] {
			case "LEAF":
				r[numberRecord.Leaf.Offset] = 1
				for _, w := range leaves[i] {
					numbers[t.targets[w]] += t.weights[w]
				}
			case "BRANCH_LEQ":
			case "BRANCH_LT":
				split = below(split)
			case "BRANCH_GT":
				yes, no, missing = no, yes, !missing
			case "BRANCH_GTE":
				yes, no, missing, split = no, yes, !missing, below(split)
			default:
				d.unsupported(n, "nodes of mode %s", t.modes[i])
				return nil, false
			}
			if t.modes[i] != "LEAF" {
				if t.features[i] < 0 || t.features[i] >= int64(ts.Width) {
					d.b.Fail(&SyntaxError{Node: n.name, Msg: fmt.Sprintf("node %d of tree %d looks at column %d of %d", t.nodeIDs[i], tree, t.features[i], ts.Width)})
					return nil, false
				}
				put.PutUint32(r[numberRecord.Feature.Offset:], uint32(t.features[i]))
				put.PutUint64(r[numberRecord.Threshold.Offset:], math.Float64bits(split))
				if missing {
					r[numberRecord.Missing.Offset] = 1
				}
				a, ok := at[key{tree, t.trues[i]}]
				b, also := at[key{tree, t.falses[i]}]
				if !ok || !also {
					d.b.Fail(&SyntaxError{Node: n.name, Msg: fmt.Sprintf("tree %d: no node %d or %d", tree, t.trues[i], t.falses[i])})
					return nil, false
				}
				children := []place{{b, self, no}, {a, self, yes}}
				if yes == numberRecord.Right { // the left one comes next
					slices.Reverse(children)
				}
				todo = append(todo, children...)
			}
			out.Nodes = append(out.Nodes, r[:]...)
			for _, v := range numbers {
				out.Numbers = put.AppendUint64(out.Numbers, math.Float64bits(v))
			}
		}
		ts.List = append(ts.List, out)
	}
	return ts, true
}

// sums adds up the leaves of the trees and what the sums begin with: float [N, targets].
func (d *decoder) sums(n *nodeProto, t *oldTrees, targets int) (y graph.Value, trees int) {
	x := d.in(n, 0)
	if !x.OK() {
		return x, 0
	}
	if x.DType() != tensor.Float64 && x.DType().IsNumeric() {
		x = d.b.Cast(x, tensor.Float32)
	}
	if !x.DType().IsFloat() || x.Type().Rank() != 2 || targets < 1 || targets > maxWidth {
		return d.unsupported(n, "of %s for %d targets", x.Type(), targets), 0
	}
	ts, ok := t.build(d, n, x, targets)
	if !ok {
		return graph.Value{}, 0
	}
	return d.b.TreeEnsemble(x, graph.TreeEnsembleAttr{Trees: ts, Outputs: targets}), len(ts.List)
}

// based adds what scores begin with.
func (d *decoder) based(n *nodeProto, y graph.Value, base []float64) graph.Value {
	if !y.OK() || len(base) == 0 {
		return y
	}
	if len(base) != y.Width() {
		return d.unsupported(n, "%d base values for %s", len(base), y.Type())
	}
	return d.b.Add(y, d.b.Const(tensor.FromF64(base)))
}

func readRegressorTrees(d *decoder, n *nodeProto) graph.Value {
	t, bad := d.oldTrees(n, "target", "target_ids")
	if t == nil {
		return bad
	}
	y, trees := d.sums(n, t, int(n.int("n_targets", 1)))
	switch how := n.text("aggregate_function", "SUM"); how {
	case "SUM":
	case "AVERAGE":
		y = d.b.Div(y, d.b.Scalar(float64(max(1, trees)), y))
	default:
		return d.unsupported(n, "aggregate_function %s", how)
	}
	return d.post(n, d.b.Cast(d.based(n, y, t.base), tensor.Float32), n.text("post_transform", "NONE"))
}

// readClassifierTrees gives labels and scores. Of two classes the trees may have the scores of one alone, which they then are of
// the second: around one half where no weight is negative, else around zero.
func readClassifierTrees(d *decoder, n *nodeProto) graph.Value {
	t, bad := d.oldTrees(n, "class", "class_ids")
	if t == nil {
		return bad
	}
	labels := d.classLabels(n)
	how := n.text("post_transform", "NONE")
	one := labels.Len() == 2 && !slices.ContainsFunc(t.targets, func(c int64) bool { return c != t.targets[0] })
	if !one {
		y, _ := d.sums(n, t, labels.Len())
		y = d.b.Cast(d.based(n, y, t.base), tensor.Float32)
		if !y.OK() {
			return y
		}
		return d.b.Tuple(d.b.Labels(d.b.ArgMax(y), labels), d.post(n, y, how))
	}
	t.targets = make([]int64, len(t.targets))
	base := t.base
	if len(base) == 2 {
		base = base[1:]
	}
	y, _ := d.sums(n, t, 1)
	y = d.b.Cast(d.based(n, y, base), tensor.Float32)
	if !y.OK() {
		return y
	}
	positive := !slices.ContainsFunc(t.weights, func(w float64) bool { return w < 0 })
	limit := 0.0
	if positive {
		limit = 0.5
	}
	label := d.b.Labels(d.b.Ravel(d.b.Binary(graph.OpGreater, y, d.b.Scalar(limit, y))), labels)
	return d.b.Tuple(label, d.pair(n, y, how, !positive))
}
