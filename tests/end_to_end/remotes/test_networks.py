"""A network of two machines, made of network namespaces: MX hosts with IPv6 and IPv4 at port 25, and addresses to send from.

Needs root and iproute2; where namespaces cannot be made the tests are skipped, and say why."""
import ctypes, os, smtplib, subprocess, sys, threading, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "delivery"))
from names import NameServer, World
from sink import Sink

HERE, THERE = "rookery-a%d" % os.getpid(), "rookery-b%d" % os.getpid()
HERE_ADDRESSES = ("192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64", "2001:db8::2/64")
THERE_ADDRESSES = ("192.0.2.10/24", "192.0.2.11/24", "2001:db8::10/64", "2001:db8::11/64")
ZONE = """two 300 IN MX 10 both.two
both.two 300 IN A 192.0.2.10
both.two 300 IN AAAA 2001:db8::10
half 300 IN MX 10 dead.half
half 300 IN MX 20 four.half
dead.half 300 IN A 192.0.2.11
dead.half 300 IN AAAA 2001:db8::11
four.half 300 IN A 192.0.2.10
"""
libc = ctypes.CDLL(None, use_errno=True)


def ip(*words):
    done = subprocess.run(["ip", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise OSError("ip %s: %s" % (" ".join(words), done.stdout.strip()))


def enter(path):
    """This thread, and what it starts, is in that network from now on."""
    fd = os.open(path, os.O_RDONLY)
    try:
        if libc.setns(fd, 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(fd)


def there(make):
    """What `make` gives in the other network: its sockets stay there."""
    out = []

    def run():
        enter("/run/netns/" + THERE)
        out.append(make())
    t = threading.Thread(target=run)
    t.start()
    t.join()
    return out[0]


def remove():
    for name in (HERE, THERE):
        subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)


def setUpModule():
    try:
        for name in (HERE, THERE):
            ip("netns", "add", name)
        ip("link", "add", "veth0", "netns", HERE, "type", "veth", "peer", "name", "veth0", "netns", THERE)
        for name, addresses in ((HERE, HERE_ADDRESSES), (THERE, THERE_ADDRESSES)):
            for link in ("lo", "veth0"):
                ip("-n", name, "link", "set", link, "up")
            for a in addresses:
                ip("-n", name, "addr", "add", a, "dev", "veth0", *(["nodad"] if ":" in a else []))
        unittest.addModuleCleanup(enter, "/proc/%d/ns/net" % os.getppid())
        enter("/run/netns/" + HERE)
    except OSError as e:
        remove()
        raise unittest.SkipTest("no network namespaces: %s" % e)


def tearDownModule():
    remove()


class Networks(World):
    settings = {"queue.source_addresses": "192.0.2.2 2001:db8::2"}

    def setUp(self):
        super().setUp()
        dns = there(lambda: NameServer(ZONE, address="192.0.2.10", port=53))
        self.addCleanup(dns.close)
        self.set("dns.servers", "192.0.2.10")
        self.set("dns.trust_anchor_file", dns.anchor)

    def host(self, address):
        s = there(lambda: Sink(port=25, address=address))
        self.sinks.append(s)
        return s

    def test_a_host_with_both_is_reached_by_ipv6_from_the_chosen_address(self):
        six, four = self.host("2001:db8::10"), self.host("192.0.2.10")
        self.submit("a@two.remote.example")
        self.assertEqual(six.wait(1)[0].peer, "2001:db8::2")
        self.assertEqual(four.connections, 0)

    def test_ipv4_first_is_a_setting(self):
        six, four = self.host("2001:db8::10"), self.host("192.0.2.10")
        self.set("queue.ip_versions", "ipv4_first")
        self.submit("a@two.remote.example")
        self.assertEqual(four.wait(1)[0].peer, "192.0.2.2")
        self.assertEqual(six.connections, 0)

    def test_where_ipv6_is_closed_ipv4_is_taken(self):
        four = self.host("192.0.2.10")
        self.submit("a@two.remote.example")
        self.assertEqual(four.wait(1)[0].peer, "192.0.2.2")

    def test_a_dead_host_of_both_costs_nothing_but_the_next_one(self):
        four = self.host("192.0.2.10")
        self.submit("a@half.remote.example")
        self.assertEqual(four.wait(1)[0].recipients, ["a@half.remote.example"])
        self.queued(0)

    def test_a_route_has_source_addresses_of_its_own(self):
        six = self.host("2001:db8::10")
        self.rookery("route", "add", "two.remote.example", "--source-address", "2001:db8::1")
        self.submit("a@two.remote.example")
        self.assertEqual(six.wait(1)[0].peer, "2001:db8::1")


if __name__ == "__main__":
    unittest.main()
