package ensemble

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var votingClasses = []sklearn.Class{
	{
		Name: "sklearn.ensemble.VotingClassifier", Modules: votingModules, New: func() sklearn.Estimator { return new(VotingClassifier) },
		Ignore: []string{"named_estimators_", "named_estimators", "le_"},
		Upgrade: []sklearn.Rung{{Before: "0.21", Fix: func(s *sklearn.State) error {
			// None warned and did not flatten.
			if _, none := s.Attrs.Get("flatten_transform").(pyobj.None); none {
				s.Attrs.Set(pyobj.Str("flatten_transform"), pyobj.Bool(false))
			}
			return nil
		}}},
	},
	{
		Name: "sklearn.ensemble.VotingRegressor", Modules: votingModules, New: func() sklearn.Estimator { return new(VotingRegressor) },
		Ignore: []string{"named_estimators_"},
	},
}

var votingModules = []string{"sklearn.ensemble._voting", "sklearn.ensemble.voting", "sklearn.ensemble.voting_classifier"}

// named is the estimators parameter: of its unfitted members only the names count, and which are dropped.
type named struct {
	names []string
	drop  []bool
}

// UnmarshalPy reads a list of (name, estimator) pairs; a dropped member is "drop", before 0.24 also None.
func (n *named) UnmarshalPy(_ *sklearn.Binder, path string, v pyobj.Value) error {
	items, err := sklearn.Sequence(v)
	if err != nil {
		return &sklearn.BindError{Path: path, Msg: err.Error()}
	}
	for i, it := range items {
		p, err := sklearn.Sequence(it)
		if err != nil || len(p) != 2 {
			return &sklearn.BindError{Path: path, Msg: fmt.Sprintf("item %d is no pair of a name and an estimator", i)}
		}
		name, ok := sklearn.Text(p[0])
		if !ok {
			return &sklearn.BindError{Path: path, Msg: fmt.Sprintf("name %d is %s", i, sklearn.Describe(p[0]))}
		}
		_, drop := p[1].(pyobj.None)
		if s, ok := pyobj.Text(p[1]); ok && s == "drop" {
			drop = true
		}
		n.names, n.drop = append(n.names, name), append(n.drop, drop)
	}
	return nil
}

// kept returns the names of the members that are not dropped.
func (n *named) kept() []string {
	var out []string
	for i, name := range n.names {
		if !n.drop[i] {
			out = append(out, name)
		}
	}
	return out
}

// voting is sklearn.ensemble._voting._BaseVoting.
type voting struct {
	sklearn.Base
	Members      named               `sk:"estimators"`
	Estimators   []sklearn.Estimator `sk:"estimators_"`
	WeightsParam *tensor.Tensor      `sk:"weights,optional"`

	weights *tensor.Tensor // of the members not dropped; nil for none
}

// Inside returns the members.
func (v *voting) Inside() []sklearn.Estimator { return v.Estimators }

// DescribeInput lets the members describe it.
func (v *voting) DescribeInput(in *sklearn.Input) *sklearn.Input { return in.By(v.Estimators...) }

func (v *voting) bound() error {
	bad := func(attr, format string, args ...any) error {
		return &sklearn.BindError{Path: v.Path, Attr: attr, Msg: fmt.Sprintf(format, args...)}
	}
	if n := len(v.Members.kept()); n != len(v.Estimators) || n == 0 {
		return bad("estimators_", "%d estimators where %d are named", len(v.Estimators), n)
	}
	for i, e := range v.Estimators {
		if e == nil {
			return bad("estimators_", "item %d is None", i)
		}
	}
	if v.NFeaturesIn == 0 {
		v.NFeaturesIn = sklearn.Of(v.Estimators[0]).NFeaturesIn
	}
	if v.WeightsParam == nil {
		return nil
	}
	w := v.WeightsParam.AsF64()
	if w == nil || len(w) != len(v.Members.names) {
		return bad("weights", "%d weights for %d estimators", v.WeightsParam.Len(), len(v.Members.names))
	}
	var kept []float64
	for i, drop := range v.Members.drop {
		if !drop {
			kept = append(kept, w[i])
		}
	}
	v.weights = tensor.FromF64(kept)
	return nil
}

