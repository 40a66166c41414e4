#!/usr/bin/env python3
"""Three real nodes; one is killed and comes back while people use its volume at the node that has taken it over.

Within seconds every port of the node that came back serves: IMAP and POP3 show the mailboxes, with their UIDs, of accounts at home there and elsewhere;
submission, SMTP and LMTP take mail; chat logs in; wrong passwords are refused; long before the volume is home again. While the node is drained its
ports are closed. When nobody uses the volume any more it goes home, and everything is there once. At the end all volumes are led by one node while mail
comes in, and are sent home by order: one after the other, and what was accepted meanwhile is read soon. Prints its seed; ends with 1 at the first fault,
with the logs of the nodes.

    return_driver.py --rookery build/dev/server/rookery [--times 1] [--seed 7] [--keep]
"""
import http.client, imaplib, poplib, smtplib, socket, threading, time, urllib.request

from chat_driver import Stream
from cluster_mail import ANY, PASSWORD, Load, Mail
from cluster_nodes import run, until

SERVED_WITHIN = 10  # seconds from the start of the program; it takes two on a quiet machine
READ_WITHIN = 45    # seconds until what was accepted while volumes moved is in its mailbox


class Crowd(Load):
    """Many who submit on all nodes, one message after the other on a connection, without a pause."""

    def __init__(self, driver, name, to, each=4):
        super().__init__(driver, name, to)
        more = [threading.Thread(target=self.stay, args=(i, k)) for i in range(3) for k in range(each)]
        self.threads += more
        for t in more:
            t.start()

    def stay(self, i, k):
        n, user, count = self.driver.nodes[i], "bob@d%d.test" % i, 0
        while self.going:
            try:
                with self.driver.smtp(n, "submission", user) as s:
                    while self.going:
                        count += 1
                        subject = "%s-%d.%d-%d" % (self.name, i, k, count)
                        with self.lock:
                            self.tried.append(subject)
                        if not s.sendmail(user, self.to, "From: %s\r\nSubject: %s\r\n\r\nText.\r\n" % (user, subject)):
                            with self.lock:
                                self.accepted.append(subject)
            except (OSError, smtplib.SMTPException):
                time.sleep(0.1)  # that node does not serve now


