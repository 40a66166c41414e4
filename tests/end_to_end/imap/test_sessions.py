"""Several sessions on one mailbox: who is told what, and when (RFC 3501 §5.5, RFC 2180)."""
import threading
from peer import *


class Sessions(Case):
    def two(self, count):
        a = self.filled(count)
        b = self.peer()
        b.ok("SELECT " + self.box)
        return a, b

    def test_new_mail_flags_and_expunges_come_with_noop(self):
        a, b = self.two(3)
        a.ok("STORE 2 +FLAGS (\\Flagged)")
        a.append(self.box, mail(4))
        got = b.ok("NOOP")
        self.assertEqual(got.number("EXISTS"), 4)
        self.assertIn(b"\\Flagged", b"".join(got.of("FETCH")))
        a.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        a.ok("EXPUNGE")
        got = b.ok("NOOP")
        self.assertEqual(got.of("EXPUNGE"), [b"* 1 EXPUNGE\r\n"])
        self.assertIn(b"* 1 FETCH (UID 2)", b.ok("FETCH 1 UID").all())

    def test_no_expunge_during_fetch_store_or_search_by_number(self):
        a, b = self.two(4)
        a.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        a.ok("EXPUNGE")
        for command in ("FETCH 2:4 FLAGS", "STORE 2:4 +FLAGS (x)", "SEARCH ALL", "SORT (ARRIVAL) UTF-8 ALL"):
            got = b.cmd(command)
            self.assertEqual(got.of("EXPUNGE"), [], command)
        # The numbers are still the old ones.
        self.assertIn(b"* 4 FETCH (UID 4)", b.ok("FETCH 4 UID").all())
        self.assertEqual(b.ok("SEARCH ALL").numbers(), [2, 3, 4])
        self.assertTrue(b.ok("UID SEARCH ALL").of("EXPUNGE"))
        self.assertEqual(b.ok("SEARCH ALL").numbers(), [1, 2, 3])

    def test_a_message_that_is_gone_is_not_fetched_and_not_copied(self):
        a, b = self.two(3)
        a.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
        a.ok("EXPUNGE")
        got = b.cmd("FETCH 1:3 BODY.PEEK[]")
        self.assertEqual(got.status, "OK")
        self.assertIn("EXPUNGEISSUED", got.text)
        self.assertEqual(got.literals(), [mail(1), mail(3)])
        got = b.cmd("FETCH 2 FLAGS")
        self.assertEqual((got.status, got.of("FETCH")), ("NO", []))
        self.assertEqual(b.cmd("STORE 1:3 +FLAGS.SILENT (\\Seen)").status, "OK")
        got = b.cmd("COPY 2:3 " + self.box)
        self.assertEqual(got.status, "NO")

    def test_flag_changes_of_others_are_not_lost_behind_a_silent_store(self):
        a, b = self.two(2)
        a.ok("STORE 1 +FLAGS (\\Answered)")
        got = b.ok("STORE 1 +FLAGS.SILENT (\\Flagged)")
        told = b"".join(got.of("FETCH") + b.ok("NOOP").of("FETCH"))
        self.assertIn(b"\\Answered", told)

    def test_a_session_is_not_told_its_own_silent_store(self):
        a, _ = self.two(2)
        self.assertEqual(a.ok("STORE 1:2 +FLAGS.SILENT (\\Flagged)").of("FETCH"), [])
        self.assertEqual(a.ok("NOOP").lines, [])

    def test_others_are_told_keywords_by_name(self):
        a, b = self.two(1)
        a.ok("STORE 1 +FLAGS (fresh)")
        got = b.ok("NOOP")
        self.assertIn(b"fresh", b"".join(got.of("FLAGS")))
        self.assertIn(b"fresh", b"".join(got.of("FETCH")))

    def test_a_deleted_mailbox_ends_the_session_in_it(self):
        a, b = self.two(1)
        a.ok("DELETE " + self.box)
        b.send("z NOOP\r\n")
        self.assertIn(b"* BYE", b.until("BYE").all())

    def test_a_renamed_mailbox_stays_selected(self):
        a, b = self.two(2)
        a.ok("RENAME %s %s-new" % (self.box, self.box))
        self.assertEqual(b.ok("UID SEARCH ALL").numbers(), [1, 2])
        b.ok("STORE 1 +FLAGS (\\Seen)")

    def test_many_sessions_at_once_agree_in_the_end(self):
        self.filled(40, selected=False)
        faults = []

        def work(number):
            try:
                p = self.peer()
                p.ok("SELECT " + self.box)
                for i in range(30):
                    k = (number * 7 + i) % 10
                    if k < 4:
                        p.cmd("UID STORE %d +FLAGS (\\Seen k%d)" % (1 + (i * 3) % 40, number % 3))
                    elif k < 6:
                        p.cmd("UID STORE %d +FLAGS.SILENT (\\Deleted)" % (1 + (i * 5 + number) % 40))
                    elif k < 7:
                        p.cmd("EXPUNGE")
                    elif k < 8:
                        p.append(self.box, mail(100 + i))
                    elif k < 9:
                        p.cmd("UID FETCH 1:* (FLAGS)")
                    else:
                        p.cmd("NOOP")
                p.ok("NOOP")
                views.append(p)
            except Exception as e:
                faults.append(repr(e))

        views = []
        threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(faults, [])
        lists = []
        for p in views:
            p.ok("NOOP")
            lists.append(sorted(re.sub(rb" ?\\Recent", b"", l) for l in p.ok("FETCH 1:* (UID FLAGS)").of("FETCH")))
        for l in lists[1:]:
            self.assertEqual(l, lists[0])

    def test_what_a_client_tracks_is_what_is_there(self):
        """A client that follows EXISTS, EXPUNGE and FETCH has the true list after any NOOP."""
        a, b = self.two(30)
        known = list(range(1, 31))
        import random
        r = random.Random(5)
        count = 30
        for step in range(60):
            what = r.randrange(4)
            if what == 0 and len(known) > 3:
                a.ok("UID STORE %d +FLAGS.SILENT (\\Deleted)" % r.choice(a.ok("UID SEARCH ALL").numbers()))
                a.ok("EXPUNGE")
            elif what == 1:
                count += 1
                a.append(self.box, mail(count))
            elif what == 2:
                b.cmd("FETCH 1:* FLAGS")
                continue
            got = b.ok("NOOP")
            for l in got.lines:
                if b"EXPUNGE" in l:
                    del known[int(l.split()[1]) - 1]
                elif b"EXISTS" in l:
                    n = int(l.split()[1])
                    self.assertGreaterEqual(n, len(known))
                    known += [None] * (n - len(known))
            uids = [int(re.search(rb"UID (\d+)", l).group(1)) for l in b.ok("FETCH 1:* UID").of("FETCH")] if known else []
            self.assertEqual(len(uids), len(known))
            self.assertTrue(all(k is None or k == u for k, u in zip(known, uids)), (known, uids))
            known = uids


if __name__ == "__main__":
    unittest.main()
