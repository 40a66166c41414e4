"""Texts of the operator's own in delivery reports."""
import os, signal, sys, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from outside import Case


class Texts(Case):
    def write(self, name, text):
        folder = os.path.join(self.folder, "store", "templates")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)

    def reload(self, logged):
        self.node.process.send_signal(signal.SIGHUP)
        end = time.time() + 30
        while logged not in self.node.log_tail(20000):
            self.assertLess(time.time(), end, self.node.log_tail())
            time.sleep(0.02)

    def test_files_replace_the_built_in_texts(self):
        sink = self.sink()
        sink.say("RCPT", "550 5.1.1 nobody")
        self.write("failed.en.txt", "Subject: Sorry: $(subject)\n\nExample Ltd. could not deliver:\n$(each)\n* $(recipient)\n$(end)\n")
        self.write("failed.fr.txt", "Subject: Non: $(subject)\n\nÉchec.\n")
        self.write("delayed.en.txt", "no subject\n")
        self.set("report.languages", "en fr")
        self.reload("report_texts.loaded")
        self.assertIn("delayed.en.txt: its first line is not", self.node.log_tail(20000))
        self.submit("bob@remote.example")
        (report,) = self.inbox(0)
        self.assertEqual(report["Subject"], "Sorry: hello")
        text = report.get_payload()[0].get_payload(decode=True).decode("utf-8")
        self.assertIn("* bob@remote.example", text)
        self.assertIn("Échec.", text)
        self.assertLess(text.index("Example Ltd."), text.index("Échec."))
        self.assertNotIn("Mailsystem", text)
        done = self.node.run("check")
        self.assertIn("delayed.en.txt: its first line is not", done.stdout)
        # Without the files it is as before.
        for name in os.listdir(os.path.join(self.folder, "store", "templates")):
            os.unlink(os.path.join(self.folder, "store", "templates", name))
        self.set("report.languages", "de en")
        self.reload("certificates.reloaded")
        self.assertEqual(self.node.run("check").returncode, 0)


if __name__ == "__main__":
    unittest.main()
