"""Mail that an account has elsewhere: another Rookery is the server there, over POP3 and IMAP, kill -9 included."""
import imaplib, json, os, random, sys, time, unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "service"))
from own import deliver, smtp
from two_nodes import TwoNodes

BODIES = [b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n\r\nend\r\n", b"Subject: 8bit\r\n\r\n" + bytes(range(128, 256)) + b"\r\n",
          b"Subject: head only\r\n\r\n", b"Subject: long\r\n\r\n" + b"z\r\n" * 200_000]
LIMIT = 120


def stuffed(text):
    return b"\r\n".join(b"." + l if l.startswith(b".") else l for l in text.split(b"\r\n"))


def send(node, user, texts):
    c = smtp(node)
    for t in texts:
        assert deliver(c, user, stuffed(t)[:-2])[:3] == b"250"
    c.close()


def imap(node, user, folder="INBOX"):
    c = imaplib.IMAP4("127.0.0.1", node.port("imap"))
    c.login(user, node.password)
    return c, c.select('"%s"' % folder)[0]


def messages(node, user, folder="INBOX"):
    """The octets of all messages, and their flags."""
    c, selected = imap(node, user, folder)
    if selected != "OK":
        return []
    out = [(r[1], r[0]) for r in c.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[])")[1] if isinstance(r, tuple)]
    c.logout()
    return out


def without_trace(text):
    """Without the field that the collecting server put before it."""
    assert text.startswith(b"Received: from 127.0.0.1 (127.0.0.1)\r\n\tby mail.example.test (Rookery) with "), text[:200]
    return text[text.index(b"\r\nReturn-Path: ") + 2:]


