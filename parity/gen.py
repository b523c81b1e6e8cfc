"""Fits fresh models with random data and random parameters and records what scikit-learn computes: the live half of
`make parity`. The lines are those of testdata/gen/cases.py; every estimator gets at least five models."""

import argparse
import collections
import importlib
import math
import os
import re
import sys
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "testdata", "gen"))

import build
import crew
import record
from cases import LINES

FORMATS = "pickle4 joblib.zlib3 skops pickle5 joblib joblib.lz4 pickle2 joblib.xz pickle3 joblib.gzip3 skops joblib.bz2 joblib.lzma".split()


def jobs(only, least, seed, wide):
    """Each line; wide: of each estimator one of its lines that can be, fitted in each of the other ways, twice, and with each
    option that no line has."""
    lines = collections.Counter(line.estimator for line in LINES)
    count = collections.Counter()
    for at, line in enumerate(LINES):
        if not re.search(only, line.estimator):
            continue
        for k in range(line.times or math.ceil(least / lines[line.estimator])):
            yield [at], count[line.estimator], k, "", {}
            count[line.estimator] += 1
    for name in lines if wide else ():
        if re.search(only, name):
            ways = collections.defaultdict(list)
            for at, line in enumerate(LINES):
                for way in line.ways() if line.estimator == name else ():
                    ways[way].append(at)
            for k, way in enumerate(ways):
                for _ in range(2):
                    yield ways[way], count[name], k, way, {}
                    count[name] += 1
            for k, option in enumerate(wide.undrawn(name, build.generator(seed, name))):
                yield [at for at, line in enumerate(LINES) if line.estimator == name], count[name], k, "", dict([option])
                count[name] += 1


def named(job):
    *_, at, i, _, _, _ = job
    return f"{LINES[at[0]].estimator}.{i:02d}"


def one(job):
    seed, out, wide, several, lines, i, k, way, option = job
    name = named(job)
    other = importlib.import_module("wide") if wide else None
    r = build.generator(seed, name)
    start = time.time()
    for attempt in range(12 if way or option else 5 if other else 3):  # random data may be degenerate for a setting: no neighbours, one class in a fold
        try:
            at = lines[r.integers(len(lines))]
            line, form = LINES[at], LINES[at].forms[(i + k) % len(LINES[at].forms)]
            if other and attempt < 2:
                line, form = other.relabel(line, r), other.reform(line, form, r)
            if way == "pandas" and line.tags.startswith("catnan"):
                raise ValueError("whether a frame of text holds None or NaN is pandas' choice")
            p = line.p or int(r.integers(4, 8))
            n = int(line.n * r.uniform(0.8, 2))
            if other and attempt == 0 and r.random() < 0.1:
                p, n = line.p or 1, max(14, n // 4)
            d, est = build.fit(line, r, form, n, p, 14, option, way)
            break
        except Exception:
            error = traceback.format_exc(limit=-2)
    else:
        return name, time.time() - start, 0, error
    case = build.Case(name, f"{line.tags} as {d.form}{', ' * bool(way)}{way}: {build.words(est)}")
    rec = record.record(case, d, est, d.new, full=True, r=r if other else None, several=several)
    sizes = rec.write(out, FORMATS[(at + k) % len(FORMATS)])
    return name, time.time() - start, sum(sizes), None


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--seed", type=int, required=True)
    a.add_argument("--only", default="")
    a.add_argument("--least", type=int, default=5, help="models per estimator, at least")
    a.add_argument("--wide", action="store_true", help="the lines of wide.py, other ways to fit, and further types of rows, too")
    a.add_argument("--rows", type=int, default=2, help="of those further types, how many a model")
    a.add_argument("--limit", type=int, default=240, help="seconds that a model may take: some settings never converge")
    a.add_argument("--out", required=True)
    a = a.parse_args()
    wide = importlib.import_module("wide") if a.wide else None
    os.makedirs(a.out, exist_ok=True)
    start = time.time()
    todo = [(a.seed, a.out, a.wide, a.rows, *j) for j in jobs(a.only, a.least, a.seed, wide)]
    failed, never, total, slow = [], [], 0, []
    died = []
    for job, done, death in crew.share(one, todo, limit=a.limit):
        if isinstance(death, crew.Endless):
            failed.append(f"{named(job)}: {death}")
            continue
        if death:
            died.append(f"{named(job)}: {death}")
            continue
        name, took, size, error = done
        total += size
        slow.append((took, name))
        option = job[-1]
        if error and option:
            never.append(f"{name} with {option}: {error.strip().splitlines()[-1]}")
        elif error:
            failed.append(f"{name}: {error}")
    print(f"scikit-learn fitted {len(todo) - len(failed) - len(never) - len(died)} models, {total / 1e6:.1f} MB, {time.time() - start:.0f} s, seed {a.seed} (repeat with: make parity SEED={a.seed})")
    print("slowest: " + ", ".join(f"{n} {t:.1f} s" for t, n in sorted(slow)[-5:]))
    if never:
        print("no line can have:\n" + "\n".join(never))
    if failed:
        print("not fitted, random data being what it is:\n" + "\n".join(failed))
    if died:
        print("the process died of:\n" + "\n".join(died))
    sys.exit(bool(died) or len(failed) > len(todo) // 100 + 1)


if __name__ == "__main__":
    main()
