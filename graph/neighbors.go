package graph

import (
	"fmt"
	"slices"

	"github.com/larder-ml/larder/tensor"
)

// The operations on distances between rows.
const (
	// OpPairwiseDistance gives the distance of each row to each row of Y: x [N,p] → [N,m] of x's dtype.  Attr *DistanceAttr
	// Sums run over the features in order, in float64. ONNX: Sub, Abs or Mul, ReduceSum for the plain metrics.
	OpPairwiseDistance Op = "PairwiseDistance"
	// OpKNeighbors gives the K nearest of the fitted rows, by distance: x → distances float64 [N,K], indices int64 [N,K].
	// Attr *NeighborsAttr. Distances that are equal come in scikit-learn's order: through its heap and its final sort.
	OpKNeighbors Op = "KNeighbors"
	// OpRadiusNeighbors gives the fitted rows within Radius: x → Ragged, distances float64.  Attr *NeighborsAttr
	OpRadiusNeighbors Op = "RadiusNeighbors"
	// OpRaggedReduce makes one row of each list of neighbours: Ragged → float64 [N,m].  Attr *RaggedReduceAttr
	OpRaggedReduce Op = "RaggedReduce"
	// OpNeighborGraph makes a sparse row of neighbours: indices [N,K] and data [N,K], or Ragged → CSR [N,Width].
	// Attr *NeighborGraphAttr. Entries come in the order of the neighbours.
	OpNeighborGraph Op = "NeighborGraph"
	// OpKernelDensity walks a tree for the log density: x float64 [N,p] → [N].  Attr *DensityAttr
	OpKernelDensity Op = "KernelDensity"
	// In ONNX KNeighbors is TopK; the ragged ones have no form.
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
	BrayCurtisSum  = "braycurtis_sum" // scipy's: Σ|x-y| / Σ|x+y|
	Jaccard        = "jaccard"
	Dice           = "dice"
	Matching       = "matching"
	Kulsinski      = "kulsinski"
	RogersTanimoto = "rogerstanimoto"
	RussellRao     = "russellrao"
	SokalMichener  = "sokalmichener"
	SokalSneath    = "sokalsneath"
	Haversine      = "haversine"
	Cosine         = "cosine"
	CosineOfBools  = "cosine_of_bools" // scipy's function of truth values x: a row that holds any has norm 1
	Correlation    = "correlation"
	Yule           = "yule"
	NaNEuclidean   = "nan_euclidean"
	AdditiveChi2   = "additive_chi2" // Σ (x-y)²/(x+y), no metric
)

// Metric is a distance between rows.
type Metric struct {
	Name string
	P    float64   // minkowski
	W    []float64 // minkowski and where Weighs says so: weight of each feature, nil for ones
	V    []float64 // seuclidean: variance of each feature
	VI   []float64 // mahalanobis: the inverse covariance, by row

	Called bool // cosine and correlation: scipy's function of two vectors is called, not its search by name
}

func (m Metric) String() string {
	if m.Name == Minkowski {
		return fmt.Sprintf("%s p=%g", m.Name, m.P)
	}
	return m.Name
}

// Weighs reports a metric that counts, in which features may have weights.
func (m Metric) Weighs() bool {
	switch m.Name {
	case Hamming, Jaccard, Dice, RogersTanimoto, RussellRao, SokalSneath, Yule:
		return true
	}
	return false
}

// TotalWeight is the sum of the weights.
func (m Metric) TotalWeight() float64 {
	s := 0.0
	for _, w := range m.W {
		s += w
	}
	return s
}

