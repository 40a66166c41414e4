"""REPLACE (RFC 8508)."""
from peer import *


class Replace(Case):
    def replace(self, p, which, mailbox, message, rest=""):
        p.send(b"r %s %s %s{%d+}\r\n%s\r\n" % (which.encode(), mailbox.encode(), rest.encode(), len(message), message))
        return p.wait("r")

    def test_a_draft_is_saved_again(self):
        p = self.filled(3)
        a = self.replace(p, "REPLACE 2", self.box, mail(22), "(\\Seen \\Draft) ")
        self.assertEqual(a.status, "OK", a)
        code = re.search(r"APPENDUID \d+ (\d+)", a.all().decode())
        self.assertEqual(code.group(1), "4")
        kinds = [l.split(b" ")[1 if l.startswith(b"* OK") else 2].strip() for l in a.lines]
        self.assertEqual(kinds[0], b"OK")
        self.assertEqual(a.of("EXPUNGE"), [b"* 2 EXPUNGE\r\n"])
        self.assertEqual(a.number("EXISTS"), 3)
        got = p.ok("FETCH 3 (UID FLAGS BODY.PEEK[])")
        self.assertEqual(got.literals(), [mail(22)])
        self.assertIn(b"\\Draft", got.all())
        self.assertEqual(p.ok("UID SEARCH ALL").numbers(), [1, 3, 4])

    def test_into_another_mailbox_by_uid(self):
        p = self.filled(2)
        p.ok("ENABLE QRESYNC")
        p.ok("CREATE %s.sent" % self.box)
        a = self.replace(p, "UID REPLACE 1", self.box + ".sent", mail(7))
        self.assertEqual((a.status, a.of("VANISHED")), ("OK", [b"* VANISHED 1\r\n"]))
        modseq = int(a.code("HIGHESTMODSEQ"))
        high = int(p.ok("STATUS %s (HIGHESTMODSEQ)" % self.box).of("STATUS")[0].split()[-1].strip(b")\r\n"))
        self.assertEqual(modseq, high)
        p.ok("SELECT %s.sent" % self.box)
        self.assertEqual(p.ok("FETCH 1 BODY.PEEK[]").literals(), [mail(7)])

    def test_what_fails_takes_nothing_away(self):
        p = self.filled(2)
        self.assertEqual(self.replace(p, "REPLACE 1", self.box + ".none", mail(7)).code("TRYCREATE"), "")
        self.assertEqual(self.replace(p, "REPLACE 3", self.box, mail(7)).status, "NO")
        self.assertEqual(self.replace(p, "UID REPLACE 99", self.box, mail(7)).status, "NO")
        q = self.peer()
        q.ok("SELECT " + self.box)
        q.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        q.ok("EXPUNGE")
        a = self.replace(p, "REPLACE 1", self.box, mail(7))
        self.assertEqual((a.status, a.code("EXPUNGEISSUED")), ("NO", ""))
        self.assertEqual(p.ok("UID SEARCH ALL").numbers(), [2])
        p.ok("EXAMINE " + self.box)
        self.assertEqual(self.replace(p, "REPLACE 1", self.box, mail(7)).code("READ-ONLY"), "")


if __name__ == "__main__":
    unittest.main()
