"""Accounts at home on each of three nodes, mail for them and what is in their mailboxes; what the drivers with mail share."""
import imaplib, random, re, smtplib, socket, ssl, threading, time

from cluster_nodes import Cluster, Refused, until

PASSWORD = "a long secret 7"
ANY = ssl.create_default_context()
ANY.check_hostname, ANY.verify_mode = False, ssl.CERT_NONE


def quoted(name):
    return name.replace("@", "%40")


class Sink:
    """The rest of the world: an SMTP server that says nothing until it is told to, and then keeps the subjects."""

    def __init__(self, host):
        self.listener = socket.create_server((host, 0))
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


class Watcher:
    """Reads one mailbox from which nothing is removed, again and again through any node: what was shown once is shown by each later read, under its UID."""

    def __init__(self, driver, user):
        self.driver, self.user, self.rng = driver, user, random.Random(driver.seed)
        self.seen, self.validity, self.reads, self.fault, self.going = {}, None, 0, None, True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while self.going and self.fault is None:
            n = self.rng.choice(self.driver.nodes)
            try:
                validity, box = self.driver.box(n, self.user)
            except (OSError, imaplib.IMAP4.error, EOFError):
                time.sleep(0.1)  # that node does not serve it now
                continue
            now = {uid: subject for uid, (_, subject) in box.items()}
            lost = {uid: subject for uid, subject in self.seen.items() if now.get(uid) != subject}
            if self.reads > 0 and (lost or validity != self.validity):
                self.fault = "%s through %s, after %d reads: shown before and not now %s, UIDVALIDITY %s, was %s" % (
                    self.user, n.folder, self.reads, dict(list(lost.items())[:5]), validity, self.validity)
            self.seen, self.validity, self.reads = now, validity, self.reads + 1

    def end(self):
        self.going = False
        self.thread.join()


class Mail(Cluster):
    def people(self):
        """A domain on each node, two accounts in each, and one whose account is elsewhere than its domain."""
        self.ids = [n.cluster()["self"] for n in self.nodes]
        self.accounts = {}
        for i, n in enumerate(self.nodes):
            by = self.nodes[(i + 1) % 3]  # any node takes the change
            by.ask("POST", "/v1/domains", {"name": "d%d.test" % i, "home": str(self.ids[i])})
            self.everywhere("/v1/domains/d%d.test" % i)
            for name in ("ann", "bob"):
                self.account(by, "%s@d%d.test" % (name, i), {}, i)
        self.account(self.nodes[0], "cem@d0.test", {"home": self.ids[2]}, 2)
        self.nodes[1].ask("POST", "/v1/aliases", {"address": "team@d1.test", "targets": ["ann@d0.test", "bob@d1.test", "bob@d2.test"]})
        self.everywhere("/v1/aliases/team%40d1.test")
        counts = {}
        for n in range(3):
            made = self.nodes[n].ask("POST", "/v1/domains", {"name": "chosen%d.test" % n})
            counts[made["home"]] = counts.get(made["home"], 0) + 1
        if max(counts.values()) > 2:
            raise AssertionError("new domains are not spread: %s" % counts)
        try:
            self.nodes[0].ask("POST", "/v1/domains", {"name": "nowhere.test", "home": "mail9"})
            raise AssertionError("a home that is none was taken")
        except Refused as e:
            if "no node mail9" not in str(e):
                raise

    def account(self, by, address, more, home):
        by.ask("POST", "/v1/accounts", dict(more, address=address, password=PASSWORD))
        self.everywhere("/v1/accounts/" + quoted(address))
        self.accounts[address] = home

    def everywhere(self, path):
        for n in self.nodes:
            until(lambda: n.ask("GET", path), path + " on all nodes")

    def imap(self, n, user, tls=True):
        try:
            c = imaplib.IMAP4(n.address, n.port("imap"), timeout=60)
        except ConnectionResetError as e:  # before its greeting: the port was being closed
            raise ConnectionRefusedError(str(e)) from e
        if tls:
            c.starttls(ANY)
        c.login(user, PASSWORD)
        return c

    def send(self, n, sender, to, subject):
        """False: it was not accepted, and nobody knows more."""
        try:
            with smtplib.SMTP(n.address, n.port("submission"), timeout=60) as s:
                s.starttls(context=ANY)
                s.login(sender, PASSWORD)
                return not s.sendmail(sender, to, "From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\nText of %s.\r\n" % (sender, ", ".join(to), subject, subject))
        except (OSError, smtplib.SMTPException):
            return False

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
        """Every volume is led by its node, with another copy, on all nodes' word; those that stay elsewhere as they are in use are sent home."""
        def so():
            for n in self.nodes:
                said = n.cluster()
                all_ = {v["id"]: v for v in said["volumes"]}
                if any(v["leader"] != i for i, v in all_.items()):
                    try:
                        n.ask("POST", "/v1/cluster/rebalance", {})
                    except Refused:  # a program of before: they go by themselves
                        pass
                if len(all_) != 3 or any(v["leader"] != i or len(v["in_sync"]) != 2 for i, v in all_.items()):
                    return False
                if all_.get(said["self"], {}).get("state") != "serving":  # it is open
                    return False
            for n in self.nodes:
                socket.create_connection((n.address, n.port("imap")), 5).close()
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

    def unchanged(self, user, validity, before):
        """What was there is there as it was; what came later has higher UIDs."""
        now_validity, now = self.reachable_box([self.rng.choice(self.nodes)], user)
        changed = {u: (before[u], now.get(u)) for u in before if now.get(u) != before[u]}
        below = sorted(u for u in now if u not in before and u < max(before))
        if now_validity != validity or changed or below:
            raise AssertionError("%s: UIDVALIDITY was %s, is %s; not what they were: %s; new below old: %s" %
                                 (user, validity, now_validity, dict(list(changed.items())[:5]), below[:5]))

    def emptied(self, users):
        """The next round begins with little."""
        for user in users:
            self.in_box(user, lambda c: (c.store("1:*", "+FLAGS", "\\Deleted"), c.expunge()))
