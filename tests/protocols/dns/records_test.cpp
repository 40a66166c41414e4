#include "protocols/dns/records.hpp"

#include <gtest/gtest.h>

using namespace std::string_literals;

namespace rookery::dns {
namespace {

TEST(DnsRecords, AddressesAsText) {
  EXPECT_EQ(read_address(record_type::a, "\xc0\x00\x02\x01"s), "192.0.2.1");
  EXPECT_EQ(read_address(record_type::aaaa, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"s), "2001:db8::1");
  EXPECT_FALSE(read_address(record_type::a, "\xc0\x00\x02"s));
  EXPECT_FALSE(read_address(record_type::aaaa, "\xc0\x00\x02\x01"s));
  EXPECT_FALSE(read_address(record_type::mx, "\xc0\x00\x02\x01"s));
}

TEST(DnsRecords, MxWithAndWithoutAHost) {
  EXPECT_EQ(read_mx("\x00\x0a\x04MAIL\x07" "example\x03net\x00"s), (mx{10, "mail.example.net"}));
  EXPECT_EQ(read_mx("\x00\x00\x00"s), (mx{0, ""})) << "null MX, RFC 7505";
  for (const auto& wrong : {""s, "\x00\x0a"s, "\x00\x0a\x04mai"s, "\x00\x0a\x04mail"s, "\x00\x0a\x04mail\x00x"s,
                            "\x00\x0a\xc0\x0c"s, "\x00\x0a\x04ma.l\x00"s, "\x00\x0a\x04ma\nl\x00"s})
    EXPECT_FALSE(read_mx(wrong));
}

TEST(DnsRecords, SrvHasAPortAndAHost) {
  EXPECT_EQ(read_srv("\x00\x05\x00\x01\x14\x95\x04XMPP\x07" "example\x00"s), (srv{5, 1, 5269, "xmpp.example"}));
  EXPECT_EQ(read_srv("\x00\x00\x00\x00\x00\x00\x00"s), (srv{0, 0, 0, ""})) << "decidedly not there";
  for (const auto& wrong : {""s, "\x00\x05\x00\x01\x14\x95"s, "\x00\x05\x00\x01\x14\x95\x04xmp"s, "\x00\x05\x00\x01\x14\x95\x04xmpp\x00x"s})
    EXPECT_FALSE(read_srv(wrong));
}

TEST(DnsRecords, SrvByPriorityAndThenByLot) {
  const std::vector<srv> all{{20, 0, 1, "last"}, {10, 90, 2, "heavy"}, {10, 10, 3, "light"}};
  int heavy_first = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const auto order = in_order(all, seed);
    ASSERT_EQ(order.size(), 3u);
    EXPECT_EQ(order[2].host, "last");
    EXPECT_EQ(order, in_order(all, seed));
    heavy_first += order[0].host == "heavy";
  }
  EXPECT_GT(heavy_first, 800);
  EXPECT_LT(heavy_first, 980);
  EXPECT_TRUE(in_order({}, 1).empty());
}

TEST(DnsRecords, NamesHaveALimit) {
  std::string wire;
  for (int i = 0; i < 4; ++i) wire += '\x3f' + std::string(63, 'a');
  EXPECT_FALSE(read_name(wire + '\0')) << "257 octets";
  wire.resize(64 * 3);
  EXPECT_EQ(read_name(wire + '\0')->size(), 64u * 3 - 1);
  EXPECT_FALSE(read_name("\x40"s + std::string(64, 'a') + '\0')) << "a label of 64";
  EXPECT_EQ(read_name("\0"s), "");
}

TEST(DnsRecords, TlsaAndText) {
  EXPECT_EQ(read_tlsa("\x03\x01\x01\xab\xcd"s), (tlsa{3, 1, 1, "\xab\xcd"}));
  EXPECT_FALSE(read_tlsa("\x03\x01\x01"s));
  EXPECT_EQ(read_text("\x08v=STSv1;\x05 id=1"s), "v=STSv1; id=1");
  EXPECT_EQ(read_text("\0"s), "");
  EXPECT_FALSE(read_text(""s));
  EXPECT_FALSE(read_text("\x05v=ST"s));
}

TEST(DnsRecords, WhatCannotBeReadIsLeftOut) {
  answer a;
  a.status = answer_status::ok;
  a.records = {"\x00\x0a\x01m\x00"s, "\x00"s};
  EXPECT_EQ(mxs(a), std::vector<mx>({{10, "m"}}));
}

TEST(DnsRecords, ReverseNames) {
  EXPECT_EQ(reverse_name("192.0.2.1"), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name("2001:db8::1"), "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  EXPECT_FALSE(reverse_name("mail.example"));
}

} // namespace
} // namespace rookery::dns
