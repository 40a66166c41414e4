#include "tests/protocols/tls/pair.hpp"

#include <gtest/gtest.h>

namespace rookery::tls {
namespace {

TEST(Certificate, OneOfOurOwnCarriesEveryNameForTenYears) {
  const auto now = base::from_milliseconds(1'750'000'000'000);
  const auto made = make_self_signed({"Mail.example.test", "localhost", "127.0.0.1"}, now);
  ASSERT_TRUE(made);
  const auto facts = read_certificate(made->certificates);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->names, (std::vector<std::string>{"mail.example.test", "localhost", "127.0.0.1"}));
  EXPECT_EQ(facts->subject, "CN=Mail.example.test");
  EXPECT_EQ(facts->issuer, facts->subject);
  EXPECT_EQ(facts->sha256.size(), 32u);
  EXPECT_EQ(base::to_seconds(facts->not_before), 1'750'000'000 - 86400);
  EXPECT_EQ(base::to_seconds(facts->not_after) - base::to_seconds(facts->not_before), 3653 * 86400);
}

TEST(Certificate, NoNameAndNoPemAreRefused) {
  EXPECT_FALSE(make_self_signed({}, {}));
  EXPECT_FALSE(read_certificate("-----BEGIN CERTIFICATE-----\nx\n"));
  EXPECT_FALSE(read_certificate(""));
}

} // namespace
} // namespace rookery::tls
