package release

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

const (
	treeClassifiers = "DecisionTreeClassifier ExtraTreeClassifier"
	treeRegressors  = "DecisionTreeRegressor ExtraTreeRegressor"
	forests         = "RandomForestClassifier RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor RandomTreesEmbedding"
	baseEstimators  = forests + " IsolationForest AdaBoostClassifier AdaBoostRegressor BaggingClassifier BaggingRegressor"
)

var treeSteps = []step{
	{at: "1.8", classes: treeClassifiers + " " + treeRegressors, up: (*state).missingPaths, down: (*state).missingPaths},
	{at: "1.9", classes: treeRegressors + " RandomForestRegressor ExtraTreesRegressor", up: func(s *state) error {
		s.reword("criterion", "friedman_mse", "squared_error") // the same, and 1.9 warns of the old word
		return nil
	}},
	{at: "0.18", classes: treeClassifiers + " " + treeRegressors, up: (*state).treeDepth},
	{at: "0.22", classes: treeRegressors + " RandomForestRegressor ExtraTreesRegressor RandomTreesEmbedding", up: func(s *state) error {
		s.drop("classes_", "n_classes_")
		return nil
	}},
	{at: "1.0", classes: treeClassifiers + " " + treeRegressors + " " + forests, up: func(s *state) error {
		s.reword("criterion", "mse", "squared_error")
		s.reword("criterion", "mae", "absolute_error")
		return nil
	}, down: nil},
	{at: "1.3", classes: treeClassifiers + " " + treeRegressors, up: (*state).widerNodes, down: (*state).narrowerNodes},
	{at: "1.3", classes: treeClassifiers + " " + treeRegressors + " RandomForestClassifier RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor RandomTreesEmbedding",
		up: func(s *state) error {
			if s.word("max_features") == "auto" {
				if strings.HasSuffix(s.name, "Regressor") {
					s.set("max_features", pyobj.Float(1), `"auto" → 1.0, the same`)
				} else {
					s.set("max_features", pyobj.Str("sqrt"), `"auto" → "sqrt", the same`)
				}
			}
			return nil
		}},
	{at: "1.4", classes: treeClassifiers, up: (*state).fractions, down: (*state).counts},
	{at: "1.2", classes: baseEstimators, up: func(s *state) error {
		if s.word("base_estimator") == "deprecated" {
			s.drop("base_estimator")
		}
		s.rename("base_estimator", "estimator")
		s.rename("base_estimator_", "estimator_")
		return nil
	}, down: func(s *state) error {
		s.rename("estimator", "base_estimator")
		s.rename("estimator_", "base_estimator_")
		return nil
	}},
	// 1.2.0 and 1.2.1 keep the template in use as _estimator.
	{at: "1.2.2", classes: baseEstimators, up: func(s *state) error { s.rename("_estimator", "estimator_"); return nil },
		down: func(s *state) error {
			if !s.m.To.Before("1.2") {
				s.rename("estimator_", "_estimator")
				s.taken["_estimator"] = true
			}
			return nil
		}},
	{at: "0.20", classes: "IsolationForest", up: func(s *state) error {
		if s.fitted() && !s.has("offset_") {
			s.set("offset_", pyobj.Float(-0.5), "what 0.19 added to the scores")
		}
		return nil
	}},
	{at: "0.22", classes: "IsolationForest", up: (*state).isolationThreshold},
	{at: "0.21", classes: "IsolationForest", up: func(s *state) error {
		if s.fitted() && s.m.To.Before("1.3") {
			return s.refuse("estimators_", "until 0.20 leaves of one and two samples counted otherwise")
		}
		return nil
	}},
	{at: "1.3", classes: "IsolationForest", up: (*state).isolationDepths, down: func(s *state) error {
		s.drop("_average_path_length_per_tree", "_decision_path_lengths")
		s.rename("_max_samples", "max_samples_")
		return nil
	}},
}

// tree returns the object of tree_ and its state.
func (s *state) tree() (*pyobj.Object, *pyobj.Dict, error) {
	o, _ := s.get("tree_").(*pyobj.Object)
	if o == nil {
		return nil, nil, nil // not fitted
	}
	d, ok := o.State.(*pyobj.Dict)
	if !ok || len(o.Args) != 3 {
		return nil, nil, s.refuse("tree_", "it is %s, no tree", sklearn.Describe(o))
	}
	return o, d, nil
}

