"""Holds `larder dis` against Python's own pickletools: dis_check.py LARDER FOLDER FILE…

Of a plain pickle the text is the same to the letter. Of a joblib file the opcodes outside its arrays are, each at its offset in
what the compressor gives back: joblib says where the arrays are while it reads. FOLDER takes files made here: values of every
protocol, and joblib files with every kind of array in every compressor."""

import io
import os
import pickle
import pickletools
import re
import subprocess
import sys
import warnings

import joblib
import numpy as np
from joblib import numpy_pickle

warnings.filterwarnings("ignore")
LINE = re.compile(r" *(\d+): (?:\\x[0-9a-f]{2}|.) *([A-Z][A-Z0-9_]*)")


def values():
    r = np.random.default_rng(0)
    rec = np.array([(1, 2.5, "a")], [("i", "<i4"), ("f", ">f8"), ("s", "U3")])
    deep = np.array([r.random(3), ["x", np.arange(2)], None], object)
    yield "arrays", [r.random((3, 4)), np.asfortranarray(r.random((5, 2))), np.zeros(0), np.array(3.5), np.arange(5, dtype=">i4"), rec, np.matrix([[1, 2]]), np.array(["2020"], "M8[D]")]
    yield "objects", {"deep": deep, "after": r.random(2), "texts": np.array(["a", "ä", None], object)}
    yield "large", {"a": r.random(20000), "b": "x" * 70000, "c": b"y" * 70000, "d": [0] * 3000}
    yield "scalars", [np.float64(1.5), 2**70, -1, 300, 70000, 1e308, None, True, ..., {1, 2}, frozenset("a"), b"\x00\xff", bytearray(b"q"), slice(1), complex(1, 2), np.dtype("f4"), np.random.RandomState(0)]


def make(folder):
    for name, v in values():
        for protocol in range(6):
            path = os.path.join(folder, f"{name}.p{protocol}")
            with open(path + ".pkl", "wb") as f:
                pickle.dump(v, f, protocol)
            yield path + ".pkl"
            joblib.dump(v, path + ".joblib", protocol=protocol)
            yield path + ".joblib"
        for c in ("zlib", "gzip", "bz2", "lzma", "xz", "lz4"):
            path = os.path.join(folder, f"{name}.{c}.joblib")
            joblib.dump(v, path, compress=(c, 3))
            yield path


def arrays(path):
    """The bytes of a joblib file without its compression, and where arrays stand in them: begin, end, whether they are of objects."""
    regions = []
    read = numpy_pickle.NumpyArrayWrapper.read

    def spy(self, unpickler, *more):
        begin = unpickler.file_handle.tell()
        out = read(self, unpickler, *more)
        regions.append((begin, unpickler.file_handle.tell(), self.dtype.hasobject))
        return out

    with open(path, "rb") as f, numpy_pickle._validate_fileobject_and_memmap(f, path, None) as (g, _):
        data = g if isinstance(g, str) else g.read()
    numpy_pickle.NumpyArrayWrapper.read = spy
    try:
        joblib.load(io.BytesIO(data))
    finally:
        numpy_pickle.NumpyArrayWrapper.read = read
    return data, sorted(regions)


class Around(io.RawIOBase):
    """A stream without some of its bytes, whose tell() still counts them."""

    def __init__(self, data, regions, at=0):
        self.data, self.gaps, self.at = data, dict((b, e) for b, e, _ in regions), at

    def tell(self):
        return self.at

    def read(self, n=-1):
        self.at = self.gaps.get(self.at, self.at)
        got = self.data[self.at : self.at + n]
        self.at += len(got)
        return got

    def readline(self):
        self.at = self.gaps.get(self.at, self.at)
        end = self.data.index(b"\n", self.at) + 1
        got, self.at = self.data[self.at : end], end
        return got


def opcodes(stream):
    """Each opcode's position and name. genops asks tell() before it reads, so that an opcode behind a gap is told where the gap begins."""
    return [(stream.gaps.get(pos, pos), op.name) for op, _, pos in pickletools.genops(stream)]


def wrong(larder, path):
    done = subprocess.run([larder, "dis", "--cut", "0", path], capture_output=True, text=True, errors="surrogateescape")
    if done.returncode:
        return done.stderr
    with open(path, "rb") as f:
        head = f.read()
    plain = not path.endswith(".joblib")
    if plain:
        out = io.StringIO()
        pickletools.dis(head, out)
        want, got = out.getvalue().splitlines(), done.stdout.splitlines()
    else:
        data, regions = arrays(path)
        inner = [r for r in regions if r[2]]
        want = opcodes(Around(data, [r for r in regions if not any(i[0] < r[0] and r[1] <= i[1] for i in inner)]))
        for begin, end, _ in inner:
            want += opcodes(Around(data, [], begin))
        want.sort()
        got = sorted((int(m[1]), m[2]) for m in map(LINE.match, done.stdout.splitlines()) if m and m[2] in NAMES)
    if got != want:
        i = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        return f"{len(got)} lines for {len(want)}; the first other is {got[i:i + 2]}, pickletools' {want[i:i + 2]}"


NAMES = {op.name for op in pickletools.opcodes}


def main():
    larder, folder, *files = sys.argv[1:]
    files = list(make(folder)) + files
    bad = [f"{f}: {why}" for f in files if (why := wrong(larder, f))]
    joblibs = sum(f.endswith(".joblib") for f in files)
    print(f"{len(files) - len(bad)} of {len(files)} files ({joblibs} of joblib) are disassembled as pickletools does")
    print("\n".join(bad))
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
