"""News of people (PEP) that cross to another server: to whose client wishes for them, and the last ones to who comes."""
import os, sys, unittest
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import *
from test_profile import Person

TUNE, MOOD = "http://jabber.org/protocol/tune", "http://jabber.org/protocol/mood"
SONG = "<tune xmlns='%s'><title>%%s</title></tune>" % TUNE


class News(World):
    def setUp(self):
        super().setUp()
        ca = self.authority()
        self.one, self.two = self.server("one.example", ca), self.server("two.example", ca)
        dns = self.zones(one=srv(self.one.port("xmpp_server")), two=srv(self.two.port("xmpp_server")))
        for s in (self.one, self.two):
            s.federate(dns, ca, dialback="off")

    async def person(self, server, name="u1", resource="r", wishes=()):
        p = Person("%s@%s" % (name, server.domain), resource, wishes, at=("127.0.0.1", server.port("xmpp")))
        self.addAsyncCleanup(p.down)
        return await p.up()

    async def test_news_cross(self):
        a, b = await self.person(self.one, wishes=[TUNE]), await self.person(self.two, wishes=[TUNE])
        quiet = await self.person(self.one, "u1", "quiet")
        await self.befriend(a, b)
        await b.publish(TUNE, "current", SONG % "First")
        self.assertIn("First", await a.told(TUNE))
        await a.publish(TUNE, "current", SONG % "Answer")
        self.assertIn("Answer", await b.told(TUNE, "Answer"))
        # Who did not wish for them, got none; nor did anybody get what he did not wish for.
        await b.publish(MOOD, "current", "<mood xmlns='%s'><happy/></mood>" % MOOD)
        await b.publish(TUNE, "current", SONG % "Second")
        await a.told(TUNE, "Second")
        self.assertEqual([str(d) for what, d in a.seen if what == "news" and MOOD in str(d)], [])
        self.assertEqual([str(d) for what, d in quiet.seen if what == "news"], [])
        # Who comes gets the last one, also of one that is away.
        await a.down()
        await b.down()
        a = await self.person(self.one, wishes=[TUNE])
        self.assertIn("Second", await a.told(TUNE, "Second"))
        # A stranger gets nothing.
        c = await self.person(self.one, "u2", wishes=[TUNE])
        b = await self.person(self.two, wishes=[TUNE])
        b.send_presence(pto=c.boundjid)
        c.send_presence(pto=b.boundjid)
        await c.got("presence", lambda p: p["from"] == b.boundjid)
        await b.got("presence", lambda p: p["from"] == c.boundjid)
        await b.publish(TUNE, "current", SONG % "Third")
        await a.told(TUNE, "Third")
        b.send_message(c.boundjid, "that was all")
        await c.message("that was all")
        self.assertEqual([str(d) for what, d in c.seen if what == "news"], [])


if __name__ == "__main__":
    unittest.main()
