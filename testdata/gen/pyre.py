"""Cases of internal/pyre: what re.findall gives. python pyre.py [RANDOM [SEED]] > testdata/pyre/findall.json"""

import json
import random
import re
import sys
import warnings

warnings.simplefilter("ignore")

PATTERNS = r"""
(?u)\b\w\w+\b
\b\w+\b
\w+
[a-zA-Z]+
[^\W\d_]+
\S+
[A-Za-z0-9_']+
(?u)\b\w+[-']?\w*\b
\b[a-z]{3,}\b
(?i)\bthe\b|\w+
([a-z]+)@
(\w)\1
(?P<q>['"]).*?(?P=q)
\d+(?:\.\d+)?
#\w+|@\w+
[\w']+|[^\w\s]
(?<=\s)\w+
(?<!\w)\w{2}(?!\w)
a*
(a*)*
(a|b)*?c
(?:a|ab)(?:c|bcd)(?:d*)
x*|y
^\w+
(?m)^\w+
\w+$
(?m)\w+$
(?s)a.b
(?x) \w + # words
  | \d
(?a)\w+
(?i)straße|K|ſ
[\u00e0-\u017f]+
\w{2,3}?
\w++\d
(?>\w+)\d
a{2}
a{,2}
a{2,
x{1,2}{
[]a]+
[^]a]+
[a\-z]+
(?:(a)|b)(?(1)c|d)
\B\w
\b
(?=\w{3})\w
\x41|\u0042|\103|\0
[\d\-.]+
(?i:A)b
[^a-z]{2}
(ab|a)(bc|c)?
((?:a|b)+)
(?:\w+\s){2}\w+
.
(.)(?!.*\1)
(?i)[a-z]+
[\s,;]+
(?:^|\s)(\w)
(\d+)?x
\Aab|\Z
(?u)\b[^\W_]+\b
(a+)+b
(?:a?){3}a{3}
(?ia)[ık]+
(?ai)İ\w|(s)\1
(?ai:K)\w
(?(1)c|\w)(a)?b
""".strip("\n").split("\n")

# verbose patterns span lines in the list above
PATTERNS = [p for p in PATTERNS if not p.startswith("  |")]
PATTERNS.append("(?x) \\w + # words\n | \\d")

TEXTS = [
    "",
    "The cat's hat, isn't it? 3.14 and 42!",
    "aaab abcd ab ac bd aab",
    "Straße ſtraße STRASSE K k K ÀÉÿ naïve İstanbul ΟΔΟΣ",
    "line one\nline two\n\nthe end\n",
    "me@example.com 'quoted' \"x\" #tag @you a_b-c",
    "東京 tower ١٢٣ e\u0301tude ⅳ \U0001d7d8 \U0001f600!",
    "xyxxyy  \t x12 AB ab]a-z",
]

TEXT_CHARS = "aabbcxA1 _-'\néİſ東\u0301Σ."


def random_pattern(r, depth=0):
    atoms = ["a", "b", "c", "x", r"\w", r"\W", r"\d", r"\s", ".", "[ab]", "[^a]", "[a-c1]", r"\b", r"\B", "^", "$", "é", "(?=a)", "(?!b)", "(?<=a)", "(?<!\\w)", r"[\w-]"]
    kind = r.random()
    if depth > 3 or kind < 0.45:
        p = r.choice(atoms)
    elif kind < 0.6:
        p = random_pattern(r, depth + 1) + random_pattern(r, depth + 1)
    elif kind < 0.7:
        p = "(?:" + random_pattern(r, depth + 1) + "|" + random_pattern(r, depth + 1) + ")"
    elif kind < 0.75:
        p = "(?i:" + random_pattern(r, depth + 1) + ")"
    elif kind < 0.8:
        p = "(?>" + random_pattern(r, depth + 1) + ")"
    else:
        p = "(?:" + random_pattern(r, depth + 1) + ")" + r.choice(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}?", "*+", "++"])
    return p


def case(p, texts):
    try:
        c = re.compile(p)
    except re.error as e:
        return {"pattern": p, "error": str(e.msg)}
    if c.groups > 1:
        return {"pattern": p, "groups": c.groups}
    return {"pattern": p, "groups": c.groups, "found": [c.findall(t) for t in texts]}


n = int(sys.argv[1]) if len(sys.argv) > 1 else 0
r = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
patterns, texts = PATTERNS, TEXTS
if n:
    patterns = [random_pattern(r) + (random_pattern(r) if r.random() < 0.5 else "") for _ in range(n)]
    texts = ["".join(r.choice(TEXT_CHARS) for _ in range(r.randint(0, 12))) for _ in range(12)]
bad = ["(", "a)", "[a", "*a", "a**", r"\q", "(?P<a", "(?<=a*)b", r"\2", "a{3,1}", "(?z)", "(?P<a>x)(?P<a>y)", "[b-a]", r"(?(2)a)", r"(\1a)", "a(?i)b", r"\x1", "(?P<1a>b)"]
print(json.dumps({"texts": texts, "cases": [case(p, texts) for p in patterns + ([] if n else bad)]}, ensure_ascii=True, separators=(",", ":")))
