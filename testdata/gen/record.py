"""Writes one case: the fitted model, inputs, and what scikit-learn computes from them. internal/golden reads it."""

import contextlib
import copy
import inspect
import json
import os
import pickle
import sys
import time
import unittest.mock
import warnings

import joblib
import numpy as np
import pandas as pd
import scipy.sparse as sp
import sklearn

import build
import exactness
from asjson import Ragged, number, value
from data import named

METHODS = """predict predict_proba predict_log_proba predict_joint_log_proba decision_function transform score_samples apply
decision_path kneighbors radius_neighbors mahalanobis staged_predict staged_predict_proba
staged_decision_function predict_std latent_mean_and_variance kneighbors_graph radius_neighbors_graph""".split()

warnings.filterwarnings("ignore")


def cut(dtype, bound):
    """Whether a fraction may cut values of an integer type: pandas then gives that type or float64, as the rows have it."""
    return dtype.kind in "iu" and isinstance(bound, float) and bound % 1 > 0 and np.iinfo(dtype).min < bound < np.iinfo(dtype).max


def call(est, method, X):
    if getattr(est, "sample_posterior", False):
        est = copy.deepcopy(est)  # each call moves its generator on: all are to start where the file does
    if method.startswith("staged_"):
        return np.stack(list(getattr(est, method)(X)), axis=1)
    if method == "predict_std":
        return [np.asarray(v) for v in est.predict(X, return_std=True)]  # a frame gives a Series
    if method == "latent_mean_and_variance":
        return list(est.latent_mean_and_variance(X))
    if method == "decision_path":
        out = est.decision_path(X)
        return list(out) if isinstance(out, tuple) else out
    if method in ("kneighbors", "radius_neighbors"):
        out = getattr(est, method)(X)
        if method == "radius_neighbors":
            order = [np.lexsort((i, d)) for d, i in zip(*out)]
            return Ragged([d[o] for d, o in zip(out[0], order)], [i[o] for i, o in zip(out[1], order)])
        return list(out)
    out = getattr(est, method)(X)
    if type(est).__name__ == "RadiusNeighborsRegressor" and method == "predict" and (out.dtype.kind in "iub" or est.weights != "uniform"):
        return out.astype(float)  # where no row has a neighbour the NaN that stands for none takes the targets' type
    if type(est).__name__ == "FunctionTransformer" and isinstance(out, pd.DataFrame) and est.func is np.clip:
        return out.astype({c: float for c in out if any(cut(X[c].dtype, v) for v in (est.kw_args or {}).values())})
    if type(est).__name__.endswith("NMF") and method == "inverse_transform":
        return np.asarray(out)  # of a frame scikit-learn makes one without names
    if type(est).__name__.endswith("SparsePCA") and method == "transform" and out.ndim == 1:
        return out.reshape(1, -1)  # scikit-learn drops the axis of a single row
    return out


@contextlib.contextmanager
def steady_skops():
    """skops names members by memory address and stamps them with the time: count objects instead, and stop the clock."""
    seen = {}

    def number(obj):
        return seen.setdefault(id(obj), (len(seen) + 1, obj))[0]

    with contextlib.ExitStack() as stack:
        stack.enter_context(unittest.mock.patch("zipfile.time.localtime", return_value=time.struct_time((2026, 1, 1, 0, 0, 0, 3, 1, 0))))
        for name in ("_general", "_numpy", "_scipy", "_sklearn", "_utils", "_quantile_forest"):
            if f"skops.io.{name}" in sys.modules:
                stack.enter_context(unittest.mock.patch(f"skops.io.{name}.id", number, create=True))
        yield


