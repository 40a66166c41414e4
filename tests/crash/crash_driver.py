#!/usr/bin/env python3
"""Kills a real server with -9 under load, again and again, and proves that nothing it
acknowledged is missing, nothing is there twice, and no UID means two things.

    crash_driver.py --rookery build/release/server/rookery --rounds 5 [--seed N] [--load-seconds 2]

Each round: start, load (SMTP deliveries, APPEND, STORE, COPY, MOVE, EXPUNGE from several
clients, and one that empties what it fills, so that small segments of the log die and are
rewritten and removed all the time), kill -9 at a random moment, start again, compare every mailbox with what was
acknowledged, and run `rookery check` on the store while it is down. An operation whose
answer never came may have happened or not; everything else must be exactly as said.
"""
import argparse, os, random, re, shutil, smtplib, imaplib, socket, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "end_to_end"))
from node import Node

FOLDERS = ["INBOX", "Kept", "Moved"]


def imap(node):
    m = imaplib.IMAP4("127.0.0.1", node.port("imap"), timeout=60)
    m.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a literal goes out at once
    return m


class Message:
    """What we know of one message: where it may be, and with which flags."""

    def __init__(self, name, user, folder, sure):
        self.name, self.user, self.sure = name, user, sure
        self.places = {folder}          # exactly one of these holds it (when sure)
        self.flagged = {False}          # allowed values of \\Flagged
        self.may_be_gone = not sure


class Ledger:
    """All acknowledged facts of one run, shared by the clients."""

    def __init__(self):
        self.lock = threading.Lock()
        self.messages = {}
        self.uids = {}                  # (user, folder, uidvalidity, uid) -> name
        self.highest = {}               # (user, folder, uidvalidity) -> highest UID seen
        self.counts = {}

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1


def text(name):
    return ("From: a@outside.test\r\nTo: u@example.test\r\nSubject: %s\r\nMessage-ID: <%s@crash.test>\r\n\r\n%s\r\n"
            % (name, name, "body of %s " % name * 20)).encode()


def deliver(node, ledger, users, number, stop, seed):
    """SMTP: one message to one or two users; 250 means exactly one copy each."""
    rng = random.Random(seed)
    made = 0
    try:
        s = smtplib.SMTP("127.0.0.1", node.port("smtp"), timeout=20)
        while not stop.is_set():
            made += 1
            name = "d%d-%d-%d" % (number, seed % 100000, made)
            to = rng.sample(users, rng.choice([1, 1, 2]))
            with ledger.lock:
                for u in to:
                    ledger.messages[(name, u)] = Message(name, u, "INBOX", False)
            s.sendmail("a@outside.test", to, text(name))
            with ledger.lock:
                for u in to:
                    m = ledger.messages[(name, u)]
                    m.sure, m.may_be_gone = True, False
            ledger.count("delivered")
    except (OSError, smtplib.SMTPException):
        pass


