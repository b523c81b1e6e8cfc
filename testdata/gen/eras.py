# -*- coding: utf-8 -*-
"""Writes pickles of numpy's, scipy's and pandas' values as one release of each and of Python (2.7 to 3.13) makes them, with what
Python itself says of the arrays in them.

    eras.py FILE [--all]    under the Python and the libraries of an era; --all adds every protocol and joblib

testdata/formats/eras holds those of six eras."""

from __future__ import print_function, unicode_literals

import base64
import collections
import functools
import gzip
import json
import os
import pickle
import sys
import tempfile
import zlib

import numpy as np

try:
    import scipy.sparse as sp
except ImportError:
    sp = None
try:
    import pandas as pd
except ImportError:
    pd = None
try:
    import joblib
except ImportError:
    joblib = None

V = collections.OrderedDict()
A = np.arange(6).reshape(2, 3)
for code in ["?", "i1", "u2", "i4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"]:
    V["array " + code] = A.astype(code)
    V["scalar " + code] = A.astype(code)[1, 2]
V["fortran"] = np.asfortranarray(A * 1.5)
V["big"] = A.astype(">f8")
V["big int"] = A.astype(">i4")
V["scalar big"] = A.astype(">f8")[1, 1]
V["0d"] = np.array(2.5)
V["empty"] = np.zeros((0, 3), "f4")
V["permuted"] = np.arange(24.0).reshape(2, 3, 4).transpose(1, 0, 2)
V["text"] = np.array(["a", "bcé"], dtype="U3")
V["bytes"] = np.array([b"a", b"bcd\xff"], dtype="S4")
V["dates"] = np.array(["2020-01-02", "1999-12-31"], dtype="M8[D]")
V["date ns"] = np.array(["2020-01-02"], dtype="M8[ns]").astype(">M8[ns]")
V["delta"] = np.array([1, -5], dtype="m8[25s]")
V["scalar text"] = np.str_("é") if sys.version_info[0] > 2 else np.unicode_("é")
V["scalar date"] = np.datetime64("2020-01-02", "D")
V["record"] = np.array([(1, 2.5, "x")], dtype=np.dtype([(str("a"), "i2"), (str("b"), ">f8"), (str("c"), "U2")]))
V["record align"] = np.ones(2, np.dtype([(str("a"), "i1"), (str("b"), "f8"), (str("c"), "u1", (2,))], align=True))
V["recarray"] = V["record"].view(np.recarray)
V["matrix"] = np.matrix([[1.0, 2.0]])
V["objects"] = np.array(["a", None, 1.5, (1, 2), np.float64(3)], dtype=object)
V["objects fortran"] = np.asfortranarray(np.array([["a", 1, 2], [None, 3, 4]], dtype=object))
V["masked"] = np.ma.MaskedArray([1.0, 2.0], [True, False])
V["masked fill"] = np.ma.MaskedArray([1, 2], [True, False], fill_value=-7)
V["masked objects"] = np.ma.MaskedArray(np.array(["a", 2], dtype=object), [True, False])
V["dtypes"] = [np.dtype("f8"), np.dtype(">i4"), np.dtype("U5"), np.dtype("O"), np.dtype("M8[ns]"), V["record"].dtype]
V["state"] = np.random.RandomState(3)
if hasattr(np.random, "default_rng"):
    V["generator"] = np.random.default_rng(3)
    V["generator mt"] = np.random.Generator(np.random.MT19937(3))
V["functions"] = [np.log1p, np.mean, np.float64]
V["shared"] = [A, A, {"a": A}]
if sp is not None:
    dense = np.array([[0, 1.5, 0], [2, 0, 0]])
    for form in ["csr", "csc", "coo", "dia", "bsr", "lil", "dok"]:
        V["sparse " + form] = getattr(sp, form + "_matrix")(dense)
        if hasattr(sp, form + "_array"):
            V["sparse array " + form] = getattr(sp, form + "_array")(dense)
if pd is not None:
    frame = pd.DataFrame(collections.OrderedDict([("f", [1.5, 2.5]), ("i", [1, 2]), ("s", ["a", None]), ("d", pd.to_datetime(["2020-01-01", "2021-02-03"]))]))
    V["pandas frame"] = frame
    V["pandas series"] = frame["f"]
    V["pandas indexed"] = frame.set_index("s")
    V["pandas index"] = pd.Index(["a", "b"])
    V["pandas range"] = pd.RangeIndex(3)
    V["pandas multi"] = pd.MultiIndex.from_product([["a", "b"], [1, 2]])
    V["pandas category"] = pd.Series(["a", "b", "a"]).astype("category")
    V["pandas categorical frame"] = pd.DataFrame({"c": pd.Categorical(["u", "v"], categories=["v", "u"], ordered=True)})
    V["pandas time"] = pd.Timestamp("2020-01-02 03:04:05")
    V["pandas times"] = pd.date_range("2020-01-01", periods=3)
    V["pandas zone"] = pd.date_range("2020-01-01", periods=2, tz="UTC")
    V["pandas delta"] = pd.Timedelta("1 days")
    V["pandas interval"] = pd.cut(pd.Series([1, 5, 9]), 2)
    V["pandas period"] = pd.period_range("2020-01", periods=2, freq="M")
    V["pandas interleaved"] = pd.DataFrame([[1, 2.5, 3, 4.5], [5, 6.5, 7, 8.5]])
    V["pandas reversed"] = pd.DataFrame(np.arange(6.0).reshape(2, 3)).iloc[::-1, ::-1]
    V["pandas columns"] = pd.DataFrame({(str("a"), 1): [1.0], (str("b"), 2): [2.0]})
    V["pandas beside"] = {"data": frame, "names": frame.columns, "again": frame}
    V["pandas nothing"] = [pd.NaT, pd.DataFrame(), pd.Series([], dtype="f8")]
    for freq in ["B", "W-TUE", "QS-OCT", "BMS", "WOM-2TUE", "C"]:
        V["pandas every " + freq] = pd.date_range("2020-01-01", periods=2, freq=freq)
    if hasattr(pd, "arrays"):
        V["pandas intervals"] = pd.arrays.IntervalArray.from_breaks([0, 1, 2])
        if hasattr(pd.arrays, "SparseArray"):
            V["pandas sparse"] = pd.DataFrame({"s": pd.arrays.SparseArray([0, 0, 1.5]), "n": [1, 2, 3]})
    for name in ["Int64", "UInt8", "boolean", "string", "Float64", "Float32", "string[pyarrow]", "double[pyarrow]"]:
        try:
            V["pandas " + name] = pd.Series([1, None] if name[0] in "IUFd" else [True, None] if name[0] == "b" else ["a", None], dtype=name)
        except Exception:
            pass
