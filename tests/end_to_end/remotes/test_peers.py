"""Servers that answer late, slowly, never or with "later": what becomes of their mail, and that nobody else waits for them."""
import os, sys, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from outside import Case
from sink import Sink


class Peers(Case):
    settings = {"queue.retry_plan": "1h"}

    def server(self, domain, **options):
        """A sink for the mail of one domain."""
        s = Sink(**options)
        self.sinks.append(s)
        self.rookery("route", "add", domain, "--host", "127.0.0.1", "--port", str(s.port))
        return s

    def waiting(self, words, limit=60):
        """The one message in the queue, once its last answer has these words."""
        end = time.time() + limit
        while True:
            (row,) = self.queued(1)
            shown = self.rookery("queue", "show", row["id"], "--json")
            if words in shown:
                return row["id"]
            self.assertLess(time.time(), end, shown)
            time.sleep(0.1)

    def test_a_silent_server_delays_nobody_else(self):
        silent, live = self.server("silent.example"), self.server("live.example")
        silent.say("GREETING", "hang")
        for i in range(20):
            self.submit("s%d@silent.example" % i)
        for i in range(20):
            self.submit("r%d@live.example" % i)
        self.assertEqual(len({m.recipients[0] for m in live.wait(20)}), 20)
        self.assertGreaterEqual(silent.open_now, 1, "it is still waited for: it has five minutes")
        self.queued(20)

    def test_a_server_that_is_silent_for_too_long_is_given_up_at_each_step(self):
        for step in ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END"):
            with self.subTest(step=step):
                domain = step.lower() + ".example"
                s = self.server(domain)
                s.say(step, "hang")
                self.set("queue.answer_seconds", 1)
                self.submit("a@" + domain)
                id = self.waiting("timed out")
                self.assertEqual(s.messages, [])
                s.forget_rules()
                self.set("queue.answer_seconds", 300)
                self.rookery("queue", "retry", id)
                self.rookery("queue", "probe", "[127.0.0.1]:%d" % s.port)
                s.wait(1)
                self.queued(0)

    def test_answers_octet_by_octet_are_waited_for(self):
        slow, live = self.server("slow.example"), self.server("live.example")
        for step in ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END"):
            slow.say(step, None, drip=0.03)
        self.submit("a@slow.example", "b@slow.example")
        slow.wait_command("EHLO")
        self.submit("c@live.example")
        live.wait(1)
        self.assertEqual(slow.messages, [], "it is slower")
        self.assertEqual(slow.wait(1)[0].recipients, ["a@slow.example", "b@slow.example"])
        self.queued(0)

    def test_greylisting_costs_an_attempt_and_no_recipient(self):
        grey = self.server("grey.example")
        # Each triple of client, sender and recipient is told to come again once; then the text is put off too.
        for name in ("a", "b"):
            grey.say("RCPT", "450 4.7.1 greylisted, come again", to="<%s@" % name, times=1)
        self.submit("a@grey.example", "b@grey.example")
        id = self.waiting("greylisted")
        grey.say("END", "451 4.7.1 not yet", times=1)
        self.rookery("queue", "retry", id)
        self.assertEqual(self.waiting("not yet"), id)
        self.assertEqual(grey.messages, [])
        self.rookery("queue", "retry", id)
        self.assertEqual(grey.wait(1)[0].recipients, ["a@grey.example", "b@grey.example"])
        self.queued(0)

    def test_later_at_each_step_is_tried_again(self):
        for step in ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END"):
            with self.subTest(step=step):
                domain = step.lower() + ".example"
                s = self.server(domain)
                s.say(step, "421 4.3.2 closing down" if step in ("GREETING", "EHLO") else "451 4.3.0 not now")
                if step == "EHLO":
                    s.say("HELO", "421 4.3.2 closing down")
                self.submit("a@" + domain)
                id = self.waiting("closing down" if step in ("GREETING", "EHLO") else "not now")
                s.forget_rules()
                self.rookery("queue", "retry", id)
                self.rookery("queue", "probe", "[127.0.0.1]:%d" % s.port)
                s.wait(1)
                self.queued(0)

    def test_a_large_message_is_converted_while_it_is_sent(self):
        self.set("smtp.message_octets_max", "20M")
        old = self.server("old.example", keywords=("SIZE 50000000",))
        body = "".join("Zeile %d: Gr\u00fc\u00dfe und noch etwas mehr Text, damit sie l\u00e4nger wird\r\n" % i for i in range(20000)).encode()
        text = b"Subject: large\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body
        self.submit("a@old.example", text=text, mail_options=["BODY=8BITMIME"])
        (got,) = old.wait(1, limit=120)
        import email
        self.assertLess(max(got.data), 128)
        self.assertLessEqual(max(map(len, got.data.split(b"\r\n"))), 998)
        self.assertEqual(email.message_from_bytes(got.data).get_payload(decode=True), body)


if __name__ == "__main__":
    unittest.main()
