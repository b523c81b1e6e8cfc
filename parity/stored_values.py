"""Writes values of every kind that pickles of models hold, one file each: stored_values.py FOLDER."""

import collections
import copy
import datetime
import decimal
import functools
import os
import pickle
import operator
import sys
import zoneinfo

import joblib
import skops.io
import numpy as np
import scipy.sparse as sp
from sklearn._loss import link, loss
from sklearn.impute._iterative import _ImputerTriplet
from sklearn.linear_model import LogisticRegression, Ridge, _sgd_fast
from sklearn.metrics import DistanceMetric
from sklearn.neighbors import BallTree, KDTree
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import Bunch

import stored_check

V = {}
for code in "? b B h H i I q Q e f d g F D G".split():
    a = np.array([[0, 1, 2], [3, 4, 100]]).astype(code)
    V[f"array {code}"] = a
    V[f"array {code} F"] = np.asfortranarray(a)
    V[f"array {code} big"] = a.astype(np.dtype(code).newbyteorder(">"))
    V[f"array {code} 0d"] = a[0, 1].reshape(())
    V[f"scalar {code}"] = a[1, 1]
for code in ["U3", "S3", "U0", "M8[ns]", "M8[D]", "m8[25s]", "M8"]:
    a = np.array(["1", "2", "3"]).astype(code) if code[0] in "US" else np.array([1, 2, 3]).astype(code)
    V[f"array {code}"] = a
    V[f"scalar {code}"] = a[1]
    V[f"array {code} big"] = a.astype(a.dtype.newbyteorder(">"))
record = np.dtype([("a", "i2"), ("b", "f8"), ("c", "U2"), ("d", "u1", (2, 3))])
V["structured"] = np.zeros(3, record)
V["structured aligned"] = np.ones(3, np.dtype([("a", "i1"), ("b", "f8")], align=True))
V["structured big"] = np.ones((2, 2), np.dtype([("a", ">i4"), ("b", ">f8")]))
V["record"] = np.rec.array([(1, 2.0)], dtype=[("i", "i4"), ("j", "f8")])[0]
V["structured nested"] = np.ones(2, np.dtype([("a", [("x", "f4"), ("y", "i8")]), ("b", "?")]))
V["empty"] = np.zeros(0)
V["empty 2d"] = np.zeros((0, 3))
V["strided"] = np.arange(24.0).reshape(2, 3, 4)[:, ::2, 1:]
V["permuted"] = np.arange(24.0).reshape(2, 3, 4).transpose(1, 0, 2)
V["4d F"] = np.asfortranarray(np.arange(24.0).reshape(2, 3, 2, 2))
V["matrix"] = np.matrix([[1.0, 2.0]])
V["objects"] = np.array([1, "a", None, 2.5, (1, 2), [3], np.float64(4), True], dtype=object)
V["objects 2d"] = np.array([[1, "a"], [None, np.nan]], dtype=object)
V["objects 2d F"] = np.asfortranarray(np.array([[1, "a", 2], [None, 3.5, "b"]], dtype=object))
V["objects of lists 2d"] = np.array([[None, None]], dtype=object)
V["objects of lists 2d"][0, 0] = [1]
V["objects empty"] = np.array([], dtype=object)
V["objects 0d"] = np.array(None, dtype=object)
V["objects (0, 2)"] = np.empty((0, 2), dtype=object)
V["objects (2, 0)"] = np.empty((2, 0), dtype=object)
ragged = np.empty(2, dtype=object)
ragged[:] = [np.arange(3.0), np.arange(2)]
V["objects ragged"] = ragged
trees = np.empty((2, 1), dtype=object)
for i in range(2):
    trees[i, 0] = DecisionTreeRegressor(max_depth=i + 1).fit([[0], [1], [2]], [0, 1, 5])
