#!/usr/bin/env python3
"""Rarely tried corners of IMAP: what the RFCs say of names, sections, searches, states and counts."""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "imap"))
from peer import *

NESTED = b"\r\n".join([
    b"From: Ann <ann@outside.test>", b"Subject: outer", b"MIME-Version: 1.0", b'Content-Type: multipart/mixed; boundary="o"', b"",
    b"preamble", b"--o", b"Content-Type: text/plain; charset=utf-8", b"Content-Transfer-Encoding: base64", b"X-Part: first", b"",
    b"SGVsbG8gd29ybGQ=", b"--o", b"Content-Type: message/rfc822", b"Content-Description: forwarded", b"",
    b"From: Bea <bea@outside.test>", b"Subject: inner", b"MIME-Version: 1.0", b'Content-Type: multipart/alternative; boundary="i"', b"",
    b"--i", b"Content-Type: text/plain", b"", b"inner plain", b"--i", b"Content-Type: text/html", b"", b"<p>inner</p>", b"--i--", b"",
    b"--o", b"Content-Type: message/rfc822", b"", b"Subject: simple", b"", b"simple text", b"--o--", b"epilogue", b""])


def words(line):
    return re.search(rb"\(([^)]*)\)", line).group(1).decode().split()


def names(answer, kind="LIST"):
    return [l.split(b' "/" ', 1)[1].split(b" (")[0].strip().strip(b'"').decode() for l in answer.of(kind)]


