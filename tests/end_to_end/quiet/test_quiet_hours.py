"""Quiet hours of a domain: who is refused and how, what ends, what goes on."""
import base64, imaplib, os, smtplib, sys, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "service"))
from own import *

TEXT = b"Quiet hours of your domain; mail is kept for you"


class QuietHours(Case):
    accounts = 3  # the first one administers

    def domain(self, *options):
        done = self.node.run("domain", "change", self.node.domain, *options)
        self.assertEqual(done.returncode, 0, done.stdout)

    def pop3(self, user, password=None):
        c = Line(self.node, "pop3")
        c.line()
        c.cmd("USER " + self.node.accounts[user])
        return c, c.cmd("PASS " + (password or self.node.password))

    def submission(self, user, password=None):
        c = smtp(self.node, "submission")
        plain = "\0%s\0%s" % (self.node.accounts[user], password or self.node.password)
        return c, c.cmd("AUTH PLAIN " + base64.b64encode(plain.encode()).decode())

    def imap(self, user, password=None):
        c = Line(self.node, "imap")
        c.line()
        return c, imap(c, "LOGIN %s %s" % (self.node.accounts[user], password or self.node.password))[-1]

    def test_logins_are_refused_and_mail_is_taken(self):
        self.domain("--quiet-hours", "always", "--quiet-exempt", self.node.accounts[2])
        c, answer = self.imap(1)
        self.assertIn(b"NO [UNAVAILABLE] " + TEXT, answer)
        self.assertIn(b"OK", imap(c, "NOOP")[-1])
        self.assertEqual(self.pop3(1)[1], b"-ERR [SYS/TEMP] " + TEXT + b"\r\n")
        c, answer = self.submission(1)
        self.assertEqual(answer, b"454 4.7.0 " + TEXT + b"\r\n")
        self.assertTrue(c.cmd("MAIL FROM:<%s>" % self.node.accounts[1]).startswith(b"5"))
        # SCRAM is told before it proves anything; names that nobody has the same.
        for name in (self.node.accounts[1], "nobody@" + self.node.domain):
            first = base64.b64encode(("n,,n=%s,r=abcdefghijkl" % name).encode()).decode()
            self.assertEqual(smtp(self.node, "submission").cmd("AUTH SCRAM-SHA-256 " + first), b"454 4.7.0 " + TEXT + b"\r\n")
        # A wrong password stays wrong, and tells nothing of the hours.
        self.assertNotIn(b"UNAVAILABLE", self.imap(1, "wrong")[1])
        self.assertTrue(self.submission(1, "wrong")[1].startswith(b"535"))
        # Who is exempt is served, and mail comes in for all.
        self.assertIn(b"OK", self.imap(2)[1])
        self.assertTrue(self.pop3(2)[1].startswith(b"+OK"))
        self.assertTrue(self.submission(2)[1].startswith(b"235"))
        self.assertTrue(deliver(smtp(self.node), self.node.accounts[1], b"Subject: night\r\n\r\nx").startswith(b"250"))
        self.domain("--quiet-hours", "")
        c, answer = self.imap(1)
        self.assertIn(b"OK", answer)
        self.assertIn(b"* 1 EXISTS\r\n", imap(c, "SELECT INBOX"))

    def test_some_services_only_and_administrators(self):
        self.domain("--quiet-hours", "always", "--quiet-services", "pop3,submission")
        self.assertIn(b"OK", self.imap(1)[1])
        self.assertTrue(self.pop3(1)[1].startswith(b"-ERR [SYS/TEMP]"))
        self.assertTrue(self.submission(1)[1].startswith(b"454"))
        self.assertEqual(self.node.run("account", "change", self.node.accounts[1], "--admin").returncode, 0)
        self.assertTrue(self.pop3(1)[1].startswith(b"+OK"))
        self.domain("--quiet-administrators")
        self.assertTrue(self.pop3(1)[1].startswith(b"-ERR [SYS/TEMP]"))
        done = self.node.run("domain", "change", self.node.domain, "--quiet-hours", "sometimes")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("quiet_hours cannot be read", done.stdout)

    def sessions(self):
        idle, answer = self.imap(1)
        self.assertIn(b"OK", answer)
        imap(idle, "SELECT INBOX")
        idle.send("i IDLE\r\n")
        self.assertTrue(idle.line().startswith(b"+"))
        pop, answer = self.pop3(1)
        self.assertTrue(answer.startswith(b"+OK"))
        sender, answer = self.submission(1)
        self.assertTrue(answer.startswith(b"235"))
        return ((idle, b"* BYE [UNAVAILABLE] " + TEXT + b"\r\n"), (pop, b"-ERR [SYS/TEMP] " + TEXT + b"\r\n"),
                (sender, b"421 4.7.0 " + TEXT + b"\r\n"))

    def test_open_sessions_end_when_hours_are_set(self):
        ending, (stays, _) = self.sessions(), self.imap(2)
        self.domain("--quiet-hours", "always", "--quiet-exempt", self.node.accounts[2])
        for c, last in ending:
            self.assertEqual(c.rest(), last)
        self.assertIn(b"OK", imap(stays, "NOOP")[-1])

    def test_open_sessions_end_when_hours_begin(self):
        ending = self.sessions()
        begin = int(time.time() + 62) // 60 * 60
        clock = lambda t: time.strftime("%H:%M", time.gmtime(t))
        self.domain("--quiet-hours", "daily %s-%s" % (clock(begin), clock(begin + 3600)))
        for c, last in ending:
            c.socket.settimeout(120)
            self.assertEqual(c.rest(), last)
        self.assertGreaterEqual(time.time(), begin)
        self.assertIn(b"NO [UNAVAILABLE]", self.imap(1)[1])


if __name__ == "__main__":
    unittest.main(warnings="ignore")
