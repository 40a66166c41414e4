"""A Dovecot of one's own: Debian's program with a configuration, mail and port of this instance; needs root.

    dovecot = Dovecot(folder, port)     # serves at once; any user with the password PASSWORD
    dovecot.mail(user)                  # where his Maildir is
"""
import os, signal, socket, subprocess, time

PROGRAM = "/usr/sbin/dovecot"
PASSWORD = "dove-secret"
CONFIGURATION = """base_dir = %(folder)s/run
state_dir = %(folder)s/state
log_path = %(folder)s/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:%(folder)s/mail/%%u:LAYOUT=%(layout)s
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
first_valid_gid = 1
default_login_user = nobody
default_internal_user = mail
default_internal_group = mail
passdb {
  driver = static
  args = password=%(password)s
}
userdb {
  driver = static
  args = uid=mail gid=mail home=%(folder)s/mail/%%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
  mailbox Sent {
    auto = create
    special_use = \\Sent
  }
}
service imap-login {
  inet_listener imap {
    port = %(port)d
  }
  inet_listener imaps {
    port = 0
  }
}
"""


def missing():
    """Why no Dovecot can be started here; None: it can."""
    if not os.path.exists(PROGRAM) or not os.path.exists("/usr/lib/dovecot/imap"):
        return "Debian's package dovecot-imapd is not installed"
    return "Dovecot changes its user: needs root" if os.geteuid() != 0 else None


class Dovecot:
    def __init__(self, folder, port, layout="maildir++"):
        self.folder, self.port = folder, port
        os.makedirs(os.path.join(folder, "mail"))
        for d in (folder, os.path.join(folder, "mail")):
            os.chmod(d, 0o777)
        self.file = os.path.join(folder, "dovecot.conf")
        with open(self.file, "w") as f:
            f.write(CONFIGURATION % {"folder": folder, "port": port, "password": PASSWORD, "layout": layout})
        self.process = subprocess.Popen([PROGRAM, "-F", "-c", self.file], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        end = time.time() + 60
        while True:
            if self.process.poll() is not None:
                raise RuntimeError("dovecot ended with %s: %s\n%s" % (self.process.returncode, self.process.stdout.read().decode(), self.log()))
            try:
                with socket.create_connection(("127.0.0.1", port), 5) as s:
                    s.settimeout(60)
                    if s.recv(100).startswith(b"* OK"):
                        return
            except OSError:
                pass
            if time.time() > end:
                raise RuntimeError("dovecot does not answer:\n" + self.log())
            time.sleep(0.05)

    def mail(self, user):
        return os.path.join(self.folder, "mail", user)

    def log(self):
        try:
            with open(os.path.join(self.folder, "dovecot.log")) as f:
                return f.read()[-3000:]
        except OSError:
            return ""

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        self.process.stdout.close()
