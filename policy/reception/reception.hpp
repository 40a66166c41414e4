/// Verdicts about a message as a whole, before it is taken.
///
/// Source: RFC 5321 §6.3 (loops: at least 100 Received fields), RFC 1870 (size).
#pragma once

#include "policy/routing/recipient_route.hpp"

#include <cstdint>

namespace rookery::reception {

struct reception_limits {
  std::uint64_t message_octets = 52428800; ///< setting smtp.message_octets_max
  std::uint32_t received_fields = 100;     ///< setting smtp.received_fields_max
};

/// What is known of a message when its data has come (or, with SIZE, before).
struct message_facts {
  std::uint64_t octets = 0;
  std::uint32_t received_fields = 0;
  bool delivered_to_recipient = false;     ///< a Delivered-To field names the recipient already
};

/// Null when the message may come in.
const routing::refusal* message_refusal(const message_facts&, const reception_limits&) noexcept;
/// For SIZE= at MAIL FROM. Null when it fits; 0 octets always do.
const routing::refusal* size_refusal(std::uint64_t declared_octets, const reception_limits&) noexcept;

} // namespace rookery::reception
