package neighbors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// NeighborsBase is what all searches share. How a search was fitted is state: the stored tree, or the rows.
type NeighborsBase struct {
	sklearn.Base
	NNeighborsParam       *int              `sk:"n_neighbors,optional"`
	RadiusParam           *float64          `sk:"radius,optional"`
	MetricParam           pyobj.Value       `sk:"metric"`
	PParam                *float64          `sk:"p,optional"`
	FitMethod             string            `sk:"_fit_method"`
	FitX                  sklearn.Matrix    `sk:"_fit_X"`
	Tree                  *parts.BinaryTree `sk:"_tree,optional"`
	EffectiveMetric       pyobj.Value       `sk:"effective_metric_"`
	EffectiveMetricParams pyobj.Value       `sk:"effective_metric_params_"`

	metric graph.Metric
	fit    *tensor.Tensor // rows as float64, or float32
	sparse *tensor.Sparse // rows as float64
	rows   int
	width  int
	given  bool // the input holds distances
	direct bool // sparse rows are measured by their differences
	called bool // the distance is a function of two vectors
	listed bool // pairwise_distances knows the metric by this name, not only trees and reductions do
	bits   bool // of rows only those of zeros and ones are understood
	zeros  bool // rows of zeros are at a distance from those of the fit that the file does not tell
}

// Bound reads the metric and the rows.
func (n *NeighborsBase) Bound(*sklearn.Binder) error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: n.Path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	name, ok := parts.MetricName(n.EffectiveMetric)
	given, err := parts.DistMetric(n.EffectiveMetric) // a DistanceMetric
	if !ok && err != nil {
		return bad("effective_metric_", "%s is not known: a model's own code is never run", sklearn.Describe(n.EffectiveMetric))
	}
	n.direct, n.listed = name == "l2", name != "p" && name != "infinity"
	_, isText := sklearn.Text(n.EffectiveMetric)
	n.called = ok && !isText
	kw, _ := n.EffectiveMetricParams.(*pyobj.Dict)
	if n.metric = given; ok {
		if n.metric, err = parts.MetricOf(name, kw); err != nil {
			return bad("effective_metric_params_", "%s", err)
		}
		n.metric.Called = n.called
	}
	switch s, d := n.FitX.Sparse, n.FitX.Dense; {
	case s != nil:
		n.rows, n.width = s.Rows, s.Cols
		if !s.Data.DType.IsNumeric() {
			return bad("_fit_X", "%s, wanted numbers", s.Data.DType)
		}
		n.sparse = &tensor.Sparse{Rows: s.Rows, Cols: s.Cols, Indptr: s.Indptr, Indices: s.Indices, Data: parts.Float64(s.Data)}
	default:
		if len(d.Shape) != 2 || !d.DType.IsNumeric() {
			return bad("_fit_X", "%s%v, wanted a matrix of numbers", d.DType, d.Shape)
		}
		n.rows, n.width = d.Shape[0], d.Shape[1]
		if n.fit = d; d.DType != tensor.Float32 {
			n.fit = parts.Float64(d)
		}
	}
	switch n.FitMethod {
	case "kd_tree", "ball_tree":
		if n.Tree == nil {
			return bad("_tree", "attribute is missing")
		}
		if m := n.Tree.Metric.Name; n.fit != nil && (m == graph.Dice || m == graph.SokalSneath || m == graph.Jaccard && n.Before("0.21")) {
			n.zeros = hasZeros(parts.Float64(n.fit))
		}
		if t := n.Tree.Data; t.Shape[0] != n.rows || t.Shape[1] != n.width {
			return bad("_tree", "shape %v does not fit _fit_X of %d rows and %d columns", t.Shape, n.rows, n.width)
		}
		return nil
	case "brute":
		if !ok {
			return bad("effective_metric_", "a DistanceMetric, which scikit-learn takes in some methods of a search without a tree and refuses in others")
		}
	default:
		return bad("_fit_method", "value %q is not known", n.FitMethod)
	}
	switch n.metric.Name {
	case "precomputed":
		n.given = true
		return nil
	}
	switch before := func(v string) bool { return sklearn.Older(n.Version, v) }; {
	case n.metric.Name == graph.Yule && before("1.0"):
		return bad("effective_metric_", "yule of rows that do not differ both ways is a matter of the scipy that computes, which the file does not name")
	case n.metric.W != nil && name != "wminkowski" && before("1.0"):
		return bad("effective_metric_params_", "w counts since scipy 1.0, and the file does not name the scipy that computes")
	case boolean(n.metric.Name) && before("0.18"):
		if n.bits = true; n.fit != nil && slices.ContainsFunc(parts.Float64(n.fit).F64, func(v float64) bool { return v != 0 && v != 1 }) {
			return bad("_fit_X", "%s", fmt.Sprintf(bitsOnly, n.metric.Name))
		}
		fallthrough
	case n.metric.Name == graph.Jaccard && before("0.21"):
		n.zeros = n.metric.Name == graph.Jaccard && n.fit != nil && hasZeros(parts.Float64(n.fit))
	}
	if why := n.metric.Check(n.width); why != "" {
		return bad("effective_metric_", "%s", why)
	}
	return nil
}

