#include "actors/queue/dispatch_actor.hpp"
#include "tests/actors/queue/queue_world.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace rookery::actors {
namespace {

using queueing::take_result;
using storage::queue::attempt_ended;
using storage::queue::recipient_state;

/// The test is record and every destination, and has another mailbox as the local actor. The node's own dispatch hears of nothing any more.
class Dispatch : public ::testing::Test {
protected:
  void SetUp() override { start(); }
  void start() {
    auto parts = std::make_shared<dispatch_parts>();
    parts->of = &w.of();
    parts->record = me();
    parts->local = caf::actor_cast<caf::actor>(here);
    parts->make_destination = [this](caf::local_actor& parent, const std::string&) { return make ? make(parent) : me(); };
    dispatch = spawn_dispatch(*w.of().system, parts);
    list(); // it has begun: the changes of the spool are sent to it
  }
  void TearDown() override { caf::anon_send_exit(dispatch, caf::exit_reason::user_shutdown); }

  caf::actor me() { return caf::actor_cast<caf::actor>(w.self); }
  std::vector<queueing::destination_status> list() { return *w.ask<destination_list>(dispatch, list_destinations{}).items; }
  given_work take(queueing::connection_number connection) { return w.ask<given_work>(dispatch, take_work{connection, 0}); }
  /// The attempt's outcome as record would write it.
  void delivered(const given_work& g) {
    attempt_ended done;
    done.id = g.work.id;
    for (const auto n : g.work.recipients) {
      auto& o = done.outcomes.emplace_back();
      o.recipient = n;
      o.state = recipient_state::delivered;
      o.answer = "250 2.0.0 taken";
    }
    w.commit({std::move(done)});
    w.self->send(dispatch, transaction_over{g.work.number, queueing::end_reason::answered});
  }
  void over(queueing::connection_number connection, std::uint64_t passed) {
    w.self->send(dispatch, connection_over{connection, queueing::close_reason::finished, {}, passed, false});
  }

