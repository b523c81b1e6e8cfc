"""Writes testdata/exec/kernels.json: what numpy, scipy and scikit-learn compute, for the kernels of package exec.

Inputs come from splitmix64, which the Go test repeats; floats are written as base64 of their little-endian bytes.
Usage: python testdata/gen/kernels.py testdata/exec/kernels.json
"""

import base64
import json
import sys

import numpy as np
import scipy.sparse
import scipy.special
from sklearn.utils._array_api import _logsumexp
from sklearn.utils.extmath import softmax

MASK = (1 << 64) - 1


def floats(seed, n):
    """n numbers of very different size and both signs."""
    out, state = np.empty(n), seed

    def draw():
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    for i in range(n):
        f = (draw() >> 11) / (1 << 53) - 0.5
        out[i] = np.ldexp(f, draw() % 20 - 10)
    return out


def bits(a):
    a = np.ascontiguousarray(a)
    if a.dtype in (np.float64, np.float32):
        return base64.b64encode(a.tobytes()).decode()
    return [int(v) for v in a.ravel()]


SIZES = [*range(1, 20), 24, 31, 33, 64, 100, 127, 128, 129, 136, 137, 255, 256, 257, 272, 1000, 1023, 2049, 4099, 5000]


def sums():
    out = []
    for n in SIZES:
        for dtype in ("float64", "float32"):
            a = floats(n, 2 * n).reshape(2, n).astype(dtype)
            out.append(
                {
                    "n": n,
                    "dtype": dtype,
                    "pairwise": bits(a.sum(axis=1)),
                    "mean": bits(a.mean(axis=1)),
                    "square": bits((a * a).sum(axis=1)),
                    "columns": bits(np.asfortranarray(a).sum(axis=1)),
                    "columns1": bits(np.asfortranarray(a[:1]).sum(axis=1)),
                    "lanes": bits(np.einsum("ij,ij->i", a, a)),
                    "cumsum": bits(np.cumsum(a, axis=1)[:, -1]),
                }
            )
    return out


SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 709.0, -745.0, 1e-300, 36.0, -36.0, 5.0, -5.0, 8.5, -8.5, 1e10, -708.9, -740.5, 708.9, 512.5]


def functions():
    x = np.concatenate([SPECIAL, floats(7, 24), floats(8, 8) * 1e-6])
    p = np.concatenate([[0.0, 1.0, 0.5, np.nan, -0.1, 1.1, 1e-300, 1e-17, 1 - 1e-16], np.abs(floats(9, 24)) % 1.0])
    pos = np.concatenate([[0.0, 1.0, np.inf, np.nan, -1.0, 1.308e-308, 5e-324, 1e-310], np.abs(floats(10, 24))])
    inputs = {"x": x, "p": p, "pos": pos}
    out = []
    with np.errstate(all="ignore"):
        for op, f, v in [
            ("Exp", np.exp, "x"),
            ("Log", np.log, "pos"),
            ("Log1p", np.log1p, "pos"),
            ("Expm1", np.expm1, "x"),
            ("Tanh", np.tanh, "x"),
            ("Sin", np.sin, "x"),
            ("Cos", np.cos, "x"),
            ("Erf", scipy.special.erf, "x"),
            ("Sigmoid", scipy.special.expit, "x"),
            ("Softplus", lambda v: np.logaddexp(0, v), "x"),
            ("NormCdf", scipy.special.ndtr, "x"),
            ("NormPpf", scipy.special.ndtri, "p"),
            ("Sqrt", np.sqrt, "pos"),
            ("Floor", np.floor, "x"),
            ("Sign", np.sign, "x"),
            ("Relu", lambda v: np.maximum(v, 0), "x"),
            ("Abs", np.abs, "x"),
            ("Neg", np.negative, "x"),
        ]:
            for dtype in ("float64", "float32"):
                out.append({"op": op, "dtype": dtype, "x": v, "y": bits(f(inputs[v].astype(dtype)))})
    return {"inputs": {k: bits(v) for k, v in inputs.items()}, "cases": out}


