// Package tree understands sklearn.tree.
package tree

import (
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	class("DecisionTreeClassifier", func() sklearn.Estimator { return new(DecisionTreeClassifier) }, countsRule),
	class("DecisionTreeRegressor", func() sklearn.Estimator { return new(DecisionTreeRegressor) }),
	class("ExtraTreeClassifier", func() sklearn.Estimator {
		return &ExtraTreeClassifier{DecisionTreeClassifier{base: base{extra: true}}}
	}, countsRule),
	class("ExtraTreeRegressor", func() sklearn.Estimator {
		return &ExtraTreeRegressor{DecisionTreeRegressor{base{extra: true}}}
	}),
}

func class(name string, make func() sklearn.Estimator, more ...sklearn.Rung) sklearn.Class {
	return sklearn.Class{
		Name: "sklearn.tree." + name, Modules: []string{"sklearn.tree._classes", "sklearn.tree.tree"}, New: make,
		FitOnly: []string{"criterion", "max_depth", "min_samples_split", "min_samples_leaf", "min_weight_fraction_leaf", "max_features",
			"max_leaf_nodes", "random_state", "min_impurity_decrease", "class_weight", "ccp_alpha", "monotonic_cst", "presort",
			"min_impurity_split"},
		Ignore: []string{"max_features_", "n_classes_"},
		Former: parts.FormerSelect,
		Upgrade: append([]sklearn.Rung{
			{Before: "1.2", Fix: func(s *sklearn.State) error { s.Rename("n_features_", "n_features_in_"); return nil }},
			{Before: "1.9", Fix: missingRule},
			{Before: "0.22", Fix: func(s *sklearn.State) error {
				if _, none := s.Attrs.Get("classes_").(pyobj.None); none || strings.HasSuffix(name, "Regressor") {
					s.Drop("classes_")
				}
				return nil
			}},
		}, more...),
	}
}

// countsRule: until 1.3 the leaves of a classifier held weighted class counts; predict_proba divided by their sum.
var countsRule = sklearn.Rung{Before: "1.4", Fix: func(s *sklearn.State) error {
	s.Attrs.Set(pyobj.Str("(values)"), pyobj.Str(LeafCounts))
	return nil
}}

// LeafRule says what the leaves of a classifier hold.
type LeafRule string

// The rules.
const (
	LeafFractions LeafRule = ""
	LeafCounts    LeafRule = "counts"
)

// MissingRule says when NaN is allowed.
type MissingRule string

// The rules.
const (
	MissingAllowed MissingRule = ""
	MissingRefused MissingRule = "refused"
)

// missingRule: NaN came in 1.3 for the best splitter, in 1.6 for the random one; until 1.8 not with every criterion,
// since 1.4 not with monotonicity constraints.
func missingRule(s *sklearn.State) error {
	splitter, _ := pyobj.Text(s.Attrs.Get("splitter"))
	criterion, _ := pyobj.Text(s.Attrs.Get("criterion"))
	_, unconstrained := s.Attrs.Get("monotonic_cst").(pyobj.None)
	before := func(v string) bool { return sklearn.Older(s.Version, v) }
	if before("1.3") || before("1.6") && splitter != "best" || criterion == "absolute_error" ||
		s.Attrs.Get("monotonic_cst") != nil && !unconstrained {
		s.Attrs.Set(pyobj.Str("(missing)"), pyobj.Str(MissingRefused))
	}
	return nil
}

// base is sklearn.tree._classes.BaseDecisionTree.
type base struct {
	sklearn.Base
	Tree     *parts.Tree `sk:"tree_"`
	NOutputs int         `sk:"n_outputs_"`
	Splitter string      `sk:"splitter"`
	Nan      MissingRule `sk:"(missing),optional"`

	extra bool // an ExtraTree: NaN since 1.6 with the random splitter only, before as any tree
	trees *graph.Trees
}

// Fitted returns tree_.
func (t *base) Fitted() *parts.Tree { return t.Tree }

// Counts reports that leaves hold class counts.
func (t *base) Counts() bool { return false }

// Missing reports whether NaN is allowed in dense input.
func (t *base) Missing() bool {
	return t.Nan == MissingAllowed && (!t.extra || t.Splitter == "random" || t.Before("1.6"))
}

func (t *base) bound() error {
	width := t.NFeaturesIn
	if width == 0 {
		width = t.Tree.Inputs
	}
	if t.Tree.Inputs != width {
		return &sklearn.BindError{Path: t.Path, Attr: "tree_", Msg: "number of features differs from n_features_in_"}
	}
	if len(t.Tree.NClasses) != t.NOutputs {
		return &sklearn.BindError{Path: t.Path, Attr: "n_outputs_", Msg: "differs from the tree's"}
	}
	t.trees = parts.NewTrees(width, t.Tree)
	return nil
}

