#!/usr/bin/env python3
"""Three real nodes, each in a network of its own, and faults of networks, disks and clocks under a seed, beside writers on all of them.

After each round every node has every acknowledged change, none that was never asked for, and the same configuration. Needs root for
networks and disks (ip, mount), strace for slow and failing syncs, a compiler for clocks that are turned: what is not there is left out, and said.

    faults_driver.py --rookery build/dev/server/rookery --rounds 22 --seed 7 [--only WORD] [--keep]
"""
import argparse, json, os, random, shutil, signal, ssl, struct, subprocess, sys, tempfile, time, urllib.error, urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster_driver import Driver, Member, Refused, until  # noqa: E402

NETWORK = ["cut leader", "cut follower", "leader mute", "leader deaf", "follower mute", "one link one way", "one link both ways", "all cut"]
DISK = ["full disk leader", "full disk follower"]
TRACE = ["slow sync leader", "slow sync follower", "failing sync leader", "failing sync follower"]
CLOCK = ["clock ahead", "clock behind"]
ALWAYS = ["pause leader", "pause follower", "pause two"]
HERE = os.path.dirname(os.path.abspath(__file__))


def command(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError("%s: %s" % (" ".join(words), done.stdout))


class Place(Member):
    """A node with a network, a disk and a clock of its own, as far as this machine lets it."""

    def __init__(self, rookery, folder, accounts, number, root, shim):
        self.number, self.root, self.folder_made = number, root, False
        os.makedirs(folder)
        if root:
            command("mount", "-t", "tmpfs", "-o", "size=400m", "rookery-test", folder)
        # What Member does, in a folder that is there.
        from node import Node
        Node.__init__(self, rookery, folder, accounts)
        self.paused, self.blocked = False, []
        self.clock_file = os.path.join(folder, "clock")
        with open(self.clock_file, "wb") as f:
            f.write(struct.pack("q", 0))
        self.shimmed = shim and dict(os.environ, LD_PRELOAD=shim, ROOKERY_CLOCK_FILE=self.clock_file)
        if root:
            self.space = "rk%d-%d" % (os.getpid() % 100000, number)
            self.address = "10.213.%d.%d" % (os.getpid() % 250, number)
            self.prefix = ["ip", "netns", "exec", self.space]
        else:
            self.address = "127.0.0.1"

    def set_clock(self, seconds):
        with open(self.clock_file, "r+b", buffering=0) as f:
            f.write(struct.pack("q", seconds))

    def serve(self, service="imap"):
        self.environment = self.shimmed
        self.start(service=None)
        self.environment = None
        until(lambda: self.ask("GET", "/v1/status"), "the administration of " + self.folder)

    def block(self, other):
        """Nothing of ours reaches the other any more."""
        command("ip", "netns", "exec", self.space, "ip", "route", "add", "blackhole", other.address + "/32")
        self.blocked.append(other.address)

    def unblock(self):
        for address in self.blocked:
            command("ip", "netns", "exec", self.space, "ip", "route", "del", "blackhole", address + "/32")
        self.blocked = []

    def trace(self, what):
        """strace changes what a call gives; ends with `end()`."""
        tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(self.process.pid), "-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:" + what],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def traced():
            if self.ended():
                return True  # by its first failed sync
            with open("/proc/%d/status" % self.process.pid) as f:
                return any(line.startswith("TracerPid:") and line.split()[1] != "0" for line in f)
        until(traced, "strace at " + self.folder)

        def end():
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
        return end

    def ended(self):
        return self.process.poll() is not None

    def away(self):
        if self.root:
            subprocess.run(["umount", "-l", self.folder], stderr=subprocess.DEVNULL)


