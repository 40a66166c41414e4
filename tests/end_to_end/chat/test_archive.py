"""Archives as operators see them, messages of operators, and messages that are taken back (XEP-0424)."""
import json, os, subprocess, sys
import xml.etree.ElementTree as ET
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import *

A = USERS[0]
LONG = "a long password"


def rookery(*verb, input=None, code=0):
    done = subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], *verb], input=input, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    assert done.returncode == code, done.stdout
    return done.stdout


class Archive(Case):
    def setUp(self):
        for user in ("said", "heard"):
            rookery("account", "add", jid(user), input=LONG + "\n")
            self.addCleanup(rookery, "account", "remove", jid(user))

    def lines(self, user):
        return [json.loads(l) for l in rookery("chat", "archive", "export", jid(user)).splitlines()]

    def bodies(self, user):
        return [ET.fromstring(l["stanza"]).findtext("{jabber:client}body") for l in self.lines(user)]

    def test_pages_are_counted_and_begin_at_what_is_there(self):
        said = self.stream("said", "here", password=LONG)
        for i in range(3):
            said.send("<message type='chat' to='%s'><body>%d</body></message>" % (jid("heard"), i))

        def page(name, inside):
            said.send("<iq type='set' id='%s'><query xmlns='urn:xmpp:mam:2'>%s</query></iq>" % (name, inside))
            return said.until("<iq (?=[^>]*id='%s').*?</iq>" % name)

        rsm = "<set xmlns='http://jabber.org/protocol/rsm'>%s</set>"
        first = page("a", rsm % "<max>2</max>")
        self.assertIn("<count>3</count>", first) # also what it has said this moment
        last = re.search("<last>(.*?)</last>", first).group(1)
        rest = page("b", rsm % ("<after>%s</after>" % last))
        self.assertEqual(re.findall("<body>(.*?)</body>", rest), ["2"])
        self.assertIn("<count>3</count>", rest)
        # XEP-0059 §2.7: how many there are, and none of them.
        none = page("c", rsm % "<max>0</max>")
        self.assertNotIn("<body>", none)
        self.assertIn("<count>3</count>", none)
        # An id that is none of the archive's is no place to go on from.
        for wrong in ("<after>7</after>", "<before>7</before>"):
            self.assertIn("item-not-found", page("d", rsm % wrong))
        form = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field><field var='%s'><value>%s</value></field></x>"
        self.assertIn("item-not-found", page("e", form % ("after-id", "7")))
        self.assertNotIn("<count>", page("f", form % ("with", jid("heard"))))

    def test_an_operator_sends_exports_and_purges(self):
        heard = self.stream("heard", "here", password=LONG)
        heard.send("<presence/>")
        rookery("chat", "send", jid("said"), jid("heard"), "Tea <is> ready & hot")
        got = heard.until("</message>")
        self.assertIn("from='%s'" % jid("said"), got)
        self.assertIn("Tea &lt;is&gt; ready &amp; hot", got)
        rookery("chat", "send", DOMAIN, jid("heard"), "of the server")
        self.assertIn("from='%s'" % DOMAIN, heard.until("of the server</body>.*?</message>"))
        # Who is away gets it later.
        rookery("chat", "send", jid("heard"), jid("said"), "waits")
        said = self.stream("said", "here", password=LONG)
        said.send("<presence/>")
        said.until("<body>waits</body>")
        self.assertEqual(self.bodies("said"), ["Tea <is> ready & hot", "waits"])
        self.assertEqual(self.bodies("heard"), ["Tea <is> ready & hot", "of the server", "waits"])
        for wrong in ((jid("said"), jid("nobody")), (jid("nobody"), jid("said")), ("elsewhere.example", jid("said"))):
            rookery("chat", "send", *wrong, "x", code=4)
        # Blocked: refused.
        heard.send("<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='%s'/></block></iq>" % jid("said"))
        heard.until("<iq[^>]*id='b'[^>]*>")
        rookery("chat", "send", jid("said"), jid("heard"), "x", code=1)
        document = ET.fromstring(rookery("chat", "archive", "export", jid("heard"), "--xml"))
        self.assertEqual([e.text for e in document.iter("{jabber:client}body")], ["Tea <is> ready & hot", "of the server", "waits"])
        self.assertEqual(rookery("chat", "archive", "export", jid("heard"), "--before", "1d"), "")
        self.assertIn("0 messages", rookery("chat", "archive", "purge", jid("heard"), "--before", "1d"))
        self.assertIn("3 messages", rookery("chat", "archive", "purge", jid("heard"), "--before", "now"))
        self.assertEqual(self.bodies("heard"), [])
        self.assertEqual(len(self.bodies("said")), 2)
        rookery("chat", "archive", "export", jid("nobody"), code=4)

    def test_a_room_has_an_archive_too(self):
        room = "told@conference." + DOMAIN
        rookery("chat", "rooms", "create", room)
        self.addCleanup(rookery, "chat", "rooms", "destroy", room)
        s = self.stream(A, "in")
        s.send("<presence to='%s/a'><x xmlns='http://jabber.org/protocol/muc'/></presence>" % room)
        s.until("code='110'")
        s.send("<message to='%s' type='groupchat' id='g'><body>to all</body></message>" % room)
        s.until("<body>to all</body>")
        self.assertIn("to all", rookery("chat", "archive", "export", room))
        self.assertIn("1 messages", rookery("chat", "archive", "purge", room, "--before", "now"))

    def test_a_message_is_taken_back_in_both_archives(self):
        said, heard = self.stream("said", "here", password=LONG), self.stream("heard", "here", password=LONG)
        for s in (said, heard):
            s.send("<presence/>")
        say = "<message to='%s' type='chat' id='%s'>%s</message>"
        for i in ("m1", "m2"):
            said.send(say % (jid("heard"), i, "<body>%s</body>" % i))
        heard.until("<body>m2</body>")
        # Nobody takes back what another has said.
        heard.send(say % (jid("said"), "r0", "<retract xmlns='urn:xmpp:message-retract:1' id='m2'/>"))
        said.until("id='r0'.*?</message>")
        said.send(say % (jid("heard"), "r1", "<retract xmlns='urn:xmpp:message-retract:1' id='m1'/>"))
        heard.until("id='r1'.*?</message>")
        for user in ("said", "heard"):
            # It is done behind the retraction: asked until it is there, or the time is over.
            for _ in range(LIMIT * 10):
                stanzas = [ET.fromstring(l["stanza"]) for l in self.lines(user)]
                if stanzas[0].find("{urn:xmpp:message-retract:1}retracted") is not None:
                    break
            self.assertEqual(stanzas[0].find("{urn:xmpp:message-retract:1}retracted").get("id"), "r1")
            self.assertEqual([e.findtext("{jabber:client}body") for e in stanzas], [None, "m2", None, None])
            self.assertEqual([e.get("id") for e in stanzas], ["m1", "m2", "r0", "r1"])
        said.send("<iq type='get' id='d' to='%s'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>" % jid("said"))
        self.assertIn("urn:xmpp:message-retract:1#tombstone", said.until("</iq>"))


if __name__ == "__main__":
    unittest.main()
