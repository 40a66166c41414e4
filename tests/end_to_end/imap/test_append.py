"""APPEND, MULTIAPPEND, literals of all kinds, refusals."""
from peer import *


class Append(Case):
    def test_appenduid_names_the_message(self):
        p = self.peer()
        validity = p.ok("SELECT " + self.box).code("UIDVALIDITY")
        a = p.append(self.box, mail(1), "(\\Seen) ")
        self.assertEqual(a.code("APPENDUID"), validity + " 1")
        self.assertEqual(a.number("EXISTS"), 1)

    def test_a_synchronizing_literal_is_asked_for(self):
        p = self.peer()
        m = mail(1)
        p.send("s APPEND %s {%d}\r\n" % (self.box, len(m)))
        self.assertTrue(p.line().startswith(b"+"))
        p.send(m + b"\r\n")
        self.assertEqual(p.wait("s").status, "OK")

    def test_a_missing_mailbox_says_trycreate_before_the_message_is_sent(self):
        p = self.peer()
        p.send("s APPEND %s/none {1000}\r\n" % self.box)
        a = p.wait("s")
        self.assertEqual((a.status, a.text[:11]), ("NO", "[TRYCREATE]"))
        self.assertEqual(p.append(self.box + "/none", mail(1)).status, "NO")
        p.ok("NOOP")

    def test_many_messages_in_one_append_are_all_or_none(self):
        p = self.peer()
        a, b = mail(1), mail(2)
        p.send(b"m APPEND %s (\\Seen) {%d+}\r\n%s (\\Flagged) \"01-Jan-2020 00:00:00 +0000\" {%d+}\r\n%s\r\n" % (
            self.box.encode(), len(a), a, len(b), b))
        answer = p.wait("m")
        self.assertRegex(answer.code("APPENDUID"), r"^\d+ 1:2$")
        p.ok("SELECT " + self.box)
        self.assertEqual(p.ok("FETCH 1:2 BODY.PEEK[]").literals(), [a, b])
        self.assertEqual(p.ok("SEARCH FLAGGED").numbers(), [2])
        p.send(b"m APPEND %s {%d+}\r\n%s {%d+}\r\n" % (self.box.encode(), len(a), a, 900000000))
        answer = p.until("m ")
        self.assertRegex(answer.all(), rb"m (NO|BAD)|BYE")
        self.assertEqual(self.peer().ok("STATUS %s (MESSAGES)" % self.box).of("STATUS")[0].split()[-1], b"2)")

    def test_a_message_too_big_is_refused_at_once(self):
        p = self.peer()
        limit = int(re.search(rb"APPENDLIMIT=(\d+)", p.ok("CAPABILITY").all()).group(1))
        p.send("s APPEND %s {%d}\r\n" % (self.box, limit + 1))
        a = p.wait("s")
        self.assertEqual(a.status, "NO")
        self.assertRegex(a.text, r"TOOBIG|LIMIT")
        p.ok("NOOP")

    def test_a_connection_lost_in_the_middle_leaves_nothing(self):
        p = Peer(USERS[0])
        p.send(b"s APPEND %s {400000+}\r\n" % self.box.encode() + b"x" * 300000)
        p.close()
        q = self.peer()
        self.assertEqual(q.ok("SELECT " + self.box).number("EXISTS"), 0)

    def test_binary_literals_may_hold_nul(self):
        p = self.peer()
        m = mail(1).replace(b"Subject:", b"Content-Transfer-Encoding: binary\r\nSubject:") + b"zero: \0 end\r\n"
        for sent, status in ((b"~{%d+}" % len(m), "OK"), (b"{%d+}" % len(m), "BAD")):
            p.send(b"b APPEND %s %s\r\n%s\r\n" % (self.box.encode(), sent, m))
            self.assertEqual(p.wait("b").status, status)
        p.ok("SELECT " + self.box)
        text = m[m.index(b"\r\n\r\n") + 4:]
        self.assertEqual(p.ok("FETCH 1 BINARY.PEEK[1]").literals()[0], text)
        # An ordinary literal cannot hold it; all else keeps its place.
        self.assertEqual(p.ok("FETCH 1 BODY.PEEK[]").literals()[0], m.replace(b"\0", b"\x80"))
        self.assertEqual(p.ok("FETCH 1 BODY.PEEK[TEXT]").literals()[0], text.replace(b"\0", b"\x80"))

    def test_utf8_messages(self):
        p = self.peer()
        p.ok("ENABLE UTF8=ACCEPT")
        m = mail(1).replace(b"Subject: Message", "Subject: Grüße".encode())
        p.send(b"b APPEND %s UTF8 (~{%d+}\r\n%s)\r\n" % (self.box.encode(), len(m), m))
        self.assertEqual(p.wait("b").status, "OK")
        p.ok("SELECT " + self.box)
        self.assertEqual(p.ok("FETCH 1 BODY.PEEK[]").literals()[0], m)

    def test_large_messages_from_several_clients_at_once(self):
        import threading
        messages = [mail(i, ("%d " % i) * 400000) for i in range(4)]
        faults = []

        def send(m):
            try:
                p = self.peer()
                a = p.append(self.box, m)
                if a.status != "OK":
                    faults.append(a)
            except Exception as e:
                faults.append(e)
        threads = [threading.Thread(target=send, args=(m,)) for m in messages]
        [t.start() for t in threads]
        [t.join() for t in threads]
        self.assertEqual(faults, [])
        p = self.peer()
        p.ok("SELECT " + self.box)
        self.assertEqual(sorted(p.ok("FETCH 1:* BODY.PEEK[]").literals()), sorted(messages))


if __name__ == "__main__":
    unittest.main()
