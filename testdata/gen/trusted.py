"""Writes format/skops/trusted.txt: the types that skops.io trusts by itself, a group and its names a line."""

import pathlib

import numpy as np
import scipy.sparse as sp
from skops.io import _sklearn
from skops.io import _trusted_types as t
from skops.io._utils import get_type_name

out = pathlib.Path(__file__).parents[2] / "format" / "skops" / "trusted.txt"
groups = {
    "object": t.SKLEARN_ESTIMATOR_TYPE_NAMES + t.SKLEARN_INTERNAL_TYPE_NAMES,
    "loss": [get_type_name(c) for c in _sklearn.ALLOWED_LOSSES],
    "ufunc": t.SCIPY_UFUNC_TYPE_NAMES + t.NUMPY_UFUNC_TYPE_NAMES,
    "scipyufunc": t.SCIPY_UFUNC_TYPE_NAMES,
    "dtype": t.NUMPY_DTYPE_TYPE_NAMES,
    "primitive": t.PRIMITIVE_TYPE_NAMES + t.CONTAINER_TYPE_NAMES,
    "bits": t.NUMPY_RANDOM_BIT_GENERATOR_TYPE_NAMES,
    "random": [get_type_name(np.random.RandomState)],
    "generator": [get_type_name(np.random.Generator)],
    "masked": [get_type_name(np.ma.MaskedArray)],
    "sparse": [get_type_name(sp.spmatrix), get_type_name(sp.sparray)],
}
out.write_text("".join(f"{g} {' '.join(sorted(set(names)))}\n" for g, names in groups.items()))
