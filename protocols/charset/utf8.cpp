#include "protocols/charset/utf8.hpp"

#include <array>
#include <cstring>

namespace rookery::charset {
namespace {

constexpr char32_t replacement = 0xFFFD;

/// The length of the well-formed character at `p`, or 0. `n` is at least 1.
std::size_t character_at(const unsigned char* p, std::size_t n, char32_t& out) noexcept {
  const auto lead = p[0];
  const auto tail = [&](std::size_t i) { return i < n && (p[i] & 0xC0) == 0x80; };
  if (lead < 0x80) {
    out = lead;
    return 1;
  }
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) {
    if (!tail(1)) return 0;
    out = static_cast<char32_t>((lead & 0x1F) << 6 | (p[1] & 0x3F));
    return 2;
  }
  if (lead < 0xF0) {
    if (!tail(1) || !tail(2)) return 0;
    out = static_cast<char32_t>((lead & 0x0F) << 12 | (p[1] & 0x3F) << 6 | (p[2] & 0x3F));
    return out < 0x800 || (out >= 0xD800 && out < 0xE000) ? 0 : 3;
  }
  if (lead < 0xF5) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    out = static_cast<char32_t>((lead & 0x07) << 18 | (p[1] & 0x3F) << 12 | (p[2] & 0x3F) << 6 | (p[3] & 0x3F));
    return out < 0x10000 || out > 0x10FFFF ? 0 : 4;
  }
  return 0;
}

/// The octets of an ill-formed character that count as one: as many as could still have begun a
/// well-formed one (Unicode §3.9, "maximal subpart").
std::size_t ill_formed_octets(const unsigned char* p, std::size_t n) noexcept {
  const auto lead = p[0];
  if (n < 2 || lead < 0xE0 || lead > 0xF4) return 1;
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (p[1] < low || p[1] > high) return 1;
  return lead >= 0xF0 && n > 2 && (p[2] & 0xC0) == 0x80 ? 3 : 2;
}

/// How many octets at the begin are ASCII, counted in words of eight, and of many.
std::size_t ascii_prefix(const char* p, std::size_t n) noexcept {
  std::size_t i = 0;
  for (std::array<std::uint64_t, 8> words; i + sizeof words <= n; i += sizeof words) {
    std::memcpy(words.data(), p + i, sizeof words);
    std::uint64_t all = 0;
    for (const auto w : words) all |= w;
    if (all & 0x8080808080808080ull) break;
  }
  for (; i + 8 <= n; i += 8) {
    std::uint64_t w;
    std::memcpy(&w, p + i, 8);
    if (w & 0x8080808080808080ull) break;
  }
  while (i < n && static_cast<unsigned char>(p[i]) < 0x80) ++i;
  return i;
}

} // namespace

bool is_ascii(std::string_view octets) noexcept {
  return ascii_prefix(octets.data(), octets.size()) == octets.size();
}

bool valid_utf8(std::string_view octets) noexcept {
  const auto* p = reinterpret_cast<const unsigned char*>(octets.data());
  for (std::size_t i = 0;;) {
    i += ascii_prefix(octets.data() + i, octets.size() - i);
    if (i == octets.size()) return true;
    char32_t c;
    const auto n = character_at(p + i, octets.size() - i, c);
    if (n == 0) return false;
    i += n;
  }
}

std::size_t utf8_prefix(std::string_view octets, std::size_t octets_max) noexcept {
  if (octets.size() <= octets_max) return octets.size();
  auto n = octets_max;
  for (int back = 0; n > 0 && back < 3 && (static_cast<unsigned char>(octets[n]) & 0xC0) == 0x80; ++back) --n;
  return (static_cast<unsigned char>(octets[n]) & 0xC0) == 0x80 ? octets_max : n;
}

char32_t next_code_point(std::string_view octets, std::size_t& at) noexcept {
  char32_t c;
  const auto* p = reinterpret_cast<const unsigned char*>(octets.data()) + at;
  const auto n = character_at(p, octets.size() - at, c);
  at += n == 0 ? ill_formed_octets(p, octets.size() - at) : n;
  return n == 0 ? replacement : c;
}

void append_code_point(std::string& out, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = replacement;
  const auto put = [&](char32_t octet) { out.push_back(static_cast<char>(static_cast<unsigned char>(octet))); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
    return put(0x80 | (c & 0x3F));
  }
  if (c < 0x10000) {
    put(0xE0 | c >> 12);
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
  }
  put(0x80 | (c >> 6 & 0x3F));
  put(0x80 | (c & 0x3F));
}

std::string repaired_utf8(std::string_view octets) {
  if (valid_utf8(octets)) return std::string(octets);
  std::string out;
  out.reserve(octets.size() + 16);
  for (std::size_t at = 0; at < octets.size();) append_code_point(out, next_code_point(octets, at));
  return out;
}

} // namespace rookery::charset
