"""Writes testdata/rows/read_csv.json: csv texts and what pandas.read_csv makes of them."""
import io
import json
import math
import pathlib

import pandas as pd

TEXTS = [
    "a,b\n  x,1\n", "a,b\n x , 1 \n", "a,b\n\n1,2\n   \n3,4\n", "a\n\n1\n\n", 'a,b\n"x"y,2\n', 'a,b\nx"y"z,2\n',
    'a,b\n"x""y",2\n', 'a,b\n"x,2\n', "a,b\n1,2,3\n", "a,b\n1,2\n1,2,3\n", "a,b\n1\n", "a,a,\n1,2,3\n",
    "a,b\nTrue,true\nFALSE,\n", "a\nTRUE\nYes\n", "a\n1\n2.0\n", "a\n1\nNA\n", "a\ninf\n-Infinity\n+inf\n", "a\nNAN\n1\n",
    "a\n1_000\n", "a\n0x10\n", "a\n1e5\n.5\n1.\n+3\n", "a\n007\n08\n", "a,b\r1,2\r\n3,4\r", 'a,b\n"",x\n"NA",y\n',
    "\ufeffa,b\n1,2\n", "a\n1\nTrue\n", "a\n1,000\n", "a,b\n1,2,\n3,4,\n", 'a\n1.5\nx\n\n"NA"\n', "a\n1d5\n1E5\n",
    'a,b\n"line one\nline two",2\n', "a,b\nNone,n/a\nnull,NULL\n<NA>,-nan\n#N/A,1.#QNAN\n", "a,b\n", "a,b\n,\n", "a,b\n x,\n",
    "a\nna\nnone\n", "a,b\n1,2", "a,b\n1,", 'a,b\n1,"x"', "a\n-0\n-0.0\n", "a\n1e400\n", "a,b\n,1\n \t,2\n", "a.1,a,a\n1,2,3\n",
]


def cell(v):
    if isinstance(v, float):
        if math.isnan(v):
            return {"f": "nan"}
        if math.isinf(v):
            return {"f": "inf" if v > 0 else "-inf"}
        return {"f": repr(v)}
    return v


cases = []
for text in TEXTS:
    try:
        df = pd.read_csv(io.StringIO(text))
    except Exception as e:
        cases.append({"text": text, "error": str(e).strip()})
        continue
    cases.append({"text": text, "columns": list(df.columns), "data": [[cell(v) for v in df.iloc[:, i].tolist()] for i in range(df.shape[1])]})

out = pathlib.Path(__file__).parents[1] / "rows" / "read_csv.json"
out.parent.mkdir(exist_ok=True)
lines = ",\n".join(json.dumps(c) for c in cases)
out.write_text('{"pandas": "%s", "cases": [\n%s\n]}\n' % (pd.__version__, lines))
