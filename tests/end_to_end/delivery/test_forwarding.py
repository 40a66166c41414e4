"""Accounts that forward: copies, senders that are rewritten and come back, what administrators forbid."""
import json, shutil, smtplib, ssl, subprocess, tempfile, time, unittest

from outside import Case


class Forwarding(Case):
    def arrive(self, to, sender="ann@elsewhere.example", text="Subject: fwd\r\n\r\nhello\r\n"):
        with smtplib.SMTP("127.0.0.1", self.node.port("smtp")) as c:
            return c.sendmail(sender, [to], text)

    def test_a_copy_goes_on_with_a_sender_that_leads_back(self):
        sink = self.sink()
        self.rookery("account", "change", self.node.accounts[0], "--forward-to", "me@private.example")
        self.arrive(self.node.accounts[0])
        (copy,) = sink.wait(1)
        self.assertEqual(copy.recipients, ["me@private.example"])
        self.assertTrue(copy.sender.startswith("SRS0=") and copy.sender.endswith("@example.test"), copy.sender)
        self.assertIn(b"hello", copy.data)
        self.inbox(0)
        # A report to the rewritten sender goes to the sender of before.
        with smtplib.SMTP("127.0.0.1", self.node.port("smtp")) as c:
            c.sendmail("", [copy.sender], "Subject: report\r\n\r\nno\r\n")
            forged = copy.sender.replace("elsewhere", "victim")
            with self.assertRaises(smtplib.SMTPRecipientsRefused):
                c.sendmail("", [forged], "Subject: report\r\n\r\nno\r\n")
        self.assertEqual(sink.wait(2)[1].recipients, ["ann@elsewhere.example"])

    def test_without_a_copy_and_to_somebody_here(self):
        sink = self.sink()
        self.rookery("account", "change", self.node.accounts[0], "--forward-to", self.node.accounts[1], "--forward-keep", "no")
        self.arrive(self.node.accounts[0])
        (got,) = self.inbox(1)
        self.assertEqual(got.get_all("Delivered-To"), [self.node.accounts[1], self.node.accounts[0]])
        self.assertEqual(self.inbox(0, want=0), [])
        self.assertEqual(sink.messages, [])

    def test_it_may_have_a_server_of_its_own(self):
        other, own = self.sink(), self.sink(login=("ann", "pencil"))
        account = self.node.accounts[0]
        self.rookery("account", "change", account, "--forward-to", "me@private.example", "--forward-host", "127.0.0.1",
                     "--forward-port", str(own.port))
        self.arrive(account)
        (copy,) = own.wait(1)
        self.assertEqual((copy.recipients, copy.login), (["me@private.example"], None))
        # A password travels without TLS only where an administrator says so, which a way of its own cannot.
        done = self.rookery("account", "change", account, "--forward-login", "ann", "--forward-tls", "required", input="pencil\n")
        shown = json.loads(self.rookery("account", "show", account, "--json"))
        self.assertEqual([shown["forward_" + m] for m in ("host", "port", "tls", "login")], ["127.0.0.1", own.port, "required", "ann"])
        self.assertNotIn("pencil", str(shown) + done)
        self.assertLess(abs(shown["forward_last_used"] / 1000 - time.time()), 3600)
        self.arrive(account)
        (waiting,) = self.queued(1)
        self.assertEqual(waiting["recipients"][0]["address"], "me@private.example")
        self.rookery("account", "change", account, "--forward-host", "")
        self.arrive(account)
        self.assertEqual(other.wait(1)[0].recipients, ["me@private.example"])
        self.assertNotIn("forward_host", json.loads(self.rookery("account", "show", account, "--json")))
        self.assertEqual(len(own.messages), 1)
        done = self.node.run("account", "change", account, "--forward-port", "25")
        self.assertEqual(done.returncode, 1, done.stdout)

    def test_its_own_server_is_logged_in_to(self):
        folder = tempfile.mkdtemp(prefix="rookery-tls-")
        try:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=own.example", "-days", "30",
                            "-keyout", folder + "/key", "-out", folder + "/cert"], check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder + "/cert", folder + "/key")
            own = self.sink(login=("ann", "pencil"), context=context)
            self.rookery("account", "change", self.node.accounts[0], "--forward-to", "me@private.example", "--forward-host", "127.0.0.1",
                         "--forward-port", str(own.port), "--forward-tls", "required", "--forward-login", "ann", input="pencil\n")
            self.arrive(self.node.accounts[0])
            (copy,) = own.wait(1)
            self.assertEqual((copy.login, bool(copy.tls)), ("ann", True))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def test_mail_in_the_queue_that_was_delivered_before_loops(self):
        self.sink()
        self.rookery("account", "change", self.node.accounts[1], "--quota-messages", "1")
        # It comes for two; one has no room by then and waits, and is moved on to somebody who had it before.
        text = "Delivered-To: %s\r\nSubject: again\r\n\r\nhello\r\n" % self.node.accounts[2]
        with smtplib.SMTP("127.0.0.1", self.node.port("smtp")) as c:
            c.ehlo()
            c.mail("ann@elsewhere.example")
            self.assertEqual(c.rcpt(self.node.accounts[1])[0], 250)
            self.arrive(self.node.accounts[1])
            self.inbox(1)
            self.assertEqual(c.rcpt(self.node.accounts[3])[0], 250)
            self.assertEqual(c.data(text)[0], 250)
        (waiting,) = self.queued(1)
        self.rookery("queue", "redirect", waiting["id"], "--from", self.node.accounts[1], "--to", self.node.accounts[2])
        (report,) = self.sinks[0].wait(1)
        self.assertIn(b"5.4.6", report.data)
        self.assertEqual(self.inbox(2, want=0), [])
        self.queued(0)

    def test_a_loop_of_two_ends(self):
        self.rookery("account", "change", self.node.accounts[0], "--forward-to", self.node.accounts[1])
        self.rookery("account", "change", self.node.accounts[1], "--forward-to", self.node.accounts[0])
        self.arrive(self.node.accounts[0])
        self.inbox(1)
        self.inbox(0)
        self.queued(0)

    def test_what_is_forbidden_waits_in_bad(self):
        sink = self.sink()
        self.set("forward.foreign_domains", "off")
        self.rookery("account", "change", self.node.accounts[0], "--forward-to", "me@private.example")
        self.arrive(self.node.accounts[0])
        self.inbox(0)
        (bad,) = self.queued(1)
        self.assertEqual((bad["queue"], bad["held"]), ("bad", True))
        self.assertEqual(sink.messages, [])
        self.rookery("account", "change", self.node.accounts[0], "--forward-schedule", "never")
        self.arrive(self.node.accounts[0])
        self.inbox(0, want=2)
        self.queued(1)


if __name__ == "__main__":
    unittest.main()
