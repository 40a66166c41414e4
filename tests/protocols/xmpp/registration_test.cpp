#include "protocols/xml/reader.hpp"
#include "protocols/xmpp/registration.hpp"

#include <gtest/gtest.h>

namespace rookery::xmpp {
namespace {

using namespace std::chrono_literals;

TEST(Registration, NamesThatAStrangerMayChoose) {
  for (const auto* good : {"ann", "ann.smith", "a", "a-b_c.d", "2bob", "administrators", "wwww"}) EXPECT_TRUE(is_free_name(good)) << good;
  for (const auto* bad : {"", "Ann", "ann smith", ".ann", "ann.", "a..b", "-a", "a+b", "a@b", "\xc3\xa4nn", "postmaster", "abuse", "admin", "root", "www", "is", "a/b",
                          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
    EXPECT_FALSE(is_free_name(bad)) << bad;
}

TEST(Registration, ANetworkIsAnAddressOrTheFirstHalfOfOne) {
  EXPECT_EQ(network_of("192.0.2.7"), "192.0.2.7");
  const auto one = network_of("2001:db8:1:2:3:4:5:6");
  for (const auto* same : {"2001:db8:1:2::1", "2001:db8:1:2::", "2001:0db8:0001:0002::ffff", "2001:db8:1:2:a:b:c:d", "2001:db8:1:2::192.0.2.7"})
    EXPECT_EQ(network_of(same), one) << same;
  for (const auto* other : {"2001:db8:1:3::1", "2001:db8::1:2:3:4:5", "::1", "2001:db8:1::2", "fe80::1"}) EXPECT_NE(network_of(other), one) << other;
  EXPECT_EQ(network_of("2001:db8::1:2:3:4:5"), network_of("2001:db8:0:1::"));
  EXPECT_EQ(network_of("::1"), network_of("::2:3:4:5"));
}

TEST(Registration, WhatAStrangerSays) {
  const auto read = [](std::string_view inner) {
    auto e = xml::parse("<query xmlns='jabber:iq:register'>" + std::string(inner) + "</query>");
    return read_registration(std::get<element>(e));
  };
  const auto wish = read("<username>ann</username><password>pw</password>");
  ASSERT_TRUE(std::holds_alternative<registration_wish>(wish));
  EXPECT_EQ(std::get<registration_wish>(wish).user, "ann");
  EXPECT_EQ(std::get<registration_wish>(wish).password, "pw");
  for (const auto* less : {"", "<username>ann</username>", "<password>pw</password>", "<username/><password/>"})
    EXPECT_EQ(std::get<condition>(read(less)), condition::not_acceptable) << less;
  EXPECT_EQ(std::get<condition>(read("<remove/>")), condition::registration_required);
}

TEST(Registration, ANetworkAsksSoOftenInAnHour) {
  registration_rate r;
  base::instant now{};
  now += 5h;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(r.take("a", now, 3));
  EXPECT_FALSE(r.take("a", now, 3));
  EXPECT_TRUE(r.take("b", now, 3));
  EXPECT_FALSE(r.take("a", now + 59min, 3));
  EXPECT_TRUE(r.take("a", now + 60min, 3));
}

TEST(Registration, AllTogetherAndTheTableHaveTheirBounds) {
  base::instant now{};
  now += 5h;
  registration_rate r;
  for (std::uint32_t i = 0; i < registration_rate::all_max; ++i) ASSERT_TRUE(r.take("n" + std::to_string(i), now, 3));
  EXPECT_FALSE(r.take("another", now, 3));
  // Those that are refused are remembered as well, so many of them; an hour later there is room.
  for (std::size_t i = registration_rate::all_max + 1; i < registration_rate::networks_max; ++i) EXPECT_FALSE(r.take("n" + std::to_string(i), now, 3));
  EXPECT_FALSE(r.take("one too many", now, 3));
  EXPECT_TRUE(r.take("one too many", now + 1h, 3));
}

} // namespace
} // namespace rookery::xmpp
