"""ETRN and ATRN: servers that ask for the mail of their domains, by themselves or on the connection they have made."""
import json, os, shutil, smtplib, sys, tempfile, threading, time, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from odmr import Branch, Case, Customer, hand_over
from sink import Sink


class Dequeue(Case):
    def write(self, *to, text="Subject: hello\r\n\r\nHello\r\n"):
        with smtplib.SMTP("127.0.0.1", self.node.port("smtp"), timeout=60) as c:
            for t in to:
                c.sendmail("ann@elsewhere.example", [t], text)

    def held(self, *domains, dequeuer=0, more=()):
        for d in domains:
            self.rookery("gateway", "add", d, "--on-request", "--dequeuer", self.node.accounts[dequeuer], *more)

    def customer(self, user=0, tls=False, login=True):
        c = Customer(self.node.port("submission"), tls)
        if login:
            self.assertEqual(c.login(self.node.accounts[user], self.node.password)[:3], "235")
        return c

    def unconnected(self, limit=60):
        """Until nothing is open to any destination."""
        end = time.time() + limit
        while True:
            rows = json.loads(self.rookery("queue", "destinations", "--json"))
            rows = rows["items"] if isinstance(rows, dict) else rows
            if all(r["connections"] == 0 for r in rows):
                return
            self.assertLess(time.time(), end, rows)
            time.sleep(0.05)

    def turned(self, argument="", limit=60):
        """A customer's connection on which the provider sends now, as soon as there is mail that nobody else is being given."""
        end = time.time() + limit
        while True:
            c = self.customer()
            said = c.command(("ATRN " + argument).rstrip())
            if said[:3] == "250":
                return c.socket
            c.close()
            self.assertEqual(said[:3], "453")
            self.assertLess(time.time(), end, self.queued())
            time.sleep(0.05)

    def server(self, connection=None):
        """One of the customer's, which has the connection until it ends."""
        s = Sink()
        self.sinks.append(s)
        if connection is not None:
            s._guarded(connection, ("provider", 0))
        return s


class Etrn(Dequeue):
    def etrn(self, argument, user=None):
        service = "smtp" if user is None else "submission"
        with smtplib.SMTP("127.0.0.1", self.node.port(service), timeout=60) as c:
            c.ehlo()
            if user is not None:
                c.login(self.node.accounts[user], self.node.password)
            code, text = c.docmd("ETRN", argument)
            return code, text.decode()

    def test_mail_waits_until_it_is_asked_for(self):
        sink = self.sink()
        self.held("branch.example", "lone.example", more=("--host", "127.0.0.1", "--port", str(sink.port)))
        self.write("a@branch.example", "b@branch.example")
        self.queued(2)
        self.assertEqual(self.etrn("lone.example")[0], 251)
        self.assertEqual(sink.connections, 0)
        code, text = self.etrn("Branch.Example")
        self.assertEqual((code, "2 pending messages" in text), (253, True), text)
        self.assertEqual(sorted(m.recipients[0] for m in sink.wait(2)), ["a@branch.example", "b@branch.example"])
        self.queued(0)
        self.unconnected()  # until then it takes what comes
        self.write("c@branch.example")
        self.queued(1)
        self.assertEqual(self.etrn("branch.example")[0], 458)  # a moment ago
        self.assertEqual(self.etrn("branch.example", user=0)[0], 253)  # but its own account may
        sink.wait(3)
        self.queued(0)

    def test_what_the_server_puts_off_waits_for_the_next_time(self):
        self.set("gateway.etrn_interval_seconds", 0)
        sink = self.sink()
        sink.say("RCPT", "450 4.2.0 later", times=1)
        self.held("branch.example", more=("--host", "127.0.0.1", "--port", str(sink.port)))
        self.write("a@branch.example")
        self.queued(1)
        self.assertEqual(self.etrn("#branch.example")[0], 253)
        sink.wait_command("RCPT TO:<a@")
        while not self.queued(1)[0]["recipients"][0].get("last_answer"):
            pass
        self.assertEqual(self.etrn("@branch.example")[0], 253)
        self.assertEqual(sink.wait(1)[0].recipients, ["a@branch.example"])
        self.queued(0)

    def test_who_may_ask(self):
        self.held("branch.example", more=("--host", "127.0.0.1", "--port", "9"))
        self.assertEqual(self.etrn("other.example")[0], 459)
        self.assertEqual(self.etrn("#remote")[0], 459)
        self.assertEqual(self.etrn("..")[0], 501)
        self.set("gateway.etrn", "dequeuers")
        self.assertEqual(self.etrn("branch.example")[0], 459)
        self.assertEqual(self.etrn("branch.example", user=1)[0], 459)
        self.assertEqual(self.etrn("branch.example", user=0)[0], 251)
        self.set("gateway.etrn", "off")
        self.assertEqual(self.etrn("branch.example")[0], 502)


