package audit_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/internal/fixture"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// held gives every object of a class, by its short name.
func held(root pyobj.Value, class string) (out []*pyobj.Object) {
	pyobj.Walk(root, func(v pyobj.Value) bool {
		if o, ok := v.(*pyobj.Object); ok && pyobj.ShortName(o.ClassName()) == class {
			out = append(out, o)
		}
		return true
	})
	return out
}

func state(o *pyobj.Object) *pyobj.Dict { return o.State.(*pyobj.Dict) }

func arrayIn(o *pyobj.Object, name string) *pyobj.Array { return state(o).Get(name).(*pyobj.Array) }

func put(o *pyobj.Object, name string, v pyobj.Value) { state(o).Set(pyobj.Str(name), v) }

// shorter cuts an array's dimension by one.
func shorter(a *pyobj.Array, dim int) *pyobj.Array {
	b := *a
	b.Shape = append([]int{}, a.Shape...)
	b.Shape[dim]--
	b.Fortran = false
	if a.Objects != nil {
		b.Objects = a.Objects[:b.Len()]
	} else {
		b.Data = a.Data[:b.Len()*a.DType.Size]
	}
	return &b
}

// with sets an item of an array of integers.
func with(a *pyobj.Array, i int, n int64) *pyobj.Array {
	b := *a
	b.Data = append([]byte{}, a.Data...)
	switch a.DType.Size {
	case 4:
		binary.LittleEndian.PutUint32(b.Data[4*i:], uint32(n))
	case 8:
		binary.LittleEndian.PutUint64(b.Data[8*i:], uint64(n))
	}
	return &b
}

