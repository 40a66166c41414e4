#!/usr/bin/env python3
"""Starts a node in a temporary folder on free ports, runs the test files against it, ends it.

    run.py --rookery build/release/server/rookery [--only WORD] [--keep] [files ...]

Test files are tests/end_to_end/*/test_*.py; each is a program of its own that finds the
node by its environment: ROOKERY_HOST, ROOKERY_<SERVICE>_PORT, ROOKERY_USERS,
ROOKERY_PASSWORD, ROOKERY_DOMAIN, ROOKERY_PID, ROOKERY_PROGRAM, ROOKERY_NODE.
"""
import argparse, glob, os, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from node import Node, STANDARD


def run(options, files):
    """Gives the files that failed, and the faults of the server itself: a crash, a bad end, a damaged store."""
    folder = tempfile.mkdtemp(prefix="rookery-e2e-")
    node = Node(options.rookery, folder, options.accounts)
    failed, faults = [], []
    try:
        node.start()
        env = dict(os.environ, ROOKERY_HOST="127.0.0.1", ROOKERY_USERS=",".join(u.split("@")[0] for u in node.accounts),
                   ROOKERY_PASSWORD=node.password, ROOKERY_DOMAIN=node.domain, ROOKERY_PID=str(node.pid),
                   ROOKERY_PROGRAM=node.rookery, ROOKERY_NODE=node.file, PYTHONDONTWRITEBYTECODE="1")
        for service in STANDARD:
            env["ROOKERY_%s_PORT" % service.upper()] = str(node.port(service))
        for f in files:
            print("== " + os.path.relpath(f, HERE), flush=True)
            if subprocess.run([sys.executable, f], env=env).returncode != 0:
                failed.append(f)
            if node.process.poll() is not None:
                faults.append("the server ended with %s:\n%s" % (node.process.returncode, node.log_tail()))
                node.process = None
                break
        if node.process is not None:
            code = node.stop()
            if code != 0:
                faults.append("the orderly end (exit code %s)" % code)
            faults += ["check: " + f for f in node.check()]
    finally:
        node.kill()
        if options.keep or failed or faults:
            print("the node is kept in " + folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return failed, faults


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--rookery", required=True)
    p.add_argument("--only", default="", help="run only files whose path has this word")
    p.add_argument("--accounts", type=int, default=6)
    p.add_argument("--keep", action="store_true", help="keep the node's folder")
    p.add_argument("--attempts", type=int, default=1, help="how often a failed file may be tried, each time with a new node")
    p.add_argument("files", nargs="*")
    a = p.parse_args()
    files = a.files or sorted(f for f in glob.glob(HERE + "/*/test_*.py") if a.only in os.path.relpath(f, HERE))
    if not files:
        print("no test files")
        return 1
    names = lambda paths: ", ".join(os.path.relpath(f, HERE) for f in paths)
    left, faults = run(a, files)
    for attempt in range(2, a.attempts + 1):
        if not left or faults:
            break
        print("== attempt %d: %s" % (attempt, names(left)), flush=True)
        before, (left, faults) = left, run(a, left)
        if better := [f for f in before if f not in left]:
            print("FAILED BEFORE, passed at attempt %d: %s" % (attempt, names(better)), flush=True)
    for f in faults:
        print(f)
    print("%d files, %d failed%s%s" % (len(files), len(left), ": " + names(left) if left else "",
                                       "; %d faults of the server" % len(faults) if faults else ""))
    return 1 if left or faults else 0


if __name__ == "__main__":
    sys.exit(main())