// boolean reports a metric of truth values.
func boolean(metric string) bool {
	switch metric {
	case graph.Jaccard, graph.Dice, graph.Matching, graph.Kulsinski, graph.RogersTanimoto, graph.RussellRao, graph.SokalMichener, graph.SokalSneath:
		return true
	}
	return false
}

// bitsOnly: since 0.18 scikit-learn makes truth values of the numbers itself.
const bitsOnly = "before 0.18 what %s makes of numbers other than 0 and 1 is a matter of the scipy that computes, which the file does not name"

// hasZeros reports a row of zeros.
func hasZeros(t *tensor.Tensor) bool {
	p := t.Shape[1]
	for i := range t.Shape[0] {
		if !slices.ContainsFunc(t.F64[i*p:(i+1)*p], func(v float64) bool { return v != 0 }) {
			return true
		}
	}
	return false
}

// guardZeros refuses rows of zeros.
func guardZeros(b *graph.Builder, x graph.Value, msg string) graph.Value {
	top := b.Reduce(graph.OpReduceMax, b.Unary(graph.OpAbs, b.Cast(x, tensor.Float64)), 1, true, graph.Any)
	return b.Guard(x, b.Binary(graph.OpEqual, top, b.Scalar(0, top)), msg)
}

// search brings x and a search into one form: checked, and measured here where the metric is a product. The last result
// is the type of the distances.
func (n *NeighborsBase) search(b *graph.Builder, x graph.Value) (graph.Value, *graph.NeighborsAttr, tensor.DType) {
	nan := n.metric.Name == graph.NaNEuclidean
	x = sklearn.Check(b, n, x, sklearn.Accept{Sparse: true, NaN: nan, Width: n.width})
	if !x.OK() {
		return x, &graph.NeighborsAttr{}, tensor.Float64
	}
	a := &graph.NeighborsAttr{Metric: n.metric}
	if n.FitMethod == "brute" {
		a.Choice = graph.ChooseNumpy
	}
	dt := tensor.Float64
	if n.single() && x.DType() == tensor.Float32 {
		// What scikit-learn measures outside its own searches stays float32.
		switch sparse := n.sparse != nil && n.metric.Name == graph.Euclidean; {
		case n.called:
			if n.FitMethod == "brute" && !sklearn.Older(n.Version, "1.8") {
				dt = tensor.Float32
			}
		case sparse, n.metric.Name == graph.Cosine, n.metric.Name == graph.NaNEuclidean:
			dt = tensor.Float32
		}
	}
	isSparse := x.Type().Sparse()
	switch {
	case n.FitMethod != "brute":
		if isSparse {
			return b.Refuse("%s does not work with sparse matrices. Densify the data, or set algorithm='brute'", n.FitMethod), a, dt
		}
		if n.zeros {
			x = guardZeros(b, x, "two rows of zeros have no distance: what a tree finds then depends on how it was built")
		}
		a.Tree = &n.Tree.NeighborTree
		a.QuickSort = n.Before("1.9")
		return b.Cast(x, tensor.Float64), a, dt
	case n.given:
		if dt = x.DType(); !isSparse && !(dt == tensor.Float32 && n.single()) { // of one type with the fitted ones
			dt = tensor.Float64
		}
		x = b.Cast(x, tensor.Float64)
		if isSparse {
			return b.NonNegative(b.ToCSR(x), "Negative values in data passed to precomputed distance matrix."), a, dt
		}
		return b.Guard(x, b.Binary(graph.OpLess, x, b.Scalar(0, x)), "Negative values in data passed to X."), a, dt
	}
	if !n.listed && !n.reduced(x.DType(), isSparse) {
		return b.Refuse("The 'metric' parameter of pairwise_distances_chunked must be a str among those that it knows. Got '%s' instead.", n.metric.Name), a, dt
	}
	if isSparse || n.sparse != nil {
		if n.called {
			return b.Refuse("Input vector should be 1-D."), a, dt
		}
		switch n.metric.Name {
		case graph.SokalMichener:
			if !n.Before("1.9") {
				return b.Unsupported(graph.OpKNeighbors, "sokalmichener of sparse rows is a matter of the scipy that computes"), a, dt
			}
			return b.Refuse("scipy distance metrics do not support sparse matrices."), a, dt
		case graph.Correlation, graph.Yule, graph.Mahalanobis, graph.Hamming, graph.Dice, graph.Jaccard, graph.Matching, graph.Kulsinski, graph.RogersTanimoto, graph.RussellRao,
			graph.SokalSneath:
			return b.Refuse("scipy distance metrics do not support sparse matrices."), a, dt
		case graph.NaNEuclidean:
			return b.Refuse("Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert to a dense numpy array."), a, dt
		case graph.Canberra:
			// scikit-learn counts one for a zero that one side stores.
			const why = "scikit-learn's canberra of sparse rows takes zeros that are stored for other numbers"
			if f := n.FitX; hasZero(f.Dense) || f.Sparse != nil && hasZero(f.Sparse.Data) {
				return b.Unsupported(graph.OpKNeighbors, why), a, dt
			}
			if isSparse {
				x = b.ToCSR(x)
				x = b.Guard(x, b.Unary(graph.OpIsInf, b.ToDense(b.Unary(graph.OpLog, b.Unary(graph.OpAbs, b.Cast(x, tensor.Float64))))), why)
			}
		case graph.BrayCurtis, graph.Haversine:
			return b.Unsupported(graph.OpKNeighbors, "scikit-learn's %s of sparse rows reads beyond the row", n.metric.Name), a, dt
		}
		if n.byScipy(x.DType(), isSparse) && n.metric.Name != graph.Manhattan {
			return b.Refuse("scipy distance metrics do not support sparse matrices."), a, dt
		}
	}
	if isSparse && n.metric.Name != graph.Euclidean && n.metric.Name != graph.Manhattan && n.reduced(x.DType(), isSparse) {
		// Of rows that store nothing scikit-learn's reductions know nothing.
		top := b.Reduce(graph.OpReduceMax, b.Unary(graph.OpAbs, b.ToDense(x)), 1, true, graph.Any)
		x = b.GuardAll(x, b.Binary(graph.OpEqual, top, b.Scalar(0, top)), "scipy distance metrics do not support sparse matrices.")
	}
	if n.reduced(x.DType(), isSparse) && !n.called {
		// Larger batches are shared out by their rows, not by the fitted ones (_pairwise_distances_reduction/_base.pyx: "auto").
		a.Choice, a.QuickSort, a.Merged = graph.ChooseMerged, n.Before("1.9"), 4*256
		if !sklearn.Older(n.Version, "1.2") {
			a.Merged = min(a.Merged, n.rows)
		}
	}
	if n.sparse != nil {
		a.Sparse, a.Direct = n.sparse, n.direct
		return b.Cast(b.ToCSR(x), tensor.Float64), a, dt
	}
	if n.metric.Name != graph.Cosine || n.called { // sparse rows are brought to norm one however short they are
		x = b.ToDense(x)
	}
	fit := n.fit
	if n.called && x.DType() == tensor.Bool && !sklearn.Older(n.Version, "1.8") {
		// The function is given truth values as they are.
		switch of := n.FitX.Dense.DType == tensor.Bool; {
		case of && n.metric.Name == graph.Cosine:
			return b.Unsupported(graph.OpKNeighbors, "scipy's cosine of truth values counts none of them"), a, dt
		case of && n.metric.Name != graph.Correlation && n.metric.Name != graph.SqEuclidean:
			return b.Refuse("numpy boolean subtract, the `-` operator, is not supported, use the bitwise_xor, the `^` operator, or the logical_xor function instead."), a, dt
		case n.metric.Name == graph.Cosine:
			a.Metric.Name = graph.CosineOfBools
		}
	}
	if n.called && !x.DType().IsFloat() && x.DType() != tensor.Bool && !sklearn.Older(n.Version, "1.8") {
		// The function is given integers as they are.
		of, narrow := n.FitX.Dense.DType, func(d tensor.DType) bool { return d.IsInt() && d != tensor.Int64 }
		switch n.metric.Name {
		case graph.Cosine:
			if narrow(x.DType()) || narrow(of) {
				return b.Unsupported(graph.OpKNeighbors, "scipy's cosine of %s rows overflows", x.DType()), a, dt
			}
		case graph.Euclidean, graph.Manhattan, graph.Chebyshev:
			if narrow(tensor.Promote(x.DType(), of)) {
				return b.Unsupported(graph.OpKNeighbors, "scipy's differences of %s rows overflow", x.DType()), a, dt
			}
		}
	}
	if n.metric.Name == graph.SokalMichener && (x.DType() != fit.DType || !x.DType().IsFloat()) && !n.Before("1.9") {
		return b.Refuse("The 'metric' parameter of pairwise_distances_chunked must be a str among those that scipy has. Got 'sokalmichener' instead."), a, dt
	}
	if n.byScipy(x.DType(), isSparse) {
		x, fit = b.Cast(x, tensor.Float64), parts.Float64(fit)
		if n.metric.Name == graph.BrayCurtis {
			a.Metric.Name = graph.BrayCurtisSum
		}
	}
	if x.DType() != tensor.Float32 || fit.DType != tensor.Float32 {
		x, fit = b.Cast(x, tensor.Float64), parts.Float64(fit)
	}
	if n.bits {
		x = b.Guard(x, b.Unary(graph.OpNot, b.Binary(graph.OpEqual, b.Mul(x, x), x)), fmt.Sprintf(bitsOnly, n.metric.Name))
	}
	if n.zeros {
		x = guardZeros(b, x, "the Jaccard distance of two rows of zeros is a matter of the scipy that computes, which the file does not name")
	}
	if n.metric.Name == graph.Correlation {
		// scikit-learn gives NaN distances, in an order of their own.
		top := b.Reduce(graph.OpReduceMax, x, 1, true, graph.Any)
		low := b.Unary(graph.OpNeg, b.Reduce(graph.OpReduceMax, b.Unary(graph.OpNeg, x), 1, true, graph.Any))
		x = b.Guard(x, b.Binary(graph.OpEqual, top, low), "a row of equal numbers has no correlation with another")
	}
	if n.metric.Name == graph.Cosine && !n.called {
		k := parts.Kernel{Name: "cosine"}
		s := b.Unary(graph.OpNeg, k.Apply(b, n, x, fit))
		return b.Cast(b.Clip(b.Add(s, b.Scalar(1, s)), 0, 2), tensor.Float64), a, dt
	}
	a.Data = fit
	return x, a, dt
}

