"""First mailboxes by a template, messages that expire, and what was removed and comes back."""
import imaplib, json, os, poplib, sys, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from outside import Case

DAY = 86400


class Mailboxes(Case):
    def imap(self, user=0, address=None):
        c = imaplib.IMAP4("127.0.0.1", self.node.port("imap"))
        self.addCleanup(c.sock.close)
        c.login(address or self.node.accounts[user], self.node.password)
        return c

    def folders(self, c):
        rows = c.list()[1]
        return sorted(r.decode().rsplit('"/" ', 1)[1].strip('"') for r in rows if r)

    def fill(self, c, mailbox, *subjects, flags="", age=0):
        for s in subjects:
            date = imaplib.Time2Internaldate(time.time() - age * DAY)
            self.assertEqual(c.append(mailbox, flags, date, ("Subject: %s\r\n\r\nHello\r\n" % s).encode())[0], "OK")

    def subjects(self, c, mailbox):
        self.assertEqual(c.select(mailbox, readonly=True)[0], "OK")
        rows = c.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1] if c.untagged_responses["EXISTS"] != [b"0"] else []
        return sorted(r[1].decode().split(":")[1].strip() for r in rows if isinstance(r, tuple))

    def asked(self, *verb):
        return json.loads(self.rookery(*verb, "--json"))


class Templates(Mailboxes):
    def test_an_account_begins_with_the_mailboxes_of_its_template(self):
        c = self.imap()
        self.assertEqual(self.folders(c), ["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"])
        rows = c.list()[1]
        self.assertTrue(any(b"\\Drafts" in r for r in rows), rows)
        self.assertEqual(len(c.lsub()[1]), 5)
        # What the user takes away stays away.
        c.delete("Junk")
        c.logout()
        self.assertNotIn("Junk", self.folders(self.imap()))

        self.rookery("template", "add", "staff", "--mailbox", "Sent=\\Sent", "--mailbox", "!Projects/2026", "--quota", "10M")
        self.assertEqual([t["name"] for t in self.asked("template", "list")], ["standard", "staff"])
        self.rookery("domain", "add", "firm.example", "--template", "staff")
        self.rookery("account", "add", "ann@firm.example", input="Correct-Horse-9\n")
        self.assertEqual(self.asked("account", "show", "ann@firm.example")["quota_octets"], 10 << 20)
        c = imaplib.IMAP4("127.0.0.1", self.node.port("imap"))
        c.login("ann@firm.example", "Correct-Horse-9")
        self.assertEqual(self.folders(c), ["INBOX", "Projects/2026", "Sent"])
        self.assertEqual([r.split()[-1] for r in c.lsub()[1]], [b'"Sent"'] if b'"' in c.lsub()[1][0].split()[-1] else [b"Sent"])
        self.assertEqual(c.getquota("")[0] if "QUOTA" in c.capabilities else "OK", "OK")
        refused = self.node.run("template", "remove", "staff")
        self.assertEqual((refused.returncode, "firm.example" in refused.stdout), (5, True), refused.stdout)
        refused = self.node.run("account", "add", "bob@firm.example", "--template", "gone", input="Correct-Horse-9\n")
        self.assertEqual((refused.returncode, "template" in refused.stdout), (4, True), refused.stdout)

    def test_nothing_is_made_where_the_template_is_none_or_mailboxes_are_there(self):
        self.set("mailboxes.template", "none")
        self.assertEqual(self.folders(self.imap(0)), ["INBOX"])
        self.set("mailboxes.template", "standard")
        self.assertEqual(self.folders(self.imap(0)), ["INBOX"])  # it has begun
        # Mail that came before the first login changes nothing.
        self.submit(self.node.accounts[1], sender=2)
        self.inbox(1)
        self.assertIn("Drafts", self.folders(self.imap(1)))


class Expiry(Mailboxes):
    def test_old_messages_go_by_rule(self):
        c = self.imap()
        self.fill(c, "INBOX", "old", age=40)
        self.fill(c, "INBOX", "old and flagged", flags="\\Flagged", age=40)
        self.fill(c, "INBOX", "young", age=10)
        self.fill(c, "Trash", "just thrown away", age=400)
        other = self.imap(1)
        self.fill(other, "INBOX", "another's", age=400)
        self.rookery("expiry", "add", "inbox", "--of", self.node.accounts[0], "--mailbox", "INBOX", "--days", "30", "--age", "arrived")
        self.rookery("expiry", "add", "trash", "--of", "*", "--mailbox", "Trash", "--days", "30")
        done = self.asked("expiry", "run", "--pretend")
        self.assertEqual((done["messages"], done["failed"]), (1, 0), done)
        self.assertEqual(len(self.subjects(c, "INBOX")), 3)
        self.assertEqual(self.asked("expiry", "run", "trash")["messages"], 0)
        self.assertEqual(self.asked("expiry", "run")["messages"], 1)
        self.assertEqual(self.subjects(c, "INBOX"), ["old and flagged", "young"])
        self.assertEqual(self.subjects(c, "Trash"), ["just thrown away"])  # its age counts from when it was put there
        self.assertEqual(self.subjects(other, "INBOX"), ["another's"])
        self.rookery("expiry", "change", "inbox", "--flagged", "--of", "example.test")
        self.assertEqual(self.asked("expiry", "run", "inbox")["messages"], 2)
        self.assertEqual(self.subjects(c, "INBOX"), ["young"])
        self.rookery("expiry", "change", "inbox", "--disable")
        self.fill(c, "INBOX", "old again", age=90)
        self.assertEqual(self.asked("expiry", "run")["messages"], 0)
        self.assertEqual(self.node.run("expiry", "run", "gone").returncode, 4)

    def test_open_sessions_see_an_expunge(self):
        c = self.imap()
        self.fill(c, "INBOX", "old", "older", age=400)
        c.select("INBOX")
        self.rookery("expiry", "add", "all", "--of", "*", "--mailbox", "*", "--days", "100", "--age", "arrived")
        self.assertEqual(self.asked("expiry", "run")["messages"], 2)
        c.noop()
        self.assertEqual(len(c.response("EXPUNGE")[1]), 2)


