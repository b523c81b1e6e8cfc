// Package naivebayes understands sklearn.naive_bayes. Each classifier is its joint log likelihood; the methods follow
// from that alike.
package naivebayes

import (
	"errors"
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

var (
	discreteParams = []string{"alpha", "force_alpha", "fit_prior", "class_prior", "norm", "min_categories"}
	discreteState  = []string{"class_count_", "feature_count_", "feature_all_", "n_features_", "category_count_", "n_categories_"}
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	{
		Name: "sklearn.naive_bayes.GaussianNB", New: func() sklearn.Estimator { return new(GaussianNB) },
		FitOnly: []string{"priors", "var_smoothing"}, Ignore: []string{"class_count_", "epsilon_"},
		Upgrade: []sklearn.Rung{{Before: "1.0", Fix: func(s *sklearn.State) error { s.Rename("sigma_", "var_"); return nil }}},
	},
	{Name: "sklearn.naive_bayes.MultinomialNB", New: func() sklearn.Estimator { return new(MultinomialNB) }, FitOnly: discreteParams, Ignore: discreteState},
	{Name: "sklearn.naive_bayes.ComplementNB", New: func() sklearn.Estimator { return new(ComplementNB) }, FitOnly: discreteParams, Ignore: discreteState},
	{Name: "sklearn.naive_bayes.BernoulliNB", New: func() sklearn.Estimator { return new(BernoulliNB) }, FitOnly: discreteParams, Ignore: discreteState},
	{Name: "sklearn.naive_bayes.CategoricalNB", New: func() sklearn.Estimator { return new(CategoricalNB) }, FitOnly: discreteParams, Ignore: discreteState},
}

// joint is what makes a class a naive Bayes classifier: the unnormalised log P(c|x).
type joint interface {
	sklearn.Estimator
	jointLogLikelihood(b *graph.Builder, x graph.Value) graph.Value
	labels() *tensor.Tensor
	layout() graph.Order // of the joint log likelihood's row sums
}

func predict(b *graph.Builder, e joint, x graph.Value) graph.Value {
	return b.Labels(b.ArgMax(e.jointLogLikelihood(b, x)), e.labels())
}

func logProba(b *graph.Builder, e joint, x graph.Value) graph.Value {
	j := e.jointLogLikelihood(b, x)
	return b.Sub(j, b.Reduce(graph.OpLogSumExp, j, 1, true, e.layout()))
}

func proba(b *graph.Builder, e joint, x graph.Value) graph.Value {
	return b.Unary(graph.OpExp, logProba(b, e, x))
}

// GaussianNB is sklearn.naive_bayes.GaussianNB.
type GaussianNB struct {
	sklearn.Base
	Classes    *tensor.Tensor `sk:"classes_,text"`
	ClassPrior *tensor.Tensor `sk:"class_prior_"`
	Theta      *tensor.Tensor `sk:"theta_"`
	Var        *tensor.Tensor `sk:"var_"`
}

// Bound checks the shapes.
func (g *GaussianNB) Bound(*sklearn.Binder) error {
	t, v := g.Theta.Shape, g.Var.Shape
	if len(t) != 2 || len(v) != 2 || t[0] != v[0] || t[1] != v[1] || t[0] == 0 || t[0] != g.Classes.Len() || t[0] != g.ClassPrior.Len() {
		return fmt.Errorf("theta_ %v, var_ %v, class_prior_ %v and classes_ %v do not fit", t, v, g.ClassPrior.Shape, g.Classes.Shape)
	}
	return nil
}

// jointLogLikelihood is log prior + (-0.5 sum log 2πσ² - 0.5 sum (x-θ)²/σ²), every class at once.
func (g *GaussianNB) jointLogLikelihood(b *graph.Builder, x graph.Value) graph.Value {
	k, p := g.Theta.Shape[0], g.Theta.Shape[1]
	x = sklearn.Check(b, g, x, sklearn.Accept{Width: p})
	v := b.Const(g.Var)
	d := b.Sub(b.Reshape(x, graph.N, 1, p), b.Const(g.Theta))
	q := b.Reduce(graph.OpReduceSum, b.Div(b.Mul(d, d), v), 2, false, graph.Pairwise)
	c := b.Reduce(graph.OpReduceSum, b.Unary(graph.OpLog, b.Mul(b.Scalar(2*math.Pi, v), v)), 1, false, graph.Pairwise)
	c = b.Mul(b.Scalar(-0.5, c), c)
	n := b.Sub(c, b.Mul(b.Scalar(0.5, q), q))
	prior := b.Unary(graph.OpLog, b.Const(g.ClassPrior.Reshape(k)))
	return b.Add(prior, n)
}

func (g *GaussianNB) labels() *tensor.Tensor { return g.Classes }
func (g *GaussianNB) layout() graph.Order    { return graph.Columns }

// discrete is what the discrete classifiers share.
type discrete struct {
	sklearn.Base
	Classes       *tensor.Tensor `sk:"classes_,text"`
	ClassLogPrior *tensor.Tensor `sk:"class_log_prior_"`
}

func (d *discrete) labels() *tensor.Tensor { return d.Classes }
func (d *discrete) layout() graph.Order    { return graph.Pairwise }

// ClassLabels returns classes_.
func (d *discrete) ClassLabels() []sklearn.ClassLabels { return []sklearn.ClassLabels{d.Classes} }

// table is a discrete classifier with one log probability per class and feature.
type table struct {
	discrete
	FeatureLogProb *tensor.Tensor `sk:"feature_log_prob_"`
}

// Bound checks the shapes. Of one class, releases before 1.0 kept a second row that is never likely.
func (t *table) Bound(*sklearn.Binder) error {
	s := t.FeatureLogProb.Shape
	if len(s) == 2 && s[0] == 2 && t.Classes.Len() == 1 && t.ClassLogPrior.Len() == 2 {
		if f, _ := t.ClassLogPrior.Float(1); math.IsInf(f, -1) {
			return nil
		}
	}
	if len(s) != 2 || s[0] == 0 || s[0] != t.Classes.Len() || s[0] != t.ClassLogPrior.Len() {
		return fmt.Errorf("feature_log_prob_ %v, class_log_prior_ %v and classes_ %v do not fit", s, t.ClassLogPrior.Shape, t.Classes.Shape)
	}
	return nil
}

func (t *table) check(b *graph.Builder, x graph.Value) graph.Value {
	return sklearn.Check(b, t, x, sklearn.Accept{Sparse: true, Width: t.FeatureLogProb.Shape[1]})
}

// MultinomialNB is sklearn.naive_bayes.MultinomialNB. Negative counts are not refused at prediction, as there.
type MultinomialNB struct{ table }

func (m *MultinomialNB) jointLogLikelihood(b *graph.Builder, x graph.Value) graph.Value {
	return b.Add(b.MatMulT(m.check(b, x), b.Const(m.FeatureLogProb)), b.Const(m.ClassLogPrior))
}

// ComplementNB is sklearn.naive_bayes.ComplementNB: the priors count for one class only.
type ComplementNB struct{ table }

func (c *ComplementNB) jointLogLikelihood(b *graph.Builder, x graph.Value) graph.Value {
	j := b.MatMulT(c.check(b, x), b.Const(c.FeatureLogProb))
	if c.Classes.Len() == 1 {
		j = b.Add(j, b.Const(c.ClassLogPrior))
	}
	return j
}

// BernoulliNB is sklearn.naive_bayes.BernoulliNB.
type BernoulliNB struct {
	table
	BinarizeParam *float64 `sk:"binarize"`
}

func (m *BernoulliNB) jointLogLikelihood(b *graph.Builder, x graph.Value) graph.Value {
	x = m.binarize(b, m.check(b, x))
	flp := b.Const(m.FeatureLogProb)
	e := b.Unary(graph.OpExp, flp)
	neg := b.Unary(graph.OpLog, b.Sub(b.Scalar(1, e), e))
	j := b.MatMulT(x, b.Sub(flp, neg))
	return b.Add(j, b.Add(b.Const(m.ClassLogPrior), b.RowSum(neg, graph.Pairwise)))
}

// binarize makes 1 of what is above the threshold and 0 of the rest.
func (m *BernoulliNB) binarize(b *graph.Builder, x graph.Value) graph.Value {
	if m.BinarizeParam == nil || !x.OK() {
		return x
	}
	at := *m.BinarizeParam
	if k := x.Type().Kind; k == graph.CSR || k == graph.OneHot {
		if at < 0 {
			return b.Refuse("Cannot binarize a sparse matrix with threshold < 0")
		}
		if at == 0 {
			return b.Unary(graph.OpSign, b.Unary(graph.OpRelu, b.ToCSR(x)))
		}
		x = b.ToDense(x)
	}
	return b.Cast(b.Binary(graph.OpGreater, x, b.Scalar(at, x)), x.DType())
}

// CategoricalNB is sklearn.naive_bayes.CategoricalNB.
type CategoricalNB struct {
	discrete
	FeatureLogProb []*tensor.Tensor `sk:"feature_log_prob_"`

	tables []*tensor.Tensor // by feature: category x class
}

// Bound checks the shapes and turns the tables.
func (c *CategoricalNB) Bound(*sklearn.Binder) error {
	k := c.Classes.Len()
	if len(c.FeatureLogProb) == 0 || c.ClassLogPrior.Len() != k {
		return errors.New("feature_log_prob_, class_log_prior_ and classes_ do not fit")
	}
	for i, f := range c.FeatureLogProb {
		if len(f.Shape) != 2 || f.Shape[0] != k || f.DType != tensor.Float64 {
			return &sklearn.BindError{Path: c.Path, Attr: "feature_log_prob_", Msg: fmt.Sprintf("item %d is %s%v, wanted float64[%d, categories]", i, f.DType, f.Shape, k)}
		}
		n := f.Shape[1]
		t := tensor.New(tensor.Float64, n, k)
		for a := range k {
			for j := range n {
				t.F64[j*k+a] = f.F64[a*n+j]
			}
		}
		c.tables = append(c.tables, t)
	}
	return nil
}

// DescribeInput tells the numbers of each column's categories, which are whole.
func (c *CategoricalNB) DescribeInput(in *sklearn.Input) *sklearn.Input {
	for i, col := range in.Columns {
		if col != nil && i < len(c.tables) {
			col.Read(tensor.Int64)
			col.Between(0, math.NaN(), float64(c.tables[i].Shape[0]-1))
		}
	}
	return nil
}

func (c *CategoricalNB) jointLogLikelihood(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, c, x, sklearn.Accept{DType: sklearn.DTypeInt, Width: len(c.tables)})
	x = b.Guard(x, b.Binary(graph.OpLess, x, b.Const(integer(0))), "Negative values in data passed to CategoricalNB (input X).")
	var j graph.Value
	for i, t := range c.tables {
		col := b.Column(x, i)
		col = b.Guard(col, b.Binary(graph.OpGreaterOrEqual, col, b.Const(integer(t.Shape[0]))),
			fmt.Sprintf("a category of column %d is out of bounds for axis 1 with size %d", i, t.Shape[0]))
		p := b.Take(b.Const(t), col)
		if i == 0 {
			j = p
		} else {
			j = b.Add(j, p)
		}
	}
	return b.Add(j, b.Const(c.ClassLogPrior))
}

