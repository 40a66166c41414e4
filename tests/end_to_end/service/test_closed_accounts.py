"""Sessions that are open when their account is frozen, disabled or removed, or gets another password."""
import base64
from own import *

CLOSED = b"The account was closed, or its password changed"


class Closing(Case):
    accounts = 6

    def sessions(self, user):
        name, password = self.node.accounts[user], self.node.password
        idle, fetching, pop, sender = login(self.node, user), login(self.node, user), Line(self.node, "pop3"), smtp(self.node, "submission")
        imap(idle, "SELECT INBOX")
        idle.send("i IDLE\r\n")
        self.assertTrue(idle.line().startswith(b"+"))
        imap(fetching, "SELECT INBOX")
        pop.line()
        pop.cmd("USER " + name)
        self.assertTrue(pop.cmd("PASS " + password).startswith(b"+OK"))
        self.assertTrue(sender.cmd("AUTH PLAIN " + base64.b64encode(("\0%s\0%s" % (name, password)).encode()).decode()).startswith(b"235"))
        self.assertTrue(sender.cmd("MAIL FROM:<%s>" % name).startswith(b"250"))
        return ((idle, b"* BYE [UNAVAILABLE] " + CLOSED + b"\r\n"), (fetching, b"* BYE [UNAVAILABLE] " + CLOSED + b"\r\n"),
                (pop, b"-ERR [SYS/PERM] " + CLOSED + b"\r\n"), (sender, b"421 4.7.0 " + CLOSED + b"\r\n"))

    def test_they_end_at_once(self):
        bystander = login(self.node, 5)
        for user, verb in enumerate(("freeze", "disable", "passwd", "remove")):
            open_ones = self.sessions(user)
            done = self.node.run("account", verb, self.node.accounts[user], input="another one\n")
            self.assertEqual(done.returncode, 0, done.stdout)
            for c, last in open_ones:
                self.assertEqual(c.rest(), last, verb)
            c = Line(self.node, "imap")
            c.line()
            self.assertIn(b"NO ", imap(c, "LOGIN %s %s" % (self.node.accounts[user], self.node.password))[-1])
        self.assertIn(b"t OK", imap(bystander, "NOOP")[-1])

    def test_other_changes_end_nothing(self):
        open_ones = self.sessions(0)
        done = self.node.run("account", "change", self.node.accounts[0], "--name", "Another Name")
        self.assertEqual(done.returncode, 0, done.stdout)
        for (c, _), said, heard in zip(open_ones, ("DONE", "n NOOP", "NOOP", "RSET"), (b"i OK", b"n OK", b"+OK", b"250")):
            self.assertTrue(c.cmd(said).startswith(heard))

    def test_an_answer_that_is_being_written_just_stops(self):
        c = login(self.node, 0)
        text = b"Subject: large\r\n\r\n" + b"x" * 70 * 14 + b"\r\n" * 4000000
        c.send("a APPEND INBOX {%d+}\r\n" % len(text))
        c.send(text + b"\r\n")
        self.assertTrue(c.line().startswith(b"a OK"))
        imap(c, "SELECT INBOX")
        c.send("b FETCH 1 BODY[]\r\n")
        self.assertIn(b"FETCH", c.line())
        self.assertEqual(self.node.run("account", "freeze", self.node.accounts[0]).returncode, 0)
        self.assertNotIn(b"BYE", c.rest())


if __name__ == "__main__":
    unittest.main(warnings="ignore")
