#include "policy/forwarding/srs.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

namespace rookery::forwarding {
namespace {

const auto now = base::from_milliseconds(1'700'000'000'000);
const auto ours = [](std::string_view domain) { return domain == "us.example"; };
srs_settings settings(std::string key = "secret") { return {{std::move(key)}, "us.example"}; }

std::string local(const std::string& address) { return address.substr(0, address.rfind('@')); }
std::string go(std::string_view sender, const srs_settings& s = settings()) { return srs_forward(s, sender, ours, now).value_or("-"); }
std::string back(std::string_view local_part, std::chrono::days later = {}, const srs_settings& s = settings()) {
  const auto r = srs_reverse(s, local_part, now + later);
  if (r) return *r;
  constexpr const char* names[] = {"not srs", "malformed", "forged", "expired"};
  return names[static_cast<int>(r.error())];
}

TEST(Srs, SendersGoAndComeBack) {
  for (const char* sender : {"ann@a.example", "Ann.Lee+lists@A.Example", "ann=x=y@a.example", "srs0@a.example", "\"ann lee\"@a.example",
                             "a@xn--bcher-kva.example", "ann-@a.example"}) {
    const auto rewritten = go(sender);
    ASSERT_NE(rewritten, "-") << sender;
    EXPECT_EQ(rewritten.substr(rewritten.rfind('@')), "@us.example");
    EXPECT_LE(local(rewritten).size(), srs_local_octets_max + 2);
    if (rewritten[0] == '"') continue; // its local part is quoted on the wire
    EXPECT_TRUE(base::iequals(back(local(rewritten)), sender)) << rewritten;
    EXPECT_TRUE(base::iequals(back(base::to_upper(local(rewritten))), sender)) << "case may be lost";
  }
  EXPECT_EQ(go("ann@a.example").substr(0, 5), "SRS0=");
}

TEST(Srs, WhatNeedsNoRewritingStays) {
  EXPECT_EQ(go(""), "");
  EXPECT_EQ(go("bob@US.example"), "bob@US.example");
}

TEST(Srs, WhatCannotBeRewrittenIsSaid) {
  EXPECT_EQ(go("no address"), "-");
  EXPECT_EQ(go("ann@[192.0.2.1]"), "-");
  EXPECT_EQ(go("ann@a.example", srs_settings{{}, "us.example"}), "-");
  const std::string room(srs_local_octets_max - std::string("SRS0=mmmmmm=dd=a.example=").size(), 'x');
  EXPECT_NE(go(room + "@a.example"), "-");
  EXPECT_EQ(go(room + "x@a.example"), "-");
}

TEST(Srs, OthersRewritingIsKeptAndFindsItsWayBack) {
  const auto second = go("SRS0=abcd=XY=a.example=ann@b.example");
  EXPECT_EQ(second.substr(0, 5), "SRS1=");
  EXPECT_NE(second.find("=b.example==abcd=XY=a.example=ann@us.example"), std::string::npos) << second;
  EXPECT_EQ(back(local(second)), "SRS0=abcd=XY=a.example=ann@b.example");
  const auto third = go("SRS1=wxyz=b.example==abcd=XY=a.example=ann@c.example");
  EXPECT_NE(third.find("=b.example==abcd="), std::string::npos) << "the first server stays: " << third;
  EXPECT_EQ(back(local(third)), "SRS0=abcd=XY=a.example=ann@b.example");
  EXPECT_EQ(back(local(go("SRS0+abcd=XY=a.example=ann@b.example"))), "SRS0+abcd=XY=a.example=ann@b.example");
  EXPECT_EQ(go("SRS1=wxyz=b~example==abcd=XY=a=ann@c.example").substr(0, 5), "SRS0=") << "no server's name in it";
  EXPECT_EQ(go("SRS1=cut@c.example").substr(0, 5), "SRS0=") << "only looks like it";
}

TEST(Srs, MarksAreOursAndYoung) {
  const auto mine = local(go("ann@a.example"));
  EXPECT_EQ(back(mine, std::chrono::days(21)), "ann@a.example");
  EXPECT_EQ(back(mine, std::chrono::days(22)), "expired");
  EXPECT_EQ(back(mine, std::chrono::days(-1)), "ann@a.example") << "the other clock may be ahead";
  EXPECT_EQ(back(mine, std::chrono::days(-2)), "expired");
  EXPECT_EQ(back(mine, std::chrono::days(1024)), "ann@a.example") << "days turn over";
  for (std::size_t i = 5; i < mine.size(); ++i) {
    auto other = mine;
    other[i] = other[i] == 'b' ? 'c' : 'b';
    EXPECT_NE(back(other), "ann@a.example") << other;
  }
  EXPECT_EQ(back(mine, {}, settings("another")), "forged");
  EXPECT_EQ(back(mine, {}, {{"new", "secret"}, "us.example"}), "ann@a.example") << "an old key still reads";
  EXPECT_EQ(back(mine, {}, {{}, "us.example"}), "forged");
}

TEST(Srs, OtherLocalPartsAreTold) {
  for (const char* no : {"ann", "", "srs0", "srs0x=1", "srs2=a=b=c=d", "SRS", "srs-list"}) EXPECT_EQ(back(no), "not srs") << no;
  for (const char* cut : {"SRS0=", "SRS0=a", "SRS0=a=b", "SRS0=a=bb=c", "SRS0=a=bb=c=", "SRS0=a=b=c=d", "SRS0=a=!!=c=d", "SRS0=a=bb==d", "SRS1=a=b",
                          "SRS1=a=b=", "SRS1=a==b", "SRS1=a==b=c", "SRS1=a=b=c"})
    EXPECT_TRUE(back(cut) == "malformed" || back(cut) == "not srs") << cut << ": " << back(cut);
}

} // namespace
} // namespace rookery::forwarding
