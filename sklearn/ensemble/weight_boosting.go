package ensemble

import (
	"fmt"
	"math"
	"sync"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var boostClasses = []sklearn.Class{
	boostClass("AdaBoostClassifier", func() sklearn.Estimator { return new(AdaBoostClassifier) }, sklearn.Rung{Before: "1.6", Fix: sammeRule}),
	boostClass("AdaBoostRegressor", func() sklearn.Estimator { return new(AdaBoostRegressor) }),
}

func boostClass(name string, make func() sklearn.Estimator, more ...sklearn.Rung) sklearn.Class {
	return sklearn.Class{
		Name: "sklearn.ensemble." + name, Modules: []string{"sklearn.ensemble._weight_boosting", "sklearn.ensemble.weight_boosting"}, New: make,
		FitOnly: []string{"estimator", "base_estimator", "n_estimators", "estimator_params", "learning_rate", "random_state", "algorithm", "loss"},
		Ignore:  []string{"estimator_", "base_estimator_", "_estimator", "estimator_errors_", "n_classes_"},
		Upgrade: more,
	}
}

// sammeRule: the algorithm parameter chose until 1.5; SAMME added nothing for the other classes before 1.3.1, and
// probabilities were not those of the decision before 0.22.
func sammeRule(s *sklearn.State) error {
	before := func(v string) bool { return sklearn.Older(s.Version, v) }
	rule := BoostSAMME
	switch a, _ := pyobj.Text(s.Attrs.Get("algorithm")); a {
	case "SAMME.R":
		rule = BoostSAMMER
	case "SAMME":
		if before("1.3.1") {
			rule = BoostVotes
		}
	default:
		return &sklearn.BindError{Path: s.Path, Attr: "algorithm", Msg: fmt.Sprintf("value %q is not known", a)}
	}
	s.Attrs.Set(pyobj.Str("(boost)"), pyobj.Str(rule))
	if before("0.22") {
		s.Attrs.Set(pyobj.Str("(proba)"), pyobj.Str(BoostProbaSum))
	}
	return nil
}

// BoostRule says what a member adds to the decision.
type BoostRule string

// The rules.
const (
	BoostSAMME  BoostRule = ""        // its weight for the class it predicts, -weight/(K-1) for the others
	BoostVotes  BoostRule = "votes"   // its weight for the class it predicts
	BoostSAMMER BoostRule = "SAMME.R" // (K-1)(log p - mean log p)
)

// BoostProbaRule says where probabilities come from.
type BoostProbaRule string

// The rules.
const (
	BoostProbaDecision BoostProbaRule = ""    // softmax of the decision
	BoostProbaSum      BoostProbaRule = "sum" // exp of the members' weighted probabilities, or of SAMME.R's terms
)

// weightBoosting is sklearn.ensemble._weight_boosting.BaseWeightBoosting.
type weightBoosting struct {
	sklearn.Base
	Estimators []sklearn.Estimator `sk:"estimators_"`
	Weights    *tensor.Tensor      `sk:"estimator_weights_"`
}

// Inside returns the members.
func (a *weightBoosting) Inside() []sklearn.Estimator { return a.Estimators }

// DescribeInput lets the members describe it.
func (a *weightBoosting) DescribeInput(in *sklearn.Input) *sklearn.Input {
	return in.By(a.Estimators...)
}

func (a *weightBoosting) bound() error {
	w := a.Weights.AsF64()
	if len(a.Estimators) == 0 || w == nil || len(a.Weights.Shape) != 1 || len(w) < len(a.Estimators) {
		return &sklearn.BindError{Path: a.Path, Attr: "estimator_weights_", Msg: fmt.Sprintf("%d weights for %d estimators", a.Weights.Len(), len(a.Estimators))}
	}
	a.Weights = tensor.FromF64(w)
	return nil
}

// check is _check_X: any type, finite.
func (a *weightBoosting) check(b *graph.Builder, x graph.Value) graph.Value {
	return array(b, sklearn.Check(b, a, x, sklearn.Accept{DType: sklearn.DTypeAny, Sparse: true}))
}

// array is the numpy array a frame of numbers becomes.
func array(b *graph.Builder, x graph.Value) graph.Value {
	if !x.OK() || x.Type().Kind != graph.Frame {
		return x
	}
	for _, c := range x.Type().Columns {
		if !c.DType.IsNumeric() {
			return x
		}
	}
	return b.Cast(x, sklearn.FrameDType(x.Type()))
}

// plainTrees returns the members if all are trees of one output over all columns.
func plainTrees(members []sklearn.Estimator) []parts.DecisionTree {
	out := make([]parts.DecisionTree, len(members))
	for i, e := range members {
		t, ok := e.(parts.DecisionTree)
		if !ok || len(t.Fitted().NClasses) != 1 {
			return nil
		}
		if out[i] = t; t.Fitted().Inputs != out[0].Fitted().Inputs {
			return nil
		}
	}
	return out
}

// treeInput is what the first tree makes of x.
func treeInput(b *graph.Builder, t parts.DecisionTree, x graph.Value) graph.Value {
	return sklearn.Check(b, t, x, sklearn.Accept{
		DType: sklearn.DTypeFloat32, Sparse: true, NaN: t.Missing() && !x.Type().Sparse(), Width: t.Fitted().Inputs,
	})
}

// AdaBoostClassifier is sklearn.ensemble.AdaBoostClassifier.
type AdaBoostClassifier struct {
	weightBoosting
	Classes *tensor.Tensor `sk:"classes_,text"`
	Boost   BoostRule      `sk:"(boost),optional"`
	Proba   BoostProbaRule `sk:"(proba),optional"`

	trees          []parts.DecisionTree // nil if a member is something else
	once, probably sync.Once
	decision       *graph.Trees // the members' terms at their leaves
	probability    *graph.Trees
}

// Bound checks the members.
func (a *AdaBoostClassifier) Bound(*sklearn.Binder) error {
	if err := a.bound(); err != nil {
		return err
	}
	if len(a.Classes.Shape) != 1 || a.Classes.Len() == 0 {
		return &sklearn.BindError{Path: a.Path, Attr: "classes_", Msg: fmt.Sprintf("shape %v", a.Classes.Shape)}
	}
	same := true
	for i, e := range a.Estimators {
		labels := sklearn.LabelsOf(e)
		if len(labels) != 1 {
			return &sklearn.BindError{Path: a.Path, Attr: "estimators_", Msg: fmt.Sprintf("item %d is no classifier of one output", i)}
		}
		same = same && equalLabels(labels[0], a.Classes)
	}
	if same {
		a.trees = plainTrees(a.Estimators)
	}
	return nil
}

func equalLabels(a, b *tensor.Tensor) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i := range a.Len() {
		if a.Cell(i).Key() != b.Cell(i).Key() {
			return false
		}
	}
	return true
}

