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

/// An attempt is over, or was not possible: what became of each recipient that it was for. One command
/// a transaction, with the reports it owes in the same group. Recipients settled already stay as they are.
struct attempt_ended {
  struct outcome_of {
    std::uint32_t recipient = 0;
    recipient_state state = recipient_state::waiting;
    base::wall_time next_attempt{};  ///< if it waits
    std::string answer, remote_host;
    bool delay_told = false;         ///< from now on; what was told stays told
  };
  base::message_id id;
  std::vector<outcome_of> outcomes;  ///< each recipient once
  std::string queue_after;           ///< where the rest waits; "": where it is
};
/// A way of its own, or none with an empty host. Its recipients are due at once.
struct rerouted { base::message_id id; message_route route; };
/// Another address for a recipient that waits; due at once. Without an ORCPT its old address becomes it,
/// so that reports name whom the sender knows (RFC 3461 §5.2.7).
struct redirected { base::message_id id; std::uint32_t recipient = 0; std::string address; };
/// All that wait of these messages are due at once; at most `retry_now_max`.
struct retry_now { std::vector<base::message_id> ids; };

/// Notes: small durable facts (what another server's policy was, what was counted today), in named
/// spaces. `until` 0: for ever; else it may be dropped from then on. The bounds are in notes.hpp.
/// `of_space_max`: of the space so many stay, those with the greatest keys; 0: all.
struct put_note { std::string space, key, value; base::wall_time until{}; std::uint64_t of_space_max = 0; };
/// Adds to a note that is a decimal number; without one it begins at 0. The result's `number` is the sum.
struct count_note { std::string space, key; std::uint64_t by = 1; base::wall_time until{}; };
struct drop_note { std::string space, key; };
/// Drops the notes whose `until` is not after `now`, at most `dropped_notes_max` of them; the result's
/// `number` says how many.
struct drop_notes_before { base::wall_time now{}; };

inline constexpr std::size_t retry_now_max = 10'000;
inline constexpr std::size_t dropped_notes_max = 10'000;

using any_command = std::variant<accepted, hold, release, removed, moved_to_queue, attempt_begun, recipient_done,
                                 recipient_deferred, expired, relocate_body, attempt_ended, rerouted, redirected,
                                 retry_now, put_note, count_note, drop_note, drop_notes_before>;

struct command {
  base::wall_time time{};
  any_command what;
};

std::string encode(const command&);
/// `invalid` when it is malformed or of an unknown type or version.
base::result<command> decode_command(std::string_view payload);

// Results (command_result): `number` is the message's recipients that still wait, for relocate_body and
// retry_now the messages changed. accepted twice: already_done. Unknown id or recipient: no_such_record.
// A recipient that is settled already: already_done.

} // namespace rookery::storage::queue
