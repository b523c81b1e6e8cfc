# -*- coding: utf-8 -*-
"""What "equal" means for each method of a fitted estimator. The classes are those of internal/golden."""

import copy
import decimal
import math

import numpy as np
import scipy.sparse as sp
import scipy.special
import sklearn
from sklearn.multiclass import _predict_binary
from sklearn.base import BaseEstimator
from sklearn.metrics.pairwise import pairwise_kernels

try:
    from sklearn.metrics.pairwise import nan_euclidean_distances
except ImportError:  # before 0.22, which had no KNNImputer either
    nan_euclidean_distances = None

ORDER = ["exact", "ulp8", "sum", "log", "dist", "sum32", "dist32"]

# Computed partly in float32 where the model was fitted on float32.
COARSE = {"log": "sum32", "exact": "exact", "ulp8": "sum32", "sum": "sum32", "sum32": "sum32", "dist": "dist32", "dist32": "dist32"}

# Every numeric output has the same bits.
EXACT = set(
    """StandardScaler MinMaxScaler MaxAbsScaler RobustScaler Binarizer KernelCenterer OneHotEncoder OrdinalEncoder
    LabelEncoder LabelBinarizer MultiLabelBinarizer KBinsDiscretizer SimpleImputer MissingIndicator CountVectorizer
    FeatureHasher DictVectorizer VarianceThreshold SelectKBest SelectPercentile SelectFpr SelectFdr SelectFwe
    GenericUnivariateSelect SelectFromModel RFE RFECV SequentialFeatureSelector PolynomialFeatures
    DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor RandomForestClassifier
    RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor RandomTreesEmbedding PatchExtractor""".split()
)

NEIGHBOURS = {
    "KNeighborsClassifier", "KNeighborsRegressor", "KNeighborsTransformer", "NearestNeighbors", "LocalOutlierFactor",
    "RadiusNeighborsClassifier", "RadiusNeighborsRegressor", "RadiusNeighborsTransformer",
}  # fmt: skip

CODERS = {"SparseCoder", "DictionaryLearning", "MiniBatchDictionaryLearning"}

# Take float32 rows as they are through logarithms, distances or the diagonals of kernels.
NARROW = NEIGHBOURS | {"SkewedChi2Sampler", "Isomap", "LocallyLinearEmbedding", "GaussianProcessClassifier"} | CODERS

# Exact raw scores, a link function behind them.
BOOSTED = {
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "HistGradientBoostingClassifier",
    "HistGradientBoostingRegressor",
}

DISTANCES = {"KMeans", "MiniBatchKMeans", "BisectingKMeans", "Birch"}


# Metrics whose square a search by brute force expands.
EXPANDED = ("euclidean", "l2", "sqeuclidean", "nan_euclidean")


def release():
    return tuple(int("".join(c for c in w if c.isdigit())) for w in sklearn.__version__.split(".")[:2])


def worst(classes):
    return max(list(classes) or ["exact"], key=ORDER.index)


def parts(est):
    """The fitted estimators a composite hands its rows to, or None for one that computes itself."""
    name = type(est).__name__
    if name == "Pipeline":
        return [s for _, s in est.steps if s is not None and not isinstance(s, str)]
    if name == "ColumnTransformer":
        return [t for _, t, _ in est.transformers_ if not isinstance(t, str)]
    if name == "FeatureUnion":
        return [t for _, t in est.transformer_list if not isinstance(t, str)]
    if hasattr(est, "best_estimator_"):
        return [est.best_estimator_]
    if name == "FrozenEstimator":
        return [est.estimator]
    if name in ("MultiOutputClassifier", "MultiOutputRegressor"):
        return est.estimators_
    return None


def members(est):
    """The fitted estimators inside one that combines what they say of the same rows."""
    out = []
    for name in ("estimators_", "estimator_", "calibrated_classifiers_", "regressor_", "estimator", "nn_fit"):
        v = getattr(est, name, None)
        if v is not None and type(est).__name__ not in BOOSTED:
            out += [e for e in np.ravel(np.array(v, dtype=object)) if hasattr(e, "fit") or hasattr(e, "calibrators")]
    return out


def rounded(function, v):
    """A function of decimal.Decimal, "ln" or "exp", of a float, rounded once."""
    with decimal.localcontext() as c:
        c.prec = 50
        return float(getattr(decimal.Decimal(float(v)), function)())


def steady_start(est):
    """Whether the raw scores that the stages of several classes are added to are rounded once at each step: p/exp(mean(log p))
    has other bits where numpy's vector instructions or the C library round exp or log otherwise."""
    p = getattr(est.init_, "class_prior_", None)
    if p is not None and len(p) == 2:
        return scipy.special.logit(0.55) != math.log(0.55 / (1 - 0.55))  # scipy since 1.14
    if p is None:
        return True
    logs = [rounded("ln", v) for v in p]
    mean = rounded("exp", np.mean(logs))
    if np.log(p).tolist() != logs or np.exp([np.mean(logs)])[0] != mean:
        return False
    q = p / mean
    return np.log(q).tolist() == [rounded("ln", v) for v in q]


