"""Mail that is to leave later: FUTURERELEASE, Deferred-Delivery, cancelling, over a restart."""
import email.utils, time, unittest

from outside import Case


class Deferred(Case):
    def test_nobody_has_it_before_its_time(self):
        sink = self.sink()
        begun = time.time()
        self.submit("a@remote.example", self.node.accounts[1], mail_options=["HOLDFOR=8"])
        (waiting,) = self.queued(1)
        self.assertEqual(waiting["queue"], "deferred")
        self.node.stop()
        self.node.start()
        sink.wait(1, limit=70)
        self.assertGreaterEqual(time.time() - begun, 8)
        self.assertEqual(len(self.inbox(1, limit=60)), 1)
        self.queued(0)

    def test_the_header_field_does_the_same_and_can_be_cancelled(self):
        sink = self.sink()
        due = email.utils.formatdate(time.time() + 10)
        text = "Subject: %s\r\nDeferred-Delivery: " + due + "\r\n\r\nlater\r\n"
        self.submit("gone@remote.example", text=text % "gone")
        self.submit("kept@remote.example", text=text % "kept")
        rows = self.queued(2)
        self.assertEqual({r["queue"] for r in rows}, {"deferred"})
        import json
        for r in rows:
            shown = json.loads(self.rookery("queue", "show", r["id"], "--json"))
            if "gone@remote.example" in str(shown["recipients"]):
                self.rookery("queue", "remove", r["id"])
        self.assertEqual(sink.wait(1, limit=70)[0].recipients, ["kept@remote.example"])
        self.queued(0)
        self.assertEqual(len(sink.messages), 1)

    def test_a_date_in_the_past_is_now_and_one_too_far_is_refused(self):
        import smtplib
        sink = self.sink()
        self.submit("a@remote.example", text="Deferred-Delivery: Mon, 1 Jan 2001 00:00:00 +0000\r\n\r\nx\r\n")
        sink.wait(1)
        with self.assertRaises(smtplib.SMTPDataError) as caught:
            self.submit("a@remote.example", text="Deferred-Delivery: Mon, 1 Jan 2050 00:00:00 +0000\r\n\r\nx\r\n")
        self.assertEqual(caught.exception.smtp_code, 554)

    def test_only_who_has_logged_in_defers(self):
        import smtplib
        with smtplib.SMTP("127.0.0.1", self.node.port("smtp")) as c:
            c.sendmail("x@there.example", [self.node.accounts[1]], "Deferred-Delivery: Mon, 1 Jan 2050 00:00:00 +0000\r\n\r\nx\r\n")
        self.inbox(1)


if __name__ == "__main__":
    unittest.main()
