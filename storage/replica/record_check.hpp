/// Verifies the records of a segment as their octets come, in parts of any length.
///
/// Knows only what it was fed: heads with their place and number, checksums of payloads, ends of
/// groups. Nothing is kept but a head.
#pragma once

#include "base/result.hpp"
#include "storage/log/log_format.hpp"

#include <cstdint>
#include <string_view>

namespace rookery::storage {

class record_check {
public:
  /// The next octet lies at `offset`, where a record with the number `lsn` begins.
  record_check(const segment_header& header, std::uint64_t offset, std::uint64_t lsn)
    : header_(header), offset_(offset), whole_end_(offset), lsn_(lsn), whole_lsn_(lsn) {}

  /// `damaged` when they are no records; then nothing more may be fed.
  base::result<void> feed(std::string_view octets);

  std::uint64_t offset() const noexcept { return offset_; }
  /// Behind the last whole group.
  std::uint64_t whole_end() const noexcept { return whole_end_; }
  std::uint64_t next_lsn() const noexcept { return whole_lsn_; }
  bool between_groups() const noexcept { return offset_ == whole_end_; }

private:
  base::failure<base::error> damaged(const char* what) const;
  base::result<void> begin_record(std::string_view head);
  base::result<void> end_record();

  segment_header header_;
  std::uint64_t offset_;
  std::uint64_t whole_end_;
  std::uint64_t lsn_;
  std::uint64_t whole_lsn_;
  char head_octets_[record_head_octets] = {};
  std::size_t head_have_ = 0;
  record_head head_;
  std::uint64_t payload_left_ = 0;
  std::uint64_t padding_left_ = 0;
  std::uint32_t crc_ = 0;
};

} // namespace rookery::storage
