package featureselection

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var univariateModules = []string{"sklearn.feature_selection._univariate_selection", "sklearn.feature_selection.univariate_selection"}

func univariate(name string, create func() sklearn.Estimator) sklearn.Class {
	return sklearn.Class{Name: "sklearn.feature_selection." + name, Modules: univariateModules, New: create, FitOnly: []string{"score_func"},
		Upgrade: []sklearn.Rung{{Before: "0.20", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("rule_scipy"), pyobj.Bool(true))
			return nil
		}}, {Before: "0.18.1", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("rule_ranks_from_zero"), pyobj.Bool(true))
			return nil
		}}}}
}

var univariateClasses = []sklearn.Class{
	univariate("SelectKBest", func() sklearn.Estimator { return new(SelectKBest) }),
	univariate("SelectPercentile", func() sklearn.Estimator { return new(SelectPercentile) }),
	univariate("SelectFpr", func() sklearn.Estimator { return new(SelectFpr) }),
	univariate("SelectFdr", func() sklearn.Estimator { return new(SelectFdr) }),
	univariate("SelectFwe", func() sklearn.Estimator { return new(SelectFwe) }),
	univariate("GenericUnivariateSelect", func() sklearn.Estimator { return new(GenericUnivariateSelect) }),
}

// filter holds the scores of columns.
type filter struct {
	selector
	Scores  *tensor.Tensor `sk:"scores_,optional"`
	PValues *tensor.Tensor `sk:"pvalues_,optional"`

	// RuleScipy: before 0.20 the percentile was scipy's.
	RuleScipy bool `sk:"rule_scipy,optional"`
	// RuleRanksFromZero: before 0.18.1 the false discovery rate was held against ranks from 0 on, since then from 1 on.
	RuleRanksFromZero bool `sk:"rule_ranks_from_zero,optional"`
}

// vector gives a fitted vector as float64s.
func (f *filter) vector(name string, t *tensor.Tensor) ([]float64, error) {
	if t == nil || len(t.Shape) != 1 || t.AsF64() == nil {
		return nil, &sklearn.BindError{Path: f.Path, Attr: name, Msg: "no vector of numbers"}
	}
	return t.AsF64(), nil
}

// clean replaces NaN by the smallest number of the scores' type.
func (f *filter) clean() ([]float64, error) {
	s, err := f.vector("scores_", f.Scores)
	if err != nil {
		return nil, err
	}
	least := -math.MaxFloat64
	if f.Scores.DType == tensor.Float32 {
		least = -math.MaxFloat32
	}
	s = slices.Clone(s)
	for i, v := range s {
		if v != v {
			s[i] = least
		}
	}
	return s, nil
}

func whole(n int, on bool) []bool {
	mask := make([]bool, n)
	for i := range mask {
		mask[i] = on
	}
	return mask
}

// best marks the k highest scores, of equals the later ones; k < 0 marks all.
func (f *filter) best(k int) ([]bool, error) {
	s, err := f.clean()
	if err != nil {
		return nil, err
	}
	if k < 0 {
		return whole(len(s), true), nil
	}
	order := make([]int, len(s))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return s[order[a]] < s[order[b]] })
	mask := make([]bool, len(s))
	for _, i := range order[max(len(s)-k, 0):] {
		mask[i] = true
	}
	return mask, nil
}

// percentile marks the scores above a percentile and, of those that equal it, the first that fit.
func (f *filter) percentile(p float64) ([]bool, error) {
	s, err := f.clean()
	if err != nil || p == 100 || p == 0 || len(s) == 0 {
		return whole(len(s), p == 100), err
	}
	if f.RuleScipy {
		return above(s, p, scipyPercentile(s, 100-p)), nil
	}
	mask := above(s, p, percentile(s, 100-p))
	if f.Numpy != 2 && !slices.Equal(mask, above(s, p, percentileBefore(s, 100-p))) {
		return nil, &sklearn.BindError{Path: f.Path, Attr: "scores_", Msg: "scores tie at the percentile, which numpy before 1.20 rounds otherwise than since: the columns depend on a release that the file does not tell"}
	}
	return mask, nil
}

// above is percentile for its threshold.
func above(s []float64, p, threshold float64) []bool {
	mask := make([]bool, len(s))
	left := int(float64(len(s)) * p / 100)
	for i, v := range s {
		if mask[i] = v > threshold; mask[i] {
			left--
		}
	}
	// numpy's ties[:left] counts from the end where left is negative
	var ties []int
	for i, v := range s {
		if v == threshold {
			ties = append(ties, i)
		}
	}
	if left < 0 {
		left = max(len(ties)+left, 0)
	}
	for _, i := range ties[:min(left, len(ties))] {
		mask[i] = true
	}
	return mask
}

// around returns the sorted values on both sides of a percentile and how far it is from the lower one.
func around(s []float64, q float64) (a, b, t float64) {
	s = slices.Sorted(slices.Values(s))
	at := float64(len(s)-1) * (q / 100)
	lo := math.Floor(at)
	i := min(max(int(lo), 0), len(s)-1)
	return s[i], s[min(i+1, len(s)-1)], at - lo
}

// percentile is numpy.percentile with linear interpolation, since 1.20.
func percentile(s []float64, q float64) float64 {
	a, b, t := around(s, q)
	d := b - a
	if t >= 0.5 {
		return b - float64(d*(1-t))
	}
	return a + float64(d*t)
}

