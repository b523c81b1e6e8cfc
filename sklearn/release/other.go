package release

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

const searches = "GridSearchCV RandomizedSearchCV HalvingGridSearchCV HalvingRandomSearchCV"

const neighbours = `KNeighborsClassifier KNeighborsRegressor RadiusNeighborsClassifier RadiusNeighborsRegressor NearestNeighbors
	KNeighborsTransformer RadiusNeighborsTransformer LocalOutlierFactor KNNImputer`

const dictionaries = "DictionaryLearning MiniBatchDictionaryLearning SparseCoder"

var otherSteps = []step{
	{at: "*", classes: "KMeans MiniBatchKMeans", up: func(s *state) error {
		if c := s.m.To.Class(s.name); s.fitted() && c != nil && c.Knows("_n_threads") {
			s.add("_n_threads", pyobj.Int(1), "one thread")
		}
		return nil
	}},
	{at: "0.23", classes: "KMeans MiniBatchKMeans", up: func(s *state) error {
		s.drop("precompute_distances")
		if a, ok := s.get("cluster_centers_").(*pyobj.Array); ok && a.DType != nil && a.DType.Kind == 'f' && a.DType.Size == 4 {
			rows := "float64"
			if s.m.Float32 {
				rows = "float32"
			} else {
				s.widen("cluster_centers_", "rows and centers must be of one type since 0.23")
			}
			s.m.say("%s (%s): predict takes %s rows alone, until 0.22 it took both.", s.path, s.name, rows)
		}
		return nil
	}},
	{at: "*", classes: "BisectingKMeans", up: func(s *state) error {
		pyobj.Walk(s.get("_bisecting_tree"), func(v pyobj.Value) bool {
			if a, ok := v.(*pyobj.Array); ok && a.Subclass != nil && a.Subclass.Name == "matrix" {
				a.Subclass = nil // the mean of sparse rows, of which numpy warns
			}
			return true
		})
		return nil
	}},
	{at: "1.1", classes: "KMeans", up: func(s *state) error {
		s.reword("algorithm", "full", "lloyd")
		s.reword("algorithm", "auto", "lloyd")
		return nil
	}, down: func(s *state) error { s.reword("algorithm", "lloyd", "full"); return nil }},
	{at: "1.1", classes: "KMeans MiniBatchKMeans", up: func(s *state) error {
		if n := rowsOf(s.get("cluster_centers_")); n >= 0 {
			s.add("_n_features_out", pyobj.Int(n), "the clusters")
		}
		return nil
	}},
	{at: "1.1", classes: "Birch", up: func(s *state) error {
		if n := rowsOf(s.get("subcluster_centers_")); n >= 0 {
			s.add("_n_features_out", pyobj.Int(n), "the subclusters")
		}
		return nil
	}},
	{at: "1.0", classes: "Birch", up: func(s *state) error {
		s.drop("fit_", "partial_fit_", "_deprecated_fit", "_deprecated_partial_fit", "root_", "dummy_leaf_")
		return nil
	}},
	{at: "*", classes: "Birch", up: func(s *state) error {
		s.drop("fit_", "partial_fit_", "_deprecated_fit", "_deprecated_partial_fit")
		return nil
	}},
	{at: "1.1", classes: "Birch", down: func(s *state) error {
		c, err := sklearn.Tensor(s.get("subcluster_centers_"))
		if err != nil || c.DType != tensor.Float32 || len(c.Shape) != 2 || s.get("_subcluster_norms") == nil {
			return nil //nolint:nilerr // Bind says so
		}
		norms, f := make([]float64, c.Shape[0]), c.AsF64()
		for i, x := range f {
			norms[i/c.Shape[1]] += float64(x * x)
		}
		s.set("_subcluster_norms", floatArray(norms, len(norms)), "float64: until 1.0 float32 norms are refused beside float64 rows")
		return nil
	}},
	{at: "1.0", classes: "NMF MiniBatchNMF", up: func(s *state) error {
		a, err := sklearn.Float(s.get("alpha"))
		if s.fitted() && s.get("alpha") != nil && (err != nil || a != 0) {
			return s.refuse("alpha", "until 1.1 the penalty was scaled otherwise")
		}
		s.drop("alpha", "regularization")
		s.add("alpha_W", pyobj.Float(0), "no penalty")
		if v := s.get("beta_loss"); v != nil && s.fitted() {
			s.add("_beta_loss", pyobj.Int(2), "frobenius")
		}
		return nil
	}},
	{at: "*", classes: "NMF MiniBatchNMF", up: func(s *state) error {
		if n := rowsOf(s.get("components_")); n >= 0 && s.word("n_components") == "auto" && s.m.To.Before("1.6") {
			s.set("n_components", pyobj.Int(n), `"auto" → the components there are`)
		}
		return nil
	}},
	{at: "1.2", classes: "NMF MiniBatchNMF", up: func(s *state) error {
		a, err := sklearn.Float(s.get("alpha"))
		if s.fitted() && s.get("alpha") != nil && err == nil && a != 0 {
			return s.refuse("alpha", "until 1.1 the penalty was scaled otherwise")
		}
		s.drop("alpha", "regularization")
		return nil
	}},
	{at: "1.2", classes: "MiniBatchNMF", down: func(s *state) error {
		w, err := sklearn.Float(s.get("alpha_W"))
		ratio, err2 := sklearn.Float(s.get("l1_ratio"))
		if !s.fitted() || err != nil || err2 != nil {
			return nil
		}
		h := w
		if s.word("alpha_H") != "same" {
			if h, err = sklearn.Float(s.get("alpha_H")); err != nil {
				return s.refuse("alpha_H", "%v", err)
			}
		}
		for i, alpha := range []float64{w, h} {
			s.attrs.Set(pyobj.Str("_l1_reg_"+"WH"[i:i+1]), pyobj.Float(alpha*ratio))
			s.attrs.Set(pyobj.Str("_l2_reg_"+"WH"[i:i+1]), pyobj.Float(alpha*(1-ratio)))
		}
		s.note(Added, "_l1_reg_W, _l2_reg_W, _l1_reg_H, _l2_reg_H", "the penalties, from alpha_W, alpha_H and l1_ratio")
		return nil
	}},
	{at: "*", classes: "GraphicalLassoCV", up: func(s *state) error {
		if o, ok := s.get("cv_results_").(*pyobj.Object); ok && pyobj.ShortName(o.ClassName()) == "_DictWithDeprecatedKeys" {
			s.set("cv_results_", &pyobj.Dict{Entries: o.Pairs}, "a dict")
		}
		return nil
	}},
	{at: "1.8", classes: dictionaries, up: (*state).looseDescent, down: (*state).looseDescent},
	{at: "0.20", classes: dictionaries, up: (*state).unitAtoms},
	{at: "1.5", classes: "PCA IncrementalPCA", up: func(s *state) error {
		s.widen("mean_", "since 1.5 float32 means are multiplied as float32")
		s.widen("components_", "since 1.5 float32 means are multiplied as float32")
		return s.farMeans()
	}, down: (*state).farMeans},
	{at: "0.19", classes: "OneVsRestClassifier", up: func(s *state) error {
		list, err := sklearn.Sequence(s.get("estimators_"))
		if err != nil || len(list) != 1 {
			return nil
		}
		if o, ok := list[0].(*pyobj.Object); ok {
			if c := s.m.Registry.Lookup(o.ClassName()); c != nil {
				if _, decides := c.New().(sklearn.Decider); !decides {
					return nil
				}
			}
		}
		return s.lose("estimators_", "until 0.18 the decisions of two classes were a column, not a vector", "decision_function")
	}},
	{at: "1.6", classes: "KNNImputer", up: (*state).undefinedDonors, down: (*state).undefinedDonors},
	{at: "*", classes: "SVC NuSVC SVR NuSVR OneClassSVM", up: func(s *state) error {
		const rows = "_BaseLibSVM__Xfit"
		if o, ok := s.get(rows).(*pyobj.Object); ok && strings.HasPrefix(o.ClassName(), "pandas.") {
			m, err := sklearn.AnyMatrix(o)
			if err != nil {
				return s.refuse(rows, "%v", err)
			}
			s.set(rows, arrayOf(m.Dense), "the frame's numbers, which the kernel is asked with")
		}
		return nil
	}},
	{at: "*", classes: "OneClassSVM SVR NuSVR", up: func(s *state) error {
		s.taken["class_weight_"] = true
		if s.fitted() && s.m.To.Before("1.1") {
			s.add("class_weight_", floatArray(nil, 0), "none: read where the rows of the fit were sparse")
		}
		return nil
	}},
	{at: "1.8", classes: "OneVsRestClassifier", up: (*state).equalScores, down: (*state).equalScores},
	{at: "1.7", classes: "OneVsRestClassifier", up: (*state).noChance, down: (*state).noChance},
	{at: "1.1", classes: "OneVsOneClassifier", up: (*state).pairThreshold, down: (*state).pairThreshold},
	{at: "1.4", classes: "CalibratedClassifierCV", up: (*state).foldOfTwo, down: (*state).foldOfTwo},
	{at: "1.0", classes: "CalibratedClassifierCV", up: (*state).noScores},
	{at: "1.4", classes: "TargetEncoder", up: nil, down: func(s *state) error {
		if s.word("target_type_") == "multiclass" {
			return s.refuse("target_type_", "it encodes by no target of several classes")
		}
		return nil
	}},
	{at: "1.2", classes: "DictionaryLearning MiniBatchDictionaryLearning", up: func(s *state) error {
		if _, none := s.get("transform_alpha").(pyobj.None); none {
			s.set("transform_alpha", pyobj.Float(1), "None stood for 1")
		}
		return nil
	}},
	{at: "*", classes: "GaussianMixture BayesianGaussianMixture GaussianProcessRegressor GaussianProcessClassifier PLSRegression PLSCanonical CCA DictionaryLearning MiniBatchDictionaryLearning SparseCoder LinearRegression",
		up: func(s *state) error {
			if s.fitted() && !s.m.To.sameMinor(s.from) {
				s.m.say("%s (%s): float64 rows give the numbers of the writing release; float32 rows may be computed in float32 by one release and in float64 by the other.", s.path, s.name)
			}
			return nil
		}},
	{at: "0.19", classes: "KernelPCA KernelRidge Nystroem", up: func(s *state) error {
		if s.word("kernel") == "chi2" {
			s.set("gamma", pyobj.Float(1), "what chi2 took before 0.19, whatever gamma said")
		}
		return nil
	}},
	renames("1.0", "KernelPCA", "lambdas_", "eigenvalues_", "alphas_", "eigenvectors_"),
	{at: "1.3", classes: "KernelPCA", up: func(s *state) error {
		if !s.fitted() {
			return nil
		}
		if s.has("gamma") {
			s.add("gamma_", s.get("gamma"), "as gamma")
			return nil
		}
		m, err := sklearn.AnyMatrix(s.get("X_fit_"))
		if err != nil {
			return s.refuse("X_fit_", "%v", err)
		}
		n := 0
		if m.Dense != nil && len(m.Dense.Shape) == 2 {
			n = m.Dense.Shape[1]
		} else if m.Sparse != nil {
			n = m.Sparse.Cols
		}
		if n > 0 {
			s.add("gamma_", pyobj.Float(1/float64(n)), "one over the number of features, as None meant")
		}
		return nil
	}, down: func(s *state) error {
		if g := s.get("gamma_"); g != nil {
			s.set("gamma", g, "as gamma_")
		}
		s.drop("gamma_")
		return nil
	}},
	{at: "0.22", classes: "FastICA", up: func(s *state) error {
		if c := s.get("components_"); c != nil {
			s.add("_unmixing", c, "as components_")
		}
		return nil
	}},
	{at: "1.3", classes: "FastICA", up: func(s *state) error {
		if b, ok := s.get("whiten").(pyobj.Bool); ok && bool(b) || s.word("whiten") == "warn" {
			s.set("whiten", pyobj.Str("arbitrary-variance"), "what True meant")
		}
		s.drop("_whiten")
		return nil
	}, down: nil},
	{at: "1.1", classes: "FastICA", up: nil, down: func(s *state) error {
		switch s.word("whiten") {
		case "arbitrary-variance", "unit-variance":
			s.set("whiten", pyobj.Bool(true), "the components hold the variance")
		}
		return nil
	}},
	{at: "*", classes: "FastICA", up: func(s *state) error {
		if s.fitted() && !s.m.To.Before("1.1") && s.m.To.Before("1.3") {
			s.add("_whiten", s.orNone("whiten"), "as whiten")
		}
		return nil
	}},
	{at: "1.3", classes: "AdditiveChi2Sampler", down: func(s *state) error {
		if s.get("sample_interval_") != nil {
			return nil
		}
		if s.has("sample_interval") {
			s.set("sample_interval_", s.get("sample_interval"), "as sample_interval")
			return nil
		}
		n, err := sklearn.Int(s.get("sample_steps"))
		if err != nil || n < 1 || n > 3 {
			return s.refuse("sample_steps", "it wants sample_interval for it")
		}
		s.set("sample_interval_", pyobj.Float([]float64{0.8, 0.5, 0.4}[n-1]), "of sample_steps")
		return nil
	}},
	renames("0.24", "PLSRegression PLSCanonical CCA PLSSVD", "x_mean_", "_x_mean", "x_std_", "_x_std", "y_mean_", "_y_mean", "y_std_", "_y_std"),
	{at: "1.1", classes: "PLSRegression PLSCanonical CCA", up: func(s *state) error {
		if v := s.get("_y_mean"); v != nil {
			s.add("intercept_", v, "as _y_mean")
		}
		return nil
	}, down: nil},
	{at: "1.1", classes: "PLSRegression PLSCanonical CCA", up: func(s *state) error { return s.transposed("coef_", "_coef_") },
		down: func(s *state) error {
			s.drop("coef_")
			return s.transposed("_coef_", "coef_")
		}},
	{at: "1.3", classes: "PLSRegression PLSCanonical CCA", up: func(s *state) error {
		if s.get("_coef_") != nil {
			s.drop("coef_")
		}
		s.rename("_coef_", "coef_")
		return nil
	}, down: func(s *state) error {
		s.rename("coef_", "_coef_")
		return nil
	}},
	{at: "1.5", classes: "PLSRegression PLSCanonical CCA", up: func(s *state) error { return s.scaledColumns(false) },
		down: func(s *state) error { return s.scaledColumns(true) }},
	{at: "1.3.1", classes: "PLSRegression PLSCanonical CCA", up: func(s *state) error {
		if s.get("coef_") != nil {
			s.m.say("%s (%s): predict of a single target gives one column as the fit's target had it; until 1.3.0 always two dimensions.", s.path, s.name)
			if s.get("_predict_1d") == nil {
				s.attrs.Set(pyobj.Str("_predict_1d"), pyobj.Bool(false))
			}
		}
		return nil
	}},
	{at: "*", classes: "PLSRegression PLSCanonical CCA", up: (*state).oneTarget},
	{at: "0.22", classes: "DummyClassifier", up: func(s *state) error {
		if v := s.get("strategy"); v != nil && s.fitted() {
			s.add("_strategy", v, "as strategy")
		}
		return nil
	}},
	{at: "1.2", classes: "CalibratedClassifierCV", up: func(s *state) error {
		if s.word("base_estimator") == "deprecated" {
			s.drop("base_estimator")
		}
		s.rename("base_estimator", "estimator")
		return nil
	}, down: func(s *state) error { s.rename("estimator", "base_estimator"); return nil }},
	{at: "1.2", classes: "_CalibratedClassifier", up: func(s *state) error {
		s.rename("base_estimator", "estimator")
		s.rename("calibrators_", "calibrators")
		s.rename("classes_", "classes")
		s.drop("label_encoder_")
		return nil
	}, down: func(s *state) error { s.rename("estimator", "base_estimator"); return nil }},
	{at: "0.24", classes: "_CalibratedClassifier", up: func(s *state) error {
		s.rename("calibrators_", "calibrators")
		if v := s.get("classes_"); v != nil {
			s.set("classes", v, "as classes_")
		}
		s.drop("label_encoder_")
		return nil
	}},
	{at: "1.5", classes: "ClassifierChain", up: func(s *state) error {
		if s.fitted() {
			s.add("chain_method_", pyobj.Str("predict"), "the only rule")
		}
		return nil
	}, down: func(s *state) error {
		if t := s.word("chain_method_"); t != "" && t != "predict" {
			return s.refuse("chain_method_", "it chains predictions only")
		}
		return nil
	}},
	renames("1.6", "SelfTrainingClassifier", "base_estimator_", "estimator_"),
	{at: "*", classes: searches, up: (*state).scorers},
	{at: "1.2", classes: "AgglomerativeClustering FeatureAgglomeration", up: func(s *state) error {
		if t := s.word("affinity"); t != "" && t != "deprecated" {
			s.set("metric", pyobj.Str(t), "as affinity")
		}
		s.drop("affinity")
		s.taken["affinity"] = true
		return nil
	}, down: func(s *state) error {
		s.rename("metric", "affinity")
		return nil
	}},
	{at: "*", classes: "AgglomerativeClustering FeatureAgglomeration", up: func(s *state) error {
		if _, isNone := s.get("metric").(pyobj.None); isNone && !s.m.To.Before("1.4") {
			s.set("metric", pyobj.Str("euclidean"), "what None meant")
		}
		return nil
	}},
	{at: "0.22", classes: "AgglomerativeClustering FeatureAgglomeration", up: func(s *state) error {
		if s.name == "AgglomerativeClustering" {
			s.drop("pooling_func")
		}
		return nil
	}},
	{at: "1.1.2", classes: "SelectFromModel", up: (*state).elasticThreshold, down: (*state).elasticThreshold},
	{at: "1.7", classes: "SelectFromModel", up: (*state).elasticThreshold, down: (*state).elasticThreshold},
	{at: "1.1", classes: "SelectFromModel", up: nil, down: func(s *state) error {
		if a := s.partialLeastSquares(); a != nil {
			return s.refuse("estimator_", "it looks at the weights of PLS by targets, not by columns")
		}
		return nil
	}},
	{at: "1.5", classes: "SelectFromModel", up: (*state).scaledSelection, down: (*state).scaledSelection},
	{at: "1.1", classes: "SelectFromModel", up: func(s *state) error {
		if s.fitted() && s.has("max_features") {
			s.add("max_features_", s.get("max_features"), "as max_features")
		}
		return nil
	}},
	{at: "1.0", classes: "SparseCoder", up: func(s *state) error {
		if c := s.get("components_"); c != nil {
			s.add("dictionary", c, "as components_")
		}
		return nil
	}},
	{at: "0.18", classes: "OneVsRestClassifier", up: func(s *state) error {
		if o, ok := s.get("label_binarizer_").(*pyobj.Object); ok {
			if a, _ := o.Attrs(); a.Get("classes_") != nil {
				s.add("classes_", a.Get("classes_"), "the binarizer's")
			}
		}
		return nil
	}},
	{at: "1.3", classes: "NearestCentroid", up: func(s *state) error {
		if w := s.word("metric"); w != "euclidean" && w != "manhattan" {
			return s.refuse("metric", "it has no metric %q, only euclidean and manhattan", w)
		}
		return nil
	}},
	refuses("0.18", "RidgeClassifier RidgeClassifierCV", "_label_binarizer", "until 0.17 it kept the classes otherwise"),
	refuses("0.18.1", "SelectFdr", "pvalues_", "until 0.18.0 features were kept by another rule"),
	refuses("0.18", "LatentDirichletAllocation", "components_", "until 0.17 transform did not give shares"),
	refuses("0.20", "EllipticEnvelope", "threshold_", "until 0.19 there was a threshold, not an offset"),
	refuses("0.22", "SparsePCA MiniBatchSparsePCA", "components_", "until 0.21 the components could be applied without a mean"),
	{at: "0.22", classes: "RadiusNeighborsClassifier", up: (*state).radiusLabel},
	{at: "0.22", classes: dictionaries, up: func(s *state) error {
		if s.word("transform_algorithm") == "lars" && s.get("positive_code") == pyobj.Bool(true) {
			return s.refuse("positive_code", "least angle regression makes no positive codes since 0.22")
		}
		return nil
	}},
	{at: "*", classes: "CalibratedClassifierCV", up: func(s *state) error {
		if s.fitted() && s.word("method") == "isotonic" && !s.m.To.sameMinor(s.from) {
			s.m.say("%s (%s): probabilities of two classes that are equal but for rounding may give the other class.", s.path, s.name)
		}
		return nil
	}},
	says("*", "OutputCodeClassifier", "rows equally far from the codes of two classes may get the other one, as they may in every release."),
	says("1.6", "QuadraticDiscriminantAnalysis", "logarithms of probabilities of 0 are finite since 1.6."),
	says("0.24", "LinearDiscriminantAnalysis", "logarithms of probabilities of 0 are finite since 0.24."),
	{at: "0.19", classes: "VotingClassifier", up: func(s *state) error {
		s.add("flatten_transform", pyobj.Bool(false), "the only form")
		return nil
	}},
	{at: "*", classes: neighbours, up: (*state).searchMetric},
	{at: "1.1", classes: neighbours, down: func(s *state) error {
		if s.fitted() && (s.word("effective_metric_") == "yule" || s.word("metric") == "yule") {
			return s.refuse("metric", "scipy beside releases before 1.1 gives other Yule distances, NaN of rows that agree")
		}
		return nil
	}},
	{at: "*", classes: "KNeighborsClassifier", up: func(s *state) error {
		if text := wordsForNumbers(s.attrs, s.m.To); text != "" && !s.m.To.sameMinor(s.from) {
			s.set("weights", pyobj.None{}, "the same votes; with \"uniform\" this release takes the classes for numbers: "+strconv.Quote(text))
		}
		return nil
	}},
	{at: "1.4", classes: "Pipeline", down: (*state).sparsePrincipals},
	{at: "*", classes: "KNeighborsClassifier KNeighborsRegressor NearestNeighbors KNeighborsTransformer LocalOutlierFactor KNNImputer", up: func(s *state) error {
		if (s.word("_fit_method") == "brute" || s.name == "KNNImputer" && s.fitted()) && !s.m.To.sameMinor(s.from) {
			s.m.say("%s (%s): neighbours at equal distances may come in another order, as they may in every release.", s.path, s.name)
		}
		return nil
	}},
	renames("1.2", "StackingClassifier", "_le", "_label_encoder"),
	{at: "1.0", classes: "FeatureUnion VotingClassifier VotingRegressor", up: func(s *state) error {
		for _, name := range []string{"transformer_list", "estimators"} {
			list, err := sklearn.Sequence(s.get(name))
			if err != nil {
				continue
			}
			for i, it := range list {
				if t, ok := it.(*pyobj.Tuple); ok && len(t.Items) == 2 {
					if _, isNone := t.Items[1].(pyobj.None); isNone {
						t.Items[1] = pyobj.Str("drop")
						s.note(Rewritten, name, fmt.Sprintf("[%d]: None → \"drop\", the same", i))
					}
				}
			}
		}
		return nil
	}},
	{at: "0.21", classes: "VotingClassifier", up: func(s *state) error {
		if _, isNone := s.get("flatten_transform").(pyobj.None); isNone {
			s.set("flatten_transform", pyobj.Bool(false), "what None meant")
		}
		return nil
	}},
	{at: "0.21", classes: "OneVsOneClassifier", up: func(s *state) error {
		if s.fitted() {
			return s.lose("estimators_", "until 0.20 the decisions were scaled over all rows given", "decision_function")
		}
		return nil
	}},
}

