"""MULTISEARCH (RFC 7377)."""
from peer import *


class MultiSearch(Case):
    def found(self, p, text):
        """Mailbox below ours to what was said of it."""
        tag = p.begin(text)
        a = p.wait(tag)
        self.assertEqual(a.status, "OK", a)
        out = {}
        for l in a.of("ESEARCH"):
            m = re.match(rb'\* ESEARCH \(TAG "%s" MAILBOX "?([^" ]+)"? UIDVALIDITY (\d+)\) UID (.*)\r\n' % tag.encode(), l)
            out[m.group(1).decode().replace(self.box, "")] = m.group(3).decode()
        return out

    def setUp(self):
        super().setUp()
        self.p = self.peer()
        for name, numbers in (("", (1, 2)), ("/a", (3,)), ("/a/deep", (4, 5, 6)), ("/empty", ())):
            if name:
                self.p.ok("CREATE %s%s" % (self.box, name))
            for n in numbers:
                self.p.append(self.box + name, mail(n), "(\\Flagged) " if n in (2, 4, 6) else "")

    def test_sources(self):
        p = self.p
        self.assertIn("MULTISEARCH", p.ok("CAPABILITY").all().decode())
        self.assertEqual(self.found(p, "ESEARCH IN (subtree %s) FLAGGED" % self.box), {"": "ALL 2", "/a/deep": "ALL 1,3"})
        self.assertEqual(self.found(p, "ESEARCH IN (subtree-one %s) ALL" % self.box), {"": "ALL 1:2", "/a": "ALL 1"})
        self.assertEqual(self.found(p, "ESEARCH IN (mailboxes (%s/a %s/none)) ALL" % (self.box, self.box)), {"/a": "ALL 1"})
        self.assertEqual(self.found(p, "ESEARCH IN (subtree %s) RETURN (MIN MAX COUNT) ALL" % self.box),
                         {"": "MIN 1 MAX 2 COUNT 2", "/a": "MIN 1 MAX 1 COUNT 1", "/a/deep": "MIN 1 MAX 3 COUNT 3"})
        self.assertEqual(self.found(p, "ESEARCH IN (subtree %s) RETURN (PARTIAL -1:-1) ALL" % self.box),
                         {"": "PARTIAL (-1:-1 2)", "/a": "PARTIAL (-1:-1 1)", "/a/deep": "PARTIAL (-1:-1 3)"})
        self.assertEqual(self.found(p, 'ESEARCH IN (subtree %s) SUBJECT "number 5"' % self.box), {"/a/deep": "ALL 2"})
        p.ok("SUBSCRIBE %s/a" % self.box)
        self.assertIn("/a", self.found(p, "ESEARCH IN (subscribed) ALL"))
        self.assertIn("/a/deep", self.found(p, "ESEARCH IN (personal) ALL"))
        self.assertEqual(p.cmd("ESEARCH ALL").status, "BAD")

    def test_the_selected_mailbox(self):
        p = self.p
        p.ok("SELECT %s/a/deep" % self.box)
        self.assertEqual(self.found(p, "ESEARCH FLAGGED"), {"/a/deep": "ALL 1,3"})
        self.assertEqual(self.found(p, "ESEARCH IN (selected subtree %s) FLAGGED" % self.box), {"": "ALL 2", "/a/deep": "ALL 1,3"})
        p.ok("ESEARCH IN (selected) RETURN (SAVE) FLAGGED")
        self.assertEqual(p.ok("UID SEARCH $").numbers(), [1, 3])
        self.assertEqual(p.cmd("ESEARCH IN (personal) RETURN (SAVE) FLAGGED").status, "BAD")
        tag = p.begin("ESEARCH RETURN (UPDATE COUNT) ANSWERED")
        p.wait(tag)
        self.assertEqual(p.ok("UID STORE 2 +FLAGS.SILENT (\\Answered)").of("ESEARCH"),
                         [b'* ESEARCH (TAG "%s") UID ADDTO (0 2)\r\n' % tag.encode()])


if __name__ == "__main__":
    unittest.main()
