"""Answers of migrated models in the running scikit-learn against those that cases of other releases hold.

    migrate_cases.py JOBS > RESULTS

A line of JOBS is a migrated file and the case (.json); one of RESULTS the file, ok, lost, refuses, load, call or differs,
and what was seen.
"""

import json
import sys
import warnings

import numpy as np
import scipy.sparse as sp

sys.path.insert(0, __file__.rsplit("/", 1)[0])

from migrate_check import compare
from stored_check import load, rows

import record


def dense(v):
    return v.toarray() if sp.issparse(v) else v


def wanted(v):
    return [wanted(x) for x in v["list"]] if "list" in v else dense(rows(v))


def check(path, case):
    with open(case, encoding="utf-8") as f:
        c = json.load(f)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            e = load(path)
        except Exception as err:
            return "load", repr(err)[:200]
    bad = [str(w.message)[:150] for w in seen if "unpickle" in str(w.message)]
    if bad:
        return "load", "warning: " + bad[0]
    warnings.simplefilter("ignore")
    X = rows(c["inputs"]["rows"])
    lost = []
    for out in c["outputs"]:
        method = out["method"]
        if out["input"] != "rows" or out.get("refusal") or method == "inverse_transform" or "value" not in out:
            continue
        if not hasattr(e, method):
            lost.append(method)
            continue
        try:
            got = record.call(e, method, X)
        except Exception as err:
            return ("refuses" if "NaN" in str(err) else "call"), f"{method}: {err!r}"[:200]
        try:
            want = wanted(out["value"])
        except Exception:
            continue
        got = got if isinstance(got, list) else [got]
        want = want if isinstance(want, list) and len(want) == len(got) and len(got) > 1 else [want]
        if len(got) != len(want):
            continue
        for g, w in zip(got, want):
            if hasattr(g, "distances") or hasattr(w, "columns"):
                continue
            d = compare("", method, w, dense(g))
            if d:
                return "differs", d
    return ("lost", " ".join(lost)) if lost else ("ok", "")


def main():
    for line in open(sys.argv[1]):
        path, case = line.rstrip("\n").split("\t")
        try:
            kind, what = check(path, case)
        except Exception as err:
            kind, what = "odd", repr(err)[:200]
        print(path, kind, what.replace("\n", " "), sep="\t", flush=True)


if __name__ == "__main__":
    main()
