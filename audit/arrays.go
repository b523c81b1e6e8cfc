package audit

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/tensor"
)

// arrays gives the reason why an estimator's arrays do not belong together. What scikit-learn's compiled code is given at
// prediction it takes for what fitting left: it asks no array for its length.
func (j *judge) arrays(class string, state pyobj.Value) string {
	d := attributes(state)
	if d == nil {
		return ""
	}
	short := pyobj.ShortName(class)
	switch short {
	case "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor":
		return treesWithin(d, d.Get("tree_"))
	case "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor", "RandomTreesEmbedding":
		return treesWithin(d, d.Get("estimators_"))
	case "IsolationForest":
		return isolationArrays(d)
	case "GradientBoostingClassifier", "GradientBoostingRegressor":
		return boostingArrays(d)
	case "HistGradientBoostingClassifier", "HistGradientBoostingRegressor":
		return j.predictors(d)
	case "SVC", "NuSVC":
		return machineArrays(d, true)
	case "SVR", "NuSVR", "OneClassSVM":
		return machineArrays(d, false)
	case "KMeans", "MiniBatchKMeans":
		return wide(d, "cluster_centers_")
	case "BisectingKMeans":
		return bisectingArrays(d)
	case "Birch":
		if n, m := rowsOf(d.Get("_subcluster_norms")), rowsOf(d.Get("subcluster_centers_")); n >= 0 && m >= 0 && n != m {
			return fmt.Sprintf("norms of %d subclusters of %d", n, m)
		}
	case "KNeighborsClassifier", "RadiusNeighborsClassifier":
		if why := neighborLabels(d); why != "" {
			return why
		}
		return neighborArrays(d)
	case "KNeighborsRegressor", "RadiusNeighborsRegressor", "NearestNeighbors", "KNeighborsTransformer", "RadiusNeighborsTransformer", "LocalOutlierFactor":
		return neighborArrays(d)
	case "EmpiricalCovariance", "ShrunkCovariance", "LedoitWolf", "OAS", "MinCovDet", "EllipticEnvelope", "GraphicalLasso", "GraphicalLassoCV", "GraphLasso", "GraphLassoCV":
		n := rowsOf(d.Get("location_"))
		for _, name := range []string{"precision_", "covariance_"} {
			if why := square(d.Get(name), n, name); why != "" {
				return why
			}
		}
	case "CountVectorizer", "TfidfVectorizer", "DictVectorizer":
		return vocabulary(d.Get("vocabulary_"))
	case "MultiLabelBinarizer":
		return vocabulary(d.Get("_cached_dict"))
	case "FeatureHasher", "HashingVectorizer":
		if n, ok := integer(d.Get("n_features")); ok && n < 1 {
			return fmt.Sprintf("%d features", n)
		}
	case "OneHotEncoder":
		for _, v := range members(d.Get("categories_")) {
			if a, ok := v.(*pyobj.Array); ok && a.Unread { // of those alone the order of floats counts
				j.add(Finding{Rule: ruleLimit, Level: Error, Offset: -1, Index: -1, Message: "categories that are not kept in memory: decompress the file first"})
				return ""
			}
		}
		return encoderArrays(d)
	}
	return ""
}

// attributes gives the attributes that a state sets.
func attributes(state pyobj.Value) *pyobj.Dict {
	if d, ok := state.(*pyobj.Dict); ok {
		return d
	}
	d, _ := (&pyobj.Object{State: state}).Attrs()
	return d
}

// integer gives the value of a Python or numpy integer.
func integer(v pyobj.Value) (int64, bool) {
	switch x := v.(type) {
	case pyobj.Int:
		return int64(x), true
	case pyobj.Bool:
		if x {
			return 1, true
		}
		return 0, true
	case *pyobj.Scalar:
		if x.DType.Kind != 'i' && x.DType.Kind != 'u' {
			return 0, false
		}
		return integer(&pyobj.Array{DType: x.DType, Data: x.Data})
	case *pyobj.Array:
		if n := integers(x); len(n) == 1 {
			return n[0], true
		}
	}
	return 0, false
}

