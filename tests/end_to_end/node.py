"""A node for tests: a folder of its own, free ports on 127.0.0.1, demo accounts u1, u2, ..."""
import fcntl, os, random, signal, socket, subprocess, tempfile, time

STANDARD = {"smtp": 25, "submission": 587, "submissions": 465, "lmtp": 24, "imap": 143, "imaps": 993, "pop3": 110,
            "pop3s": 995, "metrics": 90, "http": 80, "https": 443, "odmr": 366, "xmpp": 5222, "xmpps": 5223, "xmpp_server": 5269, "xmpp_servers": 5270, "web": 5280,
            "cluster": 7442, "cluster_join": 7443, "cluster_streams": 7444}


def free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def wait_for(port, limit=60):
    """Until somebody listens there."""
    end = time.time() + limit
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.time() > end:
                raise TimeoutError("nobody listens at port %d" % port)
            time.sleep(0.05)


# Bases are multiples of this: then no port of one node is a port of another.
SPACING = 79
assert len({p % SPACING for p in STANDARD.values()}) == len(STANDARD)
EPHEMERAL = 32768  # from here on the system gives ports to connections
_taken = []  # locks on the bases of this process; they end with it


def free_port_base():
    """A base that no other test takes while this process lives, also not while its node is down."""
    folder = os.path.join(tempfile.gettempdir(), "rookery-test-ports")
    os.makedirs(folder, mode=0o777, exist_ok=True)
    rng = random.Random(os.getpid() ^ time.time_ns())
    for _ in range(1000):
        base = SPACING * rng.randrange(12000 // SPACING, (EPHEMERAL - max(STANDARD.values())) // SPACING)
        lock = open(os.path.join(folder, str(base)), "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        if all(free(base + p) for p in STANDARD.values()):
            _taken.append(lock)
            return base
        lock.close()
    raise RuntimeError("no free ports")


class Node:
    """`rookery` is the program; `folder` is kept: who made it removes it."""
    domain = "example.test"
    password = "secret"
    address = "127.0.0.1"
    prefix = []         # words before the program's name: a network of its own, another clock
    environment = None

    def __init__(self, rookery, folder, accounts=4, more=""):
        """`more` is put at the end of the node file."""
        self.rookery, self.folder = os.path.abspath(rookery), folder
        self.file = os.path.join(folder, "node.toml")
        self.accounts = ["u%d@%s" % (i, self.domain) for i in range(1, accounts + 1)]
        self.base, self.process = free_port_base(), None
        made = self.run("init", "--keep", "--weak-passwords", "--data", os.path.join(folder, "store"), "--domain", self.domain,
                        "--host", "mail." + self.domain, "--listen", self.address, "--demo-accounts", str(accounts),
                        input=self.password + "\n")
        if made.returncode != 0:
            raise RuntimeError("init: " + made.stdout)
        if more:
            with open(self.file, "a") as f:
                f.write("\n" + more)

    def run(self, *verb, input=None):
        """One run of the program with a verb; gives the finished process, its output as text."""
        return subprocess.run([*self.prefix, self.rookery, "--node", self.file, *verb], env=self.environment, input=input, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300)

    def port(self, service):
        return self.base + STANDARD[service]

    def start(self, limit=60, service="imap"):
        """Until `service` listens; None: does not wait."""
        log = open(os.path.join(self.folder, "serve.log"), "ab")
        self.process = subprocess.Popen([*self.prefix, self.rookery, "--node", self.file, "serve", "--port-base", str(self.base)],
                                        env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        log.close()
        end = time.time() + limit
        while True:
            if self.process.poll() is not None:
                raise RuntimeError("serve ended with %s:\n%s" % (self.process.returncode, self.log_tail()))
            if service is None:
                return
            try:
                socket.create_connection((self.address, self.port(service)), 1).close()
                return
            except OSError:
                if time.time() > end:
                    raise
                time.sleep(0.02)

    def log_tail(self, octets=4000):
        with open(os.path.join(self.folder, "serve.log"), "rb") as f:
            f.seek(0, 2)
            f.seek(max(0, f.tell() - octets))
            return f.read().decode("utf-8", "replace")

    @property
    def pid(self):
        return self.process.pid

    def stop(self, limit=30):
        """The orderly end; gives the exit code."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(limit)
        self.process = None
        return code

    def kill(self):
        """As if the power went."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def check(self):
        """Faults that `rookery check` finds in the store, while the node is down."""
        done = self.run("check")
        return [] if done.returncode == 0 else (done.stdout.strip().splitlines() or ["check ended with %d" % done.returncode])
