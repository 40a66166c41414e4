"""Logging in, bad input and bounds: each has its answer, and others are served on."""
import base64
from peer import *


class Login(Case):
    def test_wrong_passwords_and_unknown_users_look_alike(self):
        answers = []
        for user in (USERS[0], "nobody"):
            p = Peer()
            self.peers.append(p)
            a = p.cmd("LOGIN %s@%s wrong" % (user, DOMAIN))
            answers.append((a.status, a.text))
        self.assertEqual(answers[0], answers[1])
        self.assertIn("AUTHENTICATIONFAILED", answers[0][1])

    def test_authenticate_plain_with_and_without_initial_response(self):
        token = base64.b64encode(("\0%s@%s\0%s" % (USERS[0], DOMAIN, PASSWORD)).encode()).decode()
        p = Peer()
        self.peers.append(p)
        self.assertEqual(p.cmd("AUTHENTICATE PLAIN " + token).status, "OK")
        p = Peer()
        self.peers.append(p)
        tag = p.begin("AUTHENTICATE PLAIN")
        self.assertTrue(p.line().startswith(b"+"))
        p.send(token + "\r\n")
        self.assertEqual(p.wait(tag).status, "OK")

    def test_scram(self):
        import hashlib, hmac
        p = Peer()
        self.peers.append(p)
        user = "%s@%s" % (USERS[0], DOMAIN)
        bare = "n=%s,r=clientnonce" % user
        tag = p.begin("AUTHENTICATE SCRAM-SHA-256 " + base64.b64encode(("n,," + bare).encode()).decode())
        first = base64.b64decode(p.line()[2:]).decode()
        f = dict(x.split("=", 1) for x in first.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), base64.b64decode(f["s"]), int(f["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        final = "c=biws,r=" + f["r"]
        message = ",".join((bare, first, final)).encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature))).decode()
        p.send(base64.b64encode((final + ",p=" + proof).encode()) + b"\r\n")
        server = base64.b64decode(p.line()[2:])
        key = hmac.digest(salted, b"Server Key", "sha256")
        self.assertEqual(server, b"v=" + base64.b64encode(hmac.digest(key, message, "sha256")))
        p.send("\r\n")
        self.assertEqual(p.wait(tag).status, "OK")
        p.ok("SELECT INBOX")

    def test_commands_in_the_wrong_state(self):
        p = Peer()
        self.peers.append(p)
        for c in ("SELECT INBOX", "LIST \"\" *", "FETCH 1 FLAGS", "APPEND INBOX {5+}\r\nhello"):
            self.assertEqual(p.cmd(c).status, "BAD", c)


class Limits(Case):
    def test_nonsense_gets_bad_and_service_goes_on(self):
        p = self.filled(1)
        for c in ("FROB", "FETCH", "FETCH x FLAGS", "FETCH 1 BODY[", "STORE 1 FLAGS", "UID", "UID FROB", "SEARCH CHARSET", "LIST",
                  "FETCH 0 FLAGS", "FETCH 1 (FLAGS", "SELECT", "STATUS INBOX ()", "FETCH 4294967296 FLAGS", "LOGIN a b", "COPY 1"):
            self.assertEqual(p.cmd(c).status, "BAD", c)
        p.ok("NOOP")

    def test_a_line_without_end_is_bounded(self):
        p = self.peer()
        try:
            for _ in range(64):
                p.send(b"x" * 65536)
            p.send("\r\n")
            self.assertRegex(p.line(), rb"BAD|BYE")
            p.ok("NOOP")
        except (EOFError, ConnectionError):
            pass  # ending the connection is an answer too
        self.peer().ok("NOOP")

    def test_a_long_set_of_uids_is_taken(self):
        p = self.filled(2)
        a = p.ok("UID FETCH %s FLAGS" % ",".join(str(i) for i in range(1, 9000, 2)))
        self.assertEqual(len(a.of("FETCH")), 1)

    def test_one_octet_at_a_time(self):
        p = self.peer()
        for octet in b"o SELECT INBOX\r\n":
            p.send(bytes([octet]))
        self.assertEqual(p.wait("o").status, "OK")

    def test_errors_without_end_close_the_connection(self):
        p = self.peer()
        with self.assertRaises((EOFError, OSError)):
            for _ in range(10000):
                p.cmd("NONSENSE")

    def test_a_slow_reader_does_not_hold_others(self):
        p = self.filled(1, selected=False)
        big = mail(2, "y" * 3000000)
        p.append(self.box, big)
        slow = self.peer()
        slow.ok("SELECT " + self.box)
        for i in range(20):
            slow.send("s%d FETCH 2 BODY.PEEK[]\r\n" % i)
        begin = time.time()
        for _ in range(200):
            p.ok("NOOP")
        self.assertLess(time.time() - begin, 5)
        for i in range(20):
            self.assertEqual(slow.wait("s%d" % i).literals()[0], big)

    def test_compression(self):
        p = self.filled(3)
        self.assertEqual(p.cmd("COMPRESS DEFLATE").status, "OK")
        p.inflate, p.deflate = zlib.decompressobj(-15), zlib.compressobj(9, zlib.DEFLATED, -15)
        self.assertEqual(p.ok("FETCH 1:* BODY.PEEK[]").literals(), [mail(1), mail(2), mail(3)])
        big = mail(4, "compressible " * 200000)
        self.assertEqual(p.append(self.box, big).status, "OK")
        self.assertEqual(p.ok("FETCH 4 BODY.PEEK[]").literals(), [big])
        self.assertNotIn(b"COMPRESS", p.ok("CAPABILITY").all())
        self.assertIn(p.cmd("COMPRESS DEFLATE").status, ("NO", "BAD"))

    def test_logout_says_bye(self):
        p = self.peer()
        a = p.ok("LOGOUT")
        self.assertTrue(a.of("BYE"))
        with self.assertRaises(EOFError):
            p.line()

    def test_id_and_capabilities(self):
        p = self.peer()
        self.assertIn(b'"name"', p.ok('ID ("name" "test")').all().lower())
        caps = p.ok("CAPABILITY").all().split()
        for c in (b"IMAP4rev1 IMAP4rev2 IDLE NAMESPACE ID ENABLE SASL-IR UNSELECT UIDPLUS MOVE CHILDREN LIST-EXTENDED LIST-STATUS "
                  b"SPECIAL-USE CREATE-SPECIAL-USE CONDSTORE QRESYNC ESEARCH SEARCHRES WITHIN SORT SORT=DISPLAY THREAD=REFERENCES "
                  b"THREAD=ORDEREDSUBJECT MULTIAPPEND BINARY STATUS=SIZE QUOTA COMPRESS=DEFLATE OBJECTID SAVEDATE PREVIEW UTF8=ACCEPT").split():
            self.assertIn(c, caps)


if __name__ == "__main__":
    unittest.main()
