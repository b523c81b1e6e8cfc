// Package neighbors understands sklearn.neighbors: searches by stored tree or by brute force, and what votes or
// averages over their results.
package neighbors

import (
	"slices"

	"github.com/larder-ml/larder/sklearn"
)

// Classes lists what this package understands.
var Classes = slices.Concat(
	entries("classification", entry[KNeighborsClassifier]("KNeighborsClassifier"), entry[RadiusNeighborsClassifier]("RadiusNeighborsClassifier")),
	entries("regression", entry[KNeighborsRegressor]("KNeighborsRegressor"), entry[RadiusNeighborsRegressor]("RadiusNeighborsRegressor")),
	entries("unsupervised", entry[NearestNeighbors]("NearestNeighbors")),
	entries("graph", entry[KNeighborsTransformer]("KNeighborsTransformer"), entry[RadiusNeighborsTransformer]("RadiusNeighborsTransformer")),
	entries("lof", entry[LocalOutlierFactor]("LocalOutlierFactor")),
	entries("nearest_centroid", entry[NearestCentroid]("NearestCentroid")),
	entries("kde", entry[KernelDensity]("KernelDensity")),
	entries("nca", entry[NeighborhoodComponentsAnalysis]("NeighborhoodComponentsAnalysis")),
)

var (
	params = []string{"algorithm", "leaf_size", "metric_params", "contamination", "shrink_threshold", "priors", "callback", "init", "max_iter",
		"tol", "random_state", "n_components", "bandwidth", "metric"}
	state = []string{"n_samples_fit_", "threshold_", "_contamination", "negative_outlier_factor_", "deviations_", "n_iter_", "random_state_",
		"_n_features_out", "_random_state", "effective_metric_kwds_"}
)

func entry[T any, E interface {
	*T
	sklearn.Estimator
}](name string) sklearn.Class {
	return sklearn.Class{Name: "sklearn.neighbors." + name, New: func() sklearn.Estimator { return E(new(T)) }, FitOnly: params, Ignore: state}
}

// entries are the classes of one file, which until 0.21 had no underscore.
func entries(file string, cs ...sklearn.Class) []sklearn.Class {
	for i := range cs {
		cs[i].Modules = []string{"sklearn.neighbors._" + file, "sklearn.neighbors." + file}
		cs[i].Upgrade = rungs[cs[i].Name]
	}
	return cs
}

var rungs = map[string][]sklearn.Rung{
	"sklearn.neighbors.LocalOutlierFactor":        {{Before: "0.20", Fix: noNovelty}},
	"sklearn.neighbors.NearestCentroid":           {{Before: "1.6", Fix: noPriors}},
	"sklearn.neighbors.KernelDensity":             {{Before: "1.2", Fix: bandwidth}},
	"sklearn.neighbors.RadiusNeighborsClassifier": {{Before: "0.22", Fix: oneOutlier}, {Before: "1.4", Fix: ownOutliers}},
}
