"""Lines beside those of cases.py for `make parity WIDE=1`: settings that leave other attributes behind in the file, and settings that
few models have. The end lists what no line draws."""

import copy
import functools
import inspect
import math
import operator
import re

from cases import *  # noqa: F403
from scipy import sparse
from cases import C, D, DENSE, LINES, Draw, _gp_pd  # noqa: F401
from sklearn.feature_extraction.text import strip_accents_ascii, strip_accents_unicode, strip_tags
from sklearn.utils._param_validation import MissingValues, Options, _Booleans, _NoneConstraint, make_constraint

for est, y in ((DecisionTreeClassifier, "multi.str"), (ExtraTreeClassifier, "five"), (DecisionTreeRegressor, "reg"), (ExtraTreeRegressor, "reg3"), (RandomForestClassifier, "multi.obj"), (ExtraTreesClassifier, "bin.bool"), (RandomForestRegressor, "reg"), (ExtraTreesRegressor, "reg3")):
    more = {} if "Forest" not in est.__name__ and "Trees" not in est.__name__ else dict(n_estimators=4)
    C(est, f"num {y}", min_samples_split=pick(2, 9, 0.2), min_samples_leaf=pick(1, 5, 0.1), min_weight_fraction_leaf=pick(0.0, 0.05), min_impurity_decrease=pick(0.0, 0.01), max_features=pick(None, "sqrt", "log2", 0.5, 2), max_leaf_nodes=pick(None, 7), ccp_alpha=pick(0.0, 0.01), _times=2, **more)
for est in (RandomForestRegressor, ExtraTreesRegressor):
    C(est, "num reg", n_estimators=4, monotonic_cst=D(lambda r: [1, 0, -1, 0]), max_features=0.7, _p=4, _forms=DENSE)
C(RandomTreesEmbedding, "num", n_estimators=4, min_samples_split=pick(2, 9), min_weight_fraction_leaf=pick(0.0, 0.1), min_impurity_decrease=pick(0.0, 0.1), sparse_output=pick(True, False), _times=2)
for est, y in ((GradientBoostingClassifier, "multi.str"), (GradientBoostingClassifier, "bin.bool"), (GradientBoostingRegressor, "reg")):
    C(est, f"num {y}", n_estimators=ints(2, 6), min_samples_split=pick(2, 9), min_samples_leaf=pick(1, 4), min_weight_fraction_leaf=pick(0.0, 0.05), max_depth=pick(None, 1, 5), min_impurity_decrease=pick(0.0, 0.01), ccp_alpha=pick(0.0, 0.01), learning_rate=log(-2, 0), max_features=pick(None, "log2", 0.5), n_iter_no_change=pick(None, 1), validation_fraction=0.3, criterion=pick("friedman_mse", "squared_error"), warm_start=pick(True, False), _times=2)
