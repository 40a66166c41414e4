"""The search index: finds what reading all messages finds, through changes, kills, damage and its removal."""
import glob, json, random
from own_path import *

WORDS = "meeting budget report weather garden invoice straße zürich naïve travel hotel airport monday harbour project release".split()


def text(rng, number):
    words = [rng.choice(WORDS) for _ in range(60)] + ["only%dword" % number]
    rng.shuffle(words)
    subject = " ".join(rng.choice(WORDS[:6]) for _ in range(3))
    body = " ".join(words)
    if number % 5 == 0:
        body = "<html><body><p>%s</p></body></html>" % body
    kind = "html" if number % 5 == 0 else "plain"
    return ("From: Person %d <person%d@there.test>\r\nTo: list@there.test\r\nSubject: %s %d\r\nX-Row: r%d\r\n"
            "Message-ID: <%d.%d@there.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/%s; charset=utf-8\r\n\r\n%s\r\n"
            % (number % 7, number, subject, number, number, number, rng.randrange(10**6), kind, body)).encode()


NEEDLES = ["TEXT meeting", "BODY only17word", "BODY nly17wor", "TEXT y1", "SUBJECT \"budget report\"", "SUBJECT bud", "FROM person12@", "FROM \"Person 3\"",
           "HEADER X-Row r2", "HEADER X-Row \"\"", "HEADER X-None \"\"", "HEADER Message-ID @there", "TO list", "CC a", "BODY \"<p>\"", "BODY \"ort me\"", "TEXT \"budget report\"",
           "NOT BODY garden", "OR SUBJECT weather BODY only9word", "TEXT \"--\"", "TEXT nosuchword", "BODY travel SEEN", "TEXT text/html", "TEXT ONLY3"]