// integers gives the values of an array of integers, nil for anything else.
func integers(v pyobj.Value) []int64 {
	if a, ok := v.(*pyobj.Array); ok && (a.DType.Kind == 'i' || a.DType.Kind == 'u') {
		if t, err := numpy.Tensor(a); err == nil {
			return t.I64
		}
	}
	return nil
}

// rowsOf gives the length of the first dimension of an array or a sparse matrix, -1 for anything else; columnsOf that of the
// second.
func rowsOf(v pyobj.Value) int    { return dimension(v, 0) }
func columnsOf(v pyobj.Value) int { return dimension(v, 1) }

func dimension(v pyobj.Value, i int) int {
	switch x := v.(type) {
	case *pyobj.Array:
		if i < len(x.Shape) {
			return x.Shape[i]
		}
	case *pyobj.Object:
		if !strings.HasPrefix(x.ClassName(), "scipy.sparse.") {
			return -1
		}
		if shape := sparseShape(attributes(x.State)); i < len(shape) {
			return int(shape[i])
		}
	}
	return -1
}

// width gives the number of features an estimator asks its rows for, -1 where it does not say.
func width(d *pyobj.Dict) int64 {
	for _, name := range []string{"n_features_in_", "n_features_", "n_features"} {
		if n, ok := integer(d.Get(name)); ok {
			return n
		}
	}
	return -1
}

// wide wants an array of one column for each feature.
func wide(d *pyobj.Dict, name string) string {
	n, c := width(d), columnsOf(d.Get(name))
	if n >= 0 && c >= 0 && int64(c) != n {
		return fmt.Sprintf("%s has %d columns for %d features", name, c, n)
	}
	return ""
}

// square wants a matrix of n rows and columns.
func square(v pyobj.Value, n int, name string) string {
	a, ok := v.(*pyobj.Array)
	if !ok || n < 0 || len(a.Shape) == 2 && a.Shape[0] == n && a.Shape[1] == n {
		return ""
	}
	return fmt.Sprintf("%s of shape %v for %d features", name, a.Shape, n)
}

// treesWithin wants the trees in v to read no more columns than d's estimator asks its rows for. Ensembles check their rows
// once, and no tree does.
func treesWithin(d *pyobj.Dict, v pyobj.Value) string { return treesOf(d, v, width(d)) }

func treesOf(d *pyobj.Dict, v pyobj.Value, most int64) (why string) {
	_, asks := integer(d.Get("n_features_in_"))
	look := func(v pyobj.Value) bool {
		o, ok := v.(*pyobj.Object)
		if !ok || o.ClassName() != "sklearn.tree._tree.Tree" || len(o.Args) == 0 {
			return false
		}
		switch n, ok := integer(o.Args[0]); {
		case !ok || why != "":
		case most < 0 || !asks && recent(o):
			why = "trees in an estimator that does not say how many features it takes"
		case n > most:
			why = fmt.Sprintf("a tree of %d features in an estimator of %d", n, most)
		}
		return true
	}
	if look(v) {
		return why
	}
	for _, e := range members(v) {
		if o, ok := e.(*pyobj.Object); ok {
			if a := attributes(o.State); a != nil && look(a.Get("tree_")) {
				continue
			}
		}
		pyobj.Walk(e, func(v pyobj.Value) bool { return !look(v) && why == "" })
	}
	if len(members(v)) == 0 { // in a container of another kind
		pyobj.Walk(v, func(v pyobj.Value) bool { return !look(v) && why == "" })
	}
	return why
}

// recent reports a tree of the layout that releases since 1.3 take, which ask for n_features_in_ only.
func recent(tree *pyobj.Object) bool {
	d := attributes(tree.State)
	if d == nil {
		return false
	}
	a, ok := d.Get("nodes").(*pyobj.Array)
	return ok && slices.ContainsFunc(a.DType.Fields, func(f pyobj.Field) bool { return f.Name == "missing_go_to_left" })
}