C(HistGradientBoostingClassifier, "nan multi.str", max_iter=5, loss="log_loss", learning_rate=log(-2, 0), early_stopping=True, scoring=pick("loss", "accuracy", None), validation_fraction=pick(0.3, None), n_iter_no_change=2, min_samples_leaf=4, max_bins=pick(3, 255), warm_start=pick(True, False), _forms=DENSE, _times=2)
C(HistGradientBoostingRegressor, "nan reg", max_iter=5, max_depth=pick(1, 4), l2_regularization=log(-2, 1), max_features=0.5, max_bins=pick(3, 16), early_stopping=True, scoring=pick("loss", "r2"), validation_fraction=pick(0.3, 8), min_samples_leaf=4, tol=pick(0.0, 0.1), _forms=DENSE, _times=2)
C(BaggingRegressor, "num reg", n_estimators=5, max_samples=pick(0.5, 10), bootstrap=pick(True, False), max_features=pick(1.0, 0.5), warm_start=pick(True, False), _times=2)
C(BaggingRegressor, "num reg", n_estimators=9, oob_score=True)
C(StackingClassifier, "num multi.str", _p=4, cv="prefit", estimators=D(lambda r: [("a", FrozenEstimator(LogisticRegression().fit(r.standard_normal((30, 4)), np.array(["no", "yes", "café"])[np.arange(30) % 3]))), ("b", FrozenEstimator(GaussianNB().fit(r.standard_normal((30, 4)), np.array(["no", "yes", "café"])[np.arange(30) % 3])))]), passthrough=pick(True, False), _forms="f8", _times=2)
C(StackingRegressor, "num reg", _p=4, cv="prefit", estimators=D(lambda r: [("a", FrozenEstimator(Ridge().fit(r.standard_normal((30, 4)), r.standard_normal(30)))), ("b", FrozenEstimator(DecisionTreeRegressor(max_depth=3).fit(r.standard_normal((30, 4)), r.standard_normal(30))))]), passthrough=pick(True, False), _forms="f8", _times=2)
for est in (MLPClassifier, MLPRegressor):
    C(est, "std five.str" if est is MLPClassifier else "std reg", hidden_layer_sizes=(4,), solver=pick("sgd", "adam"), alpha=log(-4, 0), batch_size=pick("auto", 7), learning_rate=pick("constant", "invscaling", "adaptive"), learning_rate_init=log(-3, -1), power_t=0.3, shuffle=pick(True, False), momentum=pick(0.0, 0.8), nesterovs_momentum=pick(True, False), early_stopping=pick(True, False), validation_fraction=0.2, beta_1=0.8, beta_2=0.99, epsilon=1e-7, n_iter_no_change=pick(2, 10), max_iter=12, warm_start=pick(True, False), _times=3)
    C(est, "std bin" if est is MLPClassifier else "std reg3", hidden_layer_sizes=(4,), solver="lbfgs", max_fun=pick(20, 15000), max_iter=12)
C(SGDClassifier, "std multi", loss=pick("epsilon_insensitive", "log_loss", "huber"), penalty="elasticnet", l1_ratio=uni(0, 1), shuffle=False, epsilon=0.3, power_t=0.3, learning_rate="invscaling", eta0=0.1, early_stopping=pick(True, False), validation_fraction=0.3, n_iter_no_change=2, max_iter=10, warm_start=pick(True, False))
C(SGDRegressor, "std reg", loss=pick("epsilon_insensitive", "huber"), penalty="elasticnet", l1_ratio=uni(0, 1), fit_intercept=pick(True, False), shuffle=False, epsilon=0.3, power_t=0.3, learning_rate=pick("constant", "optimal", "invscaling", "adaptive"), eta0=0.05, early_stopping=pick(True, False), validation_fraction=0.3, n_iter_no_change=2, max_iter=10, average=pick(False, True, 5), _times=2)
C(SGDOneClassSVM, "num", nu=0.3, shuffle=False, power_t=0.4, learning_rate="invscaling", eta0=0.1, max_iter=10)
C(Perceptron, "std multi.obj", penalty="elasticnet", l1_ratio=0.4, shuffle=False, eta0=0.5, early_stopping=pick(True, False), validation_fraction=0.3, n_iter_no_change=2, max_iter=10, warm_start=pick(True, False))
C(PassiveAggressiveClassifier, "std multi", shuffle=False, early_stopping=True, validation_fraction=0.3, n_iter_no_change=2, max_iter=10)
C(PassiveAggressiveRegressor, "std reg", C=0.2, shuffle=False, epsilon=0.3, early_stopping=pick(True, False), validation_fraction=0.3, n_iter_no_change=2, max_iter=10)
C(LogisticRegression, "std multi.str", penalty=pick("l2", None, "l1", "elasticnet"), solver="saga", l1_ratio=0.4, max_iter=30, _times=2)
C(LogisticRegression, "std bin", solver="liblinear", dual=True, C=0.5)
C(LogisticRegressionCV, "std multi.obj", Cs=2, cv=2, fit_intercept=pick(True, False), class_weight=pick(None, "balanced"), penalty=pick("l2", "l1"), solver="saga", max_iter=30, use_legacy_attributes=pick(True, False), _times=2)
C(LogisticRegressionCV, "std bin.str", Cs=2, cv=2, solver="liblinear", dual=True, intercept_scaling=2.0, use_legacy_attributes=pick(True, False))
for est in (ElasticNet, ElasticNetCV):
    C(est, "num reg", positive=pick(True, False), selection="random", precompute=pick(True, False), fit_intercept=pick(True, False), **({} if est is ElasticNet else dict(alphas=3, cv=2)))
