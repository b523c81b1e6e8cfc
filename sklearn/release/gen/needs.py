"""Says which stored attributes the methods of the scikit-learn release on the path need, as JSON on standard output.

Every estimator is fitted on small data, for a few settings. For each method the attributes it reads are noted in the
order of reading; then each is removed from a copy and the method called again: it raises (the error is noted), it
answers otherwise (a silent need), or it does not care.

    PYTHONPATH=<one release> python needs.py > 1.4.json
"""

import copy
import inspect
import json
import os
import sys
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore")

import numpy as np
import sklearn
import sklearn.experimental.enable_halving_search_cv  # noqa: F401
import sklearn.experimental.enable_iterative_imputer  # noqa: F401
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import all_estimators

METHODS = ["predict", "transform", "predict_proba", "decision_function", "predict_log_proba", "inverse_transform",
           "score_samples", "kneighbors", "radius_neighbors", "apply", "decision_path"]

rng = np.random.RandomState(0)
X = np.abs(rng.randn(60, 4)) + 0.1
Y = np.arange(60) % 3
R = X[:, 0] * 2 + X[:, 1]
DOCS = ["the cat sat", "the dog ran far", "cat and dog", "a bird"] * 5
NAMES = np.array([["a", "x"], ["b", "y"], ["a", "z"], ["c", "x"]] * 5, dtype=object)
HOLES = X.copy()
HOLES[::7, 1] = np.nan

# What a class is tried on, until it fits: rows and target.
DATA = [(X, Y), (X, R), (X, np.c_[R, -R]), (X, np.c_[Y > 0, Y > 1].astype(int)), (X[:, 0], R), (DOCS, None),
        ([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], None), ([["a"], ["b", "c"]], None), (np.array(["a", "b", "c", "a"]), None), (X @ X.T, Y)]
FIRST = {"OneHotEncoder": (NAMES, None), "OrdinalEncoder": (NAMES, None), "TargetEncoder": (NAMES, np.arange(20) % 2), "SimpleImputer": (HOLES, None),
         "KNNImputer": (HOLES, None), "IterativeImputer": (HOLES, None), "MissingIndicator": (HOLES, None), "LabelEncoder": (np.array(list("abca")), None),
         "LabelBinarizer": (np.array(list("abca")), None), "MultiLabelBinarizer": ([["a"], ["b", "c"]], None), "TfidfTransformer": (np.floor(3 * X), None),
         "HistGradientBoostingClassifier": (HOLES, Y), "HistGradientBoostingRegressor": (HOLES, R), "HashingVectorizer": (DOCS, None),
         "FeatureHasher": ([{"a": 1}, {"b": 2}], None), "DictVectorizer": ([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], None),
         "IsotonicRegression": (X[:, 0], R), "CountVectorizer": (DOCS, None), "TfidfVectorizer": (DOCS, None)}
FIXED = {"n_estimators": 3, "max_iter": 20, "n_quantiles": 10, "n_clusters": 3, "n_resampling": 10, "random_state": 0, "cv": 3, "n_subsets": 2}

# Settings beside the default that read other attributes.
SETTINGS = {"OneHotEncoder": [{"handle_unknown": "ignore"}, {"drop": "first"}], "SimpleImputer": [{"add_indicator": True}, {"strategy": "most_frequent"}],
            "OrdinalEncoder": [{"handle_unknown": "use_encoded_value", "unknown_value": -1}], "SVC": [{"probability": True}], "NuSVC": [{"probability": True}],
            "KNeighborsClassifier": [{"algorithm": "kd_tree"}, {"algorithm": "brute"}], "KNeighborsRegressor": [{"algorithm": "brute"}],
            "LogisticRegression": [{"solver": "liblinear"}], "PowerTransformer": [{"method": "box-cox"}, {"standardize": False}], "KBinsDiscretizer": [{"encode": "ordinal"}],
            "PCA": [{"whiten": True}], "KernelPCA": [{"kernel": "rbf"}], "SGDClassifier": [{"loss": "modified_huber"}], "LinearDiscriminantAnalysis": [{"solver": "lsqr"}, {"solver": "eigen"}],
            "GradientBoostingClassifier": [{"loss": "exponential"}], "StandardScaler": [{"with_mean": False}], "MinMaxScaler": [{"clip": True}],
            "VotingClassifier": [{"voting": "soft"}], "FunctionTransformer": [{"func": np.log1p, "validate": True}], "TfidfVectorizer": [{"use_idf": False}], "TfidfTransformer": [{"use_idf": False}],
            "DecisionTreeRegressor": [{"criterion": "absolute_error"}], "ExtraTreeRegressor": [{"criterion": "absolute_error"}],
            "AdaBoostClassifier": [{"algorithm": "SAMME"}], "MLPClassifier": [{"solver": "sgd"}], "PolynomialFeatures": [{"interaction_only": True}]}