// transposed moves a matrix to another attribute with rows and columns exchanged.
func (s *state) transposed(from, to string) error {
	v := s.get(from)
	if v == nil {
		return nil
	}
	f, shape, err := floats(v)
	if err != nil || len(shape) != 2 {
		return s.refuse(from, "%v", err)
	}
	out := make([]float64, len(f))
	for i := range shape[0] {
		for j := range shape[1] {
			out[j*shape[0]+i] = f[i*shape[1]+j]
		}
	}
	s.drop(from)
	s.set(to, floatArray(out, shape[1], shape[0]), "transposed")
	return nil
}

// scaledColumns divides the columns of coef_ by the features' deviations, which predict did to the rows until 1.4; or
// takes that back.
func (s *state) scaledColumns(back bool) error {
	v := s.get("coef_")
	if v == nil {
		return nil
	}
	f, shape, err := floats(v)
	if err != nil || len(shape) != 2 {
		return s.refuse("coef_", "%v", err)
	}
	std, _, err := floats(s.get("_x_std"))
	if err != nil || len(std) != shape[1] {
		return s.refuse("_x_std", "it does not fit coef_")
	}
	f = append([]float64(nil), f...)
	for i := range f {
		if back {
			f[i] *= std[i%shape[1]]
		} else {
			f[i] /= std[i%shape[1]]
		}
	}
	s.set("coef_", floatArray(f, shape...), "scaled by _x_std, as predict does not scale the rows any more")
	if back {
		s.note(Rewritten, "coef_", "predict scales the rows")
	}
	return nil
}

