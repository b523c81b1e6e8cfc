package parts

import (
	"fmt"
	"math"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// BinaryTree is a pickled KDTree or BallTree.
type BinaryTree struct{ graph.NeighborTree }

// UnmarshalPy reads newObj(KDTree) with the state (data, idx_array, node_data, node_bounds, leaf_size, n_levels,
// n_nodes, four counters, dist_metric[, sample_weight]). Before 0.20 the class was BinaryTree in both modules.
func (t *BinaryTree) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	bad := func(format string, args ...any) error {
		return &sklearn.BindError{Path: path, Msg: fmt.Sprintf(format, args...)}
	}
	class, state, ok := cython(v)
	if !ok || !strings.HasPrefix(class, "sklearn.neighbors.") {
		return bad("%s, wanted a KDTree or BallTree", sklearn.Describe(v))
	}
	switch strings.TrimPrefix(class[:strings.LastIndexByte(class, '.')], "sklearn.neighbors.") {
	case "_kd_tree", "kd_tree":
	case "_ball_tree", "ball_tree":
		t.Ball = true
	default:
		return bad("%s is no KDTree or BallTree", class)
	}
	if len(state) != 12 && len(state) != 13 {
		return bad("state of %d items, wanted 13", len(state))
	}
	var err error
	if t.Data, err = sklearn.Tensor(state[0]); err != nil {
		return bad("data: %s", err)
	}
	if t.Data.DType != tensor.Float64 || len(t.Data.Shape) != 2 {
		return bad("data is %s%v, wanted a float64 matrix", t.Data.DType, t.Data.Shape)
	}
	m, p := t.Data.Shape[0], t.Data.Shape[1]
	if t.Index, err = indices(state[1], m); err != nil || len(t.Index) != m {
		return bad("idx_array: no order of %d rows", m)
	}
	if err := t.nodes(state[2], m); err != nil {
		return bad("node_data: %s", err)
	}
	sides := 2
	if t.Ball {
		sides = 1
	}
	bounds, err := sklearn.Tensor(state[3])
	if err != nil || bounds.DType != tensor.Float64 || bounds.Len() != sides*len(t.Nodes)*p {
		return bad("node_bounds do not fit %d nodes", len(t.Nodes))
	}
	t.Bounds = bounds.F64
	if t.Metric, err = DistMetric(state[11]); err != nil {
		return bad("dist_metric: %s", err)
	}
	if why := t.Metric.Check(p); why != "" {
		return bad("dist_metric: %s", why)
	}
	if len(state) == 13 {
		if _, none := state[12].(pyobj.None); !none {
			w, err := sklearn.Tensor(state[12])
			if err != nil || !w.DType.IsNumeric() || w.Len() != m {
				return bad("sample_weight does not fit %d rows", m)
			}
			t.Weight = Float64(w).F64
		}
	}
	return nil
}

// nodes reads and checks the nodes.
func (t *BinaryTree) nodes(v pyobj.Value, m int) error {
	a, ok := v.(*pyobj.Array)
	if !ok || a.DType == nil || len(a.Shape) != 1 || a.Shape[0] == 0 {
		return fmt.Errorf("%s, wanted an array of nodes", sklearn.Describe(v))
	}
	var cols [4]*tensor.Tensor
	for i, name := range []string{"idx_start", "idx_end", "is_leaf", "radius"} {
		c, err := numpy.Field(a, name)
		if err != nil {
			return err
		}
		if name == "radius" && c.DType != tensor.Float64 || name != "radius" && !c.DType.IsInt() {
			return fmt.Errorf("field %s is %s", name, c.DType)
		}
		cols[i] = c
	}
	n := a.Shape[0]
	t.Nodes = make([]graph.NeighborNode, n)
	for i := range t.Nodes {
		from, to := cols[0].I64[i], cols[1].I64[i]
		if from < 0 || to < from || to > int64(m) {
			return fmt.Errorf("node %d holds rows %d to %d of %d", i, from, to, m)
		}
		leaf := cols[2].I64[i] != 0
		if !leaf && 2*i+2 >= n {
			return fmt.Errorf("node %d of %d has no children", i, n)
		}
		t.Nodes[i] = graph.NeighborNode{Start: int(from), End: int(to), Leaf: leaf, Radius: cols[3].F64[i]}
	}
	return nil
}

// cython takes apart what newObj(class) with a state of a tuple gives.
func cython(v pyobj.Value) (class string, state []pyobj.Value, ok bool) {
	o, isObject := v.(*pyobj.Object)
	if !isObject {
		return "", nil, false
	}
	class = o.ClassName()
	if pyobj.ShortName(class) == "newObj" {
		if len(o.Args) != 1 {
			return "", nil, false
		}
		g, isGlobal := o.Args[0].(*pyobj.Global)
		if !isGlobal {
			return "", nil, false
		}
		class = g.String()
	}
	s, isTuple := o.State.(*pyobj.Tuple)
	if !isTuple || !strings.Contains(class, ".") {
		return "", nil, false
	}
	return class, s.Items, true
}