// isolationArrays checks an isolation forest, each tree of which is given columns of its own.
func isolationArrays(d *pyobj.Dict) string {
	trees, columns := members(d.Get("estimators_")), members(d.Get("estimators_features_"))
	if len(trees) == 0 || len(columns) != len(trees) {
		return treesWithin(d, d.Get("estimators_"))
	}
	for i, t := range trees {
		most := int64(rowsOf(columns[i]))
		if most < 0 {
			most = width(d) // a slice of all
		}
		if why := treesOf(d, t, min(most, width(d))); why != "" {
			return why
		}
	}
	return ""
}

// boostingArrays checks a gradient boosting, which adds the k-th tree of a stage to the k-th column of the scores that its
// first estimator gave.
func boostingArrays(d *pyobj.Dict) string {
	stages := d.Get("estimators_")
	if why := treesWithin(d, stages); why != "" {
		return why
	}
	k := int64(columnsOf(stages))
	if k <= 0 {
		return ""
	}
	want := int64(1)
	if n := rowsOf(d.Get("classes_")); n > 2 {
		want = int64(n)
	}
	if per, ok := integer(d.Get("n_trees_per_iteration_")); ok && per != want {
		return fmt.Sprintf("%d trees in a stage for %d scores", per, want)
	}
	if k != want {
		return fmt.Sprintf("%d trees in a stage for %d scores", k, want)
	}
	init, ok := d.Get("init_").(*pyobj.Object)
	if !ok {
		return ""
	}
	first := attributes(init.State)
	if first == nil {
		return ""
	}
	if n, ok := integer(first.Get("n_outputs_")); ok && n < 1 {
		return "its first estimator has no output"
	}
	if want == 1 {
		return ""
	}
	if n := rowsOf(first.Get("classes_")); n >= 0 && int64(n) != want {
		return fmt.Sprintf("its first estimator has %d classes of %d", n, want)
	}
	if n, ok := integer(first.Get("n_classes_")); ok && n != want {
		return fmt.Sprintf("its first estimator has %d classes of %d", n, want)
	}
	if n := rowsOf(first.Get("class_prior_")); n >= 0 && int64(n) != want {
		return fmt.Sprintf("its first estimator has %d probabilities for %d classes", n, want)
	}
	return ""
}

// predictors checks the trees of a histogram gradient boosting: their features, and that each categorical one has its set of
// known categories.
func (j *judge) predictors(d *pyobj.Dict) string {
	most := width(d)
	var kinds []bool
	if m, ok := d.Get("_bin_mapper").(*pyobj.Object); ok {
		if a := attributes(m.State); a != nil {
			kinds = truths(a.Get("is_categorical_"))
		}
	}
	for _, round := range members(d.Get("_predictors")) {
		for _, p := range members(round) {
			o, ok := p.(*pyobj.Object)
			if !ok || j.policy.Unread && mappedNodes(j.className(o), o.State) {
				continue // j.unread says so already
			}
			if why := predictorWithin(attributes(o.State), most, kinds); why != "" {
				return why
			}
		}
	}
	return ""
}

func truths(v pyobj.Value) []bool {
	a, ok := v.(*pyobj.Array)
	if !ok || a.DType.Kind != 'b' && a.DType.Kind != 'u' && a.DType.Kind != 'i' {
		return nil
	}
	t, err := numpy.Tensor(a)
	if err != nil {
		return nil
	}
	out := make([]bool, a.Len())
	for i := range out {
		out[i] = t.U8 != nil && t.U8[i] != 0 || t.I64 != nil && t.I64[i] != 0
	}
	return out
}

