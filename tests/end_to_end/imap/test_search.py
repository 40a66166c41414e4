"""SEARCH: every key, charsets, ESEARCH, SEARCHRES, WITHIN."""
from peer import *


class Search(Case):
    def setUp(self):
        super().setUp()
        p = self.p = self.peer()
        put = lambda m, rest="": self.assertEqual(p.append(self.box, m, rest).status, "OK")
        put(mail(1, "plain apples"), '(\\Seen \\Answered) "01-Jan-2020 12:00:00 +0000" ')
        put(mail(2, "plain pears " + "x" * 2000), '(\\Flagged kw1) "02-Jan-2020 12:00:00 +0000" ')
        put("From: =?utf-8?q?J=C3=BCrgen?= <j@outside.test>\r\nTo: list@example.test\r\nCc: carl@example.test\r\n"
            "Subject: =?iso-8859-1?q?Gr=FC=DFe_aus_K=F6ln?=\r\nX-Odd: yes\r\nDate: Fri, 3 Jan 2020 23:30:00 -0800\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            "w5xiZXJyYXNjaHVuZyBpbSBCcmllZg==\r\n".encode(), '(\\Deleted \\Draft) "03-Jan-2020 12:00:00 +0000" ')
        put(mail(4, "last").replace(b"Subject: Message", b"Bcc: hidden@example.test\r\nSubject: Re: Message"))
        p.ok("SELECT " + self.box)

    def found(self, program):
        return self.p.ok("SEARCH " + program).numbers()

    def test_a_fold_with_a_tab_is_a_space(self):
        p = self.peer()
        p.append(self.box, mail(1).replace(b"Message number 1", b"one\r\n\ttwo three"))
        p.append(self.box, mail(2).replace(b"Message number 2", b"one two three"))
        p.append(self.box, mail(3).replace(b"Message number 3", b"onetwo three"))
        a = p.ok("SELECT " + self.box)
        last = a.number("EXISTS")
        for words in ("one two", "one\ttwo"):
            self.assertEqual(p.ok('SEARCH SUBJECT "%s"' % words).numbers(), [last - 2, last - 1])
        self.assertEqual(p.ok('SEARCH TEXT "one two three"').numbers(), [last - 2, last - 1])

    def test_keys(self):
        table = [("ALL", [1, 2, 3, 4]), ("SEEN", [1]), ("UNSEEN", [2, 3, 4]), ("ANSWERED", [1]), ("UNANSWERED", [2, 3, 4]),
                 ("FLAGGED", [2]), ("UNFLAGGED", [1, 3, 4]), ("DELETED", [3]), ("UNDELETED", [1, 2, 4]), ("DRAFT", [3]),
                 ("UNDRAFT", [1, 2, 4]), ("KEYWORD kw1", [2]), ("UNKEYWORD KW1", [1, 3, 4]), ("KEYWORD none", []),
                 ("LARGER 2000", [2]), ("SMALLER 2000", [1, 3, 4]), ("BEFORE 2-Jan-2020", [1]), ("ON 2-Jan-2020", [2]),
                 ("SINCE 2-Jan-2020 BEFORE 1-Jan-2021", [2, 3]), ("SENTBEFORE 4-Jan-2020", [3]), ("SENTON 3-Jan-2020", [3]),
                 ("SENTSINCE 4-Jan-2020", [1, 2, 4]), ("FROM jürgen", [3]), ("FROM ann@outside", [1, 2, 4]), ("TO bob", [1, 2, 4]),
                 ("CC carl", [3]), ("BCC hidden", [4]), ("SUBJECT \"NUMBER 2\"", [2]), ("HEADER X-Odd \"\"", [3]), ("HEADER X-Odd y", [3]),
                 ("HEADER X-Odd no", []), ("BODY apples", [1]), ("BODY PLAIN", [1, 2]), ("TEXT apples", [1]), ("TEXT outside.test", [1, 2, 3, 4]),
                 ("NOT SEEN", [2, 3, 4]), ("OR SEEN FLAGGED", [1, 2]), ("NOT (OR SEEN FLAGGED)", [3, 4]), ("(SEEN ANSWERED) 1:2", [1]),
                 ("2:3", [2, 3]), ("*", [4]), ("UID 2,4", [2, 4]), ("UID 99", []), ("NOT 1,3", [2, 4]), ("OLDER 1000000", [1, 2, 3]),
                 ("YOUNGER 1000", [4]), ("OR (UID 1) (OR BODY last FROM jürgen)", [1, 3, 4]), ("OLD", []), ("NEW", [2, 3, 4]), ("RECENT", [1, 2, 3, 4])]
        for program, want in table:
            if "ü" in program:
                p, _, rest = program.partition("jürgen")
                program = "CHARSET UTF-8 " + p + "{7+}\r\njürgen" + rest
            self.assertEqual(self.found(program), want, program)

    def test_charsets_and_encoded_words(self):
        for needle in ("grüße", "GRÜSSE AUS KÖLN", "köln"):
            octets = needle.encode()
            want = [3] if needle != "GRÜSSE AUS KÖLN" else None
            got = self.found("CHARSET UTF-8 SUBJECT {%d+}\r\n%s" % (len(octets), needle))
            if want is not None:
                self.assertEqual(got, want, needle)
        self.p.send(b"l1 SEARCH CHARSET ISO-8859-1 SUBJECT {4+}\r\nK\xf6ln\r\n")
        self.assertEqual(self.p.wait("l1").numbers(), [3])
        self.assertEqual(self.found("CHARSET UTF-8 BODY {13+}\r\nüberraschung"), [3])
        a = self.p.cmd("SEARCH CHARSET X-NONE BODY a")
        self.assertEqual(a.status, "NO")
        self.assertIn("BADCHARSET", a.text)

    def test_esearch(self):
        a = self.p.ok("SEARCH RETURN (MIN MAX COUNT ALL) UNSEEN")
        line = a.of("ESEARCH")[0]
        for part in (b"MIN 2", b"MAX 4", b"COUNT 3", b"ALL 2:4"):
            self.assertIn(part, line)
        self.assertIn(b"UID", self.p.ok("UID SEARCH RETURN (ALL) SEEN").of("ESEARCH")[0])
        line = self.p.ok("SEARCH RETURN (MIN COUNT) KEYWORD nowhere").of("ESEARCH")[0]
        self.assertIn(b"COUNT 0", line)
        self.assertNotIn(b"MIN", line)

    def test_saved_results(self):
        self.assertEqual(self.p.ok("SEARCH RETURN (SAVE) UNSEEN").of("SEARCH"), [])
        self.assertEqual(len(self.p.ok("FETCH $ FLAGS").of("FETCH")), 3)
        self.assertEqual(self.found("$ FLAGGED"), [2])
        self.p.ok("UID STORE $ +FLAGS.SILENT (picked)")
        self.assertEqual(self.found("KEYWORD picked"), [2, 3, 4])
        self.p.ok("SEARCH RETURN (SAVE MIN) UNSEEN")
        self.assertEqual(self.found("$"), [2])
        self.p.ok("SEARCH RETURN (SAVE) KEYWORD none")
        self.assertEqual(self.p.ok("FETCH $ FLAGS").lines, [])

    def test_object_ids_and_save_dates(self):
        email = re.search(rb"EMAILID \((\w+)\)", self.p.ok("FETCH 2 EMAILID").all()).group(1).decode()
        self.assertEqual(self.found("EMAILID " + email), [2])
        thread = re.search(rb"THREADID \((\w+)\)", self.p.ok("FETCH 3 THREADID").all()).group(1).decode()
        self.assertEqual(self.found("THREADID " + thread), [3])
        self.assertEqual(self.found("SAVEDSINCE 1-Jan-2021"), [1, 2, 3, 4])
        self.assertEqual(self.found("SAVEDBEFORE 1-Jan-2021"), [])

    def test_bad_programs(self):
        for program in ("", "FROBNICATE", "OR SEEN", "(SEEN", "BEFORE 31-Feb-2020", "KEYWORD", "5:", "NOT"):
            self.assertEqual(self.p.cmd("SEARCH " + program).status, "BAD", program)

    def test_rev2_answers_with_esearch(self):
        p = self.peer()
        p.ok("ENABLE IMAP4rev2")
        p.ok("SELECT " + self.box)
        self.assertIn(b"ALL 1:4", p.ok("SEARCH ALL").of("ESEARCH")[0])


class Order(Case):
    def setUp(self):
        super().setUp()
        p = self.p = self.peer()
        for number, (subject, sender, day, ids) in enumerate([("banana", "zoe", 3, ("a", None)), ("Re: apple", "carl", 1, ("b", "x")),
                                                              ("apple", "Bert", 2, ("c", "b")), ("Fwd: Banana", "anna", 4, ("d", "a"))]):
            own, parent = ids
            m = "From: %s <%s@outside.test>\r\nTo: t%d@example.test\r\nSubject: %s\r\nDate: %d Jan 2026 10:00:00 +0000\r\nMessage-ID: <%s@t>\r\n" % (
                sender.title(), sender, 9 - day, subject, day, own)
            if parent:
                m += "References: <%s@t>\r\n" % parent
            arrival = '"0%d-Feb-2026 10:00:00 +0000" ' % (number + 1)
            self.assertEqual(p.append(self.box, (m + "\r\n" + "x" * day * 10 + "\r\n").encode(), arrival).status, "OK")
        p.ok("SELECT " + self.box)

    def sorted(self, keys, rest="ALL"):
        return self.p.ok("SORT (%s) UTF-8 %s" % (keys, rest)).numbers("SORT")

    def test_sort(self):
        for keys, want in [("SUBJECT", [2, 3, 1, 4]), ("FROM", [4, 3, 2, 1]), ("DATE", [2, 3, 1, 4]), ("REVERSE DATE", [4, 1, 3, 2]),
                           ("ARRIVAL", [1, 2, 3, 4]), ("REVERSE ARRIVAL", [4, 3, 2, 1]), ("TO", [4, 1, 3, 2]), ("SUBJECT REVERSE DATE", [3, 2, 4, 1]),
                           ("DISPLAYFROM", [4, 3, 2, 1]), ("SIZE", None)]:
            if want is not None:
                self.assertEqual(self.sorted(keys), want, keys)
        sizes = [int(re.search(rb"SIZE (\d+)", l).group(1)) for l in self.p.ok("FETCH 1:* RFC822.SIZE").of("FETCH")]
        self.assertEqual(self.sorted("SIZE"), sorted(range(1, 5), key=lambda n: sizes[n - 1]))
        self.assertEqual(self.p.ok("UID SORT (DATE) UTF-8 2:3").numbers("SORT"), [2, 3])
        self.assertEqual(self.sorted("SUBJECT", "UID 99"), [])

    def test_thread(self):
        a = self.p.ok("THREAD REFERENCES UTF-8 ALL").of("THREAD")[0]
        self.assertEqual(a.strip(), b"* THREAD (2 3)(1 4)")
        a = self.p.ok("THREAD ORDEREDSUBJECT UTF-8 ALL").of("THREAD")[0]
        self.assertEqual(a.strip(), b"* THREAD (2 3)(1 4)")


if __name__ == "__main__":
    unittest.main()
