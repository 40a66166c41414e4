#include "policy/recall/sent_record.hpp"

#include "base/codec.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace rookery::recall {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t key_digits = 16, subject_octets = 200, address_octets = 1000, body_octets = 32;

std::optional<base::message_id> read_key(std::string_view key) {
  const auto octets = key.size() == key_digits ? base::from_hex(key) : std::nullopt;
  if (!octets) return std::nullopt;
  base::message_id id;
  for (const char c : *octets) id.value = id.value << 8 | static_cast<unsigned char>(c);
  return id;
}

void put(base::encoder& e, const sent_recipient& r) {
  e.bytes(r.address);
  e.varint(r.copies.size());
  for (const auto& c : r.copies) {
    e.u8(static_cast<std::uint8_t>(c.place));
    e.varint(c.id);
    if (c.place == sent_copy::where::mailbox) continue;
    e.varint(c.number);
    e.bytes(c.address);
  }
}

bool take(base::decoder& d, sent_recipient& r) {
  r.address = d.bytes();
  const auto copies = d.varint();
  if (!d.ok() || copies > d.rest().size()) return false;
  for (std::uint64_t i = 0; i < copies && d.ok(); ++i) {
    sent_copy c;
    const auto place = d.u8();
    if (place > static_cast<std::uint8_t>(sent_copy::where::forwarded)) return false;
    c.place = static_cast<sent_copy::where>(place);
    c.id = d.varint();
    if (c.place != sent_copy::where::mailbox) {
      c.number = static_cast<std::uint32_t>(d.varint());
      c.address = d.bytes();
    }
    r.copies.push_back(std::move(c));
  }
  return d.ok();
}

std::optional<std::uint32_t> number_of(std::string_view text) {
  const auto n = base::parse_u64(text);
  return n && *n <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(*n)) : std::nullopt;
}

} // namespace

std::string sent_key(base::message_id id) {
  std::string octets;
  for (int shift = 56; shift >= 0; shift -= 8) octets.push_back(static_cast<char>(id.value >> shift));
  return base::to_hex(octets);
}

std::string encode(const sent_record& r) {
  // The recipients first: how many there is room for stands in front of them.
  std::string recipients, one;
  std::size_t taken = 0;
  for (; taken < r.recipients.size(); ++taken) {
    one.clear();
    base::encoder e(one);
    put(e, r.recipients[taken]);
    if (r.recipients[taken].address.size() > address_octets || recipients.size() + one.size() > sent_octets_max - 1000) break;
    recipients += one;
  }
  std::string out;
  base::encoder e(out);
  e.u8(version);
  e.varint(r.account.value);
  e.i64(base::to_milliseconds(r.time));
  e.bytes(std::string_view(r.message_id).substr(0, message_id_octets_max));
  e.bytes(std::string_view(r.subject).substr(0, subject_octets));
  e.bytes(std::string_view(r.body).substr(0, body_octets));
  e.varint(r.unremembered + r.recipients.size() - taken);
  e.varint(taken);
  out += recipients;
  return out;
}

std::optional<sent_record> decode_sent(std::string_view key, std::string_view value) {
  const auto id = read_key(key);
  if (!id || value.size() > sent_octets_max) return {};
  sent_record r;
  r.id = *id;
  base::decoder d(value);
  if (d.u8() != version) return {};
  r.account.value = d.varint();
  r.time = base::from_milliseconds(d.i64());
  r.message_id = d.bytes();
  r.subject = d.bytes();
  r.body = d.bytes();
  r.unremembered = static_cast<std::size_t>(d.varint());
  const auto count = d.varint();
  if (!d.ok() || count > d.rest().size()) return {};
  r.recipients.resize(static_cast<std::size_t>(count));
  for (auto& one : r.recipients)
    if (!take(d, one)) return {};
  if (!d.done() || r.message_id.size() > message_id_octets_max || r.subject.size() > subject_octets || r.body.size() > body_octets) return {};
  return r;
}

std::string later_prefix(base::message_id id) { return sent_key(id) + "/"; }
std::string later_body_key(base::message_id id) { return later_prefix(id) + "b"; }
std::string later_removed_key(base::message_id id) { return later_prefix(id) + "r"; }
std::string later_failed_key(base::message_id id, std::uint32_t number) { return later_prefix(id) + "f" + std::to_string(number); }
std::string later_onward_key(base::message_id id, std::uint32_t number, base::message_id onward, std::uint32_t onward_number) {
  return later_prefix(id) + "o" + std::to_string(number) + "/" + sent_key(onward) + "/" + std::to_string(onward_number);
}

std::optional<later_note> read_later(std::string_view key, std::string_view value) {
  if (key.size() < key_digits + 2 || key[key_digits] != '/') return {};
  later_note out;
  const auto rest = key.substr(key_digits + 2);
  switch (key[key_digits + 1]) {
  case 'b':
    if (!rest.empty() || value.size() != body_octets) return {};
    out.body = value;
    return out;
  case 'r':
    if (!rest.empty()) return {};
    out.what = later_note::kind::removed;
    return out;
  case 'f': {
    const auto number = number_of(rest);
    if (!number) return {};
    out.what = later_note::kind::failed;
    out.number = *number;
    return out;
  }
  case 'o': {
    const auto parts = base::split(rest, '/');
    if (parts.size() != 3) return {};
    const auto number = number_of(parts[0]), onward_number = number_of(parts[2]);
    const auto onward = read_key(parts[1]);
    if (!number || !onward_number || !onward || value.size() > address_octets) return {};
    out.what = later_note::kind::onward;
    out.number = *number;
    out.onward = {sent_copy::where::forwarded, onward->value, *onward_number, std::string(value)};
    return out;
  }
  default: return {};
  }
}

void sent_search::look_at(const sent_record& r) {
  const bool own = r.account == requester_;
  if (asked_.what == request::kind::last) {
    if (own) found_ = r;
  } else if (asked_.what == request::kind::message && r.message_id == asked_.message_id) {
    if (own || !found_ || found_->account != requester_) found_ = r;
  }
}

} // namespace rookery::recall
