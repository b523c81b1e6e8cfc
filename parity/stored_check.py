"""Loads what Larder wrote with the real pickle, joblib and skops, and compares every answer with the original's.

stored_check.py JOBS: each line names the original, the copy and the case."""

import json
import multiprocessing
import os
import pickle
import sys

import joblib
import numpy as np
import pandas as pd
import scipy.sparse as sp
import skops.io

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "testdata", "gen"))

import record


def load(path):
    if path.endswith(".skops"):
        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    if path.endswith(".pkl"):
        with open(path, "rb") as f:
            return pickle.load(f)
    return joblib.load(path)


def cell(c):
    return float(c["f"]) if isinstance(c, dict) else c


def rows(v):
    if "columns" in v:
        return pd.DataFrame({c["name"]: rows(c) for c in v["columns"]})
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
        return sp.csr_matrix((a, v["indices"], v["indptr"]), shape=v["shape"])
    return a.reshape(v["shape"]) if "shape" in v else a


def one(job):
    original, copy, case = job
    try:
        with open(case, encoding="utf-8") as f:
            c = json.load(f)
        a, b = load(original), load(copy)
        X = rows(c["inputs"]["rows"])
        for method in c["methods"]:
            if method == "inverse_transform":
                continue
            try:
                want = record.value(record.call(a, method, X))
            except Exception:
                continue
            if record.value(record.call(b, method, X)) != want:
                return f"{copy}: {method} differs"
        if sorted(vars(a)) != sorted(vars(b)):
            return f"{copy}: attributes {sorted(set(vars(a)) ^ set(vars(b)))}"
    except Exception as e:
        return f"{copy}: {type(e).__name__}: {' '.join(str(e).split())[:300]}"


def main():
    with open(sys.argv[1]) as f:
        jobs = [line.rstrip("\n").split("\t") for line in f]
    with multiprocessing.Pool(min(2, os.cpu_count() or 1)) as pool:
        wrong = [w for w in pool.map(one, jobs, chunksize=8) if w]
    print(f"{len(jobs) - len(wrong)} of {len(jobs)} copies load in Python and answer as their originals")
    print("\n".join(wrong))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
