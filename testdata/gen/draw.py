"""Parameters drawn anew for every model, and the case they belong to."""

import inspect

import numpy as np


class Draw:
    """A value of a parameter drawn for each model: values, those it is picked from, where that is known."""

    def __init__(self, f, values=()):
        self.f, self.values = f, values

    def __call__(self, r):
        return self.f(r)


def pick(*values):
    return Draw(lambda r: values[r.integers(len(values))], values)


def log(lo, hi):
    return Draw(lambda r: float(10 ** r.uniform(lo, hi)))


def uni(lo, hi):
    return Draw(lambda r: float(r.uniform(lo, hi)))


def ints(lo, hi):
    return Draw(lambda r: int(r.integers(lo, hi + 1)))


def resolve(v, r):
    if isinstance(v, Draw):
        return v(r)
    return v


class Line:
    """One line of cases.py: an estimator, the data it is fitted on and its parameters, drawn or fixed."""

    def __init__(self, cls, tags, params, n, p, forms, times, fix, fixture, after=None):
        self.cls, self.tags, self.params = cls, tags, params
        self.n, self.p, self.forms, self.times, self.fix, self.fixture = n, p, forms, times, fix, fixture
        self.after = after

    @property
    def estimator(self):
        return self.cls.__name__

    def build(self, r):
        params = {k: resolve(v, r) for k, v in self.params.items()}
        names = inspect.signature(self.cls.__init__).parameters
        if "random_state" in names and "random_state" not in params:
            params["random_state"] = int(r.integers(1 << 30))
        return self.cls(**params)

    def ways(self):
        """The ways beside fit(X, y) that the estimator can be fitted in."""
        est = self.build(np.random.default_rng(0))
        weights = "sample_weight" in inspect.signature(est.fit).parameters
        return ["weights"] * weights + ["partial"] * hasattr(est, "partial_fit") + ["pandas"] * hasattr(est, "set_output")


def rows(X):
    return X.shape[0] if hasattr(X, "shape") else len(X)


def fit(est, way, X, y, r):
    """Fits as way says: "" with fit(X, y), "weights" with a weight for each row, "partial" piece by piece, "pandas" to give frames."""
    more = () if y is None else (y,)
    if way == "weights":
        est.fit(X, *more, sample_weight=r.uniform(0.1, 3, rows(X)) * (r.random(rows(X)) < 0.8))
    elif way == "partial":
        at = r.integers(10, rows(X) - 9)
        for i, piece in enumerate((slice(None, at), slice(at, None))):
            classes = {"classes": np.unique(y)} if i == 0 and "classes" in inspect.signature(est.partial_fit).parameters else {}
            est.partial_fit(getattr(X, "iloc", X)[piece], *(m[piece] for m in more), **classes)
    else:
        if way == "pandas":
            est.set_output(transform="pandas")
        est.fit(X, *more)
