"""Certificates by name, read anew while connections go on, and the versions of TLS."""
import signal
from own import *


class Other(Node):
    domain = "other.test"


class Certificates(Case):
    def test_certificates_are_read_anew(self):
        before = tls(self.node).getpeercert(True)
        other = self.made("other", Other)
        here, there = (os.path.join(n.folder, "store", "tls", "self-signed.") for n in (self.node, other))
        kept = tls(self.node)
        for end in ("crt", "key"):
            shutil.copyfile(there + end, here + end)
        self.node.process.send_signal(signal.SIGHUP)
        after = ssl.PEM_cert_to_DER_cert(open(there + "crt").read())
        end = time.time() + 5
        while tls(self.node).getpeercert(True) == before and time.time() < end:
            time.sleep(0.02)
        self.assertEqual(tls(self.node).getpeercert(True), after)
        kept.sendall(b"a NOOP\r\n")
        self.assertIn(b"* OK", kept.recv(1000))
        open(here + "key", "w").write("no key")
        done = self.node.run("certificates", "reload")
        self.assertNotEqual(done.returncode, 0)
        self.node.process.send_signal(signal.SIGHUP)
        self.assertEqual(tls(self.node).getpeercert(True), after)

    def test_each_name_its_certificate(self):
        other = self.made("other", Other)
        self.node.stop()
        with open(self.node.file, "a") as f:
            for host in ("mail.other.test", "*.wild.test"):
                f.write('\n[[certificate]]\nhost = "%s"\nchain = "%s/store/tls/self-signed.crt"\nkey = "%s/store/tls/self-signed.key"\n'
                        % (host, other.folder, other.folder))
        self.node.start()
        first, second = (ssl.PEM_cert_to_DER_cert(open(os.path.join(n.folder, "store/tls/self-signed.crt")).read()) for n in (self.node, other))
        for name, want in (("mail.other.test", second), ("MAIL.other.test", second), ("x.wild.test", second), ("x.y.wild.test", first),
                           ("mail.example.test", first), ("unknown.test", first), (None, first)):
            self.assertEqual(tls(self.node, name=name).getpeercert(True), want, name)

    def test_tls_versions(self):
        v = ssl.TLSVersion
        for version, ok in ((v.TLSv1, False), (v.TLSv1_1, False), (v.TLSv1_2, True), (v.TLSv1_3, True)):
            for service in ("imaps", "pop3s", "submissions"):
                try:
                    c = tls(self.node, service, minimum_version=version, maximum_version=version)
                    self.assertTrue(ok, (service, version))
                    self.assertTrue(c.recv(3)[:1])
                except (ssl.SSLError, ValueError, ConnectionError):
                    self.assertFalse(ok, (service, version))
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        c.check_hostname, c.verify_mode, c.maximum_version = False, ssl.CERT_NONE, v.TLSv1_2
        for weak in ("AES128-SHA", "AES256-GCM-SHA384", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0"):
            try:
                c.set_ciphers(weak)
            except ssl.SSLError:
                continue
            with self.assertRaises((ssl.SSLError, ConnectionError), msg=weak):
                c.wrap_socket(socket.create_connection(("127.0.0.1", self.node.port("imaps")), 10))


if __name__ == "__main__":
    unittest.main(warnings="ignore")  # versions of TLS that nobody should speak
