#!/usr/bin/env python3
"""Limits of a destination hold for the whole cluster: three nodes deliver to one server, which counts its connections.

Never more than the limit together, every node has its turn, all mail arrives once; a node that dies gives its part back; a server that one
node could not reach is left alone by all, and tried by all when one reached it again."""
import heapq, selectors, smtplib, socket, threading, time

from cluster_mail import ANY, PASSWORD, Mail
from cluster_nodes import run, until


class Server:
    """An SMTP server in one thread: what has come first is seen first, so that it never counts a connection that was closed before another one
    was opened. Takes its time for each message."""

    def __init__(self, host, talks=True, pause=0.03):
        self.listener = socket.create_server((host, 0), backlog=100)
        self.port, self.talks, self.pause = self.listener.getsockname()[1], talks, pause
        self.subjects, self.most, self.opened, self.lock = [], 0, 0, threading.Lock()
        self.poll = selectors.DefaultSelector()
        self.poll.register(self.listener, selectors.EVENT_READ)
        self.open, self.later = {}, []
        threading.Thread(target=self.serve, daemon=True).start()

    def again(self):
        """From now on."""
        with self.lock:
            self.most = len(self.open)

    def serve(self):
        while True:
            wait = max(0, self.later[0][0] - time.monotonic()) if self.later else None
            ready = [k.fileobj for k, _ in self.poll.select(wait)]
            self.answer()
            self.read(ready)
            if self.listener in ready:
                self.read([k.fileobj for k, _ in self.poll.select(0)])
                self.accept()

    def answer(self):
        while self.later and self.later[0][0] <= time.monotonic():
            _, _, c = heapq.heappop(self.later)
            if c in self.open:
                self.say(c, b"250 taken\r\n")

    def accept(self):
        c, _ = self.listener.accept()
        with self.lock:
            self.opened += 1
            if not self.talks:
                c.close()
                return
            c.setblocking(False)
            self.open[c] = {"got": b"", "data": False}
            self.most = max(self.most, len(self.open))
        self.poll.register(c, selectors.EVENT_READ)
        self.say(c, b"220 server ESMTP\r\n")

    def say(self, c, octets):
        try:
            c.sendall(octets)
        except OSError:
            self.close(c)

    def close(self, c):
        with self.lock:
            if self.open.pop(c, None) is None:
                return
        self.poll.unregister(c)
        c.close()

    def read(self, ready):
        for c in ready:
            if c is self.listener or c not in self.open:
                continue
            try:
                some = c.recv(65536)
            except BlockingIOError:
                continue
            except OSError:
                some = b""
            if not some:
                self.close(c)
                continue
            s = self.open[c]
            s["got"] += some
            while c in self.open and self.step(c, s):
                pass

    def step(self, c, s):
        end = b"\r\n.\r\n" if s["data"] else b"\r\n"
        piece, found, rest = s["got"].partition(end)
        if not found:
            return False
        s["got"] = rest
        if s["data"]:
            s["data"] = False
            subject = next((l[9:].strip().decode() for l in piece.split(b"\r\n") if l.lower().startswith(b"subject: ")), None)
            with self.lock:
                self.subjects.append(subject)
            heapq.heappush(self.later, (time.monotonic() + self.pause, id(c), c))
            return False
        verb = piece[:4].upper()
        if verb == b"QUIT":
            self.say(c, b"221 bye\r\n")
            self.close(c)
        elif verb == b"DATA":
            s["data"] = True
            self.say(c, b"354 go on\r\n")
        else:
            self.say(c, b"250 fine\r\n")
        return True