// partialLeastSquares gives the attributes of the PLS that a selector looks at, nil if that is another estimator.
func (s *state) partialLeastSquares() *pyobj.Dict {
	for _, name := range []string{"estimator_", "estimator"} {
		if o, ok := s.get(name).(*pyobj.Object); ok {
			a, _ := o.Attrs()
			if in, ok := a.Get("regressor_").(*pyobj.Object); ok { // what a PLS of one target became
				a, _ = in.Attrs()
			}
			if a != nil && a.Get("x_weights_") != nil {
				return a
			}
		}
	}
	return nil
}

// scaledSelection refuses a selector by the weights of PLS: until 1.4 they were those of scaled columns.
func (s *state) scaledSelection() error {
	a := s.partialLeastSquares()
	if a == nil {
		return nil
	}
	if std, _, err := floats(a.Get("_x_std")); err != nil || slices.ContainsFunc(std, func(f float64) bool { return f != 1 }) {
		return s.refuse("estimator_", "until 1.4 the weights of PLS that it looks at were those of scaled columns")
	}
	return nil
}

// diagonal reads a square matrix that is zero off its diagonal.
func diagonal(m sklearn.Matrix) ([]float64, error) {
	s := m.Sparse
	if s == nil || s.Rows != s.Cols || s.Data.AsF64() == nil {
		return nil, fmt.Errorf("no sparse square matrix")
	}
	d := make([]float64, s.Rows)
	for i := range d {
		for p := s.Indptr[i]; p < s.Indptr[i+1]; p++ {
			if int(s.Indices[p]) != i {
				return nil, fmt.Errorf("not diagonal")
			}
			d[i] += s.Data.AsF64()[p]
		}
	}
	return d, nil
}

