"""The same mail in this server and in Dovecot: where the RFCs leave no choice both give the same answers.

ROOKERY_SEED and ROOKERY_LETTERS choose other mail, and how much.
"""
import imaplib, os, random, shutil, sys, tempfile, unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..")]
import dovecot
from letters import PEOPLE, WORDS, letters
from node import free_port_base

SEED, COUNT = int(os.environ.get("ROOKERY_SEED", "1")), int(os.environ.get("ROOKERY_LETTERS", "120"))
FLAGS = ("\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted", "$Forwarded", "work")


def read(line):
    """An answer's data as lists, texts and numbers."""
    at = 0

    def one():
        nonlocal at
        c = line[at:at + 1]
        if c == b"(":
            at += 1
            out = []
            while line[at:at + 1] != b")":
                if line[at:at + 1] == b" ":
                    at += 1
                    continue
                out.append(one())
            at += 1
            return out
        if c == b'"':
            at += 1
            out = b""
            while line[at:at + 1] != b'"':
                if line[at:at + 1] == b"\\":
                    at += 1
                out += line[at:at + 1]
                at += 1
            at += 1
            return out
        if c == b"{":
            end = line.index(b"}\r\n", at)
            size = int(line[at + 1:end])
            at = end + 3 + size
            return line[end + 3:at]
        begin = at
        while at < len(line) and line[at:at + 1] not in (b" ", b")", b"("):
            at += 1
        word = line[begin:at]
        return None if word.upper() == b"NIL" else word

    out = []
    while at < len(line):
        if line[at:at + 1] == b" ":
            at += 1
        else:
            out.append(one())
    return out


class Peer:
    """A connection, and what one asks of it."""

    def __init__(self, port, user, password):
        self.c = imaplib.IMAP4("127.0.0.1", port)
        self.c._encoding = "utf-8"
        self.c.login(user, password)

    def fill(self, mailbox, messages, flags):
        self.c.create(mailbox)
        for i, m in enumerate(messages):
            day = "%02d-%s-2026 %02d:00:00 +0000" % (1 + i % 28, ("Jan", "Feb", "Mar", "Apr")[i % 4], i % 24)
            said = self.c.append(mailbox, "(%s)" % " ".join(flags[i]), '"%s"' % day, m)
            assert said[0] == "OK", said
        assert self.c.select(mailbox)[0] == "OK"

    def fetch(self, items):
        """By number: a dictionary of items."""
        out = {}
        rows = self.c.fetch("1:*", items)[1]
        whole = b""
        for row in rows:
            if isinstance(row, tuple):
                whole += row[0] + b"\r\n" + row[1]
                continue
            whole += row
            number, data = read(whole)[:2]
            out[int(number)] = dict(zip([k.upper() for k in data[::2]], data[1::2]))
            whole = b""
        return out

    def numbers(self, verb, *args):
        typ, rows = getattr(self.c, verb)(*args)
        assert typ == "OK", (verb, args, rows)
        return [int(n) for n in (rows[0] or b"").split()]

    def thread(self, algorithm):
        typ, rows = self.c.thread(algorithm, "UTF-8", "ALL")
        assert typ == "OK", rows
        return rows[0]


def lower(value):
    """Where case does not matter."""
    if isinstance(value, list):
        return [lower(v) for v in value]
    return value.lower() if isinstance(value, bytes) else value


def structure(part):
    """A BODYSTRUCTURE so that what may be said in two ways is said in one: parameters by name, names in lower case; from the
    location on (RFC 9051 has it, Dovecot leaves it out when it is not there) nothing."""
    if isinstance(part[0], list):
        parts = [p for p in part if isinstance(p, list) and p and (isinstance(p[0], list) or isinstance(p[0], bytes)) and is_part(p)]
        rest = part[len(parts):]
        return [structure(p) for p in parts] + [lower(rest[0]), parameters(rest[1]) if len(rest) > 1 else None]
    out = [lower(part[0]), lower(part[1]), parameters(part[2]), part[3], part[4], lower(part[5]), part[6]]
    if out[:2] == [b"message", b"rfc822"]:
        return out + [part[7], structure(part[8]), part[9]]
    return out + ([part[7]] if out[0] == b"text" else [])


def is_part(p):
    return isinstance(p[0], list) or (len(p) >= 7 and isinstance(p[1], bytes))


def parameters(list_or_none):
    if not list_or_none:
        return None
    return sorted((list_or_none[i].lower(), list_or_none[i + 1]) for i in range(0, len(list_or_none), 2))


