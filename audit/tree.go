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
func (j *judge) indices(class string, o *pyobj.Object, state pyobj.Value) string {
	switch {
	case class == "sklearn.tree._tree.Tree":
		return j.treeIndices(o, state)
	case strings.HasSuffix(class, "_hist_gradient_boosting.predictor.TreePredictor"):
		return predictorIndices(state)
	case partitionsSpace(o):
		return spaceIndices(state)
	case strings.HasSuffix(class, "econstruct"):
		return itemCount(state)
	case strings.HasPrefix(class, "scipy.sparse."):
		return sparseIndices(pyobj.ShortName(class), state)
	case strings.HasPrefix(class, "numpy.random."):
		return randomIndices(state)
	case strings.HasPrefix(class, "sklearn."):
		return j.arrays(class, state)
	case strings.HasPrefix(class, "scipy.interpolate.") && strings.HasSuffix(class, ".BSpline"):
		return splineArrays(state)
	case strings.HasPrefix(class, "pandas."):
		return frameIndices(class, o.Args, state)
	}
	return ""
}

// instanceOf gives the class of what Python would have made: Cython's newObj allocates the class it is given.
func instanceOf(o *pyobj.Object) string {
	name := o.ClassName()
	if pyobj.ShortName(name) != "newObj" || len(o.Args) != 1 {
		return name
	}
	name, _ = global(o.Args[0])
	return name
}

// partitionsSpace reports scikit-learn's KDTree and BallTree, however they were allocated.
func partitionsSpace(o *pyobj.Object) bool {
	name := instanceOf(o)
	switch strings.TrimRight(pyobj.ShortName(name), "0123456789") {
	case "KDTree", "BallTree", "BinaryTree":
		return strings.HasPrefix(name, "sklearn.")
	}
	return false
}

// itemCount wants an array's list to hold an item for each element of its shape: numpy reads that many. Arrays that fold are
// checked where they do; masked ones and structures of objects do not.
func itemCount(state pyobj.Value) string {
	parts := members(state)
	if len(parts)%2 == 1 { // (version, shape, dtype, order, data), and two more of a masked array
		parts = parts[1:]
	}
	if len(parts) < 4 {
		return ""
	}
	list, ok := parts[3].(*pyobj.List)
	if !ok {
		return ""
	}
	shape, err := numpy.Shape(parts[0])
	if err != nil {
		return err.Error()
	}
	if n, err := numpy.Elements(shape); err != nil || n != len(list.Items) {
		return fmt.Sprintf("%d items for shape %v", len(list.Items), shape)
	}
	return ""
}

func members(v pyobj.Value) []pyobj.Value {
	switch x := v.(type) {
	case *pyobj.List:
		return x.Items
	case *pyobj.Tuple:
		return x.Items
	case *pyobj.Array:
		return x.Objects
	}
	return nil
}

// randomIndices checks the place in a generator's block of numbers, which numpy follows unchecked.
func randomIndices(state pyobj.Value) string {
	most := map[string]pyobj.Int{"pos": 624, "buffer_pos": 4}
	var look func(v pyobj.Value, depth int) string
	look = func(v pyobj.Value, depth int) string {
		if depth == 0 {
			return ""
		}
		switch x := v.(type) {
		case *pyobj.Dict:
			for _, e := range x.Entries {
				name, _ := pyobj.Text(e.Key)
				if n, ok := e.Value.(pyobj.Int); ok && most[name] > 0 && (n < 0 || n > most[name]) {
					return fmt.Sprintf("%s is %d", name, n)
				}
				if why := look(e.Value, depth-1); why != "" {
					return why
				}
			}
		case *pyobj.Tuple:
			if len(x.Items) > 2 && text(x.Items[0]) == "MT19937" {
				if n, ok := x.Items[2].(pyobj.Int); ok && (n < 0 || n > most["pos"]) {
					return fmt.Sprintf("pos is %d", n)
				}
			}
			for _, v := range x.Items {
				if why := look(v, depth-1); why != "" {
					return why
				}
			}
		}
		return ""
	}
	return look(state, 4)
}

