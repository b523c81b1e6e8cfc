package graph

import (
	"fmt"

	"github.com/larder-ml/larder/tensor"
)

// The operations on distances between rows.
const (
	// OpPairwiseDistance gives the distance of each row to each row of Y: x [N,p] → [N,m] of x's dtype.  Attr *DistanceAttr
	// Sums run over the features in order, in float64. ONNX: Sub, Abs or Mul, ReduceSum for the plain metrics.
	OpPairwiseDistance Op = "PairwiseDistance"
)

// The metrics, by the names scikit-learn resolves them to.
const (
	Euclidean      = "euclidean"
	SqEuclidean    = "sqeuclidean"
	Manhattan      = "manhattan"
	Chebyshev      = "chebyshev"
	Minkowski      = "minkowski"
	SEuclidean     = "seuclidean"
	Mahalanobis    = "mahalanobis"
	Hamming        = "hamming"
	Canberra       = "canberra"
	BrayCurtis     = "braycurtis"
	Jaccard        = "jaccard"
	Dice           = "dice"
	Matching       = "matching"
	Kulsinski      = "kulsinski"
	RogersTanimoto = "rogerstanimoto"
	RussellRao     = "russellrao"
	SokalMichener  = "sokalmichener"
	SokalSneath    = "sokalsneath"
	Haversine      = "haversine"
	AdditiveChi2   = "additive_chi2" // Σ (x-y)²/(x+y), no metric
)

// Metric is a distance between rows.
type Metric struct {
	Name string
	P    float64   // minkowski
	W    []float64 // minkowski: weight of each feature, nil for ones
	V    []float64 // seuclidean: variance of each feature
	VI   []float64 // mahalanobis: the inverse covariance, by row
}

func (m Metric) String() string {
	if m.Name == Minkowski {
		return fmt.Sprintf("%s p=%g", m.Name, m.P)
	}
	return m.Name
}

// Check returns what is wrong with a metric for p features, or "".
func (m Metric) Check(p int) string {
	switch m.Name {
	case Euclidean, SqEuclidean, Manhattan, Chebyshev, Hamming, Canberra, BrayCurtis, Jaccard, Dice, Matching, Kulsinski,
		RogersTanimoto, RussellRao, SokalMichener, SokalSneath, AdditiveChi2:
		return ""
	case Haversine:
		if p != 2 {
			return fmt.Sprintf("haversine needs two columns, not %d", p)
		}
		return ""
	case Minkowski:
		if m.P <= 0 || m.W != nil && len(m.W) != p {
			return fmt.Sprintf("minkowski with p=%g and %d weights", m.P, len(m.W))
		}
		return ""
	case SEuclidean:
		if len(m.V) != p {
			return fmt.Sprintf("seuclidean with %d variances for %d columns", len(m.V), p)
		}
		return ""
	case Mahalanobis:
		if len(m.VI) != p*p {
			return fmt.Sprintf("mahalanobis with %d numbers for %d columns", len(m.VI), p)
		}
		return ""
	}
	return fmt.Sprintf("metric %q is not known", m.Name)
}

// DistanceAttr holds the rows to measure to.
type DistanceAttr struct {
	Y      *tensor.Tensor // [m,p] of x's dtype
	Metric Metric
}

func (a *DistanceAttr) String() string { return fmt.Sprintf("%s to %d rows", a.Metric, a.Y.Rows()) }

// PairwiseDistance adds distances to the rows of y.
func (b *Builder) PairwiseDistance(x Value, y *tensor.Tensor, m Metric) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || len(t.Shape) != 2 || len(y.Shape) != 2 || t.Shape[1] != y.Shape[1] || t.DType != y.DType ||
		(t.DType != tensor.Float64 && t.DType != tensor.Float32) {
		return b.Failf(OpPairwiseDistance, "not defined for %s and %s%v", t, y.DType, y.Shape)
	}
	if why := m.Check(y.Shape[1]); why != "" {
		return b.Failf(OpPairwiseDistance, "%s", why)
	}
	return b.Add1(OpPairwiseDistance, &DistanceAttr{y, m}, Type{DType: t.DType, Shape: []int{t.Shape[0], y.Shape[0]}}, x)
}
