#!/usr/bin/env python3
"""Other people's programs against the running server: curl, swaks, msmtp, mbsync, offlineimap, mutt."""
import hashlib, imaplib, os, random, shutil, subprocess, tempfile, unittest

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

    def imap(self):
        c = imaplib.IMAP4(HOST, int(port("imap")))
        c.login(U3, PASSWORD)
        self.addCleanup(c.sock.close)
        return c

    def flags_of(self, c, mailbox):
        """Flags of each message, by its subject; \\Recent left out."""
        c.select(mailbox, readonly=True)
        found = {}
        if c.response("EXISTS")[1] != [b"0"]:
            for row in c.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]:
                if isinstance(row, tuple):
                    flags = row[0].split(b"FLAGS (")[1].split(b")")[0].decode().split()
                    found[row[1].decode().split(":")[1].strip()] = sorted(f for f in flags if f != "\\Recent")
        return found

    @needs("offlineimap")
    def test_offlineimap_syncs_both_ways(self):
        box, root, rc = "off" + token(), self.home + "/mail", self.home + "/rc"
        c = self.imap()
        c.create(box)
        for i in range(12):
            c.append(box, ["", "\\Seen", "\\Flagged"][i % 3], None, mail("m%d" % i))
        with open(rc, "w") as f:
            f.write("[general]\naccounts = a\nmetadata = %s/meta\nui = quiet\n[Account a]\nlocalrepository = l\nremoterepository = r\n"
                    "[Repository l]\ntype = Maildir\nlocalfolders = %s\n"
                    "[Repository r]\ntype = IMAP\nremotehost = %s\nremoteport = %s\nremoteuser = %s\nremotepass = %s\nssl = no\nstarttls = no\n"
                    "auth_mechanisms = PLAIN\nfolderfilter = lambda name: name == '%s'\n" % (self.home, root, HOST, port("imap"), U3, PASSWORD, box))

        def sync():
            code, out = run("offlineimap", "-o", "-c", rc, home=self.home, limit=120)
            self.assertEqual(code, 0, out)

        def here():
            found = {}
            for part in ("cur", "new"):
                for n in os.listdir("%s/%s/%s" % (root, box, part)):
                    with open("%s/%s/%s/%s" % (root, box, part, n)) as f:
                        found[f.read().split("Subject: ")[1].split("\n")[0]] = (part, n)
            return found

        sync()
        self.assertEqual(sorted(here()), sorted("m%d" % i for i in range(12)))
        # One is flagged there, one goes, one is new.
        folder = "%s/%s/" % (root, box)
        part, n = here()["m1"]
        self.assertIn("S", n.split(":2,")[1])
        os.rename(folder + part + "/" + n, folder + "cur/" + n.split(":2,")[0] + ":2,FS")
        os.remove(folder + "/".join(here()["m2"]))
        with open(folder + "cur/1700000000_1.local:2,S", "wb") as f:
            f.write(mail("fresh").replace(b"\r\n", b"\n"))
        sync()
        got = self.flags_of(c, box)
        self.assertEqual(sorted(got), sorted(["m%d" % i for i in range(12) if i != 2] + ["fresh"]))
        self.assertEqual((got["m1"], got["fresh"]), (["\\Flagged", "\\Seen"], ["\\Seen"]))
        # And what changes here arrives there.
        c.select(box)
        c.store("1", "+FLAGS", "\\Answered")
        sync()
        self.assertIn("R", here()["m0"][1].split(":2,")[1])

    @needs("mutt")
    def test_mutt_reads_copies_flags_and_deletes(self):
        box, kept = "mutt" + token(), "kept" + token()
        c = self.imap()
        c.create(box)
        c.create(kept)
        for i in range(4):
            c.append(box, "", None, mail("m%d" % i))
        rc = self.home + "/muttrc"
        with open(rc, "w") as f:
            f.write("set imap_user = '%s'\nset imap_pass = '%s'\nset folder = 'imap://%s:%s/'\nset spoolfile = '+%s'\nset ssl_starttls = no\n"
                    "set ssl_force_tls = no\nset imap_authenticators = 'plain'\nset delete = yes\nset quit = yes\nset confirmappend = no\n"
                    "set confirmcreate = no\nset wait_key = no\nset timeout = 5\nset sort = date\nset mark_old = no\nset trash = ''\nset record = ''\n"
                    % (U3, PASSWORD, HOST, port("imap"), box))
        keys = ("<search>~s m0<enter><flag-message>" "<search>~s m1<enter><delete-message>" "<search>~s m2<enter><copy-message>=%s<enter>"
                "<search>~s m3<enter><display-message><exit>" "<sync-mailbox><quit>" % kept)
        code, out = run("script", "-qefc", "mutt -n -F %s -e 'push \"%s\"'" % (rc, keys), "/dev/null", home=self.home, limit=60)
        self.assertEqual(code, 0, out)
        got = self.flags_of(c, box)
        self.assertEqual(sorted(got), ["m0", "m2", "m3"], out)
        self.assertIn("\\Flagged", got["m0"])
        self.assertIn("\\Seen", got["m3"])
        self.assertEqual(list(self.flags_of(c, kept)), ["m2"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
