"""IDLE: news at once, also many of them, and the way out."""
from peer import *


class Idle(Case):
    def test_news_come_while_idling(self):
        a = self.filled(2)
        b = self.peer()
        b.ok("SELECT " + self.box)
        tag = b.idle()
        a.append(self.box, mail(3))
        self.assertEqual(b.until("EXISTS").number("EXISTS"), 3)
        a.ok("STORE 1 +FLAGS (\\Deleted)")
        self.assertIn(b"\\Deleted", b.until("FETCH").all())
        a.ok("EXPUNGE")
        self.assertIn(b"* 1 EXPUNGE", b.until("EXPUNGE").all())
        self.assertEqual(b.done(tag).status, "OK")

    def test_news_from_before_idle_come_when_it_begins(self):
        a = self.filled(1)
        b = self.peer()
        b.ok("SELECT " + self.box)
        a.append(self.box, mail(2))
        tag = b.begin("IDLE")
        self.assertEqual(b.until("EXISTS").number("EXISTS"), 2)
        b.done(tag)

    def test_a_burst_arrives_whole(self):
        a = self.filled(0)
        b = self.peer()
        b.ok("SELECT " + self.box)
        tag = b.idle()
        tags = []
        for i in range(100):
            m = mail(i)
            t = "p%d" % i
            a.send(b"%s APPEND %s {%d+}\r\n%s\r\n" % (t.encode(), self.box.encode(), len(m), m))
            tags.append(t)
        for t in tags:
            self.assertEqual(a.wait(t).status, "OK")
        b.until("* 100 EXISTS")
        b.done(tag)
        self.assertEqual(len(b.ok("FETCH 1:* UID").of("FETCH")), 100)

    def test_idle_without_a_mailbox_and_twice(self):
        p = self.peer()
        for _ in range(3):
            self.assertEqual(p.done(p.idle()).status, "OK")
        p.ok("NOOP")

    def test_anything_but_done_ends_it(self):
        p = self.peer()
        tag = p.idle()
        p.send("NONSENSE\r\n")
        self.assertIn(p.wait(tag).status, ("BAD", "OK"))
        p.ok("NOOP")

    def test_done_may_be_sent_with_the_next_command(self):
        p = self.filled(1)
        p.send("i IDLE\r\nDONE\r\nn NOOP\r\n")
        self.assertTrue(p.line().startswith(b"+"))
        self.assertEqual(p.wait("i").status, "OK")
        self.assertEqual(p.wait("n").status, "OK")


if __name__ == "__main__":
    unittest.main()
