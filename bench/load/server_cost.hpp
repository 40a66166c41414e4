/// What a load costs the server, and how long its answers take.
#pragma once

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
