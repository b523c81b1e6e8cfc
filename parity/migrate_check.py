"""Loads migrated models in the scikit-learn on the path and compares every stored answer of the releases that wrote them.

    migrate_check.py JOBS INPUTS > RESULTS

JOBS holds lines of: name of the model, migrated file, what stored.py reads the answers from. A line of RESULTS is the file,
ok, lost (a method is gone), refuses (it does not take these rows), float32 (a model fitted on float32 agrees in its digits), ties (only
rows with several equally near neighbours or several classes of equal scores differ), logs (only logarithms of 0 do), paths (only those of rows with
NaN), several of these joined by +, rounding (digits that the same model gives for the next floats), load, warns, call or differs, and what was seen.
"""

import itertools
import os
import sys
import warnings

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "testdata", "gen"))

import stored

EXACT = set(
    "DTC DTC_str DTR RFC RFR ETC HGBR GBR AdaR OHE OHE_drop OrdE LabE LabB MLB SImp SImp_ind MissI OldImputer CV HashV DictV SelK VarT SFM RFE "
    "MinMax StdS Robust Binz Poly FU CT Dummy DBSCAN Agglo".split()
)


FLOAT32 = float(os.environ.get("F32") or 2.0**-21)


def tolerance(name, method):
    """How far an answer may be from the writing release's, as part of its largest number."""
    if method == "kneighbors" or name.startswith(("Birch", "KNNImputer", "KNeighborsTransformer", "MiniBatchKMeans")):
        return 1e-7  # distances are roots of differences
    return 0 if name in EXACT and not (name == "RFE" and method not in ("transform", "predict")) else 1e-12


def narrow(e, depth=0):
    """Whether an estimator or what it holds was fitted on float32."""
    if isinstance(e, (list, tuple)):
        return any(narrow(x, depth + 1) for x in e)
    if getattr(e, "dtype", None) == np.float32:
        return True
    return depth < 12 and type(e).__module__.startswith("sklearn.") and any(narrow(x, depth + 1) for x in getattr(e, "__dict__", {}).values())


def tied(e, A):
    """Rows whose last neighbour is as near as the next one, of a brute search."""
    if type(e).__name__ == "KNNImputer":
        from sklearn.metrics.pairwise import nan_euclidean_distances

        A, known = np.asarray(A, dtype=float), ~np.isnan(e._fit_X)
        d, out = nan_euclidean_distances(A, e._fit_X), np.zeros(len(A), dtype=bool)
        for j in range(A.shape[1]):
            s = np.sort(np.where(known[:, j], d, np.nan))  # of the donors; NaN is last
            k = min(e.n_neighbors, known[:, j].sum())
            if 0 < k < s.shape[1]:
                out |= np.isnan(A[:, j]) & (np.abs(s[:, k - 1] - s[:, k]) <= 1e-12 * s[:, k])
        return out
    if getattr(e, "_fit_method", None) != "brute" or not hasattr(e, "kneighbors") or e.n_neighbors >= e.n_samples_fit_:
        return None
    d = e.kneighbors(A, n_neighbors=e.n_neighbors + 1)[0]
    return np.abs(d[:, -1] - d[:, -2]) <= 1e-12 * np.abs(d[:, -1])


def equal_scores(e, A):
    """Rows whose two largest scores are equal, of one-vs-rest classifiers, or whose two nearest codes are as near."""
    if type(e).__name__ == "OutputCodeClassifier":
        Y = np.array([f.decision_function(A) if hasattr(f, "decision_function") else f.predict_proba(A)[:, 1] for f in e.estimators_]).T
        d = np.sort(((Y[:, None, :] - e.code_book_[None]) ** 2).sum(axis=2))
        return np.abs(d[:, 1] - d[:, 0]) <= 1e-9 * np.abs(d[:, 1])
    if type(e).__name__ not in ("OneVsRestClassifier", "GaussianProcessClassifier") or len(e.classes_) < 3:
        return None
    s = np.sort(e.predict_proba(A) if hasattr(e, "predict_proba") else e.decision_function(A))
    return np.abs(s[:, -1] - s[:, -2]) <= 1e-9 * np.abs(s[:, -1])


