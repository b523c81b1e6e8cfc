// Package manifold is sklearn.manifold.
package manifold

import (
	"fmt"

	"github.com/larder-ml/larder/graph"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/parts"
	"github.com/larder-ml/larder/tensor"
)

// Classes lists what this package understands.
var Classes = []sklearn.Class{
	{Name: "sklearn.manifold.Isomap", Modules: []string{"sklearn.manifold._isomap", "sklearn.manifold.isomap"},
		New:     func() sklearn.Estimator { return new(Isomap) },
		FitOnly: sklearn.Names("n_components eigen_solver tol max_iter path_method neighbors_algorithm metric p metric_params"),
		Ignore:  sklearn.Names("embedding_ training_data_")},
	{Name: "sklearn.manifold.LocallyLinearEmbedding", Modules: []string{"sklearn.manifold._locally_linear", "sklearn.manifold.locally_linear"},
		New:     func() sklearn.Estimator { return new(LocallyLinearEmbedding) },
		FitOnly: sklearn.Names("n_components eigen_solver tol max_iter method hessian_tol modified_tol neighbors_algorithm n_neighbors"),
		Ignore:  sklearn.Names("reconstruction_error_")},
	result("TSNE", "n_components perplexity early_exaggeration learning_rate n_iter max_iter n_iter_without_progress min_grad_norm metric metric_params init "+
		"method angle square_distances", "learning_rate_ n_iter_ n_iter_final kl_divergence_ _max_iter _learning_rate _init training_data_", "_t_sne", "t_sne"),
	result("MDS", "n_components dissimilarity metric metric_params metric_mds n_init init max_iter eps normalized_stress",
		"_init _n_init _metric _metric_mds dissimilarity_matrix_ stress_ n_iter_ n_features_in", "_mds", "mds"),
	result("ClassicalMDS", "n_components metric metric_params", "dissimilarity_matrix_ eigenvalues_", "_classical_mds"),
	result("SpectralEmbedding", "n_components affinity gamma eigen_solver eigen_tol n_neighbors", "n_neighbors_ affinity_matrix_ gamma_", "_spectral_embedding", "spectral_embedding_"),
}

func result(name, params, state string, modules ...string) sklearn.Class {
	c := sklearn.Class{Name: "sklearn.manifold." + name, New: func() sklearn.Estimator { return new(Fitted) },
		Result:  "it embeds the rows it was fitted on (embedding_) and can not embed new ones",
		FitOnly: sklearn.Names(params), Ignore: sklearn.Names(state)}
	for _, m := range modules {
		c.Modules = append(c.Modules, "sklearn.manifold."+m)
	}
	return c
}

// Fitted is TSNE, MDS, ClassicalMDS or SpectralEmbedding: it holds the embedding of the rows it was fitted on.
type Fitted struct {
	sklearn.Base
	Embedding *tensor.Tensor `sk:"embedding_,optional"`
}

var _ sklearn.Resulter = (*Fitted)(nil)

// Results gives the embedding of the fitted rows.
func (m *Fitted) Results() []sklearn.Held {
	return []sklearn.Held{{Name: "embedding_", Tensor: m.Embedding}}
}

// FeatureNamesOut is tsne0, tsne1, ….
func (m *Fitted) FeatureNamesOut([]string) ([]string, error) {
	if m.Embedding == nil {
		return nil, fmt.Errorf("the file holds no embedding_")
	}
	return sklearn.PrefixNames(m, m.Embedding.Cols()), nil
}

// Isomap is sklearn.manifold.Isomap. Its neighbours are a number of the nearest, or those within a radius.
type Isomap struct {
	sklearn.Base
	NeighborsParam *int              `sk:"n_neighbors,optional"`
	RadiusParam    *float64          `sk:"radius,optional"`
	Neighbors      sklearn.Estimator `sk:"nbrs_"`
	KernelPCA      sklearn.Estimator `sk:"kernel_pca_"`
	Distances      *tensor.Tensor    `sk:"dist_matrix_"`
}

var (
	_ sklearn.Transformer  = (*Isomap)(nil)
	_ sklearn.FeatureNamer = (*Isomap)(nil)
	_ sklearn.Holder       = (*Isomap)(nil)
)

// Bound checks the distances.
func (m *Isomap) Bound(*sklearn.Binder) error {
	if len(m.Distances.Shape) != 2 || m.Distances.Shape[0] != m.Distances.Shape[1] {
		return fmt.Errorf("dist_matrix_ is no square matrix")
	}
	return nil
}

