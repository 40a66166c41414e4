"""Reports about TLS: what is counted, who gets the report of a day, that nobody gets it twice; reports that come in."""
import email, email.policy, gzip, json, os, shutil, smtplib, sys, tempfile, threading, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from authority import Authority, Web
from names import World
from node import Node
from outside import PROGRAM

STS = '_mta-sts 300 IN TXT "v=STSv1; id=one;"\n'
BOTH = '_smtp._tls 300 IN TXT "v=TLSRPTv1; rua=mailto:reports@remote.example,https://report.remote.example/v1"\n'
POST = '_smtp._tls 300 IN TXT "v=TLSRPTv1; rua=https://report.remote.example/v1"\n'
MAIL = '_smtp._tls 300 IN TXT "v=TLSRPTv1; rua=mailto:%s"\n'


def report_in(octets):
    """The report in a mail."""
    message = email.message_from_bytes(octets)
    (part,) = [p for p in message.walk() if p.get_content_type() == "application/tlsrpt+gzip"]
    return message, json.loads(gzip.decompress(part.get_payload(decode=True)))


class Reports(World):
    settings = {"tlsrpt.reports": "count"}

    def setUp(self):
        super().setUp()
        self.authority = Authority()
        self.addCleanup(self.authority.close)
        self.set("tls.ca_file", self.authority.file)
        self.web = self.serve("mta-sts.remote.example")
        self.web.policy("mode: enforce", "mx: mx.remote.example", "mx: backup.remote.example", "max_age: 86400")
        self.posts = self.serve("report.remote.example")
        self.set("http.connect_to", "mta-sts.remote.example:443:127.0.0.1:%d report.remote.example:443:127.0.0.1:%d" % (self.web.port, self.posts.port))

    def serve(self, name):
        web = Web(self.authority.context(name))
        self.addCleanup(web.close)
        return web

    def rows(self, *verb):
        return json.loads(self.rookery("tlsrpt", *verb, "--json"))

    def counted(self, want, limit=30):
        """The counters as {(policy, result, host): sessions}, once they are `want`, and their day."""
        end = time.time() + limit
        while True:
            rows = self.rows("counters")
            got = {(r["policy"], r["result"], r.get("host", "")): r["sessions"] for r in rows}
            if got == want:
                return rows[0]["day"]
            self.assertLess(time.time(), end, "%s instead of %s" % (got, want))
            time.sleep(0.1)

    def one_success(self, records):
        """A mail over good TLS; gives the sink and the day."""
        sink = self.world(STS + records, context=self.authority.context("mx.remote.example"))
        self.submit("a@remote.example")
        sink.wait(1)
        return sink, self.counted({("sts", "success", ""): 1})

    def send(self, day):
        return self.rows("send", "--unfinished", "--day", day)

    def test_a_day_is_reported_once_by_mail_and_by_post(self):
        sink = self.world(STS + BOTH, context=self.authority.context("other.remote.example"))
        self.submit("a@remote.example")
        row = self.wait_retry()
        failed = {("sts", "certificate-host-mismatch", host + ".remote.example"): 1 for host in ("mx", "backup")}
        self.counted(failed)
        sink.context = self.authority.context("mx.remote.example")
        self.rookery("queue", "retry", row["id"])
        sink.wait(1)
        day = self.counted({**failed, ("sts", "success", ""): 1})

        early = self.node.run("tlsrpt", "send", "--day", day)
        self.assertEqual(early.returncode, 5, early.stdout)
        self.assertEqual(self.send(day), {"domains": 1, "before": 0, "unasked": 0, "unanswered": 0, "mailed": 1, "posted": 1, "failed": 0})
        mail, report = report_in(sink.wait(2)[1].data)
        self.assertEqual(sink.messages[1].recipients, ["reports@remote.example"])
        self.assertEqual((mail.get_content_type(), mail.get_param("report-type"), mail["TLS-Report-Domain"]), ("multipart/report", "tlsrpt", "remote.example"))
        self.assertEqual(report["date-range"], {"start-datetime": day + "T00:00:00Z", "end-datetime": day + "T23:59:59Z"})
        (policy,) = report["policies"]
        self.assertEqual(policy["policy"]["policy-string"], ["version: STSv1", "mode: enforce", "mx: mx.remote.example", "mx: backup.remote.example", "max_age: 86400"])
        self.assertEqual(policy["summary"], {"total-successful-session-count": 1, "total-failure-session-count": 2})
        self.assertEqual(sorted((d["result-type"], d["receiving-mx-hostname"], d["receiving-ip"], d["failed-session-count"]) for d in policy["failure-details"]),
                         [("certificate-host-mismatch", h + ".remote.example", "127.0.0.1", 1) for h in ("backup", "mx")])
        ((host, path, kind, body),) = self.posts.wait_posted(1)
        self.assertEqual((host, path, kind), ("report.remote.example", "/v1", "application/tlsrpt+gzip"))
        self.assertEqual(json.loads(gzip.decompress(body)), report)

        again = {"domains": 1, "before": 1, "unasked": 0, "unanswered": 0, "mailed": 0, "posted": 0, "failed": 0}
        self.assertEqual(self.send(day), again)
        self.queued(0)  # that the mail has arrived is on the disk; a crash before that may send it again
        self.node.kill()
        self.node.start()
        self.assertEqual(self.send(day), again)
        (sent,) = self.rows("sent", "--day", day)
        self.assertEqual([(t["address"], t["state"]) for t in sent["targets"]], [("mailto:reports@remote.example", "sent"), ("https://report.remote.example/v1", "sent")])
        self.assertEqual(sent["report_id"], report["report-id"])
        self.queued(0)
        self.assertEqual((len(sink.messages), len(self.posts.posted)), (2, 1))

    def test_nobody_who_does_not_ask_gets_a_report(self):
        sink, day = self.one_success("")
        self.assertEqual(self.send(day)["unasked"], 1)
        self.assertEqual(self.send(day)["before"], 1)
        self.queued(0)
        self.assertEqual(len(sink.messages), 1)

    def test_a_post_that_fails_is_made_again(self):
        _, day = self.one_success(POST)
        self.posts.taken = (503, "text/plain", "not now\n")
        self.assertEqual(self.send(day)["failed"], 1)
        (sent,) = self.rows("sent")
        self.assertEqual((sent["state"], sent["targets"][0]["state"], sent["targets"][0]["why"]), ("under way", "waiting", "status 503"))
        self.posts.taken = (201, "text/plain", "")
        self.node.kill()
        self.node.start()
        self.assertEqual(self.send(day)["posted"], 1)
        first, second = [json.loads(gzip.decompress(p[3])) for p in self.posts.wait_posted(2)]
        self.assertEqual(first, second)
        self.assertEqual(self.send(day)["before"], 1)

    def test_a_post_is_not_made_again_when_nobody_knows_how_it_ended(self):
        _, day = self.one_success(POST)
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        say = self.posts.server.RequestHandlerClass.say
        self.posts.server.RequestHandlerClass.say = lambda handler, answer: (go_on.wait(60), say(handler, answer))
        asking = threading.Thread(target=self.node.run, args=("tlsrpt", "send", "--unfinished", "--day", day))
        asking.start()
        self.posts.wait_posted(1)
        self.node.kill()
        go_on.set()
        asking.join()
        self.node.start()
        self.assertEqual(self.send(day)["posted"], 0)
        (sent,) = self.rows("sent")
        self.assertEqual((sent["state"], sent["targets"][0]["state"]), ("done", "unknown"))
        self.assertEqual(len(self.posts.posted), 1)

    def test_policies_that_cannot_be_had_and_missing_tls_are_counted(self):
        self.web.answer = (404, "text/plain", "no\n")
        sink = self.world(STS)
        self.submit("a@remote.example")
        sink.wait(1)
        self.counted({("sts", "sts-policy-fetch-error", ""): 1, ("no-policy-found", "starttls-not-supported", "mx.remote.example"): 1})

    def test_dane_is_counted(self):
        context, digest = self.certificate()
        sink = self.world("_PORT._tcp.mx 300 IN TLSA 3 1 1 %s\n" % digest, context=context)
        self.submit("a@remote.example")
        sink.wait(1)
        day = self.counted({("tlsa", "success", ""): 1})
        self.wait_closed(sink)
        self.names("_PORT._tcp.mx 300 IN TLSA 3 1 1 %s\n" % ("00" * 32) + "_PORT._tcp.backup 300 IN TLSA 3 1 1 %s\n" % ("00" * 32) + MAIL % "reports@remote.example", sink)
        self.submit("b@remote.example")
        self.wait_retry()
        self.counted({("tlsa", "success", ""): 1, ("tlsa", "tlsa-invalid", "mx.remote.example"): 1, ("tlsa", "tlsa-invalid", "backup.remote.example"): 1})
        self.assertEqual(self.send(day)["mailed"], 1)
        _, report = report_in(sink.wait(2)[1].data)  # TLS-Required: No
        self.assertEqual(report["policies"][0]["policy"]["policy-type"], "tlsa")
        self.assertRegex(report["policies"][0]["policy"]["policy-string"][0], r"^_%d\._tcp\.(mx|backup)\.remote\.example\. IN TLSA 3 1 1 0000" % sink.port)

    def test_nothing_is_counted_unless_a_setting_says_so(self):
        self.rookery("settings", "unset", "tlsrpt.reports")
        sink = self.world(STS, context=self.authority.context("mx.remote.example"))
        self.submit("a@remote.example")
        sink.wait(1)
        self.wait_closed(sink)
        self.set("tlsrpt.reports", "count")
        self.submit("b@remote.example")
        sink.wait(2)
        self.counted({("sts", "success", ""): 1})

    def post(self, recipient, octets):
        with smtplib.SMTP("127.0.0.1", self.node.port("smtp"), timeout=30) as c:
            return c.sendmail("tls@company.example", [recipient], octets)

    def wait_list(self, count, limit=30):
        end = time.time() + limit
        while True:
            rows = self.rows("list")
            if len(rows) == count:
                return rows
            self.assertLess(time.time(), end, rows)
            time.sleep(0.1)

    def report_mail(self, name="id-1"):
        report = {"organization-name": "Company", "date-range": {"start-datetime": "2026-11-20T00:00:00Z", "end-datetime": "2026-11-20T23:59:59Z"},
                  "contact-info": "tls@company.example", "report-id": name,
                  "policies": [{"policy": {"policy-type": "sts", "policy-string": ["version: STSv1"], "policy-domain": "example.test"},
                                "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
                                "failure-details": [{"result-type": "certificate-expired", "failed-session-count": 303}]}]}
        from email.mime.application import MIMEApplication
        from email.mime.multipart import MIMEMultipart
        mail = MIMEMultipart("report", report_type="tlsrpt")
        mail["From"], mail["Subject"] = "tls@company.example", "Report Domain: example.test"
        mail.attach(MIMEApplication(gzip.compress(json.dumps(report).encode()), "tlsrpt+gzip"))
        return mail.as_bytes(policy=email.policy.SMTP), report

    def test_reports_that_come_are_shown(self):
        octets, report = self.report_mail()
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.post("tlsrpt@example.test", octets)
        self.set("tlsrpt.address", "tlsrpt")
        self.post("TLSRPT@example.test", octets)
        (row,) = self.wait_list(1)
        self.assertEqual((row["organization"], row["successes"], row["failures"], row["domains"]), ("Company", 5326, 303, ["example.test"]))
        self.node.kill()
        self.node.start()
        shown = self.rows("show", row["id"])
        self.assertEqual(shown["report"], report)
        self.assertIn("Company", self.rookery("tlsrpt", "list"))
        self.assertEqual(self.node.run("tlsrpt", "show", "0000000000000001").returncode, 4)
        with self.assertRaises(smtplib.SMTPDataError):
            self.post("tlsrpt@example.test", b"Subject: offer\r\n\r\nbuy\r\n")
        broken = octets.replace(b"tlsrpt+gzip", b"octet-stream")
        self.post("tlsrpt@example.test", broken)
        self.assertTrue(self.wait_list(2)[0]["fault"])
        self.queued(0)

    def test_other_mail_to_the_address_is_for_who_lives_there(self):
        self.set("tlsrpt.address", self.node.accounts[1])
        self.post(self.node.accounts[1], self.report_mail()[0])
        self.post(self.node.accounts[1], b"Subject: for a person\r\n\r\nhello\r\n")
        self.wait_list(1)
        (mail,) = self.inbox(1)
        self.assertEqual(mail["Subject"], "for a person")

    def test_another_rookery_takes_the_report(self):
        folder = tempfile.mkdtemp(prefix="rookery-remote-")
        self.addCleanup(shutil.rmtree, folder, True)
        remote = Node(PROGRAM, folder, 1)
        remote.start()
        self.addCleanup(remote.kill)
        for verb in (["domain", "add", "remote.example"], ["account", "add", "ann@remote.example"],
                     ["settings", "set", "tlsrpt.address", "tlsrpt@remote.example"]):
            done = remote.run(*verb, input="correct horse battery\n")
            self.assertEqual(done.returncode, 0, done.stdout)
        self.world(MAIL % "tlsrpt@remote.example")
        self.rookery("route", "change", "remote.example", "--port", str(remote.port("smtp")))
        self.submit("ann@remote.example")
        self.queued(0)
        day = self.counted({("no-policy-found", "success", ""): 1})
        self.assertEqual(self.send(day)["mailed"], 1)
        end = time.time() + 30
        while True:
            rows = json.loads(remote.run("tlsrpt", "list", "--json").stdout)
            if rows:
                break
            self.assertLess(time.time(), end, self.queued())
            time.sleep(0.1)
        self.assertEqual((rows[0]["organization"], rows[0]["successes"]), ("example.test", 1))
        self.assertEqual(remote.stop(), 0)


if __name__ == "__main__":
    unittest.main()