// Check returns what is wrong with a metric for p features, or "".
func (m Metric) Check(p int) string {
	if m.Weighs() && m.W != nil && (len(m.W) == 0 || len(m.W) != p || !(slices.Min(m.W) >= 0) || !(m.TotalWeight() > 0)) {
		return fmt.Sprintf("%s of %d columns with the weights %v", m.Name, p, m.W)
	}
	switch m.Name {
	case Euclidean, SqEuclidean, Manhattan, Chebyshev, Hamming, Canberra, BrayCurtis, BrayCurtisSum, Jaccard, Dice, Matching, Kulsinski,
		RogersTanimoto, RussellRao, SokalMichener, SokalSneath, Yule, NaNEuclidean, AdditiveChi2, Cosine, CosineOfBools, Correlation:
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

// NeighborTree is a fitted KDTree or BallTree: node i has the children 2i+1 and 2i+2.
type NeighborTree struct {
	Ball   bool
	Data   *tensor.Tensor // float64 [m,p]
	Index  []int          // rows of Data, node by node
	Nodes  []NeighborNode
	Bounds []float64 // KDTree: lower, then upper bounds, [2,nodes,p]; BallTree: centers [1,nodes,p]
	Metric Metric
	Weight []float64 // of each row, nil for ones: kernel density only
}

// NeighborNode is a node of a NeighborTree: its rows are Index[Start:End].
type NeighborNode struct {
	Start, End int
	Leaf       bool
	Radius     float64
}

// NeighborsAttr describes a search. The fitted rows are Tree, Data or Sparse; with none of them x holds the distances
// itself, [N,m] dense, or CSR with a missing entry for what is too far.
type NeighborsAttr struct {
	Tree      *NeighborTree
	Data      *tensor.Tensor // float64 or float32 [m,p]
	Sparse    *tensor.Sparse // float64 [m,p]
	Metric    Metric
	K         int     // KNeighbors
	Radius    float64 // RadiusNeighbors
	Sort      bool    // RadiusNeighbors: by distance, not in the order met
	QuickSort bool    // rows at one distance come in the order of scikit-learn before 1.9
	Direct    bool    // sparse rows: euclidean from the differences, not by expanding the square
	Choice    Choice  // KNeighbors
	Merged    int     // ChooseMerged: in batches of at most this many rows; larger ones are as ChooseHeap
}

// Choice says which of the fitted rows at one distance are the nearest, and in which order.
type Choice uint8

const (
	// ChooseHeap keeps them in one heap: scikit-learn's trees.
	ChooseHeap Choice = iota
	// ChooseMerged pushes that heap onto another, in batches of few rows: scikit-learn's reductions, in one thread or up
	// to 256 fitted rows.
	ChooseMerged
	// ChooseNumpy partitions and sorts all distances of a row as numpy does without vector instructions.
	ChooseNumpy
)

// Rows returns the number of fitted rows, 0 where x has the distances.
func (a *NeighborsAttr) Rows() int {
	switch {
	case a.Tree != nil:
		return a.Tree.Data.Rows()
	case a.Data != nil:
		return a.Data.Rows()
	case a.Sparse != nil:
		return a.Sparse.Rows
	}
	return 0
}

func (a *NeighborsAttr) String() string {
	return fmt.Sprintf("%s k=%d r=%g of %d rows", a.Metric, a.K, a.Radius, a.Rows())
}

// check returns what is wrong with x for the search, or "".
func (a *NeighborsAttr) check(t Type) string {
	p := 0
	switch {
	case a.Tree != nil:
		p = a.Tree.Data.Cols()
		if t.Kind != Dense || t.DType != tensor.Float64 {
			return "a tree needs dense float64"
		}
		return a.Tree.Metric.Check(p)
	case a.Data != nil:
		p = a.Data.Cols()
		if t.Kind != Dense || t.DType != a.Data.DType {
			return fmt.Sprintf("rows are %s", a.Data.DType)
		}
	case a.Sparse != nil:
		p = a.Sparse.Cols
		if t.Kind != CSR || t.DType != tensor.Float64 || a.Sparse.Data.DType != tensor.Float64 {
			return "sparse rows need sparse float64"
		}
	default:
		if t.DType != tensor.Float64 || (t.Kind != Dense && t.Kind != CSR) {
			return "distances are float64"
		}
		return ""
	}
	if len(t.Shape) != 2 || t.Shape[1] != p {
		return fmt.Sprintf("rows have %d columns", p)
	}
	return a.Metric.Check(p)
}

// KNeighbors adds a search of the nearest rows: the tuple of distances and indices.
func (b *Builder) KNeighbors(x Value, a *NeighborsAttr) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	why := a.check(t)
	if m := a.Rows(); why == "" && (a.K < 1 || (m > 0 && a.K > m) || (m == 0 && t.Kind == Dense && a.K > t.Width())) {
		why = fmt.Sprintf("no %d neighbours", a.K)
	}
	if why != "" {
		return b.Failf(OpKNeighbors, "%s for %s: %s", a, t, why)
	}
	out := b.AddN(OpKNeighbors, a, []Type{{DType: tensor.Float64, Shape: []int{t.Shape[0], a.K}}, {DType: tensor.Int64, Shape: []int{t.Shape[0], a.K}}}, x)
	return b.Tuple(out[0].Named("distances"), out[1].Named("indices"))
}

// RadiusNeighbors adds a search of the rows within a radius.
func (b *Builder) RadiusNeighbors(x Value, a *NeighborsAttr) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if why := a.check(t); why != "" {
		return b.Failf(OpRadiusNeighbors, "%s for %s: %s", a, t, why)
	}
	m := a.Rows()
	if m == 0 {
		m = t.Width()
	}
	return b.Add1(OpRadiusNeighbors, a, Type{Kind: Ragged, DType: tensor.Float64, Shape: []int{t.Shape[0], m}}, x)
}

