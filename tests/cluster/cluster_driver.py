#!/usr/bin/env python3
"""Three real nodes on loopback as one cluster, writers on all of them, faults under a seed.

After each round every node has every acknowledged change, none that was never asked for, and the same configuration
as the others. Prints its seed; ends with 1 at the first fault, with the logs of the nodes.

    cluster_driver.py --rookery build/dev/server/rookery --rounds 20 --seed 7 [--keep]
"""
import json, os, random, shutil, signal, socket, ssl, subprocess, tarfile, threading, time, urllib.request

from cluster_nodes import Cluster, Member, Refused, rounds, run, until

FAULTS = ["kill leader", "kill follower", "kill two", "kill all", "pause leader", "pause follower", "stop leader", "kill leader twice"]


class Writers:
    """One thread a node; each makes aliases of its own, and remembers which were acknowledged."""

    def __init__(self, nodes, seed):
        self.nodes, self.asked, self.acknowledged, self.lock = nodes, set(), set(), threading.Lock()
        self.going, self.longest, self.faults = True, 0.0, []
        self.threads = [threading.Thread(target=self.run, args=(i, random.Random(seed * 100 + i))) for i in range(len(nodes))]
        for t in self.threads:
            t.start()

    def run(self, number, rng):
        count, since = 0, time.time()
        while self.going:
            count += 1
            name = "w%d-%d@example.test" % (number, count)
            with self.lock:
                self.asked.add(name)
            try:
                rng.choice(self.nodes).ask("POST", "/v1/aliases", {"address": name, "targets": ["u1@example.test"]})
                with self.lock:
                    self.acknowledged.add(name)
                self.longest, since = max(self.longest, time.time() - since), time.time()
            except (OSError, ValueError):
                time.sleep(0.02)  # that node is down: another next time
            except Refused as e:
                if e.status not in (409, 503):  # not agreed in time; or an earlier try took effect
                    self.faults.append("%s: %s" % (name, e))

    def end(self):
        self.going = False
        for t in self.threads:
            t.join()


