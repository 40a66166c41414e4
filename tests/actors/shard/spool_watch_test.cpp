// The spool's actor tells its watcher what changed before it answers who changed it.
#include "actors/shard/machine_actor.hpp"
#include "storage/queue/command.hpp"
#include "storage/tree/tree.hpp"

#include <gtest/gtest.h>

namespace rookery::actors {
namespace {

namespace queue = storage::queue;

apply_batch_ptr batch_of(const std::vector<queue::any_command>& commands, const caf::scoped_actor& self, std::uint32_t& place) {
  auto batch = std::make_shared<apply_batch>();
  auto reply = std::make_shared<pending_results>(caf::actor_cast<caf::strong_actor_ptr>(self), 1, commands.size());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    storage::committed_command c;
    c.shard = storage::spool_shard;
    c.at = {1, place};
    c.next = {1, place += 100};
    c.payload = queue::encode({{}, commands[i]});
    if (std::holds_alternative<queue::accepted>(commands[i])) c.bodies.resize(1);
    batch->items.push_back({std::move(c), reply, i});
  }
  return batch;
}

queue::accepted accepted(std::uint64_t id) {
  queue::envelope m;
  m.id = base::message_id(id);
  m.recipients.push_back({"bob@example.org", 0, "", {}, 0, {}, "", {}, "", false});
  return {m};
}

TEST(SpoolWatch, HearsOfEachBatchBeforeItsAnswer) {
  caf::actor_system_config config;
  caf::actor_system system(config);
  auto opened = queue::spool_machine::open(storage::tree::in_memory());
  ASSERT_TRUE(opened);
  auto parts = std::make_shared<machine_actor_parts>();
  parts->spool = opened->get();
  parts->machine = std::move(*opened);
  const auto spool = spawn_machine(system, parts);
  caf::scoped_actor self(system);
  std::uint32_t place = 100;

  self->send(spool, batch_of({accepted(1)}, self, place));
  self->receive([](const commit_done_ptr& done) { EXPECT_EQ(done->results[0].what, storage::outcome::done); });
  self->request(spool, caf::infinite, watch_spool{self})
      .receive([](spool_watched) {}, [](const caf::error&) { FAIL() << "not answered"; });
  EXPECT_TRUE(parts->spool->view()->find(base::message_id(1))) << "what came before is in the view";

  self->send(spool, batch_of({accepted(2), queue::removed{base::message_id(1)}}, self, place));
  std::string heard;
  bool answered = false;
  self->receive_while([&] { return !answered; })(
      [&](const spool_changed& c) {
        for (const auto& change : *c.changes)
          heard += std::to_string(change.id.value) + ":" + change.queue_before + ">" + change.queue_after + " ";
      },
      [&](const commit_done_ptr&) { answered = true; });
  EXPECT_TRUE(heard == "2:>remote 1:remote> " || heard == "1:remote> 2:>remote ") << heard;

  // Nothing changes: nothing is told.
  self->send(spool, batch_of({queue::removed{base::message_id(1)}}, self, place));
  self->receive([](const spool_changed&) { FAIL() << "told of nothing"; },
                [](const commit_done_ptr& done) { EXPECT_EQ(done->results[0].what, storage::outcome::no_such_record); });
  self->send_exit(spool, caf::exit_reason::kill);
}

} // namespace
} // namespace rookery::actors
