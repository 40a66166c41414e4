"""Peers that say nothing, nonsense, too much or too slowly: others are served on."""
import random, struct
from own import *


class Strangers(Case):
    one = True

    def responsive(self, limit=2):
        begun = time.time()
        c = smtp(self.node)
        self.assertTrue(deliver(c, self.node.accounts[0], b"Subject: x\r\n\r\nx").startswith(b"250"))
        c.close()
        login(self.node, 1).close()
        self.assertEqual(http(self.node, "/healthz")[0], 200)
        self.assertLess(time.time() - begun, limit)
        self.assertIsNone(self.node.process.poll(), self.node.log_tail())

    def test_thousands_that_say_nothing(self):
        silent = []
        for i in range(2000):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", self.node.port(("imap", "imaps", "smtp", "submissions", "pop3")[i % 5])))
            silent.append(s)
        self.responsive(5)
        for s in silent:
            s.close()
        self.responsive(5)

    def test_reset_connections(self):
        for service in ("imap", "imaps", "smtp", "submissions", "pop3", "pop3s", "lmtp", "metrics") * 20:
            s = socket.create_connection(("127.0.0.1", self.node.port(service)))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.sendall(b"EHLO x\r\n")
            s.close()
        self.responsive()

    def test_random_octets(self):
        rng = random.Random(7)
        for service in ("imap", "imaps", "smtp", "submissions", "pop3", "pop3s", "lmtp", "metrics"):
            for first in (b"", b"\x16\x03\x01", b"\x16\x03\x03\x40\x00\x01", b"GET / HTTP/1.1\r\n", b"\x80\x2e\x01", b"a1 "):
                s = socket.create_connection(("127.0.0.1", self.node.port(service)), 10)
                try:
                    s.sendall(first + rng.randbytes(5000) + b"\r\n")
                    s.shutdown(socket.SHUT_WR)
                    while s.recv(65536):
                        pass
                except ConnectionError:
                    pass
                s.close()
        self.responsive()

    def test_plain_text_on_a_tls_port(self):
        for service in ("imaps", "submissions", "pop3s"):
            c = Line(self.node, service)
            c.send("a LOGIN x y\r\nEHLO x\r\n")
            c.rest()  # an alert or nothing, and the end
        self.responsive()

    def test_ends_in_the_middle(self):
        self.responsive()
        time.sleep(0.1)
        before = count(self.node)
        for service, text in (("smtp", "MAIL FROM:<a@there.test>\r\nRCPT TO:<%s>\r\nDATA\r\nhalf" % self.node.accounts[0]),
                              ("smtp", "EHLO x\r\nMAIL FROM:<a@there.test>\r\nRCPT TO:<%s>\r\nBDAT 1000\r\nhalf" % self.node.accounts[0]),
                              ("imap", "a LOGIN %s %s\r\nb APPEND INBOX {100+}\r\nhalf" % (self.node.accounts[0], self.node.password)),
                              ("smtp", "EHLO x\r\nSTARTTLS\r\n"), ("imap", "a STARTTLS\r\n"), ("pop3", "STLS\r\n")):
            s = socket.create_connection(("127.0.0.1", self.node.port(service)), 10)
            s.sendall(text.encode())
            s.shutdown(socket.SHUT_WR)
            try:
                while s.recv(65536):
                    pass
            except ConnectionError:
                pass
            s.close()
        self.assertEqual(count(self.node), before)
        self.responsive()

    def test_one_octet_a_packet(self):
        c = Line(self.node, "imap")
        c.line()
        for octet in ("a LOGIN %s {%d+}\r\n%s\r\n" % (self.node.accounts[0], len(self.node.password), self.node.password)).encode():
            c.send(bytes([octet]))
        while not (l := c.line()).startswith(b"a "):
            self.assertTrue(l)
        self.assertIn(b"OK", l)

    def test_commands_without_an_end(self):
        for service in ("imap", "smtp", "pop3", "lmtp", "metrics", "submission"):
            c = Line(self.node, service)
            try:
                for _ in range(100):
                    c.send(b"x" * 65536)
            except ConnectionError:
                pass  # reading over it until the time for a login is over is as good
            c.close()
        self.responsive()

    def test_a_flood_of_commands_whose_answers_nobody_reads(self):
        flood = []
        for service, text in (("imap", "a CAPABILITY\r\n"), ("smtp", "NOOP\r\n"), ("pop3", "CAPA\r\n")):
            c = Line(self.node, service)
            c.socket.setblocking(False)
            sent = 0
            try:
                while sent < 50_000_000:
                    sent += c.socket.send((text * 4000).encode())
            except (BlockingIOError, ConnectionError):
                pass
            flood.append(c)
        self.responsive()
        with open("/proc/%d/status" % self.node.pid) as f:
            memory = int(f.read().split("VmRSS:")[1].split()[0])
        self.assertLess(memory, 500_000)

    def test_limits_of_one_address(self):
        self.assertEqual(self.node.run("settings", "set", "connections.max", "50").returncode, 0)
        time.sleep(0.1)
        held = [Line(self.node, "imap") for _ in range(60)]
        first = [c.line() for c in held]
        self.assertEqual(sum(l.startswith(b"* OK") for l in first), 50)
        self.assertTrue(all(l.startswith(b"* BYE") for l in first if not l.startswith(b"* OK")), first)
        for c in held:
            c.close()
        end = time.time() + 5
        while time.time() < end:
            if (c := Line(self.node, "imap")).line().startswith(b"* OK"):
                break
        self.assertEqual(self.node.run("settings", "unset", "connections.max").returncode, 0)
        self.responsive()


