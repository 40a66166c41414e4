"""Messages from parts of others (CATENATE), and parts that others may read by a URL (URLAUTH)."""
import imaplib, random, re
from peer import *

MIXED = (b"From: ann@outside.test\r\nSubject: Two parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
         b"--x\r\nContent-Type: text/plain\r\n\r\nFirst part.\r\n"
         b"--x\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nAAECAwQ=\r\n"
         b"--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: Inner\r\nContent-Type: text/plain\r\n\r\nInner text.\r\n--x--\r\n")


def url_of(user, box, uid, rest="", access="authuser"):
    return "imap://%s@%s/%s/;UID=%d%s;URLAUTH=%s" % ((user + "@" + DOMAIN).replace("@", "%40"), "localhost", box, uid, rest, access)


class Urls(Case):
    def catenate(self, p, box, parts, before=""):
        """`parts`: str is a URL, bytes a text."""
        tag = "c%d" % next(p.tags)
        p.send("%s APPEND %s %sCATENATE (" % (tag, box, before))
        for i, part in enumerate(parts):
            p.send(" " * (i > 0) + ('URL "%s"' % part if isinstance(part, str) else "TEXT {%d+}\r\n" % len(part)))
            if not isinstance(part, str):
                p.send(part)
        p.send(")\r\n")
        return p.wait(tag)

    def octets(self, p, uid, section=""):
        return p.ok("UID FETCH %d BODY.PEEK[%s]" % (uid, section)).literals()[0]