class Index(Case):
    accounts = 2

    def put(self, first, last, box="INBOX", seed=5):
        """APPENDs messages of these numbers; returns when they are durable."""
        rng = random.Random(seed)
        c = login(self.node)
        for start in range(first, last + 1, 50):
            numbers = range(start, min(start + 50, last + 1))
            out = b"p APPEND " + box.encode()
            for n in numbers:
                m = text(rng, n)
                out += b" {%d+}\r\n" % len(m) + m
            c.send(out + b"\r\n")
            while not (l := c.line()).startswith(b"p "):
                self.assertTrue(l)
            self.assertIn(b"p OK", l)
        c.close()

    def status(self):
        done = self.node.run("search", "status", "--json")
        self.assertEqual(done.returncode, 0, done.stdout)
        rows = json.loads(done.stdout)
        return {k: sum(r[k] for r in rows) for k in ("accounts", "messages", "messages_left", "accounts_waiting", "indexed", "faults", "octets")}

    def wait(self, fine, what):
        end = time.time() + 100
        while not fine(s := self.status()):
            if time.time() > end:
                self.fail("%s: %s\n%s" % (what, s, self.node.log_tail()))
            time.sleep(0.05)
        return s

    def searches(self, box="INBOX"):
        c = login(self.node)
        imap(c, "EXAMINE " + box)
        found = []
        for n in NEEDLES:
            lines = imap(c, "UID SEARCH " + n)
            self.assertTrue(lines[-1].startswith(b"t OK"), lines)
            found.append([l for l in lines if l.startswith(b"* SEARCH")][0])
        c.close()
        return found

    def set(self, value):
        self.assertEqual(self.node.run("settings", "set", "search.index", value).returncode, 0)

    def agree(self, box="INBOX"):
        """With the index as without."""
        with_it = self.searches(box)
        self.set("false")
        without = self.searches(box)
        self.set("true")
        for n, a, b in zip(NEEDLES, with_it, without):
            self.assertEqual(a, b, n)
        return with_it

    def folders(self):
        return glob.glob(os.path.join(self.folder, "node", "store", "search", "*"))

    def test_it_finds_what_reading_finds(self):
        self.put(1, 300)
        self.wait(lambda s: s["messages"] >= 173, "300 messages came")
        found = self.agree()
        self.assertEqual(found[1].split()[2:], [b"17"])
        self.assertEqual(found[2], found[1])
        # A new message is found at once, and so is a copy; what is gone is not.
        self.put(301, 301)
        c = login(self.node)
        imap(c, "SELECT INBOX")
        self.assertIn(b"* SEARCH 301\r\n", imap(c, "UID SEARCH BODY only301word"))
        imap(c, "CREATE Other")
        self.assertTrue(imap(c, "UID COPY 1:150 Other")[-1].startswith(b"t OK"))
        self.assertTrue(imap(c, "UID MOVE 151:200 Other")[-1].startswith(b"t OK"))
        imap(c, "UID STORE 17 +FLAGS (\\Deleted)")
        imap(c, "EXPUNGE")
        self.assertIn(b"* SEARCH\r\n", imap(c, "UID SEARCH BODY only17word"))
        c.close()
        indexed = self.status()["indexed"]
        self.wait(lambda s: s["messages"] >= 173 + 200, "200 were copied and moved")
        self.assertLess(self.status()["indexed"] - indexed, 200)  # copies need not be read again, but the tail
        self.agree()
        self.agree("Other")
        self.assertEqual(self.node.run("search", "tidy").returncode, 0)
        self.agree()

    def read(self):
        """Messages that searches have read so far."""
        return sum(float(l.split()[-1]) for l in http(self.node, "/metrics")[1].splitlines() if l.startswith("rookery_search_messages_read_total"))

    def test_virtual_mailboxes_ask_it_too(self):
        self.put(1, 150)
        c = login(self.node)
        imap(c, "CREATE Other")
        self.put(151, 300, "Other")
        self.wait(lambda s: s["messages"] >= 173, "300 messages came")
        self.assertEqual(self.node.run("settings", "set", "mailboxes.virtual", "Virtual").returncode, 0)
        unread = '"Virtual/All unread"'
        found = self.agree(unread)
        self.assertEqual(len(found[1].split()), 3)

        def read_for(word):
            before = self.read()
            c = login(self.node)
            imap(c, "EXAMINE " + unread)
            self.assertIn(b"* SEARCH 17\r\n", imap(c, "UID SEARCH BODY " + word))
            c.close()
            return self.read() - before
        self.assertLess(read_for("only17word"), 200)  # those that the indexer leaves to searches
        self.set("false")
        self.assertEqual(read_for("only17word"), 300)
        self.set("true")
        # Those that are not shown any more are not found.
        imap(c, "SELECT INBOX")
        imap(c, "UID STORE 17 +FLAGS (\\Seen)")
        c.close()
        self.assertEqual(len(self.agree(unread)[1].split()), 2)

    def test_it_goes_on_after_a_kill(self):
        self.put(1, 260)
        self.wait(lambda s: s["messages"] >= 133, "260 messages came")
        before = self.agree()
        self.put(261, 300)
        self.node.kill()
        self.node.start()
        self.assertEqual(self.searches()[1], before[1])
        self.wait(lambda s: s["messages"] >= 133 and s["accounts"] == 1, "the node started again")
        self.assertEqual(self.status()["faults"], 0)
        self.agree()
        # Killed at any moment of the indexer's work: what is left is the old index or the new one.
        for kill in range(4):
            self.put(301 + kill * 140, 440 + kill * 140, seed=kill)
            time.sleep(kill * 0.4)
            self.node.kill()
            self.node.start()
            self.agree()
        self.assertEqual(self.wait(lambda s: s["messages"] >= 860 - 127, "all came")["faults"], 0)
        self.assertEqual(self.node.stop(), 0)
        self.assertEqual(self.node.check(), [])

    def test_damage_is_found_and_made_good(self):
        self.put(1, 300)
        self.wait(lambda s: s["messages"] >= 173, "300 messages came")
        before = self.agree()
        for part in ("manifest", "*.docs", "*.places", "*.words", "*.near", "*.terms"):
            self.assertEqual(self.node.stop(), 0)
            for f in glob.glob(os.path.join(self.folders()[0], part)):
                with open(f, "r+b") as damaged:
                    octets = damaged.read()
                    damaged.seek(len(octets) // 2 if part != "*.terms" else 0)
                    damaged.write(b"damage" * 4)
            self.node.start()
            self.assertEqual(self.searches(), before, part)
            self.wait(lambda s: s["faults"] >= 1 and s["messages"] >= 173, part + " was damaged")
            self.assertEqual(self.agree(), before, part)

    def test_it_is_made_anew_removed_and_goes_with_its_account(self):
        self.put(1, 200)
        self.wait(lambda s: s["messages"] >= 73, "200 messages came")
        before = self.agree()
        first = self.status()["indexed"]
        self.assertEqual(self.node.run("search", "rebuild", self.node.accounts[0]).returncode, 0)
        self.wait(lambda s: s["indexed"] >= first + 200 and s["messages"] == 200, "a rebuild was asked for")
        self.assertEqual(self.agree(), before)
        self.assertNotEqual(self.node.run("search", "rebuild", "nobody@example.test").returncode, 0)
        self.set("false")
        self.assertEqual(self.node.run("search", "remove").returncode, 0)
        self.wait(lambda s: s["messages"] == 0, "a removal was asked for")
        self.assertEqual(self.folders(), [])
        self.assertEqual(self.searches(), before)
        self.set("true")
        self.put(201, 330)
        self.wait(lambda s: s["messages"] == 330, "more came")
        self.assertEqual(len(self.folders()), 1)
        self.assertEqual(self.node.run("account", "remove", self.node.accounts[0]).returncode, 0)
        self.wait(lambda s: s["messages"] == 0, "the account was removed")
        self.assertEqual(self.folders(), [])


if __name__ == "__main__":
    unittest.main()
