"""A data disk without space: nothing that was promised is lost, deleting works, service comes back by itself."""
import subprocess
from own import *

TEXT = b"Subject: large\r\n\r\n" + (b"0123456789" * 7 + b"\r\n") * 14_000  # about 1 MB


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rookery-service-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "rookery-test", self.folder], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("needs the right to mount")
        self.addCleanup(subprocess.run, ["umount", "-l", self.folder])
        self.node = Node(PROGRAM, self.folder, 2)
        self.addCleanup(self.node.kill)
        self.node.start()

    def fill(self, leave):
        with open(os.path.join(self.folder, "ballast"), "wb") as f:
            while True:
                s = os.statvfs(self.folder)
                try:
                    return os.posix_fallocate(f.fileno(), 0, os.fstat(f.fileno()).st_blocks * 512 + max(1, s.f_bavail * s.f_bsize - leave))
                except OSError:
                    pass  # the server wrote meanwhile

    def accepted_until_refused(self):
        accepted = 0
        c = smtp(self.node)
        while accepted < 500:
            answer = deliver(c, self.node.accounts[0], TEXT)
            if not answer.startswith(b"250"):
                self.assertRegex(answer, b"^(452|451|421)")
                return accepted, answer
            accepted += 1
        self.fail("the disk did not get full")

    def test_reserve(self):
        self.fill(80_000_000)  # 67 MB are the reserve
        accepted, answer = self.accepted_until_refused()
        self.assertTrue(answer.startswith(b"452 4.3.1"), answer)
        c = login(self.node)
        while int([l for l in imap(c, "SELECT INBOX") if b"EXISTS" in l][0].split()[1]) < accepted:
            time.sleep(0.02)
        c.send("a APPEND INBOX {%d}\r\n" % len(TEXT))
        if c.line().startswith(b"+"):
            c.send(TEXT + b"\r\n")
            while not (l := c.line()).startswith(b"a "):
                self.assertTrue(l)
            self.assertTrue(l.startswith(b"a NO"), l)
        c.close()
        c = login(self.node)
        imap(c, "SELECT INBOX")
        self.assertTrue(imap(c, "STORE 1:* +FLAGS (\\Deleted)")[-1].startswith(b"t OK"))
        self.assertTrue(imap(c, "EXPUNGE")[-1].startswith(b"t OK"))
        os.remove(os.path.join(self.folder, "ballast"))
        end = time.time() + 10
        while not (answer := deliver(smtp(self.node), self.node.accounts[0], TEXT)).startswith(b"250") and time.time() < end:
            time.sleep(0.1)
        self.assertTrue(answer.startswith(b"250"), answer)
        self.assertEqual(counted(self.node, 1), 1)
        self.assertEqual(self.node.stop(), 0)
        self.assertEqual(self.node.check(), [])

    def test_not_an_octet_left(self):
        c = smtp(self.node)
        for _ in range(5):
            self.assertTrue(deliver(c, self.node.accounts[0], TEXT).startswith(b"250"))
        self.assertEqual(counted(self.node, 5), 5)
        self.assertEqual(self.node.run("settings", "set", "storage.reserve_octets", "1M").returncode, 0)
        self.fill(0)
        accepted, answer = self.accepted_until_refused()
        accepted += 5
        time.sleep(1.5)  # changes are written to the trees after a second: not now
        self.assertEqual(self.node.process.poll(), None, self.node.log_tail())
        c = login(self.node)
        imap(c, "SELECT INBOX")
        self.assertTrue(imap(c, "STORE 1:2 +FLAGS (\\Deleted)")[-1].startswith(b"t OK"))
        self.assertTrue(imap(c, "EXPUNGE")[-1].startswith(b"t OK"))
        accepted -= 2
        os.remove(os.path.join(self.folder, "ballast"))
        end = time.time() + 10
        while not (answer := deliver(smtp(self.node), self.node.accounts[0], TEXT)).startswith(b"250") and time.time() < end:
            time.sleep(0.1)
        self.assertTrue(answer.startswith(b"250"), answer)
        self.assertEqual(counted(self.node, accepted + 1), accepted + 1)
        self.assertEqual(self.node.stop(), 0)
        self.assertEqual(self.node.check(), [])
        self.node.start()
        self.assertEqual(count(self.node), accepted + 1)

    def test_stopped_while_full(self):
        self.assertTrue(deliver(smtp(self.node), self.node.accounts[0], TEXT).startswith(b"250"))
        self.fill(0)
        accepted, _ = self.accepted_until_refused()
        self.assertEqual(self.node.stop(), 0)
        os.remove(os.path.join(self.folder, "ballast"))
        self.assertEqual(self.node.check(), [])
        self.node.start()
        self.assertEqual(count(self.node), accepted + 1)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
