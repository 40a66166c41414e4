#!/usr/bin/env python3
"""A second volume in a running server: a copy of another node's store is opened, its queue goes on, and it is closed
again while the clients of the first notice nothing. Without its own volume a node refuses clients and can be asked."""
import json, os, shutil, smtplib, socket, ssl, sys, tempfile, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from own import Node, PROGRAM, deliver, imap, login, smtp
from sink import Sink


class Volumes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rookery-volumes-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def node(self, name):
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        made = Node(PROGRAM, folder)
        made.start()
        self.addCleanup(made.kill)
        return made

    def said(self, node, *verb):
        done = node.run(*verb)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def volumes(self, node):
        return {v["id"]: v for v in json.loads(self.said(node, "volume", "list", "--json"))["items"]}

    def test_anothers_volume_is_served_beside_the_own_one(self):
        other = self.node("other")
        self.said(other, "queue", "freeze", "remote")
        with smtplib.SMTP_SSL("127.0.0.1", other.port("submissions"), context=ssl._create_unverified_context(), timeout=60) as s:
            s.login(other.accounts[0], other.password)
            s.sendmail(other.accounts[0], ["far@away.test"], "Subject: kept there\r\n\r\nsent from here\r\n")
        self.assertEqual(other.stop(), 0)

        node = self.node("node")
        sink = Sink()
        self.addCleanup(sink.close)
        self.said(node, "route", "add", "away.test", "--host", "127.0.0.1", "--port", str(sink.port))
        there = os.path.join(node.folder, "store", "volumes", "7")
        shutil.copytree(os.path.join(other.folder, "store"), there, ignore=shutil.ignore_patterns("config", "config-log", "sealing.key", "lock", "logs", "tls", "admin.sock"))
        client = login(node)
        self.assertTrue(imap(client, "SELECT INBOX")[-1].startswith(b"t OK"))
        self.said(node, "volume", "open", "7")
        self.assertEqual(set(self.volumes(node)), {0, 7})
        sink.wait(1)
        self.assertEqual(sink.messages[0].recipients, ["far@away.test"])
        self.assertIn(b"kept there", sink.messages[0].data)
        refused = node.run("volume", "open", "7")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("is open here", refused.stdout)
        self.said(node, "check")

        self.said(node, "volume", "close", "7")
        self.assertEqual(set(self.volumes(node)), {0})
        self.assertTrue(imap(client, "NOOP")[-1].startswith(b"t OK"), "the first volume's client was disturbed")
        self.assertTrue(deliver(smtp(node), node.accounts[0], b"Subject: x\r\n\r\nhello").startswith(b"250"))
        # What was delivered is not delivered again, and the store is a whole one.
        self.said(node, "volume", "open", "7", "--directory", there)
        self.assertEqual(self.volumes(node)[7]["queued"], 0)
        self.said(node, "volume", "close", "7")
        self.assertEqual(len(sink.messages), 1)
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.check(), [])

    def test_without_its_own_volume_a_node_refuses_clients_and_can_be_asked(self):
        node = self.node("node")
        self.assertTrue(deliver(smtp(node), node.accounts[0], b"Subject: x\r\n\r\nhello").startswith(b"250"))
        client = login(node)
        self.said(node, "volume", "close", "0")
        self.assertTrue(client.rest().startswith(b"* BYE"))
        self.assertEqual(self.volumes(node), {})
        for service in ("smtp", "imap", "pop3"):
            with self.assertRaises(ConnectionRefusedError, msg=service):
                socket.create_connection(("127.0.0.1", node.port(service)), 10)
        self.assertIn(node.accounts[0], self.said(node, "account", "list"))
        self.said(node, "settings", "set", "imap.messages_max", "6000")
        self.said(node, "volume", "open", "0")
        c = login(node)
        self.assertIn(b"* 1 EXISTS\r\n", imap(c, "SELECT INBOX"))
        self.assertTrue(deliver(smtp(node), node.accounts[0], b"Subject: y\r\n\r\nhello").startswith(b"250"))
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.check(), [])


if __name__ == "__main__":
    unittest.main()
