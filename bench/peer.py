"""The other side of the benchmark: makes models, times scikit-learn and ONNX Runtime, and saves and loads with pickle,
joblib and skops, as told line by line on stdin."""

import gc
import json
import os
import pickle
import sys
import time

import joblib
import numpy as np
import sklearn
import skops.io
import threadpoolctl
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

MODELS = {
    # The forest does not depend on n_jobs; fitting it does.
    "forest-500": (50_000, lambda: RandomForestClassifier(500, max_depth=20, random_state=0, n_jobs=-1)),
    "forest-100": (2_000, lambda: RandomForestClassifier(100, random_state=0)),
    "forest-20": (2_000, lambda: RandomForestClassifier(20, max_depth=12, random_state=0)),
    "gradient-boosting-100": (2_000, lambda: GradientBoostingClassifier(n_estimators=100, random_state=0)),
    "hist-gradient-boosting-100": (2_000, lambda: HistGradientBoostingClassifier(max_iter=100, random_state=0)),
    "scaler-logistic": (2_000, lambda: make_pipeline(StandardScaler(), LogisticRegression())),
    "svc-rbf": (2_000, lambda: SVC(random_state=0)),
    "knn-5": (2_000, lambda: KNeighborsClassifier(5)),
    "mlp-100": (2_000, lambda: MLPClassifier(random_state=0, max_iter=50)),
}


WORDS = 20_000


def texts(n, seed):
    """Made-up reviews: word frequencies fall as in a language, two classes that prefer some of the words."""
    r = np.random.default_rng(seed)
    words = np.array(["".join(r0) for r0 in np.random.default_rng(7).choice(list("etaoinshrdlucmfw"), (WORDS, 7))])
    p = 1 / np.arange(1, WORDS + 1)
    y = r.integers(0, 2, n)
    shift = [p, np.roll(p, 3)]
    docs = [" ".join(words[r.choice(WORDS, r.integers(20, 120), p=shift[c] / shift[c].sum())]) for c in y]
    return np.array(docs), y


def memory(what):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith(what + ":"))


def times(t, c, count=1):
    return {"seconds": (time.perf_counter() - t) / count, "cpu": (time.process_time() - c) / count}


def save(model, form, path):
    kind, _, how = form.partition(" ")
    if kind == "pickle":
        with open(path, "wb") as f:
            pickle.dump(model, f, protocol=int(how))
    elif kind == "skops":
        skops.io.dump(model, path)
    elif how == "none":
        joblib.dump(model, path)
    else:
        name, level = how.split("-")
        joblib.dump(model, path, compress=(name, int(level)))


def load(form, path):
    kind = form.split(" ")[0]
    if kind == "pickle":
        with open(path, "rb") as f:
            return pickle.load(f)
    if kind == "skops":
        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    return joblib.load(path)


def measured(form, path):
    """Loads a file in a process forked from this one, which has imported everything."""
    back, out = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            with open("/proc/self/clear_refs", "w") as f:
                f.write("5")  # the peak begins anew
            before = memory("VmRSS")
            t, c = time.perf_counter(), time.process_time()
            m = load(form, path)
            reply = {**times(t, c), "before": before, "peak": memory("VmHWM"), "release": type(m).__name__}
        except Exception as e:
            reply = {"error": f"{type(e).__name__}: {e}"[:200]}
        os.write(out, json.dumps(reply).encode())
        os._exit(0)
    os.close(out)
    with os.fdopen(back) as f:
        text = f.read()
    os.waitpid(pid, 0)
    return json.loads(text)