def build(cls, name, settings):
    """An instance; parameters that must be given are given."""
    kw = {}
    classifier = "Classifier" in name or name in ("SelfTrainingClassifier", "FixedThresholdClassifier")
    inner = (lambda: LogisticRegression()) if not any(w in name for w in ("Regress", "RANSAC", "MultiOutputRegressor")) else (lambda: Ridge())
    tree = DecisionTreeRegressor(max_depth=2, random_state=0) if "Regress" in name else DecisionTreeClassifier(max_depth=2, random_state=0)
    for p, v in inspect.signature(cls.__init__).parameters.items():
        if p in FIXED and p != "self" and v.kind == v.POSITIONAL_OR_KEYWORD or p in FIXED and v.kind == v.KEYWORD_ONLY:
            kw[p] = FIXED[p]
        if p == "self" or v.default is not v.empty or v.kind in (v.VAR_POSITIONAL, v.VAR_KEYWORD):
            continue
        kw[p] = {"estimator": inner, "base_estimator": inner, "regressor": inner, "classifier": inner,
                 "estimators": lambda: [("a", inner()), ("b", tree)],
                 "steps": lambda: [("s", StandardScaler()), ("m", inner())], "transformer_list": lambda: [("s", StandardScaler()), ("m", MinMaxScaler())],
                 "transformers": lambda: [("s", StandardScaler(), [0, 1]), ("p", "passthrough", [2]), ("d", "drop", [3])],
                 "param_grid": lambda: {"C": [0.1, 1]}, "param_distributions": lambda: {"C": [0.1, 1]},
                 "dictionary": lambda: np.eye(4)}[p]()
    if name in ("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"):
        kw["max_depth"] = 3
    if name == "SelfTrainingClassifier" and not kw.get("base_estimator"):
        kw["estimator"] = inner()
    kw.update(settings)
    return cls(**kw)


def fit(cls, name, settings):
    for rows, y in ([FIRST[name]] if name in FIRST else DATA):
        try:
            e = build(cls, name, settings)
            e.fit(rows, y) if y is not None else e.fit(rows)
            return e, rows
        except Exception:
            continue
    return None, None


def run(e, method, rows):
    out = getattr(e, method)(rows[:6] if not isinstance(rows, tuple) else rows)
    return out


def flat(v):
    if isinstance(v, (list, tuple)) and not all(isinstance(i, (int, float, str, np.generic)) for i in v):
        return [x for i in v for x in flat(i)]
    if hasattr(v, "toarray"):
        v = v.toarray()
    return [np.asarray(v)]


def same(a, b):
    a, b = flat(a), flat(b)
    if len(a) != len(b):
        return False
    for x, y in zip(a, b):
        if x.shape != y.shape:
            return False
        if x.dtype.kind in "fc":
            if not np.allclose(x, y, rtol=1e-9, atol=1e-12, equal_nan=True):
                return False
        elif not (x == y).all():
            return False
    return True


