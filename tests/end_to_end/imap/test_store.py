"""STORE, EXPUNGE, COPY, MOVE."""
from peer import *


class Store(Case):
    def flags(self, p, which="1"):
        return set(re.search(rb"FLAGS \(([^)]*)\)", p.ok("FETCH %s FLAGS" % which).all()).group(1).decode().split()) - {"\\Recent"}

    def test_replace_add_and_remove(self):
        p = self.filled(1)
        p.ok("STORE 1 FLAGS (\\Seen $Mine)")
        self.assertEqual(self.flags(p), {"\\Seen", "$Mine"})
        p.ok("STORE 1 +FLAGS (\\Flagged other)")
        self.assertEqual(self.flags(p), {"\\Seen", "$Mine", "\\Flagged", "other"})
        p.ok("STORE 1 -FLAGS (\\Seen OTHER)")
        self.assertEqual(self.flags(p), {"$Mine", "\\Flagged"})
        p.ok("STORE 1 FLAGS ()")
        self.assertEqual(self.flags(p), set())

    def test_answers_carry_the_new_flags_unless_silent(self):
        p = self.filled(3)
        a = p.ok("STORE 1:3 +FLAGS (\\Seen)")
        self.assertEqual(len(a.of("FETCH")), 3)
        self.assertEqual(p.ok("STORE 1:3 -FLAGS.SILENT (\\Seen)").of("FETCH"), [])
        a = p.ok("UID STORE 2 +FLAGS (\\Seen)")
        self.assertIn(b"UID 2", a.all())

    def test_a_new_keyword_is_announced(self):
        p = self.filled(1)
        a = p.ok("STORE 1 +FLAGS (brandnew)")
        self.assertIn(b"brandnew", b"".join(a.of("FLAGS")))
        self.assertLess(a.lines.index(a.of("FLAGS")[0]), a.lines.index(a.of("FETCH")[0]))

    def test_too_many_keywords_are_refused(self):
        p = self.filled(1)
        refused = [i for i in range(80) if p.cmd("STORE 1 +FLAGS (kw%d)" % i).status == "NO"]
        self.assertEqual(refused, list(range(56, 80)))
        self.assertIn("LIMIT", p.cmd("STORE 1 +FLAGS (kwx)").text)

    def test_expunge_numbers_move_down(self):
        p = self.filled(5)
        p.ok("STORE 1,3,5 +FLAGS.SILENT (\\Deleted)")
        a = p.ok("EXPUNGE")
        # Applied one after the other, they take exactly those three away.
        left = [1, 2, 3, 4, 5]
        for l in a.of("EXPUNGE"):
            del left[int(l.split()[1]) - 1]
        self.assertEqual(left, [2, 4])
        self.assertEqual(p.ok("UID SEARCH ALL").numbers(), [2, 4])

    def test_uid_expunge_takes_only_its_set(self):
        p = self.filled(4)
        p.ok("STORE 1:4 +FLAGS.SILENT (\\Deleted)")
        p.ok("UID EXPUNGE 2:3")
        self.assertEqual(p.ok("UID SEARCH ALL").numbers(), [1, 4])

    def test_copy_keeps_flags_and_dates(self):
        p = self.peer()
        p.append(self.box, mail(1), '(\\Flagged kw) "03-Feb-2021 04:05:06 +0000" ')
        p.ok("CREATE %s/to" % self.box)
        p.ok("SELECT " + self.box)
        a = p.ok("COPY 1 %s/to" % self.box)
        self.assertRegex(a.code("COPYUID"), r"^\d+ 1 1$")
        p.ok("SELECT %s/to" % self.box)
        self.assertEqual(self.flags(p), {"\\Flagged", "kw"})
        a = p.ok("FETCH 1 (INTERNALDATE BODY.PEEK[])")
        self.assertIn(b'" 3-Feb-2021 04:05:06 +0000"', a.all())
        self.assertEqual(a.literals()[0], mail(1))

    def test_copy_to_nowhere_says_trycreate_and_copies_nothing(self):
        p = self.filled(1)
        a = p.cmd("COPY 1 %s/none" % self.box)
        self.assertEqual((a.status, a.text[:11]), ("NO", "[TRYCREATE]"))

    def test_move_expunges_after_copyuid(self):
        p = self.filled(3)
        p.ok("CREATE %s/to" % self.box)
        a = p.ok("MOVE 1:2 %s/to" % self.box)
        self.assertIn(b"COPYUID", a.lines[0])
        self.assertEqual(len(a.of("EXPUNGE")), 2)
        self.assertEqual(p.ok("UID SEARCH ALL").numbers(), [3])
        p.ok("SELECT %s/to" % self.box)
        self.assertEqual(p.ok("FETCH 1:* BODY.PEEK[]").literals(), [mail(1), mail(2)])

    def test_copy_into_the_same_mailbox(self):
        p = self.filled(2)
        a = p.ok("COPY 1:2 " + self.box)
        self.assertEqual(a.number("EXISTS"), 4)

    def test_stores_on_many_messages(self):
        p = self.peer()
        messages = b"".join(b" {%d+}\r\n%s" % (len(mail(i)), mail(i)) for i in range(600))
        p.send(b"m APPEND " + self.box.encode() + messages + b"\r\n")
        self.assertEqual(p.wait("m").status, "OK")
        p.ok("SELECT " + self.box)
        p.ok("STORE 100:300 +FLAGS.SILENT (\\Flagged)")
        self.assertEqual(p.ok("SEARCH FLAGGED").numbers(), list(range(100, 301)))
        p.ok("STORE 1:*,7 +FLAGS.SILENT (\\Deleted)")
        a = p.ok("EXPUNGE")
        self.assertEqual(len(a.of("EXPUNGE")), 600)


if __name__ == "__main__":
    unittest.main()
