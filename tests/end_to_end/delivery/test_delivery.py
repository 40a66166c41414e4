"""Mail to the outside through a smart host: delivered, refused, tried again, reported."""
import json, time, unittest

from outside import Case


class Delivery(Case):
    settings = {"queue.retry_plan": "10s"}

    def test_each_recipient_has_an_outcome_of_its_own(self):
        sink = self.sink()
        sink.say("RCPT", "550 5.1.1 nobody here", to="bad@")
        sink.say("RCPT", "450 4.2.0 later", to="later@", times=1)
        self.submit("a@remote.example", "bad@remote.example", "later@remote.example", text="Subject: three\r\nMessage-ID: <x@y>\r\n\r\nHello\r\n.dot\r\n")
        first = sink.wait(1)[0]
        self.assertEqual(first.recipients, ["a@remote.example"])
        self.assertEqual(first.sender, self.node.accounts[0])
        self.assertEqual(first.helo, "mail.example.test")
        self.assertTrue(first.data.endswith(b"\r\n\r\nHello\r\n.dot\r\n"), first.data)
        report = self.inbox()[0]
        (failed,) = self.status_of(report)
        self.assertEqual(failed["Final-Recipient"].replace(" ", ""), "rfc822;bad@remote.example")
        self.assertEqual((failed["Action"], failed["Status"]), ("failed", "5.1.1"))
        self.assertIn("nobody here", failed["Diagnostic-Code"])
        self.assertEqual(report["Auto-Submitted"].split()[0], "auto-replied")
        (waiting,) = self.queued(1)
        self.assertEqual(waiting["queue"], "retry")
        self.assertEqual(sink.wait(2, limit=40)[1].recipients, ["later@remote.example"])
        self.queued(0)

    def test_a_connection_carries_many_messages(self):
        sink = self.sink()
        for i in range(100):
            self.submit("r%d@remote.example" % i)
        sink.wait(100)
        self.assertLess(sink.connections, 30)
        self.queued(0)
        self.assertEqual(sorted(m.recipients[0] for m in sink.messages), sorted("r%d@remote.example" % i for i in range(100)))
        status = json.loads(self.rookery("status", "--json"))
        self.assertEqual(status["sent"], 100)
        self.assertGreater(status["duplicate_window_microseconds"], 0)

    def test_a_dropped_connection_at_each_step_loses_nothing(self):
        sink = self.sink()
        destination = "[127.0.0.1]:%d" % sink.port
        for step in ("END", "DATA", "RCPT", "MAIL", "EHLO", "GREETING"):
            with self.subTest(step=step):
                sink.say(step, "drop", times=1)
                self.submit("%s@remote.example" % step.lower())
                time.sleep(1)
                # A server that breaks off before it takes mail is left alone for a while, unless somebody asks.
                self.rookery("queue", "probe", destination)
        got = sink.wait(6, limit=90)
        self.assertEqual(sorted(m.recipients[0].split("@")[0] for m in got), ["data", "ehlo", "end", "greeting", "mail", "rcpt"])
        self.queued(0)

    def test_refusals_at_each_step_come_back(self):
        sink = self.sink()
        for n, (step, answer) in enumerate((("MAIL", "550 5.7.1 not you"), ("RCPT", "550 5.1.1 nobody"), ("DATA", "554 5.6.0 no"),
                                            ("END", "552 5.2.3 too much"))):
            with self.subTest(step=step):
                sink.say(step, answer, times=1)
                self.submit("%s@remote.example" % step.lower())
                (failed,) = self.status_of(self.inbox(want=n + 1)[n])
                self.assertEqual((failed["Action"], failed["Status"]), ("failed", answer.split()[1]))
        self.queued(0)

    def test_nothing_is_lost_by_kill_9(self):
        sink = self.sink()
        sink.say("END", "250 2.0.0 slow", delay=0.05)
        for i in range(60):
            self.submit("k%d@remote.example" % i)
            if i % 20 == 19:
                self.node.kill()
                self.node.start()
        sink.forget_rules()
        end = time.time() + 60
        while len({m.recipients[0] for m in sink.messages}) < 60 and time.time() < end:
            time.sleep(0.1)
        self.assertEqual(len({m.recipients[0] for m in sink.messages}), 60)
        self.queued(0)

    def test_mail_of_a_frozen_account_is_held(self):
        sink = self.sink()
        sink.say("RCPT", "450 4.2.0 later", times=1)
        self.submit("a@remote.example")
        sink.wait_command("RCPT")
        self.queued(1)
        self.rookery("account", "freeze", self.node.accounts[0])
        end = time.time() + 40
        while self.queued(1)[0]["queue"] != "holding":
            self.assertLess(time.time(), end, self.queued())
            time.sleep(0.2)
        self.assertEqual(sink.messages, [])


if __name__ == "__main__":
    unittest.main()
