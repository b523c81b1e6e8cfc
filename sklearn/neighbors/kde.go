package neighbors

import (
	"fmt"
	"math"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
)

// bandwidth gives files before 1.2 the bandwidth_ that was the parameter itself.
func bandwidth(s *sklearn.State) error {
	if v := s.Attrs.Get("bandwidth"); v != nil {
		s.Default("bandwidth_", v)
	}
	return nil
}

// KernelDensity is sklearn.neighbors.KernelDensity: it walks the stored tree.
type KernelDensity struct {
	sklearn.Base
	Bandwidth         float64          `sk:"bandwidth_"`
	KernelParam       string           `sk:"kernel"`
	ATolParam         float64          `sk:"atol"`
	RTolParam         float64          `sk:"rtol"`
	BreadthFirstParam bool             `sk:"breadth_first"`
	Tree              parts.BinaryTree `sk:"tree_"`
}

var _ sklearn.ScoreSampler = (*KernelDensity)(nil)

// Bound checks kernel and bandwidth.
func (k *KernelDensity) Bound(*sklearn.Binder) error {
	switch k.KernelParam {
	case "gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine":
	default:
		return &sklearn.BindError{Path: k.Path, Attr: "kernel", Msg: fmt.Sprintf("value %q is not known", k.KernelParam)}
	}
	if !(k.Bandwidth > 0) {
		return &sklearn.BindError{Path: k.Path, Attr: "bandwidth_", Msg: fmt.Sprintf("%g is not positive", k.Bandwidth)}
	}
	return nil
}

// total is the weight of all rows.
func (k *KernelDensity) total() float64 {
	if k.Tree.Weight == nil {
		return float64(k.Tree.Data.Rows())
	}
	sum := 0.0
	for _, w := range k.Tree.Weight {
		sum += w
	}
	return sum
}

// ScoreSamples is the log density.
func (k *KernelDensity) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, k, x, sklearn.Accept{DType: sklearn.DTypeFloat64, Width: k.Tree.Data.Cols()})
	n := k.total()
	d := b.KernelDensity(x, &graph.DensityAttr{Tree: &k.Tree.NeighborTree, Kernel: k.KernelParam, Bandwidth: k.Bandwidth,
		ATol: k.ATolParam * n, RTol: k.RTolParam, BreadthFirst: k.BreadthFirstParam})
	return b.Sub(d, b.Scalar(math.Log(n), d))
}