// nodeFields are scikit-learn's Node since 1.3; until 1.2 without missing_go_to_left.
var nodeFields = []pyobj.Field{
	{Name: "left_child", DType: dtype("<i8"), Offset: 0},
	{Name: "right_child", DType: dtype("<i8"), Offset: 8},
	{Name: "feature", DType: dtype("<i8"), Offset: 16},
	{Name: "threshold", DType: dtype("<f8"), Offset: 24},
	{Name: "impurity", DType: dtype("<f8"), Offset: 32},
	{Name: "n_node_samples", DType: dtype("<i8"), Offset: 40},
	{Name: "weighted_n_node_samples", DType: dtype("<f8"), Offset: 48},
	{Name: "missing_go_to_left", DType: dtype("|u1"), Offset: 56},
}

func dtype(code string) *pyobj.DType {
	d, err := pyobj.ParseDType(code)
	if err != nil {
		panic(err)
	}
	return d
}

var (
	nodes13 = &pyobj.DType{Kind: 'V', Size: 64, Order: '|', Fields: nodeFields, Align: true}
	nodes10 = &pyobj.DType{Kind: 'V', Size: 56, Order: '|', Fields: nodeFields[:7], Align: true}
)

func (s *state) widerNodes() error { return s.repackTree(nodes13, "nodes got missing_go_to_left") }

func (s *state) narrowerNodes() error {
	s.m.say("scikit-learn %s refuses NaN in the rows of trees, where the writing release sent it down a branch.", s.m.To.Version)
	return s.repackTree(nodes10, "nodes without missing_go_to_left")
}

// treeDepth counts the depth, which trees keep since 0.18.
func (s *state) treeDepth() error {
	_, d, err := s.tree()
	if d == nil || err != nil || d.Get("max_depth") != nil {
		return err
	}
	a, _ := d.Get("nodes").(*pyobj.Array)
	nodes, err := repack(a, nodes13, nil)
	if err != nil {
		return s.refuse("tree_", "nodes: %v", err)
	}
	depth := 0
	for _, n := range nodeDepths(nodes) {
		depth = max(depth, int(n)-1)
	}
	d.Set(pyobj.Str("max_depth"), pyobj.Int(depth))
	s.note(Rewritten, "tree_", "its depth, counted")
	return nil
}

func (s *state) repackTree(to *pyobj.DType, detail string) error {
	_, d, err := s.tree()
	if d == nil || err != nil {
		return err
	}
	a, _ := d.Get("nodes").(*pyobj.Array)
	out, err := repack(a, to, nil)
	if err != nil {
		return s.refuse("tree_", "nodes: %v", err)
	}
	d.Set(pyobj.Str("nodes"), out)
	s.note(Rewritten, "tree_", detail)
	return nil
}

// nodeDepths counts each node's distance from the root, which has 1; children stand behind their parents.
func nodeDepths(nodes *pyobj.Array) []int64 {
	n, size := nodes.Shape[0], nodes.DType.Size
	depth := make([]int64, n)
	if n > 0 {
		depth[0] = 1
	}
	for i := range n {
		for _, at := range []int{0, 8} {
			child := int64(binary.LittleEndian.Uint64(nodes.Data[i*size+at:]))
			if child > int64(i) && child < int64(n) {
				depth[child] = depth[i] + 1
			}
		}
	}
	return depth
}

// repack copies a structured array into another layout; rename gives the old name of a field. A field the array lacks is
// zero.
func repack(a *pyobj.Array, to *pyobj.DType, rename map[string]string) (*pyobj.Array, error) {
	if a == nil || len(a.Shape) != 1 || a.DType.Size < 1 || len(a.Data) != a.Shape[0]*a.DType.Size {
		return nil, fmt.Errorf("no structured array")
	}
	n := a.Shape[0]
	out := make([]byte, n*to.Size)
	for _, f := range to.Fields {
		from, ok := fieldOf(a.DType, f.Name)
		if !ok && rename[f.Name] != "" {
			from, ok = fieldOf(a.DType, rename[f.Name])
		}
		if !ok {
			continue
		}
		if from.Offset < 0 || from.Offset+from.DType.Size > a.DType.Size {
			return nil, fmt.Errorf("field %s lies outside", f.Name)
		}
		for i := range n {
			src := a.Data[i*a.DType.Size+from.Offset:][:from.DType.Size]
			if !convert(out[i*to.Size+f.Offset:][:f.DType.Size], f.DType, src, from.DType) {
				return nil, fmt.Errorf("field %s: %s can not become %s", f.Name, from.DType.Code(), f.DType.Code())
			}
		}
	}
	return &pyobj.Array{DType: to, Shape: []int{n}, Data: out, Offset: -1}, nil
}

func fieldOf(d *pyobj.DType, name string) (pyobj.Field, bool) {
	for _, f := range d.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return pyobj.Field{}, false
}