class Removed(Mailboxes):
    settings = {"mailboxes.keep_removed_days": 14}

    def removed(self):
        return {r["mailbox"]: r["messages"] for r in self.asked("mailbox", "removed", self.node.accounts[0])}

    def test_what_was_removed_comes_back(self):
        c = self.imap()
        self.fill(c, "INBOX", "a", "b", "c", flags="\\Flagged", age=3)
        c.create("Work/Old")
        self.fill(c, "Work/Old", "w1", "w2", age=3)
        time.sleep(1.1)  # --as-of has seconds
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        time.sleep(1.1)
        c.select("INBOX")
        c.store("1:2", "+FLAGS", "\\Deleted")
        c.expunge()
        c.unselect()
        c.delete("Work/Old")
        p = poplib.POP3("127.0.0.1", self.node.port("pop3"))
        p.user(self.node.accounts[0])
        p.pass_(self.node.password)
        p.dele(1)
        p.quit()
        self.assertEqual(self.subjects(c, "INBOX"), [])
        self.assertNotIn("Work/Old", self.folders(c))
        self.assertEqual(self.removed(), {"INBOX": 3, "Work/Old": 2})
        # Not for users, and not of their quota.
        rows = {r["mailbox"]: r for r in self.asked("mailbox", "list", self.node.accounts[0])}
        self.assertEqual((rows["INBOX"]["messages"], rows["INBOX"]["octets"]), (0, 0))

        pretended = self.asked("mailbox", "restore", self.node.accounts[0], "--as-of", moment, "--pretend")
        self.assertEqual([(r["mailbox"], r["messages"]) for r in pretended["items"]], [("INBOX", 3), ("Work/Old", 2)])
        self.assertEqual(self.subjects(c, "INBOX"), [])
        self.rookery("mailbox", "restore", self.node.accounts[0], "--as-of", moment, "--mailbox", "Work/Old")
        self.assertEqual(self.subjects(c, "Work/Old"), ["w1", "w2"])
        self.node.kill()  # what was kept is as durable as what it was taken from
        self.node.start()
        c = self.imap()
        self.rookery("mailbox", "restore", self.node.accounts[0], "--as-of", moment)
        self.assertEqual(self.subjects(c, "INBOX"), ["a", "b", "c"])
        flags = b" ".join(r if isinstance(r, bytes) else r[0] for r in c.fetch("1:*", "(FLAGS)")[1])
        self.assertEqual((flags.count(b"\\Flagged"), flags.count(b"\\Deleted")), (3, 0), flags)
        self.assertEqual(self.removed(), {})

    def test_only_what_was_there_then_and_removed_since(self):
        c = self.imap()
        self.fill(c, "INBOX", "early", age=3)
        c.select("INBOX")
        c.store("1", "+FLAGS", "\\Deleted")
        c.expunge()
        self.assertEqual(self.removed(), {"INBOX": 1})
        # It had not come yet two weeks ago, and was gone a moment from now.
        self.assertEqual(self.asked("mailbox", "restore", self.node.accounts[0], "--as-of", "14d")["items"], [])
        self.assertEqual(self.asked("mailbox", "restore", self.node.accounts[0], "--as-of", "2d")["items"], [{"mailbox": "INBOX", "messages": 1}])
        for wrong in ("tomorrow", "2999-01-01", "2026-13-01", "2026-11-21T25:00:00Z"):
            self.assertEqual(self.node.run("mailbox", "restore", self.node.accounts[0], "--as-of", wrong).returncode, 1, wrong)
        self.assertEqual(self.node.run("mailbox", "restore", "nobody@example.test", "--as-of", "1h").returncode, 4)

    def test_it_goes_for_good_when_the_time_is_over(self):
        c = self.imap()
        self.fill(c, "INBOX", "a", "b")
        c.select("INBOX")
        c.store("1:*", "+FLAGS", "\\Deleted")
        c.close()
        self.assertEqual(self.asked("expiry", "run")["forgotten"], 0)
        self.assertEqual(self.removed(), {"INBOX": 2})
        self.set("mailboxes.keep_removed_days", 0)
        self.assertEqual(self.asked("expiry", "run")["forgotten"], 2)
        self.assertEqual(self.removed(), {})
        self.fill(c, "INBOX", "c")
        c.select("INBOX")
        c.store("1:*", "+FLAGS", "\\Deleted")
        c.expunge()
        self.assertEqual(self.removed(), {})


if __name__ == "__main__":
    unittest.main()
