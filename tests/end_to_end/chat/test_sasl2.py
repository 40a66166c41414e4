"""Logins in one step (XEP-0388), with a resource (XEP-0386), and by tokens (XEP-0484)."""
import hashlib, hmac, os, subprocess, sys
import xml.etree.ElementTree as ET
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import *

A, B = USERS[:2]
LONG = "a long password"
SASL2, BIND2, FAST, SM, MAM = "{urn:xmpp:sasl:2}", "{urn:xmpp:bind:0}", "{urn:xmpp:fast:0}", "{urn:xmpp:sm:3}", "{urn:xmpp:mam:2}"
SASL = "{urn:ietf:params:xml:ns:xmpp-sasl}"


def rookery(*verb, input=None):
    done = subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], *verb], input=input, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    assert done.returncode == 0, done.stdout
    return done.stdout


def b64(octets):
    return base64.b64encode(octets).decode()


def proof(token, role="Initiator", binding=b""):
    return hmac.new(token.encode(), role.encode() + binding, hashlib.sha256).digest()


class OneStep(Case):
    def login(self, initial, inside="", mechanism="PLAIN", stream=None):
        """The stream and the success or failure."""
        s = stream or self.stream(None)
        s.send("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='%s'><initial-response>%s</initial-response>%s</authenticate>" % (mechanism, b64(initial), inside))
        answer = s.until("</success>|</failure>")
        e = ET.fromstring(answer[answer.index("<success" if "<success" in answer else "<failure"):])
        if e.tag.endswith("success"):
            self.assertEqual(s.until("</stream:features>").count("<stream:stream"), 0)
        return s, e

    def by_password(self, user=A, inside="", password=PASSWORD, **more):
        return self.login(("\0%s\0%s" % (user, password)).encode(), inside, **more)

    def by_token(self, user, token, inside="", fast="", client="c1", mechanism="HT-SHA-256-NONE", binding=b"", **more):
        return self.login(user.encode() + b"\0" + proof(token, binding=binding),
                          "<user-agent id='%s'/><fast xmlns='urn:xmpp:fast:0'%s/>%s" % (client, fast, inside), mechanism=mechanism, **more)

    def token(self, user=A, client="c1", mechanism="HT-SHA-256-NONE", **more):
        s, e = self.by_password(user, "<user-agent id='%s'/><request-token xmlns='urn:xmpp:fast:0' mechanism='%s'/>" % (client, mechanism), **more)
        return s, e.find(FAST + "token").get("token")

    def test_a_login_goes_on_without_a_new_stream(self):
        s, e = self.by_password()
        self.assertEqual(e.findtext(SASL2 + "authorization-identifier"), jid(A))
        s.bind("plain")
        s.send("<iq type='get' id='p' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>" % DOMAIN)
        self.assertIn("result", s.until("id='p'[^>]*>"))
        s, e = self.by_password(password="wrong")
        self.assertIsNotNone(e.find(SASL + "not-authorized"))
        s, e = self.by_password(stream=s)
        self.assertEqual(e.tag, SASL2 + "success")

    def test_resource_copies_and_management_come_with_the_login(self):
        s, e = self.by_password(inside="<user-agent id='c7'/><bind xmlns='urn:xmpp:bind:0'><tag>Bird</tag><enable xmlns='urn:xmpp:carbons:2'/>"
                                       "<enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>")
        full = e.findtext(SASL2 + "authorization-identifier")
        self.assertRegex(full, "^%s/Bird/.+" % re.escape(jid(A)))
        enabled = e.find(BIND2 + "bound/" + SM + "enabled")
        self.assertEqual(enabled.get("resume"), "true")
        self.assertIsNotNone(e.find(BIND2 + "bound/" + MAM + "metadata"))
        # Copies: another client of the account writes to somebody.
        other = self.stream(A, "other")
        other.send("<message to='%s' type='chat' id='copied'><body>for both</body></message>" % jid(B))
        self.assertIn("urn:xmpp:carbons:2", s.until("</message>"))
        # The stream is lost and resumed with the next login.
        s.close()
        again, e = self.by_password(inside="<resume xmlns='urn:xmpp:sm:3' previd='%s' h='1'/><bind xmlns='urn:xmpp:bind:0'/>" % enabled.get("id"))
        self.assertEqual(e.findtext(SASL2 + "authorization-identifier"), full)
        self.assertEqual(e.find(SM + "resumed").get("previd"), enabled.get("id"))
        self.assertIsNone(e.find(BIND2 + "bound"))
        # What cannot be resumed is bound; the client's stream before ends.
        newer, e = self.by_password(inside="<user-agent id='c7'/><resume xmlns='urn:xmpp:sm:3' previd='none' h='0'/><bind xmlns='urn:xmpp:bind:0'/>")
        self.assertIsNotNone(e.find(SM + "failed"))
        self.assertNotEqual(e.findtext(SASL2 + "authorization-identifier"), full)
        self.assertIn("<conflict", again.until("</stream:stream>"))

    def test_what_waited_comes_from_the_archive_alone(self):
        user = "waiting"
        rookery("account", "add", jid(user), input=LONG + "\n")
        self.addCleanup(rookery, "account", "remove", jid(user))
        self.token(user, password=LONG)[0].close()
        sender = self.stream(A, "sender")
        sender.send("<enable xmlns='urn:xmpp:sm:3'/>")
        sender.until("<enabled[^>]*>")
        for count, (text, hint) in enumerate((("one", ""), ("two", "<no-permanent-store xmlns='urn:xmpp:hints'/>")), 1):
            sender.send("<message to='%s' type='chat'><body>%s</body>%s</message><r xmlns='urn:xmpp:sm:3'/>" % (jid(user), text, hint))
            sender.until("<a [^>]*h='%d'[^>]*>" % count)
        s, e = self.by_password(user, inside="<bind xmlns='urn:xmpp:bind:0'/>", password=LONG)
        self.assertIsNotNone(e.find(BIND2 + "bound/" + MAM + "metadata/" + MAM + "end"))
        # The one that no archive has is given all the same; the other, which came before it, is not.
        s.send("<presence/>")
        self.assertNotIn("<body>one</body>", s.until("<body>two</body>"))
        s.send("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>")
        self.assertIn("<body>one</body>", s.until("<fin.*</iq>"))

    def test_a_token_serves_for_its_client_and_mechanism(self):
        s, token = self.token()
        s, e = self.by_token(A, token, "<bind xmlns='urn:xmpp:bind:0'/>")
        self.assertEqual(base64.b64decode(e.findtext(SASL2 + "additional-data")), proof(token, "Responder"))
        self.assertRegex(e.findtext(SASL2 + "authorization-identifier"), "^%s/.+" % re.escape(jid(A)))
        # No rotation on the first day.
        self.assertIsNone(e.find(FAST + "token"))
        for wrong in (dict(client="c2"), dict(user=B), dict(mechanism="HT-SHA-256-ENDP")):
            s, e = self.by_token(**dict(dict(user=A, token=token), **wrong))
            self.assertIsNotNone(e.find(SASL + "not-authorized"), wrong)
        # It is forgotten when the client wants that.
        s, e = self.by_token(A, token, fast=" invalidate='1'")
        self.assertEqual(e.tag, SASL2 + "success")
        s, e = self.by_token(A, token)
        self.assertIsNotNone(e.find(SASL + "not-authorized"))

    def test_a_token_is_bound_to_the_channel(self):
        s, token = self.token(client="c3", mechanism="HT-SHA-256-ENDP")
        end_point = hashlib.sha256(s.socket.getpeercert(True)).digest()
        s, e = self.by_token(A, token, client="c3", mechanism="HT-SHA-256-ENDP", binding=end_point)
        self.assertEqual(base64.b64decode(e.findtext(SASL2 + "additional-data")), proof(token, "Responder", end_point))
        for mechanism, binding in (("HT-SHA-256-ENDP", b"another"), ("HT-SHA-256-NONE", b"")):
            s, e = self.by_token(A, token, client="c3", mechanism=mechanism, binding=binding)
            self.assertIsNotNone(e.find(SASL + "not-authorized"), mechanism)

    def scram_plus(self, binding, tell="tls-server-end-point", user=A):
        """SCRAM-SHA-256-PLUS (RFC 7677, RFC 5929) by the older SASL; gives whether the server took it and proved itself."""
        s = self.stream(None)
        binding = hashlib.sha256(s.socket.getpeercert(True)).digest() if binding is None else binding
        header, bare = "p=%s,," % tell, "n=%s,r=clientnonce" % user
        s.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256-PLUS'>%s</auth>" % b64((header + bare).encode()))
        answer = s.until("</challenge>|</failure>")
        if "<failure" in answer:
            return False
        first = base64.b64decode(re.search("<challenge[^>]*>(.*)</challenge>", answer).group(1)).decode()
        fields = dict(f.split("=", 1) for f in first.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
        mac = lambda key, text: hmac.new(key, text.encode() if isinstance(text, str) else text, hashlib.sha256).digest()
        client_key = mac(salted, "Client Key")
        last = "c=%s,r=%s" % (b64(header.encode() + binding), fields["r"])
        message = ",".join((bare, first, last))
        signature = mac(hashlib.sha256(client_key).digest(), message)
        proved = b64(bytes(x ^ y for x, y in zip(client_key, signature)))
        s.send("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</response>" % b64((last + ",p=" + proved).encode()))
        answer = s.until("</success>|</failure>")
        if "<failure" in answer:
            return False
        self.assertEqual(base64.b64decode(re.search("<success[^>]*>(.*)</success>", answer).group(1)).decode(), "v=" + b64(mac(mac(salted, "Server Key"), message)))
        return True

    def test_scram_plus_wants_the_channel_of_this_connection(self):
        self.assertTrue(self.scram_plus(None))
        self.assertFalse(self.scram_plus(b"the certificate of another"))
        self.assertFalse(self.scram_plus(b"", tell="tls-unique"))

    def test_tokens_end_with_the_password(self):
        user = "token"
        rookery("account", "add", jid(user), input=LONG + "\n")
        self.addCleanup(rookery, "account", "remove", jid(user))
        s, token = self.token(user, password=LONG)
        self.assertEqual(self.by_token(user, token)[1].tag, SASL2 + "success")
        rookery("account", "passwd", jid(user), input="another password\n")
        s, e = self.by_token(user, token)
        self.assertIsNotNone(e.find(SASL + "credentials-expired"))
        s, e = self.by_password(user, password="another password", stream=s)
        self.assertEqual(e.tag, SASL2 + "success")


if __name__ == "__main__":
    unittest.main()