func predictorWithin(d *pyobj.Dict, most int64, kinds []bool) string {
	if d == nil {
		return ""
	}
	r, c, why := records(d, "feature_idx", "is_leaf")
	if r == nil {
		return why
	}
	var category *numpy.Column
	if r.Has("is_categorical") {
		if kind, err := r.Column("is_categorical"); err == nil {
			category = &kind
		}
	}
	for i := range r.Len() {
		if c[1].Int(i) != 0 {
			continue
		}
		f := c[0].Int(i)
		if most < 0 {
			return "trees in an estimator that does not say how many features it takes"
		}
		if f >= most {
			return fmt.Sprintf("node %d splits on feature %d of %d", i, f, most)
		}
		if category != nil && category.Int(i) != 0 && (f >= int64(len(kinds)) || !kinds[f]) {
			return fmt.Sprintf("node %d splits on categories of feature %d, which has none", i, f)
		}
	}
	return ""
}

// machineArrays checks a support vector machine of libsvm, which is given pointers.
func machineArrays(d *pyobj.Dict, classifies bool) string {
	counts := d.Get("_n_support")
	if counts == nil {
		counts = d.Get("n_support_")
	}
	per := integers(counts)
	if len(per) == 0 {
		if a, ok := counts.(*pyobj.Array); ok && a.Len() == 0 {
			return "support vectors of no class"
		}
		return ""
	}
	classes := len(per)
	if !classifies && classes < 2 {
		return fmt.Sprintf("%d numbers of support vectors", classes) // libsvm reads two
	}
	sum := int64(0)
	for _, n := range per {
		if classifies && (n < 0 || n > math.MaxInt32) {
			return fmt.Sprintf("%d support vectors of a class", n)
		}
		sum += n
	}
	support, vectors := d.Get("support_"), d.Get("support_vectors_")
	total, have := rowsOf(support), rowsOf(vectors)
	sparse := false
	if o, ok := vectors.(*pyobj.Object); ok && have >= 0 {
		sparse, total = strings.HasPrefix(o.ClassName(), "scipy.sparse."), have
	}
	if total < 0 {
		return ""
	}
	kernel, named := pyobj.Text(d.Get("kernel"))
	given := named && kernel == "precomputed" || !named // of a function, too
	switch {
	case classifies && sum > int64(total):
		return fmt.Sprintf("%d support vectors of all classes, of %d", sum, total)
	case !sparse && !given && have >= 0 && have != total:
		return fmt.Sprintf("%d support vectors of %d", have, total)
	case given && !sparse:
		if shape := members(d.Get("shape_fit_")); len(shape) > 0 {
			if n, ok := integer(shape[0]); ok {
				if why := within(support, n, "support vector"); why != "" {
					return why
				}
			}
		}
	}
	pairs := classes * (classes - 1) / 2
	for _, name := range []string{"_dual_coef_", "dual_coef_"} {
		n := -1
		switch x := d.Get(name).(type) {
		case *pyobj.Array:
			n = x.Len()
			if len(x.Shape) == 2 && x.Shape[1] != total {
				return fmt.Sprintf("%s of shape %v for %d support vectors", name, x.Shape, total)
			}
		case *pyobj.Object:
			if a := attributes(x.State); a != nil {
				n = rowsOf(a.Get("data"))
			}
		}
		if n >= 0 && n < (classes-1)*total {
			return fmt.Sprintf("%s of %d numbers for %d support vectors of %d classes", name, n, total, classes)
		}
	}
	for _, name := range []string{"_intercept_", "intercept_"} {
		if n := rowsOf(d.Get(name)); n >= 0 && n < pairs {
			return fmt.Sprintf("%s of %d numbers for %d pairs of classes", name, n, pairs)
		}
	}
	if !classifies {
		return ""
	}
	for _, name := range []string{"_probA", "_probB", "probA_", "probB_"} {
		if n := rowsOf(d.Get(name)); n > 0 && n < pairs {
			return fmt.Sprintf("%s of %d numbers for %d pairs of classes", name, n, pairs)
		}
	}
	return ""
}

