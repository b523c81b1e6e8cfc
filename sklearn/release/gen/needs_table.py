"""Joins what needs.py says of each release into needs.txt, which package release embeds.

    python needs_table.py 1.0=FILE 1.1=FILE … > ../needs.txt

It reads ../table.txt: of the names a module has from another one those are kept that pickles may ask it for, because it
is a public package or was their home in another release.

A line is a method and the releases it holds for (as in table.txt), then the attributes in the order they are read:
`a` raises AttributeError where it is missing, `a=3` the error of message 3, `a~` answers otherwise without a word;
`a?p=v|q=w` only with one of these settings, `a?!p=v` not with that one.
"""

import json
import os
import sys


def joined(variants):
    """One list of [attribute, mark, condition] for the settings a method was tried with."""
    keys = list(variants)
    order, marks = [], {}
    for k in sorted(keys, key=lambda k: k != ""):
        at = 0
        for a, mark in variants[k]:
            if (a, mark) not in marks:
                order.insert(at, (a, mark))
                marks[a, mark] = set()
            marks[a, mark].add(k)
            at = order.index((a, mark)) + 1
    out = []
    for a, mark in order:
        have = marks[a, mark]
        if have == set(keys):
            out.append((a, mark, ""))
        elif "" in keys and "" in have:
            out.append((a, mark, "!" + "|".join(sorted(k for k in keys if k not in have))))
        else:
            out.append((a, mark, "|".join(sorted(have))))
    return [(a, m, c) for a, m, c in out if "," not in c and " " not in c]


def main():
    data = {}
    for arg in sys.argv[1:]:
        minor, path = arg.split("=")
        data[minor] = json.load(open(path))
    minors = list(data)
    messages, lines = [], []
    homes, module = set(), ""
    for line in open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "table.txt")):
        if line.startswith("module "):
            module = line.split()[1]
        elif line.startswith(" name"):
            homes.update((module, n) for n in line.split(": ")[1].split())
    lent = {}
    for i, minor in enumerate(minors):
        for module, names in data[minor].pop("", {}).items():
            public = not any(p.startswith("_") for p in module.split("."))
            for n in names:
                if public and not n.startswith("_") or (module, n) in homes:
                    lent.setdefault((module, n), []).append(i)
    for (module, n), at in sorted(lent.items()):
        if at == list(range(at[0], at[-1] + 1)):
            a, b = "" if at[0] == 0 else minors[at[0]], "" if at[-1] == len(minors) - 1 else minors[at[-1]]
            span = "" if not a and not b else " " + (a if a == b else a + "-" + b)
            if lines and lines[-1].startswith("lent%s: %s " % (span, module)):
                lines[-1] += " " + n
            else:
                lines.append("lent%s: %s %s" % (span, module, n))
    for name in sorted({c for d in data.values() for c in d}):
        lines.append("class " + name)
        methods = sorted({m for d in data.values() for m in d.get(name, {})})
        for method in methods:
            runs = []
            for i, minor in enumerate(minors):
                variants = data[minor].get(name, {}).get(method)
                words = None
                if variants:
                    words = []
                    for a, mark, cond in joined(variants):
                        if mark not in ("", "~"):
                            if mark not in messages:
                                messages.append(mark)
                            mark = "=%d" % messages.index(mark)
                        words.append(a + mark + ("?" + cond if cond else ""))
                if runs and runs[-1][2] == words and runs[-1][1] == i - 1:
                    runs[-1][1] = i
                else:
                    runs.append([i, i, words])
            for i, j, words in runs:
                if not words:
                    continue
                a, b = "" if i == 0 else minors[i], "" if j == len(minors) - 1 else minors[j]
                span = "" if not a and not b else " " + (a if i == j and a else a + "-" + b)
                lines.append(" %s%s: %s" % (method, span, " ".join(words)))
    print("releases " + " ".join(minors))
    for i, m in enumerate(messages):
        print("message %d: %s" % (i, m.replace("\n", " ")))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