def dump(est, path, form):
    """form: pickle2 … pickle5, joblib, joblib.zlib3, joblib.lz4, …, skops. Returns the file name."""
    kind, _, how = form.partition(".")
    if kind == "skops":
        import skops.io

        try:
            if any(isinstance(k, (bool, np.bool_)) for v in vars(est).values() if isinstance(v, dict) for k in v):
                raise ValueError("skops makes True of every truth value that is a key")
            with steady_skops():
                skops.io.dump(est, path + ".skops")
            untrusted = skops.io.get_untrusted_types(file=path + ".skops")
            if "builtins.method_descriptor" in untrusted:
                raise ValueError("skops does not trust a method of str")
            skops.io.load(path + ".skops", trusted=untrusted)  # it reads no sparse array of one dimension
            return os.path.basename(path + ".skops")
        except Exception:
            if os.path.exists(path + ".skops"):
                os.remove(path + ".skops")
            kind = "pickle4"
    if kind == "joblib":
        compress = {"": 0, "zlib3": 3, "gzip3": ("gzip", 3), "bz2": ("bz2", 3), "lzma": ("lzma", 3), "xz": ("xz", 3), "lz4": ("lz4", 1)}[how]
        joblib.dump(est, path + ".joblib", compress=compress)
        return os.path.basename(path + ".joblib")
    with open(path + ".pkl", "wb") as f:
        pickle.dump(est, f, protocol=int(kind[-1]))
    return os.path.basename(path + ".pkl")


# Methods of scikit-learn that take rows to fit or to judge a fit, not to compute on them.
FITTING = "fit fit_transform fit_predict partial_fit score staged_score path cost_complexity_pruning_path correct_covariance reweight_covariance".split()


def others(est):
    """Public methods that take rows and are none of METHODS: Larder is to say of each why it has it not."""
    if type(est).__name__ == "FrozenEstimator":
        return []
    out = []
    for name in dir(type(est)):
        if name.startswith(("_", "set_", "get_")) or name in METHODS + FITTING + ["inverse_transform"]:
            continue
        if isinstance(getattr(type(est), name), property):
            continue  # the kernel of a Gaussian process can be called, too
        try:
            first, *more = inspect.signature(getattr(est, name)).parameters
        except (AttributeError, TypeError, ValueError):
            continue
        if first in ("X", "v"):
            out.append(name)
    if hasattr(est, "predict") and "return_cov" in inspect.signature(est.predict).parameters:
        out.append("predict_cov")
    return out


