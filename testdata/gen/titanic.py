"""Writes the demo model of `larder quickstart`: the Titanic passengers that the scikit-learn wheel ships, a pipeline of
imputers, one-hot encoder, scaler and forest, what scikit-learn itself answers for the passengers kept out of the fit,
and a twin of the model with a harmless payload (posix.system("true")) that must never be loaded."""

import csv
import gzip
import io
import json
import os
import sys

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "cmd", "larder", "quickstart")
NUM, CAT = ["pclass", "age", "fare"], ["sex", "embarked"]
COLUMNS = ["pclass", "sex", "age", "fare", "embarked"]


def passengers():
    path = os.path.join(os.path.dirname(sklearn.__file__), "datasets/tests/data/openml/id_40945/data-v1-dl-16826755.arff.gz")
    text = gzip.open(path, "rt", encoding="utf-8").read()
    names = [line.split()[1].strip("'") for line in text.splitlines() if line.startswith("@attribute")]
    rows = csv.reader(io.StringIO(text.split("@data\n", 1)[1]))
    table = pd.DataFrame([r for r in rows if len(r) == len(names)], columns=names).replace("?", np.nan)
    table = table.astype({"pclass": int, "age": float, "fare": float})
    table["survived"] = np.where(table["survived"] == "1", "survived", "died")
    return table[COLUMNS + ["survived"]]


def pipeline():
    num = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    cat = Pipeline([("fill", SimpleImputer(strategy="most_frequent")), ("one_hot", OneHotEncoder(handle_unknown="ignore"))])
    prep = ColumnTransformer([("num", num, NUM), ("cat", cat, CAT)])
    return Pipeline([("prep", prep), ("forest", RandomForestClassifier(60, max_depth=6, random_state=0))])


class Payload:
    """What an attacker would put into a model's attributes; this one only calls true(1)."""

    def __reduce__(self):
        import posix

        return posix.system, ("true",)


def main():
    os.makedirs(OUT, exist_ok=True)
    train, rest = train_test_split(passengers(), test_size=0.25, random_state=0, stratify=passengers()["survived"])
    train.to_csv(os.path.join(OUT, "train.csv"), index=False)
    rest[COLUMNS].to_csv(os.path.join(OUT, "passengers.csv"), index=False)
    # Fit on what a reader of the files sees.
    train, rows = pd.read_csv(os.path.join(OUT, "train.csv")), pd.read_csv(os.path.join(OUT, "passengers.csv"))
    model = pipeline().fit(train[COLUMNS], train["survived"].to_numpy(dtype=object))
    joblib.dump(model, os.path.join(OUT, "titanic.joblib"), compress=3)
    expected = {
        "sklearn": sklearn.__version__,
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "classes": model.classes_.tolist(),
        "predict": model.predict(rows).tolist(),
        "predict_proba": model.predict_proba(rows).tolist(),
    }
    with open(os.path.join(OUT, "expected.json"), "w") as f:
        json.dump(expected, f, separators=(",", ":"))
        f.write("\n")
    model.named_steps["prep"]._feature_cache = Payload()
    joblib.dump(model, os.path.join(OUT, "titanic-tampered.joblib"), compress=3)
    nodes = sum(t.tree_.node_count for t in model.named_steps["forest"].estimators_)
    right = np.mean(np.array(expected["predict"]) == rest["survived"].to_numpy())
    print(f"{len(train)} rows fitted, {len(rows)} kept out, {nodes} nodes, {right:.3f} right")
    row = pd.DataFrame([{"pclass": 3, "sex": "female", "age": 22.0, "fare": 7.25, "embarked": "S"}])[COLUMNS]
    print(row.to_dict("records")[0], dict(zip(model.classes_, model.predict_proba(row)[0].tolist())))
    for name in sorted(os.listdir(OUT)):
        print(f"{os.path.getsize(os.path.join(OUT, name)):8d} {name}")


if __name__ == "__main__":
    main()
