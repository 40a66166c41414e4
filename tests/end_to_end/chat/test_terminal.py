"""Clients in a terminal: profanity and mcabber of Debian log in, talk to a person and in a room, and see what comes."""
import fcntl, os, pty, re, select, shutil, signal, struct, sys, tempfile, termios, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import *

A, B = USERS[:2]
DEN = "terminal@conference." + DOMAIN


class Terminal:
    """A program at a terminal of its own; what it draws, without its colours and jumps. Its files are in `folder`."""

    def __init__(self, folder, *command, enter="\n"):
        environment = dict(os.environ, HOME=folder, XDG_CONFIG_HOME=os.path.join(folder, "config"), XDG_DATA_HOME=os.path.join(folder, "data"),
                           TERM="linux", LANG="C.UTF-8", LC_ALL="C.UTF-8", COLUMNS="200", LINES="50")
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        self.drawn, self.enter = "", enter

    def type(self, line):
        os.write(self.terminal, (line + self.enter).encode())

    def until(self, pattern, limit=LIMIT):
        """Waits until it was drawn; what was drawn up to there is forgotten."""
        end = time.monotonic() + limit
        while not (found := re.search(pattern, self.drawn)):
            if not select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError("no %s on the screen: %s" % (pattern, self.drawn[-3000:]))
            try:
                octets = os.read(self.terminal, 65536)
            except OSError:
                raise AssertionError("the program ended; wanted %s: %s" % (pattern, self.drawn[-3000:])) from None
            self.drawn += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][0AB]|\x0f", "|", octets.decode("utf-8", "replace"))
        self.drawn = self.drawn[found.end():]

    def over(self):
        """Waits until the program has ended."""
        while True:
            try:
                if not select.select([self.terminal], [], [], LIMIT)[0]:
                    raise AssertionError("the program goes on: %s" % self.drawn[-3000:])
                if not os.read(self.terminal, 65536):
                    return
            except OSError:
                return

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


class Drawn(Case):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rookery-terminal-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    async def off(self, waiting, *arguments):
        """Waits in a thread, so that the other client goes on."""
        return await asyncio.to_thread(waiting, *arguments)

    async def other(self):
        b = await self.client(B, "other")
        for plugin in ("xep_0045", "xep_0004"):
            b.register_plugin(plugin)
        b.add_event_handler("groupchat_subject", lambda m: b.note("groupchat_subject", m))
        return b

    async def enter(self, b, room):
        for attempt in range(20):
            try:
                await b["xep_0045"].join_muc_wait(room, "Bob", timeout=LIMIT)
                break
            except slixmpp.exceptions.PresenceError as refused:  # it is not set up yet
                if refused.condition != "item-not-found" or attempt == 19:
                    raise
                await asyncio.sleep(0.5)
        await b.got("groupchat_subject")


@unittest.skipUnless(shutil.which("profanity"), "profanity is not installed")
class Profanity(Drawn):
    async def test_profanity_talks(self):
        b = await self.other()
        t = Terminal(self.folder, "profanity")
        self.addCleanup(t.end)
        await self.off(t.until, "Welcome to")
        t.type("/connect %s server %s port %d tls trust" % (jid(A), HOST, port("xmpp")))
        await self.off(t.until, "Enter password")
        t.type(PASSWORD)
        await self.off(t.until, "logged in successfully")
        # A person, both ways.
        t.type("/msg %s one-from-the-terminal" % jid(B))
        got = await b.message("one-from-the-terminal")
        self.assertEqual(got["from"].bare, jid(A))
        b.send_message(got["from"], "one-to-the-terminal", mtype="chat")
        await self.off(t.until, "one-to-the-terminal")
        # A room that it makes, with the other client in it.
        t.type("/join %s nick Ann" % DEN)
        await self.off(t.until, "(?i)room")
        t.type("/room accept")
        await self.enter(b, DEN)
        t.type("two-from-the-terminal")
        got = await b.got("groupchat_message", lambda m: m["body"] == "two-from-the-terminal")
        self.assertEqual(got["from"], DEN + "/Ann")
        b.send_message(DEN, "two-to-the-terminal", mtype="groupchat")
        await self.off(t.until, "two-to-the-terminal")
        t.type("/leave")
        t.type("/disconnect")
        await self.off(t.until, "(?i)logged out|disconnected")


@unittest.skipUnless(shutil.which("mcabber"), "mcabber is not installed")
class Mcabber(Drawn):
    async def test_mcabber_talks(self):
        b, den = await self.other(), "mcabber@conference." + DOMAIN
        settings = os.path.join(self.folder, ".mcabber")
        os.mkdir(settings, 0o700)
        with open(os.open(os.path.join(settings, "mcabberrc"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write("set jid = %s\nset password = %s\nset server = %s\nset port = %d\nset tls = 1\nset ssl_ignore_checks = 1\nset resource = terminal\nset nickname = Ann\n"
                    % (jid(A), PASSWORD, HOST, port("xmpp")))
        t = Terminal(self.folder, "mcabber", enter="\r")
        self.addCleanup(t.end)
        await self.off(t.until, "Your status has been set")
        t.type("/say_to %s one-from-mcabber" % jid(B))
        t.type("/roster search %s" % jid(B))  # what he says is drawn in his window
        t.type("")  # and this opens it
        got = await b.message("one-from-mcabber")
        self.assertEqual(got["from"].bare, jid(A))
        b.send_message(got["from"], "one-to-mcabber", mtype="chat")
        await self.off(t.until, "one-to-mcabber")
        t.type("/room join %s Ann" % den)
        await self.off(t.until, "You have joined " + den)
        t.type("/roster search mcabber@")
        t.type("/room unlock")
        await self.enter(b, den)
        t.type("two-from-mcabber")
        got = await b.got("groupchat_message", lambda m: m["body"] == "two-from-mcabber")
        self.assertEqual(got["from"], den + "/Ann")
        b.send_message(den, "two-to-mcabber", mtype="groupchat")
        await self.off(t.until, "two-to-mcabber")
        t.type("/quit")
        await self.off(t.over)


if __name__ == "__main__":
    unittest.main()
