"""MTA-STS as sender: what a policy forbids stays in the queue, what it allows is sent; policies that cannot be fetched."""
import json, os, shutil, sys, tempfile, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from authority import Authority, Web
from names import World
from node import Node
from outside import PROGRAM

RECORD = '_mta-sts 300 IN TXT "v=STSv1; id=%s;"\n'


class Sts(World):
    def setUp(self):
        super().setUp()
        self.authority = Authority()
        self.addCleanup(self.authority.close)
        self.set("tls.ca_file", self.authority.file)
        self.web = Web(self.authority.context("mta-sts.remote.example"))
        self.addCleanup(self.web.close)
        self.set("http.connect_to", "mta-sts.remote.example:443:127.0.0.1:%d" % self.web.port)

    def enforce(self, *hosts):
        self.web.policy("mode: enforce", *["mx: " + h for h in hosts or ("mx.remote.example", "backup.remote.example")], "max_age: 86400")

    def answer(self):
        row = self.wait_retry()
        shown = json.loads(self.rookery("queue", "show", row["id"], "--json"))
        return shown["recipients"][0]["last_answer"]

    def test_enforce_takes_the_right_certificate(self):
        self.enforce()
        sink = self.world(RECORD % "one", context=self.authority.context("mx.remote.example"))
        self.submit("a@remote.example")
        self.assertTrue(sink.wait(1)[0].tls)
        self.wait_trace("pkix")
        self.assertEqual(self.web.asked, [("mta-sts.remote.example", "/.well-known/mta-sts.txt")])

    def test_enforce_leaves_a_host_with_a_wrong_name(self):
        self.enforce()
        sink = self.world(RECORD % "one", context=self.authority.context("other.remote.example"))
        self.submit("a@remote.example")
        self.assertIn("hostname mismatch", self.answer())
        self.assertEqual(sink.messages, [])

    def test_enforce_leaves_a_host_of_another_authority(self):
        self.enforce()
        context, _ = self.certificate()
        sink = self.world(RECORD % "one", context=context)
        self.submit("a@remote.example")
        self.wait_retry()
        self.assertEqual(sink.messages, [])

    def test_enforce_leaves_a_host_without_tls(self):
        self.enforce()
        sink = self.world(RECORD % "one")
        self.submit("a@remote.example")
        self.assertIn("TLS", self.answer())
        self.assertEqual(sink.messages, [])

    def test_enforce_does_not_even_dial_a_host_that_is_not_named(self):
        self.enforce("*.other.example")
        sink = self.world(RECORD % "one", context=self.authority.context("mx.remote.example"))
        self.submit("a@remote.example")
        self.wait_retry()
        self.assertEqual(sink.connections, 0)

    def test_testing_sends_all_the_same(self):
        self.web.policy("mode: testing", "mx: mx.remote.example", "mx: backup.remote.example", "max_age: 86400")
        sink = self.world(RECORD % "one", context=self.authority.context("other.remote.example"))
        self.submit("a@remote.example")
        self.assertTrue(sink.wait(1)[0].tls)

    def test_without_a_policy_mail_goes_as_if_there_were_none(self):
        sink = self.world(context=self.authority.context("other.remote.example"))
        for i, what in enumerate(((404, "text/plain", "no\n"), (301, "text/plain", "elsewhere\n"), (200, "text/plain", "version: STSv1\r\nmode: enforce\r\n"),
                                  (200, "text/html", "version: STSv1\r\nmode: enforce\r\nmx: nobody.example\r\nmax_age: 86400\r\n"))):
            self.web.answer = what
            self.names(RECORD % ("id%d" % i), sink)
            self.submit("a%d@remote.example" % i)
            self.assertTrue(sink.wait(i + 1)[i].tls)
            self.assertEqual(len(self.web.asked), i + 1)
            self.wait_closed(sink)

    def test_a_policy_server_with_a_wrong_certificate_is_not_believed(self):
        web = Web(self.authority.context("web.remote.example"))
        self.addCleanup(web.close)
        web.policy("mode: enforce", "mx: nobody.example", "max_age: 86400")
        self.set("http.connect_to", "mta-sts.remote.example:443:127.0.0.1:%d" % web.port)
        sink = self.world(RECORD % "one", context=self.authority.context("mx.remote.example"))
        self.submit("a@remote.example")
        sink.wait(1)
        self.assertEqual(web.asked, [])

    def test_a_known_policy_is_kept_over_a_restart_when_a_new_one_cannot_be_had(self):
        self.enforce()
        right, wrong = self.authority.context("mx.remote.example"), self.authority.context("other.remote.example")
        sink = self.world(RECORD % "one", context=right)
        self.submit("a@remote.example")
        sink.wait(1)
        self.queued(0)
        self.web.answer = (503, "text/plain", "not now\n")
        self.names(RECORD % "two", sink)  # a new policy is announced
        self.assertEqual(self.node.stop(), 0)
        sink.context = wrong
        self.node.start()
        self.submit("b@remote.example")
        self.wait_retry()
        self.assertEqual(len(self.web.asked), 2)
        self.assertEqual([m.recipients for m in sink.messages], [["a@remote.example"]])

    def test_a_new_policy_is_followed_once_its_record_says_so(self):
        self.enforce("*.other.example")
        sink = self.world(RECORD % "one", context=self.authority.context("mx.remote.example"))
        self.submit("a@remote.example")
        row = self.wait_retry()
        self.enforce()
        self.names(RECORD % "two", sink)
        self.rookery("queue", "retry", row["id"])
        self.assertEqual(sink.wait(1)[0].recipients, ["a@remote.example"])

    def test_another_rookery_publishes_the_policy_and_takes_the_mail(self):
        folder = tempfile.mkdtemp(prefix="rookery-remote-")
        self.addCleanup(shutil.rmtree, folder, True)
        pairs = [(name, self.authority.issue(name)) for name in ("mx.remote.example", "mta-sts.remote.example")]
        more = "".join(
            '[[certificate]]\nhost = "%s"\nchain = "%s"\nkey = "%s"\n' % (name, chain, key) for name, (chain, key) in pairs)
        remote = Node(PROGRAM, folder, 1, more)
        remote.start()
        self.addCleanup(remote.kill)
        for verb in (["domain", "add", "remote.example", "--mta-sts", "enforce", "--mta-sts-host", "mx.remote.example"],
                     ["account", "add", "ann@remote.example"]):
            done = remote.run(*verb, input="correct horse battery\n")
            self.assertEqual(done.returncode, 0, done.stdout)
        shown = json.loads(remote.run("domain", "show", "remote.example", "--json").stdout)
        text = shown["mta_sts_record"].split(" IN TXT ")[1]
        self.set("http.connect_to", "mta-sts.remote.example:443:127.0.0.1:%d" % remote.port("https"))
        sink = self.world("_mta-sts 300 IN TXT %s\n" % text)
        self.rookery("route", "change", "remote.example", "--port", str(remote.port("smtp")))
        self.submit("ann@remote.example")
        self.queued(0)
        self.wait_trace("pkix")
        self.assertEqual(sink.connections, 0)
        self.assertEqual(remote.stop(), 0)


if __name__ == "__main__":
    unittest.main()