// bisectingArrays checks the centres of a tree of clusters.
func bisectingArrays(d *pyobj.Dict) (why string) {
	n := width(d)
	pyobj.Walk(d.Get("_bisecting_tree"), func(v pyobj.Value) bool {
		o, ok := v.(*pyobj.Object)
		if !ok || why != "" {
			return why == ""
		}
		a := attributes(o.State)
		if a == nil {
			return true
		}
		for _, side := range []string{"left", "right"} { // the root's own is not looked at
			child, ok := a.Get(side).(*pyobj.Object)
			if !ok {
				continue
			}
			if b := attributes(child.State); b != nil && n >= 0 {
				if c := rowsOf(b.Get("center")); int64(c) != n {
					why = fmt.Sprintf("a centre of %d numbers for %d features", c, n)
				}
			}
		}
		return why == ""
	})
	if why == "" {
		why = wide(d, "cluster_centers_")
	}
	return why
}

// neighborArrays checks the rows that new ones are compared with, and the matrix of a Mahalanobis distance.
func neighborArrays(d *pyobj.Dict) string {
	if why := wide(d, "_fit_X"); why != "" {
		return why
	}
	n := columnsOf(d.Get("_fit_X"))
	for _, name := range []string{"metric_params", "effective_metric_params_"} {
		if params, ok := d.Get(name).(*pyobj.Dict); ok {
			for _, matrix := range []string{"VI", "V"} {
				if a, ok := params.Get(matrix).(*pyobj.Array); ok && len(a.Shape) == 2 {
					if why := square(a, n, matrix); why != "" {
						return why
					}
				}
			}
		}
	}
	return ""
}

// neighborLabels checks the classes of the rows: each is counted in the column it names.
func neighborLabels(d *pyobj.Dict) string {
	y, classes := d.Get("_y"), d.Get("classes_")
	if a, ok := y.(*pyobj.Array); !ok || len(a.Shape) != 1 {
		return ""
	}
	if rowsOf(classes) < 0 {
		return ""
	}
	if n := rowsOf(d.Get("_fit_X")); n > rowsOf(y) {
		return fmt.Sprintf("%d labels of %d rows", rowsOf(y), n)
	}
	return within(y, int64(rowsOf(classes)), "label")
}

// vocabulary checks the columns that words and names are counted in.
func vocabulary(v pyobj.Value) string {
	var entries []pyobj.Entry
	switch x := v.(type) {
	case *pyobj.Dict:
		entries = x.Entries
	case *pyobj.Object:
		entries = x.Pairs
	}
	for _, e := range entries {
		if i, ok := integer(e.Value); ok && (i < 0 || i >= int64(len(entries))) {
			return fmt.Sprintf("column %d of %d", i, len(entries))
		}
	}
	return ""
}

// encoderArrays checks a one-hot encoder: the columns of each feature must hold every code its categories, its groups of rare
// ones and its dropped one leave.
func encoderArrays(d *pyobj.Dict) string {
	outs, counted := d.Get("_n_features_outs").(*pyobj.List)
	groups := members(d.Get("_default_to_infrequent_mappings"))
	if on, ok := integer(d.Get("_infrequent_enabled")); ok && on == 0 {
		groups = nil
	}
	dropped := d.Get("_drop_idx_after_grouping")
	if dropped == nil {
		dropped = d.Get("drop_idx_")
	}
	categories := members(d.Get("categories_"))
	for i, v := range categories {
		a, ok := v.(*pyobj.Array)
		if !ok {
			continue
		}
		if why := ascending(a); why != "" {
			return fmt.Sprintf("categories of column %d %s", i, why)
		}
		n := int64(a.Len())
		if i < len(groups) {
			if g, ok := groups[i].(*pyobj.Array); ok {
				codes := integers(g)
				n = 0
				for _, c := range codes {
					if c < 0 || c >= int64(a.Len()) {
						return fmt.Sprintf("code %d of %d categories of column %d", c, a.Len(), i)
					}
					n = max(n, c+1)
				}
			}
		}
		if drop, ok := itemInt(dropped, i); ok {
			if drop < 0 || drop >= n {
				return fmt.Sprintf("category %d of %d of column %d is dropped", drop, n, i)
			}
			n--
		}
		if counted && i < len(outs.Items) {
			if have, ok := integer(outs.Items[i]); ok && have < n {
				return fmt.Sprintf("%d columns for %d categories of column %d", have, n, i)
			}
		}
	}
	if counted && len(outs.Items) != len(categories) {
		return fmt.Sprintf("numbers of columns for %d features of %d", len(outs.Items), len(categories))
	}
	return ""
}

