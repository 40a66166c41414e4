// What the spool costs: accepting, ending an attempt, and reading everything at a start.
#include "storage/queue/spool_machine.hpp"
#include "storage/tree/tree.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace rookery::storage::queue {
namespace {

struct directory {
  std::string path;
  directory() {
    std::string name = (std::filesystem::temp_directory_path() / "rookery-bench-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~directory() { std::filesystem::remove_all(path); }
};

/// Message `number` of those for 10,000 destinations that do not answer.
envelope sample(std::uint64_t number) {
  envelope m;
  m.id = base::message_id(0x1900000000000000 + (number << 16));
  m.sender = "user" + std::to_string(number % 1000) + "@example.test";
  m.received = base::from_milliseconds(1'700'000'000'000 + static_cast<std::int64_t>(number));
  m.account = base::account_id(1 + number % 1000);
  m.login = m.sender;
  m.peer = "192.0.2.17";
  m.helo = "client.example.net";
  m.session = "s19aa3f0d4c";
  m.prefix = "Received: from client.example.net (192.0.2.17) by mx.example.test with ESMTPSA id 19aa3f0d4c100000;\r\n"
             "\tMon, 7 Feb 2022 21:52:25 -0800\r\n";
  m.subject = "Subject number " + std::to_string(number);
  m.message_id_field = "<B27397-0100000." + std::to_string(number) + "@cac.example.test>";
  recipient r;
  r.address = "somebody@dead" + std::to_string(number % 10'000) + ".example";
  r.attempts = 3;
  r.next_attempt = m.received + std::chrono::hours(1);
  r.last_attempt = m.received;
  r.last_answer = "450 4.4.1 no server of the domain answers";
  m.recipients.push_back(std::move(r));
  return m;
}

class spool {
public:
  spool() { open(); }
  void open() {
    machine.reset();
    machine = spool_machine::open(std::move(tree::open_leveldb(where_.path + "/t", {})).value()).value();
  }
  command_result apply(any_command what, bool body = false) {
    committed_command c;
    c.shard = spool_shard;
    c.lsn = ++lsn_;
    c.next = {1 + static_cast<std::uint32_t>(lsn_ >> 20), static_cast<std::uint32_t>(lsn_ & 0xfffff)};
    c.payload = encode({base::from_milliseconds(1'700'000'000'000), std::move(what)});
    if (body) c.bodies.push_back({{}, 1 + static_cast<std::uint32_t>(lsn_ >> 14), static_cast<std::uint32_t>(lsn_ & 0x3fff) * 4096, 4000});
    auto r = machine->apply(c);
    if (machine->unflushed_octets() > (8u << 20)) (void)machine->flush(false);
    return r;
  }
  void fill(std::uint64_t messages) {
    for (std::uint64_t i = 0; i < messages; ++i) apply(accepted{sample(i)}, true);
    (void)machine->flush(true);
  }
  std::unique_ptr<spool_machine> machine;

private:
  directory where_;
  std::uint64_t lsn_ = 0;
};

void accept(benchmark::State& state) {
  spool s;
  std::uint64_t number = 0;
  for (auto _ : state) s.apply(accepted{sample(number++)}, true);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(accept);

/// A message that is tried, put off, and told of to a watcher.
void attempt(benchmark::State& state) {
  spool s;
  const auto messages = static_cast<std::uint64_t>(state.range(0));
  s.fill(messages);
  (void)s.machine->take_changes();
  std::uint64_t number = 0;
  for (auto _ : state) {
    const auto id = sample(number++ % messages).id;
    s.apply(attempt_begun{id, {0}});
    s.apply(attempt_ended{id, {{0, recipient_state::waiting, base::from_milliseconds(1'700'000'000'000), "450 later", "mx.example", false}}, "retry"});
    benchmark::DoNotOptimize(s.machine->take_changes());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(attempt)->Arg(10'000);

/// What a start reads: opens the tree and looks at every message.
void start(benchmark::State& state) {
  spool s;
  s.fill(static_cast<std::uint64_t>(state.range(0)));
  for (auto _ : state) {
    s.open();
    std::uint64_t waiting = 0;
    s.machine->view()->for_each({}, [&](const envelope& m) {
      waiting += m.outstanding();
      return true;
    });
    if (waiting != static_cast<std::uint64_t>(state.range(0))) state.SkipWithError("messages are missing");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(start)->Arg(1000)->Arg(200'000)->Unit(benchmark::kMillisecond);

void put_notes(benchmark::State& state) {
  spool s;
  std::uint64_t number = 0;
  for (auto _ : state) s.apply(put_note{"bench", std::to_string(number++ % 100'000), "value", base::from_milliseconds(1'700'000'000'000)});
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(put_notes);

} // namespace
} // namespace rookery::storage::queue
