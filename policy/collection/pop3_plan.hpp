/// What to fetch and what to remove of a maildrop elsewhere, from what is listed there and what
/// was collected before. Pure.
#pragma once

#include "base/clock.hpp"
#include "policy/collection/collection_record.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace rookery::collection {

struct listed_message {
  std::uint32_t number = 0;
  std::uint64_t octets = 0;
  std::string uid;               ///< "": the server gives none
};
/// Keys of collected messages: unique ids, or `digest_key` of their octets; and when that was.
using seen_messages = std::unordered_map<std::string, base::wall_time>;

struct pop3_plan {
  std::vector<std::uint32_t> fetch;   ///< ascending, as `remove`
  std::vector<std::uint32_t> remove;  ///< collected before, and their time there is over
  std::vector<std::string> forget;    ///< seen, and not there any more
  std::uint32_t too_large = 0;        ///< left there
  /// Without unique ids nothing can be left there: it would come again each time.
  bool impossible = false;
};

/// Unique ids that occur twice (RFC 1939 §7 forbids it) count as none: what cannot be told apart
/// must not be taken for collected.
pop3_plan plan(const collection_record&, const std::vector<listed_message>&, const seen_messages&, base::wall_time now);

/// Its place among the seen: "id" and the unique id, or "sha256" and the digest.
std::string uid_key(std::string_view uid);
std::string digest_key(std::string_view sha256);
/// May a message collected at `then` go now?
bool time_is_over(const collection_record&, base::wall_time then, base::wall_time now) noexcept;

} // namespace rookery::collection