// hasZero reports a zero among the numbers.
func hasZero(t *tensor.Tensor) bool {
	if t == nil {
		return false
	}
	return slices.Contains(parts.Float64(t).F64, 0)
}

// reduced reports that scikit-learn's own reductions search rows of a type: since 1.1 dense ones whose type is that of the
// fitted rows, since 1.2 sparse ones, but for some Euclidean pairs, by metrics that are not of truth values or a product.
func (n *NeighborsBase) reduced(dt tensor.DType, sparse bool) bool {
	switch n.metric.Name {
	case graph.Euclidean, graph.Haversine, graph.Manhattan, graph.SqEuclidean, graph.Chebyshev, graph.Minkowski, graph.SEuclidean, graph.Canberra, graph.BrayCurtis:
	default:
		return false
	}
	since := func(v string) bool { return !sklearn.Older(n.Version, v) }
	of := n.FitX.Sparse != nil
	if strings.HasSuffix(n.metric.Name, "euclidean") && (sparse != of && !since("1.3") || sparse && of && since("1.4.1")) {
		return false
	}
	if dt != n.fitted() || dt != tensor.Float64 && dt != tensor.Float32 || !since("1.1") {
		return false
	}
	return since("1.2") || dt == tensor.Float64 && !sparse && !of
}

