package cluster

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

var kmeansClasses = []sklearn.Class{
	{Name: "sklearn.cluster.KMeans", Modules: []string{"sklearn.cluster._kmeans", "sklearn.cluster._k_means", "sklearn.cluster.k_means_"},
		New: func() sklearn.Estimator { return new(KMeans) }, FitOnly: kmeansFit, Ignore: kmeansResult, Upgrade: mixedRung},
	{Name: "sklearn.cluster.MiniBatchKMeans", Modules: []string{"sklearn.cluster._kmeans", "sklearn.cluster._k_means", "sklearn.cluster.k_means_"},
		New:     func() sklearn.Estimator { return new(KMeans) },
		FitOnly: append(sklearn.Names("batch_size max_no_improvement compute_labels init_size reassignment_ratio"), kmeansFit...),
		Ignore: append(sklearn.Names("_batch_size _counts counts_ _ewa_inertia _ewa_inertia_min _init_size init_size_ "+
			"_n_since_last_reassign _no_improvement n_steps_ random_state_ _random_state"), kmeansResult...),
		Upgrade: mixedRung},
	{Name: "sklearn.cluster.BisectingKMeans", Modules: []string{"sklearn.cluster._bisect_k_means"},
		New:     func() sklearn.Estimator { return new(BisectingKMeans) },
		FitOnly: append(sklearn.Names("bisecting_strategy"), kmeansFit...),
		Ignore:  append(sklearn.Names("_random_state _kmeans_single"), kmeansResult...)},
}

var (
	kmeansFit    = sklearn.Names("n_clusters init n_init max_iter tol algorithm precompute_distances")
	kmeansResult = sklearn.Names("labels_ inertia_ n_iter_ _algorithm _n_init _n_threads _tol")
)

// KMeans is sklearn.cluster.KMeans and MiniBatchKMeans.
//
// predict refuses rows of another floating type than the centers', as scikit-learn's Cython code does; transform
// takes any.
type KMeans struct {
	sklearn.Base
	Centers *tensor.Tensor `sk:"cluster_centers_"`
	Mixed   MixedRule      `sk:"(mixed),optional"`
}

// MixedRule says whether predict takes rows of another floating type than the centers'.
type MixedRule string

// The rules.
const (
	MixedRefused MixedRule = ""
	MixedAllowed MixedRule = "allowed" // dense rows before 0.23
)

var mixedRung = []sklearn.Rung{{Before: "0.23", Fix: func(s *sklearn.State) error {
	s.Attrs.Set(pyobj.Str("(mixed)"), pyobj.Str(MixedAllowed))
	return nil
}}}

var (
	_ sklearn.Predictor    = (*KMeans)(nil)
	_ sklearn.Transformer  = (*KMeans)(nil)
	_ sklearn.FeatureNamer = (*KMeans)(nil)
)

// Bound checks the centers.
func (k *KMeans) Bound(*sklearn.Binder) error { return centers(&k.Base, "cluster_centers_", k.Centers) }

func centers(b *sklearn.Base, attr string, c *tensor.Tensor) error {
	if len(c.Shape) != 2 || !c.DType.IsFloat() || (b.NFeaturesIn != 0 && c.Shape[1] != b.NFeaturesIn) {
		return &sklearn.BindError{Path: b.Path, Attr: attr, Msg: fmt.Sprintf("%s%v are no centers of %d features", c.DType, c.Shape, b.NFeaturesIn)}
	}
	return nil
}

// Predict gives the nearest center by ‖c‖² - 2·x·c, the first of the equals, as int32.
func (k *KMeans) Predict(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, k, x, sklearn.Accept{DType: sklearn.DTypeFloat2, Sparse: true, Width: k.Centers.Shape[1]})
	if x.OK() && x.DType() != k.Centers.DType && k.Mixed == MixedAllowed && x.Type().Kind == graph.Dense {
		x = b.Cast(x, tensor.Float64)
		return b.Cast(parts.NearestCenter(b, x, parts.Float64(k.Centers)), tensor.Int32)
	}
	if x.OK() && x.DType() != k.Centers.DType {
		c := map[tensor.DType]string{tensor.Float32: "float", tensor.Float64: "double"}
		return b.Refuse("Buffer dtype mismatch, expected 'const %s' but got '%s'", c[k.Centers.DType], c[x.DType()])
	}
	return b.Cast(parts.NearestCenter(b, x, k.Centers), tensor.Int32)
}

// Transform gives the distances to the centers.
func (k *KMeans) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, k, x, sklearn.Accept{DType: sklearn.DTypeFloat2, Sparse: true, Width: k.Centers.Shape[1]})
	return parts.Euclidean(b, x, k.Centers)
}

// FeatureNamesOut is kmeans0, kmeans1, ….
func (k *KMeans) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(k, k.Centers.Shape[0]), nil
}
