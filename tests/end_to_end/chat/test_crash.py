"""kill -9: what was acknowledged is there, for the one who sent it and the one who gets it."""
import os, re, shutil, sys, tempfile, threading
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from client import *
from node import Node, wait_for


class Killed(Case):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rookery-chat-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.node = Node(os.environ["ROOKERY_PROGRAM"], self.folder, 2)
        self.node.start()
        self.addCleanup(self.node.kill)
        wait_for(self.node.port("xmpp"))

    def at(self):
        return ("127.0.0.1", self.node.port("xmpp"))

    def archive(self, user):
        s = self.stream(user, "reader", at=self.at())
        bodies, after = [], ""
        while True:
            s.send("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>100</max>%s</set></query></iq>"
                   % ("<after>%s</after>" % after if after else ""))
            text = s.until("<iq [^>]*id='q'.*?</iq>")
            bodies += re.findall("<body>(.*?)</body>", text)
            if "complete='true'" in text:
                return bodies
            after = re.search("<last>(.*?)</last>", text).group(1)

    def test_what_was_acknowledged(self):
        sender = self.stream("u1", "sender", at=self.at())
        sender.send("<enable xmlns='urn:xmpp:sm:3'/>")
        sender.until("<enabled[^>]*>")
        sender.send("<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='friend@elsewhere.test' name='Kept'/></query></iq>")
        sender.until("<iq[^>]*id='r'[^>]*>")
        sent, acknowledged = 0, 1
        while sent < 300:
            for _ in range(20):
                sender.send("<message to='u2@example.test' type='chat'><body>m%d</body></message>" % sent)
                sent += 1
            sender.send("<r xmlns='urn:xmpp:sm:3'/>")
            acknowledged = int(re.search(r"h='(\d+)'", sender.until("<a [^>]*>")).group(1))
        for _ in range(100):
            sender.send("<message to='u2@example.test' type='chat'><body>m%d</body></message>" % sent)
            sent += 1
        self.node.kill()
        self.assertEqual(acknowledged, 301)
        self.node.start()
        wait_for(self.node.port("xmpp"))
        wanted = ["m%d" % i for i in range(300)]
        mine, theirs = self.archive("u1"), self.archive("u2")
        self.assertEqual(mine[:300], wanted)
        self.assertEqual(theirs[:300], wanted)
        # Both lines of a message come or stay away together.
        self.assertEqual(mine, theirs)
        friend = self.stream("u1", "again", at=self.at())
        friend.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
        self.assertIn("Kept", friend.until("<iq[^>]*id='r'.*?</iq>"))
        late = self.stream("u2", "late", at=self.at())
        late.send("<presence/>")
        text = late.until("<body>m299</body>")
        self.assertEqual(re.findall("<body>(.*?)</body>", text), wanted)
        self.assertEqual(self.node.stop(), 0)
        self.assertEqual(self.node.check(), [])


if __name__ == "__main__":
    unittest.main()
