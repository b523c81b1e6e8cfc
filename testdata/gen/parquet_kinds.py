"""Writes testdata/rows/kinds.parquet: a column of each kind that is neither a plain number nor text."""

import datetime
import decimal
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

D = decimal.Decimal
table = pa.table({
    "dec32": pa.array([D("1.25"), None], pa.decimal128(9, 2)), "dec64": pa.array([D("1234567890123.45"), D("-0.01")], pa.decimal128(15, 2)), "dec128": pa.array([D("12345678901234567890.12"), D("-2.5")], pa.decimal128(30, 2)),
    "half": pa.array(np.array([1.5, -2], np.float16)), "u64": pa.array([2**63, 2], pa.uint64()), "bytes": pa.array([b"a\xff", None]), "nothing": pa.nulls(2),
    "large": pa.array(["a", "b"], pa.large_string()), "coded": pa.array(["u", "v"]).dictionary_encode(),
    "span": pa.array([1, 2], pa.duration("us")), "day": pa.array([datetime.date(2020, 1, 2)] * 2), "moment": pa.array([1, 2], pa.timestamp("ns")), "list": pa.array([[1, 2], [3]]), "plain": pa.array([1, 2]),
})  # fmt: skip
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "rows", "kinds.parquet")
pq.write_table(table, path)
print(os.path.getsize(path), "bytes")
