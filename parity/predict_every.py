"""Fits a model or more of every estimator, writes its rows in each kind of file that can hold them, runs `larder predict` on
each, the model as joblib and as skops in turn, and compares what it prints with what scikit-learn computes of the rows in memory.

    predict_every.py LARDER FOLDER [--seed N] [--only REGEXP] [--lines N]
"""

import argparse
import collections
import fnmatch
import json
import os
import re
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import scipy.sparse as sp
import skops.io

import predict_check as one

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "testdata", "gen"))

import build
import exactness
import record
from cases import LINES

METHODS = "predict predict_proba decision_function transform score_samples kneighbors apply decision_path".split()
LOOSE = {"sum32": 1e-4, "dist32": 1e-2, "log": 1e-7, "dist": 1e-7}  # what is equal is for the comparison in memory to say


def kinds(est, rows):
    """The kinds of files that hold rows as they are."""
    if isinstance(rows, pd.DataFrame):
        return ["csv", "json", "objects", "jsonl", "parquet"]
    if sp.issparse(rows):
        return ["sparse", "npy", "json"]
    if isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.dtype == np.float64 and rows.shape[1] > 1:
        return ["csv", "json", "npy", "npz", "parquet"]
    if isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.dtype.kind in "fiub":
        return ["npy", "npz"]
    if isinstance(rows, np.ndarray) and rows.ndim > 1:
        return ["npy"]
    array = isinstance(rows, np.ndarray)
    try:
        json.dumps(rows.tolist() if array else rows)
    except TypeError:  # bytes, and what numpy made
        return ["npy"] * array
    return ["json"] + ["npy"] * array


def rows_of(rows, kind):
    """Rows as the writer of a kind takes them."""
    if kind == "parquet" and isinstance(rows, np.ndarray):
        return pd.DataFrame(rows, columns=[f"c{i}" for i in range(rows.shape[1])])
    if kind == "json" and isinstance(rows, np.ndarray) and rows.ndim == 1:
        return rows.tolist()
    return rows


def allowances():
    """Reasons for which Larder may refuse what scikit-learn computes: those of allow.txt."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "allow.txt")) as f:
        lines = [[w.strip() for w in line.split("|")] for line in f if line.strip() and not line.startswith("#")]
    return [(estimator, method, words) for kind, estimator, method, _, words, _ in lines if kind == "refuses"]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("larder")
    a.add_argument("folder")
    a.add_argument("--seed", type=int, default=20261129)
    a.add_argument("--only", default="")
    a.add_argument("--lines", type=int, default=1, help="models per estimator")
    a = a.parse_args()
    runs, wrong, refused, idle, seen = collections.Counter(), [], collections.Counter(), [], set()
    allowed = allowances()
    by = collections.defaultdict(list)
    for line in LINES:
        if re.search(a.only, line.estimator):
            by[line.estimator].append(line)
    for name in sorted(by):
        r = build.generator(a.seed, name)
        for i in range(a.lines):
            for _ in range(6):  # random data may be degenerate for a setting
                line = by[name][r.integers(len(by[name]))]
                try:
                    d, est = build.fit(line, r, "f8", int(line.n * 1.2), line.p or 5, 14)
                    break
                except Exception:
                    continue
            else:
                wrong.append(f"{name}: not fitted")
                continue
            methods = [m for m in METHODS if hasattr(est, m)][:2]
            if not methods:
                idle.append(name)
            forms = {"joblib": os.path.join(a.folder, f"{name}.{i}.joblib")}
            joblib.dump(est, forms["joblib"], compress=int(r.integers(0, 4)))
            try:
                skops.io.dump(est, forms["joblib"][:-6] + "skops")
                skops.io.load(forms["joblib"][:-6] + "skops", trusted=skops.io.get_untrusted_types(file=forms["joblib"][:-6] + "skops"))
                forms["skops"] = forms["joblib"][:-6] + "skops"
            except Exception as e:
                refused[f"skops can not hold it: {type(e).__name__}"] += 1
            for method in methods:
                try:
                    want = record.call(est, method, d.new)
                except Exception:
                    continue
                if method == "kneighbors":
                    want = [want[1], want[0]]
                loose = set().union(*exactness.loose(est, d.new, exactness.question(method)))
                for k, kind in enumerate(kinds(est, d.new)):
                    form = list(forms)[k % len(forms)]
                    path, more = one.write(rows_of(d.new, kind), kind, os.path.join(a.folder, "rows." + kind))
                    p = subprocess.run([a.larder, "predict", forms[form], "-i", path, "--method", method, "--format", "json", *more], capture_output=True, text=True)
                    runs[kind] += 1
                    runs[form] += 1
                    what = f"{name}.{i} {build.words(est)[:90]} {method} {kind} {form}"
                    if p.returncode in (2, 4) and any(fnmatch.fnmatchcase(name, e) and fnmatch.fnmatchcase(method, m) and w in p.stderr for e, m, w in allowed):
                        refused[p.stderr.strip()[:160]] += 1
                        continue
                    if p.returncode:
                        wrong.append(f"{what}: {p.stderr.strip()[:260]}")
                        continue
                    one.TOLERANCE = LOOSE.get(exactness.width(est, d.new, method, False), 1e-8)
                    got = json.loads(p.stdout)
                    for row in loose if isinstance(want, np.ndarray) else ():
                        got["data"][row] = want[row].tolist()
                    why = None if loose and isinstance(want, list) else one.differs(got, want, False)
                    if why:
                        wrong.append(f"{what}: {why}")
                    else:
                        seen.add(name)
    print(f"{sum(runs[k] for k in ('joblib', 'skops'))} runs of larder predict of {len(seen)} estimators: " + ", ".join(f"{k} {v}" for k, v in runs.most_common()))
    print(f"{len(idle)} without a method of rows: {' '.join(sorted(set(idle)))}")
    print("\n".join(f"{v} × {k}" for k, v in refused.items()))
    print("\n".join(wrong[:80]))
    print(f"{len(wrong)} differ")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
