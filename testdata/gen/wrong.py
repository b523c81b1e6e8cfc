"""Writes testdata/wrong: for every kind of bad input, what scikit-learn says to it. The names of the inputs are those of
docs/WRONG-INPUTS.md."""

import os
import shutil

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import NMF, PCA, LatentDirichletAllocation
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_approximation import AdditiveChi2Sampler, SkewedChi2Sampler
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.naive_bayes import CategoricalNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor, NearestNeighbors, RadiusNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer, KBinsDiscretizer, LabelBinarizer, LabelEncoder, MaxAbsScaler, MinMaxScaler, MultiLabelBinarizer, OneHotEncoder, OrdinalEncoder, PolynomialFeatures, PowerTransformer,
    SplineTransformer, StandardScaler, TargetEncoder,
)  # fmt: skip
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

import record

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wrong")
r = np.random.default_rng(20261128)
X = np.round(r.normal(size=(24, 3)), 2)
y = (X[:, 0] > 0).astype(int)
Z = np.abs(X)
F = pd.DataFrame(X, columns=["age", "size", "rate"])
C = np.array([["red", "s"], ["blue", "m"], ["red", "l"], ["blue", "s"]] * 6, dtype=object)
M = pd.DataFrame({"colour": C[:, 0], "age": X[:, 0]})
T = ["the cat sat", "a dog ran", "the dog sat"]


def cell(v, a=X):
    b = a.astype(object) if not isinstance(v, float) else a.copy()
    b[1, 1] = v
    return b


def obj(*cells):
    a = np.empty(len(cells), dtype=object)
    a[:] = list(cells)
    return a


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    kinds = 0
    for name, est, method, inputs in CASES:
        rec = record.Recorder(name, est, "")
        for kind, rows in inputs.items():
            try:
                rec.run(kind, rows, [method])
            except TypeError as e:
                raise SystemExit(f"{name}: {kind}: {e}")
            kinds += 1
        rec.write(OUT, "pickle4")
    print(f"{kinds} wrong inputs of {len(CASES)} models in {os.path.relpath(OUT)}")


