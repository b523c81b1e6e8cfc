# -*- coding: utf-8 -*-
"""Fits every estimator of whichever scikit-learn runs this with settings drawn at random, dumps each as files of its
time were dumped, and records what that release computes. From 0.17 on Python 2.7 to the newest; what a release does not
have is left out. `make ladder` compares Larder with all of it.

S(class, "<X kind> <y kind>.<label kind>", parameter=choice, ...): a list is drawn from, half of the time (else the
default stands); anything else always holds. Parameters that a release does not know are left out; a choice it refuses is
drawn again.
"""

from __future__ import division, print_function

import argparse
import collections
import importlib
import inspect
import io
import json
import os
import pickle
import re
import signal
import sys
import time
import warnings
import zlib

import numpy as np
import scipy.sparse as sp
import sklearn

warnings.filterwarnings("ignore")
warnings.warn = lambda *a, **k: None
np.warnings = warnings  # older releases look for it there

import exactness  # noqa: E402
from asjson import Ragged, quoted, value  # noqa: E402

for extra in ("enable_hist_gradient_boosting", "enable_iterative_imputer", "enable_halving_search_cv"):
    try:
        importlib.import_module("sklearn.experimental." + extra)
    except ImportError:
        pass
try:
    joblib = importlib.import_module("sklearn.externals.joblib")
    joblib.dump
except (ImportError, AttributeError):
    joblib = importlib.import_module("joblib")
try:
    pd = importlib.import_module("pandas")
except ImportError:
    pd = None

RELEASE = tuple(int(re.match(r"\d+", w).group()) for w in sklearn.__version__.split(".")[:2])
METHODS = """predict predict_proba predict_log_proba predict_joint_log_proba decision_function transform score_samples apply
decision_path kneighbors radius_neighbors mahalanobis staged_predict staged_predict_proba staged_decision_function predict_std""".split()


class E(object):
    """An estimator to be made: a path under sklearn and parameters, or () where the release has none."""

    def __init__(self, path, **params):
        self.path, self.params = path, params


class Missing(Exception):
    pass


class Slow(Exception):
    pass


def slow(*_):
    raise Slow()


def find(path):
    module, name = path.rsplit(".", 1)
    try:
        return getattr(importlib.import_module("sklearn." + module), name)
    except (ImportError, AttributeError):
        raise Missing(path)


def arguments(cls):
    if hasattr(cls, "_get_param_names"):
        return cls._get_param_names()
    f = cls.__init__
    f = getattr(f, "deprecated_original", f)
    return [a for a in (inspect.getfullargspec if hasattr(inspect, "getfullargspec") else inspect.getargspec)(f).args if a != "self"]


ALIASES = {"estimator": "base_estimator", "sparse_output": "sparse", "n_components": "n_topics", "max_iter": "n_iter", "n_splits": "n_folds"}


def make(v, r):
    """The value of a choice: estimators are built, functions of the generator called."""
    if isinstance(v, E):
        cls = find(v.path)
        names = arguments(cls)
        params = {}
        for k in sorted(v.params):
            x = v.params[k]
            if isinstance(x, list) and k not in ("steps", "transformers", "transformer_list", "estimators"):
                if r.rand() < 0.5:
                    continue
                x = x[r.randint(len(x))]
            if k not in names and ALIASES.get(k) in names:
                k = ALIASES[k]
            if k in names:
                params[k] = make(x, r)
        if "random_state" in names and "random_state" not in params:
            params["random_state"] = int(r.randint(1000))
        return cls(**params)
    if isinstance(v, list):
        return [make(x, r) for x in v]
    if isinstance(v, tuple):
        return tuple(make(x, r) for x in v)
    if isinstance(v, dict):
        return dict((k, make(x, r)) for k, x in v.items())
    if isinstance(v, F):
        return v.f(r)
    if isinstance(v, Any):
        return v.draw(r)
    return v


class F(object):
    def __init__(self, f):
        self.f = f


class Any(object):
    """One of several estimators: of those that the release has."""

    def __init__(self, *choices):
        self.choices = choices

    def draw(self, r):
        left = [c for c in self.choices if not isinstance(c, E) or self.known(c)]
        return make(left[r.randint(len(left))], r)

    @staticmethod
    def known(e):
        try:
            return find(e.path) is not None
        except Missing:
            return False


LINES = []


def S(path, tags, _n=40, _p=4, **params):
    for t in tags.split("|"):
        LINES.append((path, t.strip(), _n, _p, params))


# ── rows and targets ─────────────────────────────────────────────────────────────────────────────────────────────

WORDS = u"cat dog bird fish the and sat ran far near naïve café 東京 straße x2 don't e-mail mother father a I un_der 3.14 zoo ÅNGSTRÖM".split()
ODD_WORDS = WORDS + u"\u0130stanbul \u039f\u0394\u039f\u03a3 \ufb01n e\u0301te\u0301 \u00df\u00df \u01c5ep ab_1 a\u200db \u0968\u0969 \u00b2x na\u0308h \U0001d4b3y \u1e9eA \u2167\u2168 l\u00b7l \u00aa\u00ba".split()
COLOURS = ["red", "green", "blue", "teal"]


def numbers(r, n, p):
    X = r.randn(n, p) * 10 ** r.uniform(-1, 1.3, p) + r.randn(p) * 2
    X[:, ::3] = np.round(X[:, ::3], 1)
    return X