// diagonalCSR makes scipy's csr_matrix of a diagonal.
func diagonalCSR(d []float64) pyobj.Value {
	ints := func(n int) *pyobj.Array {
		b := make([]byte, 0, 4*n)
		for i := range n {
			b = binary.LittleEndian.AppendUint32(b, uint32(i))
		}
		return &pyobj.Array{DType: dtype("<i4"), Shape: []int{n}, Data: b, Offset: -1}
	}
	n := pyobj.Int(len(d))
	return object("scipy.sparse", "csr_matrix", entry("_shape", &pyobj.Tuple{Items: []pyobj.Value{n, n}}), entry("maxprint", pyobj.Int(50)),
		entry("indices", ints(len(d))), entry("indptr", ints(len(d)+1)), entry("data", floatArray(d, len(d))))
}

// scorers brings scorer_ of a search to the release's form: predictions do not ask for it, score does.
func (s *state) scorers() error {
	if s.get("scorer_") == nil {
		s.drop("iid")
		return nil
	}
	s.ownScorer("scorer_")
	if o, ok := s.get("cv_results_").(*pyobj.Object); ok && pyobj.ShortName(o.ClassName()) == "DeprecationDict" {
		s.set("cv_results_", &pyobj.Dict{Entries: o.Pairs}, "a plain dict")
	}
	s.drop("iid", "_search_config")
	s.taken["iid"] = true
	return nil
}

