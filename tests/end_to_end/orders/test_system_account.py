"""Mail to the system account: obeyed from users, refused from strangers, run once over kill -9."""
import os, smtplib, sys, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from outside import Case


class SystemAccount(Case):
    system = "rookery@example.test"

    def answers(self, user=0, want=1):
        """Texts of the answers in an INBOX."""
        found = self.inbox(user, want)
        self.assertEqual(len(found), want)
        for m in found:
            self.assertEqual(m["Auto-Submitted"], "auto-replied")
            self.assertEqual(m["Return-Path"], "<>")
            self.assertIn(self.system, m["From"])
        return [m.get_payload(decode=True).decode() for m in found]

    def test_an_order_is_done_and_answered_and_lands_in_no_mailbox(self):
        self.submit(self.system, text="Subject: Re: help\r\nMessage-ID: <o1@client.example>\r\n\r\nplease\r\n")
        (text,) = self.answers()
        self.assertIn("HELP", text)
        self.assertEqual(self.inbox()[0]["In-Reply-To"], "<o1@client.example>")
        self.submit("ROOKERY+any@example.test", text="Subject: dance\r\n\r\n\r\n")
        self.assertIn("not understood", self.answers(want=2)[1])
        self.queued(0)
        self.assertEqual(self.inbox(1, want=0), [])

    def test_strangers_are_refused_at_the_door(self):
        for service in ("smtp", "lmtp"):
            for to in (self.system, "Rookery@example.test", "rookery+x@example.test"):
                make = smtplib.LMTP if service == "lmtp" else smtplib.SMTP
                with make("127.0.0.1", self.node.port(service)) as c:
                    c.ehlo_or_helo_if_needed()
                    self.assertEqual(c.mail(self.node.accounts[0])[0], 250)
                    code, text = c.rcpt(to)
                    self.assertEqual((code, text[:5]), (550, b"5.7.1"), (service, to, text))

    def test_nothing_comes_there_by_a_detour(self):
        self.rookery("account", "change", self.node.accounts[1], "--forward-to", self.system)
        self.submit(self.node.accounts[1], text="Subject: HELP\r\n\r\n\r\n")
        # What an account forwards is nobody's order: it comes back to who rewrote the sender.
        self.queued(0)
        self.assertEqual([m for m in self.inbox(0, want=0) if m["Auto-Submitted"] == "auto-replied" and "HELP" in str(m.get_payload())], [])

    def test_the_name_is_a_setting_and_belongs_to_no_account(self):
        done = self.node.run("account", "add", self.system, input="correct horse battery\n")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("system.local_part", done.stdout)
        self.assertNotEqual(self.node.run("alias", "add", self.system, self.node.accounts[0]).returncode, 0)
        self.set("system.local_part", "robot")
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.submit(self.system)
        self.submit("robot@example.test", text="Subject: HELP\r\n\r\n\r\n")
        self.assertIn("robot@example.test", self.inbox()[0]["From"])

    def test_a_frozen_queue_keeps_orders_over_kill_9(self):
        self.rookery("queue", "freeze", "system")
        self.submit(self.system, text="Subject: HELP\r\n\r\n\r\n")
        self.node.kill()
        self.node.start()
        (waiting,) = self.queued(1)
        self.assertEqual(waiting["queue"], "system")
        self.rookery("queue", "unfreeze", "system")
        self.answers(want=1)
        self.queued(0)

    def test_each_order_is_answered_once_whenever_the_server_dies(self):
        for round in range(1, 4):
            for _ in range(5):
                self.submit(self.system, text="Subject: HELP\r\n\r\n\r\n")
            self.node.kill()
            self.node.start()
            self.queued(0)
            self.answers(want=5 * round)

    def test_orders_of_a_closed_account_are_dropped(self):
        self.rookery("queue", "freeze", "system")
        self.submit(self.system, text="Subject: HELP\r\n\r\n\r\n")
        self.rookery("account", "disable", self.node.accounts[0])
        self.rookery("queue", "unfreeze", "system")
        self.queued(0)
        self.rookery("account", "enable", self.node.accounts[0])
        self.assertEqual(self.inbox(0, want=0), [])


if __name__ == "__main__":
    unittest.main()
