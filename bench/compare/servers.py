"""The servers that are compared: each accepts mail by SMTP and shows it by IMAP and POP3, with accounts u1, u2, ... in
example.test. Their settings are what their manuals say for a busy, durable server: no address lookups, many processes kept,
the mailbox format that is quickest there.
"""
import imaplib, os, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "end_to_end"))
from node import Node, free_port_base, wait_for
from cost import Group
from room import INSIDE, Room

DOMAIN, PASSWORD = Node.domain, Node.password


class Server:
    """`ports`: by service (smtp, imap, pop3). `settle`: seconds until idle clients are put away."""
    name, version, settle = "", "", 0

    def start(self):
        raise NotImplementedError

    def stop(self):
        raise NotImplementedError

    def cost_options(self):
        """How the load makers are told whom they measure; nothing: its costs are not known."""
        return []

    def cpu_seconds(self):
        return None


class Rookery(Server):
    name = "rookery"

    def __init__(self, folder, accounts, program, synced):
        self.ports, self.data, self.synced, self.group = {}, folder, synced, None
        os.makedirs(folder)
        self.node = Node(program, folder, accounts)
        self.version = self.node.run("--version").stdout.strip()

    def start(self):
        before = os.environ.get("LD_PRELOAD")
        if not self.synced:
            os.environ["LD_PRELOAD"] = "libeatmydata.so"
        self.node.start()
        if not self.synced:
            del os.environ["LD_PRELOAD"]
            if before:
                os.environ["LD_PRELOAD"] = before
        self.ports = {s: self.node.port(s) for s in ("smtp", "imap", "pop3")}
        try:
            self.group = Group(self.name)
            self.group.add(self.node.pid)
        except OSError:
            pass  # not root: the process itself tells, in hundredths of a second

    def cost_options(self):
        return ["--cgroup", self.group.folder] if self.group else ["--pid", str(self.node.pid)]

    def cpu_seconds(self):
        if self.group:
            return self.group.cpu_seconds()
        with open("/proc/%d/stat" % self.node.pid) as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.node.stop()
        if self.group:
            self.group.end()


class Own(Server):
    """A server that runs already: name=NAME,smtp=PORT,imap=PORT,pop3=PORT[,cgroup=FOLDER]. Its accounts are u1, u2, ...
    in example.test with the password `secret`."""

    def __init__(self, text):
        facts = dict(p.split("=", 1) for p in text.split(","))
        self.name = facts["name"]
        self.ports = {s: int(facts[s]) for s in ("smtp", "imap", "pop3") if s in facts}
        self.data, self.cgroup = None, facts.get("cgroup")

    def cost_options(self):
        return ["--cgroup", self.cgroup] if self.cgroup else []

    def start(self):
        pass

    def stop(self):
        pass


class Pair(Server):
    """A server that takes mail by SMTP, and one that keeps it; both in one room."""
    transfer = store = None

    def __init__(self, folder, accounts, synced):
        self.room, self.accounts = Room(folder), accounts
        self.data, self.group = self.room.data, None
        base = free_port_base()
        self.ports = {"smtp": base + 25, "imap": base + 143, "pop3": base + 110}
        try:
            self.room.install(self.transfer.packages + self.store.packages)
            self.version = ", ".join("%s %s" % (p, self.room.call("dpkg-query", "-W", "-f", "${Version}", p))
                                     for p in (self.transfer.packages[0], self.store.packages[0]))
            self.lmtp = self.store.prepare(self.room, self.ports, accounts)
            self.transfer.prepare(self.room, self.ports["smtp"], self.lmtp)
            if not synced:
                self.room.without_sync()
        except Exception:
            self.room.leave()
            raise

    def start(self):
        self.group = Group(self.name)
        for part in (self.store, self.transfer):
            log = open(os.path.join(self.data, "output"), "ab")
            # A session of its own: Postfix's master ends its whole process group.
            subprocess.Popen(self.room.command(*part.command), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                             preexec_fn=self.group.enter, start_new_session=True)
            log.close()
        for port in self.ports.values():
            wait_for(port)
        self.store.after_start(self.ports, self.accounts)

    def cost_options(self):
        return ["--cgroup", self.group.folder]

    def cpu_seconds(self):
        return self.group.cpu_seconds()

    def stop(self):
        if self.group:
            self.group.end()
        self.room.leave()


