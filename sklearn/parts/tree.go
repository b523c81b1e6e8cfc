package parts

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Tree is sklearn.tree._tree.Tree. Its arrays are viewed, not read: a tree of a mapped file stays on disk.
type Tree struct {
	graph.Tree
	NClasses   []int // of each output; 1 for regression
	MaxClasses int
	Mapped     bool
}

// UnmarshalPy reads Tree(n_features, n_classes, n_outputs) and its state.
func (t *Tree) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	o, ok := v.(*pyobj.Object)
	if !ok || o.ClassName() != "sklearn.tree._tree.Tree" || len(o.Args) != 3 {
		return bad("", "%s, wanted a Tree", sklearn.Describe(v))
	}
	features, err := sklearn.Int(o.Args[0])
	if err != nil || features < 0 {
		return bad("n_features", "%s is no count", sklearn.Describe(o.Args[0]))
	}
	classes, err := sklearn.Tensor(o.Args[1])
	if err != nil || classes.DType.Storage() != tensor.I64 || len(classes.Shape) != 1 || classes.Len() == 0 {
		return bad("n_classes", "%s, wanted counts", sklearn.Describe(o.Args[1]))
	}
	outputs, err := sklearn.Int(o.Args[2])
	if err != nil || outputs != classes.Len() {
		return bad("n_outputs", "%s does not fit n_classes", sklearn.Describe(o.Args[2]))
	}
	for _, n := range classes.I64 {
		if n < 1 || n > math.MaxInt32 {
			return bad("n_classes", "%d is no count", n)
		}
		t.NClasses = append(t.NClasses, int(n))
		t.MaxClasses = max(t.MaxClasses, int(n))
	}
	st, ok := o.Attrs()
	if !ok || st == nil {
		return bad("", "state is no dict")
	}
	for _, e := range st.Entries {
		switch k, _ := pyobj.Text(e.Key); k {
		case "max_depth", "node_count", "nodes", "values":
		default:
			return bad(k, "attribute not accounted for")
		}
	}
	if d := st.Get("max_depth"); d != nil { // not in files before 0.18
		if t.MaxDepth, err = sklearn.Int(d); err != nil {
			return bad("max_depth", "%v", err)
		}
	}
	count, err := sklearn.Int(st.Get("node_count"))
	if err != nil {
		return bad("node_count", "%v", err)
	}
	nodes, ok := st.Get("nodes").(*pyobj.Array)
	if !ok {
		return bad("nodes", "%s, wanted a structured array", sklearn.Describe(st.Get("nodes")))
	}
	values, ok := st.Get("values").(*pyobj.Array)
	if !ok {
		return bad("values", "%s, wanted an array", sklearn.Describe(st.Get("values")))
	}
	if t.Layout, err = recordLayout(nodes, treeFields); err != nil {
		return bad("nodes", "%v", err)
	}
	n := t.Layout.Size
	if len(nodes.Shape) != 1 || nodes.Shape[0] < 1 || nodes.Shape[0] != count || len(nodes.Data)/n != count || len(nodes.Data)%n != 0 {
		return bad("nodes", "shape %v and %d bytes for %d nodes", nodes.Shape, len(nodes.Data), count)
	}
	s := values.Shape
	if len(s) != 3 || s[0] != count || s[1] != outputs || s[2] != t.MaxClasses || values.DType.Kind != 'f' || values.DType.Size != 8 ||
		len(values.Data)/8/s[1]/s[2] != count || len(values.Data) != 8*s[0]*s[1]*s[2] {
		return bad("values", "%s does not fit %d nodes, %d outputs and %d classes", sklearn.Describe(values), count, outputs, t.MaxClasses)
	}
	t.Nodes, t.Inputs, t.Mapped = nodes.Data, features, nodes.Mapped && values.Mapped
	t.Numbers = values.Data
	if (values.DType.Order == '>') != t.Layout.Big || values.Fortran && (s[1] > 1 || s[2] > 1) {
		if t.Numbers, err = numberBytes(values, t.Layout.Big); err != nil {
			return bad("values", "%v", err)
		}
	}
	return nil
}

// numberBytes gives an array's float64s in C order and the byte order asked for.
func numberBytes(a *pyobj.Array, big bool) ([]byte, error) {
	t, err := numpy.Tensor(a)
	if err != nil {
		return nil, err
	}
	var order binary.AppendByteOrder = binary.LittleEndian
	if big {
		order = binary.BigEndian
	}
	b := make([]byte, 0, 8*len(t.F64))
	for _, f := range t.F64 {
		b = order.AppendUint64(b, math.Float64bits(f))
	}
	return b, nil
}

