package neighbors

import (
	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
)

// NearestNeighbors is sklearn.neighbors.NearestNeighbors.
type NearestNeighbors struct{ NeighborsBase }

var (
	_ sklearn.Neighbour        = (*NearestNeighbors)(nil)
	_ sklearn.NeighbourGrapher = (*NearestNeighbors)(nil)
	_ sklearn.RadiusNeighbour  = (*NearestNeighbors)(nil)
	_ sklearn.RadiusGrapher    = (*NearestNeighbors)(nil)
)

// KNeighbors gives distances and indices of the nearest rows.
func (n *NearestNeighbors) KNeighbors(b *graph.Builder, x graph.Value) graph.Value {
	k, ok := n.neighbors(b)
	if !ok {
		return graph.Value{}
	}
	return n.kneighbors(b, x, k)
}

// KNeighborsGraph marks them in a sparse matrix.
func (n *NearestNeighbors) KNeighborsGraph(b *graph.Builder, x graph.Value) graph.Value {
	return n.kneighborsGraph(b, x)
}

// RadiusNeighbors gives the rows within the radius.
func (n *NearestNeighbors) RadiusNeighbors(b *graph.Builder, x graph.Value) graph.Value {
	return n.radiusNeighbors(b, x)
}

// RadiusNeighborsGraph marks them in a sparse matrix.
func (n *NearestNeighbors) RadiusNeighborsGraph(b *graph.Builder, x graph.Value) graph.Value {
	return n.radiusGraph(b, x)
}
