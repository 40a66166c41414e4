"""People who talk: logins, rosters and presence, messages, copies, archives, what waits for who is away."""
import os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import *

A, B, C, D, E, F = USERS[:6]


class Logins(Case):
    async def test_each_mechanism(self):
        for service in ("xmpp", "xmpps"):
            for mechanism in ("PLAIN", "SCRAM-SHA-256"):
                with self.subTest(service=service, mechanism=mechanism):
                    c = await self.client(A, service=service, mechanism=mechanism, resource="m")
                    self.assertEqual(c.boundjid.full, jid(A) + "/m")
                    await c.down()

    async def test_a_wrong_password(self):
        for mechanism in ("PLAIN", "SCRAM-SHA-256"):
            c = Client(A, mechanism=mechanism, password="not it")
            self.addAsyncCleanup(c.down)
            c.connect((HOST, port("xmpp")))
            await c.got("failed_auth")

    async def test_a_resource_is_taken_over(self):
        first = await self.client(A, resource="same")
        second = await self.client(A, resource="same")
        await first.got("disconnected")
        second.send_message(second.boundjid, "still here")
        await second.message("still here")


class Rosters(Case):
    async def test_two_become_friends_and_part(self):
        a, b = await self.client(A, "one"), await self.client(B, "two")
        await a.update_roster(jid(B), name="Bee", groups=["friends", "hive"])
        a.send_presence_subscription(jid(B))
        asked = await b.got("presence", lambda p: p["type"] == "subscribe")
        self.assertEqual(asked["from"], jid(A))
        b.send_presence_subscription(jid(A), ptype="subscribed")
        b.send_presence_subscription(jid(A), ptype="subscribe")
        await a.got("presence", lambda p: p["type"] == "subscribed")
        await a.got("presence", lambda p: p["from"] == jid(B) + "/two" and p["type"] == "available")
        await a.got("presence", lambda p: p["type"] == "subscribe")
        a.send_presence_subscription(jid(B), ptype="subscribed")
        await b.got("presence", lambda p: p["from"] == jid(A) + "/one" and p["type"] == "available")
        for c, other in ((a, B), (b, A)):
            await c.get_roster()
            self.assertEqual(c.client_roster[jid(other)]["subscription"], "both")
        self.assertEqual(sorted(a.client_roster[jid(B)]["groups"]), ["friends", "hive"])
        # Who comes later sees who is there.
        late = await self.client(A, "late")
        await late.got("presence", lambda p: p["from"] == jid(B) + "/two" and p["type"] == "available")
        await b.down()
        await a.got("presence", lambda p: p["from"] == jid(B) + "/two" and p["type"] == "unavailable")
        b = await self.client(B, "two")
        await a.del_roster_item(jid(B))
        await b.got("presence", lambda p: p["type"] == "unsubscribed" and p["from"] == jid(A))
        await b.get_roster()
        self.assertEqual(b.client_roster[jid(A)]["subscription"], "none")
        await b.del_roster_item(jid(A))

    async def test_a_question_waits_for_who_is_away(self):
        c = await self.client(C)
        c.send_presence(pto=jid(D), ptype="subscribe", pfrom=jid(C), pstatus="It is me")
        # The server has stored it when the message behind it was taken.
        c.send_message(c.boundjid, "behind")
        await c.message("behind")
        d = await self.client(D)
        asked = await d.got("presence", lambda p: p["type"] == "subscribe")
        self.assertEqual(asked["status"], "It is me")
        d.send_presence_subscription(jid(C), ptype="unsubscribed")
        await c.got("presence", lambda p: p["type"] == "unsubscribed")
        await c.del_roster_item(jid(D))


    def test_who_is_approved_ahead_is_answered_at_once(self):
        d = self.stream(D, "ahead")
        d.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence/><presence type='subscribed' to='%s'/>" % jid(C))
        self.assertIn("subscription='none'", d.until("<iq [^>]*type='set'.*?approved='true'.*?</iq>"))
        c = self.stream(C, "asks")
        c.send("<presence/><presence type='subscribe' to='%s'/>" % jid(D))
        c.until("<presence [^>]*type='subscribed'[^>]*/>")
        c.until("<presence [^>]*from='%s/ahead'[^>]*/>" % jid(D))
        self.assertNotIn("type='subscribe'", d.until("<item [^>]*subscription='from'.*?</iq>"))
        for s, other in ((d, C), (c, D)):
            s.send("<iq type='set' id='x'><query xmlns='jabber:iq:roster'><item jid='%s' subscription='remove'/></query></iq>" % jid(other))
            s.until("<iq (?=[^>]*id='x')(?=[^>]*type='result')[^>]*>")


class Faults(Case):
    """What is asked for and is not there."""
    def ask(self, s, kind, to, inside):
        s.send("<iq type='%s' id='f'%s>%s</iq>" % (kind, " to='%s'" % to if to else "", inside))
        return s.until("<iq (?=[^>]*id='f')[^>]*?(?:/>|>.*?</iq>)")

    def test_nodes_that_are_not_there(self):
        s = self.stream(E, "nodes")
        for to in (jid(E), DOMAIN):
            for kind in ("info", "items"):
                self.assertIn("item-not-found", self.ask(s, "get", to, "<query xmlns='http://jabber.org/protocol/disco#%s' node='nobody-has-this'/>" % kind), (to, kind))

    def test_a_headline_for_who_is_away_is_dropped(self):
        s = self.stream(E, "news")
        s.send("<message type='headline' id='h' to='%s'><body>now</body></message>" % jid(F))
        self.assertNotIn("<message", self.ask(s, "get", DOMAIN, "<ping xmlns='urn:xmpp:ping'/>"))
        f = self.stream(F, "later")
        f.send("<presence/>")
        self.assertNotIn("now", self.ask(f, "get", DOMAIN, "<ping xmlns='urn:xmpp:ping'/>"))


