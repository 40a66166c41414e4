"""Postfix as the other side: mail and reports arrive there whole, also where it does not know what we could say."""
import email, os, shutil, subprocess, sys, tempfile, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from outside import Case
from node import free_port_base
import postfix

TEXT = ("From: u1@example.test\r\nSubject: eight bits\r\nMessage-ID: <one@example.test>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        ".dot\r\n..\r\nGr\u00fc\u00dfe \u20ac\r\n" + "x" * 900 + "\r\n" + "A line of some length\r\n" * 5000 + "end\r\n").encode()
OLD = "smtpd_discard_ehlo_keywords = 8bitmime, smtputf8, dsn, chunking, pipelining, size\n"


@unittest.skipIf(postfix.missing(), str(postfix.missing()))
class WithPostfix(Case):
    def postfix(self, settings=""):
        folder = tempfile.mkdtemp(prefix="rookery-postfix-")
        self.addCleanup(shutil.rmtree, folder, True)
        back = "transport_maps = inline:{example.test=smtp:[127.0.0.1]:%d}\n" % self.node.port("smtp")
        p = postfix.Postfix(folder, free_port_base() + 25, ["remote.example"], back + settings)
        self.addCleanup(p.close)
        self.set("queue.smart_host", "127.0.0.1:%d" % p.port)
        return p

    def certificate(self):
        folder = tempfile.mkdtemp(prefix="rookery-key-")
        self.addCleanup(shutil.rmtree, folder, True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder + "/key",
                        "-out", folder + "/cert", "-days", "2", "-subj", "/CN=mx.remote.example"], check=True, stderr=subprocess.DEVNULL)
        os.chmod(folder, 0o755)
        return "smtpd_tls_cert_file = %s/cert\nsmtpd_tls_key_file = %s/key\n" % (folder, folder)

    def content(self, octets):
        """The text of a message as its reader sees it, with CRLF: a mailbox of Postfix has LF."""
        return email.message_from_bytes(octets).get_payload(decode=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    def test_a_message_arrives_octet_by_octet(self):
        p = self.postfix()
        self.submit("a@remote.example", text=TEXT, mail_options=["BODY=8BITMIME"])
        (got,) = p.wait(1)
        head, _, body = TEXT.partition(b"\r\n\r\n")
        self.assertEqual(got.partition(b"\n\n")[2].replace(b"\n", b"\r\n"), body)
        self.assertIn(b"\nSubject: eight bits\nMessage-ID: <one@example.test>\n", got)
        self.assertIn(b"Return-Path: <u1@example.test>\n", got)
        self.queued(0)

    def test_reports_are_the_other_sides_matter_when_it_makes_them(self):
        p = self.postfix()
        self.submit("a@remote.example", mail_options=["RET=HDRS", "ENVID=ticket+2B7"], rcpt_options=["NOTIFY=SUCCESS", "ORCPT=rfc822;alias@remote.example"])
        p.wait(1)
        (report,) = self.inbox()
        (done,) = self.status_of(report)
        fields = dict(report.get_payload()[1].get_payload()[0].items())
        self.assertEqual((done["Action"], fields["Reporting-MTA"].split(";")[-1].strip()), ("delivered", "mx.remote.example"))
        self.assertEqual(fields["Original-Envelope-Id"], "ticket+7")
        self.assertEqual(done["Original-Recipient"].replace(" ", ""), "rfc822;alias@remote.example")
        self.assertEqual(len(self.inbox()), 1, "one report")

    def test_refusals_come_back_with_the_other_sides_words(self):
        p = self.postfix()
        self.submit("nobody@remote.example", "a@remote.example")
        (failed,) = self.status_of(self.inbox()[0])
        self.assertEqual((failed["Action"], failed["Status"]), ("failed", "5.1.1"))
        self.assertIn("User unknown", failed["Diagnostic-Code"])
        self.assertEqual(len(p.wait(1)), 1)

    def test_an_old_server_gets_seven_bits_and_we_make_the_report(self):
        p = self.postfix(OLD)
        self.submit("a@remote.example", text=TEXT, mail_options=["BODY=8BITMIME"], rcpt_options=["NOTIFY=SUCCESS"])
        (got,) = p.wait(1)
        self.assertLess(max(got), 128)
        self.assertIn(b"Content-Transfer-Encoding: quoted-printable", got)
        self.assertEqual(self.content(got), TEXT.partition(b"\r\n\r\n")[2])
        (report,) = self.inbox()
        (done,) = self.status_of(report)
        self.assertEqual(done["Action"], "relayed")

    def test_utf8_addresses_arrive_and_an_old_server_gets_none(self):
        text = "Subject: Gr\u00fc\u00dfe\r\n\r\nx\r\n".encode()
        p = self.postfix("smtputf8_enable = yes\n")
        self.submit("\u00e4nne@remote.example", text=text, mail_options=["SMTPUTF8", "BODY=8BITMIME"])
        (got,) = p.wait(1)
        self.assertIn("Subject: Gr\u00fc\u00dfe\n".encode(), got)
        self.assertIn("<\u00e4nne@remote.example>".encode(), got)
        old = self.postfix(OLD)
        self.submit("\u00e4nne@remote.example", text=text, mail_options=["SMTPUTF8", "BODY=8BITMIME"])
        report = self.inbox()[0].as_bytes()  # RFC 6533: its fields are UTF-8 too
        self.assertIn(b"message/global-delivery-status", report)
        self.assertRegex(report, rb"Action: failed\r?\nStatus: 5\.6\.7")
        self.assertNotIn("from=<u1@example.test>", old.log())

    def test_a_server_that_takes_mail_with_tls_only_gets_it_so(self):
        p = self.postfix(self.certificate() + "smtpd_tls_security_level = encrypt\nsmtpd_tls_received_header = yes\n")
        self.submit("a@remote.example")
        (got,) = p.wait(1)
        self.assertIn(b"using TLSv1.3", got)

    def test_where_tls_is_required_a_server_without_it_gets_nothing(self):
        p = self.postfix()
        self.set("queue.smart_host_tls", "required")
        self.submit("a@remote.example")
        (waiting,) = self.queued(1)
        end = time.time() + 20
        while "TLS" not in str(waiting):
            self.assertLess(time.time(), end, waiting)
            time.sleep(0.1)
            (waiting,) = self.queued(1)
        self.assertNotIn("from=<u1@example.test>", p.log())


if __name__ == "__main__":
    unittest.main()
