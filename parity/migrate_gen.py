"""Fits models with other parameters than the defaults in the scikit-learn on the path, and stores each beside its inputs
and answers: NAME.pkl and NAME.npz (X, and a member for every method).

    migrate_gen.py OUT
"""

import importlib
import json
import os
import pickle
import sys
import warnings

warnings.filterwarnings("ignore")

import numpy as np
import sklearn

r = np.random.RandomState(5)
n = 120
X = r.randn(n, 5)
X[:, 4] = r.randint(0, 4, n)
Xp = np.abs(X)
Xn = X.copy()
Xn[::5, 1] = np.nan
Xn[::7, 3] = np.nan
Xi = r.randint(0, 4, (n, 3)).astype(float)
Xc = np.array([["a", "x", 1], ["b", "y", 2], ["a", "z", 3], ["c", "x", 1], ["b", "x", 2], ["a", "y", 9]] * 20, dtype=object)
Xk = np.c_[r.randint(0, 3, n), r.randn(n), r.randint(0, 5, n)].astype(float)
docs = ["the cat sat on the mat", "the dog ran far away", "cat and dog", "a bird sang", "dogs and cats", "no birds"] * 8
y3 = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 0.5)
y2 = (X[:, 0] - X[:, 1] > 0.3).astype(int)
ys = np.array(["no", "maybe", "yes"])[y3]
yb = np.array(["n", "y"])[y2]
yr = X[:, 0] * 2 + X[:, 1] + 0.1 * r.randn(n)
yp = np.exp(yr / 4)
ym = np.c_[yr, yr * X[:, 1]]
yl = np.c_[y2, (X[:, 3] > 0).astype(int)]


def I(path):
    m, c = path.rsplit(".", 1)
    return getattr(importlib.import_module("sklearn." + m), c)


try:
    importlib.import_module("sklearn.experimental.enable_hist_gradient_boosting")
except Exception:
    pass
importlib.import_module("sklearn.experimental.enable_iterative_imputer") if sklearn.__version__ > "0.21" else None

L = []
add = lambda name, path, X, y, **kw: L.append((name, path, X, y, kw))
E = lambda path, **kw: ("est", path, kw)

