"""Accounts that forward: copies, senders that are rewritten and come back, what administrators forbid."""
import smtplib, unittest

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
