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
    "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4\r", "a,b\r\n1,2\n3,4\r5,6\n", "\"a\",\"b\"\n\"1\",\"2.5\"\n",
    "a,b\n1,\"x\ny\"\n2,z\n", "a,b\n\"1,234\",1\n\"5,678\",2\n", "a,b,\n1,2,\n3,4,\n", "a,a,b,a\n1,2,3,4\n", "a,a.1,a\n1,2,3\n",
    ",a,b\n0,1,2\n1,3,4\n", "id,a\nx,1\ny,2\n", "a,b\n\n1,2\n\n\n3,4\n\n", "\n\na,b\n1,2\n", "a,b\n  \n1,2\n",
    "# hello\na,b\n1,2\n", "a,b,c\n1,2\n3,4,5\n", "a, b\n 1, 2\n3 ,4\n", "a,b\n x, y\nz ,w\n", "a,b\n 1.5 , 2\n3,4\n",
    "a,b\n007,1\n010,2\n", "a\n+1\n+2\n", "a\n1e3\n2E-2\n", "a\n0x10\n0x20\n", "a\n1_000\n2\n", "a\ninf\n-inf\n1\n",
    "a\nInfinity\n-Infinity\n+Infinity\n1\n", "a\nnan\nNA\nN/A\n\n1\n#N/A\nnull\nNULL\nNone\n<NA>\n-nan\n1.#IND\nn/a\n",
    "a\n1\nNil\nmissing\n", "a\nTrue\nFalse\n", "a\ntrue\nfalse\n", "a\nTrue\nfalse\nTRUE\n", "a,b\nTrue,1\n,2\nFalse,3\n",
    "a\nTrue\n1\n", "a,b\n1,x\n,y\n3,z\n", "a\n-0\n0\n", "a\n-0.0\n0\n", "d\n2020-01-02\n2021-03-04\n",
    "d,x\n2020-01-02 03:04:05,1\n2021-03-04T00:00:00Z,2\n", "t\n12:30\n13:45\n", "a,b\n\"\",1\nx,2\n", "a,b\n\"NA\",1\nx,2\n",
    "größe,東京\n1,ü\n2,é\n", "a\n1\n2\n", "a,b\nx\"y,1\nz\"\",2\n", "a,b\n1, \"x\"\n2, \"y\"\n", "a,b\n\"x\" ,1\n",
    "a,b\n1,2\n3,4,5\n", "a,b\n1,2,3\n4,5,6\n", "a,b\n1,2,3\n4,5\n", "a\n10%\n20%\n", "a\n$1\n$2\n", "a\n.5\n5.\n",
    "a\n\"1,5\"\n", "a\n1\nx\n2.5\n", "a\n1\n\nx\n", "a\n1.0\n2.0\n", "a,b\nx\u000by,1\n", "a ,b \n1,2\n", "a,,c\n1,2,3\n",
    ",,c\n1,2,3\n", "\"a,b\",c\n1,2\n", "a,b\n,1\n,2\n",
    "a\n0.1234567890123456789\n123456789.123456789\n1.7976931348623157e308\n4.9e-324\n2.2250738585072011e-308\n",
    "a\n1e400\n1\n", "a\n0.3\n8.41\n2.675\n", "a,b\n'x',1\n", "a,b\n\"x\\\"y\",1\n", "a\nTrue\nFalse\nmaybe\n", "a\nyes\nno\n",
    "a\nT\nF\n", "a,b\n1 000,2\n", "a\n−1\n", "a\n１２\n", ",x\na,1\nb,2\n", "Unnamed: 0,x\n0,1\n", "a,b\n\"1,2\n", "a\n1+2j\n",
    "a,b\n1,2\n\u001a", "a\nNaN\nnan\n", "a\n-\n1\n", "a\ne\n1e\n",
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
