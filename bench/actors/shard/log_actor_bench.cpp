/// Commit requests through the log's actor, `clients` of them under way, on a disk in memory.
///
///   replicas   0: nobody ships the log; 1: shipped, none in sync; 2: held until one in sync has it, which is at once
/// CPU of the whole process, a request (the requester's part is in it).
#include "actors/shard/log_actor.hpp"
#include "storage/file/faulty_file_system.hpp"
#include "storage/mail/command.hpp"
#include "storage/tree/tree.hpp"

#include <benchmark/benchmark.h>

#include <ctime>

namespace {

using namespace rookery;
using namespace rookery::actors;

double process_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Has everything at once.
struct quick_replica final : replica_sink {
  caf::actor log;
  void written(const storage::log_batch_ptr& b, std::uint64_t) override { caf::anon_send(log, replicated_to{b->end, 1}); }
  void durable(storage::log_position) override {}
  void committed(storage::log_position) override {}
  void held(std::chrono::milliseconds, storage::log_position) override {}
  storage::log_position keep_from() const override { return {}; }
};

void commits(benchmark::State& state) {
  const auto clients = state.range(0);
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  storage::faulty_file_system files;
  auto shard = std::make_shared<machine_actor_parts>();
  auto machine = storage::mail::mail_machine::open(base::shard_id{storage::first_mail_shard}, storage::tree::in_memory(), {});
  shard->mail = machine->get();
  shard->machine = std::move(*machine);
  auto parts = std::make_shared<log_actor_parts>();
  storage::log_settings settings;
  settings.segment_octets = 4u << 20;
  settings.reserve_octets = settings.floor_octets = 0;
  parts->writer = std::move(*storage::log_writer::open(files, "log", settings));
  parts->gate = std::make_shared<commit_gate>();
  const auto applies = spawn_machine(system, shard);
  parts->machines = {applies, applies, applies};
  parts->shared = {shard, shard, shard};
  const auto log = spawn_log(system, parts);
  const auto sink = std::make_shared<quick_replica>();
  sink->log = log;
  if (state.range(1) > 0)
    self->request(log, caf::infinite, begin_lead{sink, 1, state.range(1) == 2, std::chrono::milliseconds(500)})
      .receive([](const lead_begun&) {}, [](const caf::error&) {});
  storage::commit_group group;
  const auto octets = std::make_shared<const std::string>(4096, 'm');
  group.bodies.push_back({octets, -1, 4096, base::sha256(*octets)});
  group.commands.push_back({base::shard_id{storage::first_mail_shard}, 1,
                            storage::mail::encode({base::account_id{2}, {}, storage::mail::deliver{}}), {0}});
  const auto begun = process_seconds();
  for (auto _ : state) {
    for (std::int64_t i = 0; i < clients; ++i) {
      auto r = std::make_shared<commit_request>();
      r->group = group;
      r->when = ack::durable;
      submit_commit(*self.ptr(), log, *parts->gate, std::move(r));
    }
    for (std::int64_t i = 0; i < clients; ++i) self->receive([](const commit_done_ptr&) {});
  }
  state.SetItemsProcessed(state.iterations() * clients);
  state.counters["cpu_us"] = (process_seconds() - begun) * 1e6 / static_cast<double>(state.iterations() * clients);
  self->send_exit(log, caf::exit_reason::kill);
  self->send_exit(applies, caf::exit_reason::kill);
  self->wait_for(log, applies);
  sink->log = nullptr;
  parts->writer.reset();
}
BENCHMARK(commits)->ArgNames({"clients", "replicas"})->ArgsProduct({{1, 20, 100}, {0, 1, 2}})->UseRealTime();

} // namespace
