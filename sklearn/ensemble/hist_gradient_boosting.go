package ensemble

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var histClasses = []sklearn.Class{
	histClass("HistGradientBoostingClassifier", func() sklearn.Estimator { return new(HistGradientBoostingClassifier) }),
	histClass("HistGradientBoostingRegressor", func() sklearn.Estimator { return new(HistGradientBoostingRegressor) }),
}

func histClass(name string, make func() sklearn.Estimator) sklearn.Class {
	return sklearn.Class{
		Name: "sklearn.ensemble." + name, Modules: []string{"sklearn.ensemble._hist_gradient_boosting.gradient_boosting"}, New: make,
		FitOnly: []string{"loss", "learning_rate", "max_iter", "max_leaf_nodes", "max_depth", "min_samples_leaf", "l2_regularization",
			"max_features", "max_bins", "monotonic_cst", "interaction_cst", "categorical_features", "early_stopping", "scoring",
			"validation_fraction", "n_iter_no_change", "tol", "random_state", "class_weight", "quantile"},
		Ignore: []string{"is_categorical_", "_is_categorical_remapped", "_label_encoder", "_random_seed", "_feature_subsample_rng",
			"do_early_stopping_", "_use_validation_data", "_scorer", "train_score_", "validation_score_", "_in_fit",
			"_fitted_with_sw", "n_trees_per_iteration_", "_n_features",
			"_raw_predict"}, // the method itself, which a scorer of early stopping leaves among the attributes
		Upgrade: []sklearn.Rung{
			{Before: "0.24", Fix: func(s *sklearn.State) error {
				s.Rename("bin_mapper_", "_bin_mapper")
				s.Rename("loss_", "_loss")
				s.Drop("scorer_")
				return oldFeatures(s)
			}},
			// NaN came in 0.22.
			{Before: "0.22", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("(missing)"), pyobj.Str(MissingRefused))
				return nil
			}},
			// Until 1.4 predict took the first of the largest probabilities.
			{Before: "1.5", Fix: func(s *sklearn.State) error { s.Attrs.Set(pyobj.Str("(predict)"), pyobj.Str(LabelByProba)); return nil }},
		},
	}
}

// LabelRule says what the label comes from.
type LabelRule string

// The rules.
const (
	LabelByScore LabelRule = ""
	LabelByProba LabelRule = "proba"
)

// histGradientBoosting is sklearn.ensemble._hist_gradient_boosting.gradient_boosting.BaseHistGradientBoosting.
type histGradientBoosting struct {
	sklearn.Base
	Predictors   []predictorStage  `sk:"_predictors"`
	Baseline     *tensor.Tensor    `sk:"_baseline_prediction"`
	Loss         parts.Loss        `sk:"_loss"`
	BinMapper    binMapper         `sk:"_bin_mapper"`
	Preprocessor sklearn.Estimator `sk:"_preprocessor,optional"`
	Label        LabelRule         `sk:"(predict),optional"`
	Nan          MissingRule       `sk:"(missing),optional"`

	k     int
	trees *graph.Trees
}

// DescribeInput tells the thresholds of the first trees; columns of categories are told by what encodes them.
func (h *histGradientBoosting) DescribeInput(in *sklearn.Input) *sklearn.Input {
	if h.Preprocessor == nil {
		return parts.DescribeSplits(in, h.trees, true)
	}
	sklearn.DescribeInput(h.Preprocessor, in)
	for _, c := range in.Columns {
		c.Missing = true
	}
	return nil
}

// predictorStage is the trees of one iteration.
type predictorStage struct{ Trees []*parts.TreePredictor }

// UnmarshalPy reads the list.
func (s *predictorStage) UnmarshalPy(bd *sklearn.Binder, path string, v pyobj.Value) error {
	items, err := sklearn.Sequence(v)
	if err != nil {
		return &sklearn.BindError{Path: path, Msg: err.Error()}
	}
	for i, it := range items {
		t := new(parts.TreePredictor)
		if err := t.UnmarshalPy(bd, fmt.Sprintf("%s[%d]", path, i), it); err != nil {
			return err
		}
		s.Trees = append(s.Trees, t)
	}
	return nil
}

// binMapper is sklearn.ensemble._hist_gradient_boosting.binning._BinMapper: of it, prediction reads the categories.
type binMapper struct{ known []*[8]uint32 }

