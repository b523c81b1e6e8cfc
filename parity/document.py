"""The seed document's own program: its forest in its three compressions, its model package, its registry and its
parameters as JSON, run with real scikit-learn.

    document.py make DIR    writes what the document's code writes, and cases of the forest for the parity suite
    document.py check DIR   the document's code reads what Larder wrote into DIR/larder
"""

import argparse
import datetime
import hashlib
import json
import os
import platform
import sys
import time
import warnings

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "testdata", "gen"))

import build
import record


def save_model_package(pipeline, X_train, y_train, metrics, path_prefix):
    """The three files, as people who repaired the document's version write them (string keys)."""
    model_path = f"{path_prefix}_model.joblib"
    joblib.dump(pipeline, model_path, compress=3)
    labels, counts = np.unique(y_train, return_counts=True)
    metadata = {
        "created_at": datetime.datetime.now().isoformat(),
        "sklearn_version": sklearn.__version__,
        "python_version": platform.python_version(),
        "numpy_version": np.__version__,
        "n_training_samples": len(X_train),
        "n_features": X_train.shape[1],
        "feature_names": list(X_train.columns) if hasattr(X_train, "columns") else None,
        "class_distribution": {str(k): int(v) for k, v in zip(labels, counts)},
        "metrics": metrics,
        "model_type": type(pipeline).__name__,
        "model_params": {k: str(v) for k, v in pipeline.get_params().items()},
        "file_size_bytes": os.path.getsize(model_path),
    }
    with open(f"{path_prefix}_metadata.json", "w") as f:
        json.dump(metadata, f, indent=2)
    sample = X_train[:5]
    with open(f"{path_prefix}_validation.json", "w") as f:
        json.dump({"input_shape": list(sample.shape), "expected_output": pipeline.predict(sample).tolist()}, f)


def load_and_validate(path_prefix):
    pipeline = joblib.load(f"{path_prefix}_model.joblib")
    with open(f"{path_prefix}_metadata.json") as f:
        metadata = json.load(f)
    with open(f"{path_prefix}_validation.json") as f:
        validation = json.load(f)
    for name, have in (("sklearn_version", sklearn.__version__), ("numpy_version", np.__version__)):
        if metadata[name] is not None and metadata[name] != have:
            warnings.warn(f"{name}: trained with {metadata[name]}, running {have}")
    return pipeline, metadata, validation


class ModelRegistry:
    def __init__(self, root):
        self.root = root

    def register(self, model, name, metrics, X, y):
        version = hashlib.sha256(json.dumps({k: str(v) for k, v in model.get_params().items()}, sort_keys=True).encode()).hexdigest()[:8]
        folder = os.path.join(self.root, name, version)
        os.makedirs(folder, exist_ok=True)
        save_model_package(model, X, y, metrics, os.path.join(folder, "model"))
        latest = os.path.join(self.root, name, "latest")
        if os.path.islink(latest):
            os.remove(latest)
        os.symlink(version, latest)
        return version

    def load(self, name, version="latest"):
        return load_and_validate(os.path.join(self.root, name, version, "model"))


def predict_from_params(params, X):
    scores = X @ np.array(params["coefficients"]).T + np.array(params["intercept"])
    if params["classes"] is None:
        return scores
    return np.array(params["classes"])[np.argmax(scores, axis=1)]


def forest(rows, trees):
    X, y = make_classification(rows, n_features=20, n_informative=10, n_classes=2, random_state=0)
    return X, y, RandomForestClassifier(trees, max_depth=20, random_state=0).fit(X, y)


