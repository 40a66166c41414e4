#!/usr/bin/env python3
"""Kills a server with -9 while people talk in rooms, again and again, and proves that the rooms have it all.

    rooms_driver.py --rookery build/release/server/rookery --rounds 5 [--seed N] [--load-seconds 1.5] [--keep]

Each round: start, people enter three persistent rooms, talk, set subjects, leave and come again; kill -9 at a random moment; `rookery check`
on the store while it is down; start again, and compare the archives of the rooms with what everybody heard and with what
the server acknowledged (XEP-0198). Whoever was in heard each message of the archive once and in its order, without a gap;
what was acknowledged and not refused is there once; what was there before is there still.
"""
import argparse, base64, json, os, random, re, select, shutil, socket, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "end_to_end"))
sys.dont_write_bytecode = True
from node import Node, wait_for

DOMAIN, PASSWORD = Node.domain, Node.password
ROOMS = ["%s@conference.%s" % (name, DOMAIN) for name in ("den", "hall", "club")]
HEADER = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='%s' version='1.0'>" % DOMAIN
SAID_MAX = 400  # in one room and round: more would be refused as too fast
STANZA = re.compile(r"<(message|presence|iq|a|r)\b([^>]*?)(/>|>.*?</\1>)", re.S)


def attribute(text, name):
    found = re.search(r"\b%s=['\"]([^'\"]*)" % name, text)
    return found.group(1) if found else ""


