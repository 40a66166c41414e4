#include "protocols/smtp/smuggling.hpp"

#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace rookery::smtp {

namespace {

/// Octets at the front that certainly hold no CR and no LF.
std::size_t plain_octets(const char* at, std::size_t size) noexcept {
  std::size_t i = 0;
#if defined(__SSE2__)
  const auto cr = _mm_set1_epi8('\r');
  const auto lf = _mm_set1_epi8('\n');
  for (; i + 16 <= size; i += 16) {
    const auto block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i));
    const auto hits = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(block, cr), _mm_cmpeq_epi8(block, lf))));
    if (hits != 0) return i + static_cast<std::size_t>(std::countr_zero(hits));
  }
#endif
  while (i < size && at[i] != '\r' && at[i] != '\n') ++i;
  return i;
}

} // namespace

line_scanner::found line_scanner::scan(base::const_bytes octets, bool dots) noexcept {
  std::size_t at = 0;
  const auto broken = [&](line_fault what) {
    fault_ = what;
    return found{stop::fault, at};
  };
  while (at < octets.size()) {
    if (last_cr_) {
      if (octets[at] != '\n') return broken(line_fault::bare_cr);
      if (++line_octets_ > line_octets_max_) return broken(line_fault::too_long);
      last_cr_ = false;
      at_line_start_ = true;
      line_octets_ = 0;
      ++at;
      continue;
    }
    if (at_line_start_ && dots && octets[at] == '.') return {stop::dot, at};
    const auto plain = plain_octets(octets.data() + at, octets.size() - at);
    at += plain;
    line_octets_ += plain;
    if (line_octets_ > line_octets_max_) {
      at -= line_octets_ - line_octets_max_; // as many pass as are allowed, however the octets were cut
      return broken(line_fault::too_long);
    }
    if (plain > 0) at_line_start_ = false;
    if (at == octets.size()) break;
    if (octets[at] == '\n') return broken(line_fault::bare_lf);
    last_cr_ = true;
    at_line_start_ = false;
    ++line_octets_;
    ++at;
  }
  return {stop::end_of_input, octets.size()};
}

std::size_t end_finder::find(base::const_bytes octets) noexcept {
  static constexpr char end[] = {'\r', '\n', '.', '\r', '\n'};
  std::size_t at = 0;
  while (at < octets.size()) {
    if (matched_ == 0) {
      const auto* cr = static_cast<const char*>(std::memchr(octets.data() + at, '\r', octets.size() - at));
      if (cr == nullptr) return npos;
      at = static_cast<std::size_t>(cr - octets.data()) + 1;
      matched_ = 1;
      continue;
    }
    const char c = octets[at++];
    if (c == end[matched_]) {
      if (++matched_ == sizeof end) {
        matched_ = 0;
        return at;
      }
    } else {
      // The only octet that begins the sequence is CR; behind "\r\n.\r" it begins it anew too.
      matched_ = c == '\r' ? 1 : 0;
    }
  }
  return npos;
}

} // namespace rookery::smtp
