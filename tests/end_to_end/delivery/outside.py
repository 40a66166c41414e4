"""A node whose mail goes out to sinks that a test makes."""
import email, imaplib, os, shutil, smtplib, sys, tempfile, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from node import Node
from sink import Sink

PROGRAM = os.environ["ROOKERY_PROGRAM"]


class Case(unittest.TestCase):
    """One node for each test; `settings` are made before it serves."""
    settings = {}

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rookery-delivery-")
        self.node = Node(PROGRAM, self.folder)
        self.node.start()
        for key, value in self.settings.items():
            self.set(key, value)
        self.sinks = []

    def tearDown(self):
        for s in self.sinks:
            s.close()
        self.assertIn(self.node.stop(), (0, None))
        self.assertEqual(self.node.check(), [])
        shutil.rmtree(self.folder, ignore_errors=True)

    def rookery(self, *verb, input=None):
        done = self.node.run(*verb, input=input)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def set(self, key, value):
        self.rookery("settings", "set", key, str(value))

    def sink(self, **options):
        """A server of the other side, to which all mail goes unless a test says otherwise."""
        s = Sink(**options)
        self.sinks.append(s)
        if len(self.sinks) == 1:
            self.set("queue.smart_host", "127.0.0.1:%d" % s.port)
        return s

    def submit(self, *to, text="Subject: hello\r\n\r\nHello\r\n", sender=0, mail_options=(), rcpt_options=()):
        with smtplib.SMTP("127.0.0.1", self.node.port("submission"), timeout=30) as c:
            c.login(self.node.accounts[sender], self.node.password)
            return c.sendmail(self.node.accounts[sender], list(to), text, mail_options, rcpt_options)

    def inbox(self, user=0, want=1, limit=60):
        """The messages of an INBOX, parsed, as soon as there are `want`."""
        end, pause = time.time() + limit, 0.05
        while True:
            with imaplib.IMAP4("127.0.0.1", self.node.port("imap")) as c:
                c.login(self.node.accounts[user], self.node.password)
                count = int(c.select("INBOX", readonly=True)[1][0])
                if count >= want:
                    return [email.message_from_bytes(c.fetch(str(i + 1), "(BODY.PEEK[])")[1][0][1]) for i in range(count)]
            if time.time() > end:
                raise AssertionError("%d messages instead of %d: %s" % (count, want, self.node.log_tail()))
            time.sleep(pause)
            pause = min(1, pause * 1.5)

    def queued(self, want=None, limit=60):
        """What `rookery queue list --json` says, once there are `want` messages."""
        import json
        end = time.time() + limit
        while True:
            rows = json.loads(self.rookery("queue", "list", "--json"))
            rows = rows["items"] if isinstance(rows, dict) else rows
            if want is None or len(rows) == want:
                return rows
            if time.time() > end:
                raise AssertionError("%d in the queue instead of %d: %s" % (len(rows), want, rows))
            time.sleep(0.05)

    def status_of(self, report):
        """The fields of a report's recipients."""
        self.assertEqual(report.get_content_type(), "multipart/report")
        return [dict(p.items()) for p in report.get_payload()[1].get_payload()][1:]
