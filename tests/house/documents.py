"""Every relative link of a page leads somewhere, to a heading too; every path in `backticks` that begins with a folder of
the house exists; and so does every page of docs/ that the code names."""
import os
import re

import tree

TOP = "base protocols policy storage actors server tests bench docs cmake scripts".split()
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"^(?:%s)/[A-Za-z0-9_./-]*$" % "|".join(TOP))
NAMED_PAGE = re.compile(r"\bdocs/[a-z0-9_/-]+\.md\b")


def anchors(page):
    """The names that headings of a page have in links."""
    names = set()
    for line in tree.text(page).splitlines():
        if line.startswith("#"):
            heading = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower())
            names.add(heading.replace(" ", "-"))
    return names


def there(path):
    """A file, a folder, or a pair of files named without their ending."""
    return any(tree.exists(path.rstrip("/") + e) for e in ("", ".hpp", ".cpp"))


def main():
    faults = []
    for page in tree.files(".md"):
        whole = tree.text(page)
        prose = re.sub(r"(?s)^```.*?^```", "", whole, flags=re.M)
        for target in LINK.findall(prose):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            to = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if not tree.exists(to):
                faults.append("%s: the link %s leads nowhere" % (page, target))
            elif anchor and anchor not in anchors(to):
                faults.append("%s: %s has no heading #%s" % (page, to, anchor))
        for code in CODE.findall(prose):
            path = code.rstrip(".,")
            if PATH.match(path) and not there(path):
                faults.append("%s: `%s` does not exist" % (page, code))
    for source in tree.files(".hpp", ".cpp", ".cmake", ".py", "CMakeLists.txt"):
        for named in NAMED_PAGE.findall(tree.text(source)):
            if not tree.exists(named):
                faults.append("%s: %s does not exist" % (source, named))
    tree.tell("documents", faults)


main()
