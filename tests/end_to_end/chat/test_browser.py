"""A browser, Chromium without a window: xmpp.js over a WebSocket, strophe.js over BOSH and over a WebSocket, in a page of another origin.

The clients come from npm when the test runs. When npm reaches nobody, or Chromium is not installed, the test is left out and says so.
"""
import functools, http.server, os, queue, shutil, signal, subprocess, sys, tempfile, threading, unittest, urllib.parse
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from npm import get_clients

HOST, DOMAIN, PASSWORD = os.environ["ROOKERY_HOST"], os.environ["ROOKERY_DOMAIN"], os.environ["ROOKERY_PASSWORD"]
USERS = os.environ["ROOKERY_USERS"].split(",")
WEB, HTTPS = os.environ["ROOKERY_WEB_PORT"], os.environ["ROOKERY_HTTPS_PORT"]
LIMIT = 240


class Page(http.server.SimpleHTTPRequestHandler):
    """Gives the files of a folder; what is posted is the page's result."""

    def __init__(self, results, *a, **k):
        self.results = results
        super().__init__(*a, **k)

    def do_POST(self):
        self.results.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *a):
        pass


@unittest.skipUnless(shutil.which("chromium"), "chromium is not installed")
class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = get_clients(cls)
        cls.results = queue.Queue()
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Page, cls.results, directory=cls.folder))
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    def play(self, library, script, service, **more):
        told = dict(library="node_modules/" + library, script=script, service=service, domain=DOMAIN, password=PASSWORD, **more)
        profile = tempfile.mkdtemp(prefix="rookery-chromium-")
        self.addCleanup(shutil.rmtree, profile, True)
        url = "http://127.0.0.1:%d/page.html?%s" % (self.server.server_port, urllib.parse.urlencode(told))
        with open(os.path.join(profile, "log"), "w+") as log:
            browser = subprocess.Popen(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
                                        "--disable-background-networking", "--disable-component-update", "--ignore-certificate-errors", "--enable-logging=stderr",
                                        "--user-data-dir=" + profile, url],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
            try:
                result = self.results.get(timeout=LIMIT)
            except queue.Empty:
                log.seek(0)
                result = "nothing came; the browser: " + log.read()[-3000:]
            finally:
                os.killpg(browser.pid, signal.SIGKILL)
                browser.wait()
        self.assertEqual(result, "done")

    def test_xmpp_js_over_a_websocket(self):
        self.play("@xmpp/client/dist/xmpp.js", "xmpp_page.js", "ws://%s:%s/xmpp-websocket" % (HOST, WEB), user=USERS[0], other=USERS[1])

    def test_strophe_over_bosh(self):
        self.play("strophe.js/dist/strophe.umd.min.js", "strophe_page.js", "http://%s:%s/http-bind" % (HOST, WEB), user=USERS[2])

    def test_strophe_over_a_websocket_in_tls(self):
        self.play("strophe.js/dist/strophe.umd.min.js", "strophe_page.js", "wss://%s:%s/xmpp-websocket" % (HOST, HTTPS), user=USERS[3])


if __name__ == "__main__":
    unittest.main()
