// Package cluster is sklearn.cluster.
package cluster

import (
	"fmt"
	"slices"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = slices.Concat(kmeansClasses, otherClasses)

// fitted is the reason printed for estimators that can not label new rows.
const fitted = "it labels the rows it was fitted on (labels_) and can not compute on new ones"

func result(name string, params, state string, modules ...string) sklearn.Class {
	return sklearn.Class{Name: "sklearn.cluster." + name, Modules: modules, Result: fitted,
		New: func() sklearn.Estimator { return new(Fitted) }, FitOnly: sklearn.Names(params), Ignore: sklearn.Names(state)}
}

var otherClasses = []sklearn.Class{
	result("DBSCAN", "eps min_samples metric metric_params algorithm leaf_size p", "core_sample_indices_ components_",
		"sklearn.cluster._dbscan", "sklearn.cluster.dbscan_"),
	result("OPTICS", "max_eps min_samples min_cluster_size algorithm metric metric_params p leaf_size cluster_method eps xi predecessor_correction memory",
		"reachability_ ordering_ core_distances_ predecessor_ cluster_hierarchy_", "sklearn.cluster._optics", "sklearn.cluster.optics_"),
	result("HDBSCAN", "min_cluster_size min_samples cluster_selection_epsilon max_cluster_size metric metric_params alpha algorithm leaf_size cluster_selection_method allow_single_cluster store_centers",
		"probabilities_ centroids_ medoids_ _single_linkage_tree_ _min_samples _raw_data _metric_params", "sklearn.cluster._hdbscan.hdbscan"),
	result("AgglomerativeClustering", "n_clusters distance_threshold memory connectivity compute_full_tree linkage affinity metric compute_distances pooling_func",
		"children_ n_connected_components_ n_leaves_ n_clusters_ n_components_ distances_ _metric", "sklearn.cluster._agglomerative", "sklearn.cluster._hierarchical", "sklearn.cluster.hierarchical"),
	result("SpectralClustering", "n_clusters eigen_solver n_components n_init gamma affinity n_neighbors eigen_tol assign_labels degree coef0 kernel_params",
		"affinity_matrix_", "sklearn.cluster._spectral", "sklearn.cluster.spectral"),
	result("SpectralBiclustering", "n_clusters method n_components n_best svd_method n_svd_vecs mini_batch init n_init",
		"rows_ columns_", "sklearn.cluster._bicluster", "sklearn.cluster.bicluster"),
	result("SpectralCoclustering", "n_clusters svd_method n_svd_vecs mini_batch init n_init",
		"rows_ columns_ biclusters_", "sklearn.cluster._bicluster", "sklearn.cluster.bicluster"),
	{Name: "sklearn.cluster.Birch", Modules: []string{"sklearn.cluster._birch", "sklearn.cluster.birch"},
		New:     func() sklearn.Estimator { return new(Birch) },
		FitOnly: sklearn.Names("threshold branching_factor n_clusters compute_labels"),
		Ignore:  sklearn.Names("root_ dummy_leaf_ labels_ _subcluster_norms fit_ partial_fit_ _deprecated_fit _deprecated_partial_fit")},
	{Name: "sklearn.cluster.MeanShift", Modules: []string{"sklearn.cluster._mean_shift", "sklearn.cluster.mean_shift_"},
		New:     func() sklearn.Estimator { return new(MeanShift) },
		FitOnly: sklearn.Names("bandwidth seeds bin_seeding min_bin_freq cluster_all max_iter"), Ignore: sklearn.Names("labels_ n_iter_")},
	{Name: "sklearn.cluster.AffinityPropagation", Modules: []string{"sklearn.cluster._affinity_propagation", "sklearn.cluster.affinity_propagation_"},
		New:     func() sklearn.Estimator { return new(AffinityPropagation) },
		FitOnly: sklearn.Names("damping max_iter convergence_iter preference"),
		Ignore:  sklearn.Names("labels_ n_iter_ cluster_centers_indices_ affinity_matrix_")},
	{Name: "sklearn.cluster.FeatureAgglomeration", Modules: []string{"sklearn.cluster._agglomerative", "sklearn.cluster._hierarchical", "sklearn.cluster.hierarchical"},
		New:     func() sklearn.Estimator { return new(FeatureAgglomeration) },
		FitOnly: sklearn.Names("distance_threshold memory connectivity compute_full_tree linkage affinity metric compute_distances n_clusters n_components"),
		Ignore:  sklearn.Names("children_ n_connected_components_ n_leaves_ n_components_ distances_ _metric n_clusters_")},
}

// Fitted is any estimator of this package that only labels the rows it was fitted on: DBSCAN, OPTICS, HDBSCAN,
// AgglomerativeClustering, SpectralClustering and the biclusterings.
type Fitted struct {
	sklearn.Base
	Labels       *tensor.Tensor `sk:"labels_,optional"`
	RowLabels    *tensor.Tensor `sk:"row_labels_,optional"` // of a biclustering
	ColumnLabels *tensor.Tensor `sk:"column_labels_,optional"`
}

var _ sklearn.Resulter = (*Fitted)(nil)

// Results gives the labels of the fitted rows, or of rows and columns.
func (f *Fitted) Results() []sklearn.Held {
	return []sklearn.Held{{Name: "labels_", Tensor: f.Labels}, {Name: "row_labels_", Tensor: f.RowLabels}, {Name: "column_labels_", Tensor: f.ColumnLabels}}
}

// Birch is sklearn.cluster.Birch. The tree of subclusters is not needed: their centers and labels are stored.
type Birch struct {
	sklearn.Base
	Centers *tensor.Tensor `sk:"subcluster_centers_"`
	Labels  *tensor.Tensor `sk:"subcluster_labels_"`
}

var (
	_ sklearn.Predictor   = (*Birch)(nil)
	_ sklearn.Transformer = (*Birch)(nil)
)

// Bound checks the subclusters.
func (k *Birch) Bound(*sklearn.Binder) error {
	if err := centers(&k.Base, "subcluster_centers_", k.Centers); err != nil {
		return err
	}
	if k.Labels.Len() != k.Centers.Shape[0] || k.Labels.DType.Storage() != tensor.I64 {
		return fmt.Errorf("%d subclusters with %d labels", k.Centers.Shape[0], k.Labels.Len())
	}
	return nil
}

// Predict gives the label of the nearest subcluster.
func (k *Birch) Predict(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, k, x, sklearn.Accept{Sparse: true, Width: k.Centers.Shape[1]})
	return b.Labels(parts.Nearest(b, x, k.Centers), k.Labels)
}

