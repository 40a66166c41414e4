/// Files as the store needs them, and nothing else: the only door to the disk.
///
/// Two kinds: the kernel's (`posix_file_system`) and a twin in memory for tests
/// that loses, tears and refuses under a seed (storage/file/faulty_file_system.hpp).
/// Everything is synchronous and may block, but `try_read`. Errors are base::error:
/// `not_found`, `exists`, `no_space`, or `io`. Objects may be used from any thread;
/// two writers of one range are the caller's fault.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::storage {

/// What a read without waiting found.
struct quick_read {
  enum class state : std::uint8_t {
    octets,      ///< `count` octets were read, at least one unless none were asked for
    would_block, ///< not in the page cache: ask a reader that may wait
    end,         ///< the file ends at or before the offset
    failed       ///< the disk refused, or the file is gone
  };
  state what = state::failed;
  std::size_t count = 0;
};

/// One open file; closed with the object.
class file {
public:
  virtual ~file() = default;
  /// Writes all pieces one behind the other at `offset`, or fails. A failed write may have
  /// left any part of it.
  virtual base::result<void> write(std::uint64_t offset, std::span<const std::string_view> pieces) = 0;
  base::result<void> write(std::uint64_t offset, std::string_view octets) { return write(offset, std::span(&octets, 1)); }
  /// Reads up to `octets`; fewer only at the end of the file.
  virtual base::result<std::size_t> read(std::uint64_t offset, char* out, std::size_t octets) const = 0;
  /// Never waits for the disk; may give fewer octets than asked for.
  virtual quick_read try_read(std::uint64_t offset, char* out, std::size_t octets) const noexcept = 0;
  /// fdatasync: contents and the size needed to read them are durable. After a failure
  /// nothing is known of what was written since the last success: never try again.
  virtual base::result<void> sync() = 0;
  /// Lets the kernel begin to write a range out, so that a later sync finds less to do. A hint.
  virtual void start_writing(std::uint64_t /*offset*/, std::uint64_t /*octets*/) noexcept {}
  virtual base::result<std::uint64_t> size() const = 0;
  /// Takes disk space for [0, octets) and makes the file at least that long; new octets read as zero.
  virtual base::result<void> preallocate(std::uint64_t octets) = 0;
  virtual base::result<void> truncate(std::uint64_t octets) = 0;
};

enum class open_mode : std::uint8_t {
  read,       ///< must exist
  write,      ///< must exist; read and write
  create      ///< must not exist; read and write
};

class file_system {
public:
  virtual ~file_system() = default;
  virtual base::result<std::unique_ptr<file>> open(const std::string& path, open_mode) = 0;
  /// Replaces `to` when it exists. Durable only after `sync_directory`.
  virtual base::result<void> rename(const std::string& from, const std::string& to) = 0;
  /// A second name for the same contents; `exists` when `to` exists, `unsupported` across volumes.
  virtual base::result<void> link(const std::string& from, const std::string& to) = 0;
  virtual base::result<void> remove(const std::string& path) = 0;
  /// Names of the entries of a directory, sorted; without "." and "..".
  virtual base::result<std::vector<std::string>> list(const std::string& directory) const = 0;
  /// Makes a directory and its missing parents; fine when it exists.
  virtual base::result<void> make_directory(const std::string& path) = 0;
  virtual base::result<void> sync_directory(const std::string& path) = 0;
  /// Octets that an unprivileged writer may still take on the volume of `path`.
  virtual base::result<std::uint64_t> free_octets(const std::string& path) const = 0;
  /// Whole contents of a small file.
  base::result<std::string> read_all(const std::string& path, std::size_t octets_max);
  /// Writes `path` so that after a crash it is the old file or the new one: a new file
  /// beside it, synced, renamed, and the directory synced.
  base::result<void> replace(const std::string& path, std::string_view contents);
};

/// The kernel's files. Lives for ever.
file_system& posix_file_system();

/// Reads up to `octets` at `offset` of an open descriptor (a spill file); fewer only at the end.
base::result<std::size_t> read_descriptor(int descriptor, std::uint64_t offset, char* out, std::size_t octets);

} // namespace rookery::storage
