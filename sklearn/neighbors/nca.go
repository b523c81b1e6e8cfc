package neighbors

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// NeighborhoodComponentsAnalysis is sklearn.neighbors.NeighborhoodComponentsAnalysis.
type NeighborhoodComponentsAnalysis struct {
	sklearn.Base
	Components *tensor.Tensor `sk:"components_"`
}

var (
	_ sklearn.Transformer  = (*NeighborhoodComponentsAnalysis)(nil)
	_ sklearn.FeatureNamer = (*NeighborhoodComponentsAnalysis)(nil)
)

// Bound checks the shape.
func (a *NeighborhoodComponentsAnalysis) Bound(*sklearn.Binder) error {
	if s := a.Components.Shape; len(s) != 2 || !a.Components.DType.IsFloat() {
		return &sklearn.BindError{Path: a.Path, Attr: "components_", Msg: fmt.Sprintf("shape %v is no matrix", s)}
	}
	return nil
}

// Transform is X @ components_.T.
func (a *NeighborhoodComponentsAnalysis) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, a, x, sklearn.Accept{Width: a.Components.Shape[1]})
	return b.MatMulT(x, b.Const(a.Components))
}

// FeatureNamesOut is the class name and a number.
func (a *NeighborhoodComponentsAnalysis) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(a, a.Components.Shape[0]), nil
}
