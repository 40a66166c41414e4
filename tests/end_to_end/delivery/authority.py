"""A certificate authority of a test's own, and an HTTPS server whose answers a test can choose."""
import hashlib, http.server, os, shutil, ssl, subprocess, tempfile, threading


class Authority:
    """`file` is what others must trust."""

    def __init__(self):
        self.folder, self.count = tempfile.mkdtemp(prefix="rookery-ca-"), 0
        self.file, self.key = self.folder + "/ca.crt", self.folder + "/ca.key"
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self.key, "-out", self.file,
                  "-days", "30", "-subj", "/CN=Authority of a test", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def _run(self, *words):
        done = subprocess.run(["openssl", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise RuntimeError("openssl %s: %s" % (words[0], done.stdout))

    def issue(self, name, *more):
        """Files of a certificate for `name` and more names, with ours behind it, and of its key."""
        self.count += 1
        at = os.path.join(self.folder, str(self.count))
        self._run("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", at + ".key", "-out", at + ".csr",
                  "-subj", "/CN=" + name, "-addext", "subjectAltName=" + ",".join("DNS:" + n for n in (name,) + more))
        self._run("x509", "-req", "-in", at + ".csr", "-CA", self.file, "-CAkey", self.key, "-set_serial", str(1000 + self.count), "-days", "10",
                  "-copy_extensions", "copy", "-out", at + ".crt")
        with open(at + ".crt", "a") as chain, open(self.file) as own:
            chain.write(own.read())
        return at + ".crt", at + ".key"

    def context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name))
        return context

    def key_digest(self):
        """SHA-256 of our public key, for a TLSA record of usage 2."""
        spki = subprocess.run("openssl x509 -in %s -noout -pubkey | openssl pkey -pubin -outform DER" % self.file, shell=True, check=True,
                              stdout=subprocess.PIPE).stdout
        return hashlib.sha256(spki).hexdigest()

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Web:
    """Answers every GET with `answer` and every POST with `taken`: (status, type, body). Keeps what was posted."""

    def __init__(self, context):
        self.answer, self.taken = (404, "text/plain", "no\n"), (200, "text/plain", "thanks\n")
        self.asked, self.posted, self.changed = [], [], threading.Condition()
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                with web.changed:
                    web.asked.append((self.headers["Host"], self.path))
                    web.changed.notify_all()
                self.say(web.answer)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with web.changed:
                    web.posted.append((self.headers["Host"], self.path, self.headers["Content-Type"], body))
                    web.changed.notify_all()
                self.say(web.taken)

            def say(self, answer):
                status, kind, text = answer
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                # The handshake is made by the request's own thread: a client that breaks off disturbs nobody.
                peer, address = self.socket.accept()
                peer.settimeout(60)
                return context.wrap_socket(peer, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def policy(self, *lines):
        self.answer = (200, "text/plain; charset=utf-8", "".join(l + "\r\n" for l in ("version: STSv1",) + lines))

    def wait_posted(self, count, limit=30):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.posted) >= count, limit):
                raise AssertionError("%d posts instead of %d" % (len(self.posted), count))
            return list(self.posted)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