// convert stores a little-endian number of type to; integers keep their sign, and floats must be of one size.
func convert(dst []byte, to *pyobj.DType, src []byte, from *pyobj.DType) bool {
	var order binary.ByteOrder = binary.LittleEndian
	if from.Order == '>' {
		order = binary.BigEndian
	}
	var bits uint64
	switch from.Size {
	case 1:
		bits = uint64(src[0])
	case 2:
		bits = uint64(order.Uint16(src))
	case 4:
		bits = uint64(order.Uint32(src))
	case 8:
		bits = order.Uint64(src)
	default:
		return false
	}
	if (from.Kind == 'f') != (to.Kind == 'f') || from.Kind == 'f' && from.Size != to.Size {
		return false
	}
	if from.Kind == 'i' && from.Size < 8 {
		shift := 64 - 8*from.Size
		bits = uint64(int64(bits<<shift) >> shift)
	}
	for i := range dst {
		dst[i] = byte(bits >> (8 * i))
	}
	return true
}

// floats gives an array's numbers in C order.
func floats(v pyobj.Value) ([]float64, []int, error) {
	a, ok := v.(*pyobj.Array)
	if !ok {
		return nil, nil, fmt.Errorf("%s, wanted an array", sklearn.Describe(v))
	}
	t, err := numpy.Tensor(a)
	if err != nil {
		return nil, nil, err
	}
	if t.F64 == nil && t.Len() > 0 {
		return nil, nil, fmt.Errorf("%s, wanted float64", sklearn.Describe(v))
	}
	return t.F64, t.Shape, nil
}

// floatArray makes a float64 array.
func floatArray(v []float64, shape ...int) *pyobj.Array {
	b := make([]byte, 0, 8*len(v))
	for _, f := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	return &pyobj.Array{DType: dtype("<f8"), Shape: shape, Data: b, Offset: -1}
}