class Collection(TwoNodes):
    accounts = 8

    def rookery(self, *verb, input=None):
        done = self.here.run(*verb, input=input)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def add(self, user, name, protocol, *more, password=None, port=None):
        self.rookery("collection", "add", user, name, "--protocol", protocol, "--host", "127.0.0.1", "--port",
                     str(port or self.there.port(protocol)), "--login", user, *more, input=(password or self.there.password) + "\n")

    def state(self, user, name):
        return json.loads(self.rookery("collection", "show", user, name, "--json"))

    def wait(self, user, name, after=0, condition=lambda s: True):
        """Until a run that began after `after` has ended."""
        end = time.time() + LIMIT
        while True:
            s = self.state(user, name)
            if s.get("running") is False and (s.get("last_ended") or 0) > after and condition(s):
                return s
            self.assertLess(time.time(), end, s)
            time.sleep(0.05)

    def again(self, user, name):
        before = self.state(user, name)["last_ended"]
        self.rookery("collection", "run", user, name)
        return self.wait(user, name, before)

    def test_pop3_brings_everything_as_it_is_and_takes_it_away_there(self):
        who = self.there.accounts[0]
        send(self.there, who, BODIES)
        there = [m for m, _ in messages(self.there, who)]
        self.add(who, "old", "pop3", "--tls", "none")
        s = self.wait(who, "old")
        self.assertEqual((s["last_reason"], s["last_collected"], s["last_removed"], s["last_left"]), ("", 4, 4, 0))
        self.assertEqual([without_trace(m) for m, _ in messages(self.here, who)], there)
        self.assertEqual(messages(self.there, who), [])
        s = self.again(who, "old")
        self.assertEqual((s["last_reason"], s["last_collected"]), ("", 0))
        self.assertEqual(len(messages(self.here, who)), 4)
        self.assertNotIn(self.there.password + '"', self.rookery("collection", "list", "--json"))

    def test_imap_leaves_everything_there_and_brings_flags(self):
        who = self.there.accounts[1]
        send(self.there, who, BODIES[:3])
        c, _ = imap(self.there, who)
        c.store("2", "+FLAGS", "(\\Seen \\Flagged $Work)")
        self.add(who, "work", "imap", "--tls", "required", "--certificate-unchecked", "--keep", "forever", "--folder", "Work/There")
        s = self.wait(who, "work")
        self.assertEqual((s["last_reason"], s["last_collected"], s["last_removed"]), ("", 3, 0))
        got = messages(self.here, who, "Work/There")
        self.assertEqual([without_trace(m) for m, _ in got], [m for m, _ in messages(self.there, who)])
        self.assertIn(b"\\Flagged", got[1][1])
        self.assertIn(b"$Work", got[1][1])
        self.assertNotIn(b"\\Seen", got[0][1])
        send(self.there, who, [b"Subject: later\r\n\r\n"])
        s = self.again(who, "work")
        self.assertEqual(s["last_collected"], 1)
        self.assertEqual(len(messages(self.there, who)), 4)
        # From now on nothing stays: what was collected earlier goes too.
        before = s["last_ended"]
        self.rookery("collection", "change", who, "work", "--keep", "0")
        s = self.wait(who, "work", before)
        self.assertEqual((s["last_reason"], s["last_collected"], s["last_removed"]), ("", 0, 4))
        self.assertEqual(messages(self.there, who), [])
        self.assertEqual(len(messages(self.here, who, "Work/There")), 4)

    def test_large_messages_stay_there_until_they_may_come(self):
        who = self.there.accounts[2]
        send(self.there, who, [BODIES[3], BODIES[0]])
        for protocol in ("pop3", "imap"):
            self.add(who, protocol, protocol, "--tls", "none", "--max-size", "10000", "--folder", protocol, "--keep",
                     "forever" if protocol == "pop3" else "0")
            s = self.wait(who, protocol)
            self.assertEqual((s["last_reason"], s["last_collected"], s["last_left"]), ("", 1, 1))
        self.assertEqual(len(messages(self.there, who)), 1)  # the small one went by IMAP
        before = self.state(who, "imap")["last_ended"]
        self.rookery("collection", "change", who, "imap", "--max-size", "10000000")
        s = self.wait(who, "imap", before)
        self.assertEqual((s["last_collected"], s["last_left"]), (1, 0))
        self.assertEqual(messages(self.there, who), [])
        self.assertEqual(len(messages(self.here, who, "imap")), 2)

    def test_a_stranger_is_not_believed(self):
        who = self.there.accounts[3]
        send(self.there, who, BODIES[:1])
        self.add(who, "tls", "imap", "--tls", "required")
        s = self.wait(who, "tls")
        self.assertTrue(s["last_reason"].startswith("peer_refused"), s)
        self.assertEqual(s["failures"], 1)
        self.assertGreater(s["next"], s["last_began"] + 25 * 60_000)  # later than the usual quarter of an hour
        self.add(who, "password", "pop3", "--tls", "required", "--certificate-unchecked", password="wrong")
        s = self.wait(who, "password")
        self.assertTrue(s["last_reason"].startswith("login_refused"), s)
        self.rookery("collection", "change", who, "password", "--password", input=self.there.password + "\n")
        s = self.wait(who, "password", s["last_ended"])
        self.assertEqual((s["last_reason"], s["last_collected"], s["failures"]), ("", 1, 0))
        self.add(who, "nobody", "imap", "--tls", "none", port=1)
        self.assertIn("refused", self.wait(who, "nobody")["last_reason"])
        self.rookery("collection", "remove", who, "nobody")
        self.assertNotEqual(self.here.run("collection", "show", who, "nobody").returncode, 0)

    def test_a_full_mailbox_leaves_the_rest_there(self):
        who = self.there.accounts[4]
        send(self.there, who, [b"Subject: %d\r\n\r\n" % i for i in range(6)])
        self.rookery("account", "change", who, "--quota-messages", "4")
        self.add(who, "all", "imap", "--tls", "none")
        s = self.wait(who, "all")
        self.assertEqual((s["last_collected"], s["last_removed"]), (4, 4))
        self.assertNotEqual(s["last_reason"], "")
        self.assertEqual(len(messages(self.there, who)), 2)
        self.rookery("account", "change", who, "--quota-messages", "0")
        s = self.again(who, "all")
        self.assertEqual((s["last_reason"], s["last_collected"]), ("", 2))
        self.assertEqual(len(messages(self.here, who)), 6)

    def test_nothing_comes_twice_or_is_lost_when_the_collector_is_killed(self):
        rng = random.Random(int(os.environ.get("ROOKERY_SEED", "1")))
        many = 250
        users = self.there.accounts[5:8]
        plans = (("pop3", "0"), ("imap", "0"), ("imap", "forever"))
        for who in users:
            send(self.there, who, [b"Subject: %d\r\n\r\n%s\r\n" % (i, b"x" * rng.randrange(2000)) for i in range(many)])
        for who, (protocol, keep) in zip(users, plans):
            self.add(who, "c", protocol, "--tls", "none", "--keep", keep)
        kills = 0
        for _ in range(6):
            time.sleep(rng.uniform(0.01, 0.4))
            self.here.kill()
            kills += 1
            self.here.start()
        for who, (protocol, keep) in zip(users, plans):
            # The present run, perhaps one that finds the maildrop still locked, and one that finds nothing more.
            s = self.wait(who, "c")
            for _ in range(20):
                s = self.again(who, "c")
                if (s["last_reason"], s["last_collected"]) == ("", 0):
                    break
            self.assertEqual((s["last_reason"], s["last_collected"]), ("", 0))
            subjects = sorted(int(m.split(b"\r\nSubject: ")[1].split(b"\r\n")[0]) for m, _ in messages(self.here, who))
            self.assertEqual(subjects, list(range(many)), "%s after %d kills" % (protocol, kills))
            self.assertEqual(len(messages(self.there, who)), many if keep == "forever" else 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
