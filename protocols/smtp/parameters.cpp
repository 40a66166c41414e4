#include "protocols/smtp/parameters.hpp"

#include "base/text.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/smtp/limits.hpp"
#include "protocols/smtp/address.hpp"

namespace rookery::smtp {

namespace {

struct parameter {
  std::string_view name, value;
  bool has_value = false;
};

/// esmtp-param (RFC 5321 §4.1.2): a keyword, and a value without controls, spaces and '='
/// (UTF-8 by RFC 6531 §3.3).
base::result<std::optional<parameter>, parameter_error> next_parameter(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (text.empty()) return std::optional<parameter>();
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  const auto equals = word.find('=');
  parameter p{word.substr(0, equals), {}, equals != std::string_view::npos};
  if (p.has_value) p.value = word.substr(equals + 1);
  if (p.name.empty() || !base::is_alnum(p.name.front()) || (p.has_value && p.value.empty()))
    return base::fail(parameter_error::malformed);
  for (const char c : p.name)
    if (!base::is_alnum(c) && c != '-') return base::fail(parameter_error::malformed);
  for (const char c : p.value)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return base::fail(parameter_error::malformed);
  return std::optional(p);
}

/// RFC 2852 §4: by-time ";" by-mode [by-trace].
std::optional<deliver_by> read_by(std::string_view text) {
  deliver_by by;
  const auto semicolon = text.find(';');
  if (semicolon == std::string_view::npos) return {};
  auto time = text.substr(0, semicolon);
  const auto mode = text.substr(semicolon + 1);
  const bool negative = time.starts_with('-');
  if (negative || time.starts_with('+')) time.remove_prefix(1);
  const auto seconds = base::parse_u32(time);
  if (!seconds || time.size() > 9 || mode.empty() || mode.size() > 2) return {};
  by.seconds = negative ? -static_cast<std::int32_t>(*seconds) : static_cast<std::int32_t>(*seconds);
  const char letter = base::ascii_upper(mode[0]);
  if (letter != 'R' && letter != 'N') return {};
  by.or_return = letter == 'R';
  if (mode.size() == 2 && base::ascii_upper(mode[1]) != 'T') return {};
  by.trace = mode.size() == 2;
  return by;
}

/// RFC 3339 date-time, as HOLDUNTIL has it.
std::optional<base::wall_time> read_date_time(std::string_view t) {
  using namespace std::chrono;
  if (t.size() < 20 || t[4] != '-' || t[7] != '-' || base::ascii_upper(t[10]) != 'T' || t[13] != ':' || t[16] != ':') return {};
  const auto number = [&](std::size_t at, std::size_t n) { return base::parse_u32(t.substr(at, n)); };
  const auto y = number(0, 4), mo = number(5, 2), d = number(8, 2), h = number(11, 2), mi = number(14, 2), s = number(17, 2);
  if (!y || !mo || !d || !h || !mi || !s || *h > 23 || *mi > 59 || *s > 60) return {};
  const year_month_day date{year(static_cast<int>(*y)), month(*mo), day(*d)};
  if (!date.ok()) return {};
  auto zone = t.substr(19);
  if (zone.starts_with('.')) {
    const auto end = zone.find_first_not_of("0123456789", 1);
    if (end == std::string_view::npos || end == 1) return {};
    zone.remove_prefix(end);
  }
  minutes offset{0};
  if (!base::iequals(zone, "Z")) {
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return {};
    const auto zh = base::parse_u32(zone.substr(1, 2)), zm = base::parse_u32(zone.substr(4, 2));
    if (!zh || !zm || *zh > 23 || *zm > 59) return {};
    offset = hours(*zh) + minutes(*zm);
    if (zone[0] == '-') offset = -offset;
  }
  return base::wall_time(sys_days(date)) + hours(*h) + minutes(*mi) + seconds(*s) - offset;
}

/// One value of a MAIL parameter; false: malformed or given twice.
base::result<bool, parameter_error> put(mail_parameters& m, const parameter& p, const extensions& offered) {
  const auto is = [&](std::string_view name) { return base::iequals(p.name, name); };
  if (is("SIZE") && offered.size) {
    const auto size = base::parse_u64(p.value);
    if (!size || p.value.size() > 20 || m.size) return false;
    m.size = size;
    return true;
  }
  if (is("BODY") && offered.eight_bit_mime) {
    if (m.body_given) return false;
    m.body_given = true;
    if (base::iequals(p.value, "7BIT")) m.body = body_type::seven_bit;
    else if (base::iequals(p.value, "8BITMIME")) m.body = body_type::eight_bit_mime;
    else if (base::iequals(p.value, "BINARYMIME") && offered.binary_mime) m.body = body_type::binary_mime;
    else return false;
    return true;
  }
  if (is("SMTPUTF8") && offered.smtputf8) {
    if (p.has_value || m.smtputf8) return false;
    return m.smtputf8 = true;
  }
  if (is("RET") && offered.dsn) {
    if (m.ret != dsn_return::unset) return false;
    if (base::iequals(p.value, "FULL")) m.ret = dsn_return::full;
    else if (base::iequals(p.value, "HDRS")) m.ret = dsn_return::headers;
    else return false;
    return true;
  }
  if (is("ENVID") && offered.dsn) {
    if (!m.envelope_id.empty() || p.value.empty() || p.value.size() > 100 || !decode_xtext(p.value)) return false;
    m.envelope_id = p.value;
    return true;
  }
  if (is("AUTH") && offered.auth) {
    if (m.auth || !p.has_value) return false;
    auto decoded = decode_xtext(p.value);
    if (!decoded) return false;
    m.auth = *decoded == "<>" ? std::string() : std::move(*decoded);
    return true;
  }
  if (is("REQUIRETLS") && offered.require_tls) {
    if (p.has_value || m.require_tls) return false;
    return m.require_tls = true;
  }
  if (is("BY") && offered.deliver_by) {
    if (m.by) return false;
    m.by = read_by(p.value);
    return m.by.has_value();
  }
  if ((is("HOLDFOR") || is("HOLDUNTIL")) && offered.future_release) {
    if (m.hold_for || m.hold_until) return false; // RFC 4865 §4: only one of them
    if (is("HOLDUNTIL")) {
      m.hold_until = read_date_time(p.value);
      return m.hold_until.has_value();
    }
    const auto seconds = base::parse_u32(p.value);
    if (!seconds || p.value.size() > 9) return false;
    m.hold_for = std::chrono::seconds(*seconds);
    return true;
  }
  return base::fail(parameter_error::unknown);
}

std::optional<std::uint8_t> read_notify(std::string_view text) {
  std::uint8_t set = 0;
  for (const auto word : base::split(text, ',')) {
    std::uint8_t one = 0;
    if (base::iequals(word, "NEVER")) one = notify::never;
    else if (base::iequals(word, "SUCCESS")) one = notify::success;
    else if (base::iequals(word, "FAILURE")) one = notify::failure;
    else if (base::iequals(word, "DELAY")) one = notify::delay;
    if (one == 0) return {};
    set = static_cast<std::uint8_t>(set | one);
  }
  // RFC 3461 §4.1: NEVER stands alone.
  if ((set & notify::never) != 0 && set != notify::never) return {};
  return set;
}

/// addr-type ";" xtext; for the type utf-8 also the forms of RFC 6533 §3.
bool valid_original_recipient(std::string_view text) {
  const auto semicolon = text.find(';');
  if (semicolon == std::string_view::npos || semicolon == 0 || semicolon + 1 == text.size() || text.size() > original_recipient_octets_max) return false;
  for (const char c : text.substr(0, semicolon))
    if (!base::is_alnum(c) && c != '-') return false;
  const auto address = text.substr(semicolon + 1);
  if (base::iequals(text.substr(0, semicolon), "utf-8")) return charset::valid_utf8(address);
  return decode_xtext(address).has_value();
}

} // namespace

base::result<mail_parameters, parameter_error> read_mail_parameters(std::string_view text, const extensions& offered) {
  mail_parameters m;
  for (;;) {
    const auto p = next_parameter(text);
    if (!p) return base::fail(p.error());
    if (!*p) return m;
    const auto good = put(m, **p, offered);
    if (!good) return base::fail(good.error());
    if (!*good) return base::fail(parameter_error::malformed);
  }
}

base::result<rcpt_parameters, parameter_error> read_rcpt_parameters(std::string_view text, const extensions& offered) {
  rcpt_parameters r;
  for (;;) {
    const auto p = next_parameter(text);
    if (!p) return base::fail(p.error());
    if (!*p) return r;
    const auto& [name, value, has_value] = **p;
    if (offered.dsn && base::iequals(name, "NOTIFY")) {
      const auto set = read_notify(value);
      if (!set || r.notify != 0) return base::fail(parameter_error::malformed);
      r.notify = *set;
    } else if (offered.dsn && base::iequals(name, "ORCPT")) {
      if (!r.original_recipient.empty() || !valid_original_recipient(value)) return base::fail(parameter_error::malformed);
      r.original_recipient = value;
    } else {
      return base::fail(parameter_error::unknown);
    }
  }
}

std::optional<std::string> decode_xtext(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c < 0x21 || c > 0x7e || c == '=') return {};
    if (c != '+') {
      out.push_back(c);
      continue;
    }
    const auto hex = text.substr(i + 1, 2);
    for (const char h : hex)
      if (h >= 'a' && h <= 'f') return {}; // RFC 3461 §4: upper case only
    const auto octet = base::from_hex(hex);
    if (!octet || octet->size() != 1) return {};
    out += *octet;
    i += 2;
  }
  return out;
}

