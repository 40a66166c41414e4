#include "storage/replica/record_check.hpp"

#include "base/crc32c.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace rookery::storage {

base::failure<base::error> record_check::damaged(const char* what) const {
  return base::fail(base::error_kind::damaged, "What came from the leader is damaged.",
                    segment_name(header_.segment) + ": " + what + " at offset " + std::to_string(offset_));
}

base::result<void> record_check::begin_record(std::string_view octets) {
  const auto head = read_record_head(octets, header_, static_cast<std::uint32_t>(offset_ - record_head_octets));
  if (!head) return damaged("no record head in front of what came");
  if (head->lsn != lsn_) return damaged("a record with the wrong number");
  if ((head->flags & record_flag::commit_begin) != 0 && offset_ - record_head_octets != whole_end_) return damaged("a write began within a commit group");
  head_ = *head;
  head_have_ = 0;
  payload_left_ = head_.length;
  padding_left_ = record_octets(head_.length) - record_head_octets - head_.length;
  crc_ = 0;
  return payload_left_ + padding_left_ == 0 ? end_record() : base::result<void>();
}

base::result<void> record_check::end_record() {
  if (crc_ != head_.payload_crc) return damaged("a record with a wrong checksum in front of what came");
  ++lsn_;
  if ((head_.flags & record_flag::group_end) != 0) {
    whole_end_ = offset_;
    whole_lsn_ = lsn_;
  }
  return {};
}

base::result<void> record_check::feed(std::string_view octets) {
  const auto advance = [&](std::uint64_t count) {
    octets.remove_prefix(static_cast<std::size_t>(count));
    offset_ += count;
  };
  while (!octets.empty()) {
    if (payload_left_ > 0) {
      const auto count = std::min<std::uint64_t>(payload_left_, octets.size());
      crc_ = base::crc32c(octets.substr(0, static_cast<std::size_t>(count)), crc_);
      payload_left_ -= count;
      advance(count);
      if (payload_left_ + padding_left_ == 0)
        if (auto done = end_record(); !done) return done;
      continue;
    }
    if (padding_left_ > 0) {
      const auto count = std::min<std::uint64_t>(padding_left_, octets.size());
      padding_left_ -= count;
      advance(count);
      if (padding_left_ == 0)
        if (auto done = end_record(); !done) return done;
      continue;
    }
    const auto count = std::min(record_head_octets - head_have_, octets.size());
    std::memcpy(head_octets_ + head_have_, octets.data(), count);
    head_have_ += count;
    advance(count);
    if (head_have_ < record_head_octets) continue;
    if (auto done = begin_record({head_octets_, record_head_octets}); !done) return done;
  }
  return {};
}

} // namespace rookery::storage
