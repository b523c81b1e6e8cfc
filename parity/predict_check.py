"""Fits models on frames and arrays of every kind of column, writes the rows as csv, json, jsonl, npy, npz and parquet, runs
`larder predict` on each, the model as joblib and as skops, and compares what it prints with what scikit-learn computes of
the same rows in memory.

    predict_check.py LARDER FOLDER [--seed N]
"""

import argparse
import collections
import decimal
import json
import os
import subprocess
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import scipy.sparse as sp
import skops.io
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    BaggingClassifier, ExtraTreesRegressor, GradientBoostingClassifier, HistGradientBoostingClassifier, HistGradientBoostingRegressor, IsolationForest,
    RandomForestClassifier, StackingClassifier, VotingClassifier,
)  # fmt: skip
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.kernel_approximation import AdditiveChi2Sampler
from sklearn.linear_model import BayesianRidge, LogisticRegression, Ridge, SGDClassifier
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import CategoricalNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer, KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder, PolynomialFeatures, RobustScaler, StandardScaler, TargetEncoder,
)  # fmt: skip
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

warnings.filterwarnings("ignore")
READ = {
    "csv": lambda p: pd.read_csv(p).to_numpy(), "npy": np.load, "parquet": lambda p: pd.read_parquet(p).to_numpy(),
    "jsonl": lambda p: pd.read_json(p, lines=True).to_numpy(), "npz": lambda p: next(iter(np.load(p).values())),
}  # fmt: skip
TOLERANCE = 1e-11  # of the largest of an output: a model here may be several deep


def numbers(r, n):
    X = np.round(r.normal(size=(n, 4)) * [1, 10, 100, 0.1], 3)
    return pd.DataFrame(X, columns=["height", "width (cm)", "größe", "x,y"])


def passengers(r, n):
    """A frame as people have them: text that looks like numbers, categories, missing cells of every kind, dates, commas, quotes."""
    pick = lambda *v: np.array(v, dtype=object)[r.integers(0, len(v), n)]
    f = pd.DataFrame({
        "code": pick("007", "070", "7", "1e3"), "sex": pick("male", "female"), "town": pick("Łódź", 'New "York"', "a, b", "東京", "line\nbreak"),
        "age": np.round(r.uniform(0, 90, n), 1), "rooms": r.integers(0, 6, n), "alone": r.random(n) < 0.5, "fare": np.round(r.gamma(2, 20, n), 4),
    })  # fmt: skip
    f.loc[r.random(n) < 0.2, "age"] = np.nan
    f.loc[r.random(n) < 0.15, "town"] = np.nan
    return f


def nullable(r, n):
    f = passengers(r, n)[["code", "sex", "age", "rooms", "alone"]]
    f = f.astype({"sex": "category", "code": "string", "rooms": "Int64", "alone": "boolean", "age": "Float64"})
    f.loc[r.random(n) < 0.2, "rooms"] = pd.NA
    f.loc[r.random(n) < 0.2, "alone"] = pd.NA
    f.loc[r.random(n) < 0.2, "age"] = pd.NA
    return f