// treeFields are the fields of sklearn.tree._tree.Node: 56 bytes until 1.2, 64 since; 4-byte indices on 32-bit machines.
var treeFields = []recordField{
	{name: "left_child", kinds: "i4i8", put: func(l *graph.TreeLayout, f graph.TreeField) { l.Left = f }},
	{name: "right_child", kinds: "i4i8", put: func(l *graph.TreeLayout, f graph.TreeField) { l.Right = f }},
	{name: "feature", kinds: "i4i8", put: func(l *graph.TreeLayout, f graph.TreeField) { l.Feature = f }},
	{name: "threshold", kinds: "f8", put: func(l *graph.TreeLayout, f graph.TreeField) { l.Threshold = f }},
	{name: "missing_go_to_left", kinds: "u1", optional: true, put: func(l *graph.TreeLayout, f graph.TreeField) { l.Missing = f }},
	{name: "impurity", kinds: "f8"},
	{name: "n_node_samples", kinds: "i4i8", put: func(l *graph.TreeLayout, f graph.TreeField) { l.Samples = f }},
	{name: "weighted_n_node_samples", kinds: "f8"},
}

// TreePredictor is sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor.
type TreePredictor struct {
	graph.Tree
	Mapped bool
}

// predictorFields are the fields of a TreePredictor's nodes, packed: 47 bytes until 0.23, 52 until 1.2, 56 since.
var predictorFields = []recordField{
	{name: "value", kinds: "f8", put: func(l *graph.TreeLayout, f graph.TreeField) { l.Value = f }},
	{name: "count", kinds: "u4", put: func(l *graph.TreeLayout, f graph.TreeField) { l.Samples = f }},
	{name: "feature_idx", kinds: "u4i8i4", put: func(l *graph.TreeLayout, f graph.TreeField) { l.Feature = f }},
	{name: "num_threshold", kinds: "f8", optional: true, put: func(l *graph.TreeLayout, f graph.TreeField) { l.Threshold = f }},
	{name: "threshold", kinds: "f8", optional: true, put: func(l *graph.TreeLayout, f graph.TreeField) { l.Threshold = f }},
	{name: "missing_go_to_left", kinds: "u1", optional: true, put: func(l *graph.TreeLayout, f graph.TreeField) { l.Missing = f }}, // since 0.22
	{name: "left", kinds: "u4", put: func(l *graph.TreeLayout, f graph.TreeField) { l.Left = f }},
	{name: "right", kinds: "u4", put: func(l *graph.TreeLayout, f graph.TreeField) { l.Right = f }},
	{name: "gain", kinds: "f8"},
	{name: "depth", kinds: "u4"},
	{name: "is_leaf", kinds: "u1", put: func(l *graph.TreeLayout, f graph.TreeField) { l.Leaf = f }},
	{name: "bin_threshold", kinds: "u1"},
	{name: "is_categorical", kinds: "u1", optional: true, put: func(l *graph.TreeLayout, f graph.TreeField) { l.Categorical = f }},
	{name: "bitset_idx", kinds: "u4", optional: true, put: func(l *graph.TreeLayout, f graph.TreeField) { l.Bitset = f }},
}

// UnmarshalPy reads the object; Inputs is for the owner to set.
func (t *TreePredictor) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	o, ok := v.(*pyobj.Object)
	if !ok || pyobj.ShortName(o.ClassName()) != "TreePredictor" {
		return bad("", "%s, wanted a TreePredictor", sklearn.Describe(v))
	}
	st, ok := o.Attrs()
	if !ok || st == nil {
		return bad("", "state is no dict of attributes")
	}
	for _, e := range st.Entries {
		switch k, _ := pyobj.Text(e.Key); k {
		case "nodes", "raw_left_cat_bitsets", "binned_left_cat_bitsets":
		default:
			return bad(k, "attribute not accounted for")
		}
	}
	nodes, ok := st.Get("nodes").(*pyobj.Array)
	if !ok {
		return bad("nodes", "%s, wanted a structured array", sklearn.Describe(st.Get("nodes")))
	}
	var err error
	if t.Layout, err = recordLayout(nodes, predictorFields); err != nil {
		return bad("nodes", "%v", err)
	}
	if t.Layout.Threshold.DType == tensor.Invalid || (t.Layout.Categorical.DType == tensor.Invalid) != (t.Layout.Bitset.DType == tensor.Invalid) {
		return bad("nodes", "fields of no release")
	}
	n := t.Layout.Size
	if len(nodes.Shape) != 1 || nodes.Shape[0] < 1 || len(nodes.Data)/n != nodes.Shape[0] || len(nodes.Data)%n != 0 {
		return bad("nodes", "shape %v and %d bytes", nodes.Shape, len(nodes.Data))
	}
	t.Nodes, t.Mapped = nodes.Data, nodes.Mapped
	if sets := st.Get("raw_left_cat_bitsets"); sets != nil {
		x, err := sklearn.Tensor(sets)
		if err != nil || x.DType != tensor.Uint32 || len(x.Shape) != 2 || x.Shape[1] != 8 {
			return bad("raw_left_cat_bitsets", "%s, wanted 8 words a set", sklearn.Describe(sets))
		}
		t.Bitsets = make([]uint32, len(x.I64))
		for i, w := range x.I64 {
			t.Bitsets[i] = uint32(w)
		}
	}
	return nil
}