class Recorder:
    def __init__(self, name, est, setting, coarse=False):
        """coarse: the model holds float32, its sums have that precision."""
        self.name, self.est, self.setting, self.coarse = name, est, setting, coarse
        self.estimator = type(est).__name__
        self.methods = [m for m in METHODS if self.has(m)]
        self.inputs, self.outputs, self.loose, self.largest = {}, [], {}, {}

    def has(self, method):
        if method == "predict_std":
            est = self.est
            while type(est).__name__ in ("Pipeline", "FrozenEstimator"):
                est = est.steps[-1][1] if hasattr(est, "steps") else est.estimator
            return hasattr(est, "predict") and "return_std" in inspect.signature(est.predict).parameters and hasattr(est, "fit")
        if method == "latent_mean_and_variance" and np.max(getattr(self.est, "n_classes_", 2)) > 2:
            return False
        return bool(callable(getattr(self.est, method, None)))

    def run(self, key, X, methods=None):
        """Records every method on X."""
        if key not in self.inputs:
            self.inputs[key] = value(X)
        for method in methods or self.methods:
            if method in ("radius_neighbors", "radius_neighbors_graph") and not hasattr(self.est, "radius"):
                continue
            self.one(key, X, method)

    def one(self, key, X, method):
        try:
            out = call(self.est, method, X)
        except Exception as e:
            words = " ".join(str(e).split())
            self.outputs.append('{"method":"%s","input":"%s","refusal":%s}' % (method, key, json.dumps(f"{type(e).__name__}: {words}"[:300], ensure_ascii=False)))
            return None
        try:
            text = value(out)
        except TypeError:
            return None
        extra = ""
        if method != "inverse_transform":
            kind = exactness.question(method)
            if (key, kind) not in self.loose:
                self.loose[key, kind] = exactness.loose(self.est, X, kind, self.coarse)
            for word, rows in zip(("tied", "undecided"), self.loose[key, kind]):
                if rows:
                    extra += ',"%s":%s' % (word, rows)
        scale = exactness.scale(self.est, X, method, self.coarse)
        if scale is not None:
            extra += ',"scale":%s' % json.dumps([float(f"{s:.2g}") for s in np.minimum(np.nan_to_num(scale, nan=0.0), 1e300)])
        elif key == "row" and isinstance(out, np.ndarray) and out.dtype.kind == "f" and method in self.largest:
            extra += ',"scale":[%s]' % number(self.largest[method])
        if key == "rows" and isinstance(out, np.ndarray) and out.dtype.kind == "f":
            largest = float(np.max(np.abs(out), initial=0, where=np.isfinite(out)))
            self.largest[method] = float(f"{largest:.3g}")
        tol = exactness.tolerance(self.est, method)
        if self.coarse or self.estimator in exactness.NARROW and getattr(X, "dtype", None) == np.float32:
            tol = exactness.COARSE[tol]
        self.outputs.append('{"method":"%s","input":"%s","tolerance":"%s"%s,"value":%s}' % (method, key, tol, extra, text))
        return out

    def inverse(self, key, X):
        """Records inverse_transform of what transform gives for X."""
        if not self.has("inverse_transform") or not self.has("transform"):
            return
        try:
            Z = self.est.transform(X)
        except Exception:
            return
        self.run("inverse " + key, Z, ["inverse_transform"])

    def names(self):
        if not self.has("get_feature_names_out"):
            return
        try:
            out = self.est.get_feature_names_out()
        except Exception:
            return
        self.outputs.append('{"method":"get_feature_names_out","input":"","tolerance":"exact","value":%s}' % value(np.asarray(out, dtype=object)))

    def write(self, folder, form):
        """Writes model and case; returns the bytes of both."""
        path = os.path.join(folder, self.name)
        build.steady(self.est)
        model = dump(self.est, path, form)
        head = {"name": self.name, "estimator": self.estimator, "setting": self.setting, "sklearn": sklearn.__version__,
                "model": model, "methods": self.methods + ["inverse_transform"] * self.has("inverse_transform"), "others": others(self.est)}  # fmt: skip
        text = json.dumps(head, ensure_ascii=False)[:-1]
        text += ',\n"inputs":{\n' + ",\n".join('"%s":%s' % kv for kv in self.inputs.items()) + "},\n"
        text += '"outputs":[\n' + ",\n".join(self.outputs) + "]}\n"
        with open(path + ".json", "w", encoding="utf-8") as f:
            f.write(text)
        return os.path.getsize(os.path.join(folder, model)), os.path.getsize(path + ".json")


def variants(X, kind, form):
    """Other shapes of the same rows that a caller may bring: name → rows. "narrow" are float64 rows that float32 can
    hold: what an ONNX model with float32 input is given."""
    if kind in ("kernel", "dist", "flat", "geo"):
        more = {"f4": X.astype(np.float32)} if kind == "dist" else {}
        return {"rows": X, "row": X[:1], "narrow": X.astype(np.float32).astype(np.float64), **more}
    if kind in ("labels", "sets", "text", "dicts", "tokens", "images", "awkward", "bytes", "rich", "pairs"):
        return {"rows": X, "row": X[:1]}
    if isinstance(X, pd.DataFrame):
        out = {"rows": X, "row": X.iloc[:1]}
        if form == "frame":
            out["narrow"] = X.astype(np.float32).astype(np.float64)
        elif form == "mixed":
            out["narrow"] = X.astype({c: np.float32 for c in X.columns if X[c].dtype == np.float64}).astype(X.dtypes)
        return out
    if kind in ("cat", "catnan", "catcells"):
        return {"rows": X, "row": X[:1], "frame": pd.DataFrame(X, columns=[f"c{j}" for j in range(X.shape[1])])}
    if sp.issparse(X):
        return {"rows": X, "dense": X.toarray(), "f4": X.astype(np.float32), "narrow": X.toarray().astype(np.float32).astype(np.float64)}
    out = {"rows": X, "row": X[:1]}
    if X.dtype.kind == "f":
        out["f4" if X.dtype == np.float64 else "f8"] = X.astype(np.float32 if X.dtype == np.float64 else np.float64)
        if X.dtype == np.float64:
            out["narrow"] = X.astype(np.float32).astype(np.float64)
        if not np.isnan(X).any():
            out["i8"] = np.round(X).astype(np.int64)
            out["bool"] = X > 0
    elif X.dtype.kind in "iu" and kind not in ("catint", "labels") and np.abs(X.astype(float)).max(initial=0) < 1 << 24:
        out["narrow"] = X.astype(np.float64)
    if not np.isnan(X.astype(float)).any():
        out["csr"] = sp.csr_matrix(np.where(X > np.median(X), X, 0))
    if form != "frame":
        out["named"] = named(X)
    return out


