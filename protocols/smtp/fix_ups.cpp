#include "protocols/smtp/fix_ups.hpp"

#include "base/text.hpp"
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
  bool first = true;
  while (const auto field = reader.next()) {
    if (field->name.empty()) {
      if (first) facts.well_formed = false;
    } else if (base::iequals(field->name, "Received")) {
      ++facts.received;
    } else if (base::iequals(field->name, "Date")) {
      facts.date = true;
    } else if (base::iequals(field->name, "Message-ID")) {
      facts.message_id = true;
    } else if (base::iequals(field->name, "Sender")) {
      facts.sender = true;
    } else if (base::iequals(field->name, "Delivered-To")) {
      ++facts.delivered_to;
      if (facts.delivered_to_addresses.size() < delivered_to_addresses_max)
        facts.delivered_to_addresses.push_back(base::to_lower(base::trim(field->value)));
    } else if (base::iequals(field->name, "From")) {
      facts.from = true;
      for (auto& a : mime::read_addresses(field->value, from_addresses_max))
        if (a.kind == mime::address_kind::mailbox && facts.from_addresses.size() < from_addresses_max)
          facts.from_addresses.push_back(a.text());
    }
    first = false;
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
  if (!facts.well_formed) out += "\r\n";
  return out;
}

} // namespace rookery::smtp
