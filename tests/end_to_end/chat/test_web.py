"""Chat on the web service, said by hand: BOSH, the handshake of a WebSocket, host-meta."""
import base64, http.client, json, os, re, socket, ssl, sys, threading, unittest
import xml.etree.ElementTree as ET

HOST, DOMAIN, PASSWORD = os.environ["ROOKERY_HOST"], os.environ["ROOKERY_DOMAIN"], os.environ["ROOKERY_PASSWORD"]
USERS = os.environ["ROOKERY_USERS"].split(",")
WEB, HTTPS = int(os.environ["ROOKERY_WEB_PORT"]), int(os.environ["ROOKERY_HTTPS_PORT"])
BOSH = "{http://jabber.org/protocol/httpbind}"
SPACES = "xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'"


def ask(method, path, body=None, headers={}, tls=False):
    """Status, fields and text of one answer."""
    if tls:
        context = ssl._create_unverified_context()
        c = http.client.HTTPSConnection(HOST, HTTPS, timeout=90, context=context)
    else:
        c = http.client.HTTPConnection(HOST, WEB, timeout=90)
    try:
        c.request(method, path, body=body, headers=headers)
        r = c.getresponse()
        return r.status, dict((k.lower(), v) for k, v in r.getheaders()), r.read().decode()
    finally:
        c.close()