V["objects trees"] = trees
V["masked"] = np.ma.MaskedArray([1.0, 2.0, 3.0], [True, False, True])
V["masked 2d F"] = np.ma.MaskedArray(np.asfortranarray([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), [[True, False, True], [False, False, True]])
V["masked none"] = np.ma.MaskedArray([1, 2, 3])
V["masked objects"] = np.ma.MaskedArray(np.array(["a", None, 1], dtype=object), [True, False, True])
V["masked fill"] = np.ma.MaskedArray([1.0, 2.0], [True, False], fill_value=-1)
for code in ["f8", ">i4", "U3", "S2", "O", "M8[ns]", "?", record]:
    V[f"dtype {code}"] = np.dtype(code)
V["RandomState"] = np.random.RandomState(3)
V["RandomState drawn"] = np.random.RandomState(3)
V["RandomState drawn"].randn(3)
for bits in (np.random.MT19937, np.random.PCG64, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64):
    V[f"Generator {bits.__name__}"] = np.random.Generator(bits(5))
V["Generator spawned"] = np.random.Generator(np.random.PCG64(np.random.SeedSequence(2**80 + 3, spawn_key=(1, 2**40)).spawn(2)[1]))
V["Generator list"] = np.random.default_rng([1, 2, 2**33])
V["Generator none"] = np.random.default_rng()
dense = np.array([[0, 1.5, 0], [2, 0, 0], [0, 0, 3], [0, 0, 0]])
for form in "csr csc coo dia bsr lil dok".split():
    V[f"sparse {form} matrix"] = getattr(sp, form + "_matrix")(dense)
    V[f"sparse {form} array"] = getattr(sp, form + "_array")(dense)
V["sparse f4"] = sp.csr_matrix(dense.astype("f4"))
V["sparse empty"] = sp.csr_matrix((0, 5))
V["int big"], V["int neg"], V["int 64"] = 2**200, -(2**70), [2**63 - 1, -(2**63), 2**31, -(2**31) - 1, 255, 256, -1]
V["float"] = [0.1, -0.0, 1e300, 5e-324, float("inf"), float("-inf"), 1e16, 1e15, 123456789.125]
V["nan"] = float("nan")
V["text"] = ["", "a\0b", "é", "日本", "😀", "\ud800", "\udc80x", "\"\\\n\u2028", "x" * 300]
V["text surrogate keys"] = {"\udc80": 1}
V["bytes"] = [b"", b"a", bytes(range(256)), b"x" * 300]
V["bytearray"] = bytearray(b"abc\0\xff")
V["tuple"] = ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4))
V["set"] = {1, "a", 2.5, None}
V["set empty"] = set()
V["frozenset"] = frozenset([1, "a"])
V["dict int"] = {1: "a", 2**70: "b", -3: "c"}
V["dict float"] = {0.1: 1, 1e300: 2, float("inf"): 3}
V["dict numpy"] = {np.int64(3): 1, np.float64(0.1): 2, np.str_("a"): 3, np.int8(-4): 4, np.float32(0.1): 5, np.uint16(7): 6}
V["dict bool"] = {True: 1, False: 2}
V["dict none"] = {None: 1}
V["dict tuple"] = {(1, 2): 3}
V["dict clash"] = {1: "a", "1": "b"}
V["dict empty"] = {}
V["OrderedDict"] = collections.OrderedDict([("b", 1), ("a", [2])])
V["Counter"] = collections.Counter("abracadabra")
V["defaultdict"] = collections.defaultdict(list, a=[1])
V["defaultdict int"] = collections.defaultdict(int, {1: 2})
V["Bunch"] = Bunch(a=1, b=np.arange(3))
V["deque"] = collections.deque([1, 2], maxlen=4)
V["named tuple"] = _ImputerTriplet(0, np.array([1, 2]), Ridge().fit([[0.0], [1.0]], [0.0, 1.0]))
V["slice"] = [slice(None), slice(1, 5, 2), slice("a", "c"), slice(None, -1)]
V["range"], V["complex"], V["ellipsis"] = range(2, 9, 3), 1 - 2.5j, ...
V["partial"] = functools.partial(np.add, 1)
V["partial keywords"] = functools.partial(sorted, key=len, reverse=True)
V["getters"] = [operator.itemgetter(1), operator.itemgetter("a", "b"), operator.attrgetter("x.y")]
V["methodcaller"] = operator.methodcaller("lower")
V["methodcaller keywords"] = operator.methodcaller("split", maxsplit=1)
V["functions"] = [np.log1p, np.mean, len, np.linalg.norm, sp.csr_matrix, copy.deepcopy]
V["ufunc scipy"] = __import__("scipy.special", fromlist=["expit"]).expit
V["types"] = [int, str, float, bool, list, dict, np.float64, np.ndarray, np.int32, np.dtype, Ridge]
V["type None"] = type(None)
fitted = LogisticRegression().fit([[0.0], [1.0], [2.0]], [0, 1, 2])
V["method"] = fitted.predict
V["method inherited"] = fitted.decision_function
V["classmethod"] = dict.fromkeys
V["dates"] = [datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 3, 4, 5, 6), datetime.time(1, 2, 3), datetime.timedelta(1, 2, 3), datetime.timezone.utc]
V["zone"] = zoneinfo.ZoneInfo("UTC")
V["decimal"] = decimal.Decimal("1.50")
V["estimator"] = fitted
V["models"] = {"a": fitted, "b": [Ridge(), (fitted, Ridge(alpha=2))], "c": None}
V["kd tree"] = KDTree(np.arange(40.0).reshape(10, 4), leaf_size=3)
V["ball tree"] = BallTree(np.arange(40.0).reshape(10, 4), leaf_size=3, metric="minkowski", p=3)
V["distances"] = [DistanceMetric.get_metric("euclidean"), DistanceMetric.get_metric("minkowski", p=3), DistanceMetric.get_metric("mahalanobis", V=np.eye(2) * 2)]
V["losses"] = [loss.HalfSquaredError(), loss.AbsoluteError(), loss.PinballLoss(quantile=0.3), loss.HuberLoss(quantile=0.4), loss.HalfPoissonLoss(),
               loss.HalfGammaLoss(), loss.HalfTweedieLoss(power=1.7), loss.HalfTweedieLossIdentity(power=0), loss.HalfBinomialLoss(),
               loss.HalfMultinomialLoss(n_classes=3), loss.ExponentialLoss()]  # fmt: skip
