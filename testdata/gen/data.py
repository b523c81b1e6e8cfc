"""Rows to fit and to compute on, of every kind scikit-learn takes. Everything is drawn from the generator passed in."""

import unicodedata

import numpy as np
import pandas as pd
import scipy.sparse as sp

WORDS = (
    "cat dog bird fish the and sat ran far near naïve café 東京 ΟΔΥΣΣΕΥΣ İstanbul straße x2 don't e-mail "
    "mother father boat ticket london river a I un_der 3.14 user@example ÅNGSTRÖM zoo zebra quick brown"
).split()

AWKWARD = (
    "I\u0307stanbul ISTANBUL ıspanak DİYARBAKIR ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ ΑΣ. Σ ΑΣΑ ß ẞ ﬁn ǅ Ⅳ ½ 東京都 日本語テキスト ๐๑๒ ภาษาไทย "
    "เป็น e\u0301te\u0301 a\u0328\u0301 नमस्ते العربية עִבְרִית 👩\u200d👩\u200d👧 🇩🇪 x\ufe0f \x00nul a\x00b \u00a0nbsp\u2003em \u2028line "
    "l’été don't _under_ __ 3.14 ２３ ٣ K K Å ſ ŉ ᾳ ͅ \x1c\x85 tab\tsep new\nline \r\n aa bb 1a 2b abcd abbcd"
).split(" ")

TOWNS = ["Oslo", "Łódź", "東京"]

COLOURS = ["red", "green", "blue", "teal"]
PORTS = ["S", "C", "Q"]


class Data:
    """X and y to fit on; new: rows to compute on, half of them seen in fitting."""

    def __init__(self, X, y, new, kind):
        self.X, self.y, self.new, self.kind = X, y, new, kind


def numbers(r, n, p):
    X = r.standard_normal((n, p)) * 10 ** r.uniform(-1, 1.5, p) + r.standard_normal(p) * 3
    X[:, ::3] = np.round(X[:, ::3], 1)
    return X


def strings(r, n, p, missing=False):
    cols = []
    for j in range(p):
        values = np.array([f"{'abcdefgh'[j % 8]}{k}" for k in range(2 + j % 4)] + ["ünï"], dtype=object)
        col = values[r.integers(0, len(values), n)]
        if missing:
            col[r.random(n) < 0.15] = np.nan if j % 2 else None
        cols.append(col)
    return np.stack(cols, axis=1)


def texts(r, n):
    docs = [" ".join(r.choice(WORDS, r.integers(2, 9))) for _ in range(n)]
    docs[0] = "The cat sat; the CAT ran! naïve 東京"
    if n > 3:
        docs[3] = ""
    return docs


def awkward(r, n):
    docs = [str(r.choice([" ", "", "  ", "\t"])).join(r.choice(AWKWARD, r.integers(0, 9))) for _ in range(n)]
    for i in range(0, n, 4):
        drawn = map(chr, r.integers(0x20, r.choice([0x250, 0x2000, 0x20000]), 5))
        docs[i] += "".join(c for c in drawn if unicodedata.category(c) not in ("Cn", "Cs"))  # a later Unicode may know what this one does not
    return docs


def encoded(r, n):
    docs = np.empty(n, dtype=object)
    docs[:] = [str(d).encode(str(r.choice(["utf-8", "latin-1"])), "ignore") for d in texts(r, n)]
    return docs


def pandas(r, n):
    """Columns of pandas' own types."""
    frame = pd.DataFrame(
        {
            "grade": pd.Categorical(np.array(["hi", "lo", "mid"], dtype=object)[r.integers(0, 3, n)], categories=["lo", "mid", "hi"], ordered=True),
            "count": pd.array(r.integers(0, 5, n), dtype="Int64"),
            "flag": pd.array(r.random(n) < 0.5, dtype="boolean"),
            "town": pd.array(np.array(TOWNS, dtype=object)[r.integers(0, 3, n)], dtype="string"),
            "size": pd.array(np.round(r.normal(size=n), 2), dtype="Float64"),
        }
    )
    frame.loc[r.random(n) < 0.15, "count"] = pd.NA
    frame.loc[r.random(n) < 0.15, "size"] = pd.NA
    return frame


