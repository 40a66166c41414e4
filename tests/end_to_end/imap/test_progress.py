"""INPROGRESS (RFC 9585)."""
import subprocess
from peer import *


def setting(*words):
    subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], "settings", *words],
                   check=True, stdout=subprocess.DEVNULL, timeout=120)


class Progress(Case):
    def test_a_search_in_texts_says_that_it_has_begun(self):
        setting("set", "imap.progress_seconds", "0")
        try:
            p = self.filled(3)
            self.assertIn("INPROGRESS", p.ok("CAPABILITY").all().decode())
            tag = p.begin("SEARCH BODY words")
            a = p.wait(tag)
            self.assertEqual(a.lines[0], b'* OK [INPROGRESS ("%s" 0 3)] Begun\r\n' % tag.encode())
            self.assertEqual(a.numbers(), [1, 2, 3])
            tag = p.begin("ESEARCH IN (subtree %s mailboxes INBOX) BODY words" % self.box)
            self.assertRegex(p.wait(tag).lines[0], rb'^\* OK \[INPROGRESS \("%s" (NIL NIL|0 1)\)\]' % tag.encode())
            # What is answered from memory is never long.
            self.assertNotIn(b"INPROGRESS", p.ok("SEARCH UNSEEN").all())
        finally:
            setting("unset", "imap.progress_seconds")


if __name__ == "__main__":
    unittest.main()
