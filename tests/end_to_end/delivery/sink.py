"""A mail server of the other side, whose every answer a test can choose.

    with Sink() as sink:                     # a free port on 127.0.0.1
        sink.say("RCPT", "450 4.2.0 later", to="bob@")
        ...
        sink.wait(1)                         # messages that came in full
"""
import re, socket, ssl, threading, time


class Message:
    def __init__(self, peer, tls, helo, mail, login):
        self.peer, self.tls, self.helo, self.mail, self.login = peer, tls, helo, mail, login
        self.rcpts, self.data = [], b""

    @property
    def sender(self):
        return re.search(r"<([^>]*)>", self.mail).group(1)

    @property
    def recipients(self):
        return [re.search(r"<([^>]*)>", r).group(1) for r in self.rcpts]


class Sink:
    """`keywords`: what EHLO offers besides STARTTLS (offered with a `context`) and AUTH (with `login`)."""

    def __init__(self, port=0, address="127.0.0.1", keywords=("PIPELINING", "8BITMIME", "SIZE 50000000", "ENHANCEDSTATUSCODES"),
                 context=None, implicit_tls=False, login=None, lmtp=False):
        self.keywords, self.context, self.implicit_tls, self.login, self.lmtp = list(keywords), context, implicit_tls, login, lmtp
        self.messages, self.commands, self.connections, self.open_now, self.open_most = [], [], 0, 0, 0
        self.rules, self.lock, self.changed = [], threading.RLock(), threading.Condition()
        self.listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(512)
        self.port, self.running = self.listener.getsockname()[1], True
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.running = False
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def say(self, verb, answer, to="", times=None, delay=0, drip=0):
        """From now on `answer` to `verb` ("GREETING", "EHLO", "MAIL", "DATA", "END" for what follows the text, ...) when
        the line contains `to`; None is the usual one. "drop" cuts the connection, "hang" says nothing. With `drip` each
        octet waits so many seconds. The newest rule counts."""
        with self.lock:
            self.rules.insert(0, [verb, answer, to, times, delay, drip])

    def forget_rules(self):
        with self.lock:
            self.rules.clear()

    def wait(self, count, limit=30):
        end = time.time() + limit
        with self.changed:
            while len(self.messages) < count:
                if not self.changed.wait(max(0, end - time.time())) and time.time() >= end:
                    raise AssertionError("%d messages instead of %d; commands: %s" % (len(self.messages), count, self.commands[-30:]))
            return list(self.messages)

    def wait_command(self, part, limit=30):
        end = time.time() + limit
        with self.changed:
            while not any(part in c for c in self.commands):
                if not self.changed.wait(max(0, end - time.time())) and time.time() >= end:
                    raise AssertionError("nobody said %r: %s" % (part, self.commands[-30:]))

    # --- inside

    def _rule(self, verb, line):
        with self.lock:
            for rule in self.rules:
                if rule[0] == verb and rule[2] in line and rule[3] != 0:
                    if rule[3] is not None:
                        rule[3] -= 1
                    return rule[1], rule[4], rule[5]
        return None, 0, 0

    def _accept(self):
        while self.running:
            try:
                peer, address = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.open_now += 1
                self.open_most = max(self.open_most, self.open_now)
            threading.Thread(target=self._guarded, args=(peer, address), daemon=True).start()

    def _guarded(self, peer, address):
        try:
            self._serve(peer, address)
        except (OSError, ssl.SSLError, EOFError):
            pass
        finally:
            with self.lock:
                self.open_now -= 1
            try:
                peer.shutdown(socket.SHUT_RDWR)  # files made of it keep it open
            except OSError:
                pass
            peer.close()

    def _note(self, line):
        with self.changed:
            self.commands.append(line)
            self.changed.notify_all()

    def _serve(self, peer, address):
        state = {"tls": None, "helo": "", "login": None}
        if self.implicit_tls:
            peer = self.context.wrap_socket(peer, server_side=True)
            state["tls"] = peer.version()
        stream = peer.makefile("rb")

        def answer(verb, line, usual):
            text, delay, drip = self._rule(verb, line)
            if delay:
                time.sleep(delay)
            if text == "drop":
                raise EOFError
            if text == "hang":
                time.sleep(3600)
            text = usual if text is None else text
            if text:
                octets = ("\r\n".join(text.split("\n")) + "\r\n").encode()
                for piece in [octets[i:i + 1] for i in range(len(octets))] if drip else [octets]:
                    time.sleep(drip)
                    peer.sendall(piece)
            return text or ""

        answer("GREETING", "", "220 sink.example ESMTP")
        now = None
        while True:
            raw = stream.readline(100000)
            if not raw:
                return
            line = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
            verb = line.split(" ")[0].upper()
            self._note(line)
            if verb in ("EHLO", "LHLO", "HELO"):
                state["helo"] = line[5:]
                words = list(self.keywords)
                if self.context and not state["tls"]:
                    words.append("STARTTLS")
                if self.login:
                    words.append("AUTH PLAIN LOGIN")
                lines = ["sink.example"] + words
                answer(verb, line, "250 sink.example" if verb == "HELO" else
                       "\n".join("250%s%s" % (" " if i == len(lines) - 1 else "-", l) for i, l in enumerate(lines)))
            elif verb == "STARTTLS" and self.context:
                if answer(verb, line, "220 2.0.0 go ahead").startswith("220"):
                    peer = self.context.wrap_socket(peer, server_side=True)
                    state["tls"] = peer.version()
                    stream = peer.makefile("rb")
            elif verb == "AUTH":
                import base64
                words = line.split(" ")
                if words[1].upper() == "PLAIN":
                    if len(words) < 3:
                        peer.sendall(b"334 \r\n")
                        words.append(stream.readline().decode().strip())
                    given = tuple(base64.b64decode(words[2]).decode().split("\0")[1:])
                else:
                    peer.sendall(b"334 VXNlcm5hbWU6\r\n")
                    user = base64.b64decode(stream.readline()).decode()
                    peer.sendall(b"334 UGFzc3dvcmQ6\r\n")
                    given = (user, base64.b64decode(stream.readline()).decode())
                good = given == self.login
                state["login"] = given[0] if good else None
                answer("AUTH", line, "235 2.7.0 welcome" if good else "535 5.7.8 wrong")
            elif verb == "MAIL":
                said = answer(verb, line, "250 2.1.0 ok")
                now = Message(address[0], state["tls"], state["helo"], line, state["login"]) if said.startswith("2") else None
            elif verb == "RCPT":
                said = answer(verb, line, "250 2.1.5 ok")
                if now and said.startswith("2"):
                    now.rcpts.append(line)
            elif verb == "DATA":
                said = answer(verb, line, "354 go on" if now and now.rcpts else "503 5.5.1 no recipients")
                if not said.startswith("354"):
                    continue
                text = b""
                while True:
                    part = stream.readline(1000000)
                    if not part:
                        return
                    if part == b".\r\n":
                        break
                    text += part[1:] if part.startswith(b".") else part
                self._end(now, text, answer)
                now = None
            elif verb == "BDAT":
                words = line.split(" ")
                now.data += stream.read(int(words[1]))
                if len(words) > 2 and words[2].upper() == "LAST":
                    self._end(now, now.data, answer)
                    now = None
                else:
                    answer(verb, line, "250 2.0.0 chunk")
            elif verb == "RSET":
                now = None
                answer(verb, line, "250 2.0.0 ok")
            elif verb == "NOOP":
                answer(verb, line, "250 2.0.0 ok")
            elif verb == "QUIT":
                answer(verb, line, "221 2.0.0 bye")
                return
            else:
                answer(verb, line, "500 5.5.2 what?")

    def _end(self, message, text, answer):
        message.data = text
        if not self.lmtp:
            if answer("END", "", "250 2.0.0 taken").startswith("2"):
                self._keep(message)
            return
        taken = [r for r in message.rcpts if answer("END", r, "250 2.0.0 taken").startswith("2")]
        if taken:
            message.rcpts = taken
            self._keep(message)

    def _keep(self, message):
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()