class Session:
    """A session of BOSH; each request has a connection of its own."""

    def __init__(self, user, tls=False, more="wait='60' hold='1'"):
        self.rid, self.tls = 1000, tls
        self.sid = None
        first = self.say("", "to='%s' %s ver='1.11' xmpp:version='1.0'" % (DOMAIN, more))
        self.sid = first.get("sid")
        plain = base64.b64encode(("\0%s\0%s" % (user, PASSWORD)).encode()).decode()
        done = self.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>" % plain)
        assert done[0].tag.endswith("success"), ET.tostring(done)
        self.say("", "xmpp:restart='true' to='%s'" % DOMAIN)
        bound = self.say("<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        self.jid = bound.find(".//{urn:ietf:params:xml:ns:xmpp-bind}jid").text

    def text(self, inside="", attributes="", rid=None):
        if rid is None:
            self.rid += 1
        return "<body rid='%d' %s %s %s>%s</body>" % (rid or self.rid, "sid='%s'" % self.sid if self.sid else "", attributes, SPACES, inside)

    def send(self, text):
        status, fields, answer = ask("POST", "/http-bind", text, {"Content-Type": "text/xml; charset=utf-8"}, self.tls)
        assert status == 200, (status, answer)
        return ET.fromstring(answer)

    def say(self, inside="", attributes=""):
        return self.send(self.text(inside, attributes))

    def begin(self, inside=""):
        """Says it without waiting; gives who does: `.join()` and `.answer`."""
        text = self.text(inside)
        waiter = threading.Thread(target=lambda: setattr(waiter, "answer", self.send(text)), daemon=True)
        waiter.text = text
        waiter.start()
        return waiter


class Bosh(unittest.TestCase):
    def test_two_sessions_talk(self):
        a, b = Session(USERS[0]), Session(USERS[1], tls=True)
        b.say("<presence xmlns='jabber:client'/>")
        for i in range(3):
            waiting = b.begin()
            a.begin("<message xmlns='jabber:client' to='%s' type='chat'><body>m%d</body></message>" % (b.jid, i))
            waiting.join(60)
            self.assertEqual(waiting.answer.findtext(".//{jabber:client}body"), "m%d" % i)
        for s in a, b:
            self.assertEqual(s.say("", "type='terminate'").get("type"), "terminate")
            self.assertEqual(s.say("").get("condition"), "item-not-found")

    def test_an_answer_that_was_lost_comes_again(self):
        s = Session(USERS[2])
        text = s.text("<iq xmlns='jabber:client' type='get' id='p' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>" % DOMAIN)
        first = s.send(text)
        self.assertEqual(first.find("{jabber:client}iq").get("id"), "p")
        self.assertEqual(ET.tostring(s.send(text)), ET.tostring(first))

    def test_a_session_that_began_in_tls_stays_there(self):
        s = Session(USERS[3], tls=True)
        s.tls = False
        self.assertEqual(s.say().get("condition"), "item-not-found")
        s.tls, s.rid = True, s.rid - 1
        self.assertIsNone(s.say("", "pause='10'").get("condition"))

    def test_what_is_no_request_is_refused(self):
        for text in ("", "hello", "<body/>", "<body %s/>" % SPACES, "<body rid='x' %s/>" % SPACES, "<body rid='1' %s><unclosed></body>" % SPACES,
                     "<!DOCTYPE body [<!ENTITY a 'b'>]><body rid='1' %s>&a;</body>" % SPACES):
            status, _, answer = ask("POST", "/http-bind", text)
            self.assertEqual((status, ET.fromstring(answer).get("condition")), (200, "bad-request"), text)
        answer = ask("POST", "/http-bind", "<body rid='1' sid='nobody' %s/>" % SPACES)[2]
        self.assertEqual(ET.fromstring(answer).get("condition"), "item-not-found")
        answer = ask("POST", "/http-bind", "<body rid='1' to='elsewhere.example' %s/>" % SPACES)[2]
        self.assertIn("host-unknown", answer)
        self.assertEqual(ask("POST", "/http-bind", "x" * 400000)[0], 413)
        self.assertEqual(ask("GET", "/http-bind")[0], 405)

    def test_pages_of_other_origins_may_ask(self):
        status, fields, _ = ask("OPTIONS", "/http-bind", headers={"Origin": "http://page.example", "Access-Control-Request-Method": "POST"})
        self.assertEqual((status, fields["access-control-allow-origin"]), (204, "*"))
        self.assertIn("POST", fields["access-control-allow-methods"])
        status, fields, _ = ask("POST", "/http-bind", "<body/>")
        self.assertEqual(fields["access-control-allow-origin"], "*")


class Socket(unittest.TestCase):
    def shake(self, **fields):
        right = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                 "Sec-WebSocket-Protocol": "xmpp"}
        right.update((k.replace("_", "-"), v) for k, v in fields.items())
        return ask("GET", "/xmpp-websocket", headers={k: v for k, v in right.items() if v})

    def test_what_is_no_handshake_is_refused(self):
        self.assertEqual(ask("GET", "/xmpp-websocket")[0], 426)
        self.assertEqual(self.shake(Sec_WebSocket_Protocol="mqtt")[0], 400)
        self.assertEqual(self.shake(Sec_WebSocket_Key="short")[0], 400)
        self.assertEqual(self.shake(Sec_WebSocket_Version="8")[0], 426)

    def test_frames_that_are_not_masked_end_it(self):
        with socket.create_connection((HOST, WEB), 60) as s:
            s.sendall(b"GET /xmpp-websocket HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n\x81\x05hello")
            got = b""
            while piece := s.recv(4096):
                got += piece
        self.assertTrue(got.startswith(b"HTTP/1.1 101 "), got)
        self.assertIn(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", got)
        self.assertTrue(got.endswith(b"\x88\x02\x03\xea"), got)


class HostMeta(unittest.TestCase):
    def test_it_names_both_ways(self):
        status, fields, text = ask("GET", "/.well-known/host-meta", headers={"Host": DOMAIN})
        self.assertEqual((status, fields["content-type"], fields["access-control-allow-origin"]), (200, "application/xrd+xml", "*"))
        links = {e.get("rel"): e.get("href") for e in ET.fromstring(text.encode())}
        status, fields, text = ask("GET", "/.well-known/host-meta.json", headers={"Host": DOMAIN})
        self.assertEqual((status, fields["content-type"]), (200, "application/json"))
        self.assertEqual({l["rel"]: l["href"] for l in json.loads(text)["links"]}, links)
        base = "://mail.%s:%d" % (DOMAIN, HTTPS)
        self.assertEqual(links, {"urn:xmpp:alt-connections:xbosh": "https" + base + "/http-bind",
                                 "urn:xmpp:alt-connections:websocket": "wss" + base + "/xmpp-websocket"})
        self.assertEqual(ask("POST", "/.well-known/host-meta", "x")[0], 405)
        self.assertEqual(ask("GET", "/.well-known/host-metax")[0], 404)


if __name__ == "__main__":
    unittest.main()