// ownScorer writes the scorer that asks the estimator's own score as the release keeps it.
func (s *state) ownScorer(attr string) {
	switch x := s.get(attr).(type) {
	case *pyobj.Global:
		if x.Name != "_passthrough_scorer" {
			return
		}
	case *pyobj.Object:
		if pyobj.ShortName(x.ClassName()) != "_PassthroughScorer" {
			return
		}
	default:
		return
	}
	if s.m.To.Before("1.3") {
		s.set(attr, &pyobj.Global{Module: "sklearn.metrics._scorer", Name: "_passthrough_scorer"}, "as this release keeps it")
		return
	}
	var of pyobj.Value = s.obj
	if attr == "scorer_" {
		of = s.orNone("estimator")
	}
	s.set(attr, object("sklearn.metrics._scorer", "_PassthroughScorer", entry("_estimator", of)), "as this release keeps it")
}

// helper rewrites objects that record no release of their own.
func (m *migration) helper(o *pyobj.Object, path, release string) error {
	name := pyobj.ShortName(o.ClassName())
	module := ""
	if g, ok := o.Class.(*pyobj.Global); ok {
		module = g.Module
	}
	switch {
	case name == "newObj" && strings.HasSuffix(module, "dist_metrics") && len(o.Args) == 1:
		return m.distance(o, path)
	case name == "newObj" && (strings.HasSuffix(module, "kd_tree") || strings.HasSuffix(module, "ball_tree")) && len(o.Args) == 1:
		kind, file := "KDTree", "_kd_tree"
		if strings.HasSuffix(module, "ball_tree") {
			kind, file = "BallTree", "_ball_tree"
		}
		if g, ok := o.Args[0].(*pyobj.Global); ok && (strings.HasSuffix(g.Name, "32") || strings.HasSuffix(g.Name, "64")) {
			return nil
		}
		o.Class = &pyobj.Global{Module: "sklearn.neighbors." + file, Name: "newObj"}
		o.Args = []pyobj.Value{&pyobj.Global{Module: "sklearn.neighbors." + file, Name: kind}}
		if t, ok := o.State.(*pyobj.Tuple); ok && len(t.Items) == 12 {
			t.Items = append(t.Items, pyobj.None{}) // the weights of samples, since 0.20
			m.report.Changes = append(m.report.Changes, Change{path, kind, "sample_weight", Added, "None"})
		}
	case name == "partial" && module == "functools":
		m.checkArray(o)
	case name == "_PredictScorer" || name == "_ProbaScorer" || name == "_ThresholdScorer" || name == "_Scorer":
		m.scorer(o, name)
	}
	return nil
}

// distance names a metric as the release does: since 1.3 by the width of its floats.
func (m *migration) distance(o *pyobj.Object, path string) error {
	g, ok := o.Args[0].(*pyobj.Global)
	if !ok {
		return nil
	}
	name := strings.TrimSuffix(g.Name, "64")
	if strings.HasSuffix(name, "32") {
		return nil
	}
	module := "sklearn.metrics._dist_metrics"
	if m.To.Before("1.0.2") {
		module = "sklearn.neighbors._dist_metrics"
	}
	if m.To.Importable(module, name+"64") && !m.To.Before("1.3") {
		name += "64"
	}
	if !m.To.Importable(module, name) {
		return &RefusedError{path, g.Name, "", "it has no such distance", m.To.Version}
	}
	o.Class = &pyobj.Global{Module: module, Name: "newObj"}
	o.Args = []pyobj.Value{&pyobj.Global{Module: module, Name: name}}
	if t, ok := o.State.(*pyobj.Tuple); ok && len(t.Items) == 3 && strings.HasPrefix(name, "Mahalanobis") && m.To.Before("1.3") {
		n := rowsOf(t.Items[2]) // until 1.2 differences are written there, without a look at its size
		if n < 1 {
			return &RefusedError{path, name, "", "its matrix is none", m.To.Version}
		}
		t.Items[1] = floatArray(make([]float64, n), n)
	}
	if t, ok := o.State.(*pyobj.Tuple); ok && len(t.Items) == 3 && strings.HasPrefix(name, "Minkowski") {
		switch blank := blankWeights(t); {
		case blank && !m.To.Before("1.1"):
			t.Items[1] = floatArray(nil, 0)
		case rowsOf(t.Items[1]) == 0 && m.To.Before("1.1"):
			t.Items[1] = floatArray([]float64{0}, 1)
		case !blank && m.To.Before("1.1"):
			return &RefusedError{path, name, "", "it has no weights of columns", m.To.Version}
		}
	}
	return nil
}

// blankWeights reports a Minkowski distance without weights as releases until 1.0 kept it, with one zero in their place.
// Since 1.1 the place is empty, and a zero there is a weight.
func blankWeights(state *pyobj.Tuple) bool {
	f, _, err := floats(state.Items[1])
	return err == nil && len(f) == 1 && f[0] == 0
}

// checkArray renames the keyword of check_array that is bound in a preprocessor: ensure_all_finite since 1.6.
func (m *migration) checkArray(o *pyobj.Object) {
	t, ok := o.State.(*pyobj.Tuple)
	if !ok || len(t.Items) != 4 {
		return
	}
	g, _ := t.Items[0].(*pyobj.Global)
	kw, _ := t.Items[2].(*pyobj.Dict)
	if g == nil || kw == nil || g.Name != "check_array" {
		return
	}
	from, to := "force_all_finite", "ensure_all_finite"
	if m.To.Before("1.6") {
		from, to = to, from
	}
	if v := kw.Get(from); v != nil {
		kw.Delete(from)
		kw.Set(pyobj.Str(to), v)
	}
}