class Mailboxes(Case):
    def test_list_pattern_corners(self):
        p, b = self.peer(), self.box
        for n in ("a", "a/b", "a/b/c", "ab", "x.y"):
            p.ok("CREATE %s/%s" % (b, n))
        for reference, pattern, expected in (
                ("", b + "/%", ["a", "ab", "x.y"]), ("", b + "/*b", ["a/b", "ab"]), ("", b + "/a%", ["a", "ab"]), ("", b + "/%/%", ["a/b"]),
                ("", b + "/*/c", ["a/b/c"]), ("", b + "/a*c", ["a/b/c"]), (b, "/a", ["a"]), (b + "/a", "*", ["a", "a/b", "a/b/c", "ab"]),
                (b + "/", "%b", ["ab"]), ("", b + "/**", ["a", "a/b", "a/b/c", "ab", "x.y"]), ("", b + "/%*%", ["a", "a/b", "a/b/c", "ab", "x.y"]),
                ("", b + "/A", []), ("", b + "/x?y", [])):
            self.assertEqual(sorted(names(p.ok('LIST "%s" "%s"' % (reference, pattern)))), sorted(b + "/" + e for e in expected), (reference, pattern))

    def test_lsub_percent_shows_parents_of_subscribed_names(self):
        # RFC 3501 §6.3.9: with "%", a parent that is not subscribed is shown with \Noselect.
        p, b = self.peer(), self.box
        p.ok("CREATE %s/foo/bar" % b)
        p.ok("SUBSCRIBE %s/foo/bar" % b)
        a = p.ok('LSUB "" "%s/%%"' % b)
        self.assertEqual(names(a, "LSUB"), [b + "/foo"])
        self.assertIn("\\Noselect", words(a.of("LSUB")[0]))
        p.ok("UNSUBSCRIBE %s/foo/bar" % b)
        self.assertEqual(names(p.ok('LSUB "" "%s/%%"' % b), "LSUB"), [])

    def test_list_subscribed_recursivematch(self):
        # RFC 5258 §5, examples 4 and 9.
        p, b = self.peer(), self.box
        for n in ("Fruit/Apple", "Fruit/Banana", "Vegetable"):
            p.ok("CREATE %s/%s" % (b, n))
        p.ok("SUBSCRIBE %s/Fruit/Banana" % b)
        p.ok("SUBSCRIBE %s/Fruit/Peach" % b)
        p.ok("SUBSCRIBE %s/Vegetable" % b)
        a = p.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" "%s/%%"' % b)
        rows = {names(Answer("", "", [l]))[0]: l for l in a.of("LIST")}
        self.assertEqual(sorted(rows), [b + "/Fruit", b + "/Vegetable"])
        self.assertRegex(rows[b + "/Fruit"], rb'\("?CHILDINFO"? \("SUBSCRIBED"\)\)')
        self.assertNotIn("\\Subscribed", words(rows[b + "/Fruit"]))
        self.assertIn("\\Subscribed", words(rows[b + "/Vegetable"]))
        self.assertEqual(p.cmd('LIST (RECURSIVEMATCH) "" "*"').status, "BAD")
        self.assertEqual(p.cmd('LIST (RECURSIVEMATCH REMOTE) "" "*"').status, "BAD")
        p.ok("UNSUBSCRIBE %s/Fruit/Peach" % b)
        p.ok("UNSUBSCRIBE %s/Fruit/Banana" % b)
        p.ok("UNSUBSCRIBE %s/Vegetable" % b)

    def test_rename_takes_children_along_and_leaves_subscriptions(self):
        p, b = self.peer(), self.box
        p.ok("CREATE %s/old/deep/er" % b)
        p.append(b + "/old/deep/er", mail(1))
        p.ok("SUBSCRIBE %s/old/deep/er" % b)
        before = p.ok("SELECT %s/old/deep/er" % b)
        p.ok("UNSELECT")
        p.ok("RENAME %s/old %s/new/made" % (b, b))
        a = p.ok("SELECT %s/new/made/deep/er" % b)
        self.assertEqual((a.number("EXISTS"), a.code("MAILBOXID")), (1, before.code("MAILBOXID")))
        p.ok("UNSELECT")
        self.assertEqual(p.cmd("SELECT %s/old/deep/er" % b).status, "NO")
        for n in names(p.ok('LSUB "" "%s/*"' % b), "LSUB"):
            p.ok("UNSUBSCRIBE " + n)
        self.assertEqual(p.cmd("RENAME %s %s/inside" % (b, b)).status, "NO")
        self.assertEqual(p.cmd("RENAME %s INBOX" % b).status, "NO")

    def test_create_of_a_trailing_separator_and_case_of_inbox(self):
        p, b = self.peer(), self.box
        p.ok("CREATE %s/t/" % b)
        p.ok("CREATE %s/t/u" % b)
        self.assertEqual(p.cmd("CREATE iNbOx").status, "NO")
        self.assertEqual(p.ok("SELECT inbox").status, "OK")
        p.ok("UNSELECT")
        p.ok("CREATE %s/t/Inbox" % b)
        self.assertEqual(names(p.ok('LIST "" "%s/t/inbox"' % b)), [])

    def test_modified_utf7_both_ways(self):
        p, b = self.peer(), self.box
        q = self.peer()
        q.ok("ENABLE UTF8=ACCEPT")
        for utf7, utf8 in (("&U,BTFw-", "台北"), ("a&-b", "a&b"), ("&2D3eAA-", "😀"), ("~peter", "~peter"), ("&AOkA6A-", "éè"), ("x&AOk-y", "xéy")):
            p.ok('CREATE "%s/%s"' % (b, utf7))
            self.assertEqual(q.ok('SELECT "%s/%s"' % (b, utf8)).status, "OK")
            q.ok("UNSELECT")
            self.assertEqual(names(q.ok('LIST "" "%s/*"' % b)), [b + "/" + utf8])
            self.assertEqual(names(p.ok('LIST "" "%s/*"' % b)), [b + "/" + utf7])
            q.ok('DELETE "%s/%s"' % (b, utf8))
        for bad in ("&AGE-", "&U,BTFw-&U,BTFw-", "&", "&AOk", "x&=-", "&2D0-"):
            a = p.cmd('CREATE "%s/%s"' % (b, bad))
            self.assertIn(a.status, ("NO", "BAD"), bad)

    def test_status_of_the_selected_mailbox_and_of_none(self):
        p = self.filled(3)
        self.assertIn(b"MESSAGES 3", p.ok("STATUS %s (MESSAGES)" % self.box).all())
        self.assertEqual(p.cmd("STATUS %s/none (MESSAGES)" % self.box).status, "NO")
        self.assertEqual(p.cmd("STATUS %s ()" % self.box).status, "BAD")
        self.assertEqual(p.cmd("STATUS %s (NONSENSE)" % self.box).status, "BAD")
        a = p.ok("STATUS %s (MESSAGES UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ MAILBOXID)" % self.box)
        self.assertEqual(a.all().count(b"STATUS"), 1)


