"""EXTERNAL for chat clients: certificates that an account has, those that an authority vouches for by an address of mail or of chat; and
whose certificate the server shows to who names nobody in TLS."""
import os, shutil, sys, tempfile
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "login"))
from client import *
from node import Node, wait_for
from sessions import certificate, openssl

V = ssl.TLSVersion
XMPP_ADDRESS = "otherName:1.3.6.1.5.5.7.8.5;UTF8:"
HEADER = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='%s' version='1.0'>"


def fingerprint(pem):
    with open(pem) as f:
        return ssl.PEM_cert_to_DER_cert(f.read())


class Raw(Stream):
    """A stream by direct TLS or STARTTLS that shows a certificate, or none."""

    def __init__(self, node, shown=None, direct=True, version=None, domain="example.test", name=None):
        self.socket, self.text, self.header = socket.create_connection(("127.0.0.1", node.port("xmpps" if direct else "xmpp")), LIMIT), "", HEADER % domain
        c = tls_context()
        if version:
            c.minimum_version = c.maximum_version = version
        if shown:
            c.load_cert_chain(*shown)
        if not direct:
            self.send(self.header)
            self.until("</stream:features>")
            self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            self.until("<proceed[^>]*>")
        self.socket = c.wrap_socket(self.socket, server_hostname=name)

    def offered(self):
        self.send(self.header)
        return self.until("</stream:features>")

    def external(self, address=None):
        """True, or what the server said."""
        said = "=" if address is None else base64.b64encode(address.encode()).decode()
        self.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>%s</auth>" % said)
        answer = self.until("<success[^>]*>|</failure>")
        return True if "<success" in answer else answer

    def bound(self):
        """The address, which must be the account's."""
        self.send(self.header)
        self.until("</stream:features>")
        self.bind("r")
        return re.search("<jid>([^<]*)", self.last).group(1)

    def until(self, pattern):
        self.last = super().until(pattern)
        return self.last


class Certificates(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="rookery-chat-certificates-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.authority = certificate(cls.folder, "authority")
        cls.own = certificate(cls.folder, "own")
        cls.node = Node(os.environ["ROOKERY_PROGRAM"], cls.folder, 4)
        # A second domain with a certificate of its own.
        cls.second = certificate(cls.folder, "second", names="DNS:second.test")
        with open(cls.node.file, "a") as f:
            f.write("\n[[certificate]]\nhost = \"second.test\"\nchain = \"%s\"\nkey = \"%s\"\n" % cls.second)
        cls.node.start()
        cls.addClassCleanup(cls.node.kill)
        wait_for(cls.node.port("xmpp"))
        for verb in (("settings", "set", "chat.client_certificates", "on"), ("settings", "set", "tls.client_ca_file", cls.authority[0]),
                     ("domain", "add", "second.test"), ("account", "certificate", "add", "u1@example.test", cls.own[0])):
            done = cls.node.run(*verb)
            assert done.returncode == 0, (verb, done.stdout)

    def raw(self, *a, **k):
        s = Raw(self.node, *a, **k)
        self.addCleanup(s.close)
        return s

    def entered(self, shown, address=None, **more):
        s = self.raw(shown, **more)
        self.assertIn("<mechanism>EXTERNAL</mechanism>", s.offered())
        answer = s.external(address)
        return s.bound() if answer is True else answer

    def test_a_certificate_of_the_account_opens_it(self):
        for direct in (True, False):
            for version in (V.TLSv1_2, V.TLSv1_3):
                self.assertEqual(self.entered(self.own, direct=direct, version=version), "u1@example.test/r")
        self.assertEqual(self.entered(self.own, "u1@example.test"), "u1@example.test/r")
        self.assertIn("<not-authorized", self.entered(self.own, "u2@example.test"))

    def test_an_authority_vouches_for_addresses_of_mail_and_of_chat(self):
        mail = certificate(self.folder, "mail", "u2@example.test", self.authority)
        chat = certificate(self.folder, "chat", names=XMPP_ADDRESS + "u3@example.test", authority=self.authority)
        strange = certificate(self.folder, "strange", names=XMPP_ADDRESS + "u3@example.test")
        self.assertEqual(self.entered(mail), "u2@example.test/r")
        self.assertEqual(self.entered(chat), "u3@example.test/r")
        self.assertEqual(self.entered(chat, "u3@example.test"), "u3@example.test/r")
        self.assertIn("<not-authorized", self.entered(chat, "u2@example.test"))
        self.assertIn("<not-authorized", self.entered(strange))

    def test_who_shows_none_logs_in_as_always(self):
        self.assertNotIn("EXTERNAL", self.raw().offered())
        s = Stream("u4", at=("127.0.0.1", self.node.port("xmpp")))
        self.addCleanup(s.close)
        s.send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
        s.until("id='p'")

    async def test_slixmpp(self):
        c = Client("u1", mechanism="EXTERNAL", password="", at=("127.0.0.1", self.node.port("xmpp")))
        c.ssl_context.load_cert_chain(*self.own)
        self.addAsyncCleanup(c.down)
        await c.up()
        c.send_message(c.boundjid, "to myself")
        await c.message("to myself")

    def test_taking_it_away_ends_the_stream(self):
        taken = certificate(self.folder, "taken")
        self.assertEqual(self.node.run("account", "certificate", "add", "u4@example.test", taken[0]).returncode, 0)
        s = self.raw(taken)
        s.offered()
        self.assertIs(s.external(), True)
        self.assertEqual(s.bound(), "u4@example.test/r")
        self.assertEqual(self.node.run("account", "certificate", "remove", "u4@example.test", taken[0]).returncode, 0)
        s.until("</stream:stream>")

    def test_whose_certificate_is_shown_to_who_names_nobody(self):
        second = fingerprint(self.second[0])
        for version in (V.TLSv1_2, V.TLSv1_3):
            for domain, name, is_second in (("second.test", None, True), ("example.test", None, False), ("second.test", "example.test", False),
                                            ("example.test", "second.test", True)):
                s = self.raw(direct=False, version=version, domain=domain, name=name)
                self.assertEqual(s.socket.getpeercert(True) == second, is_second, (domain, name))


if __name__ == "__main__":
    unittest.main()
