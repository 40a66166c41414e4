#include "storage/queue/envelope_record.hpp"

#include <algorithm>
#include <cstring>

namespace rookery::storage::queue {
namespace {

// Bits of the head; on disk: never renumber.
constexpr std::uint8_t smtputf8_bit = 1, requiretls_bit = 2, held_bit = 4, by_return_bit = 8, by_trace_bit = 16, route_bit = 32;
/// One octet: where it came from, and what it wishes.
constexpr unsigned origin_mask = 15, dnssec_shift = 4, dnssec_mask = 3, tls_optional_bit = 64;
// Of a recipient.
constexpr std::uint8_t delay_told_bit = 1;
// Of a route.
constexpr std::uint8_t tls_at_once_bit = 1;

void put(base::encoder& e, base::wall_time t) { e.i64(base::to_milliseconds(t)); }
base::wall_time take_time(base::decoder& d) { return base::from_milliseconds(d.i64()); }
void take_text(base::decoder& d, std::string& text) { text.assign(d.bytes()); }
std::string_view cut(std::string_view text, std::size_t octets_max) { return text.substr(0, octets_max); }

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
                                 (m.deliver_by_trace ? by_trace_bit : 0) |
                                 (m.route.host.empty() ? 0 : route_bit)));
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
  e.u8(static_cast<std::uint8_t>(static_cast<unsigned>(m.origin) | static_cast<unsigned>(m.dnssec) << dnssec_shift |
                                 (m.tls_optional ? tls_optional_bit : 0u)));
  e.u8(static_cast<std::uint8_t>(m.priority));
  e.bytes(cut(m.subject, subject_octets_max));
  e.bytes(cut(m.message_id_field, message_id_field_octets_max));
  if (!m.route.host.empty()) encode_route(m.route, e);
}

bool decode_head(base::decoder& d, envelope& m, std::uint8_t version) {
  m.id = base::message_id(d.u64());
  take_text(d, m.sender);
  take_text(d, m.queue);
  const auto ret = d.u8();
  take_text(d, m.envid);
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
  take_text(d, m.held_because);
  m.hold_until = take_time(d);
  m.deliver_by = take_time(d);
  m.received = take_time(d);
  m.account = base::account_id(d.u64());
  take_text(d, m.login);
  take_text(d, m.peer);
  take_text(d, m.helo);
  take_text(d, m.session);
  take_text(d, m.prefix);
  m.attempts = static_cast<std::uint32_t>(d.varint());
  for (auto& octet : m.content.id) octet = d.u8();
  m.content.segment = d.u32();
  m.content.offset = d.u32();
  m.content.length = d.u32();
  m.origin = message_origin::mail;
  m.dnssec = dnssec_wish::none;
  m.tls_optional = false;
  m.priority = 0;
  m.subject.clear();
  m.message_id_field.clear();
  m.route = {};
  if (version >= 2) {
    const auto wishes = d.u8();
    const auto origin = wishes & origin_mask, dnssec = wishes >> dnssec_shift & dnssec_mask;
    if (origin > static_cast<int>(message_origin::archived) || dnssec > static_cast<int>(dnssec_wish::required)) return false;
    m.origin = static_cast<message_origin>(origin);
    m.dnssec = static_cast<dnssec_wish>(dnssec);
    m.tls_optional = (wishes & tls_optional_bit) != 0;
    m.priority = static_cast<std::int8_t>(d.u8());
    take_text(d, m.subject);
    take_text(d, m.message_id_field);
    if ((bits & route_bit) != 0 && !decode_route(d, m.route)) return false;
  }
  return d.ok() && m.queue.size() <= queue_name_octets_max && m.subject.size() <= subject_octets_max &&
         m.message_id_field.size() <= message_id_field_octets_max;
}

void encode_recipient(const recipient& r, base::encoder& e) {
  e.bytes(r.address);
  e.u8(r.notify);
  e.bytes(r.orcpt);
  e.u8(static_cast<std::uint8_t>(r.state));
  e.varint(r.attempts);
  put(e, r.next_attempt);
  e.bytes(cut(r.last_answer, last_answer_octets_max));
  put(e, r.last_attempt);
  e.bytes(cut(r.remote_host, remote_host_octets_max));
  e.u8(r.delay_told ? delay_told_bit : 0);
}

bool decode_recipient(base::decoder& d, recipient& r, std::uint8_t version) {
  take_text(d, r.address);
  r.notify = d.u8();
  take_text(d, r.orcpt);
  const auto state = d.u8();
  if (state > static_cast<std::uint8_t>(recipient_state::expired)) return false;
  r.state = static_cast<recipient_state>(state);
  r.attempts = static_cast<std::uint32_t>(d.varint());
  r.next_attempt = take_time(d);
  take_text(d, r.last_answer);
  r.last_attempt = {};
  r.remote_host.clear();
  r.delay_told = false;
  if (version >= 2) {
    r.last_attempt = take_time(d);
    take_text(d, r.remote_host);
    r.delay_told = (d.u8() & delay_told_bit) != 0;
  }
  return d.ok();
}

void encode_route(const message_route& r, base::encoder& e) {
  e.bytes(cut(r.host, route_text_octets_max));
  e.u16(r.port);
  e.u8(static_cast<std::uint8_t>(r.tls));
  e.u8(r.tls_at_once ? tls_at_once_bit : 0);
  e.bytes(cut(r.login, route_text_octets_max));
  e.bytes(cut(r.sealed_password, route_text_octets_max));
}

bool decode_route(base::decoder& d, message_route& r) {
  take_text(d, r.host);
  r.port = d.u16();
  const auto tls = d.u8();
  if (tls > static_cast<std::uint8_t>(route_tls::verified)) return false;
  r.tls = static_cast<route_tls>(tls);
  r.tls_at_once = (d.u8() & tls_at_once_bit) != 0;
  take_text(d, r.login);
  take_text(d, r.sealed_password);
  return d.ok() && r.host.size() <= route_text_octets_max && r.login.size() <= route_text_octets_max &&
         r.sealed_password.size() <= route_text_octets_max;
}

void encode(const envelope& m, base::encoder& e) {
  e.u8(envelope_version);
  encode_head(m, e);
  e.varint(m.recipients.size());
  for (const auto& r : m.recipients) encode_recipient(r, e);
}

std::optional<envelope> decode_envelope(base::decoder& d) {
  envelope m;
  const auto version = d.u8();
  if (version == 0 || version > envelope_version || !decode_head(d, m, version)) return {};
  const auto count = d.varint();
  if (!d.ok() || count > recipients_max || count > d.rest().size()) return {};
  m.recipients.resize(static_cast<std::size_t>(count));
  for (auto& r : m.recipients)
    if (!decode_recipient(d, r, version)) return {};
  return m;
}

} // namespace rookery::storage::queue
