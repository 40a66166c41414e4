#!/usr/bin/env python3
"""The command line against the running server: every family of verbs, exit codes, and that what it
changes is true for the protocols at once."""
import json, os, poplib, smtplib, socket, ssl, subprocess, sys, tempfile, unittest

HOST, DOMAIN, PASSWORD = os.environ["ROOKERY_HOST"], os.environ["ROOKERY_DOMAIN"], os.environ["ROOKERY_PASSWORD"]
UNTRUSTED = ssl._create_unverified_context()


def port(service):
    return int(os.environ["ROOKERY_%s_PORT" % service.upper()])


def rookery(*verb, input=None):
    done = subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], *verb], input=input or "",
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    return done.returncode, done.stdout, done.stderr


def shown(*verb):
    code, out, err = rookery(*verb, "--json")
    assert code == 0, err
    return json.loads(out)


def may_log_in(address, password):
    box = poplib.POP3_SSL(HOST, port("pop3s"), context=UNTRUSTED, timeout=60)
    try:
        box.user(address)
        box.pass_(password)
        return True
    except poplib.error_proto:
        return False
    finally:
        box.close()


def rcpt(address):
    with smtplib.SMTP(HOST, port("smtp"), timeout=60) as s:
        s.ehlo("client.example")
        s.mail("someone@else.example")
        return s.rcpt(address)[0]


class Accounts(unittest.TestCase):
    name = "ann@" + DOMAIN

    def setUp(self):
        code, _, err = rookery("account", "add", self.name, "--name", "Ann Lee", input="correct horse\n")
        self.assertEqual(code, 0, err)

    def tearDown(self):
        rookery("account", "remove", self.name)

    def test_states_hold_at_once_for_every_protocol(self):
        for verb, log_in, reply in (("freeze", False, 250), ("disable", False, 550), ("enable", True, 250)):
            with self.subTest(verb):
                self.assertEqual(rookery("account", verb, self.name)[0], 0)
                self.assertEqual(may_log_in(self.name, "correct horse"), log_in)
                self.assertEqual(rcpt(self.name), reply)

    def test_a_new_password_ends_the_old_one(self):
        self.assertTrue(may_log_in(self.name, "correct horse"))
        self.assertEqual(rookery("account", "passwd", self.name, input="battery staple\n")[0], 0)
        self.assertFalse(may_log_in(self.name, "correct horse"))
        self.assertTrue(may_log_in(self.name, "battery staple"))

    def test_another_address_keeps_password_and_id(self):
        before = shown("account", "show", self.name)["id"]
        self.assertEqual(rookery("account", "change", self.name, "--address", "anna@" + DOMAIN)[0], 0)
        try:
            self.assertEqual(shown("account", "show", "anna@" + DOMAIN)["id"], before)
            self.assertTrue(may_log_in("anna@" + DOMAIN, "correct horse"))
            self.assertEqual(rcpt(self.name), 550)
        finally:
            rookery("account", "change", "anna@" + DOMAIN, "--address", self.name)

    def test_exit_codes_say_what_was_wrong(self):
        for verb, code in ((("account", "show", "nobody@" + DOMAIN), 4), (("account", "show"), 2),
                           (("account", "change", self.name, "--quota", "much"), 1),
                           (("account", "add", self.name, "--no-password"), 5), (("account", "add", "x@else.example", "--no-password"), 4),
                           (("domain", "remove", DOMAIN), 5), (("settings", "set", "smtp.recipients_max", "1"), 1),
                           (("settings", "set", "no.such", "1"), 4), (("--socket", "/nowhere.sock", "status"), 3)):
            with self.subTest(" ".join(verb)):
                got, _, err = rookery(*verb)
                self.assertEqual(got, code, err)
                self.assertTrue(err.strip())

    def test_the_removed_account_is_gone_with_its_mail(self):
        with smtplib.SMTP(HOST, port("lmtp"), timeout=60) as s:
            s.docmd("LHLO", "client.example")
            s.mail("someone@else.example")
            s.rcpt(self.name)
            self.assertEqual(s.data("Subject: for ann\r\n\r\nbody\r\n")[0], 250)
        self.assertEqual(rookery("account", "remove", self.name)[0], 0)
        self.assertFalse(may_log_in(self.name, "correct horse"))
        self.assertEqual(rookery("account", "add", self.name, input="correct horse\n")[0], 0)
        box = poplib.POP3_SSL(HOST, port("pop3s"), context=UNTRUSTED, timeout=60)
        box.user(self.name)
        box.pass_("correct horse")
        self.assertEqual(box.stat()[0], 0)
        box.quit()


class Many(unittest.TestCase):
    def test_an_import_makes_all_and_lists_them_in_order(self):
        names = ["import%04d@%s" % (i, DOMAIN) for i in range(1200)]
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as f:
            f.write("address,password,display_name\n")
            f.writelines('%s,one for all,"Number %d, imported"\n' % (n, i) for i, n in enumerate(names))
            f.flush()
            code, out, err = rookery("account", "import", f.name)
            self.assertEqual(code, 0, err)
            self.assertIn("1200 accounts made", out)
            self.assertEqual(rookery("account", "import", f.name)[0], 5)
            self.assertEqual(json.loads(rookery("account", "import", f.name, "--existing", "skip", "--json")[1])["skipped"], 1200)
        listed = [a["address"] for a in shown("account", "list")]
        self.assertEqual(listed, sorted(listed))
        self.assertEqual([a for a in listed if a.startswith("import")], names)
        self.assertTrue(may_log_in(names[777], "one for all"))

    def test_a_large_import_is_checked_before_it_makes_anything(self):
        def load(names):
            with tempfile.NamedTemporaryFile("w", suffix=".csv") as f:
                f.write("address\n" + "".join(n + "\n" for n in names))
                f.flush()
                return rookery("account", "import", f.name)
        names = ["large%04d@%s" % (i, DOMAIN) for i in range(5100)]
        code, _, err = load(names + ["nobody@nowhere.test"])
        self.assertEqual(code, 4, err)
        self.assertIn("nothing was imported", err)
        self.assertEqual([a for a in shown("account", "list") if a["address"].startswith("large")], [])
        code, _, err = load(names + [names[3].upper()])
        self.assertEqual(code, 1)
        self.assertIn("twice", err)
        code, out, err = load(names)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("5100 accounts made", out)


