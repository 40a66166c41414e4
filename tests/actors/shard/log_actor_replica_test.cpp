// With replicas in sync a batch is answered and applied when they have it, in the log's order; without, at once.
#include "actors/shard/log_actor.hpp"
#include "storage/file/faulty_file_system.hpp"
#include "storage/mail/command.hpp"
#include "storage/tree/tree.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace rookery::actors {
namespace {

namespace mail = storage::mail;
using storage::log_position;

/// Remembers what it is told; a test waits for it.
struct recorder final : replica_sink {
  std::mutex lock;
  std::condition_variable wake;
  std::vector<storage::log_batch_ptr> batches;
  log_position durable_end, committed_end, keep{1, 64};
  bool synced_before_written = false;
  int held_times = 0;
  log_position held_for;

  template <class Change>
  void note(Change change) {
    {
      const std::lock_guard hold(lock);
      change();
    }
    wake.notify_all();
  }
  void written(const storage::log_batch_ptr& b, std::uint64_t) override {
    note([&] {
      if (b->end <= durable_end && b->begin != b->end) synced_before_written = true;
      batches.push_back(b);
    });
  }
  void durable(log_position p) override { note([&] { durable_end = p; }); }
  void committed(log_position p) override { note([&] { committed_end = p; }); }
  void held(std::chrono::milliseconds, log_position p) override {
    note([&] {
      ++held_times;
      held_for = p;
    });
  }
  log_position keep_from() const override { return keep; }
};

struct LogActorReplica : testing::Test {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  storage::faulty_file_system files;
  std::shared_ptr<machine_actor_parts> shard = std::make_shared<machine_actor_parts>();
  std::shared_ptr<log_actor_parts> parts = std::make_shared<log_actor_parts>();
  std::shared_ptr<recorder> sink = std::make_shared<recorder>();
  caf::actor machine, log;
  log_position begun;

  LogActorReplica() {
    auto opened = mail::mail_machine::open(base::shard_id{storage::first_mail_shard}, storage::tree::in_memory(), {});
    shard->mail = opened->get();
    shard->machine = std::move(*opened);
    machine = spawn_machine(system, shard);
    storage::log_settings settings;
    settings.segment_octets = 1u << 16;
    settings.reserve_octets = settings.floor_octets = 0;
    auto writer = storage::log_writer::open(files, "log", settings);
    parts->writer = std::move(*writer);
    parts->gate = std::make_shared<commit_gate>();
    parts->machines = {machine, machine, machine};
    parts->shared = {shard, shard, shard};
    log = spawn_log(system, parts);
  }
  ~LogActorReplica() override {
    self->send_exit(log, caf::exit_reason::kill);
    self->send_exit(machine, caf::exit_reason::kill);
    self->wait_for(log, machine);
    parts->writer.reset();
  }

