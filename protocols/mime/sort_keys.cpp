#include "base/codec.hpp"
#include "base/text.hpp"
#include "protocols/charset/fold.hpp"
#include "protocols/encoding/encoded_word.hpp"
#include "protocols/mime/address.hpp"
#include "protocols/mime/date.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/message_fields.hpp"
#include "protocols/mime/summary.hpp"

#include <algorithm>

namespace rookery::mime {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::uint8_t reply_bit = 1, has_date_bit = 2;
/// Octets of a subject, an id and an address that are compared; what lies behind cannot matter to a reader.
constexpr std::size_t subject_octets_max = 2'000;
constexpr std::size_t id_octets_max = 1'000;
constexpr std::size_t address_octets_max = 1'000;

std::string_view skip_space(std::string_view s) {
  while (s.starts_with(' ')) s.remove_prefix(1);
  return s;
}

/// Without a leading subj-blob "[...]" and the spaces behind it, or as it is.
std::string_view without_blob(std::string_view s) {
  if (!s.starts_with('[')) return s;
  const auto end = s.find_first_of("[]", 1);
  if (end == std::string_view::npos || s[end] != ']') return s;
  return skip_space(s.substr(end + 1));
}

/// Without a leading subj-leader: blobs, then "re", "fw" or "fwd", perhaps a blob, a colon.
bool take_leader(std::string_view& s) {
  if (s.starts_with(' ')) {
    s = skip_space(s);
    return true;
  }
  auto t = s;
  for (auto next = without_blob(t); next.size() != t.size(); next = without_blob(t)) t = next;
  if (base::istarts_with(t, "re")) t.remove_prefix(2);
  else if (base::istarts_with(t, "fwd")) t.remove_prefix(3);
  else if (base::istarts_with(t, "fw")) t.remove_prefix(2);
  else return false;
  t = without_blob(skip_space(t));
  if (!t.starts_with(':')) return false;
  s = t.substr(1);
  return true;
}

/// The first address of the field: its mailbox (SORT FROM) and what is shown of it (RFC 5957).
void first_address(const field_values& f, std::string& mailbox, std::string* display) {
  mailbox.clear();
  if (display) display->clear();
  if (!f.present) return;
  address a;
  address_reader r(f.first);
  // RFC 5256 §2.1 counts mailboxes; a group without members shows its name.
  std::string group;
  bool found = false;
  while (!found && r.next(a)) {
    found = a.kind == address_kind::mailbox;
    if (a.kind == address_kind::group_begin && group.empty()) group = a.name;
  }
  if (found) charset::append_folded(mailbox, std::string_view(a.mailbox).substr(0, address_octets_max));
  if (!display) return;
  const auto& name = found ? a.name : group;
  if (!name.empty()) charset::append_folded(*display, encoding::decode_words(std::string_view(name).substr(0, address_octets_max)));
  else if (found) charset::append_folded(*display, std::string_view(a.text()).substr(0, address_octets_max));
}

std::string collapsed(std::string_view s) {
  std::string out;
  out.reserve(s.size());
  for (const char c : s) {
    const bool space = c == ' ' || c == '\t';
    if (!space) out.push_back(c);
    else if (out.empty() || out.back() != ' ') out.push_back(' ');
  }
  return out;
}

} // namespace

base_subject_result base_subject(std::string_view utf8_subject) {
  const auto text = collapsed(utf8_subject.substr(0, subject_octets_max));
  std::string_view s = text;
  bool reply = false;
  for (bool wrapped = true; wrapped;) {
    wrapped = false;
    for (bool more = true; more;) { // (2) trailers
      more = false;
      while (s.ends_with(' ')) s.remove_suffix(1);
      if (s.size() >= 5 && base::iequals(s.substr(s.size() - 5), "(fwd)")) {
        s.remove_suffix(5);
        reply = more = true;
      }
    }
    for (bool more = true; more;) { // (3) to (5) leaders and blobs
      more = false;
      for (auto before = s; take_leader(s); before = s) {
        more = true;
        if (!before.starts_with(' ')) reply = true;
      }
      const auto rest = without_blob(s);
      if (rest.size() != s.size() && !rest.empty()) {
        s = rest;
        more = true;
      }
    }
    if (base::istarts_with(s, "[fwd:") && s.ends_with(']')) { // (6)
      s = s.substr(5, s.size() - 6);
      reply = wrapped = true;
    }
  }
  return {std::string(s), reply};
}

