/// What one node finds out about a path that all nodes are to share: it writes, reads, locks and measures there.
///
/// A check has a nonce; its files are called by it and are gone afterwards. Thread-safe. Everything here blocks, for as long as the
/// storage takes.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace rookery::actors {

class path_probe {
public:
  struct written {
    std::string type;                          ///< of the file system: "nfs", "ext", "0x1234"
    std::uint64_t free = 0, total = 0;         ///< octets
    std::chrono::microseconds write{0}, sync{0};
  };
  struct seen {
    std::vector<std::uint64_t> nodes;          ///< whose files are here, with the right content
    std::chrono::microseconds read{0};         ///< of the slowest
  };
  enum class lock_answer : std::uint8_t { taken, busy, failed };

  static constexpr std::size_t locks_max = 8;
  static constexpr std::chrono::seconds sight_time{5}; ///< directories may be cached for so long on network storage

  ~path_probe();
  /// `invalid` when the path is none, or not absolute; else with what the system said.
  base::result<written> write(const std::string& path, const std::string& nonce, std::uint64_t self);
  /// Looks for the files of these, again until they are there or `sight_time` is over.
  seen read(const std::string& path, const std::string& nonce, const std::vector<std::uint64_t>& nodes);
  /// fcntl(2) on a file of the check; held until `unlock`. `busy`: somebody else has it. With more than `locks_max` the oldest is let go.
  lock_answer lock(const std::string& path, const std::string& nonce);
  void unlock(const std::string& nonce);
  /// Away with what this node has made.
  void clean(const std::string& path, const std::string& nonce, std::uint64_t self);

private:
  std::mutex lock_;
  std::vector<std::pair<std::string, int>> held_; ///< by nonce, oldest first
};

/// 16 to 64 hexadecimal digits: it becomes part of a name.
bool is_probe_nonce(const std::string&);

/// What all of them found out; pure.
struct path_finding {
  std::uint64_t node = 0;
  std::string name, fault;                     ///< fault: nothing else counts
  path_probe::written written;
  path_probe::seen seen;
};
struct lock_finding {
  std::uint64_t holder = 0;                    ///< 0: nobody could lock
  std::vector<std::uint64_t> beside;           ///< who got it while it was held
  std::vector<std::uint64_t> failed;           ///< who could not try
  bool passed_on = false;                      ///< another got it afterwards
};
inline constexpr std::chrono::milliseconds slow_sync{200};
inline constexpr std::uint64_t path_free_least = std::uint64_t{1} << 30;
/// Sentences; none: the path can be shared.
std::vector<std::string> path_warnings(const std::string& path, const std::vector<path_finding>&, const lock_finding&);

} // namespace rookery::actors
