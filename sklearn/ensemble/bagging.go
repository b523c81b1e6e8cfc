package ensemble

import (
	"errors"
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var baggingClasses = []sklearn.Class{
	baggingClass("BaggingClassifier", func() sklearn.Estimator { return new(BaggingClassifier) }),
	baggingClass("BaggingRegressor", func() sklearn.Estimator { return new(BaggingRegressor) }),
}

func baggingClass(name string, make func() sklearn.Estimator) sklearn.Class {
	return sklearn.Class{
		Name: "sklearn.ensemble." + name, Modules: []string{"sklearn.ensemble._bagging", "sklearn.ensemble.bagging"}, New: make,
		FitOnly: []string{"estimator", "base_estimator", "estimator_params", "max_samples", "max_features", "bootstrap", "bootstrap_features",
			"oob_score", "random_state"},
		Ignore: []string{"estimator_", "base_estimator_", "_estimator", "_max_features", "_max_samples", "_n_samples", "_sample_weight", "_seeds", "estimators_samples_", "n_classes_",
			"oob_score_", "oob_decision_function_", "oob_prediction_"},
		Upgrade: []sklearn.Rung{{Before: "1.2", Fix: oldFeatures}},
	}
}

// bagging is sklearn.ensemble._bagging.BaseBagging.
type bagging struct {
	sklearn.Base
	Estimators  []sklearn.Estimator `sk:"estimators_"`
	Features    [][]int             `sk:"estimators_features_"`
	NEstimators int                 `sk:"n_estimators"`

	trees *graph.Trees // nil if a member is no tree like the others
	first parts.DecisionTree
}

// Inside returns the members.
func (g *bagging) Inside() []sklearn.Estimator { return g.Estimators }

// DescribeInput lets each member describe its columns.
func (g *bagging) DescribeInput(in *sklearn.Input) *sklearn.Input {
	for i, e := range g.Estimators {
		part := &sklearn.Input{}
		for _, j := range g.Features[i] {
			part.Columns = append(part.Columns, in.Columns[j])
		}
		sklearn.DescribeInput(e, part)
	}
	return nil
}

func (g *bagging) bound() error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: g.Path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	if len(g.Estimators) == 0 || len(g.Features) != len(g.Estimators) || g.NEstimators < 1 {
		return bad("estimators_", "%d estimators, %d sets of features, n_estimators %d", len(g.Estimators), len(g.Features), g.NEstimators)
	}
	if g.NFeaturesIn == 0 {
		return bad("n_features_in_", "attribute is missing")
	}
	for i, f := range g.Features {
		if g.Estimators[i] == nil {
			return bad("estimators_", "item %d is None", i)
		}
		for _, c := range f {
			if c < 0 || c >= g.NFeaturesIn {
				return bad("estimators_features_", "column %d of %d", c, g.NFeaturesIn)
			}
		}
	}
	return nil
}

// join makes one ensemble of members that are all trees with leaves of k numbers.
func (g *bagging) join(k int) {
	list := make([]*parts.Tree, len(g.Estimators))
	for i, e := range g.Estimators {
		t, ok := e.(parts.DecisionTree)
		if !ok {
			return
		}
		if list[i] = t.Fitted(); len(list[i].NClasses) != 1 || list[i].MaxClasses != k || list[i].Inputs != len(g.Features[i]) {
			return
		}
		if i == 0 {
			g.first = t
		} else if g.first.Counts() != t.Counts() || g.first.Missing() != t.Missing() {
			return
		}
	}
	ts := parts.NewTrees(g.NFeaturesIn, list...)
	for i := range ts.List {
		if f := g.Features[i]; !upTo(f, g.NFeaturesIn) {
			ts.List[i].Columns = f
		}
	}
	if g.first.Counts() {
		ts.Fractions = list[0].NClasses
	}
	g.trees = ts
}

// upTo reports whether index is 0, 1, …, n-1.
func upTo(index []int, n int) bool {
	for i, j := range index {
		if i != j {
			return false
		}
	}
	return len(index) == n
}

// check is validate_data: any type; what is not finite is for the members to judge.
func (g *bagging) check(b *graph.Builder, x graph.Value) graph.Value {
	return array(b, sklearn.Check(b, g, x, sklearn.Accept{DType: sklearn.DTypeAny, Sparse: true, NaN: true, Inf: true}))
}

