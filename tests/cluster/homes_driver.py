#!/usr/bin/env python3
"""Three real nodes, accounts at home on each: every account is served by every node, and mail reaches each mailbox once.

Prints its seed; ends with 1 at the first fault, with the logs of the nodes.

    homes_driver.py --rookery build/dev/server/rookery [--messages 60] [--kills 3] [--seed 7] [--keep]
"""
import imaplib, poplib, re, smtplib, threading, time

from cluster_mail import ANY, PASSWORD, Mail
from cluster_nodes import run, until


class Homes(Mail):
    copies = 1  # a home that is down is missed

    def sessions(self):
        """IMAP and POP3 of every account on every node: pipelining, large messages, IDLE, COMPRESS offered, STARTTLS."""
        large = b"Subject: large\r\n\r\n" + b"".join(b"%d of many lines that have to pass\r\n" % i for i in range(60000))
        for user in self.accounts:
            for i, n in enumerate(self.nodes):
                c = self.imap(n, user, tls=i != 0)
                for wanted in ("UIDPLUS", "COMPRESS=DEFLATE", "IDLE"):
                    if wanted not in c.capability()[1][0].decode():
                        raise AssertionError("%s on %s: no %s" % (user, n.folder, wanted))
                c.append("INBOX", None, None, b"Subject: from %d\r\n\r\nText.\r\n" % i)
                kind, count = c.select("INBOX")
                if kind != "OK" or int(count[0]) != i + 1:
                    raise AssertionError("%s on %s has %s messages" % (user, n.folder, count))
                c.logout()
            p = poplib.POP3("127.0.0.1", self.nodes[1].port("pop3"), timeout=60)
            p.stls(ANY)
            p.user(user)
            p.pass_(PASSWORD)
            if p.stat()[0] != 3 or b"Text." not in p.retr(2)[1]:
                raise AssertionError("POP3 of %s: %s" % (user, p.stat()))
            for i in (1, 2, 3):
                p.dele(i)
            p.quit()
        for user in ("ann@d0.test", "ann@d1.test", "ann@d2.test"):
            for n in self.nodes:
                self.piped(n, user)
            c = self.imap(self.nodes[0], user)
            if c.append("INBOX", None, None, large)[0] != "OK":
                raise AssertionError("a large APPEND")
            c.logout()
            c = self.imap(self.nodes[1], user)
            c.select("INBOX")
            if c.fetch("1", "(BODY.PEEK[])")[1][0][1] != large:
                raise AssertionError("a large FETCH of %s differs" % user)
            c.store("1", "+FLAGS", "\\Deleted")
            c.expunge()
            c.logout()
            self.idle(user)
        print("  every account is served on every node", flush=True)

    def piped(self, n, user):
        """All at once, the login too: each answer once and in its order."""
        c = imaplib.IMAP4("127.0.0.1", n.port("imap"))
        c.sock.settimeout(60)
        c.sock.sendall(("a LOGIN %s \"%s\"\r\nb SELECT INBOX\r\nc NOOP\r\nd LOGOUT\r\n" % (user, PASSWORD)).encode())
        said = c.file.read().decode()
        if re.findall(r"^([a-d]) OK", said, re.M) != ["a", "b", "c", "d"]:
            raise AssertionError("pipelined on %s: %s" % (n.folder, said))
        c.sock.close()

    def idle(self, user):
        c = self.imap(self.nodes[2], user)
        c.select("INBOX")
        c.send(b"i IDLE\r\n")
        if not c.readline().startswith(b"+"):
            raise AssertionError("no IDLE")
        other = self.imap(self.nodes[1], user)
        other.append("INBOX", None, None, b"Subject: news\r\n\r\nNews.\r\n")
        while b"EXISTS" not in c.readline():
            pass
        c.send(b"DONE\r\n")
        while not c.readline().startswith(b"i OK"):
            pass
        other.select("INBOX")
        other.store("1:*", "+FLAGS", "\\Deleted")
        other.expunge()
        other.logout()
        c.shutdown()

    def subjects(self, user):
        """By any node that serves it, with all that was sent."""
        c = self.imap(self.rng.choice(self.nodes), user)
        c.select("INBOX")
        kind, rows = c.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        c.logout()
        return sorted(r[1].decode().strip().split(": ", 1)[1] for r in rows if isinstance(r, tuple))

    def expect(self, wanted, limit=120):
        """Each of these subjects once, for each account, and nothing else that begins so."""
        for user, subjects in wanted.items():
            def there():
                try:
                    return self.subjects(user) == sorted(subjects)
                except imaplib.IMAP4.error as e:
                    if "UNAVAILABLE" in str(e):
                        return False  # its home was not reached a moment ago
                    raise
            try:
                until(there, "mail of " + user, limit)
            except AssertionError:
                have = self.subjects(user)
                for n in self.nodes:
                    print("%s: %s" % (n.folder, n.run("queue", "list").stdout), flush=True)
                raise AssertionError("%s: missing %s, twice or strange %s" % (user, sorted(set(subjects) - set(have)),
                                     sorted(s for s in have if have.count(s) > subjects.count(s))))

    def mail(self):
        """From each account on each node to all accounts, and to an alias whose people live on three nodes."""
        wanted = {user: [] for user in self.accounts}
        for i, n in enumerate(self.nodes):
            for sender in ("ann@d0.test", "ann@d1.test", "ann@d2.test"):
                subject = "m%d-%s" % (i, sender[4:6])
                if not self.send(n, sender, list(self.accounts), subject):
                    raise AssertionError("mail of %s was refused on %s" % (sender, n.folder))
                for user in wanted:
                    wanted[user].append(subject)
            if not self.send(n, "bob@d1.test", ["team@d1.test"], "team%d" % i):
                raise AssertionError("mail for the team was refused")
            for user in ("ann@d0.test", "bob@d1.test", "bob@d2.test"):
                wanted[user].append("team%d" % i)
        self.expect(wanted)
        print("  mail of all to all, once each", flush=True)
        return wanted

    def away(self, wanted):
        """The home is stopped: logins say so, mail waits under its home's name; it comes back."""
        home, other = self.nodes[2], self.nodes[0]
        open_one = self.imap(other, "bob@d2.test")
        open_one.select("INBOX")
        home.stop()
        try:
            while b"BYE" not in open_one.readline():
                pass
        except (OSError, imaplib.IMAP4.abort) as e:
            raise AssertionError("no BYE when the home went: %s" % e)
        open_one.shutdown()
        try:
            self.imap(other, "bob@d2.test")
            raise AssertionError("a login without its home")
        except imaplib.IMAP4.error as e:
            if "UNAVAILABLE" not in str(e):
                raise
        p = poplib.POP3("127.0.0.1", other.port("pop3"), timeout=60)
        p.stls(ANY)
        p.user("bob@d2.test")
        try:
            p.pass_(PASSWORD)
            raise AssertionError("a POP3 login without its home")
        except poplib.error_proto as e:
            if b"[SYS/TEMP]" not in e.args[0]:
                raise
        self.imap(other, "bob@d1.test").logout()  # others are served
        if not self.send(other, "ann@d0.test", ["bob@d2.test", "bob@d1.test"], "waits"):
            raise AssertionError("mail for a home that is down was refused")
        wanted["bob@d1.test"].append("waits")
        until(lambda: "home:%d" % self.ids[2] in str(other.ask("GET", "/v1/destinations")), "the home among the destinations")
        home.serve()
        wanted["bob@d2.test"].append("waits")
        self.expect(wanted)
        print("  a home went and came back", flush=True)

    def kills(self, wanted, messages, times):
        """kill -9 of the home while mail is brought to it: nothing lost, nothing twice."""
        home, sent, lock = self.nodes[2], [], threading.Lock()
        left = list(range(messages))

        def post(n, sender):
            while True:
                with lock:
                    if not left:
                        return
                    number = left.pop()
                subject = "k%d-%d" % (number, self.seed % 1000)
                if self.send(n, sender, ["bob@d2.test", "cem@d0.test"], subject):
                    with lock:
                        sent.append(subject)
                else:
                    raise AssertionError("mail was refused by a node that runs")
        faults = []

        def guarded(*a):
            try:
                post(*a)
            except Exception as e:  # told to the main thread
                faults.append(e)
        threads = [threading.Thread(target=guarded, args=(self.nodes[i], "ann@d%d.test" % i)) for i in (0, 1)]
        for t in threads:
            t.start()
        for k in range(times):
            want = messages * (k + 1) // (times + 1)
            until(lambda: len(sent) >= want or faults, "%d messages" % want)
            home.kill()
            time.sleep(self.rng.uniform(0.0, 1.0))  # how long it is away is part of the seed
            home.serve()
        for t in threads:
            t.join()
        if faults:
            raise faults[0]
        for user in ("bob@d2.test", "cem@d0.test"):
            wanted[user] += sent
        self.expect(wanted)
        print("  %d messages through %d kills of their home, once each" % (len(sent), times), flush=True)

    def report(self, user, count):
        """The newest report of a recall, when there are so many: its lines for recipients."""
        def there():
            c = self.imap(self.rng.choice(self.nodes), user)
            c.select("INBOX", readonly=True)
            found = c.search(None, "FROM", "rookery@")[1][0].split()
            text = c.fetch(found[-1], "(BODY.PEEK[TEXT])")[1][0][1].decode() if len(found) >= count else ""
            c.logout()
            return text
        text = until(there, "report %d of a recall of %s" % (count, user), 60)
        return text, dict(line.split(": ", 1) for line in text.splitlines() if "@" in line.split(": ")[0] and ": " in line)

    def order(self, n, user, subject):
        if not self.send(n, user, ["rookery@" + user.split("@")[1]], subject):
            raise AssertionError("an order was refused")

    def recall(self):
        """Copies at home on all three nodes come back, whichever node has the order; and out of the queue of a home that is down."""
        sender, unread, read, stopped = "ann@d0.test", "removed, it had not been read", "not removed, it had been read", "stopped before it was sent"
        people = ["bob@d0.test", "bob@d1.test", "bob@d2.test", "cem@d0.test"]
        before = {user: self.subjects(user) for user in people}

        def wait(subject, users):
            for user in users:
                until(lambda: subject in self.subjects(user), "%s for %s" % (subject, user))
        for at, (by, ordered) in enumerate(((0, 0), (0, 1), (2, 1))):
            subject = "mistake%d" % at
            if not self.send(self.nodes[by], sender, people, subject):
                raise AssertionError("mail was refused")
            wait(subject, people)
            self.in_box("bob@d1.test", lambda c: c.store(c.search(None, "SUBJECT", subject)[1][0].decode(), "+FLAGS", "\\Seen"))
            self.order(self.nodes[ordered], sender, "RECALL")
            text, lines = self.report(sender, at + 1)
            wanted = {user: read if user == "bob@d1.test" else unread for user in people}
            if lines != wanted or "Recall: " + subject not in str(self.subjects(sender)):
                raise AssertionError("a recall at node %d of what node %d took: %s" % (ordered, by, text))
            for user in people:
                left = before[user] + ([subject] if user == "bob@d1.test" else [])
                if sorted(left) != self.subjects(user):
                    raise AssertionError("%s has %s behind a recall" % (user, self.subjects(user)))
            before["bob@d1.test"] = self.subjects("bob@d1.test")
        # The same again finds nothing more, and not the message before it.
        self.order(self.nodes[2], sender, "RECALL")
        lines = self.report(sender, 4)[1]
        if lines != {user: read if user == "bob@d1.test" else "not found" for user in people}:
            raise AssertionError("a second recall: %s" % lines)
        # By its id, from a node that did not take it, while the home of some is down: their copies wait at the node that took it.
        if not self.send(self.nodes[0], sender, ["bob@d0.test"], "stays"):
            raise AssertionError("mail was refused")
        wait("stays", ["bob@d0.test"])
        self.nodes[2].stop()
        text = "From: %s\r\nMessage-ID: <waiting@client.test>\r\nSubject: waiting\r\n\r\nText.\r\n" % sender
        self.submit(self.nodes[0], sender, people, text)
        wait("waiting", ["bob@d0.test", "bob@d1.test"])
        self.order(self.nodes[1], sender, "RECALL <waiting@client.test>")
        self.nodes[2].serve()  # it may know the message, too: it is asked when it is back
        lines = self.report(sender, 5)[1]
        for user in people[:2]:
            if lines[user] != unread:
                raise AssertionError("%s: %s" % (user, lines))
        for user in people[2:]:  # it may have gone when the home came back
            if lines[user] not in (stopped, unread):
                raise AssertionError("%s: %s" % (user, lines))
        self.at_rest(people, "waiting")
        for user in people[:1]:
            self.in_box(user, lambda c: (c.store(c.search(None, "SUBJECT", "stays")[1][0].decode(), "+FLAGS", "\\Deleted"), c.expunge()))
        for user in people:
            if self.subjects(user) != sorted(before[user]):
                raise AssertionError("%s has %s, had %s" % (user, self.subjects(user), before[user]))
        self.in_box("bob@d1.test", lambda c: (c.store(c.search(None, "SUBJECT", "mistake")[1][0].decode().replace(" ", ","), "+FLAGS", "\\Deleted"), c.expunge()))
        self.in_box(sender, lambda c: (c.store(c.search(None, "FROM", "rookery@")[1][0].decode().replace(" ", ","), "+FLAGS", "\\Deleted"), c.expunge()))
        print("  recalled from every home, by orders at any node", flush=True)

    def at_rest(self, users, subject):
        """Nothing waits any more, and nobody has it."""
        until(lambda: all(not n.ask("GET", "/v1/queue")["items"] for n in self.nodes), "empty queues", 60)
        for user in users:
            if subject in self.subjects(user):
                raise AssertionError("%s has %s, which was recalled" % (user, subject))

    def submit(self, n, sender, to, text):
        with smtplib.SMTP(n.address, n.port("submission"), timeout=60) as s:
            s.starttls(context=ANY)
            s.login(sender, PASSWORD)
            s.sendmail(sender, to, text)

    def removed(self):
        """An account that is removed on one node loses its mail on another."""
        self.nodes[0].ask("DELETE", "/v1/accounts/bob%40d1.test")
        until(lambda: "cluster.account_dropped" in self.nodes[1].log_tail(200000), "the mail of a removed account to go")

    def status(self):
        open_ones = [self.imap(self.nodes[0], "ann@d1.test"), self.imap(self.nodes[0], "ann@d2.test")]
        rows = {i["id"]: i for i in self.nodes[0].cluster()["items"]}
        if rows[self.ids[1]]["given_sessions"] != 1 or rows[self.ids[2]]["given_sessions"] != 1 or rows[self.ids[1]]["domains"] < 1:
            raise AssertionError("status: %s" % rows)
        if self.nodes[1].cluster()["taken_sessions"] != 1:
            raise AssertionError("status: %s" % self.nodes[1].cluster())
        for c in open_ones:
            c.logout()


def play(d, a):
    d.form()
    d.people()
    d.sessions()
    d.status()
    wanted = d.mail()
    d.recall()
    d.away(wanted)
    d.kills(wanted, a.messages, a.kills)
    d.removed()
    d.checked()
    print("all mail once, every account everywhere")


if __name__ == "__main__":
    run("homes", lambda a, folder: Homes(a.rookery, a.seed, folder), play, [("--messages", {"type": int, "default": 60}), ("--kills", {"type": int, "default": 3})])
