"""Chat servers of two domains that find each other by a name server of the test; and bare streams between servers."""
import os, re, shutil, socket, ssl, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../chat", "../delivery", ".."):
    sys.path.insert(0, os.path.join(HERE, folder))
from authority import Authority
from client import *
from names import NameServer
from node import Node, free_port_base, wait_for


class Zones(NameServer):
    """nsd with one unsigned zone a domain: {"one.example": "records"}."""

    def __init__(self, zones):
        self.folder, self.zones = tempfile.mkdtemp(prefix="rookery-nsd-"), zones
        for name, records in zones.items():
            with open(self._path(name), "w") as f:
                f.write("$ORIGIN %s.\n@ 300 IN SOA ns hostmaster 1 3600 900 1209600 60\n@ 300 IN NS ns\nns 300 IN A 127.0.0.1\n%s\n" % (name, records))
        for attempt in range(5):
            self.port = free_port_base()
            if self._start():
                return
        with open(self._path("log")) as f:
            raise RuntimeError("nsd does not answer:\n" + f.read()[-3000:])

    def _start(self):
        with open(self._path("nsd.conf"), "w") as f:
            f.write('server:\n ip-address: 127.0.0.1@%d\n username: ""\n zonesdir: "%s"\n pidfile: ""\n database: ""\n xfrdfile: "%s/x"\n'
                    ' zonelistfile: "%s/z"\n xfrdir: "%s"\n logfile: "%s/log"\nremote-control:\n control-enable: no\n' % ((self.port,) + (self.folder,) * 5))
            for name in self.zones:
                f.write("zone:\n name: %s\n zonefile: %s\n" % (name, name))
        self.process = subprocess.Popen(["nsd", "-d", "-c", self._path("nsd.conf")])
        labels = next(iter(self.zones)).split(".")
        question = b"\x12\x34\0\0\0\1\0\0\0\0\0\0" + b"".join(bytes([len(l)]) + l.encode() for l in labels) + b"\0\0\6\0\1"
        end = time.time() + 30
        while self.process.poll() is None and time.time() < end:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(0.2)
                try:
                    s.connect(("127.0.0.1", self.port))
                    s.send(question)
                    s.recv(512)
                    return True
                except OSError:
                    time.sleep(0.02)
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        return False


def srv(port, direct=None):
    """Records of a domain whose server, and that of its rooms, is here."""
    out = "mail 300 IN A 127.0.0.1\n"
    for at in ("", ".conference"):
        out += "_xmpp-server._tcp%s 300 IN SRV 5 0 %d mail\n" % (at, port)
        if direct:
            out += "_xmpps-server._tcp%s 300 IN SRV 1 0 %d mail\n" % (at, direct)
    return out


class Server(Node):
    """A node of a domain; with an authority it has a certificate for it and its rooms."""

    def __init__(self, domain, folder, authority=None, more=""):
        self.domain = domain
        os.mkdir(folder)
        super().__init__(os.environ["ROOKERY_PROGRAM"], folder, 3, more)
        if authority:
            # The one with which every connection begins: Prosody names no server in STARTTLS.
            with open(self.file) as f:
                text = f.read()
            for what, path in zip(("chain", "key"), authority.issue(domain, "conference." + domain)):
                text = re.sub(r'(?m)^%s = ".*"$' % what, '%s = "%s"' % (what, path), text)
            with open(self.file, "w") as f:
                f.write(text)

    def says(self, *verb):
        done = self.run(*verb)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def federate(self, dns, authority=None, **settings):
        self.start()
        wait_for(self.port("xmpp"))
        values = {"dns.servers": "127.0.0.1@%d" % dns.port, "dns.trust_anchor_file": ""}
        if authority:
            values["tls.ca_file"] = authority.file
        values.update({"chat.federation": "on"}, **{"chat.federation_" + k: v for k, v in settings.items()})
        for key, value in values.items():
            self.says("settings", "set", key, value)


