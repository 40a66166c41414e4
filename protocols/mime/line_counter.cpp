#include "protocols/mime/line_counter.hpp"

#include <cstddef>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace rookery::mime {

void count_octets(std::string_view octets, octet_counts& counts) noexcept {
  std::size_t i = 0;
#ifdef __SSE2__
  const auto lf = _mm_set1_epi8('\n');
  const auto zero = _mm_setzero_si128();
  auto high = zero, nul = zero, total = zero;
  while (octets.size() - i >= 16) {
    auto lines = zero; // Of 255 blocks at most, as each lane is one octet.
    for (int block = 0; block < 255 && octets.size() - i >= 16; ++block, i += 16) {
      const auto v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(octets.data() + i));
      lines = _mm_sub_epi8(lines, _mm_cmpeq_epi8(v, lf));
      nul = _mm_or_si128(nul, _mm_cmpeq_epi8(v, zero));
      high = _mm_or_si128(high, v);
    }
    total = _mm_add_epi64(total, _mm_sad_epu8(lines, zero));
  }
  std::uint64_t halves[2];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(halves), total);
  counts.line_ends += halves[0] + halves[1];
  counts.has_8bit = counts.has_8bit || _mm_movemask_epi8(high) != 0;
  counts.has_nul = counts.has_nul || _mm_movemask_epi8(nul) != 0;
#endif
  for (; i < octets.size(); ++i) {
    const auto c = static_cast<unsigned char>(octets[i]);
    counts.line_ends += c == '\n';
    counts.has_8bit = counts.has_8bit || c >= 0x80;
    counts.has_nul = counts.has_nul || c == 0;
  }
}

} // namespace rookery::mime
