package featureselection

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
)

var fromModelClasses = []sklearn.Class{
	{Name: "sklearn.feature_selection.SelectFromModel",
		Modules: []string{"sklearn.feature_selection._from_model", "sklearn.feature_selection.from_model"},
		New:     func() sklearn.Estimator { return new(SelectFromModel) },
		Ignore:  []string{"threshold_"},
		Upgrade: []sklearn.Rung{
			{Before: "0.20", Fix: func(s *sklearn.State) error {
				s.Default("norm_order", pyobj.Int(1))
				return nil
			}},
			{Before: "0.24", Fix: func(s *sklearn.State) error {
				s.Default("importance_getter", pyobj.Str("auto"))
				return nil
			}},
			{Before: "1.7", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("rule_any"), pyobj.Bool(true))
				return nil
			}},
			{Before: "1.1.2", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("rule_lasso"), pyobj.Bool(true))
				return nil
			}},
			{Before: "1.8", Fix: func(s *sklearn.State) error {
				s.Attrs.Set(pyobj.Str("rule_penalty"), pyobj.Bool(true))
				return nil
			}}}},
}

// SelectFromModel is sklearn.feature_selection.SelectFromModel. The inner estimator is read only for its coefficients
// or feature importances.
type SelectFromModel struct {
	selector
	EstimatorParam        pyobj.Value `sk:"estimator"`
	Estimator             pyobj.Value `sk:"estimator_,optional"`
	ThresholdParam        pyobj.Value `sk:"threshold,optional"`
	PrefitParam           bool        `sk:"prefit"`
	ImportanceGetterParam pyobj.Value `sk:"importance_getter"`
	NormOrderParam        float64     `sk:"norm_order"`
	MaxFeaturesParam      pyobj.Value `sk:"max_features,optional"`
	MaxFeatures           *int        `sk:"max_features_,optional"`

	// RuleLasso: before 1.1.2 an ElasticNet with l1_ratio=1 did not count as penalised by l1.
	RuleLasso bool `sk:"rule_lasso,optional"`
	// RuleAny: before 1.7 every class with ElasticNet in its name did.
	RuleAny bool `sk:"rule_any,optional"`
	// RulePenalty: before 1.8 a logistic regression with l1_ratio=1 did not, unless its penalty was "l1".
	RulePenalty bool `sk:"rule_penalty,optional"`
}

// Bound computes the mask.
func (s *SelectFromModel) Bound(*sklearn.Binder) error {
	from := s.Estimator
	if from == nil {
		if from = s.EstimatorParam; !s.PrefitParam {
			return &sklearn.BindError{Path: s.Path, Attr: "estimator_", Msg: "attribute is missing"}
		}
	}
	o, ok := from.(*pyobj.Object)
	if !ok {
		return &sklearn.BindError{Path: s.Path, Attr: "estimator_", Msg: sklearn.Describe(from) + " is no estimator"}
	}
	getter, ok := sklearn.Text(s.ImportanceGetterParam)
	if !ok {
		return &sklearn.BindError{Path: s.Path, Attr: "importance_getter", Msg: sklearn.Describe(s.ImportanceGetterParam) + ": a model's own code is never run"}
	}
	weights, err := parts.Importances(o, getter)
	if err != nil {
		return &sklearn.BindError{Path: s.Path, Attr: "estimator_", Msg: err.Error()}
	}
	scores, err := parts.ColumnNorms(weights, s.NormOrderParam)
	if err != nil {
		return &sklearn.BindError{Path: s.Path, Attr: "norm_order", Msg: err.Error()}
	}
	threshold, err := s.threshold(o, scores)
	if err != nil {
		return err
	}
	mask := whole(len(scores), true)
	if s.MaxFeaturesParam != nil {
		n := 0
		if s.MaxFeatures != nil {
			n = *s.MaxFeatures
		} else if n, err = sklearn.Int(s.MaxFeaturesParam); err != nil {
			return &sklearn.BindError{Path: s.Path, Attr: "max_features", Msg: err.Error()}
		}
		order := make([]int, len(scores))
		for i := range order {
			order[i] = i
		}
		sort.SliceStable(order, func(a, b int) bool { return scores[order[a]] > scores[order[b]] })
		mask = whole(len(scores), false)
		for _, i := range order[:min(max(n, 0), len(order))] {
			mask[i] = true
		}
	}
	for i, v := range scores {
		if v < threshold {
			mask[i] = false
		}
	}
	if a, _ := o.Attrs(); a != nil && s.FeatureNamesIn == nil {
		if names, err := sklearn.Strings(a.Get("feature_names_in_")); err == nil && a.Get("feature_names_in_") != nil {
			s.FeatureNamesIn = names
		}
	}
	s.allowNaN = takesNaN(from)
	return s.choose(mask)
}

