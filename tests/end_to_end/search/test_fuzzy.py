"""Fuzzy searches (RFC 6203) by the index: as those that read, with forms of words by setting."""
from test_index import *


class FuzzyIndex(Case):
    def set_languages(self, value):
        return self.node.run("settings", "set", "search.languages", value)

    def put(self, first, last):
        c = login(self.node)
        for n in range(first, last + 1):
            text = {7: "The ships walked home.", 8: "A walking ship, walk and walk.", 9: "Viele H\u00e4user am Hafen."}.get(n, "Nothing %d." % n)
            m = ("From: a@there.test\r\nSubject: row %d\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n" % (n, text)).encode()
            c.send(b"p APPEND INBOX {%d+}\r\n" % len(m) + m + b"\r\n")
            while not (l := c.line()).startswith(b"p "):
                self.assertTrue(l)
            self.assertIn(b"p OK", l)
        c.close()

    def found(self, keys, command="UID SEARCH"):
        """By a session of its own: a session keeps the settings it began with."""
        c = login(self.node)
        imap(c, "EXAMINE INBOX")
        lines = imap(c, "%s %s" % (command, keys))
        c.close()
        self.assertTrue(lines[-1].startswith(b"t OK"), lines)
        (line,) = [l for l in lines if l.startswith(b"* S")]
        return [int(x) for x in line.split()[2:]]

    def wait(self, fine, what):
        end = time.time() + 100
        while True:
            rows = json.loads(self.node.run("search", "status", "--json").stdout)
            s = {k: sum(r[k] for r in rows) for k in ("messages", "accounts", "faults")}
            if fine(s):
                return s
            if time.time() > end:
                self.fail("%s: %s\n%s" % (what, s, self.node.log_tail()))
            time.sleep(0.05)

    def asked(self):
        status, text = http(self.node, "/metrics")
        return sum(float(l.split()[-1]) for l in text.splitlines() if l.startswith("rookery_search_index_asked_total"))

    def test_forms_and_slips(self):
        self.put(1, 200)
        self.wait(lambda s: s["messages"] >= 73, "200 messages came")
        before = self.asked()
        self.assertEqual(self.found("FUZZY BODY walk"), [8])
        self.assertGreater(self.asked(), before)
        self.assertEqual(self.found("FUZZY BODY nohting"), [n for n in range(1, 201) if n not in (7, 8, 9)])
        self.assertEqual(self.set_languages("english german").returncode, 0)
        self.assertEqual(self.found("FUZZY BODY walk"), [7, 8])
        self.assertEqual(self.found("FUZZY BODY \"ship walk\""), [7, 8])
        self.assertEqual(self.found("UTF-8 FUZZY BODY walk", "UID SORT (RELEVANCY)"), [8, 7])
        self.assertEqual(self.found("UTF-8 FUZZY BODY walk", "UID SORT (REVERSE RELEVANCY)"), [7, 8])
        self.assertEqual(self.found("FUZZY BODY haus"), [9])
        self.assertEqual(self.found("BODY walk"), [7, 8])
        self.put(201, 201)  # not in the index: it is read
        self.put(202, 202)
        self.assertEqual(self.found("FUZZY SUBJECT \"rows 202\""), [202])
        bad = self.set_languages("klingon")
        self.assertNotEqual(bad.returncode, 0)
        self.assertEqual(self.set_languages("").returncode, 0)
        self.assertEqual(self.found("FUZZY BODY walk"), [8])
        # Without an index the same are found.
        self.assertEqual(self.node.run("settings", "set", "search.index", "false").returncode, 0)
        self.assertEqual(self.node.run("search", "remove").returncode, 0)
        self.wait(lambda s: s["messages"] == 0, "a removal was asked for")
        self.assertEqual(self.found("FUZZY BODY walk"), [8])
        self.assertEqual(self.found("FUZZY BODY nohting 1:12"), [1, 2, 3, 4, 5, 6, 10, 11, 12])


del Index, Case  # they run in their own file


if __name__ == "__main__":
    unittest.main()
