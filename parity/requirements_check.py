"""Requirements files, and the versions that pip's own parser and packaging find in them.

    requirements_check.py SEED PUBLISHED > CASES

PUBLISHED holds lines of: library, its releases oldest first. A line of the answer is JSON: files (name → base64), python ("" for unknown),
and what is found: scikit-learn and numpy, null where the lines leave it open, or error.
"""

import base64
import json
import os
import random
import sys
import tempfile

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import parse_requirements

PUBLISHED = {}
PYTHONS = ["2.7.18", "3.6.15", "3.7.17", "3.8.18", "3.9.18", "3.10.13", "3.11.7", "3.12.1", "3.13.0", "3.14.0"]
PLATFORMS = [("linux", "posix", "Linux"), ("win32", "nt", "Windows"), ("darwin", "posix", "Darwin")]


def environment(python, platform):
    v = python.split(".")
    return {
        "python_version": ".".join(v[:2]), "python_full_version": python, "implementation_version": python, "sys_platform": platform[0], "os_name": platform[1],
        "platform_system": platform[2], "extra": "",
    }


def decide(name, lines, env):
    """The version that the lines leave, None where it is open or not asked for; ValueError where nothing satisfies them."""
    holding = [r for r in lines if r.marker is None or r.marker.evaluate(env)]
    if not holding:
        return None
    specs, exact = SpecifierSet(), None
    for r in holding:
        spec = r.specifier
        if r.url:
            try:
                spec = SpecifierSet("==" + str(parse_wheel_filename(r.url.split("/")[-1].split("#")[0])[1]))
            except Exception:
                return None
        for s in spec:
            if s.operator == "===" or s.operator == "==" and not s.version.endswith(".*"):
                exact = s.version
        specs &= spec
    known = list(PUBLISHED[name])
    newest = Version(known[-1])
    later = [f"{newest.major}.{newest.minor + 1}.0", f"{newest.major + 1}.0.0", "99.0"]
    allowed = [v for v in ([exact] if exact else []) + known + later if specs.contains(v, prereleases=True)]
    if not allowed:
        raise ValueError(str(specs))
    if exact:
        return exact
    if any(v in later for v in allowed):
        return None
    if len({Version(v).release[:2] for v in allowed}) > 1:
        return max(allowed, key=Version) if name != "scikit-learn" else None
    return max(allowed, key=Version)


def found(folder, main, python):
    lines = {"scikit-learn": [], "numpy": []}
    for p in parse_requirements(os.path.join(folder, main), session=None):
        r = install_req_from_parsed_requirement(p)
        if r.req is None:
            continue
        if canonicalize_name(r.req.name) in lines:
            q = Requirement(r.req.name + str(r.req.specifier) + (f" ; {r.markers}" if r.markers else ""))
            if r.link is not None:
                q.url = r.link.url
            elif r.req.url:
                q.url = r.req.url
            lines[canonicalize_name(r.req.name)].append(q)
    out = {}
    for name, of in lines.items():
        seen, wrong = set(), None
        for py in [python] if python else PYTHONS:
            for platform in PLATFORMS:
                try:
                    v = decide(name, of, environment(py, platform))
                except ValueError as e:
                    wrong = e
                    continue
                if v is not None:
                    seen.add(v)
        if len({Version(v) for v in seen}) > 1:
            raise ValueError(f"{name} depends: {sorted(seen)}")
        if not seen and wrong:
            raise wrong
        out[name] = seen.pop() if seen else None
    if out["scikit-learn"] is None:
        raise ValueError("open")
    return out