std::string encode_xtext(std::string_view octets) {
  std::string out;
  out.reserve(octets.size());
  for (const char c : octets) {
    if (c >= 0x21 && c <= 0x7e && c != '+' && c != '=') {
      out.push_back(c);
    } else {
      out.push_back('+');
      out += base::to_upper(base::to_hex({&c, 1}));
    }
  }
  return out;
}

std::string encode_utf8_address(std::string_view utf8) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto c = charset::next_code_point(utf8, at);
    if (c > 0x20 && c < 0x7f && c != '+' && c != '=' && c != '\\') {
      out += static_cast<char>(c);
      continue;
    }
    out += "\\x{";
    int shift = 20;
    while (shift > 4 && c >> shift == 0) shift -= 4; // two digits at least
    for (; shift >= 0; shift -= 4) out += digits[c >> shift & 15];
    out += '}';
  }
  return out;
}

std::optional<std::string> decode_utf8_address(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    const auto end = text.find('}', at);
    if (!text.substr(at).starts_with("\\x{") || end == std::string_view::npos || end - at < 5 || end - at > 9) return {};
    std::uint32_t c = 0;
    for (const char h : text.substr(at + 3, end - at - 3)) {
      const auto digit = base::is_digit(h) ? h - '0' : h >= 'A' && h <= 'F' ? h - 'A' + 10 : -1;
      if (digit < 0) return {};
      c = c << 4 | static_cast<std::uint32_t>(digit);
    }
    charset::append_code_point(out, static_cast<char32_t>(c));
    at = end;
  }
  if (!charset::valid_utf8(out)) return {};
  return out;
}

std::string decode_typed_address(std::string_view text) {
  const auto semicolon = text.find(';');
  if (semicolon == std::string_view::npos) return std::string(base::trim(text));
  const auto type = base::trim(text.substr(0, semicolon));
  const auto address = base::trim(text.substr(semicolon + 1));
  if (base::iequals(type, "rfc822")) {
    if (auto plain = decode_xtext(address)) return std::move(*plain);
  } else if (base::iequals(type, "utf-8")) {
    if (auto plain = decode_utf8_address(address)) return std::move(*plain);
  }
  return std::string(address);
}

} // namespace rookery::smtp
