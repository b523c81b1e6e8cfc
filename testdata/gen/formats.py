"""Writes testdata/formats/*.json: small pickles, joblib files and .npy files of every kind of value, protocol and compressor, made by
real Python, numpy and joblib. Beside each stands what Python reads back from it, as text (describe), and pickletools' disassembly."""

import base64
import collections
import copyreg
import datetime
import decimal
import functools
import io
import json
import os
import pickle
import pickletools
import struct
import sys
import tempfile
import types

import joblib
import numpy as np

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "formats")

sample = types.ModuleType("sample")
sys.modules["sample"] = sample


def known(cls):
    cls.__module__ = "sample"
    setattr(sample, cls.__name__, cls)
    return cls


@known
class Plain:
    def __init__(self, **kw):
        self.__dict__.update(kw)


@known
class Slots:
    __slots__ = ("a", "b")


@known
class Keywords:
    def __new__(cls, a, *, b=None):
        self = object.__new__(cls)
        self.a, self.b = a, b
        return self

    def __getnewargs_ex__(self):
        return (self.a,), {"b": self.b}


@known
class State:
    def __getstate__(self):
        return ("state", [1, 2])

    def __setstate__(self, s):
        self.s = s


@known
class ListKind(list):
    pass


@known
class DictKind(dict):
    pass


def dtype_text(d):
    if d.subdtype:
        return f"({dtype_text(d.subdtype[0])},{list(d.subdtype[1])})".replace(" ", "")
    if d.fields:
        inner = ",".join(f"{n}@{d.fields[n][1]}:{dtype_text(d.fields[n][0])}" for n in d.names)
        return "{" + inner + f";{d.itemsize}" + (";align" if d.isalignedstruct else "") + (";record" if d.type is np.record else "") + "}"
    return d.str


class Describe:
    """Text of a value, the same that the Go test makes of what Larder reads. Mutable values met again are #n."""

    def __init__(self, protocol, py2=False):
        self.protocol, self.py2, self.seen, self.keep = protocol, py2, {}, []

    def __call__(self, v):
        t = type(v)
        if v is None or t is bool or t is int:
            return repr(v)
        if t is float:
            return "f:" + struct.pack(">d", v).hex()
        if t is str:
            return "s:" + v.encode("utf-8", "surrogatepass").hex()
        if t is bytes:
            return ("p:" if self.py2 else "b:") + v.hex()
        if t is bytearray:
            return "B:" + v.hex()
        if t is tuple:
            return "(" + ", ".join(map(self, v)) + ")"
        if isinstance(v, np.dtype):
            return "dtype " + dtype_text(v)
        if isinstance(v, np.generic):
            return f"scalar({dtype_text(v.dtype)}, {v.tobytes().hex()})"
        if isinstance(v, (type, types.BuiltinFunctionType, types.FunctionType)):
            return f"g:{v.__module__}.{v.__qualname__}"
        if id(v) in self.seen:
            return f"#{self.seen[id(v)]}"
        self.seen[id(v)] = len(self.seen)
        self.keep.append(v)
        if t is list:
            return "[" + ", ".join(map(self, v)) + "]"
        if t is dict:
            return self.pairs(v.items())
        if t in (set, frozenset):
            return t.__name__ + "{" + ", ".join(sorted(map(self, v))) + "}"
        if isinstance(v, np.ndarray) and not isinstance(v, np.ma.MaskedArray):
            v = v.astype(v.dtype.newbyteorder("<"), order="K", copy=False)
            order = "F" if v.flags.f_contiguous and not v.flags.c_contiguous else "C"
            if v.dtype == object:
                data = "[" + ", ".join(self(x) for x in v.ravel(order="K" if order == "F" else "C").tolist()) + "]"
            else:
                data = v.tobytes(order).hex()
            return f"{t.__name__}({dtype_text(v.dtype)}, {list(v.shape)}, {order}, {data})".replace("[ ", "[")
        r = copyreg.dispatch_table[t](v) if t in copyreg.dispatch_table else v.__reduce_ex__(max(self.protocol, 2))
        func, args, state, items, entries = (tuple(r) + (None,) * 5)[:5]
        if func.__name__ == "__newobj__":
            out = f"new {self(args[0])}{self(tuple(args[1:]))}"
        elif func.__name__ == "__newobj_ex__":
            out = f"new {self(args[0])}{self(tuple(args[1]))}{self(args[2])}"
        else:
            out = f"call {self(func)}{self(tuple(args))}"
        if items is not None and (items := list(items)):
            out += " items [" + ", ".join(map(self, items)) + "]"
        if entries is not None and (entries := list(entries)):
            out += " pairs " + self.pairs(entries)
        if state is not None:
            out += " state " + self(state)
        return out

    def pairs(self, items):
        return "{" + ", ".join(f"{self(k)}: {self(x)}" for k, x in items) + "}"


