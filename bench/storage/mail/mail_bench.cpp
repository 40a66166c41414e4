// What a mail shard costs: deliveries, flag changes, opening, reading columns, flushing.
#include "storage/mail/mail_machine.hpp"
#include "storage/tree/tree.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace rookery::storage::mail {
namespace {

struct directory {
  std::string path;
  directory() {
    std::string name = (std::filesystem::temp_directory_path() / "rookery-bench-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~directory() { std::filesystem::remove_all(path); }
};

new_message sample(std::uint64_t number) {
  new_message m;
  m.prefix = "Delivered-To: user" + std::to_string(number % 1000) + "@example.test\r\n";
  m.internal_date = base::from_milliseconds(1'700'000'000'000 + static_cast<std::int64_t>(number));
  m.summary.envelope = "(\"Mon, 7 Feb 2022 21:52:25 -0800\" \"Subject number " + std::to_string(number) +
                       " of the benchmark\" ((\"Terry Gray\" NIL \"gray\" \"cac.example.test\")) ((\"Terry Gray\" NIL "
                       "\"gray\" \"cac.example.test\")) NIL ((NIL NIL \"imap\" \"cac.example.test\")) NIL NIL NIL "
                       "\"<B27397-0100000." + std::to_string(number) + "@cac.example.test>\")";
  m.summary.bodystructure = "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"UTF-8\") NIL NIL \"7BIT\" 3028 92 NIL NIL NIL NIL)";
  m.summary.body = "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"UTF-8\") NIL NIL \"7BIT\" 3028 92)";
  m.summary.parts = std::string(24, '\1');
  m.summary.sort_keys = "subject number of the benchmark gray";
  m.summary.preview = "Hello, this is the text that a list of messages shows below the subject, up to 200 octets";
  m.summary.header_octets = 600;
  m.summary.thread_key = "B27397-0100000." + std::to_string(number) + "@cac.example.test";
  return m;
}

/// A machine over LevelDB with its own log positions.
class shard {
public:
  shard() { open(); }
  void open() {
    machine.reset();
    machine = std::move(mail_machine::open(base::shard_id{first_mail_shard},
                                           std::move(tree::open_leveldb(where_.path + "/t", {})).value(), {})).value();
  }
  committed_command make(std::uint64_t account, any_command what, std::size_t bodies = 0) {
    committed_command c;
    c.lsn = ++lsn_;
    c.next = {1 + static_cast<std::uint32_t>(lsn_ >> 20), static_cast<std::uint32_t>(lsn_ & 0xfffff)};
    c.payload = encode({base::account_id{account}, base::from_milliseconds(1'700'000'000'000), std::move(what)});
    for (; bodies > 0; --bodies) {
      body_ref b;
      b.segment = 1 + static_cast<std::uint32_t>(body_ >> 14);
      b.offset = static_cast<std::uint32_t>(body_++ & 0x3fff) * 4096;
      b.length = 4000;
      c.bodies.push_back(b);
    }
    return c;
  }
  committed_command delivery(std::uint64_t account) {
    deliver d;
    d.origin = ++origin_;
    d.message = sample(origin_);
    return make(account, std::move(d), 1);
  }
  void fill(std::uint64_t account, std::uint32_t messages) {
    for (std::uint32_t i = 0; i < messages; ++i) {
      machine->apply(delivery(account));
      if (i % 10000 == 9999) {
        machine->publish();
        (void)machine->flush(false);
      }
    }
    machine->publish();
    (void)machine->flush(true);
  }

private:
  directory where_; // goes after the machine

public:
  std::unique_ptr<mail_machine> machine;

private:
  std::uint64_t lsn_ = 0, body_ = 0, origin_ = 0;
};

const base::mailbox_id inbox{1};

/// Argument: accounts over which deliveries are spread; includes publish and the flush of each 5,000.
void deliveries(benchmark::State& state) {
  shard s;
  const auto accounts = static_cast<std::uint64_t>(state.range(0));
  std::vector<committed_command> batch;
  std::uint64_t n = 0;
  double apply = 0, flush = 0;
  for (auto unused : state) {
    state.PauseTiming();
    batch.clear();
    for (int i = 0; i < 5000; ++i) batch.push_back(s.delivery(1 + n++ % accounts));
    state.ResumeTiming();
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      benchmark::DoNotOptimize(s.machine->apply(batch[i]));
      if (i % 50 == 49) s.machine->publish();
    }
    const auto middle = std::chrono::steady_clock::now();
    (void)s.machine->flush(false);
    apply += std::chrono::duration<double>(middle - begin).count();
    flush += std::chrono::duration<double>(std::chrono::steady_clock::now() - middle).count();
  }
  const auto total = static_cast<double>(state.iterations()) * 5000;
  state.counters["apply_us"] = apply / total * 1e6;
  state.counters["flush_us"] = flush / total * 1e6;
  state.SetItemsProcessed(static_cast<std::int64_t>(total));
}
BENCHMARK(deliveries)->Arg(1)->Arg(1000)->Arg(5000)->Unit(benchmark::kMillisecond);

/// STORE 1:* over a mailbox that somebody watches, with publish.
void store_all(benchmark::State& state) {
  shard s;
  s.fill(1, static_cast<std::uint32_t>(state.range(0)));
  const auto cell = s.machine->open_mailbox(base::account_id{1}, inbox);
  bool on = false;
  for (auto unused : state) {
    on = !on;
    const store_flags c{inbox, {{1, 0xffffffffu}}, on ? flag_change::add : flag_change::remove, {flag::flagged, {}}, {}};
    benchmark::DoNotOptimize(s.machine->apply(s.make(1, c)));
    s.machine->publish();
  }
}
BENCHMARK(store_all)->Arg(10000)->Unit(benchmark::kMicrosecond);

/// One delivery into a mailbox that somebody watches, with publish.
void deliver_watched(benchmark::State& state) {
  shard s;
  s.fill(1, static_cast<std::uint32_t>(state.range(0)));
  const auto cell = s.machine->open_mailbox(base::account_id{1}, inbox);
  const auto list = s.machine->open_account(base::account_id{1});
  for (auto unused : state) {
    state.PauseTiming();
    const auto c = s.delivery(1);
    state.ResumeTiming();
    benchmark::DoNotOptimize(s.machine->apply(c));
    s.machine->publish();
  }
}
BENCHMARK(deliver_watched)->Arg(10000)->Arg(100000)->Unit(benchmark::kMicrosecond);

/// Opening the tree and a mailbox in it that nobody has read yet; the kernel has the file.
void open_cold(benchmark::State& state) {
  shard s;
  s.fill(1, static_cast<std::uint32_t>(state.range(0)));
  for (auto unused : state) {
    state.PauseTiming();
    s.open();
    state.ResumeTiming();
    benchmark::DoNotOptimize(s.machine->open_mailbox(base::account_id{1}, inbox)->view()->size());
  }
}
BENCHMARK(open_cold)->Arg(10000)->Arg(100000)->Unit(benchmark::kMillisecond);

void open_warm(benchmark::State& state) {
  shard s;
  s.fill(1, static_cast<std::uint32_t>(state.range(0)));
  for (auto unused : state)
    benchmark::DoNotOptimize(s.machine->open_mailbox(base::account_id{1}, inbox)->view()->size());
}
BENCHMARK(open_warm)->Arg(100000)->Unit(benchmark::kMicrosecond);

/// A page's text column and its static columns, from the tree's cache.
void load_text_page(benchmark::State& state) {
  shard s;
  s.fill(1, 20000);
  s.open();
  std::size_t i = 0;
  auto v = s.machine->open_mailbox(base::account_id{1}, inbox)->view();
  for (auto unused : state) {
    if (i == v->pages.size() - 1) {
      state.PauseTiming();
      v.reset();
      s.open();
      i = 0;
      v = s.machine->open_mailbox(base::account_id{1}, inbox)->view();
      state.ResumeTiming();
    }
    benchmark::DoNotOptimize(load_text(*v->pages[i++], text_column::envelope));
  }
}
BENCHMARK(load_text_page)->Unit(benchmark::kMicrosecond);

void load_statics_page(benchmark::State& state) {
  shard s;
  s.fill(1, 20000);
  s.open();
  std::size_t i = 0;
  auto v = s.machine->open_mailbox(base::account_id{1}, inbox)->view();
  for (auto unused : state) {
    if (i == v->pages.size() - 1) {
      state.PauseTiming();
      v.reset();
      s.open();
      i = 0;
      v = s.machine->open_mailbox(base::account_id{1}, inbox)->view();
      state.ResumeTiming();
    }
    benchmark::DoNotOptimize(load_statics(*v->pages[i++]));
  }
}
BENCHMARK(load_statics_page)->Unit(benchmark::kMicrosecond);

/// A client that reads the envelope of each new message, with a flush between.
void read_new_message(benchmark::State& state) {
  shard s;
  s.fill(1, 100);
  const auto cell = s.machine->open_mailbox(base::account_id{1}, inbox);
  for (auto unused : state) {
    state.PauseTiming();
    for (int i = 0; i < 3; ++i) {
      s.machine->apply(s.delivery(1));
      s.machine->publish();
      (void)s.machine->flush(false);
    }
    const auto v = cell->view();
    state.ResumeTiming();
    benchmark::DoNotOptimize(load_text(*v->pages.back(), text_column::envelope));
  }
}
BENCHMARK(read_new_message)->Unit(benchmark::kMicrosecond);

/// Copies all messages of a mailbox and expunges the originals: MOVE 1:*.
void move_all(benchmark::State& state) {
  shard s;
  s.fill(1, static_cast<std::uint32_t>(state.range(0)));
  s.machine->apply(s.make(1, create_mailbox{"Other", ""}));
  auto from = inbox, to = base::mailbox_id{2};
  for (auto unused : state) {
    benchmark::DoNotOptimize(s.machine->apply(s.make(1, move_messages{from, to, {{1, 0xffffffffu}}})));
    s.machine->publish();
    (void)s.machine->flush(false);
    std::swap(from, to);
  }
}
BENCHMARK(move_all)->Arg(1000)->Unit(benchmark::kMillisecond);

/// One mailbox more in an account with many, while somebody looks at the list.
void create_folder(benchmark::State& state) {
  shard s;
  std::uint64_t n = 0;
  const auto name = [&] { return "folder/" + std::to_string(n++ * 7919 % 1000003); };
  for (std::int64_t i = 0; i < state.range(0); ++i) s.machine->apply(s.make(1, create_mailbox{name(), ""}));
  s.machine->publish();
  (void)s.machine->flush(false);
  const auto list = s.machine->open_account(base::account_id{1});
  for (auto unused : state) {
    s.machine->apply(s.make(1, create_mailbox{name(), ""}));
    s.machine->publish();
    benchmark::DoNotOptimize(list->view()->mailboxes.size());
  }
}
BENCHMARK(create_folder)->Arg(1000)->Arg(90000)->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace rookery::storage::mail