func indices(v pyobj.Value, below int) ([]int, error) {
	t, err := sklearn.Tensor(v)
	if err != nil || !t.DType.IsInt() {
		return nil, fmt.Errorf("no array of integers")
	}
	out := make([]int, t.Len())
	for i, at := range t.I64 {
		if at < 0 || at >= int64(below) {
			return nil, fmt.Errorf("index %d of %d", at, below)
		}
		out[i] = int(at)
	}
	return out, nil
}

// DistMetric reads a DistanceMetric object: (p, vec, mat).
func DistMetric(v pyobj.Value) (graph.Metric, error) {
	class, state, ok := cython(v)
	if !ok || len(state) < 3 {
		return graph.Metric{}, fmt.Errorf("%s, wanted a metric", sklearn.Describe(v))
	}
	name := strings.TrimSuffix(strings.TrimSuffix(pyobj.ShortName(class), "64"), "32")
	m := graph.Metric{Name: strings.ToLower(strings.TrimSuffix(name, "Distance"))}
	if m.Name == "pyfunc" {
		if len(state) > 4 {
			if name, ok := MetricName(state[3]); ok {
				kw, _ := state[4].(*pyobj.Dict)
				m, err := MetricOf(name, kw)
				m.Called = true
				return m, err
			}
		}
		if len(state) > 3 {
			return m, fmt.Errorf("%s is not known: a model's own code is never run", sklearn.Describe(state[3]))
		}
		return m, fmt.Errorf("a distance of the author's own: a model's own code is never run")
	}
	var err error
	if m.P, err = sklearn.Float(state[0]); err != nil {
		return m, err
	}
	numbers := func(v pyobj.Value) ([]float64, error) {
		t, err := sklearn.Tensor(v)
		if err != nil || !t.DType.IsNumeric() {
			return nil, fmt.Errorf("no array of numbers")
		}
		return Float64(t).F64, nil
	}
	switch m.Name {
	case graph.Minkowski, "wminkowski":
		w, err := numbers(state[1])
		if err != nil {
			return m, err
		}
		// Without weights the vector is empty, or before 1.3 one zero.
		if len(w) > 1 || len(w) == 1 && w[0] != 0 {
			m.W = w
		}
		minkowski(&m)
	case graph.SEuclidean:
		m.V, err = numbers(state[1])
	case graph.Mahalanobis:
		m.VI, err = numbers(state[2])
	}
	return m, err
}

// minkowski brings wminkowski, which 1.3 removed, into its form: Σ (w|d|)^p.
func minkowski(m *graph.Metric) {
	if m.Name != "wminkowski" {
		return
	}
	m.Name, m.W = graph.Minkowski, append([]float64{}, m.W...)
	for i, w := range m.W {
		m.W[i] = math.Pow(w, m.P)
	}
}

// MetricName is the name of a metric that a file gives as text, or as one of scipy.spatial.distance's functions.
func MetricName(v pyobj.Value) (string, bool) {
	if g, ok := v.(*pyobj.Global); ok && g.Module == "scipy.spatial.distance" {
		switch g.Name {
		case "euclidean", "sqeuclidean", "cityblock", "chebyshev", "canberra", "cosine", "correlation", "minkowski":
			return g.Name, true
		case "braycurtis":
			return graph.BrayCurtisSum, true
		}
	}
	return sklearn.Text(v)
}

// MetricOf resolves an effective_metric_ and its parameters. The names scikit-learn knows for one metric become one.
func MetricOf(name string, params *pyobj.Dict) (graph.Metric, error) {
	m := graph.Metric{Name: name}
	switch name {
	case "l2":
		m.Name = graph.Euclidean
	case "l1", "cityblock":
		m.Name = graph.Manhattan
	case "p":
		m.Name = graph.Minkowski
	case "infinity":
		m.Name = graph.Chebyshev
	}
	if m.Name == graph.Minkowski || m.Name == "wminkowski" {
		m.P = 2
	}
	var entries []pyobj.Entry
	if params != nil {
		entries = params.Entries
	}
	for _, e := range entries {
		key, _ := pyobj.Text(e.Key)
		if _, none := e.Value.(pyobj.None); none {
			continue
		}
		t, err := sklearn.Tensor(e.Value)
		if err != nil || !t.DType.IsNumeric() {
			return m, fmt.Errorf("parameter %s is %s, wanted numbers", key, sklearn.Describe(e.Value))
		}
		v := Float64(t).F64
		switch {
		case key == "p" && len(v) == 1:
			m.P = v[0]
		case key == "w" && (m.Name == graph.Minkowski || m.Name == "wminkowski" || m.Weighs()):
			m.W = v
		case key == "w" && name == graph.Euclidean: // until 1.0 a search by brute force left the weights out
		case key == "V" && m.Name == graph.SEuclidean:
			m.V = v
		case key == "VI" && m.Name == graph.Mahalanobis:
			m.VI = v
		default:
			return m, fmt.Errorf("parameter %s of metric %s is not known", key, name)
		}
	}
	minkowski(&m)
	if m.Name == graph.Minkowski && m.W == nil {
		switch {
		case m.P == 1:
			m.Name = graph.Manhattan
		case m.P == 2:
			m.Name = graph.Euclidean
		case m.P > 1.7e308:
			m.Name = graph.Chebyshev
		}
	}
	return m, nil
}
