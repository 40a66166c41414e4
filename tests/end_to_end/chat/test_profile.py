"""What people publish of themselves: items and their news, pictures, cards, bookmarks, keys of devices."""
import hashlib, os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import *
from slixmpp.xmlstream import ET

A, B, C, D, E, F = USERS[:6]
PUBSUB, OWNER, EVENT = ("http://jabber.org/protocol/pubsub" + end for end in ("", "#owner", "#event"))
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


def form(kind, **fields):
    x = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>%s#%s</value></field>" % (PUBSUB, kind)
    return x + "".join("<field var='pubsub#%s'><value>%s</value></field>" % f for f in fields.items()) + "</x>"


class Person(Client):
    """With the nodes whose news it wishes for."""

    def __init__(self, user, resource="r", wishes=(), **more):
        super().__init__(user, resource, **more)
        self.register_plugin("xep_0115")
        for node in wishes:
            self["xep_0030"].add_feature(node + "+notify")
        self.register_handler(slixmpp.xmlstream.handler.Callback(
            "news", slixmpp.xmlstream.matcher.MatchXPath("{jabber:client}message/{%s}event" % EVENT), lambda m: self.note("news", m)))

    async def up(self, *a, **k):
        await super().up(*a, **k)
        # Its presence says what it can; the server has understood it when it has asked, or known.
        await self["xep_0115"].update_caps()
        await self.got("presence", lambda p: p["from"] == self.boundjid and "ver=" in str(p))
        return self

    async def ask(self, kind, inner, to=None):
        iq = self.make_iq(ito=to, itype=kind)
        iq.append(ET.fromstring(inner))
        return await iq.send(timeout=LIMIT)

    async def refused(self, kind, inner, to=None):
        try:
            await self.ask(kind, inner, to)
        except slixmpp.exceptions.IqError as e:
            return str(e.iq)
        raise AssertionError("not refused: " + inner)

    async def publish(self, node, item, payload, options=""):
        return await self.ask("set", "<pubsub xmlns='%s'><publish node='%s'><item id='%s'>%s</item></publish>%s</pubsub>"
                              % (PUBSUB, node, item, payload, options and "<publish-options>%s</publish-options>" % options))

    async def items(self, node, of=None, inner="", attributes=""):
        return str(await self.ask("get", "<pubsub xmlns='%s'><items node='%s' %s>%s</items></pubsub>" % (PUBSUB, node, attributes, inner), of))

    async def told(self, node, word="", **more):
        return str(await self.got("news", lambda m: "node=\"%s\"" % node in str(m) and word in str(m), **more))

    async def settled(self, mark):
        """What was on its way has come when this has."""
        self.send_message(self.boundjid, mark)
        await self.message(mark)


class Case(Case):
    async def person(self, user, resource="r", wishes=(), **more):
        c = Person(user, resource, wishes)
        self.addAsyncCleanup(c.down)
        return await c.up(**more)

    async def friends(self, a, b):
        await a.get_roster()
        if a.client_roster[b.boundjid.bare]["subscription"] == "both":
            return
        for one, other in ((a, b), (b, a)):
            one.send_presence_subscription(other.boundjid.bare)
            await other.got("presence", lambda p: p["type"] == "subscribe")
            other.send_presence_subscription(one.boundjid.bare, ptype="subscribed")
            await one.got("presence", lambda p: p["type"] == "subscribed")

    async def strangers(self, a, b):
        await a.del_roster_item(b.boundjid.bare)
        await b.del_roster_item(a.boundjid.bare)


