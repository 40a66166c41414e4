#!/usr/bin/env python3
"""Three real nodes with two copies of all mail, each in a network of its own: faults of networks, disks and clocks while mail comes in.

After each fault every message that was accepted (250) is in its mailbox exactly once, or at the sink that stands for the rest of the
world; UIDVALIDITY, UIDs and flags are what they were, new UIDs are higher; and at no time a mailbox is shown without what it was shown
with before. What of `places.py` this machine cannot do is left out, and said.

    mail_faults_driver.py --rookery build/dev/server/rookery --rounds 20 --seed 7 [--only WORD] [--plain] [--keep]
"""
import time

from cluster_mail import Load, Watcher
from cluster_nodes import rounds, run
from places import Places
from volumes_driver import Volumes


class MailFaults(Places, Volumes):
    megabytes = 1500

    def round(self, number, what):
        print("round %d, %s" % (number, what), flush=True)
        began, name = time.time(), "f%d" % number
        i = self.rng.randrange(3)
        user, other = "ann@d%d.test" % i, "bob@d%d.test" % i
        copy = next(c for c in self.volumes()[self.ids[i]]["in_sync"] if c != self.ids[i])
        home, replica = self.nodes[i], self.nodes[self.ids.index(copy)]
        one, another = (replica, home) if "replica" in what or ("home" not in what and self.rng.random() < 0.5) else (home, replica)
        third = next(n for n in self.nodes if n not in (home, replica))
        load, out, watcher = Load(self, name, [user, other]), Load(self, name + "-out", ["someone@elsewhere.test"]), None
        try:
            validity, before = self.begun(load, user, name)
            watcher = Watcher(self, user)
            self.inflict(what, one, [another, third])
            load.reach(10, "after the fault")
        finally:
            for each in (load, out, watcher):
                if each is not None:
                    each.end()
        if watcher.fault:
            raise AssertionError(watcher.fault)
        self.at_home()
        self.once(load, (user, other))
        self.left(out.accepted)
        self.unchanged(user, validity, before)
        self.emptied((user, other))
        accepted = len(load.accepted) + len(out.accepted)
        print("round %d, %s of node %d: %d accepted of %d, %d reads, %.0f s" %
              (number, what, self.ids[self.nodes.index(one)], accepted, len(load.tried) + len(out.tried), watcher.reads, time.time() - began), flush=True)
        return accepted


def play(d, a):
    kinds = [k for k in d.kinds("home", "replica") if a.only in k]
    d.prepare()
    accepted = rounds(d, a.rounds, kinds)
    d.checked()
    print("%d rounds, %d messages accepted, all there once" % (a.rounds, accepted))


if __name__ == "__main__":
    run("mail-faults", lambda a, folder: MailFaults(a.rookery, a.seed, folder, a.plain), play,
        [("--rounds", {"type": int, "default": 20}), ("--only", {"default": "", "help": "faults with this word"}),
         ("--plain", {"action": "store_true", "help": "as for a user who is not root"})])
