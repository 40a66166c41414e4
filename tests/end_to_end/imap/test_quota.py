"""Quotas over IMAP: each sees his own, administrators see and set those of all (RFC 9208)."""
import json, subprocess
from peer import *

ANN, BOB = ("%s@%s" % (u, DOMAIN) for u in USERS[:2])


def rookery(*verb):
    done = subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], *verb], stdin=subprocess.DEVNULL,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    assert done.returncode == 0, (verb, done.returncode, done.stdout)
    return done.stdout


class Quota(Case):
    def setUp(self):
        super().setUp()
        self.bob = self.peer(USERS[1])

    def tearDown(self):
        rookery("account", "change", ANN, "--no-admin", "--quota", "0", "--quota-messages", "0")
        rookery("account", "change", BOB, "--quota", "0", "--quota-messages", "0")
        super().tearDown()

    def account(self, address):
        return json.loads(rookery("account", "show", address, "--json"))

    def test_only_administrators_set_and_see_those_of_others(self):
        a = self.made
        self.assertIn(b" QUOTASET ", a.ok("CAPABILITY").all())
        for command in ('SETQUOTA "" (STORAGE 10)', "SETQUOTA %s (STORAGE 10)" % BOB, "SETQUOTA nobody (STORAGE 10)"):
            self.assertIn("[NOPERM]", a.cmd(command).text, command)
        there, missing = a.cmd("GETQUOTA " + BOB), a.cmd("GETQUOTA nobody@" + DOMAIN)
        self.assertEqual((there.status, there.text), ("NO", missing.text))
        self.assertEqual(self.account(BOB)["quota_octets"], 0)

    def test_an_administrator_sets_limits(self):
        a, b = self.made, self.bob
        rookery("account", "change", ANN, "--admin")
        answer = a.ok("SETQUOTA %s (STORAGE 2000 MESSAGE 100000)" % BOB)
        self.assertRegex(answer.all(), rb'^\* QUOTA "%s" \(STORAGE \d+ 2000 MESSAGE \d+ 100000\)\r\n$' % BOB.encode())
        self.assertEqual((self.account(BOB)["quota_octets"], self.account(BOB)["quota_messages"]), (2048000, 100000))
        self.assertIn(b" 2000 MESSAGE ", b.ok('GETQUOTA ""').all())
        self.assertIn(b" 2000 MESSAGE ", a.ok("GETQUOTA " + BOB).all())
        # What is not listed is not limited any more.
        a.ok("SETQUOTA %s (MESSAGE 100000)" % BOB)
        self.assertNotIn(b"STORAGE", b.ok("GETQUOTAROOT INBOX").all())
        a.ok("SETQUOTA %s ()" % BOB)
        self.assertEqual(b.ok('GETQUOTA ""').all(), b'* QUOTA "" ()\r\n')
        a.ok('SETQUOTA "" (STORAGE 123456)')
        self.assertIn(b" 123456)", a.ok("GETQUOTAROOT INBOX").all())
        self.assertIn(ANN, rookery("history"))

    def test_what_cannot_be_set_is_refused_and_changes_nothing(self):
        a = self.made
        rookery("account", "change", ANN, "--admin")
        for limits in ("(STORAGE 0)", "(MESSAGE 10 X-ROOMS 3)", "(STORAGE 9223372036854775807)", "(MESSAGE 0 STORAGE 5)"):
            self.assertIn("[CANNOT]", a.cmd("SETQUOTA %s %s" % (BOB, limits)).text, limits)
        self.assertIn("[NONEXISTENT]", a.cmd("SETQUOTA nobody@%s (STORAGE 10)" % DOMAIN).text)
        for bad in ("SETQUOTA", "SETQUOTA x", "SETQUOTA x STORAGE 1", "SETQUOTA x (STORAGE)", "SETQUOTA x (STORAGE -1)", "SETQUOTA x (STORAGE 1"):
            self.assertEqual(a.cmd(bad).status, "BAD", bad)
        self.assertEqual((self.account(BOB)["quota_octets"], self.account(BOB)["quota_messages"]), (0, 0))

    def test_a_limit_that_was_set_holds_at_once(self):
        a, b = self.made, self.bob
        rookery("account", "change", ANN, "--admin")
        a.ok("SETQUOTA %s (STORAGE 1)" % BOB)
        self.assertIn("[OVERQUOTA]", b.append("INBOX", b"Subject: x\r\n\r\n" + b"x" * 2000).text)
        a.ok("SETQUOTA %s ()" % BOB)
        self.assertEqual(b.append("INBOX", b"Subject: x\r\n\r\n" + b"x" * 2000).status, "OK")

    def test_who_administers_no_more_sets_no_more(self):
        a = self.made
        rookery("account", "change", ANN, "--admin")
        a.ok('SETQUOTA "" ()')
        rookery("account", "change", ANN, "--no-admin")
        self.assertIn("[NOPERM]", a.cmd('SETQUOTA "" (STORAGE 10)').text)

    def test_the_root_of_a_shared_mailbox_is_named_for_administrators_alone(self):
        self.made.ok("SETACL %s %s lr" % (self.box, BOB))
        theirs = '"Other Users/%s/%s"' % (ANN, self.box)
        self.assertEqual(self.bob.ok("GETQUOTAROOT " + theirs).all(), b"* QUOTAROOT %s\r\n" % theirs.encode())
        rookery("account", "change", BOB, "--admin")
        try:
            self.assertIn(b'* QUOTA "%s" (' % ANN.encode(), self.bob.ok("GETQUOTAROOT " + theirs).all())
        finally:
            rookery("account", "change", BOB, "--no-admin")


if __name__ == "__main__":
    unittest.main()
