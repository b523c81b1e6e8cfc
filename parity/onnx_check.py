"""Checks ONNX models with the real checker and runs them in the real ONNX Runtime.

onnx_check.py JOBS: each line names a model, its case and the input; the outputs are written beside the model as
<model>.json for the Go side to compare, or {"unfed": …} where ONNX has no form for the input, or {"error": …}."""

import json
import os
import sys
import zlib

import numpy as np
import onnx
import onnxruntime as ort
import scipy.sparse as sp
from onnx.reference import ReferenceEvaluator

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "testdata", "gen"))

import crew
import exactness
import record
import stored

FLOATS = {"float64": np.float64, "float32": np.float32, "float16": np.float16}


class Unfed(Exception):
    pass


def array(v):
    kind = v["dtype"]
    if "indptr" in v:
        data = np.array([float(x) for x in v["data"]])
        return sp.csr_matrix((data, v["indices"], v["indptr"]), shape=v["shape"]).toarray()
    if kind == "object":
        if any(isinstance(c, dict) and "b" in c for c in v["data"]):
            raise Unfed("ONNX has no bytes, only text")
        # ONNX has typed tensors: text where a missing value is "", numbers where it is NaN.
        cells = [float(c["f"]) if isinstance(c, dict) else c for c in v["data"]]
        if any(isinstance(c, str) for c in cells):
            data = np.array(["" if c is None or c != c else str(c) for c in cells], dtype=object)
        else:
            data = np.array([np.nan if c is None else c for c in cells], dtype=np.float64)
    elif kind == "str":
        data = np.array(v["data"], dtype=object)
    elif kind in FLOATS:
        data = np.array([float(x) for x in v["data"]], dtype=FLOATS[kind])
    else:
        data = np.array(v["data"], dtype=kind)
    return data.reshape(v["shape"]) if "shape" in v else data.reshape(-1, 1)


def unsayable(v, empty):
    """Rows that hold the missing value that empty text does not stand for. empty: input name -> "nan" or "None"."""
    rows = set()
    if not empty:
        return rows
    if "columns" in v:
        columns = [(c["name"], c["data"]) for c in v["columns"] if c["dtype"] == "object"]
    else:
        n = v["shape"][1] if len(v["shape"]) > 1 else 1
        columns = [(f"x{j}" if n > 1 else "X", v["data"][j::n]) for j in range(n)] if v["dtype"] == "object" else []
    for name, data in columns:
        for i, c in enumerate(data):
            if c is None and empty.get(name) == "nan" or isinstance(c, dict) and empty.get(name) == "None":
                rows.add(i)
    return rows


def feeds(v, inputs):
    if "columns" in v and len(inputs) == 1 and inputs[0].name == "X":
        return {"X": cast(np.hstack([array(c) for c in v["columns"]]), inputs[0].type)}
    if "columns" in v:
        columns = {c["name"]: array(c) for c in v["columns"]}
        return {i.name: cast(columns[i.name], i.type) for i in inputs}
    a = array(v)
    if a.ndim == 1 and len(inputs[0].shape) == 2:
        a = a.reshape(-1, 1)
    if len(inputs) > 1:
        return {i.name: cast(a[:, j : j + 1], i.type) for j, i in enumerate(inputs)}
    return {inputs[0].name: cast(a, inputs[0].type)}


def cast(a, kind):
    want = {"tensor(double)": np.float64, "tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(bool)": bool, "tensor(string)": object}[kind]
    return a.astype(want)


CASES = {}


def misread(node):
    """Trees that the evaluator of onnx 1.x reads wrongly: it ends a set of members at a 0, and takes the root of a tree that is
    one leaf for the number of that leaf."""
    if node.op_type != "TreeEnsemble":
        return False
    at = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    leaf = [t and f and a == b for t, f, a, b in zip(*(at["nodes_" + k] for k in ("trueleafs", "falseleafs", "truenodeids", "falsenodeids")))]
    return "membership_values" in at or any(leaf[r] for r in at["tree_roots"])


def by_reference(model, session, given):
    """ONNX's own reference evaluator, which shares no code with ONNX Runtime, gives the same for the first rows."""
    m = onnx.load(model)
    if any(d.domain not in ("", "ai.onnx.ml") for d in m.opset_import) or any(n.op_type == "GatherElements" for n in m.graph.node):
        return  # it gathers from 64 columns at most
    if any(misread(n) for n in m.graph.node):
        return
    few = {k: a[:4] for k, a in given.items()}
    if not few or len(next(iter(few.values()))) == 0:
        return
    try:
        other = ReferenceEvaluator(model).run(None, few)
    except ValueError as e:
        if "cannot reshape array of size" in str(e):
            return  # it gathers elements with numpy.choose, which knows of 64 columns
        raise
    for name, a, b in zip([o.name for o in session.get_outputs()], session.run(None, few), other):
        a, b = np.asarray(a), np.asarray(b)
        if a.dtype.kind == "f":
            near = 1e-13 + 1e-5 * np.nanmax(np.abs(a), where=np.isfinite(a), initial=0)
            same = a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=near, equal_nan=True)
        else:
            same = a.shape == b.shape and (a.astype(str) == b.astype(str)).all()
        if not same:
            raise ValueError(f"the reference evaluator differs in {name}: {a.ravel()[:8]} and {b.ravel()[:8]}")


def one(job):
    model, case, key = job
    try:
        onnx.checker.check_model(model, full_check=True)
        onnx.shape_inference.infer_shapes(onnx.load(model), check_type=True, strict_mode=True, data_prop=True)
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        if case not in CASES:
            CASES.clear()
            with open(case, encoding="utf-8") as f:
                CASES[case] = json.load(f)
        v = CASES[case]["inputs"][key]
        given = feeds(v, session.get_inputs())
        n = len(next(iter(given.values())))
        meta = session.get_modelmeta().custom_metadata_map
        empty = json.loads(meta.get("larder.empty_text", "{}"))
        cut = scale = "null"
        if "of fitted rows at the same distance" in meta.get("larder.dropped", ""):
            est = stored.load(os.path.join(os.path.dirname(case), CASES[case]["model"]))
            cut = exactness.cut(est, stored.value(v))
            scale = json.dumps(exactness.foreign_scale(est, stored.value(v)))
        rows = sorted(set(range(n)) - unsayable(v, empty))
        if len(rows) < n:
            given = {k: a[rows] for k, a in given.items()}
        else:
            rows = "null"
        out = session.run(None, given)
        if zlib.crc32(os.path.basename(model).encode()) % 16 == 0:
            by_reference(model, session, given)
        names = json.dumps([o.name for o in session.get_outputs()])
        text = '{"rows":%s,"cut":%s,"scale":%s,"names":%s,"outputs":[%s]}' % (rows, cut, scale, names, ",".join(record.value(o) for o in out))
    except Unfed as e:
        text = json.dumps({"unfed": str(e)})
    except Exception as e:
        text = json.dumps({"error": " ".join(f"{type(e).__name__}: {e}".split())[:400]})
    with open(model + ".json", "w", encoding="utf-8") as f:
        f.write(text)


def main():
    with open(sys.argv[1]) as f:
        jobs = [line.rstrip("\n").split("\t") for line in f]
    for (model, _, _), _, death in crew.share(one, jobs):
        if death:
            with open(model + ".json", "w") as f:
                json.dump({"error": death}, f)
    print(f"onnx {onnx.__version__} checked and onnxruntime {ort.__version__} ran {len(jobs)} models")


if __name__ == "__main__":
    main()
