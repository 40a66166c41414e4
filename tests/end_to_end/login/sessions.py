"""One login on any service, in the words of its protocol; and mechanisms as generators of answers."""
import base64, hashlib, hmac, json, os, ssl, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "service"))
from own import *

SERVICES = ("imaps", "pop3s", "submissions")


def b64(octets):
    return base64.b64encode(octets.encode() if isinstance(octets, str) else octets).decode()


class Session:
    """A connection by TLS: `certificate` is a pair of PEM files that the client shows."""

    def __init__(self, node, service, certificate=None, tls=True, version=None):
        self.kind = service.rstrip("s").replace("submission", "smtp")
        self.socket = socket.create_connection(("127.0.0.1", node.port(service)), 30)
        if tls:
            c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
            if version:
                c.minimum_version = c.maximum_version = version
            if certificate:
                c.load_cert_chain(*certificate)
            self.socket = c.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")
        self.line()
        if self.kind == "smtp":
            self.lines = self.command("EHLO there.test")

    def line(self):
        line = self.file.readline().decode()
        if not line:
            raise EOFError("the server closed")
        return line.rstrip("\r\n")

    def send(self, text):
        self.socket.sendall(text.encode() + b"\r\n")

    def command(self, text, several=False):
        """All lines of the answer."""
        self.send("a " + text if self.kind == "imap" else text)
        lines = [self.line()]
        while {"imap": not lines[-1].startswith("a "), "pop3": several and lines[-1] != ".", "smtp": lines[-1][3:4] == "-"}[self.kind]:
            lines.append(self.line())
        return lines

    def mechanisms(self):
        if self.kind == "imap":
            return [w[5:] for w in self.command("CAPABILITY")[0].split() if w.startswith("AUTH=")]
        lines = self.command("CAPA", True) if self.kind == "pop3" else [l[4:] for l in self.lines]
        return [w for l in lines if l.split()[0] in ("SASL", "AUTH") for w in l.split()[1:]]

    def login(self, mechanism, answers, initial=True):
        """True or what the server said. `answers`: yields octets, is sent challenges; the first answers nothing."""
        verb = ("AUTHENTICATE " if self.kind == "imap" else "AUTH ") + mechanism
        first = next(answers)
        if initial and first is not None:
            verb += " " + (b64(first) or "=")
        self.send("a " + verb if self.kind == "imap" else verb)
        owed = None if initial else first
        self.challenges = []
        while True:
            line = self.line()
            if self.kind == "imap" and line.startswith("* "):
                continue
            if not line.startswith("334 " if self.kind == "smtp" else "+ "):
                ok = line.startswith({"imap": "a OK", "pop3": "+OK", "smtp": "235"}[self.kind])
                return True if ok else line
            self.challenges.append(base64.b64decode(line.split(" ", 1)[1]))
            if owed is not None:
                answer, owed = owed, None
            else:
                answer = answers.send(self.challenges[-1])
            self.send(b64(answer))

    def close(self):
        self.file.close()
        self.socket.close()


def scram(user, password, algorithm="sha1"):
    bare = "n=%s,r=clientnonce" % user
    first = (yield "n,," + bare).decode()
    f = dict(x.split("=", 1) for x in first.split(","))
    salted = hashlib.pbkdf2_hmac(algorithm, password.encode(), base64.b64decode(f["s"]), int(f["i"]))
    client_key = hmac.digest(salted, b"Client Key", algorithm)
    final = "c=%s,r=%s" % (b64("n,,"), f["r"])
    message = ",".join((bare, first, final)).encode()
    signature = hmac.digest(hashlib.new(algorithm, client_key).digest(), message, algorithm)
    last = yield final + ",p=" + b64(bytes(a ^ b for a, b in zip(client_key, signature)))
    assert last == b"v=" + b64(hmac.digest(hmac.digest(salted, b"Server Key", algorithm), message, algorithm)).encode(), last
    yield ""


