"""actors/README.md's catalogue and the code name the same actors: whatever is spawned has a row, and whatever has a row
is spawned in the folder that the row says."""
import re

import tree

SPAWNED = (
    re.compile(r"\bspawn_class<\s*([a-z_]+)\s*,"),
    re.compile(r"\bspawn<\s*([a-z_]+)\s*,\s*caf::"),
    re.compile(r"\bspawn(?:<\s*caf::[^>]*>)?\(\s*([a-z_]+)\s*[,)]"),
)
NAMED = (
    re.compile(r"static inline const char\* name = \"([a-z_]+)\""),
    re.compile(r"const char\* name\(\) const override \{ return \"([a-z_]+)\"; \}"),
)
ROW = re.compile(r"^\| `([a-z_]+)/([a-z_]+)` \|", re.M)


def main():
    faults = []
    catalogue = {}
    for folder, kind in ROW.findall(tree.text("actors/README.md")):
        if kind in catalogue:
            faults.append("actors/README.md has two rows for %s" % kind)
        catalogue[kind] = folder
    spawned = {}
    for source in tree.files(".hpp", ".cpp"):
        if not source.startswith(("actors/", "server/", "storage/")):
            continue
        text = tree.text(source)
        for pattern in SPAWNED + NAMED:
            for kind in pattern.findall(text):
                spawned.setdefault(kind, set()).add(source)
    for kind, where in sorted(spawned.items()):
        if kind not in catalogue:
            faults.append("%s: the actor %s has no row in actors/README.md" % (sorted(where)[0], kind))
    for kind, folder in sorted(catalogue.items()):
        if not any(s.startswith("actors/%s/" % folder) for s in spawned.get(kind, ())):
            faults.append("actors/README.md: %s/%s is not spawned there" % (folder, kind))
    if not catalogue:
        faults.append("actors/README.md has no catalogue")
    tree.tell("actors", faults)


main()
