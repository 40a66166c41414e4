"""A data disk without space: nothing that was promised is lost, deleting works, service comes back by itself."""
import re, subprocess
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

    def reads_are_served(self, messages):
        """New logins read every message by both protocols."""
        c = login(self.node)
        imap(c, "SELECT INBOX")
        c.send("t UID FETCH 1:* (FLAGS BODY.PEEK[])\r\n")
        octets = c.file.readline()
        whole = 0
        while not octets.startswith(b"t "):
            self.assertTrue(octets)
            if (literal := re.search(rb"\{(\d+)\}\r\n$", octets)):
                whole += c.file.read(int(literal.group(1))).endswith(TEXT + b"\r\n")
            octets = c.file.readline()
        self.assertTrue(octets.startswith(b"t OK"), octets)
        self.assertEqual(whole, messages)
        c.close()
        c = Line(self.node, "pop3")
        for line in (None, "USER " + self.node.accounts[0], "PASS " + self.node.password, "RETR 1"):
            if line:
                c.send(line + "\r\n")
            self.assertTrue((answer := c.line()).startswith(b"+OK"), (line, answer))
        while (answer := c.line()) != b".\r\n":
            self.assertTrue(answer)
        c.send("QUIT\r\n")
        self.assertTrue((answer := c.line()).startswith(b"+OK"), answer)

    def mail_is_refused(self):
        answer = deliver(smtp(self.node), self.node.accounts[0], TEXT)
        self.assertRegex(answer, b"^(452|451) ")

    def first_are_expunged(self, upto):
        c = login(self.node)
        imap(c, "SELECT INBOX")
        self.assertTrue(imap(c, "STORE 1:%d +FLAGS (\\Deleted)" % upto)[-1].startswith(b"t OK"))
        lines = imap(c, "EXPUNGE")
        self.assertEqual(sum(l.endswith(b" EXPUNGE\r\n") for l in lines), upto)
        self.assertTrue(lines[-1].startswith(b"t OK"), lines)

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
        self.reads_are_served(accepted)
        self.mail_is_refused()
        self.first_are_expunged(2)
        accepted -= 2
        self.mail_is_refused()
        self.reads_are_served(accepted)
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

    def test_stopped_and_started_while_full(self):
        for _ in range(3):
            self.assertTrue(deliver(smtp(self.node), self.node.accounts[0], TEXT).startswith(b"250"))
        self.fill(0)
        accepted = 3 + self.accepted_until_refused()[0]
        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        self.reads_are_served(accepted)
        self.mail_is_refused()
        self.first_are_expunged(1)
        self.reads_are_served(accepted - 1)
        self.assertEqual(self.node.stop(), 0)
        os.remove(os.path.join(self.folder, "ballast"))
        self.assertEqual(self.node.check(), [])
        self.node.start()
        self.assertEqual(count(self.node), accepted - 1)
        self.assertTrue(deliver(smtp(self.node), self.node.accounts[0], TEXT).startswith(b"250"))


if __name__ == "__main__":
    unittest.main(warnings="ignore")