def tolerance(est, method):
    name = type(est).__name__
    inner = parts(est)
    if inner is not None:
        last = inner[-1:] if name in ("Pipeline",) else inner
        before = [tolerance(s, "transform") for s in inner[:-1]] if name == "Pipeline" else []
        return worst(before + [tolerance(s, method) for s in last])
    if method in ("apply", "decision_path", "get_feature_names_out") or method.endswith("predict") and hasattr(est, "classes_"):
        return "exact"
    if name in ("RFE", "RFECV") and method not in ("transform", "inverse_transform"):
        return tolerance(est.estimator_, method)
    if name in EXACT:
        if method == "predict_log_proba":
            return "ulp8"
        if name == "PolynomialFeatures" and est.degree is not None and np.max(est.degree) > 3:
            return "ulp8"
        return "exact"
    if name == "FunctionTransformer":
        func = est.inverse_func if method == "inverse_transform" else est.func
        if getattr(func, "__name__", "") == "gammaln":
            return "sum"  # near its roots it is the difference of two numbers about a half
        return "exact" if func is None else "ulp8"
    if name == "HashingVectorizer":
        return "exact" if est.norm is None else "sum"
    if name == "BaggingClassifier" and method == "predict_log_proba":
        return "log"  # a sum by logarithms less that of a count
    if name in BOOSTED:
        if isinstance(getattr(est, "init", None), BaseEstimator):
            return "sum32"  # the inner estimator is fitted on rows cast to float32
        if method == "predict_log_proba":
            return "log"  # of probabilities that are 8 ulp apart
        # Before 1.6 the start was log(p/(1-p)) rather than the link of p.
        if name == "GradientBoostingClassifier" and (release() < (1, 6) or not steady_start(est)):
            return "sum"
        if "proba" in method:
            return "sum" if release() < (1, 4) else "ulp8"  # exp(score - log(sum(exp(score)))): as many ulp as the score is large
        if getattr(est, "loss", "") in ("poisson", "gamma"):
            return "ulp8"
        return "exact"
    if name == "IsolationForest":
        return "ulp8" if method == "score_samples" else "sum"  # an offset is subtracted
    if method in ("kneighbors_graph", "radius_neighbors_graph"):
        return "exact"
    if method in ("kneighbors", "radius_neighbors") or name in ("KNeighborsTransformer", "RadiusNeighborsTransformer"):
        if getattr(est, "effective_metric_", "") == "precomputed":
            return "exact"
        return "dist" if getattr(est, "_fit_method", "") == "brute" and est.effective_metric_ in EXPANDED else "sum"
    if name in DISTANCES and method == "transform":
        return "dist"
    if name == "KernelDensity" and est.kernel not in ("gaussian", "exponential"):
        return "log"  # where no row is near, what is left of bounds that were added and taken away again
    return "sum"


# By how much numbers of a class may differ, as a fraction: of themselves, of the largest, of a scale.
WIDTH = {"ulp8": 8 * 2.0**-52, "sum": 1e-12, "log": 1e-12, "dist": 1e-12, "sum32": 1e-6, "dist32": 1e-6}


def width(est, X, method, coarse):
    """The class of a method for these rows."""
    tol = tolerance(est, method)
    narrow = type(est).__name__ in NARROW and getattr(X, "dtype", None) == np.float32
    return COARSE[tol] if coarse or narrow else tol


def scores(est, X):
    """The numbers whose largest (or smallest) decides a label, one row each, and the method that gives them, or None."""
    name = type(est).__name__
    if name == "OutputCodeClassifier":
        Y = np.array([_predict_binary(e, X) for e in est.estimators_]).T
        return "code_distance", -np.square(Y[:, None] - est.code_book_[None]).sum(-1)
    if name in DISTANCES and hasattr(est, "transform"):
        return "transform", -np.square(np.asarray(est.transform(X), dtype=float))
    for method in ("decision_function", "predict_joint_log_proba", "predict_proba"):
        try:
            s = getattr(est, method)(X)
        except Exception:
            continue
        if isinstance(s, list):
            return method, [np.asarray(v) for v in s]
        s = np.asarray(s)
        if s.dtype.kind == "f":
            return method, s
    return None


def counted(est):
    """Scores that are counts, or fractions of them: those of a class are the same in every order of summing."""
    return type(est).__name__ in NEIGHBOURS and getattr(est, "weights", "") == "uniform"


def tied(est, X, coarse=False, exact=True):
    """Rows whose two best scores are closer than the tolerance of both. exact: scores that have the same bits do not tie."""
    s = scores(est, X)
    if s is None:
        return []
    method, s = s
    tol = width(est, X, method, coarse)
    if exact and (tol == "exact" or counted(est)):
        return []
    rel = 2 * WIDTH.get(tol, 1e-12)
    by = scale(est, X, method, coarse)
    try:
        several = np.ndim(est.predict(X)) == 2  # labels, each with a threshold
    except Exception:
        several = False
    rows = set()
    for v in s if isinstance(s, list) else [s]:
        v = np.where(np.isnan(v), 0, np.clip(v, -1e300, 1e300)).astype(float)
        top = np.abs(v).max() if v.size else 0
        if by is not None:
            top = np.maximum(top, by)
        if v.ndim == 1:
            near = np.abs(v) <= rel * top
        elif v.ndim == 2 and several and not isinstance(s, list):
            off = np.abs(v - 0.5) if method == "predict_proba" else np.abs(v)
            near = (off <= rel * np.reshape(top, (-1, 1))).any(axis=1)
        elif v.ndim == 2 and v.shape[1] > 1:
            o = np.sort(v, axis=1)
            near = (o[:, -1] - o[:, -2]) <= rel * top
        else:
            continue
        rows |= set(np.flatnonzero(near).tolist())
    return sorted(rows)


def undecided(est, X, method="predict"):
    """Rows where the choice of neighbours itself is a matter of rounding: distances tie, and the search is by brute force,
    whose digits depend on BLAS in scikit-learn itself."""
    if type(est).__name__ in NEIGHBOURS:
        return brute(est, X, method)
    return inside(est, X, lambda e, Z: brute(e, Z, method))


def question(method):
    """What a method asks of a search: the methods with one answer have the same tied and undecided rows."""
    return method if method in ("kneighbors", "transform") else "radius_neighbors" if "radius" in method else "predict"


def loose(est, X, kind, coarse=False):
    """The tied and the undecided rows of a question."""
    return tied(est, X, coarse) if kind in ("predict", "transform") else [], undecided(est, X, kind)


def cut(est, X):
    """Rows whose last neighbour is as far as the next one: whichever search it is, another may take the other."""
    return inside(est, X, last)


