"""Adds the names of the running scikit-learn, numpy and scipy to audit/allow.txt.

Run it under each release that is to be known (Python 2.7 and later); lines only ever are added, so the file is the union
of what the rules below let through:

    python testdata/gen/allow.py
    python testdata/gen/allow.py --moved sklearn_moves.csv   # names of releases that are not installed

Kinds: class   may be allocated (NEWOBJ without arguments, copyreg._reconstructor) or stand as a type;
       tuple   a named tuple: a class that may be allocated with arguments;
       array   a class of arrays: may stand where numpy and joblib name the class of an array, nowhere else;
       call    may be called with plain arguments (Cython objects that pickle that way);
       value   a function that may stand as a parameter's value; it is never called;
       method  names that are methods of scikit-learn's classes and never their attributes: no state may set them to
               something that can be called;
       both    names that are methods of one class and attributes of another (run all releases twice for these).
"""
from __future__ import print_function
import argparse
import ast
import csv
import importlib
import inspect
import os
import pkgutil
import re
import warnings

warnings.filterwarnings("ignore")
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "audit", "allow.txt")

SKIP = ("tests", "datasets", "externals", "experimental", "_build_utils", "conftest", "setup", "_testing", "testing",
        "estimator_checks", "_estimator_html_repr", "mocking", "_mocking", "inspection", "__check_build", "_openmp_helpers",
        "parallel", "fixes", "discovery", "_joblib", "_pprint", "_repr_html", "_show_versions", "deprecation", "callback", "_test_common", "_unittest_backport", "_plotting",
        "_array_api")
CALLS = ("sklearn._loss._loss", "sklearn.linear_model._sgd_fast", "sklearn.linear_model.sgd_fast")
VALUES = ("sklearn.metrics", "sklearn.feature_selection", "sklearn.preprocessing", "sklearn.cluster._kmeans",
          "sklearn.cluster.k_means_", "sklearn.decomposition", "sklearn.covariance", "sklearn.gaussian_process",
          "sklearn.utils.validation", "sklearn.utils.extmath", "sklearn.neighbors", "sklearn.linear_model", "sklearn.tree",
          "sklearn.ensemble", "sklearn.isotonic", "sklearn.random_projection", "sklearn.model_selection",
          "sklearn.compose", "sklearn.feature_extraction.text")
# Functions that open files, draw, run code of their arguments' choosing, or fetch: never values.
NEVER = {"available_if", "parametrize_with_checks", "get_scorer", "clone", "delayed", "cross_val_score", "cross_validate",
         "cross_val_predict", "learning_curve", "validation_curve", "permutation_test_score", "export_graphviz",
         "plot_tree", "check_cv", "make_scorer", "Memory", "Parallel", "parallel_backend", "check_memory", "validate_parameter_constraints",
         "fit_grid_point", "if_delegate_has_method", "deprecated", "parallel_helper", "fetch_openml", "load_heap", "newObj",
         "nodeheap_sort", "simultaneous_sort", "kernel_norm", "partial_dependence", "check_scoring", "set_huber_delta",
         "check_array_api_input", "export_text", "train_test_split"}
# Private functions that fitted estimators hold.
PRIVATE = {"_identity", "_kmeans_single_lloyd", "_kmeans_single_elkan", "_passthrough_scorer", "_refit_callable", "_get_feature_importances",
           "_preprocess", "_analyze", "_logcosh", "_exp", "_cube", "_clean_nans"}
# Modules compiled from Cython: their functions take raw memory and check nothing.
COMPILED = ("_fast", "_tree", "_binning", "_bitset", "_gradient_boosting", "_loss", "_predictor", "histogram", "splitting",
            "_partitioner", "_criterion", "_splitter", "_utils", "_dist_metrics", "dist_metrics", "_kd_tree", "kd_tree", "_ball_tree", "ball_tree",
            "_csr_polynomial_expansion", "typedefs", "_typedefs", "_reingold_tilford", "grower", "_pairwise_distances_reduction")
# Functions of pandas that only compute from the frame they are given.
FRAME = ("get_dummies", "to_numeric", "to_datetime", "to_timedelta", "isna", "isnull", "notna", "notnull", "cut", "qcut", "factorize", "unique")
NO_CLASS = ("Exporter", "Display", "Warning")


