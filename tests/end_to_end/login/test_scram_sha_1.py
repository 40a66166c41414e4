"""SCRAM-SHA-1 for old clients: off, on, and what becomes of passwords that were set before."""
from sessions import *


class ScramSha1(LoginCase):
    accounts = 3

    def by(self, service, user, password, algorithm="sha1"):
        return self.attempt(service, "SCRAM-SHA-1" if algorithm == "sha1" else "SCRAM-SHA-256", lambda: scram(user, password, algorithm))

    def test_keys_come_with_the_next_password(self):
        user = self.node.accounts[0]
        self.set("password.scram_sha_1", "off")
        for service in SERVICES:
            s = self.session(service)
            self.assertNotIn("SCRAM-SHA-1", s.mechanisms())
            self.assertIsNot(s.login("SCRAM-SHA-1", scram(user, "secret")), True, service)
        self.set("password.scram_sha_1", "on")
        for service in SERVICES:
            offered = self.session(service).mechanisms()
            self.assertLess(offered.index("SCRAM-SHA-256"), offered.index("SCRAM-SHA-1"))
            self.assertLess(offered.index("SCRAM-SHA-1"), offered.index("PLAIN"))
            self.assertIn("SCRAM-SHA-1-PLUS", offered)
        # There are no keys yet: as if the password were wrong.
        self.assertRefused(self.by("imaps", user, "secret"), "imaps")
        self.assertNotIn("scram_sha_1", self.verb("account", "show", user, "--json"))
        self.verb("account", "passwd", user, input="another secret\n")
        self.assertIn('"scram_sha_1"', self.verb("account", "show", user, "--json"))
        for service in SERVICES:
            self.assertIs(self.by(service, user, "another secret"), True, service)
            self.assertIs(self.by(service, user, "another secret", "sha256"), True, service)
        self.assertRefused(self.by("submissions", user, "secret"), "submissions")

    def test_a_password_that_is_set_while_it_is_off_leaves_no_keys_of_the_old_one(self):
        user = self.node.accounts[1]
        self.set("password.scram_sha_1", "on")
        self.verb("account", "passwd", user, input="the first secret\n")
        self.assertIs(self.by("imaps", user, "the first secret"), True)
        self.set("password.scram_sha_1", "off")
        self.verb("account", "passwd", user, input="the second secret\n")
        self.set("password.scram_sha_1", "on")
        for password in ("the first secret", "the second secret"):
            self.assertRefused(self.by("imaps", user, password), "imaps")
        self.assertIs(self.by("imaps", user, "the second secret", "sha256"), True)

    def test_plus_binds_the_channel(self):
        user = self.node.accounts[2]
        self.set("password.scram_sha_1", "on")
        self.verb("account", "passwd", user, input="secret of three\n")
        # "y": the client believes that the server has no -PLUS. It has: somebody took it out of the list.
        self.assertRefused(self.attempt("imaps", "SCRAM-SHA-1", lambda: iter(["y,,n=%s,r=clientnonce" % user])), "imaps")

    def test_frozen(self):
        user = self.node.accounts[2]
        self.set("password.scram_sha_1", "on")
        self.verb("account", "passwd", user, input="secret of three\n")
        self.verb("account", "freeze", user)
        self.addCleanup(self.verb, "account", "enable", user)
        self.assertRefused(self.by("imaps", user, "secret of three"), "imaps")


if __name__ == "__main__":
    unittest.main()