V["partial"] = functools.partial(np.add, 1)
V["ordered"] = collections.OrderedDict([("a", A)])
V["counter"] = collections.Counter("aab")
V["defaultdict"] = collections.defaultdict(list)
V["numbers"] = [0.1, 2**70, -1, 1e300, True, None, 3 + 4j]
V["sets"] = [set([1, 2]), frozenset(["a"])]
V["bytestrings"] = [b"a\xff", bytearray(b"xyz")]
cycle = {"a": [1]}
cycle["self"] = cycle
V["cycle"] = cycle


def arrays(v, out, seen):
    """What numpy says of every array that is part of a value."""
    if id(v) in seen:
        return
    seen[id(v)] = v
    if isinstance(v, np.ma.MaskedArray):
        if v.dtype != object:
            out.append(one(np.asarray(v.data)))
    elif isinstance(v, np.ndarray):
        if v.dtype.hasobject:
            for x in v.ravel():
                arrays(x, out, seen)
        else:
            out.append(one(v))
    elif isinstance(v, np.generic):
        out.append(one(np.asarray(v)))
    elif sp is not None and sp.issparse(v):
        if v.format not in ("dok", "lil"):
            out.append(one(v.data))
    elif isinstance(v, np.random.RandomState):
        out.append(one(v.get_state()[1]))
    elif isinstance(v, dict):
        for x in v.values():
            arrays(x, out, seen)
    elif isinstance(v, (list, tuple, set)):
        for x in v:
            arrays(x, out, seen)
    elif pd is not None and isinstance(v, pd.DataFrame):
        types = [str(t) for t in v.dtypes]
        for i, t in enumerate(types):
            if types.count(t) == 1:  # those of one type stand in one block
                arrays(v.iloc[:, i], out, seen)
    elif pd is not None and isinstance(v, pd.Series):
        a = v.values
        if isinstance(a, pd.Categorical):
            out.append(one(np.asarray(a.codes)))
        elif isinstance(a, np.ndarray) and a.dtype != object:
            out.append(one(a))


def one(a):
    a = np.ascontiguousarray(a) if a.ndim else a
    if a.dtype.names is None:
        a = a.astype(a.dtype.newbyteorder("<"))
        data = a.tobytes()
    else:
        data = b"".join(np.ascontiguousarray(a[n]).astype(a[n].dtype.newbyteorder("<")).tobytes() for n in a.dtype.names)
    return [a.dtype.kind, int(a.dtype.itemsize), list(a.shape), "%08x" % (zlib.crc32(data) & 0xFFFFFFFF)]


def main():
    cases = []
    for name, v in V.items():
        found = []
        arrays(v, found, {})
        highest = pickle.HIGHEST_PROTOCOL
        protocols = range(highest + 1) if "--all" in sys.argv else [2 if highest == 2 else 4]
        for protocol in protocols:
            try:
                data = pickle.dumps(v, protocol)
            except Exception:
                continue
            cases.append({"Name": "%s p%d" % (name, protocol), "Data": base64.b64encode(data).decode("ascii"), "Protocol": protocol, "Arrays": found})
        if joblib is not None and "--all" in sys.argv:
            path = os.path.join(tempfile.mkdtemp(), "x")
            joblib.dump(v, path)
            with open(path, "rb") as f:
                cases.append({"Name": name + " joblib", "Data": base64.b64encode(f.read()).decode("ascii"), "Protocol": -1, "Arrays": found})
    versions = "Python %d.%d, numpy %s, scipy %s, pandas %s, joblib %s" % (sys.version_info[0], sys.version_info[1], np.__version__,
        __import__("scipy").__version__ if sp else None, pd.__version__ if pd is not None else None, joblib.__version__ if joblib else None)
    out = sys.argv[1]
    text = json.dumps({"Versions": versions, "Cases": cases}, sort_keys=True)
    with open(out, "wb") as f:
        z = gzip.GzipFile("", "wb", 9, f, 0)
        z.write(text.encode("ascii"))
        z.close()
    print(versions, len(cases))


if __name__ == "__main__":
    main()
