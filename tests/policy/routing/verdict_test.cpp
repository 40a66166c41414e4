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
  EXPECT_EQ(code(reception::message_refusal({1000, 2, false}, limits)), 0);
  EXPECT_EQ(code(reception::message_refusal({1001, 0, false}, limits)), 552);
  EXPECT_EQ(code(reception::message_refusal({1, 3, false}, limits)), 554);
  EXPECT_EQ(code(reception::message_refusal({1, 0, true}, limits)), 554);
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