def models(r):
    """(name, estimator, fitted rows, target, rows to compute on, methods)."""
    n, m = 80, 12
    F, G = numbers(r, n), numbers(r, m)
    y = (F["height"] > 0).to_numpy().astype(int)
    three = np.array(["low", "mid", "höch"], dtype=object)[np.digitize(F["width (cm)"], [-5, 5])]
    real = F["height"].to_numpy() * 3 + r.normal(size=n)
    H = G.copy()
    H.iloc[::3, 1] = np.nan
    FN = F.copy()
    FN.iloc[::5, 1] = np.nan
    plain = "csv json objects jsonl npy npz parquet"
    yield "LogisticRegression", LogisticRegression(), F, three, G, "predict predict_proba predict_log_proba decision_function", plain
    yield "RandomForestClassifier", RandomForestClassifier(5, max_depth=4, random_state=0), F, three, G, "predict predict_proba apply decision_path", plain
    yield "RandomForestClassifier-outputs", RandomForestClassifier(3, max_depth=3, random_state=0), F, np.c_[y, y + (three == "mid")], G, "predict predict_proba", plain
    yield "DecisionTreeClassifier", DecisionTreeClassifier(max_depth=4, random_state=0), F, y.astype(bool), G, "predict predict_proba decision_path", plain
    yield "DecisionTreeRegressor", DecisionTreeRegressor(max_depth=5, random_state=0), F, real, G, "predict apply", plain
    yield "ExtraTreesRegressor", ExtraTreesRegressor(4, max_depth=4, random_state=0), F, np.c_[real, -real], G, "predict", plain
    yield "GradientBoostingClassifier", GradientBoostingClassifier(n_estimators=4, random_state=0), F, three, G, "predict_proba decision_function staged_predict", plain
    yield "HistGradientBoostingRegressor", HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=3), FN, real, H, "predict", plain
    yield "IsolationForest", IsolationForest(n_estimators=8, random_state=0), F, None, G, "predict score_samples", plain
    yield "SVC", SVC(), F, three, G, "predict decision_function", plain
    yield "KNeighborsClassifier", KNeighborsClassifier(3), F, three, G, "predict predict_proba kneighbors kneighbors_graph", plain
    yield "NearestNeighbors", NearestNeighbors(radius=60), F, None, G, "kneighbors radius_neighbors_graph", plain
    yield "KNeighborsRegressor", KNeighborsRegressor(3, weights="distance"), F, real, G, "predict", plain
    yield "PCA", PCA(2), F, None, G, "transform score_samples", plain
    yield "KMeans", KMeans(3, n_init=1, random_state=0), F, None, G, "predict transform", plain
    yield "GaussianMixture", GaussianMixture(2, random_state=0), F, None, G, "predict predict_proba score_samples", plain
    yield "BayesianRidge", BayesianRidge(), F, real, G, "predict predict_std", plain
    yield "GaussianProcessRegressor", GaussianProcessRegressor(RBF(30.0) + WhiteKernel(), optimizer=None), F, real, G, "predict predict_std", plain
    yield "MLPRegressor", MLPRegressor(hidden_layer_sizes=(5,), max_iter=20, random_state=0), F, real, G, "predict", plain
    yield "StandardScaler", StandardScaler(), F, None, G, "transform", plain
    yield "KNNImputer", KNNImputer(n_neighbors=2), FN, None, H, "transform", plain
    yield "SimpleImputer", SimpleImputer(strategy="median", add_indicator=True), FN, None, H, "transform", plain
    yield "PolynomialFeatures", PolynomialFeatures(2), F, None, G, "transform", plain
    yield "KBinsDiscretizer", KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"), F, None, G, "transform", plain
    # Arrays: positions instead of names.
    A, B = F.to_numpy(), G.to_numpy()
    yield "GaussianNB-array", GaussianNB(), A, y * 2 + 1, B, "predict predict_log_proba", "csv json npy npz"
    yield "MinMaxScaler-array", MinMaxScaler(), A, None, B, "transform", "csv json npy npz"
    yield "SGDClassifier-float32", SGDClassifier(random_state=0), A.astype(np.float32), y, B.astype(np.float32), "predict decision_function", "npy npz"
    yield "MiniBatchKMeans-array", MiniBatchKMeans(2, n_init=1, random_state=0), A, None, B, "predict", "csv json npy"
    # Arrays keep the types their author gave them.
    for t in ">f2", ">f4":
        yield f"MaxAbsScaler-{t[1:]}-big-endian", make_pipeline(MaxAbsScaler(), PCA(2)), A, None, (B / 9).astype(t), "transform", "npy npz"
    C = r.integers(0, 90, B.shape)
    for t in "int64", "uint32", "bool":
        yield f"AdditiveChi2Sampler-{t}", AdditiveChi2Sampler(sample_steps=2), np.abs(A), None, (C % 2 if t == "bool" else C).astype(t), "transform", "npy npz"
    for e in MaxAbsScaler(), MinMaxScaler(), StandardScaler(), RobustScaler(), PolynomialFeatures(2), SimpleImputer():
        yield f"{type(e).__name__}-float16", e, A, None, (B / 90).astype(np.float16), "transform", "npy"
    W, V = passengers(r, n)[["code", "rooms"]].to_numpy(object), passengers(r, m)[["code", "rooms"]].to_numpy(object)
    yield "OneHotEncoder-cells", OneHotEncoder(handle_unknown="ignore"), W, None, V, "transform", "npy npz"
    S, U = sp.random(60, 9, 0.3, "csr", random_state=1), sp.random(7, 9, 0.3, "csr", random_state=2)
    yield "MultinomialNB-sparse", MultinomialNB(), S, np.arange(60) % 3, U, "predict predict_proba", "sparse csv json npy"
    yield "TruncatedSVD-sparse", TruncatedSVD(2, random_state=0), S, None, U, "transform", "sparse npy"
    yield "Ridge-sparse", Ridge(), S, np.arange(60.0), U, "predict", "sparse json"
    # Frames of mixed columns.
    P, Q = passengers(r, n), passengers(r, m)
    t = (P["sex"] == "female").to_numpy().astype(int) ^ (r.random(n) < 0.2)
    mixed = "csv json objects jsonl parquet"
    cols = lambda: ColumnTransformer([
        ("num", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["age", "fare", "rooms"]), ("cat", OneHotEncoder(handle_unknown="ignore"), ["sex", "code", "alone"]),
        ("town", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=10)), ["town"])])  # fmt: skip
    yield "Pipeline-mixed", make_pipeline(cols(), LogisticRegression(max_iter=300)), P, t, Q, "predict predict_proba", mixed
    yield "ColumnTransformer-mixed", cols(), P, None, Q, "transform", mixed
    yield "Pipeline-selector", make_pipeline(ColumnTransformer([("n", SimpleImputer(), make_column_selector(dtype_include="number"))], remainder="drop"), RandomForestClassifier(4, random_state=0)), P, t, Q, "predict_proba", mixed
    yield "OneHotEncoder-codes", OneHotEncoder(handle_unknown="ignore", sparse_output=False), P[["code", "rooms"]], None, Q[["code", "rooms"]], "transform", mixed
    yield "OrdinalEncoder-missing", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2), P[["town", "code"]], None, Q[["town", "code"]], "transform", mixed
    yield "TargetEncoder", TargetEncoder(cv=2, random_state=0), P[["sex", "town"]], t, Q[["sex", "town"]], "transform", mixed
    # Columns are read as what the members of an estimator learned, and as what their file says where a function computes with them.
    crowd = lambda: [("d", DummyClassifier()), ("p", make_pipeline(cols(), LogisticRegression(max_iter=300)))]
    yield "VotingClassifier-mixed", VotingClassifier(crowd(), voting="soft"), P, t, Q, "predict predict_proba", mixed
    yield "StackingClassifier-mixed", StackingClassifier(crowd(), cv=2), P, t, Q, "predict_proba", mixed
    yield "BaggingClassifier-codes", BaggingClassifier(make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()), n_estimators=3, random_state=0), P[["code", "sex"]], t, Q[["code", "sex"]], "predict_proba", mixed
    yield "ColumnTransformer-nameless", ColumnTransformer([("half", FunctionTransformer(np.sqrt), ["alone", "rooms"]), ("keep", "passthrough", ["sex"])]), P[["alone", "rooms", "sex"]], None, Q[["alone", "rooms", "sex"]], "transform", mixed
    yield "ColumnTransformer-both", ColumnTransformer([("max", MaxAbsScaler(), ["code"]), ("one", OneHotEncoder(handle_unknown="ignore"), ["code"]), ("keep", "passthrough", ["rooms"])]), P[["rooms", "code"]], None, Q[["rooms", "code"]], "transform", mixed
    # pandas' own types, and categories that the histograms take.
    N, O = nullable(r, n), nullable(r, m)
    yield "Pipeline-nullable", make_pipeline(ColumnTransformer([("n", SimpleImputer(), ["age", "rooms"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["sex", "code"])]), LogisticRegression()), N, t, O, "predict_proba", mixed
    N, O = N[["age", "rooms", "alone"]].fillna({"age": 1.5, "rooms": 2, "alone": True}), O[["age", "rooms", "alone"]].fillna({"age": 1.5, "rooms": 2, "alone": False})
    yield "Pipeline-masked", make_pipeline(SimpleImputer(strategy="constant", fill_value=0.5), MaxAbsScaler(), PCA(2)), N.astype({"age": "Float32"}), None, O.astype({"age": "Float32"}), "transform", "parquet"
    yield "AdditiveChi2Sampler-masked", AdditiveChi2Sampler(), N[["rooms", "alone"]], None, O[["rooms", "alone"]], "transform", "parquet"
    K = P[["sex", "code", "age"]].astype({"sex": "category", "code": "category"})
    L = Q[["sex", "code", "age"]].astype({"sex": K["sex"].dtype, "code": K["code"].dtype})
    yield "HistGradientBoostingClassifier-category", HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=4, categorical_features="from_dtype"), K, t, L, "predict predict_proba", mixed
    I = pd.DataFrame({"a": r.integers(0, 3, n), "b": r.integers(0, 2, n)})
    yield "CategoricalNB", CategoricalNB(), I, I["a"].to_numpy() % 2, I[:m], "predict_proba", mixed
    # Integers that are computed with as such, of the types their file gives them; columns that nothing reads may be of any type.
    W = pd.DataFrame(r.integers(0, 90, (n, 3)), columns=list("abc"))
    yield "AdditiveChi2Sampler-integers", AdditiveChi2Sampler(sample_steps=2), W, None, W[:m], "transform", "csv json objects jsonl parquet parquet+"
    for t in "int8", "uint16", "int32", "float32":
        yield f"FunctionTransformer-{t}", make_pipeline(FunctionTransformer(np.log1p)), W.astype(t), None, W[:m].astype(t), "transform", "parquet parquet+"
    yield "ColumnTransformer-unread", ColumnTransformer([("s", StandardScaler(), ["a", "c"])]), W.assign(when=pd.Timestamp("2020-02-03")), None, W[:m].assign(when=pd.Timestamp("2020-02-03")), "transform", "parquet parquet+"
    # Text and mappings.
    words = "the cat dog naïve 東京 don't e-mail İstanbul 3.14".split()
    D = [" ".join(r.choice(words, r.integers(0, 7))) for _ in range(40)]
    E = [" ".join(r.choice(words, r.integers(0, 7))) for _ in range(8)]
    yield "TfidfVectorizer", TfidfVectorizer(ngram_range=(1, 2)), D, None, E, "transform", "texts"
    yield "HashingVectorizer", make_pipeline(HashingVectorizer(n_features=32), LogisticRegression()), D, np.arange(40) % 2, E, "predict_proba", "texts"
    yield "CountVectorizer-column", make_pipeline(ColumnTransformer([("t", CountVectorizer(), "town"), ("n", "passthrough", ["rooms"])]), Ridge()), P.fillna({"town": ""}), np.arange(float(n)), Q.fillna({"town": ""}), "predict", "json objects jsonl parquet"
    M = [{k: v for k, v in {"n": float(r.integers(0, 9)), "c": str(r.choice(["red", "blue"])), "東": 1.5}.items() if r.random() < 0.8} or {"n": 1.0} for _ in range(30)]
    yield "DictVectorizer", DictVectorizer(), M, None, M[:6], "transform", "objects jsonl"


