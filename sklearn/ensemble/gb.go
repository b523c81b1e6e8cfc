package ensemble

import (
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var gbClasses = []sklearn.Class{
	gbClass("GradientBoostingClassifier", func() sklearn.Estimator { return new(GradientBoostingClassifier) }),
	gbClass("GradientBoostingRegressor", func() sklearn.Estimator { return new(GradientBoostingRegressor) }),
}

func gbClass(name string, make func() sklearn.Estimator) sklearn.Class {
	return sklearn.Class{
		Name: "sklearn.ensemble." + name, Modules: []string{"sklearn.ensemble._gb", "sklearn.ensemble.gradient_boosting"}, New: make,
		FitOnly: append([]string{"n_estimators", "loss", "subsample", "init", "alpha", "validation_fraction", "n_iter_no_change", "tol"}, treeParams...),
		Ignore: []string{"n_features", "loss_function", "train_score_", "oob_improvement_", "oob_scores_", "oob_score_", "_rng", "n_estimators_", "max_features_", "n_classes_",
			"_n_classes", "n_trees_per_iteration_"},
		Former: formerBoosting,
		Upgrade: []sklearn.Rung{
			{Before: "1.8", Fix: func(s *sklearn.State) error { s.Attrs.Set(pyobj.Str("(eps)"), pyobj.Str(EpsFloat32)); return nil }},
			{Before: "1.2", Fix: oldFeatures},
			{Before: "1.1", Fix: func(s *sklearn.State) error { s.Rename("loss_", "_loss"); return nil }},
		},
	}
}

// formerBoosting: until 0.18 boosted trees selected features, and regressors had decision functions.
func formerBoosting(e sklearn.Estimator, method string) func(*graph.Builder, graph.Value) graph.Value {
	if r, ok := e.(*GradientBoostingRegressor); ok && method == sklearn.MethodStagedDecision && r.Before("0.19") {
		return func(b *graph.Builder, x graph.Value) graph.Value {
			s := r.StagedPredict(b, x)
			if !s.OK() {
				return s
			}
			return b.Reshape(s, graph.N, s.Type().Shape[1], 1)
		}
	}
	return parts.FormerBoth(e, method)
}

// EpsRule says how far from 0 and 1 the first probabilities are kept.
type EpsRule string

// The rules.
const (
	EpsFloat64 EpsRule = ""
	EpsFloat32 EpsRule = "float32" // before 1.8
)

// gradientBoosting is sklearn.ensemble._gb.BaseGradientBoosting.
type gradientBoosting struct {
	sklearn.Base
	Estimators   stages     `sk:"estimators_"`
	Init         gbInit     `sk:"init_"`
	LearningRate float64    `sk:"learning_rate"`
	Loss         parts.Loss `sk:"_loss"`
	Eps          EpsRule    `sk:"(eps),optional"`

	k     int // trees of a stage
	trees *graph.Trees
}

// DescribeInput tells the thresholds of the first trees.
func (g *gradientBoosting) DescribeInput(in *sklearn.Input) *sklearn.Input {
	return parts.DescribeSplits(in, g.trees, false)
}

// stages is estimators_: trees by stage and class.
type stages struct {
	List []sklearn.Estimator
	K    int
}

// UnmarshalPy reads an object array of two dimensions.
func (s *stages) UnmarshalPy(bd *sklearn.Binder, path string, v pyobj.Value) error {
	a, ok := v.(*pyobj.Array)
	if !ok || len(a.Shape) != 2 || a.Shape[1] < 1 {
		return &sklearn.BindError{Path: path, Msg: sklearn.Describe(v) + ", wanted stages of trees"}
	}
	items, err := sklearn.Sequence(a)
	if err != nil {
		return &sklearn.BindError{Path: path, Msg: err.Error()}
	}
	s.K = a.Shape[1]
	for i, it := range items {
		e, err := bd.Bind(it, fmt.Sprintf("%s[%d]", path, i))
		if err != nil {
			return err
		}
		s.List = append(s.List, e)
	}
	return nil
}

// gbInit is init_: an estimator, "zero", or a constant.
type gbInit struct {
	Row       []float64 // raw scores
	Prior     []float64 // probabilities of classes
	Estimator sklearn.Estimator
}

// UnmarshalPy reads the estimator. Those of 0.20 and before had classes of their own.
func (g *gbInit) UnmarshalPy(bd *sklearn.Binder, path string, v pyobj.Value) error {
	if s, ok := pyobj.Text(v); ok && s == "zero" {
		g.Row = []float64{}
		return nil
	}
	o, ok := v.(*pyobj.Object)
	if !ok {
		return &sklearn.BindError{Path: path, Msg: sklearn.Describe(v) + ", wanted an estimator"}
	}
	attr := ""
	switch o.ClassName() {
	case "sklearn.ensemble.gradient_boosting.ZeroEstimator":
		g.Row = []float64{}
		return nil
	case "sklearn.ensemble.gradient_boosting.MeanEstimator":
		attr = "mean"
	case "sklearn.ensemble.gradient_boosting.QuantileEstimator":
		attr = "quantile"
	case "sklearn.ensemble.gradient_boosting.LogOddsEstimator", "sklearn.ensemble.gradient_boosting.ScaledLogOddsEstimator":
		attr = "prior"
	case "sklearn.ensemble.gradient_boosting.PriorProbabilityEstimator":
		attr = "priors"
	default:
		e, err := bd.Bind(v, path)
		g.Estimator = e
		if err == nil {
			g.fold(o)
		}
		return err
	}
	attrs, _ := o.Attrs()
	t, err := sklearn.Tensor(attrs.Get(attr))
	if err != nil || len(t.Shape) > 1 || t.AsF64() == nil {
		return &sklearn.BindError{Path: path, Attr: attr, Msg: sklearn.Describe(attrs.Get(attr)) + ", wanted numbers"}
	}
	g.Row = t.AsF64()
	return nil
}

// fold reads the constant of the usual dummies, which saves a row its computation.
func (g *gbInit) fold(o *pyobj.Object) {
	attrs, _ := o.Attrs()
	row := func(attr string) []float64 {
		t, err := sklearn.Tensor(attrs.Get(attr))
		if err != nil || t.DType != tensor.Float64 {
			return nil
		}
		return t.F64
	}
	switch sklearn.Of(g.Estimator).Class.Name {
	case "sklearn.dummy.DummyRegressor":
		g.Row = row("constant_")
	case "sklearn.dummy.DummyClassifier":
		strategy := attrs.Get("_strategy")
		if strategy == nil {
			strategy = attrs.Get("strategy")
		}
		if s, _ := pyobj.Text(strategy); s == "prior" {
			g.Prior = row("class_prior_")
		}
	}
}

func (g *gradientBoosting) bound() error {
	_, _, ts, err := trees(&g.Base, g.Estimators.List)
	if err != nil {
		return err
	}
	g.k, g.trees = g.Estimators.K, ts
	ts.Scale = g.LearningRate
	if ts.Values != 1 {
		return &sklearn.BindError{Path: g.Path, Attr: "estimators_", Msg: fmt.Sprintf("leaves of %d numbers", ts.Values)}
	}
	if (g.Loss.Link == parts.LinkMultinomial) != (g.k > 1) {
		return &sklearn.BindError{Path: g.Path, Attr: "estimators_", Msg: fmt.Sprintf("stages of %d trees do not fit the loss", g.k)}
	}
	if n := len(g.Init.Row); n > 0 && n != g.k {
		return &sklearn.BindError{Path: g.Path, Attr: "init_", Msg: fmt.Sprintf("%d numbers for stages of %d trees", n, g.k)}
	}
	return nil
}

// Inside returns the trees, and what they start from.
func (g *gradientBoosting) Inside() []sklearn.Estimator {
	if g.Init.Estimator == nil {
		return g.Estimators.List
	}
	return append(g.Estimators.List[:len(g.Estimators.List):len(g.Estimators.List)], g.Init.Estimator)
}

// check is validate_data: NaN is refused.
func (g *gradientBoosting) check(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Check(b, g, x, sklearn.Accept{DType: sklearn.DTypeFloat32, Sparse: true, Width: g.trees.Width})
}

// start gives the raw scores that the stages add to. The estimator behind them sees x as float32.
func (g *gradientBoosting) start(b *graph.Builder, x graph.Value) graph.Value {
	var raw graph.Value
	switch {
	case g.Init.Row != nil:
		v := make([]float64, g.k)
		copy(v, g.Init.Row)
		return b.Const(tensor.FromF64(v))
	case g.Init.Prior != nil && len(g.Init.Prior) == max(g.k, 2) && !g.Loss.Old:
		return b.Const(tensor.FromF64(g.prior()))
	case !g.Loss.Classifies():
		raw = b.Cast(sklearn.Predict(b, g.Init.Estimator, x), tensor.Float64)
	default:
		var p graph.Value
		if g.Init.Prior != nil {
			p = b.Const(tensor.FromF64(g.Init.Prior, 1, len(g.Init.Prior)))
		} else {
			p = sklearn.PredictProba(b, g.Init.Estimator, x)
		}
		raw = g.raw(b, p)
	}
	if !raw.OK() {
		return raw
	}
	if len(raw.Type().Shape) == 1 {
		raw = b.AsColumn(raw)
	}
	if !raw.Type().Batched() {
		raw = b.Reshape(raw, g.k)
	}
	return raw
}

// raw is the link of probabilities.
func (g *gradientBoosting) raw(b *graph.Builder, p graph.Value) graph.Value {
	if !p.OK() || p.IsTuple() {
		return b.Failf("", "init_ gives no matrix of probabilities")
	}
	want := max(g.k, 2)
	if p.Width() != want {
		return b.Failf("", "init_ gives %d probabilities where there are %d classes", p.Width(), want)
	}
	if g.k == 1 {
		p = b.Gather(p, []int{1})
	}
	eps := 0x1p-52
	if g.Eps == EpsFloat32 {
		eps = 0x1p-23
	}
	p = b.Clip(b.Cast(p, tensor.Float64), eps, 1-eps)
	odds := func() graph.Value { return b.Unary(graph.OpLog, b.Div(p, b.Sub(b.Scalar(1, p), p))) }
	switch {
	case g.Loss.Link == parts.LinkMultinomial && g.Loss.Old:
		return b.Unary(graph.OpLog, p)
	case g.Loss.Link == parts.LinkMultinomial:
		gm := b.Unary(graph.OpExp, b.Reduce(graph.OpReduceMean, b.Unary(graph.OpLog, p), 1, true, graph.Pairwise))
		return b.Unary(graph.OpLog, b.Div(p, gm))
	case g.Loss.Old && g.Loss.Link == parts.LinkLogit:
		return odds()
	case g.Loss.Old:
		return b.Mul(b.Scalar(0.5, p), odds())
	}
	// scipy.special.logit: near one half by log1p.
	s := b.Mul(b.Scalar(2, p), b.Sub(p, b.Scalar(0.5, p)))
	near := b.Sub(b.Unary(graph.OpLog1p, s), b.Unary(graph.OpLog1p, b.Unary(graph.OpNeg, s)))
	far := b.Binary(graph.OpOr, b.Binary(graph.OpLess, p, b.Scalar(0.3, p)), b.Binary(graph.OpGreater, p, b.Scalar(0.65, p)))
	raw := b.Where(far, odds(), near)
	if g.Loss.Link == parts.LinkHalfLogit {
		raw = b.Mul(raw, b.Scalar(0.5, raw))
	}
	return raw
}

// prior is raw for the constant probabilities of a DummyClassifier, rounded as the C library does: scores are compared by
// bits.
func (g *gradientBoosting) prior() []float64 {
	eps := 0x1p-52
	if g.Eps == EpsFloat32 {
		eps = 0x1p-23
	}
	p := make([]float64, len(g.Init.Prior))
	for i, v := range g.Init.Prior {
		p[i] = min(max(v, eps), 1-eps)
	}
	if g.Loss.Link == parts.LinkMultinomial {
		logs := make([]float64, len(p))
		for i, v := range p {
			logs[i] = parts.Log(v)
		}
		mean := parts.Exp(graph.PairwiseSum(logs) / float64(len(p)))
		for i, v := range p {
			p[i] = parts.Log(v / mean)
		}
		return p
	}
	v := p[1]
	odds := 0.0
	if v < 0.3 || v > 0.65 {
		odds = parts.Log(v / (1 - v))
	} else {
		s := 2 * (v - 0.5)
		odds = math.Log1p(s) - math.Log1p(-s) // the C library's algorithm, an ulp off where that is
	}
	if g.Loss.Link == parts.LinkHalfLogit {
		odds *= 0.5
	}
	return []float64{odds}
}

// score gives raw scores: [N,k], or [N,stages,k].
func (g *gradientBoosting) score(b *graph.Builder, x graph.Value, mode graph.TreeMode) graph.Value {
	x = g.check(b, x)
	return b.TreeEnsemble(x, graph.TreeEnsembleAttr{Trees: g.trees, Mode: mode, Outputs: g.k}, g.start(b, x))
}

// leaves is apply, as float64. The first tree checks the input.
func (g *gradientBoosting) leaves(b *graph.Builder, x graph.Value) graph.Value {
	t := g.Estimators.List[0].(parts.DecisionTree)
	x = sklearn.Check(b, t, x, sklearn.Accept{
		DType: sklearn.DTypeFloat32, Sparse: true, NaN: t.Missing() && !x.Type().Sparse(), Width: g.trees.Width,
	})
	return b.Cast(b.TreeEnsemble(x, graph.TreeEnsembleAttr{Trees: g.trees, Mode: graph.TreeLeaf, Outputs: g.k}), tensor.Float64)
}

// GradientBoostingClassifier is sklearn.ensemble.GradientBoostingClassifier.
type GradientBoostingClassifier struct {
	gradientBoosting
	Classes *tensor.Tensor `sk:"classes_,text"`
}

// Bound checks the stages.
func (g *GradientBoostingClassifier) Bound(*sklearn.Binder) error {
	if err := g.bound(); err != nil {
		return err
	}
	if !g.Loss.Classifies() || len(g.Classes.Shape) != 1 || g.Classes.Len() != max(2, g.k) {
		return &sklearn.BindError{Path: g.Path, Attr: "classes_", Msg: fmt.Sprintf("shape %v for stages of %d trees", g.Classes.Shape, g.k)}
	}
	return nil
}

// ClassLabels returns classes_.
func (g *GradientBoostingClassifier) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{g.Classes}
}

