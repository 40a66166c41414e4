"""Parts of large mailboxes: PARTIAL (RFC 9394), ESORT (RFC 5267 §3), UIDBATCHES."""
from peer import *


def esearch(answer):
    lines = answer.of("ESEARCH")
    assert len(lines) == 1, lines
    return re.sub(rb"^\* ESEARCH \(TAG \"t\d+\"\) ?", b"", lines[0]).strip().decode()


class Paging(Case):
    def test_pages_of_a_search(self):
        p = self.filled(10)
        p.ok("STORE 2,4,6,8,10 +FLAGS.SILENT (\\Flagged)")
        self.assertEqual(esearch(p.ok("UID SEARCH RETURN (PARTIAL 1:2) FLAGGED")), "UID PARTIAL (1:2 2,4)")
        self.assertEqual(esearch(p.ok("UID SEARCH RETURN (PARTIAL -1:-2) FLAGGED")), "UID PARTIAL (-1:-2 8,10)")
        self.assertEqual(esearch(p.ok("SEARCH RETURN (PARTIAL 4:9 COUNT) FLAGGED")), "PARTIAL (4:9 8,10) COUNT 5")
        self.assertEqual(esearch(p.ok("SEARCH RETURN (PARTIAL 6:9) FLAGGED")), "PARTIAL (6:9 NIL)")

    def test_what_of_a_page_is_saved(self):
        p = self.filled(10)
        for options, saved in (("PARTIAL 3:4", [3, 4]), ("PARTIAL 3:4 MIN", [1, 3, 4]), ("PARTIAL 3:4 MAX", [3, 4, 10]),
                               ("PARTIAL 3:4 MIN MAX", [1, 3, 4, 10]), ("PARTIAL 3:4 COUNT", list(range(1, 11))),
                               ("PARTIAL 11:12", [])):
            p.ok("UID SEARCH RETURN (SAVE %s) ALL" % options)
            self.assertEqual(p.ok("UID SEARCH $").numbers(), saved, options)

    def test_pages_of_a_fetch(self):
        p = self.filled(6)
        uids = lambda a: [int(re.search(rb"UID (\d+)", l).group(1)) for l in a.of("FETCH")]
        self.assertEqual(uids(p.ok("UID FETCH 2:* (FLAGS) (PARTIAL -1:-3)")), [4, 5, 6])
        self.assertEqual(uids(p.ok("UID FETCH 2,4,6 (FLAGS) (PARTIAL 2:9)")), [4, 6])
        self.assertEqual(uids(p.ok("UID FETCH 1:* (FLAGS) (PARTIAL 7:9)")), [])
        # Only what is shown becomes \Seen.
        p.ok("UID FETCH 1:* (BODY[TEXT]) (PARTIAL 2:1)")
        self.assertEqual(p.ok("UID SEARCH SEEN").numbers(), [1, 2])
        # The page first, then CHANGEDSINCE.
        before = int(p.ok("STATUS %s (HIGHESTMODSEQ)" % self.box).of("STATUS")[0].split()[-1].strip(b")\r\n"))
        p.ok("STORE 1,5 +FLAGS.SILENT (x)")
        self.assertEqual(uids(p.ok("UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d PARTIAL -1:-3)" % before)), [5])

    def test_extended_sort(self):
        p = self.peer()
        for n, words in ((1, "x" * 300), (2, "x"), (3, "x" * 200), (4, "x" * 100)):
            p.append(self.box, mail(n, words))
        p.ok("SELECT " + self.box)
        self.assertIn("ESORT", p.ok("CAPABILITY").all().decode())
        self.assertEqual(esearch(p.ok("UID SORT RETURN () (SIZE) UTF-8 ALL")), "UID ALL 2,4,3,1")
        self.assertEqual(esearch(p.ok("SORT RETURN (MIN MAX COUNT) (REVERSE SIZE) UTF-8 ALL")), "MIN 1 MAX 2 COUNT 4")
        self.assertEqual(esearch(p.ok("SORT RETURN (PARTIAL 2:3) (SIZE) UTF-8 ALL")), "PARTIAL (2:3 4,3)")
        self.assertEqual(esearch(p.ok("SORT RETURN (PARTIAL -1:-2) (SIZE) UTF-8 ALL")), "PARTIAL (-1:-2 3,1)")
        self.assertEqual(esearch(p.ok("SORT RETURN (ALL) (SIZE) UTF-8 FLAGGED")), "")
        p.ok("UID SORT RETURN (SAVE PARTIAL 1:2) (SIZE) UTF-8 ALL")
        self.assertEqual(p.ok("UID SEARCH $").numbers(), [2, 4])

    def test_uid_batches(self):
        p = self.peer()
        p.ok("SELECT " + self.box)
        batches = lambda text: re.sub(rb"^\* UIDBATCHES \(TAG \"t\d+\"\) ?", b"", p.ok(text).of("UIDBATCHES")[0]).strip().decode()
        self.assertEqual(batches("UIDBATCHES 500"), "")
        one = mail(1, "x")
        text = b"".join(b" {%d+}\r\n%s" % (len(one), one) for _ in range(601))
        for _ in range(2):
            p.send(b"a APPEND %s%s\r\n" % (self.box.encode(), text))
            self.assertEqual(p.wait("a").status, "OK")
        p.ok("NOOP")
        self.assertEqual(batches("UIDBATCHES 500"), "1202:703,702:203,202:1")
        self.assertEqual(batches("UIDBATCHES 500 2:3"), "702:203,202:1")
        self.assertEqual(batches("UIDBATCHES 500 1:1"), "1202:703")
        self.assertEqual(batches("UIDBATCHES 500 4:9"), "")
        self.assertEqual(batches("UIDBATCHES 4294967295"), "1202:1")
        p.ok("UID STORE 200:210,1202 +FLAGS.SILENT (\\Deleted)")
        p.ok("EXPUNGE")
        # 1,190 messages are left; the gap 200:210 lies in the second batch.
        self.assertEqual(batches("UIDBATCHES 595"), "1201:607,606:1")


if __name__ == "__main__":
    unittest.main()