func integer(i int) *tensor.Tensor {
	return &tensor.Tensor{DType: tensor.Int64, Shape: []int{}, I64: []int64{int64(i)}}
}

// Predict takes the class of the largest joint log likelihood.
func (g *GaussianNB) Predict(b *graph.Builder, x graph.Value) graph.Value { return predict(b, g, x) }

// PredictProba is the exponential of PredictLogProba.
func (g *GaussianNB) PredictProba(b *graph.Builder, x graph.Value) graph.Value { return proba(b, g, x) }

// PredictLogProba is the joint log likelihood without its log-sum over the classes.
func (g *GaussianNB) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return logProba(b, g, x)
}

// PredictJointLogProba is the joint log likelihood.
func (g *GaussianNB) PredictJointLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return g.jointLogLikelihood(b, x)
}

// Predict takes the class of the largest joint log likelihood.
func (m *MultinomialNB) Predict(b *graph.Builder, x graph.Value) graph.Value { return predict(b, m, x) }

// PredictProba is the exponential of PredictLogProba.
func (m *MultinomialNB) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return proba(b, m, x)
}

// PredictLogProba is the joint log likelihood without its log-sum over the classes.
func (m *MultinomialNB) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return logProba(b, m, x)
}

// PredictJointLogProba is the joint log likelihood.
func (m *MultinomialNB) PredictJointLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return m.jointLogLikelihood(b, x)
}

