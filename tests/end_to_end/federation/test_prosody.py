"""Prosody as the other server: people, presence and rooms of both, with certificates and with dialback."""
import os, re, sys, unittest, urllib.request
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import *
from prosody import Prosody


class WithProsody:
    """`secure`: certificates alone count on both sides; else neither trusts the other's authority."""

    def setUp(self):
        super().setUp()
        ours, theirs = self.authority(), self.authority()
        self.one = self.server("one.example", ours if self.secure else None)
        self.two = Prosody(os.path.join(self.folder, "prosody"), "two.example", ours if self.secure else theirs, self.secure, free_port_base())
        self.addCleanup(self.two.stop)
        dns = self.zones(one=srv(self.one.port("xmpp_server")), two=srv(self.two.s2s))
        self.two.start(dns)
        self.one.federate(dns, ours if self.secure else None, dialback="off" if self.secure else "on")

    def tearDown(self):
        super().tearDown()
        errors = self._outcome.result.failures + self._outcome.result.errors if hasattr(self._outcome, "result") else []
        if any(case is self for case, _ in errors):
            print(self.one.log_tail(), self.two.log_tail())

    async def test_people_and_rooms(self):
        a, b = await self.user(self.one), await self.user(self.two)
        for i in range(5):
            a.send_message(b.boundjid.bare, "hello %d" % i, mtype="chat")
            await b.message("hello %d" % i)
            b.send_message(a.boundjid.full, "hello back %d" % i, mtype="chat")
            await a.message("hello back %d" % i)
        self.assertIn("EXTERNAL" if self.secure else "dialback", self.one.says("chat", "streams"))
        await self.befriend(a, b)
        b.send_presence(pshow="dnd")
        await a.got("presence", lambda p: p["type"] == "dnd" and p["from"] == b.boundjid)
        await a["xep_0199"].ping("two.example", timeout=LIMIT)
        await b["xep_0199"].ping("one.example", timeout=LIMIT)
        # A room of each, with people of both.
        for at, (owner, guest) in (("one", (a, b)), ("two", (b, a))):
            den = "den@conference.%s.example" % at
            await self.enter(owner, den, "Owner")
            await owner.muc.set_room_config(den, owner["xep_0004"].make_form("submit"))
            await self.enter(guest, den, "Guest")
            for i in range(10):
                (owner, guest)[i % 2].send_message(den, "%s line %d" % (at, i), mtype="groupchat")
                for c in (owner, guest):
                    m = await c.got("groupchat_message", lambda m: m["body"] == "%s line %d" % (at, i))
                    self.assertEqual(m["from"].resource, ("Owner", "Guest")[i % 2])
        # What went there was counted there; who comes by dialback is not offered that by Prosody.
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % self.one.port("metrics")) as answer:
            counted = re.search(r"\nrookery_federation_acknowledged_total (\d+)", answer.read().decode())
        if self.secure:
            self.assertGreaterEqual(int(counted.group(1)), 20)
        # Nobody is there, and nobody serves that.
        await self.bounced(b, "nobody@one.example", "service-unavailable")
        await self.bounced(a, "nobody@two.example", "service-unavailable")
        await b.down()
        await a.got("presence", lambda p: p["type"] == "unavailable" and p["from"].bare == b.boundjid.bare)


class Certificates(WithProsody, World):
    secure = True


class Dialback(WithProsody, World):
    secure = False


if __name__ == "__main__":
    unittest.main(verbosity=1)
