/// What a leader and its replicas say to each other, beside the log's octets; as values and as octets.
///
/// One octet version, one octet type, fields. Readers refuse other versions and what is longer than its fields.
#pragma once

#include "storage/log/commit_group.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace rookery::replication {

using storage::log_position;

/// A leader's first word on a stream: how does your copy stand?
struct follow {
  std::uint64_t epoch = 0;
  bool operator==(const follow&) const = default;
};
/// The answer, as soon as the replica follows the same epoch: ship from there. Not `whole`: it needs a copy.
struct stands {
  std::uint64_t epoch = 0;
  bool whole = false;
  log_position end;
  bool operator==(const stands&) const = default;
};
/// Several a second. `released`: everything before it is acknowledged.
struct beat_word {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  log_position end, released;
  bool operator==(const beat_word&) const = default;
};
/// `willing` false: this node goes away soon.
struct beat_answer {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  bool willing = true;
  bool operator==(const beat_answer&) const = default;
};
/// A replica has everything before this durably.
struct has_stored {
  std::uint64_t epoch = 0;
  log_position to;
  bool operator==(const has_stored&) const = default;
};
/// The leader cannot ship from where the replica stands: forget the copy.
struct begin_anew {
  std::uint64_t epoch = 0;
  bool operator==(const begin_anew&) const = default;
};
/// A replica goes away in order: nobody need wait for it.
struct goodbye {
  std::uint64_t epoch = 0;
  bool operator==(const goodbye&) const = default;
};
using word = std::variant<follow, stands, beat_word, beat_answer, has_stored, begin_anew, goodbye>;

std::string print(const word&);
std::optional<word> read_word(std::string_view octets);

} // namespace rookery::replication
