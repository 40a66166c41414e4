"""LIST in all its forms, LSUB, CREATE, DELETE, RENAME, NAMESPACE, special uses, names."""
from peer import *


class List(Case):
    def names(self, answer, kind="LIST"):
        return [l.split(b' "/" ', 1)[1].strip().strip(b'"').decode() for l in answer.of(kind)]

    def attributes(self, p, name, command='LIST "" "%s"'):
        line = p.ok(command.replace("%s", name, 1).replace("%%", "%")).of("LIST")[0]
        return set(re.search(rb"\(([^)]*)\)", line).group(1).decode().split())

    def test_patterns_and_made_up_parents(self):
        p, b = self.peer(), self.box
        p.ok("CREATE %s/x/y" % b)
        # RFC 3501 §6.3.4: a parent that is not there is shown by "%", not by "*".
        self.assertEqual(self.names(p.ok('LIST "" "%s*"' % b)), [b, b + "/x/y"])
        self.assertEqual(self.names(p.ok('LIST "" "%s/%%"' % b)), [b + "/x"])
        self.assertEqual(self.names(p.ok('LIST "%s/" "*"' % b)), [b + "/x/y"])
        self.assertTrue(self.attributes(p, b, 'LIST "" "%s/%%"') & {"\\Noselect", "\\NonExistent"})
        self.assertIn("\\HasChildren", self.attributes(p, b))
        self.assertIn("\\HasNoChildren", self.attributes(p, b + "/x/y"))
        self.assertEqual(p.cmd("SELECT %s/x" % b).status, "NO")
        self.assertIn("INBOX", self.names(p.ok('LIST "" %')))
        self.assertIn("INBOX", self.names(p.ok('LIST "" inbox')))

    def test_the_separator_is_told(self):
        self.assertEqual(self.peer().ok('LIST "" ""').of("LIST")[0], b'* LIST (\\Noselect) "/" ""\r\n')

    def test_extended_options(self):
        p, b = self.peer(), self.box
        for n in ("a", "b", "b/c"):
            p.ok("CREATE %s/%s" % (b, n))
        p.ok("SUBSCRIBE %s/a" % b)
        p.ok("SUBSCRIBE %s/b/c" % b)
        p.ok("SUBSCRIBE %s/gone" % b)
        a = p.ok('LIST (SUBSCRIBED) "" "%s/*"' % b)
        self.assertEqual(self.names(a), [b + "/a", b + "/b/c", b + "/gone"])
        self.assertIn(b"\\NonExistent", a.of("LIST")[2])
        a = p.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" "%s/%%"' % b)
        self.assertIn(b'CHILDINFO', a.all())
        a = p.ok('LIST "" ("%s/a" "%s/b") RETURN (SUBSCRIBED CHILDREN)' % (b, b))
        self.assertEqual(self.names(a), [b + "/a", b + "/b"])
        self.assertIn(b"\\Subscribed", a.of("LIST")[0])
        a = p.ok('LIST "" "%s/%%" RETURN (STATUS (MESSAGES UIDNEXT))' % b)
        self.assertEqual(len(a.of("STATUS")), 2)
        self.assertEqual(self.names(p.ok('LSUB "" "%s/*"' % b), "LSUB"), [b + "/a", b + "/b/c", b + "/gone"])
        p.ok("UNSUBSCRIBE %s/gone" % b)
        self.assertEqual(self.names(p.ok('LSUB "" "%s/*"' % b), "LSUB"), [b + "/a", b + "/b/c"])

    def test_special_uses(self):
        p, b = self.peer(), self.box
        p.ok("CREATE %s/out (USE (\\Sent))" % b)
        self.assertIn("\\Sent", self.attributes(p, b + "/out", 'LIST "" "%s" RETURN (SPECIAL-USE)'))
        self.assertIn(b + "/out", self.names(p.ok('LIST (SPECIAL-USE) "" "%s*"' % b)))
        a = p.cmd("CREATE %s/all (USE (\\All))" % b)
        self.assertEqual(a.status, "NO")
        self.assertIn("USEATTR", a.text)

    def test_create_delete_rename(self):
        p, b = self.peer(), self.box
        self.assertIn("ALREADYEXISTS", p.cmd("CREATE " + b).text)
        self.assertEqual(p.cmd("CREATE INBOX").status, "NO")
        self.assertEqual(p.cmd("DELETE INBOX").status, "NO")
        self.assertIn("NONEXISTENT", p.cmd("DELETE %s/none" % b).text)
        self.assertIn("NONEXISTENT", p.cmd("RENAME %s/none %s/x" % (b, b)).text)
        self.assertRegex(p.ok("CREATE %s/trail/" % b).code("MAILBOXID"), r"\(")
        p.ok("CREATE %s/trail/child" % b)
        self.filled(2, selected=False)
        p.ok("RENAME %s/trail %s/moved" % (b, b))
        self.assertEqual(self.names(p.ok('LIST "" "%s/*"' % b)), [b + "/moved", b + "/moved/child"])
        self.assertIn("ALREADYEXISTS", p.cmd("RENAME %s/moved %s" % (b, b)).text)
        self.assertEqual(p.cmd("RENAME %s/moved %s/moved/deeper" % (b, b)).status, "NO")
        p.ok("DELETE %s/moved" % b)
        self.assertTrue(self.attributes(p, b, 'LIST "" "%s/%%"') & {"\\Noselect", "\\NonExistent"})
        self.assertEqual(p.cmd("DELETE %s/moved" % b).status, "NO")
        p.ok("DELETE %s/moved/child" % b)
        self.assertEqual(self.names(p.ok('LIST "" "%s/*"' % b)), [])

    def test_renaming_inbox_moves_its_messages(self):
        user = USERS[-1]
        p = self.peer(user)
        p.append("INBOX", mail(1))
        count = int(p.ok("STATUS INBOX (MESSAGES)").of("STATUS")[0].split()[-1][:-1])
        p.ok("RENAME INBOX %s" % self.box)
        self.assertEqual(p.ok("STATUS INBOX (MESSAGES)").of("STATUS")[0].split()[-1], b"0)")
        self.assertEqual(p.ok("SELECT " + self.box).number("EXISTS"), count)
        p.ok("UNSELECT")
        p.ok("DELETE " + self.box)

    def test_names_travel_in_modified_utf7_or_utf8(self):
        p, b = self.peer(), self.box
        p.ok("CREATE \"%s/Entw&APw-rfe\"" % b)
        self.assertEqual(self.names(p.ok('LIST "" "%s/*"' % b)), [b + "/Entw&APw-rfe"])
        q = self.peer()
        q.ok("ENABLE UTF8=ACCEPT")
        self.assertEqual(self.names(q.ok('LIST "" "%s/*"' % b)), [b + "/Entwürfe"])
        self.assertEqual(q.ok('SELECT "%s/Entwürfe"' % b).number("EXISTS"), 0)
        for bad in ('"%s/a*b"' % b, '"%s//x"' % b, '"%s/&bad"' % b):
            self.assertIn(p.cmd("CREATE " + bad).status, ("NO", "BAD"), bad)

    def test_a_name_made_and_deleted_many_times(self):
        p = self.peer()
        for i in range(100):
            p.ok("CREATE %s/again" % self.box)
            p.append(self.box + "/again", mail(i))
            p.ok("DELETE %s/again" % self.box)

    def test_a_thousand_mailboxes(self):
        p = self.peer()
        tags = [p.begin("CREATE %s/n%04d" % (self.box, i)) for i in range(1000)]
        for t in tags:
            self.assertEqual(p.wait(t).status, "OK")
        self.assertEqual(len(p.ok('LIST "" "%s/*"' % self.box).of("LIST")), 1000)
        self.assertEqual(len(p.ok('LIST "" "%s/*" RETURN (STATUS (MESSAGES))' % self.box).of("STATUS")), 1000)
        tags = [p.begin("DELETE %s/n%04d" % (self.box, i)) for i in range(1000)]
        for t in tags:
            p.wait(t)

    def test_namespace_and_quota(self):
        p = self.peer()
        self.assertIn(b'(("" "/")) (("Other Users/" "/")) (("Public/" "/"))', p.ok("NAMESPACE").all())
        a = p.ok("GETQUOTAROOT INBOX")
        self.assertTrue(a.of("QUOTAROOT") and a.of("QUOTA"))
        self.assertEqual(self.peer(USERS[1]).cmd('SETQUOTA "" (STORAGE 10)').status, "NO")


if __name__ == "__main__":
    unittest.main()
