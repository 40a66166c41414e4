/// What a load costs the server, and how long its answers take.
#pragma once

#include "bench/load/peer.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <unistd.h>

namespace rookery::load {

/// CPU time and memory of another process, from /proc.
struct process_use {
  double cpu_seconds = 0; ///< user and system
  double resident_kb = 0;
};

inline process_use use_of(int pid) {
  process_use use;
  if (pid <= 0) return use;
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (auto* f = std::fopen(path, "r")) {
    char line[2048] = "";
    if (std::fgets(line, sizeof line, f) != nullptr) {
      const std::string all(line);
      unsigned long user = 0;
      unsigned long system = 0;
      const auto rest = all.substr(all.rfind(')') + 2);
      if (std::sscanf(rest.c_str(), "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2)
        use.cpu_seconds = static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }
    std::fclose(f);
  }
  std::snprintf(path, sizeof path, "/proc/%d/statm", pid);
  if (auto* f = std::fopen(path, "r")) {
    unsigned long pages = 0;
    if (std::fscanf(f, "%*u %lu", &pages) == 1)
      use.resident_kb = static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
    std::fclose(f);
  }
  return use;
}

/// CPU time and memory of all processes of a control group, those that ended included in the CPU time. Their memory is
/// the sum of what each has for itself and of its share of what several have (PSS). `folder` is the group's, of version 2.
inline process_use use_of_group(const std::string& folder) {
  process_use use;
  double number = 0;
  if (auto* f = std::fopen((folder + "/cpu.stat").c_str(), "r")) {
    if (std::fscanf(f, "usage_usec %lf", &number) == 1) use.cpu_seconds = number / 1e6;
    std::fclose(f);
  }
  if (auto* f = std::fopen((folder + "/cgroup.procs").c_str(), "r")) {
    int pid = 0;
    while (std::fscanf(f, "%d", &pid) == 1) {
      char line[256];
      std::snprintf(line, sizeof line, "/proc/%d/smaps_rollup", pid);
      auto* maps = std::fopen(line, "r");
      if (maps == nullptr) continue;
      unsigned long kb = 0;
      while (std::fgets(line, sizeof line, maps) != nullptr)
        if (std::sscanf(line, "Pss: %lu kB", &kb) == 1) use.resident_kb += static_cast<double>(kb);
      std::fclose(maps);
    }
    std::fclose(f);
  }
  return use;
}

/// The server that is measured: `--pid N`, or `--cgroup FOLDER` for one of several processes.
class measured_server {
public:
  explicit measured_server(const options& o) : pid_(static_cast<int>(o.number("pid", 0))), group_(o.text("cgroup", "")) {}
  bool known() const { return pid_ > 0 || !group_.empty(); }
  process_use use() const { return group_.empty() ? use_of(pid_) : use_of_group(group_); }

private:
  int pid_;
  std::string group_;
};

using stopwatch = std::chrono::steady_clock;

inline double seconds_since(stopwatch::time_point begin) {
  return std::chrono::duration<double>(stopwatch::now() - begin).count();
}

/// Waiting times in milliseconds; percentiles, not averages.
class latencies {
public:
  void add(double milliseconds) { all_.push_back(milliseconds); }
  double at(double share) {
    if (all_.empty()) return 0;
    std::sort(all_.begin(), all_.end());
    return all_[std::min(all_.size() - 1, static_cast<std::size_t>(share * static_cast<double>(all_.size())))];
  }
  std::string text() {
    char line[160];
    std::snprintf(line, sizeof line, "p50 %.3f ms, p99 %.3f ms, p99.9 %.3f ms", at(0.5), at(0.99), at(0.999));
    return line;
  }

private:
  std::vector<double> all_;
};

} // namespace rookery::load
