"""For each line of JOBS (model, original, migrated, expected .npz, method): how far the running scikit-learn is from what
the writing release answered, on the original as it is and on the migrated file.

    migrate_silent.py JOBS INPUTS
"""

import pickle
import sys
import warnings

import numpy as np

from migrate_check import stored

warnings.simplefilter("ignore")
z = np.load(sys.argv[2], allow_pickle=True)
for line in open(sys.argv[1]):
    name, original, migrated, expected, method = line.rstrip("\n").split("\t")
    e, m = (pickle.load(open(p, "rb")) for p in (original, migrated))
    A = stored.rows(name, z)
    if name == "StdS":  # float32 rows: until 1.7 each step in float64, then rounded
        A = A.astype(np.float32)
        want = ((A - e.mean_).astype(np.float32) / e.scale_).astype(np.float32)
    else:
        want = np.load(expected, allow_pickle=True)[method]

    def far(est):
        got = getattr(est, method)(A)
        got = got.toarray() if hasattr(got, "toarray") else got
        return np.abs(np.asarray(got, float) - np.asarray(want, float)).max() / np.abs(want).max()

    print(name, far(e), far(m), sep="\t")