// UnmarshalPy reads the categories met in fitting, by column.
func (m *binMapper) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	o, ok := v.(*pyobj.Object)
	if !ok || pyobj.ShortName(o.ClassName()) != "_BinMapper" {
		return &sklearn.BindError{Path: path, Msg: sklearn.Describe(v) + ", wanted a _BinMapper"}
	}
	attrs, ok := o.Attrs()
	if !ok || attrs == nil || attrs.Get("is_categorical_") == nil {
		return nil // before 0.24
	}
	is, err := sklearn.Tensor(attrs.Get("is_categorical_"))
	if err != nil || len(is.Shape) != 1 {
		return &sklearn.BindError{Path: path, Attr: "is_categorical_", Msg: sklearn.Describe(attrs.Get("is_categorical_")) + ", wanted flags"}
	}
	cats, err := sklearn.Sequence(attrs.Get("bin_thresholds_"))
	if err != nil || len(cats) != is.Len() {
		return &sklearn.BindError{Path: path, Attr: "bin_thresholds_", Msg: "does not fit is_categorical_"}
	}
	for i, c := range cats {
		if f, ok := is.Float(i); !ok || f == 0 {
			continue
		}
		if m.known == nil {
			m.known = make([]*[8]uint32, len(cats))
		}
		t, err := sklearn.Tensor(c)
		if err != nil {
			return &sklearn.BindError{Path: path, Attr: "bin_thresholds_", Msg: err.Error()}
		}
		set := new([8]uint32)
		for _, v := range t.AsF64() {
			if !(v >= 0 && v < 256) {
				return &sklearn.BindError{Path: path, Attr: "bin_thresholds_", Msg: fmt.Sprintf("category %v is no code", v)}
			}
			set[int(v)>>5] |= 1 << (int(v) & 31)
		}
		m.known[i] = set
	}
	return nil
}

func (h *histGradientBoosting) bound() error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: h.Path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	h.k = h.Baseline.Len()
	base := h.Baseline.AsF64()
	// 0.21 took the loss of several classes for two, of which it has one column.
	single := h.k == 1 && h.Loss.Link == parts.LinkMultinomial && h.Before("0.22")
	if base == nil || h.k == 0 || (h.Loss.Link == parts.LinkMultinomial) != (h.k > 1) && !single {
		return bad("_baseline_prediction", "%s%v does not fit the loss", h.Baseline.DType, h.Baseline.Shape)
	}
	if h.Baseline.DType != tensor.Float64 {
		return bad("_baseline_prediction", "is %s", h.Baseline.DType)
	}
	h.Baseline = tensor.FromF64(base)
	width := h.NFeaturesIn
	if width == 0 {
		return bad("n_features_in_", "attribute is missing")
	}
	h.trees = &graph.Trees{Width: width, Values: 1, Float64: true, Scale: 1, Mapped: true, Known: h.BinMapper.known}
	for i, s := range h.Predictors {
		if len(s.Trees) != h.k {
			return bad("_predictors", "%d trees in iteration %d where there are %d", len(s.Trees), i, h.k)
		}
		for _, t := range s.Trees {
			t.Inputs = width
			h.trees.List = append(h.trees.List, t.Tree)
			h.trees.Mapped = h.trees.Mapped && t.Mapped
		}
	}
	return nil
}

// Inside returns the transformer of categories.
func (h *histGradientBoosting) Inside() []sklearn.Estimator {
	if h.Preprocessor == nil {
		return nil
	}
	return []sklearn.Estimator{h.Preprocessor}
}

// score gives raw scores: [N,k], or [N,iterations,k].
func (h *histGradientBoosting) score(b *graph.Builder, x graph.Value, mode graph.TreeMode) graph.Value {
	if h.Preprocessor != nil {
		x = b.Cast(b.ToDense(sklearn.Transform(b, h.Preprocessor, x)), tensor.Float64)
	} else {
		x = sklearn.Check(b, h, x, sklearn.Accept{DType: sklearn.DTypeFloat64, NaN: h.Nan != MissingRefused, Inf: h.Nan != MissingRefused})
	}
	if len(h.trees.List) == 0 {
		return b.Failf(graph.OpTreeEnsemble, "no iterations")
	}
	return b.TreeEnsemble(x, graph.TreeEnsembleAttr{Trees: h.trees, Mode: mode, Outputs: h.k}, b.Const(h.Baseline))
}

// flat drops the column of a single score.
func (h *histGradientBoosting) flat(b *graph.Builder, raw graph.Value) graph.Value {
	if !raw.OK() || h.k > 1 {
		return raw
	}
	shape := raw.Type().Shape
	return b.Reshape(raw, shape[:len(shape)-1]...)
}