class Messages(Case):
    """Messages that are made to hurt who reads them."""

    def read(self, text):
        self.assertTrue(deliver(smtp(self.node), self.node.accounts[0], text).startswith(b"250"))
        self.assertEqual(counted(self.node, 1), 1)
        c = login(self.node)
        imap(c, "SELECT INBOX")
        for command in ("FETCH 1 (BODYSTRUCTURE ENVELOPE PREVIEW)", "FETCH 1 BODY[1.1.1.1.1.1.1]", "FETCH 1 BODY[5000.MIME]", "FETCH 1 BINARY.SIZE[1]",
                        "SEARCH BODY needle", "FETCH 1 BODY[HEADER.FIELDS (X)]"):
            begun = time.time()
            answer = imap(c, command)[-1]
            self.assertRegex(answer, b"^t (OK|NO|BAD)", command)
            self.assertLess(time.time() - begun, 5, command)
        self.assertTrue(imap(c, "UID FETCH 1:* FLAGS")[-1].startswith(b"t OK"))
        self.assertIsNone(self.node.process.poll())

    def test_ten_thousand_deep(self):
        text = b"MIME-Version: 1.0\r\n"
        for i in range(10_000):
            text += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
        self.read(text + b"\r\nneedle")

    def test_messages_within_messages(self):
        self.read(b"Content-Type: message/rfc822\r\n\r\n" * 10_000 + b"Subject: x\r\n\r\nneedle")

    def test_five_thousand_parts(self):
        self.read(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\nContent-Type: text/plain\r\n\r\nneedle\r\n" * 5000 + b"--b--")

    def test_fields_without_an_end(self):
        self.read(b"Subject: " + b"=?utf-8?q?x?= " * 50_000 + b"\r\nTo: " + b"a@b.test, " * 50_000 + b"\r\nReferences:" + b" <a@b>" * 50_000 +
                  b"\r\nFrom: " + b"(" * 100_000 + b"\r\nCc: " + b"g:" * 50_000 + b"\r\n" + b"X: y\r\n" * 50_000 + b"\r\nneedle")

    def test_parameters_and_encodings(self):
        self.read(b"Content-Type: text/plain; " + b"; ".join(b"x*%d*=utf-8''%%41" % i for i in range(20_000)) +
                  b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"=" * 100_000 + b"\r\n" + b"A" * 500_000)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
