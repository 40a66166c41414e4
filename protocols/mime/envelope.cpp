#include "base/text.hpp"
#include "protocols/mime/address.hpp"
#include "protocols/mime/header.hpp"
#include "protocols/mime/imap_text.hpp"
#include "protocols/mime/message_fields.hpp"

namespace rookery::mime {
namespace {

void append_text_field(std::string& out, const field_values& f) {
  if (!f.present) {
    out += "NIL";
    return;
  }
  const auto value = base::trim(f.first);
  if (value.find('\n') == std::string_view::npos) append_string(out, value);
  else append_string(out, unfold(value));
}

void append_address(std::string& out, const address& a) {
  // RFC 9051 §7.5.2: a group begins with its name as the mailbox and no host, and ends with neither.
  // So a mailbox without a domain gets an empty host rather than NIL.
  out += '(';
  switch (a.kind) {
  case address_kind::mailbox:
    append_nstring(out, a.name, !a.name.empty());
    out += ' ';
    append_nstring(out, a.route, !a.route.empty());
    out += ' ';
    append_string(out, a.mailbox);
    out += ' ';
    append_string(out, a.domain);
    break;
  case address_kind::group_begin:
    out += "NIL NIL ";
    append_string(out, a.name);
    out += " NIL";
    break;
  case address_kind::group_end: out += "NIL NIL NIL NIL"; break;
  }
  out += ')';
}

/// The list, or "NIL" when it is absent or empty.
void append_addresses(std::string& out, const field_values& f, std::uint32_t addresses_max) {
  const auto begin = out.size();
  std::uint32_t count = 0;
  address a;
  const auto read = [&](std::string_view value) {
    address_reader r(value);
    bool in_group = false;
    while ((count < addresses_max || in_group) && r.next(a)) {
      in_group = a.kind == address_kind::group_begin || (in_group && a.kind != address_kind::group_end);
      if (count >= addresses_max && a.kind != address_kind::group_end) continue;
      if (count++ == 0) out += '(';
      append_address(out, a);
    }
  };
  if (f.present) read(f.first);
  for (const auto value : f.more) read(value);
  if (count > 0) out += ')';
  if (out.size() == begin) out += "NIL";
}

} // namespace

void append_envelope(std::string& out, const message_fields& m, const limits& limit) {
  out += '(';
  append_text_field(out, m.date);
  out += ' ';
  append_text_field(out, m.subject);
  out += ' ';
  const auto from_begin = out.size();
  append_addresses(out, m.from, limit.addresses);
  const auto from_end = out.size();
  // RFC 9051 §7.5.2: Sender and Reply-To that are absent or empty are the From.
  for (const auto* f : {&m.sender, &m.reply_to}) {
    out += ' ';
    const auto begin = out.size();
    append_addresses(out, *f, limit.addresses);
    if (std::string_view(out).substr(begin) == "NIL") {
      const auto from = out.substr(from_begin, from_end - from_begin);
      out.replace(begin, std::string::npos, from);
    }
  }
  for (const auto* f : {&m.to, &m.cc, &m.bcc}) {
    out += ' ';
    append_addresses(out, *f, limit.addresses);
  }
  out += ' ';
  append_text_field(out, m.in_reply_to);
  out += ' ';
  append_text_field(out, m.message_id);
  out += ')';
}

} // namespace rookery::mime