class Driver(Cluster):
    def refusals(self):
        """What must not come in, and the sentence that says why."""
        stranger = Member(self.nodes[0].rookery, os.path.join(self.folder, "stranger"), 0)
        good = self.token()
        parts = good.split(".")
        port = ("--port", str(stranger.port("cluster")))
        wrong_secret = ".".join(parts[:-1] + ["x" * 32])
        other_authority = ".".join(parts[:3] + ["0" * 64] + parts[4:])
        for token, said in ((wrong_secret, "not valid"), (other_authority, "does not belong to the cluster of this token"), ("rk1.nonsense", "no token")):
            done = stranger.run("cluster", "join", "localhost", token, *port)
            if done.returncode == 0 or said not in done.stdout:
                raise AssertionError("join with %s: %s" % (token, done.stdout))
        full = Member(self.nodes[0].rookery, os.path.join(self.folder, "full"), 2)
        done = full.run("cluster", "join", "localhost", good, "--port", str(full.port("cluster")))
        if done.returncode == 0 or "accounts and aliases of its own" not in done.stdout:
            raise AssertionError("join with accounts: " + done.stdout)
        # A copy of a member's identity.
        for name in ("store.json",):
            shutil.copy(os.path.join(self.nodes[1].folder, "store", name), os.path.join(stranger.folder, "store", name))
        done = stranger.run("cluster", "join", "localhost", good, *port)
        if done.returncode == 0 or "a node with this identity" not in done.stdout:
            raise AssertionError("join with a copied identity: " + done.stdout)

    def certificates(self):
        """A certificate that one node is given is served by all, under its name."""
        at = os.path.join(self.folder, "certificate")
        done = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", at + ".key", "-out", at + ".crt",
                               "-days", "30", "-subj", "/CN=shared", "-addext", "subjectAltName=DNS:shared.example.test"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        with open(at + ".crt") as f:
            wanted = ssl.PEM_cert_to_DER_cert(f.read())
        told = self.nodes[1].run("certificate", "add", "shared", at + ".crt", at + ".key")
        if told.returncode != 0:
            raise AssertionError("certificate add: " + told.stdout)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

        def served(n):
            with socket.create_connection(("127.0.0.1", n.port("imaps")), 10) as s, context.wrap_socket(s, server_hostname="shared.example.test") as t:
                return t.getpeercert(True) == wanted
        self.served_shared = lambda n: until(lambda: served(n), "the certificate at " + n.folder)
        for n in self.nodes:
            self.served_shared(n)

    def renewals(self):
        """A node's certificate and the authority are renewed while the nodes talk; one that was away follows when it is back."""
        def row(of, number):
            return next(i for i in of.cluster()["items"] if i["id"] == number)
        n = self.nodes[self.rng.randrange(3)]
        number = n.cluster()["self"]
        before = row(n, number)["certificate"]
        n.ask("POST", "/v1/cluster/renew", {})
        for other in self.nodes:
            until(lambda: row(other, number)["certificate"] != before and not row(other, number)["certificate_next"], "the renewed certificate")
        n.kill()
        n.serve()
        self.settled()
        first = {i["id"]: i["certificate"] for i in n.cluster()["items"]}
        authority = n.cluster()["authority"]
        away = self.nodes[self.rng.randrange(3)]
        others = [m for m in self.nodes if m is not away]
        away.kill()
        until(lambda: others[0].ask("POST", "/v1/cluster/renew-ca", {}), "the new authority to be agreed on")
        self.refused(lambda: others[1].ask("POST", "/v1/cluster/token", {}), "is being renewed")
        self.refused(lambda: others[1].ask("POST", "/v1/cluster/renew-ca", {}), "is being renewed already")
        away.serve()
        for m in self.nodes:
            until(lambda: m.cluster()["authority"] != authority and "authority_waits_for" not in m.cluster(), "the new authority at " + m.folder)
        self.settled()
        last = {i["id"]: i["certificate"] for i in n.cluster()["items"]}
        if any(first[i] == last[i] for i in first):
            raise AssertionError("certificates of the old authority: %s" % last)
        for m in self.nodes:
            m.kill()
        self.serve_all(self.nodes)
        self.settled()

    def conditions(self):
        """Each node knows how the others are, and says so in its figures."""
        for n in self.nodes:
            def all_known():
                rows = n.cluster()["items"]
                return all({"disk_free", "disk_total", "sessions", "queued"} <= r.keys() and r["certificate_ends"] > time.time() * 1000
                           and (r["self"] or {"round_trip_microseconds", "clock_offset_microseconds"} <= r.keys()) for r in rows)
            until(all_known, "what the nodes say of themselves at " + n.folder)
            for r in n.cluster()["items"]:
                if not r["self"] and (abs(r["clock_offset_microseconds"]) > r["round_trip_microseconds"] + 1000 or r["disk_free"] > r["disk_total"]):
                    raise AssertionError("one machine has one clock and one disk: %s" % r)
            def figures():
                with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % n.port("metrics"), timeout=20) as answer:
                    text = answer.read().decode()
                return all('rookery_cluster_reached{node="%d"} 1\n' % r["id"] in text and 'rookery_cluster_disk_free_octets{node="%d"}' % r["id"] in text
                           for r in n.cluster()["items"])
            until(figures, "figures of all nodes at " + n.folder)

    def questions(self):
        """Who reaches whom, also when one is away; a bundle with something of each; whether paths are shared."""
        def rookery(n, *verb):
            done = n.run("cluster", *verb)
            return done.returncode, done.stdout
        n, away = self.nodes[0], self.nodes[2]
        number = away.cluster()["self"]
        code, said = rookery(n, "diagnose", "--json")
        rows = json.loads(said)["items"]
        if code != 0 or sorted(len(r["to"]) for r in rows) != [2, 2, 2] or "fault" in said:
            raise AssertionError("diagnose: %s %s" % (code, said))
        at = os.path.join(self.folder, "bundle.tar")
        code, said = rookery(n, "bundle", at)
        with tarfile.open(at) as tar:
            names = tar.getnames()
            everything = b"".join(tar.extractfile(m).read() for m in tar.getmembers())
        if code != 0 or sum(name.endswith("/status.json") for name in names) != 3 or sum(name.endswith("/log.jsonl") for name in names) != 3:
            raise AssertionError("bundle: %s %s %s" % (code, said, names))
        for secret in (b"PRIVATE KEY", b"stored_key", b"sealed_key\": \"e"):
            if secret in everything:
                raise AssertionError("the bundle has " + secret.decode())
        shared = os.path.join(self.folder, "shared")
        os.mkdir(shared)
        code, said = rookery(n, "paths", shared)
        warned = [line for line in said.splitlines() if line.startswith("WARNING") and "syncing took" not in line]  # this machine's disk may be busy
        if warned or (code != 0) == ("all nodes share" in said) or "3 of 3" not in said or os.listdir(shared):
            raise AssertionError("paths: %s %s %s" % (code, said, os.listdir(shared)))
        # Each node's own, under one name.
        code, said = rookery(n, "paths", "/proc/self/fd")
        if code != 1 or "WARNING" not in said:
            raise AssertionError("paths of a directory that is no storage: %s %s" % (code, said))
        away.kill()
        until(lambda: not next(i for i in n.cluster()["items"] if i["id"] == number)["linked"], "the link to end")
        code, said = rookery(n, "diagnose", "--json")
        rows = {r["id"]: r for r in json.loads(said)["items"]}
        if "fault" not in rows[number] or any("fault" not in to["control"] for r in rows.values() for to in r.get("to", []) if to["id"] == number):
            raise AssertionError("diagnose without a node: %s %s" % (code, said))
        code, said = rookery(n, "paths", shared)
        if code != 1 or "all nodes share" in said or os.listdir(shared):
            raise AssertionError("paths without a node: %s %s" % (code, said))
        code, said = rookery(n, "bundle", at)
        if code != 1 or "%d: " % number not in said:
            raise AssertionError("bundle without a node: %s %s" % (code, said))
        away.serve()
        self.settled()

    def settings(self):
        """A change on any node is seen on all, and a lost update is refused."""
        for i, n in enumerate(self.nodes):
            n.ask("PUT", "/v1/settings/smtp.recipients_max", {"value": str(500 + i)})
            for other in self.nodes:
                until(lambda: other.ask("GET", "/v1/settings/smtp.recipients_max")["value"] == 500 + i, "setting %d" % (500 + i))
        n, other = self.nodes[0], self.nodes[1]
        n.ask("POST", "/v1/accounts", {"address": "new@example.test", "password": "a long secret 7"})
        until(lambda: other.ask("GET", "/v1/accounts/new%40example.test"), "the account")
        self.settled()
        version = other.ask("GET", "/v1/accounts/new%40example.test")["version"]
        n.ask("PATCH", "/v1/accounts/new%40example.test?version=" + str(version), {"description": "One"})
        try:
            other.ask("PATCH", "/v1/accounts/new%40example.test?version=" + str(version), {"description": "Two"})
            raise AssertionError("a lost update was taken")
        except Refused as e:
            if e.status != 409:
                raise
        self.settled()
        self.log_in_everywhere("new@example.test", "a long secret 7")

    def fault(self, what):
        leader = self.leader()
        others = [n for n in self.nodes if n is not leader]
        down, paused = [], []
        if what in ("kill leader", "kill leader twice"):
            down = [leader]
        elif what == "kill follower":
            down = [self.rng.choice(others)]
        elif what == "kill two":
            down = self.rng.sample(self.nodes, 2)
        elif what == "kill all":
            down = list(self.nodes)
        elif what == "pause leader":
            paused = [leader]
        elif what == "pause follower":
            paused = [self.rng.choice(others)]
        elif what == "stop leader":
            leader.stop()
            self.between()
            leader.serve()
            return
        for n in down:
            n.kill()
        if what == "kill leader twice":
            second = self.rng.choice(others)
            second.kill()
            down.append(second)
        for n in paused:
            n.signal(signal.SIGSTOP)
        self.between()
        for n in paused:
            n.signal(signal.SIGCONT)
        self.serve_all(down)

    def round(self, number, what):
        began = time.time()
        writers = Writers(self.nodes, self.seed * 1000 + number)
        try:
            until(lambda: len(writers.acknowledged) > 5, "the first writes")
            self.fault(what)
            had = len(writers.acknowledged)
            until(lambda: len(writers.acknowledged) > had + 5, "writes after the fault")
        finally:
            writers.end()
        if writers.faults:
            raise AssertionError("refused: " + writers.faults[0])
        self.settled()
        sets = [n.aliases() for n in self.nodes]
        for n, names in zip(self.nodes, sets):
            mine = {a for a in names if a.startswith("w")}
            lost, new = writers.acknowledged - mine, mine - writers.asked
            if lost or new:
                raise AssertionError("%s: lost %s, never asked for %s" % (n.folder, sorted(lost)[:5], sorted(new)[:5]))
        if len({frozenset(s) for s in sets}) != 1:
            raise AssertionError("the nodes differ")
        print("round %d, %s: %d changes acknowledged of %d, longest wait %.1f s, %.0f s" %
              (number, what, len(writers.acknowledged), len(writers.asked), writers.longest, time.time() - began), flush=True)
        for name in sorted(a for a in sets[0] if a.startswith("w")):
            self.leader().ask("DELETE", "/v1/aliases/" + name.replace("@", "%40"))
        self.settled()
        return len(writers.acknowledged)

    def leave_and_return(self):
        """A node leaves in order, is a node of its own then, and a new one takes its place."""
        last = self.nodes.pop()
        before = last.cluster()["sealing_key"]
        last.ask("POST", "/v1/cluster/leave", {}, limit=40)
        if last.cluster()["member"] or last.ask("GET", "/v1/accounts")["total"] == 0:
            raise AssertionError("a node that left: %s" % last.cluster())
        until(lambda: all(len(n.cluster()["items"]) == 2 for n in self.nodes), "two nodes")
        newest = self.keys_settled(before)
        if newest in self.keys_of(last):
            raise AssertionError("the node that left has the new key")
        last.stop()
        self.nodes.append(Member(last.rookery, os.path.join(self.folder, "n4"), 0))
        self.join_again(self.nodes[-1])
        self.settled()
        if self.keys_of(self.nodes[-1])[0] != newest:
            raise AssertionError("who joins seals with another key")
        self.served_shared(self.nodes[-1])

    def single_copies(self):
        """From two copies of each node's mail to one, which is at home."""
        self.nodes[0].ask("POST", "/v1/cluster/copies", {"copies": 1})
        until(lambda: all(v["leader"] == v["id"] and v["in_sync"] == [v["id"]] and not v["learners"]
                          for n in self.nodes for v in n.cluster()["volumes"]), "one copy of each volume, at home", 120)

    def remove_and_refuse(self):
        """A node that is removed while it runs knows it, and takes no change any more."""
        last = self.nodes.pop()
        number, before = str(last.cluster()["self"]), last.cluster()["sealing_key"]
        until(lambda: any(str(v["id"]) == number for v in self.nodes[0].cluster()["volumes"]), "the node's volume to be agreed on")
        said = self.nodes[0].ask("POST", "/v1/cluster/what-if", {"node": number})["items"]
        if said[0]["interrupts"] or [c["volume"] for c in said if c["alone"]] != [int(number)]:
            raise AssertionError("what if node %s were gone: %s" % (number, said))
        try:
            self.nodes[0].ask("POST", "/v1/cluster/remove", {"node": number})
            raise AssertionError("the only holder of a node's mail was removed unasked")
        except Refused as e:
            if "--accept-loss" not in str(e):
                raise
        self.nodes[0].ask("POST", "/v1/cluster/remove", {"node": number, "accept_loss": True})
        until(lambda: last.cluster()["standing"] == "removed", "the removed node to know it")
        until(lambda: all(len(n.cluster()["items"]) == 2 for n in self.nodes), "two nodes")
        try:
            last.ask("PUT", "/v1/settings/smtp.recipients_max", {"value": "444"})
            raise AssertionError("a removed node took a change")
        except Refused as e:
            if "was removed from its cluster" not in str(e):
                raise
        newest = self.keys_settled(before)
        if newest in self.keys_of(last):
            raise AssertionError("the removed node has the new key")
        for n in self.nodes:
            self.served_shared(n)
        last.ask("POST", "/v1/cluster/leave", {"force": True}, limit=40)
        if last.cluster()["member"]:
            raise AssertionError("a node that left by force: %s" % last.cluster())
        last.stop()

    def keys_of(self, n):
        """What seals and opens at this node, the first first."""
        with open(os.path.join(n.folder, "store", "sealing.key")) as f:
            return f.read().split("\n")[:-1]

    def keys_settled(self, before):
        """Who went has an old key alone: all others seal with another one, and everything is sealed anew."""
        def so():
            rows = [n.cluster() for n in self.nodes]
            return all(r.get("keys_settled") and r["sealing_key"] == rows[0]["sealing_key"] != before for r in rows)
        until(so, "a new sealing key on all nodes", 60)
        first = {self.keys_of(n)[0] for n in self.nodes}
        if len(first) != 1:
            raise AssertionError("the nodes seal with different keys")
        return first.pop()

    def new_keys(self):
        """By order; a node that is away takes it later. Then with the new key alone: what is served needs no other."""
        before, away = self.nodes[0].cluster()["sealing_key"], self.nodes[2]
        away.kill()
        self.nodes[1].ask("POST", "/v1/cluster/rekey", {})
        living, self.nodes = self.nodes, self.nodes[:2]
        newest = self.keys_settled(before)
        self.nodes = living
        away.serve()
        if self.keys_settled(before) != newest:
            raise AssertionError("another key was made")
        for n in self.nodes:
            self.served_shared(n)
        n = self.nodes[1]
        old = [k for k in self.keys_of(n) if k != newest]
        if not self.opens_with(n, [newest]):
            raise AssertionError("the new key alone does not open what is sealed")
        if self.opens_with(n, old):
            raise AssertionError("old keys, as a removed node has them, open what is sealed now")
        if self.keys_of(n) != [newest] + old:
            raise AssertionError("the node did not take the key from its box again")

    def opens_with(self, n, keys):
        """Whether a node that starts with these keys can use the certificate at once. It takes the others from its boxes afterwards, and serves."""
        n.stop()
        with open(os.path.join(n.folder, "store", "sealing.key"), "w") as f:
            f.write("".join(k + "\n" for k in keys))
        before = os.path.getsize(os.path.join(n.folder, "serve.log"))
        n.serve()
        self.settled()
        self.served_shared(n)
        with open(os.path.join(n.folder, "serve.log"), "rb") as f:
            said = f.read()
        return b"certificates.unusable" not in (said[before:] if len(said) > before else said)

    def join_again(self, n):
        done = n.run("cluster", "join", "127.0.0.1", self.token(), "--address", "localhost", "--port", str(n.port("cluster")))
        if done.returncode != 0:
            raise AssertionError("join: " + done.stdout)
        n.serve()

def play(d, a):
    d.form()
    d.settings()
    d.certificates()
    d.renewals()
    d.conditions()
    d.questions()
    d.new_keys()
    d.refusals()
    acknowledged = rounds(d, a.rounds, FAULTS)
    d.single_copies()
    d.leave_and_return()
    d.remove_and_refuse()
    d.checked()
    print("%d rounds, %d changes acknowledged, none lost" % (a.rounds, acknowledged))


if __name__ == "__main__":
    run("cluster", lambda a, folder: Driver(a.rookery, a.seed, folder), play, [("--rounds", {"type": int, "default": 8})])