def inside(est, X, rule):
    """The rows that a rule gives for an estimator or for those in it."""
    inner = parts(est)
    if type(est).__name__ == "Pipeline" and len(inner) > 1:
        try:
            for step in inner[:-1]:
                X = step.transform(X)
        except Exception:
            return []
        return inside(inner[-1], X, rule)
    if rule is last and type(est).__name__ == "IterativeImputer":
        return last_of_rounds(est, X)
    if inner is None:
        inner = members(est)
    if inner:
        columns = getattr(est, "estimators_features_", None)
        rows = set()
        for i, e in enumerate(inner):
            try:
                rows |= set(inside(e, X if columns is None else X[:, columns[i]], rule))
            except Exception:
                continue
        return sorted(rows)
    return rule(est, X)


def last(est, X):
    if type(est).__name__ == "KNNImputer":
        zero = donor_weights(est, X)[0] if est.weights == "distance" else set()
        return sorted(zero.union(undecided_donors(est, X)))
    est = getattr(est, "nbrs_", est)  # of manifolds
    if not hasattr(est, "kneighbors") or est.n_neighbors >= est._fit_X.shape[0]:
        return []
    d, _ = est.kneighbors(X, n_neighbors=est.n_neighbors + 1)
    return np.flatnonzero(~(d[:, -1] - d[:, -2] > 1e-9 * (1 + np.abs(d[:, -1])))).tolist()


def last_of_rounds(est, X):
    """Of an iterative imputer: each estimator of its rounds is asked about the rows that miss its column."""
    rows, impute = set(), est._impute_one_feature

    def ask(X, missing, column, others, estimator=None, **rest):
        which = np.flatnonzero(np.asarray(missing)[:, column])
        if len(which):
            rows.update(which[inside(estimator, np.asarray(X)[which][:, others], last)].tolist())
        return impute(X, missing, column, others, estimator=estimator, **rest)

    est._impute_one_feature = ask
    est.transform(X)
    return sorted(rows)


# A sum of some hundred terms errs by less than this many millionths of a millionth of what they are in magnitude.
TERMS = 0.03


def plain(A):
    """Rows of any form as a dense array of float64."""
    return np.asarray(A.toarray() if sp.issparse(A) else A, dtype=float)


def norms(A):
    return np.nansum(np.square(plain(A)), 1)


COUNTED = set("hamming jaccard dice matching kulsinski rogerstanimoto russellrao sokalmichener sokalsneath yule".split())


def blur(est, X, d):
    """By how much scikit-learn's brute-force search may err in each of d, distances of the rows X."""
    narrow = est._fit_X.dtype == np.float32
    name = est.effective_metric_
    if name in EXPANDED:
        # The square is expanded. Products are summed in float64, but for float32 rows with missing cells.
        both = (norms(X) + norms(est._fit_X).max())[:, None]
        if name == "nan_euclidean":
            both = both * X.shape[1] * (1e9 if narrow else 1)
        error = 1e-15 * both
        if name == "sqeuclidean":
            return error + (1e-6 if narrow else 0) * d
        return np.sqrt(np.square(d) + error) - d + (1e-6 if narrow else 1e-15) * d
    if name in COUNTED:
        return np.zeros(d.shape) if est.effective_metric_params_.get("w") is None else 1e-13 * (1 + d)
    if name == "cosine":
        return np.full(d.shape, 1e-6 if narrow else 1e-15)
    if est._fit_method != "brute":
        return 1e-14 * d
    return (1e-6 if narrow else 1e-13) * (1 + d)


def inverse_error(est, X):
    """Per row, by how much the blur of distances moves a mean that is weighted by their inverses."""
    if type(est).__name__.startswith("Radius"):
        found = est.radius_neighbors(X)[0]
        d = np.full((len(found), max(2, max(len(v) for v in found))), np.inf)
        for i, v in enumerate(found):
            d[i, : len(v)] = np.sort(v)
    else:
        d = est.kneighbors(X)[0].astype(float)
        d = np.c_[d, np.full(len(d), np.inf)]
    b = np.where(d < np.inf, blur(est, X, np.minimum(d, 1e150)), 0)
    if getattr(X, "dtype", None) == np.float32:
        b = b + 2e-7 * np.nanmax(np.abs(X.data if sp.issparse(X) else X), initial=0)
    zero = d <= 4 * b  # whose share is all, but for what is left to the others
    with np.errstate(all="ignore"):
        error = np.where(zero, 0, b / (d - b)).max(1)
        error += np.where(zero[:, 0], d.shape[1] * 5 * b[:, 0] / np.where(zero, np.inf, d).min(1), 0)
    y = est._y if est._y.dtype.kind == "f" else np.ones(1)
    return 2 * np.nan_to_num(error) * np.abs(y).max()


def whole(A):
    """Whether the sums of a matrix's squares and products are exact."""
    A = A.data if sp.issparse(A) else np.asarray(A)
    A = A.astype(float) if A.dtype == object else A
    return not A.size or bool(np.isfinite(A).all() and (A == np.round(A)).all() and np.abs(A).max() < 1 << 10)


def decided(est, X):
    """Whether the distances of a search by brute force have no rounding, and what chooses among equals is no vector code of
    numpy's: its scalar selection until 1.24, or scikit-learn's reductions of dense rows of one type."""
    if est.effective_metric_ not in ("euclidean", "l2", "sqeuclidean", "manhattan", "l1", "cityblock", "chebyshev") or not whole(X) or not whole(est._fit_X):
        return False
    if tuple(int(v) for v in np.__version__.split(".")[:2]) < (1, 25):
        return True
    dense = isinstance(X, np.ndarray) and isinstance(est._fit_X, np.ndarray)
    return dense and X.dtype == est._fit_X.dtype and X.dtype.kind == "f"


