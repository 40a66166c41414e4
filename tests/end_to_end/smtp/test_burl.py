"""Mail that is sent out of the mailbox where it lies (BURL): nothing of it comes down to the client."""
import random
from post import *

DRAFT = (b"From: %s\r\nTo: %s\r\nSubject: Out of a mailbox\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
         b"--x\r\n\r\nThe text.\r\n--x\r\nContent-Type: application/octet-stream\r\n\r\n%s\r\n--x--\r\n")


class Burl(Case):
    def setUp(self):
        super().setUp()
        self.imap = imaplib.IMAP4(HOST, port("imap"))
        self.imap.login(U[0], PASSWORD)

    def tearDown(self):
        self.imap.shutdown()
        super().tearDown()

    def stored(self, message):
        """Puts it into a folder; gives the URL without its authorization."""
        self.imap.create("burl")
        done = self.imap.append("burl", None, None, message)
        uid = done[1][0].split(b"]")[0].split()[-1].decode()
        return "imap://%s@localhost/burl/;UID=%s" % (U[0].replace("@", "%40"), uid)

    def authorized(self, url, access):
        self.imap.xatom("GENURLAUTH", '"%s;URLAUTH=%s"' % (url, access), "INTERNAL")
        return self.imap._untagged_response("OK", [None], "GENURLAUTH")[1][-1].decode().split('"')[1]

    def submission(self):
        c = self.client("submissions")
        self.assertEqual(c.keywords["BURL"], ["imap"])
        self.assertEqual(c.plain(U[0])[0], 235)
        c.hello()
        self.assertEqual(c.keywords["BURL"], ["imap", "imap://mail." + DOMAIN])
        return c

    def test_a_draft_is_sent_from_its_folder(self):
        message = DRAFT % (U[0].encode(), U[1].encode(), bytes(random.Random(9).choices(b"abcdefgh", k=70)) + b"\r\n" * 3)
        url = self.authorized(self.stored(message), "submit+" + U[0].replace("@", "%40"))
        before = len(messages(U[1]))
        c = self.submission()
        self.assertEqual(c.envelope(U[0], U[1]), [250, 250])
        self.assertEqual(c.cmd("BURL %s LAST" % url)[0], 250)
        self.assertTrue(arrived(U[1], before + 1)[-1].endswith(message))

    def test_parts_and_texts_in_turn_and_large_ones(self):
        line = bytes(random.Random(4).choices(b"0123456789", k=76)) + b"\r\n"
        message = DRAFT % (U[0].encode(), U[1].encode(), line * 20000)
        base = self.stored(message)
        user = "submit+" + U[0].replace("@", "%40")
        head, part = self.authorized(base + "/;SECTION=HEADER", user), self.authorized(base + "/;SECTION=2", user)
        fields = self.authorized(base + "/;SECTION=HEADER.FIELDS%20(SUBJECT)/;PARTIAL=0.10", user)
        before = len(messages(U[1]))
        c = self.submission()
        self.assertEqual(c.envelope(U[0], U[1]), [250, 250])
        self.assertEqual(c.cmd("BURL " + head)[0], 250)
        text = b"--x\r\n\r\nOther text.\r\n--x\r\n\r\n"
        c.send(b"BDAT %d\r\n" % len(text) + text)
        self.assertEqual(c.answer()[0], 250)
        self.assertEqual(c.cmd("BURL " + part)[0], 250)
        self.assertEqual(c.cmd("BURL " + fields)[0], 250)
        c.send(b"BDAT 11 LAST\r\n\r\n--x--\r\n\r\n")
        self.assertEqual(c.answer()[0], 250)
        expected = message[:message.index(b"\r\n\r\n") + 4] + text + line * 20000 + b"Subject: O\r\n--x--\r\n\r\n"
        got = arrived(U[1], before + 1)[-1]
        self.assertEqual(len(got[got.index(b"From: " + U[0].encode()):]), len(expected))
        self.assertTrue(got.endswith(expected))

    def test_what_may_not_be_sent(self):
        base = self.stored(DRAFT % (U[0].encode(), U[1].encode(), b"x"))
        good = self.authorized(base, "submit+" + U[0].replace("@", "%40"))
        for url, enhanced in ((base, "5.7.14"), (good[:-1] + ("0" if good[-1] != "0" else "1"), "5.6.6"), (good.replace("UID=", "UID=9"), "5.6.6"),
                              (self.authorized(base, "submit+" + U[1].replace("@", "%40")), "5.6.6"),
                              (self.authorized(base, "user+" + U[0].replace("@", "%40")), "5.6.6"), ("/burl/;UID=1", "5.5.4"), ("nonsense", "5.5.4")):
            c = self.submission()
            self.assertEqual(c.envelope(U[0], U[1]), [250, 250])
            code, lines = c.cmd("BURL %s LAST" % url)
            self.assertEqual((code, lines[0].split()[0]), (554, enhanced), url)
            # The message is over; the session is not.
            c.send("BDAT 3 LAST\r\nabc")
            self.assertEqual(c.answer()[0], 503)
            self.assertEqual(c.envelope(U[0], U[1]), [250, 250])
            c.close()
        c = self.submission()
        c.envelope(U[0], U[1])
        self.assertEqual(c.cmd("BURL %s LAST" % self.authorized(base, "authuser"))[0], 250)
        # URLFETCH is no submission server.
        self.imap.xatom("URLFETCH", '"%s"' % good)
        self.assertTrue(self.imap._untagged_response("OK", [None], "URLFETCH")[1][-1].endswith(b" NIL"))

    def test_other_services_do_not_know_it(self):
        c = self.client("smtp")
        self.assertNotIn("BURL", c.keywords)
        self.assertEqual(c.cmd("BURL imap://a@b/INBOX/;UID=1 LAST")[0], 502)


if __name__ == "__main__":
    unittest.main()
