package ensemble

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var forestClasses = []sklearn.Class{
	forestClass("RandomForestClassifier", func() sklearn.Estimator { return new(RandomForestClassifier) }),
	forestClass("RandomForestRegressor", func() sklearn.Estimator { return new(RandomForestRegressor) }),
	forestClass("ExtraTreesClassifier", func() sklearn.Estimator { return new(ExtraTreesClassifier) }),
	forestClass("ExtraTreesRegressor", func() sklearn.Estimator { return new(ExtraTreesRegressor) }),
	forestClass("RandomTreesEmbedding", func() sklearn.Estimator { return new(RandomTreesEmbedding) }),
}

// treeParams are the parameters of trees and their ensembles that only fitting reads.
var treeParams = []string{"criterion", "max_depth", "min_samples_split", "min_samples_leaf", "min_weight_fraction_leaf", "max_features",
	"max_leaf_nodes", "random_state", "min_impurity_decrease", "ccp_alpha", "min_impurity_split", "presort"}

func forestClass(name string, make func() sklearn.Estimator) sklearn.Class {
	return sklearn.Class{
		Name: "sklearn.ensemble." + name, Modules: []string{"sklearn.ensemble._forest", "sklearn.ensemble.forest"}, New: make,
		FitOnly: append([]string{"estimator", "base_estimator", "n_estimators", "estimator_params", "bootstrap", "oob_score", "class_weight",
			"max_samples", "monotonic_cst", "sparse_output"}, treeParams...),
		Ignore: []string{"estimator_", "base_estimator_", "_estimator", "n_classes_", "oob_score_", "oob_decision_function_", "oob_prediction_",
			"_n_samples", "_n_samples_bootstrap", "_sample_weight"},
		Former: parts.FormerSelect,
		Upgrade: []sklearn.Rung{
			// NaN came to forests in 1.4.
			{Before: "1.4", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("(missing)"), pyobj.Str(MissingRefused))
				return nil
			}},
			{Before: "1.2", Fix: oldFeatures},
			{Before: "0.22", Fix: func(s *sklearn.State) error {
				if _, none := s.Attrs.Get("classes_").(pyobj.None); none || pyobj.ShortName(s.Class.Name) == "RandomTreesEmbedding" {
					s.Drop("classes_")
				}
				return nil
			}},
		},
	}
}

// oldFeatures: n_features_ became n_features_in_ in 0.24 and went in 1.2.
func oldFeatures(s *sklearn.State) error {
	s.Rename("n_features_", "n_features_in_")
	return nil
}

// MissingRule says when NaN is allowed.
type MissingRule string

// The rules.
const (
	MissingByMember MissingRule = "" // where the first member allows it
	MissingRefused  MissingRule = "refused"
)

// forest is sklearn.ensemble._forest.BaseForest.
type forest struct {
	sklearn.Base
	Estimators []sklearn.Estimator `sk:"estimators_"`
	NOutputs   int                 `sk:"n_outputs_"`
	Nan        MissingRule         `sk:"(missing),optional"`

	tree  *parts.Tree // the first one
	nan   bool
	trees *graph.Trees
}

// Inside returns the trees.
func (f *forest) Inside() []sklearn.Estimator { return f.Estimators }

func (f *forest) bound() error {
	first, nan, ts, err := trees(&f.Base, f.Estimators)
	if err != nil {
		return err
	}
	f.tree, f.nan, f.trees = first, nan && f.Nan == MissingByMember, ts
	if len(first.NClasses) != f.NOutputs {
		return &sklearn.BindError{Path: f.Path, Attr: "n_outputs_", Msg: "differs from the trees'"}
	}
	return nil
}

