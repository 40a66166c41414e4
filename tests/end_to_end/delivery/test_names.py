"""Hosts found by name servers: MX and null MX, names that do not exist, DANE, REQUIRETLS; nsd serves the zones."""
import ssl, unittest

from authority import Authority
from names import World


class Names(World):
    def test_the_best_mx_is_taken(self):
        sink = self.world()
        self.submit("a@remote.example")
        self.assertEqual(sink.wait(1)[0].recipients, ["a@remote.example"])

    def test_what_takes_no_mail_or_does_not_exist_comes_back(self):
        self.world()
        self.submit("a@null.remote.example")
        (failed,) = self.status_of(self.inbox(want=1)[0])
        self.assertEqual(failed["Status"], "5.1.10")
        self.submit("a@nobody.remote.example")
        (failed,) = self.status_of(self.inbox(want=2)[1])
        self.assertEqual(failed["Status"], "5.1.2")

    def test_dane_takes_the_certificate_that_is_published(self):
        context, digest = self.certificate()
        sink = self.world("_PORT._tcp.mx 300 IN TLSA 3 1 1 %s\n" % digest, context=context)
        self.submit("a@remote.example")
        self.assertTrue(sink.wait(1)[0].tls)
        self.wait_trace("dane")

    def ask_names(self, context):
        """The names that clients give in SNI from now on."""
        asked = []
        context.sni_callback = lambda socket, name, context: asked.append(name)
        return asked

    def test_dane_by_authority_takes_the_name_of_the_domain(self):
        authority = Authority()
        self.addCleanup(authority.close)
        context = authority.context("remote.example")
        asked = self.ask_names(context)
        sink = self.world("_PORT._tcp.mx 300 IN TLSA 2 1 1 %s\n" % authority.key_digest(), context=context)
        self.submit("a@remote.example")
        self.assertTrue(sink.wait(1)[0].tls)
        self.wait_trace("dane")
        self.assertEqual(asked, ["mx.remote.example"])

    def test_dane_by_authority_leaves_a_host_with_another_name(self):
        authority = Authority()
        self.addCleanup(authority.close)
        records = "_PORT._tcp.%s 300 IN TLSA 2 1 1 " + authority.key_digest() + "\n"
        sink = self.world(records % "mx" + records % "backup", context=authority.context("other.remote.example"))
        self.submit("a@remote.example")
        self.wait_retry()
        self.assertEqual(sink.messages, [])

    def test_dane_asks_at_the_end_of_an_alias_then_at_the_host_itself(self):
        context, digest = self.certificate()
        asked = self.ask_names(context)
        alias = "far 300 IN MX 10 %s\nalias 300 IN CNAME mx\n"
        sink = self.world(alias % "alias" + "_PORT._tcp.alias 300 IN TLSA 3 1 1 %s\n" % digest, context=context)
        self.rookery("route", "add", "far.remote.example", "--host", "far.remote.example", "--mx", "--port", str(sink.port))
        self.submit("a@far.remote.example")
        sink.wait(1)
        self.wait_trace("dane")
        self.wait_closed(sink)
        self.names(alias % "alias" + "_PORT._tcp.mx 300 IN TLSA 3 1 1 %s\n" % digest, sink)
        self.submit("b@far.remote.example")
        sink.wait(2)
        self.wait_trace("dane")
        self.assertEqual(asked, ["alias.remote.example", "mx.remote.example"])

    def test_dane_leaves_a_host_with_another_certificate(self):
        context, _ = self.certificate()
        wrong = "_PORT._tcp.%s 300 IN TLSA 3 1 1 " + "00" * 32 + "\n"
        sink = self.world(wrong % "mx" + wrong % "backup", context=context)
        self.submit("a@remote.example")
        self.wait_retry()
        self.assertEqual(sink.messages, [])

    def test_requiretls_is_not_sent_in_the_clear(self):
        sink = self.world()
        import smtplib
        context = ssl._create_unverified_context()
        with smtplib.SMTP_SSL("127.0.0.1", self.node.port("submissions"), context=context) as c:
            c.login(self.node.accounts[0], self.node.password)
            c.sendmail(self.node.accounts[0], ["a@remote.example"], "Subject: s\r\n\r\nx\r\n", ["REQUIRETLS"])
        (failed,) = self.status_of(self.inbox(want=1)[0])
        self.assertEqual(failed["Status"][:3], "5.7")
        self.assertEqual(sink.messages, [])


if __name__ == "__main__":
    unittest.main()
