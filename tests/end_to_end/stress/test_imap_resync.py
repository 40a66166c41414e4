#!/usr/bin/env python3
"""A client that comes back with QRESYNC reaches what a full fetch shows, also after the server was ended or killed.

    test_imap_resync.py [--rounds 6] [--seed N]        (ROOKERY_PROGRAM is the server; the node is the test's own)
"""
import argparse, os, random, re, shutil, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, ".."), os.path.join(HERE, "..", "imap")]
from imap_model import Registry, View, promise
from node import Node

BOX = "resync"
FLAGS = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft", "$Junk", "one", "two"]


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--rounds", type=int, default=6)
    p.add_argument("--seed", type=int, default=int(os.environ.get("ROOKERY_SEED") or random.SystemRandom().randrange(10**6)))
    a = p.parse_args()
    print("seed %d" % a.seed, flush=True)
    rng, folder = random.Random(a.seed), tempfile.mkdtemp(prefix="rookery-resync-")
    node = Node(os.environ["ROOKERY_PROGRAM"], folder, 1)
    try:
        node.start()
        os.environ.update(ROOKERY_IMAP_PORT=str(node.port("imap")), ROOKERY_USERS="u1", ROOKERY_PASSWORD=node.password,
                          ROOKERY_DOMAIN=node.domain)
        rounds(node, rng, a.rounds)
        node.stop()
        faults = node.check()
        promise(not faults, faults)
    finally:
        node.kill()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def seen_by(registry, text, peer, condstore=True):
    """The view after `text`, a SELECT, and its answer."""
    view = View(registry, BOX, condstore, condstore)
    answer = peer.ok(text)
    for l in answer.lines:
        view.line(l, "SELECT")
    view.code(answer.text.encode())
    return view


def everything(registry, peer):
    view = seen_by(registry, "EXAMINE " + BOX, peer)
    for l in peer.ok("UID FETCH 1:* (FLAGS MODSEQ BODY.PEEK[])").lines:
        view.line(l, "UID FETCH")
    promise(all(r.modseq <= view.high for r in view.rows), "a message above HIGHESTMODSEQ")
    return view


def changes(rng, registry, peers, count, made):
    for _ in range(count):
        peer, deed = rng.choice(peers), rng.random()
        n = int(re.search(rb"MESSAGES (\d+)", peer.ok("STATUS %s (MESSAGES)" % BOX).all()).group(1))
        if deed < 0.3 or n < 20:
            ident = "r%d" % len(made)
            octets = b"Subject: x\r\nX-Ident: %s\r\n\r\n%s\r\n" % (ident.encode(), b"words " * rng.choice([1, 50, 5000]))
            made.append(ident)
            registry.wrote(ident, octets)
            answer = peer.append(BOX, octets, "(%s) " % rng.choice(FLAGS))
            promise(answer.status == "OK", answer)
            validity, uid = answer.code("APPENDUID").split()
            registry.is_message((BOX, int(validity)), int(uid), ident)
        elif deed < 0.8:
            peer.ok("SELECT " + BOX)
            low = rng.randint(1, n)
            peer.ok("STORE %d:%d %sFLAGS.SILENT (%s)" % (low, min(n, low + rng.choice([0, 1, 20])), rng.choice(["+", "-", ""]),
                                                      " ".join(rng.sample(FLAGS, 2))))
        elif deed < 0.95:
            peer.ok("SELECT " + BOX)
            low = rng.randint(1, n)
            peer.ok("STORE %d:%d +FLAGS.SILENT (\\Deleted)" % (low, min(n, low + rng.choice([0, 3]))))
            peer.ok("EXPUNGE")
        else:
            peer.ok("SELECT " + BOX)
            peer.ok("COPY %d %s" % (rng.randint(1, n), BOX))
        if peer.cmd("UNSELECT").status not in ("OK", "BAD"):
            raise AssertionError("UNSELECT")


def rounds(node, rng, count):
    from peer import Peer
    registry, made, caches = Registry(), [], []
    Peer("u1").ok("CREATE " + BOX)
    for number in range(count):
        peers = [Peer("u1") for _ in range(3)]
        changes(rng, registry, peers, 40, made)
        before = everything(registry, peers[0])
        caches.append((before.validity, before.high, {r.uid: r for r in before.rows}))
        promise(peers[0].cmd("UNSELECT").status == "OK", "UNSELECT")
        changes(rng, registry, peers[1:], 25, made)
        last = {r.uid: (r.flags, r.modseq) for r in everything(registry, peers[0]).rows}
        end = ["stays", "ends", "is killed"][number % 3]
        if end == "ends":
            promise(node.stop() == 0, "the orderly end")
        elif end == "is killed":
            node.kill()
        if end != "stays":
            node.start()
        whole = everything(registry, Peer("u1"))
        now = {r.uid: (r.flags, r.modseq) for r in whole.rows}
        promise(now == last, "what was answered is not there after the server", end, sorted(set(now.items()) ^ set(last.items()), key=repr)[:5])
        for validity, high, cache in caches:
            promise(validity == whole.validity, "UIDVALIDITY")
            peer = Peer("u1")
            peer.ok("ENABLE QRESYNC")
            for rest in ("", " 1:%d" % whole.uidnext, " %s" % ",".join(str(u) for u in sorted(cache)) + ",%d:%d" % (max(cache) + 1, whole.uidnext),
                         " 1:%d (1:%d %s)" % (whole.uidnext, len(cache), ",".join(str(u) for u in sorted(cache)))):
                view = seen_by(registry, "EXAMINE %s (QRESYNC (%d %d%s))" % (BOX, validity, high, rest), peer)
                view.selected(cache)
                promise({r.uid: (r.flags, r.modseq) for r in view.rows} == now, "QRESYNC from", high, "leads elsewhere", rest)
                peer.ok("UNSELECT")
            # The same with UID FETCH (RFC 7162 §3.2.6).
            view = seen_by(registry, "EXAMINE " + BOX, peer)
            for l in peer.ok("UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d VANISHED)" % high).lines:
                view.line(l, "UID FETCH")
            known = {u: (r.flags, r.modseq) for u, r in cache.items() if u not in view.earlier}
            known.update({r.uid: (r.flags, r.modseq) for r in view.rows if r.uid})
            promise(known == now, "CHANGEDSINCE VANISHED from", high, "leads elsewhere")
            peer.close()
        print("round %d: %d messages, the server %s" % (number + 1, len(now), end), flush=True)


if __name__ == "__main__":
    sys.exit(main())