class Items(Case):
    async def test_news_reach_who_wishes_for_them(self):
        tune = "http://jabber.org/protocol/tune"
        a = await self.person(A, wishes=[tune])
        b, quiet = await self.person(B, wishes=[tune]), await self.person(B, "quiet")
        await self.friends(a, b)
        song = "<tune xmlns='%s'><title>%%s</title></tune>" % tune
        answer = await a.publish(tune, "1", song % "First")
        self.assertIn("id=\"1\"", str(answer))
        for c in (a, b):
            self.assertIn("First", await c.told(tune))
        # Who comes later gets the last one.
        late = await self.person(B, "late", wishes=[tune])
        self.assertIn("First", await late.told(tune))
        own = await self.person(A, "late", wishes=[tune])
        self.assertIn("First", await own.told(tune))
        # One item is kept; retraction is told.
        await a.publish(tune, "2", song % "Second")
        self.assertIn("Second", await late.told(tune))
        listed = await b.items(tune, jid(A))
        self.assertIn("Second", listed)
        self.assertNotIn("First", listed)
        await a.ask("set", "<pubsub xmlns='%s'><retract node='%s' notify='1'><item id='2'/></retract></pubsub>" % (PUBSUB, tune))
        await b.told(tune, "retract")
        self.assertIn("item-not-found", await a.refused("set", "<pubsub xmlns='%s'><retract node='%s'><item id='2'/></retract></pubsub>" % (PUBSUB, tune)))
        await quiet.settled("nothing came")
        self.assertFalse([d for w, d in quiet.seen if w == "news"])
        await self.strangers(a, b)

    async def test_who_may_read(self):
        a, b, c = await self.person(A), await self.person(B), await self.person(C)
        await self.friends(a, b)
        for access, friend, stranger in (("open", True, True), ("presence", True, False), ("whitelist", False, False)):
            node = "test:" + access
            await a.publish(node, "x", "<x xmlns='test:x'>%s</x>" % access, form("publish-options", access_model=access))
            for who, may in ((a, True), (b, friend), (c, stranger)):
                if may:
                    self.assertIn("test:x", await who.items(node, jid(A)))
                else:
                    self.assertIn("not-a", await who.refused("get", "<pubsub xmlns='%s'><items node='%s'/></pubsub>" % (PUBSUB, node), jid(A)))
        self.assertIn("forbidden", await b.refused("set", "<pubsub xmlns='%s'><publish node='test:open'><item/></publish></pubsub>" % PUBSUB, jid(A)))
        # On the list he may read, and hears of it when he subscribes.
        await a.ask("set", "<pubsub xmlns='%s'><affiliations node='test:whitelist'><affiliation jid='%s' affiliation='member'/></affiliations></pubsub>" % (OWNER, jid(C)))
        self.assertIn("test:x", await c.items("test:whitelist", jid(A)))
        await c.ask("set", "<pubsub xmlns='%s'><subscribe node='test:whitelist' jid='%s'/></pubsub>" % (PUBSUB, c.boundjid.full), jid(A))
        await c.told("test:whitelist", "whitelist")
        await a.publish("test:whitelist", "x", "<x xmlns='test:x'>again</x>")
        await c.told("test:whitelist", "again")
        for access in ("open", "presence", "whitelist"):
            await a.ask("set", "<pubsub xmlns='%s'><delete node='test:%s'/></pubsub>" % (OWNER, access))
        await c.told("test:whitelist", "delete")
        self.assertIn("item-not-found", await a.refused("get", "<pubsub xmlns='%s'><items node='test:open'/></pubsub>" % PUBSUB))
        await self.strangers(a, b)

    async def test_keys_of_devices(self):
        """As OMEMO clients do: open, and what the publisher relies on must hold."""
        node = "urn:xmpp:omemo:2:devices"
        a, c = await self.person(A), await self.person(C)
        devices = "<devices xmlns='urn:xmpp:omemo:2'><device id='%d'/></devices>"
        await a.publish(node, "current", devices % 1, form("publish-options", access_model="open"))
        self.assertIn("id=\"1\"", await c.items(node, jid(A)))
        await a.ask("set", "<pubsub xmlns='%s'><configure node='%s'>%s</configure></pubsub>" % (OWNER, node, form("node_config", access_model="presence")))
        no = await a.refused("set", "<pubsub xmlns='%s'><publish node='%s'><item id='current'>%s</item></publish><publish-options>%s</publish-options></pubsub>"
                             % (PUBSUB, node, devices % 2, form("publish-options", access_model="open")))
        self.assertIn("precondition-not-met", no)
        await a.ask("set", "<pubsub xmlns='%s'><configure node='%s'>%s</configure></pubsub>" % (OWNER, node, form("node_config", access_model="open")))
        await a.publish(node, "current", devices % 2, form("publish-options", access_model="open"))
        self.assertIn("id=\"2\"", await c.items(node, jid(A)))
        bundles = "urn:xmpp:omemo:2:bundles"
        for device in (1, 2, 3):
            await a.publish(bundles, str(device), "<bundle xmlns='urn:xmpp:omemo:2'><spk id='%d'/></bundle>" % device,
                            form("publish-options", access_model="open", max_items="max"))
        self.assertIn("spk id=\"2\"", await c.items(bundles, jid(A), "<item id='2'/>"))
        self.assertEqual((await c.items(bundles, jid(A))).count("<spk"), 3)
        self.assertEqual((await c.items(bundles, jid(A), attributes="max_items='1'")).count("<spk"), 1)
        shown = await c["xep_0030"].get_items(jid=jid(A), node=bundles)
        self.assertEqual(len(shown["disco_items"]["items"]), 3)

    async def test_what_is_asked_wrongly(self):
        a = await self.person(A)
        for kind, inner, want in (
                ("set", "<publish><item/></publish>", "nodeid-required"),
                ("set", "<publish node='n'/>", "item-required"),
                ("set", "<publish node='n'><item><a xmlns='b'/><c xmlns='d'/></item></publish>", "invalid-payload"),
                ("get", "<items/>", "nodeid-required"),
                ("get", "<options node='n'/>", "unsupported"),
                ("set", "<subscribe node='n' jid='else@where.test'/>", "invalid-jid"),
                ("set", "<create node=''/>", "nodeid-required"),
                ("set", "<configure/>", "feature-not-implemented")):
            self.assertIn(want, await a.refused(kind, "<pubsub xmlns='%s'>%s</pubsub>" % (PUBSUB, inner)), inner)