// byScipy reports that scipy measures dense rows of a type, in float64, and not scikit-learn: before 1.1 whatever it has no
// product for, since then what is not of one floating type with the fitted rows (1.1: float64), or of a discrete metric.
func (n *NeighborsBase) byScipy(dt tensor.DType, sparse bool) bool {
	switch n.metric.Name {
	case graph.Euclidean, graph.Cosine, graph.NaNEuclidean, graph.Haversine:
		return n.called
	}
	return n.called || !n.reduced(dt, sparse)
}

// kneighbors finds the k nearest rows: the tuple of distances and indices.
func (n *NeighborsBase) kneighbors(b *graph.Builder, x graph.Value, k int) graph.Value {
	x, a, dt := n.search(b, x)
	if k > n.rows {
		return b.Refuse("Expected n_neighbors <= n_samples_fit, but n_neighbors = %d, n_samples_fit = %d", k, n.rows)
	}
	a.K = k
	v := b.KNeighbors(x, a)
	if p := v.Parts(); len(p) == 2 && dt != tensor.Float64 {
		return b.Tuple(b.Cast(p[0], dt).Named("distances"), p[1])
	}
	return v
}

// single reports float32 rows.
func (n *NeighborsBase) single() bool { return n.fitted() == tensor.Float32 }