def brute(est, X, method="predict"):
    name = type(est).__name__
    if name == "KNNImputer":
        return undecided_donors(est, X)
    est = getattr(est, "nbrs_", est)  # of manifolds
    powers = getattr(est, "effective_metric_", "") == "minkowski"  # each rounded by the C library's pow, in a tree, too
    if not hasattr(est, "_fit_X") or getattr(est, "_fit_method", "") != "brute" and not powers or est.effective_metric_ == "precomputed":
        return []
    if decided(est, X):
        return []
    try:
        if "Radius" in name or method == "radius_neighbors":
            edge = blur(est, X, np.full((X.shape[0], 1), float(est.radius)))[:, 0] * 2
            d, _ = est.radius_neighbors(X, radius=est.radius + edge.max())
            rows = {i for i, v in enumerate(d) if edge[i] > 0 and (np.abs(v - est.radius) <= edge[i]).any()}
            if est.get_params().get("weights") == "distance":
                rows |= {i for i, v in enumerate(d) if len(v) > 1 and (np.sort(v)[1:2] <= 4 * blur(est, X[i : i + 1], np.sort(v)[None, 1:2])).any()}
            return sorted(rows)
        k = est.n_neighbors + (name == "KNeighborsTransformer" and method == "transform" and est.mode == "distance")
        d = est.kneighbors(X, n_neighbors=min(k + 1, est._fit_X.shape[0]))[0].astype(float)
    except Exception:
        return []
    d = np.where(np.isnan(d), 1e300, d)  # rows without a common cell are as far as any
    b = np.where(d < 1e300, blur(est, X, np.minimum(d, 1e150)), 0)
    near = np.diff(d, axis=1) <= b[:, 1:] + b[:, :-1]
    if method != "kneighbors":
        near = near[:, k - 1 :]  # those before are neighbours in any order
        if est.get_params().get("weights") == "distance" and k > 1:
            near = np.c_[near, d[:, 1] <= 4 * b[:, 1]]  # whose share is all or half
    return np.flatnonzero(near.any(axis=1)).tolist()


def undecided_donors(est, X):
    """Rows with a missing cell whose last donor is as far as the next: a partial sort chooses."""
    try:
        X = np.asarray(X, dtype=float)
        D = nan_euclidean_distances(X, np.asarray(est._fit_X, dtype=float), missing_values=est.missing_values)
    except Exception:
        return []
    missing = np.isnan(X) if np.isnan(est.missing_values) else X == est.missing_values
    rows, largest = set(), norms(est._fit_X).max()
    error = X.shape[1] * (1e-6 if est._fit_X.dtype == np.float32 else 1e-14)  # the square is expanded
    for i, j in np.argwhere(missing):
        d = np.sort(D[i, ~est._mask_fit_X[:, j]])
        k = est.n_neighbors
        if k < len(d) and not d[k] ** 2 - d[k - 1] ** 2 > error * (np.nansum(np.square(X[i])) + largest):
            rows.add(int(i))
        # Near donors' distances are differences of large numbers, of which float32 leaves few digits.
        if len(d) and est.weights == "distance" and est._fit_X.dtype == np.float32 and np.square(d[:1]) < 1e-2 * np.nansum(np.square(X[i])):
            rows.add(int(i))
    return sorted(rows)


def donor_weights(est, X):
    """Of an imputer whose weights are inverses of distances: rows of which two donors of a cell are at no distance but rounding
    (both have all of the weight, or one), and per row by how much that rounding moves the others. Squares are expanded."""
    X, Y = np.asarray(X, dtype=float), np.asarray(est._fit_X, dtype=float)
    D = np.square(nan_euclidean_distances(X, Y, missing_values=est.missing_values))
    error = 1e-15 * X.shape[1] * (norms(X)[:, None] + norms(Y))
    undecided, by = set(), np.zeros(len(X))
    for i, j in np.argwhere(np.isnan(X) if np.isnan(est.missing_values) else X == est.missing_values):
        donors = np.flatnonzero(~est._mask_fit_X[:, j] & ~np.isnan(D[i]))
        donors = donors[np.argsort(D[i, donors])][: est.n_neighbors]
        d, b, y = D[i, donors], error[i, donors], np.abs(Y[donors, j]).max(initial=0)
        zero = d <= 4 * b
        if zero.sum() > 1:
            undecided.add(int(i))
        elif zero.any():
            by[i] = max(by[i], y * np.sqrt(b[zero] / d[~zero]).sum())
        elif len(d):
            by[i] = max(by[i], y * (b / d).max())
    return undecided, by


def foreign_scale(est, X):
    """Per row, what another runtime's rounding is relative to where scikit-learn's own steps are not repeated, or None."""
    if type(est).__name__ != "KNNImputer" or est.weights != "distance":
        return None
    return (np.maximum(donor_weights(est, X)[1] / WIDTH["sum"], np.nanmax(np.abs(est._fit_X)))).tolist()


def terms(est, X):
    """Per row, the sum of |dual coefficient × kernel| that a kernel machine's scores come from. One-class machines and
    large C make scores many orders smaller than their terms: scikit-learn's own are then as far from the exact sum as
    ours."""
    X = plain(X)
    if hasattr(est, "X_fit_"):
        Y = plain(est.X_fit_)
        K = X if est.kernel == "precomputed" else est._get_kernel(X, Y) if callable(est.kernel) else pairwise_kernels(
            X, Y, metric=est.kernel, filter_params=True, gamma=est.gamma, degree=est.degree, coef0=est.coef0)
        return np.dot(np.abs(K), np.abs(est.dual_coef_.reshape(len(Y), -1))).max(1)
    sv, dual = plain(est.support_vectors_), plain(est._dual_coef_)
    if est.kernel == "precomputed":
        K = X[:, est.support_]
    elif callable(est.kernel):
        K = est._compute_kernel(X)[:, est.support_]
    else:
        K = pairwise_kernels(X, sv, metric=est.kernel, filter_params=True, gamma=est._gamma, degree=est.degree, coef0=est.coef0)
    return np.dot(np.abs(K), np.abs(dual).sum(0))


def quadratic(est, X):
    """Per row, the largest sum of the terms that a mixture's quadratic forms are the difference of."""
    P, mu, kind = est.precisions_cholesky_.astype(float), np.abs(est.means_.astype(float)), est.covariance_type
    if kind in ("full", "tied"):
        each = [P if kind == "tied" else P[k] for k in range(len(mu))]
        return np.stack([np.square(np.dot(np.abs(X) + m, np.abs(L))).sum(1) for m, L in zip(mu, each)]).max(0)
    scale = P if kind == "diag" else P[:, None]
    return np.stack([np.square((np.abs(X) + m) * s).sum(1) for m, s in zip(mu, scale)]).max(0)