logistic = LogisticRegression().fit(X, y)
CASES = [
    ("LogisticRegression", logistic, "predict", {
        "a column too few": X[:2, :2], "a column too many": np.c_[X, X][:2, :4], "one dimension": X[0], "three dimensions": X[:4].reshape(2, 2, 3), "a scalar": np.array(1.5),
        "no rows": X[:0], "no columns": X[:2, :0], "NaN": cell(np.nan)[:2], "infinity": cell(np.inf)[:2], "minus infinity": cell(-np.inf)[:2], "None among numbers": cell(None)[:2],
        "text among numbers": cell("many")[:2], "numbers as text": X[:2].astype(str).astype(object), "an array of text": np.array([["a", "b", "c"]]), "empty text among numbers": cell("")[:2],
        "too large for a float64 in text": cell("1e999")[:2], "sparse with a column too many": sp.csr_matrix(np.c_[Z, Z][:2, :5]),
        "NaN among stored entries of sparse rows": sp.csr_matrix(cell(np.nan)[:2]), "truth values": X[:2] > 0,
    }),
    ("LogisticRegression-frame", LogisticRegression().fit(F, y), "predict_proba", {
        "columns in another order": F[["size", "age", "rate"]][:2], "a renamed column": F.rename(columns={"size": "weight"})[:2], "a missing column": F[["age", "rate"]][:2],
        "an extra column": F.assign(id=1.0)[:2], "an extra and a missing column": F[["age", "size"]].assign(id=1.0)[:2], "a column of text": F.assign(size="large")[:2], "a frame without rows": F[:0],
        "two columns of one name": pd.DataFrame(X[:2], columns=["age", "size", "size"]),
    }),
    ("LogisticRegression-unfitted", LogisticRegression(), "predict", {"a model that was never fitted": X[:2]}),
    ("RandomForestClassifier", RandomForestClassifier(2, max_depth=2, random_state=0).fit(X, y), "predict", {
        "too large for float32": cell(1e300)[:2], "infinity for trees": cell(np.inf)[:2], "a column too few for trees": X[:2, :2], "text for trees": cell("many")[:2]}),
    ("DecisionTreeClassifier", DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y), "apply", {"too large for float32, a leaf": cell(-1e39)[:2], "NaN for a tree that saw none": cell(np.nan)[:2]}),
    ("HistGradientBoostingClassifier", HistGradientBoostingClassifier(max_iter=1, max_leaf_nodes=3, min_samples_leaf=2).fit(X, y), "predict", {
        "sparse rows for a dense model": sp.csr_matrix(Z[:2]), "text for boosted histograms": cell("many")[:2]}),
    ("GaussianNB", GaussianNB().fit(X, y), "predict", {"sparse rows for GaussianNB": sp.csr_matrix(Z[:2])}),
    ("MultinomialNB", MultinomialNB().fit(Z, y), "predict", {"negative counts": X[:2], "NaN among counts": cell(np.nan, Z)[:2]}),
    ("CategoricalNB", CategoricalNB().fit(np.arange(24).reshape(12, 2) % 3, y[:12]), "predict", {"a category beyond those seen": np.array([[7, 0]]), "a negative category": np.array([[-1, 0]])}),
    ("StandardScaler", StandardScaler().fit(X), "transform", {"sparse rows to be centred": sp.csr_matrix(Z[:2]), "infinity for a scaler": cell(np.inf)[:2], "text for a scaler": cell("many")[:2]}),
    ("MinMaxScaler", MinMaxScaler().fit(X), "transform", {"sparse rows for MinMaxScaler": sp.csr_matrix(Z[:2])}),
    ("MinMaxScaler-inverse", MinMaxScaler().fit(X), "inverse_transform", {"a column too few to bring back": X[:2, :2]}),
    ("MaxAbsScaler", MaxAbsScaler().fit(X), "transform", {"infinity among stored entries": sp.csr_matrix(cell(np.inf)[:2])}),
    ("PowerTransformer", PowerTransformer("box-cox").fit(Z + 0.1), "transform", {"zero for Box-Cox": np.zeros((1, 3)), "negative for Box-Cox": X[:3]}),
    ("OneHotEncoder", OneHotEncoder(handle_unknown="error").fit(C), "transform", {
        "an unknown category": np.array([["green", "s"]], dtype=object), "two unknown categories": np.array([["green", "s"], ["teal", "m"]], dtype=object),
        "a missing category that was never seen": np.array([[np.nan, "s"]], dtype=object), "None as a category": np.array([[None, "s"]], dtype=object),
        "numbers for categories of text": np.array([[1.0, 2.0]]), "a column of categories too few": C[:2, :1]}),
    ("OneHotEncoder-inverse", OneHotEncoder(handle_unknown="error").fit(C), "inverse_transform", {"codes of another width": np.ones((1, 3)), "a row of zeros": np.zeros((1, 5))}),
    ("OrdinalEncoder", OrdinalEncoder().fit(C), "transform", {"an unknown category to number": np.array([["red", "xl"]], dtype=object)}),
    ("OrdinalEncoder-numbers", OrdinalEncoder().fit([[1], [2], [3]]), "transform", {"an unknown number": np.array([[4]]), "NaN that was never seen": np.array([[np.nan]])}),
    ("TargetEncoder", TargetEncoder(cv=2, random_state=0).fit(C, y), "transform", {"a column too few for means": C[:2, :1]}),
    ("LabelEncoder", LabelEncoder().fit(["no", "yes"]), "transform", {"an unseen label": np.array(["maybe"]), "labels of two dimensions": np.array([["no", "yes"]])}),
    ("LabelEncoder-inverse", LabelEncoder().fit(["no", "yes"]), "inverse_transform", {"a code beyond the labels": np.array([0, 5])}),
    ("LabelBinarizer", LabelBinarizer().fit([0, 1, 2]), "transform", {"no labels": np.array([], dtype=int)}),
    ("KBinsDiscretizer", KBinsDiscretizer(3, encode="ordinal", quantile_method="averaged_inverted_cdf").fit(X), "transform", {"NaN to put into bins": cell(np.nan)[:2]}),
    ("SplineTransformer", SplineTransformer(extrapolation="error", n_knots=3).fit(X), "transform", {"beyond the knots": X[:1] + 100}),
    ("PolynomialFeatures", PolynomialFeatures(2).fit(X), "transform", {"a column too many for powers": np.c_[X, X][:2]}),
    ("SimpleImputer", SimpleImputer().fit(X), "transform", {"text to fill in": cell("many")[:2], "a column too few to fill in": X[:2, :2]}),
    ("KNNImputer", KNNImputer(n_neighbors=2).fit(X), "transform", {"infinity to fill in": cell(np.inf)[:2]}),
    ("PCA", PCA(2).fit(X), "transform", {"NaN to project": cell(np.nan)[:2]}),
    ("PCA-inverse", PCA(2).fit(X), "inverse_transform", {"components too many to bring back": np.ones((1, 3))}),
    ("NMF", NMF(2, max_iter=5, init="nndsvda").fit(Z), "transform", {"negative to factorise": X[:2]}),
    ("LatentDirichletAllocation", LatentDirichletAllocation(2, max_iter=2, random_state=0).fit(np.round(Z * 3)), "transform", {"negative words": X[:2]}),
    ("AdditiveChi2Sampler", AdditiveChi2Sampler().fit(Z), "transform", {"negative for a chi-square map": X[:2]}),
    ("SkewedChi2Sampler", SkewedChi2Sampler(skewedness=0.1, n_components=4, random_state=0).fit(Z), "transform", {"below the skewedness": X[:3]}),
    ("PoissonRegressor", PoissonRegressor().fit(X, y), "predict", {"a column too few for a link": X[:2, :2]}),
    ("LinearRegression", LinearRegression().fit(X, y), "predict", {"a mapping instead of rows": [{"age": 1.0}]}),
    ("GaussianProcessRegressor", GaussianProcessRegressor(optimizer=None).fit(X[:6], y[:6]), "predict", {"sparse rows for a process": sp.csr_matrix(Z[:2])}),
    ("KNeighborsClassifier", KNeighborsClassifier(3, algorithm="kd_tree").fit(X, y), "predict", {"sparse rows for a tree of neighbours": sp.csr_matrix(Z[:2]), "NaN to find neighbours of": cell(np.nan)[:2]}),
    ("KNeighborsClassifier-many", KNeighborsClassifier(30).fit(X[:5], y[:5]), "predict", {"fewer rows than neighbours": X[:1]}),
    ("NearestNeighbors", NearestNeighbors(metric="precomputed").fit(np.zeros((6, 6))), "kneighbors", {"negative distances": -np.ones((1, 6)), "distances to other rows": np.ones((1, 4))}),
    ("RadiusNeighborsClassifier", RadiusNeighborsClassifier(0.5).fit(X, y), "predict", {"nobody within the radius": X[:1] + 100}),
    ("LocalOutlierFactor", LocalOutlierFactor(3).fit(X), "predict", {"new rows for LocalOutlierFactor without novelty": X[:2]}),
    ("SVC", SVC(kernel="precomputed").fit(np.dot(X, X.T), y), "predict", {"a kernel of another width": np.ones((1, 5))}),
    ("LinearSVC", LinearSVC().fit(X, y), "predict_proba", {"probabilities of a model without": X[:2]}),
    ("IsotonicRegression", IsotonicRegression(out_of_bounds="raise").fit(X[:, 0], y), "predict", {"two columns for IsotonicRegression": X[:2, :2], "out of bounds": np.array([99.0])}),
    ("CountVectorizer", CountVectorizer().fit(T), "transform", {
        "None as a document": obj("a cat", None), "NaN as a document": obj("a cat", np.nan), "a number as a document": obj("a cat", 3), "a table for a text model": X[:2]}),
    ("CountVectorizer-bytes", CountVectorizer(encoding="ascii").fit(T), "transform", {"bytes that are not in the encoding": obj(b"a cat", "\u00e9t\u00e9".encode())}),
    ("HashingVectorizer", HashingVectorizer(n_features=8), "transform", {"None to hash": obj(None)}),
    ("DictVectorizer", DictVectorizer().fit([{"a": 1.0, "b": "x"}]), "transform", {"a table for mappings": X[:2]}),
    ("MultiLabelBinarizer", MultiLabelBinarizer().fit([["a"], ["b"]]), "transform", {"a table for sets of labels": X[:2]}),
    ("ColumnTransformer", ColumnTransformer([("c", OneHotEncoder(), ["colour"]), ("n", StandardScaler(), ["age"])]).fit(M), "transform", {
        "a frame without a column it needs": M[["age"]][:2], "an array where columns go by name": np.array([["red", 1.0]], dtype=object), "an unknown category in a column": M.assign(colour="green")[:2],
        "text in a column of numbers": M.assign(age="old")[:2]}),
    ("ColumnTransformer-numbers", ColumnTransformer([("a", StandardScaler(), [0]), ("b", MinMaxScaler(), [2])]).fit(X), "transform", {"fewer columns than are picked by number": X[:2, :2]}),
    ("Pipeline", make_pipeline(StandardScaler(), PCA(2), LogisticRegression()).fit(X, y), "predict", {"a column too few for the first step": X[:2, :2], "NaN for the second step": cell(np.nan)[:2]}),
    ("FunctionTransformer", FunctionTransformer(np.log1p, validate=True).fit(Z), "transform", {"a column too few for a function": Z[:2, :2], "text for a function": cell("many")[:2]}),
]  # fmt: skip

main()
