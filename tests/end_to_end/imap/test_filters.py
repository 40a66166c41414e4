"""FILTERS (RFC 5466): searches that have a name, kept in annotations; by Python's imaplib too."""
import imaplib
from peer import *


class Filters(Case):
    def setUp(self):
        super().setUp()
        self.p = self.peer()
        for n in range(1, 5):
            self.p.append(self.box, mail(n, "Some words." if n != 3 else "Other words."), "(\\Seen) " if n % 2 else "")
        self.p.ok("SELECT " + self.box)
        self.names = []

    def tearDown(self):
        for n in self.names:
            self.p.cmd('SETMETADATA "" (/private/filters/values/%s NIL)' % n)
        super().tearDown()

    def name(self, short):
        """Filters belong to the account: each test has its own."""
        return "%s-%s" % (short, self.box)

    def set(self, short, value):
        self.names.append(self.name(short))
        return self.p.cmd('SETMETADATA "" (/private/filters/values/%s {%d+}\r\n%s)' % (self.name(short), len(value), value))

    def test_they_stand_for_their_keys(self):
        self.assertIn("FILTERS", self.p.ok("CAPABILITY").all().decode().split())
        self.assertEqual(self.set("unseen", "UNSEEN").status, "OK")
        self.assertEqual(self.set("words", "OR BODY other FILTER " + self.name("unseen")).status, "OK")
        found = lambda keys: self.p.ok("SEARCH " + keys).numbers()
        self.assertEqual(found("FILTER " + self.name("unseen")), [2, 4])
        self.assertEqual(found("FILTER " + self.name("words").upper()), [2, 3, 4])
        self.assertEqual(found("NOT FILTER " + self.name("words")), [1])
        self.assertEqual(self.p.ok("SORT (REVERSE SUBJECT) UTF-8 FILTER " + self.name("words")).numbers("SORT"), [4, 3, 2])
        self.assertEqual(self.p.ok("THREAD ORDEREDSUBJECT UTF-8 UID 3 FILTER " + self.name("words")).of("THREAD"), [b"* THREAD (3)\r\n"])
        (line,) = self.p.ok("ESEARCH IN (mailboxes %s) RETURN (COUNT) FILTER %s" % (self.box, self.name("words"))).of("ESEARCH")
        self.assertTrue(line.endswith(b"UID COUNT 3\r\n"), line)
        (line,) = self.p.ok("UID SEARCH RETURN (ALL RELEVANCY) FILTER " + self.name("words")).of("ESEARCH")
        self.assertTrue(line.endswith(b"UID ALL 2:4 RELEVANCY (100 100 100)\r\n"), line)
        with imaplib.IMAP4(HOST, PORT) as c:
            c.login("%s@%s" % (USERS[0], DOMAIN), PASSWORD)
            c.select(self.box)
            self.assertEqual(c.search(None, "FILTER", self.name("words"), "SEEN"), ("OK", [b"3"]))
        # A context goes on with what the filter said when it began.
        tag = self.p.begin("UID SEARCH RETURN (UPDATE) FILTER " + self.name("unseen"))
        self.assertEqual(self.p.wait(tag).status, "OK")
        self.assertEqual(self.p.ok("UID STORE 2 +FLAGS.SILENT (\\Seen)").of("ESEARCH"), [b'* ESEARCH (TAG "%s") UID REMOVEFROM (0 2)\r\n' % tag.encode()])
        self.assertIn(b"OR BODY other", self.p.ok('GETMETADATA "" /private/filters/values/' + self.name("words")).all())

    def test_what_is_not_there(self):
        a = self.p.cmd("SEARCH FILTER nobody-made-it")
        self.assertEqual((a.status, a.code("UNDEFINED-FILTER")), ("NO", "nobody-made-it"))
        self.assertEqual(self.set("loop", "FILTER " + self.name("loop")).status, "OK")
        a = self.p.cmd("SEARCH FILTER " + self.name("loop"))
        self.assertEqual((a.status, a.code("UNDEFINED-FILTER")), ("NO", self.name("loop")))
        for value in ("SUBJECT", "ALL)", "RETURN (COUNT) ALL"):
            self.assertEqual(self.set("bad", value).code("CANNOT"), "", value)
        for wrong in ("SEARCH FILTER", "SEARCH FILTER a/b", "SEARCH FILTER (a)"):
            self.assertEqual(self.p.cmd(wrong).status, "BAD", wrong)
        # Another account has its own.
        self.assertEqual(self.set("mine", "ALL").status, "OK")
        q = self.peer(USERS[1])
        q.ok("SELECT INBOX")
        self.assertEqual(q.cmd("SEARCH FILTER " + self.name("mine")).status, "NO")
        self.assertEqual(self.p.ok('SETMETADATA "" (/private/filters/values/%s NIL)' % self.name("mine")).status, "OK")
        self.assertEqual(self.p.cmd("SEARCH FILTER " + self.name("mine")).status, "NO")


if __name__ == "__main__":
    unittest.main()