lm, en, pp, tr, sv, nb, ne = "linear_model.", "ensemble.", "preprocessing.", "tree.", "svm.", "naive_bayes.", "neighbors."
for s, y in (("bin", y2), ("binstr", yb), ("multi", y3), ("str", ys)):
    add("LR_" + s, lm + "LogisticRegression", X, y, C=0.3, max_iter=300)
    add("LR_lib_" + s, lm + "LogisticRegression", X, y, solver="liblinear", penalty="l1")
    add("LR_ovr_" + s, lm + "LogisticRegression", X, y, multi_class="ovr", solver="lbfgs", fit_intercept=False)
    add("LR_mn_" + s, lm + "LogisticRegression", X, y, multi_class="multinomial", solver="lbfgs")
    add("LR_none_" + s, lm + "LogisticRegression", X, y, penalty="none", solver="lbfgs")
    add("LR_en_" + s, lm + "LogisticRegression", X, y, penalty="elasticnet", solver="saga", l1_ratio=0.4, max_iter=50)
    add("LRCV_" + s, lm + "LogisticRegressionCV", X, y, Cs=3, cv=3, multi_class="ovr")
    add("LRCVd_" + s, lm + "LogisticRegressionCV", X, y, Cs=3, cv=3)
    for c in ("gini", "entropy"):
        add("DTC_%s_%s" % (c, s), tr + "DecisionTreeClassifier", X, y, criterion=c, max_depth=4, random_state=1, class_weight="balanced")
    add("XTC_" + s, tr + "ExtraTreeClassifier", X, y, max_depth=5, random_state=1)
    add("RFC_" + s, en + "RandomForestClassifier", X, y, n_estimators=7, max_features=None, criterion="entropy", min_samples_leaf=3, random_state=2, oob_score=True)
    add("ETC_" + s, en + "ExtraTreesClassifier", X, y, n_estimators=7, bootstrap=True, class_weight="balanced", random_state=2)
    add("GBC_" + s, en + "GradientBoostingClassifier", X, y, n_estimators=6, learning_rate=0.3, subsample=0.8, max_depth=2, random_state=3)
    add("GBCz_" + s, en + "GradientBoostingClassifier", X, y, n_estimators=6, init="zero", random_state=3)
    add("GBCi_" + s, en + "GradientBoostingClassifier", X, y, n_estimators=4, init=E(lm + "LogisticRegression"), random_state=3)
    add("HGBC_" + s, en + "HistGradientBoostingClassifier", Xn, y, max_iter=6, max_leaf_nodes=5, l2_regularization=0.2, random_state=0)
    add("HGBCk_" + s, en + "HistGradientBoostingClassifier", Xk, y, max_iter=6, categorical_features=[0, 2], random_state=0, min_samples_leaf=4)
    add("Ada_R_" + s, en + "AdaBoostClassifier", X, y, algorithm="SAMME.R", n_estimators=8, learning_rate=0.5, random_state=0)
    add("Ada_S_" + s, en + "AdaBoostClassifier", X, y, algorithm="SAMME", n_estimators=8, learning_rate=0.5, random_state=0)
    add("Ada_D_" + s, en + "AdaBoostClassifier", X, y, n_estimators=5, random_state=0)
    add("Bag_" + s, en + "BaggingClassifier", X, y, n_estimators=4, max_features=0.6, max_samples=0.7, bootstrap_features=True, random_state=0)
    add("BagLR_" + s, en + "BaggingClassifier", X, y, n_estimators=3, random_state=0)
    add("SVC_ovo_" + s, sv + "SVC", X, y, decision_function_shape="ovo", kernel="poly", gamma=0.2, degree=2, coef0=1.0)
    add("SVC_p_" + s, sv + "SVC", X, y, probability=True, kernel="linear", random_state=0)
    add("SVC_br_" + s, sv + "SVC", X, y, gamma=0.3, break_ties=True, decision_function_shape="ovr")
    add("NuSVC_" + s, sv + "NuSVC", X, y, nu=0.2, gamma=0.3)
    add("LinSVC_" + s, sv + "LinearSVC", X, y, C=0.1, random_state=0)
    add("SGDlog_" + s, lm + "SGDClassifier", X, y, loss="log_loss", random_state=0)
    add("SGDlogold_" + s, lm + "SGDClassifier", X, y, loss="log", random_state=0)
    add("SGDavg_" + s, lm + "SGDClassifier", X, y, average=True, random_state=0)
    add("PA_" + s, lm + "PassiveAggressiveClassifier", X, y, random_state=0)
    add("RidgeC_" + s, lm + "RidgeClassifier", X, y, alpha=3.0)
    add("RidgeCCV_" + s, lm + "RidgeClassifierCV", X, y)
    add("KNCd_" + s, ne + "KNeighborsClassifier", X, y, weights="distance", p=1, algorithm="ball_tree", leaf_size=10)
    add("KNCb_" + s, ne + "KNeighborsClassifier", X, y, metric="manhattan", algorithm="brute", n_neighbors=3)
    add("KNCb3_" + s, ne + "KNeighborsClassifier", X, y, p=3, algorithm="brute", n_neighbors=4)
    add("BagNC_" + s, en + "BaggingClassifier", X, y, base_estimator=E(ne + "NearestCentroid"), n_estimators=3, random_state=0)
    add("BagNC2_" + s, en + "BaggingClassifier", X, y, estimator=E(ne + "NearestCentroid"), n_estimators=3, random_state=0)
    add("KNCm_" + s, ne + "KNeighborsClassifier", X, y, metric="chebyshev", algorithm="kd_tree", n_neighbors=3)
    add("RNC_" + s, ne + "RadiusNeighborsClassifier", X, y, radius=9.0)
    add("NC_" + s, ne + "NearestCentroid", X, y, metric="manhattan")
    add("NCs_" + s, ne + "NearestCentroid", X, y, shrink_threshold=0.1)
    add("NCA_" + s, ne + "NeighborhoodComponentsAnalysis", X, y, n_components=2, max_iter=10, random_state=0)
    add("GNB_" + s, nb + "GaussianNB", X, y, var_smoothing=1e-3)
    add("CatNB_" + s, nb + "CategoricalNB", Xi, y, alpha=0.5)
    add("BNB_" + s, nb + "BernoulliNB", X, y, binarize=0.2, alpha=0.3)
    add("MNB_" + s, nb + "MultinomialNB", Xp, y, alpha=0.2)
    add("CNB_" + s, nb + "ComplementNB", Xp, y, norm=True)
    add("LDA_" + s, "discriminant_analysis.LinearDiscriminantAnalysis", X, y, solver="lsqr", shrinkage="auto")
    add("LDAe_" + s, "discriminant_analysis.LinearDiscriminantAnalysis", X, y, solver="eigen", n_components=1)
    add("QDA_" + s, "discriminant_analysis.QuadraticDiscriminantAnalysis", X, y, reg_param=0.1)
    add("MLPC_" + s, "neural_network.MLPClassifier", X, y, hidden_layer_sizes=(4, 3), activation="tanh", solver="lbfgs", max_iter=20, random_state=0)
    add("MLPCe_" + s, "neural_network.MLPClassifier", X, y, hidden_layer_sizes=(4,), early_stopping=True, max_iter=10, random_state=0)
    add("GPC_" + s, "gaussian_process.GaussianProcessClassifier", X[:40], y[:40], random_state=0)
    add("CalS_" + s, "calibration.CalibratedClassifierCV", X, y, cv=3, method="sigmoid")
    add("CalI_" + s, "calibration.CalibratedClassifierCV", X, y, cv=2, method="isotonic")
    add("CalE_" + s, "calibration.CalibratedClassifierCV", X, y, cv=3, ensemble=False)
    add("OvR_" + s, "multiclass.OneVsRestClassifier", X, y, estimator=E(sv + "LinearSVC", random_state=0))
    add("OvRt_" + s, "multiclass.OneVsRestClassifier", X, y, estimator=E(tr + "DecisionTreeClassifier", max_depth=3, random_state=0))
    add("OvO_" + s, "multiclass.OneVsOneClassifier", X, y, estimator=E(lm + "LogisticRegression"))
    add("ECOC_" + s, "multiclass.OutputCodeClassifier", X, y, estimator=E(lm + "LogisticRegression"), random_state=0)
    add("VoteH_" + s, en + "VotingClassifier", X, y, estimators=[("a", E(lm + "LogisticRegression")), ("b", E(tr + "DecisionTreeClassifier", max_depth=3, random_state=0)), ("c", "drop")], voting="hard")
    add("VoteS_" + s, en + "VotingClassifier", X, y, estimators=[("a", E(lm + "LogisticRegression")), ("b", E(en + "RandomForestClassifier", n_estimators=3, random_state=0))], voting="soft", weights=[1, 2])
    add("Stack_" + s, en + "StackingClassifier", X, y, estimators=[("a", E(lm + "LogisticRegression")), ("b", E(tr + "DecisionTreeClassifier", max_depth=3, random_state=0))], passthrough=True, cv=3)
    add("Pipe_" + s, "pipeline.Pipeline", X, y, steps=[("a", E(pp + "StandardScaler")), ("n", "passthrough"), ("p", E("decomposition.PCA", n_components=3)), ("m", E(lm + "LogisticRegression", multi_class="ovr"))])
    add("Pipe2_" + s, "pipeline.Pipeline", Xn, y, steps=[("i", E("impute.SimpleImputer", strategy="median", add_indicator=True)), ("m", E(en + "GradientBoostingClassifier", n_estimators=3, random_state=0))])
    add("PipeL_" + s, "pipeline.Pipeline", X, y, steps=[("l", E("discriminant_analysis.LinearDiscriminantAnalysis")), ("m", E(lm + "LogisticRegression"))])
    add("GS_" + s, "model_selection.GridSearchCV", X, y, estimator=E(tr + "DecisionTreeClassifier", random_state=0), param_grid={"max_depth": [2, 3]}, cv=3, scoring="accuracy")
    add("GSr_" + s, "model_selection.GridSearchCV", X, y, estimator=E(lm + "LogisticRegression", multi_class="ovr"), param_grid={"C": [1, 2]}, cv=3)
    add("RS_" + s, "model_selection.RandomizedSearchCV", X, y, estimator=E(lm + "LogisticRegression"), param_distributions={"C": [1, 2]}, n_iter=2, cv=3, random_state=0)
    add("SFM_" + s, "feature_selection.SelectFromModel", X, y, estimator=E(en + "RandomForestClassifier", n_estimators=3, random_state=0), threshold="median")
    add("SFMl1_" + s, "feature_selection.SelectFromModel", X, y, estimator=E(lm + "LogisticRegression", penalty="l1", solver="liblinear"))
    add("SFMm_" + s, "feature_selection.SelectFromModel", X, y, estimator=E(lm + "LogisticRegression"), max_features=2)
    add("RFECV_" + s, "feature_selection.RFECV", X, y, estimator=E(tr + "DecisionTreeClassifier", random_state=0), cv=3)
    add("SKB_" + s, "feature_selection.SelectPercentile", Xp, y, percentile=40)
    add("STC_" + s, "semi_supervised.SelfTrainingClassifier", X, y, base_estimator=E(lm + "LogisticRegression"))
    add("Dum_" + s, "dummy.DummyClassifier", X, y, strategy="most_frequent")