// part is what member i sees.
func (g *bagging) part(b *graph.Builder, x graph.Value, i int) graph.Value {
	return b.Gather(x, g.Features[i])
}

// sumTrees is the joined trees' sum from zero. Only columns in use are checked, in the words of a member.
func (g *bagging) sumTrees(b *graph.Builder, x graph.Value) graph.Value {
	used := make([]bool, g.NFeaturesIn)
	for _, f := range g.Features {
		for _, c := range f {
			used[c] = true
		}
	}
	var index []int
	at := make([]int, len(used))
	for c, u := range used {
		if u {
			at[c] = len(index)
			index = append(index, c)
		}
	}
	ts := g.trees
	if len(index) < len(used) {
		ts = &graph.Trees{Width: len(index), Values: ts.Values, Scale: 1, Fractions: ts.Fractions, Mapped: ts.Mapped}
		for i, t := range g.trees.List {
			t.Columns = make([]int, len(g.Features[i]))
			for j, c := range g.Features[i] {
				t.Columns[j] = at[c]
			}
			ts.List = append(ts.List, t)
		}
	}
	x = b.Gather(x, index)
	if !x.OK() {
		return x
	}
	x = sklearn.Check(b, g.first, x, sklearn.Accept{
		DType: sklearn.DTypeFloat32, Sparse: true, NaN: g.first.Missing() && !x.Type().Sparse(), AnyWidth: true,
	})
	return b.TreeEnsemble(x, graph.TreeEnsembleAttr{Trees: ts, Outputs: ts.Values}, b.Const(tensor.New(tensor.Float64, ts.Values)))
}

// sum is Python's sum over the members, which begins with 0.
func (g *bagging) sum(b *graph.Builder, x graph.Value, method string) graph.Value {
	var sum graph.Value
	for i, e := range g.Estimators {
		v := sklearn.Call(b, e, method, g.part(b, x, i))
		if i == 0 {
			sum = b.Scalar(0, v)
		}
		sum = b.Add(sum, v)
	}
	return sum
}

// mean divides by n_estimators.
func (g *bagging) mean(b *graph.Builder, sum graph.Value) graph.Value {
	return b.Div(sum, b.Scalar(float64(g.NEstimators), sum))
}

// BaggingClassifier is sklearn.ensemble.BaggingClassifier.
type BaggingClassifier struct {
	bagging
	Classes *tensor.Tensor `sk:"classes_,text"`

	columns [][]int // by member: the classes its columns stand for; nil for all
}

// Bound checks the members, whose classes are indices into classes_.
func (g *BaggingClassifier) Bound(*sklearn.Binder) error {
	if err := g.bound(); err != nil {
		return err
	}
	k, all := g.Classes.Len(), true
	g.columns = make([][]int, len(g.Estimators))
	for i, e := range g.Estimators {
		labels := sklearn.LabelsOf(e)
		if len(labels) != 1 {
			return &sklearn.BindError{Path: g.Path, Attr: "estimators_", Msg: fmt.Sprintf("item %d is no classifier of one output", i)}
		}
		index, err := indices(labels[0], k)
		if err != nil {
			return &sklearn.BindError{Path: g.Path, Attr: "estimators_", Msg: fmt.Sprintf("item %d: %v", i, err)}
		}
		if len(index) != k {
			g.columns[i], all = index, false
		}
	}
	if all {
		g.join(k)
	}
	return nil
}

// indices reads class labels that are positions below k.
func indices(labels *tensor.Tensor, k int) ([]int, error) {
	out := make([]int, labels.Len())
	for i := range out {
		f, ok := labels.Float(i)
		if !ok || f != math.Trunc(f) || f < 0 || f >= float64(k) {
			return nil, fmt.Errorf("class %s is no position among %d", labels.Cell(i), k)
		}
		out[i] = int(f)
	}
	return out, nil
}

// ClassLabels returns classes_.
func (g *BaggingClassifier) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{g.Classes}
}

// Available: a decision function exists where the members have one.
func (g *BaggingClassifier) Available(method string) error {
	if method == sklearn.MethodDecisionFunction {
		return sklearn.Has(g.Estimators[0], method)
	}
	return nil
}

