"""Joins what describe.py says of each release into table.txt, which package release embeds.

    python table.py 1.0=FILE 1.1=FILE … > ../table.txt

A line without a range holds for all releases; `1.2-1.4`, `1.2-` and `-1.4` name the first and last.
"""

import json
import sys


def main():
    data = {}
    for arg in sys.argv[1:]:
        minor, path = arg.split("=")
        data[minor] = json.load(open(path))
    minors = list(data)

    def ranges(have):
        """Runs of consecutive releases, as words."""
        runs, i = [], 0
        while i < len(minors):
            if minors[i] not in have:
                i += 1
                continue
            j = i
            while j + 1 < len(minors) and minors[j + 1] in have:
                j += 1
            runs.append((i, j))
            i = j + 1
        for i, j in runs:
            a, b = "" if i == 0 else minors[i], "" if j == len(minors) - 1 else minors[j]
            yield "" if not a and not b else " " + (a if i == j and a else a + "-" + b)

    out = ["releases " + " ".join(f"{m}={data[m]['release']}" for m in minors)]

    def grouped(keyword, have):
        """Writes names that share a range on one line."""
        lines = {}
        for name in sorted(have):
            for r in ranges(have[name]):
                lines.setdefault(r, []).append(name)
        for r in sorted(lines):
            out.append(f" {keyword}{r}: " + " ".join(lines[r]))

    classes = {}
    for m in minors:
        for full, c in data[m]["classes"].items():
            classes.setdefault(full.split(" ")[1], {}).setdefault(m, []).append((full.split(" ")[0], c))
    for name in sorted(classes):
        by = classes[name]
        clash = [m for m in by if len(by[m]) > 1]
        assert not clash, (name, clash, [h for h, _ in by[clash[0]]])
        out.append("class " + name)
        homes, attrs, params = {}, {}, {}
        for m, [(home, c)] in by.items():
            homes.setdefault(home, set()).add(m)
            for a in c["attributes"]:
                attrs.setdefault(a, set()).add(m)
            for p, d in c["params"].items():
                word = json.dumps(d["default"], sort_keys=True) if "default" in d else ""
                params.setdefault((p, word), set()).add(m)
        grouped("home", homes)
        for (p, word), have in sorted(params.items()):
            for r in ranges(have):
                out.append(f" param{r}: {p} {word}".rstrip())
        grouped("attr", attrs)
    modules = {}
    for m in minors:
        for mod, names in data[m]["names"].items():
            for n in names:
                modules.setdefault(mod, {}).setdefault(n, set()).add(m)
    for mod in sorted(modules):
        out.append("module " + mod)
        grouped("name", modules[mod])
    print("\n".join(out))


if __name__ == "__main__":
    main()
