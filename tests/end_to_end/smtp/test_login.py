"""Logging in on the submission ports, and who may send as whom, to whom."""
import base64, hashlib, hmac, json
from post import *

HEAD = b"To: b\r\nSubject: s\r\n\r\n"


def b64(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def scram(c, mechanism, user, password):
    algorithm = "sha256" if "256" in mechanism else "sha1"
    gs2, binding = "n,,", b""
    bare = "n=%s,r=clientnonce" % user
    code, lines = c.cmd("AUTH %s %s" % (mechanism, b64(gs2 + bare)))
    if code != 334:
        return code, lines
    first = base64.b64decode(lines[0]).decode()
    f = dict(x.split("=", 1) for x in first.split(","))
    salted = hashlib.pbkdf2_hmac(algorithm, password.encode(), base64.b64decode(f["s"]), int(f["i"]))
    client_key = hmac.digest(salted, b"Client Key", algorithm)
    final = "c=%s,r=%s" % (b64(gs2.encode() + binding), f["r"])
    message = ",".join((bare, first, final)).encode()
    signature = hmac.digest(hashlib.new(algorithm, client_key).digest(), message, algorithm)
    proof = bytes(a ^ b for a, b in zip(client_key, signature))
    code, lines = c.cmd(b64(final + ",p=" + b64(proof)))
    if code != 334:
        return code, lines
    key = hmac.digest(salted, b"Server Key", algorithm)
    assert base64.b64decode(lines[0]) == b"v=" + base64.b64encode(hmac.digest(key, message, algorithm))
    return c.cmd("")


class Login(Case):
    def ports(self):
        yield self.client("submissions")
        c = self.client("submission")
        c.starttls()
        yield c

    def test_every_mechanism_on_both_ports(self):
        for c in self.ports():
            self.assertEqual(c.plain(U[0])[0], 235)
            self.assertEqual(c.plain(U[0])[0], 503)
            self.assertNotIn("AUTH", (c.hello(), c.keywords)[1])
        for c in self.ports():
            self.assertEqual(c.cmd("AUTH PLAIN")[0], 334)
            self.assertEqual(c.cmd(b64("\0%s\0%s" % (U[0], PASSWORD)))[0], 235)
        for c in self.ports():
            self.assertEqual(c.cmd("auth login"), (334, [b64("Username:")]))
            self.assertEqual(c.cmd(b64(U[0])), (334, [b64("Password:")]))
            self.assertEqual(c.cmd(b64(PASSWORD))[0], 235)
        for c in self.ports():
            self.assertEqual(c.cmd("AUTH LOGIN " + b64(U[0]))[0], 334)
            self.assertEqual(c.cmd(b64(PASSWORD))[0], 235)
        for c in self.ports():
            for m in [m for m in c.keywords["AUTH"] if m.startswith("SCRAM") and not m.endswith("PLUS")][:1]:
                self.assertEqual(scram(c, m, U[0], PASSWORD)[0], 235, m)
                self.assertEqual(c.cmd("MAIL FROM:<%s>" % U[0])[0], 250)

    def test_failures(self):
        c = self.client("submissions")
        self.assertEqual(scram(c, "SCRAM-SHA-256", U[0], "wrong")[0], 535)
        self.assertEqual(scram(c, "SCRAM-SHA-256", "nobody@" + DOMAIN, "wrong")[0], 535)
        c = self.client("submissions")
        known, unknown = c.plain(U[0], "wrong"), c.plain("nobody@" + DOMAIN, "wrong")
        self.assertEqual(known, unknown)
        self.assertEqual((known[0], known[1][0][:5]), (535, "5.7.8"))
        c = self.client("submissions")
        for line, code in (("AUTH", 501), ("AUTH FOO", 504), ("AUTH PLAIN !!!", 501), ("AUTH PLAIN =", 501), ("AUTH PLAIN " + b64("x"), 501)):
            self.assertEqual(c.cmd(line)[0], code, line)
        self.assertEqual(c.cmd("AUTH PLAIN")[0], 334)
        self.assertEqual(c.cmd("*")[0], 501)
        self.assertEqual(c.plain(U[0])[0], 235)

    def test_no_login_where_mail_comes_in(self):
        self.assertIn(self.client("smtp").plain(U[0])[0], (502, 503, 504, 530, 538))

    def test_frozen_and_disabled(self):
        who = U[3]
        try:
            for verb, rcpt in (("freeze", 250), ("disable", 550)):
                self.assertEqual(rookery("account", verb, who)[0], 0)
                self.assertEqual(self.client("submissions").plain(who)[0] // 100, 5, verb)
                self.assertEqual(self.client().envelope("", who), [250, rcpt], verb)
        finally:
            rookery("account", "enable", who)
        self.assertEqual(self.client("submissions").plain(who)[0], 235)

    def test_a_running_session_ends_its_rights_with_the_account(self):
        c = self.secure(U[3])
        try:
            self.assertEqual(rookery("account", "disable", U[3])[0], 0)
            # Either the session hears of it first, or MAIL finds it in the directory.
            self.assertIn(c.cmd("MAIL FROM:<%s>" % U[3])[0], (421, 550))
        finally:
            rookery("account", "enable", U[3])

    def test_senders(self):
        c = self.secure()
        for sender, code in ((U[0], 250), (U[0].upper(), 250), (U[0].replace("@", "+x@"), 250), (U[1], 550), ("a@there.test", 550)):
            got = c.cmd("MAIL FROM:<%s>" % sender)[0]
            self.assertEqual(got // 100, code // 100, sender)
            c.cmd("RSET")
        for field, code in ((U[0], 250), (U[1], 550), ("%s>, <%s" % (U[0], U[1]), 550)):
            self.assertEqual(c.envelope(U[0], U[1]), [250, 250])
            self.assertEqual(c.data(b"From: <%s>\r\n" % field.encode() + HEAD)[0], code, field)
        self.assertEqual(rookery("account", "change", U[0], "--may-send-as", "other@" + DOMAIN)[0], 0)
        self.assertEqual(c.cmd("MAIL FROM:<other@%s>" % DOMAIN)[0], 250)
        self.assertEqual(rookery("account", "change", U[0], "--may-send-as", "")[0], 0)

    def test_missing_fields_are_added(self):
        empty(U[1])
        c = self.secure()
        self.assertEqual(c.envelope(U[0], U[1]), [250, 250])
        self.assertEqual(c.data(b"Subject: bare\r\n\r\nx\r\n")[0], 250)
        m = self.only(U[1])
        for field in (b"Message-ID: <", b"Date: ", b"From: <" + U[0].encode(), b"with ESMTPSA"):
            self.assertIn(field, m)

    def test_mail_for_elsewhere_is_queued(self):
        c = self.secure()
        self.assertEqual(c.envelope(U[0], "far@elsewhere.example", U[1]), [250, 250, 250])
        code, text = c.data(b"From: " + U[0].encode() + b"\r\n" + HEAD)
        self.assertEqual(code, 250)
        end = time.time() + 5
        while "far@elsewhere.example" not in (listed := rookery("queue", "list", "--json")[1]) and time.time() < end:
            time.sleep(0.02)
        self.assertIn("far@elsewhere.example", listed)
        while "far@elsewhere.example" not in (shown := rookery("trace", text[0].split()[-1])[1]) and time.time() < end:
            time.sleep(0.02)
        self.assertIn("far@elsewhere.example", shown)
        for item in json.loads(listed):
            self.assertEqual(rookery("queue", "remove", item["id"])[0], 0)


class Routes(Case):
    def deliver(self, recipient, code=250):
        c = self.client()
        self.assertEqual(c.envelope("a@there.test", recipient), [250, code])
        if code == 250:
            self.assertEqual(c.data(HEAD + b"x\r\n")[0], 250)

    def count(self, user, folder, want, limit=5):
        end = time.time() + limit
        while folder_count(user, folder) != want and time.time() < end:
            time.sleep(0.01)
        self.assertEqual(folder_count(user, folder), want)

    def test_detail_folders(self):
        who = U[2]
        detail = who.replace("@", "+Lists@")
        empty(who)
        self.deliver(detail)
        self.only(who)
        rookery("account", "change", who, "--detail-folders", "existing")
        self.deliver(detail)
        self.count(who, "INBOX", 2)
        rookery("account", "change", who, "--detail-folders", "created")
        self.deliver(detail)
        self.count(who, "Lists", 1)
        for odd in ("../../etc/passwd", "a/b", "INBOX", "%", "x" * 200, "&-"):
            c = self.client()
            self.assertEqual(c.cmd("MAIL FROM:<a@there.test>")[0], 250)
            if c.cmd("RCPT TO:<\"%s+%s\"@%s>" % (who.split("@")[0], odd, DOMAIN))[0] == 250:
                self.assertEqual(c.data(HEAD)[0], 250, odd)
        rookery("account", "change", who, "--detail-folders", "")
        self.assertEqual(rookery("check")[0], 0)

    def test_alias_group_and_catch_all(self):
        for u in U[:3]:
            empty(u)
        self.deliver("info@" + DOMAIN, 550)
        self.assertEqual(rookery("alias", "add", "info@" + DOMAIN, U[0], U[1])[0], 0)
        self.deliver("info@" + DOMAIN)
        self.only(U[0]), self.only(U[1])
        self.assertEqual(rookery("alias", "remove", "info@" + DOMAIN)[0], 0)
        self.assertEqual(rookery("domain", "change", DOMAIN, "--catch-all", U[2])[0], 0)
        self.deliver("whoever@" + DOMAIN)
        self.only(U[2])
        self.assertEqual(rookery("domain", "change", DOMAIN, "--catch-all", "")[0], 0)
        self.deliver("whoever@" + DOMAIN, 550)


if __name__ == "__main__":
    unittest.main()
