"""CONDSTORE and QRESYNC (RFC 7162)."""
from peer import *


def modseq_of(answer):
    return int(re.search(rb"MODSEQ \((\d+)\)", answer.all()).group(1))


class Condstore(Case):
    def test_modseq_grows_with_each_change(self):
        p = self.filled(2)
        first = modseq_of(p.ok("FETCH 1 MODSEQ"))
        p.ok("STORE 1 +FLAGS (\\Seen)")
        second = modseq_of(p.ok("FETCH 1 MODSEQ"))
        self.assertGreater(second, first)
        p.ok("STORE 1 +FLAGS (\\Seen)")
        self.assertEqual(modseq_of(p.ok("FETCH 1 MODSEQ")), second)

    def test_unchangedsince_refuses_what_others_changed(self):
        p = self.filled(3)
        q = self.peer()
        high = int(p.ok("STATUS %s (HIGHESTMODSEQ)" % self.box).of("STATUS")[0].split()[-1].strip(b")\r\n"))
        q.ok("SELECT " + self.box)
        q.ok("STORE 2 +FLAGS (\\Flagged)")
        a = p.cmd("STORE 1:3 (UNCHANGEDSINCE %d) +FLAGS (mine)" % high)
        self.assertEqual(a.code("MODIFIED"), "2")
        self.assertEqual(p.ok("SEARCH KEYWORD mine").numbers(), [1, 3])
        self.assertEqual(p.cmd("UID STORE 2 (UNCHANGEDSINCE %d) +FLAGS (mine)" % high).code("MODIFIED"), "2")

    def test_changedsince_gives_only_what_changed(self):
        p = self.filled(5)
        before = int(p.ok("STATUS %s (HIGHESTMODSEQ)" % self.box).of("STATUS")[0].split()[-1].strip(b")\r\n"))
        p.ok("STORE 2,4 +FLAGS.SILENT (\\Seen)")
        a = p.ok("FETCH 1:* (FLAGS) (CHANGEDSINCE %d)" % before)
        self.assertEqual([int(l.split()[1]) for l in a.of("FETCH")], [2, 4])
        self.assertIn(b"MODSEQ", a.all())
        a = p.ok("SEARCH MODSEQ %d" % (before + 1))
        self.assertEqual(a.numbers(), [2, 4])
        self.assertIn(b"(MODSEQ ", a.all())

    def test_once_enabled_changes_carry_modseq_even_if_silent(self):
        p, q = self.filled(1), self.peer()
        p.ok("ENABLE CONDSTORE")
        a = p.ok("STORE 1 +FLAGS.SILENT (\\Seen)")
        self.assertIn(b"MODSEQ", a.all())
        q.ok("SELECT %s (CONDSTORE)" % self.box)
        p.ok("STORE 1 -FLAGS (\\Seen)")
        self.assertIn(b"MODSEQ", b"".join(q.ok("NOOP").of("FETCH")))

    def test_expunge_says_the_new_highestmodseq(self):
        p = self.filled(2)
        p.ok("ENABLE QRESYNC")
        p.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        a = p.ok("EXPUNGE")
        self.assertEqual(a.of("VANISHED"), [b"* VANISHED 1\r\n"])
        self.assertRegex(a.code("HIGHESTMODSEQ"), r"^\d+$")

    def test_resynchronization(self):
        p = self.filled(10)
        p.ok("ENABLE QRESYNC")
        a = p.ok("SELECT " + self.box)
        validity, modseq = a.code("UIDVALIDITY"), a.code("HIGHESTMODSEQ")
        q = self.peer()
        q.ok("SELECT " + self.box)
        q.ok("STORE 3,5,7 +FLAGS.SILENT (\\Deleted)")
        q.ok("EXPUNGE")
        q.ok("UID STORE 8 +FLAGS (\\Answered)")
        q.append(self.box, mail(11))
        p.ok("UNSELECT")
        a = p.ok("SELECT %s (QRESYNC (%s %s))" % (self.box, validity, modseq))
        self.assertEqual(a.of("VANISHED"), [b"* VANISHED (EARLIER) 3,5,7\r\n"])
        rows = a.of("FETCH")
        self.assertEqual([int(re.search(rb"UID (\d+)", l).group(1)) for l in rows], [8, 11])
        self.assertTrue(all(b"MODSEQ" in l and b"FLAGS" in l for l in rows))
        p.ok("UNSELECT")
        a = p.ok("SELECT %s (QRESYNC (%s %s 1:4))" % (self.box, validity, modseq))
        self.assertEqual(a.of("VANISHED"), [b"* VANISHED (EARLIER) 3\r\n"])
        self.assertEqual(a.of("FETCH"), [])
        p.ok("UNSELECT")
        a = p.ok("SELECT %s (QRESYNC (%d %s))" % (self.box, int(validity) + 1, modseq))
        self.assertEqual(a.of("VANISHED") + a.of("FETCH"), [])
        a = p.ok("UID FETCH 1:6 (FLAGS) (CHANGEDSINCE %s VANISHED)" % modseq)
        self.assertEqual(a.of("VANISHED"), [b"* VANISHED (EARLIER) 3,5\r\n"])
        # "*" does not end before the messages that are asked about, though they were the last.
        modseq = p.ok("STATUS %s (HIGHESTMODSEQ)" % self.box).all().split(b"HIGHESTMODSEQ ")[1].split(b")")[0].decode()
        p.ok("UID STORE 10:11 +FLAGS.SILENT (\\Deleted)")
        p.ok("EXPUNGE")
        a = p.ok("UID FETCH 1:* (FLAGS) (CHANGEDSINCE %s VANISHED)" % modseq)
        self.assertEqual(a.of("VANISHED"), [b"* VANISHED (EARLIER) 10:11\r\n"])
        a = p.ok("UID FETCH 11:* (FLAGS) (CHANGEDSINCE %s VANISHED)" % modseq)
        self.assertEqual(a.of("VANISHED"), [b"* VANISHED (EARLIER) 11\r\n"])

    def test_vanished_comes_to_others_too(self):
        p, q = self.filled(4), self.peer()
        q.ok("ENABLE QRESYNC")
        q.ok("SELECT " + self.box)
        p.ok("STORE 2:3 +FLAGS.SILENT (\\Deleted)")
        p.ok("EXPUNGE")
        a = q.ok("NOOP")
        self.assertEqual(a.of("VANISHED"), [b"* VANISHED 2:3\r\n"])
        self.assertEqual(a.of("EXPUNGE"), [])
        self.assertIn(b"* 2 FETCH (UID 4", q.ok("FETCH 2 UID").all())

    def test_qresync_needs_enable(self):
        p = self.peer()
        self.assertEqual(p.cmd("SELECT %s (QRESYNC (1 1))" % self.box).status, "BAD")


if __name__ == "__main__":
    unittest.main()
