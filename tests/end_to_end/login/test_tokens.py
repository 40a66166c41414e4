"""OAUTHBEARER and XOAUTH2 with signed tokens: right ones, wrong ones, and nothing of them in a log."""
import signal
from sessions import *

ISSUER, AUDIENCE = "https://id.example.test/", "mail"
UNAVAILABLE = {"imaps": "a NO [UNAVAILABLE]", "pop3s": "-ERR [SYS/TEMP]", "submissions": "454 4.7.0"}


class Tokens(LoginCase):
    accounts = 4

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        f = cls.node.folder
        cls.ec, cls.rsa, cls.other = key(f + "/ec.key"), key(f + "/rsa.key", "rsa"), key(f + "/other.key")
        cls.keys = f + "/keys.pem"
        open(cls.keys, "wb").write(openssl("pkey", "-in", cls.ec, "-pubout") + openssl("pkey", "-in", cls.rsa, "-pubout"))
        for name, value in (("keys_file", cls.keys), ("issuer", ISSUER), ("audience", AUDIENCE), ("scope", "mail.all"),
                            ("discovery", ISSUER + ".well-known/openid-configuration")):
            done = cls.node.run("settings", "set", "token." + name, value)
            assert done.returncode == 0, done.stdout

    def made(self, user=0, private=None, algorithm="ES256", **more):
        now = int(time.time())
        claims = dict(iss=ISSUER, aud=AUDIENCE, exp=now + 3600, iat=now, scope="openid mail.all", email=self.node.accounts[user])
        claims.update(more)
        return token(private or self.ec, algorithm, **{k: v for k, v in claims.items() if v is not None})

    def test_right_tokens(self):
        u1, u2 = self.node.accounts[:2]
        rs256 = self.made(private=self.rsa, algorithm="RS256")
        for service in SERVICES:
            self.assertEqual(self.session(service).mechanisms()[-2:], ["OAUTHBEARER", "XOAUTH2"])
            for t in (self.made(), rs256):
                for initial in (True, False):
                    self.assertIs(self.attempt(service, "OAUTHBEARER", lambda: oauthbearer(t), initial=initial), True, service)
                    self.assertIs(self.attempt(service, "XOAUTH2", lambda: xoauth2(u1, t), initial=initial), True, service)
            self.assertIs(self.attempt(service, "OAUTHBEARER", lambda: oauthbearer(self.made(1), u2)), True, service)

    def test_wrong_tokens(self):
        now = int(time.time())
        wrong = [("another key", self.made(private=self.other), ""), ("expired", self.made(exp=now - 3600), ""),
                 ("another audience", self.made(aud="web"), ""), ("no scope", self.made(scope=None), ""),
                 ("nobody here", self.made(email="nobody@" + self.node.domain), ""), ("another account", self.made(), self.node.accounts[1])]
        for (why, t, authzid), service in zip(wrong, SERVICES * 2):
            self.assertRefused(self.attempt(service, "OAUTHBEARER", lambda: oauthbearer(t, authzid)), service)
            self.assertEqual(json.loads(self.challenges[-1]), {"status": "invalid_token", "scope": "mail.all",
                                                            "openid-configuration": ISSUER + ".well-known/openid-configuration"}, why)
        self.assertRefused(self.attempt("imaps", "XOAUTH2", lambda: xoauth2(self.node.accounts[1], self.made())), "imaps")
        self.assertEqual(json.loads(self.challenges[-1]), {"status": "401", "schemes": "bearer", "scope": "mail.all"})

    def test_never_without_tls(self):
        s = self.session("imap", tls=False)
        offered = s.mechanisms()
        self.assertIn("PLAIN", offered)  # loopback
        self.assertNotIn("OAUTHBEARER", offered)
        self.assertTrue(s.login("OAUTHBEARER", oauthbearer(self.made())).startswith("a NO"))

    def test_a_frozen_account(self):
        t = self.made(2)
        self.verb("account", "freeze", self.node.accounts[2])
        self.addCleanup(self.verb, "account", "enable", self.node.accounts[2])
        answer = self.session("imaps").login("OAUTHBEARER", oauthbearer(t))
        self.assertTrue(answer is not True and answer.startswith("a NO [AUTHORIZATIONFAILED]"), answer)

    def test_curl(self):
        user, t = self.node.accounts[3], self.made(3)
        post = os.path.join(self.node.folder, "post.txt")
        open(post, "w").write("From: <%s>\r\nTo: <%s>\r\nSubject: by token\r\n\r\nHello.\r\n" % (user, self.node.accounts[1]))
        for url, more in (("imaps://127.0.0.1:%d/INBOX" % self.node.port("imaps"), []), ("pop3s://127.0.0.1:%d/" % self.node.port("pop3s"), []),
                          ("smtps://127.0.0.1:%d" % self.node.port("submissions"),
                           ["--mail-from", user, "--mail-rcpt", self.node.accounts[1], "--upload-file", post])):
            done = subprocess.run(["curl", "-sSk", "--max-time", "60", "--url", url, "--user", user, "--oauth2-bearer", t,
                                   "--login-options", "AUTH=OAUTHBEARER", *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.assertEqual(done.returncode, 0, (url, done.stdout))

    def test_no_token_in_a_log(self):
        t, bad = self.made(), self.made(private=self.other)
        self.assertIs(self.session("imaps").login("OAUTHBEARER", oauthbearer(t)), True)
        self.assertIsNot(self.session("imaps").login("OAUTHBEARER", oauthbearer(bad)), True)
        text = self.assertLogged("token: signature")
        for part in t.split(".") + bad.split("."):
            if len(part) > 40:  # the header alone is no secret
                self.assertNotIn(part, text)

    def test_keys_that_cannot_be_read_are_said_and_read_again(self):
        kept = open(self.keys, "rb").read()
        self.addCleanup(self.verb, "certificates", "reload")
        self.addCleanup(lambda: open(self.keys, "wb").write(kept))
        open(self.keys, "w").write("no key")
        self.verb("certificates", "reload")
        self.assertRefused(self.session("submissions").login("OAUTHBEARER", oauthbearer(self.made())), "submissions", UNAVAILABLE)
        open(self.keys, "wb").write(openssl("pkey", "-in", self.other, "-pubout"))
        self.verb("certificates", "reload")
        self.assertIs(self.session("submissions").login("OAUTHBEARER", oauthbearer(self.made(private=self.other))), True)
        self.assertLogged("token.keys_file")


class Off(LoginCase):
    def test_without_keys_nothing_is_offered(self):
        for service in SERVICES:
            s = self.session(service)
            self.assertFalse({"OAUTHBEARER", "XOAUTH2", "EXTERNAL", "SCRAM-SHA-1"} & set(s.mechanisms()))
            self.assertIsNot(s.login("OAUTHBEARER", oauthbearer("e30.e30.AAAA")), True)


if __name__ == "__main__":
    unittest.main()