class Talker(threading.Thread):
    """One client. What it sent and heard is looked at when all is over."""

    def __init__(self, node, number, seed):
        super().__init__(daemon=True)
        self.node, self.user, self.seed, self.random = node, "u%d" % number, seed, random.Random(seed)
        self.sent, self.acknowledged, self.refused = [], 0, set()  # ids of stanzas in order ("": may be refused, or keeps nothing); how many of them; ids
        self.stays, self.fault = [], None                          # (room, ids of the archive that it heard)
        self.text, self.seen, self.over, self.ready = "", 0, False, threading.Event()

    def run(self):
        try:
            self.log_in()
            self.ready.set()
            while True:
                self.act()
                self.read(0.002)
        except (OSError, EOFError):
            pass  # the server is gone
        except Exception as e:  # noqa: said by the round
            self.fault = "%s: %r" % (self.user, e)
        finally:
            self.over = True
            self.ready.set()

    def log_in(self):
        self.socket = socket.create_connection(("127.0.0.1", self.node.port("xmpp")), 30)
        self.write(HEADER)
        self.until("</stream:features>")
        self.write("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>"
                   % base64.b64encode(("\0%s\0%s" % (self.user, PASSWORD)).encode()).decode())
        self.until("<success[^>]*>")
        self.write(HEADER)
        self.until("</stream:features>")
        self.write("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        self.until("</iq>")
        self.write("<enable xmlns='urn:xmpp:sm:3'/>")
        self.until("<enabled[^>]*>")
        self.present = {}  # room -> what it hears there
        self.leaving, self.said = dict.fromkeys(ROOMS, 0), dict.fromkeys(ROOMS, 0)
        for room in ROOMS:
            self.enter(room)

    def write(self, text):
        self.socket.sendall(text.encode())

    def until(self, pattern):
        while not (found := re.search(pattern, self.text, re.S)):
            self.receive()
        self.text = self.text[found.end():]

    def receive(self):
        octets = self.socket.recv(1 << 16)
        if not octets:
            raise EOFError
        self.text += octets.decode("utf-8", "replace")

    def send(self, text, name=""):
        self.sent.append(name)
        self.write(text)

    def enter(self, room):
        self.send("<presence to='%s/%s'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>" % (room, self.user))

    def act(self):
        room, dice = self.random.choice(ROOMS), self.random.random()
        # Whether it is in is sure only when all it has said about that is answered: a refusal may come behind the acknowledgement.
        sure = room in self.present and self.leaving[room] == 0
        if dice < 0.04:
            if sure:
                self.leaving[room] += 1
                self.send("<presence type='unavailable' to='%s/%s'/>" % (room, self.user))
            return None
        if dice < 0.10:
            return self.enter(room)
        if self.said[room] == SAID_MAX:
            return None
        self.said[room] += 1
        name = "%s-%x-%d" % (self.user, self.seed, len(self.sent))
        what = "subject" if dice < 0.13 else "body"
        self.send("<message type='groupchat' id='%s' to='%s'><%s>%s</%s></message>" % (name, room, what, name, what), name if sure else "")
        if dice > 0.9:
            self.write("<r xmlns='urn:xmpp:sm:3'/>")

    def read(self, wait):
        while select.select([self.socket], [], [], wait)[0]:
            wait = 0
            self.receive()
            self.look()

    def look(self):
        # What is heard is cut off first: an answer to it may fail as the server is gone, and the rest is looked at later.
        while found := STANZA.search(self.text):
            self.text = self.text[found.end():]
            self.hear(found.group(1), found.group(2), found.group(0))

    def hear(self, kind, head, whole):
        if kind == "a":
            self.acknowledged = int(attribute(head, "h"))
            return
        if kind == "r":
            return self.write("<a xmlns='urn:xmpp:sm:3' h='%d'/>" % self.seen) if not self.over else None
        self.seen += 1
        room, _, nick = attribute(head, "from").partition("/")
        if attribute(head, "type") == "error":
            self.refused.add(attribute(head, "id"))
        elif kind == "presence" and "code='110'" in whole and nick == self.user:
            if attribute(head, "type") == "unavailable":
                self.present.pop(room, None)
                self.leaving[room] -= 1
            elif room not in self.present:
                self.present[room] = []
                self.stays.append((room, self.present[room]))
        elif kind == "message" and room in self.present and "<delay" not in whole:
            own = re.search(r"<stanza-id\b[^>]*>", whole)
            if own:
                self.present[room].append(int(attribute(own.group(0), "id")))


def archive(node, room):
    """[(id, name of the message)] as the server has it."""
    done = node.run("chat", "rooms", "export", room, "--json")
    if done.returncode != 0:
        raise RuntimeError(done.stdout)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [(int(r["id"]), attribute(re.search(r"<message\b[^>]*>", r["stanza"]).group(0), "id")) for r in rows]


def faults_of(talkers, before, now):
    out = [t.fault for t in talkers if t.fault]
    for room in ROOMS:
        if now[room][:len(before[room])] != before[room]:
            out.append("%s: what was there is another now" % room)
    places = {room: {number: i for i, (number, _) in enumerate(now[room])} for room in ROOMS}
    names = [name for room in ROOMS for _, name in now[room]]
    if len(set(names)) != len(names):
        out.append("a message is there twice")
    kept = set(names)
    for t in talkers:
        for name in t.sent[:t.acknowledged]:
            if name and name not in t.refused and name not in kept:
                out.append("%s was acknowledged to %s and is lost" % (name, t.user))
        for room, heard in t.stays:
            at = [places[room].get(number) for number in heard]
            if None in at:
                out.append("%s heard %d in %s, which is not kept" % (t.user, heard[at.index(None)], room))
            elif at and at != list(range(at[0], at[0] + len(at))):
                wrong = next(i for i in range(1, len(at)) if at[i] != at[i - 1] + 1)
                out.append("%s missed something in %s, or heard it in another order: place %d came behind %d, %d of %d heard there"
                           % (t.user, room, at[wrong], at[wrong - 1], wrong, len(at)))
    return out


def play(a, node, seed, counts, before):
    rng = random.Random(seed)
    node.start()
    wait_for(node.port("xmpp"))
    talkers = [Talker(node, i + 1, rng.randrange(1 << 30)) for i in range(a.clients)]
    for t in talkers:
        t.start()
    for t in talkers:
        if not t.ready.wait(60):
            raise RuntimeError(t.user + " does not get in")
    end = time.monotonic() + 120
    while sum(t.acknowledged for t in talkers) < 100 or sum(len(heard) for t in talkers for _, heard in t.stays) < 200:
        if time.monotonic() > end:
            raise RuntimeError("nothing is acknowledged, or nobody hears: %s" % [(t.user, t.fault, t.acknowledged) for t in talkers])
        time.sleep(0.01)
    time.sleep(rng.uniform(0, a.load_seconds))
    node.kill()
    for t in talkers:
        t.join(60)
        t.look()
    faults = ["check: " + f for f in node.check()]
    node.start()
    wait_for(node.port("xmpp"))
    now = {room: archive(node, room) for room in ROOMS}
    faults += faults_of(talkers, before, now)
    if node.stop() != 0:
        faults.append("the orderly end")
    counts["acknowledged"] += sum(min(t.acknowledged, len(t.sent)) for t in talkers)
    counts["heard"] += sum(len(heard) for t in talkers for _, heard in t.stays)
    counts["kept"] = sum(len(rows) for rows in now.values())
    return faults, now


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rookery", required=True)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seed", type=int, default=None)
    p.add_argument("--clients", type=int, default=6)
    p.add_argument("--load-seconds", type=float, default=1.5, help="at most so long from the first hundred acknowledgements until the kill")
    p.add_argument("--keep", action="store_true")
    a = p.parse_args()
    seed = a.seed if a.seed is not None else random.randrange(1 << 30)
    print("seed %d" % seed, flush=True)
    folder = tempfile.mkdtemp(prefix="rookery-rooms-crash-")
    node = Node(a.rookery, folder, a.clients, more="[storage]\nsegment_octets = 262144\nmaintenance_milliseconds = 40\n")
    counts, failed = {"acknowledged": 0, "heard": 0, "kept": 0}, False
    try:
        node.start()
        wait_for(node.port("xmpp"))
        for room in ROOMS:
            done = node.run("chat", "rooms", "create", room, "--owner", "u1@" + DOMAIN, "anyone_sets_subject=true")
            if done.returncode != 0:
                raise RuntimeError(done.stdout)
        node.kill()
        rows = {room: [] for room in ROOMS}
        for number in range(a.rounds):
            faults, rows = play(a, node, seed + number, counts, rows)
            print("round %d: %d acknowledged, %d heard, %d kept%s" % (number + 1, counts["acknowledged"], counts["heard"], counts["kept"],
                                                                     "".join("\n  " + f for f in faults[:10])), flush=True)
            if faults:
                failed = True
                break
    finally:
        node.kill()
        if failed or a.keep:
            print("the node is kept in " + folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
