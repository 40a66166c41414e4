"""Two Rookery servers of two domains: people, rooms, archives; who is believed and who is not; what cannot be delivered."""
import asyncio, json, os, sys, unittest, urllib.request
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import *


class Certificates(World):
    """Both have certificates of an authority that both trust, and nothing else counts."""

    def setUp(self):
        super().setUp()
        ca = self.authority()
        direct = '\n[[listener]]\nservice = "xmpp-server"\naddress = "127.0.0.1"\ntls = "implicit"\n'
        self.one, self.two = self.server("one.example", ca), self.server("two.example", ca, direct)
        dns = self.zones(one=srv(self.one.port("xmpp_server")), two=srv(self.two.port("xmpp_server"), self.two.port("xmpp_servers")))
        for s in (self.one, self.two):
            s.federate(dns, ca, dialback="off")

    async def test_people(self):
        a, b = await self.user(self.one), await self.user(self.two)
        for i in range(3):
            a.send_message(b.boundjid.bare, "hello %d" % i, mtype="chat")
        for i in range(3):
            m = await b.message("hello %d" % i)
            self.assertEqual(m["from"], a.boundjid)
        b.send_message(a.boundjid.full, "and you", mtype="chat")
        await a.message("and you")
        # One stream goes both ways, and TLS was there from the first octet.
        (stream,) = json.loads(self.one.says("chat", "streams", "--json"))
        self.assertEqual([stream[k] for k in ("domain", "ours", "direction", "proof", "in", "out")],
                         ["two.example", "one.example", "both", "EXTERNAL", 1, 3], stream)
        await self.befriend(a, b)
        a.send_presence(pshow="away")
        await b.got("presence", lambda p: p["type"] == "away" and p["from"] == a.boundjid)
        # Both archives have it all, in order.
        for c, other in ((a, b), (b, a)):
            page = await c["xep_0313"].retrieve(with_jid=other.boundjid.bare, iterator=False)
            self.assertEqual([str(m["mam_result"]["forwarded"]["stanza"]["body"]) for m in page["mam"]["results"]],
                             ["hello 0", "hello 1", "hello 2", "and you"])
        # Who is away gets it later; who leaves is seen to leave.
        await b.down()
        await a.got("presence", lambda p: p["type"] == "unavailable" and p["from"].bare == b.boundjid.bare)
        a.send_message(b.boundjid.bare, "for later", mtype="chat")
        await a["xep_0199"].ping("two.example", timeout=LIMIT)
        b = await self.user(self.two)
        m = await b.message("for later")
        self.assertTrue(m["delay"]["stamp"])
        await a.got("presence", lambda p: p["type"] == "available" and p["from"] == b.boundjid)

    async def test_questions_to_the_other_side(self):
        a, b = await self.user(self.one), await self.user(self.two)
        info = await a["xep_0030"].get_info("two.example", timeout=LIMIT)
        self.assertIn("urn:xmpp:ping", info["disco_info"]["features"])
        items = await a["xep_0030"].get_items("two.example", timeout=LIMIT)
        self.assertIn("conference.two.example", {i[0] for i in items["disco_items"]["items"]})
        await a["xep_0199"].ping(b.boundjid, timeout=LIMIT)
        card = b["xep_0054"].make_vcard()
        card["FN"] = "Bob"
        await b["xep_0054"].publish_vcard(card)
        got = await a["xep_0054"].get_vcard(b.boundjid.bare, timeout=LIMIT)
        self.assertEqual(got["vcard_temp"]["FN"], "Bob")
        with self.assertRaises(slixmpp.exceptions.IqError) as caught:
            await a["xep_0030"].get_info("nobody@two.example", timeout=LIMIT)
        self.assertEqual(caught.exception.condition, "service-unavailable")

    async def test_a_room_with_people_of_both(self):
        den = "den@conference.two.example"
        a, b = await self.user(self.one), await self.user(self.two)
        await self.enter(b, den, "Bob")
        await b.muc.set_room_config(den, b["xep_0004"].make_form("submit"))
        await self.enter(a, den, "Ann")
        await b.got("groupchat_presence", lambda p: p["muc"]["nick"] == "Ann")
        for i in range(20):
            (a, b)[i % 2].send_message(den, "line %d" % i, mtype="groupchat")
            for c in (a, b):
                m = await c.got("groupchat_message", lambda m: m["body"] == "line %d" % i)
                self.assertEqual(m["from"].resource, ("Ann", "Bob")[i % 2])
        a.send_message(den + "/Bob", "a secret", mtype="chat")
        await b.message("a secret")
        # The room's archive, from over there.
        page = await a["xep_0313"].retrieve(jid=den, iterator=False)
        self.assertEqual([str(m["mam_result"]["forwarded"]["stanza"]["body"]) for m in page["mam"]["results"]], ["line %d" % i for i in range(20)])
        # Its owner destroys it; both hear of it.
        await b.muc.destroy(den, "closed")
        await a.got("groupchat_presence", lambda p: p["type"] == "unavailable" and p["muc"]["nick"] == "Ann")

    async def test_streams_end_and_come_again(self):
        a, b = await self.user(self.one), await self.user(self.two)
        a.send_message(b.boundjid.bare, "first", mtype="chat")
        await b.message("first")
        self.assertIn("1 streams were ended", self.one.says("chat", "streams", "--end", "two.example"))
        a.send_message(b.boundjid.bare, "second", mtype="chat")
        await b.message("second")
        # A restart of the other side costs nothing that is said after it.
        await b.down()
        self.assertEqual(self.two.stop(), 0)
        self.two.start()
        wait_for(self.two.port("xmpp"))
        b = await self.user(self.two)
        b.send_message(a.boundjid.bare, "third", mtype="chat")
        await a.message("third")

    async def test_without_a_certificate_nobody_is_believed(self):
        p = Peer(self.one.port("xmpp_server"), "two.example", "one.example")
        self.addCleanup(p.close)
        self.assertNotIn("EXTERNAL", p.features)
        self.assertNotIn("urn:xmpp:features:dialback", p.features)
        p.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>")
        self.assertIn("not-authorized", p.until("</failure>"))
        p.send("<message from='u1@two.example' to='u1@one.example'><body>x</body></message>")
        self.assertIn("<not-authorized", p.rest())