// mappedNodes reports a tree whose nodes are a view of a mapped file.
func mappedNodes(class string, state pyobj.Value) bool {
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
	d := attributes(state)
	if d == nil {
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

func (j *judge) treeIndices(o *pyobj.Object, state pyobj.Value) string {
	r, c, why := records(state, "left_child", "right_child", "feature")
	if r == nil {
		return why
	}
	d := attributes(state)
	n := int64(r.Len())
	if count, ok := d.Get("node_count").(pyobj.Int); !ok || int64(count) != n {
		return fmt.Sprintf("node_count does not say %d", n)
	}
	if v, ok := d.Get("values").(*pyobj.Array); ok && (len(v.Shape) != 3 || int64(v.Shape[0]) != n) {
		return fmt.Sprintf("values of shape %v for %d nodes", v.Shape, n)
	}
	if n == 0 {
		return "has no nodes"
	}
	deepest, ok := integer(d.Get("max_depth"))
	if !ok {
		deepest = math.MaxInt64
	}
	if int64(cap(j.depths)) < n {
		j.depths = make([]int32, n)
	}
	depths := j.depths[:n]
	clear(depths)
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
		below := depths[i] + 1
		if int64(below) > deepest {
			return fmt.Sprintf("node %d is deeper than max_depth, %d", left, deepest) // decision_path makes room for so many
		}
		depths[left], depths[right] = max(depths[left], below), max(depths[right], below)
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
		if a, ok := attributes(state).Get("raw_left_cat_bitsets").(*pyobj.Array); ok && len(a.Shape) == 2 && a.Shape[1] == 8 {
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
		return "is no tree"
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
	if why := spaceBounds(t, int(count), data.Shape[1]); why != "" {
		return why
	}
	n := int64(data.Shape[0])
	if len(t.Items) > 12 {
		if w := rowsOf(t.Items[12]); w >= 0 && int64(w) != n {
			return fmt.Sprintf("weights of %d points of %d", w, n)
		}
	}
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

// spaceBounds checks the bounds of the nodes and what the distance is told of each dimension.
func spaceBounds(t *pyobj.Tuple, nodes, dims int) string {
	if b, ok := t.Items[3].(*pyobj.Array); ok && (len(b.Shape) != 3 || b.Shape[0] < 1 || b.Shape[1] < nodes || b.Shape[2] < dims) {
		return fmt.Sprintf("bounds of shape %v for %d nodes of %d dimensions", b.Shape, nodes, dims)
	}
	metric, ok := t.Items[11].(*pyobj.Object)
	if !ok {
		return "its distance is " + describe(t.Items[11])
	}
	name := strings.TrimRight(pyobj.ShortName(instanceOf(metric)), "0123456789")
	if name == "HaversineDistance" && dims != 2 {
		return fmt.Sprintf("a distance of 2 dimensions for %d", dims)
	}
	parts, ok := metric.State.(*pyobj.Tuple)
	if !ok || len(parts.Items) < 3 {
		switch name {
		case "SEuclideanDistance", "MahalanobisDistance", "WMinkowskiDistance":
			return "a distance without its weights"
		}
		return ""
	}
	length := func(i int) int {
		if a, ok := parts.Items[i].(*pyobj.Array); ok {
			return a.Len()
		}
		return dims * dims // not folded
	}
	switch {
	case (name == "SEuclideanDistance" || name == "WMinkowskiDistance") && length(1) < dims,
		name == "MahalanobisDistance" && (length(1) > 1 && length(1) < dims || length(2) < dims*dims),
		name == "MinkowskiDistance" && length(1) > 1 && length(1) < dims:
		return fmt.Sprintf("a distance of %d weights for %d dimensions", length(1), dims)
	}
	return ""
}
