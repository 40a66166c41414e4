"""What an IMAP client knows of its mailbox, and what a server may tell it: every line is checked.

`View` is one selected mailbox as one client sees it. `Registry` is what all clients of a run
found out together: a UID never changes its octets, a MODSEQ names one set of flags.
A broken promise raises `Broken`.
"""
import hashlib, re, threading


class Broken(AssertionError):
    pass


def promise(holds, *why):
    if not holds:
        raise Broken(" ".join(w if isinstance(w, str) else repr(w) for w in why))


class List(list):
    """A list in parentheses."""


def parse(line):
    """The words of a response line: bytes, None for NIL, List for parentheses; literals and quoted strings are ("s", octets)."""
    at, end, stack = 0, len(line), [[]]
    if line.endswith(b"\r\n"):
        end -= 2
    while at < end:
        c = line[at:at + 1]
        if c == b" ":
            at += 1
        elif c == b"(":
            stack.append(List())
            at += 1
        elif c == b")":
            promise(len(stack) > 1, "too many )", line[:200])
            done = stack.pop()
            stack[-1].append(done)
            at += 1
        elif c == b'"':
            out, at = bytearray(), at + 1
            while line[at:at + 1] != b'"':
                promise(at < end, "open quote", line[:200])
                if line[at:at + 1] == b"\\":
                    at += 1
                out += line[at:at + 1]
                at += 1
            at += 1
            stack[-1].append(("s", bytes(out)))
        elif m := re.compile(rb"~?\{(\d+)\}\r\n").match(line, at):
            n = int(m.group(1))
            stack[-1].append(("s", line[m.end():m.end() + n]))
            at = m.end() + n
        else:
            m = re.compile(rb"[^ ()\"\[\]\r\n{]+(\[[^\]]*\])?[^ ()\"\r\n]*").match(line, at) or re.compile(rb"[^ \r\n]+").match(line, at)
            promise(m, "unreadable", line[at:at + 80])
            word = m.group(0)
            stack[-1].append(None if word.upper() == b"NIL" else word)
            at = m.end()
    promise(len(stack) == 1, "too few )", line[:200])
    return stack[0]


def numbers(text):
    """The numbers of a sequence set without *, in the order written."""
    out = []
    for part in text.decode().split(","):
        a, _, b = part.partition(":")
        a, b = int(a), int(b or a)
        out += range(min(a, b), max(a, b) + 1)
    return out


class Registry:
    def __init__(self):
        self.lock = threading.Lock()
        self.texts, self.owner, self.flags, self.validity = {}, {}, {}, {}

    def wrote(self, ident, octets):
        with self.lock:
            self.texts[ident] = (len(octets), hashlib.sha1(octets).digest())

    def is_message(self, box, uid, ident):
        """(mailbox, UIDVALIDITY) and UID hold the message `ident`, now and for ever."""
        with self.lock:
            known = self.owner.setdefault((box, uid), ident)
        promise(known == ident, "uid", uid, "of", box, "is message", ident, "and was", known)

    def holds(self, box, uid):
        with self.lock:
            return self.owner.get((box, uid))

    def body(self, box, uid, octets):
        m = re.search(rb"^X-Ident: (\S+)\r$", octets, re.M)
        promise(m, "no ident in the octets of", box, uid, octets[:100])
        ident = m.group(1).decode()
        self.is_message(box, uid, ident)
        with self.lock:
            size, digest = self.texts[ident]
        promise(size == len(octets) and digest == hashlib.sha1(octets).digest(), "other octets for", box, uid)
        return ident

    def size(self, ident):
        with self.lock:
            return self.texts[ident][0]

    def has_flags(self, box, uid, modseq, flags):
        with self.lock:
            known = self.flags.setdefault((box, uid, modseq), flags)
        promise(known == flags, "modseq", modseq, "of", box, uid, "has flags", sorted(flags), "and had", sorted(known))


SYSTEM = {"\\answered", "\\flagged", "\\deleted", "\\seen", "\\draft"}


class Row:
    __slots__ = ("uid", "flags", "modseq")

    def __init__(self, uid=None, flags=None, modseq=0):
        self.uid, self.flags, self.modseq = uid, flags, modseq


