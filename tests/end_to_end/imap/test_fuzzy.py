"""SEARCH=FUZZY (RFC 6203) by Python's imaplib, and with what else changes a search's results."""
import imaplib
from peer import *

TEXTS = [("harbour plans", "Ships leave the harbour."), ("weather", "Rain, and a harbour in the fog."), ("lunch", "Soup harbor harbour harbour."),
         ("budget", "Numbers alone."), ("Harbuor again", "See the subject."), ("receive", "You recieve it.")]


class Fuzzy(Case):
    def setUp(self):
        super().setUp()
        self.p = self.peer()
        for i, (subject, text) in enumerate(TEXTS, 1):
            m = mail(i, text).replace(b"Subject: Message number %d" % i, b"Subject: " + subject.encode())
            self.assertEqual(self.p.append(self.box, m).status, "OK")
        self.p.ok("SELECT " + self.box)

    def esearch(self, command):
        """What ESEARCH says behind its tag, by name."""
        (line,) = self.p.ok(command).of("ESEARCH")
        rest = re.sub(rb'^\* ESEARCH \(TAG "[^"]*"[^)]*\)( UID)?', b"", line).decode().strip()
        return dict(re.findall(r"([A-Z]+) (\([^)]*\)|[^ ]+)", rest))

    def scores(self, text):
        return [int(x) for x in text.strip("()").split()]

    def test_imaplib(self):
        with imaplib.IMAP4(HOST, PORT) as c:
            c.login("%s@%s" % (USERS[0], DOMAIN), PASSWORD)
            self.assertIn(b"SEARCH=FUZZY", c.capability()[1][0].split())
            c.select(self.box)
            self.assertEqual(c.search(None, "FUZZY", "TEXT", "harbour"), ("OK", [b"1 2 3 5"]))
            self.assertEqual(c.search(None, "TEXT", "harbour"), ("OK", [b"1 2 3"]))
            self.assertEqual(c.search(None, "FUZZY", "SUBJECT", "harbour"), ("OK", [b"1 5"]))
            typ, data = c.sort("(RELEVANCY)", "UTF-8", "FUZZY", "BODY", "harbour")
            self.assertEqual((typ, data[0].split()[0]), ("OK", b"3"))

    def test_words_not_substrings(self):
        found = lambda keys: self.p.ok("SEARCH " + keys).numbers()
        table = [("FUZZY BODY harbour", [1, 2, 3]), ("FUZZY BODY arbo", []), ("FUZZY BODY \"fog harbour\"", [2]), ("FUZZY BODY harbuor", [1, 2, 3]),
                 ("FUZZY BODY receive", [6]), ("FUZZY (SUBJECT receive BODY it)", [6]), ("FUZZY OR SUBJECT budget SUBJECT weather", [2, 4]),
                 ("NOT FUZZY TEXT harbour", [4, 6]), ("FUZZY FROM sender", [1, 2, 3, 4, 5, 6]), ("FUZZY TEXT \"...\"", []), ("FUZZY 2:3", [2, 3]),
                 ("FUZZY HEADER Subject again", [5]), ("FUZZY HEADER Message-ID m4@out", [4])]
        for keys, want in table:
            self.assertEqual(found(keys), want, keys)
        self.assertEqual(self.p.ok("THREAD ORDEREDSUBJECT UTF-8 FUZZY SUBJECT budget").of("THREAD"), [b"* THREAD (4)\r\n"])

    def test_relevancy(self):
        r = self.esearch("SEARCH RETURN (RELEVANCY ALL) FUZZY BODY harbour")
        self.assertEqual(r["ALL"], "1:3")
        one, two, three = self.scores(r["RELEVANCY"])
        self.assertTrue(100 >= three > one == two >= 1, r)
        r = self.esearch("SORT RETURN (ALL RELEVANCY) (RELEVANCY REVERSE ARRIVAL) UTF-8 FUZZY TEXT harbour")
        order = self.scores(r["RELEVANCY"])
        self.assertEqual(order, sorted(order, reverse=True))
        self.assertEqual(sorted(r["ALL"].split(",")), ["1", "2", "3", "5"])
        self.assertEqual(r["ALL"].split(",")[-1], "5")  # misspelled there
        r = self.esearch("UID SEARCH RETURN (PARTIAL -1:-1 RELEVANCY) FUZZY BODY harbour")
        self.assertEqual((r["PARTIAL"], r["RELEVANCY"]), ("(-1:-1 3)", "(%d)" % three))
        self.assertEqual(self.esearch("SEARCH RETURN (RELEVANCY COUNT) FUZZY BODY nothing"), {"COUNT": "0", "RELEVANCY": "()"})
        r = self.esearch("ESEARCH IN (mailboxes %s) RETURN (ALL RELEVANCY) FUZZY BODY harbour" % self.box)
        self.assertEqual((r["ALL"], r["RELEVANCY"]), ("1:3", "(%d %d %d)" % (one, two, three)))
        self.assertEqual(self.esearch("SEARCH RETURN (SAVE MAX RELEVANCY) FUZZY BODY harbour"), {"MAX": "3", "RELEVANCY": "(%d)" % three})
        self.assertEqual(self.p.ok("UID SEARCH $").numbers(), [3])
        for wrong in ("SEARCH RETURN (RELEVANCY) BODY harbour", "SORT (RELEVANCY) UTF-8 BODY harbour", "SEARCH FUZZY"):
            self.assertEqual(self.p.cmd(wrong).status, "BAD", wrong)

    def test_a_context_is_followed_but_not_its_relevancy(self):
        tag = self.p.begin("UID SEARCH RETURN (UPDATE COUNT) FUZZY BODY harbour")
        self.assertEqual(self.p.wait(tag).status, "OK")
        q = self.peer()
        q.append(self.box, mail(7, "To the harbor."))
        lines = []
        while not lines:
            lines = self.p.ok("NOOP").of("ESEARCH")
        self.assertEqual(lines, [b'* ESEARCH (TAG "%s") UID ADDTO (0 7)\r\n' % tag.encode()])
        a = self.p.ok("SORT RETURN (UPDATE COUNT) (RELEVANCY) UTF-8 FUZZY BODY harbour")
        self.assertIn(b"NOUPDATE", a.all())
        self.assertIn(b"COUNT 4", a.all())

    def test_uid_only(self):
        self.p.ok("ENABLE UIDONLY")
        r = self.esearch("UID SEARCH RETURN (ALL RELEVANCY) FUZZY BODY harbour")
        self.assertEqual((r["ALL"], len(self.scores(r["RELEVANCY"]))), ("1:3", 3))


if __name__ == "__main__":
    unittest.main()
