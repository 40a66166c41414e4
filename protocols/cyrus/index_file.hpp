/// `cyrus.index`: what Cyrus keeps of each message of a mailbox beside its octets.
///
/// Numbers are big-endian. A header of 32-bit words: format (at 4), version (8), where records begin (12), octets of a
/// record (16), how many there are (20). A record: UID (0), date of arrival (4), octets of the message (12), flags (32),
/// keywords as 128 bits in four words (36). Versions 12 to 19; since 20 dates have 64 bits and other places.
/// Before version 12 what was read was kept elsewhere.
/// Source: files of Cyrus 3.6; https://www.cyrusimap.org/imap/concepts/deployment/databases.html
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace rookery::cyrus {

inline constexpr std::uint32_t index_version_least = 12, index_version_most = 19;
/// Keywords that a mailbox can have.
inline constexpr std::size_t keywords_max = 128;

struct index_record {
  std::uint32_t uid = 0;
  std::uint32_t octets = 0;        ///< of the message's file
  base::wall_time received{};
  std::uint64_t system = 0;        ///< mbox::flag; \Seen is the owner's
  std::uint64_t keywords[2] = {};  ///< bit k of word k / 64: keyword k of the mailbox
};

/// The messages that are not expunged, in the order of their UIDs. Errors: `unsupported` names the version;
/// `damaged` when it contradicts itself (sizes, UIDs that do not grow).
base::result<std::vector<index_record>> read_index(std::string_view file);

} // namespace rookery::cyrus