  void lead(bool hold, std::uint64_t epoch = 1) {
    self->request(log, caf::infinite, begin_lead{sink, epoch, hold, std::chrono::milliseconds(20)})
      .receive([&](const lead_begun& b) { begun = b.end; }, [](const caf::error&) { FAIL(); });
    ASSERT_NE(begun, log_position{});
  }
  void deliver(std::uint64_t token, ack when = ack::applied) {
    auto r = std::make_shared<commit_request>();
    const std::string octets = "mail " + std::to_string(token);
    r->group.bodies.push_back({std::make_shared<const std::string>(octets), -1, static_cast<std::uint32_t>(octets.size()), base::sha256(octets)});
    r->group.commands.push_back({shard->machine->shard(), 1, mail::encode({base::account_id{7}, {}, mail::deliver{}}), {0}});
    r->when = when;
    r->token = token;
    ASSERT_TRUE(submit_commit(*self.ptr(), log, *parts->gate, r));
  }
  log_segments segments() {
    log_segments out;
    self->request(log, caf::infinite, list_segments{}).receive([&](const log_segments& s) { out = s; }, [](const caf::error&) { FAIL(); });
    return out;
  }
  log_position hold(bool on, std::uint64_t epoch = 1) {
    log_position out;
    self->request(log, caf::infinite, hold_for_replicas{on, epoch}).receive([&](const log_position& p) { out = p; }, [](const caf::error&) { FAIL(); });
    return out;
  }
  /// The next answer's token, with 1000 added for an error; 0: there is none yet.
  std::uint64_t answer(bool wait = true) {
    std::uint64_t token = 0;
    const auto take = [&](const commit_done_ptr& d) { token = d->token + (d->error ? 1000 : 0); };
    if (wait) self->receive(take);
    else self->receive(take, caf::after(std::chrono::seconds(0)) >> [] {});
    return token;
  }
  std::uint64_t messages() {
    const std::lock_guard turn(shard->turn.in_use);
    return shard->mail->open_account(base::account_id{7})->view()->messages;
  }
  /// Behind what was written.
  log_position written() {
    segments(); // everything sent before has been taken
    const std::lock_guard hold_it(sink->lock);
    return sink->durable_end;
  }
};

TEST_F(LogActorReplica, WithoutASinkNothingIsHeld) {
  deliver(1);
  EXPECT_EQ(answer(), 1u);
  EXPECT_EQ(segments().end, parts->writer->end());
}

TEST_F(LogActorReplica, WithNobodyInSyncABatchLeavesWhenItIsSyncedHere) {
  deliver(9);
  EXPECT_EQ(answer(), 9u);
  lead(false);
  deliver(1);
  EXPECT_EQ(answer(), 1u);
  EXPECT_EQ(segments().end, written());
  EXPECT_EQ(sink->batches.at(0)->begin, begun);
  EXPECT_EQ(sink->committed_end, written());
  EXPECT_FALSE(sink->synced_before_written);
  EXPECT_EQ(segments().segments->size(), 2u); // the epoch began a segment
}

TEST_F(LogActorReplica, ABatchWaitsForTheReplicas) {
  lead(true);
  deliver(1);
  const auto first = written();
  deliver(2, ack::durable);
  const auto second = written(); // pipelined: written while the first waits
  EXPECT_GT(second, first);
  EXPECT_EQ(answer(false), 0u);
  EXPECT_EQ(messages(), 0u);
  EXPECT_EQ(segments().end, begun);
  EXPECT_EQ(parts->gate->requests(), 2u);
  self->send(log, replicated_to{second, 9}); // of another epoch
  EXPECT_EQ(segments().end, begun);
  self->send(log, replicated_to{{first.segment, first.offset - 8}, 1});
  EXPECT_EQ(segments().end, begun);
  self->send(log, replicated_to{first, 1});
  EXPECT_EQ(answer(), 1u);
  EXPECT_EQ(segments().end, first);
  EXPECT_EQ(answer(false), 0u);
  EXPECT_EQ(messages(), 1u);
  self->send(log, replicated_to{second, 1});
  EXPECT_EQ(answer(), 2u);
  EXPECT_EQ(segments().end, second);
  EXPECT_EQ(sink->committed_end, second);
  EXPECT_EQ(parts->gate->requests(), 0u);
  EXPECT_FALSE(sink->synced_before_written);
}

TEST_F(LogActorReplica, AReplicaMayBeQuickerThanOurSync) {
  lead(true);
  self->send(log, replicated_to{{begun.segment, begun.offset + 4096}, 1});
  deliver(1);
  EXPECT_EQ(answer(), 1u);
}

TEST_F(LogActorReplica, TheOrderOfTheLogIsKept) {
  lead(true);
  for (std::uint64_t i = 1; i <= 30; ++i) deliver(i);
  const auto end = written();
  self->send(log, replicated_to{end, 1});
  for (std::uint64_t i = 1; i <= 30; ++i) EXPECT_EQ(answer(), i);
  EXPECT_EQ(messages(), 30u);
}

TEST_F(LogActorReplica, AnEmptySetReleasesAndAFullOneHoldsAgain) {
  lead(true);
  deliver(1);
  written();
  EXPECT_EQ(hold(false, 2), log_position{}); // another epoch's
  EXPECT_EQ(answer(false), 0u);
  hold(false);
  EXPECT_EQ(answer(), 1u);
  deliver(2);
  EXPECT_EQ(answer(), 2u);
  const auto joins = hold(true);
  EXPECT_EQ(joins, written());
  self->send(log, replicated_to{joins, 1});
  deliver(3);
  const auto third = written();
  EXPECT_EQ(answer(false), 0u);
  self->send(log, replicated_to{third, 1});
  EXPECT_EQ(answer(), 3u);
}

TEST_F(LogActorReplica, WhatIsHeldForLongIsSaidAndStaysHeld) {
  lead(true);
  deliver(1);
  const auto end = written();
  {
    std::unique_lock hold_it(sink->lock);
    sink->wake.wait(hold_it, [&] { return sink->held_times >= 2; });
    EXPECT_EQ(sink->held_for, end);
  }
  EXPECT_EQ(answer(false), 0u);
  self->send(log, replicated_to{end, 1});
  EXPECT_EQ(answer(), 1u);
}

TEST_F(LogActorReplica, WhatWaitsForReplicasCountsAtTheGate) {
  lead(true);
  ASSERT_TRUE(parts->gate->enter(commit_gate::octets_max)); // others fill it
  deliver(1);
  const auto end = written();
  auto refused = std::make_shared<commit_request>();
  EXPECT_FALSE(submit_commit(*self.ptr(), log, *parts->gate, refused));
  self->send(log, replicated_to{end, 1});
  EXPECT_EQ(answer(), 1u);
  segments();
  deliver(2);
}

TEST_F(LogActorReplica, WhoStopsServingRefusesAllAndAppliesNothing) {
  lead(true);
  deliver(1);
  const auto end = written();
  log_position ended;
  self->request(log, caf::infinite, stop_serving{}).receive([&](const lead_ended& e) { ended = e.end; }, [](const caf::error&) { FAIL(); });
  EXPECT_EQ(ended, end);
  EXPECT_EQ(answer(), 1001u);
  EXPECT_EQ(messages(), 0u);
  EXPECT_EQ(parts->gate->requests(), 0u);
  EXPECT_TRUE(parts->gate->closed());
  EXPECT_FALSE(parts->writer);
  self->send(log, replicated_to{end, 1});
  EXPECT_TRUE(segments().segments->empty());
  EXPECT_EQ(answer(false), 0u);
  auto late = std::make_shared<commit_request>();
  late->token = 2;
  late->reply_to = caf::actor_cast<caf::strong_actor_ptr>(self);
  caf::anon_send(log, late);
  EXPECT_EQ(answer(), 1002u);
  // Its log opens at once, with what was written.
  auto again = storage::log_writer::open(files, "log", {});
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->end(), end);
}

