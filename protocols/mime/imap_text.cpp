#include "protocols/mime/imap_text.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::mime {
namespace {

constexpr std::size_t quoted_octets_max = 1'000;

enum class form { plain, escaped, literal };

form form_of(std::string_view octets) {
  if (octets.size() > quoted_octets_max) return form::literal;
  auto f = form::plain;
  for (const char c : octets) {
    if (c == '"' || c == '\\') f = form::escaped;
    else if (c == '\r' || c == '\n' || c == '\0' || static_cast<unsigned char>(c) >= 0x80) return form::literal;
  }
  return f;
}

} // namespace

void append_string(std::string& out, std::string_view octets) {
  switch (form_of(octets)) {
  case form::plain:
    out += '"';
    out += octets;
    out += '"';
    return;
  case form::escaped:
    out += '"';
    for (const char c : octets) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
    return;
  case form::literal:
    const auto nuls = static_cast<std::size_t>(std::count(octets.begin(), octets.end(), '\0'));
    out += '{';
    base::append_number(out, octets.size() - nuls);
    out += "}\r\n";
    if (nuls == 0) out += octets;
    else std::copy_if(octets.begin(), octets.end(), std::back_inserter(out), [](char c) { return c != '\0'; });
    return;
  }
}

void append_nstring(std::string& out, std::string_view octets, bool present) {
  if (present) append_string(out, octets);
  else out += "NIL";
}

} // namespace rookery::mime