def admits(kind, module, name):
    """The rules every line must pass, also those that stand in the file already."""
    if kind == "value" and module.startswith("sklearn"):
        if name.startswith("_") and name not in PRIVATE or name in NEVER or "plot" in name:
            return False
        return not any(p.endswith(COMPILED) for p in module.split("."))
    if kind == "class":
        return not name.endswith(NO_CLASS) and (module, name) not in ARRAYS and name not in NEVER
    return kind in ("tuple", "array", "call", "value", "method", "both")


ARRAYS = {("numpy", "ndarray"), ("numpy", "matrix"), ("numpy", "recarray"), ("numpy", "memmap"), ("numpy.rec", "recarray"),
          ("numpy.core.records", "recarray"), ("numpy.matrixlib.defmatrix", "matrix"), ("numpy.core.memmap", "memmap"),
          ("numpy.core.defchararray", "chararray"), ("numpy.char", "chararray"), ("numpy.ma", "MaskedArray"), ("numpy.ma.core", "MaskedArray"),
          ("pandas.core.indexes.frozen", "FrozenNDArray"), ("pandas.indexes.frozen", "FrozenNDArray")}
NUMPY_VALUES = """mean median sum max min amax amin std var nanmean nanmedian nanmax nanmin nansum prod ptp percentile quantile
any all argmax argmin argsort sort cumsum clip round around abs identity ravel reshape squeeze transpose concatenate hstack
vstack column_stack asarray array ascontiguousarray nan_to_num where log log1p fix atleast_2d
copy asanyarray asfortranarray atleast_1d real imag real_if_close angle isreal iscomplex isposinf isneginf sinc i0 unwrap delete take diff
ediff1d cumprod nancumsum nancumprod nanprod nanstd nanvar nanargmax nanargmin nanpercentile nanquantile average digitize searchsorted interp
flip fliplr flipud roll tile repeat expand_dims dstack stack swapaxes moveaxis diagonal dot inner outer unique count_nonzero corrcoef cov
bincount isin isclose gradient polyval vander full_like zeros_like ones_like shape ndim size tril triu pad""".split()
NUMPY_CLASSES = """record bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 intc intp uint
longlong ulonglong float16 float32 float64 longdouble complex64 complex128 object_ str_ bytes_ string_ unicode_ void datetime64
timedelta64 number integer signedinteger unsignedinteger inexact floating complexfloating generic flexible character long
float int float_ int_ complex_ object str float128 complex256 clongdouble longcomplex""".split()
# Functions of Python itself that compute from what they are given, and call nothing of it but its operators.
PYTHON = {
    "builtins": "abs all any bin chr divmod hex len max min oct ord pow repr reversed round sorted sum",
    "operator": "abs add and_ concat contains countOf eq floordiv ge getitem gt index indexOf inv invert is_ is_not length_hint le lshift lt matmul "
                "mod mul ne neg not_ or_ pos pow rshift sub truediv truth xor",
    "math": " ".join(n for n in dir(__import__("math")) if callable(getattr(__import__("math"), n)) and not n.startswith("_")),
    "re": "escape findall finditer fullmatch match search split sub subn",
    "html": "escape unescape",
    "unicodedata": "normalize",
}
# Functions of scipy that only compute from the rows they are given.
SCIPY = {"scipy.stats": "zscore boxcox boxcox1p yeojohnson rankdata gmean hmean skew kurtosis", "scipy.signal": "savgol_filter detrend medfilt",
         "scipy.ndimage": "gaussian_filter gaussian_filter1d uniform_filter1d median_filter"}
# Methods of frames, arrays and sparse matrices that give another and write nothing; audit has them for those that are called by name.
METHODS = """abs add all any astype between bfill clip copy count cummax cummin cumprod cumsum diff div divide drop drop_duplicates dropna duplicated eq
ffill fillna filter floordiv ge gt head infer_objects isin isna isnull le lt mask max mean median min mod mul multiply ne notna notnull pct_change pow prod
quantile radd rank rdiv rename replace reset_index rmul round rsub select_dtypes set_axis shift sort_index sort_values std sub subtract sum tail to_frame
to_numpy tolist transpose truediv var where flatten ravel reshape squeeze argmax argmin argsort conj nonzero ptp repeat take swapaxes toarray todense
tocsr tocsc tocoo log1p expm1 sqrt sin tan tanh sign power maximum minimum sort""".split()


def modules(root):
    yield importlib.import_module(root)
    for info in pkgutil.walk_packages(importlib.import_module(root).__path__, root + "."):
        name = info[1]
        parts = name.split(".")
        if any(p in SKIP for p in parts):
            continue
        try:
            yield importlib.import_module(name)
        except BaseException:
            continue