// threshold interprets the parameter.
func (s *SelectFromModel) threshold(o *pyobj.Object, scores []float64) (float64, error) {
	word, ok := sklearn.Text(s.ThresholdParam)
	if !ok && s.ThresholdParam != nil {
		f, err := sklearn.Float(s.ThresholdParam)
		if err != nil {
			return 0, &sklearn.BindError{Path: s.Path, Attr: "threshold", Msg: err.Error()}
		}
		return f, nil
	}
	if s.ThresholdParam == nil {
		if s.sparsePenalty(o) {
			return 1e-5, nil
		}
		if a, _ := o.Attrs(); s.RuleAny && !s.RuleLasso && a != nil && strings.Contains(pyobj.ShortName(o.ClassName()), "ElasticNet") {
			if ratios, err := sklearn.Sequence(a.Get("l1_ratio")); err == nil && len(ratios) > 1 {
				return 0, &sklearn.BindError{Path: s.Path, Attr: "threshold", Msg: "of several l1_ratio: before 1.7 the truth value of an array with more than one element is ambiguous"}
			}
		}
		word = "mean"
	}
	scale, name, product := strings.Cut(word, "*")
	factor := 1.0
	if product {
		var err error
		if factor, err = strconv.ParseFloat(strings.TrimSpace(scale), 64); err != nil {
			return 0, &sklearn.BindError{Path: s.Path, Attr: "threshold", Msg: fmt.Sprintf("%q is not known", word)}
		}
		name = strings.TrimSpace(name)
	} else {
		name = word
	}
	ref := 0.0
	switch name {
	case "mean":
		ref = graph.PairwiseSum(scores) / float64(len(scores))
	case "median":
		ref = median(scores)
	default:
		return 0, &sklearn.BindError{Path: s.Path, Attr: "threshold", Msg: fmt.Sprintf("Expected threshold='mean' or threshold='median' got %s", word)}
	}
	if product {
		return factor * ref, nil
	}
	return ref, nil
}

// sparsePenalty reports an estimator whose penalty makes coefficients zero.
func (s *SelectFromModel) sparsePenalty(o *pyobj.Object) bool {
	a, _ := o.Attrs()
	name := pyobj.ShortName(o.ClassName())
	if p, ok := sklearn.Text(a.Get("penalty")); ok && p == "l1" || strings.Contains(name, "Lasso") {
		return true
	}
	one := func(attr string) bool {
		v := a.Get(attr)
		if v == nil {
			return false
		}
		items, err := sklearn.Sequence(v)
		if err != nil {
			items = []pyobj.Value{v}
		}
		for _, it := range items {
			if f, err := sklearn.Float(it); err != nil || math.Abs(f-1) > 1e-8+1e-5 {
				return false
			}
		}
		return true
	}
	if s.RuleAny && strings.Contains(name, "ElasticNet") {
		return !s.RuleLasso && (one("l1_ratio_") || one("l1_ratio"))
	}
	switch name {
	case "ElasticNet":
		return !s.RuleLasso && one("l1_ratio")
	case "ElasticNetCV":
		return !s.RuleLasso && one("l1_ratio_")
	case "LogisticRegression":
		return !s.RulePenalty && one("l1_ratio")
	case "LogisticRegressionCV":
		return !s.RulePenalty && one("l1_ratio_")
	}
	return false
}

func median(s []float64) float64 {
	s = slices.Sorted(slices.Values(s))
	n := len(s)
	switch {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}
