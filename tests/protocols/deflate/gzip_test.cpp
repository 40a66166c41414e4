#include "protocols/deflate/gzip.hpp"

#include <gtest/gtest.h>

namespace rookery::deflate {
namespace {

TEST(Gzip, ComesBack) {
  std::string large;
  for (int i = 0; large.size() < 300'000; ++i) large += std::to_string(i);
  for (const auto& text : {std::string(), std::string("x"), large}) {
    const auto packed = gzip(text);
    EXPECT_EQ(*gunzip(packed, text.size()), text);
    EXPECT_EQ(*gunzip(packed + "behind", text.size()), text);
    if (text.empty()) continue;
    EXPECT_EQ(gunzip(packed, text.size() - 1).error().kind, base::error_kind::over_limit);
  }
}

TEST(Gzip, DamageIsSeen) {
  const auto packed = gzip("some text that is long enough");
  for (std::size_t cut = 0; cut < packed.size(); ++cut) EXPECT_FALSE(gunzip(packed.substr(0, cut), 1000)) << cut;
  auto changed = packed;
  changed[changed.size() - 6] = static_cast<char>(changed[changed.size() - 6] ^ 1); // the checksum
  EXPECT_EQ(gunzip(changed, 1000).error().kind, base::error_kind::invalid);
}

TEST(Gzip, ABombIsCutOff) {
  const auto packed = gzip(std::string(50'000'000, 'x'));
  EXPECT_LT(packed.size(), 100'000u);
  EXPECT_EQ(gunzip(packed, 1'000'000).error().kind, base::error_kind::over_limit);
}

} // namespace
} // namespace rookery::deflate
