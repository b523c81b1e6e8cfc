"""Writes testdata/sklearn/<release> for an older scikit-learn, the one that runs this: classes whose stored state or whose
computation changed between releases. `make fixtures-old` runs it under each."""

import os

import numpy as np
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.cross_decomposition import PLSRegression
from sklearn.ensemble import *  # noqa: F403
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor, NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import build
import record
from draw import Draw as D
from draw import Line

HERE = os.path.dirname(os.path.abspath(__file__))
before = lambda v: tuple(map(int, sklearn.__version__.split(".")[:2])) < v
LINES = {}


def C(name, cls, tags, n=40, **params):
    LINES[name] = Line(cls, tags, params, n, 4, ["f8"], 0, None, "")


C("DecisionTreeClassifier", DecisionTreeClassifier, "num multi.str", max_depth=4)
C("DecisionTreeRegressor", DecisionTreeRegressor, "num reg", max_depth=4)
C("RandomForestClassifier", RandomForestClassifier, "num multi", n_estimators=3, max_depth=3)
C("ExtraTreesRegressor", ExtraTreesRegressor, "num reg", n_estimators=3, max_depth=3)
C("GradientBoostingClassifier", GradientBoostingClassifier, "num bin.str", n_estimators=3, max_depth=2)
C("GradientBoostingRegressor", GradientBoostingRegressor, "num reg", n_estimators=3, max_depth=2)
C("HistGradientBoostingClassifier", HistGradientBoostingClassifier, "nan multi", max_iter=2, max_leaf_nodes=4, min_samples_leaf=5)
C("HistGradientBoostingRegressor", HistGradientBoostingRegressor, "catint reg", max_iter=2, max_leaf_nodes=4, min_samples_leaf=5, categorical_features=[0, 2])
C("AdaBoostClassifier", AdaBoostClassifier, "num multi", n_estimators=3)
if before((1, 6)):
    C("AdaBoostClassifier-samme", AdaBoostClassifier, "num bin", n_estimators=3, algorithm="SAMME")
if before((1, 8)):
    C("LogisticRegression-ovr", LogisticRegression, "num multi.str", multi_class="ovr")
C("LogisticRegression", LogisticRegression, "num multi.str")
C("SGDClassifier", SGDClassifier, "num multi", loss="log_loss", max_iter=10)
C("BaggingClassifier", BaggingClassifier, "num bin", n_estimators=2, estimator=D(lambda r: DecisionTreeClassifier(max_depth=2, random_state=0)))
C("IsolationForest", IsolationForest, "num", n_estimators=3, max_samples=16)
C("CalibratedClassifierCV", CalibratedClassifierCV, "num bin", estimator=D(lambda r: LogisticRegression()), method="isotonic", cv=2)
C("StackingClassifier", StackingClassifier, "num multi", cv=2, estimators=D(lambda r: [("a", LogisticRegression()), ("b", DecisionTreeClassifier(max_depth=2, random_state=0))]))
C("ColumnTransformer", ColumnTransformer, "num", transformers=D(lambda r: [("a", StandardScaler(), [0, 1]), ("b", "drop", [2])]), remainder="passthrough")
C("Pipeline-mixed", Pipeline, "mixed bin.str", steps=D(lambda r: [("prep", ColumnTransformer([("num", SimpleImputer(), ["age", "fare"]), ("cat", OneHotEncoder(handle_unknown="ignore"), ["sex"])])), ("m", LogisticRegression())]))
C("OneHotEncoder", OneHotEncoder, "catnan", handle_unknown="ignore", min_frequency=4)
C("OrdinalEncoder", OrdinalEncoder, "catnan", handle_unknown="use_encoded_value", unknown_value=-1)
C("SimpleImputer", SimpleImputer, "nan", add_indicator=True)
C("KBinsDiscretizer", KBinsDiscretizer, "num", n_bins=3, encode="ordinal", **({} if before((1, 7)) else {"quantile_method": "linear"}))
C("StandardScaler", StandardScaler, "num")
C("TfidfVectorizer", TfidfVectorizer, "text", n=12)
C("PLSRegression", PLSRegression, "num reg3", n_components=2)
C("NearestCentroid", NearestCentroid, "num multi")
C("KNeighborsClassifier", KNeighborsClassifier, "num multi", n_neighbors=3)
C("LocalOutlierFactor", LocalOutlierFactor, "num", novelty=True, n_neighbors=5)
C("SVC", SVC, "std multi")
C("SVR", SVR, "std reg")
C("MLPClassifier", MLPClassifier, "num bin", hidden_layer_sizes=(4,), max_iter=5)
C("IsotonicRegression", IsotonicRegression, "flat reg", out_of_bounds="clip")


def main():
    out = os.path.join(HERE, "..", "sklearn", sklearn.__version__)
    os.makedirs(out, exist_ok=True)
    total = 0
    for name, line in LINES.items():
        r = build.generator(20261124, name)
        d, est = build.fit(line, r, "f8", line.n, 4, 8)
        rec = record.record(build.Case(name, build.words(est)), d, est, d.new, full=False)
        total += sum(rec.write(out, "pickle4"))
    print(f"scikit-learn {sklearn.__version__}, numpy {np.__version__}: {len(LINES)} cases, {total} bytes")


if __name__ == "__main__":
    main()
