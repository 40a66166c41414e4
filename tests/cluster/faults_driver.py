#!/usr/bin/env python3
"""Three real nodes, each in a network of its own, and faults of networks, disks and clocks under a seed, beside writers on all of them.

After each round every node has every acknowledged change, none that was never asked for, and the same configuration. What of `places.py`
this machine cannot do is left out, and said.

    faults_driver.py --rookery build/dev/server/rookery --rounds 22 --seed 7 [--only WORD] [--plain] [--keep]
"""
import json, os, shutil, ssl, urllib.error, urllib.request

from cluster_driver import Driver
from cluster_nodes import rounds, run, until
from places import Places


class Faults(Places, Driver):
    def fault(self, what):
        leader = self.leader()
        followers = [n for n in self.nodes if n is not leader]
        one = leader if "leader" in what else self.rng.choice(followers)
        self.inflict(what, one, self.rng.sample([n for n in self.nodes if n is not one], 2))

    def refusals_of_identity(self):
        """A program of another version, a copied node beside its original, and one with another's certificate."""
        first, second, third = self.nodes
        token = self.token().split(".")
        body = {"protocol": 0, "version": "0.0.1", "token": token[4], "secret": token[5], "uuid": "0" * 32, "name": "old", "host": "old.test", "port": 7442, "public_key": ""}
        if not self.root:  # the door is in another network otherwise
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            asked = urllib.request.Request("https://127.0.0.1:%d/join" % first.port("cluster_join"), json.dumps(body).encode(), {"Content-Type": "application/json"})
            try:
                urllib.request.urlopen(asked, context=context, timeout=20)
                raise AssertionError("a program of another version was let in")
            except urllib.error.HTTPError as e:
                said = e.read().decode()
                if "bring them to one version" not in said:
                    raise AssertionError(said)
        number = third.cluster()["self"]

        def fault_of_third():
            return next(i for i in first.cluster()["items"] if i["id"] == number)["fault"]
        # The certificate of another node of the same cluster.
        third.stop()
        at, other = (os.path.join(n.folder, "store", "cluster") for n in (third, second))
        kept = {}
        for name in ("node.pem", "node.key"):
            with open(os.path.join(at, name), "rb") as f:
                kept[name] = f.read()
            shutil.copy(os.path.join(other, name), os.path.join(at, name))
        third.serve()
        until(lambda: "another certificate" in fault_of_third(), "the refusal of another node's certificate")
        third.kill()
        for name, octets in kept.items():
            with open(os.path.join(at, name), "wb") as f:
                f.write(octets)
        third.serve()
        self.settled()

    def refusal_of_a_clone(self):
        """A copy of a node's data that runs on a second machine, beside its original: the others go on with the one they know."""
        if not self.root:
            return
        first = self.nodes[0]
        clone = self.place(first.rookery, "clone", 0, 4)
        try:
            first.stop()
            shutil.rmtree(os.path.join(clone.folder, "store"))
            shutil.copytree(os.path.join(first.folder, "store"), os.path.join(clone.folder, "store"), ignore=shutil.ignore_patterns("*.sock"))
            first.serve()
            self.settled()
            clone.serve()
            until(lambda: all("is connected already" in i["fault"] for i in clone.cluster()["items"] if not i["self"]), "the clone to hear why it is refused")
            self.settled()
        finally:
            clone.kill()
            clone.away()


def play(d, a):
    kinds = [k for k in d.kinds("leader", "follower") if a.only in k]
    d.form()
    d.refusals_of_identity()
    d.refusal_of_a_clone()
    acknowledged = rounds(d, a.rounds, kinds)
    d.checked()
    print("%d rounds, %d changes acknowledged, none lost" % (a.rounds, acknowledged))


if __name__ == "__main__":
    run("faults", lambda a, folder: Faults(a.rookery, a.seed, folder, a.plain), play,
        [("--rounds", {"type": int, "default": 20}), ("--only", {"default": "", "help": "faults with this word"}),
         ("--plain", {"action": "store_true", "help": "as for a user who is not root"})])
