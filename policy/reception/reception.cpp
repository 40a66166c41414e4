#include "policy/reception/reception.hpp"

namespace rookery::reception {
namespace {

constexpr routing::refusal too_large{552, "5.3.4", "The message is larger than this server takes"};
constexpr routing::refusal too_many_hops{554, "5.4.6", "The message has passed too many servers; it seems to loop"};
constexpr routing::refusal been_here{554, "5.4.6", "The message was delivered to this address before; it loops"};

} // namespace

const routing::refusal* size_refusal(std::uint64_t declared_octets, const reception_limits& limits) noexcept {
  return declared_octets > limits.message_octets ? &too_large : nullptr;
}

const routing::refusal* message_refusal(const message_facts& facts, const reception_limits& limits) noexcept {
  if (facts.octets > limits.message_octets) return &too_large;
  if (facts.received_fields >= limits.received_fields) return &too_many_hops;
  if (facts.delivered_to_recipient) return &been_here;
  return nullptr;
}

} // namespace rookery::reception
