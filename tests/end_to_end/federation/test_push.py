"""Notices for phones (XEP-0357): a client of the second server, and one of the first, are the push services."""
import os, sys, unittest
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import *
from slixmpp.xmlstream import ET
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

PUBSUB, PUSH, DATA = "http://jabber.org/protocol/pubsub", "urn:xmpp:push:0", "jabber:x:data"


class Push(World):
    def setUp(self):
        super().setUp()
        ca = self.authority()
        self.one, self.two = self.server("one.example", ca), self.server("two.example", ca)
        dns = self.zones(one=srv(self.one.port("xmpp_server")), two=srv(self.two.port("xmpp_server")))
        for s in (self.one, self.two):
            s.federate(dns, ca)

    async def service(self, server, error=None):
        """A client that takes notices: event `push` with their fields, options and node."""
        c = await self.user(server, "u3", "push")
        c.error = error

        def take(iq):
            publish = iq.xml.find("{%s}pubsub/{%s}publish" % (PUBSUB, PUBSUB))
            options = iq.xml.find("{%s}pubsub/{%s}publish-options" % (PUBSUB, PUBSUB))
            fields = {f.get("var"): f.findtext("{%s}value" % DATA) for f in publish.iter("{%s}field" % DATA)}
            c.note("push", dict(fields, node=publish.get("node"), to=str(iq["from"]),
                                secret=None if options is None else options.findtext(".//{%s}value" % DATA)))
            if c.error:
                answer = iq.reply()
                answer["type"] = "error"
                answer["error"]["condition"], answer["error"]["type"] = c.error, "cancel"
                answer.send()
            else:
                iq.reply().send()
        c.register_handler(Callback("push", MatchXPath("{jabber:client}iq/{%s}pubsub" % PUBSUB), take))
        return c

    async def order(self, c, what, service, node="n1", secret=None):
        iq = c.make_iq_set()
        e = ET.SubElement(iq.xml, "{%s}%s" % (PUSH, what), {"jid": service.boundjid.full, "node": node})
        if secret:
            x = ET.SubElement(e, "{%s}x" % DATA, {"type": "submit"})
            ET.SubElement(ET.SubElement(x, "{%s}field" % DATA, {"var": "secret"}), "{%s}value" % DATA).text = secret
        await iq.send(timeout=LIMIT)

    async def test_who_is_away_gets_notices(self):
        service, a, b = await self.service(self.two), await self.user(self.one), await self.user(self.one, "u2")
        await self.order(b, "enable", service, secret="s3cret")
        # Who is there gets none: the next notice is the one for the time when he was not.
        a.send_message(b.boundjid.bare, "seen", mtype="chat")
        await b.message("seen")
        await b.down()
        await a["xep_0199"].ping("one.example", timeout=LIMIT)
        a.send_message(b.boundjid.bare, "missed", mtype="chat")
        p = await service.got("push")
        self.assertEqual({k: p[k] for k in ("node", "secret", "message-count", "to")},
                         {"node": "n1", "secret": "s3cret", "message-count": "1", "to": b.boundjid.bare})
        self.assertEqual(p["last-message-sender"], a.boundjid.full)
        self.assertNotIn("last-message-body", p)
        # A restart does not forget it; the text is told when the setting says so.
        for c in (a,):
            await c.down()
        self.assertEqual(self.one.stop(), 0)
        self.one.start()
        wait_for(self.one.port("xmpp"))
        self.one.says("settings", "set", "chat.push_text", "on")
        a = await self.user(self.one)
        a.send_message(b.boundjid.bare, "missed again", mtype="chat")
        p = await service.got("push")
        self.assertEqual(p["last-message-body"], "missed again")
        # An error of the service ends it.
        service.error = "item-not-found"
        a.send_message(b.boundjid.bare, "one more", mtype="chat")
        await service.got("push", lambda p: p["last-message-body"] == "one more")
        b = await self.user(self.one, "u2")
        await b.message("one more")
        service.error = None
        await self.order(b, "enable", service, node="n2")
        await b.down()
        a.send_message(b.boundjid.bare, "to the new node", mtype="chat")
        p = await service.got("push")
        self.assertEqual(p["node"], "n2", "the first one was ended")

    async def test_inactive_and_lost_clients_and_the_end(self):
        service, a = await self.service(self.one), await self.user(self.one)
        b = await self.user(self.one, "u2", managed=True)
        await self.order(b, "enable", service)
        b.send_raw("<inactive xmlns='urn:xmpp:csi:0'/>")
        await b["xep_0199"].ping("one.example", timeout=LIMIT)
        a.send_message(b.boundjid.bare, "inactive", mtype="chat")
        await service.got("push")
        await b.message("inactive")
        b.send_raw("<active xmlns='urn:xmpp:csi:0'/>")
        await b["xep_0199"].ping("one.example", timeout=LIMIT)
        a.send_message(b.boundjid.bare, "active", mtype="chat")
        await b.message("active")
        b.cut()
        # The stream waits to be resumed; nobody sees the message.
        while '"lost"' not in self.one.says("chat", "sessions", b.boundjid.bare, "--json"):
            await asyncio.sleep(0.05)
        a.send_message(b.boundjid.bare, "lost", mtype="chat")
        p = await service.got("push")
        self.assertEqual(p["message-count"], "1")
        c = await self.user(self.one, "u2", "other")
        await self.order(c, "disable", service)
        await c.down()
        a.send_message(b.boundjid.bare, "nobody hears", mtype="chat")
        await a["xep_0199"].ping("one.example", timeout=LIMIT)
        await a["xep_0199"].ping(service.boundjid, timeout=LIMIT)
        self.assertEqual([d for what, d in service.seen if what == "push"], [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