std::string write_sort_keys(const message_fields& m, const limits& limit) {
  std::string out, text, display;
  out.reserve(256);
  base::encoder e(out);
  e.u8(version);
  const auto raw_subject = base::trim(m.subject.first).substr(0, 2 * subject_octets_max);
  const auto subject = base_subject(encoding::needs_decoding(raw_subject) ? encoding::decode_words(raw_subject) : std::string(raw_subject));
  const auto date = m.date.present ? read_date(m.date.first) : std::nullopt;
  e.u8(static_cast<std::uint8_t>((subject.reply_or_forward ? reply_bit : 0) | (date ? has_date_bit : 0)));
  text.clear();
  charset::append_folded(text, subject.text);
  e.bytes(text);
  first_address(m.from, text, &display);
  e.bytes(text);
  e.bytes(display);
  first_address(m.to, text, &display);
  e.bytes(text);
  e.bytes(display);
  first_address(m.cc, text, nullptr);
  e.bytes(text);
  e.i64(date ? base::to_milliseconds(date->utc()) : 0);
  e.u32(static_cast<std::uint32_t>(date ? static_cast<std::int32_t>(date->day_number()) : 0));
  std::size_t at = 0;
  auto id = m.message_id.present ? next_message_id(m.message_id.first, at) : std::nullopt;
  e.bytes(id ? std::string_view(*id).substr(0, id_octets_max) : std::string_view());
  // RFC 5256 §3: without References the first id of In-Reply-To takes their place.
  std::vector<std::string> references;
  const auto keep = [&](std::string one) {
    one.resize(std::min(one.size(), id_octets_max));
    // The first of a long list is the root, and the latest are the near ancestors.
    if (references.size() == limit.references && references.size() > 1) references.erase(references.begin() + 1);
    if (references.size() < limit.references) references.push_back(std::move(one));
  };
  if (m.references.present) for_each_message_id(m.references.first, keep);
  if (references.empty() && m.in_reply_to.present) {
    at = 0;
    if (auto parent = next_message_id(m.in_reply_to.first, at)) keep(std::move(*parent));
  }
  e.varint(references.size());
  for (const auto& r : references) e.bytes(r);
  return out;
}

std::string_view read_sort_text(std::string_view stored, sort_text which) {
  base::decoder d(stored);
  if (d.u8() != version) return {};
  d.u8();
  for (auto before = static_cast<unsigned>(which); before > 0; --before) d.bytes();
  return d.bytes();
}

std::optional<std::int64_t> read_sort_date(std::string_view stored) {
  base::decoder d(stored);
  if (d.u8() != version) return {};
  if ((d.u8() & has_date_bit) == 0) return {};
  for (unsigned texts = 0; texts <= static_cast<unsigned>(sort_text::cc); ++texts) d.bytes();
  const auto sent = d.i64();
  return d.ok() ? std::optional(sent) : std::nullopt;
}

std::optional<sort_keys_view> read_sort_keys(std::string_view stored) {
  base::decoder d(stored);
  if (d.u8() != version) return {};
  sort_keys_view v;
  const auto bits = d.u8();
  v.reply_or_forward = (bits & reply_bit) != 0;
  v.has_date = (bits & has_date_bit) != 0;
  v.base_subject = d.bytes();
  v.from = d.bytes();
  v.display_from = d.bytes();
  v.to = d.bytes();
  v.display_to = d.bytes();
  v.cc = d.bytes();
  v.sent_milliseconds = d.i64();
  v.sent_day = static_cast<std::int32_t>(d.u32());
  v.message_id = d.bytes();
  const auto count = d.varint();
  if (!d.ok() || count > stored.size()) return {};
  v.references.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) v.references.push_back(d.bytes());
  if (!d.done()) return {};
  return v;
}

} // namespace rookery::mime
