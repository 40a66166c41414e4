"""Two users and what they share: rights (RFC 4314), other users' folders (RFC 2342), annotations (RFC 5464), imaplib."""
import imaplib, os, re, subprocess, time
from peer import *

OWNER, GUEST = USERS[0], USERS[1]
THIRD = USERS[2] if len(USERS) > 2 else None
ALL = "lrswipkxteacd"


class Sharing(Case):
    def setUp(self):
        super().setUp()
        self.theirs = "Other Users/%s@%s/%s" % (OWNER, DOMAIN, self.box)
        self.quoted = '"%s"' % self.theirs

    def guest(self):
        return self.peer(GUEST)

    def give(self, rights, who=None, box=None):
        self.made.ok("SETACL %s %s@%s %s" % (box or self.box, who or GUEST, DOMAIN, rights))

    def listed(self, p, pattern="*"):
        return [l for l in p.ok('LIST "" "%s"' % pattern).of("LIST") if self.box.encode() in l]

    def test_capabilities_and_namespaces(self):
        words = self.made.ok("CAPABILITY").of("CAPABILITY")[0].split()
        for c in (b"ACL", b"RIGHTS=texk", b"LIST-MYRIGHTS", b"METADATA", b"LIST-METADATA"):
            self.assertIn(c, words)
        self.assertIn(b'(("Other Users/" "/"))', self.made.ok("NAMESPACE").all())

    def test_what_is_not_shared_is_not_there(self):
        g = self.guest()
        self.assertEqual(self.listed(g), [])
        missing = '"Other Users/%s@%s/nothing"' % (OWNER, DOMAIN)
        for command in ("SELECT %s", "EXAMINE %s", "STATUS %s (MESSAGES)", "DELETE %s", "GETACL %s", "MYRIGHTS %s",
                        "SETACL %s anyone lr", "GETMETADATA %s /shared/comment", 'SETMETADATA %s (/private/comment "x")',
                        "GETQUOTAROOT %s", "LISTRIGHTS %s anyone", "RENAME %s x"):
            a, b = g.cmd(command % self.quoted), g.cmd(command % missing)
            self.assertEqual((a.status, a.text, a.lines), ("NO", b.text, b.lines), command)
            self.assertIn("[NONEXISTENT]", a.text)
        self.assertIn("[TRYCREATE]", g.append(self.quoted, mail(1)).text)
        self.assertEqual(g.cmd('SELECT "Other Users/nobody@%s/x"' % DOMAIN).status, "NO")
        # Lookup alone: it is there, and nothing more.
        self.give("l")
        self.assertEqual(len(self.listed(g)), 1)
        for command in ("SELECT %s", "STATUS %s (MESSAGES)", "DELETE %s", "GETACL %s"):
            self.assertIn("[NOPERM]", g.cmd(command % self.quoted).text, command)
        self.assertIn("[NOPERM]", g.append(self.quoted, mail(1)).text)

    def test_rights_are_set_shown_and_taken(self):
        p, who = self.made, "%s@%s" % (GUEST, DOMAIN)
        self.give("lr")
        self.give("+swd")
        self.assertIn(("%s lrswxted" % who).encode(), p.ok("GETACL " + self.box).of("ACL")[0])
        self.assertIn(("%s@%s %s" % (OWNER, DOMAIN, ALL)).encode(), p.ok("GETACL " + self.box).of("ACL")[0])
        self.give("-d")
        self.assertEqual(self.guest().ok("MYRIGHTS " + self.quoted).of("MYRIGHTS"),
                         [b"* MYRIGHTS %s lrsw\r\n" % self.quoted.encode()])
        self.assertEqual(p.ok("MYRIGHTS " + self.box).of("MYRIGHTS"), [b"* MYRIGHTS %s %s\r\n" % (self.box.encode(), ALL.encode())])
        self.assertTrue(p.ok("LISTRIGHTS %s %s" % (self.box, who)).of("LISTRIGHTS")[0].endswith(b'"" l r s w i p k x t e a c d\r\n'))
        self.assertEqual(p.cmd("SETACL %s %s@%s l" % (self.box, OWNER, DOMAIN)).status, "NO")
        self.assertEqual(p.cmd("SETACL %s nobody@%s l" % (self.box, DOMAIN)).status, "NO")
        self.assertEqual(p.cmd("SETACL %s %s lq" % (self.box, who)).status, "BAD")
        p.ok("DELETEACL %s %s" % (self.box, who))
        self.assertNotIn(who.encode(), p.ok("GETACL " + self.box).all())
        self.assertEqual(self.listed(self.guest()), [])

    def test_denied_rights_and_everybody(self):
        p, g = self.made, self.guest()
        p.ok("SETACL %s anyone lrs" % self.box)
        self.assertIn(b" lrs\r\n", g.ok("MYRIGHTS " + self.quoted).of("MYRIGHTS")[0])
        p.ok("SETACL %s -%s@%s s" % (self.box, GUEST, DOMAIN))
        self.assertIn(b" lr\r\n", g.ok("MYRIGHTS " + self.quoted).of("MYRIGHTS")[0])
        p.ok("SETACL %s -authenticated lr" % self.box)
        self.assertEqual(g.cmd("SELECT " + self.quoted).status, "NO")

    def test_a_group_gives_its_members_rights(self):
        group = "g%x@%s" % (int(time.time() * 1000), DOMAIN)
        cli = lambda *words: subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], *words], check=True, stdout=subprocess.DEVNULL)
        g = self.guest()
        cli("alias", "add", group, "%s@%s" % (OWNER, DOMAIN), "%s@%s" % (GUEST, DOMAIN))
        self.made.ok("SETACL %s $%s lr" % (self.box, group))
        self.assertEqual(len(self.listed(g)), 1)
        g.ok("EXAMINE " + self.quoted)
        cli("alias", "remove", group)
        self.assertEqual(self.guest().cmd("SELECT " + self.quoted).status, "NO")

    def test_reading_needs_r_and_changes_need_their_rights(self):
        self.filled(4, selected=False)
        self.give("lr")
        g = self.guest()
        a = g.ok("SELECT " + self.quoted)
        self.assertIn("READ-ONLY", a.text)
        self.assertEqual(g.ok("FETCH 1 BODY[]").literals(), [mail(1)])
        self.assertNotIn(b"\\Seen", g.ok("FETCH 1 FLAGS").all())
        self.assertEqual(g.cmd("STORE 1 +FLAGS (\\Flagged)").status, "NO")
        self.give("lrs")
        a = g.ok("SELECT " + self.quoted)
        self.assertIn("READ-WRITE", a.text)
        self.assertIn(b"[PERMANENTFLAGS (\\Seen)]", a.all())
        g.ok("STORE 1 +FLAGS (\\Seen)")
        self.assertIn("NOPERM", g.cmd("STORE 1 +FLAGS (\\Flagged)").text)
        self.assertIn("NOPERM", g.cmd("EXPUNGE").text)
        # What may be changed is changed, the rest stays (RFC 4314 §4).
        g.ok("STORE 2 +FLAGS (\\Seen \\Deleted $word)")
        flags = g.ok("FETCH 2 FLAGS").all()
        self.assertIn(b"\\Seen", flags)
        self.assertNotIn(b"\\Deleted", flags)
        self.assertNotIn(b"$word", flags)
        o = self.peer()
        o.ok("SELECT " + self.box)
        o.ok("STORE 3 FLAGS (\\Flagged \\Deleted)")
        g.ok("STORE 3 FLAGS (\\Seen)")
        flags = o.ok("FETCH 3 FLAGS").all()
        for f in (b"\\Flagged", b"\\Deleted", b"\\Seen"):
            self.assertIn(f, flags)
        self.give("lrste")
        g.ok("NOOP")
        g.ok("STORE 4 +FLAGS (\\Deleted)")
        self.assertEqual(len(g.ok("EXPUNGE").of("EXPUNGE")), 2)
        self.assertEqual(len(o.ok("NOOP").of("EXPUNGE")), 2)

    def test_closing_without_e_expunges_nothing(self):
        self.filled(1, selected=False, flags="(\\Deleted) ")
        self.give("lrs")
        g = self.guest()
        g.ok("SELECT " + self.quoted)
        g.ok("CLOSE")
        self.assertIn(b"MESSAGES 1", self.made.ok("STATUS %s (MESSAGES)" % self.box).all())

    def test_appending_needs_i_and_keeps_the_flags_that_may_be_set(self):
        self.give("lri")
        g = self.guest()
        a = g.append(self.quoted, mail(1), "(\\Seen \\Flagged) ")
        self.assertEqual(a.status, "OK", a)
        self.assertIn("APPENDUID", a.text)
        o = self.peer()
        o.ok("SELECT " + self.box)
        flags = o.ok("FETCH 1 FLAGS").all()
        self.assertNotIn(b"\\Seen", flags)
        self.assertNotIn(b"\\Flagged", flags)
        self.assertEqual(o.ok("FETCH 1 BODY.PEEK[]").literals(), [mail(1)])

    def test_copies_and_moves_go_over_and_back(self):
        self.filled(3, selected=False, flags="($word) ")
        self.give("lr")
        g = self.guest()
        own = self.box + "-own"
        g.ok("CREATE " + own)
        try:
            g.ok("SELECT " + self.quoted)
            self.assertIn("COPYUID", g.ok("COPY 1:2 " + own).text)
            self.assertEqual(g.cmd("MOVE 3 " + own).status, "NO")
            self.give("lriw")
            g.ok("SELECT " + self.quoted)
            self.assertIn("NOPERM", g.cmd("MOVE 3 " + own).text)
            self.give("lrteiw")
            g.ok("NOOP")
            self.assertIn("COPYUID", g.ok("MOVE 3 " + own).all().decode())
            self.assertIn(b"MESSAGES 2", self.made.ok("STATUS %s (MESSAGES)" % self.box).all())
            g.ok("SELECT " + own)
            self.assertEqual(g.ok("FETCH 1:3 BODY.PEEK[]").literals(), [mail(1), mail(2), mail(3)])
            self.assertIn(b"$word", g.ok("FETCH 3 FLAGS").all())
            g.ok("MOVE 1 " + self.quoted)
            self.assertIn(b"MESSAGES 3", self.made.ok("STATUS %s (MESSAGES)" % self.box).all())
            g.ok("SELECT " + self.quoted)
            g.ok("COPY 1 " + self.quoted)
            g.ok("NOOP")
            self.assertEqual(g.ok("SEARCH ALL").numbers(), [1, 2, 3, 4])
        finally:
            g.cmd("DELETE " + own)

    def replace(self, p, uid, box, message):
        p.send(b"rp UID REPLACE %d %s (\\Seen) {%d+}\r\n%s\r\n" % (uid, box.encode(), len(message), message))
        return p.wait("rp")

    def texts(self, p, box):
        p.ok("EXAMINE " + box)
        return [l for l in p.ok("UID FETCH 1:* BODY.PEEK[]").literals()] if p.ok("STATUS %s (MESSAGES)" % box).of("STATUS")[0].split()[-1] != b"0)" else []

    def test_replace_goes_over_and_within(self):
        self.filled(3, selected=False)
        own = self.box + "-own"
        g, look = self.guest(), self.peer()
        g.ok("CREATE " + own)
        try:
            for n in (11, 12):
                self.assertEqual(g.append(own, mail(n)).status, "OK")
            self.give("lr")
            g.ok("SELECT " + self.quoted)
            self.assertIn("[READ-ONLY]", self.replace(g, 1, own, mail(4)).text)
            self.give("lrs")
            g.ok("SELECT " + self.quoted)
            self.assertIn("[NOPERM]", self.replace(g, 1, own, mail(4)).text)
            g.ok("SELECT " + own)
            self.assertIn("[NOPERM]", self.replace(g, 1, self.quoted, mail(4)).text)
            self.assertIn("[TRYCREATE]", self.replace(g, 1, self.quoted[:-1] + '-gone"', mail(4)).text)
            self.give("lrite")
            # From his own into the other's: the flag needs the right s.
            a = self.replace(g, 1, self.quoted, mail(4))
            self.assertEqual(a.status, "OK", a)
            self.assertEqual(a.code("APPENDUID").split()[1], "4")
            self.assertEqual(self.texts(look, self.box), [mail(1), mail(2), mail(3), mail(4)])
            self.assertNotIn(b"\\Seen", look.ok("UID FETCH 4 FLAGS").all())
            self.assertEqual(self.texts(g, own), [mail(12)])
            # Within the other's, and from it into his own.
            g.ok("SELECT " + self.quoted)
            a = self.replace(g, 2, self.quoted, mail(5))
            self.assertEqual(a.status, "OK", a)
            self.assertEqual(self.replace(g, 3, own, mail(6)).status, "OK")
            self.assertIn("[EXPUNGEISSUED]", self.replace(g, 3, own, mail(6)).text)
            self.assertEqual(self.texts(look, self.box), [mail(1), mail(4), mail(5)])
            self.assertEqual(self.texts(g, own), [mail(12), mail(6)])
        finally:
            g.cmd("UNSELECT")
            g.ok("DELETE " + own)

    def test_notify_tells_of_mailboxes_that_are_not_selected(self):
        other, hidden = self.box + "-b", self.box + "-c"
        for name in (other, hidden):
            self.made.ok("CREATE " + name)
        self.give("lr")
        self.give("lr", box=other)
        self.give("l", box=hidden)
        self.filled(1, selected=False)
        g = self.guest()
        g.ok("SELECT INBOX")
        # Two by name, one of which may not be read; STATUS at the beginning.
        theirs = self.theirs
        a = g.ok('NOTIFY SET STATUS (mailboxes ("%s" "%s-b" "%s-c") (MessageNew MessageExpunge FlagChange))' % (theirs, theirs, theirs))
        self.assertEqual([l.split(b'"')[1].decode() for l in a.of("STATUS")], [theirs, theirs + "-b"])
        self.assertIn(b"MESSAGES 1", a.of("STATUS")[0])
        for box, count in ((hidden, 1), (other, 1), (self.box, 2)):
            self.assertEqual(self.made.append(box, mail(7)).status, "OK")
            if box != hidden:
                told = g.until("STATUS").lines
                self.assertEqual(len(told), 1, told)
                self.assertRegex(told[0], rb'^\* STATUS "Other Users/[^"]*%s" \(MESSAGES %d UIDNEXT %d' % (box.encode(), count, count + 1))
        self.made.ok("SELECT " + other)
        self.made.ok("STORE 1 +FLAGS.SILENT (\\Seen)")
        self.assertIn(b"UNSEEN 0", g.until("STATUS").all())
        # The selected one is told as such, and then again as one of the others.
        g.ok("SELECT " + self.quoted)
        self.made.append(other, mail(8))
        self.assertIn(other.encode() + b'" (MESSAGES 2', g.until("STATUS").all())
        g.ok("SELECT INBOX")
        self.made.append(self.box, mail(9))
        self.assertIn(self.box.encode() + b'" (MESSAGES 3', g.until("STATUS").all())
        # Without the right to read nothing more is told; the next told is of the other.
        self.give("l")
        self.made.append(self.box, mail(10))
        self.made.append(other, mail(11))
        told = g.until("STATUS").lines
        self.assertEqual(len(told), 1, told)
        self.assertIn(other.encode() + b'" (MESSAGES 3', told[0])
        # By subscription, and not any more.
        g.ok('SUBSCRIBE "%s-b"' % theirs)
        try:
            g.ok("NOTIFY SET (subscribed (MessageNew MessageExpunge))")
            self.made.append(other, mail(12))
            self.assertIn(other.encode() + b'" (MESSAGES 4', g.until("STATUS").all())
        finally:
            g.ok('UNSUBSCRIBE "%s-b"' % theirs)
        g.ok("NOTIFY SET (personal (MessageNew MessageExpunge))")
        self.made.append(other, mail(13))
        g.append("INBOX", mail(14))
        self.assertNotIn(b"Other Users", g.ok("NOOP").all() + g.ok("NOTIFY NONE").all())

    def test_notify_tells_names_and_annotations_of_others(self):
        p, g, theirs = self.made, self.guest(), self.theirs
        hidden, late = self.box + "/hidden", self.box + "/late"
        self.give("lr")
        p.ok("CREATE " + hidden)
        p.ok("DELETEACL %s %s@%s" % (hidden, GUEST, DOMAIN))
        g.ok('NOTIFY SET (subtree "Other Users/%s@%s" (MailboxName MailboxMetadataChange))' % (OWNER, DOMAIN))

        def told(kind, name, *words):
            line = g.until(kind).lines
            self.assertEqual(len(line), 1, line)
            self.assertIn(('"%s' % name).encode(), line[0])
            for w in words:
                self.assertIn(w, line[0])

        # What may not be looked at makes no noise: the next that is told is of what may.
        p.ok("RENAME %s %s-2" % (hidden, hidden))
        p.ok('SETMETADATA %s-2 (/shared/comment "x")' % hidden)
        p.ok('SETMETADATA %s (/private/comment "the owner alone")' % self.box)
        p.ok('SETMETADATA %s (/shared/comment "x")' % self.box)
        told("METADATA", theirs, b" /shared/comment\r\n")
        p.ok("CREATE " + late)
        told("LIST", theirs + "/late", b"(\\HasNoChildren)")
        told("LIST", theirs, b"\\HasChildren")  # RFC 5465 section 5.4: its parent too
        p.ok("RENAME %s %s-2" % (late, late))
        told("LIST", theirs + "/late-2", b"OLDNAME", b'/late"')
        # The right to look is what makes and removes it for a guest.
        self.give("-l", box=late + "-2")
        told("LIST", theirs + "/late-2", b"\\NonExistent")
        told("LIST", theirs, b"\\HasNoChildren")
        p.ok('SETMETADATA %s-2 (/shared/comment "x")' % late)
        self.give("+l", box=late + "-2")
        told("LIST", theirs + "/late-2", b"(\\HasNoChildren)")
        told("LIST", theirs, b"\\HasChildren")
        p.ok("DELETE %s-2" % late)
        told("LIST", theirs + "/late-2", b"\\NonExistent")

    def test_mailboxes_below_are_made_moved_and_removed_by_right(self):
        self.give("lr")
        g = self.guest()
        below = '"%s/below"' % self.theirs
        self.assertIn("NOPERM", g.cmd("CREATE " + below).text)
        self.give("lrkx")
        g.ok("CREATE " + below)
        self.assertEqual(len(self.listed(g)), 2)
        self.assertIn(b" lrkxcd\r\n", g.ok("MYRIGHTS " + below).all())
        g.ok('RENAME %s "%s/moved"' % (below, self.theirs))
        self.assertEqual(g.cmd('RENAME "%s/moved" mine' % self.theirs).status, "NO")
        self.assertEqual(g.cmd('CREATE "Other Users/%s@%s/%s-top"' % (OWNER, DOMAIN, self.box)).status, "NO")
        self.made.ok("SELECT %s/moved" % self.box)
        self.made.ok("UNSELECT")
        g.ok('DELETE "%s/moved"' % self.theirs)
        self.assertEqual(len(self.listed(g)), 1)

    def test_lost_rights_end_the_selection(self):
        self.filled(1, selected=False)
        self.give("lrs")
        idle, busy = self.guest(), self.guest()
        for p in (idle, busy):
            p.ok("SELECT " + self.quoted)
        idle.idle()
        self.give("lr")
        self.assertIn(b"[PERMANENTFLAGS ()]", idle.until("PERMANENTFLAGS").all())
        self.made.ok("DELETEACL %s %s@%s" % (self.box, GUEST, DOMAIN))
        self.assertIn(b"* BYE The right to read", idle.until("BYE").all())
        a = busy.cmd("FETCH 1 BODY[]")
        self.assertEqual((a.status, a.literals()), ("NO", []))
        self.assertIn(b"* BYE", busy.until("BYE").all())

    def test_new_mail_reaches_a_guest_in_idle(self):
        self.give("lr")
        g = self.guest()
        g.ok("SELECT " + self.quoted)
        g.idle()
        self.made.append(self.box, mail(1))
        self.assertEqual(g.until("EXISTS").number("EXISTS"), 1)

    def test_each_reader_may_have_a_seen_of_his_own(self):
        self.filled(2, selected=False)
        self.made.ok('SETMETADATA %s (/shared/vendor/rookery/own-seen "true")' % self.box)
        self.give("lrs")
        g, o = self.guest(), self.peer()
        g.ok("SELECT " + self.quoted)
        g.ok("FETCH 1 BODY[]")
        self.assertIn(b"\\Seen", g.ok("FETCH 1 FLAGS").all())
        self.assertEqual(g.ok("SEARCH UNSEEN").numbers(), [2])
        o.ok("SELECT " + self.box)
        self.assertEqual(o.ok("SEARCH UNSEEN").numbers(), [1, 2])
        self.assertIn(b"UNSEEN 1", self.guest().ok("STATUS %s (UNSEEN)" % self.quoted).all())
        self.assertIn(b"UNSEEN 2", o.ok("STATUS %s (UNSEEN)" % self.box).all())
        self.assertIn(b'own-seen "true"', g.ok("GETMETADATA %s (DEPTH infinity) /shared" % self.quoted).all())
        self.assertIn("NOPERM", g.cmd("SETMETADATA %s (/shared/vendor/rookery/own-seen NIL)" % self.quoted).text)

    def searched(self, p, text):
        """Names of the mailboxes that an ESEARCH speaks of."""
        return [re.search(rb'MAILBOX ("[^"]*"|[^ ]+) ', l).group(1).strip(b'"').decode() for l in p.ok(text).of("ESEARCH")]

    def test_searching_many_mailboxes_goes_as_far_as_the_right_to_read(self):
        self.filled(2, selected=False)
        g = self.guest()
        for sources in ("mailboxes %s" % self.quoted, 'subtree "Other Users"', 'subtree-one "Other Users/%s@%s"' % (OWNER, DOMAIN)):
            self.give("l")
            self.assertEqual(self.searched(g, "ESEARCH IN (%s) ALL" % sources), [], sources)
            self.give("lr")
            self.assertEqual(self.searched(g, "ESEARCH IN (%s) ALL" % sources), [self.theirs], sources)
            self.made.ok("DELETEACL %s %s@%s" % (self.box, GUEST, DOMAIN))
            self.assertEqual(self.searched(g, "ESEARCH IN (%s) ALL" % sources), [], sources)
        self.give("lr")
        self.assertNotIn(self.theirs, self.searched(g, "ESEARCH IN (personal inboxes) ALL"))
        g.ok("SUBSCRIBE " + self.quoted)
        try:
            self.assertEqual(self.searched(g, 'ESEARCH IN (subscribed) SUBJECT "number 2"'), [self.theirs])
            g.ok("SELECT " + self.quoted)
            # Once, and by the name it was selected with.
            self.assertEqual(self.searched(g, "ESEARCH IN (selected subscribed) ALL"), [self.theirs])
            self.assertEqual(self.searched(g, "ESEARCH ALL"), [self.theirs])
        finally:
            g.ok("UNSUBSCRIBE " + self.quoted)

    def test_a_guest_of_an_inbox_still_has_his_own(self):
        # The numbers of mailboxes are an account's own: both have an INBOX with the same.
        theirs, mine = '"Other Users/%s@%s/INBOX"' % (OWNER, DOMAIN), "own %s" % self.box
        g = self.guest()
        g.append("INBOX", b"Subject: %s\r\n\r\nx\r\n" % mine.encode())
        self.made.ok("SETACL INBOX %s@%s lr" % (GUEST, DOMAIN))
        try:
            g.ok("SELECT " + theirs)
            self.assertEqual(self.searched(g, 'ESEARCH IN (mailboxes INBOX) SUBJECT "%s"' % mine), ["INBOX"])
            self.assertEqual(g.ok('SEARCH SUBJECT "%s"' % mine).numbers(), [])
            n = g.ok("NOTIFY SET (selected (MessageNew (UID) MessageExpunge)) (personal (MessageNew MessageExpunge))")
            self.assertEqual(n.status, "OK")
            with_mail = self.peer(GUEST)
            with_mail.append("INBOX", mail(7))
            self.assertIn(b"* STATUS INBOX (", g.until("STATUS").all())
        finally:
            self.made.ok("DELETEACL INBOX %s@%s" % (GUEST, DOMAIN))

    def test_notify_shows_a_guest_what_he_may_read(self):
        self.filled(1, selected=False)
        self.made.ok('SETMETADATA %s (/shared/vendor/rookery/own-seen "true")' % self.box)
        self.give("lrs")
        g, o = self.guest(), self.peer()
        g.ok("SELECT " + self.quoted)
        g.ok("NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange))")
        o.ok("SELECT " + self.box)
        o.ok("STORE 1 +FLAGS (\\Seen \\Flagged)")
        told = g.until("FETCH").all()
        self.assertIn(b"\\Flagged", told)
        self.assertNotIn(b"\\Seen", told)
        self.made.append(self.box, mail(2), "(\\Seen) ")
        told = g.until("FETCH").all()
        self.assertIn(b"* 2 EXISTS", told)
        self.assertIn(b"* 2 FETCH", told)
        self.assertNotIn(b"\\Seen", told)
        self.give("l")
        self.assertIn(b"* BYE The right to read", g.until("BYE").all())

    def test_changes_after_a_right_was_taken_are_refused(self):
        self.filled(2, selected=False, flags="(\\Deleted) ")
        for command in ("STORE 1 +FLAGS (\\Flagged)", "EXPUNGE", "CLOSE", "COPY 1 INBOX", "MOVE 1 INBOX"):
            self.give("lrswte")
            g = self.guest()
            g.ok("SELECT " + self.quoted)
            self.made.ok("DELETEACL %s %s@%s" % (self.box, GUEST, DOMAIN))
            self.assertIn("NOPERM", g.cmd(command).text, command)
            self.assertIn(b"* BYE", g.until("BYE").all())
        self.assertIn(b"MESSAGES 2", self.made.ok("STATUS %s (MESSAGES)" % self.box).all())

    def test_subscriptions_and_return_options(self):
        self.give("lr")
        g = self.guest()
        g.ok("SUBSCRIBE " + self.quoted)
        try:
            self.assertIn(self.theirs.encode(), g.ok('LSUB "" "*"').all())
            self.assertIn(self.theirs.encode(), g.ok('LIST (SUBSCRIBED) "" "*"').all())
            a = g.ok('LIST "" (%s %s*) RETURN (MYRIGHTS STATUS (MESSAGES))' % ('"%s"' % self.theirs, "INBOX"))
            self.assertIn(b"* MYRIGHTS %s lr\r\n" % self.quoted.encode(), a.all())
            self.assertIn(b"* MYRIGHTS INBOX %s\r\n" % ALL.encode(), a.all())
            self.assertIn(b"* STATUS %s (MESSAGES 0)" % self.quoted.encode(), a.all())
            self.assertIn(b'\\HasChildren) "/" "Other Users"', g.ok('LIST "" "%"').all())
        finally:
            g.ok("UNSUBSCRIBE " + self.quoted)

    def test_annotations_are_private_or_shared(self):
        p, g = self.made, self.guest()
        self.give("lr")
        p.ok('SETMETADATA %s (/shared/comment "for all" /private/comment "mine")' % self.box)
        g.ok('SETMETADATA %s (/private/comment "the guest\'s")' % self.quoted)
        self.assertIn("NOPERM", g.cmd('SETMETADATA %s (/shared/comment "no")' % self.quoted).text)
        self.assertIn(b'(/private/comment "mine" /shared/comment "for all")', p.ok("GETMETADATA %s (/shared/comment /private/comment)" % self.box).all())
        self.assertIn(b'(/private/comment "the guest\'s" /shared/comment "for all")', g.ok("GETMETADATA %s (/shared/comment /private/comment)" % self.quoted).all())
        self.assertIn("LONGENTRIES 7", p.ok("GETMETADATA %s (MAXSIZE 4) (/shared/comment /private/comment)" % self.box).text)
        a = p.ok('LIST "" %s RETURN (METADATA (/shared/comment))' % self.box)
        self.assertIn(b'* METADATA %s (/shared/comment "for all")' % self.box.encode(), a.all())
        p.ok('SETMETADATA "" (/private/comment "of the server")')
        self.assertIn(b'* METADATA "" (/private/comment "of the server")', p.ok('GETMETADATA "" /private/comment').all())
        p.ok('SETMETADATA "" (/private/comment NIL)')
        self.assertEqual(p.ok('GETMETADATA "" /private/comment').of("METADATA"), [])
        self.assertIn("NOPERM", p.cmd('SETMETADATA "" (/shared/comment "x")').text)
        self.assertIn("METADATA MAXSIZE", p.cmd('SETMETADATA %s (/shared/x {40000+}\r\n%s)' % (self.box, "x" * 40000)).text)
        self.assertIn("METADATA TOOMANY", p.cmd("SETMETADATA %s (%s)" % (self.box, " ".join('/shared/n%d "x"' % i for i in range(200)))).text)

    def test_imaplib_speaks_of_rights(self):
        m = imaplib.IMAP4(HOST, PORT)
        m.login("%s@%s" % (OWNER, DOMAIN), PASSWORD)
        self.assertEqual(m.setacl(self.box, "%s@%s" % (GUEST, DOMAIN), "lrs")[0], "OK")
        self.assertIn(b"lrs", m.getacl(self.box)[1][0])
        self.assertEqual(m.myrights(self.box)[0], "OK")
        self.assertEqual(m.deleteacl(self.box, "%s@%s" % (GUEST, DOMAIN))[0], "OK")
        m.logout()

    def test_public_folders_of_the_domain(self):
        cli = lambda *words: subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], *words], check=True, stdout=subprocess.DEVNULL)
        cli("domain", "change", DOMAIN, "--public-account", "%s@%s" % (OWNER, DOMAIN))
        try:
            self.made.ok("SETACL %s anyone lr" % self.box)
            g = self.guest()
            self.assertIn(b" Public/" + self.box.encode(), g.ok('LIST "" "*"').all())
            self.assertIn("READ-ONLY", g.ok("SELECT Public/" + self.box).text)
            self.assertEqual(g.cmd("SELECT Public/INBOX").status, "NO")
        finally:
            cli("domain", "change", DOMAIN, "--public-account", "")


if __name__ == "__main__":
    unittest.main()
