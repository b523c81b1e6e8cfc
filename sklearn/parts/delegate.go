package parts

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
)

// Delegate is an estimator whose methods are another's. Its embedder binds the other and calls Use.
type Delegate struct {
	sklearn.Base
	to sklearn.Estimator
}

// Use sets the estimator behind, which also tells the input where the outer one does not.
func (d *Delegate) Use(e sklearn.Estimator) {
	d.to = e
	inner := sklearn.Of(e)
	if d.NFeaturesIn == 0 {
		d.NFeaturesIn = inner.NFeaturesIn
	}
	if d.FeatureNamesIn == nil {
		d.FeatureNamesIn = inner.FeatureNamesIn
	}
}

// Inside returns the estimator behind.
func (d *Delegate) Inside() []sklearn.Estimator {
	if d.to == nil {
		return nil
	}
	return []sklearn.Estimator{d.to}
}

// Available asks the estimator behind.
func (d *Delegate) Available(method string) error { return sklearn.Has(d.to, method) }

// ClassLabels returns those of the estimator behind.
func (d *Delegate) ClassLabels() []sklearn.ClassLabels {
	if d.to == nil {
		return nil
	}
	return sklearn.LabelsOf(d.to)
}

// FeatureNamesOut returns those of the estimator behind.
func (d *Delegate) FeatureNamesOut(in []string) ([]string, error) {
	return sklearn.FeatureNames(d.to, in)
}

// DescribeInput lets the estimator behind describe it.
func (d *Delegate) DescribeInput(in *sklearn.Input) *sklearn.Input {
	if d.to == nil {
		return nil
	}
	return sklearn.DescribeInput(d.to, in)
}

// Predict is the other's.
func (d *Delegate) Predict(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodPredict, x)
}

// PredictProba is the other's.
func (d *Delegate) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodPredictProba, x)
}

// PredictLogProba is the other's.
func (d *Delegate) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodPredictLogProba, x)
}

// DecisionFunction is the other's.
func (d *Delegate) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodDecisionFunction, x)
}

// Transform is the other's.
func (d *Delegate) Transform(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodTransform, x)
}

// InverseTransform is the other's.
func (d *Delegate) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodInverseTransform, x)
}

// ScoreSamples is the other's.
func (d *Delegate) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodScoreSamples, x)
}

// Apply is the other's.
func (d *Delegate) Apply(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodApply, x)
}

// DecisionPath is the other's.
func (d *Delegate) DecisionPath(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodDecisionPath, x)
}

// KNeighbors is the other's.
func (d *Delegate) KNeighbors(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodKNeighbors, x)
}

// RadiusNeighbors is the other's.
func (d *Delegate) RadiusNeighbors(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodRadiusNeighbors, x)
}

// Mahalanobis is the other's.
func (d *Delegate) Mahalanobis(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodMahalanobis, x)
}

// StagedPredict is the other's.
func (d *Delegate) StagedPredict(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodStagedPredict, x)
}

// StagedPredictProba is the other's.
func (d *Delegate) StagedPredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodStagedProba, x)
}

// StagedDecisionFunction is the other's.
func (d *Delegate) StagedDecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodStagedDecision, x)
}

// PredictJointLogProba is the other's.
func (d *Delegate) PredictJointLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodJointLogProba, x)
}

// PredictStd is the other's.
func (d *Delegate) PredictStd(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodPredictStd, x)
}

// LatentMeanAndVariance is the other's.
func (d *Delegate) LatentMeanAndVariance(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodLatent, x)
}

// KNeighborsGraph is the other's.
func (d *Delegate) KNeighborsGraph(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodKNeighborsGraph, x)
}

// RadiusNeighborsGraph is the other's.
func (d *Delegate) RadiusNeighborsGraph(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Call(b, d.to, sklearn.MethodRadiusGraph, x)
}

var (
	_ sklearn.Predictor              = (*Delegate)(nil)
	_ sklearn.ProbaPredictor         = (*Delegate)(nil)
	_ sklearn.LogProbaPredictor      = (*Delegate)(nil)
	_ sklearn.Decider                = (*Delegate)(nil)
	_ sklearn.Transformer            = (*Delegate)(nil)
	_ sklearn.InverseTransformer     = (*Delegate)(nil)
	_ sklearn.ScoreSampler           = (*Delegate)(nil)
	_ sklearn.Applier                = (*Delegate)(nil)
	_ sklearn.PathDecider            = (*Delegate)(nil)
	_ sklearn.Neighbour              = (*Delegate)(nil)
	_ sklearn.RadiusNeighbour        = (*Delegate)(nil)
	_ sklearn.Mahalanobiser          = (*Delegate)(nil)
	_ sklearn.StagedPredictor        = (*Delegate)(nil)
	_ sklearn.StagedProbaPredictor   = (*Delegate)(nil)
	_ sklearn.StagedDecider          = (*Delegate)(nil)
	_ sklearn.JointLogProbaPredictor = (*Delegate)(nil)
	_ sklearn.StdPredictor           = (*Delegate)(nil)
	_ sklearn.LatentPredictor        = (*Delegate)(nil)
	_ sklearn.NeighbourGrapher       = (*Delegate)(nil)
	_ sklearn.RadiusGrapher          = (*Delegate)(nil)
	_ sklearn.FeatureNamer           = (*Delegate)(nil)
	_ sklearn.InputDescriber         = (*Delegate)(nil)
	_ sklearn.Availabler             = (*Delegate)(nil)
	_ sklearn.Classifier             = (*Delegate)(nil)
	_ sklearn.Holder                 = (*Delegate)(nil)
)
