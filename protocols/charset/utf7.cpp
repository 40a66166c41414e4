#include "protocols/charset/utf7.hpp"

#include "protocols/charset/utf8.hpp"

#include <cstdint>

namespace rookery::charset {
namespace {

// RFC 3501 §5.1.3: "," stands for "/".
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

bool plain(char32_t c) { return c >= 0x20 && c <= 0x7e; }

/// The UTF-16 units of one run between '&' and '-', as UTF-8.
bool decode_run(std::string_view run, std::string& out) {
  std::uint32_t bits = 0, units_high = 0;
  unsigned count = 0;
  for (const char c : run) {
    const auto v = alphabet.find(c);
    if (v == std::string_view::npos) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(v);
    count += 6;
    if (count < 16) continue;
    count -= 16;
    const char32_t unit = bits >> count & 0xFFFF;
    bits &= (1u << count) - 1;
    if (units_high != 0) {
      if (unit < 0xDC00 || unit >= 0xE000) return false;
      append_code_point(out, 0x10000 + ((units_high - 0xD800) << 10) + (unit - 0xDC00));
      units_high = 0;
    } else if (unit >= 0xD800 && unit < 0xDC00) {
      units_high = unit;
    } else if ((unit >= 0xDC00 && unit < 0xE000) || plain(unit) || unit == 0) {
      return false;
    } else {
      append_code_point(out, unit);
    }
  }
  return units_high == 0 && count < 6 && bits == 0;
}

} // namespace

std::optional<std::string> from_modified_utf7(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  bool after_run = false;
  for (std::size_t i = 0; i < name.size();) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (!plain(c)) return {};
    if (c != '&') {
      out.push_back(name[i++]);
      after_run = false;
      continue;
    }
    const auto end = name.find('-', i + 1);
    if (end == std::string_view::npos) return {};
    const auto run = name.substr(i + 1, end - i - 1);
    i = end + 1;
    if (run.empty()) {
      out.push_back('&');
      after_run = false;
      continue;
    }
    if (after_run || !decode_run(run, out)) return {};
    after_run = true;
  }
  return out;
}

std::optional<std::string> to_modified_utf7(std::string_view utf8) {
  if (!valid_utf8(utf8)) return {};
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  bool in_run = false;
  const auto unit = [&](char32_t u) {
    bits = bits << 16 | u;
    count += 16;
    for (; count >= 6; count -= 6) out.push_back(alphabet[bits >> (count - 6) & 63]);
    bits &= (1u << count) - 1;
  };
  const auto end_run = [&] {
    if (!in_run) return;
    if (count > 0) out.push_back(alphabet[bits << (6 - count) & 63]);
    out.push_back('-');
    bits = count = 0;
    in_run = false;
  };
  for (std::size_t at = 0; at < utf8.size();) {
    const auto c = next_code_point(utf8, at);
    if (plain(c)) {
      end_run();
      out.push_back(static_cast<char>(c));
      if (c == '&') out.push_back('-');
      continue;
    }
    if (!in_run) out.push_back('&');
    in_run = true;
    if (c >= 0x10000) {
      unit(0xD800 + ((c - 0x10000) >> 10));
      unit(0xDC00 + ((c - 0x10000) & 0x3FF));
    } else {
      unit(c);
    }
  }
  end_run();
  return out;
}

} // namespace rookery::charset
