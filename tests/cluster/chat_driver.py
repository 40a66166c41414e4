#!/usr/bin/env python3
"""Three real nodes, accounts and rooms at home on each: chat is served by every node, passed on between homes, and survives a node.

First every account logs in at every node in several ways, talks to those of other homes, resumes at another node, and meets others in a
room. Then, in rounds, somebody of one home writes to somebody of the second and into a room of the third while one of them is killed.
What was acknowledged (XEP-0198) is in both archives exactly once and in order, what a room said is in its archive exactly once, and all
occupants heard it in that order; what was only tried is there once at most. Prints its seed; ends with 1 at the first fault, with the
logs of the nodes.

    chat_driver.py --rookery build/dev/server/rookery [--rounds 4] [--faults "kill reader,kill room"] [--seed 7] [--keep]
"""
import base64, hashlib, hmac, http.client, random, re, socket, ssl, struct, threading, time, urllib.parse, urllib.request

from cluster_mail import ANY, Mail, PASSWORD
from cluster_nodes import rounds, run, until

FAULTS = ["kill reader", "kill writer", "kill room", "stop room", "kill door"]
PIECE = re.compile(r"<(message|presence|iq)\b(?:[^>]*/>|.*?</\1>)|<(?:a|r) [^>]*/>|<stream:error>.*?</stream:error>|</stream:stream>", re.S)
MUC = "<x xmlns='http://jabber.org/protocol/muc'/>"


class Gone(Exception):
    """The stream has ended, or never was: as when a node dies."""


class Stream:
    """One stream of one account through one node: STARTTLS or direct TLS, PLAIN, a resource."""

    def __init__(self, node, user, resource, way="starttls", bind=True):
        """`way`: starttls, direct, one step (SASL2); "nobody" does not log in."""
        self.node, self.user, self.domain, self.text, self.heard = node, user, user.split("@")[1], "", 0
        self.connect(way)
        plain = base64.b64encode(("\0%s\0%s" % (user, PASSWORD)).encode()).decode()
        if way == "nobody":
            return
        if way == "one step":
            got = self.one_step("PLAIN", plain, "<bind xmlns='urn:xmpp:bind:0'><tag>%s</tag></bind>" % resource)
            self.jid = re.search("<authorization-identifier>(.*?)<", got).group(1)
            return
        self.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>" % plain)
        got = self.until("<success[^>]*>|<failure.*?</failure>")
        if "<success" not in got:
            raise Gone(got)
        self.open()
        if bind:
            self.send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>%s</resource></bind></iq>" % resource)
            self.jid = re.search("<jid>(.*?)</jid>", self.until("</iq>")).group(1)

    def connect(self, way):
        self.header = ("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='%s' version='1.0'>" % self.domain)
        self.socket = self.dial("xmpps" if way == "direct" else "xmpp")
        if way == "direct":
            self.socket = self.wrapped()
        self.open()
        if way != "direct":
            self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            self.until("<proceed[^>]*>")
            self.socket = self.wrapped()
            self.open()

    def dial(self, service):
        try:
            return socket.create_connection((self.node.address, self.node.port(service)), 30)
        except OSError as e:
            raise Gone(e) from None

    def one_step(self, mechanism, initial, inside):
        """SASL2, and what it answers up to the features."""
        self.send("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='%s'><initial-response>%s</initial-response>%s</authenticate>" % (mechanism, initial, inside))
        got = self.until("<success.*?</success>.*?</stream:features>|<failure.*?</failure>")
        if "<success" not in got:
            raise Gone(got)
        return got

    def wrapped(self):
        try:
            return ANY.wrap_socket(self.socket)
        except OSError as e:
            raise Gone(e) from None

    def open(self):
        self.send(self.header)
        self.until("</stream:features>")

    def send(self, text):
        try:
            self.socket.settimeout(60)
            self.socket.sendall(text.encode())
        except (OSError, ssl.SSLError) as e:
            raise Gone(e) from None

    def read(self, limit):
        """False: nothing came within this time."""
        try:
            self.socket.settimeout(limit)
            octets = self.socket.recv(65536)
        except (socket.timeout, ssl.SSLWantReadError):
            return False
        except (OSError, ssl.SSLError) as e:
            raise Gone(e) from None
        if not octets:
            raise Gone("closed")
        self.text += octets.decode(errors="replace")
        return True

    def until(self, pattern, limit=60):
        """Everything up to its end."""
        end = time.time() + limit
        while not (found := re.search(pattern, self.text, re.S)):
            if "</stream:stream>" in self.text:
                raise Gone(self.text[-500:])
            if not self.read(max(0.01, end - time.time())):
                raise AssertionError("%s through %s: no %s; came: %s" % (self.user, self.node.folder, pattern, self.text[-3000:]))
        out, self.text = self.text[:found.end()], self.text[found.end():]
        return out

    def pieces(self, limit):
        """Whole stanzas and the like that are there, or come first within this time."""
        out = []
        while True:
            while found := PIECE.search(self.text):
                out.append(found.group(0))
                self.text = self.text[found.end():]
                if found.group(1):
                    self.heard += 1
            if out or not self.read(limit):
                return out

    def ask(self, kind, to, what, name="ask"):
        self.send("<iq type='%s' id='%s'%s>%s</iq>" % (kind, name, " to='%s'" % to if to else "", what))
        return self.until("<iq [^>]*id='%s'[^>]*(?:/>|>.*?</iq>)" % name)

    def enter(self, room, nick):
        self.send("<presence to='%s/%s'>%s</presence>" % (room, nick, MUC))
        self.until("<presence [^>]*from='%s/%s'.*?code='110'.*?</presence>|<presence [^>]*type='error'.*?</presence>" % (re.escape(room), nick))

    def archive(self, of=None):
        """Bodies in their order, of the account or of a room."""
        bodies, after, page = [], "", 0
        while True:
            page += 1
            self.send("<iq type='set' id='q%d'%s><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>200</max>%s</set></query></iq>"
                      % (page, " to='%s'" % of if of else "", "<after>%s</after>" % after if after else ""))
            text = self.until("<iq [^>]*id='q%d'.*?</iq>" % page)
            bodies += re.findall("<result.*?<body>(.*?)</body>", text, re.S)
            if "complete='true'" in text:
                return bodies
            after = re.search("<last>(.*?)</last>", text).group(1)

    def cut(self):
        self.socket.close()

    def close(self):
        try:
            self.send("</stream:stream>")
        except Gone:
            pass
        self.socket.close()