add("LP", "semi_supervised.LabelPropagation", X, y3, gamma=1.0)
add("LS", "semi_supervised.LabelSpreading", X, y3, kernel="knn")
add("Chain", "multioutput.ClassifierChain", X, yl, base_estimator=E(lm + "LogisticRegression"), order=[1, 0])
add("MOC", "multioutput.MultiOutputClassifier", X, yl, estimator=E(lm + "LogisticRegression"))
add("DTC_mo", tr + "DecisionTreeClassifier", X, yl, max_depth=4, random_state=0)
add("RFC_mo", en + "RandomForestClassifier", X, np.c_[y3, y2], n_estimators=4, random_state=0)
add("OvR_ml", "multiclass.OneVsRestClassifier", X, yl, estimator=E(lm + "LogisticRegression"))
add("MLP_ml", "neural_network.MLPClassifier", X, yl, hidden_layer_sizes=(3,), max_iter=10, random_state=0)
add("RChain", "multioutput.RegressorChain", X, ym, base_estimator=E(lm + "Ridge"))
add("MOR", "multioutput.MultiOutputRegressor", X, ym, estimator=E(en + "GradientBoostingRegressor", n_estimators=3))
add("GBexp", en + "GradientBoostingClassifier", X, y2, loss="exponential", n_estimators=5, random_state=0)
for l in ("ls", "lad", "huber", "quantile", "squared_error", "absolute_error"):
    add("GBR_" + l, en + "GradientBoostingRegressor", X, yr, loss=l, n_estimators=5, alpha=0.7, random_state=0)
