// Package all is the one table of every estimator Larder knows.
package all

import (
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/cluster"
	"github.com/larder-ml/larder/sklearn/compose"
	"github.com/larder-ml/larder/sklearn/covariance"
	"github.com/larder-ml/larder/sklearn/crossdecomposition"
	"github.com/larder-ml/larder/sklearn/decomposition"
	"github.com/larder-ml/larder/sklearn/ensemble"
	"github.com/larder-ml/larder/sklearn/impute"
	"github.com/larder-ml/larder/sklearn/linearmodel"
	"github.com/larder-ml/larder/sklearn/mixture"
	"github.com/larder-ml/larder/sklearn/naivebayes"
	"github.com/larder-ml/larder/sklearn/pipeline"
	"github.com/larder-ml/larder/sklearn/preprocessing"
	"github.com/larder-ml/larder/sklearn/randomprojection"
	"github.com/larder-ml/larder/sklearn/svm"
	"github.com/larder-ml/larder/sklearn/tree"
)

// Registry joins the tables of all rooms.
func Registry() *sklearn.Registry {
	return sklearn.NewRegistry(
		cluster.Classes,
		randomprojection.Classes,
		mixture.Classes,
		crossdecomposition.Classes,
		covariance.Classes,
		compose.Classes,
		decomposition.Classes,
		impute.Classes,
		ensemble.Classes,
		linearmodel.Classes,
		naivebayes.Classes,
		pipeline.Classes,
		preprocessing.Classes,
		svm.Classes,
		tree.Classes,
	)
}