for est in (MultiTaskLasso, MultiTaskElasticNet, MultiTaskLassoCV, MultiTaskElasticNetCV):
    C(est, "num reg3", fit_intercept=False, selection="random", _forms=DENSE, **({"l1_ratio": 0.3} if "Elastic" in est.__name__ else {}), **({"alphas": 3, "cv": 2} if est.__name__.endswith("CV") else {"alpha": 0.1}))
for est in (LarsCV, LassoLarsCV, LassoLarsIC, OrthogonalMatchingPursuitCV):
    C(est, "num reg", fit_intercept=False, **({} if est is OrthogonalMatchingPursuitCV else {"precompute": pick(True, False)}), **({"positive": True} if est is LassoLarsCV else {}), **({} if est is LassoLarsIC else {"cv": 3}), **({"noise_variance": 0.5} if est is LassoLarsIC else {}), _forms=DENSE)
for est in (Lars, LassoLars):
    C(est, "num reg", precompute=pick(True, False, "auto"), jitter=pick(None, 1e-5), _forms=DENSE)
for est in (BayesianRidge, ARDRegression):
    C(est, "num reg", alpha_1=1e-3, alpha_2=1e-3, lambda_1=1e-2, lambda_2=1e-4, max_iter=pick(2, 300), _forms=DENSE)
C(RidgeCV, "num reg", scoring=pick("r2", "neg_mean_absolute_error"), alphas=pick([0.1, 1.0], np.logspace(-1, 1, 3)), cv=pick(None, 3))
C(RidgeClassifierCV, "num five.str", fit_intercept=False, store_cv_results=True, _forms=DENSE)
C(RANSACRegressor, "num reg", max_skips=50, stop_n_inliers=20, stop_score=0.9, stop_probability=0.5, min_samples=12)
C(TweedieRegressor, "num regpos", power=pick(0, 1.5, 3), solver=pick("newton-cholesky", "lbfgs"), alpha=1.0)
C(LinearSVR, "std reg", epsilon=0.3, intercept_scaling=2.0, max_iter=200, dual=pick(True, "auto"))
for est in (RidgeClassifier, RidgeClassifierCV):
    C(est, "num mlcsr")
C(NuSVC, "std multi", nu=0.1, kernel=pick("poly", "rbf", "sigmoid"), degree=pick(2, 4), gamma=pick("auto", 0.2), coef0=uni(0, 1), shrinking=False, class_weight=pick(None, "balanced"), _times=2)
C(NuSVR, "std reg", kernel=pick("poly", "sigmoid"), degree=2, coef0=uni(0, 1), shrinking=False)
C(SVR, "std reg", kernel="sigmoid", coef0=uni(0, 1), gamma=0.1, shrinking=False)
C(OneClassSVM, "std", kernel=pick("poly", "sigmoid"), degree=pick(2, 5), coef0=uni(0, 1), gamma=pick("auto", "scale"), shrinking=False, _times=2)
for est in (KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors, KNeighborsTransformer):
    y = {KNeighborsClassifier: " multi.str", KNeighborsRegressor: " reg3"}.get(est, "")
    C(est, "num" + y, n_neighbors=ints(1, 9), metric="minkowski", p=pick(1, 1.5, 2, 3), metric_params=D(lambda r: {"w": r.uniform(0.1, 2, 4)}), algorithm=pick("brute", "ball_tree", "auto"), leaf_size=pick(1, 5, 30), _p=4, _forms=DENSE, _times=2)
    C(est, "num" + y, n_neighbors=ints(1, 9), metric=pick("minkowski", "euclidean", "manhattan", "chebyshev"), p=pick(1, 1.5, 2, 3), algorithm=pick("kd_tree", "ball_tree", "brute"), leaf_size=pick(1, 5), _forms=DENSE, _times=2)
