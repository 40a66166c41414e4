/// Verdicts about a message as a whole, before it is taken.
///
/// Source: RFC 5321 §6.3 (loops: at least 100 Received fields), RFC 1870 (size).
#pragma once

#include "policy/routing/recipient_route.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace rookery::reception {

struct reception_limits {
  std::uint64_t message_octets = 52428800; ///< setting smtp.message_octets_max
  std::uint32_t received_fields = 100;     ///< setting smtp.received_fields_max
};

/// What is known of a message when its data has come (or, with SIZE, before).
struct message_facts {
  std::uint64_t octets = 0;
  std::uint32_t received_fields = 0;
};

/// Null when the message may come in.
const routing::refusal* message_refusal(const message_facts&, const reception_limits&) noexcept;
/// For SIZE= at MAIL FROM. Null when it fits; 0 octets always do.
const routing::refusal* size_refusal(std::uint64_t declared_octets, const reception_limits&) noexcept;

/// What is known of one recipient, accepted at RCPT, now that the message is whole.
struct recipient_at_end {
  bool delivered_before = false;           ///< a Delivered-To field names his mailbox already: a loop
  const routing::refusal* no_room = nullptr; ///< of routing::quota_refusal, with the real size
};
enum class fate : std::uint8_t {
  delivered,
  refused,
  queued    ///< tried again later by the queue, which answers for it
};
struct end_verdict {
  const routing::refusal* all = nullptr;   ///< the whole message is refused; `each` says nothing then
  struct one {
    fate what = fate::delivered;
    const routing::refusal* why = nullptr; ///< when refused
  };
  std::vector<one> each;                   ///< in the order of the recipients
};
/// `answers_each`: LMTP, where each recipient has an answer of his own (RFC 2033 §4.2). SMTP has one
/// for all: a loop refuses the message; a full mailbox among others is left to the queue.
/// What such a loop is answered with.
const routing::refusal& loop_refusal() noexcept;
end_verdict judge_recipients(std::span<const recipient_at_end>, bool answers_each);

} // namespace rookery::reception
