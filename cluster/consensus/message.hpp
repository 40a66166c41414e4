/// The messages that members send each other, as octets: one octet version, one octet type, fields.
/// Readers refuse another version, what is longer than its fields, and counts beyond the limits.
#pragma once

#include "cluster/consensus/records.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::consensus {

struct vote_request {
  std::uint64_t term = 0;
  member_id candidate = 0;
  std::uint64_t last_index = 0, last_term = 0;
  bool disrupt_leader = false, pre_vote = false;
};
struct vote_answer {
  std::uint64_t term = 0;
  bool granted = false;
  std::uint8_t pre_vote = 0; ///< 0 not known, 1 yes, 2 no
};
struct entries_request {
  std::uint64_t term = 0, previous_index = 0, previous_term = 0, commit = 0;
  std::vector<entry> entries;
};
struct entries_answer {
  std::uint64_t term = 0;
  std::uint64_t rejected = 0; ///< 0: accepted
  std::uint64_t last_index = 0;
};
struct snapshot_request {
  std::uint64_t term = 0;
  snapshot what;
};
struct timeout_now {
  std::uint64_t term = 0, last_index = 0, last_term = 0;
};
using message = std::variant<entries_request, entries_answer, vote_request, vote_answer, snapshot_request, timeout_now>;

inline constexpr std::size_t message_entries_max = 100'000;

std::string print(const message&);
/// Nothing when it is no message of this version.
std::optional<message> read_message(std::string_view octets);

void print(std::string& out, const snapshot&);
/// Takes a snapshot off the front of `octets`.
std::optional<snapshot> read_snapshot(std::string_view octets);

} // namespace rookery::consensus