// Transform gives the distances to the subclusters.
func (k *Birch) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, k, x, sklearn.Accept{Sparse: true, Width: k.Centers.Shape[1]})
	return parts.Euclidean(b, x, k.Centers)
}

// FeatureNamesOut is birch0, birch1, ….
func (k *Birch) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(k, k.Centers.Shape[0]), nil
}

// MeanShift is sklearn.cluster.MeanShift.
type MeanShift struct {
	sklearn.Base
	Centers *tensor.Tensor `sk:"cluster_centers_"`
}

var _ sklearn.Predictor = (*MeanShift)(nil)

// Bound checks the centers.
func (k *MeanShift) Bound(*sklearn.Binder) error {
	return centers(&k.Base, "cluster_centers_", k.Centers)
}

// Predict gives the nearest center. Before 0.24 rows could be sparse.
func (k *MeanShift) Predict(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, k, x, sklearn.Accept{Sparse: k.Before("0.24"), Width: k.Centers.Shape[1]})
	return parts.Nearest(b, b.ToDense(x), k.Centers)
}

// AffinityPropagation is sklearn.cluster.AffinityPropagation.
type AffinityPropagation struct {
	sklearn.Base
	AffinityParam string         `sk:"affinity"`
	Centers       sklearn.Matrix `sk:"cluster_centers_,optional"`
}

var _ sklearn.Predictor = (*AffinityPropagation)(nil)

// Predict gives the nearest center, -1 where the fit found none.
func (k *AffinityPropagation) Predict(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, k, x, sklearn.Accept{Sparse: true})
	if k.AffinityParam == "precomputed" || (k.Centers.Dense == nil && k.Centers.Sparse == nil) {
		return b.Refuse("Predict method is not supported when affinity='precomputed'.")
	}
	c := k.Centers.Dense
	if c == nil {
		c = k.Centers.Sparse.Dense()
	}
	if c.Len() == 0 {
		return b.Take(b.Const(tensor.FromI64([]int64{-1})), b.Zeros(x))
	}
	return parts.Nearest(b, x, c)
}

// FeatureAgglomeration is sklearn.cluster.FeatureAgglomeration with pooling_func numpy.mean, max, min, sum or median.
type FeatureAgglomeration struct {
	sklearn.Base
	Labels  *tensor.Tensor `sk:"labels_"`
	Pooling pooling        `sk:"pooling_func,optional"`
}

var (
	_ sklearn.Transformer        = (*FeatureAgglomeration)(nil)
	_ sklearn.InverseTransformer = (*FeatureAgglomeration)(nil)
	_ sklearn.FeatureNamer       = (*FeatureAgglomeration)(nil)
)

// groups gives the columns of each cluster.
func (k *FeatureAgglomeration) groups() [][]int {
	var g [][]int
	for j, l := range k.Labels.I64 {
		for len(g) <= int(l) {
			g = append(g, nil)
		}
		g[l] = append(g[l], j)
	}
	return g
}

// Bound checks the labels.
func (k *FeatureAgglomeration) Bound(*sklearn.Binder) error {
	if k.Labels.DType.Storage() != tensor.I64 {
		return fmt.Errorf("labels_ are no integers")
	}
	for _, l := range k.Labels.I64 {
		if l < 0 || l >= int64(len(k.Labels.I64)) {
			return fmt.Errorf("labels_ holds %d", l)
		}
	}
	if k.Pooling == (pooling{}) {
		k.Pooling.op = graph.OpReduceMean
	}
	return nil
}

// Transform pools the columns of each cluster. The mean adds in column order and divides (numpy.bincount).
func (k *FeatureAgglomeration) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, k, x, sklearn.Accept{NoHalf: k.Pooling.op == graph.OpReduceSum})
	if k.Pooling.op == graph.OpReduceMean {
		x = b.Cast(x, tensor.Float64)
	}
	var cols []graph.Value
	for _, g := range k.groups() {
		cols = append(cols, k.Pooling.of(b, b.Gather(x, g)))
	}
	return b.HStack(false, cols...)
}

// InverseTransform gives every column its cluster's value.
func (k *FeatureAgglomeration) InverseTransform(b *graph.Builder, x graph.Value) graph.Value {
	if x.OK() && x.Type().Kind == graph.Frame {
		return b.Refuse("(Ellipsis, array of labels)") // no index of a frame
	}
	x = sklearn.Check(b, k, x, sklearn.Accept{AnyWidth: true})
	if x.OK() && x.Width() != len(k.groups()) {
		return b.Refuse("X has %d features, but %s has %d clusters.", x.Width(), k.Name(), len(k.groups()))
	}
	index := make([]int, len(k.Labels.I64))
	for j, l := range k.Labels.I64 {
		index[j] = int(l)
	}
	return b.Gather(x, index)
}

// FeatureNamesOut is featureagglomeration0, featureagglomeration1, ….
func (k *FeatureAgglomeration) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(k, len(k.groups())), nil
}
