"""NOTIFY (RFC 5465): told between commands, as asked."""
from peer import *


class Notify(Case):
    def test_new_messages_come_with_what_was_asked_of_them(self):
        p, q = self.filled(1), self.peer()
        self.assertIn("NOTIFY", p.ok("CAPABILITY").all().decode())
        p.ok("NOTIFY SET (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (Subject)]) MessageExpunge FlagChange))")
        q.append(self.box, mail(2))
        a = p.until("FETCH")
        self.assertEqual(a.number("EXISTS"), 2)
        self.assertEqual(a.literals(), [b"Subject: Message number 2\r\n\r\n"])
        self.assertIn(b"UID 2", a.all())
        # Changes name the UID; an EXPUNGE comes at once.
        q.ok("SELECT " + self.box)
        q.ok("UID STORE 1 +FLAGS.SILENT (\\Deleted)")
        self.assertRegex(p.until("FETCH").lines[-1], rb"^\* 1 FETCH \(UID 1 FLAGS \(\\Deleted[^)]*\)\)")
        q.ok("EXPUNGE")
        self.assertEqual(p.until("EXPUNGE").lines, [b"* 1 EXPUNGE\r\n"])
        # What it brought itself is not shown to it.
        self.assertEqual(p.append(self.box, mail(3)).of("FETCH"), [])
        q.append(self.box, mail(4))
        a = p.until("Message number 4")
        self.assertNotIn(b"Message number 3", a.all())
        # In IDLE the same.
        tag = p.idle()
        q.append(self.box, mail(5))
        self.assertIn(b"Message number 5", p.until("FETCH").all())
        self.assertEqual(p.done(tag).status, "OK")
        p.ok("NOOP")

    def test_expunges_can_be_delayed(self):
        p, q = self.filled(2), self.peer()
        p.ok("NOTIFY SET (selected-delayed (MessageNew MessageExpunge))")
        q.ok("SELECT " + self.box)
        q.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        q.ok("EXPUNGE")
        q.append(self.box, mail(3))
        a = p.until("EXISTS")
        self.assertEqual(a.of("EXPUNGE") + a.of("FETCH"), [])
        self.assertEqual(p.ok("NOOP").of("EXPUNGE"), [b"* 1 EXPUNGE\r\n"])

    def test_other_mailboxes_by_status(self):
        p, q = self.peer(), self.peer()
        p.ok("CREATE %s/a" % self.box)
        q.append(self.box + "/a", mail(1))
        a = p.ok("NOTIFY SET STATUS (subtree %s (MessageNew MessageExpunge FlagChange))" % self.box)
        status = [l for l in a.of("STATUS") if b"/a " in l][0]
        for word in (b"MESSAGES 1", b"UIDNEXT 2", b"UIDVALIDITY", b"HIGHESTMODSEQ"):
            self.assertIn(word, status)
        q.append(self.box + "/a", mail(2))
        self.assertRegex(p.until("STATUS").lines[-1], rb"^\* STATUS \S+/a \(MESSAGES 2 UIDNEXT 3\b")
        q.ok("SELECT %s/a" % self.box)
        q.ok("STORE 1 +FLAGS.SILENT (\\Seen)")
        self.assertIn(b"UNSEEN 1", p.until("STATUS").lines[-1])
        # With CONDSTORE each change counts.
        p.ok("ENABLE CONDSTORE")
        q.ok("STORE 1 +FLAGS.SILENT (\\Flagged)")
        self.assertIn(b"HIGHESTMODSEQ", p.until("STATUS").lines[-1])

    def test_names_and_subscriptions(self):
        p, q = self.peer(), self.peer()
        p.ok("NOTIFY SET (subtree %s (MailboxName SubscriptionChange))" % self.box)
        q.ok("CREATE %s/a" % self.box)
        a = p.until("/a\r\n")
        self.assertEqual(a.of("LIST")[0], b'* LIST (\\HasNoChildren) "/" %s/a\r\n' % self.box.encode())
        self.assertIn(b"HasChildren", p.until("LIST").lines[-1])  # its parent
        q.ok("SUBSCRIBE %s/a" % self.box)
        self.assertIn(b"\\Subscribed", p.until("/a\r\n").lines[-1])
        q.ok("UNSUBSCRIBE %s/a" % self.box)
        self.assertNotIn(b"\\Subscribed", p.until("/a\r\n").lines[-1])
        q.ok("RENAME %s/a %s/b" % (self.box, self.box))
        self.assertIn(b'"OLDNAME" (%s/a)' % self.box.encode(), p.until("/b").lines[-1])
        q.ok("DELETE %s/b" % self.box)
        self.assertIn(b"\\NonExistent", p.until("/b\r\n").lines[-1])
        p.until("LIST")
        # Its own are not told; the next line is the answer to NOOP.
        p.ok("CREATE %s/own" % self.box)
        a = p.ok("NOOP")
        self.assertNotIn(b"/own", a.all())
        p.ok("DELETE %s/own" % self.box)

    def test_annotations(self):
        p, q = self.peer(), self.peer()
        p.ok("NOTIFY SET (subtree %s (MailboxMetadataChange ServerMetadataChange))" % self.box)
        q.ok('SETMETADATA %s (/shared/comment "x" /private/comment "y")' % self.box)
        self.assertEqual(p.until("METADATA").lines, [b"* METADATA %s /shared/comment /private/comment\r\n" % self.box.encode()])
        q.ok('SETMETADATA "" (/private/comment "z")')
        self.assertEqual(p.until("METADATA").lines, [b'* METADATA "" /private/comment\r\n'])
        q.ok('SETMETADATA "" (/private/comment NIL)')
        self.assertEqual(p.until("METADATA").lines, [b'* METADATA "" /private/comment\r\n'])
        q.ok('SETMETADATA %s (/shared/vendor/rookery/own-seen "true")' % self.box)
        self.assertEqual(p.until("METADATA").lines, [b"* METADATA %s /shared/vendor/rookery/own-seen\r\n" % self.box.encode()])
        # Its own changes, other mailboxes and what another reader keeps for himself are not told: the next is.
        p.ok('SETMETADATA %s (/shared/own "x")' % self.box)
        q.ok('SETMETADATA INBOX (/shared/elsewhere "x")')
        q.ok("SETMETADATA INBOX (/shared/elsewhere NIL)")
        q.ok("SETACL %s %s@%s lr" % (self.box, USERS[1], DOMAIN))
        guest = self.peer(USERS[1])
        theirs = '"Other Users/%s@%s/%s"' % (USERS[0], DOMAIN, self.box)
        guest.ok('SETMETADATA %s (/private/comment "the guest\'s")' % theirs)
        q.ok('SETMETADATA %s (/shared/last "x")' % self.box)
        self.assertEqual(p.until("METADATA").lines, [b"* METADATA %s /shared/last\r\n" % self.box.encode()])

    def test_annotations_are_not_told_where_nobody_asked(self):
        p, q = self.peer(), self.peer()
        p.ok("NOTIFY SET (subtree %s (MailboxName SubscriptionChange))" % self.box)
        q.ok('SETMETADATA %s (/shared/comment "x")' % self.box)
        q.ok("SUBSCRIBE " + self.box)
        self.assertNotIn(b"METADATA", p.until("LIST").all())
        q.ok("UNSUBSCRIBE " + self.box)

    def test_none_is_silence(self):
        p, q = self.filled(1), self.peer()
        p.ok("NOTIFY NONE")
        q.append(self.box, mail(2))
        self.assertEqual(p.ok("NOOP").lines, [])
        p.ok("NOTIFY SET (selected (MessageNew MessageExpunge))")
        self.assertEqual(p.ok("UID SEARCH ALL").numbers(), [1, 2])


if __name__ == "__main__":
    unittest.main()
