"""Accounts that strangers make from a chat client (XEP-0077), where the setting allows it."""
import imaplib, os, shutil, sys, tempfile
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from client import *
from node import Node, wait_for

NEW = "a long password"
FORM = "<iq type='get' id='f'><query xmlns='jabber:iq:register'/></iq>"


def wish(user, password=NEW):
    return "<iq type='set' id='w'><query xmlns='jabber:iq:register'><username>%s</username><password>%s</password></query></iq>" % (user, password)


class Registration(Case):
    """A node of its own, whose settings change."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rookery-registration-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.node = Node(os.environ["ROOKERY_PROGRAM"], self.folder, 2)
        self.node.start()
        self.addCleanup(self.node.kill)
        wait_for(self.node.port("xmpp"))
        self.at = ("127.0.0.1", self.node.port("xmpp"))

    def set(self, key, value):
        done = self.node.run("settings", "set", key, value)
        self.assertEqual(done.returncode, 0, done.stdout)

    def ask(self, what):
        """The answer on a connection of its own."""
        s = self.stream(None, at=self.at)
        s.send(what)
        answer = s.until("<iq[^>]*/>|</iq>")
        s.close()
        return answer

    def test_who_may_and_who_may_not(self):
        self.assertIn("service-unavailable", self.ask(FORM))
        self.assertIn("service-unavailable", self.ask(wish("ann")))
        self.set("chat.registration", "on")
        self.set("chat.registrations_an_hour", "20")
        bare = self.stream(None, tls=False, at=self.at)
        bare.send(Stream.HEADER)
        self.assertNotIn("iq-register", bare.until("</stream:features>"))
        self.assertIn("<username/>", self.ask(FORM))
        self.assertRegex(self.ask(wish("ann")), "type='result'")
        for user, password, condition in (("ann", NEW, "conflict"), ("u1", NEW, "conflict"), ("postmaster", NEW, "not-acceptable"), ("rookery", NEW, "not-acceptable"),
                                          ("Ann+x", NEW, "not-acceptable"), ("bob", "short", "not-acceptable"), ("bob", "bob@example.test", "not-acceptable")):
            with self.subTest(user=user, password=password):
                self.assertIn("<%s" % condition, self.ask(wish(user, password)))
        s = self.stream("ann", at=self.at, password=NEW)
        s.send("<presence/>")
        s.until("<presence[^>]*/>")
        # It is an account like any other.
        mail = imaplib.IMAP4_SSL("127.0.0.1", self.node.port("imaps"), ssl_context=tls_context())
        mail.login("ann@example.test", NEW)
        self.assertEqual(mail.select("INBOX")[0], "OK")
        mail.logout()
        self.assertIn("chat registration from 127.0.0.1", self.node.run("history").stdout)
        # It does not go again by chat.
        s.send("<iq type='set' id='x'><query xmlns='jabber:iq:register'><remove/></query></iq>")
        self.assertIn("not-allowed", s.until("id='x'.*?</iq>"))
        # From one address so many in an hour; those that were refused count.
        self.set("chat.registrations_an_hour", "5")
        self.assertIn("<resource-constraint", self.ask(wish("cem")))
        self.set("chat.registration", "off")
        self.assertIn("service-unavailable", self.ask(wish("cem")))
        self.assertEqual(self.node.stop(), 0)
        self.assertEqual(self.node.check(), [])

    def test_who_is_refused_again_and_again_is_cut_off(self):
        self.set("chat.registration", "on")
        s = self.stream(None, at=self.at)
        for _ in range(5):
            s.send(wish("root"))
        self.assertIn("<policy-violation", s.rest())

    async def test_slixmpp_uses_the_new_account(self):
        self.set("chat.registration", "on")
        self.assertRegex(self.ask(wish("dora")), "type='result'")
        c = Client("dora", password=NEW, at=self.at)
        self.addAsyncCleanup(c.down)
        await c.up()
        c.send_message(c.boundjid, "it is me")
        await c.message("it is me")


if __name__ == "__main__":
    unittest.main()
