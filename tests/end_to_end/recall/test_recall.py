"""RECALL: sent mail comes back out of queues and mailboxes, and each recipient has a line in the report."""
import email.message, imaplib, json, os, sys, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from outside import Case

SYSTEM = "rookery@example.test"
UNREAD, READ, KEPT = "removed, it had not been read", "removed, but it had been read", "not removed, it had been read"
STOPPED, SENT, FLYING = "stopped before it was sent", "already sent to another server", "just being sent to another server"
RETURNED, NOTHING = "could not be delivered before", "not found"


class Recall(Case):
    def setUp(self):
        super().setUp()
        self.u = self.node.accounts
        self.reports = 0

    def mailbox(self, user, name="INBOX", readonly=False):
        c = imaplib.IMAP4("127.0.0.1", self.node.port("imap"), timeout=30)
        self.addCleanup(c.shutdown)
        c.login(self.u[user], self.node.password)
        self.assertEqual(c.select(name, readonly)[0], "OK")
        return c

    def count(self, user, name="INBOX"):
        c = self.mailbox(user, name, True)
        return int(c.untagged_responses["EXISTS"][-1]) if "EXISTS" in c.untagged_responses else len(c.search(None, "ALL")[1][0].split())

    def mail(self, *to, subject="mistake", id=None, sender=0, **more):
        text = "From: %s\r\nSubject: %s\r\n" % (self.u[sender], subject)
        if id:
            text += "Message-ID: %s\r\n" % id
        self.submit(*to, text=text + "\r\nforget this\r\n", sender=sender, **more)

    def order(self, subject="RECALL", user=0):
        self.submit(SYSTEM, text="Subject: %s\r\n\r\n" % subject, sender=user)

    def report(self, user=0, want=1):
        """The newest report, once there are `want`: its text, and its lines for recipients."""
        end = time.time() + 60
        while True:
            found = [m for m in self.inbox(user, want=0) if SYSTEM in m["From"]]
            if len(found) >= want or time.time() > end:
                break
            time.sleep(0.05)
        self.assertEqual(len(found), want, self.node.log_tail())
        text = found[-1].get_payload(decode=True).decode()
        return text, dict(line.split(": ", 1) for line in text.splitlines() if "@" in line.split(": ")[0] and ": " in line)

    def recall(self, subject="RECALL", user=0, want=1):
        self.order(subject, user)
        return self.report(user, want)[1]

    # --- mailboxes

    def test_unread_copies_go_and_others_see_a_normal_expunge(self):
        self.mail(self.u[1], self.u[2])
        self.inbox(1), self.inbox(2)
        watcher = self.mailbox(1)
        reader = self.mailbox(2)
        reader.store("1", "+FLAGS", "(\\Seen)")
        self.assertEqual(self.recall(), {self.u[1]: UNREAD, self.u[2]: KEPT})
        watcher.noop()
        self.assertEqual(watcher.response("EXPUNGE")[1], [b"1"])
        self.assertEqual(self.count(1), 0)
        reader.noop()
        self.assertEqual(reader.response("EXPUNGE")[1], [None])
        self.assertEqual(self.count(2), 1)
        self.assertEqual(self.recall(want=2), {self.u[1]: NOTHING, self.u[2]: KEPT})

    def test_read_ones_too_by_setting(self):
        self.set("recall.read", "on")
        self.mail(self.u[1])
        self.inbox(1)
        self.mailbox(1).store("1", "+FLAGS", "(\\Seen)")
        self.assertEqual(self.recall(), {self.u[1]: READ})
        self.assertEqual(self.count(1), 0)

    def test_copies_are_found_where_the_user_has_put_them(self):
        self.mail(self.u[1])
        self.inbox(1)
        c = self.mailbox(1)
        c.create("Work/Later")
        c.create("Copies")
        c.copy("1", "Copies")
        self.assertEqual(c.uid("MOVE", "1", "Work/Later")[0], "OK")
        self.assertEqual(self.recall(), {self.u[1]: UNREAD})
        for name in ("INBOX", "Work/Later", "Copies"):
            self.assertEqual(self.count(1, name), 0, name)

    def test_only_the_message_that_is_meant_goes(self):
        """Neither another of the same Message-ID, nor one that was sent before or behind."""
        for subject, id in (("first", "<1@client>"), ("second", "<2@client>"), ("third", "<3@client>")):
            self.mail(self.u[1], subject=subject, id=id)
        self.mail(self.u[1], subject="somebody else's", id="<2@client>", sender=2)
        self.inbox(1, 4)
        self.assertEqual(self.recall("Re: recall <2@client>"), {self.u[1]: UNREAD})
        self.assertEqual([m["Subject"] for m in self.inbox(1)], ["first", "third", "somebody else's"])
        self.assertEqual(self.recall(want=2), {self.u[1]: UNREAD})
        self.assertEqual([m["Subject"] for m in self.inbox(1)], ["first", "somebody else's"])

    def test_the_original_may_be_attached(self):
        self.mail(self.u[1], subject="first", id="<a1@client>")
        self.mail(self.u[1], subject="second", id="<a2@client>")
        original = self.inbox(1, 2)[0]
        order = email.message.EmailMessage()
        order["Subject"] = "RECALL"
        order.set_content("this one")
        original.policy = order.policy
        order.add_attachment(original)
        self.submit(SYSTEM, text=order.as_bytes().replace(b"\n", b"\r\n"))
        self.assertEqual(self.report()[1], {self.u[1]: UNREAD})
        self.assertEqual([m["Subject"] for m in self.inbox(1)], ["second"])

    def test_groups_and_forwarding(self):
        sink = self.sink()
        self.rookery("alias", "add", "team@example.test", self.u[1], self.u[2])
        self.rookery("account", "change", self.u[2], "--forward-to", "me@private.example")
        self.mail("team@example.test", self.u[3])
        sink.wait(1)
        self.queued(0)
        self.mailbox(3).store("1", "+FLAGS", "(\\Seen)")
        self.assertEqual(self.recall(), {"team@example.test": UNREAD + " (2 copies); forwarded copy: " + SENT, self.u[3]: KEPT})
        self.assertEqual((self.count(1), self.count(2), self.count(3)), (0, 0, 1))

    def test_a_forwarded_copy_that_waits_is_stopped(self):
        sink = self.sink()
        self.rookery("queue", "freeze", "remote")
        self.rookery("account", "change", self.u[1], "--forward-to", "me@private.example", "--forward-keep", "no")
        self.mail(self.u[1])
        self.assertEqual(self.recall(), {self.u[1]: "forwarded: " + STOPPED})
        self.queued(0)
        self.assertEqual(sink.messages, [])

    # --- queues

    def test_what_waits_is_stopped(self):
        sink = self.sink()
        self.mail("a@remote.example", self.u[1], mail_options=["HOLDFOR=3600"])
        self.queued(1)
        self.assertEqual(self.recall(), {"a@remote.example": STOPPED, self.u[1]: STOPPED})
        self.queued(0)
        sink.say("RCPT", "450 4.2.0 later")
        self.mail("b@remote.example")
        end = time.time() + 60
        while self.queued(1)[0]["queue"] != "retry":
            self.assertLess(time.time(), end, self.node.log_tail())
            time.sleep(0.05)
        self.assertEqual(self.recall(want=2), {"b@remote.example": STOPPED})
        self.queued(0)
        self.assertEqual(sink.messages, [])

    def test_what_is_held_for_gateways_is_stopped(self):
        """Each gateway has a queue of its own: one message waits in three, and its sender knows of one."""
        sink = self.sink()
        self.rookery("queue", "freeze", "remote")
        for domain in ("branch.example", "depot.example"):
            self.rookery("gateway", "add", domain, "--on-request", "--dequeuer", self.u[3])
        self.mail("a@branch.example", "b@depot.example", "c@branch.example", "d@remote.example")
        self.assertEqual(sorted(m["queue"] for m in self.queued(3)), ["branch.example", "depot.example", "remote"])
        self.assertEqual(self.recall(), {to: STOPPED for to in ("a@branch.example", "b@depot.example", "c@branch.example", "d@remote.example")})
        self.queued(0)
        self.assertEqual(sink.messages, [])

    def test_what_was_sent_or_came_back_is_said(self):
        sink = self.sink()
        sink.say("RCPT", "550 5.1.1 nobody", to="gone@")
        self.mail("a@remote.example", "gone@remote.example")
        sink.wait(1)
        self.queued(0)
        self.inbox(0)  # the report of the failure
        self.assertEqual(self.recall(), {"a@remote.example": SENT, "gone@remote.example": RETURNED})

    def test_what_is_just_being_sent_is_said_and_not_tried_again(self):
        sink = self.sink()
        sink.say("MAIL", "hang", to=self.u[0])
        self.mail("a@remote.example")
        sink.wait_command("MAIL")
        self.assertEqual(self.recall(), {"a@remote.example": FLYING})
        self.queued(0)
        self.node.kill()
        sink.forget_rules()
        self.node.start()
        self.queued(0)
        self.assertEqual(sink.messages, [])

    def test_mail_that_came_out_of_the_queue_is_found_too(self):
        """Without Message-ID and Date, which are put in front: its body is another than the one that was accepted."""
        self.mail(self.u[1], mail_options=["HOLDFOR=1"])
        self.inbox(1, limit=60)
        self.queued(0)
        self.assertEqual(self.recall(), {self.u[1]: UNREAD})
        self.assertEqual(self.count(1), 0)

    # --- who may, and what is remembered

    def test_nobody_recalls_what_others_sent(self):
        self.mail(self.u[1], id="<mine@client>")
        self.inbox(1)
        self.order("RECALL <mine@client>", user=2)
        text, lines = self.report(user=2)
        self.assertIn("No message of yours", text)
        self.assertEqual(lines, {})
        self.order(user=3)
        self.assertIn("No message of yours", self.report(user=3)[0])
        self.assertEqual(self.count(1), 1)

    def test_orders_that_cannot_be_read_take_nothing_back(self):
        self.mail(self.u[1])
        self.order("RECALL that mail")
        self.assertIn("could not be read", self.report()[0])
        self.assertEqual(len(self.inbox(1)), 1)

    def test_so_many_are_remembered_as_the_setting_says(self):
        self.set("recall.messages", 2)
        for i in (1, 2, 3):
            self.mail(self.u[1], self.u[2], subject="number %d" % i, id="<%d@client>" % i)
        rows = json.loads(self.rookery("recall", "list", "--json"))
        rows = rows["items"] if isinstance(rows, dict) else rows
        self.assertEqual([(r["message_id"], r["account"], r["recipients"]) for r in rows], [("<3@client>", self.u[0], 2), ("<2@client>", self.u[0], 2)])
        shown = json.loads(self.rookery("recall", "show", rows[0]["id"], "--json"))
        self.assertEqual([(r["address"], r["copies"]) for r in shown["recipients"]],
                         [(self.u[1], [{"mailbox_of": self.u[1]}]), (self.u[2], [{"mailbox_of": self.u[2]}])])
        self.assertIn("number 3", self.rookery("recall", "list", "--account", self.u[0]))
        self.assertNotIn("number", self.rookery("recall", "list", "--account", self.u[1]))
        self.order("RECALL <1@client>")
        self.assertIn("No message of yours", self.report()[0])
        self.set("recall.messages", 0)
        self.order("RECALL <3@client>")
        self.assertIn("cannot be recalled on this server", self.report(want=2)[0])
        self.assertEqual(self.count(1), 3)

    def test_too_old(self):
        self.set("recall.seconds", 1)
        self.mail(self.u[1], mail_options=["HOLDFOR=2"])
        self.inbox(1, limit=60)
        self.order()
        self.assertIn("too old", self.report()[0])
        self.assertEqual(self.count(1), 1)

    # --- kill -9

    def test_an_order_that_waits_outlives_kill_9_and_means_what_it_meant(self):
        self.rookery("queue", "freeze", "system")
        self.mail(self.u[1], self.u[2], subject="meant")
        self.order()
        self.mail(self.u[1], subject="sent behind the order")
        self.inbox(1, 2)
        self.node.kill()
        self.node.start()
        self.rookery("queue", "unfreeze", "system")
        self.assertEqual(self.report()[1], {self.u[1]: UNREAD, self.u[2]: UNREAD})
        self.assertEqual([m["Subject"] for m in self.inbox(1)], ["sent behind the order"])
        self.assertEqual(self.count(2), 0)

    def test_whenever_the_server_dies_the_report_says_what_was_done(self):
        sink = self.sink()
        for round in range(1, 5):
            self.mail(self.u[1], self.u[2])
            self.mail("a@remote.example", self.u[3], mail_options=["HOLDFOR=3600"], id="<held%d@client>" % round)
            self.order("RECALL <held%d@client>" % round)
            self.node.kill()
            self.node.start()
            self.assertEqual(self.report(want=round)[1], {"a@remote.example": STOPPED, self.u[3]: STOPPED})
            self.queued(0)
        self.order()
        self.node.kill()
        self.node.start()
        self.assertEqual(self.report(want=5)[1], {"a@remote.example": NOTHING, self.u[3]: NOTHING})
        self.assertEqual((self.count(1), self.count(2), self.count(3), len(sink.messages)), (4, 4, 0, 0))

    def test_mailboxes_too(self):
        for round in range(1, 5):
            self.mail(self.u[1], self.u[2])
            self.order()
            self.node.kill()
            self.node.start()
            self.assertEqual(self.report(want=round)[1], {self.u[1]: UNREAD, self.u[2]: UNREAD})
            self.assertEqual((self.count(1), self.count(2)), (0, 0))
            self.queued(0)


if __name__ == "__main__":
    unittest.main()
