/// The disk's evil twin, in memory, under a seed: for tests.
///
/// Keeps for every file what is synced and what was only written, and for every
/// directory which entries are durable. `crash` loses any part of what was not
/// synced: whole pages, halves of pages, in any order, and directory entries; the
/// same seed loses the same. Stops at the N-th change, fills up, and fails syncs.
/// Thread-safe (one lock).
#pragma once

#include "storage/file/file_system.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace rookery::storage {

/// Thrown by the twin at the change it was told to stop at: the power is gone. Everything
/// done afterwards throws it too, until `crash`.
struct power_lost {};

class faulty_file_system final : public file_system {
public:
  static constexpr std::size_t page_octets = 4096;

  explicit faulty_file_system(std::uint64_t seed = 1);
  ~faulty_file_system() override;

  // Faults to come.
  /// The power goes at the n-th change from now (0 = the next): a write is then done by any part.
  void stop_at(std::uint64_t n);
  void never_stop();
  /// Changes so far: write, sync, rename, remove, link, truncate, preallocate, create, directory sync.
  std::uint64_t changes() const;
  /// The volume holds so many octets.
  void set_capacity(std::uint64_t octets);
  /// The n-th file sync from now fails (0 = the next); what it should have kept is dropped.
  void fail_sync_at(std::uint64_t n);
  /// The n-th write from now ends after a part of it with an io error (0 = the next).
  void fail_write_at(std::uint64_t n);
  /// try_read says would_block until told otherwise.
  void set_cold(bool cold);

  /// The power returns: what was not synced is lost in part or whole. Open files of before are dead.
  void crash();
  /// Like `crash`, but everything unsynced is kept: the process was killed, not the machine.
  void kill();

  /// Flips octets of a file as a bad disk does, in its synced state too.
  void damage(const std::string& path, std::uint64_t offset, std::string_view octets);
  /// Contents now; empty when there is none.
  std::string contents(const std::string& path) const;
  bool exists(const std::string& path) const;

  base::result<std::unique_ptr<file>> open(const std::string& path, open_mode) override;
  base::result<void> rename(const std::string& from, const std::string& to) override;
  base::result<void> link(const std::string& from, const std::string& to) override;
  base::result<void> remove(const std::string& path) override;
  base::result<std::vector<std::string>> list(const std::string& directory) const override;
  base::result<void> make_directory(const std::string& path) override;
  base::result<void> sync_directory(const std::string& path) override;
  base::result<std::uint64_t> free_octets(const std::string& path) const override;

private:
  struct node;
  class handle;
  struct entry_change {
    std::string directory, from, to; ///< create, link: `to`; remove: `from`; rename: both
    std::shared_ptr<node> what;
  };
  bool change();      ///< counts; true: this is the one to stop at
  void alive() const; ///< throws when the power is gone
  void stop();        ///< the power goes now
  std::uint64_t used() const;
  base::result<void> grow(node&, std::uint64_t size);
  void note(entry_change);
  static void apply(const entry_change&, std::map<std::string, std::shared_ptr<node>>&);

  mutable std::mutex lock_;
  std::mt19937_64 random_;
  std::map<std::string, std::shared_ptr<node>> names_;         ///< as the program sees them
  std::map<std::string, std::shared_ptr<node>> durable_names_; ///< as a crash leaves them at least
  std::vector<entry_change> unsynced_entries_;                 ///< of all directories, in order
  std::set<std::string> directories_;
  std::uint64_t generation_ = 0;
  std::uint64_t changes_ = 0;
  std::uint64_t stop_at_ = std::numeric_limits<std::uint64_t>::max(); ///< compared with changes_
  std::uint64_t syncs_until_failure_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t writes_until_failure_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t capacity_ = std::uint64_t{1} << 40;
  bool stopped_ = false;
  bool cold_ = false;
};

} // namespace rookery::storage
