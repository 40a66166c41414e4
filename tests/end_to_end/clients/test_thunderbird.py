"""Thunderbird against the running server: folders, reading, flags, moving, removing, searching, mail that comes while it idles."""
import imaplib, os, shutil, smtplib, socket, sys, tempfile, time, unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from thunderbird import Thunderbird

HOST, PASSWORD, DOMAIN = os.environ["ROOKERY_HOST"], os.environ["ROOKERY_PASSWORD"], os.environ["ROOKERY_DOMAIN"]
USER = "%s@%s" % (os.environ["ROOKERY_USERS"].split(",")[3], DOMAIN)


def port(service):
    return int(os.environ["ROOKERY_%s_PORT" % service.upper()])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@unittest.skipUnless(shutil.which("thunderbird"), "thunderbird is not installed")
class ThunderbirdReads(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="rookery-thunderbird-")
        self.addCleanup(shutil.rmtree, self.home, True)
        self.client = Thunderbird(self.home, free_port())
        self.addCleanup(self.client.end)
        self.imap = imaplib.IMAP4(HOST, port("imap"), timeout=60)
        self.addCleanup(self.imap.shutdown)
        self.imap.login(USER, PASSWORD)

    def deliver(self, subject, text="Hello.\r\n"):
        with smtplib.SMTP(HOST, port("smtp"), timeout=60) as c:
            c.sendmail("friend@outside.test", [USER], ("From: A Friend <friend@outside.test>\r\nTo: %s\r\nSubject: %s\r\n"
                                                       "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s" % (USER, subject, text)).encode())

    def on_the_server(self, folder, subject, flags=()):
        """Waits until the message is there with these flags."""
        end = time.time() + 60
        while True:
            self.assertEqual(self.imap.select('"%s"' % folder, True)[0], "OK")
            _, rows = self.imap.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            found = [r[0].decode() for r in rows if isinstance(r, tuple) and subject.encode() in r[1]]
            if len(found) == 1 and all(f in found[0] for f in flags):
                return
            self.assertLess(time.time(), end, "%s: %s" % (subject, rows))
            time.sleep(0.1)

    def test_a_day(self):
        run = self.client.run
        self.deliver("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Schöne Grüße.\r\n" * 50)
        self.deliver("plans")
        self.deliver("rubbish")
        run("""
          const s = MailServices.accounts.createIncomingServer(user, host, "imap");
          s.port = port; s.socketType = 0; s.authMethod = 3; s.password = password;
          const account = MailServices.accounts.createAccount(), identity = MailServices.accounts.createIdentity();
          identity.email = user;
          account.incomingServer = s;
          account.addIdentity(identity);
          s.performExpand(null);
          await wait("the folders", () => s.rootFolder.getFolderWithFlags(0x1000));
        """, user=USER, host=HOST, port=port("imap"), password=PASSWORD)
        # By their use, whatever they are called: Inbox, Trash, Sent, Drafts, Archive, Junk.
        self.assertEqual(run("""
          const named = flag => wait("the folder of flag " + flag, () => server.rootFolder.getFolderWithFlags(flag)?.name.toLowerCase());
          return await Promise.all([0x1000, 0x100, 0x200, 0x400, 0x4000, 0x40000000].map(named));
        """), ["inbox", "trash", "sent", "drafts", "archive", "junk"])
        self.assertEqual(sorted(run("""
          await url(listener => inbox.getNewMessages(null, listener));
          return [...inbox.messages].map(h => h.mime2DecodedSubject);
        """)), ["Grüße", "plans", "rubbish"])
        text = run("""
          const uri = inbox.getUriForMsg(message(inbox, "Grüße"));
          const chunks = [];
          await new Promise((ok, bad) => MailServices.messageServiceFromURI(uri).streamMessage(uri, {
            onStartRequest() {},
            onDataAvailable(request, input, offset, count) {
              const binary = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
              binary.setInputStream(input);
              chunks.push(binary.readBytes(count));
            },
            onStopRequest(request, status) { status == 0 ? ok() : bad(new Error("status " + status)); },
            QueryInterface: ChromeUtils.generateQI(["nsIStreamListener"]) }, null, null, false, "", false));
          return decodeURIComponent(escape(chunks.join("")));
        """)
        self.assertEqual(text.count("Schöne Grüße.\r\n"), 50)
        run("""
          inbox.markMessagesRead([message(inbox, "Grüße")], true);
          inbox.markMessagesFlagged([message(inbox, "Grüße")], true);
        """)
        self.on_the_server("INBOX", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", ("\\Seen", "\\Flagged"))
        run("""
          server.rootFolder.createSubfolder("Reisen & Pläne", null);
          const target = await wait("the new folder", () => folder("Reisen & Pläne"));
          await copied(listener => MailServices.copy.copyMessages(inbox, [message(inbox, "plans")], target, true, listener, null, false));
          await copied(listener => inbox.deleteMessages([message(inbox, "rubbish")], null, false, false, listener, false));
        """)
        self.on_the_server("Reisen &- Pl&AOQ-ne", "plans")
        self.on_the_server("Trash", "rubbish")
        self.assertEqual(run("""
          const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
          session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, inbox);
          const term = session.createTerm(), value = term.value;
          value.attrib = Ci.nsMsgSearchAttrib.Body;
          value.str = "schöne grüße";
          term.attrib = Ci.nsMsgSearchAttrib.Body;
          term.op = Ci.nsMsgSearchOp.Contains;
          term.value = value;
          session.appendTerm(term);
          const hits = [];
          await new Promise(ok => {
            session.registerListener({ onNewSearch() {}, onSearchHit(header) { hits.push(header.mime2DecodedSubject); }, onSearchDone: ok });
            session.search(null);
          });
          return hits;
        """), ["Grüße"])
        run("""await url(listener => inbox.getNewMessages(null, listener));""")  # the search has closed its connection
        self.deliver("while it waits")  # nothing more is asked for: IDLE has to tell it
        run("""await wait("news of new mail", () => message(inbox, "while it waits"));""")


if __name__ == "__main__":
    unittest.main()
