#include "actors/queue/record_actor.hpp"
#include "base/metrics.hpp"
#include "tests/actors/queue/queue_world.hpp"

namespace rookery::actors {
namespace {

using storage::queue::recipient_state;

/// A record of its own; the test is its dispatch.
class Record : public ::testing::Test {
protected:
  void SetUp() override {
    record = spawn_record(*w.of().system, std::make_shared<record_parts>(record_parts{&w.of()}));
    w.self->send(record, tell_dispatch{caf::actor_cast<caf::actor>(w.self)});
  }
  void TearDown() override { caf::anon_send_exit(record, caf::exit_reason::user_shutdown); }

  /// Of a message that is in the spool, held there so that the node's own dispatch leaves it alone.
  attempt_result_ptr result(std::uint64_t transaction, delivery::fate what) {
    auto e = w.message({"a@remote.example"});
    e.held = true;
    auto r = std::make_shared<attempt_result>();
    r->transaction = transaction;
    r->message = w.stored(w.accept(std::move(e)));
    auto& one = r->recipients.emplace_back();
    one.as.what = what;
    one.as.answer = "as the peer said";
    return r;
  }
  std::chrono::nanoseconds window() const {
    return std::chrono::nanoseconds(base::histogram_named("rookery_delivery_recorded_seconds", "", "").sum_nanoseconds());
  }

  tests::queue_world w;
  caf::actor record;
};

TEST_F(Record, SeveralOutcomesAreWrittenDownAndToldTogether) {
  attempt_results some{{result(7, delivery::fate::deferred), result(8, delivery::fate::deferred)}};
  const auto first = some.all[0]->message->id, second = some.all[1]->message->id;
  w.self->send(record, std::move(some));
  EXPECT_EQ(w.next<transactions_over>().transactions, (std::vector<std::uint64_t>{7, 8}));
  for (const auto id : {first, second}) {
    const auto now = w.stored(id);
    ASSERT_TRUE(now);
    EXPECT_EQ(now->recipients[0].last_answer, "as the peer said");
    EXPECT_EQ(now->recipients[0].state, recipient_state::waiting);
  }
}

TEST_F(Record, TheWindowOfDuplicatesBeginsWhenThePeersAnswerWasRead) {
  using std::chrono::hours;
  const auto before = window();
  auto refused = result(1, delivery::fate::deferred);
  refused->answered = base::system_clock().now() - hours(1000);
  w.self->send(record, refused);
  w.next<transaction_over>();
  auto unreached = result(2, delivery::fate::done); // no peer answered: into mailboxes of this node
  w.self->send(record, unreached);
  w.next<transaction_over>();
  EXPECT_EQ(window(), before) << "what nobody took elsewhere cannot be there twice";
  auto taken = result(3, delivery::fate::done);
  taken->answered = base::system_clock().now() - hours(1000);
  const auto id = taken->message->id;
  w.self->send(record, taken);
  w.next<transaction_over>();
  EXPECT_GE(window() - before, hours(1000));
  EXPECT_FALSE(w.stored(id));
}

} // namespace
} // namespace rookery::actors