for est in (RadiusNeighborsClassifier, RadiusNeighborsRegressor, RadiusNeighborsTransformer):
    y = {RadiusNeighborsClassifier: " multi.str", RadiusNeighborsRegressor: " reg3"}.get(est, "")
    more = {"outlier_label": "no"} if est is RadiusNeighborsClassifier else {}
    C(est, "std" + y, radius=uni(0.5, 3), metric="minkowski", p=pick(1, 1.5, 2, 3), metric_params=D(lambda r: {"w": r.uniform(0.1, 2, 4)}), algorithm=pick("brute", "ball_tree"), leaf_size=pick(1, 5), _p=4, _forms=DENSE, _times=2, **more)
    C(est, "std" + y, radius=uni(0.5, 3), metric=pick("minkowski", "chebyshev", "canberra"), p=pick(1, 2, 3), algorithm=pick("auto", "ball_tree", "brute"), leaf_size=pick(1, 5), _forms=DENSE, _times=2, **more)
C(RadiusNeighborsRegressor, "std regint", radius=pick(0.01, 0.8, 2.0), weights=pick("uniform", "distance"), algorithm=pick("brute", "kd_tree", "ball_tree"), _forms=DENSE, _times=3)
C(KNeighborsTransformer, "std", n_neighbors=ints(2, 9), mode=pick("distance", "connectivity"), algorithm=pick("kd_tree", "ball_tree", "brute"), metric=pick("euclidean", "chebyshev", "correlation", "sqeuclidean"), _forms=DENSE, _times=3)
C(LocalOutlierFactor, "std", novelty=True, n_neighbors=6, metric="minkowski", p=pick(1, 2, 3), metric_params=D(lambda r: {"w": r.uniform(0.1, 2, 4)}), leaf_size=pick(2, 30), algorithm=pick("brute", "ball_tree"), _p=4, _forms=DENSE, _times=2)
for est in (KNeighborsClassifier, KNeighborsRegressor, RadiusNeighborsTransformer, LocalOutlierFactor):
    y = {KNeighborsClassifier: " multi.str", KNeighborsRegressor: " reg"}.get(est, "")
    more = {"novelty": True} if est is LocalOutlierFactor else {"radius": 0.4} if est is RadiusNeighborsTransformer else {}
    C(est, "ties" + y, metric=pick("hamming", "jaccard", "dice", "rogerstanimoto", "russellrao", "sokalsneath", "yule"), metric_params=D(lambda r: {"w": r.choice([0.0, 0.5, 1.3, 2.1], 4) + [0, 0.7, 0, 0]}), algorithm="brute", _p=4, _forms=DENSE, _times=3, **more)
C(KernelDensity, "std", metric="minkowski", metric_params=D(lambda r: {"p": float(r.choice([1.5, 3.0]))}), bandwidth=uni(0.3, 2), breadth_first=pick(True, False), kernel=pick("gaussian", "linear", "tophat", "cosine"), leaf_size=pick(2, 8), rtol=pick(0, 1e-3), atol=pick(0, 1e-3), _forms=DENSE, _times=4)
C(Isomap, "num", _n=24, n_neighbors=6, eigen_solver=pick("dense", "arpack"), metric="minkowski", metric_params=D(lambda r: {"w": r.uniform(0.1, 2, 4)}), _p=4, _forms="f8")
C(LocallyLinearEmbedding, "num", _n=24, n_neighbors=9, method=pick("hessian", "modified"), hessian_tol=1e-3, modified_tol=1e-10, _forms="f8")
C(KernelPCA, "num", n_components=2, kernel=pick("rbf", "linear"), eigen_solver=pick("randomized", "arpack"), iterated_power=3, _forms=DENSE, _times=2)
C(PCA, "num", n_components=2, svd_solver="randomized", iterated_power=2, n_oversamples=4, power_iteration_normalizer=pick("QR", "LU", "none"), whiten=pick(True, False), _forms=DENSE)
C(TruncatedSVD, "counts", n_components=2, n_oversamples=4, n_iter=pick(0, 2))
C(FastICA, "num", n_components=2, fun="logcosh", fun_args={"alpha": 1.5}, w_init=D(lambda r: r.standard_normal((2, 2))), max_iter=30, _forms=DENSE)
C(FactorAnalysis, "num", n_components=2, noise_variance_init=D(lambda r: r.uniform(0.5, 2, 4)), svd_method="randomized", iterated_power=2, _p=4, _forms=DENSE)
for est in (SparsePCA, MiniBatchSparsePCA):
    C(est, "num", n_components=pick(2, 5), alpha=pick(0.1, 1.0, 3.0), ridge_alpha=pick(0.01, 0.5, 5.0), method=pick("lars", "cd"), max_iter=8, _forms=DENSE, _times=2)
