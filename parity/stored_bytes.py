"""Dumps models with the real pickle and joblib, each object in every form, for Larder to turn one into another.

stored_bytes.py OUT FILE...: the files' models, and some that are fitted here: what was never loaded shares its strings and
dtypes in another way than what was."""

import os
import pickle
import sys
import warnings

import joblib
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier, StackingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import ComplementNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC

warnings.filterwarnings("ignore")


def fresh():
    r = np.random.default_rng(5)
    X = r.normal(size=(80, 4))
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    words = np.array(["no", "yes"], dtype=object)[y]
    mixed = np.array([[w, float(v)] for w, v in zip(words, X[:, 2])], dtype=object)
    docs = [" ".join(words[i : i + 4]) for i in range(70)]
    lr = LogisticRegression(C=0.5, random_state=np.random.RandomState(3))
    yield lr.fit(X, words)
    yield RandomForestClassifier(5, random_state=0).fit(X, y)
    yield GradientBoostingClassifier(n_estimators=4, random_state=np.random.RandomState(0)).fit(X, words)
    yield HistGradientBoostingRegressor(max_iter=4).fit(X, X[:, 1])
    yield GridSearchCV(SVC(probability=False), {"C": [0.1, 1.0], "kernel": ["rbf", "linear"]}, cv=2).fit(X, y)
    yield make_pipeline(ColumnTransformer([("words", OneHotEncoder(handle_unknown="ignore"), [0]), ("numbers", SimpleImputer(), [1])]), Ridge()).fit(mixed, X[:, 0])
    yield make_pipeline(TfidfVectorizer(), SGDClassifier(random_state=1)).fit(docs, y[:70])
    yield make_pipeline(FeatureUnion([("scale", StandardScaler()), ("bins", KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"))]), KNeighborsClassifier()).fit(X, y)
    yield StackingClassifier([("first", lr), ("second", ComplementNB())], cv=2).fit(np.abs(X), y)
    yield MLPRegressor(max_iter=5).fit(X.astype("f4"), X[:, :2])
    yield OrdinalEncoder().fit(mixed)
    yield make_pipeline(FunctionTransformer(np.log1p), StandardScaler()).fit(np.abs(X))
    yield {"models": [lr, lr], "name": "aa", "shape": "shape", "rows": X[:3], "again": X[:3].T, "empty": b"", "one": [b"x", b"x", "xx"],
           "keys": np.array(["aa", "bb", None], dtype=object), "dates": np.array(["2020-01-01"], "M8[D]"), "scalars": [np.float64(1), np.int64(2), np.True_]}


def main():
    out, files = sys.argv[1], sys.argv[2:]
    models = [(os.path.splitext(os.path.basename(f))[0], lambda f=f: joblib.load(f)) for f in files]
    models += [(f"fresh-{i}", lambda m=m: m) for i, m in enumerate(fresh())]
    for name, get in models:
        m = get()
        joblib.dump(m, os.path.join(out, name + ".joblib"))
        for protocol in range(2, 6):
            with open(os.path.join(out, f"{name}.p{protocol}"), "wb") as f:
                pickle.dump(m, f, protocol=protocol)


if __name__ == "__main__":
    main()
