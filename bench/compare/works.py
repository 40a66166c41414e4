"""The works: each drives one server with the load makers and gives its figures by name."""
import imaplib, os, re, subprocess, time

from cost import Disk
from servers import DOMAIN, PASSWORD


class Works:
    ACCOUNTS = 100  # of each server

    def __init__(self, build, share):
        """`share`: 1 for the usual size, less for a quicker run."""
        self.makers, self.share = os.path.join(build, "bench", "load"), share
        self.filled = set()  # names of servers whose first ten accounts have mail

    def all(self):
        return [self.smtp, self.operations, self.mix, self.append, self.fetch, self.store, self.pop3, self.idle]

    def _count(self, usual, least=1):
        return max(least, int(usual * self.share))

    def _run(self, server, maker, port, *more):
        done = subprocess.run([os.path.join(self.makers, maker), "--port", str(server.ports[port]), *server.cost_options(), *map(str, more)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800)
        if done.returncode != 0:
            raise RuntimeError("%s on %s: %s" % (maker, server.name, done.stdout[-1000:]))
        return done.stdout

    @staticmethod
    def _cpu(text):
        found = re.search(r"server CPU ([\d.]+) ms", text)
        return float(found.group(1)) if found else None

    def smtp(self, server):
        """20 connections give mail of 4 kB to ten accounts; the clock runs until IMAP shows the last one."""
        clients = []
        for i in range(10):
            m = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
            m.login("u%d@%s" % (i + 1, DOMAIN), PASSWORD)
            clients.append(m)

        def visible():
            return sum(int(re.search(rb"MESSAGES (\d+)", m.status("INBOX", "(MESSAGES)")[1][0]).group(1)) for m in clients)

        messages = self._count(5000, 50)
        self.filled.add(server.name)
        disk = Disk(server.data) if server.data else None
        octets, cpu, before = disk and disk.written(), server.cpu_seconds(), visible()
        begin = time.time()
        self._run(server, "smtp_flood", "smtp", "--connections", 20, "--messages", messages, "--accounts", 10)
        while visible() < before + messages:
            if time.time() > begin + 600:
                raise RuntimeError("%s: %d of %d messages arrived" % (server.name, visible() - before, messages))
            time.sleep(0.02)
        took = time.time() - begin
        out = {"smtp.rate": messages / took}
        if cpu is not None:
            time.sleep(1)  # what follows on the last ones
            out["smtp.cpu"] = (server.cpu_seconds() - cpu) * 1000 / messages
        if octets is not None:
            out["smtp.octets"] = (disk.written() - octets) / messages
        for m in clients:
            m.logout()
        return out

    def operations(self, server):
        """One client over 10,000 messages."""
        text = self._run(server, "imap_ops", "imap", "--user", "u1@" + DOMAIN, "--password", PASSWORD, "--messages",
                         self._count(10000, 100), "--rounds", self._count(15, 3))
        out = {}
        for name, median, cpu in re.findall(r"^(.+?) +median +([\d.]+) ms +server CPU +([\d.]+) ms", text, re.M):
            out["one." + name] = float(median)
        return out

    def _crowd(self, server, work, clients, operations):
        text = self._run(server, "imap_crowd", "imap", "--clients", clients, "--operations", self._count(operations, 100), "--work", work,
                         "--messages", self._count(200, 20), "--password", PASSWORD)
        return {work + ".rate": float(re.search(r": (\d+)/s", text).group(1)), work + ".cpu": self._cpu(text)}

    def mix(self, server):
        return self._crowd(server, "mix", 20, 20000)

    def append(self, server):
        return self._crowd(server, "append", 10, 5000)

    def fetch(self, server):
        return self._crowd(server, "fetch", 10, 20000)

    def store(self, server):
        return self._crowd(server, "store", 10, 5000)

    def pop3(self, server):
        if server.name not in self.filled:
            self.smtp(server)
        text = self._run(server, "pop3_crowd", "pop3", "--clients", 10, "--operations", self._count(20000, 100), "--password", PASSWORD)
        return {"pop3.rate": float(re.search(r": (\d+)/s", text).group(1)), "pop3.cpu": self._cpu(text)}

    def idle(self, server):
        """Clients in IDLE: the memory of one, and how soon it hears of new mail."""
        text = self._run(server, "idle_crowd", "imap", "--smtp-port", server.ports["smtp"], "--connections", self._count(1000, 150), "--accounts",
                         self.ACCOUNTS, "--password", PASSWORD, "--notices", self._count(50, 5), "--patience", 60, "--within", 90,
                         "--settle", server.settle if self.share == 1 else 0)
        memory = re.search(r"([\d.-]+) kB a connection", text)
        return {"idle.memory": float(memory.group(1)) if memory and server.cost_options() else None,
                "idle.notice": float(re.search(r"final dot p50 ([\d.]+)", text).group(1))}