C(DictionaryLearning, "num", n_components=4, alpha=pick(0.5, 2.0), transform_algorithm=pick("lars", "omp", "lasso_lars"), transform_n_nonzero_coefs=pick(1, 2, 3), transform_max_iter=pick(1, 3, 1000), max_iter=4, _forms=DENSE, _times=3)
C(MiniBatchDictionaryLearning, "num", n_components=4, alpha=pick(0.5, 2.0), fit_algorithm="cd", batch_size=9, shuffle=False, positive_code=pick(True, False), positive_dict=pick(True, False), transform_algorithm=pick("lasso_cd", "threshold", "lasso_lars"), transform_alpha=log(-1, 0), max_no_improvement=pick(None, 2), max_iter=4, _forms=DENSE, _times=3)
C(SparseCoder, "num", _p=5, dictionary=D(lambda r: r.standard_normal((6, 5))), transform_algorithm=pick("lasso_cd", "lasso_lars", "threshold"), transform_alpha=log(-1, 1), positive_code=pick(True, False), transform_max_iter=pick(1, 4, 1000), split_sign=pick(True, False), _forms="f8", _times=6)
C(MiniBatchNMF, "pos", n_components=2, init=pick("random", "nndsvda"), max_no_improvement=None, alpha_H=0.1, forget_factor=0.9, fresh_restarts=True, fresh_restarts_max_iter=5, max_iter=6, _forms="f8")
C(NMF, "pos", n_components=2, shuffle=True, max_iter=40, _forms="f8")
C(LatentDirichletAllocation, "counts", n_components=3, learning_method="online", learning_decay=0.6, learning_offset=5.0, batch_size=8, evaluate_every=1, total_samples=200, perp_tol=0.5, max_iter=3)
C(GaussianMixture, "std", n_components=2, precisions_init=D(lambda r: [np.eye(4), 2 * np.eye(4)]), max_iter=3, tol=1e-6, _p=4, _forms=DENSE)
C(BayesianGaussianMixture, "std", n_components=3, mean_precision_prior=0.5, mean_prior=D(lambda r: r.standard_normal(4)), degrees_of_freedom_prior=6.0, covariance_prior=D(lambda r: np.eye(4) * 0.5), max_iter=8, _p=4, _forms=DENSE)
C(GaussianProcessClassifier, "std multi.str", kernel=D(_gp_pd), optimizer=None, max_iter_predict=pick(1, 100), copy_X_train=False, _forms=DENSE)
C(GaussianProcessRegressor, "std reg", kernel=D(lambda r: ConstantKernel(1.0) * RBF(1.0) + WhiteKernel(0.3)), n_restarts_optimizer=1, copy_X_train=False, alpha=pick(1e-6, 0.1), normalize_y=pick(True, False), _forms=DENSE)
for est in (KMeans, MiniBatchKMeans, BisectingKMeans):
    C(est, "num", n_clusters=3, n_init=pick(1, 2), **(dict(batch_size=10, init_size=20, reassignment_ratio=0.1, max_no_improvement=pick(None, 2), compute_labels=pick(True, False)) if est is MiniBatchKMeans else {"max_iter": 2}))
C(MeanShift, "num", seeds=D(lambda r: r.standard_normal((3, 4)) * 5), bandwidth=30.0, cluster_all=pick(True, False), _p=4, _forms=DENSE)
C(MeanShift, "num", bandwidth=pick(None, 20.0), bin_seeding=True, min_bin_freq=pick(1, 2), _forms=DENSE)
C(FeatureAgglomeration, "num", n_clusters=2, metric=pick("manhattan", "cosine", "euclidean"), linkage=pick("average", "complete", "single"), compute_full_tree=pick(True, "auto"), compute_distances=pick(True, False), _forms=DENSE, _times=2)
for est in (SelectFdr, SelectFpr, SelectFwe, GenericUnivariateSelect, SelectKBest, SelectPercentile):
    C(est, "counts multi.str", score_func=pick(chi2, f_classif, mutual_info_classif) if est in (GenericUnivariateSelect, SelectKBest, SelectPercentile) else pick(chi2, f_classif), **({"alpha": 0.5} if est in (SelectFdr, SelectFpr, SelectFwe) else {}))
    C(est, "num reg", score_func=f_regression, **({"alpha": 0.5} if est in (SelectFdr, SelectFpr, SelectFwe) else {"k": 2} if est is SelectKBest else {}))
