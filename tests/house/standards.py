"""docs/standards: each file and dialogue that a row names exists, each row has a state, docs/standards.md lists every
page and every RFC of the pages, and every RFC that a header of ours names as its source has a row."""
import os
import re

import tree

SOURCES = "base protocols policy storage actors server".split()
STATES = ("full", "yes", "part", "left out", "no")
CODE = re.compile(r"`([^`]+)`")
# A word that can only be the name of a file here: message_lines, tls_layer_test, a_dialogue_of_ours.
FILE_NAME = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b")
RFC = re.compile(r"RFC (\d{3,5})")


def numbers(cell):
    """1939, or "8446", or "5077, 8446 §4.6.1", or "3501 and 9051"."""
    return set(int(n) for n in re.findall(r"(?<![§.\d])\b(\d{3,5})\b(?!\.)", cell))


def together(states):
    """What the rows of one RFC say together."""
    kinds = set("full" if s.startswith(("full", "yes")) else "part" if s.startswith("part") else "left out" for s in states)
    if len(kinds) == 1:
        return kinds.pop()
    return "full but for what its rows say" if "full" in kinds else "part"


def rows(page):
    columns = None
    for line in tree.text(page).splitlines():
        if not line.startswith("|"):
            columns = None
            continue
        cells = [c.strip() for c in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        if columns is None:
            columns = [c.lower() for c in cells]
        elif not set("".join(cells)) <= set("-: "):
            yield dict(zip(columns, cells))


def main():
    faults = []
    pages = [p for p in tree.files(".md") if p.startswith("docs/standards/")]
    stems = set(os.path.splitext(os.path.basename(f))[0] for f in tree.files())
    folders = set(os.path.basename(os.path.dirname(f)) for f in tree.files())
    covered = {}
    for page in pages:
        for row in rows(page):
            if "rfc" not in row:
                continue
            for n in numbers(row["rfc"]):
                covered.setdefault(n, set()).add(row.get("state", ""))
            name = "%s: RFC %s %s" % (page, row["rfc"], row.get("section", ""))
            if not row.get("state", "").startswith(STATES):
                faults.append("%s: no state (%s)" % (name, ", ".join(STATES)))
            for code in CODE.findall(row.get("where", "") + row.get("test", "")):
                if "/" in code and not any(tree.exists(code.rstrip("/") + e) for e in ("", ".hpp", ".cpp")):
                    faults.append("%s: `%s` does not exist" % (name, code))
            bare = CODE.sub(lambda m: "" if "/" in m.group(1) else m.group(1), row.get("where", "") + " " + row.get("test", ""))
            for word in FILE_NAME.findall(bare):
                if word not in stems and word not in folders:
                    faults.append("%s: no file is named %s" % (name, word))
    index = tree.text("docs/standards.md")
    for page in pages:
        if page[len("docs/"):] not in index:
            faults.append("docs/standards.md does not name %s" % page)
    listed = {}
    for row in rows("docs/standards.md"):
        for n in numbers(row.get("rfc", "")):
            listed[n] = row.get("state", "")
    for n in sorted(covered.keys() - listed.keys()):
        faults.append("docs/standards.md does not list RFC %d (%s)" % (n, together(covered[n])))
    for n in sorted(listed.keys() - covered.keys()):
        faults.append("docs/standards.md lists RFC %d, which no page has" % n)
    for n in sorted(listed.keys() & covered.keys()):
        if listed[n] != together(covered[n]):
            faults.append("docs/standards.md says of RFC %d: %s; its rows say: %s" % (n, listed[n], together(covered[n])))
    for source in tree.files(".hpp"):
        if source.split("/")[0] not in SOURCES:
            continue
        head = re.search(r"(?ms)^/// Source:.*?(?=^///?\s*$|^[^/])", tree.text(source))
        for n in RFC.findall(head.group(0)) if head else []:
            if int(n) not in covered:
                faults.append("%s: its source RFC %s has no row in docs/standards" % (source, n))
    tree.tell("standards", faults)


main()
