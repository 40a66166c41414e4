"""Chat servers beside Rookery: Prosody and ejabberd of Debian, each with a configuration of its own in a folder that is removed.
Nothing of the system's own configuration is read or written."""
import glob, os, shutil, signal, socket, subprocess

from node import Node, free_port_base, wait_for

PROSODY = """
run_as_root = true
daemonize = false
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
log = {{ warn = "{folder}/prosody.log" }}
network_backend = "epoll"
gc = {{ mode = "generational" }}
modules_enabled = {{ "disco"; "roster"; "saslauth"; "tls"; "pep"; "ping"; "carbons"; "smacks"; "offline"{mam} }}
modules_disabled = {{ "s2s"; "http"; "posix" }}
authentication = "internal_plain"
storage = "internal"
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {plain} }}
c2s_direct_tls_ports = {{ {tls} }}
s2s_ports = {{}}
http_ports = {{}}
https_ports = {{}}
use_ipv6 = false
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
limits = {{}}
ssl = {{ certificate = "{cert}"; key = "{key}" }}
VirtualHost "{domain}"
Component "conference.{domain}" "muc"
    modules_enabled = {{ {muc_mam} }}
    muc_room_locking = false
"""

EJABBERD = """
hosts: ["{domain}"]
loglevel: warning
registration_timeout: infinity
log_rotate_count: 0
certfiles: ["{both}"]
auth_method: internal
auth_password_format: plain
listen:
  -
    port: {plain}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 262144
    shaper: none
    access: all
    starttls_required: false
  -
    port: {tls}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 262144
    shaper: none
    access: all
    tls: true
shaper_rules:
  max_user_sessions: 1000
  max_user_offline_messages: 1000
modules:
  mod_disco: {{}}
  mod_roster: {{}}
  mod_ping: {{}}
  mod_carboncopy: {{}}
  mod_stream_mgmt: {{}}
  mod_register: {{ip_access: all, registration_watchers: []}}
  mod_offline: {{access_max_user_messages: max_user_offline_messages}}
  mod_muc:
    access: all
    access_create: all
    default_room_options: {{mam: {room_mam}}}
{mam}
"""


def certificate(folder, domain):
    cert, key, both = (os.path.join(folder, n) for n in ("cert.pem", "key.pem", "both.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert,
                    "-days", "30", "-subj", "/CN=" + domain, "-addext", "subjectAltName=DNS:%s,DNS:conference.%s" % (domain, domain)],
                   check=True, stderr=subprocess.DEVNULL)
    with open(both, "w") as out:
        for part in (key, cert):
            with open(part) as f:
                out.write(f.read())
    return cert, key, both


class Rookery:
    """Its archive is always on, and on the disk before anybody hears of a message."""
    name, domain, password = "rookery", "example.test", "secret"

    def __init__(self, folder, accounts, archive, build, room=None):
        self.node = Node(os.path.join(build, "server", "rookery"), folder, accounts)

    def start(self):
        self.node.start()
        wait_for(self.node.port("xmpp"))

    def port(self, tls):
        return self.node.port("xmpps" if tls else "xmpp")

    @property
    def pid(self):
        return self.node.pid

    def stop(self):
        return self.node.stop() == 0 if self.node.process else True


class Peer:
    """`room`: where its package is, when it is not the system's."""
    domain, password = "example.test", "secret"

    def __init__(self, folder, accounts, archive, build=None, room=None):
        self.folder, self.accounts, self.archive, self.room, self.process = folder, accounts, archive, room, None
        base = free_port_base()
        self.plain, self.tls = base, base + 1
        self.cert, self.key, self.both = certificate(folder, self.domain)

    def port(self, tls):
        return self.tls if tls else self.plain

    def tail(self):
        text = ""
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".log"):
                with open(os.path.join(self.folder, name), errors="replace") as f:
                    text += f.read()[-2000:]
        return text

    def run(self, command, **environment):
        if self.room:
            self.room.show(self.folder)
            command = self.room.command(*command)
        with open(os.path.join(self.folder, "out.log"), "ab") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=self.folder,
                                            env=dict(os.environ, **environment), start_new_session=True)
        for port in (self.plain, self.tls):
            try:
                wait_for(port)
            except TimeoutError:
                raise RuntimeError("%s does not listen:\n%s" % (self.name, self.tail())) from None

    def stop(self):
        """Its own processes and no others: they are a session."""
        if self.process is None:
            return True
        for how in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, how)
                self.process.wait(20)
                break
            except subprocess.TimeoutExpired:
                continue
            except ProcessLookupError:
                break
        self.process = None
        if self.room:
            self.room.hide(self.folder)
        return True

    @property
    def pid(self):
        return self.process.pid