// fitted is the type of the fitted rows.
func (n *NeighborsBase) fitted() tensor.DType {
	if n.FitX.Sparse != nil {
		return n.FitX.Sparse.Data.DType
	}
	return n.FitX.Dense.DType
}

// neighbors is n_neighbors, which NearestNeighbors may lack.
func (n *NeighborsBase) neighbors(b *graph.Builder) (int, bool) {
	if n.NNeighborsParam == nil || *n.NNeighborsParam < 1 {
		b.Refuse("Expected n_neighbors > 0. Got %v", n.NNeighborsParam)
		return 0, false
	}
	return *n.NNeighborsParam, true
}

// nearest finds the n_neighbors nearest rows.
func (n *NeighborsBase) nearest(b *graph.Builder, x graph.Value) (dist, index graph.Value) {
	k, ok := n.neighbors(b)
	if !ok {
		return graph.Value{}, graph.Value{}
	}
	p := n.kneighbors(b, x, k).Parts()
	if len(p) != 2 {
		return graph.Value{}, graph.Value{}
	}
	return p[0], p[1]
}

// radiusNeighbors finds the rows within the radius.
func (n *NeighborsBase) radiusNeighbors(b *graph.Builder, x graph.Value) graph.Value {
	r, dt := n.within(b, x, false)
	if !r.OK() {
		return r
	}
	return b.Cast(r, dt)
}

// within finds the rows within the radius, with distances in float64, and says what type scikit-learn gives them.
func (n *NeighborsBase) within(b *graph.Builder, x graph.Value, sorted bool) (graph.Value, tensor.DType) {
	x, a, dt := n.search(b, x)
	if n.RadiusParam == nil {
		return b.Refuse("radius is None"), dt
	}
	a.Radius, a.Sort = *n.RadiusParam, sorted
	if dt == tensor.Float32 {
		a.Radius = float64(float32(a.Radius))
	}
	return b.RadiusNeighbors(x, a), dt
}

// kneighborsGraph marks the n_neighbors nearest rows.
func (n *NeighborsBase) kneighborsGraph(b *graph.Builder, x graph.Value) graph.Value {
	k, ok := n.neighbors(b)
	if !ok {
		return graph.Value{}
	}
	return b.NeighborGraph(n.kneighbors(b, x, k), &graph.NeighborGraphAttr{Width: n.rows, Ones: true})
}

// radiusGraph marks the rows within the radius.
func (n *NeighborsBase) radiusGraph(b *graph.Builder, x graph.Value) graph.Value {
	near, _ := n.within(b, x, false)
	return b.NeighborGraph(near, &graph.NeighborGraphAttr{Width: n.rows, Ones: true})
}

// weighting reads a weights parameter: uniform, or by the inverse distance.
func weighting(path string, v pyobj.Value) (inverse bool, err error) {
	if _, none := v.(pyobj.None); none || v == nil {
		return false, nil
	}
	switch s, _ := sklearn.Text(v); s {
	case "uniform":
		return false, nil
	case "distance":
		return true, nil
	}
	return false, &sklearn.BindError{Path: path, Attr: "weights", Msg: sklearn.Describe(v) + " is not known: a model's own code is never run"}
}

// inverse is _get_weights: 1/distance; in a row with a distance of zero, 1 for those and 0 for the others.
func inverse(b *graph.Builder, dist graph.Value) graph.Value {
	w := b.Div(b.Scalar(1, dist), dist)
	inf := b.Cast(b.Unary(graph.OpIsInf, w), w.DType())
	exact := b.Binary(graph.OpGreater, b.Reduce(graph.OpReduceMax, inf, 1, true, graph.Any), b.Scalar(0, w))
	return b.Where(exact, inf, w)
}