class Atrn(Dequeue):
    def test_who_may_have_mail(self):
        with smtplib.SMTP("127.0.0.1", self.node.port("submission")) as c:
            c.ehlo()
            self.assertFalse(c.has_extn("atrn"))
        self.held("branch.example", "shop.example")
        self.held("other.example", dequeuer=1)
        self.write("a@branch.example", "b@other.example")
        self.queued(2)
        c = self.customer(login=False)
        self.assertIn("250-ATRN", c.lines)
        self.assertEqual(c.command("ATRN")[:3], "530")
        c.login(self.node.accounts[2], self.node.password)
        self.assertEqual(c.command("ATRN")[:3], "450")
        self.assertEqual(c.command("ATRN branch.example")[:3], "450")
        c.close()
        c = self.customer()
        self.assertEqual(c.command("ATRN shop.example")[:3], "453")
        self.assertEqual(c.command("ATRN branch.example,other.example")[:3], "450")
        self.assertEqual(c.command("ATRN nowhere.example")[:3], "450")
        self.assertEqual(c.command("ATRN branch..example")[:3], "501")
        self.rookery("queue", "freeze", "branch.example")
        self.assertEqual(c.command("ATRN")[:3], "453")
        self.assertEqual(c.command("NOOP")[:3], "250")
        c.close()
        self.queued(2)

    def test_the_roles_turn_around(self):
        self.held("branch.example", "shop.example")
        self.write("a@branch.example", "b@shop.example", "c@branch.example")
        self.queued(3)
        for tls in (False, True):
            c = self.customer(tls=tls)
            self.assertEqual(c.command("ATRN branch.example,shop.example")[:3], "250")
            here = self.server(c.socket)
            self.assertEqual(sorted(m.recipients[0] for m in here.messages), ["a@branch.example", "b@shop.example", "c@branch.example"])
            self.assertEqual((here.commands[0], here.commands[-1]), ("EHLO mail.example.test", "QUIT"))
            self.assertNotIn("STARTTLS", here.commands)
            self.queued(0)
            self.write("a@branch.example", "b@shop.example", "c@branch.example")
            self.queued(3)

    def test_a_greeting_that_comes_with_the_command(self):
        self.held("branch.example")
        self.write("a@branch.example")
        self.queued(1)
        c = self.customer()
        c.socket.sendall(b"ATRN\r\n220 customer.example in a hurry\r\n")
        self.assertEqual(c.answer()[:3], "250")
        here = self.server()
        here.say("GREETING", "")
        here._guarded(c.socket, ("provider", 0))
        self.assertEqual([m.recipients for m in here.messages], [["a@branch.example"]])
        self.queued(0)

    def test_refusals_come_back_and_what_is_put_off_waits(self):
        self.held("branch.example")
        self.submit("bad@branch.example")
        self.submit("later@branch.example")
        self.queued(2)
        here = self.server()
        here.say("RCPT", "550 5.1.1 nobody", to="bad@")
        here.say("RCPT", "450 4.2.0 later", to="later@")
        here._guarded(self.turned(), ("provider", 0))
        (failed,) = self.status_of(self.inbox()[0])
        self.assertEqual((failed["Action"], failed["Status"]), ("failed", "5.1.1"))
        (left,) = self.queued(1)
        self.assertEqual((left["queue"], left["recipients"][0]["address"]), ("branch.example", "later@branch.example"))
        here.forget_rules()
        here._guarded(self.turned(), ("provider", 0))  # due when it is asked for
        self.assertEqual([m.recipients for m in here.messages], [["later@branch.example"]])
        self.queued(0)

    def test_a_customer_who_breaks_off_loses_nothing(self):
        self.held("branch.example")
        self.write("a@branch.example", "b@branch.example")
        self.queued(2)
        for step in ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END"):
            with self.subTest(step=step):
                here = self.server()
                here.say(step, "drop")
                here._guarded(self.turned(), ("provider", 0))
                self.assertEqual(here.messages, [])
        here = self.server()
        while len(here.messages) < 2:
            here._guarded(self.turned(), ("provider", 0))
        self.assertEqual(sorted(m.recipients[0] for m in here.messages), ["a@branch.example", "b@branch.example"])
        self.queued(0)

    def test_nothing_is_lost_by_kill_9(self):
        self.held("branch.example")
        names = ["k%02d@branch.example" % i for i in range(30)]
        self.write(*names)
        self.queued(30)
        got = []
        for _ in range(3):
            # It answers for five messages, and for the sixth no more.
            here = self.server()
            here.say("END", "hang")
            here.say("END", "250 2.0.0 taken", times=5)
            threading.Thread(target=here._guarded, args=(self.turned(), ("provider", 0)), daemon=True).start()
            got += here.wait(5)
            self.node.kill()
            self.node.start()
        got += self.server(self.turned()).messages
        self.assertEqual(sorted({m.recipients[0] for m in got}), names)
        self.queued(0)

    def test_a_second_node_has_its_mail_that_way(self):
        folder = tempfile.mkdtemp(prefix="rookery-branch-")
        branch = Branch(self.node.rookery, folder, 2)
        branch.start()
        try:
            reports = self.sink()
            self.held("branch.example", "shop.example")
            self.write("u1@branch.example", "u2@branch.example", "x@shop.example", text="Subject: far\r\n\r\n.dots\r\n..\r\n")
            self.queued(3)
            c = self.customer(tls=True)
            self.assertEqual(c.command("ATRN")[:3], "250")
            hand_over(c.socket, branch.port("smtp"))
            here, self.node = self.node, branch
            try:
                (mail,) = self.inbox(0)
                self.assertTrue(mail.get_payload().endswith(".dots\r\n..\r\n"), mail.get_payload())
                self.inbox(1)
            finally:
                self.node = here
            # It does not know the other domain, and said so.
            self.assertEqual([m.recipients for m in reports.wait(1)], [["ann@elsewhere.example"]])
            self.queued(0)
        finally:
            self.assertEqual(branch.stop(), 0)
            shutil.rmtree(folder, ignore_errors=True)

    def test_the_service_odmr(self):
        self.assertEqual(self.node.stop(), 0)
        with open(self.node.file, "a") as f:
            f.write('\n[[listener]]\nservice = "odmr"\naddress = "127.0.0.1"\nport = 366\n')
        self.node.start()
        self.held("branch.example")
        self.write("a@branch.example")
        self.queued(1)
        c = Customer(self.node.port("odmr"))
        self.assertIn("250-ATRN", c.lines)
        c.login(self.node.accounts[0], self.node.password)
        self.assertEqual(c.command("ATRN branch.example")[:3], "250")
        self.assertEqual(len(self.server(c.socket).messages), 1)
        self.queued(0)


if __name__ == "__main__":
    unittest.main()
