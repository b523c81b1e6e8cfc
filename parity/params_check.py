"""Linear models and their parameters as JSON: fits every linear model of scikit-learn on targets of every kind, has Larder
export them, and holds the seed document's own predict_from_params, and `larder predict` from that file, against what
scikit-learn predicts.

    params_check.py LARDER DIR"""

import json
import os
import pickle
import re
import subprocess
import sys
import warnings

import numpy as np
import scipy.sparse as sp
from sklearn import linear_model, pipeline, preprocessing
from sklearn.datasets import make_classification, make_regression
from sklearn.utils import all_estimators

import document  # beside this file

warnings.filterwarnings("ignore")
LABELS = {
    "two": [0, 1], "three": [0, 1, 2], "text2": ["no", "yes"], "text3": ["ä", 'b"\\', ""], "bool": [False, True], "signed": [-1, 1], "float": [0.1, 2.5, 1e300],
    "single": np.array([0.1, 1.7], np.float32), "big": [2**62, 2**62 + 1, -(2**60)], "unsigned": np.array([0, 2**64 - 1], np.uint64), "object": np.array(["b", "a", "c"], object),
}


# What is not exported: a pattern of the model's name, and of the reason.
REFUSED = [
    (r"(Poisson|Gamma)Regressor|Tweedie.*-log-", "link: predictions are exp"),
    (r"RidgeClassifier(CV)?-.*-multilabel", "several labels of a row"),
    (r"(Nu)?SV[CR]-|OneClassSVM|PLS|CCA|Pipeline", "only what predicts X @ coef_.T"),
    (r".*-unsigned$", "which numpy does not make of JSON"),
]


def linear():
    """Each class of scikit-learn whose fitted models have coef_ by their documentation."""
    modules = ("sklearn.linear_model", "sklearn.svm", "sklearn.discriminant_analysis", "sklearn.cross_decomposition")
    for name, c in all_estimators():
        if c.__module__.startswith(modules) and "coef_" in (c.__doc__ or "") and "Path" not in name:
            yield name, c


def settings(name, c):
    """A few ways to make it: by default, without an intercept, and what else changes the shape of what it learns."""
    if "kernel" in c().get_params():
        yield "", {"kernel": "linear"}
        return
    yield "", {}
    params = c().get_params()
    if "fit_intercept" in params:
        yield "noint", {"fit_intercept": False}
    if name == "TweedieRegressor":
        yield "log", {"link": "log", "power": 1.5}
    if "solver" in params and name == "LinearDiscriminantAnalysis":
        yield "lsqr", {"solver": "lsqr"}
    if name == "LogisticRegression":
        yield "saga", {"solver": "saga", "l1_ratio": 0.5}
    if name == "LinearSVC":
        yield "crammer", {"multi_class": "crammer_singer"}


def build(name, c, how):
    e = c(**how)
    for k, v in (("random_state", 0), ("alpha", 0.1 if "Regress" not in name else None), ("max_iter", 200 if "Pursuit" not in name else None)):
        if k in e.get_params() and k not in how and v is not None and e.get_params()[k] is not v:
            e.set_params(**{k: v})
    return e


def targets(e, name):
    """Rows to fit on and targets, by what they are."""
    if name == "SGDOneClassSVM" or name == "OneClassSVM":
        yield "none", np.random.default_rng(0).normal(size=(60, 4)) * [1, 10, 0.1, 3], None
        return
    if getattr(e, "_estimator_type", None) == "classifier" or e.__sklearn_tags__().estimator_type == "classifier":
        for kind, labels in LABELS.items():
            labels = np.asarray(labels)
            X, y = make_classification(90, 6, n_informative=4, n_classes=len(labels), random_state=len(kind))
            yield kind, X * [1, 2, 30, 0.1, 5, 1], labels[y]
            if kind in ("two", "text3"):
                yield kind + "f4", X.astype(np.float32), labels[y]
                yield kind + "csr", sp.csr_matrix(np.where(np.abs(X) > 0.5, X, 0)), labels[y]
        X, y = make_classification(90, 6, n_informative=4, n_classes=3, random_state=1)
        yield "multilabel", X, np.c_[y > 0, y < 2].astype(int)
        return
    X, y = make_regression(60, 5, n_targets=3, random_state=2)
    one = y[:, 0]
    if any(w in name for w in ("Poisson", "Gamma", "Tweedie")):
        one = np.exp(one / np.abs(one).max())
    yield "one", X, one
    yield "column", X, one[:, None]
    yield "several", X, y
    yield "shifted", X + 1e4, one + 1e6
    yield "f4", X.astype(np.float32), one.astype(np.float32)
    yield "csr", sp.csr_matrix(np.where(np.abs(X) > 0.5, X, 0)), one
    yield "onefeature", X[:, :1], one