// DecisionFunction is the raw score, one-dimensional for two classes.
func (g *GradientBoostingClassifier) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	v := g.score(b, x, graph.TreeSum)
	if g.k == 1 {
		return b.Ravel(v)
	}
	return v
}

// Predict takes the second class from zero up, or the first of the largest scores; before 1.4 the first of the largest
// probabilities.
func (g *GradientBoostingClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return g.label(b, g.score(b, x, graph.TreeSum))
}

func (g *GradientBoostingClassifier) label(b *graph.Builder, raw graph.Value) graph.Value {
	if !raw.OK() {
		return raw
	}
	shape := raw.Type().Shape
	last := len(shape) - 1
	switch {
	case g.Loss.Old && g.Loss.Link != parts.LinkHalfLogit:
		return b.Labels(b.Reduce(graph.OpArgMax, g.Loss.Proba(b, raw, graph.Pairwise), last, false, graph.Any), g.Classes)
	case g.k == 1:
		raw = b.Reshape(raw, shape[:last]...)
		return b.Labels(b.Binary(graph.OpGreaterOrEqual, raw, b.Scalar(0, raw)), g.Classes)
	}
	return b.Labels(b.Reduce(graph.OpArgMax, raw, last, false, graph.Any), g.Classes)
}

// PredictProba is the loss's inverse link.
func (g *GradientBoostingClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return g.Loss.Proba(b, g.score(b, x, graph.TreeSum), graph.Pairwise)
}