// Predict takes the class of the largest joint log likelihood.
func (c *ComplementNB) Predict(b *graph.Builder, x graph.Value) graph.Value { return predict(b, c, x) }

// PredictProba is the exponential of PredictLogProba.
func (c *ComplementNB) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return proba(b, c, x)
}

// PredictLogProba is the joint log likelihood without its log-sum over the classes.
func (c *ComplementNB) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return logProba(b, c, x)
}

// PredictJointLogProba is the joint log likelihood.
func (c *ComplementNB) PredictJointLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return c.jointLogLikelihood(b, x)
}

// Predict takes the class of the largest joint log likelihood.
func (m *BernoulliNB) Predict(b *graph.Builder, x graph.Value) graph.Value { return predict(b, m, x) }

// PredictProba is the exponential of PredictLogProba.
func (m *BernoulliNB) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return proba(b, m, x)
}

// PredictLogProba is the joint log likelihood without its log-sum over the classes.
func (m *BernoulliNB) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return logProba(b, m, x)
}

// PredictJointLogProba is the joint log likelihood.
func (m *BernoulliNB) PredictJointLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return m.jointLogLikelihood(b, x)
}

// Predict takes the class of the largest joint log likelihood.
func (c *CategoricalNB) Predict(b *graph.Builder, x graph.Value) graph.Value { return predict(b, c, x) }

// PredictProba is the exponential of PredictLogProba.
func (c *CategoricalNB) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return proba(b, c, x)
}

// PredictLogProba is the joint log likelihood without its log-sum over the classes.
func (c *CategoricalNB) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return logProba(b, c, x)
}

// PredictJointLogProba is the joint log likelihood.
func (c *CategoricalNB) PredictJointLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return c.jointLogLikelihood(b, x)
}

// ClassLabels returns classes_.
func (g *GaussianNB) ClassLabels() []sklearn.ClassLabels { return []sklearn.ClassLabels{g.Classes} }

// capabilities is what each of the classes has.
type capabilities interface {
	sklearn.Predictor
	sklearn.ProbaPredictor
	sklearn.LogProbaPredictor
	sklearn.JointLogProbaPredictor
	sklearn.Classifier
}

var (
	_ capabilities = (*GaussianNB)(nil)
	_ capabilities = (*MultinomialNB)(nil)
	_ capabilities = (*ComplementNB)(nil)
	_ capabilities = (*BernoulliNB)(nil)
	_ capabilities = (*CategoricalNB)(nil)
)
