package audit

import (
	"fmt"
	"math"
	"strings"

	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
)

// indices gives the reason why the indices in a compiled object's arrays may not be followed. scikit-learn's compiled code
// checks none of them: a child outside its tree reads foreign memory, a child before its parent never ends.
func indices(o *pyobj.Object, state pyobj.Value) string {
	switch class := o.ClassName(); {
	case class == "sklearn.tree._tree.Tree":
		return treeIndices(o, state)
	case strings.HasSuffix(class, "_hist_gradient_boosting.predictor.TreePredictor"):
		return predictorIndices(state)
	case strings.HasSuffix(class, "_tree.newObj"), strings.HasSuffix(class, "ball_tree.newObj"):
		return spaceIndices(state)
	}
	return ""
}

// mappedNodes reports a tree whose nodes are a view of a mapped file.
func mappedNodes(o *pyobj.Object, state pyobj.Value) bool {
	class := o.ClassName()
	if class != "sklearn.tree._tree.Tree" && !strings.HasSuffix(class, "_hist_gradient_boosting.predictor.TreePredictor") {
		return false
	}
	d, ok := state.(*pyobj.Dict)
	if !ok {
		return false
	}
	a, ok := d.Get("nodes").(*pyobj.Array)
	return ok && a.Mapped
}

// records gives the nodes of a state; nil with no reason where the array is not there to look at.
func records(state pyobj.Value, fields ...string) (r *numpy.Records, cols []numpy.Column, why string) {
	d, ok := state.(*pyobj.Dict)
	if !ok {
		return nil, nil, "is no dict"
	}
	a, ok := d.Get("nodes").(*pyobj.Array)
	if !ok {
		if _, object := d.Get("nodes").(*pyobj.Object); object {
			return nil, nil, "" // not folded: the file broke off later, and is not ok for that
		}
		return nil, nil, "nodes are " + describe(d.Get("nodes"))
	}
	if len(a.Shape) != 1 {
		return nil, nil, fmt.Sprintf("nodes are of %d dimensions", len(a.Shape))
	}
	r, err := numpy.NewRecords(a)
	if err != nil {
		return nil, nil, "nodes: " + err.Error()
	}
	for _, f := range fields {
		c, err := r.Column(f)
		if err != nil || c.IsFloat() {
			return nil, nil, fmt.Sprintf("nodes have no integers %q", f)
		}
		cols = append(cols, c)
	}
	return r, cols, ""
}

func treeIndices(o *pyobj.Object, state pyobj.Value) string {
	r, c, why := records(state, "left_child", "right_child", "feature")
	if r == nil {
		return why
	}
	d := state.(*pyobj.Dict)
	n := int64(r.Len())
	if count, ok := d.Get("node_count").(pyobj.Int); !ok || int64(count) != n {
		return fmt.Sprintf("node_count does not say %d", n)
	}
	if v, ok := d.Get("values").(*pyobj.Array); ok && (len(v.Shape) != 3 || int64(v.Shape[0]) != n) {
		return fmt.Sprintf("values of shape %v for %d nodes", v.Shape, n)
	}
	features := int64(math.MaxInt64)
	if len(o.Args) > 0 {
		if f, ok := o.Args[0].(pyobj.Int); ok {
			features = int64(f)
		}
	}
	for i := range r.Len() {
		left := c[0].Int(i)
		if left == -1 {
			continue
		}
		right, feature := c[1].Int(i), c[2].Int(i)
		if left <= int64(i) || left >= n || right <= int64(i) || right >= n {
			return fmt.Sprintf("node %d of %d has children %d and %d", i, n, left, right)
		}
		if feature < 0 || feature >= features {
			return fmt.Sprintf("node %d splits on feature %d of %d", i, feature, features)
		}
	}
	return ""
}