  tests::queue_world w;
  caf::scoped_actor here{*w.of().system};
  caf::actor dispatch;
  std::function<caf::actor(caf::local_actor&)> make; ///< another actor of a destination than the test; set before there is mail
};

TEST_F(Dispatch, ADestinationWithMailGetsAConnectionWhichGetsTheMail) {
  const auto first = w.accept(w.message({"a@remote.example", "b@remote.example"}));
  const auto o = w.next<open_connection>();
  EXPECT_EQ(o.slot.destination, "remote.example");
  EXPECT_EQ(o.way->what, delivery::way::kind::mx);
  EXPECT_EQ(o.way->domain, "remote.example");
  const auto given = take(o.slot.connection);
  ASSERT_EQ(given.what, take_result::work);
  EXPECT_EQ(given.work.id, first);
  EXPECT_EQ(given.work.recipients, (std::vector<std::uint32_t>{0, 1}));
  ASSERT_TRUE(given.message);
  EXPECT_EQ(given.message->recipients[1].address, "b@remote.example");
  delivered(given);
  EXPECT_FALSE(w.stored(first));
  over(o.slot.connection, given.work.number);
  w.next<destination_idle>();
  EXPECT_TRUE(list().empty());
}

TEST_F(Dispatch, AnIdleConnectionGetsTheNextMessageOfItsDestination) {
  w.accept(w.message({"a@remote.example"}));
  const auto o = w.next<open_connection>();
  const auto first = take(o.slot.connection);
  delivered(first);
  auto asked = w.self->request(dispatch, tests::queue_world::answer_time, take_work{o.slot.connection, 0});
  const auto second = w.accept(w.message({"b@remote.example"}));
  given_work given;
  asked.receive([&](const given_work& g) { given = g; }, [](const caf::error&) { ADD_FAILURE(); });
  ASSERT_EQ(given.what, take_result::work);
  EXPECT_EQ(given.work.id, second);
  EXPECT_FALSE(w.has<open_connection>());
}

TEST_F(Dispatch, MailForDomainsOfThisNodeGoesToTheLocalActor) {
  auto e = w.message({"u1@example.test", "c@remote.example"});
  w.accept(std::move(e));
  open_connection one;
  here->receive([&](const open_connection& o) { one = o; },
                caf::after(tests::queue_world::answer_time) >> [] { FAIL() << "the local actor hears nothing"; });
  const auto two = w.next<open_connection>();
  EXPECT_EQ(one.way->what, delivery::way::kind::local);
  EXPECT_EQ(two.slot.destination, "remote.example");
  EXPECT_EQ(take(one.slot.connection).work.recipients, std::vector<std::uint32_t>{0});
  EXPECT_EQ(take(two.slot.connection).work.recipients, std::vector<std::uint32_t>{1});
}

TEST_F(Dispatch, WhoStartsLaterIsFilledFromTheSpool) {
  const auto first = w.accept(w.message({"a@remote.example"}));
  const auto paused = w.accept(w.message({"b@paused.example"}));
  const auto gone = w.accept(w.message({"c@gone.example"}));
  for (int i = 0; i < 3; ++i) w.next<open_connection>();
  w.commit({storage::queue::removed{gone}, storage::queue::put_note{"paused", "paused.example", "by the operator", {}, 0}});
  caf::anon_send_exit(dispatch, caf::exit_reason::kill);
  start();
  const auto o = w.next<open_connection>();
  EXPECT_EQ(o.slot.destination, "remote.example");
  const auto g = take(o.slot.connection);
  ASSERT_EQ(g.what, take_result::work);
  EXPECT_EQ(g.work.id, first);
  EXPECT_FALSE(w.has<open_connection>()) << "what is paused waits, what is removed is not there";
  const auto all = list();
  const auto at = std::find_if(all.begin(), all.end(), [](const auto& d) { return d.destination == "paused.example"; });
  ASSERT_NE(at, all.end());
  EXPECT_TRUE(w.stored(paused));
  EXPECT_TRUE(std::none_of(all.begin(), all.end(), [](const auto& d) { return d.destination == "gone.example"; }));
}

TEST_F(Dispatch, WhatMayNotLeaveStays) {
  auto held = w.message({"a@held.example"});
  held.held = true;
  const auto held_id = w.accept(std::move(held));
  auto bad = w.message({"a@bad.example"});
  bad.queue = "bad";
  w.accept(std::move(bad));
  auto later = w.message({"a@later.example"});
  later.recipients[0].next_attempt = w.of().clock->wall() + std::chrono::hours(24);
  w.accept(std::move(later));
  const auto known = list();
  ASSERT_EQ(known.size(), 1u) << "the others are not for the dispatcher";
  EXPECT_EQ(known[0].destination, "later.example");
  EXPECT_FALSE(w.has<open_connection>());
  w.commit({storage::queue::release{held_id}});
  EXPECT_EQ(w.next<open_connection>().slot.destination, "held.example");
}

TEST_F(Dispatch, RemovedMailIsNotGiven) {
  const auto id = w.accept(w.message({"a@remote.example"}));
  const auto o = w.next<open_connection>();
  w.commit({storage::queue::removed{id}});
  over(o.slot.connection, 0);
  w.next<destination_idle>();
  EXPECT_TRUE(list().empty());
}

TEST_F(Dispatch, APausedDestinationGetsNoConnectionUntilItIsResumed) {
  EXPECT_EQ(w.ask<std::uint64_t>(dispatch, pause_destination{"remote.example", "by hand"}), 0u);
  w.accept(w.message({"a@remote.example"}));
  const auto known = list();
  ASSERT_EQ(known.size(), 1u);
  EXPECT_EQ(known[0].reason, "by hand");
  EXPECT_FALSE(w.has<open_connection>());
  EXPECT_EQ(w.ask<std::uint64_t>(dispatch, resume_destination{"remote.example"}), 1u);
  EXPECT_EQ(w.next<open_connection>().slot.destination, "remote.example");
}

TEST_F(Dispatch, WhileAllQueuesAreFrozenNothingLeavesAndThenAllDoes) {
  w.self->send(dispatch, freeze_all_queues{true});
  const auto first = w.accept(w.message({"a@remote.example"}));
  const auto second = w.accept(w.message({"b@other.example"}));
  const auto rows = list();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].messages + rows[1].messages, 2u);
  EXPECT_EQ(rows[0].connections + rows[1].connections, 0u);
  w.self->send(dispatch, freeze_all_queues{false});
  std::vector<base::message_id> left;
  for (int i = 0; i < 2; ++i) left.push_back(take(w.next<open_connection>().slot.connection).work.id);
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left, (std::vector<base::message_id>{first, second}));
}

