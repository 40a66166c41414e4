"""Accounts copied from another server over IMAP: whole, again, over a kill -9, many at a time."""
import json, os, sys, time, unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, ".."))
from boxes import BODIES, LIMIT, count, fill, folders, login, look, many, until_recorded
from two_nodes import TwoNodes

BOXES = ["INBOX", "Work/2026", "Entw&APw-rfe"]


class Migrate(TwoNodes):
    accounts = 9

    def migrate(self, user, *more, code=0, password=None, tls=("--tls", "none", "--plaintext-allowed"), port=None):
        done = self.here.run("migrate", user, "--host", "127.0.0.1", "--port", str(port or self.there.port("imap")), *tls, *more,
                             input=(password or self.there.password) + "\n")
        self.assertEqual(done.returncode, code, "%s\n%s" % (done.stdout, self.here.log_tail(2000)))
        return done.stdout

    def counts(self, user, *more, **how):
        done = self.migrate(user, *more, "--json", **how)
        return json.loads(done[done.index("{"):])

    def same(self, user, *boxes):
        for b in boxes:
            self.assertEqual(look(self.here, user, b), look(self.there, user, b), b)

    def test_an_account_is_copied_and_followed(self):
        user = self.there.accounts[0]
        fill(self.there, user, BOXES)
        c = login(self.there, user)
        c.subscribe("Work/2026")
        c.logout()
        total = len(BODIES) * len(BOXES)
        s = self.counts(user, "--dry-run")
        self.assertEqual((s["messages"], count(self.here, user, "INBOX")), (total, 0))
        s = self.counts(user)
        self.assertEqual((s["status"], s["messages"], s["left_out"]), ("done", total, 0), s)
        self.same(user, *BOXES)
        names, subscribed = folders(self.here, user)
        self.assertLessEqual(set(BOXES), names)
        self.assertIn("Work/2026", subscribed)
        s = self.counts(user)
        self.assertEqual((s["messages"], s["flags_changed"]), (0, 0), s)
        # The second pass: what came, what was marked, and by order what went.
        c = login(self.there, user)
        c.append("INBOX", "(\\Flagged)", None, b"Subject: later\r\n\r\n")
        c.select("INBOX")
        c.uid("STORE", "1", "FLAGS", "(\\Answered later)")
        c.uid("STORE", "2", "-FLAGS", "(\\Flagged)")
        c.uid("STORE", "6", "+FLAGS", "(\\Deleted)")
        c.uid("EXPUNGE", "6")
        c.logout()
        s = self.counts(user)
        self.assertEqual((s["messages"], s["flags_changed"], s["expunged"]), (1, 2, 0), s)
        self.assertEqual(count(self.here, user, "INBOX"), len(BODIES) + 1)
        s = self.counts(user, "--expunge")
        self.assertEqual((s["messages"], s["flags_changed"], s["expunged"]), (0, 0, 1), s)
        self.same(user, *BOXES)
        # What its owner removed here stays removed; what came here otherwise is left alone.
        c = login(self.here, user)
        c.append("INBOX", None, None, b"Subject: here\r\n\r\n")
        c.select("INBOX")
        c.uid("STORE", "1", "+FLAGS", "(\\Deleted)")
        c.uid("EXPUNGE", "1")
        c.logout()
        s = self.counts(user, "--expunge")
        self.assertEqual((s["messages"], s["expunged"]), (0, 0), s)
        self.assertEqual(count(self.here, user, "INBOX"), len(BODIES))

    def test_folders_are_chosen_and_renamed(self):
        user = self.there.accounts[1]
        fill(self.there, user, BOXES, BODIES[:2])
        self.migrate(user, "--except", "INBOX", "--rename", "Work=Arbeit")
        self.assertEqual(count(self.here, user, "INBOX"), 0)
        self.assertEqual(look(self.here, user, "Arbeit/2026"), look(self.there, user, "Work/2026"))
        self.migrate(user, "--only", "INBOX", "--prefix", "Old/")
        self.assertEqual(look(self.here, user, "Old/INBOX"), look(self.there, user, "INBOX"))

    def test_kill_in_the_middle_brings_nothing_twice(self):
        user, messages = self.there.accounts[2], many(3000)
        box = os.path.join(self.folder, "many.mbox")
        with open(box, "wb") as f:
            for m in messages:
                f.write(b"From x Sat Mar  5 09:34:01 2016\n" + m.replace(b"\r\n", b"\n") + b"\n")
        done = self.there.run("import", "mbox", user, box)
        self.assertEqual(done.returncode, 0, done.stdout)
        for killed in (self.here, self.here, self.there):
            begun = json.loads(self.migrate(user, "--detach", "--json"))
            until_recorded(self.here, begun["id"])
            killed.kill()
            killed.start()
        # The copy that lost its server ends by itself; the next begins when it has.
        end = self.finish(user)
        self.assertEqual(end["status"], "done", end)
        self.assertEqual([m[0] for m in look(self.here, user, "INBOX")], messages)

    def finish(self, user):
        end = time.time() + LIMIT
        while running := [s for s in json.loads(self.here.run("transfer", "list", "--json").stdout) if s["status"] == "running"]:
            self.assertLess(time.time(), end, running)
            time.sleep(0.02)
        return self.counts(user)

    def test_certificates_are_checked_and_passwords_kept(self):
        user = self.there.accounts[3]
        fill(self.there, user, ["INBOX"], BODIES[:2])
        self.assertIn("peer_refused", self.migrate(user, code=1, tls=(), port=self.there.port("imaps")))
        self.assertIn("peer_refused", self.migrate(user, code=1, tls=("--tls", "required")))
        self.assertEqual(count(self.here, user, "INBOX"), 0)
        self.assertIn("login_refused", self.migrate(user, code=1, password="wrong-secret-7351"))
        self.migrate(user, tls=("--tls", "required", "--certificate-unchecked"))
        self.same(user, "INBOX")
        shown = self.here.run("transfer", "list", "--json").stdout
        self.assertNotIn("wrong-secret-7351", shown)
        with open(os.path.join(self.here.folder, "serve.log"), "rb") as f:
            self.assertNotIn(b"wrong-secret-7351", f.read())
        self.assertIn("there is no account", self.migrate("nobody@example.test", code=4))
        self.assertIn("refused", self.migrate(user, code=1, port=1).lower())

    def test_a_list_of_accounts(self):
        users = self.there.accounts[4:8]
        for u in users:
            fill(self.there, u, ["INBOX", "Work/2026"], BODIES[:3])
        path = os.path.join(self.folder, "list.csv")
        with open(path, "w") as f:
            f.write("account,login,password,port\n")
            for u in users:
                f.write('%s,%s,"%s",%d\n' % (u, u, self.there.password, self.there.port("imap")))
            f.write("%s,%s,wrong,%d\n" % (self.there.accounts[8], self.there.accounts[8], self.there.port("imap")))
        verb = ["migrate", "--list", path, "--host", "127.0.0.1", "--tls", "none", "--plaintext-allowed", "--parallel", "2"]
        os.chmod(path, 0o644)
        done = self.here.run(*verb)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("may be read by others", done.stdout)
        os.chmod(path, 0o600)
        done = self.here.run(*verb)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("%s: login_refused" % self.there.accounts[8], done.stdout)
        self.assertNotIn("wrong", done.stdout.replace("login_refused", ""))
        for u in users:
            self.assertIn("%s: 6 messages" % u, done.stdout)
            self.same(u, "INBOX", "Work/2026")


if __name__ == "__main__":
    unittest.main(verbosity=1)
