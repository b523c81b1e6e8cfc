"""Loads what Larder wrote with the real pickle, joblib, skops and safetensors, and compares every answer, every attribute
and every array with the original's.

stored_check.py JOBS [INPUTS]: each line names the original, the copy and the case. Without a case the rows are those of the
file INPUTS. Of a safetensors file the arrays are compared: each must be one of the original's, and each of those must be there."""

import collections
import io
import json
import os
import pickle
import sys

import numpy as np
import scipy.sparse as sp

import document  # beside this file

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "testdata", "gen"))

import crew
import record
from stored import load, value


METHODS = "predict predict_proba predict_log_proba decision_function transform score_samples kneighbors apply".split()


def inputs(a, case):
    """What the methods are tried on."""
    if case:
        with open(case, encoding="utf-8") as f:
            c = json.load(f)
        return [value(c["inputs"]["rows"])], [m for m in c["methods"] if m != "inverse_transform"]
    with np.load(INPUTS, allow_pickle=True) as z:
        return [z[k][:10] for k in z.files] + [z["X"][:10, 0], z["X"][:10, :2], [{"a": 1, "b": "x"}], ["a", "c"]], METHODS


def differs(a, b, path="model", seen=None):
    """The first place where two object graphs are not the same."""
    seen = set() if seen is None else seen
    if (id(a), id(b)) in seen:
        return None
    seen.add((id(a), id(b)))
    if isinstance(a, np.generic) and isinstance(b, np.ndarray) or isinstance(b, np.generic) and isinstance(a, np.ndarray):
        a, b = np.asarray(a), np.asarray(b)
    if {type(a), type(b)} == {np.matrix, np.ndarray} and joblib_reads:
        a, b = np.matrix(a), np.matrix(b)  # joblib itself makes an array of a matrix beside numpy 2
    if type(a) is not type(b):
        return f"{path}: {type(a)} {type(b)}"
    if isinstance(a, collections.deque):
        return differs(list(a), list(b), path, seen)
    if isinstance(a, np.ma.MaskedArray):
        return (path + ".fill_value" if repr(a.fill_value) != repr(b.fill_value) else None) or differs(np.asarray(a.data), np.asarray(b.data), path + ".data", seen) or differs(np.ma.getmaskarray(a), np.ma.getmaskarray(b), path + ".mask", seen)
    if isinstance(a, np.ndarray):
        if a.dtype.newbyteorder("<") != b.dtype.newbyteorder("<") or a.shape != b.shape:
            return f"{path}: {a.dtype} {a.shape} {b.dtype} {b.shape}"
        if a.dtype.hasobject:
            return next((d for i, (x, y) in enumerate(zip(a.ravel(), b.ravel())) if (d := differs(x, y, f"{path}[{i}]", seen))), None)
        if not a.flags.c_contiguous and a.flags.f_contiguous != b.flags.f_contiguous:
            return f"{path}: memory order"
        if a.dtype.names:
            return next((d for n in a.dtype.names if (d := differs(a[n], b[n], f"{path}.{n}", seen))), None)
        return None if a.astype(a.dtype.newbyteorder("<")).tobytes() == b.astype(a.dtype.newbyteorder("<")).tobytes() else path
    if isinstance(a, np.generic):
        return None if a.dtype == b.dtype and a.tobytes() == b.tobytes() else path
    if sp.issparse(a):
        if a.format != b.format or a.shape != b.shape:
            return path
        if len(a.shape) != 2:  # scipy can not compare matrices of one dimension
            return differs(vars(a), vars(b), path, seen)
        return None if (a != b).nnz == 0 else path
    if isinstance(a, dict):
        if [(type(k), k) for k in a if k == k] != [(type(k), k) for k in b if k == k]:
            return f"{path}: keys {list(a)[:5]} {list(b)[:5]}"
        return next((d for (k, x), y in zip(a.items(), b.values()) if (d := differs(x, y, f"{path}.{k}", seen))), None)
    if isinstance(a, (list, tuple)):
        if len(a) != len(b):
            return f"{path}: length"
        return next((d for i, (x, y) in enumerate(zip(a, b)) if (d := differs(x, y, f"{path}[{i}]", seen))), None)
    if isinstance(a, np.random.RandomState):
        return differs(a.get_state(legacy=False), b.get_state(legacy=False), path, seen)
    if isinstance(a, np.random.Generator):
        return differs(a.bit_generator.state, b.bit_generator.state, path, seen) or differs(a.bit_generator.seed_seq.state, b.bit_generator.seed_seq.state, path, seen)
    if isinstance(a, float):
        return None if a == b or a != a and b != b else path
    if isinstance(a, (int, str, bytes, set, frozenset, bool, type(None), np.dtype)):
        return None if a == b else f"{path}: {a!r} {b!r}"
    state = getattr(a, "__getstate__", None)
    if state is not None and type(a).__module__.startswith(("sklearn", "scipy", "functools", "numpy")) and not isinstance(a, type):
        return differs(state(), b.__getstate__(), path, seen)
    return None