// PredictLogProba is the logarithm of PredictProba.
func (g *GradientBoostingClassifier) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.LogProba(b, g, x)
}

// StagedDecisionFunction is the raw score after each stage, with a column also for two classes.
func (g *GradientBoostingClassifier) StagedDecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	return g.score(b, x, graph.TreeStaged)
}

// StagedPredict is Predict after each stage.
func (g *GradientBoostingClassifier) StagedPredict(b *graph.Builder, x graph.Value) graph.Value {
	return g.label(b, g.score(b, x, graph.TreeStaged))
}

// StagedPredictProba is PredictProba after each stage.
func (g *GradientBoostingClassifier) StagedPredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return g.Loss.Proba(b, g.score(b, x, graph.TreeStaged), graph.Pairwise)
}

// Apply gives the numbers of the leaves, by stage and class, as float64.
func (g *GradientBoostingClassifier) Apply(b *graph.Builder, x graph.Value) graph.Value {
	return b.Reshape(g.leaves(b, x), graph.N, len(g.trees.List)/g.k, g.k)
}

// GradientBoostingRegressor is sklearn.ensemble.GradientBoostingRegressor.
type GradientBoostingRegressor struct{ gradientBoosting }

// Bound checks the stages.
func (g *GradientBoostingRegressor) Bound(*sklearn.Binder) error {
	if err := g.bound(); err != nil {
		return err
	}
	if g.Loss.Classifies() || g.k != 1 {
		return &sklearn.BindError{Path: g.Path, Attr: "_loss", Msg: "is no loss of a regressor"}
	}
	return nil
}