class Profiles(Case):
    async def test_a_picture_goes_both_ways(self):
        import base64
        metadata, data = "urn:xmpp:avatar:metadata", "urn:xmpp:avatar:data"
        a, b = await self.person(A), await self.person(B, wishes=[metadata])
        await self.friends(a, b)
        # Published: in the vCard, and its digest in presence.
        digest = hashlib.sha1(PICTURE).hexdigest()
        text = base64.b64encode(PICTURE).decode()
        await a.publish(data, digest, "<data xmlns='%s'>%s</data>" % (data, text))
        await a.publish(metadata, digest, "<metadata xmlns='%s'><info id='%s' type='image/png' bytes='%d'/></metadata>" % (metadata, digest, len(PICTURE)))
        self.assertIn(digest, await b.told(metadata))
        await b.got("presence", lambda p: p["from"].bare == jid(A) and digest in str(p))
        card = str(await b.ask("get", "<vCard xmlns='vcard-temp'/>", jid(A)))
        self.assertIn(text, card)
        # Set in the vCard: published.
        other = PICTURE[::-1]
        digest, text = hashlib.sha1(other).hexdigest(), base64.b64encode(other).decode()
        await a.ask("set", "<vCard xmlns='vcard-temp'><FN>Ay</FN><PHOTO><TYPE>image/png</TYPE><BINVAL>%s</BINVAL></PHOTO></vCard>" % text)
        self.assertIn(digest, await b.told(metadata, digest))
        await b.got("presence", lambda p: p["from"].bare == jid(A) and digest in str(p))
        self.assertIn(text, await b.items(data, jid(A), "<item id='%s'/>" % digest))
        # No picture any more.
        await a.publish(metadata, "none", "<metadata xmlns='%s'/>" % metadata)
        await b.got("presence", lambda p: p["from"].bare == jid(A) and "photo" in str(p) and digest not in str(p))
        card = str(await b.ask("get", "<vCard xmlns='vcard-temp'/>", jid(A)))
        self.assertIn("Ay", card)
        self.assertNotIn("BINVAL", card)
        await self.strangers(a, b)

    async def test_the_newer_card(self):
        a, b = await self.person(A), await self.person(B)
        card = "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>Ay Bee</text></fn></vcard>"
        await a.ask("set", card)
        for c in (a, b):
            self.assertIn("Ay Bee", str(await c.ask("get", "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'/>", jid(A))))
        self.assertIn("Ay Bee", await b.items("urn:xmpp:vcard4", jid(A)))

    async def test_bookmarks_in_three_forms(self):
        node = "urn:xmpp:bookmarks:1"
        new, old = await self.person(D, "new", [node]), await self.person(D, "old", ["storage:bookmarks"])
        await new.publish(node, "den@conference.%s" % DOMAIN, "<conference xmlns='%s' name='The Den' autojoin='true'><nick>Dee</nick></conference>" % node,
                          form("publish-options", access_model="whitelist", max_items="max", persist_items="true", send_last_published_item="never"))
        await new.told(node, "The Den")
        told = await old.told("storage:bookmarks", "The Den")
        self.assertIn("jid=\"den@conference.%s\"" % DOMAIN, told)
        private = "<query xmlns='jabber:iq:private'>%s</query>"
        ask = private % "<storage xmlns='storage:bookmarks'/>"
        self.assertIn("The Den", str(await old.ask("get", ask)))
        self.assertIn("The Den", await old.items("storage:bookmarks"))
        # Changed in the old form: only what differs is told in the new one.
        rooms = "".join("<conference jid='%s@conference.%s' name='%s' autojoin='%s'/>" % (n, DOMAIN, n, "0") for n in ("hall", "yard"))
        await old.ask("set", private % ("<storage xmlns='storage:bookmarks'>%s<url name='us' url='https://example.test'/></storage>" % rooms))
        await new.told(node, "retract")
        await new.told(node, "hall")
        await new.told(node, "yard")
        self.assertEqual((await new.items(node)).count("<conference"), 2)
        self.assertIn("https://example.test", str(await old.ask("get", ask)))
        self.assertNotIn("The Den", str(await old.ask("get", ask)))
        # Nobody else reads them.
        other = await self.person(E)
        self.assertIn("error", await other.refused("get", "<pubsub xmlns='%s'><items node='%s'/></pubsub>" % (PUBSUB, node), jid(D)))


if __name__ == "__main__":
    unittest.main()
