// Who applies a durable batch: the log's thread when that is quick, else the machine's actor; always in log order.
#include "actors/shard/machine_actor.hpp"
#include "storage/mail/command.hpp"
#include "storage/tree/tree.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace rookery::actors {
namespace {

namespace mail = storage::mail;

struct shard {
  std::shared_ptr<machine_actor_parts> parts = std::make_shared<machine_actor_parts>();
  std::uint32_t place = 100;

  shard() {
    auto opened = mail::mail_machine::open(base::shard_id{storage::first_mail_shard}, storage::tree::in_memory(), {});
    parts->mail = opened->get();
    parts->machine = std::move(*opened);
    parts->turn.ticking = true;
  }
  apply_batch::item item(mail::any_command what, std::size_t bodies, std::shared_ptr<pending_results> reply) {
    storage::committed_command c;
    c.shard = parts->machine->shard();
    c.at = {1, place};
    c.lsn = place;
    for (; bodies > 0; --bodies) c.bodies.push_back({{}, 1, place, 40});
    c.next = {1, place += 100};
    c.payload = mail::encode({base::account_id{7}, {}, std::move(what)});
    return {std::move(c), std::move(reply), 0};
  }
  apply_batch_ptr deliveries(std::size_t n, std::shared_ptr<pending_results> reply = nullptr) {
    auto batch = std::make_shared<apply_batch>();
    for (std::size_t i = 0; i < n; ++i) batch->items.push_back(item(mail::deliver{}, 1, i == 0 ? reply : nullptr));
    return batch;
  }
  std::uint64_t messages() const { return parts->mail->open_account(base::account_id{7})->view()->messages; }
};

struct ApplyOrSend : testing::Test {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system}; ///< stands for the machine's actor too
  shard s;

  /// Commands that came to the actor; -1: no message.
  int sent() {
    int commands = -1;
    self->receive([&](const apply_batch_ptr& b) { commands = static_cast<int>(b->items.size()); },
                  caf::after(std::chrono::seconds(0)) >> [] {});
    return commands;
  }
};

TEST_F(ApplyOrSend, ASmallBatchForAnAccountInMemoryIsAppliedHere) {
  EXPECT_EQ(s.messages(), 0u); // in memory from now on
  auto reply = std::make_shared<pending_results>(caf::actor_cast<caf::strong_actor_ptr>(self), 1, 1);
  apply_or_send(*s.parts, self, s.deliveries(1, reply));
  EXPECT_EQ(s.messages(), 1u);
  EXPECT_EQ(s.parts->machine->applied(), (storage::log_position{1, 200}));
  self->receive([](const commit_done_ptr& done) { EXPECT_EQ(done->results[0].uids, std::vector<std::uint32_t>{1}); });
  EXPECT_EQ(sent(), -1);
}

TEST_F(ApplyOrSend, TheActorIsRemindedOfTheFlush) {
  EXPECT_EQ(s.messages(), 0u);
  s.parts->turn.ticking = false;
  apply_or_send(*s.parts, self, s.deliveries(1));
  EXPECT_EQ(s.messages(), 1u);
  EXPECT_EQ(sent(), 0);
}

TEST_F(ApplyOrSend, WhatIsNotQuickIsSent) {
  apply_or_send(*s.parts, self, s.deliveries(1)); // the account must be read first
  EXPECT_EQ(sent(), 1);
  EXPECT_EQ(s.messages(), 0u);
  s.parts->turn.batches_sent = 0;

  apply_or_send(*s.parts, self, s.deliveries(100)); // large
  EXPECT_EQ(sent(), 100);
  s.parts->turn.batches_sent = 0;

  auto flags = std::make_shared<apply_batch>(); // may be of a hundred thousand messages
  flags->items.push_back(s.item(mail::store_flags{base::mailbox_id{1}, {{1, 9}}, mail::flag_change::add, {}, {}}, 0, nullptr));
  apply_or_send(*s.parts, self, flags);
  EXPECT_EQ(sent(), 1);
  EXPECT_EQ(s.messages(), 0u);
}

TEST_F(ApplyOrSend, NothingOvertakes) {
  EXPECT_EQ(s.messages(), 0u);
  s.parts->turn.batches_sent = 1; // one is on its way to the actor
  apply_or_send(*s.parts, self, s.deliveries(1));
  EXPECT_EQ(sent(), 1);
  EXPECT_EQ(s.messages(), 0u);
}

TEST_F(ApplyOrSend, AMachineInUseIsNotWaitedFor) {
  EXPECT_EQ(s.messages(), 0u);
  s.parts->turn.in_use.lock();
  std::thread([&] { apply_or_send(*s.parts, self, s.deliveries(1)); }).join();
  s.parts->turn.in_use.unlock();
  EXPECT_EQ(sent(), 1);
  EXPECT_EQ(s.messages(), 0u);
}

// Two threads in turn, the commands in the order of the log: UIDs come without a gap.
TEST_F(ApplyOrSend, TheActorAndTheCallerKeepTheOrder) {
  const auto machine = spawn_machine(system, s.parts);
  constexpr std::uint32_t batches = 3000;
  std::vector<std::uint32_t> uids(batches);
  std::vector<std::uint32_t> expected(batches);
  std::uint32_t next = 1;
  std::mt19937 random(5);
  for (std::uint32_t i = 0; i < batches; ++i) {
    const auto n = random() % 10 == 0 ? 20u : 1u;
    expected[i] = next;
    next += n;
    auto reply = std::make_shared<pending_results>(caf::actor_cast<caf::strong_actor_ptr>(self), i, 1);
    apply_or_send(*s.parts, machine, s.deliveries(n, reply));
    if (random() % 50 == 0) caf::anon_send(machine, open_mailbox{base::account_id{7}, base::mailbox_id{1}});
  }
  std::uint32_t answers = 0;
  self->receive_while([&] { return answers < batches; })([&](const commit_done_ptr& done) {
    uids[done->token] = done->results[0].uids.at(0);
    ++answers;
  });
  EXPECT_EQ(uids, expected);
  self->send_exit(machine, caf::exit_reason::kill);
}

} // namespace
} // namespace rookery::actors
