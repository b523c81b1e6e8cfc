"""Writes testdata/absent: encoders, and what scikit-learn answers to a last row that is missing or looks as if it were, read by pandas
from csv, by json and DataFrame, or by numpy from an array of objects. A row that is refused has the error's type."""

import io
import json
import os
import pickle
import warnings

import numpy as np
import pandas as pd
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, OneHotEncoder, OrdinalEncoder, TargetEncoder

warnings.simplefilter("ignore")
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "absent")
FITTED = {
    "text": np.array(["a", "b", "c", "a", "b", "c", "a", "b"], dtype=object),
    "gaps": np.array(["a", "b", np.nan, "a", "b", "c", np.nan, "b"], dtype=object),
    "floats": np.array([1.5, 2, 3, 1.5, 2, 3, 1.5, 2]),
    "holes": np.array([1.5, 2, np.nan, 1.5, 2, 3, np.nan, 2]),
    "ints": np.array([1, 2, 3, 1, 2, 3, 1, 2]),
    "bools": np.array([True, False] * 4),
}
Y = np.array([0, 1, 0, 1, 1, 0, 1, 1.0])
COLUMNS = {
    "OneHotEncoder": lambda: OneHotEncoder(sparse_output=False), "OneHotEncoder-ignore": lambda: OneHotEncoder(sparse_output=False, handle_unknown="ignore"), "OrdinalEncoder": OrdinalEncoder,
    "OrdinalEncoder-unknown": lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), "TargetEncoder": lambda: TargetEncoder(cv=2, random_state=0),
    "SimpleImputer": lambda: SimpleImputer(strategy="most_frequent"), "MissingIndicator": lambda: MissingIndicator(features="all"),
}  # fmt: skip
KINDS = {"null": None, "NaN": float("nan"), "empty": "", "nan": "nan", "None": "None", "N/A": "N/A"}


def read(form, kind, first):
    """The text of a file of two rows and what Python makes of it."""
    v = KINDS[kind]
    if form == "csv":
        text = "x\n%s\n%s\n" % (first, {"empty": '""'}.get(kind, kind))
        return text, pd.read_csv(io.StringIO(text))
    if form == "npy":
        a = np.empty((2, 1), dtype=object)
        a[:, 0] = [first, v]
        b = io.BytesIO()
        np.save(b, a)
        return b.getvalue().hex(), a
    text = '[{"x":%s},{"x":%s}]' % (json.dumps(first), "NaN" if kind == "NaN" else json.dumps(v))
    return text, pd.DataFrame(json.loads(text))


def last(result):
    row = np.asarray(result)[-1]
    row = row.tolist() if hasattr(row, "tolist") else row
    return json.loads(json.dumps(row).replace("NaN", "null"))


def main():
    os.makedirs(OUT, exist_ok=True)
    n, texts = 0, {}
    for fitted, a in FITTED.items():
        first = a[0].item() if hasattr(a[0], "item") else a[0]
        ests = {}
        for name, make in (COLUMNS | {"LabelBinarizer": LabelBinarizer, "LabelEncoder": LabelEncoder}).items():
            try:
                est = make()
                ests[name] = est.fit(a) if name.startswith("Label") else est.fit(pd.DataFrame({"x": a}), *([Y] if name == "TargetEncoder" else []))
            except (ValueError, TypeError):
                continue  # such rows are not fitted
            with open(os.path.join(OUT, f"{name}-{fitted}.pkl"), "wb") as f:
                pickle.dump(est, f, protocol=4)
        answers = {name: {} for name in ests}
        for form in ("csv", "json", "npy"):
            for kind in KINDS:
                text, rows = read(form, kind, first)
                texts[f"{fitted} {form} {kind}"] = text
                for name, est in ests.items():
                    label = name.startswith("Label")
                    x = (rows["x"] if label else rows) if form != "npy" else rows[:, 0] if label else rows
                    try:
                        answer = last(est.transform(x))
                    except Exception as e:
                        answer = {"error": type(e).__name__}
                    answers[name][f"{fitted} {form} {kind}"] = answer
                    n += 1
        for name, of in answers.items():
            with open(os.path.join(OUT, f"{name}-{fitted}.json"), "w") as f:
                f.write("{\n%s\n}\n" % ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in of.items()))
    for form in ("csv", "json", "npy"):
        with open(os.path.join(OUT, f"texts.{form}"), "w") as f:
            f.write("{\n%s\n}\n" % ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in texts.items() if k.split()[1] == form))
    print(n, "answers")


main()
