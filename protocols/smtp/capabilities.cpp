#include "protocols/smtp/capabilities.hpp"

#include "base/text.hpp"

#include <utility>

namespace rookery::smtp {

namespace {

/// The next word, which is dropped.
std::string_view take_word(std::string_view& text) {
  text = base::trim(text);
  const auto end = text.find_first_of(" \t");
  const auto word = text.substr(0, end);
  text.remove_prefix(word.size());
  return word;
}

void read_mechanisms(std::string_view text, std::vector<std::string>& list) {
  for (auto word = take_word(text); !word.empty() && list.size() < mechanisms_max; word = take_word(text)) {
    bool known = false;
    for (const auto& one : list) known = known || base::iequals(one, word);
    if (!known) list.emplace_back(word);
  }
}

void read_limits(std::string_view text, capabilities& c) {
  for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
    const auto equals = word.find('=');
    if (equals == std::string_view::npos) continue;
    const auto number = base::parse_u32(word.substr(equals + 1));
    if (!number || *number == 0) continue;
    const auto name = word.substr(0, equals);
    if (base::iequals(name, "MAILMAX")) c.mails_most = *number;
    else if (base::iequals(name, "RCPTMAX")) c.recipients_most = *number;
    else if (base::iequals(name, "RCPTDOMAINMAX")) c.recipient_domains_most = *number;
  }
}

void read_line(std::string_view line, capabilities& c) {
  static constexpr struct {
    std::string_view name;
    bool capabilities::*flag;
  } flags[] = {{"PIPELINING", &capabilities::pipelining}, {"8BITMIME", &capabilities::eight_bit_mime},
               {"CHUNKING", &capabilities::chunking}, {"BINARYMIME", &capabilities::binary_mime},
               {"SMTPUTF8", &capabilities::smtputf8}, {"DSN", &capabilities::dsn}, {"STARTTLS", &capabilities::starttls},
               {"REQUIRETLS", &capabilities::require_tls},
               {"ENHANCEDSTATUSCODES", &capabilities::enhanced_status_codes}, {"ETRN", &capabilities::etrn},
               {"SIZE", &capabilities::size}, {"DELIVERBY", &capabilities::deliver_by}};
  auto rest = line;
  const auto word = take_word(rest);
  for (const auto& f : flags)
    if (base::iequals(word, f.name)) c.*f.flag = true;
  if (base::iequals(word, "SIZE")) {
    const auto octets = base::parse_u64(base::trim(rest));
    if (octets && *octets > 0) c.message_octets_most = *octets;
  } else if (base::iequals(word, "DELIVERBY")) {
    if (const auto least = base::parse_u32(take_word(rest).substr(0, 9))) c.deliver_by_least = std::chrono::seconds(*least);
  } else if (base::iequals(word, "AUTH")) {
    read_mechanisms(rest, c.mechanisms);
  } else if (base::istarts_with(word, "AUTH=")) { // as servers wrote it before RFC 2554
    read_mechanisms(line.substr(5), c.mechanisms);
  } else if (base::iequals(word, "LIMITS")) {
    read_limits(rest, c);
  }
}

} // namespace

capabilities read_capabilities(std::string_view text) {
  capabilities c;
  c.extended = true;
  bool first = true;
  for (const auto line : base::split(text, '\n'))
    if (!std::exchange(first, false)) read_line(base::trim(line), c);
  return c;
}

} // namespace rookery::smtp