class Others(unittest.TestCase):
    def test_domains_and_aliases(self):
        self.assertEqual(rookery("domain", "add", "B\u00dcCHER.example")[0], 0)
        self.assertEqual(rookery("alias", "add", "info@b\u00fccher.example", "u1@" + DOMAIN, "u2@" + DOMAIN)[0], 0)
        self.assertEqual(rcpt("info@xn--bcher-kva.example"), 250)
        self.assertEqual(rcpt("other@xn--bcher-kva.example"), 550)
        self.assertEqual(rookery("domain", "change", "xn--bcher-kva.example", "--catch-all", "u1@" + DOMAIN)[0], 0)
        self.assertEqual(rcpt("other@xn--bcher-kva.example"), 250)
        self.assertEqual(rcpt("postmaster@xn--bcher-kva.example"), 250)
        self.assertEqual(shown("alias", "show", "info@b\u00fccher.example")["targets"], ["u1@" + DOMAIN, "u2@" + DOMAIN])
        self.assertEqual(rookery("domain", "remove", "b\u00fccher.example")[0], 5)
        self.assertEqual(rookery("alias", "remove", "info@b\u00fccher.example")[0], 0)
        self.assertEqual(rookery("domain", "remove", "b\u00fccher.example")[0], 0)

    def test_a_setting_counts_for_the_next_connection(self):
        def size():
            with smtplib.SMTP(HOST, port("smtp"), timeout=60) as s:
                s.ehlo("client.example")
                return int(s.esmtp_features["size"])
        before = size()
        self.assertEqual(rookery("settings", "set", "smtp.message_octets_max", "1M")[0], 0)
        self.assertEqual(size(), 1 << 20)
        self.assertEqual(rookery("settings", "unset", "smtp.message_octets_max")[0], 0)
        self.assertEqual(size(), before)

    def test_the_queue_is_shown_held_released_and_emptied_and_a_message_traced(self):
        with smtplib.SMTP_SSL(HOST, port("submissions"), context=UNTRUSTED, timeout=60) as s:
            s.login("u1@" + DOMAIN, PASSWORD)
            s.sendmail("u1@" + DOMAIN, ["them@else.example"], "From: u1@%s\r\nTo: them@else.example\r\nSubject: out\r\n\r\nbody\r\n" % DOMAIN)
        waiting = shown("queue", "list", "--recipient", "them@else.example")
        self.assertEqual(len(waiting), 1)
        name = waiting[0]["id"]
        self.assertEqual(rookery("queue", "hold", name, "--because", "odd")[0], 0)
        self.assertEqual(shown("queue", "show", name)["held_because"], "odd")
        self.assertEqual(len(shown("queue", "list", "--held")), 1)
        self.assertEqual(rookery("queue", "release", name)[0], 0)
        self.assertIn("message.accepted", rookery("trace", name)[1])
        self.assertEqual(rookery("queue", "remove", name)[0], 0)
        self.assertEqual(rookery("queue", "show", name)[0], 4)
        self.assertEqual(rookery("trace", "ffffffffffffffff")[0], 4)

    def test_a_backup_restores_to_a_sound_store(self):
        with tempfile.TemporaryDirectory() as folder:
            code, _, err = rookery("backup", folder + "/backup")
            self.assertEqual(code, 0, err)
            self.assertEqual(rookery("backup", folder + "/backup")[0], 5)
            code, out, err = rookery("restore", folder + "/backup", "--data", folder + "/store")
            self.assertEqual(code, 0, out + err)
            self.assertEqual(rookery("restore", folder + "/backup", "--data", folder + "/store")[0], 5)
            # Damage is found: one octet in the middle of the log.
            segment = os.path.join(folder, "store", "log", sorted(os.listdir(folder + "/store/log"))[0])
            with open(segment, "r+b") as f:
                f.seek(600)
                octet = f.read(1)
                f.seek(600)
                f.write(bytes([octet[0] ^ 0x20]))
            self.assertEqual(rookery("check", "--data", folder + "/store")[0], 6)

    def test_the_running_store_is_sound_and_status_and_certificates_are_shown(self):
        self.assertEqual(rookery("check")[0], 0)
        self.assertEqual(shown("status")["state"], "serving")
        self.assertEqual(rookery("certificates", "reload")[0], 0)
        self.assertIn("mail." + DOMAIN, shown("certificates", "list")[0]["names"])
        self.assertEqual(shown("history")[0]["author"], "local")

    def test_the_socket_is_for_its_owner_alone(self):
        path = os.path.join(os.path.dirname(os.environ["ROOKERY_NODE"]), "store", "admin.sock")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)

    def test_nonsense_on_the_socket_is_refused_and_others_are_served_on(self):
        path = os.path.join(os.path.dirname(os.environ["ROOKERY_NODE"]), "store", "admin.sock")
        for text in (b"\x00\xff\r\n\r\n", b"GET /v1/../status HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"POST /v1/domains HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{{{",
                     b"POST /v1/domains HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(60)
                s.connect(path)
                s.sendall(text)
                self.assertRegex(s.recv(4096), rb"^HTTP/1.1 4\d\d ")
        self.assertEqual(rookery("status")[0], 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
