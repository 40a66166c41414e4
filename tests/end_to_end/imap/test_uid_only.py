"""UIDONLY (RFC 9586): no message number in any answer."""
from peer import *


class UidOnly(Case):
    def only(self, count):
        p = self.peer()
        self.assertIn("UIDONLY", p.ok("CAPABILITY").all().decode())
        self.assertEqual(p.ok("ENABLE UIDONLY").of("ENABLED"), [b"* ENABLED UIDONLY\r\n"])
        self.filled(count, selected=False)
        return p, p.ok("SELECT " + self.box)

    def test_rows_are_uidfetch(self):
        p, selected = self.only(3)
        self.assertNotIn(b"[UNSEEN", selected.all())
        self.assertEqual(p.ok("UID FETCH 2:3 (RFC822.SIZE)").lines,
                         [b"* %d UIDFETCH (RFC822.SIZE %d)\r\n" % (n, len(mail(n))) for n in (2, 3)])
        self.assertEqual(p.ok("UID FETCH 3 (UID)").lines, [b"* 3 UIDFETCH (UID 3)\r\n"])
        self.assertEqual(p.ok("UID FETCH 1 (BODY.PEEK[])").literals(), [mail(1)])
        self.assertRegex(p.ok("UID STORE 2 +FLAGS (\\Flagged)").all(), rb"^\* 2 UIDFETCH \(FLAGS \(\\Flagged[^)]*\)\)\r\n$")
        self.assertEqual(p.ok("UID SEARCH UNFLAGGED").numbers(), [1, 3])

    def test_what_others_do_is_told_by_uid(self):
        p, _ = self.only(4)
        q = self.peer()
        q.ok("SELECT " + self.box)
        q.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        q.ok("EXPUNGE")
        q.ok("UID STORE 3 +FLAGS.SILENT (\\Answered)")
        q.append(self.box, mail(5))
        got = p.ok("NOOP")
        self.assertEqual(got.of("VANISHED"), [b"* VANISHED 1\r\n"])
        self.assertEqual(got.of("EXPUNGE") + got.of("FETCH"), [])
        self.assertEqual(got.number("EXISTS"), 4)
        self.assertRegex(got.of("UIDFETCH")[0], rb"^\* 3 UIDFETCH \(FLAGS \(\\Answered")
        p.ok("UID STORE 4 +FLAGS.SILENT (\\Deleted)")
        self.assertEqual(p.ok("EXPUNGE").of("VANISHED"), [b"* VANISHED 4\r\n"])

    def test_moving_and_resynchronizing(self):
        p, selected = self.only(3)
        p.ok("ENABLE QRESYNC")
        modseq, validity = selected.code("HIGHESTMODSEQ"), selected.code("UIDVALIDITY")
        p.ok("CREATE %s.to" % self.box)
        self.assertEqual(p.ok("UID MOVE 2 %s.to" % self.box).of("VANISHED"), [b"* VANISHED 2\r\n"])
        p.ok("UID STORE 3 +FLAGS.SILENT (\\Seen)")
        p.ok("UNSELECT")
        a = p.ok("SELECT %s (QRESYNC (%s %s))" % (self.box, validity, modseq))
        self.assertEqual(a.of("VANISHED"), [b"* VANISHED (EARLIER) 2\r\n"])
        self.assertEqual(a.of("FETCH"), [])
        self.assertRegex(a.of("UIDFETCH")[0], rb"^\* 3 UIDFETCH \(")

    def test_numbers_are_refused(self):
        p, _ = self.only(1)
        for text in ("FETCH 1 FLAGS", "STORE 1 +FLAGS (x)", "SEARCH ALL", "COPY 1 INBOX", "MOVE 1 INBOX", "UID SEARCH 1",
                     "SORT (SIZE) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL"):
            a = p.cmd(text)
            self.assertEqual((a.status, a.code("UIDREQUIRED")), ("BAD", ""), text)


if __name__ == "__main__":
    unittest.main()
