"""MESSAGELIMIT and SAVELIMIT (RFC 9738): the newest messages come first, and what is left is said."""
import imaplib
from own import *


class MessageLimit(Case):
    one = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        c = login(cls.node)
        for n in range(1, 31):
            m = b"Subject: number %d\r\n\r\nBody.\r\n" % n
            c.send(b"p APPEND INBOX {%d+}\r\n" % len(m) + m + b"\r\n")
            while not (l := c.line()).startswith(b"p "):
                assert l
            assert b"p OK" in l, l
        c.close()

    def limit(self, messages, saved=0):
        for key, value in (("imap.messages_max", messages), ("imap.saved_max", saved)):
            done = self.node.run("settings", "set", key, str(value))
            self.assertEqual(done.returncode, 0, done.stdout)

    def box(self, name, count):
        """A session that has a fresh mailbox with copies of the first messages selected."""
        self.limit(0)
        c = login(self.node)
        imap(c, "CREATE " + name)
        imap(c, "SELECT INBOX")
        self.assertTrue(imap(c, "UID COPY 1:%d %s" % (count, name))[-1].startswith(b"t OK"))
        c.close()

    def session(self, box="INBOX"):
        """A session keeps the settings that it began with."""
        c = login(self.node)
        self.assertTrue(imap(c, "SELECT " + box)[-1].startswith(b"t OK"))
        return c

    def uids(self, lines):
        return [int(l.split(b"UID ")[1].split(b")")[0].split()[0]) for l in lines if b" FETCH (" in l]

    def test_it_is_offered(self):
        for messages, saved, want, other in ((1000, 0, "MESSAGELIMIT=1000", "SAVELIMIT"), (0, 2000, "SAVELIMIT=2000", "MESSAGELIMIT"),
                                             (1000, 2000, "MESSAGELIMIT=1000", "SAVELIMIT"), (0, 0, "", "LIMIT=1000")):
            self.limit(messages, saved)
            with imaplib.IMAP4("127.0.0.1", self.node.port("imap")) as c:
                c.login(self.node.accounts[0], self.node.password)
                words = c.capability()[1][0].decode()
                self.assertIn(want, words)
                self.assertNotIn(other, words)
        self.assertNotEqual(self.node.run("settings", "set", "imap.messages_max", "-1").returncode, 0)

    def test_fetch(self):
        self.limit(10)
        c = self.session()
        lines = imap(c, "UID FETCH 1:* (UID)")
        self.assertEqual(sorted(self.uids(lines)), list(range(21, 31)))
        self.assertTrue(lines[-1].startswith(b"t OK [MESSAGELIMIT 10 21]"), lines)
        lines = imap(c, "FETCH 1:15 (UID)")
        self.assertEqual(sorted(self.uids(lines)), list(range(6, 16)))
        self.assertTrue(lines[-1].startswith(b"t OK [MESSAGELIMIT 10 6]"), lines)
        lines = imap(c, "FETCH 1:10 (UID)")
        self.assertEqual((len(self.uids(lines)), lines[-1][:7]), (10, b"t OK FE"))
        lines = imap(c, "UID FETCH 1:* (UID) (PARTIAL -1:-11)")
        self.assertTrue(lines[-1].startswith(b"t NO [MESSAGELIMIT 10]"), lines)
        self.assertEqual(self.uids(imap(c, "UID FETCH 1:* (UID) (PARTIAL 1:3)")), [1, 2, 3])
        c.close()

    def test_search(self):
        self.limit(10)
        c = self.session()
        for program, want, end in (("ALL", range(21, 31), b"t OK [MESSAGELIMIT 10 21]"), ("SUBJECT number", range(21, 31), b"t OK [MESSAGELIMIT 10 21]"),
                                   ('SUBJECT "number 3"', [30], b"t OK [MESSAGELIMIT 10 21]"), ("UIDBEFORE 11", range(1, 11), b"t OK SEARCH"),
                                   ("UIDBEFORE 12 SUBJECT number", range(2, 12), b"t OK [MESSAGELIMIT 10 2]"), ("UIDAFTER 25", range(26, 31), b"t OK SEARCH"),
                                   ("UIDAFTER 30", [], b"t OK SEARCH"), ("UIDBEFORE 1", [], b"t OK SEARCH"), ("UIDAFTER 4294967295", [], b"t OK SEARCH"),
                                   ("UIDAFTER 3 UIDBEFORE 6", [4, 5], b"t OK SEARCH")):
            lines = imap(c, "UID SEARCH " + program)
            self.assertEqual([int(x) for x in lines[0].split()[2:]], list(want), program)
            self.assertTrue(lines[-1].startswith(end), (program, lines[-1]))
        imap(c, "UID SEARCH RETURN (SAVE) ALL")
        self.assertEqual(len(self.uids(imap(c, "UID FETCH $ (UID)"))), 10)
        for sort in ("UID SORT (SIZE) UTF-8 ALL", "UID THREAD REFERENCES UTF-8 ALL"):
            self.assertTrue(imap(c, sort)[-1].startswith(b"t NO [MESSAGELIMIT 10]"), sort)
        self.assertTrue(imap(c, "UID SORT (SIZE) UTF-8 UIDBEFORE 11")[-1].startswith(b"t OK"))
        lines = imap(c, "ESEARCH IN (personal) ALL")
        self.assertTrue(lines[-1].startswith(b"t OK [MESSAGELIMIT 10]"), lines)
        self.assertTrue(imap(c, "UID SEARCH UIDBEFORE 0")[-1].startswith(b"t BAD"))
        c.close()

    def test_store_and_move(self):
        self.box("Stored", 15)
        self.limit(10)
        c = self.session("Stored")
        lines = imap(c, "UID STORE 1:* +FLAGS (\\Flagged)")
        self.assertEqual(sorted(self.uids(lines)), list(range(6, 16)))
        self.assertTrue(lines[-1].startswith(b"t OK [MESSAGELIMIT 10 6]"), lines)
        self.assertEqual([int(x) for x in imap(c, "UID SEARCH UIDBEFORE 7 FLAGGED")[0].split()[2:]], [6])
        lines = imap(c, "UID STORE 1:* (UNCHANGEDSINCE 1) -FLAGS.SILENT (\\Flagged)")
        self.assertTrue(any(l.startswith(b"* NO [MESSAGELIMIT 10 6]") for l in lines), lines)
        self.assertIn(b"t OK [MODIFIED", lines[-1])
        imap(c, "CREATE Moved")
        lines = imap(c, "UID MOVE 1:* Moved")
        self.assertTrue(lines[-1].startswith(b"t OK [MESSAGELIMIT 10 6]"), lines)
        lines = imap(c, "UID MOVE 1:* Moved")
        self.assertTrue(lines[-1].startswith(b"t OK MOVE"), lines)
        imap(c, "UNSELECT")
        self.assertIn(b"MESSAGES 15", imap(c, "STATUS Moved (MESSAGES)")[0])
        c.close()

    def test_expunge(self):
        self.box("Gone", 25)
        self.limit(10)
        c = self.session("Gone")
        imap(c, "UID STORE 1:10 +FLAGS.SILENT (\\Deleted)")
        imap(c, "UID STORE 13:18 +FLAGS.SILENT (\\Deleted)")
        lines = imap(c, "UID EXPUNGE 1:*")
        self.assertTrue(lines[-1].startswith(b"t OK [MESSAGELIMIT 10 7]"), lines)
        self.assertEqual(len([l for l in lines if l.endswith(b"EXPUNGE\r\n")]), 10)
        lines = imap(c, "UID EXPUNGE 1:*")
        self.assertTrue(lines[-1].startswith(b"t OK EXPUNGE"), lines)
        imap(c, "UID STORE 19:25 +FLAGS.SILENT (\\Deleted)")
        imap(c, "UID STORE 11:12 +FLAGS.SILENT (\\Deleted)")
        c.close()
        self.limit(3)
        c = self.session("Gone")
        lines = imap(c, "EXPUNGE")  # the plain one is never limited
        self.assertTrue(lines[-1].startswith(b"t OK EXPUNGE"), lines)
        self.assertEqual(len(lines), 10)
        c.close()

    def test_copy_and_append(self):
        for limits in ((10, 0), (0, 10)):
            self.limit(*limits)
            c = self.session()
            imap(c, "CREATE Copies")
            lines = imap(c, "UID COPY 1:* Copies")
            self.assertTrue(lines[-1].startswith(b"t NO [MESSAGELIMIT 10 21]"), lines)
            self.assertTrue(imap(c, "UID COPY 1:10 Copies")[-1].startswith(b"t OK"))
            message = b" {21+}\r\nSubject: x\r\n\r\nBody.\r\n"
            for count, want in ((10, b"t OK"), (11, b"t NO [MESSAGELIMIT 10]")):
                c.send(b"t APPEND Copies" + message * count + b"\r\n")
                while not (l := c.line()).startswith(b"t "):
                    self.assertTrue(l)
                self.assertTrue(l.startswith(want), l)
            self.assertIn(b"MESSAGES 20", imap(c, "STATUS Copies (MESSAGES)")[0])
            self.assertTrue(imap(c, "DELETE Copies")[-1].startswith(b"t OK"))
            c.close()
        self.assertEqual(len(self.uids(imap(c := self.session(), "UID FETCH 1:* (UID)"))), 30)
        c.close()


if __name__ == "__main__":
    unittest.main()
