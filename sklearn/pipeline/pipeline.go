// Package pipeline is sklearn.pipeline: steps one after the other and transformers side by side.
package pipeline

import (
	"errors"
	"fmt"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	{Name: "sklearn.pipeline.Pipeline",
		New:     func() sklearn.Estimator { return new(Pipeline) },
		FitOnly: []string{"memory", "transform_input"}, Ignore: []string{"named_steps"}}, // a dict of the steps until 0.16
	{Name: "sklearn.pipeline.FeatureUnion",
		New: func() sklearn.Estimator { return new(FeatureUnion) },
		Upgrade: []sklearn.Rung{{Before: "1.5", Fix: func(s *sklearn.State) error {
			s.Default("verbose_feature_names_out", pyobj.Bool(true))
			return nil
		}}}},
}

// Step is a named part. Estimator is nil where Pass or Drop is set. None passes in a pipeline and drops in a union.
type Step struct {
	Name       string
	Estimator  sklearn.Estimator
	Pass, Drop bool
	None       bool
}

// Steps is a list of (name, estimator) pairs.
type Steps []Step

// UnmarshalPy reads the list; None and "passthrough" pass, "drop" drops.
func (s *Steps) UnmarshalPy(bd *sklearn.Binder, path string, v pyobj.Value) error {
	items, err := sklearn.Sequence(v)
	if err != nil {
		return err
	}
	for i, it := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		p, err := sklearn.Sequence(it)
		if err != nil || len(p) != 2 {
			return &sklearn.BindError{Path: at, Msg: "not a pair of name and estimator"}
		}
		st := Step{}
		var ok bool
		if st.Name, ok = sklearn.Text(p[0]); !ok {
			return &sklearn.BindError{Path: at, Msg: "name is no text"}
		}
		if _, none := p[1].(pyobj.None); none {
			st.Pass, st.None = true, true
		} else if word, ok := sklearn.Text(p[1]); ok {
			switch word {
			case "passthrough":
				st.Pass = true
			case "drop":
				st.Drop = true
			default:
				return &sklearn.BindError{Path: at, Msg: fmt.Sprintf("%q is no estimator", word)}
			}
		} else if st.Estimator, err = bd.Bind(p[1], at); err != nil {
			return err
		}
		*s = append(*s, st)
	}
	return nil
}

// estimators returns the parts that are estimators.
func (s Steps) estimators() []sklearn.Estimator {
	var out []sklearn.Estimator
	for _, st := range s {
		if st.Estimator != nil {
			out = append(out, st.Estimator)
		}
	}
	return out
}

// Pipeline is sklearn.pipeline.Pipeline.
type Pipeline struct {
	sklearn.Base
	StepsParam Steps `sk:"steps"`
}

var (
	_ sklearn.Predictor          = (*Pipeline)(nil)
	_ sklearn.ProbaPredictor     = (*Pipeline)(nil)
	_ sklearn.LogProbaPredictor  = (*Pipeline)(nil)
	_ sklearn.Decider            = (*Pipeline)(nil)
	_ sklearn.Transformer        = (*Pipeline)(nil)
	_ sklearn.InverseTransformer = (*Pipeline)(nil)
	_ sklearn.ScoreSampler       = (*Pipeline)(nil)
	_ sklearn.StdPredictor       = (*Pipeline)(nil)
	_ sklearn.FeatureNamer       = (*Pipeline)(nil)
	_ sklearn.Availabler         = (*Pipeline)(nil)
	_ sklearn.Classifier         = (*Pipeline)(nil)
	_ sklearn.Holder             = (*Pipeline)(nil)
	_ sklearn.InputDescriber     = (*Pipeline)(nil)
)

// Bound checks the steps and takes the input's width and names from the first.
func (p *Pipeline) Bound(*sklearn.Binder) error {
	if len(p.StepsParam) == 0 {
		return errors.New("the pipeline is empty")
	}
	for _, s := range p.StepsParam {
		if s.Drop {
			return fmt.Errorf("step %q is 'drop', which a pipeline does not know", s.Name)
		}
	}
	if e := p.first(); e != nil {
		b := sklearn.Of(e)
		p.NFeaturesIn, p.FeatureNamesIn = b.NFeaturesIn, b.FeatureNamesIn
	}
	return nil
}

// first returns the first step that is an estimator.
func (p *Pipeline) first() sklearn.Estimator {
	for _, s := range p.StepsParam {
		if s.Estimator != nil {
			return s.Estimator
		}
	}
	return nil
}

