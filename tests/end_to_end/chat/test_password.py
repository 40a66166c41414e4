"""A new password, asked for in chat (XEP-0077)."""
import os, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import *

OLD, NEW, NEWER = "a first password", "a second password", "a third password"


def rookery(*verb, input=None):
    done = subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], *verb], input=input, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    assert done.returncode == 0, done.stdout
    return done.stdout


def change(password, user="changing", more=""):
    return ("<iq type='set' to='%s' id='c'><query xmlns='jabber:iq:register'><username>%s</username><password>%s</password>%s</query></iq>"
            % (DOMAIN, user, password, more))


class Password(Case):
    def setUp(self):
        rookery("account", "add", jid("changing"), input=OLD + "\n")
        self.addCleanup(rookery, "account", "remove", jid("changing"))

    def logged_in(self, password, resource="r"):
        """None: the password was wrong."""
        s = self.stream(None)
        s.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>"
               % base64.b64encode(("\0changing\0" + password).encode()).decode())
        if "<failure" in s.until("<success[^>]*>|</failure>"):
            return None
        s.send(s.HEADER)
        s.until("</stream:features>")
        s.bind(resource)
        return s

    def test_who_asks_stays_and_the_others_end(self):
        s, other = self.logged_in(OLD, "one"), self.logged_in(OLD, "two")
        s.send("<iq type='get' to='%s' id='g'><query xmlns='jabber:iq:register'/></iq>" % DOMAIN)
        self.assertIn("<username>changing</username>", s.until("</iq>"))
        for wrong, condition in ((change("short"), "not-acceptable"), (change(NEW, "u1"), "not-allowed"), (change(NEW, more="<remove/>"), "not-allowed"),
                                 ("<iq type='set' id='n'><query xmlns='jabber:iq:register'/></iq>", "bad-request")):
            s.send(wrong)
            self.assertIn(condition, s.until("</iq>"))
        s.send(change(NEW))
        self.assertRegex(s.until("</?iq[^>]*>"), "<iq[^>]*type='result'")
        self.assertIn("<not-authorized", other.until("</stream:stream>"))
        self.assertIsNone(self.logged_in(OLD))
        second = self.logged_in(NEW)
        # The stream goes on, and may ask again; the administration's password ends it.
        s.send(change(NEWER))
        self.assertRegex(s.until("</?iq[^>]*>"), "<iq[^>]*type='result'")
        self.assertIn("<not-authorized", second.until("</stream:stream>"))
        self.assertIn("chat " + jid("changing"), rookery("history"))
        rookery("account", "passwd", jid("changing"), input=OLD + "\n")
        self.assertIn("<not-authorized", s.until("</stream:stream>"))
        self.assertIsNone(self.logged_in(NEWER))
        self.assertIsNotNone(self.logged_in(OLD))

    async def test_slixmpp_changes_its_password(self):
        c = await self.client("changing", password=OLD)
        c.register_plugin("xep_0077")
        await c["xep_0077"].change_password(NEW)
        c.send_message(c.boundjid, "still here")
        await c.message("still here")
        await self.client("changing", "second", password=NEW)

    def test_accounts_are_not_made_before_the_login(self):
        s = self.stream(None)
        s.send("<iq type='get' id='g'><query xmlns='jabber:iq:register'/></iq>")
        self.assertIn("service-unavailable", s.until("</iq>"))


if __name__ == "__main__":
    unittest.main()
