#!/usr/bin/env python3
"""Three real nodes are restarted one after the other while people send mail, wait in IDLE and fetch by POP3.

Each node is drained, stopped, started and taken back. No final dot stays without an answer, no 250 is lost or doubled, every session that
ends is told so (421, BYE, -ERR), and the login after it works at another node; a login that is refused as a hand-over takes longer than a login
waits (a starved machine) is counted and told. A client loses its session once a restart at most: what a node served stays where it went as long as it is in use.
At the end all goes home by order. Prints its seed; ends with 1 at the first fault, with the logs of the nodes.

    rolling_driver.py --rookery build/dev/server/rookery [--times 1] [--seed 7] [--keep]
"""
import base64, imaplib, poplib, random, select, socket, threading, time

from cluster_mail import ANY, PASSWORD, Mail
from cluster_nodes import run, until


class Fault(Exception):
    """What may not happen to a client."""


class Lost(Exception):
    """The session ended as it may; the text is what the server said."""


class Later(Exception):
    """The login was refused for now."""


class Client:
    """One person's program: it stays with a node until its session ends, and goes to the next that takes connections."""

    def __init__(self, driver, at):
        self.driver, self.at, self.rng = driver, at, random.Random(driver.seed + at)
        self.lost, self.faults, self.going, self.served, self.refused = [], [], True, 0, 0
        self.thread = threading.Thread(target=self.run)

    def run(self):
        refused_since = None
        while self.going and not self.faults:
            try:
                self.session(self.node())
                refused_since = None
            except Lost as e:
                refused_since = None
                if self.going:
                    self.lost.append(str(e))
                    self.at += 1
            except Later:
                self.refused += 1
                time.sleep(0.2)
            except ConnectionRefusedError as e:  # the next one: what a name with several addresses is for
                refused_since = refused_since or time.time()
                self.at += 1
                if time.time() - refused_since > 60:
                    self.faults.append("%s: no node takes connections: %s" % (self, e))
                time.sleep(0.02)
            except (Fault, OSError, EOFError, imaplib.IMAP4.error, poplib.error_proto) as e:
                if self.going:
                    self.faults.append("%s at %s: %s %s; lost before: %s" % (self, self.node().folder, type(e).__name__, e, self.lost))

    def node(self):
        return self.driver.nodes[self.at % 3]

    def end(self):
        self.going = False


class Sender(Client):
    """Submits message after message over one connection."""
    service = "submission"

    def __init__(self, driver, at, name, to):
        super().__init__(driver, at)
        self.name, self.to, self.accepted, self.later, self.count = name, to, [], 0, 0

    def __str__(self):
        return "sender " + self.name

    def answer(self, lines):
        while True:
            line = lines.readline()
            if not line:
                return 0, "the connection ended"
            if line[3:4] != b"-":
                return int(line[:3]), line.decode("utf-8", "replace").strip()

    def say(self, s, lines, line, wanted):
        try:
            s.sendall(line)
        except OSError:
            pass  # it may have said why
        code, text = self.answer(lines)
        if code == 421:
            raise Lost(text)
        if code != wanted:
            raise Fault("%r: %s" % (line[:20], text))

    def session(self, n):
        with socket.create_connection((n.address, n.port(self.service)), 60) as plain:
            lines = plain.makefile("rb")
            try:
                code, text = self.answer(lines)
            except ConnectionResetError as e:  # before its greeting: the port was being closed
                raise ConnectionRefusedError(str(e)) from e
            if code == 421:
                raise Lost(text)
            self.say(plain, lines, b"EHLO client.test\r\n", 250)
            self.say(plain, lines, b"STARTTLS\r\n", 220)
            with ANY.wrap_socket(plain) as s:
                lines = s.makefile("rb")
                self.say(s, lines, b"EHLO client.test\r\n", 250)
                self.say(s, lines, b"AUTH PLAIN " + base64.b64encode(("\0%s\0%s" % (self.driver.sender, PASSWORD)).encode()) + b"\r\n", 235)
                while self.going:
                    self.transaction(s, lines)
                    if s.pending() == 0 and select.select([s], [], [], 0.02)[0]:
                        code, text = self.answer(lines)  # unasked
                        raise Lost(text) if code == 421 else Fault("unasked: " + text)
                self.say(s, lines, b"QUIT\r\n", 221)

    def transaction(self, s, lines):
        subject = "%s-%d" % (self.name, self.count)
        self.say(s, lines, ("MAIL FROM:<%s>\r\n" % self.driver.sender).encode(), 250)
        for to in self.to:
            self.say(s, lines, ("RCPT TO:<%s>\r\n" % to).encode(), 250)
        self.say(s, lines, b"DATA\r\n", 354)
        s.sendall(("From: %s\r\nSubject: %s\r\n\r\nText.\r\n.\r\n" % (self.driver.sender, subject)).encode())
        code, text = self.answer(lines)
        if code == 250:
            self.accepted.append(subject)
            self.count += 1
            self.served += 1
        elif code == 421:
            self.later += 1
            raise Lost(text)
        elif code // 100 == 4:
            self.later += 1  # the same again
            time.sleep(0.05)
        else:
            raise Fault("after the final dot: " + text)


