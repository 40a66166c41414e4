#include "protocols/smtp/trace.hpp"

#include "base/text.hpp"
#include "protocols/mime/date.hpp"

namespace rookery::smtp {

namespace {

/// What a stranger said, fit for a header: no controls, no parentheses or backslashes that would
/// end a comment.
std::string cleaned(std::string_view text, bool utf8 = false) {
  auto out = base::printable(text, 255);
  for (char& c : out)
    if (c == '(' || c == ')' || c == '\\' || c == ';' || (!utf8 && static_cast<unsigned char>(c) >= 0x80)) c = '?';
  return out;
}

/// "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 §4.1.3).
std::string literal_of(std::string_view address) {
  std::string out = address.find(':') != std::string_view::npos ? "[IPv6:" : "[";
  out += address;
  return out += ']';
}

} // namespace

std::string_view with_protocol(greeting_verb g, bool tls, bool authenticated, bool smtputf8) noexcept {
  // RFC 3848 and RFC 6531 §4.3; each row: plain, S, A, SA.
  static constexpr std::string_view names[4][4] = {{"ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA"},
                                                   {"UTF8SMTP", "UTF8SMTPS", "UTF8SMTPA", "UTF8SMTPSA"},
                                                   {"LMTP", "LMTPS", "LMTPA", "LMTPSA"},
                                                   {"UTF8LMTP", "UTF8LMTPS", "UTF8LMTPA", "UTF8LMTPSA"}};
  if (g == greeting_verb::helo) return "SMTP";
  return names[(g == greeting_verb::lhlo ? 2 : 0) + (smtputf8 ? 1 : 0)][(authenticated ? 2 : 0) + (tls ? 1 : 0)];
}

std::string received_field(const received_facts& f) {
  std::string out = "Received: from ";
  out.reserve(400);
  const auto name = cleaned(f.helo, f.smtputf8);
  out += name.empty() ? "unknown" : name;
  if (f.connection != nullptr && !f.connection->peer_address.empty()) {
    out += " (";
    out += literal_of(f.connection->peer_address);
    out += ')';
  }
  out += "\r\n\tby ";
  out += f.by;
  if (!f.software.empty()) {
    out += " (";
    out += cleaned(f.software);
    out += ')';
  }
  const bool tls = f.connection != nullptr && f.connection->tls;
  out += " with ";
  out += with_protocol(f.greeting, tls, f.authenticated, f.smtputf8);
  if (tls && !f.connection->tls_version.empty()) {
    out += "\r\n\t(";
    out += cleaned(f.connection->tls_version);
    out += ' ';
    out += cleaned(f.connection->tls_cipher);
    out += ')';
  }
  if (!f.id.empty()) {
    out += tls ? " id " : "\r\n\tid ";
    out += f.id;
  }
  if (!f.for_recipient.empty()) {
    out += "\r\n\tfor <";
    out += f.for_recipient;
    out += '>';
  }
  out += ";\r\n\t";
  out += mime::write_date(f.time);
  return out += "\r\n";
}

std::string return_path_field(std::string_view sender) {
  std::string out = "Return-Path: <";
  out += sender;
  return out += ">\r\n";
}

std::string delivered_to_field(std::string_view address) {
  std::string out = "Delivered-To: ";
  out += address;
  return out += "\r\n";
}

} // namespace rookery::smtp