// Inside returns the neighbours and the kernel PCA.
func (m *Isomap) Inside() []sklearn.Estimator { return []sklearn.Estimator{m.Neighbors, m.KernelPCA} }

// Transform links each row to its neighbours and projects the shortest paths.
func (m *Isomap) Transform(b *graph.Builder, x graph.Value) graph.Value {
	var g graph.Value
	if m.NeighborsParam == nil {
		g = b.RaggedReduce(sklearn.Call(b, m.Neighbors, sklearn.MethodRadiusNeighbors, x), &graph.RaggedReduceAttr{Mode: graph.RaggedNearest,
			Values: parts.Float64(m.Distances), Empty: "zero-size array to reduction operation minimum which has no identity"})
	} else {
		nb := sklearn.Call(b, m.Neighbors, sklearn.MethodKNeighbors, x)
		if !nb.OK() || len(nb.Parts()) != 2 {
			return graph.Value{}
		}
		dist, index := nb.Parts()[0], nb.Parts()[1]
		k := dist.Width()
		paths := b.Take(b.Const(m.Distances), index)
		paths = b.Add(paths, b.Reshape(dist, graph.N, k, 1))
		g = b.Reduce(graph.OpReduceMin, paths, 1, false, graph.Any)
	}
	to := tensor.Float64
	if x.DType() == tensor.Float32 && x.Type().Kind != graph.Frame { // a frame has no type of its own
		to = tensor.Float32
	}
	g = b.Cast(g, to)
	g = b.Mul(g, g)
	return sklearn.Transform(b, m.KernelPCA, b.Mul(g, b.Scalar(-0.5, g)))
}

// FeatureNamesOut is isomap0, isomap1, ….
func (m *Isomap) FeatureNamesOut([]string) ([]string, error) {
	in, err := sklearn.FeatureNames(m.KernelPCA, nil)
	return sklearn.PrefixNames(m, len(in)), err
}

// LocallyLinearEmbedding is sklearn.manifold.LocallyLinearEmbedding.
type LocallyLinearEmbedding struct {
	sklearn.Base
	RegParam  float64           `sk:"reg"`
	Neighbors sklearn.Estimator `sk:"nbrs_"`
	Embedding *tensor.Tensor    `sk:"embedding_"`

	rows *tensor.Tensor // the neighbours' _fit_X
}

var (
	_ sklearn.Transformer  = (*LocallyLinearEmbedding)(nil)
	_ sklearn.FeatureNamer = (*LocallyLinearEmbedding)(nil)
	_ sklearn.Holder       = (*LocallyLinearEmbedding)(nil)
)

// Bound finds the fitted rows.
func (m *LocallyLinearEmbedding) Bound(*sklearn.Binder) error {
	a, ok := sklearn.Of(m.Neighbors).Object.Attrs()
	if !ok {
		return fmt.Errorf("nbrs_ has no state")
	}
	var err error
	if m.rows, err = sklearn.Tensor(a.Get("_fit_X")); err != nil {
		return fmt.Errorf("nbrs_: _fit_X: %w", err)
	}
	if len(m.rows.Shape) != 2 || len(m.Embedding.Shape) != 2 || m.Embedding.Shape[0] != m.rows.Shape[0] {
		return fmt.Errorf("embedding_ does not fit the fitted rows")
	}
	return nil
}

// Inside returns the neighbours.
func (m *LocallyLinearEmbedding) Inside() []sklearn.Estimator {
	return []sklearn.Estimator{m.Neighbors}
}

// Transform writes each row as a weighted sum of its neighbours and sums their embeddings alike.
func (m *LocallyLinearEmbedding) Transform(b *graph.Builder, x graph.Value) graph.Value {
	x = sklearn.Check(b, m, x, sklearn.Accept{NoHalf: true, Width: m.rows.Shape[1]})
	nb := sklearn.Call(b, m.Neighbors, sklearn.MethodKNeighbors, x)
	if !nb.OK() || len(nb.Parts()) != 2 {
		return graph.Value{}
	}
	index := nb.Parts()[1]
	w := b.BarycenterWeights(b.Cast(x, tensor.Float64), index, graph.BarycenterAttr{Rows: m.rows, Reg: m.RegParam})
	near := b.Take(b.Const(m.Embedding), index)
	return b.Reduce(graph.OpReduceSum, b.Mul(near, b.Reshape(w, graph.N, index.Width(), 1)), 1, false, graph.Sequential)
}

// FeatureNamesOut is locallylinearembedding0, ….
func (m *LocallyLinearEmbedding) FeatureNamesOut([]string) ([]string, error) {
	return sklearn.PrefixNames(m, m.Embedding.Shape[1]), nil
}
