#include "protocols/smtp/fix_ups.hpp"

#include "base/text.hpp"
#include "protocols/encoding/encoded_word.hpp"
#include "protocols/mime/address.hpp"
#include "protocols/mime/date.hpp"
#include "protocols/mime/header.hpp"

namespace rookery::smtp {

namespace {

/// Addresses of From fields that are looked at; a message with more is judged by these.
constexpr std::size_t from_addresses_max = 100;

} // namespace

header_facts read_header_facts(std::string_view message) {
  header_facts facts;
  mime::header_reader reader(message);
  bool resent = false;
  while (const auto field = reader.next()) {
    if (base::iequals(field->name, "Received")) {
      ++facts.received;
    } else if (base::iequals(field->name, "Date")) {
      facts.date = true;
    } else if (base::iequals(field->name, "Message-ID")) {
      facts.message_id = true;
      std::size_t at = 0;
      if (facts.message_id_value.empty())
        if (auto id = mime::next_message_id(field->value, at)) facts.message_id_value = "<" + *id + ">";
    } else if (base::iequals(field->name, "Subject")) {
      if (facts.subject.empty()) facts.subject = encoding::decode_words(mime::unfold(field->value));
    } else if (base::iequals(field->name, "Deferred-Delivery")) {
      if (facts.deferred_delivery.empty()) facts.deferred_delivery = mime::unfold(field->value);
    } else if (base::iequals(field->name, "TLS-Required")) {
      facts.tls_optional = facts.tls_optional || base::iequals(mime::unfold(field->value), "no");
    } else if (base::iequals(field->name, "Sender")) {
      facts.sender = true;
    } else if (base::iequals(field->name, "Delivered-To")) {
      if (!resent && facts.delivered_to_addresses.size() < delivered_to_addresses_max)
        facts.delivered_to_addresses.push_back(base::to_lower(base::trim(field->value)));
    } else if (base::istarts_with(field->name, "Resent-")) {
      resent = true;
    } else if (base::iequals(field->name, "From")) {
      facts.from = true;
      for (auto& a : mime::read_addresses(field->value, from_addresses_max))
        if (a.kind == mime::address_kind::mailbox && facts.from_addresses.size() < from_addresses_max)
          facts.from_addresses.push_back(a.text());
    }
  }
  return facts;
}

std::string fix_ups(const header_facts& facts, const fix_up_facts& with) {
  std::string out;
  if (!facts.message_id) {
    out += "Message-ID: <";
    out += with.message_id;
    out += ">\r\n";
  }
  if (!facts.date) {
    out += "Date: ";
    out += mime::write_date(with.time);
    out += "\r\n";
  }
  if (!facts.from && !with.sender.empty()) {
    out += "From: <";
    out += with.sender;
    out += ">\r\n";
  }
  return out;
}

bool begins_with_header(std::string_view text) noexcept {
  if (text.empty() || text.starts_with("\r\n") || text.starts_with("From ") || text.starts_with(">From ")) return true;
  for (std::size_t i = 0; i < text.size() && i < header_name_octets_max; ++i) {
    const char c = text[i];
    if (c == ':') return i > 0;
    if (c == ' ' || c == '\t') { // RFC 5322 §4.5: white space may stand before the colon
      const auto next = text.find_first_not_of(" \t", i);
      return i > 0 && next != std::string_view::npos && text[next] == ':';
    }
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f) return false;
  }
  return false;
}

} // namespace rookery::smtp
