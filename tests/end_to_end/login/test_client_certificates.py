"""EXTERNAL: certificates that an account has, and those that an authority vouches for."""
from sessions import *

V = ssl.TLSVersion


class ClientCertificates(LoginCase):
    accounts = 5

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        f = cls.node.folder
        cls.authority = certificate(f, "authority")
        cls.own = certificate(f, "own")
        cls.vouched = certificate(f, "vouched", cls.node.accounts[1], cls.authority)
        cls.strange = certificate(f, "strange", cls.node.accounts[1])
        for service in ("imap", "pop3", "submission"):
            done = cls.node.run("settings", "set", service + ".client_certificates", "on")
            assert done.returncode == 0, done.stdout
        assert cls.node.run("settings", "set", "tls.client_ca_file", cls.authority[0]).returncode == 0
        assert cls.node.run("account", "certificate", "add", cls.node.accounts[0], cls.own[0]).returncode == 0

    def test_a_certificate_of_the_account_opens_it(self):
        u1, u2 = self.node.accounts[:2]
        for service in SERVICES:
            for version in (V.TLSv1_2, V.TLSv1_3):
                self.assertEqual(self.session(service, self.own, version=version).mechanisms()[0], "EXTERNAL")
                self.assertIs(self.attempt(service, "EXTERNAL", external, self.own, version=version), True, (service, version))
            self.assertIs(self.attempt(service, "EXTERNAL", lambda: external(u1), self.own), True, service)
            self.assertIs(self.attempt(service, "EXTERNAL", lambda: external(), self.own, initial=False), True, service)
        self.assertRefused(self.attempt("imaps", "EXTERNAL", lambda: external(u2), self.own), "imaps")

    def test_who_has_none_logs_in_as_always(self):
        for service in SERVICES:
            s = self.session(service)
            self.assertNotIn("EXTERNAL", s.mechanisms())
            self.assertIsNot(s.login("EXTERNAL", external()), True, service)
            plain = "\0%s\0%s" % (self.node.accounts[0], self.node.password)
            self.assertIs(self.attempt(service, "PLAIN", lambda: iter([plain]), self.strange), True, service)

    def test_an_authority_vouches_for_addresses(self):
        u2 = self.node.accounts[1]
        for service in SERVICES:
            self.assertIs(self.attempt(service, "EXTERNAL", lambda: external(), self.vouched), True, service)
        self.assertIs(self.attempt("imaps", "EXTERNAL", lambda: external(u2), self.vouched), True)
        # The same address, but nobody vouches for it.
        self.assertRefused(self.attempt("pop3s", "EXTERNAL", lambda: external(u2), self.strange), "pop3s")
        self.assertLogged("certificate is not of this account")

    def test_one_certificate_of_two_accounts_needs_a_name(self):
        u3, u4 = self.node.accounts[2:4]
        both = certificate(self.node.folder, "both")
        fingerprint = openssl("x509", "-in", both[0], "-noout", "-fingerprint", "-sha256").decode().split("=")[1].strip()
        for user in (u3, u4):
            self.verb("account", "certificate", "add", user, fingerprint, "--note", "of both")
        self.assertRefused(self.attempt("imaps", "EXTERNAL", lambda: external(), both), "imaps")
        for user in (u3, u4):
            self.assertIs(self.attempt("imaps", "EXTERNAL", lambda: external(user), both), True, user)
        rows = json.loads(self.verb("account", "certificate", "list", u3, "--json"))
        self.assertEqual([(r["sha256"], r["note"]) for r in rows], [(fingerprint.replace(":", "").lower(), "of both")])
        self.assertNotEqual(self.node.run("account", "certificate", "add", u3, fingerprint).returncode, 0)
        self.assertNotEqual(self.node.run("account", "certificate", "add", u3, "12:34").returncode, 0)
        # Taking it away ends the sessions of that account.
        open_one = self.session("imaps", both)
        self.assertIs(open_one.login("EXTERNAL", external(u3)), True)
        self.verb("account", "certificate", "remove", u3, both[0])
        self.assertTrue(open_one.line().startswith("* BYE"))
        self.assertRefused(self.attempt("imaps", "EXTERNAL", lambda: external(u3), both), "imaps")
        self.assertIs(self.attempt("imaps", "EXTERNAL", lambda: external(), both), True)
        self.assertNotEqual(self.node.run("account", "certificate", "remove", u3, both[0]).returncode, 0)

    def test_frozen_and_without_password(self):
        made = "keyless@" + self.node.domain
        self.verb("account", "add", made, "--no-password")
        pair = certificate(self.node.folder, "keyless")
        self.verb("account", "certificate", "add", made, pair[0])
        for service in SERVICES:
            self.assertIs(self.attempt(service, "EXTERNAL", lambda: external(), pair), True, service)
        kept = self.session("imaps", pair)
        self.assertIs(kept.login("EXTERNAL", external()), True)
        self.verb("account", "freeze", made)
        self.assertTrue(kept.line().startswith("* BYE"))
        for service, say in (("imaps", "a NO [AUTHORIZATIONFAILED]"), ("pop3s", "-ERR [SYS/PERM]"), ("submissions", "535")):
            answer = self.attempt(service, "EXTERNAL", lambda: external(), pair)
            self.assertTrue(answer is not True and answer.startswith(say), (service, answer))

    def test_behind_starttls(self):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
        c.load_cert_chain(*self.own)
        s = self.session("imap", tls=False)
        self.assertTrue(s.command("STARTTLS")[-1].startswith("a OK"))
        s.file.close()
        s.socket = c.wrap_socket(s.socket, server_hostname="localhost")
        s.file = s.socket.makefile("rb")
        self.assertIs(s.login("EXTERNAL", external()), True)

    def test_curl(self):
        user, pair = self.node.accounts[4], certificate(self.node.folder, "of_curl")
        self.verb("account", "certificate", "add", user, pair[0])
        for url in ("imaps://127.0.0.1:%d/" % self.node.port("imaps"), "pop3s://127.0.0.1:%d/" % self.node.port("pop3s")):
            done = subprocess.run(["curl", "-sSk", "--max-time", "60", "--url", url, "--cert", pair[0], "--key", pair[1],
                                   "--user", user + ":", "--login-options", "AUTH=EXTERNAL"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.assertEqual(done.returncode, 0, (url, done.stdout))


class NotAsked(LoginCase):
    def test_where_the_setting_is_off_nobody_is_asked(self):
        own = certificate(self.node.folder, "own")
        self.verb("account", "certificate", "add", self.node.accounts[0], own[0])
        self.set("pop3.client_certificates", "on")
        self.assertNotIn("EXTERNAL", self.session("imaps", own).mechanisms())
        self.assertIsNot(self.attempt("imaps", "EXTERNAL", lambda: external(), own), True)
        self.assertIs(self.attempt("pop3s", "EXTERNAL", lambda: external(), own), True)


if __name__ == "__main__":
    unittest.main()
