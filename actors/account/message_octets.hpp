/// The octets of one stored message: its prefix, then its body. Offsets count from the
/// prefix's beginning, as those of its summary do.
#pragma once

#include "storage/body/body_reader.hpp"
#include "storage/mail/mailbox_view.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rookery::actors {

struct message_octets {
  std::string_view prefix;   ///< lives with the page
  storage::body_ref body;
  std::uint32_t uid = 0;

  std::uint64_t size() const noexcept { return prefix.size() + body.length; }
};

message_octets octets_of(const storage::mail::page&, const storage::mail::static_columns&, std::uint32_t row);

/// Copies up to `octets` from `offset`; never waits for the disk. May give fewer.
storage::quick_read try_read(storage::body_reader&, const message_octets&, std::uint64_t offset, char* out,
                             std::size_t octets) noexcept;
/// Copies exactly the octets asked for, waiting for the disk. When compaction has moved the body
/// its new place is looked up in `cell` and `message` is corrected.
/// Errors: as body_reader::read; `not_found` when the message is expunged and its body removed.
base::result<void> read(storage::body_reader&, storage::mail::mailbox_cell& cell, message_octets& message,
                        std::uint64_t offset, char* out, std::size_t octets);

} // namespace rookery::actors
