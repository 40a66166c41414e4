#!/usr/bin/env python3
"""Certificates as documents of the configuration: served at once, never shown with their key, taken out again."""
import hashlib, json, os, shutil, socket, ssl, subprocess, sys, tempfile, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from node import Node

PROGRAM = os.environ["ROOKERY_PROGRAM"]


def openssl(*words):
    done = subprocess.run(["openssl", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError("openssl %s: %s" % (words[0], done.stdout))


class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="rookery-certificates-")
        cls.node = Node(PROGRAM, cls.folder, 1)
        cls.node.start()

    @classmethod
    def tearDownClass(cls):
        code = cls.node.stop()
        faults = cls.node.check()
        assert code == 0 and not faults, (code, faults)
        shutil.rmtree(cls.folder, ignore_errors=True)

    def rookery(self, *verb, code=0):
        done = self.node.run(*verb)
        self.assertEqual(done.returncode, code, "%s\n%s\n%s" % (verb, done.stdout, self.node.log_tail(1500)))
        return done.stdout

    def issue(self, name, key=None):
        """Files of a self-signed certificate and its key; with `key` another one of that key."""
        at = tempfile.mkdtemp(dir=self.folder)
        if key is None:
            key = at + "/key"
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        openssl("req", "-x509", "-key", key, "-out", at + "/crt", "-days", "30", "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name)
        return at + "/crt", key

    def print_of(self, chain):
        with open(chain) as f:
            return hashlib.sha256(ssl.PEM_cert_to_DER_cert(f.read())).hexdigest()

    def served(self, name=None):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.node.port("imaps")), 10) as s, context.wrap_socket(s, server_hostname=name) as t:
            return hashlib.sha256(t.getpeercert(True)).hexdigest()

    def until(self, name, wanted, limit=60):
        end = time.time() + limit
        while self.served(name) != wanted:
            self.assertLess(time.time(), end, "the certificate for %s is not served\n%s" % (name, self.node.log_tail(2000)))
            time.sleep(0.05)

    def test_a_certificate_is_served_changed_and_taken_out(self):
        before = self.served()
        chain, key = self.issue("a.example.test")
        version = json.loads(self.rookery("status", "--json"))["configuration"]
        self.rookery("certificate", "add", "a", chain, key)
        self.until("a.example.test", self.print_of(chain))
        self.assertEqual(self.served(), before)
        self.assertIn("a.example.test", self.rookery("certificates", "list"))
        with open(key) as f:
            secret = f.read().split("\n")[1]
        for shown in (self.rookery("certificate", "show", "a"), self.rookery("config", "diff", str(version)), self.rookery("config", "export"),
                      self.rookery("config", "log"), self.rookery("certificates", "list", "--json")):
            self.assertNotIn(secret, shown)
            self.assertNotIn("PRIVATE", shown)
        self.assertIn("SHA-256 " + self.print_of(chain), self.rookery("config", "diff", str(version)))

        second = self.issue("b.example.test")
        self.rookery("certificate", "replace", "a", *second, "--default")
        self.until("b.example.test", self.print_of(second[0]))
        self.until(None, self.print_of(second[0]))
        mismatched = self.node.run("certificate", "replace", "a", chain, second[1])
        self.assertEqual(mismatched.returncode, 1, mismatched.stdout)

        # A file of the configuration brings a renewed certificate of the same key, and no other.
        renewed, _ = self.issue("b.example.test", second[1])
        wanted = json.loads(self.rookery("config", "export"))
        for d in wanted["documents"]:
            if d["kind"] == "certificate":
                with open(renewed) as f:
                    d["content"]["chain"] = f.read()
        path = os.path.join(self.folder, "wanted.json")
        with open(path, "w") as f:
            json.dump(wanted, f)
        self.rookery("config", "apply", path)
        self.until("b.example.test", self.print_of(renewed))

        code = self.node.stop()
        self.assertEqual(code, 0)
        self.node.start()
        self.until("b.example.test", self.print_of(renewed))

        self.rookery("certificate", "remove", "a")
        self.until("b.example.test", before)
        self.rookery("config", "rollback", str(json.loads(self.rookery("status", "--json"))["configuration"] - 1))
        self.until("b.example.test", self.print_of(renewed))

    def test_what_cannot_be_served_is_refused(self):
        chain, key = self.issue("c.example.test")
        self.assertIn("cannot read", self.rookery("certificate", "add", "c", chain, key + ".missing", code=1))
        self.rookery("certificate", "add", "c", key, key, code=1)
        self.rookery("certificate", "show", "c", code=4)
        self.rookery("certificate", "add", "c", chain, key)
        self.rookery("certificate", "add", "c", chain, key, code=5)
        self.rookery("certificate", "remove", "c")


if __name__ == "__main__":
    unittest.main()
