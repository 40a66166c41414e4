"""Exit codes, many accounts, metrics, traces, and what is written down of logins."""
from own import *


class Program(Case):
    def test_exit_codes(self):
        for verb, code in (((), 2), (("nonsense",), 2), (("account", "add"), 2), (("account", "show", "nobody@example.test"), 4),
                           (("account", "add", "u1@example.test"), 5), (("domain", "add", "example.test"), 5), (("settings", "set", "smtp.errors_max", "x"), 1),
                           (("settings", "set", "no.such", "1"), 4), (("account", "show", "u1@example.test"), 0), (("trace", "1a1fd105bd400000"), 4),
                           (("trace", "../../x"), None), (("queue", "show", "1a1fd105bd400000"), 4), (("account", "add", "x@elsewhere.test"), None),
                           (("alias", "add", "u1@example.test", "u2@example.test"), 5), (("domain", "remove", "example.test"), 5),
                           (("--version",), 0), (("check",), 0), (("status",), 0)):
            done = self.node.run(*verb, input="a good password\n")
            if code is None:
                self.assertIn(done.returncode, (1, 2, 4), (verb, done.stdout))
            else:
                self.assertEqual(done.returncode, code, (verb, done.stdout))
            self.assertNotIn("terminate called", done.stdout)
        self.node.stop()
        self.assertEqual(self.node.run("status").returncode, 3)
        self.assertEqual(self.node.run("account", "list").returncode, 3)
        self.assertNotEqual(self.node.run("init", "--data", os.path.join(self.node.folder, "store"), "--domain", "x.test").returncode, 0)

    def test_many_accounts_at_once(self):
        begun = time.time()
        big = self.made("big", accounts=5000)
        self.assertLess(time.time() - begun, 20)
        big.start()
        self.assertEqual(count(big, 4999), 0)


class Watching(Case):
    def test_what_a_monitor_asks(self):
        for path in ("/healthz", "/readyz"):
            self.assertEqual(http(self.node, path)[0], 200, path)
        self.assertEqual(http(self.node, "/nothing")[0], 404)
        code, text = http(self.node, "/metrics")
        self.assertEqual(code, 200)
        for l in text.splitlines():
            self.assertRegex(l, r'^(# (HELP|TYPE) \S+ .+|[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^}]*\})? [-+0-9.eEInfNa]+)$')
        names = [l.split()[2] for l in text.splitlines() if l.startswith("# TYPE")]
        self.assertEqual(len(names), len(set(names)))

    def test_a_message_is_traced(self):
        answer = deliver(smtp(self.node), self.node.accounts[0], b"Subject: x\r\n\r\nx").decode()
        end = time.time() + 5
        while self.node.accounts[0] not in (done := self.node.run("trace", answer.split()[-1])).stdout and time.time() < end:
            time.sleep(0.05)
        self.assertEqual(done.returncode, 0)
        self.assertIn(self.node.accounts[0], done.stdout)

    def test_failures_are_written_down_and_passwords_never(self):
        c = Line(self.node, "imap")
        c.line()
        secret = "pass-word-of-mine"
        imap(c, "LOGIN %s %s" % (self.node.accounts[0], secret))
        imap(c, "LOGIN nobody@example.test {%d+}\r\n%s" % (len(secret), secret))
        p = Line(self.node, "pop3")
        p.line()
        p.cmd("USER " + self.node.accounts[0])
        p.cmd("PASS " + secret)
        p.cmd("PASS  " + secret)
        self.node.run("account", "add", "new@example.test", input=secret + "\n")
        self.node.run("account", "passwd", "new@example.test", input=secret + "2\n")
        self.assertEqual(self.node.stop(), 0)
        texts = {}
        for folder, _, files in os.walk(self.node.folder):
            for f in (f for f in files if not f.endswith(".sock")):
                with open(os.path.join(folder, f), "rb") as file:
                    texts[f] = texts.get(f, b"") + file.read()
        for f, text in texts.items():
            self.assertNotIn(secret.encode(), text, f)
        failures = texts["auth-failures.log"].decode()
        for word in ('"imap"', '"pop3"', '"127.0.0.1"', self.node.accounts[0], "nobody@example.test"):
            self.assertIn(word, failures)
        self.assertEqual(len(failures.splitlines()), 3)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
