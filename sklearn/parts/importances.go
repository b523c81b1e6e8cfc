package parts

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Importances returns what operator.attrgetter would: "auto" is coef_ or else feature_importances_, anything else a
// dotted path.
func Importances(o *pyobj.Object, getter string) (*tensor.Tensor, error) {
	for pyobj.ShortName(o.ClassName()) == "FrozenEstimator" { // has the attributes of what it holds
		next := inner(o, "estimator")
		if next == nil {
			break
		}
		o = next
	}
	if getter == "auto" {
		if t, err := attribute(o, "_coef_"); err == nil { // of PLS in 1.1 and 1.2, whose coef_ is a property
			return t, nil
		}
		if t, err := attribute(o, "coef_"); err == nil {
			w, err := attribute(o, "x_weights_") // of PLS, whose coef_ has a row for each column before 1.1
			if err == nil && len(w.Shape) == 2 && len(t.Shape) == 2 && t.Shape[1] != w.Shape[0] {
				return nil, fmt.Errorf("coef_ of %s gives %d scores for %d columns: X has a different shape than during fitting", pyobj.ShortName(o.ClassName()), t.Shape[1], w.Shape[0])
			}
			return t, nil
		}
		t, err := attribute(o, "feature_importances_")
		if err != nil {
			return nil, fmt.Errorf("%s has neither coef_ nor feature_importances_: %w", pyobj.ShortName(o.ClassName()), err)
		}
		return t, nil
	}
	steps := strings.Split(getter, ".")
	for _, s := range steps[:len(steps)-1] {
		next := inner(o, s)
		if next == nil {
			return nil, fmt.Errorf("%s has no estimator %s", pyobj.ShortName(o.ClassName()), s)
		}
		o = next
	}
	return attribute(o, steps[len(steps)-1])
}

// inner follows one name: an attribute, or a step behind named_steps.
func inner(o *pyobj.Object, name string) *pyobj.Object {
	a, _ := o.Attrs()
	if a == nil {
		return nil
	}
	if name == "named_steps" {
		return o
	}
	if next, ok := a.Get(name).(*pyobj.Object); ok {
		return next
	}
	items, err := sklearn.Sequence(a.Get("steps"))
	if err != nil {
		return nil
	}
	for _, it := range items {
		pair, err := sklearn.Sequence(it)
		if err != nil || len(pair) != 2 {
			continue
		}
		if s, _ := sklearn.Text(pair[0]); s == name {
			next, _ := pair[1].(*pyobj.Object)
			return next
		}
	}
	return nil
}

var errNone = errors.New("no such attribute")

// attribute reads a stored attribute or computes the property of that name.
func attribute(o *pyobj.Object, name string) (*tensor.Tensor, error) {
	a, _ := o.Attrs()
	if a == nil {
		return nil, errNone
	}
	if v := a.Get(name); v != nil {
		m, err := sklearn.AnyMatrix(v)
		if err != nil {
			return nil, err
		}
		if m.Sparse != nil {
			return m.Sparse.Dense(), nil
		}
		return m.Dense, nil
	}
	switch name {
	case "feature_importances_":
		f, err := featureImportances(o, a)
		return tensor.FromF64(f), err
	case "coef_":
		return linearCoef(a)
	}
	return nil, errNone
}

// linearCoef is coef_ of a support vector machine with a linear kernel and one decision function.
func linearCoef(a *pyobj.Dict) (*tensor.Tensor, error) {
	if k, ok := sklearn.Text(a.Get("kernel")); !ok || k != "linear" {
		return nil, errNone
	}
	v := a.Get("dual_coef_")
	if v == nil {
		v = a.Get("_dual_coef_")
	}
	dual, err := sklearn.Tensor(v)
	if err != nil {
		return nil, err
	}
	sv, err := sklearn.Tensor(a.Get("support_vectors_"))
	if err != nil {
		return nil, err
	}
	d, s := dual.AsF64(), sv.AsF64()
	if len(dual.Shape) != 2 || dual.Shape[0] != 1 || len(sv.Shape) != 2 || sv.Shape[0] != dual.Shape[1] || d == nil || s == nil {
		return nil, fmt.Errorf("coef_ of several decision functions is not read")
	}
	n := sv.Shape[1]
	out := make([]float64, n)
	for i, w := range d {
		for j := range out {
			out[j] += float64(w * s[i*n+j])
		}
	}
	return tensor.FromF64(out, 1, n), nil
}