def further(X, kind, r, several):
    """Some of the further types and sizes that the same numbers may come in, drawn: name → rows."""
    if isinstance(X, (list, pd.DataFrame)) or X.ndim != 2 or X.dtype.kind not in "fiu" or kind in ("kernel", "dist", "geo", "labels"):
        return {}
    A = (X.toarray() if sp.issparse(X) else X).astype(np.promote_types(X.dtype, np.float32))
    whole = np.round(np.nan_to_num(np.clip(A, -100, 100)))
    names = map(str, getattr(X, "columns", range(A.shape[1])))
    table = {name: np.abs(whole[:, j]).astype(("i8", "u1", "?", "f4", "i2", "f8")[j % 6]) for j, name in enumerate(names)}
    stored = sp.csr_matrix(A)
    stored.data[::3] = 0
    cells = (float, lambda v: int(np.nan_to_num(v)), bool, np.float32, str, np.int64)
    forms = {
        "denormal": lambda: A * 1e-310,
        "far": lambda: A + 1e9,
        "beyond 2^53": lambda: (whole.astype(np.int64) << 55) + 1,
        "beyond 2^63": lambda: np.abs(whole).astype(np.uint64) + np.uint64(2**63 + 1),
        "cells": lambda: np.array([[cells[(i + j) % 4](v) for j, v in enumerate(row)] for i, row in enumerate(A)], dtype=object),
        "cells and words": lambda: np.array([[cells[(i + j) % 6](v) for j, v in enumerate(row)] for i, row in enumerate(A)], dtype=object),
        "whole words": lambda: whole.astype(np.int64).astype(str).astype(object),
        "missing column": lambda: np.where(np.arange(A.shape[1]) == 1, np.nan, A),
        "all missing": lambda: np.full(A.shape, np.nan),
        "infinite": lambda: np.where(np.abs(whole) % 3 == 1, np.inf, A),
        "minus infinite": lambda: np.where(np.arange(A.shape[1]) == 0, -np.inf, A),
        "stored zeros": lambda: stored,
        "object frame": lambda: pd.DataFrame(table).astype(object),
        "no columns": lambda: A[:, :0],
        "f2": lambda: A.astype(np.float16),
        "i4": lambda: whole.astype(np.int32),
        "i2": lambda: whole.astype(np.int16),
        "u2": lambda: np.abs(whole).astype(np.uint16),
        "u4": lambda: np.abs(whole).astype(np.uint32),
        "i1": lambda: whole.astype(np.int8),
        "u1": lambda: np.abs(whole).astype(np.uint8),
        "u8": lambda: np.abs(whole).astype(np.uint64),
        "object": lambda: A.astype(object),
        "words": lambda: A.astype(str).astype(object),
        "mixed": lambda: pd.DataFrame(table),
        "csr f4": lambda: sp.csr_matrix(whole.astype(np.float32)),
        "csr i8": lambda: sp.csr_matrix(whole.astype(np.int64)),
        "csr i1": lambda: sp.csr_matrix(whole.astype(np.int8)),
        "csr bool": lambda: sp.csr_matrix(whole > 0),
        "csr zeros": lambda: sp.csr_matrix((A.shape[0], A.shape[1])),
        "zeros": lambda: np.zeros(A.shape),
        "negative zeros": lambda: np.where(np.abs(whole) % 2 == 0, -0.0, whole),
        "huge": lambda: A * 1e150,
        "tiny": lambda: A * 1e-160,
        "same": lambda: np.repeat(A[:1], len(A), axis=0),
    }
    return {name: forms[name]() for name in r.choice(sorted(forms), min(several, len(forms)), replace=False)}