// ClassLabels returns classes_.
func (a *AdaBoostClassifier) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{a.Classes}
}

// vote writes what a member of weight w adds when it predicts class c; c is -1 for a class not known here.
func (a *AdaBoostClassifier) vote(out []float64, c int, w float64) {
	others := 0.0
	if a.Boost == BoostSAMME {
		others = -1 / float64(len(out)-1) * w
	}
	for i := range out {
		out[i] = others
	}
	if c >= 0 {
		out[c] = w
	}
}

const eps64 = 0x1p-52

// samme writes SAMME.R's term of probabilities p.
func samme(out, p []float64) {
	sum := 0.0
	for i, v := range p {
		out[i] = math.Log(max(v, eps64))
		sum += out[i]
	}
	k := float64(len(p))
	for i := range out {
		out[i] = (k - 1) * (out[i] - float64(1/k*sum))
	}
}

// leafTerms gives the trees with the members' terms at their leaves.
func (a *AdaBoostClassifier) leafTerms(proba bool) *graph.Trees {
	k := a.Classes.Len()
	list := make([]*parts.Tree, len(a.trees))
	for i, t := range a.trees {
		list[i] = t.Fitted()
	}
	ts := parts.NewTrees(list[0].Inputs, list...)
	ts.Values = k
	p := make([]float64, k)
	for i, t := range a.trees {
		w := a.Weights.F64[i]
		ts.List[i] = t.Fitted().WithNumbers(k, func(_ int, have, out []float64) {
			copy(p, have)
			if t.Counts() && (proba || a.Boost == BoostSAMMER) {
				sum := 0.0
				for _, v := range p {
					sum += v
				}
				if sum == 0 {
					sum = 1
				}
				for j := range p {
					p[j] /= sum
				}
			}
			switch {
			case a.Boost == BoostSAMMER:
				samme(out, p)
			case proba:
				for j, v := range p {
					out[j] = v * w
				}
			default:
				best := 0
				for j, v := range p {
					if v > p[best] {
						best = j
					}
				}
				a.vote(out, best, w)
			}
		})
	}
	return ts
}