@unittest.skipIf(dovecot.missing(), dovecot.missing() or "")
class BesideDovecot(unittest.TestCase):
    maxDiff = 3000

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="rookery-beside-")
        cls.other = dovecot.Dovecot(cls.folder, free_port_base() + 143)
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.addClassCleanup(cls.other.stop)
        rng = random.Random(SEED)
        messages = letters(COUNT, SEED)
        flags = [[f for f in FLAGS if rng.random() < 0.3] for _ in messages]
        user = os.environ["ROOKERY_USERS"].split(",")[4] + "@" + os.environ["ROOKERY_DOMAIN"]
        cls.ours = Peer(int(os.environ["ROOKERY_IMAP_PORT"]), user, os.environ["ROOKERY_PASSWORD"])
        cls.theirs = Peer(cls.other.port, "eve", dovecot.PASSWORD)
        for peer in (cls.ours, cls.theirs):
            peer.fill("beside", messages, flags)

    def same(self, ask, what):
        ours, theirs = ask(self.ours), ask(self.theirs)
        if isinstance(ours, dict):  # what differs only
            differ = [k for k in ours.keys() | theirs.keys() if ours.get(k) != theirs.get(k)]
            ours, theirs = {k: ours.get(k) for k in sorted(differ)[:3]} if differ else ours, {k: theirs.get(k) for k in sorted(differ)[:3]} if differ else theirs
        self.assertEqual(ours, theirs, "%s (seed %d): ours, and Dovecot's" % (what, SEED))
        return ours

    def test_sizes_dates_and_flags(self):
        rows = self.same(lambda p: {n: (r[b"RFC822.SIZE"], r[b"INTERNALDATE"].strip().lstrip(b"0"), sorted(set(r[b"FLAGS"]) - {b"\\Recent"}))
                                    for n, r in p.fetch("(RFC822.SIZE INTERNALDATE FLAGS)").items()}, "FETCH")
        self.assertEqual(len(rows), COUNT)

    def test_envelopes(self):
        self.same(lambda p: {n: r[b"ENVELOPE"] for n, r in p.fetch("(ENVELOPE)").items()}, "ENVELOPE")

    def test_structures(self):
        self.same(lambda p: {n: structure(r[b"BODYSTRUCTURE"]) for n, r in p.fetch("(BODYSTRUCTURE)").items()}, "BODYSTRUCTURE")
        self.same(lambda p: {n: structure(r[b"BODY"]) for n, r in p.fetch("(BODY)").items()}, "BODY")

    def test_parts(self):
        for section in ("BODY.PEEK[]", "BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]", "BODY.PEEK[1]", "BODY.PEEK[1.MIME]", "BODY.PEEK[2]", "BODY.PEEK[]<100.300>",
                        "BODY.PEEK[HEADER.FIELDS (SUBJECT FROM X-KEYWORD)]"):
            self.same(lambda p: {n: [v or b"" for v in r.values()] for n, r in p.fetch("(%s)" % section).items()}, section)

    def test_searches(self):
        rng = random.Random(SEED + 1)
        keys = ["ALL", "SEEN", "UNSEEN", "ANSWERED", "FLAGGED", "DELETED", "DRAFT", "KEYWORD work", "UNKEYWORD $Forwarded", "NOT SEEN", "OR SEEN FLAGGED",
                "LARGER 800", "SMALLER 800", "SINCE 10-Feb-2026", "BEFORE 10-Feb-2026", "ON 2-Feb-2026", "SENTSINCE 1-Jun-2026", "SENTBEFORE 1-Jun-2026",
                "SENTON 5-May-2026", "2:9,20:*", "UID 3:7", "(SEEN OR FLAGGED DRAFT)", 'HEADER X-Keyword ""', 'HEADER Message-ID "letters.example"',
                'CHARSET UTF-8 SUBJECT "Grüße"', 'CHARSET UTF-8 BODY "köln"', 'CHARSET UTF-8 TEXT "GRÜSSE AUS"', 'CHARSET UTF-8 FROM "Émile"', 'SUBJECT "Re: "']
        for w in WORDS:
            keys += ["SUBJECT %s" % w, "BODY %s" % w, "TEXT %s" % w[1:4], "NOT BODY %s" % w]
        for name, local, domain in PEOPLE:
            keys += ["FROM %s" % local, "TO %s@%s" % (local, domain), "CC %s" % local, "BCC %s" % domain]
        for _ in range(60):
            a, b, c = (rng.choice([k for k in keys if not k.startswith("CHARSET")]) for _ in range(3))
            keys.append(rng.choice(("%s %s", "OR (%s) (%s)", "NOT (%s %s)")) % (a, b) + (" " + c if rng.random() < 0.3 else ""))
        hits = 0
        for k in keys:
            if k.startswith("CHARSET UTF-8 "):
                # A quoted string holds octets above 127 in a literal only.
                head, _, text = k[14:].partition(" ")
                def ask(p):
                    p.c.literal = text.strip('"').encode()
                    return p.numbers("search", "UTF-8", head)
            else:
                ask = lambda p: p.numbers("search", None, k)
            hits += len(self.same(ask, "SEARCH " + k))
        self.assertGreater(hits, COUNT)

    def test_orders(self):
        for key in ("ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO", "REVERSE DATE", "SUBJECT REVERSE DATE", "REVERSE FROM SIZE"):
            self.same(lambda p: p.numbers("sort", "(%s)" % key, "UTF-8", "ALL"), "SORT " + key)
        self.same(lambda p: p.numbers("sort", "(SUBJECT)", "UTF-8", "UNSEEN", "SMALLER 2000"), "SORT of some")

    def test_threads(self):
        for algorithm in ("REFERENCES", "ORDEREDSUBJECT"):
            self.same(lambda p: p.thread(algorithm), "THREAD " + algorithm)


if __name__ == "__main__":
    unittest.main()
