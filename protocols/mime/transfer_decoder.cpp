#include "protocols/mime/transfer_decoder.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace rookery::mime {
namespace {
constexpr std::size_t line_octets_max = 1'000;
} // namespace

void transfer_decoder::uuencode_line(std::string_view line, std::string& out) {
  line = line.substr(0, line.find_first_of("\r\n"));
  if (uuencode_ == place::before) {
    if (line.starts_with("begin ")) uuencode_ = place::within;
    return;
  }
  if (uuencode_ == place::behind || line.empty()) return;
  if (line == "end") {
    uuencode_ = place::behind;
    return;
  }
  const auto value = [&](std::size_t i) { return i < line.size() ? (static_cast<std::uint32_t>(static_cast<unsigned char>(line[i])) - 32) & 63 : 0u; };
  std::size_t left = value(0);
  for (std::size_t i = 1; left > 0; i += 4) {
    const auto bits = value(i) << 18 | value(i + 1) << 12 | value(i + 2) << 6 | value(i + 3);
    for (int shift = 16; shift >= 0 && left > 0; shift -= 8, --left) out.push_back(static_cast<char>(bits >> shift & 255));
  }
}

void transfer_decoder::decode(std::string_view text, std::string& out) {
  switch (encoding_) {
  case transfer_encoding::base64: return base64_.decode(text, out);
  case transfer_encoding::quoted_printable: return quoted_printable_.decode(text, out);
  case transfer_encoding::uuencode:
    while (!text.empty()) {
      const auto n = std::min(text.find('\n'), text.size() - 1) + 1;
      const bool whole = text[n - 1] == '\n';
      line_.append(text.substr(0, std::min(n, line_octets_max - std::min(line_.size(), line_octets_max))));
      text.remove_prefix(n);
      if (!whole) return;
      uuencode_line(line_, out);
      line_.clear();
    }
    return;
  default: out += text;
  }
}

void transfer_decoder::finish(std::string& out) {
  switch (encoding_) {
  case transfer_encoding::base64: return base64_.finish(out);
  case transfer_encoding::quoted_printable: return quoted_printable_.finish(out);
  case transfer_encoding::uuencode:
    uuencode_line(line_, out);
    line_.clear();
    return;
  default: return;
  }
}

} // namespace rookery::mime