// sums gives the sum of the members' terms, [N,K], or all partial sums, [N,members,K].
func (a *AdaBoostClassifier) sums(b *graph.Builder, x graph.Value, staged, proba bool) graph.Value {
	k := a.Classes.Len()
	if a.trees != nil {
		ts := &a.decision
		once := &a.once
		if proba {
			ts, once = &a.probability, &a.probably
		}
		once.Do(func() { *ts = a.leafTerms(proba) })
		attr := graph.TreeEnsembleAttr{Trees: *ts, Outputs: k}
		if staged {
			attr.Mode = graph.TreeStaged
		}
		return b.TreeEnsemble(treeInput(b, a.trees[0], x), attr, b.Const(tensor.New(tensor.Float64, k)))
	}
	sum := b.Const(tensor.New(tensor.Float64, k))
	stages := make([]graph.Value, len(a.Estimators))
	for i, e := range a.Estimators {
		sum = b.Add(sum, a.term(b, e, x, a.Weights.F64[i], proba))
		stages[i] = sum
	}
	if staged {
		return b.Stack(stages...)
	}
	return sum
}

// term is what a member adds, [N,K].
func (a *AdaBoostClassifier) term(b *graph.Builder, e sklearn.Estimator, x graph.Value, w float64, proba bool) graph.Value {
	k := a.Classes.Len()
	if proba || a.Boost == BoostSAMMER {
		p := sklearn.PredictProba(b, e, x)
		if !p.OK() || p.IsTuple() || p.Width() != k {
			return b.Failf("", "a member gives no probabilities of the %d classes", k)
		}
		if a.Boost != BoostSAMMER {
			return b.Mul(p, b.Scalar(w, p))
		}
		eps := eps64
		if p.DType() == tensor.Float32 {
			eps = 0x1p-23
		}
		lp := b.Unary(graph.OpLog, b.Clip(p, eps, math.Inf(1)))
		mean := b.Mul(b.Scalar(1/float64(k), lp), b.Reduce(graph.OpReduceSum, lp, 1, true, graph.Pairwise))
		return b.Mul(b.Scalar(float64(k-1), lp), b.Sub(lp, mean))
	}
	labels := sklearn.LabelsOf(e)[0]
	table, codes := tensor.New(tensor.Float64, labels.Len(), k), tensor.New(tensor.Int64, labels.Len())
	for i := range labels.Len() {
		codes.I64[i] = int64(i)
		c := -1
		for j := range k {
			if labels.Cell(i).Key() == a.Classes.Cell(j).Key() {
				c = j
			}
		}
		a.vote(table.F64[i*k:(i+1)*k], c, w)
	}
	y := b.Category(b.AsColumn(sklearn.Predict(b, e, x)), graph.CategoryAttr{Keys: []*tensor.Tensor{labels}, Values: []*tensor.Tensor{codes}})
	return b.Take(b.Const(table), b.Ravel(y))
}

// total is the pairwise sum of all weights, those of an early stop included.
func (a *AdaBoostClassifier) total(b *graph.Builder) graph.Value {
	return b.Reduce(graph.OpReduceSum, b.Const(a.Weights.Reshape(1, a.Weights.Len())), 1, false, graph.Pairwise)
}

