"""What the tests of import, export and migration share: mail with all that must survive, and how it is looked at."""
import imaplib, json, os, re, time

BODIES = [
    b"Subject: plain\r\nFrom: a@example.test\r\n\r\nText.\r\n",
    b"Subject: from lines\r\n\r\nFrom here on\r\nFrom a@b Sat Mar  5 09:34:01 2016\r\n>From there\r\n>>From far\r\n",
    b"Subject: octets\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    + bytes(range(160, 256)) + b"\r\n",
    b"Status: RO\r\nX-Keywords: theirs\r\nSubject: fields of their own\r\n\r\n.\r\n..\r\n\r\n\r\n",
    b"Subject: no body\r\n\r\n",
    b"Subject: long\r\n\r\n" + b"z" * 70 + b"\r\n" + b"y\r\n" * 150_000,
]
FLAGS = ["(\\Seen)", "(\\Answered \\Flagged)", "($Forwarded work)", "(\\Draft \\Seen $Junk)", "(\\Deleted)", "()"]
DATES = ['"%2d-Mar-2016 0%d:34:01 +0000"' % (i + 1, i) for i in range(6)]
LIMIT = 180


def login(node, user):
    c = imaplib.IMAP4("127.0.0.1", node.port("imap"))
    c.login(user, node.password)
    return c


def fill(node, user, folders, bodies=BODIES):
    """All bodies into each folder, with their flags and dates."""
    c = login(node, user)
    for f in folders:
        c.create('"%s"' % f)
        for i, body in enumerate(bodies):
            answer = c.append('"%s"' % f, FLAGS[i % len(FLAGS)], DATES[i % len(DATES)], body)
            assert answer[0] == "OK", answer
    c.logout()


def flags_of(head):
    return frozenset(f.lower() for f in re.search(rb"FLAGS \(([^)]*)\)", head).group(1).split() if f.lower() != b"\\recent")


def look(node, user, folder):
    """(octets, flags, date) of each message, in order; None: there is no such folder."""
    c = login(node, user)
    try:
        if c.select('"%s"' % folder, readonly=True)[0] != "OK":
            return None
        rows = c.uid("FETCH", "1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")[1]
        out = []
        for at, row in enumerate(rows):
            if not isinstance(row, tuple):
                continue
            head = row[0] + (rows[at + 1] if at + 1 < len(rows) and isinstance(rows[at + 1], bytes) else b"")
            out.append((row[1], flags_of(head), re.search(rb'INTERNALDATE "[ 0]?([^"]*)"', head).group(1)))
        return out
    finally:
        c.logout()


def folders(node, user):
    c = login(node, user)
    names = {re.search(rb'"/" (.*)$', l).group(1).strip(b'"').decode() for l in c.list()[1]}
    subscribed = {re.search(rb'"/" (.*)$', l).group(1).strip(b'"').decode() for l in c.lsub()[1] if l}
    c.logout()
    return names, subscribed


def count(node, user, folder):
    c = login(node, user)
    answer = c.status('"%s"' % folder, "(MESSAGES)")
    c.logout()
    return int(re.search(rb"MESSAGES (\d+)", answer[1][0]).group(1)) if answer[0] == "OK" else 0


def until_recorded(node, number):
    """Until the transfer has stored something, or has ended."""
    end = time.time() + LIMIT
    while True:
        shown = node.run("transfer", "show", str(number), "--json")
        assert shown.returncode == 0, shown.stdout
        s = json.loads(shown.stdout)
        if s["messages"] > 0 or s["status"] != "running":
            return s
        assert time.time() < end, s
        time.sleep(0.01)


def many(count):
    """Different messages, and every tenth of them the same one."""
    return [b"Subject: the same\r\n\r\nagain\r\n" if i % 10 == 0 else b"Subject: %d\r\n\r\n" % i + b"x%d\r\n" % i * 100 for i in range(count)]