class Idler(Client):
    """Waits in IDLE; knows how many messages there are when it is told."""
    service = "imap"

    def __init__(self, driver, at, user):
        super().__init__(driver, at)
        self.user, self.messages, self.open = user, 0, None

    def __str__(self):
        return "IMAP of " + self.user

    def session(self, n):
        try:
            c = self.driver.imap(n, self.user)
        except imaplib.IMAP4.abort as e:  # it came as the node went: it was told so before it could log in, or its connection was cut
            raise Fault(str(e)) if "socket error" in str(e) else ConnectionRefusedError(str(e))
        except imaplib.IMAP4.error as e:
            raise Later(str(e)) if "[UNAVAILABLE]" in str(e) else Fault(str(e))
        self.open = c
        try:
            kind, count = c.select("INBOX")
            if kind != "OK":
                raise Fault("SELECT: %s" % count)
            self.messages = int(count[0])
            c.send(b"i IDLE\r\n")
            self.served += 1
            c.sock.settimeout(600)
            while True:
                line = c.readline()
                if line.startswith(b"* BYE"):
                    raise Lost(line.decode().strip())
                if not line:
                    raise Fault("the connection ended without BYE")
                if line.endswith(b" EXISTS\r\n"):
                    self.messages = int(line.split()[1])
        except imaplib.IMAP4.abort as e:
            raise Lost(str(e)) if "BYE" in str(e) or c.untagged_responses.get("BYE") else Fault(str(e))
        finally:
            self.open = None
            c.shutdown()

    def end(self):
        self.going = False
        c = self.open
        if c is not None:
            try:
                c.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Fetcher(Client):
    """POP3: looks, fetches the last message, stays a moment, and goes."""
    service = "pop3"

    def __init__(self, driver, at, user):
        super().__init__(driver, at)
        self.user = user

    def __str__(self):
        return "POP3 of " + self.user

    def session(self, n):
        try:
            p = poplib.POP3(n.address, n.port("pop3"), timeout=60)
        except ConnectionResetError as e:
            raise ConnectionRefusedError(str(e)) from e
        try:
            p.capa = lambda: {"STLS": []}  # poplib's own hides why it was refused
            p.stls(ANY)
            p.user(self.user)
            try:
                p.pass_(PASSWORD)
            except poplib.error_proto as e:
                raise Later(str(e)) if "cannot be opened now" in str(e) else e
            count = p.stat()[0]
            if count:
                p.retr(count)
            for _ in range(self.rng.randrange(1, 20)):
                p.noop()
                time.sleep(0.05)
            p.quit()
            self.served += 1
        except poplib.error_proto as e:
            said = str(e)
            raise Lost(said) if "SYS/TEMP" in said else Fault(said)
        finally:
            p.close()