// arrayOf makes an array of a tensor of floats, of float32 or of float64.
func arrayOf(t *tensor.Tensor) *pyobj.Array {
	if t.DType != tensor.Float32 {
		return floatArray(t.AsF64(), t.Shape...)
	}
	b := make([]byte, 0, 4*len(t.F32))
	for _, f := range t.F32 {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return &pyobj.Array{DType: dtype("<f4"), Shape: t.Shape, Data: b, Offset: -1}
}

// intArray makes an int64 array.
func intArray(v []int64, shape ...int) *pyobj.Array {
	b := make([]byte, 0, 8*len(v))
	for _, n := range v {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return &pyobj.Array{DType: dtype("<i8"), Shape: shape, Data: b, Offset: -1}
}

// leaves calls f with each output's row of each node and stores what it gives.
func (s *state) leaves(f func(node int, row []float64)) error {
	o, d, err := s.tree()
	if d == nil || err != nil {
		return err
	}
	v, shape, err := floats(d.Get("values"))
	if err != nil || len(shape) != 3 {
		return s.refuse("tree_", "values: %v", err)
	}
	classes, err := sklearn.Tensor(o.Args[1])
	if err != nil || classes.Len() != shape[1] {
		return s.refuse("tree_", "n_classes: %v", err)
	}
	v = append([]float64(nil), v...)
	for i := range shape[0] * shape[1] {
		k := int(classes.I64[i%shape[1]])
		if k < 0 || k > shape[2] {
			return s.refuse("tree_", "n_classes is more than values hold")
		}
		f(i/shape[1], v[i*shape[2]:][:k])
	}
	d.Set(pyobj.Str("values"), floatArray(v, shape...))
	return nil
}

// fractions divides the class counts of each leaf by their sum, as predict_proba did.
func (s *state) fractions() error {
	err := s.leaves(func(_ int, row []float64) {
		sum := graph.PairwiseSum(row)
		if sum == 0 {
			sum = 1
		}
		for i := range row {
			row[i] /= sum
		}
	})
	if s.get("tree_") != nil {
		s.note(Rewritten, "tree_", "values: weighted class counts → fractions")
	}
	return err
}

// counts multiplies the fractions of each leaf by its weight: where the products are whole, dividing by their sum gives
// the same fractions again.
func (s *state) counts() error {
	_, d, err := s.tree()
	if d == nil || err != nil {
		return err
	}
	a, _ := d.Get("nodes").(*pyobj.Array)
	rec, err := repack(a, nodes13, nil)
	if err != nil {
		return s.refuse("tree_", "nodes: %v", err)
	}
	err = s.leaves(func(node int, row []float64) {
		w := math.Float64frombits(binary.LittleEndian.Uint64(rec.Data[node*64+48:]))
		best := append([]float64(nil), row...)
		for i, f := range row {
			best[i] = float64(f * w)
			if n := math.RoundToEven(best[i]); math.Abs(n-best[i]) <= 1e-9*math.Max(1, n) {
				best[i] = n
			}
		}
		sum := graph.PairwiseSum(best)
		for i, f := range row {
			if best[i]/sum != f {
				return // fractions stay, and are divided by their sum of one
			}
		}
		copy(row, best)
	})
	s.note(Rewritten, "tree_", "values: fractions → weighted class counts")
	return err
}

// isolationThreshold: until 0.21, unless behaviour was "new", predict compared with threshold_ instead of zero.
func (s *state) isolationThreshold() error {
	if !s.fitted() || s.word("behaviour") == "new" {
		s.drop("threshold_", "_threshold_")
		return nil
	}
	v := s.get("threshold_")
	if v == nil {
		v = s.get("_threshold_")
	}
	if v == nil {
		return nil
	}
	if f, err := sklearn.Float(v); err == nil && f == 0 {
		s.drop("threshold_", "_threshold_")
		return nil
	}
	f, err := sklearn.Float(v)
	off, err2 := sklearn.Float(s.get("offset_"))
	if err != nil || err2 != nil {
		return s.refuse("threshold_", "it is %s", sklearn.Describe(v))
	}
	if err := s.lose("threshold_", `with behaviour="old" outliers were told by threshold_, not by a decision below zero`, "decision_function"); err != nil {
		return err
	}
	s.set("offset_", pyobj.Float(off+f), "with threshold_ in it: labels stay, decision_function moves")
	s.drop("threshold_", "_threshold_")
	return nil
}

// isolationDepths adds what 1.3 keeps of each tree: how deep its nodes are, and the mean depth of a search among so many
// samples.
func (s *state) isolationDepths() error {
	s.rename("max_samples_", "_max_samples")
	list, err := sklearn.Sequence(s.get("estimators_"))
	if err != nil {
		return nil // not fitted
	}
	average, depths := &pyobj.Tuple{}, &pyobj.Tuple{}
	for _, it := range list {
		o, _ := it.(*pyobj.Object)
		if o == nil {
			return s.refuse("estimators_", "one is %s", sklearn.Describe(it))
		}
		attrs, _ := o.Attrs()
		t, _ := attrs.Get("tree_").(*pyobj.Object)
		if t == nil {
			return s.refuse("estimators_", "one is no tree")
		}
		d, _ := t.State.(*pyobj.Dict)
		a, _ := d.Get("nodes").(*pyobj.Array)
		rec, err := repack(a, nodes13, nil)
		if err != nil {
			return s.refuse("estimators_", "nodes: %v", err)
		}
		n := rec.Shape[0]
		at := func(node, offset int) int64 {
			return int64(binary.LittleEndian.Uint64(rec.Data[node*64+offset:]))
		}
		depth, mean := nodeDepths(rec), make([]float64, n)
		for i := range n {
			switch samples := float64(at(i, 40)); {
			case samples <= 1:
				if s.writtenBefore("0.21") {
					mean[i] = 1 // what one sample counted then
				}
			case samples == 2 && !s.writtenBefore("0.21"):
				mean[i] = 1
			default:
				const euler = 0.5772156649015329
				mean[i] = float64(2*(math.Log(samples-1)+euler)) - float64(2*(samples-1))/samples
			}
		}
		average.Items = append(average.Items, floatArray(mean, n))
		depths.Items = append(depths.Items, intArray(depth, n))
	}
	s.set("_average_path_length_per_tree", average, "computed from the trees")
	s.set("_decision_path_lengths", depths, "computed from the trees")
	return nil
}

// missingPaths: until 1.7 decision_path sent every missing value right, since 1.8 to the side that predictions take.
func (s *state) missingPaths() error {
	_, d, err := s.tree()
	if d == nil || err != nil || s.writtenBefore("1.3") || s.m.To.Before("1.3") {
		return err
	}
	a, _ := d.Get("nodes").(*pyobj.Array)
	nodes, err := repack(a, nodes13, nil)
	if err != nil {
		return s.refuse("tree_", "nodes: %v", err)
	}
	for i := range nodes.Shape[0] {
		if nodes.Data[i*nodes.DType.Size+56] != 0 && binary.LittleEndian.Uint64(nodes.Data[i*nodes.DType.Size:]) != 1<<64-1 {
			s.m.say("decision_path of rows with missing values goes where predictions go since 1.8; until 1.7 it went right.")
			if !slices.Contains(s.m.report.Complete, "decision_path") {
				s.m.report.Complete = append(s.m.report.Complete, "decision_path")
			}
			break
		}
	}
	return nil
}
