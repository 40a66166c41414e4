"""SELECT, EXAMINE, CLOSE, UNSELECT, STATUS; what they say and what they leave."""
from peer import *


class Select(Case):
    def test_select_says_what_the_mailbox_holds(self):
        p = self.filled(3, selected=False)
        a = p.ok("SELECT " + self.box)
        self.assertEqual(a.number("EXISTS"), 3)
        self.assertTrue(a.of("FLAGS"))
        self.assertIn("READ-WRITE", a.text)
        self.assertEqual(a.code("UIDNEXT"), "4")
        self.assertEqual(a.code("UNSEEN"), "1")
        self.assertRegex(a.code("UIDVALIDITY"), r"^[1-9]\d*$")
        self.assertRegex(a.code("HIGHESTMODSEQ"), r"^[1-9]\d*$")
        self.assertIn("\\*", a.code("PERMANENTFLAGS"))
        self.assertRegex(a.code("MAILBOXID"), r"^\([A-Za-z0-9_-]+\)$")

    def test_recent_is_seen_by_one_session_only(self):
        self.made.ok("SELECT " + self.box)
        self.made.ok("UNSELECT")
        p = self.filled(2, selected=False)
        first = self.peer().ok("SELECT " + self.box)
        second = self.peer().ok("SELECT " + self.box)
        self.assertEqual((first.number("RECENT"), second.number("RECENT")), (2, 0))
        p.close()

    def test_examine_takes_no_recent_and_changes_nothing(self):
        p = self.filled(1, selected=False)
        a = p.ok("EXAMINE " + self.box)
        self.assertIn("READ-ONLY", a.text)
        self.assertEqual(p.cmd("STORE 1 +FLAGS (\\Deleted)").status, "NO")
        self.assertEqual(p.cmd("EXPUNGE").status, "NO")
        p.ok("FETCH 1 BODY[]")
        self.assertNotIn(b"\\Seen", p.ok("FETCH 1 FLAGS").all())
        p.ok("CLOSE")
        self.assertEqual(self.peer().ok("SELECT " + self.box).number("EXISTS"), 1)

    def test_close_expunges_silently_and_unselect_does_not(self):
        p = self.filled(2)
        p.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        p.ok("UNSELECT")
        self.assertEqual(p.ok("SELECT " + self.box).number("EXISTS"), 2)
        a = p.ok("CLOSE")
        self.assertEqual(a.lines, [])
        self.assertEqual(p.cmd("FETCH 1 FLAGS").status, "BAD")
        self.assertEqual(p.ok("SELECT " + self.box).number("EXISTS"), 1)

    def test_a_failed_select_leaves_nothing_selected(self):
        p = self.filled(1)
        self.assertEqual(p.cmd("SELECT missing-" + self.box).status, "NO")
        self.assertEqual(p.cmd("FETCH 1 FLAGS").status, "BAD")
        # A name that cannot be one is no other failure (RFC 9051 section 6.3.2).
        for name in ("a//b", "&x", '""', '"a\tb"', "/"):
            p.ok("SELECT " + self.box)
            a = p.cmd("SELECT " + name)
            self.assertEqual((a.status, a.code("NONEXISTENT"), a.lines), ("NO", "", [b"* OK [CLOSED] Previous mailbox is closed\r\n"]), name)
            self.assertEqual(p.cmd("FETCH 1 FLAGS").status, "BAD", name)
        p.ok("SELECT " + self.box)
        self.assertEqual(p.cmd("SELECT %s (FOO)" % self.box).status, "BAD")  # that is no SELECT at all
        p.ok("FETCH 1 FLAGS")

    def test_status_counts_without_selecting(self):
        p = self.filled(3, selected=False)
        q = self.peer()
        q.ok("SELECT " + self.box)
        q.ok("STORE 1 +FLAGS (\\Seen)")
        q.ok("STORE 2 +FLAGS (\\Deleted)")
        a = p.ok("STATUS %s (MESSAGES UIDNEXT UNSEEN DELETED SIZE HIGHESTMODSEQ MAILBOXID UIDVALIDITY RECENT APPENDLIMIT DELETED-STORAGE)" % self.box)
        text = a.of("STATUS")[0].decode()
        for part in ("MESSAGES 3", "UIDNEXT 4", "UNSEEN 2", "DELETED 1", "SIZE %d" % sum(len(mail(i)) for i in (1, 2, 3)),
                     "DELETED-STORAGE %d" % len(mail(2))):
            self.assertIn(part, text)

    def test_uidvalidity_differs_when_a_mailbox_is_made_again(self):
        p = self.peer()
        seen = set()
        for _ in range(5):
            seen.add(p.ok("SELECT " + self.box).code("UIDVALIDITY"))
            p.ok("UNSELECT")
            p.ok("DELETE " + self.box)
            p.ok("CREATE " + self.box)
        self.assertEqual(len(seen), 5)

    def test_rev2_select_has_list_and_no_recent(self):
        p = self.peer()
        p.ok("ENABLE IMAP4rev2")
        a = p.ok("SELECT " + self.box)
        self.assertTrue(a.of("LIST"))
        self.assertFalse(a.of("RECENT"))
        self.assertIsNone(a.code("UNSEEN"))


if __name__ == "__main__":
    unittest.main()
