"""Archives: each way in and out, what is left out, copies to elsewhere, and a server that is killed."""
import email, imaplib, json, os, smtplib, sys, threading, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from outside import Case


class Archives(Case):
    def setUp(self):
        super().setUp()
        self.ann, self.bob, self.box = self.node.accounts[0], self.node.accounts[1], self.node.accounts[3]

    def arrive(self, *to, sender="eve@elsewhere.example", text="Subject: in\r\n\r\nhello\r\n"):
        with smtplib.SMTP("127.0.0.1", self.node.port("smtp"), timeout=30) as c:
            return c.sendmail(sender, list(to), text)

    def folders(self, user=3):
        """Subjects by folder, of all folders of an account that have mail."""
        found = {}
        with imaplib.IMAP4("127.0.0.1", self.node.port("imap")) as c:
            c.login(self.node.accounts[user], self.node.password)
            for row in c.list()[1]:
                name = row.decode().rsplit(' "/" ', 1)[1].strip('"')
                if c.select('"%s"' % name, readonly=True)[0] != "OK":
                    continue
                texts = [p[1] for p in c.fetch("1:*", "(BODY.PEEK[HEADER])")[1] if isinstance(p, tuple)] if c.untagged_responses.get("EXISTS") != [b"0"] else []
                if texts:
                    found[name] = [email.message_from_bytes(t) for t in texts]
        return found

    def subjects(self, user=3):
        return {f: sorted(m["Subject"] for m in all) for f, all in self.folders(user).items()}

    def test_both_ways_with_a_folder_for_each(self):
        self.rookery("archive", "add", "legal", "--of", self.node.domain, "--to", self.box, "--folder", "{direction}/{account}")
        sink = self.sink()
        self.arrive(self.ann, self.bob)
        self.submit("x@remote.example", self.bob, text="Subject: out\r\nTo: x@remote.example\r\n\r\nhi\r\n")
        sink.wait(1)
        self.assertEqual(self.subjects(), {"in/" + self.ann: ["in"], "in/" + self.bob: ["in", "out"], "out/" + self.ann: ["out"]})
        # Who had it although no field says so is seen in the archive, and nowhere else.
        (copy,) = self.folders()["out/" + self.ann]
        self.assertEqual(copy["X-Archived-For"], self.ann + " (out)")
        self.assertEqual(copy["X-Archived-Recipients"].split(), ["x@remote.example,", self.bob])
        self.assertEqual(copy["Return-Path"], "<%s>" % self.ann)
        self.assertIsNotNone(copy["Message-ID"])
        for got in self.inbox(1, want=2):
            self.assertIsNone(got["X-Archived-Recipients"])
        self.assertNotIn(b"X-Archived", sink.messages[0].data)
        rows = json.loads(self.rookery("archive", "list", "--json"))
        self.assertEqual([(r["name"], r["of"], r["to"]) for r in rows], [("legal", self.node.domain, self.box)])
        self.rookery("archive", "remove", "legal")
        self.arrive(self.ann)
        self.inbox(0, want=2)
        self.assertEqual(self.subjects()["in/" + self.ann], ["in"])

    def test_machines_lists_and_spam_are_left_out_unless_asked_for(self):
        self.set("archive.spam_field", "X-Spam-Flag: YES*")
        self.rookery("archive", "add", "ann", "--of", self.ann, "--to", self.box, "--direction", "in")
        texts = {"list": "List-Id: <rooks.example>\r\n", "machine": "Auto-Submitted: auto-replied\r\n", "spam": "X-Spam-Flag: YES, surely\r\n", "mail": ""}

        def all_kinds(round):
            for kind, field in texts.items():
                self.arrive(self.ann, text="Subject: %s%d\r\n%s\r\nx\r\n" % (kind, round, field))

        all_kinds(1)
        self.assertEqual(self.subjects(), {"INBOX": ["mail1"]})
        self.rookery("archive", "change", "ann", "--lists", "--automatic", "--spam")
        all_kinds(2)
        self.assertEqual(self.subjects(), {"INBOX": ["list2", "machine2", "mail1", "mail2", "spam2"]})
        self.rookery("archive", "change", "ann", "--disable")
        all_kinds(3)
        self.assertEqual(len(self.subjects()["INBOX"]), 5)
        # Nobody gets his own mail past the archive by that field.
        self.rookery("archive", "change", "ann", "--enable", "--direction", "out", "--no-spam")
        self.submit(self.bob, text="Subject: mine\r\nX-Spam-Flag: YES\r\n\r\nx\r\n")
        self.assertIn("mine", self.subjects()["INBOX"])

    def test_reports_of_this_server(self):
        sink = self.sink()
        sink.say("RCPT", "550 5.1.1 nobody")
        self.rookery("archive", "add", "all", "--of", "*", "--to", self.box, "--direction", "in")
        self.submit("x@remote.example")
        self.inbox(0)
        self.assertEqual(self.subjects(), {})
        self.rookery("archive", "change", "all", "--system")
        self.submit("x@remote.example")
        self.inbox(0, want=2)
        self.assertEqual(len(self.subjects()["INBOX"]), 1)

    def test_a_full_or_frozen_archive_takes_copies_all_the_same(self):
        self.rookery("archive", "add", "all", "--of", "*", "--to", self.box)
        self.rookery("account", "change", self.box, "--quota", "1")
        self.arrive(self.ann)
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.arrive(self.box)
        self.rookery("account", "freeze", self.box)
        self.arrive(self.ann)
        self.inbox(0, want=2)
        self.rookery("account", "enable", self.box)
        self.assertEqual(self.subjects(), {"INBOX": ["in", "in"]})

    def test_to_an_address_elsewhere(self):
        sink = self.sink()
        self.rookery("archive", "add", "far", "--of", self.ann, "--to", "keeper@vault.example")
        self.arrive(self.ann)
        (copy,) = sink.wait(1)
        self.assertEqual((copy.recipients, copy.sender), (["keeper@vault.example"], "postmaster@" + self.node.domain))
        self.assertIn(b"X-Archived-For: %s (in)" % self.ann.encode(), copy.data)
        self.inbox(0)
        # What comes back from there to the same account has been here: it ends.
        with self.assertRaises(smtplib.SMTPDataError):
            self.arrive(self.ann, text=copy.data)

    def test_an_archive_that_nobody_has_loses_nothing(self):
        self.rookery("archive", "add", "wrong", "--of", self.ann, "--to", "nobody@" + self.node.domain)
        self.arrive(self.ann)
        self.inbox(0)
        (bad,) = self.queued(1)
        self.assertEqual((bad["queue"], bad["held"]), ("bad", True))
        self.assertEqual(json.loads(self.rookery("queue", "show", bad["id"], "--json"))["origin"], "archived")
        self.rookery("account", "add", "nobody@" + self.node.domain, input="secret word\n")
        self.rookery("queue", "release", bad["id"])
        self.queued(0)

    def test_deferred_mail_is_archived_when_it_is_taken_and_when_it_arrives(self):
        self.rookery("archive", "add", "all", "--of", "*", "--to", self.box, "--folder", "{direction}")
        self.submit(self.bob, text="Subject: later\r\n\r\nx\r\n", mail_options=["HOLDFOR=4"])
        self.assertEqual(self.subjects(), {"out": ["later"]})
        self.inbox(1, limit=90)
        self.assertEqual(self.subjects(), {"in": ["later"], "out": ["later"]})

    def test_killed_again_and_again_each_acknowledged_message_has_one_copy(self):
        self.rookery("archive", "add", "all", "--of", self.node.domain, "--to", self.box, "--direction", "in")
        said, tried = [], 0
        for round in range(4):
            stop = threading.Event()

            def load():
                nonlocal tried
                while not stop.is_set():
                    try:
                        with smtplib.SMTP("127.0.0.1", self.node.port("smtp"), timeout=10) as c:
                            while not stop.is_set():
                                tried += 1
                                name = "m%d" % tried
                                c.sendmail("eve@elsewhere.example", [self.ann], "Subject: %s\r\n\r\nx\r\n" % name)
                                said.append(name)
                    except (OSError, smtplib.SMTPException):
                        if stop.wait(0.02):
                            return

            threads = [threading.Thread(target=load)]
            threads[0].start()
            enough, end = len(said) + 40, time.time() + 60
            while len(said) < enough and time.time() < end:
                time.sleep(0.01)
            self.node.kill()
            stop.set()
            threads[0].join()
            self.assertGreaterEqual(len(said), enough, self.node.log_tail())
            self.node.start()
        kept = [m["Subject"] for m in self.folders(0)["INBOX"]]
        copies = [m["Subject"] for m in self.folders()["INBOX"]]
        self.assertEqual(len(copies), len(set(copies)), "a copy is there twice")
        self.assertEqual(sorted(copies), sorted(kept), "the archive has what the mailbox has")
        self.assertEqual(set(said) - set(copies), set(), "acknowledged, and not in the archive")


if __name__ == "__main__":
    unittest.main()