def explained(e, method, A, want, got, known, least, loose):
    """How an answer differs beyond what is known of such rows, or None; and the fewest kinds that explain it."""
    d = stored.differs(want, got, known, least)
    if not d:
        return None, set()
    masks = {}
    rows = np.zeros(len(want[0]), dtype=bool)
    rows[[i for i in loose if i < len(rows)]] = True
    for other in [tied(e, A) if method != "kneighbors" else None, equal_scores(e, A) if method == "predict" else None]:
        rows |= False if other is None else other
    masks["ties"] = rows
    if method == "staged_predict" and hasattr(e, "staged_predict_proba"):
        p = np.sort(np.stack(list(e.staged_predict_proba(A)), axis=1))
        masks["ties"] = p[:, :, -1] - p[:, :, -2] <= 1e-12
    if method == "predict_log_proba":
        masks["logs"] = np.isinf(want[0]) | np.isinf(got[0])
    if method == "decision_path" and A.dtype.kind == "f":
        masks["paths"] = np.isnan(A).any(axis=1)
    kinds = [k for k in masks if masks[k].any()] + (["float32"] if narrow(e) else [])
    for n in range(1, len(kinds) + 1):
        for some in itertools.combinations(kinds, n):
            w, g = list(want), list(got)
            for k in some:
                if k in masks:
                    w, g = [blank(x, masks[k]) for x in w], [blank(x, masks[k]) for x in g]
            if not stored.differs(w, g, max(known, FLOAT32) if "float32" in some else known, least):
                return None, set(some)
    if rounds(e, method, A, want, got, least):
        return None, {"rounding"}
    return d, set()


def rounds(e, method, A, want, got, least):
    """Whether the same model moves as far when its rows move by half a unit in the last place: it was fitted to amplify them."""
    if not isinstance(A, np.ndarray) or A.dtype != np.float64 or stored.differs(want, got, 1e-7, least):
        return False
    near = [stored.ask(e, method, np.nextafter(A, to)) for to in (-np.inf, np.inf)]
    return all(np.nanmax(np.abs(w - g)) <= 4 * max(np.nanmax(np.abs(n[i] - g)) for n in near) for i, (w, g) in enumerate(zip(want, got)))


def blank(a, which):
    a = np.array(a)
    if a.shape[: which.ndim] != which.shape:
        return a
    a[which] = 0 if a.dtype.kind in "fciub" else ""
    return a


# What is no matter of the file: numbers, rows and distances that the release warns of whenever it meets them.
ROWS = ("Data was converted to boolean", "Skipping features without any observed values", "No features were selected", "One or more samples have no neighbors",
        "Your stop_words may be inconsistent", "Found unknown categories in columns", "Objective did not converge",
        "Maximum number of iterations", "The multiplicative update", "Outlier label")
NAMELESS = "X does not have valid feature names"  # of arrays where the fit had a frame


def check(name, path, expected, z):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            e = stored.load(path)
        except Exception as err:
            return "load", repr(err)[:200]
    if seen:
        return "load", "warning: %s: %s" % (seen[0].category.__name__, str(seen[0].message)[:200])
    lost, differs, kinds = [], [], set()
    A, answers, scales = stored.answers(expected, name, z)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            e.get_params() if hasattr(e, "get_params") else None
            repr(e)
        except Exception as err:
            return "call", "repr: " + repr(err)[:200]
        for method, want in answers.items():
            if not hasattr(e, method) or method.startswith("staged_") and "AdaBoost" in type(e).__name__:
                lost.append(method)  # of AdaBoost the decision is kept, not its stages
                continue
            if type(e).__name__ == "OneHotEncoder" and A.dtype == object and isinstance(A.flat[0], str) and e.categories_[0].dtype.kind == "i":
                return "refuses", "text of digits, which migrate says is no number any more"
            try:
                got = stored.ask(e, method, A)
            except Exception as err:
                # rows with NaN, which that release does not take; or a numpy newer than the release itself runs with
                if "contains NaN" in str(err) or "module 'numpy' has no attribute" in str(err):
                    return "refuses", f"{method}: {err!r}"[:250]
                return "call", f"{method}: {err!r}"[:250]
            least = max((scales or {}).get(method, 0), 1 if method == "predict_log_proba" else 0)
            known = tolerance(name if scales is None or name.startswith(("Birch", "KNN", "KNeighborsT", "MiniB")) else "", method)
            d, said = explained(e, method, A, want, got, known, least, stored.loose(expected, method))
            kinds |= said
            if d:
                differs.append(f"{method}: {d}")
    for w in seen:
        if not issubclass(w.category, RuntimeWarning) and not str(w.message).startswith(ROWS + (() if hasattr(A, "columns") else (NAMELESS,))):
            return "warns", "%s: %s" % (w.category.__name__, str(w.message)[:200])
    if differs:
        return "differs", "; ".join(differs)
    return ("lost", " ".join(lost)) if lost else ("+".join(sorted(kinds)) or "ok", "")


def main():
    z = np.load(sys.argv[2], allow_pickle=True)
    for line in open(sys.argv[1]):
        name, path, expected = line.rstrip("\n").split("\t")
        try:
            kind, what = check(name, path, expected, z)
        except Exception as err:
            kind, what = "odd", repr(err)[:200]
        print(path, kind, what.replace("\n", " "), sep="\t", flush=True)


if __name__ == "__main__":
    main()
