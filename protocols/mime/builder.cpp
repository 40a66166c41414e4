#include "protocols/mime/builder.hpp"

#include "base/text.hpp"
#include "protocols/charset/utf8.hpp"
#include "protocols/encoding/encoded_word.hpp"
#include "protocols/encoding/quoted_printable.hpp"
#include "protocols/mime/date.hpp"

#include <algorithm>

namespace rookery::mime {
namespace {

constexpr std::size_t line_octets_max = 78;  // RFC 5322 §2.1.1, what should be
constexpr std::size_t hard_octets_max = 998; // and what must be

std::string in_one_line(std::string_view value) {
  std::string out(base::trim(value));
  std::replace_if(out.begin(), out.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return out;
}

/// Lines of 7-bit text that fit, so that no encoding is needed.
bool fits_as_it_is(std::string_view text) {
  std::size_t column = 0;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x7f || (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r' && c != '\n')) return false;
    column = c == '\n' ? 0 : column + 1;
    if (column > hard_octets_max) return false;
  }
  return true;
}

void append_with_crlf(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out.push_back('\r');
    out.push_back(text[i]);
  }
}

} // namespace

std::string phrase(std::string_view utf8) {
  const auto text = in_one_line(utf8);
  const auto encoded = encoding::encode_words(text);
  if (encoded != text) return encoded;
  const bool atoms = std::all_of(text.begin(), text.end(), [](char c) { return base::is_alnum(c) || c == ' ' || c == '-' || c == '_'; });
  if (atoms) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out += '"';
}

std::string folded_field(std::string_view name, std::string_view value) {
  const auto line = in_one_line(value);
  std::string out(name);
  out += ':';
  std::size_t column = out.size();
  for (std::size_t at = 0; at < line.size();) {
    // One word with the white space before it.
    auto end = line.find_first_not_of(" \t", at);
    if (end == std::string::npos) break;
    const auto word_begin = end;
    end = std::min(line.find_first_of(" \t", end), line.size());
    const auto space = at == 0 ? std::string_view(" ") : std::string_view(line).substr(at, word_begin - at);
    const auto octets = space.size() + (end - word_begin);
    if (column + octets > line_octets_max && column > name.size() + 1) {
      out += "\r\n";
      column = 0;
    }
    out += space;
    out.append(line, word_begin, end - word_begin);
    column += octets;
    at = end;
  }
  if (line.empty()) out += ' ';
  out += "\r\n";
  return out;
}

message_builder& message_builder::field(std::string_view name, std::string_view value) {
  out_ += folded_field(name, value);
  return *this;
}

message_builder& message_builder::text_field(std::string_view name, std::string_view utf8) {
  return field(name, encoding::encode_words(in_one_line(utf8)));
}

message_builder& message_builder::address_field(std::string_view name, std::string_view display, std::string_view mailbox) {
  if (base::trim(display).empty()) return field(name, mailbox);
  auto value = phrase(display);
  value += " <";
  value += mailbox;
  value += '>';
  return field(name, value);
}

message_builder& message_builder::date(base::wall_time t, int zone_minutes) { return field("Date", write_date(t, zone_minutes)); }

message_builder& message_builder::message_id(std::string_view id) {
  std::string value = "<";
  value += id;
  value += '>';
  return field("Message-ID", value);
}

std::string message_builder::with_text(std::string_view utf8, std::string_view type) {
  field("MIME-Version", "1.0");
  std::string full(type);
  full += "; charset=utf-8";
  field("Content-Type", full);
  const bool plain = fits_as_it_is(utf8);
  field("Content-Transfer-Encoding", plain ? "7bit" : "quoted-printable");
  out_ += "\r\n";
  if (plain) append_with_crlf(out_, utf8);
  else out_ += encoding::quoted_printable_encode(utf8);
  if (!out_.ends_with('\n')) out_ += "\r\n";
  return std::move(out_);
}

std::string message_builder::with_body(std::string_view body) {
  out_ += "\r\n";
  out_ += body;
  return std::move(out_);
}

message_builder& message_builder::part(std::string_view content_fields, std::string_view body) {
  std::string p(content_fields);
  if (!p.empty() && !p.ends_with('\n')) p += "\r\n";
  p += "\r\n";
  p += body;
  parts_.push_back(std::move(p));
  return *this;
}

std::string message_builder::with_parts(std::string_view subtype, std::string_view boundary) {
  field("MIME-Version", "1.0");
  std::string type = "multipart/";
  ((((type += subtype) += "; boundary=\"") += boundary) += '"');
  field("Content-Type", type);
  out_ += "\r\n";
  for (const auto& p : parts_) {
    ((((out_ += "--") += boundary) += "\r\n") += p);
    if (!p.ends_with('\n')) out_ += "\r\n";
    out_ += "\r\n";
  }
  ((out_ += "--") += boundary) += "--\r\n";
  parts_.clear();
  return std::move(out_);
}

std::string new_message_id(base::wall_time t, std::string_view unique, std::string_view domain) {
  std::int32_t year = 0;
  unsigned month = 1, day = 1;
  const auto seconds = base::to_seconds(t);
  const auto days = (seconds >= 0 ? seconds : seconds - 86399) / 86400;
  civil_from_days(days, year, month, day);
  const auto s = static_cast<std::uint64_t>(seconds - days * 86400);
  std::string out;
  const auto stamp = ((static_cast<std::uint64_t>(std::clamp(year, 0, 9999)) * 100 + month) * 100 + day) * 1'000'000 + s / 3600 * 10'000 +
                     s / 60 % 60 * 100 + s % 60;
  base::append_number(out, stamp);
  ((((out += '.') += unique) += '@') += domain);
  return out;
}

} // namespace rookery::mime