// one gives a column of zeros or ones for a single class.
func (a *AdaBoostClassifier) one(b *graph.Builder, x graph.Value, v float64) graph.Value {
	return b.Take(b.Const(tensor.FromF64([]float64{v}, 1, 1)), b.Zeros(x))
}

// fold joins the columns of two classes into one decision.
func (a *AdaBoostClassifier) fold(b *graph.Builder, d graph.Value) graph.Value {
	if !d.OK() || a.Classes.Len() != 2 {
		return d
	}
	axis := len(d.Type().Shape) - 1
	return b.Reduce(graph.OpReduceSum, b.Mul(d, b.Const(tensor.FromF64([]float64{-1, 1}))), axis, false, graph.Sequential)
}

// DecisionFunction is the sum of the members' terms by that of the weights.
func (a *AdaBoostClassifier) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	x = a.check(b, x)
	if a.Classes.Len() == 1 {
		return b.Cast(a.one(b, x, 0), x.DType())
	}
	return a.fold(b, b.Div(a.sums(b, x, false, false), a.total(b)))
}

// StagedDecisionFunction divides by the weights so far.
func (a *AdaBoostClassifier) StagedDecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	return a.fold(b, a.staged(b, x, false))
}

func (a *AdaBoostClassifier) staged(b *graph.Builder, x graph.Value, proba bool) graph.Value {
	if a.Classes.Len() == 1 {
		return b.Refuse("float division by zero")
	}
	norm := tensor.New(tensor.Float64, len(a.Estimators), 1)
	sum := 0.0
	for i := range norm.F64 {
		sum += a.Weights.F64[i]
		norm.F64[i] = sum
	}
	return b.Div(a.sums(b, a.check(b, x), true, proba), b.Const(norm))
}

func (a *AdaBoostClassifier) label(b *graph.Builder, d graph.Value) graph.Value {
	if !d.OK() {
		return d
	}
	if a.Classes.Len() == 2 {
		return b.Labels(b.Binary(graph.OpGreater, d, b.Scalar(0, d)), a.Classes)
	}
	return b.Labels(b.Reduce(graph.OpArgMax, d, len(d.Type().Shape)-1, false, graph.Any), a.Classes)
}

// Predict takes the second class above zero, or the first of the largest decisions.
func (a *AdaBoostClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return a.label(b, a.DecisionFunction(b, x))
}

// StagedPredict is Predict after each member.
func (a *AdaBoostClassifier) StagedPredict(b *graph.Builder, x graph.Value) graph.Value {
	return a.label(b, a.StagedDecisionFunction(b, x))
}

// proba is _compute_proba_from_decision.
func (a *AdaBoostClassifier) proba(b *graph.Builder, d graph.Value) graph.Value {
	if !d.OK() {
		return d
	}
	k := a.Classes.Len()
	if k == 2 {
		shape := append(append([]int{}, d.Type().Shape...), 1)
		d = b.Mul(b.Reshape(d, shape...), b.Const(tensor.FromF64([]float64{-1, 1})))
		d = b.Div(d, b.Scalar(2, d))
	} else {
		d = b.Div(d, b.Scalar(float64(k-1), d))
	}
	axis := len(d.Type().Shape) - 1
	if axis == 1 {
		return b.Softmax(d, graph.Columns)
	}
	e := b.Unary(graph.OpExp, b.Sub(d, b.Reduce(graph.OpReduceMax, d, axis, true, graph.Any)))
	return b.Div(e, b.Reduce(graph.OpReduceSum, e, axis, true, graph.Columns))
}

// oldProba is exp(p/(K-1)), normalised.
func (a *AdaBoostClassifier) oldProba(b *graph.Builder, p graph.Value) graph.Value {
	if !p.OK() {
		return p
	}
	e := b.Unary(graph.OpExp, b.Mul(b.Scalar(1/float64(a.Classes.Len()-1), p), p))
	s := b.Reduce(graph.OpReduceSum, e, len(p.Type().Shape)-1, true, graph.Pairwise)
	return b.Div(e, b.Where(b.Binary(graph.OpEqual, s, b.Scalar(0, s)), b.Scalar(1, s), s))
}

