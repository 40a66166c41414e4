"""Public folders of a domain: made and given by the operator, mail to their addresses, seen by each reader for himself."""
import json, smtplib, ssl, subprocess, time
from peer import *

OWNER = "folders-%x@%s" % (int(time.time() * 1000), DOMAIN)
ANN, BOB = ("%s@%s" % (u, DOMAIN) for u in USERS[2:4])
UNTRUSTED = ssl._create_unverified_context()


def rookery(*verb):
    done = subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], *verb], stdin=subprocess.DEVNULL,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return done.returncode, done.stdout


def done(*verb):
    code, out = rookery(*verb)
    assert code == 0, (verb, code, out)
    return out


def setUpModule():
    done("account", "add", OWNER, "--no-password")
    done("domain", "change", DOMAIN, "--public-account", OWNER)


def tearDownModule():
    done("domain", "change", DOMAIN, "--public-account", "")
    done("account", "remove", OWNER)


class Public(unittest.TestCase):
    names = itertools.count(1)

    def setUp(self):
        self.peers, self.aliases = [], []
        self.folder = "News %d-%d" % (os.getpid(), next(Public.names))
        self.box = '"Public/%s"' % self.folder
        done("public", "add", DOMAIN, self.folder)

    def tearDown(self):
        for p in self.peers:
            p.close()
        for a in self.aliases:
            done("alias", "remove", a)
        rookery("public", "remove", DOMAIN, self.folder)

    def peer(self, user=USERS[2]):
        p = Peer(user)
        self.peers.append(p)
        return p

    def grant(self, who, rights):
        done("public", "grant", DOMAIN, self.folder, who, "--", rights)

    def address(self):
        a = "news%d-%d@%s" % (os.getpid(), len(self.aliases) + 100 * next(Public.names), DOMAIN)
        done("alias", "add", a, "--folder", self.folder)
        self.aliases.append(a)
        return a

    def send(self, to, user=None, subject="Hello", options=(), service=None):
        """The reply to RCPT, or to the message: code and text."""
        service = service or ("submission" if user else "smtp")
        kind = smtplib.LMTP if service == "lmtp" else smtplib.SMTP
        with kind(HOST, int(os.environ["ROOKERY_%s_PORT" % service.upper()]), timeout=60) as s:
            s.ehlo("client.example")
            if user:
                s.starttls(context=UNTRUSTED)
                s.ehlo("client.example")
                s.login(user, PASSWORD)
            s.mail(user or "someone@else.example")
            code, text = s.rcpt(to, options)
            if code == 250:
                code, text = s.data("From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\nWords.\r\n" % (user or "someone@else.example", to, subject))
        return code, text.decode()

    def subjects(self, p, count):
        """Of the folder's messages, when so many are there: 250 means that the mail is kept, it is brought to the folder then."""
        end = time.time() + 60
        while True:
            p.ok("EXAMINE " + self.box)
            found = p.ok("FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]").literals() if p.ok("SEARCH ALL").numbers() else []
            if len(found) >= count or time.time() > end:
                return found
            time.sleep(0.02)

    def test_an_operator_makes_gives_and_removes_folders(self):
        a = self.peer()
        shown = json.loads(done("public", "show", DOMAIN, self.folder, "--json"))
        self.assertEqual((shown["folder"], shown["own_seen"], shown["rights"], shown["addresses"]), (self.folder, True, {}, []))
        self.assertNotIn(self.folder.encode(), a.ok('LIST "" "*"').all())
        self.assertEqual(a.cmd("SELECT " + self.box).status, "NO")
        self.grant("anyone", "lrs")
        self.assertIn(self.folder.encode(), a.ok('LIST "" "*"').all())
        self.assertIn(b'("Public/" "/")', a.ok("NAMESPACE").all())
        self.assertIn("READ-WRITE", a.ok("SELECT " + self.box).text)
        self.grant(BOB, "lrswite")
        self.grant(BOB, "-e")
        shown = json.loads(done("public", "show", DOMAIN, self.folder, "--json"))
        self.assertEqual(shown["rights"], {"anyone": "lrs", BOB: "lrswit"})
        self.assertIn(b" lrswitd\r\n", self.peer(USERS[3]).ok("MYRIGHTS " + self.box).all())
        done("public", "revoke", DOMAIN, self.folder, BOB)
        self.assertEqual(json.loads(done("public", "show", DOMAIN, self.folder, "--json"))["rights"], {"anyone": "lrs"})
        below = self.folder + "/below"
        done("public", "add", DOMAIN, below, "--grant", "authenticated=lr", "--grant", "%s=lrsip" % BOB, "--common-seen")
        listed = json.loads(done("public", "list", DOMAIN, "--json"))
        self.assertEqual([(f["own_seen"], f["rights"]) for f in listed if f["folder"] == below],
                         [(False, {"anyone": "lrs", "authenticated": "lr", BOB: "lrsip"})])
        done("public", "change", DOMAIN, below, "--own-seen")
        self.assertTrue(json.loads(done("public", "show", DOMAIN, below, "--json"))["own_seen"])
        done("public", "remove", DOMAIN, below)
        self.assertEqual(rookery("public", "show", DOMAIN, below)[0], 4)

    def test_what_makes_no_sense_is_refused(self):
        for code, verb in ((5, ("add", DOMAIN, self.folder)), (4, ("remove", DOMAIN, "INBOX")), (1, ("add", DOMAIN, "INBOX")),
                           (1, ("add", DOMAIN, "a//b")), (1, ("grant", DOMAIN, self.folder, "nobody@" + DOMAIN, "lr")),
                           (1, ("grant", DOMAIN, self.folder, "anyone", "lrq")), (1, ("grant", DOMAIN, self.folder, OWNER, "l")),
                           (4, ("list", "other.example")), (4, ("grant", DOMAIN, "nothing", "anyone", "lr")),
                           (2, ("add", DOMAIN, "x", "--grant", "anyone"))):
            with self.subTest(verb):
                self.assertEqual(rookery("public", *verb)[0], code, rookery("public", *verb))
        self.assertEqual(rookery("alias", "add", "both@" + DOMAIN, ANN, "--folder", "x")[0], 1)
        self.assertEqual(rookery("alias", "add", "neither@" + DOMAIN)[0], 1)

    def test_mail_to_its_address_needs_the_right_p(self):
        address, a = self.address(), self.peer()
        self.grant("anyone", "lrs")
        self.assertEqual(self.send(address)[0], 550)
        self.assertIn("5.7.1", self.send(address, ANN)[1])
        self.grant("authenticated", "p")
        self.assertEqual(self.send(address, subject="from elsewhere")[0], 550)
        self.assertEqual(self.send(address, ANN, subject="from Ann")[0], 250)
        done("public", "grant", DOMAIN, self.folder, "--", "-" + ANN, "p")
        self.assertEqual(self.send(address, ANN)[0], 550)
        self.assertEqual(self.send(address, BOB, subject="from Bob")[0], 250)
        self.grant("anyone", "+p")
        self.assertEqual(self.send(address, subject="from elsewhere")[0], 250)
        self.assertEqual(self.send(address, service="lmtp", subject="from a program")[0], 250)
        self.assertEqual(self.send(address.replace("@", "+more@").upper(), subject="with a detail")[0], 250)
        self.assertEqual([s.split(b": ")[1].strip() for s in self.subjects(a, 5)],
                         [b"from Ann", b"from Bob", b"from elsewhere", b"from a program", b"with a detail"])
        self.assertIn(("Delivered-To: " + address).encode(), a.ok("FETCH 1 BODY.PEEK[HEADER]").all())

    def test_a_group_may_write_and_have_the_folder_as_a_member(self):
        address = self.address()
        group, both = "writers-" + address, "both-" + address
        done("alias", "add", group, BOB)
        done("alias", "add", both, BOB, address)
        self.aliases += [group, both]
        self.grant("$" + group, "lrp")
        self.assertEqual(self.send(address, ANN)[0], 550)
        self.assertEqual(self.send(both, ANN)[0], 550)
        self.assertEqual(self.send(both, BOB, subject="for both")[0], 250)
        b = self.peer(USERS[3])
        self.assertEqual(len(self.subjects(b, 1)), 1)
        b.ok("SELECT INBOX")
        self.assertEqual(len(b.ok('SEARCH SUBJECT "for both" TO "%s"' % both).numbers()), 1)

    def test_two_folders_have_a_message_once_each(self):
        other = self.folder + " too"
        done("public", "add", DOMAIN, other, "--grant", "anyone=lrp")
        try:
            self.grant("anyone", "lrp")
            first, again = self.address(), self.address()
            second = "too-" + first
            done("alias", "add", second, "--folder", other)
            all_of = "all-" + first
            done("alias", "add", all_of, first, again, second)
            self.aliases += [all_of, second]
            self.assertEqual(self.send(all_of, subject="to all")[0], 250)
            a = self.peer()
            for box in (self.box, '"Public/%s"' % other):
                end = time.time() + 60
                while (shown := a.ok("STATUS %s (MESSAGES)" % box).all()) and b"MESSAGES 0" in shown and time.time() < end:
                    time.sleep(0.02)
                self.assertIn(b"MESSAGES 1", shown)
        finally:
            for x in self.aliases:
                done("alias", "remove", x)
            self.aliases.clear()
            done("public", "remove", DOMAIN, other)

    def test_mail_that_waits_in_the_queue_arrives_too(self):
        address, a = self.address(), self.peer()
        self.grant("anyone", "lrp")
        a.ok("SELECT " + self.box)
        a.idle()
        # A confirmation is asked for: the queue delivers.
        self.assertEqual(self.send(address, ANN, options=["NOTIFY=SUCCESS"])[0], 250)
        self.assertEqual(a.until("EXISTS").number("EXISTS"), 1)

    def test_an_address_without_its_folder_takes_no_mail(self):
        address = self.address()
        self.grant("anyone", "lrp")
        self.assertEqual(rookery("public", "remove", DOMAIN, self.folder)[0], 5)
        done("alias", "change", address, "--folder", "nothing there")
        code, text = self.send(address)
        self.assertEqual((code, "5.1.1" in text), (550, True))
        done("domain", "change", DOMAIN, "--public-account", "")
        try:
            self.assertEqual(self.send(address)[0], 550)
            self.assertEqual(rookery("public", "list", DOMAIN)[0], 5)
        finally:
            done("domain", "change", DOMAIN, "--public-account", OWNER)

    def test_each_reader_has_his_own_seen(self):
        address = self.address()
        self.grant("anyone", "lrsp")
        a, b = self.peer(), self.peer(USERS[3])
        self.assertEqual(self.send(address)[0], 250)
        a.ok("SELECT " + self.box)
        a.ok("FETCH 1 BODY[]")
        self.assertIn(b"UNSEEN 0", self.peer().ok("STATUS %s (UNSEEN)" % self.box).all())
        self.assertIn(b"UNSEEN 1", b.ok("STATUS %s (UNSEEN)" % self.box).all())
        self.assertIn(b"MESSAGES 1", b.ok('LIST "" %s RETURN (STATUS (MESSAGES))' % self.box).all())
        self.assertNotIn(b"UNSEEN", b.ok('LIST "" %s RETURN (STATUS (UNSEEN))' % self.box).all())
        b.ok("SELECT " + self.box)
        self.assertEqual(b.ok("SEARCH UNSEEN").numbers(), [1])

    def test_what_the_operator_takes_reaches_open_sessions(self):
        self.grant("anyone", "lrs")
        idle, busy = self.peer(), self.peer(USERS[3])
        for p in (idle, busy):
            p.ok("SELECT " + self.box)
        idle.idle()
        self.grant("anyone", "-s")
        self.assertIn(b"[PERMANENTFLAGS ()]", idle.until("PERMANENTFLAGS").all())
        done("public", "revoke", DOMAIN, self.folder, "anyone")
        self.assertIn(b"* BYE The right to read", idle.until("BYE").all())
        self.assertEqual(busy.cmd("FETCH 1:* FLAGS").status, "NO")

    def test_a_folder_that_goes_ends_its_selection(self):
        self.grant("anyone", "lrs")
        p = self.peer()
        p.ok("SELECT " + self.box)
        p.idle()
        done("public", "remove", DOMAIN, self.folder)
        self.assertIn(b"* BYE", p.until("BYE").all())

    def test_curl_reads_a_public_folder(self):
        address = self.address()
        self.grant("anyone", "lrsp")
        self.assertEqual(self.send(address, subject="for curl")[0], 250)
        url = "imap://%s:%d/Public%%2F%s;MAILINDEX=1" % (HOST, PORT, self.folder.replace(" ", "%20"))
        out = subprocess.run(["curl", "-sS", "--url", url, "--user", "%s:%s" % (ANN, PASSWORD)], stdout=subprocess.PIPE, timeout=60, check=True).stdout
        self.assertIn(b"Subject: for curl", out)


if __name__ == "__main__":
    unittest.main()