class Client:
    """One IMAP client that works on its own messages, so that expectations stay exact."""

    def __init__(self, node, ledger, user, password, number, seed):
        self.node, self.ledger, self.user, self.password = node, ledger, user, password
        self.number, self.rng, self.made = number, random.Random(seed), 0
        self.seed = seed
        self.mine = []                  # (Message, folder, uid), certain

    def run(self, stop):
        try:
            self.m = imap(self.node)
            self.m.login(self.user, self.password)
            while not stop.is_set():
                kind = self.rng.random()
                if kind < 0.4 or not self.mine:
                    self.append()
                elif kind < 0.7:
                    self.store()
                elif kind < 0.8:
                    self.copy()
                elif kind < 0.95:
                    self.move()
                else:
                    self.expunge()
        except (OSError, imaplib.IMAP4.error, EOFError):
            pass

    def selected(self, folder):
        t, d = self.m.select(folder)
        assert t == "OK", d

    def fresh(self):
        self.made += 1
        return "c%d-%d-%d" % (self.number, self.seed % 100000, self.made)

    def note(self, message):
        with self.ledger.lock:
            self.ledger.messages[(message.name, self.user)] = message

    def append(self):
        folder = self.rng.choice(FOLDERS)
        m = Message(self.fresh(), self.user, folder, False)
        self.note(m)
        t, d = self.m.append(folder, None, None, text(m.name))
        assert t == "OK", d
        uid = int(re.search(rb"APPENDUID \d+ (\d+)", d[0]).group(1))
        with self.ledger.lock:
            m.sure, m.may_be_gone = True, False
        self.mine.append((m, folder, uid))
        self.ledger.count("appended")

    def store(self):
        m, folder, uid = self.rng.choice(self.mine)
        self.selected(folder)
        on = self.rng.random() < 0.5
        with self.ledger.lock:
            m.flagged = m.flagged | {on}
        t, d = self.m.uid("STORE", str(uid), ("+" if on else "-") + "FLAGS", "(\\Flagged)")
        assert t == "OK", d
        with self.ledger.lock:
            m.flagged = {on}
        self.ledger.count("stored")

    def copied_uid(self):
        t, d = self.m.response("COPYUID")
        return int(d[0].split()[2]) if d and d[0] else None

    def copy(self):
        """A copy gets a name of its own in the books: the same text in another folder."""
        m, folder, uid = self.rng.choice(self.mine)
        to = self.rng.choice([f for f in FOLDERS if f not in m.places] or [None])
        if to is None or any(x is m for x, f, _ in self.mine if f != folder):
            return
        self.selected(folder)
        with self.ledger.lock:
            m.copies = getattr(m, "copies", {})
            m.copies[to] = {0, 1}
        t, d = self.m.uid("COPY", str(uid), to)
        assert t == "OK", d
        with self.ledger.lock:
            m.copies[to] = {1}
        self.mine = [x for x in self.mine if x[0] is not m]  # from now on only compared
        self.ledger.count("copied")

    def move(self):
        at = self.rng.randrange(len(self.mine))
        m, folder, uid = self.mine[at]
        to = self.rng.choice([f for f in FOLDERS if f != folder])
        self.selected(folder)
        with self.ledger.lock:
            m.places = {folder, to}
        t, d = self.m.uid("MOVE", str(uid), to)
        assert t == "OK", d
        new = self.copied_uid()
        with self.ledger.lock:
            m.places = {to}
        if new is None:
            del self.mine[at]
        else:
            self.mine[at] = (m, to, new)
        self.ledger.count("moved")

    def expunge(self):
        at = self.rng.randrange(len(self.mine))
        m, folder, uid = self.mine.pop(at)
        self.selected(folder)
        with self.ledger.lock:
            m.may_be_gone = True
        t, d = self.m.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Deleted)")
        assert t == "OK", d
        t, d = self.m.uid("EXPUNGE", str(uid))
        assert t == "OK", d
        with self.ledger.lock:
            m.gone = True
        self.ledger.count("expunged")


def churn(node, user, password, stop, ledger):
    """Fills a folder that nobody compares and empties it: segments die, others become mostly dead."""
    try:
        m = imap(node)
        m.login(user, password)
        m.create("Churn")
        while not stop.is_set():
            for _ in range(40):
                m.append("Churn", None, None, text("churn") + b"x" * 12000)
            m.select("Churn")
            m.store("1:*", "+FLAGS.SILENT", "(\\Deleted)")
            m.expunge()
            ledger.count("churned")
    except (OSError, imaplib.IMAP4.error, EOFError):
        pass


def removed_segments(folder):
    """How many segments of the log were removed so far: numbers are given once."""
    there = [int(n[:-4]) for n in os.listdir(os.path.join(folder, "store", "log")) if re.fullmatch(r"\d{8}\.log", n)]
    return max(there) - len(there)