class Limits(Mail):
    def setting(self, name, value):
        self.nodes[0].ask("PUT", "/v1/settings/" + name, {"value": value})
        for n in self.nodes:
            until(lambda: str(n.ask("GET", "/v1/settings/" + name)["value"]) == str(value), "%s on all nodes" % name)

    def way(self, server):
        self.setting("queue.smart_host", "%s:%d" % (self.here(), server.port))

    def submit(self, i, name, count):
        n, subjects = self.nodes[i], []
        with smtplib.SMTP(n.address, n.port("submission"), timeout=60) as s:
            s.starttls(context=ANY)
            s.login("bob@d%d.test" % i, PASSWORD)
            for k in range(count):
                subject = "%s-%d-%d" % (name, i, k)
                s.sendmail("bob@d%d.test" % i, ["someone@elsewhere.test"], "Subject: %s\r\n\r\nText.\r\n" % subject)
                subjects.append(subject)
        return subjects

    def submit_everywhere(self, name, count, nodes=(0, 1, 2)):
        out, faults = [], []

        def one(i):
            try:
                out.extend(self.submit(i, name, count))
            except Exception as e:  # told to the main thread
                faults.append(e)
        threads = [threading.Thread(target=one, args=(i,)) for i in nodes]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if faults:
            raise faults[0]
        return out

    def there(self, i):
        """What the node says of the destination; nothing when no mail waits there. A node asks all others too: its own volume alone is meant."""
        all_ = self.nodes[i].ask("GET", "/v1/destinations?volume=%d" % self.ids[i])["items"]
        return next((d for d in all_ if not d["destination"].startswith("home:") and d["destination"] != "local"), {})

    def frozen(self, yes):
        self.nodes[0].ask("POST", "/v1/queues/remote/" + ("freeze" if yes else "unfreeze"), {})
        for n in self.nodes:
            until(lambda: bool(n.ask("GET", "/v1/queues/remote").get("frozen")) == yes, "the queue to be %s" % ("frozen" if yes else "open"))

    def arrived(self, server, wanted, twice=0):
        try:
            until(lambda: not set(wanted) - set(server.subjects), "%d messages at the server" % len(wanted), 180)
        except AssertionError:
            for n in self.nodes:
                print("%s: %s\n%s" % (n.folder, n.run("queue", "destinations", "--json").stdout, n.run("queue", "list").stdout[:2000]), flush=True)
            raise AssertionError("%d of %d are missing, the first: %s" % (len(set(wanted) - set(server.subjects)), len(wanted), sorted(set(wanted) - set(server.subjects))[:5]))
        again = sorted({s for s in wanted if server.subjects.count(s) > 1})
        if len(again) > twice:
            raise AssertionError("arrived twice: %s" % again[:10])

    def even(self, limit, count):
        """A backlog on every node, with this limit: all take part."""
        server = Server(self.here())
        self.setting("queue.new_destination_connections_max", limit)
        self.setting("queue.destination_connections_max", limit)
        self.frozen(True)
        self.way(server)
        wanted = self.submit_everywhere("even%d" % limit, count)
        self.frozen(False)
        seen = [False] * 3

        def all_took_part():
            for i in range(3):
                d = self.there(i)
                seen[i] = seen[i] or (d.get("nodes") == 3 and d["connections"] > 0)
            return all(seen)
        try:
            until(all_took_part, "a connection of each node, and that each knows of three", 120)
        except AssertionError as e:
            raise AssertionError("%s: seen %s, now %s, arrived %d of %d" % (e, seen, [self.there(i) for i in range(3)], len(server.subjects), len(wanted)))
        self.arrived(server, wanted)
        if server.most > limit:
            raise AssertionError("%d connections at once, the limit is %d" % (server.most, limit))
        if limit >= 3 and server.most < limit:
            raise AssertionError("only %d connections at once of %d" % (server.most, limit))
        print("  limit %d: %d messages over at most %d connections, of all three nodes" % (limit, len(wanted), server.most), flush=True)

    def killed(self, limit, count):
        """A node dies in the middle: the others get its part, and its mail."""
        server = Server(self.here(), pause=0.1)
        self.setting("queue.new_destination_connections_max", limit)
        self.setting("queue.destination_connections_max", limit)
        self.frozen(True)
        self.way(server)
        wanted = self.submit_everywhere("killed", count)
        self.frozen(False)
        until(lambda: all(self.there(i).get("connections") for i in range(3)), "a connection of each node")
        dead = self.rng.randrange(3)
        self.nodes[dead].kill()
        left = [i for i in range(3) if i != dead]
        server.again()
        until(lambda: all(self.there(i).get("nodes", 2) <= 2 for i in left), "the dead node to be reckoned with no more")
        self.arrived(server, wanted, twice=limit)
        if server.most > limit:
            raise AssertionError("%d connections at once, the limit is %d" % (server.most, limit))
        self.nodes[dead].serve()
        self.at_home()
        print("  a node died: %d messages over at most %d connections" % (len(wanted), server.most), flush=True)

    def dead_server(self, count):
        """What one node finds dead the others do not try; what one reaches again all use."""
        server = Server(self.here(), talks=False)
        self.way(server)
        tried_once = self.submit(0, "dead", count)

        def down(i):
            d = self.there(i)
            return d.get("state") == "down" and d.get("failures") and not d["in_flight"]
        until(lambda: down(0), "a destination that is down")
        tried = server.opened
        wanted = self.submit_everywhere("dead", count, nodes=(1, 2))
        for i in (1, 2):
            until(lambda: down(i), "node %d to know that it is down" % (i + 1))
        if server.opened != tried:
            raise AssertionError("%d connections to a server that was known to be dead" % (server.opened - tried))
        server.talks = True
        self.retry(1)
        self.arrived(server, wanted)
        # What was tried waits for its plan; but the first node knows as well that the server is back.
        until(lambda: self.there(0)["state"] != "down", "node 1 to know that it is back")
        self.retry(0)
        self.arrived(server, tried_once + wanted)
        print("  a dead server was tried %d times by one node, and by no other" % tried, flush=True)

    def retry(self, i):
        self.nodes[i].ask("POST", "/v1/destinations/%s/retry?volume=%d" % (self.there(i)["destination"].replace(":", "%3A"), self.ids[i]), {})

    def prepare(self):
        self.form()
        self.people()
        self.at_home()


def play(d, a):
    d.prepare()
    for part in [x for x in a.only.split(",") if x] or ["even", "turns", "killed", "dead"]:
        if part == "even":
            d.even(6, a.messages)
        elif part == "turns":
            d.even(2, a.messages)
        elif part == "killed":
            d.killed(4, a.messages)
        elif part == "dead":
            d.dead_server(5)
    d.checked()
    print("the limits of a destination hold for the whole cluster")


if __name__ == "__main__":
    run("limits", lambda a, folder: Limits(a.rookery, a.seed, folder), play,
        [("--messages", {"type": int, "default": 150, "help": "of each node, in each part"}), ("--only", {"default": "", "help": "parts: even, turns, killed, dead"})])