class View:
    def __init__(self, registry, name, condstore=False, qresync=False):
        self.registry, self.name = registry, name
        self.condstore, self.qresync = condstore, qresync
        self.rows, self.count_known = [], False
        self.validity = self.uidnext = self.high = 0
        self.announced, self.permanent = None, None
        self.earlier, self.resync, self.gone, self.late = set(), {}, set(), 0
        self.searched, self.fetched = None, []

    @property
    def box(self):
        return (self.name, self.validity)

    def code(self, text):
        """A response code within [ ] of an untagged or tagged answer."""
        m = re.match(rb"\[([A-Z-]+) ?([^\]]*)\]", text)
        if not m:
            return
        name, rest = m.group(1), m.group(2)
        if name == b"UIDVALIDITY":
            promise(self.validity in (0, int(rest)), "UIDVALIDITY changes")
            self.validity = int(rest)
        elif name == b"UIDNEXT":
            self.uidnext = int(rest)
        elif name == b"HIGHESTMODSEQ":
            promise(int(rest) >= self.high, "HIGHESTMODSEQ falls", self.high, int(rest))
            self.high = int(rest)
        elif name == b"PERMANENTFLAGS":
            self.permanent = parse(rest)[0]

    def line(self, line, command):
        """One untagged line during `command` (its first words, "UID FETCH")."""
        m = re.match(rb"\* (\d+) (EXISTS|RECENT|EXPUNGE|FETCH)", line)
        if m:
            n, kind = int(m.group(1)), m.group(2)
            if kind == b"EXISTS":
                promise(n >= len(self.rows), "EXISTS shrinks from", len(self.rows), "to", n, "in", command)
                self.late += n - len(self.rows) if self.count_known else 0
                self.rows += [Row() for _ in range(n - len(self.rows))]
                self.count_known = True
            elif kind == b"RECENT":
                promise(n <= len(self.rows) or not self.count_known, "RECENT", n, "of", len(self.rows))
            elif kind == b"EXPUNGE":
                promise(not self.qresync, "EXPUNGE after QRESYNC was enabled")
                self.may_expunge(command)
                promise(1 <= n <= len(self.rows), "EXPUNGE", n, "of", len(self.rows), "in", command)
                del self.rows[n - 1]
            else:
                promise(1 <= n <= len(self.rows) or self.resync is not None and not self.count_known,
                        "FETCH of", n, "where there are", len(self.rows), "in", command)
                self.fetch(n, parse(line)[3], command)
        elif line.startswith(b"* VANISHED"):
            words = parse(line)
            if words[2] == [b"EARLIER"]:
                promise(command in ("SELECT", "EXAMINE", "UID FETCH"), "VANISHED (EARLIER) in", command)
                self.earlier.update(numbers(words[3]))
                return
            promise(self.qresync, "VANISHED without QRESYNC")
            self.may_expunge(command)
            for uid in numbers(words[2]):
                at = [i for i, r in enumerate(self.rows) if r.uid == uid]
                if at:
                    del self.rows[at[0]]
                else:
                    unknown = [i for i, r in enumerate(self.rows) if r.uid is None]
                    promise(unknown, "VANISHED of", uid, "that was never there, in", command)
                    self.vanished_unknown(uid, unknown)
                self.gone.add(uid)
        elif line.startswith(b"* FLAGS"):
            self.announced = {f.decode().lower() for f in parse(line)[2]}
            for f in self.announced:
                promise(f in SYSTEM or re.fullmatch(r"[^\\(){ %*\"\]\x00-\x1f]+", f), "odd flag", f)
        elif line.startswith(b"* OK "):
            self.code(line[5:])
        elif m := re.match(rb"\* (SEARCH|SORT)\b(.*)\r\n", line):
            self.searched = [int(x) for x in re.sub(rb"\(MODSEQ \d+\)", b"", m.group(2)).split()]
        elif line.startswith(b"* ESEARCH"):
            self.searched = line
        elif line.startswith(b"* BYE"):
            promise(command == "LOGOUT", "BYE in", command, line)
        else:
            promise(re.match(rb"\* (STATUS|LIST|LSUB|ENABLED|CAPABILITY|NO|QUOTA|THREAD)\b", line), "unknown line", line[:200])

    def vanished_unknown(self, uid, unknown):
        # Which of the rows without a UID is gone is known by the UIDs around it, or not at all.
        low = [i for i in unknown if all(r.uid is None or r.uid < uid for r in self.rows[:i])
               and all(r.uid is None or r.uid > uid for r in self.rows[i + 1:])]
        promise(low, "VANISHED of", uid, "has no room in the view")
        del self.rows[low[0]]
        for i in unknown:
            if i < len(self.rows) and i >= low[0]:
                self.rows[i].flags = None if self.rows[i].uid is None else self.rows[i].flags

    @staticmethod
    def may_expunge(command):
        promise(command not in ("FETCH", "STORE", "SEARCH", "SORT", "THREAD"), "a message is gone during", command)

    def fetch(self, n, items, command):
        row = self.rows[n - 1] if n <= len(self.rows) else Row()
        got = {}
        promise(len(items) % 2 == 0, "odd FETCH", items)
        for key, value in zip(items[::2], items[1::2]):
            promise(key.upper() not in got, "twice in a FETCH:", key)
            got[key.upper()] = value
        self.fetched.append((n, got))
        if b"UID" in got:
            uid = int(got[b"UID"])
            promise(row.uid in (None, uid), "uid of", n, "was", row.uid, "and is", uid, "in", command)
            row.uid = uid
            if n <= len(self.rows):
                for i, other in enumerate(self.rows):
                    if other.uid is not None and i != n - 1:
                        promise((other.uid < uid) == (i < n - 1), "uids do not ascend:", i + 1, other.uid, n, uid)
        elif self.qresync and b"FLAGS" in got and command != "FETCH":
            promise(False, "a FETCH without UID after QRESYNC in", command)
        if b"MODSEQ" in got:
            modseq = int(got[b"MODSEQ"][0])
            promise(modseq >= row.modseq, "modseq of", n, "falls", row.modseq, modseq)
            row.modseq = modseq
        if b"FLAGS" in got:
            flags = frozenset(f.decode().lower() for f in got[b"FLAGS"]) - {"\\recent"}
            for f in flags:
                promise(self.announced is None or f in self.announced, "flag not announced:", f, "in", command)
            row.flags = flags
            if b"MODSEQ" in got and row.uid is not None and self.validity:
                self.registry.has_flags(self.box, row.uid, row.modseq, flags)
            elif self.condstore and self.count_known and command not in ("FETCH", "UID FETCH"):
                promise(b"MODSEQ" in got, "changed flags without MODSEQ in", command)
        if row.uid is not None:
            for key, value in got.items():
                if key in (b"BODY[]", b"RFC822", b"BINARY[]"):
                    if value is not None:
                        ident = self.registry.body(self.box, row.uid, value[1])
                elif key == b"RFC822.SIZE":
                    ident = self.registry.holds(self.box, row.uid)
                    promise(ident is None or self.registry.size(ident) == int(value), "size of", row.uid, value)
            if command in ("SELECT", "EXAMINE"):
                self.resync[row.uid] = row

    def selected(self, cache=None, limited=False):
        """After the tagged OK of SELECT: with a cache {uid: Row} of an earlier view, the QRESYNC answer must complete it;
        `limited` when it asked for known UIDs alone."""
        promise(self.validity and self.uidnext and self.high and self.announced is not None, "SELECT said too little")
        if cache is None:
            return
        known = {uid: row for uid, row in cache.items() if uid not in self.earlier}
        for uid, row in self.resync.items():
            promise(uid not in self.earlier, "both there and vanished:", uid)
            if not limited or uid in cache:
                known[uid] = row
        uids = sorted(u for u in known if u not in self.gone)
        new = len(self.rows) - len(uids)
        promise(new == 0 or new > 0 and (limited or new <= self.late), "QRESYNC leads to", len(uids), "messages where there are", len(self.rows), uids)
        self.rows = [known[u] for u in uids] + self.rows[len(uids):]
        self.resync = {}