class Catenate(Urls):
    def test_texts_and_sections_make_a_message(self):
        p = self.peer()
        self.assertEqual(p.append(self.box, MIXED).status, "OK")
        a = p.ok("SELECT " + self.box)
        validity = a.code("UIDVALIDITY")
        whole = self.octets(p, 1)
        self.assertEqual(whole, MIXED)
        sections = {s: self.octets(p, 1, s) for s in ("HEADER", "TEXT", "1", "2", "3", "3.HEADER", "3.TEXT", "3.1", "1.MIME", "HEADER.FIELDS (SUBJECT)")}
        parts, expected = [], b""
        for section, octets in sections.items():
            where = section.replace(" ", "%20")
            parts += ["/%s;UIDVALIDITY=%s/;UID=1/;SECTION=%s" % (self.box, validity, where), b"<" + section.encode() + b">\r\n"]
            expected += octets + b"<" + section.encode() + b">\r\n"
        parts += ["/%s/;UID=1" % self.box, ";UID=1/;PARTIAL=3.7", ";UID=1/;SECTION=TEXT/;PARTIAL=5"]
        expected += whole + whole[3:10] + sections["TEXT"][5:]
        a = self.catenate(p, self.box, parts, '(\\Seen \\Draft) "02-Nov-2002 22:17:00 -0800" ')
        self.assertEqual(a.status, "OK", a)
        uid = int(a.code("APPENDUID").split()[1])
        self.assertEqual(self.octets(p, uid), expected)
        row = p.ok("UID FETCH %d (FLAGS INTERNALDATE RFC822.SIZE)" % uid).all()
        self.assertIn(b"\\Draft", row)
        self.assertIn(b'" 3-Nov-2002 06:17:00 +0000"', row)
        self.assertIn(b"RFC822.SIZE %d" % len(expected), row)

    def test_large_parts_and_many_messages(self):
        p = self.peer()
        body = bytes(random.Random(4).choices(b"abcdefgh \n".replace(b"\n", b"x"), k=1000000))
        self.assertEqual(p.append(self.box, b"Subject: large\r\n\r\n" + body).status, "OK")
        url = "/%s/;UID=1/;SECTION=TEXT" % self.box
        a = self.catenate(p, self.box, [b"Subject: three\r\n\r\n", url, url, url])
        self.assertEqual(a.status, "OK", a)
        tag = "m1"
        p.send("%s APPEND %s {5+}\r\nA: b\n CATENATE (URL %s TEXT {2+}\r\nxy) CATENATE (URL %s)\r\n" % (tag, self.box, url, url))
        a = p.wait(tag)
        self.assertEqual(a.status, "OK", a)
        p.ok("SELECT " + self.box)
        self.assertEqual(self.octets(p, 2), b"Subject: three\r\n\r\n" + 3 * body)
        self.assertEqual([self.octets(p, u) for u in (3, 4, 5)], [b"A: b\n", body + b"xy", body])

    def test_refusals_name_the_url_and_store_nothing(self):
        p = self.filled(1, selected=False)
        for bad in ("/%s/;UID=2" % self.box, "/%s;UIDVALIDITY=1/;UID=1" % self.box, "/nowhere/;UID=1", ";UID=1", "/%s/;UID=1/;SECTION=9" % self.box,
                    "imap://elsewhere.test/%s/;UID=1" % self.box, "imap://%s@localhost/%s/;UID=1" % (USERS[1], self.box), "http://localhost/x",
                    "/%s/;UID=1/;SECTION=1]" % self.box):
            a = self.catenate(p, self.box, [b"Subject: x\r\n\r\n", bad, b"more text"])
            self.assertEqual((a.status, a.code("BADURL")), ("NO", '"%s"' % bad.replace("]", "%5D")), a)
        self.assertEqual(self.catenate(p, self.box, [b""]).code("CANNOT"), "")
        self.assertEqual(self.catenate(p, self.box + "-gone", [b"x"]).code("TRYCREATE"), "")
        self.assertIn(b"MESSAGES 1", p.ok("STATUS %s (MESSAGES)" % self.box).all())
        # The whole of a MULTIAPPEND is taken back.
        p.send("m1 APPEND %s {3+}\r\nabc CATENATE (URL /%s/;UID=77)\r\n" % (self.box, self.box))
        self.assertEqual(p.wait("m1").status, "NO")
        self.assertIn(b"MESSAGES 1", p.ok("STATUS %s (MESSAGES)" % self.box).all())

    def test_rights_of_the_reader_decide(self):
        ann, bob = self.filled(1, selected=False), self.peer(USERS[1])
        name = "Other Users/%s@%s/%s" % (USERS[0], DOMAIN, self.box)
        url = "/%s/;UID=1" % name.replace(" ", "%20")
        self.assertEqual(self.catenate(bob, "INBOX", [url]).status, "NO")
        ann.ok('SETACL %s "%s@%s" l' % (self.box, USERS[1], DOMAIN))
        self.assertEqual(self.catenate(bob, "INBOX", [url]).status, "NO")
        ann.ok('SETACL %s "%s@%s" lr' % (self.box, USERS[1], DOMAIN))
        a = self.catenate(bob, "INBOX", [url])
        self.assertEqual(a.status, "OK", a)
        uid = int(a.code("APPENDUID").split()[1])
        bob.ok("SELECT INBOX")
        self.assertEqual(self.octets(bob, uid), mail(1))
        # The selected mailbox is another's.
        bob.ok('SELECT "%s"' % name)
        self.assertEqual(self.catenate(bob, "INBOX", [";UID=1"]).status, "OK")
        ann.ok('DELETEACL %s "%s@%s"' % (self.box, USERS[1], DOMAIN))
        self.assertEqual(self.catenate(bob, "INBOX", [";UID=1"]).status, "NO")

    def test_replace_takes_parts(self):
        p = self.filled(1)
        p.send("r1 UID REPLACE 1 %s CATENATE (URL ;UID=1 TEXT {4+}\r\nmore)\r\n" % self.box)
        a = p.wait("r1")
        self.assertEqual(a.status, "OK", a)
        self.assertEqual(self.octets(p, 2), mail(1) + b"more")
        self.assertEqual(p.ok("UID SEARCH ALL").numbers(), [2])

    def test_with_another_client(self):
        self.filled(1, selected=False)
        c = imaplib.IMAP4(HOST, PORT)
        c.login("%s@%s" % (USERS[0], DOMAIN), PASSWORD)
        offered = c.capability()[1][0].split()
        for name in (b"CATENATE", b"URLAUTH", b"URLAUTH=BINARY", b"URL-PARTIAL"):
            self.assertIn(name, offered)
        # It knows neither command: they go as they are.
        self.assertEqual(c._simple_command("APPEND", self.box, "CATENATE (URL /%s/;UID=1/;PARTIAL=0.10)" % self.box)[0], "OK")
        c.select(self.box)
        self.assertEqual(c.uid("FETCH", "2", "(BODY[])")[1][0][1], mail(1)[:10])
        c.logout()