// scale is the sum of weights.
func (v *voting) scale(b *graph.Builder) graph.Value {
	return b.Reduce(graph.OpReduceSum, b.Const(v.weights.Reshape(1, v.weights.Len())), 1, false, graph.Pairwise)
}

// labels asks every member to predict.
func (v *voting) labels(b *graph.Builder, x graph.Value) []graph.Value {
	out := make([]graph.Value, len(v.Estimators))
	for i, e := range v.Estimators {
		if out[i] = sklearn.Predict(b, e, x); out[i].IsTuple() || len(out[i].Type().Shape) > 1 {
			b.Failf("", "member %d predicts several outputs", i)
		}
	}
	return out
}

// names checks input names and prefixes the members' names with the class's.
func (v *voting) names(in []string) ([]string, error) {
	if _, err := sklearn.InputNames(v, in, 0); err != nil {
		return nil, err
	}
	var out []string
	for _, n := range v.Members.kept() {
		out = append(out, strings.ToLower(v.Name())+"_"+n)
	}
	return out, nil
}

// VotingClassifier is sklearn.ensemble.VotingClassifier. Its members are fitted on positions in classes_. Probabilities
// that transform leaves apart (flatten_transform=False) come as one matrix per member.
type VotingClassifier struct {
	voting
	Voting           string         `sk:"voting"`
	FlattenTransform bool           `sk:"flatten_transform,optional"`
	Classes          *tensor.Tensor `sk:"classes_,text"`
}

// Bound checks the members.
func (v *VotingClassifier) Bound(*sklearn.Binder) error {
	if err := v.bound(); err != nil {
		return err
	}
	if v.Voting != "hard" && v.Voting != "soft" {
		return &sklearn.BindError{Path: v.Path, Attr: "voting", Msg: fmt.Sprintf("value %q is not known", v.Voting)}
	}
	for i, e := range v.Estimators {
		for _, l := range sklearn.LabelsOf(e) {
			if _, err := indices(l, v.Classes.Len()); err != nil {
				return &sklearn.BindError{Path: v.Path, Attr: "estimators_", Msg: fmt.Sprintf("item %d: %v", i, err)}
			}
		}
		if len(sklearn.LabelsOf(e)) != 1 {
			return &sklearn.BindError{Path: v.Path, Attr: "estimators_", Msg: fmt.Sprintf("item %d is no classifier of one output", i)}
		}
	}
	return nil
}

// ClassLabels returns classes_.
func (v *VotingClassifier) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{v.Classes}
}

// Available: probabilities are for soft voting.
func (v *VotingClassifier) Available(method string) error {
	if method == sklearn.MethodPredictProba && v.Voting == "hard" {
		return errors.New("predict_proba is not available when voting='hard'")
	}
	return nil
}

func (v *VotingClassifier) probas(b *graph.Builder, x graph.Value) []graph.Value {
	out := make([]graph.Value, len(v.Estimators))
	for i, e := range v.Estimators {
		if out[i] = sklearn.PredictProba(b, e, x); out[i].OK() && (out[i].IsTuple() || out[i].Width() != v.Classes.Len()) {
			b.Failf("", "member %d gives no probabilities of the %d classes", i, v.Classes.Len())
		}
	}
	if slices.ContainsFunc(out, func(p graph.Value) bool { return p.OK() && p.DType() == tensor.Float64 }) {
		for i := range out { // they become one array
			out[i] = b.Cast(out[i], tensor.Float64)
		}
	}
	return out
}

// PredictProba is the weighted mean of the members' probabilities.
func (v *VotingClassifier) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	var sum graph.Value
	for i, p := range v.probas(b, x) {
		if v.weights != nil {
			p = b.Mul(b.Cast(p, tensor.Float64), b.Const(tensor.FromF64(v.weights.F64[i:i+1])))
		}
		if i == 0 {
			sum = p
			continue
		}
		sum = b.Add(sum, p)
	}
	if v.weights != nil {
		return b.Div(sum, v.scale(b))
	}
	return b.Div(sum, b.Scalar(float64(len(v.Estimators)), sum))
}

