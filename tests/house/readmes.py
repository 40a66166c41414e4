"""Whoever opens a folder finds out what it is: each folder with code has a README.md, or the README.md of the folder above
names it."""
import os
import re

import tree

TOP = "base protocols policy storage cluster actors server tests bench".split()


def main():
    faults = []
    with_code = set()
    for source in tree.files(".hpp", ".cpp", ".py"):
        if source.split("/")[0] in TOP:
            with_code.add(os.path.dirname(source))
    folders = set(TOP)
    for folder in with_code:
        while folder:
            folders.add(folder)
            folder = os.path.dirname(folder)
    for folder in sorted(folders):
        if tree.exists(folder + "/README.md"):
            continue
        above, name = os.path.split(folder)
        # tests/ and bench/ mirror the code: what stands below their first level is named there.
        if folder.count("/") > 1 and folder.split("/")[0] in ("tests", "bench"):
            continue
        named = above and tree.exists(above + "/README.md") and re.search(r"`%s/" % re.escape(name), tree.text(above + "/README.md"))
        if not named:
            faults.append("%s has no README.md, and %s does not name it" % (folder, (above + "/README.md") if above else "nothing above"))
    tree.tell("readmes", faults)


main()
