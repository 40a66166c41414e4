"""Clients that do anything at random and believe nothing but what they are told.

Each keeps its own picture of the mailbox (numbers, UIDs, flags) from untagged answers alone
and compares every answer with it; at the end all pictures are the same. ROOKERY_SECONDS
and ROOKERY_SEED make it longer and repeatable.
"""
import random, threading
from peer import *

SECONDS = float(os.environ.get("ROOKERY_SECONDS", "4"))
SEED = int(os.environ.get("ROOKERY_SEED", "0")) or random.randrange(1 << 30)
KEYWORDS = ["$Label1", "work", "Later"]
FLAGS = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted"] + KEYWORDS


class Tracker:
    """One client. `uids[n-1]` is the UID of message n, or None while it was not told."""

    def __init__(self, number, box, case):
        self.rng = random.Random(SEED * 100 + number)
        self.box, self.number, self.case = box, number, case
        self.faults, self.done = [], 0
        self.qresync = number % 3 == 1
        self.connect()

    def connect(self):
        self.p = self.case.peer()
        if self.qresync:
            self.p.ok("ENABLE QRESYNC")
        self.select()

    def select(self):
        self.uids, self.flags = [], {}
        a = self.p.ok("SELECT " + self.box)
        self.learn(a, "SELECT", True)
        self.check_all()

    def check_all(self):
        self.learn(self.p.ok("UID FETCH 1:* (FLAGS)"), "UID FETCH", True)

    def fault(self, text):
        self.faults.append("client %d: %s" % (self.number, text))

    def learn(self, answer, command, expunges):
        for l in answer.lines:
            m = re.match(rb"\* (\d+) (EXISTS|EXPUNGE|RECENT|FETCH)\b", l)
            if m:
                n, kind = int(m.group(1)), m.group(2)
                if kind == b"EXISTS":
                    if n < len(self.uids):
                        self.fault("EXISTS %d after %d messages in %s" % (n, len(self.uids), command))
                    self.uids += [None] * (n - len(self.uids))
                elif kind == b"EXPUNGE":
                    if not expunges:
                        self.fault("EXPUNGE during " + command)
                    if not 1 <= n <= len(self.uids):
                        self.fault("EXPUNGE %d of %d messages" % (n, len(self.uids)))
                    else:
                        self.flags.pop(self.uids.pop(n - 1), None)
                elif kind == b"FETCH":
                    self.fetched(n, l, command)
            elif l.startswith(b"* VANISHED ") and b"EARLIER" not in l:
                if not expunges:
                    self.fault("VANISHED during " + command)
                gone = set()
                for part in l.split()[2].split(b","):
                    a, _, b = part.partition(b":")
                    gone.update(range(int(a), int(b or a) + 1))
                # A message may vanish between its EXISTS and the client's question for its UID: then it is one of those
                # without a UID that stand where its UID would.
                for uid in sorted(gone - set(self.uids)):
                    first = max((i + 1 for i, u in enumerate(self.uids) if u and u < uid), default=0)
                    last = min((i for i, u in enumerate(self.uids) if u and u > uid), default=len(self.uids))
                    if first == last:
                        self.fault("VANISHED of unknown UID %d in %s" % (uid, command))
                        break
                    del self.uids[first]
                self.uids = [u for u in self.uids if u not in gone]

    def fetched(self, n, line, command):
        if not 1 <= n <= len(self.uids):
            return self.fault("FETCH %d of %d messages in %s" % (n, len(self.uids), command))
        m = re.search(rb"UID (\d+)", line)
        if m:
            uid = int(m.group(1))
            if self.uids[n - 1] not in (None, uid):
                self.fault("message %d was UID %s, now %d, in %s" % (n, self.uids[n - 1], uid, command))
            before = [u for u in self.uids[:n - 1] if u]
            if before and before[-1] >= uid:
                self.fault("UID %d behind %d" % (uid, before[-1]))
            self.uids[n - 1] = uid
        m = re.search(rb"FLAGS \(([^)]*)\)", line)
        if m and self.uids[n - 1]:
            self.flags[self.uids[n - 1]] = frozenset(m.group(1).decode().split()) - {"\\Recent"}

    def command(self, text, expunges):
        self.done += 1
        a = self.p.cmd(text)
        if a.status not in ("OK", "NO"):
            self.fault("%s -> %s %s" % (text, a.status, a.text))
        self.learn(a, text, expunges)
        self.told = len(self.uids)
        if None in self.uids and not text.startswith(("LOGOUT", "SELECT")):
            self.learn(self.p.ok("UID FETCH 1:* (FLAGS)"), "UID FETCH", True)
        return a

    def some(self):
        a, b = sorted((self.rng.randint(1, len(self.uids)), self.rng.randint(1, len(self.uids))))
        return "%d:%d" % (a, min(b, a + 20))

    def step(self):
        r, count = self.rng, len(self.uids)
        what = r.randrange(100)
        if what < 18 or count < 3:
            m = mail(r.randrange(1000), "t" * r.choice([10, 500, 20000]))
            flags = "(%s) " % " ".join(r.sample(FLAGS[:4] + KEYWORDS, r.randrange(3)))
            a = self.p.append(self.box, m, flags)
            if a.status != "OK":
                self.fault("APPEND %s" % a.text)
            self.learn(a, "APPEND", True)
            self.command("NOOP", True)
        elif what < 48:
            uid = r.random() < 0.4
            known = [u for u in self.uids if u]
            chosen = self.some() if not uid else "%d:%d" % (min(known), r.choice(known)) if r.random() < 0.2 else str(r.choice(known))
            names = r.sample(FLAGS, r.randrange(1, 3))
            silent = r.random() < 0.4
            how = r.choice(["+", "-", "+", ""])
            self.command("%sSTORE %s %sFLAGS%s (%s)" % ("UID " if uid else "", chosen, how, ".SILENT" if silent else "", " ".join(names)), uid)
            if silent:
                # What others did meanwhile decides: ask.
                self.command("UID FETCH 1:* (FLAGS)", True)
        elif what < 63:
            self.command("FETCH %s %s" % (self.some(), r.choice(["FLAGS", "(UID FLAGS)", "BODY.PEEK[HEADER]", "(UID BODY[])", "ENVELOPE"])), False)
        elif what < 70:
            a = self.command("SEARCH %s" % r.choice(["SEEN", "DELETED", "ALL", "KEYWORD work", "BODY ttt", "UNSEEN SUBJECT number"]), False)
            if any(n > self.told for n in a.numbers()):
                self.fault("SEARCH beyond the last message")
        elif what < 80:
            self.command("EXPUNGE", True)
        elif what < 84:
            self.command("COPY %s %s" % (self.some(), self.box), True)
        elif what < 87:
            self.command("MOVE %d %s" % (r.randint(1, count), self.box), True)
        elif what < 91:
            self.p.ok("CLOSE" if r.random() < 0.5 else "UNSELECT")
            self.select()
        elif what < 93:
            self.p.cmd("LOGOUT")
            self.connect()
        elif what < 97:
            tag = self.p.idle()
            time.sleep(r.random() * 0.02)
            self.learn(self.p.done(tag), "IDLE", True)
            if None in self.uids:
                self.check_all()
        else:
            self.command("NOOP", True)

    def run(self, end):
        try:
            while time.time() < end and not self.faults:
                self.step()
        except Exception as e:
            self.fault("%s: %s" % (type(e).__name__, e))

    def picture(self):
        self.command("NOOP", True)
        self.check_all()
        return [(u, sorted(self.flags.get(u, ()))) for u in self.uids]


class Tracking(Case):
    def test_pictures_of_many_clients_agree(self):
        self.filled(20, selected=False)
        clients = [Tracker(n, self.box, self) for n in range(6)]
        end = time.time() + SECONDS
        threads = [threading.Thread(target=c.run, args=(end,)) for c in clients]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        faults = [f for c in clients for f in c.faults]
        self.assertEqual(faults, [], "seed %d" % SEED)
        pictures = [c.picture() for c in clients]
        self.assertEqual([f for c in clients for f in c.faults], [], "seed %d" % SEED)
        for other in pictures[1:]:
            self.assertEqual(other, pictures[0], "seed %d" % SEED)
        self.assertGreater(sum(c.done for c in clients), 50)


if __name__ == "__main__":
    unittest.main()
