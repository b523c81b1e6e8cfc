"""Loads migrated models in the scikit-learn on the path and compares every stored answer of the releases that wrote them.

    migrate_check.py JOBS INPUTS > RESULTS

JOBS holds lines of: name of the model, migrated file, expected .npz. A line of RESULTS is the file, ok, lost (a method is
gone), refuses (it does not take these rows), load, call or differs, and what was seen.
"""

import json
import pickle
import sys
import warnings

import numpy as np
import joblib

EXACT = set(
    "DTC DTC_str DTR RFC RFR ETC HGBR GBR AdaR OHE OHE_drop OrdE LabE LabB MLB SImp SImp_ind MissI OldImputer CV HashV DictV SelK VarT SFM RFE "
    "MinMax StdS Robust Binz Poly FU CT Dummy DBSCAN Agglo".split()
)


def rows(name, z):
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


def compare(name, method, want, got):
    """None, or what differs."""
    want, got = np.asarray(want), np.asarray(got)
    if want.shape != got.shape and want.size == got.size and got.squeeze().shape == want.squeeze().shape:
        return f"{method}: shape {got.shape} for {want.shape}"
    if want.shape != got.shape:
        return f"{method}: shape {got.shape} for {want.shape}"
    if want.dtype.kind not in "fc" or got.dtype.kind not in "fc":
        return None if (want == got).all() else f"{method}: labels differ in {int((want != got).sum())} of {want.size}"
    same = (want == got) | (np.isnan(want) & np.isnan(got))
    if same.all():
        return None
    worst = np.nanmax(np.abs(np.where(same, 0, want - got)))
    scale = max(np.nanmax(np.abs(np.where(np.isfinite(want), want, 0))), 1e-300)
    exact = name in EXACT and not (name == "RFE" and method not in ("transform", "predict"))
    if np.isnan(worst) or exact or worst > (1e-7 if method == "kneighbors" or name == "Birch" else 1e-12) * scale:
        return f"{method}: {worst:.3g} of {scale:.3g}"
    return None


def check(name, path, expected, z):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            e = joblib.load(path) if path.endswith(".joblib") else pickle.load(open(path, "rb"))
        except Exception as err:
            return "load", repr(err)[:200]
    bad = [str(w.message)[:200] for w in seen if "unpickle" in str(w.message) or "InconsistentVersion" in type(w.message).__name__]
    if bad:
        return "load", "warning: " + bad[0]
    lost, differs = [], []
    stored = dict(np.load(expected, allow_pickle=True).items())
    own = "__X" in stored or "__J" in stored
    if "__J" in stored:
        A = json.loads(str(stored.pop("__J")))
        A = np.array(A, dtype=object) if isinstance(A[0], list) else A
    else:
        A = stored.pop("__X") if own else rows(name, z)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            e.get_params() if hasattr(e, "get_params") else None
            repr(e)
        except Exception as err:
            return "call", "repr: " + repr(err)[:200]
        for method, want in stored.items():
            if not hasattr(e, method):
                lost.append(method)
                continue
            try:
                got = e.kneighbors(A)[0] if method == "kneighbors" else getattr(e, method)(A)
            except Exception as err:
                # rows with NaN, which that release does not take; or a numpy newer than the release itself runs with
                if "contains NaN" in str(err) or "module 'numpy' has no attribute" in str(err):
                    return "refuses", f"{method}: {err!r}"[:250]
                return "call", f"{method}: {err!r}"[:250]
            got = got.toarray() if hasattr(got, "toarray") else got
            got = np.stack(got) if isinstance(got, list) and own and len({np.shape(g) for g in got}) == 1 else np.asarray(got)
            got = got.astype(str) if got.dtype == object and want.dtype.kind == "U" else got
            d = compare("" if own else name, method, want, got)
            if d:
                differs.append(d)
    if differs:
        return "differs", "; ".join(differs)
    return ("lost", " ".join(lost)) if lost else ("ok", "")


def main():
    z = np.load(sys.argv[2], allow_pickle=True)
    for line in open(sys.argv[1]):
        name, path, expected = line.rstrip("\n").split("\t")
        kind, what = check(name, path, expected, z)
        print(path, kind, what.replace("\n", " "), sep="\t", flush=True)


if __name__ == "__main__":
    main()