def pairs():
    a = np.concatenate([[np.nan, 1.0, 0.0, -0.0, np.inf, 2.0, 7.5, -7.5, 7.5, -7.5, 3.0], floats(11, 20)])
    b = np.concatenate([[1.0, np.nan, -0.0, 0.0, np.inf, 2.0, 2.0, 2.0, -2.0, -2.0, 0.0], floats(12, 20)])
    e = np.concatenate([[2.0, 0.5, -1.0, 3.0, 0.0, 1.0], floats(13, 25)])
    inputs = {"a": a, "b": b, "e": e, "abs": np.abs(a)}
    out = []
    with np.errstate(all="ignore"):
        for op, f, x, y in [
            ("Add", np.add, "a", "b"),
            ("Sub", np.subtract, "a", "b"),
            ("Mul", np.multiply, "a", "b"),
            ("Div", np.divide, "a", "b"),
            ("Max", np.maximum, "a", "b"),
            ("Min", np.minimum, "a", "b"),
            ("FloorMod", np.mod, "a", "b"),
            ("LogAddExp", np.logaddexp, "a", "b"),
            ("Pow", np.power, "abs", "e"),
        ]:
            for d1, d2 in (("float64", "float64"), ("float32", "float32"), ("float32", "float64")):
                z = f(inputs[x].astype(d1), inputs[y].astype(d2))
                out.append({"op": op, "in": [d1, d2], "x": x, "y": y, "z": bits(z)})
    return {"inputs": {k: bits(v) for k, v in inputs.items()}, "cases": out}


def in_place():
    out = []
    x = floats(14, 12).astype("float32").reshape(4, 3)
    c = floats(15, 3)
    for op in ("__isub__", "__itruediv__", "__imul__", "__iadd__"):
        z = x.copy()
        getattr(z, op)(c)
        out.append({"op": op, "z": bits(z)})
    return out


def integers():
    out = []
    for dtype in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "bool"):
        a = (np.arange(12) * 37 - 200).astype(dtype)
        b = (np.arange(12) * 5 - 13).astype(dtype)
        row = {"dtype": dtype, "a": bits(a.astype("int64")), "b": bits(b.astype("int64"))}
        with np.errstate(all="ignore"):
            for op, f in [("Add", np.add), ("Mul", np.multiply), ("Max", np.maximum), ("Sub", np.subtract)]:
                if dtype == "bool" and op == "Sub":
                    continue
                row[op] = bits(f(a, b).astype("int64"))
            row["Div"] = bits(np.divide(a, b).astype("float64"))
            row["Less"] = bits((a < b).astype("int64"))
            row["Sum"] = bits(a.reshape(3, 4).sum(axis=1).astype("int64"))
            row["Mean"] = bits(a.reshape(3, 4).mean(axis=1))
            row["ToFloat32"] = bits(a.astype("float32"))
        out.append(row)
    return out


def promotions():
    names = ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool"]
    return {f"{a},{b}": np.result_type(np.dtype(a), np.dtype(b)).name for a in names for b in names}


def row_functions():
    out = []
    for k in (1, 2, 3, 7, 8, 10, 20, 130):
        for dtype in ("float64", "float32"):
            a = floats(100 + k, 4 * k).reshape(4, k).astype(dtype)
            row = {"k": k, "dtype": dtype}
            row["softmax"] = bits(softmax(a.copy()))
            row["softmaxF"] = bits(softmax(np.asfortranarray(a)))
            t = a.copy()
            t[1] = t[1, 0]  # all equal
            if k > 2:
                t[2, 1] = t[2].max()  # a tie
                t[3, 0] = -np.inf
            row["lse"] = bits(_logsumexp(t, axis=1))
            row["lseF"] = bits(_logsumexp(np.asfortranarray(t), axis=1))
            out.append(row)
    return out


