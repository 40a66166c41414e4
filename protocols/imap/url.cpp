#include "protocols/imap/url.hpp"

#include "base/text.hpp"
#include "protocols/imap/command_parser.hpp"
#include "protocols/imap/mailbox_name.hpp"

#include <algorithm>

namespace rookery::imap {

namespace {

/// Any pair of hex digits; nothing for a broken one, and for control characters, encoded or not.
std::optional<std::string> decoded(std::string_view text) {
  const auto hex = [](char c) -> int {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return {};
      c = static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return {};
    out.push_back(c);
  }
  return out;
}

/// Takes ";NAME=" value off the front of `text`, up to `ends`.
std::optional<std::string_view> parameter(std::string_view& text, std::string_view name, std::string_view ends) {
  if (!text.starts_with(';') || !base::istarts_with(text.substr(1), name) || text.substr(1 + name.size()).substr(0, 1) != "=") return {};
  auto value = text.substr(name.size() + 2);
  value = value.substr(0, value.find_first_of(ends));
  text.remove_prefix(name.size() + 2 + value.size());
  return value;
}

bool nonzero(std::string_view text, std::uint32_t& to) {
  const auto value = base::parse_u64(text);
  if (!value || *value == 0 || *value > UINT32_MAX) return false;
  to = static_cast<std::uint32_t>(*value);
  return true;
}

/// "//" [user[";AUTH=" type] "@"] host [":" port]; `text` keeps what is behind.
bool read_server(std::string_view& text, message_url& out) {
  auto place = text.substr(0, text.find('/'));
  text.remove_prefix(place.size());
  if (const auto at = place.rfind('@'); at != std::string_view::npos) {
    auto who = place.substr(0, at);
    place.remove_prefix(at + 1);
    auto user = decoded(who.substr(0, who.find(';')));
    if (!user) return false;
    out.user = std::move(*user);
  }
  if (const auto colon = place.rfind(':'); colon != std::string_view::npos && place.find(']', colon) == std::string_view::npos) {
    const auto port = base::parse_u64(place.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return false;
    out.port = static_cast<std::uint16_t>(*port);
    place = place.substr(0, colon);
  }
  auto host = decoded(place);
  if (!host || host->empty()) return false;
  out.host = base::to_lower(*host);
  return true;
}

/// ";SECTION=": as between the brackets of BODY[…].
bool read_section(std::string_view encoded, const server_limits& limits, fetch_section& out) {
  const auto text = decoded(encoded);
  if (!text || text->empty()) return false;
  const auto item = "(BODY.PEEK[" + *text + "])";
  word_reader reader(item, {&limits, true});
  fetch_items items;
  if (!read_fetch_items(reader, items) || !reader.at_end() || items.sections.size() != 1 || items.bits != 0) return false;
  out = std::move(items.sections.front());
  return !out.partial;
}

/// ";PARTIAL=" offset ["." octets].
bool read_partial(std::string_view text, message_url& out) {
  const auto dot = text.find('.');
  const auto offset = base::parse_u64(text.substr(0, dot));
  if (!offset) return false;
  out.section.partial = true;
  out.section.offset = *offset;
  if (dot == std::string_view::npos) {
    out.to_end = true;
    return true;
  }
  const auto octets = base::parse_u64(text.substr(dot + 1));
  if (!octets || *octets == 0) return false;
  out.section.octets = *octets;
  return true;
}

/// Two to four digits at the front, taken off.
bool take_digits(std::string_view& text, std::size_t count, int& to) {
  if (text.size() < count) return false;
  const auto value = base::parse_u32(text.substr(0, count));
  if (!value) return false;
  to = static_cast<int>(*value);
  text.remove_prefix(count);
  return true;
}
bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// RFC 3339 §5.6: "2026-11-21T10:00:00.5+01:00". Fractions of a second are dropped.
std::optional<base::wall_time> read_time(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!take_digits(text, 4, year) || !take(text, "-") || !take_digits(text, 2, month) || !take(text, "-") ||
      !take_digits(text, 2, day) || !take(text, "Tt") || !take_digits(text, 2, hour) || !take(text, ":") ||
      !take_digits(text, 2, minute) || !take(text, ":") || !take_digits(text, 2, second))
    return {};
  if (take(text, ".")) {
    const auto end = text.find_first_not_of("0123456789");
    if (end == 0 || end == std::string_view::npos) return {};
    text.remove_prefix(end);
  }
  int zone = 0;
  if (!take(text, "Zz")) {
    const bool west = text.starts_with('-');
    int zone_minute = 0;
    if (!take(text, "+-") || !take_digits(text, 2, zone) || !take(text, ":") || !take_digits(text, 2, zone_minute) || zone > 23 ||
        zone_minute > 59)
      return {};
    zone = (zone * 60 + zone_minute) * (west ? -1 : 1);
  }
  const auto date = std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) / std::chrono::day(static_cast<unsigned>(day));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60 || !text.empty()) return {};
  return base::wall_time(std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute - zone) +
                         std::chrono::seconds(second));
}

