"""STARTTLS, implicit TLS, and compression above it."""
import ssl
from peer import *

IMAPS = int(os.environ.get("ROOKERY_IMAPS_PORT", "10993"))


def context():
    c = ssl.create_default_context()
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE  # a test node certifies itself
    return c


class Tls(Case):
    def secured(self):
        p = Peer()
        self.peers.append(p)
        self.assertEqual(p.cmd("STARTTLS").status, "OK")
        p.socket = context().wrap_socket(p.socket, server_hostname="localhost")
        return p

    def test_starttls_and_login(self):
        p = self.secured()
        caps = p.ok("CAPABILITY").all()
        self.assertNotIn(b"STARTTLS", caps)
        self.assertIn(b"AUTH=SCRAM-SHA-256-PLUS", caps)
        p.ok('LOGIN "%s@%s" "%s"' % (USERS[0], DOMAIN, PASSWORD))
        p.append(self.box, mail(1, "x" * 200000))
        p.ok("SELECT " + self.box)
        self.assertEqual(p.ok("FETCH 1 BODY.PEEK[]").literals()[0], mail(1, "x" * 200000))

    def test_what_was_sent_in_plain_behind_starttls_is_dropped(self):
        p = Peer()
        self.peers.append(p)
        p.send('s STARTTLS\r\nx LOGIN "%s@%s" "%s"\r\n' % (USERS[0], DOMAIN, PASSWORD))
        self.assertTrue(p.line().startswith(b"s OK"))
        self.assertEqual(p.buffer, b"")
        p.socket = context().wrap_socket(p.socket, server_hostname="localhost")
        self.assertEqual(p.cmd("SELECT INBOX").status, "BAD")

    def test_starttls_again_is_refused(self):
        self.assertEqual(self.secured().cmd("STARTTLS").status, "BAD")

    def test_implicit_tls_with_compression(self):
        p = Peer.__new__(Peer)
        p.socket = context().wrap_socket(socket.create_connection((HOST, IMAPS), 20), server_hostname="localhost")
        p.buffer, p.tags, p.inflate, p.deflate = b"", itertools.count(1), None, None
        self.peers.append(p)
        self.assertTrue(p.line().startswith(b"* OK"))
        p.ok('LOGIN "%s@%s" "%s"' % (USERS[0], DOMAIN, PASSWORD))
        p.ok("COMPRESS DEFLATE")
        p.inflate, p.deflate = zlib.decompressobj(-15), zlib.compressobj(9, zlib.DEFLATED, -15)
        big = mail(1, "compressible " * 300000)
        self.assertEqual(p.append(self.box, big).status, "OK")
        p.ok("SELECT " + self.box)
        for _ in range(5):
            self.assertEqual(p.ok("FETCH 1 BODY.PEEK[]").literals(), [big])


if __name__ == "__main__":
    unittest.main()