// TestArraysThatDoNotBelongTogether: fitted models pass; with one array made shorter or one index moved outside, which
// scikit-learn's compiled code would follow, they are refused.
func TestArraysThatDoNotBelongTogether(t *testing.T) {
	type change func(o *pyobj.Object)
	cut := func(name string, dim int) change {
		return func(o *pyobj.Object) { put(o, name, shorter(arrayIn(o, name), dim)) }
	}
	index := func(name string, i int, n int64) change {
		return func(o *pyobj.Object) { put(o, name, with(arrayIn(o, name), i, n)) }
	}
	number := func(name string, n int64) change {
		return func(o *pyobj.Object) { put(o, name, pyobj.Int(n)) }
	}
	without := func(name string) change { return func(o *pyobj.Object) { state(o).Delete(name) } }
	for _, c := range []struct {
		file, class, what string
		change            change
		says              string
	}{
		{"SVC.joblib", "SVC", "coefficients of fewer classes", cut("_dual_coef_", 0), "_dual_coef_"},
		{"SVC.joblib", "SVC", "coefficients of fewer vectors", cut("_dual_coef_", 1), "_dual_coef_"},
		{"SVC.joblib", "SVC", "fewer intercepts", cut("_intercept_", 0), "_intercept_"},
		{"SVC.joblib", "SVC", "fewer vectors", cut("support_vectors_", 0), "support vectors"},
		{"SVC.joblib", "SVC", "more vectors of a class", index("_n_support", 0, 1000), "support vectors"},
		{"SVC.joblib", "SVC", "a negative number of vectors", index("_n_support", 0, -1), "support vectors"},
		{"NuSVR.pkl", "NuSVR", "no number of vectors", func(o *pyobj.Object) {
			counts := *arrayIn(o, "_n_support")
			counts.Shape, counts.Data = []int{0}, nil
			put(o, "_n_support", &counts)
		}, "no class"},
		{"NuSVR.pkl", "NuSVR", "one number of vectors", cut("_n_support", 0), "1 numbers of support vectors"},
		{"SVC-probability.pkl", "SVC", "fewer probabilities", func(o *pyobj.Object) {
			a := arrayIn(o, "_n_support")
			put(o, "_n_support", &pyobj.Array{DType: a.DType, Shape: []int{3}, Data: make([]byte, 12)})
		}, "3 classes"},
		{"SVR.pkl", "SVR", "fewer vectors", cut("support_vectors_", 0), "support vectors"},
		{"OneClassSVM.pkl", "OneClassSVM", "fewer coefficients", cut("_dual_coef_", 1), "_dual_coef_"},
		{"KMeans.pkl", "KMeans", "narrow centres", cut("cluster_centers_", 1), "cluster_centers_"},
		{"MiniBatchKMeans.pkl", "MiniBatchKMeans", "narrow centres", cut("cluster_centers_", 1), "cluster_centers_"},
		{"BisectingKMeans.pkl", "BisectingKMeans", "narrow centre of a node", func(o *pyobj.Object) {
			for _, n := range held(o, "_BisectingTree")[1:] {
				put(n, "center", shorter(arrayIn(n, "center"), 0))
			}
		}, "centre"},
		{"Birch.pkl", "Birch", "fewer norms", cut("_subcluster_norms", 0), "norms"},
		{"KNeighborsClassifier-binary.pkl", "KNeighborsClassifier", "a label outside", index("_y", 3, 99), "label 99"},
		{"KNeighborsClassifier-binary.pkl", "KNeighborsClassifier", "a label before", index("_y", 3, -1), "label -1"},
		{"KNeighborsClassifier-binary.pkl", "KNeighborsClassifier", "fewer labels", cut("_y", 0), "labels"},
		{"KNeighborsRegressor.pkl", "KNeighborsRegressor", "narrow rows", cut("_fit_X", 1), "_fit_X"},
		{"LocalOutlierFactor.pkl", "LocalOutlierFactor", "narrow rows", cut("_fit_X", 1), "_fit_X"},
		{"EllipticEnvelope.pkl", "EllipticEnvelope", "a small precision", cut("precision_", 0), "precision_"},
		{"CountVectorizer.pkl", "CountVectorizer", "a column outside", func(o *pyobj.Object) { state(o).Get("vocabulary_").(*pyobj.Dict).Entries[0].Value = pyobj.Int(1 << 30) }, "column"},
		{"DictVectorizer.pkl", "DictVectorizer", "a column outside", func(o *pyobj.Object) { state(o).Get("vocabulary_").(*pyobj.Dict).Entries[0].Value = pyobj.Int(-1) }, "column"},
		{"FeatureHasher.pkl", "FeatureHasher", "no features", number("n_features", 0), "features"},
		{"OneHotEncoder-infrequent.pkl", "OneHotEncoder", "too few columns", func(o *pyobj.Object) {
			state(o).Get("_n_features_outs").(*pyobj.List).Items[0] = pyobj.Int(0)
		}, "columns"},
		{"OneHotEncoder-infrequent.pkl", "OneHotEncoder", "a group outside", func(o *pyobj.Object) {
			all := state(o).Get("_default_to_infrequent_mappings").(*pyobj.List)
			for i, v := range all.Items {
				if a, ok := v.(*pyobj.Array); ok {
					all.Items[i] = with(a, 0, 1000)
				}
			}
		}, "code 1000"},
		{"OneHotEncoder-drop_infrequent.pkl", "OneHotEncoder", "another dropped", func(o *pyobj.Object) {
			state(o).Get("_drop_idx_after_grouping").(*pyobj.Array).Objects[0] = pyobj.Int(-1)
		}, "dropped"},
		{"SplineTransformer.pkl", "BSpline", "fewer coefficients", cut("_c", 0), "coefficients"},
		{"SplineTransformer.pkl", "BSpline", "a higher degree", number("k", 6), "degree"},
		{"KernelDensity.pkl", "newObj", "points outside, allocated as a class", func(o *pyobj.Object) {
			t := o.State.(*pyobj.Tuple)
			o.Make, o.Class, o.Args = pyobj.New, o.Args[0], nil
			t.Items[1] = with(t.Items[1].(*pyobj.Array), 0, 1000)
		}, "index 1000"},
		{"KernelDensity.pkl", "newObj", "no distance", func(o *pyobj.Object) { o.State.(*pyobj.Tuple).Items[11] = pyobj.None{} }, "its distance"},
		{"KernelDensity.pkl", "newObj", "a distance on the earth", func(o *pyobj.Object) {
			metric := o.State.(*pyobj.Tuple).Items[11].(*pyobj.Object)
			metric.Args = []pyobj.Value{&pyobj.Global{Module: metric.Args[0].(*pyobj.Global).Module, Name: "HaversineDistance64"}}
		}, "a distance of 2 dimensions"},
		{"KernelDensity.pkl", "newObj", "no state", func(o *pyobj.Object) { o.State.(*pyobj.Tuple).Items = nil }, "is no tree"},
		{"DecisionTreeClassifier.pkl", "Tree", "a deeper tree", number("max_depth", 0), "max_depth"},
		{"DecisionTreeClassifier.pkl", "DecisionTreeClassifier", "no number of features", without("n_features_in_"), "features"},
		{"RandomForestRegressor.joblib", "RandomForestRegressor", "no number of features", without("n_features_in_"), "features"},
		{"IsolationForest.pkl", "IsolationForest", "trees given fewer columns", func(o *pyobj.Object) {
			all := state(o).Get("estimators_features_").(*pyobj.List)
			all.Items[0] = shorter(all.Items[0].(*pyobj.Array), 0)
		}, "a tree of"},
		{"GradientBoostingClassifier.pkl", "GradientBoostingClassifier", "fewer scores", number("n_trees_per_iteration_", 1), "scores"},
		{"GradientBoostingClassifier.pkl", "DummyClassifier", "fewer first scores", cut("class_prior_", 0), "first estimator"},
		{"HistGradientBoostingClassifier-categories.pkl", "TreePredictor", "a split on categories of numbers", func(o *pyobj.Object) {
			nodes := *arrayIn(o, "nodes")
			nodes.Data = append([]byte{}, nodes.Data...)
			for _, f := range nodes.DType.Fields {
				if f.Name == "is_categorical" {
					nodes.Data[f.Offset] = 1
				}
			}
			put(o, "nodes", &nodes)
			put(o, "raw_left_cat_bitsets", &pyobj.Array{DType: &pyobj.DType{Kind: 'u', Size: 4, Order: '<'}, Shape: []int{1, 8}, Data: make([]byte, 32)})
		}, "which has none"},
		{"HistGradientBoostingRegressor.pkl", "HistGradientBoostingRegressor", "fewer features", number("n_features_in_", 1), "feature"},
	} {
		doc, err := larder.Decode(source.Bytes(fixture.Read(t, "sklearn/1.9.1/"+c.file)), source.Default())
		if err != nil {
			t.Fatal(err)
		}
		if r := audit.Judge(doc, audit.Policy{}); r.Verdict != audit.OK {
			t.Errorf("%s as it is: %+v", c.file, r.Findings)
		}
		all := held(doc.Root, c.class)
		if len(all) == 0 {
			t.Errorf("%s holds no %s", c.file, c.class)
			continue
		}
		c.change(all[0])
		r := audit.Judge(doc, audit.Policy{})
		if r.Verdict != audit.Refused || !strings.Contains(r.Findings[0].Message, c.says) {
			t.Errorf("%s, %s: %s %+v", c.file, c.what, r.Verdict, r.Findings)
		}
	}
}