/// ";URLAUTH=" access [":" mechanism ":" token].
bool read_authorization(std::string_view text, message_url& out) {
  const auto access = text.substr(0, text.find(':'));
  text.remove_prefix(access.size());
  const auto plus = access.find('+');
  const auto word = access.substr(0, plus);
  if (base::iequals(word, "anonymous")) out.access = url_access::anonymous;
  else if (base::iequals(word, "authuser")) out.access = url_access::authuser;
  else if (base::iequals(word, "user")) out.access = url_access::user;
  else if (base::iequals(word, "submit")) out.access = url_access::submit;
  else return false;
  const bool named = out.access == url_access::user || out.access == url_access::submit;
  if (named != (plus != std::string_view::npos)) return false;
  if (named) {
    auto user = decoded(access.substr(plus + 1));
    if (!user || user->empty()) return false;
    out.access_user = std::move(*user);
  }
  if (text.empty()) return true;
  text.remove_prefix(1);
  const auto colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  out.mechanism = base::to_lower(text.substr(0, colon));
  out.token = text.substr(colon + 1);
  return std::all_of(out.mechanism.begin(), out.mechanism.end(), [](char c) { return base::is_alnum(c) || c == '-' || c == '.'; }) &&
         out.token.size() >= 32 && base::from_hex(out.token).has_value();
}

} // namespace

std::optional<message_url> parse_message_url(std::string_view text, const server_limits& limits) {
  if (text.size() > limits.url_octets) return {};
  const auto whole = text;
  message_url out;
  if (base::istarts_with(text, "imap://")) {
    text.remove_prefix(7);
    out.absolute = true;
    if (!read_server(text, out) || !text.starts_with('/')) return {};
  }
  if (text.starts_with("//")) return {};
  const bool rooted = text.starts_with('/');
  if (rooted) text.remove_prefix(1);

  // enc-mailbox holds '/', but no ';' that is not encoded.
  auto name = text.substr(0, text.find(';'));
  text.remove_prefix(name.size());
  if (const auto validity = parameter(text, "UIDVALIDITY", "/;")) {
    if (name.empty() || !nonzero(*validity, out.uid_validity) || !text.starts_with('/')) return {};
    text.remove_prefix(1);
  } else if (!name.empty()) {
    if (!name.ends_with('/')) return {};
    name.remove_suffix(1);
  }
  // RFC 3986 §5.2: only what begins with the server's root, or stays with the selected mailbox, is sure.
  if (rooted == name.empty()) return {};
  if (!name.empty()) {
    const auto wire = decoded(name);
    if (!wire) return {};
    auto mailbox = read_mailbox_name(*wire, true, limits);
    if (!mailbox) return {};
    out.mailbox = std::move(*mailbox);
  }
  const auto uid = parameter(text, "UID", "/;");
  if (!uid || !nonzero(*uid, out.uid)) return {};
  out.section.peek = true;
  if (auto rest = text; take(rest, "/")) {
    if (const auto section = parameter(rest, "SECTION", ";")) {
      auto encoded = *section;
      if (encoded.ends_with('/') && base::istarts_with(rest, ";PARTIAL=")) {
        encoded.remove_suffix(1);
        rest = text.substr(text.size() - rest.size() - 1);
      }
      if (!read_section(encoded, limits, out.section)) return {};
      text = rest;
    }
  }
  if (auto rest = text; take(rest, "/")) {
    const auto partial = parameter(rest, "PARTIAL", "/;");
    if (!partial || !read_partial(*partial, out)) return {};
    text = rest;
  }
  if (const auto expires = parameter(text, "EXPIRE", ";")) {
    out.expires = read_time(*expires);
    if (!out.expires || text.empty()) return {};
  }
  if (const auto authorization = parameter(text, "URLAUTH", "/;")) {
    if (!out.absolute || out.user.empty() || !read_authorization(*authorization, out)) return {};
    const auto after = out.mechanism.empty() ? 0 : out.mechanism.size() + out.token.size() + 2;
    out.rump_octets = whole.size() - text.size() - after;
  }
  if (!text.empty()) return {};
  return out;
}

} // namespace rookery::imap
