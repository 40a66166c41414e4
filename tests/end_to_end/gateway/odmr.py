"""A customer of on-demand mail relay (RFC 2645): logs in at a provider, says ATRN, and lets a server have the connection."""
import base64, os, selectors, socket, ssl, sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "delivery"))
from outside import Case
from node import Node


class Branch(Node):
    """The second Rookery, which has the mailboxes."""
    domain = "branch.example"


class Customer:
    """`said`: the provider's last answer, as "453 4.2.0 …"."""

    def __init__(self, port, tls=False):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.answer()
        self.command("EHLO customer.example")
        if tls:
            self.command("STARTTLS")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
            self.command("EHLO customer.example")

    def answer(self):
        """Octet by octet: what follows the answer belongs to whoever has the connection next."""
        lines = []
        while True:
            line = b""
            while not line.endswith(b"\r\n"):
                octet = self.socket.recv(1)
                if not octet:
                    raise EOFError("the provider closed the connection after %r" % lines)
                line += octet
            lines.append(line[:-2].decode())
            if line[3:4] == b" ":
                self.lines, self.said = lines, lines[-1]
                return self.said

    def command(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.answer()

    def login(self, user, password):
        return self.command("AUTH PLAIN " + base64.b64encode(("\0%s\0%s" % (user, password)).encode()).decode())

    def close(self):
        self.socket.close()


def hand_over(connection, port):
    """Octets both ways between this connection and a server on loopback, until either side has ended. One thread: a TLS
    connection must not be read and written at once."""
    server = socket.create_connection(("127.0.0.1", port), 30)
    connection.settimeout(30)
    with selectors.DefaultSelector() as ready:
        ready.register(connection, selectors.EVENT_READ, server)
        ready.register(server, selectors.EVENT_READ, connection)
        ended = False
        while not ended:
            for key, _ in ready.select():
                piece = key.fileobj.recv(65536)
                while piece and isinstance(key.fileobj, ssl.SSLSocket) and key.fileobj.pending():
                    piece += key.fileobj.recv(65536)
                ended = ended or not piece
                key.data.sendall(piece)
    server.close()
    connection.close()