// RaggedMode says what becomes of a list of neighbours.
type RaggedMode uint8

// The modes. Weights are ones, or of the inverse distance: where a row has distance zero, one for those and zero for
// the others.
const (
	RaggedMean    RaggedMode = iota // weighted mean of Values' rows; Fill where there are none
	RaggedVotes                     // sum of weights by Codes, m of them
	RaggedNearest                   // the least of distance plus Values' row, by column
)

// RaggedReduceAttr describes the reduction of lists.
type RaggedReduceAttr struct {
	Mode    RaggedMode
	Inverse bool           // weights are 1/distance
	Values  *tensor.Tensor // float64 or float32 [m,o] by fitted row
	Codes   []int          // by fitted row
	Width   int            // number of codes
	Fill    float64
	Empty   string // not "": a row without neighbours is refused; %s stands for the rows
}

// RaggedReduce reduces each list of neighbours to a row.
func (b *Builder) RaggedReduce(r Value, a *RaggedReduceAttr) Value {
	if !r.OK() {
		return r
	}
	t := r.Type()
	out := Type{DType: tensor.Float64, Shape: []int{t.Shape[0], a.Width}}
	if a.Mode != RaggedVotes {
		out.Shape[1] = a.Values.Cols()
		if a.Mode == RaggedMean && !a.Inverse {
			out.DType = a.Values.DType
		}
	}
	if t.Kind != Ragged || (a.Mode == RaggedVotes && len(a.Codes) != t.Shape[1]) || (a.Mode != RaggedVotes && a.Values.Rows() != t.Shape[1]) {
		return b.Failf(OpRaggedReduce, "%s does not fit", t)
	}
	return b.Add1(OpRaggedReduce, a, out, r)
}

// NeighborGraphAttr says how wide the graph is and what it holds.
type NeighborGraphAttr struct {
	Width int
	Ones  bool // ones instead of distances
}

// NeighborGraph makes a sparse matrix of neighbours: Ragged, or the tuple of distances and indices.
func (b *Builder) NeighborGraph(v Value, a *NeighborGraphAttr) Value {
	parts := v.Parts()
	for _, p := range parts {
		if !p.OK() {
			return Value{}
		}
	}
	t := parts[0].Type()
	if t.Kind == Dense {
		parts = []Value{b.Cast(parts[0], tensor.Float64), parts[1]}
	}
	g := b.Add1(OpNeighborGraph, a, Type{Kind: CSR, DType: tensor.Float64, Shape: []int{t.Shape[0], a.Width}}, parts...)
	if t.DType == tensor.Float32 && !a.Ones {
		g = b.Cast(g, tensor.Float32)
	}
	return g
}

// DensityAttr describes a kernel density estimate.
type DensityAttr struct {
	Tree         *NeighborTree
	Kernel       string // gaussian, tophat, epanechnikov, exponential, linear, cosine
	Bandwidth    float64
	ATol, RTol   float64
	BreadthFirst bool
}

func (a *DensityAttr) String() string {
	return fmt.Sprintf("%s h=%g over %d rows", a.Kernel, a.Bandwidth, a.Tree.Data.Rows())
}

// KernelDensity adds a log density, without the division by the number of rows.
func (b *Builder) KernelDensity(x Value, a *DensityAttr) Value {
	if !x.OK() {
		return x
	}
	t := x.Type()
	if t.Kind != Dense || t.DType != tensor.Float64 || len(t.Shape) != 2 || t.Shape[1] != a.Tree.Data.Cols() {
		return b.Failf(OpKernelDensity, "%s does not fit %s", t, a)
	}
	return b.Add1(OpKernelDensity, a, Type{DType: tensor.Float64, Shape: []int{t.Shape[0]}}, x)
}
