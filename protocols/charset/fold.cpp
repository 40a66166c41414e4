#include "protocols/charset/fold.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "protocols/charset/utf8.hpp"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace rookery::charset {
namespace {

const UNormalizer2& decomposition() {
  static const UNormalizer2* const n = [] {
    UErrorCode error = U_ZERO_ERROR;
    const auto* made = unorm2_getNFKDInstance(&error);
    base::check(U_SUCCESS(error), "ICU has no NFKD data");
    return made;
  }();
  return *n;
}

void append_folded_code_point(std::string& out, char32_t c) {
  const auto title = u_totitle(static_cast<UChar32>(c));
  std::array<UChar, 64> units;
  UErrorCode error = U_ZERO_ERROR;
  const auto n = unorm2_getDecomposition(&decomposition(), title, units.data(), static_cast<std::int32_t>(units.size()), &error);
  if (n < 0 || U_FAILURE(error)) return append_code_point(out, static_cast<char32_t>(title));
  for (std::int32_t i = 0; i < n;) {
    UChar32 u;
    U16_NEXT(units.data(), i, n, u);
    append_code_point(out, static_cast<char32_t>(u));
  }
}

char upper_of(char octet) {
  const auto c = static_cast<unsigned char>(octet);
  return static_cast<char>(c - (static_cast<unsigned char>(c - 'a') < 26 ? 32 : 0));
}

void upper_ascii(char* __restrict to, const char* __restrict from, std::size_t n) {
  constexpr std::size_t together = 32; // a length known to the compiler becomes vector instructions
  std::size_t i = 0;
  for (; i + together <= n; i += together)
    for (std::size_t k = 0; k < together; ++k) to[i + k] = upper_of(from[i + k]);
  for (; i < n; ++i) to[i] = upper_of(from[i]);
}

} // namespace

void append_folded(std::string& out, std::string_view utf8) {
  out.reserve(out.size() + utf8.size());
  for (std::size_t at = 0; at < utf8.size();) {
    auto end = at;
    while (end < utf8.size() && static_cast<unsigned char>(utf8[end]) < 0x80) ++end;
    if (end > at) {
      const auto old = out.size();
      out.resize(old + end - at);
      upper_ascii(out.data() + old, utf8.data() + at, end - at);
      at = end;
      continue;
    }
    append_folded_code_point(out, next_code_point(utf8, at));
  }
}

std::string fold_for_search(std::string_view utf8) {
  std::string out;
  append_folded(out, utf8);
  return out;
}

bool contains_folded(std::string_view utf8, std::string_view needle) {
  if (needle.empty()) return true;
  if (!is_ascii(utf8)) return fold_for_search(utf8).find(needle) != std::string::npos;
  if (needle.size() > utf8.size() || !is_ascii(needle)) return false;
  // Upper case in blocks on the stack that overlap by the needle, then memmem's fast search.
  std::array<char, 4096> block;
  if (needle.size() > block.size() / 2) return fold_for_search(utf8).find(needle) != std::string::npos;
  for (std::size_t at = 0;;) {
    const auto n = std::min(block.size(), utf8.size() - at);
    upper_ascii(block.data(), utf8.data() + at, n);
    if (memmem(block.data(), n, needle.data(), needle.size())) return true;
    if (at + n == utf8.size()) return false;
    at += n - (needle.size() - 1);
  }
}

} // namespace rookery::charset
