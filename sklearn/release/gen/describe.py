"""Describes the scikit-learn release on the path, as JSON on standard output: every importable name, and for every class
that is an estimator its home, its constructor parameters with their defaults, and the attributes its code sets or reads.

    PYTHONPATH=<one release> python describe.py > 1.4.json
"""

import ast
import importlib
import inspect
import json
import math
import pkgutil
import sys
import types
import warnings

warnings.filterwarnings("ignore")

import sklearn
from sklearn.base import BaseEstimator

SKIP = (".tests", ".externals", "sklearn.conftest", "sklearn._build_utils", "sklearn._min_dependencies")


def modules():
    for name in ("sklearn.experimental.enable_halving_search_cv", "sklearn.experimental.enable_iterative_imputer"):
        importlib.import_module(name)
    yield sklearn
    for m in pkgutil.walk_packages(sklearn.__path__, "sklearn."):
        if any(s in m.name for s in SKIP):
            continue
        try:
            yield importlib.import_module(m.name)
        except Exception:
            continue


def names(module):
    for name, v in sorted(vars(module).items()):
        here = getattr(v, "__module__", None)
        pyx = name.startswith("__pyx_unpickle") or name == "newObj"
        if not pyx and (name.startswith("__") or isinstance(v, types.ModuleType)):
            continue
        if pyx or callable(v) and here in (module.__name__, module.__name__.rpartition(".")[2]):
            yield name


def encode(v):
    """A default as JSON: what JSON lacks is an object of one key."""
    if isinstance(v, float) and not math.isfinite(v):
        return {"float": repr(v)}
    if v is None or isinstance(v, (bool, int, float, str)):
        return v
    if isinstance(v, tuple):
        return {"tuple": [encode(i) for i in v]}
    if isinstance(v, list):
        return [encode(i) for i in v]
    if isinstance(v, dict):
        return {"dict": {k: encode(i) for k, i in v.items()}}
    if isinstance(v, (type, types.FunctionType)):
        return {"name": v.__module__ + " " + v.__qualname__}
    return {"other": type(v).__module__ + " " + type(v).__qualname__}


SOURCES = {}


def bodies(cls):
    """The syntax tree of a class's own body."""
    name = cls.__module__
    if name not in SOURCES:
        try:
            tree = ast.parse(inspect.getsource(sys.modules[name]))
        except (OSError, TypeError):
            tree = ast.Module([], [])
        SOURCES[name] = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)}
    return SOURCES[name].get(cls.__name__)


def attributes(cls):
    """Names that the code of a class and its bases sets on or reads from an instance."""
    sets, reads = set(), set()
    for base in cls.__mro__:
        body = bodies(base) if base.__module__.startswith("sklearn") else None
        if body is None:
            continue
        mangle = lambda n: "_" + base.__name__.lstrip("_") + n if n.startswith("__") and not n.endswith("__") else n
        for f in ast.walk(body):
            if not isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            for n in ast.walk(f):
                if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id in ("self", "estimator", "est"):
                    (sets if isinstance(n.ctx, ast.Store) else reads).add(mangle(n.attr))
                elif isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in ("setattr", "getattr", "hasattr"):
                    if len(n.args) > 1 and isinstance(n.args[1], ast.Constant) and isinstance(n.args[1].value, str):
                        (sets if n.func.id == "setattr" else reads).add(n.args[1].value)
    known = set(dir(cls))
    own = lambda n: n in sets or n not in known
    return sorted(n for n in sets | reads if own(n) and not n.startswith("__"))


def main():
    out = {"release": sklearn.__version__, "names": {}, "classes": {}}
    seen = {}
    for m in modules():
        found = list(names(m))
        if found:
            out["names"][m.__name__] = found
        for v in vars(m).values():
            if isinstance(v, type) and v.__module__ == m.__name__ and issubclass(v, BaseEstimator):
                seen[v.__module__ + " " + v.__qualname__] = v
    for name, cls in sorted(seen.items()):
        params = {}
        for p in inspect.signature(cls.__init__).parameters.values():
            if p.name != "self" and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                params[p.name] = {} if p.default is p.empty else {"default": encode(p.default)}
        out["classes"][name] = {"params": params, "attributes": [a for a in attributes(cls) if a not in params]}
    json.dump(out, sys.stdout, sort_keys=True)


if __name__ == "__main__":
    main()
