#include "protocols/smtp/reply.hpp"

namespace rookery::smtp {

namespace {

/// RFC 5321 §4.5.3.1.5, without code, separators, enhanced code and CRLF.
constexpr std::size_t text_octets_max = 512 - 4 - 10 - 2;

void append_line(base::buffer& out, const char (&code)[3], char separator, std::string_view enhanced, std::string_view text) {
  if (text.size() > text_octets_max) text = text.substr(0, text_octets_max);
  char* const start = out.prepare(text.size() + enhanced.size() + 8);
  char* at = start;
  for (const char c : code) *at++ = c;
  *at++ = separator;
  for (const char c : enhanced) *at++ = c;
  if (!enhanced.empty()) *at++ = ' ';
  for (const char c : text) *at++ = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  *at++ = '\r';
  *at++ = '\n';
  out.commit(static_cast<std::size_t>(at - start));
}

} // namespace

void append_reply(base::buffer& out, std::uint16_t code, std::string_view enhanced, std::string_view text) {
  const char digits[3] = {static_cast<char>('0' + code / 100 % 10), static_cast<char>('0' + code / 10 % 10),
                          static_cast<char>('0' + code % 10)};
  for (;;) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return append_line(out, digits, ' ', enhanced, text);
    append_line(out, digits, '-', enhanced, text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

} // namespace rookery::smtp