// spread puts a member's columns where its classes stand; the others hold fill.
func (g *BaggingClassifier) spread(b *graph.Builder, i int, p graph.Value, fill float64) graph.Value {
	if !p.OK() || g.columns[i] == nil {
		return p
	}
	index := make([]int, g.Classes.Len())
	for c := range index {
		index[c] = len(g.columns[i])
	}
	for j, c := range g.columns[i] {
		index[c] = j
	}
	none := b.Take(b.Const(tensor.FromF64([]float64{fill}, 1, 1)), b.Zeros(p))
	return b.Gather(b.HStack(false, p, none), index)
}

// member is what member i adds to the probabilities: its own, or 1 for the class it predicts.
func (g *BaggingClassifier) member(b *graph.Builder, x graph.Value, i int) graph.Value {
	e, k := g.Estimators[i], g.Classes.Len()
	part := g.part(b, x, i)
	if sklearn.Has(e, sklearn.MethodPredictProba) == nil {
		return g.spread(b, i, sklearn.PredictProba(b, e, part), 0)
	}
	votes := tensor.New(tensor.Float64, k, k)
	for c := range k {
		votes.F64[c*k+c] = 1
	}
	return b.Take(b.Const(votes), b.Cast(sklearn.Predict(b, e, part), tensor.Int64))
}

// PredictProba is the mean of the members' probabilities or votes.
func (g *BaggingClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	x = g.check(b, x)
	if g.trees != nil {
		return g.mean(b, g.sumTrees(b, x))
	}
	sum := b.Const(tensor.New(tensor.Float64, g.Classes.Len()))
	for i := range g.Estimators {
		sum = b.Add(sum, g.member(b, x, i))
	}
	return g.mean(b, sum)
}

// Predict takes the first class of the largest mean probability.
func (g *BaggingClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return b.Labels(b.ArgMax(g.PredictProba(b, x)), g.Classes)
}

// PredictLogProba adds the members' probabilities by their logarithms where they have these.
func (g *BaggingClassifier) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	if err := sklearn.Has(g.Estimators[0], sklearn.MethodPredictLogProba); err != nil {
		var no *sklearn.MethodError
		if !errors.As(err, &no) {
			return b.Fail(err)
		}
		return sklearn.LogProba(b, g, x)
	}
	x = g.check(b, x)
	none := tensor.New(tensor.Float64, g.Classes.Len())
	for i := range none.F64 {
		none.F64[i] = math.Inf(-1)
	}
	sum := b.Const(none)
	for i, e := range g.Estimators {
		p := sklearn.Call(b, e, sklearn.MethodPredictLogProba, g.part(b, x, i))
		sum = b.Binary(graph.OpLogAddExp, sum, g.spread(b, i, p, math.Inf(-1)))
	}
	return b.Sub(sum, b.Unary(graph.OpLog, b.Scalar(float64(g.NEstimators), sum)))
}

// DecisionFunction is the mean of the members' decisions.
func (g *BaggingClassifier) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	x = g.check(b, x)
	return g.mean(b, g.sum(b, x, sklearn.MethodDecisionFunction))
}

// BaggingRegressor is sklearn.ensemble.BaggingRegressor.
type BaggingRegressor struct{ bagging }

// Bound checks the members.
func (g *BaggingRegressor) Bound(*sklearn.Binder) error {
	if err := g.bound(); err != nil {
		return err
	}
	g.join(1)
	return nil
}

// Predict is the mean of the members' predictions.
func (g *BaggingRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	x = g.check(b, x)
	if g.trees != nil {
		return g.mean(b, b.Ravel(g.sumTrees(b, x)))
	}
	return g.mean(b, g.sum(b, x, sklearn.MethodPredict))
}

var (
	_ sklearn.Predictor         = (*BaggingClassifier)(nil)
	_ sklearn.ProbaPredictor    = (*BaggingClassifier)(nil)
	_ sklearn.LogProbaPredictor = (*BaggingClassifier)(nil)
	_ sklearn.Decider           = (*BaggingClassifier)(nil)
	_ sklearn.Availabler        = (*BaggingClassifier)(nil)
	_ sklearn.Classifier        = (*BaggingClassifier)(nil)
	_ sklearn.Predictor         = (*BaggingRegressor)(nil)
	_ sklearn.Holder            = (*BaggingRegressor)(nil)
)
