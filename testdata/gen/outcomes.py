"""What the scikit-learn release on the path does with old files as they are.

    PYTHONPATH=<one release> python outcomes.py FOLDER > ../outcomes/<release>.txt

FOLDER holds <release>/<model>.pkl with its answers as stored.py reads them, and inputs.npz where they need it.
Every file is loaded and asked again in a process of its own. A line is an outcome (fails, silently-wrong, same), a method
and the error in Python's words without paths, then the models with their releases by number. Distances that differ by less
than 1e-6 of the largest are the same: they are roots of differences.
"""

import glob
import json
import os
import pickle
import re
import sys
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore")

import numpy as np
import sklearn
from sklearn.utils import all_estimators

import stored

try:
    import sklearn.experimental.enable_hist_gradient_boosting  # noqa: F401
except Exception:
    pass


def words(e):
    return re.sub(r" from '[^']*'", "", "%s: %s" % (type(e).__name__, e))


def outcome(path, z):
    """[outcome, method, error] of one file."""
    name = os.path.basename(path)[:-4]
    A, expected, _ = stored.answers(path, name, z)
    try:
        with open(path, "rb") as f:
            e = pickle.load(f)
    except BaseException as err:
        return ["fails", "load", words(err)]
    answer = ["same", "", ""]
    for method in sorted(m for m in expected if hasattr(type(e), m)):
        try:
            got = stored.ask(e, method, A)
        except BaseException as err:
            return ["fails", method, words(err)]
        distances = method == "kneighbors" or (name, method) == ("Birch", "transform")
        if answer[0] == "same" and stored.differs(expected[method], got, 1e-6 if distances else 1e-9):
            answer = ["silently-wrong", method, ""]
    return answer


def apart(path, z):
    """outcome in a process of its own, so that a crash is an outcome too."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r)
        with os.fdopen(w, "w") as f:
            json.dump(outcome(path, z), f)
        os._exit(0)
    os.close(w)
    with os.fdopen(r) as f:
        text = f.read()
    os.waitpid(pid, 0)
    return json.loads(text) if text else ["fails", "load", "the process died"]


def write(results, out):
    """results: release → model → [outcome, method, error]."""
    releases = sorted(results, key=lambda v: [int(p) for p in v.split(".")[:3]])
    print("# made by testdata/gen/outcomes.py with scikit-learn %s, numpy %s" % (sklearn.__version__, np.__version__), file=out)
    print("releases\t" + " ".join(releases), file=out)
    groups = {}
    for i, release in enumerate(releases):
        for model, o in results[release].items():
            groups.setdefault(tuple(o), {}).setdefault(model, []).append(str(i))
    for (o, method, error), models in sorted(groups.items()):
        print("\t".join([o, method, json.dumps(error), " ".join("%s:%s" % (m, ",".join(models[m])) for m in sorted(models))]), file=out)


def main():
    all_estimators()  # imports what most files need before the processes part
    folder = sys.argv[1]
    only = sys.argv[2:]  # releases
    inputs = os.path.join(folder, "inputs.npz")
    z = dict(np.load(inputs, allow_pickle=True)) if os.path.exists(inputs) else None
    results = {}
    for release in sorted(os.listdir(folder)):
        if os.path.isdir(os.path.join(folder, release)) and (not only or release in only):
            files = sorted(glob.glob(os.path.join(folder, release, "*.pkl")))
            results[release] = {os.path.basename(f)[:-4]: apart(f, z) for f in files}
    write(results, sys.stdout)


if __name__ == "__main__":
    main()
