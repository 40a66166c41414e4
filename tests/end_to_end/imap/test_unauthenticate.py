"""UNAUTHENTICATE (RFC 8437): one connection, one user after the other."""
from peer import *


class Unauthenticate(Case):
    def test_the_next_user_inherits_nothing(self):
        p = self.filled(1)
        self.assertIn("UNAUTHENTICATE", p.ok("CAPABILITY").all().decode())
        p.ok("ENABLE QRESYNC")
        p.ok("SELECT " + self.box)
        p.ok("SEARCH RETURN (SAVE) ALL")
        a = p.ok("UNAUTHENTICATE")
        self.assertIn("AUTH=", a.text)
        self.assertEqual(p.cmd("SELECT INBOX").status, "BAD")
        p.ok('LOGIN "%s@%s" "%s"' % (USERS[1], DOMAIN, PASSWORD))
        self.assertEqual(p.cmd("SELECT " + self.box).code("NONEXISTENT"), "")
        self.assertEqual(p.cmd("FETCH $ FLAGS").status, "BAD")
        self.assertNotIn(self.box.encode(), p.ok('LIST "" *').all())

    def test_the_next_login_may_be_pipelined(self):
        p = self.peer()
        p.send('a UNAUTHENTICATE\r\nb LOGIN "%s@%s" "%s"\r\nc SELECT INBOX\r\n' % (USERS[1], DOMAIN, PASSWORD))
        for tag in "abc":
            self.assertEqual(p.wait(tag).status, "OK")

    def test_not_while_compressed(self):
        p = self.peer()
        p.ok("COMPRESS DEFLATE")
        p.deflate, p.inflate = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)
        self.assertNotIn("UNAUTHENTICATE", p.ok("CAPABILITY").all().decode())
        self.assertEqual(p.cmd("UNAUTHENTICATE").status, "BAD")
        p.ok("NOOP")

    def test_nothing_is_expunged_by_it(self):
        p = self.filled(1)
        p.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        p.ok("UNAUTHENTICATE")
        self.assertEqual(self.peer().ok("SELECT " + self.box).number("EXISTS"), 1)


if __name__ == "__main__":
    unittest.main()
