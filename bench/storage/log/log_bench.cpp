/// Appending and committing groups as a delivery makes them: a body and two commands.
///
///   batch   groups a commit
///   sync    1: the kernel's fdatasync; 0: none, so that only the CPU's share is seen
///   zeros   1: the next segment is written with zeros ahead; 0: only allocated
/// Directory: $ROOKERY_BENCH_DIR, else the temporary one. Figures: bench/README.md.
#include "storage/file/file_system.hpp"
#include "storage/log/log_reader.hpp"
#include "storage/log/log_writer.hpp"

#include <benchmark/benchmark.h>

#include <ctime>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

using namespace rookery;
using namespace rookery::storage;

/// The kernel's files without their syncs.
class unsynced_file_system final : public file_system {
public:
  base::result<std::unique_ptr<file>> open(const std::string& path, open_mode mode) override {
    auto opened = below().open(path, mode);
    if (!opened) return opened;
    return std::unique_ptr<file>(std::make_unique<unsynced>(std::move(*opened)));
  }
  base::result<void> rename(const std::string& from, const std::string& to) override { return below().rename(from, to); }
  base::result<void> link(const std::string& from, const std::string& to) override { return below().link(from, to); }
  base::result<void> remove(const std::string& path) override { return below().remove(path); }
  base::result<std::vector<std::string>> list(const std::string& directory) const override { return below().list(directory); }
  base::result<void> make_directory(const std::string& path) override { return below().make_directory(path); }
  base::result<void> sync_directory(const std::string&) override { return {}; }
  base::result<std::uint64_t> free_octets(const std::string& path) const override { return below().free_octets(path); }

private:
  static file_system& below() { return posix_file_system(); }
  class unsynced final : public file {
  public:
    explicit unsynced(std::unique_ptr<file> f) : file_(std::move(f)) {}
    base::result<void> write(std::uint64_t offset, std::span<const std::string_view> pieces) override { return file_->write(offset, pieces); }
    base::result<std::size_t> read(std::uint64_t offset, char* out, std::size_t octets) const override { return file_->read(offset, out, octets); }
    quick_read try_read(std::uint64_t offset, char* out, std::size_t octets) const noexcept override { return file_->try_read(offset, out, octets); }
    base::result<void> sync() override { return {}; }
    base::result<std::uint64_t> size() const override { return file_->size(); }
    base::result<void> preallocate(std::uint64_t octets) override { return file_->preallocate(octets); }
    base::result<void> truncate(std::uint64_t octets) override { return file_->truncate(octets); }

  private:
    std::unique_ptr<file> file_;
  };
};

class scratch_directory {
public:
  scratch_directory() {
    const char* wanted = std::getenv("ROOKERY_BENCH_DIR");
    path_ = (wanted != nullptr ? std::string(wanted) : std::filesystem::temp_directory_path().string()) + "/rookery_log_bench.XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~scratch_directory() { std::filesystem::remove_all(path_); }
  std::string log() const { return path_ + "/log"; }

private:
  std::string path_;
};

commit_group delivery(std::size_t octets) {
  commit_group g;
  body_source b;
  b.octets = std::make_shared<const std::string>(octets, 'm');
  b.length = static_cast<std::uint32_t>(octets);
  b.id = base::sha256(*b.octets);
  g.bodies.push_back(b);
  g.commands.push_back({base::shard_id(2), 1, std::string(700, 'c'), {0}});
  return g;
}

double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

void commit_groups(benchmark::State& state) {
  const auto batch = state.range(0);
  const scratch_directory directory;
  unsynced_file_system unsynced;
  auto& files = state.range(1) != 0 ? posix_file_system() : static_cast<file_system&>(unsynced);
  log_settings settings;
  if (state.range(2) == 0) settings.zero_ahead_octets = 0;
  auto log = log_writer::open(files, directory.log(), settings);
  if (!log) return state.SkipWithError(log.error().log.value.c_str());
  const auto group = delivery(static_cast<std::size_t>(state.range(3)));
  const auto begun = thread_seconds();
  std::uint32_t segment = 1;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < batch; ++i)
      if (!(*log)->append(group)) return state.SkipWithError("append refused");
    if (!(*log)->commit()) return state.SkipWithError("commit failed");
    (*log)->look_ahead();
    if ((*log)->end().segment == segment) continue;
    state.PauseTiming(); // the disk does not fill
    segment = (*log)->end().segment;
    if (segment > 3) std::filesystem::remove(directory.log() + "/" + segment_name(segment - 3));
    state.ResumeTiming();
  }
  const auto groups = static_cast<double>(state.iterations() * batch);
  state.SetItemsProcessed(state.iterations() * batch);
  state.SetBytesProcessed(state.iterations() * batch * state.range(3));
  state.counters["cpu_us_a_group"] = (thread_seconds() - begun) * 1e6 / groups;
}
BENCHMARK(commit_groups)
  ->ArgNames({"batch", "sync", "zeros", "octets"})
  ->ArgsProduct({{1, 10, 50}, {0, 1}, {0, 1}, {4096}})
  ->Args({10, 1, 1, 65536})
  ->UseRealTime();

void replay_commands(benchmark::State& state) {
  const scratch_directory directory;
  unsynced_file_system files;
  auto log = log_writer::open(files, directory.log(), {});
  const auto group = delivery(static_cast<std::size_t>(state.range(0)));
  constexpr int groups = 2000;
  for (int i = 0; i < groups; ++i)
    if (!(*log)->append(group) || (i % 50 == 49 && !(*log)->commit())) return state.SkipWithError("append refused");
  for (auto _ : state) {
    std::size_t count = 0;
    auto end = replay(files, directory.log(), {}, [&](const committed_command&) { ++count; });
    if (!end || count != groups) return state.SkipWithError("replay failed");
  }
  state.SetItemsProcessed(state.iterations() * groups);
}
BENCHMARK(replay_commands)->ArgName("octets")->Arg(4096)->Arg(65536);

} // namespace
