#!/usr/bin/env python3
"""Many clients do random things to few mailboxes; every answer is checked against each client's model.

    test_imap_stress.py [--seconds 8] [--seed N] [--clients 6]     (in the environment that run.py makes)

At the end, when all is quiet, each client's view and a fresh client's must be the same.
"""
import argparse, os, random, re, sys, threading, time, traceback, zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "imap")]
from imap_model import Broken, Registry, View, parse, numbers, promise
from peer import Peer, USERS

FLAGS = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted", "$Forwarded", "mine", "Other-1"]
BOXES = ["stress-a", "stress-b"]


class Client:
    def __init__(self, run, number):
        self.run, self.number, self.rng = run, number, random.Random("%d/%d" % (run.seed, number))
        self.peer = self.view = None
        self.slow = self.rng.random() < 0.2
        self.caches, self.nexts, self.history, self.made, self.done = {}, {}, [], 0, 0

    # -- the wire ---------------------------------------------------------------------------
    def connect(self):
        self.peer, self.view = Peer(USERS[0], timeout=60), None
        self.condstore = self.qresync = self.readonly = self.rev2 = False
        if self.rng.random() < 0.2:
            self.command("COMPRESS DEFLATE")
            self.peer.inflate, self.peer.deflate = zlib.decompressobj(-15), zlib.compressobj(1, zlib.DEFLATED, -15)
        if self.rng.random() < 0.2:
            self.command("ENABLE IMAP4rev2")
            self.rev2 = True
        if self.rng.random() < 0.3:
            self.command("ENABLE CONDSTORE")
            self.condstore = True
        elif self.rng.random() < 0.5:
            self.command("ENABLE QRESYNC")
            self.condstore = self.qresync = True

    def drop(self):
        self.remember()
        self.peer.close()
        self.view = None

    def note(self, what):
        self.history.append(what[:300])
        del self.history[:-60]

    def word(self, text):
        words = text.split(" ")
        return " ".join(words[:2]) if words[0] == "UID" else words[0]

    def send(self, text):
        self.note("C " + text)
        return self.peer.begin(text)

    def take(self, tag, text, view=None):
        view, word, lines = view or self.view, self.word(text), []
        if view:
            view.fetched, view.searched = [], None
        while True:
            line = self.peer.line()
            self.note("S " + line.decode("utf-8", "replace"))
            if line.startswith(b"* "):
                lines.append(line)
                promise(not self.rev2 or not line.endswith(b" RECENT\r\n"), "RECENT in IMAP4rev2")
                if self.slow and len(lines) % 40 == 0:
                    time.sleep(0.02)
                if view:
                    view.line(line, word)
                continue
            promise(line.startswith(tag.encode() + b" "), "another tag than", tag, line)
            status, _, rest = line.split(b" ", 1)[1].strip().partition(b" ")
            if view:
                view.code(rest)
                if status == b"OK" and word in ("CLOSE", "UNSELECT"):
                    self.remember()
                    self.view = None
            return status.decode(), rest, lines

    def command(self, text, good=("OK",), view=None):
        self.done += 1
        status, rest, lines = self.take(self.send(text), text, view)
        promise(status in good, text, "->", status, rest)
        return status, rest, lines

    # -- what the mailbox has ---------------------------------------------------------------
    def remember(self):
        v = self.view
        if v and self.qresync and v.high and all(r.uid and r.flags is not None for r in v.rows):
            self.caches[v.name] = (v.validity, v.high, {r.uid: r for r in v.rows})

    def select(self):
        verb, name = self.rng.choice(["SELECT", "SELECT", "SELECT", "EXAMINE"]), self.rng.choice(BOXES)
        self.remember()
        view = View(self.run.registry, name, self.condstore, self.qresync)
        if self.view:
            self.view = None
        rest, cache = "", None
        if self.qresync and name in self.caches and self.rng.random() < 0.8:
            validity, high, cache = self.caches[name]
            if cache and self.rng.random() < 0.5:
                rest = " (QRESYNC (%d %d %s))" % (validity, high, "%d:%d" % (min(cache), max(cache)))
            else:
                rest = " (QRESYNC (%d %d))" % (validity, high)
        elif self.condstore and self.rng.random() < 0.2:
            rest = " (CONDSTORE)"
        self.command("%s %s%s" % (verb, name, rest), view=view)
        view.selected(cache, rest.count(" ") > 3)
        promise(view.uidnext >= self.nexts.get(view.box, 0), "UIDNEXT falls")
        self.nexts[view.box] = view.uidnext
        with self.run.registry.lock:
            known = self.run.registry.validity.setdefault(name, view.validity)
        promise(known == view.validity, "UIDVALIDITY of", name, known, view.validity)
        self.view, self.readonly = view, verb == "EXAMINE"
        self.command("UID FETCH 1:* (FLAGS%s)" % (" MODSEQ" if self.condstore else ""))
        for i, row in enumerate(view.rows):
            promise(row.uid is None or row.uid >= view.uidnext or row.flags is not None, "no row for", i + 1)

    def sequence(self):
        n, rng = len(self.view.rows), self.rng
        if rng.random() < 0.15:
            return "1:*" if rng.random() < 0.5 else "*"
        out = []
        for _ in range(rng.choice([1, 1, 2, 4])):
            a = rng.randint(1, n)
            out.append("%d:%d" % (a, rng.randint(1, n)) if rng.random() < 0.3 else str(a))
        return ",".join(out)

    def uids(self):
        have, rng = [r.uid for r in self.view.rows if r.uid], self.rng
        if rng.random() < 0.1 or not have:
            return "1:*"
        out = []
        for _ in range(rng.choice([1, 1, 2, 4])):
            a = rng.choice(have)
            out.append("%d:%d" % (a, a + rng.randint(0, 6)) if rng.random() < 0.3 else str(a + rng.choice([0, 0, 0, 1])))
        return ",".join(out)

    def which(self):
        """("UID ", set) or ("", set)."""
        return ("UID ", self.uids()) if self.rng.random() < 0.5 else ("", self.sequence())

    # -- the commands -----------------------------------------------------------------------
    def fetch(self):
        uid, which = self.which()
        what = self.rng.choice(["FLAGS", "(UID FLAGS)", "(UID BODY.PEEK[])", "(UID BODY[])", "(UID RFC822.SIZE INTERNALDATE)", "(UID ENVELOPE)",
                                "(UID BODY.PEEK[HEADER.FIELDS (X-IDENT)])", "(UID BODY.PEEK[]<3.20>)", "BODYSTRUCTURE", "ALL", "(UID MODSEQ FLAGS)"])
        if "MODSEQ" in what:
            self.enabled()
        rest = ""
        if self.condstore and self.rng.random() < 0.2:
            rest = " (CHANGEDSINCE %d%s)" % (max(1, self.view.high - 5), " VANISHED" if uid and self.qresync else "")
        if uid == "" and not self.view.rows:
            return
        before = {r.uid for r in self.view.rows}
        self.view.earlier = set()
        self.command("%sFETCH %s %s%s" % (uid, which, what, rest), good=("OK",) if uid else ("OK", "NO"))
        promise(not self.view.earlier & {r.uid for r in self.view.rows}, "vanished earlier and still there")

    def enabled(self):
        if not self.condstore:
            self.condstore = self.view.condstore = True

    def store(self):
        uid, which = self.which()
        if not self.view.rows:
            return
        rest = ""
        if self.rng.random() < 0.2:
            rest = " (UNCHANGEDSINCE %d)" % self.rng.randint(max(0, self.view.high - 10), self.view.high + 10)
        flags = self.rng.sample(FLAGS, self.rng.choice([0, 1, 1, 2, 3]))
        self.change(uid, which, rest, self.rng.choice(["+", "-", "+", "-", ""]), self.rng.choice(["", ".SILENT"]), flags)

    def named(self, uid, which):
        """The rows that a set names, as this client knows them."""
        rows, out = self.view.rows, []
        last = (rows[-1].uid or 2**32 - 1) if uid else len(rows)
        for part in which.split(","):
            a, _, b = part.partition(":")
            a, b = (last if x == "*" else int(x) for x in (a, b or a))
            a, b = min(a, b), max(a, b)
            out += [r for r in rows if r.uid and a <= r.uid <= b] if uid else rows[a - 1:b]
        return {id(r): r for r in out}.values()

    def change(self, uid, which, rest, how, silent, flags):
        rows = [(r, r.flags, r.uid) for r in self.named(uid, which)]
        text = "%sSTORE %s%s %sFLAGS%s (%s)" % (uid, which, rest, how, silent, " ".join(flags))
        status, answer, _ = self.command(text, good=("NO",) if self.readonly else ("OK",) if uid else ("OK", "NO"))
        if self.readonly:
            return
        if rest:
            self.enabled()
        m, modified = re.match(rb"\[MODIFIED (\S+)\]", answer), set()
        if m:
            promise(rest, "MODIFIED without UNCHANGEDSINCE")
            modified = set(numbers(m.group(1)))
        if silent:
            # What a silent STORE does the client knows by itself, unless the server told the flags of a row.
            new = {f.lower() for f in flags}
            for row, before, _ in rows:
                if row.flags is None or row.flags is not before:
                    continue
                at = row.uid if uid else self.view.rows.index(row) + 1 if row in self.view.rows else None
                if at is None or m and not uid and any(r.uid is None for r in self.view.rows):
                    row.flags = None
                elif at not in modified:
                    row.flags = frozenset(new if how == "" else row.flags | new if how == "+" else row.flags - new)

    def expunge(self):
        verb = "EXPUNGE" if self.rng.random() < 0.5 else "UID EXPUNGE " + self.uids()
        dead = {r.uid for r in self.view.rows if r.uid and r.flags is not None}
        status, _, _ = self.command(verb, good=("NO",) if self.readonly else ("OK",))

    def copy(self):
        if not self.view.rows:
            return
        uid, which = self.which()
        verb = "COPY" if self.rng.random() < 0.6 else "MOVE"
        goal = self.rng.choice(BOXES)
        before = {r.uid for r in self.view.rows}
        box, readonly = self.view.box, self.readonly
        status, rest, lines = self.command("%s%s %s %s" % (uid, verb, which, goal), good=("OK", "NO"))
        if verb == "MOVE" and status == "OK":
            promise(not readonly, "MOVE out of EXAMINE")
        for text in [rest] + [l[5:] for l in lines if l.startswith(b"* OK ")]:
            m = re.match(rb"\[COPYUID (\d+) (\S+) (\S+)\]", text)
            if m:
                self.copied(box, (goal, int(m.group(1))), numbers(m.group(2)), numbers(m.group(3)))
                if verb == "MOVE":
                    left = {r.uid for r in self.view.rows}
                    promise(not left & set(numbers(m.group(2))), "moved and still there")

    def copied(self, source, goal, froms, tos):
        promise(len(froms) == len(tos) == len(set(tos)), "COPYUID of unlike length", froms, tos)
        promise(tos == sorted(tos) or True, "")
        for a, b in zip(froms, tos):
            ident = self.run.registry.holds(source, a)
            if ident:
                self.run.registry.is_message(goal, b, ident)

    def message(self):
        self.made += 1
        ident = "c%d-%d" % (self.number, self.made)
        text = "From: <a@outside.test>\r\nSubject: number %d\r\nX-Ident: %s\r\n\r\n%s\r\n" % (
            self.made, ident, "\r\n".join("line %d" % self.rng.randrange(10**9) for _ in range(self.rng.choice([1, 3, 40, 400, 400 if self.made % 20 else 20000]))))
        octets = text.encode()
        self.run.registry.wrote(ident, octets)
        return ident, octets

    def append(self):
        goal, count = self.rng.choice(BOXES), self.rng.choice([1, 1, 1, 3])
        made = [self.message() for _ in range(count)]
        tag = "a%d" % self.made
        out = b"%s APPEND %s" % (tag.encode(), goal.encode())
        for _, octets in made:
            flags = "(%s) " % " ".join(self.rng.sample(FLAGS[:4] + FLAGS[5:], 2)) if self.rng.random() < 0.5 else ""
            out += b" %s{%d+}\r\n%s" % (flags.encode(), len(octets), octets)
        self.note("C %s APPEND %s ... %r" % (tag, goal, [i for i, _ in made]))
        self.peer.send(out + b"\r\n")
        self.done += 1
        status, rest, _ = self.take(tag, "APPEND")
        promise(status == "OK", "APPEND", status, rest)
        m = re.match(rb"\[APPENDUID (\d+) (\S+)\]", rest)
        promise(m, "no APPENDUID", rest)
        uids = numbers(m.group(2))
        promise(len(uids) == count and uids == sorted(uids), "APPENDUID", uids, "of", count)
        for uid, (ident, _) in zip(uids, made):
            self.run.registry.is_message((goal, int(m.group(1))), uid, ident)

    def search(self):
        uid = self.rng.choice(["", "UID "])
        key = self.rng.choice(["ALL", "SEEN", "UNDELETED", "KEYWORD mine", "FLAGGED SEEN", "NOT ANSWERED", "SUBJECT number", "OR DRAFT UNSEEN",
                               "LARGER 1000", "BODY line", "HEADER X-Ident c1"])
        esearch = self.rng.choice(["", "", "RETURN (MIN MAX COUNT) ", "RETURN (ALL) "])
        _, _, lines = self.command("%sSEARCH %s%s" % (uid, esearch, key))
        self.found(uid, esearch, key)

    def found(self, uid, esearch, key):
        found, have = self.view.searched, self.view.rows
        promise(found is not None, "SEARCH without an answer")
        if isinstance(found, list):
            promise(not esearch and not (self.rev2 and key), "SEARCH where ESEARCH was asked for")
            promise(len(set(found)) == len(found), "SEARCH says a message twice")
            if uid == "":
                promise(all(1 <= n <= len(have) for n in found), "SEARCH says", max(found, default=0), "of", len(have))
                if key == "ALL":
                    promise(len(found) >= len(have) - self.run.clients * 30, "SEARCH ALL says few")
        else:
            promise((esearch or self.rev2) and re.search(rb'\(TAG "', found), "ESEARCH without its tag")

    def sort(self):
        uid = self.rng.choice(["", "UID "])
        self.command("%sSORT (%s) UTF-8 %s" % (uid, self.rng.choice(["ARRIVAL", "REVERSE SUBJECT DATE", "SIZE", "FROM"]), self.rng.choice(["ALL", "SEEN"])))
        self.found(uid, "", "")

    def thread(self):
        self.command("%sTHREAD %s UTF-8 ALL" % (self.rng.choice(["", "UID "]), self.rng.choice(["REFERENCES", "ORDEREDSUBJECT"])))

    def noop(self):
        self.command(self.rng.choice(["NOOP", "CHECK"]))

    def idle(self):
        tag = self.send("IDLE")
        while True:
            line = self.peer.line()
            self.note("S " + line.decode("utf-8", "replace"))
            if line.startswith(b"+"):
                break
            if self.view:
                self.view.line(line, "IDLE")
        time.sleep(self.rng.choice([0, 0.01, 0.1]))
        self.peer.send("DONE\r\n")
        status, rest, _ = self.take(tag, "IDLE")
        promise(status == "OK", "IDLE", status, rest)

    def status(self):
        name = self.rng.choice(BOXES)
        _, _, lines = self.command("STATUS %s (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)" % name)
        if self.view:
            self.enabled()
        else:
            self.condstore = True
        words = [parse(l)[3] for l in lines if l.startswith(b"* STATUS")][0]
        got = dict(zip(words[::2], map(int, words[1::2])))
        box = (name, got[b"UIDVALIDITY"])
        promise(got[b"UIDNEXT"] >= self.nexts.get(box, 0), "UIDNEXT falls in STATUS")
        promise(got[b"UNSEEN"] <= got[b"MESSAGES"], "more UNSEEN than MESSAGES")
        self.nexts[box] = got[b"UIDNEXT"]

    def scratch(self):
        name = "scratch-%d-%d" % (self.number, self.rng.randrange(4))
        verb = self.rng.choice(["CREATE %s", "DELETE %s", "RENAME %s %s-x", "RENAME %s-x %s", "SUBSCRIBE %s", "UNSUBSCRIBE %s"])
        self.command(verb.replace("%s", name), good=("OK", "NO"))
        if self.rng.random() < 0.3:
            self.command('LIST "" "scratch-%d*" RETURN (SUBSCRIBED CHILDREN STATUS (MESSAGES))' % self.number)

    def pipeline(self):
        """Several commands at once; those after which numbers could have shifted use UIDs."""
        texts = [self.rng.choice(["NOOP", "UID FETCH 1:* (FLAGS)", "UID STORE %s +FLAGS (mine)" % self.uids(), "UID SEARCH ALL", "CHECK", "UID FETCH %s (UID BODY.PEEK[])" % self.uids()])
                 for _ in range(self.rng.randint(2, 6))]
        tags = []
        out = ""
        for t in texts:
            tags.append("p%d" % next(self.peer.tags))
            out += "%s %s\r\n" % (tags[-1], t)
            self.note("C (pipelined) %s %s" % (tags[-1], t))
        self.peer.send(out)
        for tag, t in zip(tags, texts):
            self.done += 1
            status, rest, _ = self.take(tag, t)
            promise(status in ("OK", "NO"), t, status, rest)

    def leave(self):
        if self.rng.random() < 0.6:
            self.command(self.rng.choice(["CLOSE", "UNSELECT"]))
        elif self.rng.random() < 0.5:
            self.remember()
            self.command("LOGOUT")
            self.peer.close()
            self.connect()
        else:
            if self.rng.random() < 0.5:
                self.peer.begin(self.rng.choice(["UID FETCH 1:* (BODY.PEEK[])", "IDLE", "UID STORE 1:* +FLAGS (mine)", "APPEND stress-a {100}", "SEARCH BODY line"]))
            self.drop()
            self.connect()

    DEEDS = [(fetch, 20), (store, 20), (expunge, 6), (copy, 8), (append, 12), (search, 8), (sort, 3), (thread, 1), (noop, 8), (idle, 4), (status, 4), (scratch, 3),
             (pipeline, 4), (leave, 3)]

    def step(self):
        if self.view is None:
            if self.rng.random() < 0.2:
                return self.rng.choice([self.append, self.status, self.scratch])()
            return self.select()
        if not self.view.rows:
            return self.rng.choice([self.append, self.noop, self.idle, self.search, self.leave])()
        if len(self.view.rows) > 150:
            if not self.readonly and self.rng.random() < (0.3 if len(self.view.rows) < 300 else 1):
                self.change("UID ", self.uids(), "", "+", ".SILENT", ["\\Deleted"])
                return self.expunge()
        if any(r.uid is None for r in self.view.rows) and self.rng.random() < 0.5:
            return self.command("UID FETCH 1:* (FLAGS)")
        deeds, weights = zip(*self.DEEDS)
        self.rng.choices(deeds, weights)[0](self)

    def work(self):
        try:
            self.connect()
            while time.time() < self.run.end and not self.run.broken:
                self.step()
        except Exception as e:
            self.run.fail(self, e)

    # -- the end ----------------------------------------------------------------------------
    def settle(self, fresh):
        """All is quiet: after NOOP, what this client knows is what a fresh client sees."""
        if self.view is None:
            return
        self.command("NOOP")
        v, truth = self.view, fresh[self.view.name]
        for i, row in enumerate(v.rows):
            if row.uid is not None and row.flags is not None and row.uid in truth:
                promise(truth[row.uid][0] == row.flags, "flags of", row.uid, "as told:", sorted(row.flags), "and are", sorted(truth[row.uid][0]))
        self.command("UID FETCH 1:* (FLAGS MODSEQ)")
        mine = {r.uid: (r.flags, r.modseq) for r in v.rows}
        promise(mine == truth, "views differ", sorted(set(mine.items()) ^ set(truth.items()), key=repr)[:6])