// PredictProba is the softmax of the decision.
func (a *AdaBoostClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	switch {
	case a.Classes.Len() == 1:
		return a.one(b, x, 1)
	case a.Proba == BoostProbaSum:
		return a.oldProba(b, b.Div(a.sums(b, a.check(b, x), false, true), a.total(b)))
	}
	return a.proba(b, a.DecisionFunction(b, x))
}

// StagedPredictProba is PredictProba after each member.
func (a *AdaBoostClassifier) StagedPredictProba(b *graph.Builder, x graph.Value) graph.Value {
	if a.Proba == BoostProbaSum {
		return a.oldProba(b, a.staged(b, x, true))
	}
	return a.proba(b, a.StagedDecisionFunction(b, x))
}

// PredictLogProba is the logarithm of PredictProba.
func (a *AdaBoostClassifier) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.LogProba(b, a, x)
}

// AdaBoostRegressor is sklearn.ensemble.AdaBoostRegressor.
type AdaBoostRegressor struct {
	weightBoosting
	trees *graph.Trees // nil if a member is no tree
	first parts.DecisionTree
}

// Bound checks the members.
func (a *AdaBoostRegressor) Bound(*sklearn.Binder) error {
	if err := a.bound(); err != nil {
		return err
	}
	members := plainTrees(a.Estimators)
	if members == nil || members[0].Fitted().MaxClasses != 1 {
		return nil
	}
	list := make([]*parts.Tree, len(members))
	for i, t := range members {
		list[i] = t.Fitted()
		if list[i].MaxClasses != 1 {
			return nil
		}
	}
	a.first, a.trees = members[0], parts.NewTrees(list[0].Inputs, list...)
	return nil
}

// predictions is a column per member.
func (a *AdaBoostRegressor) predictions(b *graph.Builder, x graph.Value) graph.Value {
	x = a.check(b, x)
	if a.trees != nil {
		return b.TreeEnsemble(treeInput(b, a.first, x), graph.TreeEnsembleAttr{Trees: a.trees, Outputs: len(a.Estimators)})
	}
	cols := make([]graph.Value, len(a.Estimators))
	for i, e := range a.Estimators {
		if cols[i] = sklearn.Predict(b, e, x); cols[i].IsTuple() || cols[i].Width() != 1 {
			return b.Failf("", "member %d predicts several outputs", i)
		}
	}
	return b.HStack(false, cols...)
}

// Predict is the weighted median of the members' predictions.
func (a *AdaBoostRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return b.WeightedMedian(a.predictions(b, x), a.Weights.F64[:len(a.Estimators)])
}

// StagedPredict is the median of the first members, for each number of them.
func (a *AdaBoostRegressor) StagedPredict(b *graph.Builder, x graph.Value) graph.Value {
	p := a.predictions(b, x)
	stages, index := make([]graph.Value, len(a.Estimators)), make([]int, 0, len(a.Estimators))
	for i := range stages {
		index = append(index[:i:i], i)
		stages[i] = b.WeightedMedian(b.Gather(p, index), a.Weights.F64[:i+1])
	}
	return b.Stack(stages...)
}

var (
	_ sklearn.Decider              = (*AdaBoostClassifier)(nil)
	_ sklearn.ProbaPredictor       = (*AdaBoostClassifier)(nil)
	_ sklearn.LogProbaPredictor    = (*AdaBoostClassifier)(nil)
	_ sklearn.StagedDecider        = (*AdaBoostClassifier)(nil)
	_ sklearn.StagedPredictor      = (*AdaBoostClassifier)(nil)
	_ sklearn.StagedProbaPredictor = (*AdaBoostClassifier)(nil)
	_ sklearn.Classifier           = (*AdaBoostClassifier)(nil)
	_ sklearn.Predictor            = (*AdaBoostRegressor)(nil)
	_ sklearn.StagedPredictor      = (*AdaBoostRegressor)(nil)
	_ sklearn.Holder               = (*AdaBoostRegressor)(nil)
)
