#!/usr/bin/env python3
"""Two mail servers and a witness: changes go on while any one of the three is gone, and the witness keeps no mail.

    witness_driver.py --rookery build/dev/server/rookery --seed 7 [--keep]
"""
import os

from cluster_driver import Writers
from cluster_nodes import Cluster, free, run, until


class Trio(Cluster):
    witness = None

    def form(self):
        first, second, self.witness = self.nodes
        first.serve()
        first.ask("POST", "/v1/cluster/init", {"host": "localhost", "port": first.port("cluster")})
        self.join(second)
        self.join_witness()
        self.settled(voters=3)

    def join_witness(self):
        w = self.witness
        done = w.run("cluster", "join", "localhost", self.token(), "--witness", "--address", "127.0.0.1", "--port", str(w.port("cluster")))
        if done.returncode != 0:
            raise AssertionError("join: " + done.stdout)
        self.serve(w)

    def serve(self, n):
        n.serve("metrics" if n is self.witness else "imap")

    def keeps_no_mail(self):
        w, n = self.witness, self.nodes[0]
        number = w.cluster()["self"]
        for service in ("smtp", "submission", "imap", "imaps", "pop3", "lmtp", "xmpp", "https"):
            if not free(w.port(service)):
                raise AssertionError("the witness listens for " + service)
        row = next(i for i in n.cluster()["items"] if i["id"] == number)
        if not row["witness"] or row["role"] != "voter" or row["domains"] != 0:
            raise AssertionError("the witness in the status: %s" % row)
        for i in range(4):
            n.ask("POST", "/v1/domains", {"name": "d%d.test" % i})
        homes = {n.ask("GET", "/v1/domains/d%d.test" % i).get("home") for i in range(4)}
        if number in homes or len(homes) != 2:
            raise AssertionError("homes of new domains: %s, the witness is %d" % (homes, number))
        self.refused(lambda: n.ask("PATCH", "/v1/domains/d0.test", {"home": str(number)}), "no node")
        self.refused(lambda: n.ask("POST", "/v1/cluster/promote", {"node": str(number), "role": "standby"}), "is there to vote")
        until(lambda: len(n.cluster()["volumes"]) == 2, "two volumes")
        if any(v["id"] == number for v in n.cluster()["volumes"]):
            raise AssertionError("the witness brought a volume: %s" % n.cluster()["volumes"])

    def lose(self, gone, number):
        """Writers on all three while one is killed; nothing acknowledged is lost."""
        writers = Writers(self.nodes, self.seed * 1000 + number)
        try:
            until(lambda: len(writers.acknowledged) > 5, "the first writes")
            gone.kill()
            had = len(writers.acknowledged)
            until(lambda: len(writers.acknowledged) > had + 20, "writes without one of the three")
            self.serve(gone)
        finally:
            writers.end()
        if writers.faults:
            raise AssertionError("refused: " + writers.faults[0])
        self.settled()
        for n in self.nodes:
            mine = {a for a in n.aliases() if a.startswith("w")}
            if not writers.acknowledged <= mine or not mine <= writers.asked:
                raise AssertionError("%s: lost %s" % (n.folder, sorted(writers.acknowledged - mine)[:5]))
        for name in sorted(mine):
            self.leader().ask("DELETE", "/v1/aliases/" + name.replace("@", "%40"))
        self.settled()
        print("without %s: %d changes, longest wait %.1f s" % (os.path.basename(gone.folder), len(writers.acknowledged), writers.longest), flush=True)

    def leave(self):
        """A witness that leaves is a mail server of its own."""
        w = self.nodes.pop()
        w.ask("POST", "/v1/cluster/leave", {}, limit=40)
        until(lambda: not free(w.port("imap")), "the witness that left to serve mail")
        until(lambda: all(len(n.cluster()["items"]) == 2 for n in self.nodes), "two nodes")
        w.stop()
        if w.check():
            raise AssertionError(w.check())

    def end(self):
        super().end()
        if self.witness is not None and self.witness not in self.nodes:
            self.witness.kill()


def play(d, a):
    d.form()
    d.keeps_no_mail()
    for i, gone in enumerate(d.rng.sample(d.nodes, 3)):
        d.lose(gone, i)
    d.leave()
    d.checked()


if __name__ == "__main__":
    run("witness", lambda a, folder: Trio(a.rookery, a.seed, folder), play)
