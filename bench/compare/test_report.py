"""The report counts medians and ratios as it says."""
import csv, os, sys, tempfile, unittest
import xml.etree.ElementTree as tree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from report import FIGURES, Report


class Ratios(unittest.TestCase):
    def setUp(self):
        self.report = Report("ours")
        for rate, cpu in ((900, 0.5), (1000, 0.1), (5000, 0.2)):
            self.report.add("ours", {"smtp.rate": rate, "smtp.cpu": cpu})
        self.report.add("slow", {"smtp.rate": 50, "smtp.cpu": 8.0})
        self.report.add("quick", {"smtp.rate": 200, "smtp.cpu": None, "pop3.rate": 7})

    def test_medians_and_the_better_of_the_others(self):
        self.assertEqual(self.report.median("smtp.rate", "ours"), 1000)
        self.assertEqual(self.report.ratio("smtp.rate", True), 5)
        self.assertEqual(self.report.ratio("smtp.cpu", False), 40)
        self.assertIsNone(self.report.ratio("pop3.rate", True))

    def test_a_ratio_below_what_is_wanted_is_said(self):
        rows = [line for line in self.report.text().splitlines() if line.startswith("| SMTP to mailbox")]
        self.assertEqual(rows, ["| SMTP to mailbox, 20 connections, 4 kB, messages/s | 1,000 | 50 | 200 | 5 | 10 not reached |"])

    def test_csv_has_every_run_and_svg_is_well_formed(self):
        with tempfile.NamedTemporaryFile(suffix=".csv") as f:
            self.report.write_csv(f.name)
            with open(f.name) as lines:
                self.assertEqual(len(list(csv.reader(lines))), 1 + 6 + 2 + 2)
        self.assertEqual(tree.fromstring(self.report.svg()).tag, "{http://www.w3.org/2000/svg}svg")

    def test_names_are_given_once(self):
        self.assertEqual(len(FIGURES), len({f[0] for f in FIGURES}))


if __name__ == "__main__":
    unittest.main()