def make(folder, rows, trees):
    cases = os.path.join(folder, "cases")
    os.makedirs(cases, exist_ok=True)
    X, y, model = forest(rows, trees)
    new = np.r_[X[:100], make_classification(100, n_features=20, random_state=1)[0]]
    print(f"{'':6} {'MB':>7} {'save s':>7} {'load s':>7}   {trees} trees, {sum(t.tree_.node_count for t in model.estimators_)} nodes, {rows} rows")
    for form in ("joblib", "joblib.zlib3", "joblib.lzma"):
        name = "Forest-" + form.replace("joblib.", "").replace("joblib", "none")
        rec = record.Recorder(name, model, f"the document's forest, {form}")
        rec.run("rows", new, ["predict", "predict_proba", "apply"])
        rec.run("f4", new.astype(np.float32), ["predict", "predict_proba"])
        start = time.perf_counter()
        size, _ = rec.write(cases, form)
        save, start = time.perf_counter() - start, time.perf_counter()
        joblib.load(os.path.join(cases, name + ".joblib"))
        print(f"{name[7:]:6} {size / 1e6:7.2f} {save:7.2f} {time.perf_counter() - start:7.2f}")

    r = build.generator(0, "document")
    frame = pd.DataFrame(r.standard_normal((80, 4)), columns=["age", "income", "tenure", "balance"])
    label = np.where(frame["age"] + frame["income"] > 0, "yes", "no")
    pipe = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())]).fit(frame, label)
    frame.assign(target=label).to_csv(os.path.join(folder, "train.csv"), index=False)
    joblib.dump(pipe, os.path.join(folder, "pipe.joblib"))
    save_model_package(pipe, frame, label, {"f1": 0.89}, os.path.join(folder, "doc"))
    ModelRegistry(os.path.join(folder, "models")).register(pipe, "fraud", {"f1": 0.89}, frame, label)
    ints = LogisticRegression().fit(frame.to_numpy(), (label == "yes").astype(int))
    joblib.dump(ints, os.path.join(folder, "linear.joblib"))


def check(folder):
    frame = pd.read_csv(os.path.join(folder, "train.csv"))
    X, y = frame.drop(columns="target"), frame["target"]
    want = joblib.load(os.path.join(folder, "pipe.joblib"))
    failed = []

    def must(what, ok):
        print(("ok    " if ok else "FAILS ") + what)
        if not ok:
            failed.append(what)

    prefix = os.path.join(folder, "larder", "pack")
    pipe, metadata, validation = load_and_validate(prefix)
    must("package: predicts as before", (pipe.predict(X) == want.predict(X)).all() and (pipe.predict_proba(X) == want.predict_proba(X)).all())
    keys = "created_at sklearn_version python_version numpy_version n_training_samples n_features feature_names class_distribution metrics model_type model_params file_size_bytes".split()
    must("package: every key of the document", all(k in metadata for k in keys))
    must("package: counts", metadata["n_training_samples"] == len(X) and metadata["n_features"] == 4 and metadata["feature_names"] == list(X.columns))
    must("package: classes", metadata["class_distribution"] == {k: int(v) for k, v in y.value_counts().items()})
    must("package: size", metadata["file_size_bytes"] == os.path.getsize(prefix + "_model.joblib"))
    must("package: metrics", metadata["metrics"] == {"f1": 0.89})
    must("package: expected output", len(validation["expected_output"]) == validation["input_shape"][0])
    root = os.path.join(folder, "larder", "models")
    if os.path.isdir(root):
        pipe, metadata, _ = ModelRegistry(root).load("fraud")
        must("registry: latest loads and predicts", (pipe.predict(X) == want.predict(X)).all())
    params = os.path.join(folder, "larder", "params.json")
    if os.path.exists(params):
        linear = joblib.load(os.path.join(folder, "linear.joblib"))
        with open(params) as f:
            must("params: predict_from_params", (predict_from_params(json.load(f), X.to_numpy()) == linear.predict(X.to_numpy())).all())
    if failed:
        sys.exit(1)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("verb", choices=["make", "check"])
    a.add_argument("folder")
    a.add_argument("--rows", type=int, default=1000)
    a.add_argument("--trees", type=int, default=500)
    a = a.parse_args()
    make(a.folder, a.rows, a.trees) if a.verb == "make" else check(a.folder)


if __name__ == "__main__":
    main()
