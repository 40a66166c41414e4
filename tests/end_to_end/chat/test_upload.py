"""Files for each other, over the web service (XEP-0363)."""
import http.client, json, os, subprocess, sys, tempfile, urllib.parse
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import *
from node import Node, wait_for

A, B = USERS[:2]
LONG = "a long password"
SPACE = "urn:xmpp:http:upload:0"


def rookery(*verb, input=None, program=os.environ["ROOKERY_PROGRAM"], node=os.environ["ROOKERY_NODE"]):
    done = subprocess.run([program, "--node", node, *verb], input=input, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    assert done.returncode == 0, done.stdout
    return done.stdout


def ask(method, url, body=None, headers={}, port=int(os.environ["ROOKERY_WEB_PORT"])):
    """Status, fields and octets of one answer; the URL's host is not asked for."""
    c = http.client.HTTPConnection(HOST, port, timeout=90)
    try:
        c.request(method, urllib.parse.urlsplit(url).path, body=body, headers=headers)
        r = c.getresponse()
        return r.status, dict((k.lower(), v) for k, v in r.getheaders()), r.read()
    finally:
        c.close()


def octets_of(count):
    return bytes((7 * i + i // 251) % 256 for i in range(count))


class Upload(Case):
    def slot(self, stream, name, size, kind="application/pdf", to="upload." + DOMAIN):
        """The URL, or the error."""
        stream.send("<iq type='get' id='u' to='%s'><request xmlns='%s' filename='%s' size='%d' content-type='%s'/></iq>" % (to, SPACE, name, size, kind))
        answer = stream.until("<iq[^>]*id='u'.*?</iq>")
        found = re.search("<put url='([^']*)'", answer)
        return found.group(1) if found else answer

    def bring(self, stream, name, octets, kind="application/pdf", **more):
        url = self.slot(stream, name, len(octets), kind)
        status, _, text = ask("PUT", url, octets, {"Content-Type": kind}, **more)
        self.assertEqual(status, 201, text)
        return url

    def test_a_file_goes_and_comes(self):
        s = self.stream(A)
        s.send("<iq type='get' id='d' to='%s'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>" % DOMAIN)
        self.assertIn("upload." + DOMAIN, s.until("</iq>"))
        s.send("<iq type='get' id='d' to='upload.%s'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>" % DOMAIN)
        info = s.until("</iq>")
        self.assertIn("<feature var='%s'/>" % SPACE, info)
        self.assertIn("<value>52428800</value>", info)
        # Less than a piece, exactly one and two, and more.
        for size in (1, 524288, 524289, 1048576, 1500000):
            octets = octets_of(size)
            url = self.bring(s, "a b &amp; c.pdf", octets)
            status, fields, got = ask("GET", url)
            self.assertEqual((status, got == octets), (200, True), size)
        self.assertEqual((fields["content-type"], fields["x-content-type-options"]), ("application/pdf", "nosniff"))
        self.assertTrue(fields["content-disposition"].startswith("attachment;"), fields)
        self.assertIn("sandbox", fields["content-security-policy"])
        self.assertEqual(fields["access-control-allow-origin"], "*")
        status, fields, got = ask("HEAD", url)
        self.assertEqual((status, fields["content-length"], got), (200, "1500000", b""))
        for wanted, first, last in (("bytes=0-0", 0, 0), ("bytes=524280-524300", 524280, 524300), ("bytes=-5", 1499995, 1499999), ("bytes=1048576-", 1048576, 1499999)):
            status, fields, got = ask("GET", url, headers={"Range": wanted})
            self.assertEqual((status, fields["content-range"], got == octets[first:last + 1]), (206, "bytes %d-%d/1500000" % (first, last), True), wanted)
        self.assertEqual(ask("GET", url, headers={"Range": "bytes=1500000-"})[0], 416)
        self.assertEqual(ask("GET", url, headers={"If-None-Match": ask("HEAD", url)[1]["etag"]})[0], 304)
        self.assertEqual(ask("OPTIONS", url)[0], 204)
        self.assertEqual(ask("DELETE", url)[0], 405)

    def test_pictures_are_shown_and_scripts_are_not(self):
        s = self.stream(A)
        for kind, told, how in (("image/png", "image/png", "inline;"), ("text/html", "application/octet-stream", "attachment;"), ("image/svg+xml", "application/octet-stream", "attachment;")):
            fields = ask("GET", self.bring(s, "x", b"<script/>", kind))[1]
            self.assertEqual((fields["content-type"], fields["content-disposition"].split()[0]), (told, how))

    def test_what_is_wrong_is_refused(self):
        s = self.stream(B)
        self.assertIn("file-too-large", self.slot(s, "x", 52428801))
        self.assertIn("bad-request", self.slot(s, "x", 0))
        self.assertIn("bad-request", self.slot(s, "a/b", 1))
        self.assertIn("remote-server-not-found", self.slot(s, "x", 1, to="upload.elsewhere.example"))
        url = self.slot(s, "x", 5)
        self.assertEqual(ask("GET", url)[0], 404)
        self.assertEqual(ask("PUT", url + "y", b"12345")[0], 404)
        self.assertEqual(ask("PUT", url, b"1234567")[0], 413)
        # Who has not brought all of it may try again, until it is whole.
        self.assertEqual(ask("PUT", url, b"123")[0], 400)
        self.assertEqual(ask("PUT", url, b"12345")[0], 201)
        self.assertEqual(ask("PUT", url, b"12345")[0], 404)
        url = self.bring(s, "x", b"12345")
        self.assertEqual(ask("PUT", url, b"54321")[0], 404)
        self.assertEqual(ask("GET", url)[2], b"12345")
        self.assertEqual(ask("GET", url + "y")[0], 404)
        for path in ("/upload", "/upload/", "/upload/none/x", "/upload/none/%"):
            self.assertEqual(ask("GET", "http://x" + path)[0], 404, path)

    def test_an_account_has_its_space_and_the_operator_sees_it(self):
        user = "files"
        rookery("account", "add", jid(user), input=LONG + "\n")
        self.addCleanup(rookery, "account", "remove", jid(user))
        s = self.stream(user, password=LONG)
        url = self.bring(s, "first.txt", b"x" * 1000, "text/plain")
        listed = json.loads(rookery("chat", "uploads", "list", jid(user), "--json"))
        self.assertEqual([(f["name"], f["octets"]) for f in listed], [("first.txt", 1000)])
        self.assertIn("1000 octets of 524288000 are used", rookery("chat", "uploads", "list", jid(user)))
        self.assertIn(listed[0]["id"], [f["id"] for f in json.loads(rookery("chat", "uploads", "list", "--json"))])
        rookery("domain", "change", DOMAIN, "--chat-upload-quota-octets", "1500")
        self.addCleanup(rookery, "domain", "change", DOMAIN, "--chat-upload-quota-octets", "524288000")
        self.assertIn("resource-constraint", self.slot(s, "second", 501))
        self.assertTrue(self.slot(s, "second", 500).startswith("http"))
        # What is promised counts too.
        self.assertIn("resource-constraint", self.slot(s, "third", 1))
        self.assertIn("0 files", rookery("chat", "uploads", "purge", jid(user), "--before", "1d"))
        self.assertIn("1 files", rookery("chat", "uploads", "purge", jid(user)))
        self.assertEqual(ask("GET", url)[0], 404)

    def test_a_file_survives_a_kill(self):
        with tempfile.TemporaryDirectory(prefix="rookery-upload-") as folder:
            node = Node(os.environ["ROOKERY_PROGRAM"], folder, 1)
            try:
                node.start()
                wait_for(node.port("web"))
                s = self.stream("u1", at=(HOST, node.port("xmpp")))
                octets = octets_of(700000)
                url = self.bring(s, "kept", octets, port=node.port("web"))
                node.kill()
                node.start()
                wait_for(node.port("web"))
                self.assertEqual(ask("GET", url, port=node.port("web"))[2] == octets, True)
                self.assertEqual(node.stop(), 0)
                self.assertEqual(node.check(), [])
            finally:
                node.kill()


if __name__ == "__main__":
    unittest.main()
