"""A maildrop as POP3 clients meet it: octets, numbers, locks, deleting at QUIT only, logins."""
import base64, email, email.policy, os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "smtp"))
from post import *

BODIES = [b"Subject: one\r\n\r\n.\r\n..\r\n.x\r\n\r\nend\r\n", "Subject: grüße\r\n\r\nhallo ÿ\r\n".encode() + b"\xff\r\n",
          b"Subject: head only\r\n\r\n", b"Subject: long\r\n\r\n" + b"y" * 70_000 + b"\r\n" + b"z\r\n" * 50_000]


def deliver(user, bodies):
    c = Client()
    for b in bodies:
        assert c.envelope("a@there.test", user) == [250, 250]
        assert c.data(b)[0] == 250
    c.close()


class Pop:
    def __init__(self, service="pop3", user=None, password=PASSWORD, utf8=False):
        self.socket = socket.create_connection((HOST, port(service)), 20)
        if service == "pop3s":
            self.socket = tls_context().wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")
        self.greeting = self.line()
        if utf8:
            assert self.cmd("UTF8").startswith(b"+OK")
        if user:
            assert self.cmd("USER " + user).startswith(b"+OK")
            self.entered = self.cmd("PASS " + password)

    def send(self, text):
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def line(self):
        return self.file.readline()

    def cmd(self, text):
        self.send(text + "\r\n")
        return self.line()

    def lines(self):
        """The rest of a multi-line answer, as it came, without its end."""
        out = []
        while (line := self.line()) != b".\r\n":
            assert line, "closed within an answer"
            out.append(line)
        return out

    def message(self, command):
        first = self.cmd(command)
        assert first.startswith(b"+OK"), first
        return first, b"".join(l[1:] if l.startswith(b".") else l for l in self.lines())

    def close(self):
        self.file.close()
        self.socket.close()


