"""The seed document's own code for packages and the registry, as people run it, and two repaired variants. Larder reads what
it writes, and it reads what Larder writes (tests of pack and store run it where a Python with scikit-learn is found).

    document.py fixtures             writes testdata/document/
    document.py load PREFIX          load_and_validate, prints the predictions of the stored shape
    document.py register DIR NAME    registers a model into DIR, prints the version
    document.py resolve DIR NAME     loads NAME:latest from DIR, prints the version and model type
"""
import hashlib
import json
import os
import pathlib
import sys
import warnings
from datetime import datetime

import joblib
import numpy as np
import sklearn


def save_model_package(pipeline, X_train, y_train, metrics, path_prefix):
    model_path = f"{path_prefix}_model.joblib"
    joblib.dump(pipeline, model_path, compress=3)
    metadata = {
        "created_at": datetime.now().isoformat(),
        "sklearn_version": sklearn.__version__,
        "python_version": sys.version,
        "numpy_version": np.__version__,
        "n_training_samples": len(X_train),
        "n_features": X_train.shape[1],
        "feature_names": list(X_train.columns) if hasattr(X_train, "columns") else None,
        "class_distribution": dict(zip(*np.unique(y_train, return_counts=True))),
        "metrics": metrics,
        "model_type": type(pipeline).__name__,
        "model_params": pipeline.get_params(),
        "file_size_bytes": os.path.getsize(model_path),
    }
    with open(f"{path_prefix}_metadata.json", "w") as f:
        json.dump(metadata, f, indent=2, default=str)
    sample = X_train[:5]
    validation = {"input_shape": list(sample.shape), "expected_output": pipeline.predict(sample).tolist()}
    with open(f"{path_prefix}_validation.json", "w") as f:
        json.dump(validation, f, indent=2)


def save_repaired(pipeline, X_train, y_train, metrics, path_prefix, key, count):
    """What people do when integer labels raise TypeError."""
    u, n = np.unique(y_train, return_counts=True)

    class Fixed:
        unique = staticmethod(lambda *a, **k: ([key(v) for v in u], [count(v) for v in n]))

    real, np_ = np.unique, np
    try:
        np_.unique = Fixed.unique
        save_model_package(pipeline, X_train, y_train, metrics, path_prefix)
    finally:
        np_.unique = real


def load_and_validate(path_prefix):
    model = joblib.load(f"{path_prefix}_model.joblib")
    with open(f"{path_prefix}_metadata.json") as f:
        metadata = json.load(f)
    with open(f"{path_prefix}_validation.json") as f:
        validation = json.load(f)
    if metadata["sklearn_version"] != sklearn.__version__:
        warnings.warn(f"Model trained with sklearn {metadata['sklearn_version']}, loading with {sklearn.__version__}")
    return model, metadata, validation


class ModelRegistry:
    def __init__(self, base_path="models"):
        self.base_path = pathlib.Path(base_path)
        self.base_path.mkdir(parents=True, exist_ok=True)

    def register(self, model, name, metrics, X, y):
        params = str(sorted(model.get_params().items()))
        version = hashlib.sha256(params.encode()).hexdigest()[:8]
        version_dir = self.base_path / name / version
        version_dir.mkdir(parents=True, exist_ok=True)
        save_model_package(model, X, y, metrics, str(version_dir / "model"))
        latest = self.base_path / name / "latest"
        if latest.is_symlink():
            latest.unlink()
        latest.symlink_to(version)
        return version

    def load(self, name, version="latest"):
        return load_and_validate(str(self.base_path / name / version / "model"))


def data():
    r = np.random.RandomState(0)
    X = r.randn(60, 3)
    return X, np.where(X[:, 0] + X[:, 1] > 0, "yes", "no"), (X[:, 0] > 0).astype(int), X[:, 0] * 2 + X[:, 2]


def pipeline(**kw):
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    return Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler()), ("clf", LogisticRegression(**kw))])


def fixtures():
    from sklearn.linear_model import Ridge

    out = pathlib.Path(__file__).parents[1] / "document"
    out.mkdir(exist_ok=True)
    X, text, ints, numbers = data()
    import pandas as pd

    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    save_model_package(pipeline().fit(X, text), X, text, {"f1": np.float64(0.9), "auc": float("nan"), "n": np.int64(3)}, str(out / "text"))
    save_model_package(pipeline().fit(frame, text), frame, text, {"f1": 0.9, "loss": float("inf")}, str(out / "frame"))
    save_repaired(pipeline().fit(X, ints), X, ints, {}, str(out / "strkeys"), str, int)
    save_repaired(pipeline().fit(X, ints), X, ints, {}, str(out / "intkeys"), int, str)
    save_repaired(pipeline().fit(X, ints == 1), X, ints == 1, {}, str(out / "boolkeys"), bool, int)
    save_repaired(Ridge().fit(X, numbers), X, numbers, {"r2": 1.0}, str(out / "regressor"), float, int)
    frame.assign(y=text).to_csv(out / "train.csv", index=False)


if __name__ == "__main__":
    verb, args = sys.argv[1], sys.argv[2:]
    if verb == "fixtures":
        fixtures()
    elif verb == "load":
        warnings.simplefilter("error")
        model, metadata, validation = load_and_validate(args[0])
        print(json.dumps({"type": type(model).__name__, "samples": metadata["n_training_samples"], "shape": validation["input_shape"],
                          "expected": validation["expected_output"], "distribution": metadata["class_distribution"]}))
    elif verb == "register":
        X, text, _, _ = data()
        C = float(args[2]) if len(args) > 2 else 1.0
        print(ModelRegistry(args[0]).register(pipeline(C=C).fit(X, text), args[1], {"f1": 0.9}, X, text))
    elif verb == "resolve":
        model, metadata, _ = ModelRegistry(args[0]).load(args[1])
        print(os.readlink(os.path.join(args[0], args[1], "latest")), type(model).__name__, metadata["n_training_samples"])