TEST_F(LogActorReplica, WhoEndsInOrderWaitsForTheReplicas) {
  lead(true);
  deliver(1);
  const auto end = written();
  auto finishing = self->request(log, caf::infinite, finish_serving{});
  EXPECT_EQ(segments().segments->size(), 1u); // it has begun to finish
  auto late = std::make_shared<commit_request>();
  EXPECT_FALSE(submit_commit(*self.ptr(), log, *parts->gate, late));
  late->token = 2; // it had passed the gate before
  late->reply_to = caf::actor_cast<caf::strong_actor_ptr>(self);
  caf::anon_send(log, late);
  EXPECT_EQ(answer(), 1002u);
  self->send(log, replicated_to{end, 1});
  lead_ended ended;
  finishing.receive([&](const lead_ended& e) { ended = e; }, [](const caf::error&) { FAIL(); });
  EXPECT_TRUE(ended.in_order);
  EXPECT_EQ(ended.end, end);
  EXPECT_EQ(answer(), 1u);
  EXPECT_EQ(messages(), 1u);
  EXPECT_FALSE(parts->writer);
  self->request(log, caf::infinite, finish_serving{}).receive([&](const lead_ended& e) { ended = e; }, [](const caf::error&) { FAIL(); });
  EXPECT_EQ(ended.end, end);
}

TEST_F(LogActorReplica, WhoNeverGetsAnAnswerIsStopped) {
  lead(true);
  deliver(1);
  const auto end = written();
  auto finishing = self->request(log, caf::infinite, finish_serving{});
  self->send(log, stop_serving{});
  lead_ended ended{{}, true};
  finishing.receive([&](const lead_ended& e) { ended = e; }, [](const caf::error&) { FAIL(); });
  EXPECT_FALSE(ended.in_order);
  EXPECT_EQ(ended.end, end);
  EXPECT_EQ(answer(), 1001u);
  EXPECT_EQ(messages(), 0u);
}

TEST_F(LogActorReplica, ASegmentStaysWhileItsNoteWaitsOrAReplicaWantsIt) {
  deliver(1);
  EXPECT_EQ(answer(), 1u);
  lead(true);
  const auto ask = [&](auto question) {
    std::uint64_t out = 0;
    self->request(log, caf::infinite, question).receive([&](std::uint64_t v) { out = v; }, [&](const caf::error&) { FAIL(); });
    return out;
  };
  const auto remove = [&](std::uint32_t segment) {
    bool gone = false;
    self->request(log, caf::infinite, remove_segment{segment}).receive([&](bool b) { gone = b; }, [&](const caf::error&) { FAIL(); });
    return gone;
  };
  const auto noted = log_position::unpacked(ask(note_needed_from{segments().end}));
  EXPECT_GT(noted, begun);
  EXPECT_FALSE(remove(1)); // the note is held
  self->send(log, replicated_to{noted, 1});
  EXPECT_EQ(segments().end, noted);
  EXPECT_FALSE(remove(1)); // a replica wants it
  sink->keep = noted;
  EXPECT_TRUE(remove(1));
  const auto& last = sink->batches.back()->pieces;
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].kind, storage::piece_kind::remove);
}

} // namespace
} // namespace rookery::actors
