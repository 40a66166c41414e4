#include "protocols/proxy/header.hpp"

#include <gtest/gtest.h>

namespace rookery::proxy {
namespace {

using namespace std::string_literals;

std::string v2(char command, char family, const std::string& rest) {
  std::string out("\r\n\r\n\0\r\nQUIT\n", 12);
  out += command;
  out += family;
  out += static_cast<char>(rest.size() >> 8);
  out += static_cast<char>(rest.size() & 255);
  return out + rest;
}

const std::string four = "\xc0\x00\x02\x01\xc6\x33\x64\x02\x30\x39\x00\x19"s;
const std::string six = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01" + "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x02" + "\x30\x39\x00\x19"s;

TEST(ProxyHeader, IsReadInBothVersions) {
  const struct { const char* name; std::string input; bool local; const char *source, *destination; unsigned port; } rows[] = {
      {"v1 IPv4", "PROXY TCP4 192.0.2.1 198.51.100.2 12345 25\r\n", false, "192.0.2.1", "198.51.100.2", 12345},
      {"v1 IPv6", "PROXY TCP6 2001:DB8:0::1 2001:db8::2 12345 25\r\n", false, "2001:db8::1", "2001:db8::2", 12345},
      {"v1 unknown", "PROXY UNKNOWN\r\n", true, "", "", 0},
      {"v1 unknown with words", "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", true, "", "", 0},
      {"v2 IPv4", v2('\x21', '\x11', four), false, "192.0.2.1", "198.51.100.2", 12345},
      {"v2 IPv4 with TLVs", v2('\x21', '\x11', four + "\x04\x00\x03" "abc"s), false, "192.0.2.1", "198.51.100.2", 12345},
      {"v2 IPv6", v2('\x21', '\x21', six), false, "2001:db8::1", "2001:db8::2", 12345},
      {"v2 local", v2('\x20', '\x00', ""), true, "", "", 0},
      {"v2 local with octets", v2('\x20', '\x11', four), true, "", "", 0},
      {"v2 unix", v2('\x21', '\x31', std::string(216, 'x')), true, "", "", 0},
  };
  for (const auto& row : rows) {
    const auto h = read_header(row.input + "EHLO x\r\n");
    ASSERT_TRUE(h.ok()) << row.name;
    EXPECT_EQ(h->octets, row.input.size()) << row.name;
    EXPECT_EQ(h->local, row.local) << row.name;
    EXPECT_EQ(h->source_address, row.source) << row.name;
    EXPECT_EQ(h->destination_address, row.destination) << row.name;
    EXPECT_EQ(h->source_port, row.port) << row.name;
    for (std::size_t n = 0; n < row.input.size(); ++n) {
      const auto cut = read_header(row.input.substr(0, n));
      ASSERT_FALSE(cut.ok()) << row.name << " cut at " << n;
      EXPECT_EQ(cut.error(), header_error::incomplete) << row.name << " cut at " << n;
    }
  }
}

TEST(ProxyHeader, IsRefusedWhenItIsNone) {
  const struct { const char* name; std::string input; } rows[] = {
      {"a client without one", "EHLO x\r\n"},
      {"lower case", "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n"},
      {"no line end within 107 octets", "PROXY TCP4 " + std::string(107, '1')},
      {"bare LF", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"},
      {"bare LF behind UNKNOWN", "PROXY UNKNOWN x\ny\r\n"},
      {"other family", "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n"},
      {"address of the other family", "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n"},
      {"port too large", "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n"},
      {"port with zero in front", "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n"},
      {"too few words", "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"},
      {"too many spaces", "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"},
      {"v2 wrong version", v2('\x11', '\x11', four)},
      {"v2 wrong command", v2('\x22', '\x11', four)},
      {"v2 addresses too short", v2('\x21', '\x11', four.substr(0, 11))},
      {"v2 longer than we read", v2('\x21', '\x11', std::string(5000, 'x'))},
  };
  for (const auto& row : rows) {
    const auto h = read_header(row.input);
    ASSERT_FALSE(h.ok()) << row.name;
    EXPECT_EQ(h.error(), header_error::malformed) << row.name;
  }
}

TEST(ProxyHeader, ReplacesThePeerOfAConnection) {
  connection_facts facts;
  facts.peer_address = "10.0.0.1";
  facts.peer_is_loopback = true;
  EXPECT_EQ(apply_header("PROXY TCP4 192.0.2.1 198.51.100.2 12345 25\r\nEHLO", facts), 44);
  EXPECT_EQ(facts.peer_address, "192.0.2.1");
  EXPECT_EQ(facts.peer_port, 12345);
  EXPECT_FALSE(facts.peer_is_loopback);
  EXPECT_EQ(apply_header("PROXY UNKNOWN\r\n", facts), 15);
  EXPECT_EQ(facts.peer_address, "192.0.2.1");
  EXPECT_EQ(apply_header("PROXY", facts), 0);
  EXPECT_EQ(apply_header("EHLO", facts), -1);
}

} // namespace
} // namespace rookery::proxy