// trees joins tree members whose leaves are alike. It returns the first and whether that allows NaN.
func trees(b *sklearn.Base, members []sklearn.Estimator) (first *parts.Tree, nan bool, ts *graph.Trees, err error) {
	list := make([]*parts.Tree, len(members))
	counts := false
	for i, e := range members {
		t, ok := e.(parts.DecisionTree)
		if !ok {
			return nil, false, nil, &sklearn.BindError{Path: b.Path, Attr: "estimators_", Msg: fmt.Sprintf("item %d is no tree", i)}
		}
		list[i] = t.Fitted()
		if i == 0 {
			counts, nan = t.Counts(), t.Missing()
		}
		if !list[0].SameLeaves(list[i]) || counts != t.Counts() || list[0].Inputs != list[i].Inputs {
			return nil, false, nil, &sklearn.BindError{Path: b.Path, Attr: "estimators_", Msg: fmt.Sprintf("tree %d is not like the first", i)}
		}
	}
	if len(list) == 0 {
		return nil, false, nil, &sklearn.BindError{Path: b.Path, Attr: "estimators_", Msg: "there are no trees"}
	}
	width := b.NFeaturesIn
	if width == 0 {
		width = list[0].Inputs
	}
	ts = parts.NewTrees(width, list...)
	if counts {
		ts.Fractions = list[0].NClasses
	}
	return list[0], nan, ts, nil
}

// DescribeInput tells the thresholds of the first trees.
func (f *forest) DescribeInput(in *sklearn.Input) *sklearn.Input {
	return parts.DescribeSplits(in, f.trees, f.nan)
}

// check is _validate_X_predict.
func (f *forest) check(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Check(b, f, x, sklearn.Accept{
		DType: sklearn.DTypeFloat32, Sparse: true, NaN: f.nan && !x.Type().Sparse(), Width: f.trees.Width,
	})
}

// mean is the trees' sum, in their order, divided by their number.
func (f *forest) mean(b *graph.Builder, x graph.Value) graph.Value {
	k := f.trees.Values
	sum := b.TreeEnsemble(f.check(b, x), graph.TreeEnsembleAttr{Trees: f.trees, Outputs: k}, b.Const(tensor.New(tensor.Float64, k)))
	return b.Div(sum, b.Scalar(float64(len(f.Estimators)), sum))
}

// Apply gives the number of each tree's leaf.
func (f *forest) Apply(b *graph.Builder, x graph.Value) graph.Value {
	return b.TreeEnsemble(f.check(b, x), graph.TreeEnsembleAttr{Trees: f.trees, Mode: graph.TreeLeaf, Outputs: f.trees.Values})
}

// DecisionPath marks the nodes on the way to each tree's leaf; n_nodes_ptr tells where the columns of a tree begin.
func (f *forest) DecisionPath(b *graph.Builder, x graph.Value) graph.Value {
	ptr := tensor.New(tensor.Int64, len(f.trees.List)+1)
	for i := range f.trees.List {
		ptr.I64[i+1] = ptr.I64[i] + int64(f.trees.List[i].Len())
	}
	trees := f.trees
	if f.nan && f.Before("1.8") {
		trees = parts.PathTrees(trees)
	}
	return b.Tuple(b.TreePath(f.check(b, x), trees).Named("indicator"), b.Const(ptr).Named("n_nodes_ptr"))
}

// RandomForestClassifier is sklearn.ensemble.RandomForestClassifier.
type RandomForestClassifier struct {
	forest
	Classes parts.ClassList `sk:"classes_"`
}

// Bound checks the trees and classes.
func (f *RandomForestClassifier) Bound(*sklearn.Binder) error {
	if err := f.bound(); err != nil {
		return err
	}
	if err := f.Classes.Check(f.tree.NClasses); err != nil {
		return &sklearn.BindError{Path: f.Path, Attr: "classes_", Msg: err.Error()}
	}
	return nil
}

// ClassLabels returns classes_.
func (f *RandomForestClassifier) ClassLabels() []sklearn.ClassLabels { return f.Classes.List }

