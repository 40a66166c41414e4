#include "protocols/encoding/base64.hpp"

#include <algorithm>
#include <array>

namespace rookery::encoding {
namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
enum : std::uint8_t { pad = 64, space = 65, other = 66 };

constexpr auto values = [] {
  std::array<std::uint8_t, 256> v{};
  v.fill(other);
  for (std::uint8_t i = 0; i < 64; ++i) v[static_cast<unsigned char>(alphabet[i])] = i;
  v['='] = pad;
  v[' '] = v['\t'] = v['\r'] = v['\n'] = space;
  return v;
}();

std::uint32_t value_of(char c) { return values[static_cast<unsigned char>(c)]; }

void append_groups(std::string& out, std::string_view in) {
  const auto octet = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(in[i])); };
  const auto put = [&](std::uint32_t six) { out.push_back(alphabet[six & 63]); };
  std::size_t i = 0;
  for (; i + 3 <= in.size(); i += 3) {
    const auto bits = octet(i) << 16 | octet(i + 1) << 8 | octet(i + 2);
    put(bits >> 18);
    put(bits >> 12);
    put(bits >> 6);
    put(bits);
  }
  const auto left = in.size() - i;
  if (left == 0) return;
  const auto bits = octet(i) << 16 | (left == 2 ? octet(i + 1) << 8 : 0);
  put(bits >> 18);
  put(bits >> 12);
  if (left == 2) put(bits >> 6);
  else out.push_back('=');
  out.push_back('=');
}

} // namespace

std::string base64_encode(std::string_view octets) {
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4);
  append_groups(out, octets);
  return out;
}

void append_base64_lines(std::string& out, std::string_view octets) {
  constexpr std::size_t octets_of_line = 57;
  out.reserve(out.size() + octets.size() * 4 / 3 + octets.size() / octets_of_line * 2 + 8);
  for (; !octets.empty(); octets.remove_prefix(std::min(octets_of_line, octets.size()))) {
    append_groups(out, octets.substr(0, octets_of_line));
    out += "\r\n";
  }
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return {};
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const auto a = value_of(text[i]), b = value_of(text[i + 1]), c = value_of(text[i + 2]), d = value_of(text[i + 3]);
    const bool last = i + 4 == text.size();
    if (a > 63 || b > 63 || c > pad || d > pad) return {};
    const auto pads = (c == pad ? 1u : 0u) + (d == pad ? 1u : 0u);
    if ((pads > 0 && !last) || (c == pad && d != pad)) return {};
    if ((pads == 2 && (b & 15)) || (pads == 1 && (c & 3))) return {};
    const auto bits = a << 18 | b << 12 | (c == pad ? 0 : c) << 6 | (d == pad ? 0 : d);
    out.push_back(static_cast<char>(bits >> 16 & 255));
    if (pads < 2) out.push_back(static_cast<char>(bits >> 8 & 255));
    if (pads < 1) out.push_back(static_cast<char>(bits & 255));
  }
  return out;
}

void base64_decoder::decode(std::string_view text, std::string& out) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = p + text.size();
  const auto old_size = out.size();
  out.resize(old_size + text.size() / 4 * 3 + 3);
  char* to = out.data() + old_size;
  while (p < end) {
    if (count_ == 0) {
      for (; end - p >= 4; p += 4) {
        const std::uint32_t a = values[p[0]], b = values[p[1]], c = values[p[2]], d = values[p[3]];
        if ((a | b | c | d) > 63) break;
        const auto bits = a << 18 | b << 12 | c << 6 | d;
        *to++ = static_cast<char>(bits >> 16 & 255);
        *to++ = static_cast<char>(bits >> 8 & 255);
        *to++ = static_cast<char>(bits & 255);
      }
      if (p == end) break;
    }
    const std::uint32_t v = values[*p++];
    if (v < 64) {
      bits_ = bits_ << 6 | v;
      if (++count_ < 4) continue;
      *to++ = static_cast<char>(bits_ >> 16 & 255);
      *to++ = static_cast<char>(bits_ >> 8 & 255);
      *to++ = static_cast<char>(bits_ & 255);
      bits_ = count_ = 0;
    } else if (v == pad) {
      if (count_ >= 2) *to++ = static_cast<char>(bits_ >> (count_ == 2 ? 4 : 10) & 255);
      if (count_ == 3) *to++ = static_cast<char>(bits_ >> 2 & 255);
      bits_ = count_ = 0;
    } else if (v == other) {
      damaged_ = true;
    }
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
}

void base64_decoder::finish(std::string& out) {
  decode("=", out);
}

} // namespace rookery::encoding
