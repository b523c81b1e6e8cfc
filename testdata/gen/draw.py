"""Parameters drawn anew for every model, and the case they belong to."""

import inspect


class Draw:
    def __init__(self, f):
        self.f = f

    def __call__(self, r):
        return self.f(r)


def pick(*values):
    return Draw(lambda r: values[r.integers(len(values))])


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