// percentileBefore is numpy.percentile before 1.20: of equal values it may give one that is none of them.
func percentileBefore(s []float64, q float64) float64 {
	a, b, t := around(s, q)
	return float64(a*(1-t)) + float64(b*t)
}

// scipyPercentile is scipy.stats.scoreatpercentile.
func scipyPercentile(s []float64, q float64) float64 {
	a, b, t := around(s, q)
	if t == 0 {
		return a
	}
	return (float64(a*(1-t)) + float64(b*t)) / (1 - t + t)
}

// below marks p-values below alpha divided by n.
func (f *filter) below(alpha float64, family bool) ([]bool, error) {
	p, err := f.vector("pvalues_", f.PValues)
	if err != nil {
		return nil, err
	}
	if family {
		alpha /= float64(len(p))
	}
	mask := make([]bool, len(p))
	for i, v := range p {
		mask[i] = v < alpha
	}
	return mask, nil
}

// discovery is the procedure of Benjamini and Hochberg.
func (f *filter) discovery(alpha float64) ([]bool, error) {
	p, err := f.vector("pvalues_", f.PValues)
	if err != nil {
		return nil, err
	}
	n := len(p)
	sorted := slices.Clone(p)
	sort.SliceStable(sorted, func(a, b int) bool {
		return sorted[a] < sorted[b] || sorted[a] == sorted[a] && sorted[b] != sorted[b]
	})
	top, found, first := 0.0, false, 1
	if f.RuleRanksFromZero {
		first = 0
	}
	for i, v := range sorted {
		if v <= float64(alpha/float64(n))*float64(i+first) {
			top, found = v, true
		}
	}
	mask := make([]bool, n)
	for i, v := range p {
		mask[i] = found && v <= top
	}
	return mask, nil
}

func (f *filter) set(mask []bool, err error) error {
	if err != nil {
		return err
	}
	return f.choose(mask)
}

// SelectKBest is sklearn.feature_selection.SelectKBest.
type SelectKBest struct {
	filter
	KParam pyobj.Value `sk:"k"`
}

// Bound marks the columns.
func (s *SelectKBest) Bound(*sklearn.Binder) error {
	k, err := count(s.Path, "k", s.KParam)
	if err != nil {
		return err
	}
	return s.set(s.best(k))
}

// count reads a number of columns, -1 for "all".
func count(path, attr string, v pyobj.Value) (int, error) {
	if s, ok := sklearn.Text(v); ok && s == "all" {
		return -1, nil
	}
	k, err := sklearn.Int(v)
	if err != nil || k < 0 {
		return 0, &sklearn.BindError{Path: path, Attr: attr, Msg: sklearn.Describe(v) + ", wanted a count or \"all\""}
	}
	return k, nil
}

// SelectPercentile is sklearn.feature_selection.SelectPercentile.
type SelectPercentile struct {
	filter
	PercentileParam float64 `sk:"percentile"`
}

// Bound marks the columns.
func (s *SelectPercentile) Bound(*sklearn.Binder) error {
	return s.set(s.percentile(s.PercentileParam))
}

// SelectFpr is sklearn.feature_selection.SelectFpr.
type SelectFpr struct {
	filter
	AlphaParam float64 `sk:"alpha"`
}

// Bound marks the columns.
func (s *SelectFpr) Bound(*sklearn.Binder) error { return s.set(s.below(s.AlphaParam, false)) }

// SelectFdr is sklearn.feature_selection.SelectFdr.
type SelectFdr struct {
	filter
	AlphaParam float64 `sk:"alpha"`
}

// Bound marks the columns.
func (s *SelectFdr) Bound(*sklearn.Binder) error { return s.set(s.discovery(s.AlphaParam)) }

// SelectFwe is sklearn.feature_selection.SelectFwe.
type SelectFwe struct {
	filter
	AlphaParam float64 `sk:"alpha"`
}

// Bound marks the columns.
func (s *SelectFwe) Bound(*sklearn.Binder) error { return s.set(s.below(s.AlphaParam, true)) }

// GenericUnivariateSelect is sklearn.feature_selection.GenericUnivariateSelect.
type GenericUnivariateSelect struct {
	filter
	ModeParam  string      `sk:"mode"`
	ParamParam pyobj.Value `sk:"param"`
}

// Bound marks the columns as the selector that mode names.
func (s *GenericUnivariateSelect) Bound(*sklearn.Binder) error {
	if s.ModeParam == "k_best" {
		k, err := count(s.Path, "param", s.ParamParam)
		if err != nil {
			return err
		}
		return s.set(s.best(k))
	}
	p, err := sklearn.Float(s.ParamParam)
	if err != nil {
		return &sklearn.BindError{Path: s.Path, Attr: "param", Msg: err.Error()}
	}
	switch s.ModeParam {
	case "percentile":
		return s.set(s.percentile(p))
	case "fpr":
		return s.set(s.below(p, false))
	case "fdr":
		return s.set(s.discovery(p))
	case "fwe":
		return s.set(s.below(p, true))
	}
	return &sklearn.BindError{Path: s.Path, Attr: "mode", Msg: fmt.Sprintf("%q is not known", s.ModeParam)}
}
