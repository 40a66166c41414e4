#include "storage/queue/envelope_record.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::storage::queue {
namespace {

constexpr std::uint8_t envelope_version = 1;

// Bits of the head; on disk: never renumber.
constexpr std::uint8_t smtputf8_bit = 1, requiretls_bit = 2, held_bit = 4, by_return_bit = 8, by_trace_bit = 16;

void put(base::encoder& e, base::wall_time t) { e.i64(base::to_milliseconds(t)); }
base::wall_time take_time(base::decoder& d) { return base::from_milliseconds(d.i64()); }
std::string take_text(base::decoder& d) { return std::string(d.bytes()); }

} // namespace

std::size_t envelope::outstanding() const noexcept {
  return static_cast<std::size_t>(std::count_if(recipients.begin(), recipients.end(), [](const recipient& r) {
    return r.state == recipient_state::waiting;
  }));
}

void encode_head(const envelope& m, base::encoder& e) {
  e.u64(m.id.value);
  e.bytes(m.sender);
  e.bytes(m.queue);
  e.u8(static_cast<std::uint8_t>(m.ret));
  e.bytes(m.envid);
  e.u8(static_cast<std::uint8_t>(m.body));
  e.u8(static_cast<std::uint8_t>((m.smtputf8 ? smtputf8_bit : 0) | (m.requiretls ? requiretls_bit : 0) |
                                 (m.held ? held_bit : 0) | (m.deliver_by_return ? by_return_bit : 0) |
                                 (m.deliver_by_trace ? by_trace_bit : 0)));
  e.bytes(m.held_because);
  put(e, m.hold_until);
  put(e, m.deliver_by);
  put(e, m.received);
  e.u64(m.account.value);
  e.bytes(m.login);
  e.bytes(m.peer);
  e.bytes(m.helo);
  e.bytes(m.session);
  e.bytes(m.prefix);
  e.varint(m.attempts);
  e.out().append(base::view(m.content.id));
  e.u32(m.content.segment);
  e.u32(m.content.offset);
  e.u32(m.content.length);
}

bool decode_head(base::decoder& d, envelope& m) {
  m.id = base::message_id(d.u64());
  m.sender = take_text(d);
  m.queue = take_text(d);
  const auto ret = d.u8();
  m.envid = take_text(d);
  const auto body = d.u8();
  const auto bits = d.u8();
  if (ret > static_cast<std::uint8_t>(dsn_return::headers) || body > static_cast<std::uint8_t>(body_type::binary_mime)) return false;
  m.ret = static_cast<dsn_return>(ret);
  m.body = static_cast<body_type>(body);
  m.smtputf8 = (bits & smtputf8_bit) != 0;
  m.requiretls = (bits & requiretls_bit) != 0;
  m.held = (bits & held_bit) != 0;
  m.deliver_by_return = (bits & by_return_bit) != 0;
  m.deliver_by_trace = (bits & by_trace_bit) != 0;
  m.held_because = take_text(d);
  m.hold_until = take_time(d);
  m.deliver_by = take_time(d);
  m.received = take_time(d);
  m.account = base::account_id(d.u64());
  m.login = take_text(d);
  m.peer = take_text(d);
  m.helo = take_text(d);
  m.session = take_text(d);
  m.prefix = take_text(d);
  m.attempts = static_cast<std::uint32_t>(d.varint());
  for (auto& octet : m.content.id) octet = d.u8();
  m.content.segment = d.u32();
  m.content.offset = d.u32();
  m.content.length = d.u32();
  return d.ok() && m.queue.size() <= queue_name_octets_max;
}

void encode_recipient(const recipient& r, base::encoder& e) {
  e.bytes(r.address);
  e.u8(r.notify);
  e.bytes(r.orcpt);
  e.u8(static_cast<std::uint8_t>(r.state));
  e.varint(r.attempts);
  put(e, r.next_attempt);
  e.bytes(std::string_view(r.last_answer).substr(0, last_answer_octets_max));
}

bool decode_recipient(base::decoder& d, recipient& r) {
  r.address = take_text(d);
  r.notify = d.u8();
  r.orcpt = take_text(d);
  const auto state = d.u8();
  if (state > static_cast<std::uint8_t>(recipient_state::expired)) return false;
  r.state = static_cast<recipient_state>(state);
  r.attempts = static_cast<std::uint32_t>(d.varint());
  r.next_attempt = take_time(d);
  r.last_answer = take_text(d);
  return d.ok();
}

void encode(const envelope& m, base::encoder& e) {
  e.u8(envelope_version);
  encode_head(m, e);
  e.varint(m.recipients.size());
  for (const auto& r : m.recipients) encode_recipient(r, e);
}

std::optional<envelope> decode_envelope(base::decoder& d) {
  envelope m;
  if (d.u8() != envelope_version || !decode_head(d, m)) return {};
  const auto count = d.varint();
  if (!d.ok() || count > recipients_max || count > d.rest().size()) return {};
  m.recipients.resize(static_cast<std::size_t>(count));
  for (auto& r : m.recipients)
    if (!decode_recipient(d, r)) return {};
  return m;
}

} // namespace rookery::storage::queue
