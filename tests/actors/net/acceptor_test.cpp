#include "actors/net/acceptor.hpp"

#include <gtest/gtest.h>

namespace rookery::net {
namespace {

connection_facts from(std::string address, bool loopback = false) {
  connection_facts f;
  f.peer_address = std::move(address);
  f.peer_is_loopback = loopback;
  return f;
}

TEST(ConnectionCounts, OneAddressHasItsShareAndOthersTheirs) {
  connection_counts counts({.total = 10, .an_address = 2, .loopback = 5});
  EXPECT_TRUE(counts.enter(from("192.0.2.1")));
  EXPECT_TRUE(counts.enter(from("192.0.2.1")));
  EXPECT_FALSE(counts.enter(from("192.0.2.1")));
  EXPECT_TRUE(counts.enter(from("192.0.2.2")));
  counts.leave(from("192.0.2.1"));
  EXPECT_TRUE(counts.enter(from("192.0.2.1")));
  EXPECT_EQ(counts.total(), 3u);
}

TEST(ConnectionCounts, LoopbackHasABoundOfItsOwn) {
  connection_counts counts({.total = 10, .an_address = 1, .loopback = 3});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(counts.enter(from("127.0.0.1", true)));
  EXPECT_FALSE(counts.enter(from("127.0.0.1", true)));
}

TEST(ConnectionCounts, TheTotalHoldsOverAllAddresses) {
  connection_counts counts({.total = 2, .an_address = 1, .loopback = 2});
  EXPECT_TRUE(counts.enter(from("192.0.2.1")));
  EXPECT_TRUE(counts.enter(from("192.0.2.2")));
  EXPECT_FALSE(counts.enter(from("192.0.2.3")));
  counts.limit({.total = 3, .an_address = 1, .loopback = 2});
  EXPECT_TRUE(counts.enter(from("192.0.2.3")));
}

} // namespace
} // namespace rookery::net