// TestFramesThatDoNotBelongTogether: what pandas and pyarrow follow unchecked.
func TestFramesThatDoNotBelongTogether(t *testing.T) {
	i8 := func(items ...int8) string {
		b := make([]byte, len(items))
		for i, n := range items {
			b[i] = byte(n)
		}
		return build(call(name(rebuild), name("numpy ndarray"), tup(num(0)), raw("b")), tup(num(1), tup(num(byte(len(items)))), dtype("i1"), no, raw(string(b))))
	}
	index := func(data string) string {
		return call(name("pandas.core.indexes.base _new_Index"), name("pandas Index"), dict(str("data"), data, str("name"), none))
	}
	categorical := func(codes string) string {
		dt := build(alloc(name("pandas CategoricalDtype")), dict(str("categories"), index(array(7, 8)), str("ordered"), no))
		return build(call(name("pandas._libs.arrays __pyx_unpickle_NDArrayBacked"), name("pandas Categorical"), num(1), none), tup(dt, codes))
	}
	levels := func(codes string) string {
		return call(name("pandas.core.indexes.base _new_Index"), name("pandas MultiIndex"), dict(str("levels"), list(index(array(7, 8))), str("codes"), list(codes)))
	}
	frame := func(place ...string) string {
		values := build(call(name(rebuild), name("numpy ndarray"), tup(num(0)), raw("b")), tup(num(1), tup(num(1), num(2)), dtype("i8"), no, raw(strings.Repeat("\x00", 16))))
		block := call(name("pandas._libs.internals _unpickle_block"), values, call(name("builtins slice"), place...), num(2))
		rows := call(name("pandas.core.indexes.base _new_Index"), name("pandas RangeIndex"), dict(str("name"), none, str("start"), num(0), str("stop"), num(2), str("step"), num(1)))
		return call(name("pandas.core.internals.managers BlockManager"), tup(block), list(index(array(1)), rows))
	}
	texts := func(kind string, length byte, offsets []uint32, data string) string {
		var b []byte
		for _, o := range offsets {
			b = binary.LittleEndian.AppendUint32(b, o)
		}
		return call(name("pyarrow.lib _restore_array"), tup(call(name("pyarrow.lib type_for_alias"), str(kind)), num(length), num(0), num(0),
			list(none, call(name("pyarrow.lib py_buffer"), raw(string(b))), call(name("pyarrow.lib py_buffer"), raw(data))), "]", none))
	}
	numbers := func(length byte, data string) string {
		return call(name("pyarrow.lib _restore_array"), tup(call(name("pyarrow.lib type_for_alias"), str("int64")), num(length), num(0), num(0),
			list(none, call(name("pyarrow.lib py_buffer"), raw(data))), "]", none))
	}
	dictionary := func(valid string, places ...byte) string {
		words := tup(call(name("pyarrow.lib type_for_alias"), str("int64")), num(2), num(0), num(0), list(none, call(name("pyarrow.lib py_buffer"), raw(strings.Repeat("x", 16)))), "]", none)
		bits := none
		if valid != "" {
			bits = call(name("pyarrow.lib py_buffer"), raw(valid))
		}
		kind := call(name("pyarrow.lib dictionary"), call(name("pyarrow.lib type_for_alias"), str("int8")), call(name("pyarrow.lib type_for_alias"), str("int64")), no)
		return call(name("pyarrow.lib _restore_array"), tup(kind, num(byte(len(places))), num(0), num(0), list(bits, call(name("pyarrow.lib py_buffer"), raw(string(places)))), "]", words))
	}
	made := func(function string, place ...string) string { // as pandas 1.3 makes blocks
		values := build(call(name(rebuild), name("numpy ndarray"), tup(num(0)), raw("b")), tup(num(1), tup(num(1), num(2)), dtype("i8"), no, raw(strings.Repeat("\x00", 16))))
		part := build(call(name("functools partial"), name(function)), tup(name(function), ")", dict(str("ndim"), num(2)), none))
		rows := call(name("pandas.core.indexes.base _new_Index"), name("pandas RangeIndex"), dict(str("name"), none, str("start"), num(0), str("stop"), num(2), str("step"), num(1)))
		return call(name("pandas.core.internals.managers BlockManager"), tup(call(part, values, call(name("builtins slice"), place...))), list(index(array(1)), rows))
	}
	sparse := func(length byte, places, values string) string {
		i := call(name("pandas._libs.sparse IntIndex"), num(length), places)
		return build(alloc(name("pandas.arrays SparseArray")), dict(str("_sparse_index"), i, str("_sparse_values"), values))
	}
	nullable := func(mask string) string {
		return build(alloc(name("pandas.arrays IntegerArray")), dict(str("_data"), i8(1, 2), str("_mask"), mask))
	}
	for what, c := range map[string]struct {
		body string
		ok   bool
	}{
		"a made block":             {made("pandas.core.internals.blocks new_block", num(0), num(1), num(1)), true},
		"a made block outside":     {made("pandas.core.internals.blocks new_block", num(0), num(3), num(2)), false},
		"a block by a function":    {made("numpy sum", num(0), num(1), num(1)), false},
		"a block of steps":         {frame(num(0), num(2), num(2)), true},
		"sparse":                   {sparse(4, array(1, 3), array(7, 8)), true},
		"a sparse place outside":   {sparse(3, array(1, 3), array(7, 8)), false},
		"sparse without a value":   {sparse(4, array(1, 3), array(7)), false},
		"nullable":                 {nullable(i8(0, 1)), true},
		"a mask of one":            {nullable(i8(0)), false},
		"a dictionary":             {dictionary("", 0, 1), true},
		"a missing word":           {dictionary("\x01", 0, 9), true},
		"a word outside":           {dictionary("\x03", 0, 2), false},
		"codes":                    {categorical(i8(0, 1, -1)), true},
		"a code outside":           {categorical(i8(0, 2)), false},
		"a code before":            {categorical(i8(-2)), false},
		"levels":                   {levels(i8(1, 0)), true},
		"a level outside":          {levels(i8(1, 9)), false},
		"a block":                  {frame(num(0), num(1), num(1)), true},
		"a block outside":          {frame(num(1), num(2), num(1)), false},
		"a block of no step":       {frame(num(0), num(1), num(0)), false},
		"texts":                    {texts("string", 2, []uint32{0, 1, 3}, "abc"), true},
		"a text beyond":            {texts("string", 2, []uint32{0, 1, 30}, "abc"), false},
		"a text backwards":         {texts("string", 2, []uint32{0, 3, 1}, "abc"), false},
		"too few offsets":          {texts("string", 2, []uint32{0, 3}, "abc"), false},
		"offsets of half the size": {texts("large_string", 2, []uint32{0, 1, 3}, "abc"), false},
		"numbers":                  {numbers(2, strings.Repeat("x", 16)), true},
		"too few numbers":          {numbers(3, strings.Repeat("x", 16)), false},
		"a type of pointers":       {texts("string_view", 2, []uint32{0, 1, 3}, "abc"), false},
	} {
		r := larder.AuditBytes(file(c.body), audit.Policy{})
		if c.ok && r.Verdict != audit.OK || !c.ok && r.Verdict != audit.Refused {
			t.Errorf("%s: %s %+v", what, r.Verdict, r.Findings)
		}
	}
}