def plain(v):
    """A cell as JSON has it."""
    if v is None or v is pd.NA or v is pd.NaT or isinstance(v, float) and np.isnan(v):
        return None
    return v.item() if isinstance(v, np.generic) else v


def write(rows, kind, path):
    """Writes rows in a form; returns the path and further arguments."""
    if isinstance(rows, list):
        with open(path, "w", encoding="utf-8") as f:
            if kind == "jsonl":
                f.writelines(json.dumps(d, ensure_ascii=False) + "\n" for d in rows)
            else:
                json.dump(rows, f, ensure_ascii=False)
        return path, []
    if kind == "sparse":
        sp.save_npz(path + ".npz", rows)
        return path + ".npz", []
    rows = rows.toarray() if sp.issparse(rows) else rows
    frame = rows if isinstance(rows, pd.DataFrame) else None
    if kind == "npy":
        np.save(path + ".npy", np.asarray(rows))
        return path + ".npy", []
    if kind == "npz":
        np.savez(path + ".npz", X=np.asarray(rows))
        return path + ".npz", []
    if kind == "csv":
        (frame if frame is not None else pd.DataFrame(rows)).to_csv(path, index=False, header=frame is not None)
        return path, [] if frame is not None else ["--no-header"]
    if kind == "parquet":
        frame.to_parquet(path)
        return path, []
    if kind == "parquet+":
        k = len(frame)
        frame = frame.assign(day=pd.Timestamp("2024-02-29"), price=[decimal.Decimal("1.25")] * k, tags=[["a", "b"]] * k, place=[{"x": 1, "y": [2]}] * k)
        frame[["place", "day", *frame.columns[:-4], "tags", "price"]].to_parquet(path)
        return path, []
    cells = [[plain(v) for v in row] for row in (frame.astype(object).to_numpy() if frame is not None else rows)]
    with open(path, "w", encoding="utf-8") as f:
        if frame is None:
            json.dump(cells, f)
        elif kind == "json":
            json.dump({"columns": list(frame.columns), "data": cells}, f, ensure_ascii=False)
        elif kind == "objects":
            json.dump([dict(zip(frame.columns, row)) for row in cells], f, ensure_ascii=False)
        else:
            f.writelines(json.dumps(dict(zip(frame.columns, row))) + "\n" for row in cells)
    return path, []