def wobble(est, X, method="transform"):
    """Per row, by how much scikit-learn's own numbers move when each number of a float32 row does by a unit in its last place."""
    r = np.random.RandomState(0)

    def ask(moved):
        Y = X.copy()
        if sp.issparse(X):
            Y.data = moved(X.data)
        else:
            Y[...] = moved(X)
        return plain(getattr(est, method)(Y))

    base = ask(lambda v: v)
    near = [ask(lambda v: v * (1 + 2.0**-23 * r.randint(-1, 2, v.shape)).astype(np.float32)) for _ in range(12)]
    return np.abs(np.array(near) - base).reshape(12, X.shape[0], -1).max(axis=(0, 2))


def single(v, seen=None):
    """Whether what was fitted holds float32 numbers anywhere."""
    seen = set() if seen is None else seen
    if id(v) in seen:
        return False
    seen.add(id(v))
    if isinstance(v, np.ndarray) and v.dtype == object or isinstance(v, (list, tuple)):
        return any(single(x, seen) for x in (v.ravel() if isinstance(v, np.ndarray) else v))
    if isinstance(v, (np.ndarray, np.generic)) or sp.issparse(v):
        return v.dtype == np.float32
    if isinstance(v, dict):
        return any(single(x, seen) for x in v.values())
    return hasattr(v, "__dict__") and type(v).__module__.startswith("sklearn") and single(vars(v), seen)


def projected(est, X, method):
    """The sums of magnitudes of the terms of each number that a linear map makes of rows, or None for what is none."""
    name = type(est).__name__
    X = np.abs(plain(X))
    mean = np.abs(getattr(est, "mean_", 0) if getattr(est, "mean_", None) is not None else 0)
    size = np.sqrt(est.explained_variance_) if getattr(est, "whiten", False) and name != "FastICA" else 1
    size = np.maximum(size, np.finfo(est.components_.dtype).eps) if method == "transform" and np.ndim(size) else size
    if name in ("PCA", "IncrementalPCA", "TruncatedSVD", "NeighborhoodComponentsAnalysis") or name == "FastICA" and method == "transform":
        A = np.abs(est.components_)
        return np.dot(X + mean, A.T) / size if method == "transform" else np.dot(X * size, A) + mean
    if name == "FastICA":
        return np.dot(X, np.abs(est.mixing_).T) + mean
    if method == "inverse_transform" and name in ("NMF", "MiniBatchNMF", "SparsePCA", "MiniBatchSparsePCA", "DictionaryLearning", "MiniBatchDictionaryLearning"):
        return np.dot(X[:, : len(est.components_)] + X[:, -len(est.components_) :], np.abs(est.components_)) + mean
    if name.startswith("PLS") or name == "CCA":
        if method == "transform":
            return np.dot((X + np.abs(est._x_mean)) / est._x_std, np.abs(est.x_rotations_))
        return np.dot(X, np.abs(est.x_loadings_).T) * est._x_std + np.abs(est._x_mean)
    if name == "LinearDiscriminantAnalysis":
        return np.dot(X + np.abs(getattr(est, "xbar_", 0)), np.abs(est.scalings_))
    if name == "GaussianRandomProjection" and method == "transform":
        return np.dot(X, np.abs(est.components_).T)
    if name in ("GaussianRandomProjection", "SparseRandomProjection") and method == "inverse_transform":
        D = np.asarray(est.components_.todense() if sp.issparse(est.components_) else est.components_, dtype=float)
        lost = 1 if est.compute_inverse_components else max(2, 0.4 * np.linalg.cond(D))  # inverted as it is asked
        return np.dot(X, np.abs(np.linalg.pinv(D)).T) * lost
    return None


def spread(est, X, method):
    """Per row, what the rounding of a variance is relative to, which is a difference or a sum of both signs, and of its
    root: the smaller the root, the more of it is rounding."""
    if hasattr(est, "sigma_"):
        Z = np.abs(X - est.X_offset_)
        Z = Z[:, est.lambda_ < est.threshold_lambda] if hasattr(est, "threshold_lambda") else Z
        variance = (np.dot(Z, np.abs(est.sigma_)) * Z).sum(1) + 1 / est.alpha_
        std = est.predict(X, return_std=True)[1]
        mean = np.dot(np.abs(X), np.abs(est.coef_)) + np.abs(est.intercept_)
    elif method == "predict_std":
        mean, std = est.predict(X, return_std=True)
        variance = np.abs(np.ravel(est.kernel_.diag(X))) * np.max(getattr(est, "_y_train_std", 1)) ** 2
        mean = scale(est, X, "predict", False)
    else:
        binary = est.base_estimator_
        mean, std = est.latent_mean_and_variance(X)
        K = np.abs(binary.kernel_(X, binary.X_train_))
        return np.dot(K, np.abs(binary.y_train_ - binary.pi_)) + binary.kernel_.diag(X)
    if method == "predict_std" and hasattr(est, "L_") and release() < (0, 24):
        # The inverse of the covariance of the fitted rows was multiplied from both sides.
        inverse = np.linalg.inv(est.L_)
        K = np.abs(est.kernel_(X, est.X_train_))
        variance = variance + TERMS * (np.dot(K, np.dot(np.abs(inverse.T), np.abs(inverse))) * K).sum(1) * np.max(getattr(est, "_y_train_std", 1)) ** 2
    std = np.nan_to_num(np.min(np.asarray(std).reshape(len(X), -1), axis=1))
    return np.abs(mean) + variance / np.maximum(np.maximum(std, 1e-6 * np.sqrt(variance)), 1e-30)