add("GBRi", en + "GradientBoostingRegressor", X, yr, init=E(lm + "LinearRegression"), n_estimators=5, random_state=0)
for l in ("least_squares", "squared_error", "absolute_error", "poisson", "gamma", "quantile"):
    add("HGBR_" + l, en + "HistGradientBoostingRegressor", Xn, yp, loss=l, max_iter=4, random_state=0, **({"quantile": 0.3} if l == "quantile" else {}))
add("HGBRk", en + "HistGradientBoostingRegressor", Xk, yr, categorical_features=[0, 2], max_iter=4, min_samples_leaf=5, random_state=0)
add("HGBRm", en + "HistGradientBoostingRegressor", X, yr, monotonic_cst=[1, 0, 0, -1, 0], max_iter=4, random_state=0)
for c in ("mse", "mae", "squared_error", "absolute_error", "poisson", "friedman_mse"):
    add("DTR_" + c, tr + "DecisionTreeRegressor", X, yp, criterion=c, max_depth=4, random_state=0)
add("DTR_mo", tr + "DecisionTreeRegressor", X, ym, max_depth=4, random_state=0)
add("DTR_nan", tr + "DecisionTreeRegressor", Xn, yr, max_depth=4, random_state=0)
add("DTC_nan", tr + "DecisionTreeClassifier", Xn, y3, max_depth=4, random_state=0)
add("RFC_nan", en + "RandomForestClassifier", Xn, y3, n_estimators=3, random_state=0)
add("RFR", en + "RandomForestRegressor", X, yr, n_estimators=5, max_features="sqrt", random_state=0)
add("ETR_mo", en + "ExtraTreesRegressor", X, ym, n_estimators=5, random_state=0)
add("RTE", en + "RandomTreesEmbedding", X, None, n_estimators=3, max_depth=3, random_state=0)
add("AdaR", en + "AdaBoostRegressor", X, yr, n_estimators=5, loss="exponential", random_state=0)
add("BagR", en + "BaggingRegressor", X, yr, n_estimators=3, random_state=0)
add("IsoF_c", en + "IsolationForest", X, None, n_estimators=5, contamination=0.1, max_samples=32, max_features=3, random_state=0)
add("IsoF_b", en + "IsolationForest", X, None, n_estimators=5, bootstrap=True, random_state=0)
add("VotR", en + "VotingRegressor", X, yr, estimators=[("a", E(lm + "Ridge")), ("b", E(tr + "DecisionTreeRegressor", max_depth=3))])
add("StackR", en + "StackingRegressor", X, yr, estimators=[("a", E(lm + "Ridge")), ("b", E(tr + "DecisionTreeRegressor", max_depth=3))], final_estimator=E(lm + "Ridge"), cv=3)
for name, kw in (("Ridge", dict(alpha=2.0)), ("Lasso", dict(alpha=0.1)), ("ElasticNet", dict(alpha=0.1)), ("LassoCV", dict(cv=3)), ("ElasticNetCV", dict(cv=3)), ("Lars", {}), ("LassoLars", dict(alpha=0.1)), ("LassoLarsCV", dict(cv=3)),
                 ("LassoLarsIC", {}), ("OrthogonalMatchingPursuit", {}), ("OrthogonalMatchingPursuitCV", dict(cv=3)), ("HuberRegressor", {}), ("TheilSenRegressor", dict(random_state=0)), ("RANSACRegressor", dict(random_state=0)),
                 ("BayesianRidge", dict(n_iter=50)), ("ARDRegression", {}), ("SGDRegressor", dict(random_state=0, loss="huber")), ("PassiveAggressiveRegressor", dict(random_state=0)), ("QuantileRegressor", dict(alpha=0.1)),
                 ("LinearRegression", dict(fit_intercept=False)), ("RidgeCV", {}), ("PoissonRegressor", {}), ("GammaRegressor", {}), ("TweedieRegressor", dict(power=1.5)), ("LarsCV", dict(cv=3))):
    add(name, lm + name, X, yp if name.startswith(("Poi", "Gam", "Twe")) else yr, **kw)
