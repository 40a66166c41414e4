"""Nodes of a test's own, in a temporary folder, and raw connections to them."""
import os, shutil, socket, ssl, sys, tempfile, time, unittest, urllib.error, urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from node import Node

PROGRAM = os.environ["ROOKERY_PROGRAM"]


class Line:
    """A connection that is read line by line."""

    def __init__(self, node, service, source=None, timeout=20):
        self.socket = socket.create_connection(("127.0.0.1", node.port(service)), timeout, source and (source, 0))
        self.file = self.socket.makefile("rb")

    def send(self, octets):
        self.socket.sendall(octets.encode() if isinstance(octets, str) else octets)

    def line(self):
        return self.file.readline()

    def cmd(self, text):
        self.send(text + "\r\n")
        return self.reply()

    def reply(self):
        """The last line of an SMTP answer."""
        while (line := self.line())[3:4] == b"-":
            pass
        return line

    def rest(self):
        try:
            return self.file.read()
        except ConnectionError:
            return b""

    def close(self):
        self.file.close()
        self.socket.close()


def smtp(node, service="smtp", **k):
    c = Line(node, service, **k)
    c.reply()
    c.cmd("EHLO there.test")
    return c


def deliver(c, to, text):
    """One message; the last answer."""
    for line in ("MAIL FROM:<a@there.test>", "RCPT TO:<%s>" % to, "DATA"):
        answer = c.cmd(line)
        if answer[:1] not in b"23":
            return answer
    c.send(text + b"\r\n.\r\n")
    return c.reply()


def login(node, user=0):
    c = Line(node, "imap")
    c.line()
    c.send("a LOGIN %s %s\r\n" % (node.accounts[user], node.password))
    answer = c.line()
    while not answer.startswith(b"a "):
        answer = c.line()
    assert answer.startswith(b"a OK"), answer
    return c


def imap(c, command, tag="t"):
    """Sends a command; gives all lines up to the tagged one."""
    c.send(tag + " " + command + "\r\n")
    lines = []
    while not lines or not lines[-1].startswith(tag.encode() + b" "):
        lines.append(c.line())
        assert lines[-1], lines
    return lines


def count(node, user=0):
    c = login(node, user)
    for l in imap(c, "STATUS INBOX (MESSAGES)"):
        if b"MESSAGES" in l:
            c.close()
            return int(l.split(b"MESSAGES ")[1].split(b")")[0])


def counted(node, want, user=0, limit=15):
    end = time.time() + limit
    while (n := count(node, user)) != want and time.time() < end:
        time.sleep(0.02)
    return n


def http(node, path):
    try:
        with urllib.request.urlopen("http://127.0.0.1:%d%s" % (node.port("metrics"), path), timeout=10) as r:
            return r.status, r.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, ""


def tls(node, service="imaps", name=None, **versions):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    for k, v in versions.items():
        setattr(c, k, v)
    return c.wrap_socket(socket.create_connection(("127.0.0.1", node.port(service)), 10), server_hostname=name)


class Case(unittest.TestCase):
    """`one`: all tests of the class share a node; else each has a fresh one."""
    accounts, one = 2, False

    @classmethod
    def setUpClass(cls):
        if cls.one:
            folder = tempfile.mkdtemp(prefix="rookery-service-")
            cls.addClassCleanup(shutil.rmtree, folder, True)
            cls.node = Node(PROGRAM, folder, cls.accounts)
            cls.addClassCleanup(cls.node.kill)
            cls.node.start()

    def setUp(self):
        if self.one:
            return
        self.folder = tempfile.mkdtemp(prefix="rookery-service-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.node = self.made("node", accounts=self.accounts)
        self.node.start()

    def made(self, name, kind=Node, **k):
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        node = kind(PROGRAM, folder, **k)
        self.addCleanup(node.kill)
        return node
