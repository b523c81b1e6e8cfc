"""Writes testdata/onnx: models that skl2onnx converted, of several sets of operations, with what ONNX Runtime computes of them.

    python testdata/gen/foreign.py
"""

import json
import pathlib
import warnings

import numpy as np
import onnxruntime
import pandas as pd
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, IsolationForest, RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, MinMaxScaler, Normalizer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, OneClassSVM

warnings.filterwarnings("ignore")
onnxruntime.set_default_logger_severity(4)
OUT = pathlib.Path(__file__).parents[1] / "onnx"
rng = np.random.RandomState(7)
X = rng.standard_normal((90, 4)).astype(np.float32)
three = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.4)
two, text, real = three % 2, np.array(["no", "yes", "café"])[three], (X @ [1, 2, 0, -1] + X[:, 0] ** 2).astype(np.float64)


def write(name, b, rows):
    s = onnxruntime.InferenceSession(b, providers=["CPUExecutionProvider"])
    if isinstance(rows, pd.DataFrame):
        given = {c: rows[[c]].values.astype(object) if rows[c].dtype == object else rows[[c]].values for c in rows}
        about = {"columns": {c: rows[c].tolist() for c in rows}}
    else:
        given, about = {s.get_inputs()[0].name: rows}, {"rows": rows.astype(float).tolist()}
    outputs = {}
    for o, v in zip(s.get_outputs(), s.run(None, given)):
        if isinstance(v, list):
            v = np.array([list(m.values()) for m in v])
        outputs[o.name] = v.tolist()
    (OUT / f"{name}.onnx").write_bytes(b)
    (OUT / f"{name}.json").write_text(json.dumps({**about, "outputs": outputs}) + "\n")


def case(name, model, y=None, opset=None, wide=False, **options):
    model.fit(X, y)
    rows = X[:12].astype(np.float64) if wide else X[:12]
    b = to_onnx(model, rows[:1], target_opset=opset, options={id(model): options} if options else None).SerializeToString()
    write(name, b, rows)


OUT.mkdir(exist_ok=True)
for f in OUT.iterdir():
    f.unlink()
case("logistic", LogisticRegression(), text)
case("logistic-double", LogisticRegression(), two, wide=True, zipmap=False)
case("logistic-9", LogisticRegression(), two, opset={"": 9, "ai.onnx.ml": 1}, zipmap=False)
case("linear-svc", LinearSVC(), two)
case("linear", LinearRegression(), real)
case("forest", RandomForestClassifier(4, max_depth=3, random_state=0), three)
case("forest-text", RandomForestClassifier(3, max_depth=3, random_state=0), text, zipmap=False)
case("forest-3", RandomForestRegressor(3, max_depth=3, random_state=0), np.c_[real, real * 2, X[:, 2]], opset={"": 15, "ai.onnx.ml": 3})
case("boost", GradientBoostingClassifier(n_estimators=4, random_state=0), two)
case("boost-three", GradientBoostingClassifier(n_estimators=2, max_depth=2, random_state=0), three, zipmap=False)
case("boost-real", GradientBoostingRegressor(n_estimators=4, random_state=0), real)
case("isolation", IsolationForest(n_estimators=4, max_samples=8, random_state=0), opset={"": 15, "ai.onnx.ml": 3})
case("svc", SVC(random_state=0), text)
case("svc-proba", SVC(probability=True, random_state=0), three, zipmap=False)
case("svc-two", SVC(kernel="poly", degree=2, random_state=0), two)
case("svr", SVR(kernel="sigmoid", gamma=0.1), real)
case("one-class", OneClassSVM())
case("bayes", GaussianNB(), three)
case("mlp", MLPClassifier((4,), max_iter=20, random_state=0), text)
case("kmeans", KMeans(3, n_init=1, random_state=0))
case("knn", KNeighborsClassifier(3), three)
case("scaled", make_pipeline(StandardScaler(), MinMaxScaler(), Normalizer("l1")))
case("normal", make_pipeline(Normalizer("l2"), Binarizer(threshold=0.1)))

d = pd.DataFrame({"age": X[:, 0] * 10 + 40, "fare": X[:, 1] ** 2, "sex": np.array(["male", "female"], dtype=object)[three % 2], "deck": np.array(["a", "b", "ü"], dtype=object)[rng.randint(0, 3, 90)], "k": rng.randint(0, 3, 90)})
holes = d.copy()
holes.loc[::5, "age"] = np.nan
steps = make_column_transformer((make_pipeline(SimpleImputer(), StandardScaler()), ["age", "fare"]), (OneHotEncoder(handle_unknown="ignore"), ["sex", "deck"]), (OrdinalEncoder(), ["k"]))
model = make_pipeline(steps, LogisticRegression()).fit(holes, two)
kinds = [("age", FloatTensorType([None, 1])), ("fare", FloatTensorType([None, 1])), ("sex", StringTensorType([None, 1])), ("deck", StringTensorType([None, 1])), ("k", Int64TensorType([None, 1]))]
write("table", convert_sklearn(model, initial_types=kinds).SerializeToString(), holes[:12])