class Rolling(Mail):
    log_octets = 100_000

    def clients(self):
        self.sender = "bob@d0.test"
        users = ["ann@d%d.test" % i for i in range(3)]
        self.senders = [Sender(self, at, "s%d" % at, [users[at % 3], users[(at + 1) % 3]]) for at in range(6)]
        self.idlers = [Idler(self, at, user) for user in users for at in range(3)]
        self.fetchers = [Fetcher(self, at, "bob@d%d.test" % ((at + 1) % 3)) for at in range(3)]
        self.all = self.senders + self.idlers + self.fetchers
        for c in self.all:
            c.thread.start()
        self.served("before the first restart")

    def judge(self):
        for c in self.all:
            if c.faults:
                raise AssertionError(c.faults[0])

    def served(self, when):
        """Everybody is served anew, and mail goes on."""
        had = {c: c.served for c in self.all}

        def so():
            self.judge()
            return all(c.served > had[c] or (isinstance(c, Idler) and c.open is not None and c.messages > 0) for c in self.all)
        until(so, "all clients to be served " + when, 120)

    def restart(self, n):
        number = self.ids[self.nodes.index(n)]
        before = {c: len(c.lost) for c in self.all}
        began = time.time()
        other = self.rng.choice([m for m in self.nodes if m is not n])
        other.ask("POST", "/v1/cluster/drain", {"node": str(number)})

        def drained():
            v = self.volumes()
            return v[number]["leader"] != number and all(number not in x["in_sync"] and len(x["in_sync"]) == 2 for x in v.values())
        until(drained, "node %d to serve nothing" % number, 120)
        code = n.stop(60)
        if code != 0:
            raise AssertionError("node %d ended with %s" % (number, code))
        n.serve(None)
        self.settled()
        self.rng.choice(self.nodes).ask("POST", "/v1/cluster/drain", {"node": str(number), "undo": True})
        def back():
            v = self.volumes()
            return all(len(x["in_sync"]) == 2 for x in v.values()) and number in v[number]["in_sync"]
        until(back, "two copies of all, and node %d to have its own" % number, 180)
        self.served("after the restart of node %d" % number)
        self.judge()
        lost = {c: c.lost[before[c]:] for c in self.all}
        for c, what in lost.items():
            if len(what) > 1:
                raise AssertionError("%s lost its session %d times: %s" % (c, len(what), what))
        print("node %d: %d of %d sessions had to log in anew; %d final dots answered with 4xx; %.0f s" %
              (number, sum(bool(w) for w in lost.values()), len(lost), sum(s.later for s in self.senders), time.time() - began), flush=True)

    def finish(self):
        for c in self.all:
            c.end()
        for c in self.all:
            c.thread.join()
        self.judge()
        accepted = {}
        for s in self.senders:
            for user in s.to:
                accepted.setdefault(user, []).extend(s.accepted)
        for user, subjects in accepted.items():
            def there():
                return len(self.reachable_box(self.nodes, user)[1]) >= len(subjects)
            until(there, "the mail of " + user, 120)
            box = sorted(s for _, s in self.reachable_box(self.nodes, user)[1].values())
            if box != sorted(subjects):
                raise AssertionError("%s: missing %s, twice or strange %s" % (user, sorted(set(subjects) - set(box))[:9], [s for s in set(box) if box.count(s) > subjects.count(s)][:9]))
        return sum(len(s.accepted) for s in self.senders)

    def end(self):
        for c in getattr(self, "all", []):
            c.end()
        super().end()


def play(d, a):
    d.form()
    d.people()
    d.at_home()
    d.clients()
    for _ in range(a.times):
        for n in d.rng.sample(d.nodes, 3):
            d.restart(n)
    accepted = d.finish()
    d.at_home()
    d.checked()
    print("%d restarts, %d messages accepted, all there once; %d logins after a session ended, %d refused for a while" %
          (3 * a.times, accepted, sum(len(c.lost) for c in d.all), sum(c.refused for c in d.all)))


if __name__ == "__main__":
    run("rolling", lambda a, folder: Rolling(a.rookery, a.seed, folder), play, [("--times", {"type": int, "default": 1})])
