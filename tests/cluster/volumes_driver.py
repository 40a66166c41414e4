#!/usr/bin/env python3
"""Three real nodes, two copies of each node's mail, writers and faults: mail survives a node.

After each fault every message that was accepted (250) is in its mailbox exactly once, none of the others twice; UIDVALIDITY, UIDs
and flags are what they were; mail for strangers that waited in the dead node's queue has left; and every volume goes home when
its node is back. Prints its seed; ends with 1 at the first fault, with the logs of the nodes.

    volumes_driver.py --rookery build/dev/server/rookery [--rounds 8] [--faults "kill home,stop home"] [--seed 7] [--keep]
"""
import signal, time

from cluster_mail import Load, Mail, Sink, Watcher
from cluster_nodes import rounds, run, until

FAULTS = ["kill home", "stop home", "kill replica", "pause home", "kill both", "kill home twice", "kill all", "drain home"]


class Volumes(Mail):
    log_octets = 400_000

    def outgoing(self, n, count, name):
        """Mail for strangers that the node has accepted, and that cannot leave yet."""
        self.sink.talks = False
        out = []
        for i in range(count):
            subject = "%s-out-%d" % (name, i)
            if not self.send(n, "ann@d0.test", ["someone@elsewhere.test"], subject):
                raise AssertionError("mail for strangers was refused")
            out.append(subject)
        return out

    def left(self, subjects):
        def missing():
            with self.sink.lock:
                return sorted(set(subjects) - set(self.sink.subjects))
        until(lambda: not missing(), "mail for strangers to leave", 180)

    def drain(self, home, number):
        """The others serve what it has brought, in two copies; and no new domain is at home there."""
        others = [n for n in self.nodes if n is not home]
        self.rng.choice(others).ask("POST", "/v1/cluster/drain", {"node": str(number)})

        def so():
            v = self.volumes()
            return v[number]["leader"] != number and all(number not in x["in_sync"] and len(x["in_sync"]) == 2 for x in v.values())
        until(so, "node %d to serve nothing" % number, 120)
        for k in range(3):
            name = "drained%d-%d.test" % (number, time.time_ns())
            if others[0].ask("POST", "/v1/domains", {"name": name})["home"] == number:
                raise AssertionError("a drained node got a new domain")
            others[0].ask("DELETE", "/v1/domains/" + name)

    def begun(self, load, user, name):
        """Mail comes in, two messages have flags: UIDVALIDITY and what is there."""
        load.reach(20, "before the fault")
        self.in_box(user, lambda c: (c.store("1", "+FLAGS", "(\\Flagged \\Seen)"), c.store("2", "+FLAGS", "($" + name + ")")))
        return self.reachable_box(self.nodes, user)

    def round(self, number, what):
        print("round %d, %s" % (number, what), flush=True)
        began = time.time()
        i = self.rng.randrange(3)
        home = self.nodes[i]
        user, other = "ann@d%d.test" % i, "bob@d%d.test" % i
        name = "r%d" % number
        copy = [c for c in self.volumes()[self.ids[i]]["in_sync"] if c != self.ids[i]][0]
        replica = self.nodes[self.ids.index(copy)]
        load, watcher = Load(self, name, [user, other]), None
        try:
            validity, before = self.begun(load, user, name)
            watcher = Watcher(self, user)
            # A server that says nothing is waited for by who connected to it, for minutes: its node must go.
            waits = [] if what in ("kill replica", "drain home") else self.outgoing(home, 5, name)
            down = []
            at = time.time()
            if what in ("kill home", "kill home twice"):
                down = [home]
            elif what == "kill replica":
                down = [replica]
            elif what == "kill both":
                down = [home, replica]
            elif what == "kill all":
                down = list(self.nodes)
            for n in down:
                n.kill()
            if what == "stop home":
                home.stop(60)
                down = [home]
            if what == "pause home":
                home.signal(signal.SIGSTOP)
            if what == "drain home":
                self.drain(home, self.ids[i])
            self.sink.talks = True
            gone = down + ([home] if what == "pause home" else [])
            if what in ("kill both", "kill all"):
                self.between()
                self.serve_all(down)
                gone = []
            now_validity, now = self.reachable_box([n for n in self.nodes if n not in gone], user)
            away = time.time() - at
            if now_validity != validity:
                raise AssertionError("UIDVALIDITY was %s, is %s" % (validity, now_validity))
            changed = {u: (before[u], now.get(u)) for u in before if now.get(u) != before[u]}
            if changed:
                raise AssertionError("of %d messages are not what they were: %s" % (len(before), dict(list(changed.items())[:5])))
            load.reach(10, "after the fault")
            self.left(waits)
            if what == "pause home":
                home.signal(signal.SIGCONT)
            elif what == "drain home":
                self.rng.choice(self.nodes).ask("POST", "/v1/cluster/drain", {"node": str(self.ids[i]), "undo": True})
            elif what not in ("kill both", "kill all"):
                for n in down:
                    n.serve()
                if what == "kill home twice":
                    self.between()
                    home.kill()
                    self.between()
                    home.serve()
            load.reach(10, "when all are back")
        finally:
            load.end()
            if watcher is not None:
                watcher.end()
        if watcher.fault:
            raise AssertionError(watcher.fault)
        self.at_home()
        self.once(load, (user, other))
        self.unchanged(user, validity, before)
        self.emptied((user, other))
        print("round %d, %s of node %d: %d accepted of %d, readable again after %.1f s, %.0f s" %
              (number, what, self.ids[i], len(load.accepted), len(load.tried), away, time.time() - began), flush=True)
        return len(load.accepted)

    def prepare(self):
        self.form()
        self.people()
        self.sink = Sink(self.here())
        self.nodes[0].ask("PUT", "/v1/settings/queue.smart_host", {"value": "%s:%d" % (self.here(), self.sink.port)})
        for n in self.nodes:
            until(lambda: str(self.sink.port) in str(n.ask("GET", "/v1/settings/queue.smart_host")), "the smart host on all nodes")
        for i in range(3):
            for who in ("ann", "bob"):
                self.in_box("%s@d%d.test" % (who, i), lambda c: [c.append("INBOX", None, None, b"Subject: first %d\r\n\r\nText.\r\n" % k) for k in range(3)])
        self.at_home()


def play(d, a):
    d.prepare()
    accepted = rounds(d, a.rounds, a.faults.split(","))
    d.checked()
    print("%d rounds, %d messages accepted, all there once" % (a.rounds, accepted))


if __name__ == "__main__":
    run("volumes", lambda a, folder: Volumes(a.rookery, a.seed, folder), play,
        [("--rounds", {"type": int, "default": 7}), ("--faults", {"default": ",".join(FAULTS)})])
