package neighbors

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
)

// KNeighborsTransformer is sklearn.neighbors.KNeighborsTransformer: a sparse matrix of the nearest rows. Of distances
// it holds one neighbour more, as the row itself is one.
type KNeighborsTransformer struct {
	NeighborsBase
	ModeParam string `sk:"mode"`
}

// RadiusNeighborsTransformer is sklearn.neighbors.RadiusNeighborsTransformer: a sparse matrix of the rows within the
// radius, by distance.
type RadiusNeighborsTransformer struct {
	NeighborsBase
	ModeParam string `sk:"mode"`
}

var (
	_ sklearn.Transformer      = (*KNeighborsTransformer)(nil)
	_ sklearn.Neighbour        = (*KNeighborsTransformer)(nil)
	_ sklearn.NeighbourGrapher = (*KNeighborsTransformer)(nil)
	_ sklearn.FeatureNamer     = (*KNeighborsTransformer)(nil)
	_ sklearn.Transformer      = (*RadiusNeighborsTransformer)(nil)
	_ sklearn.RadiusNeighbour  = (*RadiusNeighborsTransformer)(nil)
	_ sklearn.RadiusGrapher    = (*RadiusNeighborsTransformer)(nil)
	_ sklearn.FeatureNamer     = (*RadiusNeighborsTransformer)(nil)
)

func checkMode(path, mode string) error {
	if mode != "distance" && mode != "connectivity" {
		return &sklearn.BindError{Path: path, Attr: "mode", Msg: fmt.Sprintf("value %q is not known", mode)}
	}
	return nil
}

// Bound checks the mode.
func (t *KNeighborsTransformer) Bound(bd *sklearn.Binder) error {
	if err := checkMode(t.Path, t.ModeParam); err != nil {
		return err
	}
	return t.NeighborsBase.Bound(bd)
}

// KNeighbors gives distances and indices of the nearest rows.
func (t *KNeighborsTransformer) KNeighbors(b *graph.Builder, x graph.Value) graph.Value {
	k, ok := t.neighbors(b)
	if !ok {
		return graph.Value{}
	}
	return t.kneighbors(b, x, k)
}

// KNeighborsGraph marks them in a sparse matrix.
func (t *KNeighborsTransformer) KNeighborsGraph(b *graph.Builder, x graph.Value) graph.Value {
	return t.kneighborsGraph(b, x)
}

// Transform makes the matrix.
func (t *KNeighborsTransformer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	k, ok := t.neighbors(b)
	if !ok {
		return graph.Value{}
	}
	if t.ModeParam == "distance" {
		k++
	}
	return b.NeighborGraph(t.kneighbors(b, x, k), &graph.NeighborGraphAttr{Width: t.rows, Ones: t.ModeParam == "connectivity"})
}

// FeatureNamesOut is the class name and a number for each fitted row.
func (t *KNeighborsTransformer) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(t, t.rows), nil
}

// Bound checks the mode.
func (t *RadiusNeighborsTransformer) Bound(bd *sklearn.Binder) error {
	if err := checkMode(t.Path, t.ModeParam); err != nil {
		return err
	}
	return t.NeighborsBase.Bound(bd)
}

// RadiusNeighbors gives the rows within the radius.
func (t *RadiusNeighborsTransformer) RadiusNeighbors(b *graph.Builder, x graph.Value) graph.Value {
	return t.radiusNeighbors(b, x)
}

// RadiusNeighborsGraph marks them in a sparse matrix.
func (t *RadiusNeighborsTransformer) RadiusNeighborsGraph(b *graph.Builder, x graph.Value) graph.Value {
	return t.radiusGraph(b, x)
}

// Transform makes the matrix.
func (t *RadiusNeighborsTransformer) Transform(b *graph.Builder, x graph.Value) graph.Value {
	ones := t.ModeParam == "connectivity"
	near, dt := t.within(b, x, !ones)
	g := b.NeighborGraph(near, &graph.NeighborGraphAttr{Width: t.rows, Ones: ones})
	if ones || !g.OK() {
		return g
	}
	return b.Cast(g, dt)
}

// FeatureNamesOut is the class name and a number for each fitted row.
func (t *RadiusNeighborsTransformer) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(t, t.rows), nil
}
