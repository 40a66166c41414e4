"""Dovecot as the other server: copied over IMAP, its Maildir imported, and an export that it serves."""
import imaplib, json, os, shutil, subprocess, sys, tempfile, unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, ".."))
import dovecot
from boxes import BODIES, fill, folders, look
from node import SPACING, STANDARD, Node, free

PROGRAM = os.environ["ROOKERY_PROGRAM"]


class There:
    """Dovecot as `boxes` looks at a node."""
    password = dovecot.PASSWORD

    def __init__(self, server):
        self.server = server

    def port(self, _):
        return self.server.port


@unittest.skipIf(dovecot.missing(), dovecot.missing())
class WithDovecot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="rookery-dovecot-")
        os.chmod(cls.folder, 0o755)
        os.mkdir(os.path.join(cls.folder, "node"))
        cls.node = Node(PROGRAM, os.path.join(cls.folder, "node"), 4)
        cls.node.start()
        cls.dovecot = dovecot.Dovecot(os.path.join(cls.folder, "there"), cls.spare_port())
        cls.there = There(cls.dovecot)

    @classmethod
    def spare_port(cls):
        """In the range that is the node's alone, one that no node has a service on."""
        return next(cls.node.base + p for p in range(SPACING)
                    if all((p - s) % SPACING for s in STANDARD.values()) and free(cls.node.base + p))

    @classmethod
    def tearDownClass(cls):
        cls.dovecot.stop()
        code = cls.node.stop()
        faults = cls.node.check()
        assert code == 0 and not faults, (code, faults)
        shutil.rmtree(cls.folder, ignore_errors=True)

    def run_json(self, *verb, input=None):
        done = self.node.run(*verb, "--json", input=input)
        self.assertEqual(done.returncode, 0, "%s\n%s\n%s" % (verb, done.stdout, self.dovecot.log()))
        return json.loads(done.stdout[done.stdout.index("{"):])

    def migrate(self, user, *more):
        return self.run_json("migrate", user, "--host", "127.0.0.1", "--port", str(self.dovecot.port), "--tls", "none", *more,
                             input=dovecot.PASSWORD + "\n")

    def test_an_account_is_copied_and_followed(self):
        user = self.node.accounts[0]
        # Levels are divided by '.' there.
        fill(self.there, user, ["INBOX", "Work.2026", "Entw&APw-rfe", "Sent"])
        total = 4 * len(BODIES)
        s = self.migrate(user)
        self.assertEqual((s["status"], s["messages"], s["left_out"]), ("done", total, 0), s)
        for there, here in (("INBOX", "INBOX"), ("Work.2026", "Work/2026"), ("Entw&APw-rfe", "Entw&APw-rfe"), ("Sent", "Sent")):
            self.assertEqual(look(self.node, user, here), look(self.there, user, there), here)
        c = imaplib.IMAP4("127.0.0.1", self.dovecot.port)
        c.login(user, dovecot.PASSWORD)
        c.append("INBOX", "(\\Flagged)", None, b"Subject: later\r\n\r\n")
        c.select("INBOX")
        c.uid("STORE", "2", "FLAGS", "(\\Seen later)")
        c.uid("STORE", "3", "+FLAGS", "(\\Deleted)")
        c.expunge()
        c.logout()
        s = self.migrate(user, "--expunge")
        # \Deleted was on one message from the beginning: EXPUNGE took two.
        self.assertEqual((s["messages"], s["flags_changed"], s["expunged"]), (1, 1, 2), s)
        self.assertEqual(look(self.node, user, "INBOX"), look(self.there, user, "INBOX"))
        s = self.migrate(user)
        self.assertEqual((s["messages"], s["flags_changed"], s["expunged"]), (0, 0, 0), s)

    def test_its_maildir_is_imported(self):
        user, other = self.node.accounts[1], self.node.accounts[2]
        fill(self.there, user, ["INBOX", "Work.2026", "Entw&APw-rfe"])
        c = imaplib.IMAP4("127.0.0.1", self.dovecot.port)
        c.login(user, dovecot.PASSWORD)
        c.subscribe("Work.2026")
        c.logout()
        source = self.dovecot.mail(user)
        s = self.run_json("import", "maildir", other, source)
        self.assertEqual((s["status"], s["messages"], s["left_out"]), ("done", 3 * len(BODIES), 0), s)
        for there, here in (("INBOX", "INBOX"), ("Work.2026", "Work/2026"), ("Entw&APw-rfe", "Entw&APw-rfe")):
            self.assertEqual(look(self.node, other, here), look(self.there, user, there), here)
        subscribed = folders(self.node, other)[1]
        self.assertIn("Work/2026", subscribed)
        self.assertNotIn("Entw&APw-rfe", subscribed)

    def test_it_serves_what_was_exported(self):
        user = self.node.accounts[3]
        fill(self.node, user, ["INBOX", "Work/2026", "Entw&APw-rfe"])
        to = self.dovecot.mail(user)
        s = self.run_json("export", "maildir", user, to)
        self.assertEqual((s["status"], s["messages"]), ("done", 3 * len(BODIES)), s)
        subprocess.run(["chown", "-R", "mail:mail", to], check=True)
        for there, here in (("INBOX", "INBOX"), ("Work.2026", "Work/2026"), ("Entw&APw-rfe", "Entw&APw-rfe")):
            # Files of one folder have no order that Dovecot must keep.
            self.assertEqual(sorted(map(str, look(self.there, user, there))), sorted(map(str, look(self.node, user, here))), here)


if __name__ == "__main__":
    unittest.main(verbosity=1)