class Faults(Driver):
    def __init__(self, rookery, seed, folder, plain=False):
        self.rng, self.seed, self.folder = random.Random(seed), seed, folder
        self.root = not plain and os.geteuid() == 0 and shutil.which("ip") is not None
        self.bridge = "rkb%d" % (os.getpid() % 100000)
        self.spaces, self.nodes = [], []
        self.shim = os.path.join(folder, "clock_shim.so")
        made = shutil.which("c++") and subprocess.run(["c++", "-std=c++20", "-shared", "-fPIC", "-O1", "-o", self.shim, os.path.join(HERE, "clock_shim.cpp")]).returncode == 0
        if not made:
            self.shim = None
        for i in (1, 2, 3):
            self.nodes.append(Place(rookery, os.path.join(folder, "n%d" % i), 3 if i == 1 else 0, i, self.root, self.shim))
        if self.root:
            self.connect()

    def kinds(self):
        out = list(ALWAYS)
        for kinds, there, why in ((NETWORK, self.root, "networks need root"), (DISK, self.root, "disks need root"),
                                  (TRACE, self.root and shutil.which("strace"), "slow and failing syncs need root and strace"), (CLOCK, self.shim, "clocks need a compiler")):
            if there:
                out += kinds
            else:
                print("left out: " + why, flush=True)
        return out

    def connect(self):
        command("ip", "link", "add", self.bridge, "type", "bridge")
        command("ip", "link", "set", self.bridge, "up")
        for n in self.nodes:
            self.attach(n)

    def attach(self, n):
        outer = "rkv%d-%d" % (os.getpid() % 100000, n.number)
        command("ip", "netns", "add", n.space)
        self.spaces.append(n.space)
        command("ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", n.space)
        command("ip", "link", "set", outer, "master", self.bridge, "up")
        for words in (["link", "set", "lo", "up"], ["addr", "add", n.address + "/24", "dev", "eth0"], ["link", "set", "eth0", "up"]):
            command("ip", "netns", "exec", n.space, "ip", *words)

    def form(self):
        first = self.nodes[0]
        first.serve()
        first.ask("POST", "/v1/cluster/init", {"host": first.address, "port": first.port("cluster")})
        for n in self.nodes[1:]:
            done = n.run("cluster", "join", first.address, self.token(), "--address", n.address, "--port", str(n.port("cluster")))
            if done.returncode != 0:
                raise AssertionError("join: " + done.stdout)
            n.serve()
        self.settled(voters=3)

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
        clone = Place(first.rookery, os.path.join(self.folder, "clone"), 0, 4, True, None)
        self.attach(clone)
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

    def fault(self, what):
        leader = self.leader()
        followers = [n for n in self.nodes if n is not leader]
        one = leader if "leader" in what else self.rng.choice(followers)
        others = [n for n in self.nodes if n is not one]
        if what.startswith("pause"):
            stopped = self.rng.sample(self.nodes, 2) if "two" in what else [one]
            for n in stopped:
                n.signal(signal.SIGSTOP)
            self.between()
            for n in stopped:
                n.signal(signal.SIGCONT)
        elif what in NETWORK:
            self.cut(what, one, others)
            self.between(8)  # longer than links are taken for alive
            for n in self.nodes:
                n.unblock()
        elif what in DISK:
            self.fill(one)
        elif what.startswith("slow"):
            end = one.trace("delay_exit=%d" % self.rng.randrange(50_000, 300_000))
            self.between()
            end()
        elif what.startswith("failing"):
            end = one.trace("error=EIO:when=%d+" % self.rng.randrange(1, 5))
            until(lambda: one.ended(), "the node whose disk fails to end")
            end()
            one.process = None
            self.between()
            one.serve()
        elif what in CLOCK:
            self.turn(one, others, 5400 if "ahead" in what else -5400)
        else:
            raise AssertionError(what)

    def between(self, least=0.2):
        time.sleep(self.rng.uniform(least, least + 3.0))  # how long a fault lasts is part of the seed

    def cut(self, what, one, others):
        if what.endswith("mute"):
            for n in others:
                one.block(n)
        elif what.endswith("deaf"):
            for n in others:
                n.block(one)
        elif what.startswith("one link"):
            one.block(others[0])
            if "both" in what:
                others[0].block(one)
        else:
            for a in self.nodes:
                for b in self.nodes:
                    if a is not b and ("all" in what or a is one or b is one):
                        a.block(b)

    def fill(self, one):
        """A disk without room: the node refuses or ends, and never says yes; with room it follows again."""
        space = os.statvfs(one.folder)
        ballast = os.path.join(one.folder, "ballast")
        with open(ballast, "wb") as f:
            left = space.f_bavail * space.f_frsize
            try:
                while left > 0:
                    left -= f.write(b"\0" * min(left, 1 << 20))
            except OSError:
                pass
        self.between()
        os.unlink(ballast)
        if one.ended():
            one.process = None
            one.serve()

    def turn(self, one, others, seconds):
        """A clock that jumps raises an alarm, and nothing else."""
        number = one.cluster()["self"]
        one.set_clock(seconds)

        def alarmed():
            s = others[0].cluster()
            row = next(i for i in s["items"] if i["id"] == number)
            return any("clock" in a for a in s["alarms"]) and abs(row["clock_offset_microseconds"] / 1e6 - seconds) < 60
        until(alarmed, "the alarm about a clock that is %d s off" % seconds)
        one.set_clock(0)
        until(lambda: not any("clock" in a for a in others[0].cluster()["alarms"]), "the end of the alarm")

    def end(self):
        for n in self.nodes:
            if n.process is not None and n.ended():
                n.process = None
        super().end()
        for n in self.nodes:
            n.away()
        for s in self.spaces:
            subprocess.run(["ip", "netns", "del", s], stderr=subprocess.DEVNULL)
        self.spaces = []
        if self.root:
            subprocess.run(["ip", "link", "del", self.bridge], stderr=subprocess.DEVNULL)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rookery", required=True)
    p.add_argument("--rounds", type=int, default=20)
    p.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    p.add_argument("--only", default="", help="faults with this word")
    p.add_argument("--plain", action="store_true", help="as for a user who is not root")
    p.add_argument("--keep", action="store_true")
    a = p.parse_args()
    print("seed %d" % a.seed, flush=True)
    folder = tempfile.mkdtemp(prefix="rookery-faults-")
    d = Faults(a.rookery, a.seed, folder, a.plain)
    acknowledged, worst = 0, 0.0
    try:
        kinds = [k for k in d.kinds() if a.only in k]
        d.form()
        d.refusals_of_identity()
        d.refusal_of_a_clone()
        order = []
        for i in range(a.rounds):
            if not order:
                order = d.rng.sample(kinds, len(kinds))
            acknowledged += d.round(i + 1, order.pop())
        d.checked()
        print("%d rounds, %d changes acknowledged, none lost" % (a.rounds, acknowledged))
    except BaseException:
        for n in d.nodes:
            if n.process is not None and not n.ended():
                n.signal(signal.SIGCONT)
                try:
                    print("%s: %s" % (n.folder, json.dumps(n.cluster())), flush=True)
                except (OSError, Refused) as e:
                    print("%s: %s" % (n.folder, e), flush=True)
            if os.path.exists(os.path.join(n.folder, "serve.log")):
                print("--- %s\n%s" % (n.folder, n.log_tail(15000)), flush=True)
        raise
    finally:
        d.end()
        if not a.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
