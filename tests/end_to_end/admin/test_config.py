#!/usr/bin/env python3
"""The configuration as a whole: what changed, the way back, changes by a file, changes that nobody confirms."""
import json, os, shutil, sys, tempfile, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from node import Node

PROGRAM = os.environ["ROOKERY_PROGRAM"]
SETTING = "smtp.recipients_max"


class Config(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="rookery-config-")
        cls.node = Node(PROGRAM, cls.folder, 2)
        cls.node.start()

    @classmethod
    def tearDownClass(cls):
        code = cls.node.stop()
        faults = cls.node.check()
        assert code == 0 and not faults, (code, faults)
        shutil.rmtree(cls.folder, ignore_errors=True)

    def rookery(self, *verb, code=0, input=None):
        done = self.node.run(*verb, input=input)
        self.assertEqual(done.returncode, code, "%s\n%s\n%s" % (verb, done.stdout, self.node.log_tail(1500)))
        return done.stdout

    def shown(self, *verb, input=None):
        out = self.rookery(*verb, "--json", input=input)
        return json.loads(out[out.index("{"):])

    def version(self):
        return self.shown("status")["configuration"]

    def value(self):
        return self.shown("settings", "show", SETTING)["value"]

    def file(self, *documents):
        path = os.path.join(self.folder, "wanted.json")
        with open(path, "w") as f:
            json.dump({"documents": [{"kind": k, "key": key, "content": c} for k, key, c in documents]}, f)
        return path

    def until(self, what, limit=60):
        end = time.time() + limit
        while not what():
            self.assertLess(time.time(), end, self.node.log_tail(2000))
            time.sleep(0.1)

    def test_the_way_there_and_back(self):
        self.rookery("settings", "set", SETTING, "300")
        before = self.version()
        self.rookery("settings", "set", SETTING, "400")
        self.rookery("alias", "add", "info@" + Node.domain, self.node.accounts[0])
        self.rookery("account", "passwd", self.node.accounts[1], input="another secret\n")
        out = self.rookery("config", "diff", str(before))
        self.assertIn("changed  setting %s\n           value: 300 -> 400" % SETTING, out)
        self.assertIn("made     alias info@" + Node.domain, out)
        self.assertIn("stored_key: (secret) -> (secret)", out)
        self.assertEqual([i["kind"] for i in self.shown("config", "diff", str(before), str(before + 1))["items"]], ["setting"])
        out = self.rookery("config", "rollback", str(before), "--dry-run")
        self.assertIn("removed  alias", out)
        self.assertEqual(self.value(), 400)
        out = self.rookery("config", "rollback", str(before))
        self.assertIn("version %d is in force" % (before + 4), out)
        self.assertEqual(self.value(), 300)
        self.rookery("alias", "show", "info@" + Node.domain, code=4)
        self.assertIn("nothing differs", self.rookery("config", "rollback", str(before)))
        self.assertIn(SETTING, self.rookery("config", "log"))
        self.rookery("config", "rollback", "999999", code=1)

    def test_a_file_is_planned_and_applied(self):
        wanted = self.file(("setting", SETTING, 555), ("domain", "file.test", {}), ("alias", "all@file.test", {"targets": [self.node.accounts[0]]}))
        plan = self.shown("config", "plan", wanted)
        self.assertEqual(sorted(i["kind"] for i in plan["items"]), ["alias", "domain", "setting"])
        self.rookery("settings", "set", SETTING, "556")
        self.rookery("config", "apply", wanted, "--expected-version", str(plan["version"]), code=5)
        self.rookery("config", "apply", wanted)
        self.assertEqual(self.value(), 555)
        self.assertEqual(self.shown("alias", "show", "all@file.test")["targets"], [self.node.accounts[0]])
        self.assertIn("nothing differs", self.rookery("config", "apply", wanted))
        # An export is such a file, and says what is there.
        everything = os.path.join(self.folder, "all.json")
        exported = self.rookery("config", "export", "--kinds", "domain,account,alias,setting")
        with open(everything, "w") as f:
            f.write(exported)
        self.assertIn("nothing differs", self.rookery("config", "plan", everything, "--prune"))
        self.rookery("alias", "add", "more@file.test", self.node.accounts[0])
        self.assertIn("removed  alias more@file.test", self.rookery("config", "apply", "-", "--prune", input=exported))
        # All or nothing, and the fault is named.
        wrong = self.file(("setting", SETTING, 600), ("alias", "x@nowhere.test", {"targets": [self.node.accounts[0]]}))
        self.assertIn("x@nowhere.test would be without its domain", self.rookery("config", "apply", wrong, code=1))
        self.assertEqual(self.value(), 555)

    def test_what_nobody_confirms_is_taken_back_also_after_a_kill(self):
        self.rookery("settings", "set", SETTING, "700")
        out = self.rookery("config", "apply", self.file(("setting", SETTING, 701)), "--confirm-within", "1h")
        self.assertIn("rookery config confirm", out)
        self.assertEqual(self.value(), 701)
        self.rookery("config", "apply", self.file(("setting", SETTING, 702)), code=5)
        self.assertIn("unconfirmed_change", self.shown("status"))
        self.rookery("config", "confirm")
        self.rookery("config", "confirm", code=4)
        self.assertEqual(self.value(), 701)
        self.rookery("config", "apply", self.file(("setting", SETTING, 703)), "--confirm-within", "5s")
        self.until(lambda: self.value() == 701)
        self.assertNotIn("unconfirmed_change", self.shown("status"))
        self.rookery("config", "apply", self.file(("setting", SETTING, 704)), "--confirm-within", "5s")
        self.node.kill()
        self.node.start()
        self.until(lambda: self.value() == 701)
        self.rookery("config", "rollback", str(self.version() - 1), "--confirm-within", "1s", code=1)


if __name__ == "__main__":
    unittest.main()