def make(folder):
    """Writes NAME.pkl with its rows NAME.npy and yields each NAME."""
    names = []

    def keep(name, e, X):
        X = X.toarray() if sp.issparse(X) else X
        with open(os.path.join(folder, name + ".pkl"), "wb") as f:
            pickle.dump(e, f)
        # new rows, rows of fitting, and a row of zeros, whose scores are the intercepts
        rows = np.concatenate([X[:30] * 1.37 - 0.2, X[:20], np.zeros((1, X.shape[1]), X.dtype)])
        np.save(os.path.join(folder, name + ".npy"), np.ascontiguousarray(rows))
        names.append(name)

    classes = set()
    for name, c in linear():
        for way, how in settings(name, c):
            for kind, X, y in targets(build(name, c, how), name):
                e = build(name, c, how)
                try:
                    e.fit(X, y) if y is not None else e.fit(X)
                    e.predict(X[:2])
                except (ValueError, TypeError, AttributeError):
                    continue  # a kind of target or of rows it does not take
                classes.add(name)
                keep(f"{name}-{way}-{kind}", e, X)
    X, y = make_regression(60, 5, random_state=2)
    zero = linear_model.Perceptron().fit(X, y > 0)  # a score of zero is the first class's
    zero.coef_[:], zero.intercept_[:] = 0, 0
    keep("Perceptron-zero-two", zero, X)
    for e in (linear_model.SGDClassifier(penalty="l1", random_state=0).fit(X, y > 0), linear_model.LogisticRegression(l1_ratio=1, solver="liblinear", C=0.1).fit(X, y > 0)):
        keep(type(e).__name__ + "-sparsified-two", e.sparsify(), X)
    keep("RANSACRegressor--linear", linear_model.RANSACRegressor(linear_model.Ridge(), min_samples=10, random_state=0).fit(X, y), X)
    keep("Pipeline--one", pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.Ridge()).fit(X, y), X)
    missing = {n for n, c in all_estimators() if c.__module__.startswith("sklearn.linear_model") and n != "IsotonicRegression"} - classes
    if missing := missing - {"RANSACRegressor"}:
        sys.exit(f"no model was fitted of {sorted(missing)}")
    return names


def differs(who, got, want, params, X):
    """How an answer differs from scikit-learn's, None where it does not."""
    if got.shape != want.shape:
        return f"{who}: shape {got.shape}, not {want.shape}"
    coef, intercept = np.atleast_2d(params["coefficients"]), np.asarray(params["intercept"])
    terms = (np.abs(X.astype(float)) @ np.abs(coef).T + np.abs(intercept)).max()
    single = np.float32 in (X.dtype, want.dtype)  # scikit-learn's own sums are of float32
    if params["classes"] is None:
        err = np.abs(got - want).max()
        return f"{who}: {err} of {np.abs(want).max()}" if err > (1e-6 * terms if single else 1e-12 * np.abs(want).max()) else None
    other = np.array([a != b for a, b in zip(got.tolist(), want.tolist())])
    if single:
        scores = np.sort(X.astype(float) @ coef.T + intercept, axis=1)
        other &= scores[:, -1] - scores[:, -2] > 1e-6 * terms
    return f"{who}: {other.sum()} of {len(X)} labels, the first {got[other][0]!r}, not {want[other][0]!r}" if other.any() else None


def one(larder, folder, name):
    """None, or what is wrong; or, in brackets, why it is not exported."""
    base = os.path.join(folder, name)
    with open(base + ".pkl", "rb") as f:
        e = pickle.load(f)
    done = subprocess.run([larder, "convert", base + ".pkl", "-o", base + ".json", "--to", "params"], capture_output=True, text=True)
    if done.returncode:
        return f"[{' '.join(done.stderr.split())}]"
    with open(base + ".json", encoding="utf-8") as f:
        params = json.load(f)
    X = np.load(base + ".npy")
    done = subprocess.run([larder, "predict", base + ".json", "-i", base + ".npy", "--format", "json"], capture_output=True, text=True)
    if done.returncode:
        return f"larder predict: {done.stderr}"
    ours, want = np.array(json.loads(done.stdout)["data"]), e.predict(X)
    return differs("predict_from_params", document.predict_from_params(params, X), want, params, X) or differs("larder predict", ours, want, params, X)


def main():
    larder, folder = sys.argv[1:]
    right, refused, wrong = {}, {}, []
    for name in make(folder):
        why = one(larder, folder, name)
        cls = name.partition("-")[0]
        expected = [reason for model, reason in REFUSED if re.match(model, name)]
        if why is None and not expected:
            right[cls] = right.get(cls, 0) + 1
        elif why and why[0] == "[" and any(reason in why for reason in expected):
            refused[cls] = refused.get(cls, 0) + 1
        else:
            wrong.append(f"{name}: {why or 'is exported'}")
    print(f"{sum(right.values())} exported models of {len(right)} classes predict as scikit-learn, {sum(refused.values())} are refused by name, {len(wrong)} are wrong")
    for what, count in (("exported", right), ("refused", refused)):
        print(f"{what}: " + " ".join(f"{k} {v}" for k, v in sorted(count.items())))
    print("\n".join(wrong))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