def external(authzid=""):
    yield authzid


def oauthbearer(token, authzid=""):
    yield "n,%s,\1host=localhost\1auth=Bearer %s\1\1" % (authzid and "a=" + authzid, token)
    yield "\1"


def xoauth2(user, token):
    yield "user=%s\1auth=Bearer %s\1\1" % (user, token)
    yield ""


def openssl(*arguments, input=None):
    return subprocess.run(("openssl",) + arguments, input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout


def key(path, kind="ec"):
    how = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048") if kind == "rsa" else ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    openssl("genpkey", *how, "-out", path)
    return path


def certificate(folder, name, address=None, authority=None, names=None):
    """A pair of files: signed by itself, or by the pair `authority`. `names`: a subjectAltName as openssl writes it."""
    pem, own = os.path.join(folder, name + ".pem"), key(os.path.join(folder, name + ".key"))
    names = names or (address and "email:" + address)
    more = ["-addext", "subjectAltName=" + names] if names else []
    if authority is None:
        openssl("req", "-x509", "-new", "-key", own, "-subj", "/CN=" + name, "-days", "3", "-out", pem, *more)
        return pem, own
    request = openssl("req", "-new", "-key", own, "-subj", "/CN=" + name, *more)
    openssl("x509", "-req", "-CA", authority[0], "-CAkey", authority[1], "-CAcreateserial", "-copy_extensions", "copy", "-days", "3", "-out", pem, input=request)
    return pem, own


def token(private, algorithm="ES256", **claims):
    """A signed JWT."""
    def part(octets):
        return base64.urlsafe_b64encode(octets).rstrip(b"=")
    signed = part(json.dumps({"alg": algorithm, "typ": "at+jwt"}).encode()) + b"." + part(json.dumps(claims).encode())
    signature = openssl("dgst", "-sha256", "-sign", private, input=signed)
    if algorithm == "ES256":
        numbers, at = b"", 2
        for _ in range(2):
            size = signature[at + 1]
            numbers += signature[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0")
            at += 2 + size
        signature = numbers
    return (signed + b"." + part(signature)).decode()


class LoginCase(Case):
    one = True

    def verb(self, *words, input=None):
        done = self.node.run(*words, input=input)
        self.assertEqual(done.returncode, 0, (words, done.stdout))
        return done.stdout

    def set(self, name, value):
        self.verb("settings", "set", name, str(value))

    def session(self, service, *a, **k):
        s = Session(self.node, service, *a, **k)
        self.addCleanup(s.close)
        return s

    def attempt(self, service, mechanism, answers, *a, initial=True, **k):
        """True or what the server said, of a session that ends with it. `answers`: what to call for them. A maildrop
        that is still locked by the session before is asked for again."""
        end = time.time() + 60
        while True:
            s = Session(self.node, service, *a, **k)
            try:
                got = s.login(mechanism, answers(), initial)
                self.challenges = s.challenges
            finally:
                s.close()
            if got is True or not got.startswith("-ERR [IN-USE]") or time.time() > end:
                return got
            time.sleep(0.05)

    def assertLogged(self, text):
        """Lines are written by a thread of their own: waits for this one."""
        end = time.time() + 60
        while text not in (all := self.logs()):
            self.assertLess(time.time(), end, "%r is not in the log:\n%s" % (text, all[-4000:]))
            time.sleep(0.05)
        return all

    def logs(self):
        folder = os.path.join(self.node.folder, "store", "logs")
        return "".join(open(os.path.join(folder, name), errors="replace").read() for name in sorted(os.listdir(folder))) + self.node.log_tail(1 << 24)

    def assertRefused(self, answer, service, say={"imaps": "a NO [AUTHENTICATIONFAILED]", "pop3s": "-ERR [AUTH]", "submissions": "535 5.7.8"}):
        self.assertIsNot(answer, True, service)
        self.assertTrue(answer.startswith(say[service]), (service, answer))
