"""Clients in JavaScript, from npm, for tests that run them."""
import os, re, shutil, subprocess, tempfile, unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def get_clients(case):
    """A folder with the scripts of `javascript/` and what they need; it goes with the test class. The class is left out when
    npm reaches nobody."""
    folder = tempfile.mkdtemp(prefix="rookery-javascript-")
    case.addClassCleanup(shutil.rmtree, folder, True)
    for name in os.listdir(os.path.join(HERE, "javascript")):
        shutil.copy(os.path.join(HERE, "javascript", name), folder)
    try:
        got = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, text=True, timeout=300,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        raise unittest.SkipTest("npm install took longer than 300 seconds")
    if got.returncode != 0 and re.search("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT|network", got.stdout):
        raise unittest.SkipTest("npm reaches nobody: " + got.stdout[-2000:])
    if got.returncode != 0:
        raise RuntimeError("npm cannot get the clients: " + got.stdout[-2000:])
    return folder
