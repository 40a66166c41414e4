"""Virtual mailboxes: "All unread" and "All flagged" show messages of the account's other mailboxes."""
import imaplib, random, subprocess
from peer import *

USER = USERS[3]
UNREAD, FLAGGED = '"Virtual/All unread"', '"Virtual/All flagged"'


def setting(*words):
    subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], "settings", *words],
                   check=True, stdout=subprocess.DEVNULL, timeout=120)


def subjects(answer):
    return [int(n) for n in re.findall(rb"Message number (\d+)", answer.all())]


class Virtual(unittest.TestCase):
    def setUp(self):
        setting("set", "mailboxes.virtual", "none")
        self.addCleanup(setting, "unset", "mailboxes.virtual")
        self.peers = []
        p = self.peer()
        # An empty account, whatever was done with it before.
        for line in reversed(p.ok('LIST "" "*"').of("LIST")):
            name = line.split(b' "/" ', 1)[1].strip().decode()
            if name.strip('"').startswith("Virtual") or name in ("A", "B", "C"):
                p.cmd("DELETE " + name)
            elif p.ok("SELECT " + name).number("EXISTS"):
                p.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
                p.ok("CLOSE")
        for name in ("A", "B"):
            p.ok("CREATE " + name)
        p.cmd("UNSELECT")
        setting("set", "mailboxes.virtual", "Virtual")
        self.p = p

    def tearDown(self):
        for p in self.peers:
            p.close()

    def peer(self):
        p = Peer(USER)
        self.peers.append(p)
        return p

    def put(self, box, number, flags=""):
        a = self.p.append(box, mail(number), flags)
        self.assertEqual(a.status, "OK", a)

    def some(self):
        """1 and 2 in A, 3 and 4 in B, 5 in INBOX, 6 in Trash, 7 in Junk; 2 and 4 are flagged, 4 is read."""
        self.put("A", 1)
        self.put("A", 2, "(\\Flagged) ")
        self.put("B", 3)
        self.put("B", 4, "(\\Seen \\Flagged) ")
        self.put("INBOX", 5)
        self.put("Trash", 6, "(\\Flagged) ")
        self.put("Junk", 7)

    def shown(self, p, what="UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])"):
        return subjects(p.ok(what))

    def test_the_list_has_them(self):
        p = self.p
        listed = p.ok('LIST "" "Virtual*"').all().decode()
        self.assertIn('* LIST (\\Noselect \\HasChildren) "/" Virtual\r\n', listed)
        self.assertRegex(listed, r'\* LIST \(\\HasNoChildren\) "/" "Virtual/All unread"\r\n')
        self.assertRegex(listed, r'\* LIST \([^)]*\\Flagged[^)]*\) "/" "Virtual/All flagged"\r\n')
        self.assertEqual(len(p.ok('LIST (SPECIAL-USE) "" "Virtual*"').of("LIST")), 1)
        self.assertEqual(p.ok('LSUB "" "Virtual*"').of("LSUB"), [])
        p.ok("SUBSCRIBE " + UNREAD)
        self.assertEqual(len(p.ok('LSUB "" "Virtual*"').of("LSUB")), 1)
        p.ok("UNSUBSCRIBE " + UNREAD)
        self.assertEqual(p.cmd("SELECT Virtual").status, "NO")
        setting("set", "mailboxes.virtual", "none")
        self.assertEqual(p.ok('LIST "" "Virtual*"').of("LIST"), [])
        self.assertIn("[NONEXISTENT]", p.cmd("SELECT " + UNREAD).text)

    def test_an_own_mailbox_of_the_name_hides_it(self):
        setting("set", "mailboxes.virtual", "none")
        self.p.ok("CREATE " + UNREAD)
        self.p.ok("CREATE Virtual/C")
        setting("set", "mailboxes.virtual", "Virtual")
        listed = self.p.ok('LIST "" "Virtual*"').of("LIST")
        self.assertEqual(len(listed), 4, listed)
        self.assertEqual(self.p.append(UNREAD, mail(1)).status, "OK")
        self.assertIsNone(self.p.ok("SELECT " + UNREAD).code("UIDNOTSTICKY"))
        self.p.ok("CLOSE")
        self.p.ok("DELETE " + UNREAD)
        self.p.ok("DELETE Virtual/C")
        self.assertIsNotNone(self.p.ok("SELECT " + UNREAD).code("UIDNOTSTICKY"))

    def test_nothing_can_be_put_there_and_nothing_removed(self):
        self.some()
        p = self.p
        for command in ("CREATE %s", "DELETE %s", "RENAME %s x", "RENAME A %s", "GETACL %s", "SETACL %s anyone lr",
                        "GETQUOTAROOT %s", 'SETMETADATA %s (/private/comment "x")'):
            self.assertIn("[CANNOT]", p.cmd(command % UNREAD).text, command)
        self.assertIn("[CANNOT]", p.append(UNREAD, mail(1)).text)
        p.ok("SELECT A")
        self.assertIn("[CANNOT]", p.cmd("COPY 1 " + FLAGGED).text)
        self.assertIn("[CANNOT]", p.cmd("MOVE 1 " + FLAGGED).text)
        a = p.ok("SELECT " + UNREAD)
        self.assertEqual(a.number("EXISTS"), 4)
        p.ok("STORE 1:* +FLAGS (\\Deleted)")
        for command in ("EXPUNGE", "UID EXPUNGE 1:*", "MOVE 1 B", "UID MOVE 1 B"):
            self.assertIn("[CANNOT]", p.cmd(command).text, command)
        tag = p.begin("UID REPLACE 1 A {%d+}\r\n%s" % (len(mail(9)), mail(9).decode()))
        self.assertIn("[CANNOT]", p.wait(tag).text)
        p.ok("CLOSE")
        self.assertEqual(p.ok("STATUS A (MESSAGES DELETED)").of("STATUS"), [b"* STATUS A (MESSAGES 2 DELETED 2)\r\n"])

    def test_what_is_shown_and_read(self):
        self.some()
        p = self.p
        a = p.ok("SELECT " + UNREAD)
        self.assertIn(b"* NO [UIDNOTSTICKY]", a.all())
        self.assertIn(b"* OK [NOMODSEQ]", a.all())
        self.assertNotIn(b"HIGHESTMODSEQ", a.all())
        self.assertIn("READ-WRITE", a.text)
        self.assertEqual(a.number("EXISTS"), 4)
        self.assertEqual(sorted(self.shown(p)), [1, 2, 3, 5])
        self.assertEqual(sorted(subjects(p.ok("FETCH 1:* (ENVELOPE RFC822.SIZE INTERNALDATE BODYSTRUCTURE EMAILID THREADID)"))),
                         [1, 2, 3, 5])
        self.assertEqual(len(p.ok("SEARCH FLAGGED").numbers()), 1)
        for n in (1, 2, 3, 5):
            self.assertEqual(len(p.ok('SEARCH SUBJECT "number %d"' % n).numbers()), 1)
            self.assertEqual(len(p.ok('SEARCH TEXT "<m%d@outside.test>"' % n).numbers()), 1)
        self.assertEqual(subjects(p.ok("FETCH %s (ENVELOPE)" % p.ok("SORT (SUBJECT) UTF-8 ALL").numbers("SORT")[0])), [1])
        self.assertEqual(len(p.ok("SORT (SUBJECT) UTF-8 ALL").numbers("SORT")), 4)
        self.assertEqual(p.ok("THREAD REFERENCES UTF-8 ALL").all().count(b"("), 4)
        self.assertEqual(p.ok("UID SEARCH RETURN (COUNT) ALL").all().count(b"COUNT 4"), 1)
        for command in ("FETCH 1 (MODSEQ)", "FETCH 1:* (FLAGS) (CHANGEDSINCE 1)", "STORE 1 (UNCHANGEDSINCE 1) +FLAGS (x)",
                        "SEARCH MODSEQ 1", "SORT (DATE) UTF-8 MODSEQ 1"):
            self.assertEqual(p.cmd(command).status, "BAD", command)
        first = int(a.code("UIDVALIDITY"))
        self.assertGreater(int(p.ok("EXAMINE " + UNREAD).code("UIDVALIDITY")), first)
        self.assertEqual(p.cmd("STORE 1 +FLAGS (\\Seen)").status, "NO")
        p.ok("SELECT " + FLAGGED)
        self.assertEqual(sorted(self.shown(p)), [2, 4])

    def test_status(self):
        self.some()
        p = self.p
        self.assertRegex(p.ok("STATUS %s (MESSAGES UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ)" % UNREAD).all(),
                         rb"\(MESSAGES 4 UIDNEXT 5 UIDVALIDITY \d+ UNSEEN 4 HIGHESTMODSEQ 0\)")
        self.assertRegex(p.ok("STATUS %s (MESSAGES UNSEEN UIDNEXT)" % FLAGGED).all(), rb"\(MESSAGES 2 UIDNEXT 3 UNSEEN 1\)")
        size = sum(len(mail(n)) for n in (2, 4))
        self.assertRegex(p.ok("STATUS %s (SIZE DELETED)" % FLAGGED).all(), rb"\(DELETED 0 SIZE %d\)|\(SIZE %d DELETED 0\)" % (size, size))
        listed = p.ok('LIST "" "Virtual*" RETURN (STATUS (MESSAGES UNSEEN))').of("STATUS")
        self.assertEqual(sorted(listed), [b"* STATUS %s (MESSAGES 2 UNSEEN 1)\r\n" % FLAGGED.encode(),
                                          b"* STATUS %s (MESSAGES 4 UNSEEN 4)\r\n" % UNREAD.encode()])

    def test_flags_go_to_the_mailboxes_and_copies_come_from_them(self):
        self.some()
        p = self.p
        p.ok("SELECT " + UNREAD)
        a = p.ok("STORE 1:* +FLAGS (\\Flagged note)")
        self.assertEqual(len(a.of("FETCH")), 4)
        self.assertTrue(all(b"note" in l and b"\\Flagged" in l for l in a.of("FETCH")), a)
        self.assertIn(b"note", b"".join(a.of("FLAGS")))
        a = p.ok("COPY 1:* B")
        validity, source, copies = a.code("COPYUID").split()
        self.assertEqual(sum(int(x.split(":")[-1]) - int(x.split(":")[0]) + 1 for x in copies.split(",")), 4)
        self.assertEqual(a.number("EXISTS") or p.ok("NOOP").number("EXISTS"), 8)
        # Read: it stays until the next SELECT.
        a = p.ok("FETCH 1 (BODY[TEXT])")
        self.assertIn(b"\\Seen", a.all())
        self.assertNotIn(b"MODSEQ", a.all())
        p.ok("STORE 2 +FLAGS.SILENT (\\Seen)")
        self.assertEqual(p.ok("NOOP").lines, [])
        self.assertEqual(len(p.ok("SEARCH SEEN").numbers()), 2)
        self.assertEqual(p.ok("SELECT " + UNREAD).number("EXISTS"), 6)
        for box, count in (("A", 2), ("B", 5), ("INBOX", 1)):
            p.ok("EXAMINE " + box)
            self.assertEqual(len(p.ok("SEARCH KEYWORD note FLAGGED").numbers()), count, box)

    def test_news_while_it_is_selected(self):
        self.put("A", 1)
        p, other = self.p, self.peer()
        p.ok("SELECT " + UNREAD)
        # A mailbox that had nothing unread, one that is new, and one that is shown already.
        self.assertEqual(other.append("INBOX", mail(2)).status, "OK")
        other.ok("CREATE C")
        self.assertEqual(other.append("C", mail(3)).status, "OK")
        self.assertEqual(other.append("A", mail(4)).status, "OK")
        self.assertEqual(p.ok("NOOP").number("EXISTS"), 4)
        self.assertEqual(sorted(self.shown(p)), [1, 2, 3, 4])
        # Flags from elsewhere; then an expunge, and a mailbox that goes.
        other.ok("SELECT A")
        other.ok("STORE 1 +FLAGS (\\Answered)")
        a = p.ok("NOOP")
        self.assertEqual([b"\\Answered" in l for l in a.of("FETCH")], [True])
        other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        other.ok("EXPUNGE")
        self.assertEqual(len(p.ok("NOOP").of("EXPUNGE")), 1)
        other.ok("DELETE C")
        self.assertEqual(len(p.ok("NOOP").of("EXPUNGE")), 1)
        self.assertEqual(sorted(self.shown(p)), [2, 4])
        # In IDLE.
        tag = p.idle()
        self.assertEqual(other.append("B", mail(5)).status, "OK")
        p.until("3 EXISTS")
        other.ok("STORE 1 +FLAGS.SILENT (\\Flagged)")
        p.until("\\Flagged")
        p.done(tag)
        self.assertEqual(sorted(self.shown(p)), [2, 4, 5])

    def test_extensions(self):
        self.some()
        p = self.p
        p.ok("SELECT " + UNREAD)
        # SAVE, PARTIAL, ESORT, UIDBATCHES, MULTISEARCH.
        p.ok("UID SEARCH RETURN (SAVE) FLAGGED")
        self.assertEqual(self.shown(p, "FETCH $ (ENVELOPE)"), [2])
        self.assertIn(b"PARTIAL (1:2 1:2)", p.ok("UID SEARCH RETURN (PARTIAL 1:2) ALL").all())
        self.assertEqual(len(p.ok("UID FETCH 1:* (FLAGS) (PARTIAL -1:-2)").of("FETCH")), 2)
        self.assertIn(b"UIDBATCHES", p.ok("UIDBATCHES 500").all())
        self.assertIn(b'MAILBOX %s' % UNREAD.encode(), p.ok("ESEARCH IN (selected) ALL").all())
        self.assertNotIn(b"Virtual", p.ok("ESEARCH IN (personal) FLAGGED").all())
        # UPDATE: results follow.
        p.ok("UID SEARCH RETURN (UPDATE ALL) FLAGGED")
        self.assertIn(b"ADDTO", p.ok("STORE 1:* +FLAGS.SILENT (\\Flagged)").all() + p.ok("NOOP").all())
        # NOTIFY of the selected mailbox.
        p.ok("NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange))")
        other = self.peer()
        self.assertEqual(other.append("A", mail(8)).status, "OK")
        p.until("5 EXISTS")
        p.ok("NOTIFY NONE")
        p.ok("UNSELECT")
        # UIDONLY, QRESYNC: numbers and mod-sequences are not told.
        q = self.peer()
        q.ok("ENABLE QRESYNC UIDONLY")
        a = q.ok("SELECT %s (QRESYNC (1 1))" % UNREAD)
        self.assertEqual(a.of("VANISHED"), [])
        self.assertEqual(a.number("EXISTS"), 5)
        a = q.ok("UID STORE 1 +FLAGS (\\Answered)")
        self.assertEqual(len(a.of("UIDFETCH")), 1)
        self.assertNotIn(b"MODSEQ", a.all())

    def test_random_changes_are_followed(self):
        """What is told in the virtual mailbox against a model of all mailboxes; ROOKERY_SEED repeats a run."""
        seed = int(os.environ.get("ROOKERY_SEED", "0")) or random.randrange(1 << 30)
        rng = random.Random(seed)
        p, other = self.p, self.peer()
        there, shown, size = {}, [], 0   # number: [box, uid, flags]; numbers in the order of the virtual mailbox
        p.ok("SELECT " + UNREAD)
        for step in range(60):
            box = rng.choice(("A", "B", "INBOX"))
            other.ok("SELECT " + box)
            some = [n for n in there if there[n][0] == box and rng.random() < 0.5]
            uids = ",".join(str(there[n][1]) for n in some)
            what = rng.choice(("append", "append", "read", "unread", "flag", "expunge", "through"))
            if what == "append" or not some:
                number, seen = step + 100, rng.random() < 0.3
                a = other.append(box, mail(number), "(\\Seen) " if seen else "")
                self.assertEqual(a.status, "OK", a)
                there[number] = [box, int(a.code("APPENDUID").split()[1]), {"\\Seen"} if seen else set()]
            elif what in ("read", "unread", "flag"):
                sign, flag = ("+", "\\Flagged") if what == "flag" else ("+" if what == "read" else "-", "\\Seen")
                other.ok("UID STORE %s %sFLAGS.SILENT (%s)" % (uids, sign, flag))
                for n in some:
                    there[n][2].add(flag) if sign == "+" else there[n][2].discard(flag)
            elif what == "expunge":
                other.ok("UID STORE %s +FLAGS.SILENT (\\Deleted)" % uids)
                other.ok("UID EXPUNGE " + uids)
                for n in some:
                    del there[n]
            elif size:
                first = rng.randint(1, size)
                p.ok("STORE %d:%d +FLAGS.SILENT (\\Answered)" % (first, size))
                for n in shown[first - 1:]:
                    there[n][2].add("\\Answered")
            a = p.ok("NOOP")
            size = (a.number("EXISTS") if a.number("EXISTS") is not None else size - len(a.of("EXPUNGE")))
            shown = [n for n in shown if n in there]
            shown += [n for n in sorted(there, key=lambda n: there[n][1]) if "\\Seen" not in there[n][2] and n not in shown]
            rows = p.ok("FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])").all() if size else b""
            told = [(int(n), set(f.decode().split()))
                    for f, n in re.findall(rb"FLAGS \(([^)]*)\).*?Message number (\d+)", rows, re.S)]
            self.assertEqual([n for n, _ in told], shown, "seed %d, step %d: %s" % (seed, step, what))
            self.assertEqual(size, len(shown), "seed %d, step %d: %s" % (seed, step, what))
            for n, flags in told:
                self.assertEqual(flags, there[n][2], "seed %d, step %d: %s, message %d" % (seed, step, what, n))

    def test_with_imaplib(self):
        self.some()
        with imaplib.IMAP4(HOST, PORT, timeout=20) as m:
            m.login("%s@%s" % (USER, DOMAIN), PASSWORD)
            self.assertEqual(m.select(UNREAD), ("OK", [b"4"]))
            self.assertEqual(m.untagged_responses.get("UIDNOTSTICKY") is not None, True)
            _, (found,) = m.uid("SEARCH", "SUBJECT", '"number 3"')
            _, rows = m.uid("FETCH", found.decode(), "(BODY[])")
            self.assertEqual(rows[0][1], mail(3))
            self.assertEqual(m.copy("1:*", "Archive")[0], "OK")
            m.select("B")
            self.assertEqual(m.search(None, "UNSEEN")[1], [b""])
            m.close()


if __name__ == "__main__":
    unittest.main()
