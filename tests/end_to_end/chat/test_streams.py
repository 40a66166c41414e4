"""Streams that break: resumption, hostile XML, forged senders, a reader that does not read."""
import os, re, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import *

A, B, C, D, E, F = USERS[:6]
ENABLE = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"
REQUEST = "<r xmlns='urn:xmpp:sm:3'/>"


class Resumption(Case):
    def managed(self, user, resource):
        s = self.stream(user, resource)
        s.send(ENABLE)
        return s, re.search("id='([^']+)'", s.until("<enabled[^>]*>")).group(1)

    def resumed(self, user, previous, h):
        s = self.stream(user, None)
        s.send("<resume xmlns='urn:xmpp:sm:3' previd='%s' h='%d'/>" % (previous, h))
        return s, s.until("<resumed[^>]*>|</failed>")

    def test_nothing_is_lost_or_doubled(self):
        c, previous = self.managed(C, "sm")
        c.send("<presence/>")
        c.until("<presence[^>]*/>")
        c.send("<a xmlns='urn:xmpp:sm:3' h='1'/>")
        d = self.stream(D, "sm")
        # One that comes while the connection is there, and is not acknowledged.
        d.send("<message to='%s' type='chat' id='m1'><body>one</body></message>" % jid(C))
        c.until("<body>one</body>.*?</message>")
        c.send("<message to='%s/sm' type='chat' id='m2'><body>two</body></message>" % jid(D))
        d.until("<body>two</body>.*?</message>")
        c.socket.close()
        d.send("<message to='%s/sm' type='chat' id='m3'><body>three</body></message>" % jid(C))
        c, answer = self.resumed(C, previous, 1)
        self.assertIn("h='2'", answer)
        text = c.until("<body>one</body>.*<body>three</body>.*?</message>")
        self.assertEqual(text.count("<body>"), 2)
        c.send("<message to='%s/sm' type='chat' id='m4'><body>four</body></message>" % jid(D) + REQUEST)
        d.until("<body>four</body>.*?</message>")
        self.assertIn("h='3'", c.until("<a [^>]*>"))

    def test_a_stream_is_resumed_while_the_old_one_seems_to_live(self):
        old, previous = self.managed(C, "both")
        new, answer = self.resumed(C, previous, 0)
        self.assertIn("previd='%s'" % previous, answer)
        old.rest()
        new.send("<iq type='get' id='p' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>" % DOMAIN)
        self.assertIn("result", new.until("<iq[^>]*id='p'[^>]*>"))

    def test_what_is_not_ours_is_not_resumed(self):
        _, previous = self.managed(C, "mine")
        d, answer = self.resumed(D, previous, 0)
        self.assertIn("item-not-found", answer)
        d.bind("fresh")

    def test_unacknowledged_messages_go_to_the_next_client(self):
        f, _ = self.managed(F, "first")
        f.send("<presence/>")
        f.until("<presence[^>]*/>")
        e = self.stream(E, "sender")
        e.send("<message to='%s' type='chat'><body>not acknowledged</body></message>" % jid(F))
        f.until("not acknowledged.*?</message>")
        f.send("</stream:stream>")
        f.rest()
        again = self.stream(F, "second")
        again.send("<presence/>")
        self.assertIn("delay", again.until("not acknowledged.*?</message>"))


class Hostile(Case):
    def fault(self, octets, user=None, **more):
        s = self.stream(user, **more)
        s.send(octets)
        text = s.rest()
        self.assertIn("</stream:stream>", text)
        return re.findall("<stream:error><([a-z-]+)", text)

    def test_xml(self):
        for octets, expected in (("<!DOCTYPE x [<!ENTITY a 'aaaa'>]>", "not-well-formed"), ("<a>&unknown;</a>", "restricted-xml"), ("<!-- x -->", "restricted-xml"),
                                 ("<?php x?>", "restricted-xml"), ("<a></b>", "not-well-formed"), ("<p:a/>", "not-well-formed"),
                                 (b"<a>\xff</a>", "not-well-formed"), ("<a>" * 100, "policy-violation"), ("<a " + "b" * 20000 + "='1'/>", "policy-violation"),
                                 ("<message><body>" + "x" * 20000, "policy-violation"), ("text", "not-well-formed")):
            with self.subTest(octets=octets[:40]):
                self.assertEqual(self.fault(octets), [expected])

    def test_headers(self):
        for header, expected in (("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='elsewhere.test' version='1.0'>", "host-unknown"),
                                 ("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='%s'>" % DOMAIN, "unsupported-version"),
                                 ("<stream:stream xmlns='jabber:client' xmlns:stream='wrong' to='%s' version='1.0'>" % DOMAIN, "invalid-namespace"),
                                 ("<?xml version='1.0' encoding='latin1'?>" + Stream.HEADER[21:], "unsupported-encoding"),
                                 ("<!DOCTYPE x><x/>", "restricted-xml"), ("GET / HTTP/1.1\r\n\r\n", "not-well-formed")):
            with self.subTest(header=header):
                self.assertEqual(self.fault(header, tls=False), [expected])

    def test_senders(self):
        self.assertEqual(self.fault("<message from='%s' to='%s'><body>forged</body></message>" % (jid(B), jid(C)), user=A, resource="forger"), ["invalid-from"])
        self.assertEqual(self.fault("<message to='%s'/>" % jid(B)), ["not-authorized"])
        self.assertEqual(self.fault("<message to='%s'/>" % jid(B), user=A, resource=None), ["not-authorized"])

    def test_who_does_not_read_loses_his_stream(self):
        slow = self.stream(A, "slow")
        slow.send("<presence/>")
        slow.until("<presence[^>]*/>")
        b = self.stream(B, "fast")
        b.send(ENABLE)
        b.until("<enabled[^>]*>")
        body = "x" * 60000
        # More than the output of a stream may hold with what the kernel takes: 16 MB.
        for i in range(270):
            b.send("<message to='%s/slow' type='headline'><body>%s</body></message>" % (jid(A), body))
            if i % 10 == 9:
                b.send(REQUEST)
                b.until("<a [^>]*>")
        b.send("<iq type='get' id='v' to='%s/slow'><query xmlns='jabber:iq:version'/></iq>" % jid(A))
        self.assertIn("service-unavailable", b.until("<iq[^>]*id='v'.*?</iq>"))


if __name__ == "__main__":
    unittest.main()