class World(Case):
    """one.example and two.example."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rookery-federation-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.servers = []

    def authority(self):
        a = Authority()
        self.addCleanup(a.close)
        return a

    def server(self, domain, authority=None, more=""):
        s = Server(domain, os.path.join(self.folder, domain), authority, more)
        self.addCleanup(s.kill)
        self.servers.append(s)
        return s

    def zones(self, **records):
        """one="…": of one.example."""
        z = Zones({name + ".example": text for name, text in records.items()})
        self.addCleanup(z.close)
        return z

    def tearDown(self):
        for s in self.servers:
            if s.process is not None:
                self.assertEqual(s.stop(), 0, s.log_tail())
                self.assertEqual(s.check(), [])

    async def user(self, server, name="u1", resource="r", **more):
        c = Client("%s@%s" % (name, server.domain), resource, at=("127.0.0.1", server.port("xmpp")), **more)
        for plugin in ("xep_0045", "xep_0004"):
            c.register_plugin(plugin)
        for event in ("groupchat_subject", "groupchat_presence", "presence_error"):
            c.add_event_handler(event, lambda data, event=event: c.note(event, data))
        self.addAsyncCleanup(c.down)
        await c.up()
        c.muc = c["xep_0045"]
        return c

    async def enter(self, c, room, nick):
        await c.muc.join_muc_wait(room, nick, timeout=LIMIT)
        await c.got("groupchat_subject", lambda m: m["from"].bare == room)

    async def befriend(self, a, b):
        """Each sees the other from now on."""
        for one, other in ((a, b), (b, a)):
            one.send_presence_subscription(other.boundjid.bare)
            await other.got("presence", lambda p: p["type"] == "subscribe" and p["from"].bare == one.boundjid.bare)
            other.send_presence(pto=one.boundjid.bare, ptype="subscribed")
            await one.got("presence", lambda p: p["type"] == "subscribed")
            await one.got("presence", lambda p: p["type"] == "available" and p["from"] == other.boundjid)

    async def bounced(self, c, to, condition):
        c.send_message(to, "are you there", mtype="chat")
        m = await c.got("message_error", lambda m: m["from"] == to)
        self.assertEqual(m["error"]["condition"], condition, str(m))


class Listener:
    """A server of another domain, by hand: it takes streams one after the other, believes every key, and does with stanzas what the test wants."""

    def __init__(self, authority, domain):
        self.context, self.socket = authority.context(domain), socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(LIMIT)
        self.port, self.domain = self.socket.getsockname()[1], domain

    def accept(self, more_features=""):
        """A stream whose sender is proved, up to its first octets behind that."""
        s = Stream.__new__(Stream)
        s.socket, s.text = self.socket.accept()[0], ""
        s.socket.settimeout(LIMIT)
        for inside in ("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<dialback xmlns='urn:xmpp:features:dialback'/>" + more_features):
            s.until("<stream:stream[^>]*>")
            s.send("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback'"
                   " id='made-by-hand' from='%s' version='1.0'><stream:features>%s</stream:features>" % (self.domain, inside))
            if "starttls" in inside:
                s.until("<starttls[^>]*>")
                s.send("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
                s.socket = self.context.wrap_socket(s.socket, server_side=True)
        key = s.until("<db:result.*?</db:result>")
        s.send("<db:result from='%s' to='%s' type='valid'/>" % (self.domain, re.search("from='([^']*)'", key).group(1)))
        return s

    def close(self):
        self.socket.close()


class Peer(Stream):
    """What another server says, by hand; no certificate."""
    HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'"
              " xmlns:db='jabber:server:dialback' from='%s' to='%s' version='1.0'>")

    def __init__(self, port, theirs, ours, tls=True):
        super().__init__(tls=False, at=("127.0.0.1", port))
        header = self.HEADER % (theirs, ours)
        self.send(header)
        if not tls:
            return
        self.until("</stream:features>")
        self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        self.until("<proceed[^>]*>")
        self.socket = tls_context().wrap_socket(self.socket)
        self.send(header)
        self.features = self.until("</stream:features>")
