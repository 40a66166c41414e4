"""The repository speaks of the product and of nothing else: no paths of somebody's machine, no hosts of package archives,
no tools or people at work on it, no leftovers. Each entry is written in pieces, so that this file does not find itself."""
import re

import tree

WORDS = {
    "a path of somebody's machine": [r"(?<![\w.])/wo" r"rk/", r"(?<![\w.])/ro" r"ot/", r"/ho" r"me/[a-z]", r"C:\\Us" r"ers"],
    "a host of a package archive": [
        r"deb\.deb" r"ian\.org", r"archive\.ub" r"untu", r"py" r"pi\.org", r"registry\.np" r"mjs", r"crates\." r"io",
        r"proxy\.go" r"lang", r"conan\." r"io", r"artif" r"actory", r"ghcr\." r"io",
    ],
    "a tool that writes text": [
        r"\bcl" r"aude\b", r"\banth" r"ropic\b", r"\bopen" r"ai\b", r"\bchat" r"gpt\b", r"\bcopi" r"lot\b", r"\bllm" r"s?\b",
        r"\blanguage mo" r"del", r"\bai ass" r"istant", r"\bass" r"istants?\b", r"\bsub" r"agents?\b", r"\bpro" r"mpt engineer",
    ],
    "the work instead of the product": [
        r"\bissue #?\d", r"\bthe next iss" r"ue\b", r"\bits iss" r"ue\b", r"\bour se" r"ssion\b",
        r"\bse" r"ssion of work", r"\bwork" r"tree\b", r"\bhelper se" r"ssion",
    ],
    "a leftover": [r"(?-i:\bTO" r"DO\b)", r"(?-i:\bFIX" r"ME\b)", r"(?-i:\bXX" r"X:)", r"^<{7} ", r"^>{7} "],
}
# Octets of mail as strangers wrote it.
STRANGERS = ("tests/fuzz/",)
TEXT = (".md", ".hpp", ".cpp", ".py", ".txt", ".cmake", ".json", ".toml", ".dialogue", ".service", ".sh", ".yml", ".yaml", ".dict")


def is_text(path):
    return path.endswith(TEXT) or path.startswith(("scripts/", ".ci/"))


def main():
    faults = []
    rules = [(what, re.compile("|".join(all_of), re.I | re.M)) for what, all_of in WORDS.items()]
    for path in tree.files():
        if not is_text(path) or path.startswith(STRANGERS) or "/corpus" in path:
            continue
        text = tree.text(path)
        for what, pattern in rules:
            for found in pattern.finditer(text):
                line = text.count("\n", 0, found.start()) + 1
                faults.append("%s:%d: %s: %s" % (path, line, what, found.group(0).strip()))
    tree.tell("words", faults)


main()
