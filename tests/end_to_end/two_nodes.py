"""Two servers in one folder, of which one takes mail from the other."""
import os, shutil, tempfile, unittest

from node import Node

PROGRAM = os.environ["ROOKERY_PROGRAM"]


class TwoNodes(unittest.TestCase):
    """`here` and `there`, for all tests of the class; both must end well, with whole stores."""
    accounts = 4

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="rookery-two-")
        cls.there, cls.here = (cls.make(n) for n in ("there", "here"))
        for n in (cls.there, cls.here):
            n.start()

    @classmethod
    def make(cls, name):
        folder = os.path.join(cls.folder, name)
        os.mkdir(folder)
        return Node(PROGRAM, folder, cls.accounts)

    @classmethod
    def tearDownClass(cls):
        for n in (cls.there, cls.here):
            code = n.stop()
            faults = n.check()
            assert code == 0 and not faults, (code, faults)
        shutil.rmtree(cls.folder, ignore_errors=True)
