"""Three real nodes on loopback as one cluster, and how a driver with a seed is run; what the drivers beside it share."""
import argparse, imaplib, json, os, random, shutil, signal, socket, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "end_to_end"))
from node import Node, free  # noqa: E402, F401


class Refused(Exception):
    def __init__(self, status, text):
        super().__init__("%s %s" % (status, text))
        self.status = status


class Member(Node):
    """A node of the cluster with its administration."""

    def __init__(self, rookery, folder, accounts):
        os.makedirs(folder, exist_ok=True)
        super().__init__(rookery, folder, accounts)

    def serve(self, service="imap"):
        self.start(service=service)
        until(lambda: self.ask("GET", "/v1/status"), "the administration of " + self.folder)

    def ask(self, method, path, body=None, limit=20):
        """An answer of the administration; Refused when it is no success, OSError when nobody answers."""
        data = b"" if body is None else json.dumps(body).encode()
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(limit)
            s.connect(os.path.join(self.folder, "store", "admin.sock"))
            s.sendall(("%s %s HTTP/1.1\r\nHost: local\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                       % (method, path, len(data))).encode() + data)
            got = b""
            while True:
                some = s.recv(65536)
                if not some:
                    break
                got += some
        head, _, rest = got.partition(b"\r\n\r\n")
        if not head:
            raise OSError("the answer broke off")
        status = int(head.split()[1])
        value = json.loads(rest) if rest.strip() else {}
        if status >= 300:
            raise Refused(status, value)
        return value

    def cluster(self):
        return self.ask("GET", "/v1/cluster")

    def aliases(self):
        names, after = set(), ""
        while True:
            page = self.ask("GET", "/v1/aliases?limit=1000" + ("&after=" + after.replace("@", "%40") if after else ""))
            names.update(i["address"] for i in page["items"])
            after = page.get("next") or ""
            if not after:
                return names

    def signal(self, what):
        os.kill(self.process.pid, what)


def until(what, said, limit=60):
    """Waits for something that is recorded; says what it waited for when it does not come."""
    end, last = time.time() + limit, None
    while True:
        try:
            last = what()
            if last:
                return last
        except (OSError, Refused) as e:
            last = e
        if time.time() > end:
            raise AssertionError("waited %d s for %s: %s" % (limit, said, last))
        time.sleep(0.05)


class Cluster:
    copies = 2  # of each node's mail
    log_octets = 20_000  # of each node, told after a fault

    def __init__(self, rookery, seed, folder):
        self.rng, self.seed, self.folder = random.Random(seed), seed, folder
        self.nodes = [Member(rookery, os.path.join(folder, "n%d" % i), 3 if i == 1 else 0) for i in (1, 2, 3)]

    def form(self):
        first = self.nodes[0]
        first.serve()
        first.ask("POST", "/v1/cluster/init", {"host": "localhost", "port": first.port("cluster")})
        first.ask("POST", "/v1/cluster/copies", {"copies": self.copies})
        for n in self.nodes[1:]:
            self.join(n)
        self.settled(voters=3)

    def here(self):
        """Where the nodes reach the driver."""
        return "127.0.0.1"

    def token(self, of=None):
        return (of or self.nodes[0]).ask("POST", "/v1/cluster/token", {})["token"]

    def join(self, n, token=None, member="localhost"):
        began = time.time()
        done = n.run("cluster", "join", member, token or self.token(), "--address", "127.0.0.1", "--port", str(n.port("cluster")))
        if done.returncode != 0:
            raise AssertionError("join: " + done.stdout)
        n.serve()
        until(lambda: n.ask("GET", "/v1/accounts")["total"] == 3, "the configuration on the node that joined")
        print("  joined and serving in %.1f s" % (time.time() - began), flush=True)

    def settled(self, voters=3, limit=60):
        """All follow the same, and `voters` vote."""
        def same():
            states = [n.cluster() for n in self.nodes]
            return (all(s["voters"] == voters and all(i["linked"] for i in s["items"]) for s in states)
                    and len({(s["leader"], s["configuration"]) for s in states}) == 1
                    and len({i["agreed"] for s in states for i in s["items"] if i["self"]}) == 1 and states[0]["leader"] != 0)
        try:
            until(same, "three nodes with one configuration", limit)
        except AssertionError:
            for n in self.nodes:
                print("%s: %s" % (n.folder, json.dumps(n.cluster())))
            raise

    def leader(self):
        def found():
            for n in self.nodes:
                s = n.cluster()
                if s.get("standing") == "leader":
                    return n
        return until(found, "a leader")

    def log_in_everywhere(self, user, password):
        for n in self.nodes:
            with imaplib.IMAP4("127.0.0.1", n.port("imap")) as c:
                c.login(user, password)

    def serve_all(self, nodes):
        """All at once: one alone has no majority, and does not open its ports."""
        faults = []

        def one(n):
            try:
                n.serve()
            except Exception as e:  # told to the main thread
                faults.append(e)
        threads = [threading.Thread(target=one, args=(n,)) for n in nodes]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if faults:
            raise faults[0]

    def refused(self, what, said):
        """Sooner or later, and with this sentence."""
        def tried():
            try:
                what()
            except Refused as e:
                return said in str(e)
            return False  # that node does not know yet why it should refuse
        until(tried, "a refusal: " + said)

    def between(self):
        time.sleep(self.rng.uniform(0.2, 3.0))  # how long a fault lasts is part of the seed

    def checked(self):
        for n in self.nodes:
            n.stop()
            faults = n.check()
            if faults:
                raise AssertionError("%s: %s" % (n.folder, faults))

    def end(self):
        for n in self.nodes:
            if n.process is not None:
                n.signal(signal.SIGCONT)
                n.kill()

    def tell(self):
        """After a fault: what the nodes say of each other, and their logs."""
        for n in self.nodes:
            if n.process is not None and n.process.poll() is None:
                n.signal(signal.SIGCONT)
                try:
                    print("%s: %s" % (n.folder, json.dumps(n.cluster())), flush=True)
                except (OSError, Refused, ValueError) as e:
                    print("%s: %s" % (n.folder, e), flush=True)
        for n in self.nodes:
            n.kill()
            if os.path.exists(os.path.join(n.folder, "serve.log")):
                print("--- %s\n%s" % (n.folder, n.log_tail(self.log_octets)), flush=True)


def run(name, make, play, options=()):
    """A driver's main: `make(arguments, folder)` gives a cluster, `play(cluster, arguments)` does all; `options` are (name, keywords) of argparse."""
    p = argparse.ArgumentParser()
    p.add_argument("--rookery", required=True)
    p.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    p.add_argument("--keep", action="store_true")
    for option, keywords in options:
        p.add_argument(option, **keywords)
    a = p.parse_args()
    print("seed %d" % a.seed, flush=True)
    folder = tempfile.mkdtemp(prefix="rookery-%s-" % name)
    d = None
    try:
        d = make(a, folder)
        play(d, a)
    except BaseException:
        if d is not None:
            d.tell()
        raise
    finally:
        if d is not None:
            d.end()
        if not a.keep:
            shutil.rmtree(folder, ignore_errors=True)


def rounds(cluster, count, faults):
    """Plays so many, each of the faults before any is played again; gives the sum of what `cluster.round` gives."""
    order, out = [], 0
    for i in range(count):
        if not order:
            order = cluster.rng.sample(faults, len(faults))
        out += cluster.round(i + 1, order.pop())
    return out


