#include "actors/cluster/join_client.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

TEST(JoinToken, is_read_as_it_was_printed) {
  const join_token t{7443, "0011223344556677", std::string(64, 'a'), "12345678", std::string(32, 's')};
  const auto read = read_join_token(print(t));
  ASSERT_TRUE(read);
  EXPECT_EQ(print(*read), print(t));
}

TEST(JoinToken, what_is_none_is_refused) {
  const join_token t{7443, "0011223344556677", std::string(64, 'a'), "12345678", std::string(32, 's')};
  const auto good = print(t);
  for (const auto& bad : {std::string(), std::string("rk1"), "rk2" + good.substr(3), good.substr(0, good.size() - 20), good + ".x", "rk1.0" + good.substr(8), "rk1.99999" + good.substr(8)})
    EXPECT_FALSE(read_join_token(bad)) << bad;
}

} // namespace
} // namespace rookery::actors