class Run:
    def __init__(self, seed, seconds, clients):
        self.seed, self.clients, self.end = seed, clients, time.time() + seconds
        self.registry, self.broken = Registry(), []
        self.lock = threading.Lock()

    def fail(self, client, error):
        with self.lock:
            self.broken.append(error)
            print("seed %d, client %d: %s: %s" % (self.seed, client.number, type(error).__name__, error))
            if not isinstance(error, Broken):
                traceback.print_exception(type(error), error, error.__traceback__)
            print("  condstore %s qresync %s" % (client.condstore, client.qresync))
            for line in client.history[-25:]:
                print("   ", line.rstrip())

    def go(self):
        first = Peer(USERS[0])
        for b in BOXES:
            first.cmd("DELETE " + b)
            first.ok("CREATE " + b)
        clients = [Client(self, i) for i in range(1, self.clients + 1)]
        threads = [threading.Thread(target=c.work, daemon=True) for c in clients]
        for t in threads:
            t.start()
        for t in threads:
            t.join(max(1, self.end - time.time()) + 120)
        if any(t.is_alive() for t in threads):
            stuck = [c for c, t in zip(clients, threads) if t.is_alive()]
            for c in stuck:
                self.fail(c, Broken("no answer"))
        if not self.broken:
            fresh = {}
            for b in BOXES:
                view = View(self.registry, b, True)
                for l in first.ok("SELECT " + b).lines + first.ok("UID FETCH 1:* (FLAGS MODSEQ)").lines:
                    view.line(l, "SELECT")
                fresh[b] = {r.uid: (r.flags, r.modseq) for r in view.rows}
                high = int(re.search(rb"HIGHESTMODSEQ (\d+)", first.ok("STATUS %s (HIGHESTMODSEQ)" % b).all()).group(1))
                if max([m for _, m in fresh[b].values()], default=0) > high:
                    self.fail(clients[0], Broken("a message above HIGHESTMODSEQ"))
            for c in clients:
                try:
                    c.settle(fresh)
                except Exception as e:
                    self.fail(c, e)
        for c in clients:
            if c.peer:
                c.peer.close()
        first.cmd("UNSELECT")
        for l in first.ok('LIST "" "scratch-*"').of("LIST"):
            first.cmd("DELETE " + l.split(b' "/" ', 1)[1].strip().decode())
        for b in BOXES:
            first.cmd("DELETE " + b)
        first.close()
        print("seed %d: %d commands of %d clients, %d messages seen, %d broken promises" % (
            self.seed, sum(c.done for c in clients), self.clients, len(self.registry.owner), len(self.broken)))
        return not self.broken


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--seconds", type=float, default=8)
    p.add_argument("--seed", type=int, default=int(os.environ.get("ROOKERY_SEED") or random.SystemRandom().randrange(10**6)))
    p.add_argument("--clients", type=int, default=6)
    a = p.parse_args()
    print("seed %d" % a.seed, flush=True)
    return 0 if Run(a.seed, a.seconds, a.clients).go() else 1


if __name__ == "__main__":
    sys.exit(main())