// scorer turns the three scorers before 1.4 into the one since, and back.
func (m *migration) scorer(o *pyobj.Object, name string) {
	attrs, ok := o.Attrs()
	if !ok || attrs == nil {
		return
	}
	set := func(class string, response pyobj.Value) {
		o.Class = &pyobj.Global{Module: "sklearn.metrics._scorer", Name: class}
		if response == nil {
			attrs.Delete("_response_method")
		} else {
			attrs.Set(pyobj.Str("_response_method"), response)
		}
		o.State = attrs
	}
	decide := &pyobj.Tuple{Items: []pyobj.Value{pyobj.Str("decision_function"), pyobj.Str("predict_proba")}}
	switch {
	case name == "_Scorer" && m.To.Before("1.4"):
		switch t, _ := pyobj.Text(attrs.Get("_response_method")); t {
		case "predict":
			set("_PredictScorer", nil)
		case "predict_proba":
			set("_ProbaScorer", nil)
		default:
			set("_ThresholdScorer", nil)
		}
	case name != "_Scorer" && !m.To.Before("1.4"):
		set("_Scorer", map[string]pyobj.Value{"_PredictScorer": pyobj.Str("predict"), "_ProbaScorer": pyobj.Str("predict_proba"), "_ThresholdScorer": decide}[name])
	}
}

// oneTarget: until 1.3.0 predict of one target gave a column. TransformedTargetRegressor makes a vector of it.
func (s *state) oneTarget() error {
	if b, ok := s.get("_predict_1d").(pyobj.Bool); !ok || !bool(b) || !s.m.To.Before("1.3.1") || s.m.middle[s.obj] {
		return nil
	}
	in := *s
	in.obj, in.attrs, in.path = &pyobj.Object{Make: s.obj.Make, Class: s.obj.Class, Offset: -1}, s.attrs.Clone(), s.path+".regressor_"
	s.m.done[in.obj] = true
	if err := in.settle(); err != nil {
		return err
	}
	identity, err := s.m.make("FunctionTransformer", entry("check_inverse", pyobj.Bool(false)))
	if err != nil {
		return err
	}
	s.replace("TransformedTargetRegressor", "until 1.3.0 predict gave a column where the target was a vector, which this one makes of it. It has no transform", "feature_names_in_")
	s.attrs.Set(pyobj.Str("regressor"), in.obj)
	s.attrs.Set(pyobj.Str("regressor_"), in.obj)
	s.attrs.Set(pyobj.Str("transformer_"), identity)
	s.attrs.Set(pyobj.Str("_training_dim"), pyobj.Int(1))
	return nil
}

// looseDescent: since 1.8 coordinate descent screens columns and stops elsewhere.
func (s *state) looseDescent() error {
	if s.word("transform_algorithm") != "lasso_cd" {
		return nil
	}
	return s.lose("transform_algorithm", "coordinate descent stops elsewhere since 1.8", "transform")
}

// unitAtoms: until 0.19 orthogonal matching pursuit took every atom for a unit vector.
func (s *state) unitAtoms() error {
	a, err := sklearn.Tensor(s.get("components_"))
	if s.word("transform_algorithm") != "omp" || err != nil || len(a.Shape) != 2 {
		return nil
	}
	f := a.AsF64()
	for i := range a.Shape[0] {
		sum := 0.0
		for _, x := range f[i*a.Shape[1]:][:a.Shape[1]] {
			sum += float64(x * x)
		}
		if math.Abs(sum-1) > 1e-13 {
			return s.lose("transform_algorithm", "until 0.19 orthogonal matching pursuit took the atoms for unit vectors, and these are not", "transform")
		}
	}
	return nil
}

// farMeans: since 1.5 the mean is multiplied and then taken off, before it was taken off first: where it is far larger than
// what varies, digits are lost.
func (s *state) farMeans() error {
	mean, err := sklearn.Tensor(s.get("mean_"))
	vary, err2 := sklearn.Tensor(s.get("explained_variance_"))
	if err != nil || err2 != nil || mean.AsF64() == nil || vary.AsF64() == nil {
		return nil
	}
	far, most := 0.0, 0.0
	for _, x := range mean.AsF64() {
		far = max(far, math.Abs(x))
	}
	for _, x := range vary.AsF64() {
		most = max(most, x)
	}
	if far > 100*math.Sqrt(most) {
		s.m.say("%s (%s): the rows lie far from 0: since 1.5 the mean is taken off after the product, before 1.5 ahead of it, which may differ by %.0e.", s.path, s.name, far*0x1p-52)
	}
	return nil
}

// radiusLabel: since 0.22 the label of rows without neighbours is kept beside the parameter.
func (s *state) radiusLabel() error {
	if !s.fitted() || s.get("outlier_label_") != nil {
		return nil
	}
	if !s.has("outlier_label") {
		s.set("outlier_label_", pyobj.None{}, "rows without neighbours are refused")
		return nil
	}
	if _, err := sklearn.Float(s.get("outlier_label")); err != nil || s.get("outputs_2d_") == pyobj.Bool(true) {
		return s.refuse("outlier_label", "until 0.21 rows without neighbours were treated otherwise")
	}
	classes, err := sklearn.Tensor(s.get("classes_"))
	if err != nil || classes.Str != nil {
		return s.refuse("outlier_label", "until 0.21 rows without neighbours were treated otherwise")
	}
	s.set("outlier_label_", &pyobj.List{Items: []pyobj.Value{s.get("outlier_label")}}, "as outlier_label")
	return nil
}

// bound binds an estimator inside this one, which is migrated already.
func (s *state) bound(v pyobj.Value) sklearn.Estimator {
	o, ok := v.(*pyobj.Object)
	if !ok {
		return nil
	}
	bd := &sklearn.Binder{Registry: s.m.Registry}
	e, err := bd.Bind(o, s.path)
	if err != nil {
		return nil
	}
	return e
}

// equalScores: since 1.8 the first of several classes with equal scores is predicted, before the last.
func (s *state) equalScores() error {
	if !s.oneOfSeveral() {
		return nil
	}
	votes := s.hold("estimators_", func(name string, _ *pyobj.Dict) bool {
		return slices.ContainsFunc([]string{"Tree", "Neighbors", "Dummy", "Constant", "Isotonic", "CategoricalNB"}, func(w string) bool { return strings.Contains(name, w) })
	})
	const why = "of classes with equal scores the first is predicted since 1.8, before the last"
	if votes {
		return s.lose("estimators_", why, "predict")
	}
	s.m.say("%s (%s): %s.", s.path, s.name, why)
	return nil
}

