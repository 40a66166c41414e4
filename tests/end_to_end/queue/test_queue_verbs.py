#!/usr/bin/env python3
"""The verbs for queues, routes and host logins against the running server: what waits is listed, changed
and exported, by id and by what matches; passwords are nowhere in clear."""
import json, os, smtplib, ssl, subprocess, tempfile, unittest

HOST, DOMAIN, PASSWORD = os.environ["ROOKERY_HOST"], os.environ["ROOKERY_DOMAIN"], os.environ["ROOKERY_PASSWORD"]
UNTRUSTED = ssl._create_unverified_context()
SENDER = "u1@" + DOMAIN
SECRET = "pass word of somebody"


def rookery(*verb, input=None):
    done = subprocess.run([os.environ["ROOKERY_PROGRAM"], "--node", os.environ["ROOKERY_NODE"], *verb], input=input or "",
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    return done.returncode, done.stdout, done.stderr


def shown(*verb):
    code, out, err = rookery(*verb, "--json")
    assert code == 0, err
    return json.loads(out)


def queued(*filter):
    return shown("queue", "list", *filter)


def send(recipients, subject="out", sender=SENDER):
    with smtplib.SMTP_SSL(HOST, int(os.environ["ROOKERY_SUBMISSIONS_PORT"]), context=UNTRUSTED, timeout=60) as s:
        s.login(SENDER, PASSWORD)
        s.sendmail(sender, recipients, "From: %s\r\nTo: x\r\nSubject: %s\r\n\r\nbody of %s\r\n" % (SENDER, subject, subject))


class Queues(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Nothing leaves while the tests look at it.
        for name in ("remote", "retry"):
            assert rookery("queue", "freeze", name)[0] == 0

    @classmethod
    def tearDownClass(cls):
        for name in ("remote", "retry"):
            rookery("queue", "unfreeze", name)

    def tearDown(self):
        left = len(queued())
        if left:
            code, _, err = rookery("queue", "remove", "--all", "--confirm", str(left))
            self.assertEqual(code, 0, err)

    def test_what_matches_is_counted_before_it_is_changed(self):
        for i in range(5):
            send(["someone%d@%s" % (i, "a.example" if i < 3 else "b.example")])
        code, _, err = rookery("queue", "hold", "--domain", "a.example", "--because", "looks odd")
        self.assertEqual(code, 1)
        self.assertIn("3 messages match", err)
        self.assertEqual(len(queued("--held")), 0)
        self.assertEqual(rookery("queue", "hold", "--domain", "a.example", "--confirm", "2")[0], 5)
        self.assertEqual(len(queued("--held")), 0)
        self.assertEqual(rookery("queue", "hold", "--domain", "a.example", "--because", "looks odd", "--confirm", "3")[0], 0)
        self.assertEqual(len(queued("--reason", "ODD")), 3)
        self.assertEqual(len(queued("--older", "1h")), 0)
        self.assertEqual(len(queued("--newer", "1h", "--sender", SENDER)), 5)
        self.assertEqual(rookery("queue", "release", "--all", "--confirm", "5")[0], 0)
        self.assertEqual(len(queued("--held")), 0)
        self.assertEqual(rookery("queue", "remove")[0], 2)
        self.assertEqual(rookery("queue", "remove", queued()[0]["id"], "--all")[0], 2)

    def test_one_message_is_moved_redirected_and_rerouted(self):
        send(["bob@a.example", "cem@b.example"])
        name = queued()[0]["id"]
        self.assertEqual(rookery("queue", "move", name, "--to", "holding")[0], 0)
        self.assertEqual(shown("queue", "show", name)["queue"], "holding")
        self.assertEqual(rookery("queue", "move", name, "--to", "nowhere")[0], 4)
        self.assertEqual(rookery("queue", "release", name)[0], 0)
        self.assertEqual(shown("queue", "show", name)["queue"], "remote")
        self.assertEqual(rookery("queue", "redirect", name, "--from", "cem@b.example", "--to", "dee@c.example")[0], 0)
        self.assertEqual(rookery("queue", "redirect", name, "--from", "cem@b.example", "--to", "dee@c.example")[0], 4)
        self.assertEqual([r["address"] for r in shown("queue", "show", name)["recipients"]], ["bob@a.example", "dee@c.example"])
        self.assertEqual(rookery("queue", "reroute", name, "--host", "192.0.2.1", "--port", "2525", "--login", "ann", input=SECRET + "\n")[0], 0)
        route = shown("queue", "show", name)["route"]
        self.assertEqual((route["host"], route["port"], route["login"]), ("192.0.2.1", 2525, "ann"))
        self.assertEqual(rookery("queue", "reroute", name, "--host", "192.0.2.1", "--login", "ann")[0], 2, "no password")
        self.assertEqual(rookery("queue", "reroute", name)[0], 0)
        self.assertNotIn("route", shown("queue", "show", name))
        self.assertEqual(rookery("queue", "retry", name)[0], 0)

    def test_messages_are_exported_as_they_are(self):
        big = "x" * 70 + "\r\n"
        send(["bob@a.example"], "small")
        with smtplib.SMTP_SSL(HOST, int(os.environ["ROOKERY_SUBMISSIONS_PORT"]), context=UNTRUSTED, timeout=60) as s:
            s.login(SENDER, PASSWORD)
            s.sendmail(SENDER, ["cem@a.example"], "From: %s\r\nSubject: big\r\n\r\n%s" % (SENDER, big * 40000))
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(rookery("queue", "export", "--domain", "a.example", "--to", folder)[0], 0)
            files = {}
            for item in queued():
                with open("%s/%s.eml" % (folder, item["id"]), "rb") as f:
                    files[item["id"]] = f.read()
            for item in queued():
                self.assertEqual(len(files[item["id"]]), item["octets"])
            self.assertEqual(sum(data.endswith(b"\r\n\r\nbody of small\r\n") for data in files.values()), 1)
            self.assertEqual(sum(data.endswith(big.encode() * 40000) for data in files.values()), 1)
            for data in files.values():
                self.assertIn(b"Received: ", data)
            self.assertEqual(rookery("queue", "export", "--all", "--to", folder)[0], 74, "files that are there stay")
            name = queued("--recipient", "bob@a.example")[0]["id"]
            self.assertTrue(rookery("queue", "export", name)[1].endswith("body of small\n"))
            self.assertEqual(rookery("queue", "export", "--all")[0], 2, "several, and no directory")

    def test_a_custom_queue_route_and_login_live_and_hide_their_passwords(self):
        self.assertEqual(rookery("queue", "add", "Partner", "--host", "relay.example", "--login", "ann", "--schedule", "mon-fri 08:00-17:00",
                                 input=SECRET + "\n")[0], 0)
        self.assertEqual(rookery("queue", "add", "partner")[0], 5)
        self.assertEqual(rookery("queue", "change", "partner", "--rate", "60", "--description", "slow")[0], 0)
        row = [q for q in shown("queue", "queues") if q["name"] == "partner"][0]
        self.assertEqual((row["host"], row["messages_a_minute"], row["custom"], row["password"]), ("relay.example", 60, True, True))
        self.assertEqual(rookery("route", "add", "partner.example", "--queue", "partner")[0], 0)
        self.assertEqual(rookery("queue", "drop", "partner")[0], 5)
        self.assertEqual(rookery("route", "change", "partner.example", "--queue", "", "--host", "192.0.2.1")[0], 0)
        self.assertEqual(shown("route", "show", "partner.example")["host"], "192.0.2.1")
        self.assertEqual(rookery("route", "add", "*.example", "--dane", "sometimes")[0], 1)
        self.assertEqual(rookery("host-login", "add", "relay.example", "--login", "ann", input=SECRET + "\n")[0], 0)
        self.assertEqual(shown("host-login", "list")[0]["login"], "ann")
        for verb in (("queue", "queues"), ("route", "list"), ("host-login", "list"), ("history",)):
            text = json.dumps(shown(*verb))
            self.assertNotIn(SECRET, text)
            self.assertNotIn("sealed", text)
        # Neither in the store nor in the log's lines.
        data = os.path.join(os.path.dirname(os.environ["ROOKERY_NODE"]), "store")
        for folder, _, files in os.walk(data):
            for f in files:
                path = os.path.join(folder, f)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        self.assertNotIn(SECRET.encode(), file.read(), path)
        self.assertEqual(os.stat(os.path.join(data, "sealing.key")).st_mode & 0o777, 0o600)
        for verb in (("queue", "drop", "partner"), ("route", "remove", "partner.example"), ("host-login", "remove", "relay.example")):
            self.assertEqual(rookery(*verb)[0], 0)

    def test_freezing_is_shown_and_ends(self):
        def frozen(name):
            return [q for q in shown("queue", "queues") if q["name"] == name][0]["frozen"]
        self.assertTrue(frozen("remote"))
        self.assertFalse(frozen("local"))
        self.assertEqual(rookery("queue", "freeze", "local")[0], 0)
        self.assertTrue(frozen("local"))
        self.assertEqual(rookery("queue", "unfreeze", "local")[0], 0)
        self.assertFalse(frozen("local"))
        self.assertEqual(rookery("queue", "freeze", "nowhere")[0], 4)


if __name__ == "__main__":
    unittest.main(verbosity=1)