def call(est, method, rows):
    if method == "predict_std":
        return list(est.predict(rows, return_std=True))
    if method.startswith("staged"):
        return np.stack(list(getattr(est, method)(rows)), axis=1)
    out = getattr(est, method)(rows)
    if method == "decision_path" and isinstance(out, tuple):
        return list(out)
    if method == "kneighbors":
        return [out[1], out[0]]
    return out


def differs(got, want, coarse):
    """Says how larder's JSON differs from scikit-learn's value, or None."""
    if "distances" in got:
        pairs = [(got["data"], want[0]), (got["distances"], want[1])]
    elif isinstance(want, list):
        pairs = list(zip(got["data"], want))
        if len(got["data"]) != len(want):
            return f"{len(got['data'])} outputs, want {len(want)}"
    else:
        pairs = [(got["data"], want)]
    for g, w in pairs:
        w = np.asarray(w.toarray() if sp.issparse(w) else w)
        single = coarse or w.dtype == np.float32
        if w.dtype.kind == "f":
            special = {None: np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
            flat = np.array([special.get(v, v) if v is None or isinstance(v, str) else v for v in np.ravel(np.array(g, dtype=object))], dtype=float)
            shape = np.array(g, dtype=object).shape
            if shape != w.shape:
                return f"shape {shape}, want {w.shape}"
            if w.dtype == np.float16:
                flat = flat.astype(np.float16).astype(float)
            w = w.astype(float).ravel()
            if not np.array_equal(np.isnan(flat), np.isnan(w)):
                return "NaN in other places"
            eps = 1e-6 if single else TOLERANCE
            scale = np.max(np.abs(w), initial=0, where=np.isfinite(w))
            off = np.abs(np.nan_to_num(flat) - np.nan_to_num(w))
            if off.max(initial=0) > eps * max(scale, 1e-300):
                return f"off by {off.max():.3g} of {scale:.3g}"
        elif np.array(g, dtype=object).tolist() != w.tolist():
            return f"{str(g)[:80]}, want {str(w.tolist())[:80]}"
    return None


def main():
    a = argparse.ArgumentParser()
    a.add_argument("larder")
    a.add_argument("folder")
    a.add_argument("--seed", type=int, default=20261128)
    a = a.parse_args()
    r = np.random.default_rng(a.seed)
    runs, wrong = collections.Counter(), []

    def larder(*args):
        return subprocess.run([a.larder, *args], capture_output=True, text=True)

    def check(what, model, rows, kind, method, want):
        path, more = write(rows, kind, os.path.join(a.folder, "rows." + kind))
        p = larder("predict", model, "-i", path, "--method", method, "--format", "json", *more)
        runs[kind] += 1
        if p.returncode:
            wrong.append(f"{what}: {p.stderr.strip()[:200]}")
            return p
        why = differs(json.loads(p.stdout), want, getattr(rows, "dtype", None) == np.float32)
        if why:
            wrong.append(f"{what}: {why}")
        return p

    for name, est, X, y, rows, methods, kinds in models(r):
        est.fit(X) if y is None else est.fit(X, y)
        model = os.path.join(a.folder, name)
        joblib.dump(est, model + ".joblib", compress=3)
        forms = [model + ".joblib"]
        try:
            skops.io.dump(est, model + ".skops")
            forms.append(model + ".skops")
        except Exception as e:
            print(f"{name}: not written by skops: {e}")
        for method in methods.split():
            want = call(est, method, rows)
            for i, kind in enumerate("json".split() if kinds == "texts" else kinds.split()):
                check(f"{name} {method} {kind}", forms[i % len(forms)], rows, kind, method, want)
            if isinstance(rows, pd.DataFrame):
                first = kinds.split()[0]
                p = check(f"{name} {method} reordered, one more column", forms[-1], rows[rows.columns[::-1]].assign(id=range(len(rows))), first, method, want)
                if p.returncode == 0 and "id" not in p.stderr:
                    wrong.append(f"{name} {method}: no note of the column that was left out: {p.stderr!r}")
                gone = next((c for c in ("town", "age") if c in rows), rows.columns[0])  # one that every model here reads
                gone = "age" if "selector" in name else gone
                path, _ = write(rows.drop(columns=gone), first, os.path.join(a.folder, "short." + first))
                p = larder("predict", forms[0], "-i", path, "--method", method, "--format", "json")
                runs["a column missing"] += 1
                if p.returncode != 4 or gone not in p.stderr:
                    wrong.append(f"{name} {method}: a missing column ends with {p.returncode}: {p.stderr.strip()[:150]}")
            if isinstance(want, np.ndarray) and want.dtype.kind in "fi":
                path, more = write(rows, kinds.split()[0], os.path.join(a.folder, "rows.out"))
                for ending, read in READ.items():
                    out = os.path.join(a.folder, "out." + ending)
                    p = larder("predict", forms[0], "-i", path, "--method", method, "-o", out, *more)
                    runs["-o " + ending] += 1
                    have = read(out) if p.returncode == 0 else None
                    if have is None or have.size != want.size or not np.allclose(have.ravel(), want.ravel().astype(float), rtol=1e-6, atol=1e-9 * np.nanmax(np.abs(want.astype(float)), initial=0), equal_nan=True):
                        wrong.append(f"{name} {method} -o {ending}: {p.returncode} {p.stderr.strip()[:150]} {have if have is None else have.shape} want {want.shape}")
    # Files whose cells no model can take.
    model = os.path.join(a.folder, "GaussianNB-array.joblib")
    for what, X in {"complex": np.ones((2, 4), complex), "datetimes": np.zeros((2, 4), "M8[ns]"), "text": np.array([["a", "b", "c", "d"]]), "five columns": np.ones((2, 5)), "a vector": np.ones(4),
                    "three dimensions": np.ones((2, 2, 4)), "NaN": np.full((1, 4), np.nan), "infinity": np.full((1, 4), np.inf), "no rows": np.ones((0, 4)), "structured inside": np.zeros(2, [("a", "f8,f8"), ("b", "f8,f8")]),
                    "objects": np.array([[1.0, None, 3, 4]], dtype=object)}.items():  # fmt: skip
        path = os.path.join(a.folder, "bad.npy")
        np.save(path, X)
        p = larder("predict", model, "-i", path)
        runs["bad npy"] += 1
        if p.returncode not in (2, 4) or "larder:" not in p.stderr or p.stdout:
            wrong.append(f"{what} as npy ends with {p.returncode}: {p.stderr.strip()[:150]} {p.stdout[:50]}")
        print(f"{what:20} {p.returncode} {p.stderr.strip()[:140]}")
    # A structured array is a frame of its fields.
    X = np.random.default_rng(7).normal(size=(9, 4))
    np.save(path, np.array([tuple(row) for row in X], "f8,f8,f8,f8"))
    p = larder("predict", model, "-i", path, "--format", "json")
    runs["structured npy"] += 1
    if p.returncode or json.loads(p.stdout)["data"] != joblib.load(model).predict(X).tolist():
        wrong.append(f"a structured array as npy ends with {p.returncode}: {p.stderr.strip()[:150]} {p.stdout[:50]}")
    print(f"{sum(runs.values())} runs of larder predict: " + ", ".join(f"{k} {v}" for k, v in runs.items()))
    print("\n".join(wrong[:60]))
    print(f"{len(wrong)} differ")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