// featureImportances computes the property of trees and of what is made of them.
func featureImportances(o *pyobj.Object, a *pyobj.Dict) ([]float64, error) {
	if v := a.Get("tree_"); v != nil {
		f, _, err := treeImportances(v, true)
		return f, err
	}
	items, err := sklearn.Sequence(a.Get("estimators_"))
	if err != nil {
		return nil, errNone
	}
	name := pyobj.ShortName(o.ClassName())
	version, _ := sklearn.Text(a.Get("_sklearn_version"))
	before := func(v string) bool { return sklearn.Older(version, v) }
	switch {
	case strings.HasPrefix(name, "RandomForest"), strings.HasPrefix(name, "ExtraTrees"):
		return meanImportances(items, true, before("0.21"))
	case strings.HasPrefix(name, "GradientBoosting"):
		return meanImportances(items, before("0.20"), before("0.20"))
	case strings.HasPrefix(name, "AdaBoost"):
		return weightedImportances(items, a.Get("estimator_weights_"))
	}
	return nil, errNone
}

// element returns element i as a float.
func element(t *tensor.Tensor, i int) float64 {
	f, _ := t.Float(i)
	return f
}

// meanImportances is the mean over the trees with more than one node, scaled to a sum of one; plain is the mean over
// all trees as it is. normalise scales the importances of each tree.
func meanImportances(items []pyobj.Value, normalise, plain bool) ([]float64, error) {
	var mean []float64
	n := 0
	for _, it := range items {
		members := []pyobj.Value{it}
		if list, err := sklearn.Sequence(it); err == nil {
			members = list
		}
		for _, m := range members {
			o, ok := m.(*pyobj.Object)
			if !ok {
				return nil, errNone
			}
			a, _ := o.Attrs()
			f, nodes, err := treeImportances(a.Get("tree_"), normalise)
			if err != nil {
				return nil, err
			}
			if mean == nil {
				mean = make([]float64, len(f))
			}
			if len(f) != len(mean) {
				return nil, fmt.Errorf("trees of %d and of %d columns", len(mean), len(f))
			}
			if nodes < 2 && !plain {
				continue
			}
			n++
			for i, v := range f {
				mean[i] += v
			}
		}
	}
	if n == 0 {
		return mean, nil
	}
	for i := range mean {
		mean[i] /= float64(n)
	}
	if sum := graph.PairwiseSum(mean); sum != 0 && !plain {
		for i := range mean {
			mean[i] /= sum
		}
	}
	return mean, nil
}

// weightedImportances is the weighted mean over the members of AdaBoost.
func weightedImportances(items []pyobj.Value, weights pyobj.Value) ([]float64, error) {
	w, err := sklearn.Tensor(weights)
	if err != nil {
		return nil, err
	}
	f := w.AsF64()
	if len(f) < len(items) {
		return nil, fmt.Errorf("%d weights for %d members", len(f), len(items))
	}
	var sum []float64
	for k, it := range items {
		o, ok := it.(*pyobj.Object)
		if !ok {
			return nil, errNone
		}
		t, err := attribute(o, "feature_importances_")
		if err != nil {
			return nil, err
		}
		if sum == nil {
			sum = make([]float64, t.Len())
		}
		for i := range min(len(sum), t.Len()) {
			sum[i] += float64(f[k] * element(t, i))
		}
	}
	norm := graph.PairwiseSum(f)
	for i := range sum {
		sum[i] /= norm
	}
	return sum, nil
}