def rows(kind, r, n, p):
    if kind == "num":
        return numbers(r, n, p)
    if kind in ("std", "single", "frame", "few"):  # fitted in single precision, as a frame
        return np.round(r.randn(n, p), 3)
    if kind == "grid":  # many rows twice, and at one distance
        return r.randint(0, 4, (n, p)).astype(float)
    if kind == "wild":  # the last rows are far from those before
        X = np.round(r.randn(n, p), 3)
        X[-10:] *= 40
        return X
    if kind == "pos":
        return np.abs(numbers(r, n, p)) + 0.01
    if kind == "unit":
        return r.rand(n, p)
    if kind == "twin":  # columns twice: equal scores
        X = numbers(r, n, (p + 1) // 2)
        return np.c_[X, X][:, :p]
    if kind == "counts":
        return r.poisson(1.2, (n, p)).astype(float)
    if kind == "bits":
        return (r.rand(n, p) < 0.4).astype(float)
    if kind == "csrbits":
        return sp.csr_matrix((r.rand(n, p) < 0.4).astype(float))
    if kind == "nan":
        X = numbers(r, n, p)
        X[r.rand(n, p) < 0.15] = np.nan
        return X
    if kind == "thin":  # most cells are missing
        X = numbers(r, n, p)
        X[r.rand(n, p) < 0.55] = np.nan
        return X
    if kind == "hollow":  # a column that was never seen
        X = numbers(r, n, p)
        X[r.rand(n, p) < 0.15] = np.nan
        X[: n - 10, 1] = np.nan
        return X
    if kind == "zero":  # 0 stands for what is missing
        X = np.round(numbers(r, n, p), 1) + 0.05
        X[r.rand(n, p) < 0.2] = 0
        return X
    if kind in ("csr", "csrpos"):
        X = r.randn(n, p) if kind == "csr" else np.abs(numbers(r, n, p))
        return sp.csr_matrix(np.where(r.rand(n, p) < 0.5, X, 0))
    if kind == "catint":
        return r.randint(0, 4, (n, p))
    if kind == "codes":  # codes of categories, some missing; the last rows have some that none before them has
        X = numbers(r, n, p)
        X[:, ::2] = r.randint(0, r.choice([4, 40, 90]), X[:, ::2].shape)
        X[r.rand(n, p) < 0.1] = np.nan
        X[-10:, ::2][r.rand(*X[-10:, ::2].shape) < 0.3] = r.choice([91, 120, 254, 7, 300, -1, 0.5, 33.7])
        return X
    if kind == "cat":
        return np.array([[u"%s%d" % (u"abcdefgh"[j], r.randint(0, 2 + j % 4)) for j in range(p)] for _ in range(n)], dtype=object)
    if kind == "catmix":
        return np.array([[u"%d" % r.randint(3), int(r.randint(3)), float(r.randint(3)) / 2] for _ in range(n)], dtype=object)
    if kind == "text":
        docs = [u" ".join(r.choice(WORDS, r.randint(2, 9))) for _ in range(n)]
        docs[0], docs[3] = u"The cat sat; the CAT ran! naïve 東京", u""
        return docs
    if kind == "dicts":
        return [dict([("n", float(np.round(r.randn(), 2))), ("colour", str(r.choice(COLOURS)))] + ([("k", 1.0)] if r.rand() < 0.5 else [])) for _ in range(n)]
    if kind == "twice":  # names that are written alike
        pairs = [("colour", "red"), ("colour=red", 2.0), ("colour", "teal"), ("n", 0.5), ("colour=teal", -1.5)]
        return [collections.OrderedDict(pairs[i] for i in r.permutation(5)[: r.randint(1, 5)]) for _ in range(n)]
    if kind == "tokens":
        return [[str(w) for w in r.choice(COLOURS + ["a", "b"], r.randint(1, 6))] for _ in range(n)]
    if kind == "sets":
        return [tuple(str(c) for c in r.choice(COLOURS, r.randint(0, 4), replace=False)) for _ in range(n)]
    if kind == "text2":  # what lower case, accents and words are depends on the Unicode of the time
        docs = [u" ".join(r.choice(ODD_WORDS, r.randint(2, 9))) for _ in range(n)]
        docs[1] = u"I\u0307I \u00c5A\u030a \ufb01n fin \u03a3\u0391\u03a3"
        return docs
    if kind == "geo":
        return np.c_[r.uniform(-1.5, 1.5, n), r.uniform(-3, 3, n)]
    if kind == "csrnan":
        X = numbers(r, n, p)
        X = np.where(r.rand(n, p) < 0.5, X, 0)
        X[r.rand(n, p) < 0.15] = np.nan
        return sp.csr_matrix(X)
    if kind in ("catnone", "catnan"):  # names, some missing
        X = np.array([[u"%s%d" % (u"abcdefgh"[j], r.randint(0, 2 + j % 4)) for j in range(p)] for _ in range(n)], dtype=object)
        X[r.rand(n, p) < 0.15] = None if kind == "catnone" else np.nan
        return X
    if kind == "new":  # the last rows hold names that no row before them has
        X = np.array([[u"%s%d" % (u"abcdefgh"[j], r.randint(0, 2 + j % 4)) for j in range(p)] for _ in range(n)], dtype=object)
        X[-10:][r.rand(10, p) < 0.3] = u"other"
        return X
    if kind == "floats":  # numbers as categories
        return r.randint(0, 4, (n, p)) / 2.0
    if kind == "flat":
        return np.round(r.uniform(-3, 3, n), 1)
    if kind == "catframe":
        frame = rows("mixed", r, n, p)
        for c in ("sex", "port", "pclass"):
            frame[c] = frame[c].astype("category")
        frame.loc[r.rand(n) < 0.1, "port"] = np.nan
        return frame
    if kind == "mixed":
        if pd is None:
            raise Missing("pandas")
        frame = pd.DataFrame({"age": np.round(r.uniform(1, 80, n), 1), "fare": np.round(r.gamma(1.5, 20, n), 4), "pclass": r.randint(1, 4, n),
                              "sex": np.array(["male", "female"], dtype=object)[r.randint(0, 2, n)],
                              "port": np.array(["S", "C", "Q"], dtype=object)[r.randint(0, 3, n)]})
        return frame[["pclass", "sex", "age", "fare", "port"]]
    raise ValueError(kind)


def target(kind, label, X, r, n):
    if not kind:
        return None
    if pd is not None and isinstance(X, pd.DataFrame):
        X = X[["age", "fare"]].values
    X = X.toarray() if sp.issparse(X) else X
    if isinstance(X, np.ndarray) and X.dtype != object:
        Z = np.nan_to_num(X.reshape(n, -1).astype(float))
        s = np.dot((Z - Z.mean(0)) / (Z.std(0) + 1e-9), r.randn(Z.shape[1]))
    else:
        s = np.array([sum(map(ord, quoted(u" ".join(u"%s" % c for c in row)))) % 17 for row in X], dtype=float)
    s = (s - s.mean()) / (s.std() or 1) + 0.3 * r.randn(n)
    if kind == "reg":
        return s * 3 + 1
    if kind == "regpos":
        return np.exp(np.clip(s, -2, 2))
    if kind == "reg3":
        return np.c_[s, -2 * s + r.randn(n) * 0.2, r.randn(n)]
    if kind == "ml":
        return np.c_[s > 0, s + r.randn(n) > 0.3, r.rand(n) < 0.4].astype(int)
    if kind == "mo":
        return np.c_[np.digitize(s, [-0.5, 0.5]), (s > 0) + 4]
    if kind == "late":  # a class that only the last third has
        return np.where(np.arange(n) < n - n // 3, s > 0, np.digitize(s, [-0.5, 0.5]) + 1)
    k = {"bin": [0.1], "multi": [-0.6, 0.5], "semi": [-0.6, 0.5], "five": [-1, -0.3, 0.3, 1]}[kind]
    c = np.digitize(s, k)
    c[: 3 * len(k) + 3] = np.tile(range(len(k) + 1), 3)
    if kind == "semi":
        return np.where((r.rand(n) < 0.4) & (np.arange(n) > 8), -1, c)
    if label == "str":
        return np.array(["no", "yes", "may be", "zz", "never"])[c]
    if label == "uni":
        return np.array([u"nö", u"yes", u"café", u"東", u"z"])[c]
    if label == "obj":
        return np.array(["b", "a", "c", "d", "e"], dtype=object)[c]
    if label == "bool":
        return c > 0
    if label == "float":
        return c * 1.5 - 1.0
    if label == "neg":
        return np.where(c > 0, 1, -1)
    return c * 2 + 1 if label == "odd" else c


def data(tags, r, n, p, m):
    """X, y and rows to compute on, half of them seen in fitting."""
    kind, _, rest = tags.partition(" ")
    ykind, _, label = rest.partition(".")
    if kind == "labels":
        y = target(ykind, label, numbers(r, n, 2), r, n)
        return kind, y, None, y[:m]
    if kind in ("kernel", "dist"):
        A = numbers(r, n, 3)
        A /= A.std(0)
        B = np.r_[A[: m // 2], r.randn(m - m // 2, 3)]
        y = target(ykind, label, A, r, n)
        D = lambda U, V: np.sqrt(((U[:, None] - V[None]) ** 2).sum(-1))  # noqa: E731
        if kind == "dist":
            return kind, D(A, A), y, D(B, A)
        return kind, np.exp(-0.3 * D(A, A)), y, np.exp(-0.3 * D(B, A))
    both = rows(kind, r, n + m, p)
    at = lambda i: both.iloc[i] if hasattr(both, "iloc") else both[i]  # noqa: E731
    new = list(range(m // 2)) + list(range(n, n + m - m // 2))
    if isinstance(both, list):
        X, Z = both[:n], [both[i] for i in new]
    elif hasattr(both, "iloc"):
        X, Z = both.iloc[:n], both.iloc[new].reset_index(drop=True)
    else:
        X, Z = both[:n], both[new]
    return kind, X, target(ykind, label, X, r, n), Z


def variants(X, kind):
    if isinstance(X, list) or kind in ("labels", "mixed", "catframe", "kernel", "dist", "flat", "cat", "catmix", "catint", "catnone", "catnan", "new", "floats"):
        out = [("rows", X)]
        if kind not in ("labels", "flat"):
            out.append(("row", X.iloc[:1] if hasattr(X, "iloc") else X[:1]))
        return out
    if sp.issparse(X):
        return [("rows", X), ("dense", X.toarray())]
    if hasattr(X, "iloc"):
        return [("rows", X), ("row", X.iloc[:1]), ("array", X.values), ("turned", X[list(X.columns[::-1])])]
    out = [("rows", X), ("row", X[:1]), ("f4", X.astype(np.float32))]
    if kind in ("nan", "zero", "thin", "hollow", "codes"):
        out.append(("whole", np.where(np.isnan(X) | (X == 0), 1.5, X)))
    if not np.isnan(X).any():
        out.append(("i8", np.round(X).astype(np.int64)))
        out.append(("csr", sp.csr_matrix(np.where(X > np.median(X), X, 0))))
    return out


# ── what few rows are like (--twist) ─────────────────────────────────────────────────────────────────────────────


def resize(r, kind, n, p):
    """Fewer rows than columns, or one column, now and then."""
    if kind not in ("num", "std", "pos", "unit", "counts", "bits", "csr"):
        return n, p
    draw = r.rand()
    return (r.randint(3, 8), p) if draw < 0.08 else (n, 1) if draw < 0.16 else (n, 9) if draw < 0.22 else (n, p)


def twist(r, kind, X, y, new):
    """Rows of another type, scale or form, and targets of another shape."""
    if sp.issparse(X):
        draw = r.randint(6)
        if draw == 0:
            X, new = X.tocsc(), new.tocsc()
        elif draw == 1:
            X, new = X.astype(np.float32), new.astype(np.float32)
        elif draw == 2:
            X, new = (sp.csr_matrix(np.round(A.toarray() * 3).astype(np.int64)) for A in (X, new))
        elif draw == 3:
            X, new = X.tocoo(), new.tocoo()
    elif isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype == np.float64 and kind not in ("kernel", "dist", "geo"):
        whole = not np.isnan(X).any() and not np.isnan(new).any()
        draw = r.randint(16)
        if draw == 0:
            X, new = X.copy(), new.copy()
            X[:, -1] = 2.5
        elif draw in (1, 2, 3) and whole:
            t = [np.int64, np.int32, np.uint8, np.bool_, np.int8][r.randint(5)]
            low = min(X.min(), new.min())
            X, new = (np.round(A * 1).astype(t) if t in (np.int64, np.int32) else (A - low > 2 if t is np.bool_ else np.clip(np.round(A - low), 0, 100)).astype(t) for A in (X, new))
        elif draw == 4:
            X, new = X * 1e5, new * 1e5
        elif draw == 5:
            X, new = X * 1e-6, new * 1e-6
        elif draw == 6 and whole:
            X = X.tolist()
        elif draw == 7:
            X, new = X.astype(np.float32), new.astype(np.float32)
        elif draw in (8, 9) and pd is not None:
            names = [u"x é"[:1 + i % 3] + u"%d" % i for i in range(X.shape[1])]
            X, new = pd.DataFrame(X, columns=names), pd.DataFrame(new, columns=names)
        elif draw == 10:
            X, new = X + 30, new + 30
        elif draw == 11:
            X = X[::-1][: len(X)].copy(order="F")
            y = y[::-1] if isinstance(y, np.ndarray) else y
    elif isinstance(X, np.ndarray) and X.ndim == 2 and pd is not None and kind not in ("kernel", "dist", "geo") and r.rand() < 0.5:
        names = [u"c%d" % i for i in range(X.shape[1])]
        X, new = pd.DataFrame(X, columns=names), pd.DataFrame(new, columns=names)
        if r.rand() < 0.5 and kind in ("cat", "catint", "new"):
            for c in names:
                X[c] = X[c].astype("category")
                new[c] = new[c].astype("category")
    if isinstance(y, np.ndarray) and kind != "labels":
        draw = r.randint(12)
        if draw == 0 and y.ndim == 1:
            y = y.reshape(-1, 1)
        elif draw == 1:
            y = y.astype(np.float32) if y.dtype.kind == "f" else y.astype(np.int32) if y.dtype.kind == "i" else y.astype(object)
        elif draw == 2 and y.dtype.kind != "f":
            y = y.tolist()
        elif draw == 3 and y.ndim == 1 and y.dtype.kind == "f":
            y = np.round(y).astype(int)
        elif draw == 4 and y.ndim == 1 and y.dtype.kind != "f":
            y = np.repeat(y[:1], len(y))
        elif draw == 5 and pd is not None and y.ndim == 1:
            y = pd.Series(y)
    return X, y, new


def further(r, X, kind):
    """Three more kinds of rows to compute on; all of a frame's."""
    if hasattr(X, "iloc"):
        names = list(X.columns)
        if len(names) < 3:
            return []
        more = X.assign(more=1.5)
        return [(w, X) for w, X in (("swapped", X[[names[-1]] + names[1:-1] + names[:1]]), ("wider", more), ("ahead", more[["more"] + names]), ("narrow", X[names[:-1]]), ("short", X[names[1:]]),
                                    ("renamed", X.rename(columns={names[-2]: "other"})))]
    if not isinstance(X, np.ndarray) and not sp.issparse(X) or kind in ("labels", "kernel", "dist", "flat") or X.dtype == object:
        return []
    A = (X.toarray() if sp.issparse(X) else X).astype(float)
    out = [("i4", np.nan_to_num(np.round(A)).astype(np.int32)), ("bool", A > 0), ("f2", np.nan_to_num(np.clip(A, -6e4, 6e4)).astype(np.float16)),
           ("csr4", sp.csr_matrix(np.where(A > np.nanmean(A), A, 0).astype(np.float32))), ("csri", sp.csr_matrix(np.where(A > 1, np.round(A), 0).astype(np.int64))),
           ("csc", sp.csc_matrix(np.where(A > np.nanmean(A), A, 0))), ("u1", np.nan_to_num(np.clip(np.round(A), 0, 255)).astype(np.uint8)), ("far", A * 20), ("zeros", np.zeros_like(A)),
           ("nans", np.where(r.rand(*A.shape) < 0.2, np.nan, A.astype(float))), ("infinite", np.where(r.rand(*A.shape) < 0.1, np.inf, A.astype(float)))]
    return [out[i] for i in r.permutation(len(out))[:3]]


# ── the settings ─────────────────────────────────────────────────────────────────────────────────────────────────

C = "bin|bin.str|multi.str|multi|five.odd|bin.neg|bin.bool|multi.obj|multi.float|bin.uni"


def each(kind, targets):
    return "|".join(kind + " " + t for t in targets.split("|"))


NUM = each("num", C)
STD = each("std", C)
REG = "num reg"
REGS = "num reg|num reg3"
weights = [None, "balanced"]
tree = dict(criterion=["gini", "entropy", "log_loss"], splitter=["best", "random"], max_depth=[2, 4, None], min_samples_leaf=[1, 3], max_features=[None, "sqrt", "auto", 2, 0.5],
            max_leaf_nodes=[None, 5], class_weight=weights, min_impurity_decrease=[0.0, 0.01], min_impurity_split=[None, 1e-3], presort=[False, True, "deprecated"], ccp_alpha=[0.0, 0.01])
rtree = dict(tree, criterion=["mse", "friedman_mse", "mae", "squared_error", "absolute_error", "poisson"])
forest = dict((k, v) for k, v in tree.items() if k not in ("splitter", "presort"))
forest.update(n_estimators=4, max_depth=[2, 3, None], bootstrap=[True, False], oob_score=[False, True], warm_start=[False, True], max_samples=[None, 0.6], class_weight=[None, "balanced", "balanced_subsample"])
rforest = dict(forest, criterion=rtree["criterion"])
for name in ("tree.DecisionTree", "tree.ExtraTree"):
    S(name + "Classifier", NUM + "|num ml|num mo|csr multi", **tree)
    S(name + "Regressor", REGS + "|num regpos|csr reg", **{k: v for k, v in rtree.items() if k != "class_weight"})
for name in ("ensemble.RandomForest", "ensemble.ExtraTrees"):
    S(name + "Classifier", NUM + "|num ml|num mo|csr multi", **forest)
    S(name + "Regressor", REGS + "|num regpos|csr reg", **{k: v for k, v in rforest.items() if k != "class_weight"})
S("ensemble.RandomTreesEmbedding", "num", n_estimators=3, max_depth=[2, 3], sparse_output=[True, False])
DT = E("tree.DecisionTreeClassifier", max_depth=2)
DTR = E("tree.DecisionTreeRegressor", max_depth=2)
LR = E("linear_model.LogisticRegression", C=[0.1, 1.0, 10.0], solver=["liblinear", "lbfgs"], multi_class=["ovr", "multinomial"])
gb = dict(n_estimators=[3, 6], max_depth=[2, 3], learning_rate=[0.1, 0.5], subsample=[1.0, 0.7], max_features=[None, 2], criterion=["friedman_mse", "mse", "mae"], presort=["auto", True, False],
          warm_start=[False, True], min_impurity_decrease=[0.0, 0.01], max_leaf_nodes=[None, 4], validation_fraction=[0.1, 0.2], n_iter_no_change=[None, 2], ccp_alpha=[0.0, 0.01])
S("ensemble.GradientBoostingClassifier", NUM + "|csr multi|csr bin", loss=["deviance", "log_loss", "exponential"], init=[None, "zero", E("dummy.DummyClassifier", strategy="prior"), LR, DT], **gb)
S("ensemble.GradientBoostingRegressor", REG + "|num reg|num regpos|csr reg", loss=["ls", "squared_error", "lad", "absolute_error", "huber", "quantile"], alpha=[0.9, 0.3], init=[None, "zero", E("dummy.DummyRegressor"), E("linear_model.LinearRegression"), DTR], **gb)
hist = dict(max_iter=4, max_leaf_nodes=[4, 8], max_depth=[None, 3], min_samples_leaf=5, learning_rate=[0.1, 0.5], l2_regularization=[0.0, 1.0], max_bins=[16, 255], warm_start=[False, True], early_stopping=[False, True],
            n_iter_no_change=[None, 3], monotonic_cst=[[1, 0, 0, -1]], interaction_cst=[[[0, 1], [2, 3]]], max_features=[1.0, 0.5])
S("ensemble.HistGradientBoostingClassifier", each("num", C) + "|nan bin|nan multi.str", loss=["auto", "binary_crossentropy", "categorical_crossentropy", "log_loss"], class_weight=weights, **hist)
S("ensemble.HistGradientBoostingRegressor", "num reg|nan reg|num regpos|num regpos", loss=["least_squares", "squared_error", "least_absolute_deviation", "absolute_error", "poisson", "gamma", "quantile"], quantile=0.4, **hist)
S("ensemble.HistGradientBoostingClassifier", "catint bin|catint multi", categorical_features=[[0, 2], [True, False, False, True]], **{k: v for k, v in hist.items() if k not in ("monotonic_cst",)})
S("ensemble.HistGradientBoostingRegressor", "catint reg", categorical_features=[[0, 2], [True, False, False, True]], **{k: v for k, v in hist.items() if k not in ("monotonic_cst",)})
for name, y in (("Classifier", "codes bin.str|codes multi"), ("Regressor", "codes reg|codes regpos")):
    S("ensemble.HistGradientBoosting" + name, y, _n=90, categorical_features=Any([0, 2], [True, False, True, False], [2], [2, 0]), max_iter=4, min_samples_leaf=[3, 8], max_leaf_nodes=[None, 6], max_bins=[95, 255], monotonic_cst=[[0, 1, 0, -1]], interaction_cst=[[[0, 1], [2, 3]]], loss=["poisson", "quantile", "log_loss"], quantile=0.4, warm_start=[False, True], early_stopping=[False, True])
    S("ensemble.HistGradientBoosting" + name, "catframe " + y.split()[1].split("|")[0], _n=90, categorical_features=Any("from_dtype", ["sex", "port"], ["port", "pclass"]), max_iter=3, min_samples_leaf=5)
S("ensemble.AdaBoostClassifier", NUM, n_estimators=[3, 5], algorithm=["SAMME", "SAMME.R"], estimator=[None, DT, E("naive_bayes.GaussianNB"), LR], learning_rate=[1.0, 0.5])
S("ensemble.AdaBoostRegressor", REG + "|num reg", n_estimators=[3, 5], loss=["linear", "square", "exponential"], estimator=[None, DTR, E("linear_model.Ridge")], learning_rate=[1.0, 0.5])
bag = dict(n_estimators=3, max_samples=[1.0, 0.6], max_features=[1.0, 0.6, 2], bootstrap=[True, False], bootstrap_features=[False, True], oob_score=[False, True], warm_start=[False, True])
S("ensemble.BaggingClassifier", NUM, estimator=[None, DT, LR, E("svm.LinearSVC"), E("neighbors.KNeighborsClassifier", n_neighbors=3), E("svm.SVC", gamma=0.1), E("linear_model.Perceptron")], **bag)
S("ensemble.BaggingRegressor", REG + "|num reg", estimator=[None, DTR, E("linear_model.Ridge"), E("svm.SVR", gamma=0.1)], **bag)
S("ensemble.IsolationForest", "num|num|csr", n_estimators=4, max_samples=["auto", 16, 0.5], contamination=[0.1, 0.2, "auto", "legacy"], max_features=[1.0, 0.5, 3], bootstrap=[False, True], behaviour=["old", "new"], warm_start=[False, True])
three = [("a", LR), ("b", DT), ("c", E("naive_bayes.GaussianNB"))]
S("ensemble.VotingClassifier", NUM, estimators=[three[0], three[1], three[2]], voting=["hard", "soft"], weights=[None, [2, 1, 0.5]], flatten_transform=[None, True, False])
S("ensemble.VotingClassifier", "num multi|num bin.str", estimators=[("a", LR), ("b", "drop"), ("c", DT)], voting=["hard", "soft"])
S("ensemble.VotingClassifier", "num multi|num bin.str", estimators=[("a", LR), ("b", None), ("c", DT)], voting=["hard", "soft"], weights=[None, [2, 1, 0.5]])
S("ensemble.VotingRegressor", REG, estimators=[("a", E("linear_model.Ridge")), ("b", DTR)], weights=[None, [2, 1]])
S("ensemble.StackingClassifier", "num bin.str|num multi|num five.odd", estimators=[("a", LR), ("b", DT), ("c", E("svm.LinearSVC"))], final_estimator=[None, LR, DT], cv=2, stack_method=["auto", "predict"], passthrough=[False, True])
S("ensemble.StackingRegressor", REG, estimators=[("a", E("linear_model.Ridge")), ("b", DTR)], final_estimator=[None, DTR], cv=2, passthrough=[False, True])

S("linear_model.LogisticRegression", NUM + "|csr multi", _n=60, C=[0.1, 1.0, 20.0], solver=["liblinear", "lbfgs", "newton-cg", "sag", "saga"], multi_class=["ovr", "multinomial", "auto", "warn", "deprecated"], penalty=["l1", "l2", "none", "elasticnet"], l1_ratio=[None, 0.5], class_weight=weights, fit_intercept=[True, False], intercept_scaling=[1.0, 3.0], dual=[False, True], warm_start=[False, True])
S("linear_model.LogisticRegression", NUM, solver=["lbfgs", "newton-cg", "saga"], multi_class=["multinomial", "ovr", "auto"])
S("linear_model.LogisticRegressionCV", "num bin|num bin.str|num multi|num multi.str|num five", _n=60, Cs=3, cv=2, multi_class=["ovr", "multinomial", "auto"], solver=["lbfgs", "liblinear", "newton-cg"], refit=[True, False], class_weight=weights, fit_intercept=[True, False], penalty=["l1", "l2"], use_legacy_attributes=[True, False])
S("linear_model.LinearRegression", REGS + "|csr reg", fit_intercept=[True, False], normalize=[False, True], positive=[False, True])
S("linear_model.Ridge", REGS + "|csr reg", alpha=[0.1, 10.0], fit_intercept=[True, False], normalize=[False, True], solver=["auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga"], positive=[False, True])
S("linear_model.RidgeCV", REGS, alphas=[(0.1, 1.0, 10.0)], fit_intercept=[True, False], normalize=[False, True], cv=[None, 2], store_cv_values=[False, True], gcv_mode=[None, "svd", "eigen"])
S("linear_model.RidgeClassifier", NUM + "|num ml", alpha=[0.1, 10.0], fit_intercept=[True, False], normalize=[False, True], class_weight=weights)
S("linear_model.RidgeClassifierCV", NUM, alphas=[(0.1, 1.0, 10.0)], normalize=[False, True], class_weight=weights)
S("linear_model.Lasso", REGS + "|csr reg", alpha=[0.01, 0.3], fit_intercept=[True, False], normalize=[False, True], positive=[False, True], precompute=[False, True])
S("linear_model.ElasticNet", REGS + "|csr reg", alpha=[0.01, 0.3], l1_ratio=[0.2, 0.9], normalize=[False, True])
S("linear_model.LassoCV", REG, n_alphas=5, cv=2, normalize=[False, True])
S("linear_model.ElasticNetCV", REG, n_alphas=5, cv=2, l1_ratio=[0.5, [0.3, 0.8]])
for name in ("MultiTaskLasso", "MultiTaskElasticNet"):
    S("linear_model." + name, "num reg3", alpha=[0.01, 0.3], normalize=[False, True])
    S("linear_model." + name + "CV", "num reg3", n_alphas=4, cv=2)
S("linear_model.Lars", REGS, n_nonzero_coefs=[2, 500], normalize=[False, True], fit_path=[True, False])
S("linear_model.LassoLars", REGS, alpha=[0.01, 0.3], normalize=[False, True], fit_path=[True, False])
S("linear_model.LarsCV", REG, cv=2, normalize=[False, True])
S("linear_model.LassoLarsCV", REG, cv=2, normalize=[False, True])
S("linear_model.LassoLarsIC", REG, criterion=["aic", "bic"], normalize=[False, True])
S("linear_model.OrthogonalMatchingPursuit", REGS, n_nonzero_coefs=[2, None], normalize=[False, True])
S("linear_model.OrthogonalMatchingPursuitCV", REG, cv=2, normalize=[False, True])
S("linear_model.BayesianRidge", REG + "|num reg", compute_score=[False, True], normalize=[False, True], fit_intercept=[True, False])
S("linear_model.ARDRegression", REG + "|num reg", compute_score=[False, True], normalize=[False, True], fit_intercept=[True, False])
S("linear_model.HuberRegressor", REG, epsilon=[1.35, 2.0], alpha=[0.0001, 1.0], fit_intercept=[True, False])
S("linear_model.TheilSenRegressor", REG, max_subpopulation=200, fit_intercept=[True, False])
S("linear_model.RANSACRegressor", REGS, estimator=[None, E("linear_model.Ridge")], min_samples=[None, 0.5], loss=["absolute_loss", "squared_loss", "absolute_error", "squared_error"])
S("linear_model.PoissonRegressor", "num regpos", alpha=[0.1, 1.0], fit_intercept=[True, False])
S("linear_model.GammaRegressor", "num regpos", alpha=[0.1, 1.0], fit_intercept=[True, False])
S("linear_model.TweedieRegressor", "num regpos|num reg", power=[0, 1, 1.5, 2, 3], link=["auto", "log", "identity"], alpha=[0.1, 1.0])
S("linear_model.QuantileRegressor", REG, quantile=[0.3, 0.8], alpha=[0.0, 0.5], solver=["highs", "interior-point"])
sgd = dict(max_iter=[5, 20], tol=[None, 1e-3], average=[False, True, 10], learning_rate=["optimal", "constant", "invscaling", "adaptive"], eta0=0.01, penalty=["l1", "l2", "elasticnet", "none", None], early_stopping=[False, True], warm_start=[False, True], fit_intercept=[True, False])
S("linear_model.SGDClassifier", STD + "|csr multi", loss=["hinge", "log", "log_loss", "modified_huber", "squared_hinge", "perceptron", "huber", "squared_loss", "squared_error", "epsilon_insensitive"], class_weight=weights, **sgd)
S("linear_model.SGDClassifier", STD, loss=["log", "log_loss", "modified_huber"], class_weight=weights, **sgd)
S("linear_model.SGDRegressor", "std reg|std reg|csr reg", loss=["squared_loss", "squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"], **sgd)
S("linear_model.SGDOneClassSVM", "std", nu=[0.3, 0.5], average=[False, True], fit_intercept=[True, False])
S("linear_model.Perceptron", STD, penalty=[None, "l2", "l1"], max_iter=[5, 20], tol=[None, 1e-3], class_weight=weights, fit_intercept=[True, False])
S("linear_model.PassiveAggressiveClassifier", STD, C=[1.0, 0.1], loss=["hinge", "squared_hinge"], max_iter=[5, 20], tol=[None, 1e-3], average=[False, True], class_weight=weights)
S("linear_model.PassiveAggressiveRegressor", "std reg", C=[1.0, 0.1], loss=["epsilon_insensitive", "squared_epsilon_insensitive"], max_iter=[5, 20], tol=[None, 1e-3], average=[False, True])
S("linear_model.RandomizedLasso", REG, n_resampling=10, scaling=[0.5, 0.2], selection_threshold=[0.25, 0.5])
S("linear_model.RandomizedLogisticRegression", "num bin|num bin.str", n_resampling=10, C=[1, 10], selection_threshold=[0.25, 0.5])

svm = dict(kernel=["rbf", "linear", "poly", "sigmoid"], gamma=["auto", "scale", 0.05, 0.3], degree=[2, 3], coef0=[0.0, 0.5], shrinking=[True, False], max_iter=[-1, 50], class_weight=weights)
SVCS = STD + "|csr multi|csr bin"
S("svm.SVC", SVCS, C=[0.1, 1.0, 10.0], decision_function_shape=["ovr", "ovo", None], probability=[False, True], break_ties=[False, True], **svm)
S("svm.SVC", "std bin|std multi.str|std five", probability=True, decision_function_shape=["ovr", "ovo"], **svm)
S("svm.NuSVC", SVCS, nu=[0.1, 0.3], decision_function_shape=["ovr", "ovo", None], probability=[False, True], break_ties=[False, True], **svm)
S("svm.SVC", "kernel bin|kernel multi.str", kernel="precomputed", probability=[False, True], decision_function_shape=["ovr", "ovo", None])
reg = {k: v for k, v in svm.items() if k != "class_weight"}
S("svm.SVR", "std reg|csr reg", C=[0.1, 1.0, 10.0], epsilon=[0.1, 0.5], **reg)
S("svm.NuSVR", "std reg|csr reg", C=[0.1, 1.0, 10.0], nu=[0.3, 0.7], **reg)
S("svm.SVR", "kernel reg", kernel="precomputed")
S("svm.OneClassSVM", "std|std|csr", nu=[0.1, 0.5], **reg)
S("svm.LinearSVC", STD + "|csr multi", C=[0.1, 1.0], loss=["hinge", "squared_hinge"], penalty=["l1", "l2"], dual=[True, False], multi_class=["ovr", "crammer_singer"], fit_intercept=[True, False], intercept_scaling=[1, 2.0], class_weight=weights)
S("svm.LinearSVR", "std reg|csr reg", C=[0.1, 1.0], loss=["epsilon_insensitive", "squared_epsilon_insensitive"], dual=[True, False], fit_intercept=[True, False])

near = dict(algorithm=["auto", "kd_tree", "ball_tree", "brute"], leaf_size=[3, 30], metric=["minkowski", "euclidean", "manhattan", "chebyshev", "l1", "l2", "cityblock", "canberra", "braycurtis", "cosine", "hamming"], p=[1, 2, 3])
knn = dict(near, n_neighbors=[1, 3, 5], weights=["uniform", "distance"])
S("neighbors.KNeighborsClassifier", NUM + "|num ml|num mo|csr multi", **knn)
S("neighbors.KNeighborsRegressor", REGS + "|csr reg", **knn)
S("neighbors.RadiusNeighborsClassifier", "num bin|num multi.str|num mo|csr multi", radius=[20.0, 60.0], outlier_label=[None, 0], weights=["uniform", "distance"], **near)
S("neighbors.RadiusNeighborsRegressor", REGS, radius=[20.0, 60.0], weights=["uniform", "distance"], **near)
S("neighbors.NearestNeighbors", "num|num|csr", n_neighbors=[2, 5], radius=[10.0], **near)
grid = dict(knn, n_neighbors=[2, 5, 9, 16, 19], algorithm=["kd_tree", "ball_tree"], leaf_size=[1, 3, 8, 30])
S("neighbors.NearestNeighbors", "grid|grid", radius=[1.0], **{k: v for k, v in grid.items() if k != "weights"})
S("neighbors.KNeighborsClassifier", "grid multi.str|grid ml", **grid)
S("neighbors.KNeighborsRegressor", "grid reg|grid reg3", **grid)
S("neighbors.KNeighborsClassifier", "dist multi.str", metric="precomputed", algorithm=["brute"], weights=["uniform", "distance"])
S("neighbors.KNeighborsTransformer", "num", n_neighbors=3, mode=["distance", "connectivity"], **near)
S("neighbors.RadiusNeighborsTransformer", "num", radius=10.0, mode=["distance", "connectivity"], **near)
S("neighbors.LocalOutlierFactor", "num|num", n_neighbors=[3, 8], novelty=[True], contamination=["auto", 0.1, "legacy"], algorithm=["kd_tree", "ball_tree", "brute"])
S("neighbors.LocalOutlierFactor", "num", n_neighbors=[3, 8], novelty=True)
S("neighbors.NearestCentroid", NUM + "|csr multi", metric=["euclidean", "manhattan", "cosine"], shrink_threshold=[None, 0.3])
S("neighbors.KernelDensity", "num|num|num|std", kernel=["gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"], bandwidth=[1.0, 10.0, "scott"], algorithm=["auto", "kd_tree", "ball_tree"], metric=["euclidean", "manhattan"], leaf_size=[5, 40], atol=[0], rtol=[0])
S("neighbors.NeighborhoodComponentsAnalysis", "num multi", n_components=[2, None], max_iter=5)
S("neighbors.LSHForest", "num", n_neighbors=[2, 4], n_estimators=[3, 10], n_candidates=[10, 50])

S("naive_bayes.GaussianNB", NUM, priors=[None], var_smoothing=[1e-9, 0.01])
for name in ("MultinomialNB", "ComplementNB"):
    S("naive_bayes." + name, each("counts", C), alpha=[1.0, 0.1, 0.0], fit_prior=[True, False], norm=[False, True], force_alpha=[True, False])
S("naive_bayes.BernoulliNB", each("counts", C) + "|num multi|bits bin", alpha=[1.0, 0.1], fit_prior=[True, False], binarize=[0.0, 1.0, None])
S("naive_bayes.CategoricalNB", "catint bin.str|catint multi", alpha=[1.0, 0.1], fit_prior=[True, False], min_categories=[None, 6])
S("discriminant_analysis.LinearDiscriminantAnalysis", NUM, _n=60, solver=["svd", "lsqr", "eigen"], shrinkage=[None, "auto", 0.3], n_components=[None, 1], store_covariance=[False, True])
S("discriminant_analysis.QuadraticDiscriminantAnalysis", NUM, _n=60, reg_param=[0.0, 0.3], store_covariance=[False, True], store_covariances=[False, True])
S("lda.LDA", NUM, _n=60, solver=["svd", "lsqr", "eigen"], shrinkage=[None, "auto", 0.3])
S("qda.QDA", NUM, _n=60, reg_param=[0.0, 0.3])
GPK = [None, E("gaussian_process.kernels.RBF", length_scale=5.0), E("gaussian_process.kernels.Matern", length_scale=5.0, nu=[0.5, 1.5, 2.5, 0.7]), E("gaussian_process.kernels.RationalQuadratic"), E("gaussian_process.kernels.DotProduct"), F(lambda r: find("gaussian_process.kernels.RBF")(3.0) * find("gaussian_process.kernels.ConstantKernel")(2.0) + find("gaussian_process.kernels.WhiteKernel")(0.1)),
       F(lambda r: find("gaussian_process.kernels.Exponentiation")(find("gaussian_process.kernels.RBF")([3.0, 2.0, 5.0, 8.0]), 2))]
S("gaussian_process.GaussianProcessRegressor", REGS + "|num reg", _n=24, kernel=GPK, alpha=[1e-10, 0.1], normalize_y=[False, True], optimizer=[None])
S("gaussian_process.GaussianProcessClassifier", "std bin.str|std multi|std five.odd", _n=24, kernel=GPK, multi_class=["one_vs_rest", "one_vs_one"], optimizer=[None])
kriging = dict(regr=["constant", "linear", "quadratic"], corr=["squared_exponential", "absolute_exponential", "cubic", "linear", F(lambda r: find("gaussian_process.correlation_models.pure_nugget"))], nugget=[0.01], normalize=[True, False], storage_mode=["full", "light"], beta0=[None])
S("gaussian_process.GaussianProcess", REGS + "|num reg|num reg", _n=24, theta0=[0.1, 0.01, (0.1, 0.02, 0.3, 0.05)], **kriging)
S("gaussian_process.GaussianProcess", "std reg|std reg3", _n=24, theta0=0.1, thetaL=1e-3, thetaU=[1.0], **kriging)
S("gaussian_process.GaussianProcess", "std reg|std reg3", _n=24, **dict(kriging, corr="generalized_exponential", theta0=(0.1, 0.02, 0.3, 0.05, 1.5)))
S("kernel_ridge.KernelRidge", REGS + "|csr reg", kernel=["linear", "rbf", "poly", "polynomial", "laplacian", "cosine", "sigmoid"], gamma=[None, 0.01], alpha=[0.1, 1.0], degree=[2, 3], coef0=[1, 0.5])
for name in ("kernel_ridge.KernelRidge", "decomposition.KernelPCA"):
    S(name, "pos reg" if "Ridge" in name else "pos", kernel="chi2", gamma=[0.1, 0.5], n_components=2)
S("kernel_ridge.KernelRidge", "kernel reg", kernel="precomputed")
nn = dict(hidden_layer_sizes=[(5,), (4, 3), (6,)], activation=["relu", "tanh", "logistic", "identity"], solver=["adam", "sgd", "lbfgs"], max_iter=10, early_stopping=[False, True], learning_rate=["constant", "adaptive", "invscaling"], warm_start=[False, True])
S("neural_network.MLPClassifier", STD + "|std ml|csr multi", **nn)
S("neural_network.MLPRegressor", "std reg|std reg3|csr reg", **nn)
S("neural_network.BernoulliRBM", "unit|bits", n_components=3, n_iter=3)
S("dummy.DummyClassifier", NUM + "|num mo", strategy=["prior", "most_frequent", "stratified", "uniform"])
S("dummy.DummyClassifier", "num bin.str|num bin", strategy="constant", constant=["yes", 1])
S("dummy.DummyRegressor", REGS, strategy=["mean", "median", "quantile"], quantile=0.3)
S("isotonic.IsotonicRegression", "flat reg|flat reg|flat reg", increasing=[True, False, "auto"], out_of_bounds=["nan", "clip", "raise"], y_min=[None, -1.0], y_max=[None, 2.0])

for name in ("PLSRegression", "PLSCanonical", "CCA"):
    S("cross_decomposition." + name, "num reg3|num reg3" + ("|num reg" if name == "PLSRegression" else ""), n_components=[1, 2, 3], scale=[True, False], algorithm=["nipals", "svd"], deflation_mode=["regression", "canonical"])
S("cross_decomposition.PLSSVD", "num reg3|num reg3", n_components=[1, 2], scale=[True, False])
S("decomposition.PCA", "num|num|num", n_components=[None, 2, 0.9, "mle", 3], whiten=[False, True], svd_solver=["auto", "full", "arpack", "randomized", "covariance_eigh"])
S("decomposition.RandomizedPCA", "num|num", n_components=[None, 2], whiten=[False, True])
S("decomposition.IncrementalPCA", "num", n_components=[None, 2], whiten=[False, True], batch_size=[None, 15])
S("decomposition.TruncatedSVD", "num|csr", n_components=[2, 3], algorithm=["randomized", "arpack"])
S("decomposition.KernelPCA", "num|num|std", n_components=[2, None, 3], kernel=["linear", "rbf", "poly", "sigmoid", "cosine"], gamma=[None, 0.02], degree=[2, 3], fit_inverse_transform=[False, True], remove_zero_eig=[False, True], alpha=[1.0, 0.1])
S("decomposition.KernelPCA", "kernel", n_components=2, kernel="precomputed")
S("decomposition.FastICA", "num|num", n_components=[None, 2], whiten=[True, "unit-variance", "arbitrary-variance", False], algorithm=["parallel", "deflation"], fun=["logcosh", "exp", "cube"], max_iter=30)
S("decomposition.FactorAnalysis", "num", n_components=[2, 3], svd_method=["randomized", "lapack"], rotation=[None, "varimax"])
S("decomposition.NMF", "pos|pos|counts", n_components=[2, 3], init=["nndsvd", "random", "nndsvda"], solver=["cd", "mu", "pg"], beta_loss=["frobenius", "kullback-leibler", "itakura-saito"], alpha=[0.0, 0.1], l1_ratio=[0.0, 0.5], max_iter=[50, 200], sparseness=[None, "data", "components"], alpha_W=[0.0, 0.1], alpha_H=["same", 0.0])
S("decomposition.ProjectedGradientNMF", "pos|counts|csrpos", n_components=[2, 3], sparseness=[None, "data", "components"], alpha=[0.0, 0.1], l1_ratio=[0.0, 0.5, 1.0], nls_max_iter=[2000, 5], beta=[1, 0.3], eta=[0.1, 1])
S("decomposition.NMF", "pos|csrpos", solver="pg", n_components=[2, 3], sparseness=[None, "data", "components"], alpha=[0.0, 0.1], l1_ratio=[0.0, 0.5, 1.0])
S("decomposition.MiniBatchNMF", "pos", n_components=2, max_iter=10)
S("decomposition.LatentDirichletAllocation", "counts|counts", n_components=[2, 3], learning_method=["batch", "online"], max_iter=4, evaluate_every=[0, 2])
S("decomposition.SparsePCA", "num", n_components=2, max_iter=10, alpha=[0.1, 1.0], method=["lars", "cd"], normalize_components=[False, True], ridge_alpha=[0.01, 0.5])
S("decomposition.MiniBatchSparsePCA", "num", n_components=2, n_iter=[10], alpha=[0.1, 1.0], normalize_components=[False, True])
coder = dict(transform_algorithm=["omp", "lars", "lasso_lars", "lasso_cd", "threshold"], transform_alpha=[None, 0.3], transform_n_nonzero_coefs=[None, 2], split_sign=[False, True], positive_code=[False, True])
S("decomposition.DictionaryLearning", "single", n_components=2, max_iter=3, transform_algorithm="lasso_cd", transform_alpha=[0.3])
S("decomposition.DictionaryLearning", "num", n_components=3, max_iter=5, fit_algorithm=["lars", "cd"], **coder)
S("decomposition.MiniBatchDictionaryLearning", "num", n_components=3, n_iter=[20], **coder)
S("decomposition.SparseCoder", "num|num", dictionary=F(lambda r: r.randn(5, 4)), **coder)
S("mixture.GaussianMixture", "num|num|std", n_components=[1, 2, 3], covariance_type=["full", "tied", "diag", "spherical"], max_iter=20)
S("mixture.BayesianGaussianMixture", "num|num|std", n_components=[2, 3], covariance_type=["full", "tied", "diag", "spherical"], max_iter=20, weight_concentration_prior_type=["dirichlet_process", "dirichlet_distribution"])
S("mixture.GMM", "num|num|std", n_components=[1, 2, 3], covariance_type=["full", "tied", "diag", "spherical"])
S("mixture.VBGMM", "num|num|std", n_components=[1, 2, 3], covariance_type=["full", "tied", "diag", "spherical"], alpha=[1.0, 0.1])
S("mixture.DPGMM", "num|num|std", n_components=[1, 2, 3], covariance_type=["full", "tied", "diag", "spherical"], alpha=[1.0, 0.1])
for name in ("EmpiricalCovariance", "LedoitWolf", "OAS", "ShrunkCovariance", "MinCovDet"):
    S("covariance." + name, "num", assume_centered=[False, True])
for name in ("GraphLasso", "GraphicalLasso"):
    S("covariance." + name, "std", alpha=[0.05, 0.2], max_iter=30)
    S("covariance." + name + "CV", "std", alphas=2, cv=2)
S("covariance.EllipticEnvelope", "num|num", contamination=[0.1, 0.2], support_fraction=[None, 0.9], assume_centered=[False, True])
for name in ("KMeans", "MiniBatchKMeans"):
    S("cluster." + name, "num|num|csr", n_clusters=[2, 4], n_init=1, init=["k-means++", "random"], algorithm=["auto", "full", "elkan", "lloyd"], precompute_distances=["auto", True, False])
S("cluster.BisectingKMeans", "num|csr", n_clusters=[3, 5], bisecting_strategy=["biggest_inertia", "largest_cluster"])
S("cluster.Birch", "num|num", n_clusters=[None, 3, E("cluster.KMeans", n_clusters=2, n_init=1)], threshold=[0.5, 5.0], branching_factor=[5, 50], compute_labels=[True, False])
S("cluster.MeanShift", "num", bandwidth=[None, 15.0], bin_seeding=[False, True], cluster_all=[True, False])
S("cluster.AffinityPropagation", "num", damping=[0.5, 0.8])
S("cluster.FeatureAgglomeration", "num", n_clusters=2, linkage=["ward", "average"], pooling_func=[F(lambda r: np.mean), F(lambda r: np.max)])
S("cluster.AgglomerativeClustering", "num", n_clusters=[2, 3], linkage=["ward", "average", "complete"])
S("cluster.DBSCAN", "num", eps=[5.0, 20.0])
S("cluster.SpectralClustering", "num", n_clusters=2)
S("manifold.Isomap", "std", _n=30, n_neighbors=[6, 10], n_components=2, path_method=["auto", "FW", "D"])
S("manifold.LocallyLinearEmbedding", "std", _n=30, n_neighbors=[7, 10], method=["standard", "modified", "ltsa"])
S("manifold.MDS", "std", _n=16, max_iter=10, n_init=1)
S("manifold.TSNE", "std", _n=16, n_iter=250, perplexity=5.0)
S("manifold.SpectralEmbedding", "std", _n=20)
S("kernel_approximation.RBFSampler", "num|csr", gamma=[0.1, 1.0], n_components=6)
S("kernel_approximation.SkewedChi2Sampler", "pos", skewedness=[1.0, 2.0], n_components=6)
S("kernel_approximation.AdditiveChi2Sampler", "pos|unit", sample_steps=[1, 2, 3], sample_interval=[None, 0.4])
S("kernel_approximation.Nystroem", "num|csr", kernel=["rbf", "linear", "poly", "polynomial", "laplacian", "cosine", "sigmoid"], gamma=[None, 0.01], n_components=5, degree=[None, 2], coef0=[None, 1.0])
S("kernel_approximation.PolynomialCountSketch", "num", n_components=8, degree=[2, 3], coef0=[0, 1])
S("random_projection.GaussianRandomProjection", "num|csr", n_components=2)
S("random_projection.SparseRandomProjection", "num|csr", n_components=2, density=["auto", 0.5], dense_output=[False, True])

S("preprocessing.StandardScaler", "num|num|nan", with_mean=[True, False], with_std=[True, False])
S("preprocessing.StandardScaler", "csr", with_mean=False)
S("preprocessing.MinMaxScaler", "num|nan", feature_range=[(0, 1), (-1, 2)], clip=[False, True])
S("preprocessing.MaxAbsScaler", "num|csr|nan")
S("preprocessing.RobustScaler", "num|nan", with_centering=[True, False], with_scaling=[True, False], quantile_range=[(25.0, 75.0), (10.0, 70.0)], unit_variance=[False, True])
S("preprocessing.Normalizer", "num|csr", norm=["l1", "l2", "max"])
S("preprocessing.Binarizer", "num|csr", threshold=[0.0, 0.5])
S("preprocessing.KernelCenterer", "kernel")
S("preprocessing.QuantileTransformer", "num|num|nan", n_quantiles=[10, 30], output_distribution=["uniform", "normal"])
S("preprocessing.QuantileTransformer", "csrpos", n_quantiles=[10, 30], ignore_implicit_zeros=[False, True])
S("preprocessing.PowerTransformer", "num|nan|pos", method=["yeo-johnson"], standardize=[True, False])
S("preprocessing.PowerTransformer", "pos", method="box-cox", standardize=[True, False])
S("preprocessing.PolynomialFeatures", "num|num|csr", degree=[1, 2, 3, 4], interaction_only=[False, True], include_bias=[True, False])
S("preprocessing.SplineTransformer", "num", n_knots=[3, 5], degree=[1, 2, 3], knots=["uniform", "quantile"], extrapolation=["constant", "linear", "continue", "periodic"], include_bias=[True, False])
S("preprocessing.KBinsDiscretizer", "num|num|counts", n_bins=[3, 4], encode=["onehot", "ordinal", "onehot-dense"], strategy=["uniform", "quantile", "kmeans"])
S("preprocessing.OneHotEncoder", "cat|catmix", handle_unknown=["error", "ignore", "warn"], sparse_output=[True, False], drop=[None, "first", "if_binary"], categories=["auto"], min_frequency=[None, 5], max_categories=[None, 3])
S("preprocessing.OneHotEncoder", "catint|catint|catint", n_values=["auto", 5, [4, 5, 4, 6]], categorical_features=["all", [0, 2], [True, False, True, False]], sparse_output=[True, False], handle_unknown=["error", "ignore"], dtype=[np.float64, np.float32, np.int64], drop=[None, "first"])
S("preprocessing.OrdinalEncoder", "cat|catmix|catint", handle_unknown=["error"], dtype=[np.float64, np.int64], min_frequency=[None, 5])
S("preprocessing.OrdinalEncoder", "cat|catint", handle_unknown="use_encoded_value", unknown_value=[-1], encoded_missing_value=[-2])
S("preprocessing.CategoricalEncoder", "cat|catint", encoding=["onehot", "onehot-dense", "ordinal"])
S("preprocessing.TargetEncoder", "cat bin|cat reg|cat multi", smooth=["auto", 5.0], cv=2)
S("preprocessing.LabelEncoder", "labels multi.str|labels five.odd|labels bin.neg|labels multi.float|labels bin.bool|labels multi.obj|labels bin.uni")
S("preprocessing.LabelBinarizer", "labels multi.str|labels five.odd|labels bin.str|labels bin.neg|labels multi.obj|labels bin", neg_label=[0, -1], pos_label=[1, 3], sparse_output=[False, True])
S("preprocessing.LabelBinarizer", "labels ml|labels multi", sparse_output=[False, True])
S("preprocessing.MultiLabelBinarizer", "sets|sets", sparse_output=[False, True])
S("preprocessing.Imputer", "nan|nan|nan", strategy=["mean", "median", "most_frequent"], axis=[0, 1])
S("preprocessing.Imputer", "zero", missing_values=0, strategy=["mean", "median", "most_frequent"], axis=[0, 1])
S("preprocessing.FunctionTransformer", "pos|num", func=[None, F(lambda r: np.log1p), F(lambda r: np.sqrt), F(lambda r: np.abs)], inverse_func=[None, F(lambda r: np.expm1)], validate=[True, False], accept_sparse=[False, True], pass_y=[False])
S("preprocessing.FunctionTransformer", "num|num|counts|std", func=F(lambda r: np.clip), kw_args=Any({"a_min": 0.1, "a_max": 2.5}, {"a_min": -1, "a_max": 3}, {"a_min": 0, "a_max": 300}, {"a_min": np.float64(0.1), "a_max": np.float32(2.7)}, {"a_min": np.float64(-1.1), "a_max": np.int64(3)}, {"a_min": 0.1, "a_max": None}), validate=[True, False])
S("preprocessing.MinMaxScaler", "num|std|counts", feature_range=Any((0, 0.1), (0.1, 0.7), (np.float64(0.1), np.float64(0.3)), (-1, 1)), clip=True)
S("impute.SimpleImputer", "nan|nan", strategy=["mean", "median", "most_frequent", "constant"], fill_value=[None, 7], add_indicator=[False, True])
S("impute.SimpleImputer", "zero", missing_values=0, strategy=["mean", "median", "most_frequent"], add_indicator=[False, True])
S("impute.MissingIndicator", "nan|nan", features=["missing-only", "all"], sparse=["auto", True, False], error_on_new=[True, False])
S("impute.KNNImputer", "nan", n_neighbors=[2, 4], weights=["uniform", "distance"], add_indicator=[False, True])
S("impute.SimpleImputer", "hollow|thin", strategy=["mean", "median", "most_frequent", "constant"], fill_value=[None, 7], add_indicator=[False, True], keep_empty_features=[False, True])
S("impute.KNNImputer", "hollow|thin|thin", n_neighbors=[2, 4, 9], weights=["uniform", "distance"], add_indicator=[False, True], keep_empty_features=[False, True])
S("impute.IterativeImputer", "hollow|thin", max_iter=2, initial_strategy=["mean", "median", "constant"], skip_complete=[False, True], add_indicator=[False, True], keep_empty_features=[False, True])
S("impute.MissingIndicator", "hollow|thin", features=["missing-only", "all"], error_on_new=[False, True])
for name in ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "PowerTransformer", "QuantileTransformer"):
    S("preprocessing." + name, "hollow|thin")
S("ensemble.HistGradientBoostingClassifier", "thin bin|hollow multi", max_iter=4, min_samples_leaf=4)
S("tree.DecisionTreeClassifier", "thin bin|hollow multi", max_depth=4)
S("ensemble.RandomForestRegressor", "thin reg", n_estimators=3)
S("impute.IterativeImputer", "nan|nan", estimator=[None, E("linear_model.Ridge"), E("tree.DecisionTreeRegressor", max_depth=3)], max_iter=3, initial_strategy=["mean", "median"], imputation_order=["ascending", "roman", "descending"], add_indicator=[False, True], min_value=[None, -5])

for path in """discriminant_analysis.LinearDiscriminantAnalysis discriminant_analysis.QuadraticDiscriminantAnalysis lda.LDA qda.QDA naive_bayes.GaussianNB
    naive_bayes.BernoulliNB linear_model.LogisticRegression linear_model.SGDClassifier neural_network.MLPClassifier svm.SVC gaussian_process.GaussianProcessClassifier
    ensemble.AdaBoostClassifier ensemble.GradientBoostingClassifier calibration.CalibratedClassifierCV semi_supervised.LabelPropagation semi_supervised.LabelSpreading
    mixture.GaussianMixture mixture.BayesianGaussianMixture mixture.GMM neighbors.KernelDensity linear_model.RidgeClassifier linear_model.LogisticRegressionCV
    neighbors.KNeighborsClassifier neighbors.RadiusNeighborsClassifier ensemble.BaggingClassifier ensemble.VotingClassifier""".split():
    extra = {"SGDClassifier": dict(loss=["log", "log_loss", "modified_huber"]), "SVC": dict(probability=True, gamma=0.3), "VotingClassifier": dict(estimators=[("q", E("discriminant_analysis.QuadraticDiscriminantAnalysis")), ("n", E("naive_bayes.GaussianNB"))], voting="soft"),
             "BaggingClassifier": dict(estimator=E("naive_bayes.GaussianNB"), n_estimators=3), "AdaBoostClassifier": dict(estimator=E("naive_bayes.GaussianNB"), n_estimators=3), "GradientBoostingClassifier": dict(n_estimators=3, init=[None, LR]),
             "RadiusNeighborsClassifier": dict(radius=1.5, outlier_label=["most_frequent", None]), "LogisticRegression": dict(solver=["lbfgs", "liblinear"], multi_class=["ovr", "multinomial"]), "KernelDensity": dict(kernel=["gaussian", "tophat", "linear"]),
             "GaussianMixture": dict(n_components=2), "BayesianGaussianMixture": dict(n_components=2), "GMM": dict(n_components=2)}.get(path.rsplit(".", 1)[1], {})
    S(path, "wild" if path.startswith(("mixture", "neighbors.KernelD")) else "wild bin|wild multi.str" if not path.startswith("semi") else "wild semi", **extra)
words = dict(lowercase=[True, False], ngram_range=[(1, 1), (1, 2)], analyzer=["word", "char", "char_wb"], stop_words=[None, "english", ["the", "and"]], min_df=[1, 2], max_df=[1.0, 0.8], max_features=[None, 20], binary=[False, True], strip_accents=[None, "unicode", "ascii"], token_pattern=[u"(?u)\\b\\w\\w+\\b", u"\\w+"])
S("feature_extraction.text.CountVectorizer", "text|text|text", **words)
S("feature_extraction.text.TfidfVectorizer", "text|text|text", use_idf=[True, False], smooth_idf=[True, False], sublinear_tf=[False, True], norm=["l1", "l2", None], **words)
S("feature_extraction.text.TfidfTransformer", "counts|pos", use_idf=[True, False], smooth_idf=[True, False], sublinear_tf=[False, True], norm=["l1", "l2", None])
S("feature_extraction.text.HashingVectorizer", "text|text", n_features=16, non_negative=[False, True], alternate_sign=[True, False], norm=["l1", "l2", None], binary=[False, True], analyzer=["word", "char"], ngram_range=[(1, 1), (1, 2)])
S("feature_extraction.DictVectorizer", "dicts|twice", sparse=[True, False], sort=[True, False])
S("feature_extraction.FeatureHasher", "dicts", n_features=16, input_type="dict", non_negative=[False, True], alternate_sign=[True, False])
S("feature_extraction.FeatureHasher", "tokens", n_features=16, input_type="string", non_negative=[False, True], alternate_sign=[True, False])

score = lambda *names: [F(lambda r, n=n: find("feature_selection." + n)) for n in names]  # noqa: E731
S("feature_selection.SelectKBest", "num bin|num multi.str", k=[1, 2, "all"], score_func=score("f_classif", "mutual_info_classif"))
S("feature_selection.SelectKBest", "counts multi", k=[1, 2], score_func=F(lambda r: find("feature_selection.chi2")))
S("feature_selection.SelectPercentile", "num bin|num multi", percentile=[30, 60])
for name in ("SelectFpr", "SelectFdr", "SelectFwe"):
    S("feature_selection." + name, "num bin", alpha=[0.5, 0.9])
S("feature_selection.SelectPercentile", "twin bin|twin multi|twin five", _p=8, percentile=[10, 25, 30, 45, 60, 75])
S("feature_selection.GenericUnivariateSelect", "twin bin", _p=8, mode="percentile", param=[20, 35, 55])
S("calibration.CalibratedClassifierCV", "num late", estimator=[LR, E("naive_bayes.GaussianNB"), E("svm.LinearSVC")], method=["sigmoid", "isotonic"], cv=E("model_selection.KFold", n_splits=3))
S("feature_selection.GenericUnivariateSelect", "num bin", mode=["percentile", "k_best", "fpr"], param=[0.5, 2, 1])
S("feature_selection.VarianceThreshold", "num|csr|counts", threshold=[0.0, 1.0])
S("feature_selection.SelectFromModel", "num multi|num bin|num five", estimator=[LR, E("linear_model.LogisticRegression", penalty="l1", solver="liblinear"), E("svm.LinearSVC", penalty="l1", dual=False), E("ensemble.RandomForestClassifier", n_estimators=3), E("ensemble.GradientBoostingClassifier", n_estimators=3)], threshold=[None, "mean", "0.8*median", 0.01], prefit=[False], norm_order=[1, 2], max_features=[None, 2])
S("feature_selection.SelectFromModel", "num reg|num reg3", estimator=[E("linear_model.MultiTaskElasticNet", alpha=0.01, l1_ratio=[0.5, 1.0]), E("linear_model.ElasticNet", alpha=0.01, l1_ratio=[0.5, 1.0]), E("cross_decomposition.PLSRegression")], threshold=[None, "mean"])
S("feature_selection.SelectFromModel", "num reg", estimator=[E("linear_model.Lasso", alpha=0.1), E("linear_model.Ridge"), E("ensemble.ExtraTreesRegressor", n_estimators=3)], threshold=[None, "mean", "0.8*median"])
S("feature_selection.RFE", "num bin.str|num multi", estimator=[LR, DT, E("svm.LinearSVC"), E("svm.SVC", kernel="linear")], n_features_to_select=[2, 3], step=[1, 0.5])
S("feature_selection.RFECV", "num bin|num multi", estimator=[LR, DT], cv=2)
S("feature_selection.SequentialFeatureSelector", "num multi|num reg", estimator=[E("linear_model.Ridge"), DT], n_features_to_select=2, cv=2)

S("multiclass.OneVsRestClassifier", "num bin|num bin.str|num multi|num multi.str|num five|num ml", estimator=[LR, DT, E("svm.LinearSVC"), E("svm.SVC", gamma=0.1), E("naive_bayes.GaussianNB"), E("svm.SVC", probability=True, gamma=0.1), E("linear_model.Ridge")])
S("multiclass.OneVsOneClassifier", "num multi|num multi.str|num five.odd|num bin.str", estimator=[LR, DT, E("svm.LinearSVC"), E("naive_bayes.GaussianNB"), E("svm.SVC", gamma=0.1)])
S("multiclass.OutputCodeClassifier", "num multi|num multi.str|num five", estimator=[LR, DT, E("svm.LinearSVC")], code_size=[1.5, 3])
S("multioutput.MultiOutputClassifier", "num mo|num ml", estimator=[LR, DT, E("naive_bayes.GaussianNB"), E("svm.LinearSVC")])
S("multioutput.MultiOutputRegressor", "num reg3", estimator=[E("linear_model.Ridge"), E("ensemble.GradientBoostingRegressor", n_estimators=3), DTR])
S("multioutput.ClassifierChain", "num ml|num ml", estimator=[LR, DT], order=[None, [2, 0, 1], "random"], cv=[None, 2])
S("multioutput.RegressorChain", "num reg3", estimator=[E("linear_model.Ridge"), DTR], order=[None, [2, 0, 1]], cv=[None, 2])
S("calibration.CalibratedClassifierCV", NUM, estimator=[None, LR, DT, E("svm.LinearSVC"), E("naive_bayes.GaussianNB"), E("ensemble.RandomForestClassifier", n_estimators=3), E("svm.SVC", gamma=0.1), E("ensemble.AdaBoostClassifier", n_estimators=3)], method=["sigmoid", "isotonic"], cv=2, ensemble=[True, False])
S("semi_supervised.LabelPropagation", "std semi", kernel=["rbf", "knn"], gamma=[20, 0.5], n_neighbors=[4, 7], max_iter=30)
S("semi_supervised.LabelSpreading", "std semi", kernel=["rbf", "knn"], gamma=[20, 0.5], n_neighbors=[4, 7], alpha=[0.2, 0.5], max_iter=30)
S("semi_supervised.SelfTrainingClassifier", "num semi", estimator=[LR, DT], criterion=["threshold", "k_best"])
SS = E("preprocessing.StandardScaler", with_mean=[True, False])
for module in ("grid_search", "model_selection"):
    S(module + ".GridSearchCV", "num bin|num multi.str", estimator=E("linear_model.LogisticRegression"), param_grid={"C": (0.1, 1.0)}, cv=2, iid=[True, False], refit=[True], scoring=[None, "accuracy"], return_train_score=[True, False])
    S(module + ".GridSearchCV", "num multi", estimator=E("pipeline.Pipeline", steps=[("s", SS), ("m", E("svm.SVC", gamma=0.1, probability=[True, False]))]), param_grid={"m__C": (0.5, 2.0)}, cv=2)
    S(module + ".GridSearchCV", "num reg", estimator=E("tree.DecisionTreeRegressor"), param_grid={"max_depth": (1, 2)}, cv=2)
    S(module + ".GridSearchCV", "num", estimator=E("cluster.KMeans", n_init=1), param_grid={"n_clusters": (2, 3)}, cv=2)
    S(module + ".RandomizedSearchCV", "num bin|num multi", estimator=E("ensemble.RandomForestClassifier", n_estimators=3), param_distributions={"max_depth": (1, 2, 3)}, n_iter=2, cv=2)
S("model_selection.GridSearchCV", "num bin", estimator=LR, param_grid={"C": (0.1, 1.0)}, scoring={"a": "accuracy", "f": "f1"}, refit="a", cv=2)
S("model_selection.HalvingGridSearchCV", "num bin", _n=60, estimator=DT, param_grid={"max_depth": (1, 2)}, cv=2)
LASTS = [LR, DT, E("svm.SVC", gamma=0.1), E("ensemble.RandomForestClassifier", n_estimators=3), E("neighbors.KNeighborsClassifier"), E("ensemble.GradientBoostingClassifier", n_estimators=3), E("linear_model.SGDClassifier", max_iter=5), E("naive_bayes.GaussianNB")]
for last in LASTS:
    S("pipeline.Pipeline", "num bin.str|num multi", steps=[("scale", SS), ("pca", E("decomposition.PCA", n_components=[2, 3], whiten=[True, False])), ("model", last)])
S("pipeline.Pipeline", "num", steps=[("scale", SS), ("none", None), ("poly", E("preprocessing.PolynomialFeatures", degree=2))])
S("pipeline.Pipeline", "num multi", steps=[("scale", SS), ("pass", "passthrough"), ("m", LR)])
S("pipeline.Pipeline", "num multi", steps=[("sel", E("feature_selection.SelectKBest", k=2)), ("lda", E("discriminant_analysis.LinearDiscriminantAnalysis"))])
S("pipeline.Pipeline", "nan bin", steps=[("fill", E("preprocessing.Imputer", strategy=["mean", "median"])), ("m", LR)])
S("pipeline.Pipeline", "nan bin", steps=[("fill", E("impute.SimpleImputer", strategy=["mean", "median"])), ("m", E("ensemble.RandomForestClassifier", n_estimators=3))])
S("pipeline.Pipeline", "text multi.str", steps=[("count", E("feature_extraction.text.CountVectorizer", **words)), ("tfidf", E("feature_extraction.text.TfidfTransformer", use_idf=[True, False])), ("nb", E("naive_bayes.MultinomialNB"))])
S("pipeline.Pipeline", "text bin|text multi.str", steps=[("tfidf", E("feature_extraction.text.TfidfVectorizer", **words)), ("m", E("svm.LinearSVC"))])
S("pipeline.Pipeline", "text bin", steps=[("tfidf", E("feature_extraction.text.TfidfVectorizer")), ("m", E("linear_model.SGDClassifier", max_iter=5))])
S("pipeline.Pipeline", "text multi", steps=[("u", E("pipeline.FeatureUnion", transformer_list=[("w", E("feature_extraction.text.TfidfVectorizer")), ("c", E("feature_extraction.text.CountVectorizer", analyzer="char"))])), ("m", LR)])
S("pipeline.FeatureUnion", "num|num", transformer_list=[("a", SS), ("b", E("decomposition.PCA", n_components=2))], transformer_weights=[None, {"a": 2.0, "b": 0.5}])
S("pipeline.FeatureUnion", "num", transformer_list=[("a", SS), ("n", None), ("b", E("preprocessing.MinMaxScaler"))])
S("pipeline.FeatureUnion", "num", transformer_list=[("a", SS), ("n", "drop"), ("b", "passthrough")])
num = E("pipeline.Pipeline", steps=[("fill", E("impute.SimpleImputer")), ("scale", SS)])
one = E("preprocessing.OneHotEncoder", handle_unknown=["ignore"], drop=[None, "first"])
S("compose.ColumnTransformer", "num|num", transformers=[("a", SS, (0, 1)), ("b", "drop", [2])], remainder=["drop", "passthrough", E("preprocessing.MinMaxScaler")])
S("compose.ColumnTransformer", "num", transformers=[("a", SS, slice(0, 2)), ("b", "passthrough", [3, 2])], transformer_weights=[None, {"a": 2.0}])
S("compose.ColumnTransformer", "mixed", transformers=[("num", num, ["age", "fare"]), ("cat", one, ["sex", "port"])], remainder=["drop", "passthrough"], sparse_threshold=[0.0, 0.3, 1.0])
S("compose.ColumnTransformer", "mixed", transformers=[("num", num, [2, 3]), ("cat", E("preprocessing.OrdinalEncoder"), slice("port", "port"))], remainder=["drop"])
for last in (LR, DT, E("ensemble.RandomForestClassifier", n_estimators=3), E("ensemble.GradientBoostingClassifier", n_estimators=3), E("ensemble.HistGradientBoostingClassifier", max_iter=2)):
    S("pipeline.Pipeline", "mixed bin.str|mixed multi", steps=[("prep", E("compose.ColumnTransformer", transformers=[("num", num, ["age", "fare"]), ("cat", one, ["sex", "port"])], remainder=["drop", "passthrough"], sparse_threshold=0)), ("m", last)])
S("compose.TransformedTargetRegressor", "num reg|num reg3", regressor=[None, E("linear_model.Ridge"), DTR], transformer=[None, E("preprocessing.StandardScaler"), E("preprocessing.MinMaxScaler")])
S("compose.TransformedTargetRegressor", "num regpos", regressor=E("linear_model.Ridge"), func=F(lambda r: np.log), inverse_func=F(lambda r: np.exp))


# ── metrics, kernels, kinds of cells, and what nests ─────────────────────────────────────────────────────────────

METRICS = ["sqeuclidean", "seuclidean", "mahalanobis", "wminkowski", "nan_euclidean", "correlation"]
BITS = ["jaccard", "matching", "dice", "kulsinski", "rogerstanimoto", "russellrao", "sokalmichener", "sokalsneath", "yule", "hamming"]
W = F(lambda r: np.round(r.rand(4) + 0.1, 2))
VI = F(lambda r: np.diag(r.rand(4) + 0.5))
for algorithm in ("brute", "ball_tree"):
    for name, kw in (("KNeighborsClassifier", dict(weights=["uniform", "distance"])), ("NearestNeighbors", {})):
        y = " multi.str" if kw else ""
        for metric in BITS:
            S("neighbors." + name, "bits" + y, _p=8, n_neighbors=3, algorithm=algorithm, metric=metric, **kw)
        S("neighbors." + name, "geo" + y, n_neighbors=3, algorithm=algorithm, metric="haversine", **kw)
        S("neighbors." + name, "num" + y, n_neighbors=3, algorithm=algorithm, metric="mahalanobis", metric_params={"VI": VI}, **kw)
        S("neighbors." + name, "num" + y, n_neighbors=3, algorithm=algorithm, metric="seuclidean", metric_params={"V": W}, **kw)
        S("neighbors." + name, "num" + y, n_neighbors=3, algorithm=algorithm, metric="wminkowski", p=[1, 2, 3], metric_params={"w": W}, **kw)
        S("neighbors." + name, "num" + y, n_neighbors=3, algorithm=algorithm, metric="minkowski", p=[1, 2, 3], metric_params={"w": W}, **kw)
        S("neighbors." + name, "num" + y, n_neighbors=3, algorithm=algorithm, metric="minkowski", p=1.5, **kw)
for metric in ("sqeuclidean", "correlation", "nan_euclidean", "cosine"):
    S("neighbors.KNeighborsRegressor", "num reg", n_neighbors=3, algorithm="brute", metric=metric, weights=["uniform", "distance"])
S("neighbors.NearestCentroid", "num multi|pos multi", metric=["l1", "l2", "cityblock", "chebyshev", "correlation", "braycurtis", "sqeuclidean", "canberra"])
S("neighbors.KernelDensity", "geo", metric="haversine", bandwidth=[0.1, 1.0], algorithm="ball_tree", atol=0, rtol=0)
S("neighbors.KernelDensity", "num", metric=["chebyshev", "minkowski", "manhattan"], kernel=["gaussian", "tophat", "exponential"], bandwidth=[1.0, 10.0], algorithm=["ball_tree", "kd_tree"], breadth_first=[True, False], atol=0, rtol=0)
GPK2 = [F(lambda r: find("gaussian_process.kernels.ExpSineSquared")(2.0, 5.0)), F(lambda r: find("gaussian_process.kernels.PairwiseKernel")(metric=["rbf", "laplacian", "polynomial", "linear", "cosine", "sigmoid"][r.randint(6)], gamma=0.05)),
        F(lambda r: find("gaussian_process.kernels.Matern")([3.0, 2.0, 5.0, 8.0], nu=[0.5, 1.5, 2.5, np.inf, 3.2][r.randint(5)])), F(lambda r: 2.0 * find("gaussian_process.kernels.RationalQuadratic")(3.0, 0.5) + find("gaussian_process.kernels.DotProduct")(2.0) ** 2)]
for k in GPK2:
    S("gaussian_process.GaussianProcessRegressor", "std reg|std reg3", _n=24, kernel=k, alpha=[1e-10, 0.1], normalize_y=[False, True], optimizer=[None, "fmin_l_bfgs_b"])
    S("gaussian_process.GaussianProcessClassifier", "std bin.str|std multi", _n=24, kernel=k, multi_class=["one_vs_rest", "one_vs_one"], optimizer=[None, "fmin_l_bfgs_b"])
for name in ("svm.SVR", "svm.OneClassSVM"):
    S(name, "pos reg" if "One" not in name else "pos", kernel=F(lambda r: find("metrics.pairwise." + ["chi2_kernel", "laplacian_kernel", "cosine_similarity", "additive_chi2_kernel", "linear_kernel"][r.randint(5)])), gamma=0.1)
S("kernel_approximation.Nystroem", "pos", kernel=["chi2", "additive_chi2", "laplacian"], n_components=5, gamma=[None, 0.1])
S("decomposition.KernelPCA", "std", n_components=2, kernel=["rbf", "poly", "laplacian", "cosine"], kernel_params=None, eigen_solver=["auto", "dense", "arpack", "randomized"], fit_inverse_transform=[True, False])
S("feature_extraction.text.CountVectorizer", "text2|text2|text2", **words)
S("feature_extraction.text.TfidfVectorizer", "text2|text2", **words)
S("feature_extraction.text.HashingVectorizer", "text2|text2", n_features=32, alternate_sign=[True, False], analyzer=["word", "char", "char_wb"], ngram_range=[(1, 1), (1, 2)], strip_accents=[None, "unicode", "ascii"], lowercase=[True, False])
S("feature_extraction.text.CountVectorizer", "text|text2", vocabulary=[("cat", "dog", u"naïve", "the")], tokenizer=None, stop_words=[None, "english"], token_pattern=[u"[a-z]+", u"(\\w)\\w+", u"\\S+"])
for kind in ("catnone", "catnan", "new", "floats", "cat"):
    S("preprocessing.OneHotEncoder", kind, handle_unknown=["ignore", "error", "infrequent_if_exist", "warn"], sparse_output=[True, False], drop=[None, "first", "if_binary"], min_frequency=[None, 5, 0.2], max_categories=[None, 3], categories="auto", dtype=[np.float64, np.int32])
    S("preprocessing.OrdinalEncoder", kind, handle_unknown="use_encoded_value", unknown_value=[-1, np.nan], encoded_missing_value=[np.nan, -2], min_frequency=[None, 5, 0.2], max_categories=[None, 3], dtype=np.float64)
    S("preprocessing.TargetEncoder", kind + " bin|" + kind + " reg|" + kind + " multi.str", smooth=["auto", 5.0], cv=2)
    S("impute.SimpleImputer", kind, strategy=["most_frequent", "constant"], missing_values=None if kind == "catnone" else np.nan, fill_value=[None, u"none"], add_indicator=[False, True])
S("impute.SimpleImputer", "csrnan", strategy=["mean", "median", "most_frequent", "constant"], add_indicator=[False, True])
S("impute.SimpleImputer", "catint|counts", missing_values=[0, 1], strategy=["mean", "median", "most_frequent", "constant"], add_indicator=[False, True])
S("impute.MissingIndicator", "csrnan", features=["missing-only", "all"], sparse=["auto", True, False], error_on_new=[True, False])
S("preprocessing.Imputer", "csrnan", strategy=["mean", "median", "most_frequent"])
for name in ("MaxAbsScaler", "StandardScaler", "RobustScaler"):
    S("preprocessing." + name, "csrnan", with_mean=False, with_centering=False)
S("preprocessing.KBinsDiscretizer", "grid|counts|twin", n_bins=[2, 3, 6], encode=["onehot", "ordinal", "onehot-dense"], strategy=["uniform", "quantile", "kmeans"], dtype=[None, np.float32], quantile_method=["linear", "averaged_inverted_cdf"])
S("preprocessing.PolynomialFeatures", "csr|num", degree=[2, 3, (1, 2), (2, 3), (0, 2)], interaction_only=[False, True], include_bias=[True, False], order=["C", "F"])
S("random_projection.GaussianRandomProjection", "num", n_components=3, compute_inverse_components=[True, False])
S("random_projection.SparseRandomProjection", "num", n_components=3, compute_inverse_components=[True, False])
S("cluster.Birch", "grid|csr", n_clusters=[None, 3], threshold=[0.5, 1.0])
S("cluster.KMeans", "grid|twin", n_clusters=[2, 5], n_init=1, algorithm=["auto", "full", "elkan", "lloyd"])
S("isotonic.IsotonicRegression", "flat bin|flat regpos", increasing=[True, False, "auto"], out_of_bounds=["nan", "clip"])
S("dummy.DummyClassifier", "num mo|num ml|csr multi", strategy=["prior", "most_frequent", "stratified", "uniform"])
S("semi_supervised.LabelPropagation", "grid semi", kernel=["rbf", "knn"], gamma=[20, 0.5], n_neighbors=[4, 7], max_iter=30)
for kind in ("grid", "bits", "csrbits"):  # searches by brute force whose distances are equal
    S("neighbors.NearestNeighbors", kind + "|" + kind, _n=60, _p=6, n_neighbors=[2, 5, 12, 19], algorithm="brute", metric=["euclidean", "manhattan"])
    S("neighbors.KNeighborsClassifier", kind + " multi.str", _n=60, _p=6, n_neighbors=[3, 5, 12], algorithm="brute", weights=["uniform", "distance"])
    S("neighbors.KNeighborsRegressor", kind + " reg", _n=60, _p=6, n_neighbors=[3, 5, 12], algorithm="brute")
TRANSFORMS = Any(SS, E("preprocessing.MinMaxScaler"), E("preprocessing.RobustScaler"), E("preprocessing.MaxAbsScaler"), E("preprocessing.Normalizer", norm=["l1", "l2"]), E("preprocessing.PolynomialFeatures", degree=2, interaction_only=[True, False]),
                 E("decomposition.PCA", n_components=[2, 3], whiten=[True, False]), E("decomposition.TruncatedSVD", n_components=2), E("preprocessing.QuantileTransformer", n_quantiles=10), E("preprocessing.PowerTransformer"), E("preprocessing.KBinsDiscretizer", n_bins=3),
                 E("kernel_approximation.RBFSampler", n_components=6, gamma=0.1), E("kernel_approximation.Nystroem", n_components=5, gamma=0.1), E("feature_selection.VarianceThreshold"), E("feature_selection.SelectKBest", k=2), E("cluster.KMeans", n_clusters=3, n_init=1),
                 E("decomposition.FastICA", n_components=2, max_iter=50), E("decomposition.FactorAnalysis", n_components=2), E("preprocessing.Binarizer", threshold=0.3), E("random_projection.GaussianRandomProjection", n_components=3), E("decomposition.KernelPCA", n_components=2, kernel="rbf", gamma=0.1),
                 E("feature_selection.SelectFromModel", estimator=E("ensemble.RandomForestClassifier", n_estimators=3)), E("feature_selection.RFE", estimator=E("linear_model.LogisticRegression"), n_features_to_select=3), E("preprocessing.SplineTransformer", n_knots=3),
                 E("discriminant_analysis.LinearDiscriminantAnalysis"), E("ensemble.RandomTreesEmbedding", n_estimators=3, max_depth=2), E("preprocessing.FunctionTransformer", func=F(lambda r: np.abs), validate=True))
UNION = E("pipeline.FeatureUnion", transformer_list=[("a", TRANSFORMS), ("b", TRANSFORMS)], transformer_weights=[None, {"a": 2.0}])
PICKED = E("compose.ColumnTransformer", transformers=[("a", Any(SS, E("preprocessing.MinMaxScaler"), E("preprocessing.KBinsDiscretizer", n_bins=3)), (0, 1)), ("b", Any("passthrough", "drop", E("decomposition.PCA", n_components=1)), [2, 3])], remainder=["drop", "passthrough"], sparse_threshold=[0.3, 0.0])
CLASSIFIES = Any(LR, DT, E("ensemble.RandomForestClassifier", n_estimators=3, max_depth=[2, None]), E("ensemble.ExtraTreesClassifier", n_estimators=3, max_depth=3), E("ensemble.GradientBoostingClassifier", n_estimators=3), E("ensemble.HistGradientBoostingClassifier", max_iter=3, min_samples_leaf=5),
                 E("ensemble.AdaBoostClassifier", n_estimators=3, algorithm=["SAMME", "SAMME.R"]), E("ensemble.BaggingClassifier", n_estimators=3), E("svm.SVC", gamma=0.1, probability=[True, False], decision_function_shape=["ovo", "ovr"]), E("svm.NuSVC", nu=0.2, gamma=0.1), E("svm.LinearSVC"),
                 E("neighbors.KNeighborsClassifier", n_neighbors=3, weights=["uniform", "distance"]), E("naive_bayes.GaussianNB"), E("naive_bayes.BernoulliNB"), E("linear_model.SGDClassifier", max_iter=20, loss=["log", "hinge", "log_loss", "modified_huber"]), E("linear_model.RidgeClassifier"), E("linear_model.Perceptron", max_iter=20),
                 E("linear_model.PassiveAggressiveClassifier", max_iter=20), E("discriminant_analysis.LinearDiscriminantAnalysis", solver=["svd", "lsqr"]), E("discriminant_analysis.QuadraticDiscriminantAnalysis", reg_param=0.1), E("neural_network.MLPClassifier", hidden_layer_sizes=(4,), max_iter=10),
                 E("gaussian_process.GaussianProcessClassifier", optimizer=None), E("neighbors.NearestCentroid"), E("linear_model.LogisticRegressionCV", Cs=2, cv=2), E("dummy.DummyClassifier", strategy="prior"), E("calibration.CalibratedClassifierCV", estimator=E("svm.LinearSVC"), cv=2))
for loss in (["deviance", "log_loss"], "exponential"):
    S("ensemble.GradientBoostingClassifier", "std bin.str|std multi|num bin", n_estimators=[2, 4], loss=loss, init=CLASSIFIES)
REGRESSES = Any(E("linear_model.LinearRegression"), E("linear_model.Ridge"), E("linear_model.Lasso", alpha=0.1), DTR, E("ensemble.RandomForestRegressor", n_estimators=3), E("ensemble.GradientBoostingRegressor", n_estimators=3, loss=["ls", "lad", "huber", "squared_error"]), E("ensemble.HistGradientBoostingRegressor", max_iter=3, min_samples_leaf=5),
                E("ensemble.AdaBoostRegressor", n_estimators=3), E("ensemble.BaggingRegressor", n_estimators=3), E("svm.SVR", gamma=0.1), E("svm.LinearSVR"), E("neighbors.KNeighborsRegressor", n_neighbors=3), E("linear_model.SGDRegressor", max_iter=20), E("linear_model.HuberRegressor"), E("neural_network.MLPRegressor", hidden_layer_sizes=(4,), max_iter=10),
                E("kernel_ridge.KernelRidge", kernel="rbf", gamma=0.1), E("gaussian_process.GaussianProcessRegressor", alpha=0.1), E("cross_decomposition.PLSRegression", n_components=2), E("linear_model.BayesianRidge"), E("linear_model.ARDRegression"), E("linear_model.TheilSenRegressor", max_subpopulation=100), E("dummy.DummyRegressor"))
S("ensemble.GradientBoostingRegressor", "std reg|num reg|std regpos", n_estimators=[2, 4], loss=["lad", "huber", "quantile", "absolute_error", "ls", "squared_error"], init=REGRESSES)
THREE = "std bin.str|std multi|std five.odd"
INNER = E("pipeline.Pipeline", steps=[("t", TRANSFORMS), ("m", CLASSIFIES)])
for before in (TRANSFORMS, UNION, PICKED, E("pipeline.Pipeline", steps=[("p", TRANSFORMS), ("q", TRANSFORMS)])):
    S("pipeline.Pipeline", THREE, steps=[("a", before), ("b", TRANSFORMS), ("m", CLASSIFIES)])
    S("pipeline.Pipeline", "std reg|std reg", steps=[("a", before), ("m", REGRESSES)])
    S("pipeline.Pipeline", "std multi", steps=[("a", before), ("b", UNION)])
for module in ("grid_search", "model_selection"):
    S(module + ".GridSearchCV", THREE, estimator=E("pipeline.Pipeline", steps=[("t", TRANSFORMS), ("k", E("feature_selection.SelectKBest", k=1)), ("m", CLASSIFIES)]), param_grid={"k__k": (1,)}, cv=2)
S("ensemble.VotingClassifier", THREE, estimators=[("a", INNER), ("b", CLASSIFIES), ("c", CLASSIFIES)], voting=["hard", "soft"], weights=[None, [2, 1, 0.5]])
S("ensemble.VotingRegressor", "std reg|std reg", estimators=[("a", REGRESSES), ("b", REGRESSES)])
S("ensemble.StackingClassifier", THREE, estimators=[("a", INNER), ("b", CLASSIFIES)], final_estimator=[None, CLASSIFIES], cv=2, passthrough=[False, True])
S("ensemble.StackingRegressor", "std reg|std reg", estimators=[("a", REGRESSES), ("b", REGRESSES)], final_estimator=[None, REGRESSES], cv=2, passthrough=[False, True])
for e in (INNER, CLASSIFIES):
    S("multiclass.OneVsRestClassifier", THREE + "|std ml", estimator=e)
    S("multiclass.OneVsOneClassifier", THREE, estimator=e)
    S("multiclass.OutputCodeClassifier", THREE, estimator=e)
    S("calibration.CalibratedClassifierCV", THREE, estimator=e, method=["sigmoid", "isotonic"], cv=2, ensemble=[True, False])
    S("ensemble.BaggingClassifier", THREE, estimator=e, n_estimators=2, max_features=[1.0, 3], max_samples=[1.0, 0.8])
    S("multioutput.MultiOutputClassifier", "std mo|std ml", estimator=e)
    S("multioutput.ClassifierChain", "std ml", estimator=e, chain_method=["predict", "predict_proba", "decision_function"], order=[None, [2, 0, 1]])
    S("semi_supervised.SelfTrainingClassifier", "std semi", estimator=e)
S("multioutput.MultiOutputRegressor", "std reg3", estimator=REGRESSES)
S("ensemble.BaggingRegressor", "std reg", estimator=REGRESSES, n_estimators=2)
S("ensemble.AdaBoostRegressor", "std reg", estimator=REGRESSES, n_estimators=3)
S("linear_model.RANSACRegressor", "std reg", estimator=REGRESSES, min_samples=0.5)
S("compose.TransformedTargetRegressor", "std reg|std reg3", regressor=REGRESSES, transformer=Any(E("preprocessing.StandardScaler"), E("preprocessing.QuantileTransformer", n_quantiles=10), E("preprocessing.PowerTransformer"), E("preprocessing.MinMaxScaler")))
DEEP = E("pipeline.Pipeline", steps=[("u", UNION), ("v", E("ensemble.VotingClassifier", estimators=[("a", INNER), ("b", E("calibration.CalibratedClassifierCV", estimator=CLASSIFIES, cv=2))]))])
S("pipeline.Pipeline", THREE, steps=[("p", PICKED), ("m", E("multiclass.OneVsRestClassifier", estimator=INNER))])
S("model_selection.GridSearchCV", THREE, estimator=DEEP, param_grid={"v__voting": ("hard",)}, cv=2)
TABLE = E("compose.ColumnTransformer", transformers=[("num", E("pipeline.Pipeline", steps=[("fill", E("impute.SimpleImputer", strategy=["mean", "median"])), ("scale", TRANSFORMS)]), ["age", "fare"]), ("cat", E("preprocessing.OneHotEncoder", handle_unknown="ignore"), ["sex", "port"])], remainder=["drop", "passthrough"], sparse_threshold=[0.3, 0.0, 1.0])
for last in (CLASSIFIES, CLASSIFIES, E("calibration.CalibratedClassifierCV", estimator=CLASSIFIES, cv=2), E("ensemble.VotingClassifier", estimators=[("a", CLASSIFIES), ("b", CLASSIFIES)])):
    S("pipeline.Pipeline", "mixed bin.str|mixed multi", steps=[("prep", TABLE), ("m", last)])
S("pipeline.Pipeline", "mixed reg", steps=[("prep", TABLE), ("m", REGRESSES)])
KEYS = Any([("num", num, ["age", "fare"]), ("cat", one, ["sex", "port"])], [("num", num, [2, 3]), ("cat", one, [1, 4])], [("num", num, [-3, -2]), ("cat", one, [1])], [("num", num, slice(-3, -1))], [("num", num, slice(2, 4)), ("cat", one, ["port"])],
           [("num", num, np.array([False, False, True, True, False])), ("cat", one, [False, True, False, False, True])], [("num", num, slice("age", "fare")), ("cat", "drop", ["sex"])], [("cat", one, ["sex"]), ("words", E("feature_extraction.text.CountVectorizer"), "port")], [("num", num, [0, 2, 3]), ("rest", "drop", [1, 4])])
S("compose.ColumnTransformer", "|".join(["mixed"] * 6), transformers=KEYS, remainder=["drop", "passthrough"])
for last in (LR, DT):
    S("pipeline.Pipeline", "mixed bin.str", steps=[("prep", E("compose.ColumnTransformer", transformers=[("num", num, ["age", "fare"]), ("cat", one, ["sex", "port"])], remainder=["drop", "passthrough"])), ("m", last)])
BINS = E("preprocessing.KBinsDiscretizer", n_bins=[2, 3])
for e in (E("neighbors.NearestCentroid"), E("feature_extraction.text.TfidfTransformer", sublinear_tf=[True, False]), E("kernel_approximation.AdditiveChi2Sampler"), E("impute.SimpleImputer"), E("preprocessing.Normalizer", norm=["l1", "max"]), E("preprocessing.Binarizer"), E("preprocessing.PolynomialFeatures", degree=2),
          E("preprocessing.QuantileTransformer", n_quantiles=5), E("random_projection.SparseRandomProjection", n_components=3), E("neighbors.KNeighborsTransformer", n_neighbors=3), E("preprocessing.MaxAbsScaler"), E("preprocessing.StandardScaler", with_mean=False), E("preprocessing.RobustScaler", with_centering=False),
          E("ensemble.StackingClassifier", estimators=[("a", LR), ("b", DT)], cv=2, passthrough=True), E("impute.MissingIndicator", features="all", error_on_new=False), E("pipeline.FeatureUnion", transformer_list=[("a", E("preprocessing.MaxAbsScaler")), ("b", E("decomposition.TruncatedSVD", n_components=2))]), CLASSIFIES):
    S("pipeline.Pipeline", "std multi", steps=[("t", BINS), ("m", e)])


# ── small models of rungs, committed ─────────────────────────────────────────────────────────────────────────────

# (releases, fixture, path, tags, parameters): what that release stores or computes otherwise than the newest.
FIXTURES = [
    ("0.17.1", "LinearDiscriminantAnalysis-components", "discriminant_analysis.LinearDiscriminantAnalysis", "num bin", dict(solver="eigen", n_components=2)),
    ("0.17.1", "LDA", "lda.LDA", "num multi", {}),
    ("0.17.1", "PCA-whiten", "decomposition.PCA", "num", dict(n_components=2, whiten=True)),
    ("0.17.1", "LatentDirichletAllocation", "decomposition.LatentDirichletAllocation", "counts", dict(n_components=2, max_iter=3)),
    ("0.17.1", "RidgeClassifier-multilabel", "linear_model.RidgeClassifier", "num ml", {}),
    ("0.17.1", "NuSVC-ovr", "svm.NuSVC", "std multi", dict(decision_function_shape="ovr", nu=0.3)),
    ("0.17.1", "OneVsRestClassifier", "multiclass.OneVsRestClassifier", "num multi.str", dict(estimator=E("linear_model.LogisticRegression"))),
    ("0.18.2", "IsolationForest", "ensemble.IsolationForest", "num", dict(n_estimators=2)),
    ("0.18.2", "EllipticEnvelope", "covariance.EllipticEnvelope", "num", {}),
    ("0.18.2", "LogisticRegression-selects", "linear_model.LogisticRegression", "num bin.str", {}),
    ("0.18.2", "GradientBoostingRegressor-selects", "ensemble.GradientBoostingRegressor", "num reg", dict(n_estimators=2, max_depth=2)),
    ("0.18.2", "SVR-decides", "svm.SVR", "std reg", {}),
    ("0.18.2", "CountVectorizer-ascii", "feature_extraction.text.CountVectorizer", "text", dict(token_pattern=u"\\w+")),
    ("0.18.2", "SparseCoder", "decomposition.SparseCoder", "num", dict(dictionary=F(lambda r: r.randn(4, 4)), transform_algorithm="omp", transform_n_nonzero_coefs=2)),
    ("0.18.2", "OneVsOneClassifier-binary", "multiclass.OneVsOneClassifier", "num bin", dict(estimator=E("linear_model.LogisticRegression"))),
    ("0.18.2", "RandomizedLasso", "linear_model.RandomizedLasso", "num reg", dict(n_resampling=5)),
    ("0.18.2", "FeatureUnion-none", "pipeline.FeatureUnion", "num", dict(transformer_list=[("a", E("preprocessing.StandardScaler")), ("n", None)])),
    ("0.18.2", "LabelEncoder-str", "preprocessing.LabelEncoder", "labels multi.str", {}),
    ("0.20.0", "PowerTransformer-narrow", "preprocessing.PowerTransformer", "unit", {}),
    ("0.20.0", "QuantileTransformer-unsorted", "preprocessing.QuantileTransformer", "pos", dict(n_quantiles=50)),
    ("0.20.0", "KNeighborsRegressor-braycurtis", "neighbors.KNeighborsRegressor", "num reg", dict(metric="braycurtis", algorithm="brute")),
    ("0.20.0", "Imputer-median", "preprocessing.Imputer", "nan", dict(axis=1, strategy="median")),
    ("0.20.0", "KBinsDiscretizer", "preprocessing.KBinsDiscretizer", "num", dict(n_bins=3, encode="onehot-dense")),
    ("0.20.0", "MiniBatchDictionaryLearning-alpha", "decomposition.MiniBatchDictionaryLearning", "num", dict(n_components=3, n_iter=5, alpha=0.2, transform_algorithm="lasso_lars")),
    ("0.20.4", "Normalizer-signed", "preprocessing.Normalizer", "num", dict(norm="max")),
    ("0.20.4", "SparsePCA-norm", "decomposition.SparsePCA", "num", dict(n_components=2, max_iter=5)),
    ("0.20.4", "NMF-alpha", "decomposition.NMF", "pos", dict(n_components=2, init="nndsvd", alpha=0.1, l1_ratio=0.5, max_iter=50)),
    ("0.20.4", "GaussianMixture", "mixture.GaussianMixture", "num", dict(n_components=2, max_iter=5)),
    ("0.20.4", "RadiusNeighborsClassifier", "neighbors.RadiusNeighborsClassifier", "std multi.str", dict(radius=3.0)),
    ("0.20.4", "NearestCentroid-cosine", "neighbors.NearestCentroid", "num multi", dict(metric="cosine")),
    ("0.21.3", "HistGradientBoostingClassifier", "ensemble.HistGradientBoostingClassifier", "num multi", dict(max_iter=2, max_leaf_nodes=4, min_samples_leaf=5)),
    ("0.21.3", "IterativeImputer", "impute.IterativeImputer", "nan", dict(max_iter=2)),
    ("0.17.1", "DictionaryLearning-single", "decomposition.DictionaryLearning", "single", dict(n_components=2, max_iter=3, transform_algorithm="lasso_cd", transform_alpha=0.3)),
    ("0.23.2", "DictionaryLearning-single", "decomposition.DictionaryLearning", "single", dict(n_components=2, max_iter=3, transform_algorithm="lasso_cd", transform_alpha=0.3)),
    ("1.7.0", "DictionaryLearning-single", "decomposition.DictionaryLearning", "single", dict(n_components=2, max_iter=3, transform_algorithm="lasso_cd", transform_alpha=0.3)),
    ("0.23.2", "IsolationForest-single", "ensemble.IsolationForest", "num", dict(n_estimators=2, max_samples=1)),
    ("0.23.2", "OneClassSVM-frame", "svm.OneClassSVM", "frame", dict(kernel=F(lambda r: find("metrics.pairwise.laplacian_kernel")))),
    ("1.7.0", "OneHotEncoder-warn", "preprocessing.OneHotEncoder", "new", dict(handle_unknown="warn", min_frequency=6)),
    ("1.2.0", "SelectFromModel-pls", "feature_selection.SelectFromModel", "num reg3", dict(estimator=E("cross_decomposition.PLSRegression", n_components=2))),
    ("1.7.0", "SelectFromModel-elastic", "feature_selection.SelectFromModel", "num reg3", dict(estimator=E("linear_model.MultiTaskElasticNet", alpha=0.01, l1_ratio=1.0))),
    ("1.2.0", "SelectFromModel-elastic", "feature_selection.SelectFromModel", "num reg3", dict(estimator=E("linear_model.MultiTaskElasticNet", alpha=0.01, l1_ratio=1.0))),
    ("1.1.0", "SelectFromModel-elastic", "feature_selection.SelectFromModel", "num reg", dict(estimator=E("linear_model.ElasticNet", alpha=0.01, l1_ratio=1.0))),
    ("1.4.2", "HistGradientBoostingClassifier-tie211", "ensemble.HistGradientBoostingClassifier", "bits multi", dict(max_iter=2, max_leaf_nodes=4, min_samples_leaf=4)),
    ("0.23.2", "NearestNeighbors-grid", "neighbors.NearestNeighbors", "grid", dict(n_neighbors=16, algorithm="kd_tree", leaf_size=4)),
    ("0.23.2", "KernelPCA-inverse", "decomposition.KernelPCA", "std", dict(n_components=2, kernel="rbf", fit_inverse_transform=True)),
    ("1.2.0", "OneHotEncoder-drop", "preprocessing.OneHotEncoder", "catint", dict(drop="first")),
    ("1.7.0", "GaussianMixture-whole", "mixture.GaussianMixture", "num", dict(n_components=2, max_iter=5)),
    ("1.7.0", "MiniBatchDictionaryLearning-loose", "decomposition.MiniBatchDictionaryLearning", "num", dict(n_components=3, max_iter=5, transform_algorithm="lasso_cd", transform_alpha=0.3)),
    ("1.3.0", "NearestNeighbors-grid", "neighbors.NearestNeighbors", "grid", dict(n_neighbors=16, algorithm="ball_tree", leaf_size=4)),
    ("1.3.0", "AdaBoostClassifier-samme", "ensemble.AdaBoostClassifier", "num multi", dict(n_estimators=3, algorithm="SAMME")),
    ("0.18.2", "GMM", "mixture.GMM", "num", dict(n_components=2, covariance_type="full")),
    ("0.18.2", "GMM-diag", "mixture.GMM", "num", dict(n_components=2, covariance_type="diag")),
    ("0.18.2", "DPGMM", "mixture.DPGMM", "num", dict(n_components=2, covariance_type="diag")),
    ("0.18.2", "DPGMM-full", "mixture.DPGMM", "std", dict(n_components=2, covariance_type="full")),
    ("0.18.2", "VBGMM", "mixture.VBGMM", "num", dict(n_components=2, covariance_type="tied")),
    ("0.18.2", "Nystroem-chi2", "kernel_approximation.Nystroem", "pos", dict(kernel="chi2", n_components=3, gamma=0.1)),
    ("0.17.1", "KernelRidge-chi2", "kernel_ridge.KernelRidge", "pos reg", dict(kernel="chi2", gamma=0.1)),
    ("0.18.2", "KernelPCA-chi2", "decomposition.KernelPCA", "pos", dict(kernel="chi2", gamma=0.1, n_components=2)),
    ("0.18.2", "GaussianProcessRegressor-chi2", "gaussian_process.GaussianProcessRegressor", "pos reg", dict(kernel=F(lambda r: find("gaussian_process.kernels.PairwiseKernel")(gamma=0.1, metric="chi2")), alpha=0.1, optimizer=None)),
    ("0.18.2", "RobustScaler-refused", "preprocessing.RobustScaler", "num", {}),
    ("0.23.2", "OneHotEncoder-refused", "preprocessing.OneHotEncoder", "floats", dict(handle_unknown="ignore")),
    ("1.3.0", "ExtraTreeClassifier-best", "tree.ExtraTreeClassifier", "nan multi", dict(splitter="best", max_depth=3)),
    ("1.1.0", "HistGradientBoostingClassifier-codes", "ensemble.HistGradientBoostingClassifier", "codes bin.str", dict(categorical_features=[0, 2], max_iter=2, min_samples_leaf=3, max_bins=95)),
    ("1.3.0", "HistGradientBoostingRegressor-codes", "ensemble.HistGradientBoostingRegressor", "codes reg", dict(categorical_features=[2], max_iter=2, min_samples_leaf=3, max_bins=95)),
    ("0.21.3", "DictVectorizer-last", "feature_extraction.DictVectorizer", "twice", dict(sparse=False)),
    ("1.1.0", "DictVectorizer-sum", "feature_extraction.DictVectorizer", "twice", dict(sparse=False)),
    ("0.23.2", "PCA-refused", "decomposition.PCA", "few", {}),
    ("1.3.0", "PCA-refused", "decomposition.PCA", "few", {}),
    ("0.21.3", "PolynomialFeatures", "preprocessing.PolynomialFeatures", "num", dict(degree=3)),
    ("0.21.3", "OneVsOneClassifier-half", "multiclass.OneVsOneClassifier", "num bin.str", dict(estimator=E("naive_bayes.GaussianNB"))),
    ("1.3.0", "SplineTransformer-narrow", "preprocessing.SplineTransformer", "num", {}),
    ("0.20.4", "RadiusNeighborsClassifier-outlier", "neighbors.RadiusNeighborsClassifier", "std multi.str", dict(radius=0.6, outlier_label="most_frequent")),
    ("0.23.2", "NearestNeighbors-brute", "neighbors.NearestNeighbors", "grid", dict(n_neighbors=19, algorithm="brute")),
    ("1.3.0", "NearestNeighbors-brute", "neighbors.NearestNeighbors", "grid", dict(n_neighbors=14, algorithm="brute")),
    ("1.2.0", "QuantileTransformer-ends", "preprocessing.QuantileTransformer", "std", dict(n_quantiles=20)),
    ("0.20.4", "KNeighborsClassifier-wminkowski", "neighbors.KNeighborsClassifier", "num multi", dict(n_neighbors=3, algorithm="brute", metric="wminkowski", p=3, metric_params={"w": np.array([0.5, 1.0, 2.0, 0.25])})),
    ("0.21.3", "HistGradientBoostingClassifier-single", "ensemble.HistGradientBoostingClassifier", "num bin.str", dict(loss="categorical_crossentropy", max_iter=2, max_leaf_nodes=4, min_samples_leaf=5)),
    ("0.20.0", "OneHotEncoder-legacy", "preprocessing.OneHotEncoder", "catint", {}),
    ("0.17.1", "GaussianProcess", "gaussian_process.GaussianProcess", "num reg3", dict(regr="quadratic", corr="cubic", theta0=0.1, nugget=0.01, storage_mode="light")),
    ("0.18.2", "GaussianProcess-generalized", "gaussian_process.GaussianProcess", "std reg", dict(corr="generalized_exponential", theta0=(0.1, 0.02, 0.3, 0.05, 1.5), nugget=0.01, storage_mode="light")),
    ("0.17.1", "ProjectedGradientNMF", "decomposition.ProjectedGradientNMF", "pos", dict(n_components=2, sparseness="data")),
    ("0.18.2", "NMF-pg", "decomposition.NMF", "pos", dict(n_components=2, solver="pg", alpha=0.1, l1_ratio=0.5, sparseness="components")),
    ("0.18.2", "RandomizedPCA-whiten", "decomposition.RandomizedPCA", "num", dict(n_components=2, whiten=True)),
    ("0.18.2", "GaussianProcessRegressor-short", "gaussian_process.GaussianProcessRegressor", "num reg", dict(kernel=E("gaussian_process.kernels.Matern", length_scale=1e-4, nu=1.5), alpha=0.1, optimizer=None)),
    ("0.20.0", "SparseCoder-positive", "decomposition.SparseCoder", "num", dict(dictionary=F(lambda r: r.randn(5, 4)), transform_algorithm="lars", transform_n_nonzero_coefs=2, positive_code=True)),
    ("0.20.0", "ColumnTransformer-names", "compose.ColumnTransformer", "mixed", dict(transformers=[("cat", one, ["sex", "port"]), ("num", num, ["age"])], remainder="drop")),
    ("0.20.0", "ColumnTransformer-rest", "compose.ColumnTransformer", "mixed", dict(transformers=[("cat", one, ["sex", "port"])], remainder=num)),
    ("0.23.2", "PCA-single", "decomposition.PCA", "single", dict(n_components=2)),
    ("1.1.0", "OrdinalEncoder-nan-refused", "preprocessing.OrdinalEncoder", "new", dict(handle_unknown="use_encoded_value", unknown_value=float("nan"))),
    ("0.24.2", "Pipeline-bins", "pipeline.Pipeline", "std multi.str", dict(steps=[("t", E("preprocessing.KBinsDiscretizer", n_bins=3)), ("m", E("neighbors.NearestCentroid"))])),
    ("1.7.0", "Pipeline-bins", "pipeline.Pipeline", "std", dict(steps=[("t", E("preprocessing.KBinsDiscretizer", n_bins=3)), ("m", E("random_projection.SparseRandomProjection", n_components=2))])),
    ("0.23.2", "Pipeline-bins", "pipeline.Pipeline", "std", dict(steps=[("t", E("preprocessing.KBinsDiscretizer", n_bins=3)), ("m", E("kernel_approximation.AdditiveChi2Sampler"))])),
    ("0.20.0", "ColumnTransformer-keys-refused", "compose.ColumnTransformer", "mixed", dict(transformers=[("cat", one, ["sex", "port"]), ("num", num, [-2])], remainder="passthrough")),
    ("0.20.4", "ColumnTransformer-keys-refused", "compose.ColumnTransformer", "mixed", dict(transformers=[("cat", one, ["sex", "port"]), ("num", num, [-2])], remainder="passthrough")),
    ("0.21.3", "ColumnTransformer-keys-refused", "compose.ColumnTransformer", "mixed", dict(transformers=[("cat", one, ["sex", "port"]), ("num", num, [-2])], remainder="passthrough")),
    ("0.23.2", "ColumnTransformer-keys-refused", "compose.ColumnTransformer", "mixed", dict(transformers=[("cat", one, ["sex", "port"]), ("num", num, [-2])], remainder="passthrough")),
    ("0.24.2", "ColumnTransformer-keys-refused", "compose.ColumnTransformer", "mixed", dict(transformers=[("cat", one, ["sex", "port"]), ("num", num, [-2])], remainder="passthrough")),
]


def fixtures(out):
    done = 0
    for release, name, path, tags, params in FIXTURES:
        if release == sklearn.__version__:
            LINES.append((path, tags, 24, 4, params))
            _, error = one(20261124, len(LINES) - 1, 0, out, name)
            if error:
                raise SystemExit("%s: %s" % (name, error))
            done += 1
    print("scikit-learn %s: %d fixtures" % (sklearn.__version__, done))


# ── fitting, dumping, recording ──────────────────────────────────────────────────────────────────────────────────


def fit(est, X, y, r):
    params = est.get_params(deep=False) if hasattr(est, "get_params") else {}
    kw = {}
    if y is not None and r.rand() < 0.25:
        kw = {"sample_weight": r.randint(1, 4, len(y)).astype(float)}
    if y is None:
        est.fit(X)
    else:
        try:
            est.fit(X, y, **kw)
        except (TypeError, ValueError):
            est.fit(X, y)
    if params.get("warm_start") and "n_estimators" in params and y is not None:
        est.set_params(n_estimators=params["n_estimators"] + 2)
        est.fit(X, y)
    return est


FORMS = ["pickle%d" % i for i in range(min(pickle.HIGHEST_PROTOCOL, 4) + 1)] + ["joblib", "joblib3", "joblib9", "joblib"]


def dump(est, path, form):
    """Writes the model and returns the name of its file."""
    if form.startswith("joblib"):
        for f in os.listdir(os.path.dirname(path)):
            if f.startswith(os.path.basename(path) + ".pkl"):
                os.remove(os.path.join(os.path.dirname(path), f))
        joblib.dump(est, path + ".pkl", compress=int(form[6:] or 0))
    else:
        with open(path + ".pkl", "wb") as f:
            pickle.dump(est, f, protocol=int(form[-1]))
    return os.path.basename(path + ".pkl")


def call(est, method, X):
    if method == "predict_std":
        return [np.asarray(v) for v in est.predict(X, return_std=True)]
    if type(est).__name__ == "DictVectorizer" and method == "inverse_transform":
        return est.inverse_transform(X, dict_type=collections.OrderedDict)
    out = getattr(est, method)(X)
    if method == "score_samples":
        return list(out) if isinstance(out, tuple) else np.atleast_1d(out)
    if type(est).__name__.endswith("SparsePCA") and method == "transform" and out.ndim == 1:
        return out.reshape(1, -1)  # scikit-learn drops the axis of a single row
    if method.startswith("staged_"):
        return np.stack(list(out), axis=1) if hasattr(np, "stack") else np.array(list(out)).swapaxes(0, 1)
    if method == "radius_neighbors":
        order = [np.lexsort((i, d)) for d, i in zip(*out)]
        return Ragged([d[o] for d, o in zip(out[0], order)], [i[o] for i, o in zip(out[1], order)])
    if method == "kneighbors" or method == "decision_path" and isinstance(out, tuple):
        return list(out)
    return out


def has(est, method):
    try:
        if method == "predict_std":
            code = getattr(getattr(type(est), "predict", None), "__code__", None)
            return code is not None and "return_std" in code.co_varnames
        return callable(getattr(est, method, None))
    except Exception:
        return False


def given(X, kind, at):
    """The rows to fit on as somebody else would hand them over: in single precision, by columns, as a frame."""
    r = np.random.RandomState(at % (1 << 31))
    draw = r.rand()
    if not isinstance(X, np.ndarray) or X.ndim != 2 or X.dtype != np.float64 or kind in ("kernel", "dist"):
        return X
    if kind == "single" or draw < 0.15 and kind != "frame":
        return X.astype(np.float32)
    if kind != "frame" and draw < 0.25:
        return np.asfortranarray(X)
    if (kind == "frame" or draw < 0.35) and pd is not None:
        return pd.DataFrame(X, columns=["c%d" % i for i in range(X.shape[1])])
    return X


def record(est, kind, new, coarse, more=None):
    """The inputs and outputs of a case as JSON text. coarse: fitted in single precision. more: a generator that draws further
    rows; what the release refuses is recorded then, too."""
    methods = [m for m in METHODS if has(est, m)]
    inputs, outputs = [], []
    largest = {}
    for key, X in variants(new, kind) + (further(more, new, kind) if more else []):
        used, loose = False, {}
        rows_before = value(X)
        jobs = [(m, key, X) for m in methods if key == "rows" or not m.startswith("staged")]
        if key == "rows" and has(est, "inverse_transform") and "transform" in methods:
            try:
                jobs.append(("inverse_transform", "inverse", est.transform(X)))
            except Exception:
                pass
        for method, at, Z in jobs:
            if method == "radius_neighbors" and not hasattr(est, "radius"):
                continue
            try:
                before = value(Z) if at != key else ""
            except Exception:
                continue
            try:
                out = call(est, method, Z.copy() if hasattr(Z, "copy") and not isinstance(Z, list) else Z)  # some write into what they are given
            except Exception as e:
                if more and not isinstance(e, Slow) and not type(est).__name__.endswith("ClassifierChain"):
                    outputs.append(u'{"method":"%s","input":"%s","refusal":%s}' % (method, at, json.dumps("%s: %s" % (type(e).__name__, message(e)[:300]))))
                    if at != key:
                        inputs.append('"%s":%s' % (at, before))
                    used = used or at == key
                continue
            try:
                text = value(out)
            except Exception:
                continue
            extra = ""
            if at == key:
                asked = exactness.question(method)
                if asked not in loose:
                    try:
                        loose[asked] = exactness.loose(est, X, asked, coarse)
                    except Exception:
                        loose[asked] = [], []
                for word, which in zip(("tied", "undecided"), loose[asked]):
                    if which:
                        extra += ',"%s":%s' % (word, [int(i) for i in which])
            tol = exactness.tolerance(est, method)
            single = coarse or getattr(out, "dtype", None) == np.float32
            if single or getattr(Z, "dtype", None) == np.float32:
                tol = exactness.COARSE.get(tol, tol)
            scale = exactness.scale(est, Z, method, single)
            if scale is None and key == "row" and method in largest:
                scale = [largest[method]]
            if scale is not None and np.max(scale) < 1e300:
                extra += ',"scale":%s' % json.dumps([float("%.2g" % s) for s in scale])
            if key == "rows" and isinstance(out, np.ndarray) and out.dtype.kind == "f" and np.isfinite(out).any():
                largest[method] = float("%.3g" % np.abs(out[np.isfinite(out)]).max())
            outputs.append('{"method":"%s","input":"%s","tolerance":"%s"%s,"value":%s}' % (method, at, tol, extra, text))
            if at != key:
                inputs.append('"%s":%s' % (at, before))
            else:
                used = True
        if used:
            inputs.append('"%s":%s' % (key, rows_before))
    return methods, inputs, outputs


def message(e):
    try:
        return " ".join((u"%s" % e).split())
    except UnicodeError:
        return repr(e)


def words_of(est):
    text = " ".join(repr(est).split())
    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    return text if len(text) < 1500 else text[:1500] + "..."


def one(seed, at, k, out, fixture=None, other=False):
    path, tags, n, p, params = LINES[at]
    name = fixture or "%s.%03d.%d" % (path.rsplit(".", 1)[1], at, k)
    error = None
    for attempt in range(8):
        signal.alarm(30)  # some solvers do not end on some data
        r = np.random.RandomState((seed * 7919 + zlib.crc32(("%s %d" % (name, attempt)).encode()) % (1 << 30)) % (1 << 31))
        try:
            est = make(E(path, **params), r)
            count, width = int(n * r.uniform(0.8, 1.6)), p
            if other and attempt < 5:
                count, width = resize(r, tags.split()[0], count, width)
            if tags == "few":
                count = 3
            kind, X, y, new = data(tags, r, count, width, 10)
            if other and attempt < 6:
                X, y, new = twist(r, kind, X, y, new)
            elif not fixture or kind in ("single", "frame"):
                X = given(X, kind, seed + zlib.crc32(name.encode()))
            fit(est, X, y, r)
            break
        except Missing as e:
            error = "missing " + str(e)
            if attempt > 2:
                return name, error
        except Exception as e:
            error = "%s: %s" % (type(e).__name__, str(e)[:200])
    else:
        return name, error
    signal.alarm(0)
    setting = "%s: %s" % (tags, words_of(est))
    try:
        file = dump(est, os.path.join(out, name), FORMS[r.randint(len(FORMS))] if not fixture else "pickle2")
    except Exception as e:
        return name, "dump: %s: %s" % (type(e).__name__, str(e)[:200])
    signal.alarm(60)
    try:
        methods, inputs, outputs = record(est, kind, new, getattr(X, "dtype", None) == np.float32, r if other or name.endswith("-refused") else None)
    except Slow:
        return name, "slow"
    signal.alarm(0)
    if not outputs and not hasattr(est, "labels_") and not hasattr(est, "embedding_"):
        return name, "computes nothing"
    head = json.dumps({"name": name, "estimator": type(est).__name__, "setting": setting, "sklearn": sklearn.__version__, "model": file, "methods": methods + ["inverse_transform"] * has(est, "inverse_transform")})
    text = u'%s,\n"inputs":{\n%s},\n"outputs":[\n%s]}\n' % (head[:-1], u",\n".join(inputs), u",\n".join(outputs))
    with io.open(os.path.join(out, name + ".json"), "w", encoding="utf-8") as f:
        f.write(text)
    return name, None


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--only", default="")
    a.add_argument("--times", type=int, default=1, help="models per line")
    a.add_argument("--first", type=int, default=0, help="leave out the lines before this one")
    a.add_argument("--most", type=int, default=0, help="lines of one estimator, drawn anew for each seed and release; 0: all")
    a.add_argument("--twist", action="store_true", help="rows and targets that few people have, and what the release refuses")
    a.add_argument("--fixtures", action="store_true")
    a.add_argument("--out", required=True)
    a = a.parse_args()
    out = a.out
    if not os.path.isdir(out):
        os.makedirs(out)
    if a.fixtures:
        return fixtures(out)
    signal.signal(signal.SIGALRM, slow)
    start, done, failed = time.time(), 0, {}
    drawn = np.random.RandomState((a.seed + zlib.crc32(sklearn.__version__.encode())) % (1 << 31)).permutation(len(LINES))
    of = {}
    for at in drawn:
        of.setdefault(LINES[at][0], []).append(at)
    kept = set(at for ats in of.values() for at in ats[: a.most or None])
    for at, line in enumerate(LINES):
        if at < a.first or at not in kept or not re.search(a.only, line[0]):
            continue
        try:
            find(line[0])
        except Missing:
            continue
        for k in range(a.times):
            name, error = one(a.seed, at, k, out, other=a.twist)
            if error:
                failed[name] = error
            else:
                done += 1
    print("Python %d.%d scikit-learn %s numpy %s: %d models, %d not made, %.0f s" % (sys.version_info[0], sys.version_info[1], sklearn.__version__, np.__version__, done, len(failed), time.time() - start))
    with io.open(os.path.join(out, "not_made.txt"), "w", encoding="utf-8") as f:
        f.write(u"".join(u"%s: %s\n" % i for i in sorted(failed.items())))


if __name__ == "__main__":
    main()