// itemInt gives an item of an array of integers or of objects, where it is an integer.
func itemInt(v pyobj.Value, i int) (int64, bool) {
	if items := members(v); i < len(items) {
		return integer(items[i])
	}
	if n := integers(v); i < len(n) {
		return n[i], true
	}
	return 0, false
}

// ascending wants numbers in order: a binary search among others may end behind the last.
func ascending(a *pyobj.Array) string {
	switch a.DType.Kind {
	case 'i', 'u', 'f', 'b':
	default:
		return ""
	}
	t, err := numpy.Tensor(a)
	if err != nil {
		return ""
	}
	const why = "are not in order"
	for i := 1; i < len(t.F64); i++ {
		if t.F64[i] < t.F64[i-1] {
			return why
		}
	}
	for i := 1; i < len(t.F32); i++ {
		if t.F32[i] < t.F32[i-1] {
			return why
		}
	}
	for i := 1; i < len(t.I64); i++ {
		a, b := t.I64[i-1], t.I64[i]
		if t.DType == tensor.Uint64 && (a < 0) != (b < 0) { // the sign bit counts as the highest
			a, b = b, a
		}
		if b < a {
			return why
		}
	}
	return ""
}

// splineArrays checks scipy's B-spline: the knots it looks in and the coefficients behind them.
func splineArrays(state pyobj.Value) string {
	d := attributes(state)
	if d == nil {
		return ""
	}
	k, ok := integer(d.Get("k"))
	knots, coefs := rowsOf(first(d, "_t", "t")), rowsOf(first(d, "_c", "c"))
	if !ok || knots < 0 || coefs < 0 {
		return "" // it answers that they are missing
	}
	if k < 0 || k > int64(knots) || int64(knots) < 2*(k+1) || int64(coefs) < int64(knots)-k-1 {
		return fmt.Sprintf("%d coefficients for %d knots of degree %d", coefs, knots, k)
	}
	return ""
}

// sparseShape gives the sizes of a sparse matrix; nil where they are no sizes.
func sparseShape(d *pyobj.Dict) (shape []int64) {
	if d == nil {
		return nil
	}
	v := d.Get("_shape")
	if v == nil {
		v = d.Get("shape")
	}
	for _, s := range members(v) {
		n, ok := integer(s)
		if !ok || n < 0 || n > math.MaxInt {
			return nil
		}
		shape = append(shape, n)
	}
	return shape
}

