#!/usr/bin/env python3
"""Other people's programs against the running server: curl, swaks, msmtp, mbsync."""
import hashlib, os, random, shutil, subprocess, tempfile, unittest

HOST = os.environ["ROOKERY_HOST"]
PASSWORD = os.environ["ROOKERY_PASSWORD"]
DOMAIN = os.environ["ROOKERY_DOMAIN"]
U1, U2, U3 = ("%s@%s" % (u, DOMAIN) for u in os.environ["ROOKERY_USERS"].split(",")[:3])


def port(service):
    return os.environ["ROOKERY_%s_PORT" % service.upper()]


def run(*command, stdin=b"", home=None, limit=60):
    env = dict(os.environ, LANG="C.UTF-8", TERM="dumb", **({"HOME": home} if home else {}))
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit, env=env, cwd=home)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def needs(program):
    return unittest.skipUnless(shutil.which(program), program + " is not installed")


def mail(subject, sender=U1):
    return ("From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\nHello.\r\n" % (sender, U2, subject)).encode()


def token():
    return "tok" + "".join(random.choice("abcdefghijklmnop") for _ in range(12))


class Clients(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="rookery-clients-")
        self.addCleanup(shutil.rmtree, self.home, True)

    def read(self, subject, user=U2):
        """The message with this subject, fetched by curl over IMAPS."""
        code, out = run("curl", "-sSk", "-u", "%s:%s" % (user, PASSWORD), "imaps://%s:%s/INBOX?SUBJECT%%20%s" % (HOST, port("imaps"), subject))
        self.assertEqual(code, 0, out)
        numbers = out.replace("* SEARCH", "").split()
        self.assertEqual(len(numbers), 1, out)
        code, out = run("curl", "-sSk", "-u", "%s:%s" % (user, PASSWORD), "imaps://%s:%s/INBOX;MAILINDEX=%s" % (HOST, port("imaps"), numbers[0]))
        self.assertEqual(code, 0, out)
        return out

    @needs("curl")
    def test_curl_sends_and_reads(self):
        for url in ("smtps://%s:%s" % (HOST, port("submissions")), "smtp://%s:%s" % (HOST, port("submission"))):
            name = token()
            code, out = run("curl", "-sSk", "--ssl-reqd", "--url", url, "-u", "%s:%s" % (U1, PASSWORD), "--mail-from", U1,
                            "--mail-rcpt", U2, "-T", "-", stdin=mail(name))
            self.assertEqual(code, 0, out)
            self.assertIn("Hello.", self.read(name))
        code, out = run("curl", "-sSk", "-u", "%s:%s" % (U2, PASSWORD), "pop3s://%s:%s/1" % (HOST, port("pop3s")))
        self.assertEqual(code, 0, out)
        self.assertIn("Subject:", out)

    @needs("swaks")
    def test_swaks_with_every_mechanism(self):
        for mechanism in ("PLAIN", "LOGIN"):
            name = token()
            code, out = run("swaks", "--server", HOST, "--port", port("submission"), "--tls", "--auth", mechanism, "--auth-user", U1,
                            "--auth-password", PASSWORD, "--from", U1, "--to", U2, "--header", "Subject: " + name, "--h-From", U1)
            self.assertEqual(code, 0, out[-2000:])
            self.read(name)
        code, out = run("swaks", "--server", HOST, "--port", port("submission"), "--tls", "--auth", "PLAIN", "--auth-user", U1,
                        "--auth-password", "wrong", "--from", U1, "--to", U2)
        self.assertNotEqual(code, 0)
        code, out = run("swaks", "--server", HOST, "--port", port("smtp"), "--from", "a@outside.test", "--to", "b@elsewhere.test")
        self.assertNotEqual(code, 0, "an open relay")
        self.assertIn("550", out)

    @needs("msmtp")
    def test_msmtp_sends(self):
        name = token()
        config = os.path.join(self.home, "msmtprc")
        with open(config, "w") as f:
            f.write("account default\nhost %s\nport %s\nauth plain\nuser %s\npassword %s\nfrom %s\ntls on\ntls_starttls on\n"
                    "tls_certcheck off\n" % (HOST, port("submission"), U1, PASSWORD, U1))
        os.chmod(config, 0o600)
        code, out = run("msmtp", "-C", config, U2, stdin=mail(name).replace(b"\r\n", b"\n"), home=self.home)
        self.assertEqual(code, 0, out)
        self.read(name)

    @needs("mbsync")
    def test_mbsync_is_exact_both_ways(self):
        rng = random.Random(7)
        box = "sync" + token()
        near, far = self.home + "/near", self.home + "/far"

        def config(root, name):
            path = "%s/%s.rc" % (self.home, name)
            os.makedirs("%s/%s" % (self.home, name + "-state"))
            os.makedirs(root, exist_ok=True)
            with open(path, "w") as f:
                f.write("IMAPAccount a\nHost %s\nPort %s\nUser %s\nPass %s\nSSLType None\nAuthMechs PLAIN\n\nIMAPStore r\nAccount a\n\n"
                        "MaildirStore l\nPath %s/\nInbox %s/INBOX\nSubFolders Verbatim\n\nChannel c\nFar :r:\nNear :l:\nPatterns \"%s*\"\n"
                        "Create Both\nRemove None\nExpunge Both\nSyncState %s/%s-state/\n"
                        % (HOST, port("imap"), U3, PASSWORD, root, root, box, self.home, name))
            return path

        def picture(root):
            found = {}
            for folder, _, files in os.walk(root + "/" + box):
                for n in files:
                    if os.path.basename(folder) in ("cur", "new"):
                        with open(os.path.join(folder, n), "rb") as f:
                            text = b"\n".join(l for l in f.read().split(b"\n") if not l.startswith(b"X-TUID:"))
                        flags = n.split(":2,")[1] if ":2," in n else ""
                        found.setdefault(hashlib.sha256(text).hexdigest(), []).append(flags)
            return found

        os.makedirs("%s/%s/cur" % (near, box))
        os.makedirs("%s/%s/new" % (near, box))
        os.makedirs("%s/%s/tmp" % (near, box))
        for i in range(60):
            text = "From: a@outside.test\nSubject: %d\nMessage-ID: <%d.%s@outside.test>\n\n%s" % (
                i, i, box, "\n".join(rng.choice(["From x", ".", "..", "Grüße", "word " * 30, ""]) for _ in range(rng.randrange(40))))
            flags = "".join(sorted(c for c in "FRS" if rng.random() < 0.4))
            with open("%s/%s/cur/%d.x.y:2,%s" % (near, box, 1700000000 + i, flags), "wb") as f:
                f.write(text.encode())
        first, second = config(near, "one"), config(far, "two")
        want = picture(near)
        for rc in (first, second):
            code, out = run("mbsync", "-c", rc, "-a", limit=120)
            self.assertEqual(code, 0, out)
        self.assertEqual(picture(far), want)
        folder = "%s/%s/cur" % (far, box)
        for n in sorted(os.listdir(folder))[:10]:
            base, _, flags = n.partition(":2,")
            os.rename(folder + "/" + n, folder + "/" + base + ":2," + "".join(sorted(set(flags) | {"T"})))
        for rc in (second, first, second):
            code, out = run("mbsync", "-c", rc, "-a", limit=120)
            self.assertEqual(code, 0, out)
        self.assertEqual(sum(map(len, picture(near).values())), 50)
        self.assertEqual(picture(near), picture(far))


if __name__ == "__main__":
    unittest.main(verbosity=1)
