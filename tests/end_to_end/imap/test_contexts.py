"""CONTEXT=SEARCH and CONTEXT=SORT (RFC 5267): a client that follows the updates has the results."""
from peer import *


class Results:
    """What a client of one context knows."""
    def __init__(self, results):
        self.list = list(results)

    def numbers(self, text):
        out = []
        for piece in text.split(","):
            first, _, last = piece.partition(":")
            out += range(int(first), int(last or first) + 1)
        return out

    def take(self, line):
        for item, words in re.findall(r"(ADDTO|REMOVEFROM) \(([^)]*)\)", line):
            words = words.split()
            for place, some in zip(map(int, words[::2]), words[1::2]):
                for n, number in enumerate(self.numbers(some)):
                    if item == "ADDTO":
                        if place == 0:
                            self.list = sorted(self.list + [number])
                        else:
                            self.list.insert(place - 1 + n, number)
                    elif place == 0:
                        self.list.remove(number)
                    else:
                        assert self.list[place - 1] == number, (self.list, line)
                        del self.list[place - 1]

    def take_all(self, answer, tag):
        for l in answer.of("ESEARCH"):
            if ('TAG "%s"' % tag).encode() in l:
                self.take(l.decode())


class Contexts(Case):
    def follow(self, p, results, tag, wanted):
        """Reads news in IDLE until the results are as wanted."""
        idle = p.begin("IDLE")
        lines = []
        while results.list != wanted:
            lines.append(p.line())
            if ('ESEARCH (TAG "%s")' % tag).encode() in lines[-1]:
                results.take(lines[-1].decode())
        p.done(idle)
        return lines

    def test_a_search_by_flags(self):
        p, q = self.filled(5), self.peer()
        q.ok("SELECT " + self.box)
        self.assertIn("CONTEXT=SEARCH CONTEXT=SORT", p.ok("CAPABILITY").all().decode())
        tag = p.begin("UID SEARCH RETURN (UPDATE COUNT) FLAGGED")
        self.assertIn(b"COUNT 0", p.wait(tag).all())
        results = Results([])
        q.ok("UID STORE 2,4 +FLAGS.SILENT (\\Flagged)")
        a = p.ok("NOOP")
        self.assertEqual(a.of("ESEARCH"), [b'* ESEARCH (TAG "%s") UID ADDTO (0 2,4)\r\n' % tag.encode()])
        results.take_all(a, tag)
        q.append(self.box, mail(6), "(\\Flagged) ")
        q.ok("UID STORE 2 -FLAGS.SILENT (\\Flagged)")
        results.take_all(p.ok("NOOP"), tag)
        self.assertEqual(results.list, [4, 6])
        # Its own changes count too, silent or not.
        results.take_all(p.ok("UID STORE 5 +FLAGS.SILENT (\\Flagged)"), tag)
        self.assertEqual(results.list, [4, 5, 6])
        q.ok("UID STORE 4 +FLAGS.SILENT (\\Deleted)")
        q.ok("EXPUNGE")
        a = p.ok("NOOP")
        kinds = [b"REMOVEFROM" if b"REMOVEFROM" in l else b"EXPUNGE" for l in a.lines if b"REMOVEFROM" in l or b"EXPUNGE" in l]
        self.assertEqual(kinds, [b"REMOVEFROM", b"EXPUNGE"])
        results.take_all(a, tag)
        self.assertEqual(results.list, [5, 6])
        self.assertEqual(p.ok("UID SEARCH FLAGGED").numbers(), results.list)
        p.ok('CANCELUPDATE "%s"' % tag)
        q.ok("STORE 1:* -FLAGS.SILENT (\\Flagged)")
        self.assertEqual(p.ok("NOOP").of("ESEARCH"), [])

    def test_a_search_in_texts_tells_by_number(self):
        p, q = self.filled(3), self.peer()
        tag = p.begin("SEARCH RETURN (UPDATE) SUBJECT fresh")
        p.wait(tag)
        q.append(self.box, mail(4).replace(b"Message number", b"A fresh one,"))
        q.append(self.box, mail(5))
        q.append(self.box, mail(6).replace(b"Message number", b"A fresh one,"))
        self.follow(p, Results([]), tag, [4, 6])

    def test_a_command_ends_behind_what_it_means_for_texts_and_orders(self):
        p, q = self.filled(6), self.peer()
        tag = p.begin("SEARCH RETURN (UPDATE) BODY words SEEN")
        p.wait(tag)
        words = lambda text: b'* ESEARCH (TAG "%s") %s\r\n' % (tag.encode(), text)
        self.assertEqual(p.ok("STORE 1,2,5 +FLAGS (\\Seen)").of("ESEARCH"), [words(b"ADDTO (0 1:2,5)")])
        self.assertEqual(p.ok("STORE 1,2 -FLAGS (\\Seen)").of("ESEARCH"), [words(b"REMOVEFROM (0 1:2)")])
        p.ok("STORE 3:6 +FLAGS (\\Deleted)")
        self.assertEqual(p.ok("EXPUNGE").of("ESEARCH"), [words(b"REMOVEFROM (0 5)")])
        q.append(self.box, mail(7), "(\\Seen) ")
        self.assertEqual(p.ok("NOOP").of("ESEARCH"), [words(b"ADDTO (0 3)")])
        p.ok('CANCELUPDATE "%s"' % tag)
        tag = p.begin("UID SORT RETURN (UPDATE) (REVERSE ARRIVAL) UTF-8 ALL")
        p.wait(tag)
        self.assertEqual(p.append(self.box, mail(8)).of("ESEARCH"), [b'* ESEARCH (TAG "%s") UID ADDTO (1 8)\r\n' % tag.encode()])

    def test_an_order_is_kept(self):
        p, q = self.peer(), self.peer()
        sizes = {1: 300, 2: 100, 3: 200, 4: 400}
        for n, size in sizes.items():
            p.append(self.box, mail(n, "x" * size))
        p.ok("SELECT " + self.box)
        q.ok("SELECT " + self.box)
        tag = p.begin("UID SORT RETURN (UPDATE ALL) (SIZE) UTF-8 UNDELETED")
        self.assertIn(b"UID ALL 2,3,1,4", p.wait(tag).all())
        results = Results([2, 3, 1, 4])
        q.append(self.box, mail(5, "x" * 250))
        q.append(self.box, mail(6, "x" * 50))
        self.follow(p, results, tag, [6, 2, 3, 5, 1, 4])
        q.ok("UID STORE 3,4 +FLAGS.SILENT (\\Deleted)")
        self.follow(p, results, tag, [6, 2, 5, 1])
        q.ok("UID STORE 3 -FLAGS.SILENT (\\Deleted)")
        self.follow(p, results, tag, [6, 2, 3, 5, 1])
        q.ok("EXPUNGE")
        self.assertEqual(p.ok("NOOP").of("ESEARCH"), [])
        q.ok("UID STORE 2 +FLAGS.SILENT (\\Deleted)")
        q.ok("EXPUNGE")
        self.follow(p, results, tag, [6, 3, 5, 1])

    def test_new_results_are_shown_first(self):
        p, q = self.filled(1), self.peer()
        tag = p.begin("UID SEARCH RETURN (UPDATE (UID RFC822.SIZE)) FLAGGED")
        p.wait(tag)
        idle = p.idle()
        q.append(self.box, mail(2), "(\\Flagged) ")
        lines = p.until("ADDTO").lines
        self.assertEqual(lines[-2], b"* 2 FETCH (UID 2 RFC822.SIZE %d)\r\n" % len(mail(2)))
        # A change of flags shows nothing more.
        q.ok("SELECT " + self.box)
        q.ok("UID STORE 1 +FLAGS.SILENT (\\Flagged)")
        self.assertNotIn(b"RFC822.SIZE", p.until("ADDTO").all())
        p.done(idle)

    def test_bounds_and_mistakes(self):
        p = self.filled(1)
        p.send('B1 SEARCH RETURN (UPDATE COUNT) SEEN\r\nB1 SORT RETURN (UPDATE) (SIZE) UTF-8 SEEN\r\n')
        self.assertEqual(p.wait("B1").status, "OK")
        self.assertEqual(p.wait("B1").status, "BAD")
        for n in range(2, 17):
            p.send("B%d SEARCH RETURN (UPDATE COUNT) SEEN\r\n" % n)
            self.assertEqual(p.wait("B%d" % n).of("NO"), [])
        p.send("B17 SEARCH RETURN (UPDATE COUNT) SEEN\r\n")
        a = p.wait("B17")
        self.assertEqual((a.status, a.of("NO")), ("OK", [b'* NO [NOUPDATE "B17"] Too many contexts\r\n']))
        self.assertIn(b"COUNT 0", a.all())
        # Contexts end with the selection.
        p.ok("SELECT " + self.box)
        p.ok("STORE 1 +FLAGS.SILENT (\\Seen)")
        self.assertEqual(p.ok("NOOP").of("ESEARCH"), [])


if __name__ == "__main__":
    unittest.main()