// Predict takes the class of the largest mean probability.
func (f *RandomForestClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return f.Classes.Choose(b, f.tree.TreeOutputs(b, f.mean(b, x)))
}

// PredictProba is the mean of the trees' probabilities.
func (f *RandomForestClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return f.Classes.Each(b, f.tree.TreeOutputs(b, f.mean(b, x)))
}

// PredictLogProba is the logarithm of PredictProba.
func (f *RandomForestClassifier) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.LogProba(b, f, x)
}

// RandomForestRegressor is sklearn.ensemble.RandomForestRegressor.
type RandomForestRegressor struct{ forest }

// Bound checks the trees.
func (f *RandomForestRegressor) Bound(*sklearn.Binder) error {
	if err := f.bound(); err != nil {
		return err
	}
	if f.tree.MaxClasses != 1 {
		return &sklearn.BindError{Path: f.Path, Attr: "estimators_", Msg: "leaves of a regressor hold more than a number per output"}
	}
	return nil
}

// Predict is the mean of the trees' predictions.
func (f *RandomForestRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	v := f.mean(b, x)
	if f.NOutputs == 1 {
		return b.Ravel(v)
	}
	return v
}

// ExtraTreesClassifier is sklearn.ensemble.ExtraTreesClassifier.
type ExtraTreesClassifier struct{ RandomForestClassifier }

// ExtraTreesRegressor is sklearn.ensemble.ExtraTreesRegressor.
type ExtraTreesRegressor struct{ RandomForestRegressor }

// RandomTreesEmbedding is sklearn.ensemble.RandomTreesEmbedding.
type RandomTreesEmbedding struct {
	forest
	Encoder sklearn.Estimator `sk:"one_hot_encoder_"`
}

// Bound checks the trees.
func (f *RandomTreesEmbedding) Bound(*sklearn.Binder) error { return f.bound() }

// Inside returns the trees and the encoder.
func (f *RandomTreesEmbedding) Inside() []sklearn.Estimator {
	return append(f.Estimators[:len(f.Estimators):len(f.Estimators)], f.Encoder)
}

// Transform encodes the leaves.
func (f *RandomTreesEmbedding) Transform(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Transform(b, f.Encoder, f.Apply(b, x))
}

// FeatureNamesOut names a column by its tree and leaf.
func (f *RandomTreesEmbedding) FeatureNamesOut(in []string) ([]string, error) {
	if _, err := sklearn.InputNames(f, in, f.trees.Width); err != nil {
		return nil, err
	}
	attrs, _ := sklearn.Of(f.Encoder).Object.Attrs()
	cats, err := sklearn.Sequence(attrs.Get("categories_"))
	if err != nil {
		return nil, fmt.Errorf("%s.one_hot_encoder_: categories_: %w", f.Path, err)
	}
	var out []string
	for t, c := range cats {
		leaves, err := sklearn.Tensor(c)
		if err != nil {
			return nil, fmt.Errorf("%s.one_hot_encoder_: categories_: %w", f.Path, err)
		}
		for i := range leaves.Len() {
			out = append(out, fmt.Sprintf("randomtreesembedding_%d_%s", t, leaves.Cell(i)))
		}
	}
	return out, nil
}

var (
	_ sklearn.ProbaPredictor    = (*RandomForestClassifier)(nil)
	_ sklearn.LogProbaPredictor = (*RandomForestClassifier)(nil)
	_ sklearn.Classifier        = (*RandomForestClassifier)(nil)
	_ sklearn.PathDecider       = (*RandomForestClassifier)(nil)
	_ sklearn.Predictor         = (*RandomForestRegressor)(nil)
	_ sklearn.Applier           = (*RandomForestRegressor)(nil)
	_ sklearn.Transformer       = (*RandomTreesEmbedding)(nil)
	_ sklearn.FeatureNamer      = (*RandomTreesEmbedding)(nil)
	_ sklearn.Holder            = (*RandomTreesEmbedding)(nil)
)
