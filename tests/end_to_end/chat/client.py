"""Chat clients for tests: slixmpp in asyncio, and a bare stream for what no client would say."""
import asyncio, base64, logging, os, re, socket, ssl, sys, unittest

sys.path.append("/usr/lib/python3/dist-packages")  # where Debian has slixmpp, for a Python that is not Debian's
logging.disable(logging.WARNING)
import slixmpp

HOST = os.environ["ROOKERY_HOST"]
DOMAIN = os.environ["ROOKERY_DOMAIN"]
PASSWORD = os.environ["ROOKERY_PASSWORD"]
USERS = os.environ["ROOKERY_USERS"].split(",")
LIMIT = int(os.environ.get("ROOKERY_CHAT_LIMIT", "60"))


def port(service):
    return int(os.environ["ROOKERY_%s_PORT" % service.upper()])


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def jid(user):
    """Of a user here, or of another server if it is a whole address."""
    return user if "@" in user else "%s@%s" % (user, DOMAIN)


class Client(slixmpp.ClientXMPP):
    """Messages, presence and the like are gathered; `await got(...)` waits for one that fits."""

    def __init__(self, user, resource="r", service="xmpp", mechanism=None, password=PASSWORD, managed=False, at=None):
        config = {"feature_mechanisms": {"use_mech": mechanism}} if mechanism else {}
        super().__init__("%s/%s" % (jid(user), resource), password, plugin_config=config)
        self.service, self.at = service, at
        self.ssl_context = tls_context()
        self.get_ssl_context = lambda: self.ssl_context
        self.auto_reconnect = False
        for plugin in ("xep_0030", "xep_0059", "xep_0199", "xep_0280", "xep_0313", "xep_0203", "xep_0297", "xep_0359", "xep_0191", "xep_0049",
                       "xep_0054", "xep_0092", "xep_0202", "xep_0012", "xep_0334", "xep_0184"):
            self.register_plugin(plugin)
        if managed:
            self.register_plugin("xep_0198")
        self.seen, self.news = [], asyncio.Condition()
        for event in ("message", "message_error", "groupchat_message", "presence", "roster_update", "carbon_received", "carbon_sent", "session_start", "session_resumed",
                      "failed_auth", "disconnected", "changed_subscription", "stream_error", "sm_enabled"):
            self.add_event_handler(event, lambda data, event=event: self.note(event, data))
        self.auto_authorize = self.auto_subscribe = None

    def note(self, event, data):
        async def put():
            async with self.news:
                self.seen.append((event, data))
                self.news.notify_all()
        self.loop.create_task(put())

    async def got(self, event, fits=lambda data: True, limit=LIMIT):
        """The first such thing, taken out of what was seen."""
        async with self.news:
            while True:
                for i, (what, data) in enumerate(self.seen):
                    if what == event and fits(data):
                        del self.seen[i]
                        return data
                try:
                    await asyncio.wait_for(self.news.wait(), limit)
                except asyncio.TimeoutError:
                    raise AssertionError("%s: no %s; seen: %s" % (self.boundjid, event, [(w, str(d)) for w, d in self.seen])) from None

    async def up(self, presence=True, event="session_start"):
        address = self.at or (HOST, port(self.service))
        if self.service == "xmpps":
            self.connect(address, use_ssl=True, force_starttls=False, disable_starttls=True)
        else:
            self.connect(address)
        await self.got(event)
        if presence:
            await self.get_roster()
            self.send_presence()
            # What the server sends to the client itself shows that its presence is known.
            await self.got("presence", lambda p: p["from"] == self.boundjid and p["type"] == "available")
        return self

    async def message(self, text, **more):
        return await self.got("message", lambda m: m["body"] == text, **more)

    async def down(self):
        if self.is_connected():
            self.disconnect()
            await self.got("disconnected")

    def cut(self):
        """As if the network went."""
        self.transport.abort()


class Stream:
    """Octets of one stream on a plain socket: STARTTLS and PLAIN, then whatever is said."""
    HEADER = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='%s' version='1.0'>" % DOMAIN

    def __init__(self, user=None, resource="raw", tls=True, at=None, password=PASSWORD):
        self.socket = socket.create_connection(at or (HOST, port("xmpp")), LIMIT)
        self.text = ""
        if not tls:
            return
        self.send(self.HEADER)
        self.until("</stream:features>")
        self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        self.until("<proceed[^>]*>")
        self.socket = tls_context().wrap_socket(self.socket)
        self.send(self.HEADER)
        self.until("</stream:features>")
        if user is None:
            return
        self.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>"
                  % base64.b64encode(("\0%s\0%s" % (user, password)).encode()).decode())
        self.until("<success[^>]*>")
        self.send(self.HEADER)
        self.until("</stream:features>")
        if resource:
            self.bind(resource)

    def bind(self, resource):
        self.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>%s</resource></bind></iq>" % resource)
        self.until("</iq>")

    def send(self, text):
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def until(self, pattern):
        """Reads until it stands there; gives everything up to its end."""
        while not (found := re.search(pattern, self.text, re.S)):
            octets = self.socket.recv(65536)
            assert octets, "closed; wanted %s, the last was: %s" % (pattern, self.text[-2000:])
            self.text += octets.decode()
        out, self.text = self.text[:found.end()], self.text[found.end():]
        return out

    def rest(self):
        """Until the server closes."""
        try:
            while octets := self.socket.recv(65536):
                self.text += octets.decode()
        except (ConnectionError, ssl.SSLError):
            pass
        return self.text

    def close(self):
        self.socket.close()


class Case(unittest.IsolatedAsyncioTestCase):
    async def client(self, user, resource="r", presence=True, **more):
        c = Client(user, resource, **more)
        self.addAsyncCleanup(c.down)
        return await c.up(presence)

    def stream(self, *a, **k):
        s = Stream(*a, **k)
        self.addCleanup(s.close)
        return s
