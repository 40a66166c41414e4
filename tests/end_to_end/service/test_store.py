"""The store of a node that is down: looking at it changes nothing, damage is said and mended; backups under load."""
import hashlib, stat
from own import *

TEXT = b"Subject: kept\r\n\r\n" + b"0123456789" * 400 + b"\r\n"


def picture(folder):
    """Every file with its contents, size and times; every folder with its names."""
    out = {}
    for place, folders, files in os.walk(folder):
        out[place] = (sorted(folders), sorted(files), os.stat(place).st_mtime_ns)
        for name in files:
            path = os.path.join(place, name)
            s = os.lstat(path)
            if not stat.S_ISREG(s.st_mode):
                continue
            with open(path, "rb") as f:
                out[path] = (s.st_size, s.st_mtime_ns, s.st_ctime_ns, hashlib.sha256(f.read()).hexdigest())
    return out


class Store(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rookery-store-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.node = Node(PROGRAM, self.folder, 2)
        self.store = os.path.join(self.folder, "store")
        self.addCleanup(self.node.kill)
        self.node.start()

    def deliver(self, n):
        c = smtp(self.node)
        for _ in range(n):
            self.assertTrue(deliver(c, self.node.accounts[0], TEXT).startswith(b"250"))
        c.close()

    def unchanged_by_check(self):
        before = picture(self.store)
        self.assertEqual(self.node.check(), [])
        after = picture(self.store)
        self.assertEqual({k for k in before if before[k] != after.get(k)}, set())
        self.assertEqual(set(before), set(after))

    def test_check_changes_nothing_after_an_orderly_end(self):
        self.deliver(20)
        self.assertEqual(self.node.stop(), 0)
        self.assertFalse(os.path.exists(os.path.join(self.store, "admin.sock")), "the local socket stayed behind")
        self.unchanged_by_check()

    def test_check_changes_nothing_after_a_kill(self):
        self.deliver(30)
        self.node.kill()
        self.unchanged_by_check()
        # What a crash tore is counted, not mended.
        log = os.path.join(self.store, "log")
        last = os.path.join(log, max(n for n in os.listdir(log) if n.endswith(".log")))
        with open(last, "r+b") as f:
            octets = f.read()
            f.seek(len(octets.rstrip(b"\0")) // 8 * 8 + 64)
            f.write(b"torn")
        self.unchanged_by_check()
        self.node.start()
        self.assertEqual(counted(self.node, 30), 30)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
