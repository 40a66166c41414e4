"""A raw IMAP client for tests: shows what arrives, line by line, literals within.

Where the server is comes from the environment, as tests/end_to_end/run.py sets it:
ROOKERY_HOST, ROOKERY_IMAP_PORT, ROOKERY_USERS (comma separated), ROOKERY_PASSWORD,
ROOKERY_DOMAIN.
"""
import itertools, os, re, socket, time, unittest, zlib

HOST = os.environ.get("ROOKERY_HOST", "127.0.0.1")
PORT = int(os.environ.get("ROOKERY_IMAP_PORT", "10143"))
USERS = os.environ.get("ROOKERY_USERS", "u1,u2").split(",")
PASSWORD = os.environ.get("ROOKERY_PASSWORD", "secret")
DOMAIN = os.environ.get("ROOKERY_DOMAIN", "example.test")

LITERAL = re.compile(rb"~?\{(\d+)\}\r\n$")


class Answer:
    def __init__(self, status, text, lines):
        self.status, self.text, self.lines = status, text, lines

    def all(self):
        return b"".join(self.lines)

    def of(self, kind):
        """Untagged lines of a kind: "EXISTS", "FETCH", "SEARCH", "LIST" ..."""
        kind = kind.encode()
        return [l for l in self.lines if re.match(rb"\* (\d+ )?" + kind + rb"\b", l)]

    def number(self, kind):
        """The number before EXISTS or RECENT in the last such line, or None."""
        found = [int(m.group(1)) for m in (re.match(rb"\* (\d+) " + kind.encode(), l) for l in self.lines) if m]
        return found[-1] if found else None

    def code(self, name):
        """What a response code says: code("UIDNEXT") is "5"."""
        m = re.search(r"\[%s ?([^\]]*)\]" % name, self.text + "\n" + self.all().decode("utf-8", "replace"))
        return m.group(1) if m else None

    def numbers(self, kind="SEARCH"):
        return [int(x) for l in self.of(kind) for x in re.sub(rb"\(MODSEQ \d+\)", b"", l).split()[2:]]

    def literals(self):
        out = []
        for line in self.lines:
            at = 0
            pattern = re.compile(rb"~?\{(\d+)\}\r\n")
            while m := pattern.search(line, at):
                n = int(m.group(1))
                out.append(line[m.end():m.end() + n])
                at = m.end() + n
        return out

    def __repr__(self):
        return "%s %s %r" % (self.status, self.text, self.lines)


class Peer:
    def __init__(self, user=None, timeout=20):
        self.socket = socket.create_connection((HOST, PORT), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer, self.tags = b"", itertools.count(1)
        self.inflate = self.deflate = None
        self.greeting = self.line()
        if user:
            self.ok('LOGIN "%s@%s" "%s"' % (user, DOMAIN, PASSWORD))

    def send(self, octets):
        octets = octets.encode() if isinstance(octets, str) else octets
        if self.deflate:
            octets = self.deflate.compress(octets) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        self.socket.sendall(octets)

    def fill(self):
        octets = self.socket.recv(1 << 16)
        if not octets:
            raise EOFError("the server closed; left: %r" % self.buffer)
        self.buffer += self.inflate.decompress(octets) if self.inflate else octets

    def line(self):
        out = b""
        while True:
            while b"\r\n" not in self.buffer:
                self.fill()
            piece, self.buffer = self.buffer.split(b"\r\n", 1)
            out += piece + b"\r\n"
            m = LITERAL.search(out)
            if not m:
                return out
            n = int(m.group(1))
            while len(self.buffer) < n:
                self.fill()
            out, self.buffer = out + self.buffer[:n], self.buffer[n:]

    def wait(self, tag):
        lines = []
        while True:
            l = self.line()
            if l.startswith(tag.encode() + b" "):
                status, _, text = l[len(tag) + 1:].decode("utf-8", "replace").strip().partition(" ")
                return Answer(status, text, lines)
            lines.append(l)

    def begin(self, text):
        tag = "t%d" % next(self.tags)
        self.send(tag + " " + text + "\r\n")
        return tag

    def cmd(self, text):
        return self.wait(self.begin(text))

    def ok(self, text):
        a = self.cmd(text)
        if a.status != "OK":
            raise AssertionError("%s -> %r" % (text, a))
        return a

    def append(self, mailbox, message, rest=""):
        tag = "t%d" % next(self.tags)
        self.send(b"%s APPEND %s %s{%d+}\r\n%s\r\n" % (tag.encode(), mailbox.encode(), rest.encode(), len(message), message))
        return self.wait(tag)

    def idle(self):
        tag = self.begin("IDLE")
        l = self.line()
        assert l.startswith(b"+"), l
        return tag

    def done(self, tag):
        self.send("DONE\r\n")
        return self.wait(tag)

    def until(self, kind):
        """Lines up to the first that holds `kind`."""
        lines = []
        while True:
            lines.append(self.line())
            if kind.encode() in lines[-1]:
                return Answer("", "", lines)

    def close(self):
        self.socket.close()


def mail(number, text="Some words.", headers=()):
    lines = ["From: Ann Sender <ann@outside.test>", "To: Bob <bob@example.test>", "Subject: Message number %d" % number,
             "Date: Sat, 21 Nov 2026 10:00:%02d +0000" % (number % 60), "Message-ID: <m%d@outside.test>" % number]
    return ("\r\n".join(lines + list(headers)) + "\r\n\r\n" + text + "\r\n").encode()


class Case(unittest.TestCase):
    """One fresh mailbox a test, `self.box`; peers are closed at its end."""
    names = itertools.count(1)

    def setUp(self):
        self.peers = []
        self.box = "test-%x-%d-%d" % (int(time.time() * 1000), os.getpid(), next(Case.names))
        self.made = self.peer()
        self.made.ok("CREATE " + self.box)

    def tearDown(self):
        try:
            end = Peer(USERS[0])
            for l in end.ok('LIST "" "%s*"' % self.box).of("LIST"):
                end.cmd("DELETE " + l.split(b' "/" ', 1)[1].strip().decode())
            end.close()
        finally:
            for p in self.peers:
                p.close()

    def peer(self, user=None):
        p = Peer(user or USERS[0])
        self.peers.append(p)
        return p

    def filled(self, count, selected=True, peer=None, flags=""):
        """A peer with `count` messages in the test's mailbox."""
        p = peer or self.peer()
        for i in range(1, count + 1):
            a = p.append(self.box, mail(i), flags)
            self.assertEqual(a.status, "OK", a)
        if selected:
            p.ok("SELECT " + self.box)
        return p
