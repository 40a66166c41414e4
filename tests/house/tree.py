"""The repository's own files, and how a rule tells what it found."""
import os
import sys

# Folders that builds and runs make, or that a checkout has for its own use.
SKIPPED = {".git", "build", ".demo", "__pycache__", ".cache", ".vscode", ".idea"}


def root():
    return os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".")


def files(*endings):
    """Paths from the root, sorted; all files when no ending is given."""
    found = []
    for folder, folders, names in os.walk(root()):
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        for name in names:
            if not endings or name.endswith(endings):
                found.append(os.path.relpath(os.path.join(folder, name), root()))
    return sorted(found)


def text(path):
    with open(os.path.join(root(), path), encoding="utf-8", errors="replace") as f:
        return f.read()


def exists(path):
    return os.path.exists(os.path.join(root(), path))


def tell(rule, faults):
    """One line a fault; the exit code says whether there were some."""
    for fault in faults:
        print(fault)
    print("%s: %s" % (rule, "all is well" if not faults else "%d faults" % len(faults)))
    sys.exit(1 if faults else 0)
