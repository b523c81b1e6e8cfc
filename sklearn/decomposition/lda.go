package decomposition

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var topicClasses = []sklearn.Class{
	{Name: "sklearn.decomposition.LatentDirichletAllocation", Modules: []string{"sklearn.decomposition._lda", "sklearn.decomposition._online_lda", "sklearn.decomposition.online_lda"},
		New:   func() sklearn.Estimator { return new(LatentDirichletAllocation) },
		Lacks: map[string]string{"perplexity": "it measures the whole batch, by the bound that fitting ends at"},
		FitOnly: sklearn.Names("n_components n_topics _n_components n_topics_ doc_topic_prior topic_word_prior learning_method learning_decay learning_offset " +
			"max_iter batch_size evaluate_every total_samples perp_tol"),
		Ignore: sklearn.Names("components_ topic_word_prior_ n_batch_iter_ n_iter_ bound_ random_state_"),
		Upgrade: []sklearn.Rung{{Before: "0.18", Fix: func(s *sklearn.State) error {
			s.Attrs.Set(pyobj.Str("(weights)"), pyobj.Bool(true))
			return nil
		}}}},
}

// LatentDirichletAllocation is sklearn.decomposition.LatentDirichletAllocation.
type LatentDirichletAllocation struct {
	sklearn.Base
	ExpDirichlet *tensor.Tensor `sk:"exp_dirichlet_component_"`
	Prior        float64        `sk:"doc_topic_prior_"`
	MaxIter      int            `sk:"max_doc_update_iter"`
	Tol          float64        `sk:"mean_change_tol"`

	// WeightsRule: before 0.18 transform did not divide by the row's sum.
	WeightsRule bool `sk:"(weights),optional"`
}

var (
	_ sklearn.Transformer  = (*LatentDirichletAllocation)(nil)
	_ sklearn.FeatureNamer = (*LatentDirichletAllocation)(nil)
)

// Bound checks the topics.
func (p *LatentDirichletAllocation) Bound(*sklearn.Binder) error {
	if p.MaxIter < 0 || p.MaxIter > 1e6 {
		return fmt.Errorf("max_doc_update_iter is %d", p.MaxIter)
	}
	return matrix(&p.Base, "exp_dirichlet_component_", p.ExpDirichlet, -1, p.NFeaturesIn)
}

// Transform gives each row's distribution over topics.
func (p *LatentDirichletAllocation) Transform(b *graph.Builder, x graph.Value) graph.Value {
	rule := sklearn.DTypeFloat64
	if p.ExpDirichlet.DType == tensor.Float32 {
		rule = sklearn.DTypeFloat32
	}
	x = sklearn.Check(b, p, x, sklearn.Accept{DType: rule, Sparse: true, Width: p.ExpDirichlet.Shape[1]})
	if !x.OK() {
		return x
	}
	x = b.NonNegative(x, "Negative values in data passed to LatentDirichletAllocation.transform.")
	return b.TopicInfer(x, graph.TopicAttr{ExpDirichlet: p.ExpDirichlet, Prior: p.Prior, MaxIter: p.MaxIter, Tol: p.Tol, Weights: p.WeightsRule})
}

// FeatureNamesOut is latentdirichletallocation0, ….
func (p *LatentDirichletAllocation) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(p, p.ExpDirichlet.Shape[0]), nil
}