class Maildrop(Case):
    who = U[4]

    def setUp(self):
        empty(self.who)

    def pop(self, *a, **k):
        p = Pop(*a, **k)
        self.addCleanup(p.close)
        return p

    def filled(self, bodies=BODIES, **k):
        deliver(self.who, bodies)
        self.assertEqual(len(arrived(self.who, len(bodies))), len(bodies))
        return self.pop(user=self.who, **k)

    def test_capabilities(self):
        p = self.pop()
        self.assertTrue(p.greeting.startswith(b"+OK"))
        p.cmd("CAPA")
        names = {l.split()[0] for l in p.lines()}
        self.assertLessEqual({b"TOP", b"UIDL", b"RESP-CODES", b"AUTH-RESP-CODE", b"PIPELINING", b"UTF8", b"SASL", b"STLS", b"EXPIRE"}, names)
        self.assertNotIn(b"STLS", (p := self.pop("pop3s")).cmd("CAPA") + b"".join(p.lines()))

    def test_utf8_headers_for_clients_that_do_not_know_them(self):
        letter = ("From: Jörg <j@bücher.test>\r\nTo: jörg@there.test\r\nX-Jörg: 1\r\nSubject: grüße\r\n"
                  'Content-Type: text/plain; charset=utf-8; name="ü.txt"\r\n\r\ngrüße\r\n').encode()
        old = b"Subject: gr\xfc\xdfe\r\n\r\nx\r\n"
        p = self.filled([letter, old])
        head, body = p.message("RETR 1")[1].split(b"\r\n\r\n", 1)
        self.assertTrue(head.isascii())
        self.assertEqual(body, "grüße\r\n".encode())
        m = email.message_from_bytes(head, policy=email.policy.default)
        self.assertEqual((m["Subject"], str(m["From"]), m["X-Jörg"]), ("grüße", "Jörg <j@xn--bcher-kva.test>", None))
        self.assertEqual(str(m["To"]), '"jörg@there.test" <invalid@internationalized-address.invalid>')
        self.assertEqual(m["Content-Type"].params["name"], "ü.txt")
        self.assertTrue(p.message("RETR 2")[1].endswith(old))
        p.cmd("QUIT")
        self.assertTrue(self.pop(user=self.who, utf8=True).message("RETR 1")[1].endswith(letter))

    def test_messages_octet_for_octet(self):
        p = self.filled(utf8=True)
        count, octets = map(int, p.cmd("STAT").split()[1:3])
        self.assertEqual(count, len(BODIES))
        p.cmd("LIST")
        sizes = [int(l.split()[1]) for l in p.lines()]
        self.assertEqual(sum(sizes), octets)
        for i, body in enumerate(BODIES, 1):
            first, whole = p.message("RETR %d" % i)
            self.assertTrue(whole.endswith(body), i)
            self.assertEqual(len(whole), sizes[i - 1])
            self.assertIn(b"%d octets" % sizes[i - 1], first)
            self.assertEqual(p.cmd("LIST %d" % i), b"+OK %d %d\r\n" % (i, sizes[i - 1]))
            head, text = whole.split(b"\r\n\r\n", 1)
            for n in (0, 1, 3, 1_000_000):
                part = p.message("TOP %d %d" % (i, n))[1]
                self.assertEqual(part, head + b"\r\n\r\n" + b"".join(text.splitlines(True)[:n]), (i, n))

    def test_unique_ids_stay(self):
        p = self.filled()
        p.cmd("UIDL")
        first = [l.split()[1] for l in p.lines()]
        self.assertEqual(len(set(first)), len(BODIES))
        for uid in first:
            self.assertRegex(uid, rb"^[\x21-\x7e]{1,70}$")
        p.cmd("DELE 1")
        p.cmd("UIDL")
        self.assertEqual([l.split()[1] for l in p.lines()], first[1:])
        self.assertTrue(p.cmd("QUIT").startswith(b"+OK"))
        p = self.after_quit(len(BODIES) - 1)
        p.cmd("UIDL")
        self.assertEqual([l.split()[1] for l in p.lines()], first[1:])

    def after_quit(self, count, limit=10):
        end = time.time() + limit
        while True:
            p = self.pop(user=self.who)
            if p.entered.startswith(b"+OK") and int(p.cmd("STAT").split()[1]) == count or time.time() > end:
                self.assertEqual(int(p.cmd("STAT").split()[1]), count)
                return p
            p.close()

    def test_deleting_waits_for_quit(self):
        p = self.filled()
        self.assertTrue(p.cmd("DELE 2").startswith(b"+OK"))
        for again in ("DELE 2", "RETR 2", "TOP 2 0", "LIST 2", "UIDL 2"):
            self.assertTrue(p.cmd(again).startswith(b"-ERR"), again)
        self.assertEqual(int(p.cmd("STAT").split()[1]), len(BODIES) - 1)
        self.assertTrue(p.cmd("RSET").startswith(b"+OK"))
        self.assertEqual(int(p.cmd("STAT").split()[1]), len(BODIES))
        p.cmd("DELE 1")
        p.close()  # dropped: nothing is deleted
        p = self.after_quit(len(BODIES))
        for i in range(1, len(BODIES) + 1):
            p.cmd("DELE %d" % i)
        self.assertTrue(p.cmd("QUIT").startswith(b"+OK"))
        self.assertEqual(p.line(), b"")
        self.after_quit(0)

    def test_one_session_at_a_time(self):
        first = self.pop(user=self.who)
        self.assertTrue(first.entered.startswith(b"+OK"), first.entered)
        second = self.pop(user=self.who)
        self.assertTrue(second.entered.startswith(b"-ERR [IN-USE]"), second.entered)
        first.close()
        self.after_quit(0)

    def test_pipelining(self):
        p = self.filled()
        p.send("STAT\r\nLIST\r\nUIDL\r\nRETR 1\r\nRETR 4\r\nTOP 1 0\r\nDELE 9\r\nNOOP\r\nQUIT\r\n")
        self.assertTrue(p.line().startswith(b"+OK 4 "))
        for _ in range(5):
            self.assertTrue(p.line().startswith(b"+OK"))
            p.lines()
        self.assertTrue(p.line().startswith(b"-ERR"))
        self.assertEqual([p.line()[:3], p.line()[:3], p.line()], [b"+OK", b"+OK", b""])

    def test_nonsense(self):
        p = self.filled(BODIES[:1])
        for line in ("RETR", "RETR 0", "RETR 2", "RETR -1", "RETR 99999999999999999999", "RETR x", "TOP 1", "TOP 1 -1", "TOP", "DELE", "FOO",
                     "USER x", "LIST 1 2", "UIDL x"):
            self.assertTrue(p.cmd(line).startswith(b"-ERR"), line)
        self.assertTrue(p.cmd("NOOP").startswith(b"+OK"))
        p = self.pop()
        for line in ("STAT", "PASS x", "LIST", "TOP 1 1", "USER", "x" * 300):
            self.assertTrue(p.cmd(line).startswith(b"-ERR"), line)

    def test_tls(self):
        p = self.pop()
        p.send("STLS\r\nUSER %s\r\nPASS %s\r\n" % (self.who, "wrong"))
        self.assertTrue(p.line().startswith(b"+OK"))
        try:
            p.socket = tls_context().wrap_socket(p.socket)
        except OSError:
            pass  # what was sent in plain may end it
        else:
            p.file = p.socket.makefile("rb")
            self.assertTrue(p.cmd("STLS").startswith(b"-ERR"))
            self.assertTrue(p.cmd("PASS " + PASSWORD).startswith(b"-ERR"))
            self.assertTrue(p.cmd("USER " + self.who).startswith(b"+OK"))
            self.assertTrue(p.cmd("PASS " + PASSWORD).startswith(b"+OK"))
        p = self.pop("pop3s", self.who)
        self.assertTrue(p.entered.startswith(b"+OK") or b"IN-USE" in p.entered)

    def test_logins(self):
        token = base64.b64encode(("\0%s\0%s" % (self.who, PASSWORD)).encode()).decode()
        p = self.pop()
        self.assertTrue(p.cmd("AUTH PLAIN " + token).startswith(b"+OK"))
        self.assertTrue(p.cmd("QUIT").startswith(b"+OK"))
        p = self.pop()
        self.assertEqual(p.cmd("AUTH PLAIN"), b"+ \r\n")
        self.assertTrue(p.cmd(token).startswith(b"+OK"))
        self.assertTrue(p.cmd("QUIT").startswith(b"+OK"))
        p = self.pop()
        self.assertTrue(p.cmd("AUTH PLAIN").startswith(b"+"))
        self.assertTrue(p.cmd("*").startswith(b"-ERR"))
        self.assertTrue(p.cmd("UTF8").startswith(b"+OK"))
        self.assertTrue(p.cmd("USER " + self.who).startswith(b"+OK"))
        self.assertTrue(p.cmd("PASS wrong").startswith(b"-ERR [AUTH]"))
        self.assertTrue(p.cmd("USER " + self.who).startswith(b"+OK"))
        self.assertTrue(p.cmd("PASS " + PASSWORD).startswith(b"+OK"))
        known, unknown = self.pop(user=U[0], password="wrong"), self.pop(user="nobody@" + DOMAIN, password="wrong")
        self.assertEqual(known.entered, unknown.entered)


if __name__ == "__main__":
    unittest.main()