def mixed(r, n):
    frame = pd.DataFrame(
        {
            "pclass": r.integers(1, 4, n),
            "sex": np.array(["male", "female"], dtype=object)[r.integers(0, 2, n)],
            "age": np.round(r.uniform(1, 80, n), 1),
            "fare": np.round(r.gamma(1.5, 20, n), 4),
            "port": np.array(PORTS, dtype=object)[r.integers(0, 3, n)],
            "alone": r.random(n) < 0.5,
        }
    ).astype({"sex": object, "port": object})
    frame.loc[r.random(n) < 0.2, "age"] = np.nan
    frame.loc[r.random(n) < 0.1, "port"] = np.nan
    return frame


def category(r, n):
    """A frame with columns of pandas' category dtype: text with missing cells, ordered text, numbers."""
    frame = mixed(r, n)
    frame["sex"] = pd.Categorical(frame["sex"])
    frame["port"] = pd.Categorical(frame["port"], categories=["S", "Q", "C"], ordered=True)
    frame["pclass"] = pd.Categorical(frame["pclass"], categories=[3, 1, 2])
    return frame


def inputs(kind, r, n, p):
    if kind in ("num", "f4", "frame", "csr"):
        return numbers(r, n, p)
    if kind == "ties":  # few values, a column without variance, one twice, rows twice
        X = np.round(r.standard_normal((n, p)), 0) * 2
        X[:, 1:2] = 3.0
        X[:, 2:3] = X[:, :1]
        X[n // 2 :] = X[: n - n // 2]
        return X
    if kind == "small":
        return numbers(r, n, p) * 1e-7
    if kind == "std":
        return np.round(r.standard_normal((n, p)), 3)
    if kind == "pos":
        return np.abs(numbers(r, n, p)) + 0.01
    if kind == "unit":
        return r.random((n, p))
    if kind == "counts":
        return r.poisson(1.2, (n, p)).astype(float)
    if kind == "bits":
        return (r.random((n, p)) < 0.4).astype(float)
    if kind == "nan":
        X = numbers(r, n, p)
        X[r.random((n, p)) < 0.15] = np.nan
        return X
    if kind == "holes":
        X = numbers(r, n, p)
        X[r.random((n, p)) < 0.2] = np.nan
        X[:, 1] = np.nan
        X[:, 2] = np.round(np.abs(X[:, 2]))
        X[-5:, 3] = np.nan
        return X
    if kind == "pandas":
        return pandas(r, n)
    if kind == "awkward":
        return awkward(r, n)
    if kind == "bytes":
        return encoded(r, n)
    if kind == "rich":
        return [{k: v for k, v in {"n": float(np.round(r.normal(), 2)), "i": int(r.integers(-2, 3)), "b": bool(r.random() < 0.5), "s": str(r.choice(COLOURS)),
                 "東": str(r.choice(AWKWARD[:20])), "": 1.5}.items() if r.random() < 0.7} for _ in range(n)]
    if kind == "pairs":
        return [[(str(w), float(np.round(r.normal(), 1))) for w in r.choice(WORDS, r.integers(1, 5))] for _ in range(n)]
    if kind == "cat":
        return strings(r, n, p)
    if kind == "catnan":
        return strings(r, n, p, missing=True)
    if kind == "catint":
        return r.integers(0, 4, (n, p))
    if kind == "catcells":  # numbers that are objects
        return np.array([-0.5, 2, 30, 1.5], dtype=object)[r.integers(0, 4, (n, p))]
    if kind == "mixed":
        return mixed(r, n)
    if kind == "category":
        return category(r, n)
    if kind == "text":
        return texts(r, n)
    if kind == "dicts":
        return [
            {"n": float(np.round(r.normal(), 2)), "colour": str(r.choice(COLOURS)), **({"k": 1.0} if r.random() < 0.5 else {})}
            for _ in range(n)
        ]
    if kind == "tokens":
        return [[str(w) for w in r.choice(WORDS, r.integers(1, 6))] for _ in range(n)]
    if kind == "sets":
        return [tuple(str(c) for c in r.choice(COLOURS, r.integers(0, 4), replace=False)) for _ in range(n)]
    if kind == "flat":
        return np.round(r.uniform(-3, 3, n), 2)
    if kind == "flat1":
        return np.round(r.uniform(-3, 3, (n, 1)), 2)
    if kind == "geo":
        return np.c_[r.uniform(-1.5, 1.5, n), r.uniform(-3.1, 3.1, n)]
    if kind == "images":
        return r.random((4, 6, 7))
    raise ValueError(kind)


def score(X, r):
    """One hidden number per row that targets depend on."""
    if isinstance(X, pd.DataFrame):
        if "size" in X:
            s = X["size"].fillna(0).to_numpy(float) + (X["grade"] == "hi").to_numpy(float) + X["count"].fillna(1).to_numpy(float) / 3
            return (s - s.mean()) / s.std() + 0.3 * r.standard_normal(len(s))
        s = X["age"].fillna(30).to_numpy() / 20 + (X["sex"] == "female").to_numpy() * 1.5 - X["pclass"].to_numpy().astype(float) * 0.5
    elif isinstance(X, np.ndarray) and X.dtype != object:
        Z = np.nan_to_num(X.reshape(len(X), -1).astype(float))
        sd = Z.std(0)
        s = ((Z - Z.mean(0)) / np.where(sd > 0, sd, 1)) @ r.standard_normal(Z.shape[1])
    else:
        s = np.array([sum(map(ord, repr(row))) % 17 for row in X], dtype=float)
    return (s - s.mean()) / (s.std() or 1) + 0.3 * r.standard_normal(len(s))


def target(kind, label, X, r):
    if kind is None:
        return None
    s = score(X, r)
    n = len(s)
    if kind == "reg":
        return s * 3 + 1
    if kind == "reg1":
        return (s * 3 + 1)[:, None]
    if kind == "regint":
        return np.round(s * 5).astype(int)
    if kind == "regf4":
        return (s * 3 + 1).astype(np.float32)
    if kind == "reg3":
        return np.c_[s, -2 * s + r.standard_normal(n) * 0.2, r.standard_normal(n)]
    if kind == "regpos":
        return np.exp(np.clip(s, -2, 2))
    if kind == "regcount":
        return r.poisson(np.exp(np.clip(s, -2, 1.5))).astype(float)
    if kind == "ml":
        return np.c_[s > 0, s + r.standard_normal(n) > 0.3, r.random(n) < 0.4].astype(int)
    if kind == "mlbool":
        return np.c_[s > 0, s + r.standard_normal(n) > 0.3, r.random(n) < 0.4]
    if kind == "mlcsr":
        return sp.csr_matrix(target("ml", label, X, r))
    if kind == "mlconst":
        return np.c_[np.ones(n), s > 0, np.zeros(n)].astype(int)
    if kind == "mo":
        return np.c_[np.digitize(s, [-0.5, 0.5]), (s > 0) + 4]
    if kind == "mo2":  # of several columns, each label type a target may have
        Y = np.c_[np.digitize(s, [-0.5, 0.5]), s > 0]
        return {"bool": Y > 0, "float": Y * 1.5 - 1.0, "u1": Y.astype("u1"), "neg": Y - 1, "obj": np.array(["b", "a", "c"], dtype=object)[Y]}[label]
    if kind == "mostr":
        return np.c_[np.array(["lo", "mid", "hi"])[np.digitize(s, [-0.5, 0.5])], np.where(s > 0, "up", "down")]
    k = {"bin": [0.1], "multi": [-0.6, 0.5], "semi": [-0.6, 0.5], "five": [-1, -0.3, 0.3, 1], "ones": []}[kind]
    c = np.digitize(s, k)
    if label == "rare":
        c = np.minimum(c, len(k) - 1)
        c[0] = len(k)
        return c
    c[: len(k) + 1] = range(len(k) + 1)
    c[len(k) + 1 : 4 * len(k) + 4] = np.tile(range(len(k) + 1), 3)[: max(0, min(n, 4 * len(k) + 4) - len(k) - 1)]
    if kind == "semi":
        c = np.where((r.random(n) < 0.4) & (np.arange(n) > 3 * len(k)), -1, c)
        return c
    if label == "str":
        return np.array(["no", "yes", "café", "zz", "may be"])[c]
    if label == "bool":
        return c > 0
    if label == "float":
        return c * 1.5 - 1.0
    if label in ("i4", "u1"):
        return c.astype(label)
    if label == "whole":
        return c * 2.0 - 1.0
    if label == "neg":
        return np.where(c > 0, 1, -1)
    if label == "obj":
        return np.array(["b", "a", "c", "d", "e"], dtype=object)[c]
    return c * 2 + 1 if label == "odd" else c


def make(tags, r, n, p, m):
    """tags: "<X kind> <y kind>[.label]"; n rows to fit, m rows to compute on, p columns where the kind leaves a choice."""
    kind, *rest = tags.split()
    ykind, _, label = (rest[0] if rest else "").partition(".")
    ykind = ykind or None
    if kind in ("kernel", "dist"):
        A = numbers(r, n, 3)
        A /= A.std(0)
        y = target(ykind, label, A, r)
        B = np.r_[A[: m // 2], numbers(r, m - m // 2, 3) / 5]
        D = lambda U, V: np.sqrt(((U[:, None] - V[None]) ** 2).sum(-1))
        if kind == "dist":
            return Data(D(A, A), y, D(B, A), kind)
        return Data(np.exp(-0.3 * D(A, A)), y, np.exp(-0.3 * D(B, A)), kind)
    if kind == "labels":
        y = target(ykind, label, numbers(r, n, 2), r)
        return Data(y, None, y[:m], kind)
    both = inputs(kind, r, n + m - m // 2, p)
    kind = {"ties": "num", "small": "num"}.get(kind, kind)
    if kind == "images":
        return Data(both, None, both, kind)
    y = target(ykind, label, both, r)
    take = (lambda rows: both.iloc[rows].reset_index(drop=True)) if isinstance(both, pd.DataFrame) else (
        (lambda rows: both[rows]) if isinstance(both, np.ndarray) else (lambda rows: [both[i] for i in rows]))
    fit = list(range(n))
    new = list(range(m // 2)) + list(range(n, n + m - m // 2))
    return Data(take(fit), None if y is None else y[:n], take(new), kind)


def named(X):
    return pd.DataFrame(np.asarray(X), columns=[f"col {j}" if j % 2 else f"f{j}" for j in range(X.shape[1])])


def fitted(kind, X, form):
    """X in the form a model is fitted on: f8, f4, csr, frame, i8, u1 or a frame of mixed types."""
    if form == "f4":
        return X.astype(np.float32)
    if form == "csr":
        return sp.csr_matrix(np.where(np.abs(X) < 0.7 * np.abs(X).mean(), 0, X))
    if form == "frame":
        return named(X)
    if form == "i8":
        return np.round(X).astype(np.int64)
    if form == "u1":
        return np.round(np.abs(np.clip(X, -200, 200))).astype(np.uint8)
    if form == "mixed":
        return named(X).astype({f"f{j}" if j % 2 == 0 else f"col {j}": ("f8", "f4", "i8", "?", "u1")[j % 5] for j in range(X.shape[1])})
    return X
