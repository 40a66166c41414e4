"""Chat rooms with slixmpp (its xep_0045): made, set up, talked in, who may enter, kill -9 of the server, the operator's verbs."""
import json, os, re, shutil, subprocess, sys, tempfile
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from client import *
from node import Node, wait_for

ROOMS = "conference.example.test"


class Rooms(Case):
    """A node of its own, for it is killed."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rookery-rooms-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.node = Node(os.environ["ROOKERY_PROGRAM"], self.folder, 4)
        self.node.start()
        self.addCleanup(self.node.kill)
        wait_for(self.node.port("xmpp"))

    async def user(self, name, resource="r"):
        c = Client(name, resource, at=("127.0.0.1", self.node.port("xmpp")))
        for plugin in ("xep_0045", "xep_0004", "xep_0249"):
            c.register_plugin(plugin)
        for event in ("groupchat_subject", "groupchat_presence", "groupchat_invite", "groupchat_direct_invite", "groupchat_config_status"):
            c.add_event_handler(event, lambda data, event=event: c.note(event, data))
        self.addAsyncCleanup(c.down)
        await c.up()
        c.muc = c["xep_0045"]
        return c

    async def again(self):
        """kill -9, and the same node again."""
        self.node.kill()
        self.node.start()
        wait_for(self.node.port("xmpp"))

    async def enter(self, c, room, nick, **more):
        await c.muc.join_muc_wait(room, nick, timeout=LIMIT, **more)
        return await c.got("groupchat_subject", lambda m: m["from"].bare == room)

    async def refused(self, c, room, nick, condition, **more):
        with self.assertRaises(slixmpp.exceptions.PresenceError) as caught:
            await c.muc.join_muc_wait(room, nick, timeout=LIMIT, **more)
        self.assertEqual(caught.exception.condition, condition)

    async def configure(self, c, room, **fields):
        form = await c.muc.get_room_config(room)
        answer = c["xep_0004"].make_form("submit")
        values = dict(form.get_values(), **{"muc#roomconfig_" + k: v for k, v in fields.items()})
        for name, value in values.items():
            if value is not None:
                answer.add_field(var=name, value=("1" if value else "0") if isinstance(value, bool) else value)
        await c.muc.set_room_config(room, answer)

    async def say(self, c, room, text):
        c.send_message(room, text, mtype="groupchat")
        return await c.got("groupchat_message", lambda m: m["body"] == text)

    def verb(self, *words):
        done = self.node.run("chat", "rooms", *words)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    async def test_a_room_outlives_everybody_and_kill(self):
        den = "den@" + ROOMS
        a, b = await self.user("u1"), await self.user("u2")
        await self.enter(a, den, "Ann")
        await self.configure(a, den, persistentroom=True, roomname="The Den")
        await self.enter(b, den, "Bob")
        a.muc.set_subject(den, "Tea at five")
        await b.got("groupchat_subject", lambda m: m["subject"] == "Tea at five")
        await a.muc.set_affiliation(den, "outcast", jid="eve@example.test", reason="spam")
        await a.muc.set_affiliation(den, "admin", jid="u2@example.test")
        for i in range(25):
            await self.say(b, den, "line %d" % i)
            await a.got("groupchat_message", lambda m: m["body"] == "line %d" % i)
        await self.again()

        c, a2 = await self.user("u3"), await self.user("u1", "again")
        subject = await self.enter(c, den, "Cem")
        self.assertEqual(subject["subject"], "Tea at five")
        old = [str(d["body"]) for what, d in c.seen if what == "groupchat_message" and d["body"]]
        self.assertEqual(old, ["line %d" % i for i in range(5, 25)])
        await self.enter(a2, den, "Ann")
        self.assertEqual([str(j) for j in await a2.muc.get_affiliation_list(den, "outcast")], ["eve@example.test"])
        self.assertEqual([str(j) for j in await a2.muc.get_affiliation_list(den, "admin")], ["u2@example.test"])
        items = await c["xep_0030"].get_items(jid=ROOMS)
        self.assertIn((den, None, "The Den"), items["disco_items"]["items"])
        info = await c["xep_0030"].get_info(jid=den)
        self.assertIn("muc_persistent", info["disco_info"]["features"])
        # All of it, from the archive, in order.
        bodies = []
        async for m in c["xep_0313"].iterate(jid=den, rsm={"max": 10}):
            body = m["mam_result"]["forwarded"]["stanza"]["body"]
            if body:
                bodies.append(str(body))
        self.assertEqual(bodies, ["line %d" % i for i in range(25)])
        # Of one occupant alone, in full pages.
        page = await c["xep_0313"].retrieve(jid=den, with_jid=slixmpp.JID(den + "/Bob"), rsm={"max": 20}, timeout=LIMIT)
        self.assertEqual([str(m["mam_result"]["forwarded"]["stanza"]["body"]) for m in page["mam"]["results"]], ["line %d" % i for i in range(20)])
        page = await c["xep_0313"].retrieve(jid=den, with_jid=slixmpp.JID(den + "/Cem"), timeout=LIMIT)
        self.assertEqual(len(page["mam"]["results"]), 0)

    async def test_what_was_told_is_kept(self):
        """Killed while it talks: whatever anybody has seen is in the archive, in the same order."""
        den = "talk@" + ROOMS
        at = ("127.0.0.1", self.node.port("xmpp"))
        s = self.stream("u1", "talker", at=at)
        s.send("<presence/><presence to='%s/Ann'><x xmlns='http://jabber.org/protocol/muc'/></presence>" % den)
        s.until("<subject")
        s.send("<iq type='set' id='c' to='%s'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>"
               "<field var='muc#roomconfig_persistentroom'><value>1</value></field></x></query></iq>" % den)
        s.until("id='c'[^>]*>")
        for i in range(400):
            s.send("<message type='groupchat' to='%s'><body>m%d</body></message>" % (den, i))
        s.until("<body>m200</body>")
        self.node.kill()
        seen = 201 + len(re.findall("<body>m", s.rest()))
        self.node.start()
        wait_for(self.node.port("xmpp"))
        lines = [json.loads(l)["body"] for l in self.verb("export", den, "--json").splitlines()]
        self.assertEqual(lines[:seen], ["m%d" % i for i in range(seen)])
        self.assertEqual(lines, ["m%d" % i for i in range(len(lines))])

    async def test_who_may_enter_and_who_is_sent_out(self):
        club = "club@" + ROOMS
        a, b, c = await self.user("u1"), await self.user("u2"), await self.user("u3")
        await self.enter(a, club, "Ann")
        await self.refused(b, club, "Bob", "item-not-found")  # not set up yet
        await self.configure(a, club, membersonly=True)
        await self.refused(b, club, "Bob", "registration-required")
        await a.muc.set_affiliation(club, "member", jid="u2@example.test")
        await self.enter(b, club, "Bob")
        await self.refused(c, club, "Bob", "registration-required")
        await self.configure(a, club, membersonly=False, passwordprotectedroom=True, roomsecret="tea")
        await self.refused(c, club, "Cem", "not-authorized")
        await self.refused(c, club, "Bob", "conflict", password="tea")
        await self.enter(c, club, "Cem", password="tea")
        # A private message, by nick.
        c.send_message(club + "/Bob", "psst", mtype="chat")
        got = await b.got("message", lambda m: m["body"] == "psst")
        self.assertEqual(got["from"], club + "/Cem")
        await a.muc.set_role(club, "Cem", "none", reason="enough")
        out = await c.got("groupchat_presence", lambda p: p["type"] == "unavailable" and p["from"] == club + "/Cem")
        self.assertEqual({int(s) for s in out["muc"]["status_codes"]}, {110, 307})
        await self.enter(c, club, "Cem", password="tea")
        await a.muc.set_affiliation(club, "outcast", jid="u3@example.test")
        out = await c.got("groupchat_presence", lambda p: p["type"] == "unavailable" and p["from"] == club + "/Cem")
        self.assertEqual({int(s) for s in out["muc"]["status_codes"]}, {110, 301})
        await self.refused(c, club, "Cem", "forbidden", password="tea")
        # A client that breaks off is out.
        b.cut()
        await a.got("groupchat_presence", lambda p: p["type"] == "unavailable" and p["from"] == club + "/Bob")
        await a.muc.destroy(club, reason="over")
        await self.refused_room(a, club)

    async def refused_room(self, c, room):
        with self.assertRaises(slixmpp.exceptions.IqError) as caught:
            await c["xep_0030"].get_info(jid=room)
        self.assertEqual(caught.exception.condition, "item-not-found")

    async def test_the_operator(self):
        hall = "hall@" + ROOMS
        self.verb("create", hall, "--owner", "u1@example.test", "name=The Hall", "members_only=true")
        self.assertIn("The Hall", self.verb("list"))
        await self.again()
        shown = json.loads(self.verb("show", hall, "--json"))
        self.assertEqual((shown["settings"]["name"], shown["settings"]["members_only"], shown["settings"]["persistent"]), ("The Hall", True, True))
        a = await self.user("u1")
        await self.enter(a, hall, "Ann")
        self.verb("members", hall, "--set", "u2@example.test", "--as", "member")
        self.assertRegex(self.verb("members", hall), r"u2@example.test +member")
        b = await self.user("u2")
        await self.enter(b, hall, "Bob")
        await self.say(b, hall, "hello")
        self.assertIn("Bob: hello", self.verb("export", hall))
        self.verb("configure", hall, "members_only=false", "name=Open Hall")
        c = await self.user("u3")
        await self.enter(c, hall, "Cem")
        self.verb("destroy", hall, "--reason", "closed")
        await c.got("groupchat_presence", lambda p: p["type"] == "unavailable" and p["from"] == hall + "/Cem")
        self.assertNotIn("hall@", self.verb("list"))
        self.assertEqual(self.node.stop(), 0)
        self.assertEqual(self.node.check(), [])


if __name__ == "__main__":
    unittest.main()
