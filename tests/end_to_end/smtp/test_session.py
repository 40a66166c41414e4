"""Keywords, order, pipelining, chunks, limits and recipients, as clients meet them."""
from post import *

HEAD = b"From: a@there.test\r\nTo: b\r\nSubject: s\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-ID: <x@there.test>\r\n\r\n"


class Keywords(Case):
    def test_each_port_offers_what_it_does(self):
        common = {"PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "DSN"}
        for service in ("smtp", "submission", "submissions", "lmtp"):
            c = self.client(service)
            self.assertLessEqual(common, set(c.keywords), service)
            self.assertEqual("AUTH" in c.keywords, service in ("submission", "submissions"), service)
        self.assertIn("STARTTLS", self.client("smtp").keywords)
        self.assertNotIn("STARTTLS", self.client("submissions").keywords)
        c = self.client("submission")
        c.starttls()
        self.assertNotIn("STARTTLS", c.keywords)
        self.assertLessEqual({"PLAIN", "LOGIN", "SCRAM-SHA-256"}, set(c.keywords["AUTH"]))

    def test_helo_and_wrong_greetings(self):
        c = self.client(greet=False)
        self.assertEqual(c.greeting[0], 220)
        self.assertEqual(c.cmd("MAIL FROM:<>")[0], 503)
        self.assertEqual(c.cmd("EHLO")[0], 501)
        self.assertEqual(c.cmd("LHLO x")[0], 500)
        self.assertEqual(c.cmd("HELO [127.0.0.1]")[0], 250)
        self.assertEqual(self.client("lmtp", greet=False).cmd("EHLO x")[0], 500)

    def test_order(self):
        c = self.client()
        for line, code in (("RCPT TO:<%s>" % U[0], 503), ("DATA", 503), ("MAIL FROM:<a@b.test>", 250), ("MAIL FROM:<a@b.test>", 503),
                           ("DATA", 503), ("RCPT TO:<nobody@%s>" % DOMAIN, 550), ("DATA", 554), ("RSET", 250), ("RCPT TO:<%s>" % U[0], 503),
                           ("NOOP anything", 250), ("VRFY " + U[0], 252), ("HELP", 214), ("EXPN list", 502), ("FOO", 500),
                           ("MAIL FROM:<a@b.test> FOO=BAR", 555), ("MAIL FROM:a@b.test", 501), ("MAIL TO:<a@b.test>", 501), ("QUIT", 221)):
            self.assertEqual(c.cmd(line)[0], code, line)
        self.assertTrue(c.gone())


class Recipients(Case):
    def test_unknown_and_foreign(self):
        for service in ("smtp", "lmtp"):
            c = self.client(service)
            c.cmd("MAIL FROM:<a@there.test>")
            code, text = c.cmd("RCPT TO:<nobody@%s>" % DOMAIN)
            self.assertEqual((code, text[0][:5]), (550, "5.1.1"))
            code, text = c.cmd("RCPT TO:<someone@elsewhere.example>")
            self.assertEqual((code, text[0][:5]), (550, "5.7.1"))
            for trick in ("someone%%elsewhere.example@%s" % DOMAIN, "@%s:someone@elsewhere.example" % DOMAIN,
                          "\"someone@elsewhere.example\"@" + DOMAIN, "elsewhere.example!someone@" + DOMAIN, "someone@[127.0.0.1]"):
                self.assertGreaterEqual(c.cmd("RCPT TO:<%s>" % trick)[0], 500, trick)

    def test_submission_needs_a_login(self):
        c = self.client("submission")
        self.assertEqual(c.cmd("MAIL FROM:<%s>" % U[0])[0], 530)
        c.starttls()
        self.assertEqual(c.cmd("MAIL FROM:<%s>" % U[0])[0], 530)

    def test_postmaster_and_abuse(self):
        c = self.client()
        self.assertEqual(c.envelope("", "postmaster", "Postmaster@" + DOMAIN, "abuse@" + DOMAIN, U[0].upper()), [250] * 5)

    def test_so_many_recipients(self):
        c = self.client()
        c.send("MAIL FROM:<>\r\n" + "RCPT TO:<%s>\r\n" % U[1] * 1001)
        codes = [c.answer()[0] for _ in range(1002)]
        self.assertEqual(codes[:1001], [250] * 1001)
        self.assertEqual(codes[1001], 452)
        empty(U[1])
        self.assertEqual(c.data(HEAD + b"once\r\n")[0], 250)
        self.only(U[1])


class Bodies(Case):
    def setUp(self):
        empty(U[0])

    def test_pipelining_in_one_packet(self):
        c = self.client(greet=False)
        c.send(b"EHLO there.test\r\nMAIL FROM:<a@there.test>\r\nRCPT TO:<%s>\r\nRCPT TO:<nobody@%s>\r\nDATA\r\n%sone\r\n.\r\n"
               b"MAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\n%stwo\r\n.\r\nQUIT\r\n" % (U[0].encode(), DOMAIN.encode(), HEAD, U[0].encode(), HEAD))
        self.assertEqual([c.answer()[0] for _ in range(10)], [250, 250, 250, 550, 354, 250, 250, 250, 354, 250])
        self.assertEqual(c.answer()[0], 221)
        self.assertEqual(len(arrived(U[0], 2)), 2)

    def test_chunks(self):
        c = self.client()
        self.assertEqual(c.envelope("a@there.test", U[0], parameters=" BODY=BINARYMIME"), [250, 250])
        self.assertEqual(c.cmd("DATA")[0], 503)
        body = HEAD + b"bare \n and \r and nul \0 and \xff\r\n.\r\nend"
        for i in range(0, len(body), 40):
            piece = body[i:i + 40]
            c.send(b"BDAT %d\r\n" % len(piece) + piece)
            self.assertEqual(c.answer()[0], 250)
        self.assertEqual(c.cmd("RCPT TO:<%s>" % U[0])[0], 503)
        c.send(b"BDAT 0 LAST\r\n")
        self.assertEqual(c.answer()[0], 250)
        i = imaplib.IMAP4(HOST, port("imap"))
        i.login(U[0], PASSWORD)
        i.select("INBOX")
        self.assertTrue(i.fetch("1", "(BINARY.PEEK[1])")[1][0][1].endswith(body[len(HEAD):]))
        i.logout()

    def test_chunks_out_of_order_are_read_over(self):
        c = self.client()
        c.send(b"BDAT 12 LAST\r\nRCPT TO:<x>\n")
        self.assertEqual(c.answer()[0], 503)
        self.assertEqual(c.envelope("a@there.test", "nobody@" + DOMAIN), [250, 550])
        c.send(b"BDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\n")
        self.assertEqual([c.answer()[0], c.answer()[0]][0], 554)
        self.assertEqual(c.cmd("NOOP")[0], 250)
        c.send(b"BDAT 99999999999999999999 LAST\r\n")
        self.assertEqual(c.answer()[0], 501)
        self.assertTrue(c.gone())

    def test_declared_size_and_body_kinds(self):
        c = self.client()
        limit = int(c.keywords["SIZE"][0])
        code, text = c.cmd("MAIL FROM:<a@there.test> SIZE=%d" % (limit + 1))
        self.assertEqual((code, text[0][:5]), (552, "5.3.4"))
        for p in (" SIZE=1000 BODY=8BITMIME", " BODY=7BIT", " SMTPUTF8", " size=%d" % limit, " RET=HDRS ENVID=abc"):
            self.assertEqual(c.cmd("MAIL FROM:<a@there.test>" + p)[0], 250, p)
            c.cmd("RSET")
        for p in (" SIZE=x", " BODY=9BIT", " SIZE=1 SIZE=1"):
            self.assertEqual(c.cmd("MAIL FROM:<a@there.test>" + p)[0], 501, p)

    def test_addresses_beyond_ascii(self):
        c = self.client()
        self.assertEqual(c.cmd("MAIL FROM:<jürgen@there.test>")[0], 553)
        self.assertEqual(c.cmd("MAIL FROM:<jürgen@dörfer.test> SMTPUTF8")[0], 250)
        self.assertEqual(c.cmd("RCPT TO:<ünbekannt@%s>" % DOMAIN)[0], 550)
        self.assertEqual(c.cmd("RCPT TO:<%s>" % U[0])[0], 250)
        self.assertEqual(c.data("Subject: grüße\r\n\r\nhallo\r\n".encode())[0], 250)
        self.only(U[0])
        p = poplib.POP3(HOST, port("pop3"), 20)
        p.utf8()
        p.user(U[0])
        p.pass_(PASSWORD)
        m = b"\r\n".join(p.retr(1)[1])
        p.quit()
        self.assertIn("Return-Path: <jürgen@dörfer.test>".encode(), m)
        self.assertIn(b"with UTF8SMTP", m)

    def test_octets_stay_as_they_were(self):
        for body in (b".\r\n..\r\n...\r\n.x\r\n\r\n.\r\n", b"\xc3\xa4\xff\xfe 8 bit\r\n", b"x" * 5000 + b"\r\n", b"\r\n\r\n\r\n",
                     b"tab\t and trailing space  \r\n", b"no end of line"):
            empty(U[0])
            c = self.client()
            self.assertEqual(c.envelope("a@there.test", U[0]), [250, 250])
            self.assertEqual(c.data(HEAD + body)[0], 250, body[:20])
            want = HEAD + body + (b"" if body.endswith(b"\r\n") else b"\r\n")
            self.assertTrue(self.only(U[0]).endswith(want), body[:20])

    def test_messages_without_a_header_or_without_anything(self):
        for body in (b"", b"\r\n", b"just text, no header\r\n", b": odd\r\n\r\nx\r\n", "Süßer: 8 bit\r\n\r\nx\r\n".encode()):
            empty(U[0])
            c = self.client()
            self.assertEqual(c.envelope("", U[0]), [250, 250])
            self.assertEqual(c.data(body)[0], 250, body)
            m = self.only(U[0])
            self.assertIn(b"Return-Path: <>", m)
            self.assertTrue(m.endswith(body), (body, m))
            if body.startswith(b"just"):
                self.assertIn(b"\r\n\r\njust text", m)

    def test_fields_of_the_way(self):
        c = self.client()
        self.assertEqual(c.envelope("a@there.test", U[0]), [250, 250])
        code, text = c.data(HEAD + b"x\r\n")
        self.assertEqual(code, 250)
        m = self.only(U[0])
        head = m[:m.index(b"From: a@there.test")]
        self.assertTrue(head.startswith(b"Return-Path: <a@there.test>\r\n"), head)
        self.assertIn(b"Delivered-To: " + U[0].encode(), head)
        self.assertIn(b"Received: from there.test", head)
        self.assertIn(b"with ESMTP", head)
        self.assertIn(text[0].split()[-1].encode(), head)

    def test_loops(self):
        for fields, code in ((99, 250), (101, 554)):
            c = self.client()
            self.assertEqual(c.envelope("a@there.test", U[0]), [250, 250])
            self.assertEqual(c.data(b"Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n" * fields + HEAD)[0], code)
        self.only(U[0])  # seen: it will not come into the next test

    def test_large_messages(self):
        for octets in (300_000, 30_000_000):
            empty(U[0])
            line = b"0123456789" * 7 + b"\r\n"
            body = HEAD + line * (octets // len(line))
            c = self.client()
            self.assertEqual(c.envelope("a@there.test", U[0], parameters=" SIZE=%d" % len(body)), [250, 250])
            self.assertEqual(c.data(body)[0], 250)
            m = self.only(U[0])
            self.assertTrue(m.endswith(body))
        empty(U[0])

    def test_message_above_the_limit(self):
        c = self.client()
        limit = int(c.keywords["SIZE"][0])
        self.assertEqual(c.envelope("a@there.test", U[0]), [250, 250])
        self.assertEqual(c.data(HEAD + (b"x" * 998 + b"\r\n") * (limit // 1000 + 1))[0], 552)
        self.assertEqual(c.cmd("NOOP")[0], 250)
        self.assertEqual(messages(U[0]), [])


class Lmtp(Case):
    def test_one_answer_a_recipient(self):
        empty(U[0]), empty(U[1])
        c = self.client("lmtp")
        self.assertEqual(c.envelope("a@there.test", U[0], "nobody@" + DOMAIN, U[1]), [250, 250, 550, 250])
        self.assertEqual(c.data(HEAD + b"x\r\n")[0], 250)
        self.assertEqual(c.answer()[0], 250)
        self.assertEqual(c.cmd("NOOP")[1][0][:5], "2.0.0")
        self.only(U[0]), self.only(U[1])
        self.assertEqual(c.cmd("MAIL FROM:<>")[0], 250)
        self.assertEqual(c.cmd("RCPT TO:<nobody@%s>" % DOMAIN)[0], 550)
        self.assertEqual(c.cmd("DATA")[0], 503)


if __name__ == "__main__":
    unittest.main()