// recordField is what a field of a node record may look like.
type recordField struct {
	name     string
	kinds    string // dtypes it may have: "i4i8"
	optional bool
	put      func(l *graph.TreeLayout, f graph.TreeField) // nil for what no method reads
}

// recordLayout reads a structured dtype. Every field must be known; unnamed ones of raw bytes are padding.
func recordLayout(a *pyobj.Array, fields []recordField) (*graph.TreeLayout, error) {
	d := a.DType
	if d == nil || len(d.Fields) == 0 || d.Size <= 0 {
		return nil, fmt.Errorf("%s, wanted a structured array", sklearn.Describe(a))
	}
	l := &graph.TreeLayout{Size: d.Size}
	seen, ordered := make([]bool, len(fields)), false
	for _, f := range d.Fields {
		if f.DType == nil || f.Offset < 0 || f.DType.Size < 0 || f.Offset > d.Size-f.DType.Size {
			return nil, fmt.Errorf("field %q lies outside the record", f.Name)
		}
		if f.Name == "" && f.DType.Kind == 'V' {
			continue
		}
		at := -1
		for i := range fields {
			if fields[i].name == f.Name {
				at = i
			}
		}
		if at < 0 || seen[at] {
			return nil, fmt.Errorf("field %q is not accounted for", f.Name)
		}
		seen[at] = true
		dt, ok := fieldType(f.DType, fields[at].kinds)
		if !ok {
			return nil, fmt.Errorf("field %q is %s", f.Name, f.DType.Code())
		}
		if f.DType.Size > 1 {
			big := f.DType.Order == '>'
			if ordered && big != l.Big {
				return nil, fmt.Errorf("fields of both byte orders")
			}
			l.Big, ordered = big, true
		}
		if put := fields[at].put; put != nil {
			put(l, graph.TreeField{Offset: f.Offset, DType: dt})
		}
	}
	for i, f := range fields {
		if !f.optional && !seen[i] {
			return nil, fmt.Errorf("no field %q", f.name)
		}
	}
	return l, nil
}

// fieldType gives the type of a field if it is one of kinds.
func fieldType(d *pyobj.DType, kinds string) (tensor.DType, bool) {
	kind := d.Kind
	if kind == 'b' {
		kind = 'u'
	}
	for i := 0; i+2 <= len(kinds); i += 2 {
		if kinds[i] != kind || int(kinds[i+1]-'0') != d.Size || d.Sub != nil || len(d.Fields) > 0 {
			continue
		}
		switch kinds[i : i+2] {
		case "i4":
			return tensor.Int32, true
		case "i8":
			return tensor.Int64, true
		case "u4":
			return tensor.Uint32, true
		case "u1":
			return tensor.Uint8, true
		case "f8":
			return tensor.Float64, true
		}
	}
	return tensor.Invalid, false
}

// DecisionTree is a fitted tree estimator, as its ensembles see it.
type DecisionTree interface {
	sklearn.Estimator
	Fitted() *Tree
	Counts() bool  // leaves hold class counts, not fractions
	Missing() bool // NaN is allowed in dense input
}

// NewTrees joins trees over the width columns of one X.
func NewTrees(width int, trees ...*Tree) *graph.Trees {
	ts := &graph.Trees{Width: width, Scale: 1, Mapped: true}
	for i, t := range trees {
		ts.List = append(ts.List, t.Tree)
		ts.Mapped = ts.Mapped && t.Mapped
		if i == 0 {
			ts.Values = len(t.NClasses) * t.MaxClasses
		}
	}
	return ts
}