// DescribeInput tells the tree's thresholds.
func (t *base) DescribeInput(in *sklearn.Input) *sklearn.Input {
	return parts.DescribeSplits(in, t.trees, t.Missing())
}

// check is _validate_X_predict.
func (t *base) check(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Check(b, t, x, sklearn.Accept{
		DType: sklearn.DTypeFloat32, Sparse: true, NaN: t.Missing() && !x.Type().Sparse(), Width: t.Tree.Inputs,
	})
}

// leaf gives the numbers of each row's leaf.
func (t *base) leaf(b *graph.Builder, x graph.Value, ts *graph.Trees) graph.Value {
	return b.TreeEnsemble(x, graph.TreeEnsembleAttr{Trees: ts, Outputs: ts.Values})
}

// Apply gives the leaf's number.
func (t *base) Apply(b *graph.Builder, x graph.Value) graph.Value {
	leaf := b.TreeEnsemble(t.check(b, x), graph.TreeEnsembleAttr{Trees: t.trees, Mode: graph.TreeLeaf, Outputs: t.trees.Values})
	return b.Ravel(leaf)
}

// DecisionPath marks the nodes on the way to the leaf.
func (t *base) DecisionPath(b *graph.Builder, x graph.Value) graph.Value {
	trees := t.trees
	if t.Missing() && t.Before("1.8") {
		trees = parts.PathTrees(trees)
	}
	return b.TreePath(t.check(b, x), trees)
}

// DecisionTreeClassifier is sklearn.tree.DecisionTreeClassifier.
type DecisionTreeClassifier struct {
	base
	Classes parts.ClassList `sk:"classes_"`
	Leaves  LeafRule        `sk:"(values),optional"`

	fractions *graph.Trees
}

// Bound checks the classes.
func (t *DecisionTreeClassifier) Bound(*sklearn.Binder) error {
	if err := t.bound(); err != nil {
		return err
	}
	t.fractions = t.trees
	if t.Counts() {
		t.fractions = parts.NewTrees(t.trees.Width, t.Tree)
		t.fractions.Fractions = t.Tree.NClasses
	}
	if err := t.Classes.Check(t.Tree.NClasses); err != nil {
		return &sklearn.BindError{Path: t.Path, Attr: "classes_", Msg: err.Error()}
	}
	return nil
}

// Counts reports that leaves hold class counts.
func (t *DecisionTreeClassifier) Counts() bool { return t.Leaves == LeafCounts }

// ClassLabels returns classes_.
func (t *DecisionTreeClassifier) ClassLabels() []sklearn.ClassLabels { return t.Classes.List }

// Predict takes the first class of the largest share in the leaf.
func (t *DecisionTreeClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return t.Classes.Choose(b, t.Tree.TreeOutputs(b, t.leaf(b, t.check(b, x), t.trees)))
}

// PredictProba is the leaf's shares of classes.
func (t *DecisionTreeClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return t.Classes.Each(b, t.Tree.TreeOutputs(b, t.leaf(b, t.check(b, x), t.fractions)))
}

// PredictLogProba is the logarithm of PredictProba.
func (t *DecisionTreeClassifier) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.LogProba(b, t, x)
}

// DecisionTreeRegressor is sklearn.tree.DecisionTreeRegressor.
type DecisionTreeRegressor struct{ base }

// Bound checks the tree.
func (t *DecisionTreeRegressor) Bound(*sklearn.Binder) error {
	if t.Tree.MaxClasses != 1 {
		return &sklearn.BindError{Path: t.Path, Attr: "tree_", Msg: "leaves of a regressor hold more than a number per output"}
	}
	return t.bound()
}

// Predict is the leaf's number.
func (t *DecisionTreeRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	v := t.leaf(b, t.check(b, x), t.trees)
	if t.NOutputs == 1 {
		return b.Ravel(v)
	}
	return v
}

// ExtraTreeClassifier is sklearn.tree.ExtraTreeClassifier. It takes NaN with the random splitter only.
type ExtraTreeClassifier struct{ DecisionTreeClassifier }

// ExtraTreeRegressor is sklearn.tree.ExtraTreeRegressor. It takes NaN with the random splitter only.
type ExtraTreeRegressor struct{ DecisionTreeRegressor }

var (
	_ sklearn.ProbaPredictor    = (*DecisionTreeClassifier)(nil)
	_ sklearn.LogProbaPredictor = (*DecisionTreeClassifier)(nil)
	_ sklearn.Classifier        = (*DecisionTreeClassifier)(nil)
	_ sklearn.PathDecider       = (*DecisionTreeClassifier)(nil)
	_ sklearn.Applier           = (*DecisionTreeRegressor)(nil)
	_ sklearn.Predictor         = (*DecisionTreeRegressor)(nil)
	_ parts.DecisionTree        = (*ExtraTreeClassifier)(nil)
	_ parts.DecisionTree        = (*ExtraTreeRegressor)(nil)
)