class Postfix:
    packages = ["postfix", "postfix-lmdb"]
    command = ["/usr/lib/postfix/sbin/master", "-c", INSIDE + "/postfix", "-d"]

    @staticmethod
    def prepare(room, port, lmtp):
        for d, owner in (("/postfix", "root"), ("/postfix-queue", "root"), ("/postfix-data", "postfix")):
            room.make_folder(INSIDE + d, owner)
        room.write(INSIDE + "/postfix/main.cf", """compatibility_level = 3.6
queue_directory = %(d)s/postfix-queue
data_directory = %(d)s/postfix-data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.test
mydestination =
virtual_mailbox_domains = example.test
virtual_mailbox_maps = static:all
virtual_transport = lmtp:unix:%(lmtp)s
virtual_destination_concurrency_limit = 50
lmtp_destination_concurrency_limit = 50
lmtp_destination_recipient_limit = 1
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
smtpd_peername_lookup = no
smtpd_tls_security_level = none
smtpd_client_connection_count_limit = 0
default_process_limit = 200
maillog_file = %(d)s/postfix.log
maillog_file_prefixes = %(d)s
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ
""" % {"d": INSIDE, "lmtp": lmtp})
        lines = []
        with open(room.root + "/usr/share/postfix/master.cf.dist") as f:
            for line in f:
                words = line.split()
                if line.startswith("#") or not words:
                    continue
                if words[0] == "smtp" and words[1] == "inet":
                    line = "127.0.0.1:%d inet n - n - - smtpd\n" % port
                elif len(words) > 4 and not line[0].isspace():
                    words[4] = "n"
                    line = " ".join(words) + "\n"
                lines.append(line)
        room.write(INSIDE + "/postfix/master.cf", "".join(lines))
        room.call("postfix", "-c", INSIDE + "/postfix", "check")


class Exim:
    packages = ["exim4-daemon-light"]
    command = ["/usr/sbin/exim4", "-bdf", "-q10m"]

    @staticmethod
    def prepare(room, port, lmtp):
        room.make_folder(INSIDE + "/exim", "Debian-exim")
        room.write("/etc/exim4/exim4.conf", """primary_hostname = mail.example.test
spool_directory = %(d)s/exim
log_file_path = %(d)s/exim/%%slog
exim_user = Debian-exim
exim_group = Debian-exim
daemon_smtp_ports = %(port)d
local_interfaces = 127.0.0.1
domainlist local = example.test
acl_smtp_rcpt = take
host_lookup =
smtp_accept_max = 300
smtp_accept_queue_per_connection = 0
smtp_enforce_sync = false
deliver_drop_privilege = true
remote_max_parallel = 20
split_spool_directory = true
tls_advertise_hosts =
message_logs = false
begin acl
take:
  accept domains = +local
  deny
begin routers
mailboxes:
  driver = accept
  domains = +local
  transport = dovecot
begin transports
dovecot:
  driver = lmtp
  socket = %(lmtp)s
  batch_max = 1
begin retry
* * F,1h,1m
""" % {"d": INSIDE, "port": port, "lmtp": lmtp})


class Dovecot:
    packages = ["dovecot-imapd", "dovecot-pop3d", "dovecot-lmtpd"]
    command = ["/usr/sbin/dovecot", "-c", INSIDE + "/dovecot.conf", "-F"]

    @staticmethod
    def prepare(room, ports, accounts):
        room.call("useradd", "--system", "--uid", "5999", "--user-group", "benchmail")
        room.make_folder(INSIDE + "/mail", "benchmail")
        room.write(INSIDE + "/dovecot.conf", """base_dir = %(d)s/dovecot-run
state_dir = %(d)s/dovecot-state
log_path = %(d)s/dovecot.log
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = mdbox:%(d)s/mail/%%u
mail_uid = benchmail
mail_gid = benchmail
first_valid_uid = 5999
auth_cache_size = 10M
passdb {
  driver = static
  args = password=%(password)s
}
userdb {
  driver = static
  args = uid=benchmail gid=benchmail home=%(d)s/mail/%%u allow_all_users=yes
}
default_process_limit = 12000
default_client_limit = 24000
default_vsz_limit = 1G
imap_hibernate_timeout = 2s
mail_max_userip_connections = 20000
namespace inbox {
  inbox = yes
}
service anvil {
  client_limit = 40000
}
service auth {
  client_limit = 40000
}
service imap-login {
  inet_listener imap {
    port = %(imap)d
  }
  service_count = 0
  process_min_avail = 2
}
service pop3-login {
  inet_listener pop3 {
    port = %(pop3)d
  }
  service_count = 0
  process_min_avail = 2
}
service imap {
  service_count = 1000
  process_min_avail = 4
  unix_listener imap-master {
    user = dovecot
  }
}
service imap-hibernate {
  unix_listener imap-hibernate {
    mode = 0660
    group = benchmail
  }
}
service lmtp {
  process_min_avail = 8
  unix_listener lmtp {
    mode = 0666
  }
}
""" % {"d": INSIDE, "password": PASSWORD, **ports})
        return INSIDE + "/dovecot-run/lmtp"

    @staticmethod
    def after_start(ports, accounts):
        pass