// HistGradientBoostingClassifier is sklearn.ensemble.HistGradientBoostingClassifier.
type HistGradientBoostingClassifier struct {
	histGradientBoosting
	Classes *tensor.Tensor `sk:"classes_,text"`
}

// Bound checks the iterations.
func (h *HistGradientBoostingClassifier) Bound(*sklearn.Binder) error {
	if err := h.bound(); err != nil {
		return err
	}
	if n := h.Classes.Len(); !h.Loss.Classifies() || len(h.Classes.Shape) != 1 || n != max(2, h.k) && !(n == 1 && h.k == 1) {
		return &sklearn.BindError{Path: h.Path, Attr: "classes_", Msg: fmt.Sprintf("shape %v for iterations of %d trees", h.Classes.Shape, h.k)}
	}
	return nil
}

// ClassLabels returns classes_.
func (h *HistGradientBoostingClassifier) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{h.Classes}
}

func (h *HistGradientBoostingClassifier) label(b *graph.Builder, raw graph.Value) graph.Value {
	if !raw.OK() {
		return raw
	}
	last := len(raw.Type().Shape) - 1
	if h.Label == LabelByProba {
		raw = h.Loss.Proba(b, raw, graph.Columns)
	} else if h.k == 1 {
		raw = h.flat(b, raw)
		return b.Labels(b.Binary(graph.OpGreater, raw, b.Scalar(0, raw)), h.Classes)
	}
	return b.Labels(b.Reduce(graph.OpArgMax, raw, last, false, graph.Any), h.Classes)
}

// DecisionFunction is the raw score, one-dimensional for two classes.
func (h *HistGradientBoostingClassifier) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	return h.flat(b, h.score(b, x, graph.TreeSum))
}

// Predict takes the second class above zero, or the first of the largest scores.
func (h *HistGradientBoostingClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return h.label(b, h.score(b, x, graph.TreeSum))
}

// PredictProba is the loss's inverse link.
func (h *HistGradientBoostingClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return h.Loss.Proba(b, h.score(b, x, graph.TreeSum), graph.Columns)
}

// StagedDecisionFunction is DecisionFunction after each iteration.
func (h *HistGradientBoostingClassifier) StagedDecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	return h.flat(b, h.score(b, x, graph.TreeStaged))
}

// StagedPredict is Predict after each iteration.
func (h *HistGradientBoostingClassifier) StagedPredict(b *graph.Builder, x graph.Value) graph.Value {
	return h.label(b, h.score(b, x, graph.TreeStaged))
}

// StagedPredictProba is PredictProba after each iteration.
func (h *HistGradientBoostingClassifier) StagedPredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return h.Loss.Proba(b, h.score(b, x, graph.TreeStaged), graph.Columns)
}

// HistGradientBoostingRegressor is sklearn.ensemble.HistGradientBoostingRegressor.
type HistGradientBoostingRegressor struct{ histGradientBoosting }

// Bound checks the iterations.
func (h *HistGradientBoostingRegressor) Bound(*sklearn.Binder) error {
	if err := h.bound(); err != nil {
		return err
	}
	if h.Loss.Classifies() || h.k != 1 {
		return &sklearn.BindError{Path: h.Path, Attr: "_loss", Msg: "is no loss of a regressor"}
	}
	return nil
}

// Predict is the loss's inverse link.
func (h *HistGradientBoostingRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return h.Loss.Inverse(b, h.flat(b, h.score(b, x, graph.TreeSum)))
}

// StagedPredict is Predict after each iteration.
func (h *HistGradientBoostingRegressor) StagedPredict(b *graph.Builder, x graph.Value) graph.Value {
	return h.Loss.Inverse(b, h.flat(b, h.score(b, x, graph.TreeStaged)))
}

var (
	_ sklearn.Decider              = (*HistGradientBoostingClassifier)(nil)
	_ sklearn.ProbaPredictor       = (*HistGradientBoostingClassifier)(nil)
	_ sklearn.StagedDecider        = (*HistGradientBoostingClassifier)(nil)
	_ sklearn.StagedPredictor      = (*HistGradientBoostingClassifier)(nil)
	_ sklearn.StagedProbaPredictor = (*HistGradientBoostingClassifier)(nil)
	_ sklearn.Classifier           = (*HistGradientBoostingClassifier)(nil)
	_ sklearn.Holder               = (*HistGradientBoostingClassifier)(nil)
	_ sklearn.Predictor            = (*HistGradientBoostingRegressor)(nil)
)