// oneOfSeveral reports a one-vs-rest classifier of three or more classes.
func (s *state) oneOfSeveral() bool {
	classes := s.get("classes_")
	if o, ok := s.get("label_binarizer_").(*pyobj.Object); ok && classes == nil {
		classes = attrsOf(o).Get("classes_")
	}
	list, err := sklearn.Sequence(s.get("estimators_"))
	return err == nil && len(list) > 2 && (rowsOf(classes) < 0 || rowsOf(classes) > 2)
}

// hold reports an estimator with a property among those that an attribute holds.
func (s *state) hold(attr string, is func(name string, attrs *pyobj.Dict) bool) bool {
	found := false
	pyobj.Walk(s.get(attr), func(v pyobj.Value) bool {
		if o, ok := v.(*pyobj.Object); ok && s.m.estimator(o) {
			found = found || is(pyobj.ShortName(o.ClassName()), attrsOf(o))
		}
		return !found
	})
	return found
}

// noChance: until 1.6 a row that no class is probable for has the probabilities NaN, since 1.7 zeros. Trees, neighbours and
// clipped scores give zeros for ordinary rows.
func (s *state) noChance() error {
	binarizer, _ := s.get("label_binarizer_").(*pyobj.Object)
	kind, _ := pyobj.Text(attrsOf(binarizer).Get("y_type_"))
	if !s.oneOfSeveral() || strings.HasPrefix(kind, "multilabel") {
		return nil
	}
	const why = "where every class has the probability 0 all are NaN until 1.6, and 0 since"
	if s.hold("estimators_", func(name string, a *pyobj.Dict) bool {
		loss, _ := pyobj.Text(a.Get("loss"))
		return strings.HasSuffix(name, "TreeClassifier") || strings.HasSuffix(name, "NeighborsClassifier") || name == "SGDClassifier" && loss == "modified_huber"
	}) {
		return s.lose("estimators_", why, "predict_proba")
	}
	return nil
}