// WithNumbers returns the tree with k other numbers at its leaves, which f writes to out from those it has.
func (t *Tree) WithNumbers(k int, f func(leaf int, have, out []float64)) graph.Tree {
	g := t.Tree
	g.Numbers = make([]byte, 8*k*t.Len())
	var order binary.ByteOrder = binary.LittleEndian
	if g.Layout.Big {
		order = binary.BigEndian
	}
	have, out := make([]float64, len(t.NClasses)*t.MaxClasses), make([]float64, k)
	for i := range t.Len() {
		if !t.Node(i).Leaf {
			continue
		}
		for j := range have {
			have[j] = t.Number(i, j, len(have))
		}
		f(i, have, out)
		for j, v := range out {
			order.PutUint64(g.Numbers[8*(i*k+j):], math.Float64bits(v))
		}
	}
	return g
}

// Depths returns how many nodes lie on the way to each node, both ends counted.
func (t *Tree) Depths() ([]int, error) {
	depth := make([]int, t.Len())
	depth[0] = 1
	for i := range depth {
		n := t.Node(i)
		if n.Leaf {
			continue
		}
		if msg := t.Check(i, n); msg != "" {
			return nil, fmt.Errorf("%s", msg)
		}
		depth[n.Left], depth[n.Right] = depth[i]+1, depth[i]+1
	}
	return depth, nil
}

// SameLeaves reports whether two trees' leaves have one shape.
func (t *Tree) SameLeaves(o *Tree) bool {
	return t.MaxClasses == o.MaxClasses && fmt.Sprint(t.NClasses) == fmt.Sprint(o.NClasses)
}

// TreeOutputs cuts the numbers of an ensemble of classification trees into one value per output.
func (t *Tree) TreeOutputs(b *graph.Builder, v graph.Value) []graph.Value {
	out := make([]graph.Value, len(t.NClasses))
	for o, n := range t.NClasses {
		index := make([]int, n)
		for k := range index {
			index[k] = o*t.MaxClasses + k
		}
		out[o] = b.Gather(v, index)
	}
	return out
}

// ClassList is classes_ of a classifier: an array or, for several outputs, a list of arrays.
type ClassList struct {
	List  []*tensor.Tensor
	Multi bool
}

// UnmarshalPy reads the array or the list.
func (c *ClassList) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	items := []pyobj.Value{v}
	if l, ok := v.(*pyobj.List); ok {
		items, c.Multi = l.Items, true
	}
	for _, it := range items {
		t, err := sklearn.Tensor(it)
		if err != nil || len(t.Shape) != 1 || t.Len() == 0 {
			return &sklearn.BindError{Path: path, Msg: sklearn.Describe(it) + ", wanted an array of classes"}
		}
		c.List = append(c.List, t)
	}
	return nil
}

// Check compares the classes with the counts of each output.
func (c *ClassList) Check(counts []int) error {
	if len(c.List) != len(counts) {
		return fmt.Errorf("classes_ of %d outputs where there are %d", len(c.List), len(counts))
	}
	for i, t := range c.List {
		if t.Len() != counts[i] {
			return fmt.Errorf("%d classes where leaves know %d", t.Len(), counts[i])
		}
	}
	return nil
}

// Choose gives the label of each output's largest column: [N], or [N, outputs].
func (c *ClassList) Choose(b *graph.Builder, scores []graph.Value) graph.Value {
	labels := make([]graph.Value, len(scores))
	for i, s := range scores {
		labels[i] = b.Labels(b.ArgMax(s), c.List[i])
	}
	if !c.Multi {
		return labels[0]
	}
	return b.Stack(labels...)
}

// Each gives one value, or the tuple of several outputs.
func (c *ClassList) Each(b *graph.Builder, vs []graph.Value) graph.Value {
	if !c.Multi {
		return vs[0]
	}
	return b.Tuple(vs...)
}

// PathTrees are trees as decision_path before 1.8 walked them: a missing value goes right, whichever side predictions
// send it to.
func PathTrees(ts *graph.Trees) *graph.Trees {
	out := &graph.Trees{Width: ts.Width, Values: ts.Values, Float64: ts.Float64, Scale: ts.Scale, Mapped: ts.Mapped}
	layouts := map[*graph.TreeLayout]*graph.TreeLayout{}
	for _, t := range ts.List {
		if layouts[t.Layout] == nil {
			l := *t.Layout
			l.Missing = graph.TreeField{}
			layouts[t.Layout] = &l
		}
		t.Layout = layouts[t.Layout]
		out.List = append(out.List, t)
	}
	return out
}