def methods(cls, found):
    """Collects the names of a class's methods, and of what may be an attribute of its instances."""
    if not str(getattr(cls, "__module__", "")).startswith("sklearn"):
        return
    own = set()
    for k in inspect.getmro(cls):
        if str(k.__module__).startswith("sklearn"):
            own |= set(vars(k))
    for n in own:
        v = inspect.getattr_static(cls, n) if hasattr(inspect, "getattr_static") else getattr(cls, n, None)
        if n.startswith("__"):
            continue
        if inspect.isroutine(v) or isinstance(v, (classmethod, staticmethod)) or type(v).__name__ in ("_AvailableIfDescriptor", "_IffHasAttrDescriptor"):
            found["method"].add(n)
    try:
        found["attribute"] |= set(inspect.signature(cls).parameters)
    except (ValueError, TypeError, AttributeError):
        pass


def assigned(found):
    """Collects every name that scikit-learn's sources assign on an instance, or that is an annotated field of one."""
    root = os.path.dirname(importlib.import_module("sklearn").__file__)
    for folder, _, files in os.walk(root):
        for f in files:
            if f.endswith(".py") and "tests" not in folder:
                with open(os.path.join(folder, f), "rb") as h:
                    tree = ast.parse(h.read())
                for node in ast.walk(tree):
                    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                        found["attribute"].add(node.attr)
                    elif type(node).__name__ == "AnnAssign" and isinstance(node.target, ast.Name):
                        found["attribute"].add(node.target.id)


def sweep(names, found):
    assigned(found)
    names |= {("array",) + a for a in ARRAYS}
    for m in modules("sklearn"):
        for n, v in list(vars(m).items()):
            if not re.match(r"^[A-Za-z_]\w*$", n):
                continue
            home = getattr(v, "__module__", None)
            if inspect.isclass(v):
                methods(v, found)
                if n in NEVER or not str(home).startswith(("sklearn", "_loss")) or issubclass(v, BaseException):
                    continue
                if any(p in SKIP for p in home.split(".")):
                    continue
                names.add(("class", m.__name__, n))
                if issubclass(v, tuple):
                    names.add(("tuple", m.__name__, n))
                if m.__name__ in CALLS:
                    names.add(("call", m.__name__, n))
            elif callable(v) and str(home).startswith("sklearn") and home == m.__name__:
                if n.startswith("__pyx_unpickle_") or n in NEVER:
                    continue
                if home.startswith(VALUES):
                    names.add(("value", m.__name__, n))
    import numpy
    import scipy.spatial.distance
    import scipy.special
    import scipy.sparse
    import scipy.stats
    for n in NUMPY_CLASSES:
        if inspect.isclass(getattr(numpy, n, None)):
            names.add(("class", "numpy", n))
    for n in NUMPY_VALUES:
        for m in ("numpy", "numpy.core.fromnumeric", "numpy.lib.function_base", "numpy.lib.nanfunctions", "numpy.lib.ufunclike", "numpy.core.shape_base"):
            if hasattr(numpy, n):
                names.add(("value", m, n))
    for m, ns in PYTHON.items():
        for home in {"builtins": ("builtins", "__builtin__"), "operator": ("operator", "_operator")}.get(m, (m,)):
            names |= {("value", home, n) for n in ns.split()}
    for m, ns in SCIPY.items():
        for n in ns.split():
            f = getattr(importlib.import_module(m), n, None)
            if f is not None and not isinstance(f, numpy.ufunc):
                names |= {("value", m, n), ("value", f.__module__, n)}
    names |= {("value", m, "norm") for m in ("numpy.linalg", "numpy.linalg.linalg", "numpy.linalg._linalg")}
    for m in ("numpy.strings", "numpy.char", "numpy.core.defchararray", "numpy._core.strings"):
        names |= {("value", m, n) for n in "add capitalize lower upper title swapcase strip lstrip rstrip replace str_len zfill find count startswith endswith isalpha isdigit isnumeric isspace".split()}
    for kind in ("csr_matrix", "csc_matrix", "csr_array", "csc_array"):
        dotted(names, getattr(scipy.sparse, kind, None))
    for n in dir(numpy):
        if isinstance(getattr(numpy, n), numpy.ufunc):
            for m in ("numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath", "numpy.core.umath"):
                names.add(("value", m, n))
    for n in "braycurtis canberra chebyshev cityblock correlation cosine dice euclidean hamming jaccard jensenshannon minkowski rogerstanimoto russellrao seuclidean sokalsneath sqeuclidean yule".split():
        if hasattr(scipy.spatial.distance, n):
            names.add(("value", "scipy.spatial.distance", n))
    for n in dir(scipy.special):
        v = getattr(scipy.special, n)
        if isinstance(v, numpy.ufunc):
            for m in ("scipy.special", "scipy.special._ufuncs", "scipy.special._special_ufuncs"):
                names.add(("value", m, n))
    for n in ("softmax", "log_softmax", "logsumexp"):
        for m in ("scipy.special", "scipy.special._logsumexp"):
            if hasattr(scipy.special, n):
                names.add(("value", m, n))
    for fmt in "bsr bsr coo csc csr dia dok lil".split():
        for kind in ("matrix", "array"):
            for m in ("scipy.sparse", "scipy.sparse.%s" % fmt, "scipy.sparse._%s" % fmt, "scipy.sparse._arrays"):
                names.add(("class", m, "%s_%s" % (fmt, kind)))
    for m in ("scipy.stats._distn_infrastructure",):
        mod = importlib.import_module(m)
        for n in ("rv_frozen", "rv_continuous_frozen", "rv_discrete_frozen"):
            if hasattr(mod, n):
                names.add(("class", m, n))
    for m in ("scipy.stats._continuous_distns", "scipy.stats._discrete_distns"):
        for n, v in vars(importlib.import_module(m)).items():
            if inspect.isclass(v) and n.endswith("_gen"):
                names.add(("class", m, n))
    names |= {("class", "scipy.interpolate._bsplines", "BSpline"), ("class", "scipy.interpolate.interpolate", "interp1d"),
              ("class", "scipy.interpolate._interpolate", "interp1d"),
              ("value", "scipy._lib.array_api_compat.numpy._aliases", "asarray"), ("value", "scipy._lib.array_api_compat.numpy", "asarray")}
    try:
        import pandas
    except ImportError:
        return
    for cls in (pandas.DataFrame, pandas.Series):
        dotted(names, cls)
    for n in FRAME:
        if hasattr(pandas, n):
            f = getattr(pandas, n)
            names.add(("value", f.__module__, f.__name__))


