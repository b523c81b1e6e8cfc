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
		return treeIndices(o, state)
	case strings.HasSuffix(class, "_hist_gradient_boosting.predictor.TreePredictor"):
		return predictorIndices(state)
	case strings.HasSuffix(class, "_tree.newObj"), strings.HasSuffix(class, "ball_tree.newObj"):
		return spaceIndices(state)
	case strings.HasPrefix(class, "scipy.sparse."):
		return sparseIndices(pyobj.ShortName(class), state)
	case strings.HasPrefix(class, "numpy.random."):
		return randomIndices(state)
	case strings.HasPrefix(class, "sklearn."):
		return j.ownedTrees(class, state)
	}
	return ""
}

// ownedTrees checks that the trees of an estimator read no more columns than it takes: their walk does not ask the rows.
func (j *judge) ownedTrees(class string, state pyobj.Value) string {
	d, ok := state.(*pyobj.Dict)
	if !ok {
		return ""
	}
	width, ok := d.Get("n_features_in_").(pyobj.Int)
	if !ok {
		if width, ok = d.Get("n_features_").(pyobj.Int); !ok {
			return ""
		}
	}
	if why := treeWidth(d.Get("tree_"), int64(width)); why != "" {
		return why
	}
	if !strings.HasPrefix(class, "sklearn.ensemble.") {
		return "" // others ask each member for its width, or give it more columns than they take
	}
	for _, e := range members(d.Get("estimators_")) {
		o, ok := e.(*pyobj.Object)
		if !ok {
			continue
		}
		if a, ok := o.Attrs(); ok && a != nil {
			if why := treeWidth(a.Get("tree_"), int64(width)); why != "" {
				return why
			}
		}
	}
	for _, round := range members(d.Get("_predictors")) {
		for _, p := range members(round) {
			if o, ok := p.(*pyobj.Object); ok {
				if j.policy.Unread && mappedNodes(j.className(o), o.State) {
					continue // j.unread says so already
				}
				if why := predictorWidth(o, int64(width)); why != "" {
					return why
				}
			}
		}
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

func treeWidth(v pyobj.Value, width int64) string {
	o, ok := v.(*pyobj.Object)
	if !ok || o.ClassName() != "sklearn.tree._tree.Tree" || len(o.Args) == 0 {
		return ""
	}
	if n, ok := o.Args[0].(pyobj.Int); ok && int64(n) > width {
		return fmt.Sprintf("a tree of %d features in an estimator of %d", n, width)
	}
	return ""
}

func predictorWidth(o *pyobj.Object, width int64) string {
	a, ok := o.State.(*pyobj.Dict)
	if !ok {
		return ""
	}
	r, c, why := records(a, "feature_idx", "is_leaf")
	if r == nil {
		return why
	}
	for i := range r.Len() {
		if f := c[0].Int(i); c[1].Int(i) == 0 && f >= width {
			return fmt.Sprintf("node %d splits on feature %d of %d", i, f, width)
		}
	}
	return ""
}

// sparseIndices checks what scipy's compiled code follows unchecked: it writes to y[indices[i]].
func sparseIndices(class string, state pyobj.Value) string {
	d, ok := state.(*pyobj.Dict)
	if !ok {
		return ""
	}
	shape, ok := d.Get("_shape").(*pyobj.Tuple)
	if !ok || len(shape.Items) != 2 {
		return "" // of one dimension, or no state of a matrix
	}
	rows, ok1 := shape.Items[0].(pyobj.Int)
	cols, ok2 := shape.Items[1].(pyobj.Int)
	if !ok1 || !ok2 {
		return ""
	}
	kind, _, _ := strings.Cut(class, "_")
	if kind == "coo" {
		index := members(d.Get("coords"))
		if len(index) == 0 {
			index = []pyobj.Value{d.Get("row"), d.Get("col")}
		}
		for i, most := range []pyobj.Int{rows, cols} {
			if i < len(index) {
				if why := within(index[i], int64(most), "coordinate"); why != "" {
					return why
				}
			}
		}
		return ""
	}
	indptr, ok1 := d.Get("indptr").(*pyobj.Array)
	indices, ok2 := d.Get("indices").(*pyobj.Array)
	data, ok3 := d.Get("data").(*pyobj.Array)
	if !ok1 || !ok2 || !ok3 {
		return ""
	}
	outer, inner, size := rows, cols, 1
	switch kind {
	case "csc":
		outer, inner = cols, rows
	case "bsr":
		if len(data.Shape) != 3 || data.Shape[1] < 1 || data.Shape[2] < 1 {
			return "blocks of no size"
		}
		outer, inner, size = rows/pyobj.Int(data.Shape[1]), cols/pyobj.Int(data.Shape[2]), data.Shape[1]*data.Shape[2]
	case "csr":
	default:
		return ""
	}
	starts, err := numpy.Tensor(indptr)
	if err != nil || starts.I64 == nil {
		return "indptr holds no integers"
	}
	if int64(len(starts.I64)) != int64(outer)+1 {
		return fmt.Sprintf("%d starts for %d rows", len(starts.I64), outer)
	}
	last := int64(0)
	for i, n := range starts.I64 {
		if n < last || n > int64(indices.Len()) || n*int64(size) > int64(data.Len()) {
			return fmt.Sprintf("row %d begins at %d of %d values", i, n, indices.Len())
		}
		last = n
	}
	return within(indices, int64(inner), "index")
}

// within wants an array of integers from 0 to below most.
func within(v pyobj.Value, most int64, what string) string {
	a, ok := v.(*pyobj.Array)
	if !ok {
		return ""
	}
	t, err := numpy.Tensor(a)
	if err != nil || t.I64 == nil && a.Len() > 0 {
		return what + " array holds no integers"
	}
	for _, i := range t.I64 {
		if i < 0 || i >= most {
			return fmt.Sprintf("%s %d of %d", what, i, most)
		}
	}
	return ""
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
	if why := spaceBounds(t, int(count), data.Shape[1]); why != "" {
		return why
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

// spaceBounds checks the bounds of the nodes and what the distance is told of each dimension.
func spaceBounds(t *pyobj.Tuple, nodes, dims int) string {
	if b, ok := t.Items[3].(*pyobj.Array); ok && (len(b.Shape) != 3 || b.Shape[0] < 1 || b.Shape[1] < nodes || b.Shape[2] < dims) {
		return fmt.Sprintf("bounds of shape %v for %d nodes of %d dimensions", b.Shape, nodes, dims)
	}
	metric, ok := t.Items[11].(*pyobj.Object)
	if !ok || len(metric.Args) == 0 {
		return ""
	}
	name, _ := global(metric.Args[0])
	name = strings.TrimRight(pyobj.ShortName(name), "0123456789")
	parts, ok := metric.State.(*pyobj.Tuple)
	if !ok || len(parts.Items) < 3 {
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