def bad(X, kind):
    """Rows scikit-learn has reason to refuse: name → rows. It sometimes takes them; then so must Larder."""
    out = {}
    if kind in ("kernel", "dist", "labels", "sets", "dicts", "tokens", "images", "text", "flat", "awkward", "bytes", "rich", "pairs"):
        if kind == "labels" and X.ndim == 1:
            out["unknown"] = np.concatenate([X[:2], np.array(["never seen"] if X.dtype.kind in "UO" else [99], dtype=X.dtype)])
        return out
    if isinstance(X, pd.DataFrame):
        out["reordered"] = X[X.columns[::-1]]
        if X.shape[1] > 1:
            out["missing column"] = X[X.columns[1:]]
        out["extra column"] = X.assign(zzz=1.0)
        out["renamed"] = X.rename(columns={X.columns[0]: "other"})
        out["without names"] = X.to_numpy()
        return out
    if sp.issparse(X):
        out["wide"] = sp.hstack([X, X[:, :1]]).tocsr()
        return out
    out["narrow"] = X[:, :-1]
    out["wide"] = np.c_[X, X[:, :1]]
    out["flat"] = X[0]
    out["empty"] = X[:0]
    if X.dtype.kind == "f":
        for key, v in (("nan", np.nan), ("inf", np.inf)):
            Y = X.copy()
            Y[0, 0] = v
            out[key] = Y
        T = X.astype(object)
        T[0, 0] = "text"
        out["text"] = T
        N = X.astype(object)
        N[0, 0] = None
        out["none"] = N
    elif X.dtype == object:
        U = X.copy()
        U[0, 0] = "never seen"
        out["unknown"] = U
        out["numbers"] = np.ones(X.shape)
        out["bools"] = np.ones(X.shape, dtype=bool)
    return out


def record(case, data, est, rows, full, r=None, several=2):
    """Runs everything on rows. full: every shape of input, several of the further ones that r draws, and the bad ones; else
    the plain rows and one more."""
    coarse = data.form == "f4" and exactness.single(est) or getattr(getattr(est, "dictionary", None), "dtype", None) == np.float32
    rec = Recorder(case.name, est, case.setting, coarse)
    primary = [m for m in ("predict", "transform", "score_samples", "kneighbors") if m in rec.methods][:1]
    more = further(rows, data.kind, r, several) if r is not None else {}
    for i, (key, X) in enumerate({**variants(rows, data.kind, data.form), **more}.items()):
        if i == 0:
            rec.run(key, X)
            rec.inverse(key, X)
        elif full:
            rec.run(key, X, [m for m in rec.methods if not m.startswith("staged")])
        elif key in ("f4", "csr"):
            rec.run(key, X, primary)
    if rec.estimator == "LabelEncoder" and rows.dtype.kind in "iufb":
        rec.run("text", rows.astype(str))
    if data.kind == "bytes" and est.input == "content":
        rec.run("texts", np.array([est.decode(d) for d in rows], dtype=object))
    if full and primary:
        for key, X in bad(rows, data.kind).items():
            if key in ("empty", "flat") and rec.estimator == "RadiusNeighborsClassifier":
                continue  # scikit-learn does not look, and dies of them
            rec.run("bad " + key, X, primary)
    rec.names()
    return rec
