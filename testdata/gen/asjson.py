"""Values as the JSON text that internal/golden reads. Runs on every Python from 2.7 on."""

import base64
import json
import math

import numpy as np
import scipy.sparse as sp

try:
    import pandas as pd

    MISSING = tuple(getattr(pd, n) for n in ("NA", "NaT") if hasattr(pd, n))
    DataFrame = pd.DataFrame
except ImportError:
    MISSING, DataFrame = (), ()

try:
    TEXT, INT = (str, unicode), (int, long, np.integer)  # noqa: F821
except NameError:
    TEXT, INT = (str,), (int, np.integer)


class Ragged:
    """Neighbours within a radius: rows of distances and indices, nearest first."""

    def __init__(self, distances, indices):
        self.distances, self.indices = distances, indices


def finite(v):
    return not (math.isnan(v) or math.isinf(v))


def number(v):
    """Text of a float: the shortest that reads back as the same bits of its own width."""
    if not finite(v):
        return '"nan"' if math.isnan(v) else ('"inf"' if v > 0 else '"-inf"')
    if not hasattr(np, "format_float_positional"):
        return "%.9g" % v if isinstance(v, np.float32) else repr(float(v))
    return np.format_float_positional(v, trim="0") if 1e-4 <= abs(v) < 1e16 or v == 0 else np.format_float_scientific(v, trim="0")


def quoted(v):
    if isinstance(v, bytes):  # a string of Python 2
        v = v.decode("utf-8")
    return json.dumps(v, ensure_ascii=False)


def cell(v):
    if v is None or any(v is m for m in MISSING):
        return "null"
    if isinstance(v, (bool, np.bool_)):
        return "true" if v else "false"
    if isinstance(v, INT):
        return str(int(v))
    if isinstance(v, (float, np.floating)):
        v = float(v)
        return repr(v) if finite(v) else '{"f":%s}' % number(v)
    if isinstance(v, TEXT):
        return quoted(v if type(v) in TEXT else str(v))
    if isinstance(v, bytes):
        return '{"b":"%s"}' % base64.b64encode(v).decode()
    raise TypeError(type(v))


def array(a):
    a = np.asarray(a)
    kind = a.dtype.kind
    flat = a.ravel()
    if kind == "f":
        return str(a.dtype), "[" + ",".join(map(number, flat)) + "]"
    if kind in "iu":
        return str(a.dtype), "[" + ",".join(map(str, flat.tolist())) + "]"
    if kind == "b":
        return "bool", "[" + ",".join("true" if x else "false" for x in flat) + "]"
    if kind == "U" or kind == "S" and str is bytes:  # text of Python 2
        return "str", "[" + ", ".join(map(quoted, flat.tolist())) + "]"
    if kind == "O":
        return "object", "[" + ",".join(map(cell, flat)) + "]"
    raise TypeError(a.dtype)


def value(v):
    """A value as JSON text."""
    if sp.issparse(v):
        v = sp.csr_matrix(v)
        dtype, data = array(v.data)
        return '{"dtype":"%s","shape":%s,"indptr":%s,"indices":%s,"data":%s}' % (
            dtype, json.dumps(v.shape), v.indptr.tolist(), v.indices.tolist(), data)  # fmt: skip
    if isinstance(v, DataFrame):
        columns = []
        for i, name in enumerate(v.columns):
            col = v.iloc[:, i]
            col = np.asarray(col) if col.dtype.kind in "fiub" else np.asarray(col.astype(object))
            dtype, data = array(col)
            columns.append('{"name":%s,"dtype":"%s","data":%s}' % (quoted(name if isinstance(name, TEXT) else str(name)), dtype, data))
        return '{"columns":[%s]}' % ",".join(columns)
    if isinstance(v, Ragged):
        dtype, data = array(np.concatenate(v.distances))
        return '{"indptr":%s,"neighbours":%s,"dtype":"%s","data":%s}' % (
            [int(n) for n in np.cumsum([0] + [len(i) for i in v.indices])], [int(j) for i in v.indices for j in i], dtype, data)  # fmt: skip
    if isinstance(v, list) and len(v) and all(isinstance(d, list) and d and all(isinstance(kv, tuple) for kv in d) for d in v):
        return '{"dicts":[%s]}' % ",".join("[%s]" % ",".join("[%s,%s]" % (cell(k), cell(x)) for k, x in d) for d in v)
    if isinstance(v, (list, tuple)) and len(v) and isinstance(v[0], dict):
        return '{"dicts":[%s]}' % ",".join("[%s]" % ",".join("[%s,%s]" % (quoted(k), quoted(x) if isinstance(x, TEXT) else cell(x)) for k, x in (d.items() if bytes is not str or type(d) is not dict else sorted(d.items()))) for d in v)
    if isinstance(v, (list, tuple)) and len(v) and all(isinstance(x, (list, tuple)) and all(isinstance(y, TEXT) for y in x) for x in v):
        return '{"tokens":[%s]}' % ", ".join("[%s]" % ", ".join(map(quoted, x)) for x in v)
    if isinstance(v, (list, tuple)) and len(v) and all(isinstance(x, TEXT) for x in v):
        return '{"dtype":"str","shape":[%d],"data":[%s]}' % (len(v), ", ".join(map(quoted, v)))
    if isinstance(v, (list, tuple)):
        return '{"list":[%s]}' % ",".join(value(x if isinstance(x, (np.ndarray, list, tuple)) or sp.issparse(x) else [x]) for x in v)
    a = np.asarray(v)
    if a.dtype == object and a.size and isinstance(a.flat[0], np.ndarray):
        return '{"list":[%s]}' % ",".join(value(x) for x in a.flat)
    dtype, data = array(a)
    return '{"dtype":"%s","shape":%s,"data":%s}' % (dtype, json.dumps(a.shape), data)