def picture(node, user, password):
    """{folder: (uidvalidity, uidnext, [(uid, name, flagged)])} as the server shows it."""
    out = {}
    m = imap(node)
    m.login(user, password)
    for folder in FOLDERS:
        t, d = m.select(folder, readonly=True)
        assert t == "OK", (folder, d)
        count = int(d[0])
        validity = int(m.response("UIDVALIDITY")[1][0])
        uidnext = int(m.response("UIDNEXT")[1][0])
        rows = []
        if count:
            t, d = m.fetch("1:*", "(UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            assert t == "OK", d
            for i in range(0, len(d)):
                if not isinstance(d[i], tuple):
                    continue
                head, subject = d[i]
                tail = d[i + 1] if i + 1 < len(d) and isinstance(d[i + 1], bytes) else b""
                both = head + tail
                uid = int(re.search(rb"UID (\d+)", both).group(1))
                name = subject.split(b":", 1)[1].strip().decode()
                rows.append((uid, name, b"\\Flagged" in both))
        assert len(rows) == count, "%s has %d rows, EXISTS says %d" % (folder, len(rows), count)
        out[folder] = (validity, uidnext, rows)
    m.logout()
    return out


def compare(ledger, user, seen):
    faults = []
    where = {}
    for folder, (validity, uidnext, rows) in seen.items():
        last = 0
        for uid, name, flagged in rows:
            if uid <= last or uid >= uidnext:
                faults.append("%s: UID %d is not in order or not below UIDNEXT %d" % (folder, uid, uidnext))
            last = uid
            known = ledger.uids.setdefault((user, folder, validity, uid), name)
            if known != name:
                faults.append("%s: UID %d was %s and is now %s" % (folder, uid, known, name))
            where.setdefault(name, []).append((folder, flagged))
        high = ledger.highest.get((user, folder, validity), 0)
        if uidnext <= high:
            faults.append("%s: UIDNEXT %d, but UID %d was given before" % (folder, uidnext, high))
        ledger.highest[(user, folder, validity)] = max(high, last, uidnext - 1)
    for (name, owner), m in ledger.messages.items():
        if owner != user:
            continue
        places = where.pop(name, [])
        copies = getattr(m, "copies", {})
        own = [(f, x) for f, x in places if f in m.places]
        if getattr(m, "gone", False) and places:
            faults.append("%s was expunged and is in %s" % (name, places))
        elif not m.may_be_gone and len(own) != 1:
            faults.append("%s is %d times in %s, once was promised" % (name, len(own), sorted(m.places)))
        elif len(own) > 1:
            faults.append("%s is %d times in %s" % (name, len(own), sorted(m.places)))
        for f, x in own:
            if x not in m.flagged:
                faults.append("%s has Flagged=%s, allowed is %s" % (name, x, m.flagged))
        for folder in FOLDERS:
            n = sum(f == folder for f, _ in places)
            if folder in m.places:
                continue
            if n not in copies.get(folder, {0}):
                faults.append("%s is %d times in %s, allowed is %s" % (name, n, folder, copies.get(folder, {0})))
        # What is there now is the truth from here on.
        if own:
            m.places, m.flagged, m.may_be_gone = {own[0][0]}, {own[0][1]}, False
        elif m.may_be_gone:
            m.gone = True
        for folder in copies:
            copies[folder] = {sum(f == folder for f, _ in places)}
    for name in where:
        faults.append("%s is there and was never sent" % name)
    return faults


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rookery", required=True)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seed", type=int, default=None)
    p.add_argument("--load-seconds", type=float, default=1.5)
    p.add_argument("--segment-octets", type=int, default=256 << 10)
    p.add_argument("--maintenance", type=int, default=40, help="milliseconds between checkpoints with compaction")
    p.add_argument("--reactors", type=int, default=0, help="network threads; 0: one a core")
    p.add_argument("--keep", action="store_true", help="keep the data folder")
    a = p.parse_args()
    seed = a.seed if a.seed is not None else random.randrange(1 << 30)
    print("seed %d" % seed, flush=True)
    rng = random.Random(seed)
    folder = tempfile.mkdtemp(prefix="rookery-crash-")
    node = Node(a.rookery, folder, accounts=4,
                more="[storage]\nsegment_octets = %d\nmaintenance_milliseconds = %d\n" % (a.segment_octets, a.maintenance))
    with open(node.file) as f:
        text_of_node = f.read()
    with open(node.file, "w") as f:
        f.write(re.sub(r"(?m)^reactors = \d+", "reactors = %d" % a.reactors, text_of_node))
    users = ["u%d@%s" % (i, node.domain) for i in range(1, 5)]
    ledger = Ledger()
    failed = removed = 0
    try:
        node.start()
        for u in users:
            m = imap(node)
            m.login(u, node.password)
            for f in FOLDERS[1:]:
                m.create(f)
            m.logout()
        for number in range(1, a.rounds + 1):
            stop = threading.Event()
            clients = [Client(node, ledger, users[i % len(users)], node.password, number * 100 + i, rng.randrange(1 << 30))
                       for i in range(4)]
            threads = [threading.Thread(target=c.run, args=(stop,)) for c in clients]
            threads += [threading.Thread(target=deliver, args=(node, ledger, users, number * 100 + i, stop, rng.randrange(1 << 30)))
                        for i in range(3)]
            threads.append(threading.Thread(target=churn, args=(node, users[0], node.password, stop, ledger)))
            for t in threads:
                t.start()
            time.sleep(rng.uniform(0.05, a.load_seconds))
            node.kill()
            stop.set()
            for t in threads:
                t.join(30)
            removed = removed_segments(folder)
            faults = node.check()
            begin = time.time()
            node.start()
            took = time.time() - begin
            for u in users:
                faults += ["%s: %s" % (u, f) for f in compare(ledger, u, picture(node, u, node.password))]
            print("round %d: %s, up again after %.2f s, %d faults" % (
                number, ", ".join("%s %d" % x for x in sorted(ledger.counts.items())), took, len(faults)), flush=True)
            for f in faults[:20]:
                print("  FAULT " + f)
            failed += bool(faults)
        code = node.stop()
        if code != 0:
            print("FAULT the orderly end gave exit code %s" % code)
            failed += 1
    finally:
        node.kill()
        if a.keep or failed:
            print("data kept in " + folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print("seed %d: %d rounds, %d with faults; %s; %d segments removed" % (
        seed, a.rounds, failed, ", ".join("%s %d" % x for x in sorted(ledger.counts.items())), removed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
