"""The store of a node that is down: looking at it changes nothing, damage is said and mended; backups under load."""
import hashlib, stat, threading
from own import *
from node import free_port_base

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

    def test_damage_in_the_middle_is_said_and_repaired(self):
        self.deliver(40)
        self.assertEqual(counted(self.node, 40), 40)
        self.assertEqual(self.node.stop(), 0)
        log = os.path.join(self.store, "log")
        first = os.path.join(log, min(n for n in os.listdir(log) if n.endswith(".log")))
        with open(first, "r+b") as f:
            octets = f.read()
            at = octets.index(b"Subject: kept") + 200  # within a message that is long in the index
            f.seek(at)
            f.write(b"#")
        faults = self.node.run("check")
        self.assertEqual(faults.returncode, 6)
        self.assertIn("rookery repair", faults.stdout)
        refused = self.node.run("serve")
        self.assertEqual(refused.returncode, 74)
        self.assertIn("rookery repair", refused.stdout)
        before = picture(self.store)
        said = self.node.run("repair")
        self.assertEqual(said.returncode, 6, said.stdout)
        self.assertIn("u1@example.test: the octets of a message", said.stdout)
        self.assertIn("--yes repairs", said.stdout)
        self.assertEqual(picture(self.store), before)
        done = self.node.run("repair", "--yes")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("the store can be used again", done.stdout)
        self.assertEqual(self.node.run("repair").returncode, 0)
        self.node.start()
        self.assertEqual(count(self.node), 40)
        self.deliver(1)
        self.assertEqual(counted(self.node, 41), 41)
        c = login(self.node)
        imap(c, "SELECT INBOX")
        # 39 messages are whole; the one without its octets is listed until it is expunged.
        good = sum(l.startswith(b"* ") and b"FETCH" in l for l in imap(c, "FETCH 2:* (FLAGS BODY.PEEK[TEXT]<0.5>)"))
        self.assertEqual(good, 40)
        self.assertTrue(imap(c, "STORE 1 +FLAGS.SILENT (\\Deleted)")[-1].startswith(b"t OK"))
        self.assertTrue(imap(c, "EXPUNGE")[-1].startswith(b"t OK"))
        c.close()
        self.assertEqual(self.node.stop(), 0)
        self.assertEqual(self.node.check(), [])


class Backup(unittest.TestCase):
    """Copies of a node that takes mail, and rewrites and removes segments all the time."""

    def test_under_load(self):
        folder = tempfile.mkdtemp(prefix="rookery-backup-")
        self.addCleanup(shutil.rmtree, folder, True)
        node = Node(PROGRAM, folder, 2, more="[storage]\nsegment_octets = 131072\nmaintenance_milliseconds = 30\n")
        self.addCleanup(node.kill)
        node.start()
        stop, acknowledged = threading.Event(), [0]

        def keep():
            c = smtp(node)
            while not stop.is_set():
                assert deliver(c, node.accounts[0], TEXT).startswith(b"250")
                acknowledged[0] += 1

        def churn():
            c = smtp(node)
            m = login(node, 1)
            while not stop.is_set():
                for _ in range(20):
                    assert deliver(c, node.accounts[1], TEXT).startswith(b"250")
                imap(m, "SELECT INBOX")
                imap(m, "STORE 1:* +FLAGS.SILENT (\\Deleted)")
                imap(m, "EXPUNGE")

        threads = [threading.Thread(target=keep), threading.Thread(target=churn)]
        for t in threads:
            t.start()
        try:
            for n in range(3):
                before = acknowledged[0]
                made = node.run("backup", os.path.join(folder, "copy%d" % n))
                after = acknowledged[0]
                self.assertEqual(made.returncode, 0, made.stdout)
                brought = node.run("restore", os.path.join(folder, "copy%d" % n), "--data", os.path.join(folder, "again%d" % n))
                self.assertEqual(brought.returncode, 0, brought.stdout)
                self.assertIn("the store is sound", brought.stdout)
                with open(node.file) as f:
                    text = f.read().replace(os.path.join(folder, "store"), os.path.join(folder, "again%d" % n))
                other = Node.__new__(Node)
                other.__dict__.update(node.__dict__, file=os.path.join(folder, "again%d.toml" % n), base=free_port_base(), process=None)
                with open(other.file, "w") as f:
                    f.write(text)
                self.addCleanup(other.kill)
                other.start()
                there = count(other)
                self.assertGreaterEqual(there, before)
                self.assertLessEqual(there, after + 1)
                c = login(other)
                imap(c, "SELECT INBOX")
                whole = imap(c, "FETCH 1:* BODY.PEEK[]")
                self.assertEqual(sum(l.startswith(b"* ") and b"FETCH" in l for l in whole), there)
                c.close()
                self.assertEqual(other.stop(), 0)
        finally:
            stop.set()
            for t in threads:
                t.join(30)
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.check(), [])


if __name__ == "__main__":
    unittest.main(warnings="ignore")
