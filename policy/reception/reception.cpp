#include "policy/reception/reception.hpp"

#include <algorithm>

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
  return nullptr;
}

const routing::refusal& loop_refusal() noexcept { return been_here; }

end_verdict judge_recipients(std::span<const recipient_at_end> recipients, bool answers_each) {
  end_verdict out;
  const auto loops = [](const recipient_at_end& r) { return r.delivered_before; };
  const auto refusable = [](const recipient_at_end& r) { return r.delivered_before || r.no_room != nullptr; };
  if (!answers_each && !recipients.empty()) {
    if (std::any_of(recipients.begin(), recipients.end(), loops)) out.all = &been_here;
    else if (std::all_of(recipients.begin(), recipients.end(), refusable)) out.all = recipients.front().no_room;
    if (out.all != nullptr) return out;
  }
  for (const auto& r : recipients) {
    if (!refusable(r)) out.each.push_back({});
    else out.each.push_back({answers_each ? fate::refused : fate::queued, r.delivered_before ? &been_here : r.no_room});
  }
  return out;
}

} // namespace rookery::reception
