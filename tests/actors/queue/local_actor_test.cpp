#include "actors/queue/local_actor.hpp"
#include "tests/actors/queue/queue_world.hpp"

namespace rookery::actors {
namespace {

using queueing::take_result;

/// The test is dispatch and record.
class Local : public ::testing::Test {
protected:
  void SetUp() override {
    // The node's own dispatch hears of nothing: what the test accepts waits for the test.
    w.ask<spool_watched>(w.of().machines[storage::spool_shard.value], watch_spool{caf::actor_cast<caf::actor>(w.self)});
  }

  queueing::transaction work_for(const envelope_ptr& m, std::vector<std::uint32_t> recipients) {
    queueing::transaction t;
    t.number = 7;
    t.id = m->id;
    t.recipients = std::move(recipients);
    return t;
  }
  std::uint64_t messages_of(std::uint64_t account) {
    const base::account_id id{account};
    return w.ask<account_handles>(w.of().shard_actor(id), open_account{id, nullptr, nullptr}).cell->view()->messages;
  }
  attempt_result_ptr deliver(const envelope_ptr& m, std::vector<std::uint32_t> recipients) {
    return deliver_here(w.of(), work_for(m, std::move(recipients)), m);
  }

  tests::queue_world w;
};

TEST_F(Local, ADeliveryIsMadeOnceHoweverOftenItIsRepeated) {
  const auto m = w.stored(w.accept(w.message({"u1@example.test", "u2@example.test"})));
  ASSERT_TRUE(m);
  for (int i = 0; i < 2; ++i) { // as after a crash before the attempt's end was written
    const auto done = deliver(m, {0, 1});
    ASSERT_EQ(done->recipients.size(), 2u);
    EXPECT_EQ(done->recipients[0].as.what, delivery::fate::done);
    EXPECT_TRUE(done->here);
    EXPECT_EQ(done->transaction, 7u);
    w.commit(done->with);
    EXPECT_EQ(messages_of(1), 1u);
    EXPECT_EQ(messages_of(2), 1u);
  }
}

TEST_F(Local, OnlyTheRecipientsThatAreAskedForGetIt) {
  const auto m = w.stored(w.accept(w.message({"u1@example.test", "u2@example.test"})));
  const auto done = deliver(m, {1});
  ASSERT_EQ(done->recipients.size(), 1u);
  EXPECT_EQ(done->recipients[0].recipient, 1u);
  w.commit(done->with);
  EXPECT_EQ(messages_of(1), 0u);
  EXPECT_EQ(messages_of(2), 1u);
}

TEST_F(Local, AnAliasReachesItsPeopleHereAndBecomesAMessageElsewhere) {
  const auto team = w.stored(w.accept(w.message({"team@example.test"})));
  const auto here = deliver(team, {0});
  EXPECT_EQ(here->recipients[0].as.what, delivery::fate::done);
  w.commit(here->with);
  EXPECT_EQ(messages_of(1), 1u);
  EXPECT_EQ(messages_of(2), 1u);

  const auto away = w.stored(w.accept(w.message({"away@example.test"})));
  const auto on = deliver(away, {0});
  EXPECT_EQ(on->recipients[0].as.what, delivery::fate::done);
  w.commit(on->with);
  std::optional<storage::queue::envelope> next; // the last one there is
  w.of().spool->view()->for_each(base::message_id{away->id.value + 1}, [&](const storage::queue::envelope& e) {
    next = e;
    return true;
  });
  ASSERT_TRUE(next);
  ASSERT_EQ(next->recipients.size(), 1u);
  EXPECT_EQ(next->recipients[0].address, "somebody@elsewhere.test");
  EXPECT_EQ(next->queue, "remote");
  EXPECT_EQ(next->sender, "ann@sender.example");
}

TEST_F(Local, WhoIsNotHereIsRefusedForGood) {
  const auto m = w.stored(w.accept(w.message({"nobody@example.test"})));
  const auto done = deliver(m, {0});
  ASSERT_EQ(done->recipients.size(), 1u);
  EXPECT_EQ(done->recipients[0].as.what, delivery::fate::failed);
  EXPECT_EQ(done->recipients[0].as.status, "5.1.1");
  EXPECT_TRUE(done->with.commands.empty());
}

TEST_F(Local, WhoHasNoRoomIsTriedLater) {
  w.node.change(1, [](auto& a) { a.quota_messages = 1; });
  w.commit(deliver(w.stored(w.accept(w.message({"u1@example.test"}))), {0})->with);
  const auto m = w.stored(w.accept(w.message({"u1@example.test"})));
  const auto done = deliver(m, {0});
  ASSERT_EQ(done->recipients.size(), 1u);
  EXPECT_EQ(done->recipients[0].as.what, delivery::fate::deferred);
  EXPECT_EQ(done->recipients[0].as.status.substr(0, 2), "4.");
  EXPECT_TRUE(done->with.commands.empty());
}

TEST_F(Local, ABodyThatCannotBeReadIsTriedLater) {
  auto m = std::make_shared<storage::queue::envelope>(*w.stored(w.accept(w.message({"u1@example.test"}))));
  m->content.segment += 1000;
  const auto done = deliver(m, {0});
  ASSERT_EQ(done->recipients.size(), 1u);
  EXPECT_EQ(done->recipients[0].as.what, delivery::fate::deferred);
}

TEST_F(Local, TheActorTakesWorkUntilThereIsNone) {
  auto parts = std::make_shared<local_parts>();
  parts->of = &w.of();
  parts->record = caf::actor_cast<caf::actor>(w.self);
  const auto local = spawn_local(*w.of().system, parts);
  const auto m = w.stored(w.accept(w.message({"u1@example.test"})));
  w.self->send(local, open_connection{{3, "local"}, nullptr});
  int asked = 0;
  const auto answer = [&](const given_work& g) {
    w.self->receive(
        [&](const take_work& t) {
          ++asked;
          EXPECT_EQ(t.connection, 3u);
          return g;
        },
        caf::after(tests::queue_world::answer_time) >> [] { ADD_FAILURE() << "it asks for no work"; });
  };
  answer({take_result::work, work_for(m, {0}), m});
  const auto done = w.next<attempt_result_ptr>();
  EXPECT_EQ(done->transaction, 7u);
  EXPECT_EQ(done->message, m);
  answer({});
  const auto over = w.next<connection_over>();
  EXPECT_EQ(over.connection, 3u);
  EXPECT_EQ(over.how, queueing::close_reason::finished);
  EXPECT_EQ(over.passed, 7u);
  EXPECT_EQ(asked, 2);
  caf::anon_send_exit(local, caf::exit_reason::user_shutdown);
}

} // namespace
} // namespace rookery::actors