class Dialback(World):
    """Nobody has a certificate that others trust."""

    def setUp(self):
        super().setUp()
        self.one, self.two = self.server("one.example"), self.server("two.example")
        self.three = Listener(self.authority(), "three.example")
        self.addCleanup(self.three.close)
        closed = free_port_base()
        self.dns = self.zones(one=srv(self.one.port("xmpp_server")), two=srv(self.two.port("xmpp_server")),
                              dead=srv(closed), three=srv(self.three.port), none="_xmpp-server._tcp 300 IN SRV 0 0 0 .\n")
        for s in (self.one, self.two):
            s.federate(self.dns)

    async def test_people(self):
        a, b = await self.user(self.one), await self.user(self.two)
        a.send_message(b.boundjid.bare, "hello", mtype="chat")
        await b.message("hello")
        b.send_message(a.boundjid.bare, "hello too", mtype="chat")
        await a.message("hello too")
        await self.befriend(a, b)
        self.assertEqual({s["proof"] for s in json.loads(self.two.says("chat", "streams", "--json"))}, {"dialback"})

    async def test_a_forged_domain_is_refused(self):
        b = await self.user(self.two, "u2")
        p = Peer(self.one.port("xmpp_server"), "two.example", "one.example")
        self.addCleanup(p.close)
        p.send("<db:result from='two.example' to='one.example'>%s</db:result>" % ("0" * 64))
        self.assertIn("type='invalid'", p.until("<db:result[^>]*>"))
        self.assertIn("</stream:stream>", p.rest())
        # One that proves nothing may say nothing; nor may it be one of ours.
        p = Peer(self.one.port("xmpp_server"), "two.example", "one.example")
        self.addCleanup(p.close)
        p.send("<message from='u1@two.example' to='u1@one.example'><body>x</body></message>")
        self.assertIn("<not-authorized", p.rest())
        p = Peer(self.one.port("xmpp_server"), "one.example", "one.example", tls=False)
        self.addCleanup(p.close)
        self.assertIn("<invalid-from", p.rest())
        p = Peer(self.one.port("xmpp_server"), "two.example", "nobody.example", tls=False)
        self.addCleanup(p.close)
        self.assertIn("<host-unknown", p.rest())
        # Nothing before TLS.
        p = Peer(self.one.port("xmpp_server"), "two.example", "one.example", tls=False)
        self.addCleanup(p.close)
        p.until("</stream:features>")
        p.send("<db:result from='two.example' to='one.example'>k</db:result>")
        self.assertIn("<policy-violation", p.rest())

    async def test_what_was_not_acknowledged_goes_back(self):
        a, loop = await self.user(self.one), asyncio.get_running_loop()
        to, hand = "u1@three.example", self.three

        def begin():
            s = hand.accept("<sm xmlns='urn:xmpp:sm:3'/>")
            s.until("<enable xmlns='urn:xmpp:sm:3'/>")
            s.send("<enabled xmlns='urn:xmpp:sm:3'/>")
            s.until("<body>%s</body></message>.*<r xmlns='urn:xmpp:sm:3'/>" % said)
            return s
        said = "lost"
        a.send_message(to, "lost", mtype="chat")
        s = await loop.run_in_executor(None, begin)
        s.socket.close()
        m = await a.got("message_error", lambda m: m["from"] == to)
        self.assertEqual((m["error"]["condition"], "may have arrived" in m["error"]["text"]), ("remote-server-timeout", True), str(m))
        # What was acknowledged is over there; what was not goes back alone.
        said = "second"
        a.send_message(to, "second", mtype="chat")
        s = await loop.run_in_executor(None, begin)
        s.send("<a xmlns='urn:xmpp:sm:3' h='1'/>")
        for body in ("third", "fourth"):
            m = a.make_message(to, body, mtype="chat")
            m["id"] = body
            m.send()
        await loop.run_in_executor(None, s.until, "<body>fourth</body></message>")
        s.send("<a xmlns='urn:xmpp:sm:3' h='2'/>")
        # The answer to the last request says that it has been read.
        await loop.run_in_executor(None, s.until, "<r xmlns='urn:xmpp:sm:3'/>")
        s.socket.close()
        m = await a.got("message_error", lambda m: m["from"] == to)
        self.assertEqual(m["id"], "fourth", str(m))
        # A server that knows of no acknowledgements is believed.
        a.send_message(to, "fifth", mtype="chat")
        s = await loop.run_in_executor(None, hand.accept)
        await loop.run_in_executor(None, s.until, "<body>fifth</body></message>")
        s.socket.close()
        await self.bounced(a, "u1@dead.example", "remote-server-timeout")
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % self.one.port("metrics")) as answer:
            self.assertIn("\nrookery_federation_unacknowledged_total 2\n", answer.read().decode())

    async def test_what_cannot_be_delivered(self):
        a, b = await self.user(self.one), await self.user(self.two)
        await self.bounced(a, "u1@none.example", "remote-server-not-found")
        await self.bounced(a, "u1@nowhere.two.example", "remote-server-not-found")
        await self.bounced(a, "u1@dead.example", "remote-server-timeout")
        await self.bounced(a, "u1@127.0.0.1", "remote-server-not-found")
        self.two.says("settings", "set", "chat.federation_blocked", "one.example")
        await self.bounced(a, b.boundjid.bare, "remote-server-timeout")
        await self.bounced(b, a.boundjid.bare, "not-allowed")
        self.two.says("settings", "set", "chat.federation_blocked", "")
        self.two.says("settings", "set", "chat.federation_allowed", "one.example three.example")
        b.send_message(a.boundjid.bare, "now", mtype="chat")
        await a.message("now")
        self.two.says("settings", "set", "chat.federation", "off")
        await self.bounced(b, a.boundjid.bare, "remote-server-not-found")


if __name__ == "__main__":
    unittest.main(verbosity=1)
