/// Reads message bodies from the segments, from many threads.
///
/// Open segment files are kept in a bounded cache; looking one up takes a shared
/// lock for some nanoseconds, reading takes none.
#pragma once

#include "storage/file/file_system.hpp"
#include "storage/log/commit_group.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace rookery::storage {

struct body_reader_settings {
  std::size_t open_segments_max = 1024; ///< file descriptors, pinned ones aside
};

class body_reader {
public:
  /// `directory` is the log's.
  body_reader(file_system&, std::string directory, body_reader_settings = {});
  ~body_reader();
  body_reader(const body_reader&) = delete;
  body_reader& operator=(const body_reader&) = delete;

  /// Up to `octets` from `offset` within the body, never waiting for the disk. May give fewer;
  /// `end` at the body's end. `would_block` also when the segment is not open yet.
  quick_read try_read(const body_ref&, std::uint32_t offset, char* out, std::size_t octets) noexcept;
  /// The same, waiting. Fewer octets than asked for only at the body's end.
  /// Errors: not_found (the segment was removed: take the reference from a fresh view), io.
  base::result<std::size_t> read(const body_ref&, std::uint32_t offset, char* out, std::size_t octets);
  /// The same from the body's beginning on, and on behind its end as far as the segment goes: what lies there is of
  /// other bodies. Fewer octets than asked for only at the segment's end; `damaged` when the body is not there whole.
  base::result<std::size_t> read_on(const body_ref&, char* out, std::size_t octets);
  /// The whole body, waiting; with `damaged` when its SHA-256 is not its id.
  base::result<std::string> read_whole(const body_ref&);
  /// Reads it whole in pieces and compares its SHA-256 with its id.
  base::result<void> verify(const body_ref&);

  /// Keeps the segment readable after its file is removed, for views of before, until `unpin`.
  /// Its space comes back only then.
  base::result<void> pin(std::uint32_t segment);
  void unpin(std::uint32_t segment);
  std::size_t open_segments() const;

private:
  class cache;
  std::unique_ptr<cache> cache_;
};

} // namespace rookery::storage
