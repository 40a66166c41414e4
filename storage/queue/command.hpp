/// The commands of the spool (shard 1): the only way in which the queue changes.
///
/// Encoded with base::encoder; docs/formats/spool.md. Type numbers are on disk: never renumber.
#pragma once

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "storage/queue/envelope_record.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::storage::queue {

/// A message was accepted. The command's one body is its content.
struct accepted { envelope message; };
/// No attempts until `release`; the operator's hand.
struct hold { base::message_id id; std::string because; };
struct release { base::message_id id; };
/// Gone without notice to anybody.
struct removed { base::message_id id; };
struct moved_to_queue { base::message_id id; std::string queue; };
/// Recipients by their number in the envelope. When the last one is settled the message goes.
struct attempt_begun { base::message_id id; std::vector<std::uint32_t> recipients; };
struct recipient_done {
  base::message_id id;
  std::uint32_t recipient = 0;
  bool delivered = true;      ///< else refused for good
  std::string answer;
};
struct recipient_deferred {
  base::message_id id;
  std::uint32_t recipient = 0;
  base::wall_time next_attempt{};
  std::string answer;
};
/// Given up: these recipients, or all that wait when the list is empty.
struct expired { base::message_id id; std::vector<std::uint32_t> recipients; };
/// A body lies elsewhere now (compaction). The command's one body is its new place.
struct relocate_body { std::uint32_t old_segment = 0, old_offset = 0; };

using any_command = std::variant<accepted, hold, release, removed, moved_to_queue, attempt_begun, recipient_done,
                                 recipient_deferred, expired, relocate_body>;

struct command {
  base::wall_time time{};
  any_command what;
};

std::string encode(const command&);
/// `invalid` when it is malformed or of an unknown type or version.
base::result<command> decode_command(std::string_view payload);

// Results (command_result): `number` is the message's recipients that still wait, for relocate_body the
// messages changed. accepted twice: already_done. Unknown id or recipient: no_such_record.
// A recipient that is settled already: already_done.

} // namespace rookery::storage::queue