class Cyrus:
    packages = ["cyrus-imapd", "cyrus-pop3d", "sasl2-bin"]
    command = ["/usr/lib/cyrus/bin/master", "-C", INSIDE + "/imapd.conf", "-M", INSIDE + "/cyrus.conf"]

    @staticmethod
    def prepare(room, ports, accounts):
        for d in ("/cyrus", "/cyrus/lib", "/cyrus/lib/socket", "/cyrus/lib/proc", "/cyrus/lib/db", "/cyrus/lib/log", "/cyrus/mail", "/cyrus/run"):
            room.make_folder(INSIDE + d, "cyrus:mail")
        room.write(INSIDE + "/imapd.conf", """configdirectory: %(d)s/cyrus/lib
partition-default: %(d)s/cyrus/mail
defaultpartition: default
servername: example.test
virtdomains: userid
defaultdomain: example.test
unixhierarchysep: yes
altnamespace: yes
admins: cyrus
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: %(d)s/cyrus/sasldb2
sasl_mech_list: PLAIN LOGIN
lmtpsocket: %(d)s/cyrus/lib/socket/lmtp
idlesocket: %(d)s/cyrus/lib/socket/idle
notifysocket: %(d)s/cyrus/lib/socket/notify
master_pid_file: %(d)s/cyrus/run/master.pid
proc_path: %(d)s/cyrus/run/proc
mboxname_lockpath: %(d)s/cyrus/run/lock
conversations: no
maxlogins_per_host: 0
maxlogins_per_user: 0
duplicatesuppression: no
""" % {"d": INSIDE})
        room.write(INSIDE + "/cyrus.conf", """START {
  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -r -C %(d)s/imapd.conf"
  idled cmd="/usr/lib/cyrus/bin/idled -C %(d)s/imapd.conf"
}
SERVICES {
  imap cmd="/usr/lib/cyrus/bin/imapd -C %(d)s/imapd.conf -U 250" listen="127.0.0.1:%(imap)d" prefork=4 maxchild=12000
  pop3 cmd="/usr/lib/cyrus/bin/pop3d -C %(d)s/imapd.conf -U 250" listen="127.0.0.1:%(pop3)d" prefork=2 maxchild=200
  lmtpunix cmd="/usr/lib/cyrus/bin/lmtpd -C %(d)s/imapd.conf -U 250" listen="%(d)s/cyrus/lib/socket/lmtp" prefork=8 maxchild=100
}
EVENTS {
  checkpoint cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -c -C %(d)s/imapd.conf" period=30
}
""" % {"d": INSIDE, **ports})
        for user in ["cyrus"] + ["u%d" % (i + 1) for i in range(accounts)]:
            room.call("saslpasswd2", "-p", "-c", "-f", INSIDE + "/cyrus/sasldb2", "-u", DOMAIN, user, input=PASSWORD)
        room.call("chown", "cyrus", INSIDE + "/cyrus/sasldb2")
        return INSIDE + "/cyrus/lib/socket/lmtp"

    @staticmethod
    def after_start(ports, accounts):
        admin = imaplib.IMAP4("127.0.0.1", ports["imap"])
        admin.login("cyrus", PASSWORD)
        for i in range(accounts):
            admin.create("user/u%d@%s" % (i + 1, DOMAIN))
        admin.logout()


class PostfixDovecot(Pair):
    name, transfer, store, settle = "postfix-dovecot", Postfix, Dovecot, 6


class EximDovecot(Pair):
    name, transfer, store, settle = "exim-dovecot", Exim, Dovecot, 6


class PostfixCyrus(Pair):
    name, transfer, store = "postfix-cyrus", Postfix, Cyrus


PEERS = {p.name: p for p in (PostfixDovecot, EximDovecot, PostfixCyrus)}
