#include "protocols/smtp/reply_reader.hpp"

#include "base/text.hpp"

#include <cstring>
#include <utility>

namespace rookery::smtp {

namespace {

/// "2.1.0 " at the front, of the same class as the code (RFC 2034 §4), and drops it there.
std::string take_enhanced(std::string_view& text, std::uint16_t code) {
  if (text.size() < 5 || text[0] != static_cast<char>('0' + code / 100)) return {};
  std::size_t at = 1;
  for (int part = 0; part < 2; ++part) {
    if (at >= text.size() || text[at] != '.') return {};
    const auto begin = ++at;
    while (at < text.size() && base::is_digit(text[at]) && at - begin < 3) ++at;
    if (at == begin) return {};
  }
  if (at < text.size() && text[at] != ' ') return {};
  std::string enhanced(text.substr(0, at));
  text.remove_prefix(at);
  while (text.starts_with(' ')) text.remove_prefix(1);
  return enhanced;
}

} // namespace

void reply_reader::restart() noexcept {
  reply_ = {};
  lines_ = octets_ = scanned_ = 0;
  fault_ = reply_fault::none;
}

std::optional<reply> reply_reader::next(base::buffer& input) {
  while (fault_ == reply_fault::none) {
    const auto text = input.view();
    const auto* lf = scanned_ < text.size()
                         ? static_cast<const char*>(std::memchr(text.data() + scanned_, '\n', text.size() - scanned_))
                         : nullptr;
    const auto octets = lf == nullptr ? text.size() : static_cast<std::size_t>(lf - text.data()) + 1;
    if (octets > limits_.line_octets || octets_ + octets > limits_.octets || (octets > 0 && lines_ == limits_.lines)) {
      fail(reply_fault::too_long);
      break;
    }
    if (lf == nullptr) {
      scanned_ = text.size();
      break;
    }
    scanned_ = 0;
    auto line = text.substr(0, octets - 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto code = base::parse_u32(line.substr(0, 3));
    const char separator = line.size() > 3 ? line[3] : ' ';
    if (line.size() < 3 || !code || *code < 200 || *code > 599 || (separator != ' ' && separator != '-')) {
      fail(reply_fault::malformed);
      break;
    }
    ++lines_;
    octets_ += octets;
    reply_.code = static_cast<std::uint16_t>(*code); // of the last line, should they differ
    line.remove_prefix(line.size() > 3 ? 4 : 3);
    auto enhanced = take_enhanced(line, reply_.code);
    if (!enhanced.empty()) reply_.enhanced = std::move(enhanced);
    if (lines_ > 1) reply_.text += '\n';
    for (const char c : line) reply_.text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    input.consume(octets);
    if (separator == '-') continue;
    auto complete = std::exchange(reply_, {});
    lines_ = octets_ = 0;
    return complete;
  }
  return {};
}

} // namespace rookery::smtp
