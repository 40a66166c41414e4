"""A Postfix of one's own: Debian's program with a configuration, queue and port of this instance; needs root.

    postfix = Postfix(folder, domains=["remote.example"])      # serves at once; the folder must be another user's to enter
    postfix.wait(1)                                            # messages that lie in its mailboxes
"""
import email, glob, os, pwd, subprocess, time

from node import wait_for

PROGRAM = "/usr/sbin/postfix"
SERVICES = """127.0.0.1:%d inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def missing():
    """Why no Postfix can be started here; None: it can."""
    if not os.path.exists(PROGRAM):
        return "Debian's package postfix is not installed"
    return "Postfix changes its user: needs root" if os.geteuid() != 0 else None


class Postfix:
    """Mail for any address of `domains` comes into one mailbox, but for what begins with "nobody". `settings`: more lines for main.cf."""

    def __init__(self, folder, port, domains=(), settings=""):
        self.folder, self.port = folder, port
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)
        etc, queue, data, self.mail = (os.path.join(folder, d) for d in ("etc", "queue", "data", "mail"))
        user = pwd.getpwnam("postfix")
        for d in (etc, queue, data, self.mail):
            os.mkdir(d)
        for d in (data, self.mail):
            os.chown(d, user.pw_uid, user.pw_gid)
        with open(etc + "/mailboxes", "w") as f:
            for d in domains:
                f.write("if !/^nobody/\n/@%s$/ all/\nendif\n" % d.replace(".", "\\."))
        with open(etc + "/main.cf", "w") as f:
            f.write("compatibility_level = 3.6\nqueue_directory = %s\ndata_directory = %s\ncommand_directory = /usr/sbin\n"
                    "daemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\nsetgid_group = postdrop\nmyhostname = mx.remote.example\n"
                    "mydestination =\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks = 127.0.0.0/8\n"
                    "smtp_tls_security_level = none\nsmtpd_peername_lookup = no\nsmtpd_relay_restrictions = permit_mynetworks, reject\n"
                    "maillog_file = %s/log\nmaillog_file_prefixes = %s\nalias_maps =\nalias_database =\nlocal_recipient_maps =\n"
                    "virtual_mailbox_domains = %s\nvirtual_mailbox_base = %s\nvirtual_mailbox_maps = regexp:%s/mailboxes\n"
                    "virtual_uid_maps = static:%d\nvirtual_gid_maps = static:%d\nvirtual_minimum_uid = 1\n"
                    "smtpd_client_connection_count_limit = 0\n%s"
                    % (queue, data, folder, folder, " ".join(domains), self.mail, etc, user.pw_uid, user.pw_gid, settings))
        with open(etc + "/master.cf", "w") as f:
            f.write(SERVICES % port)
        subprocess.run([PROGRAM, "-c", etc, "check"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # At its end it kills its process group.
        self.master = subprocess.Popen(["/usr/lib/postfix/sbin/master", "-c", etc, "-d"], start_new_session=True,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
        except OSError:
            self.close()
            raise RuntimeError("Postfix does not serve: " + self.log())

    @property
    def pid(self):
        return self.master.pid

    def close(self):
        self.master.terminate()
        self.master.wait()

    def log(self, octets=4000):
        try:
            with open(os.path.join(self.folder, "log"), "rb") as f:
                return f.read()[-octets:].decode("utf-8", "replace")
        except OSError:
            return "no log"

    def wait(self, count, limit=30):
        """The messages in its mailboxes, as octets, once there are `count`."""
        end = time.time() + limit
        while True:
            files = glob.glob(self.mail + "/*/new/*")
            if len(files) >= count:
                return [open(f, "rb").read() for f in sorted(files, key=os.path.getmtime)]
            if time.time() > end:
                raise AssertionError("%d messages instead of %d: %s" % (len(files), count, self.log()))
            time.sleep(0.05)
