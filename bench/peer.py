"""The other side of the benchmark: makes models and times scikit-learn and ONNX Runtime, as told line by line on stdin."""

import json
import os
import sys
import time

import joblib
import numpy as np
import sklearn
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

MODELS = {
    "forest-500": (50_000, lambda: RandomForestClassifier(500, max_depth=20, random_state=0)),
    "forest-100": (2_000, lambda: RandomForestClassifier(100, random_state=0)),
    "forest-20": (2_000, lambda: RandomForestClassifier(20, max_depth=12, random_state=0)),
    "gradient-boosting-100": (2_000, lambda: GradientBoostingClassifier(n_estimators=100, random_state=0)),
    "hist-gradient-boosting-100": (2_000, lambda: HistGradientBoostingClassifier(max_iter=100, random_state=0)),
    "scaler-logistic": (2_000, lambda: make_pipeline(StandardScaler(), LogisticRegression())),
    "svc-rbf": (2_000, lambda: SVC(random_state=0)),
    "knn-5": (2_000, lambda: KNeighborsClassifier(5)),
    "mlp-100": (2_000, lambda: MLPClassifier(random_state=0, max_iter=50)),
}


class Peer:
    def make(self, name, dir):
        """Fits a model, once per scikit-learn release, and writes rows that it has not seen."""
        path = os.path.join(dir, f"{name}-{sklearn.__version__}.joblib")
        rows = os.path.join(dir, "rows.npy")
        n, new = MODELS[name]
        if not os.path.exists(path) or not os.path.exists(rows):
            X, y = make_classification(n + 10_000, 20, n_informative=10, n_classes=3, random_state=0)
            if not os.path.exists(rows):
                np.save(rows, make_classification(60_000, 20, n_informative=10, n_classes=3, random_state=0)[0][50_000:].astype("f4"))
            joblib.dump(new().fit(X[:n].astype("f4"), y[:n]), path)
        return {"path": path, "rows": rows}

    def open(self, path, rows):
        self.model, self.session = joblib.load(path), None
        self.X = np.load(rows)
        return {"release": sklearn.__version__}

    def onnx(self, path):
        """Converts the open model, once, and opens it in ONNX Runtime with one thread."""
        import onnxruntime as ort

        path += ".onnx"
        if not os.path.exists(path):
            import skl2onnx
            from skl2onnx.common.data_types import FloatTensorType

            onx = skl2onnx.to_onnx(self.model, initial_types=[("X", FloatTensorType([None, self.X.shape[1]]))], options={"zipmap": False})
            with open(path, "wb") as f:
                f.write(onx.SerializeToString())
        o = ort.SessionOptions()
        o.intra_op_num_threads = o.inter_op_num_threads = 1
        self.session = ort.InferenceSession(path, o, providers=["CPUExecutionProvider"])
        return {"release": ort.__version__}

    def call(self, who, method):
        if who == "onnxruntime":
            names = [self.session.get_outputs()[0 if method == "predict" else 1].name]
            return lambda x: self.session.run(names, {"X": x})[0]
        return getattr(self.model, method)

    def time(self, who, method, rows, count):
        """Seconds per call: of the first rows at once, or of count calls with a row each."""
        f = self.call(who, method)
        if rows == 1:
            parts = [self.X[i : i + 1] for i in range(100, 100 + count)]
        else:
            parts = [self.X[:rows]] * count
        f(parts[0])
        t = time.perf_counter()
        for x in parts:
            f(x)
        return {"seconds": (time.perf_counter() - t) / count}

    def answer(self, method, rows, path):
        np.save(path, self.call("scikit-learn", method)(self.X[:rows]))
        return {}


def main():
    out, peer = os.fdopen(os.dup(1), "w"), Peer()
    sys.stdout = sys.stderr
    for line in sys.stdin:
        ask = json.loads(line)
        try:
            reply = getattr(peer, ask.pop("do"))(**ask)
        except Exception as e:  # the driver prints it and goes on
            reply = {"error": f"{type(e).__name__}: {e}".split("\n")[0][:200]}
        print(json.dumps(reply), file=out, flush=True)


if __name__ == "__main__":
    main()
