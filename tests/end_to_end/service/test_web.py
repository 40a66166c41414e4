"""The public web service: policies of our domains, by Host and by SNI; everything else is not there."""
import http.client, json, os, shutil, ssl, subprocess, sys, tempfile, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from node import Node

PROGRAM = os.environ["ROOKERY_PROGRAM"]
LISTENERS = """[[listener]]
service = "http"
[[certificate]]
host = "mta-sts.example.test"
chain = "sts.crt"
key = "sts.key"
"""
PATH = "/.well-known/mta-sts.txt"


class Web(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="rookery-web-")
        cls.node = Node(PROGRAM, cls.folder, 1, LISTENERS)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", cls.folder + "/sts.key", "-out", cls.folder + "/sts.crt", "-days", "2", "-subj", "/CN=mta-sts.example.test",
                        "-addext", "subjectAltName=DNS:mta-sts.example.test"], check=True, stderr=subprocess.DEVNULL)
        cls.node.start()

    @classmethod
    def tearDownClass(cls):
        assert cls.node.stop() == 0
        assert cls.node.check() == []
        shutil.rmtree(cls.folder, ignore_errors=True)

    def rookery(self, *verb):
        done = self.node.run(*verb)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def ask(self, host, path=PATH, method="GET", body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.node.port("http"), timeout=30)
        c.request(method, path, body=body, headers={"Host": host})
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        return r.status, text

    def test_a_policy_is_served_once_the_domain_has_one(self):
        self.rookery("domain", "add", "other.test")
        self.assertEqual(self.ask("mta-sts.other.test")[0], 404)
        self.rookery("domain", "change", "other.test", "--mta-sts", "testing")
        self.assertEqual(self.ask("MTA-STS.other.test:80"), (200, "version: STSv1\r\nmode: testing\r\nmx: mail.example.test\r\nmax_age: 604800\r\n"))
        before = json.loads(self.rookery("domain", "show", "other.test", "--json"))
        self.assertEqual(before["mta_sts_url"], "https://mta-sts.other.test" + PATH)
        self.assertRegex(before["mta_sts_record"], r'^_mta-sts\.other\.test\. IN TXT "v=STSv1; id=[0-9a-f]{32};"$')
        self.rookery("domain", "change", "other.test", "--mta-sts", "enforce", "--mta-sts-host", "mx.other.test", "--mta-sts-host", "*.mx.test",
                     "--mta-sts-max-age", "86400")
        after = json.loads(self.rookery("domain", "show", "other.test", "--json"))
        self.assertNotEqual(before["mta_sts_record"], after["mta_sts_record"])
        self.assertEqual(after["mta_sts_policy"], ["version: STSv1", "mode: enforce", "mx: mx.other.test", "mx: *.mx.test", "max_age: 86400"])
        self.assertEqual(self.ask("mta-sts.other.test")[1].split("\r\n")[:-1], after["mta_sts_policy"])
        self.rookery("domain", "change", "other.test", "--mta-sts", "", "--mta-sts-host", "", "--mta-sts-max-age", "")
        self.assertEqual(self.ask("mta-sts.other.test")[0], 404)
        self.assertNotIn("mta_sts_record", self.rookery("domain", "show", "other.test", "--json"))

    def test_wrong_members_are_refused(self):
        for more in (["--mta-sts", "perhaps"], ["--mta-sts-host", "a b"], ["--mta-sts-host", "*"], ["--mta-sts-max-age", "31557601"],
                     ["--mta-sts-max-age", "week"]):
            done = self.node.run("domain", "change", "example.test", *more)
            self.assertNotEqual(done.returncode, 0, more)
            self.assertIn("mta_sts", done.stdout)

    def test_everything_else_is_not_there(self):
        self.rookery("domain", "change", "example.test", "--mta-sts", "enforce")
        for host, path in (("mta-sts.example.test", "/"), ("example.test", PATH), ("mta-sts.nobody.test", PATH), ("mta-sts.example.test", "/../etc/passwd"),
                           ("mta-sts.example.test", PATH + "x"), ("127.0.0.1", "/metrics"), ("127.0.0.1", "/v1/domains")):
            self.assertEqual(self.ask(host, path)[0], 404, (host, path))
        self.assertEqual(self.ask("mta-sts.example.test", method="POST", body="x")[0], 405)
        self.assertEqual(self.ask("mta-sts.example.test", "/", "POST", "x" * 70000)[0], 413)
        self.assertEqual(self.ask("mta-sts.example.test", "/" + "a" * 9000)[0], 414)
        self.assertEqual(self.ask("mta-sts.example.test")[0], 200)

    def test_tls_shows_the_certificate_of_the_name(self):
        self.rookery("domain", "change", "example.test", "--mta-sts", "enforce")
        context = ssl.create_default_context(cafile=self.folder + "/sts.crt")
        c = http.client.HTTPSConnection("127.0.0.1", self.node.port("https"), timeout=30, context=context)
        import socket
        c.sock = context.wrap_socket(socket.create_connection(("127.0.0.1", self.node.port("https"))), server_hostname="mta-sts.example.test")
        c.request("GET", PATH, headers={"Host": "mta-sts.example.test"})
        r = c.getresponse()
        self.assertEqual((r.status, r.headers.get_content_type()), (200, "text/plain"))
        self.assertIn(b"mode: enforce", r.read())
        c.close()


if __name__ == "__main__":
    unittest.main()