// noScores: until 0.24 a classifier whose scores are NaN had equal probabilities, since 1.0 NaN.
func (s *state) noScores() error {
	if !s.hold("calibrated_classifiers_", func(_ string, a *pyobj.Dict) bool {
		return slices.ContainsFunc([]string{"coef_", "intercept_", "dual_coef_", "_intercept_"}, func(attr string) bool {
			return slices.ContainsFunc(numbersOf(a.Get(attr)), func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
		})
	}) {
		return nil
	}
	return s.lose("calibrated_classifiers_", "the scores of its classifiers are no numbers: until 0.24 every class had the same probability, since 1.0 all are NaN", "predict", "predict_proba")
}

// pairThreshold: until 1.0 the class of two was told by a score above 0, since then by a probability above one half.
func (s *state) pairThreshold() error {
	list, err := sklearn.Sequence(s.get("estimators_"))
	if err != nil || len(list) != 1 {
		return nil
	}
	if e := s.bound(list[0]); e != nil && sklearn.LabelsOf(e) != nil && sklearn.Has(e, sklearn.MethodDecisionFunction) == nil {
		return nil
	}
	return s.lose("estimators_", "of two classes the second was predicted above 0 until 1.0, and is above one half since", "predict")
}

// foldOfTwo: until 1.3 both probabilities of a fold that knows two of several classes were calibrated, since then one.
func (s *state) foldOfTwo() error {
	k := rowsOf(s.get("classes_"))
	list, err := sklearn.Sequence(s.get("calibrated_classifiers_"))
	if err != nil || k < 3 {
		return nil
	}
	for i, it := range list {
		o, _ := it.(*pyobj.Object)
		a := attrsOf(o)
		if a == nil {
			continue
		}
		e := a.Get("estimator")
		if e == nil {
			e = a.Get("base_estimator")
		}
		if b := s.bound(e); b != nil {
			if l := sklearn.LabelsOf(b); len(l) == 1 && l[0].Len() == 2 && sklearn.Has(b, sklearn.MethodDecisionFunction) != nil {
				return s.refuse("calibrated_classifiers_", "item %d knows two of the %d classes: both of its probabilities were calibrated until 1.3, one is since", i, k)
			}
		}
	}
	return nil
}

// wordsForNumbers gives the first class that a release takes for a number though it is none, "" for none: from 1.3 to 1.8
// the votes of all rows are counted together for some distances.
func wordsForNumbers(a *pyobj.Dict, to *Release) string {
	fit, _ := pyobj.Text(a.Get("_fit_method"))
	weights, _ := pyobj.Text(a.Get("weights"))
	metric, _ := pyobj.Text(a.Get("metric"))
	if to.Before("1.3") || !to.Before("1.9") || fit != "brute" || weights != "uniform" {
		return ""
	}
	power, err := sklearn.Float(a.Get("p"))
	switch metric {
	case "minkowski":
		if err == nil && power == 2 {
			return ""
		}
	case "braycurtis", "canberra", "chebyshev", "cityblock", "haversine", "infinity", "l1", "l2", "manhattan", "matching", "p", "seuclidean":
	default:
		return ""
	}
	t, err := sklearn.Tensor(a.Get("classes_"))
	if err != nil {
		return ""
	}
	for i := range t.Len() {
		c := t.Cell(i)
		if c.Kind != tensor.CellStr {
			return ""
		}
		if _, err := strconv.Atoi(strings.TrimSpace(c.S)); err != nil {
			return c.S
		}
	}
	return ""
}

// sparsePrincipals refuses a PCA that gets sparse rows from the step before: until 1.3 it takes none.
func (s *state) sparsePrincipals() error {
	steps, err := sklearn.Sequence(s.get("steps"))
	if err != nil {
		return nil //nolint:nilerr // Bind says so
	}
	sparse := false
	for i, it := range steps {
		t, ok := it.(*pyobj.Tuple)
		if !ok || len(t.Items) != 2 {
			continue
		}
		o, ok := t.Items[1].(*pyobj.Object)
		if !ok {
			continue
		}
		if sparse && startsWithPCA(o, 0) {
			return s.refuse("steps", "PCA takes no sparse rows before 1.4, and step %d gives such", i-1)
		}
		sparse = givesSparse(o, sparse, 0)
	}
	return nil
}

// negative reports an array with a number below zero.
func negative(v pyobj.Value) bool {
	f, _, err := floats(v)
	return err == nil && slices.ContainsFunc(f, func(x float64) bool { return x < 0 })
}

// startsWithPCA tells whether the rows that a transformer gets go to a PCA.
func startsWithPCA(o *pyobj.Object, depth int) bool {
	name := pyobj.ShortName(o.ClassName())
	list := map[string]string{"FeatureUnion": "transformer_list", "Pipeline": "steps"}[name]
	a, _ := o.Attrs()
	if list == "" || a == nil || depth > maxDepth {
		return name == "PCA"
	}
	items, _ := sklearn.Sequence(a.Get(list))
	for _, it := range items {
		t, ok := it.(*pyobj.Tuple)
		if !ok || len(t.Items) < 2 {
			continue
		}
		o, ok := t.Items[1].(*pyobj.Object)
		if ok && startsWithPCA(o, depth+1) {
			return true
		}
		if ok && name == "Pipeline" {
			return false
		}
	}
	return false
}

// givesSparse tells whether a fitted transformer makes sparse rows, of rows that are or are not.
func givesSparse(o *pyobj.Object, rows bool, depth int) bool {
	a, _ := o.Attrs()
	if a == nil || depth > maxDepth {
		return false
	}
	is := func(name string) bool { return a.Get(name) == pyobj.Bool(true) }
	inner := func(name string) []*pyobj.Object {
		var out []*pyobj.Object
		list, _ := sklearn.Sequence(a.Get(name))
		for _, it := range list {
			if t, ok := it.(*pyobj.Tuple); ok && len(t.Items) >= 2 {
				if o, ok := t.Items[1].(*pyobj.Object); ok {
					out = append(out, o)
				}
			}
		}
		return out
	}
	switch pyobj.ShortName(o.ClassName()) {
	case "OneHotEncoder":
		return is("sparse_output") || is("sparse")
	case "KBinsDiscretizer":
		encode, _ := pyobj.Text(a.Get("encode"))
		return encode == "onehot"
	case "CountVectorizer", "TfidfVectorizer", "HashingVectorizer", "TfidfTransformer", "FeatureHasher":
		return true
	case "DictVectorizer":
		return is("sparse")
	case "RandomTreesEmbedding":
		return is("sparse_output")
	case "ColumnTransformer":
		return is("sparse_output_")
	case "FeatureUnion":
		return slices.ContainsFunc(inner("transformer_list"), func(o *pyobj.Object) bool { return givesSparse(o, rows, depth+1) })
	case "Pipeline":
		for _, o := range inner("steps") {
			rows = givesSparse(o, rows, depth+1)
		}
		return rows
	case "MaxAbsScaler", "StandardScaler", "RobustScaler", "Normalizer", "Binarizer", "SelectKBest", "SelectPercentile", "SelectFpr", "SelectFdr", "SelectFwe",
		"GenericUnivariateSelect", "VarianceThreshold", "SelectFromModel", "RFE", "RFECV", "PolynomialFeatures":
		return rows
	}
	return false
}

// searchMetric writes the distance of a search through all rows as every scipy and release takes it.
func (s *state) searchMetric() error {
	if s.word("_fit_method") != "brute" {
		return nil
	}
	params, _ := s.get("effective_metric_params_").(*pyobj.Dict)
	weights := pyobj.Value(nil)
	if params != nil {
		weights = params.Get("w")
	}
	switch metric := s.word("effective_metric_"); metric {
	case "sokalmichener":
		for _, name := range []string{"effective_metric_", "metric"} {
			s.set(name, pyobj.Str("rogerstanimoto"), "the same distance; scipy has no \"sokalmichener\" since 1.17")
		}
	case "braycurtis":
		if s.writtenBefore("1.1") != s.m.To.Before("1.1") && negative(s.get("_fit_X")) {
			return s.refuse("effective_metric_", "since 1.1 the distance of rows with negative numbers is another one")
		}
	case "kulsinski":
		if !s.m.To.Before("1.3") {
			return s.refuse("effective_metric_", "scipy has no distance %q any more since 1.11", metric)
		}
	case "euclidean":
		if weights != nil {
			s.withoutWeights("the distance is computed without weights")
		}
	case "wminkowski":
		p, err := sklearn.Float(params.Get("p"))
		w, err2 := sklearn.Tensor(weights)
		if err != nil || err2 != nil || w.AsF64() == nil {
			return s.refuse("effective_metric_params_", "the weights and the power of %s are not known", metric)
		}
		powers := slices.Clone(w.AsF64())
		for i, x := range powers {
			powers[i] = math.Pow(x, p)
		}
		d := &pyobj.Dict{}
		d.Set(pyobj.Str("p"), pyobj.Float(p))
		d.Set(pyobj.Str("w"), floatArray(powers, len(powers)))
		s.set("effective_metric_", pyobj.Str("minkowski"), "scipy has no \"wminkowski\" since 1.8: the same with the weights to the power of p")
		s.set("effective_metric_params_", d, "the weights to the power of p")
		s.set("metric", pyobj.Str("minkowski"), "as effective_metric_")
		s.set("p", pyobj.Float(p), "as it was")
		only := &pyobj.Dict{}
		only.Set(pyobj.Str("w"), d.Get("w"))
		s.set("metric_params", only, "the weights to the power of p")
	}
	return nil
}

// withoutWeights takes weights that are not used out of the parameters of a distance, of which releases warn.
func (s *state) withoutWeights(why string) {
	for _, name := range []string{"effective_metric_params_", "metric_params"} {
		d, ok := s.get(name).(*pyobj.Dict)
		if !ok || d.Get("w") == nil {
			continue
		}
		d = d.Clone()
		d.Delete("w")
		var v pyobj.Value = d
		if d.Len() == 0 && name == "metric_params" {
			v = pyobj.None{}
		}
		s.set(name, v, why)
	}
}

// undefinedDonors: until 1.5 uniform weights counted donors that share no known column with a row, since then they do not.
func (s *state) undefinedDonors() error {
	if s.fitted() && s.word("weights") != "distance" {
		s.m.say("%s (%s): rows that share a known column with fewer than n_neighbors fitted rows are filled otherwise since 1.6.", s.path, s.name)
	}
	return nil
}

// elasticThreshold writes out the threshold that the writer takes for an elastic net which is a lasso: none counted as one before
// 1.1.2, all of that name until 1.6, two classes since.
func (s *state) elasticThreshold() error {
	if s.has("threshold") || !s.fitted() {
		return nil
	}
	name, lasso := elasticLasso(s.attrs)
	switch {
	case !lasso:
	case s.writtenBefore("1.1.2") || !s.writtenBefore("1.7") && name != "ElasticNet" && name != "ElasticNetCV":
		s.set("threshold", pyobj.Str("mean"), "what the writer takes for "+name)
	default:
		s.set("threshold", pyobj.Float(1e-5), "what the writer takes for "+name)
	}
	return nil
}

// elasticLasso gives the class of the estimator a selector looks at, and whether it is an elastic net with l1_ratio=1.
func elasticLasso(selector *pyobj.Dict) (name string, lasso bool) {
	o, ok := selector.Get("estimator_").(*pyobj.Object)
	if !ok {
		if o, ok = selector.Get("estimator").(*pyobj.Object); !ok {
			return "", false
		}
	}
	a, _ := o.Attrs()
	if name = pyobj.ShortName(o.ClassName()); a == nil || !strings.Contains(name, "ElasticNet") {
		return name, false
	}
	for _, attr := range []string{"l1_ratio_", "l1_ratio"} {
		if f, err := sklearn.Float(a.Get(attr)); err == nil && f == 1 {
			return name, true
		}
	}
	return name, false
}
