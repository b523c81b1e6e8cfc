"""Fits one model of a line of cases.py."""

import re
import zlib

import numpy as np
import sklearn

import data as rows
import draw


class Case:
    def __init__(self, name, setting):
        self.name, self.setting = name, setting


def generator(seed, name):
    """A random generator that depends on seed and name alone."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def words(est):
    """The parameters that differ from the defaults, in words."""
    text = repr(est) if len(repr(est)) < 400 else type(est).__name__ + "(…)"
    text = re.sub(r" at 0x[0-9a-f]+", "", " ".join(text.split()))
    i, j = text.find("("), text.rfind(")")
    return text[i + 1 : j]


def steady(est):
    """Sets measured times and memory addresses to a constant, so that the same seed writes the same file."""
    if hasattr(est, "refit_time_"):
        est.refit_time_ = 0.001
    if isinstance(getattr(est, "cv_results_", None), dict):
        for key, values in est.cv_results_.items():
            if key.endswith("_time"):
                values[:] = 0.001
    if hasattr(est, "_stop_words_id"):
        est._stop_words_id = 1
    for _, step in getattr(est, "steps", None) or getattr(est, "transformer_list", None) or ():
        steady(step)


def fit(line, r, form, n, p, m, overrides=None, way=""):
    """Returns data with its form, and the estimator fitted as draw.fit says. Falls back to float64 where the form is refused."""
    est = line.build(r)
    if overrides:
        est.set_params(**overrides)
    d = rows.make(line.tags, r, n, p, m)
    if d.kind not in ("num", "std", "pos", "unit", "counts", "bits", "nan", "holes"):
        form = "f8"
    for f in (form, "f8"):
        X = rows.fitted(d.kind, d.X, f)
        try:
            e = sklearn.clone(est)
            if type(est).__name__ != "FrozenEstimator":
                draw.fit(e, way, X, d.y, r)
        except Exception:
            if f == "f8":
                raise
            continue
        if line.after:
            line.after(e)
        steady(e)
        d.form, d.X = f, X
        d.new = rows.fitted(d.kind, d.new, f)
        return d, e