def dotted(names, cls):
    """Methods that a pickle names through their class: protocol 4 by a dot, the older ones by getattr of the class, which then stands there."""
    for n in METHODS:
        f = getattr(cls, n, None)
        home = getattr(f, "__qualname__", "").split(".")
        if inspect.isfunction(f) and len(home) == 2 and home[1] == n and re.match(r"^(pandas|scipy)\.", f.__module__):
            owner = getattr(importlib.import_module(f.__module__), home[0], cls)
            for m in (f.__module__, owner.__module__):
                names |= {("value", m, ".".join(home)), ("value", m, home[0])}


def moved(path, names):
    with open(path) as f:
        for row in csv.DictReader(f):
            m, n = row["old"].rsplit(".", 1)
            if any(p in SKIP for p in m.split(".")) or n in NEVER or n.startswith("__pyx_unpickle_"):
                continue
            if row["type"] in ("type", "ABCMeta"):
                names.add(("class", m, n))
                if m in CALLS:
                    names.add(("call", m, n))
            elif row["type"] == "function" and m.startswith(VALUES) and not m.startswith("sklearn.utils.fixes"):
                names.add(("value", m, n))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--moved")
    args = p.parse_args()
    names, found = set(), {"method": set(), "attribute": set()}
    if os.path.exists(OUT):
        with open(OUT) as f:
            for line in f:
                head, _, rest = line.partition(":")
                if line.startswith("#") or not rest:
                    continue
                kind, module = head.split()
                names |= {(kind, module, n) for n in rest.split()}
    if args.moved:
        moved(args.moved, names)
    else:
        sweep(names, found)
        known = found["method"] | {n for kind, _, n in names if kind in ("method", "both")}
        both = (known & found["attribute"]) | {n for kind, _, n in names if kind == "both"}
        names |= {("both", "sklearn", n) for n in both} | {("method", "sklearn", n) for n in known}
        names -= {("method", "sklearn", n) for n in both}
    names = {n for n in names if admits(*n)}
    by = {}
    for kind, module, n in names:
        by.setdefault((module, kind), []).append(n)
    with open(OUT, "w") as f:
        f.write("# Names a scikit-learn file may refer to. Written by testdata/gen/allow.py; see there for the kinds.\n")
        for (module, kind), ns in sorted(by.items()):
            f.write("%s %s: %s\n" % (kind, module, " ".join(sorted(ns))))


main()