def lse_edges():
    rows = [[-np.inf, -np.inf], [np.inf, 0.0], [np.inf, np.inf], [np.nan, 1.0], [-np.inf, 3.0]]
    with np.errstate(all="ignore"):
        return {"x": bits(np.array(rows)), "y": bits(_logsumexp(np.array(rows), axis=1))}


def extremes():
    a = np.array([[1, 3, 3, 2], [np.nan, 5, np.nan, 9], [-np.inf, -np.inf, 0, 0], [4, np.nan, 1, 0]], dtype=float)
    return {
        "x": bits(a),
        "max": bits(a.max(axis=1)),
        "min": bits(a.min(axis=1)),
        "argmax": bits(a.argmax(axis=1)),
        "argmin": bits(a.argmin(axis=1)),
    }


def sparse():
    rng = np.random.default_rng(0)
    x = scipy.sparse.random(6, 9, density=0.5, format="csr", random_state=rng)
    order = np.concatenate([rng.permutation(np.arange(x.indptr[i], x.indptr[i + 1])) for i in range(6)])
    x = scipy.sparse.csr_matrix((floats(20, x.nnz), x.indices[order], x.indptr), shape=x.shape)
    w = floats(21, 27).reshape(9, 3)
    y = scipy.sparse.csr_matrix(np.where(rng.random((9, 4)) < 0.5, floats(22, 36).reshape(9, 4), 0))
    prod = x @ y
    cols = [8, 0, 3, 1]
    picked = x[:, cols]
    dense = np.where(rng.random((6, 2)) < 0.5, 0, floats(23, 12).reshape(6, 2))
    stacked = scipy.sparse.hstack([x, dense]).tocsr()
    joined = scipy.sparse.hstack([x, x], format="csr")
    x32 = x.astype("float32")
    out = {"x": matrix(x), "w": bits(w), "dot": bits(x @ w), "dot1": bits(x @ w[:, 0].copy()), "y": matrix(y), "prod": matrix(prod)}
    out |= {"dot32": bits(x32 @ w), "dot3232": bits(x32 @ w.astype("float32")), "cols": cols, "picked": matrix(picked)}
    out |= {"dense": bits(dense), "stacked": matrix(stacked), "joined": matrix(joined), "todense": bits(x.toarray())}
    out |= {"left": bits(floats(24, 18).reshape(2, 9) @ y), "sum": bits(np.asarray(x.sum(axis=1)))}
    return out


def matrix(m):
    return {"shape": list(m.shape), "indptr": m.indptr.tolist(), "indices": m.indices.tolist(), "data": bits(m.data)}


def halves():
    a = np.concatenate([floats(30, 40) * 100, [65519.0, 65520.0, 1e-8, 6e-8, 2.0**-24, 2.0**-25, 3 * 2.0**-25, 1e-5, np.inf, np.nan]])
    a = a.astype("float32")
    with np.errstate(all="ignore"):
        return {"x": bits(a), "y": bits(a.astype("float16").astype("float32"))}


def texts():
    words = ["1.5", " 2 ", "1_0", "-inf", "NaN", "Infinity", "1e5", "+.5", "1_0.5e1_0", "٣", "１２", "1e400", "-0", "0x10", "1__0", "_1", "1_", "", " ", "abc", "1 2", "1.e3", "e3", ".", "nan5", "𝟗𝟘", "\t7\n", "\x1f8", "1e-400"]
    out = []
    for w in words:
        try:
            v = bits(np.array([float(w)]))
        except ValueError:
            v = None
        out.append([w, v])
    return out


if __name__ == "__main__":
    doc = {
        f.__name__: f()
        for f in (sums, functions, pairs, in_place, integers, promotions, row_functions, lse_edges, extremes, sparse, halves, texts)
    }
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in doc.items())
    with open(sys.argv[1], "w") as f:
        f.write("{\n" + lines + "\n}\n")
