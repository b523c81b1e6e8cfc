// Package all is the one table of every estimator Larder knows.
package all

import (
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/calibration"
	"github.com/larder-ml/larder/sklearn/cluster"
	"github.com/larder-ml/larder/sklearn/compose"
	"github.com/larder-ml/larder/sklearn/covariance"
	"github.com/larder-ml/larder/sklearn/crossdecomposition"
	"github.com/larder-ml/larder/sklearn/decomposition"
	"github.com/larder-ml/larder/sklearn/discriminantanalysis"
	"github.com/larder-ml/larder/sklearn/dummy"
	"github.com/larder-ml/larder/sklearn/ensemble"
	"github.com/larder-ml/larder/sklearn/featureextraction"
	"github.com/larder-ml/larder/sklearn/featureextraction/image"
	"github.com/larder-ml/larder/sklearn/featureextraction/text"
	"github.com/larder-ml/larder/sklearn/featureselection"
	"github.com/larder-ml/larder/sklearn/frozen"
	"github.com/larder-ml/larder/sklearn/gaussianprocess"
	"github.com/larder-ml/larder/sklearn/impute"
	"github.com/larder-ml/larder/sklearn/isotonic"
	"github.com/larder-ml/larder/sklearn/kernelapproximation"
	"github.com/larder-ml/larder/sklearn/kernelridge"
	"github.com/larder-ml/larder/sklearn/linearmodel"
	"github.com/larder-ml/larder/sklearn/manifold"
	"github.com/larder-ml/larder/sklearn/mixture"
	"github.com/larder-ml/larder/sklearn/modelselection"
	"github.com/larder-ml/larder/sklearn/multiclass"
	"github.com/larder-ml/larder/sklearn/multioutput"
	"github.com/larder-ml/larder/sklearn/naivebayes"
	"github.com/larder-ml/larder/sklearn/neighbors"
	"github.com/larder-ml/larder/sklearn/neuralnetwork"
	"github.com/larder-ml/larder/sklearn/pipeline"
	"github.com/larder-ml/larder/sklearn/preprocessing"
	"github.com/larder-ml/larder/sklearn/randomprojection"
	"github.com/larder-ml/larder/sklearn/semisupervised"
	"github.com/larder-ml/larder/sklearn/svm"
	"github.com/larder-ml/larder/sklearn/tree"
)

// Registry joins the tables of all rooms, and more: the reader's own implementations of classes that scikit-learn has
// not.
func Registry(more ...[]sklearn.Class) *sklearn.Registry {
	return sklearn.NewRegistry(append(more,
		calibration.Classes,
		cluster.Classes,
		compose.Classes,
		covariance.Classes,
		crossdecomposition.Classes,
		decomposition.Classes,
		discriminantanalysis.Classes,
		dummy.Classes,
		ensemble.Classes,
		featureextraction.Classes,
		featureselection.Classes,
		frozen.Classes,
		gaussianprocess.Classes,
		image.Classes,
		impute.Classes,
		isotonic.Classes,
		kernelapproximation.Classes,
		kernelridge.Classes,
		linearmodel.Classes,
		manifold.Classes,
		mixture.Classes,
		modelselection.Classes,
		multiclass.Classes,
		multioutput.Classes,
		naivebayes.Classes,
		neighbors.Classes,
		neuralnetwork.Classes,
		pipeline.Classes,
		preprocessing.Classes,
		randomprojection.Classes,
		semisupervised.Classes,
		svm.Classes,
		text.Classes,
		tree.Classes,
	)...)
}
