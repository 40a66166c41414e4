"""Delivery reports: what each NOTIFY gives (RFC 3461 §5.2), beside servers with and without DSN."""
import os, sys, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from outside import Case

DSN = ("PIPELINING", "8BITMIME", "SIZE 50000000", "ENHANCEDSTATUSCODES", "DSN")


class Wishes(Case):
    def actions(self, want):
        """{recipient: action} of all reports of the sender, once there are `want`."""
        found = {}
        for report in self.inbox(0, want=want):
            for fields in self.status_of(report):
                found[fields["Final-Recipient"].split(";")[1].strip()] = fields["Action"]
        return found

    def send(self, *recipients, notify, ret=("RET=HDRS", "ENVID=abc")):
        self.submit(*recipients, mail_options=list(ret), rcpt_options=["NOTIFY=" + notify] if notify else [])

    def test_a_server_without_dsn_is_told_nothing_and_the_sender_what_he_asked_for(self):
        sink = self.sink()
        sink.say("RCPT", "550 5.1.1 nobody", to="bad")
        for i, notify in enumerate(("", "SUCCESS", "FAILURE", "NEVER", "SUCCESS,FAILURE", "DELAY")):
            self.send("good%d@remote.example" % i, notify=notify)
            self.send("bad%d@remote.example" % i, notify=notify)
        self.queued(0)
        sink.wait(6)
        self.assertFalse([c for c in sink.commands if "NOTIFY" in c or "RET=" in c or "ENVID" in c or "ORCPT" in c], sink.commands)
        self.assertEqual(self.actions(5), {"good1@remote.example": "relayed", "good4@remote.example": "relayed", "bad0@remote.example": "failed",
                                           "bad2@remote.example": "failed", "bad4@remote.example": "failed"})
        self.assertEqual(len(self.inbox(0)), 5)
        # The sender stays the sender, also of mail that nobody is to hear of: §5.2.2 (d) leaves that to us.
        self.assertEqual({m.sender for m in sink.messages}, {self.node.accounts[0]})

    def test_a_server_with_dsn_is_told_exactly_what_the_sender_said(self):
        sink = self.sink(keywords=DSN)
        self.submit("a@remote.example", mail_options=["RET=FULL", "ENVID=a+2Bb"], rcpt_options=["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;Ann+2Bx@Elsewhere.example"])
        self.submit("b@remote.example", rcpt_options=["NOTIFY=NEVER"])
        self.submit("c@remote.example")
        sink.wait(3)
        said = {m.recipients[0][0]: (m.mail, m.rcpts[0]) for m in sink.messages}
        for part in ("RET=FULL", "ENVID=a+2Bb"):
            self.assertIn(part, said["a"][0])
        for part in ("NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;Ann+2Bx@Elsewhere.example"):
            self.assertIn(part, said["a"][1])
        self.assertIn("NOTIFY=NEVER", said["b"][1])
        for line in said["b"][0], said["c"][0]:
            self.assertNotIn("RET", line)
            self.assertNotIn("ENVID", line)
        self.assertNotIn("NOTIFY", said["c"][1])
        self.queued(0)
        self.assertEqual(self.inbox(0, want=0), [])

    def test_mailboxes_here_confirm(self):
        for notify in ("SUCCESS", "FAILURE", "NEVER", ""):
            self.send(self.node.accounts[1], notify=notify)
        self.inbox(1, want=4)
        self.assertEqual(self.actions(1), {self.node.accounts[1]: "delivered"})
        self.queued(0)
        self.assertEqual(len(self.inbox(0)), 1)

    def test_aliases(self):
        sink = self.sink(keywords=DSN)
        self.rookery("alias", "add", "one@" + self.node.domain, "x@remote.example")
        self.rookery("alias", "add", "two@" + self.node.domain, "y@remote.example", self.node.accounts[1])
        # One address behind it: the wish goes along. Several: none of them confirms, and the sender is told so.
        self.send("one@" + self.node.domain, notify="SUCCESS,FAILURE")
        self.send("two@" + self.node.domain, notify="SUCCESS,FAILURE")
        self.send("two@" + self.node.domain, notify="SUCCESS")
        sink.wait(3)
        rcpts = sorted(m.rcpts[0] for m in sink.messages)
        self.assertIn("NOTIFY=SUCCESS,FAILURE", rcpts[0])
        self.assertEqual(sorted(r.split("NOTIFY=")[1].split()[0] for r in rcpts[1:]), ["FAILURE", "NEVER"])
        self.assertEqual(self.actions(2), {"two@" + self.node.domain: "expanded"})

    def test_who_wants_no_reports_gets_none_of_a_forwarding_either(self):
        sink = self.sink()
        sink.say("RCPT", "550 5.1.1 nobody")
        self.rookery("account", "change", self.node.accounts[1], "--forward-to", "me@private.example")
        self.send(self.node.accounts[1], notify="NEVER")
        sink.wait_command("RCPT")
        self.queued(0)
        self.assertEqual(self.inbox(0, want=0), [])


if __name__ == "__main__":
    unittest.main()
