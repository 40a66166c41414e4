"""Clients of browsers against the web service: xmpp.js over a WebSocket, strophe.js over BOSH and over a WebSocket.

They come from npm when the test runs. Only when npm cannot get them the test is left out, and says so.
"""
import os, subprocess, sys, unittest
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from npm import get_clients

HOST, DOMAIN, PASSWORD = os.environ["ROOKERY_HOST"], os.environ["ROOKERY_DOMAIN"], os.environ["ROOKERY_PASSWORD"]
USERS = os.environ["ROOKERY_USERS"].split(",")
WEB, HTTPS = os.environ["ROOKERY_WEB_PORT"], os.environ["ROOKERY_HTTPS_PORT"]


class Javascript(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = get_clients(cls)

    def play(self, script, *arguments):
        done = subprocess.run(["node", script, *arguments], cwd=self.folder, text=True, timeout=240, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("done", done.stdout)

    def test_xmpp_js_talks_over_a_websocket(self):
        self.play("xmpp_js.mjs", "ws://%s:%s/xmpp-websocket" % (HOST, WEB), DOMAIN, PASSWORD, *USERS[:2])

    def test_xmpp_js_talks_over_a_websocket_in_tls(self):
        self.play("xmpp_js.mjs", "wss://%s:%s/xmpp-websocket" % (HOST, HTTPS), DOMAIN, PASSWORD, *USERS[2:4])

    def test_strophe_talks_over_bosh(self):
        self.play("strophe_js.mjs", "http://%s:%s/http-bind" % (HOST, WEB), DOMAIN, PASSWORD, USERS[4])

    def test_strophe_talks_over_a_websocket(self):
        self.play("strophe_js.mjs", "ws://%s:%s/xmpp-websocket" % (HOST, WEB), DOMAIN, PASSWORD, USERS[5])


if __name__ == "__main__":
    unittest.main()