add("Tweedie0", lm + "TweedieRegressor", X, yr, power=0, link="identity")
add("LinReg_norm", lm + "LinearRegression", X, yr, normalize=True)
add("LinReg_pos", lm + "LinearRegression", X, yr, positive=True)
add("MTLasso", lm + "MultiTaskLasso", X, ym, alpha=0.1)
add("SVR_p", sv + "SVR", X, yr, kernel="poly", gamma="scale", degree=2)
add("NuSVR", sv + "NuSVR", X, yr, gamma=0.1)
add("OCSVM", sv + "OneClassSVM", X, None, gamma=0.1, nu=0.3)
add("LinSVR", sv + "LinearSVR", X, yr, random_state=0)
add("KNRd", ne + "KNeighborsRegressor", X, ym, weights="distance", algorithm="kd_tree")
add("RNR", ne + "RadiusNeighborsRegressor", X, yr, radius=9.0)
add("NN", ne + "NearestNeighbors", X, None, n_neighbors=3, algorithm="ball_tree", metric="manhattan")
add("LOFn", ne + "LocalOutlierFactor", X, None, novelty=True, n_neighbors=7)
add("KDEt", ne + "KernelDensity", X, None, kernel="tophat", bandwidth=2.0, algorithm="ball_tree")
add("KNI", "impute.KNNImputer", Xn, None, n_neighbors=3, weights="distance", add_indicator=True)
add("ItIk", "impute.IterativeImputer", Xn, None, max_iter=3, random_state=0, keep_empty_features=True)
add("SFMpls", "feature_selection.SelectFromModel", X * [1, 10, 0.1, 3, 1], yr, estimator=E("cross_decomposition.PLSRegression"))
add("PCAsp", "pipeline.Pipeline", X, None, steps=[("k", E(pp + "KBinsDiscretizer", n_bins=3)), ("p", E("decomposition.PCA", n_components=2))])
add("ItI", "impute.IterativeImputer", Xn, None, max_iter=3, random_state=0)
for st in ("median", "most_frequent", "constant"):
    add("SI_" + st, "impute.SimpleImputer", Xn, None, strategy=st, **({"fill_value": -1} if st == "constant" else {}))