class Prosody(Peer):
    name, program, package = "prosody", "prosody", "prosody"

    def start(self):
        at = os.path.join(self.folder, "data", "example%2etest", "accounts")
        os.makedirs(at)
        for i in range(1, self.accounts + 1):
            with open(os.path.join(at, "u%d.dat" % i), "w") as f:
                f.write('return { ["password"] = "%s"; };\n' % self.password)
        config = os.path.join(self.folder, "prosody.cfg.lua")
        with open(config, "w") as f:
            f.write(PROSODY.format(folder=self.folder, plain=self.plain, tls=self.tls, cert=self.cert, key=self.key, domain=self.domain,
                                   mam='; "mam"' if self.archive else "", muc_mam='"muc_mam"' if self.archive else ""))
        self.run(["prosody", "--config", config, "-F"])


class Ejabberd(Peer):
    """Started by `erl` itself and without a name: ejabberdctl would want the package's user, and a daemon that outlives it."""
    name, program, package = "ejabberd", "ejabberdctl", "ejabberd"

    def start(self):
        config, inet = (os.path.join(self.folder, n) for n in ("ejabberd.yml", "inetrc"))
        with open(config, "w") as f:
            f.write(EJABBERD.format(domain=self.domain, both=self.both, plain=self.plain, tls=self.tls, room_mam=str(self.archive).lower(),
                                    mam="  mod_mam: {default: always}" if self.archive else ""))
        with open(inet, "w") as f:
            f.write('{lookup, ["file", "native"]}.\n')
        libraries = glob.glob((self.room.root if self.room else "") + "/usr/lib/*/ejabberd-[0-9]*")
        if not libraries:
            raise RuntimeError("ejabberd's libraries are not in /usr/lib")
        where = os.path.dirname(libraries[0])
        self.run(["erl", "-noinput", "+K", "true", "+P", "250000", "-mnesia", "dir", '"%s"' % os.path.join(self.folder, "spool"), "-s", "ejabberd"],
                 HOME=self.folder, ERL_LIBS=where[len(self.room.root):] if self.room else where, ERL_INETRC=inet, ERL_MAX_PORTS="32000",
                 EJABBERD_CONFIG_PATH=config, EJABBERD_LOG_PATH=os.path.join(self.folder, "ejabberd.log"), ERL_CRASH_DUMP_BYTES="0")
        for i in range(1, self.accounts + 1):
            self.register("u%d" % i)

    def register(self, user):
        """In band: a run of ejabberdctl for each takes a second of a processor."""
        with socket.create_connection(("127.0.0.1", self.plain), 60) as s:
            text = ""
            for say, until in (("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='%s' version='1.0'>" % self.domain,
                                "</stream:features>"),
                               ("<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>%s</username><password>%s</password></query></iq>"
                                % (user, self.password), "id='r'")):
                s.sendall(say.encode())
                text = ""
                while until not in text:
                    octets = s.recv(65536)
                    if not octets:
                        raise RuntimeError("ejabberd closed: " + text)
                    text += octets.decode()
            if "type='result'" not in text:
                raise RuntimeError("ejabberd does not register: " + text)


SERVERS = {s.name: s for s in (Rookery, Prosody, Ejabberd)}


def there(name):
    """Is it in the system?"""
    return name == "rookery" or shutil.which(SERVERS[name].program) is not None