// Predict is the raw score.
func (g *GradientBoostingRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return b.Ravel(g.score(b, x, graph.TreeSum))
}

// StagedPredict is Predict after each stage.
func (g *GradientBoostingRegressor) StagedPredict(b *graph.Builder, x graph.Value) graph.Value {
	return b.Reshape(g.score(b, x, graph.TreeStaged), graph.N, len(g.trees.List))
}

// Apply gives the numbers of the leaves as float64.
func (g *GradientBoostingRegressor) Apply(b *graph.Builder, x graph.Value) graph.Value {
	return g.leaves(b, x)
}

var (
	_ sklearn.Decider              = (*GradientBoostingClassifier)(nil)
	_ sklearn.ProbaPredictor       = (*GradientBoostingClassifier)(nil)
	_ sklearn.LogProbaPredictor    = (*GradientBoostingClassifier)(nil)
	_ sklearn.StagedDecider        = (*GradientBoostingClassifier)(nil)
	_ sklearn.StagedPredictor      = (*GradientBoostingClassifier)(nil)
	_ sklearn.StagedProbaPredictor = (*GradientBoostingClassifier)(nil)
	_ sklearn.Applier              = (*GradientBoostingClassifier)(nil)
	_ sklearn.Classifier           = (*GradientBoostingClassifier)(nil)
	_ sklearn.Predictor            = (*GradientBoostingRegressor)(nil)
	_ sklearn.Holder               = (*GradientBoostingRegressor)(nil)
)
