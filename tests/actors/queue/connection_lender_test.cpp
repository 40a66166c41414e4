#include "actors/queue/connection_lender.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <future>

namespace rookery::actors {
namespace {

/// Node 1 beside node 2, which carries `connections` and has just said so.
std::shared_ptr<destination_board> board_beside(std::uint32_t connections) {
  auto board = std::make_shared<destination_board>();
  board->begin(1, {1, 2});
  board->tick(true);
  queueing::share_note note;
  note.incarnation = 5;
  note.load = queueing::node_load{connections};
  board->heard(2, queueing::print(note));
  return board;
}

way_ptr way_of(delivery::way::kind what) {
  auto w = std::make_shared<delivery::way>();
  w->what = what;
  w->key = "a.example";
  return w;
}

/// Runs it in an actor, as dispatch does.
void in_actor(const std::function<void(caf::event_based_actor&)>& what) {
  caf::actor_system_config config;
  config.set("scheduler.max-threads", std::size_t{1});
  caf::actor_system system{config};
  std::promise<void> done;
  system.spawn([&](caf::event_based_actor* self) {
    what(*self);
    done.set_value();
  });
  done.get_future().wait();
}

const auto remote = way_of(delivery::way::kind::mx);

TEST(ConnectionLender, OpensTheFirstHereAndLendsTheNext) {
  in_actor([](caf::event_based_actor& self) {
    auto board = board_beside(0);
    const auto member = board->enter(caf::actor_cast<caf::actor>(&self));
    std::vector<queueing::connection_number> lent;
    connection_lender lender(self, board, member, [&](caf::local_actor&, std::uint64_t to, const open_connection& o) {
      EXPECT_EQ(to, 2u);
      EXPECT_EQ(o.way, remote);
      lent.push_back(o.slot.connection);
      return caf::actor_cast<caf::actor>(&self);
    });
    for (queueing::connection_number n = 1; n <= 4; ++n) EXPECT_FALSE(lender.open({n, "a.example", false, false}, remote)) << n;
    EXPECT_TRUE(lender.open({5, "a.example", false, false}, remote));
    EXPECT_EQ(lent, (std::vector<queueing::connection_number>{5}));
    EXPECT_EQ(board->count_lent().lent, 1u);
    EXPECT_FALSE(lender.open({6, "b.example", false, true}, remote)) << "a probe is for this node";
    lender.closed(5);
    EXPECT_EQ(board->count_lent().lent, 0u);
  });
}

TEST(ConnectionLender, OpensHereWhatTheOtherNodeDoesNotReach) {
  in_actor([](caf::event_based_actor& self) {
    auto board = board_beside(0);
    const auto member = board->enter(caf::actor_cast<caf::actor>(&self));
    connection_lender lender(self, board, member, [&](caf::local_actor&, std::uint64_t, const open_connection&) { return caf::actor_cast<caf::actor>(&self); });
    for (queueing::connection_number n = 1; n <= 4; ++n) lender.open({n, "a.example", false, false}, remote);
    ASSERT_TRUE(lender.open({5, "a.example", false, false}, remote));
    lender.returned(5);
    EXPECT_EQ(board->count_lent().lent, 0u);
    EXPECT_FALSE(lender.open({6, "a.example", false, false}, remote)) << "it is left alone for a while";
    lender.closed(5);
    lender.closed(5);
    EXPECT_EQ(board->count_lent().lent, 0u);
  });
}

TEST(ConnectionLender, LendsNothingThatStaysInTheClusterAndGivesBackAtItsEnd) {
  in_actor([](caf::event_based_actor& self) {
    auto board = board_beside(0);
    const auto member = board->enter(caf::actor_cast<caf::actor>(&self));
    {
      connection_lender lender(self, board, member, [&](caf::local_actor&, std::uint64_t, const open_connection&) { return caf::actor_cast<caf::actor>(&self); });
      for (queueing::connection_number n = 1; n <= 9; ++n) EXPECT_FALSE(lender.open({n, "home:2", false, false}, way_of(delivery::way::kind::home)));
      for (queueing::connection_number n = 11; n <= 14; ++n) EXPECT_FALSE(lender.open({n, "a.example", false, false}, remote)) << "what stays is not counted";
      EXPECT_TRUE(lender.open({15, "a.example", false, false}, remote));
    }
    EXPECT_EQ(board->count_lent().lent, 0u);
  });
}

TEST(ConnectionLender, LendsNothingWhereItIsSwitchedOff) {
  in_actor([](caf::event_based_actor& self) {
    auto board = board_beside(0);
    board->tick(false);
    const auto member = board->enter(caf::actor_cast<caf::actor>(&self));
    connection_lender lender(self, board, member, [&](caf::local_actor&, std::uint64_t, const open_connection&) { return caf::actor_cast<caf::actor>(&self); });
    for (queueing::connection_number n = 1; n <= 9; ++n) EXPECT_FALSE(lender.open({n, "a.example", false, false}, remote));
    EXPECT_FALSE(board->borrow());
  });
}

} // namespace
} // namespace rookery::actors