class Authorized(Urls):
    def make(self, p, *urls):
        a = p.ok("GENURLAUTH " + " ".join('"%s" INTERNAL' % u for u in urls))
        return [u.decode() for u in re.findall(rb'"([^"]*)"', a.of("GENURLAUTH")[0])]

    def get(self, p, url):
        a = p.ok('URLFETCH "%s"' % url)
        line = a.of("URLFETCH")[0]
        if line.endswith(b" NIL\r\n"):
            return None
        return a.literals()[0]

    def test_who_may_use_what(self):
        ann, bob = self.filled(2), self.peer(USERS[1])
        me = "%s%%40%s" % (USERS[1], DOMAIN)
        everybody, users, for_bob, for_ann, submit, anonymous = self.make(
            ann, url_of(USERS[0], self.box, 1), url_of(USERS[0], self.box, 2, "/;SECTION=TEXT"), url_of(USERS[0], self.box, 1, access="user+" + me),
            url_of(USERS[0], self.box, 1, access="user+" + USERS[0] + "%40" + DOMAIN), url_of(USERS[0], self.box, 1, access="submit+" + me),
            url_of(USERS[0], self.box, 1, access="anonymous"))
        self.assertRegex(everybody, r";URLAUTH=authuser:internal:[0-9a-f]{64}$")
        self.assertEqual(self.get(bob, everybody), mail(1))
        self.assertEqual(self.get(bob, users), b"Some words.\r\n")
        self.assertEqual(self.get(bob, for_bob), mail(1))
        self.assertEqual(self.get(bob, anonymous), mail(1))
        self.assertIsNone(self.get(bob, for_ann))
        self.assertIsNone(self.get(bob, submit))
        self.assertEqual(self.get(ann, for_ann), mail(1))
        self.assertIsNone(self.get(ann, for_bob))
        # Several in one command, some of them not good.
        a = bob.ok('URLFETCH "%s" "%s" nonsense' % (everybody, for_ann))
        self.assertEqual([l.endswith(b" NIL\r\n") for l in a.of("URLFETCH")], [False, True, True])
        # Nothing of it can be changed.
        for wrong in (everybody[:-1] + ("0" if everybody[-1] != "0" else "1"), everybody.replace("UID=1", "UID=2"), users.replace("SECTION=TEXT", "SECTION=1"),
                      for_ann.replace(USERS[0] + "%40" + DOMAIN + ":", me + ":"), everybody.replace("authuser", "anonymous"), everybody.replace("localhost", "127.0.0.1"),
                      everybody[:everybody.rindex(":")], everybody.replace("internal", "external")):
            self.assertIsNone(self.get(bob, wrong), wrong)
        # CATENATE takes them too.
        a = self.catenate(bob, "INBOX", [everybody, b"and more"])
        self.assertEqual(a.status, "OK", a)
        self.assertEqual(self.catenate(bob, "INBOX", [for_ann]).code("BADURL"), '"%s"' % for_ann)

    def test_keys_are_taken_back(self):
        ann, bob = self.filled(1), self.peer(USERS[1])
        other = self.box + "-b"
        ann.ok("CREATE " + other)
        ann.append(other, mail(3))
        first, second = self.make(ann, url_of(USERS[0], self.box, 1), url_of(USERS[0], other, 1))
        self.assertEqual((self.get(bob, first), self.get(bob, second)), (mail(1), mail(3)))
        self.assertEqual(ann.ok("RESETKEY %s INTERNAL" % self.box).code("URLMECH"), "INTERNAL")
        self.assertEqual((self.get(bob, first), self.get(bob, second)), (None, mail(3)))
        first, = self.make(ann, url_of(USERS[0], self.box, 1))
        self.assertEqual(self.get(bob, first), mail(1))
        ann.ok("RESETKEY")
        self.assertEqual((self.get(bob, first), self.get(bob, second)), (None, None))
        first, = self.make(ann, url_of(USERS[0], self.box, 1))
        self.assertEqual(self.get(bob, first), mail(1))
        # A mailbox of the same name is another.
        ann.ok("RENAME %s %s-c" % (self.box, self.box))
        self.assertIsNone(self.get(bob, first))
        ann.ok("CREATE " + self.box)
        ann.append(self.box, mail(5))
        self.assertIsNone(self.get(bob, first))
        self.assertEqual(ann.cmd("RESETKEY nowhere").status, "NO")
        self.assertEqual(ann.cmd("RESETKEY %s XSAMPLE" % self.box).status, "NO")
        # The keys are no annotation that anybody can see.
        self.assertNotIn(b"urlauth", ann.ok('GETMETADATA (DEPTH infinity) "" (/private /shared)').all() +
                         ann.ok('GETMETADATA (DEPTH infinity) %s-c (/private /shared)' % self.box).all())

    def test_other_sessions_hear_of_a_new_key(self):
        ann, other, elsewhere, bob = self.filled(1), self.peer(), self.peer(), self.peer(USERS[1])
        ann.ok("SETACL %s %s lr" % (self.box, USERS[1]))
        other.ok("SELECT " + self.box)
        elsewhere.ok("SELECT INBOX")
        bob.ok('SELECT "Other Users/%s@%s/%s"' % (USERS[0], DOMAIN, self.box))
        tag = other.idle()
        told = ann.ok("RESETKEY " + self.box)
        self.assertNotIn(b"URLMECH", told.all(), "the tagged answer says it")
        self.assertIn(b"[URLMECH INTERNAL]", other.until("OK").all())
        other.done(tag)
        self.assertNotIn(b"URLMECH", other.ok("NOOP").all())
        for p in (elsewhere, bob):
            self.assertNotIn(b"URLMECH", p.ok("NOOP").all())

    def test_what_cannot_be_authorized_is_bad(self):
        ann = self.filled(1)
        for bad in (url_of(USERS[1], self.box, 1), url_of(USERS[0], "nowhere", 1), url_of(USERS[0], self.box, 1).replace("localhost", "elsewhere.test"),
                    url_of(USERS[0], self.box, 1).split(";URLAUTH")[0], "/%s/;UID=1" % self.box, "nonsense"):
            self.assertEqual(ann.cmd('GENURLAUTH "%s" INTERNAL' % bad).status, "BAD", bad)
        self.assertEqual(ann.cmd('GENURLAUTH "%s" XSAMPLE' % url_of(USERS[0], self.box, 1)).status, "BAD")

    def test_they_expire(self):
        ann = self.filled(1)
        old, new = self.make(ann, url_of(USERS[0], self.box, 1, ";EXPIRE=2020-01-01T00:00:00Z"), url_of(USERS[0], self.box, 1, ";EXPIRE=2199-01-01T00:00:00Z"))
        self.assertEqual((self.get(ann, old), self.get(ann, new)), (None, mail(1)))

    def test_rights_of_who_authorized_decide(self):
        ann, bob, eve = self.filled(1), self.peer(USERS[1]), self.peer(USERS[2])
        name = ("Other Users/%s@%s/%s" % (USERS[0], DOMAIN, self.box)).replace(" ", "%20")
        self.assertEqual(bob.cmd('GENURLAUTH "%s" INTERNAL' % url_of(USERS[1], name, 1)).status, "BAD")
        ann.ok('SETACL %s "%s@%s" lr' % (self.box, USERS[1], DOMAIN))
        made, = self.make(bob, url_of(USERS[1], name, 1))
        self.assertEqual(self.get(eve, made), mail(1))
        ann.ok('DELETEACL %s "%s@%s"' % (self.box, USERS[1], DOMAIN))
        self.assertIsNone(self.get(eve, made))

    def test_forms_of_octets(self):
        ann = self.peer()
        ann.append(self.box, MIXED)
        whole, first, second, inner, header = self.make(ann, *[url_of(USERS[0], self.box, 1, rest) for rest in
            ("", "/;SECTION=1", "/;SECTION=2", "/;SECTION=3.1", "/;SECTION=HEADER")])
        self.assertEqual(self.get(ann, second), b"AAECAwQ=")
        a = ann.ok('URLFETCH ("%s" BODYPARTSTRUCTURE BINARY) ("%s" BODY) ("%s" BODYPARTSTRUCTURE)' % (second, first, inner))
        binary, body, structure = a.of("URLFETCH")
        self.assertIn(b'(BODYPARTSTRUCTURE ("application" "octet-stream" NIL NIL NIL "binary" 5', binary.lower().replace(b"bodypartstructure", b"BODYPARTSTRUCTURE").replace(b"nil", b"NIL"))
        self.assertTrue(binary.endswith(b" (BINARY ~{5}\r\n\0\1\2\3\4)\r\n"), binary)
        self.assertTrue(body.endswith(b" (BODY {11}\r\nFirst part.)\r\n"), body)
        self.assertIn(b'(bodypartstructure ("text" "plain"', structure.lower())
        a = ann.ok('URLFETCH ("%s" BODYPARTSTRUCTURE) ("%s" BODYPARTSTRUCTURE)' % (whole, header))
        self.assertIn(b'"mixed"', a.of("URLFETCH")[0].lower())
        self.assertIn(b"(BODYPARTSTRUCTURE NIL)", a.of("URLFETCH")[1])


if __name__ == "__main__":
    unittest.main()