def plain_values():
    shared = [1, 2]
    loop = []
    loop.append(loop)
    ring = {}
    ring["self"] = ring
    inner = []
    knot = (inner,)
    inner.append(knot)
    mother, child = Plain(name="mother"), Plain(name="child")
    mother.child, child.mother = child, mother
    slots = Slots()
    slots.a, slots.b = 1, "two"
    return {
        "constants": [None, True, False],
        "ints": [0, 1, -1, 255, 256, 65535, 65536, -32769, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**30, -(10**30), 2**2100],
        "floats": [0.0, -0.0, 0.1, 1e300, 5e-324, float("inf"), float("-inf"), float("nan")],
        "strings": ["", "ascii", "quote'\"\\", "line\nfeed\ttab", "\x00\x1a", "käse", "日本", "𝔘", "x" * 300],
        "bytes": [b"", b"a", b"\x00\xff'\\", bytes(range(256)), b"y" * 300],
        "bytearrays": [bytearray(), bytearray(b"abc"), bytearray(300)],
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((),)],
        "lists": [[], [1], list(range(10)), [[]]],
        "dicts": [{}, {"a": 1}, {"a": 1, 2: "b", None: (), (1, 2): [], 1.5: 0}],
        "sets": [set(), {1, 2, 3}, frozenset(), frozenset({"a"}), {(1, 2)}],
        "shared": [shared, shared, {"s": shared}],
        "loops": [loop, ring, knot],
        "batches": [list(range(1001)), {i: i for i in range(1002)}, set(range(1003))],
        "objects": [Plain(a=1, b=[2]), Plain(), State(), ListKind([1, 2]), DictKind(a=1), mother],
        "slots": slots,
        "keywords": Keywords(1, b=2),
        "stdlib": [collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]), collections.Counter("aab"), complex(1, 2), slice(1, None, 2), range(3),
                   functools.partial(int, base=2), decimal.Decimal("1.5"), datetime.date(2020, 1, 2)],
        "globals": [int, list, collections.OrderedDict, len],
    }  # fmt: skip