def scale(est, X, method, coarse):
    """Per row, what the rounding is relative to where that is not the output itself, or None."""
    inner = parts(est)
    few = 1 if coarse or getattr(X, "dtype", None) == np.float32 else TERMS
    try:
        if type(est).__name__ == "Pipeline" and len(inner) > 1 and method != "inverse_transform":
            Z = X
            for step in inner[:-1]:
                Z = step.transform(Z)
            by = scale(inner[-1], Z, method, coarse)
            if getattr(X, "dtype", None) != np.float32 or method not in ("transform", "decision_function", "predict_proba"):
                return by
            return np.maximum(np.abs(getattr(est, method)(X)).max() if by is None else by, 2e6 * wobble(est, X, method)).tolist()  # what the steps before make of their float32
        if hasattr(est, "best_estimator_") or type(est).__name__ == "FrozenEstimator":
            return scale(inner[0], X, method, coarse)
        if type(est).__name__ in ("RANSACRegressor", "SelfTrainingClassifier", "FixedThresholdClassifier", "TunedThresholdClassifierCV"):
            return scale(getattr(est, "estimator_", None) or est.base_estimator_, X, method, coarse)
        if type(est).__name__ == "MultiOutputRegressor":
            by = [s for s in (scale(e, X, method, coarse) for e in inner) if s is not None]
            return np.max(by, 0).tolist() if by else None
        if type(est).__name__ == "CalibratedClassifierCV" and "GaussianProcessClassifier(" in repr(est) and method == "predict_proba":
            by = [scale(getattr(c, "estimator", None) or c.base_estimator, X, method, coarse) for c in est.calibrated_classifiers_]
            return None if None in by else np.max(by, 0).tolist()
        if inner is not None or tolerance(est, method) == "exact":
            return None
        if type(est).__name__ == "TransformedTargetRegressor":
            # The rounding of the regressor, as the inverse of the transformer carries it on.
            by = scale(est.regressor_, X, method, coarse)
            if by is None:
                return None
            y = np.asarray(est.regressor_.predict(X), dtype=float).reshape(len(by), -1)
            back = [est.transformer_.inverse_transform(y + step * np.reshape(by, (-1, 1))) for step in (0, 1e-3)]
            return (np.abs(back[1] - back[0]).max(1) / 1e-3).tolist()
        if type(est).__name__ in ("RFE", "RFECV") and "transform" not in method:
            return scale(est.estimator_, est.transform(X), method, coarse)
        if method in ("predict_std", "latent_mean_and_variance") and type(est).__name__ != "DummyRegressor":
            narrow = np.asarray(X).dtype == np.float32 and "PairwiseKernel" in repr(getattr(est, "kernel_", ""))
            return (spread(est, np.asarray(X, dtype=float), method) * (1e6 if narrow else 1)).tolist()
        if method != "predict" and hasattr(est, "_estimate_log_weights"):
            return (few * quadratic(est, np.asarray(X, dtype=float))).tolist()
        if type(est).__name__ == "GaussianProcessClassifier" and method == "predict_proba":
            # The terms of the probability are 7,600 in sum of magnitudes, those of the latent mean what the kernel is.
            inside = getattr(est.base_estimator_, "estimators_", [est.base_estimator_])
            mean = [np.dot(np.abs(e.kernel_(np.asarray(X, dtype=float), e.X_train_)), np.abs(e.y_train_ - e.pi_)) for e in inside]
            # Of several classes it is divided by the sum of theirs, each of which may be no more than that rounding.
            total = sum(e.predict_proba(plain(X))[:, 1] for e in inside) if len(inside) > 1 else 1
            return ((4 + few / 4 * np.max(mean, 0)) / np.where(total == 0, 1, total)).tolist()
        if type(est).__name__ == "LocalOutlierFactor" and method in ("score_samples", "decision_function"):
            s = np.abs(est.score_samples(X)) + (abs(est.offset_) if method == "decision_function" else 0)
            if est.effective_metric_ == "cosine":  # one less a cosine, in units of what is left
                s = s * np.maximum(1, est._local_reachability_density(*est.kneighbors(X)))
            return s.astype(float).tolist()
        if type(est).__name__ == "Nystroem" and method == "transform":
            # Directions without variance are scaled up by a million: what is left of them is rounding.
            options = est._get_kernel_params()
            K = np.abs(pairwise_kernels(X, est.components_, metric=est.kernel, filter_params=True, **options))
            narrow = few == 1 and est.components_.dtype == np.float32
            if narrow and est.kernel in ("linear", "poly", "polynomial", "sigmoid"):
                # Products whose terms cancel, then raised to a power or as steep as a tangent.
                power = options.get("degree", 3) if "poly" in est.kernel else 1
                g, c = (1, 0) if est.kernel == "linear" else (options.get("gamma", 1 / X.shape[1]), abs(options.get("coef0", 1)))
                T = (g * np.dot(np.abs(plain(X)), np.abs(plain(est.components_)).T) + c) ** power * max(1, power)
                K = 2 * (K + 2 * (1 - K**2) * T if est.kernel == "sigmoid" else np.maximum(K, T))
            return np.maximum(np.abs(est.transform(X)).max(1), (0.1 if narrow else 1e-3) * np.dot(K, np.abs(est.normalization_).T).max(1)).tolist()
        if coarse and type(est).__name__ in ("NMF", "MiniBatchNMF", "LatentDirichletAllocation") and method == "transform":
            # Hundreds of iterations in float32: as far as they end from those in float64.
            W = plain(est.transform(X))
            wide = copy.copy(est)
            for name in ("components_", "exp_dirichlet_component_"):
                if hasattr(est, name):
                    setattr(wide, name, getattr(est, name).astype(float))
            moved = np.abs(plain(wide.transform(plain(X))) - W).max(1)
            return (2 * float(np.abs(W).max()) + 2 * moved / WIDTH["sum32"]).tolist()
        if method != "predict" and type(est).__name__ == "QuadraticDiscriminantAnalysis":
            top = np.abs(est._decision_function(X)).max(1)
            return (top if coarse else np.maximum(1, 1e-3 * top)).tolist()
        if getattr(est, "weights", "") == "distance" and type(est).__name__ in NEIGHBOURS and (est._fit_method == "brute" or getattr(X, "dtype", None) == np.float32) and method in ("predict", "predict_proba"):
            return (inverse_error(est, X) / WIDTH[width(est, X, method, coarse)]).tolist()
        if type(est).__name__ == "PolynomialCountSketch":
            # The Fourier transforms round relative to the terms of their product.
            A = np.c_[np.sqrt(est.gamma) * plain(X), np.full((X.shape[0], int(est.coef0 != 0)), np.sqrt(est.coef0))]
            return (0.1 * np.abs(A).sum(1) ** est.degree).tolist()
        if type(est).__name__ == "Isomap":
            # Squared paths, centred and projected.
            d, at = est.nbrs_.kneighbors(X) if est.n_neighbors is not None else est.nbrs_.radius_neighbors(X)
            G = np.array([np.min(est.dist_matrix_[j] + np.reshape(e, (-1, 1)), 0) for j, e in zip(at, d)])
            by = scale(est.kernel_pca_, (-0.5 * np.square(G)).astype(np.float32 if getattr(X, "dtype", None) == np.float32 else float), method, coarse)
            if est.nbrs_._fit_method == "brute":
                # The distance to a row that was fitted is the root of a rounding.
                A = np.abs(est.kernel_pca_.eigenvectors_) / np.sqrt(np.abs(est.kernel_pca_.eigenvalues_))
                error = np.array([blur(est.nbrs_, X[i : i + 1], np.reshape(e, (1, -1))).max() for i, e in enumerate(d)])
                by = np.maximum(by, 4 * np.dot(G * error[:, None], A).max(1) / WIDTH[width(est, X, method, coarse)]).tolist()
            return by
        if "proba" in method and hasattr(est, "predict_joint_log_proba"):
            top = np.abs(est.predict_joint_log_proba(X)).max(1)
            return (top if coarse else np.maximum(1, 1e-3 * top)).tolist()
        if type(est).__name__ in CODERS and method == "transform":
            # The atoms of a code are solved for through their Gram matrix, step after step.
            D0 = getattr(est, "components_", getattr(est, "dictionary", None))
            D = D0.astype(float)
            code = plain(est.transform(X))
            code = code[:, : len(D)] - code[:, len(D) :] if est.split_sign else code
            # Coordinate descent in float32 stops where its duality gap is rounding: at its square root from the optimum.
            narrow = D0.dtype == np.float32 or getattr(X, "dtype", None) == np.float32
            far = 20 if est.transform_algorithm == "lasso_cd" and narrow else 4 if narrow else 0.1
            by = [float(far * np.abs(c).max() * (np.linalg.cond(np.dot(D[c != 0], D[c != 0].T)) if c.any() else 1)) for c in code]
            if est.transform_algorithm in ("lasso_lars", "lasso_cd"):  # the path or the descent ends among correlations that are rounding
                lost = (est.transform_alpha or 1) < 1e-14 * np.abs(np.dot(plain(X), D.T)).max(1)
                by = np.where(lost, (1e13 if est.transform_algorithm == "lasso_lars" else 1e4) * np.abs(code).max(), by).tolist()
            return np.maximum(by, 2e6 * wobble(est, X)).tolist() if far == 20 and getattr(X, "dtype", None) == np.float32 else by
        if type(est).__name__ == "PowerTransformer" and method == "transform" and getattr(X, "dtype", None) == np.float32 and est.method == "yeo-johnson":
            # (x^λ - 1)/λ in float32, whose powers numpy's vector instructions round otherwise than the C library.
            x, e = np.abs(X.astype(float)) + 1, np.where(X >= 0, est.lambdas_, 2 - est.lambdas_)
            s = est._scaler.scale_ if est.standardize else 1
            return np.nan_to_num(np.maximum(np.abs(est.transform(X)), (x**e + 1) / np.abs(e) / s)).max(1).tolist()
        if type(est).__name__ == "PowerTransformer" and method == "transform" and est.standardize:
            # The scaler subtracts a mean that can be far larger than what is left.
            return (np.nan_to_num(np.abs(est.transform(X))).max(1) + np.abs(est._scaler.mean_ / est._scaler.scale_).max()).tolist()
        if method in ("mahalanobis", "score_samples", "decision_function") and getattr(est, "store_precision", True) is False:
            # The covariance is inverted as it is asked.
            loss = 0.3 if coarse else np.finfo(float).eps / 1e-13
            return (np.abs(est.mahalanobis(X)) * loss * np.linalg.cond(est.covariance_)).tolist()
        if coarse and method == "score_samples" and hasattr(est, "get_covariance"):
            # The covariance is inverted in float32: its condition number is lost, and digits of the logarithm of its determinant.
            cov = est.get_covariance()
            log = abs(np.linalg.slogdet(cov)[1])
            return (0.1 * ((np.abs(est.score_samples(X)) + len(cov)) * np.linalg.cond(cov) + log)).tolist()
        if type(est).__name__ == "NearestCentroid" and method != "predict":
            # Squared distances by the expanded product, in units of the deviations.
            s = np.where(est.within_class_std_dev_ == 0, 1, est.within_class_std_dev_)
            A, B = plain(X) / s, est.centroids_ / s
            return (few * (np.square(A).sum(1) + np.square(B).sum(1).max())).tolist()
        product = method in ("predict", "decision_function", "score_samples") and not hasattr(est, "_dual_coef_") and not hasattr(est, "_get_loss")
        if hasattr(est, "coef_") and not sp.issparse(est.coef_) and (product or coarse and (method == "predict" or hasattr(est, "classes_"))):
            few = 1 if coarse else TERMS
            by = np.dot(np.abs(plain(X)), np.abs(np.atleast_2d(est.coef_)).T) + np.abs(getattr(est, "intercept_", 0)) + np.abs(getattr(est, "offset_", 0))
            return (few * by).max(1).tolist()
        if isinstance(getattr(est, "init", None), BaseEstimator) and hasattr(est, "classes_"):
            # The stages start from the log-odds of float32 probabilities.
            p = est.init_.predict_proba(X.astype(np.float32)).astype(float)
            p = p * (1 - p)
            return np.maximum(1 / np.clip(p, 1e-4, None), 0.12 / np.clip(p, 1e-7, None)).max(1).tolist()  # one unit of float32 near 1
        if type(est).__name__ == "GaussianProcess":
            Z = (np.asarray(X, dtype=float) - est.X_mean) / est.X_std
            r = est.corr(est.theta_, np.abs(Z[:, None] - est.X[None]).reshape(-1, X.shape[1])).reshape(len(Z), -1)
            return (few * np.dot(np.abs(r), np.abs(est.gamma)).max(1) * est.y_std.max() + np.abs(est.y_mean).max()).tolist()
        if type(est).__name__ == "GaussianProcessRegressor":
            alpha = np.abs(est.alpha_.reshape(len(est.alpha_), -1)) * getattr(est, "_y_train_std", 1)
            K = np.abs(est.kernel_(np.asarray(X, dtype=float), est.X_train_))
            return (few * np.dot(K, alpha).max(1) + np.abs(getattr(est, "_y_train_mean", getattr(est, "y_train_mean", 0))).max()).tolist()
        if type(est).__name__ == "KernelPCA" and method == "transform":
            # Components of almost no variance are quotients of two roundings.
            K = np.abs(est._get_kernel(X, est.X_fit_))  # before centring, which cancels
            if coarse and release() < (0, 21) and est.kernel == "rbf":  # of distances that were expanded in float32
                K = K * (1 + (est.gamma or 1.0 / X.shape[1]) * (np.square(X).sum(1)[:, None] + np.square(est.X_fit_).sum(1)))
            K = K + np.abs(est._centerer.K_fit_rows_) + K.mean(1, keepdims=True) + np.abs(est._centerer.K_fit_all_)
            vectors = getattr(est, "eigenvectors_", getattr(est, "alphas_", None))
            values = np.abs(getattr(est, "eigenvalues_", getattr(est, "lambdas_", None)))
            with np.errstate(all="ignore"):
                A = np.abs(vectors) / np.sqrt(values)
            return (few * np.dot(K, np.where(np.isfinite(A), A, 0)).max(1)).tolist()
        if type(est).__name__ == "OneVsRestClassifier" and method in ("decision_function", "predict_proba"):
            # The members' confidences, each with the rounding of its own terms.
            ask = "predict_proba" if method == "predict_proba" or not hasattr(est.estimators_[0], "decision_function") else method
            by = [s for s in (scale(e, X, ask, coarse) for e in est.estimators_) if s is not None]
            return np.maximum(np.max(by, 0), np.abs(getattr(est, method)(X)).max()).tolist() if by else None
        if coarse and type(est).__name__ == "OneVsOneClassifier" and method == "decision_function" and est.pairwise_indices_ is None:
            # Thirds of the members' confidences, each with the rounding of its own terms, beside whole votes.
            by = [scale(e, X, method, coarse) for e in est.estimators_]
            return None if None in by else np.maximum(np.max(by, 0) / 3, np.abs(est.decision_function(X)).max()).tolist()
        if coarse and type(est).__name__ in ("SparsePCA", "MiniBatchSparsePCA") and method == "transform":
            # A ridge regression on the components, solved in float32.
            D = est.components_.astype(float)
            G = np.dot(D, D.T) + est.ridge_alpha * np.eye(len(D))
            code = float(np.abs(est.transform(X)).max() * max(1, 0.06 * np.linalg.cond(G)))
            side = np.dot(np.abs(plain(X) - est.mean_), np.abs(D).T)  # the right-hand sides, whose terms cancel, too
            return np.maximum(code, 0.3 * np.dot(side, np.abs(np.linalg.inv(G))).max(1)).tolist()
        if type(est).__name__ in ("PCA", "FactorAnalysis") and method == "score_samples":
            Z, P = np.abs(np.asarray(X, dtype=float) - est.mean_), est.get_precision()
            return (0.1 * (np.dot(Z, np.abs(P)) * Z).sum(1) + 1e-3 * np.linalg.cond(P)).tolist()  # its logarithmic determinant, too
        whitens = type(est).__name__ == "FastICA" or type(est).__name__ in ("PCA", "IncrementalPCA") and est.whiten
        if whitens and not coarse and method == "transform":
            # Whitening scales directions without variance up until what is left of them is rounding.
            return (few * projected(est, X, method)).max(1, initial=0).tolist()
        by = projected(est, X, method) if coarse and method in ("transform", "inverse_transform") else None
        if by is not None:
            return by.max(1, initial=0).tolist()
        if type(est).__name__ == "SkewedChi2Sampler":
            X = np.asarray(X, dtype=float)
            return ((0.1 if coarse else 1e-3) * np.dot(np.abs(np.log(X + est.skewedness)), np.abs(est.random_weights_)) + 0.7).max(1).tolist()  # of the angle
        if type(est).__name__ == "RBFSampler":
            X = plain(X)
            return ((0.1 if coarse else 1e-3) * np.dot(np.abs(X), np.abs(est.random_weights_)) + 0.7).max(1).tolist()  # of the angle
        if type(est).__name__ == "KernelPCA" and method == "inverse_transform":
            return (few * np.dot(np.abs(est._get_kernel(X, est.X_transformed_fit_)), np.abs(est.dual_coef_)).max(1)).tolist()
        if type(est).__name__ == "KernelRidge":
            return (few * terms(est, X)).tolist()
        if hasattr(est, "_dual_coef_") and method != "predict" or type(est).__name__ in ("SVR", "NuSVR"):
            t = few * terms(est, X)
            slope = np.append(1, np.abs(getattr(est, "_probA", getattr(est, "probA_", []))))
            return (t * slope.max() if "proba" in method else t).tolist()
        if getattr(getattr(est, "effective_metric_", ""), "__name__", getattr(est, "effective_metric_", "")) in ("cosine", "correlation") and (method in ("kneighbors", "radius_neighbors") or type(est).__name__.endswith("Transformer")):
            return [1.0] * X.shape[0]  # one minus a product of unit rows, centred ones for correlation
        if tolerance(est, method) != "dist":
            return None
        B = getattr(est, "cluster_centers_", getattr(est, "subcluster_centers_", getattr(est, "_fit_X", None)))
        return (norms(X) + norms(B).max()).tolist()
    except Exception:
        return None
