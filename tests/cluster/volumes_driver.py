#!/usr/bin/env python3
"""Three real nodes, two copies of each node's mail, writers and faults: mail survives a node.

After each fault every message that was accepted (250) is in its mailbox exactly once, none of the others twice; UIDVALIDITY, UIDs
and flags are what they were; mail for strangers that waited in the dead node's queue has left; and every volume goes home when
its node is back. Prints its seed; ends with 1 at the first fault, with the logs of the nodes.

    volumes_driver.py --rookery build/dev/server/rookery [--rounds 8] [--faults "kill home,stop home"] [--seed 7] [--keep]
"""
import argparse, imaplib, os, random, re, shutil, signal, socket, sys, tempfile, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster_driver import Refused, until  # noqa: E402
from homes_driver import Homes  # noqa: E402

FAULTS = ["kill home", "stop home", "kill replica", "pause home", "kill both", "kill home twice", "kill all", "drain home"]


class Sink:
    """The rest of the world: an SMTP server that says nothing until it is told to, and then keeps the subjects."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.talks, self.subjects, self.lock = self.listener.getsockname()[1], True, [], threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            c, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        try:
            with c, c.makefile("rb") as lines:
                if not self.talks:
                    lines.read()  # until the other one is gone
                    return
                c.sendall(b"220 sink ESMTP\r\n")
                while True:
                    line = lines.readline()
                    if not line:
                        return
                    verb = line[:4].upper()
                    if verb == b"DATA":
                        c.sendall(b"354 go on\r\n")
                        subject = None
                        while True:
                            line = lines.readline()
                            if not line:
                                return
                            if line == b".\r\n":
                                break
                            if subject is None and line.lower().startswith(b"subject: "):
                                subject = line[9:].strip().decode()
                        with self.lock:
                            self.subjects.append(subject)
                    if verb == b"QUIT":
                        c.sendall(b"221 bye\r\n")
                        return
                    c.sendall(b"250 fine\r\n")
        except OSError:
            pass


class Load:
    """Submits mail on every node that answers, for the accounts of one home; keeps what was accepted and what was only tried."""

    def __init__(self, driver, name, to):
        self.driver, self.name, self.to = driver, name, to
        self.accepted, self.tried, self.lock, self.going = [], [], threading.Lock(), True
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(3)]
        for t in self.threads:
            t.start()

    def run(self, i):
        n, count = self.driver.nodes[i], 0
        while self.going:
            count += 1
            subject = "%s-%d-%d" % (self.name, i, count)
            with self.lock:
                self.tried.append(subject)
            if self.driver.send(n, "bob@d%d.test" % i, self.to, subject):
                with self.lock:
                    self.accepted.append(subject)
                time.sleep(0.02)
            else:
                time.sleep(0.2)  # that node does not serve now

    def reach(self, more, what):
        had = len(self.accepted)
        until(lambda: len(self.accepted) >= had + more, "%d messages accepted %s" % (more, what), 120)

    def end(self):
        self.going = False
        for t in self.threads:
            t.join()


class Volumes(Homes):
    copies = 2

    def volumes(self):
        for n in self.nodes:
            try:
                s = n.cluster()
                if s.get("member"):
                    return {v["id"]: v for v in s["volumes"]}
            except (OSError, Refused, ValueError):
                continue
        raise OSError("no node answers")

    def at_home(self, limit=180):
        """Every volume is led by its node, with another copy, on all nodes' word."""
        def so():
            for n in self.nodes:
                all_ = {v["id"]: v for v in n.cluster()["volumes"]}
                if len(all_) != 3 or any(v["leader"] != i or len(v["in_sync"]) != 2 for i, v in all_.items()):
                    return False
            for n in self.nodes:  # and it is open
                socket.create_connection(("127.0.0.1", n.port("imap")), 5).close()
            return True
        try:
            until(so, "every volume at home with two copies", limit)
        except AssertionError as e:
            raise AssertionError("%s: %s" % (e, self.volumes()))

    def box(self, n, user):
        """UIDVALIDITY and {uid: (flags, subject)} of the inbox, through this node."""
        c = self.imap(n, user)
        c.select("INBOX")
        validity = c.response("UIDVALIDITY")[1][0]
        kind, rows = c.fetch("1:*", "(UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        out = {}
        for r in rows or []:
            if isinstance(r, tuple):
                uid = int(re.search(rb"UID (\d+)", r[0]).group(1))
                flags = frozenset(re.search(rb"FLAGS \(([^)]*)\)", r[0]).group(1).split()) - {b"\\Recent"}
                out[uid] = (flags, r[1].decode().strip().split(": ", 1)[1])
        c.logout()
        return validity, out

    def reachable_box(self, nodes, user, limit=60):
        """The first that a node gives; which may take until somebody serves the account again."""
        last = None
        end = time.time() + limit
        while time.time() < end:
            for n in nodes:
                try:
                    return self.box(n, user)
                except (OSError, imaplib.IMAP4.error, EOFError) as e:
                    last = e
            time.sleep(0.05)
        raise AssertionError("%s cannot be read: %s" % (user, last))

    def in_box(self, user, what, limit=60):
        """Does something with the inbox, again when the session is lost: on a busy machine a volume may change its leader at any time."""
        end = time.time() + limit
        while True:
            try:
                c = self.imap(self.rng.choice(self.nodes), user)
                c.select("INBOX")
                what(c)
                return c.logout()
            except (OSError, imaplib.IMAP4.error, EOFError):
                if time.time() > end:
                    raise
                time.sleep(0.1)

    def once(self, load, users):
        """Each message that was accepted is there once; each that was only tried at most once."""
        for user in users:
            def missing():
                subjects = [s for _, s in self.reachable_box(self.nodes, user)[1].values()]
                return sorted(set(load.accepted) - set(subjects))
            try:
                until(lambda: not missing(), "the accepted mail of " + user, 60)
            except AssertionError:
                for n in self.nodes:
                    print("%s: %s" % (n.folder, n.run("queue", "list").stdout[:3000]), flush=True)
                raise AssertionError("%s of %d accepted messages are not there: %s" % (user, len(load.accepted), missing()[:20]))
            validity, box = self.reachable_box(self.nodes, user)
            subjects = [s for _, s in box.values()]
            twice = sorted({s for s in subjects if subjects.count(s) > 1})
            strange = sorted(set(s for s in subjects if s.startswith(load.name + "-")) - set(load.tried))
            if twice or strange:
                raise AssertionError("%s: twice %s, never sent %s" % (user, twice[:20], strange[:20]))

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

    def round(self, number, what):
        print("round %d, %s" % (number, what), flush=True)
        began = time.time()
        i = self.rng.randrange(3)
        home = self.nodes[i]
        others = [n for n in self.nodes if n is not home]
        user, other = "ann@d%d.test" % i, "bob@d%d.test" % i
        name = "r%d" % number
        copy = [c for c in self.volumes()[self.ids[i]]["in_sync"] if c != self.ids[i]][0]
        replica = self.nodes[self.ids.index(copy)]
        load = Load(self, name, [user, other])
        try:
            load.reach(20, "before the fault")
            self.in_box(user, lambda c: (c.store("1", "+FLAGS", "(\\Flagged \\Seen)"), c.store("2", "+FLAGS", "($" + name + ")")))
            validity, before = self.reachable_box(others, user)
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
        self.at_home()
        self.once(load, (user, other))
        validity2, after = self.reachable_box([self.rng.choice(self.nodes)], user)
        if validity2 != validity or any(after.get(u) != before[u] for u in before):
            raise AssertionError("the inbox is not what it was when its volume went home")
        for u in (user, other):  # the next round begins with little
            self.in_box(u, lambda c: (c.store("1:*", "+FLAGS", "\\Deleted"), c.expunge()))
        print("round %d, %s of node %d: %d accepted of %d, readable again after %.1f s, %.0f s" %
              (number, what, self.ids[i], len(load.accepted), len(load.tried), away, time.time() - began), flush=True)
        return len(load.accepted)

    def prepare(self):
        self.form()
        self.people()
        self.sink = Sink()
        self.nodes[0].ask("PUT", "/v1/settings/queue.smart_host", {"value": "127.0.0.1:%d" % self.sink.port})
        for n in self.nodes:
            until(lambda: str(self.sink.port) in str(n.ask("GET", "/v1/settings/queue.smart_host")), "the smart host on all nodes")
        for i in range(3):
            for who in ("ann", "bob"):
                self.in_box("%s@d%d.test" % (who, i), lambda c: [c.append("INBOX", None, None, b"Subject: first %d\r\n\r\nText.\r\n" % k) for k in range(3)])
        self.at_home()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rookery", required=True)
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--faults", default=",".join(FAULTS))
    p.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    p.add_argument("--keep", action="store_true")
    a = p.parse_args()
    print("seed %d" % a.seed, flush=True)
    folder = tempfile.mkdtemp(prefix="rookery-volumes-")
    d = Volumes(a.rookery, a.seed, folder)
    faults, order, accepted = a.faults.split(","), [], 0
    try:
        d.prepare()
        for i in range(a.rounds):
            if not order:
                order = d.rng.sample(faults, len(faults))
            accepted += d.round(i + 1, order.pop())
        d.checked()
        print("%d rounds, %d messages accepted, all there once" % (a.rounds, accepted))
    except BaseException:
        d.end()
        for n in d.nodes:
            if os.path.exists(os.path.join(n.folder, "serve.log")):
                print("--- %s\n%s" % (n.folder, n.log_tail(400000)), flush=True)
        raise
    finally:
        d.end()
        if not a.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
