"""Mail whose header asks for name servers' answers that are validated: required, requested, and the rules' text."""
import os, sys, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from names import World
from sink import Sink

HIGH = "Subject: s\r\nX-Security: high\r\n\r\nx\r\n"


class Dnssec(World):
    def plain_world(self, rules):
        sink = self.world()
        self.mx_route(sink.port, "plain.example")
        self.set("queue.dnssec_rules", rules)
        return sink

    def test_where_it_is_required_an_answer_without_signatures_brings_the_mail_back(self):
        sink = self.plain_world("require X-Security: h*; request Subject: no*")
        self.submit("a@plain.example", text=HIGH)
        (failed,) = self.status_of(self.inbox(want=1)[0])
        self.assertEqual((failed["Action"], failed["Status"]), ("failed", "5.7.0"))
        self.assertIn("not signed", failed["Diagnostic-Code"])
        self.submit("b@plain.example")
        self.submit("c@remote.example", text=HIGH)
        self.assertEqual(sorted(m.recipients[0] for m in sink.wait(2)), ["b@plain.example", "c@remote.example"])
        self.queued(0)

    def test_where_it_is_requested_the_log_says_what_there_was(self):
        sink = self.plain_world("request X-Security: high")
        for count, (to, text, words) in enumerate((("a@plain.example", HIGH, "dns=not validated"), ("b@remote.example", HIGH, "dns=validated"),
                                                   ("c@plain.example", "Subject: s\r\n\r\nx\r\n", None))):
            with self.subTest(to=to):
                self.submit(to, text=text)
                sink.wait(count + 1)
                self.queued(0)
                told = self.wait_trace("outcome=delivered")
                self.assertIn(to, told)
                self.assertIn(words, told) if words else self.assertNotIn("dns=", told)

    def test_of_two_hosts_of_one_preference_the_validated_one_is_taken(self):
        sink = self.world("two 300 IN MX 10 mx\ntwo 300 IN MX 10 mx2.plain.example.\n", "mx2 300 IN A 127.0.0.2\n")
        other = Sink(address="127.0.0.2", port=sink.port)
        self.sinks.append(other)
        self.mx_route(sink.port, "two.remote.example")
        self.set("queue.dnssec_rules", "request X-Security: high")
        self.set("queue.connection_messages_max", 1)  # each looks for its host anew
        for i in range(12):
            self.submit("r%d@two.remote.example" % i, text=HIGH)
        self.assertEqual({m.recipients[0] for m in sink.wait(12)}, {"r%d@two.remote.example" % i for i in range(12)})
        self.assertEqual(other.connections, 0)

    def test_rules_that_cannot_be_read_are_refused_with_a_sentence(self):
        for rules, why in (("demand Subject: *", 'rule 1 begins with neither "require" nor "request"'), ("request A: b; require", "rule 2 has no field name"),
                           ("require Subject:", "rule 1 has no pattern")):
            with self.subTest(rules=rules):
                done = self.node.run("settings", "set", "queue.dnssec_rules", rules)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("queue.dnssec_rules: " + why, done.stdout)


if __name__ == "__main__":
    unittest.main()