add("SI_str", "impute.SimpleImputer", Xc[:, :2], None, strategy="most_frequent", missing_values="z")
add("MI", "impute.MissingIndicator", Xn, None, features="all")
for name, kw in (("StandardScaler", dict(with_mean=False)), ("MinMaxScaler", dict(feature_range=(-1, 2), clip=True)), ("MinMaxScaler", dict(feature_range=(-1, 2))), ("MaxAbsScaler", {}), ("RobustScaler", dict(quantile_range=(10, 90))),
                 ("QuantileTransformer", dict(n_quantiles=20, output_distribution="normal", random_state=0)), ("QuantileTransformer", dict(n_quantiles=20, random_state=0)), ("PowerTransformer", dict(standardize=False)),
                 ("PowerTransformer", dict()), ("PolynomialFeatures", dict(degree=3, interaction_only=True, include_bias=False)), ("PolynomialFeatures", dict(degree=3)), ("PolynomialFeatures", dict(degree=(2, 3))), ("SplineTransformer", dict(n_knots=4)),
                 ("KBinsDiscretizer", dict(n_bins=4, encode="onehot-dense", strategy="uniform")), ("KBinsDiscretizer", dict(n_bins=3, encode="ordinal", strategy="kmeans")), ("KBinsDiscretizer", dict(n_bins=3, encode="onehot")),
                 ("Normalizer", dict(norm="l1")), ("Binarizer", dict(threshold=0.5)), ("FunctionTransformer", dict(func=np.exp, validate=False)), ("FunctionTransformer", dict())):
    add("%s_%d" % (name, len(L)), pp + name, X, None, **kw)
add("Box", pp + "PowerTransformer", Xp + 0.1, None, method="box-cox")
for i, kw in enumerate((dict(drop="first"), dict(drop="if_binary"), dict(handle_unknown="ignore"), dict(sparse=False), dict(sparse_output=False), dict(categories=[["a", "b", "c"], ["x", "y", "z"], [1, 2, 3, 9]]), dict(min_frequency=25, handle_unknown="infrequent_if_exist"), dict(max_categories=2))):
    add("OHE_%d" % i, pp + "OneHotEncoder", Xc, None, **kw)
    add("OHEi_%d" % i, pp + "OneHotEncoder", Xi, None, **kw)
for i, kw in enumerate((dict(), dict(handle_unknown="use_encoded_value", unknown_value=-1), dict(dtype=np.int32), dict(min_frequency=30), dict(encoded_missing_value=-2))):
    add("OE_%d" % i, pp + "OrdinalEncoder", Xc, None, **kw)