class Made:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def space(self):
        return self.r.choice(["", "", "", " ", "  "])

    def version(self, name):
        return self.r.choice(PUBLISHED[name][len(PUBLISHED[name]) // 2 :]) if self.r.random() < 0.8 else self.r.choice(["1.4.0rc1", "1.5", "v1.5.1", "1.6.1.post3", "1.10.0", "1.5.2+cpu", "1.6.dev0", "1.5.2.0"])

    def clause(self, name):
        v, k = self.version(name), self.r.random()
        if k < 0.5:
            return "==" + self.space() + v
        if k < 0.65:
            return "==" + ".".join(v.lstrip("v").split("+")[0].split(".")[:2]) + ".*"
        if k < 0.8:
            return "~=" + self.space() + v.split("+")[0]
        if k < 0.85:
            return "===" + v
        if k < 0.97:
            a = Version(v)
            return f">={a.major}.{a.minor}{self.space()},{self.space()}<{a.major}.{a.minor + self.r.choice([1, 1, 1, 2])}"
        return self.r.choice(["", ">=1.2", "<1.5", "!=1.5.1", "= 1.5", "==newest", "=>1.2", "=== 1.5.2"])

    def spelled(self, name):
        s = {"scikit-learn": ["scikit-learn", "scikit_learn", "Scikit-Learn", "scikit.learn", "SCIKIT-LEARN", "scikit--learn"], "numpy": ["numpy", "NumPy", "NUMPY"]}
        return self.r.choice(s[name])

    def marker(self):
        one = lambda: self.r.choice([
            "python_version >= '3.8'", 'python_version < "3.8"', "python_version > '3'", "python_full_version >= '3.9.2'", "python_version in '3.8 3.9 3.10'",
            "'3.9' <= python_version", "python_version ~= '3.8'", "python_version not in '2.7'", "extra == 'gpu'", "python_version == '3.11.*'", "(python_version!='3.9')",
            "sys_platform == 'linux'", "platform_system != 'Windows'", "os_name=='posix'",
        ])
        return one() if self.r.random() < 0.7 else f"{one()} {self.r.choice(['and', 'or'])} {one()}"

    def line(self, name, marker=None):
        text = self.spelled(name) + self.r.choice(["", "", "", "[alldeps]", "[docs, tests]", " [docs]"]) + self.space()
        clause = self.clause(name)
        text += f"({clause})" if clause and "===" not in clause and self.r.random() < 0.1 else clause
        if marker or self.r.random() < 0.3:
            text += self.space() + ";" + self.space() + (marker or self.marker())
        if self.r.random() < 0.15:
            text += " --hash=sha256:" + "0" * 64 + self.r.choice(["", " \\\n    --hash=sha256:" + "1" * 64])
        if self.r.random() < 0.2:
            text += self.r.choice(["  # as tested", " #==1.0", "# no comment" if "hash" not in text else ""])
        if self.r.random() < 0.08:
            text = text.replace("==", "== \\\n", 1) if "===" not in text and self.r.random() < 0.5 else text + " \\"
        return text

    def other(self):
        return self.r.choice([
            "", "# scikit-learn==0.1", "scipy>=1", "pandas==2.1.0", "--index-url https://index.example/simple", "-f ./wheels", "--no-binary :all:", "scikit-learn-extra==0.3.0",
            "scikit_learn_intelex==2024.1", "requests [security] >= 2.8.1 ; python_version < '2.7'", "numpydoc==1.5", "   ", "--extra-index-url https://a.example/x#scikit-learn==1.1",
            "https://host.example/pandas-2.1.0-py3-none-any.whl", "sklearn-pandas==2.2.0", "# \\", "imbalanced-learn==0.11 # scikit-learn==1.2", "\t# tab",
        ])

    def main(self):
        r, lines = self.r, [self.other() for _ in range(self.r.randrange(4))]
        files = {}
        k = r.random()
        if k < 0.06:
            w = r.choice(["scikit_learn-1.3.2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "scikit_learn-1.5.0-1-cp39-cp39-win_amd64.whl"])
            lines.append(r.choice([f"https://host.example/w/{w}", f"scikit-learn @ https://host.example/{w}#sha256=" + "0" * 64, f"scikit-learn@https://host.example/{w} ; python_version > '3'"]))
        elif k < 0.09:
            lines.append(r.choice(["git+https://host.example/scikit-learn.git@1.3.2#egg=scikit-learn", "scikit-learn @ git+https://host.example/scikit-learn@1.3.2", "-e git+https://host.example/s.git#egg=scikit-learn"]))
        elif k < 0.92:
            if r.random() < 0.7:
                lines.append(self.line("scikit-learn"))
            else:  # one for each of two environments
                a, b = r.choice([("python_version < '3.9'", "python_version >= '3.9'"), ("sys_platform == 'win32'", "sys_platform != 'win32'"), ("extra == 'a'", "extra != 'a'")])
                lines += [self.line("scikit-learn", a), self.line("scikit-learn", b)]
        if r.random() < 0.1:
            lines.append("scikit-learn" + r.choice([">=1.0", "!=1.5.0", "<1.9", ">=1.5", ""]))
        if r.random() < 0.5:
            lines.append(self.line("numpy"))
        lines += [self.other() for _ in range(r.randrange(3))]
        r.shuffle(lines)
        if r.random() < 0.2 and len(lines) > 1:
            inner = r.choice(["more.txt", "sub/more.txt", "sub/deep/more.txt"])
            half = len(lines) // 2
            files[inner] = lines[:half]
            lines = lines[half:] + [r.choice(["-r {}", "-c {}", "--requirement {}", "--constraint={}", "-r{}", "--requirement={}"]).format(inner)]
        files["requirements.txt"] = lines
        end = r.choice(["\n", "\n", "\r\n", "\r"])
        return {n: self.coded(end.join("\n".join(ls).split("\n")) + r.choice(["", end])) for n, ls in files.items()}

    def coded(self, text):
        k = self.r.random()
        if k < 0.7:
            return text.encode()
        return {0: b"\xef\xbb\xbf" + text.encode(), 1: b"\xff\xfe" + text.encode("utf-16-le"), 2: b"\xfe\xff" + text.encode("utf-16-be")}[int(k * 100) % 3]


def main():
    seed = int(sys.argv[1])
    for line in open(sys.argv[2]):
        name, *versions = line.split()
        PUBLISHED[name] = versions
    made = Made(seed)
    for _ in range(600):
        files = made.main()
        python = made.r.choice(["", "3.7.17", "3.9.18", "3.11.7", "3.13.0"])
        with tempfile.TemporaryDirectory() as d:
            for n, b in files.items():
                os.makedirs(os.path.dirname(os.path.join(d, n)), exist_ok=True)
                with open(os.path.join(d, n), "wb") as f:
                    f.write(b)
            case = {"files": {n: base64.b64encode(b).decode() for n, b in files.items()}, "python": python}
            try:
                case.update(found(d, "requirements.txt", python))
            except Exception as e:
                case["error"] = repr(e)[:300]
        print(json.dumps(case))


main()
