#!/usr/bin/env python3
"""Three real nodes, and what their operator does from any of them: queues of all, whoever leads them; copies that are behind; a
leader that was paused until it was none; an account that goes while nobody serves it; a node that is taken out while it serves.

Ends with 1 at the first fault, with the logs of the nodes.

    operators_driver.py --rookery build/dev/server/rookery [--seed 7] [--keep] [--only queues,...]
"""
import imaplib, json, os, re, signal, smtplib, time, urllib.request

from chat_driver import Gone, Stream
from cluster_mail import ANY, PASSWORD, Load, Sink
from cluster_nodes import Member, run, until
from volumes_driver import Volumes


class Operators(Volumes):
    others = ()  # nodes that do not belong to the three, or not any more

    def end(self):
        super().end()
        for n in self.others:
            if n.process is not None:
                n.kill()

    parts = ["queues", "lag", "deposed", "planned_stop", "removed_account", "taken_out", "leaves"]

    def rows(self, n, *more):
        done = n.run("queue", "list", "--json", *more)
        if done.returncode == 7:
            raise OSError("not all could be asked: " + done.stdout)
        if done.returncode != 0:
            raise AssertionError("queue list: " + done.stdout)
        return json.loads(done.stdout)

    def told(self, n, *verb, code=0, said=""):
        done = n.run(*verb)
        if done.returncode != code or said not in done.stdout:
            raise AssertionError("%s on %s gave %s: %s" % (" ".join(verb), n.folder, done.returncode, done.stdout))
        return done.stdout

    def queues(self):
        """Mail for strangers in the queue of each node; listed, shown, held, released and removed on others; and when one is dead."""
        names = [n.cluster()["items"] for n in self.nodes[:1]][0]
        self.names = {r["id"]: r["name"] for r in names}
        for i, n in enumerate(self.nodes):
            self.outgoing(n, 2, "q%d" % i)
        a, b, c = self.nodes

        def subjects(n, *more):
            return sorted(r["subject"] for r in self.rows(n, *more))
        wanted = sorted("q%d-out-%d" % (i, k) for i in range(3) for k in range(2))
        for n in self.nodes:
            until(lambda: subjects(n) == wanted, "the mail of all queues on " + n.folder)
            for r in self.rows(n):
                i = int(r["subject"][1])
                if r["volume"] != self.ids[i] or r["node"] != self.names[self.ids[i]]:
                    raise AssertionError("not where it is: %s" % r)
        one = next(r for r in self.rows(a) if r["subject"] == "q2-out-0")
        if "q2-out-0" not in self.told(b, "queue", "show", one["id"]) or self.names[self.ids[2]] not in self.told(b, "queue", "list"):
            raise AssertionError("a message of another node is not shown")
        self.told(a, "queue", "hold", one["id"], "--because", "looks odd", said="held")
        until(lambda: subjects(b, "--held") == ["q2-out-0"], "the hold of another node")
        if b"Text of q2-out-0" not in self.told(b, "queue", "export", one["id"]).encode():
            raise AssertionError("a message of another node is not exported")
        if subjects(b, "--volume", str(self.ids[1])) != ["q1-out-0", "q1-out-1"]:
            raise AssertionError("--volume: %s" % subjects(b, "--volume", str(self.ids[1])))
        self.told(b, "queue", "release", one["id"], said="released")
        until(lambda: subjects(c, "--held") == [], "the release by another node")
        # Many at once: counted in all, confirmed in all.
        self.told(c, "queue", "hold", "--all", code=1, said="6 messages match")
        self.told(c, "queue", "hold", "--all", "--confirm", "5", code=5, said="nothing was changed")
        self.told(c, "queue", "hold", "--all", "--confirm", "6", said="6 messages held")
        until(lambda: subjects(a, "--held") == wanted, "the hold of all")
        self.told(b, "queue", "release", "--all", "--confirm", "6", said="6 messages released")
        self.told(a, "queue", "show", "00000000000000ff", code=4, said="no such message")
        # Destinations are of each queue; a pause is of all.
        where = json.loads(self.told(a, "queue", "destinations", "--json"))
        waits = {r["volume"] for r in where if r["messages"] and not r["destination"].startswith("home:")}
        if waits != set(self.ids):
            raise AssertionError("destinations: %s" % where)
        name = next(r["destination"] for r in where if r["messages"] and not r["destination"].startswith("home:"))
        self.told(b, "queue", "pause", name, "--because", "look", said="paused")
        for n in self.nodes:
            states = [r["state"] for r in json.loads(self.told(n, "queue", "destinations", "--json")) if r["destination"] == name]
            if states != ["paused"] * 3:
                raise AssertionError("paused on one node is not paused on all: %s" % states)
        self.told(c, "queue", "resume", name, said="resumed")
        counts = json.loads(self.told(c, "queue", "counts", "--json"))
        if sum(r["messages"] for r in counts) != 6 or {r["volume"] for r in counts} != set(self.ids):
            raise AssertionError("counts: %s" % counts)
        total = {r["name"]: r["messages"] for r in json.loads(self.told(b, "queue", "queues", "--json"))}
        if sum(total.values()) != 6:
            raise AssertionError("queues: %s" % total)
        # A queue that only another node has mail in stays.
        self.told(a, "queue", "add", "slow")
        until(lambda: "slow" in self.told(b, "queue", "queues"), "the new queue")
        self.told(a, "queue", "move", one["id"], "--to", "slow", said="moved")
        self.told(b, "queue", "drop", "slow", code=5, said="still has 1 messages")
        self.told(b, "queue", "remove", one["id"], said="removed")
        self.told(a, "queue", "show", one["id"], code=4)
        self.told(b, "queue", "drop", "slow", said="removed")
        # The queue of a dead node is listed where it goes on.
        b.kill()
        left = sorted(set(wanted) - {"q2-out-0"})
        until(lambda: subjects(c) == left, "the queue of a dead node", 60)
        if sorted(r["subject"] for r in self.rows(c) if r["volume"] == self.ids[1]) != ["q1-out-0", "q1-out-1"]:
            raise AssertionError("the queue of a dead node is not under its number: %s" % self.rows(c))
        self.told(a, "queue", "remove", "--sender", "ann@d0.test", "--confirm", "5", said="5 messages removed")
        b.serve()
        self.at_home()
        self.sink.talks = True
        until(lambda: subjects(b) is not None, "all queues to be asked")
        if subjects(b):
            raise AssertionError("what was removed is back: %s" % subjects(b))
        print("  queues of all nodes from each of them", flush=True)

    def replica_of(self, i):
        """The node that has the other copy of what node i has brought."""
        row = self.volumes()[self.ids[i]]
        other = [n for n in row["in_sync"] if n != row["leader"]][0]
        return self.nodes[self.ids.index(other)]

    def metrics(self, n):
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % n.port("metrics"), timeout=20) as answer:
            return answer.read().decode()

    def lag(self):
        """A copy whose node is paused is behind on every node's word, and an alarm; then it is not."""
        home = self.nodes[0]
        replica = self.replica_of(0)
        third = next(n for n in self.nodes if n not in (home, replica))
        number = self.ids[self.nodes.index(replica)]
        self.told(third, "cluster", "set", "lag_alarm_seconds", "1", said="is set")
        self.told(home, "cluster", "set", "lag_alarm_seconds", "soon", code=1, said="is a number")
        self.told(home, "cluster", "options", said="lag_alarm_seconds")

        def row(n):
            of = next(v for v in n.cluster()["volumes"] if v["id"] == self.ids[0])
            return next(r for r in of["replicas"] if r["node"] == number)
        for n in self.nodes:
            until(lambda: row(n)["connected"] and row(n)["behind_milliseconds"] == 0, "a copy that is up to date, as %s says" % n.folder)
        load = Load(self, "lag", ["ann@d0.test"])
        try:
            load.reach(5, "before the pause")
            replica.signal(signal.SIGSTOP)
            for n in (home, third):
                until(lambda: row(n)["behind_records"] > 0 and row(n)["behind_octets"] > 0 and row(n)["behind_milliseconds"] > 1000, "the lag, as %s says" % n.folder)
                until(lambda: any("s behind" in a for a in n.cluster()["alarms"]), "the alarm on " + n.folder)
                label = 'rookery_cluster_replica_behind_milliseconds{volume="%d",node="%d"} ' % (self.ids[0], number)
                until(lambda: any(line.startswith(label) and float(line[len(label):]) > 1000 for line in self.metrics(n).splitlines()), "the lag in the figures of " + n.folder)
            self.told(third, "cluster", "status", said="records")
            replica.signal(signal.SIGCONT)
        finally:
            load.end()
        self.at_home()
        for n in self.nodes:
            until(lambda: row(n)["behind_milliseconds"] == 0 and not n.cluster()["alarms"], "the end of the lag and of its alarm on " + n.folder)
        self.once(load, ["ann@d0.test"])
        self.told(home, "cluster", "set", "lag_alarm_seconds", said="is set")
        print("  a copy that is behind is seen everywhere", flush=True)

    def deposed(self):
        """A leader that was paused until another one serves: the dot and the last octet that waited for it are never acknowledged."""
        home = self.nodes[1]
        others = [n for n in self.nodes if n is not home]
        user = "ann@d1.test"
        mail = smtplib.SMTP("127.0.0.1", home.port("submission"), timeout=120)
        mail.starttls(context=ANY)
        mail.login(user, PASSWORD)
        for line, code in (("MAIL FROM:<%s>" % user, 250), ("RCPT TO:<%s>" % user, 250), ("DATA", 354)):
            if mail.docmd(line)[0] != code:
                raise AssertionError(line)
        mail.sock.sendall(b"Subject: to nobody\r\n\r\nText.\r\n")
        box = self.imap(home, user, tls=False)
        box.sock.settimeout(120)
        box.sock.sendall(b"x APPEND INBOX {26}\r\n")
        if not box.readline().startswith(b"+"):
            raise AssertionError("no literal is taken")
        box.sock.sendall(b"Subject: to nobody\r\n\r\nTex")
        home.signal(signal.SIGSTOP)
        until(lambda: next(v for v in others[0].cluster()["volumes"] if v["id"] == self.ids[1])["leader"] != self.ids[1], "another leader", 60)
        mail.sock.sendall(b".\r\n")
        box.sock.sendall(b"t\r\n")
        home.signal(signal.SIGCONT)
        try:
            said = mail.getreply()
        except (OSError, smtplib.SMTPException) as e:
            said = (0, str(e))
        if said[0] // 100 == 2:
            raise AssertionError("a deposed leader accepted mail: %s" % (said,))
        lines = []
        try:
            while True:
                line = box.readline()
                if not line:
                    break
                lines.append(line)
        except (OSError, imaplib.IMAP4.error) as e:
            lines.append(str(e).encode())
        if any(line.startswith(b"x OK") for line in lines):
            raise AssertionError("a deposed leader acknowledged APPEND: %s" % lines)
        mail.close()
        box.sock.close()
        self.at_home()
        print("  a deposed leader acknowledged nothing (%s, %s)" % (said, lines), flush=True)

    def planned_stop(self):
        """Who goes down in order hands over first, and nobody makes another copy meanwhile."""
        home, i = self.nodes[0], self.ids[0]
        replica = self.replica_of(0)
        third = next(n for n in self.nodes if n not in (home, replica))
        holders = {v["id"]: sorted(v["in_sync"] + v["learners"]) for v in third.cluster()["volumes"]}
        home.stop(60)
        row = next(v for v in third.cluster()["volumes"] if v["id"] == i)
        if row["leader"] != self.ids[self.nodes.index(replica)]:
            raise AssertionError("it ended before another one led its mail: %s" % row)
        if row["paused_until"] < (time.time() + 60) * 1000:
            raise AssertionError("copies are not paused: %s" % row)
        load = Load(self, "stopped", ["ann@d0.test"])
        try:
            load.reach(20, "while it is down")
        finally:
            load.end()
        for v in third.cluster()["volumes"]:
            if sorted(v["in_sync"] + v["learners"]) != holders[v["id"]]:
                raise AssertionError("another copy is made: %s, was %s" % (v, holders))
        home.serve()
        self.at_home()
        self.once(load, ["ann@d0.test"])
        print("  a planned stop hands over, and makes no copies", flush=True)

    @staticmethod
    def chats(n, user):
        try:
            return Stream(n, user, "r")
        except Gone as e:
            raise OSError(e) from None

    def removed_account(self):
        """Its home is dead, and nobody has taken over yet: what it had goes when somebody has."""
        home, user = self.nodes[2], "bob@d2.test"
        others = [n for n in self.nodes if n is not home]
        self.in_box(user, lambda c: c.append("INBOX", None, None, b"Subject: goes too\r\n\r\nText.\r\n"))
        # Another one only chats.
        self.account(others[0], "chats@d2.test", {}, 2)
        s = until(lambda: self.chats(home, "chats@d2.test"), "the login of who only chats")
        if "type='result'" not in s.ask("set", None, "<query xmlns='jabber:iq:roster'><item jid='ann@d2.test' name='Ann'/></query>"):
            raise AssertionError("no contact")
        s.close()
        marks = {n: len(n.log_tail(10 ** 9)) for n in others}
        home.kill()
        for name in ("bob", "chats"):
            until(lambda: others[0].ask("DELETE", "/v1/accounts/%s%%40d2.test" % name) or True, "the removal of %s to be agreed on" % name)
        def dropped(n):
            """Behind the moment when it has opened that volume."""
            said = n.log_tail(10 ** 9)[marks[n]:].rpartition("volume.open volume=%d " % self.ids[2])
            return said[1] and len(set(re.findall(r"volume\.account_dropped volume=\d+ account=(\d+)", said[2]))) == 2
        until(lambda: any(dropped(n) for n in others), "the removed accounts' mail and chat to go", 90)
        home.serve()
        self.at_home()
        for user in ("ann@d0.test", "ann@d1.test", "ann@d2.test"):
            if not self.reachable_box(self.nodes, user)[1]:
                raise AssertionError("the mail of %s went, too" % user)
        print("  an account that was removed while its home was dead has no mail any more, nor one that only chatted", flush=True)

    def taken_out(self):
        """A node that serves and leads is removed from the cluster under load: what was accepted is there once, its accounts are served."""
        home = self.nodes[1]
        others = [n for n in self.nodes if n is not home]
        users = ["ann@d1.test", "bob@d1.test"]
        load = Load(self, "out", users)
        try:
            load.reach(20, "before the node is removed")
            replica = self.replica_of(1)
            others[0].ask("POST", "/v1/cluster/remove", {"node": str(self.ids[1])})
            until(lambda: all(next(v for v in n.cluster()["volumes"] if v["id"] == self.ids[1])["leader"] != self.ids[1] for n in others), "another leader of the removed node's mail", 60)
            load.reach(20, "when it is removed")
        finally:
            load.end()
        self.nodes, self.others = others, (home,)
        self.once(load, users)
        until(lambda: all(len(v["in_sync"]) == 2 for v in others[0].cluster()["volumes"]), "two copies of everything on the two that are left", 120)
        if replica not in others:
            raise AssertionError("the copy was on the node itself")
        home.kill()
        print("  a node that was taken out under load: %d accepted, all there once" % len(load.accepted), flush=True)

    def leaves(self):
        """A node that leaves takes what it has brought along, and serves it alone."""
        n = self.nodes[1]
        stays = self.nodes[0]
        user = "ann@d2.test"
        if not self.send(stays, "ann@d0.test", [user], "the last one"):
            raise AssertionError("mail was refused")
        until(lambda: "the last one" in [s for _, s in self.box(stays, user)[1].values()], "the mail at its home")
        before = sorted(s for _, s in self.box(n, user)[1].values())
        # What the removed node had brought may be served here: it goes to the other one first.
        stays.ask("POST", "/v1/cluster/drain", {"node": str(n.cluster()["self"])})
        until(lambda: all(v["leader"] != n.cluster()["self"] for v in stays.cluster()["volumes"]), "everything to be served elsewhere", 120)
        refused = n.run("cluster", "leave")
        if refused.returncode == 0 or "is served by node" not in refused.stdout:
            raise AssertionError("left while another node serves its mail: " + refused.stdout)
        stays.ask("POST", "/v1/cluster/drain", {"node": str(n.cluster()["self"]), "undo": True})
        mine = lambda: {v["id"]: v for v in stays.cluster()["volumes"]}[n.cluster()["self"]]  # noqa: E731
        until(lambda: mine()["leader"] == mine()["id"], "its own mail to come home", 120)
        self.told(n, "cluster", "leave")
        after = sorted(s for _, s in self.reachable_box([n], user)[1].values())
        if after != before:
            raise AssertionError("the node that left lacks %s" % sorted(set(before) - set(after)))
        until(lambda: len(stays.cluster()["items"]) == 1, "a cluster of one node")
        if "first" not in str(self.reachable_box([stays], "ann@d0.test")):
            raise AssertionError("the node that stayed lacks mail")
        print("  a node left, and took its mail along", flush=True)

    def play(self, only):
        if not only or "first_copy" in only:
            self.first_copy()
        if only == ["first_copy"]:
            return
        self.prepare()
        for part in only or self.parts:
            if part != "first_copy":
                getattr(self, part)()
        self.checked()

    def first_copy(self):
        """A node that was alone gets a second one: nothing leaves its queue until that has a copy, or the operator says otherwise."""
        a, b = (Member(self.nodes[0].rookery, os.path.join(self.folder, "alone%d" % k), 2 - 2 * k) for k in (0, 1))
        self.others = (a, b)
        sink = Sink(self.here())
        a.serve()
        a.ask("PUT", "/v1/settings/queue.smart_host", {"value": "127.0.0.1:%d" % sink.port})
        with imaplib.IMAP4("127.0.0.1", a.port("imap")) as c:
            c.login(a.accounts[0], a.password)
            for k in range(8):
                c.append("INBOX", None, None, b"Subject: large %d\r\n\r\n" % k + b"of some length\r\n" * 20000)
        a.ask("POST", "/v1/cluster/init", {"host": "localhost", "port": a.port("cluster")})
        self.told(a, "cluster", "set", "copy_octets_a_second", "20000", said="is set")
        token = a.ask("POST", "/v1/cluster/token", {})["token"]
        self.told(b, "cluster", "join", "localhost", token, "--address", "127.0.0.1", "--port", str(b.port("cluster")))
        b.serve()
        number = a.cluster()["self"]

        def volume(n):
            return next((v for v in n.cluster()["volumes"] if v["id"] == number), {})  # none yet: it has only just joined

        def submit(subject):
            with smtplib.SMTP("127.0.0.1", a.port("submission"), timeout=60) as s:
                s.starttls(context=ANY)
                s.login(a.accounts[0], a.password)
                s.sendmail(a.accounts[0], ["someone@elsewhere.test"], "Subject: %s\r\n\r\nText.\r\n" % subject)

        def state():
            return [d["state"] for d in a.ask("GET", "/v1/destinations")["items"] if d["messages"]]
        for n in (a, b):
            until(lambda: volume(n).get("frozen"), "the frozen queue, as %s says" % n.folder)
        submit("one")
        until(lambda: state() == ["closed"], "mail that waits in a frozen queue")
        self.told(b, "cluster", "status", said="its queue is frozen")
        if len(volume(a)["in_sync"]) != 1 or sink.subjects:
            raise AssertionError("not copied yet, and something left: %s %s" % (volume(a), sink.subjects))
        self.told(b, "cluster", "set", "freeze_joining_queues", "false", said="is set")
        until(lambda: sink.subjects == ["one"], "the mail to leave when queues are not frozen")
        self.told(b, "cluster", "set", "freeze_joining_queues", said="is set")
        until(lambda: volume(b).get("frozen"), "the queue to be frozen again")
        submit("two")
        until(lambda: state() == ["closed"], "mail that waits again")
        if len(volume(a)["in_sync"]) != 1:
            raise AssertionError("it was copied too soon to be looked at: %s" % volume(a))
        self.told(a, "cluster", "set", "copy_octets_a_second", said="is set")
        until(lambda: sink.subjects == ["one", "two"], "the mail to leave when the copy is whole", 120)
        for n in (a, b):
            until(lambda: len(volume(n)["in_sync"]) == 2 and not volume(n)["frozen"], "two copies, and a queue that goes on")
        # Another copy later is no first one.
        b.kill()
        until(lambda: len(volume(a)["in_sync"]) == 1, "the dead copy to be taken out")
        submit("three")
        until(lambda: sink.subjects == ["one", "two", "three"], "mail to leave while the copy is away")
        b.serve()
        until(lambda: len(volume(a)["in_sync"]) == 2, "the copy to come back", 120)
        for n in (b, a):
            n.stop(60)
            if n.check():
                raise AssertionError("%s: %s" % (n.folder, n.check()))
        print("  a queue was frozen until its first copy", flush=True)


def play(d, a):
    d.play([x for x in a.only.split(",") if x])
    print("the operator reaches everything from everywhere")


if __name__ == "__main__":
    run("operators", lambda a, folder: Operators(a.rookery, a.seed, folder), play, [("--only", {"default": ""})])
