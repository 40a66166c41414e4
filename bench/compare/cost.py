"""What servers cost: a control group for each, and the disk below them."""
import os, signal, time


def _unified():
    with open("/proc/mounts") as f:
        for line in f:
            words = line.split()
            if words[2] == "cgroup2":
                return words[1]
    raise OSError("no cgroup2 is mounted: CPU of servers with many processes cannot be counted")


class Group:
    """The processes of one server, those that ended included."""

    def __init__(self, name):
        self.folder = os.path.join(_unified(), "compare-%d-%s" % (os.getpid(), name))
        os.mkdir(self.folder)

    def enter(self):
        """For preexec_fn: the process and all it starts are counted here."""
        self.add(0)

    def add(self, pid):
        with open(self.folder + "/cgroup.procs", "w") as f:
            f.write(str(pid))

    def pids(self):
        with open(self.folder + "/cgroup.procs") as f:
            return [int(line) for line in f]

    def cpu_seconds(self):
        with open(self.folder + "/cpu.stat") as f:
            return int(f.readline().split()[1]) / 1e6

    def end(self, grace=5):
        """Ends what is left in the group, and the group."""
        for how, limit in ((signal.SIGTERM, grace), (signal.SIGKILL, 10)):
            end = time.time() + limit
            while self.pids() and time.time() < end:
                for pid in self.pids():
                    try:
                        os.kill(pid, how)
                    except ProcessLookupError:
                        pass
                time.sleep(0.2)
        os.rmdir(self.folder)


class Disk:
    """Octets written to the disk on which a folder lies; whoever else writes is counted too."""

    def __init__(self, folder):
        device = os.stat(folder).st_dev
        self.file = "/sys/dev/block/%d:%d/stat" % (os.major(device), os.minor(device))

    def written(self):
        """Everything that waits is written first. None when the disk does not say."""
        os.sync()
        try:
            with open(self.file) as f:
                return int(f.read().split()[6]) * 512
        except OSError:
            return None
