/// What a replica costs: messages of 4 kB as deliveries, `batch` of them a commit of the leader.
///
///   feed_us    on the leader: from the writer's tap to a frame
///   log_us     on the replica: reading the frame, verifying it, writing, the CPU's share of the sync
///   apply_us   on the replica: reading the commands again, the machine, its flushes and checkpoints
/// CPU of one thread, a message. Directory: $ROOKERY_BENCH_DIR, else the temporary one.
#include "storage/mail/command.hpp"
#include "storage/node/node_store.hpp"
#include "storage/replica/log_feed.hpp"
#include "storage/replica/volume_replica.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>

namespace {

using namespace rookery;
using namespace rookery::storage;

double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

class scratch_directory {
public:
  scratch_directory() {
    const char* wanted = std::getenv("ROOKERY_BENCH_DIR");
    path = (wanted != nullptr ? std::string(wanted) : std::filesystem::temp_directory_path().string()) + "/rookery_replica_bench.XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) std::abort();
  }
  ~scratch_directory() { std::filesystem::remove_all(path); }
  std::string path;
};

void follow_deliveries(benchmark::State& state) {
  const auto batch = state.range(0);
  const scratch_directory directory;
  const auto here = directory.path + "/here", there = directory.path + "/there";
  if (!node_store::open(here, true)) return state.SkipWithError("the leader's store does not open");
  std::filesystem::copy(here, there, std::filesystem::copy_options::recursive);
  auto log = log_writer::open(posix_file_system(), here + "/log", {});
  auto replica = volume_replica::open(there);
  if (!log || !replica || !(*log)->start_tap()) return state.SkipWithError("the pair does not open");
  log_feed feed(posix_file_system(), here + "/log", (*replica)->end(), (*log)->end());
  commit_group group;
  body_source body;
  body.octets = std::make_shared<const std::string>(4096, 'm');
  body.length = 4096;
  body.id = base::sha256(*body.octets);
  group.bodies.push_back(body);
  mail::deliver what;
  what.message.summary.envelope = std::string(350, 'e');
  what.message.summary.bodystructure = std::string(100, 's');
  double feeding = 0, following = 0, applying = 0;
  std::uint32_t account = 0;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < batch; ++i) {
      group.commands = {{base::shard_id{first_mail_shard}, 1, mail::encode({base::account_id{2 + account++ % 50 * 2}, base::from_milliseconds(1), what}), {0}}};
      if (!(*log)->append(group)) return state.SkipWithError("append refused");
    }
    if (!(*log)->write()) return state.SkipWithError("write failed");
    const auto a = thread_seconds();
    feed.offer((*log)->take_written());
    auto frame = feed.take();
    const auto b = thread_seconds();
    feeding += b - a;
    for (; frame && !frame->empty(); frame = feed.take())
      if (!(*replica)->take(*frame)) return state.SkipWithError("the replica refuses");
    if (!(*replica)->sync()) return state.SkipWithError("sync failed");
    const auto c = thread_seconds();
    following += c - b;
    if (!(*log)->commit()) return state.SkipWithError("commit failed");
    feed.durable((*log)->end());
    const auto d = thread_seconds();
    (*replica)->committed((*log)->end());
    if ((*replica)->behind() && !(*replica)->work()) return state.SkipWithError("apply failed");
    applying += thread_seconds() - d;
  }
  const auto messages = static_cast<double>(state.iterations() * batch);
  state.SetItemsProcessed(state.iterations() * batch);
  state.counters["feed_us"] = feeding * 1e6 / messages;
  state.counters["log_us"] = following * 1e6 / messages;
  state.counters["apply_us"] = applying * 1e6 / messages;
}
BENCHMARK(follow_deliveries)->ArgName("batch")->Arg(1)->Arg(10)->Arg(50)->UseRealTime();

} // namespace