class Return(Mail):
    log_octets = 400_000

    def open(self, n, service):
        try:
            socket.create_connection((n.address, n.port(service)), 5).close()
            return True
        except OSError:
            return False

    def pop3(self, n, user, password=PASSWORD):
        p = poplib.POP3(n.address, n.port("pop3"), timeout=60)
        p.stls(ANY)
        p.user(user)
        p.pass_(password)
        return p

    def smtp(self, n, service, user=None, password=PASSWORD):
        s = (smtplib.LMTP if service == "lmtp" else smtplib.SMTP)(n.address, n.port(service), timeout=60)
        if service == "submission":
            s.starttls(context=ANY)
        if user:
            s.login(user, password)
        return s

    def refused(self, what, fault, said):
        try:
            what()
        except fault as e:
            if said not in str(e):
                raise
            return
        raise AssertionError("a wrong password was taken")

    def passed_on(self, back, number, user, was, sent):
        """All services of a node without a volume."""
        if self.box(back, user) != was:
            raise AssertionError("%s through the node that came back: %s, was %s" % (user, self.box(back, user), was))
        p = self.pop3(back, user)
        if p.stat()[0] != len(was[1]):
            raise AssertionError("POP3 of %s: %s" % (user, p.stat()))
        p.quit()
        for other in self.accounts:
            self.imap(back, other).logout()
        self.refused(lambda: self.pop3(back, user, "wrong"), poplib.error_proto, "-ERR")
        self.refused(lambda: self.smtp(back, "submission", user, "wrong"), smtplib.SMTPAuthenticationError, "535")
        self.refused(lambda: imaplib.IMAP4(back.address, back.port("imap")).login(user, "wrong"), imaplib.IMAP4.error, "AUTHENTICATIONFAILED")
        everybody, large = list(self.accounts), "line of a long message\r\n" * 50_000
        for service in ("submission", "smtp", "lmtp"):
            s = self.smtp(back, service, user if service == "submission" else None)
            for i in range(2):  # several on one connection
                subject = "%s-%d-%d" % (service, i, len(sent))
                # smtplib reads one answer to the final dot; LMTP gives one for each recipient.
                if s.sendmail(user, [user] if service == "lmtp" else everybody, "From: %s\r\nSubject: %s\r\n\r\n%s" % (user, subject, large if i == 1 else "Text.\r\n")):
                    raise AssertionError("%s refused some recipients" % service)
                sent.append(subject)
            s.quit()
        with self.smtp(back, "submission", "bob@d0.test") as s:  # sender rights are judged at the other node too
            try:
                s.sendmail(user, [user], "Subject: not mine\r\n\r\nText.\r\n")
                raise AssertionError("a stranger's sender was taken")
            except smtplib.SMTPSenderRefused:
                pass
        Stream(back, user, "back").socket.close()
        web = http.client.HTTPConnection(back.address, back.port("web"), timeout=30)
        web.request("GET", "/upload/0/none.txt")
        answer = web.getresponse()
        if answer.status not in (404, 503):
            raise AssertionError("a file: %d" % answer.status)
        ready = urllib.request.urlopen("http://%s:%d/readyz" % (back.address, back.port("metrics")), timeout=30).read()
        if ready != b"ready\n" or self.volumes()[number]["leader"] == number:
            raise AssertionError("%s, %s" % (ready, self.volumes()))

    def comes_back(self, round_):
        i = self.rng.randrange(3)
        back, number, user = self.nodes[i], self.ids[i], "ann@d%d.test" % i
        others = [n for n in self.nodes if n is not back]
        sent = ["first %d-%d" % (round_, k) for k in range(3)]
        self.in_box(user, lambda c: [c.append("INBOX", None, None, ("Subject: %s\r\n\r\nText.\r\n" % s).encode()) for s in sent])
        self.in_box(user, lambda c: c.store("2", "+FLAGS", "(\\Flagged)"))
        was = self.box(back, user)
        back.kill()
        began = time.time()
        if self.reachable_box(others, user) != was:
            raise AssertionError("another mailbox after the take-over")
        print("  node %d is killed: its accounts are served after %.1f s" % (number, time.time() - began), flush=True)
        using = self.imap(others[0], "bob@d%d.test" % i)  # as long as it is open the volume stays
        using.select("INBOX")
        back.start(service=None)
        began = time.time()

        def served():
            try:
                return self.box(back, user) == was
            except (OSError, imaplib.IMAP4.error, EOFError):
                return False
        until(served, "IMAP of the node that came back", 60)
        took = time.time() - began
        self.passed_on(back, number, user, was, sent)
        print("  it comes back: its IMAP port shows the mailbox after %.1f s, its other ports serve, its volume is led by node %d" %
              (took, self.volumes()[number]["leader"]), flush=True)
        if took > SERVED_WITHIN:
            raise AssertionError("a login through the node that came back took %.1f s" % took)
        others[0].ask("POST", "/v1/cluster/drain", {"node": str(number)})
        until(lambda: not any(self.open(back, s) for s in ("imap", "pop3", "submission", "smtp", "xmpp")), "the ports of a drained node to close", 20)
        others[0].ask("POST", "/v1/cluster/drain", {"node": str(number), "undo": True})
        until(lambda: self.open(back, "imap"), "the ports to open again", 20)
        if using.noop()[0] != "OK":
            raise AssertionError("a session at the other node ended")
        using.logout()
        until(lambda: self.volumes()[number]["leader"] == number, "the volume to go home when nobody uses it", 120)
        self.at_home()
        self.unchanged(user, *was)
        for who in self.accounts:
            mail = [s for s in sent if who == user or not s.startswith(("first", "lmtp"))]
            until(lambda: sorted(s for _, s in self.reachable_box(self.nodes, who)[1].values()) == sorted(mail), "all mail of %s once" % who, 60)
        self.emptied(list(self.accounts))

    def goes_home(self):
        """All volumes at one node, mail for all of them; then home by order."""
        stays = self.rng.choice(self.nodes)
        others = [n for n in self.nodes if n is not stays]
        load = Crowd(self, "moved", list(self.accounts))
        try:
            for n in others:
                stays.ask("POST", "/v1/cluster/drain", {"node": str(self.ids[self.nodes.index(n)])})
            leader = self.ids[self.nodes.index(stays)]
            until(lambda: all(v["leader"] == leader for v in self.volumes().values()), "node %d to lead all" % leader, 120)
            # In use: they do not come back by themselves.
            using = [self.reached(stays, "bob@d%d.test" % i) for i in range(3)]
            for n in others:
                stays.ask("POST", "/v1/cluster/drain", {"node": str(self.ids[self.nodes.index(n)]), "undo": True})
            until(lambda: all(len(v["in_sync"]) == 2 and i in v["in_sync"] for i, v in self.volumes().items()), "two copies of all, one at home", 120)
            load.reach(60, "while one node leads all")
            away = [i for i, v in self.volumes().items() if v["leader"] != i]
            began = time.time()
            said = self.rng.choice(self.nodes).ask("POST", "/v1/cluster/rebalance", {})
            if said["volumes"] != len(away) or not away:
                raise AssertionError("%s, away are %s" % (said, away))
            until(lambda: all(v["leader"] == i for i, v in self.volumes().items()), "all volumes to be at home", 120)
            home = time.time() - began
            load.reach(60, "after the volumes went home")
            for c in using:
                c.shutdown()
        finally:
            load.end()
        began = time.time()
        for user in self.accounts:
            def missing():
                return set(load.accepted) - {s for _, s in self.reachable_box(self.nodes, user)[1].values()}
            try:
                until(lambda: not missing(), "the mail of %s to be read" % user, max(1.0, READ_WITHIN - (time.time() - began)))
            except AssertionError:
                for n in self.nodes:
                    print("%s: %s%s" % (n.folder, n.run("queue", "list").stdout[:3000], n.run("queue", "destinations").stdout[:3000]), flush=True)
                raise
        print("  %d volumes home in %.1f s under load; %d messages accepted, all read %.1f s after the last" % (len(away), home, len(load.accepted), time.time() - began), flush=True)
        self.once(load, list(self.accounts))
        self.emptied(list(self.accounts))

    def reached(self, n, user, limit=60):
        end = time.time() + limit
        while True:
            try:
                c = self.imap(n, user)
                c.select("INBOX")
                return c
            except (OSError, imaplib.IMAP4.error, EOFError):
                if time.time() > end:
                    raise
                time.sleep(0.1)


def play(d, a):
    d.form()
    d.people()
    d.at_home()
    for k in range(a.times):
        d.comes_back(k)
        d.goes_home()
    d.at_home()
    d.checked()
    print("%d returns: served before the volume was home, all mail there once" % a.times)


if __name__ == "__main__":
    run("return", lambda a, folder: Return(a.rookery, a.seed, folder), play, [("--times", {"type": int, "default": 1})])
