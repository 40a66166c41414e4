#include "protocols/json/writer.hpp"

#include "base/text.hpp"

#include <charconv>
#include <cmath>

namespace rookery::json {

namespace {

/// Octets of the well-formed UTF-8 sequence at the beginning of `text`, or 0 (RFC 3629 §4).
std::size_t utf8_sequence(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto in = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && at(i) >= low && at(i) <= high;
  };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return in(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;
    return in(1, low, high) && in(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;
    return in(1, low, high) && in(2, 0x80, 0xbf) && in(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

} // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0; // of `text`, not yet appended
  const auto flush = [&](std::size_t to) { out.append(text.substr(plain, to - plain)); };
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      if (const auto n = utf8_sequence(text.substr(i)); n != 0) {
        i += n;
        continue;
      }
      flush(i);
      out += "\xef\xbf\xbd";
    } else if (c == '"' || c == '\\') {
      flush(i);
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20 || c == 0x7f) {
      flush(i);
      switch (c) {
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        out += "\\u00";
        out += "0123456789abcdef"[c >> 4];
        out += "0123456789abcdef"[c & 15];
      }
    } else {
      ++i;
      continue;
    }
    plain = ++i;
  }
  flush(text.size());
  out += '"';
}

void writer::separate() {
  if (comma_) out_ += ',';
  comma_ = true;
}

writer& writer::open(char c) {
  separate();
  out_ += c;
  comma_ = false;
  return *this;
}

writer& writer::close(char c) {
  out_ += c;
  comma_ = true;
  return *this;
}

writer& writer::key(std::string_view name) {
  separate();
  append_quoted(out_, name);
  out_ += ':';
  comma_ = false;
  return *this;
}

writer& writer::string(std::string_view text) {
  separate();
  append_quoted(out_, text);
  return *this;
}

writer& writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

writer& writer::number(std::uint64_t n) {
  separate();
  base::append_number(out_, n);
  return *this;
}

writer& writer::number(std::int64_t n) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, n).ptr;
  return raw({text, static_cast<std::size_t>(end - text)});
}

writer& writer::number(double d) {
  if (!std::isfinite(d)) return null();
  char text[40];
  auto end = std::to_chars(text, text + sizeof text - 2, d).ptr;
  // A number without fraction and exponent would read back as a whole number.
  if (std::string_view(text, static_cast<std::size_t>(end - text)).find_first_of(".e") == std::string_view::npos) {
    *end++ = '.';
    *end++ = '0';
  }
  return raw({text, static_cast<std::size_t>(end - text)});
}

} // namespace rookery::json