// last returns the last step's estimator, nil for "passthrough".
func (p *Pipeline) last() sklearn.Estimator { return p.StepsParam[len(p.StepsParam)-1].Estimator }

// before runs x through all steps but the last.
func (p *Pipeline) before(b *graph.Builder, x graph.Value) graph.Value {
	for _, s := range p.StepsParam[:len(p.StepsParam)-1] {
		if s.Estimator != nil {
			x = sklearn.Transform(b, s.Estimator, x)
		}
	}
	return x
}

func (p *Pipeline) final(b *graph.Builder, method string, x graph.Value) graph.Value {
	return sklearn.Call(b, p.last(), method, p.before(b, x))
}

// Predict is the last step's.
func (p *Pipeline) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return p.final(b, sklearn.MethodPredict, x)
}

// PredictProba is the last step's.
func (p *Pipeline) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return p.final(b, sklearn.MethodPredictProba, x)
}

// PredictLogProba is the last step's.
func (p *Pipeline) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return p.final(b, sklearn.MethodPredictLogProba, x)
}

// DecisionFunction is the last step's.
func (p *Pipeline) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	return p.final(b, sklearn.MethodDecisionFunction, x)
}

// ScoreSamples is the last step's.
func (p *Pipeline) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	return p.final(b, sklearn.MethodScoreSamples, x)
}

// PredictStd is the last step's.
func (p *Pipeline) PredictStd(b *graph.Builder, x graph.Value) graph.Value {
	return p.final(b, sklearn.MethodPredictStd, x)
}

// Transform runs all steps.
func (p *Pipeline) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = p.before(b, x)
	if p.last() == nil {
		return x
	}
	return sklearn.Transform(b, p.last(), x)
}

// InverseTransform runs the steps backwards.
func (p *Pipeline) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	for _, s := range slices.Backward(p.StepsParam) {
		if s.Estimator != nil {
			x = sklearn.InverseTransform(b, s.Estimator, x)
		}
	}
	return x
}

// Available asks the last step, and all steps for transform and inverse_transform.
func (p *Pipeline) Available(method string) error {
	for i, s := range p.StepsParam {
		want := sklearn.MethodTransform
		switch {
		case method == sklearn.MethodInverseTransform:
			want = method
		case i == len(p.StepsParam)-1:
			want = method
		}
		if s.Estimator == nil {
			if want != sklearn.MethodTransform && want != sklearn.MethodInverseTransform {
				return errors.New("'str' object has no attribute '" + method + "'")
			}
			continue
		}
		if err := sklearn.Has(s.Estimator, want); err != nil {
			return err
		}
	}
	return nil
}

// ClassLabels is the last step's.
func (p *Pipeline) ClassLabels() []sklearn.ClassLabels {
	if c, ok := p.last().(sklearn.Classifier); ok {
		return c.ClassLabels()
	}
	return nil
}

// Inside returns the steps.
func (p *Pipeline) Inside() []sklearn.Estimator { return p.StepsParam.estimators() }

