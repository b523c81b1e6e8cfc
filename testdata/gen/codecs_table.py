"""Writes internal/pystr/codecs_table.go: what each byte stands for in Python's one-byte encodings, and the names Python
knows them by."""

import codecs
import encodings.aliases
import os

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "internal", "pystr", "codecs_table.go")
NAMES = (
    "cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp437 cp850 cp852 cp855 cp866 cp874 "
    "iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-9 iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16 "
    "koi8-r koi8-u mac-roman mac-cyrillic"
).split()


def upper(name):
    """The characters of the bytes from 0x80 on; U+FFFD for none."""
    assert all(bytes([i]).decode(name) == chr(i) for i in range(128)), name
    return "".join(bytes([i]).decode(name, "replace") for i in range(128, 256))


def main():
    by = {}
    for alias, target in encodings.aliases.aliases.items():
        by.setdefault(target, []).append(alias)
    with open(OUT, "w") as f:
        f.write("package pystr\n\n// Written by testdata/gen/codecs_table.py.\n\n")
        f.write("// oneByte are the characters of the bytes from 0x80 on by Python's names; U+FFFD for bytes that stand for none.\n")
        f.write("var oneByte = map[string]string{\n")
        for n in NAMES:
            text = "".join(c if c.isprintable() and c not in '"\\' and not (0x590 <= ord(c) < 0x780 or 0x300 <= ord(c) < 0x370 or 0xE31 <= ord(c) < 0xE4F) else "\\u%04x" % ord(c) for c in upper(n))
            f.write('\t"%s": "%s",\n' % (n, text))
        f.write("}\n\n// codecNames are the other names of encodings, without case and with underscores for what is no letter or digit.\n")
        f.write("var codecNames = map[string]string{\n")
        for n in NAMES + ["utf-8", "latin-1", "ascii", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"]:
            module = codecs.lookup(n).name.replace("-", "_")
            target = {"iso8859_1": "latin_1"}.get(module, module)
            for alias in sorted(set(by.get(target, []) + by.get(target.replace("iso8859", "iso8859"), []) + [target, n.replace("-", "_")])):
                f.write('\t"%s": "%s",\n' % (alias, n))
        f.write("}\n")


if __name__ == "__main__":
    main()