class Arrays(pickle.Pickler):
    """Collects the arrays that pickle meets and safetensors has a dtype for, as bytes in C order."""

    def __init__(self, found):
        super().__init__(io.BytesIO(), 4)
        self.found, self.begun = found, set()

    def reducer_override(self, a):
        if isinstance(a, np.ma.MaskedArray):
            a._fill_value = None  # which reading sets
        if isinstance(a, np.random.SeedSequence):  # where a generator began: skops makes a new one on loading
            self.begun.add((a.pool.shape, "<u4", a.pool.astype("<u4").tobytes()))
        if type(a) in (np.ndarray, np.matrix) and a.dtype.kind in "biuf" and a.dtype.itemsize <= 8:
            little = a.astype(a.dtype.newbyteorder("<"))
            self.found.add((a.shape, little.dtype.str, little.tobytes()))
        return NotImplemented


def tensors(original, copy, case):
    from safetensors import numpy, safe_open

    got = numpy.load_file(copy)
    if original.endswith(".skops"):  # scipy narrows the indices it reads; the file has those that were
        got = {n: t.astype(np.int32) if n.endswith((".indices", ".indptr")) and t.size and t.max() < 2**31 else t for n, t in got.items()}
    have = {(t.shape, t.dtype.newbyteorder("<").str, t.tobytes()) for t in got.values()}
    want = set()
    arrays = Arrays(want)
    arrays.dump(load(original))
    with safe_open(copy, framework="numpy") as f:
        if not f.metadata().get("larder"):
            return "no description"
    if lost := want - have - arrays.begun:
        return f"{len(lost)} arrays are missing, e.g. {next(iter(lost))[:2]}"
    raw = {t for t in have - want if not t[1].endswith("u1")}
    if raw and not case.startswith("value"):
        return f"{len(raw)} arrays are not the original's"


def parameters(original, copy, case):
    """The document's own function predicts from the parameters what the model predicts."""
    with open(copy) as f:
        params = json.load(f)
    a = load(original)
    (X,), methods = inputs(a, case)
    X = np.asarray(X.todense() if sp.issparse(X) else X)
    want, got = a.predict(X), document.predict_from_params(params, X)
    if want.shape != got.shape:
        return f"shape {got.shape}, not {want.shape}"
    if params["classes"] is None:
        single = np.float32 in (want.dtype, X.dtype, getattr(a, "coef_", want).dtype)  # whose sums are
        size = np.abs(want).max(initial=0)
        if single and hasattr(a, "coef_"):
            size = max(size, (np.dot(np.abs(X), np.abs(np.atleast_2d(a.coef_)).T) + np.abs(a.intercept_)).max(initial=0))
        ok = np.abs(want - got).max(initial=0) <= (1e-6 if single else 1e-12) * size
    else:
        ok = (want == got).all()
    return None if ok else "predict_from_params differs"


def one(job):
    original, copy, case = job
    try:
        if copy.endswith(".params.json"):
            why = parameters(original, copy, case)
            return f"{copy}: {why}" if why else None
        if copy.endswith(".safetensors"):
            why = tensors(original, copy, case)
            return f"{copy}: {why}" if why else None
        a, b = load(original), load(copy)
        global joblib_reads
        joblib_reads = ".joblib" in (os.path.splitext(copy)[1], os.path.splitext(original)[1])
        different = differs(a, b)
        if different:
            return f"{copy}: {case} {different}"
        if case.startswith("value"):
            return None
        # what a forest or a clustering draws when it predicts is drawn anew
        tried, methods = inputs(a, case)
        for X in tried:
            for method in methods:
                if not hasattr(a, method):
                    continue
                try:
                    want = record.value(record.call(a, method, X))
                except Exception:
                    continue
                if record.value(record.call(b, method, X)) != want:
                    return f"{copy}: {method} differs"
        if hasattr(a, "__dict__") and sorted(vars(a)) != sorted(vars(b)):
            return f"{copy}: attributes {sorted(set(vars(a)) ^ set(vars(b)))}"
    except Exception as e:
        return f"{copy}: {type(e).__name__}: {' '.join(str(e).split())[:300]}"


joblib_reads = False
INPUTS = sys.argv[2] if len(sys.argv) > 2 else None


def main():
    with open(sys.argv[1]) as f:
        jobs = [line.rstrip("\n").split("\t") for line in f]
    wrong = [f"{job[0]}: {death}" if death else w for job, w, death in crew.share(one, jobs) if w or death]
    print(f"{len(jobs) - len(wrong)} of {len(jobs)} copies load in Python and answer as their originals")
    print("\n".join(wrong))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
