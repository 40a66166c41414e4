"""FETCH: octets as stored, sections, BINARY, macros, implicit \\Seen, the odd ends."""
import base64
from peer import *

MULTI = (b"From: a@outside.test\r\nTo: b@example.test\r\nSubject: parts\r\nMIME-Version: 1.0\r\n"
         b"Content-Type: multipart/mixed; boundary=\"xx\"\r\n\r\npreamble\r\n--xx\r\nContent-Type: text/plain; charset=utf-8\r\n"
         b"Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n--xx\r\nContent-Type: application/octet-stream\r\n"
         b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(bytes(range(256))) + b"\r\n--xx\r\n"
         b"Content-Type: message/rfc822\r\n\r\nFrom: inner@outside.test\r\nSubject: inside\r\n\r\ninner text\r\n\r\n--xx--\r\nepilogue\r\n")


class Fetch(Case):
    def one(self, message, items):
        p = self.peer()
        self.assertEqual(p.append(self.box, message).status, "OK")
        p.ok("SELECT " + self.box)
        return p, p.ok("FETCH * " + items)

    def test_octets_come_back_as_they_went(self):
        for size in (0, 1, 5000, 70000, 300000, 2500000):
            text = "x" * 70 + "\r\n"
            message = mail(1, text * (size // 72 + 1)) if size else b"\r\n"
            p, a = self.one(message, "(BODY.PEEK[] RFC822.SIZE)")
            self.assertEqual(a.literals()[0], message, size)
            self.assertIn(b"RFC822.SIZE %d" % len(message), a.all().replace(message, b""))

    def test_sections_of_a_multipart(self):
        p, a = self.one(MULTI, "BODYSTRUCTURE")
        self.assertIn(b'"mixed"', a.all().lower())
        head, body = MULTI.split(b"\r\n\r\n", 1)
        for section, want in [("HEADER", head + b"\r\n\r\n"), ("TEXT", body), ("1", b"Gr=C3=BC=C3=9Fe"),
                              ("1.MIME", b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"),
                              ("3.HEADER", b"From: inner@outside.test\r\nSubject: inside\r\n\r\n"), ("3.1", b"inner text\r\n"),
                              ("3.HEADER.FIELDS (SUBJECT)", b"Subject: inside\r\n\r\n"),
                              ("HEADER.FIELDS (from Subject)", b"From: a@outside.test\r\nSubject: parts\r\n\r\n"),
                              ("HEADER.FIELDS.NOT (From To Subject MIME-Version)", b"Content-Type: multipart/mixed; boundary=\"xx\"\r\n\r\n")]:
            a = p.ok("FETCH 1 BODY.PEEK[%s]" % section)
            self.assertEqual(a.literals()[0] if a.literals() else a.all(), want, section)
        self.assertIn(b"NIL", p.ok("FETCH 1 BODY.PEEK[9]").all())

    def test_binary_undoes_the_transfer_encoding(self):
        p, a = self.one(MULTI, "(BINARY.PEEK[2] BINARY.SIZE[2])")
        self.assertEqual(a.literals()[0], bytes(range(256)))
        self.assertIn(b"~{256}", a.all())
        self.assertIn(b"BINARY.SIZE[2] 256", a.all())
        self.assertEqual(p.ok("FETCH 1 BINARY.PEEK[1]").literals()[0], "Grüße".encode())
        self.assertEqual(p.ok("FETCH 1 BINARY.PEEK[2]<10.5>").literals()[0], bytes(range(10, 15)))

    def test_an_unknown_encoding_is_refused_for_binary(self):
        m = MULTI.replace(b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: x-none")
        p = self.peer()
        p.append(self.box, m)
        p.ok("SELECT " + self.box)
        a = p.cmd("FETCH 1 BINARY.PEEK[2]")
        self.assertEqual(a.status, "NO")
        self.assertIn("UNKNOWN-CTE", a.text)
        # A size is a number whatever it is the size of (RFC 9051 section 9); what is not there has none.
        a = p.cmd("FETCH 1 BINARY.SIZE[2]")
        self.assertEqual((a.status, a.lines), ("NO", [b"* 1 FETCH (BINARY.SIZE[2] 0)\r\n"]))
        self.assertEqual(p.ok("FETCH 1 BINARY.SIZE[9]").lines, [b"* 1 FETCH (BINARY.SIZE[9] 0)\r\n"])

    def test_partial_fetches(self):
        p, _ = self.one(mail(1, "0123456789"), "FLAGS")
        for part, want in (("0.4", b"0123"), ("8.100", b"89\r\n"), ("12.5", b""), ("100.5", b"")):
            a = p.ok("FETCH 1 BODY.PEEK[TEXT]<%s>" % part)
            self.assertEqual((a.literals() or [b""])[0], want, part)
            self.assertIn(b"BODY[TEXT]<%s>" % part.split(".")[0].encode(), a.all())

    def test_seen_is_set_without_peek_and_told(self):
        p = self.filled(2)
        a = p.ok("FETCH 1 BODY[TEXT]")
        self.assertIn(b"\\Seen", a.all())
        a = p.ok("FETCH 2 BODY.PEEK[TEXT]")
        self.assertNotIn(b"\\Seen", a.all())
        self.assertNotIn(b"FLAGS", p.ok("FETCH 1 BODY[TEXT]").all())
        self.assertIn(b"\\Seen", p.ok("FETCH 2 RFC822").all())
        p.ok("FETCH 1 RFC822.HEADER")

    def test_macros(self):
        p = self.filled(1)
        self.assertRegex(p.ok("FETCH 1 FAST").all(), rb"FLAGS .*INTERNALDATE .*RFC822.SIZE")
        self.assertIn(b"ENVELOPE", p.ok("FETCH 1 ALL").all())
        self.assertIn(b" BODY (", p.ok("FETCH 1 FULL").all())

    def test_ids_dates_and_preview(self):
        p = self.filled(1)
        p.ok("COPY 1 " + self.box)
        p.ok("NOOP")
        a = p.ok("FETCH 1:2 (EMAILID THREADID SAVEDATE PREVIEW)")
        ids = re.findall(rb"EMAILID \((\w+)\)", a.all())
        self.assertEqual(len(ids), 2)
        self.assertEqual(ids[0], ids[1])
        self.assertEqual(len(set(re.findall(rb"THREADID \((\w+)\)", a.all()))), 1)
        self.assertIn(b"Some words.", a.all())
        self.assertRegex(a.all(), rb'SAVEDATE "[ \d]\d-')

    def test_uid_fetch_of_nothing_is_ok_and_numbers_too_high_are_bad(self):
        p = self.filled(1)
        self.assertEqual(p.ok("UID FETCH 100:200 FLAGS").lines, [])
        self.assertEqual(p.cmd("FETCH 2 FLAGS").status, "BAD")
        self.assertEqual(len(p.ok("UID FETCH 5:* FLAGS").of("FETCH")), 1)

    def test_an_empty_mailbox_answers(self):
        p = self.peer()
        p.ok("SELECT " + self.box)
        self.assertEqual(p.ok("UID FETCH 1:* FLAGS").lines, [])
        self.assertEqual(p.ok("UID SEARCH ALL").numbers(), [])

    def test_pipelined_commands_are_answered_in_order(self):
        p = self.filled(3)
        tags = [p.begin("FETCH %d BODY.PEEK[]" % (1 + i % 3)) for i in range(50)]
        for i, tag in enumerate(tags):
            a = p.wait(tag)
            self.assertEqual(a.literals(), [mail(1 + i % 3)])

    def test_internaldate_is_that_of_append(self):
        p = self.peer()
        p.append(self.box, mail(1), '"03-Feb-2021 04:05:06 +0100" ')
        p.ok("SELECT " + self.box)
        self.assertIn(b'INTERNALDATE " 3-Feb-2021 03:05:06 +0000"', p.ok("FETCH 1 INTERNALDATE").all())

    def test_ten_thousand_small_pieces(self):
        p = self.filled(1)
        message = mail(1)
        p.send(b"".join(b"x%d FETCH 1 BODY.PEEK[]<%d.1>\r\n" % (i, i % len(message)) for i in range(2000)))
        for i in range(2000):
            a = p.wait("x%d" % i)
            self.assertEqual(a.literals()[0], message[i % len(message):][:1])


if __name__ == "__main__":
    unittest.main()