class Peer:
    def __init__(self):
        """Forks a process that loads files when it is asked to. It never had a model: what a process has freed is not given back,
        and would hide what loading takes."""
        ask, told = os.pipe(), os.pipe()
        if os.fork() == 0:
            os.close(ask[1])
            with os.fdopen(ask[0]) as f, os.fdopen(told[1], "w") as out:
                for line in f:
                    print(json.dumps(measured(*json.loads(line))), file=out, flush=True)
            os._exit(0)
        os.close(ask[0])
        os.close(told[1])
        self.ask, self.told = os.fdopen(ask[1], "w"), os.fdopen(told[0])

    def make(self, name, dir):
        """Fits a model, once per scikit-learn release, and writes rows that it has not seen."""
        path = os.path.join(dir, f"{name}-{sklearn.__version__}.joblib")
        rows = os.path.join(dir, "rows.npy")
        if name == "text":
            rows = os.path.join(dir, "texts.npy")
            if not os.path.exists(path) or not os.path.exists(rows):
                np.save(rows, texts(2_000, 1)[0])
                joblib.dump(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(*texts(5_000, 0)), path)
            return {"path": path, "rows": rows}
        n, new = MODELS[name]
        if not os.path.exists(path) or not os.path.exists(rows):
            X, y = make_classification(n + 10_000, 20, n_informative=10, n_classes=3, random_state=0)
            if not os.path.exists(rows):
                np.save(rows, make_classification(60_000, 20, n_informative=10, n_classes=3, random_state=0)[0][50_000:].astype("f4"))
            model = new().fit(X[:n].astype("f4"), y[:n])
            if hasattr(model, "n_jobs"):
                model.n_jobs = None
            joblib.dump(model, path)
        return {"path": path, "rows": rows}

    def open(self, path, rows):
        self.model, self.session = joblib.load(path), None
        self.X = np.load(rows)
        return {"release": sklearn.__version__}

    def close(self):
        self.model = self.session = None
        gc.collect()
        return {}

    def threads(self, threads):
        """Lets scikit-learn use so many threads: OpenMP, BLAS and forests' own."""
        threadpoolctl.threadpool_limits(threads)
        for m in [self.model, *[s for _, s in getattr(self.model, "steps", [])]]:
            if hasattr(m, "n_jobs"):
                m.n_jobs = threads
        return {}

    def save(self, form, to):
        t, c = time.perf_counter(), time.process_time()
        save(self.model, form, to)
        return {**times(t, c), "size": os.path.getsize(to)}

    def convert(self, path, form, to):
        save(joblib.load(path), form, to)
        return {}

    def same(self, form, path, rows):
        """Loads a file and compares its answers with those of the open model."""
        m, X = load(form, path), np.load(rows)[:50]
        if not np.array_equal(m.predict_proba(X), self.model.predict_proba(X)):
            raise ValueError("answers differ")
        return {}

    def load(self, form, path):
        """Loads a file in a process of its own."""
        print(json.dumps([form, path]), file=self.ask, flush=True)
        return json.loads(self.told.readline())

    def export(self, to):
        """Converts the open model to an ONNX file."""
        import skl2onnx
        from skl2onnx.common.data_types import FloatTensorType, StringTensorType

        t, c = time.perf_counter(), time.process_time()
        kind = StringTensorType([None]) if self.X.dtype.kind == "U" else FloatTensorType([None, self.X.shape[1]])
        onx = skl2onnx.to_onnx(self.model, initial_types=[("X", kind)], options={"zipmap": False})
        with open(to, "wb") as f:
            f.write(onx.SerializeToString())
        return {**times(t, c), "size": os.path.getsize(to)}

    def onnx(self, path, threads=1):
        """Converts the open model, once, and opens it in ONNX Runtime."""
        import onnxruntime as ort

        path += ".onnx"
        if not os.path.exists(path):
            self.export(path)
        o = ort.SessionOptions()
        o.intra_op_num_threads, o.inter_op_num_threads = threads, 1
        self.session = ort.InferenceSession(path, o, providers=["CPUExecutionProvider"])
        return {"release": ort.__version__}

    def call(self, who, method):
        if who == "onnxruntime":
            names = [self.session.get_outputs()[0 if method == "predict" else 1].name]
            if self.X.dtype.kind == "U":
                return lambda x: self.session.run(names, {"X": x.astype(object)})[0]
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
        t, c = time.perf_counter(), time.process_time()
        for x in parts:
            f(x)
        return times(t, c, count)

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