// treeImportances is sklearn.tree._tree.Tree.compute_feature_importances; it returns the number of nodes, too.
func treeImportances(v pyobj.Value, normalise bool) ([]float64, int, error) {
	o, ok := v.(*pyobj.Object)
	if !ok || len(o.Args) != 3 {
		return nil, 0, errNone
	}
	columns, err := sklearn.Int(o.Args[0])
	a, _ := o.Attrs()
	nodes, ok := a.Get("nodes").(*pyobj.Array)
	if err != nil || !ok || columns < 0 || columns > 1<<24 || nodes.DType.Size <= 0 || len(nodes.Shape) != 1 || len(nodes.Data) != nodes.Shape[0]*nodes.DType.Size {
		return nil, 0, errors.New("nodes of a tree do not fit")
	}
	at := map[string]*pyobj.Field{}
	for i := range nodes.DType.Fields {
		f := &nodes.DType.Fields[i]
		at[f.Name] = f
	}
	read := func(node int, name string) (float64, int64) {
		f := at[name]
		if f == nil || f.Offset < 0 || f.Offset+f.DType.Size > nodes.DType.Size {
			err = fmt.Errorf("nodes of a tree have no %s", name)
			return 0, -1
		}
		b := nodes.Data[node*nodes.DType.Size+f.Offset:]
		var order binary.ByteOrder = binary.LittleEndian
		if f.DType.Order == '>' {
			order = binary.BigEndian
		}
		switch {
		case f.DType.Kind == 'f' && f.DType.Size == 8:
			return math.Float64frombits(order.Uint64(b)), 0
		case f.DType.Size == 8:
			return 0, int64(order.Uint64(b))
		case f.DType.Size == 4:
			return 0, int64(int32(order.Uint32(b)))
		}
		err = fmt.Errorf("nodes of a tree have an odd %s", name)
		return 0, -1
	}
	weight := func(node int) float64 {
		w, _ := read(node, "weighted_n_node_samples")
		i, _ := read(node, "impurity")
		return w * i
	}
	n := nodes.Shape[0]
	out := make([]float64, columns)
	for i := range n {
		_, left := read(i, "left_child")
		if left == -1 {
			continue
		}
		_, right := read(i, "right_child")
		_, column := read(i, "feature")
		if left < 0 || left >= int64(n) || right < 0 || right >= int64(n) || column < 0 || column >= int64(columns) {
			return nil, 0, errors.New("a node of a tree leads nowhere")
		}
		out[column] += weight(i) - weight(int(left)) - weight(int(right))
	}
	if n > 0 {
		root, _ := read(0, "weighted_n_node_samples")
		for i := range out {
			out[i] /= root
		}
	}
	if sum := graph.PairwiseSum(out); normalise && sum > 0 {
		for i := range out {
			out[i] /= sum
		}
	}
	return out, n, err
}

// ColumnNorms is the norm of each column's weights: the magnitude of one row, a norm of several.
func ColumnNorms(w *tensor.Tensor, order float64) ([]float64, error) {
	f := w.AsF64()
	if f == nil || len(w.Shape) < 1 || len(w.Shape) > 2 {
		return nil, fmt.Errorf("importances are %s%v", w.DType, w.Shape)
	}
	n := w.Shape[len(w.Shape)-1]
	out := make([]float64, n)
	if len(w.Shape) == 1 {
		for i, v := range f {
			out[i] = math.Abs(v)
		}
		return out, nil
	}
	if order == 0 || order != order {
		return nil, fmt.Errorf("a norm of order %v", order)
	}
	for i, v := range f {
		at := &out[i%n]
		switch a := math.Abs(v); order {
		case 1:
			*at += a
		case 2:
			*at += float64(v * v)
		case math.Inf(1):
			*at = max(*at, a)
		case math.Inf(-1):
			if i < n {
				*at = a
			}
			*at = min(*at, a)
		default:
			*at += math.Pow(a, order)
		}
	}
	for i := range out {
		switch {
		case order == 2:
			out[i] = math.Sqrt(out[i])
		case order != 1 && !math.IsInf(order, 0):
			out[i] = math.Pow(out[i], 1/order)
		}
	}
	return out, nil
}
