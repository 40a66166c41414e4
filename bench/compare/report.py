"""Medians and ratios of what was measured: as text, CSV and SVG."""
import csv, html, math, statistics

# name, what it says, unit, whether more is better, the ratio to the better of the peers that is wanted (0: none)
FIGURES = [
    ("smtp.rate", "SMTP to mailbox, 20 connections, 4 kB", "messages/s", True, 10),
    ("smtp.cpu", "... CPU a message", "ms", False, 20),
    ("smtp.octets", "... octets written to the disk a message", "octets", False, 0),
    ("mix.rate", "IMAP, 20 clients, mixed commands", "commands/s", True, 3),
    ("mix.cpu", "... CPU a command", "ms", False, 0),
    ("one.FETCH 1:* FLAGS", "10,000 messages: FETCH FLAGS", "ms", False, 2),
    ("one.FETCH 1:* ENVELOPE", "FETCH ENVELOPE", "ms", False, 6),
    ("one.FETCH 1:* BODYSTRUCTURE", "FETCH BODYSTRUCTURE", "ms", False, 3),
    ("one.FETCH 1:* HEADER.FIELDS", "FETCH header fields", "ms", False, 4),
    ("one.FETCH 1:* BODY.PEEK[]", "FETCH BODY[]", "ms", False, 3),
    ("one.STORE 1:* FLAGS.SILENT", "STORE 1:*", "ms", False, 0),
    ("one.SEARCH UNSEEN", "SEARCH UNSEEN", "ms", False, 0),
    ("one.SEARCH SUBJECT", "SEARCH SUBJECT", "ms", False, 0),
    ("one.SORT SUBJECT", "SORT (SUBJECT)", "ms", False, 5),
    ("one.THREAD REFERENCES", "THREAD REFERENCES", "ms", False, 5),
    ("one.SELECT", "SELECT", "ms", False, 0),
    ("one.NOOP", "NOOP, one client", "ms", False, 0),
    ("one.login, SELECT, logout", "login, SELECT, logout", "ms", False, 0),
    ("append.rate", "APPEND, 10 clients", "commands/s", True, 8),
    ("append.cpu", "... CPU a command", "ms", False, 0),
    ("fetch.rate", "FETCH of one message, 10 clients", "commands/s", True, 2),
    ("fetch.cpu", "... CPU a command", "ms", False, 2),
    ("store.rate", "STORE of one message, 10 clients", "commands/s", True, 2),
    ("store.cpu", "... CPU a command", "ms", False, 2),
    ("pop3.rate", "POP3 RETR, 10 clients", "commands/s", True, 3),
    ("pop3.cpu", "... CPU a command", "ms", False, 0),
    ("idle.memory", "memory of a client in IDLE", "kB", False, 1),
    ("idle.notice", "notice of new mail in IDLE, from the final dot", "ms", False, 100),
]


class Report:
    def __init__(self, first):
        """`first`: the server whose ratio to the best of the others is wanted."""
        self.first, self.servers, self.values = first, [], {}

    def add(self, server, figures):
        if server not in self.servers:
            self.servers.append(server)
        for name, value in figures.items():
            if value is not None:
                self.values.setdefault((name, server), []).append(value)

    def median(self, name, server):
        values = self.values.get((name, server))
        return statistics.median(values) if values else None

    def ratio(self, name, more):
        """How many times better `first` is than the best of the others; None without both."""
        own = self.median(name, self.first)
        others = [v for s in self.servers if s != self.first and (v := self.median(name, s)) is not None]
        if own is None or not others:
            return None
        best = max(others) if more else min(others)
        top, below = (own, best) if more else (best, own)
        return top / below if below > 0 else None

    def rows(self):
        for name, what, unit, more, wanted in FIGURES:
            medians = [self.median(name, s) for s in self.servers]
            if any(m is not None for m in medians):
                yield what, unit, medians, self.ratio(name, more), wanted

    def text(self):
        lines = ["| figure | " + " | ".join(self.servers) + " | ratio | wanted |", "|---" * (len(self.servers) + 3) + "|"]
        for what, unit, medians, ratio, wanted in self.rows():
            missed = " not reached" if ratio is not None and wanted and ratio < wanted else ""
            lines.append("| %s, %s | %s | %s | %s |" % (what, unit, " | ".join(number(m) for m in medians), number(ratio),
                                                      (number(wanted) if wanted else "") + missed))
        return "\n".join(lines) + "\n"

    def write_csv(self, path):
        with open(path, "w", newline="") as f:
            out = csv.writer(f)
            out.writerow(["figure", "server", "run", "value"])
            for (name, server), values in sorted(self.values.items()):
                for run, value in enumerate(values):
                    out.writerow([name, server, run + 1, "%.6g" % value])

    def svg(self):
        """Bars of the ratios, on a scale of powers of ten."""
        rows = [r for r in self.rows() if r[3] is not None]
        left, width, step = 330, 420, 22
        most = max([10.0] + [r[3] for r in rows])
        decades = math.ceil(math.log10(most))
        at = lambda ratio: left + width * max(0.0, math.log10(max(ratio, 1e-9)) + 1) / (decades + 1)
        out = ["<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' font-size='12'>" % (left + width + 90, step * len(rows) + 50),
               "<text x='10' y='18' font-weight='bold'>How many times better than the best of the others</text>"]
        for power in range(-1, decades + 1):
            x = at(10.0 ** power)
            out.append("<line x1='%.0f' x2='%.0f' y1='28' y2='%d' stroke='%s'/><text x='%.0f' y='%d' text-anchor='middle'>%g</text>"
                       % (x, x, step * len(rows) + 32, "#888" if power == 0 else "#ddd", x, step * len(rows) + 46, 10.0 ** power))
        for i, (what, unit, medians, ratio, wanted) in enumerate(rows):
            y = 32 + step * i
            begin, end = sorted((at(1), at(ratio)))
            good = ratio >= (wanted or 1)
            out.append("<text x='%d' y='%d' text-anchor='end'>%s</text>" % (left - 8, y + 14, html.escape(what)))
            out.append("<rect x='%.1f' y='%d' width='%.1f' height='%d' fill='%s'/>" % (begin, y + 3, max(1, end - begin), step - 8, "#2a7" if good else "#c63"))
            if wanted:
                out.append("<line x1='%.1f' x2='%.1f' y1='%d' y2='%d' stroke='#000'/>" % (at(wanted), at(wanted), y + 1, y + step - 3))
            out.append("<text x='%.0f' y='%d'>%s</text>" % (left + width + 10, y + 14, number(ratio)))
        return "\n".join(out + ["</svg>"]) + "\n"


def number(value):
    if value is None:
        return ""
    return "{:,.0f}".format(value) if abs(value) >= 1000 else "%.3g" % value