C(SelectFromModel, "num bin", _p=4, prefit=True, estimator=D(lambda r: FrozenEstimator(LogisticRegression().fit(r.standard_normal((30, 4)), np.arange(30) % 2))), threshold=pick(None, "median", 0.1), max_features=pick(None, 2), _forms="f8", _times=2)
C(RFECV, "num bin", estimator=D(lambda r: LogisticRegression()), cv=2, scoring=pick("accuracy", "roc_auc", None), importance_getter=pick("auto", "coef_"), min_features_to_select=2)
C(SequentialFeatureSelector, "num bin", estimator=D(lambda r: LogisticRegression()), n_features_to_select=2, scoring=pick("accuracy", "roc_auc"), cv=2)
for est in (GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV):
    grid = {"C": [0.1, 1.0, 10.0]}
    more = {"param_grid" if "Grid" in est.__name__ else "param_distributions": grid}
    C(est, "num bin.str", estimator=D(lambda r: LogisticRegression()), cv=2, scoring=pick("accuracy", "roc_auc", "neg_log_loss"), return_train_score=True, error_score=pick(0.0, "raise"), **({"n_iter": 2} if est is RandomizedSearchCV else {}), **({"factor": 2, "resource": "n_samples", "min_resources": pick("exhaust", "smallest") if est is HalvingGridSearchCV else "smallest", "aggressive_elimination": pick(True, False)} if "Halving" in est.__name__ else {}), **more)
C(CountVectorizer, "text", tokenizer=str.split, token_pattern=pick(None, r"x"), stop_words=pick(None, ["the", "cat"]), lowercase=pick(True, False), ngram_range=pick((1, 1), (1, 2)), _times=2)
C(CountVectorizer, "text", analyzer=str.split, lowercase=pick(True, False), ngram_range=(1, 2), _times=2)
C(TfidfVectorizer, "text", preprocessor=str.lower, strip_accents=pick(None, "unicode"), lowercase=pick(True, False), tokenizer=pick(None, str.split), max_df=pick(0.6, 1.0), _times=3)
C(TfidfVectorizer, "bytes", encoding=pick("utf-8", "latin-1"), decode_error=pick("ignore", "replace"), token_pattern=pick(r"\S+", r"(?u)\b\w+\b"), _times=2)
C(HashingVectorizer, "bytes", n_features=64, encoding=pick("utf-8", "latin-1"), decode_error=pick("ignore", "replace"), token_pattern=pick(r"\S+", r"(?u)\b\w+\b"), _times=2)
C(HashingVectorizer, "text", n_features=64, tokenizer=str.split, preprocessor=pick(None, str.lower), token_pattern=None)
C(FunctionTransformer, "num", func=pick(abs, operator.neg, functools.partial(operator.mul, 2.5), functools.partial(operator.mul, np.int64(2)), functools.partial(operator.ne, 0.0), functools.partial(pow, 2.0), operator.itemgetter((slice(None), [0, 2])), operator.itemgetter((slice(None), -1)), operator.methodcaller("flatten"), np.ndarray.copy), _forms="f8 f4", _times=10)
C(FunctionTransformer, "num", func=pick(operator.itemgetter("f0"), operator.itemgetter(["f2", "f0"]), operator.attrgetter("values"), operator.methodcaller("to_numpy"), operator.methodcaller("fillna", value=-1.5), operator.methodcaller("abs")), _forms="frame", _times=6)
C(FunctionTransformer, "num", func=pick(np.sum, np.mean, np.max, np.argmin), kw_args=pick({"axis": 1}, {"axis": -1, "keepdims": True}), _forms="f8 f4", _times=4)
C(FunctionTransformer, "num", func=np.diff, kw_args=pick(None, {"n": 2}), _forms="f8")
C(FunctionTransformer, "num", func=np.delete, kw_args=pick({"obj": [0, -1], "axis": 1}, {"obj": slice(0, 2), "axis": 1}), _forms="f8")
C(FunctionTransformer, "pos", func=pick(*map(np.vectorize, (math.sqrt, math.log, math.log1p, math.exp, math.atan, math.degrees, abs))), _forms="f8 frame", _times=7)
C(FunctionTransformer, "counts", func=pick(operator.methodcaller("toarray"), sparse.csr_matrix.toarray, sparse.csr_matrix), _forms="csr", _times=3)
_TOKENIZERS = pick(str.splitlines, list, tuple, re.compile(r"[a-z]+").findall, re.compile(r"(\W)", re.A).split, functools.partial(re.findall, r"(?i)[k-ş]+", flags=re.S), functools.partial(re.split, r"x*"), functools.partial(str.split, sep=" "), operator.methodcaller("split", "a", 2), operator.methodcaller("splitlines", keepends=True))
_PREPROCESSORS = pick(str.upper, str.casefold, str.title, str.capitalize, str.swapcase, str.strip, str, strip_accents_unicode, strip_accents_ascii, strip_tags, operator.methodcaller("strip", ".!a"), operator.methodcaller("replace", "a", "ÄÄ"), functools.partial(re.sub, r"(\w)(\d)?", r"\2\g<1>"), functools.partial(re.compile(r"\s", re.A).sub, " "))
for est in (CountVectorizer, TfidfVectorizer, HashingVectorizer):
    more = dict(n_features=64) if est is HashingVectorizer else {}
    C(est, "text", tokenizer=_TOKENIZERS, token_pattern=None, ngram_range=pick((1, 1), (1, 2), (2, 3)), stop_words=pick(None, ["the", "a"]), **more)
    C(est, "awkward", preprocessor=_PREPROCESSORS, tokenizer=pick(None, _TOKENIZERS.values[0], _TOKENIZERS.values[1]), **more)
    C(est, "awkward", analyzer=_TOKENIZERS, **more)
    C(est, "awkward", strip_accents=_PREPROCESSORS, lowercase=pick(True, False), analyzer=pick("word", "char_wb"), **more)