V["sgd losses"] = [_sgd_fast.Hinge(1.0), _sgd_fast.SquaredHinge(1.0), _sgd_fast.EpsilonInsensitive(0.1), _sgd_fast.SquaredEpsilonInsensitive(0.1), _sgd_fast.ModifiedHuber()]
V["links"] = [link.LogLink(), link.MultinomialLogit(), link.Interval(0, 1, False, True)]
shared = np.arange(5.0)
V["shared"] = [shared, shared, {"x": shared}]
one = [1, 2]
V["shared list"] = [one, one, (one, one)]
cycle = []
cycle.append(cycle)
V["cycle"] = cycle
d = {}
d["self"] = [d]
V["cycle dict"] = d
t = ([],)
t[0].append(t)
V["cycle tuple"] = t


def main():
    folder = sys.argv[1]
    for i, (name, v) in enumerate(V.items()):
        for protocol in (2, 4, 5):
            with open(os.path.join(folder, f"{i:03d}.p{protocol}.pkl"), "wb") as f:
                pickle.dump(v, f, protocol)
        joblib.dump(v, os.path.join(folder, f"{i:03d}.joblib"))
        try:  # what skops holds
            data = skops.io.dumps(v)
            if stored_check.differs(v, skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))) is None:
                with open(os.path.join(folder, f"{i:03d}.skops"), "wb") as f:
                    f.write(data)
        except Exception:
            pass
    with open(os.path.join(folder, "names.txt"), "w") as f:
        f.write("\n".join(V))


if __name__ == "__main__":
    main()