class Messages(Case):
    async def test_to_one_and_all_clients_with_copies(self):
        a1, a2 = await self.client(A, "one"), await self.client(A, "two")
        b1, b2 = await self.client(B, "one"), await self.client(B, "two")
        for c in (a1, a2, b1, b2):
            await c["xep_0280"].enable()
        a1.send_message(jid(B), "for all", mtype="chat")
        for c in (b1, b2):
            m = await c.message("for all")
            self.assertEqual(m["from"], jid(A) + "/one")
        copy = await a2.got("carbon_sent")
        self.assertEqual(copy["carbon_sent"]["body"], "for all")
        a1.send_message(jid(B) + "/one", "for one", mtype="chat")
        await b1.message("for one")
        copy = await b2.got("carbon_received")
        self.assertEqual(copy["carbon_received"]["body"], "for one")
        await b2["xep_0280"].disable()
        a1.send_message(jid(B) + "/one", "for one again", mtype="chat")
        await b1.message("for one again")
        a1.send_message(jid(B), "the last", mtype="chat")
        await b2.message("the last")
        self.assertFalse([d for w, d in b2.seen if w == "carbon_received"])

    async def test_nobody_there(self):
        a = await self.client(A)
        for to in ("nobody@" + DOMAIN, "somebody@elsewhere.test"):
            a.send_message(to, "hello")
            await a.got("message_error", lambda m: m["type"] == "error" and m["from"] == to)

    async def test_messages_wait(self):
        e = await self.client(E)
        for i in range(5):
            e.send_message(jid(F), "waiting %d" % i, mtype="chat")
        e.send_message(e.boundjid, "behind")
        await e.message("behind")
        f = await self.client(F)
        for i in range(5):
            m = await f.message("waiting %d" % i)
            self.assertTrue(m["delay"]["stamp"])
        await f.down()
        f = await self.client(F, "again")
        f.send_message(f.boundjid, "only this")
        await f.message("only this")
        self.assertFalse([d for w, d in f.seen if w == "message"])

    async def test_the_archive_has_pages(self):
        e, f = await self.client(E), await self.client(F)
        mark = "page-%d" % os.getpid()
        for i in range(25):
            e.send_message(jid(F), "%s %d" % (mark, i), mtype="chat")
        ids = [(await f.message("%s %d" % (mark, i)))["stanza_id"]["id"] for i in range(25)]
        self.assertEqual(len(set(ids)), 25)
        for c, other in ((e, F), (f, E)):
            for reverse in (False, True):
                found = [(m["mam_result"]["id"], m["mam_result"]["forwarded"]["stanza"]["body"])
                         async for m in c["xep_0313"].iterate(with_jid=slixmpp.JID(jid(other)), rsm={"max": 10}, reverse=reverse)]
                found.sort(key=lambda m: int(m[0]))
                self.assertEqual([t for _, t in found if t.startswith(mark)], ["%s %d" % (mark, i) for i in range(25)])
        answer = await f["xep_0313"].retrieve(rsm={"max": 50, "after": ids[19]}, timeout=LIMIT)
        self.assertEqual([m["mam_result"]["id"] for m in answer["mam"]["results"]], ids[20:])

    async def test_blocked(self):
        c, d = await self.client(C), await self.client(D)
        await d["xep_0191"].block([slixmpp.JID(jid(C))])
        c.send_message(jid(D), "let me in", mtype="chat")
        await c.got("message_error", lambda m: m["type"] == "error")
        d.send_message(jid(C), "not you", mtype="chat")
        await d.got("message_error", lambda m: m["type"] == "error")
        await d["xep_0191"].unblock([slixmpp.JID(jid(C))])
        c.send_message(jid(D), "now", mtype="chat")
        await d.message("now")


class Questions(Case):
    async def test_what_the_server_is(self):
        a = await self.client(A)
        info = await a["xep_0030"].get_info(jid=DOMAIN)
        self.assertIn(("server", "im", None, "Rookery"), info["disco_info"]["identities"])
        self.assertIn("urn:xmpp:carbons:2", info["disco_info"]["features"])
        info = await a["xep_0030"].get_info(jid=jid(A))
        self.assertIn("urn:xmpp:mam:2", info["disco_info"]["features"])
        self.assertLess(await a["xep_0199"].ping(DOMAIN), LIMIT)
        self.assertEqual((await a["xep_0092"].get_version(DOMAIN))["software_version"]["name"], "Rookery")
        self.assertRegex(str(await a["xep_0202"].get_entity_time(DOMAIN)), r"<utc>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z</utc>")

    async def test_cards_and_private_data(self):
        a, b = await self.client(A), await self.client(B)
        card = a["xep_0054"].make_vcard()
        card["NICKNAME"] = "Ay"
        await a["xep_0054"].publish_vcard(card)
        seen = await b["xep_0054"].get_vcard(jid(A), local=False, cached=False)
        self.assertIn("<NICKNAME>Ay</NICKNAME>", str(seen))
        iq = a.make_iq_set()
        iq.append(slixmpp.xmlstream.ET.fromstring("<query xmlns='jabber:iq:private'><x xmlns='our:own'>kept</x></query>"))
        await iq.send()
        iq = a.make_iq_get()
        iq.append(slixmpp.xmlstream.ET.fromstring("<query xmlns='jabber:iq:private'><x xmlns='our:own'/></query>"))
        answer = await iq.send()
        self.assertIn("kept", str(answer))


if __name__ == "__main__":
    unittest.main()
