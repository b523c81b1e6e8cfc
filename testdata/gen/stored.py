"""Models beside which the release that wrote them left its answers, asked again in the running scikit-learn.

The answers to NAME.pkl are in NAME.json, a case as internal/golden reads it; or in NAME.npz or expected/NAME.npz: a member
for every method and, unless the rows are those of tools/gen_old.py (by the model's name, from inputs.npz), the rows as __X
or, as JSON, __J.
"""

import base64
import json
import os
import pickle

import numpy as np
import scipy.sparse as sp


def load(path):
    """What a file holds, by its extension."""
    if path.endswith(".skops"):
        import skops.io

        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    if path.endswith(".pkl"):
        with open(path, "rb") as f:
            return pickle.load(f)
    import joblib

    return joblib.load(path)


def cell(c):
    if isinstance(c, dict):
        return base64.b64decode(c["b"]) if "b" in c else float(c["f"])
    return c


def value(v):
    """Rows or an answer of a case."""
    if "columns" in v:
        import pandas as pd

        return pd.DataFrame({c["name"]: value(c) for c in v["columns"]})
    if "tokens" in v:
        return v["tokens"]
    if "dicts" in v:
        return [dict((k, cell(x)) for k, x in d) for d in v["dicts"]]
    if v["dtype"] == "object":
        a = np.empty(len(v["data"]), dtype=object)
        a[:] = [cell(c) for c in v["data"]]
    elif v["dtype"] == "str":
        if len(v["shape"]) == 1:
            return v["data"]
        a = np.array(v["data"])
    else:
        a = np.array([float(x) if isinstance(x, str) else x for x in v["data"]], dtype=v["dtype"])
    if "indptr" in v:
        m = sp.csr_matrix((a, v["indices"], v["indptr"]), shape=v["shape"])
        m.sort_indices()  # distances of sparse rows need it since 1.3
        return m
    return a.reshape(v["shape"]) if "shape" in v else a


def rows(name, z):
    """The first ten rows of what a model of that name was fitted on; z is inputs.npz."""
    if name in ("MNB", "CNB", "NMF", "LDAtopic", "FuncT", "TfidfT"):
        return z["Xp"][:10]
    if name in ("HGBC", "HGBR", "SImp", "SImp_ind", "KImp", "MissI", "OldImputer"):
        return z["Xn"][:10]
    if name in ("OHE", "OHE_drop", "OrdE"):
        return z["Xc"].astype(object)[:10]
    if name in ("CV", "Tfidf", "HashV"):
        return [str(d) for d in z["docs"]][:10]
    if name in ("LabE", "LabB"):
        return np.array(["a", "b", "c"])[z["y"]][:10]
    if name == "MLB":
        return [["a"], ["b", "c"]]
    if name == "DictV":
        return [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    if name == "Iso":
        return z["X"][:10, 0]
    return z["X"][:10]


def answers(path, name, z):
    """The rows; by method the arrays that the writing release answered; by method the largest of the terms that sums are made
    of, where it is known, or None where the rows do not stand beside the answers."""
    if path.endswith(".json"):
        with open(path, encoding="utf-8") as f:
            c = json.load(f)
        got, scales, named = {}, {}, "rows" if "rows" in c["inputs"] else next(iter(c["inputs"]), None)
        for out in c["outputs"]:
            v = out.get("value")
            if out["input"] == named and not out.get("refusal") and v and "neighbours" not in v and "columns" not in v:
                scales[out["method"]] = max(np.ravel(out.get("scale", 0)))
                got[out["method"]] = [np.asarray(dense(value(x))) for x in v.get("list", [v])]
        if "kneighbors" in got:
            del got["kneighbors"][1:]  # which of equals comes first is nobody's promise
        return value(c["inputs"][named]) if named else None, got, scales
    if not path.endswith(".npz"):
        beside = path[:-4] + ".npz"
        path = beside if os.path.exists(beside) else os.path.join(os.path.dirname(path), "expected", name + ".npz")
    with np.load(path, allow_pickle=True) as f:
        got = {k: [v] for k, v in f.items()}
    if "__J" in got:
        A = json.loads(str(got.pop("__J")[0]))
        return (np.array(A, dtype=object) if isinstance(A[0], list) else A), got, {}
    if "__X" in got:
        return got.pop("__X")[0], got, {}
    return rows(name, z), got, None


def loose(path, method):
    """Rows of a case whose answer to a method was a matter of rounding in the writing release: of equal scores, or of equally near
    neighbours."""
    if not path.endswith(".json"):
        return []
    with open(path, encoding="utf-8") as f:
        c = json.load(f)
    named = "rows" if "rows" in c["inputs"] else next(iter(c["inputs"]), None)
    of = [out for out in c["outputs"] if out["input"] == named and out["method"] == method]
    return sorted(set(i for out in of for i in out.get("undecided", []) + (out.get("tied", []) if method == "predict" else [])))


def dense(v):
    return v.toarray() if sp.issparse(v) else v


def ask(e, method, A):
    """One method's answer as a list of arrays."""
    got = getattr(e, method)(A)
    if method.startswith("staged_"):
        got = np.stack(list(got), axis=1)
    return [np.asarray(dense(g)) for g in (got if isinstance(got, (list, tuple)) else [got])]


def differs(want, got, tolerance, least=0):
    """None, or how an answer differs by more than a part of its largest number, or of least. Of neighbours the distances may be wanted
    alone, and several outputs in one array."""
    if len(want) == 1 and len(got) > 1 and want[0].shape[:1] == (len(got),) and got[0].shape == want[0].shape[1:]:
        got = [np.stack(got)]
    if len(got) < len(want):
        return "%d arrays for %d" % (len(got), len(want))
    for w, g in zip(want, got):
        d = apart(w, g, tolerance, least)
        if d:
            return d
    return None


def apart(want, got, tolerance, least):
    if want.shape != got.shape:
        return "shape %s for %s" % (got.shape, want.shape)
    if want.dtype.kind not in "fc" or got.dtype.kind not in "fc":
        if "U" in (want.dtype.kind, got.dtype.kind):
            want, got = want.astype(str), got.astype(str)
        n = sum(not (a == b or (a != a and b != b)) for a, b in zip(want.ravel().tolist(), got.ravel().tolist()))
        return "labels differ in %d of %d" % (n, want.size) if n else None
    same = (want == got) | (np.isnan(want) & np.isnan(got))
    if same.all():
        return None
    worst = np.nanmax(np.abs(np.where(same, 0, want - got)))
    scale = max(np.nanmax(np.abs(np.where(np.isfinite(want), want, 0))), least, 1e-300)
    if (np.isnan(want) != np.isnan(got)).any() or worst > tolerance * scale:
        return "%.3g of %.3g" % (worst, scale)
    return None
