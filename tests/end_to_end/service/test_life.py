"""Starting, draining, stopping, and being killed."""
import os, re, signal, threading
from own import *


class Life(Case):
    def test_a_crowd_that_comes_at_once_holds_nobody(self):
        """Room for descriptors is made before there are threads, and slow hashes stand back behind those who are served."""
        of = "/proc/%d" % self.node.process.pid
        with open(of + "/limits") as f:
            limit = int(re.search(r"Max open files +(\d+)", f.read()).group(1))
        with open(of + "/status") as f:
            room = int(re.search(r"FDSize:\s+(\d+)", f.read()).group(1))
        self.assertGreaterEqual(room, min(limit, 65536))
        nice = [open("%s/task/%s/stat" % (of, t)).read().rpartition(")")[2].split()[16] for t in os.listdir(of + "/task")]
        self.assertEqual(nice.count("10"), 2, nice)

    def test_a_drain_lets_the_open_message_end(self):
        writer, idler, silent, logged = smtp(self.node), login(self.node), smtp(self.node), login(self.node, 1)
        self.assertTrue(imap(idler, "SELECT INBOX")[-1].startswith(b"t OK"))
        idler.send("i IDLE\r\n")
        self.assertTrue(idler.line().startswith(b"+"))
        pop = Line(self.node, "pop3")
        self.assertTrue(pop.line().startswith(b"+OK"))
        writer.send("MAIL FROM:<a@there.test>\r\nRCPT TO:<%s>\r\nDATA\r\n" % self.node.accounts[0])
        self.assertEqual([writer.reply()[:3] for _ in range(3)], [b"250", b"250", b"354"])
        writer.send(b"Subject: half\r\n\r\n")
        begun = time.time()
        self.node.process.send_signal(signal.SIGTERM)
        self.assertIn(b"* BYE", idler.rest())
        self.assertIn(b"* BYE", logged.rest())
        self.assertTrue(silent.rest().startswith(b"421"))
        pop.rest()
        with self.assertRaises(OSError):
            Line(self.node, "imap")
        self.node.process.send_signal(signal.SIGHUP)  # certificates do not matter any more, and it ends nothing
        writer.send(b"the other half\r\n.\r\n")
        self.assertTrue(writer.reply().startswith(b"250"))
        self.assertTrue(writer.rest()[:3] in (b"421", b""))
        self.assertEqual(self.node.process.wait(15), 0)
        self.assertLess(time.time() - begun, 5)
        self.assertEqual(self.node.check(), [])
        begun = time.time()
        self.node.start()
        self.assertLess(time.time() - begun, 2)
        self.assertEqual(count(self.node), 1)

    def test_a_drain_ends_though_a_client_does_not(self):
        writer = smtp(self.node)
        writer.send("MAIL FROM:<a@there.test>\r\nRCPT TO:<%s>\r\nDATA\r\nSubject: half\r\n" % self.node.accounts[0])
        self.assertEqual([writer.reply()[:3] for _ in range(3)], [b"250", b"250", b"354"])
        self.assertEqual(self.node.stop(15), 0)

    def test_a_drain_tells_those_who_came_at_the_last_moment(self):
        come, ends = [], time.time() + 1

        def keep_coming():
            try:
                while time.time() < ends:
                    come.append(socket.create_connection(("127.0.0.1", self.node.port("imap")), 2))
            except OSError:
                pass

        threads = [threading.Thread(target=keep_coming) for _ in range(2)]
        for t in threads:
            t.start()
        while len(come) < 100:
            time.sleep(0.001)
        begun = time.time()
        self.node.process.send_signal(signal.SIGTERM)
        for t in threads:
            t.join()
        for c in come:
            try:
                while c.recv(4096):
                    pass
            except ConnectionError:
                pass
            c.close()
        self.assertEqual(self.node.process.wait(15), 0)
        self.assertLess(time.time() - begun, 8)  # ten seconds are the end of all patience

    def test_acknowledged_mail_survives_a_kill(self):
        c = smtp(self.node)
        for i in range(20):
            self.assertTrue(deliver(c, self.node.accounts[0], b"Subject: %d\r\n\r\nx" % i).startswith(b"250"))
        self.node.kill()
        self.assertEqual(self.node.check(), [])
        self.node.start()
        self.assertEqual(count(self.node), 20)

    def test_one_server_a_store(self):
        second = self.node.run("serve", "--port-base", "31000")
        self.assertEqual(second.returncode, 1, second.stdout)
        self.assertIn("another process has", second.stdout)
        self.assertEqual(len(second.stdout.strip().splitlines()), 1, second.stdout)

    def test_a_taken_port_is_named(self):
        other = self.made("second")
        done = other.run("serve", "--port-base", str(self.node.base))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(str(self.node.port("smtp")), done.stdout)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