// Predict takes the class of the largest mean probability, or of most votes; the first of equals.
func (v *VotingClassifier) Predict(b *graph.Builder, x graph.Value) graph.Value {
	if v.Voting == "soft" {
		return b.Labels(b.ArgMax(v.PredictProba(b, x)), v.Classes)
	}
	k := v.Classes.Len()
	sum := b.Const(tensor.New(tensor.Float64, k))
	for i, y := range v.labels(b, x) {
		votes := tensor.New(tensor.Float64, k, k)
		for c := range k {
			votes.F64[c*k+c] = 1
			if v.weights != nil {
				votes.F64[c*k+c] = v.weights.F64[i]
			}
		}
		sum = b.Add(sum, b.Take(b.Const(votes), b.Cast(y, tensor.Int64)))
	}
	return b.Labels(b.ArgMax(sum), v.Classes)
}

// Transform gives the members' probabilities side by side, or their votes.
func (v *VotingClassifier) Transform(b *graph.Builder, x graph.Value) graph.Value {
	switch {
	case v.Voting == "hard":
		return b.HStack(false, v.labels(b, x)...)
	case v.FlattenTransform:
		return b.HStack(false, v.probas(b, x)...)
	}
	return b.Tuple(v.probas(b, x)...)
}

// FeatureNamesOut names a column by its member, and its class for soft voting.
func (v *VotingClassifier) FeatureNamesOut(in []string) ([]string, error) {
	if v.Voting == "soft" && !v.FlattenTransform {
		return nil, &graph.InputError{Origin: v.Path, Msg: "get_feature_names_out is not supported when `voting='soft'` and `flatten_transform=False`"}
	}
	names, err := v.names(in)
	if err != nil || v.Voting == "hard" {
		return names, err
	}
	var out []string
	for _, n := range names {
		for i := range v.Classes.Len() {
			out = append(out, fmt.Sprintf("%s%d", n, i))
		}
	}
	return out, nil
}

// VotingRegressor is sklearn.ensemble.VotingRegressor.
type VotingRegressor struct{ voting }

// Bound checks the members.
func (v *VotingRegressor) Bound(*sklearn.Binder) error { return v.bound() }

// Predict is the weighted mean of the members' predictions, added as numpy adds the rows of a transposed array.
func (v *VotingRegressor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	p := v.Transform(b, x)
	if v.weights == nil {
		return b.Reduce(graph.OpReduceMean, p, 1, false, graph.Columns)
	}
	p = b.Mul(b.Cast(p, tensor.Float64), b.Const(v.weights))
	return b.Div(b.Reduce(graph.OpReduceSum, p, 1, false, graph.Columns), v.scale(b))
}

// Transform gives the members' predictions side by side.
func (v *VotingRegressor) Transform(b *graph.Builder, x graph.Value) graph.Value {
	cols := v.labels(b, x)
	for i := range cols {
		cols[i] = b.AsColumn(cols[i])
	}
	return b.HStack(false, cols...)
}

// FeatureNamesOut names a column by its member.
func (v *VotingRegressor) FeatureNamesOut(in []string) ([]string, error) { return v.names(in) }

var (
	_ sklearn.Predictor      = (*VotingClassifier)(nil)
	_ sklearn.ProbaPredictor = (*VotingClassifier)(nil)
	_ sklearn.Transformer    = (*VotingClassifier)(nil)
	_ sklearn.Availabler     = (*VotingClassifier)(nil)
	_ sklearn.Classifier     = (*VotingClassifier)(nil)
	_ sklearn.FeatureNamer   = (*VotingClassifier)(nil)
	_ sklearn.Predictor      = (*VotingRegressor)(nil)
	_ sklearn.Transformer    = (*VotingRegressor)(nil)
	_ sklearn.FeatureNamer   = (*VotingRegressor)(nil)
	_ sklearn.Holder         = (*VotingRegressor)(nil)
)