C(FunctionTransformer, "pos", func=np.power, kw_args={"x2": 2.0}, inverse_func=np.power, inv_kw_args={"x2": 0.5}, _forms=DENSE)
C(FunctionTransformer, "pos", func=np.multiply, kw_args={"x2": 3.0}, inverse_func=np.divide, inv_kw_args={"x2": 3.0}, _forms=DENSE)
C(SimpleImputer, "nan", strategy=pick(np.min, np.max, np.mean, np.median), add_indicator=pick(True, False), _forms=DENSE)
C(SplineTransformer, "num", order="F", n_knots=pick(3, 5), knots=D(lambda r: np.sort(r.uniform(-20, 20, (4, 4)), axis=0)), extrapolation=pick("constant", "linear", "continue", "periodic"), _p=4, _forms=DENSE, _times=3)
C(TargetEncoder, "cat five.obj", shuffle=False, cv=3, smooth=pick("auto", 1.0))
C(BernoulliRBM, "unit", learning_rate=0.5, n_components=3, n_iter=2)
C(AdditiveChi2Sampler, "counts", sample_steps=pick(1, 2, 3), sample_interval=pick(None, 0.3, np.float64(0.4)), _times=3)
C(AdditiveChi2Sampler, "pos", sample_steps=pick(1, 2, 3), sample_interval=pick(1, 2), _times=2)
C(TfidfTransformer, "num", sublinear_tf=True, norm=pick("l1", "l2", None))
C(FunctionTransformer, "pos", func=pick(np.sinh, np.sqrt), _after=lambda e: e.set_output(transform="pandas"), _times=2)
C(SplineTransformer, "num", degree=1, knots="quantile", n_knots=4, extrapolation=pick("continue", "error", "periodic", "linear"), sparse_output=pick(True, True, False), _forms="f4 f8", _times=4)
C(NearestNeighbors, "ties", _n=8, n_neighbors=5, algorithm="brute", metric=pick("euclidean", "manhattan"), _forms=PLAIN, _times=4)
C(NearestNeighbors, "num", _n=12, n_neighbors=9, metric=pick("p", "infinity"), _forms=PLAIN, _times=2)
C(BisectingKMeans, "num", n_clusters=1)
C(NearestCentroid, "num multi", metric=pick("euclidean", "manhattan"), priors=pick("uniform", "empirical"), _after=lambda e: e.centroids_.__setitem__((0, 0), np.nan), _times=2)
C(PCA, "num", n_components=0, _forms="f4 f8", _times=2)
C(IncrementalPCA, "num", n_components=2, batch_size=500, whiten=pick(True, False), _forms="f4 f8", _times=2)
C(ColumnTransformer, "num", _p=4, transformers=D(lambda r: [("a", "drop", [0]), ("b", StandardScaler(with_mean=False), [3])]), remainder=pick("drop", "passthrough"), sparse_threshold=1.0, _forms="csr", _times=2)
C(VotingClassifier, "num multi", estimators=D(lambda r: [("logistic", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=3, random_state=0))]), voting="soft", weights=pick(None, [2, 0.5]), flatten_transform=pick(True, False), _forms="f4", _times=2)
C(OrdinalEncoder, "catcells", encoded_missing_value=pick(np.nan, -1))
C(OrdinalEncoder, "catcells", handle_unknown="use_encoded_value", unknown_value=-2)
C(OneHotEncoder, "catcells", handle_unknown=pick("error", "ignore"))
C(TargetEncoder, "catcells bin", random_state=0)


