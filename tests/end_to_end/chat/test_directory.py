"""What the directory says of people who chat: the search for them, groups in rosters, chat switched on and off."""
import os, smtplib, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import *
from slixmpp.xmlstream import ET

A, B, C, D, E, F = USERS[:6]
SEARCH = "search." + DOMAIN


def rookery(*words):
    done = subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], *words], capture_output=True, text=True)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


class Case(Case):
    async def ask(self, c, kind, inner, to):
        iq = c.make_iq(ito=to, itype=kind)
        iq.append(ET.fromstring(inner))
        try:
            return str(await iq.send(timeout=LIMIT))
        except slixmpp.exceptions.IqError as e:
            return str(e.iq)


class Search(Case):
    async def find(self, c, inner):
        return await self.ask(c, "set", "<query xmlns='jabber:iq:search'>%s</query>" % inner, SEARCH)

    async def test_people_are_found(self):
        rookery("account", "change", jid(B), "--name", "Bertha Bee")
        a = await self.client(A)
        services = await a["xep_0030"].get_items(jid=DOMAIN)
        self.assertIn(SEARCH, str(services))
        info = await a["xep_0030"].get_info(jid=SEARCH)
        self.assertIn("jabber:iq:search", info["disco_info"]["features"])
        self.assertIn("jabber:x:data", await self.ask(a, "get", "<query xmlns='jabber:iq:search'/>", SEARCH))
        self.assertIn("jid=\"%s\"" % jid(B), await self.find(a, "<last>bee</last>"))
        self.assertIn(jid(B), await self.find(a, "<nick>Ber%</nick>"))
        everybody = await self.find(a, "<email>%</email>")
        for user in USERS:
            self.assertIn("jid=\"%s\"" % jid(user), everybody)
        form = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>jabber:iq:search</value></field><field var='email'><value>%s%%</value></field></x>" % B
        found = await self.find(a, form)
        self.assertIn("Bertha Bee", found)
        self.assertNotIn(jid(C), found)
        self.assertNotIn("<item", await self.find(a, "<nick>nobody of this name</nick>"))
        self.assertIn("bad-request", await self.find(a, ""))
        rookery("domain", "change", DOMAIN, "--chat-search", "nobody")
        try:
            self.assertIn("service-unavailable", await self.find(a, "<nick>Ber%</nick>"))
            self.assertNotIn(SEARCH, str(await a["xep_0030"].get_items(jid=DOMAIN)))
        finally:
            rookery("domain", "change", DOMAIN, "--chat-search", "")


class Groups(Case):
    async def test_a_group_is_in_the_rosters_of_its_members(self):
        d, e = await self.client(D), await self.client(E)
        rookery("alias", "add", "crew@" + DOMAIN, jid(D), jid(E), "--chat-roster", "The Crew")
        try:
            # Both are told, and see each other, without asking.
            for c, other in ((d, E), (e, D)):
                await c.got("roster_update", lambda i: "The Crew" in str(i) and jid(other) in str(i))
                await c.got("presence", lambda p: p["from"].bare == jid(other) and p["type"] == "available")
            late = await self.client(D, "late")
            await late.got("presence", lambda p: p["from"].bare == jid(E) and p["type"] == "available")
            self.assertEqual(late.client_roster[jid(E)]["subscription"], "both")
            await late.update_roster(jid(E), name="My own name", groups=["mine"])
            await late.got("roster_update", lambda i: "My own name" in str(i) and "The Crew" in str(i) and "mine" in str(i))
            await late.del_roster_item(jid(E))
        finally:
            rookery("alias", "remove", "crew@" + DOMAIN)
        await d.got("roster_update", lambda i: "remove" in str(i) and jid(E) in str(i))
        await d.got("presence", lambda p: p["from"].bare == jid(E) and p["type"] == "unavailable")


class Switches(Case):
    async def test_off_for_a_domain_on_for_a_group_and_an_account(self):
        c, f = await self.client(C), await self.client(F)
        rookery("alias", "add", "talkers@" + DOMAIN, jid(F), A + "@" + DOMAIN, "--chat")
        try:
            rookery("domain", "change", DOMAIN, "--no-chat")
            await c.got("disconnected")
            out = Client(C)
            out.connect((HOST, port("xmpp")))
            await out.got("failed_auth")
            f.send_message(f.boundjid, "still here")
            await f.message("still here")
            f.send_message(jid(C), "and you", mtype="chat")
            await f.got("message_error", lambda m: m["from"] == jid(C))
            rookery("account", "change", jid(C), "--chat")
            c = await self.client(C, "again")
            rookery("account", "change", jid(F), "--no-chat")
            await f.got("disconnected")
        finally:
            for words in (["domain", "change", DOMAIN, "--chat"], ["account", "change", jid(F), "--chat"], ["alias", "remove", "talkers@" + DOMAIN]):
                rookery(*words)


class NewMail(Case):
    async def test_who_wants_it_is_told(self):
        rookery("account", "change", jid(B), "--chat-mail-notices")
        try:
            b, c = await self.client(B), await self.client(C)
            for to in (C, B):
                with smtplib.SMTP(HOST, port("smtp")) as s:
                    s.sendmail("somebody@outside.test", [jid(to)], "Subject: News\r\n\r\nHello.\r\n")
            m = await b.got("message", lambda m: m["from"] == DOMAIN)
            self.assertIn("A message came", m["body"])
            self.assertFalse([d for w, d in c.seen if w == "message"])
        finally:
            rookery("account", "change", jid(B), "--no-chat-mail-notices")


if __name__ == "__main__":
    unittest.main()