def alone(text):
    """Stanzas for a place where no namespace is declared."""
    return re.sub(r"<(iq|message|presence)\b(?! xmlns)", r"<\1 xmlns='jabber:client'", text)


class Socket(Stream):
    """The same over a WebSocket (RFC 7395)."""

    def connect(self, way):
        self.header = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='%s' version='1.0'/>" % self.domain
        self.raw, self.socket = b"", self.dial("web")
        Stream.send(self, "GET /xmpp-websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            try:
                some = self.socket.recv(1)
            except OSError as e:
                raise Gone(e) from None
            if not some:
                raise Gone("no handshake: %s" % head)
            head += some
        if not head.startswith(b"HTTP/1.1 101"):
            raise AssertionError("the WebSocket: %s" % head)
        self.open()

    def send(self, text):
        octets, key = alone(text).encode(), b"\x11\x22\x33\x44"
        size = struct.pack("!B", 128 | len(octets)) if len(octets) < 126 else struct.pack("!BH", 254, len(octets))
        try:
            self.socket.sendall(b"\x81" + size + key + bytes(o ^ key[i % 4] for i, o in enumerate(octets)))
        except OSError as e:
            raise Gone(e) from None

    def read(self, limit):
        try:
            self.socket.settimeout(limit)
            some = self.socket.recv(65536)
        except socket.timeout:
            return False
        except OSError as e:
            raise Gone(e) from None
        if not some:
            raise Gone("closed")
        self.raw += some
        while len(self.raw) >= 2:
            size, at = self.raw[1] & 127, 2
            if size == 126:
                size, at = int.from_bytes(self.raw[2:4], "big"), 4
            elif size == 127:
                size, at = int.from_bytes(self.raw[2:10], "big"), 10
            if len(self.raw) < at + size:
                break
            if self.raw[0] & 15 == 1:
                self.text += self.raw[at:at + size].decode()
            self.raw = self.raw[at + size:]
        return True


class Bosh(Stream):
    """The same in HTTP requests (XEP-0124), one after the other: each is answered within a second."""

    def connect(self, way):
        self.rid, self.sid = 1000, ""
        self.open()

    def open(self):
        self.post("", "to='%s' xmpp:restart='true'" % self.domain if self.sid else "to='%s' wait='1' hold='1' ver='1.11' xmpp:version='1.0'" % self.domain)
        self.until("</stream:features>")

    def post(self, inside, attributes=""):
        self.rid += 1
        body = "<body rid='%d' %s %s xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'>%s</body>" % (
            self.rid, "sid='%s'" % self.sid if self.sid else "", attributes, inside)
        try:
            with urllib.request.urlopen(urllib.request.Request("http://%s:%d/http-bind" % (self.node.address, self.node.port("web")), body.encode(), {"Content-Type": "text/xml"}), timeout=60) as a:
                got = a.read().decode()
        except OSError as e:
            raise Gone(e) from None
        head = got[:got.index(">") + 1]
        self.sid = self.sid or re.search("sid='([^']*)'", head).group(1)
        self.text += got[len(head):-len("</body>")] if got.endswith("</body>") else ""
        if "type='terminate'" in head and not self.text:
            raise Gone(got)
        return True

    def send(self, text):
        self.post(alone(text))

    def read(self, limit):
        return self.post("")

    def cut(self):
        pass  # it is silent from now on

    def close(self):
        try:
            self.post("", "type='terminate'")
        except Gone:
            pass


class Writer(threading.Thread):
    """Writes to one account and into one room through whatever node answers; comes back when its stream is lost. Says nothing twice."""

    def __init__(self, driver, user, to, room, name, seed):
        super().__init__()
        self.driver, self.user, self.to, self.room, self.name_, self.rng = driver, user, to, room, name, random.Random(seed)
        self.tried, self.acknowledged, self.refused = [], [], set()
        self.said, self.reflected, self.heard, self.streams = [], [], [], 0
        self.going, self.count, self.fault = True, 0, None
        self.start()

    def run(self):
        try:
            while self.going:
                try:
                    self.session(self.rng.choice(self.driver.nodes))
                except Gone:
                    time.sleep(0.1)  # that node or the home does not serve now
        except Exception as e:  # told to the main thread
            self.fault = e

    def session(self, node):
        s = Stream(node, self.user, "%s-%d" % (self.name_, self.count))
        s.send("<enable xmlns='urn:xmpp:sm:3'/>")
        s.until("<enabled[^>]*>")
        self.streams += 1
        sent, nick, entered, asked = [], self.name_ + str(self.count), False, 0
        try:
            while True:
                if not entered and time.time() - asked > 1:
                    s.send("<presence to='%s/%s'>%s</presence>" % (self.room, nick, MUC))
                    sent.append(None)
                    asked = time.time()
                if self.going:
                    self.count += 1
                    body = "%s-%d" % (self.name_, self.count)
                    self.tried.append(body)
                    sent.append(body)
                    s.send("<message to='%s' type='chat' id='%s'><body>%s</body></message><r xmlns='urn:xmpp:sm:3'/>" % (self.to, body, body))
                    if entered:
                        self.said.append(body)
                        sent.append(None)
                        s.send("<message to='%s' type='groupchat' id='g%s'><body>%s</body></message>" % (self.room, body, body))
                elif not sent:
                    return s.close()
                for p in s.pieces(0.02):
                    if p.startswith("<a "):
                        done = int(re.search(r"h='(\d+)'", p).group(1)) - getattr(s, "counted", 0)
                        s.counted = getattr(s, "counted", 0) + done
                        self.acknowledged += [b for b in sent[:done] if b]
                        del sent[:done]
                    elif p.startswith("<r "):
                        s.send("<a xmlns='urn:xmpp:sm:3' h='%d'/>" % s.heard)
                    elif p.startswith("<stream:error") or p.startswith("</stream"):
                        raise Gone(p)
                    elif p.startswith("<presence") and "from='%s/%s'" % (self.room, nick) in p:
                        entered = "code='110'" in p and "type='unavailable'" not in p
                    elif p.startswith("<message") and "type='error'" in p:
                        about = re.search(r" id='([^']*)'", p)
                        if about:
                            self.refused.add(about.group(1))
                        if "from='%s" % self.room in p:
                            entered = False
                    elif p.startswith("<message") and "type='groupchat'" in p:
                        body = re.search("<body>(.*?)</body>", p)
                        if body and "<delay" not in p:
                            self.heard.append(body.group(1))
                            if body.group(1) in self.said[-2000:] and "from='%s/%s'" % (self.room, nick) in p:
                                self.reflected.append(body.group(1))
                time.sleep(0.01)
                if not self.going:
                    s.send("<r xmlns='urn:xmpp:sm:3'/>")
        finally:
            s.cut()

    def reach(self, more, what):
        had, said = len(self.acknowledged), len(self.reflected)
        until(lambda: self.fault or (len(self.acknowledged) >= had + more and len(self.reflected) >= said + more), "%d messages acknowledged and reflected %s" % (more, what), 120)
        if self.fault:
            raise self.fault

    def end(self):
        self.going = False
        self.join(120)
        if self.fault:
            raise self.fault


class Counts(tuple):
    """Of a round: added up by `rounds`."""

    def __radd__(self, other):
        return self if other == 0 else Counts(a + b for a, b in zip(other, self))

    def __add__(self, other):
        return Counts(a + b for a, b in zip(self, other))


class Chat(Mail):
    log_octets = 60_000

    def stream(self, user, resource="s", way="starttls", nodes=None, limit=60, **more):
        """Through the first node that serves the account, in an order of the seed's."""
        end = time.time() + limit
        while True:
            for n in self.rng.sample(nodes or self.nodes, len(nodes or self.nodes)):
                try:
                    return Stream(n, user, resource, way, **more)
                except Gone as e:
                    last = e
            if time.time() > end:
                raise AssertionError("%s cannot log in: %s" % (user, last))
            time.sleep(0.1)

    def passed(self, n):
        """How many messages its volume has sent to other homes."""
        with urllib.request.urlopen("http://%s:%d/metrics" % (n.address, n.port("metrics"))) as m:
            found = re.search(r'^rookery_chat_passed_total\{direction="sent"\} (\d+)', m.read().decode(), re.M)
        return int(found.group(1)) if found else 0

    def logins(self):
        for user in self.accounts:
            for i, n in enumerate(self.nodes):
                s = Stream(n, user, "r%d" % i, ("starttls", "direct", "one step")[(i + self.accounts[user]) % 3])
                if not s.jid.startswith(user + "/"):
                    raise AssertionError("%s on %s is %s" % (user, n.folder, s.jid))
                if "type='result'" not in s.ask("get", None, "<query xmlns='jabber:iq:roster'/>"):
                    raise AssertionError("no roster")
                s.close()
        print("  every account logs in at every node", flush=True)

    def web(self):
        """WebSockets and BOSH at every node, also where the account is not at home: they talk, and what is lost is resumed at another node."""
        for user in ("ann@d0.test", "bob@d1.test"):
            other = self.stream("ann@d2.test", "reads")
            other.send("<presence/>")
            other.until("<presence")
            for k, n in enumerate(self.nodes):
                for way in (Socket, Bosh):
                    s = way(n, user, "web%d" % k)
                    if s.jid != "%s/web%d" % (user, k):
                        raise AssertionError("%s on %s is %s" % (user, n.folder, s.jid))
                    if "type='result'" not in s.ask("get", None, "<query xmlns='jabber:iq:roster'/>"):
                        raise AssertionError("no roster")
                    body = "%s by %s of node %d" % (user, way.__name__, k)
                    s.send("<message to='ann@d2.test' type='chat'><body>%s</body></message>" % body)
                    other.until("<body>%s</body>" % body)
                    large = "x" * 100000
                    other.send("<message to='%s' type='chat'><body>answer %s%s</body></message>" % (s.jid, body, large))
                    s.until("<body>answer %s%s</body>" % (body, large))
                    s.close()
            other.close()
        # Lost on the web, resumed over TCP elsewhere.
        s = Bosh(self.nodes[1], "ann@d0.test", "lost")
        s.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
        name = re.search(r" id='([^']+)'", s.until("<enabled[^>]*>")).group(1)
        s.send("<message to='bob@d1.test' type='chat'><body>by HTTP</body></message><r xmlns='urn:xmpp:sm:3'/>")
        s.until("<a [^>]*h='1'[^>]*>")
        s.cut()
        t = Stream(self.nodes[2], "ann@d0.test", "", bind=False)
        t.send("<resume xmlns='urn:xmpp:sm:3' previd='%s' h='0'/>" % name)
        if not re.search("<resumed [^>]*h='1'", t.until("<resumed[^>]*>|</failed>")):
            raise AssertionError("a stream of BOSH was not resumed")
        t.close()
        print("  WebSockets and BOSH at every node", flush=True)

    def tokens(self):
        """A token of one node is good on each of them, once it was earned with the password."""
        for user in ("ann@d0.test", "bob@d1.test"):
            agent = "<user-agent id='phone-%s'/>" % user[:3]
            s = Stream(self.nodes[0], user, "", "nobody")
            plain = base64.b64encode(("\0%s\0%s" % (user, PASSWORD)).encode()).decode()
            got = s.one_step("PLAIN", plain, agent + "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/><bind xmlns='urn:xmpp:bind:0'/>")
            token = re.search("token='([^']+)'", got).group(1)
            s.close()
            for n in self.nodes:
                for secret, good in ((token, True), ("wrong", False)):
                    s = Stream(n, user, "", "nobody")
                    proof = base64.b64encode(user.encode() + b"\0" + hmac.new(secret.encode(), b"Initiator", hashlib.sha256).digest()).decode()
                    try:
                        got = s.one_step("HT-SHA-256-NONE", proof, agent + "<fast xmlns='urn:xmpp:fast:0'/><bind xmlns='urn:xmpp:bind:0'/>")
                    except Gone as e:
                        got = str(e)
                    if ("<success" in got) != good:
                        raise AssertionError("%s by the %s token on %s: %s" % (user, "right" if good else "wrong", n.folder, got))
                    s.cut()
        print("  tokens are good at every node", flush=True)

    def web_ask(self, n, method, path, body=None, **fields):
        """Status, octets and the length that was told."""
        c = http.client.HTTPConnection(n.address, n.port("web"), timeout=60)
        try:
            c.request(method, path, body=body, headers=fields)
            a = c.getresponse()
            return a.status, a.read(), a.getheader("Content-Length")
        finally:
            c.close()

    def place(self, s, octets):
        """The path of a place for this file."""
        got = s.ask("get", "upload." + s.domain, "<request xmlns='urn:xmpp:http:upload:0' filename='a b.bin' size='%d'/>" % len(octets), "slot")
        found = re.search("<put url='([^']*)'", got)
        if not found:
            raise AssertionError("no place for a file of %s: %s" % (s.user, got))
        return urllib.parse.urlsplit(found.group(1)).path

    def bring(self, n, path, octets, wanted=201):
        status, said, _ = self.web_ask(n, "PUT", path, octets)
        if status != wanted:
            raise AssertionError("PUT on %s: %s %s" % (n.folder, status, said))

    def brought(self, nodes, path, octets, limit=90):
        """Its place moves meanwhile: until it is taken the answer is "later", never that nothing is expected."""
        end, tries = time.time() + limit, 0
        while time.time() < end:
            status, said, _ = self.web_ask(nodes[tries % len(nodes)], "PUT", path, octets)
            if status == 201 or (status == 404 and tries and self.web_ask(nodes[0], "GET", path)[:2] == (200, octets)):
                return # or the one before was taken, and its answer was lost
            if status != 503:
                raise AssertionError("PUT on %s while its place moves: %s %s" % (nodes[tries % len(nodes)].folder, status, said))
            tries += 1
            time.sleep(0.02)
        raise AssertionError("nobody takes %s" % path)

    def given(self, nodes, files):
        """Each of these nodes gives all of them."""
        for n in nodes:
            for path, octets in files:
                status, said, _ = self.web_ask(n, "GET", path)
                if (status, said) != (200, octets):
                    raise AssertionError("GET on %s: %s, %d octets of %d" % (n.folder, status, len(said), len(octets)))

    def files(self):
        """A file is taken and given by every node, all of it or a part, whichever is its owner's home."""
        for i in range(3):
            s = self.stream("bob@d%d.test" % i, "brings")
            for at in range(3):
                octets = bytes((7 * k + k // 251 + i + 3 * at) % 256 for k in range(1500000))
                path = self.place(s, octets)
                self.bring(self.nodes[(i + at) % 3], path[:-9] + "x" * 3, b"x", 404)
                self.bring(self.nodes[(i + at) % 3], self.place(s, octets), octets[:100], 400)
                self.bring(self.nodes[(i + at) % 3], path, octets)
                self.bring(self.nodes[(i + 2 * at) % 3], path, octets[:100], 404)  # once
                for n in self.nodes:
                    for method, fields, wanted in (("GET", {}, (200, octets)), ("GET", {"Range": "bytes=500000-1100000"}, (206, octets[500000:1100001])), ("HEAD", {}, (200, b""))):
                        status, said, length = self.web_ask(n, method, path, **fields)
                        if (status, said) != wanted or length != str(len(wanted[1]) or len(octets)):
                            raise AssertionError("%s %s on %s: %s, %d octets of %s" % (method, fields, n.folder, status, len(said), length))
                    status, said, _ = self.web_ask(n, "GET", path[:-9] + "x" * 3)
                    if status != 404:
                        raise AssertionError("a file that nobody has on %s: %s" % (n.folder, status))
            s.close()
        print("  files are taken and given by every node", flush=True)

    def files_of_a_lost_home(self):
        """A place that was promised before a take-over takes its file behind it, a new one is promised there, and all of them are given, also when the home is back."""
        user, dead, alive = "bob@d0.test", self.nodes[0], self.nodes[1:]
        octets = [bytes((5 * k + k // 253 + i) % 256 for k in range(1200000)) for i in range(4)]
        s = self.stream(user, "brings", nodes=alive)
        paths = [self.place(s, o) for o in octets[:3]]
        self.bring(alive[0], paths[0], octets[0])
        dead.kill()
        s.cut()
        self.brought(alive, paths[1], octets[1])
        s = self.stream(user, "again", nodes=alive)
        paths.append(self.place(s, octets[3]))
        self.bring(alive[1], paths[3], octets[3])
        self.bring(alive[0], paths[1], octets[1][:100], 404)
        files = [(p, o) for i, (p, o) in enumerate(zip(paths, octets)) if i != 2]
        self.given(alive, files)
        s.cut()
        dead.serve(None)
        # Promised before the kill, brought while the home comes back.
        time.sleep(self.rng.uniform(0, 6))
        self.brought(alive, paths[2], octets[2])
        self.at_home()
        self.given(self.nodes, files + [(paths[2], octets[2])])
        print("  files outlive their home's node, and so do places for them", flush=True)

    def too_late(self):
        """A stream that is over cannot be resumed; its client hears what was dealt with, whichever node it asks."""
        s = Stream(self.nodes[1], "cem@d0.test", "late")
        s.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
        name = re.search(r" id='([^']+)'", s.until("<enabled[^>]*>")).group(1)
        s.send("<message to='bob@d1.test' type='chat'><body>last words</body></message><r xmlns='urn:xmpp:sm:3'/>")
        s.until("<a [^>]*h='1'[^>]*>")
        s.cut()
        def parked():
            rows = self.nodes[2].ask("GET", "/v1/chat/sessions")["items"]
            return [r for r in rows if r["address"] == s.jid and r["state"] == "lost"]
        until(parked, "the stream without a connection")
        self.nodes[2].ask("POST", "/v1/chat/kick", {"address": "cem@d0.test"})
        for n in self.nodes:
            t = Stream(n, "cem@d0.test", "", bind=False)
            t.send("<resume xmlns='urn:xmpp:sm:3' previd='%s' h='0'/>" % name)
            got = t.until("</failed>|<resumed[^>]*>")
            if "item-not-found" not in got or not re.search("<failed [^>]*h='1'", got):
                raise AssertionError("on %s: %s" % (n.folder, got))
            t.close()
        print("  who comes too late hears what was dealt with", flush=True)

    def resumption(self):
        """A stream is lost at one node and goes on at another; what came meanwhile is there, what was sent is known."""
        for user, other in (("ann@d0.test", "bob@d1.test"), ("cem@d0.test", "ann@d1.test")):
            a, b = self.rng.sample(self.nodes, 2)
            s = Stream(a, user, "phone")
            s.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
            name = re.search(r" id='([^']+)'", s.until("<enabled[^>]*>")).group(1)
            s.send("<presence/><message to='%s' type='chat'><body>before</body></message><r xmlns='urn:xmpp:sm:3'/>" % other)
            s.until("<a [^>]*h='2'[^>]*>")
            s.cut()
            o = Stream(self.nodes[2], other, "talks")
            o.send("<message to='%s/phone' type='chat'><body>meanwhile</body></message><iq type='get' id='p' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>" % (user, other))
            o.until("<iq [^>]*id='p'")
            s = Stream(b, user, "", bind=False)
            s.send("<resume xmlns='urn:xmpp:sm:3' previd='%s' h='0'/>" % name)
            got = s.until("<body>meanwhile</body>")
            if not re.search("<resumed [^>]*h='2'", got):
                raise AssertionError("not resumed at another node: " + got)
            s.close()
            s = Stream(a, user, "", bind=False)
            s.send("<resume xmlns='urn:xmpp:sm:3' previd='none' h='0'/>")
            if "item-not-found" not in s.until("</failed>"):
                raise AssertionError("a stream that nobody knows was resumed")
            s.close()
            o.close()
        print("  streams are resumed at another node", flush=True)

    def talk(self):
        """Messages, requests and presence between all homes."""
        people = ["ann@d0.test", "ann@d1.test", "ann@d2.test", "cem@d0.test"]
        streams = {p: Stream(self.nodes[(i + 1) % 3], p, "here") for i, p in enumerate(people)}
        for s in streams.values():
            s.send("<presence/>")
            s.until("<presence [^>]*from='%s'" % re.escape(s.jid))
        for a in people:
            for b in people:
                if a == b:
                    continue
                body = "from %s to %s" % (a, b)
                streams[a].send("<message to='%s' type='chat' id='m'><body>%s</body></message>" % (b, body))
                streams[b].until("<body>%s</body>" % body)
                card = streams[a].ask("get", b, "<vCard xmlns='vcard-temp'/>", "card")
                if "from='%s'" % b not in card or ("type='result'" not in card and "item-not-found" not in card):
                    raise AssertionError("the card of %s for %s: %s" % (b, a, card))
        # To a client, and its answer back.
        a, b = streams[people[0]], streams[people[1]]
        a.send("<iq type='get' id='v' to='%s'><query xmlns='jabber:iq:version'/></iq>" % b.jid)
        b.until("<iq [^>]*id='v'.*?</iq>")
        b.send("<iq type='result' id='v' to='%s'><query xmlns='jabber:iq:version'><name>test</name></query></iq>" % a.jid)
        a.until("<iq [^>]*id='v'.*?<name>test</name>")
        a.send("<message to='bob@d1.test/nobody' type='groupchat' id='none'><body>x</body></message>")
        a.until("<message [^>]*type='error'.*?service-unavailable")
        print("  messages between all homes", flush=True)
        return streams

    def contacts(self):
        """A subscription between homes; presence comes, and goes with the client."""
        a, b = self.stream("bob@d0.test", "a"), self.stream("bob@d1.test", "b")
        for s in (a, b):
            s.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence/>")
            s.until("<iq [^>]*id='r'")
        a.send("<presence to='bob@d1.test' type='subscribe'/>")
        b.until("<presence [^>]*type='subscribe'")
        b.send("<presence to='bob@d0.test' type='subscribed'/><presence to='bob@d0.test' type='subscribe'/>")
        a.until("<presence [^>]*from='bob@d1.test/b'")
        a.until("<presence [^>]*type='subscribe'")
        a.send("<presence to='bob@d1.test' type='subscribed'/>")
        b.until("<presence [^>]*from='bob@d0.test/a'")
        b.send("<presence><show>away</show></presence>")
        a.until("<presence [^>]*from='bob@d1.test/b'[^>]*>(?:(?!</presence>).)*<show>away</show>")
        b.close()
        a.until("<presence [^>]*from='bob@d1.test/b'[^>]*type='unavailable'|<presence [^>]*type='unavailable'[^>]*from='bob@d1.test/b'")
        b = self.stream("bob@d1.test", "again")
        b.send("<presence/>")
        b.until("<presence [^>]*from='bob@d0.test/a'")
        a.until("<presence [^>]*from='bob@d1.test/again'")
        a.close()
        b.close()
        print("  presence between homes", flush=True)

    def room(self, number):
        """A persistent room at home on that node."""
        room = "room%d@conference.d%d.test" % (number, number)
        s = self.stream("ann@d%d.test" % number, "owner")
        s.enter(room, "owner")
        s.ask("set", room, "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
              "<field var='muc#roomconfig_persistentroom'><value>1</value></field></x></query>", "config")
        s.close()
        return room

    def orders(self):
        """Rooms are made, shown and changed through any node."""
        for i, n in enumerate(self.nodes):
            room = "made%d@conference.d%d.test" % (i, (i + 1) % 3)  # at home on another node
            for at, verb in ((n, ("create", room, "--owner", "ann@d0.test", "name=Made")), (self.nodes[(i + 2) % 3], ("configure", room, "description=Anywhere")),
                             (n, ("members", room, "--set", "bob@d1.test", "--as", "admin"))):
                done = at.run("chat", "rooms", *verb)
                if done.returncode != 0:
                    raise AssertionError("chat rooms %s on %s: %s" % (" ".join(verb), at.folder, done.stdout))
            again = self.nodes[(i + 1) % 3].run("chat", "rooms", "create", room)
            if again.returncode == 0 or "there is such a room" not in again.stdout:
                raise AssertionError("a room was made twice: %s" % again.stdout)
            for other in self.nodes:
                shown, members = other.run("chat", "rooms", "show", room), other.run("chat", "rooms", "members", room)
                if "Anywhere" not in shown.stdout or "bob@d1.test" not in members.stdout:
                    raise AssertionError("%s on %s: %s %s" % (room, other.folder, shown.stdout, members.stdout))
            s = self.stream("ann@d0.test", "made")
            s.enter(room, "ann")
            if "affiliation='owner'" not in s.ask("get", room, "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='owner'/></query>", "o"):
                raise AssertionError("ann does not own " + room)
            s.close()
        print("  rooms are made and changed through any node", flush=True)

    def crowd(self):
        """A room whose occupants are at home everywhere: all hear the same in the same order, and a home is told once."""
        room, people = self.rooms[0], []
        for i in range(12):
            user = ("ann@d0.test", "bob@d1.test", "bob@d2.test", "cem@d0.test")[i % 4]
            s = self.stream(user, "c%d" % i)
            s.enter(room, "p%d" % i)
            people.append(s)
        for s in people:  # all are in
            s.until("from='%s/p11'" % re.escape(room)) if s is not people[11] else None
        before = self.passed(self.nodes[0])
        said = 0
        for k in range(5):
            for i, s in enumerate(people):
                said += 1
                s.send("<message to='%s' type='groupchat'><body>w%d-%d</body></message>" % (room, i, k))
        heard = []
        for s in people:
            bodies = re.findall("<body>(w[^<]*)</body>", s.text)
            while len(bodies) < said:
                if not s.read(60):
                    raise AssertionError("%s heard %d of %d" % (s.user, len(bodies), said))
                bodies = re.findall("<body>(w[^<]*)</body>", s.text)
            heard.append(bodies)
        if any(h != heard[0] for h in heard) or len(set(heard[0])) != said:
            raise AssertionError("occupants heard different things: %s" % heard)
        told = self.passed(self.nodes[0]) - before
        if told > 2 * said + 20:  # nine occupants are at home on two other nodes
            raise AssertionError("%d messages to other homes for %d in the room" % (told, said))
        archive = people[0].archive(room)
        if archive[-said:] != heard[0]:
            raise AssertionError("the archive of the room is %s" % archive)
        for s in people:
            s.close()
        print("  %d messages in a room of 12 from three homes: %d messages between nodes" % (said, told), flush=True)

    def check(self, w, reader):
        """Both archives have what was acknowledged once and in order, and nothing twice."""
        certain = [b for b in w.acknowledged if b not in w.refused]
        for user in (w.user, reader):
            def bodies():
                s = self.stream(user, "check")
                try:
                    return [b for b in s.archive() if b.startswith(w.name_ + "-")]
                finally:
                    s.close()
            have = bodies()
            twice = sorted({b for b in have if have.count(b) > 1})
            missing = [b for b in certain if b not in set(have)]
            strange = [b for b in have if b not in set(w.tried)]
            order = [b for b in have if b in set(certain)]
            if twice or missing or strange or order != certain:
                raise AssertionError("archive of %s: twice %s, missing %s, strange %s, in order %s" % (user, twice[:10], missing[:10], strange[:10], order == certain))
        s = self.stream(reader, "check")
        have = [b for b in s.archive(w.room) if b.startswith(w.name_ + "-")]
        s.close()
        twice = sorted({b for b in have if have.count(b) > 1})
        missing = [b for b in w.reflected if b not in set(have)]
        heard = [b for b in w.heard if b.startswith(w.name_ + "-")]
        if twice or missing or [b for b in have if b in set(heard)] != heard:
            raise AssertionError("archive of %s: twice %s, missing %s" % (w.room, twice[:10], missing[:10]))
        return len(certain), len(w.reflected)

    def round(self, number, what):
        began = time.time()
        order = self.rng.sample(range(3), 3)
        writer, reader, room = "ann@d%d.test" % order[0], "bob@d%d.test" % order[1], self.rooms[order[2]]
        name = "r%d" % number
        print("round %d, %s: %s to %s and %s" % (number, what, writer, reader, room), flush=True)
        w = Writer(self, writer, reader, room, name, self.rng.random())
        try:
            w.reach(20, "before the fault")
            victim = self.nodes[{"writer": order[0], "reader": order[1], "room": order[2]}.get(what.split()[1], self.rng.randrange(3))]
            at = time.time()
            if what.startswith("stop"):
                victim.stop(60)
            else:
                victim.kill()
            w.reach(20, "while one node is away")
            away = time.time() - at
            victim.serve(None)
            self.at_home()
            w.reach(20, "when all are back")
        finally:
            w.end()
        certain, said = self.check(w, reader)
        print("round %d, %s: %d acknowledged of %d, %d reflected, %d streams; served again within %.1f s, %.0f s" %
              (number, what, certain, len(w.tried), said, w.streams, away, time.time() - began), flush=True)
        return Counts((certain, said))


def play(d, a):
    d.form()
    d.people()
    for i in range(3):  # readers do not come to fetch what waits
        d.nodes[0].ask("PATCH", "/v1/domains/d%d.test" % i, {"chat_offline_messages_max": 100000})
    d.at_home()
    d.logins()
    d.web()
    d.tokens()
    d.resumption()
    d.too_late()
    d.files()
    d.files_of_a_lost_home()
    for s in d.talk().values():
        s.close()
    d.contacts()
    d.orders()
    d.rooms = [d.room(i) for i in range(3)]
    d.crowd()
    certain, said = rounds(d, a.rounds, a.faults.split(",")) or (0, 0)
    d.checked()
    print("%d rounds: %d messages acknowledged, %d reflected, all there once and in order" % (a.rounds, certain, said))


if __name__ == "__main__":
    run("chat", lambda a, folder: Chat(a.rookery, a.seed, folder), play,
        [("--rounds", {"type": int, "default": 5}), ("--faults", {"default": ",".join(FAULTS)})])
