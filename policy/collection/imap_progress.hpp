/// How far a mailbox elsewhere is collected, and what of it comes next. Pure.
///
/// Messages are collected in the order of their UIDs, each with the progress behind it in one
/// commit; so one number says what was collected, and a short list what was left out below it.
#pragma once

#include "base/clock.hpp"
#include "policy/collection/collection_record.hpp"
#include "protocols/imap/sequence_set.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::collection {

struct imap_progress {
  std::uint32_t uid_validity = 0;
  std::uint32_t last_uid = 0;       ///< all up to here are collected …
  imap::number_ranges left_out;     ///< … but these: too large, or they could not be read
  bool operator==(const imap_progress&) const = default;

  bool collected(std::uint32_t uid) const noexcept { return uid <= last_uid && !imap::contains(left_out, uid); }
  /// This message is collected. UIDs above `last_uid` come in order.
  void add(std::uint32_t uid);
  /// This one is not, for now.
  void leave_out(std::uint32_t uid);
};
/// Ranges that may be left out: above it the collection goes no further.
inline constexpr std::size_t left_out_max = 4000;

/// As it is kept: "1 UIDVALIDITY LAST RANGES".
std::string to_text(const imap_progress&);
/// Nothing for a text of another version, or a damaged one.
std::optional<imap_progress> read_progress(std::string_view text);

/// What a row tells of a message.
struct remote_message {
  std::uint32_t uid = 0;
  std::uint64_t octets = 0;
  std::optional<base::wall_time> received; ///< INTERNALDATE there
};

enum class imap_step : std::uint8_t { fetch, too_large, remove, leave };
/// What to do with a message that is there. Messages of unknown age stay when they may stay some days.
imap_step judge(const collection_record&, const imap_progress&, const remote_message&, base::wall_time now) noexcept;
/// The first UID whose row is needed: what is collected is looked at only to be removed some day,
/// or when something was left out.
std::uint32_t first_row(const collection_record&, const imap_progress&) noexcept;

} // namespace rookery::collection
