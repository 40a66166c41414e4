#include "policy/passwords/strength.hpp"
#include "policy/reception/reception.hpp"

#include <gtest/gtest.h>

namespace rookery {
namespace {

int code(const routing::refusal* r) { return r == nullptr ? 0 : r->code; }

TEST(Reception, SizeAndLoopsAreRefused) {
  const reception::reception_limits limits{1000, 3};
  EXPECT_EQ(code(reception::size_refusal(0, limits)), 0);
  EXPECT_EQ(code(reception::size_refusal(1000, limits)), 0);
  EXPECT_EQ(code(reception::size_refusal(1001, limits)), 552);
  EXPECT_EQ(code(reception::message_refusal({1000, 2}, limits)), 0);
  EXPECT_EQ(code(reception::message_refusal({1001, 0}, limits)), 552);
  EXPECT_EQ(code(reception::message_refusal({1, 3}, limits)), 554);
}

TEST(Reception, RecipientsAreJudgedAgainAtTheEnd) {
  using reception::fate;
  static constexpr routing::refusal full{452, "4.2.2", "full"};
  const reception::recipient_at_end good, loop{true, nullptr}, over{false, &full}, both{true, &full};
  struct row {
    const char* name;
    std::vector<reception::recipient_at_end> recipients;
    bool lmtp;
    int all;                 ///< code of the whole refusal
    std::vector<fate> each;
    std::vector<int> codes;
  };
  const row rows[] = {
      {"all is well", {good, good}, false, 0, {fate::delivered, fate::delivered}, {0, 0}},
      {"a loop refuses all", {good, loop}, false, 554, {}, {}},
      {"a loop before a full one", {over, loop}, false, 554, {}, {}},
      {"nobody has room", {over, over}, false, 452, {}, {}},
      {"one has none", {good, over}, false, 0, {fate::delivered, fate::queued}, {0, 452}},
      {"LMTP answers each", {good, loop, over, both}, true, 0, {fate::delivered, fate::refused, fate::refused, fate::refused}, {0, 554, 452, 554}},
      {"LMTP, none", {loop}, true, 0, {fate::refused}, {554}},
      {"nobody", {}, false, 0, {}, {}},
  };
  for (const auto& r : rows) {
    const auto v = reception::judge_recipients(r.recipients, r.lmtp);
    EXPECT_EQ(code(v.all), r.all) << r.name;
    ASSERT_EQ(v.each.size(), r.each.size()) << r.name;
    for (std::size_t i = 0; i < v.each.size(); ++i) {
      EXPECT_EQ(v.each[i].what, r.each[i]) << r.name;
      EXPECT_EQ(code(v.each[i].why), r.codes[i]) << r.name;
    }
  }
}

TEST(PasswordStrength, IsJudged) {
  using enum passwords::verdict;
  struct row {
    std::string_view password;
    std::size_t least;
    passwords::verdict what;
  };
  const std::string long_one(257, 'x');
  const row rows[] = {
      {"correct horse", 8, fit}, {"", 1, empty},          {"short", 8, too_short}, {"a", 1, fit},
      {"tab\there!", 8, control_octets}, {"ann@example.test", 8, is_address}, {"Ann", 2, is_address},
      {"\xc3\xbc\xc3\xbc\xc3\xbc", 4, too_short}, {long_one, 8, too_long},
  };
  for (const auto& r : rows) EXPECT_EQ(passwords::judge(r.password, "ann@example.test", r.least), r.what) << r.password;
}

} // namespace
} // namespace rookery
