"""Writes params.txt, the constructor parameters and defaults of every estimator, and testdata/params.json, what
json.dumps(estimator.get_params(), default=str) gives for the fixtures."""
import inspect
import json
import pathlib
import pickle
import re
import warnings

import joblib
import skops.io
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.utils import all_estimators

warnings.filterwarnings("ignore")
root = pathlib.Path(__file__).parents[2]


def default(p):
    if p.default is p.empty:
        return ""
    return "=" + re.sub(r" at 0x[0-9a-f]+", "", repr(p.default))


lines = []
for name, c in all_estimators():
    module = ".".join(p for p in c.__module__.split(".") if not p.startswith("_"))
    params = [(k, p) for k, p in sorted(inspect.signature(c.__init__).parameters.items()) if k != "self" and p.kind == p.POSITIONAL_OR_KEYWORD or p.kind == p.KEYWORD_ONLY]
    lines.append("\t".join([module + "." + name] + [k + default(p) for k, p in params]))
(root / "params.txt").write_text("\n".join(sorted(lines)) + "\n")


def load(path):
    if path.suffix == ".joblib":
        return joblib.load(path)
    if path.suffix == ".skops":
        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    return pickle.loads(path.read_bytes())


golden = {}
for path in sorted((root / "testdata" / "sklearn" / "1.9.1").iterdir()):
    if path.suffix == ".json":
        continue
    text = json.dumps(load(path).get_params(), default=str)
    if " at 0x" not in text and "\\u2026" not in text:  # addresses; text that was cut
        golden[path.name] = json.loads(re.sub(r"\\n *", " ", text))
body = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in golden.items())
(root / "testdata" / "params.json").write_text("{\n" + body + "\n}\n")
