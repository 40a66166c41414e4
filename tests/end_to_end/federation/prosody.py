"""Prosody of Debian with a configuration of its own: one domain with rooms, names from the test's name server, two users."""
import os, shutil, subprocess, sys

from node import free_port_base, wait_for

CONFIG = """
run_as_root = true
daemonize = false
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
certificates = "{folder}/certs"
log = {{ debug = "{folder}/prosody.log" }}
admins = {{}}
use_libevent = false
modules_enabled = {{ "disco"; "roster"; "saslauth"; "tls"; "dialback"; "pep"; "ping"; "carbons"; "mam"; "s2s_bidi"; "smacks"; "vcard_legacy"; "version" }}
modules_disabled = {{ "s2s_bidi_none"; "http"; "posix" }}
authentication = "internal_plain"
storage = "internal"
interfaces = {{ "127.0.0.1" }}
local_interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {c2s} }}
c2s_direct_tls_ports = {{}}
s2s_ports = {{ {s2s} }}
s2s_direct_tls_ports = {{}}
http_ports = {{}}
https_ports = {{}}
use_ipv6 = false
s2s_require_encryption = true
s2s_secure_auth = {secure}
c2s_require_encryption = false
limits = {{}}
unbound = {{ resolvconf = false; hoststxt = false; forward = {{ "127.0.0.1@{dns}" }}; options = {{ ["do-not-query-localhost:"] = "no" }} }}
ssl = {{ certificate = "{cert}"; key = "{key}"; cafile = "{ca}"; capath = "{folder}/none" }}
VirtualHost "{domain}"
Component "conference.{domain}" "muc"
    modules_enabled = {{ "muc_mam" }}
"""


class Prosody:
    password = "secret"

    def __init__(self, folder, domain, authority, secure, s2s):
        self.folder, self.domain, self.authority, self.secure, self.s2s = folder, domain, authority, secure, s2s
        self.c2s, self.process = free_port_base(), None
        os.makedirs(os.path.join(folder, "data"))
        os.makedirs(os.path.join(folder, "certs"))
        for user in ("u1", "u2"):
            at = os.path.join(folder, "data", self._escaped(domain), "accounts")
            os.makedirs(at, exist_ok=True)
            with open(os.path.join(at, user + ".dat"), "w") as f:
                f.write('return { ["password"] = "%s"; };\n' % self.password)

    @staticmethod
    def _escaped(name):
        return "".join(c if c.isalnum() and c.isascii() else "%%%02x" % ord(c) for c in name)

    def port(self, service):
        return {"xmpp": self.c2s, "xmpp_server": self.s2s}[service]

    def start(self, dns):
        cert, key = self.authority.issue(self.domain, "conference." + self.domain)
        config = os.path.join(self.folder, "prosody.cfg.lua")
        with open(config, "w") as f:
            f.write(CONFIG.format(folder=self.folder, c2s=self.c2s, s2s=self.s2s, dns=dns.port, cert=cert, key=key, ca=self.authority.file,
                                  domain=self.domain, secure="true" if self.secure else "false"))
        self.log = open(os.path.join(self.folder, "out.log"), "ab")
        self.process = subprocess.Popen(["prosody", "--config", config, "-F"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
                                        env=dict(os.environ, PROSODY_CONFIG=config))
        for port in (self.c2s, self.s2s):
            try:
                wait_for(port)
            except TimeoutError:
                raise RuntimeError("Prosody does not listen:\n" + self.log_tail()) from None

    def log_tail(self):
        text = ""
        for name in ("out.log", "prosody.log"):
            try:
                with open(os.path.join(self.folder, name), errors="replace") as f:
                    text += f.read()[-40000:]
            except OSError:
                pass
        return text

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
            self.log.close()
