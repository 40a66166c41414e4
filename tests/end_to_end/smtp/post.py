"""A raw SMTP and LMTP client for tests, and what POP3 and IMAP say of the mail that arrived.

Where the server is comes from the environment, as tests/end_to_end/run.py sets it.
"""
import imaplib, itertools, os, poplib, socket, ssl, subprocess, time, unittest

HOST = os.environ.get("ROOKERY_HOST", "127.0.0.1")
USERS = os.environ.get("ROOKERY_USERS", "u1,u2").split(",")
PASSWORD = os.environ.get("ROOKERY_PASSWORD", "secret")
DOMAIN = os.environ.get("ROOKERY_DOMAIN", "example.test")
U = ["%s@%s" % (u, DOMAIN) for u in USERS]
counter = itertools.count(1)


def port(service):
    return int(os.environ["ROOKERY_%s_PORT" % service.upper()])


def tls_context():
    c = ssl.create_default_context()
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    return c


def rookery(*verb, input=None):
    """One verb of the program against the running server; gives exit code and output."""
    done = subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], *verb], input=input, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return done.returncode, done.stdout


class Client:
    """One connection; an answer is (code, text lines)."""

    def __init__(self, service="smtp", greet=True, source=None, timeout=20):
        self.socket = socket.create_connection((HOST, port(service)), timeout, source and (source, 0))
        self.service = service
        if service == "submissions":
            self.socket = tls_context().wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")
        self.greeting = self.answer()
        self.keywords = {}
        if greet:
            self.hello()

    def hello(self):
        code, lines = self.cmd("LHLO there.test" if self.service == "lmtp" else "EHLO there.test")
        assert code == 250, lines
        self.keywords = {l.split()[0]: l.split()[1:] for l in lines[1:]}
        return lines

    def send(self, octets):
        self.socket.sendall(octets.encode() if isinstance(octets, str) else octets)

    def answer(self):
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                return (0, lines)
            lines.append(line[4:].rstrip(b"\r\n").decode("utf-8", "replace"))
            if line[3:4] != b"-":
                return int(line[:3]), lines

    def cmd(self, line):
        self.send(line + "\r\n" if isinstance(line, str) else line + b"\r\n")
        return self.answer()

    def starttls(self):
        code, lines = self.cmd("STARTTLS")
        assert code == 220, lines
        self.socket = tls_context().wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")
        return self.hello()

    def plain(self, user, password=PASSWORD):
        import base64
        return self.cmd("AUTH PLAIN " + base64.b64encode(("\0%s\0%s" % (user, password)).encode()).decode())

    def envelope(self, sender, *recipients, parameters=""):
        answers = [self.cmd("MAIL FROM:<%s>%s" % (sender, parameters))] + [self.cmd("RCPT TO:<%s>" % r) for r in recipients]
        return [a[0] for a in answers]

    def data(self, octets):
        """DATA with dots stuffed; the answer to the message."""
        code, lines = self.cmd("DATA")
        if code != 354:
            return code, lines
        stuffed = b"".join(b"." + l if l.startswith(b".") else l for l in octets.splitlines(True)) if b"\n." in octets or octets[:1] == b"." else octets
        self.send(stuffed + (b"" if octets.endswith(b"\r\n") or not octets else b"\r\n") + b".\r\n")
        return self.answer()

    def gone(self):
        """Whether the server has closed, after what it still says."""
        try:
            while self.file.readline():
                pass
            return True
        except socket.timeout:
            return False
        except OSError:
            return True

    def close(self):
        self.file.close()
        self.socket.close()


def messages(user):
    """All of an INBOX, octet for octet."""
    p = poplib.POP3(HOST, port("pop3"), 20)
    p.user(user)
    p.pass_(PASSWORD)
    out = []
    for i in range(1, p.stat()[0] + 1):
        p._putcmd("RETR %d" % i)
        p._getresp()
        lines = []
        while (line := p.file.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        out.append(b"".join(lines))
    p.quit()
    return out


def arrived(user, count, limit=10):
    """Waits until so many messages are shown: 250 promises them, a mailbox shows them a moment later."""
    end = time.time() + limit
    while len(found := messages(user)) < count and time.time() < end:
        time.sleep(0.005)
    return found


def empty(user):
    """The INBOX. A session that an earlier test dropped may hold it until the server has read its end."""
    end = time.time() + 60
    while True:
        p = poplib.POP3(HOST, port("pop3"), 20)
        p.user(user)
        try:
            p.pass_(PASSWORD)
            break
        except poplib.error_proto as e:
            p.close()
            if b"IN-USE" not in e.args[0] or time.time() > end:
                raise
    for i in range(1, p.stat()[0] + 1):
        p.dele(i)
    p.quit()


def folder_count(user, folder):
    i = imaplib.IMAP4(HOST, port("imap"))
    i.login(user, PASSWORD)
    status, data = i.select(folder, True)
    i.logout()
    return int(data[0]) if status == "OK" else None


class Case(unittest.TestCase):
    def client(self, *a, **k):
        c = Client(*a, **k)
        self.addCleanup(c.close)
        return c

    def secure(self, user=U[0]):
        c = self.client("submission")
        c.starttls()
        self.assertEqual(c.plain(user)[0], 235)
        return c

    def only(self, user):
        """The one message of an INBOX that was emptied before."""
        found = arrived(user, 1)
        self.assertEqual(len(found), 1)
        return found[0]
