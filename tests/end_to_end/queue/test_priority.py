"""Urgent mail overtakes bulk of the same sender on its way to the same server."""
import json, os, sys, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from outside import Case


class Priority(Case):
    settings = {"queue.destination_connections_max": 1, "queue.new_destination_connections_max": 1}

    def test_urgent_mail_overtakes_bulk(self):
        sink = self.sink()
        self.rookery("queue", "freeze", "remote")
        for i in range(8):
            self.submit("b%d@remote.example" % i, text="Subject: bulk\r\nPrecedence: bulk\r\n\r\nx\r\n")
        for i in range(4):
            self.submit("u%d@remote.example" % i, text="Subject: urgent\r\nX-Priority: 1 (Highest)\r\n\r\nx\r\n")
        rows = self.queued(12)
        numbers = sorted(json.loads(self.rookery("queue", "show", r["id"], "--json")).get("priority", 0) for r in rows)
        self.assertEqual(numbers, [-4] * 8 + [4] * 4)
        self.rookery("queue", "unfreeze", "remote")
        order = "".join(m.recipients[0][0] for m in sink.wait(12))
        self.assertEqual(sorted(order), sorted("b" * 8 + "u" * 4))
        self.assertLess(order.rindex("u"), order.rindex("b"), order)
        self.assertGreaterEqual(order[:6].count("u"), 3, order)


if __name__ == "__main__":
    unittest.main()
