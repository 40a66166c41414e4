"""What an account may send a day: refused with a clear answer, counted over kill -9, shown."""
import json, os, smtplib, sys, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from outside import Case


class SendQuota(Case):
    def shown(self, user=0):
        o = json.loads(self.rookery("account", "show", self.node.accounts[user], "--json"))
        return o.get("send_quota"), o.get("sent_today")

    def refused(self, *to, user=0):
        """The recipients that are refused, each with the code."""
        try:
            return {a: code for a, (code, _) in self.submit(*to, sender=user).items()}
        except smtplib.SMTPRecipientsRefused as no:
            for code, text in no.recipients.values():
                self.assertEqual(text, b"4.7.1 You have sent as many messages as you may in a day")
            return {a: code for a, (code, _) in no.recipients.items()}

    def test_recipients_count_and_the_rest_is_refused(self):
        u = self.node.accounts
        self.rookery("account", "change", u[0], "--send-quota", "5")
        self.assertEqual(self.shown(), (5, 0))
        self.assertEqual(self.refused(u[1], u[2]), {})
        self.assertEqual(self.refused(u[1], u[2]), {})
        self.assertEqual(self.shown(), (5, 4))
        self.assertEqual(self.refused(u[1], u[2]), {u[2]: 450})
        self.assertEqual(self.refused(u[1]), {u[1]: 450})
        self.assertEqual(self.shown(), (5, 5))
        # Others, and what comes from outside for the account, are not concerned.
        self.assertEqual(self.refused(u[0], user=1), {})
        # Orders are no mail: what was sent too much can still be recalled.
        self.submit("rookery@example.test", text="Subject: HELP\r\n\r\n\r\n")
        self.inbox(0, 2)
        self.rookery("account", "change", u[0], "--send-quota", "6")
        self.assertEqual(self.refused(u[1]), {})
        self.rookery("account", "change", u[0], "--send-quota", "0")
        self.assertEqual(self.refused(u[1], u[2]), {})
        self.assertEqual(self.shown(), (0, None))

    def test_messages_count_when_recipients_do_not(self):
        u = self.node.accounts
        self.set("submission.recipients_counted", "off")
        self.set("submission.messages_a_day", "2")
        self.assertEqual(self.refused(u[1], u[2], u[3]), {})
        self.assertEqual(self.refused(u[1], u[2], u[3]), {})
        self.assertEqual(self.refused(u[1]), {u[1]: 450})
        self.assertEqual(self.shown(), (2, 2))

    def test_own_before_domain_before_setting(self):
        u = self.node.accounts
        self.set("submission.messages_a_day", "1")
        self.assertEqual(self.shown(), (1, 0))
        self.rookery("domain", "change", "example.test", "--send-quota", "2")
        self.assertEqual(self.shown(), (2, 0))
        self.rookery("account", "change", u[0], "--send-quota", "3")
        self.assertEqual(self.shown(), (3, 0))
        self.assertEqual(self.refused(u[1], u[2], u[3]), {})
        self.assertEqual(self.refused(u[1]), {u[1]: 450})
        self.assertEqual(self.refused(u[0], u[2], u[3], user=1), {u[3]: 450})
        self.rookery("account", "change", u[0], "--send-quota", "")
        self.assertEqual(self.shown(), (2, 3))

    def test_the_count_outlives_kill_9(self):
        u = self.node.accounts
        self.rookery("account", "change", u[0], "--send-quota", "4")
        for sent in (1, 2, 3):
            self.assertEqual(self.refused(u[1]), {})
            self.node.kill()
            self.node.start()
            self.assertEqual(self.shown(), (4, sent))
        self.assertEqual(self.refused(u[1], u[2]), {u[2]: 450})
        self.node.stop()
        self.node.start()
        self.assertEqual(self.refused(u[1]), {u[1]: 450})
        self.assertEqual(len(self.inbox(1, 4)), 4)

    def test_a_message_that_is_refused_is_not_counted(self):
        u = self.node.accounts
        self.rookery("account", "change", u[0], "--send-quota", "2")
        for _ in range(3):
            with self.assertRaises(smtplib.SMTPDataError):
                self.submit(u[1], text="From: somebody@else.example\r\n\r\nnot mine\r\n")
        self.assertEqual(self.refused(u[1], u[2]), {})

    def test_forwarding_does_not_count(self):
        u = self.node.accounts
        sink = self.sink()
        self.rookery("account", "change", u[1], "--forward-to", "me@private.example")
        self.rookery("account", "change", u[1], "--send-quota", "1")
        for _ in range(3):
            with smtplib.SMTP("127.0.0.1", self.node.port("smtp")) as c:
                c.sendmail("ann@elsewhere.example", [u[1]], "Subject: x\r\n\r\n\r\n")
        sink.wait(3)
        self.assertEqual(self.shown(1), (1, 0))
        self.assertEqual(self.refused(u[2], user=1), {})


if __name__ == "__main__":
    unittest.main()