def arrays():
    r = np.arange(24)
    aligned = np.dtype([("a", "u1"), ("b", "f8"), ("c", "i2")], align=True)
    nested = np.dtype([("x", "f4", (2, 3)), ("y", [("z", "S3"), ("w", ">i4")])])
    pad = np.zeros(3, aligned)
    pad["a"], pad["b"], pad["c"] = 1, 2.5, -3
    deep = np.empty(2, object)
    deep[0], deep[1] = np.arange(3), np.array(["a", "bc"])
    self_ref = np.empty(1, object)
    self_ref[0] = [self_ref]
    shared = np.arange(3.0)
    return {
        "f8": r.astype("f8"),
        "f8 2d": r.astype("f8").reshape(4, 6),
        "f8 fortran": np.asfortranarray(r.astype("f8").reshape(4, 6)),
        "f8 3d fortran": np.asfortranarray(r.astype("f8").reshape(2, 3, 4)),
        "f8 permuted": r.astype("f8").reshape(2, 3, 4).transpose(1, 0, 2),
        "f8 strided": r.astype("f8")[::2],
        "f8 0d": np.array(1.5),
        "empty": np.zeros((0, 3)),
        "big-endian": r[:5].astype(">f4"),
        "big-endian i8": r[:5].astype(">i8"),
        "column": r[:5].reshape(5, 1).astype("f4"),
        "ints": [r[:3].astype(c) for c in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")],
        "floats": [r[:3].astype(c) for c in ("f2", "f4", "f8", "c8", "c16")],
        "bool": r[:5] % 2 == 0,
        "U": np.array(["a", "käse", "𝔘", ""]),
        "S": np.array([b"a", b"bcd"]),
        "V": np.zeros(2, "V5"),
        "dates": np.array(["2020-01-02", "NaT"], "M8[ns]"),
        "timedeltas": np.array([1, 2], "m8[25s]"),
        "packed": np.array([(1, 2.5), (3, 4.5)], [("i", "<i4"), ("f", "<f8")]),
        "aligned": pad,
        "nested": np.zeros(2, nested),
        "recarray": np.rec.fromarrays([[1, 2], [3.5, 4.5]], names="a,b"),
        "matrix": np.matrix([[1.0, 2.0], [3.0, 4.0]]),
        "object": np.array(["a", None, 1, 2.5, True], object),
        "object 2d": np.array([["a", 1, None], ["b", 2, 0.5]], object),
        "object fortran": np.asfortranarray(np.array([["a", 1, None], ["b", 2, 0.5]], object)),
        "object deep": deep,
        "object of itself": self_ref,
        "twice": [shared, shared],
        "scalars": [np.float64(1.5), np.float32(2.5), np.int64(-1), np.uint8(7), np.bool_(True), np.str_("käse"), np.bytes_(b"ab"), np.datetime64("2020-01-02", "D"), np.float16(0.5), np.complex128(1 + 2j)],
        "dtypes": [np.dtype(c) for c in ("f8", ">f8", "i4", "?", "O", "U3", "S4", "V6", "M8[ns]", "M8[25s]", "m8")] + [aligned, nested, np.dtype("f8")],
        "mixed": {"a": r.astype("f4").reshape(4, 6), "name": "model", "parts": [r[:3], {"o": np.array(["x", None], object)}], "n": np.int64(3)},
    }  # fmt: skip


def dis(data):
    out = io.StringIO()
    try:
        pickletools.dis(data, out)
    except Exception as e:
        return out.getvalue(), type(e).__name__
    return out.getvalue(), ""


def python_pickle(v, protocol):
    b = io.BytesIO()
    pickle._Pickler(b, protocol).dump(v)
    return b.getvalue()


def case(name, data, want, **more):
    return {"name": name, "data": base64.b64encode(data).decode(), "want": want, **more}


def pickles(values, protocols):
    out = []
    for name, v in values.items():
        for p in protocols:
            if name in ("slots", "keywords") and p < 2 or name == "batches" and p not in (0, 4):
                continue
            data = python_pickle(v, p)
            out.append(case(name, data, Describe(p)(pickle.loads(data)), protocol=p))
    return out


def raw():
    """Each opcode by hand, those no pickler of today writes included."""
    s = {
        "INT": b"I12\n.", "INT bool": b"I01\n.", "INT negative": b"I-5\n.", "LONG": b"L123456789012345678901234567890L\n.", "FLOAT": b"F1.5\n.", "FLOAT inf": b"F-inf\n.",
        "STRING": b"S'a\\x00\\n\\101\\'\"b'\n.", "BINSTRING": b"T\x03\x00\x00\x00a\xffb.", "SHORT_BINSTRING": b"U\x02\xe4b.",
        "UNICODE": b"Va\\u00e4\\U0001d518\xe9\\\\n\n.", "LIST": b"(I1\nI2\nl.", "DICT": b"(I1\nI2\nd.", "TUPLE": b"(I1\nI2\nI3\nI4\nt.",
        "INST": b"(F1.0\nF2.0\nibuiltins\ncomplex\n.", "INST plain": b"(icollections\nOrderedDict\n.", "OBJ": b"(ccollections\nOrderedDict\no.", "DUP": b"]2\x86.", "POP": b"I1\nI2\n0.",
        "POP mark": b"I1\n(0.", "POP_MARK": b"I1\n(I2\nI3\n1.", "GET PUT": b"]p7\n0g7\n.", "BINGET": b"]q\x05h\x05\x86.", "LONG_BINGET": b"]r\x05\x00\x00\x00j\x05\x00\x00\x00\x86.",
        "MEMOIZE": b"\x80\x04]\x94h\x00\x86.", "EXT1": b"\x80\x02\x82\x07.", "EXT2": b"\x80\x02\x83\x07\x01.", "EXT4": b"\x80\x02\x84\x07\x01\x00\x00.",
        "PERSID": b"Pabc\n.", "BINPERSID": b"I1\nQ.", "GLOBAL": b"ccollections\nOrderedDict\n.", "STACK_GLOBAL": b"\x80\x04\x8c\x0bcollections\x8c\x0bOrderedDict\x93.",
        "REDUCE": b"ccollections\nOrderedDict\n)R.", "BUILD": b"csample\nPlain\n)\x81}(X\x01\x00\x00\x00aK\x01ub.", "NEWOBJ_EX": b"\x80\x04csample\nKeywords\nK\x01\x85}X\x01\x00\x00\x00bK\x02s\x92.",
        "LONG1": b"\x80\x02\x8a\x02\x00\x80.", "LONG1 empty": b"\x80\x02\x8a\x00.", "LONG4": b"\x80\x02\x8b\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01.", "BININT": b"J\xff\xff\xff\xff.", "BININT2": b"M\x00\x80.", "BINFLOAT": b"G?\xf8\x00\x00\x00\x00\x00\x00.",
        "BINBYTES": b"\x80\x03B\x02\x00\x00\x00\x00\xff.", "BINBYTES8": b"\x80\x04\x8e\x02\x00\x00\x00\x00\x00\x00\x00\x00\xff.", "BYTEARRAY8": b"\x80\x05\x96\x02\x00\x00\x00\x00\x00\x00\x00\x00\xff.",
        "BINUNICODE8": b"\x80\x04\x8d\x02\x00\x00\x00\x00\x00\x00\x00\xc3\xa4.", "EMPTY_SET": b"\x80\x04\x8f(K\x01K\x02\x90.", "FROZENSET": b"\x80\x04(K\x01K\x02\x91.", "FRAME": b"\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00N.",
        "APPEND": b"]K\x01a.", "APPENDS": b"](K\x01K\x02e.", "SETITEM": b"}K\x01K\x02s.", "TUPLE3": b"\x80\x02K\x01\x88\x89\x87.", "NEXT_BUFFER": b"\x80\x05\x97.", "READONLY_BUFFER": b"\x80\x05C\x01a\x98.",
        "equal keys": b"}(K\x01K\x01\x88K\x02G\x3f\xf0\x00\x00\x00\x00\x00\x00K\x03u.", "surrogate": b"\x80\x04X\x03\x00\x00\x00\xed\xa0\x80.",
    }  # fmt: skip
    out = []
    for name, data in s.items():
        want = None
        if not name.startswith(("EXT", "PERSID", "BINPERSID", "NEWOBJ_EX", "NEXT", "READONLY")):
            py2 = "STRING" in name
            want = Describe(2, py2)(pickle.loads(data, encoding="bytes" if py2 else "ASCII"))
        text, error = dis(data)
        out.append(case(name, data, want, dis=text, error=error))
    return out


def joblib_cases(values):
    out = []

    def one(name, v, protocol, compress):
        with tempfile.TemporaryDirectory() as d:
            f = os.path.join(d, "m")
            joblib.dump(v, f, compress=compress, protocol=protocol)
            with open(f, "rb") as h:
                data = h.read()
            kind = compress[0] if compress else ""
            out.append(case(name, data, Describe(protocol)(joblib.load(f)), protocol=protocol, compressor=kind))

    for name, v in values.items():
        if name not in ("aligned", "object of itself"):  # joblib leaves padding bytes undefined, and recurses
            one(name, v, 4, 0)
    for p in (0, 1, 2, 3, 5):
        one("mixed", values["mixed"], p, 0)
        one("object fortran", values["object fortran"], p, 0)
    for c in (("zlib", 1), ("zlib", 3), ("zlib", 6), ("zlib", 9), ("gzip", 3), ("bz2", 9), ("lzma", 3), ("xz", 3), ("lz4", 1)):
        one("mixed", values["mixed"], 4, c)
    return out


def npy_cases(values):
    out = []
    for name, v in values.items():
        if isinstance(v, np.ndarray) and type(v) is np.ndarray and name != "object of itself":
            for version in ((1, 0), (2, 0), (3, 0)) if name in ("f8", "packed") else (None,):
                b = io.BytesIO()
                np.lib.format.write_array(b, v, version=version)
                b.seek(0)
                out.append(case(name, b.getvalue(), Describe(4)(np.load(b, allow_pickle=True)), version=version[0] if version else 0))
    b = io.BytesIO()
    np.savez_compressed(b, **{n.replace(" ", "_"): values[n] for n in ("f8 2d", "f8 fortran", "U", "packed")})
    b.seek(0)
    out.append(case("npz", b.getvalue(), Describe(4)({k: v for k, v in np.load(b).items()}), version=-1))
    return out


def main():
    os.makedirs(OUT, exist_ok=True)
    plain, arr = plain_values(), arrays()
    big = {"all": plain["objects"] + plain["tuples"] + plain["strings"] + plain["stdlib"] + plain["sets"] + plain["ints"] + plain["floats"]}
    listing = []
    for p in range(6):
        data = python_pickle(big, p)
        listing.append({"protocol": p, "data": base64.b64encode(data).decode(), "dis": dis(data)[0]})
    files = {
        "pickle": pickles(plain, range(6)),
        "numpy": pickles(arr, range(6)),
        "opcodes": raw(),
        "listing": listing,
        "joblib": joblib_cases(arr),
        "npy": npy_cases(arr),
    }
    for name, cases in files.items():
        with open(os.path.join(OUT, name + ".json"), "w") as f:
            f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
