"""Writes testdata/fingerprint/: one fitted model in every stored form, and the same model fitted otherwise."""
import pathlib
import pickle
import zipfile

import joblib
import numpy as np
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
import pandas as pd

out = pathlib.Path(__file__).parents[1] / "fingerprint"
out.mkdir(exist_ok=True)
r = np.random.RandomState(0)
X = pd.DataFrame({"a": r.randn(30), "b": r.randn(30), "c": r.choice(["u", "v", "w"], 30), "d": r.choice(["one two", "two three", "and four"], 30)})
y = np.where(X.a + X.b > 0, "yes", "no")


def fit(trees, data):
    prep = ColumnTransformer([("num", StandardScaler(), ["a", "b"]), ("cat", OneHotEncoder(), ["c"]), ("text", TfidfVectorizer(stop_words=["and", "or", "the"]), "d")])
    return Pipeline([("prep", prep), ("forest", RandomForestClassifier(trees, max_depth=3, random_state=np.random.RandomState(3)))]).fit(data, y)


m = fit(3, X)
for protocol in range(6):
    (out / f"model.p{protocol}.pkl").write_bytes(pickle.dumps(m, protocol))
joblib.dump(m, out / "model.joblib")
joblib.dump(m, out / "model.zlib.joblib", compress=3)
joblib.dump(m, out / "model.lzma.joblib", compress=("lzma", 3))
skops.io.dump(m, out / "model.skops", compression=zipfile.ZIP_DEFLATED, compresslevel=9)
# loaded and written again: other references, other memory
joblib.dump(joblib.load(out / "model.zlib.joblib"), out / "model.again.joblib", compress=1)
joblib.dump(fit(4, X), out / "other.parameters.joblib", compress=3)
joblib.dump(fit(3, X.assign(a=X.a * 1.0001)), out / "other.data.joblib", compress=3)
joblib.dump(pickle.loads(pickle.dumps(m)).set_params(forest__verbose=1), out / "other.verbose.joblib", compress=3)
