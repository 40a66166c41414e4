/// Goes through the records of one segment file, from a given record on.
///
/// Reads ahead in large pieces, but does not read what is skipped when that is much.
/// Nothing here decides what damage means: that is for recovery, replay and check.
#pragma once

#include "storage/file/file_system.hpp"
#include "storage/log/log_format.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rookery::storage {

/// An open segment with its header read.
struct open_segment {
  std::unique_ptr<file> octets;
  segment_header header;
  std::uint64_t size = 0;
};

/// Errors: not_found, io; `damaged` for a wrong header or number; `unsupported` for a newer format.
base::result<open_segment> open_segment_file(file_system&, const std::string& directory, std::uint32_t segment,
                                             open_mode mode = open_mode::read);

/// Behind the last octet that is not zero, `from` at least; searched from the end.
base::result<std::uint64_t> used_end(const open_segment&, std::uint64_t from);

class segment_scanner {
public:
  enum class found : std::uint8_t {
    record,  ///< `head()` and `offset()` describe it
    end,     ///< the end of the file, or only zeros where a head would stand
    damage   ///< neither: `offset()` says where
  };
  /// `segment` outlives the scanner. `end`: nothing behind it is looked at.
  segment_scanner(const open_segment& segment, std::uint64_t offset, std::uint64_t end);

  /// Moves to the next record (the first one at the first call).
  base::result<found> next();
  /// Looks for a head at the current place again: after `seek`.
  void seek(std::uint64_t offset) noexcept { offset_ = next_ = offset; }
  const record_head& head() const noexcept { return head_; }
  std::uint64_t offset() const noexcept { return offset_; }
  std::uint64_t next_offset() const noexcept { return next_; }

  /// The payload of the current record, or nothing when its checksum is wrong.
  /// The view lives until the next call of anything.
  base::result<std::optional<std::string_view>> payload();
  /// Whether the payload's checksum is right; in bounded memory.
  base::result<bool> payload_is_whole();
  /// `octets` at `offset`, fewer at the end; a view until the next call.
  base::result<std::string_view> view(std::uint64_t offset, std::size_t octets);

private:
  const open_segment& segment_;
  std::uint64_t end_;
  std::uint64_t offset_;
  std::uint64_t next_;
  record_head head_;
  std::string buffer_;
  std::uint64_t buffer_offset_ = 0;
  std::size_t buffer_size_ = 0;
};

} // namespace rookery::storage