def reads(e, call):
    """Attributes of e's own __dict__ in the order call reads them."""
    cls, order, own = type(e), [], set(vars(e))
    plain = cls.__getattribute__

    def watch(self, name):
        if self is e and name in own and name not in order:
            order.append(name)
        return plain(self, name)

    try:
        cls.__getattribute__ = watch
    except TypeError:
        return sorted(own)
    try:
        call()
    finally:
        if plain is object.__getattribute__ or "__getattribute__" in vars(cls) and not any("__getattribute__" in vars(b) for b in cls.__mro__[1:-1]):
            del cls.__getattribute__
        else:
            cls.__getattribute__ = plain
    return order


def state(e):
    """What is stored of an object."""
    return dict(e.__getstate__() if hasattr(type(e), "__getstate__") else vars(e))


def clone(e, without):
    """What loading makes of an object when an attribute was not stored."""
    s = {k: v for k, v in state(e).items() if k != without}
    c = type(e).__new__(type(e))
    c.__setstate__(s) if hasattr(c, "__setstate__") else c.__dict__.update(s)
    return c


def needs(e, method, rows):
    base = run(e, method, rows)
    out, have = [], state(e)
    order = reads(e, lambda: run(e, method, rows))
    for a in order + [a for a in have if a not in order and a != "_sklearn_version"]:
        if a not in have:
            continue
        try:
            c = clone(e, a)
            got = run(c, method, rows)
        except Exception as ex:
            text = "%s: %s" % (type(ex).__name__, ex)
            out.append([a, "" if text == "AttributeError: '%s' object has no attribute '%s'" % (type(e).__name__, a) else text[:200]])
            continue
        try:
            if not same(base, got):
                out.append([a, "~"])
        except Exception:
            pass
    return out


def inside(v, depth=0, seen=None):
    """Objects of scikit-learn that are no estimators, in an estimator."""
    seen = set() if seen is None else seen
    if depth > 4 or id(v) in seen:
        return
    seen.add(id(v))
    if isinstance(v, (list, tuple)):
        for i in v[:3]:
            yield from inside(i, depth + 1, seen)
    elif type(v).__module__.startswith("sklearn.") and hasattr(v, "__dict__") and not isinstance(v, type):
        if not isinstance(v, BaseEstimator) and depth > 0:
            yield v
        for i in vars(v).values():
            yield from inside(i, depth + 1, seen)


def borrowed():
    """Names that a module has from another one of scikit-learn, by module."""
    out = {}
    for name, m in sorted(sys.modules.items()):
        if not name.startswith("sklearn") or m is None or ".tests" in name:
            continue
        found = [n for n, v in sorted(vars(m).items()) if callable(v) and not n.startswith("__")
                 and getattr(v, "__module__", None) not in (None, name) and str(v.__module__).startswith(("sklearn", "_loss"))]
        if found:
            out[name] = found
    return out


def main():
    out = {"": borrowed()}
    for name, cls in all_estimators():
        for settings in [{}] + SETTINGS.get(name, []):
            try:
                e, rows = fit(cls, name, settings)
            except Exception:
                e = None
            if e is None:
                continue
            key = ",".join("%s=%s" % (k, json.dumps(v)) for k, v in sorted(settings.items()) if not callable(v))
            for m in METHODS:
                try:
                    if not hasattr(e, m):
                        continue
                    r = rows if m != "inverse_transform" else e.transform(rows)
                    out.setdefault(name, {}).setdefault(m, {})[key] = needs(e, m, r)
                except Exception:
                    continue
            if settings:
                continue
            for o in inside(e):
                for m in METHODS[:4]:
                    order = []
                    try:
                        if not hasattr(e, m):
                            continue
                        order = reads(o, lambda: run(e, m, rows))
                    except Exception:
                        continue
                    found = []
                    for a in order:
                        if a not in vars(o):
                            continue
                        v = o.__dict__.pop(a)
                        try:
                            run(e, m, rows)
                        except AttributeError as ex:
                            if str(ex) == "'%s' object has no attribute '%s'" % (type(o).__name__, a):
                                found.append([a, ""])
                        except Exception:
                            pass
                        o.__dict__[a] = v
                    if found:
                        out.setdefault(type(o).__name__, {}).setdefault("use", {})[""] = found
                        break
    json.dump(out, sys.stdout, sort_keys=True)


if __name__ == "__main__":
    main()
