"""Zones that nsd serves: remote.example, signed, and plain.example, which is not; and a sink as the host of their mail."""
import hashlib, os, re, shutil, socket, ssl, subprocess, tempfile, time

from outside import Case  # makes the folder above known
from node import free_port_base
from sink import Sink

ZONE = """@ 300 IN SOA ns hostmaster 1 3600 900 1209600 60
@ 300 IN NS ns
ns 300 IN A 127.0.0.1
@ 300 IN MX 10 mx
@ 300 IN MX 20 backup
mx 300 IN A 127.0.0.1
backup 300 IN A 127.0.0.1
null 300 IN MX 0 .
%s
"""

PLAIN = """$ORIGIN plain.example.
@ 300 IN SOA ns hostmaster 1 3600 900 1209600 60
@ 300 IN NS ns
ns 300 IN A 127.0.0.1
@ 300 IN MX 10 mx
mx 300 IN A 127.0.0.1
%s
"""


class NameServer:
    """`records` are added to remote.example, `plain` to plain.example."""

    def __init__(self, records="", plain="", address="127.0.0.1", port=None):
        self.folder, self.address = tempfile.mkdtemp(prefix="rookery-nsd-"), address
        with open(self._path("zone"), "w") as f:
            f.write(ZONE % records)
        with open(self._path("plain"), "w") as f:
            f.write(PLAIN % plain)
        key = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "remote.example"], cwd=self.folder, check=True,
                             stdout=subprocess.PIPE, text=True).stdout.strip()
        subprocess.run(["ldns-signzone", "-o", "remote.example", "-f", "signed", "zone", key], cwd=self.folder, check=True)
        self.anchor = self._path(key + ".ds")
        for attempt in range(5):
            # A port of our own: it listens there by UDP and by TCP.
            self.port = port or free_port_base()
            if self._start():
                return
        with open(self._path("log")) as f:
            raise RuntimeError("nsd does not answer (it ended with %s):\n%s" % (self.process.poll(), f.read()[-3000:]))

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _start(self):
        """Whether it answers; it may end because somebody else has the port."""
        with open(self._path("nsd.conf"), "w") as f:
            f.write('server:\n ip-address: %s@%d\n username: ""\n zonesdir: "%s"\n pidfile: ""\n database: ""\n xfrdfile: "%s/x"\n'
                    ' zonelistfile: "%s/z"\n xfrdir: "%s"\n logfile: "%s/log"\nremote-control:\n control-enable: no\n'
                    "zone:\n name: remote.example\n zonefile: signed\nzone:\n name: plain.example\n zonefile: plain\n"
                    % ((self.address, self.port) + (self.folder,) * 5))
        self.process = subprocess.Popen(["nsd", "-d", "-c", self._path("nsd.conf")])
        question = b"\x12\x34\0\0\0\1\0\0\0\0\0\0\x06remote\x07example\0\0\6\0\1"
        end = time.time() + 30
        while self.process.poll() is None and time.time() < end:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(0.1)
                try:
                    s.connect((self.address, self.port))
                    s.send(question)
                    s.recv(512)
                    return True
                except OSError:
                    time.sleep(0.02)
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        return False

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class World(Case):
    def world(self, records="", plain="", **options):
        """A sink as the host of remote.example, found by its MX; the port is the route's."""
        sink = Sink(**options)
        self.sinks.append(sink)
        self.names(records, sink, plain)
        self.mx_route(sink.port, "remote.example", "null.remote.example", "nobody.remote.example")
        return sink

    def mx_route(self, port, *domains):
        """Their own MX hosts, but at this port."""
        for domain in domains:
            self.rookery("route", "add", domain, "--host", domain, "--mx", "--port", str(port))

    def certificate(self):
        """A context with a fresh key, and its TLSA record's digest (usage 3, the key, SHA-256)."""
        folder = tempfile.mkdtemp(prefix="rookery-key-")
        self.addCleanup(shutil.rmtree, folder, True)
        key, cert = folder + "/key", folder + "/cert"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                        "-out", cert, "-days", "2", "-subj", "/CN=mx.remote.example"], check=True, stderr=subprocess.DEVNULL)
        spki = subprocess.run("openssl x509 -in %s -noout -pubkey | openssl pkey -pubin -outform DER" % cert, shell=True, check=True,
                              stdout=subprocess.PIPE).stdout
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context, hashlib.sha256(spki).hexdigest()

    def names(self, records, sink, plain=""):
        """From now on the zones have these records; PORT in them is the sink's."""
        dns = NameServer(records.replace("PORT", str(sink.port)), plain)
        self.addCleanup(dns.close)
        self.set("dns.servers", "127.0.0.1@%d" % dns.port)
        self.set("dns.trust_anchor_file", dns.anchor)

    def sent_id(self):
        with open(os.path.join(self.folder, "serve.log")) as f:
            return re.findall(r'message"?[=:] ?"?([0-9a-f]{16})', f.read())[-1]

    def wait_retry(self, limit=30):
        """The one message in the queue, once an attempt was put off."""
        end = time.time() + limit
        while True:
            (row,) = self.queued(1)
            if row["queue"] == "retry":
                return row
            self.assertLess(time.time(), end, str(row))
            time.sleep(0.05)

    def wait_trace(self, word, limit=30):
        """What `rookery trace` says of the newest message, once `word` is in it."""
        end = time.time() + limit
        while True:
            text = self.rookery("trace", self.sent_id())
            if word in text:
                return text
            self.assertLess(time.time(), end, text)
            time.sleep(0.1)

    def wait_closed(self, sink, limit=60):
        """Until no connection is open that further mail would be sent over."""
        end = time.time() + limit
        while sink.open_now > 0:
            self.assertLess(time.time(), end, "%d connections are open" % sink.open_now)
            time.sleep(0.05)