// FeatureNamesOut hands the names from step to step.
func (p *Pipeline) FeatureNamesOut(in []string) ([]string, error) {
	for _, s := range p.StepsParam {
		if s.Estimator == nil {
			continue
		}
		if _, ok := s.Estimator.(sklearn.FeatureNamer); !ok {
			return nil, fmt.Errorf("%s: Estimator %s does not provide get_feature_names_out. Did you mean to call pipeline[:-1].get_feature_names_out()?", p.Path, s.Name)
		}
		var err error
		if in, err = sklearn.FeatureNames(s.Estimator, in); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// DescribeInput asks the steps one after the other.
func (p *Pipeline) DescribeInput(in *sklearn.Input) *sklearn.Input {
	for _, s := range p.StepsParam {
		if s.Estimator != nil {
			in = sklearn.DescribeInput(s.Estimator, in)
		}
	}
	return in
}

// FeatureUnion is sklearn.pipeline.FeatureUnion.
type FeatureUnion struct {
	sklearn.Base
	TransformerListParam        Steps           `sk:"transformer_list"`
	TransformerWeightsParam     sklearn.Weights `sk:"transformer_weights,optional"`
	VerboseFeatureNamesOutParam bool            `sk:"verbose_feature_names_out"`
	PrivateNamesOut             pyobj.Value     `sk:"_transformers_feature_names_out,optional"` // of frames that transformers gave
}

var (
	_ sklearn.Transformer    = (*FeatureUnion)(nil)
	_ sklearn.FeatureNamer   = (*FeatureUnion)(nil)
	_ sklearn.Availabler     = (*FeatureUnion)(nil)
	_ sklearn.Holder         = (*FeatureUnion)(nil)
	_ sklearn.InputDescriber = (*FeatureUnion)(nil)
)

// Bound takes the input's width and names from the first part.
func (u *FeatureUnion) Bound(*sklearn.Binder) error {
	for i := range u.TransformerListParam {
		if s := &u.TransformerListParam[i]; s.None {
			s.Pass, s.Drop = false, true
		}
	}
	if es := u.Inside(); len(es) > 0 {
		b := sklearn.Of(es[0])
		u.NFeaturesIn, u.FeatureNamesIn = b.NFeaturesIn, b.FeatureNamesIn
	}
	return nil
}

// Available asks every part.
func (u *FeatureUnion) Available(method string) error {
	for _, e := range u.Inside() {
		if err := sklearn.Has(e, method); err != nil {
			return err
		}
	}
	return nil
}

// Inside returns the parts.
func (u *FeatureUnion) Inside() []sklearn.Estimator { return u.TransformerListParam.estimators() }

// Transform gives every part the whole input and puts the results side by side, sparse if any part is.
func (u *FeatureUnion) Transform(b *graph.Builder, x graph.Value) graph.Value {
	var parts []graph.Value
	var names []string
	sparse, objects := false, false
	for _, s := range u.TransformerListParam {
		if s.Drop {
			continue
		}
		p := x
		if s.Estimator != nil {
			p = sklearn.Transform(b, s.Estimator, x)
		}
		if !p.OK() {
			return p
		}
		t := p.Type()
		if len(t.Shape) != 2 {
			return b.Refuse("Transformer '%s' returned an array or dataframe with %d dimensions, but expected 2 dimensions (n_samples, n_features).", s.Name, len(t.Shape))
		}
		sparse = sparse || t.Sparse()
		objects = objects || t.Kind == graph.Frame && !sklearn.NumericFrame(t) || !t.Sparse() && (t.DType == tensor.Object || t.DType == tensor.String)
		p = u.TransformerWeightsParam.Scale(b, s.Name, p) // objects stay such, truth values beside numbers do not
		objects = objects || p.OK() && p.Type().Kind == graph.Frame && sklearn.ObjectFrame(p.Type())
		parts = append(parts, p)
		names = append(names, s.Name)
	}
	if len(parts) == 0 {
		return sklearn.NoColumns(b, x)
	}
	if sparse && objects {
		return b.Refuse("scipy.sparse does not support dtype object")
	}
	return sklearn.UnionOf(b, u, sparse, parts, names, u.format(), "")
}

// format is the one of the names of features, "" for names as they are.
func (u *FeatureUnion) format() string {
	if u.VerboseFeatureNamesOutParam {
		return sklearn.PrefixFormat
	}
	return ""
}

// FeatureNamesOut joins the names of the parts.
func (u *FeatureUnion) FeatureNamesOut(in []string) ([]string, error) {
	var names []sklearn.PartNames
	for _, s := range u.TransformerListParam {
		if s.Drop {
			continue
		}
		part := sklearn.PartNames{Part: s.Name}
		if s.Estimator == nil {
			var err error
			if part.Names, err = sklearn.InputNames(u, in, u.NFeaturesIn); err != nil {
				return nil, err
			}
		} else {
			var err error
			part.Names, err = sklearn.FeatureNames(s.Estimator, in)
			if sklearn.Nameless(s.Estimator, err) {
				err = fmt.Errorf("%s: Transformer %s (type %s) does not provide get_feature_names_out.", u.Path, s.Name, sklearn.Of(s.Estimator).Name())
				if lists, e := sklearn.Sequence(u.PrivateNamesOut); e == nil && len(names) < len(lists) {
					part.Names, err = sklearn.IndexNames(lists[len(names)])
				}
			}
			if err != nil {
				return nil, err
			}
		}
		names = append(names, part)
	}
	return sklearn.JoinNames(u, names, u.format())
}

// DescribeInput asks every part of the same input.
func (u *FeatureUnion) DescribeInput(in *sklearn.Input) *sklearn.Input {
	for _, s := range u.TransformerListParam {
		if s.Estimator != nil {
			sklearn.DescribeInput(s.Estimator, in).Pass()
		}
	}
	for _, s := range u.TransformerListParam {
		if s.Pass {
			in.Pass()
		}
	}
	return nil
}
