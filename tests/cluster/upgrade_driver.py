#!/usr/bin/env python3
"""Programs of two versions in one cluster, and its upgrade node by node, while mail comes in.

Two nodes of the program of before found a cluster, a new one joins; settings change on each, mail goes from all to all, an old and a new node
are killed and taken over by the other kind; then the old ones are upgraded one by one, the cluster's level rises, and the
program of before is refused with a sentence, at the door and at the link. After each step every accepted message is there once.

    upgrade_driver.py --rookery build/dev/server/rookery [--old PATH] [--seed 7] [--keep]

Without --old the nodes of before run the same program, held at level 1 by their node file, as an operator would hold it (docs/manual/upgrading.md).
"""
import os, time

from cluster_mail import Load, Mail, Watcher
from cluster_nodes import Member, Refused, run, until

HELD = "\n[cluster]\nlevel = 1\n"


class Upgrade(Mail):
    log_octets = 100_000

    def __init__(self, rookery, old, seed, folder):
        super().__init__(old or rookery, seed, folder)
        self.new, self.old = os.path.abspath(rookery), old and os.path.abspath(old)
        for n in self.nodes:
            self.made_old(n)
        self.made_new(self.nodes[2])

    def made_old(self, n):
        if self.old:
            n.rookery = self.old
            return
        with open(n.file, "a") as f:
            f.write(HELD)

    def made_new(self, n):
        n.rookery = self.new
        with open(n.file) as f:
            text = f.read().replace(HELD, "")
        with open(n.file, "w") as f:
            f.write(text)

    def levels(self, level):
        """What the nodes that know of levels say."""
        for n in self.nodes:
            if n.rookery == self.new:
                until(lambda: n.cluster()["level"] == level, "level %d at %s" % (level, n.folder))

    def mixed(self, name):
        for i, n in enumerate(self.nodes):
            n.ask("PUT", "/v1/settings/smtp.recipients_max", {"value": str(500 + i)})
            for other in self.nodes:
                until(lambda: other.ask("GET", "/v1/settings/smtp.recipients_max")["value"] == 500 + i, "a setting of %s at %s" % (n.folder, other.folder))
        users = ["ann@d%d.test" % i for i in range(3)]
        for user in users:  # through each node, wherever it is at home
            for n in self.nodes:
                c = self.imap(n, user)
                c.append("INBOX", None, None, ("Subject: %s by %s\r\n\r\nText.\r\n" % (name, os.path.basename(n.folder))).encode())
                c.logout()
        load = Load(self, name, users)
        load.reach(30, "from all to all")
        load.end()
        self.once(load, users)
        print("  settings, sessions and mail pass between the programs", flush=True)

    def during(self, i, what, step):
        """Mail comes in for the accounts of home `i` while `step` is done."""
        users = ["ann@d%d.test" % i, "bob@d%d.test" % i]
        load, watcher = Load(self, "".join(c for c in what if c.isalnum()), users), None
        try:
            load.reach(10, "before: " + what)
            validity, before = self.reachable_box(self.nodes, users[0])
            watcher = Watcher(self, users[0])
            began = time.time()
            step()
            load.reach(10, "after: " + what)
            self.at_home()
            load.reach(10, "when all are at home: " + what)
        finally:
            load.end()
            if watcher is not None:
                watcher.end()
        if watcher.fault:
            raise AssertionError(watcher.fault)
        self.once(load, users)
        self.unchanged(users[0], validity, before)
        print("  %s: %d accepted, all there once, %d reads, %.0f s" % (what, len(load.accepted), watcher.reads, time.time() - began), flush=True)

    def killed(self, i):
        n = self.nodes[i]

        def step():
            n.kill()
            self.reachable_box([m for m in self.nodes if m is not n], "ann@d%d.test" % i)
            n.serve(None)
        self.during(i, "killed, the %s program" % ("new" if n.rookery == self.new else "old"), step)

    def upgraded(self, i):
        n = self.nodes[i]

        def step():
            try:
                n.ask("POST", "/v1/cluster/drain", {"node": str(self.ids[i])})
                until(lambda: self.volumes()[self.ids[i]]["leader"] != self.ids[i], "node %d to be drained" % self.ids[i], 120)
                drained = True
            except Refused as e:
                if e.status != 404:
                    raise
                drained = False  # the program of before knew no drain: a stop hands over
            if n.stop(60) != 0:
                raise AssertionError("the node did not end in order")
            self.made_new(n)
            n.serve(None)
            self.settled()
            if drained:
                n.ask("POST", "/v1/cluster/drain", {"node": str(self.ids[i]), "undo": True})
        self.during(i, "node %d upgraded" % self.ids[i], step)

    def refusals(self):
        stranger = Member(self.old or self.new, os.path.join(self.folder, "stranger"), 0)
        self.made_old(stranger)
        done = stranger.run("cluster", "join", "localhost", self.token(), "--address", "127.0.0.1", "--port", str(stranger.port("cluster")))
        if done.returncode == 0 or "it is too old" not in done.stdout:
            raise AssertionError("join of the old program: " + done.stdout)
        n, others = self.nodes[1], (self.nodes[0], self.nodes[2])
        n.stop(60)
        self.made_old(n)
        if self.old:
            n.serve(None)
            for other in others:
                until(lambda: "it is too old" in next(r["fault"] for r in other.cluster()["items"] if r["id"] == self.ids[1]), "the refusal of the old program")
            until(lambda: any("it is too old" in r["fault"] for r in n.cluster()["items"]), "the old program to hear it")
            n.stop(60)
        else:
            n.start(service=None)
            code = n.process.wait(60)
            n.process = None
            if code == 0 or "it is too old" not in n.log_tail():
                raise AssertionError("the old program started: %s" % n.log_tail())
        self.made_new(n)
        n.serve(None)
        self.settled()
        self.at_home()
        print("  the old program is refused", flush=True)


def play(d, a):
    d.form()
    d.people()
    d.at_home()
    d.levels(1)
    d.mixed("mixed")
    d.killed(0)
    d.killed(2)
    d.upgraded(0)
    d.levels(1)
    d.upgraded(1)
    d.levels(4)
    d.mixed("upgraded")
    d.refusals()
    d.checked()
    print("upgraded, nothing lost")


if __name__ == "__main__":
    run("upgrade", lambda a, folder: Upgrade(a.rookery, a.old, a.seed, folder), play, [("--old", {"help": "the program of before"})])
