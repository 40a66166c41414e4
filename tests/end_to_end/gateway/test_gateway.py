"""Domains kept for another server: who may write to them, which recipients are taken, where their mail waits and goes."""
import json, os, smtplib, sys, tempfile, time, shutil, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from odmr import Branch, Case


class Gateway(Case):
    def gateway(self, *options, domain="branch.example", verb="add"):
        self.rookery("gateway", verb, domain, *options)

    def to(self, sink):
        return "--host", "127.0.0.1", "--port", str(sink.port)

    def write(self, *to, text="Subject: hello\r\n\r\nHello\r\n"):
        """As a stranger at the MX port; gives the code of each RCPT and of the message."""
        with smtplib.SMTP("127.0.0.1", self.node.port("smtp"), timeout=60) as c:
            c.ehlo()
            c.mail("ann@elsewhere.example")
            codes = [c.rcpt(t)[0] for t in to]
            return codes + ([c.data(text)[0]] if 250 in codes else [])

    def test_strangers_write_to_gateways_and_to_nobody_else_outside(self):
        sink = self.sink()
        self.gateway(*self.to(sink))
        self.assertEqual(self.write("ann@branch.example", "x@remote.example", "x@sub.branch.example", self.node.accounts[0]), [250, 550, 550, 250, 250])
        (got,) = sink.wait(1)
        self.assertEqual((got.sender, got.recipients), ("ann@elsewhere.example", ["ann@branch.example"]))
        self.inbox(0)
        self.queued(0)
        self.rookery("gateway", "remove", "branch.example")
        self.assertEqual(self.write("ann@branch.example"), [550])

    def test_its_mail_waits_in_a_queue_of_its_own(self):
        sink = self.sink()
        sink.say("RCPT", "450 4.2.0 later")
        self.gateway(*self.to(sink))
        self.submit("ann@branch.example", "x@remote.example")
        sink.wait_command("<x@remote.example>")
        sink.wait_command("<ann@branch.example>")
        want = {"branch.example": "ann@branch.example", "retry": "x@remote.example"}
        end = time.time() + 30  # the answer is recorded a moment after the peer gave it
        while (got := {m["queue"]: m["recipients"][0]["address"] for m in self.queued(2)}) != want and time.time() < end:
            time.sleep(0.05)
        self.assertEqual(got, want)
        self.assertEqual(json.loads(self.rookery("gateway", "show", "branch.example", "--json"))["messages"], 1)
        done = self.node.run("gateway", "remove", "branch.example")
        self.assertIn("1 messages", done.stdout)
        self.assertEqual(done.returncode, 5)
        self.rookery("queue", "freeze", "branch.example")
        sink.forget_rules()
        self.rookery("queue", "retry", *[m["id"] for m in self.queued(2)])
        self.assertEqual([m.recipients for m in sink.wait(1)], [["x@remote.example"]])
        (left,) = self.queued(1)
        self.assertEqual(left["queue"], "branch.example")
        self.rookery("queue", "unfreeze", "branch.example")
        self.assertEqual(sink.wait(2)[1].recipients, ["ann@branch.example"])
        self.queued(0)

    def test_a_list_of_recipients(self):
        sink = self.sink()
        self.gateway(*self.to(sink), "--check", "list", "--recipient", "Ann@Branch.example", "--recipient", "bob")
        self.assertEqual(self.write("ann@branch.example", "BOB+x@branch.example", "eve@branch.example", "postmaster@branch.example"), [250, 250, 550, 250, 250])
        self.assertEqual(len(sink.wait(1)[0].recipients), 3)
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.submit("eve@branch.example")

    def test_the_server_is_asked_once_and_up_to_rcpt(self):
        sink = self.sink()
        self.gateway(*self.to(sink), "--check", "call_forward")
        sink.say("RCPT", "550 5.1.1 nobody", to="eve@")
        self.assertEqual(self.write("eve@branch.example"), [550])
        self.assertEqual(self.write("eve@branch.example", "ann@branch.example"), [550, 250, 250])
        self.assertEqual(sink.wait(1)[0].recipients, ["ann@branch.example"])
        self.queued(0)
        self.assertEqual(len([c for c in sink.commands if "<eve@" in c]), 1, sink.commands)
        self.assertEqual(len([c for c in sink.commands if "<ann@" in c]), 2 + 1, sink.commands)  # asked, MAIL FROM ann@elsewhere, sent
        self.assertIn("MAIL FROM:<>", [c.split(" SIZE")[0] for c in sink.commands])

    def test_a_server_that_cannot_be_asked(self):
        sink = self.sink()
        self.gateway(*self.to(sink), "--check", "call_forward")
        sink.say("RCPT", "450 4.2.0 greylisted", to="grey@")
        sink.say("MAIL", "550 5.7.1 not you", times=1)
        self.assertEqual(self.write("ann@branch.example"), [451])
        self.assertEqual(self.write("grey@branch.example"), [451])
        self.set("gateway.verify_seconds", 1)
        sink.say("RCPT", "hang", to="slow@")
        self.assertEqual(self.write("slow@branch.example"), [451])
        self.gateway("--unchecked", "accept", verb="change")
        self.assertEqual(self.write("grey@branch.example"), [250, 250])
        sink.close()
        self.assertEqual(self.write("new@branch.example"), [250, 250])
        self.gateway("--unchecked", "defer", verb="change")
        self.assertEqual(self.write("new@branch.example"), [451])

    def test_a_gateway_in_front_of_another_node(self):
        folder = tempfile.mkdtemp(prefix="rookery-branch-")
        branch = Branch(self.node.rookery, folder, 2)
        branch.start()
        try:
            self.gateway("--host", "127.0.0.1", "--port", str(branch.port("smtp")), "--check", "call_forward")
            self.assertEqual(self.write("u1@branch.example", "nobody@branch.example", "u2@branch.example"), [250, 550, 250, 250])
            self.queued(0)
            here, self.node = self.node, branch
            try:
                (mail,) = self.inbox(0)
                self.inbox(1)
                self.assertEqual(mail["Return-Path"], "<ann@elsewhere.example>")
            finally:
                self.node = here
        finally:
            self.assertEqual(branch.stop(), 0)
            shutil.rmtree(folder, ignore_errors=True)

    def test_what_cannot_be(self):
        for options, word in ((("--on-request",), "dequeuers"), (("--check", "all"), "recipient_check"), (("--port", "25"), "host"),
                              (("--on-request", "--dequeuer", "u1@example.test", "--check", "call_forward"), "host"),
                              (("--check", "list", "--recipient", "x@other.example"), "recipients")):
            done = self.node.run("gateway", "add", "branch.example", *options)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(word, done.stdout)
        self.assertEqual(self.node.run("gateway", "add", "example.test").returncode, 5)
        self.rookery("gateway", "add", "Branch.Example", "--host", "127.0.0.1", "--login", "ann", input="pencil\n")
        shown = self.rookery("gateway", "show", "branch.example", "--json")
        self.assertNotIn("pencil", shown)
        self.assertNotIn("sealed", shown)
        self.assertIn("branch.example", self.rookery("gateway", "list"))
        self.assertEqual(self.node.run("domain", "add", "branch.example").returncode, 5)
        self.assertEqual(self.node.run("gateway", "show", "other.example").returncode, 4)


if __name__ == "__main__":
    unittest.main()