add("TE", pp + "TargetEncoder", Xi, y2, random_state=0)
add("LB", pp + "LabelBinarizer", ys, None, neg_label=-1)
add("CT_names", "compose.ColumnTransformer", X, None, transformers=[("a", E(pp + "StandardScaler"), [0, -1]), ("p", "passthrough", [2]), ("b", E(pp + "MinMaxScaler"), slice(3, 4))], remainder="drop")
add("CT_rem", "compose.ColumnTransformer", X, None, transformers=[("a", E(pp + "OneHotEncoder", handle_unknown="ignore"), [4])], remainder=E(pp + "StandardScaler"), sparse_threshold=0)
add("CT_mask", "compose.ColumnTransformer", X, None, transformers=[("a", E(pp + "KBinsDiscretizer", n_bins=3), [True, False, True, False, False])], remainder="passthrough")
add("FU", "pipeline.FeatureUnion", X, None, transformer_list=[("a", E("decomposition.PCA", n_components=2)), ("b", E(pp + "StandardScaler")), ("c", "drop")], transformer_weights={"a": 2.0})
add("TTR", "compose.TransformedTargetRegressor", X, yp, regressor=E(lm + "Ridge"), transformer=E(pp + "StandardScaler"))
add("TTRf", "compose.TransformedTargetRegressor", X, yp, regressor=E(lm + "Ridge"), func=np.log, inverse_func=np.exp)
for i, kw in enumerate((dict(ngram_range=(1, 2)), dict(binary=True, stop_words="english"), dict(analyzer="char_wb", ngram_range=(2, 3)), dict(max_features=5), dict(strip_accents="ascii"))):
    add("CV_%d" % i, "feature_extraction.text.CountVectorizer", docs, None, **kw)
    add("TF_%d" % i, "feature_extraction.text.TfidfVectorizer", docs, None, sublinear_tf=True, **kw)
add("TFn", "feature_extraction.text.TfidfVectorizer", docs, None, use_idf=False, norm=None)
add("TFs", "feature_extraction.text.TfidfVectorizer", docs, None, smooth_idf=False, norm="l1")
add("HV", "feature_extraction.text.HashingVectorizer", docs, None, n_features=32, alternate_sign=False, norm="l1")
add("TextPipe", "pipeline.Pipeline", docs, (["a", "b", "c"] * 16), steps=[("v", E("feature_extraction.text.TfidfVectorizer")), ("m", E(lm + "LogisticRegression", multi_class="ovr", solver="lbfgs"))])
add("TextNB", "pipeline.Pipeline", docs, (["a", "b", "c"] * 16), steps=[("v", E("feature_extraction.text.CountVectorizer")), ("t", E("feature_extraction.text.TfidfTransformer")), ("m", E(nb + "MultinomialNB"))])
d_ = "decomposition."
for name, kw, x in (("PCA", dict(whiten=True, n_components=0.9), X), ("IncrementalPCA", dict(n_components=2), X), ("KernelPCA", dict(n_components=2, kernel="rbf", gamma=0.3), X), ("KernelPCA", dict(n_components=2, kernel="poly", fit_inverse_transform=True), X),
                    ("TruncatedSVD", dict(n_components=2, algorithm="arpack", random_state=0), X), ("NMF", dict(n_components=2, random_state=0, init="random", solver="mu", max_iter=30), Xp), ("LatentDirichletAllocation", dict(n_components=3, random_state=0, learning_method="online"), Xp),
                    ("FastICA", dict(n_components=2, random_state=0), X), ("FastICA", dict(whiten=True, random_state=0), X), ("FactorAnalysis", dict(n_components=2), X), ("SparsePCA", dict(n_components=2, random_state=0, max_iter=5), X), ("MiniBatchSparsePCA", dict(n_components=2, random_state=0), X),
                    ("DictionaryLearning", dict(n_components=3, random_state=0, max_iter=5, transform_algorithm="omp"), X), ("MiniBatchNMF", dict(n_components=2, random_state=0), Xp)):
    add("%s_%d" % (name, len(L)), d_ + name, x, None, **kw)
for name in ("PLSRegression", "PLSCanonical", "CCA", "PLSSVD"):
    add(name, "cross_decomposition." + name, X, ym, n_components=2)
    add(name + "_ns", "cross_decomposition." + name, X, ym, n_components=1, scale=False)
c_ = "cluster."
for name, kw in (("KMeans", dict(n_clusters=4, n_init=2, random_state=0, algorithm="elkan")), ("MiniBatchKMeans", dict(n_clusters=4, n_init=2, random_state=0)), ("BisectingKMeans", dict(n_clusters=3, random_state=0)), ("MeanShift", dict(bandwidth=3.0)),
                 ("AffinityPropagation", dict(random_state=0)), ("Birch", dict(threshold=1.0, n_clusters=3)), ("Birch", dict(n_clusters=None, threshold=1.5)), ("FeatureAgglomeration", dict(n_clusters=2)), ("AgglomerativeClustering", dict(n_clusters=3, linkage="average")), ("SpectralClustering", dict(n_clusters=2, random_state=0))):
    add("%s_%d" % (name, len(L)), c_ + name, X, None, **kw)
