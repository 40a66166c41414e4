#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/log_line.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace rookery::base {
namespace {

/// Lines waiting for the writing thread at most; more are dropped and counted.
constexpr std::size_t lines_waiting_max = 65536;

struct line {
  severity level;
  bool authentication_failure;
  std::string json;
};

/// How every event begins.
std::string head_of(std::string_view name) {
  const auto ms = to_milliseconds(system_clock().wall());
  const std::time_t seconds = ms / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("\"time\":\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z\",\"event\":\"{}\"", utc.tm_year + 1900,
                      utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, ms % 1000, name);
}

class file_sink {
public:
  void open(const std::string& path, std::uint64_t octets_max) {
    path_ = path;
    octets_max_ = octets_max;
    reopen();
  }
  void write(std::string_view text) {
    if (fd_ < 0 || text.empty()) return;
    if (octets_ + text.size() > octets_max_) rotate();
    while (!text.empty()) {
      const auto n = ::write(fd_, text.data(), text.size());
      if (n <= 0) return; // a full disk must not stop the server
      octets_ += static_cast<std::uint64_t>(n);
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }

private:
  void reopen() {
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    struct stat s{};
    octets_ = fd_ >= 0 && ::fstat(fd_, &s) == 0 ? static_cast<std::uint64_t>(s.st_size) : 0;
  }
  void rotate() {
    ::close(fd_);
    for (int i = 3; i >= 1; --i)
      (void)std::rename(fmt::format("{}.{}", path_, i).c_str(), fmt::format("{}.{}", path_, i + 1).c_str());
    (void)std::rename(path_.c_str(), (path_ + ".1").c_str());
    reopen();
  }
  std::string path_;
  std::uint64_t octets_max_ = 0;
  std::uint64_t octets_ = 0;
  int fd_ = -1;
};

class writer {
public:
  void start(log_settings settings) {
    const std::lock_guard hold(lock_);
    settings_ = std::move(settings);
    least_.store(settings_.least);
    if (!settings_.directory.empty()) {
      events_.open(settings_.directory + "/rookery.jsonl", settings_.file_octets_max);
      failures_.open(settings_.directory + "/auth-failures.log", settings_.file_octets_max);
    }
    if (!thread_.joinable()) {
      stopping_ = false;
      thread_ = std::thread([this] { run(); });
    }
  }
  void stop() {
    {
      const std::lock_guard hold(lock_);
      stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }
  bool wanted(severity s) const noexcept { return s >= least_.load(std::memory_order_relaxed); }
  void least(severity s) noexcept { least_.store(s, std::memory_order_relaxed); }
  void put(line l) {
    const std::lock_guard hold(lock_);
    if (!thread_.joinable() || stopping_) {
      emit({std::move(l)});
      return;
    }
    if (waiting_.size() >= lines_waiting_max) {
      ++dropped_;
      return;
    }
    const bool first = waiting_.empty();
    waiting_.push_back(std::move(l));
    if (first) wake_.notify_one();
  }

private:
  void run() {
    std::unique_lock hold(lock_);
    for (;;) {
      wake_.wait(hold, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty() && stopping_) return;
      std::vector<line> now;
      now.swap(waiting_);
      const auto lost = std::exchange(dropped_, 0);
      const bool last = stopping_;
      hold.unlock();
      if (lost > 0)
        now.push_back({severity::warning, false, head_of("log.dropped") + fmt::format(",\"lines\":{}", lost)});
      emit(now);
      // A short rest gathers lines under load, so that a line costs no write of its own.
      if (!last) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      hold.lock();
    }
  }
  void emit(const std::vector<line>& lines) {
    static constexpr const char* level_name[] = {"debug", "info", "notice", "warning", "error"};
    static constexpr int priority[] = {7, 6, 5, 4, 3};
    std::string file;
    std::string failures;
    std::string err;
    for (const auto& l : lines) {
      const auto level = static_cast<std::size_t>(l.level);
      const auto json = fmt::format("{{{},\"level\":\"{}\"}}\n", l.json, level_name[level]);
      file += json;
      if (l.authentication_failure) failures += json;
      if (settings_.quiet_stderr && l.level < severity::warning) continue;
      if (settings_.json_on_stderr) err += json;
      else {
        err += log_text_line(l.json, level_name[level], priority[level], settings_.journald);
        err += '\n';
      }
    }
    events_.write(file);
    failures_.write(failures);
    std::string_view rest = err;
    while (!rest.empty()) {
      const auto n = ::write(2, rest.data(), rest.size());
      if (n <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  std::mutex lock_;
  std::condition_variable wake_;
  std::vector<line> waiting_;
  std::uint64_t dropped_ = 0;
  bool stopping_ = false;
  std::atomic<severity> least_{severity::info};
  log_settings settings_;
  file_sink events_;
  file_sink failures_;
  std::thread thread_;
};

writer& one_writer() {
  static auto* one = new writer;
  return *one;
}

void append_json_text(std::string& out, std::string_view value) {
  const auto text = printable(value, 1000);
  out.push_back('"');
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = std::min(rest.find_first_of("\"\\"), rest.size());
    out.append(rest.substr(0, end));
    if (end == rest.size()) break;
    out.push_back('\\');
    out.push_back(rest[end]);
    rest.remove_prefix(end + 1);
  }
  out.push_back('"');
}

} // namespace

void log_start(log_settings settings) { one_writer().start(std::move(settings)); }
void log_stop() { one_writer().stop(); }
bool log_wanted(severity s) noexcept { return one_writer().wanted(s); }
void log_least(severity s) noexcept { one_writer().least(s); }

log_event::log_event(severity s, std::string_view name) : severity_(s), wanted_(log_wanted(s)), name_(name) {
  if (!wanted_) return;
  json_ = head_of(name_);
}

log_event::~log_event() {
  if (wanted_) one_writer().put({severity_, authentication_failure_, std::move(json_)});
}

log_event& log_event::text(std::string_view key, std::string_view value) {
  if (!wanted_) return *this;
  json_ += fmt::format(",\"{}\":", key);
  append_json_text(json_, value);
  return *this;
}

log_event& log_event::number(std::string_view key, std::int64_t value) {
  if (wanted_) json_ += fmt::format(",\"{}\":{}", key, value);
  return *this;
}

log_event& log_event::flag(std::string_view key, bool value) {
  if (wanted_) json_ += fmt::format(",\"{}\":{}", key, value);
  return *this;
}

log_event& log_event::authentication_failure() {
  authentication_failure_ = true;
  return *this;
}

} // namespace rookery::base
