package neighbors

import (
	"errors"
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// noNovelty gives files before 0.20 the setting that did not exist: they judge no new rows.
func noNovelty(s *sklearn.State) error {
	s.Default("novelty", pyobj.Bool(false))
	return nil
}

// LocalOutlierFactor is sklearn.neighbors.LocalOutlierFactor. New rows are judged only when novelty was set.
type LocalOutlierFactor struct {
	NeighborsBase
	NoveltyParam  bool           `sk:"novelty"`
	NNeighbors    int            `sk:"n_neighbors_"`
	DistancesFitX *tensor.Tensor `sk:"_distances_fit_X_"`
	LRD           *tensor.Tensor `sk:"_lrd"`
	Offset        *parts.Number  `sk:"offset_,optional"`
}

var (
	_ sklearn.Predictor        = (*LocalOutlierFactor)(nil)
	_ sklearn.Decider          = (*LocalOutlierFactor)(nil)
	_ sklearn.ScoreSampler     = (*LocalOutlierFactor)(nil)
	_ sklearn.Neighbour        = (*LocalOutlierFactor)(nil)
	_ sklearn.NeighbourGrapher = (*LocalOutlierFactor)(nil)
	_ sklearn.Availabler       = (*LocalOutlierFactor)(nil)
)

// Bound checks the shapes.
func (l *LocalOutlierFactor) Bound(bd *sklearn.Binder) error {
	if err := l.NeighborsBase.Bound(bd); err != nil {
		return err
	}
	if d := l.DistancesFitX.Shape; len(d) != 2 || d[0] != l.rows || l.NNeighbors < 1 || d[1] < l.NNeighbors || l.LRD.Len() != l.rows ||
		!l.LRD.DType.IsFloat() || !l.DistancesFitX.DType.IsFloat() {
		return &sklearn.BindError{Path: l.Path, Attr: "_distances_fit_X_", Msg: fmt.Sprintf("shape %v does not fit %d rows", d, l.rows)}
	}
	if l.NoveltyParam && (l.Offset == nil || l.Offset.Tensor.Len() != 1) {
		return &sklearn.BindError{Path: l.Path, Attr: "offset_", Msg: "attribute is missing"}
	}
	return nil
}

// Available refuses all but the neighbours without novelty.
func (l *LocalOutlierFactor) Available(method string) error {
	if method != sklearn.MethodKNeighbors && method != sklearn.MethodKNeighborsGraph && !l.NoveltyParam {
		return errors.New(method + " is not available when novelty=False, use fit_predict if you want to predict on training data. Use novelty=True if you want to use LOF for novelty detection and predict on new unseen data.")
	}
	return nil
}

// KNeighbors gives distances and indices of the nearest rows.
func (l *LocalOutlierFactor) KNeighbors(b *graph.Builder, x graph.Value) graph.Value {
	k, ok := l.neighbors(b)
	if !ok {
		return graph.Value{}
	}
	return l.kneighbors(b, x, k)
}

// KNeighborsGraph marks them in a sparse matrix.
func (l *LocalOutlierFactor) KNeighborsGraph(b *graph.Builder, x graph.Value) graph.Value {
	return l.kneighborsGraph(b, x)
}

// ScoreSamples is minus the mean ratio of the neighbours' densities to the row's own.
func (l *LocalOutlierFactor) ScoreSamples(b *graph.Builder, x graph.Value) graph.Value {
	if t := x.Type(); t.Kind == graph.Frame {
		x = b.Cast(x, sklearn.FrameDType(t)) // names are not compared here
	}
	if l.metric.Name == graph.NaNEuclidean {
		x = sklearn.Check(b, l, x, sklearn.Accept{Sparse: true, Array: true}) // kneighbors alone takes NaN
	}
	single := x.DType() == tensor.Float32
	parts := l.kneighbors(b, x, l.NNeighbors).Parts()
	if len(parts) != 2 {
		return graph.Value{}
	}
	dist, index := parts[0], parts[1]
	if single {
		dist = b.Cast(dist, tensor.Float32)
	}
	reach := b.Binary(graph.OpMax, dist, b.Take(b.Const(column(l.DistancesFitX, l.NNeighbors-1)), index))
	mean := b.Reduce(graph.OpReduceMean, reach, 1, true, graph.Pairwise)
	mean = b.Add(mean, b.Scalar(1e-10, mean))
	lrd := b.Div(b.Scalar(1, mean), mean)
	ratio := b.Div(b.Take(b.Const(l.LRD), index), lrd)
	return b.Unary(graph.OpNeg, b.Reduce(graph.OpReduceMean, ratio, 1, false, graph.Pairwise))
}

// DecisionFunction is the score without the offset.
func (l *LocalOutlierFactor) DecisionFunction(b *graph.Builder, x graph.Value) graph.Value {
	s := l.ScoreSamples(b, x)
	return b.Sub(s, l.Offset.Value(b, s))
}

// Predict is -1 strictly below zero, else 1.
func (l *LocalOutlierFactor) Predict(b *graph.Builder, x graph.Value) graph.Value {
	d := l.DecisionFunction(b, x)
	return parts.Inlier(b, b.Unary(graph.OpNot, b.Binary(graph.OpLess, d, b.Scalar(0, d))), tensor.Int64)
}
