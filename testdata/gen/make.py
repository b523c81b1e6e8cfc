"""Writes testdata/sklearn/<release>: the first line of every estimator in cases.py and the lines with a fixture name, fitted by the scikit-learn that is installed. Each case is one model file and one .json of inputs and outputs."""

import argparse
import os
import re
import shutil
import sys

import sklearn

import build
import record
from cases import LINES

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 20_000

# Formats other than protocol 4 pickles, so that each has small fixtures of real models.
FORMS = {
    "StandardScaler": "joblib.zlib3", "LogisticRegression": "skops", "OneHotEncoder": "skops", "Pipeline": "joblib.zlib3",
    "ColumnTransformer": "pickle5", "RandomForestClassifier": "joblib.lz4", "RandomForestRegressor": "joblib.xz",
    "SVC": "joblib", "PCA": "joblib.gzip3", "KMeans": "pickle2", "TfidfVectorizer": "pickle3", "LabelEncoder": "joblib.lzma",
    "KNeighborsClassifier": "joblib", "GaussianNB": "joblib.bz2", "MinMaxScaler": "skops", "Ridge": "pickle5",
}  # fmt: skip


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--only", default="")
    a = a.parse_args()
    out = os.path.join(HERE, "..", "sklearn", sklearn.__version__)
    if not a.only:
        shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out, exist_ok=True)
    done, total = set(), 0
    for line in LINES:
        name = line.estimator
        if name in done:
            if not line.fixture:
                continue
            name += "-" + line.fixture
        done.add(name)
        if not re.search(a.only, name):
            continue
        r = build.generator(20261124, name)
        d, est = build.fit(line, r, "f8", min(line.n, 40), line.p or 4, 8, line.fix)
        case = build.Case(name, build.words(est))
        rec = record.record(case, d, est, d.new, full=False)
        model, text = rec.write(out, FORMS.get(name, "pickle4"))
        total += model + text
        if max(model, text) > LIMIT:
            print(f"{name}: model {model}, case {text} bytes: over {LIMIT}", file=sys.stderr)
            sys.exit(1)
    print(f"{len(done)} cases, {total} bytes in {os.path.relpath(out)}")


if __name__ == "__main__":
    main()
