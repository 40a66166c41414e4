"""What two servers might read differently is refused, and nothing of it becomes a command or a message."""
from post import *

TO = U[0].encode()
SMUGGLED = b"MAIL FROM:<evil@there.test>\r\nRCPT TO:<%s>\r\nDATA\r\nSubject: smuggled\r\n\r\nevil\r\n.\r\n" % TO
FALSE_ENDS = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n.\r", b"\r.\n", b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\r\n.\r\r\n",
              b"\r\n.\r\r\n"]


class Smuggling(Case):
    def setUp(self):
        empty(U[0])

    def sentinel(self):
        """Another client's message: what came before it has arrived when it has."""
        c = self.client()
        self.assertEqual(c.envelope("a@there.test", U[0]), [250, 250])
        self.assertEqual(c.data(b"Subject: sentinel\r\n\r\n")[0], 250)
        found = arrived(U[0], 1)
        while not any(b"Subject: sentinel" in m for m in found):
            found = messages(U[0])
        return [m for m in found if b"Subject: sentinel" not in m]

    def test_false_ends_of_data(self):
        for service in ("smtp", "lmtp"):
            for end in FALSE_ENDS:
                c = self.client(service)
                self.assertEqual(c.envelope("a@there.test", U[0]), [250, 250])
                self.assertEqual(c.cmd("DATA")[0], 354)
                c.send(b"Subject: outer\r\n\r\nouter" + end + SMUGGLED)
                code, text = c.answer()
                if b"\0" in end:
                    self.assertIn(code, (250, 550), end)
                else:
                    self.assertEqual(code, 550, (end, text))
                self.assertEqual(c.cmd("NOOP")[0], 250, end)  # what followed was text, and no command got an answer
        for m in self.sentinel():
            self.assertIn(b"Subject: outer", m)
            self.assertNotIn(b"Return-Path: <evil", m)

    def test_ends_cut_into_single_octets(self):
        c = self.client()
        self.assertEqual(c.envelope("a@there.test", U[0]), [250, 250])
        self.assertEqual(c.cmd("DATA")[0], 354)
        for octet in b"Subject: slow\r\n\r\n..x\r\n.\r\n":
            c.send(bytes([octet]))
        self.assertEqual(c.answer()[0], 250)
        self.assertTrue(self.only(U[0]).endswith(b"\r\n\r\n.x\r\n"))

    def test_bare_line_ends_in_commands(self):
        for line in (b"NOOP\n", b"NOOP\rRSET\r\n", b"NOOP\r\r\n", b"MAIL FROM:<a@there.test>\nRCPT TO:<%s>\r\n" % TO):
            c = self.client()
            c.send(line + (b"" if line.endswith(b"\r\n") else b"\r\n"))
            self.assertEqual(c.answer()[0], 500, line)
            self.assertEqual(c.cmd("DATA")[0], 503, line)

    def test_octets_that_no_command_has(self):
        c = self.client()
        for line in (b"NO\0OP", b"\xff\xfe", b"", b" NOOP", b"MAIL FROM:<a\0b@there.test>", b"MAIL FROM:<a\xff@there.test>",
                     b"MAIL FROM:<a@there.test>\0", b"EHLO a\0b", b"MAIL FROM:<a b@there.test>", b"MAIL FROM:<<a@there.test>>"):
            self.assertGreaterEqual(c.cmd(line)[0], 500, line)

    def test_mail_from_with_line_ends_in_quotes(self):
        c = self.client()
        c.send(b"MAIL FROM:<\"a\r\nRSET\r\n\"@there.test>\r\n")
        self.assertEqual([c.answer()[0] for _ in range(3)], [553, 250, 500])

    def test_browsers_are_sent_away(self):
        for first in (b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\n"):
            c = self.client(greet=False)
            c.send(first + b"Host: x\r\n\r\n" + SMUGGLED)
            self.assertEqual(c.answer()[0], 421)
            self.assertTrue(c.gone())

    def test_nothing_in_plain_survives_starttls(self):
        c = self.client()
        c.send(b"STARTTLS\r\nMAIL FROM:<evil@there.test>\r\nRCPT TO:<%s>\r\n" % TO)
        self.assertEqual(c.answer()[0], 220)
        try:
            c.socket = tls_context().wrap_socket(c.socket)
        except OSError:
            return  # closing is as good
        c.file = c.socket.makefile("rb")
        self.assertEqual(c.cmd("RCPT TO:<%s>" % U[0])[0], 503)
        self.assertEqual(c.cmd("MAIL FROM:<a@there.test>")[0], 503)  # the greeting is forgotten too
        c.hello()

    def test_starttls_forgets_the_transaction(self):
        c = self.client()
        self.assertEqual(c.envelope("a@there.test", U[0]), [250, 250])
        c.starttls()
        self.assertEqual(c.cmd("DATA")[0], 503)
        self.assertEqual(c.cmd("STARTTLS")[0], 503)

    def test_long_lines(self):
        c = self.client()
        self.assertEqual(c.cmd("NOOP " + "x" * 100_000)[0], 500)
        self.assertEqual(c.cmd("NOOP")[0], 250)
        self.assertEqual(c.cmd("MAIL FROM:<%s@there.test>" % ("x" * 400))[0] // 100, 5)
        c = self.client()
        try:
            for _ in range(200):
                c.send(b"x" * 65536)
        except OSError:
            pass
        self.assertTrue(c.gone())

    def test_many_errors_end_the_session(self):
        c = self.client()
        codes = []
        for _ in range(40):
            try:
                codes.append(c.cmd("NONSENSE")[0])
            except OSError:
                break
            if codes[-1] != 500:
                break
        self.assertEqual(codes[-1], 421)


if __name__ == "__main__":
    unittest.main()
