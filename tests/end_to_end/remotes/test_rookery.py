"""Another Rookery as the other side: submission here, the MX of its domain, a mailbox there; reports come back."""
import email, hashlib, imaplib, os, shutil, smtplib, ssl, subprocess, sys, tempfile, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from names import NameServer, World
from node import Node
from outside import PROGRAM


class Far(Node):
    domain = "remote.example"


class TwoNodes(World):
    def setUp(self):
        super().setUp()
        self.far_folder = tempfile.mkdtemp(prefix="rookery-far-")
        self.addCleanup(shutil.rmtree, self.far_folder, True)
        self.far = Far(PROGRAM, self.far_folder)
        self.far.start()
        self.far_says("route", "add", "example.test", "--host", "127.0.0.1", "--port", str(self.node.port("smtp")))

    def tearDown(self):
        self.assertIn(self.far.stop(), (0, None))
        self.assertEqual(self.far.check(), [])
        super().tearDown()

    def far_says(self, *verb):
        done = self.far.run(*verb)
        self.assertEqual(done.returncode, 0, done.stdout)

    def zone(self, records=""):
        port = self.far.port("smtp")
        dns = NameServer(records.replace("PORT", str(port)))
        self.addCleanup(dns.close)
        self.set("dns.servers", "127.0.0.1@%d" % dns.port)
        self.set("dns.trust_anchor_file", dns.anchor)
        self.mx_route(port, "remote.example")

    def far_inbox(self, user=0, want=1, limit=60):
        end = time.time() + limit
        while True:
            with imaplib.IMAP4("127.0.0.1", self.far.port("imap")) as c:
                c.login(self.far.accounts[user], self.far.password)
                count = int(c.select("INBOX", readonly=True)[1][0])
                if count >= want:
                    return [c.fetch(str(i + 1), "(BODY.PEEK[])")[1][0][1] for i in range(count)]
            self.assertLess(time.time(), end, self.node.log_tail() + self.far.log_tail())
            time.sleep(0.1)

    def test_from_submission_to_a_mailbox_there_and_a_report_back(self):
        self.zone()
        body = "\r\n".join(["Hello", ".dot", "Gr\u00fc\u00dfe", "x" * 900, ""])
        text = ("Subject: over there\r\nMessage-ID: <there@example.test>\r\nContent-Type: text/plain; charset=utf-8\r\n"
                "Content-Transfer-Encoding: 8bit\r\n\r\n" + body).encode()
        self.submit("u1@remote.example", "u2@remote.example", text=text, mail_options=["BODY=8BITMIME", "ENVID=e1", "RET=HDRS"],
                    rcpt_options=["NOTIFY=SUCCESS"])
        for user in (0, 1):
            (got,) = self.far_inbox(user)
            self.assertTrue(got.endswith(b"\r\n\r\n" + body.encode()), got)
            self.assertEqual(email.message_from_bytes(got)["Message-ID"], "<there@example.test>")
        told = {}
        for report in self.inbox(want=1):
            self.assertEqual(dict(report.get_payload()[1].get_payload()[0].items())["Original-Envelope-Id"], "e1")
            told.update({f["Final-Recipient"].split(";")[1].strip(): f["Action"] for f in self.status_of(report)})
        self.assertEqual(told, {"u1@remote.example": "delivered", "u2@remote.example": "delivered"})
        self.queued(0)

    def test_failures_come_back_from_both_sides(self):
        self.zone()
        self.submit("nobody@remote.example")
        (failed,) = self.status_of(self.inbox()[0])  # refused at the door: our report
        self.assertEqual((failed["Action"], failed["Status"], failed["Remote-MTA"].split(";")[-1].strip()), ("failed", "5.1.1", "mx.remote.example"))
        # Accepted there, and refused only where an alias of theirs leads to: their report.
        self.far_says("alias", "add", "gone@remote.example", "nobody@example.test")
        self.submit("gone@remote.example")
        report = self.inbox(want=2)[1]
        self.assertEqual(dict(report.get_payload()[1].get_payload()[0].items())["Reporting-MTA"].split(";")[-1].strip(), "mail.remote.example")
        (failed,) = self.status_of(report)
        self.assertEqual((failed["Action"], failed["Status"]), ("failed", "5.1.1"))
        self.queued(0)

    def test_dane_and_requiretls_between_two_nodes(self):
        cert = self.far_certificate()
        spki = subprocess.run("openssl x509 -noout -pubkey | openssl pkey -pubin -outform DER", shell=True, check=True, input=cert.encode(),
                              stdout=subprocess.PIPE).stdout
        self.zone("_PORT._tcp.mx 300 IN TLSA 3 1 1 %s\n" % hashlib.sha256(spki).hexdigest())
        with smtplib.SMTP_SSL("127.0.0.1", self.node.port("submissions"), context=ssl._create_unverified_context(), timeout=30) as c:
            c.login(self.node.accounts[0], self.node.password)
            c.sendmail(self.node.accounts[0], ["u1@remote.example"], "Subject: s\r\n\r\nx\r\n", ["REQUIRETLS"])
        self.far_inbox()
        self.queued(0)
        self.wait_trace("dane")

    def far_certificate(self):
        with smtplib.SMTP("127.0.0.1", self.far.port("smtp"), timeout=30) as c:
            c.starttls(context=ssl._create_unverified_context())
            return ssl.DER_cert_to_PEM_cert(c.sock.getpeercert(True))

    def test_a_node_that_ends_and_returns_has_everything_once(self):
        self.set("queue.retry_plan", "10s")
        self.zone()
        for i in range(40):
            self.submit("u1@remote.example", text="Subject: n%d\r\n\r\nx\r\n" % i)
            if i == 20:
                self.far.stop()
        self.far.start()
        destination = 'remote.example:%d' % self.far.port("smtp")
        while self.queued():
            for row in self.queued():
                self.node.run("queue", "retry", row["id"])  # it may have left in between
            self.rookery("queue", "probe", destination)
            time.sleep(0.2)
        got = [email.message_from_bytes(m)["Subject"] for m in self.far_inbox(want=40, limit=120)]
        self.assertEqual(sorted(got), sorted("n%d" % i for i in range(40)))


if __name__ == "__main__":
    unittest.main()
