#!/usr/bin/env python3
"""One node has the work, all nodes do it: a burst at one of three nodes for a slow server that counts its connections.

All three deliver, never more connections than the limit, each message arrives once. Then a node that carries borrowed connections is killed
in the middle, then the one whose queue it is: each message arrives, and twice at most what was counted as unknown, or was under way where the queue's node died."""
import email, signal, smtplib, time, urllib.request

from cluster_mail import ANY, PASSWORD
from cluster_nodes import run, until
from limits_driver import Limits, Server


class NamedServer(Server):
    """Knows by HELO who has brought a message."""

    def __init__(self, host, pause):
        self.by, self.texts = {}, {}
        super().__init__(host, pause=pause)

    def step(self, c, s):
        if not s["data"]:
            line = s["got"].split(b"\r\n", 1)[0]
            if line[:4].upper() in (b"EHLO", b"HELO"):
                s["name"] = line[5:].decode()
        before, text = len(self.subjects), s["got"].partition(b"\r\n.\r\n")[0]
        go_on = super().step(c, s)
        if len(self.subjects) > before:
            self.by.setdefault(s.get("name"), []).append(self.subjects[-1])
            self.texts[self.subjects[-1]] = text.replace(b"\r\n..", b"\r\n.")
        return go_on


class Lending(Limits):
    limit = 12

    def __init__(self, *a):
        super().__init__(*a)
        for i, n in enumerate(self.nodes):  # a name each, that the server sees
            with open(n.file) as f:
                text = f.read()
            with open(n.file, "w") as f:
                f.write(text.replace('host_name = "mail.example.test"', 'host_name = "mail%d.example.test"' % (i + 1)))

    def metric(self, i, name):
        n = self.nodes[i]
        with urllib.request.urlopen("http://%s:%d/metrics" % (n.address, n.port("metrics")), timeout=20) as answer:
            lines = answer.read().decode().splitlines()
        return sum(int(float(line.split()[-1])) for line in lines if line.startswith(name + " "))

    def burst(self, name, owner, count, pause):
        """A backlog at one node, with a server of its own."""
        server = NamedServer(self.here(), pause)
        self.setting("queue.new_destination_connections_max", self.limit)
        self.setting("queue.destination_connections_max", self.limit)
        self.frozen(True)
        self.way(server)
        wanted = self.submit(owner, name, count)
        self.frozen(False)
        return server, wanted

    def lent(self, i):
        return self.nodes[i].cluster()["lent_connections"]

    def borrowed(self, i):
        return self.nodes[i].cluster()["borrowed_connections"]

    def arrived(self, server, wanted, twice=0):
        """All of it, and nothing waits any more: what is unknown comes again later."""
        super().arrived(server, wanted, twice)
        left = [n for n in self.nodes if n.process is not None]
        until(lambda: not [m for n in left for m in n.ask("GET", "/v1/queue")["items"]], "the queues to be empty", 120)
        super().arrived(server, wanted, twice)

    def counted(self, server, wanted):
        if server.most > self.limit:
            raise AssertionError("%d connections at once, the limit is %d" % (server.most, self.limit))
        if set(server.subjects) - set(wanted):
            raise AssertionError("never sent: %s" % sorted(set(server.subjects) - set(wanted))[:5])

    def spread(self, count):
        server, wanted = self.burst("spread", 0, count, 0.2)
        self.arrived(server, wanted)
        self.counted(server, wanted)
        shares = sorted(len(v) for v in server.by.values())
        if len(server.by) != 3 or min(shares) < count // 12:
            raise AssertionError("not all took part: %s" % {k: len(v) for k, v in server.by.items()})
        until(lambda: all(self.lent(i) == 0 and self.borrowed(i) == 0 for i in range(3)), "all connections to be given back")
        print("  spread: %d messages of one queue, by node %s, over at most %d connections" % (count, shares, server.most), flush=True)

    def large(self, count):
        """Too large for memory, and with octets that the server does not take: converted where it is sent."""
        server = NamedServer(self.here(), 0.3)
        self.frozen(True)
        self.way(server)
        wanted, n = {}, self.nodes[0]
        with smtplib.SMTP(n.address, n.port("submission"), timeout=60) as s:
            s.starttls(context=ANY)
            s.login("bob@d0.test", PASSWORD)
            for k in range(count):
                lines = ["%d: grün, %d.\r\n.\r\n" % (i, self.rng.randrange(1 << 60)) for i in range(20_000 if k % 2 else 10)]
                wanted["large-%d" % k] = "".join(lines)
                head = "Subject: large-%d\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" % k
                s.sendmail("bob@d0.test", ["someone@elsewhere.test"], (head + wanted["large-%d" % k]).encode(), ["BODY=8BITMIME"])
        self.frozen(False)
        self.arrived(server, list(wanted))
        self.counted(server, list(wanted))
        if len(server.by) < 2:
            raise AssertionError("nobody helped: %s" % list(server.by))
        for subject, text in wanted.items():
            if max(server.texts[subject]) > 127:
                raise AssertionError(subject + " has 8 bits")
            got = email.message_from_bytes(server.texts[subject] + b"\r\n").get_payload(decode=True).decode()
            if got.replace("\r\n", "\n") != text.replace("\r\n", "\n"):
                raise AssertionError("%s is another one: %d octets of %d" % (subject, len(got), len(text)))
        print("  large: %d messages, converted, by node %s" % (count, sorted(len(v) for v in server.by.values())), flush=True)

    def borrower_paused(self, count):
        """It lives, and says nothing for longer than its connections are waited for; then it goes on."""
        server, wanted = self.burst("paused", 0, count, 0.3)
        before = self.unknown(0)
        until(lambda: self.borrowed(1) > 0 and len(server.subjects) > count // 10, "node 2 to carry some")
        self.between_messages()
        self.nodes[1].signal(signal.SIGSTOP)
        time.sleep(self.rng.uniform(6, 16))
        self.nodes[1].signal(signal.SIGCONT)
        self.arrived(server, wanted, twice=2 * self.limit)
        unknown = self.unknown(0) - before
        again = [s for s in set(wanted) if server.subjects.count(s) > 1]
        if len(again) > unknown:
            raise AssertionError("%d arrived twice, %d are counted as unknown: %s" % (len(again), unknown, again[:5]))
        self.at_home()
        print("  a borrower was stopped for a while: %d messages, %d unknown, %d twice" % (len(wanted), unknown, len(again)), flush=True)

    def alone(self, count):
        """An operator wants none of it."""
        self.nodes[0].ask("POST", "/v1/cluster/options", {"name": "lend_connections", "value": False})
        until(lambda: not any(n.cluster()["lends"] for n in self.nodes), "nobody to lend")
        server, wanted = self.burst("alone", 0, count, 0.02)
        self.arrived(server, wanted)
        self.counted(server, wanted)
        if len(server.by) != 1:
            raise AssertionError("others took part: %s" % list(server.by))
        self.nodes[0].ask("POST", "/v1/cluster/options", {"name": "lend_connections", "value": True})
        until(lambda: all(n.cluster()["lends"] for n in self.nodes), "all to lend")
        print("  switched off: %d messages, all by their own node" % count, flush=True)

    def borrower_killed(self, count):
        server, wanted = self.burst("borrower", 0, count, 0.3)
        before = self.unknown(0)
        until(lambda: self.borrowed(1) > 0 and len(server.subjects) > count // 10, "node 2 to carry some")
        self.between_messages()
        self.nodes[1].kill()
        self.arrived(server, wanted, twice=self.limit)
        unknown = self.unknown(0) - before
        again = [s for s in set(wanted) if server.subjects.count(s) > 1]
        if len(again) > unknown:
            raise AssertionError("%d arrived twice, %d are counted as unknown: %s" % (len(again), unknown, again[:5]))
        self.counted(server, wanted)
        self.nodes[1].serve()
        self.at_home()
        print("  a borrower died: %d messages over at most %d connections, %d unknown, %d twice" % (len(wanted), server.most, unknown, len(again)), flush=True)

    def lender_killed(self, count):
        server, wanted = self.burst("lender", 0, count, 0.3)
        until(lambda: self.lent(0) > 0 and len(server.subjects) > count // 10, "node 1 to lend some")
        self.between_messages()
        self.nodes[0].kill()
        self.arrived(server, wanted, twice=self.limit)  # what was under way, at most one a connection
        self.counted(server, wanted)
        again = [s for s in set(wanted) if server.subjects.count(s) > 1]
        self.nodes[0].serve()
        self.at_home()
        print("  a lender died: %d messages over at most %d connections, %d twice of %d that could be" % (len(wanted), server.most, len(again), self.limit), flush=True)

    def unknown(self, i):
        return self.metric(i, "rookery_delivery_unknown_total")

    def between_messages(self):
        time.sleep(self.rng.uniform(0, 0.5))  # when the node dies is part of the seed


def play(d, a):
    d.prepare()
    until(lambda: all(n.cluster()["lends"] for n in d.nodes), "all nodes to take part")
    for part in [x for x in a.only.split(",") if x] or ["spread", "large", "alone", "borrower", "paused", "lender"]:
        if part == "spread":
            d.spread(a.messages)
        elif part == "large":
            d.large(a.messages // 5)
        elif part == "paused":
            d.borrower_paused(a.messages)
        elif part == "alone":
            d.alone(a.messages // 4)
        elif part == "borrower":
            d.borrower_killed(a.messages)
        elif part == "lender":
            d.lender_killed(a.messages)
    d.checked()
    print("the work of one queue is spread over the cluster")


if __name__ == "__main__":
    run("lending", lambda a, folder: Lending(a.rookery, a.seed, folder), play,
        [("--messages", {"type": int, "default": 240, "help": "in each part"}), ("--only", {"default": "", "help": "parts: spread, large, alone, borrower, paused, lender"})])