// sparseIndices checks what scipy's compiled code follows unchecked: it writes to y[indices[i]].
func sparseIndices(class string, state pyobj.Value) string {
	d := attributes(state)
	if d == nil {
		return ""
	}
	kind, _, _ := strings.Cut(class, "_")
	if kind == "dok" {
		return "" // a dict, which is read by its keys
	}
	shape := sparseShape(d)
	if len(shape) == 0 || len(shape) > 2 && kind != "coo" {
		return "its shape is none"
	}
	for _, name := range []string{"indptr", "indices", "data", "row", "col", "offsets"} {
		switch v := d.Get(name).(type) {
		case nil, *pyobj.Array:
		case *pyobj.Object:
			if v.Make == pyobj.Reduce {
				return "" // not folded: the file broke off later
			}
			return name + " is " + describe(v)
		default:
			return name + " is " + describe(v)
		}
	}
	data, ok := d.Get("data").(*pyobj.Array)
	if !ok {
		return ""
	}
	switch kind {
	case "coo":
		index := members(d.Get("coords"))
		if len(index) == 0 {
			index = []pyobj.Value{d.Get("row"), d.Get("col")}
		}
		if len(index) != len(shape) {
			return fmt.Sprintf("%d coordinates for %d dimensions", len(index), len(shape))
		}
		for i, most := range shape {
			if n := rowsOf(index[i]); n != data.Len() {
				return fmt.Sprintf("%d coordinates of %d values", n, data.Len())
			}
			if why := within(index[i], most, "coordinate"); why != "" {
				return why
			}
		}
		return ""
	case "dia":
		if n := rowsOf(d.Get("offsets")); len(data.Shape) != 2 || n != data.Shape[0] {
			return fmt.Sprintf("%d diagonals in an array of shape %v", n, data.Shape)
		}
		return ""
	case "lil":
		return lilIndices(d, data, shape)
	}
	if len(shape) == 1 {
		shape = []int64{1, shape[0]}
	}
	rows, cols := shape[0], shape[1]
	outer, inner, size := rows, cols, 1
	switch kind {
	case "csc":
		outer, inner = cols, rows
	case "bsr":
		if len(data.Shape) != 3 || data.Shape[1] < 1 || data.Shape[2] < 1 {
			return "blocks of no size"
		}
		outer, inner, size = rows/int64(data.Shape[1]), cols/int64(data.Shape[2]), data.Shape[1]*data.Shape[2]
	case "csr":
	default:
		return ""
	}
	indptr, ok1 := d.Get("indptr").(*pyobj.Array)
	indices, ok2 := d.Get("indices").(*pyobj.Array)
	if !ok1 || !ok2 {
		return ""
	}
	starts := integers(indptr)
	if starts == nil && indptr.Len() > 0 {
		return "indptr holds no integers"
	}
	if int64(len(starts)) != outer+1 {
		return fmt.Sprintf("%d starts for %d rows", len(starts), outer)
	}
	last := int64(0)
	for i, n := range starts {
		if n < last || n > int64(indices.Len()) || n*int64(size) > int64(data.Len()) {
			return fmt.Sprintf("row %d begins at %d of %d values", i, n, indices.Len())
		}
		last = n
	}
	return within(indices, inner, "index")
}

// lilIndices checks lists of columns, one for each row, beside lists of their values.
func lilIndices(d *pyobj.Dict, data *pyobj.Array, shape []int64) string {
	rows, ok := d.Get("rows").(*pyobj.Array)
	if !ok || len(shape) != 2 || int64(len(rows.Objects)) != shape[0] || len(data.Objects) != len(rows.Objects) {
		return "rows and values that do not belong together"
	}
	for i, r := range rows.Objects {
		index, ok1 := r.(*pyobj.List)
		values, ok2 := data.Objects[i].(*pyobj.List)
		if !ok1 || !ok2 || len(index.Items) != len(values.Items) {
			return "rows and values that do not belong together"
		}
		for _, v := range index.Items {
			if c, ok := integer(v); !ok || c < 0 || c >= shape[1] {
				return fmt.Sprintf("row %d has a column that is none of %d", i, shape[1])
			}
		}
	}
	return ""
}

// within wants an array of integers from 0 to below most.
func within(v pyobj.Value, most int64, what string) string { return between(v, 0, most, what) }

// between wants an array of integers from least to below most.
func between(v pyobj.Value, least, most int64, what string) string {
	a, ok := v.(*pyobj.Array)
	if !ok {
		return ""
	}
	all := integers(a)
	if all == nil && a.Len() > 0 {
		return what + " array holds no integers"
	}
	for _, i := range all {
		if i < least || i >= most {
			return fmt.Sprintf("%s %d of %d", what, i, most)
		}
	}
	return ""
}
