"""Writes testdata/own: models with code of their author's, each as that author would have dumped it."""

import os
import pickle
import sys
import types

import cloudpickle
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "own")
shop = types.ModuleType("shop")
sys.modules["shop"] = shop
exec(
    """
class Clipper(TransformerMixin, BaseEstimator):
    def __init__(self, low=0, high=1):
        self.low, self.high = low, high

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return np.clip(X, self.low, self.high)


def double(X):
    return X * 2


def labels(transformer, names):
    return ["log " + n for n in names]


def words(text):
    return text.split()


def distance(a, b):
    return abs(a - b).sum()


def kernel(A, B):
    return A @ B.T
""",
    {**globals(), "__name__": "shop"},
    vars(shop),
)


def main():
    os.makedirs(OUT, exist_ok=True)
    r = np.random.default_rng(20261128)
    X = np.round(r.normal(size=(30, 3)), 2)
    y = (X.sum(1) > 0).astype(int)
    pipe = make_pipeline(shop.Clipper(-1, 1), StandardScaler(), LogisticRegression()).fit(X, y)
    texts = ["cat dog", "bird fish", "cat fish"] * 10
    hung = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    hung.feature_names, hung[-1].threshold = ["a", "b", "c"], 0.4
    for name, est in {
        "hung": hung,
        "class": pipe,
        "column": ColumnTransformer([("scale", StandardScaler(), [0]), ("clip", shop.Clipper(), [1, 2])]).fit(X),
        "function": make_pipeline(FunctionTransformer(shop.double), LogisticRegression()).fit(X, y),
        "tokenizer": make_pipeline(TfidfVectorizer(tokenizer=shop.words, token_pattern=None), LogisticRegression()).fit(texts, y),
        "metric": KNeighborsClassifier(metric=shop.distance).fit(X, y),
        "kernel": SVC(kernel=shop.kernel).fit(X, y),
        "dict": {"scaler": pipe[1], "model": pipe[2], "clip": pipe[0]},
        "beside": {"clip": pipe[0], "model": pipe[2]},
        "pair": (pipe[2], shop.double),
        "frame": SVC(kernel=rbf_kernel).fit(pd.DataFrame({"a": X[:, 0], "n": np.arange(30) % 3, "b": X[:, 1]}), y),
        "names": make_pipeline(FunctionTransformer(np.log1p, feature_names_out=shop.labels).set_output(transform="pandas"), StandardScaler()).fit(pd.DataFrame(abs(X), columns=list("abc"))),
        "deeper": {"model": pipe[2], "before": {"clip": pipe[0], "scale": [pipe[1]]}, "note": "plain"},
    }.items():
        with open(os.path.join(OUT, name + ".pkl"), "wb") as f:
            pickle.dump(est, f, protocol=4)
        if name == "frame":
            print(est.decision_function(np.array([[0.5, 1, -1], [-1, 0, 2.0]])).tolist())
    with open(os.path.join(OUT, "lambda.pkl"), "wb") as f:
        cloudpickle.dump(make_pipeline(FunctionTransformer(lambda X: X + 1), LogisticRegression()).fit(X, y), f)
    print(pipe.predict_proba([[0.5, 2, -3], [0, 0, 0.25]]).tolist())


main()