add("GMMt", "mixture.GaussianMixture", X, None, n_components=2, covariance_type="tied", random_state=0)
add("BGM", "mixture.BayesianGaussianMixture", X, None, n_components=2, covariance_type="diag", random_state=0)
for name in ("EllipticEnvelope", "MinCovDet", "LedoitWolf", "OAS", "EmpiricalCovariance", "GraphicalLassoCV"):
    add(name, "covariance." + name, X, None, **({"random_state": 0} if name in ("EllipticEnvelope", "MinCovDet") else {}))
add("GPRk", "gaussian_process.GaussianProcessRegressor", X[:50], yr[:50], kernel=("est", "gaussian_process.kernels.RBF", {}), normalize_y=True, alpha=0.1)
add("Isomap", "manifold.Isomap", X, None, n_components=2)
add("LLE", "manifold.LocallyLinearEmbedding", X, None, n_components=2, random_state=0)
add("Nys", "kernel_approximation.Nystroem", X, None, kernel="poly", degree=2, n_components=6, random_state=0)
add("ACS", "kernel_approximation.AdditiveChi2Sampler", Xp, None, sample_steps=2)
add("PCS", "kernel_approximation.PolynomialCountSketch", X, None, n_components=8, random_state=0)
add("GRP", "random_projection.GaussianRandomProjection", X, None, n_components=2, random_state=0)
add("SRPd", "random_projection.SparseRandomProjection", X, None, n_components=2, dense_output=True, random_state=0)
add("KRp", "kernel_ridge.KernelRidge", X, yr, kernel="polynomial", degree=2)
add("Iso_c", "isotonic.IsotonicRegression", X[:, 0], yr, increasing=False, out_of_bounds="clip")
add("RBM", "neural_network.BernoulliRBM", Xp / Xp.max(), None, n_components=3, n_iter=3, random_state=0)
add("MLPR", "neural_network.MLPRegressor", X, ym, hidden_layer_sizes=(4,), activation="logistic", solver="sgd", max_iter=10, random_state=0)
add("DumR", "dummy.DummyRegressor", X, yr, strategy="quantile", quantile=0.3)
add("DumS", "dummy.DummyClassifier", X, y3, strategy="constant", constant=1)

METHODS = "predict predict_proba predict_log_proba decision_function transform score_samples apply kneighbors".split()


def build(v):
    if isinstance(v, tuple) and len(v) == 3 and v[0] == "est":
        return I(v[1])(**{k: build(x) for k, x in v[2].items()})
    if isinstance(v, list):
        return [build(i) for i in v]
    if isinstance(v, tuple):
        return tuple(build(i) for i in v)
    return v


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    done, skipped = 0, []
    for name, path, x, y, kw in L:
        try:
            e = I(path)(**{k: build(v) for k, v in kw.items()})
            e.fit(x, y) if y is not None else e.fit(x)
        except Exception as err:
            skipped.append("%s (%s)" % (name, type(err).__name__))
            continue
        rows = x[:12]
        answers = {}
        for m in METHODS:
            try:
                a = getattr(e, m)(rows)
            except Exception:
                continue
            if m == "kneighbors":
                a = a[0]
            if isinstance(a, list):
                a = np.stack(a) if len({np.shape(i) for i in a}) == 1 else None
            if a is not None:
                answers[m] = a.toarray() if hasattr(a, "toarray") else np.asarray(a)
        plain = isinstance(rows, list) or rows.dtype == object  # pickled arrays are not read by older numpy
        stored = {"__J": np.array(json.dumps(rows if isinstance(rows, list) else rows.tolist()))} if plain else {"__X": rows}
        answers = {k: v.astype(str) if v.dtype == object else v for k, v in answers.items()}
        np.savez(os.path.join(out, name + ".npz"), **stored, **answers)
        with open(os.path.join(out, name + ".pkl"), "wb") as f:
            pickle.dump(e, f, protocol=4)
        done += 1
    print("scikit-learn %s: %d models, not fitted: %s" % (sklearn.__version__, done, " ".join(skipped)))


if __name__ == "__main__":
    main()
