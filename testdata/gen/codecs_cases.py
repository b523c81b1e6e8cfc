"""Writes testdata/pyre/codecs.json: what Python's bytes.decode makes of random bytes, in each encoding and way of handling
errors."""

import base64
import json
import os
import random

from codecs_table import NAMES

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pyre", "codecs.json")
r = random.Random(20261128)


def data(name):
    if name.startswith("utf-16"):
        out = [b"\xff\xfe", b"\xfe\xff", b""][r.randint(0, 2)]
        for _ in range(r.randint(0, 5)):
            out += r.choice(["a", "é", "東", "😀"]).encode(r.choice(["utf-16-le", "utf-16-be"]))[: r.choice([9, 9, 9, 2, 1])]
        return out
    if name.startswith("utf-8"):
        out = r.choice([b"", b"", b"\xef\xbb\xbf"])
        for _ in range(r.randint(0, 5)):
            out += r.choice([r.choice("aé東😀").encode()[: r.randint(1, 4)], bytes([r.randint(128, 255)]), b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80"])
        return out
    return bytes(r.randint(32, 255) for _ in range(r.randint(0, 8)))


cases = []
for name in NAMES + ["latin-1", "ascii"] + 2 * ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]:
    for handling in ("strict", "ignore", "replace"):
        for _ in range(1 if name in NAMES else 4):
            b = data(name)
            case = [name.upper() if r.random() < 0.3 else name.replace("-", "_") if r.random() < 0.3 else name, handling, base64.b64encode(b).decode()]
            try:
                cases.append(case + [b.decode(name, handling), ""])
            except UnicodeDecodeError as e:
                cases.append(case + ["", str(e)])
with open(OUT, "w") as f:
    json.dump(cases, f, separators=(",", ":"))
    f.write("\n")
print(len(cases), "cases")
