package neighbors

import (
	"fmt"
	"math"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// noPriors marks files before 1.6, which predict the nearest centroid and nothing else.
func noPriors(s *sklearn.State) error {
	s.Attrs.Set(pyobj.Str("(nearest)"), pyobj.Bool(true))
	return nil
}

// NearestCentroid is sklearn.neighbors.NearestCentroid. With uniform priors predict ignores the standard deviations
// that decision_function divides by.
type NearestCentroid struct {
	sklearn.Base
	MetricParam       string         `sk:"metric"`
	Classes           *tensor.Tensor `sk:"classes_,text"`
	Centroids         *tensor.Tensor `sk:"centroids_"`
	ClassPrior        *tensor.Tensor `sk:"class_prior_,optional"`
	WithinClassStdDev *tensor.Tensor `sk:"within_class_std_dev_,optional"`
	NearestOnly       bool           `sk:"(nearest),optional"`
}

var (
	_ sklearn.Predictor         = (*NearestCentroid)(nil)
	_ sklearn.ProbaPredictor    = (*NearestCentroid)(nil)
	_ sklearn.LogProbaPredictor = (*NearestCentroid)(nil)
	_ sklearn.Decider           = (*NearestCentroid)(nil)
	_ sklearn.Classifier        = (*NearestCentroid)(nil)
	_ sklearn.Availabler        = (*NearestCentroid)(nil)
)

// Bound checks metric and shapes.
func (c *NearestCentroid) Bound(*sklearn.Binder) error {
	switch c.MetricParam {
	case graph.Euclidean, graph.Manhattan:
	case "l1", "cityblock":
		c.MetricParam = graph.Manhattan
	case "l2":
		c.MetricParam = graph.Euclidean
	case graph.Cosine, graph.Chebyshev, graph.Canberra, graph.BrayCurtis, graph.SqEuclidean:
		if c.NearestOnly { // until 1.4
			break
		}
		fallthrough
	default:
		return &sklearn.BindError{Path: c.Path, Attr: "metric", Msg: fmt.Sprintf("value %q is not known", c.MetricParam)}
	}
	s, k := c.Centroids.Shape, c.Classes.Len()
	if len(s) != 2 || s[0] != k || k == 0 || !c.Centroids.DType.IsNumeric() {
		return &sklearn.BindError{Path: c.Path, Attr: "centroids_", Msg: fmt.Sprintf("shape %v for %d classes", s, k)}
	}
	if c.WithinClassStdDev == nil && c.ClassPrior != nil && c.ClassPrior.Len() == k && c.uniform() {
		c.NearestOnly = true // a model before 1.6 brought to a later release
	}
	if !c.NearestOnly && (c.ClassPrior == nil || c.ClassPrior.Len() != k || c.WithinClassStdDev == nil || c.WithinClassStdDev.Len() != s[1]) {
		return &sklearn.BindError{Path: c.Path, Attr: "class_prior_", Msg: "class_prior_ and within_class_std_dev_ do not fit centroids_"}
	}
	return nil
}

// ClassLabels returns classes_.
func (c *NearestCentroid) ClassLabels() []sklearn.ClassLabels {
	return []sklearn.ClassLabels{c.Classes}
}

// Available has scores only for the Euclidean metric, since 1.6.
func (c *NearestCentroid) Available(method string) error {
	if method == sklearn.MethodPredict {
		return nil
	}
	if c.NearestOnly {
		return fmt.Errorf("scikit-learn had no %s of NearestCentroid before 1.6", method)
	}
	if c.MetricParam != graph.Euclidean {
		return fmt.Errorf("%s needs the euclidean metric", method)
	}
	return nil
}

// uniform reports priors that are all close to 1/k.
func (c *NearestCentroid) uniform() bool {
	want := 1 / float64(c.Classes.Len())
	for i := range c.ClassPrior.Len() {
		p, _ := c.ClassPrior.Float(i)
		if !(math.Abs(p-want) <= 1e-8+float64(1e-5*want)) {
			return false
		}
	}
	return true
}

// Predict takes the class of the nearest centroid, or of the largest score where priors differ.
func (c *NearestCentroid) Predict(b *graph.Builder, x graph.Value) graph.Value {
	if !c.NearestOnly && !c.uniform() {
		return b.Labels(b.ArgMax(c.scores(b, x)), c.Classes)
	}
	x = c.missing(b, sklearn.Check(b, c, x, sklearn.Accept{Sparse: true, Width: c.Centroids.Shape[1]}))
	if !x.OK() {
		return x
	}
	y := c.Centroids
	if x.DType() != tensor.Float32 || y.DType != tensor.Float32 {
		x, y = b.Cast(x, tensor.Float64), parts.Float64(y)
	}
	if c.MetricParam == graph.Euclidean {
		return b.Labels(parts.Nearest(b, x, y), c.Classes)
	}
	var d graph.Value
	if c.MetricParam == graph.Cosine {
		attr := graph.NormalizeAttr{Norm: graph.NormL2}
		near := b.MatMulT(b.Normalize(b.ToDense(b.Cast(x, tensor.Float64)), attr), b.Normalize(b.Const(parts.Float64(y)), attr))
		d = b.Clip(b.Sub(b.Scalar(1, near), near), 0, 2)
	} else {
		d = b.PairwiseDistance(b.ToDense(x), y, graph.Metric{Name: c.MetricParam})
	}
	return b.Labels(b.Reduce(graph.OpArgMin, d, 1, false, graph.Any), c.Classes)
}

// missing refuses centroids that are no numbers, as distances to them: those of columns that never differ, shrunk.
func (c *NearestCentroid) missing(b *graph.Builder, x graph.Value) graph.Value {
	if x.OK() && slices.ContainsFunc(c.Centroids.AsF64(), math.IsNaN) {
		return b.Refuse("Input contains NaN.")
	}
	return x
}

// scores is minus the squared distance in units of the standard deviation, plus twice the log prior.
func (c *NearestCentroid) scores(b *graph.Builder, x graph.Value) graph.Value {
	k, p := c.Centroids.Shape[0], c.Centroids.Shape[1]
	x = c.missing(b, sklearn.Check(b, c, x, sklearn.Accept{Sparse: true, DType: sklearn.DTypeFloat64, Width: p}))
	if !x.OK() {
		return x
	}
	std, near := tensor.New(tensor.Float64, p), tensor.New(tensor.Float64, k, p)
	for j := range p {
		if std.F64[j], _ = c.WithinClassStdDev.Float(j); std.F64[j] == 0 {
			std.F64[j] = 1
		}
		for i := range k {
			v, _ := c.Centroids.Float(i*p + j)
			near.F64[i*p+j] = v / std.F64[j]
		}
	}
	x = b.Div(x, b.Const(std))
	var d graph.Value
	if c.MetricParam == graph.Euclidean {
		d = parts.Euclidean(b, x, near)
	} else {
		d = b.PairwiseDistance(b.ToDense(x), near, graph.Metric{Name: graph.Manhattan})
	}
	prior := b.Unary(graph.OpLog, b.Const(parts.Float64(c.ClassPrior)))
	return b.Add(b.Unary(graph.OpNeg, b.Mul(d, d)), b.Mul(b.Scalar(2, prior), prior))
}

// DecisionFunction is the score of each class; of two their difference.
func (c *NearestCentroid) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	s := c.scores(b, x)
	if c.Classes.Len() == 2 {
		return b.Sub(b.Column(s, 1), b.Column(s, 0))
	}
	return s
}

// PredictLogProba normalises the scores.
func (c *NearestCentroid) PredictLogProba(b *graph.Builder, x graph.Value) graph.Value {
	return parts.LogPosterior(b, c.scores(b, x), graph.Pairwise)
}

// PredictProba is the exponential of PredictLogProba.
func (c *NearestCentroid) PredictProba(b *graph.Builder, x graph.Value) graph.Value {
	return b.Unary(graph.OpExp, c.PredictLogProba(b, x))
}