def relabel(line, r):
    """The line with another type of labels or distribution of the rows, as r draws."""
    kind, *rest = line.tags.split()
    y, _, label = (rest[0] if rest else "").partition(".")
    if y in ("bin", "multi", "five"):
        y += r.choice(["", ".str", ".bool", ".float", ".i4", ".u1", ".whole", ".neg", ".obj", ".odd", ".rare"])
    elif y in ("mo", "mostr"):
        y = r.choice(["mo", "mostr", "mo2.bool", "mo2.float", "mo2.u1", "mo2.neg", "mo2.obj"])
    elif y in ("ml", "mlbool", "mlconst"):
        y = r.choice(["ml", "mlbool", "mlconst"])
    elif y in ("reg", "regf4", "regint"):
        y = r.choice(["reg", "regf4", "regint"])
    elif label:
        y += "." + label
    if kind in ("num", "std") and len(line.forms) > 1:
        kind = r.choice(["num", "std", "ties", "small"], p=[0.4, 0.2, 0.2, 0.2])
    other = copy.copy(line)
    other.tags = f"{kind} {y}".strip()
    return other


def reform(line, form, r):
    """The form to fit rows in: now and then one that only few models are fitted in."""
    return r.choice(["i8", "u1", "mixed"]) if len(line.forms) > 1 and r.random() < 0.25 else form


def options(constraints):
    """The values that one of scikit-learn's _parameter_constraints lists."""
    found = []
    for c in map(make_constraint, constraints if isinstance(constraints, list) else ()):
        if isinstance(c, Options) and not isinstance(c, MissingValues):
            found += sorted(set(c.options) - getattr(c, "deprecated", set()), key=str)
        elif isinstance(c, _Booleans):
            found += [True, False]
        elif isinstance(c, _NoneConstraint):
            found.append(None)
    return found


# Parameters that leave nothing in what is computed.
IDLE = "verbose n_jobs pre_dispatch random_state copy memory".split()


def undrawn(estimator, r):
    """The (parameter, option) pairs that scikit-learn lists for an estimator and none of its lines draws; two of each parameter
    where it decides no more than what is fitted, or nothing is computed on new rows."""
    lines = [line for line in LINES if line.estimator == estimator]
    cls = lines[0].cls
    silent = not any(hasattr(cls, m) for m in ("predict", "transform", "kneighbors", "score_samples"))
    for name, constraints in getattr(cls, "_parameter_constraints", {}).items():
        if name in IDLE or name.startswith("copy_"):
            continue
        default = inspect.signature(cls.__init__).parameters[name].default
        given = [line.params.get(name, default) for line in lines]
        drawn = {repr(v) for g in given for v in (g.values if isinstance(g, Draw) else [g])}
        found = [option for option in options(constraints) if repr(option) not in drawn]
        if name == "scoring" or silent:
            found = [found[k] for k in r.permutation(len(found))[:2]]
        for option in found:
            yield name, option