class Sections(Case):
    def one(self, octets=NESTED):
        p = self.peer()
        self.assertEqual(p.append(self.box, octets).status, "OK")
        p.ok("SELECT " + self.box)
        return p

    def section(self, p, what):
        a = p.ok("FETCH 1 " + what)
        line = a.of("FETCH")[0]
        found = a.literals()
        if found:
            return found[0]
        m = re.search(rb'\] ?(<\d+>)? (?:"((?:[^"\\]|\\.)*)"|(NIL|\d+))', line) or re.search(rb' (?:<\d+>)?()?(?:"([^"]*)"|(NIL|\d+))\)', line)
        return None if m.group(3) == b"NIL" else m.group(3) if m.group(3) else m.group(2).replace(b'\\"', b'"')

    def test_nested_messages(self):
        p = self.one()
        inner = NESTED[NESTED.index(b"From: Bea"):NESTED.index(b"\r\n--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: simple")]
        header, text = inner.split(b"\r\n\r\n", 1)
        for what, expected in (
                ("BODY.PEEK[1]", b"SGVsbG8gd29ybGQ="),
                ("BODY.PEEK[1.MIME]", b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nX-Part: first\r\n\r\n"),
                ("BODY.PEEK[2]", inner), ("BODY.PEEK[2.HEADER]", header + b"\r\n\r\n"), ("BODY.PEEK[2.TEXT]", text),
                ("BODY.PEEK[2.MIME]", b"Content-Type: message/rfc822\r\nContent-Description: forwarded\r\n\r\n"),
                ("BODY.PEEK[2.1]", b"inner plain"), ("BODY.PEEK[2.1.MIME]", b"Content-Type: text/plain\r\n\r\n"), ("BODY.PEEK[2.2]", b"<p>inner</p>"),
                ("BODY.PEEK[2.HEADER.FIELDS (SUBJECT)]", b"Subject: inner\r\n\r\n"),
                ("BODY.PEEK[2.HEADER.FIELDS.NOT (FROM MIME-Version Content-Type)]", b"Subject: inner\r\n\r\n"),
                ("BODY.PEEK[3]", b"Subject: simple\r\n\r\nsimple text"), ("BODY.PEEK[3.1]", b"simple text"), ("BODY.PEEK[3.TEXT]", b"simple text"),
                ("BODY.PEEK[3.HEADER]", b"Subject: simple\r\n\r\n"),
                ("BODY.PEEK[HEADER.FIELDS.NOT (From MIME-Version Content-Type)]", b"Subject: outer\r\n\r\n"),
                ("BODY.PEEK[HEADER.FIELDS (X-None)]", b"\r\n"), ("BODY.PEEK[TEXT]", NESTED.split(b"\r\n\r\n", 1)[1]),
                ("BODY.PEEK[HEADER]", NESTED.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n"), ("RFC822.HEADER", NESTED.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n"),
                ("BINARY.PEEK[1]", b"Hello world"), ("BINARY.PEEK[1]<6.3>", b"wor")):
            self.assertEqual(self.section(p, what), expected, what)
        self.assertIn(b"BINARY.SIZE[1] 11", p.ok("FETCH 1 BINARY.SIZE[1]").all())
        for missing in ("BODY.PEEK[4]", "BODY.PEEK[1.2]", "BODY.PEEK[2.3]", "BODY.PEEK[1.HEADER]", "BODY.PEEK[9.9.9.9]"):
            self.assertIn(self.section(p, missing), (None, b""), missing)
        structure = p.ok("FETCH 1 BODYSTRUCTURE").of("FETCH")[0]
        self.assertEqual(structure.count(b'"MESSAGE" "RFC822"') + structure.count(b'"message" "rfc822"'), 2)
        for bad in ("BODY[1.]", "BODY[0]", "BODY[MIME]", "BODY[.1]", "BODY[HEADER.FIELDS ()]", "BODY[TEXT.1]", "BODY[1", "BINARY[1.MIME]", "BODY[]<0.0>", "BODY[]<1>", "()",
                    "RFC822.NONSENSE", "(FLAGS", "FLAGS UID"):
            self.assertEqual(p.cmd("FETCH 1 " + bad).status, "BAD", bad)

    def test_partials_beyond_the_end(self):
        p = self.one(mail(1))
        size = len(mail(1))
        for first, count, expected in ((0, 10**6, mail(1)), (size - 1, 10, mail(1)[-1:]), (size, 10, b""), (size + 100, 1, b""), (4294967294, 4294967295, b""), (5, 1, mail(1)[5:6])):
            a = p.ok("FETCH 1 BODY.PEEK[]<%d.%d>" % (first, count))
            self.assertIn(b"BODY[]<%d>" % first, a.all())
            self.assertEqual(a.literals()[0] if a.literals() else self.section(p, "BODY.PEEK[]<%d.%d>" % (first, count)), expected)

    def test_a_single_part_has_part_one_without_children(self):
        p = self.one(mail(1, "plain"))
        self.assertEqual(self.section(p, "BODY.PEEK[1]"), b"plain\r\n")
        self.assertEqual(self.section(p, "BODY.PEEK[1.MIME]") is None, False)
        self.assertIn(self.section(p, "BODY.PEEK[2]"), (None, b""))

    def test_messages_without_header_or_body(self):
        for octets in (b"", b"\r\n", b"\r\nonly a body", b"Subject: only a header", b"Subject: x\r\n", b"no colon at all\r\nnor here\r\n"):
            p = self.peer()
            a = p.append(self.box, octets)
            if octets == b"":
                self.assertIn(a.status, ("NO", "BAD", "OK"))
                if a.status != "OK":
                    continue
            uid = a.code("APPENDUID").split()[1]
            p.ok("SELECT " + self.box)
            a = p.ok("UID FETCH %s (BODY.PEEK[] RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[1])" % uid)
            self.assertIn(b"RFC822.SIZE %d" % len(octets), a.all())
            if octets:
                self.assertEqual(a.literals()[0] if a.literals() else octets, octets)


class Searches(Case):
    def test_charsets(self):
        p = self.filled(1)
        a = p.cmd("SEARCH CHARSET X-NO-SUCH SUBJECT x")
        self.assertEqual(a.status, "NO")
        self.assertIn("BADCHARSET", a.text)
        self.assertEqual(p.cmd("SORT (DATE) X-NO-SUCH ALL").status, "NO")
        self.assertEqual(p.cmd("THREAD REFERENCES X-NO-SUCH ALL").status, "NO")
        self.assertEqual(p.ok("SEARCH CHARSET US-ASCII SUBJECT number").numbers(), [1])

    def test_saved_results(self):
        # RFC 5182 §2.1
        p = self.filled(5)
        p.ok("STORE 2,4 +FLAGS (\\Flagged)")
        self.assertEqual(p.ok("SEARCH $").numbers(), [])
        a = p.ok("SEARCH RETURN (SAVE) FLAGGED")
        self.assertEqual(a.of("SEARCH"), [])
        self.assertEqual([int(l.split()[1]) for l in p.ok("FETCH $ FLAGS").of("FETCH")], [2, 4])
        self.assertEqual(p.ok("SEARCH NOT $").numbers(), [1, 3, 5])
        self.assertEqual(p.ok("UID SEARCH UID $ SUBJECT number").numbers(), [2, 4])
        p.ok("STORE 2 +FLAGS (\\Deleted)")
        p.ok("EXPUNGE")
        self.assertEqual([int(l.split()[1]) for l in p.ok("FETCH $ FLAGS").of("FETCH")], [3])
        self.assertEqual(p.cmd("SEARCH RETURN (SAVE) CHARSET X-NONE SUBJECT x").status, "NO")
        self.assertEqual(p.ok("FETCH $ FLAGS").of("FETCH"), [])
        p.ok("SEARCH RETURN (SAVE MIN) ALL")
        self.assertEqual(len(p.ok("FETCH $ UID").of("FETCH")), 1)
        p.ok("SEARCH RETURN (SAVE MIN MAX) ALL")
        self.assertEqual(len(p.ok("FETCH $ UID").of("FETCH")), 2)
        p.ok("SEARCH RETURN (SAVE MIN COUNT) ALL")
        self.assertEqual(len(p.ok("FETCH $ UID").of("FETCH")), 4)
        p.ok("SELECT " + self.box)
        self.assertEqual(p.ok("FETCH $ UID").of("FETCH"), [])

    def test_esearch_forms(self):
        # RFC 4731 §3.1
        p = self.filled(6)
        p.ok("STORE 2:4,6 +FLAGS.SILENT (\\Flagged)")
        for returns, key, expected in (
                ("()", "FLAGGED", b"ALL 2:4,6"), ("(MIN)", "FLAGGED", b"MIN 2"), ("(MIN MAX)", "FLAGGED", b"MIN 2 MAX 6"), ("(COUNT ALL)", "FLAGGED", None),
                ("(ALL)", "ANSWERED", b""), ("(MIN MAX)", "ANSWERED", b""), ("(COUNT)", "ANSWERED", b"COUNT 0")):
            lines = p.ok("SEARCH RETURN %s %s" % (returns, key)).of("ESEARCH")
            self.assertEqual(len(lines), 1, returns)
            rest = re.sub(rb'^\* ESEARCH \(TAG "[^"]*"\) ?', b"", lines[0]).strip()
            if expected is None:
                self.assertIn(b"COUNT 4", rest)
                self.assertIn(b"ALL 2:4,6", rest)
            else:
                self.assertEqual(rest, expected, returns)
        self.assertIn(b") UID ALL ", p.ok("UID SEARCH RETURN (ALL) FLAGGED").all())
        self.assertEqual(p.cmd("SEARCH RETURN (NONSENSE) ALL").status, "BAD")

    def test_sequence_sets_in_searches(self):
        p = self.filled(4)
        for key, expected in (("2:3", [2, 3]), ("3:2", [2, 3]), ("*", [4]), ("*:3", [3, 4]), ("1,1,2", [1, 2]), ("NOT 1:2", [3, 4]), ("OR 1 OR 2 4", [1, 2, 4]),
                              ("(1:3) (2:4)", [2, 3]), ("UID 1:2", [1, 2]), ("UID 99:*", [4]), ("NOT (OR 1 2)", [3, 4]), ("UID 4294967295", []), ("LARGER 0", [1, 2, 3, 4]), ("SMALLER 1", []),
                              ("HEADER Message-ID \"\"", [1, 2, 3, 4]), ("HEADER X-None \"\"", []), ("BEFORE 1-Jan-1990", []), ("SINCE 1-jan-1990", [1, 2, 3, 4]), ("SENTON 21-Nov-2026", [1, 2, 3, 4]),
                              ("SENTON \"21-Nov-2026\"", [1, 2, 3, 4]), ("OLDER 1000000", []), ("YOUNGER 1000000", [1, 2, 3, 4]), ("NEW", None), ("OLD", None)):
            got = p.ok("SEARCH " + key).numbers()
            if expected is not None:
                self.assertEqual(got, expected, key)
        for bad in ("", "0", "1:", ",1", "1,,2", "a", "SINCE 31-Foo-2020", "LARGER x", "OR 1", "(1", "1)", "NOT", "KEYWORD", "HEADER x", "UID 0", "LARGER -1", "CHARSET UTF-8", "RETURN (ALL)"):
            self.assertEqual(p.cmd("SEARCH " + bad).status, "BAD", bad)

    def test_sort_by_subject_and_thread_by_subject(self):
        # RFC 5256 §2.1 base subjects, §3 ORDEREDSUBJECT
        p = self.peer()
        for i, (subject, day) in enumerate((("beta", 3), ("Re: alpha", 2), ("[list] Fwd: ALPHA (fwd)", 1), ("re[2]: Beta", 4), ("gamma", 5), ("[PATCH]", 6))):
            p.append(self.box, b"Subject: %s\r\nDate: Sun, %d Nov 2026 10:00:00 +0000\r\nFrom: f%d@outside.test\r\n\r\nx\r\n" % (subject.encode(), day, 9 - i),
                     '"0%d-Nov-2026 00:00:00 +0000" ' % (i + 1))
        p.ok("SELECT " + self.box)
        for order, expected in (("SUBJECT", [2, 3, 1, 4, 5, 6]), ("REVERSE SUBJECT", [6, 5, 1, 4, 2, 3]), ("SUBJECT DATE", [3, 2, 1, 4, 5, 6]), ("DATE", [3, 2, 1, 4, 5, 6]),
                                ("REVERSE DATE", [6, 5, 4, 1, 2, 3]), ("FROM", [6, 5, 4, 3, 2, 1]), ("REVERSE ARRIVAL", [6, 5, 4, 3, 2, 1]), ("CC", [1, 2, 3, 4, 5, 6])):
            self.assertEqual(p.ok("SORT (%s) UTF-8 ALL" % order).numbers("SORT"), expected, order)
        a = p.ok("THREAD ORDEREDSUBJECT UTF-8 ALL").of("THREAD")[0]
        self.assertEqual(a.strip(), b"* THREAD (3 2)(1 4)(5)(6)")
        for bad in ("SORT () UTF-8 ALL", "SORT (NONSENSE) UTF-8 ALL", "SORT (REVERSE) UTF-8 ALL", "SORT (DATE) UTF-8", "SORT DATE UTF-8 ALL", "THREAD NONSENSE UTF-8 ALL"):
            self.assertEqual(p.cmd(bad).status, "BAD", bad)

    def test_thread_by_references(self):
        # RFC 5256 §3 REFERENCES: a missing parent, a thread of a reply before its parent.
        p = self.peer()
        for i, (ident, refs, subject) in enumerate((("a", "", "one"), ("b", "<a@x>", "Re: one"), ("c", "<a@x> <b@x>", "Re: one"), ("e", "<gone@x>", "two"), ("f", "<gone@x>", "Re: two"),
                                                    ("h", "<g@x>", "Re: three"), ("g", "", "three"))):
            p.append(self.box, ("Message-ID: <%s@x>\r\n%sSubject: %s\r\nDate: Sun, 1 Nov 2026 10:00:%02d +0000\r\n\r\nx\r\n" % (
                ident, "References: %s\r\n" % refs if refs else "", subject, i)).encode())
        p.ok("SELECT " + self.box)
        a = p.ok("THREAD REFERENCES UTF-8 ALL").of("THREAD")[0].strip()
        self.assertEqual(a, b"* THREAD (1 2 3)((4)(5))(7 6)")


class Appends(Case):
    def test_dates(self):
        p = self.peer()
        for good, shown in (('"17-Jul-1996 02:44:25 -0700"', b'"17-Jul-1996 02:44:25 -0700"'), ('" 1-Feb-2020 00:00:00 +0000"', b'" 1-Feb-2020 00:00:00 +0000"'),
                            ('"29-Feb-2024 23:59:59 +1400"', b'"29-Feb-2024 23:59:59 +1400"'), ('"31-Dec-1969 23:00:00 +0000"', None)):
            a = p.append(self.box, mail(1), good + " ")
            self.assertEqual(a.status, "OK", good)
            p.ok("EXAMINE " + self.box)
            if shown:
                self.assertIn(shown.split(b" ")[0].strip(b'"') or b"1-Feb-2020", p.ok("FETCH * INTERNALDATE").all())
            p.ok("UNSELECT")
        for bad in ('"17-Jul-1996 02:44:25"', '"32-Jan-2020 00:00:00 +0000"', '"1-Foo-2020 00:00:00 +0000"', '"17-Jul-1996 25:44:25 -0700"', '"31-Feb-2020 00:00:00 +0000"', '"17-Jul-96 02:44:25 -0700"', '""'):
            q = self.peer()
            q.send('x APPEND %s %s {3}\r\n' % (self.box, bad))
            self.assertTrue(q.line().startswith(b"x BAD"), bad)

    def test_to_a_missing_mailbox(self):
        a = self.peer().append(self.box + "/none", mail(1))
        self.assertEqual((a.status, a.text[:11]), ("NO", "[TRYCREATE]"))
        self.assertEqual(self.peer().cmd("APPEND %s (\\Seen)" % self.box).status, "BAD")

    def test_literals_with_nul_and_service_goes_on(self):
        p = self.peer()
        a = p.append(self.box, b"Subject: x\r\n\r\na\0b\r\n")
        self.assertIn(a.status, ("NO", "BAD"))
        p.ok("NOOP")
        self.assertIn(b"MESSAGES 0", p.ok("STATUS %s (MESSAGES)" % self.box).all())
        tag = p.begin("CREATE {6+}\r\nab\0cde")
        self.assertIn(p.wait(tag).status, ("NO", "BAD"))

    def test_literals_in_all_places(self):
        p = self.peer()
        p.send("x1 STATUS {%d+}\r\n%s (MESSAGES)\r\n" % (len(self.box), self.box))
        self.assertEqual(p.wait("x1").status, "OK")
        p.send("x2 STATUS {%d}\r\n" % len(self.box))
        self.assertTrue(p.line().startswith(b"+"))
        p.send("%s (MESSAGES)\r\n" % self.box)
        self.assertEqual(p.wait("x2").status, "OK")
        q = Peer()
        q.send('x3 LOGIN {%d+}\r\n%s@%s {%d+}\r\n%s\r\n' % (len(USERS[0] + DOMAIN) + 1, USERS[0], DOMAIN, len(PASSWORD), PASSWORD))
        self.assertEqual(q.wait("x3").status, "OK")
        q.close()

    def test_literals_too_large(self):
        p = self.peer()
        p.send("x1 APPEND %s {99999999999}\r\n" % self.box)
        l = p.line()
        self.assertTrue(l.startswith((b"x1 NO", b"x1 BAD")), l)
        p.ok("NOOP")
        p.send("x2 CREATE {1000000}\r\n")
        self.assertTrue(p.line().startswith((b"x2 NO", b"x2 BAD")))
        p.ok("NOOP")
        p.send(b"x3 CREATE {200000+}\r\n" + b"a" * 200000 + b"\r\n")
        try:
            self.assertIn(p.wait("x3").status, ("NO", "BAD"))
        except EOFError:
            pass


class States(Case):
    def test_numbers_that_are_none(self):
        p = self.filled(2)
        for bad in ("FETCH 0 FLAGS", "FETCH 3 FLAGS", "FETCH 1:0 FLAGS", "STORE 3 +FLAGS (x)", "COPY 3 %s" % self.box, "UID FETCH 0 FLAGS", "FETCH 1:2:3 FLAGS", "FETCH -1 FLAGS", "FETCH 4294967296 FLAGS",
                    "FETCH 1 FLAGS extra", "STORE 1 FLAGS", "FETCH", "UID", "UID NOOP", "UID FETCH", "FETCH 1", "NOOP extra", "EXPUNGE 1", "UID EXPUNGE", "EXAMINE", "SELECT a b"):
            self.assertEqual(p.cmd(bad).status, "BAD", bad)
        for good in ("UID FETCH 999 FLAGS", "UID STORE 999 +FLAGS (x)", "UID COPY 999 %s" % self.box, "UID MOVE 999 %s" % self.box, "UID EXPUNGE 999", "FETCH *:* FLAGS", "FETCH 2:1 FLAGS", "UID FETCH 4294967295 FLAGS"):
            self.assertEqual(p.cmd(good).status, "OK", good)
        self.assertEqual(len(p.ok("UID FETCH 999:* UID").of("FETCH")), 1)

    def test_examine_refuses_changes(self):
        p = self.filled(2)
        a = p.ok("EXAMINE " + self.box)
        self.assertIn("READ-ONLY", a.text)
        for cmd in ("STORE 1 +FLAGS (\\Seen)", "EXPUNGE", "UID EXPUNGE 1", "MOVE 1 " + self.box, "UID STORE 1 FLAGS ()"):
            self.assertEqual(p.cmd(cmd).status, "NO", cmd)
        p.ok("FETCH 1 BODY[]")
        self.assertNotIn(b"Seen", p.ok("FETCH 1 FLAGS").all())
        p.ok("COPY 1 " + self.box)
        p.ok("CLOSE")
        self.assertEqual(p.cmd("FETCH 1 FLAGS").status, "BAD")

    def test_commands_in_wrong_states(self):
        for cmd in ("SELECT INBOX", 'LIST "" "*"', "FETCH 1 FLAGS", "CREATE x", "IDLE", "ENABLE CONDSTORE", "NAMESPACE", "APPEND INBOX {3+}\r\nabc", "UNSELECT", "CLOSE", "STATUS INBOX (MESSAGES)"):
            p = Peer()
            self.assertEqual(p.cmd(cmd).status, "BAD", cmd)
            p.ok("NOOP")
            p.ok("CAPABILITY")
            p.close()
        p = self.peer()
        for cmd in ("FETCH 1 FLAGS", "STORE 1 FLAGS ()", "EXPUNGE", "SEARCH ALL", "COPY 1 x", "CLOSE", "UNSELECT", "CHECK", "UID FETCH 1 FLAGS", "SORT (DATE) UTF-8 ALL", "LOGIN a b",
                    "AUTHENTICATE PLAIN", "STARTTLS"):
            self.assertEqual(p.cmd(cmd).status, "BAD", cmd)

    def test_select_of_the_selected_mailbox_again(self):
        p = self.filled(2)
        p.ok("ENABLE QRESYNC")
        a = p.ok("SELECT " + self.box)
        self.assertIn(b"[CLOSED]", a.all())
        self.assertEqual(a.number("EXISTS"), 2)
        a = p.cmd("SELECT %s/none" % self.box)
        self.assertEqual(a.status, "NO")
        self.assertEqual(p.cmd("FETCH 1 FLAGS").status, "BAD")

    def test_two_sessions_expunge(self):
        p, q = self.filled(6), self.peer()
        q.ok("SELECT " + self.box)
        p.ok("STORE 1,3 +FLAGS.SILENT (\\Deleted)")
        p.ok("EXPUNGE")
        a = q.cmd("STORE 2 +FLAGS (\\Deleted)")
        self.assertEqual(a.of("EXPUNGE"), [])
        a = q.ok("EXPUNGE")
        gone = [int(l.split()[1]) for l in a.of("EXPUNGE")]
        left = [1, 2, 3, 4, 5, 6]
        for n in gone:
            del left[n - 1]
        self.assertEqual(left, [4, 5, 6])
        self.assertEqual(q.ok("UID SEARCH ALL").numbers(), [4, 5, 6])
        a = p.ok("NOOP")
        self.assertEqual([int(l.split()[1]) for l in a.of("EXPUNGE")], [1])

    def test_enable_id_and_namespace(self):
        p = self.peer()
        self.assertRegex(p.ok("ENABLE CONDSTORE X-NONE").all(), rb"\* ENABLED CONDSTORE\r\n")
        self.assertRegex(p.ok("ENABLE X-NONE").all(), rb"\* ENABLED ?\r\n")
        self.assertEqual(p.cmd("ENABLE").status, "BAD")
        self.assertRegex(p.ok("ENABLE QRESYNC").all(), rb"\* ENABLED QRESYNC")
        self.assertRegex(p.ok("ID NIL").all(), rb'\* ID (\(|NIL)')
        self.assertRegex(p.ok('ID ("name" "x" "version" NIL)').all(), rb'\* ID')
        self.assertEqual(p.cmd('ID ("name")').status, "BAD")
        self.assertIn(b"NAMESPACE ((", p.ok("NAMESPACE").all())

    def test_tags_and_spaces(self):
        p = self.peer()
        p.send("a.b-c/1 NOOP\r\n")
        self.assertEqual(p.wait("a.b-c/1").status, "OK")
        p.send("z1 noop\r\nz2 NoOp\r\nz3  NOOP\r\n")
        self.assertEqual(p.wait("z1").status, "OK")
        self.assertEqual(p.wait("z2").status, "OK")
        self.assertIn(p.wait("z3").status, ("BAD", "OK"))
        for bad in (b"+ NOOP\r\n", b"\r\n", b"x\r\n", b"(x NOOP\r\n", b"{3}\r\n"):
            p.send(bad)
        p.send("last NOOP\r\n")
        while not (l := p.line()).startswith(b"last "):
            self.assertRegex(l, rb"^\S+ BAD")

    def test_pipelined_commands_after_a_big_append(self):
        p = self.peer()
        big = mail(1, "x" * 300000)
        p.send(b"a1 APPEND %s {%d+}\r\n%s\r\na2 SELECT %s\r\na3 FETCH 1 (RFC822.SIZE)\r\na4 STORE 1 +FLAGS (\\Deleted)\r\na5 EXPUNGE\r\na6 CLOSE\r\na7 LOGOUT\r\n" % (
            self.box.encode(), len(big), big, self.box.encode()))
        for tag in ("a1", "a2"):
            self.assertEqual(p.wait(tag).status, "OK")
        self.assertIn(b"RFC822.SIZE %d" % len(big), p.wait("a3").all())
        p.wait("a4")
        self.assertEqual(p.wait("a5").of("EXPUNGE"), [b"* 1 EXPUNGE\r\n"])
        self.assertEqual(p.wait("a6").status, "OK")
        self.assertEqual(p.wait("a7").status, "OK")

    def test_idle_tells_several_messages_and_expunges(self):
        p, q = self.filled(1), self.peer()
        tag = p.idle()
        for i in range(5):
            q.append(self.box, mail(i))
        lines = p.until("6 EXISTS")
        q.ok("SELECT " + self.box)
        q.ok("STORE 1:3 +FLAGS.SILENT (\\Deleted)")
        q.ok("EXPUNGE")
        seen = 0
        while seen < 3:
            seen += p.line().endswith(b"EXPUNGE\r\n")
        self.assertEqual(p.done(tag).status, "OK")
        self.assertEqual(p.ok("UID SEARCH ALL").numbers(), [4, 5, 6])

    def test_compressed_session(self):
        p = self.peer()
        tag = p.begin("COMPRESS DEFLATE")
        self.assertEqual(p.wait(tag).status, "OK")
        p.inflate, p.deflate = zlib.decompressobj(-15), zlib.compressobj(6, zlib.DEFLATED, -15)
        octets = mail(1, "words and words " * 20000)
        self.assertEqual(p.append(self.box, octets).status, "OK")
        p.ok("SELECT " + self.box)
        self.assertEqual(p.ok("FETCH 1 BODY.PEEK[]").literals()[0], octets)
        a = p.cmd("COMPRESS DEFLATE")
        self.assertEqual(a.status, "NO")
        self.assertIn("COMPRESSIONACTIVE", a.text)
        q = self.peer()
        self.assertIn(q.cmd("COMPRESS NONSENSE").status, ("NO", "BAD"))


class Quotas(Case):
    def test_over_quota(self):
        import subprocess
        program, node, user = os.environ.get("ROOKERY_PROGRAM"), os.environ.get("ROOKERY_NODE"), USERS[1]
        if not program or not node:
            self.skipTest("the server's program is not known")
        change = lambda *words: subprocess.run([program, "--node", node, "account", "change", "%s@%s" % (user, DOMAIN), *words], check=True, stdout=subprocess.DEVNULL)
        p = self.peer(user)
        p.ok("CREATE " + self.box)
        change("--quota", "20000")
        try:
            p.ok("NOOP")
            self.assertRegex(p.ok("GETQUOTAROOT INBOX").all(), rb"STORAGE \d+ (19|20)\b")
            statuses = [p.append(self.box, mail(i, "x" * 5000)) for i in range(6)]
            self.assertEqual(statuses[0].status, "OK")
            self.assertEqual(statuses[-1].status, "NO")
            self.assertIn("OVERQUOTA", statuses[-1].text)
            p.ok("SELECT " + self.box)
            a = p.cmd("COPY 1:* " + self.box)
            self.assertEqual((a.status, "OVERQUOTA" in a.text), ("NO", True))
            p.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
            p.ok("EXPUNGE")
            self.assertEqual(p.append(self.box, mail(9, "x" * 5000)).status, "OK")
        finally:
            change("--quota", "0")
            p.cmd("UNSELECT")
            p.cmd("DELETE " + self.box)


class Loads(Case):
    def test_ten_thousand_messages_and_a_slow_reader(self):
        p = self.peer()
        one = mail(1)
        p.append(self.box, one)
        p.ok("SELECT " + self.box)
        count = 1
        while count < 10000:
            n = min(count, 10000 - count)
            p.ok("COPY 1:%d %s" % (n, self.box))
            p.ok("NOOP")
            count += n
        slow = Peer(USERS[0])
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        slow.ok("SELECT " + self.box)
        tag = slow.begin("FETCH 1:* (UID FLAGS BODY.PEEK[])")
        q = self.peer()
        q.ok("SELECT " + self.box)
        for i in range(30):
            q.ok("STORE %d +FLAGS (\\Seen)" % (i * 300 + 1))
            q.ok("UID FETCH %d BODY.PEEK[]" % (i + 1))
        q.ok("STORE 5000:5009 +FLAGS.SILENT (\\Deleted)")
        q.ok("EXPUNGE")
        a = slow.wait(tag)
        rows = a.of("FETCH")
        self.assertEqual(a.of("EXPUNGE"), [])
        uids = [int(re.search(rb"UID (\d+)", l).group(1)) for l in rows if b"BODY" in l]
        self.assertGreaterEqual(len(uids), 9990)
        self.assertEqual(uids, sorted(set(uids)))
        self.assertEqual(len(slow.ok("NOOP").of("EXPUNGE")), 10)
        slow.close()


if __name__ == "__main__":
    unittest.main()
