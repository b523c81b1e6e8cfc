package svm

import (
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var (
	liblinearParams = []string{"dual", "tol", "C", "multi_class", "fit_intercept", "intercept_scaling", "class_weight", "random_state", "max_iter",
		"penalty", "loss", "epsilon", "_enc"}
	liblinearState = []string{"n_iter_", "raw_coef_", "class_weight_"}

	liblinearClasses = []sklearn.Class{
		{Name: "sklearn.svm.LinearSVC", Modules: modules, New: func() sklearn.Estimator { return new(LinearSVC) }, FitOnly: liblinearParams, Ignore: liblinearState, Former: parts.FormerSelect,
			Upgrade: []sklearn.Rung{parts.EncoderClassesRung}},
		{Name: "sklearn.svm.LinearSVR", Modules: modules, New: func() sklearn.Estimator { return new(LinearSVR) }, FitOnly: liblinearParams, Ignore: liblinearState, Former: parts.FormerDecision},
	}

	libsvmParams = []string{"gamma", "tol", "C", "nu", "epsilon", "shrinking", "cache_size", "class_weight", "max_iter", "random_state"}
	libsvmState  = []string{"_impl", "class_weight_", "dual_coef_", "intercept_", "fit_status_", "_num_iter", "n_iter_", "_effective_probability"}
	// What classifiers read and the others do not.
	sumState = append([]string{"_n_support", "_probA", "_probB", "probability"}, libsvmState...)

	libsvmClasses = []sklearn.Class{
		libsvm(sklearn.Class{Name: "sklearn.svm.SVC", New: func() sklearn.Estimator { return new(SVC) }, Ignore: libsvmState}, classifierRungs),
		libsvm(sklearn.Class{Name: "sklearn.svm.NuSVC", New: func() sklearn.Estimator { return new(NuSVC) }, Ignore: libsvmState}, classifierRungs),
		libsvm(sklearn.Class{Name: "sklearn.svm.SVR", New: func() sklearn.Estimator { return new(SVR) }, Ignore: sumState, Former: parts.FormerColumn}, nil),
		libsvm(sklearn.Class{Name: "sklearn.svm.NuSVR", New: func() sklearn.Estimator { return new(NuSVR) }, Ignore: sumState, Former: parts.FormerColumn}, nil),
		libsvm(sklearn.Class{Name: "sklearn.svm.OneClassSVM", New: func() sklearn.Estimator { return new(OneClassSVM) }, Ignore: sumState}, oneClassRungs),
	}
)

func libsvm(c sklearn.Class, rungs []sklearn.Rung) sklearn.Class {
	c.Modules, c.FitOnly = modules, libsvmParams
	c.Upgrade = append(slices.Clone(rungs),
		sklearn.Rung{Before: "0.22", Fix: func(s *sklearn.State) error { s.Rename("n_support_", "_n_support"); return nil }},
		sklearn.Rung{Before: "0.23", Fix: func(s *sklearn.State) error {
			s.Rename("probA_", "_probA")
			s.Rename("probB_", "_probB")
			return nil
		}},
	)
	return c
}

var (
	classifierRungs = []sklearn.Rung{
		{Before: "0.21", Fix: func(s *sklearn.State) error {
			rule := parts.OvrByBatch
			if sklearn.Older(s.Version, "0.18.1") {
				rule = parts.OvrAgainst
			}
			s.Attrs.Set(pyobj.Str("(ovr)"), pyobj.Str(rule))
			return nil
		}},
		{Before: "0.22", Fix: func(s *sklearn.State) error { s.Default("break_ties", pyobj.Bool(false)); return nil }},
	}
	oneClassRungs = []sklearn.Rung{{Before: "0.20", Fix: func(s *sklearn.State) error {
		s.Attrs.Set(pyobj.Str("(column)"), pyobj.Bool(true))
		return nil
	}}}
)

// LinearSVC is sklearn.svm.LinearSVC.
type LinearSVC struct{ parts.LinearClassifierMixin }

// LinearSVR is sklearn.svm.LinearSVR.
type LinearSVR struct{ parts.LinearModel }

// SVC is sklearn.svm.SVC.
type SVC struct{ BaseSVC }

// NuSVC is sklearn.svm.NuSVC.
type NuSVC struct{ BaseSVC }

// SVR is sklearn.svm.SVR.
type SVR struct{ sumSVM }

// NuSVR is sklearn.svm.NuSVR.
type NuSVR struct{ sumSVM }

// sumSVM is a machine without classes.
type sumSVM struct{ BaseLibSVM }

// Bound checks the state.
func (s *sumSVM) Bound(*sklearn.Binder) error { return s.bound(nil) }

// Predict is the decision value.
func (s *sumSVM) Predict(b *graph.Builder, x graph.Value) graph.Value { return s.decision(b, x) }

// OneClassSVM is sklearn.svm.OneClassSVM.
type OneClassSVM struct {
	BaseLibSVM
	Offset *parts.Number `sk:"offset_,optional"`
	Column bool          `sk:"(column),optional"` // before 0.20 decisions are a column and score_samples is not there
}

var (
	_ sklearn.Predictor    = (*SVR)(nil)
	_ sklearn.Predictor    = (*LinearSVR)(nil)
	_ sklearn.Classifier   = (*LinearSVC)(nil)
	_ sklearn.Decider      = (*LinearSVC)(nil)
	_ sklearn.Predictor    = (*OneClassSVM)(nil)
	_ sklearn.Decider      = (*OneClassSVM)(nil)
	_ sklearn.ScoreSampler = (*OneClassSVM)(nil)
	_ sklearn.Availabler   = (*OneClassSVM)(nil)
)

// Bound checks the state.
func (o *OneClassSVM) Bound(*sklearn.Binder) error {
	if o.Offset != nil && o.Offset.Tensor.Len() != 1 {
		return &sklearn.BindError{Path: o.Path, Attr: "offset_", Msg: "not one number"}
	}
	return o.bound(nil)
}

// Available knows that score_samples came with offset_.
func (o *OneClassSVM) Available(method string) error {
	if method == sklearn.MethodScoreSamples && o.Offset == nil {
		return errNoOffset
	}
	return nil
}

// DecisionFunction is the decision value.
func (o *OneClassSVM) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	d := o.decision(b, x)
	if o.Column {
		d = b.AsColumn(d)
	}
	return d
}

// ScoreSamples is the decision value plus offset_.
func (o *OneClassSVM) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	d := o.decision(b, x)
	return b.Add(d, o.Offset.Value(b, d))
}

// Predict is 1 strictly above zero, else -1.
func (o *OneClassSVM) Predict(b *graph.Builder, x graph.Value) graph.Value {
	d := o.decision(b, x)
	return parts.Inlier(b, b.Binary(graph.OpGreater, d, b.Scalar(0, d)), tensor.Int64)
}
