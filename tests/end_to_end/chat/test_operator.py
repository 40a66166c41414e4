"""What the operator does with those who chat."""
import json, os, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import *

A, B = USERS[:2]


def rookery(*verb):
    return subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], "chat", *verb], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=LIMIT)


class Operator(Case):
    async def test_sessions_are_shown_told_and_ended(self):
        a, b = await self.client(A, "desk"), await self.client(B, "phone")
        shown = rookery("sessions")
        self.assertIn(jid(A) + "/desk", shown.stdout)
        self.assertIn(jid(B) + "/phone", shown.stdout)
        # Streams of tests before this one may wait to be resumed.
        shown = [s["address"] for s in json.loads(rookery("sessions", jid(B), "--json").stdout)]
        self.assertIn(jid(B) + "/phone", shown)
        self.assertEqual({address.split("/")[0] for address in shown}, {jid(B)})
        self.assertIn("accounts were told", rookery("announce", "Tea is ready").stdout)
        for c in (a, b):
            self.assertEqual((await c.message("Tea is ready"))["from"], DOMAIN)
        self.assertEqual(rookery("kick", jid(A) + "/elsewhere").stdout.strip(), "0 sessions were ended")
        self.assertEqual(rookery("kick", jid(A) + "/desk", "--text", "Go home").stdout.strip(), "1 sessions were ended")
        await a.got("disconnected")
        b.send_message(b.boundjid, "still here")
        await b.message("still here")
        self.assertEqual(rookery("kick", "@").returncode, 1)


if __name__ == "__main__":
    unittest.main()