TEST_F(Dispatch, MuchMailThatReachedNobodyGoesToRecordALittleAtATimeAndOthersDoNotWaitForIt) {
  storage::commit_group all;
  for (int i = 0; i < 150; ++i) w.add(all, w.message({"a@remote.example"}));
  w.commit(std::move(all));
  const auto o = w.next<open_connection>();
  const auto second = w.next<open_connection>(); // a new destination gets two
  connection_over failed{o.slot.connection, queueing::close_reason::failed, {}, 0, true};
  failed.why.as = delivery::of_trouble(delivery::trouble::unreachable, "nobody there");
  w.self->send(dispatch, failed);
  const auto answered = [&](const attempt_results& r) {
    transactions_over over;
    for (const auto& one : r.all) over.transactions.push_back(one->transaction);
    w.self->send(dispatch, over);
  };
  auto first = w.next<attempt_results>();
  auto next = w.next<attempt_results>();
  EXPECT_EQ(first.all.size(), 32u);
  EXPECT_EQ(next.all.size(), 32u);
  list();
  EXPECT_FALSE(w.has<attempt_results>()) << "record has enough to write";
  w.accept(w.message({"a@alive.example"}));
  const auto alive = w.next<open_connection>();
  EXPECT_EQ(alive.slot.destination, "alive.example");
  EXPECT_EQ(take(alive.slot.connection).what, take_result::work);
  std::size_t told = 64;
  answered(first);
  const auto third = w.next<attempt_results>();
  told += third.all.size();
  answered(next);
  const auto fourth = w.next<attempt_results>();
  told += fourth.all.size();
  EXPECT_EQ(told, 100u) << "the others wait with their destination";
  answered(third);
  answered(fourth);
  list();
  EXPECT_FALSE(w.has<attempt_results>());
  over(second.slot.connection, 0);
  const auto known = list();
  const auto down = std::count_if(known.begin(), known.end(), [](const auto& d) { return d.state == queueing::destination_state::down; });
  EXPECT_EQ(down, 1);
}

TEST_F(Dispatch, WhatADestinationThatEndsByAFaultHadToConnectWaitsOn) {
  int made = 0; // dispatch's thread has it from here to the end
  make = [&](caf::local_actor& parent) {
    if (++made > 1) return me();
    return caf::actor_cast<caf::actor>(parent.spawn([](caf::event_based_actor* self) -> caf::behavior {
      self->set_exception_handler([](std::exception_ptr&) -> caf::error { return caf::sec::runtime_error; });
      return {[](const open_connection&) { throw std::runtime_error("a fault"); }};
    }));
  };
  const auto id = w.accept(w.message({"a@remote.example"}));
  const auto told = w.next<attempt_results>().all;
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0]->message->id, id);
  ASSERT_EQ(told[0]->recipients.size(), 1u);
  EXPECT_EQ(told[0]->recipients[0].as.what, delivery::fate::deferred);
  w.self->send(dispatch, transactions_over{{told[0]->transaction}, queueing::end_reason::answered});
  const auto known = list();
  ASSERT_EQ(known.size(), 1u);
  EXPECT_EQ(known[0].state, queueing::destination_state::down);
  EXPECT_EQ(known[0].connections, 0u);
  EXPECT_EQ(w.ask<std::uint64_t>(dispatch, retry_destination{"remote.example"}), 1u);
  const auto again = w.next<open_connection>();
  EXPECT_EQ(again.slot.destination, "remote.example");
  EXPECT_EQ(take(again.slot.connection).work.id, id);
}

TEST_F(Dispatch, WhereNobodyWasReachedRecordHearsOfIt) {
  const auto id = w.accept(w.message({"a@remote.example"}));
  const auto o = w.next<open_connection>();
  connection_over failed{o.slot.connection, queueing::close_reason::failed, {}, 0, true};
  failed.why.as = delivery::of_trouble(delivery::trouble::unreachable, "nobody there");
  failed.why.host = "mx.remote.example";
  w.self->send(dispatch, failed);
  const auto all = w.next<attempt_results>().all;
  ASSERT_EQ(all.size(), 1u);
  const auto told = all[0];
  EXPECT_EQ(told->message->id, id);
  EXPECT_EQ(told->remote_host, "mx.remote.example");
  ASSERT_EQ(told->recipients.size(), 1u);
  EXPECT_EQ(told->recipients[0].as.status, "4.4.1");
  EXPECT_FALSE(told->deadline);
  const auto known = list();
  ASSERT_EQ(known.size(), 1u);
  EXPECT_NE(known[0].reason.find("nobody there"), std::string::npos);
}

TEST_F(Dispatch, ABrokenTransactionIsGivenAgain) {
  const auto id = w.accept(w.message({"a@remote.example"}));
  const auto o = w.next<open_connection>();
  const auto first = take(o.slot.connection);
  over(o.slot.connection, 0); // and nothing of it went to record
  const auto known = list();
  ASSERT_EQ(known.size(), 1u);
  EXPECT_EQ(known[0].messages, 1u);
  w.self->send(dispatch, retry_messages{{id}}); // else after a pause
  const auto again = w.next<open_connection>();
  const auto second = take(again.slot.connection);
  ASSERT_EQ(second.what, take_result::work);
  EXPECT_EQ(second.work.id, id);
  EXPECT_NE(second.work.number, first.work.number);
}

TEST_F(Dispatch, AtTheEndNothingIsGivenOut) {
  w.accept(w.message({"a@remote.example"}));
  const auto o = w.next<open_connection>();
  w.self->send(dispatch, stop_dispatch{});
  EXPECT_EQ(take(o.slot.connection).what, take_result::stop);
}

} // namespace
} // namespace rookery::actors
