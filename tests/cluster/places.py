"""Nodes each with a network, a disk and a clock of its own, and what can go wrong with these; what the drivers of such faults share.

Needs root for networks and disks (ip, mount), strace for slow and failing syncs, a compiler for clocks that are turned: what is not
there is left out, and said.
"""
import os, random, shutil, signal, struct, subprocess, time

from cluster_nodes import Cluster, Member, until

HERE = os.path.dirname(os.path.abspath(__file__))


def command(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError("%s: %s" % (" ".join(words), done.stdout))


class Place(Member):
    """A node with a network, a disk and a clock of its own, as far as this machine lets it."""

    def __init__(self, rookery, folder, accounts, number, root, shim, megabytes):
        self.number, self.root, self.blocked = number, root, []
        if root:
            self.space = "rk%d-%d" % (os.getpid() % 100000, number)
            self.address = "10.213.%d.%d" % (os.getpid() % 250, number)
            self.prefix = ["ip", "netns", "exec", self.space]
            command("ip", "netns", "add", self.space)
            os.makedirs(folder)
            command("mount", "-t", "tmpfs", "-o", "size=%dm" % megabytes, "rookery-test", folder)
        super().__init__(rookery, folder, accounts)
        self.clock_file = os.path.join(folder, "clock")
        with open(self.clock_file, "wb") as f:
            f.write(struct.pack("q", 0))
        self.shimmed = shim and dict(os.environ, LD_PRELOAD=shim, ROOKERY_CLOCK_FILE=self.clock_file)

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
            subprocess.run(["ip", "netns", "del", self.space], stderr=subprocess.DEVNULL)


class Places(Cluster):
    megabytes = 400  # of each node's disk

    def __init__(self, rookery, seed, folder, plain=False):
        self.rng, self.seed, self.folder, self.nodes = random.Random(seed), seed, folder, []
        self.root = not plain and os.geteuid() == 0 and shutil.which("ip") is not None
        self.bridge = "rkb%d" % (os.getpid() % 100000)
        self.shim = os.path.join(folder, "clock_shim.so")
        made = shutil.which("c++") and subprocess.run(["c++", "-std=c++20", "-shared", "-fPIC", "-O1", "-o", self.shim, os.path.join(HERE, "clock_shim.cpp")]).returncode == 0
        if not made:
            self.shim = None
        if self.root:
            command("ip", "link", "add", self.bridge, "type", "bridge")
            command("ip", "addr", "add", self.here() + "/24", "dev", self.bridge)
            command("ip", "link", "set", self.bridge, "up")
        for i in (1, 2, 3):
            self.nodes.append(self.place(rookery, "n%d" % i, 3 if i == 1 else 0, i))

    def here(self):
        return "10.213.%d.254" % (os.getpid() % 250) if self.root else super().here()

    def place(self, rookery, name, accounts, number):
        n = Place(rookery, os.path.join(self.folder, name), accounts, number, self.root, self.shim, self.megabytes)
        if self.root:
            outer = "rkv%d-%d" % (os.getpid() % 100000, n.number)
            command("ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", n.space)
            command("ip", "link", "set", outer, "master", self.bridge, "up")
            for words in (["link", "set", "lo", "up"], ["addr", "add", n.address + "/24", "dev", "eth0"], ["link", "set", "eth0", "up"]):
                command("ip", "netns", "exec", n.space, "ip", *words)
        return n

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

    def kinds(self, one, another):
        """The faults that this machine can have, of nodes in one of two roles."""
        def each(*what):
            return ["%s %s" % (w, role) for w in what for role in (one, another)]
        out = each("pause") + ["pause two"]
        for kinds, there, why in ((each("cut", "mute", "deaf") + ["one link one way", "one link both ways", "all cut"], self.root, "networks need root"),
                                  (each("full disk"), self.root, "disks need root"),
                                  (each("slow sync", "failing sync"), self.root and shutil.which("strace"), "slow and failing syncs need root and strace"),
                                  (["clock ahead", "clock behind"], self.shim, "clocks need a compiler")):
            if there:
                out += kinds
            else:
                print("left out: " + why, flush=True)
        return out

    def inflict(self, what, one, others):
        """Until it is over; `others[0]` is the other end of one link."""
        if what.startswith("pause"):
            stopped = [one, others[0]] if "two" in what else [one]
            for n in stopped:
                n.signal(signal.SIGSTOP)
            self.between()
            for n in stopped:
                n.signal(signal.SIGCONT)
        elif what.startswith("full"):
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
        elif what.startswith("clock"):
            self.turn(one, others, 5400 if "ahead" in what else -5400)
        else:
            self.cut(what, one, others)
            self.between(8)  # longer than links are taken for alive
            for n in self.nodes:
                n.unblock()

    def between(self, least=0.2):
        time.sleep(self.rng.uniform(least, least + 3.0))  # how long a fault lasts is part of the seed

    def cut(self, what, one, others):
        if what.startswith("mute"):
            for n in others:
                one.block(n)
        elif what.startswith("deaf"):
            for n in others:
                n.block(one)
        elif what.startswith("one link"):
            one.block(others[0])
            if "both" in what:
                others[0].block(one)
        elif what.startswith(("cut", "all")):
            for a in self.nodes:
                for b in self.nodes:
                    if a is not b and ("all" in what or a is one or b is one):
                        a.block(b)
        else:
            raise AssertionError(what)

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
        if self.root:
            subprocess.run(["ip", "link", "del", self.bridge], stderr=subprocess.DEVNULL)
