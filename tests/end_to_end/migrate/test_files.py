"""Mailbox files in and out: byte for byte with flags and dates, again without doubles, and over a kill -9."""
import json, os, shutil, sys, tempfile, unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, ".."))
from boxes import BODIES, count, fill, folders, look, many, until_recorded
from node import Node

PROGRAM = os.environ["ROOKERY_PROGRAM"]
BOXES = ["INBOX", "Work/2026", "Entw&APw-rfe", "dots.in.name"]


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="rookery-files-")
        os.mkdir(os.path.join(cls.folder, "node"))
        cls.node = Node(PROGRAM, os.path.join(cls.folder, "node"), 9)
        cls.node.start()
        fill(cls.node, cls.node.accounts[0], BOXES)
        cls.whole = {b: look(cls.node, cls.node.accounts[0], b) for b in BOXES}

    @classmethod
    def tearDownClass(cls):
        code = cls.node.stop()
        faults = cls.node.check()
        assert code == 0 and not faults, (code, faults)
        shutil.rmtree(cls.folder, ignore_errors=True)

    def rookery(self, *verb, code=0):
        done = self.node.run(*verb)
        self.assertEqual(done.returncode, code, "%s\n%s\n%s" % (verb, done.stdout, self.node.log_tail(1500)))
        return done.stdout

    def counts(self, *verb, code=0):
        done = self.rookery(*verb, "--json", code=code)
        return json.loads(done[done.index("{"):])

    def path(self, name):
        return os.path.join(self.folder, name)

    def same(self, user):
        for b in BOXES:
            self.assertEqual(look(self.node, user, b), self.whole[b], b)

    def test_a_maildir_comes_back_byte_for_byte(self):
        first, second = self.node.accounts[0], self.node.accounts[1]
        for layout in ("maildir++", "fs"):
            to = self.path("maildir-" + layout)
            total = len(BODIES) * len(BOXES)
            s = self.counts("export", "maildir", first, to, "--layout", layout)
            self.assertEqual((s["status"], s["messages"], s["left_out"]), ("done", total, 0), s)
            s = self.counts("export", "maildir", first, to, "--layout", layout)
            self.assertEqual((s["messages"], s["known"]), (0, total), "what has a file is not written again")
        self.assertTrue(os.path.isdir(self.path("maildir-maildir++/.Work.2026/cur")))
        self.assertTrue(os.path.isdir(self.path("maildir-fs/Work/2026/cur")))
        with open(self.path("maildir-maildir++/.Work.2026/dovecot-keywords")) as f:
            self.assertIn("work", f.read())
        source = self.path("maildir-maildir++")
        s = self.counts("import", "maildir", second, source, "--dry-run")
        self.assertEqual((s["messages"], count(self.node, second, "INBOX")), (total, 0))
        s = self.counts("import", "maildir", second, source)
        self.assertEqual((s["status"], s["messages"], s["left_out"]), ("done", total, 0), s)
        self.same(second)
        self.assertLessEqual(set(BOXES), folders(self.node, second)[0])
        s = self.counts("import", "maildir", second, source)
        self.assertEqual((s["messages"], s["known"]), (0, total))
        self.same(second)
        # What is new there comes alone, also when another program has renamed what was there.
        cur = os.path.join(source, "cur")
        os.rename(os.path.join(cur, sorted(os.listdir(cur))[0]), os.path.join(cur, sorted(os.listdir(cur))[0] + "T"))
        with open(os.path.join(source, "new", "1700000000.new.host"), "wb") as f:
            f.write(b"Subject: new\n\nhere\n")
        s = self.counts("import", "maildir", second, source)
        self.assertEqual((s["messages"], s["known"]), (1, total))
        self.assertEqual(look(self.node, second, "INBOX")[-1][0], b"Subject: new\r\n\r\nhere\r\n")
        # The other layout, under another name, without one folder.
        s = self.counts("import", "maildir", second, self.path("maildir-fs"), "--layout", "fs", "--prefix", "Old/", "--except", "Work/*",
                        "--rename", "dots.in.name=Dots")
        self.assertEqual(s["messages"], total - len(BODIES))
        self.assertEqual(look(self.node, second, "Old/INBOX"), self.whole["INBOX"])
        self.assertEqual(look(self.node, second, "Dots"), self.whole["dots.in.name"])
        self.assertIsNone(look(self.node, second, "Old/Work/2026"))

    def test_mbox_files_come_back_byte_for_byte(self):
        first, third, fourth = self.node.accounts[0], self.node.accounts[2], self.node.accounts[3]
        total = len(BODIES) * len(BOXES)
        for dialect, user in (("mboxrd", third), ("mboxcl2", fourth)):
            to = self.path("mbox-" + dialect)
            s = self.counts("export", "mbox", first, to, "--dialect", dialect)
            self.assertEqual((s["status"], s["messages"]), ("done", total), s)
            self.assertTrue(os.path.isfile(os.path.join(to, "Work/2026.mbox")))
            s = self.counts("import", "mbox", user, to, "--dialect", dialect)
            self.assertEqual((s["status"], s["messages"], s["left_out"]), ("done", total, 0), s)
            self.same(user)
            s = self.counts("import", "mbox", user, to, "--dialect", dialect)
            self.assertEqual((s["messages"], s["known"]), (0, total))
        # One file to a folder of its own; twice the same message in it is two messages.
        box = os.path.join(self.path("mbox-mboxrd"), "INBOX.mbox")
        twice = self.path("twice.mbox")
        with open(box, "rb") as f, open(twice, "wb") as g:
            octets = f.read()
            g.write(octets + octets)
        s = self.counts("import", "mbox", third, twice, "--mailbox", "Twice")
        self.assertEqual(s["messages"], 2 * len(BODIES))
        self.assertEqual(look(self.node, third, "Twice"), self.whole["INBOX"] * 2)
        s = self.counts("import", "mbox", third, twice, "--mailbox", "Twice", "--again")
        self.assertEqual((s["messages"], count(self.node, third, "Twice")), (2 * len(BODIES), 4 * len(BODIES)))

    def test_a_spool_of_cyrus_with_flags_and_keywords(self):
        """The spool was made by Cyrus 3.6: u1 has flags of all kinds and a message that is expunged and not removed yet."""
        user, spool = self.node.accounts[8], os.path.join(HERE, "cyrus_spool")
        out = self.rookery("import", "cyrus", user, spool, code=1)
        self.assertIn("there are those of u1 u2", out)
        s = self.counts("import", "cyrus", user, spool, "--owner", "u1")
        self.assertEqual((s["status"], s["messages"], s["left_out"], s["folders"]), ("done", 10, 0, 6), s)
        got = look(self.node, user, "INBOX")
        flags = [{b"\\seen", b"gone"}, {b"\\flagged", b"$junk"}, {b"\\answered", b"\\seen", b"work"}, {b"\\draft"}, {b"\\deleted"}, set()]
        self.assertEqual([m[1] for m in got], flags)
        for i, m in enumerate(got):
            self.assertIn(b"Subject: cyrus %d\r\n" % i, m[0])
            self.assertEqual(m[2], b"%d-Feb-2024 03:04:05 +0000" % (i + 1))
        for box in ("Sent", "Work.2025", "Arch/Old", "&AOQ-rger"):
            self.assertEqual([m[1] for m in look(self.node, user, box)], [{b"\\seen", b"later"}], box)
        s = self.counts("import", "cyrus", user, spool, "--owner", "u1")
        self.assertEqual((s["messages"], s["known"]), (0, 10))
        # As Cyrus had it before: directories with the mailboxes' names, headers without. A message is missing.
        older, uuid = self.path("older"), os.path.join(spool, "uuid")
        shutil.copytree(os.path.join(uuid, "9/5/95rmai0303cn0fx7zqf21jen"), os.path.join(older, "u/user/u1"))
        shutil.copytree(os.path.join(uuid, "q/x/qxjqcquun4rq0tkx1neipq4i"), os.path.join(older, "u/user/u1/Work^2025"))
        for place, words in (("", b"$Junk work gone"), ("/Work^2025", b"later")):
            with open(os.path.join(older, "u/user/u1" + place, "cyrus.header"), "r+b") as f:
                start = b"".join(f.readline() for _ in range(3))
                f.seek(0)
                f.truncate()
                f.write(start + b"user.u1\t5f3c2a\n" + words + b"\nu1\tlrswipkxtecdan\t\n")
        os.unlink(os.path.join(older, "u/user/u1/3."))
        s = self.counts("import", "cyrus", user, older, "--owner", "u1", "--prefix", "Older/", code=1)
        self.assertEqual((s["messages"], s["left_out"]), (6, 1), s)
        self.assertEqual(look(self.node, user, "Older/INBOX"), got[:2] + got[3:])
        self.assertEqual(len(look(self.node, user, "Older/Work.2025")), 1)

    def test_kill_in_the_middle_brings_nothing_twice(self):
        user, messages = self.node.accounts[4], many(6000)
        box = self.path("many.mbox")
        with open(box, "wb") as f:
            for m in messages:
                f.write(b"From x Sat Mar  5 09:34:01 2016\n" + m.replace(b"\r\n", b"\n") + b"\n")
        for _ in range(3):
            begun = json.loads(self.rookery("import", "mbox", user, box, "--detach", "--json"))
            until_recorded(self.node, begun["id"])
            self.node.kill()
            self.node.start()
        s = self.counts("import", "mbox", user, box)
        self.assertEqual((s["status"], s["messages"] + s["known"]), ("done", len(messages)), s)
        self.assertEqual([m[0] for m in look(self.node, user, "INBOX")], messages)

    def test_wrong_things_are_refused_and_named(self):
        user = self.node.accounts[5]
        self.assertIn("there is no account", self.rookery("import", "mbox", "nobody@example.test", "/tmp", code=4))
        self.assertIn("is no Maildir", self.rookery("import", "maildir", user, self.path("node"), code=1))
        self.assertIn("No such file", self.rookery("import", "mbox", user, self.path("missing"), code=1))
        no_mbox = self.path("text.mbox")
        with open(no_mbox, "w") as f:
            f.write("Subject: no mbox\n\nx\n")
        self.assertIn("is no mbox file", self.rookery("import", "mbox", user, no_mbox, code=1))
        self.assertEqual(count(self.node, user, "INBOX"), 0)
        self.rookery("import", "mbox", user, no_mbox, "--dialect", "mmdf", code=1)
        self.rookery("import", "mbox", user, no_mbox, "--rename", "x", code=2)
        # A link may lead to what the account's owner must not read: it is left out, and said.
        maildir = self.path("linked")
        for d in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(maildir, d))
        os.symlink(self.node.file, os.path.join(maildir, "cur", "1.link:2,"))
        with open(os.path.join(maildir, "cur", "2.mail:2,"), "wb") as f:
            f.write(b"Subject: x\n\n")
        self.assertIn("1 left out", self.rookery("import", "maildir", user, maildir, code=1))
        self.assertEqual([m[0] for m in look(self.node, user, "INBOX")], [b"Subject: x\r\n\r\n"])

    def test_a_full_account_takes_no_part_of_a_batch(self):
        user = self.node.accounts[6]
        self.rookery("account", "change", user, "--quota-messages", "5")
        box = self.path("ten.mbox")
        with open(box, "wb") as f:
            for i in range(10):
                f.write(b"From x Sat Mar  5 09:34:01 2016\nSubject: %d\n\nx\n\n" % i)
        self.assertIn("mailbox is full", self.rookery("import", "mbox", user, box, code=1))
        self.assertEqual(count(self.node, user, "INBOX"), 0)
        self.rookery("account", "change", user, "--quota-messages", "100")
        self.assertEqual(self.counts("import", "mbox", user, box)["messages"], 10)


if __name__ == "__main__":
    unittest.main(verbosity=1)