func predictorIndices(state pyobj.Value) string {
	r, c, why := records(state, "left", "right", "is_leaf", "feature_idx")
	if r == nil {
		return why
	}
	n := int64(r.Len())
	if n == 0 {
		return "has no nodes"
	}
	var category *numpy.Column
	rows := int64(0)
	if r.Has("is_categorical") && r.Has("bitset_idx") {
		kind, err1 := r.Column("is_categorical")
		bits, err2 := r.Column("bitset_idx")
		if err1 != nil || err2 != nil {
			return "nodes have no integers \"bitset_idx\""
		}
		c = append(c, kind)
		category = &bits
		if a, ok := state.(*pyobj.Dict).Get("raw_left_cat_bitsets").(*pyobj.Array); ok && len(a.Shape) == 2 && a.Shape[1] == 8 {
			rows = int64(a.Shape[0])
		}
	}
	for i := range r.Len() {
		if c[2].Int(i) != 0 {
			continue
		}
		left, right := c[0].Int(i), c[1].Int(i)
		if left <= int64(i) || left >= n || right <= int64(i) || right >= n {
			return fmt.Sprintf("node %d of %d has children %d and %d", i, n, left, right)
		}
		if c[3].Int(i) < 0 {
			return fmt.Sprintf("node %d splits on feature %d", i, c[3].Int(i))
		}
		if category != nil && c[4].Int(i) != 0 && (category.Int(i) < 0 || category.Int(i) >= rows) {
			return fmt.Sprintf("node %d names bit set %d of %d", i, category.Int(i), rows)
		}
	}
	return ""
}

// spaceIndices checks a KDTree or BallTree: (data, idx, node_data, node_bounds, leaf_size, n_levels, n_nodes, …).
func spaceIndices(state pyobj.Value) string {
	t, ok := state.(*pyobj.Tuple)
	if !ok || len(t.Items) < 12 {
		return "" // a distance metric: it holds no indices
	}
	data, ok1 := t.Items[0].(*pyobj.Array)
	idx, ok2 := t.Items[1].(*pyobj.Array)
	nodes, ok3 := t.Items[2].(*pyobj.Array)
	levels, ok4 := t.Items[5].(pyobj.Int)
	count, ok5 := t.Items[6].(pyobj.Int)
	if !ok1 || !ok2 || !ok3 {
		for _, v := range t.Items[:3] {
			if _, object := v.(*pyobj.Object); object {
				return ""
			}
		}
		return "is no tree"
	}
	if !ok4 || !ok5 || len(data.Shape) != 2 || len(idx.Shape) != 1 || idx.Shape[0] != data.Shape[0] || len(nodes.Shape) != 1 {
		return "its arrays do not belong together"
	}
	if levels < 1 || levels > 62 || int64(count) != 1<<levels-1 || int64(nodes.Shape[0]) != int64(count) {
		return fmt.Sprintf("%d levels and %d nodes for an array of %d", levels, count, nodes.Shape[0])
	}
	n := int64(data.Shape[0])
	order, err := numpy.Tensor(idx)
	if err != nil {
		return err.Error()
	}
	for _, i := range order.I64 {
		if i < 0 || i >= n {
			return fmt.Sprintf("index %d of %d points", i, n)
		}
	}
	r, err := numpy.NewRecords(nodes)
	if err != nil {
		return err.Error()
	}
	var c [3]numpy.Column
	for k, f := range []string{"idx_start", "idx_end", "is_leaf"} {
		if c[k], err = r.Column(f); err != nil {
			return err.Error()
		}
	}
	for i := range r.Len() {
		start, end := c[0].Int(i), c[1].Int(i)
		if start < 0 || end < start || end > n {
			return fmt.Sprintf("node %d holds points %d to %d of %d", i, start, end, n)
		}
		if c[2].Int(i) == 0 && 2*int64(i)+2 >= int64(count) {
			return fmt.Sprintf("node %d of %d is no leaf", i, count)
		}
	}
	return ""
}
