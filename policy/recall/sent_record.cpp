#include "policy/recall/sent_record.hpp"

#include "base/codec.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace rookery::recall {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t key_digits = 16, subject_octets = 200, address_octets = 1000;

} // namespace

std::string sent_key(base::message_id id) {
  std::string octets;
  for (int shift = 56; shift >= 0; shift -= 8) octets.push_back(static_cast<char>(id.value >> shift));
  return base::to_hex(octets);
}

std::string encode(const sent_record& r) {
  std::string out;
  base::encoder e(out);
  e.u8(version);
  e.varint(r.account.value);
  e.i64(base::to_milliseconds(r.time));
  e.bytes(std::string_view(r.message_id).substr(0, message_id_octets_max));
  e.bytes(std::string_view(r.subject).substr(0, subject_octets));
  // Recipients up to the end: a count in front would have to know where they are cut.
  for (const auto& to : r.recipients) {
    if (to.size() > address_octets) continue;
    if (out.size() + to.size() + 2 > sent_octets_max) break;
    e.bytes(to);
  }
  return out;
}

std::optional<sent_record> decode_sent(std::string_view key, std::string_view value) {
  const auto octets = key.size() == key_digits ? base::from_hex(key) : std::nullopt;
  if (!octets || value.size() > sent_octets_max) return {};
  sent_record r;
  for (const char c : *octets) r.id.value = r.id.value << 8 | static_cast<unsigned char>(c);
  base::decoder d(value);
  if (d.u8() != version) return {};
  r.account.value = d.varint();
  r.time = base::from_milliseconds(d.i64());
  r.message_id = d.bytes();
  r.subject = d.bytes();
  while (d.ok() && !d.done()) r.recipients.emplace_back(d.bytes());
  if (!d.ok() || r.message_id.size() > message_id_octets_max || r.subject.size() > subject_octets) return {};
  return r;
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
